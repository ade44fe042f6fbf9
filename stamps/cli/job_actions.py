"""What all verbs that drive jobs can do: submit, dry-run, status, retry, cancel, watch, save, load, prepare.

A verb of a front end builds its parser with :func:`add_actions`, and gives :func:`perform` what was parsed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.cli.job_texts import state_text, task_log, tasks_text
from stamps.cli.options import add_workdir
from stamps.errors import InputError, ParameterError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.frontends.jobs.dry_run import DryRun
    from stamps.frontends.jobs.standing import JobState
    from stamps.frontends.processor import Processor

__all__ = ["add_actions", "add_job_actions", "add_replaced_settings", "common_settings", "opened", "perform"]

#: Makes the processor of the settings that were parsed.
_Makes = Callable[["Namespace"], "Processor"]

_EXIT = "Exit status: 0 all tasks have succeeded, 3 not finished, 1 something failed or was cancelled, 2 wrong usage."


def add_actions(
    actions: Any,
    frontend: str,
    make: _Makes,
    add_settings: Callable[[ArgumentParser], object],
    add_preparation: Callable[[ArgumentParser], object] | None = None,
    *,
    engines: bool = True,
    more: Callable[[ArgumentParser], object] | None = None,
) -> None:
    """Add all actions to the sub-parsers of a front end's verb.

    Parameters
    ----------
    actions : object
        What ``parser.add_subparsers(…)`` returned.
    frontend : str
        Name of the front end: status, retry … mean its jobs only.
    make : callable
        From what was parsed (``workdir``, ``name``, ``engine``, ``max_workers``, ``skip_existing`` and what ``add_settings``
        added; :func:`common_settings` gives the former as keywords) to the processor that is to be submitted.
    add_settings : callable
        Adds the front end's own arguments to the parsers of submit and dry-run.
    add_preparation : callable, optional
        Adds options to the parser of prepare; their values, unless None, are handed to ``Processor.prepare`` by their names.
        Without it there is no such action.
    engines : bool
        Whether there are engines to be chosen.
    more : callable, optional
        Adds options to the parsers of all actions that have to do with a job; their values, unless None, replace settings of the
        job by their names.
    """
    submit = _added(actions, "submit", "check everything, hand the job over, return")
    add_settings(submit)
    _submission_options(submit, engines)
    submit.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    submit.add_argument("--wait", action="store_true", help="stay until nothing runs or waits, and show the progress")
    _dry_run_options(submit)
    submit.set_defaults(perform=_submit, make=make)
    dry = _added(actions, "dry-run", "say what submit would do; writes nothing")
    add_settings(dry)
    _submission_options(dry, engines)
    _dry_run_options(dry)
    dry.set_defaults(perform=_dry_run, make=make)
    if more is not None:
        more(submit)
        more(dry)
    add_job_actions(actions, frontend, more)
    if add_preparation is not None:
        prepare = _added(actions, "prepare", "run the preparation of the project again, with other settings")
        before = {action.dest for action in prepare._actions}
        add_preparation(prepare)
        own = [action.dest for action in prepare._actions if action.dest not in before]
        _name_option(prepare)
        add_workdir(prepare, "folder of the job")
        prepare.set_defaults(perform=_prepare, frontend=frontend, own=own)


def add_job_actions(
    actions: Any, frontend: str | None = None, more: Callable[[ArgumentParser], object] | None = None
) -> None:
    """Add the actions that need no settings: status, retry, cancel, watch, save, load.

    Parameters
    ----------
    actions : object
        What ``parser.add_subparsers(…)`` returned.
    frontend : str, optional
        Only jobs of this front end are meant (default: of any).
    more : callable, optional
        As for :func:`add_actions`.
    """
    status = _added(
        actions, "status", "how the steps stand, and why something failed", aliases=["refresh"], epilog=_EXIT
    )
    status.add_argument("--tasks", nargs="?", const="", metavar="STEP", help="every task (of a step)")
    status.add_argument("--log", metavar="TASK", help="the end of a task's log: TASK or STEP/TASK")
    _watching_options(status)
    status.set_defaults(perform=_status)
    retry = _retry_parser(actions)
    cancel = _added(actions, "cancel", "end what runs and what waits")
    cancel.set_defaults(perform=_cancel)
    watch = _added(actions, "watch", "status again and again until nothing runs or waits", epilog=_EXIT)
    watch.add_argument("--interval", type=_seconds, default=60.0, metavar="S", help="seconds between two looks (60)")
    _watching_options(watch)
    watch.set_defaults(perform=_watch)
    save = _added(actions, "save", "write the whole job into one JSON file")
    _name_option(save)
    save.add_argument("file", metavar="FILE")
    save.set_defaults(perform=_save)
    for parser in (status, retry, cancel, watch, save):
        if parser is not save:
            _name_option(parser)
        add_workdir(parser, "folder of the job")
        parser.set_defaults(frontend=frontend)
        if more is not None:
            add_replaced_settings(parser, more)
    load = _added(actions, "load", "make the folder of a saved job again, or only say how it stands")
    load.add_argument("file", metavar="FILE")
    load.add_argument("--read-only", action="store_true", help="make nothing, say how it stands")
    load.add_argument("--json", action="store_true", help="as JSON")
    add_workdir(load, "where the folder is made")
    load.set_defaults(perform=_load, frontend=frontend)


def add_replaced_settings(parser: ArgumentParser, more: Callable[[ArgumentParser], object]) -> None:
    """Add options whose values, unless None, replace settings of the job that is opened, by their names."""
    before = {action.dest for action in parser._actions}
    more(parser)
    parser.set_defaults(replaced=[action.dest for action in parser._actions if action.dest not in before])


def _retry_parser(actions: Any) -> ArgumentParser:
    retry = _added(actions, "retry", "run again what failed, was cancelled or lost, and what comes after it")
    retry.add_argument("--step", action="append", default=[], metavar="S", help="only of this step (may be repeated)")
    retry.add_argument("--task", action="append", default=[], metavar="T", help="only this task (may be repeated)")
    retry.add_argument("--all", action="store_true", help="also what has succeeded")
    retry.add_argument(
        "--set", action="append", default=[], metavar="NAME=N", help="cores, memory_mb, minutes, at_once"
    )
    _engine_options(retry)
    retry.add_argument("--wait", action="store_true", help="stay until nothing runs or waits, and show the progress")
    retry.set_defaults(perform=_retry)
    return retry


def _added(actions: Any, name: str, about: str, **options: Any) -> ArgumentParser:
    return actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", **options)


def _name_option(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the job (default: the newest)")


def _watching_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--stall-minutes", type=float, default=60.0, metavar="N", help="without growth it is marked (60)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def _engine_options(parser: ArgumentParser) -> None:
    parser.add_argument("--engine", metavar="E", help="local (default), dask or slurm")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask scheduler, tcp://HOST:PORT")
    parser.add_argument("--cluster", metavar="KIND", help="slurm: Dask workers that SLURM starts")
    parser.add_argument("--max-workers", type=_positive, metavar="N", help="most tasks at once")


def _submission_options(parser: ArgumentParser, engines: bool) -> None:
    parser.add_argument("--name", metavar="NAME", help="of the job (default: that of the front end)")
    add_workdir(parser, "where everything is made")
    if not engines:
        parser.add_argument("--max-workers", type=_positive, metavar="N", help="most questions and downloads at once")
        return
    _engine_options(parser)
    parser.add_argument(
        "--no-skip-existing",
        dest="skip_existing",
        action="store_false",
        help="run tasks whose outputs are complete, too",
    )


def _dry_run_options(parser: ArgumentParser) -> None:
    parser.add_argument("--commands", action="store_true", help="of a dry run: the commands of all tasks")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no positive whole number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds")
    return seconds


def common_settings(options: Namespace) -> dict[str, Any]:
    """Keywords of ``Processor.create`` from the options that all front ends have."""
    engine = options.engine or ("dask" if options.scheduler or options.cluster else "local")
    return {
        "name": options.name,
        "workdir": options.workdir,
        "engine": engine,
        "max_workers": options.max_workers,
        "skip_existing": options.skip_existing,
    }


def perform(options: Namespace) -> int:
    """Do what was parsed; returns the exit status."""
    return options.perform(options)


# ---------------------------------------------------------------------- actions


def _submit(options: Namespace) -> int:
    processor = options.make(options)
    if options.dry_run or processor.config.dry_run:
        return _print_dry_run(processor.dry_run(commands=options.commands), options.json)
    chosen = {name: getattr(options, name, None) for name in ("scheduler", "cluster")}
    done = processor.submit(**chosen)
    if options.json and not options.wait:
        print(json.dumps({**vars(done), "work": dict(done.work)}, indent=1))
    elif not options.json:
        print(done)
    if not options.wait:
        return done.exit_status
    return _watched(processor, processor.wait_interval, options) or done.exit_status


def _dry_run(options: Namespace) -> int:
    return _print_dry_run(options.make(options).dry_run(commands=options.commands), options.json)


def _print_dry_run(found: DryRun, as_json: bool) -> int:
    print(json.dumps(found.as_dict(), indent=1) if as_json else found)
    return found.exit_status


def opened(options: Namespace) -> Processor:
    """The job that is meant: the one of that name, else the newest, of the front end if there is one; with what is replaced.

    Raises
    ------
    InputError, ParameterError
        There is none.
    """
    processor = _opened(options)
    for name in getattr(options, "replaced", ()):
        if getattr(options, name) is not None:
            setattr(processor.config, name, getattr(options, name))
    return processor


def _opened(options: Namespace) -> Processor:
    from stamps.frontends.jobs.store import JobFolder, job_folders
    from stamps.frontends.processor import Processor

    if options.name:
        try:
            folder = JobFolder.of(options.workdir, options.name)
        except ValueError as error:
            raise ParameterError(f"That is no job: {error}.") from None
        if not folder.exists():
            names = ", ".join(one.name for one in job_folders(options.workdir)) or "none"
            raise InputError(f"There is no job {options.name} in {folder.workdir}; there are: {names}.")
        return Processor.open(folder.path)
    for folder in job_folders(options.workdir):
        if options.frontend in (None, folder.job().frontend):
            return Processor.open(folder.path)
    kind = f" of {options.frontend}" if options.frontend else ""
    raise InputError(f"There is no job{kind} in {Path(options.workdir).absolute()}: submit one, or name its --workdir.")


def _status(options: Namespace) -> int:
    state = opened(options).state(options.stall_minutes)
    if options.log is not None:
        print(task_log(state, options.log))
    elif options.json:
        print(json.dumps(state.as_dict(), indent=1))
    elif options.tasks is not None:
        print(tasks_text(state, options.tasks))
    else:
        print(state_text(state))
    return state.exit_status


def _retry(options: Namespace) -> int:
    processor = opened(options)
    if options.max_workers:
        processor.config.max_workers = options.max_workers
    done = processor.retry(
        steps=options.step,
        tasks=options.task,
        all=options.all,
        engine=options.engine,
        changes=_changes(options.set),
        scheduler=options.scheduler,
        cluster=options.cluster,
    )
    print(done)
    if not options.wait:
        return done.exit_status
    return _watched(processor, processor.wait_interval, options) or done.exit_status


def _changes(words: Sequence[str]) -> dict[str, int]:
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not value.isdigit():
            raise ParameterError(f"--set {word} is not understood: write it as minutes=120.")
        found[name] = int(value)
    return found


def _cancel(options: Namespace) -> int:
    processor = opened(options)
    lines = processor.cancel()
    print("\n".join(lines) if lines else f"{processor.folder.name}: nothing runs or waits.")
    return 0


def _watch(options: Namespace) -> int:
    return _watched(opened(options), options.interval, options)


def _watched(processor: Processor, interval: float, options: Namespace) -> int:
    """Show the status whenever it changes, until nothing runs or waits; Ctrl-C ends the watching only."""
    said = ""

    def show(state: JobState) -> None:
        nonlocal said
        text = state_text(state, with_times=False)
        if text != said and not getattr(options, "json", False):
            print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
        said = text

    try:
        state = processor.watch(interval, show, getattr(options, "stall_minutes", 60.0))
    except KeyboardInterrupt:
        print(f"{processor.folder.name}: the watching has ended, the job goes on.", file=sys.stderr)
        raise
    if getattr(options, "json", False):
        print(json.dumps(state.as_dict(), indent=1))
    return state.exit_status


def _save(options: Namespace) -> int:
    print(opened(options).save(options.file))
    return 0


def _load(options: Namespace) -> int:
    from stamps.frontends.jobs.saved import load_job, saved_state
    from stamps.frontends.processor import Processor

    if options.read_only:
        state = saved_state(options.file)
    else:
        state = Processor.open(load_job(options.file, options.workdir).path).state()
    print(json.dumps(state.as_dict(), indent=1) if options.json else state_text(state))
    return state.exit_status


def _prepare(options: Namespace) -> int:
    processor = opened(options)
    given = {name: getattr(options, name) for name in options.own if getattr(options, name) is not None}
    print(processor.prepare(wait=False, **given))
    return _watched(processor, 0.5, options)

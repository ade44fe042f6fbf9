"""The front ends that drive other programs, from Python: :class:`Processor`.

Source: docs/method/jobs.md, section 6.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, ParameterError
from stamps.frontends.jobs import submission
from stamps.frontends.jobs.dry_run import DryRun, dry_run
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.jobs.hints import hint
from stamps.frontends.jobs.model import FrontEnd, JobConfig
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.saved import load_job, save_job
from stamps.frontends.jobs.standing import JobState, StepState, standing
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submission import Selection, Submitted

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["Processor"]

#: Name -> module of the front end, module and class of its settings; imported when they are needed.
_PROCESSORS = {
    "Hyp3_Burst": ("hyp3", "stamps.frontends.hyp3_jobs.config", "Hyp3_Burst_Config"),
    "Hyp3_S1": ("hyp3", "stamps.frontends.hyp3_jobs.config", "Hyp3_S1_Config"),
    "ISCE_S1": ("isce", "stamps.frontends.isce_jobs.config", "ISCE_S1_Config"),
    "Snap_S1": ("snap", "stamps.frontends.snap.config", "Snap_S1_Config"),
    "Snap_Stripmap": ("snap", "stamps.frontends.snap.config", "Snap_Stripmap_Config"),
}

_ALIASES = {"Hyp3_InSAR": "Hyp3_S1", "ISCE2_S1": "ISCE_S1"}

#: Front end -> module and class of its own kind of processor, where its tasks run at a service.
_CLASSES = {"hyp3": ("stamps.frontends.hyp3_jobs.processor", "Hyp3Processor")}

_LOG = logging.getLogger("stamps.jobs")


class Processor:
    """A job of a front end: made, submitted, watched, retried, cancelled, saved.

    Nothing here prints, asks or ends the program; what happens while watching is told to the logger ``stamps.jobs``.

    Parameters
    ----------
    front_end : FrontEnd or None
        The module of the front end; None where the job is only looked at, retried or cancelled.
    config : JobConfig, optional
        Settings; default: those of the saved job that ``saved_job_path`` names.
    name : str, optional
        Of the job (default: that of the front end).
    folder : JobFolder, optional
        That of a job that is there, in place of name and working directory.

    Raises
    ------
    ParameterError
        The name cannot be that of a job.
    """

    def __init__(
        self,
        front_end: FrontEnd | None,
        config: JobConfig | None = None,
        *,
        name: str | None = None,
        folder: JobFolder | None = None,
    ) -> None:
        self._front_end = front_end
        config = config if config is not None else JobConfig()
        self.config = dataclasses.replace(config, workdir=os.path.abspath(config.workdir))
        if folder is None:
            folder = self._folder(name)
        self.folder = folder

    def _folder(self, name: str | None) -> JobFolder:
        if self.config.saved_job_path:
            return load_job(self.config.saved_job_path, None)
        try:
            return JobFolder.of(self.config.workdir, name or (self._front_end.NAME if self._front_end else "job"))
        except ValueError as error:
            raise ParameterError(f"The job cannot be called so: {error}.") from None

    #: Seconds between two looks of those who wait for the end of a submission.
    wait_interval = 1.0

    # ------------------------------------------------------------------ making

    @staticmethod
    def available() -> list[str]:
        """Names of the processors that :meth:`create` knows."""
        return sorted(_PROCESSORS)

    @classmethod
    def create(
        cls, processor: str, *, config: JobConfig | None = None, name: str | None = None, **keywords: Any
    ) -> Processor:
        """Make a processor.

        Parameters
        ----------
        processor : str
            One of :meth:`available`.
        config : JobConfig, optional
            Settings, of the processor's own class.
        name : str, optional
            Of the job.
        **keywords
            Settings; they win over those of ``config``. With ``saved_job_path`` those of the saved job count where neither
            says anything.

        Returns
        -------
        Processor

        Raises
        ------
        ParameterError
            There is no such processor or setting; the message names the nearest.
        InputError
            The saved job cannot be read, or is one of another front end.
        """
        front, config_class = _found(processor)
        given = _checked(keywords, config_class, processor)
        if config is not None and not isinstance(config, config_class):
            raise ParameterError(
                f"The settings are a {type(config).__name__}, but {processor} takes a {config_class.__name__}."
            )
        saved = given.get("saved_job_path") or (config.saved_job_path if config is not None else None)
        if saved is not None:
            return cls._loaded(front_end(front), config_class, config, given, saved)
        made = dataclasses.replace(config, **given) if config is not None else config_class(**given)
        return _class_of(front, cls)(front_end(front), made, name=name)

    @classmethod
    def _loaded(
        cls, front: FrontEnd, config_class: type, config: JobConfig | None, given: dict[str, Any], saved: StrPath
    ) -> Processor:
        folder = load_job(saved, given.get("workdir"))
        job = folder.job()
        if job.frontend != front.NAME:
            raise InputError(f"{saved} is a job of {job.frontend}, not of {front.NAME}.")
        base = config if config is not None else _config_of(config_class, job.config)
        settings = {**given, "workdir": str(folder.workdir), "saved_job_path": None}
        return _class_of(front.NAME, cls)(front, dataclasses.replace(base, **settings), folder=folder)

    @classmethod
    def open(cls, path: StrPath) -> Processor:
        """The job in a folder or a saved file, whichever front end made it.

        Raises
        ------
        InputError
            There is no job.
        """
        folder = load_job(path, None)
        job = folder.job()
        for name, (_, _, class_name) in _PROCESSORS.items():
            if job.config.get("class") == class_name:
                with contextlib.suppress(
                    ImportError
                ):  # something that it needs is not installed: the job can be looked at
                    front, config_class = _found(name)
                    settings = _config_of(config_class, {**job.config, "workdir": str(folder.workdir)})
                    return _class_of(front, cls)(front_end(front), settings, folder=folder)
        known = {field.name for field in dataclasses.fields(JobConfig)}
        common = {key: value for key, value in job.config.items() if key in known}
        return cls(None, JobConfig(**{**common, "workdir": str(folder.workdir)}), folder=folder)

    # ------------------------------------------------------------------ acting

    def _order(self, action: str, engine: str | None, scheduler: str | None, cluster: str | None) -> Order:
        engine = engine or ("dask" if scheduler or cluster else self.config.engine)
        return Order(0, action, engine, max_workers=self.config.max_workers, scheduler=scheduler, cluster=cluster)

    def _as_before(self, order: Order) -> Order:
        """The order, given to the engine that the job was given to at last."""
        for last in reversed(self.folder.submissions()):
            if last.engine:
                kept = {name: last.options.get(name) for name in ("scheduler", "cluster")}
                words: dict[str, Any] = {name: value for name, value in kept.items() if isinstance(value, str)}
                return dataclasses.replace(order, engine=last.engine, **words)
        return order

    def _known_front_end(self) -> FrontEnd:
        if self._front_end is None:
            raise ParameterError(
                f"The front end of the job {self.folder.name} cannot be used here: submit with its own verb, which says why."
            )
        return self._front_end

    def dry_run(self, *, commands: bool = False) -> DryRun:
        """What a submission would do; writes nothing.

        Parameters
        ----------
        commands : bool
            Whether the commands of all tasks are to be told, not only those of the first of each step.
        """
        return dry_run(self.folder, self._known_front_end(), self.config, all_commands=commands)

    def submit(
        self, *, wait: bool = False, scheduler: str | None = None, cluster: str | None = None
    ) -> Submitted | DryRun:
        """Hand the job over to the engine; one that is there already is extended by what is new.

        Parameters
        ----------
        wait : bool
            Return only when nothing runs or waits any more.
        scheduler, cluster : str, optional
            Of the engine ``dask``, which they stand for: an address, or ``'slurm'``.

        Returns
        -------
        Submitted
            Or, where ``dry_run`` is set in the settings, what would be done.
        """
        if self.config.dry_run:
            return self.dry_run()
        order = self._order("submit", None, scheduler, cluster)
        done = submission.submit(self.folder, self._known_front_end(), self.config, order)
        if wait:
            self.watch(self.wait_interval)
        return done

    def state(self, stall_minutes: float = 60) -> JobState:
        """How the job stands: its steps, and what else is to be said."""
        return standing(self.folder, stall_minutes)

    def refresh(self, stall_minutes: float = 60) -> dict[str, StepState]:
        """How the steps stand, by name."""
        return self.state(stall_minutes).steps

    def retry(
        self,
        *,
        steps: Iterable[str] = (),
        tasks: Iterable[str] = (),
        all: bool = False,
        engine: str | None = None,
        changes: Mapping[str, int] | None = None,
        wait: bool = False,
        scheduler: str | None = None,
        cluster: str | None = None,
    ) -> Submitted:
        """Try again what has failed, was cancelled, interrupted or lost, and run what comes after it.

        Parameters
        ----------
        steps, tasks : iterable of str
            Only these.
        all : bool
            Those that have succeeded, too.
        engine, scheduler, cluster : str, optional
            Another engine.
        changes : mapping, optional
            Resources of the steps concerned: ``cores``, ``memory_mb``, ``minutes``, ``at_once``.
        wait : bool
            Return only when nothing runs or waits any more.

        Notes
        -----
        Of the whole job the front end may plan some anew before (``before_retry``): SNAP's takes the dates again without which
        the job went on.
        """
        steps, tasks = tuple(steps), tuple(tasks)
        before: Callable[[Processor], object] | None = getattr(self._front_end, "before_retry", None)
        if before is not None and not steps and not tasks:
            before(self)
        order = self._order("retry", engine, scheduler, cluster)
        if engine is None and order.engine != "dask":
            order = self._as_before(order)
        done = submission.retry(self.folder, order, Selection(steps, tasks, all), changes)
        if wait:
            self.watch(self.wait_interval)
        return done

    def cancel(self) -> list[str]:
        """End what runs or waits; returns what was done, one line each."""
        return submission.cancel(self.folder)

    def watch(
        self,
        refresh_interval: float = 60.0,
        show: Callable[[JobState], object] | None = None,
        stall_minutes: float = 60.0,
    ) -> JobState:
        """Look again and again until nothing runs or waits.

        Parameters
        ----------
        refresh_interval : float
            Seconds between two looks.
        show : callable, optional
            Is told of every look; default: changes go to the logger ``stamps.jobs``.
        stall_minutes : float
            A running task whose log and outputs have not grown for so long is marked.

        Returns
        -------
        JobState
            The last one.
        """
        said, pause = "", 0.1
        while True:
            state = self.state(stall_minutes)
            if show is not None:
                show(state)
            else:
                text = "; ".join(f"{step.name} {step.done}/{step.total}" for step in state.steps.values())
                if text != said:
                    said = text
                    _LOG.info("%s: %s", state.name, text)
            if not state.at_work:
                return state
            time.sleep(min(pause, max(0.05, refresh_interval)))
            pause *= 1.5  # the first looks are quick: what is done already is told at once

    def save(self, path: StrPath | None = None) -> Path:
        """Write the job, its states and submissions into one JSON file (default: ``jobs/<name>.json``)."""
        return save_job(self.folder, path)

    def prepare(self, *, wait: bool = True, **keywords: Any) -> Submitted:
        """Run the step ``prepare`` again, on this machine, with other settings if some are given.

        Parameters
        ----------
        wait : bool
            Return only when it has ended.
        **keywords
            Settings of the front end.
        """
        given = _checked(keywords, type(self.config), self.folder.name)
        config = dataclasses.replace(self.config, **given)
        done = submission.prepare(self.folder, self._known_front_end(), config, Order(0, "prepare", "local"))
        self.config = config
        if wait:
            self.watch(0.2)
        return done

    @property
    def saved_job_path(self) -> Path:
        """The job's folder, with which :meth:`create` and :meth:`open` go on."""
        return self.folder.path


def _class_of(front: str, otherwise: type[Processor]) -> type[Processor]:
    """The kind of processor that a front end has."""
    if front not in _CLASSES:
        return otherwise
    module, name = _CLASSES[front]
    made: type[Processor] = getattr(import_module(module), name)
    return made


def _found(processor: str) -> tuple[str, type]:
    """Front end and class of the settings of a processor."""
    name = _ALIASES.get(processor, processor)
    if name not in _PROCESSORS:
        meant = hint(name, [*_PROCESSORS, *_ALIASES], f"there are {', '.join(sorted(_PROCESSORS))}.", 0.4)
        raise ParameterError(f"There is no processor '{processor[:80]}': {meant}")
    front, module, class_name = _PROCESSORS[name]
    return front, getattr(import_module(module), class_name)


def _checked(keywords: Mapping[str, Any], config_class: type, processor: str) -> dict[str, Any]:
    known = [field.name for field in dataclasses.fields(config_class)]
    for name in keywords:
        if name not in known:
            meant = hint(name, known, f"there are {', '.join(known)}.")
            raise ParameterError(f"{processor} has no setting '{name[:80]}': {meant}")
    return dict(keywords)


def _config_of(config_class: type, settings: Mapping[str, Any]) -> Any:
    """Settings that a job was made with; those that this version does not know are left out, and those that are never written."""
    known = {field.name for field in dataclasses.fields(config_class) if not submission.is_secret(field.name)}
    try:
        return config_class(**{name: value for name, value in settings.items() if name in known})
    except (TypeError, ValueError) as error:
        raise InputError(f"The settings of the saved job cannot be used ({error}).") from None

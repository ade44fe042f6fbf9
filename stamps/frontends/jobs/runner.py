"""Run one task of a job: ``python -m stamps.frontends.jobs.runner JOBDIR STEP TASK``, the same for every engine.

Exit status 0 if the task has succeeded, else 1.

Source: docs/method/jobs.md, section 3.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs import living, outputs
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.model import FILLED_IN, TAKEN_OVER, Job, Status, Step, Task, TaskState
from stamps.frontends.jobs.store import JobFolder, now
from stamps.processes import child, children
from stamps.workspace.console import one_line
from stamps.workspace.plain_files import open_plain

__all__ = ["BEING_ENDED", "main", "run_task"]

#: Message of a task that was asked to end and has not yet done so.
BEING_ENDED = "is being ended"

_GRACE_SECONDS = 10.0  # between asking a command to end and ending it
_BEAT_SECONDS = 20.0  # between two signs of life for other machines
_LOOK_SECONDS = 0.1
_MINUTE = 60.0
_SIGNAL_SECONDS = 0.3  # in which a signal to all processes of a job reaches all
_TAIL_BYTES = 1 << 22
_LONGEST_MESSAGE = 500


def main(argv: Sequence[str] | None = None) -> int:
    """Run the task that the arguments name."""
    parser = argparse.ArgumentParser(prog="stamps.frontends.jobs.runner", description="Run one task of a job.")
    parser.add_argument("folder", metavar="JOBDIR", help="folder of the job")
    parser.add_argument("step", metavar="STEP")
    parser.add_argument("task", metavar="TASK")
    parser.add_argument("--again", action="store_true", help="run it although its outputs are complete")
    parser.add_argument("--engine-id", default="", help="how the engine calls it")
    options = parser.parse_args(argv)
    try:
        status = run_task(JobFolder(options.folder), options.step, options.task, options.again, options.engine_id)
    except (StampsError, OSError) as error:
        print(one_line(f"{options.step}/{options.task}: {error}"), file=sys.stderr)
        return 1
    return 0 if status is Status.SUCCEEDED else 1


def run_task(folder: JobFolder, step: str, task: str, again: bool = False, engine_id: str = "") -> Status:
    """Run a task unless it is done; in the main thread, whose signals it takes.

    Parameters
    ----------
    folder : JobFolder
    step, task : str
    again : bool
        Also if its outputs are complete.
    engine_id : str
        How the engine calls it.

    Returns
    -------
    Status

    Raises
    ------
    InputError
        There is no such task, or it is at work already.
    """
    with _Request() as request, held(folder.task_lock(step, task)) as got:
        if not got:
            raise InputError(f"The task {task} of the step {step} is at work already.")
        return _Try(folder, folder.job(), step, task, engine_id, request).run(again)


class _Request:
    """Context that notes a request to end (TERM, INT, HUP), once it has come."""

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> _Request:
        names = ("SIGTERM", "SIGINT", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class _End:
    """How a command has ended: its exit status, and why it was ended before its time."""

    code: int
    reason: str = ""
    cancelled: bool = False


class _Try:
    """One try of a task."""

    def __init__(self, folder: JobFolder, job: Job, step: str, task: str, engine_id: str, request: _Request) -> None:
        self.folder, self.workdir, self.job, self.request = folder, folder.workdir, job, request
        self.step, self.task = _named(job, step, task)
        self.before = folder.state(step, task)
        self.scratch = folder.scratch(step, task)
        self.state = TaskState(
            Status.RUNNING,
            attempt=max(self.before.attempt, _last_log(folder, step, task)) + 1,
            started=now(),
            host=living.here(),
            pid=os.getpid(),
            born=living.born(),
            engine_id=engine_id,
            definition=self.task.definition,
        )

    # ------------------------------------------------------------------ whether anything is to be done

    def run(self, again: bool) -> Status:
        """Do what is to be done; the state is on disk afterwards."""
        self._end_what_is_left()
        if not again and self._is_done():
            if self.before.status is not Status.SUCCEEDED:
                self._write(Status.SUCCEEDED, TAKEN_OVER, attempt=self.before.attempt)
            return Status.SUCCEEDED
        self._write(Status.RUNNING)
        try:
            return self._tried()
        except (OSError, StampsError) as error:
            return self._write(Status.FAILED, str(error))

    def _is_done(self) -> bool:
        """Whether outputs are complete and can be trusted.

        Those of a try that did not succeed can only if they took their places whole.
        """
        known = self.before.status is Status.SUCCEEDED and self.before.definition == self.task.definition
        first = self.before == TaskState() and self.job.config.get("skip_existing", True) is not False
        whole = self.before.definition == self.task.definition and all(output.made for output in self.task.outputs)
        if known and not self.task.outputs:
            return True
        return (known or first or whole) and outputs.complete(self.workdir, self.task, self._checks())

    def _checks(self) -> outputs.Checks:
        """Those of the front end, if this task needs any."""
        needed = any(output.check for output in self.task.outputs)
        return front_end(self.job.frontend).CHECKS if needed else {}

    def _end_what_is_left(self) -> None:
        """End processes of an earlier try whose runner was killed."""
        if self.before != TaskState() or self.scratch.exists():
            living.end_marked(living.mark_of(self.folder.path, self.step.name, self.task.id))

    # ------------------------------------------------------------------ the try

    def _tried(self) -> Status:
        if self.request.came:
            return self._write(Status.CANCELLED, "cancelled")
        if missing := outputs.missing_inputs(self.workdir, self.task):
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            return self._write(Status.FAILED, f"the input {missing[0]}{more} is missing")
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        before = {output.path: outputs.stamp_of(self.workdir / output.path) for output in self.task.outputs}
        end = self._command_ended()
        if end.cancelled:
            return self._write(Status.CANCELLED, "cancelled", code=end.code)
        if end.code != 0 or end.reason:
            return self._write(Status.FAILED, self._why(end), code=end.code)
        if wrong := self._wrong(before):
            return self._write(Status.FAILED, wrong, code=0)
        self._give_places()
        self._write(Status.SUCCEEDED, code=0)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return Status.SUCCEEDED

    def _wrong(self, before: dict[str, outputs.Stamp]) -> str:
        """What is wrong with the outputs; those that were there and are as before must be newer than the inputs."""
        checks = self._checks()
        for output in self.task.outputs:
            place = self.scratch / output.made if output.made else self.workdir / output.path
            if wrong := outputs.problem(place, output, checks):
                return f"the command ended well, but {wrong}"
            if not output.made and not output.linked and outputs.stamp_of(place) == before[output.path]:
                one = replace(self.task, outputs=(output,))
                if newer := outputs.newer_inputs(self.workdir, one):
                    return f"the command ended well, but {output.path} is as before, older than {newer[0]}"
        return ""

    def _give_places(self) -> None:
        """Let what was made in the scratch folder take its place; what was unpacked with old times is of now."""
        made = [output for output in self.task.outputs if output.made]
        if made:
            pairs = [(self.scratch / output.made, self.workdir / output.path) for output in made]
            outputs.place(pairs, self.scratch / ".before")
        if outputs.newer_inputs(self.workdir, self.task):
            for output in (one for one in self.task.outputs if not one.linked):
                os.utime(self.workdir / output.path)

    def _why(self, end: _End) -> str:
        """Message of a command that has failed."""
        if end.reason:
            return end.reason
        log = self.folder.log_path(self.step.name, self.task.id, self.state.attempt)
        if end.code < 0 and not (said := _message(log, self._errors(), patterns_only=True)):
            return f"ended by {_signal_name(-end.code)}" + (" (out of memory?)" if end.code == -9 else "")
        return (
            said if end.code < 0 else _message(log, self._errors()) or f"exit status {end.code}, and nothing was said"
        )

    def _errors(self) -> Sequence[str]:
        try:
            return front_end(self.job.frontend).ERRORS
        except (StampsError, ImportError):
            return ()

    # ------------------------------------------------------------------ the command

    def _command_ended(self) -> _End:
        """Run the command in a group of its own until it has ended or must end."""
        log = self.folder.log_path(self.step.name, self.task.id, self.state.attempt)
        log.parent.mkdir(parents=True, exist_ok=True)
        command, environment = self._command(), self._environment()
        program = shutil.which(command[0], path=environment.get("PATH"))
        if program is None:
            return _End(127, f"the program {command[0]} is not found")
        current = self.workdir / self.task.cwd if self.task.cwd else self.scratch
        with open(open_plain(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as output:
            output.write(f"$ {' '.join(command)}\n".encode(errors="surrogateescape"))
            output.flush()
            process = subprocess.Popen(
                children.bound([os.path.abspath(program), *command[1:]]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=current,
                env=environment,
                start_new_session=True,
            )
            with _ended_group(process):
                return self._watched(process)

    def _command(self) -> list[str]:
        if self.task.shell:
            return ["/bin/bash", "-c", self._filled(self.task.shell)]
        return [self._filled(word) for word in self.task.argv]

    def _filled(self, text: str) -> str:
        resources = self.step.resources
        values = {
            "run": self.scratch,
            "workdir": self.workdir,
            "cores": resources.cores,
            "memory_mb": resources.memory_mb,
            "python": sys.executable,
            "package": child.package(),
        }
        return re.sub(rf"\{{({'|'.join(FILLED_IN)})\}}", lambda found: str(values[found[1]]), text)

    def _environment(self) -> dict[str, str]:
        """As here; threads as the step's resources say; a mark by which what the command starts is found."""
        variables = {**os.environ, "OMP_NUM_THREADS": str(self.step.resources.cores)}
        variables |= {name: self._filled(value) for name, value in self.task.env.items()}
        return {**variables, living.MARK: living.mark_of(self.folder.path, self.step.name, self.task.id)}

    def _watched(self, process: subprocess.Popen[bytes]) -> _End:
        """Wait for the end; end it when that is asked for, or its time is up."""
        minutes = self.step.resources.minutes
        limit = time.monotonic() + _MINUTE * minutes if minutes else float("inf")
        lock, beat = self.folder.task_lock(self.step.name, self.task.id), time.monotonic() + _BEAT_SECONDS
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._own_end(process.wait(_LOOK_SECONDS))
            if self.request.came:
                self._write(Status.RUNNING, BEING_ENDED)
                return self._meaning(self._ended(process))
            if time.monotonic() > limit:
                return replace(self._ended(process), reason=f"the time limit of {minutes} minutes was reached")
            if time.monotonic() > beat:
                beat = time.monotonic() + _BEAT_SECONDS
                with contextlib.suppress(OSError):
                    os.utime(lock)

    def _own_end(self, code: int) -> _End:
        """How a command has ended that this runner has not asked to end; an engine may have asked both."""
        if code in (-signal.SIGTERM, 128 + signal.SIGTERM):
            time.sleep(_SIGNAL_SECONDS)
        return self._meaning(_End(code)) if code != 0 and self.request.came else _End(code)

    def _meaning(self, end: _End) -> _End:
        """The end of a command after a request: SLURM asks, too, when the time of its job is up."""
        limit = os.environ.get("SLURM_JOB_END_TIME", "")
        if self.state.engine_id and limit.isdigit() and time.time() >= int(limit) - 1:
            return replace(end, reason="SLURM's time limit of the job was reached")
        return replace(end, cancelled=True)

    def _ended(self, process: subprocess.Popen[bytes]) -> _End:
        """Ask the group to end, and end it."""
        living.send(process.pid, signal.SIGTERM, group=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _End(process.wait(_GRACE_SECONDS))
        living.send(process.pid, signal.SIGKILL, group=True)
        return _End(process.wait())

    # ------------------------------------------------------------------ the state

    def _write(self, status: Status, message: str = "", code: int | None = None, attempt: int | None = None) -> Status:
        self.state = replace(
            self.state,
            status=status,
            message=one_line(" ".join(message.split()))[:_LONGEST_MESSAGE],
            exit=code,
            ended="" if status is Status.RUNNING else now(),
            attempt=self.state.attempt if attempt is None else attempt,
        )
        self.folder.write_state(self.step.name, self.task.id, self.state)
        return status


@contextlib.contextmanager
def _ended_group(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Context after which nothing of the command's group runs any more."""
    try:
        yield
    finally:
        living.send(process.pid, signal.SIGKILL, group=True)
        process.wait()


def _named(job: Job, step: str, task: str) -> tuple[Step, Task]:
    for one in job.steps:
        if one.name == step:
            for other in one.tasks:
                if other.id == task:
                    return one, other
    raise InputError(f"The job {job.name} has no task {task} in a step {step}.")


def _last_log(folder: JobFolder, step: str, task: str) -> int:
    """Number of the last try that has a log."""
    place = folder.log_path(step, task, 1).parent
    pattern = re.compile(re.escape(task) + r"\.(\d+)\.log")
    names = os.listdir(place) if place.is_dir() else []
    return max((int(found[1]) for found in map(pattern.fullmatch, names) if found), default=0)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _message(log: Path, patterns: Sequence[str], patterns_only: bool = False) -> str:
    """The last line that matches the first pattern that any line matches, else the last line; empty if there is none.

    Where a list of problems follows, the first of them.
    """
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)[1:] if line.strip()]  # the first is the command
    for pattern in patterns:
        if found := [number for number, line in enumerate(lines) if re.search(pattern, line)]:
            first, then = lines[found[-1]], lines[found[-1] + 1 :]
            return f"{first} {then[0][2:]}" if first.endswith(":") and then and then[0].startswith("- ") else first
    return lines[-1] if lines and not patterns_only else ""


if __name__ == "__main__":
    sys.exit(main())

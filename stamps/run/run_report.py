"""What a run has done: for each step of each directory whether it was completed, skipped or has failed, seconds and files.

``stamps(1, 8)`` returns it, ``stamps 1 8 --json FILE`` writes it (also of a run that fails); the form of the file is described
by ``run_report.schema.json`` beside this module and in ``docs/run_report.md``.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

from stamps.errors import StampsError
from stamps.run.continuation import Decision
from stamps.run.plan import plan_patch, project_steps
from stamps.run.run_record import RunRecord
from stamps.run.step_notes import StepNote
from stamps.workspace import Workspace
from stamps.workspace.markup import lines, table

__all__ = ["SCHEMA_VERSION", "Reporter", "RunReport", "StepReport"]

#: Of the JSON form: the first number changes where something is taken away or means something else.
SCHEMA_VERSION = "1.0"

COMPLETED, SKIPPED, FAILED, PLANNED = "completed", "skipped", "failed", "planned"

#: The project directory among the directories of a report.
PROJECT = "."

_PUBLISHED_BEFORE = "published by the interrupted run"


@dataclass(frozen=True)
class StepReport:
    """One step in one directory.

    Attributes
    ----------
    step : int
        1 to 8; step 5 has a part in the patches and one in the project directory.
    directory : str
        Name of the patch, ``.`` for the project directory.
    part : str
        ``patch`` for steps 1 to 5a, ``project`` for the rest; without patches both work in the project directory.
    state : str
        ``completed``, ``skipped``, ``failed``, or ``planned`` for a step that the run did not come to.
    reason : str
        Why it was skipped or has failed.
    seconds : float or None
        None where nothing was run.
    files : tuple of str
        Files that it has written in its directory.
    """

    step: int
    directory: str
    part: str
    state: str
    reason: str = ""
    seconds: float | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class RunReport:
    """A run of the driver that has ended; ``str`` of it is a table of its steps.

    Attributes
    ----------
    workdir : str
    version : str
        Of this program.
    start, end : int or None
        Range of steps; start 0 resumes. None where the arguments were not understood.
    began : str
        ISO date and time with the offset from UTC.
    seconds : float
    state : str
        ``completed``, ``failed`` or ``interrupted``.
    error : str
        Why it did not complete.
    steps : tuple of StepReport
        In the order of the run.
    """

    workdir: str
    version: str
    start: int | None
    end: int | None
    began: str
    seconds: float
    state: str
    error: str = ""
    steps: tuple[StepReport, ...] = ()

    @property
    def completed(self) -> tuple[StepReport, ...]:
        """The steps that were run and published."""
        return self.of_state(COMPLETED)

    @property
    def skipped(self) -> tuple[StepReport, ...]:
        """The steps that there was no need to run, or nothing left for."""
        return self.of_state(SKIPPED)

    @property
    def failed(self) -> tuple[StepReport, ...]:
        """The steps that have ended with an error."""
        return self.of_state(FAILED)

    @property
    def planned(self) -> tuple[StepReport, ...]:
        """The steps that the run did not come to."""
        return self.of_state(PLANNED)

    def of_state(self, state: str) -> tuple[StepReport, ...]:
        """The steps of one state."""
        return tuple(step for step in self.steps if step.state == state)

    def as_dict(self) -> dict[str, object]:
        """For JSON, as ``run_report.schema.json`` describes it."""
        return {"schema": "stamps-run-report", "schema_version": SCHEMA_VERSION, **asdict(self)}

    def __str__(self) -> str:
        said = [f"{self.workdir}: {self._sentence()}"]
        if self.steps:
            said.append("step  directories  completed  skipped  failed  planned  seconds")
            said += [
                f"{k:4d}  {n:11d}  {c:9d}  {s:7d}  {f:6d}  {p:7d}  {t:7.1f}" for k, n, c, s, f, p, t in self._rows()
            ]
        said += [f"step {step.step} in {step.directory}: {step.reason}" for step in self.failed]
        return "\n".join(said + [self.error] * (bool(self.error) and not self.failed))

    def __repr__(self) -> str:
        return f"<{self._sentence()}>"

    def _repr_html_(self) -> str:
        heads = ("step", "directories", COMPLETED, SKIPPED, FAILED, PLANNED, "time (s)")
        rows = self._rows()
        said = lines([] if rows else [self._sentence()]) + (table(heads, rows, self._sentence()) if rows else "")
        return said + lines([self.error])

    def _sentence(self) -> str:
        what = "run" if self.start is None else f"steps {self.start} to {self.end}"
        parts = [
            f"{len(self.of_state(state))} {state}" for state in (COMPLETED, SKIPPED, FAILED) if self.of_state(state)
        ]
        return f"{what} {self.state}: {', '.join(parts) or 'nothing was run'} in {self.seconds:.1f} s"

    def _rows(self) -> list[tuple[int, int, int, int, int, int, float]]:
        """For each step: its number, directories, how many of each state, seconds of all together."""
        rows = []
        for number in sorted({step.step for step in self.steps}):
            mine = [step for step in self.steps if step.step == number]
            states = [step.state for step in mine]
            counts = (states.count(COMPLETED), states.count(SKIPPED), states.count(FAILED), states.count(PLANNED))
            rows.append((number, len(mine), *counts, sum(step.seconds or 0 for step in mine)))
        return rows


# ---------------------------------------------------------------------- made during the run


@dataclass
class Reporter:
    """Gathers what the report of a run says.

    Attributes
    ----------
    ws : Workspace
        The project directory.
    failures : dict
        Path of a directory to what went wrong there.
    """

    ws: Workspace
    failures: dict[str, str] = field(default_factory=dict)
    _failure_in_project: str = ""
    _start: int | None = None
    _end: int | None = None
    _steps: list[StepReport] = field(default_factory=list)
    _began: datetime.datetime = field(default_factory=lambda: datetime.datetime.now().astimezone())
    _clock: float = field(default_factory=time.monotonic)

    @contextlib.contextmanager
    def at_work(self, decision: Decision) -> Iterator[None]:
        """Context of the work of a run: what has become of its steps is noted when it ends, however it does."""
        self._start, self._end = decision.run.start, decision.run.end
        self._steps = _planned(self.ws, decision)
        try:
            yield
        finally:
            self._steps = self._outcome(decision.record)

    @contextlib.contextmanager
    def in_project(self) -> Iterator[None]:
        """Context of the steps in the project directory: an error there belongs to the step that is next."""
        try:
            yield
        except Exception as error:
            self._failure_in_project = str(error)
            raise

    @contextlib.contextmanager
    def attached(self) -> Iterator[None]:
        """Context whose exceptions have the report of what had been done as their attribute ``report``."""
        try:
            yield
        except Exception as error:
            vars(error)["report"] = self.report(FAILED, str(error))
            raise
        except BaseException as error:  # Ctrl-C and signals
            vars(error)["report"] = self.report("interrupted", "The run was interrupted.")
            raise

    def report(self, state: str = COMPLETED, error: str = "") -> RunReport:
        """The report, as things stand."""
        from stamps import __version__

        seconds, began = round(time.monotonic() - self._clock, 3), self._began.isoformat(timespec="seconds")
        steps = tuple(self._steps)
        return RunReport(str(self.ws.path), __version__, self._start, self._end, began, seconds, state, error, steps)

    def _outcome(self, record: RunRecord) -> list[StepReport]:
        """What has become of the planned steps, by the records of their directories."""
        notes = {("project", PROJECT, note.step): note for note in record.done}
        failures = {("project", PROJECT): self._failure_in_project}
        for folder in record.folders(self.ws):
            name = _name(folder, self.ws)
            failures["patch", name] = self.failures.get(str(folder.path), "")
            with contextlib.suppress(StampsError, OSError):
                notes.update({("patch", name, note.step): note for note in record.progress(folder).done})
        steps = []
        for step in self._steps:
            note = notes.get((step.part, step.directory, step.step))
            if step.state == PLANNED and note is not None:
                step = _reported(step, note)
            elif step.state == PLANNED and (text := failures.pop((step.part, step.directory), "")):
                step = replace(step, state=FAILED, reason=text)
            steps.append(step)
        return steps


def _reported(step: StepReport, note: StepNote) -> StepReport:
    state = SKIPPED if note.skipped else COMPLETED
    return replace(step, state=state, reason=note.skipped, seconds=note.seconds, files=tuple(note.files))


def _name(folder: Workspace, ws: Workspace) -> str:
    return PROJECT if folder.path == ws.path else folder.name


def _planned(ws: Workspace, decision: Decision) -> list[StepReport]:
    """The steps of a run before it begins: those that are planned, and those that there is no need to run."""
    run, start = decision.run, decision.run.start
    steps: list[StepReport] = []
    for folder in run.folders(ws) if run.in_patches else []:
        progress = decision.progress(folder)
        patch = plan_patch(folder, run.start, run.end, progress)
        start = patch.start
        reasons = dict.fromkeys(range(1, min(start, run.end + 1)) if patch.resumed else (), "already done")
        reasons |= dict.fromkeys(range(max(start, 1), progress.last + 1), _PUBLISHED_BEFORE)
        name = _name(folder, ws)
        steps += [StepReport(k, name, "patch", SKIPPED, reason) for k, reason in reasons.items()]
        steps += [StepReport(k, name, "patch", PLANNED) for k in patch.steps]
    for k in project_steps(start, run.end) if run.in_project else ():
        done = decision.continues and k <= decision.record.last
        reason = _PUBLISHED_BEFORE if done else ""
        steps.append(StepReport(k, PROJECT, "project", SKIPPED if done else PLANNED, reason))
    return steps

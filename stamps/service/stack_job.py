"""The job of a watched stack: ordered when products have arrived, tried again when it failed, in the end without some dates.

Source: docs/method/service.md, section 3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import StampsError
from stamps.frontends.jobs.model import Status, TaskState
from stamps.frontends.jobs.standing import NO_RESULT, JobState
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submission import Submitted
from stamps.frontends.processor import Processor
from stamps.service.arrivals import Arrivals
from stamps.service.service_file import WatchedStack
from stamps.service.stack_kinds import STACK_KINDS, StackKind
from stamps.service.state import StackState

__all__ = ["StackJob", "cause", "is_tried_again", "retries_since", "was_cancelled"]

#: Images with which a stack begins, where its settings say nothing.
LEAST_DATES = 5

_INTERRUPTIONS = 5


def cause(state: JobState) -> str:
    """The first failure of a job, one line."""
    for step in state.steps.values():
        for task in (*step.failures, *step.robbed):
            gone = f"{task.gone[0]} is gone" if task.gone else ""
            return f"{step.name}/{task.id}: {task.message or gone or task.status.value}".rstrip(".")
    return ""


def was_cancelled(state: JobState) -> bool:
    """Whether a job stands as it does because somebody has cancelled it."""
    failures = [task for step in state.steps.values() for task in step.failures]
    return any(task.status is Status.CANCELLED for task in failures)


def retries_since(folder: JobFolder) -> int:
    """How often a job was tried again since it was submitted at last; its own record tells that, whoever did it."""
    count = 0
    for submission in reversed(folder.submissions()):
        if submission.action == "submit":
            break
        count += submission.action == "retry"
    return count


def is_tried_again(folder: JobFolder, state: JobState, retries: int) -> bool:
    """Whether a job that has not succeeded is tried again by itself.

    What was never handed over is, always; what was interrupted (the machine was switched off) some times more than what failed.

    Parameters
    ----------
    folder : JobFolder
    state : JobState
    retries : int
        How often what failed is tried again.
    """
    failures = [task for step in state.steps.values() for task in step.failures]
    if state.exit_status == 3 or (failures and all(task.lost for task in failures)):
        return True
    interrupted = all(task.lost or task.message == NO_RESULT for task in failures)
    return retries_since(folder) < (max(retries, _INTERRUPTIONS) if failures and interrupted else retries)


@dataclass
class StackJob:
    """The job of a stack.

    Attributes
    ----------
    stack : WatchedStack
    state : StackState
        Changed, and given to ``save`` when something was decided.
    retries : int
    save : callable
    say : callable
        Takes a sentence for people.
    """

    stack: WatchedStack
    state: StackState
    retries: int
    save: Callable[[], None]
    say: Callable[[str], None]

    @property
    def folder(self) -> JobFolder:
        """Folder of the job."""
        return JobFolder.of(self.stack.workdir, self._kind.frontend)

    @property
    def _kind(self) -> StackKind:
        return STACK_KINDS[self.stack.frontend]

    def _processor(self) -> Processor:
        return self._kind.processor_of(self.stack.workdir, [*self.state.ordered], self.stack.settings)

    # ------------------------------------------------------------------ one pass

    def advance(self, arrivals: Arrivals) -> bool:
        """Do what is to be done; whether the stack is complete and holds all that has arrived.

        Parameters
        ----------
        arrivals : Arrivals
            What is in the source.
        """
        if self.folder.exists():
            standing = Processor.open(self.folder.path).state()
            if standing.at_work:
                self.say(f"the job {self.folder.name} is at work ({_progress(standing)})")
                return False
            if (arrivals.complete, self._digest()) == (self.state.ordered, self.state.settings):
                return self._finished(standing)
        missing = self._missing(arrivals)
        if changing := [path for path in missing if path in arrivals.seen]:
            self.say(f"{changing[0]}, which the stack was made of, has changed and is looked at again")
            return False
        if missing:
            self._refuse(f"{missing[0]}, which the stack was made of, is gone: put it back, or exclude its date")
        least = int(self.stack.settings.get("min_dates", LEAST_DATES))
        if len(arrivals.dates()) < least:
            self.say(f"waits for {least} images to begin the stack, {len(arrivals.dates())} are complete")
            return False
        return self._ordered(dict(arrivals.complete))

    def _missing(self, arrivals: Arrivals) -> list[str]:
        """Products of the last submission that are not among the complete ones, those of excluded dates left out."""
        excluded = {*self.stack.settings.get("exclude", ()), *self.stack.settings.get("exclude_dates", ())}
        gone = [path for path in self.state.ordered if path not in arrivals.complete]
        return [path for path in gone if not any(date in Path(path).name for date in excluded)]

    def _refuse(self, sentence: str) -> bool:
        raise StampsError(f"{sentence}.")

    def _ordered(self, complete: dict[str, str]) -> bool:
        """Submit the job for all products; the state is written when that is done, so that it is done again if not."""
        before = self.state.ordered, self.state.settings
        self.state.ordered, self.state.settings = complete, self._digest()
        try:
            self._forget_failures()
            done = self._processor().submit()
        except BaseException:
            self.state.ordered, self.state.settings = before
            raise
        self.state.failed = {}
        self.save()
        self._tell(done)
        return False

    def _digest(self) -> str:
        """Sixteen digits that differ where settings differ."""
        text = json.dumps(dict(self.stack.settings), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _forget_failures(self) -> None:
        """Let tasks that have failed be tried again with the products that are there now."""
        if not self.folder.exists():
            return
        with self.folder.lock():
            for step in self.folder.job().steps:
                for task in step.tasks:
                    state = self.folder.state(step.name, task.id)
                    if state.status is Status.FAILED:
                        again = TaskState(attempt=state.attempt, definition=state.definition)
                        self.folder.write_state(step.name, task.id, again)

    def _tell(self, done: object) -> None:
        if isinstance(done, Submitted):
            count = sum(map(len, done.work.values()))
            self.say(
                f"the job {done.name} was given {count} of {done.total} tasks for {len(self.state.ordered)} products"
            )
            for note in done.notes:
                self.say(note)

    # ------------------------------------------------------------------ a job that has ended

    def _finished(self, standing: JobState) -> bool:
        if standing.exit_status == 0:
            return True
        if was_cancelled(standing):
            self._refuse(f"the job {standing.name} was cancelled: stamps jobs retry {standing.name} goes on with it")
        processor = Processor.open(self.folder.path)
        if is_tried_again(self.folder, standing, self.retries):
            self.say(f"the job {standing.name} is tried again ({cause(standing)})")
            _try_again(processor)
            return False
        if self._kind.frontend == "snap" and self._without_failed(standing):
            return False
        return self._refuse(
            f"the job {standing.name} has failed ({cause(standing)}): stamps jobs status {standing.name}"
        )

    def _without_failed(self, standing: JobState) -> bool:
        """Go on without the dates that have failed; whether that was possible."""
        from stamps.frontends.snap.failed_dates import failed_dates, go_on_without

        processor = Processor.open(self.folder.path)
        dates = failed_dates(processor)
        if not dates:
            return False
        failures = [task for step in standing.steps.values() for task in step.failures]
        self.state.failed |= {task.date: task.message for task in failures if task.date}
        self.save()
        try:
            go_on_without(self.stack.workdir, self.folder.name, {})
        except StampsError as error:
            self.say(str(error))
            return False
        self.say(f"goes on without {', '.join(dates)}, which failed")
        return True


def _try_again(processor: Processor) -> None:
    """Retry; what SNAP has to make anew from the images is planned first, but no dates are taken again that were given up."""
    from stamps.frontends.snap.config import SnapConfig
    from stamps.frontends.snap.failed_dates import take_again

    if isinstance(processor.config, SnapConfig) and not processor.config.given_up:
        take_again(processor)
    processor.retry()


def _progress(state: JobState) -> str:
    steps = state.steps.values()
    return f"{sum(step.done for step in steps)}/{sum(step.total for step in steps)} tasks"

"""Time series of a watched stack: made once for each trigger, followed to their end, the newest linked as ``latest``.

Source: docs/method/service.md, section 3.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain, count
from pathlib import Path

from stamps.errors import InputError, WorkspaceError
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.jobs.standing import JobState
from stamps.frontends.jobs.store import JobFolder, job_folders, now
from stamps.frontends.processor import Processor
from stamps.service.psi import product_files
from stamps.service.psi_config import PsiConfig, PsiSettings
from stamps.service.service_file import WatchedStack
from stamps.service.stack_job import cause, is_tried_again, was_cancelled
from stamps.service.stack_kinds import Stack, finished_stack
from stamps.service.state import Run, StackState

__all__ = ["LATEST", "PSI", "Series", "preparing", "psi_processor", "results_of", "switch_link"]

#: Folder of all time series of a stack, and the link to the newest.
PSI, LATEST = "psi", "latest"

_DAY = 86400.0


def psi_processor(
    workdir: Path, frontend: str, stack: Stack, name: str, settings: PsiSettings, outputs: Sequence[str] = ()
) -> Processor:
    """The job of a time series.

    Parameters
    ----------
    workdir : Path
        Folder of the stack.
    frontend : str
        That of the stack.
    stack : Stack
    name : str
        Of the time series: ``psi/<name>`` and ``psi_<name>``.
    settings : PsiSettings
    outputs : sequence of str
        What a client of the web has asked for.
    """
    config = PsiConfig(
        workdir=os.fspath(workdir),
        frontend=frontend,
        stack=stack.folder,
        master=stack.master,
        images=list(stack.images),
        project=f"{PSI}/{name}",
        settings=settings,
        outputs=list(outputs),
        engine=settings.engine,
    )
    return Processor(front_end("psi"), config, name=f"psi_{name}")


def results_of(name: str, products: list[str], n_images: int) -> list[str]:
    """Files of the products of a time series, from the folder of the stack on."""
    found = [f"{PSI}/{name}/{file}" for kind in products for file in product_files(kind, n_images)]
    return list(dict.fromkeys(found))


def preparing(workdir: Path) -> str:
    """Name of a job that is making a project from the stack, which must stay as it is; empty if there is none."""
    for folder in job_folders(workdir):
        if folder.name.startswith("psi_"):
            standing = Processor.open(folder.path).state()
            step = standing.steps.get("prepare")
            if standing.at_work and step is not None and step.done < step.total:
                return folder.name
    return ""


def switch_link(link: Path, target: str) -> None:
    """Let a link lead elsewhere, in one go.

    Raises
    ------
    WorkspaceError
        Something else stands in its place.
    """
    if os.path.lexists(link) and not link.is_symlink():
        raise WorkspaceError(f"{link} is no link: remove it, so that the newest time series can be linked there.")
    if link.is_symlink() and os.readlink(link) == target:
        return
    part = link.with_name(f".{link.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    os.replace(part, link)


@dataclass
class Series:
    """The time series of a stack.

    Attributes
    ----------
    stack : WatchedStack
    state : StackState
    retries : int
    save, say : callable
        As for :class:`stamps.service.stack_job.StackJob`.
    """

    stack: WatchedStack
    state: StackState
    retries: int
    save: Callable[[], None]
    say: Callable[[str], None]

    # ------------------------------------------------------------------ the last one

    def follow(self) -> bool:
        """Look after the last time series; whether it is at work.

        Raises
        ------
        InputError
            It has failed for good, or was cancelled.
        """
        run = self.state.runs[-1] if self.state.runs else None
        if run is None or run.status == "done":
            return False
        folder = JobFolder.of(self.stack.workdir, f"psi_{run.name}")
        if not folder.exists():  # it was decided, and then nothing more was done
            self._submit(run)
            return True
        standing = Processor.open(folder.path).state()
        if standing.at_work:
            self._become(run, "at work")
            self.say(f"the time series {run.name} is at work")
            return True
        return self._ended(run, folder, standing)

    def _ended(self, run: Run, folder: JobFolder, standing: JobState) -> bool:
        if standing.exit_status == 0:
            self._finish(run)
        elif was_cancelled(standing):
            self._become(run, "cancelled", f"it was cancelled: stamps jobs retry {folder.name} goes on with it")
        elif is_tried_again(folder, standing, self.retries):
            self.say(f"the time series {run.name} is tried again ({cause(standing)})")
            Processor.open(folder.path).retry()
            return True
        else:
            self._become(run, "failed", cause(standing))
        return False

    def trouble(self) -> str:
        """What is wrong with the last time series; empty if nothing is."""
        run = self.state.runs[-1] if self.state.runs else None
        return f"the time series {run.name}: {run.message}" if run and run.status in ("failed", "cancelled") else ""

    def _become(self, run: Run, status: str, message: str = "") -> None:
        if (run.status, run.message) != (status, message):
            run.status, run.message = status, message
            self.save()

    def _finish(self, run: Run) -> None:
        """Link the results, and note them: who is killed in between links them again."""
        products = run.settings.get("products") or []
        files = results_of(run.name, list(map(str, products)), len(run.images))
        if missing := [file for file in files if not (self.stack.workdir / file).exists()]:
            raise InputError(f"The time series {run.name} has ended well, but {missing[0]} is gone.")
        switch_link(self.stack.workdir / LATEST, f"{PSI}/{run.name}")
        run.results, run.ended = files, now()
        self._become(run, "done")
        self.say(f"the time series {run.name} is done: {len(files)} files, linked as {LATEST}")

    # ------------------------------------------------------------------ the next one

    def trigger(self, stack: Stack, seconds: float) -> bool:
        """Make a time series if it is time for one; whether that was done.

        Parameters
        ----------
        stack : Stack
            What is in the stack now.
        seconds : float
            The time, seconds since 1970.
        """
        wanted, last = self.stack.trigger, self.state.runs[-1] if self.state.runs else None
        if len(stack.images) < wanted.min_images:
            self.say(f"waits for {wanted.min_images} images, {len(stack.images)} are in the stack")
            return False
        new = {*stack.images} - {*(last.images if last else ())}
        if last and len(new) < wanted.new_images:
            self.say(f"nothing new: {len(stack.images)} images, the last time series is {last.name}")
            return False
        # a clock that was put back makes the last one to come: such a one holds nothing up for longer than another
        if last and (left := wanted.min_days - abs(seconds - _moment(last.started)) / _DAY) > 0:
            self.say(f"the next time series is due in {left:.2f} days")
            return False
        run = Run(self._name(stack), list(stack.images), started=_text(seconds))
        run.settings = dataclasses.asdict(self.stack.psi)
        self.state.runs.append(run)
        self.save()
        self._submit(run, stack)
        return True

    def _name(self, stack: Stack) -> str:
        """Date of the newest image; with a number where a time series, a folder or a job has that name already."""
        newest = max(stack.images)
        return next(name for name in chain([newest], (f"{newest}-{k}" for k in count(2))) if not self._is_taken(name))

    def _is_taken(self, name: str) -> bool:
        folder = self.stack.workdir
        known = name in {run.name for run in self.state.runs}
        return known or os.path.lexists(folder / PSI / name) or os.path.lexists(folder / "jobs" / f"psi_{name}")

    def _submit(self, run: Run, stack: Stack | None = None) -> None:
        stack = stack or finished_stack(self.stack.frontend, self.stack.workdir)
        if [*stack.images] != run.images:  # it has grown since that was decided, and nothing was done yet
            run.images = [*stack.images]
        run.settings = dataclasses.asdict(self.stack.psi)
        psi_processor(self.stack.workdir, self.stack.frontend, stack, run.name, self.stack.psi).submit()
        self._become(run, "at work")
        self.say(f"the time series {run.name} of {len(run.images)} images was begun")


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0

"""Scripts that are submitted to SLURM: a shell that becomes the runner of one task.

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.frontends.jobs.model import Step
from stamps.frontends.jobs.slurm_settings import StepSettings
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.supervisor import runner_command
from stamps.processes import child

__all__ = ["ArrayScript", "job_name", "mark_of_folder", "next_script"]

#: Minutes that SLURM leaves to the runner, which ends what takes too long itself.
_MORE_MINUTES = 2
#: The word of a command that is the task of an element of an array.
_ELEMENT = '"${tasks[$SLURM_ARRAY_TASK_ID]}"'


def mark_of_folder(folder: Path) -> str:
    """Eight digits by which SLURM's jobs of a folder are known."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:8]


def job_name(folder: JobFolder, step: str) -> str:
    """Name of a job in the queue: ``snap.split.1a2b3c4d``."""
    return f"{folder.name}.{step}.{mark_of_folder(folder.path)}"


@dataclass(frozen=True)
class ArrayScript:
    """An array of tasks of a step.

    Attributes
    ----------
    folder : JobFolder
    step : Step
    tasks : sequence of str
    settings : StepSettings
    depends : sequence of str
        Numbers of jobs that must have succeeded.
    ended : sequence of str
        Numbers of jobs that must have ended, however that was.
    limit : int
        Most elements at once; 0: none.
    again : bool
    """

    folder: JobFolder
    step: Step
    tasks: Sequence[str]
    settings: StepSettings
    depends: Sequence[str] = ()
    ended: Sequence[str] = ()
    limit: int = 0
    again: bool = False

    def text(self) -> str:
        """The script."""
        limit = f"%{self.limit}" if self.limit else ""
        words = [f"--job-name={job_name(self.folder, self.step.name)}", f"--array=0-{len(self.tasks) - 1}{limit}"]
        words += [_output(self.folder, f"{self.step.name}.%A_%a.out"), *self._resources()]
        behind = {"afterok": self.depends, "afterany": self.ended}
        if wanted := ",".join(f"{kind}:{':'.join(numbers)}" for kind, numbers in behind.items() if numbers):
            words.append(f"--dependency={wanted}")
        runner = runner_command(self.folder.path, self.step.name, _ELEMENT, self.again)
        command = " ".join(word if word == _ELEMENT else shlex.quote(word) for word in map(str, runner))
        identity = '"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"'
        lines = [f"tasks=({' '.join(self.tasks)})", *_prologue(self.settings)]
        return _script([*words, *_asked(self.settings)], [*lines, f"exec {command} --engine-id {identity}"])

    def _resources(self) -> list[str]:
        resources, settings = self.step.resources, self.settings
        words = [f"--cpus-per-task={settings.cpus_per_task or resources.cores}"]
        words.append(f"--mem={settings.mem or f'{resources.memory_mb}M'}")
        time = settings.time or (str(resources.minutes + _MORE_MINUTES) if resources.minutes else "")
        return [*words, *([f"--time={time}"] if time else [])]


def next_script(folder: JobFolder, number: int, settings: StepSettings, after: Sequence[str]) -> str:
    """A small job that submits the next chunk when the one before it has ended, however that was."""
    words = [f"--job-name={job_name(folder, 'next')}", _output(folder, "next.%j.out")]
    words += ["--cpus-per-task=1", "--mem=500M", f"--dependency=afterany:{':'.join(after)}"]
    command = shlex.join(child.command("stamps.frontends.jobs.slurm_arrays", folder.path, str(number)))
    return _script([*words, *_asked(settings)], [*_prologue(settings), f"exec {command}"])


def _output(folder: JobFolder, name: str) -> str:
    """The word that says where a job's own output goes; blanks and what SLURM would replace stay as they are."""
    place = str(folder.path / "log" / "slurm").replace("%", "%%").replace('"', '\\"')
    return f'--output="{place}/{name}"'


def _script(words: Sequence[str], lines: Sequence[str]) -> str:
    fixed = ["--kill-on-invalid-dep=yes", "--no-requeue", "--open-mode=append"]
    return "\n".join(["#!/bin/bash", *(f"#SBATCH {word}" for word in [*words, *fixed]), *lines, ""])


def _asked(settings: StepSettings) -> list[str]:
    """Words of what a site wants of every job."""
    named = {"partition": settings.partition, "account": settings.account, "qos": settings.qos}
    return [*(f"--{name}={value}" for name, value in named.items() if value), *settings.extra]


def _prologue(settings: StepSettings) -> list[str]:
    return [settings.prologue] if settings.prologue else []

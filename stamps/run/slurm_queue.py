"""The queue of SLURM as a run sees it: what its jobs are doing, and the sentences about them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["Job", "ended_early", "look", "never_starts", "refusal", "too_long", "waiting"]

#: States in which a job has ended; ``GONE``: SLURM knows it no more.
_ENDED = frozenset(
    "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT GONE".split()
)

#: Reasons of pending jobs that do not pass by themselves. Others do: resources, priority, limits on what runs at once.
_HOPELESS = re.compile(
    "PerJob|NotAllowed|NotSatisfied|NeverSatisfied|[Hh]eld|Hold|^Invalid|^BadConstraints|^PartitionConfig"
    "|^Partition(Node|Time)Limit|^(Association|QOS)TimeLimit|^ReservationDeleted|not (known|permitted)"
)

_MEND = "mend what the section jobqueue.slurm of ~/.config/dask/jobqueue.yaml asks for (queue, account, cores, memory, walltime)"


class Job(NamedTuple):
    """A job: its number, its state, and the reason why it is pending."""

    number: str
    state: str
    reason: str = "None"

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state in _ENDED

    @property
    def hopeless(self) -> bool:
        """Whether it is pending and will be so until somebody changes something."""
        return self.state == "PENDING" and _HOPELESS.search(self.reason) is not None


def look(numbers: Sequence[str]) -> list[Job] | None:
    """Ask SLURM about jobs.

    Parameters
    ----------
    numbers : sequence of str

    Returns
    -------
    list of Job or None
        None if SLURM does not answer.
    """
    if not numbers:
        return []
    command = ["squeue", "--noheader", "--states=all", "--format=%i|%T|%r", f"--jobs={','.join(numbers)}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0 and "Invalid job id" not in answer.stderr:
        return None
    lines = (line.strip().split("|", 2) for line in answer.stdout.splitlines() if line.count("|") >= 2)
    known = {number: Job(number, state, reason) for number, state, reason in lines}
    return [known.get(number, Job(number, "GONE")) for number in sorted(numbers, key=int)]


# ---------------------------------------------------------------------- sentences


def refusal(failure: Exception) -> str:
    """A job was not taken; ``failure`` holds what sbatch said."""
    said = str(failure).rpartition("stderr:\n")[2].splitlines()
    words = [line.strip().removeprefix("sbatch: ").removeprefix("error: ").rstrip(".") for line in said if line.strip()]
    return f"SLURM refuses the jobs of this run ({'; '.join(words)}): {_MEND}."


def ended_early(jobs: Sequence[Job], folder: str | None = None) -> str:
    """No worker has come, or come back, from jobs that ended; ``folder``: where their messages are, if it is set."""
    place = f"the files of {folder}" if folder else f"slurm-{jobs[-1].number if jobs else '*'}.out"
    states = _listed(jobs, [job.state for job in jobs])
    return (
        f"The jobs of SLURM ended without a Dask worker ({states}): read {place}, where their messages are; what was complete "
        "is kept."
    )


def never_starts(jobs: Sequence[Job]) -> str:
    """All jobs are pending for reasons that will not pass."""
    return (
        f"The jobs of SLURM cannot start ({_listed(jobs, [job.reason for job in jobs])}) and were cancelled: {_MEND}."
    )


def too_long(jobs: Sequence[Job], seconds: float) -> str:
    """Nothing has started for very long."""
    reasons = _listed(jobs, [job.reason for job in jobs])
    return (
        f"No job of SLURM has brought a Dask worker in {seconds / 3600:.0f} hours ({reasons}); they were cancelled, what was "
        "complete is kept: start the same command again to go on waiting."
    )


def waiting(jobs: Iterable[Job]) -> str:
    """What is waited for; empty if nothing is pending."""
    pending = [job for job in jobs if job.state == "PENDING"]
    return f"waiting for a worker; pending: {_listed(pending, [job.reason for job in pending])}" if pending else ""


def _listed(jobs: Sequence[Job], states: Sequence[str]) -> str:
    """``2 jobs, 11 … 12: FAILED``."""
    if not jobs:
        return "no job is left"
    numbers = jobs[0].number if len(jobs) == 1 else f"{jobs[0].number} … {jobs[-1].number}"
    words = ", ".join(dict.fromkeys(states))
    return f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}, {numbers}: {words}"

"""SLURM's commands: submit a script, ask the queue, cancel. Whether ``sacct`` works is not asked: many sites have no accounting.

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

import functools
import logging
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stamps.errors import ExternalProgramError, ParameterError
from stamps.frontends.jobs.living import unmarked_environment

__all__ = ["Element", "largest_array", "queue", "sbatch", "scancel"]

#: Seconds before a refused submission is tried again, one after the other.
PAUSES = (10.0, 30.0, 60.0)

#: What passes by itself: limits on what is submitted, and a controller that does not answer.
_PASSES = re.compile(
    r"Limit|limit|temporarily|[Tt]imed? ?out|[Uu]nable to contact|[Cc]ommunication|[Cc]onnection|Zero Bytes|[Ss]ocket|try again"
)

_LOG = logging.getLogger("stamps.jobs")


class Element(NamedTuple):
    """A job in the queue: ``1234_7``, its state, why it is pending, its name."""

    id: str
    state: str
    reason: str
    name: str

    @property
    def hopeless(self) -> bool:
        """Whether it will never run: something it depends on has failed."""
        return self.state == "PENDING" and "NeverSatisfied" in self.reason


def _call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        env=unmarked_environment(),
    )


def sbatch(script: Path) -> str:
    """Submit a script; returns the number of the job. What is refused for the moment is tried again.

    Raises
    ------
    ParameterError
        SLURM refuses it; the message has SLURM's words.
    ExternalProgramError
        There is no sbatch here.
    """
    for pause in (*PAUSES, None):
        try:
            done = _call("sbatch", "--parsable", str(script))
        except FileNotFoundError:
            raise ExternalProgramError(
                "SLURM's command sbatch is not found: submit on a machine from which jobs are submitted, or with another engine."
            ) from None
        except subprocess.TimeoutExpired:
            words = "sbatch timed out"
        else:
            if done.returncode == 0 and (found := re.match(r"\d+", done.stdout.strip())):
                return found[0]
            words = _words(done.stderr) or f"exit status {done.returncode}"
        if pause is None or not _PASSES.search(words):
            break
        _LOG.info("SLURM refuses a submission for now (%s): it is tried again in %.0f s.", words, pause)
        time.sleep(pause)
    raise ParameterError(f"SLURM refuses the jobs of {script.name} ({words}): mend slurm.toml, then submit again.")


def _words(said: str) -> str:
    """What sbatch said, without its name."""
    lines = [line.strip().removeprefix("sbatch: ").removeprefix("error: ").rstrip(".") for line in said.splitlines()]
    return "; ".join(line for line in lines if line)


def queue(users: Sequence[int]) -> list[Element] | None:
    """What users have in the queue, arrays element by element; None if SLURM does not answer."""
    try:
        done = _call("squeue", "--noheader", "--array", f"--user={','.join(map(str, users))}", "--format=%i|%T|%r|%j")
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    lines = (line.strip().split("|", 3) for line in done.stdout.splitlines() if line.count("|") >= 3)
    return [Element(*line) for line in lines]


def scancel(numbers: Sequence[str]) -> None:
    """Cancel jobs, arrays as a whole.

    Raises
    ------
    ExternalProgramError
        SLURM does not answer.
    """
    try:
        done = _call("scancel", *numbers)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExternalProgramError(f"SLURM's command scancel does not work here ({error}).") from None
    if done.returncode != 0 and "Invalid job id" not in done.stderr:
        raise ExternalProgramError(f"SLURM's command scancel has failed ({_words(done.stderr)}): try it again.")


@functools.cache
def largest_array() -> int:
    """Most elements of an array that this SLURM takes."""
    try:
        found = re.search(r"MaxArraySize\s*=\s*(\d+)", _call("scontrol", "show", "config").stdout)
    except (OSError, subprocess.TimeoutExpired):
        found = None
    return max(1, int(found[1]) - 1) if found else 1000

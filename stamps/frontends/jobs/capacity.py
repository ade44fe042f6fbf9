"""How many tasks of a step run at once on this machine: tasks × threads never exceed the cores, nor do they exceed the memory."""

from __future__ import annotations

import os

from stamps.environment import variable
from stamps.frontends.jobs.model import Step

__all__ = ["at_once", "cores", "memory_mb"]


def cores() -> int:
    """Cores that this process may use: ``STAMPS_CORES``, else all."""
    wanted = variable("STAMPS_CORES")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_mb() -> int:
    """Memory of this machine, MiB; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (AttributeError, OSError, ValueError):
        return 0


def at_once(step: Step, n_tasks: int, max_workers: int | None = None) -> int:
    """Tasks of a step that run at once, at least one.

    Parameters
    ----------
    step : Step
    n_tasks : int
        Tasks that are to be run.
    max_workers : int, optional
        Most that the user wants.
    """
    limits = [n_tasks, cores() // step.resources.cores]
    if memory_mb():
        limits.append(memory_mb() // step.resources.memory_mb)
    limits += [limit for limit in (step.resources.at_once, max_workers) if limit]
    return max(1, min(limits))

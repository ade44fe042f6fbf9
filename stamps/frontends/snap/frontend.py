"""SNAP as a front end of jobs: what would be done with a configuration, what is arranged when it is submitted.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from stamps.errors import ParameterError
from stamps.frontends.jobs.model import Job, Plan, Step
from stamps.frontends.snap.conf_settings import by_key
from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config, SnapConfig
from stamps.frontends.snap.failed_dates import forget_failures, take_again
from stamps.frontends.snap.orbit_files import link_orbits
from stamps.frontends.snap.outputs import CHECKS
from stamps.frontends.snap.pair_steps import PREPARE, preparation
from stamps.frontends.snap.sentinel_plan import plan_sentinel, selection_of
from stamps.frontends.snap.settings import check_preparation
from stamps.frontends.snap.stripmap_plan import plan_stripmap
from stamps.frontends.snap.tools import Findings

__all__ = ["CHECKS", "ERRORS", "NAME", "arrange", "before_retry", "plan", "plan_preparation"]

NAME = "snap"

#: Of the whole job: dates without which it went on are tried again, and exports whose products are gone.
before_retry = take_again

#: What tells the cause in a log: ``gpt`` and our own programs, Java's log, its exceptions, a preparation.
ERRORS = (r"^Error: .*", r"^(?:mt_prep_snap|stamps): .*", r"SEVERE.*", r"^\S*(?:Exception|OutOfMemoryError)\b.*")


def plan(config: SnapConfig) -> Plan:
    """What would be done: products, SNAP, orbits and elevation model are looked at, nothing is written.

    Raises
    ------
    ParameterError
        The configuration is not one of SNAP.
    """
    if isinstance(config, Snap_S1_Config):
        made = plan_sentinel(config)
    elif isinstance(config, Snap_Stripmap_Config):
        made = plan_stripmap(config)
    else:
        raise ParameterError(
            f"{type(config).__name__} is no configuration of SNAP: Snap_S1_Config or Snap_Stripmap_Config."
        )
    problems = tuple(by_key(config, made.problems))
    return Plan(_without_empty(made.steps), made.versions, problems, made.warnings, made.facts, made.files)


def _without_empty(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps that have tasks; what came after an empty one comes after what that came after."""
    kept: list[Step] = []
    before: dict[str, tuple[str, ...]] = {}
    for step in steps:
        after = tuple(name for wanted in step.after for name in before.get(wanted, (wanted,)))
        if step.tasks:
            kept.append(Step(step.name, step.tasks, after, step.resources))
        else:
            before[step.name] = after
    return tuple(kept)


def arrange(config: SnapConfig, plan: Plan) -> Plan:
    """Link the orbits that are at hand to where SNAP looks for them; let dates be tried again that were gone on without."""
    forget_failures(config)
    if isinstance(config, Snap_S1_Config) and config.orbit_dir:
        selection = selection_of(config, Findings())
        if selection is not None:
            user = Path(config.snap_home or "~/.snap").expanduser()
            link_orbits(user, config.orbits, selection.acquisitions, config.orbit_dir)
    return plan


def plan_preparation(config: SnapConfig, job: Job) -> Plan:
    """The preparation of the stack that a job has made; neither products nor SNAP are needed, nothing else changes.

    Parameters
    ----------
    config : SnapConfig
    job : Job

    Returns
    -------
    Plan
        The job's steps with the preparation as the settings say now.
    """
    findings = Findings()
    check_preparation(config, findings)
    steps = tuple(_prepared(config, step) if step.name == PREPARE else step for step in job.steps)
    return Plan(steps, job.versions, tuple(findings.problems))


def _prepared(config: SnapConfig, step: Step) -> Step:
    """The step with other settings in its command."""
    tasks = tuple(preparation(task.id, config.da_thresh, config.patches, config.overlap) for task in step.tasks)
    return dataclasses.replace(step, tasks=tasks)

"""HyP3 as a front end of jobs: from settings to the pairs that would be ordered.

Source: docs/method/jobs.md, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from stamps.errors import ParameterError, StampsError
from stamps.frontends.hyp3_jobs.config import Hyp3_S1_Config, Hyp3Config
from stamps.frontends.hyp3_jobs.orders import job_type, library, steps_of
from stamps.frontends.hyp3_jobs.pairs import Pairs, find_pairs
from stamps.frontends.jobs.model import Plan

__all__ = ["CHECKS", "ERRORS", "NAME", "arrange", "plan"]

NAME = "hyp3"

CHECKS: Mapping[str, Callable[[Path], str]] = {}
ERRORS: tuple[str, ...] = ()


def plan(config: Hyp3Config) -> Plan:
    """What would be ordered; HyP3 is not asked.

    Raises
    ------
    ParameterError
        The settings are not those of HyP3.
    """
    if not isinstance(config, Hyp3Config):
        raise ParameterError(
            f"{type(config).__name__} is no configuration of HyP3: Hyp3_S1_Config or Hyp3_Burst_Config."
        )
    problems = config.problems()
    try:
        version = str(library().__version__)
    except StampsError as error:
        return Plan(problems=(str(error), *problems))
    found = find_pairs(config)
    problems += found.problems
    warnings = (*found.warnings, *_warnings(config))
    if problems:
        return Plan(problems=tuple(dict.fromkeys(problems)), warnings=warnings)
    steps = steps_of(found.pairs, config)
    return Plan(steps=steps, versions={"hyp3_sdk": version}, warnings=warnings, facts=_facts(config, found))


def arrange(config: Hyp3Config, plan: Plan) -> Plan:
    """Nothing is to be arranged."""
    return plan


def _warnings(config: Hyp3Config) -> list[str]:
    if not isinstance(config, Hyp3_S1_Config):
        return []
    found = []
    if config.include_los_displacement:
        found.append("include_los_displacement is deprecated by HyP3: include_displacement_maps holds the same.")
    lacking = [name for name in ("include_dem", "include_look_vectors") if not getattr(config, name)]
    if config.include_inc_map and lacking == ["include_look_vectors"]:
        lacking = []
    if lacking:
        found.append(f"Products without {' and '.join(lacking)} cannot be prepared as a project (stamps hyp3 prepare).")
    return found


def _facts(config: Hyp3Config, found: Pairs) -> tuple[str, ...]:
    dates = sorted({date for pair in found.pairs for date in pair.dates})
    settings = ", ".join(f"{name} {value}" for name, value in config.product.items() if name != "single_burst")
    return (
        f"{len(found.pairs)} pairs of {len(dates)} dates, {dates[0]} to {dates[-1]}; HyP3's {job_type(config)}: {settings}.",
        f"At the end: one product a pair below {config.folder}, from which stamps hyp3 prepare makes a project.",
    )

"""ISCE2's stack processor as a front end: from products and settings to a plan, and to run files on disk.

Source: docs/method/isce.md, sections 1 to 5.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from stamps.errors import StampsError
from stamps.frontends.isce_jobs import checks, ordering
from stamps.frontends.isce_jobs.config import WORKFLOWS, ISCE_S1_Config
from stamps.frontends.isce_jobs.existing import existing_stack
from stamps.frontends.isce_jobs.ordering import ORDER_FILE
from stamps.frontends.isce_jobs.outputs import CHECKS
from stamps.frontends.isce_jobs.programs import Programs, find_programs, isce_version
from stamps.frontends.isce_jobs.run_files import RunFile
from stamps.frontends.isce_jobs.stack_sentinel import (
    StackOrder,
    command_line,
    generate,
    generate_in_scratch,
    record_of,
)
from stamps.frontends.isce_jobs.steps import MERGE, PREPARE, preparation, steps_of
from stamps.frontends.jobs.model import Job, Plan, Step
from stamps.frontends.sentinel1.selection import Selection

__all__ = ["CHECKS", "ERRORS", "NAME", "arrange", "plan", "plan_preparation"]

NAME = "isce"

#: The cause of a failure is the last line of a log (:mod:`stamps.frontends.isce_jobs.line`).
ERRORS: tuple[str, ...] = ()


def plan(config: ISCE_S1_Config) -> Plan:
    """What would be done; the stack processor works in a scratch folder.

    Parameters
    ----------
    config : ISCE_S1_Config

    Returns
    -------
    Plan
        Without steps where there are problems.
    """
    if problems := config.problems():
        return Plan(problems=tuple(problems))
    programs, no_programs = _programs(config)
    selection, order, wrong = ordering.choose(config)
    problems = [*no_programs, *wrong]
    no_dem = checks.check_dem(config.dem_path)
    problems += filter(None, [no_dem or (checks.check_dem_covers(config.dem_path, order.box) if order else "")])
    if selection is None or order is None or programs is None:
        return Plan(problems=tuple(problems), warnings=selection.warnings if selection else ())
    problems += filter(None, [checks.orbit_problem(config, selection.acquisitions)])
    problems += _problems_of_pairs(config, order)
    warnings = _warnings(config, selection)
    facts = _facts(config, programs, selection, order)
    if problems:
        return Plan(problems=tuple(problems), warnings=warnings, facts=facts)
    try:
        files = generate_in_scratch(config, programs, order)
    except (StampsError, OSError) as error:
        return Plan(problems=(str(error),), warnings=warnings, facts=facts)
    version = isce_version(config, programs)
    return Plan(
        steps=_steps(config, programs, order, files),
        versions={"ISCE2": version or "unknown"},
        problems=_left_out_by_program(config, files, order),
        warnings=warnings,
        facts=(_workflow(config, files), *facts),
        files={ORDER_FILE: ordering.order_text(order, selection, config.folder)},
    )


def arrange(config: ISCE_S1_Config, plan: Plan) -> Plan:
    """Let the stack processor write its run files; what an older run has written is kept under another name.

    Parameters
    ----------
    config : ISCE_S1_Config
    plan : Plan
        As :func:`plan` made it.

    Returns
    -------
    Plan

    Raises
    ------
    ExternalProgramError, InputError
        The stack processor fails, or its run files cannot be understood.
    """
    programs = find_programs(config)
    order = ordering.order_of(json.loads(plan.files[ORDER_FILE]))
    files = generate(config, programs, order)
    return replace(plan, steps=_steps(config, programs, order, files))


def plan_preparation(config: ISCE_S1_Config, job: Job) -> Plan:
    """The preparation of the stack that a job has made; neither products nor ISCE2 are needed, nothing else changes.

    Parameters
    ----------
    config : ISCE_S1_Config
    job : Job

    Returns
    -------
    Plan
        The job's steps with the preparation as the settings say now.

    Raises
    ------
    InputError
        What was ordered is not known any more.
    """
    order = ordering.read_order(config.folder)
    problems = [*config.problems(), *_problems_of_pairs(config, order)]
    before = tuple(step for step in job.steps if step.name != PREPARE)
    if problems or len(before) == len(job.steps):
        return Plan(steps=before, problems=tuple(problems))
    return Plan(steps=(*before, preparation(before, config, order, ORDER_FILE)), versions=job.versions)


def _programs(config: ISCE_S1_Config) -> tuple[Programs | None, list[str]]:
    """The programs, or the sentence that says what is missing."""
    try:
        return find_programs(config), []
    except StampsError as error:
        return None, [str(error)]


def _steps(config: ISCE_S1_Config, programs: Programs, order: StackOrder, files: Sequence[RunFile]) -> tuple[Step, ...]:
    """Those of the run files, and the preparation of a project."""
    record: Mapping[str, Any] = record_of(config, order)
    steps = steps_of(files, config, programs, sha256(json.dumps(record).encode()).hexdigest()[:16])
    return steps if config.workflow != "slc" else (*steps, preparation(steps, config, order, ORDER_FILE))


def _problems_of_pairs(config: ISCE_S1_Config, order: StackOrder) -> list[str]:
    """What is wrong with the small baselines: dates that are not used, a mask that is not there."""
    stack = existing_stack(config.folder)
    known = {*order.dates, *(stack.dates if stack is not None else ())}
    unknown = sorted({date for pair in config.pair_list for date in pair} - known)
    found = [f"The pairs name {checks.listed(unknown)}, but the stack has no such image."] if unknown else []
    if config.mask and not os.path.isfile(config.mask):
        found.append(f"The mask {config.mask} is not there.")
    return found


def _left_out_by_program(config: ISCE_S1_Config, files: Sequence[RunFile], order: StackOrder) -> tuple[str, ...]:
    """Dates of which the run files know nothing; those of an update need not name the old ones."""
    if existing_stack(config.folder) is not None:
        return ()
    merged = [{date for line in file.lines for date in line.dates} for file in files if file.name in MERGE]
    lacking = sorted({*order.dates} - merged[0]) if merged and merged[0] else []
    if not lacking:
        return ()
    return (f"stackSentinel.py has written no command that merges {checks.listed(lacking)}: it has left the date out.",)


# ---------------------------------------------------------------------- what the dry run says


def _warnings(config: ISCE_S1_Config, selection: Selection) -> tuple[str, ...]:
    found = [*selection.warnings]
    if config.workflow != "slc":
        found.append(
            f"The workflow {config.workflow} makes no baselines, so no project can be prepared from it: choose slc for that."
        )
    found.append(checks.check_disk(config.folder, checks.bytes_needed(selection)))
    return tuple(filter(None, found))


def _workflow(config: ISCE_S1_Config, files: Sequence[RunFile]) -> str:
    """The workflow, its steps and commands, and what will be there at the end."""
    commands = sum(len(file.lines) for file in files)
    update = existing_stack(config.folder) is not None
    end = WORKFLOWS[config.workflow]
    return (
        f"Workflow {config.workflow} with {config.coregistration}{', an update' if update else ''}: {len(files)} steps, "
        f"{commands} commands; at the end: {end}."
    )


def _facts(config: ISCE_S1_Config, programs: Programs, selection: Selection, order: StackOrder) -> tuple[str, ...]:
    """Dates, master, what is left out and why, and the command."""
    dates = order.dates
    chosen = "as given" if config.reference_date else "chosen by the baselines"
    if (stack := existing_stack(config.folder)) is not None and stack.master:
        chosen = "that of the stack"
    facts = [
        f"{len(dates)} dates from {dates[0]} to {dates[-1]}, master {order.master} ({chosen}), "
        f"subswath{'s' * (len(order.swaths) > 1)} {' '.join(map(str, order.swaths))}.",
        *(f"{date} is left out: {reason}" for date, reason in sorted(selection.left_out.items())),
        *([f"Project: {config.project_folder(order.master)}"] if config.workflow == "slc" else []),
        f"Disk: about {checks.bytes_needed(selection) / 2**30:.0f} GiB.",
        f"ISCE2's stack processor: {programs.where}",
        f"Command: {' '.join(_quoted(word) for word in ['stackSentinel.py', *command_line(config, order, config.folder)])}",
    ]
    return tuple(facts)


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word or not word else word

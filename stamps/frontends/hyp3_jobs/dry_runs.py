"""What a submission to HyP3 would order and cost; nothing is written, nothing is ordered.

Source: docs/method/jobs.md, section 7.5.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from stamps.errors import InputError, StampsError
from stamps.frontends.hyp3_jobs import ordering, states
from stamps.frontends.hyp3_jobs.accounts import Accounts
from stamps.frontends.hyp3_jobs.config import Hyp3Config
from stamps.frontends.hyp3_jobs.costs import cost_of
from stamps.frontends.hyp3_jobs.credits import ask_credits
from stamps.frontends.hyp3_jobs.merging import merged_job
from stamps.frontends.hyp3_jobs.orders import PROCESS, job_type, order_of
from stamps.frontends.hyp3_jobs.selecting import open_pairs
from stamps.frontends.jobs import capacity
from stamps.frontends.jobs.dry_run import DryRun, StepPlan
from stamps.frontends.jobs.model import FrontEnd, Job, Step
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submission import job_of_plan

__all__ = ["dry_run_of"]


def dry_run_of(
    folder: JobFolder,
    front_end: FrontEnd,
    config: Hyp3Config,
    open_accounts: Callable[[], Accounts],
    *,
    all_commands: bool = False,
) -> DryRun:
    """What a submission would do.

    Parameters
    ----------
    folder : JobFolder
    front_end : FrontEnd
    config : Hyp3Config
    open_accounts : callable
        Makes the accounts, of which HyP3 is asked for the credits.
    all_commands : bool
        Whether the orders of all pairs are told, not only the first.
    """
    plan = front_end.plan(config)
    problems, facts, steps = list(plan.problems), list(plan.facts), tuple[StepPlan, ...]()
    if not problems:
        try:
            job = merged_job(folder, job_of_plan(folder.name, front_end, config, plan), config)
            names = open_pairs(folder, job)
            adopted, said = _asked(folder, job, names, config, open_accounts())
            facts += said
            steps = _steps(job, len(names) - adopted, all_commands)
        except StampsError as error:
            problems.append(str(error))
    if plan.versions:
        facts.append(", ".join(f"{name} {version}" for name, version in plan.versions.items()))
    return DryRun(
        name=folder.name,
        frontend=front_end.NAME,
        folder=str(folder.workdir),
        engine="hyp3",
        facts=tuple(facts),
        problems=tuple(problems),
        warnings=plan.warnings,
        steps=steps,
        cores=capacity.cores(),
        memory_mb=capacity.memory_mb(),
        free_gib=shutil.disk_usage(_existing(folder.workdir)).free / 2**30,
    )


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _asked(
    folder: JobFolder, job: Job, names: Sequence[str], config: Hyp3Config, accounts: Accounts
) -> tuple[int, list[str]]:
    """Pairs that HyP3 has already, and what is to be said of them, of the costs and the credits."""
    pairs = states.tasks(job)
    users = [account.user for account in accounts]
    users += [user for name in names if (user := folder.state(PROCESS, name).facts.get("user"))]
    jobs = ordering.usable_jobs(accounts, job_type(config), users)
    new = [name for name in names if ordering.same_job(order_of(pairs[name][0]), jobs) is None]
    facts = [f"{len(new)} of {len(pairs)} pairs would be ordered."]
    if len(new) < len(names):
        facts.append(f"{len(names) - len(new)} pairs are there already at HyP3 and would not be paid for again.")
    try:
        costs = accounts.ask("", lambda client: client.costs())
    except InputError:
        costs = None
    prices = [cost_of(costs, order_of(pairs[name][0])) for name in new]
    known = [price for price in prices if price is not None]
    total = sum(known)
    facts.append(f"Cost: {total:g} credits." if len(known) == len(new) else "HyP3 does not tell what these pairs cost.")
    there = ask_credits(accounts, config, 0)
    facts += [f"{user} has {'no limit' if left is None else f'{left:g} credits'}." for user, left in there.left.items()]
    facts += there.refused
    limits = [left for left in there.left.values() if left is not None]
    if len(limits) == len(there.left) and total > sum(limits):
        facts.append("The credits do not suffice for all: the first pairs would be ordered, the others would wait.")
    return len(names) - len(new), facts


def _steps(job: Job, to_order: int, all_commands: bool) -> tuple[StepPlan, ...]:
    return tuple(_step(step, to_order, all_commands) for step in job.steps)


def _step(step: Step, to_run: int, all_commands: bool) -> StepPlan:
    shown = step.tasks if all_commands else step.tasks[:1]
    commands = tuple(json.dumps(order_of(task)) for task in shown) if step.name == PROCESS else ()
    return StepPlan(step.name, len(step.tasks), to_run, 0, 1, 0, 0, step.after, commands)

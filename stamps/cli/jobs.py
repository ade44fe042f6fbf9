"""``stamps jobs``: the jobs of a folder, whichever front end made them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.cli.job_actions import add_job_actions, perform
from stamps.cli.options import add_workdir
from stamps.errors import StampsError
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, call, print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps jobs",
        description="The jobs of a folder: how they stand, tried again, cancelled, watched, saved. Without an action: list.",
    )
    actions = parser.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", help="all jobs of a folder, the newest first")
    listing.add_argument("--json", action="store_true", help="as JSON")
    add_workdir(listing, "folder of the jobs")
    listing.set_defaults(perform=_list)
    add_job_actions(actions)
    parser.add_argument("--workdir", dest="before", metavar="DIR", help="folder of the jobs (default: the current one)")
    parser.set_defaults(perform=_list, json=False, workdir=".")
    options = parser.parse_args(argv)
    if options.before is not None and options.workdir == ".":  # it may stand before the action, too
        options.workdir = options.before
    return perform(options)


def _list(options: Namespace) -> int:
    """One line a job; exit status 0 whatever they do."""
    from stamps.frontends.jobs.standing import standing
    from stamps.frontends.jobs.store import job_folders

    states = []
    for folder in job_folders(options.workdir):
        try:
            states.append(standing(folder))
        except StampsError as error:  # the others can be told
            print(one_line(f"stamps jobs: {error}"), file=sys.stderr)
    if options.json:
        print(json.dumps([state.as_dict() for state in states], indent=1))
        return 0
    for state in states:
        done, total = sum(step.done for step in state.steps.values()), sum(step.total for step in state.steps.values())
        word = "at work" if state.at_work else {0: "succeeded", 1: "failed", 3: "not finished"}[state.exit_status]
        print(f"{state.name:<24s} {state.frontend:<8s} {word:<12s} {done}/{total}")
    if not states and not job_folders(options.workdir):
        print(f"There is no job in {options.workdir}.")
    return 0

"""``stamps status``: how far a project is, pixels after each step, parameters, what to run next."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from stamps.cli.options import add_workdir
from stamps.matlab import literals
from stamps.queries.status import project_status

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the status as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps status",
        description="Steps done, pixels left after each step, parameters that differ from their defaults, sizes, and what to run "
        "next. Works in a project, in a patch and in a merged directory; changes nothing.",
    )
    add_workdir(parser, "project or patch directory")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    status = project_status(options.workdir)
    print(json.dumps(_json_safe(status.as_dict()), indent=1) if options.json else status)
    return 0


def _json_safe(value: object) -> object:
    """Infinite and undefined numbers as MATLAB literals: JSON has none."""
    if isinstance(value, dict):
        return {name: _json_safe(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_safe(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return literals.format_literal(value)
    return value

"""``stamps list-legacy [NAME]``: the scripts of the original, ported where and tested by what, or why not."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.queries.legacy_scripts import list_legacy

if TYPE_CHECKING:
    from stamps.queries.legacy_scripts import LegacyScript


__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the list as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps list-legacy",
        description="Scripts and programs of the original: the module that ports each, the reference results and tests that hold "
        "it, or the reason why it is not ported.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="only this script")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    rows = list_legacy(options.name)
    if options.json:
        print(json.dumps([row.as_dict() for row in rows], indent=1))
        return 0
    for title, chosen in (
        ("ported", [row for row in rows if row.ported]),
        ("not ported", [row for row in rows if not row.ported]),
    ):
        if chosen:
            print(f"{title} ({len(chosen)})")
        for family in _families(chosen):
            print("\n".join(_lines(family)))
    return 0


def _families(rows: Sequence[LegacyScript]) -> list[list[LegacyScript]]:
    """Scripts that are not ported for one reason stand together, the others alone."""
    families: dict[str, list[LegacyScript]] = {}
    for row in rows:
        families.setdefault(row.reason or row.script, []).append(row)
    return list(families.values())


def _lines(family: Sequence[LegacyScript]) -> list[str]:
    row = family[0]
    if len(family) > 1:
        names = textwrap.wrap(", ".join(member.script for member in family), 108, break_on_hyphens=False)
        return [
            f"  {names[0]}",
            *(f"  {line}" for line in names[1:]),
            f"  {'':<26s} {row.purpose}",
            f"  {'':<26s} {row.reason}",
        ]
    lines = [f"  {row.script:<26s} {row.language:<8s} {row.purpose}"]
    if not row.ported:
        return [*lines, f"  {'':<26s} {row.reason}"]
    lines.append(f"  {'':<26s} module   {row.module}")
    if row.goldens:
        lines.append(f"  {'':<26s} goldens  {', '.join(row.goldens)}")
    return [*lines, f"  {'':<26s} tests    {', '.join(row.tests)}"]

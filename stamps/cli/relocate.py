"""``stamps relocate``: the list files of a project follow an export that has moved."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stamps.cli.options import add_workdir

__all__ = ["main"]

_EXAMPLES = """\
examples:
  stamps relocate /mnt/disk2/export                     the old directory is found out
  stamps relocate /data/export /mnt/disk2/export
  stamps relocate --dry-run /mnt/disk2/export           only check that everything is there
"""


def main(argv: Sequence[str]) -> int:
    """Rewrite the paths and say where; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps relocate",
        description="Let the list files of a project and its patches name the export in its new place.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", nargs="?", metavar="OLD", help="what the paths begin with now (default: found out)")
    parser.add_argument("new", metavar="NEW", help="the directory that takes its place")
    parser.add_argument("--dry-run", action="store_true", help="check and count, change nothing")
    add_workdir(parser)
    options = parser.parse_args(argv)
    from stamps.frontends.relocation import relocate

    counts = relocate(options.new, options.old, options.dry_run, options.workdir)
    does = "would be rewritten" if options.dry_run else "rewritten"
    for name, count in counts.items():
        print(f"{name}: {count} path{'s' if count > 1 else ''} {does}")
    return 0

"""``stamps report``: the quality report of one run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from stamps.cli.options import add_reference_area, add_workdir
from stamps.workspace import Workspace
from stamps.workspace.patch_names import check_inside

__all__ = ["main"]

_EXAMPLES = """\
examples:
  stamps report                                        of the current project, into report/index.html
  stamps report --workdir INSAR_20180601 --out pages
  stamps report --compare-with ../first_pass           with what the second pass changed
"""


def main(argv: Sequence[str]) -> int:
    """Write the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps report",
        description="Write a page about the quality of a run: pixels, density, coherence, noise, residuals, unwrapping, passes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_workdir(parser)
    parser.add_argument(
        "--out", metavar="DIR", help="where index.html and report.json go (default: report in the project)"
    )
    parser.add_argument(
        "--compare-with", metavar="DIR", help="another state of the project, such as a copy before the second pass"
    )
    add_reference_area(parser)
    options = parser.parse_args(argv)
    from stamps.report.outdated import require_current
    from stamps.report.page import check_libraries
    from stamps.report.quality import quality_report, write_quality_report

    check_libraries()
    report = quality_report(options.workdir, options.compare_with, options.reference_area)
    if options.out is None:
        check_inside(options.workdir, "report", options.workdir)
    page = write_quality_report(report, options.out or Path(options.workdir) / "report")
    print(f"Report: {page}")
    for part in report.sections:
        for sentence in part.facts.get("stale", []):
            print(f"Warning: {sentence}")
    require_current(Workspace(options.workdir))
    return 0

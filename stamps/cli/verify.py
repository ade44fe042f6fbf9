"""Command ``stamps verify RUN GOLDEN``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import StampsError
from stamps.products.saving import complete_file
from stamps.workspace.console import plain_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.verify.report import Report


__all__ = ["main"]

_EXAMPLES = """\
examples:
  stamps verify INSAR_A INSAR_B                      two project directories
  stamps verify INSAR_A ps_mini --after 4            a run with the state of a golden set after step 4
  stamps verify INSAR_A ps_mini --after 4 --only-step
  stamps verify INSAR_A ps_mini --variant unwrap_2D --json report.json
  stamps verify INSAR_A INSAR_B --report pages       a page with maps of every difference: pages/index.html
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : list of str, optional
        Arguments (default: of the process).

    Returns
    -------
    int
        0 if the trees agree, 1 if anything differs, 2 if they cannot be compared.
    """
    arguments = _parser().parse_args(argv)
    try:
        report, page = _compare(arguments)
    except StampsError as error:
        print(f"stamps verify: {error}", file=sys.stderr)
        return 2
    if arguments.json == "-":
        print(report.to_json())
    else:
        if arguments.json:
            with complete_file(Path(arguments.json), "report") as part:
                part.write_text(report.to_json() + "\n")
        print(report.text(everything=arguments.all))
        if page is not None:
            print(f"Report: {page}")
    return 0 if report.ok else 1


def _compare(arguments: Namespace) -> tuple[Report, Path | None]:
    """The report, and the page if one is asked for."""
    choice = {name: getattr(arguments, name) for name in ("only_step", "chain", "logs", "partial")}
    trees = arguments.run, arguments.golden, arguments.after, arguments.variant
    if arguments.report is None:
        from stamps.verify.trees import compare

        return compare(*trees, **choice), None
    from stamps.report.page import check_libraries
    from stamps.report.parity import parity_report, write_parity_report

    check_libraries()
    result = parity_report(*trees, **choice)
    return result.report, write_parity_report(result, arguments.report)


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps verify",
        description="Compare two trees variable by variable: class, shape, values within tolerances.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", help="project directory")
    parser.add_argument("golden", metavar="GOLDEN", help="another project directory, or a golden set (path or name)")
    parser.add_argument("--after", type=_step, metavar="K", help="state of the golden set after step K (0…8, pass2)")
    parser.add_argument("--variant", metavar="NAME", help="files of this variant of the golden set")
    parser.add_argument("--only-step", action="store_true", help="with --after: only the files that step K wrote")
    parser.add_argument(
        "--chain", type=int, nargs="?", const=1, metavar="K", help="bounds for several steps in one go, from step K on"
    )
    parser.add_argument("--partial", action="store_true", default=None, help="do not report extra files")
    parser.add_argument("--logs", action="store_true", help="let the wording of the logs decide, too")
    parser.add_argument("--all", action="store_true", help="name what agrees, too")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="the report as JSON, instead of the text or into a file"
    )
    parser.add_argument(
        "--report", metavar="DIR", help="write a page with maps and histograms, DIR/index.html, and its data as JSON"
    )
    return parser


def _step(text: str) -> int | str:
    if text == "pass2" or (text.isdigit() and 0 <= int(text) <= 8):
        return text if text == "pass2" else int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no step: give 0 to 8 or pass2")


if __name__ == "__main__":
    with plain_output():
        sys.exit(main())

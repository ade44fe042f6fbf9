"""``stamps decompose``: east and vertical motion from projects of different lines of sight."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stamps.cli.options import add_corrections, add_workdir

__all__ = ["main"]

_EXAMPLES = """\
examples:
  stamps decompose ASC/INSAR_20180601 DESC/INSAR_20180605 --out east_up.csv --reference 14.11 40.83 400
                                              velocities in cells of 100 m, relative to a common area
  stamps decompose ASC DESC --out east_up.gpkg --out east_up.png --cell 50 --min-points 3
  stamps decompose ASC DESC --nearest --radius 30 --out east_up.csv
  stamps decompose ASC DESC DESC2 --series --every 12 --out east_up.nc
  stamps decompose ASC DESC --egms L3         the files of EGMS's level 3: U and E, 100 m, every 6 days
  stamps decompose ASC DESC --north 2.5 --north-std 0.5 --frame IGS14 --out east_up.csv

Positive is east and up. Without --reference east and up hold constants; northward motion, which both lines of sight hardly see,
is taken as 0 unless --north says otherwise."""


def main(argv: Sequence[str]) -> int:
    """Decompose and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps decompose",
        description="East and vertical velocity (and series) from ascending and descending projects, with errors.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("projects", metavar="PROJECT", nargs="+", help="two or more projects after step 7")
    _add_outputs(parser)
    _add_joining(parser)
    _add_model(parser)
    add_workdir(parser, "where relative names are meant from")
    parser.add_argument("--values", metavar="TYPE", help="value type, as for stamps export (v-d; small baselines V-d)")
    add_corrections(parser)
    parser.add_argument("--n-boot", metavar="N", type=int, default=1500, help="bootstrap samples of the errors (1500)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of the random numbers (0)")
    options = vars(parser.parse_args(argv))
    if not (options["out"] or options["egms"]):
        options["out"] = ["east_up.csv"]
    from stamps.products.ground.decompose import decompose

    decompose(*options.pop("projects"), **options)
    return 0


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        metavar="FILE",
        action="append",
        help="csv, gpkg, geojson, nc or a picture (png, pdf, svg); may be given again (default: east_up.csv)",
    )
    parser.add_argument("--egms", metavar="DIR", help="folder for the pair of files of EGMS's level 3")
    parser.add_argument("--series", action="store_true", help="displacements, too, on all dates of the common time")
    parser.add_argument("--every", metavar="DAYS", type=float, help="series with a date every so many days")
    parser.add_argument(
        "--max-gap", metavar="DAYS", type=float, default=36.0, help="nothing is interpolated across longer gaps (36)"
    )


def _add_joining(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cell", metavar="M", type=float, help="side of a cell, metres (100)")
    parser.add_argument("--min-points", metavar="N", type=int, help="pixels of each project in a cell (1)")
    parser.add_argument("--nearest", action="store_true", help="pairs of nearest pixels instead of cells")
    parser.add_argument("--radius", metavar="M", type=float, help="largest distance of such a pair, metres (50)")
    parser.add_argument(
        "--align", action="store_true", help="first move the projects by the shifts that bring most pixels together"
    )
    parser.add_argument(
        "--reference",
        metavar="N",
        nargs="+",
        type=float,
        help="common reference: LON LAT RADIUS in metres, or WEST EAST SOUTH NORTH; 10 pixels of each project",
    )
    parser.add_argument(
        "--reference-date", metavar="YYYYMMDD", help="date of the series on which displacements are 0 (the first)"
    )
    parser.add_argument(
        "--look-side",
        metavar="SIDE",
        nargs="+",
        choices=("right", "left"),
        default=["right"],
        help="where the radars look, once or for each project (right); after the projects",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--north", metavar="V", type=float, default=0.0, help="known northward velocity, mm/yr (0)")
    parser.add_argument("--north-std", metavar="S", type=float, default=0.0, help="its standard deviation (0)")
    parser.add_argument(
        "--constrain-north", action="store_true", help="solve for it, too, with --north and --north-std before"
    )
    parser.add_argument(
        "--azimuth", metavar="DEG", type=float, help="horizontal motion is along it, clockwise from north"
    )
    parser.add_argument("--frame", metavar="NAME", default="", help="frame of --north, for the metadata")

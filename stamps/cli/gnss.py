"""``stamps gnss``: stations against pixels, and the calibration by them."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence

from stamps.cli.options import add_corrections, add_reference, add_workdir

__all__ = ["main"]

_EXAMPLES = """\
examples:
  stamps gnss stations.csv                            site,lon,lat,ve,vn,vu,se,sn,su in mm/yr
  stamps gnss tenv3 --reference-station NAPO --out table.csv --out scatter.png
                                                      a folder of NGL's tenv3: series, differences to NAPO
  stamps gnss midas.EU.txt --frame EU --calibrate offset --calibrated velocity.gpkg
  stamps gnss midas.EU.txt --frame EU --calibrate plane --json
  stamps gnss tenv3 --frame IGS14 --plate eurasia --calibrate offset --by-date --calibrated series.csv

All velocities are along the line of sight, positive towards the satellite. Files are never downloaded. Stations without pixels
within --radius are named and left out."""


def main(argv: Sequence[str]) -> int:
    """Print the comparison and return the exit status."""
    options = vars(_parser().parse_args(argv))
    as_json = options.pop("json")
    from stamps.products.ground.gnss import gnss

    family = logging.getLogger("stamps")
    level = family.level
    if as_json:
        family.setLevel(logging.WARNING)  # the messages stand in the JSON
    try:
        found = gnss(options.pop("files"), **options)
    finally:
        family.setLevel(level)
    print(json.dumps(found.as_dict(), indent=1, ensure_ascii=False) if as_json else found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps gnss",
        description="Compare stations of GNSS with the pixels around them, and calibrate the project by them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="tenv3, MIDAS or CSV file, or a folder of *.tenv3")
    parser.add_argument("--out", metavar="FILE", action="append", help="csv, json or a picture; may be given again")
    add_workdir(parser, "project directory after step 7; files are meant from there")
    parser.add_argument("--values", metavar="TYPE", help="value type, as for stamps export (v-d; small baselines V-d)")
    add_corrections(parser)
    parser.add_argument("--radius", metavar="M", type=float, default=500.0, help="metres around a station (500)")
    parser.add_argument("--min-pixels", metavar="N", type=int, default=3, help="pixels that a station needs (3)")
    parser.add_argument(
        "--window", metavar="DAYS", type=float, default=3.0, help="days around an image that are averaged (3)"
    )
    parser.add_argument("--reference-station", metavar="SITE", help="compare differences to this station")
    _add_calibration(parser)
    _add_frame(parser)
    add_reference(parser)
    parser.add_argument("--look-side", choices=("right", "left"), default="right", help="where the radar looks (right)")
    parser.add_argument("--n-boot", metavar="N", type=int, default=1500, help="bootstrap samples of the errors (1500)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of the random numbers (0)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    return parser


def _add_calibration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--calibrate", choices=("offset", "plane"), help="fit it to station minus pixels")
    parser.add_argument(
        "--calibrated",
        metavar="FILE",
        action="append",
        help="export with the surface added to velocities and series: csv, gpkg, geojson, shp, parquet",
    )
    parser.add_argument(
        "--by-date", action="store_true", help="calibrate displacements date by date, with the series of stations"
    )


def _add_frame(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--frame", metavar="NAME", default="", help="frame of the stations, for the metadata (what names of files say)"
    )
    parser.add_argument(
        "--plate", metavar="NAME", help="take its rotation in ITRF2014 out of the stations: eurasia, north-america …"
    )
    parser.add_argument(
        "--pole",
        metavar=("LAT", "LON", "RATE"),
        nargs=3,
        type=float,
        help="or the rotation about this pole, degrees and degrees per million years",
    )

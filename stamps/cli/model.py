"""``stamps model``: what the series are made of, and which kind of motion they show."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stamps.cli.table_options import add_table_options, analysis_parser, check_picture_of, show_analysis
from stamps.products.exports import FORMATS
from stamps.products.model import model

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps model                                         velocity and its error, a summary only
  stamps model gpkg --classify                         kinds of motion (none, steady, accelerating, changes, jumps) for QGIS
  stamps model csv --degree 2 --annual --correlated    acceleration and a motion of one year, errors from correlated noise
  stamps model csv --step 20190706 --log 20190706:20   an earthquake and what follows it
  stamps model --classify --picture kinds.png          a map of the kinds of motion
  stamps model --annual --point 14.12 40.85 --picture series.png
                                                       the series of the nearest pixel with its model

Velocities are positive towards the satellite; values, velocities and accelerations are those on the reference date."""


def main(argv: Sequence[str]) -> int:
    """Fit, write, print; returns the exit status."""
    kinds = ", ".join(name for name, form in FORMATS.items() if not form.fixed)
    about = "Fit a model to the time series of all pixels, and tell which kind of motion they show."
    picture = "map of the kinds of motion, or of the velocity"
    parser = analysis_parser("model", about, _EXAMPLES, "table", kinds, picture)
    parser.add_argument("--series", action="store_true", help="write the displacements of all dates, too")
    parser.add_argument("--show", metavar="COLUMN", help="another column for the map")
    parser.add_argument(
        "--point", metavar=("LON", "LAT"), nargs=2, type=float, help="picture of the series nearest to a place instead"
    )
    add_model_options(parser)
    add_table_options(parser, sample="--every")
    options = vars(parser.parse_args(argv))
    picture, show, point = (options.pop(name) for name in ("picture", "show", "point"))
    if picture is None and (show or point):
        parser.error("--show and --point choose a picture: give --picture FILE")
    check_picture_of({**options, "picture": picture})
    found = model(options.pop("kind"), options.pop("out"), options.pop("workdir"), **options)

    def draw() -> Path | None:
        from stamps.products.series_models.pictures import draw_map, draw_series

        return draw_map(found, picture, show) if point is None else draw_series(found, point[0], point[1], picture)

    return show_analysis(found, "Table", None if picture is None else draw)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a series is made of."""
    group = parser.add_argument_group("model")
    group.add_argument("--degree", metavar="N", type=int, default=1, help="of the polynomial, 0 to 3 (1)")
    group.add_argument("--annual", action="store_true", help="a motion of one year")
    several: dict[str, Any] = {"action": "append", "default": []}
    group.add_argument("--period", dest="periods", metavar="YEARS", type=float, help="another period", **several)
    group.add_argument("--step", dest="steps", metavar="DATE", help="jump after a date", **several)
    group.add_argument("--slope", dest="slopes", metavar="DATE", help="other velocity after a date", **several)
    group.add_argument("--exp", dest="exponentials", metavar="DATE:DAYS", help="exponential after an event", **several)
    group.add_argument("--log", dest="logarithms", metavar="DATE:DAYS", help="logarithm after an event", **several)
    group.add_argument("--correlated", action="store_true", help="noise may be correlated in time")
    group.add_argument("--weights", metavar="W", default="auto", help="of the dates: auto, noise or equal (auto)")
    group.add_argument("--classify", action="store_true", help="tell the kind of motion")
    group.add_argument("--alpha", type=float, default=0.01, help="level of significance of the kinds (0.01)")
    group.add_argument(
        "--least-weight",
        metavar="W",
        type=float,
        default=0.75,
        help="weight from which on the best kind is taken (0.75)",
    )
    group.add_argument(
        "--segment", metavar="N", type=int, default=0, help="dates on each side of a change (a tenth, at least 5)"
    )

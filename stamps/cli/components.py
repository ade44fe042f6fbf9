"""``stamps components``: the series as maps times courses."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from stamps.cli.table_options import add_table_options, analysis_parser, check_picture_of, show_analysis
from stamps.products.components import components

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps components                                    independent maps, a summary with hints at their causes
  stamps components --picture components.png           maps and courses
  stamps components csv --method pca --number 3        maps as columns, courses in components-courses.csv
  stamps components gpkg --subtract 2                  an export without component 2 (say, that which follows the topography)
  stamps components netcdf --keep 1,3                  an export of components 1 and 3 alone

Order, sign and scale of components are conventions: most energy first, largest value of a map positive, maps of standard
deviation 1, courses in mm. A stability below 0.8 says that other starts find something else."""


def main(argv: Sequence[str]) -> int:
    """Decompose, write, print; returns the exit status."""
    about = "Decompose the time series of all pixels into maps times courses."
    parser = analysis_parser("components", about, _EXAMPLES, "table", "a kind of stamps export", "maps and courses")
    group = parser.add_argument_group("components")
    group.add_argument("--method", default="sica", help="pca, sica (independent maps) or tica (independent courses)")
    group.add_argument("--number", metavar="N", type=int, help="of components (default: more than chance explains)")
    group.add_argument("--increments", action="store_true", help="decompose what happens between dates")
    group.add_argument("--runs", metavar="N", type=int, default=20, help="with other starts, for the stability (20)")
    group.add_argument("--keep", metavar="N,N", type=_numbers, help="write the series of these components")
    group.add_argument("--subtract", metavar="N,N", type=_numbers, help="write the series without these components")
    add_table_options(parser)
    options = vars(parser.parse_args(argv))
    check_picture_of(options)
    picture = options.pop("picture")
    found = components(options.pop("kind"), options.pop("out"), options.pop("workdir"), **options)

    def draw() -> Path | None:
        from stamps.products.series_components.pictures import draw_components

        return draw_components(found, picture)

    return show_analysis(found, "Table", None if picture is None else draw)


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers such as 1,3") from None

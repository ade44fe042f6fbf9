"""``stamps areas``: where a project moves, as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stamps.cli.table_options import add_table_options, analysis_parser, check_picture_of, show_analysis
from stamps.products.areas import areas
from stamps.products.moving_areas.files import AREA_FORMATS

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps areas                                         a summary only
  stamps areas gpkg                                    outlines with their numbers for QGIS, and areas-series.csv
  stamps areas geojson --threshold 5 --hull concave    from 5 mm/yr on, outlines that follow the points
  stamps areas kml --method hdbscan --min-points 10    areas of at least ten points, for Google Earth
  stamps areas --picture areas.png                     a map

Velocities are along the line of sight, positive towards the satellite. Points that approach and points that recede never are one
area. "Stable" only means that no motion was detected."""


def main(argv: Sequence[str]) -> int:
    """Find, write, print; returns the exit status."""
    about = "Find the areas that move: polygons with velocities, noise, quality and mean series."
    parser = analysis_parser("areas", about, _EXAMPLES, "file", ", ".join(AREA_FORMATS), "map of the areas")
    group = parser.add_argument_group("areas")
    group.add_argument("--threshold", metavar="V", type=float, help="velocity from which on a point moves, mm/yr")
    group.add_argument("--sigmas", metavar="N", type=float, default=2.0, help="the same in standard deviations (2)")
    group.add_argument("--spread", default="robust", help="standard deviation: robust, std or point (robust)")
    group.add_argument("--radius", metavar="M", type=float, help="metres within which a moving point needs others")
    group.add_argument("--min-neighbours", metavar="N", type=int, default=1, help="moving points within them (1)")
    group.add_argument("--active-part", metavar="P", type=float, default=0.3, help="part that must move (0.3)")
    group.add_argument("--min-points", metavar="N", type=int, default=5, help="of an area (5)")
    group.add_argument("--method", default="dbscan", help="dbscan or hdbscan (dbscan)")
    group.add_argument("--hull", default="buffer", help="outline: buffer, concave or convex (buffer)")
    group.add_argument("--to-median", action="store_true", help="velocities relative to their median")
    group.add_argument("--no-kinds", dest="kinds", action="store_false", help="do not tell kinds of motion")
    add_table_options(parser)
    options = vars(parser.parse_args(argv))
    check_picture_of(options)
    picture = options.pop("picture")
    found = areas(options.pop("kind"), options.pop("out"), options.pop("workdir"), **options)

    def draw() -> Path | None:
        from stamps.products.moving_areas.pictures import draw_areas

        return draw_areas(found, picture)

    return show_analysis(found, "Areas", None if picture is None else draw)

"""``stamps export``: the results in the formats of other programs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stamps.cli.options import add_model_terms
from stamps.cli.table_options import add_table_options
from stamps.products.exports import FORMATS, export

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps export gpkg                                   all pixels, velocity without look-angle error, for QGIS
  stamps export visualizer --out StaMPS_Visualizer/input/stusi/mine.csv
                                                       straight into stusi, whose menu lists all files in it
  stamps export geotiff --values v-do --resolution 60  without ramps, too; cells of 60 m
  stamps export shp --lon-rg 14.1 14.3 --min-coherence 0.7
  stamps export csv --lon-rg 179.9 -179.9              west and east, here over the antimeridian
  stamps export gpkg --reference 14.12 40.85 300 --reference-date 20190104
                                                       relative to a circle of 300 m, displacements since that date
  stamps export mintpy --values v-da --aps a_l         troposphere removed, HDF5 files in the folder mintpy

Longitudes of points are -180 … 180; a grid (geotiff, mintpy) across the antimeridian goes on beyond 180.
Velocities are along the line of sight, positive towards the satellite, relative to the reference area of the parameters
ref_lon, ref_lat, ref_centre_lonlat and ref_radius (setparm), or to --reference."""


def main(argv: Sequence[str]) -> int:
    """Export and return the exit status."""
    kinds = "\n".join(f"  {name:<11s} {kind.about}" for name, kind in FORMATS.items())
    parser = argparse.ArgumentParser(
        prog="stamps export",
        description=f"Write all pixels with velocity and time series for other programs.\n\n{kinds}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("kind", metavar="KIND", help="one of the kinds above")
    parser.add_argument("--out", metavar="PATH", help="file (mintpy: folder) to write, relative to the project")
    add_table_options(parser)
    add_model_terms(parser, "columns")
    parser.add_argument(
        "--resolution",
        metavar="M",
        type=float,
        help="geotiff, mintpy, kml --overlay: metres of a cell (plot_scatterer_size, or more)",
    )
    parser.add_argument(
        "--clims", metavar=("LOW", "HIGH"), nargs=2, type=float, help="kml: range of the colours, mm/yr"
    )
    parser.add_argument("--opacity", metavar="O", type=float, help="kml: 0 invisible to 1 (0.8)")
    parser.add_argument(
        "--overlay", action="store_const", const=True, help="kml: one picture of means in cells instead of points"
    )
    parser.add_argument(
        "--max-gap", metavar="N", type=int, help="kml --overlay: cells from a cell that is shown to the next point (1)"
    )
    _add_egms(parser)
    options = vars(parser.parse_args(argv))
    export(options.pop("kind"), options.pop("out"), options.pop("workdir"), **options)
    return 0


def _add_egms(parser: argparse.ArgumentParser) -> None:
    """Add the options of the format of the European Ground Motion Service."""
    group = parser.add_argument_group("egms")
    group.add_argument("--track", metavar="N", type=int, help="relative orbit; with the next three: the burst")
    group.add_argument("--burst", metavar="N", type=int, help="burst cycle number")
    group.add_argument("--swath", metavar="N", type=int, help="sub-swath 1, 2 or 3")
    group.add_argument("--polarisation", metavar="P", help="VV, VH, HH or HV")
    group.add_argument("--producer", metavar="N", type=int, help="code of the producer (0: none of the service)")
    group.add_argument("--height-datum", metavar="D", help="of the DEM: unknown, ellipsoid, egm96 or egm2008 (unknown)")
    group.add_argument("--geoid-offset", metavar="M", type=float, help="geoid above the ellipsoid: fills both heights")
    group.add_argument("--coherence", metavar="C", help="of the linear fit (series) or of the phase noise (stamps)")
    group.add_argument("--zero", metavar="Z", help="series relative to the model on the first date, or master (model)")
    group.add_argument("--look-side", metavar="S", help="right or left (right)")
    group.add_argument("--cluster-label", action="store_const", const=True, help="write this column, too")
    group.add_argument("--xml", action="store_const", const=True, help="write the XML header beside it")
    group.add_argument("--level", metavar="L", help="L2a, or L2b with a calibration (L2a)")
    group.add_argument(
        "--calibration", metavar="V", nargs="+", type=float, help="L2b: mm/yr to add, and per km to the east and north"
    )

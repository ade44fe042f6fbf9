"""``stamps export``: the results in the formats of other programs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stamps.cli.options import add_workdir
from stamps.products.exports import FORMATS, export

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps export gpkg                                   all pixels, velocity without look-angle error, for QGIS
  stamps export visualizer --out StaMPS_Visualizer/input/stusi/mine.csv
                                                       straight into stusi, whose menu lists all files in it
  stamps export geotiff --values v-do --resolution 60  without ramps, too; cells of 60 m
  stamps export shp --lon-rg 14.1 14.3 --min-coherence 0.7
  stamps export csv --lon-rg 179.9 -179.9              west and east, here over the antimeridian
  stamps export mintpy --values v-da --aps a_l         troposphere removed, HDF5 files in the folder mintpy

Longitudes of points are -180 … 180; a grid (geotiff, mintpy) across the antimeridian goes on beyond 180.
Velocities are along the line of sight, positive towards the satellite, relative to the reference area of the parameters
ref_lon, ref_lat, ref_centre_lonlat and ref_radius (setparm)."""


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
    add_workdir(parser, "project directory after step 7")
    parser.add_argument(
        "--values",
        metavar="TYPE",
        help="value type of ps_plot, v-do or u-dms for instance (default v-d; small baselines V-d)",
    )
    parser.add_argument("--aps", metavar="NAME", default=0, type=_name_or_number, help="tropospheric correction (a_l)")
    parser.add_argument("--iono", metavar="NAME", default=0, type=_name_or_number, help="ionospheric correction (i_as)")
    parser.add_argument("--ifg-list", metavar="N", nargs="+", type=int, help="images to use, counted from 1")
    parser.add_argument("--lon-rg", metavar=("WEST", "EAST"), nargs=2, type=float, help="part of the scene, degrees")
    parser.add_argument("--lat-rg", metavar=("SOUTH", "NORTH"), nargs=2, type=float, help="part of the scene, degrees")
    parser.add_argument("--min-coherence", metavar="C", type=float, help="least temporal coherence")
    parser.add_argument(
        "--min-inversion-coherence",
        metavar="C",
        nargs="?",
        const=0.7,
        type=float,
        help="small baselines: least agreement of the interferograms with the series (0.7 without a number)",
    )
    parser.add_argument(
        "--std-cutoff", metavar="S", type=float, help="largest standard deviation of the velocity, mm/yr"
    )
    parser.add_argument("--step", metavar="N", type=float, default=1, help="every N-th pixel at random (default: all)")
    parser.add_argument("--n-boot", metavar="N", type=int, default=1500, help="bootstrap samples of V_STDEV (1500)")
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (0)")
    parser.add_argument(
        "--resolution", metavar="M", type=float, help="geotiff, mintpy: metres of a cell (plot_scatterer_size, or more)"
    )
    parser.add_argument(
        "--clims", metavar=("LOW", "HIGH"), nargs=2, type=float, help="kml: range of the colours, mm/yr"
    )
    parser.add_argument("--opacity", metavar="O", type=float, help="kml: 0 invisible to 1 (0.8)")
    options = vars(parser.parse_args(argv))
    export(options.pop("kind"), options.pop("out"), options.pop("workdir"), **options)
    return 0


def _name_or_number(text: str) -> int | str:
    return int(text) if text.isdigit() else text

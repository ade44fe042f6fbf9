"""``stamps profile``: velocities and heights along a line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stamps.cli.options import add_corrections, add_reference_area, add_workdir

__all__ = ["main"]

_EXAMPLES = """examples:
  stamps profile --from 14.10 40.80 --to 14.25 40.86                       print the means along the line
  stamps profile --from 14.10 40.80 --to 14.25 40.86 --width 500 --bins 30 --value v-do --out line.csv --picture line.png
                                                                           pixels in line.csv, means in line_bins.csv
  stamps profile --from 14.10 40.80 --to 14.25 40.86 --reference 14.11 40.83 400

Distances are metres from the first end, offsets metres to the left of the line; velocities are positive towards the satellite."""


def main(argv: Sequence[str]) -> int:
    """Print and write a profile; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps profile",
        description="Velocities and heights of the pixels beside a line, and their means along it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, what in (("from", "first"), ("to", "other")):
        parser.add_argument(
            f"--{name}",
            dest=f"{name}_",
            metavar=("LON", "LAT"),
            nargs=2,
            type=float,
            required=True,
            help=f"{what} end, degrees",
        )
    parser.add_argument("--width", metavar="M", type=float, default=1000.0, help="metres across the line (1000)")
    parser.add_argument("--bins", metavar="N", type=int, default=20, help="equal parts of the line (20)")
    parser.add_argument("--value", metavar="TYPE", help="value type of ps_plot (default v-d; small baselines V-d)")
    add_corrections(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="CSV file of the pixels; that of the means gets _bins in its name"
    )
    add_reference_area(parser)
    parser.add_argument("--picture", metavar="FILE", help="picture file")
    add_workdir(parser, "project directory after step 7")
    options = parser.parse_args(argv)
    from stamps.products.profile import profile

    found = profile(
        options.from_, options.to_, options.width, options.bins, options.value, options.workdir, options.out, options.picture,
        aps=options.aps, iono=options.iono, reference_area=options.reference_area,
    )  # fmt: skip
    about = f", {found.reference}" if found.reference else ""
    print(f"{len(found)} pixels of {found.name} within {found.width / 2:g} m of {found.length:.0f} m; mm/yr{about}")
    print(f"{'metres':>10s} {'n':>7s} {'mean':>9s} {'median':>9s} {'std':>9s}")
    for row in zip(*vars(found.bins).values(), strict=True):
        print("{:10.1f} {:7d} {:9.3f} {:9.3f} {:9.3f}".format(*row))
    return 0

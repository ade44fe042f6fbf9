"""The command ``python -m stamps.simulate DATADIR``: its options, and the settings that they make."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields

from stamps.errors import InputError, StampsError
from stamps.simulation.hyp3_texts import TYPES
from stamps.simulation.layouts import LAYOUTS
from stamps.simulation.settings import PRESETS, Settings
from stamps.simulation.stack import simulate

__all__ = ["main", "parse_args"]


@dataclass(frozen=True)
class _Option:
    """An option that sets the setting of the same name."""

    flag: str
    type: type
    text: str
    choices: tuple[str, ...] | None = None

    @property
    def setting(self) -> str:
        return self.flag.lstrip("-").replace("-", "_")


_OPTIONS = (
    _Option("--seed", int, "random seed"),
    _Option("--n-images", int, "number of acquisitions"),
    _Option("--lines", int, "azimuth lines"),
    _Option("--samples", int, "range samples"),
    _Option("--range-spacing", float, "slant range pixel spacing, m"),
    _Option("--azimuth-spacing", float, "azimuth pixel spacing, m"),
    _Option("--heading", float, "heading, degrees clockwise from north (-166.6 descending, -13 ascending)"),
    _Option("--incidence", float, "incidence angle at the scene centre, degrees"),
    _Option("--sensor", str, "sensor name in the parameter files"),
    _Option("--centre-lon", float, "longitude of the scene centre"),
    _Option("--centre-lat", float, "latitude of the scene centre"),
    _Option(
        "--longitudes",
        str,
        "how longitudes count: on from the centre, -180 to 180 or 0 to 360",
        ("continuous", "180", "360"),
    ),
    _Option("--start-date", str, "first acquisition, YYYYMMDD"),
    _Option("--revisit", int, "days between acquisitions; some are left out"),
    _Option("--network", str, "interferogram network", ("single", "sb")),
    _Option("--max-temporal", float, "sb: longest temporal baseline, days"),
    _Option("--max-perp", float, "sb: longest perpendicular baseline, m"),
    _Option("--sigma-bperp", float, "spread of the perpendicular baselines, m"),
    _Option("--sigma-baseline-rate", float, "spread of the baseline rates, m/s"),
    _Option("--ps-density", float, "point scatterers per pixel, scene mean"),
    _Option("--relief", float, "highest terrain, m; scaled down to respect --max-slope"),
    _Option("--max-slope", float, "steepest terrain along range, dh/dx (0.8 would lay over)"),
    _Option("--water-fraction", float, "part of the scene covered by water"),
    _Option("--subsidence", float, "peak LOS velocity of the bowl, mm/yr"),
    _Option(
        "--bowl-up", float, "upward velocity of a bowl on the ground, mm/yr, in place of --subsidence and the fault"
    ),
    _Option("--bowl-east", float, "eastward velocity of that bowl, a radius east of its centre, mm/yr"),
    _Option("--bowl-radius", float, "radius of that bowl, m"),
    _Option("--atmosphere", float, "median rms of an image's turbulent delay, rad"),
    _Option("--tropo", float, "spread of the height-dependent delay, rad/km (0: none)"),
    _Option("--orbit-ramp", float, "spread of orbit ramps across the scene, rad"),
    _Option("--sigma-height", float, "uncorrelated height error of scatterers, m"),
    _Option("--sigma-dem", float, "spatially correlated DEM error, m"),
    _Option("--border-images", int, "images with exactly-zero samples at one border"),
    _Option(
        "--layout",
        str,
        "clean: exact header values; snap: also the SNAP exporter's habits "
        "(integer pixel spacings, centre = far = near range, elevation_dem.rdc, .diff.par files); "
        "gamma, doris, isce, cslc, gslc, hyp3: the same stack as other processors write it",
        ("clean", "snap", *LAYOUTS),
    ),
    _Option("--hyp3-type", str, "layout hyp3: job type of the products", TYPES),
    _Option("--hyp3-errors", int, "layout hyp3: products with a rectangle that is off by a whole cycle"),
)


def parse_args(argv: Sequence[str] | None = None) -> Settings:
    """Settings from command-line arguments: the defaults, over them the preset, over it single options.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments (default: those of the process).

    Returns
    -------
    Settings
    """
    parser = _parser()
    given = vars(parser.parse_args(argv))
    try:
        return Settings.of_preset(**given)
    except InputError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Simulate a Sentinel-1 stack as exported from SNAP for StaMPS.",
        epilog=f"presets: {'; '.join(_described(name) for name in PRESETS)}",
    )
    parser.add_argument("datadir", help="output directory")
    parser.add_argument(
        "--preset",
        choices=sorted(PRESETS),
        default="ps_small",
        help="named set of defaults; single options override it [ps_small]",
    )
    defaults = {field.name: field.default for field in fields(Settings)}
    for option in _OPTIONS:
        parser.add_argument(
            option.flag,
            type=option.type,
            default=argparse.SUPPRESS,
            help=f"{option.text} [{defaults[option.setting]}]",
            choices=option.choices,
        )
    parser.add_argument(
        "--null-master",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="single master: also write the master-master interferogram",
    )
    parser.add_argument(
        "--mask", action="store_true", help="write DATADIR/mask.bin, one byte per pixel: 0 land, 1 water (excluded)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing data set")
    parser.add_argument("--quiet", action="store_true", help="no progress messages")
    return parser


def _described(preset: str) -> str:
    """A preset and its settings."""
    changes = " ".join(f"{name}={value}" for name, value in PRESETS[preset].items())
    return f"{preset} {changes or '(the defaults in brackets)'}"


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate what the arguments ask for.

    Returns
    -------
    int
        Exit status.
    """
    try:
        simulate(parse_args(argv))
    except StampsError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0

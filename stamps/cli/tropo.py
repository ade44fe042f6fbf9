"""``stamps tropo``: estimate or read the tropospheric correction that ``subtr_tropo`` subtracts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.cli.options import add_workdir

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray


__all__ = ["main"]

_MODELS = {"era5": "ERA5", "erai": "ERA-Interim", "merra": "MERRA", "merra2": "MERRA-2", "narr": "NARR"}

_EPILOG = """\
The correction is added to tca2.mat (tca_sb2.mat) under the name that the toolbox TRAIN uses; others in the file stay.
Then subtract it, here the linear one:

  setparm subtr_tropo y
  setparm tropo_method a_linear        (a_powerlaw, a_gacos, a_era5, a_merra2, a_narr)
  stamps 6 8

The linear and the power law need an unwrapped phase, so run stamps 6 7 first.
"""


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, call, print; returns the exit status."""
    options = _parser().parse_args(argv)
    options.run(options)
    return 0


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps tropo",
        description="Tropospheric corrections without other software.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    methods = parser.add_subparsers(metavar="METHOD", required=True)

    linear = methods.add_parser("linear", help="phase proportional to height, one slope for every interferogram")
    linear.add_argument(
        "--band", nargs=2, type=float, metavar=("SHORT", "LONG"), help="compare only between these wavelengths, km"
    )
    linear.add_argument("--no-ramp", action="store_true", help="do not estimate a plane along with the slope")
    _area_options(linear)
    linear.set_defaults(run=_linear)

    law = methods.add_parser("powerlaw", help="power law of height, its coefficient variable in space")
    law.add_argument("--h0", type=float, help="height above which delays do not differ any more, m (10000)")
    law.add_argument("--alpha", type=float, help="exponent (1.6)")
    law.add_argument("--soundings", nargs="+", metavar="FILE", help="take h0 and alpha from these balloon soundings")
    law.add_argument("--bands", nargs="+", type=_band, metavar="SHORT-LONG", help="bands, km (octaves from 2 km on)")
    law.add_argument("--windows", type=int, default=50, help="about how many windows (50)")
    law.add_argument("--no-bands-file", action="store_true", help="do not write tca_bands2.mat")
    _area_options(law)
    law.set_defaults(run=_powerlaw)

    gacos = methods.add_parser("gacos", help="GACOS delay maps (yyyymmdd.ztd and yyyymmdd.ztd.rsc)")
    gacos.add_argument("folder", help="folder with the maps of all dates")
    gacos.add_argument("--incidence", type=float, help="incidence angle in degrees (that of the project's pixels)")
    add_workdir(gacos)
    gacos.set_defaults(run=_gacos)

    for name, title in _MODELS.items():
        model = methods.add_parser(name, help=f"delays of the weather model {title}, from its files (GRIB, NetCDF)")
        _weather_options(model, name, title)

    soundings = methods.add_parser("soundings", help="h0 and alpha of the power law from balloon soundings")
    soundings.add_argument("files", nargs="+", help="text lists of the University of Wyoming, one sounding each")
    soundings.set_defaults(run=_soundings)
    return parser


def _weather_options(parser: ArgumentParser, name: str, title: str) -> None:
    parser.add_argument(
        "folder", help=f"folder with the files of {title} of the hours around the overpass of all dates"
    )
    parser.add_argument("--utc", metavar="HH:MM", help="when the satellite passes (what the preparation has written)")
    parser.add_argument("--nearest", action="store_true", help="take the nearest hour, do not interpolate in time")
    parser.add_argument("--strict", action="store_true", help="refuse where dates have no weather (0 for these)")
    parser.add_argument("--incidence", type=float, help="incidence angle in degrees (that of the project's pixels)")
    add_workdir(parser)
    parser.set_defaults(run=_weather, model=name)


def _area_options(parser: ArgumentParser) -> None:
    area = parser.add_mutually_exclusive_group()
    area.add_argument(
        "--bounds", nargs=4, type=float, metavar=("LON0", "LON1", "LAT0", "LAT1"), help="estimate from these pixels"
    )
    area.add_argument("--polygon", help="estimate inside a polygon: text file, longitude and latitude in every line")
    parser.add_argument(
        "--scla",
        choices=("uncorrelated", "all", "none"),
        default="uncorrelated",
        help="subtract before what of the look-angle error does not go with height (default), all or nothing",
    )
    parser.add_argument("--exclude", help="leave out the pixels inside a polygon (deforming ones), as --polygon")
    add_workdir(parser)


def _band(text: str) -> tuple[float, float]:
    """``2-4`` in km as two numbers in m."""
    short, _, long = text.partition("-")
    try:
        return 1000 * float(short), 1000 * float(long)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no band: write it as 2-4 (km)") from None


def _areas(options: Namespace) -> dict[str, Any]:
    from stamps.tropo.scene import read_polygon

    area = read_polygon(options.polygon) if options.polygon else options.bounds
    return {"area": area, "exclude": read_polygon(options.exclude) if options.exclude else None}


def _linear(options: Namespace) -> None:
    from stamps.tropo.aps_linear import aps_linear

    band = None if options.band is None else [1000 * wavelength for wavelength in options.band]
    aps_linear(ramp=not options.no_ramp, band=band, scla=options.scla, **_areas(options), workdir=options.workdir)
    _next("a_linear")


def _powerlaw(options: Namespace) -> None:
    from stamps.tropo.aps_powerlaw import DEFAULT_ALPHA, DEFAULT_H0, aps_powerlaw

    h0, alpha = DEFAULT_H0, DEFAULT_ALPHA
    if options.soundings:
        h0, alpha = _soundings(argparse.Namespace(files=options.soundings))
    aps_powerlaw(
        h0=h0 if options.h0 is None else options.h0,
        alpha=alpha if options.alpha is None else options.alpha,
        bands=options.bands,
        n_windows=options.windows,
        save_bands=not options.no_bands_file,
        scla=options.scla,
        **_areas(options),
        workdir=options.workdir,
    )
    _next("a_powerlaw")


def _gacos(options: Namespace) -> None:
    from stamps.tropo.aps_gacos import aps_gacos

    _spread(aps_gacos(options.folder, incidence=options.incidence, workdir=options.workdir))
    _next("a_gacos")


def _weather(options: Namespace) -> None:
    from stamps.tropo import aps_weather

    made = getattr(aps_weather, f"aps_{options.model}")(
        options.folder,
        utc=options.utc,
        interpolate=not options.nearest,
        incidence=options.incidence,
        strict=options.strict,
        workdir=options.workdir,
    )
    _spread(made.total)
    if made.missing:
        print(
            f"Without weather: {', '.join(map(str, made.missing))}; {len(made.uncorrected)} interferograms stay as they are"
        )
    _next(f"a_{options.model}")


def _spread(correction: NDArray[np.float32]) -> None:
    spread = correction.std(axis=0, dtype=np.float64)
    print(
        f"Spread of the correction: {spread[spread > 0].mean() if spread.any() else 0:.2f} rad (mean of all interferograms)"
    )


def _soundings(options: Namespace) -> tuple[float, float]:
    from stamps.tropo.profiles import read_sounding
    from stamps.tropo.soundings import power_law_constants

    found = power_law_constants([read_sounding(path) for path in options.files])
    print(
        f"h0 {found.h0:.0f} m, alpha {found.alpha:.2f} (from {found.n_pairs} pairs of {len(options.files)} soundings)"
    )
    return found.h0, found.alpha


def _next(method: str) -> None:
    print(f"To subtract it: setparm subtr_tropo y; setparm tropo_method {method}; stamps 6 8")

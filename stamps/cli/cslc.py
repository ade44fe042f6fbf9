"""``stamps cslc``: geocoded, flattened SLCs to a prepared project."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stamps.cli.options import add_workdir

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.frontends.cslc.settings import CslcSettings

__all__ = ["main"]

_EPILOG = """\
Products are folders with OPERA's CSLC-S1, COMPASS' CSLC or NISAR's GSLC, and static layers:

  stamps cslc list /data/cslc --area 14.85 37.60 15.20 37.90
  mkdir INSAR_20180601
  stamps cslc prepare 20180601 /data/cslc --area 14.85 37.60 15.20 37.90 --dem /data/dem.tif --workdir INSAR_20180601
  stamps 1 8 --workdir INSAR_20180601
"""

_CHOICES = (
    "area", "bursts", "exclude", "pol", "frequency", "dem", "height", "water", "water_value", "keep_layover", "allow_mixed",
    "align",
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, call, print; returns the exit status."""
    given = _parser().parse_args(argv)
    return given.perform(given)


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps cslc",
        description="Geocoded, flattened, coregistered SLCs to a project.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="bursts, dates, what is missing, what does not fit; reads headers only")
    listing.add_argument("folders", nargs="+", metavar="FOLDER", help="folders or files of products")
    _add_products(listing)
    listing.add_argument("--json", action="store_true", help="as JSON")
    add_workdir(listing, "where relative names start")
    listing.set_defaults(perform=_list)
    preparing = actions.add_parser("prepare", help="write the project: what mt_prep_cslc does, from several folders")
    preparing.add_argument("master", metavar="MASTER", help="date of the master image, yyyymmdd")
    preparing.add_argument("folders", nargs="+", metavar="FOLDER", help="folders or files of products")
    _add_products(preparing)
    _add_layers(preparing)
    _add_patches(preparing)
    add_workdir(preparing)
    preparing.set_defaults(perform=_prepare)
    return parser


def _add_products(parser: ArgumentParser) -> None:
    """What is used of which products."""
    add = parser.add_argument
    add("--area", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="only this part, degrees")
    add("--bursts", nargs="+", default=(), metavar="ID", help="only these, as t078_165495_iw3")
    add("--exclude", nargs="+", default=(), metavar="DATE", help="dates (yyyymmdd) to leave out")
    add("--pol", metavar="P", help="polarisation: VV, HH, VH, HV")
    add("--frequency", choices=("A", "B"), default="A", help="of NISAR's products (A)")
    add("--allow-mixed", action="store_true", help="combine images of different corrections")


def _add_layers(parser: ArgumentParser) -> None:
    """Heights, masks, corrections."""
    add = parser.add_argument
    add("--dem", metavar="FILE", help="heights above the ellipsoid, any raster (static layers, else 0)")
    add("--height", type=float, default=0.0, metavar="M", help="of the baselines' nodes without a DEM, m (0)")
    add("--water", metavar="FILE", help="raster of water, which is masked")
    add("--water-value", type=float, default=1.0, metavar="V", help="its value of water (1)")
    add("--keep-layover", action="store_true", help="do not mask layover and shadow")
    add("--align", action="store_true", help="take out constants between bursts")


def _add_patches(parser: ArgumentParser) -> None:
    """What every preparation takes."""
    add = parser.add_argument
    add("--da-thresh", type=float, metavar="D", help="amplitude dispersion of candidates (0.4; small baselines 0.6)")
    add("--patches", nargs=2, type=int, default=(1, 1), metavar=("X", "Y"), help="along columns and lines (1 1)")
    add("--overlap", nargs=2, type=int, default=(50, 50), metavar=("X", "Y"), help="of patches, pixels (50 50)")
    add("--mask", metavar="FILE", help="one byte per pixel of the mosaic, 0 = use")


def _settings(given: Namespace) -> CslcSettings:
    from stamps.frontends.cslc.settings import CslcSettings

    return CslcSettings.of(**_chosen(given))


def _chosen(given: Namespace) -> dict[str, Any]:
    return {name: getattr(given, name) for name in _CHOICES if hasattr(given, name)}


def _list(given: Namespace) -> int:
    from stamps.frontends.cslc.listing import list_products

    found = list_products([os.path.join(given.workdir, folder) for folder in given.folders], _settings(given))
    print(json.dumps(found.to_dict(), indent=2) if given.json else "\n".join(found.lines))
    return 1 if found.problems else 0


def _prepare(given: Namespace) -> int:
    from stamps.legacy.mt_prep_cslc import mt_prep_cslc

    mt_prep_cslc(
        given.master,
        given.folders,
        given.da_thresh,
        rg_patches=given.patches[0],
        az_patches=given.patches[1],
        rg_overlap=given.overlap[0],
        az_overlap=given.overlap[1],
        maskfile=given.mask,
        workdir=given.workdir,
        **_chosen(given),
    )
    return 0

"""``stamps snap``: SNAP driven from SLC products to a prepared project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stamps.cli.job_actions import add_actions, common_settings, perform
from stamps.cli.options import add_workdir

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.frontends.processor import Processor
    from stamps.frontends.snap.config import SnapConfig

__all__ = ["main"]

_EPILOG = """\
Products are a folder with zips or .SAFE folders, or the project.conf of snap2stamps:

  stamps snap list /data/slc --aoi 14.85 37.60 15.20 37.90
  stamps snap submit /data/slc --aoi 14.85 37.60 15.20 37.90 --workdir etna --wait
  stamps snap status --workdir etna
  stamps 1 8 --workdir etna/INSAR_20200415
"""

#: Given where it is not said: the setting's own default, or what a project.conf says.
_UNSAID = argparse.SUPPRESS


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, call, print; returns the exit status."""
    return perform(_parser().parse_args(argv))


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps snap",
        description="Drive SNAP's gpt from SLC products to a prepared project.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="dates, slices, bursts over the area, baselines, what is left out, the master"
    )
    _product_settings(listing)
    listing.add_argument("--json", action="store_true", help="as JSON")
    add_workdir(listing, "where everything is made")
    listing.set_defaults(perform=_list)
    check = actions.add_parser(
        "check", help="SNAP's version, its operators and parameters, orbits and elevation model at hand"
    )
    _tool_settings(check)
    _product_settings(check, required=False)
    add_workdir(check, "where everything is made")
    check.set_defaults(perform=_check)
    _download_action(actions)
    add_actions(actions, "snap", _processor, _settings, _preparation)
    _without_failed(actions.choices["prepare"])
    _small_baseline_action(actions)
    return parser


# ---------------------------------------------------------------------- arguments


def _settings(parser: ArgumentParser) -> None:
    _product_settings(parser)
    _tool_settings(parser)
    parser.add_argument("--keep", choices=("export", "all"), default=_UNSAID, help="what remains of a pair (export)")
    parser.add_argument(
        "--leave-out", nargs="+", dest="exclude", default=_UNSAID, metavar="DATE", help="dates (yyyymmdd) not to use"
    )
    _preparation(parser, _UNSAID)


def _product_settings(parser: ArgumentParser, required: bool = True) -> None:
    """What is used of which products."""
    parser.add_argument(
        "products",
        nargs="+" if required else "*",
        metavar="PRODUCTS",
        help="folders or files of SLC products, or project.conf",
    )
    parser.add_argument("--stripmap", action="store_true", help="stripmap images: TerraSAR-X, TanDEM-X, Sentinel-1 SM")
    _add(parser, "--aoi", nargs="+", metavar="A", help="lon lat lon lat of two corners, WKT, or a vector file")
    parser.add_argument(
        "--aoi-exact", action="store_true", default=_UNSAID, help="cut out the polygon, not its envelope"
    )
    _add(parser, "--swath", nargs="+", dest="swaths", metavar="IW", help="subswaths (those that the area touches)")
    _add(parser, "--pol", dest="polarisation", metavar="P", help="VV (default), HH, VH, HV")
    _add(parser, "--master", metavar="M", help="auto (default), first, last, middle, a date, or a position from 1")
    _add(parser, "--master-weights", nargs=2, type=float, metavar=("DAYS", "M"), help="critical baselines (1825 1100)")
    _add(parser, "--track", type=int, metavar="N", help="relative orbit, where there are several")
    _add(parser, "--bursts", type=_numbers, metavar="N,N", help="numbers of bursts along the track")
    _add(parser, "--orbits", choices=("precise", "restituted", "none"), help="what SNAP applies (precise)")
    _add(parser, "--orbit-dir", metavar="DIR", help="EOF files that are at hand")
    _add(parser, "--min-dates", type=int, metavar="N", help="fewer are refused (5)")
    parser.add_argument("--allow-incomplete", action="store_true", default=_UNSAID, help="keep dates that lack bursts")


def _tool_settings(parser: ArgumentParser) -> None:
    """SNAP, its elevation model, and how it works."""
    _add(
        parser, "--gpt", metavar="PATH", help="SNAP's program (STAMPS_GPT, the PATH, SNAP_INSTALLATION_FOLDER/bin/gpt)"
    )
    _add(parser, "--snap-home", metavar="DIR", help="SNAP's folder of the user (~/.snap)")
    _add(parser, "--dem", metavar="DEM", help="copernicus30 (default), copernicus90, srtm1, srtm3, or a GeoTIFF")
    _add(parser, "--dem-nodata", type=float, metavar="V", help="value without height in the file (the file's own)")
    _switch_off(parser, "--dem-no-egm", "dem_egm", "heights above the ellipsoid: refused, convert them")
    _switch_off(parser, "--no-esd", "esd", "no spectral diversity")
    _switch_off(parser, "--no-subset", "subset", "export whole bursts")
    _add(parser, "--memory", metavar="SIZE", help="of one gpt (16G)")
    _add(parser, "--cpu", type=int, metavar="N", help="threads of one gpt (4)")
    _add(parser, "--at-once", type=int, metavar="N", help="most gpt at once (as cores and memory allow)")
    _add(parser, "--export-threads", type=int, metavar="N", help="threads of an export (1)")
    _add(parser, "--minutes", type=int, metavar="N", help="time limit of a task (none)")


def _download_action(actions: Any) -> None:
    from stamps.frontends.sentinel1.download import add_options

    parser = actions.add_parser(
        "download", help="download the products that a project.conf asks for (autoDownload = Y)"
    )
    add_options(parser)
    parser.set_defaults(perform=_download)


def _small_baseline_action(actions: Any) -> None:
    parser = actions.add_parser(
        "small-baselines",
        help="interferograms of any two images from the export, without SNAP",
        description="Write the small-baseline stack of an export: exact, without SNAP and without common-band filter.",
    )
    parser.add_argument("folder", metavar="DIR", help="INSAR_<master> of the export, or the folder that holds it")
    parser.add_argument("--pairs", metavar="FILE", help="two dates a line")
    parser.add_argument("--max-days", type=float, metavar="D", help="longest temporal baseline, days")
    parser.add_argument("--max-perp", type=float, metavar="M", help="longest perpendicular baseline, m")
    parser.add_argument("--connections", type=int, metavar="N", help="each image with that many that follow")
    parser.add_argument("--output", metavar="DIR", help="folder that is written (SB_<master> beside the export)")
    parser.set_defaults(perform=_small_baselines)


def _preparation(parser: ArgumentParser, unsaid: str | None = None) -> None:
    """How the project is prepared; where nothing is said prepare wants None."""
    parser.add_argument(
        "--da", type=float, dest="da_thresh", default=unsaid, metavar="D", help="amplitude dispersion (0.4)"
    )
    for name, what in (
        ("--patches", "patches in range and azimuth (1 1)"),
        ("--overlap", "their overlap, pixels (50 50)"),
    ):
        parser.add_argument(name, nargs=2, type=int, default=unsaid, metavar=("RG", "AZ"), help=what)


def _add(parser: ArgumentParser, name: str, **options: Any) -> None:
    parser.add_argument(name, default=_UNSAID, **options)


def _switch_off(parser: ArgumentParser, name: str, setting: str, about: str) -> None:
    parser.add_argument(name, dest=setting, action="store_false", default=_UNSAID, help=about)


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers: write it as 230132,230133") from None


# ---------------------------------------------------------------------- settings


def _config(options: Namespace) -> SnapConfig:
    """The settings that words or a project.conf, and words over it, give."""
    import dataclasses

    from stamps.frontends.snap.conf_settings import config_of_conf, is_conf
    from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config

    given = {**vars(options)}
    if "aoi" in given:
        given["aoi"] = _area(given["aoi"])
    if is_conf(options.products):
        base = config_of_conf(options.products[0])
        del given["products"]
        if options.workdir == ".":
            del given["workdir"]
    else:
        base = Snap_Stripmap_Config() if options.stripmap else Snap_S1_Config()
    known = {field.name for field in dataclasses.fields(base)}
    if "engine" in given:
        given.update(common_settings(options), workdir=given.get("workdir", base.workdir))
        given["skip_existing"] = options.skip_existing and base.skip_existing
    return dataclasses.replace(base, **{name: value for name, value in given.items() if name in known})


def _area(words: Sequence[str]) -> list[float] | str:
    """Four numbers as numbers, everything else as it stands."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return " ".join(words)


def _processor(options: Namespace) -> Processor:
    from stamps.frontends.processor import Processor
    from stamps.frontends.snap.conf_settings import is_conf, refuse_before_download

    if is_conf(options.products):
        refuse_before_download(options.products[0])
    config = _config(options)
    return Processor.create(getattr(config, "processor", ""), config=config, name=options.name)


# ---------------------------------------------------------------------- actions


def _download(options: Namespace) -> int:
    from stamps.frontends.sentinel1.download import download

    return download(options.conf, list_only=options.list_only, folder=options.folder, at_once=options.at_once)


def _list(options: Namespace) -> int:
    import json

    from stamps.frontends.snap.listing import listing

    found = listing(_config(options))
    print(json.dumps(found.as_dict(), indent=1) if options.json else found)
    return 1 if found.problems else 0


def _check(options: Namespace) -> int:
    from stamps.frontends.snap.installation import check_installation

    found = check_installation(_config(options))
    print(found)
    return 1 if found.problems else 0


def _without_failed(parser: ArgumentParser) -> None:
    """Let ``prepare`` leave out dates that have failed."""
    parser.add_argument(
        "--without-failed", action="store_true", help="leave out the dates that have failed, and take the rest"
    )
    parser.set_defaults(usual=parser.get_default("perform"), perform=_prepare)


def _prepare(options: Namespace) -> int:
    from stamps.cli.job_texts import state_text
    from stamps.frontends.snap.failed_dates import go_on_without, refuse_failed

    if not options.without_failed:
        refuse_failed(options.workdir, options.name)
        return options.usual(options)

    given = {name: getattr(options, name) for name in options.own if getattr(options, name) is not None}
    processor, dates = go_on_without(options.workdir, options.name, given)
    print(f"Left out: {', '.join(dates)}.", flush=True)
    state = processor.watch(0.5)
    print(state_text(state))
    return state.exit_status


def _small_baselines(options: Namespace) -> int:
    from stamps.frontends.snap.pair_choice import PairChoice
    from stamps.frontends.snap.small_baselines import small_baselines

    choice = PairChoice(options.pairs, options.max_days, options.max_perp, options.connections)
    target = small_baselines(options.folder, choice, options.output)
    print(f"Wrote {sum(1 for _ in (target / 'SMALL_BASELINES').iterdir())} interferograms to {target}.")
    print("Prepare them in a folder of their own: mt_prep_snap MASTER " + str(target) + " 0.6")
    return 0

"""``stamps hyp3``: interferograms that HyP3 makes: ordered, watched, fetched, made a project."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.cli.job_actions import add_actions, add_replaced_settings, opened, perform
from stamps.cli.options import add_workdir

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.frontends.hyp3_jobs.processor import Hyp3Processor
    from stamps.frontends.processor import Processor

__all__ = ["main"]

_EPILOG = """\
From a search at ASF (a GeoJSON of asf_search) to a project:

  stamps hyp3 dry-run --granules stack.geojson --connections 3 --area 14.1 40.7 14.3 40.9
  stamps hyp3 submit  --granules stack.geojson --connections 3 --area 14.1 40.7 14.3 40.9
  stamps hyp3 watch
  stamps hyp3 prepare
  stamps 6 8

Credentials: EARTHDATA_TOKEN, or EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or ~/.netrc, or --credential-pool FILE (mode 600;
lines user:password or user:token, used in this order when one cannot pay). They are never asked for and never written.
Jobs at HyP3 can be seen by everybody, and cannot be cancelled. Each account must belong to somebody who lends it for this
work; the terms of ASF apply.
"""

#: Options of products -> settings of whole scenes; None where they were not given.
_FLAGS = {
    "--no-dem": ("include_dem", False, "without the elevation model (no project can be made)"),
    "--no-look-vectors": ("include_look_vectors", False, "without look vectors"),
    "--no-inc-map": ("include_inc_map", False, "without incidence angles"),
    "--no-displacement": ("include_displacement_maps", False, "without displacements"),
    "--wrapped-phase": ("include_wrapped_phase", True, "with the wrapped phase (prepare --unwrap redo uses it)"),
    "--los-displacement": ("include_los_displacement", True, "with the deprecated displacement map"),
    "--no-water-mask": ("apply_water_mask", False, "unwrap water, too"),
}


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, act; returns the exit status."""
    return perform(_parser().parse_args(argv))


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps hyp3",
        description="Interferograms of Sentinel-1 from HyP3, the service of the Alaska Satellite Facility.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add_actions(actions, "hyp3", _processor, _add_settings, engines=False, more=_add_service)
    _add_list(actions)
    _add_download(actions)
    _add_credits(actions)
    _add_prepare(actions)
    return parser


def _add_service(parser: ArgumentParser) -> None:
    """Who asks, and where."""
    add = parser.add_argument
    add(
        "--credential-pool",
        dest="earthdata_credentials_pool",
        metavar="FILE",
        help="accounts: lines user:password or user:token; mode 600",
    )
    add("--api", dest="credentials_url", metavar="URL", help="the service, where it is not HyP3 of ASF")


def _add_settings(parser: ArgumentParser) -> None:
    _add_choice(parser)
    add = parser.add_argument
    add("--looks", default="20x4", metavar="RxA", help="20x4 (80 m, default), 10x2 (40 m), for bursts also 5x1 (20 m)")
    for option, (name, value, about) in _FLAGS.items():
        add(option, dest=name, action="store_const", const=value, help=about)
    add("--phase-filter", dest="phase_filter_parameter", type=float, metavar="A", help="0 (none) to 1 (0.6)")
    add("--prefix", default="ifg", metavar="TEXT", help="beginning of the names of the jobs at HyP3 (ifg)")
    add("--chunk", type=int, default=200, metavar="N", help="pairs in one request, 1 to 200 (200)")
    add("--keep-zip", action="store_true", help="keep the zip files of the products")


def _add_choice(parser: ArgumentParser) -> None:
    """What is ordered."""
    add = parser.add_argument
    add("--granules", metavar="FILE", help="names of granules, one a line, or a result of asf_search as GeoJSON")
    add("--pairs-file", metavar="FILE", help="two names a line; two dates a line with --granules; bursts with commas")
    add("--connections", type=int, metavar="N", help="each image with the N next ones")
    add("--max-days", type=float, metavar="D", help="all pairs of so many days")
    add("--max-perp", type=float, metavar="M", help="and of so many metres (the GeoJSON of a stack tells them)")
    add("--area", nargs="+", metavar="AREA", help="LON LAT LON LAT, WKT or a vector file that all images must cover")
    add("--allow-incomplete", action="store_true", help="order images, too, that do not cover the area")
    add("--exclude", nargs="+", default=[], metavar="YYYYMMDD", help="dates that are not used")
    add("--type", choices=("auto", "gamma", "burst", "single-burst"), default="auto", help="as the names say (auto)")


def _processor(options: Namespace) -> Processor:
    from stamps.frontends.hyp3_jobs.config import API
    from stamps.frontends.processor import Processor

    given: dict[str, Any] = {name: getattr(options, name) for name, _, _ in _FLAGS.values()}
    given["phase_filter_parameter"] = options.phase_filter_parameter
    kind, more = _kind(options)
    return Processor.create(
        kind,
        name=options.name,
        workdir=options.workdir,
        max_workers=options.max_workers,
        earthdata_credentials_pool=options.earthdata_credentials_pool,
        credentials_url=options.credentials_url,
        api_url=options.credentials_url or API,
        submission_chunk_size=options.chunk,
        looks=options.looks,
        name_prefix=options.prefix,
        keep_zip=options.keep_zip,
        **_choice(options),
        **more,
        **{name: value for name, value in given.items() if value is not None},
    )


def _choice(options: Namespace) -> dict[str, Any]:
    """Settings of what is ordered."""
    area = options.area
    return {
        "pairs": options.pairs_file,
        "granules": options.granules,
        "connections": options.connections,
        "max_days": options.max_days,
        "max_perp": options.max_perp,
        "area": area[0] if area and len(area) == 1 else area,
        "allow_incomplete": options.allow_incomplete,
        "exclude_dates": options.exclude,
    }


def _kind(options: Namespace) -> tuple[str, dict[str, Any]]:
    """Processor, and its settings by the type."""
    from stamps.frontends.hyp3_jobs.granule_lists import names_bursts

    kind = options.type
    if kind == "auto":
        kind = "burst" if names_bursts(options.pairs_file) or names_bursts(options.granules) else "gamma"
    return (
        ("Hyp3_S1", dict[str, Any]()) if kind == "gamma" else ("Hyp3_Burst", {"single_burst": kind == "single-burst"})
    )


# ---------------------------------------------------------------------- pairs


def _add_list(actions: Any) -> None:
    about = "the pairs that would be ordered; HyP3 is not asked"
    parser = actions.add_parser("list", help=about, description=f"{about[0].upper()}{about[1:]}.")
    _add_choice(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(perform=_list)


def _list(options: Namespace) -> int:
    from stamps.frontends.hyp3_jobs.pairs import pair_rows
    from stamps.frontends.processor import Processor

    kind, more = _kind(options)
    config: Any = Processor.create(kind, **_choice(options), **more).config
    rows, warnings = pair_rows(config)
    if options.json:
        print(json.dumps({"pairs": rows, "warnings": warnings}, indent=1))
        return 0
    for row in rows:
        bperp = "" if row["bperp"] is None else f"{row['bperp']:7.1f} m"
        names = f"{row['reference'][0]}  {row['secondary'][0]}"
        more_bursts = f"  and {len(row['reference']) - 1} bursts more" if len(row["reference"]) > 1 else ""
        print(f"{row['pair']}  {row['days']:5d} days  {bperp:>10s}  {names}{more_bursts}")
    print("\n".join([f"{len(rows)} pairs.", *(f"warning: {warning}" for warning in warnings)]))
    return 0


# ---------------------------------------------------------------------- downloads, credits


def _hyp3(options: Namespace) -> Hyp3Processor:
    """The job that is meant, which must be one of HyP3."""
    from stamps.errors import InputError
    from stamps.frontends.hyp3_jobs.processor import Hyp3Processor

    processor = opened(options)
    if not isinstance(processor, Hyp3Processor):
        raise InputError(f"The job {processor.folder.name} is none of HyP3.")
    return processor


def _add_job(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the job (default: the newest)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    add_workdir(parser, "folder of the job")
    add_replaced_settings(parser, _add_service)
    parser.set_defaults(frontend="hyp3")


def _add_download(actions: Any) -> None:
    about = "fetch the products that are ready and not here"
    parser = actions.add_parser("download", help=about, description=f"{about[0].upper()}{about[1:]}.")
    _add_job(parser)
    parser.add_argument("--keep-zip", action="store_true", default=None, help="keep the zip files, too")
    parser.add_argument("--max-workers", type=int, metavar="N", help="most downloads at once (4)")
    parser.set_defaults(perform=_download)


def _download(options: Namespace) -> int:
    from stamps.errors import ParameterError

    processor = _hyp3(options)
    if options.max_workers is not None:
        if not 1 <= options.max_workers <= 32:
            raise ParameterError(f"--max-workers is {options.max_workers}, but 1 to 32 was expected.")
        processor.config.max_workers = options.max_workers
    say = None if options.json else lambda line: print(line, flush=True)
    done = processor.download(keep_zip=options.keep_zip, say=say)
    print(json.dumps(vars(done), indent=1) if options.json else done)
    return 1 if done.failed else processor.state().exit_status


def _add_credits(actions: Any) -> None:
    about = "what the accounts have, and what a pair costs"
    parser = actions.add_parser("credits", help=about, description=f"{about[0].upper()}{about[1:]}.")
    _add_job(parser)
    parser.set_defaults(perform=_credits)


def _credits(options: Namespace) -> int:
    from stamps.frontends.hyp3_jobs.config import API
    from stamps.frontends.hyp3_jobs.processor import Hyp3Processor
    from stamps.frontends.jobs.store import job_folders
    from stamps.frontends.processor import Processor

    there = options.name or any(folder.job().frontend == "hyp3" for folder in job_folders(options.workdir))
    if there:
        processor: Processor = _hyp3(options)
    else:
        pool, url = options.earthdata_credentials_pool, options.credentials_url or API
        processor = Processor.create("Hyp3_S1", workdir=options.workdir, earthdata_credentials_pool=pool, api_url=url)
    assert isinstance(processor, Hyp3Processor)
    found = processor.credits()
    print(json.dumps(found.as_dict(), indent=1) if options.json else found)
    return found.exit_status


# ---------------------------------------------------------------------- the project


def _add_prepare(actions: Any) -> None:
    about = "make a project of small baselines of the products"
    parser = actions.add_parser("prepare", help=about, description=f"{about[0].upper()}{about[1:]}.")
    add = parser.add_argument
    add("folder", nargs="?", metavar="FOLDER", help="of the products (hyp3 in the working directory)")
    add("--area", nargs=4, type=float, metavar=("LON", "LAT", "LON2", "LAT2"), help="two corners; only pixels between")
    add("--coherence", type=float, default=0.3, metavar="C", help="least mean coherence of a pixel (0.3)")
    add("--every", type=int, default=1, metavar="N", help="each Nth line and sample (1)")
    add("--exclude", nargs="+", default=[], metavar="DATE", help="dates, or pairs DATE_DATE, that are left out")
    add("--master", metavar="YYYYMMDD", help="image that the series begin from (that of most interferograms)")
    add("--water", action="store_true", help="leave out what the products call water")
    add("--unwrap", default="repair", metavar="HOW", help="repair (default), keep or redo the unwrapping")
    add("--tolerance", type=float, default=5.0, metavar="M", help="misfit of a baseline that is named (5)")
    add_workdir(parser, "of the project")
    parser.set_defaults(perform=_prepare)


def _prepare(options: Namespace) -> int:
    from stamps.frontends.hyp3_jobs.preparing import prepare

    folder = Path(options.folder) if options.folder else Path(options.workdir) / "hyp3"
    names = ("area", "coherence", "every", "exclude", "master", "water", "unwrap", "tolerance", "workdir")
    made = prepare(folder, {name: getattr(options, name) for name in names})
    print("\n".join(made.lines))
    print(
        f"next: {made.next_command}" + (f" --workdir {shlex.quote(options.workdir)}" if options.workdir != "." else "")
    )
    return 0

"""``stamps isce``: drive ISCE2's stack processor from Sentinel-1 products to a project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.cli.job_actions import add_actions, common_settings, perform

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps.frontends.processor import Processor

__all__ = ["main"]

_EPILOG = """\
One command from the products to the project, on this machine or as arrays of SLURM:

  stamps isce dry-run slc --bbox 40.6 41.0 14.0 14.5 --dem dem.wgs84 --orbits orbits
  stamps isce submit  slc --bbox 40.6 41.0 14.0 14.5 --dem dem.wgs84 --orbits orbits --engine slurm --at-once 20
  stamps isce status --tasks 09
  stamps isce retry
  stamps isce prepare --da 0.4 --patches 3 3
"""


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, act; returns the exit status."""
    options = _parser().parse_args(argv)
    _name_steps(options)
    return perform(options)


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps isce",
        description="Sentinel-1 stacks through ISCE2's topsStack (stackSentinel.py).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add_actions(actions, "isce", _processor, _add_settings, _add_preparation)
    return parser


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument("slc", nargs="+", metavar="SLC", help="folder of the products, or the products (.zip, .SAFE)")
    parser.add_argument("--dem", required=True, metavar="FILE", help="elevation model with its header .xml")
    parser.add_argument("--orbits", required=True, metavar="DIR", help="folder of the orbit files (.EOF)")
    parser.add_argument("--aux", metavar="DIR", help="folder of the calibration files (aux in the working directory)")
    area = parser.add_mutually_exclusive_group(required=True)
    area.add_argument("--bbox", nargs=4, type=float, metavar=("S", "N", "W", "E"), help="area, degrees")
    area.add_argument("--aoi", nargs="+", metavar="AREA", help="LON LAT LON LAT, WKT, or a vector file")
    _add_choices(parser)
    _add_resources(parser)
    _add_preparation(parser)


def _add_choices(parser: ArgumentParser) -> None:
    """What is done with the products."""
    add = parser.add_argument
    add(
        "--swath",
        nargs="+",
        default=["1", "2", "3"],
        metavar="N",
        help="subswaths (those of 1 2 3 that the area touches)",
    )
    add("--pol", default="vv", metavar="P", help="polarisation (vv)")
    add("--workflow", default="slc", metavar="W", help="slc (default) or interferogram")
    add("--coregistration", default="NESD", metavar="C", help="NESD (default) or geometry")
    add(
        "--overlap-connections",
        type=int,
        default=3,
        metavar="N",
        help="images after each with which overlaps are compared (3)",
    )
    add("--connections", type=int, default=1, metavar="N", help="interferograms with the next N images (1)")
    add("--esd-coherence", type=float, default=0.85, metavar="C", help="coherence of the spectral diversity (0.85)")
    add("--master", default="auto", metavar="YYYYMMDD", help="chosen by the baselines without it")
    add(
        "--master-weights", nargs=2, type=float, default=[1825.0, 1100.0], metavar=("DAYS", "M"), help="for this choice"
    )
    add("--exclude", nargs="+", default=[], metavar="YYYYMMDD", help="dates that are not used")
    add("--track", type=int, metavar="N", help="relative orbit, where there are several")
    add("--allow-incomplete", action="store_true", help="keep dates that do not cover the area")
    add("--min-dates", type=int, default=5, metavar="N", help="fewer are refused (5)")


def _add_resources(parser: ArgumentParser) -> None:
    """Where it is computed, and with what."""
    add = parser.add_argument
    add("--isce-home", metavar="DIR", help="installation of ISCE2 (ISCE_HOME)")
    add("--container", metavar="IMAGE", help="run ISCE2 in this image")
    add("--container-tool", default="apptainer", metavar="T", help="apptainer (default) or docker")
    add("--text-cmd", default="", metavar="TEXT", help="stands before each command: 'source env.sh;'")
    add("--cores", type=int, metavar="N", help="cores of the machine, of a node (all)")
    add("--threads", type=int, metavar="N", help="of a task; the first step gets all cores")
    add("--memory", type=int, default=4000, metavar="MB", help="of a task (4000)")
    add("--minutes", type=int, default=0, metavar="N", help="time limit of a task (none)")
    add("--at-once", type=int, metavar="N", help="most tasks of a step at once")


def _add_preparation(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--pairs", metavar="FILE", help="small baselines: two dates yyyymmdd a line")
    add("--project", metavar="NAME", help="folder of the project (INSAR_<master>)")
    add("--da", type=float, dest="da_thresh", metavar="D", help="amplitude dispersion of candidates (0.4; pairs 0.6)")
    add("--patches", nargs=2, type=int, metavar=("RG", "AZ"), help="patches in range and azimuth (1 1)")
    add("--overlap", nargs=2, type=int, metavar=("RG", "AZ"), help="their overlap, pixels (50 50)")
    add("--mask", metavar="FILE", help="one byte per pixel, 0 = use")


def _processor(options: Namespace) -> Processor:
    from stamps.frontends.processor import Processor

    common: dict[str, Any] = common_settings(options)
    given = {name: getattr(options, name) for name in ("pairs", "project", "da_thresh", "patches", "overlap", "mask")}
    return Processor.create(
        "ISCE_S1",
        **common,
        slc_dir=options.slc[0] if len(options.slc) == 1 else options.slc,
        orbit_dir=options.orbits,
        aux_dir=options.aux,
        dem_path=options.dem,
        isce_home=options.isce_home,
        bbox=options.bbox,
        area=options.aoi if options.aoi is None or len(options.aoi) > 1 else options.aoi[0],
        swaths=" ".join(options.swath).replace("IW", ""),
        polarization=options.pol,
        workflow=options.workflow,
        coregistration=options.coregistration,
        num_overlap_connections=options.overlap_connections,
        num_connections=options.connections,
        esd_coherence_threshold=options.esd_coherence,
        reference_date=None if options.master == "auto" else options.master,
        master_weights=tuple(options.master_weights),
        exclude_dates=options.exclude,
        track=options.track,
        allow_incomplete=options.allow_incomplete,
        min_dates=options.min_dates,
        container=options.container,
        container_tool=options.container_tool,
        text_cmd=options.text_cmd,
        cores=options.cores,
        threads=options.threads,
        memory_mb=options.memory,
        minutes=options.minutes,
        max_concurrent_hpc=options.at_once,
        **{name: value for name, value in given.items() if value is not None},
    )


# ---------------------------------------------------------------------- steps by their numbers


def _name_steps(options: Namespace) -> None:
    """Put names of steps in place of their numbers: ``--tasks 09`` means ``09_fullBurst_geo2rdr``."""
    steps = [word for word in (getattr(options, "tasks", None),) if word]
    if not steps and not getattr(options, "step", None) and "/" not in (getattr(options, "log", None) or ""):
        return
    known = _known_steps(options)
    if steps:
        options.tasks = _named(options.tasks, known)
    if getattr(options, "step", None):
        options.step = [_named(word, known) for word in options.step]
    if getattr(options, "log", None):
        step, sign, task = options.log.rpartition("/")
        options.log = f"{_named(step, known)}{sign}{task}"


def _known_steps(options: Namespace) -> list[str]:
    """Steps of the job that is meant."""
    from stamps.frontends.jobs.store import job_folders

    for folder in job_folders(Path(options.workdir)):
        if options.name in (None, folder.name):
            job = folder.job()
            if job.frontend == "isce":
                return [step.name for step in job.steps]
    return []


def _named(word: str, known: Sequence[str]) -> str:
    if not word.isdigit():
        return word
    found = [name for name in known if name.partition("_")[0] == f"{int(word):02d}"]
    return found[0] if found else word

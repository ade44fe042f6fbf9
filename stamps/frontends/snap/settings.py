"""What jobs of Sentinel-1 and stripmap images understand and check alike.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stamps.errors import StampsError
from stamps.frontends.sentinel1.area import Area, read_area
from stamps.frontends.snap.config import SnapConfig
from stamps.frontends.snap.gpt import command_line
from stamps.frontends.snap.pair_steps import PairSettings
from stamps.frontends.snap.snap_toml import NAME, differences, read_snap_toml
from stamps.frontends.snap.tools import Findings, Tools

__all__ = [
    "area_of",
    "check_antimeridian",
    "check_before",
    "check_preparation",
    "check_settings",
    "pair_settings",
    "previous_job",
    "threads_line",
]


def area_of(config: SnapConfig, findings: Findings) -> Area | None:
    """The area, or None and a problem."""
    if config.aoi is None or config.aoi == []:
        findings.problems.append("There is no area of interest: give --aoi four numbers, WKT or a vector file.")
        return None
    try:
        return read_area(config.aoi, exact=config.aoi_exact)
    except StampsError as error:
        findings.problems.append(str(error))
        return None


def check_antimeridian(area: Area | None, findings: Findings) -> None:
    """Refuse to cut out an area with longitudes beyond 180 degrees, which no product has."""
    if area is not None and area.envelope[2] > 180:
        findings.problems.append(
            f"The area {area.source} goes across the antimeridian, where SNAP cannot cut it out: export whole bursts or images "
            "(--no-subset), or give what lies on one side."
        )


def previous_job(config: SnapConfig, findings: Findings) -> Mapping[str, Any]:
    """What ``snap.toml`` of the working directory says; empty where products are made anew."""
    if not config.skip_existing:
        return {}
    try:
        return read_snap_toml(Path(config.workdir))
    except StampsError as error:
        findings.problems.append(str(error))
        return {}


def check_settings(config: SnapConfig, findings: Findings) -> None:
    """Settings of all jobs of SNAP that cannot be."""
    if config.keep not in ("export", "all"):
        findings.problems.append(f"keep is '{config.keep}', but export or all was expected.")
    if not config.products:
        findings.problems.append("There are no products: name their folder.")
    check_preparation(config, findings)
    if "," in str(Path(config.workdir).absolute()):
        findings.problems.append(
            "The working directory has a comma in its path, which SNAP takes for the end of a file name."
        )
    _check_workdir(Path(config.workdir).absolute(), findings)


def check_preparation(config: SnapConfig, findings: Findings) -> None:
    """Settings of the preparation that cannot be."""
    if not 0 < config.da_thresh:
        findings.problems.append(f"da_thresh is {config.da_thresh}, but a number above 0 was expected.")
    for name, least in (("patches", 1), ("overlap", 0)):
        values = getattr(config, name)
        if len(values) != 2 or min(values) < least:
            findings.problems.append(f"{name} is {values}, but two whole numbers of at least {least} were expected.")


def _check_workdir(workdir: Path, findings: Findings) -> None:
    """Refuse a working directory that is none, or cannot be written."""
    there = next(path for path in (workdir, *workdir.parents) if os.path.lexists(path))
    if not there.is_dir():
        findings.problems.append(f"The working directory cannot be {workdir}: {there} is no folder.")
    elif not os.access(there, os.W_OK | os.X_OK):
        findings.problems.append(f"The working directory {workdir} cannot be written: take another --workdir.")


def check_before(config: SnapConfig, workdir: Path, settings: Mapping[str, Any], findings: Findings) -> None:
    """Refuse to go on with products that were made with other settings."""
    changed = differences(previous_job(config, Findings()), settings)
    if changed and (workdir / NAME).is_file():
        findings.problems.append(
            f"The products in {workdir} were made with other settings: {', '.join(changed)}. Take another working directory, or "
            "--no-skip-existing to make all of them anew."
        )


def pair_settings(config: SnapConfig, tools: Tools, lacking: bool = False) -> PairSettings:
    """What is decided about exports and what follows."""
    patches, overlap = ((values[0], values[-1]) if values else (1, 1) for values in (config.patches, config.overlap))
    lacking = lacking or bool(getattr(config, "allow_incomplete", False))
    return PairSettings(
        config.skip_existing, config.keep, lacking, config.da_thresh, patches, overlap, tools.cores, tools.memory_mb
    )


def threads_line(tools: Tools) -> str:
    limit = f", at most {tools.at_once} at once" if tools.at_once else ""
    words = command_line(tools.gpt, tools.user, "GRAPH", tools.cores, tools.memory_mb, "WORKDIR", "SCRATCH")
    return f"Each graph runs as {' '.join(words)}, an export with {tools.export_threads} threads{limit}."

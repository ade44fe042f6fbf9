"""SNAP and the elevation model of a job: found, checked, and what one ``gpt`` takes.

Source: docs/method/snap.md, sections 3 and 4.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from stamps.errors import StampsError
from stamps.frontends.jobs import capacity
from stamps.frontends.jobs.model import Resources
from stamps.frontends.snap.config import SnapConfig
from stamps.frontends.snap.dem import Dem, named_dem, read_dem
from stamps.frontends.snap.gpt import find_gpt, megabytes, user_folder, version_of

__all__ = ["Findings", "Tools", "find_dem", "find_tools"]

#: Oldest version of SNAP whose operators know all portable parameters.
_OLDEST = 9

#: Only one of the operators that use heights can be told, and only for what no graph lets it do.
_ELLIPSOID = (
    "dem_egm is off (--dem-no-egm), but SNAP's operators add the geoid EGM96 to the heights of every elevation model and cannot "
    "be told otherwise: give heights above EGM96 (gdalwarp -s_srs EPSG:4979 -t_srs EPSG:4326+5773 converts those above the "
    "ellipsoid), without --dem-no-egm."
)


@dataclass
class Findings:
    """What is wrong or remarkable, collected while a job is planned; each a whole sentence."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tools:
    """SNAP as it was found, and what one ``gpt`` takes.

    Attributes
    ----------
    gpt, version, user : str
        The program, SNAP's version, SNAP's folder of the user.
    memory_mb, cores, export_threads, at_once, minutes : int
    """

    gpt: str
    version: str
    user: str
    memory_mb: int
    cores: int
    export_threads: int
    at_once: int
    minutes: int

    @property
    def name(self) -> str:
        """SNAP and its version, where that is known."""
        return f"SNAP {self.version}".strip()

    def resources(self, *, first_alone: bool = False) -> Resources:
        """Of a task that runs ``gpt``."""
        return Resources(self.cores, self.memory_mb, self.minutes, self.at_once, first_alone)

    def export_resources(self) -> Resources:
        """Of a task that exports."""
        return Resources(self.export_threads, self.memory_mb, self.minutes, self.at_once)


def find_tools(config: SnapConfig, findings: Findings) -> Tools:
    """Find SNAP, and understand what it may take."""
    gpt, version = "gpt", ""
    try:
        gpt = find_gpt(config.gpt, config.snap_folder)
        version = version_of(gpt)
    except StampsError as error:
        findings.problems.append(str(error))
    if version and _major(version) < _OLDEST:
        findings.problems.append(f"{gpt} is of SNAP {version}, but SNAP {_OLDEST} or later is needed.")
    memory = 1
    try:
        memory = megabytes(config.memory)
    except StampsError as error:
        findings.problems.append(str(error))
    for name in ("cpu", "export_threads"):
        if getattr(config, name) < 1:
            findings.problems.append(f"{name} is {getattr(config, name)}, but at least 1 was expected.")
    cores = config.cpu if config.engine == "slurm" else min(config.cpu, capacity.cores())
    return Tools(
        gpt, version, str(user_folder(config.snap_home)), memory, max(1, cores), max(1, config.export_threads),
        config.at_once or 0, config.minutes,
    )  # fmt: skip


def _major(version: str) -> int:
    first = version.split(".")[0]
    return int(first) if first.isdigit() else _OLDEST


def find_dem(config: SnapConfig, envelope: tuple[float, float, float, float] | None, findings: Findings) -> Dem:
    """The elevation model; a file is checked against the area, heights above the ellipsoid are refused."""
    if not config.dem_egm:
        findings.problems.append(_ELLIPSOID)
    known = named_dem(config.dem)
    if known is not None:
        return known
    try:
        return read_dem(config.dem, envelope, nodata=config.dem_nodata)
    except StampsError as error:
        findings.problems.append(str(error))
        return Dem("External DEM", os.path.abspath(config.dem))

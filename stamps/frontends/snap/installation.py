"""Whether this SNAP can run our graphs, and what it has at hand: ``stamps snap check``.

Source: docs/method/snap.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stamps.errors import StampsError
from stamps.frontends.sentinel1.orbit_files import KINDS, find_orbit_files, missing_orbit_files
from stamps.frontends.snap.config import Snap_S1_Config, SnapConfig
from stamps.frontends.snap.dem import Dem
from stamps.frontends.snap.gpt import missing_parameters
from stamps.frontends.snap.orbit_files import ORBIT_KINDS
from stamps.frontends.snap.sentinel_plan import selection_of
from stamps.frontends.snap.settings import area_of
from stamps.frontends.snap.tools import Findings, Tools, find_dem, find_tools

__all__ = ["Installation", "check_installation"]


@dataclass(frozen=True)
class Installation:
    """What was found: lines for people, and what is wrong."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """For people."""
        return "\n".join([*self.lines, *(f"problem: {problem}" for problem in self.problems)])


def check_installation(config: SnapConfig) -> Installation:
    """Ask SNAP for its version and operators, and look for orbits and the elevation model; with products for their orbits."""
    findings, lines = Findings(), []
    tools = find_tools(config, findings)
    if tools.version:
        lines.append(f"SNAP {tools.version}: {tools.gpt}, user's folder {tools.user}")
        lines.append(_operators(tools, findings))
    area = area_of(config, findings) if config.aoi else None
    lines.append(_dem_line(find_dem(config, area.envelope if area else None, findings), Path(tools.user)))
    lines += _orbit_lines(config, tools, findings)
    return Installation((*lines, *(f"warning: {warning}" for warning in findings.warnings)), tuple(findings.problems))


def _operators(tools: Tools, findings: Findings) -> str:
    try:
        missing = missing_parameters(tools.gpt)
    except StampsError as error:
        missing = [str(error)]
    findings.problems += missing
    return f"Operators and parameters: {'all known' if not missing else f'{len(missing)} unknown'}"


def _dem_line(dem: Dem, user: Path) -> str:
    if dem.file:
        return f"Elevation model {dem.file}, no height is {dem.nodata:g}, heights above the geoid EGM96"
    tiles = [path for path in (user / "auxdata" / "dem" / dem.name).rglob("*") if path.is_file()]
    return f"Elevation model {dem.name}: {len(tiles)} tiles at hand, SNAP downloads what it lacks"


def _orbit_lines(config: SnapConfig, tools: Tools, findings: Findings) -> list[str]:
    """Orbits where SNAP looks for them; with products those that are missing."""
    folder = Path(tools.user) / "auxdata" / "Orbits" / "Sentinel-1"
    files = find_orbit_files(folder) if folder.is_dir() else []
    counts = ", ".join(f"{sum(file.kind == kind for file in files)} {kind}" for kind in KINDS)
    lines = [f"Orbits in {folder}: {counts}"]
    if not isinstance(config, Snap_S1_Config) or not config.products or config.orbits not in ORBIT_KINDS:
        return lines
    selection = selection_of(config, findings)
    if selection is None:
        return lines
    missing = missing_orbit_files(
        selection.acquisitions, tools.user, orbit_dir=config.orbit_dir, kind=ORBIT_KINDS[config.orbits]
    )
    return [*lines, *(f"SNAP will download {sentence}" for sentence in missing.values())]

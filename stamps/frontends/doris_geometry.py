"""Baselines, look angles and heading of a Doris stack from the orbits of its result files.

Baselines and look angles are computed at 50 × 50 nodes of the image and the heights 0 m and 1000 m
(:mod:`stamps.insar.orbits`).

Source: docs/method/preparation.md, section 4; docs/method/loading.md, sections 6 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stamps.frontends.doris import Image, read_image
from stamps.frontends.header_ranges import judge_baselines, refuse
from stamps.frontends.stack import AcquisitionGeometry
from stamps.frontends.text_headers import GRID_HEIGHTS, GRID_NODES, grid_text
from stamps.insar.orbits import Orbit, bearing, locate, look_angle, perpendicular_baseline
from stamps.workspace import Workspace

__all__ = ["acquisition_geometry", "write_grids"]

Floats = NDArray[np.float64]


def acquisition_geometry(master: Image, slaves: Mapping[int, Path]) -> AcquisitionGeometry:
    """Heading, wavelength and the baselines of the middle of the image, at height 0 m.

    Parameters
    ----------
    master : Image
    slaves : dict
        Date to result file, by date.

    Returns
    -------
    AcquisitionGeometry

    Raises
    ------
    InputError
        A result file is missing or lacks a value.
    """
    nodes = _Nodes(master)
    bperp = tuple(nodes.centre_baseline(read_image(path).orbit) for path in slaves.values())
    return AcquisitionGeometry(nodes.heading(), master.wavelength, bperp)


def write_grids(ws: Workspace, master: Image, slaves: Mapping[int, Path]) -> None:
    """Write ``bperp_<yyyymmdd>.1.in``, ``look_angle.1.in`` and ``slc_osfactor.1.in``.

    Parameters
    ----------
    ws : Workspace
    master : Image
    slaves : dict
        Date to result file, by date.

    Raises
    ------
    InputError
        A result file is missing, or tells baselines that are impossible.
    """
    nodes = _Nodes(master)
    grids = [_baselines(nodes, path) for path in slaves.values()]
    refuse(judge_baselines(f"the result files of {master.path.parent}", grids))
    for date, grid in zip(slaves, grids, strict=True):
        ws.write_text(f"bperp_{date}.1.in", grid_text(*grid))
    ws.write_text("look_angle.1.in", grid_text(*np.degrees(nodes.look_angles())))
    ws.write_text("slc_osfactor.1.in", f"{master.oversampling}\n")


def _baselines(nodes: _Nodes, path: Path) -> Floats:
    """Baselines of a slave at the nodes; an error that names its result file if they are impossible."""
    grid = nodes.baselines(read_image(path).orbit)
    refuse(judge_baselines(path, grid, zero=True))
    return grid


class _Nodes:
    """The nodes of the grids: 50 × 50 positions from edge to edge of the image, at two heights."""

    def __init__(self, master: Image) -> None:
        self.master = master
        line, sample = np.meshgrid(
            np.linspace(0, master.length, GRID_NODES), np.linspace(0, master.width, GRID_NODES), indexing="ij"
        )
        self.time, distance = self._radar(line.ravel(), sample.ravel())
        self.points = [locate(master.orbit, self.time, distance, height) for height in GRID_HEIGHTS]

    def _radar(self, line: Floats, sample: Floats) -> tuple[Floats, Floats]:
        """Azimuth time and slant range of positions in the image."""
        image = self.master
        return image.first_time + line * image.line_time, image.first_range + sample * image.range_spacing

    def baselines(self, slave: Orbit) -> Floats:
        """Perpendicular baselines in metres, (2, 50, 50)."""
        values = [perpendicular_baseline(self.master.orbit, slave, self.time, point) for point in self.points]
        return np.reshape(values, (len(GRID_HEIGHTS), GRID_NODES, GRID_NODES))

    def look_angles(self) -> Floats:
        """Look angles in radians, (2, 50, 50)."""
        satellite = self.master.orbit.state(self.time)[0]
        values = [look_angle(satellite, point) for point in self.points]
        return np.reshape(values, (len(GRID_HEIGHTS), GRID_NODES, GRID_NODES))

    def centre_baseline(self, slave: Orbit) -> float:
        """Perpendicular baseline of the middle of the image, in metres."""
        time, point = self._centre()
        return float(perpendicular_baseline(self.master.orbit, slave, time, point)[0])

    def heading(self) -> float:
        """Direction of flight at the middle of the image, degrees clockwise from north."""
        time, point = self._centre()
        return bearing(point[0], self.master.orbit.state(time)[1][0])

    def _centre(self) -> tuple[Floats, Floats]:
        """Azimuth time and ground point of the middle of the image, at height 0 m."""
        time, distance = self._radar(np.array([self.master.length / 2]), np.array([self.master.width / 2]))
        return time, locate(self.master.orbit, time, distance, 0.0)

"""``mt_extract_info``: dates, baselines, angles and parameters of a Doris stack.

Reads ``master.res`` and the ``slave.res`` of every slave; writes ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``
(small baselines), ``bperp.1.in``, ``bperp_<yyyymmdd>.1.in``, ``look_angle.1.in``, ``heading.1.in``, ``lambda.1.in``,
``slc_osfactor.1.in`` and ``parms.mat``.

Baselines and look angles come from the orbits of the result files (:mod:`stamps.insar.orbits`), at 50 × 50 nodes of the
image and the heights 0 m and 1000 m.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, sections 6 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.doris import find_stack, read_image
from stamps.frontends.header_ranges import judge_baselines, refuse
from stamps.frontends.project import initialise_parameters
from stamps.frontends.text_headers import GRID_HEIGHTS, GRID_NODES, grid_text, write_headers
from stamps.insar.orbits import bearing, locate, look_angle, perpendicular_baseline
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.doris import Image
    from stamps.insar.orbits import Orbit


__all__ = ["mt_extract_info"]


@reserving
def mt_extract_info(workdir: Workspace | StrPath = ".") -> None:
    """Write the text headers of a Doris stack and start its parameters afresh.

    Parameters
    ----------
    workdir : path-like or Workspace
        The directory ``INSAR_<master>``, or its ``SMALL_BASELINES``.

    Raises
    ------
    InputError
        A result file is missing or lacks a value.
    """
    ws = Workspace.at(workdir)
    stack = find_stack(ws.path)
    master = stack.master
    if not master.width:
        raise InputError(f"The result file {master.path} has no section crop: the size of the image is unknown.")
    nodes = _Nodes(master)
    grids = [_baselines(nodes, stack.slave(date)) for date in stack.dates]
    centre = [nodes.centre_baseline(read_image(stack.slave(date)).orbit) for date in stack.dates]
    refuse(judge_baselines(f"the result files of {stack.root}", grids))
    with ws.publish():
        write_headers(ws, stack.dates, master.date, centre, nodes.heading(), master.wavelength, stack.pairs)
        for date, grid in zip(stack.dates, grids, strict=True):
            ws.write_text(f"bperp_{date}.1.in", grid_text(*grid))
        ws.write_text("look_angle.1.in", grid_text(*np.degrees(nodes.look_angles())))
        ws.write_text("slc_osfactor.1.in", f"{master.oversampling}\n")
        initialise_parameters(ws, stack.small_baselines)


def _baselines(nodes: _Nodes, path: StrPath) -> NDArray[np.float64]:
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

    def _radar(
        self, line: NDArray[np.float64], sample: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Azimuth time and slant range of positions in the image."""
        image = self.master
        return image.first_time + line * image.line_time, image.first_range + sample * image.range_spacing

    def baselines(self, slave: Orbit) -> NDArray[np.float64]:
        """Perpendicular baselines in metres, (2, 50, 50)."""
        values = [perpendicular_baseline(self.master.orbit, slave, self.time, point) for point in self.points]
        return np.reshape(values, (len(GRID_HEIGHTS), GRID_NODES, GRID_NODES))

    def look_angles(self) -> NDArray[np.float64]:
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

    def _centre(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Azimuth time and ground point of the middle of the image, at height 0 m."""
        time, distance = self._radar(np.array([self.master.length / 2]), np.array([self.master.width / 2]))
        return time, locate(self.master.orbit, time, distance, 0.0)

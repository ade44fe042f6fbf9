"""The reference pixels of a project: those inside the box or circle that its parameters describe.

Reads ``psver``, ``ps2`` (``lonlat``, ``ll0``, ``xy``). Parameters: ``ref_x``, ``ref_y`` (if present), ``ref_lon``,
``ref_lat``, ``ref_centre_lonlat``, ``ref_radius``.

Source: docs/method/scla.md, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.reference import between, in_area
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

__all__ = ["announced_reference_pixels", "reference_pixels"]


def announced_reference_pixels(
    ps: Mapping | None = None, workdir: PathLike | str | Workspace = "."
) -> np.ndarray | None:
    """Find the reference pixels and say how many there are; see :func:`reference_pixels`."""
    ws = Workspace.at(workdir)
    reference = reference_pixels(ps, ws)
    if reference is not None:
        Log(ws, "PS_SETREF")(f"{reference.size} ref PS selected", level=2)
    return reference


def reference_pixels(ps: Mapping | None = None, workdir: PathLike | str | Workspace = ".") -> np.ndarray | None:
    """Find the reference pixels.

    Parameters
    ----------
    ps : dict, optional
        Points of another data set (``lonlat``, degrees) that are searched instead of the project's pixels; if none of
        them is inside, all of them are returned.
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of int64 or None
        0-based pixel numbers in ascending order; None when ``ref_radius`` is -Inf: nothing is to be referenced.

    Raises
    ------
    ParameterError
        No pixel of the project is inside the reference area.
    """
    ws = Workspace.at(workdir)
    parameters = Parameters(ws)
    stored = ws.load(f"ps{ws.version}", ["lonlat", "ll0", "xy"])
    points = stored if ps is None else ps
    get: Callable[[str], Any] = parameters.get
    ref_x = get("ref_x")
    if ref_x is not None and np.size(ref_x) and ps is None:
        ref_y = get("ref_y")
        if ref_y is None or np.size(ref_x) != 2 or np.size(ref_y) != 2:
            raise ParameterError(
                "ref_x and ref_y must both be two numbers, a lower and an upper limit in metres: set both "
                "(setparm ref_y '[0 500]' 1) or delete ref_x (setparm ref_x '[]' -1)."
            )
        inside = between(stored["xy"][:, 1], ref_x) & between(stored["xy"][:, 2], ref_y)
        names = "ref_x and ref_y"
    else:
        radius = get("ref_radius")
        if radius == -np.inf:
            return None
        inside = in_area(
            points["lonlat"],
            get("ref_lon"),
            get("ref_lat"),
            get("ref_centre_lonlat"),
            radius,
            stored["ll0"],
        )
        names = "ref_lon, ref_lat, ref_centre_lonlat and ref_radius"
    reference = np.flatnonzero(inside)
    if reference.size == 0 and ps is not None:
        reference = np.arange(len(points["lonlat"]))
    if reference.size == 0:
        raise ParameterError(
            f"No pixel of {ws.path} is in the reference area: change {names} (setparm) so that it contains pixels."
        )
    return reference

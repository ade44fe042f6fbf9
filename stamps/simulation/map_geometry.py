"""Geometry of a simulated stack on its map: lines of sight from the orbit of an image, angles, heights, ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.insar.orbits import zero_doppler_time
from stamps.simulation.map_cells import MapCells, projection
from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import SnapStack
from stamps.simulation.state_vectors import earth_fixed, orbit_of

__all__ = ["flattening_phase", "line_of_sight", "static_layers"]

_BLOCK = 100_000  # points at a time
_OUTSIDE = 127  # of the mask


def static_layers(
    stack: SnapStack, image: int, cells: MapCells, inside: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    """Layers that do not change from date to date, of the names and types of OPERA's static products.

    Parameters
    ----------
    stack : SnapStack
    image : int
        Whose orbit looks at the cells.
    cells : MapCells
    inside : ndarray of bool, shape (length, width)
        Cells that have values; others are NaN, in the mask 127.

    Returns
    -------
    dict
        ``los_east``, ``los_north`` (target to sensor, float32), ``local_incidence_angle`` (against the slope, degrees, float32),
        ``layover_shadow_mask`` (int8), ``z`` (m, float32).
    """
    height = cells.from_radar(stack.geometry("_dem.rdc"), np.nan)
    east, north, up = np.full((3, *inside.shape), np.nan)
    east[inside], north[inside], up[inside] = line_of_sight(stack.plan, image, cells, inside, height[inside])
    slope = np.gradient(stack.geometry("_dem.rdc").astype(float), stack.plan.geometry.ground_spacing, axis=1)
    local = np.degrees(np.arccos(up) + np.arctan(cells.from_radar(slope, 0.0)))
    layers = {"los_east": east, "los_north": north, "local_incidence_angle": local, "z": height}
    return {
        **{name: np.where(inside, layer, np.nan).astype(np.float32) for name, layer in layers.items()},
        "layover_shadow_mask": np.where(inside, 0, _OUTSIDE).astype(np.int8),
    }


def line_of_sight(
    plan: StackPlan, image: int, cells: MapCells, inside: npt.NDArray[np.bool_], height: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Unit vectors from cells to the satellite: east, north, up against the ellipsoid, shape (3, n)."""
    rows, columns = np.nonzero(inside)
    lon, lat = projection(cells.epsg).transform(cells.x[columns], cells.y[rows], direction="INVERSE")
    lam, phi = np.radians(lon), np.radians(lat)
    point, orbit = earth_fixed(lam, phi, height), orbit_of(plan, image)
    ray = np.concatenate(
        [orbit.state(zero_doppler_time(orbit, block))[0] - block for block in _blocks(point)] or [np.empty((0, 3))]
    )
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    up = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
    east = np.stack([-np.sin(lam), np.cos(lam), np.zeros_like(lam)], axis=1)
    return np.stack([np.sum(ray * axis, axis=1) for axis in (east, np.cross(up, east), up)])


def _blocks(points: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    return [points[start : start + _BLOCK] for start in range(0, len(points), _BLOCK)]


def flattening_phase(plan: StackPlan, image: int, cells: MapCells) -> npt.NDArray[np.float64]:
    """Phase of the slant range of an image, wrapped, rad, shape (length, width); NaN where there is no radar pixel."""
    geometry, acquisitions = plan.geometry, plan.acquisitions
    across = acquisitions.across[image] + acquisitions.across_rate[image] * geometry.line_time
    down = acquisitions.down[image] + acquisitions.down_rate[image] * geometry.line_time
    parallel = across[:, None] * np.sin(geometry.look) + down[:, None] * np.cos(geometry.look)
    phase = 4 * np.pi / geometry.wavelength * (geometry.range - parallel)
    return cells.from_radar(np.angle(np.exp(1j * phase)), np.nan)

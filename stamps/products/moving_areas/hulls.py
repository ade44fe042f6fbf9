"""Outlines around points: discs, a hull that follows the points, the convex hull.

Source: docs/method/areas.md, section 4.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import Delaunay, QhullError

from stamps.errors import InputError
from stamps.insar.geometry import local2llh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HULLS", "outline_of", "shapely", "to_degrees"]

#: Kinds of outlines.
HULLS = ("buffer", "concave", "convex")


def shapely() -> Any:
    """The library of outlines; InputError where it is not installed."""
    try:
        return import_module("shapely")
    except ImportError:
        raise InputError(
            "Outlines of areas need shapely, which is not installed: pip install 'stamps-insar[data]'."
        ) from None


def outline_of(xy: NDArray[np.float64], hull: str, radius: float, reach: float) -> Any:
    """The outline of some points, in their units.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Metres.
    hull : str
        ``'buffer'``: discs of half the radius; ``'concave'``: triangles between neighbours with sides of at most twice the
        reach; ``'convex'``. Points on one line get discs in any case.
    radius, reach : float
        Metres.

    Returns
    -------
    shapely.MultiPolygon
        Valid, outer rings counter-clockwise.
    """
    lib = shapely()
    shape = None
    if hull == "convex":
        shape = lib.convex_hull(lib.multipoints(xy))
    elif hull == "concave":
        shape = _triangles(lib, xy, 2 * reach)
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or shape.area <= 0:
        shape = _discs(lib, xy, radius / 2)
    elif hull == "concave" and (outside := ~lib.intersects_xy(lib.buffer(shape, 1e-6 * radius), *xy.T)).any():
        shape = lib.union(shape, _discs(lib, xy[outside], radius / 2))
    return _oriented(lib, shape)


def _discs(lib: Any, xy: NDArray[np.float64], radius: float) -> Any:
    return lib.union_all(lib.buffer(lib.points(xy), radius, quad_segs=8))


def _triangles(lib: Any, xy: NDArray[np.float64], longest: float) -> Any:
    """The triangles between neighbours whose sides are short; None where there is none."""
    if len(xy) < 3:
        return None
    try:
        corners = xy[Delaunay(xy).simplices]
    except (QhullError, ValueError):
        return None
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    kept = corners[(sides <= longest).all(axis=1)]
    return lib.union_all(lib.polygons(kept)) if len(kept) else None


def _oriented(lib: Any, shape: Any) -> Any:
    orient = import_module("shapely.geometry.polygon").orient
    return lib.multipolygons(
        [orient(part) for part in lib.get_parts(lib.make_valid(shape)) if part.geom_type == "Polygon"]
    )


def to_degrees(shape: Any, origin: tuple[float, float]) -> Any:
    """An outline in local metres as longitude and latitude, which go on beyond 180 as those of the table do."""
    return shapely().transform(shape, lambda xy: local2llh(xy / 1000, origin))

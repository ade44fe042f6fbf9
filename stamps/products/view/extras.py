"""What a page may hold beside its own project: a base map, drawings, stations, another project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import wrapped_longitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.view.background import Picture
    from stamps.products.view.content import Content
    from stamps.products.view.overlays import Overlay
    from stamps.products.view.tiles import Tiles

__all__ = ["Extras", "Other", "check_overlap", "value_for"]


@dataclass(frozen=True)
class Other:
    """Another project beside the first.

    Attributes
    ----------
    content : Content
    pictures : list of Picture
    title : str
    stations : list of dict
        Stations of GNSS as this project sees them.
    """

    content: Content
    pictures: Sequence[Picture]
    title: str
    stations: Sequence[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Extras:
    """All of it.

    Attributes
    ----------
    tiles : Tiles or None
    overlays : list of Overlay
    stations : list of dict
    other : Other or None
    """

    tiles: Tiles | None = None
    overlays: Sequence[Overlay] = field(default_factory=list)
    stations: Sequence[dict[str, Any]] = field(default_factory=list)
    other: Other | None = None


def value_for(value: str | None, usual: str) -> str | None:
    """The value type of a velocity as another project calls it: of small baselines ``V-d``, else ``v-d``."""
    return value and (usual[0] + value[1:] if value[0] in "vV" else value)


def check_overlap(first: NDArray[np.float64], second: NDArray[np.float64], name: str) -> None:
    """Refuse a second project elsewhere.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n, 2) and (m, 2)
        Degrees.
    name : str
        Of the second.

    Raises
    ------
    InputError
        The boxes around the points have nothing in common.
    """
    low, high = np.nanmin(first, axis=0), np.nanmax(first, axis=0)
    lon = wrapped_longitude(second[:, 0], (low[0] + high[0]) / 2)
    west, east, (south, north) = np.nanmin(lon), np.nanmax(lon), (np.nanmin(second[:, 1]), np.nanmax(second[:, 1]))
    if west > high[0] or east < low[0] or south > high[1] or north < low[1]:
        raise InputError(
            f"{name} lies elsewhere ({west:.3f} to {east:.3f} E, {south:.3f} to {north:.3f} N; this project {low[0]:.3f} to "
            f"{high[0]:.3f} E, {low[1]:.3f} to {high[1]:.3f} N): compare projects whose areas overlap."
        )

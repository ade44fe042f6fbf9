"""Angles and the vector of the line of sight at the pixels.

Source: docs/method/dataset.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project

__all__ = ["heading_of", "incidence_of", "look_vector"]

_INCIDENCE_IN_LA = ("gamma", "snap", "gsar")  # single-master loaders that store the incidence angle as 'la'


def incidence_of(project: Project) -> NDArray[np.float64] | None:
    """Incidence angle of the pixels on the ground, radians, shape (n,); None where only the look angle is stored."""
    angle = project.ws.load_optional(project.file("inc"), ["inc"]).get("inc")
    processor = str(project.parameters.get("insar_processor")).strip().lower()
    if angle is None and not project.small_baselines and processor in _INCIDENCE_IN_LA:
        angle = project.ws.load_optional(project.file("la"), ["la"]).get("la")
    if angle is None or angle.shape != (project.ps["n_ps"],):
        return None
    return np.asarray(angle, dtype=np.float64)


def heading_of(project: Project) -> float | None:
    """Direction of flight, degrees clockwise from north; None where it is not known."""
    value = project.parameters.get("heading")
    known = value is not None and not isinstance(value, str) and np.size(value) == 1 and np.isfinite(value)
    return float(value) if known else None


def look_vector(
    incidence: NDArray[np.float64], heading: float | NDArray[np.float64], *, left: bool = False
) -> NDArray[np.float64]:
    """East, north and up part of the unit vector from the ground to the satellite.

    Parameters
    ----------
    incidence : ndarray, shape (n,)
        Radians.
    heading : float or ndarray
        Degrees clockwise from north.
    left : bool
        Whether the radar looks to the left.

    Returns
    -------
    ndarray, shape (n, 3)
    """
    side = -1.0 if left else 1.0
    angle = np.radians(heading)
    sine = side * np.sin(incidence)
    return np.stack([-sine * np.cos(angle), sine * np.sin(angle), np.cos(incidence)], axis=-1)

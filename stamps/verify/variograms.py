"""Which fitted variogram ranges mean something.

An exponential variogram c1 (1 - exp(-h/a)) + c2 without sill (c1 = 0) fits equally well with any range a, and one whose
range is far beyond the lags is a straight line of slope c1/a. The fit then leaves ``a`` where its iterations happen to
end. So ranges are compared on the arcs that the method itself accepts (docs/method/scn.md, section 2.1, item 5); sill
and nugget are compared on all arcs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["accepted", "determined"]

_NEEDED = ("a", "c1", "c2", "years", "mean_std")


def accepted(
    a: NDArray[np.float64],
    c1: NDArray[np.float64],
    c2: NDArray[np.float64],
    years: NDArray[np.float64],
    mean_std: float,
) -> NDArray[np.bool_]:
    """Mask of the fits that the method uses.

    Parameters
    ----------
    a, c1, c2 : ndarray
        Range (years), sill and nugget of each arc; NaN where none was fitted.
    years : ndarray
        Acquisition times in years.
    mean_std : float
        Mean standard deviation of the arcs.

    Returns
    -------
    ndarray of bool
    """
    mean_time = float(np.mean(years))
    with np.errstate(invalid="ignore"):
        mask = (a > mean_time / 50) & (a < 3 * mean_time)
        for value in (c1, c2):
            mask &= (value > mean_std / 50) & (value < 4 * mean_std)
    return mask


def determined(variable: str, value: NDArray[np.float32], content: Mapping[str, Any]) -> NDArray[np.float32]:
    """The values with NaN where the range is not determined; other variables as they are.

    Parameters
    ----------
    variable : str
    value : ndarray
    content : dict
        All variables of ``modeled_defo_edges.mat``.
    """
    if variable != "a" or any(name not in content or content[name].size == 0 for name in _NEEDED):
        return value
    a, c1, c2 = (np.asarray(content[name], dtype=np.float64) for name in ("a", "c1", "c2"))
    if any(fit.shape != value.shape for fit in (a, c1, c2)):
        return value
    mask = accepted(a, c1, c2, content["years"], float(np.ravel(content["mean_std"])[0]))
    return np.where(mask, value, np.float32(np.nan)).astype(value.dtype)

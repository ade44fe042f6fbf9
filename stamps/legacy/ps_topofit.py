"""``ps_topofit``: look-angle error, offset and temporal coherence of one pixel.

Source: docs/method/coherence.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.native.topofit import topofit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["ps_topofit"]


def ps_topofit(
    cpxphase: ArrayLike, bperp: ArrayLike, n_trial_wraps: float, plotflag: str = "n"
) -> tuple[float, float, float, NDArray[np.complex128]]:
    """Fit a slope against the baselines and an offset to the phases of one pixel.

    Parameters
    ----------
    cpxphase : (m,) complex array_like
        Phasors; zeros are left out.
    bperp : (m,) float array_like
        Perpendicular baselines in metres. Single baselines give results of single precision.
    n_trial_wraps : float
        Half width of the search in cycles over the range of the baselines.
    plotflag : str
        ``'y'`` shows phases and fit against the baselines (needs matplotlib).

    Returns
    -------
    K0, C0 : float
        Slope in rad/m and offset in rad.
    coh0 : float
        Temporal coherence.
    phase_residual : (k,) complex array
        Phasors (without the zeros) minus the slope; the offset is not removed.

    Raises
    ------
    InputError
        The lengths differ, or fewer than two baselines are left.

    Examples
    --------
    >>> from stamps import ps_topofit
    >>> bperp = np.array([-120.0, -60.0, -10.0, 40.0, 90.0, 150.0])
    >>> slope, offset, coherence, residual = ps_topofit(np.exp(1j * (0.01 * bperp + 0.3)), bperp, 2)
    >>> round(float(slope), 3), round(float(offset), 2), round(float(coherence), 3)
    (0.01, 0.3, 1.0)
    """
    z, b = np.asarray(cpxphase).ravel(), np.asarray(bperp).ravel()
    if z.size != b.size:
        raise InputError(f"ps_topofit needs as many phasors as baselines, but got {z.size} and {b.size}.")
    z = z.astype(np.complex64 if z.dtype == np.complex64 else np.complex128)
    z, b = z[z != 0], b[z != 0]
    if z.size == 0 or b.min() == b.max():
        raise InputError("ps_topofit needs non-zero phasors at two or more different baselines.")
    slope, offset, coherence, residual = topofit(z[np.newaxis], b, n_trial_wraps)
    if plotflag == "y":
        _plot(z, b, slope[0], offset[0], coherence[0])
    return float(slope[0]), float(offset[0]), float(coherence[0]), residual[0]


def _plot(
    z: NDArray[np.complexfloating[Any, Any]],
    b: NDArray[np.floating[Any]],
    slope: float,
    offset: float,
    coherence: float,
) -> None:
    """Show the phases and the fitted line, wrapped."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise InputError("ps_topofit with plotflag 'y' needs matplotlib: pip install matplotlib.") from error
    line = np.linspace(b.min(), b.max(), 1000)
    figure, axes = pyplot.subplots()
    axes.plot(line, np.angle(np.exp(1j * (slope * line + offset))), ".", markersize=2)
    axes.plot(b, np.angle(z), "o")
    axes.set(xlabel="perpendicular baseline (m)", ylabel="phase (rad)", title=f"coherence {coherence:.3f}")
    pyplot.show()

"""How interferograms are unwrapped: what the parts of step 6 are told.

Source: docs/method/unwrapping.md, sections 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GridSettings", "SpaceTimeSettings"]


@dataclass(frozen=True)
class GridSettings:
    """How pixels are resampled to a grid, and how it is filtered.

    Attributes
    ----------
    pix_size : float
        Cell size in metres; 0 means that the pixels are on a grid already.
    window : int
        Window of the filter in cells.
    alpha : float
        Goldstein exponent.
    goldstein, low_pass : bool
        Apply the Goldstein filter; keep a low-passed version.
    """

    pix_size: float = 5
    window: int = 16
    alpha: float = 0.8
    goldstein: bool = False
    low_pass: bool = False


@dataclass(frozen=True)
class SpaceTimeSettings:
    """How the phase of edges is separated into a smooth part and noise.

    Attributes
    ----------
    method : str
        2D, 3D_NO_DEF, 3D_FULL, 3D_QUICK, 3D_SMALL_DEF in upper case; anything else: 3D.
    time_win : float
        Smoothing time, days.
    look_angle : bool
        Estimate the look-angle error of edges.
    n_trial_wraps : float
        Its search range, cycles over the range of the baselines.
    window : int
        Window of the fringe frequencies, cells.
    fringe_frequencies : bool
        Use them where the temporal estimate is poor.
    n_temp_wraps : float
        Search range of the temperature term, cycles over the range of temperatures.
    max_bperp_for_temp_est : float
        Largest baseline of the interferograms that the temperature term is estimated from, metres.
    seed : int
        Random numbers of the 3D annealing.
    """

    method: str
    time_win: float
    look_angle: bool = True
    n_trial_wraps: float = 6
    window: int = 16
    fringe_frequencies: bool = True
    n_temp_wraps: float = 2
    max_bperp_for_temp_est: float = 100
    seed: int = 0

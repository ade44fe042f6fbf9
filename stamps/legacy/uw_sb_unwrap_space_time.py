"""Estimate the unwrapped phase difference of each edge and its noise from the behaviour in time.

Reads ``uw_grid.mat`` and ``uw_interp.mat``; writes ``uw_space_time.mat``: ``dph_space_uw`` (unwrapped phase of edges,
radians), ``dph_noise`` (its noisy part; all NaN: no statistics), ``G spread ifreq_ij jfreq_ij shaky_ix predef_ix`` (the
methods 2D and 3D_NO_DEF write the first, ``spread`` and ``dph_noise`` only). The 3D annealing saves
``uw_unwrap_time.mat`` every 1000 edges.

Source: docs/method/unwrapping.md, section 5; Hooper (2010), Fringe 2009 (statistical-cost unwrapping of time series).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.linalg
import scipy.sparse

from stamps.errors import InputError
from stamps.insar.network import design_matrix
from stamps.insar.phase import angle, divided, modulus, product, rotated
from stamps.legacy.uw_sb_smooth_unwrap import uw_sb_smooth_unwrap
from stamps.matlab.statistics import cov, std
from stamps.native.slope_search import slope_search
from stamps.steps.unwrapping.look_angle import search_series
from stamps.steps.unwrapping.settings import SpaceTimeSettings
from stamps.steps.unwrapping.spatial_gradients import node_frequencies, replace_shaky
from stamps.steps.unwrapping.time_smoothing import full_network_smooth, noise_of, series_smooth, smooth_of_series
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.steps.unwrapping.look_angle import Search
    from stamps.workspace.directory import Variables


__all__ = ["uw_sb_unwrap_space_time"]

_LOWEST_COHERENCE = np.float32(0.31)
_NOISE_LIMIT = {"3D_FULL": 1.2, "3D_QUICK": 1.3, "3D_SMALL_DEF": 1.3}
_SAVE_EVERY = 1000

#: Largest values of the five parameters of the annealing model, in units of pi.
_ANNEALING_LIMITS = (0.5, 0.25, 1, 0.25, 1)


def uw_sb_unwrap_space_time(
    day: NDArray[np.float64],
    ifgday_ix: NDArray[np.int64],
    unwrap_method: str,
    time_win: float,
    la_flag: str = "y",
    bperp: NDArray[np.floating[Any]] | None = None,
    n_trial_wraps: float = 6,
    prefilt_win: int = 16,
    scf_flag: str = "y",
    temp: NDArray[np.floating[Any]] | None = None,
    n_temp_wraps: float = 2,
    max_bperp_for_temp_est: float = 100,
    workdir: Workspace | StrPath = ".",
    seed: int = 0,
) -> None:
    """Separate the phase of each edge into a smooth part and noise.

    Parameters
    ----------
    day : ndarray of float64, shape (n_image,)
        Days of all images.
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)
        First and second image of each interferogram.
    unwrap_method : str
        2D, 3D_NO_DEF, 3D_FULL, 3D_QUICK, 3D_SMALL_DEF; anything else: 3D.
    time_win : float
        Smoothing time, days.
    la_flag : {'y', 'n'}
        Estimate the look-angle error of edges.
    bperp : ndarray, shape (n_ifg,), optional
        Perpendicular baselines, metres; needed for `la_flag` 'y'.
    n_trial_wraps : float
        Search range of the look-angle error, cycles over the range of the baselines.
    prefilt_win : int
        Window of the fringe frequencies, cells.
    scf_flag : {'y', 'n'}
        Use fringe frequencies where the temporal estimate is poor.
    temp : ndarray, shape (n_ifg,), optional
        Temperature differences.
    n_temp_wraps : float
        Search range of the temperature term, cycles over the range of temperatures.
    max_bperp_for_temp_est : float
        Largest baseline of the interferograms that the temperature term is estimated from, metres.
    workdir : path-like or Workspace
    seed : int
        Random numbers of the 3D annealing.

    Raises
    ------
    InputError
        Baselines are missing, or too long for the temperature term.
    """
    settings = SpaceTimeSettings(
        method=unwrap_method.upper(),
        time_win=time_win,
        look_angle=la_flag.lower() == "y",
        n_trial_wraps=n_trial_wraps,
        window=int(prefilt_win),
        fringe_frequencies=scf_flag.lower() == "y",
        n_temp_wraps=n_temp_wraps,
        max_bperp_for_temp_est=max_bperp_for_temp_est,
        seed=seed,
    )
    unwrap_space_time(Workspace.at(workdir), Network.of(ifgday_ix, day), settings, bperp, temp)


def unwrap_space_time(
    ws: Workspace,
    network: Network,
    settings: SpaceTimeSettings,
    bperp: NDArray[np.floating[Any]] | None = None,
    temp: NDArray[np.floating[Any]] | None = None,
) -> None:
    """Body of :func:`uw_sb_unwrap_space_time`, which describes the arguments."""
    log = Log(ws, "uw_sb_unwrap_space_time")
    log("Unwrapping in time-space", 2)
    grid = ws.load("uw_grid", ["ph", "ph_lowpass", "ph_uw_predef", "nzix"])
    edges = ws.load("uw_interp", ["edgs"])["edgs"][:, 1:]
    dph = edge_phasors(grid["ph"], edges)
    held = edge_differences(grid["ph_uw_predef"], edges)
    predef_ix = None if held is None else ~np.isnan(held)

    slopes = Slopes()
    if temp is not None:
        dph, held = slopes.fit_temperature(
            dph, held, temp, bperp, settings.n_temp_wraps, settings.max_bperp_for_temp_est
        )
    if settings.look_angle:
        if bperp is None:
            raise InputError("The look-angle error of edges needs perpendicular baselines: give bperp, or la_flag 'n'.")
        log(f"Estimating look angle error (num trial wraps = {float(settings.n_trial_wraps):f})", 2)
        search = search_series(dph, network.ifgday_ix, bperp, network.day, settings.n_trial_wraps)
        dph, held = slopes.fit_look_angle(dph, held, bperp, search)

    method = settings.method
    spread = scipy.sparse.csc_matrix(dph.shape, dtype=np.float64)
    if method in ("2D", "3D_NO_DEF"):
        noise = angle(dph)
        saved = {"dph_space_uw": slopes.added(noise), "spread": spread, "dph_noise": noise if method != "2D" else None}
        ws.save("uw_space_time", saved, append=False)
        return
    log("Smoothing", 2)
    annealing = Annealing(ws, grid, edges, settings.seed)
    smooth = _smooth_phase(method, dph, held, network, settings.time_win, annealing)
    phase, noise = with_noise(smooth, dph, _NOISE_LIMIT.get(method))
    phase = slopes.added(phase)
    shaky_ix = ifreq_ij = jfreq_ij = None
    if settings.fringe_frequencies:
        ifreq_ij, jfreq_ij = node_frequencies(grid["ph"], grid["nzix"], settings.window)
        shaky_ix, spread = replace_shaky(phase, noise, ifreq_ij, jfreq_ij, edges, grid["nzix"])
        shaky_ix = shaky_ix.reshape(-1, 1)
    ws.save(
        "uw_space_time",
        {
            "dph_space_uw": phase,
            "dph_noise": noise,
            "G": network.design,
            "spread": spread,
            "ifreq_ij": ifreq_ij,
            "jfreq_ij": jfreq_ij,
            "shaky_ix": shaky_ix,
            "predef_ix": predef_ix,
        },
        append=False,
    )


def _smooth_phase(
    method: str,
    dph: NDArray[np.complex64],
    held: NDArray[np.float32] | None,
    network: Network,
    time_win: float,
    annealing: Annealing,
) -> NDArray[np.float32]:
    """Smooth part of the phase of the edges: (n_edge, n_ifg) float32 (docs/method/unwrapping.md, section 5.5)."""
    if method == "3D_FULL":
        return full_network_smooth(dph, network.ifgday_ix, network.day, time_win)
    series = series_smooth(dph, network.design, network.day, time_win, held)
    smooth = smooth_of_series(network.design, series)
    if method in _NOISE_LIMIT:
        return smooth
    return smooth_of_series(network.design, annealing.improved(series, noise_of(dph, smooth), dph, network))


def with_noise(
    smooth: NDArray[np.float32], dph: NDArray[np.complex64], limit: float | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Phase of edges as smooth part plus noise; no statistics where the noise is too large.

    Parameters
    ----------
    smooth : ndarray of float32, shape (n_edge, n_ifg)
    dph : ndarray of complex64, shape (n_edge, n_ifg)
    limit : float or None
        Largest standard deviation of the noise of an edge, radians.

    Returns
    -------
    phase, noise : ndarray of float32, shape (n_edge, n_ifg)
        NaN rows where the noise exceeds the limit.
    """
    noise = noise_of(dph, smooth)
    if limit is not None:
        with np.errstate(invalid="ignore"):
            noise[std(noise, axis=1) > np.float32(limit)] = np.nan
    return smooth + noise, noise


class Network(NamedTuple):
    """Interferograms and the images that occur in them.

    ``ifgday_ix`` pairs (n_ifg, 2), ``day`` days (n_image,), ``design`` (n_ifg, n_image) -1 at first, 1 at second image.
    """

    ifgday_ix: NDArray[np.int64]
    day: NDArray[np.float64]
    design: NDArray[np.float64]

    @classmethod
    def of(cls, ifgday_ix: NDArray[np.int64], day: NDArray[np.float64]) -> Network:
        """Leave out (and number without) images that occur in no interferogram."""
        used, number = np.unique(ifgday_ix, return_inverse=True)
        number = number.reshape(-1, 2)
        return cls(number, np.asarray(day, np.float64)[used], design_matrix(number, len(used)))


def edge_phasors(ph: NDArray[np.complex64], edges: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Unit phasors of the phase differences of edges, high node minus low: (n_edge, n_ifg) complex64."""
    dph = product(ph[edges[:, 1]], ph[edges[:, 0]].conj())
    return divided(dph, modulus(dph))


def edge_differences(ph_uw_predef: NDArray[np.float32] | None, edges: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Held phase differences of edges, NaN where one node is free; None if nothing is held."""
    if ph_uw_predef is None:
        return None
    return ph_uw_predef[edges[:, 1]] - ph_uw_predef[edges[:, 0]]


class Term(NamedTuple):
    """Phase of edges that is proportional to baseline or temperature.

    ``slope`` (n_edge,) float32, radians per metre or degree; ``abscissa`` (n_ifg,) metres or degrees.
    """

    slope: NDArray[np.float32]
    abscissa: NDArray[np.floating[Any]]

    def phase(self, some: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.floating[Any]]:
        """Radians of some edges (default: all), shape (n, n_ifg)."""
        return product(self.slope[some, np.newaxis], self.abscissa)

    def taken_from(
        self, dph: NDArray[np.complex64], held: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.complex64], NDArray[np.float32] | None]:
        """What is left of phasors and of held phase differences without the term."""
        phase = self.phase()
        return rotated(dph, phase), None if held is None else held - phase


class Slopes:
    """Terms of edges that are proportional to baseline or temperature: found, taken away, and added again.

    Attributes
    ----------
    look_angle, temperature : Term or None
        What was found.
    """

    def __init__(self) -> None:
        self.look_angle: Term | None = None
        self.temperature: Term | None = None

    def fit_temperature(
        self,
        dph: NDArray[np.complex64],
        held: NDArray[np.float32] | None,
        temp: NDArray[np.floating[Any]],
        bperp: NDArray[np.floating[Any]] | None,
        n_temp_wraps: float,
        max_bperp: float,
    ) -> tuple[NDArray[np.complex64], NDArray[np.float32] | None]:
        """Estimate the temperature term from short baselines (None: all are); returns the rest of `dph` and `held`."""
        temp = np.asarray(temp, np.float64)
        near = np.zeros(len(temp)) if bperp is None else np.abs(bperp)
        short = np.flatnonzero(near < max_bperp)
        if short.size == 0:
            raise InputError(
                f"No interferogram has a perpendicular baseline below {max_bperp:g} m: the temperature term cannot be "
                "estimated, so raise max_bperp_for_temp_est or leave out temp."
            )
        wraps = n_temp_wraps * np.ptp(temp[short]) / np.ptp(temp)
        self.temperature = Term(_slopes_of(dph[:, short], temp[short], wraps), temp)
        return self.temperature.taken_from(dph, held)

    def fit_look_angle(
        self,
        dph: NDArray[np.complex64],
        held: NDArray[np.float32] | None,
        bperp: NDArray[np.floating[Any]],
        search: Search,
    ) -> tuple[NDArray[np.complex64], NDArray[np.float32] | None]:
        """Estimate the look-angle term; returns the rest of `dph` and `held`.

        Where there is no look-angle term the temperature term is given up as well, and the reverse.
        """
        slope = _slopes_of(search.phasors, search.baselines, search.n_trial_wraps)
        if self.temperature is not None:
            back = slope == 0
            dph[back] = rotated(dph[back], self.temperature.phase(back), sign=1)
            self.temperature.slope[back] = 0
            slope[self.temperature.slope == 0] = 0
        self.look_angle = Term(slope, np.asarray(bperp))
        return self.look_angle.taken_from(dph, held)

    def added(self, phase: NDArray[np.float32]) -> NDArray[np.float32]:
        """`phase` plus the terms that were found, float32."""
        for term in (self.look_angle, self.temperature):
            if term is not None:
                phase = phase + term.phase()
        return phase


def _slopes_of(
    dph: NDArray[np.complex64], abscissa: NDArray[np.floating[Any]], n_trial_wraps: float
) -> NDArray[np.float32]:
    """Slopes of series, 0 where their coherence is too low."""
    slope, coherence = slope_search(dph, abscissa, n_trial_wraps)
    slope[coherence < _LOWEST_COHERENCE] = 0
    return slope


class Annealing(NamedTuple):
    """The annealing of noisy edges by the methods 3D and 3D_NEW (docs/method/unwrapping.md, section 5.5.3)."""

    workspace: Workspace
    grid: Variables
    edges: NDArray[np.int64]
    seed: int

    def improved(
        self, series: NDArray[np.float32], noise: NDArray[np.float32], dph: NDArray[np.complex64], network: Network
    ) -> NDArray[np.float32]:
        """Series with the edges of large noise fitted anew: (n_image, n_edge) float32."""
        bad = np.flatnonzero(std(noise, axis=1) > 1)
        weights = noise_weights(self.grid["ph"], self.grid["ph_lowpass"], self.edges)
        day = network.day
        tau = (day - day[0]) * (len(day) - 1) / (day[-1] - day[0])
        limit = np.pi * np.array(_ANNEALING_LIMITS)
        bounds = np.column_stack([-limit, limit])
        for start in range(0, len(bad), _SAVE_EVERY):
            some = bad[start : start + _SAVE_EVERY]
            phase = angle(dph[some])
            series[:, some] = uw_sb_smooth_unwrap(
                bounds, None, network.design, weights, phase, tau, (self.seed, start)
            ).T
            if len(some) == _SAVE_EVERY:
                content = {"G": network.design, "dph_space": dph, "dph_smooth_series": series}
                self.workspace.save("uw_unwrap_time", content, append=False)
        return series


def noise_weights(
    ph: NDArray[np.complex64], ph_lowpass: NDArray[np.complex64], edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Whitening matrix of the noise of edges about the low-passed phase: (n_ifg, n_ifg) float64.

    The upper Cholesky factor of the inverse covariance, or the reciprocal standard deviations if there is none.
    """
    noise = angle(product(ph, ph_lowpass.conj()))
    covariance = cov(noise[edges[:, 1]] - noise[edges[:, 0]]).astype(np.float64)
    try:
        return scipy.linalg.cholesky(np.linalg.inv(covariance), lower=False)
    except np.linalg.LinAlgError:
        return np.diag(1 / np.sqrt(np.diag(covariance)))

"""Temporal coherence of candidates (step 2): patch phase, look-angle error, weights. Pure array functions.

Source: docs/method/coherence.md; Hooper, Segall and Zebker, JGR 112, B07407 (2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.insar.constants import LOW_COHERENCE_BINS
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.filters import fir_filter, gausswin
from stamps.matlab.interpolation import interp
from stamps.matlab.statistics import hist
from stamps.native.clap import filter_stack
from stamps.native.grid_accumulate import accumulate
from stamps.native.phasors import phasors
from stamps.native.random_coherence import COHERENCE_BINS
from stamps.native.topofit import topofit

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "Candidates",
    "ClapSettings",
    "CoherenceState",
    "coherence_weights",
    "estimate_patch_phase",
    "estimate_topography",
    "grid_cells",
    "random_probability",
    "snr_weights",
    "unit_phasors",
    "update_change",
]

_PIXELS_AT_ONCE = 100_000  # and a message each
_ROWS_AT_ONCE = 4096  # of a thread: what it computes with stays in the processor's cache


@dataclass(frozen=True)
class ClapSettings:
    """Filter of the patch phase: window with padding (cells, a multiple of 8), exponent α, weight β."""

    window: int
    alpha: float
    beta: float


@dataclass(frozen=True)
class Candidates:
    """Input without the master: unit phasors (n, m) complex64 in row-major order, baselines, coordinates."""

    phasors: np.ndarray
    amplitude: np.ndarray | None
    bperp: np.ndarray
    bperp_mat: np.ndarray
    xy: np.ndarray
    D_A: np.ndarray
    pairs: np.ndarray | None
    n_image: int | None

    @property
    def n_ps(self) -> int:
        """Number of candidates."""
        return self.phasors.shape[0]

    @property
    def n_low(self) -> int:
        """Number of first bins of coherence in which all candidates count as random."""
        return LOW_COHERENCE_BINS[self.pairs is not None]


@dataclass
class CoherenceState:
    """What the iteration changes; per pixel unless stated."""

    weight: np.ndarray
    Nr: np.ndarray  # (100,) histogram of random coherence, rescaled
    Nr_max_nz_ix: int
    K_ps: np.ndarray
    C_ps: np.ndarray
    coh_ps: np.ndarray
    coh_ps_save: np.ndarray
    N_opt: np.ndarray
    ph_res: np.ndarray
    ph_patch: np.ndarray
    i_loop: int = 1
    gamma_change_save: float = 0.0
    ph_weight: np.ndarray | None = None
    ph_grid: np.ndarray | None = None  # (n_i, n_j, m)

    @classmethod
    def new(cls, data: Candidates, nr: NDArray[np.float64], weight: NDArray[np.float64]) -> CoherenceState:
        """State before the first iteration."""
        shape = data.phasors.shape
        return cls(
            weight=weight,
            Nr=nr,
            Nr_max_nz_ix=int(np.flatnonzero(nr)[-1]),
            K_ps=np.zeros(shape[0]),
            C_ps=np.zeros(shape[0]),
            coh_ps=np.zeros(shape[0]),
            coh_ps_save=np.zeros(shape[0]),
            N_opt=np.zeros(shape[0]),
            ph_res=np.zeros(shape, dtype=np.float32),
            ph_patch=np.zeros(shape, dtype=np.complex64),
        )


def unit_phasors(ph: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Phasors of unit modulus (zeros stay 0) and their amplitudes (zeros become 1), both single, in row-major order."""
    ph = np.ascontiguousarray(ph, dtype=np.complex64)
    amplitude = np.abs(ph)
    amplitude[amplitude == 0] = 1
    ph.real /= amplitude
    ph.imag /= amplitude
    return ph, amplitude


def grid_cells(xy: NDArray[np.float32], grid_size: float) -> NDArray[np.int64]:
    """Grid cell of each pixel, (n, 2) int64 rows and columns from 0; all arithmetic is single, which decides cells.

    The last row and column of cells are merged into those before them.
    """
    cells = np.empty(xy.shape, dtype=np.int64)
    for axis, column in enumerate((1, 0)):
        offset = xy[:, column].astype(np.float32)
        offset = offset - offset.min() + np.float32(1e-6)
        cell = np.ceil(offset / np.float32(grid_size)).astype(np.int64)
        last = cell.max()
        cell[cell == last] = max(last - 1, 1)
        cells[:, axis] = cell - 1
    return cells


def estimate_patch_phase(
    state: CoherenceState,
    data: Candidates,
    grid_ij: NDArray[np.int64],
    lowpass: NDArray[np.float64],
    clap: ClapSettings,
) -> None:
    """Grid the weighted phasors, filter the grids, and take the phase of each pixel's cell."""
    if state.ph_weight is None:  # from the second iteration on arrays are filled again
        state.ph_weight = np.empty_like(data.phasors)
    _weigh_phasors(data, state.K_ps, state.weight, state.ph_weight)
    n_i, n_j = grid_ij.max(axis=0) + 1
    cells = grid_ij[:, 0] * n_j + grid_ij[:, 1]
    state.ph_grid = accumulate(state.ph_weight, cells, n_i * n_j).reshape(n_i, n_j, -1)
    n_win, n_pad = clap.window * 3 // 4, clap.window // 4
    filtered = filter_stack(state.ph_grid, clap.alpha, clap.beta, n_win, n_pad, lowpass)
    np.take(filtered.reshape(n_i * n_j, -1), cells, axis=0, out=state.ph_patch)
    _normalise(state.ph_patch)


def _weigh_phasors(
    data: Candidates, K_ps: NDArray[np.float64], weight: NDArray[np.float64], result: NDArray[np.complex64]
) -> None:
    """Phasors without the look-angle error, times the weights: (n, m) complex64, each step in single precision."""

    def weigh(pixels: slice) -> None:
        z = data.phasors[pixels]
        model = phasors(K_ps[pixels, np.newaxis].astype(data.bperp_mat.dtype) * data.bperp_mat[pixels])
        factor = weight[pixels, np.newaxis].astype(np.float32)
        with np.errstate(invalid="ignore"):
            cosine, sine = (part.astype(np.float32, copy=False) for part in (model.real, model.imag))
            result.real[pixels] = (z.real * cosine + z.imag * sine) * factor
            result.imag[pixels] = (z.imag * cosine - z.real * sine) * factor

    _in_threads(weigh, data.n_ps)


def _normalise(z: NDArray[np.complex64]) -> None:
    """Divide complex numbers by their moduli in place; zeros stay."""

    def divide(pixels: slice) -> None:
        modulus = np.abs(z[pixels])
        modulus[modulus == 0] = 1
        z.real[pixels] /= modulus
        z.imag[pixels] /= modulus

    _in_threads(divide, z.shape[0])


def estimate_topography(state: CoherenceState, data: Candidates, n_trial_wraps: float) -> Iterator[int]:
    """Fit each pixel's look-angle error to its deviation from the patch phase.

    Pixels that have a zero in any interferogram get K NaN and γ 0 and keep their other values.

    Yields
    ------
    int
        After each full block: how many pixels are done.
    """
    for pixels in _blocks(data.n_ps):
        deviation, usable = _deviation(data.phasors[pixels], state.ph_patch[pixels])
        state.K_ps[pixels] = np.where(usable, state.K_ps[pixels], np.nan)
        state.coh_ps[pixels] = np.where(usable, state.coh_ps[pixels], 0)
        rows = np.flatnonzero(usable) + pixels.start
        if rows.size:
            if usable.all():  # nothing is copied
                bperp = data.bperp_mat[pixels]
            else:
                deviation, bperp = deviation[usable], data.bperp_mat[rows]
            fit = topofit(deviation, bperp, n_trial_wraps)
            state.K_ps[rows], state.C_ps[rows], state.coh_ps[rows], residual = fit
            state.ph_res[rows] = _angles(residual)
            state.N_opt[rows] = 1
        if pixels.stop <= data.n_ps:
            yield pixels.stop


def _deviation(
    phasors: NDArray[np.complex64], patch: NDArray[np.complex64]
) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
    """Phasors against the patch phase, and the pixels without a zero or NaN among them."""
    deviation, usable = np.empty_like(phasors), np.empty(phasors.shape[0], bool)

    def compare(part: slice) -> None:
        z, of_patch = phasors[part], patch[part]
        deviation.real[part] = z.real * of_patch.real + z.imag * of_patch.imag
        deviation.imag[part] = z.imag * of_patch.real - z.real * of_patch.imag
        usable[part] = np.all((deviation[part] != 0) & ~np.isnan(deviation[part]), axis=1)

    _in_threads(compare, phasors.shape[0])
    return deviation, usable


def _angles(z: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.floating[Any]]:
    """Angles of complex numbers."""
    result = np.empty(z.shape, z.real.dtype)

    def take(part: slice) -> None:
        result[part] = np.angle(z[part])

    _in_threads(take, z.shape[0])
    return result


def update_change(state: CoherenceState) -> float:
    """Change of the rms change of coherence between iterations."""
    gamma_change = float(np.sqrt(np.sum((state.coh_ps - state.coh_ps_save) ** 2) / state.coh_ps.size))
    change = gamma_change - state.gamma_change_save
    state.gamma_change_save = gamma_change
    state.coh_ps_save = state.coh_ps.copy()
    return change


def coherence_weights(state: CoherenceState, data: Candidates, snr: bool) -> NDArray[np.float64]:
    """Weights of the pixels for the next iteration; ``state.Nr`` is rescaled for P-square."""
    if snr:
        assert data.amplitude is not None, "kept for this weighting"
        return snr_weights(data.amplitude, state.ph_res)
    Na = hist(state.coh_ps, COHERENCE_BINS)
    low = slice(data.n_low if state.Nr[: data.n_low].any() else None)  # few interferograms: no random one may be low
    scale = Na[low].sum() / state.Nr[low].sum()
    p_random = random_probability(Na, state.Nr * scale, state.Nr_max_nz_ix, data.n_low)
    if scale > 0:  # else no pixel has low coherence; zeros could not be rescaled in the next iteration
        state.Nr = state.Nr * scale
    position = np.clip(round_half_away(1000 * state.coh_ps), 0, p_random.size - 1).astype(np.int64)
    return (1 - p_random[position]) ** 2


def random_probability(
    Na: NDArray[np.float64], Nr: NDArray[np.float64], Nr_max_nz_ix: int, n_low: int
) -> NDArray[np.float64]:
    """Probability that a pixel has random phase, at coherences 0, 0.001, …, 1.

    Parameters
    ----------
    Na, Nr : (100,) float64 array
        Histograms of the coherence of the candidates and of random pixels.
    Nr_max_nz_ix : int
        Last bin of ``Nr`` that is not empty.
    n_low : int
        Number of first bins in which all pixels count as random.

    Returns
    -------
    (1001,) float64 array
        The smoothing is causal, so the curve lies three bins late, and bin k is taken to lie at its upper edge.
    """
    p = np.minimum(Nr / np.where(Na == 0, 1, Na), 1)
    p[:n_low] = 1
    p[Nr_max_nz_ix + 1 :] = 0
    window = gausswin(7)
    smooth = (fir_filter(window, np.concatenate([np.ones(7), p])) / window.sum())[7:]
    return interp(np.concatenate([[1.0], smooth]), 10)[:-9]


def snr_weights(amplitude: NDArray[np.float32], ph_res: NDArray[np.float32]) -> NDArray[np.float64]:
    """Signal to noise ratio of the amplitudes of pixels, 0 where there is no noise; (n,) float64."""
    weight = np.zeros(ph_res.shape[0])
    for pixels in _blocks(ph_res.shape[0]):
        aligned = amplitude[pixels] * np.cos(ph_res[pixels].astype(np.float64)).astype(np.float32)
        signal = np.mean(aligned, axis=1, dtype=np.float64).astype(np.float32)
        power = np.mean(amplitude[pixels] ** 2, axis=1, dtype=np.float64).astype(np.float32)
        noise = np.sqrt(np.maximum(power - signal**2, 0) * np.float32(0.5))
        weight[pixels] = np.divide(signal, noise, out=np.zeros_like(signal), where=noise != 0)
    return weight


def _in_threads(compute: Callable[[slice], None], n: int) -> None:
    """Call for some of n rows at a time, on all cores; NumPy lets threads run side by side.

    A device computes for one thread at a time, and for many rows.
    """
    on_device = native.backends.order("phasors")[0] == "cuda"
    parts = _blocks(n, _PIXELS_AT_ONCE if on_device else _ROWS_AT_ONCE)
    threads = 1 if on_device else min(native.n_threads(), len(parts))
    if threads < 2:
        for part in parts:
            compute(part)
        return
    with native.thread_pool(threads) as pool:
        for _ in pool.map(compute, parts):
            pass


def _blocks(n: int, size: int = _PIXELS_AT_ONCE) -> list[Any]:
    """Slices over n pixels; the last may reach beyond them."""
    return [slice(first, first + size) for first in range(0, n, size)]

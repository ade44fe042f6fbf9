"""Fit a slope and two seasonal terms to the phase of edges by simulated annealing.

Reads and writes no file. Source: docs/method/unwrapping.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.matlab.arithmetic import round_half_away

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["uw_sb_smooth_unwrap"]

_N_MODEL = 5
_RANDOM_MODELS = 100
_REPEATS = (1, 2, 4, 6, 10, 6, 4, 2, 1)
_LARGEST_EXPONENT = 708.3964185322641
_EDGES_AT_ONCE = 250


class Options(NamedTuple):
    """Annealing options: number of runs, divisions of the step, range of the critical-temperature offset."""

    runs: int = 15
    grid: int = 4
    first_ts: float = 2.0
    last_ts: float = 3.0


def uw_sb_smooth_unwrap(
    bounds: NDArray[np.float64],
    options: Options | None,
    G: NDArray[np.float64],
    W: NDArray[np.float64],
    dph: NDArray[np.float64],
    x1: NDArray[np.float64],
    seed: int | tuple[int, ...] = 0,
) -> NDArray[np.float64]:
    """Smooth phase series of edges.

    Parameters
    ----------
    bounds : ndarray of float64, shape (5, 2)
        Lowest and highest value of each parameter.
    options : Options or None
        None: 15 runs, grid 4.
    G : ndarray of float64, shape (n_ifg, n_image)
        -1 at the first image of each interferogram, 1 at the second.
    W : ndarray of float64, shape (n_ifg, n_ifg)
        Whitening matrix of the noise.
    dph : ndarray, shape (n_edge, n_ifg)
        Wrapped phase of edges, radians.
    x1 : ndarray of float64, shape (n_image,)
        Time, scaled to end at n_image - 1.
    seed : int or tuple of int
        Seed of the random numbers (the original used an unseeded stream: its results are reproducible statistically
        only).

    Returns
    -------
    ndarray of float64, shape (n_edge, n_image)
        The fitted series.
    """
    options = options or Options()
    bounds = np.asarray(bounds, np.float64)
    problem = Problem(np.asarray(G, np.float64), np.asarray(W, np.float64), np.asarray(x1, np.float64))
    generator = np.random.default_rng(seed)
    dph = np.atleast_2d(np.asarray(dph, np.float64))
    fitted = np.empty((len(dph), problem.time.size))
    for start in range(0, len(dph), _EDGES_AT_ONCE):
        block = dph[start : start + _EDGES_AT_ONCE]
        fitted[start : start + _EDGES_AT_ONCE] = problem.series(
            _best_models(problem, block, bounds, options, generator)
        )
    return fitted


class Problem(NamedTuple):
    """Design matrix, whitening matrix and times of a fit."""

    design: NDArray[np.float64]
    weights: NDArray[np.float64]
    time: NDArray[np.float64]

    def series(self, models: ArrayLike) -> NDArray[np.float64]:
        """Model series f(tau): models (..., 5) -> (..., n_image)."""
        n = self.time.size
        slope, once, lag_once, twice, lag_twice = np.moveaxis(np.asarray(models)[..., np.newaxis], -2, 0)
        turn = 2 * np.pi * self.time / n
        return slope * self.time + once * n / 2 * np.sin(turn - lag_once) + twice * n / 2 * np.sin(2 * turn - lag_twice)

    def energy(self, models: NDArray[np.float64], dph: NDArray[np.float64], start: bool = False) -> NDArray[np.float64]:
        """Misfit of models.

        Parameters
        ----------
        models : ndarray, shape (..., 5)
        dph : ndarray, shape broadcastable to (..., n_ifg)
        start : bool
            The form for random start models, with the absolute value inside the whitening (quirk).

        Returns
        -------
        ndarray, shape (...)
        """
        series = self.series(models)
        cycles = (dph - series @ self.design.T) / (2 * np.pi)
        rest = cycles - round_half_away(cycles)
        misfit = (np.abs(rest) @ self.weights.T) if start else np.abs(rest @ self.weights.T)
        return 2 * np.pi * misfit.sum(axis=-1) + np.abs(np.diff(series, axis=-1)).sum(axis=-1) / 5


def _best_models(
    problem: Problem,
    dph: NDArray[np.float64],
    bounds: NDArray[np.float64],
    options: Options,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Best model of all runs for each edge: (n_edge, 5)."""
    low, width = bounds[:, 0], np.diff(bounds, axis=1)[:, 0]
    best = np.zeros((len(dph), _N_MODEL))
    best_energy = np.full(len(dph), np.inf)
    for offset in np.linspace(options.first_ts, options.last_ts, options.runs):
        start = low + width * generator.random((len(dph), _RANDOM_MODELS, _N_MODEL))
        energy = problem.energy(start, dph[:, np.newaxis], start=True)
        critical = np.log10(np.maximum(energy.mean(axis=1), np.finfo(float).tiny)) - offset
        models = np.take_along_axis(start, energy.argmin(axis=1)[:, np.newaxis, np.newaxis], axis=1)[:, 0]
        for temperature in np.repeat(np.linspace(1, -1, len(_REPEATS)), _REPEATS):
            models, energy = _sweep(
                problem, models, dph, bounds, 10 ** (critical + temperature), options.grid, generator
            )
            better = energy < best_energy
            best[better], best_energy[better] = models[better], energy[better]
    return best


def _sweep(
    problem: Problem,
    models: NDArray[np.float64],
    dph: NDArray[np.float64],
    bounds: NDArray[np.float64],
    temperature: NDArray[np.float64],
    n_grid: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Redraw each parameter once; energy is that of the parameter visited last."""
    fractions = 0.5 ** np.arange(1, n_grid + 1)
    steps = np.concatenate([fractions, [0.0], -fractions])
    models = models.copy()
    rows = np.arange(len(models))
    for parameter in range(_N_MODEL):
        low, high = bounds[parameter]
        candidates = np.repeat(models[:, np.newaxis], steps.size, axis=1)
        candidates[:, :, parameter] += (high - low) / 2 * steps
        inside = (candidates[:, :, parameter] >= low) & (candidates[:, :, parameter] <= high)
        energy = problem.energy(candidates, dph[:, np.newaxis])
        chosen = _drawn(energy, inside, temperature, generator)
        models = candidates[rows, chosen]
    return models, energy[rows, chosen]


def _drawn(
    energy: NDArray[np.float64],
    inside: NDArray[np.bool_],
    temperature: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Index of one candidate per row, drawn with probability proportional to exp(-E/T)."""
    exponent = np.where(inside, energy / temperature[:, np.newaxis], 0)
    scale = np.maximum(exponent.max(axis=1, keepdims=True) / _LARGEST_EXPONENT, 1)
    probability = np.where(inside, np.exp(-exponent / scale), 0)
    probability = (probability / probability.max(axis=1, keepdims=True)) ** scale
    cumulative = np.cumsum(probability / probability.sum(axis=1, keepdims=True), axis=1)
    draw = generator.random(len(energy))[:, np.newaxis]
    return np.minimum((cumulative < draw).sum(axis=1), energy.shape[1] - 1)

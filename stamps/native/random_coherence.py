"""Distribution of the temporal coherence of pixels with random phase.

Source: docs/method/coherence.md, section 2; Hooper, Segall and Zebker, JGR 112, B07407 (2007), section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import count_bins, rows_at_once, to_host
from stamps.native.phasors import phasors_compiled
from stamps.native.random_stream import rand_state
from stamps.native.topofit import bytes_per_row, fit_arrays, fit_compiled, trials_on_each_side

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["COHERENCE_BINS", "random_coherence_histogram"]

#: Centres of the bins of coherence.
COHERENCE_BINS = 0.005 + 0.01 * np.arange(100)
COHERENCE_BINS.flags.writeable = False

_SEED = 2005
N_RANDOM = 300_000
_ELEMENTS_AT_ONCE = 2**18  # compiled version
_ELEMENTS_IN_CACHE = 2**16  # array version


def random_coherence_histogram(
    bperp: NDArray[np.floating[Any]],
    n_trial_wraps: float,
    pairs: ArrayLike | None = None,
    n_image: int | None = None,
    n_random: int = N_RANDOM,
    seed: int = _SEED,
) -> NDArray[np.float64]:
    """Histogram of the coherence that random phases reach.

    The last few results are remembered, since the histogram depends on these arguments alone.

    Parameters
    ----------
    bperp : (m,) float32 or float64 array
        Mean perpendicular baselines of the interferograms in metres; their class decides the arithmetic.
    n_trial_wraps : float
        Half width of the search in cycles over the range of the baselines.
    pairs : (m, 2) int array, optional
        First and second image of each interferogram, from 0: phases of images are drawn and interferograms
        are their differences. Default: the phases of interferograms are drawn.
    n_image : int, optional
        Number of images (with ``pairs``).
    n_random, seed : int
        Number of random pixels and seed of MATLAB's legacy generator.

    Returns
    -------
    (100,) float64 array
        Counts in the bins ``COHERENCE_BINS``.
    """
    bperp = np.ascontiguousarray(bperp)
    bperp = bperp.astype(np.float32 if bperp.dtype == np.float32 else np.float64, copy=False)
    if pairs is not None and n_image is None:
        raise TypeError("Random phases of images need the number of images, n_image.")
    pair_key = None if pairs is None else np.ascontiguousarray(pairs, dtype=np.int64).tobytes()
    n_columns = bperp.size if pairs is None or n_image is None else int(n_image)
    key = (bperp.tobytes(), bperp.dtype.str, float(n_trial_wraps), pair_key, n_columns, n_random, seed)
    return _histogram(native.backends.order("random_coherence"), *key).copy()


@lru_cache(maxsize=16)
def _histogram(
    _versions: tuple[str, ...],
    bperp_bytes: bytes,
    dtype: str,
    n_trial_wraps: float,
    pair_bytes: bytes | None,
    n_columns: int,
    n_random: int,
    seed: int,
) -> NDArray[np.float64]:
    bperp = np.frombuffer(bperp_bytes, dtype=dtype).reshape(1, -1)
    phases = rand_state(seed, n_random, n_columns)
    phases *= 2 * np.pi
    pairs = None if pair_bytes is None else np.frombuffer(pair_bytes, dtype=np.int64).reshape(-1, 2)
    n_trials = trials_on_each_side(n_trial_wraps)
    m = max(bperp.size, 1)

    def arrays(xp: Any) -> NDArray[np.float64]:
        rows = rows_at_once(xp, bytes_per_row(m, n_trials), _ELEMENTS_IN_CACHE // m)
        return _counts(xp, partial(_coherence_arrays, xp, xp.asarray(bperp), n_trials), phases, pairs, rows)

    def compiled(module: Any) -> NDArray[np.float64]:
        rows = max(_ELEMENTS_AT_ONCE // m, 1)
        return _counts(np, partial(_coherence_compiled, module, bperp, n_trials), phases, pairs, rows)

    return native.run("random_coherence", arrays, compiled)


def _counts(
    xp: Any, coherence_of: Callable[..., Any], phases: NDArray[np.float64], pairs: NDArray[np.int64] | None, n_rows: int
) -> NDArray[np.float64]:
    """Histogram of the coherence of all rows of phases, ``n_rows`` at a time."""
    edges = xp.asarray((COHERENCE_BINS[:-1] + COHERENCE_BINS[1:]) / 2)
    pairs = None if pairs is None else xp.asarray(pairs)
    counts = xp.zeros(COHERENCE_BINS.size, dtype=np.int64)
    for first in range(0, len(phases), n_rows):
        phase = xp.asarray(phases[first : first + n_rows])
        if pairs is not None:
            phase = phase[:, pairs[:, 1]] - phase[:, pairs[:, 0]]
        with np.errstate(divide="ignore", invalid="ignore"):
            coherence = coherence_of(phase)
        # a value on an edge goes to the lower bin, values outside to the end bins, NaN nowhere
        bins = xp.searchsorted(edges, coherence[~xp.isnan(coherence)], side="left")
        counts += count_bins(xp, bins, COHERENCE_BINS.size)
    return to_host(counts).astype(np.float64)


def _coherence_arrays(xp: Any, bperp: Any, n_trials: int, phase: Any) -> Any:
    """Coherence of rows of phases; all arithmetic is single if the baselines (1, m) are."""
    phasors = xp.empty(phase.shape, dtype=np.complex64 if bperp.dtype == np.float32 else np.complex128)
    phasors.real, phasors.imag = xp.cos(phase), xp.sin(phase)
    return fit_arrays(xp, phasors, bperp, n_trials)[1][:, 2]


def _coherence_compiled(
    module: Any, bperp: NDArray[np.floating[Any]], n_trials: int, phase: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same by the compiled kernels."""
    phasors = phasors_compiled(module, phase, bperp.dtype == np.float32)
    return fit_compiled(module, phasors, bperp, n_trials, with_residual=False)[1][:, 2]

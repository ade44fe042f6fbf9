"""Distribution of the temporal coherence of pixels with random phase.

Source: spec 04 section 2; Hooper, Segall and Zebker, JGR 112, B07407 (2007), section 3.1.
"""

from functools import lru_cache

import numpy as np

from stamps.matlab.random import rand_state
from stamps.matlab.statistics import hist
from stamps.native.topofit import topofit

__all__ = ["COHERENCE_BINS", "random_coherence_histogram"]

#: Centres of the bins of coherence.
COHERENCE_BINS = 0.005 + 0.01 * np.arange(100)
COHERENCE_BINS.flags.writeable = False

_SEED = 2005
_N_RANDOM = 300_000
_ELEMENTS_AT_ONCE = 2**21


def random_coherence_histogram(bperp, n_trial_wraps, pairs=None, n_image=None, n_random=_N_RANDOM, seed=_SEED):
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
    pair_key = None if pairs is None else np.ascontiguousarray(pairs, dtype=np.int64).tobytes()
    n_columns = bperp.size if pairs is None else int(n_image)
    key = (bperp.tobytes(), bperp.dtype.str, float(n_trial_wraps), pair_key, n_columns, n_random, seed)
    return _histogram(*key).copy()


@lru_cache(maxsize=16)
def _histogram(bperp_bytes, dtype, n_trial_wraps, pair_bytes, n_columns, n_random, seed):
    bperp = np.frombuffer(bperp_bytes, dtype=dtype)
    phases = rand_state(seed, n_random, n_columns)
    phases *= 2 * np.pi
    counts = np.zeros(COHERENCE_BINS.size)
    block = max(_ELEMENTS_AT_ONCE // max(bperp.size, 1), 1)
    for first in range(0, n_random, block):
        phase = phases[first : first + block]
        if pair_bytes is not None:
            pairs = np.frombuffer(pair_bytes, dtype=np.int64).reshape(-1, 2)
            phase = phase[:, pairs[:, 1]] - phase[:, pairs[:, 0]]
        coherence = topofit(_phasors(phase), bperp, n_trial_wraps)[2]
        counts += hist(coherence, COHERENCE_BINS)
    return counts


def _phasors(phase):
    """exp(j phase), complex128 in row-major order."""
    result = np.empty(phase.shape, dtype=np.complex128)
    result.real, result.imag = np.cos(phase), np.sin(phase)
    return result

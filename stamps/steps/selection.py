"""Selection of stable pixels: coherence thresholds that bound the number of random-phase pixels.

Pure functions of step 3. Candidates with a purely random phase have a coherence distribution that was simulated in
step 2. Scaled so that it explains all candidates of low coherence, it says how many random pixels lie above a
coherence; the threshold is the coherence at which that number (or percentage) equals the accepted one. With many
candidates this is done for classes of amplitude dispersion, and a straight line through the classes gives a threshold
for each pixel.

Source: docs/method/selection.md, sections 1, 2 and 4; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.matlab.linalg import polyfit, polyfit_scaled, polyval
from stamps.matlab.statistics import hist

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "DispersionBins",
    "Threshold",
    "ThresholdRule",
    "accepted_random",
    "bin_threshold",
    "coherence_spread",
    "coherence_threshold",
    "dispersion_bins",
    "pixel_threshold",
]

#: Fewer candidates than this share one class of amplitude dispersion.
_MIN_FOR_BINS = 10_000
#: Threshold when no class gives one.
_FALLBACK_THRESHOLD = 0.3
#: Amplitude dispersion at which the line is read when it falls instead of rising.
_TYPICAL_DISPERSION = 0.35
_N_BOOTSTRAP = 100
_BOOTSTRAP_SEED = 2005
_BOOTSTRAP_BLOCK = 4096


class DispersionBins(NamedTuple):
    """Classes of amplitude dispersion: class i holds ``edges[i] < dispersion <= edges[i+1]``."""

    edges: NDArray[np.float64]
    dispersion: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of classes."""
        return len(self.edges) - 1

    def members(self, i: int) -> NDArray[np.bool_]:
        """Mask of the pixels of class `i`."""
        return (self.dispersion > self.edges[i]) & (self.dispersion <= self.edges[i + 1])


class Threshold(NamedTuple):
    """Coherence threshold: a number, or a line ``coefficients`` (slope, offset) over amplitude dispersion."""

    value: float
    coefficients: np.ndarray | None
    is_fallback: bool = False


def dispersion_bins(dispersion: NDArray[np.float64] | None, n_ps: int) -> DispersionBins:
    """Classes of amplitude dispersion with about equal numbers of candidates.

    Parameters
    ----------
    dispersion : ndarray, shape (n_ps,), or None
        Amplitude dispersion of the candidates; None if unknown.
    n_ps : int
        Number of candidates.

    Returns
    -------
    DispersionBins
        With fewer than 10 000 values: one class (0, 1] and a dispersion of 1 for every pixel. A dispersion of
        exactly 0 belongs to no class.
    """
    if dispersion is None or dispersion.size < _MIN_FOR_BINS:
        return DispersionBins(np.array([0.0, 1.0]), np.ones(n_ps))
    size = 10_000 if dispersion.size >= 50_000 else 2_000
    ordered = np.sort(dispersion)
    inner = ordered[size - 1 : dispersion.size - size : size]
    return DispersionBins(np.concatenate([[0.0], inner, ordered[-1:]]), dispersion)


def accepted_random(by_percent: bool, limit: float, xy: NDArray[np.float32], n_bins: int) -> np.float32 | np.float64:
    """Accepted number of random pixels per class, or the accepted percentage.

    Parameters
    ----------
    by_percent : bool
        True: `limit` is a percentage; False: `limit` is a density in pixels per square kilometre.
    limit : float
        Value of the parameter.
    xy : ndarray, shape (n_ps, 2), float32
        Positions in metres.
    n_bins : int
        Number of classes.

    Returns
    -------
    numpy.float64 or numpy.float32
        Single for densities: the class decides the precision of the threshold that follows from it.
    """
    if by_percent:
        return np.float64(limit)
    extent = np.ptp(xy, axis=0) if len(xy) else np.zeros(2, np.float32)
    area = extent[0] * extent[1] / np.float32(1e6)
    return np.float32(np.float32(limit) * area / np.float32(n_bins))


def bin_threshold(
    coherence: NDArray[np.float64],
    random_counts: NDArray[np.float64],
    coh_bins: NDArray[np.float64],
    n_low: int,
    accepted: float | np.floating[Any],
    by_percent: bool,
) -> float:
    """Coherence above which a class holds the accepted number (or percentage) of random pixels.

    Parameters
    ----------
    coherence : ndarray, shape (n,)
        Coherence of the pixels of the class; zeros mean "not estimated", NaN is ignored.
    random_counts : ndarray, shape (n_bin,)
        Simulated counts of random pixels per coherence bin, of any scale.
    coh_bins : ndarray, shape (n_bin,)
        Centres of the coherence bins.
    n_low : int
        Number of lowest bins in which all pixels are taken as random.
    accepted : numpy.float32 or numpy.float64
        Accepted number or percentage.
    by_percent : bool

    Returns
    -------
    float
        1 if even the highest bin holds too many; NaN if the accepted number is met in the three lowest bins.
    """
    counts = hist(coherence[coherence != 0], coh_bins)
    with np.errstate(divide="ignore", invalid="ignore"):
        random = random_counts * (counts[:n_low].sum() / random_counts[:n_low].sum())
    counts[counts == 0] = 1
    above = np.cumsum(random[::-1])[::-1]
    if by_percent:
        above = 100 * above / np.cumsum(counts[::-1])[::-1]
    low_enough = np.flatnonzero(above < accepted)
    if low_enough.size == 0:
        return 1.0
    first = low_enough[0]
    if first < 3:
        return np.nan
    # the ordinate is the upper edge of a bin though the count starts at its lower edge
    around = np.arange(first - 3, min(first + 3, len(coh_bins)))
    coefficients, scaling = polyfit_scaled(above[around], 0.01 * (around + 1), 3)
    return float(polyval(coefficients, accepted, scaling))


def coherence_threshold(
    coherence: NDArray[np.float64],
    bins: DispersionBins,
    random_counts: NDArray[np.float64],
    coh_bins: NDArray[np.float64],
    n_low: int,
    accepted: float | np.floating[Any],
    by_percent: bool,
) -> Threshold:
    """Threshold on coherence from the thresholds of the classes of amplitude dispersion.

    Parameters
    ----------
    coherence : ndarray, shape (n_ps,)
    bins : DispersionBins
    random_counts, coh_bins, n_low, accepted, by_percent
        As for :func:`bin_threshold`.

    Returns
    -------
    Threshold
        Classes without a threshold are left out. One class gives a number, several a line if it rises with
        amplitude dispersion, else the value of the line at a dispersion of 0.35.
    """
    dispersion, threshold = [], []
    for i in range(bins.n):
        inside = bins.members(i)
        value = bin_threshold(coherence[inside], random_counts, coh_bins, n_low, accepted, by_percent)
        if not np.isnan(value):
            threshold.append(value)
            dispersion.append(bins.dispersion[inside].mean() if inside.any() else np.nan)
    if not threshold:
        return Threshold(_FALLBACK_THRESHOLD, None, is_fallback=True)
    if len(threshold) == 1:
        return Threshold(threshold[0], None)
    line = polyfit(np.array(dispersion), np.array(threshold), 1)
    if line[0] > 0:
        return Threshold(np.nan, line)
    return Threshold(float(polyval(line, _TYPICAL_DISPERSION)), None)


class ThresholdRule(NamedTuple):
    """All that :func:`coherence_threshold` needs besides the coherences."""

    bins: DispersionBins
    random_counts: NDArray[np.float64]
    coh_bins: NDArray[np.float64]
    n_low: int
    accepted: np.floating[Any]
    by_percent: bool

    def __call__(self, coherence: NDArray[np.float64]) -> Threshold:
        """Threshold for these coherences of all candidates."""
        return coherence_threshold(
            coherence, self.bins, self.random_counts, self.coh_bins, self.n_low, self.accepted, self.by_percent
        )


def pixel_threshold(threshold: Threshold, dispersion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Threshold of each pixel, not negative.

    Parameters
    ----------
    threshold : Threshold
    dispersion : ndarray, shape (n,)
        Amplitude dispersion of the pixels.

    Returns
    -------
    ndarray, shape (n,) for a line, else (1,)
    """
    if threshold.coefficients is None:
        return np.array([max(threshold.value, 0.0)])
    return np.maximum(polyval(threshold.coefficients, dispersion), 0.0)


def coherence_spread(phase: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Standard deviation of temporal coherence over bootstrap samples of interferograms.

    Parameters
    ----------
    phase : ndarray, shape (n, m)
        Phase residuals in radians.

    Returns
    -------
    ndarray, shape (n,), float64
        Standard deviation (N-1) over 100 samples of m interferograms drawn with replacement; the samples come from
        a generator with a fixed seed, so equal input gives equal output.
    """
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    n, m = phase.shape
    spread = np.zeros(n)
    rows_per_block = max(1, _BOOTSTRAP_BLOCK // max(m, 1))
    for start in range(0, n if m else 0, rows_per_block):
        phasors = np.exp(1j * phase[start : start + rows_per_block].astype(np.float64))
        draws = generator.integers(m, size=(len(phasors), _N_BOOTSTRAP * m))
        samples = np.take_along_axis(phasors, draws, axis=1).reshape(-1, _N_BOOTSTRAP, m)
        spread[start : start + rows_per_block] = np.abs(samples.mean(axis=2)).std(axis=1, ddof=1)
    return spread

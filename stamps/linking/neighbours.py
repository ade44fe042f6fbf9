"""Alike neighbours: pixels of a window whose amplitudes in time come from the distribution of those of its centre.

Each pair of pixels is tested once, all pairs of the same offset at a time. There is no compiled version: the test of Kolmogorov
and Smirnov, as comparisons of two sorted arrays, takes 10 µs a pixel (30 images, window 11 × 15), a tenth of the linking.

References
----------
Ferretti et al. (2011), SqueeSAR, IEEE TGRS 49(9); Parizzi & Brcic (2011), GRSL 8(3); Stephens (1970), JRSS B 32
(Kolmogorov–Smirnov); Scholz & Stephens (1987), JASA 82 (Anderson–Darling).

Source: docs/method/linking.md, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.linking.options import LinkOptions

__all__ = [
    "alike_pixels",
    "anderson_darling",
    "anderson_darling_threshold",
    "connected",
    "kolmogorov_smirnov_steps",
    "likelihood_ratio",
    "window_offsets",
]

#: Tabulated Anderson–Darling thresholds of two samples, and their significances.
_AD_THRESHOLDS = np.array([0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546])
_AD_LEVELS = np.array([0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001])

#: ``test(first, second)`` -> bool array: statistics of two groups of pixels, (m, …) each.
_PairTest = Callable[[Any, Any], Any]


def window_offsets(half_window: tuple[int, int]) -> NDArray[np.int64]:
    """Offsets of the pixels of a window from its centre, (w, 2) lines and samples, line by line."""
    lines, samples = (np.arange(-half, half + 1) for half in half_window)
    return np.stack(np.meshgrid(lines, samples, indexing="ij"), axis=-1).reshape(-1, 2)


def alike_pixels(
    amplitudes: NDArray[np.float32],
    valid: NDArray[np.bool_],
    core: tuple[slice, slice],
    options: LinkOptions,
) -> NDArray[np.uint8]:
    """Which pixels of its window each pixel of a block is alike to.

    Parameters
    ----------
    amplitudes : ndarray of float32, shape (n, lines, samples)
        Of the n images, for the block with the margins that the image has around it.
    valid : ndarray of bool, shape (lines, samples)
        Other pixels are nobody's neighbours.
    core : (slice, slice)
        Lines and samples of the block within its margins.
    options : LinkOptions
        Test, significance, window, connection.

    Returns
    -------
    ndarray of uint8, shape (lines of the core, samples of the core, ceil(w / 8))
        A bit for each pixel of the window, line by line, packed as ``numpy.packbits`` does. The own one is set for
        valid pixels.
    """
    statistics, test = _prepared(amplitudes, options)
    offsets = window_offsets(options.half_window)
    alike = np.zeros((len(offsets), *valid.shape), bool)
    centre = len(offsets) // 2
    alike[centre] = valid
    for number in range(centre + 1, len(offsets)):
        first, second = _views(offsets[number], valid.shape, core)
        if first is None or second is None:
            continue
        accepted = valid[first] & valid[second]
        if accepted.any():
            accepted &= test(statistics[(slice(None), *first)], statistics[(slice(None), *second)])
        alike[number][first] = accepted
        alike[len(offsets) - 1 - number][second] = accepted
    inside = np.moveaxis(alike[(slice(None), *core)], 0, -1)
    if options.connect:
        inside = connected(inside.reshape(*inside.shape[:2], *options.window)).reshape(inside.shape)
    return np.packbits(inside, axis=-1)


def _views(
    offset: NDArray[np.int64], shape: tuple[int, ...], core: tuple[slice, slice]
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """Pixels, and those an offset away, of which at least one may be in the core; None where there are none."""
    first, second = [], []
    for step, size, part in zip(offset.tolist(), shape, core, strict=True):
        begin = max(0, -step, part.start - max(step, 0))
        end = min(size, size - step, part.stop - min(step, 0))
        if end <= begin:
            return None, None
        first.append(slice(begin, end))
        second.append(slice(begin + step, end + step))
    return (first[0], first[1]), (second[0], second[1])


def _prepared(amplitudes: NDArray[np.float32], options: LinkOptions) -> tuple[NDArray[Any], _PairTest]:
    """What is compared of each pixel, (m, lines, samples), and the test."""
    n, alpha = len(amplitudes), float(options.alpha or 0)
    if options.shp == "ks":
        steps = kolmogorov_smirnov_steps(n, alpha)
        return np.sort(amplitudes, axis=0), lambda a, b: within_steps(a, b, steps)
    if options.shp == "ad":
        limit = anderson_darling_threshold(alpha)
        return amplitudes, lambda a, b: _at_most(anderson_darling(a, b), limit)
    wide = amplitudes.astype(np.float64)
    if options.shp == "ttest":
        return np.stack([wide.mean(axis=0), wide.var(axis=0, ddof=1)]), lambda a, b: _welch(a, b, n, alpha)
    if options.shp == "glrt":
        limit = float(special.chdtri(1, alpha))
        return np.mean(wide**2, axis=0)[None] / 2, lambda a, b: _at_most(likelihood_ratio(a[0], b[0], n), limit)
    return amplitudes[:1], lambda a, b: True


def _at_most(statistic: NDArray[np.float64], limit: float) -> NDArray[np.bool_]:
    """Whether a statistic is defined and not above its limit."""
    return statistic <= limit


# ---------------------------------------------------------------------- Kolmogorov–Smirnov


def kolmogorov_smirnov_steps(n: int, alpha: float) -> int:
    """Largest distance of two empirical distributions of n samples that is accepted, in steps of 1/n.

    The threshold is the smallest multiple of 0.001 from 0.010 whose asymptotic probability is not above ``alpha``.
    """
    thousandths = np.arange(10, 1001)
    root = np.sqrt(n / 2)
    argument = thousandths / 1000 * (root + 0.12 + 0.11 / root)
    t = np.arange(1, 101)[:, None]
    terms = (-1.0) ** (t - 1) * np.exp(-2 * t**2 * argument**2)
    probability = np.clip(2 * terms.sum(axis=0), 0, 1)
    small = np.flatnonzero(probability <= alpha)
    limit = int(thousandths[small[0]]) if small.size else 1000
    return limit * n // 1000


def within_steps(first: NDArray[Any], second: NDArray[Any], steps: int) -> NDArray[np.bool_]:
    """Whether the distributions of ascending samples, (n, …) each, are nowhere more than so many steps apart.

    They are further apart where the sample ``steps`` places behind one of the other set is still below it.
    """
    accepted = np.ones(first.shape[1:], bool)
    for k in range(len(first) - steps):
        accepted &= (first[k + steps] >= second[k]) & (second[k + steps] >= first[k])
    return accepted


# ---------------------------------------------------------------------- Anderson–Darling


def anderson_darling_threshold(alpha: float) -> float:
    """Largest standardised statistic that is accepted; log α is a quadratic function of it, fitted to the table."""
    a, b, c = np.polyfit(_AD_THRESHOLDS, np.log(_AD_LEVELS), 2)
    c -= np.log(alpha)
    return float((-b - np.sqrt(max(b * b - 4 * a * c, 0))) / (2 * a))


def anderson_darling(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Standardised two-sample Anderson–Darling statistic in its form with mid-ranks; NaN where all samples are equal.

    Parameters
    ----------
    first, second : ndarray, shape (n, …)
        Samples of pixels.

    Returns
    -------
    ndarray of float64, shape (…)
    """
    n, shape = len(first), first.shape[1:]
    pooled = np.concatenate([first.reshape(n, -1), second.reshape(n, -1)])
    order = np.argsort(pooled, axis=0, kind="stable")
    pooled = np.take_along_axis(pooled, order, axis=0)
    below = np.zeros((2 * n + 1, pooled.shape[1]))
    np.cumsum(order < n, axis=0, out=below[1:])
    begin, end = _ties(pooled)
    ties = end - begin
    rank = (begin + end) / 2
    of_first = (np.take_along_axis(below, begin, axis=0) + np.take_along_axis(below, end, axis=0)) / 2
    spread = rank * (2 * n - rank) - 2 * n * ties / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        total = ((2 * n * of_first - n * rank) ** 2 / spread).sum(axis=0)
    statistic = (2 * n - 1) / (2 * n) * 2 / n * total / (2 * n)
    return ((statistic - 1) / _anderson_darling_deviation(n)).reshape(shape)


def _ties(pooled: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the run of equal samples begins and ends that each sample belongs to."""
    size = len(pooled)
    place = np.arange(size)[:, None]
    is_new = np.ones(pooled.shape, bool)
    is_new[1:] = pooled[1:] != pooled[:-1]
    begin = np.maximum.accumulate(np.where(is_new, place, 0), axis=0)
    is_last = np.ones(pooled.shape, bool)
    is_last[:-1] = is_new[1:]
    end = np.minimum.accumulate(np.where(is_last, place + 1, size)[::-1], axis=0)[::-1]
    return begin, end


def _anderson_darling_deviation(n: int) -> float:
    """Standard deviation of the statistic of two samples of n (Scholz & Stephens, equation 4)."""
    total, k, inverse = 2 * n, 2, 2 / n
    h = float(np.sum(1 / np.arange(1, total)))
    g = float(sum(np.sum(1 / ((total - i) * np.arange(i + 1, total))) for i in range(1, total - 1)))
    a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse
    b = (2 * g - 4) * k**2 + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
    c = (6 * h + 2 * g - 2) * k**2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h
    d = (2 * h + 6) * k**2 - 4 * h * k
    return float(np.sqrt((a * total**3 + b * total**2 + c * total + d) / ((total - 1) * (total - 2) * (total - 3))))


# ---------------------------------------------------------------------- tests of moments


def likelihood_ratio(first: NDArray[Any], second: NDArray[Any], n: int) -> NDArray[np.float64]:
    """−2 ln of the likelihood ratio of Rayleigh amplitudes with powers ``first`` and ``second`` (half the mean square)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 2 * n * (2 * np.log((first + second) / 2) - np.log(first) - np.log(second))


def _welch(first: NDArray[Any], second: NDArray[Any], n: int, alpha: float) -> NDArray[np.bool_]:
    """Whether means and variances, (2, …) each, are those of one mean by Welch's test."""
    with np.errstate(divide="ignore", invalid="ignore"):
        of_first, of_second = first[1] / n, second[1] / n
        t = (first[0] - second[0]) / np.sqrt(of_first + of_second)
        freedom = (of_first + of_second) ** 2 * (n - 1) / (of_first**2 + of_second**2)
        return 2 * special.stdtr(freedom, -np.abs(t)) >= alpha


# ---------------------------------------------------------------------- connection


def connected(accepted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The accepted pixels of windows that are 8-connected to the centre through accepted ones.

    Parameters
    ----------
    accepted : ndarray of bool, shape (…, lines, samples)
        Windows of odd size.

    Returns
    -------
    ndarray of bool, like ``accepted``
    """
    lines, samples = accepted.shape[-2:]
    reached = np.zeros_like(accepted)
    reached[..., lines // 2, samples // 2] = accepted[..., lines // 2, samples // 2]
    while True:
        wider = reached.copy()
        wider[..., 1:, :] |= reached[..., :-1, :]
        wider[..., :-1, :] |= reached[..., 1:, :]
        tall = wider.copy()
        wider[..., 1:] |= tall[..., :-1]
        wider[..., :-1] |= tall[..., 1:]
        wider &= accepted
        if np.array_equal(wider, reached):
            return reached
        reached = wider

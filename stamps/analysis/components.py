"""Series as a sum of maps times courses: principal and independent components.

Source: docs/method/components.md.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from stamps.analysis.checks import whole
from stamps.analysis.libraries import learning
from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["METHODS", "Components", "check_method", "components_of", "usual_number"]

#: Principal components; independent in space (maps), independent in time (courses).
METHODS = ("pca", "sica", "tica")

_SAMPLE = 5000  # pixels on which the number of components is found
_PERMUTATIONS = 20
_MOST = 10  # components that are taken without being asked for
_ITERATIONS = 400
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Components:
    """Maps and courses of ``p`` components, those with most energy first.

    Attributes
    ----------
    method : str
    maps : ndarray, shape (n, p)
        Standard deviation 1; the value that is largest in size is positive; NaN for pixels that lack a date.
    courses : ndarray, shape (k, p)
        mm, 0 at the first date.
    explained : ndarray, shape (p,)
        Part of the variance.
    stability : ndarray, shape (p,)
        Mean size of the correlation of a map with those of other runs; 1 for principal components.
    mean : ndarray, shape (k,)
        Mean over the pixels, mm: what maps and courses do not hold.
    offset : ndarray, shape (n,)
        What a pixel has at every date, mm.
    residual_of_dates, residual_of_pixels : ndarray, shape (k,), (n,)
        Rms of what the components leave, mm.
    """

    method: str
    maps: NDArray[np.float64]
    courses: NDArray[np.float64]
    explained: NDArray[np.float64]
    stability: NDArray[np.float64]
    mean: NDArray[np.float64]
    offset: NDArray[np.float64]
    residual_of_dates: NDArray[np.float64]
    residual_of_pixels: NDArray[np.float64]

    def part(self, numbers: ArrayLike) -> NDArray[np.float64]:
        """Displacement of some components (counted from 1), mm, shape (n, k); 0 at the first date.

        Raises
        ------
        ParameterError
            There is no such component.
        """
        given, p = np.ravel(np.asarray(numbers)).tolist(), self.maps.shape[1]
        if wrong := [number for number in given if not (isinstance(number, int) and 1 <= number <= p)]:
            raise ParameterError(f"There is no component {wrong[0]!r}: there are 1 to {p}.")
        chosen = np.array(given, dtype=np.int64)
        made: NDArray[np.float64] = self.maps[:, chosen - 1] @ self.courses[:, chosen - 1].T
        return made


def check_method(method: str) -> None:
    """ParameterError, before anything is computed, where a method is none of :data:`METHODS` or lacks its library."""
    if method not in METHODS:
        raise ParameterError(f"The method '{method}' is unknown: there are {', '.join(METHODS)}.")
    if method != "pca":
        learning("decomposition")


def components_of(
    series: ArrayLike,
    method: str = "sica",
    number: int | None = None,
    *,
    increments: bool = False,
    runs: int = 20,
    seed: int = 0,
) -> Components:
    """Decompose series.

    Parameters
    ----------
    series : array_like, shape (n, k)
        Displacements, mm; pixels that lack a date take no part.
    method : str
        One of :data:`METHODS`.
    number : int, optional
        Of components (default: :func:`usual_number`).
    increments : bool
        Decompose what happens between dates, which the noise of a single master does not dominate; courses are summed up again.
    runs : int
        With other starts and other pixels, for the stability of independent components.
    seed : int

    Returns
    -------
    Components

    Raises
    ------
    ParameterError
        The method is unknown, there are too few pixels or dates, or more components than dates are asked for.
    """
    check_method(method)
    whole(runs, "runs"), whole(seed, "seed")
    data = np.asarray(series, dtype=np.float64)
    if data.ndim != 2:
        raise ParameterError(f"Series are {data.shape}: (n, k) was expected.")
    use = np.asarray(np.isfinite(data).all(axis=1))
    n, k = int(use.sum()), data.shape[1]
    if n < k or k < 4:
        raise ParameterError(
            f"Components need four dates, and as many whole series: there are {k} dates and {n} series."
        )
    x = data[use].T
    worked = np.diff(x, axis=0) if increments else x - x.mean(axis=0)
    mean = worked.mean(axis=1, keepdims=True)
    worked = worked - mean
    most = worked.shape[0] - 1
    if number is not None:
        whole(number, "number of components")
    else:
        number = min(usual_number(worked.T, seed), most)
    if not 1 <= number <= most:
        raise ParameterError(f"{number} components are asked for: 1 to {most} are possible with {k} dates.")
    rank, left, values = _principal(worked, number)
    maps, stability = _maps(worked, left, values, rank, method, runs, seed)
    return _finished(data, use, worked, maps, stability, method, increments)


def usual_number(series: NDArray[np.float64], seed: int = 0) -> int:
    """Components that explain more than they would if the dates of each series were shuffled (1 to 10).

    Parameters
    ----------
    series : ndarray, shape (n, k)
        Without mean over the pixels.
    seed : int
    """
    rng = np.random.default_rng(seed)
    part = series if len(series) <= _SAMPLE else series[rng.choice(len(series), _SAMPLE, replace=False)]
    part = part - part.mean(axis=0)
    seen = np.linalg.eigvalsh(part.T @ part)[::-1]
    shuffled = np.empty((_PERMUTATIONS, seen.size))
    for row in shuffled:
        mixed = rng.permuted(part, axis=1)
        mixed -= mixed.mean(axis=0)
        row[:] = np.linalg.eigvalsh(mixed.T @ mixed)[::-1]
    over = seen > np.quantile(shuffled, 0.95, axis=0)
    return int(np.clip(over.argmin() if not over.all() else over.size, 1, _MOST))


def _principal(x: NDArray[np.float64], number: int) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """How many components there are, at most ``number``; courses (k, p) of length 1 and singular values of x (k, n)."""
    energy, vectors = np.linalg.eigh(x @ x.T)
    values = np.sqrt(np.maximum(energy[::-1], 0))
    rank = min(number, int((values > 1e-9 * max(values[0], 1e-300)).sum()))
    if rank == 0:
        raise ParameterError("The series do not differ: there is nothing to decompose.")
    return rank, vectors[:, ::-1][:, :rank], values[:rank]


def _maps(
    x: NDArray[np.float64],
    left: NDArray[np.float64],
    values: NDArray[np.float64],
    rank: int,
    method: str,
    runs: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maps (n, p), and how alike those of several runs are."""
    principal = x.T @ left / values
    if method == "pca" or rank == 1:
        return principal, np.ones(rank)
    white = principal * np.sqrt(len(principal)) if method == "sica" else left * np.sqrt(len(left))
    turned = _independent(white, np.arange(len(white)), seed)
    maps = principal @ turned if method == "sica" else (principal * values) @ turned
    rng = np.random.default_rng(seed)
    alike = np.zeros(rank)
    for run in range(1, runs + 1):
        rows = rng.integers(0, len(white), len(white)) if method == "sica" else np.arange(len(white))
        other = _independent(white, rows, seed + run)
        again = principal @ other if method == "sica" else (principal * values) @ other
        alike += _likeness(maps, again)
    return maps, alike / runs if runs else np.full(rank, np.nan)


def _independent(white: NDArray[np.float64], rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """The rotation after which the columns are as independent as can be (FastICA, tanh)."""
    decomposition: Any = learning("decomposition")
    finder = decomposition.FastICA(whiten=False, fun="logcosh", tol=_TOLERANCE, max_iter=_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what has not converged shows in the stability
        finder.fit(white[rows])
    turned: NDArray[np.float64] = np.asarray(finder.components_, dtype=np.float64).T
    return turned


def _likeness(maps: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Size of the correlation of each map with its partner among others."""
    one, two = (part - part.mean(axis=0) for part in (maps, others))
    r = np.abs(one.T @ two) / np.outer(np.linalg.norm(one, axis=0), np.linalg.norm(two, axis=0))
    rows, columns = linear_sum_assignment(-r)
    likeness: NDArray[np.float64] = r[rows, columns]
    return likeness


def _finished(
    data: NDArray[np.float64],
    use: NDArray[np.bool_],
    x: NDArray[np.float64],
    maps: NDArray[np.float64],
    stability: NDArray[np.float64],
    method: str,
    increments: bool,
) -> Components:
    """Scale, sign and order; courses and what is left."""
    maps = maps / maps.std(axis=0)
    extreme = maps[np.abs(maps).argmax(axis=0), np.arange(maps.shape[1])]
    maps = maps * np.sign(extreme)
    courses = np.linalg.lstsq(maps, x.T, rcond=None)[0].T
    energy = (courses**2).sum(axis=0)
    order = np.argsort(-energy, kind="stable")
    maps, courses = maps[:, order], courses[:, order]
    total = float((x**2).sum())
    explained = np.array(
        [1 - ((x - np.outer(c, m)) ** 2).sum() / total for c, m in zip(courses.T, maps.T, strict=True)]
    )
    if increments:
        courses = np.concatenate([np.zeros((1, courses.shape[1])), courses.cumsum(axis=0)])
    courses = courses - courses[0]
    whole = data[use].T
    rest = whole - courses @ maps.T
    mean = rest.mean(axis=1) - rest.mean()
    offset = (rest - mean[:, None]).mean(axis=0)
    rest = rest - mean[:, None] - offset
    all_maps, all_offsets, of_pixels = np.full((len(data), maps.shape[1]), np.nan), *np.full((2, len(data)), np.nan)
    all_maps[use], all_offsets[use], of_pixels[use] = maps, offset, np.sqrt((rest**2).mean(axis=0))
    of_dates = np.sqrt((rest**2).mean(axis=1))
    return Components(method, all_maps, courses, explained, stability[order], mean, all_offsets, of_dates, of_pixels)

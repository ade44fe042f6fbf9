"""What is kept of a compared variable for its picture: a few columns of an even part of the pixels, and whole histograms.

The values of a comparison pass by one variable after the other; a picture needs only some of them, so a page of a large project
fits into memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.report.differences import difference_of, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Column", "Sample", "sample_of"]

_MOST_PIXELS = 60_000
_WORST = 500  # pixels with the largest differences are kept in any case
_FEWEST_PIXELS = 10
_BINS = 81


@dataclass(frozen=True)
class Column:
    """One column of a variable.

    Attributes
    ----------
    number : int
        0-based.
    reference, ours, difference : ndarray of float32, shape (k,)
        Of the kept rows; angles of complex values.
    counts, edges : ndarray
        Histogram of the differences of all rows, symmetric around zero.
    largest : float
        Largest modulus of the shown difference.
    """

    number: int
    reference: np.ndarray
    ours: np.ndarray
    difference: np.ndarray
    counts: np.ndarray
    edges: np.ndarray
    largest: float


@dataclass(frozen=True)
class Sample:
    """What is kept of a variable.

    Attributes
    ----------
    n_rows, n_columns : int
        Of the whole variable.
    rows : ndarray of int64, shape (k,)
        0-based rows that are kept.
    columns : tuple of Column
    cyclic : bool
        Whether the values are shown as angles.
    """

    n_rows: int
    n_columns: int
    rows: np.ndarray
    columns: tuple
    cyclic: bool


def sample_of(value: Any, golden: Any, comparison: str) -> Sample | None:
    """The part of a variable that its picture needs.

    Parameters
    ----------
    value, golden : object
        As the comparison saw them.
    comparison : str
        Kind of comparison.

    Returns
    -------
    Sample or None
        None where the values are no columns of pixels, or cannot be compared. The column with the largest rms difference is
        taken, and a typical one.
    """
    shapes = np.shape(value), np.shape(golden)
    if shapes[0] != shapes[1] or len(shapes[1]) != 2 or shapes[1][0] < _FEWEST_PIXELS or not shapes[1][1]:
        return None
    if any(getattr(part, "dtype", np.dtype(bool)).kind not in "fc" for part in (value, golden)):
        return None
    ours, reference = numbers_of(value), numbers_of(golden)
    if ours is None or reference is None or not np.isfinite(reference).any():
        return None
    cyclic = np.iscomplexobj(reference) or comparison == "phase"
    shown = "phase" if cyclic else comparison
    chosen = _columns(difference_of(ours, reference, shown), reference)
    rows = _rows(difference_of(ours[:, chosen], reference[:, chosen], shown))
    columns = tuple(_column(k, ours[:, k], reference[:, k], shown, rows) for k in chosen)
    return Sample(len(reference), reference.shape[1], rows, columns, cyclic)


def _columns(difference: NDArray[Any], reference: NDArray[Any]) -> list[int]:
    """The worst column and the one of median spread (each once)."""
    if reference.shape[1] == 1:
        return [0]
    worst = np.nan_to_num(np.abs(difference) ** 2).mean(axis=0)
    spread = np.nan_to_num(np.abs(reference - np.nan_to_num(reference).mean(axis=0)) ** 2).mean(axis=0)
    typical = np.argsort(spread, kind="stable")[len(spread) // 2]
    first = int(np.argmax(worst)) if worst.max() > 0 else int(np.argmax(spread))
    return list(dict.fromkeys([first, int(typical)]))


def _rows(difference: NDArray[Any]) -> NDArray[np.int64]:
    n = len(difference)
    if n <= _MOST_PIXELS:
        return np.arange(n)
    size = np.nan_to_num(np.abs(difference)).max(axis=1)
    worst = np.argpartition(size, n - _WORST)[n - _WORST :]
    even = np.linspace(0, n - 1, _MOST_PIXELS - _WORST).astype(np.int64)
    return np.union1d(even, worst)


def _column(
    number: int, ours: NDArray[Any], reference: NDArray[Any], comparison: str, rows: NDArray[np.int64]
) -> Column:
    difference = np.real(difference_of(ours, reference, comparison))
    finite = difference[np.isfinite(difference)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    reach = largest if largest > 0 and math.isfinite(largest) else 1e-12
    counts, edges = np.histogram(finite, _BINS, range=(-reach, reach))
    if np.iscomplexobj(reference):
        ours, reference = np.angle(ours), np.angle(reference)
    kept = [np.real(part[rows]).astype(np.float32) for part in (reference, ours, difference)]
    return Column(number, kept[0], kept[1], kept[2], counts, edges, largest)

"""Find the same pixels in two resampled merges, whose rows may stand in another order.

Source: docs/method/merging.md, section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import wrapped_longitude

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["PIXEL_FILES", "RowPairing", "match_rows"]

#: Files of the project directory whose first axis is the merged pixels (names without version).
PIXEL_FILES = frozenset(
    "ps ph bp la inc hgt pm rc phuw phuw_sb phuw_sb_res scla scla_sb scla_smooth scla_smooth_sb scn".split()
)

#: Degrees that longitude and latitude of the same pixel may differ.
DEGREES = 1e-5


def match_rows(
    ij: NDArray[np.float64],
    lonlat: NDArray[np.float64],
    golden_ij: NDArray[np.float64],
    golden_lonlat: NDArray[np.float64],
    degrees: float = DEGREES,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Match rows one-to-one by (azimuth, range), then by the nearest longitude and latitude.

    Parameters
    ----------
    ij, golden_ij : ndarray, shape (n, 3) and (m, 3)
        Running number, azimuth line, range sample.
    lonlat, golden_lonlat : ndarray, shape (n, 2) and (m, 2)
        Degrees.
    degrees : float
        Largest difference in longitude or latitude.

    Returns
    -------
    rows, golden_rows : ndarray of int64
        Matched row numbers from 0, ascending in ``golden_rows``.
    """
    ours, theirs = _keys(ij), _keys(golden_ij)
    single_keys, rows, golden_rows = np.intersect1d(ours, theirs, return_indices=True)
    n_ours, n_theirs = (np.unique(keys, return_counts=True) for keys in (ours, theirs))
    crowded = np.union1d(n_ours[0][n_ours[1] > 1], n_theirs[0][n_theirs[1] > 1])
    alone = ~np.isin(single_keys, crowded)
    pairs = [np.column_stack([rows[alone], golden_rows[alone]])]
    for key in np.intersect1d(crowded, single_keys):
        pairs.append(_nearest(np.flatnonzero(ours == key), np.flatnonzero(theirs == key), lonlat, golden_lonlat))
    matched = np.concatenate(pairs).astype(np.int64)
    near = np.all(_apart(lonlat[matched[:, 0]], golden_lonlat[matched[:, 1]]) <= degrees, axis=1)
    matched = matched[near]
    matched = matched[np.argsort(matched[:, 1])]
    return matched[:, 0], matched[:, 1]


@dataclass(frozen=True)
class RowPairing:
    """Which rows of the run's merged pixels are which golden rows.

    Attributes
    ----------
    rows, golden_rows : ndarray of int64, shape (k,)
        Matched row numbers from 0.
    n_rows, n_golden : int
        Merged pixels of both.
    """

    rows: NDArray[np.int64]
    golden_rows: NDArray[np.int64]
    n_rows: int
    n_golden: int

    def align(self, file: str, variable: str, value: Any, golden: Any) -> tuple[Any, Any]:
        """Bring a variable's matched rows into the same order.

        Running numbers in the first column of ``ij`` and ``xy`` count rows of their own file, so they must be 1, 2, …;
        where they are, they are made equal.

        Returns
        -------
        value, golden : ndarray
            Unchanged if the file is not one of merged pixels or the variable has no pixel axis.
        """
        stem = file.removesuffix(".mat").rstrip("0123456789")
        if stem not in PIXEL_FILES or isinstance(value, str) or isinstance(golden, str):
            return value, golden
        if (np.shape(value)[:1], np.shape(golden)[:1]) != ((self.n_rows,), (self.n_golden,)):
            return value, golden
        numbered = variable in ("ij", "xy") and np.array_equal(value[:, 0], np.arange(1, self.n_rows + 1))
        value, golden = value[self.rows].copy(), golden[self.golden_rows]
        if numbered:
            value[:, 0] = golden[:, 0]
        return value, golden


def _keys(ij: NDArray[np.float64]) -> NDArray[np.int64]:
    return ij[:, 1].astype(np.int64) * 10_000_000 + ij[:, 2].astype(np.int64)


def _apart(lonlat: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees between coordinates, longitudes the shorter way around."""
    difference = lonlat - other
    difference[..., 0] = wrapped_longitude(difference[..., 0], 0.0)
    return np.abs(difference)


def _nearest(
    rows: NDArray[np.int64],
    golden_rows: NDArray[np.int64],
    lonlat: NDArray[np.float64],
    golden_lonlat: NDArray[np.float64],
) -> NDArray[np.int64]:
    """One-to-one pairs of a few rows, the closest first."""
    distance = _apart(lonlat[rows][:, None], golden_lonlat[golden_rows][None]).max(axis=2)
    pairs = []
    for _ in range(min(distance.shape)):
        a, b = np.unravel_index(int(np.argmin(distance)), distance.shape)
        pairs.append((rows[a], golden_rows[b]))
        distance[a, :] = np.inf
        distance[:, b] = np.inf
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)

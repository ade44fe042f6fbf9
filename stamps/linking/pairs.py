"""Median coherence of every pair of images, for classes of temporal coherence: what networks are chosen by.

Counts in bins of 0.01 add up exactly, so that the result does not depend on the blocks.

Source: docs/method/linking.md, section 6.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES", "PairCounts"]

#: Limits of the classes of temporal coherence.
CLASSES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_BINS = 100


@dataclass
class PairCounts:
    """Pixels per class, pair (upper triangle, row by row) and bin of coherence: (classes, pairs, bins) int64."""

    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, n_images: int) -> PairCounts:
        """Of no pixel."""
        return cls(np.zeros((len(CLASSES) - 1, n_images * (n_images - 1) // 2, _BINS), np.int64))

    def add(self, coherence: NDArray[np.float32], tcoh: NDArray[np.float32]) -> None:
        """Count pixels: moduli (p, n, n) and temporal coherences (p,)."""
        n = coherence.shape[1]
        rows, columns = np.triu_indices(n, 1)
        bins = np.clip((coherence[:, rows, columns] * _BINS).astype(np.int64), 0, _BINS - 1)
        group = np.clip((tcoh * (len(CLASSES) - 1)).astype(np.int64), 0, len(CLASSES) - 2)
        place = (group[:, None] * rows.size + np.arange(rows.size)) * _BINS + bins
        self.counts += np.bincount(place.ravel(), minlength=self.counts.size).reshape(self.counts.shape)

    def write(self, path: Path) -> None:
        """Keep the counts of a block in a file."""
        beside = path.with_suffix(".new")
        with open(beside, "wb") as file:
            np.save(file, self.counts)
        os.replace(beside, path)

    @classmethod
    def total(cls, paths: Iterable[Path], n_images: int) -> PairCounts:
        """Sum of the counts of blocks."""
        found = cls.empty(n_images)
        for path in paths:
            found.counts += np.load(path)
        return found

    def medians(self, n_images: int) -> list[dict[str, Any]]:
        """Per class limits of temporal coherence, number of pixels and the matrix of medians, as JSON keeps it."""
        rows, columns = np.triu_indices(n_images, 1)
        found = []
        for low, high, counts in zip(CLASSES, CLASSES[1:], self.counts, strict=False):
            matrix = np.eye(n_images)
            matrix[rows, columns] = matrix[columns, rows] = _medians(counts)
            pixels = int(counts[0].sum()) if len(counts) else 0
            found.append({"tcoh": [low, high], "pixels": pixels, "median": np.round(matrix, 4).tolist()})
        return found


def _medians(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Median of each row of counts, interpolated in its bin; 0 for a row without any."""
    total = counts.sum(axis=1)
    below = np.cumsum(counts, axis=1)
    place = np.argmax(below >= total[:, None] / 2, axis=1)
    row = np.arange(len(counts))
    inside = counts[row, place]
    share = (total / 2 - (below[row, place] - inside)) / np.maximum(inside, 1)
    return np.where(total > 0, (place + share) / _BINS, 0)

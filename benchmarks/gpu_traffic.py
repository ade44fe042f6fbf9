"""Bytes that the CuPy version of each hot kernel moves, from the shapes of its arrays.

``to_device`` and ``to_host`` cross the bus: inputs once, results once. ``moved`` is what the array operations read and write
in the device's memory, each operand and each result once for every operation (a transform of one axis is one operation,
a sort none: medians are counted bit by bit); it is what a device of that bandwidth has to do as long as the operations are
not fused. ``least`` is the floor for a fused kernel: each input read and each result written once, in device memory.
The numbers in the formulas are bytes for each element and operation, added up along the code; the tests hold them to what
the stand-in for CuPy counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "Traffic",
    "arc_noise",
    "clap",
    "clap_patch",
    "exponent",
    "gaussian_smooth",
    "grid_accumulate",
    "high_pass",
    "matlab_random",
    "phasors",
    "random_coherence",
    "topofit",
]


@dataclass(frozen=True)
class Traffic:
    """Bytes over the bus in both directions, and those read and written in the device's memory."""

    to_device: float
    to_host: float
    moved: float

    @property
    def least(self) -> float:
        """Of a kernel that reads each input and writes each result once."""
        return self.to_device + self.to_host

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(self.to_device + other.to_device, self.to_host + other.to_host, self.moved + other.moved)

    def times(self, calls: int) -> Traffic:
        """Of so many calls."""
        return Traffic(self.to_device * calls, self.to_host * calls, self.moved * calls)


def exponent(first: tuple[float, float], last: tuple[float, float]) -> float:
    """Growth exponent between two (size, seconds): slope of the logarithm of seconds over that of size."""
    return math.log(last[1] / first[1]) / math.log(last[0] / first[0])


def _fit(n: int, m: int, n_trials: int) -> float:
    """Of topofit in single precision. Each trial: four sums of products (32 bytes each) and a rotation (144), all double."""
    return n * m * (958 + 272 * (n_trials + 1)) + 350 * n * (n_trials + 1)


def topofit(n: int, m: int, n_trials: int) -> Traffic:
    """Phasors (n, m) complex64 and baselines (n, m) float32; fits (n, 3) float64 and residuals (n, m) complex64."""
    return Traffic(12 * n * m, 8 * n * m + 24 * n, _fit(n, m, n_trials))


def phasors(n: int, m: int) -> Traffic:
    """Phases (n, m) float32; phasors (n, m) complex64. To double; both parts: the function, the rounded result in its place."""
    return Traffic(4 * n * m, 8 * n * m, (12 + 2 * (16 + 20)) * n * m)


def random_coherence(n: int, m: int, n_trials: int) -> Traffic:
    """Phases (n, m) float64; 100 counts. Besides topofit: sine and cosine, then the histogram."""
    return Traffic(8 * n * m, 800, _fit(n, m, n_trials) + 56 * n * m)


def matlab_random(n: int) -> Traffic:
    """Starts of about sqrt(n) pieces; n deviates. Each one: its fraction, its register, the change of its bits."""
    pieces = -(-n // max(27, int(n**0.5)))
    return Traffic(28 * 8 * pieces, 8 * n + 28 * 8, 270 * n)


def grid_accumulate(n: int, m: int, n_cells: int) -> Traffic:
    """Phasors (n, m) complex64, cells and their order; sums (n_cells, m). Each pixel: two gathers, a sum, a scatter."""
    return Traffic(8 * n * m + 16 * n, 8 * n_cells * m, (72 * m + 48) * n + 8 * n_cells * m)


def clap(n_i: int, n_j: int, m: int, n_win: int, n_pad: int) -> Traffic:
    """Grids (n_i, n_j, m) complex64 both ways; tapers, low pass, smoothing. Windows every quarter of ``n_win``.

    Of each window, with its padding: weights, transforms along the columns and medians (63 bits, 10 bytes each); with half
    of it: transforms along the rows, tapers, sums of windows.
    """
    size, rows, columns = n_win + n_pad, _windows(n_i, n_win), _windows(n_j, n_win)
    grids = n_i * n_j * m
    settings = 8 * (min(rows, 2) * columns * n_win**2 + (rows + 1) * size**2)
    moved = rows * columns * m * (763 * size**2 + 365 * size * n_win) + 83 * grids
    return Traffic(8 * grids + settings, 8 * grids, moved)


def _windows(n: int, n_win: int) -> int:
    return max(-(-n // (n_win // 4)) - 3, 0)


def clap_patch(n: int, n_i: int, n_j: int, m: int, n_win: int) -> Traffic:
    """Grids (n_i, n_j, m) complex64, n distinct cells; phasors (n, m).

    A window of complex64 for each cell and grid: copy, transform, weights, medians (31 bits, 6 bytes each), one sample of the
    inverse transform. Each grid row: a transform along its columns; smoothing and places of its cells go to the device.
    """
    settings = 4 * n_win**2 * (n_i + 3) + 32 * n
    return Traffic(8 * n_i * n_j * m + settings, 8 * n * m, n * m * 320 * n_win**2 + 41 * n_i * n_j * n_win * m)


def arc_noise(n: int, n_edge: int, u: int) -> Traffic:
    """Phasors (n, u) complex64, edges, fits in time; two float32 for each arc.

    Each arc and date: two straight lines through its u phases, in double; besides, wrapping, moments, the part of the baseline.
    """
    return Traffic(8 * n * u + 16 * n_edge + 24 * u * u, 8 * n_edge, n_edge * u * (230 * u + 774))


def high_pass(n: int, m: int) -> Traffic:
    """Phases (n, m) float32, weights; double. Cast, difference, product with the weights, difference."""
    return Traffic(4 * n * m + 8 * m * m, 8 * n * m, 68 * n * m)


def gaussian_smooth(n: int, m: int, n_pair: int, n_near: int, n_block: int = 1) -> Traffic:
    """Values (n, m) float64 both ways, positions, ranges of candidates.

    ``n_pair`` candidates (gathers, distances), ``n_near`` of them near (weights, sparse matrix); each block of pairs reads all
    values.
    """
    to_device = 8 * n * m + 8 * n + 8 * n + 3 * 16 * n
    return Traffic(to_device, 8 * n * m, 292 * n_pair + 124 * n_near + (8 * n_block + 24) * n * m + 168 * n)

"""Kinds of motion, the thresholds between them, and what is found of each series.

Source: docs/method/series.md, section 3.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.checks import real, whole
from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Classes", "Motion", "Rules", "no_classes"]


class Motion(enum.IntEnum):
    """Kinds of motion, from the simplest."""

    NONE = 0
    LINEAR = 1
    QUADRATIC = 2
    BILINEAR = 3
    JUMP = 4
    JUMP_AND_BEND = 5


@dataclass(frozen=True)
class Rules:
    """Thresholds of the tests.

    Attributes
    ----------
    alpha : float
        Level of significance.
    least_weight : float
        Weight (of 1 for all models together) from which on the best model is taken without asking for a simpler one.
    segment : int
        Dates on each side of a change at least; 0: a tenth of them, at least five.
    annual : bool
        Fit a motion of one year together with every model.
    """

    alpha: float = 0.01
    least_weight: float = 0.75
    segment: int = 0
    annual: bool = False

    def __post_init__(self) -> None:
        real(self.alpha, "alpha"), real(self.least_weight, "least_weight")
        whole(self.segment, "segment")
        if not 0 < self.alpha < 1:
            raise ParameterError(f"The level of significance is {self.alpha}, but lies between 0 and 1.")
        if not 0 <= self.least_weight <= 1:
            raise ParameterError(f"The least weight is {self.least_weight}, but lies between 0 and 1.")

    def side(self, n: int) -> int:
        """Dates on each side of a change of a series of ``n`` dates."""
        return self.segment or max(5, -(-n // 10))

    def needed(self, n: int) -> int:
        """Dates from which on a series of ``n`` has two places for a change at least, and enough for the largest model."""
        return max(2 * self.side(n) + 1, 8 + 2 * self.annual)


@dataclass(frozen=True)
class Classes:
    """What was found of ``n`` series: arrays of shape (n,); NaN (−1 of integers) where it does not apply.

    Attributes
    ----------
    motion : ndarray of int
        :class:`Motion`.
    p_linear, p_quadratic : ndarray
        Of the F-tests of a line against a constant and a parabola against a line.
    weight : ndarray
        Of the chosen model among the five.
    velocity, velocity_std : ndarray
        Of the line, mm/yr.
    acceleration, acceleration_std : ndarray
        Of the parabola, mm/yr².
    break_day, break_first, break_last : ndarray
        Datenum of the last date before the change, and of the first and last such date that would do almost as well.
    velocity_before, velocity_after, velocity_change, velocity_change_std : ndarray
        mm/yr, of the chosen model with a change.
    jump, jump_std : ndarray
        mm, towards the satellite.
    rmse, r2 : ndarray
        Of the chosen model.
    cycle_jump : ndarray of bool
        The jump is near a multiple of half a wavelength, as an error of unwrapping is.
    n_dates : ndarray of int
    """

    motion: NDArray[np.int64]
    p_linear: NDArray[np.float64]
    p_quadratic: NDArray[np.float64]
    weight: NDArray[np.float64]
    velocity: NDArray[np.float64]
    velocity_std: NDArray[np.float64]
    acceleration: NDArray[np.float64]
    acceleration_std: NDArray[np.float64]
    break_day: NDArray[np.float64]
    break_first: NDArray[np.float64]
    break_last: NDArray[np.float64]
    velocity_before: NDArray[np.float64]
    velocity_after: NDArray[np.float64]
    velocity_change: NDArray[np.float64]
    velocity_change_std: NDArray[np.float64]
    jump: NDArray[np.float64]
    jump_std: NDArray[np.float64]
    rmse: NDArray[np.float64]
    r2: NDArray[np.float64]
    cycle_jump: NDArray[np.bool_]
    n_dates: NDArray[np.int64]


def no_classes(n: int) -> Classes:
    """Of ``n`` series of which nothing is known."""
    integers = {"motion": -1, "n_dates": 0}
    made = {}
    for field in fields(Classes):
        if field.name == "cycle_jump":
            made[field.name] = np.zeros(n, dtype=bool)
        elif field.name in integers:
            made[field.name] = np.full(n, integers[field.name])
        else:
            made[field.name] = np.full(n, np.nan)
    return Classes(**made)

"""Models of a series with and without a change: residual sums of all places of a change at once.

Source: docs/method/series.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.analysis.motion import Motion, Rules
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FLOOR", "Best", "Change", "Models", "solved", "squares"]

#: The least a model leaves, mm² per date.
FLOOR = 1e-12


class Best(NamedTuple):
    """A family of models with a change, its best place for each series.

    Residual sums of all places (places, m), the place, its sum and the lengths of the series along its jump and its bend (m,),
    the latter without what the jump holds; 0 where a family lacks it.
    """

    all: NDArray[np.float64]
    place: NDArray[np.int64]
    rss: NDArray[np.float64]
    jump: NDArray[np.float64]
    bend: NDArray[np.float64]


class Models:
    """What the tests need of a set of dates; bases are orthonormal, so that a residual sum is a difference of squares."""

    def __init__(self, days: NDArray[np.float64], rules: Rules) -> None:
        self.days, self.rules, self.n = days, rules, days.size
        self.t = (days - (days[0] + days[-1]) / 2) / DAYS_PER_YEAR
        annual = [np.cos(2 * np.pi * self.t), np.sin(2 * np.pi * self.t)] if rules.annual else []
        self.extra = len(annual)
        self.common = np.stack([np.ones(self.n), *annual], axis=1)
        self.constant = np.linalg.qr(self.common)[0]
        self.line_columns = np.column_stack([self.common, self.t])
        self.line = np.linalg.qr(self.line_columns)[0]
        side = rules.side(self.n)
        self.places = np.arange(side - 1, self.n - side)  # the last date before a change
        self.after = np.arange(self.n)[:, None] > self.places  # (n, places)
        self.bends = self.after * (self.t[:, None] - self.t[self.places])
        self.parabola = _orthogonal(self.line, (self.t**2 / 2)[:, None])
        jumps, bends = self.after.astype(float), _residual(self.line, self.bends)
        steps = _residual(self.line, jumps)
        self.bend, self.bend_length = _unit(bends), _lengths(bends)
        self.step, self.step_length = _unit(steps), _lengths(steps)
        self.shared = np.einsum("km,km->m", self.step, bends)  # of a bend with the jump on the same day
        rest = bends - self.step * self.shared
        self.both, self.both_length = _unit(rest), _lengths(rest)
        slope = _slope(self.line_columns)
        self.jump_slope, self.bend_slope = slope @ jumps, slope @ self.bends

    def parameters(self, motion: Motion) -> int:
        """Coefficients of a model, its day of change among them."""
        return {0: 1, 1: 2, 2: 3, 3: 4, 4: 4, 5: 5}[int(motion)] + self.extra

    def sums(self, series: NDArray[np.float64]) -> tuple[NDArray[np.float64], dict[Motion, Best]]:
        """Residual sums of the models (6, m) of series (k, m), and what was found of the families with a change."""
        constant = _residual(self.constant, series)
        left = _residual(self.line, series)
        line = squares(left)
        bend, step, both = self.bend.T @ left, self.step.T @ left, self.both.T @ left
        with_step = line - step**2
        families = {
            Motion.BILINEAR: _best(line - bend**2, None, bend),
            Motion.JUMP: _best(with_step, step, None),
            Motion.JUMP_AND_BEND: _best(with_step - both**2, step, both),
        }
        parabola = line - squares(self.parabola.T @ left)
        rss = np.stack([squares(constant), line, parabola, *(family.rss for family in families.values())])
        return np.maximum(rss, self.n * FLOOR), families

    def change(self, motion: Motion, family: Best, line_velocity: NDArray[np.float64], sure: float) -> Change:
        """Coefficients of a family at its best places, and whether its change is significant.

        Parameters
        ----------
        motion : Motion
        family : Best
        line_velocity : ndarray, shape (m,)
            Of the line alone, mm/yr.
        sure : float
            Standard errors that a significant jump or bend has at least.
        """
        at = family.place
        freedom = self.n - self.parameters(motion)
        noise = np.sqrt(np.maximum(family.rss, self.n * FLOOR) / freedom)
        jump, jump_std, bend, bend_std = np.zeros((4, at.size))
        significant = np.ones(at.size, dtype=bool)
        if motion is not Motion.JUMP:
            length = (self.bend_length if motion is Motion.BILINEAR else self.both_length)[at]
            bend, bend_std = family.bend / length, noise / length
            significant &= np.abs(bend) > sure * bend_std
        if motion is not Motion.BILINEAR:
            length, shared = self.step_length[at], self.shared[at]
            jump = (family.jump - shared * bend) / length
            jump_std = np.hypot(noise, shared * bend_std) / length
            significant &= np.abs(jump) > sure * jump_std
        velocity = line_velocity - jump * self.jump_slope[at] - bend * self.bend_slope[at]
        return Change(velocity, bend, bend_std, jump, jump_std, significant)


def _residual(basis: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    left: NDArray[np.float64] = columns - basis @ (basis.T @ columns)
    return left


def squares(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = np.einsum("km,km->m", columns, columns)
    return squares


def _lengths(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of columns; those that hold rounding only are infinitely long, so that they get no coefficient."""
    lengths = np.sqrt(squares(columns))
    kept: NDArray[np.float64] = np.where(lengths > 1e-9, lengths, np.inf)
    return kept


def _unit(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of length 1; those that hold rounding only become zero."""
    unit: NDArray[np.float64] = columns / _lengths(columns)
    return unit


def _orthogonal(basis: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return _unit(_residual(basis, columns))


def _slope(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the last coefficient of a least-squares fit is made of: times a series it is that coefficient."""
    q, r = np.linalg.qr(columns)
    slope: NDArray[np.float64] = np.linalg.solve(r, q.T)[-1]
    return slope


def _best(sums: NDArray[np.float64], jump: NDArray[np.float64] | None, bend: NDArray[np.float64] | None) -> Best:
    place = sums.argmin(axis=0)

    def there(rows: NDArray[np.float64] | None) -> NDArray[np.float64]:
        return np.zeros(place.size) if rows is None else np.take_along_axis(rows, place[None], axis=0)[0]

    return Best(sums, place, there(sums), there(jump), there(bend))


class Change(NamedTuple):
    """Coefficients of a family of models with a change, shape (m,)."""

    velocity: NDArray[np.float64]
    bend: NDArray[np.float64]
    bend_std: NDArray[np.float64]
    jump: NDArray[np.float64]
    jump_std: NDArray[np.float64]
    significant: NDArray[np.bool_]


def solved(
    columns: NDArray[np.float64], series: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (p, m), their covariance for unit noise, sums of squared residuals."""
    q, r = np.linalg.qr(columns)
    inverse = np.linalg.inv(r)
    found = inverse @ (q.T @ series)
    return found, inverse @ inverse.T, squares(series - columns @ found)

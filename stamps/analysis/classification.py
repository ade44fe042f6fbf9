"""Which kind of motion a series shows: none, steady, accelerating, with a change of velocity, with a jump.

A sequence of tests after Berti et al. (2013); the thresholds are our own.

Source: docs/method/series.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from stamps.analysis.change_models import FLOOR, Change, Models, solved, squares
from stamps.analysis.fitting import patterns_of
from stamps.analysis.motion import Classes, Motion, Rules, no_classes
from stamps.errors import ParameterError
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["classify", "common_break"]

_BLOCK = 1024
_COMMON = 0.2  # part of the changes on one date from which on they are rather an error of that date
_CYCLE = 0.2  # of half a wavelength: so near to a multiple of it a jump may be one of unwrapping


def classify(
    days: ArrayLike, series: ArrayLike, rules: Rules | None = None, *, wavelength: float | None = None
) -> Classes:
    """Tell for each series which kind of motion it shows.

    Parameters
    ----------
    days : array_like, shape (k,)
        Dates, datenum, ascending.
    series : array_like, shape (n, k)
        Displacements, mm; NaN where a date is missing.
    rules : Rules, optional
    wavelength : float, optional
        Metres; without it jumps are not compared with cycles.

    Returns
    -------
    Classes

    Raises
    ------
    ParameterError
        Too few dates for a change to be found, or less than a year for an annual motion.
    """
    rules = rules or Rules()
    when, data = np.asarray(days, dtype=np.float64).ravel(), np.asarray(series, dtype=np.float64)
    if data.ndim != 2 or data.shape[1] != when.size:
        raise ParameterError(f"The series are {data.shape}, but there are {when.size} dates.")
    if not np.all(np.diff(when) > 0):
        raise ParameterError("The dates of a series must ascend, and none may stand twice.")
    needed = rules.needed(when.size)
    if when.size < needed:
        raise ParameterError(f"Kinds of motion can be told from {needed} dates on; there are {when.size}.")
    if rules.annual and when[-1] - when[0] < DAYS_PER_YEAR:
        raise ParameterError("An annual motion cannot be told from a trend in less than a year.")
    made = no_classes(data.shape[0])
    for there, members in patterns_of(data):
        made.n_dates[members] = there.sum()
        if there.sum() >= rules.needed(int(there.sum())):
            models = Models(when[there], rules)
            for first in range(0, members.size, _BLOCK):
                block = members[first : first + _BLOCK]
                part = np.ascontiguousarray(data[np.ix_(block, there)].T)
                _Decision(models, made, block, part - part.mean(axis=0)).write(wavelength)
    return made


def common_break(classes: Classes) -> tuple[float, float] | None:
    """The day after which more than a fifth of all changes happen, with that part; none where there is no such day.

    So many at once are rather an error of that date (unwrapping, atmosphere, reference) than motion.
    """
    days = classes.break_day[np.isfinite(classes.break_day)]
    if days.size < 5:
        return None
    found, counts = np.unique(days, return_counts=True)
    part = counts.max() / days.size
    return (float(found[counts.argmax()]), float(part)) if part > _COMMON else None


# ---------------------------------------------------------------------- which it is


class _Decision:
    """The tests of a block of series."""

    def __init__(
        self,
        models: Models,
        made: Classes,
        block: NDArray[np.int64],
        series: NDArray[np.float64],
    ) -> None:
        self.models, self.made, self.block, self.series = models, made, block, series
        (self.rss, self.families), n = models.sums(series), models.n
        counts = np.array([models.parameters(motion) for motion in Motion])
        self.bic = n * np.log(self.rss / n) + counts[:, None] * np.log(n)

    def _f(self, small: Motion, large: Motion) -> tuple[NDArray[np.float64], int, int]:
        """Statistic of the F-test of a model against a smaller one, and its degrees of freedom."""
        few, many = self.models.parameters(small), self.models.parameters(large)
        freedom = self.models.n - many
        f = (self.rss[small] - self.rss[large]) / (many - few) / (self.rss[large] / freedom)
        return np.maximum(f, 0), many - few, freedom

    def _p(self, small: Motion, large: Motion) -> NDArray[np.float64]:
        f, more, freedom = self._f(small, large)
        p: NDArray[np.float64] = special.fdtrc(more, freedom, f)
        return p

    def _beats_the_constant(self, motion: Motion, level: float) -> NDArray[np.bool_]:
        """Whether the p of a model against the constant is below a level."""
        f, more, freedom = self._f(Motion.NONE, motion)
        beats: NDArray[np.bool_] = f > stats.f.isf(level, more, freedom)
        return beats

    def write(self, wavelength: float | None) -> None:
        """Decide, and put all into the arrays."""
        made, block, alpha = self.made, self.block, self.models.rules.alpha
        p_linear = self._p(Motion.NONE, Motion.LINEAR)
        still = (p_linear > alpha) & ~self._beats_the_constant(Motion.QUADRATIC, alpha)
        for family in self.families:
            still &= ~self._beats_the_constant(family, alpha / self.models.n)
        self._write_polynomials()
        line = made.velocity[block]
        changes = {
            motion: self.models.change(motion, family, line, self._sure(motion))
            for motion, family in self.families.items()
        }
        motion, weight = self._chosen(changes)
        motion = np.where(still, Motion.NONE, motion)
        made.motion[block] = motion
        made.p_linear[block] = p_linear
        made.p_quadratic[block] = self._p(Motion.LINEAR, Motion.QUADRATIC)
        made.weight[block] = np.where(still, np.nan, weight)
        chosen = self.rss[motion, np.arange(block.size)]
        total = np.maximum(squares(self.series), 1e-300)
        made.rmse[block] = np.sqrt(chosen / self.models.n)
        made.r2[block] = 1 - chosen / total
        for kind, change in changes.items():
            self._write_change(kind, change, np.flatnonzero(motion == kind), wavelength)

    def _chosen(self, changes: dict[Motion, Change]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The best model, or one that is simpler and almost as good, of those whose change is significant."""
        bic = self.bic.copy()
        bic[Motion.NONE] = np.inf
        for motion, change in changes.items():
            bic[motion] = np.where(change.significant, bic[motion], np.inf)
        least = bic.min(axis=0)
        weights = np.exp(-(bic - least) / 2)
        weights /= weights.sum(axis=0)
        best = bic.argmin(axis=0)
        simplest = (bic <= least + 2).argmax(axis=0)
        sure = weights.max(axis=0) >= self.models.rules.least_weight
        motion = np.where(sure, best, simplest)
        return motion, np.take_along_axis(weights, motion[None], axis=0)[0]

    def _write_polynomials(self) -> None:
        models, block, made = self.models, self.block, self.made
        for columns, value, error in (
            (models.line_columns, made.velocity, made.velocity_std),
            (np.column_stack([models.line_columns, models.t**2 / 2]), made.acceleration, made.acceleration_std),
        ):
            found, unit, rss = solved(columns, self.series)
            noise = np.sqrt(np.maximum(rss, models.n * FLOOR) / (models.n - columns.shape[1]))
            value[block], error[block] = found[-1], noise * np.sqrt(unit[-1, -1])

    def _sure(self, motion: Motion) -> float:
        """Standard errors that a change has at least."""
        return float(stats.t.isf(self.models.rules.alpha / 2, self.models.n - self.models.parameters(motion)))

    def _write_change(self, motion: Motion, change: Change, of: NDArray[np.int64], wavelength: float | None) -> None:
        made, rows, family = self.made, self.block[of], self.families[motion]
        days = self.models.days[self.models.places]
        made.break_day[rows] = days[family.place[of]]
        sums = np.maximum(family.all[:, of], self.models.n * FLOOR)
        near = self.models.n * np.log(sums / sums.min(axis=0)) <= 2
        made.break_first[rows] = days[near.argmax(axis=0)]
        made.break_last[rows] = days[near.shape[0] - 1 - near[::-1].argmax(axis=0)]
        made.velocity_before[rows] = change.velocity[of]
        made.velocity_after[rows] = change.velocity[of] + change.bend[of]
        if motion is not Motion.JUMP:
            made.velocity_change[rows], made.velocity_change_std[rows] = change.bend[of], change.bend_std[of]
        if motion is not Motion.BILINEAR:
            made.jump[rows], made.jump_std[rows] = change.jump[of], change.jump_std[of]
            if wavelength is not None:
                cycle = 1000 * wavelength / 2
                off = np.abs(change.jump[of]) / cycle
                made.cycle_jump[rows] = (np.round(off) >= 1) & (np.abs(off - np.round(off)) <= _CYCLE)

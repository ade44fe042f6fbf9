"""The model of the series of a table: weights, fit, kinds of motion, columns, words about it.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.classification import classify, common_break
from stamps.analysis.fitting import Fit, fit_series
from stamps.analysis.motion import Classes, Motion
from stamps.analysis.terms import design_of
from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.exports.table import PointTable
from stamps.products.notebook_paths import shown_file
from stamps.products.series import dates_of
from stamps.products.series_models.choice import ModelChoice
from stamps.products.series_models.columns import class_fields, fit_fields
from stamps.workspace.markup import lines, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "SeriesModel", "fitted", "modelled"]

#: Words for the kinds of motion.
KINDS = ("none", "steady", "accelerating", "two velocities", "jump", "jump and two velocities")

_WELL_APART = 1.5  # years from which on a trend and a motion of one year are told apart well


@dataclass(frozen=True, repr=False)
class SeriesModel:
    """What was found of the series of a project.

    Attributes
    ----------
    table : PointTable
        The table of the exports with the columns of the model behind its own.
    choice : ModelChoice
    fit : Fit
        Coefficients of all pixels of the table.
    classes : Classes or None
        Kinds of motion, where they were asked for.
    weights_from : str
        Where the weights of the dates come from.
    warnings : tuple of str
        What may be wrong with all of it.
    path : Path or None
        The file that was written.
    """

    table: PointTable
    choice: ModelChoice
    fit: Fit
    classes: Classes | None
    weights_from: str
    warnings: tuple[str, ...]
    path: Path | None = None

    def column(self, name: str) -> NDArray[Any]:
        """A column of the table.

        Raises
        ------
        InputError
            There is none of that name.
        """
        names = [field.name for field in self.table.fields]
        if name not in names:
            raise InputError(f"There is no column '{name}': there are {', '.join(names)}.")
        return self.table.field(name)

    def summary(self) -> str:
        """A few lines: terms, weights, how many pixels show which kind of motion, warnings."""
        said = [self._heading(), f"weights: {self.weights_from}"]
        for name, unit, value, std in self._terms():
            said.append(f"  {name:<20s} median {value:10.3f} {unit:<6s} median error {std:8.3f}")
        said += [f"  {'rmse':<20s} median {_median(self.fit.rmse):10.3f} mm", *self._unfit()]
        if self.classes is not None:
            said.append("kinds of motion:")
            said += [
                f"  {number} {word:<24s} {count:8d}  {share:5.1f} %" for number, word, count, share in self._kinds()
            ]
            said.append(f"  jumps like cycles          {int(self.classes.cycle_jump.sum()):8d}")
        return "\n".join([*said, *(f"Warning: {text}" for text in self.warnings)])

    __str__ = summary
    __repr__ = summary

    def _repr_html_(self) -> str:
        terms = [*self._terms(), ("rmse", "mm", _median(self.fit.rmse), None)]
        made = table(("term", "unit", "median", "median error"), terms, self._heading())
        if self.classes is not None:
            kinds = [(word, count, share) for _, word, count, share in self._kinds()]
            made += table(("kind of motion", "pixels", "share (%)"), kinds)
        told = [f"weights: {self.weights_from}", *self._unfit(), *(f"Warning: {text}" for text in self.warnings)]
        return made + lines(told) + shown_file(self.path)

    def _heading(self) -> str:
        dates, reference = len(self.fit.design.days), self.table.metadata["reference_date"]
        return f"{len(self.table)} pixels, {dates} dates, relative to {reference}"

    def _terms(self) -> list[tuple[str, str, float, float]]:
        """Name and unit of each term, median of all pixels and of their errors."""
        terms = self.fit.design.terms
        found = [(name, unit, *self.fit.of(name)) for name, unit in zip(terms.names, terms.units, strict=True)]
        return [(name, unit, _median(value), _median(std)) for name, unit, value, std in found]

    def _unfit(self) -> list[str]:
        unfit = int(np.isnan(self.fit.noise).sum())
        return [f"{unfit} pixels have too few dates for the model"] if unfit else []

    def _kinds(self) -> list[tuple[int, str, int, float]]:
        """Number and word of each kind of motion, pixels that show it, their share in per cent."""
        if self.classes is None:
            return []
        counts = [int((self.classes.motion == motion).sum()) for motion in Motion]
        shares = [100 * count / max(len(self.table), 1) for count in counts]
        return [(int(m), word, n, share) for m, word, n, share in zip(Motion, KINDS, counts, shares, strict=True)]


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def fitted(table: PointTable, choice: ModelChoice) -> SeriesModel:
    """Fit a model to the series of a table.

    Parameters
    ----------
    table : PointTable
    choice : ModelChoice

    Returns
    -------
    SeriesModel

    Raises
    ------
    InputError
        The noise of the dates is asked for and not known.
    ParameterError
        The dates cannot tell the terms apart, or are too few.
    """
    days = np.asarray(table.project.ps["day"], dtype=np.float64)[table.images]
    reference = table.dates[int(np.flatnonzero(table.images == table.zero_image)[0])]
    reference_day = float(days[table.images == table.zero_image][0])
    design = design_of(days, choice.terms(), reference_day)
    series = table.series_matrix()
    sigma, weights_from = _deviations(table, choice.weights)
    fit = fit_series(design, series, sigma, correlated=choice.correlated)
    white = fit_series(design, series, sigma) if choice.correlated else None
    fields = fit_fields(fit, white, reference)
    classes = None
    if choice.classify:
        classes = classify(days, series, choice.rules(), wavelength=float(table.project.wavelength))
        fields += class_fields(classes)
    warnings = tuple(_warnings(choice, days, classes))
    facts = {"terms": list(design.terms.names), "weights_from": weights_from, "warnings": list(warnings)}
    metadata = {**table.metadata, "model": {**choice.described(), **facts}}
    metadata["fields"] = {
        **{field.name: {"unit": field.unit, "meaning": field.meaning} for field in [*table.fields, *fields]},
        "Dyyyymmdd": table.metadata["fields"]["Dyyyymmdd"],
    }
    whole = replace(table, fields=[*table.fields, *fields], metadata=metadata)
    return SeriesModel(whole, choice, fit, classes, weights_from, warnings)


def modelled(table: PointTable, given: Any) -> PointTable:
    """A table with the columns of a model, if one is asked for (not None, not False)."""
    return table if given is None or given is False else fitted(table, ModelChoice.read(given)).table


def _deviations(table: PointTable, weights: str) -> tuple[NDArray[np.float64] | None, str]:
    """Standard deviation of each date, mm, and where it comes from; None for equal ones.

    The date to which all refer has none of its own where a single master is the reference: it gets the median of the others.
    """
    if weights == "equal":
        return None, "equal"
    project = table.project
    covariance = project.covariance(False)
    known = None if covariance is None else np.diag(np.asarray(covariance, dtype=np.float64))[table.images]
    good = np.zeros(0, dtype=bool) if known is None else np.isfinite(known) & (known > 0)
    if known is None or not good.any():
        if weights == "noise":
            raise InputError(
                "The noise of the dates is not known (ps_calc_ifg_std writes it): take the weights auto or equal."
            )
        return None, "equal (the noise of the dates is not known)"
    source = f"phuw_sb_res{project.version}.mat" if project.small_baselines else f"{project.file('ifgstd')}.mat"
    sigma = np.sqrt(np.where(good, known, np.median(known[good]))) * project.millimetres
    return sigma, f"noise of the dates, {source}"


def _warnings(choice: ModelChoice, days: NDArray[np.float64], classes: Classes | None) -> list[str]:
    found = []
    span = float(days[-1] - days[0]) / DAYS_PER_YEAR
    if choice.annual and span < _WELL_APART:
        found.append(f"{span:.1f} years hardly tell a motion of one year from a trend.")
    common = None if classes is None else common_break(classes)
    if common is not None:
        day: datetime.date = dates_of(common[0])[0]
        found.append(
            f"{100 * common[1]:.0f} % of all changes are after {day}: this is rather an error of a date (unwrapping, atmosphere, "
            "reference) than motion."
        )
    return found

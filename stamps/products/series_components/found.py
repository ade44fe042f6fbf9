"""Components of the series of a table, with what hints at their causes, and tables of a part of them.

Source: docs/method/components.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.components import Components, components_of
from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.exports.table import Field, PointTable
from stamps.products.notebook_paths import shown_file
from stamps.products.velocity import fit_lines
from stamps.workspace.markup import lines, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HINTS", "SeriesComponents", "decomposed"]

#: What is said of each component beside what it explains: name and meaning.
HINTS = (
    ("height", "correlation of the map with the height of the pixels"),
    ("time", "correlation of the course with time"),
    ("annual", "multiple correlation of the course, without its trend, with a motion of one year"),
    ("baseline", "correlation of the course with the perpendicular baseline"),
)

_SURE = 0.8  # least stability of a component that can be trusted


@dataclass(frozen=True, repr=False)
class SeriesComponents:
    """Components of a project.

    Attributes
    ----------
    table : PointTable
        The table whose series were decomposed.
    components : Components
        Maps, courses (0 on the first date), explained, stability.
    hints : dict of str to ndarray, shape (p,)
        Correlations by the names of :data:`HINTS`; NaN where not known.
    path : Path or None
        The file that was written.
    """

    table: PointTable
    components: Components
    hints: dict[str, NDArray[np.float64]]
    path: Path | None = None

    def __len__(self) -> int:
        return int(self.components.explained.size)

    @property
    def metadata(self) -> dict[str, Any]:
        """What is said of the components."""
        parts = self.components
        rows = []
        for number in range(len(self)):
            row = {"component": number + 1, "explained": _known(parts.explained[number])}
            row["stability"] = _known(parts.stability[number])
            row.update({name: _known(values[number]) for name, values in self.hints.items()})
            rows.append(row)
        courses = f"mm since {self.table.dates[0]}"
        return {"method": parts.method, "courses": courses, "meaning_of_hints": dict(HINTS), "components": rows}

    def maps_table(self) -> PointTable:
        """The table with the maps in place of the series, one column for each component and the rms of what is left."""
        parts = self.components
        fields = [
            Field(f"comp{number + 1}", parts.maps[:, number], "", f"map of component {number + 1}", 4, True)
            for number in range(len(self))
        ]
        fields.append(Field("comp_rms", parts.residual_of_pixels, "mm", "rms of what the components leave", 3, True))
        about = {field.name: {"unit": field.unit, "meaning": field.meaning} for field in [*self.table.fields, *fields]}
        metadata = {**self.table.metadata, "fields": about, "components": self.metadata}
        return replace(self.table.without_series(), fields=[*self.table.fields, *fields], metadata=metadata)

    def part(self, keep: Sequence[int] | None = None, subtract: Sequence[int] | None = None) -> PointTable:
        """The table whose series, and velocities, are those of some components, or are without them.

        Parameters
        ----------
        keep, subtract : sequence of int
            Components from 1; one of both.

        Raises
        ------
        InputError
            Both are given, or neither.
        ParameterError
            There is no such component.
        """
        if (keep is None) == (subtract is None):
            raise InputError("Give the components to keep, or those to subtract.")
        numbers = np.unique(np.ravel(np.asarray(keep if keep is not None else subtract))).tolist()
        if not numbers:
            raise InputError("Give one component at least to keep or to subtract.")
        part = self.components.part(numbers)
        whole = np.asarray(self.table.series_matrix(), dtype=np.float64)
        zero = int(np.flatnonzero(self.table.images == self.table.zero_image)[0])
        part = part - part[:, [zero]]
        series = part if keep is not None else whole - part
        slope = part @ _slope_weights(self.table)
        velocity = slope if keep is not None else self.table.field("VEL") - slope
        return _with_series(self.table, series, velocity, "kept" if keep is not None else "subtracted", numbers)

    def summary(self) -> str:
        """A line for each component."""
        parts = self.components
        said = [
            self._heading(),
            "      explained  stability  " + "  ".join(f"{name:>8s}" for name, _ in HINTS),
        ]
        for number in range(len(self)):
            hints = "  ".join(f"{self.hints[name][number]:8.2f}" for name, _ in HINTS)
            said.append(
                f"  {number + 1:2d}  {100 * parts.explained[number]:7.1f} %  {parts.stability[number]:9.2f}  {hints}"
            )
        return "\n".join([*said, *self._doubts()])

    __str__ = summary
    __repr__ = summary

    def _heading(self) -> str:
        n, dates = len(self.table), len(self.table.dates)
        return f"{len(self)} components ({self.components.method}) of {n} pixels and {dates} dates"

    def _doubts(self) -> list[str]:
        weak = [str(number + 1) for number in np.flatnonzero(self.components.stability < _SURE)]
        return [f"Warning: stability below {_SURE}, not to be trusted: {', '.join(weak)}"] if weak else []

    def _repr_html_(self) -> str:
        parts, names = self.components, [name for name, _ in HINTS]
        rows = [
            (
                number + 1,
                100 * parts.explained[number],
                parts.stability[number],
                *(self.hints[n][number] for n in names),
            )
            for number in range(len(self))
        ]
        heads = ("component", "explained (%)", "stability", *names)
        return table(heads, rows, self._heading()) + lines(self._doubts()) + shown_file(self.path)


def decomposed(
    table: PointTable, method: str, number: int | None, increments: bool, runs: int, seed: int
) -> SeriesComponents:
    """Decompose the series of a table; the arguments are those of :func:`stamps.analysis.components.components_of`."""
    parts = components_of(table.series_matrix(), method, number, increments=increments, runs=runs, seed=seed)
    return SeriesComponents(table, parts, _hints(table, parts))


def _hints(table: PointTable, parts: Components) -> dict[str, NDArray[np.float64]]:
    days = np.asarray(table.project.ps["day"], dtype=np.float64)[table.images]
    years = (days - days[0]) / DAYS_PER_YEAR
    heights, baselines = np.asarray(table.field("HEIGHT"), dtype=np.float64), table.baselines()
    courses = parts.courses.T
    return {
        "height": np.array([_correlation(column, heights) for column in parts.maps.T]),
        "time": np.array([_correlation(course, years) for course in courses]),
        "annual": np.array([_annual(course, years) for course in courses]),
        "baseline": np.array([_correlation(course, baselines) for course in courses]),
    }


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return float("nan")
    return float(np.corrcoef(one[known], other[known])[0, 1])


def _annual(course: NDArray[np.float64], years: NDArray[np.float64]) -> float:
    """NaN in less than a year."""
    if years[-1] < 1 or years.size < 6:
        return float("nan")
    line = np.column_stack([np.ones_like(years), years])
    year = np.column_stack([np.cos(2 * np.pi * years), np.sin(2 * np.pi * years)])
    left = course - line @ np.linalg.lstsq(line, course, rcond=None)[0]
    rest = year - line @ np.linalg.lstsq(line, year, rcond=None)[0]
    fitted = rest @ np.linalg.lstsq(rest, left, rcond=None)[0]
    total = float(left @ left)
    return float(np.sqrt(min(1.0, float(fitted @ fitted) / total))) if total > 0 else float("nan")


def _slope_weights(table: PointTable) -> NDArray[np.float64]:
    """What velocities in mm/yr are made of: times a series they are the slope that the exports fit, shape (k,)."""
    project = table.project
    others = np.flatnonzero(table.images != project.master)
    images = table.images[others]
    days = np.asarray(project.ps["day"][images] - project.ps["master_day"], dtype=np.float64)
    covariance = project.covariance(False)
    known = None if covariance is None else np.asarray(covariance)[np.ix_(images, images)]
    weights = np.zeros(len(table.images))
    weights[others] = fit_lines(np.eye(others.size), days, known)[1] * DAYS_PER_YEAR
    master = np.flatnonzero(table.images == project.master)
    weights[master] = -weights.sum()  # a series that is 0 on another date than the master's has the same velocity
    return weights


def _with_series(
    table: PointTable, series: NDArray[np.float64], velocity: NDArray[Any], what: str, numbers: list[int]
) -> PointTable:
    """A table with other series and velocities; standard deviations of velocities are not known."""
    values = {"VEL": np.asarray(velocity, np.float32), "V_STDEV": np.full(len(table), np.nan, np.float32)}
    fields = [replace(field, values=values.get(field.name, field.values)) for field in table.fields]
    said = f"components {', '.join(map(str, numbers))} {what}"
    metadata = {
        **table.metadata,
        "title": f"{table.metadata['title']}, {said}",
        "components": said,
        "velocity_from": f"{table.metadata['velocity_from']}, {said}",
        "velocity_std_from": "not known of components",
    }
    return table.with_series(series, fields=fields, metadata=metadata)


def _known(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None

"""What :func:`stamps.decompose` finds, with its columns.

Source: docs/method/decomposition.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab.dates import to_yyyymmdd
from stamps.products.exports.table import Field
from stamps.products.ground.motion_sheet import Sheet
from stamps.products.notebook_paths import shown_file
from stamps.workspace.markup import lines, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.ground.common_time import Series

__all__ = ["Motion"]


@dataclass(frozen=True, repr=False)
class Motion:
    """East and up of places that all projects see.

    Attributes
    ----------
    lonlat : ndarray, shape (c, 2)
        Degrees.
    places : ndarray, shape (c, 2)
        Metres in the frame of the cells.
    east, up : ndarray, shape (c,)
        mm/yr; ``east`` is the motion along the azimuth where one was given.
    east_std, up_std, covariance, residual : ndarray, shape (c,)
        Errors (mm/yr; dilutions of precision where the projects have none), rms that more than two looks leave.
    condition : ndarray, shape (c,)
    height, height_difference : ndarray, shape (c,)
        Metres; mean, and ascending minus descending (of one pass: largest minus smallest).
    n_ascending, n_descending : ndarray of int, shape (c,)
        Pixels.
    series : Series or None
    metadata : dict
    horizontal : str
        ``'east'`` or ``'along'``.
    warnings : tuple of str
    files : tuple of Path
        What was written.
    """

    lonlat: NDArray[np.float64]
    places: NDArray[np.float64]
    east: NDArray[np.float64]
    up: NDArray[np.float64]
    east_std: NDArray[np.float64]
    up_std: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residual: NDArray[np.float64]
    condition: NDArray[np.float64]
    height: NDArray[np.float64]
    height_difference: NDArray[np.float64]
    n_ascending: NDArray[np.int64]
    n_descending: NDArray[np.int64]
    series: Series | None
    metadata: dict[str, Any]
    horizontal: str = "east"
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.lonlat)

    def __str__(self) -> str:
        parts = [f"{len(self)} cells"]
        for name, values in ((self.horizontal, self.east), ("up", self.up)):
            low, middle, high = np.percentile(values, [5, 50, 95])
            parts.append(f"{name} {middle:.1f} mm/yr ({low:.1f} to {high:.1f} of 90 %)")
        if self.series is not None:
            parts.append(f"{self.series.days.size} dates")
        return ", ".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for name, values, std in ((self.horizontal, self.east, self.east_std), ("up", self.up, self.up_std)):
            rows.append((name, *np.percentile(values, [50, 5, 95]), np.median(std)))
        heads = ("", "median (mm/yr)", "5 % (mm/yr)", "95 % (mm/yr)", "median error (mm/yr)")
        dates = "" if self.series is None else f", {self.series.days.size} dates"
        told = [f"reference: {self.metadata['reference']}", *(f"Warning: {text}" for text in self.warnings)]
        return table(heads, rows, f"{len(self)} cells{dates}") + lines(told) + "".join(map(shown_file, self.files))

    def sheet(self) -> Sheet:
        """All columns in their order."""
        fields = [*self._fields(), *self._dates()]
        about = {field.name: {"unit": field.unit, "meaning": field.meaning} for field in self._fields()}
        return Sheet(fields, self.lonlat, {**self.metadata, "fields": about})

    def _fields(self) -> list[Field]:
        h, unit = self.horizontal, "mm/yr"
        error = (
            "standard deviation of" if self.metadata["errors"].startswith("standard") else "dilution of precision of"
        )
        along = "eastward velocity" if h == "east" else "horizontal velocity along the azimuth"
        rows = [
            Field("code", np.char.mod("C%07d", np.arange(1, len(self) + 1)), "", "number of the cell", None),
            Field("x", self.places[:, 0], "m", "easting in the frame of the cells", 2),
            Field("y", self.places[:, 1], "m", "northing in the frame of the cells", 2),
            Field("height", self.height, "m", "mean height of the DEM at the pixels", 2),
            Field(f"v_{h}", self.east, unit, along),
            Field(f"v_{h}_std", self.east_std, unit, f"{error} v_{h}"),
            Field("v_up", self.up, unit, "upward velocity"),
            Field("v_up_std", self.up_std, unit, f"{error} v_up"),
            Field("covariance", self.covariance, "mm2/yr2", f"covariance of v_{h} and v_up"),
            Field("condition", self.condition, "", "condition of the lines of sight; 1 is best"),
            Field("n_asc", self.n_ascending, "", "pixels of ascending projects", 0),
            Field("n_desc", self.n_descending, "", "pixels of descending projects", 0),
            Field("dh", self.height_difference, "m", "mean height of ascending minus descending pixels", 2),
        ]
        if np.isfinite(self.residual).any():
            rows.append(Field("residual", self.residual, unit, "rms of what more than two lines of sight leave"))
        return rows

    def _dates(self) -> list[Field]:
        if self.series is None:
            return []
        made, h = [], self.horizontal
        for name, values, about in (
            (h, self.series.east, "horizontal displacement"),
            ("up", self.series.up, "upward displacement"),
            (f"{h}_std", self.series.east_std, "standard deviation"),
            ("up_std", self.series.up_std, "standard deviation"),
        ):
            for k, day in enumerate(self.series.days):
                made.append(Field(f"{name}_{to_yyyymmdd(day)}", values[:, k], "mm", about, 2))
        return made

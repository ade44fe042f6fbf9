"""What :func:`stamps.gnss` finds: a table for eyes, CSV and JSON, and a picture.

Source: docs/method/gnss.md, section 3.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.exports.metadata import write_side_file
from stamps.products.ground.pictures import draw_comparison
from stamps.products.ground.stations import Row
from stamps.products.notebook_paths import shown_file
from stamps.workspace.markup import lines, table

if TYPE_CHECKING:
    from stamps.analysis.gnss_calibration import Calibration

__all__ = ["Comparison"]


@dataclass(frozen=True, repr=False)
class Comparison:
    """Stations against pixels.

    Attributes
    ----------
    rows : tuple of Row
    summary : dict
        Figures of all stations together (mm/yr): ``n``, ``offset``, ``rms``, ``median``, ``wrms``, ``chi2_dof``, ``p``,
        ``outliers``; of what is left without the common offset or the surface.
    calibration : Calibration or None
    metadata : dict
    warnings : tuple of str
    files : tuple of Path
        What was written.
    """

    rows: tuple[Row, ...]
    summary: dict[str, float]
    calibration: Calibration | None
    metadata: dict[str, Any]
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        head = ("site", "pixels", "dates", "GNSS", "InSAR", "difference", "±", "left", "left-out", "rms", "r")
        body = [
            (row.site, str(row.pixels), str(row.dates or ""), _text(row.station_velocity), _text(row.pixels_velocity),
             _text(row.difference), _text(row.difference_std), _text(row.left), _text(row.left_out), _text(row.rms),
             _text(row.correlation))
            for row in self.rows
        ]  # fmt: skip
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        said = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *body)
        ]
        return "\n".join([self.metadata["compared"], *said, *self._ends()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rate = " (mm/yr)"
        heads = (
            "site",
            "pixels",
            "dates",
            f"GNSS{rate}",
            f"InSAR{rate}",
            f"difference{rate}",
            f"±{rate}",
            f"left{rate}",
        )
        rows = [
            (row.site, row.pixels, row.dates or None, *map(_text, (row.station_velocity, row.pixels_velocity)),
             *map(_text, (row.difference, row.difference_std, row.left)))
            for row in self.rows
        ]  # fmt: skip
        told = [*self._ends(), *(f"Warning: {text}" for text in self.warnings)]
        return table(heads, rows, self.metadata["compared"]) + lines(told) + "".join(map(shown_file, self.files))

    def _ends(self) -> list[str]:
        s, made = self.summary, []
        if self.calibration is not None:
            names = ("offset", "per km east", "per km north")
            found = zip(names, self.calibration.parameters, np.sqrt(np.diag(self.calibration.covariance)), strict=False)
            parts = ", ".join(f"{name} {value:.3f} ± {error:.3f}" for name, value, error in found)
            rms = _text(self.calibration.left_out_rms) or "not known"
            made.append(f"calibration by {self.calibration.kind}: {parts} mm/yr; left-out rms {rms} mm/yr")
        elif math.isfinite(s["offset"]):
            made.append(f"common offset {s['offset']:.2f} mm/yr, taken out of what is left")
        made.append(
            f"{s['n']:.0f} stations: rms {s['rms']:.2f}, weighted {s['wrms']:.2f}, median {s['median']:.2f} mm/yr; "
            f"chi2/dof {_text(s['chi2_dof']) or 'not known'}; {s['outliers']:.0f} beyond 3 sigma"
        )
        return made

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it; None for what is not known."""
        made: dict[str, Any] = {"metadata": self.metadata, "stations": [asdict(row) for row in self.rows]}
        made["summary"], made["warnings"] = dict(self.summary), list(self.warnings)
        if self.calibration is not None:
            made["calibration"] = self.metadata["calibration"]
        found: dict[str, Any] = _without_nan(made)
        return found

    def write_json(self, path: Path) -> None:
        """Write :meth:`as_dict`."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8", errors="surrogateescape")

    def write_csv(self, path: Path) -> None:
        """Write a line for each station, and metadata with figures and calibration beside it."""
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([field.name for field in fields(Row)])
            for row in self.rows:
                writer.writerow([_cell(value) for value in asdict(row).values()])
        about = self.as_dict()
        del about["stations"]
        write_side_file(path, about)

    def draw(self, path: Path) -> None:
        """Write a picture: station against pixels with the line where both are alike."""
        draw_comparison(self, path)


def _text(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else ""


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return (
            f"{value:.6g}"
            if math.isfinite(value) and abs(value) < 1e-3
            else (f"{value:.6f}" if math.isfinite(value) else "")
        )
    return value


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

"""What folders of geocoded SLCs hold, from their headers alone: bursts, dates, holes, problems.

Source: docs/method/cslc.md, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stamps.frontends.cslc.dates import common_dates
from stamps.frontends.cslc.plan import Chosen, choose, plan_dates, sensors_of
from stamps.frontends.cslc.settings import CslcSettings
from stamps.frontends.cslc.static import choose_static

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["Listing", "list_products"]

_WIDTH = 18  # of a burst's column


@dataclass(frozen=True)
class Listing:
    """What folders hold.

    Attributes
    ----------
    chosen : Chosen
    common : tuple of int
        Dates that all bursts have.
    notes, warnings : tuple of str
    """

    chosen: Chosen
    common: tuple[int, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """What keeps the products from being prepared."""
        return [problem.text for problem in self.chosen.problems]

    @property
    def lines(self) -> list[str]:
        """For people: one row for each date, one column for each burst."""
        images = self.chosen.images
        lines = []
        if images:
            days = sorted({day for of_burst in images.values() for day in of_burst})
            sensors = {day: product.mission for of_burst in images.values() for day, product in of_burst.items()}
            lines.append("".join(word.ljust(_WIDTH) for word in ("date", "sensor", *images)).rstrip())
            for day in days:
                there = ["x" if day in of_burst else "-" for of_burst in images.values()]
                lines.append("".join(word.ljust(_WIDTH) for word in (str(day), sensors[day], *there)).rstrip())
            lines += ["", self._summary(), *self.notes]
        lines += [f"Warning: {text}" for text in self.warnings]
        return lines + [f"Problem: {text}" for text in self.problems]

    def _summary(self) -> str:
        images, grid = self.chosen.images, self.chosen.grid
        text = f"{len(images)} burst{'s' if len(images) > 1 else ''}, {len(self.common)} common dates"
        text += f", polarisation {self.chosen.polarisation}"
        if grid is None:
            return f"{text}."
        size = grid.width * grid.length * 8 * (2 * len(self.common) - 1)
        return (
            f"{text}, EPSG:{grid.epsg}, {grid.width} × {grid.length} pixels of {grid.dx:g} × {-grid.dy:g} m; a project of all "
            f"would take at most {size / 1e9:.3g} GB."
        )

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        images, grid = self.chosen.images, self.chosen.grid
        return {
            "polarisation": self.chosen.polarisation,
            "bursts": {burst: sorted(of_burst) for burst, of_burst in images.items()},
            "files": {
                burst: {str(day): str(of_burst[day].path) for day in sorted(of_burst)}
                for burst, of_burst in images.items()
            },
            "sensors": dict(sensors_of(images)),
            "common_dates": list(self.common),
            "epsg": None if grid is None else grid.epsg,
            "size": None if grid is None else [grid.width, grid.length],
            "posting": None if grid is None else [grid.dx, -grid.dy],
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "problems": self.problems,
        }


def list_products(folders: Sequence[StrPath], settings: CslcSettings) -> Listing:
    """Look at the headers of all products in folders.

    Parameters
    ----------
    folders : sequence of path-like
    settings : CslcSettings

    Returns
    -------
    Listing

    Raises
    ------
    InputError
        A folder is missing or holds no HDF5 file, or the area lies outside.
    """
    chosen = choose(folders, settings)
    available = {burst: set(of_burst) for burst, of_burst in chosen.images.items()}
    notes, warnings = plan_dates(available)
    missing: list[str] = []
    if chosen.images and not chosen.problems:
        missing = [
            text
            for burst, of_burst in chosen.images.items()
            for text in choose_static(chosen.static, chosen.images, [burst], min(of_burst))[1]
        ]
    return Listing(
        chosen,
        tuple(common_dates(available)),
        (*chosen.notes, *notes),
        (*chosen.warnings, *warnings, *missing),
    )

"""Another reference than that of the project's parameters: a date, an area.

Source: docs/method/products.md, section 7.1.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import centre_of, longitude_range, longitudes_between, near, wrapped_longitude
from stamps.insar.reference import in_area
from stamps.products.quantities import Project
from stamps.products.reference_pixels import reference_pixels
from stamps.products.referencing import relative_to_pixels
from stamps.products.series import dates_of
from stamps.products.titles import ReferenceArea, area_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stamps.workspace import Workspace
    from stamps.workspace.directory import Variables

__all__ = ["OWN", "ReferenceChoice", "date_of"]

_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_EVERYWHERE = np.array([-np.inf, np.inf])


def date_of(value: Any, what: str = "reference_date") -> datetime.date:
    """A date from yyyymmdd, yyyy-mm-dd, or anything with year, month and day.

    Raises
    ------
    InputError
        It is no date.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]").item()
    if all(hasattr(value, name) for name in ("year", "month", "day")):
        return datetime.date(value.year, value.month, value.day)
    text = f"{value:.0f}" if isinstance(value, float | np.floating) and np.isfinite(value) else str(value).strip()
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        return datetime.date(*map(int, found.groups()))
    except ValueError:
        raise InputError(f"{what} is {value!r}, but a date such as 20180601 or 2018-06-01 was expected.") from None


@dataclass(frozen=True)
class ReferenceChoice:
    """What displacements and velocities are relative to, where it is not what the parameters say.

    Attributes
    ----------
    date : datetime.date, optional
        Displacements are 0 on it (default: the master's).
    area : tuple of float, optional
        Longitude and latitude (degrees) and radius (metres) of a circle, or west, east, south and north of a box (degrees).
    """

    date: datetime.date | None = None
    area: tuple[float, ...] | None = None

    @classmethod
    def of(cls, date: Any = None, area: Sequence[float] | None = None) -> ReferenceChoice:
        """Check and take what a caller gives.

        Raises
        ------
        InputError
            No date, no circle, no box.
        """
        return cls(None if date is None else date_of(date), None if area is None else _area(area))

    def position(self, dates: Sequence[datetime.date]) -> int | None:
        """0-based place of the date in a series; None where none is chosen, InputError where the series lacks it."""
        if self.date is None:
            return None
        if self.date in dates:
            return list(dates).index(self.date)
        nearest = min(dates, key=lambda date: abs((date - self.date).days))  # type: ignore[operator]
        raise InputError(
            f"reference_date is {self.date}, which is not in the series: the nearest date of it is {nearest}; there are "
            f"{len(dates)} from {dates[0]} to {dates[-1]}."
        )

    def image(self, project: Project) -> int | None:
        """0-based image of the date; None where none is chosen, InputError where the series of a project lacks it."""
        images = np.union1d(project.series_columns(), [project.master])
        position = self.position(dates_of(project.ps["day"][images]))
        return None if position is None else int(images[position])

    def pixels(self, project: Project) -> NDArray[np.int64]:
        """0-based pixels of the area, which must have been chosen; InputError where there is none."""
        lonlat, area = project.lonlat, self.area or ()
        if len(area) == 3:
            origin = centre_of(lonlat)
            centre = np.array([wrapped_longitude(area[0], origin[0]), area[1]])
            inside = in_area(lonlat, _EVERYWHERE, _EVERYWHERE, centre, area[2], origin)
        else:
            inside = longitudes_between(lonlat[:, 0], area[:2]) & (lonlat[:, 1] >= area[2]) & (lonlat[:, 1] <= area[3])
        found = np.flatnonzero(inside)
        if found.size == 0:
            raise InputError(f"No pixel lies {area_text(self.area or ())}: choose another reference area.")
        return found

    def finder(
        self, project: Project, own: Callable[..., NDArray[np.int64] | None] = reference_pixels
    ) -> Callable[..., NDArray[np.int64] | None]:
        """What finds the reference pixels: ``own``, which follows the parameters, or the pixels of the chosen area."""
        if self.area is None:
            return own
        pixels = self.pixels(project)
        return lambda **_: pixels

    def described(self, project: Project, reference: NDArray[np.int64] | None) -> ReferenceArea:
        """Where the reference pixels are: in the chosen area, else where the parameters say."""
        if self.area is None or reference is None:
            return ReferenceArea.of(project, reference)
        middle, area = centre_of(project.lonlat)[0], self.area
        of_all = len(reference) == project.ps["n_ps"]
        if len(area) == 3:
            return ReferenceArea(len(reference), of_all, (wrapped_longitude(area[0], middle), area[1]), area[2])
        return ReferenceArea(len(reference), of_all, box=(near((area[0], area[1]), middle), area[2:]))

    def refer(self, series: Variables, ws: Workspace) -> str:
        """Make the series of ``ps_plot … ts`` (``ph_mm``, ``day``, ``master_day``) relative to the chosen date and area.

        Returns
        -------
        str
            What they are relative to; empty where no area is chosen.

        Raises
        ------
        InputError
            The date is not in the series, or no pixel of the area has a value on one of its dates.
        """
        shown: NDArray[Any] = series["ph_mm"]
        about = ""
        if self.area is not None:
            project = Project.at(ws)
            pixels = self.pixels(project)
            shown, without = relative_to_pixels(shown, pixels)
            if without.size:
                raise InputError(
                    "No pixel of the reference area has a value on one of the dates of the series: choose another area."
                )
            about = self.text(project, pixels)
        dates, [master] = dates_of(series["day"]), dates_of(series["master_day"])
        self.position(sorted({*dates, master}))
        if self.date is not None and self.date != master:  # on the master's day the series is 0 as it stands
            shown = shown - shown[:, dates.index(self.date), np.newaxis]
        series["ph_mm"] = shown
        return about

    def text(self, project: Project, reference: NDArray[np.int64] | None) -> str:
        """What the values are relative to."""
        return self.described(project, reference).text()


#: The reference of the parameters.
OWN = ReferenceChoice()


def _area(area: Sequence[float]) -> tuple[float, ...]:
    """A circle or a box, its west before its east as :func:`longitude_range` wants them."""
    try:
        numbers = tuple(float(number) for number in area)
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) not in (3, 4) or not np.isfinite(numbers).all():
        raise InputError(
            f"reference_area is {area!r}, but longitude, latitude and radius in metres of a circle, or west, east, south and "
            "north of a box were expected."
        )
    latitudes = numbers[1:2] if len(numbers) == 3 else numbers[2:]
    if any(abs(latitude) > 90 for latitude in latitudes):
        raise InputError(f"reference_area is {area!r}, but latitudes are -90 to 90: longitude comes first.")
    if len(numbers) == 3:
        if numbers[2] <= 0:
            raise InputError(
                f"The radius of the reference area is {numbers[2]:g} m, but a positive number was expected."
            )
        return numbers
    if not numbers[2] <= numbers[3]:
        raise InputError(
            f"The box of the reference area has {numbers[2]:g} south of {numbers[3]:g}: south comes first."
        )
    return (*longitude_range(numbers[:2]), *numbers[2:])

"""What a picture says about itself: quantity, corrections, sign, unit, reference, dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import centre_of, longitude_range, near, within_180, wrapped_longitude
from stamps.matlab.dates import datestr
from stamps.products.quantity_styles import STYLES, TOWARDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project
    from stamps.products.value_types import ValueType
    from stamps.products.values import Values


__all__ = ["ReferenceArea", "area_text", "describe", "describe_data", "panel_titles", "sign_of"]

_NAMES = {
    "S": "look-angle error",
    "S~": "smoothed look-angle error",
    "S~+R~": "smoothed look-angle error and ramps",
    "C": "master noise",
    "C?": "",
    "C~": "smoothed master noise",
    "R~": "smoothed ramps",
    "R": "orbital ramps",
    "N": "spatially correlated noise",
    "T": "troposphere",
    "I": "ionosphere",
    "E": "tide",
    "O": "",
}
_WRAPPED_NAMES = {"p": "Patch phase", "wf": "Filtered wrapped phase of the grid", "wa": "Wrapped troposphere"}
_QUANTITIES = {
    "U": "Unwrapped phase",
    "T": "Tropospheric phase",
    "I": "Ionospheric phase",
    "E": "Tide",
    "N": "Spatially correlated noise of the slaves",
    "C": "Atmosphere and orbit error of the master",
    "R": "Orbital ramps",
    "RES": "Misfit of the inverted series",
}
_SWITCH_NAMES = {"d": "S", "a": "T", "t": "E"}


def describe(value_type: ValueType | None) -> str:
    """One line that says what a value type shows.

    Parameters
    ----------
    value_type : ValueType or None
        None for values of the caller.

    Returns
    -------
    str
        ``'Line-of-sight velocity without look-angle error and ramps'``.
    """
    if value_type is None:
        return "Given values"
    if value_type.group == "hgt":
        return "Height of the pixels"
    if value_type.group == "d":
        return "Look-angle (DEM) error"
    if value_type.group == "vs":
        words = [f"-{_SWITCH_NAMES[letter]}" if letter in _SWITCH_NAMES else "D" for letter in value_type.switches]
        return _without("Standard deviation of the line-of-sight velocity", words)
    if value_type.group == "wrapped":
        start = _WRAPPED_NAMES.get(value_type.name, "Wrapped phase")
        return (
            start if value_type.name in _WRAPPED_NAMES else _without(start, [f"-{word}" for word in value_type.words])
        )
    if not value_type.is_velocity:
        return _without(_QUANTITIES[value_type.words[0]], value_type.words[1:])
    start = (
        "Line-of-sight velocity"
        if value_type.words[0] == "U"
        else f"Line-of-sight velocity of the {_NAMES[value_type.words[0]]}"
    )
    left_out = (
        f", one {'interferogram' if value_type.pairs else 'image'} left out at a time" if value_type.drops else ""
    )
    return _without(start, value_type.words[1:]) + left_out


def _without(start: str, words: Sequence[str]) -> str:
    gone = [_NAMES.get(word[1:], "") for word in words if word.startswith("-")] + ["ramps"] * ("D" in words)
    gone = [name for name in dict.fromkeys(gone) if name]
    return f"{start} without {_enumerated(gone)}" if gone else start


def _enumerated(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sign_of(value_type: ValueType | None) -> str:
    """What positive values mean; empty where they have no direction."""
    if value_type is None or value_type.group in ("hgt", "vs"):
        return ""
    if value_type.is_velocity:
        return TOWARDS
    if value_type.group == "d":
        return STYLES["dem_error"].sign
    if value_type.group in ("series", "pairs") and value_type.words[0] == "U":
        return "positive away from the satellite"
    return ""


def describe_data(value_type: ValueType | None, values: Values, project: Project, ref_ifg: int = 0) -> str:
    """Which data stand behind a picture: time span and number of images of a velocity, order of dates, pixels.

    Parameters
    ----------
    value_type : ValueType or None
    values : Values
    project : Project
    ref_ifg : int
        What is subtracted: 0 nothing, -1 the image before, otherwise the number of an image or interferogram from 1.

    Returns
    -------
    str
        ``'23 interferograms from 08-Jan-2018 to 05-Nov-2018, 6938 pixels'``.
    """
    ps, parts = project.ps, []
    if value_type is not None and value_type.is_velocity and values.numbers is not None:
        days = ps["ifgday"][values.numbers] if value_type.pairs else [*ps["day"][values.numbers], ps["master_day"]]
        count = f"{len(values.numbers)} interferograms" if value_type.pairs else f"{len(values.numbers) + 1} images"
        parts.append(f"{count} from {datestr(np.min(days))} to {datestr(np.max(days))}")
    elif _against_master(value_type, values):
        parts.append(_since(ref_ifg, ps))
    elif values.labels == "ifgs":
        parts.append("second date minus first")
    return ", ".join([*parts, f"{ps['n_ps']} pixels"])


def _since(ref_ifg: int, ps: Mapping[str, Any]) -> str:
    """What the phases of each date are relative to in time."""
    if ref_ifg < 0:
        return "each date against the one before"
    if ref_ifg > 0:
        return f"each date against {datestr(ps['day'][ref_ifg - 1])}"
    return f"each date against the master of {datestr(ps['master_day'])}"


def _against_master(value_type: ValueType | None, values: Values) -> bool:
    """Whether the columns are phases of images relative to the master."""
    if value_type is None or values.labels != "images":
        return False
    return value_type.group == "wrapped" or value_type.words[0] == "U"


def panel_titles(values: Values, project: Project, columns: NDArray[np.int64]) -> list[str]:
    """Title of each panel: a date, an interferogram, a band.

    Parameters
    ----------
    values : Values
    project : Project
    columns : ndarray of int, shape (k,)
        0-based columns.

    Returns
    -------
    list of str
    """
    if values.labels in ("images", "ifgs"):
        return [_label(column, project, values.labels) for column in columns]
    if values.labels == "bands":
        return [f"band {column + 1}" for column in columns]
    if values.labels.startswith("without "):
        what = values.labels.removeprefix("without ")
        numbers = columns if values.numbers is None else values.numbers[columns]
        return [f"without {_label(number, project, what)}" for number in numbers]
    return [""] if len(columns) == 1 else [f"{column + 1}" for column in columns]


def _label(column: int, project: Project, what: str) -> str:
    """Date of an image, or number and dates of an interferogram."""
    ps = project.ps
    if what == "images" or not project.small_baselines:
        return datestr(ps["day"][column])
    first, second = ps["ifgday"][column]
    return f"ifg {column + 1}: {datestr(first)} to {datestr(second)}"


@dataclass(frozen=True)
class ReferenceArea:
    """Where the reference pixels are.

    Attributes
    ----------
    n : int
        Number of reference pixels; 0 if nothing is referenced.
    everything : bool
        All pixels are reference pixels.
    centre : tuple of float, or None
        Of a circle, degrees; longitudes count as those of :attr:`Project.lonlat`.
    radius : float
        Metres.
    box : tuple of two tuples, or None
        Longitudes and latitudes.
    """

    n: int = 0
    everything: bool = False
    centre: tuple | None = None
    radius: float = np.inf
    box: tuple | None = None

    @classmethod
    def of(cls, project: Project, reference: NDArray[np.int64] | None) -> ReferenceArea:
        """The area that the parameters describe.

        Parameters
        ----------
        project : Project
        reference : ndarray of int or None
            0-based reference pixels.
        """
        if reference is None:
            return cls()
        get: Callable[[str], Any] = project.parameters.get
        radius, lon, lat = get("ref_radius"), np.ravel(get("ref_lon")), np.ravel(get("ref_lat"))
        circle = bool(np.size(radius) == 1 and np.isfinite(radius))
        box = bool(lon.size == 2 and lat.size == 2 and np.isfinite([*lon, *lat]).all())
        middle = centre_of(project.lonlat)[0]
        centre = np.ravel(get("ref_centre_lonlat"))[:2]
        return cls(
            len(reference),
            len(reference) == project.ps["n_ps"],
            (wrapped_longitude(centre[0], middle), centre[1]) if circle else None,
            float(radius) if circle else np.inf,
            (near(longitude_range(lon), middle), tuple(lat)) if box else None,
        )

    def text(self) -> str:
        """What the values are relative to."""
        if self.n == 0:
            return ""
        if self.everything:
            return "relative to the mean of all pixels"
        if self.centre is not None:
            return f"relative to {self.n} pixels {area_text((*self.centre, self.radius))}"
        if self.box is not None:
            return f"relative to {self.n} pixels {area_text((*self.box[0], *self.box[1]))}"
        return f"relative to {self.n} reference pixels"


def area_text(area: Sequence[float]) -> str:
    """Where an area is: longitude, latitude (degrees) and radius (metres), or west, east, south and north, as words."""
    if len(area) == 3:
        return f"within {area[2]:g} m of {_longitude(area[0])}, {_latitude(area[1])}"
    west, east, south, north = area
    return f"in {_longitude(west)} to {_longitude(east)}, {_latitude(south)} to {_latitude(north)}"


def _longitude(degrees: float) -> str:
    lon = float(within_180((degrees, 0.0))[0])
    return f"{abs(lon):.4f}° {'W' if lon < 0 else 'E'}"


def _latitude(degrees: float) -> str:
    return f"{abs(degrees):.4f}° {'S' if degrees < 0 else 'N'}"

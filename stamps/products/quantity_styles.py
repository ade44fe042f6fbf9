"""How each quantity is shown: palette, range of colours, unit, sign, decimals; one table for pages, pictures and exports.

The plots of the original (``ps_plot`` and its kin) keep their own ranges, see :mod:`stamps.products.referencing`.
Source: docs/method/products.md, section 12.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.products.cpt import find_palette, read_palette

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "KIND_COLOURS",
    "STYLES",
    "TOWARDS",
    "Palette",
    "Style",
    "check_limits",
    "colour_of_kind",
    "limits_of",
    "palette_of",
    "round_up",
    "style_of_column",
]

TOWARDS = "positive towards the satellite"

#: Colours of kinds of motion, told apart by people who see few colours, too (P. Tol, "bright").
KIND_COLOURS = ("#bbbbbb", "#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377")

_OUTSIDE = 0.01  # part of the values that may lie beyond each end
_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_HARDLY = 0.999  # of a round number that is taken for it
_TICKS = 10
_SHARE_STEPS = 20  # of coherences and shares, from 0 to 1
_CPT_COLOURS = 64
_SCHEMES = {"inflation": ("diverging", False), "deflation": ("diverging", True), "gray": ("grey", False)}


@dataclass(frozen=True)
class Style:
    """How a quantity is shown.

    Attributes
    ----------
    name : str
    label : str
        What it is called.
    unit : str
        Empty: it has none.
    palette : str
        ``diverging`` (follows ``plot_color_scheme``), ``sequential``, ``uncertainty``, ``relief``, ``cyclic``, ``scatterers`` or
        ``kinds``.
    rule : str
        How the range of colours is found, see :func:`limits_of`.
    sign : str
        What positive means; empty where it has no direction.
    digits : int
        After the point, in texts.
    since : bool
        Whether it is relative to a date, which must be said.
    """

    name: str
    label: str
    unit: str
    palette: str
    rule: str
    sign: str = ""
    digits: int = 1
    since: bool = False

    @property
    def centred(self) -> bool:
        """Whether the middle colour is zero."""
        return self.rule == "centred"

    @property
    def bar(self) -> str:
        """Label of a colour bar: unit and sign, or the name of what has no unit."""
        return ", ".join(part for part in (self.unit or self.label.lower(), self.sign) if part)

    @property
    def heading(self) -> str:
        """Name and unit, for a title."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def _table() -> dict[str, Style]:
    rows = (
        Style("velocity", "Velocity", "mm/yr", "diverging", "centred", TOWARDS),
        Style("displacement", "Displacement", "mm", "diverging", "centred", TOWARDS, since=True),
        Style("std", "Std. deviation of the velocity", "mm/yr", "uncertainty", "zero"),
        Style("coherence", "Temporal coherence", "", "sequential", "share", digits=2),
        Style("height", "Height", "m", "relief", "range", digits=0),
        Style("dem_error", "DEM (look-angle) error", "rad/m", "diverging", "centred",
              "negative where the ground stands above the DEM", 4),
        Style("scn", "Spatially correlated noise", "mm", "diverging", "centred", TOWARDS),
        Style("kind", "Kind of scatterer", "", "scatterers", "unit", digits=0),
        Style("n_shp", "Number of alike pixels", "", "sequential", "range", digits=0),
        Style("tcoh", "Temporal coherence of linked phases", "", "sequential", "share", digits=2),
        Style("inversion_coherence", "Agreement with the inverted series", "", "sequential", "share", digits=2),
        Style("velocity_change", "Change of the velocity", "mm/yr", "diverging", "centred", TOWARDS),
        Style("acceleration", "Acceleration", "mm/yr2", "diverging", "centred", TOWARDS),
        Style("jerk", "Change of the acceleration", "mm/yr3", "diverging", "centred", TOWARDS),
        Style("step", "Jump", "mm", "diverging", "centred", TOWARDS),
        Style("seasonality", "Amplitude of the yearly motion", "mm", "uncertainty", "zero"),
        Style("season_part", "Part of the yearly motion", "mm", "diverging", "centred", TOWARDS),
        Style("season_day", "Day of the year on which it is largest", "d", "cyclic", "year", digits=0),
        Style("motion", "Kind of motion", "", "kinds", "kinds", digits=0),
        Style("component", "Map of a component", "", "diverging", "centred", "1 is its standard deviation"),
        Style("east", "East", "mm/yr", "diverging", "centred", "positive to the east"),
        Style("along", "Along the azimuth", "mm/yr", "diverging", "centred", "positive along the azimuth"),
        Style("up", "Up", "mm/yr", "diverging", "centred", "positive upwards"),
        Style("condition", "Condition of the lines of sight", "", "uncertainty", "range", "1 is best"),
        Style("residual", "Residual (rms)", "mm", "uncertainty", "zero"),
        Style("wrapped_residual", "Residual phase, wrapped (rms)", "rad", "uncertainty", "zero", digits=2),
        Style("noise", "Noise (rms)", "mm", "uncertainty", "zero"),
        Style("density", "Density", "per km²", "sequential", "zero", digits=0),
        Style("count", "Number", "", "sequential", "range", digits=0),
        Style("percent", "Share", "%", "uncertainty", "zero"),
        Style("share", "Share", "", "sequential", "unit", digits=2),
        Style("deviation", "Standard error", "", "uncertainty", "zero"),
        Style("signed", "Value", "", "diverging", "centred", digits=3),
        Style("number", "Value", "", "sequential", "range", digits=3),
    )  # fmt: skip
    return {row.name: row for row in rows}


#: Every quantity that is shown, by name.
STYLES = _table()

#: Columns of tables whose quantity has another name.
_COLUMNS = {
    "VEL": "velocity", "V_STDEV": "std", "COHERENCE": "coherence", "HEIGHT": "height", "N_SHP": "n_shp", "TCOH": "tcoh",
    "COH_INV": "inversion_coherence", "v": "velocity", "v1": "velocity", "v2": "velocity", "dv": "velocity_change",
    "accel": "acceleration", "acc": "acceleration", "offset": "displacement", "jump": "step", "ts_type": "motion",
    "rmse": "residual", "ts_rmse": "residual", "r2": "share", "ts_r2": "share", "w_best": "share", "p_linear": "share",
    "p_quad": "share", "cycle_jump": "share", "ann_doy": "season_day", "n_dates": "count",
}  # fmt: skip
_PATTERNS = (
    (re.compile(r"(?:.*_)?(?:sd|std)(?:_\w+)?"), "deviation"),
    (re.compile(r"(?:step|exp|log)\d+"), "step"),
    (re.compile(r"slope\d+"), "velocity_change"),
    (re.compile(r"\w+_amp"), "seasonality"),
    (re.compile(r"\w+_(?:cos|sin)"), "season_part"),
    (re.compile(r"\w+_p"), "share"),
)


def style_of_column(name: str, unit: str, meaning: str, values: NDArray[Any]) -> Style:
    """Style of a column of a table.

    Parameters
    ----------
    name, unit, meaning : str
        As the table names them; a column that no quantity is known for has a zero in the middle where values have both signs.
    values : ndarray, shape (n,)

    Returns
    -------
    Style
        With the unit and the meaning of the column.
    """
    found = _COLUMNS.get(name, name if name in STYLES else "")
    found = found or next((style for pattern, style in _PATTERNS if pattern.fullmatch(name)), "")
    if not found:
        finite = values[np.isfinite(values)]
        found = "signed" if finite.size and finite.min() < 0 else "number"
    return replace(STYLES[found], unit=unit, label=meaning)


# ---------------------------------------------------------------------- palettes


@dataclass(frozen=True)
class Palette:
    """Colours from the lowest to the highest value: name and ``#rrggbb``, between which is interpolated."""

    name: str
    colours: tuple[str, ...]


def palette_of(style: Style, scheme: str = "inflation", folder: Path | None = None) -> Palette:
    """Colours of a quantity.

    Parameters
    ----------
    style : Style
    scheme : str
        Parameter ``plot_color_scheme``, which quantities with a sign follow: ``inflation`` shows what rises in blue,
        ``deflation`` in red, ``gray`` in grey; a name that ends in ``.cpt`` is a palette of GMT.
    folder : Path, optional
        Project in which a palette is looked for.

    Returns
    -------
    Palette

    Raises
    ------
    InputError
        There is no such palette, or it is none.
    """
    if style.palette == "kinds":
        return Palette("kinds", KIND_COLOURS)
    if style.palette != "diverging":
        return Palette(style.palette, tuple(_stored()[style.palette]))
    if scheme.lower().endswith(".cpt"):
        return _of_gmt(scheme, folder or Path())
    name, reverse = _SCHEMES.get(scheme, _SCHEMES["inflation"])
    colours = tuple(_stored()[name])
    return Palette(f"{name}_r", colours[::-1]) if reverse else Palette(name, colours)


def _of_gmt(name: str, folder: Path) -> Palette:
    """A palette of GMT, spread over whatever range is shown."""
    colours = read_palette(find_palette(name, folder), _CPT_COLOURS).colours
    texts = ("#" + "".join(f"{round(255 * part):02x}" for part in row) for row in np.clip(colours, 0, 1).tolist())
    return Palette(Path(name).stem, tuple(texts))


@cache
def _stored() -> dict[str, Any]:
    text = files("stamps.products").joinpath("view", "palettes.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def colour_of_kind(kind: int) -> str:
    """Colour of a kind of motion."""
    return KIND_COLOURS[kind % len(KIND_COLOURS)]


# ---------------------------------------------------------------------- ranges


def limits_of(style: Style, values: NDArray[Any]) -> tuple[float, float]:
    """Range of colours of a quantity: round numbers around all but the outer hundredths.

    Parameters
    ----------
    style : Style
        Its rule: ``centred`` is as far below zero as above, ``zero`` begins with zero, ``share`` ends at twentieths, ``range``
        at ticks; ``unit`` is 0 to 1, ``year`` 1 to 366, ``kinds`` one step for each kind.
    values : ndarray, shape (n,) or (n, k)
        What is not finite is left out; of series the first, the middle and the last date count.

    Returns
    -------
    low, high : float
        ``low < high``, also where nothing is known or all values are alike.
    """
    if style.rule in _FIXED:
        return _FIXED[style.rule]
    ends = _outer(np.asarray(values))
    if ends is None:
        return (-1.0, 1.0) if style.centred else (0.0, 1.0)
    low, high = ends
    if style.centred:
        bound = round_up(max(-low, high))
        return -bound, bound
    if style.rule == "zero":
        return 0.0, round_up(high)
    return _between_ticks(low, high, 1 / _SHARE_STEPS if style.rule == "share" else _tick(low, high))


_FIXED = {"unit": (0.0, 1.0), "year": (1.0, 366.0), "kinds": (-0.5, len(KIND_COLOURS) - 0.5)}


def _outer(values: NDArray[Any]) -> tuple[float, float] | None:
    """Smallest and largest value but for the outer hundredths of each date that counts; None without any."""
    k = values.shape[1] if values.ndim == 2 else 1
    columns = [values] if values.ndim == 1 else [values[:, at] for at in sorted({0, k // 2, k - 1}) if 0 <= at < k]
    found = [_quantiles(column[np.isfinite(column)]) for column in columns if np.isfinite(column).any()]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _quantiles(values: NDArray[Any]) -> tuple[float, float]:
    """Values of the ranks that are nearest to the outer hundredths."""
    ranks = [math.floor(share * (values.size - 1) + 0.5) for share in (_OUTSIDE, 1 - _OUTSIDE)]
    ordered = np.partition(values, ranks)
    return float(ordered[ranks[0]]), float(ordered[ranks[1]])


def round_up(value: float) -> float:
    """A round number near a positive one, not smaller but for a thousandth; 1 for what is not positive."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    if power == 0:  # below what has a power of ten
        return value
    return float(f"{next((step * power for step in _STEPS if step * power >= value * _HARDLY), 10 * power):.3g}")


def _tick(low: float, high: float) -> float:
    """A round step of which about ten lie between two values."""
    raw = (high - low) / _TICKS
    if not 1e-300 < raw < 1e300:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return power * next((step for step in (1, 2, 5, 10) if step * power >= raw * _HARDLY), 10)


def _between_ticks(low: float, high: float, step: float) -> tuple[float, float]:
    """The ticks around both ends; a step apart at least."""
    left = float(f"{math.floor(low / step + 1e-9) * step:.8g}")
    right = float(f"{math.ceil(high / step - 1e-9) * step:.8g}")
    margin = 1e-6 * step
    if left > low + margin or right < high - margin:  # so far from zero that eight digits do not hold them
        left, right = low, high
    if left < right:
        return left, right
    left, right = (left - step, right) if step < 1 and right > 0.5 else (left, right + step)
    return (left, right) if left < right else (math.nextafter(left, -math.inf), math.nextafter(right, math.inf))


def check_limits(limits: Any) -> tuple[float, float]:
    """Two numbers, the smaller first; InputError otherwise."""
    numbers = np.ravel(limits)
    if numbers.size != 2 or not numbers[0] < numbers[1]:
        raise InputError(f"The limits of the colours are {limits!r}, but two numbers were expected, the smaller first.")
    return float(numbers[0]), float(numbers[1])

"""Fields of a model on levels of pressure: checked, and completed below the ground. Arrays in, arrays out.

Source: docs/method/weather.md, section 6; saturation pressure: ECMWF, IFS Documentation, Part IV, section 7.4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Columns", "Raw", "columns_of", "saturation_pressure", "standard_height"]

_FEWEST_LEVELS = 10
_LOWEST_TOP = 20_000.0  # Pa
_HIGHEST_BOTTOM = 40_000.0  # Pa
_LARGEST_GAP = 2500.0  # m, between levels of which the lower one is below this pressure
_MISSING = 1e10
_LAPSE = 0.0065  # K/m
_SHARE = 0.3  # by how much the share of vapour may change below the lowest level
_TEMPERATURES = (100.0, 350.0)
_HUMIDITIES = {"q": (-0.005, 0.06), "r": (-20.0, 250.0)}
_DRIEST = {"q": 2e-6, "r": 1.5}  # no air is drier at all levels
_THICKNESS = (0.12, 20.0)  # by which share, and m, layers may differ from what their temperatures say
_FREE_AIR = (1000.0, 60_000.0)  # Pa; layers that are not of the rock, nor kilometres thick


@dataclass(frozen=True)
class Raw:
    """What a file holds for one time and some nodes.

    Attributes
    ----------
    pressure : ndarray of float64, shape (n_level,)
        Pa, in any order.
    values : dict of ndarray, shape (n_level, n_row, n_col)
        ``t`` (K), ``z`` (geopotential, m²/s²) or ``h`` (geopotential height, m), ``q`` (kg/kg) or ``r`` (%).
    source : str
        For messages.
    """

    pressure: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    source: str


@dataclass(frozen=True)
class Columns:
    """Columns of air, from the top down.

    Attributes
    ----------
    pressure : ndarray of float64, shape (n_level,)
        Pa, ascending.
    height, temperature, vapour : ndarray of float64, shape (n_level, n_row, n_col)
        m, K, Pa (pressure of the water vapour).
    ground, bottom : ndarray of float64, shape (n_row, n_col)
        Heights of the lowest level with values and of the lowest level of the file, m; below is extrapolated.
    """

    pressure: NDArray[np.float64]
    height: NDArray[np.float64]
    temperature: NDArray[np.float64]
    vapour: NDArray[np.float64]
    ground: NDArray[np.float64]
    bottom: NDArray[np.float64]


def columns_of(raw: Raw, lowest: float, constants: Mapping[str, float]) -> Columns:
    """Check fields and complete them down to a height.

    Parameters
    ----------
    raw : Raw
    lowest : float
        Metres; every column reaches below it.
    constants : mapping
        Those of PyAPS (``pyaps3.processor.initconst``).

    Returns
    -------
    Columns

    Raises
    ------
    InputError
        Levels or values are missing, or are not what they should be.
    """
    order = np.argsort(raw.pressure)
    pressure = raw.pressure[order].astype(np.float64)
    values = {name: _without_fill(field[order]) for name, field in raw.values.items()}
    height = values["h"] if "h" in values else values["z"] / constants["g"]
    humidity = "q" if "q" in values else "r"
    _check_levels(pressure, raw.source)
    known = np.isfinite(values["t"]) & np.isfinite(height) & np.isfinite(values[humidity])
    lowest_level = _lowest_level(known, pressure, raw.source)
    _check_values(values["t"], height, humidity, values[humidity], known, pressure, raw.source)
    vapour = _vapour(humidity, values[humidity], values["t"], pressure, constants)
    _check_layers(values["t"], height, vapour, pressure, constants, raw.source)
    return _completed(pressure, height, values["t"], vapour, lowest_level, lowest, constants)


def _without_fill(field: NDArray[np.float64]) -> NDArray[np.float64]:
    field = np.ma.filled(np.ma.asarray(field, np.float64), np.nan)
    return np.where(np.abs(field) < _MISSING, field, np.nan)


# ---------------------------------------------------------------------- checks


def standard_height(pressure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of a pressure (Pa) in the standard atmosphere, m; isothermal from 11 km on."""
    ratio = np.asarray(pressure, np.float64) / 101325.0
    tropopause = 0.223361
    lower = 288.15 / _LAPSE * (1 - np.maximum(ratio, tropopause) ** (1 / 5.25588))
    return np.where(ratio >= tropopause, lower, 11000 + 6341.6 * np.log(tropopause / np.minimum(ratio, tropopause)))


def _check_levels(pressure: NDArray[np.float64], source: str) -> None:
    """InputError where there are too few levels or one is missing."""
    if not np.isfinite(pressure).all() or pressure.min() < 0.5 or pressure.max() > 115_000:
        raise InputError(
            f"{source} has levels from {pressure.min() / 100:g} to {pressure.max() / 100:g} hPa, which are no pressures"
        )
    if pressure.size < _FEWEST_LEVELS:
        raise InputError(
            f"{source} has {pressure.size} levels of pressure, but at least {_FEWEST_LEVELS} were expected (all of the model)"
        )
    if np.diff(pressure).min() <= 0:
        raise InputError(f"{source} has the level {pressure[:-1][np.diff(pressure) <= 0][0] / 100:g} hPa twice")
    if pressure[-1] < _HIGHEST_BOTTOM:
        raise InputError(f"{source} has no level below {pressure[-1] / 100:g} hPa, but all of the model were expected")
    if pressure[0] > _LOWEST_TOP:
        raise InputError(
            f"{source} ends at {pressure[0] / 100:g} hPa, but levels up to {_LOWEST_TOP / 100:g} hPa or higher were expected"
        )
    height = standard_height(pressure)
    wide = np.flatnonzero((-np.diff(height) > _LARGEST_GAP) & (pressure[1:] > _LOWEST_TOP))
    if wide.size:
        above, below = pressure[wide[0] : wide[0] + 2] / 100
        raise InputError(
            f"{source} has no level between {above:g} and {below:g} hPa, which is too far for interpolation"
        )


def _lowest_level(known: NDArray[np.bool_], pressure: NDArray[np.float64], source: str) -> NDArray[np.int64]:
    """Index of the lowest level with values of every column; InputError where one above it has none."""
    lowest = known.shape[0] - 1 - np.argmax(known[::-1], axis=0)
    above = np.arange(known.shape[0])[:, np.newaxis, np.newaxis] < lowest
    holes = (above & ~known) | ~known.any(axis=0)
    if holes.any():
        levels = pressure[holes.any(axis=(1, 2))] / 100
        raise InputError(
            f"{source} has no values at {holes.any(axis=0).sum()} of the {known[0].size} nodes around the pixels (level "
            f"{levels[-1]:g} hPa{f' and {levels.size - 1} more' if levels.size > 1 else ''}), not only below the ground"
        )
    if (pressure[lowest] < _HIGHEST_BOTTOM).any():
        raise InputError(
            f"{source} has no values below {pressure[lowest.min()] / 100:g} hPa at a node around the pixels"
        )
    return lowest


def _check_values(
    temperature: NDArray[np.float64],
    height: NDArray[np.float64],
    kind: str,
    humidity: NDArray[np.float64],
    known: NDArray[np.bool_],
    pressure: NDArray[np.float64],
    source: str,
) -> None:
    """InputError where values are in other units or at other levels than it is said."""
    for name, field, (low, high), unit in (
        ("temperatures", temperature, _TEMPERATURES, "K"),
        ("humidities", humidity, _HUMIDITIES[kind], "kg/kg" if kind == "q" else "%"),
    ):
        values = field[known]
        if values.min() < low or values.max() > high:
            raise InputError(
                f"{source} has {name} from {values.min():.4g} to {values.max():.4g}, but {low:g} to {high:g} {unit} were expected"
            )
    if values.max() < _DRIEST[kind]:
        raise InputError(
            f"{source} has no humidity above {values.max():.4g} {unit}: it is in another unit, or not there"
        )
    expected = standard_height(pressure)[:, np.newaxis, np.newaxis]
    off = np.where(known, np.abs(height - expected) - (0.2 * np.abs(expected) + 1200), -1)
    if off.max() > 0:
        level, row, col = (int(k) for k in np.unravel_index(int(np.argmax(off)), off.shape))
        raise InputError(
            f"{source} has the level {pressure[level] / 100:g} hPa at a height of {height[level, row, col]:.0f} m, but about "
            f"{float(expected[level, 0, 0]):.0f} m were expected: its heights or its levels are in other units than they say"
        )
    falls = np.where(known[1:], np.diff(height, axis=0), -1)
    if falls.max() >= 0:
        level = int(np.argmax(falls.max(axis=(1, 2))))
        raise InputError(
            f"{source} has the level {pressure[level + 1] / 100:g} hPa above {pressure[level] / 100:g} hPa"
        )


def _check_layers(
    temperature: NDArray[np.float64],
    height: NDArray[np.float64],
    vapour: NDArray[np.float64],
    pressure: NDArray[np.float64],
    constants: Mapping[str, float],
    source: str,
) -> None:
    """InputError where layers are not as thick as their temperatures say: fields of different levels or places."""
    share = vapour / pressure[:, np.newaxis, np.newaxis]
    virtual = temperature / (1 - share * (1 - constants["Rd"] / constants["Rv"]))
    logs = np.diff(np.log(pressure))[:, np.newaxis, np.newaxis]
    expected = constants["Rd"] / constants["g"] * (virtual[1:] + virtual[:-1]) / 2 * logs
    found = -np.diff(height, axis=0)
    off = np.nan_to_num(np.abs(found - expected) - (_THICKNESS[0] * expected + _THICKNESS[1]), nan=-1.0)
    off[(pressure[:-1] < _FREE_AIR[0]) | (pressure[1:] > _FREE_AIR[1])] = -1
    if off.max() > 0:
        layer, row, col = (int(k) for k in np.unravel_index(int(np.argmax(off)), off.shape))
        raise InputError(
            f"{source} has {found[layer, row, col]:.0f} m between {pressure[layer] / 100:g} and "
            f"{pressure[layer + 1] / 100:g} hPa, but its temperatures there make {expected[layer, row, col]:.0f} m: they are of "
            "other levels than its heights"
        )


# ---------------------------------------------------------------------- vapour


def saturation_pressure(temperature: NDArray[np.float64], constants: Mapping[str, float]) -> NDArray[np.float64]:
    """Saturation pressure of water vapour over water, over ice, and in between a mixture, as ECMWF has it.

    Parameters
    ----------
    temperature : ndarray
        K.
    constants : mapping
        Those of PyAPS.

    Returns
    -------
    ndarray of float64
        Pa.
    """
    t = np.asarray(temperature, np.float64)
    freezing, ice = constants["T3"], constants["Ti"]
    water = constants["a1w"] * np.exp(constants["a3w"] * (t - freezing) / (t - constants["a4w"]))
    frozen = constants["a1i"] * np.exp(constants["a3i"] * (t - freezing) / (t - constants["a4i"]))
    return frozen + (water - frozen) * np.clip((t - ice) / (freezing - ice), 0, 1) ** 2


def _vapour(
    kind: str,
    humidity: NDArray[np.float64],
    temperature: NDArray[np.float64],
    pressure: NDArray[np.float64],
    constants: Mapping[str, float],
) -> NDArray[np.float64]:
    """Pressure of the water vapour, Pa; not negative."""
    humidity = np.maximum(humidity, 0)
    if kind == "r":
        return humidity / 100 * saturation_pressure(temperature, constants)
    ratio = constants["Rv"] / constants["Rd"]
    return humidity * pressure[:, np.newaxis, np.newaxis] * ratio / (1 + (ratio - 1) * humidity)


# ---------------------------------------------------------------------- below the ground


def _completed(
    pressure: NDArray[np.float64],
    height: NDArray[np.float64],
    temperature: NDArray[np.float64],
    vapour: NDArray[np.float64],
    lowest_level: NDArray[np.int64],
    lowest: float,
    constants: Mapping[str, float],
) -> Columns:
    """Levels below the lowest one with values: 6.5 K/km, in hydrostatic balance; the share of vapour goes on as above it."""

    def low(field: NDArray[np.float64], up: int = 0) -> NDArray[np.float64]:
        return np.take_along_axis(field, lowest_level[np.newaxis] - up, axis=0)[0]

    p0, h0, t0 = pressure[lowest_level], low(height), low(temperature)
    share, share_above = low(vapour) / p0, low(vapour, 1) / pressure[lowest_level - 1]
    slope = (share_above - share) / (low(height, 1) - h0)
    exponent = constants["Rd"] * _LAPSE / constants["g"]
    needed = p0 * (1 + _LAPSE * np.maximum(h0 - lowest + 50, 0) / t0) ** (1 / exponent)
    extra = int(np.ceil(np.log(max(float((needed / pressure[-1]).max()), 1)) / np.log(1.025)))
    levels = np.concatenate([pressure, pressure[-1] * 1.025 ** np.arange(1, extra + 1)])
    ratio = levels[:, np.newaxis, np.newaxis] / p0
    below = np.arange(levels.size)[:, np.newaxis, np.newaxis] > lowest_level
    warmer = t0 * ratio**exponent

    def with_(field: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
        padded = np.concatenate([field, np.zeros((extra, *field.shape[1:]))])
        return np.where(below, lower, padded)

    deeper = (t0 - warmer) / _LAPSE
    moist = (
        np.clip(share + slope * deeper, (1 - _SHARE) * share, (1 + _SHARE) * share) * levels[:, np.newaxis, np.newaxis]
    )
    complete = with_(height, h0 + deeper)
    return Columns(levels, complete, with_(temperature, warmer), with_(vapour, moist), h0, complete[pressure.size - 1])

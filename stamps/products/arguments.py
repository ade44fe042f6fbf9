"""The arguments of ``ps_plot``: a value type, then positional ones, with texts that are options anywhere among them.

Source: docs/method/products.md, section 2.1.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.insar.corrections import iono_method, tropo_method
from stamps.insar.geometry import longitude_range

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["PlotRequest", "parse_arguments"]

POSITIONAL = (
    "plot_flag", "lims", "ref_ifg", "ifg_list", "n_x", "cbar_flag", "textsize", "textcolor", "lon_rg", "lat_rg",
    "units",
)  # fmt: skip
SAVE, BLACK, WHITE, SHADED, RELIEF, AMPLITUDE, AMPLITUDE_THROUGH, WHITE_XY, BLACK_XY = range(-1, 8)


@dataclass
class PlotRequest:
    """What is to be plotted and how; numbers of interferograms count from 1, as they are given.

    Attributes
    ----------
    plot_flag : int
        -1 save; 0 black, 1 white background; 2 shaded DEM; 3 DEM in three dimensions; 4 amplitude; 5 amplitude that
        shines through; 6 white, 7 black with metres instead of degrees.
    lims : tuple of float, or None
        Range of colours.
    ref_ifg : int
        0 none, -1 the one before, otherwise the number of an interferogram.
    ifg_list : ndarray of int, or None
    n_x : int
        Panels side by side; 0: as fits.
    cbar_flag : int
        0 colour bar, 1 none, 2 below the panels.
    textsize : float
        Points; 0: as fits.
    textcolor : str or tuple, or None
    lon_rg, lat_rg : tuple of float, or None
        Part of the scene to draw, degrees.
    units : str or None
        Unit for the colour bar instead of that of the value type.
    time_series : bool
    aps, iono : int or str
    band_ifg : int or None
        Interferogram whose bands are shown.
    external : str or None
        File or folder with points to compare with.
    """

    plot_flag: int = WHITE
    lims: tuple | None = None
    ref_ifg: int = 0
    ifg_list: np.ndarray | None = None
    n_x: int = 0
    cbar_flag: int = 0
    textsize: float = 0.0
    textcolor: Any = None
    lon_rg: tuple | None = None
    lat_rg: tuple | None = None
    units: str | None = None
    time_series: bool = False
    aps: Any = 0
    iono: Any = 0
    band_ifg: int | None = None
    external: str | None = None

    @property
    def saves(self) -> bool:
        """Whether the values are saved instead of drawn."""
        return self.plot_flag == SAVE


def parse_arguments(arguments: Sequence[Any], named: Mapping[str, Any] | None = None) -> PlotRequest:
    """Sort the arguments that follow the value type.

    Parameters
    ----------
    arguments : sequence
        Texts ``'ts'``, the name of a tropospheric correction, ``'i_as'``, ``'ifg 3'`` and ``'ext PATH'`` anywhere; the
        others in the order of :data:`POSITIONAL`. None and empty lists leave the default.
    named : dict, optional
        Positional arguments by name.

    Returns
    -------
    PlotRequest

    Raises
    ------
    InputError
        An option is not known, an argument has the wrong kind, or options contradict each other.
    """
    request, rest = PlotRequest(), []
    for argument in arguments:
        if not (isinstance(argument, str) and _option(request, argument.strip())):
            rest.append(argument)
    if len(rest) > len(POSITIONAL):
        raise InputError(f"ps_plot takes at most {len(POSITIONAL)} arguments after the value type: {len(rest)} given.")
    values = dict(zip(POSITIONAL, rest, strict=False))
    for name, value in (named or {}).items():
        if name not in POSITIONAL or name in values:
            raise InputError(f"ps_plot: the argument '{name}' is unknown or given twice; there are {_listed()}.")
        values[name] = value
    for name, value in values.items():
        if value is not None and (isinstance(value, str) or np.size(value)):
            setattr(request, name, _READ[name](name, value))
    return _consistent(request)


def _option(request: PlotRequest, text: str) -> bool:
    """Take over a text that is an option; False if it is none."""
    word, _, rest = text.partition(" ")
    if text == "ts":
        request.time_series = True
    elif word == "ifg" and rest.strip().isdigit() and int(rest) > 0:
        request.band_ifg = int(rest)
    elif word == "ext" and rest.strip():
        request.external = rest.strip()
    elif text.startswith("i_"):
        try:
            request.iono = iono_method(text)
        except ParameterError as error:
            raise InputError(str(error)) from None
    elif text.startswith("a_"):
        try:
            request.aps = tropo_method(text).number
        except ParameterError as error:
            raise InputError(str(error)) from None
    else:
        return False
    return True


def _number(name: str, value: float | str) -> float:
    if isinstance(value, str) or np.size(value) != 1 or not np.isfinite(float(np.ravel(value)[0])):
        raise _wrong(name, value, "one number")
    return float(np.ravel(value)[0])


def _whole(name: str, value: float | str) -> int:
    number = _number(name, value)
    if number != int(number):
        raise _wrong(name, value, "a whole number")
    return int(number)


def _pair(name: str, value: Any) -> tuple[float, float]:
    if isinstance(value, str) or np.size(value) != 2 or not np.ravel(value)[0] <= np.ravel(value)[1]:
        raise _wrong(name, value, "two numbers, the smaller first")
    low, high = np.ravel(value).astype(float)
    return float(low), float(high)


def _longitudes(name: str, value: Sequence[float]) -> tuple[float, float]:
    """West and east; a range over the antimeridian goes on to the east of 180."""
    usable = not isinstance(value, str) and np.size(value) == 2
    return _pair(name, longitude_range(value) if usable else value)


def _limits(name: str, value: Any) -> tuple[float, float] | None:
    return None if not isinstance(value, str) and np.size(value) == 1 and not np.any(value) else _pair(name, value)


def _numbers_from_1(name: str, value: Any) -> NDArray[np.int64]:
    numbers = np.atleast_1d(np.asarray(value)) if not isinstance(value, str) else np.array([np.nan])
    if numbers.dtype.kind not in "fiu" or not (numbers >= 1).all() or (numbers != np.floor(numbers)).any():
        raise _wrong(name, value, "numbers of interferograms from 1")
    return numbers.ravel().astype(np.int64)


def _flag(name: str, value: float | str) -> int:
    number = _whole(name, value)
    if not SAVE <= number <= BLACK_XY:
        raise _wrong(name, value, "-1 (save) to 7")
    return number


def _reference_ifg(name: str, value: float) -> int:
    number = _whole(name, value)
    if number < -1:
        raise _wrong(name, value, "0, -1 or the number of an interferogram")
    return number


def _colour(name: str, value: str) -> str:
    return value if isinstance(value, str) else tuple(np.ravel(value).astype(float))


def _text(name: str, value: int | str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value


_READ: dict[str, Callable[[str, Any], Any]] = {
    "plot_flag": _flag,
    "lims": _limits,
    "ref_ifg": _reference_ifg,
    "ifg_list": _numbers_from_1,
    "n_x": _whole,
    "cbar_flag": _whole,
    "textsize": _number,
    "textcolor": _colour,
    "lon_rg": _longitudes,
    "lat_rg": _pair,
    "units": _text,
}


def _consistent(request: PlotRequest) -> PlotRequest:
    if request.time_series and request.saves:
        raise InputError("ps_plot: 'ts' draws, so it cannot be combined with plot_flag -1; leave out one of them.")
    if request.time_series and request.plot_flag > WHITE:
        request.plot_flag = WHITE
    if request.band_ifg is not None and request.aps not in (2, 11):
        raise InputError("'ifg i' shows the bands of the power law: name the correction 'a_p' or 'a_pk', too.")
    return request


def _listed() -> str:
    return ", ".join(POSITIONAL)


def _wrong(name: str, value: float | str | Sequence[float], expected: str) -> InputError:
    near = ""
    if isinstance(value, str):
        found = difflib.get_close_matches(value, ["ts", "i_as", "ifg 1", "ext PATH", "a_e", "a_gacos", "a_linear"], 1)
        near = f" (did you mean the option '{found[0]}'?)" if found else ""
    return InputError(f"ps_plot: {name} is {value!r}, but {expected} was expected{near}.")

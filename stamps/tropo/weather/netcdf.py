"""Fields of weather models in NetCDF files, through xarray.

Names of variables are those of TRAIN's files, of both forms of Copernicus, of NASA and NOAA.

Source: docs/method/weather.md, section 3.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stamps.errors import InputError, StampsError
from stamps.tropo.weather.columns import Raw
from stamps.tropo.weather.grids import Placement
from stamps.tropo.weather.libraries import FAILURES, library, reason_of

__all__ = ["NetCdfFiles"]

#: What a variable is -> names and standard names that it has.
_VARIABLES = {
    "t": ("t", "air", "ta", "temp", "temperature", "air_temperature"),
    "z": ("z", "h", "gh", "hgt", "zg", "geopotential", "geopotential_height"),
    "q": ("q", "qv", "shum", "spfh", "hus", "specific_humidity"),
    "r": ("r", "rh", "hur", "relative_humidity"),
}
_NAMES = {"z": "geopotential (z, H or hgt)", "t": "temperature (t, T or air)", "q": "humidity (q, QV, shum or r)"}
_LEVELS = ("pressure_level", "level", "lev", "plev", "levels", "isobaricinhpa", "isobaricinpa", "pressure")
_TIMES = ("valid_time", "time")
_LATITUDES, _LONGITUDES = ("latitude", "lat"), ("longitude", "lon")
_ENSEMBLES = ("number", "realization", "member")
_HPA = ("hpa", "millibar", "millibars", "mbar", "mb", "hectopascal", "hectopascals")
_PASCAL = ("pa", "pascal", "pascals")
#: Units, without blanks, dots, asterisks and signs of powers -> factor, kind.
_UNITS: dict[str, dict[str, Any]] = {
    "z": {"m2s-2": "z", "m2/s2": "z", "m": "h", "gpm": "h", "meter": "h", "meters": "h", "metres": "h"},
    "q": {"kgkg-1": 1.0, "kg/kg": 1.0, "1": 1.0, "gkg-1": 1e-3, "g/kg": 1e-3},
    "r": {"%": 1.0, "percent": 1.0, "1": 100.0, "(0-1)": 100.0},
    "t": {"k": 0.0, "kelvin": 0.0, "degk": 0.0, "c": 273.15, "degc": 273.15, "celsius": 273.15},
}
_ENGINES = {b"CDF\x01": "scipy", b"CDF\x02": "scipy", b"\x89HDF": "h5netcdf"}


@dataclass
class NetCdfFiles:
    """A NetCDF file, or several with a variable each.

    Attributes
    ----------
    paths : tuple of Path
    """

    paths: tuple[Path, ...]
    _seen: tuple[list[np.datetime64], NDArray[np.float64], NDArray[np.float64]] | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The first file."""
        return self.paths[0]

    def times(self) -> list[np.datetime64]:
        """Times of its fields, empty if it tells none; InputError if it is damaged."""
        return self._axes()[0]

    def grid(self, time: np.datetime64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitudes and longitudes, the same at all times, degrees: one each for rows and columns, or both of all nodes."""
        return self._axes()[1:]

    def _axes(self) -> tuple[list[np.datetime64], NDArray[np.float64], NDArray[np.float64]]:
        if self._seen is None:
            with self._open() as data:
                self._seen = ([] if _time_name(data) is None else self._read_times(data), *self._read_grid(data))
        return self._seen

    def _read_times(self, data: Any) -> list[np.datetime64]:
        if any(str(name).lower() == _TIMES[0] and data[name].ndim > 1 for name in data.variables):
            raise InputError(
                f"{self.path} has forecasts of several steps: get analyses, or one axis of times (valid_time)"
            )
        values = np.atleast_1d(data[_time_name(data)].values)
        if not np.issubdtype(values.dtype, np.datetime64) or np.isnat(values).any():
            raise InputError(f"{self.path} has a time without a unit such as 'hours since 1900-01-01'")
        return list(values.astype("datetime64[s]"))

    def _read_grid(self, data: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lat, lon = (self._coordinate(data, names) for names in (_LATITUDES, _LONGITUDES))
        if lat.ndim != lon.ndim or lat.ndim not in (1, 2) or (lat.ndim == 2 and lat.shape != lon.shape):
            raise InputError(f"{self.path} has latitudes {lat.shape} and longitudes {lon.shape}, which are no grid")
        return np.asarray(lat.values, np.float64), np.asarray(lon.values, np.float64)

    def _coordinate(self, data: Any, names: tuple[str, ...]) -> Any:
        name = _called(data.variables, names)
        if name is None:
            raise InputError(f"{self.path} has no {names[0]}")
        return data[name]

    def read(self, time: np.datetime64, where: Placement) -> Raw:
        """Fields of a time at some nodes.

        Raises
        ------
        InputError
            Something is missing or damaged.
        """
        with self._open() as data:
            level = self._coordinate(data, _LEVELS)
            lat, lon = (self._coordinate(data, names) for names in (_LATITUDES, _LONGITUDES))
            axes = (level.dims[0] if level.dims else "", *(lat.dims if lat.ndim == 2 else (*lat.dims, *lon.dims)))
            values: dict[str, NDArray[np.float64]] = {}
            for kinds in ("z", "t", "qr"):
                kind, variable = self._variable(data, kinds, str(axes[0]))
                variable = self._of_time(data, self._one_version(variable), time)
                kind, field_ = self._in_units(kind, variable, self._crop(variable, axes, where))
                values[kind] = field_
            return Raw(self._pressure(level), values, str(self.path))

    def _variable(self, data: Any, kinds: str, level: str) -> tuple[str, Any]:
        for kind in kinds:
            for name, variable in data.data_vars.items():
                called = (str(name).lower(), str(variable.attrs.get("standard_name", "")).lower())
                if level in variable.dims and not set(_VARIABLES[kind]).isdisjoint(called):
                    return kind, variable
        raise InputError(f"{self.path} has no {_NAMES[kinds[0]]} on levels of pressure")

    def _one_version(self, variable: Any) -> Any:
        """ERA5 and its first version (ERA5T) side by side: the one that has values."""
        if "expver" not in variable.dims:
            return variable
        first, *others = (variable.isel(expver=k) for k in range(variable.sizes["expver"]))
        for other in others:
            first = first.where(first.notnull(), other)
        return first.assign_attrs(variable.attrs)

    def _of_time(self, data: Any, variable: Any, time: np.datetime64) -> Any:
        name = _time_name(data)
        if name is None or not data[name].dims:
            return variable
        found = np.flatnonzero(np.asarray(self.times(), "datetime64[s]") == time)
        if found.size != 1:
            raise InputError(f"{self.path} has the time {time} twice")
        return variable.isel({data[name].dims[0]: int(found[0])})

    def _crop(self, variable: Any, axes: tuple[Any, ...], where: Placement) -> NDArray[np.float64]:
        """(n_level, n_row, n_col)."""
        more = [dim for dim in variable.dims if dim not in axes and variable.sizes[dim] > 1]
        if more or not set(axes) <= set(variable.dims):
            what = "an ensemble" if set(map(str, more)) & set(_ENSEMBLES) else "other axes"
            raise InputError(f"{self.path}: '{variable.name}' has {what} ({', '.join(map(str, variable.dims))})")
        variable = variable.squeeze([dim for dim in variable.dims if dim not in axes])
        window = {
            axis: slice(int(index.min()), int(index.max()) + 1)
            for axis, index in zip(axes[1:], (where.rows, where.cols), strict=True)
        }
        block = variable.isel(window).transpose(*axes).values
        return np.asarray(block, np.float64)[:, where.rows - where.rows.min()][:, :, where.cols - where.cols.min()]

    def _in_units(self, kind: str, variable: Any, values: NDArray[np.float64]) -> tuple[str, NDArray[np.float64]]:
        unit = _plain_unit(variable.attrs.get("units", ""))
        if not unit:  # told by the name; columns.py checks the values
            return ("h" if kind == "z" and str(variable.name).lower() not in ("z", "geopotential") else kind), values
        known = _UNITS[kind].get(unit)
        if known is None:
            raise InputError(
                f"{self.path}: '{variable.name}' has the unit {variable.attrs['units']!r}, which is not known"
            )
        if isinstance(known, str):
            return known, values
        return kind, values + known if kind == "t" else values * known

    def _pressure(self, level: Any) -> NDArray[np.float64]:
        values = np.atleast_1d(np.asarray(level.values, np.float64))
        unit = _plain_unit(level.attrs.get("units", ""))
        if unit in _PASCAL:
            return values
        if unit in _HPA:
            return values * 100
        if unit:
            raise InputError(
                f"{self.path} has levels in {level.attrs['units']!r}, but levels of pressure were expected"
            )
        return values * 100 if values.max() < 2000 else values

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """The variables; what the libraries say of a damaged file becomes an InputError."""
        xarray = library("xarray")
        try:
            with ExitStack() as stack:
                parts = [
                    stack.enter_context(xarray.open_dataset(p, engine=_engine(p), cache=False)) for p in self.paths
                ]
                yield parts[0] if len(parts) == 1 else xarray.merge(parts, join="exact", compat="override")
        except StampsError:
            raise
        except FAILURES as error:
            names = ", ".join(str(path) for path in self.paths)
            raise InputError(f"{names} cannot be read ({reason_of(error)})") from error


def _engine(path: Path) -> str:
    with path.open("rb") as file:
        engine = _ENGINES[file.read(4)]
    if engine == "h5netcdf":
        library("h5netcdf")
    return engine


def _called(names: Any, wanted: tuple[str, ...]) -> Hashable | None:
    """The first of the wanted names that there is, in any case."""
    there = {str(name).lower(): name for name in names}
    return next((there[name] for name in wanted if name in there), None)


def _time_name(data: Any) -> Hashable | None:
    return _called([name for name in data.variables if data[name].ndim <= 1], _TIMES)


def _plain_unit(unit: object) -> str:
    text = str(unit).lower().strip()
    return "".join(letter for letter in text if letter not in " *.^")

"""GACOS delay maps: ``yyyymmdd.ztd`` (float32, little-endian, zenith total delay in m) with ``yyyymmdd.ztd.rsc``.

Source: Yu, Li, Penna and Crippa (2018), J. Geophys. Res. Solid Earth 123, 9202-9222; GACOS' notes on its files: rows
from north to south, (``X_FIRST``, ``Y_FIRST``) is the first value, and 0 or NaN is no value.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import map_coordinates

from stamps.errors import InputError
from stamps.insar.geometry import without_jump
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["DelayMap", "find_maps", "read_ztd"]

_WHOLE_NUMBERS = ("WIDTH", "FILE_LENGTH")
_NUMBERS = ("X_FIRST", "Y_FIRST", "X_STEP", "Y_STEP")


@dataclass(frozen=True)
class DelayMap:
    """Zenith delay on a grid of longitude and latitude.

    Attributes
    ----------
    values : ndarray of float32, shape (n_row, n_col)
        Metres, NaN where there is no value.
    lon, lat : float
        Of the first value, degrees.
    lon_step, lat_step : float
        Between columns and between rows, degrees.
    source : path-like
        For messages.
    """

    values: np.ndarray
    lon: float
    lat: float
    lon_step: float
    lat_step: float
    source: object

    def at(self, lonlat: ArrayLike) -> NDArray[np.float64]:
        """Bilinear interpolation.

        Parameters
        ----------
        lonlat : ndarray, shape (n, 2)
            Degrees; longitudes may count from -180 or from 0.

        Returns
        -------
        ndarray of float64, shape (n,)
            Metres.

        Raises
        ------
        InputError
            Points lie outside the map or at places without value.
        """
        lonlat = np.asarray(lonlat, np.float64)
        n_row, n_col = self.values.shape
        turn = 360 / abs(self.lon_step)
        col = (lonlat[:, 0] - self.lon) / self.lon_step
        col = col - turn * np.round((col - (n_col - 1) / 2) / turn)
        row = (lonlat[:, 1] - self.lat) / self.lat_step
        # the outermost half cell belongs to the map
        inside = (row >= -0.5) & (row <= n_row - 0.5) & (col >= -0.5) & (col <= n_col - 0.5)
        if not inside.all():
            raise InputError(
                f"{self.source} does not cover {np.sum(~inside)} of the {len(lonlat)} pixels: it reaches from "
                f"{self._reach()}, the pixels from {_reach(without_jump(lonlat))}: order a larger map."
            )
        values = self.values.astype(np.float64)
        if round(turn) == n_col:  # a map of the whole globe goes on at its other side
            values, col = np.pad(values, ((0, 0), (1, 1)), mode="wrap"), col + 1
        delay = map_coordinates(values, [row, col], order=1, mode="nearest")
        if np.isnan(delay).any():
            raise InputError(
                f"{self.source} has no value at {np.isnan(delay).sum()} of the {len(lonlat)} pixels: order the map again."
            )
        return delay

    def _reach(self) -> str:
        n_row, n_col = self.values.shape
        corners = [
            (self.lon, self.lat),
            (self.lon + (n_col - 1) * self.lon_step, self.lat + (n_row - 1) * self.lat_step),
        ]
        return _reach(np.array(corners))


def _reach(lonlat: NDArray[np.float64]) -> str:
    (lon0, lat0), (lon1, lat1) = lonlat.min(axis=0), lonlat.max(axis=0)
    return f"longitude {lon0:.4f} to {lon1:.4f}, latitude {lat0:.4f} to {lat1:.4f}"


def read_ztd(path: StrPath) -> DelayMap:
    """Read a map and its header.

    Parameters
    ----------
    path : path-like
        The ``.ztd`` file; its header has the same name with ``.rsc`` at the end.

    Returns
    -------
    DelayMap

    Raises
    ------
    InputError
        The map or its header is missing or damaged, or they do not fit each other.
    """
    path = Path(path)
    header = _read_header(path.with_name(path.name + ".rsc"))
    n_row, n_col = int(header["FILE_LENGTH"]), int(header["WIDTH"])
    try:
        values = np.fromfile(path, "<f4")
    except OSError as error:
        raise InputError(f"The delay map {path} cannot be read ({os.strerror(error.errno or 0)}).") from error
    if values.size != n_row * n_col or path.stat().st_size != 4 * n_row * n_col:
        raise InputError(
            f"The delay map {path} has {path.stat().st_size} bytes, but its header says {n_row} rows x {n_col} columns x "
            f"4 bytes (float32) = {4 * n_row * n_col}: download it again."
        )
    values = values.reshape(n_row, n_col).astype(np.float32)
    values[values == 0] = np.nan
    known = values[np.isfinite(values)]
    if known.size == 0 or np.abs(known).max() > 10:
        raise InputError(
            f"The delay map {path} holds no zenith delays in m (they are about 2.3): it should be float32, little-endian."
        )
    return DelayMap(values, header["X_FIRST"], header["Y_FIRST"], header["X_STEP"], header["Y_STEP"], path)


def _read_header(path: StrPath) -> dict[str, float]:
    """Numbers of a ``.rsc`` file."""
    try:
        words = [line.split() for line in read_input(path).splitlines()]
    except OSError as error:
        raise InputError(
            f"The header {path} of a delay map cannot be read ({os.strerror(error.errno or 0)})."
        ) from error
    fields = {line[0].upper().rstrip(":="): line[1] for line in words if len(line) > 1}
    header: dict[str, float] = {}
    for name in (*_WHOLE_NUMBERS, *_NUMBERS):
        try:
            header[name] = (int if name in _WHOLE_NUMBERS else float)(fields[name])
        except KeyError:
            raise InputError(f"The header {path} has no field {name}: download the delay map again.") from None
        except ValueError:
            raise InputError(f"The header {path} has {name} {fields[name]!r}, but a number was expected.") from None
    if min(header["WIDTH"], header["FILE_LENGTH"]) < 1 or 0 in (header["X_STEP"], header["Y_STEP"]):
        raise InputError(f"The header {path} describes no map: its size and steps should not be zero.")
    return header


def find_maps(folder: StrPath, dates: NDArray[np.int64]) -> list[Path]:
    """Paths of the maps of dates.

    Parameters
    ----------
    folder : path-like
    dates : sequence of int
        yyyymmdd.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        The folder is missing or lacks the map of a date.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"The folder {folder} of the delay maps does not exist.")
    paths = [folder / f"{date}.ztd" for date in dates]
    missing = [str(date) for date, path in zip(dates, paths, strict=True) if not path.is_file()]
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise InputError(
            f"{folder} has no delay map (yyyymmdd.ztd) of {shown}: order {'it' if len(missing) == 1 else 'them'} from "
            "GACOS, or drop the interferograms that need it (drop_ifg_index)."
        )
    return paths

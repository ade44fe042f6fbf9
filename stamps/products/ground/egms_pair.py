"""East and up as the pair of files of EGMS's level 3, tile by tile.

Source: docs/method/decomposition.md, section 5.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.egms import FIELDS, egms_fields
from stamps.errors import InputError
from stamps.matlab.dates import datenum, to_yyyymmdd
from stamps.products.exports.egms_codes import base62
from stamps.products.exports.metadata import write_side_file

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps.products.ground.motion import Motion

__all__ = ["CELL", "EVERY", "ORIGIN", "pair_writers", "pids_of"]

CELL = 100.0  # metres
EVERY = 6.0  # days
ORIGIN = float(datenum(20140403))
_TILE = 100_000  # metres
_LENGTH = 9
_FIELD_DIGITS = {"acceleration": 2, "acceleration_std": 2}


def pids_of(easting: ArrayLike, northing: ArrayLike, producer: int = 0) -> NDArray[np.str_]:
    """Codes of cells: the producer's digit and nine of base 62.

    Parameters
    ----------
    easting, northing : array_like of int, shape (n,)
        EPSG:3035, metres.
    producer : int
        0: none of EGMS's.

    Returns
    -------
    ndarray of str, shape (n,)

    Raises
    ------
    InputError
        A cell lies west or south of the grid's origin, or beyond what nine digits hold.
    """
    east, north = (np.atleast_1d(np.asarray(part, dtype=np.int64)) for part in (easting, northing))
    out = (np.minimum(east, north) < 0) | (east // 100 >= 2**32) | (north // 100 >= 62**_LENGTH // 2**32)
    if out.any():
        raise InputError(f"The cell {east[out][0]} {north[out][0]} is not within EGMS's grid.")
    numbers = (north // 100) * 2**32 + east // 100
    codes: NDArray[np.str_] = np.char.add(str(producer), base62(numbers, _LENGTH))
    return codes


def pair_writers(motion: Motion, folder: Path) -> dict[Path, Callable[[Path], object]]:
    """The files, and what writes each of them."""
    series = motion.series
    assert series is not None
    tiles = np.floor(motion.places / _TILE).astype(np.int64)
    found: dict[Path, Callable[[Path], object]] = {}
    years = f"{to_yyyymmdd(series.days[0]) // 10_000}_{to_yyyymmdd(series.days[-1]) // 10_000}_1"
    for tile in np.unique(tiles, axis=0):
        rows = np.flatnonzero((tiles == tile).all(axis=1))
        for letter, values in (("U", series.up), ("E", series.east)):
            name = f"EGMS_L3_E{tile[0]:02d}N{tile[1]:02d}_100km_{letter}_{years}.csv"
            found[folder / name] = functools.partial(_write, motion, rows, letter, values)
    return found


def _write(motion: Motion, rows: NDArray[np.int64], letter: str, values: NDArray[np.float64], path: Path) -> None:
    assert motion.series is not None
    days, data = motion.series.days, values[rows]
    fields = egms_fields(days, data)
    places = np.round(motion.places[rows]).astype(np.int64)
    dates = [str(to_yyyymmdd(day)) for day in days]
    head = ["pid", "easting", "northing", "height", *FIELDS, *dates]
    columns = [
        pids_of(*places.T).tolist(),
        *([str(number) for number in part] for part in places.T.tolist()),
        _texts(motion.height[rows], 1),
        *(_texts(fields[name], _FIELD_DIGITS.get(name, 1)) for name in FIELDS),
        *(_texts(data[:, k], 1) for k in range(days.size)),
    ]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(head) + "\n")
        file.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))
    direction = "up" if letter == "U" else "east"
    about = {
        **motion.metadata,
        "component": f"{letter}: positive is {direction}",
        "frame_of_cells": "EPSG:3035, WGS 84 taken as ETRS89",
        "errors": "of the fit to the series, noise taken as white; no atmosphere, no correlation in time",
        "height": "of the DEM, whose datum is not known here",
    }
    write_side_file(path, about)


def _texts(values: NDArray[np.float64], digits: int) -> list[str]:
    """Numbers as texts, empty where nothing is known."""
    return ["" if value != value else f"{value:.{digits}f}" for value in values.tolist()]

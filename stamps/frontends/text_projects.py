"""Text headers, calibration constants and grids of Doris and ISCE stacks, as arrays.

Shared by the loaders of step 1. Text files (``day.1.in`` …) are looked for in the patch and in the directory above;
rasters of candidates are little-endian. Source: docs/method/loading.md, sections 6 to 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges, isce, patch_files
from stamps.frontends.lists import paths_with_constants
from stamps.frontends.names import dates_in_path
from stamps.frontends.text_headers import GRID_HEIGHTS, GRID_NODES
from stamps.matlab.dates import datenum, to_yyyymmdd
from stamps.matlab.interpolation import griddata_linear
from stamps.matlab.literals import number
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace
    from stamps.workspace.log import Log


__all__ = [
    "Acquisitions",
    "Loaded",
    "Pairs",
    "calibration_constants",
    "grid_values",
    "image_grids",
    "load_candidates",
    "look_angles",
    "pair_differences",
    "raster_angles",
    "raster_baselines",
    "raster_values",
    "read_acquisitions",
    "read_pairs",
    "read_size",
    "read_text_numbers",
    "repeated",
    "save_patch",
    "single_master",
    "single_master_phasors",
    "slave_baselines",
    "small_baselines",
    "unit_phasors",
]

ORDER = "<"  # byte order of the candidate files
_CHUNK = 1 << 16  # pixels interpolated at a time
_FIELDS = {"heading": "heading", "lambda": "wavelength", "slc_osf": "oversampling"}  # as the table of ranges names them


@dataclass(frozen=True)
class Acquisitions:
    """Dates and baselines of the images.

    Attributes
    ----------
    day : (n_image,) float64 array
        Datenums, ascending, the master included.
    master_day : float
    master_ix : int
        From 0.
    day_ix : (n_image - 1,) int64 array
        Positions of the slaves, by date, in the text files (from 0).
    bperp : (n_image,) float64 array
        Mean perpendicular baselines in metres, 0 for the master.
    dates : list of int
        Slaves as yyyymmdd, ascending.
    """

    day: np.ndarray
    master_day: float
    master_ix: int
    day_ix: np.ndarray
    bperp: np.ndarray
    dates: list

    @property
    def n_image(self) -> int:
        """Number of images, the master included."""
        return self.day.size


@dataclass(frozen=True)
class Pairs:
    """Interferograms of a small-baseline stack: datenums and positions in the days, both (n_ifg, 2)."""

    ifgday: np.ndarray
    ifgday_ix: np.ndarray


# ---------------------------------------------------------------------- text files


def read_text_numbers(ws: Workspace, name: str, count: int | None = None) -> NDArray[np.float64]:
    """All numbers of a text file of the patch or of the directory above.

    Parameters
    ----------
    ws : Workspace
    name : str
    count : int, optional
        How many there must be.

    Returns
    -------
    (n,) float64 array

    Raises
    ------
    InputError
        The file is missing, empty, holds something else, or the wrong number of them.
    """
    path = ws.find(name, levels=2)
    if path is None:
        raise InputError(f"{name} is neither in {ws.path} nor in {ws.path.parent}: run the preparation again.")
    words = read_input(path).split()
    values = [number(word) for word in words]
    if not words or None in values:
        what = f"'{words[values.index(None)]}'" if words else "nothing"
        raise InputError(f"{path} holds {what} where a number was expected: run the preparation again.")
    if count is not None and len(values) != count:
        raise InputError(f"{path} holds {len(values)} numbers, but {count} were expected: run the preparation again.")
    return np.array(values, dtype=np.float64)


def read_size(ws: Workspace) -> tuple[int, int]:
    """Range samples and azimuth lines of the full image: (width, length), from ``width.txt`` and ``len.txt``."""
    return tuple(int(read_text_numbers(ws, name, 1)[0]) for name in ("width.txt", "len.txt"))


def read_acquisitions(ws: Workspace) -> Acquisitions:
    """Dates and mean baselines from ``day.1.in``, ``master_day.1.in`` and ``bperp.1.in``."""
    dates = read_text_numbers(ws, "day.1.in")
    master = read_text_numbers(ws, "master_day.1.in", 1)
    bperp = read_text_numbers(ws, "bperp.1.in", dates.size)
    header_ranges.refuse(header_ranges.judge_baselines(ws.find("bperp.1.in", levels=2), bperp))
    slaves, master_day = _datenum("day.1.in", dates), float(_datenum("master_day.1.in", master)[0])
    day_ix = np.argsort(slaves, kind="stable")
    slaves = slaves[day_ix]
    if np.any(np.diff(slaves) == 0) or master_day in slaves:
        raise InputError(f"The dates of day.1.in of {ws.path} repeat, or the master is among them: correct the file.")
    master_ix = int(np.count_nonzero(slaves < master_day))
    return Acquisitions(
        np.insert(slaves, master_ix, master_day),
        master_day,
        master_ix,
        day_ix,
        np.insert(bperp[day_ix], master_ix, 0.0),
        dates[day_ix].astype(np.int64).tolist(),
    )


def read_pairs(ws: Workspace, images: Acquisitions) -> Pairs:
    """Pairs of dates of ``ifgday.1.in``.

    Parameters
    ----------
    ws : Workspace
    images : Acquisitions

    Returns
    -------
    Pairs

    Raises
    ------
    InputError
        A date is not that of an image.
    """
    numbers = read_text_numbers(ws, "ifgday.1.in")
    if numbers.size % 2:
        raise InputError(f"ifgday.1.in of {ws.path} holds {numbers.size} dates, but two a line were expected.")
    ifgday = _datenum("ifgday.1.in", numbers).reshape(-1, 2)
    position = np.searchsorted(images.day, ifgday)
    known = images.day[np.minimum(position, images.n_image - 1)] == ifgday
    if not known.all():
        date = int(numbers.reshape(-1, 2)[~known][0])
        raise InputError(f"ifgday.1.in of {ws.path} names {date}, but day.1.in and master_day.1.in have no such image.")
    return Pairs(ifgday, position)


def _datenum(name: str, dates: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        return datenum(dates)
    except ValueError as error:
        raise InputError(f"{name} holds something that is no date yyyymmdd: {error}") from error


# ---------------------------------------------------------------------- calibration


def calibration_constants(ws: Workspace, images: Acquisitions) -> NDArray[np.float64]:
    """Calibration constants of the slaves by date, from ``calamp.out``; ones if there is no such file.

    Parameters
    ----------
    ws : Workspace
    images : Acquisitions

    Returns
    -------
    (n_image - 1,) float64 array

    Raises
    ------
    InputError
        A line is malformed, or the dates are not those of the slaves.
    """
    path = ws.find("calamp.out", levels=2)
    if path is None:
        return np.ones(len(images.dates))
    known = {*images.dates, int(to_yyyymmdd(images.master_day))}
    found = {}
    for name, text in paths_with_constants(read_input(path, "surrogateescape"), path.parent):
        date, value = _date_of_image(name, known), number(text)
        if date is None or value is None:
            raise InputError(f"{path} has '{name} {text}' where a dated image and its constant were expected.")
        found[date] = value
    missing = [date for date in images.dates if date not in found]
    if missing:
        raise InputError(f"{path} has no calibration constant for the image of {missing[0]}: prepare again.")
    return np.array([found[date] for date in images.dates])


def _date_of_image(name: str, known: set[int]) -> int | None:
    """Date in the path of an image: where the original looks, else the first date of the stack that its folders name."""
    date = _date_of_name(name)
    return date if date in known else next((other for other in dates_in_path(name) if other in known), date)


def _date_of_name(name: str) -> int | None:
    """Date of the file's name, else of its folder, else (folder ``master``) of the one above."""
    parts = PurePath(name).parts
    for part in parts[: -3 if len(parts) > 2 else None : -1]:
        if part[:8].isdecimal() and len(part) >= 8:
            return int(part[:8])
    if len(parts) > 2 and parts[-2] == "master" and parts[-3][-8:].isdecimal():
        return int(parts[-3][-8:])
    return None


# ---------------------------------------------------------------------- phase


def single_master_phasors(
    raw: Any, images: Acquisitions, calconst: NDArray[np.float64], sort_ix: NDArray[np.int64]
) -> NDArray[np.complex64]:
    """Calibrated phasors by date with the master's column of ones.

    Parameters
    ----------
    raw : (n_image - 1, n) complex array
        Blocks in the order of the text files.
    images : Acquisitions
    calconst : (n_image - 1,) float64 array
        By date.
    sort_ix : (n,) int64 array

    Returns
    -------
    (n, n_image) complex64 array in column-major order
    """
    ph = np.ones((sort_ix.size, images.n_image), dtype=np.complex64, order="F")
    columns = np.delete(np.arange(images.n_image), images.master_ix)
    for column, row, constant in zip(columns, images.day_ix, calconst, strict=True):
        with np.errstate(invalid="ignore", over="ignore"):  # what is no number is taken away afterwards
            ph[:, column] = raw[row].astype(np.complex64)[sort_ix] / np.float32(constant)
    return ph


def unit_phasors(raw: Any, sort_ix: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Phasors of unit modulus (zeros stay 0): (n, n_ifg) complex64 in column-major order."""
    ph = np.empty((sort_ix.size, len(raw)), dtype=np.complex64, order="F")
    for k, block in enumerate(raw):
        column = block.astype(np.complex64)[sort_ix]
        modulus = np.abs(column)
        modulus[modulus == 0] = 1
        with np.errstate(invalid="ignore"):  # what is no number is taken away afterwards
            ph[:, k] = column / modulus
    return ph


# ---------------------------------------------------------------------- grids and rasters


def grid_values(
    grids: NDArray[np.float64],
    size: tuple[int, int],
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
    height: ArrayLike,
) -> NDArray[np.float64]:
    """Values of 50 × 50 grids at pixels: linear in position on a Delaunay triangulation, linear in height.

    Parameters
    ----------
    grids : (k, 5000) float64 array
        Values at height 0 m and 1000 m alternately, nodes row by row along azimuth.
    size : (int, int)
        Range samples and azimuth lines; the nodes go from 0 to these.
    line, sample : (n,) arrays
        Pixels from 0.
    height : (n,) array or float
        Metres.

    Returns
    -------
    (n, k) float64 array
    """
    nodes = np.meshgrid(*(np.linspace(0, extent, GRID_NODES) for extent in size))
    x, y = (axis.ravel() for axis in nodes)
    low, high = grids[:, 0::2].T, grids[:, 1::2].T
    part = np.broadcast_to((np.asarray(height, dtype=np.float64) - GRID_HEIGHTS[0]) / GRID_HEIGHTS[1], (line.size,))
    result = np.empty((line.size, len(grids)))
    for first in range(0, line.size, _CHUNK):
        chunk = slice(first, first + _CHUNK)
        at = griddata_linear(x, y, np.hstack([low, high]), sample[chunk], line[chunk])
        result[chunk] = at[:, : len(grids)] + (at[:, len(grids) :] - at[:, : len(grids)]) * part[chunk, None]
    return result


def image_grids(ws: Workspace, name: str, dates: Sequence[int]) -> NDArray[np.float64] | None:
    """Grids of all slaves, (n_slave, 5000) float64, or None if there is none.

    Parameters
    ----------
    ws : Workspace
    name : str
        With a place for the date (``'bperp_{}.1.in'``).
    dates : list of int

    Raises
    ------
    InputError
        Only some slaves have a grid.
    """
    if not any(ws.find(name.format(date), levels=2) for date in dates):
        return None
    return np.array([read_text_numbers(ws, name.format(date), 2 * GRID_NODES**2) for date in dates])


def raster_values(
    path: StrPath, size: tuple[int, int], line: NDArray[np.int64], sample: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Values of an ISCE raster at pixels.

    A raster of the size of the image is read at the pixel, any other interpolated linearly between nodes that go from
    edge to edge of the image.

    Parameters
    ----------
    path : path-like
    size : (int, int)
        Range samples and azimuth lines of the image.
    line, sample : (n,) int arrays
        Pixels from 0.

    Returns
    -------
    (n,) float64 array
    """
    raster = isce.map_bands(path)[0]
    length, width = raster.shape
    if (width, length) == tuple(size):
        return raster[line, sample].astype(np.float64)
    column, row = _between_nodes(sample, size[0], width), _between_nodes(line, size[1], length)
    values = raster.astype(np.float64)
    upper, lower = (_along(values, k, column) for k in (row[0], row[1]))
    return upper + (lower - upper) * row[2]


def repeated(bperp: NDArray[np.float64], n_ps: int) -> NDArray[np.float32]:
    """Mean baselines as a row for every pixel, (n_ps, k) float32."""
    return np.tile(np.asarray(bperp, dtype=np.float32), (n_ps, 1))


def _between_nodes(
    position: NDArray[np.int64], extent: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Nodes before and after positions, and the part of the way between them."""
    place = np.asarray(position, dtype=np.float64) * ((count - 1) / extent)
    before = np.clip(np.floor(place).astype(np.int64), 0, max(count - 2, 0))
    return before, np.minimum(before + 1, count - 1), place - before


def _along(
    values: Any, row: NDArray[np.int64], column: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    return values[row, column[0]] + (values[row, column[1]] - values[row, column[0]]) * column[2]


# ---------------------------------------------------------------------- what the loaders share


@dataclass(frozen=True)
class Loaded:
    """Candidates of a patch in their new order, and the stack they belong to.

    Attributes
    ----------
    images : Acquisitions
    settings : dict
        Parameters that text files give: ``heading``, ``lambda``, perhaps ``slc_osf``.
    size : (int, int)
        Range samples and azimuth lines of the full image.
    pixels : stamps.frontends.patch_files.Candidates
    line, sample : (n_ps,) int64 arrays
        In the new order, as ``D_A`` and ``hgt``.
    D_A, hgt : (n_ps,) float64 arrays or None
    n_read : int
        Candidates of the files, those without a position included.
    """

    images: Acquisitions
    settings: dict
    size: tuple
    pixels: patch_files.Candidates
    line: np.ndarray
    sample: np.ndarray
    D_A: np.ndarray | None
    hgt: np.ndarray | None
    n_read: int

    @property
    def n_ps(self) -> int:
        """Number of candidates that have a position."""
        return self.line.size

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of the candidate files (from 0) of every pixel."""
        return self.pixels.rows

    @property
    def height(self) -> NDArray[np.float64] | float:
        """Heights in metres; 0 where there is no height file."""
        return 0.0 if self.hgt is None else self.hgt

    @property
    def ps(self) -> dict[str, Any]:
        """Variables of ``ps1`` that do not depend on the kind of stack."""
        number_column = np.arange(1, self.n_ps + 1)
        return {
            "ij": np.column_stack([number_column, self.line, self.sample]).astype(np.float64),
            "lonlat": self.pixels.lonlat,
            "xy": np.column_stack([number_column, self.pixels.xy]).astype(np.float32),
            "day": self.images.day,
            "master_day": self.images.master_day,
            "master_ix": self.images.master_ix,
            "n_image": self.images.n_image,
            "n_ps": self.n_ps,
            "sort_ix": self.pixels.sort_ix,
            "ll0": self.pixels.ll0,
            "day_ix": self.images.day_ix,
        }


def load_candidates(ws: Workspace, log: Log, settings: Mapping[str, str]) -> Loaded | None:
    """Read what all loaders of text headers read.

    Parameters
    ----------
    ws : Workspace
        Patch.
    log : Log
    settings : dict
        Parameter to the text file that holds its number.

    Returns
    -------
    Loaded or None
        None, and a note in ``no_ps_info``, for a patch without candidates.
    """
    images = read_acquisitions(ws)
    values = {name: _setting(ws, name, file) for name, file in settings.items()}
    size = read_size(ws)
    line, sample = patch_files.read_positions(ws)
    n_read = line.size
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return None
    hgt = patch_files.read_heights(ws, n_read, f"{ORDER}f4")
    names = ("pscands.1.ll", "pscands.1.ll", "pscands.1.hgt")
    lonlat = patch_files.read_lonlat(ws, n_read, ORDER)
    lonlat = patch_files.judge_candidates(ws, log, lonlat, hgt, np.column_stack([line, sample]), names)
    pixels = patch_files.with_position(patch_files.local_coordinates(lonlat, values["heading"], log))
    rows = pixels.rows
    if rows.size == 0:
        patch_files.note_no_candidates(ws, log)
        return None
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    return Loaded(
        images,
        values,
        size,
        pixels,
        line[rows],
        sample[rows],
        None if D_A is None else D_A[rows],
        None if hgt is None else hgt[rows].astype(np.float64),
        n_read,
    )


def _setting(ws: Workspace, name: str, file: str) -> float:
    """The number of a text header, judged."""
    value = float(read_text_numbers(ws, file, 1)[0])
    header_ranges.require(ws.find(file, levels=2), {_FIELDS[name]: value}, {_FIELDS[name]: name})
    return value


def single_master(ws: Workspace, loaded: Loaded) -> tuple[dict[str, Any], NDArray[np.complex64], NDArray[np.float32]]:
    """What the single-master loaders have in common.

    Returns
    -------
    ps : dict
        ``bperp``, ``n_ifg`` and ``calconst`` of ``ps1``.
    ph : (n_ps, n_image) complex64 array
        Calibrated phasors, ones for the master.
    bperp_mat : (n_ps, n_image - 1) float32 array
        Mean baselines of the slaves, repeated, for a stack without any other.
    """
    images = loaded.images
    calconst = calibration_constants(ws, images)
    raw = patch_files.read_phase(ws, loaded.n_read, len(images.dates), ORDER)
    ps = {"bperp": images.bperp, "n_ifg": images.n_image, "calconst": calconst}
    bperp_mat = repeated(np.delete(images.bperp, images.master_ix), loaded.n_ps)
    return ps, single_master_phasors(raw, images, calconst, loaded.rows), bperp_mat


def small_baselines(
    ws: Workspace, loaded: Loaded, of_slaves: NDArray[np.float64] | None
) -> tuple[dict[str, Any], NDArray[np.complex64], NDArray[np.floating[Any]]]:
    """What the small-baseline loaders have in common.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    of_slaves : (n_ps, n_image - 1) array or None
        Baselines of the slaves at the pixels; None: the mean ones, repeated.

    Returns
    -------
    ps : dict
        ``bperp``, ``ifgday``, ``ifgday_ix`` and ``n_ifg`` of ``ps1``.
    ph : (n_ps, n_ifg) complex64 array
        Phasors of unit modulus.
    bperp_mat : (n_ps, n_ifg) array
        Second minus first image.
    """
    images = loaded.images
    pairs = read_pairs(ws, images)
    n_ifg = len(pairs.ifgday)
    raw = patch_files.read_phase(ws, loaded.n_read, n_ifg, ORDER)
    bperp = images.bperp[pairs.ifgday_ix[:, 1]] - images.bperp[pairs.ifgday_ix[:, 0]]
    if of_slaves is None:
        bperp_mat = repeated(bperp, loaded.n_ps)
    else:
        bperp_mat = pair_differences(of_slaves, images, pairs)
    ps = {"bperp": bperp, "ifgday": pairs.ifgday, "ifgday_ix": pairs.ifgday_ix, "n_ifg": n_ifg}
    return ps, unit_phasors(raw, loaded.rows), bperp_mat


def slave_baselines(ws: Workspace, loaded: Loaded, height: ArrayLike) -> NDArray[np.float64] | None:
    """Baselines of the slaves at the pixels from ``bperp_<yyyymmdd>.1.in``: (n_ps, n_slave) float64, None without."""
    grids = image_grids(ws, "bperp_{}.1.in", loaded.images.dates)
    if grids is None:
        return None
    for date, grid in zip(loaded.images.dates, grids, strict=True):
        header_ranges.refuse(header_ranges.judge_baselines(f"bperp_{date}.1.in of {ws.path.parent}", grid, zero=True))
    return grid_values(grids, loaded.size, loaded.line, loaded.sample, height)


def raster_baselines(ws: Workspace, loaded: Loaded) -> NDArray[np.float64] | None:
    """Baselines of the slaves at the pixels from the rasters ``baselineGRID_<yyyymmdd>`` of the directories above.

    Returns
    -------
    (n_ps, n_slave) float64 array, or None without rasters
    """
    paths = [_above(ws, f"baselineGRID_{date}") for date in loaded.images.dates]
    if not any(paths):
        return None
    if None in paths:
        date = loaded.images.dates[paths.index(None)]
        raise InputError(f"baselineGRID_{date} is neither in {ws.path.parent} nor above it, but others are.")
    columns = [raster_values(path, loaded.size, loaded.line, loaded.sample) for path in paths]
    for path, column in zip(paths, columns, strict=True):
        header_ranges.refuse(header_ranges.judge_baselines(path, column, zero=True))
    return np.column_stack(columns)


def look_angles(ws: Workspace, loaded: Loaded) -> NDArray[np.float64] | None:
    """Look angles at the pixels from ``look_angle.1.in``, (n_ps,) float64 radians, or None without the file."""
    if ws.find("look_angle.1.in", levels=2) is None:
        return None
    grid = read_text_numbers(ws, "look_angle.1.in", 2 * GRID_NODES**2)
    degrees = grid_values(grid[None, :], loaded.size, loaded.line, loaded.sample, loaded.height)
    header_ranges.judge_angles(f"look_angle.1.in of {ws.path.parent}", degrees)
    return np.radians(degrees[:, 0])


def raster_angles(ws: Workspace, loaded: Loaded, inc_angle: Any, look_files: tuple[str, str]) -> dict[str, Any]:
    """Incidence or look angles of an ISCE stack at the pixels.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    inc_angle : (length, width) array or None
        Incidence angles in degrees of the whole image; None: search ``inc_angle.raw``.
    look_files : tuple of str
        Names of look-angle files to search for if there is no incidence: rasters, or texts without an XML header.

    Returns
    -------
    dict
        ``{"inc": …}`` (float64 from the array, float32 from a file that was searched) or ``{"la": …}`` (float32),
        (n_ps,) radians; empty if there is neither.
    """
    if inc_angle is not None:
        if inc_angle.shape != loaded.size[::-1]:
            raise InputError(
                f"inc_angle.raw has {inc_angle.shape[1]} samples × {inc_angle.shape[0]} lines, but the image of "
                f"{ws.path.parent} has {loaded.size[0]} × {loaded.size[1]}: prepare again."
            )
        values = inc_angle[loaded.line, loaded.sample].astype(np.float64)
        header_ranges.judge_angles(f"inc_angle.raw of {ws.path.parent}", values)
        return {"inc": np.radians(values)}
    path = ws.find("inc_angle.raw", levels=3)
    if path is not None:
        values = raster_values(path, loaded.size, loaded.line, loaded.sample)
        header_ranges.judge_angles(path, values)
        return {"inc": np.radians(values).astype(np.float32)}
    for name in look_files:
        path = ws.find(name, levels=3)
        if path is not None and isce.header_file(path).is_file():
            values = raster_values(path, loaded.size, loaded.line, loaded.sample)
            header_ranges.judge_angles(path, values)
            return {"la": np.radians(values).astype(np.float32)}
        if path is not None:
            la = look_angles(ws, loaded)
            return {} if la is None else {"la": la.astype(np.float32)}
    return {}


def pair_differences(bperp: NDArray[np.float64], images: Acquisitions, pairs: Pairs) -> NDArray[np.float64]:
    """Second minus first image of every interferogram.

    Parameters
    ----------
    bperp : (n, n_image - 1) array
        Baselines of the slaves; that of the master is 0.
    images : Acquisitions
    pairs : Pairs

    Returns
    -------
    (n, n_ifg) float64 array
    """
    full = np.insert(np.asarray(bperp, dtype=np.float64), images.master_ix, 0.0, axis=1)
    return full[:, pairs.ifgday_ix[:, 1]] - full[:, pairs.ifgday_ix[:, 0]]


def save_patch(
    ws: Workspace,
    loaded: Loaded,
    ps: Mapping[str, Any],
    ph: NDArray[np.complex64],
    bperp_mat: NDArray[np.floating[Any]],
    angles: Mapping[str, Any],
) -> None:
    """Write the files of step 1 and the parameters.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    ps : dict
        Variables of ``ps1`` besides those of ``loaded``.
    ph : (n_ps, n_ifg) complex64 array
    bperp_mat : (n_ps, k) array
    angles : dict
        ``la`` or ``inc`` to (n_ps,) array in radians.
    """
    with ws.publish():
        parameters = Parameters(ws)
        for name, value in loaded.settings.items():
            parameters.set(name, value, 1)
        ws.save("ps1", {**loaded.ps, **ps})
        ws.version = 1
        ws.save("ph1", {"ph": ph})
        ws.save("bp1", {"bperp_mat": np.asarray(bperp_mat, dtype=np.float32)})
        for name, values in angles.items():
            ws.save(f"{name}1", {name: values})
        if loaded.D_A is not None:
            ws.save("da1", {"D_A": loaded.D_A})
        if loaded.hgt is not None:
            ws.save("hgt1", {"hgt": loaded.hgt})


def _above(ws: Workspace, name: str) -> Path | None:
    """A file of the directory above the patch or of the one above that, or None."""
    places = (ws.path.parent / name, ws.path.parent.parent / name)
    return next((place for place in places if place.is_file()), None)

"""A multilooked stack as Doris projects keep it: rasters ``*_<looks>l.raw`` and text files of one value.

Reads ``width.txt``, ``len.txt``, ``looks.txt``, ``ar.txt``, ``lon*.raw``, ``lat*.raw``, ``dem_radar*.raw`` and, of every
interferogram, ``coh_<looks>l.raw`` and ``cint.minrefdem_<looks>l.raw``.

Source: docs/method/multilooked.md, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.multilooked.pixels import MultilookedStack, read_raster
from stamps.frontends.names import is_date
from stamps.frontends.node_grids import grid_values, image_grids
from stamps.frontends.project_headers import read_size, read_whole
from stamps.matlab.dates import to_yyyymmdd
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.multilooked.pixels import Pixels
    from stamps.workspace import Workspace


__all__ = ["image_baselines", "listed_folders", "master_of_folder", "read_stack"]

_USUAL_LOOKS, _USUAL_ASPECT = 4, 5
_GEOMETRY = ("lon", "lat", "dem_radar")
_SINGLE_MASTER = re.compile(r"INSAR_([0-9]{8})$")


def master_of_folder(ws: Workspace) -> int | None:
    """Date of the master of a directory ``INSAR_yyyymmdd``, None for small baselines."""
    found = _SINGLE_MASTER.search(ws.name)
    return int(found[1]) if found and is_date(found[1]) else None


def read_stack(ws: Workspace, folders: StrPath | None = None) -> MultilookedStack:
    """Find the files of the stack of a directory.

    Parameters
    ----------
    ws : Workspace
        A directory ``INSAR_yyyymmdd`` with folders ``yyyymmdd``, or one with folders ``yyyymmdd_yyyymmdd``.
    folders : path-like, optional
        Text file that names the folders to use.

    Raises
    ------
    InputError
        A file is missing or of another size, or there are no interferograms.
    """
    width, length = read_size(ws)
    looks, aspect = _whole(ws, "looks.txt", _USUAL_LOOKS), _whole(ws, "ar.txt", _USUAL_ASPECT)
    shape = length // looks // aspect, width // looks
    if min(shape) < 1:
        raise InputError(f"{ws.path}: {width} x {length} pixels are less than {looks} x {looks * aspect} looks.")
    master = master_of_folder(ws)
    paths = [ws.path / name for name in listed_folders(ws, folders, 1 if master else 2, f"coh_{looks}l.raw")]
    dates = np.array([([master] if master else []) + _dates_of(path.name) for path in paths], np.int64)
    places = {name: _geometry(ws, name, (length, width), shape, (looks * aspect, looks)) for name in _GEOMETRY}
    return MultilookedStack(
        dates,
        [path / f"coh_{looks}l.raw" for path in paths],
        [path / f"cint.minrefdem_{looks}l.raw" for path in paths],
        shape,
        (looks * aspect, looks),
        "=",
        places["lon"][0],
        places["lat"][0],
        places["dem_radar"][0],
        (places["lon"][1], places["lat"][1], places["dem_radar"][1]),
    )


def listed_folders(ws: Workspace, listed: StrPath | None, n_dates: int, holding: str) -> list[str]:
    """Names of the folders of interferograms.

    Parameters
    ----------
    ws : Workspace
    listed : path-like or None
        Text file that names them; default: all folders named after dates that hold a file.
    n_dates : int
        Dates in the name of a folder.
    holding : str
        That file.

    Raises
    ------
    InputError
        There are none; one of the list is not there or not named after dates.
    """
    form = "_".join(["yyyymmdd"] * n_dates)
    if listed is not None:
        names = [Path(name).name for name in _listed(ws, listed)]
        for name in names:
            if len(_dates_of(name)) != n_dates or not (ws.path / name).is_dir():
                raise InputError(
                    f"{ws.path / listed} names {ascii(name[:40])[1:-1]}, but folders {form} of {ws.path} were expected."
                )
    else:
        names = sorted(
            path.name
            for path in ws.path.iterdir()
            if path.is_dir() and len(_dates_of(path.name)) == n_dates and (path / holding).exists()
        )
    if not names:
        where = f"{ws.path} has" if listed is None else f"{ws.path / listed} names"
        raise InputError(f"{where} no folders {form} of interferograms with {holding}.")
    if len(set(names)) < len(names):
        raise InputError(f"{ws.path / str(listed)} names a folder twice.")
    return names


def _listed(ws: Workspace, listed: StrPath) -> list[str]:
    """Words of a list of folders."""
    try:
        return read_input(ws.path / listed).split()
    except OSError as error:
        raise InputError(f"The list {ws.path / listed} cannot be read: {error.strerror}.") from error


def _dates_of(name: str) -> list[int]:
    """Dates of a folder's name; none if it is no name of that kind."""
    parts = name.split("_")
    return [int(part) for part in parts] if all(map(is_date, parts)) else []


def _whole(ws: Workspace, name: str, usual: int) -> int:
    """A whole number of a text file of the directory or its parent."""
    return usual if ws.find(name, levels=2) is None else read_whole(ws, name, "looks")


def _geometry(
    ws: Workspace, name: str, full: tuple[int, int], shape: tuple[int, int], looks: tuple[int, int]
) -> tuple[NDArray[np.float32], str]:
    """A raster of the multilooked size, or of the full size averaged; and its file."""
    small = ws.find(f"{name}_{looks[1]}l.raw", levels=2)
    if small is not None:
        return np.array(read_raster(small, "=f4", shape)), str(small)
    names = [f"{name}_i.raw"] if name == "dem_radar" else [f"{name}.raw"]
    large = next((path for path in (ws.find(other, levels=2) for other in names) if path is not None), None)
    if large is None:
        raise InputError(
            f"{ws.path} has neither {name}_{looks[1]}l.raw nor {names[0]}, here or in its parent: run the preparation of "
            "the stack."
        )
    raster = read_raster(large, "=f4", full)[: shape[0] * looks[0], : shape[1] * looks[1]]
    blocks = raster.reshape(shape[0], looks[0], shape[1], looks[1])
    return blocks.mean(axis=(1, 3), dtype=np.float64).astype(np.float32), str(large)


def image_baselines(ws: Workspace, day: NDArray[np.float64], master_ix: int, pixels: Pixels) -> NDArray[np.float64]:
    """Perpendicular baselines of all images at the pixels, from the grids ``bperp_<yyyymmdd>.1.in`` at height zero.

    Returns
    -------
    ndarray of float64, shape (n_ps, n_image)
        Metres relative to the master.
    """
    slaves: Sequence[int] = [int(date) for date in np.delete(to_yyyymmdd(day), master_ix)]
    grids = image_grids(ws, "bperp_{}.1.in", slaves)
    if grids is None:
        raise InputError(f"{ws.path} has no bperp_yyyymmdd.1.in of its images: mt_extract_info writes them.")
    line, sample = pixels.ij[:, 1].astype(np.int64), pixels.ij[:, 2].astype(np.int64)
    return np.insert(grid_values(grids, read_size(ws), line, sample, 0.0), master_ix, 0.0, axis=1)

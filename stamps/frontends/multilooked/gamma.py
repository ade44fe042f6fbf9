"""A multilooked stack of Gamma, beside ``SLC`` and ``geo``: coherence ``*.cc``, phases ``*.diff``, baselines ``*.base``.

Source: docs/method/multilooked.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.header_values import readparm, values_behind
from stamps.frontends.master_header import MasterHeader, look_and_incidence
from stamps.frontends.multilooked.doris import listed_folders
from stamps.frontends.multilooked.pixels import MultilookedStack, read_raster
from stamps.frontends.names import image_date, is_date
from stamps.insar.constants import SPEED_OF_LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.multilooked.pixels import Pixels
    from stamps.workspace import Workspace


__all__ = ["GammaMaster", "angles", "baselines", "read_master", "read_stack"]

_NUMBERS = (
    "heading", "radar_frequency", "range_pixel_spacing", "near_range_slc", "sar_to_earth_center",
    "earth_radius_below_sensor", "center_range_slc", "azimuth_lines", "prf", "range_samples", "range_looks", "azimuth_looks",
)  # fmt: skip


@dataclass(frozen=True)
class GammaMaster:
    """The master's header, as multilooked: its spacing, lines and samples are those of the multilooked image.

    Attributes
    ----------
    header : MasterHeader
    date : int
        yyyymmdd.
    shape : tuple of int
        Lines and samples.
    looks : tuple of int
        In azimuth, in range.
    """

    header: MasterHeader
    date: int
    shape: tuple[int, int]
    looks: tuple[int, int]


def read_master(ws: Workspace) -> GammaMaster:
    """Read the header of the first multilooked amplitude of ``../SLC``.

    Raises
    ------
    InputError
        It is missing or damaged, or its images are not of real numbers.
    """
    amplitude = _first(_images(ws), "*.mli")
    date = image_date(amplitude.name) or amplitude.name[:8]
    if not is_date(date):
        raise InputError(f"The name of {amplitude} does not begin with the date of the master, yyyymmdd.")
    path = str(_first(amplitude.parent, f"{date}*.par", prefer=f"{amplitude.name}.par"))
    form = readparm(path, "image_format:", workdir=ws)
    if form != "FLOAT":
        raise InputError(f"{path} says image_format {form}, but FLOAT, that of multilooked amplitudes, was expected.")
    number = {name: _number(ws, path, name) for name in _NUMBERS}
    sensor = str(readparm(path, "sensor:", workdir=ws))
    header = MasterHeader(
        path,
        number["heading"],
        SPEED_OF_LIGHT / number["radar_frequency"],
        "ENVISAT" if any(word in sensor.upper() for word in ("ENVISAT", "ASAR")) else sensor,
        number["range_pixel_spacing"],
        number["near_range_slc"],
        number["sar_to_earth_center"],
        number["earth_radius_below_sensor"],
        number["center_range_slc"],
        number["azimuth_lines"],
        number["prf"],
    )
    sizes = [int(number[name]) for name in ("azimuth_lines", "range_samples", "azimuth_looks", "range_looks")]
    return GammaMaster(header, int(date), (sizes[0], sizes[1]), (sizes[2], sizes[3]))


def _number(ws: Workspace, path: str, name: str) -> float:
    (value,) = values_behind(path, f"{name}:", workdir=ws)
    if not isinstance(value, float) or not np.isfinite(value) or (value <= 0 and name != "heading"):
        raise InputError(f"The header {path} has '{value}' behind {name}:, but a positive number was expected.")
    return value


def _images(ws: Workspace) -> Path:
    """Folder of the images beside the stack."""
    for name in ("SLC", "slc"):
        if (ws.path.parent / name).is_dir():
            return ws.path.parent / name
    raise InputError(f"{ws.path.parent / 'SLC'} is missing: it should hold the master's *.mli and *.par.")


def _first(folder: Path, pattern: str, prefer: str = "") -> Path:
    found = sorted(folder.glob(pattern), key=lambda path: (path.name != prefer, path.name))
    if not found:
        raise InputError(f"{folder} has no {pattern}: export the stack again.")
    return found[0]


def read_stack(ws: Workspace, master: GammaMaster, order: str, folders: StrPath | None = None) -> MultilookedStack:
    """Find the files of the stack.

    Parameters
    ----------
    ws : Workspace
        ``SMALL_BASELINES``, with folders ``yyyymmdd_yyyymmdd``.
    master : GammaMaster
    order : str
        Byte order of the rasters, ``'>'`` or ``'<'``.
    folders : path-like, optional
        Text file that names the folders to use.

    Raises
    ------
    InputError
        A file is missing, or there is more than one of a kind in a folder.
    """
    paths = [ws.path / name for name in listed_folders(ws, folders, 2, ".")]
    geometry = [_first(ws.path.parent / "geo", end) for end in ("*.lon", "*.lat", "*dem.rdc")]
    lon, lat, hgt = (np.array(read_raster(path, f"{order}f4", master.shape)) for path in geometry)
    return MultilookedStack(
        np.array([[int(date) for date in path.name.split("_")] for path in paths], np.int64),
        [_only(path, ".cc") for path in paths],
        [_only(path, ".diff") for path in paths],
        master.shape,
        master.looks,
        order,
        lon,
        lat,
        hgt,
        (str(geometry[0]), str(geometry[1]), str(geometry[2])),
    )  # fmt: skip


def _only(folder: Path, suffix: str) -> Path:
    """The file of a folder with a suffix: the one named after the folder, else the only one."""
    if (folder / f"{folder.name}{suffix}").exists():
        return folder / f"{folder.name}{suffix}"
    found = sorted(folder.glob(f"*{suffix}"))
    if len(found) != 1:
        raise InputError(
            f"{folder} has {len(found) or 'no'} files *{suffix}, but one, {folder.name}{suffix}, was expected."
        )
    return found[0]


def angles(master: GammaMaster, pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Look and incidence angles of the pixels in radians; float64, shape (n,) each."""
    return look_and_incidence(master.header, pixels.sample)


def baselines(ws: Workspace, master: GammaMaster, stack: MultilookedStack, pixels: Pixels) -> NDArray[np.float64]:
    """Perpendicular baselines of the interferograms at the pixels.

    Returns
    -------
    ndarray of float64, shape (n_ps, n_ifg)
        Metres.
    """
    look, _ = angles(master, pixels)
    n_lines, line_looks = master.shape[0], master.looks[0]
    time = (pixels.line - (n_lines / 2 - 0.5)) * line_looks / master.header.prf
    bperp = np.empty((look.size, len(stack.phases)), order="F")
    for k, path in enumerate(stack.phases):
        file = str(_only(path.parent, ".base"))
        across, normal = (_component(ws, file, axis, time) for axis in (1, 2))
        bperp[:, k] = across * np.cos(look) - normal * np.sin(look)
    return bperp


def _component(ws: Workspace, file: str, axis: int, time: NDArray[np.floating]) -> NDArray[np.floating]:
    """A component of the baseline along the scene, metres."""
    numbers = [values_behind(file, f"initial_baseline{end}", 3, workdir=ws)[axis] for end in ("(TCN):", "_rate:")]
    value, rate = (np.nan if isinstance(number, str) else number for number in numbers)
    if not np.isfinite([value, rate]).all():
        raise InputError(f"{file} holds no numbers behind initial_baseline(TCN): and initial_baseline_rate:.")
    return value + rate * time

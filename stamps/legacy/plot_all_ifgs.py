"""Contact sheet of the raster files of all interferograms.

Reads ``looks.txt``, ``cint.minrefdem_<looks>l.ras`` (else ``cint.azint_<looks>l.ras``) of every folder, with the processor
gsar ``pscphase.in`` and the first ``*.*l.ras`` of every interferogram. Writes a picture. Parameters: ``heading``,
``insar_processor``.

Source: docs/method/other_scripts.md, section 2.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.frontends.names import is_date
from stamps.matlab.dates import datenum, datestr
from stamps.products.figures import finish_figure, matplotlib_or_error, new_figure
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["plot_all_ifgs"]

_USUAL_LOOKS, _USUAL_HEADING = 4, -160.0
_GREY = 113
_SCREEN = 1.33
_MOST = 1000  # pixels along the longer side of a tile
_MOST_TILES, _LARGEST_TEXT = 200, 500


def plot_all_ifgs(
    type: int = 0,
    n_x: int = 0,
    textsize: float = 0,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
) -> Figure:
    """Draw the raster files of all interferograms side by side, north about up.

    Parameters
    ----------
    type : int
        0 interferograms without reference phase, the only one that there is.
    n_x : int
        Tiles side by side; 0 as fits.
    textsize : float
        Points; 0 as fits.
    workdir : path-like or Workspace
        Folder of the interferograms.
    out : path-like, optional
        Picture file; default: a window, or without a display ``plot_all_ifgs.png``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        There are no raster files, or one cannot be read.
    ParameterError
        The type or a number cannot be right.
    """
    if type != 0:
        raise ParameterError(f"The type is {type!r}, but 0 (interferograms) is the only one.")
    for name, value, most in (("n_x", n_x, _MOST_TILES), ("textsize", textsize, _LARGEST_TEXT)):
        if isinstance(value, str) or not 0 <= value <= most or (name == "n_x" and value != int(value)):
            what = "number of tiles" if name == "n_x" else "number of points"
            raise ParameterError(f"{name} is {value!r}, but a {what} from 0 (as fits) to {most} was expected.")
    ws = Workspace.at(workdir)
    matplotlib_or_error()
    found = _files(ws)
    if not found:
        raise InputError(f"{ws.path} has no raster files of interferograms (cint.minrefdem_*l.ras in a folder each).")
    tiles = [(label, _read(path)) for label, path in found]
    if any(path.name.endswith("crop.slc") for path in ws.path.iterdir()):
        tiles.append(("MASTER", np.full(tiles[0][1].shape, _GREY, np.uint8)))
    flip = _flip(ws)
    across, down = layout(len(tiles), tiles[0][1].shape[1] / tiles[0][1].shape[0], int(n_x))
    figure, window = new_figure(
        out, figsize=(13, max(13 * down / across / _aspect(tiles[0][1]), 1)), layout="constrained"
    )
    size = textsize or max(8, round(48 / across))
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, (label, image) in zip(panels, tiles, strict=False):
        axes.imshow(np.flip(image, flip), aspect="auto", interpolation="nearest")
        axes.text(0.03, 0.97, label, color="white", weight="bold", size=size, va="top", transform=axes.transAxes)
    finish_figure(figure, window, out, ws, "plot_all_ifgs.png")
    return figure


def layout(n: int, aspect: float, n_x: int = 0) -> tuple[int, int]:
    """Tiles side by side and one below the other, for tiles ``aspect`` times as wide as high on a screen."""
    ratio = aspect / _SCREEN
    if n_x:
        return n_x, max(int(np.ceil(n_x * ratio)), -(-n // n_x))
    down = int(np.ceil(np.sqrt(n * ratio)))
    return -(-n // down), down


def _aspect(image: NDArray[Any]) -> float:
    return float(np.clip(image.shape[1] / image.shape[0], 0.2, 5))


def _flip(ws: Workspace) -> int:
    """Axis that is reversed: up and down on an ascending track, else left and right."""
    heading: Any = Parameters(ws, read_only=True).get("heading")
    angle = float(heading) if heading is not None and np.size(heading) == 1 else _USUAL_HEADING
    angle = (angle + 180) % 360 - 180
    return 0 if -90 < angle < 90 else 1


def _files(ws: Workspace) -> list[tuple[str, Path]]:
    """Label and raster file of each interferogram."""
    if str(Parameters(ws, read_only=True).get("insar_processor")).lower() == "gsar":
        return _files_of_gsar(ws)
    place = ws.find("looks.txt", levels=2)
    words = place.read_text().split() if place is not None else []
    looks = words[0] if words and words[0].isdecimal() else str(_USUAL_LOOKS)
    found = []
    for folder in sorted(path for path in ws.path.iterdir() if path.is_dir() and not path.name.startswith(".")):
        names = (f"cint.minrefdem_{looks}l.ras", f"cint.azint_{looks}l.ras")
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is not None:
            found.append((_label(re.findall(r"[0-9]{8}", folder.name)) or folder.name, path))
    return found


def _files_of_gsar(ws: Workspace) -> list[tuple[str, Path]]:
    found = []
    for line in ws.read_text("pscphase.in").splitlines()[1:]:
        name = line.strip()
        if not name:
            continue
        path = ws.path / name
        rasters = sorted(path.parent.glob(f"{path.name}.*l.ras"))
        if rasters:
            found.append((_label(re.findall(r"[0-9]{8}", path.name)) or path.name, rasters[0]))
    return found


def _label(dates: list[str]) -> str:
    """Dates as ``13 Jan 2020``, one or two lines."""
    days = [datestr(datenum(int(date))) for date in dates[:2] if is_date(date)]
    return "\n".join(day.replace("-", " ") for day in days)


def _read(path: Path) -> NDArray[np.uint8]:
    """A Sun raster (or another picture), in colours, thinned where it is large."""
    from PIL import Image, UnidentifiedImageError

    check_plain(path)
    try:
        with Image.open(path) as picture:
            image = np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as a raster file: {error}.") from error
    thin = -(-max(image.shape[:2]) // _MOST)
    return image[::thin, ::thin]

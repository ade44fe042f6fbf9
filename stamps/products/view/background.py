"""Pictures that can lie behind the points of the page, on a grid of longitudes and latitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import StampsError
from stamps.insar.geometry import centre_of
from stamps.products.backgrounds import Background, amplitude_grey, amplitude_image, dem_image, has_dem
from stamps.products.maps import metres_per_unit
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project


__all__ = ["Picture", "backgrounds_of", "geocoded"]

_MOST = 1200  # cells along the longer side
_MARGIN = 0.04  # of the extent of the pixels, on each side


@dataclass(frozen=True)
class Picture:
    """A grey picture.

    Attributes
    ----------
    name, label : str
    grey : ndarray of uint8, shape (n_y, n_x)
        0: nothing there; 1 black to 255 white. Row 0 in the south.
    extent : tuple of float
        West, east, south, north border in degrees.
    """

    name: str
    label: str
    grey: np.ndarray
    extent: tuple


def backgrounds_of(project: Project, lonlat: NDArray[np.float64]) -> list[Picture]:
    """The shaded DEM and the mean amplitude, as far as the project has them.

    Parameters
    ----------
    project : Project
    lonlat : ndarray of float64, shape (n_ps, 2)
        Places of the pixels in degrees.

    Returns
    -------
    list of Picture
    """
    readers = (("dem", "shaded DEM", has_dem, _dem), ("amplitude", "mean amplitude", _has_amplitude, _amplitude))
    pictures = []
    for name, label, present, read in readers:
        if not present(project.ws):
            continue
        try:
            picture = read(project, lonlat)
        except StampsError as error:  # a page without this background is better than none
            Log(project.ws, "VIEW")(f"The {label} is left out: {error}", level=2)
            continue
        pictures.append(Picture(name, label, _bytes(picture.grey), picture.extent))
    return pictures


def _has_amplitude(ws: Workspace) -> bool:
    """Whether there is the picture, or something that it can be made from."""
    places = [ws, Workspace(ws.path.parent)]
    if any(place.exists("amp_mean") or place.has_file("mean_amp.flt") for place in places):
        return True
    return ws.has_file("patch.list") and any((ws / name).has_file("mean_amp.flt") for name in ws.patch_list())


def _dem(project: Project, lonlat: NDArray[np.float64]) -> Background:
    picture = dem_image(project.ws, project.parameters, metres_per_unit(lonlat[:, 1], True), centre_of(lonlat)[0])
    step = max(1, -(-max(picture.grey.shape) // _MOST))
    rows, columns = (np.arange(0, n, step) for n in picture.grey.shape)
    left, right, bottom, top = picture.extent
    size = (right - left) / picture.grey.shape[1], (top - bottom) / picture.grey.shape[0]
    # the cell that is kept stands for those that are left out
    extent = left, left + size[0] * step * columns.size, bottom, bottom + size[1] * step * rows.size
    return Background(picture.grey[::step, ::step], extent)


def _amplitude(project: Project, lonlat: NDArray[np.float64]) -> Background:
    grey = amplitude_grey(project.ws)
    image = amplitude_image(grey, (False, False), (0, grey.shape[1], 0, grey.shape[0]))
    image = Background(np.where(image.grey > 0, image.grey, np.nan), image.extent)  # 0: masked, or not in any patch
    return geocoded(image, project.ps["ij"][:, 1:].astype(np.float64), lonlat)


def geocoded(image: Background, line_sample: NDArray[np.float64], lonlat: NDArray[np.float64]) -> Background:
    """Bring a picture in radar coordinates to longitudes and latitudes.

    Lines and samples are taken as second-order polynomials of longitude and latitude, fitted to the pixels: good to
    about a pixel in gentle terrain, and meant for looking only.

    Parameters
    ----------
    image : Background
        In samples and lines.
    line_sample : ndarray of float64, shape (n_ps, 2)
        0-based lines and samples of the pixels.
    lonlat : ndarray of float64, shape (n_ps, 2)
        Degrees.

    Returns
    -------
    Background
        In degrees.
    """
    low, high = np.nanmin(lonlat, axis=0), np.nanmax(lonlat, axis=0)
    margin = _MARGIN * (high - low) + 1e-6
    low, high = low - margin, high + margin
    middle, half = (low + high) / 2, (high - low) / 2
    valid = np.isfinite(lonlat).all(axis=1)
    design = _polynomial((lonlat[valid] - middle) / half)
    coefficients = np.linalg.lstsq(design, line_sample[valid], rcond=None)[0]
    metres = metres_per_unit(lonlat[:, 1], True)
    size = 2 * half * metres
    spacing = np.sqrt(_cell_area(coefficients, size))
    shape = np.clip(np.ceil(size / max(spacing, float(size.max()) / _MOST)), 2, _MOST).astype(int)
    x, y = (np.linspace(-1, 1, 2 * n + 1)[1::2] for n in shape)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    line, sample = (_polynomial(places) @ coefficients).T
    left, right, bottom, top = image.extent
    rows, columns = image.grey.shape
    row = np.floor((line - bottom) / (top - bottom) * rows).astype(int)
    column = np.floor((sample - left) / (right - left) * columns).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    grey = np.where(inside, image.grey[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)], np.nan)
    return Background(grey.reshape(shape[1], shape[0]), (low[0], high[0], low[1], high[1]))


def _polynomial(places: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = places.T
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])


def _cell_area(coefficients: NDArray[np.floating[Any]], size: NDArray[np.floating[Any]]) -> float:
    """Square metres of one pixel of the radar image in the middle of the scene."""
    jacobian = coefficients[1:3]  # lines and samples for half of the scene along longitude and latitude
    return float(np.prod(size / 2) / max(abs(np.linalg.det(jacobian)), 1e-12))


def _bytes(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.where(np.isnan(grey), 0, np.rint(1 + 254 * np.clip(grey, 0, 1))).astype(np.uint8)

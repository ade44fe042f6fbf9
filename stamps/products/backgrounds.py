"""What stands behind the pixels of a picture: nothing, a shaded DEM, or the mean amplitude.

Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError, StampsError
from stamps.insar.geometry import centre_of, near
from stamps.products.dem import dem_around_pixels
from stamps.products.mean_amplitude import grey_of, mean_amplitude
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project
    from stamps.products.raster import PixelGrid
    from stamps.workspace.parameters import Parameters


__all__ = ["Background", "amplitude_grey", "amplitude_image", "dem_image", "has_dem", "relief_of", "shade", "sampled"]

_MOST = 2000  # cells along the longer side


@dataclass(frozen=True)
class Background:
    """A grey picture.

    Attributes
    ----------
    grey : ndarray of float64, shape (n_y, n_x)
        0 black to 1 white; row 0 at the bottom.
    extent : tuple of float
        Left, right, bottom, top.
    heights : ndarray, shape (n_y, n_x), or None
        Metres.
    """

    grey: np.ndarray
    extent: tuple
    heights: np.ndarray | None = None


def amplitude_grey(ws: Workspace) -> np.ndarray:
    """Grey values of the mean amplitude: those of ``amp_mean.mat`` where it is there, else made from ``mean_amp.flt``.

    Returns
    -------
    ndarray of uint8, shape (n_line, n_sample)

    Raises
    ------
    InputError
        There are no amplitudes.
    """
    return ws.load_raw("amp_mean")["amp_mean"] if ws.exists("amp_mean") else grey_of(mean_amplitude(ws))


def _heights(ws: Workspace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heights (float64), longitudes, latitudes: those of ``dem.mat`` where it is there, else cut out of the DEM."""
    if not ws.exists("dem"):
        heights, lon, lat = dem_around_pixels(ws)
        return heights.astype(np.float64), lon, lat
    dem = ws.load_raw("dem")
    return dem["dem"].astype(np.float64), dem["demx"].ravel(), dem["demy"].ravel()


def amplitude_image(
    image: np.ndarray, flip: tuple[bool, bool], window: tuple[float, float, float, float]
) -> Background:
    """Mean amplitude of the part of the radar image that is shown.

    Parameters
    ----------
    image : ndarray of uint8, shape (n_line, n_sample)
        From :func:`amplitude_grey`.
    flip : tuple of bool
        Whether samples and lines are counted backwards.
    window : tuple of float
        Left, right, bottom, top in (flipped) samples and lines.

    Returns
    -------
    Background
    """
    image = image[:: -1 if flip[1] else 1, :: -1 if flip[0] else 1]
    left, bottom = max(int(np.floor(window[0])), 0), max(int(np.floor(window[2])), 0)
    right, top = min(int(np.ceil(window[1])), image.shape[1]), min(int(np.ceil(window[3])), image.shape[0])
    part = image[bottom:top, left:right].astype(np.float64) / 255
    part, cut = _averaged(part)
    extent = (left - 0.5, left - 0.5 + cut[1], bottom - 0.5, bottom - 0.5 + cut[0])
    return Background(part, extent)


def _averaged(image: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Means of blocks, so that the longer side is not too long; the shape that they cover."""
    step = max(1, -(-max(image.shape) // _MOST))
    rows, columns = image.shape[0] // step * step, image.shape[1] // step * step
    blocks = image[:rows, :columns].reshape(rows // step, step, columns // step, step)
    return blocks.mean(axis=(1, 3)), (rows, columns)


def dem_image(
    ws: Workspace, parameters: Parameters, metres: tuple[float, float], middle: float | None = None
) -> Background:
    """The shaded DEM.

    Parameters
    ----------
    ws : Workspace
    parameters : Parameters
        ``shade_rel_angle``: azimuth and elevation of the light in degrees.
    metres : tuple of float
        Metres of one degree of longitude and latitude.
    middle : float, optional
        Longitude of the middle of the scene in degrees: the DEM may count its longitudes from -180 or from 0.

    Returns
    -------
    Background
    """
    heights, lon, lat = _heights(ws)
    azimuth, elevation = _light(parameters)
    steps = (lon[1] - lon[0]) * metres[0], (lat[1] - lat[0]) * metres[1]
    half = (lon[1] - lon[0]) / 2, (lat[1] - lat[0]) / 2
    sides = (lon[0] - half[0], lon[-1] + half[0])
    extent = (*(sides if middle is None else near(sides, middle)), lat[0] - half[1], lat[-1] + half[1])
    return Background(shade(heights, steps, azimuth, elevation), extent, heights)


def has_dem(ws: Workspace) -> bool:
    """Whether a project has heights of the ground, or says where they are."""
    return ws.exists("dem") or ws.find("demparms.in") is not None


def relief_of(project: Project, metres: tuple[float, float]) -> Background | None:
    """The shaded DEM of a project for the ground of a map; None where there is none that can be read, which is said.

    Parameters
    ----------
    project : Project
    metres : tuple of float
        Metres of one degree of longitude and latitude.
    """
    if not has_dem(project.ws):
        return None
    try:
        return dem_image(project.ws, project.parameters, metres, centre_of(project.lonlat)[0])
    except StampsError as error:  # a map without this background is better than none
        Log(project.ws, "PICTURE")(f"The shaded DEM is left out: {error}", level=2)
        return None


def _light(parameters: Parameters) -> NDArray[np.float64]:
    """Azimuth and elevation of the light in degrees."""
    angles: Any = parameters.get("shade_rel_angle")
    if isinstance(angles, str) or np.size(angles) != 2 or not np.isfinite(np.ravel(angles).astype(np.float64)).all():
        raise ParameterError(
            f"shade_rel_angle is {angles!r}, but two angles in degrees were expected (setparm shade_rel_angle)."
        )
    return np.ravel(angles)


def shade(
    heights: NDArray[np.float64], steps: tuple[float, float], azimuth: float, elevation: float
) -> NDArray[np.float64]:
    """Brightness of a surface that scatters light evenly, stretched to 0 … 1.

    Parameters
    ----------
    heights : ndarray, shape (n_y, n_x)
        Metres, rows from south to north.
    steps : tuple of float
        Metres between columns and rows.
    azimuth, elevation : float
        Where the light comes from: degrees clockwise from north, degrees above the horizon.

    Returns
    -------
    ndarray of float64, shape (n_y, n_x)
        NaN where a height is.
    """
    slope_y, slope_x = np.gradient(heights, steps[1], steps[0])
    east, north = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    flat = np.cos(np.radians(elevation))
    light = (np.sin(np.radians(elevation)) - flat * (slope_x * east + slope_y * north)) / np.hypot(
        1, np.hypot(slope_x, slope_y)
    )
    low, high = np.nanpercentile(light, [1, 99]) if np.isfinite(light).any() else (0, 1)
    return np.clip((light - low) / (high - low), 0, 1) if high > low else np.full(light.shape, 0.7)


def sampled(background: Background, grid: PixelGrid) -> NDArray[np.float64]:
    """Grey of a background at the cells of a pixel grid (1 outside); shape of the grid."""
    left, right, bottom, top = background.extent
    rows, columns = background.grey.shape
    x = np.linspace(grid.extent[0], grid.extent[1], 2 * grid.index.shape[1] + 1)[1::2]
    y = np.linspace(grid.extent[2], grid.extent[3], 2 * grid.index.shape[0] + 1)[1::2]
    column = np.floor((x - left) / (right - left) * columns).astype(int)
    row = np.floor((y - bottom) / (top - bottom) * rows).astype(int)
    inside = ((row >= 0) & (row < rows))[:, np.newaxis] & ((column >= 0) & (column < columns))
    grey = background.grey[np.clip(row, 0, rows - 1)[:, np.newaxis], np.clip(column, 0, columns - 1)]
    return np.where(inside & ~np.isnan(grey), grey, 1.0)

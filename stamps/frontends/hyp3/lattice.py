"""The grid that the products have in common: their extents on one lattice, intersected, cropped and thinned out.

Source: docs/method/hyp3.md, section 3.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError
from stamps.frontends.hyp3.products import Product, joined, listed
from stamps.frontends.hyp3.rasters import imported, opened
from stamps.insar.geometry import wrapped_longitude

__all__ = ["Area", "CommonGrid", "Extent", "common_grid"]

_WHOLE = 1e-3  # pixels by which an offset may differ from a whole number
_SAME_SPACING = 1e-6
_COSTLY = 0.10  # part of the common grid that a product may cost without being named
_MOST_PIXELS = 1_000_000_000
_PER_SIDE = 64  # points along a side of the area that are projected


@dataclass(frozen=True)
class Extent:
    """Part of the lattice: first line and sample, lines and samples."""

    line: int
    sample: int
    lines: int
    samples: int

    @property
    def size(self) -> int:
        """Pixels; none where lines or samples are negative."""
        return max(self.lines, 0) * max(self.samples, 0)

    def within(self, other: Extent) -> Extent:
        """What both have in common; without pixels where there is nothing."""
        line, sample = max(self.line, other.line), max(self.sample, other.sample)
        last_line = min(self.line + self.lines, other.line + other.lines)
        last_sample = min(self.sample + self.samples, other.sample + other.samples)
        return Extent(line, sample, last_line - line, last_sample - sample)


@dataclass(frozen=True)
class Area:
    """A box of longitudes and latitudes, degrees; ``west`` to ``east`` may go over the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, corners: Sequence[float]) -> Area:
        """The smaller box between two opposite corners, (lon, lat, lon, lat)."""
        lon, lat, other_lon, other_lat = (float(value) for value in corners)
        other_lon = float(wrapped_longitude(other_lon, lon))
        return cls(min(lon, other_lon), min(lat, other_lat), max(lon, other_lon), max(lat, other_lat))

    def holds(self, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which points lie in it, (n,) bool."""
        lon = wrapped_longitude(lonlat[:, 0], (self.west + self.east) / 2)
        lat = lonlat[:, 1]
        return (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)

    def outline(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Longitudes and latitudes of points around and inside it."""
        lon, lat = np.meshgrid(
            np.linspace(self.west, self.east, _PER_SIDE), np.linspace(self.south, self.north, _PER_SIDE)
        )
        return lon.ravel(), lat.ravel()


@dataclass(frozen=True)
class CommonGrid:
    """The common grid and where it lies in each product.

    Attributes
    ----------
    epsg : int
    origin : (float, float)
        Easting and northing of the upper left corner of line 0, sample 0 of the lattice, m.
    spacing : (float, float)
        Of samples and lines, m, both positive.
    extent : Extent
        Of the common grid on the lattice.
    extents : tuple of Extent
        Of the products.
    step : int
        Each so-manieth line and sample is used.
    """

    epsg: int
    origin: tuple[float, float]
    spacing: tuple[float, float]
    extent: Extent
    extents: tuple[Extent, ...]
    step: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and samples that are used."""
        return -(-self.extent.lines // self.step), -(-self.extent.samples // self.step)

    def window(self, product: int, line: int, lines: int) -> tuple[int, int, int, int]:
        """Window of a product's raster that holds ``lines`` lines of the common grid from ``line`` on."""
        own = self.extents[product]
        return self.extent.line - own.line + line, self.extent.sample - own.sample, lines, self.extent.samples

    def lonlat(self, line: npt.NDArray[Any], sample: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Longitude and latitude of pixel centres of the common grid, degrees, (n, 2)."""
        easting = self.origin[0] + (self.extent.sample + np.asarray(sample) + 0.5) * self.spacing[0]
        northing = self.origin[1] - (self.extent.line + np.asarray(line) + 0.5) * self.spacing[1]
        pyproj = imported("pyproj")
        transform = pyproj.Transformer.from_crs(self.epsg, 4326, always_xy=True)
        return np.column_stack(transform.transform(easting, northing)).astype(np.float64)


@dataclass(frozen=True)
class _Raster:
    """Where a raster lies: EPSG code, upper left corner, spacing, size."""

    epsg: int
    corner: tuple[float, float]
    spacing: tuple[float, float]
    shape: tuple[int, int]


def common_grid(
    products: Sequence[Product], tags: Sequence[str], area: Area | None = None, step: int = 1
) -> tuple[CommonGrid, list[str]]:
    """The grid that all products have in common.

    Parameters
    ----------
    products : sequence of Product
    tags : sequence of str
        Rasters that must lie on the grid of their product, where they are there.
    area : Area, optional
        The grid is cropped to it.
    step : int

    Returns
    -------
    grid : CommonGrid
    notes : list of str
        Which product costs most of it.

    Raises
    ------
    InputError
        Rasters of a product differ, products are not on one lattice, or nothing is common.
    """
    places = _all_placed(products, tags)
    _refuse_others(products, places)
    first = places[0]
    extents = tuple(_extents(products, places))
    whole = _intersection(extents)
    if whole.size == 0:
        raise InputError(f"The products have no pixel in common. {_apart(products, extents)}")
    grid = CommonGrid(first.epsg, first.corner, first.spacing, whole, extents, step)
    notes = _costly(products, extents, whole)
    grid = grid if area is None else _cropped(grid, area)
    if grid.extent.size > _MOST_PIXELS:
        raise InputError(
            f"The common grid has {grid.extent.size} pixels, more than a frame can have: give the area that you want (--area), "
            "or order the products again."
        )
    return grid, notes


def _all_placed(products: Sequence[Product], tags: Sequence[str]) -> list[_Raster]:
    """Where the products lie; all that is wrong with their rasters is told at once."""
    places, wrong = [], []
    for product in products:
        try:
            places.append(_placed(product, tags))
        except InputError as error:
            wrong.append(str(error))
    if wrong:
        raise InputError(joined(wrong))
    return places


def _placed(product: Product, tags: Sequence[str]) -> _Raster:
    """Where a product lies, the same for all its rasters."""
    paths = [product.raster(tag) for tag in tags if product.raster(tag).is_file()]
    found = [_place(path) for path in paths]
    odd = [path.name for path, place in zip(paths, found, strict=True) if place != found[0]]
    if odd:
        raise InputError(
            f"{listed(odd)} in {product.folder} lies on another grid than {paths[0].name}: a product has one grid, so "
            "unpack or order it again."
        )
    return found[0]


def _place(path: Path) -> _Raster:
    with opened(path) as raster:
        crs, transform = raster.crs, raster.transform
        epsg = crs.to_epsg() if crs else None
        if epsg is None or not crs.is_projected:
            raise InputError(f"{path} is not in a UTM projection with an EPSG code (it has {crs or 'no coordinates'}).")
        if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
            raise InputError(f"{path} is not north-up: its grid is turned or mirrored.")
        return _Raster(epsg, (transform.c, transform.f), (transform.a, -transform.e), (raster.height, raster.width))


def _refuse_others(products: Sequence[Product], places: Sequence[_Raster]) -> None:
    """Refuse products in another projection or of another spacing than most, or than their names say."""
    for what, values in (
        ("projection", [f"EPSG:{place.epsg}" for place in places]),
        ("pixel spacing", [_spacing_text(place.spacing) for place in places]),
    ):
        counts = Counter(values).most_common()
        if len(counts) > 1:
            odd = [f"{p.name.text} ({v})" for p, v in zip(products, values, strict=True) if v != counts[0][0]]
            raise InputError(
                f"The products are not all of one {what}: most are of {counts[0][0]}, not {listed(odd)}: leave these out "
                "(--exclude) or order them again."
            )
    name, spacing = products[0].name, places[0].spacing
    if _spacing_text(spacing) != f"{name.spacing} m":
        raise InputError(
            f"The rasters have pixels of {_spacing_text(spacing)}, but the names of the products say {name.spacing} m "
            f"({name.text}): use the rasters and the names that HyP3 delivered."
        )


def _spacing_text(spacing: tuple[float, float]) -> str:
    x, y = (round(value / _SAME_SPACING) * _SAME_SPACING for value in spacing)
    return f"{x:.10g} m" if x == y else f"{x:.10g} x {y:.10g} m"


def _extents(products: Sequence[Product], places: Sequence[_Raster]) -> list[Extent]:
    """Extents on the lattice of the first product; refuses offsets that are not whole."""
    first = places[0]
    extents, odd = [], []
    for product, place in zip(products, places, strict=True):
        samples = (place.corner[0] - first.corner[0]) / first.spacing[0]
        lines = (first.corner[1] - place.corner[1]) / first.spacing[1]
        if max(abs(samples - round(samples)), abs(lines - round(lines))) > _WHOLE:
            odd.append(f"{product.name.text} ({lines:.3f} lines, {samples:.3f} samples)")
        extents.append(Extent(round(lines), round(samples), *place.shape))
    if odd:
        raise InputError(
            f"Grids do not lie on the lattice of {products[0].name.text}, because their offsets are not whole pixels: "
            f"{listed(odd)}; leave these out (--exclude) or order them again."
        )
    return extents


def _intersection(extents: Sequence[Extent]) -> Extent:
    common = extents[0]
    for extent in extents[1:]:
        common = common.within(extent)
    return common


def _without_each(extents: Sequence[Extent]) -> list[int]:
    """Size of the intersection of all extents but one, for each."""
    if len(extents) < 2:
        return [0] * len(extents)
    return [_intersection([*extents[:k], *extents[k + 1 :]]).size for k in range(len(extents))]


def _costly(products: Sequence[Product], extents: Sequence[Extent], whole: Extent) -> list[str]:
    sizes = _without_each(extents)
    worst = int(np.argmax(sizes))
    if sizes[worst] == 0 or 1 - whole.size / sizes[worst] <= _COSTLY:
        return []
    name, cost = products[worst].name, 1 - whole.size / sizes[worst]
    return [
        f"{name.text} costs {100 * cost:.0f} % of the common grid, more than any other: without it (--exclude {name.pair}) "
        f"there are {sizes[worst]} pixels instead of {whole.size}."
    ]


def _apart(products: Sequence[Product], extents: Sequence[Extent]) -> str:
    sizes = _without_each(extents)
    worst = int(np.argmax(sizes))
    if sizes[worst] > 0:
        name = products[worst].name
        return f"Without {name.text} (--exclude {name.pair}) there would be {sizes[worst]} pixels."
    return "More than one of them lies apart: use products of one track and frame that cover the area."


def _cropped(grid: CommonGrid, area: Area) -> CommonGrid:
    """The part of a grid that holds an area."""
    pyproj = imported("pyproj")
    transform = pyproj.Transformer.from_crs(4326, grid.epsg, always_xy=True)
    easting, northing = (np.asarray(v) for v in transform.transform(*area.outline()))
    good = np.isfinite(easting) & np.isfinite(northing)
    if not good.any():
        raise InputError(f"The area lies outside of the projection of the products (EPSG:{grid.epsg}).")
    samples = (easting[good] - grid.origin[0]) / grid.spacing[0]
    lines = (grid.origin[1] - northing[good]) / grid.spacing[1]
    line, sample = math.floor(lines.min()), math.floor(samples.min())
    box = Extent(line, sample, math.ceil(lines.max()) - line + 1, math.ceil(samples.max()) - sample + 1)
    inside = grid.extent.within(box)
    if inside.size == 0:
        corners = grid.lonlat(np.array([0, grid.extent.lines - 1]), np.array([0, grid.extent.samples - 1]))
        (west, north), (east, south) = corners
        raise InputError(
            f"The area lies outside of what the products have in common, about {west:.4f} to {east:.4f} degrees east and "
            f"{south:.4f} to {north:.4f} degrees north."
        )
    return replace(grid, extent=inside)

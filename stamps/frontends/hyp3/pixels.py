"""Pixels that are valid in all products, and what the products hold there. Rasters are read window by window.

Source: docs/method/hyp3.md, section 4.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError, NoPixelsError
from stamps.frontends.hyp3.lattice import Area, CommonGrid
from stamps.frontends.hyp3.products import Product, joined
from stamps.frontends.hyp3.rasters import opened, read_window

__all__ = ["Choice", "Pixels", "Survey", "choose", "exclude_without_geometry", "gained", "survey", "values_at"]

_BLOCK = 4_000_000  # samples that are read at a time
_VALID, _SEVERAL = -1, -2
_LARGEST_PHASE = 1e5  # rad
_LARGEST_COHERENCE = 1.001
_MOST_GAINS = 5
_FEWEST = 3
_LOWEST, _HIGHEST = -1000.0, 10_000.0  # m
_ANGLES = (0.1, 1.5)  # rad

_Test: TypeAlias = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Survey:
    """What a pass through all products found on the common grid.

    Attributes
    ----------
    culprit : ndarray of int16, shape (lines, samples)
        -1: valid in all products; k: in all but product k; -2: invalid in several.
    coherence : ndarray of float32, shape (lines, samples)
        Sum of the coherence over the products that are valid there.
    valid, mean : ndarray of float64, shape (n_products,)
        Of each product: part of the grid that is valid, mean coherence of that.
    """

    culprit: npt.NDArray[np.int16]
    coherence: npt.NDArray[np.float32]
    valid: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]

    @property
    def n_products(self) -> int:
        """How many there are."""
        return self.valid.size


@dataclass(frozen=True)
class Choice:
    """Which pixels are used.

    Attributes
    ----------
    coherence : float
        Least mean coherence over the products.
    area : Area or None
    """

    coherence: float
    area: Area | None


@dataclass(frozen=True)
class Pixels:
    """Pixels that are used: lines and samples of the common grid (every line counted), position, mean coherence."""

    line: npt.NDArray[np.int64]
    sample: npt.NDArray[np.int64]
    lonlat: npt.NDArray[np.float64]
    coherence: npt.NDArray[np.float64]

    @property
    def n_ps(self) -> int:
        """How many there are."""
        return self.line.size

    def ordered(self, order: npt.NDArray[np.int64]) -> Pixels:
        """The same in another order."""
        return Pixels(self.line[order], self.sample[order], self.lonlat[order], self.coherence[order])


def _blocks(grid: CommonGrid) -> Iterator[tuple[int, int]]:
    """First line and number of lines of each block of the common grid; blocks begin at lines that are used."""
    lines = max(_BLOCK // grid.extent.samples // grid.step, 1) * grid.step
    for first in range(0, grid.extent.lines, lines):
        yield first, min(lines, grid.extent.lines - first)


def _read(grid: CommonGrid, raster: Any, product: int, block: tuple[int, int]) -> npt.NDArray[np.float32]:
    return read_window(raster, grid.window(product, *block), grid.step)


def survey(products: Sequence[Product], grid: CommonGrid, water: bool = False, wrapped: bool = False) -> Survey:
    """Which pixels are valid in which products.

    Parameters
    ----------
    products : sequence of Product
    grid : CommonGrid
    water : bool
        What a product's water mask calls water is not valid.
    wrapped : bool
        Neither is what has no wrapped phase, where a product has a raster of it.

    Returns
    -------
    Survey

    Raises
    ------
    InputError
        A raster is damaged, holds what cannot be meant, or has no valid pixel on the common grid.
    """
    culprit = np.full(grid.shape, _VALID, np.int16)
    total = np.zeros(grid.shape, np.float32)
    counts, means, wrong = [], [], []
    for number, product in enumerate(products):
        tests = _tests(product, water, wrapped)
        try:
            n_valid, summed = _survey_one(product, number, grid, tests, culprit, total)
        except InputError as error:
            wrong.append(str(error))
            continue
        if n_valid == 0:
            wrong.append(
                f"{product.name.text} has no pixel with phase and coherence on the common grid, so nothing would be left: "
                f"leave it out (--exclude {product.name.pair}) or unpack it again"
            )
        counts.append(n_valid)
        means.append(summed / max(n_valid, 1))
    if wrong:
        raise InputError(joined(wrong))
    return Survey(culprit, total, np.array(counts) / culprit.size, np.array(means))


def _survey_one(
    product: Product,
    number: int,
    grid: CommonGrid,
    tests: Mapping[str, _Test],
    culprit: npt.NDArray[np.int16],
    total: npt.NDArray[np.float32],
) -> tuple[int, float]:
    """Note where a product is not valid, add its coherence; returns how many pixels are valid and their sum of coherence."""
    n_valid, summed = 0, 0.0
    with contextlib.ExitStack() as stack:
        unw = stack.enter_context(opened(product.raster("unw_phase")))
        corr = stack.enter_context(opened(product.raster("corr")))
        others = [(stack.enter_context(opened(product.raster(tag))), test) for tag, test in tests.items()]
        for block in _blocks(grid):
            coherence = _read(grid, corr, number, block)
            good = _good(_read(grid, unw, number, block), coherence, product)
            for raster, test in others:
                good &= test(_read(grid, raster, number, block))
            rows = slice(block[0] // grid.step, block[0] // grid.step + len(good))
            part = culprit[rows]
            part[~good] = np.where(part[~good] == _VALID, number, _SEVERAL)
            coherence[~good] = 0
            total[rows] += coherence
            n_valid += int(np.count_nonzero(good))
            summed += float(coherence.sum(dtype=np.float64))
    return n_valid, summed


def _positive(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return values > 0


def _phase_there(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.isfinite(values) & (values != 0)


def _tests(product: Product, water: bool, wrapped: bool) -> dict[str, _Test]:
    """Rasters besides phase and coherence that say where a product is valid, and how."""
    tests: dict[str, _Test] = {"conncomp": _positive} if product.raster("conncomp").is_file() else {}
    if water:
        tests["water_mask"] = _positive
    if wrapped and product.raster("wrapped_phase").is_file():
        tests["wrapped_phase"] = _phase_there
    return tests


def _good(unw: npt.NDArray[np.float32], coherence: npt.NDArray[np.float32], product: Product) -> npt.NDArray[np.bool_]:
    """Where phase and coherence are there; refuses what cannot be phase or coherence."""
    good = np.isfinite(unw) & (unw != 0) & np.isfinite(coherence) & (coherence != 0)
    if np.abs(unw[good]).max(initial=0) > _LARGEST_PHASE:
        raise InputError(f"{product.raster('unw_phase')} holds phases beyond {_LARGEST_PHASE:g} rad, so it is none.")
    inside = coherence[good]
    if inside.min(initial=0) < 0 or inside.max(initial=0) > _LARGEST_COHERENCE:
        raise InputError(f"{product.raster('corr')} holds values outside of 0 … 1, so it is no coherence.")
    return good


def exclude_without_geometry(found: Survey, product: Product, number: int, grid: CommonGrid) -> None:
    """Call invalid where the product whose heights and angles are used has none.

    Raises
    ------
    InputError
        It has none anywhere.
    """
    for tag, least, most in (("dem", _LOWEST, _HIGHEST), (product.angle_tag, *_ANGLES)):
        there = 0
        with opened(product.raster(tag)) as raster:
            for block in _blocks(grid):
                values = _read(grid, raster, number, block)
                good = (values >= least) & (values <= most)
                first = block[0] // grid.step
                found.culprit[first : first + len(good)][~good] = _SEVERAL
                there += int(np.count_nonzero(good))
        if there == 0:
            raise InputError(
                f"{product.raster(tag)} holds no value from {least:g} to {most:g} on the common grid: unpack it again."
            )


def gained(products: Sequence[Product], found: Survey, coherence: float) -> list[str]:
    """The table of pixels that leaving out one product would gain.

    Parameters
    ----------
    products : sequence of Product
    found : Survey
    coherence : float
        Least mean coherence.

    Returns
    -------
    list of str
        Lines for at most five products; none where nothing would be gained.
    """
    n = found.n_products
    if n < 2:
        return []
    only = (found.culprit >= 0) & (found.coherence / (n - 1) >= coherence)
    counts = np.bincount(found.culprit[only].astype(np.int64), minlength=n)
    ranked = [int(k) for k in np.argsort(-counts, kind="stable")[:_MOST_GAINS] if counts[k] > 0]
    if not ranked:
        return []
    return [
        "Pixels gained by leaving out one interferogram:",
        *(f"  {products[k].name.pair}  {counts[k]:>9d}  ({products[k].name.text})" for k in ranked),
    ]


def choose(found: Survey, grid: CommonGrid, choice: Choice) -> Pixels:
    """Pixels that are valid in all products and coherent enough.

    Parameters
    ----------
    found : Survey
    grid : CommonGrid
    choice : Choice

    Returns
    -------
    Pixels
        In the order of lines and samples.

    Raises
    ------
    NoPixelsError
        None or hardly any are left.
    """
    mean = found.coherence / found.n_products
    valid = found.culprit == _VALID
    rows, columns = np.nonzero(valid & (mean >= choice.coherence))
    line, sample = rows * grid.step, columns * grid.step
    lonlat = grid.lonlat(line, sample)
    inside = np.ones(line.size, bool) if choice.area is None else choice.area.holds(lonlat)
    if np.count_nonzero(inside) < _FEWEST:
        best = f", the largest mean coherence is {mean[valid].max():.2f}" if valid.any() else ""
        raise NoPixelsError(
            f"{np.count_nonzero(inside)} pixels are left: {np.count_nonzero(valid)} of {valid.size} of the common grid are "
            f"valid in all {found.n_products} interferograms{best}, {line.size} have a mean coherence of {choice.coherence:g} "
            f"or more{'' if choice.area is None else f', {np.count_nonzero(inside)} of them lie in the area'}: leave out costly "
            "interferograms (--exclude) or lower --coherence."
        )
    return Pixels(line[inside], sample[inside], lonlat[inside], mean[rows, columns][inside].astype(np.float64))


def values_at(product: Product, number: int, tag: str, grid: CommonGrid, pixels: Pixels) -> npt.NDArray[np.float32]:
    """Values of a raster at the pixels.

    Parameters
    ----------
    product : Product
    number : int
        Which one it is.
    tag : str
    grid : CommonGrid
    pixels : Pixels
        In the order of their lines or in any other.

    Returns
    -------
    ndarray of float32, shape (n_ps,)
    """
    values = np.empty(pixels.n_ps, np.float32)
    by_line = np.argsort(pixels.line, kind="stable")
    lines = pixels.line[by_line]
    with opened(product.raster(tag)) as raster:
        for first, count in _blocks(grid):
            some = by_line[np.searchsorted(lines, first) : np.searchsorted(lines, first + count)]
            if some.size:
                part = _read(grid, raster, number, (first, count))
                values[some] = part[(pixels.line[some] - first) // grid.step, pixels.sample[some] // grid.step]
    return values

"""What SNAP has written: complete products, complete exports, and numbers that can be.

``gpt`` may end with status 0 and leave nothing, half a product or zeros. Each check takes a path and returns a sentence about
what is wrong, or an empty text.

Source: docs/method/snap.md, section 5.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stamps.errors import InputError
from stamps.frontends.headers import header_numbers, raster_size, read_header
from stamps.frontends.snap.dimap import Product, read_product

__all__ = [
    "CHECKS",
    "check_export_files",
    "check_export_pair",
    "check_product",
    "check_same_size",
    "count_unusable",
    "look_at_export",
    "unusable_pixels",
]

#: Lines of zeros that no image has within.
_ZERO_LINES = 64
#: Share of the lines that may be zeros in a small image.
_MOST_EMPTY = 0.25
#: Share of pixels without position that is not accepted.
_MOST_MISSING = 0.5
#: Places in a band, as shares of its lines, none of which may be zero.
_LOOKED_AT = (0.1, 0.5, 0.9)
_MOST_LINES = 128
#: Bytes that are read at a time; whole pixels.
_BLOCK = 2**22


# ---------------------------------------------------------------------- products


def check_product(path: str) -> str:
    """What is wrong with a DIMAP product: its ``.dim``, the bands in its ``.data`` and their sizes, lines of zeros."""
    try:
        product = read_product(path)
    except InputError as error:
        return str(error)
    for band in product.bands:
        if trouble := _band_trouble(product, *band):
            return trouble
    return ""


def _band_trouble(product: Product, image: Path, item: int) -> str:
    if not image.with_suffix(".hdr").is_file():
        return f"The product {product.path} has no {image.name[:-4]}.hdr for one of its bands."
    expected = product.width * product.length * item
    size = image.stat().st_size if image.is_file() else -1
    if size < 0:
        return f"The product {product.path} lacks its band {image.name}."
    if size != expected:
        return (
            f"The band {image.name} of {product.path} has {size} bytes, but {product.width} × {product.length} × {item} = "
            f"{expected} were expected: it was not written to its end."
        )
    if image.name.startswith(("i_", "q_")) and (line := _place_of_zeros(image, product.width * item, product.length)):
        return (
            f"The band {image.name} of {product.path} holds nothing but zeros from line {line} on: it was not written."
        )
    return ""


def _place_of_zeros(image: Path, line_bytes: int, lines: int) -> int:
    """First line, from 1, of a place that holds nothing but zeros where three are looked at; 0 if there is none.

    Places are more than one line: between bursts there are some lines of zeros.
    """
    count = min(_MOST_LINES, max(1, lines // 20))
    with image.open("rb") as raster:
        for share in _LOOKED_AT:
            first = min(int(share * (lines - 1)), lines - count)
            raster.seek(first * line_bytes)
            if not any(raster.read(line_bytes).strip(b"\0") for _ in range(count)):
                return first + 1
    return 0


def check_same_size(path: str) -> str:
    """What is wrong with an interferogram ``ifg/<name>.dim``: itself, or its size beside ``coreg/<name>.dim``."""
    place = Path(path)
    if trouble := check_product(path):
        return trouble
    other = place.parent.parent / "coreg" / place.name
    try:
        sizes = [(product.width, product.length) for product in (read_product(path), read_product(other))]
    except InputError as error:
        return str(error)
    if sizes[0] != sizes[1]:
        shown = " and ".join(f"{width} × {length}" for width, length in sizes)
        return f"The interferogram and the coregistered pair of {place.stem} differ in size, {shown} pixels: cut both alike."
    return ""


# ---------------------------------------------------------------------- exports


def check_export_pair(path: str, *, lacking: bool = False) -> str:
    """What is wrong with the export of a pair, a folder ``<master>_<secondary>``; reads all of it.

    Parameters
    ----------
    path : str
    lacking : bool
        The secondary need not cover what the master does.
    """
    root = Path(path)
    if trouble := check_export_files(root):
        return trouble
    master, secondary = _dates_of(root)
    try:
        size = raster_size(root / "rslc" / f"{master}.rslc.par")
        return _position_trouble(root, size, secondary) or _zero_trouble(root, master, secondary, size, lacking)
    except OSError as error:
        return f"The export of {secondary} cannot be read: {error.filename} ({error.strerror})."


def check_export_files(root: Path) -> str:
    """What is wrong with the files of an export as far as headers and sizes tell."""
    master, secondary = _dates_of(root)
    if not root.is_dir():
        return f"There is no export of {secondary}: {root} does not exist."
    headers = [root / "rslc" / f"{date}.rslc.par" for date in (master, secondary)]
    try:
        size = raster_size(headers[0], read_header(headers[0]))
        read_header(headers[1])
    except InputError as error:
        return f"The export of {secondary} is not complete: {error}"
    baseline = root / "diff0" / f"{master}_{secondary}.base"
    return _size_trouble(root, master, secondary, size) or _baseline_trouble(baseline, secondary)


def look_at_export(root: Path, *, lacking: bool = False) -> str:
    """What is wrong with an export as far as headers, sizes and a few lines tell; for many exports at once."""
    if trouble := check_export_files(root):
        return trouble
    master, secondary = _dates_of(root)
    width, length = raster_size(root / "rslc" / f"{master}.rslc.par")
    own = [] if lacking else [f"rslc/{secondary}.rslc", f"diff0/{master}_{secondary}.diff"]
    for name in (f"rslc/{master}.rslc", *own):
        if line := _place_of_zeros(root / name, width * 8, length):
            return f"{name} of the export of {secondary} holds nothing but zeros from line {line} on."
    return ""


def _dates_of(root: Path) -> tuple[str, str]:
    """Master and secondary that the name of an export tells."""
    master, _, secondary = root.name.partition("_")
    return master, secondary


def _size_trouble(root: Path, master: str, secondary: str, size: tuple[int, int]) -> str:
    """A raster that is missing or has another size than the master's header tells."""
    complex_rasters = [
        *(root / "rslc" / f"{date}.rslc" for date in (master, secondary)),
        root / "diff0" / f"{master}_{secondary}.diff",
    ]
    real_rasters = [_geometry(root, end) for end in ("dem.rdc", ".lon", ".lat")]
    for raster, item in [*((one, 8) for one in complex_rasters), *((one, 4) for one in real_rasters)]:
        expected = size[0] * size[1] * item
        if not raster.is_file():
            return f"The export of {secondary} lacks {raster.relative_to(root)}."
        if raster.stat().st_size != expected:
            return (
                f"{raster.relative_to(root)} of the export of {secondary} has {raster.stat().st_size} bytes, but "
                f"{size[0]} × {size[1]} × {item} = {expected} were expected: it was not written to its end."
            )
    return ""


def _geometry(root: Path, end: str) -> Path:
    """The raster of heights, longitudes or latitudes."""
    found = sorted((root / "geo").glob(f"*{end}"))
    return found[0] if found else root / "geo" / f"*{end}"


def _baseline_trouble(path: Path, secondary: str) -> str:
    """A baseline that is no number, or zero in all components."""
    try:
        text = read_header(path)
        numbers = header_numbers(path, "initial_baseline(TCN):", 3, text)
        header_numbers(path, "initial_baseline_rate:", 3, text)
    except InputError as error:
        return f"The baseline of {secondary} is not finite or not complete: {error}"
    return (
        "" if any(numbers) else f"The baseline of {secondary} is zero in {path.name}: SNAP found no orbits of the pair."
    )


def unusable_pixels(root: str | Path) -> Iterator[NDArray[np.bool_]]:
    """Which pixels of an export have no place on the Earth: longitude or latitude 0 or not finite, height not finite.

    Parameters
    ----------
    root : path
        Folder of an export, with ``geo/``.

    Yields
    ------
    ndarray of bool, shape (n,)
        Blocks of pixels, in the order of the file.
    """
    with contextlib.ExitStack() as opened:
        files = [opened.enter_context(_geometry(Path(root), end).open("rb")) for end in (".lon", ".lat", "dem.rdc")]
        while block := files[0].read(_BLOCK):
            blocks = [block, *(file.read(_BLOCK) for file in files[1:])]
            longitudes, latitudes, heights = (np.frombuffer(values, ">f4") for values in blocks)
            known = np.isfinite(longitudes) & np.isfinite(latitudes) & np.isfinite(heights)
            yield ~known | (longitudes == 0) | (latitudes == 0)


def count_unusable(root: str | Path) -> int:
    """How many pixels of an export have no place on the Earth."""
    return sum(int(block.sum()) for block in unusable_pixels(root))


def _position_trouble(root: Path, size: tuple[int, int], secondary: str) -> str:
    """Too many pixels without a position."""
    pixels, missing = size[0] * size[1], count_unusable(root)
    if missing <= _MOST_MISSING * pixels:
        return ""
    return (
        f"{missing} of {pixels} pixels in the export of {secondary} have no position (latitude or longitude 0 or NaN, height "
        "NaN): check the DEM and its no-data value."
    )


def _zero_trouble(root: Path, master: str, secondary: str, size: tuple[int, int], lacking: bool) -> str:
    """A block of lines of zeros: in the master's image, or in the others where the master has none."""
    image = root / "rslc" / f"{master}.rslc"
    expected = _filled_lines(image, *size)
    if not expected.any():
        return _nothing_in(image, root, secondary)
    if trouble := _block_trouble(image, root, secondary, ~expected):
        return f"{trouble} If it is so in all pairs, make the area smaller: no image has anything there."
    for raster in (root / "rslc" / f"{secondary}.rslc", root / "diff0" / f"{master}_{secondary}.diff"):
        filled = _filled_lines(raster, *size)
        if not filled.any():
            return _nothing_in(raster, root, secondary)
        empty = expected & ~filled
        if lacking:
            where = np.flatnonzero(filled)
            empty[: where[0]] = empty[where[-1] :] = False
        if trouble := _block_trouble(raster, root, secondary, empty):
            return trouble
    return ""


def _nothing_in(raster: Path, root: Path, secondary: str) -> str:
    return f"{raster.relative_to(root)} of the export of {secondary} holds nothing but zeros."


def _block_trouble(raster: Path, root: Path, secondary: str, empty: NDArray[np.bool_]) -> str:
    """A run of empty lines that no image has."""
    first, count = _longest(empty)
    if count < _ZERO_LINES and count <= _MOST_EMPTY * len(empty):
        return ""
    return (
        f"{raster.relative_to(root)} of the export of {secondary} has {count} lines of zeros from line {first + 1} on: "
        "export it again."
    )


def _longest(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length of the longest run of flags that are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    return (int(starts[lengths.argmax()]), int(lengths.max())) if len(starts) else (0, 0)


def _filled_lines(raster: Path, width: int, length: int) -> NDArray[np.bool_]:
    """Which lines of a complex raster hold anything but zeros, shape (length,)."""
    values = np.memmap(raster, np.uint64, "r", shape=(length, width))
    step = max(1, 2**20 // width)
    parts = [(values[at : at + step] != 0).any(axis=1) for at in range(0, length, step)]
    return np.concatenate(parts)


#: Checks that tasks name.
CHECKS: dict[str, Callable[[str], str]] = {
    "dimap": check_product,
    "same_size": check_same_size,
    "export_pair": check_export_pair,
    "export_partial": partial(check_export_pair, lacking=True),
}

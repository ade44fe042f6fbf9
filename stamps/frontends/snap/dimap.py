"""What the description of a DIMAP product (``.dim``) says: its size, and the rasters of its bands.

Source: docs/method/snap.md, section 5.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["Product", "read_product"]

#: Bytes of a pixel.
_BYTES = {"8": 1, "16": 2, "32": 4, "64": 8}


@dataclass(frozen=True)
class Product:
    """A product.

    Attributes
    ----------
    path : Path
        Its ``.dim``.
    width, length : int
        Samples and lines.
    bands : tuple of (Path, int)
        Raster of each band that has one, and the bytes of a pixel.
    """

    path: Path
    width: int
    length: int
    bands: tuple[tuple[Path, int], ...]


def read_product(path: StrPath) -> Product:
    """What a ``.dim`` says.

    Raises
    ------
    InputError
        It is missing or broken, or names no band or no size.
    """
    place = Path(path)
    try:
        root = ET.parse(place).getroot()
    except OSError as error:
        raise InputError(f"The product {place} cannot be read ({error.strerror}).") from error
    except ET.ParseError as error:
        raise InputError(f"The product {place} is broken ({error}): it was not written to its end.") from error
    width, length = (_whole(root.findtext(f".//Raster_Dimensions/{name}")) for name in ("NCOLS", "NROWS"))
    bands = _bands(root, place)
    if not width or not length or not bands:
        raise InputError(f"The product {place} names no {'band' if width and length else 'size'}.")
    return Product(place, width, length, bands)


def _bands(root: ET.Element, place: Path) -> tuple[tuple[Path, int], ...]:
    """Rasters of the bands; bands that are computed from others have none."""
    sizes = {
        band.findtext("BAND_INDEX"): _pixel_bytes(band.findtext("DATA_TYPE") or "")
        for band in root.iter("Spectral_Band_Info")
    }
    found = []
    for file in root.iter("Data_File"):
        reference = file.find("DATA_FILE_PATH")
        href = "" if reference is None else reference.get("href", "")
        item = sizes.get(file.findtext("BAND_INDEX"), 0)
        if href and item:
            found.append(((place.parent / href).with_suffix(".img"), item))
    return tuple(found)


def _pixel_bytes(name: str) -> int:
    """Bytes of a pixel of a type such as ``float32``, ``int16``; 0 for one that is not known."""
    return next((size for bits, size in sorted(_BYTES.items(), reverse=True) if name.endswith(bits)), 0)


def _whole(text: str | None) -> int:
    return int(text) if text and text.strip().isdigit() else 0

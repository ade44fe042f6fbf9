"""Rasters of ISCE: a file of numbers beside an XML header.

The header ``<file>.xml`` lists properties: ``width``, ``length``, ``scheme`` (BIP, BIL, BSQ), ``number_bands``,
``data_type`` (CFLOAT, FLOAT, DOUBLE, BYTE, SHORT) and ``byte_order``.

Source: docs/method/loading.md, section 8.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from stamps.errors import InputError
from stamps.frontends.names import MOVED

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath


__all__ = ["RasterHeader", "header_file", "map_bands", "read_header", "write_header"]

_TYPES = {"CFLOAT": "c8", "FLOAT": "f4", "DOUBLE": "f8", "BYTE": "u1", "SHORT": "i2"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_NATIVE = "l" if sys.byteorder == "little" else "b"

#: Axes of a file by its scheme, and how they become (band, line, sample).
_SCHEMES = {"BSQ": ("blw", (0, 1, 2)), "BIL": ("lbw", (1, 0, 2)), "BIP": ("lwb", (2, 0, 1))}


@dataclass(frozen=True)
class RasterHeader:
    """Size and type of a raster."""

    width: int
    length: int
    bands: int
    scheme: str
    dtype: np.dtype


def header_file(path: StrPath) -> Path:
    """Path of the header of a raster."""
    return Path(f"{os.fspath(path)}.xml")


def read_header(path: StrPath) -> RasterHeader:
    """Read the header of a raster.

    Parameters
    ----------
    path : path-like
        The raster, without ``.xml``.

    Returns
    -------
    RasterHeader

    Raises
    ------
    InputError
        The header is missing, no XML, or lacks a property.
    """
    source = header_file(path)
    try:
        root = ElementTree.parse(source).getroot()
    except OSError as error:
        raise InputError(f"The header {source} of an ISCE raster cannot be read ({error.strerror}).") from error
    except ElementTree.ParseError as error:
        raise InputError(f"The header {source} of an ISCE raster is no XML ({error}): write it again.") from error
    found: dict[str, str] = {}
    for element in root.iter("property"):  # the first of a name: coordinates further down have sizes of their own
        value = element.findtext("value")
        if value is not None:
            found.setdefault(element.get("name", "").lower(), value.strip())
    width, length, bands = (_count(source, found, name) for name in ("width", "length", "number_bands"))
    scheme = _choice(source, found, "scheme", _SCHEMES)
    code = _TYPES[_choice(source, found, "data_type", _TYPES)]
    order = ">" if found.get("byte_order", _NATIVE).lower().startswith("b") else "<"
    return RasterHeader(width, length, bands, scheme, np.dtype(order + code))


def map_bands(path: StrPath) -> NDArray[Any]:
    """Map a raster into memory, read-only.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    (bands, length, width) array

    Raises
    ------
    InputError
        The header is damaged, or the file has another size than it says.
    """
    header = read_header(path)
    axes, order = _SCHEMES[header.scheme]
    sizes = {"b": header.bands, "l": header.length, "w": header.width}
    shape = tuple(sizes[axis] for axis in axes)
    expected = int(np.prod(shape)) * header.dtype.itemsize
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise InputError(f"The raster {path} cannot be read ({error.strerror}); {MOVED}.") from error
    if size != expected:
        raise InputError(f"The raster {path} has {size} bytes, but {expected} were expected after its header.")
    return np.memmap(path, dtype=header.dtype, mode="r", shape=shape).transpose(order)


def write_header(
    path: StrPath, width: int, length: int, dtype: DTypeLike, name: str, bands: int = 1, scheme: str = "BIL"
) -> None:
    """Write the header of a raster.

    Parameters
    ----------
    path : path-like
        Where the header goes, ``.xml`` included.
    width, length, bands : int
    dtype : dtype
    name : str
        File name of the raster, as the header tells it.
    scheme : {'BIL', 'BIP', 'BSQ'}
    """
    dtype = np.dtype(dtype)
    order = {"<": "l", ">": "b"}.get(dtype.byteorder, _NATIVE)
    root = ElementTree.Element("imageFile")
    properties = {
        "access_mode": "read",
        "byte_order": order,
        "data_type": _NAMES[dtype.newbyteorder("=")],
        "file_name": name,
        "image_type": "cpx" if dtype.kind == "c" else "bil",
        "length": length,
        "number_bands": bands,
        "scheme": scheme,
        "width": width,
        "xmax": width,
        "xmin": 0,
    }
    for key, value in properties.items():
        element = ElementTree.SubElement(root, "property", name=key)
        ElementTree.SubElement(element, "value").text = str(value)
    for number, size in ((1, width), (2, length)):
        _add_coordinate(root, number, size)
    ElementTree.indent(root, "    ")
    Path(path).write_text(ElementTree.tostring(root, encoding="unicode") + "\n")


def _add_coordinate(root: Element, number: int, size: int) -> None:
    """Describe one axis as ISCE does; GDAL asks for it."""
    component = ElementTree.SubElement(root, "component", name=f"coordinate{number}")
    ElementTree.SubElement(component, "factorymodule").text = "isceobj.Image"
    ElementTree.SubElement(component, "factoryname").text = "createCoordinate"
    for key, value in {"delta": 1, "endingvalue": float(size), "size": size, "startingvalue": 0.0}.items():
        element = ElementTree.SubElement(component, "property", name=key)
        ElementTree.SubElement(element, "value").text = str(value)


def _count(source: StrPath, found: Mapping[str, str], name: str) -> int:
    text = found.get(name, "")
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"The header {source} has '{text}' as {name}, but a whole number above 0 was expected.")
    return int(text)


def _choice(source: StrPath, found: Mapping[str, str], name: str, choices: Mapping[str, object]) -> str:
    text = found.get(name, "").upper()
    if text not in choices:
        raise InputError(f"The header {source} has '{text}' as {name}, but only {', '.join(choices)} can be read.")
    return text

"""What the last steps of the stack processor must leave, looked at before they count as done.

Source: docs/method/isce.md, section 4.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from stamps.errors import InputError
from stamps.frontends import isce
from stamps.workspace.plain_files import read_input

__all__ = ["CHECKS", "check_raster", "check_slc", "missing_dates"]

_SUFFIXES = (".full", ".full.vrt", "", ".vrt")
_LINES = (0.1, 0.5, 0.9)  # where a raster is looked at


def check_slc(path: str | os.PathLike[str]) -> str:
    """What is wrong with the folder ``merged/SLC/<date>``: the SLC of its date must be there with its header.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    str
        A sentence; empty if nothing is.
    """
    folder = Path(path)
    places = [folder / f"{folder.name}.slc{suffix}" for suffix in _SUFFIXES]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        return f"There is no SLC {places[0]} (or .vrt)."
    return check_raster(found)


def check_raster(path: str | os.PathLike[str]) -> str:
    """What is wrong with a raster of ISCE: header, size, and whether it holds anything at all.

    Parameters
    ----------
    path : path-like
        The raster, or the ``.vrt`` that describes one.

    Returns
    -------
    str
        A sentence; empty if nothing is.
    """
    path = Path(path)
    if path.suffix == ".vrt":
        return _check_virtual(path)
    if not path.is_file():
        return f"There is no raster {path}."
    if not isce.header_file(path).is_file():
        virtual = Path(f"{path}.vrt")
        return _check_virtual(virtual) if virtual.is_file() else f"The raster {path} has no header {path}.xml."
    try:
        bands = isce.map_bands(path)
    except InputError as error:
        return str(error)
    lines = bands[:, [int(share * bands.shape[1]) for share in _LINES], :]
    if np.issubdtype(bands.dtype, np.inexact) and np.isnan(lines).all():
        return f"The raster {path} holds no number in the lines that were looked at."
    if bands.dtype.kind == "c" and not np.any(lines):
        return f"The raster {path} holds only zeros in the lines that were looked at."
    return ""


def _check_virtual(path: Path) -> str:
    """What is wrong with a virtual raster: it must be XML, and the files that it names must be there."""
    try:
        root = ElementTree.fromstring(read_input(path))
    except (OSError, InputError) as error:
        return f"The virtual raster {path} cannot be read: {error}."
    except ElementTree.ParseError as error:
        return f"The virtual raster {path} is no XML ({error})."
    for element in root.iter("SourceFilename"):
        named = (element.text or "").strip()
        place = path.parent / named if element.get("relativeToVRT") == "1" else Path(named)
        if named and not named.startswith("/vsi") and not place.is_file():
            return f"The virtual raster {path} stands for {place}, which is not there."
    return ""


def missing_dates(folder: Path, dates: Iterable[str]) -> list[str]:
    """Dates without a complete SLC in the ``merged`` of a working directory."""
    return [date for date in dates if check_slc(folder / "merged" / "SLC" / date)]


#: Name of a check -> function of a path.
CHECKS: dict[str, Callable[[str], str]] = {"isce_slc": check_slc, "isce_raster": check_raster}

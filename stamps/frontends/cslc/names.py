"""Names of bursts, sensors and files of geocoded SLCs. What a file is, is decided by its content, never by its name.

Source: docs/method/cslc.md, section 1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["burst_name", "burst_order", "find_files", "platform_name"]

_BURST = re.compile(r"t?(\d{1,3})[-_](\d{1,6})[-_](iw\d|ew\d)\Z", re.IGNORECASE)
_FRAME = re.compile(r"(\d{1,3})[-_]([ad])[-_](\d{1,3})\Z", re.IGNORECASE)
_SUFFIXES = (".h5", ".hdf5", ".he5")


def burst_name(text: str) -> str:
    """The canonical form of a burst's or frame's name, ``t078_165495_iw3``, ``033_a_041``.

    Parameters
    ----------
    text : str
        In any case, with ``-`` or ``_``, with or without the ``T``.

    Raises
    ------
    InputError
        It is no such name.
    """
    if found := _BURST.match(text.strip()):
        return f"t{int(found[1]):03d}_{int(found[2]):06d}_{found[3].lower()}"
    if found := _FRAME.match(text.strip()):
        return f"{int(found[1]):03d}_{found[2].lower()}_{int(found[3]):03d}"
    raise InputError(f"'{text[:80]}' names no burst: write t078_165495_iw3 (frames of NISAR: 033_A_041).")


def burst_order(name: str) -> tuple[str, str]:
    """What bursts are ordered by: number along the orbit, then swath."""
    track, number, swath = name.split("_")
    return f"{number}_{swath}", track


def find_files(folders: Iterable[StrPath]) -> list[Path]:
    """All HDF5 files in folders and in the folders inside them, by path; files can be given, too.

    Raises
    ------
    InputError
        A folder is missing, or there is no such file in it.
    """
    found: set[Path] = set()
    for folder in folders:
        place = Path(os.path.abspath(folder))
        if place.is_file():
            found.add(place)
            continue
        if not place.is_dir():
            raise InputError(f"There is no folder {place}: give the folder with the downloaded products.")
        inside = set(_inside(place))
        if not inside:
            raise InputError(no_file(place))
        found |= inside
    files = {os.path.realpath(path): path for path in sorted(found, reverse=True)}  # one that has two names counts once
    return sorted(files.values())


def _inside(place: Path) -> Iterator[Path]:
    """HDF5 files in a folder and the folders inside it, none of which is entered twice."""
    entered = {os.path.realpath(place)}
    for where, folders, names in os.walk(place, followlinks=True):
        yield from (
            Path(where, name) for name in names if name.lower().endswith(_SUFFIXES) and not name.startswith(".")
        )
        real = {name: os.path.realpath(os.path.join(where, name)) for name in sorted(folders)}
        folders[:] = [name for name, path in real.items() if path not in entered]
        entered |= set(real.values())


def no_file(place: StrPath) -> str:
    """The sentence on a folder without a product."""
    return (
        f"{place} holds no CSLC file (OPERA_L2_CSLC-S1_*.h5 or t###_######_iw#_yyyymmdd.h5): give the folder with the "
        "downloaded products."
    )


def platform_name(mission: str) -> str:
    """The name of a sensor as other parts of the package write it: S1A is SENTINEL-1A."""
    found = re.fullmatch(r"S1([A-Z])", mission.strip().upper())
    return f"SENTINEL-1{found[1]}" if found else mission.strip().upper()

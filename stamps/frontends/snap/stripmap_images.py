"""Stripmap images of a folder: TerraSAR-X, TanDEM-X, Sentinel-1 SM, and files that are named; their dates, the master.

Source: docs/method/snap.md, section 8.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError, ParameterError

__all__ = ["Image", "chosen_master", "find_images"]

_TERRASAR = re.compile(r"T[SD]X1_SAR__.*\.xml\Z")
_SENTINEL = re.compile(r"S1\w_S[1-6]_SLC_.*\.(zip|SAFE)\Z", re.IGNORECASE)
_START = re.compile(r"(?<!\d)((?:19|20)\d{6})T(\d{6})?")
_DATE = re.compile(r"(?<!\d)((?:19|20)\d{6})(?!\d)")


@dataclass(frozen=True)
class Image:
    """A stripmap image.

    Attributes
    ----------
    date : str
        yyyymmdd, of the first ``yyyymmddT`` of the name, else its first date.
    path : Path
        What SNAP is told to read.
    utc : str
        Start as the name tells it, ISO 8601; empty where it does not.
    cut : bool
        A product ``<date>_sub.dim``, which is the subset already.
    """

    date: str
    path: Path
    utc: str = ""
    cut: bool = False


def find_images(products: Sequence[str | os.PathLike[str]]) -> dict[str, Image]:
    """Images of folders and files by their dates, ascending.

    Raises
    ------
    InputError
        There is none; a date has two; a name tells no date.
    """
    found: dict[str, Image] = {}
    for given in products:
        place = Path(os.path.abspath(os.path.expanduser(given)))
        if not place.exists():
            raise InputError(f"{place} does not exist: name a folder of images, or images.")
        for path in _images_in(place):
            image = _image(path)
            other = found.setdefault(image.date, image)
            if other.path != image.path:
                raise InputError(f"There are two images of {image.date}: {other.path} and {image.path}; keep one.")
    if not found:
        raise InputError(
            f"No stripmap image was found in {', '.join(map(str, products))}: looked for T?X1_SAR__*/T?X1_SAR__*.xml and "
            "S1?_S?_SLC_*; name files of other kinds one by one."
        )
    return dict(sorted(found.items()))


def _images_in(place: Path) -> list[Path]:
    """Images below a folder; a file, or a folder that is a product, is one itself."""
    if place.is_file():
        return [place]
    if _SENTINEL.match(place.name):
        return [place / "manifest.safe"]
    found = [path for path in place.rglob("T*X1_SAR__*.xml") if _TERRASAR.match(path.name)]
    found = [path for path in found if path.parent.name.startswith(("TSX1_SAR__", "TDX1_SAR__"))]
    for path in place.rglob("S1*"):
        if _SENTINEL.match(path.name) and path.parent.suffix != ".SAFE":
            found.append(path / "manifest.safe" if path.is_dir() else path)
    return sorted(found)


def _image(path: Path) -> Image:
    name = path.parent.name if path.name == "manifest.safe" else path.name
    match = _START.search(name) or _DATE.search(name)
    try:
        day = dt.datetime.strptime(match[1] if match else "", "%Y%m%d")
    except ValueError:
        raise InputError(f"The name of {path} tells no date (yyyymmdd): rename it.") from None
    clock = match[2] if match and match.re is _START else None
    utc = ""
    if clock:
        utc = dt.datetime.strptime(f"{day:%Y%m%d}{clock}", "%Y%m%d%H%M%S").isoformat()
    return Image(f"{day:%Y%m%d}", path, utc, name.endswith("_sub.dim"))


def chosen_master(images: Mapping[str, Image], word: str, exclude: Collection[str] = ()) -> str:
    """Date of the master.

    Parameters
    ----------
    images : mapping
        By date, ascending.
    word : str
        ``auto`` and ``middle`` (the middle of the dates), ``first``, ``last``, a date or a position from 1.
    exclude : collection of str
        Dates that are not counted; one is the master only if it is named.

    Raises
    ------
    ParameterError
        There is no such image.
    """
    dates = [date for date in images if date not in exclude] or list(images)
    places = {"auto": len(dates) // 2, "middle": len(dates) // 2, "first": 0, "last": len(dates) - 1}
    name = word.strip().lower()
    if name in places:
        return dates[places[name]]
    if name in images:
        return name
    if name.isdigit() and 1 <= int(name) <= len(dates):
        return dates[int(name) - 1]
    raise ParameterError(
        f"The master is '{word}', but auto, first, last, middle, a position or one of {', '.join(dates)} was expected."
    )

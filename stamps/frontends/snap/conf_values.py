"""Values of a ``project.conf``: what each may be, and what it comes to.

Source: docs/method/sentinel1.md, section 8.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.frontends.snap.conf_text import ConfText

__all__ = ["MasterChoice", "Notes", "area_of", "choice", "count", "download_of", "master_of", "size", "swaths_of"]

_CORNERS = ("LONMIN", "LATMIN", "LONMAX", "LATMAX")
_FILE_MODES = ("SHP", "KML", "GEOJSON")
_MASTER_WORDS = {"AUTO": "middle", "FIRST": "first", "LAST": "last"}
_PRODUCTS = (".zip", ".safe")


class Notes:
    """Problems and warnings about a file, each a sentence that begins with its name."""

    def __init__(self, conf: ConfText) -> None:
        self._name = conf.path.name
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def problem(self, text: str) -> None:
        """Note what refuses the file."""
        self.problems.append(f"{self._name}: {text}.")

    def warn(self, text: str) -> None:
        """Note what the user should know."""
        self.warnings.append(f"{self._name}: {text}.")


def choice(conf: ConfText, notes: Notes, key: str, allowed: Sequence[str], default: str) -> str:
    """One of several words, in whatever case."""
    value = conf.get(key).upper()
    if not value:
        return default
    if value not in allowed:
        notes.problem(f"{key} = {_shown(conf.get(key))} is none of {', '.join(allowed)}")
        return default
    return value


def count(conf: ConfText, notes: Notes, key: str, most: int = 100_000) -> int | None:
    """A whole number from 1."""
    text = conf.get(key)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        notes.problem(f"{key} = {_shown(text)} is no whole number from 1 to {most}")
        return None
    return int(text)


def size(conf: ConfText, notes: Notes, key: str) -> str | None:
    """An amount of memory, ``16G``."""
    text = conf.get(key)
    if not text:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,8})\s*([KMGT])i?B?", text, re.IGNORECASE)
    if not found:
        notes.problem(f"{key} = {_shown(text)} is no amount of memory such as 16G")
        return None
    return f"{found[1]}{found[2].upper()}"


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]} …"


# ---------------------------------------------------------------------- the master


@dataclass(frozen=True)
class MasterChoice:
    """Which image is the master.

    Attributes
    ----------
    wanted : str
        ``middle``, ``first``, ``last``, a date or a position.
    path : Path, optional
        What ``MASTER`` names.
    swath : str
        Subswath of a master that was split by hand.
    """

    wanted: str
    path: Path | None = None
    swath: str = ""

    @property
    def split(self) -> bool:
        """Whether ``MASTER`` is a product of SNAP."""
        return self.path is not None and self.path.suffix.lower() == ".dim"

    @property
    def product(self) -> bool:
        """Whether ``MASTER`` is a place of products."""
        return self.path is not None and not self.split


def master_of(conf: ConfText, notes: Notes) -> MasterChoice:
    """What ``MASTER`` (or ``MASTERFOLDER``) and ``MASTERSEL`` come to.

    A product decides by its date; a folder by what ``MASTERSEL`` says, or else by the one product that lies in it.
    """
    text = conf.get("MASTER") or conf.get("MASTERFOLDER")
    path = conf.place(text) if text else None
    rule = conf.get("MASTERSEL").upper()
    if path is not None and path.suffix.lower() in (".dim", *_PRODUCTS):
        date = _date_of(path)
        if not date:
            notes.problem(f"MASTER = {_shown(text)} has no date (yyyymmdd) in its name")
        swath = (
            re.search(r"(?:^|_)(IW[1-3])(?=_|$)", path.stem, re.IGNORECASE) if path.suffix.lower() == ".dim" else None
        )
        return MasterChoice(date or "middle", path, swath[1].upper() if swath else "")
    if rule in _MASTER_WORDS:
        return MasterChoice(_MASTER_WORDS[rule], path)
    if re.fullmatch(r"[0-9]{8}", rule):
        return MasterChoice(rule, path)
    if re.fullmatch(r"[1-9][0-9]{0,3}", rule):
        notes.warn(f"MASTERSEL = {rule} is taken as a position in the sorted dates, counted from 1")
        return MasterChoice(rule, path)
    if rule not in ("", "MANUAL"):
        notes.problem(f"MASTERSEL = {_shown(rule)} is none of AUTO, FIRST, LAST, MANUAL and a number")
    return _in_folder(conf, path, notes)


def _in_folder(conf: ConfText, folder: Path | None, notes: Notes) -> MasterChoice:
    """The master that a user has put into a folder."""
    if folder is None:
        if conf.get("MASTERSEL"):
            notes.problem("MASTERSEL = MANUAL needs MASTER, the product or its folder")
        return MasterChoice("middle")
    found = sorted(path for path in _listed(folder) if path.suffix.lower() in (".dim", *_PRODUCTS))
    dates = sorted({_date_of(path) for path in found} - {""})
    if len(dates) != 1:
        held = f"products of {len(dates)} dates" if dates else "no product (.dim, .zip, .SAFE)"
        notes.problem(
            f"MASTER = {_shown(str(folder))} holds {held}: the master cannot be told, name the product itself"
        )
        return MasterChoice("middle", folder)
    split = next((path for path in found if path.suffix.lower() == ".dim"), None)
    if split is None:
        return MasterChoice(dates[0], folder)
    swath = re.search(r"(?:^|_)(IW[1-3])(?=_|$)", split.stem, re.IGNORECASE)
    return MasterChoice(dates[0], split, swath[1].upper() if swath else "")


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _date_of(path: Path) -> str:
    """First date in a name, before a ``T`` if there is such one."""
    for pattern in (r"(?<!\d)(\d{8})T\d{6}", r"(?<!\d)(\d{8})(?!\d)"):
        for found in re.findall(pattern, path.name):
            try:
                return f"{dt.datetime.strptime(found, '%Y%m%d'):%Y%m%d}"
            except ValueError:
                continue
    return ""


def swaths_of(conf: ConfText, notes: Notes, master: MasterChoice) -> tuple[str, ...] | None:
    """The subswath of the key ``IW1``, or of a master that was split by hand."""
    text = conf.get("IW1").upper()
    if text and text not in ("IW1", "IW2", "IW3"):
        notes.problem(
            f"IW1 = {_shown(text)} is none of IW1, IW2 and IW3; several subswaths are asked for on the command line (--swath)"
        )
        return None
    if text and master.swath and text != master.swath:
        notes.problem(f"IW1 = {text}, but MASTER is a product of {master.swath}")
    found = text or master.swath
    return (found,) if found else None


# ---------------------------------------------------------------------- the area, the search


def area_of(conf: ConfText, notes: Notes) -> tuple[float, float, float, float] | str | None:
    """The area by ``AOI_MODE``."""
    mode = choice(conf, notes, "AOI_MODE", ("BBOX", "WKT", *_FILE_MODES), "BBOX")
    if mode == "BBOX":
        return _corners(conf, notes)
    key = "WKT" if mode == "WKT" else "AOI_FILE"
    text = conf.get(key)
    if not text:
        notes.problem(f"AOI_MODE = {mode} needs {key}, which is empty")
        return None
    return text if mode == "WKT" else str(conf.place(text))


def _corners(conf: ConfText, notes: Notes) -> tuple[float, float, float, float] | None:
    values = []
    for key in _CORNERS:
        try:
            value = float(conf.get(key))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            given = f"{key} = {_shown(conf.get(key))} is no number" if conf.get(key) else f"{key} is missing"
            notes.problem(f"{given}: the area needs four numbers ({' '.join(_CORNERS)})")
            return None
        values.append(value)
    west, south, east, north = values
    if south > north or (west > east and west - east < 180):
        notes.warn(
            "the smallest longitude or latitude of the area is larger than the largest: the corners are exchanged"
        )
    return west, south, east, north


def download_of(conf: ConfText, notes: Notes) -> Mapping[str, str] | None:
    """What ``autoDownload`` looks for."""
    if choice(conf, notes, "autoDownload", ("Y", "N"), "N") == "N":
        return None
    keys = {"track": "TRACK", "mode": "beamMode", "start": "START", "end": "END", "platform": "SAT", "at_once": "NPD"}
    return {name: conf.get(key) for name, key in keys.items() if conf.get(key)}

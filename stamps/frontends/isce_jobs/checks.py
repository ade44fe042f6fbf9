"""What can be checked of the inputs of a stack before anything runs.

Source: docs/method/isce.md, section 1.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.sentinel1.selection import Acquisition, Selection
from stamps.workspace.plain_files import read_input

__all__ = [
    "bytes_needed",
    "check_dem",
    "check_dem_covers",
    "check_disk",
    "listed",
    "missing_orbits",
    "mixed_forms",
    "needs_links",
    "orbit_problem",
]

_EOF = re.compile(r"(S1[A-D])_OPER_AUX_(?:POE|RES)ORB_\w+_V(\d{8}T\d{6})_(\d{8}T\d{6})\.EOF\Z")
_MARGIN = timedelta(seconds=60)
_NAMED = 5  # dates that a sentence lists

#: Bytes that the stack keeps for a pixel: of each secondary the burst, its offsets, the resampled and the merged SLC; of the
#: reference the burst, its geometry in bursts and merged.
_SECONDARY, _REFERENCE = 8 + 8 + 8 + 8, 8 + 2 * 40
_BURST = 1500 * 22000  # lines × samples of a burst, about


def check_dem(path: str) -> str:
    """What is wrong with the elevation model; empty if nothing is."""
    if not path:
        return "An elevation model is missing: give it with dem_path (--dem)."
    if not os.path.isfile(path):
        return f"The elevation model {path} is not there."
    if not os.path.isfile(f"{path}.xml"):
        return f"The elevation model {path} has no header {path}.xml: ISCE2 needs it (gdal2isce_xml.py, or dem.py writes one)."
    return ""


def check_dem_covers(path: str, box: Sequence[float]) -> str:
    """What is wrong with the header of an elevation model for an area; empty where it covers it, or does not tell.

    Parameters
    ----------
    path : str
        The model, without ``.xml``.
    box : sequence of float
        South, north, west, east, degrees.
    """
    try:
        root = ElementTree.fromstring(read_input(f"{path}.xml"))
    except ElementTree.ParseError as error:
        return f"The header {path}.xml of the elevation model is no XML ({error}): write it again (gdal2isce_xml.py)."
    south, north, west, east = box
    for name, low, high in (("coordinate1", west, east), ("coordinate2", south, north)):
        if (span := _span(root, name)) is None:
            continue
        first, last, pixel = span
        turn = 360 * round((low + high - first - last) / 720) if name == "coordinate1" else 0
        if low < first + turn - pixel or high > last + turn + pixel:
            kind = "longitude" if name == "coordinate1" else "latitude"
            return (
                f"The elevation model {path} reaches from {kind} {first:g} to {last:g}, the area from {low:g} to {high:g}: ISCE2 "
                "would take heights of 0 m outside of it."
            )
    return ""


def _span(root: ElementTree.Element, name: str) -> tuple[float, float, float] | None:
    """Least and greatest coordinate of an axis and the size of its pixels, where a header tells them."""
    for component in root.iter("component"):
        if component.get("name", "").lower() == name:
            values = {one.get("name", "").lower(): one.findtext("value", "") for one in component.iter("property")}
            try:
                first, step, count = (float(values[key]) for key in ("startingvalue", "delta", "size"))
            except (KeyError, ValueError):
                return None
            last = first + step * count
            return min(first, last), max(first, last), abs(step)
    return None


def missing_orbits(folder: str, acquisitions: Iterable[Acquisition]) -> list[str]:
    """Dates whose platform has no orbit file that covers them with a minute to each side.

    Parameters
    ----------
    folder : str
        Folder of the files ``.EOF``.
    acquisitions : iterable of Acquisition

    Returns
    -------
    list of str
        yyyymmdd.
    """
    there = sorted(os.scandir(folder), key=lambda entry: entry.name) if os.path.isdir(folder) else []
    names = [entry.name for entry in there if entry.is_file() and entry.stat().st_size > 0]
    files = [found for found in map(_EOF.match, names) if found]
    spans = [(found[1], _time(found[2]), _time(found[3])) for found in files]
    return [one.date for one in acquisitions if not any(_covers(span, one) for span in spans)]


def _covers(span: tuple[str, datetime, datetime], acquisition: Acquisition) -> bool:
    """Whether an orbit file of a platform, valid from and to, covers an acquisition with a margin."""
    platform, begin, end = span
    inside = begin <= acquisition.start - _MARGIN and acquisition.stop + _MARGIN <= end
    return inside and platform == acquisition.platform


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S")
    except ValueError:
        return datetime.min


def orbit_problem(config: ISCE_S1_Config, acquisitions: Sequence[Acquisition]) -> str:
    """The sentence about missing orbits; empty if none is."""
    if not config.orbit_dir:
        return "The folder of the orbit files (.EOF) is missing: give it with orbit_dir (--orbits)."
    if not os.path.isdir(config.orbit_dir):
        return f"The folder of the orbit files {config.orbit_dir} is not there."
    dates = missing_orbits(config.orbit_dir, acquisitions)
    if not dates:
        return ""
    return (
        f"{config.orbit_dir} has no orbit file (.EOF) whose validity covers {listed(dates)}: fetch the precise orbits, or the "
        "restituted ones for the latest dates."
    )


def bytes_needed(selection: Selection) -> int:
    """Bytes that a stack of a selection will take, about."""
    bursts = sum(last - first + 1 for first, last in selection.burst_range.get(selection.master, {}).values())
    return bursts * _BURST * ((len(selection.dates) - 1) * _SECONDARY + _REFERENCE)


def check_disk(folder: Path, needed: int) -> str:
    """A warning where the disk of a folder has less room; empty if it has more."""
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free >= needed:
        return ""
    return f"The stack takes about {needed / 2**30:.0f} GiB, but the disk of {folder} has {free / 2**30:.0f} GiB left."


def needs_links(paths: Sequence[Path], excluded: Sequence[str]) -> bool:
    """Whether the program would find other products, or none, in the folder of these.

    It takes the zip files of one folder, or if there is none the folders ``.SAFE``, all but those of excluded dates.
    """
    folders = {path.parent for path in paths}
    if len(folders) != 1:
        return True
    there = [path.name for path in folders.pop().iterdir() if re.match(r"S1._IW_SLC_", path.name)]
    zips = {name for name in there if name.lower().endswith(".zip")}
    safes = {name for name in there if name.upper().endswith(".SAFE")}
    taken = {name for name in zips or safes if name_date(name) not in excluded}
    return {path.name for path in paths} != taken


def name_date(name: str) -> str:
    """The date (yyyymmdd) on which a product starts, from its name; empty if that tells none."""
    found = re.search(r"_(\d{8})T\d{6}_\d{8}T\d{6}_", name)
    return found[1] if found else ""


def mixed_forms(paths: Sequence[Path]) -> str:
    """The sentence for products of both forms, of which the program takes only the zip files; empty for one form."""
    folders = [path for path in paths if path.suffix.lower() != ".zip"]
    if not folders or len(folders) == len(paths):
        return ""
    return (
        f"{len(folders)} products are folders ({folders[0].name}, …) and {len(paths) - len(folders)} are zip files: "
        "stackSentinel.py takes only the zip files if there is one; pack or unpack them all."
    )


def listed(dates: Sequence[str]) -> str:
    """Dates for a sentence: the first ones, and how many more."""
    more = f" and {len(dates) - _NAMED} more" if len(dates) > _NAMED else ""
    return ", ".join(dates[:_NAMED]) + more

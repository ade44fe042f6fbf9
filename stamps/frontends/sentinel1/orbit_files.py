"""Files of precise and restituted orbits (EOF): which belong to an acquisition, what they hold, which are missing.

Source: docs/method/sentinel1.md, section 5.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stamps.errors import InputError
from stamps.frontends.sentinel1.annotation import StateVectors
from stamps.frontends.sentinel1.fields import Fields, read_instant
from stamps.frontends.sentinel1.products import Acquisition
from stamps.workspace.plain_files import check_input

__all__ = [
    "KINDS",
    "OrbitFile",
    "find_orbit_files",
    "missing_orbit_files",
    "orbit_file_of",
    "read_orbit_file",
    "snap_orbit_folder",
]

#: Precise orbits come about 20 days later, restituted ones hours later; in the order of their accuracy.
KINDS = ("POEORB", "RESORB")
#: How far a file must reach beyond start and end of an acquisition.
_MARGIN = dt.timedelta(seconds=60)
#: How far from an acquisition state vectors are read.
_NEAR = dt.timedelta(seconds=150)
_NAME = re.compile(
    r"(S1[A-Z])_OPER_AUX_(POEORB|RESORB)_\w{4}_(\d{8}T\d{6})_V(\d{8}T\d{6})_(\d{8}T\d{6})\.EOF(?:\.zip)?", re.IGNORECASE
)
_VECTOR = re.compile(rb"<OSV>.*?</OSV>", re.DOTALL)
_UTC = re.compile(rb"<UTC>\s*UTC=([0-9T:.-]+)\s*</UTC>")
_LARGEST = 1 << 27  # bytes


@dataclass(frozen=True)
class OrbitFile:
    """A file of orbits as its name describes it.

    Attributes
    ----------
    path : Path
    platform : str
    kind : str
        ``POEORB`` or ``RESORB``.
    made, first, last : datetime
        When it was made; its validity, UTC.
    """

    path: Path
    platform: str
    kind: str
    made: dt.datetime
    first: dt.datetime
    last: dt.datetime

    def covers(self, acquisition: Acquisition) -> bool:
        """Whether it is of the platform, and valid from a minute before to a minute after an acquisition."""
        return (
            self.platform == acquisition.platform
            and self.first <= acquisition.start - _MARGIN
            and self.last >= acquisition.stop + _MARGIN
        )


def find_orbit_files(folder: str | os.PathLike[str]) -> list[OrbitFile]:
    """Orbit files in a folder, at any depth, sorted by path.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if not Path(folder).is_dir():
        raise InputError(f"{folder} is no folder: orbit files (*.EOF) are looked for in one.")
    paths = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    return [file for file in map(_described, sorted(paths)) if file]


def _described(path: Path) -> OrbitFile | None:
    found = _NAME.fullmatch(path.name)
    if not found:
        return None
    try:
        made, first, last = (dt.datetime.strptime(text, "%Y%m%dT%H%M%S") for text in found.groups()[2:])
    except ValueError:
        return None
    return OrbitFile(path, found[1].upper(), found[2].upper(), made, first, last)


def orbit_file_of(
    acquisition: Acquisition, files: Iterable[OrbitFile], kinds: Iterable[str] = KINDS
) -> OrbitFile | None:
    """The orbit file that counts for an acquisition: precise before restituted, then the newest."""
    covering = [file for file in files if file.kind in kinds and file.covers(acquisition)]
    return max(covering, key=lambda file: (file.kind == KINDS[0], file.made), default=None)


def read_orbit_file(file: OrbitFile, acquisition: Acquisition) -> StateVectors:
    """State vectors of an orbit file about an acquisition.

    Raises
    ------
    InputError
        The file cannot be read, or holds fewer than four there.
    """
    first, last = acquisition.start - _NEAR, acquisition.stop + _NEAR
    states = {}
    for block in _VECTOR.findall(_content(file.path)):
        stated = _UTC.search(block)
        try:
            time = read_instant(stated[1].decode("ascii")) if stated else None
        except ValueError:
            time = None
        if time is None:
            raise InputError(f"{file.path}: there is an OSV without a time (UTC): get the file again.")
        if first <= time <= last:
            fields = Fields.of(block, f"{file.path}")
            states[time] = [[fields.number(name) for name in names] for names in (("X", "Y", "Z"), ("VX", "VY", "VZ"))]
    if len(states) < 4:
        raise InputError(
            f"{file.path} has {len(states)} state vectors about {acquisition.start.isoformat()}, four are needed: get it again."
        )
    times = sorted(states)
    array = np.array([states[time] for time in times])
    return StateVectors(tuple(times), array[:, 0], array[:, 1])


def _content(path: Path) -> bytes:
    try:
        check_input(path)
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
                content = member.read(_LARGEST + 1)
        else:
            with open(path, "rb") as file:
                content = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except (zipfile.BadZipFile, IndexError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise InputError(f"{path} is no whole zip file ({error}): get it again.") from None
    if len(content) > _LARGEST:
        raise InputError(f"{path} has more than {_LARGEST >> 20} MiB, which no orbit file has.")
    return content


def snap_orbit_folder(user_dir: str | os.PathLike[str], acquisition: Acquisition, kind: str = "POEORB") -> Path:
    """Where SNAP looks for the orbit file of an acquisition.

    Parameters
    ----------
    user_dir : path-like
        SNAP's user directory (``snap.userdir``, usually ``~/.snap``).
    acquisition : Acquisition
    kind : {'POEORB', 'RESORB'}
    """
    start = acquisition.start
    root = Path(user_dir) / "auxdata" / "Orbits" / "Sentinel-1" / kind
    return root / acquisition.platform / f"{start.year:04d}" / f"{start.month:02d}"


def missing_orbit_files(
    acquisitions: Iterable[Acquisition],
    user_dir: str | os.PathLike[str],
    *,
    orbit_dir: str | os.PathLike[str] | None = None,
    kind: str = "POEORB",
) -> dict[str, str]:
    """Acquisitions for which no orbit file of a kind is at hand.

    Parameters
    ----------
    acquisitions : iterable of Acquisition
    user_dir : path-like
        SNAP's user directory.
    orbit_dir : path-like, optional
        Folder of orbit files that is searched, too.
    kind : {'POEORB', 'RESORB'}

    Returns
    -------
    dict
        Date to a sentence that says which validity the file must have, and the folder where SNAP expects it.
    """
    local = find_orbit_files(orbit_dir) if orbit_dir is not None else []
    missing = {}
    for acquisition in acquisitions:
        folder = snap_orbit_folder(user_dir, acquisition, kind)
        files = local + (find_orbit_files(folder) if folder.is_dir() else [])
        if orbit_file_of(acquisition, files, (kind,)) is None:
            first, last = acquisition.start - _MARGIN, acquisition.stop + _MARGIN
            missing[acquisition.date] = (
                f"{acquisition.date}: no {kind} file of {acquisition.platform} that is valid from {first:%Y-%m-%dT%H:%M:%S} to "
                f"{last:%Y-%m-%dT%H:%M:%S}; SNAP expects it in {folder}."
            )
    return missing

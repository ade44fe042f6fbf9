"""Precise and restituted orbits put where SNAP looks for them, from a folder of EOF files.

Source: docs/method/snap.md, section 3.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from stamps.errors import WorkspaceError
from stamps.frontends.sentinel1.orbit_files import find_orbit_files, orbit_file_of, snap_orbit_folder
from stamps.frontends.sentinel1.products import Acquisition

__all__ = ["ORBIT_KINDS", "ORBIT_TYPES", "link_orbits"]

#: Our name → SNAP's.
ORBIT_TYPES = {
    "precise": "Sentinel Precise (Auto Download)",
    "restituted": "Sentinel Restituted (Auto Download)",
    "none": "",
}
#: Our name → kind of the files.
ORBIT_KINDS = {"precise": "POEORB", "restituted": "RESORB"}


def link_orbits(user: Path, orbits: str, acquisitions: Sequence[Acquisition], orbit_dir: str) -> int:
    """Link EOF files to where SNAP looks for them; how many.

    Parameters
    ----------
    user : Path
        SNAP's folder of the user.
    orbits : str
        ``precise``, ``restituted`` or ``none``.
    acquisitions : sequence of Acquisition
    orbit_dir : str
        Folder of EOF files.

    Raises
    ------
    InputError
        There is no such folder.
    WorkspaceError
        The folder of SNAP's user cannot be written.
    """
    if orbits not in ORBIT_KINDS:
        return 0
    kinds, linked = (ORBIT_KINDS[orbits],), 0
    own = find_orbit_files(orbit_dir)
    for one in acquisitions:
        folder, file = snap_orbit_folder(user, one, kinds[0]), orbit_file_of(one, own, kinds)
        there = find_orbit_files(folder) if folder.is_dir() else []
        if file is None or orbit_file_of(one, there, kinds) is not None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _link(file.path, folder / file.path.name)
        except OSError as error:
            raise WorkspaceError(f"The orbits cannot be put into {folder} ({error.strerror}).") from error
        linked += 1
    return linked


def _link(source: Path, target: Path) -> None:
    """A link, or a copy where there are no links; one that leads nowhere is replaced."""
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    try:
        os.symlink(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)

"""Which folders of a project are its patches: names checked, so that a list or a link leads nowhere else."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError, WorkspaceError
from stamps.workspace.plain_files import read_input_bytes

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["check_inside", "listed", "listed_in", "present"]


def listed(directory: StrPath, lines: Sequence[str], source: StrPath) -> list[str]:
    """Names of the patches that a list file has, in its order.

    Parameters
    ----------
    directory : Path
        The project.
    lines : iterable of str
        One name a line, as users write them: ``PATCH_1``, ``./PATCH_1``, ``PATCH_1/``; empty ones are passed over.
    source : path-like
        The list file, for messages.

    Raises
    ------
    InputError
        A line leads out of the project, directly or by a link, or there is a patch twice.
    """
    names = [_name(line.strip(), source) for line in lines if line.strip()]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(f"{source} names {', '.join(twice)} more than once: keep one line for each patch.")
    _check_places(directory, names, source)
    return names


def listed_in(directory: Path, path: Path, source: Path) -> list[str]:
    """Names of the patches that a list file has: :func:`listed`.

    Parameters
    ----------
    directory : Path
        The project.
    path : Path
        Where the file is read.
    source : Path
        Where it belongs, for messages.
    """
    return listed(directory, _lines_in(read_input_bytes(path), source), source)


def _lines_in(content: bytes, source: Path) -> list[str]:
    """Lines of a list of folders, in the bytes of a file system's names; with or without a byte order mark."""
    if b"\0" in content:
        raise WorkspaceError(
            f"{source} is no plain text (it holds zero bytes, as UTF-16 does): write it in ASCII or UTF-8, one patch a line."
        )
    return [os.fsdecode(line) for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()]


def _name(line: str, source: StrPath) -> str:
    parts = line.split("/")
    if os.path.isabs(line) or ".." in parts or "\0" in line or posixpath.normpath(line) == ".":
        raise InputError(
            f"{source} names '{line}', which is not a folder inside of the project: write its name alone, as in PATCH_1."
        )
    return posixpath.normpath(line)


def present(directory: StrPath) -> list[str]:
    """Names of all ``PATCH_*`` folders, in ASCII order; InputError if one is a link that leads out of the project."""
    names = sorted(path.name for path in Path(directory).glob("PATCH_*") if path.is_dir())
    _check_places(directory, names, directory)
    return names


def _check_places(directory: StrPath, names: Sequence[str], source: StrPath) -> None:
    """InputError if a folder leads out of the project, or two are the same."""
    home = os.path.realpath(directory)
    places: dict[str, str] = {}
    for name in names:
        place = os.path.realpath(os.path.join(home, name))
        _check_place(home, place, name, source)
        other = places.setdefault(place, name)
        if other != name:
            raise InputError(f"{source}: {other} and {name} are the same folder: keep one of them.")


def check_inside(directory: StrPath, name: str, source: StrPath) -> None:
    """InputError if a folder of a project is a link that leads out of it; the project may be reached through links."""
    home = os.path.realpath(directory)
    _check_place(home, os.path.realpath(os.path.join(home, name)), name, source)


def _check_place(home: str, place: str, name: str, source: StrPath) -> None:
    if not place.startswith(home.rstrip(os.sep) + os.sep):
        raise InputError(
            f"{source}: {name} is a link to {place}, outside of the project: nothing is read or written there; move the "
            "folder itself into the project."
        )

"""The journal of a publication: staged files, the plan that names them, and how they get to their places.

A staging folder holds complete files under flat names. Its marker ``COMMIT.json`` maps final names to True (to be put in
place) or False (to be deleted) and appears when everything is there; from then on the change happens, however often it
is interrupted. :class:`stamps.workspace.Workspace` writes and completes such folders.

A journal may come with data from elsewhere. So nothing of it is believed: names lead nowhere but into the directory, folder
and files are the caller's own and no links, and what is not as :class:`Workspace` writes it is set aside, never followed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = [
    "COMMIT",
    "REFUSED",
    "STAGING",
    "MalformedJournal",
    "check_no_links",
    "discard",
    "flat",
    "member",
    "plan_of",
    "replay",
    "set_aside",
    "staged_file",
    "sync",
    "sync_folder",
]

STAGING = ".stamps-staging-"
COMMIT = "COMMIT.json"

#: Beginning of the name of a staging folder that was set aside.
REFUSED = ".stamps-refused-"

#: No publication comes near these: a thousand patches have some ten thousand files.
_MOST_BYTES, _MOST_NAMES = 2**23, 200_000
_LONGEST = 255  # bytes of one component of a path, as file systems have it

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class MalformedJournal(ValueError):
    """Something that is not as a publication leaves it; the text says what, as a clause."""


# ---------------------------------------------------------------------- names


def member(name: StrPath) -> str:
    """The name of a file of a directory, checked: relative, without a way out, with ``/`` between folders.

    Parameters
    ----------
    name : str or path-like
        ``'ps1.mat'``, ``'PATCH_1/pscands.1.ij'``.

    Raises
    ------
    MalformedJournal
        The name is empty, absolute, leads out of the directory or means the staging itself.
    """
    text = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(text, str):
        raise MalformedJournal(f"{text!r} is no name of a file")
    text = text.replace(os.sep, "/")
    parts = text.split("/")
    plain = not any(part in ("", ".", "..") for part in parts)
    if not plain or "\\" in text or "\0" in text or re.match("[A-Za-z]:", text):
        raise MalformedJournal(f"{_short(text)} is not the name of a file inside of the directory")
    if parts[0].startswith((STAGING, REFUSED)) or text.startswith(COMMIT):
        raise MalformedJournal(f"{_short(text)} is a name that saving itself uses")
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def flat(name: str) -> str:
    """Name of a staged file, without folders; different names have different ones."""
    return member(name).replace("%", "%25").replace("/", "%2F")


def _check_storable(name: str) -> None:
    try:
        parts = [os.fsencode(part) for part in (*name.split("/"), flat(name))]
    except UnicodeEncodeError:
        raise MalformedJournal(f"{_short(name)} cannot be the name of a file") from None
    if max(map(len, parts)) > _LONGEST:
        raise MalformedJournal(f"{_short(name)} is too long for the name of a file")


# ---------------------------------------------------------------------- reading a journal


def plan_of(folder: Path) -> dict | None:
    """What a staging folder was about to publish.

    Parameters
    ----------
    folder : Path
        ``<directory>/.stamps-staging-…``.

    Returns
    -------
    dict of str to bool, or None
        Name to True (put in place) or False (delete); None if nothing was complete yet.

    Raises
    ------
    MalformedJournal
        Folder, marker or a staged file is a link, belongs to somebody else, or is not as :class:`Workspace` writes it.
    FileNotFoundError
        There is no such folder (any more).
    """
    folder = Path(folder)
    _check_owned(folder, stat.S_ISDIR, "a folder")
    try:
        text = _marker_text(folder / COMMIT)
    except FileNotFoundError:
        return None
    plan = _parsed(text)
    for name, written in plan.items():
        _check_target(folder, plan, name, written)
    return plan


def _check_owned(path: Path, is_kind: Callable[..., Any], kind: str) -> None:
    """MalformedJournal unless ``path`` itself, not what a link leads to, is of a kind and belongs to the caller."""
    facts = path.lstat()
    _check_facts(path, facts, is_kind, kind)


def _check_facts(path: Path, facts: Any, is_kind: Callable[..., Any], kind: str) -> None:
    if not is_kind(facts.st_mode):
        raise MalformedJournal(f"{path.name!r} is not {kind}")
    if hasattr(os, "geteuid") and facts.st_uid != os.geteuid():
        raise MalformedJournal(f"{path.name!r} belongs to another user")


def _marker_text(path: Path) -> bytes:
    """Content of the marker; nothing but a regular file of the caller is opened for longer than a look at it."""
    _check_owned(path, stat.S_ISREG, "a regular file")
    with open(os.open(path, os.O_RDONLY | _NO_LINK), "rb") as file:
        _check_facts(path, os.fstat(file.fileno()), stat.S_ISREG, "a regular file")
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise MalformedJournal(f"its {COMMIT} is larger than {_MOST_BYTES >> 20} MiB")
    return content


def _parsed(content: bytes) -> dict[str, bool]:
    """The plan of a marker: one flat object of names and booleans."""
    try:
        plan = json.loads(content.decode("utf-8"), object_pairs_hook=_distinct)
    except MalformedJournal:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedJournal(f"its {COMMIT} is not JSON ({type(error).__name__})") from None
    if not isinstance(plan, dict) or not all(isinstance(value, bool) for value in plan.values()):
        raise MalformedJournal(f"its {COMMIT} is not an object of names and true or false")
    if len(plan) > _MOST_NAMES:
        raise MalformedJournal(f"its {COMMIT} has {len(plan)} names")
    return plan


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJournal(f"its {COMMIT} has a name twice")
    return found


def _check_target(folder: Path, plan: Mapping[str, bool], name: str, written: bool) -> None:
    """MalformedJournal unless what a plan says of one name can have been said by a publication."""
    if member(name) != name:
        raise MalformedJournal(f"{_short(name)} is not the name of a file inside of the directory")
    _check_storable(name)
    directory = folder.parent
    if written and any(plan.get(above) for above in _above(name)):
        raise MalformedJournal(f"{_short(name)} would be in a folder that is to be a file")
    check_no_links(directory, name)
    if not written and (directory / name).is_dir() and not (directory / name).is_symlink():
        raise MalformedJournal(f"{_short(name)} is a folder and cannot be deleted as a file")
    staged_file(folder, name)


def _above(name: str) -> list[str]:
    """Names of the folders that a name goes through."""
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def check_no_links(directory: Path, name: str) -> None:
    """MalformedJournal if a folder on the way from ``directory`` to the file ``name`` is a link."""
    for above in _above(name):
        if (directory / above).is_symlink():
            raise MalformedJournal(f"{_short(above)} is a link, and files would be put where it leads")


def staged_file(folder: Path, name: str) -> Path | None:
    """The staged file of a name, None if there is none (any more).

    Raises
    ------
    MalformedJournal
        It is no regular file of the caller.
    """
    path = folder / flat(name)
    try:
        _check_owned(path, stat.S_ISREG, "a regular file")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return path


# ---------------------------------------------------------------------- completing and removing


def replay(staging: Path, directory: Path, plan: Mapping[str, bool], durable: bool = True) -> None:
    """Put staged files in their places and delete what is to go; harmless when repeated."""
    for name, written in plan.items():
        target = directory / name
        if not written:
            target.unlink(missing_ok=True)
        elif (staging / flat(name)).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / flat(name), target)
    if durable:
        sync_folder(directory)


def discard(folder: Path) -> None:
    """Remove a staging folder; its marker goes first, so that what is left is never put in place again."""
    with contextlib.suppress(OSError):
        (folder / COMMIT).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def set_aside(folder: Path) -> Path:
    """Rename what is no staging folder, or a link to one, so that it is in nobody's way; returns the new path.

    Nothing in it is touched, because a link is renamed itself.

    Raises
    ------
    OSError
        It cannot be renamed.
    """
    aside = folder.with_name(f"{REFUSED}{uuid.uuid4().hex[:8]}")
    os.rename(folder, aside)
    return aside


def sync(path: StrPath) -> None:
    """Make a file reach the disk; Windows does that only for files that are opened for writing."""
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: StrPath) -> None:
    """Make the names in a folder reach the disk; nothing is done where folders cannot be opened (Windows)."""
    with contextlib.suppress(OSError):  # not every file system can
        sync(path)

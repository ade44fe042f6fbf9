"""Several files that appear together, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError, WorkspaceError
from stamps.products.exports import FORMATS
from stamps.products.exports.libraries import reason_of
from stamps.products.saving import check_place
from stamps.workspace import Workspace
from stamps.workspace.given_paths import listed_paths

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["check_suffix", "files_of", "put_together"]


def files_of(given: StrPath | Sequence[StrPath] | None, workdir: StrPath) -> list[Path]:
    """Paths of files that are to be written, relative ones meant from ``workdir``; WorkspaceError if one cannot be there."""
    names = listed_paths(given)
    for name in names:
        if str(name) in ("", "-"):
            raise InputError(f"'{name}' is no place for a result: give the name of a file.")
    paths = [Path(os.path.abspath(Path(workdir) / name)) for name in names]
    for path in paths:
        check_place(path, "file")
    return paths


def check_suffix(path: Path, suffixes: Sequence[str]) -> str:
    """The end of the name; InputError if it is none of those."""
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(f"{path.name} ends in none of {', '.join(suffixes)}: give a name that does.")
    return suffix


def put_together(writers: Mapping[Path, Callable[[Path], object]]) -> list[Path]:
    """Write files beside their places, then let all take them.

    Parameters
    ----------
    writers : mapping of Path to callable
        What writes the file at the path that it is given, and others beside it whose names begin alike.

    Returns
    -------
    list of Path
        As named.

    Raises
    ------
    WorkspaceError
        There is no folder, no room, or something that is no file.
    InputError
        A file would take the place of what belongs to another one.
    """
    for path in writers:
        check_place(path, "file")
    try:
        with contextlib.ExitStack() as stack:
            homes = {path.parent: Workspace(path.parent) for path in writers}
            rooms = {folder: stack.enter_context(home.scratch()) for folder, home in homes.items()}
            made: dict[Path, Path] = {}
            for number, (path, write) in enumerate(writers.items()):
                room = rooms[path.parent].path / str(number)
                room.mkdir()
                write(room / path.name)
                _take(made, room, path)
            for folder, home in homes.items():
                stack.enter_context(home.publish())
                home.delete(*(name for path in writers if path.parent == folder for name in _outdated(path)))
                for place, part in sorted(made.items()):
                    if place.parent == folder:
                        with home.open_output(place.name) as target:
                            os.replace(part, target)
    except OSError as error:
        raise WorkspaceError(
            f"The results cannot be written ({reason_of(error)}): make room or choose another place. Nothing was changed."
        ) from error
    return list(writers)


def _take(made: dict[Path, Path], room: Path, path: Path) -> None:
    """Note what was written in a room for a path: where it goes, and where it is."""
    for part in sorted(room.iterdir()):
        place = path.with_name(part.name)
        if place in made:
            raise InputError(f"Two of the results would be {place}: give other names.")
        made[place] = part


def _outdated(path: Path) -> Iterator[str]:
    """Names of companions of an older file."""
    for form in FORMATS.values():
        if path.suffix.lower() in form.suffixes:
            for end in form.companions:
                yield path.stem + end[1:] if end.startswith("*") else path.name + end

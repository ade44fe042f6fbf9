"""An export that has moved: the paths of the list files follow it.

The list files of a project and of its patches hold absolute paths. All of them that begin with the old directory are
rewritten at once, when every file is found in the new one with the size that it must have.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.checks import check_path
from stamps.frontends.headers import raster_size
from stamps.frontends.lists import paths_of, paths_with_constants, raster_paths
from stamps.frontends.names import baseline_file
from stamps.frontends.project import LISTS
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["relocate"]

_HEADER_LIST = "rsc.txt"
_LINKED = "LINK/link.json"  # names the rasters that phases were linked from
#: Bytes that a pixel may have, by the list that names the raster.
_PIXEL_BYTES = {"pscphase.in": (8,), "pscdem.in": (4, 8), "psclonlat.in": (4, 8), "mask.in": (1,)}
_SLC_BYTES = (4, 8)
_TEXT_HEADERS = ("snap", "gamma")  # processors whose interferograms have baseline files beside them


def relocate(
    new: StrPath, old: StrPath | None = None, dry_run: bool = False, workdir: Workspace | StrPath = "."
) -> dict[str, int]:
    """Let the list files of a project name an export in another place.

    Parameters
    ----------
    new : path-like
        Where the export is now; a relative path starts at the current directory.
    old : path-like, optional
        What the paths of the lists begin with (default: found out from the files that ``new`` holds).
    dry_run : bool
        Check and count only.
    workdir : path-like or Workspace
        The project directory.

    Returns
    -------
    dict
        List file -> number of paths that were rewritten.

    Raises
    ------
    InputError
        No path begins so, or a file is missing or of a wrong size in the new place; nothing is changed.
    """
    ws = Workspace.at(workdir)
    new = os.path.abspath(os.fspath(new))
    check_path(new)
    if not os.path.isdir(new):
        raise InputError(f"The directory {new} does not exist: give the place where the export is now.")
    lists = {name: read_input(ws.path / name, "surrogateescape") for name in _list_files(ws)}
    old = _find_old(ws, lists, new) if old is None else os.path.abspath(os.fspath(old))
    changed = {name: text for name, text in ((n, _moved(t, old, new)) for n, t in lists.items()) if text != lists[name]}
    if not changed:
        raise InputError(
            f"No path in the list files of {ws.path} begins with {old}: give the directory that they name."
        )
    _check(ws, lists, changed, old, new)
    if not dry_run:
        with ws.reserved(), ws.publish():
            for name, text in changed.items():
                with ws.open_output(name) as path:
                    path.write_text(text, errors="surrogateescape")
            _move_linked(ws, old, new)
        Log(ws, "RELOCATE")(f"{old} is now {new} in {', '.join(changed)}", 1)
    return {name: _count(lists[name], old) for name in changed}


def _move_linked(ws: Workspace, old: str, new: str) -> None:
    """Let linked phases, which took long, belong to the rasters in their new place."""
    if not ws.has_file(_LINKED):
        return
    start = json.dumps(old.rstrip("/") + "/")[:-1]
    text = read_input(ws.file(_LINKED)).replace(start, json.dumps(new.rstrip("/") + "/")[:-1])
    with ws.open_output(_LINKED) as path:
        path.write_text(text, encoding="utf-8")


def _list_files(ws: Workspace) -> list[str]:
    """List files of the project and its patches."""
    folders = [
        "",
        *sorted(f"{path.name}/" for path in ws.path.glob("PATCH_*") if path.is_dir() and not path.is_symlink()),
    ]
    names = [f"{folder}{name}" for folder in folders for name in (*LISTS, _HEADER_LIST)]
    found = [name for name in names if ws.has_file(name)]
    if not found:
        raise InputError(f"{ws.path} has no list files (pscphase.in …): run this in a prepared project.")
    return found


def _paths(name: str, text: str, root: StrPath) -> list[str]:
    """Paths that a list file names."""
    name = os.path.basename(name)
    if name in _PIXEL_BYTES:
        return raster_paths(text, root)
    if name == "calamp.out" or name.startswith("sels") or name.startswith("selp"):
        body = text if name == "calamp.out" else "".join(text.split(None, 2)[2:])
        return [path for path, _ in paths_with_constants(body, root)]
    return paths_of(text, root)


def _begins(old: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<=\s)|^){re.escape(old.rstrip('/'))}(?=/)", re.MULTILINE)


def _moved(text: str, old: str, new: str) -> str:
    return _begins(old).sub(lambda _: new.rstrip("/"), text)


def _count(text: str, old: str) -> int:
    return len(_begins(old).findall(text))


def _find_old(ws: Workspace, lists: Mapping[str, str], new: str) -> str:
    """What the paths of the lists begin with: the shortest beginning behind which ``new`` holds one of them."""
    paths = [path for name, text in lists.items() for path in _paths(name, text, ws.path) if os.path.isabs(path)]
    for path in paths:
        parts = Path(path).parts
        for k in range(1, len(parts)):
            if os.path.exists(os.path.join(new, *parts[k:])):
                return os.path.join(*parts[:k])
    example = f" ({paths[0]} …)" if paths else ""
    raise InputError(
        f"{new} holds none of the files that the lists of {ws.path} name{example}: give the old directory, too."
    )


def _check(ws: Workspace, lists: Mapping[str, str], changed: Mapping[str, str], old: str, new: str) -> None:
    """Raise an InputError that counts what is missing or of a wrong size in the new place."""
    problems = []
    size = _size(ws)
    processor = ws.read_text("processor.txt").strip() if ws.has_file("processor.txt") else ""
    for name, text in changed.items():
        before = [_moved(path, old, new) for path in _paths(name, lists[name], ws.path)]
        after = _paths(name, text, ws.path)
        if after != before:
            raise InputError(
                f"{ws.path / name} has several paths on a line, which cannot take {new}: write one on each line."
            )
        for path in after:
            if path.startswith(new + os.sep):
                problems.append(_problem(os.path.basename(name), path, size, processor))
    problems = list(dict.fromkeys(filter(None, problems)))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise InputError(f"{problems[0]}{more}: give the directory that takes the place of {old}; nothing was changed.")


def _problem(name: str, path: str, size: tuple[int, int] | None, processor: str) -> str | None:
    """What is wrong with a file in the new place, or None."""
    if not os.path.isfile(path):
        return f"{path} does not exist"
    if size is None:
        return None
    if name == _HEADER_LIST:
        return None if raster_size(path) == size else f"The header {path} is of an image of another size"
    allowed = [size[0] * size[1] * n for n in _PIXEL_BYTES.get(name, _SLC_BYTES)]
    if os.path.getsize(path) not in allowed:
        return f"The raster {path} has {os.path.getsize(path)} bytes, not {' or '.join(map(str, allowed))}"
    if name == "pscphase.in" and processor in _TEXT_HEADERS and not os.path.isfile(baseline_file(path)):
        return f"{baseline_file(path)} does not exist"
    return None


def _size(ws: Workspace) -> tuple[int, int] | None:
    """Range samples and azimuth lines of the image, or None where the project does not tell."""
    words = [ws.read_text(name).split()[:1] for name in ("width.txt", "len.txt") if ws.has_file(name)]
    numbers = [int(word[0]) for word in words if word and word[0].isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None

"""What a task must leave: whether it is there, whole and newer than what it was made of, and how it takes its place.

Success is what is on disk, not an exit status.

Source: docs/method/jobs.md, section 3.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stamps.frontends.jobs.model import Output, Task

__all__ = ["Stamp", "complete", "missing_inputs", "newer_inputs", "place", "problem", "stamp_of"]

_BLOCK = 1 << 20

#: Named checks of a front end: a sentence about what is wrong, or an empty text.
Checks = Mapping[str, Callable[[Path], str]]


class Stamp(NamedTuple):
    """Size of a file or of all files of a folder, and the time of the newest of them, ns; of nothing: −1, 0."""

    size: int
    modified: int


def stamp_of(path: Path) -> Stamp:
    """Size and time of a file or folder; links are followed at the top only."""
    try:
        facts = path.stat()
    except OSError:
        return Stamp(-1, 0)
    if not stat.S_ISDIR(facts.st_mode):
        return Stamp(facts.st_size, facts.st_mtime_ns)
    size, modified = 0, facts.st_mtime_ns
    for entry in _files(path):
        with contextlib.suppress(OSError):
            inside = entry.stat(follow_symlinks=False)
            size, modified = size + inside.st_size, max(modified, inside.st_mtime_ns)
    return Stamp(size, modified)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All files below a folder."""
    left = [os.fspath(folder)]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                else:
                    yield entry


# ---------------------------------------------------------------------- checks


def problem(path: Path, output: Output, checks: Checks) -> str:
    """What is wrong with an output that lies at ``path``; empty if it can be right.

    Parameters
    ----------
    path : Path
    output : Output
    checks : mapping
        Those of the front end.
    """
    size = stamp_of(path).size
    if size < 0:
        return f"{output.path} is missing"
    if size < output.min_bytes:
        return f"{output.path} has {size} bytes, at least {output.min_bytes} were expected"
    if output.min_bytes > 0 and _is_zero(path):
        return f"{output.path} holds nothing but zeros"
    if not output.check:
        return ""
    if output.check not in checks:
        return f"{output.path} cannot be checked: the front end has no check '{output.check}'"
    try:
        return checks[output.check](path)
    except Exception as error:  # whatever a check comes up with on a damaged file
        return f"{output.path} cannot be read ({type(error).__name__}: {error})"


def _is_zero(path: Path) -> bool:
    """Whether all bytes of a file, or of all files of a folder, are zero."""
    paths: Iterable[str | Path] = (entry.path for entry in _files(path)) if path.is_dir() else [path]
    return not any(_holds_something(inside) for inside in paths)


def _holds_something(path: str | Path) -> bool:
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                if block.count(0) != len(block):
                    return True
    except OSError:
        return True  # a check may say more
    return False


def complete(workdir: Path, task: Task, checks: Checks) -> bool:
    """Whether all outputs of a task are there and newer than its inputs; of a task without outputs that cannot be said."""
    return (
        bool(task.outputs)
        and not any(problem(workdir / output.path, output, checks) for output in task.outputs)
        and not newer_inputs(workdir, task)
    )


def newer_inputs(workdir: Path, task: Task) -> list[str]:
    """Inputs that are newer than an output that is there and has a time of its own."""
    stamps = [stamp_of(workdir / output.path) for output in task.outputs if not output.linked]
    oldest = min((stamp.modified for stamp in stamps if stamp.size >= 0), default=None)
    if oldest is None:
        return []
    return [path for path in task.inputs if stamp_of(workdir / path).modified > oldest]


def missing_inputs(workdir: Path, task: Task) -> list[str]:
    """Inputs that are not there."""
    return [path for path in task.inputs if not (workdir / path).exists()]


# ---------------------------------------------------------------------- taking their places


def place(made: Iterable[tuple[Path, Path]], aside: Path) -> None:
    """Let files or folders take their places, whole.

    What lies there goes first, all of it: whoever is killed in between leaves something missing, never old beside new.

    Parameters
    ----------
    made : sequence of (Path, Path)
        Where each is, and where it belongs.
    aside : Path
        Folder for what lies there, on the same file system as what was made.
    """
    pairs = list(made)
    aside.mkdir(parents=True, exist_ok=True)
    for k, (_, target) in enumerate(pairs):
        if os.path.lexists(target):
            _rename(target, aside / str(k))
    for source, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        _rename(source, target)
    shutil.rmtree(aside, ignore_errors=True)


def _rename(source: Path, target: Path) -> None:
    """Rename, also to another file system: there a copy takes the place."""
    try:
        os.rename(source, target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    part = target.with_name(f".{target.name}.part")
    _remove(part)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, part, symlinks=True)
    else:
        shutil.copy2(source, part, follow_symlinks=False)
    os.rename(part, target)
    _remove(source)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()

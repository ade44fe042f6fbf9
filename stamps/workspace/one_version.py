"""Readings of a file that another process may replace meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from stamps.errors import WorkspaceError
from stamps.workspace.plain_files import check_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["of_one_version"]

#: Replacements of a file that a reader puts up with.
_MOST_VERSIONS = 100

Others = ParamSpec("Others")
Result = TypeVar("Result")


def of_one_version(
    reading: Callable[Concatenate[StrPath, Others], Result],
) -> Callable[Concatenate[StrPath, Others], Result]:
    """Repeat a reading of a file that another process replaced meanwhile: files are opened several times for one reading."""

    @wraps(reading)
    def repeated(path: StrPath, *arguments: Others.args, **keywords: Others.kwargs) -> Result:
        for _ in range(_MOST_VERSIONS):
            _check_regular(path)
            before = _identity(path)
            try:
                result = reading(path, *arguments, **keywords)
            except WorkspaceError:
                if _identity(path) == before:
                    raise
                continue
            if _identity(path) == before:
                return result
        return reading(path, *arguments, **keywords)

    return repeated


def _check_regular(path: StrPath) -> None:
    """A pipe or device in the place of a file would be waited for without end."""
    try:
        check_input(path)
    except FileNotFoundError:
        pass  # who reads it says so
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read as a MAT file ({error.strerror}).") from error


def _identity(path: StrPath) -> tuple[int, int, int, int] | None:
    """What changes when a file is replaced or written again; None if there is none."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns

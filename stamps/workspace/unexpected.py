"""What no step foresaw: errors that are not of the package's family, and warnings of NumPy, on the command line.

Users read one sentence; the traceback and the warnings go to ``STAMPS.log`` of the directory, where those who mend the program
find them. Only the command line and the processes of patches do so: in Python an exception is what it is.
"""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from stamps.environment import variable
from stamps.workspace.system_errors import refused_by_system

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["explain", "warnings_in_log"]


def explain(error: BaseException, directory: StrPath) -> str:
    """Write the traceback of an exception into the log of a directory, unless it is the system that refuses to go on.

    Parameters
    ----------
    error : Exception
    directory : path-like

    Returns
    -------
    str
        One sentence: where it happened, what it is, where to read on.
    """
    refused = refused_by_system(error)
    if refused is not None:
        return refused
    routine = _routine(error)
    logged = _is_project(directory)
    if logged:
        lines = "".join(traceback.format_exception(error)).rstrip()
        _write(directory, routine, f"{type(error).__name__}, which is not foreseen:\n{lines}")
    said = " ".join(str(error).split())[:200] or "no more is known"
    where = (
        f"the traceback is in {Path(directory).absolute() / 'STAMPS.log'}"
        if logged
        else "STAMPS_DEBUG=1 shows the traceback"
    )
    return (
        f"{routine} in {Path(directory).absolute()} met what it was not made for ({type(error).__name__}: {said}): the input is "
        f"damaged, or this is a defect of the program; {where}."
    )


def _write(directory: StrPath, routine: str, text: str) -> None:
    """Put a text into the log file alone; imported here because the command line must start without NumPy."""
    from stamps.workspace.log import Log

    Log(directory, routine)(text, 1)


def _routine(error: BaseException) -> str:
    """Name of the legacy routine in which an exception arose, else of the module."""
    frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    legacy = [path.stem for path in frames if path.parent.name == "legacy" and path.stem != "stamps"]
    inside = [path.stem for path in frames if "stamps" in path.parts]
    return (legacy or inside or ["stamps"])[-1]


def _is_project(directory: StrPath) -> bool:
    folder = Path(directory)
    return any((folder / name).is_file() for name in ("STAMPS.log", "parms.mat", "ps1.mat", "ps2.mat"))


@contextlib.contextmanager
def warnings_in_log(directory: StrPath) -> Iterator[None]:
    """Context in which warnings about numbers go to the log of a directory instead of the terminal."""
    show = warnings.showwarning

    def logged(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, RuntimeWarning) or variable("STAMPS_DEBUG"):
            show(message, category, filename, lineno, file, line)
        elif _is_project(directory):
            _write(directory, Path(filename).stem, f"{category.__name__}: {message} (line {lineno})")

    with warnings.catch_warnings():
        warnings.showwarning = logged
        yield

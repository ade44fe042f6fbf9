"""Open files of a project without being led elsewhere: no link is followed, no pipe waited for.

A project may come from somebody else, with links and pipes in the places where logs and locks belong.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = [
    "UnusableFileError",
    "check_input",
    "check_plain",
    "open_plain",
    "read_input",
    "read_input_bytes",
    "read_json",
]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_CAREFUL = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

#: What opening a link, a directory, or a pipe or socket without a reader says.
_NOT_PLAIN = (errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO)


def open_plain(path: StrPath, flags: int, mode: int = 0o666) -> int:
    """Open a regular file, or make it.

    Parameters
    ----------
    path : path-like
    flags : int
        As for :func:`os.open`.
    mode : int
        Permissions of a new file, as for :func:`os.open`.

    Returns
    -------
    int
        The descriptor.

    Raises
    ------
    WorkspaceError
        It is a link or no regular file; nothing was opened through it.
    OSError
        It cannot be opened for another reason.
    """
    if not _NO_LINK:  # Windows: links are looked for before
        check_plain(path)
    try:
        descriptor = os.open(path, flags | _CAREFUL, mode)
    except OSError as error:
        if error.errno in _NOT_PLAIN:
            check_plain(path)
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        check_plain(path)
        raise OSError(errno.EINVAL, "no regular file", os.fspath(path))
    return descriptor


def read_json(path: StrPath, most_bytes: int = 2**24) -> Any:
    """What a JSON file holds that the package keeps in a project.

    Parameters
    ----------
    path : path-like
    most_bytes : int
        A larger file is none of ours.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        It is too large, or no JSON; however deep it is nested.
    WorkspaceError
        It is a link or no regular file.
    OSError
        It is missing or cannot be read.
    """
    with open(open_plain(path, os.O_RDONLY), "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"larger than {most_bytes >> 20} MiB")
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def check_plain(path: StrPath) -> None:
    """WorkspaceError if ``path`` exists but is a link or no regular file."""
    path = Path(path)
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise WorkspaceError(
            f"{path} is {_kind(path, mode)}, where a plain file was expected: nothing is written there; remove it or choose "
            "another place."
        )


#: Bytes of a header or list that can be meant: a list of a million paths. Longer ones are no text.
_LONGEST_TEXT = 1 << 27


class UnusableFileError(InputError, OSError):
    """A file of the input is there, but is none that can be read; ``strerror`` says what it is.

    Parameters
    ----------
    message : str
        The sentence.
    path : str, optional
    reason : str, optional
        What it is.
    """

    def __init__(self, message: str, path: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.filename, self.strerror = path, reason

    @classmethod
    def of(cls, path: str | os.PathLike[str], reason: str) -> UnusableFileError:
        """The error of a file that is what ``reason`` says."""
        path = os.fspath(path)
        return cls(f"{path} cannot be read: {reason}. Put the right file in its place.", path, reason)

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[type, tuple[str, str | None, str | None]]:  # errors come back from other processes
        return type(self), (str(self), self.filename, self.strerror)


def check_input(path: StrPath) -> None:
    """Stop where a file to be read, links followed, is a pipe, device, socket or folder: reading it might never end.

    Raises
    ------
    UnusableFileError
        It is none; ``strerror`` says what it is.
    OSError
        There is no such file.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        raise UnusableFileError.of(path, f"it is {_kind(path, mode)}, not a file")


def read_input(path: StrPath, errors: str = "replace") -> str:
    """Text of a header or list of the input.

    Parameters
    ----------
    path : path-like
        A link is followed.
    errors : str
        As for :meth:`pathlib.Path.read_text`.

    Raises
    ------
    UnusableFileError
        It is no file, or too large for a text; ``strerror`` says which.
    OSError
        It cannot be read.
    """
    return read_input_bytes(path).decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")


def read_input_bytes(path: StrPath) -> bytes:
    """As :func:`read_input`, the bytes."""
    check_input(path)
    size = os.stat(path).st_size
    if size > _LONGEST_TEXT:
        raise UnusableFileError.of(path, f"it has {size} bytes, which no text file of this kind has")
    return Path(path).read_bytes()


def _kind(path: StrPath, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return f"a link to {os.readlink(path)}"
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")

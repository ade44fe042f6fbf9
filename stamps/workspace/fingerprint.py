"""Tell whether a file is still the one that it was, also after its project was copied.

Size and time of the last change decide where they are equal; else, with equal sizes, the digest of the content does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.workspace.lineage import digest_of

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["fingerprint", "same"]


def fingerprint(path: StrPath, known: Sequence[int | str] | None = None) -> list[int | str] | None:
    """What tells one state of a file from another.

    Parameters
    ----------
    path : path-like
    known : list, optional
        An earlier fingerprint; its digest is taken over where size and time are equal.

    Returns
    -------
    list or None
        Size in bytes, time of the last change in nanoseconds, digest (:func:`.lineage.digest_of`); None: there is no
        such file.
    """
    path = Path(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if known is not None and known[:2] == [status.st_size, status.st_mtime_ns]:
        return list(known)
    return [status.st_size, status.st_mtime_ns, digest_of(path) or ""]


def same(one: Sequence[int | str] | None, other: Sequence[int | str] | None) -> bool:
    """Whether two fingerprints (or None for no file) are of the same content."""
    if one is None or other is None:
        return one is other
    return one[0] == other[0] and (one[1] == other[1] or one[2] == other[2])

"""One path or several, as callers give them."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["listed_paths"]


def listed_paths(given: StrPath | Iterable[StrPath] | None) -> list[StrPath]:
    """One path or several as a list; None is an empty one."""
    if given is None:
        return []
    return [given] if isinstance(given, str | PathLike) else list(given)

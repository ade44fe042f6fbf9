"""What the modules below :class:`stamps.workspace.Workspace` use of it, so that they need not import it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from stamps.workspace.lineage import Reads

__all__ = ["Directory"]


class Directory(Protocol):
    """One directory of a project with its files; :class:`stamps.workspace.Workspace` says what each member does."""

    path: Path
    on_load: Callable[[str], object] | None

    @property
    def reads(self) -> Reads: ...

    @property
    def name(self) -> str: ...

    def __truediv__(self, name: str) -> Directory: ...

    def file(self, name: str | os.PathLike[str]) -> Path: ...

    def place_of(self, name: str | os.PathLike[str]) -> Path: ...

    def has_file(self, name: str | os.PathLike[str]) -> bool: ...

    def exists(self, name: str) -> bool: ...

    def load(self, name: str, variables: Any = None, *, fitting: bool = True) -> dict[str, Any]: ...

    def write_text(self, name: str, text: str) -> None: ...

    def patch_list(self, list_file: str = "patch.list") -> list[str]: ...

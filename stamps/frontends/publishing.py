"""A complete new set of files takes the place of the old one.

Preparation works in a scratch folder inside the project directory (:meth:`stamps.workspace.Workspace.scratch`). When
everything is there, its files and the removal of the old patches become one journaled change of
:meth:`stamps.workspace.Workspace.publish`: until its commit the old state is untouched, after it the next command
completes what a kill interrupted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stamps.errors import InputError

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["adopt", "check_replaceable", "delete_patches", "remove_empty_patches"]


def adopt(ws: Workspace, stage: Workspace) -> None:
    """Publish all files of a scratch folder under the same names; call inside ``ws.publish()``.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    stage : Workspace
        Scratch folder on the same file system. Its files are moved, not copied.
    """
    for name in _files(stage.path):
        with ws.open_output(name) as path:
            os.replace(stage.path / name, path)


def check_replaceable(ws: Workspace) -> None:
    """Raise an InputError if something called ``PATCH_*`` is a link, which must not be emptied."""
    links = [path.name for path in sorted(ws.path.glob("PATCH_*")) if path.is_symlink()]
    if links:
        raise InputError(f"{', '.join(links)} in {ws.path} would be replaced but is a link: remove it first.")


def delete_patches(ws: Workspace) -> None:
    """Delete ``patch.list`` and every file of every ``PATCH_*``; call inside ``ws.publish()``."""
    for path in sorted(ws.path.glob("PATCH_*")):
        names = [f"{path.name}/{name}" for name in _files(path)] if path.is_dir() else [path.name]
        ws.delete(*names)
    ws.delete("patch.list")


def remove_empty_patches(ws: Workspace) -> None:
    """Remove the folders that :func:`delete_patches` has left empty, once the change is published."""
    for path in sorted(ws.path.glob("PATCH_*")):
        if path.is_dir() and not path.is_symlink():
            for folder, _, _ in os.walk(path, topdown=False):
                if not os.listdir(folder):
                    os.rmdir(folder)


def _files(folder: StrPath) -> list[str]:
    paths = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]
    return sorted(os.path.relpath(path, folder) for path in paths)

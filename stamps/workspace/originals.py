"""Files of a directory as they were before a command changed them by hand or by guess: kept once, and put back.

``phuw_sb2.mat`` is kept as ``phuw_sb2_original.mat``. Copies are those before the *first* change, until step 6 makes the files
anew: then the next change keeps the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.workspace.freshness import Judge

if TYPE_CHECKING:
    from stamps.workspace import Workspace
    from stamps.workspace.directory import Variables


__all__ = ["keep_originals", "keep_previous", "load_original", "restore_originals", "restore_previous"]

#: What step 6 makes unwrapped phases from, and no other command.
_OF_STEP_6 = "uw_phaseuw.mat"


def keep_originals(ws: Workspace, names: Sequence[str]) -> None:
    """Copy files that are about to change, those that are kept already excepted.

    Parameters
    ----------
    ws : Workspace
    names : sequence of str
        Without ``.mat``. If the first one is new of step 6, copies of an older run are replaced.
    """
    new = _is_new(ws, names[0])
    for name in names:
        if ws.exists(name) and (new or not ws.exists(_kept(name))):
            ws.put_file(f"{_kept(name)}.mat", ws.file(f"{name}.mat"))


def restore_originals(ws: Workspace, names: Sequence[str]) -> None:
    """Put kept files back in their places, byte by byte; the copies go.

    Parameters
    ----------
    ws : Workspace
    names : sequence of str
        Without ``.mat``. The first one must be kept, the others may be.

    Raises
    ------
    InputError
        Nothing is kept, or what is kept is of an earlier run of step 6.
    """
    first = names[0]
    if not ws.exists(_kept(first)):
        raise InputError(f"Nothing can be undone in {ws.path}: there is no {_kept(first)}.mat, so nothing was changed.")
    if _is_new(ws, first) or not _are_alike(ws, first, _kept(first)):
        raise InputError(
            f"{ws.path / _kept(first)}.mat is of an earlier run of step 6 than {first}.mat: nothing was changed since, so "
            "there is nothing to undo."
        )
    for name in names:
        if ws.exists(_kept(name)):
            ws.put_file(f"{name}.mat", ws.file(f"{_kept(name)}.mat"))
            ws.delete(f"{_kept(name)}.mat")


def _kept(name: str) -> str:
    return f"{name}_original"


def _is_new(ws: Workspace, name: str) -> bool:
    """Whether step 6 made a file as it is now: what a correction has changed is made from itself, too."""
    judge = Judge(ws)
    sources = {source for source, _ in judge.book.made_from(f"{name}.mat")}
    return judge.has_record(f"{name}.mat") and _OF_STEP_6 in sources and f"{name}.mat" not in sources


def _are_alike(ws: Workspace, name: str, other: str) -> bool:
    """Whether what two files both hold has the same shape."""
    one, two = ws.headers_of(name), ws.headers_of(other)
    return all(one[key].shape == two[key].shape for key in one.keys() & two.keys())


def keep_previous(ws: Workspace, names: Sequence[str]) -> None:
    """Copy files that are about to change, as they are now, in the place of older copies of this kind.

    Parameters
    ----------
    ws : Workspace
    names : sequence of str
        Without ``.mat``.
    """
    for name in names:
        if ws.exists(name):
            ws.put_file(f"{_previous(name)}.mat", ws.file(f"{name}.mat"))


def restore_previous(ws: Workspace, names: Sequence[str]) -> None:
    """Put the files of :func:`keep_previous` back in their places, byte by byte; the copies go.

    Raises
    ------
    InputError
        Nothing is kept, or step 6 has made the files anew since.
    """
    first = names[0]
    if not ws.exists(_previous(first)):
        raise InputError(f"Nothing can be undone in {ws.path}: there is no {_previous(first)}.mat.")
    if _is_new(ws, first) or not _are_alike(ws, first, _previous(first)):
        raise InputError(
            f"{ws.path / _previous(first)}.mat is of an earlier run of step 6 than {first}.mat: nothing to undo."
        )
    for name in names:
        if ws.exists(_previous(name)):
            ws.put_file(f"{name}.mat", ws.file(f"{_previous(name)}.mat"))
            ws.delete(f"{_previous(name)}.mat")


def load_original(ws: Workspace, name: str) -> Variables:
    """Content of a file before the first change; as it is now where nothing was changed, or step 6 made it anew."""
    return ws.load(_kept(name) if ws.exists(_kept(name)) and not _is_new(ws, name) else name)


def _previous(name: str) -> str:
    return f"{name}_previous_temp"

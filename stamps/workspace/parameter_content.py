"""The variables of a small file that every step reads, parsed once for the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stamps.workspace import Workspace

__all__ = ["content_of"]

_SMALL = 2**16  # bytes of a file that is remembered
_REMEMBERED = 8

_parsed: dict[bytes, dict[str, Any]] = {}  # bytes -> variables: it never decides a result


def content_of(ws: Workspace, name: str) -> dict[str, Any]:
    """Variables of a MAT file in MATLAB's form.

    Parameters
    ----------
    ws : Workspace
    name : str
        Without ``.mat``; the file is there.

    Returns
    -------
    dict
        A new one; its values are not to be changed.
    """
    path = ws.file(f"{name}.mat")
    if path.stat().st_size > _SMALL:
        return dict(ws.load_raw(name))
    before = path.read_bytes()
    known = _parsed.get(before)
    if known is None:
        known = dict(ws.load_raw(name))
        if path.read_bytes() == before:  # else it was replaced meanwhile
            if len(_parsed) >= _REMEMBERED:
                _parsed.clear()
            _parsed[before] = known
    return dict(known)

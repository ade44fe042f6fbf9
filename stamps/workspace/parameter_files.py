"""Where parameters are stored, and how they are read: each file once, until it changes, with defaults for what it lacks.

Source: docs/method/parameters.md, sections 2 and 3.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace
from stamps.workspace import parameter_forms as forms
from stamps.workspace.log import Log
from stamps.workspace.parameter_content import content_of
from stamps.workspace.parameter_defaults import fresh, with_defaults

if TYPE_CHECKING:
    from stamps._typing import StrPath

    _Signature: TypeAlias = tuple[str, int, int, int]

__all__ = ["ParameterFiles"]

_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)


class ParameterFiles:
    """``parms.mat`` and ``localparms.mat`` as seen from one directory.

    Parameters
    ----------
    workspace : Workspace or path-like
        Project, patch or merged directory.
    read_only : bool
        Fill in missing defaults for this object alone: nothing is ever written.
    """

    def __init__(self, workspace: StrPath | Workspace, read_only: bool = False) -> None:
        self.workspace = Workspace.at(workspace)
        self.read_only = read_only
        #: 'parms' or 'localparms' -> signature of the file, variables
        self._cache: dict[str, tuple[_Signature | None, dict[str, Any]]] = {}
        #: the same with defaults, of a read-only object
        self._filled: tuple[_Signature | None, dict[str, Any] | None] = (None, None)
        #: signature of the parameter file in which nothing more is to be filled in
        self._complete: _Signature | None = None

    def fill_defaults(self) -> None:
        """Add missing parameters with their defaults, take over those of older versions, and save.

        Nothing is written when the number of parameters stays the same, unless an old one was converted. Without
        permission to write there is only a warning.

        Source: docs/method/parameters.md, section 3.
        """
        if self.read_only:
            return
        home = self.home()
        if self._complete is not None and self._complete == _signature(home, "parms"):
            return
        stored = self.stored()
        filled, forced = with_defaults(stored or fresh(), self.workspace)
        if stored is not None and len(filled) == len(stored) and not forced:
            self._complete = _signature(home, "parms")
            return
        with home.locked("parms"):
            before = self.stored() or fresh()  # another process may have been faster
            filled, forced = with_defaults(before, self.workspace)
            if len(filled) != len(before) or forced:
                self._save_defaults(home, before, filled)
        self._complete = _signature(home, "parms")

    def missing(self) -> list[str]:
        """Names of the parameters that the file does not hold yet (of a read-only object: it does not add them)."""
        home = self.home()
        stored = self._read(home, "parms") if home.exists("parms") else {}
        return [name for name in self.stored() or {} if name not in stored]

    def home(self) -> Workspace:
        """The workspace that holds the parameter file: this directory, else its parent, else this directory."""
        if not self.workspace.exists("parms"):
            parent = Workspace(self.workspace.path.parent)
            if parent.exists("parms"):
                return parent
        return self.workspace

    def stored(self) -> dict[str, Any] | None:
        """Variables of the parameter file in MATLAB's form, None if there is no file."""
        home = self.home()
        stored = self._read(home, "parms") if home.exists("parms") else None
        if not self.read_only:
            return stored
        signature = _signature(home, "parms")
        known, filled = self._filled
        if filled is None or known != signature:
            filled = with_defaults(stored or fresh(), self.workspace)[0]
            self._filled = signature, filled
        return filled

    def local(self) -> dict[str, Any]:
        """Variables of ``localparms.mat`` of the directory itself, none if there is no file."""
        return self._read(self.workspace, "localparms")

    def _read(self, ws: Workspace, name: str) -> dict[str, Any]:
        signature = _signature(ws, name)
        if signature is None:
            return {}
        known, variables = self._cache.get(name, (None, {}))
        if known != signature:
            variables = content_of(ws, name)
            self._cache[name] = (signature, variables)
        return variables

    def _save_defaults(self, home: Workspace, before: Mapping[str, Any], filled: Mapping[str, Any]) -> None:
        try:
            home.save_raw("parms", filled, append=False)
        except WorkspaceError as error:
            if getattr(error.__cause__, "errno", None) not in _NO_PERMISSION:
                raise
            Log(home, "PS_PARMS_DEFAULT")(
                f"Warning: no permission to write {home.path / 'parms.mat'}: missing parameters are not stored", 2
            )
            return
        log = Log(home, "PS_PARMS_DEFAULT")
        for name in filled:
            if name not in before:
                log(f"{name} = {forms.short_text(filled[name])}")


def _signature(ws: Workspace, name: str) -> _Signature | None:
    """What tells one content of a MAT file from another; None if there is no file."""
    if not ws.exists(name):
        return None
    path = ws.file(f"{name}.mat")
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino

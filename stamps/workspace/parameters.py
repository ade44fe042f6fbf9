"""The parameters of a project: where they are stored, and the rules of reading and setting them.

The table is data (:mod:`.parameter_table`). Values live in ``parms.mat``
of the directory or, if there is none, of its parent, one variable per parameter; ``localparms.mat`` of the directory
overrides. Inside the package a value is a ``float``, a one-dimensional ``float64`` array (empty for ``[]``) or ``str``.

Source: docs/method/parameters.md.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stamps.errors import ParameterError, WorkspaceError
from stamps.matlab import literals
from stamps.matlab.dates import today_string
from stamps.workspace import Workspace
from stamps.workspace import parameter_forms as forms
from stamps.workspace.log import Log
from stamps.workspace.parameter_content import content_of
from stamps.workspace.parameter_defaults import fresh, with_defaults
from stamps.workspace.parameter_names import creatable, existing, hint_at, match
from stamps.workspace.parameter_table import Parameter, table
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

    _Signature: TypeAlias = tuple[str, int, int, int]


__all__ = ["Parameter", "Parameters", "hint_at", "table"]

_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)
_SET, _EXACT, _LOCAL, _DELETE, _DELETE_LOCAL = 0, 1, 2, -1, -2


class Parameters:
    """Parameters as seen from one directory.

    Parameters
    ----------
    workspace : Workspace or path-like
        Project, patch or merged directory.
    read_only : bool
        Fill in missing defaults for this object alone: nothing is ever written.

    Notes
    -----
    Every read first fills in missing defaults, as the original does; files are read again only when they have changed.
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

    def get(self, name: str, log: bool = False) -> Any:
        """Value of a parameter.

        Parameters
        ----------
        name : str
            The name or a unique beginning of it; upper and lower case differ.
        log : bool
            Log ``name=value`` as routine GETPARM.

        Returns
        -------
        float, ndarray of float64 shape (n,), str or None
            None if no name of ``parms.mat`` begins so.

        Raises
        ------
        ParameterError
            More than one name begins so; the value is not what the table expects.
        """
        value, full_name = self.lookup(name)
        if full_name and not self.read_only:
            self.workspace.reads.parameter(full_name, value)
        if log:
            self.log_value(full_name or name, value)
        forms.check_value(full_name, value)
        return value

    def lookup(self, name: str) -> tuple[Any, str]:
        """Value and full name of a parameter, as :meth:`get`; (None, '') if there is none."""
        self.fill_defaults()
        stored = self._stored()
        if stored is None:
            raise ParameterError(f"parms.mat was found neither in {self.workspace.path} nor in its parent directory.")
        full_name = match(name, stored)
        if full_name is None:
            return None, ""
        local = self._read(self.workspace, "localparms")
        return forms.value_of(local.get(full_name, stored[full_name])), full_name

    def log_value(self, name: str, value: NDArray[np.float64] | float | str | None) -> None:
        """Log ``name=value`` as routine GETPARM."""
        Log(self.workspace, "GETPARM")(f"{name}={forms.logged_text(value)}")

    def flag(self, name: str, log: bool = False) -> bool:
        """Whether a parameter is ``'y'``, upper or lower case."""
        value = self.get(name, log)
        return isinstance(value, str) and value.lower() == "y"

    def indices(self, name: str, log: bool = False) -> NDArray[np.int64]:
        """Indices that a parameter lists, counted from 0.

        Returns
        -------
        ndarray of int64, shape (n,)
            Sorted, without repetition; empty for ``[]`` and for an unknown parameter.

        Raises
        ------
        ParameterError
            The value is a text or holds something else than whole numbers from 1.
        """
        value = self.get(name, log)
        if value is None or (not value if isinstance(value, str) else np.size(value) == 0):
            return np.empty(0, dtype=np.int64)
        numbers = np.atleast_1d(value)
        if isinstance(value, str) or not ((numbers >= 1) & (numbers < 2**53) & (numbers == np.floor(numbers))).all():
            raise ParameterError(
                f"Parameter {name} is {literals.format_literal(value)}, but whole numbers from 1 are expected: "
                f"set it with setparm {name} '[3 8]' or to [] for none."
            )
        return np.unique(numbers.astype(np.int64)) - 1

    def listing(self) -> list[str]:
        """Lines of all parameters, alphabetically (upper case before lower), then of the local ones.

        Returns
        -------
        list of str
            ``name = literal``.
        """
        self.fill_defaults()
        lines = forms.listed(self._stored() or {})
        local = self._read(self.workspace, "localparms")
        if set(local) - {"Created"}:
            lines += ["", "Local parameters (localparms.mat):", *forms.listed(local)]
        return lines

    def counting(self) -> dict[str, Any]:
        """Values of all parameters that count here, alphabetically: local ones before those of the project.

        Returns
        -------
        dict
            Name to float, ndarray of float64 shape (n,) or str.
        """
        self.fill_defaults()
        found = {**(self._stored() or {}), **self._read(self.workspace, "localparms")}
        return {name: forms.value_of(found[name]) for name in sorted(found)}

    def set(self, name: float | str, value: Any = None, flag: int = 0) -> None:
        """Set, reset or delete a parameter.

        Parameters
        ----------
        name : str or int
            The name, a unique beginning of it, or its position from 1 in the parameter file.
        value : float, array_like, str or None
            The value; None is ``[]``. NaN (all elements) resets to the default unless ``flag`` is 1.
        flag : int
            0 set; 1 set or create exactly this name; 2 set for this directory only (``localparms.mat``);
            -1 delete; -2 delete the local value.

        Raises
        ------
        ParameterError
            The parameter does not exist, is not unique or cannot be reset; the flag is unknown; the value is not what the
            table expects (unlike the original, which takes everything and fails later).
        WorkspaceError
            The parameter file cannot be written.
        """
        if self.read_only:
            raise ParameterError(f"Parameter {name} cannot be set: these parameters were opened for reading only.")
        if flag not in (_SET, _EXACT, _LOCAL, _DELETE, _DELETE_LOCAL):
            raise ParameterError(f"setparm {name}: the flag {flag} is not 0, 1, 2, -1 or -2.")
        home = self._home()
        with home.locked("parms"):
            stored = dict(self._stored() or {})
            full_name = creatable(name) if flag == _EXACT else existing(name, stored, home, self._known(flag))
            if flag in (_SET, _EXACT, _LOCAL) and not (flag != _EXACT and forms.is_nan(value)):
                forms.check_value(full_name, forms.value_of(forms.stored_form(full_name, value)))
            if flag != _EXACT and forms.is_nan(value):
                self._remove(home, full_name, stored)
            elif flag in (_SET, _EXACT):
                self._assign(home, full_name, stored, forms.stored_form(full_name, value), flag)
            elif flag == _LOCAL:
                self._assign_local(home, full_name, forms.stored_form(full_name, value))
            elif flag == _DELETE:
                del stored[full_name]
                home.save_raw("parms", stored, append=False)
                Log(home, "SETPARM")(f"{full_name} removed from parameter file")
            else:
                self._delete_local(full_name)
        if flag != _EXACT and forms.is_nan(value):
            self.fill_defaults()
            Log(home, "SETPARM")(f"{full_name} reset to default value", 2)
        elif flag == _SET:
            self._hint_tropo(full_name, value)

    def fill_defaults(self) -> None:
        """Add missing parameters with their defaults, take over those of older versions, and save.

        Nothing is written when the number of parameters stays the same, unless an old one was converted. Without
        permission to write there is only a warning.

        Source: docs/method/parameters.md, section 3.
        """
        if self.read_only:
            return
        home = self._home()
        if self._complete is not None and self._complete == _signature(home, "parms"):
            return
        stored = self._stored()
        filled, forced = with_defaults(stored or fresh(), self.workspace)
        if stored is not None and len(filled) == len(stored) and not forced:
            self._complete = _signature(home, "parms")
            return
        with home.locked("parms"):
            before = self._stored() or fresh()  # another process may have been faster
            filled, forced = with_defaults(before, self.workspace)
            if len(filled) != len(before) or forced:
                self._save_defaults(home, before, filled)
        self._complete = _signature(home, "parms")

    def differing(self) -> list[tuple[str, Any, Any]]:
        """Parameters whose value is not the default, with the value that counts here.

        Returns
        -------
        list of tuple
            Name, value, default (None where the table has none or does not know the parameter).
        """
        self.fill_defaults()
        stored = self._stored() or {}
        local = self._read(self.workspace, "localparms")
        small_baselines = str(stored.get("small_baseline_flag")).lower() == "y"
        rows = {row.name: row for row in table()}
        found = []
        for name in stored:
            value = forms.value_of(local.get(name, stored[name]))
            default = rows[name].default(small_baselines) if name in rows else None
            if name != "Created" and not (
                default is not None and forms.is_same(forms.stored_form(name, value), forms.stored_form(name, default))
            ):
                found.append((name, value, default))
        return found

    def check(self) -> None:
        """Check all values that count here against the table.

        Raises
        ------
        ParameterError
            The first that is not what is expected.
        """
        self.fill_defaults()
        local = self._read(self.workspace, "localparms")
        for name, raw in {**(self._stored() or {}), **local}.items():
            forms.check_value(name, forms.value_of(raw))

    def missing(self) -> list[str]:
        """Names of the parameters that the file does not hold yet (of a read-only object: it does not add them)."""
        home = self._home()
        stored = self._read(home, "parms") if home.exists("parms") else {}
        return [name for name in self._stored() or {} if name not in stored]

    def start_afresh(self, small_baselines: bool) -> None:
        """Overwrite ``parms.mat`` of the directory with a new set, then fill in the defaults.

        Source: docs/method/parameters.md, section 2.
        """
        ws = self.workspace
        processor = ws.find("processor.txt", levels=4)
        words = read_input(processor).split() if processor else []
        anew = {**fresh(small_baselines), "insar_processor": words[0] if words else "doris"}
        with ws.locked("parms"):
            ws.save_raw("parms", anew, append=False)
        self.fill_defaults()

    def _home(self) -> Workspace:
        """The workspace that holds the parameter file: this directory, else its parent, else this directory."""
        if not self.workspace.exists("parms"):
            parent = Workspace(self.workspace.path.parent)
            if parent.exists("parms"):
                return parent
        return self.workspace

    def _stored(self) -> dict[str, Any] | None:
        """Variables of the parameter file in MATLAB's form, None if there is no file."""
        home = self._home()
        stored = self._read(home, "parms") if home.exists("parms") else None
        if not self.read_only:
            return stored
        signature = _signature(home, "parms")
        known, filled = self._filled
        if filled is None or known != signature:
            filled = with_defaults(stored or fresh(), self.workspace)[0]
            self._filled = signature, filled
        return filled

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

    def _known(self, flag: int) -> dict[str, Any]:
        """Names that may be meant besides those of the parameter file."""
        if flag == _DELETE_LOCAL:
            return self._read(self.workspace, "localparms")
        return {row.name: None for row in table() if row.default(False) is None} if flag in (_SET, _LOCAL) else {}

    def _assign(
        self, home: Workspace, name: str, stored: Mapping[str, Any], value: NDArray[np.float64] | str, flag: int
    ) -> None:
        log = Log(home, "SETPARM")
        local = self._read(self.workspace, "localparms")
        if flag == _SET and name in local and name != "Created":
            self.workspace.save_raw("localparms", {**local, name: value}, append=False)
            log(f"{name} = {forms.short_text(value)}")
            Log(self.workspace, "SETPARM")("Warning: Only LOCAL parameter file updated")
            return
        if name not in stored or not forms.is_same(stored[name], value):
            home.save_raw("parms", {**stored, name: value}, append=False)
        log(f"{name} = {forms.short_text(value)}")

    def _assign_local(self, home: Workspace, name: str, value: NDArray[np.float64] | str) -> None:
        local = self._read(self.workspace, "localparms") or {"Created": today_string()}
        self.workspace.save_raw("localparms", {**local, name: value}, append=False)
        Log(home, "SETPARM")(f"{name} = {forms.short_text(value)}")
        Log(self.workspace, "SETPARM")("Added to LOCAL parameter file")

    def _delete_local(self, name: str) -> None:
        if not self._drop_local(name):
            raise ParameterError(f"Parameter {name} has no local value in {self.workspace.path / 'localparms.mat'}.")
        Log(self.workspace, "SETPARM")(f"{name} removed from LOCAL parameter file")

    def _drop_local(self, name: str) -> bool:
        local = dict(self._read(self.workspace, "localparms"))
        if name == "Created" or name not in local:
            return False
        del local[name]
        if set(local) - {"Created"}:
            self.workspace.save_raw("localparms", local, append=False)
        else:
            self.workspace.delete("localparms.mat")
        return True

    def _remove(self, home: Workspace, name: str, stored: dict[str, Any]) -> None:
        if name == "small_baseline_flag":
            raise ParameterError("small_baseline_flag cannot be reset to a default: set it to 'n' or 'y'.")
        if stored.pop(name, None) is not None:
            home.save_raw("parms", stored, append=False)
        self._drop_local(name)

    def _hint_tropo(self, name: str, value: Any) -> None:
        """Say what is missing when a tropospheric correction of interferograms is asked for."""
        wanted = (name == "subtr_tropo" and value == "y") or (name == "tropo_method" and isinstance(value, str))
        if not wanted or str((self._stored() or {}).get("small_baseline_flag")).lower() != "y":
            return
        version = self.workspace.version if self.workspace.exists("psver") else 2
        file = f"tca_sb{version}.mat"
        if self.workspace.find(file, levels=2) is None:
            Log(self.workspace, "SETPARM")(
                f"{file} not found: compute the tropospheric correction first (stamps tropo)", 2
            )


def _signature(ws: Workspace, name: str) -> _Signature | None:
    """What tells one content of a MAT file from another; None if there is no file."""
    if not ws.exists(name):
        return None
    path = ws.file(f"{name}.mat")
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino

"""The parameters of a project: the rules of reading and setting them.

The table is data (:mod:`.parameter_table`); files are those of :mod:`.parameter_files`. Values live in ``parms.mat``
of the directory or, if there is none, of its parent, one variable per parameter; ``localparms.mat`` of the directory
overrides. Inside the package a value is a ``float``, a one-dimensional ``float64`` array (empty for ``[]``) or ``str``.

Source: docs/method/parameters.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.matlab import literals
from stamps.matlab.dates import today_string
from stamps.workspace import Workspace
from stamps.workspace import parameter_forms as forms
from stamps.workspace.log import Log
from stamps.workspace.parameter_defaults import fresh
from stamps.workspace.parameter_files import ParameterFiles
from stamps.workspace.parameter_names import creatable, existing, hint_at, match
from stamps.workspace.parameter_table import Parameter, table
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["Parameter", "Parameters", "hint_at", "table"]

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
        self._files = ParameterFiles(workspace, read_only)
        self.workspace = self._files.workspace
        self.read_only = read_only

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
        stored = self._files.stored()
        if stored is None:
            raise ParameterError(f"parms.mat was found neither in {self.workspace.path} nor in its parent directory.")
        full_name = match(name, stored)
        if full_name is None:
            return None, ""
        local = self._files.local()
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
        lines = forms.listed(self._files.stored() or {})
        local = self._files.local()
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
        found = {**(self._files.stored() or {}), **self._files.local()}
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
        home = self._files.home()
        with home.locked("parms"):
            stored = dict(self._files.stored() or {})
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
        self._files.fill_defaults()

    def missing(self) -> list[str]:
        """Names of the parameters that the file does not hold yet (of a read-only object: it does not add them)."""
        return self._files.missing()

    def differing(self) -> list[tuple[str, Any, Any]]:
        """Parameters whose value is not the default, with the value that counts here.

        Returns
        -------
        list of tuple
            Name, value, default (None where the table has none or does not know the parameter).
        """
        self.fill_defaults()
        stored = self._files.stored() or {}
        local = self._files.local()
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
        local = self._files.local()
        for name, raw in {**(self._files.stored() or {}), **local}.items():
            forms.check_value(name, forms.value_of(raw))

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

    def _known(self, flag: int) -> dict[str, Any]:
        """Names that may be meant besides those of the parameter file."""
        if flag == _DELETE_LOCAL:
            return self._files.local()
        return {row.name: None for row in table() if row.default(False) is None} if flag in (_SET, _LOCAL) else {}

    def _assign(
        self, home: Workspace, name: str, stored: Mapping[str, Any], value: NDArray[np.float64] | str, flag: int
    ) -> None:
        log = Log(home, "SETPARM")
        local = self._files.local()
        if flag == _SET and name in local and name != "Created":
            self.workspace.save_raw("localparms", {**local, name: value}, append=False)
            log(f"{name} = {forms.short_text(value)}")
            Log(self.workspace, "SETPARM")("Warning: Only LOCAL parameter file updated")
            return
        if name not in stored or not forms.is_same(stored[name], value):
            home.save_raw("parms", {**stored, name: value}, append=False)
        log(f"{name} = {forms.short_text(value)}")

    def _assign_local(self, home: Workspace, name: str, value: NDArray[np.float64] | str) -> None:
        local = self._files.local() or {"Created": today_string()}
        self.workspace.save_raw("localparms", {**local, name: value}, append=False)
        Log(home, "SETPARM")(f"{name} = {forms.short_text(value)}")
        Log(self.workspace, "SETPARM")("Added to LOCAL parameter file")

    def _delete_local(self, name: str) -> None:
        if not self._drop_local(name):
            raise ParameterError(f"Parameter {name} has no local value in {self.workspace.path / 'localparms.mat'}.")
        Log(self.workspace, "SETPARM")(f"{name} removed from LOCAL parameter file")

    def _drop_local(self, name: str) -> bool:
        local = dict(self._files.local())
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
        if not wanted or str((self._files.stored() or {}).get("small_baseline_flag")).lower() != "y":
            return
        version = self.workspace.version if self.workspace.exists("psver") else 2
        file = f"tca_sb{version}.mat"
        if self.workspace.find(file, levels=2) is None:
            Log(self.workspace, "SETPARM")(
                f"{file} not found: compute the tropospheric correction first (stamps tropo)", 2
            )

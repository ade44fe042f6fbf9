"""The parameters of a project: their table, where they are stored, and the rules of reading and setting them.

The table is data (``parms/parameters.csv``, in the order in which parameters are created). Values live in ``parms.mat``
of the directory or, if there is none, of its parent, one variable per parameter; ``localparms.mat`` of the directory
overrides. Inside the package a value is a ``float``, a one-dimensional ``float64`` array (empty for ``[]``) or ``str``.

Source: docs/method/parameters.md.
"""

from __future__ import annotations

import csv
import difflib
import errno
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError, StampsError, WorkspaceError
from stamps.matlab import literals
from stamps.matlab.dates import today_string
from stamps.workspace import Workspace
from stamps.workspace.console import one_line
from stamps.workspace.log import Log
from stamps.workspace.parameter_values import problem_of
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["Parameter", "Parameters", "hint_at", "table"]

_LOADERS = ("doris", "gamma", "gsar", "isce", "snap")
_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)
_SET, _EXACT, _LOCAL, _DELETE, _DELETE_LOCAL = 0, 1, 2, -1, -2
_MATLAB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


# ---------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Parameter:
    """One row of the table: name, MATLAB class, default literals (empty for none), unit, meaning, what values are expected
    (:mod:`stamps.workspace.parameter_values`), steps that use it."""

    name: str
    class_name: str
    default_ps: str
    default_sb: str
    unit: str
    meaning: str
    expected: str
    steps: str

    def default(self, small_baselines: bool) -> NDArray[np.float64] | float | str | None:
        """Default value for single-master or small-baseline processing, None for a parameter without one."""
        literal = self.default_sb if small_baselines else self.default_ps
        return literals.parse(literal) if literal else None


@functools.cache
def table() -> tuple[Parameter]:
    """All documented parameters in the order in which they are created.

    Returns
    -------
    tuple of Parameter
    """
    with open(_table_file(), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return tuple(Parameter(*row) for row in rows)


def _table_file() -> Path:
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "parms", package.parent / "parms"):
        if (folder / "parameters.csv").is_file():
            return folder / "parameters.csv"
    raise ParameterError(
        f"The table of parameters {package / 'parms' / 'parameters.csv'} is missing: install the package again."
    )


# ---------------------------------------------------------------------- reading and setting


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
        self._cache = {}  # 'parms' or 'localparms' -> (signature of the file, variables)
        self._filled = (None, None)  # the same with defaults, of a read-only object
        self._complete = None  # signature of the parameter file in which nothing more is to be filled in

    def get(self, name: str, log: bool = False) -> NDArray[np.float64] | float | str | None:
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
        _check(full_name, value)
        return value

    def lookup(self, name: str) -> tuple[Any, str]:
        """Value and full name of a parameter, as :meth:`get`; (None, '') if there is none."""
        self.fill_defaults()
        stored = self._stored()
        if stored is None:
            raise ParameterError(f"parms.mat was found neither in {self.workspace.path} nor in its parent directory.")
        full_name = _match(name, stored)
        if full_name is None:
            return None, ""
        local = self._read(self.workspace, "localparms")
        return _value(local.get(full_name, stored[full_name])), full_name

    def log_value(self, name: str, value: NDArray[np.float64] | float | str | None) -> None:
        """Log ``name=value`` as routine GETPARM."""
        Log(self.workspace, "GETPARM")(f"{name}={_logged(value)}")

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
        lines = _lines(self._stored() or {})
        local = self._read(self.workspace, "localparms")
        if set(local) - {"Created"}:
            lines += ["", "Local parameters (localparms.mat):", *_lines(local)]
        return lines

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
            full_name = _creatable(name) if flag == _EXACT else _existing(name, stored, home, self._known(flag))
            if flag in (_SET, _EXACT, _LOCAL) and not (flag != _EXACT and _is_nan(value)):
                _check(full_name, _value(_stored_form(full_name, value)))
            if flag != _EXACT and _is_nan(value):
                self._remove(home, full_name, stored)
            elif flag in (_SET, _EXACT):
                self._assign(home, full_name, stored, _stored_form(full_name, value), flag)
            elif flag == _LOCAL:
                self._assign_local(home, full_name, _stored_form(full_name, value))
            elif flag == _DELETE:
                del stored[full_name]
                home.save_raw("parms", stored, append=False)
                Log(home, "SETPARM")(f"{full_name} removed from parameter file")
            else:
                self._delete_local(full_name)
        if flag != _EXACT and _is_nan(value):
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
        filled, forced = _with_defaults(stored or _fresh(), self.workspace)
        if stored is not None and len(filled) == len(stored) and not forced:
            self._complete = _signature(home, "parms")
            return
        with home.locked("parms"):
            before = self._stored() or _fresh()  # another process may have been faster
            filled, forced = _with_defaults(before, self.workspace)
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
            value = _value(local.get(name, stored[name]))
            default = rows[name].default(small_baselines) if name in rows else None
            if name != "Created" and not (
                default is not None and _same(_stored_form(name, value), _stored_form(name, default))
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
            _check(name, _value(raw))

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
        fresh = {**_fresh(small_baselines), "insar_processor": words[0] if words else "doris"}
        with ws.locked("parms"):
            ws.save_raw("parms", fresh, append=False)
        self.fill_defaults()

    # ------------------------------------------------------------------ files

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
            filled = _with_defaults(stored or _fresh(), self.workspace)[0]
            self._filled = signature, filled
        return filled

    def _read(self, ws: Workspace, name: str) -> dict[str, Any]:
        signature = _signature(ws, name)
        if signature is None:
            return {}
        known, variables = self._cache.get(name, (None, None))
        if known != signature:
            variables = dict(ws.load_raw(name))
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
                log(f"{name} = {_short(filled[name])}")

    def _known(self, flag: int) -> dict[str, Any]:
        """Names that may be meant besides those of the parameter file."""
        return self._read(self.workspace, "localparms") if flag == _DELETE_LOCAL else {}

    # ------------------------------------------------------------------ what setting does

    def _assign(
        self, home: Workspace, name: str, stored: Mapping[str, Any], value: NDArray[np.float64] | str, flag: int
    ) -> None:
        log = Log(home, "SETPARM")
        local = self._read(self.workspace, "localparms")
        if flag == _SET and name in local and name != "Created":
            self.workspace.save_raw("localparms", {**local, name: value}, append=False)
            log(f"{name} = {_short(value)}")
            Log(self.workspace, "SETPARM")("Warning: Only LOCAL parameter file updated")
            return
        if name not in stored or not _same(stored[name], value):
            home.save_raw("parms", {**stored, name: value}, append=False)
        log(f"{name} = {_short(value)}")

    def _assign_local(self, home: Workspace, name: str, value: NDArray[np.float64]) -> None:
        local = self._read(self.workspace, "localparms") or {"Created": today_string()}
        self.workspace.save_raw("localparms", {**local, name: value}, append=False)
        Log(home, "SETPARM")(f"{name} = {_short(value)}")
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

    def _remove(self, home: Workspace, name: str, stored: Mapping[str, Any]) -> None:
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


# ---------------------------------------------------------------------- names


def _match(name: str, stored: Mapping[str, Any]) -> str | None:
    """The one name of ``stored`` that begins with ``name``; None if there is none."""
    found = [known for known in stored if known.startswith(name)]
    if len(found) > 1:
        raise ParameterError(f"Parameter {name}* is not unique: it can be {', '.join(sorted(found))}.")
    return found[0] if found else None


def _existing(name: float | str, stored: Mapping[str, Any], home: Workspace, others: Mapping[str, Any]) -> str:
    if not isinstance(name, str):
        if name != int(name) or not 1 <= name <= len(stored):
            raise ParameterError(f"Parameter number {name} does not exist: there are {len(stored)} parameters.")
        return list(stored)[int(name) - 1]
    found = _match(name, stored) or _match(name, others)
    if found is None:
        raise ParameterError(f"Parameter {name}* does not exist in {home.path / 'parms.mat'}{hint_at(name, stored)}")
    return found


def hint_at(name: str, stored: tuple[Any, ...] | Mapping[str, Any] = ()) -> str:
    """The end of a sentence about a parameter that there is not: names that are like it."""
    near = difflib.get_close_matches(name, {*stored, *(row.name for row in table())}, n=3, cutoff=0.5)
    return f": did you mean {' or '.join(near)}?" if near else "; getparm lists all names."


def _creatable(name: str) -> str:
    if not isinstance(name, str) or not _MATLAB_NAME.fullmatch(name):
        raise ParameterError(f"'{name}' cannot be the name of a parameter: use letters, digits and underscores.")
    return name


# ---------------------------------------------------------------------- values


def _value(raw: NDArray[np.float64] | str) -> NDArray[Any] | float | str:
    """MATLAB's form to the package's: float, 1-D array or text."""
    if isinstance(raw, str) or np.asarray(raw).dtype.kind not in "fiub":
        return raw
    numbers = np.asarray(raw).astype(np.float64).ravel(order="F")
    return float(numbers[0]) if numbers.size == 1 else numbers


@functools.cache
def _expected() -> dict[str, str]:
    return {row.name: row.expected for row in table()}


def _check(name: str, value: NDArray[np.float64] | float | str | None) -> None:
    """Raise ParameterError for a value that the table does not expect; names that it does not know hold anything."""
    problem = problem_of(_expected()[name], value) if name in _expected() else ""
    if problem:
        raise ParameterError(f"Parameter {name} {problem}: correct it (setparm {name} VALUE, or nan for the default).")


def _stored_form(name: str, value: NDArray[np.float64] | float | str) -> NDArray[np.float64] | str:
    """The package's form to MATLAB's: text, or double 1x1, 1xn, 0x0 (a given matrix stays one)."""
    if isinstance(value, str):
        return str(value)
    array = np.asarray([] if value is None else value)
    if array.dtype.kind not in "fiub":
        raise ParameterError(f"The value of parameter {name} is no number, list of numbers or text: {value!r}.")
    if array.size == 0:
        return np.empty((0, 0))
    return array.astype(np.float64) if array.ndim == 2 else array.astype(np.float64).reshape(1, -1)


def _is_nan(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return False
    array = np.asarray(value)
    return array.size > 0 and array.dtype.kind == "f" and bool(np.isnan(array).all())


def _same(stored: NDArray[np.float64] | str, value: NDArray[np.float64] | str) -> bool:
    if isinstance(stored, str) or isinstance(value, str):
        return isinstance(stored, str) and isinstance(value, str) and stored == value
    stored = np.asarray(stored)
    return stored.dtype == value.dtype and stored.shape == value.shape and np.array_equal(stored, value, equal_nan=True)


def _short(raw: NDArray[np.float64] | str) -> str:
    return literals.format_short(_value(raw)) if _printable(raw) else "<not a number or text>"


def _logged(value: NDArray[np.float64] | float | str | None) -> str:
    if value is None:
        return " "
    return f"'{value}'" if isinstance(value, str) else literals.format_g(value)


def _printable(raw: NDArray[np.float64] | str) -> bool:
    return isinstance(raw, str) or np.asarray(raw).dtype.kind in "fiub"


def _lines(stored: Mapping[str, Any]) -> list[str]:
    return [
        one_line(f"{name} = {literals.format_literal(_value(raw)) if _printable(raw) else _short(raw)}")
        for name, raw in sorted(stored.items())
    ]


def _signature(ws: Workspace, name: str) -> tuple[str, int, int, int] | None:
    """What tells one content of a MAT file from another; None if there is no file."""
    if not ws.exists(name):
        return None
    path = ws.file(f"{name}.mat")
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino


# ---------------------------------------------------------------------- defaults


def _fresh(small_baselines: bool = False) -> dict[str, str]:
    return {"Created": today_string(), "small_baseline_flag": "y" if small_baselines else "n"}


def _with_defaults(stored: Mapping[str, Any], ws: Workspace) -> tuple[dict[str, Any], bool]:
    """Parameters with everything missing filled in and old ones converted, and whether saving is a must."""
    parameters = dict(stored)
    parameters.setdefault("small_baseline_flag", "n")
    small_baselines = str(parameters["small_baseline_flag"]).lower() == "y"
    forced = False
    for row in _filling_order():
        if row.name not in parameters:
            value = _from_files(row.name, ws)
            value = row.default(small_baselines) if value is None else value
            if value is not None:
                parameters[row.name] = _stored_form(row.name, value)
        forced |= _MIGRATIONS.get(row.name, _nothing)(parameters, ws, small_baselines)
    return parameters, forced


@functools.cache
def _filling_order() -> list[Parameter]:
    """Rows of the table as missing ones are added: the processor is the last but two."""
    rows = {row.name: row for row in table() if row.name not in ("Created", "small_baseline_flag")}
    names = [name for name in rows if name != "insar_processor"]
    names.insert(names.index("subtr_tropo"), "insar_processor")
    return [rows[name] for name in names]


def _from_files(name: str, ws: Workspace) -> float | str | None:
    """Value that text files of the directory give to a parameter, None without one."""
    if name in ("lambda", "heading"):
        return _number_in_file(ws, f"{name}.1.in")
    if name != "insar_processor":
        return None
    processor = _processor(ws)
    if processor is not None and processor not in _LOADERS:
        Log(ws, "PS_PARMS_DEFAULT")(f"Warning: insar_processor {processor} is not supported", 2)
    return processor


def _number_in_file(ws: Workspace, name: str) -> float | None:
    path = ws.find(name, levels=3)
    words = read_input(path).split() if path else []
    return literals.number(words[0]) if words else None


def _processor(ws: Workspace) -> str | None:
    """Content of ``processor.txt`` here, else in the parent, where the one of the parent's parent has precedence."""
    if ws.has_file("processor.txt"):
        return ws.read_text("processor.txt").strip()
    parent, grandparent = (folder / "processor.txt" for folder in (ws.path.parent, ws.path.parent.parent))
    if not parent.is_file():
        return None
    return read_input(grandparent if grandparent.is_file() else parent).strip()


# ---------------------------------------------------------------------- parameters of older versions


def _nothing(parameters: Mapping[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    return False


def _remover(name: str) -> Callable[..., Any]:
    def remove(parameters, ws, small_baselines):
        parameters.pop(name, None)
        return False

    return remove


def _take_pixel_size(parameters: Mapping[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "plot_pixel_size" not in parameters:
        return False
    parameters["plot_scatterer_size"] = 25 * np.asarray(parameters.pop("plot_pixel_size"), dtype=np.float64)
    return True


def _take_unwrap_index(parameters: Mapping[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "unwrap_ifg_index" not in parameters:
        return False
    _complement(parameters, "unwrap_ifg_index", "drop_ifg_index", _counts(ws)[0])
    return True


def _take_recalc_index(parameters: Mapping[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "recalc_index" not in parameters:
        return False
    n_ifg, n_image = _counts(ws)
    _complement(parameters, "recalc_index", "scla_drop_index", n_image if small_baselines else n_ifg)
    if "sb_recalc_index" in parameters:
        _complement(parameters, "sb_recalc_index", "sb_scla_drop_index", n_ifg)
    return True


#: What happens to parameters of older versions, by the new parameter at whose turn it happens.
_MIGRATIONS = {
    "weed_standard_dev": _remover("weed_alpha"),
    "plot_dem_posting": _remover("pixel_aspect_ratio"),
    "plot_scatterer_size": _take_pixel_size,
    "drop_ifg_index": _take_unwrap_index,
    "scla_drop_index": _take_recalc_index,
}


def _complement(parameters: Mapping[str, Any], old: str, new: str, count: int | None) -> None:
    """Turn a list of what is used into one of what is left out; the old list goes in any case."""
    used = parameters.pop(old)
    if count is None or (isinstance(used, str) and used == "all"):
        return
    dropped = np.setdiff1d(np.arange(1.0, count + 1), _value(used))
    parameters[new] = _stored_form(new, dropped)


def _counts(ws: Workspace) -> tuple[int | None, int | None]:
    """Numbers of interferograms and images of the directory, None where they are unknown."""
    for name in ("ps2", "ps1"):
        try:
            ps = ws.load(name, ("n_ifg", "n_image"))
        except StampsError:
            continue
        return ps.get("n_ifg"), ps.get("n_image")
    return None, None

"""Settings of the program: with what, where and on how many cores it computes.

They decide no result, with two exceptions: where several unwrapped phases have the same least energy, the solvers may
find different ones, and the weights of an inversion are asked for because they give another series.

Each comes from the first place that has it: the call (the command line), the environment (``STAMPS_BACKEND`` …), the file
``stamps.toml`` of the project, that of the user, the default. Parameters of StaMPS are no settings: ``setparm`` sets them.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from stamps.environment import variable
from stamps.errors import ParameterError
from stamps.native import backends
from stamps.workspace import Workspace
from stamps.workspace.settings_files import SettingsFile, present_files, user_file

__all__ = ["CLUSTERS", "SOLVERS", "WEIGHTS", "Settings", "settings_of"]

#: Where tasks run: on this machine, or on workers that SLURM starts.
CLUSTERS = ("none", "slurm")

#: What unwraps in two dimensions: a minimum-cost flow, or the program SNAPHU.
SOLVERS = ("flow", "snaphu")

#: How interferograms count when small baselines are inverted: all alike, or by their variances.
WEIGHTS = ("identity", "sigma")

_KNOWN = {"cluster": CLUSTERS, "solver": SOLVERS, "weights": WEIGHTS}

#: How a setting is called on the command line and in the environment, where that is another word.
_WORDS = {"solver": "unwrap"}

_DEFAULT = "default"
_CLASSES: dict[str, type] = {
    "backend": str,
    "kernels": dict,
    "cores": int,
    "cluster": str,
    "scheduler": str,
    "solver": str,
    "weights": str,
}


@dataclass(frozen=True)
class Settings:
    """The settings that count in a directory.

    Attributes
    ----------
    backend : str
        Version of all kernels: ``auto``, ``numpy``, ``pythran`` or ``cuda``.
    kernels : dict
        Kernel -> version, where it is another one.
    cores : int or None
        Cores of this machine; None: the parameter ``n_cores``, whose default stands for all.
    cluster : str
        ``none``, or ``slurm``.
    scheduler : str or None
        Address of a Dask scheduler, whose cluster is used.
    solver : str
        What unwraps: ``flow`` or ``snaphu``.
    weights : str or None
        Of the inversion of small baselines: ``identity`` or ``sigma``; None: those of the original.
    origins : dict
        Name of each setting -> where it comes from.
    """

    backend: str = "auto"
    kernels: Mapping[str, str] = field(default_factory=dict)
    cores: int | None = None
    cluster: str = "none"
    scheduler: str | None = None
    solver: str = "flow"
    weights: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def request(self) -> str:
        """Backend and kernels in words, as ``--backend`` takes them."""
        return str(backends.Request(self.backend, dict(self.kernels)))

    @property
    def wanted_backend(self) -> str | None:
        """What :func:`stamps.native.backends.selected` is to be told; None where the environment or the default counts anyway."""
        known = (_DEFAULT, "STAMPS_BACKEND")
        return None if all(self.origins[name] in known for name in ("backend", "kernels")) else self.request

    def as_dict(self) -> dict[str, Any]:
        """Name to value and origin, for JSON."""
        values = asdict(self)
        return {name: {"value": values[name], "origin": self.origins[name]} for name in _CLASSES}


def settings_of(
    directory: str | os.PathLike[str] | Workspace = ".",
    *,
    backend: str | Mapping[str, str] | None = None,
    cores: int | str | None = None,
    cluster: str | None = None,
    scheduler: str | None = None,
    solver: str | None = None,
    weights: str | None = None,
) -> Settings:
    """The settings that count in a project.

    Parameters
    ----------
    directory : path-like or Workspace
        The project, or one of its patches.
    backend, cores, cluster, scheduler, solver, weights : optional
        What the call asks for: comes before everything else.

    Returns
    -------
    Settings

    Raises
    ------
    ParameterError
        A file is no TOML, or something is no setting, or has a value that it cannot have: one sentence with file and line.
    WorkspaceError
        The file of the project is a link or no plain file.
    """
    path = Workspace.at(directory).path
    given = {"cores": cores, "cluster": cluster, "scheduler": scheduler, "solver": solver, "weights": weights}
    options = {name: f"--{_WORDS.get(name, name)}" for name in given}
    sources = [
        {**_request(_in_words(backend), "--backend"), **_named(given, options)},
        _of_environment(),
        *(_of_file(file) for file in present_files(path)),
    ]
    return _merged(sources)


#: A setting's value and where it comes from.
_Source = dict[str, tuple[Any, str]]


def _merged(sources: list[_Source]) -> Settings:
    """The first source that has a setting counts; a place for tasks that is nearer puts the other kind of place aside."""
    found: _Source = {}
    for source in sources:
        if "cluster" in found or "scheduler" in found:
            source = {name: item for name, item in source.items() if name not in ("cluster", "scheduler")}
        found = {**source, **found}
    if "cluster" in found and "scheduler" in found and found["cluster"][0] == "none":
        del found["scheduler"]
    values = {name: value for name, (value, _) in found.items()}
    origins = {name: found[name][1] if name in found else _DEFAULT for name in _CLASSES}
    return Settings(**values, origins=origins)


# ---------------------------------------------------------------------- the call and the environment


def _in_words(backend: str | Mapping[str, str] | None) -> str | None:
    """What the call asks of the kernels; what counts in this context already is of the call, too."""
    if backend is None:
        return backends.chosen()
    return backend if isinstance(backend, str) else backends.in_words(backend)


def _request(text: str | None, origin: str) -> _Source:
    """Backend and kernels of a request in words, which names both at once."""
    if text is None:
        return {}
    request = backends.parse(text)
    return {"backend": (request.default, origin), "kernels": (request.kernels, origin)}


def _named(values: Mapping[str, object], origins: Mapping[str, str]) -> _Source:
    """Settings that are given one by one, checked."""
    found = {}
    for name, value in values.items():
        if value not in (None, ""):
            found[name] = (_checked(name, value, origins[name]), origins[name])
    return found


def _of_environment() -> _Source:
    single = ("cores", "cluster", "scheduler", "solver", "weights")
    names = {name: f"STAMPS_{_WORDS.get(name, name).upper()}" for name in single}
    given = {name: variable(origin) for name, origin in names.items()}
    return {**_request(variable("STAMPS_BACKEND") or None, "STAMPS_BACKEND"), **_named(given, names)}


def _checked(name: str, value: Any, origin: str) -> Any:
    """A value from the call or the environment."""
    if name == "cores":
        if not (str(value).isascii() and str(value).isdigit()) or int(value) < 1:
            raise ParameterError(f"{origin} is '{value}', but a number of cores from 1 on was expected.")
        return int(value)
    known = _KNOWN.get(name)
    if known is not None and value not in known:
        if name == "cluster":
            raise ParameterError(f"The cluster '{value}' is unknown: give slurm, or --scheduler with an address.")
        raise ParameterError(f"{origin} is '{value}', but only {' and '.join(known)} exist.")
    return value


# ---------------------------------------------------------------------- files


def _of_file(file: SettingsFile) -> _Source:
    found: _Source = {}
    value: Any
    for name, value in file.read().items():
        if name not in _CLASSES:
            raise ParameterError(f"{file.place(name)}: there is no setting '{name}'{_hint(name)}")
        wanted: type = _CLASSES[name]
        if type(value) is not wanted:
            expected = {str: "a text in quotes", int: "a whole number", dict: "a table, [kernels]"}[wanted]
            raise ParameterError(f"{file.place(name)}: {name} is {_shown(value)}, but {expected} was expected.")
        problem = _problem(name, value, file)
        if problem:
            raise ParameterError(f"{file.place(name)}: {problem}")
        if isinstance(value, dict):
            _check_kernels(value, file)
        found[name] = (value, file.place(name))
    return found


def _problem(name: str, value: Any, file: SettingsFile) -> str:
    """Why a value cannot be, as the end of a sentence; empty where it can."""
    known = {"backend": backends.BACKENDS, **_KNOWN}.get(name)
    if known is not None and value not in known:
        return f"{name} is '{value}', but only {', '.join(known)} {'exists' if len(known) == 1 else 'exist'}."
    if name == "cores" and value < 1:
        return f"cores is {value}, but a number from 1 on was expected."
    if name == "scheduler" and file.of_project:
        return (
            "the file of a project may not name a scheduler, because data and programs would go where it says: give "
            f"--scheduler, or name it in {user_file()}."
        )
    return ""


def _check_kernels(kernels: Mapping[str, Any], file: SettingsFile) -> None:
    for kernel, version in kernels.items():
        where = file.place(kernel, "kernels")
        if kernel not in backends.KERNELS:
            raise ParameterError(f"{where}: there is no kernel '{kernel}'{_nearest(kernel, backends.KERNELS)}")
        known = ("auto", *backends.KERNELS[kernel])
        if version not in known:
            raise ParameterError(
                f"{where}: the kernel {kernel} has no version {_shown(version)}, only {', '.join(known)}."
            )


def _hint(name: str) -> str:
    from stamps.workspace.parameters import table

    if name in [row.name for row in table()]:
        return f": it is a parameter of StaMPS, which setparm {name} VALUE sets."
    return _nearest(name, _CLASSES)


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]}?" if near else f"; there are {', '.join(known)}."


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)

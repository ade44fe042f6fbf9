"""On which parameters and files published steps rest.

Where one has changed since, another command or the original was at work, and the rest of the run would not belong to its
beginning.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stamps.errors import StampsError
from stamps.matlab import literals
from stamps.workspace import Workspace, fingerprint, lineage
from stamps.workspace.parameters import Parameter, Parameters, table
from stamps.workspace.step_files import step_files

__all__ = ["Grounds", "grounds_of", "headers", "parameters_of", "prints", "watched"]

#: A fingerprint as it is stored: size, time, digest.
Print = list[Any]

#: Steps in which the driver itself uses a parameter; the table of parameters says only that it does.
_OF_DRIVER = {
    "insar_processor": (1,),
    "quick_est_gamma_flag": (2, 3),
    "select_reest_gamma_flag": (3,),
    "scn_kriging_flag": (8,),
}


@dataclass
class Grounds:
    """What published steps rest on: values of parameters as literals, fingerprints of files."""

    parameters: dict[str, str] = field(default_factory=dict)
    files: dict[str, Print | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise TypeError for a fingerprint that is none."""
        for known in self.files.values():
            if known is not None and [type(part) for part in known] != [int, int, str]:
                raise TypeError(f"{known!r} is no fingerprint")

    def changes(self, ws: Workspace) -> list[str]:
        """Sentences (without a full stop) on what has changed since."""
        with _unnoted(ws):
            return self._changes(ws)

    def _changes(self, ws: Workspace) -> list[str]:
        found = []
        now = _values(ws, self.parameters)
        for name, value in self.parameters.items():
            if now[name] != value:
                found.append(f"the parameter {name} was {value or 'unset'} and is {now[name] or 'unset'}")
        for name, known in self.files.items():
            present = _find(ws, name)
            state = None if present is None else fingerprint.fingerprint(present, known)
            if not fingerprint.same(known, state):
                what = "was added" if known is None else "is gone" if state is None else "was changed"
                found.append(f"{ws.path / name if not os.path.isabs(name) else name} {what}")
        return found


# ---------------------------------------------------------------------- parameters and files of steps


@functools.cache
def parameters_of(steps: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the parameters that steps use.

    Parameters
    ----------
    steps : tuple of int

    Returns
    -------
    tuple of str
    """
    return tuple(row.name for row in table() if set(steps) & _used_in(row))


def _used_in(row: Parameter) -> set[int]:
    if row.steps == "all":
        return set(range(1, 9))
    ranges = re.findall(r"(\d)(?:-(\d))?", row.steps)
    used = {k for first, last in ranges for k in range(int(first), int(last or first) + 1)}
    return used | set(_OF_DRIVER.get(row.name, ()))


def _values(ws: Workspace, names: Iterable[str]) -> dict[str, str]:
    """Values that count in a directory, as literals; empty where there is none."""
    parameters = Parameters(ws, read_only=True)
    found: dict[str, str] = {}
    for name in names:
        try:
            value, full_name = parameters.lookup(name)
        except StampsError:
            value, full_name = None, ""
        found[name] = "" if full_name != name or value is None else literals.format_literal(value)
    return found


@functools.cache
def watched(place: str, steps: tuple[int, ...], alone: bool, results: bool = True) -> tuple[str, ...]:
    """Names of the files that steps read in a place, with ``results`` also of what they write there for others to read."""
    rows = [
        row for row in step_files() if ("patches" if alone else "alone") not in row.conditions and row.place == place
    ]
    inputs = {row.file for row in step_files() if row.use == "read"}
    uses = ("read", "write") if results else ("read",)
    names = {row.file for row in rows if set(row.steps) & set(steps) and row.use in uses and row.file in inputs}
    return tuple(sorted(names - {"patch.list", "patch.list_old"}))


def grounds_of(ws: Workspace, place: str, steps: Sequence[int], alone: bool, before: Grounds) -> Grounds:
    """What steps and those before them rest on now, staged changes included."""
    with _unnoted(ws):
        files = {**before.files, **prints(ws, watched(place, tuple(steps), alone), before.files)}
        return Grounds({**before.parameters, **_values(ws, parameters_of(tuple(steps)))}, files)


def prints(ws: Workspace, patterns: Iterable[str], known: Mapping[str, Print | None]) -> dict[str, Print | None]:
    """Fingerprints of files of a directory, None for those that are not there."""
    found: dict[str, Print | None] = {}
    for pattern in patterns:
        for name in sorted(path.name for path in ws.path.glob(pattern)) if "*" in pattern else [pattern]:
            present = _find(ws, name)
            found[name] = None if present is None else fingerprint.fingerprint(present, known.get(name))
    return found


@contextlib.contextmanager
def _unnoted(ws: Workspace) -> Iterator[None]:
    """Context in which what is looked at does not count as an input of the results that are published next."""
    reads, ws.reads = ws.reads, lineage.Reads()
    try:
        yield
    finally:
        ws.reads = reads


def _find(ws: Workspace, name: str) -> Path | None:
    """Path of a file that counts in a directory, or None: texts of the preparation may lie above it."""
    if os.path.isabs(name):
        return Path(name) if os.path.isfile(name) else None
    return ws.find(name, levels=1 if name.endswith(".mat") else 3)


def headers(ws: Workspace, patches: Sequence[str] | None) -> list[str]:
    """Headers beside the rasters that step 1 reads: of the master image, and of the baselines."""
    from stamps.frontends import master_header, patch_files

    folder = ws / patches[0] if patches else ws
    try:
        paths = [
            master_header.header_path(folder),
            *(f"{path[:-4]}base" for path in patch_files.interferogram_paths(folder)),
        ]
    except (StampsError, OSError):
        return []  # other processors: their headers are files of the project
    return [str(folder.path / path) for path in paths]

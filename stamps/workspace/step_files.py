"""Which files and variables every step reads, writes and deletes, and what they hold, as data.

``step_files.csv`` lists the files of the steps and is read here; what their variables hold stands in
:mod:`stamps.workspace.file_variables`. Both tables are checked against real runs by the tests. Places: ``project`` (the project
directory), ``patch`` (each patch; the project directory itself where there are no patches) and ``stack`` (headers beside the
rasters).

A row of ``step_files.csv`` holds when all its conditions do:

``file(F)``, ``nofile(F)``    the file F is there or not, in the place of the row
``above(F)``, ``noabove(F)``  the same here or up to two directories above
``has(F:V)``, ``lacks(F:V)``  the file F has the variable V, not empty, or has not
``NAME=a|b``, ``NAME!=a|b``   a parameter has one of these values (upper and lower case alike) or none of them
``patches``, ``alone``        the run works in patch directories, or in the project directory alone
``first``                     the step is the first of the run
``solver=snaphu``             the setting says so: SNAPHU unwraps
``maybe``                     the step itself finds out

Source: docs/method/conventions.md, section 2, and the page of each step.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.workspace import Workspace
from stamps.workspace.file_variables import FileVariable, file_variables, shape_of, table_rows, variables_of_file

if TYPE_CHECKING:
    from pathlib import Path

    from stamps.workspace.parameters import Parameters


__all__ = [
    "FileVariable",
    "Situation",
    "StepFile",
    "files_of",
    "file_variables",
    "shape_of",
    "step_files",
    "variables_of_file",
]

_CONDITION = re.compile(r"(file|nofile|above|noabove|has|lacks)\(([^)]*)\)$")


@dataclass(frozen=True)
class StepFile:
    """One row of ``step_files.csv``.

    Attributes
    ----------
    steps : tuple of int
    place : str
        ``project``, ``patch`` or ``stack``.
    use : str
        ``read``, ``write`` or ``delete``.
    file : str
        Full name; may hold ``*``.
    variables : tuple of str
        Variables of a MAT file; ``*`` stands for all it has.
    mode : str
        ``PS``, ``SB`` or empty for both.
    conditions : tuple of str
    """

    steps: tuple[int, ...]
    place: str
    use: str
    file: str
    variables: tuple[str, ...]
    mode: str
    conditions: tuple[str, ...]

    @property
    def optional(self) -> bool:
        """Whether the step does without the file where it is not there."""
        return f"file({self.file})" in self.conditions


@functools.cache
def step_files() -> tuple[StepFile, ...]:
    """All rows of ``step_files.csv``.

    Returns
    -------
    tuple of StepFile
    """
    return tuple(
        StepFile(
            _steps(row["steps"]),
            row["place"],
            row["use"],
            row["file"],
            tuple(row["variables"].split()),
            row["mode"],
            tuple(row["condition"].split()),
        )
        for row in table_rows("step_files.csv")
    )


def _steps(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    return tuple(range(int(first), int(last or first) + 1))


# ---------------------------------------------------------------------- which rows hold


class Situation:
    """A project as the conditions of the table see it.

    Parameters
    ----------
    project, patch : Workspace
        Project directory and patch; the same where there are no patches.
    parameters : Parameters
    made : dict, optional
        Files that steps before would have left by now: (directory, name) to the set of their variables, or to None where
        the file would be gone. Lets the steps of a run that has not happened be looked at one after the other.
    solver : str
        What unwraps.
    """

    def __init__(
        self,
        project: Workspace,
        patch: Workspace,
        parameters: Parameters,
        *,
        patches: bool | None = None,
        first: bool = False,
        made: Mapping[tuple[Path, str], set[str] | None] | None = None,
        solver: str = "flow",
    ) -> None:
        self.project, self.patch, self.parameters = project, patch, parameters
        self.patches = project.path != patch.path if patches is None else patches
        self.first = first
        self.solver = solver
        self.made = {} if made is None else made

    @property
    def mode(self) -> str:
        """``PS`` or ``SB``."""
        return "SB" if self.parameters.flag("small_baseline_flag") else "PS"

    def folder(self, place: str) -> Workspace:
        """The workspace of a place."""
        return self.patch if place == "patch" else self.project

    def exists(self, ws: Workspace, file: str) -> bool:
        """Whether a file (``*`` allowed) is there or would be there by now."""
        return bool(self.matching(ws, file))

    def matching(self, ws: Workspace, file: str) -> list[str]:
        """Names of the files that are or would be there and match."""
        if "*" not in file:
            known = self.made.get((ws.path, file), ...)
            there = ws.has_file(file) if known is ... else known is not None
            return [file] if there else []
        made = {name: what for (path, name), what in self.made.items() if path == ws.path}
        names = {path.name for path in ws.path.glob(file)} | {name for name in made if fnmatch.fnmatch(name, file)}
        return sorted(name for name in names if made.get(name, ...) is not None)

    def has(self, ws: Workspace, file: str, variable: str) -> bool:
        """Whether a MAT file has a variable that is not empty."""
        known = self.made.get((ws.path, file), ...)
        if known is not ...:
            return known is not None and variable in known
        stem = file.removesuffix(".mat")
        return ws.exists(stem) and 0 not in ws.headers_of(stem).get(variable, ((0,),))[0]

    def holds(self, row: StepFile) -> bool:
        """Whether a row of the table holds here."""
        return row.mode in ("", self.mode) and all(self._condition(text, row.place) for text in row.conditions)

    def _condition(self, text: str, place: str) -> bool:
        if text in ("patches", "first"):
            return getattr(self, text)
        if text == "alone":
            return not self.patches
        if text == "maybe":
            return True
        call = _CONDITION.match(text)
        if not call:
            comparison = re.match(r"(\w+)(!?=)(.*)", text)
            assert comparison is not None, f"a condition of the table: {text}"
            name, sign, values = comparison.groups()
            return (self._value(name) in values.lower().split("|")) == (sign == "=")
        word, argument = call.groups()
        ws = self.folder(place)
        if word in ("has", "lacks"):
            return self.has(ws, *argument.split(":")) == (word == "has")
        if word in ("above", "noabove"):
            folders = [ws, Workspace(ws.path.parent), Workspace(ws.path.parent.parent)]
            return any(self.exists(folder, argument) for folder in folders) == (word == "above")
        return self.exists(ws, argument) == (word == "file")

    def _value(self, name: str) -> str:
        value = self.solver if name == "solver" else self.parameters.get(name)
        return f"{value:g}" if isinstance(value, float) else str(value).lower()


def files_of(step: int, use: str, situation: Situation | None = None) -> list[StepFile]:
    """Rows of the table for a step.

    Parameters
    ----------
    step : int
    use : str
        ``read``, ``write`` or ``delete``.
    situation : Situation, optional
        Only the rows that hold there.

    Returns
    -------
    list of StepFile
    """
    rows = [row for row in step_files() if step in row.steps and row.use == use]
    return rows if situation is None else [row for row in rows if situation.holds(row)]

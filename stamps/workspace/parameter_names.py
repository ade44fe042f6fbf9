"""Names of parameters as users give them: a beginning or a number that must mean one, or a new name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stamps.errors import ParameterError
from stamps.workspace.parameter_table import table

if TYPE_CHECKING:
    from stamps.workspace import Workspace

__all__ = ["creatable", "existing", "hint_at", "match"]

_MATLAB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def match(name: str, stored: Mapping[str, Any]) -> str | None:
    """The one name of ``stored`` that begins with ``name``; None if there is none."""
    found = [known for known in stored if known.startswith(name)]
    if len(found) > 1:
        raise ParameterError(f"Parameter {name}* is not unique: it can be {', '.join(sorted(found))}.")
    return found[0] if found else None


def existing(name: float | str, stored: Mapping[str, Any], home: Workspace, others: Mapping[str, Any]) -> str:
    if not isinstance(name, str):
        if name != int(name) or not 1 <= name <= len(stored):
            raise ParameterError(f"Parameter number {name} does not exist: there are {len(stored)} parameters.")
        return list(stored)[int(name) - 1]
    found = match(name, stored) or match(name, others)
    if found is None:
        raise ParameterError(f"Parameter {name}* does not exist in {home.path / 'parms.mat'}{hint_at(name, stored)}")
    return found


def hint_at(name: str, stored: Iterable[str] = ()) -> str:
    """The end of a sentence about a parameter that there is not: names that are like it."""
    near = difflib.get_close_matches(name, {*stored, *(row.name for row in table())}, n=3, cutoff=0.5)
    return f": did you mean {' or '.join(near)}?" if near else "; getparm lists all names."


def creatable(name: float | str) -> str:
    if not isinstance(name, str) or not _MATLAB_NAME.fullmatch(name):
        raise ParameterError(f"'{name}' cannot be the name of a parameter: use letters, digits and underscores.")
    return name

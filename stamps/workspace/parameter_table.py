"""The table of parameters (``parms/parameters.csv``), in the order in which they are created."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import ParameterError
from stamps.matlab import literals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Parameter", "table"]


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
def table() -> tuple[Parameter, ...]:
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

"""Values of parameters in the package's form, in MATLAB's form, and as text.

Inside the package a value is a ``float``, a one-dimensional ``float64`` array (empty for ``[]``) or ``str``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stamps.errors import ParameterError
from stamps.matlab import literals
from stamps.workspace.console import one_line
from stamps.workspace.parameter_table import table
from stamps.workspace.parameter_values import problem_of

__all__ = ["check_value", "is_nan", "is_same", "listed", "logged_text", "short_text", "stored_form", "value_of"]


def value_of(raw: NDArray[np.float64] | str) -> NDArray[Any] | float | str:
    """MATLAB's form to the package's: float, 1-D array or text."""
    if isinstance(raw, str) or np.asarray(raw).dtype.kind not in "fiub":
        return raw
    numbers = np.asarray(raw).astype(np.float64).ravel(order="F")
    return float(numbers[0]) if numbers.size == 1 else numbers


@functools.cache
def _expected() -> dict[str, str]:
    return {row.name: row.expected for row in table()}


def check_value(name: str, value: NDArray[np.float64] | float | str | None) -> None:
    """Raise ParameterError for a value that the table does not expect; names that it does not know hold anything."""
    problem = problem_of(_expected()[name], value) if value is not None and name in _expected() else ""
    if problem:
        raise ParameterError(f"Parameter {name} {problem}: correct it (setparm {name} VALUE, or nan for the default).")


def stored_form(name: str, value: NDArray[np.float64] | float | str) -> NDArray[np.float64] | str:
    """The package's form to MATLAB's: text, or double 1x1, 1xn, 0x0 (a given matrix stays one)."""
    if isinstance(value, str):
        return str(value)
    array = np.asarray([] if value is None else value)
    if array.dtype.kind not in "fiub":
        raise ParameterError(f"The value of parameter {name} is no number, list of numbers or text: {value!r}.")
    if array.size == 0:
        return np.empty((0, 0))
    return array.astype(np.float64) if array.ndim == 2 else array.astype(np.float64).reshape(1, -1)


def is_nan(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return False
    array = np.asarray(value)
    return array.size > 0 and array.dtype.kind == "f" and bool(np.isnan(array).all())


def is_same(stored: NDArray[np.float64] | str, value: NDArray[np.float64] | str) -> bool:
    if isinstance(stored, str) or isinstance(value, str):
        return isinstance(stored, str) and isinstance(value, str) and stored == value
    stored = np.asarray(stored)
    return stored.dtype == value.dtype and stored.shape == value.shape and np.array_equal(stored, value, equal_nan=True)


def short_text(raw: NDArray[np.float64] | str) -> str:
    return literals.format_short(value_of(raw)) if _printable(raw) else "<not a number or text>"


def logged_text(value: NDArray[np.float64] | float | str | None) -> str:
    if value is None:
        return " "
    return f"'{value}'" if isinstance(value, str) else literals.format_g(value)


def _printable(raw: NDArray[np.float64] | str) -> bool:
    return isinstance(raw, str) or np.asarray(raw).dtype.kind in "fiub"


def listed(stored: Mapping[str, Any]) -> list[str]:
    return [
        one_line(f"{name} = {literals.format_literal(value_of(raw)) if _printable(raw) else short_text(raw)}")
        for name, raw in sorted(stored.items())
    ]

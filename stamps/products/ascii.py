"""Numbers as text, in the formats of MATLAB's ``save -ascii``, without a loop over rows in Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from stamps._typing import StrPath


__all__ = ["DOUBLE", "SINGLE", "write_columns"]

#: Formats of one number: eight and seventeen significant digits.
SINGLE = "%16.7e"
DOUBLE = "%25.16e"

_ROWS = 50_000


def write_columns(path: StrPath, columns: Iterable[ArrayLike], row_format: str) -> None:
    """Write columns of numbers, one row a line.

    Parameters
    ----------
    path : path-like
    columns : sequence of ndarray, shape (n,) each
    row_format : str
        Format of a row without the line end, for instance ``SINGLE * 3``.
    """
    table = np.column_stack([np.asarray(column, np.float64) for column in columns])
    line = f"{row_format}\n"
    with open(path, "w", encoding="ascii") as file:
        for start in range(0, len(table), _ROWS):
            rows = table[start : start + _ROWS]
            file.write(_matlab_names((line * len(rows)) % tuple(rows.ravel().tolist())))


def _matlab_names(text: str) -> str:
    """Infinite values and NaN as MATLAB spells them."""
    return text.replace("nan", "NaN").replace("inf", "Inf") if "n" in text else text

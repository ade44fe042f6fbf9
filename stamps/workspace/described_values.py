"""Values of variables, compared with their description (:mod:`.file_variables`): finite, whole, within their range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.workspace.described_shapes import WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.file_variables import FileVariable

__all__ = ["all_finite", "value_problem"]

_BLOCK = 1 << 18  # numbers looked at together: they stay in the cache


def value_problem(value: NDArray[Any], kind: str | None, rows: Sequence[FileVariable], bound: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return ""
    numbers: Any = value.data if scipy.sparse.issparse(value) else value
    if numbers.size == 0:
        return ""
    allowed = {row.nan for row in rows}
    if rows and allowed != {"any"}:
        problem = _not_finite(numbers, next(iter(allowed)))
        if problem:
            return problem
    if (
        "logical" in {name for row in rows for name in row.classes}
        and numbers.dtype.kind != "b"
        and not (kind == "matrix" or ((numbers == 0) | (numbers == 1)).all())
    ):
        return "holds other numbers than 0 and 1"
    if kind in WHOLE and numbers.dtype.kind == "f" and not _all_whole(numbers):
        return f"holds {_first(numbers, ~_whole(numbers))}, but whole numbers were expected"
    for row in rows:
        for text in row.range.split():
            problem = _out_of_range(numbers, text, bound)
            if problem:
                return problem
    return ""


def _whole(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)


def _all_whole(numbers: NDArray[Any]) -> bool:
    return bool(_whole(numbers).all())


def _not_finite(numbers: NDArray[Any], allowed: str) -> str:
    """What to say of values that are not finite, but for the NaN that the description allows (``nan``, ``columns``)."""
    if numbers.dtype.kind not in "fc" or all_finite(numbers):
        return ""
    nan = np.isnan(numbers)
    bad = ~np.isfinite(numbers)
    if allowed == "nan":
        bad &= ~nan
    elif allowed == "columns" and numbers.ndim == 2:
        bad[:, nan.all(axis=0)] = False
    if not bad.any():
        return ""
    n_nan = int((nan & bad).sum())
    n_inf = int(bad.sum()) - n_nan
    said = " and ".join(f"{count} {what}" for count, what in ((n_nan, "NaN"), (n_inf, "Inf")) if count)
    return f"holds {said} among {numbers.size} values (the first {_place(bad)})"


def _place(bad: NDArray[np.bool_]) -> str:
    """Where the first True stands, counted from 1."""
    where = [int(index[0]) + 1 for index in np.nonzero(bad)]
    return f"in row {where[0]}" + "".join(f", column {number}" for number in where[1:2])


def all_finite(numbers: NDArray[Any]) -> bool:
    """Whether an array holds neither NaN nor Inf: one pass in pieces, by their sums (NaN and Inf stay in a sum)."""
    flat = numbers.ravel(order="K")
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, flat.size, _BLOCK):
            piece = flat[first : first + _BLOCK]
            # a sum of finite numbers can overflow: then each is looked at
            if not np.isfinite(piece.sum()) and not np.isfinite(piece).all():
                return False
    return True


def _first(numbers: NDArray[Any], bad: NDArray[np.bool_]) -> str:
    return f"{numbers[bad].flat[0]:g} ({_place(bad)})"


def _out_of_range(numbers: NDArray[np.floating[Any]], text: str, bound: Mapping[str, Any]) -> str:
    if text in ("ascending", "unique"):
        steps = np.diff(numbers.ravel(order="F") if text == "ascending" else np.sort(numbers, axis=None))
        return "" if (steps > 0).all() else f"is not {text}"
    if text.startswith(">"):
        bad = numbers <= 0 if text == ">0" else numbers < float(text[2:])
        return f"holds {_first(numbers, bad)}, but numbers {text} were expected" if bad.any() else ""
    least, most = (part.split(",") for part in text.split(".."))
    low = float(least[0])
    highs = [bound.get(word, np.inf) if word[0].isalpha() else float(word) for word in most]
    bad = (numbers < low) | (numbers > (np.array(highs) if len(highs) > 1 else highs[0]))
    if not bad.any():
        return ""
    limits = " or ".join(f"{high:g}" for high in dict.fromkeys(highs))
    others = [name for word, name in bound.get("of", {}).items() if word in text.replace("..", ",").split(",")]
    taken = f", as '{others[0]}' tells" if others else ""
    return f"holds {_first(numbers, bad)}, but numbers from {low:g} to {limits} were expected{taken}"

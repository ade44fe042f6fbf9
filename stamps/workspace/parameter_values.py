"""Which values a parameter can have: the column ``expected`` of ``parms/parameters.csv`` and its check.

``flag``               ``'y'`` or ``'n'``
``A|B``                one of these texts, upper or lower case
``text``               any short text
``number``             one finite number; ``number 0..1e6`` within these bounds, which may be ``inf``
``number 0|0.4|1``     one of these numbers
``whole 1..100``       one whole number
``list whole 1..9``    whole numbers, none (``[]``) included
``pair``               two numbers or several rows of two, infinite ones included
``… or nan or []``     these as well
(empty)                anything
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab import literals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["problem_of"]

#: Letters of a text that can be meant.
_LONGEST_TEXT = 1000


def problem_of(expected: str, value: NDArray[np.float64] | float | str) -> str:
    """What is wrong with a value.

    Parameters
    ----------
    expected : str
        As in the table.
    value : float, ndarray or str
        In the package's form (a value of another kind is wrong for every parameter).

    Returns
    -------
    str
        ``"is 'abc', but a number from 0 to inf was expected"``; empty if nothing is wrong.
    """
    said = ""
    if not isinstance(value, str) and np.asarray(value).dtype.kind not in "fiub":
        said = "a number, a list of them or a text"
    elif isinstance(value, str) and len(value) > _LONGEST_TEXT:
        said = f"a text of at most {_LONGEST_TEXT} letters"
    elif expected:
        rule, *also = expected.split(" or ")
        if not any(_is(value, word) for word in also):
            said = _wanted(rule, value)
            said = " or ".join([said, *also]) if said else ""
    return f"is {_shown(value)}, but {said} {'were' if 'numbers' in said else 'was'} expected" if said else ""


def _is(value: ArrayLike, word: str) -> bool:
    if word == "[]":
        return not isinstance(value, str) and np.size(value) == 0
    if word == "nan":
        return not isinstance(value, str) and np.size(value) == 1 and bool(np.isnan(value))
    return isinstance(value, str) and value.strip().lower() == word


def _shown(value: NDArray[Any] | float | str) -> str:
    """A value for a message, shortened."""
    if not isinstance(value, str) and np.asarray(value).dtype.kind not in "fiub":
        kind = "complex" if np.asarray(value).dtype.kind == "c" else type(value).__name__
        return "complex" if kind == "complex" else f"of another kind ({kind})"
    if not isinstance(value, str) and np.size(value) > 8:
        return f"a list of {np.size(value)} numbers"
    text = literals.format_literal(value if not isinstance(value, str) else value[:40])
    return text + ("…" if isinstance(value, str) and len(value) > 40 else "")


def _wanted(rule: str, value: NDArray[np.float64] | float | str) -> str:
    """What was expected instead of a value; empty if it fits."""
    kind, *rest = rule.split()
    if kind == "text":
        return "" if isinstance(value, str) else "a text"
    if kind == "flag":
        return "" if isinstance(value, str) and value.lower() in ("y", "n") else "'y' or 'n'"
    if "|" in kind:
        names = kind.split("|")
        return (
            "" if isinstance(value, str) and value.strip().upper() in {n.upper() for n in names} else " or ".join(names)
        )
    if kind == "pair":
        return "" if _is_pair(value) else "two numbers (as [0 1])"
    if rest and "|" in rest[-1]:
        return "" if _is_among(value, rest[-1]) else f"one of {rest[-1].replace('|', ', ')}"
    is_list = kind == "list"
    low, high = _bounds(rest[-1]) if rest and ".." in rest[-1] else (-np.inf, np.inf)
    return "" if _fits(value, is_list, "whole" in rule, low, high, "inf" in rule) else _text(rule, is_list, low, high)


def _bounds(text: str) -> Iterator[float]:
    return (float(word) for word in text.split(".."))


def _is_among(value: ArrayLike, numbers: str) -> bool:
    known = [float(word) for word in numbers.split("|")]
    return not isinstance(value, str) and np.size(value) == 1 and float(np.ravel(value)[0]) in known


def _is_pair(value: NDArray[np.float64] | float | str) -> bool:
    return not isinstance(value, str) and np.size(value) >= 2 and np.size(value) % 2 == 0 and not np.isnan(value).any()


def _fits(value: ArrayLike, is_list: bool, whole: bool, low: float, high: float, infinite: bool) -> bool:
    if isinstance(value, str):
        return is_list and not value.strip()
    numbers = np.asarray(value, np.float64)
    if not is_list and numbers.size != 1:
        return False
    if not (infinite or np.isfinite(numbers).all()) or (whole and (numbers != np.floor(numbers)).any()):
        return False
    return bool(((numbers >= low) & (numbers <= high)).all())


def _text(rule: str, is_list: bool, low: float, high: float) -> str:
    noun = (
        ("whole numbers" if "whole" in rule else "numbers")
        if is_list
        else "a whole number"
        if "whole" in rule
        else "a number"
    )
    bounds = f" from {low:g} to {high:g}" if ".." in rule else ""
    return noun + bounds + (" (or [] for none)" if is_list else "")

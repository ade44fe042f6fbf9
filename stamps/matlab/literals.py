"""MATLAB literals: read them (as the shell and the parameter table write them), format values as MATLAB prints them.

Values are ``float``, a one-dimensional ``float64`` array, an empty array for ``[]``, or ``str``.
Source: docs/method/conventions.md, section 5; docs/method/parameters.md, section 1.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.matlab.arithmetic import colon

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["format_g", "format_literal", "format_short", "number", "parse"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE | re.ASCII)

#: Letters of a literal and numbers of a list that can be meant; more would only fill the memory.
_LONGEST, _MOST = 1_000_000, 1_000_000


def number(text: str) -> float | None:
    """Value of a plain number (``-1.5e3``, ``Inf``, ``nan``), or None for any other text.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or None

    Raises
    ------
    ParameterError
        The number is too large (``1e400``).
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise ParameterError(f"{_shortened(text)} is larger than every number: write Inf for no limit.")
    return value


def parse(text: str) -> NDArray[np.float64] | float | str:
    """Value of a MATLAB literal.

    Parameters
    ----------
    text : str
        ``50``, ``1e-3``, ``inf``, ``1:3``, ``[3 8]``, ``[1:5, 8]``, ``[]``, ``'it''s'``; anything else is a text
        without quotation marks (``y``, ``3D_QUICK``).

    Returns
    -------
    float, ndarray of float64 shape (n,), or str
        ``[]`` gives an empty array, brackets with one number a float.

    Raises
    ------
    ParameterError
        Brackets or quotation marks are not closed, a list holds something that is no number or too many numbers, or it is a
        matrix.
    """
    if len(text) > _LONGEST:
        raise ParameterError(f"A value of {len(text)} letters was given ({_shortened(text)}): it can have {_LONGEST}.")
    stripped = text.strip()
    value = number(stripped)
    if value is not None:
        return value
    if stripped[:1] in ("'", '"') and stripped:
        return _unquoted(stripped)
    if stripped.startswith("["):
        return _list(stripped)
    if ":" in stripped and all(number(part.strip()) is not None for part in stripped.split(":")):
        return _scalar_or_array(_elements(stripped, stripped))
    return stripped


def format_short(value: NDArray[np.float64] | float | str) -> str:
    """Text of a value as ``num2str`` gives it: whole numbers as they are, others with about five significant digits.

    Parameters
    ----------
    value : float, array_like or str
        Scalars get four digits after the first; a list is one line with aligned columns, empty gives ``[]``.

    Returns
    -------
    str
        ``0.055466``, ``-166.6``, ``-Inf  Inf``, ``14.2         40.8``, ``[]``, or the text itself.
    """
    if isinstance(value, str):
        return value
    values = np.asarray(value, dtype=np.float64).ravel()
    if values.size == 0:
        return "[]"
    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max() if finite.size else 0.0
    exponent = math.floor(math.log10(largest)) if largest > 0 else 0
    sign = int((values < 0).any())
    if (finite == np.floor(finite)).all():
        width = max(exponent, 0) + 1 + sign + 2
        if finite.size < values.size:
            width = max(width, 5)
        return "".join(f"{_whole(v):>{width}}" for v in values).strip()
    digits = min(max(exponent + 5, 5), 16)
    return "".join(f"{_general(v, digits):>{digits + 7 + sign}}" for v in values).strip()


def format_g(value: ArrayLike) -> str:
    """Text of numbers in ``%g`` form, each followed by one blank, as parameters are logged when they are read.

    Parameters
    ----------
    value : float or array_like
        Empty gives a single blank.

    Returns
    -------
    str
        ``'-Inf Inf '``.
    """
    values = np.asarray(value, dtype=np.float64).ravel()
    return "".join(f"{_general(v, 6)} " for v in values) or " "


def format_literal(value: NDArray[np.float64] | float | str) -> str:
    """Literal that :func:`parse` reads back as the same value.

    Parameters
    ----------
    value : float, array_like or str

    Returns
    -------
    str
        ``0.055465759531382094``, ``[3 8]``, ``[]``, ``'y'``.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    values = np.asarray(value, dtype=np.float64)
    texts = [_exact(v) for v in values.flat]
    if values.size == 1:
        return texts[0]
    return f"[{' '.join(texts)}]"


# ---------------------------------------------------------------------- reading


def _unquoted(text: str) -> str:
    mark = text[0]
    inner = text[1:-1]
    if len(text) < 2 or text[-1] != mark or mark in inner.replace(mark * 2, ""):
        said = _shortened(text)
        raise ParameterError(f"The text {said} is not closed: write it as 'text', with '' for a quotation mark inside.")
    return inner.replace(mark * 2, mark)


def _list(text: str) -> Any:
    if not text.endswith("]") or "[" in text[1:] or "]" in text[:-1]:
        raise ParameterError(
            f"The brackets of {_shortened(text)} do not match: write a list of numbers as [3 8] or [1:5 8]."
        )
    rows = [re.sub(r"\s*:\s*", ":", row).replace(",", " ").split() for row in text[1:-1].split(";")]
    rows = [row for row in rows if row]
    if len(rows) > 1 and any(len(row) > 1 for row in rows):
        raise ParameterError(f"{_shortened(text)} is a matrix, but parameters are lists of numbers: write it as [3 8].")
    parts = []
    for element in (element for row in rows for element in row):
        parts.append(_elements(element, text))
        if sum(map(len, parts[-1000:])) > _MOST:
            raise ParameterError(f"The list {_shortened(text)} has more than {_MOST} numbers: write a shorter one.")
    return _scalar_or_array(np.concatenate(parts) if parts else np.empty(0))


def _elements(element: str, text: str) -> NDArray[np.float64]:
    """Numbers of one element of a list: a number or a range ``a:b`` or ``a:step:b``."""
    shown = f"{_shortened(element)} in {_shortened(text)}"
    found = [number(part.strip()) for part in element.split(":")]
    numbers = [value for value in found if value is not None]
    if len(numbers) < len(found) or len(found) > 3:
        raise ParameterError(f"{shown} is not a number: write a list of numbers as [3 8] or [1:5 8].")
    if len(numbers) == 1:
        return np.array(numbers)
    if not np.isfinite(numbers).all():
        raise ParameterError(f"The range {shown} is not finite: write a list as [3 8] or [1:5 8].")
    first, step, last = numbers if len(numbers) == 3 else (numbers[0], 1.0, numbers[1])
    if step and (last - first) / step > _MOST:
        raise ParameterError(f"The range {shown} has more than {_MOST} numbers: write a shorter one.")
    return np.asarray(colon(first, step, last), dtype=np.float64)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _scalar_or_array(values: NDArray[np.float64]) -> Any:
    return float(values[0]) if values.size == 1 else values


# ---------------------------------------------------------------------- formatting


def _general(value: float, digits: int) -> str:
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return f"{value:.{digits}g}"


def _exact(value: float) -> str:
    short = _general(value, 15)
    return short if float(short) == value or np.isnan(value) else repr(float(value))


def _whole(value: float) -> str:
    return f"{int(value)}" if np.isfinite(value) else _general(value, 1)

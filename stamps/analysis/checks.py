"""Numbers that callers give, checked."""

from __future__ import annotations

import operator
from typing import Any

from stamps.errors import ParameterError

__all__ = ["real", "whole"]


def whole(value: Any, what: str, least: int = 0) -> int:
    """A whole number from ``least`` on; ParameterError, which names ``what`` it is, for anything else."""
    try:
        found = operator.index(value)
    except TypeError:
        found = least - 1
    if isinstance(value, bool) or found < least:
        raise ParameterError(f"{what} is {value!r}, but a whole number from {least} on was expected.")
    return found


def real(value: Any, what: str) -> float:
    """A number (NaN and infinity, too); ParameterError, which names ``what`` it is, for anything else."""
    try:
        if isinstance(value, str | bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{what} is {value!r}, but a number was expected.") from None

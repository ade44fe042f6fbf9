"""Libraries of the extra ``weather``, imported when they are needed.

Source: docs/method/weather.md, section 2.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stamps.errors import ExternalProgramError

__all__ = ["FAILURES", "library", "reason_of"]

#: What the libraries raise at damaged files.
FAILURES = (OSError, ValueError, LookupError, TypeError, RuntimeError, EOFError, ArithmeticError, MemoryError)

_LONGEST = 160  # letters of a reason


def library(name: str) -> Any:
    """Import a library.

    Parameters
    ----------
    name : str
        Module.

    Returns
    -------
    module

    Raises
    ------
    ExternalProgramError
        It is not installed, or does not start.
    """
    try:
        return import_module(name)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError)
        state = "which is not installed" if missing else f"which does not start ({reason_of(error)})"
        raise ExternalProgramError(
            f"Weather models need {name.split('.')[0]}, {state}: pip install 'stamps-insar[weather]'."
        ) from None


def reason_of(error: BaseException) -> str:
    """What a library says about a failure, in one line without a full stop."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"

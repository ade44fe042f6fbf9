"""Optional libraries of the exports, imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stamps.errors import InputError

__all__ = ["library", "reason_of"]

_LONGEST = 160  # letters of a reason


def library(name: str, file_format: str) -> Any:
    """Import a library.

    Parameters
    ----------
    name : str
        Module.
    file_format : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise InputError(
            f"Exports of kind {file_format} need {name.split('.')[0]}, which is not installed: pip install "
            "'stamps-insar[export]', or export csv, which needs nothing."
        ) from None


def reason_of(error: Any) -> str:
    """What a library says about a failure, in one line and without the statements and addresses that some add."""
    text = getattr(error, "strerror", None) or str(error)
    for plain in ("No space left on device", "database or disk is full"):
        if plain in text:
            return plain
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"

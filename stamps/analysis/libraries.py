"""Libraries that only some of the analyses need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stamps.errors import ParameterError

__all__ = ["learning"]


def learning(part: str) -> Any:
    """A part of scikit-learn.

    Raises
    ------
    ParameterError
        It is not installed.
    """
    try:
        return import_module(f"sklearn.{part}")
    except ImportError:
        raise ParameterError(
            "This needs scikit-learn, which is not installed: pip install 'stamps-insar[learn]'."
        ) from None

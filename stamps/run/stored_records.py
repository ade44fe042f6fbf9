"""Records of runs as they are stored: JSON whose every field is checked, because others may have written there."""

from __future__ import annotations

from dataclasses import fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from stamps.errors import StampsError
from stamps.workspace import Workspace
from stamps.workspace.plain_files import read_json

__all__ = ["read_record"]

T = TypeVar("T")


def read_record(ws: Workspace, name: str, record_class: type[T]) -> T | None:
    """A record as it was written; None if there is none, or something else.

    Parameters
    ----------
    ws : Workspace
    name : str
        Name of the file.
    record_class : type
        A dataclass of plain values, lists, dictionaries and other such classes.
    """
    try:
        return _made(record_class, read_json(ws.file(name))) if ws.has_file(name) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StampsError):
        return None


def _made(record_class: type[T], stored: Any) -> T:
    """A record from its plain form; TypeError, KeyError or ValueError if it is not as the class says."""
    if not isinstance(stored, dict):
        raise TypeError(f"{stored!r} is no record")
    types = get_type_hints(record_class)
    names = [item.name for item in fields(record_class)]  # type: ignore[arg-type]
    values = {name: _value(types[name], stored[name]) for name in names}
    if set(stored) != set(values):
        raise ValueError(f"unknown fields {set(stored) - set(values)}")
    return record_class(**values)


def _value(wanted: Any, stored: Any) -> Any:
    """A value of the wanted type; what dictionaries hold is the matter of their class."""
    if hasattr(wanted, "__dataclass_fields__"):
        return _made(wanted, stored)
    origin, inner = get_origin(wanted) or wanted, get_args(wanted)
    if origin is list and isinstance(stored, list):
        return [_value(inner[0], item) for item in stored]
    if NoneType in inner:
        return None if stored is None else _value(next(item for item in inner if item is not NoneType), stored)
    if not isinstance(stored, origin) or (isinstance(stored, bool) and origin is not bool):
        raise TypeError(f"{stored!r} is no {origin.__name__}")
    return stored

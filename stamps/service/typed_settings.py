"""Tables of settings checked against dataclasses: names and types, all problems at once.

Source: docs/method/service.md, section 1.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stamps.frontends.jobs.hints import hint

__all__ = ["checked", "fits", "shown", "typed"]

_LARGEST = 1e300  # whole numbers of files can be larger than any that computes


def shown(value: object) -> str:
    """A value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def checked(
    table: object, known: Mapping[str, Any], where: str, problems: list[str], never: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The entries of a table that are known and of the right type.

    Parameters
    ----------
    table : object
        As read from a file or a request.
    known : mapping
        Name -> type, as in an annotation.
    where : str
        For messages: ``[stack.trigger] of etna``.
    problems : list of str
        A sentence is added for everything else.
    never : mapping, optional
        Names that cannot be given, and why.

    Returns
    -------
    dict
    """
    if not isinstance(table, dict):
        problems.append(f"{where} is {shown(table)}, but a table was expected.")
        return {}
    found = {}
    for name, value in table.items():
        if never and name in never:
            problems.append(f"{where} cannot have {name}: {never[name]}.")
        elif name not in known:
            meant = hint(str(name), known, f"there are {', '.join(known) or 'none'}.")
            problems.append(f"{where} has an unknown key '{str(name)[:80]}': {meant}")
        elif not fits(value, known[name]):
            problems.append(f"{name} of {where} is {shown(value)}, but {_named(known[name])} was expected.")
        else:
            found[name] = value
    return found


def typed(cls: type, without: Collection[str] = ()) -> dict[str, Any]:
    """Names and types of the fields of a dataclass."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.name not in without}


def fits(value: object, kind: Any) -> bool:
    """Whether a value of a file (text, number, list, table) is what an annotation says; no number that is not finite does.

    Parameters
    ----------
    value : object
    kind : type
        ``int``, ``list[str]``, ``tuple[float, float]``, ``str | None`` …
    """
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, one) for one in inside if one is not type(None))
    if origin is tuple and Ellipsis not in inside:
        return isinstance(value, list) and len(value) == len(inside) and all(map(fits, value, inside))
    if origin in (list, tuple, Sequence):
        return isinstance(value, list) and all(fits(one, inside[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(isinstance(k, str) and fits(v, inside[1]) for k, v in value.items())
    if origin is os.PathLike:
        return False
    if kind in (Any, object):
        return _is_plain(value)
    if kind is str:
        return isinstance(value, str) and "\0" not in value
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return fits(value, str) or fits(value, float) or isinstance(value, bool)


def _named(kind: Any) -> str:
    """A type for people."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    if kind in names:
        return names[kind]
    if origin in (types.UnionType, typing.Union):
        parts = [_named(one) for one in inside if one is not type(None) and typing.get_origin(one) is not os.PathLike]
        return " or ".join(dict.fromkeys(parts))
    if origin is tuple and Ellipsis not in inside:
        return f"a list of {len(inside)} numbers"
    if origin in (list, tuple, Sequence):
        return f"a list of {_several(inside[0])}"
    return "a table" if origin in (dict, Mapping) else "a text, a number or a list of these"


def _several(kind: Any) -> str:
    return {str: "texts", int: "whole numbers", float: "numbers"}.get(kind, "lists")

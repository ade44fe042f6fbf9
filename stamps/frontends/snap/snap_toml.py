"""``snap.toml``: what a job resolved its settings to, beside its products and its project.

It names the master, the dates, when the master passed, the incidence angle, and the settings that products hang on; the second
submission in a folder keeps its master and refuses other settings.

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["NAME", "differences", "read_snap_toml", "snap_toml"]

NAME = "snap.toml"

_HEAD = "# What the settings of this job were resolved to, written by stamps snap.\n"


def snap_toml(facts: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Text of the file.

    Parameters
    ----------
    facts : mapping
        ``master``, ``dates``, ``utc`` …; texts, numbers, lists of these; None is left out.
    settings : mapping
        What products hang on.
    """
    return f"{_HEAD}{_lines(facts)}\n[settings]\n{_lines(settings)}"


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items() if _writable(value))


def _writable(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False)


def read_snap_toml(workdir: Path) -> dict[str, Any]:
    """What the file of a folder says; empty where there is none.

    Raises
    ------
    InputError
        It cannot be read.
    """
    place = workdir / NAME
    if not place.is_file():
        return {}
    try:
        return tomllib.loads(read_input(place))
    except (OSError, ValueError) as error:
        raise InputError(f"{place} cannot be read ({error}): remove it, the next submission writes it anew.") from error


def differences(before: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Settings that were others when the products of a folder were made, as ``name (was, is)``."""
    old = before.get("settings", {})
    if not isinstance(old, dict):
        return []
    new = tomllib.loads(_lines(settings))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name} ({old.get(name, 'none')}, now {new.get(name, 'none')})" for name in names] if old else []

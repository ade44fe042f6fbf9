"""What orders cost, and what accounts can pay.

Source: docs/method/jobs.md, section 7.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["cost_of", "price_list"]


def cost_of(costs: Any, order: Mapping[str, Any]) -> float | None:
    """Credits that an order costs.

    Parameters
    ----------
    costs : object
        As HyP3 tells it: by type either ``{'cost': 1.0}`` or ``{'cost_parameters': ['looks'], 'cost_table': {'20x4': 10.0}}``,
        the table as deep as there are parameters (of lists their lengths count); the types as names, or in a list.
    order : mapping
        ``job_type``, ``job_parameters``.

    Returns
    -------
    float or None
        None where it cannot be told.
    """
    entry = _entry(costs, order["job_type"])
    if not isinstance(entry, Mapping):
        return _number(entry)
    if "cost" in entry:
        return _number(entry["cost"])
    found, names = entry.get("cost_table"), entry.get("cost_parameters")
    if not isinstance(names, list):
        return None
    for name in names:
        value = order["job_parameters"].get(name) if isinstance(name, str) else None
        word = str(len(value)) if isinstance(value, list | tuple) else str(value)
        if isinstance(found, Mapping):
            found = found.get(word, found.get(word.lower()))
        else:
            return None
    return _number(found)


def price_list(costs: Any, job_type: str) -> str:
    """What a type costs, for people; empty where that is not known."""
    entry = _entry(costs, job_type)
    if not isinstance(entry, Mapping):
        number = _number(entry)
        return "" if number is None else f"{number:g} credits"
    if (number := _number(entry.get("cost"))) is not None:
        return f"{number:g} credits"
    table = entry.get("cost_table")
    return ", ".join(_rows(table, "")) if isinstance(table, Mapping) else ""


def _rows(table: Mapping[Any, Any], before: str) -> list[str]:
    rows: list[str] = []
    for name, value in table.items():
        where = f"{before} {name}".strip()
        if isinstance(value, Mapping):
            rows += _rows(value, where)
        elif (number := _number(value)) is not None:
            rows.append(f"{where} {number:g} credits")
    return rows


def _entry(costs: Any, job_type: str) -> Any:
    if isinstance(costs, Mapping):
        return costs.get(job_type)
    if isinstance(costs, list):
        return next((one for one in costs if isinstance(one, Mapping) and one.get("job_type") == job_type), None)
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)

"""The conditions of the verdict on parity, and the rules of the table of tolerances that were used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stamps.report.differences import unit_of
from stamps.verify.rules import table

if TYPE_CHECKING:
    from stamps.report.parity import Entry
    from stamps.verify.rules import Rule


__all__ = ["cycles_of", "gates_of", "rules_used"]

_MEASURED = ("absolute", "relative", "each", "counts", "fits", "statistics", "rows")


def gates_of(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The conditions of the verdict, each with its threshold and what was found.

    Parameters
    ----------
    entries : list of Entry

    Returns
    -------
    list of dict
    """
    counted = [entry for entry in entries if entry.row.counts and entry.row.status != "skipped"]
    both = [entry for entry in counted if entry.row.status in ("ok", "differs")]
    gates = [
        _gate(
            "Nothing missing or unreadable",
            "0 files or variables",
            counted,
            lambda e: e.row.status in ("missing", "unreadable"),
        ),
        _gate("Nothing extra", "0 files or variables", counted, lambda e: e.row.status == "extra"),
        _gate(
            "MATLAB class and shape",
            "equal",
            [e for e in both if e.row.category == "mat" and e.row.comparison != "rows"],
            _other_form,
        ),
    ]
    exact = [e for e in both if e.row.comparison == "exact" and e.row.category == "mat"]
    gates.append(_gate("Indices, masks, dates, counts, copies", "equal bit by bit", exact, _differs))
    gates.append(
        _gate(
            "Text and binary files",
            "equal, numbers within their bound",
            [e for e in both if e.row.category != "mat"],
            _differs,
        )
    )
    phases = [e for e in both if e.row.comparison == "cycles"]
    gates.append(_unwrapped_gate(phases))
    phase = [e for e in both if e.row.comparison == "phase"]
    gates.append(_gate("Wrapped phase and angles", _bounds(phase, "within"), phase, _differs))
    measured = [e for e in both if e.row.comparison in _MEASURED and e.row.category == "mat"]
    gates.append(_gate("Other numbers", "within the bound of each variable (table below)", measured, _differs))
    return [gate for gate in gates if gate["count"]]


def _unwrapped_gate(phases: Sequence[Entry]) -> dict[str, Any]:
    """The condition on unwrapped phases: whole cycles, and what is left of them."""
    off, total = cycles_of(phases)
    allowed = {entry.rule.outliers for entry in phases if entry.rule is not None}
    threshold = (
        "no sample on another cycle"
        if not any(allowed)
        else f"at most {100 * max(allowed):g} % of the samples on another cycle"
    )
    gate = _gate("Unwrapped phase", threshold + _bounds(phases, ", residual within"), phases, _differs)
    if phases:
        gate["found"] = f"{off:,} of {total:,} samples on another cycle".replace(",", " ")
    return gate


def _gate(name: str, threshold: str, entries: Sequence[Entry], failed: Callable[[Entry], bool]) -> dict[str, Any]:
    bad = [entry for entry in entries if failed(entry)]
    shares = [entry.share_of_bound for entry in entries if entry.share_of_bound is not None]
    found = f"{len(entries) - len(bad)} of {len(entries)} agree"
    if (
        not bad
        and shares
        and {entry.row.comparison for entry in entries} & {"phase", *_MEASURED}
        and failed is _differs
    ):
        found += f", the worst at {100 * max(shares):.2g} % of its bound"
    if bad:
        found += ": " + ", ".join(entry.key for entry in bad[:4]) + (" …" if len(bad) > 4 else "")
    return {"name": name, "threshold": threshold, "found": found, "ok": not bad, "count": len(entries)}


def _differs(entry: Entry) -> bool:
    return entry.row.status == "differs"


def _other_form(entry: Entry) -> bool:
    return (entry.matlab_class, tuple(entry.shape)) != (entry.row.matlab_class, tuple(entry.row.shape)) and _differs(
        entry
    )


def _bounds(entries: Sequence[Entry], before: str) -> str:
    bounds = sorted({entry.row.tolerance for entry in entries if entry.row.tolerance})
    if not bounds:
        return ""
    span = f"{bounds[0]:g}" if len(bounds) == 1 else f"{bounds[0]:g} to {bounds[-1]:g}"
    return f"{before} {span} rad"


def cycles_of(entries: Sequence[Entry]) -> tuple[int, int]:
    """Samples on another cycle, and all samples of unwrapped phases."""
    differences = [entry.difference for entry in entries if entry.difference is not None]
    known = [(each.cycles, each.count) for each in differences if each.cycles is not None]
    return sum(cycles for cycles, _ in known), sum(count for _, count in known)


def rules_used(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Each rule of the table of tolerances that judged something, with the worst of its rows."""
    order = {id(rule): k for k, rule in enumerate(table())}
    used: dict[int, tuple[Rule, list[Entry]]] = {}
    for entry in entries:
        if entry.rule is not None and entry.row.counts:
            used.setdefault(id(entry.rule), (entry.rule, []))[1].append(entry)
    rows = []
    for key in sorted(used, key=lambda k: order.get(k, len(order))):
        rule, group = used[key]
        shares = [(entry.share_of_bound, entry.key) for entry in group if entry.share_of_bound is not None]
        rows.append(
            {
                "rule": rule,
                "unit": unit_of(rule.comparison),
                "bounds": sorted({entry.row.tolerance for entry in group if entry.row.tolerance}),
                "count": len(group),
                "failed": sum(entry.row.failed for entry in group),
                "worst": max(shares, default=(None, "")),
            }
        )
    return rows

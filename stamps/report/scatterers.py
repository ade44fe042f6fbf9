"""The table of persistent and distributed scatterers in the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.queries.scatterer_counts import scatterer_counts

if TYPE_CHECKING:
    from stamps.report.run import Run
    from stamps.report.sections import Section

__all__ = ["scatterers"]


def scatterers(run: Run, section: Section) -> None:
    """Add how many of each kind are left after each step, where there are distributed ones."""
    counts = scatterer_counts(run.ws, [run.ws / name for name in run.ws.patch_list()])
    if not counts:
        return
    section.facts["scatterers"] = {item.stage: {"ps": item.persistent, "ds": item.distributed} for item in counts}
    rows = [[item.stage, item.persistent, item.distributed] for item in counts]
    section.tables.append(
        {"caption": "Kinds of scatterers", "head": ["Pixels", "Persistent", "Distributed"], "rows": rows}
    )

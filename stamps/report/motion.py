"""Which kinds of motion the series of a run show, and which areas move: a section of the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.products.motion_overview import LEVEL, motion_overview, usual_areas
from stamps.report.sections import attempt, with_minus

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable
    from stamps.products.motion_overview import MotionOverview
    from stamps.report.run import Run
    from stamps.report.sections import Section

__all__ = ["motion"]

_MOST_AREAS = 5


def motion(run: Run, section: Section) -> None:
    """What ``stamps model --classify`` and ``stamps areas`` find without other options, relative to the report's reference."""
    found = motion_overview(run.project, run.choice.area)
    n, table = len(found.table), found.table
    said = [
        f"{found.significant} of {n} pixels ({100 * found.significant / n:.1f} %) have a velocity that differs from 0 at the "
        f"level of {100 * LEVEL:g} %, noise taken as white, {table.metadata['reference']}.",
        *found.warnings,
    ]
    section.lead = " ".join(said)
    section.facts.update(pixels=n, significant=found.significant, warnings=list(found.warnings))
    if found.kinds:
        _kinds(found, section)
    else:
        section.missing.append(
            f"Kinds of motion can be told from {found.needed} dates on; there are {len(table.dates)}."
        )
    attempt(section, lambda: _areas(table, section))


def _kinds(found: MotionOverview, section: Section) -> None:
    common = found.common_break
    section.facts.update(
        kinds=found.kinds,
        jumps_like_cycles=found.jumps_like_cycles,
        common_break=None if common is None else {"after": common[0].isoformat(), "part": common[1]},
    )
    rows = [[word, count, f"{100 * count / len(found.table):.1f} %"] for word, count in found.kinds.items()]
    rows.append(["jumps like cycles of the phase", found.jumps_like_cycles, ""])
    section.tables.append(
        {"caption": "Kinds of motion (stamps model --classify)", "head": ["Kind", "Pixels", "Part"], "rows": rows}
    )


def _areas(table: PointTable, section: Section) -> None:
    found = usual_areas(table)
    section.facts.update(areas=len(found), threshold_mm_per_year=found.areas.threshold)
    rows = [
        [
            row["ada_id"],
            row["n_points"],
            with_minus(f"{row['v_mean']:.1f}"),
            f"{row['area_m2'] / 1e4:.1f}",
            row["qi"],
            row["type_mode"],
        ]
        for row in found.rows[:_MOST_AREAS]
    ]
    more = f", the first {_MOST_AREAS}" if len(found) > _MOST_AREAS else ""
    section.tables.append(
        {
            "caption": f"{len(found)} areas that move{more} (stamps areas: from {found.areas.threshold:.1f} mm/yr on)",
            "head": ["Area", "Pixels", "Mean (mm/yr)", "Hectares", "Quality (1 best)", "Kind"],
            "rows": rows or [["none", None, "", "", "", ""]],
        }
    )

"""What east and vertical motion say about themselves: their metadata, and what projects without a common reference mean.

Source: docs/method/decomposition.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import __version__
from stamps.analysis.decomposition import Model
from stamps.analysis.decomposition import decompose as solve
from stamps.matlab.dates import to_datetime64

if TYPE_CHECKING:
    from stamps.products.ground.common_time import Series
    from stamps.products.ground.joined import Joining, Joint, Reference
    from stamps.products.ground.looks import Look

__all__ = ["about_constants", "about_shifts", "metadata_of"]


def metadata_of(
    looks: Sequence[Look],
    how: Joining,
    model: Model,
    reference: Reference | None,
    frame: str,
    known: bool,
    series: Series | None,
) -> dict[str, Any]:
    """What the result says about itself."""
    horizontal = "east" if model.azimuth is None else f"along the azimuth {model.azimuth:g} degrees"
    joined = (
        f"pairs of nearest pixels within {how.radius:g} m"
        if how.nearest
        else (f"cells of {how.cell:g} m with {how.min_points} or more pixels of each project")
    )
    ends = [max(look.days.min() for look in looks), min(look.days.max() for look in looks)]
    first, last = (str(day) for day in to_datetime64(ends))
    dates = None if series is None else [str(day) for day in to_datetime64(series.days)]
    return {
        "title": f"Horizontal ({horizontal}) and vertical motion",
        "software": f"stamps-insar {__version__}",
        "sign_convention": f"velocity mm/yr, displacement mm; positive {horizontal} and up",
        "projects_text": ", ".join(look.name for look in looks),
        "projects": [_about(look) for look in looks],
        "joined": joined,
        "frame_of_cells": "EPSG:3035" if how.european else "local polyconic frame about the middle of the scene",
        "reference": "each project's own, not a common one" if reference is None else reference.text(),
        "reference_place": None if reference is None else list(reference.place),
        "frame": frame or "local: relative to the reference",
        "model": _about_model(model),
        "azimuth_deg": model.azimuth,
        "errors": "standard deviations from V_STDEV of the exports" if known else "dilutions of precision, unit noise",
        "velocity_from": f"images from {first} to {last}, the time that all projects cover",
        "reference_date": None if series is None or dates is None else _zero_of(series, dates),
        "dates": dates,
        "crs": "EPSG:4326",
    }  # fmt: skip


def _zero_of(series: Series, dates: Sequence[str]) -> str:
    """The date on which displacements are 0."""
    return dates[0] if series.zero is None else dates[series.zero]


def about_shifts(looks: Sequence[Look], joint: Joint, how: Joining) -> dict[str, Any]:
    """By how much the projects were moved, metres east and north in the frame of the cells."""
    if not how.align:
        return {}
    return {
        "shifts_m": {look.name: [round(float(v), 2) for v in s] for look, s in zip(looks, joint.shifts, strict=True)}
    }


def _about(look: Look) -> dict[str, Any]:
    return {
        "name": look.name,
        "heading_deg": look.heading,
        "look_side": look.side,
        "pass": "ascending" if look.ascending else "descending",
        "mean_incidence_deg": round(look.incidence, 3),
        "pixels": len(look.rows),
        "values": look.table.name,
        "reference": look.table.metadata["reference"],
        "velocity_std_from": look.table.metadata["velocity_std_from"],
    }


def _about_model(model: Model) -> str:
    if model.azimuth is not None:
        return f"horizontal motion along {model.azimuth:g} degrees only"
    given = f"{model.north:g} ± {model.north_std:g} mm/yr"
    if model.constrain:
        return f"northward motion solved for, {given} before"
    return f"northward motion {given}, taken out" if model.north or model.north_std else "no northward motion"


def about_constants(joint: Joint, model: Model) -> str:
    """What the zeros of the projects do to east and up, as a sentence."""
    vectors, parts = joint.vectors.mean(axis=0)[None], []
    for number in range(joint.values.shape[1]):
        unit = np.eye(joint.values.shape[1])[[number]]
        shift = solve(vectors, unit, None, replace(model, north=0.0))
        parts.append(f"{shift.east[0]:+.2f} and {shift.up[0]:+.2f} for project {number + 1}")
    return (
        "Without a common reference (reference) horizontal and vertical motion hold constants: a millimetre by which the "
        f"zero of a project is off shifts them by {', '.join(parts)}."
    )

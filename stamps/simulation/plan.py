"""What a simulated stack consists of before anything is drawn on the ground: settings, geometry, acquisitions, pairs."""

from __future__ import annotations

from dataclasses import dataclass

from stamps.simulation.acquisitions import Acquisitions, plan_acquisitions, plan_pairs
from stamps.simulation.geometry import Geometry
from stamps.simulation.settings import Settings

__all__ = ["StackPlan", "plan_stack"]


@dataclass(frozen=True)
class StackPlan:
    """Settings, geometry and acquisitions of a stack; its interferograms as (master index, slave index)."""

    settings: Settings
    geometry: Geometry
    acquisitions: Acquisitions
    pairs: list[tuple[int, int]]


def plan_stack(settings: Settings) -> StackPlan:
    """The stack that settings describe."""
    geometry = Geometry.of(settings)
    acquisitions = plan_acquisitions(settings, geometry.look[settings.samples // 2])
    return StackPlan(settings, geometry, acquisitions, plan_pairs(settings, acquisitions))

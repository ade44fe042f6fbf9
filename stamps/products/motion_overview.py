"""What the series of a project show at a glance: significant velocities, kinds of motion, areas that move.

Source: docs/method/series.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from stamps.analysis.areas import AreaRules
from stamps.analysis.classification import common_break
from stamps.analysis.motion import Motion, Rules
from stamps.products.exports.table import point_table
from stamps.products.moving_areas.found import found_areas
from stamps.products.series import dates_of
from stamps.products.series_models.choice import ModelChoice
from stamps.products.series_models.fitted import KINDS, fitted

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from stamps.products.exports.table import PointTable
    from stamps.products.moving_areas.found import FoundAreas
    from stamps.products.quantities import Project

__all__ = ["LEVEL", "MotionOverview", "motion_overview", "usual_areas"]

#: Level at which a velocity is significant.
LEVEL = 0.01


@dataclass(frozen=True)
class MotionOverview:
    """What ``stamps model --classify`` finds without other options.

    Attributes
    ----------
    table : PointTable
    significant : int
        Pixels whose velocity differs from 0 at :data:`LEVEL`, noise taken as white.
    needed : int
        Dates from which on kinds of motion can be told.
    kinds : dict of str to int
        Pixels of each kind of motion; empty where the dates are too few.
    jumps_like_cycles : int
    common_break : tuple of (date, float), or None
        Date after which more than a fifth of all changes happen, and their part.
    warnings : tuple of str
    """

    table: PointTable
    significant: int
    needed: int
    kinds: dict[str, int]
    jumps_like_cycles: int
    common_break: tuple[datetime.date, float] | None
    warnings: tuple[str, ...]


def motion_overview(project: Project, reference_area: Sequence[float] | None = None) -> MotionOverview:
    """Fit a line to every series, and tell its kind of motion.

    Parameters
    ----------
    project : Project
    reference_area : sequence of float, optional
        What everything is relative to, as for :func:`stamps.export` (default: the reference area of the parameters).

    Raises
    ------
    ParameterError
        There are fewer than five dates.
    WorkspaceError
        A file of the project is missing.
    """
    table = point_table(project, n_boot=2, reference_area=reference_area)  # no standard deviation of it is used
    n = len(table.dates)
    needed = Rules().needed(n)
    found = fitted(table, ModelChoice.of(classify=n >= needed))
    velocity, error = found.fit.of("velocity")
    freedom = np.maximum(found.fit.n_dates - found.fit.design.terms.size, 1)
    significant = int((np.abs(velocity) > stats.t.isf(LEVEL / 2, freedom) * error).sum())
    if found.classes is None:
        return MotionOverview(table, significant, needed, {}, 0, None, found.warnings)
    motion, common = found.classes.motion, common_break(found.classes)
    return MotionOverview(
        table,
        significant,
        needed,
        {word: int((motion == kind).sum()) for kind, word in zip(Motion, KINDS, strict=True)},
        int(found.classes.cycle_jump.sum()),
        None if common is None else (dates_of(common[0])[0], common[1]),
        found.warnings,
    )


def usual_areas(table: PointTable) -> FoundAreas:
    """What ``stamps areas`` finds without other options; errors are those of :func:`found_areas`."""
    return found_areas(table, AreaRules())

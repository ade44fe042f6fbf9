"""What the mean velocity and its standard deviation are estimated from.

Source: docs/method/products.md, section 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.phase import reference_mean
from stamps.products.quantities import Project, Quantities, evaluate
from stamps.products.recipes import RECIPES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


__all__ = ["Displacements", "displacements_of"]


class Displacements(NamedTuple):
    """What a mean velocity is fitted to.

    Attributes
    ----------
    millimetres : ndarray of float64, shape (n_ps, k)
        With the sign of the phase, relative to the reference pixels.
    years : ndarray, shape (k,)
        Since the master, or between the two images.
    covariance : ndarray, shape (k, k)
        Not singular; the identity where nothing is known.
    """

    millimetres: np.ndarray
    years: np.ndarray
    covariance: np.ndarray


def displacements_of(
    quantities: Quantities, switches: str, ifg_list: ArrayLike | None, find_reference: Callable[..., np.ndarray | None]
) -> Displacements:
    """Displacements with corrections.

    Parameters
    ----------
    quantities : Quantities
        Of the interferograms or the series, with the corrections that are meant.
    switches : str
        ``'d'`` look-angle error, ``'o'`` orbital ramps, ``'a'`` troposphere, ``'t'`` tide, in one of the combinations
        ``'' d o a ao do da dat dao``.
    ifg_list : array_like of int, or None
        Interferograms (images of an inverted series) to use, counted from 1; None: all retained.
    find_reference : callable
        Called with ``workdir``; 0-based reference pixels or None.

    Returns
    -------
    Displacements

    Raises
    ------
    InputError
        The switches are unknown, too few interferograms are left, or their covariance is singular.
    """
    project, pairs = quantities.project, quantities.pairs
    recipe = RECIPES["vs"].get(str(switches).strip())
    if recipe is None:
        raise InputError(f"ps_mean_v: the switches '{switches}' are not one of {_listed()}.")
    columns, years = _observations(project, pairs, ifg_list)
    covariance = _covariance(project, pairs, columns)
    phase = evaluate(recipe.split(), quantities)[:, columns]
    phase = phase - reference_mean(phase, find_reference(workdir=project.ws))
    return Displacements(phase.astype(np.float64) * project.millimetres, years, covariance)


def _observations(project: Project, pairs: bool, ifg_list: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """0-based columns that are used, and their time spans in years."""
    ps = project.ps
    columns = project.retained_ifgs() if pairs else np.setdiff1d(project.series_columns(), [project.master])
    if ifg_list is not None and np.size(ifg_list):
        columns = np.intersect1d(columns, np.ravel(ifg_list).astype(np.int64) - 1)
    if columns.size < 2:
        raise InputError(f"A velocity needs at least two interferograms, but {columns.size} are left: name more.")
    days = np.diff(ps["ifgday"], axis=1)[:, 0] if pairs else ps["day"] - ps["master_day"]
    return columns, days[columns] / DAYS_PER_YEAR


def _covariance(project: Project, pairs: bool, columns: np.ndarray) -> np.ndarray:
    covariance = project.covariance(pairs)
    covariance = np.eye(columns.size) if covariance is None else covariance[np.ix_(columns, columns)]
    if np.linalg.matrix_rank(covariance.astype(np.float64)) < columns.size:
        raise InputError(
            "The covariance of the interferograms is singular, so that velocities cannot be weighted: leave out the "
            "interferograms without noise estimate (drop_ifg_index, or ifg_list)."
        )
    return covariance


def _listed() -> str:
    return ", ".join(f"'{switches}'" for switches in RECIPES["vs"])

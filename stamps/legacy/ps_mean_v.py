"""Mean velocity of every pixel and its standard deviation from bootstrapping.

Reads ``psver``, ``ps2``, ``phuw2`` (``unwrap_ifg_index_sm``) or ``phuw_sb2``, ``ifgstd2`` or ``phuw_sb_res2`` and, as
the switches say, ``scla2 tca2 tide2`` or ``scla_sb2 tca_sb2 tide_sb2``; adds to ``mv2`` the variables ``n_boot
subtract_switches mean_v mean_v_std``. Parameters: ``small_baseline_flag``, ``drop_ifg_index``, ``lambda`` and those of
the reference area.

Source: docs/method/products.md, section 1; Efron and Tibshirani (1986), Statistical Science 1, 54-75.
"""

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.phase import reference_mean
from stamps.legacy.ps_setref import ps_setref
from stamps.matlab.linalg import lscov
from stamps.products.quantities import Choice, Project, Quantities, evaluate
from stamps.products.velocity import bootstrap_std
from stamps.workspace.log import Log

__all__ = ["ps_mean_v"]

#: What each combination of switches does, in this order (see :mod:`stamps.products.value_types`).
_RECIPES = {
    "": "U",
    "d": "U -S",
    "o": "U D",
    "a": "U -T",
    "ao": "U -T D",
    "do": "U -S D",
    "da": "U -S -T",
    "dat": "U -S -T -E",
    "dao": "U -S D -T",
}


def ps_mean_v(ifg_list=None, n_boot=100, subtract_switches="", use_sb=0, aps_flag=1, workdir=".", seed=0):
    """Fit a velocity to every pixel.

    Parameters
    ----------
    ifg_list : array_like of int, optional
        Interferograms (images of an inverted series) to use, counted from 1; default: all retained.
    n_boot : int
        Number of bootstrap samples.
    subtract_switches : str
        ``'d'`` look-angle error, ``'o'`` orbital ramps, ``'a'`` troposphere, ``'t'`` tide, in one of the combinations
        ``'' d o a ao do da dat dao``.
    use_sb : int
        1: from small-baseline interferograms; 0: from the single-master series.
    aps_flag : int or str
        Tropospheric correction.
    workdir : path-like or Workspace
    seed : int
        Start of the random numbers; equal seeds give equal standard deviations.

    Raises
    ------
    InputError
        The switches are unknown, or too few interferograms are left.
    WorkspaceError
        A file is missing.

    Notes
    -----
    ``mean_v`` in mm/yr has the sign of the phase: positive is motion away from the satellite, where ``ps_plot('v')``
    shows motion towards it as positive.
    """
    project = Project.at(workdir)
    log = Log(project.ws, "PS_MEAN_V")
    log.start()
    pairs = bool(use_sb) and project.small_baselines
    recipe = _RECIPES.get(str(subtract_switches).strip())
    if recipe is None:
        raise InputError(f"ps_mean_v: the switches '{subtract_switches}' are not one of {_listed()}.")
    columns, years = _observations(project, pairs, ifg_list)
    covariance = _covariance(project, pairs, columns)
    phase = evaluate(recipe.split(), Quantities(project, Choice(aps=aps_flag), pairs))[:, columns]
    phase = phase - reference_mean(phase, ps_setref(workdir=project.ws))
    displacement = phase.astype(np.float64) * project.millimetres
    mean_v = mean_velocity(displacement, years, covariance)
    log(f"Estimating the standard deviation from {int(n_boot)} bootstrap samples", level=2)
    mean_v_std = bootstrap_std(displacement, years, covariance, int(n_boot), seed)
    project.ws.save(
        f"mv{project.version}",
        {
            "n_boot": int(n_boot), "subtract_switches": str(subtract_switches).strip(),
            "mean_v": mean_v, "mean_v_std": mean_v_std,
        },
    )  # fmt: skip
    log.finish()


def mean_velocity(displacement, years, covariance):
    """Slope of each series by generalised least squares.

    Parameters
    ----------
    displacement : ndarray of float64, shape (n_ps, k)
    years : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Single makes the result single.

    Returns
    -------
    ndarray, shape (n_ps,)
        Per year.
    """
    design = np.column_stack([np.ones(len(years)), years])
    return lscov(design, displacement.T, covariance=covariance)[1].copy()


def _observations(project, pairs, ifg_list):
    """0-based columns that are used, and their time spans in years."""
    ps = project.ps
    columns = project.retained_ifgs() if pairs else np.setdiff1d(project.series_columns(), [project.master])
    if ifg_list is not None and np.size(ifg_list):
        columns = np.intersect1d(columns, np.ravel(ifg_list).astype(np.int64) - 1)
    if columns.size < 2:
        raise InputError(f"A velocity needs at least two interferograms, but {columns.size} are left: name more.")
    days = np.diff(ps["ifgday"], axis=1)[:, 0] if pairs else ps["day"] - ps["master_day"]
    return columns, days[columns] / DAYS_PER_YEAR


def _covariance(project, pairs, columns):
    covariance = project.covariance(pairs)
    covariance = np.eye(columns.size) if covariance is None else covariance[np.ix_(columns, columns)]
    if np.linalg.matrix_rank(covariance.astype(np.float64)) < columns.size:
        raise InputError(
            "The covariance of the interferograms is singular, so that velocities cannot be weighted: leave out the "
            "interferograms without noise estimate (drop_ifg_index, or ifg_list)."
        )
    return covariance


def _listed():
    return ", ".join(f"'{switches}'" for switches in _RECIPES)

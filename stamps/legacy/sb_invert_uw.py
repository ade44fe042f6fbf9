"""Step 6, small baselines: turn the unwrapped interferograms into a single-master time series.

Reads ``psver``, ``ps2``, ``phuw_sb2``, ``pm2`` (``ph_patch``) and ``rc2`` (``ph_rc``); writes ``phuw2`` (``ph_uw``,
``unwrap_ifg_index_sm``) and ``phuw_sb_res2`` (``ph_res sb_cov sm_cov``); with weights ``sigma`` it reads ``ifgstd2``
instead of ``pm2`` and ``rc2``. Parameters: ``drop_ifg_index`` and those of the reference area. Setting: ``weights``.

Source: docs/method/unwrapping.md, section 10; docs/method/unwrapping_errors.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from stamps.errors import InputError, WorkspaceError
from stamps.insar.network import connected_network, design_matrix, used_images
from stamps.insar.observations import retained
from stamps.insar.phase import angle, multiply, reference_mean
from stamps.legacy.ps_setref import ps_setref
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import cov
from stamps.run.settings import settings_of
from stamps.steps.unwrapping.inversion import invert_pairs
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["check_network", "pair_sigma", "sb_invert_uw", "well_conditioned"]

_MIN_RECIPROCAL_CONDITION = 0.001
_DIAGONAL_STEP = 0.01


@reserving
def sb_invert_uw(workdir: Workspace | StrPath = ".", *, weights: str | None = None) -> None:
    """Invert unwrapped small-baseline phases by generalised least squares.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory after unwrapping.
    weights : {'identity', 'sigma'}, optional
        Covariance of the interferograms: the identity, or the diagonal of their variances, from the standard deviations
        of ``ifgstd2.mat`` (of linked phases: the medians over the pixels). An interferogram without phase in a pixel is
        then left out there, if the others connect all images. Default: the setting ``weights``; without it the
        original's covariance, from the phases about the patch phase (without patch phase the identity), and a phase
        that is NaN makes the whole series of its pixel NaN.

    Raises
    ------
    InputError
        The network falls apart into isolated subsets, the master is in no interferogram, or a standard deviation is no
        number above 0.
    ParameterError
        There are no such weights.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_INVERT_UW")
    log.start()
    version = ws.version
    ps = ws.load(f"ps{version}")
    used = retained(ps["n_ifg"], Parameters(ws).indices("drop_ifg_index"))
    weights = settings_of(ws, weights=weights).weights
    sb_cov = _covariance_by(weights, ws, ps, version)
    ph_sb = ws.load(f"phuw_sb{version}", ["ph_uw"])["ph_uw"][:, used]
    ph_sb = ph_sb - reference_mean(ph_sb, ps_setref(workdir=ws))

    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    design, images, connected = used_images(network, used, ps["master_ix"])
    if not connected:
        ws.save(f"phuw_sb_res{version}", {"sb_cov": sb_cov})
        raise InputError(
            f"The interferograms of {ws.path} fall apart into isolated subsets, so no common time series exists: drop "
            "fewer of them (drop_ifg_index) or add interferograms that connect the subsets."
        )
    covariance = well_conditioned(sb_cov[np.ix_(used, used)])
    ph_uw = np.zeros((ps["n_ps"], ps["n_image"]), np.float32)
    if weights is None:
        ph_uw[:, images] = lscov(design, ph_sb.astype(np.float64).T, covariance=covariance).T
    else:
        ph_uw[:, images] = invert_pairs(design, ph_sb.astype(np.float64), np.diag(covariance))
    sm_cov = np.zeros((ps["n_image"], ps["n_image"]))
    sm_cov[np.ix_(images, images)] = linalg.inv(design.T @ linalg.solve(covariance, design, assume_a="pos"))
    predicted = ph_uw @ network.T.astype(np.float32)  # despite its name ph_res is no residual

    with ws.publish():
        ws.save(f"phuw{version}", {"ph_uw": ph_uw, "unwrap_ifg_index_sm": np.union1d(images, ps["master_ix"])})
        ws.save(f"phuw_sb_res{version}", {"ph_res": predicted, "sb_cov": sb_cov, "sm_cov": sm_cov})
    log.finish()


def check_network(workdir: Workspace | StrPath = ".") -> None:
    """Refuse a network that cannot be inverted, before its interferograms are unwrapped.

    Parameters
    ----------
    workdir : path-like or Workspace

    Raises
    ------
    InputError
        As :func:`sb_invert_uw`.
    """
    ws = Workspace.at(workdir)
    connected_network(ws.load(f"ps{ws.version}"), Parameters(ws).indices("drop_ifg_index"), ws.path)


def pair_sigma(ws: Workspace, ps: Variables, version: int) -> NDArray[np.float64]:
    """Standard deviations of the interferograms, from ``ifgstd2``.

    Parameters
    ----------
    ws : Workspace
    ps : dict
        Content of ``ps2``.
    version : int

    Returns
    -------
    ndarray of float64, shape (n_ifg,)
        Radians; interferograms that are dropped have the median of the others where they have none.

    Raises
    ------
    InputError
        That of an interferogram that is used is no number above 0.
    """
    if not ws.exists(f"ifgstd{version}"):
        raise WorkspaceError(
            f"{ws.path / f'ifgstd{version}'}.mat is missing: run step 5 first (stamps 5 5), or use the weights 'identity', as "
            "projects that begin with merged interferograms do."
        )
    sigma = np.deg2rad(np.ravel(ws.load(f"ifgstd{version}")["ifg_std"]).astype(np.float64))
    used = retained(ps["n_ifg"], Parameters(ws).indices("drop_ifg_index"))
    good = np.isfinite(sigma) & (sigma > 0)
    wrong = used[~good[used]]
    if wrong.size:
        raise InputError(
            f"{ws.path / f'ifgstd{version}'}.mat has no standard deviation above 0 for interferogram {wrong[0] + 1}, so it has "
            "no weight: run step 5 again, drop the interferogram (drop_ifg_index), or use the weights 'identity'."
        )
    return np.where(good, sigma, np.median(sigma[used]))


def _covariance_by(weights: str | None, ws: Workspace, ps: Variables, version: int) -> NDArray[np.float64]:
    """Covariance of the interferograms, (n_ifg, n_ifg)."""
    if weights is None:
        return _interferogram_covariance(ws, ps, version)
    if weights == "identity":
        return np.eye(ps["n_ifg"])
    return np.diag(pair_sigma(ws, ps, version) ** 2)


def _interferogram_covariance(ws: Workspace, ps: Variables, version: int) -> NDArray[np.float64]:
    """Covariance of the interferograms' phases about the patch phase; identity without patch phase."""
    ph_patch = ws.load_optional(f"pm{version}", ["ph_patch"]).get("ph_patch")
    if ph_patch is None or ph_patch.size == 0:
        return np.eye(ps["n_ifg"])
    ph_rc = ws.load(f"rc{version}", ["ph_rc"])["ph_rc"]
    return cov(angle(multiply(ph_rc, ph_patch.conj()))).astype(np.float64)


def well_conditioned(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add 0.01 to the diagonal until the reciprocal condition number (1-norm) reaches 0.001.

    Parameters
    ----------
    covariance : ndarray of float64, shape (n, n)

    Returns
    -------
    ndarray of float64, shape (n, n)

    Raises
    ------
    InputError
        The covariance has NaN or infinite elements.
    """
    if not np.isfinite(covariance).all():
        raise InputError(
            "The covariance of the interferograms is not finite, because ph_rc or ph_patch has NaN: run step 5 again."
        )
    covariance = covariance.copy()
    while _reciprocal_condition(covariance) < _MIN_RECIPROCAL_CONDITION:
        covariance += _DIAGONAL_STEP * np.eye(len(covariance))
    return covariance


def _reciprocal_condition(matrix: NDArray[np.float64]) -> float:
    """LAPACK's estimate of 1/(norm(A)·norm(inv(A))) in the 1-norm."""
    factors, _, info = linalg.lapack.dgetrf(matrix)
    if info > 0:
        return 0.0
    return linalg.lapack.dgecon(factors, np.linalg.norm(matrix, 1))[0]

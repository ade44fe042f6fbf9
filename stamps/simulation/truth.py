"""Compare a processed simulated stack with its truth (``truth.npz``, :mod:`stamps.simulation.truth_files`).

A pixel is a true scatterer when it is one of (``ps_line``, ``ps_sample``). A sample stands on the true cycle when the unwrapped
phase differs from the simulated one by less than pi after the median of its interferogram is removed. What is compared is
the unweighted slope of the unwrapped phase without the look-angle error, master left out: unlike that of ``ps_plot`` it depends
on no noise estimate, so that figures of different programs can be compared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.velocity import fit_lines
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

__all__ = ["TruthFigures", "compare_with_truth", "unweighted_velocity"]


@dataclass(frozen=True)
class TruthFigures:
    """How well a run recovered a simulated stack.

    Attributes
    ----------
    n_pixels, n_samples : int
        Pixels that are true scatterers; their unwrapped phases.
    share_true_cycle : float
        Share of the samples that stand on the true cycle.
    velocity_rms : float
        Error of the velocity, mm/yr.
    velocity_correlation : float
        Of the velocities found and simulated.
    """

    n_pixels: int
    n_samples: int
    share_true_cycle: float
    velocity_rms: float
    velocity_correlation: float


def compare_with_truth(workdir: str | os.PathLike[str] | Workspace, stack: str | os.PathLike[str]) -> TruthFigures:
    """Cycles and velocities of a run against the truth of its stack.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7; single master, or small baselines after the inversion.
    stack : path-like
        Folder with ``truth.npz``.

    Returns
    -------
    TruthFigures
        Velocities in mm/yr, medians removed.

    Raises
    ------
    InputError
        The folder has no truth, or no pixel of the run is one of its scatterers.
    """
    ws = Workspace.at(workdir)
    if not (Path(stack) / "truth.npz").is_file():
        raise InputError(f"{stack} has no truth.npz: give the folder that stamps.simulate wrote.")
    truth = np.load(Path(stack) / "truth.npz")
    ps = ws.load("ps2")
    rows, scatterers = _matched(ps["ij"], truth)
    if rows.size == 0:
        raise InputError(f"No pixel of {ws.path} is one of the scatterers of {stack}: is it the stack of this project?")
    expected = truth["ps_phase"] - truth["ps_phase"][int(truth["master_ix"])]
    unwrapped = ws.load("phuw2")["ph_uw"][rows].astype(np.float64)
    used = np.setdiff1d(np.flatnonzero(np.any(unwrapped != 0, axis=0)), [ps["master_ix"]])
    difference = unwrapped[:, used] - expected[used][:, scatterers].T
    difference -= np.nanmedian(difference, axis=0)
    velocity = unweighted_velocity(ws)[rows]
    true_velocity = truth["ps_v_los"][scatterers].astype(np.float64)
    error = (velocity - np.nanmedian(velocity)) - (true_velocity - np.median(true_velocity))
    return TruthFigures(
        n_pixels=int(rows.size),
        n_samples=int(difference.size),
        share_true_cycle=float(np.mean(np.abs(difference) < np.pi)),
        velocity_rms=float(np.sqrt(np.nanmean(error**2))),
        velocity_correlation=float(np.corrcoef(velocity, true_velocity)[0, 1]),
    )


def unweighted_velocity(workdir: str | os.PathLike[str] | Workspace = ".") -> npt.NDArray[np.float64]:
    """Slope of the unwrapped phase without look-angle error, towards the satellite.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7; single master, or small baselines after the inversion.

    Returns
    -------
    ndarray of float64, shape (n_ps,)
        mm/yr, without a reference.
    """
    ws = Workspace.at(workdir)
    ps = ws.load("ps2")
    phase = ws.load("phuw2")["ph_uw"].astype(np.float64) - ws.load("scla2")["ph_scla"]
    used = np.setdiff1d(
        np.flatnonzero(np.any(phase != 0, axis=0)), [ps["master_ix"]]
    )  # dropped ones are stored as zeros
    slope = fit_lines(phase[:, used], ps["day"][used] - ps["master_day"])[1]
    return -slope * DAYS_PER_YEAR * Parameters(ws).get("lambda") * 1000 / (4 * np.pi)


def _matched(
    ij: npt.NDArray[np.float64], truth: Mapping[str, npt.NDArray[Any]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of the pixels (``ij``, shape (n_ps, 3)) that are true scatterers, and which scatterer each is."""
    width = int(max(ij[:, 2].max(), truth["ps_sample"].max())) + 1
    position = ij[:, 1].astype(np.int64) * width + ij[:, 2].astype(np.int64)
    true_position = truth["ps_line"].astype(np.int64) * width + truth["ps_sample"]
    _, rows, scatterers = np.intersect1d(position, true_position, return_indices=True)
    return rows, scatterers

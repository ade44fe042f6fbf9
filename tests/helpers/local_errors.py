"""How good the velocities of a simulated stack are near true point scatterers, kind by kind of ground."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from stamps.simulation.truth import compare_with_truth, unweighted_velocity
from stamps.workspace import Workspace

__all__ = ["LocalErrors", "local_errors"]

_NEAREST = 15


@dataclass(frozen=True)
class LocalErrors:
    """Pixels and rms of the local velocity error (mm/yr) of each kind of ground.

    The local error is that of the velocity minus the median error of the 15 nearest true point scatterers, which removes what
    all have in common (atmosphere). ``clutter`` is the rest of the land. Sidelobes of point scatterers belong to no kind, but
    to ``total``.
    """

    total: int
    n: dict
    rms: dict
    share_true_cycle: float


def local_errors(project, stack):
    """Compare a project after step 7 with the truth of its stack."""
    truth = np.load(Path(stack) / "truth.npz")
    classes = json.loads((Path(stack) / "truth.json").read_text())["pixel_classes"]
    ps = Workspace(project).load("ps2")
    line, sample = ps["ij"][:, 1].astype(int), ps["ij"][:, 2].astype(int)
    error = unweighted_velocity(project) - truth["v_los"][line, sample]
    kind = truth["pixel_class"][line, sample]
    xy = ps["xy"][:, 1:].astype(np.float64)
    points = np.flatnonzero(kind == classes["point_scatterer"])
    _, near = cKDTree(xy[points]).query(xy, _NEAREST + 1)
    around = error[points][near]
    around[points[near] == np.arange(len(xy))[:, None]] = np.nan  # not itself
    around[~np.isnan(around).any(axis=1), -1] = np.nan
    local = error - np.nanmedian(around, axis=1)
    apart = ~truth["sidelobe"][line, sample].astype(bool) | (kind == classes["point_scatterer"])
    of_kind = {name: (kind == number) & apart for name, number in classes.items()}
    return LocalErrors(
        len(xy),
        {name: int(rows.sum()) for name, rows in of_kind.items()},
        {name: float(np.sqrt(np.mean(local[rows] ** 2))) for name, rows in of_kind.items() if rows.any()},
        compare_with_truth(project, stack).share_true_cycle,
    )

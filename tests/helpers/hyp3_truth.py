"""A project of HyP3's products against the truth of its simulated stack."""

from dataclasses import dataclass

import numpy as np
from pyproj import Transformer

from stamps.simulation.hyp3_files import TRUTH
from stamps.simulation.truth import unweighted_velocity
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


@dataclass(frozen=True)
class Figures:
    """Per cent of the unwrapped interferograms off by whole cycles, error of the velocity (mm/yr), K against the truth."""

    wrong_cycles: float
    velocity_rms: float
    slope: float
    correlation: float


def compared(project, stack):
    """Figures of a project after step 7; ``stack`` is the folder of the truth."""
    ws, truth = Workspace(project), np.load(stack / TRUTH)
    ps = ws.load("ps2")
    line, sample = _on_the_map(ps["lonlat"], truth)
    of_images = truth["phase"][:, line, sample].T.astype(np.float64)
    first, second = ps["ifgday_ix"].T
    error = ws.load("phuw_sb2")["ph_uw"] - (of_images[:, second] - of_images[:, first])
    error -= np.median(error, axis=0)
    velocity = unweighted_velocity(ws) - truth["velocity"][line, sample]
    velocity -= np.median(velocity)
    per_metre = -4 * np.pi / Parameters(ws).get("lambda") / (ps["mean_range"] * np.sin(ws.load("inc2")["inc"]))
    expected = truth["dem_error"][line, sample] * per_metre
    found = ws.load("scla2")["K_ps_uw"] - np.median(ws.load("scla2")["K_ps_uw"])
    expected -= np.median(expected)
    return Figures(
        100 * float(np.mean(np.abs(error) > np.pi)),
        float(np.sqrt(np.mean(velocity**2))),
        float(found @ expected / (expected @ expected)),
        float(np.corrcoef(found, expected)[0, 1]),
    )


def _on_the_map(lonlat, truth):
    easting, northing = Transformer.from_crs(4326, int(truth["epsg"]), always_xy=True).transform(*lonlat.T)
    west, north = truth["origin"]
    return (
        np.floor((north - northing) / truth["spacing"]).astype(int),
        np.floor((easting - west) / truth["spacing"]).astype(int),
    )

"""One motion of the ground simulated from two geometries, processed from the images on, with its truth."""

import json

import numpy as np

from stamps import mt_prep_snap, setparm, simulate, stamps
from stamps.insar.geometry import llh2local, local2llh

CENTRE = 14.2, 40.8
RADIUS, UP, EAST = 400.0, -20.0, -8.0
STABLE = (*local2llh(np.array([[-0.85, -0.75]]), CENTRE)[0], 250.0)
ALIKE = {
    "lines": 200, "samples": 300, "n_images": 30, "revisit": 24, "ps_density": 0.05, "relief": 100, "water_fraction": 0,
    "bowl_up": UP, "bowl_east": EAST, "bowl_radius": RADIUS,
}  # fmt: skip
GEOMETRIES = (
    {"heading": -13, "incidence": 37, "start_date": 20180108},
    {"heading": -167, "incidence": 41, "start_date": 20180116},
)
QUIET = {"atmosphere": 0, "tropo": 0, "orbit_ramp": 0}


def simulated(folder, number, seed, **changes):
    """A stack of a geometry; returns its master."""
    settings = {**ALIKE, **GEOMETRIES[number], "seed": 2 * seed + number, **changes}
    words = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert simulate.main([str(folder), *words, "--quiet"]) == 0
    return json.loads((folder / "truth.json").read_text())["master"]


def processed(folder, number, seed, dispersion=0.4, **changes):
    """A project after step 8 of a simulated stack in SNAP's layout."""
    stack, project = folder / f"stack{number}", folder / f"project{number}"
    master = simulated(stack, number, seed, **changes)
    if changes.get("network") == "sb":
        project = project / "SMALL_BASELINES"
    project.mkdir(parents=True)
    mt_prep_snap(master, stack, dispersion, 1, 1, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)
    if changes.get("network") == "sb":
        setparm("merge_resample_size", 0, workdir=project)
    stamps(1, 8, workdir=project)
    return project


def truth(lonlat, reference=STABLE):
    """East and up (mm/yr) relative to the mean of a circle."""
    disc = np.stack(np.meshgrid(*[np.linspace(-1, 1, 61)] * 2), axis=-1).reshape(-1, 2) * reference[2] / 1000
    disc = disc[np.hypot(*disc.T) <= reference[2] / 1000]
    return _bowl(lonlat) - _bowl(local2llh(disc, reference[:2])).mean(axis=1, keepdims=True)


def _bowl(lonlat):
    x, y = 1000 * llh2local(lonlat, CENTRE).T
    bell = np.exp(-(x**2 + y**2) / (2 * RADIUS**2))
    return np.stack([EAST * x / RADIUS * np.exp(0.5) * bell, UP * bell])


def still(lonlat):
    """Where the bowl hardly varies within a cell."""
    return np.hypot(*(1000 * llh2local(lonlat, CENTRE)).T) > 2.5 * RADIUS


def squares(motion, keep=slice(None)):
    """Mean square of the deviations over their errors, and rms (mm/yr), of east and up."""
    east, up = truth(motion.lonlat)
    parts = ((motion.east - east, motion.east_std), (motion.up - up, motion.up_std))
    return [(float(np.mean((off / std)[keep] ** 2)), float(np.sqrt(np.mean(off[keep] ** 2)))) for off, std in parts]

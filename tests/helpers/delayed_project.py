"""Small projects whose unwrapped phase holds a known delay that goes with height, for the tests of tropospheric corrections."""

from types import SimpleNamespace

import numpy as np

from helpers import random_project
from stamps.insar.network import design_matrix

SLOPES = np.array([4.0, -7.0, 2.0, 9.0, -3.0, 0.5, 6.0, -5.0]) / 1000  # rad/m of every image


def hills(xy, side, top=900.0):
    """Two hills and some roughness, m."""
    x, y = xy.T / side
    hill = np.exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / 0.03) + 0.7 * np.exp(-((x - 0.75) ** 2 + (y - 0.3) ** 2) / 0.02)
    return top * (hill + 0.05 * np.sin(9 * x) * np.cos(11 * y)) + 100


def make(folder, small_baselines=False, *, n_ps=1500, side=20_000.0, noise=0.3, delay=None, seed=0, **parameters):
    """Workspace and truth: ``height`` (m), ``delay`` (n_ps x n_ifg, rad) and ``slopes`` (rad/m) of the interferograms.

    ``delay`` makes the delay of an image (rad) from heights (m), positions (m) and the image's slope; without it the
    delay is proportional to height.
    """
    n, master = len(SLOPES), 3
    if small_baselines:
        ws = random_project.small_baselines(
            folder, n_ps=n_ps, n_image=n, master_ix=master, side=side, seed=seed, **parameters
        )
    else:
        ws = random_project.single_master(
            folder, n_ps=n_ps, n_ifg=n, master_ix=master, side=side, seed=seed, **parameters
        )
    ps = ws.load("ps2")
    xy = ps["xy"][:, 1:].astype(np.float64)
    height = hills(xy, side)
    images = np.column_stack([(delay or (lambda h, _, k: k * h))(height, xy, k) for k in SLOPES])
    to_ifgs = design_matrix(ps["ifgday_ix"], n) if small_baselines else np.eye(n) - np.eye(n)[master]
    truth = images @ to_ifgs.T
    rng = np.random.default_rng(seed + 1)
    ph_uw = truth + rng.normal(0, noise, truth.shape) + rng.normal(0, 3, truth.shape[1])
    if not small_baselines:
        ph_uw[:, master] = 0
    sb = "_sb" if small_baselines else ""
    ws.save(f"phuw{sb}2", {"ph_uw": ph_uw.astype(np.float32), "msd": np.zeros(truth.shape[1], np.float32)})
    ws.save("hgt2", {"hgt": height})
    return SimpleNamespace(
        ws=ws, height=height, xy=xy, delay=truth, slopes=to_ifgs @ SLOPES, file=f"tca{sb}2", phuw=f"phuw{sb}2"
    )


def add_phase(made, phase):
    """Add something to the unwrapped phase (n_ps x n_ifg, rad)."""
    ph_uw = made.ws.load(made.phuw)["ph_uw"]
    made.ws.save(made.phuw, {"ph_uw": (ph_uw + phase).astype(np.float32)})


def remaining(truth, correction):
    """Share of the variance of a delay that a correction leaves, constants of the interferograms removed."""
    left, whole = truth - correction, truth - truth.mean(axis=0)
    return ((left - left.mean(axis=0)) ** 2).sum() / (whole**2).sum()

"""Small projects made of random numbers, for tests of steps 5 to 8 that need files but no golden set."""

import numpy as np

from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

DAY0 = 737061.0


def single_master(folder, *, n_ps=40, n_ifg=8, master_ix=3, seed=0, side=2000.0, **parameters):
    """Workspace with ``parms psver ps2 bp2`` of a single-master project; dates 12 days apart, pixels sorted by y."""
    ws, rng = _workspace(folder, "n", seed, parameters)
    bperp = rng.uniform(-100, 100, n_ifg).astype(np.float32)
    bperp[master_ix] = 0
    day = DAY0 + 12.0 * np.arange(n_ifg)
    ps = {**_pixels(rng, n_ps, side), "bperp": bperp, "day": day, "master_day": day[master_ix], "master_ix": master_ix}
    ws.save("ps2", {**ps, "n_ifg": n_ifg, "n_image": n_ifg, "n_ps": n_ps})
    others = np.delete(bperp, master_ix)
    ws.save("bp2", {"bperp_mat": (others + rng.normal(0, 0.1, (n_ps, n_ifg - 1))).astype(np.float32)})
    return ws


def small_baselines(folder, *, n_ps=40, n_image=7, master_ix=2, seed=0, side=2000.0, **parameters):
    """Workspace with ``parms psver ps2 bp2`` of a small-baseline project: pairs of first and second neighbours."""
    ws, rng = _workspace(folder, "y", seed, parameters)
    pairs = np.array([(i, j) for i in range(n_image) for j in (i + 1, i + 2) if j < n_image])
    image_bperp = rng.uniform(-100, 100, n_image)
    bperp = image_bperp[pairs[:, 1]] - image_bperp[pairs[:, 0]]
    day = DAY0 + 12.0 * np.arange(n_image)
    ps = {**_pixels(rng, n_ps, side), "bperp": bperp, "day": day, "master_day": day[master_ix], "master_ix": master_ix}
    ps.update(ifgday_ix=pairs, ifgday=day[pairs], n_ifg=len(pairs), n_image=n_image, n_ps=n_ps)
    ws.save("ps2", ps)
    ws.save("bp2", {"bperp_mat": np.tile(bperp, (n_ps, 1)).astype(np.float32)})
    return ws


def _workspace(folder, small_baseline_flag, seed, parameters):
    ws = Workspace(folder)
    ws.path.mkdir(parents=True, exist_ok=True)
    ws.save("psver", {"psver": 2})
    stored = {"small_baseline_flag": small_baseline_flag, "heading": -166.6, "lambda": 0.0555}
    ws.save("parms", {**stored, **{name: _stored(value) for name, value in parameters.items()}})
    Parameters(ws).fill_defaults()
    return ws, np.random.default_rng(seed)


def _stored(value):
    return value if isinstance(value, str) else np.atleast_2d(np.asarray(value, dtype=np.float64))


def _pixels(rng, n_ps, side):
    xy = rng.uniform(0, side, (n_ps, 2)).round(3)
    xy = xy[np.argsort(xy[:, 1])]
    ij = np.column_stack([np.arange(1, n_ps + 1), np.round(xy[:, 1] / 14), np.round(xy[:, 0] / 4)])
    lonlat = np.column_stack([14 + xy[:, 0] / 84000, 40 + xy[:, 1] / 111000])
    table = np.column_stack([np.arange(1, n_ps + 1), xy]).astype(np.float32)
    return {"ij": ij, "lonlat": lonlat, "xy": table, "ll0": np.array([14.01, 40.01])}

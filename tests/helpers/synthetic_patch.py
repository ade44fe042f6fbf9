"""A small synthetic patch after step 2: smooth atmosphere, look-angle errors, stable and random pixels."""

import numpy as np

from stamps.native.clap import butterworth_lowpass
from stamps.workspace import Workspace

N_IFG = 9
MASTER = 4
N_WIN = 16
GRID_SIZE = 50.0
PIXELS_PER_SIDE = 24


def make_patch(directory, *, small_baselines=False, seed=0, **parameters):
    """Write ``ps1 ph1 bp1 pm1 hgt1 la1 psver parms`` and return the workspace and the mask of stable pixels."""
    random = np.random.default_rng(seed)
    ws = Workspace(directory)
    ij = np.argwhere(np.ones((PIXELS_PER_SIDE, PIXELS_PER_SIDE))) * 2
    n = len(ij)
    xy = (ij[:, ::-1] * 20.0 + random.uniform(-4, 4, (n, 2))).astype(np.float32)
    order = np.lexsort((xy[:, 0], xy[:, 1]))
    ij, xy = ij[order], xy[order]
    day = 736000.0 + 24 * np.arange(N_IFG)
    image_bperp = random.normal(0, 80, N_IFG)
    if small_baselines:
        pairs = np.array([(i, j) for i in range(N_IFG) for j in (i + 1, i + 2) if j < N_IFG])
        bperp = image_bperp[pairs[:, 1]] - image_bperp[pairs[:, 0]]
        n_ifg, columns = len(pairs), np.arange(len(pairs))
    else:
        bperp = (image_bperp - image_bperp[MASTER]).astype(np.float32)
        n_ifg, columns = N_IFG, np.delete(np.arange(N_IFG), MASTER)
    stable = random.random(n) < 0.6
    wave = random.normal(0, 1 / 600, (2, n_ifg))
    k_ps = random.normal(0, 0.004, n)
    smooth = xy @ wave
    phase = smooth + np.outer(k_ps, bperp) + random.normal(0, 0.25, (n, n_ifg))
    phase[~stable] = random.uniform(-np.pi, np.pi, ((~stable).sum(), n_ifg))
    ph = np.exp(1j * phase).astype(np.complex64)
    if not small_baselines:
        ph[:, MASTER] = 1
    content = {
        "ij": np.column_stack([np.arange(1, n + 1), ij]).astype(np.float64),
        "xy": np.column_stack([np.arange(1, n + 1), xy]).astype(np.float32),
        "lonlat": xy.astype(np.float64) / 1e5,
        "bperp": bperp,
        "day": day,
        "master_day": day[MASTER],
        "master_ix": MASTER,
        "n_ifg": n_ifg,
        "n_image": N_IFG,
        "n_ps": n,
        "sort_ix": np.arange(n),
        "ll0": np.array([0.2, 0.2]),
        "mean_incidence": 0.6,
        "mean_range": 9e5,
    }
    if small_baselines:
        content |= {"ifgday": day[pairs], "ifgday_ix": pairs}
    ws.save("ps1", content)
    ws.save("ph1", {"ph": ph})
    bperp_mat = np.tile(bperp[columns], (n, 1))
    ws.save("bp1", {"bperp_mat": bperp_mat})
    ws.save("la1", {"la": random.uniform(0.5, 0.7, n)})
    ws.save("hgt1", {"hgt": random.uniform(-5, 100, n)})
    ws.save_raw(
        "parms",
        {
            "Created": "01-Jan-2020",
            "small_baseline_flag": "y" if small_baselines else "n",
            "insar_processor": "snap",
            "clap_win": np.array([[float(N_WIN)]]),
            **{name: value if isinstance(value, str) else np.atleast_2d(value) for name, value in parameters.items()},
        },
    )
    ws.version = 1
    _save_pm(ws, random, ph[:, columns], xy, k_ps, stable, smooth[:, columns], bperp_mat)
    return ws, stable


def _save_pm(ws, random, ph, xy, k_ps, stable, smooth, bperp_mat):
    n, m = ph.shape
    cells = np.floor(xy[:, ::-1] / GRID_SIZE).astype(np.int64)
    cells -= cells.min(axis=0)
    grid = np.zeros((*(cells.max(axis=0) + 1), m), dtype=np.complex64)
    weighted = ph * np.exp(-1j * np.outer(k_ps, np.ones(m)) * bperp_mat) * np.where(stable, 1, 0.05)[:, np.newaxis]
    np.add.at(grid, (cells[:, 0], cells[:, 1]), weighted.astype(np.complex64))
    bins = 0.005 + 0.01 * np.arange(100)
    coherence = np.where(stable, random.uniform(0.8, 0.99, n), random.rayleigh(0.25, n).clip(0.01, 0.9))
    random_counts = np.histogram(random.rayleigh(0.25, 300_000), np.append(bins - 0.005, 1.0))[0].astype(np.float64)
    residual = np.angle(ph * np.exp(-1j * (smooth + k_ps[:, np.newaxis] * bperp_mat)))
    span = bperp_mat[0].max() - bperp_mat[0].min()
    ws.save(
        "pm1",
        {
            "ph_patch": np.exp(1j * smooth).astype(np.complex64),
            "K_ps": k_ps,
            "C_ps": np.zeros(n),
            "coh_ps": coherence,
            "ph_res": residual.astype(np.float32),
            "ph_grid": grid,
            "grid_ij": cells,
            "grid_size": GRID_SIZE,
            "low_pass": butterworth_lowpass(N_WIN, GRID_SIZE, 800),
            "Nr": random_counts,
            "coh_bins": bins,
            "n_trial_wraps": bperp_mat.dtype.type(span * 0.015 / (2 * np.pi)),
        },
    )

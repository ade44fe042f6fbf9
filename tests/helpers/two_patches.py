"""A project of two overlapping patches after step 4."""

import numpy as np

from helpers import random_project

N_IFG = 6
MASTER = 2


def two_patches(folder, **parameters):
    """Project with 60 pixels: patch 1 holds 0 … 39 and owns range samples below 250, patch 2 holds 25 … 59."""
    ws = random_project.single_master(folder, n_ps=60, n_ifg=N_IFG, master_ix=MASTER, **parameters)
    rng = np.random.default_rng(5)
    whole = ws.load("ps2")
    order = np.argsort(whole["ij"][:, 2], kind="stable")
    whole["ij"][:, 2] = 10 * np.arange(60)[np.argsort(order)]  # distinct range samples
    truth = {
        "ph": rng.normal(size=(60, N_IFG, 2)) @ [1, 1j],
        "ph_patch": rng.normal(size=(60, N_IFG - 1, 2)) @ [1, 1j],
        "ph_res": rng.normal(0, 0.5, (60, N_IFG - 1)),
        "K_ps": rng.normal(0, 0.01, 60),
        "C_ps": rng.normal(0, 0.3, 60),
        "coh_ps": rng.uniform(0.5, 1, 60),
        "hgt": rng.uniform(0, 90, 60),
        "la": rng.uniform(0.5, 0.6, 60),
        "bperp": ws.load("bp2")["bperp_mat"],
    }
    for name in ("ps2.mat", "bp2.mat", "psver.mat"):
        (ws.path / name).unlink()
    sample = whole["ij"][:, 2]
    for name, inside, limits in (("PATCH_1", sample < 400, (1, 250)), ("PATCH_2", sample >= 250, (251, 999))):
        fill_patch(ws / name, whole, truth, np.flatnonzero(inside), limits)
    ws.write_text("patch.list", "PATCH_1\nPATCH_2\n")
    return ws, whole, truth


def fill_patch(patch, whole, truth, rows, limits):
    patch.path.mkdir()
    table = {**whole, **{name: whole[name][rows] for name in ("ij", "lonlat", "xy")}, "n_ps": rows.size}
    patch.save("ps2", {**table, "ll0": np.array([rows.size, 1.0])})
    single = {name: values[rows].astype(np.complex64) for name, values in truth.items() if values.dtype.kind == "c"}
    patch.save("ph2", {"ph": single["ph"]})
    patch.save("rc2", {"ph_rc": 3 * single["ph"], "ph_reref": single["ph"]})
    pm = {name: truth[name][rows] for name in ("K_ps", "C_ps", "coh_ps")}
    patch.save("pm2", {**pm, "ph_patch": single["ph_patch"], "ph_res": truth["ph_res"][rows].astype(np.float32)})
    patch.save("bp2", {"bperp_mat": truth["bperp"][rows].astype(np.float64)})
    patch.save("hgt2", {"hgt": truth["hgt"][rows]})
    patch.save("la2", {"la": truth["la"][rows]})
    patch.write_text("patch_noover.in", "\n".join(map(str, (*limits, 1, 9999))) + "\n")

"""Merging of two overlapping patches, with and without resampling."""

import numpy as np
import pytest

from helpers.two_patches import N_IFG, two_patches
from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.legacy.ps_merge_patches import ps_merge_patches
from stamps.steps.merging import MAX_COHERENCE


def test_every_pixel_once_and_its_own_values(tmp_path):
    ws, whole, truth = two_patches(tmp_path)
    (tmp_path / "mean_amp.flt").write_bytes(b"old")
    (tmp_path / "amp_mean.mat").write_bytes(b"old")
    ps_merge_patches(workdir=tmp_path)

    ps = ws.load("ps2")
    assert ps["n_ps"] == 60 and ws.version == 2
    np.testing.assert_array_equal(ps["ij"][:, 0], np.arange(1, 61))
    assert np.all(np.diff(ps["xy"][:, 2]) >= 0) and ps["xy"].dtype == np.float32
    rows = np.array([np.flatnonzero(whole["ij"][:, 2] == sample)[0] for sample in ps["ij"][:, 2]])
    np.testing.assert_array_equal(ps["lonlat"], whole["lonlat"][rows])
    assert ps["ll0"][0] == np.sum(whole["ij"][:, 2] >= 250)  # of the last patch
    rc, pm = ws.load("rc2"), ws.load("pm2")
    ph = truth["ph"][rows].astype(np.complex64)
    np.testing.assert_allclose(rc["ph_rc"], ph / np.abs(ph), rtol=1e-6)
    np.testing.assert_array_equal(rc["ph_reref"], ph)
    for name in ("K_ps", "C_ps", "coh_ps"):
        np.testing.assert_array_equal(pm[name], truth[name][rows])
    np.testing.assert_array_equal(ws.load("hgt2")["hgt"], truth["hgt"][rows])
    bperp = ws.load("bp2")["bperp_mat"]
    assert bperp.dtype == np.float32  # even from double
    np.testing.assert_array_equal(bperp, truth["bperp"][rows])
    ph_uw = ws.load_raw("phuw2")["ph_uw"]  # a placeholder, which nobody takes for a result
    assert ph_uw.shape == (60, N_IFG) and ph_uw.dtype == np.float32 and not ph_uw.any()
    assert ws.load("inc2")["inc"] is None and ws.load_raw("inc2")["inc"].shape == (0, 0)
    assert not (tmp_path / "mean_amp.flt").exists() and not (tmp_path / "amp_mean.mat").exists()
    assert not ws.exists("scla2")
    log = (tmp_path / "STAMPS.log").read_text()
    assert "merge_resample_size=0 " in log and "PS_MERGE_PATCHES Finished" in log


def test_resampled_sums(tmp_path):
    ws, whole, truth = two_patches(tmp_path, merge_resample_size=5000)
    ps_merge_patches(workdir=tmp_path)
    ps, pm, rc = ws.load("ps2"), ws.load("pm2"), ws.load("rc2")
    assert ps["n_ps"] == 2  # one cell for each patch
    assert rc["ph_rc"].dtype == np.complex128 and not ws.exists("phuw2")
    residual = np.column_stack([np.angle(np.exp(1j * (truth["ph_res"] - truth["C_ps"][:, None]))), truth["C_ps"]])
    weight = 1 / np.maximum(residual.var(axis=1, ddof=1), (10 * np.pi / 180) ** 2)
    snr = 1 / (1 / np.minimum(np.abs(np.exp(1j * residual).mean(axis=1)), MAX_COHERENCE) ** 2 - 1)
    for rows in (whole["ij"][:, 2] < 250, whole["ij"][:, 2] >= 250):
        w, s = weight[rows] / weight[rows].sum(), snr[rows]
        merged = np.argmin(np.abs(ps["ij"][:, 2] - w @ whole["ij"][rows, 2]))
        np.testing.assert_array_equal(ps["ij"][merged, 1:], np.round(w @ whole["ij"][rows, 1:]))
        np.testing.assert_allclose(ps["lonlat"][merged], w @ whole["lonlat"][rows], atol=1e-5)
        np.testing.assert_allclose(pm["K_ps"][merged], w @ truth["K_ps"][rows], rtol=1e-4)
        np.testing.assert_allclose(pm["ph_res"][merged], s @ truth["ph_res"][rows], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(ws.load("ph2")["ph"][merged], s @ truth["ph"][rows], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(ws.load("bp2")["bperp_mat"][merged], w @ truth["bperp"][rows], rtol=1e-4)
    np.testing.assert_allclose(np.abs(rc["ph_rc"]), 1)


def test_unwrapped_phases_of_patches_are_levelled(tmp_path):
    ws, whole, _ = two_patches(tmp_path)
    plane = (whole["xy"][:, 1:2] / 100 * np.ones(N_IFG)).astype(np.float32)
    for k, name in enumerate(("PATCH_1", "PATCH_2")):
        patch = ws / name
        inside = np.isin(whole["ij"][:, 2], patch.load("ps2")["ij"][:, 2])
        patch.save("phuw2", {"ph_uw": plane[inside] + np.float32(4 * np.pi * k)})
        estimate = {
            "ph_scla": plane[inside] + k,
            "K_ps_uw": plane[inside, 0] + 5.0 * k,
            "C_ps_uw": plane[inside, 1] - k,
        }
        patch.save("scla2", estimate)
    ps_merge_patches(workdir=tmp_path)
    expected = ws.load("ps2")["ij"][:, 2]
    rows = np.array([np.flatnonzero(whole["ij"][:, 2] == sample)[0] for sample in expected])
    np.testing.assert_allclose(ws.load("phuw2")["ph_uw"], plane[rows], atol=1e-5)
    assert not ws.exists("scla2")  # with overlapping pixels the estimates are not carried over


def test_missing_in_one_patch_is_an_error_and_changes_nothing(tmp_path):
    ws, _, _ = two_patches(tmp_path)
    (ws / "PATCH_2").delete("hgt2.mat")
    with pytest.raises(WorkspaceError, match=r"hgt2\.hgt.*PATCH_2"):
        ps_merge_patches(workdir=tmp_path)
    assert not ws.exists("ps2") and not ws.exists("rc2")


def test_wrong_rows_and_columns_are_named(tmp_path):
    ws, _, _ = two_patches(tmp_path)
    patch = ws / "PATCH_2"
    whole = patch.load("bp2")["bperp_mat"]
    patch.save("bp2", {"bperp_mat": whole[:, 1:]})
    with pytest.raises(WorkspaceError, match=r"PATCH_2/bp2\.mat: variable 'bperp_mat' is 35 x 4"):
        ps_merge_patches(workdir=tmp_path)
    patch.save("bp2", {"bperp_mat": whole[1:]})
    with pytest.raises(WorkspaceError, match=f"is {len(whole) - 1} x 5"):
        ps_merge_patches(workdir=tmp_path)


def test_nothing_to_merge(tmp_path):
    ws, _, _ = two_patches(tmp_path, merge_resample_size=100, merge_standard_dev=1e-3)
    with pytest.raises(NoPixelsError, match="merge_standard_dev"):
        ps_merge_patches(workdir=tmp_path)
    ws.write_text("patch.list", "")
    with pytest.raises(NoPixelsError, match="no patches"):
        ps_merge_patches(workdir=tmp_path)


def test_damaged_limits_and_nan(tmp_path):
    ws, _, _ = two_patches(tmp_path, merge_resample_size=100)
    patch = ws / "PATCH_1"
    pm = patch.load("pm2")
    patch.save("pm2", {"C_ps": np.full_like(pm["C_ps"], np.nan)})
    with pytest.raises(WorkspaceError, match="PATCH_1.*NaN"):
        ps_merge_patches(workdir=tmp_path)
    patch.write_text("patch_noover.in", "1 two")
    with pytest.raises(InputError, match="four numbers"):
        ps_merge_patches(workdir=tmp_path)

"""Noise level of interferograms."""

import numpy as np

from helpers import random_project
from stamps.insar.phase import phasor
from stamps.legacy.ps_calc_ifg_std import phase_std, ps_calc_ifg_std


def test_root_mean_square_about_zero():
    noise = np.array([[0.1, 0.3], [-0.1, 0.3]], np.float32)
    std = phase_std(phasor(noise), np.ones((2, 2), np.complex64), np.zeros(2), None, np.zeros((2, 2)))
    assert std.dtype == np.float32
    np.testing.assert_allclose(std, np.degrees([0.1, 0.3]), rtol=1e-6)


def test_model_is_removed_and_nan_spreads_over_its_interferogram():
    bperp = np.array([[10.0, -20.0, 0.0]] * 4)
    k, c = np.array([0.01, -0.02, 0.0, 0.03]), np.array([0.5, -1, 2, 3])
    model = k[:, None] * bperp + c[:, None]
    ph = np.exp(1j * model).astype(np.complex64)
    np.testing.assert_allclose(phase_std(ph, np.ones_like(ph), k, c, bperp), 0, atol=1e-4)
    ph[1, 2] = np.nan
    assert np.isnan(phase_std(ph, np.ones_like(ph), k, c, bperp)).tolist() == [False, False, True]


def test_master_gets_the_wrapped_offset(tmp_path, capsys):
    ws = random_project.single_master(tmp_path, n_ps=20, n_ifg=5, master_ix=1)
    ws.save("ph2", {"ph": np.ones((20, 5), np.complex64)})
    c = np.full(20, 2 * np.pi + 0.2)
    ws.save("pm2", {"K_ps": np.zeros(20), "C_ps": c, "ph_patch": np.ones((20, 4), np.complex64)})
    ps_calc_ifg_std(workdir=tmp_path)
    np.testing.assert_allclose(ws.load("ifgstd2")["ifg_std"], np.degrees(0.2), rtol=1e-5)
    assert ws.load_raw("ifgstd2")["ifg_std"].shape == (5, 1)
    assert capsys.readouterr().out.count("11.46") == 5


def test_phase_may_stand_in_the_pixel_table(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=6)
    n_ifg = ws.load("ps2")["n_ifg"]
    ws.save("ps2", {"ph": phasor(np.full((6, n_ifg), 0.1, np.float32))})
    ws.save("pm2", {"K_ps": np.zeros(6), "C_ps": np.zeros(6), "ph_patch": np.ones((6, n_ifg), np.complex64)})
    ps_calc_ifg_std(workdir=tmp_path)
    np.testing.assert_allclose(ws.load("ifgstd2")["ifg_std"], np.degrees(0.1), rtol=1e-6)

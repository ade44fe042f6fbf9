"""Correction of the look-angle error and master noise in a patch."""

import numpy as np

from helpers import random_project
from stamps.insar.phase import phasor
from stamps.legacy.ps_correct_phase import corrected_phase, ps_correct_phase


def test_single_master(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=30, n_ifg=6, master_ix=2)
    rng = np.random.default_rng(1)
    k, c = rng.normal(0, 0.01, 30), rng.uniform(-3, 3, 30)
    bperp = np.insert(ws.load("bp2")["bperp_mat"], 2, 0, axis=1).astype(np.float64)
    amplitude = rng.uniform(1, 9, (30, 6))
    signal = np.exp(1j * (k[:, None] * bperp + c[:, None])) * amplitude
    signal[:, 2] = 1
    ws.save("ph2", {"ph": signal.astype(np.complex64)})
    patch = phasor(rng.uniform(-3, 3, (30, 5)).astype(np.float32))
    ws.save("pm2", {"K_ps": k, "C_ps": c, "ph_patch": patch})
    ps_correct_phase(workdir=tmp_path)

    rc = ws.load("rc2")
    assert rc["ph_rc"].dtype == rc["ph_reref"].dtype == np.complex64
    others = np.delete(np.arange(6), 2)
    np.testing.assert_allclose(rc["ph_rc"][:, others], amplitude[:, others], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(rc["ph_rc"][:, 2], np.exp(-1j * c), atol=1e-6)  # the master gets the noise itself
    np.testing.assert_array_equal(rc["ph_reref"][:, 2], 1)
    np.testing.assert_array_equal(rc["ph_reref"][:, others], patch)


def test_small_baselines_leave_the_static_offset(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=10)
    bperp = ws.load("bp2")["bperp_mat"]
    k = np.linspace(-0.02, 0.02, 10)
    ws.save("ph2", {"ph": phasor((k[:, None] * bperp).astype(np.float32) + np.float32(0.5))})
    ws.save("pm2", {"K_ps": k, "C_ps": np.ones(10), "ph_patch": np.ones(bperp.shape, np.complex64)})
    ws.save("rc2", {"ph_reref": np.ones((10, 2), np.complex64)})
    ps_correct_phase(workdir=tmp_path)
    rc = ws.load("rc2")
    assert list(rc) == ["ph_rc"]  # written anew
    np.testing.assert_allclose(np.angle(rc["ph_rc"]), 0.5, atol=1e-6)


def test_nothing_to_correct():
    ph = np.full((2, 3), 2 + 1j, np.complex64)
    np.testing.assert_array_equal(corrected_phase(ph, np.zeros(2), np.zeros(2), np.ones((2, 3))), ph)

"""Exports as text and binary files."""

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.finished_project import MILLIMETRES, WAVELENGTH
from stamps.errors import WorkspaceError
from stamps.legacy.K2q import K2q
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_output import clipped, ps_output
from stamps.legacy.ps_plot import ps_plot
from stamps.products.ascii import DOUBLE, SINGLE, write_columns
from stamps.workspace.parameters import Parameters


@pytest.fixture
def ws(tmp_path):
    ws = finished.single_master(tmp_path)
    Parameters(ws).set("lambda", WAVELENGTH)
    ps_plot("v-d", -1, workdir=ws)
    return ws


def table(ws, name):
    return np.loadtxt(ws.path / name)


def test_formats(tmp_path):
    write_columns(tmp_path / "x", [[1.5, np.nan, -np.inf], [-2e-5, 3, np.inf]], SINGLE * 2)
    assert (tmp_path / "x").read_text() == (
        "   1.5000000e+00  -2.0000000e-05\n             NaN   3.0000000e+00\n            -Inf             Inf\n"
    )
    write_columns(tmp_path / "x", [[20180108.0]], DOUBLE)
    assert (tmp_path / "x").read_text() == "   2.0180108000000000e+07\n"


def test_long_columns_are_written_in_pieces(tmp_path):
    numbers = np.arange(120_001.0)
    write_columns(tmp_path / "x", [numbers], "%.0f")
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "x"), numbers)


def test_files(ws):
    ps_output(workdir=ws)
    ps, phase = ws.load("ps2"), ws.load("phuw2")["ph_uw"]
    scla, ph_rc = ws.load("scla2"), ws.load("rc2")["ph_rc"]
    np.testing.assert_array_equal(table(ws, "ps_ij.txt"), ps["ij"][:, 1:])
    np.testing.assert_allclose(table(ws, "ps_ll.txt"), ps["lonlat"], rtol=1e-7)
    assert table(ws, "date.txt")[:2].tolist() == [20180101, 20180113]
    ph_uw = np.fromfile(ws.path / "ph_uw.flt", np.float32).reshape(60, 9)
    np.testing.assert_allclose(ph_uw, phase - phase.mean(axis=0), atol=2e-6)
    ph_w = np.fromfile(ws.path / "ph_w.flt", np.float32).reshape(60, 9)
    expected = np.angle(ph_rc * ph_rc.sum(axis=0).conj())
    expected[:, 3] = 0
    np.testing.assert_allclose(ph_w, expected, atol=2e-5)
    error = K2q(scla["K_ps_uw"] - scla["K_ps_uw"].mean(), ps["ij"][:, 2])
    error -= error.mean()
    np.testing.assert_allclose(table(ws, "dem_error.xy")[:, 2], clipped(error), rtol=1e-6, atol=1e-7)
    velocity = ws.load_raw("ps_plot_v-d")["ph_disp"][:, 0]
    np.testing.assert_allclose(table(ws, "ps_mean_v.xy")[:, 2], velocity, rtol=1e-6, atol=1e-4)
    data = table(ws, "ps_data.xy")
    assert not data[:, 3].any() and not ws.has_file("ps_mean_v_std.xy")
    np.testing.assert_allclose(data[:, 2], velocity, atol=1e-4)
    np.testing.assert_allclose(data[:, 4], error, atol=1e-4)
    motion = phase.astype(float) - scla["ph_scla"] - scla["C_ps_uw"][:, None]
    for image in range(9):
        expected = -(motion - motion.mean(axis=0))[:, image] * MILLIMETRES
        np.testing.assert_allclose(table(ws, f"ps_u-dm.{image + 1}.xy")[:, 2], expected, atol=1e-4)


def test_reference_velocity(ws):
    ps_output(workdir=ws)
    before = table(ws, "ps_mean_v.xy")[:, 2]
    Parameters(ws).set("ref_velocity", 0.004)
    ps_output(workdir=ws)
    np.testing.assert_allclose(table(ws, "ps_mean_v.xy")[:, 2], before + 4, atol=1e-4)


def test_standard_deviations_stand_in_for_the_velocity(ws):
    ps_mean_v(workdir=ws)
    std = ws.load("mv2")["mean_v_std"]
    ps_output(workdir=ws)
    np.testing.assert_allclose(table(ws, "ps_mean_v_std.xy")[:, 2], clipped(std), rtol=1e-6)
    np.testing.assert_allclose(table(ws, "ps_data.xy")[:, 2], clipped(std), atol=1e-4)


def test_corrected(ws):
    ps_mean_v(workdir=ws)
    height = ws.load("hgt2")["hgt"]
    height[:20] = 0
    ws.save("hgt2", {"hgt": height})
    ps_output(True, workdir=ws)
    data = table(ws, "ps_data.xy")
    np.testing.assert_allclose(data[:, 3], height, atol=1e-4)
    np.testing.assert_allclose(data[:20, 4].mean(), 0, atol=1e-4)
    np.testing.assert_allclose(data[:, 2], table(ws, "ps_mean_v.xy")[:, 2], atol=1e-4)
    ws.save("hgt2", {"hgt": height + 1})
    ps_output(True, workdir=ws)  # no pixel at height zero
    assert np.isfinite(table(ws, "ps_data.xy")[:, 4]).all()


def test_a_single_reference_pixel_gives_one_mean_over_all_interferograms(ws):
    ps = ws.load("ps2")
    Parameters(ws).set("ref_centre_lonlat", ps["lonlat"][30])
    Parameters(ws).set("ref_radius", 1)
    ps_output(workdir=ws)
    phase = ws.load("phuw2")["ph_uw"]
    ph_uw = np.fromfile(ws.path / "ph_uw.flt", np.float32).reshape(60, 9)
    np.testing.assert_allclose(ph_uw, phase - phase[30].mean(), atol=2e-6)


def test_no_reference(ws):
    Parameters(ws).set("ref_radius", -np.inf)
    ps_output(workdir=ws)
    ph_uw = np.fromfile(ws.path / "ph_uw.flt", np.float32).reshape(60, 9)
    np.testing.assert_array_equal(ph_uw, ws.load("phuw2")["ph_uw"])


def test_small_baselines(tmp_path):
    ws = finished.small_baselines(tmp_path)
    ps_plot("V", -1, workdir=ws)
    ps_output(workdir=ws)
    ph_w = np.fromfile(ws.path / "ph_w.flt", np.float32).reshape(60, 11)
    assert not ph_w[:, 2].any() and np.delete(ph_w, 2, axis=1).all()
    assert len(list(ws.path.glob("ps_u-dm.*.xy"))) == 7


def test_ranks_of_clipping():
    values = np.random.default_rng(0).permutation(np.arange(2000.0))
    assert (clipped(values).min(), clipped(values).max()) == (1, 1997)
    assert clipped(np.array([5.0])).tolist() == [5.0]
    assert clipped(np.array([3.0, 1.0])).tolist() == [1.0, 1.0]


def test_velocity_is_missing_or_foreign(tmp_path):
    ws = finished.single_master(tmp_path)
    with pytest.raises(WorkspaceError, match="plot the velocity"):
        ps_output(workdir=ws)
    ws.save("mean_v", {"m": np.zeros((2, 5))})
    with pytest.raises(WorkspaceError, match="for 5 pixels, but there are 60"):
        ps_output(workdir=ws)
    assert not ws.has_file("ps_ij.txt")

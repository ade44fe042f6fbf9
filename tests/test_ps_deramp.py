"""Ramps."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import ParameterError
from stamps.insar.ramps import ramp_design
from stamps.insar.regions import inside_polygon
from stamps.legacy.ps_deramp import ps_deramp
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


@pytest.fixture
def ps(tmp_path):
    return random_project.single_master(tmp_path / "p").load("ps2")


@pytest.mark.parametrize(("degree", "n_term"), [(0, 1), (0.4, 2), (0.6, 2), (1, 3), (1.5, 4), (2, 4), (2.5, 6), (3, 8)])
def test_a_surface_of_the_degree_is_removed(ps, degree, n_term, tmp_path):
    design = ramp_design(ps["xy"], degree)
    assert design.shape == (40, n_term) and np.all(design[:, -1] == 1)
    surface = design @ np.random.default_rng(0).normal(size=(n_term, 2))
    deramped, ramp = ps_deramp(ps, surface, degree, workdir=tmp_path)
    np.testing.assert_allclose(ramp, surface, atol=1e-9)
    np.testing.assert_allclose(deramped, 0, atol=1e-9)


def test_columns_in_their_order(ps):
    x, y = ps["xy"][:, 1].astype(float) / 1000, ps["xy"][:, 2].astype(float) / 1000
    three = ramp_design(ps["xy"], 3)
    np.testing.assert_allclose(three[:, :-1].T, [x**3, y**3, x**2 * y, y**2 * x, x**2, y**2, x * y], rtol=1e-5)
    np.testing.assert_allclose(ramp_design(ps["xy"], 2)[:, :-1].T, [x**2, y**2, x * y], rtol=1e-5)
    np.testing.assert_allclose(ramp_design(ps["xy"], 2.5)[:, :-1].T, [x**2, y**2, x * y, x, y], rtol=1e-5)
    np.testing.assert_allclose(ramp_design(ps["xy"], 0.4)[:, 0], x, rtol=1e-6)
    np.testing.assert_allclose(ramp_design(ps["xy"], 0.6)[:, 0], y, rtol=1e-6)


def test_classes_nan_and_zero_columns(ps, tmp_path):
    rng = np.random.default_rng(1)
    phase = rng.normal(size=(40, 4)).astype(np.float32)
    phase[3, 0] = np.nan
    phase[:, 1] = 0
    phase[5:, 2] = np.nan  # five valid pixels are too few
    deramped, ramp = ps_deramp(ps, phase, workdir=tmp_path)
    assert deramped.dtype == np.float32 and ramp.dtype == np.float64
    assert not ramp[:, 1].any() and np.isnan(ramp[:, 2]).all() and np.isfinite(ramp[:, 0]).all()
    np.testing.assert_array_equal(deramped[:, 2], phase[:, 2])
    assert np.isnan(deramped[:, 0]).sum() == 1
    np.testing.assert_allclose(np.nanmean(deramped[:, [0, 3]], axis=0), 0, atol=1e-6)


def test_degree_of_the_directory_and_unknown_degrees(ps, tmp_path):
    ws = Workspace(tmp_path)
    surface = ramp_design(ps["xy"], 2) @ np.array([[1.0], [2], [3], [4]])
    ws.save("deramp_degree", {"degree": np.array([[2.0]])})
    np.testing.assert_allclose(ps_deramp(ps, surface, workdir=ws)[0], 0, atol=1e-9)
    with pytest.raises(ParameterError, match="4"):
        ps_deramp(ps, surface, 4, workdir=ws)


def test_degree_of_the_parameter_stands_behind_that_of_the_file(ps, tmp_path):
    ws = Workspace(tmp_path / "p")
    surface = ramp_design(ps["xy"], 2.5) @ np.arange(1.0, 7)[:, np.newaxis]
    Parameters(ws).set("deramp_degree", 2.5)
    np.testing.assert_allclose(ps_deramp(ps, surface, workdir=ws)[0], 0, atol=1e-9)
    ws.save("deramp_degree", {"degree": np.array([[0.0]])})
    np.testing.assert_allclose(ps_deramp(ps, surface, workdir=ws)[0], surface - surface.mean(), atol=1e-9)


def test_a_bowl_inside_the_mask_does_not_bend_the_ramp(ps, tmp_path):
    ws = Workspace(tmp_path / "p")
    lon, lat = ps["lonlat"].T
    box = np.array([[lon.min() - 1, lat.min() - 1], [np.median(lon), lat.min() - 1], [np.median(lon), lat.max() + 1],
                    [lon.min() - 1, lat.max() + 1]])  # fmt: skip
    inside = inside_polygon(ps["lonlat"], box)
    assert 0 < inside.sum() < len(lon)
    surface = ramp_design(ps["xy"], 1) @ np.array([[1.0], [-2], [3]])
    phase = surface + np.where(inside, -20.0, 0)[:, np.newaxis]
    without_mask = ps_deramp(ps, phase, workdir=ws)[1]
    assert np.abs(without_mask - surface).max() > 1
    Parameters(ws).set("deramp_mask_lon", box[:, 0])
    Parameters(ws).set("deramp_mask_lat", box[:, 1])
    deramped, ramp = ps_deramp(ps, phase, workdir=ws)
    np.testing.assert_allclose(ramp, surface, atol=1e-9)
    np.testing.assert_allclose(deramped[:, 0], np.where(inside, -20.0, 0), atol=1e-9)


@pytest.mark.parametrize(
    ("lon", "lat"), [([1, 2, 3], [1, 2]), ([1, 2], [1, 2]), ([], [1, 2, 3]), ([1, 2, np.inf], [1, 2, 3])]
)
def test_a_mask_that_is_no_polygon(ps, tmp_path, lon, lat):
    ws = Workspace(tmp_path / "p")
    Parameters(ws).set("deramp_mask_lon", np.array(lon, float))
    Parameters(ws).set("deramp_mask_lat", np.array(lat, float))
    with pytest.raises(ParameterError, match="corners of one polygon"):
        ps_deramp(ps, np.zeros((40, 1)), workdir=ws)


def test_a_mask_that_leaves_nothing_to_fit(ps, tmp_path):
    ws = Workspace(tmp_path / "p")
    west, south = ps["lonlat"].min(axis=0) - 0.1
    east, north = ps["lonlat"].max(axis=0) + 0.1
    Parameters(ws).set("deramp_mask_lon", np.array([west, east, east, west]))
    Parameters(ws).set("deramp_mask_lat", np.array([south, south, north, north]))
    with pytest.raises(ParameterError, match="0 of 40 pixels lie outside"):
        ps_deramp(ps, np.zeros((40, 1)), workdir=ws)

"""Reference pixels."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import ParameterError
from stamps.insar.geometry import llh2local
from stamps.legacy.ps_setref import ps_setref
from stamps.workspace.parameters import Parameters


@pytest.fixture
def ws(tmp_path):
    return random_project.single_master(tmp_path, n_ps=200)


def test_default_is_every_pixel(ws):
    assert ps_setref(workdir=ws).tolist() == list(range(200))


def test_box_is_open(ws):
    lonlat = ws.load("ps2")["lonlat"]
    inner = np.sort(lonlat[:, 0])[[20, 60]]
    Parameters(ws).set("ref_lon", inner)
    reference = ps_setref(workdir=ws)
    assert reference.size == 39
    assert np.all((lonlat[reference, 0] > inner[0]) & (lonlat[reference, 0] < inner[1]))


def test_circle(ws):
    ps = ws.load("ps2")
    centre = ps["lonlat"][100]
    Parameters(ws).set("ref_centre_lonlat", centre)
    Parameters(ws).set("ref_radius", 300)
    local = llh2local(ps["lonlat"], ps["ll0"]) - llh2local(centre[np.newaxis], ps["ll0"])
    expected = np.flatnonzero(np.hypot(*local.T) * 1000 <= 300)
    assert 100 in expected and 1 < expected.size < 100
    np.testing.assert_array_equal(ps_setref(workdir=ws), expected)


def test_local_box_counts_before_everything_else(ws):
    parameters = Parameters(ws)
    parameters.set("ref_radius", -np.inf)
    parameters.set("ref_x", [100, 900], flag=1)
    parameters.set("ref_y", [0, 500], flag=1)
    xy = ws.load("ps2")["xy"]
    expected = np.flatnonzero((xy[:, 1] > 100) & (xy[:, 1] < 900) & (xy[:, 2] > 0) & (xy[:, 2] < 500))
    np.testing.assert_array_equal(ps_setref(workdir=ws), expected)


def test_no_reference(ws):
    Parameters(ws).set("ref_radius", -np.inf)
    assert ps_setref(workdir=ws) is None


def test_empty_area_names_the_parameters(ws):
    Parameters(ws).set("ref_lon", [100, 101])
    with pytest.raises(ParameterError, match="ref_lon, ref_lat, ref_centre_lonlat and ref_radius"):
        ps_setref(workdir=ws)


def test_points_of_another_data_set(ws):
    Parameters(ws).set("ref_lon", [14.0, 14.5])
    points = {"lonlat": np.array([[14.2, 40], [15, 40], [14.3, 41]])}
    assert ps_setref(points, workdir=ws).tolist() == [0, 2]
    assert ps_setref({"lonlat": points["lonlat"][1:2]}, workdir=ws).tolist() == [0]  # none inside: all

"""Truth: tropospheric corrections of a simulated stack whose images hold a delay of 15 rad/km (one standard deviation)."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.interpolate import NearestNDInterpolator

from helpers.gacos_maps import write_map
from stamps import aps_gacos, aps_linear, aps_powerlaw, mt_prep_snap, ps_calc_scla, ps_plot, setparm, simulate, stamps
from stamps.matlab.dates import to_yyyymmdd
from stamps.simulation.truth import _matched
from stamps.workspace import Workspace


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """The project after step 7 without a correction, and the truth at those of its pixels that are scatterers."""
    folder = tmp_path_factory.mktemp("tropo")
    stack, project = folder / "stack", folder / "project"
    project.mkdir()
    relief = ["--relief", "600", "--max-slope", "0.7", "--tropo", "15", "--atmosphere", "0.2"]
    simulate.main([str(stack), "--preset", "ps_small", "--seed", "1", "--quiet", *relief])
    master = json.loads((stack / "truth.json").read_text())["master"]
    mt_prep_snap(master, stack, 0.4, 1, 1, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)
    stamps(1, 7, workdir=project)
    truth = np.load(stack / "truth.npz")
    rows, scatterers = _matched(Workspace(project).load("ps2")["ij"], truth)
    m = int(truth["master_ix"])
    return SimpleNamespace(
        stack=stack,
        project=project,
        master=master,
        truth=truth,
        rows=rows,
        m=m,
        velocity=truth["ps_v_los"][scatterers],
        delay=(truth["ps_phase_tropo"] - truth["ps_phase_tropo"][m])[:, scatterers].T,
    )


@pytest.fixture
def stack(processed, tmp_path):
    """A copy to work on."""
    shutil.copytree(processed.project, tmp_path / "project")
    return SimpleNamespace(**{**vars(processed), "ws": Workspace(tmp_path / "project")})


def remaining(stack, correction):
    """Share of the variance of the true delay that a correction leaves."""
    left = np.delete(stack.delay - correction[stack.rows], stack.m, axis=1)
    whole = np.delete(stack.delay, stack.m, axis=1)
    return ((left - left.mean(axis=0)) ** 2).sum() / ((whole - whole.mean(axis=0)) ** 2).sum()


def velocity_error(stack, *arguments):
    """Rms in mm/yr of a velocity that ps_plot saves, medians removed."""
    ps_plot(arguments[0], -1, *arguments[1:], workdir=stack.ws)
    velocity = stack.ws.load_raw(f"ps_plot_{arguments[0]}")["ph_disp"][stack.rows, 0]
    error = (velocity - np.median(velocity)) - (stack.velocity - np.median(stack.velocity))
    return np.sqrt((error**2).mean())


def test_linear_correction_from_the_estimate_to_the_velocity(stack):
    """Measured: 0.34 % of the delay's variance stays; velocities 6.17 mm/yr without, 4.33 mm/yr with the correction."""
    aps_linear(workdir=stack.ws)
    assert remaining(stack, stack.ws.load("tca2")["ph_tropo_linear"]) < 0.01
    before = velocity_error(stack, "v-d")
    setparm("subtr_tropo", "y", workdir=stack.ws)
    setparm("tropo_method", "a_linear", workdir=stack.ws)
    stamps(6, 7, workdir=stack.ws.path)
    after = velocity_error(stack, "v-da", "a_linear")
    assert before > 6.0 and after < 4.5
    aps_linear(workdir=stack.ws)  # what the new look-angle error leaves is the same
    assert remaining(stack, stack.ws.load("tca2")["ph_tropo_linear"]) < 0.01


def test_subtracting_the_whole_look_angle_error_first_loses_much_of_the_delay(stack):
    """Measured: 18 % of the variance stays, because the look-angle error has taken up what varies with the baseline."""
    aps_linear(scla="all", workdir=stack.ws)
    assert 0.1 < remaining(stack, stack.ws.load("tca2")["ph_tropo_linear"]) < 0.3


def test_power_law_on_a_linear_delay(stack):
    """Measured: 1.8 % of the variance stays (the scene is too small for windows, and the delay is no power law)."""
    aps_powerlaw(workdir=stack.ws)
    assert remaining(stack, stack.ws.load("tca2")["ph_tropo_powerlaw"]) < 0.03


def test_delay_maps(stack, tmp_path):
    """Maps of the simulated delay, 20 m apart, in place of GACOS': only the interpolation stays."""
    truth, ws = stack.truth, stack.ws
    shape = truth["pixel_class"].shape

    def raster(name):
        return np.fromfile(stack.stack / "geo" / f"{stack.master}{name}", ">f4").reshape(shape).astype(np.float64)

    lon, lat, dem = raster(".lon"), raster(".lat"), raster("_dem.rdc")
    step = 0.0002
    first_lon, first_lat = lon.min() - 3 * step, lat.max() + 3 * step
    n_col, n_row = int(np.ptp(lon) / step) + 7, int(np.ptp(lat) / step) + 7
    rows, cols = np.indices((n_row, n_col))
    nodes = np.column_stack([(first_lon + cols * step).ravel(), (first_lat - rows * step).ravel()])
    scale = [1, 1 / np.cos(np.radians(lat.mean()))]
    nearest = NearestNDInterpolator(np.column_stack([lon.ravel(), lat.ravel()]) * scale, dem.ravel())
    heights = nearest(nodes * scale).reshape(n_row, n_col)
    wavelength = json.loads((stack.stack / "truth.json").read_text())["wavelength"]
    metres_per_radian = wavelength / (4 * np.pi) * np.cos(truth["incidence"].mean())
    for date, slope in zip(to_yyyymmdd(ws.load("ps2")["day"]), truth["tropo"] / 1000, strict=True):
        write_map(tmp_path / "maps", date, 2.3 + slope * heights * metres_per_radian, first_lon, first_lat, step)
    correction = aps_gacos(tmp_path / "maps", workdir=ws)
    assert remaining(stack, correction) < 0.01 and remaining(stack, -correction) > 3.8


def test_step_6_and_7_equal_subtraction_by_hand(stack, tmp_path):
    aps_linear(workdir=stack.ws)
    correction = stack.ws.load("tca2")["ph_tropo_linear"]
    shutil.copytree(stack.ws.path, tmp_path / "by_hand")
    hand = Workspace(tmp_path / "by_hand")
    ph_rc = hand.load("rc2")["ph_rc"]
    hand.save("rc2", {"ph_rc": (ph_rc * np.exp(-1j * correction)).astype(np.complex64)})
    setparm("subtr_tropo", "y", workdir=stack.ws)
    for ws in (stack.ws, hand):
        stamps(6, 6, workdir=ws.path)
    difference = stack.ws.load("phuw2")["ph_uw"] - (hand.load("phuw2")["ph_uw"] + correction)
    assert np.mean(np.abs(difference) < 1e-3) > 0.9995 and np.abs(difference).mean() < 1e-3
    for ws, ph_uw in ((stack.ws, None), (hand, stack.ws.load("phuw2")["ph_uw"] - correction)):
        if ph_uw is not None:
            ws.save("phuw2", {"ph_uw": ph_uw})
        ps_calc_scla(0, 1, workdir=ws)
    np.testing.assert_allclose(stack.ws.load("scla2")["K_ps_uw"], hand.load("scla2")["K_ps_uw"], atol=1e-7)
    assert np.std(correction) > 1

"""Step 6 as a whole."""

import numpy as np
import pytest

from stamps.errors import ExternalProgramError, InputError
from stamps.legacy import uw_stat_costs
from stamps.legacy.ps_unwrap import ps_unwrap, star_pairs, trial_wraps
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameters import Parameters

CYCLE = 2 * np.pi


def files(ws):
    return {path.name: path.read_bytes() for path in ws.path.glob("*.mat")}


def test_geometry():
    np.testing.assert_array_equal(star_pairs(3, 1), [[1, 0], [1, 1], [1, 2]])
    wraps = trial_wraps(np.array([-100.0, 0, 150]), np.radians(30), 20, 0.0555)
    np.testing.assert_allclose(wraps, 250 * 20 * 4 * np.pi / (0.0555 * 830000 * 0.5) / CYCLE)


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_single_master_stack(golden_state, golden_dir, monkeypatch, solver):
    """``msd`` of the flow counts no rounding noise (stamps/verify/unwrapped.py compares it)."""
    monkeypatch.setenv("STAMPS_UNWRAP", solver)
    ws = Workspace(golden_state("ps_mini", 5))
    ps_unwrap(ws)
    expected = Workspace(golden_dir("ps_mini") / "step6").load("phuw2")
    result = ws.load("phuw2")
    np.testing.assert_allclose(result["ph_uw"], expected["ph_uw"], atol=3e-6)
    if solver == "snaphu":
        np.testing.assert_allclose(result["msd"], expected["msd"], rtol=0.02)
    raw = ws.load_raw("phuw2")
    assert raw["ph_uw"].dtype == raw["msd"].dtype == np.float32
    assert not raw["ph_uw"][:, ws.load("ps2")["master_ix"]].any()
    log = (ws.path / "STAMPS.log").read_text().splitlines()[-20:]
    wanted = (golden_dir("ps_mini") / "step6" / "STAMPS.log").read_text().splitlines()[-21:-1]
    assert [line[21:] for line in log] == [line[21:] for line in wanted]


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_results_do_not_depend_on_the_number_of_workers(golden_state, monkeypatch, solver):
    monkeypatch.setenv("STAMPS_UNWRAP", solver)
    results = []
    for n_cores in (1, 2, 5):
        ws = Workspace(golden_state("sb_full", 5))
        Parameters(ws).set("n_cores", n_cores)
        ps_unwrap(ws)
        left = {path.name: path.read_bytes() for path in ws.path.glob("snaphu.o*")}
        assert bool(left) == (solver == "snaphu")
        results.append((matfile.read(ws.path / "phuw_sb2.mat"), left))
    for result, left in results[1:]:
        np.testing.assert_array_equal(result["ph_uw"], results[0][0]["ph_uw"])
        np.testing.assert_array_equal(result["msd"], results[0][0]["msd"])
        assert left == results[0][1]


def test_dropped_interferograms_are_zero(golden_state):
    ws = Workspace(golden_state("sb_full", 5))
    Parameters(ws).set("drop_ifg_index", np.array([2.0, 9.0]))
    ps_unwrap(ws)
    result = ws.load("phuw_sb2")
    unused = np.flatnonzero(~result["ph_uw"].any(axis=0))
    np.testing.assert_array_equal(unused, [1, 8])
    np.testing.assert_array_equal(np.flatnonzero(result["msd"] == 0), [1, 8])
    assert ws.load("uw_grid")["n_ifg"] == 19


def test_scla_of_another_selection_is_deleted(golden_state):
    ws = Workspace(golden_state("sb_full", 5))
    ws.save("scla_smooth_sb2", {"K_ps_uw": np.zeros(3), "C_ps_uw": np.zeros(3), "ph_ramp": None, "ph_scla": None})
    ps_unwrap(ws)
    assert not ws.exists("scla_smooth_sb2") and ws.exists("phuw_sb2")


def test_subtracted_terms_come_back(golden_state):
    results = []
    for tropo in (False, True):
        ws = Workspace(golden_state("sb_full", 5))
        ps = ws.load("ps2")
        k_ps_uw = np.full(ps["n_ps"], 0.002)
        ramp = np.outer(ps["xy"][:, 1], np.linspace(-1, 1, 21)) / 4000
        ws.save("scla_smooth_sb2", {"K_ps_uw": k_ps_uw, "C_ps_uw": 0 * k_ps_uw, "ph_ramp": ramp, "ph_scla": None})
        Parameters(ws).set("scla_deramp", "y")
        if tropo:
            ws.save("tca_sb2", {"ph_tropo_linear": ramp})
            Parameters(ws).set("subtr_tropo", "y")
        ps_unwrap(ws)
        results.append(ws.load("phuw_sb2")["ph_uw"])
    plain = Workspace(golden_state("sb_full", 5))
    ps_unwrap(plain)
    reference = plain.load("phuw_sb2")["ph_uw"]
    for result in results:
        cycles = (result - reference) / CYCLE
        np.testing.assert_allclose(cycles, np.round(cycles), atol=1e-5)


def test_good_values_are_held(golden_state):
    ws = Workspace(golden_state("sb_full", 6))
    before = ws.load("phuw_sb2")["ph_uw"]
    damaged = before.copy()
    damaged[:40, 3] += np.float32(CYCLE)  # forty pixels slip in one interferogram
    ws.save("phuw_sb2", {"ph_uw": damaged})
    Parameters(ws).set("unwrap_hold_good_values", "y")
    ps_unwrap(ws)
    good = ws.load("phuw_good2")["good_pixels"]
    assert good.mean() > 0.9
    predef = ws.load("uw_grid")["ph_in_predef"]
    np.testing.assert_array_equal(np.isnan(predef), ~good)
    cycles = (ws.load("phuw_sb2")["ph_uw"] - damaged) / CYCLE
    for column in range(21):
        assert np.ptp(np.round(cycles[good[:, column], column])) == 0


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_nothing_changes_when_the_solver_fails(golden_state, monkeypatch, solver):
    ws = Workspace(golden_state("sb_full", 5))
    before = files(ws)

    def fail(*_):
        raise ExternalProgramError("stopped")

    monkeypatch.setattr(uw_stat_costs, "snaphu", fail)
    monkeypatch.setattr(uw_stat_costs.flow, "unwrap", fail)
    with pytest.raises(ExternalProgramError):
        ps_unwrap(ws, solver=solver)
    assert files(ws) == before


def test_a_grid_that_is_too_coarse_is_explained(golden_state):
    ws = Workspace(golden_state("sb_full", 5))
    Parameters(ws).set("unwrap_grid_size", 400)
    with pytest.raises(InputError, match="unwrap_grid_size"):
        ps_unwrap(ws)

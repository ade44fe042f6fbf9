"""Inversion of small-baseline phases to a time series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import random_project
from stamps.cli import program as cli
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.network import design_matrix, subsets
from stamps.legacy.sb_invert_uw import sb_invert_uw, well_conditioned
from stamps.run.step_calls import StepOptions, project_step
from stamps.steps.unwrapping.inversion import invert_pairs
from stamps.workspace.parameters import Parameters

N_PS = 40


@pytest.fixture
def ws(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=N_PS, n_image=7, master_ix=2)
    ps = ws.load("ps2")
    series = np.random.default_rng(0).normal(0, 5, (N_PS, 7))
    series -= series[:, 2:3]
    ws.save("phuw_sb2", {"ph_uw": (series @ design_matrix(ps["ifgday_ix"], 7).T + 7).astype(np.float32)})
    ws.save("phuw2", {"ph_uw": series - series.mean(axis=0), "unwrap_ifg_index_sm": np.arange(3)})
    return ws


def test_consistent_phases_are_recovered(ws):
    truth = ws.load("phuw2")["ph_uw"]
    sb_invert_uw(workdir=ws)
    result, residual = ws.load("phuw2"), ws.load("phuw_sb_res2")
    np.testing.assert_allclose(result["ph_uw"], truth, atol=1e-5)
    assert result["ph_uw"].dtype == np.float32 and not result["ph_uw"][:, 2].any()
    assert result["unwrap_ifg_index_sm"].tolist() == list(range(7))
    assert ws.load_raw("phuw2")["unwrap_ifg_index_sm"].tolist() == [[1, 2, 3, 4, 5, 6, 7]]
    n_ifg = ws.load("ps2")["n_ifg"]
    np.testing.assert_array_equal(residual["sb_cov"], np.eye(n_ifg))
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    np.testing.assert_allclose(residual["ph_res"], ph_sb - ph_sb.mean(axis=0), atol=2e-5)
    network = np.delete(design_matrix(ws.load("ps2")["ifgday_ix"], 7), 2, axis=1)
    expected = np.insert(np.insert(np.linalg.inv(network.T @ network), 2, 0, axis=0), 2, 0, axis=1)
    np.testing.assert_allclose(residual["sm_cov"], expected, atol=1e-12)


def test_noisy_interferograms_weigh_less(ws):
    rng = np.random.default_rng(1)
    n_ifg = ws.load("ps2")["n_ifg"]
    noise = np.full(n_ifg, 0.1)
    noise[4] = 1
    ph_patch = np.ones((N_PS, n_ifg), np.complex64)
    deviation = rng.normal(size=(N_PS, n_ifg)) * noise
    ws.save("pm2", {"ph_patch": ph_patch})
    ws.save("rc2", {"ph_rc": np.exp(1j * deviation).astype(np.complex64)})
    truth = ws.load("phuw2")["ph_uw"]
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    ph_sb[:, 4] += rng.normal(size=N_PS).astype(np.float32)
    ws.save("phuw_sb2", {"ph_uw": ph_sb})
    sb_invert_uw(workdir=ws)
    weighted = np.abs(ws.load("phuw2")["ph_uw"] - truth).max()
    wrapped = np.angle(np.exp(1j * deviation))
    np.testing.assert_allclose(ws.load("phuw_sb_res2")["sb_cov"], np.cov(wrapped.T), atol=1e-6)
    ws.delete("pm2.mat")
    sb_invert_uw(workdir=ws)
    assert weighted < 0.5 * np.abs(ws.load("phuw2")["ph_uw"] - truth).max()


def test_dropped_interferograms_are_predicted_and_nan_stays_in_its_pixel(ws):
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    expected = (ph_sb - ph_sb.mean(axis=0))[:, 3].copy()
    ph_sb[:, 3] = 1000
    ph_sb[7, 5] = np.nan
    ws.save("phuw_sb2", {"ph_uw": ph_sb})
    Parameters(ws).set("drop_ifg_index", [4])
    sb_invert_uw(workdir=ws)
    result = ws.load("phuw2")["ph_uw"]
    assert np.isnan(result[7]).any() and np.isfinite(np.delete(result, 7, axis=0)).all()
    predicted = np.delete(ws.load("phuw_sb_res2")["ph_res"][:, 3], 7)
    np.testing.assert_allclose(
        predicted - predicted.mean(), np.delete(expected, 7) - np.delete(expected, 7).mean(), atol=1e-4
    )


def test_one_reference_pixel_and_no_reference(ws):
    ps = ws.load("ps2")
    Parameters(ws).set("ref_centre_lonlat", ps["lonlat"][9])
    Parameters(ws).set("ref_radius", 0.1)
    sb_invert_uw(workdir=ws)
    np.testing.assert_allclose(ws.load("phuw2")["ph_uw"][9], 0, atol=1e-6)
    Parameters(ws).set("ref_radius", -np.inf)
    sb_invert_uw(workdir=ws)
    network = np.delete(design_matrix(ps["ifgday_ix"], 7), 2, axis=1)
    expected = np.linalg.lstsq(network, ws.load("phuw_sb2")["ph_uw"][9], rcond=None)[0]
    np.testing.assert_allclose(np.delete(ws.load("phuw2")["ph_uw"][9], 2), expected, atol=1e-4)


def test_isolated_subsets(ws):
    pairs = ws.load("ps2")["ifgday_ix"]
    crossing = np.flatnonzero((pairs[:, 0] <= 3) & (pairs[:, 1] > 3)) + 1
    Parameters(ws).set("drop_ifg_index", crossing)
    with pytest.raises(InputError, match="isolated subsets"):
        sb_invert_uw(workdir=ws)
    assert ws.variables_of("phuw_sb_res2") == ["sb_cov"]
    assert ws.load("phuw2")["unwrap_ifg_index_sm"].tolist() == [0, 1, 2]  # as before


class TestWeights:
    def test_without_any_it_is_as_ever(self, ws):
        sb_invert_uw(workdir=ws)
        default = {name: ws.file(f"{name}.mat").read_bytes() for name in ("phuw2", "phuw_sb_res2")}
        sb_invert_uw(workdir=ws, weights="identity")
        np.testing.assert_array_equal(ws.load("phuw_sb_res2")["sb_cov"], np.eye(11))
        sb_invert_uw(workdir=ws)
        assert default == {name: ws.file(f"{name}.mat").read_bytes() for name in default}

    def test_exact_phases_come_back_with_any_weights(self, ws):
        truth = ws.load("phuw2")["ph_uw"]
        ws.save("ifgstd2", {"ifg_std": np.linspace(10, 60, 11, dtype=np.float32)})
        for weights in ("identity", "sigma"):
            sb_invert_uw(workdir=ws, weights=weights)
            np.testing.assert_allclose(ws.load("phuw2")["ph_uw"], truth, atol=1e-4)

    def test_noisy_interferograms_weigh_less(self, ws):
        ps = ws.load("ps2")
        ifg_std = np.linspace(20, 60, 11, dtype=np.float32)
        ph_sb = ws.load("phuw_sb2")["ph_uw"] + np.random.default_rng(5).normal(0, 1, (N_PS, 11)).astype(np.float32)
        ws.save("phuw_sb2", {"ph_uw": ph_sb})
        ws.save("ifgstd2", {"ifg_std": ifg_std})
        sb_invert_uw(workdir=ws, weights="sigma")
        variance = np.deg2rad(ifg_std.astype(float)) ** 2
        np.testing.assert_allclose(ws.load("phuw_sb_res2")["sb_cov"], np.diag(variance))
        network = np.delete(design_matrix(ps["ifgday_ix"], 7), 2, axis=1)
        normal = network.T / variance
        expected = np.linalg.solve(normal @ network, normal @ (ph_sb - ph_sb.mean(axis=0)).T).T
        np.testing.assert_allclose(np.delete(ws.load("phuw2")["ph_uw"], 2, axis=1), expected, atol=1e-4)
        np.testing.assert_allclose(
            ws.load("phuw_sb_res2")["sm_cov"][:2, :2], np.linalg.inv(normal @ network)[:2, :2], rtol=1e-9
        )

    def test_the_setting_counts_everywhere(self, ws):
        (ws.path / "stamps.toml").write_text('weights = "identity"\n')
        ph_sb = ws.load("phuw_sb2")["ph_uw"]
        ph_sb[7, 5] = np.nan
        ws.save("phuw_sb2", {"ph_uw": ph_sb})
        sb_invert_uw(workdir=ws)
        assert np.isfinite(ws.load("phuw2")["ph_uw"]).all()

    @pytest.mark.parametrize("weights", ["identity", "sigma"])
    def test_a_pixel_is_solved_without_what_it_lacks(self, ws, weights):
        """Unless what is left does not connect all images."""
        ps, truth = ws.load("ps2"), ws.load("phuw2")["ph_uw"]
        ws.save("ifgstd2", {"ifg_std": np.full(11, 20, np.float32)})
        ph_sb = ws.load("phuw_sb2")["ph_uw"]
        rest = ph_sb.mean(axis=0) - np.delete(ph_sb, 8, axis=0).mean(axis=0)
        ph_sb[7, 5] = np.nan
        ph_sb[8, (ps["ifgday_ix"] == 6).any(axis=1)] = np.nan
        ws.save("phuw_sb2", {"ph_uw": ph_sb})
        Parameters(ws).set("ref_centre_lonlat", ps["lonlat"][0])
        Parameters(ws).set("ref_radius", 0.1)
        sb_invert_uw(workdir=ws, weights=weights)
        result = ws.load("phuw2")["ph_uw"]
        others = np.delete(np.arange(N_PS), 8)
        np.testing.assert_allclose(result[others], (truth - truth[0])[others], atol=1e-4)
        assert np.isnan(np.delete(result[8], 2)).all() and rest.size == 11

    def test_what_cannot_be(self, ws):
        before = {path.name: path.read_bytes() for path in ws.path.glob("*.mat")}
        with pytest.raises(ParameterError, match="weights is 'equal'|weights.*only identity and sigma"):
            sb_invert_uw(workdir=ws, weights="equal")
        with pytest.raises(WorkspaceError, match="ifgstd2.mat is missing: run step 5"):
            sb_invert_uw(workdir=ws, weights="sigma")
        assert before == {path.name: path.read_bytes() for path in ws.path.glob("*.mat")}
        ws.save("ifgstd2", {"ifg_std": np.array([20] * 10 + [0], np.float32)})
        with pytest.raises(InputError, match="no standard deviation above 0 for interferogram 11"):
            sb_invert_uw(workdir=ws, weights="sigma")
        Parameters(ws).set("drop_ifg_index", [11])
        sb_invert_uw(workdir=ws, weights="sigma")
        assert np.isfinite(ws.load("phuw_sb_res2")["sb_cov"]).all()

    def test_at_the_prompt(self, ws):
        ws.save("ifgstd2", {"ifg_std": np.full(11, 20, np.float32)})
        assert cli.run("sb_invert_uw", ["--weights", "sigma", "--workdir", str(ws.path)]) == 0
        assert ws.load("phuw_sb_res2")["sb_cov"][0, 0] == pytest.approx(np.deg2rad(20) ** 2)
        assert cli.run("sb_invert_uw", ["--weights", "x", "--workdir", str(ws.path)]) == 1


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0, 0.4))
def test_every_pixel_is_solved_as_if_alone(seed, share):
    rng = np.random.default_rng(seed)
    pairs = np.array([(i, j) for i in range(5) for j in (i + 1, i + 2) if j < 5])
    design = design_matrix(pairs, 5)[:, 1:]
    phase = rng.normal(0, 3, (20, len(pairs)))
    phase[rng.random(phase.shape) < share] = np.nan
    variance = rng.uniform(0.1, 2, len(pairs))
    series = invert_pairs(design, phase, variance)
    for one, observed in zip(series, phase, strict=True):
        there = np.isfinite(observed)
        connected = subsets(pairs[there], 5) == 1
        assert np.isfinite(one).all() == connected and np.isnan(one).all() != connected
        if connected:
            root = 1 / np.sqrt(variance[there])[:, np.newaxis]
            expected = np.linalg.lstsq(root * design[there], root[:, 0] * observed[there], rcond=None)[0]
            np.testing.assert_allclose(one, expected, atol=1e-9)


def test_step_6_looks_at_the_network_before_it_unwraps(ws, monkeypatch):
    pairs = ws.load("ps2")["ifgday_ix"]
    Parameters(ws).set("drop_ifg_index", np.flatnonzero((pairs[:, 0] <= 3) & (pairs[:, 1] > 3)) + 1)
    monkeypatch.setattr("stamps.legacy.ps_unwrap.ps_unwrap", lambda **_: pytest.fail("interferograms are unwrapped"))
    with pytest.raises(InputError, match="isolated subsets"):
        project_step(ws, 6, StepOptions(small_baselines=True), None)


def test_diagonal_grows_until_the_condition_is_good():
    singular = np.ones((3, 3))
    better = well_conditioned(singular)
    added = better - singular
    np.testing.assert_allclose(added, added[0, 0] * np.eye(3), atol=1e-12)
    assert 1 / np.linalg.cond(better, 1) >= 0.001
    assert 1 / np.linalg.cond(better - 0.01 * np.eye(3), 1) < 0.001
    np.testing.assert_array_equal(well_conditioned(np.eye(2)), np.eye(2))
    with pytest.raises(InputError, match="not finite"):
        well_conditioned(np.full((2, 2), np.nan))

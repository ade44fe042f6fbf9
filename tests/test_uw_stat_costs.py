"""Arc costs, and the solvers that unwrap with them."""

import numpy as np
import pytest
import scipy.sparse

from stamps.errors import ExternalProgramError, InputError, ParameterError
from stamps.legacy import uw_stat_costs as module
from stamps.legacy.uw_stat_costs import edge_statistics, uw_stat_costs
from stamps.run.workers import Workers
from stamps.steps.unwrapping import costs
from stamps.workspace import Workspace

INT16_MAX = 32767


def test_counts_of_arcs():
    counts = costs.edge_counts(np.array([[1, -2], [0, 2]]), np.array([[2], [0], [-3]]), 4)
    np.testing.assert_array_equal(counts, [1, 3, 1, 0])


def test_noise_variance_in_time():
    noise = np.array([[0.1, -0.1, 0.3], [np.nan] * 3], np.float32)
    variance = costs.noise_variance("3D_FULL", noise, None, None, 50)
    assert variance.dtype == np.float32
    np.testing.assert_allclose(variance[0], np.var([0.1, -0.1, 0.3], ddof=1) / 4 / np.pi**2, rtol=1e-6)
    assert np.isnan(variance[1])


def test_noise_variance_in_2d():
    nodes = np.array([[0, 0], [3, 4]])
    edges = np.array([[0, 1]])
    model = (2 * np.pi) ** 2 * (1 - np.exp(-3 * 5 * 50 / 20000))
    np.testing.assert_allclose(costs.noise_variance("2d", None, edges, nodes, 50), model / 10)
    with_variance = costs.noise_variance("2D", None, edges, nodes, 50, np.array([1.0, 2.0]))
    np.testing.assert_allclose(with_variance, (model + 3) / 10)
    gridded = (2 * np.pi) ** 2 * (1 - np.exp(-3 * 25 / 20000)) / 10
    np.testing.assert_allclose(costs.noise_variance("2D", None, edges, nodes, 0), gridded)


def test_sigsq_is_rounded_saturated_and_at_least_one():
    variance = np.array([1e-6, 0.01125, 1.0, np.nan], np.float32)
    np.testing.assert_array_equal(costs.sigsq_of(variance, np.array([1, 1, 1000, 1])), [1, 5, INT16_MAX, 1])


def test_costs_of_edges():
    phase = np.array([0.5, 4.0, 0.0], np.float32)
    smooth = np.array([0.2, 4.2, np.nan], np.float32)
    spread = np.array([0.0, np.nan, 1e9])
    sigsq = np.array([4, 5, INT16_MAX], np.int16)
    held = np.array([False, True, False])
    cycles, total = costs.ifg_edge_costs(phase, smooth, sigsq, spread, np.array([1, 2, 3]), held)
    np.testing.assert_allclose(cycles, [0.3 / 2 / np.pi, (4 - 2 * np.pi - 4.2) / 2 / np.pi, np.nan], rtol=1e-5)
    np.testing.assert_array_equal(total, [4, 1, INT16_MAX])


def test_arcs_carry_the_costs_of_their_edges():
    cycles = np.array([0.1, -0.25, 300.0], np.float32)
    total = np.array([7, 8, 9], np.int16)
    index = np.array([[1, -1, 0], [2, 3, -3]])
    unknown = np.array([[False, False, False], [True, False, False]])
    arcs = costs.GridArcs(index, unknown)
    result = costs.arc_costs(arcs, arcs, cycles, total)
    down = result.rowcost.reshape(2, 3, 4)
    across = result.colcost.reshape(2, 3, 4)
    np.testing.assert_array_equal(across[..., 0], [[20, -20, 0], [0, INT16_MAX, -32768]])
    np.testing.assert_array_equal(down[..., 0], [[-20, 20, 0], [0, -INT16_MAX, INT16_MAX]])
    np.testing.assert_array_equal(across[..., 1], [[7, 7, 1], [1, 9, 9]])
    assert np.all(across[..., 2] == 32000)
    np.testing.assert_array_equal(across[..., 3], np.where(unknown, 1, -32000))


def test_squared_step_leaves_out_exact_zeros():
    assert costs.squared_step(np.array([[0, 2], [0, 2]], np.float32)) == 4
    assert np.isnan(costs.squared_step(np.ones((3, 3), np.float32)))


@pytest.mark.parametrize("folder", ["golden", "golden_2D"])
def test_cost_file_of_a_real_interferogram(golden_dir, folder):
    root = golden_dir("mexico_city")
    common, special = Workspace(root / "golden"), Workspace(root / folder)
    method = {"golden": "3D_QUICK", "golden_2D": "2D"}[folder]
    statistics = edge_statistics(
        method, None, common.load("uw_grid"), common.load("uw_interp"), special.load("uw_space_time")
    )
    result = statistics.ifg_costs(29)
    expected = np.fromfile(root / folder / "snaphu.costinfile", np.int16)
    np.testing.assert_array_equal(np.concatenate([result.rowcost.ravel(), result.colcost.ravel()]), expected)


@pytest.fixture
def plane(tmp_path):
    """Grid 12 x 10 with a steep plane in two interferograms; the edges know the true differences."""
    ws = Workspace(tmp_path)
    i, j = np.indices((12, 10))
    truth = np.stack([1.5 * i + 0.5 * j, -1.0 * i + 2.0 * j])
    wrapped = np.exp(1j * truth)
    nodes = truth.transpose(0, 2, 1).reshape(2, -1).T
    number = np.arange(120).reshape(10, 12).T
    vertical = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    horizontal = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    edges = np.concatenate([vertical, horizontal])
    rowix = np.arange(1, 111).reshape(11, 10)
    colix = np.arange(111, 219).reshape(12, 9)
    ph = wrapped.transpose(0, 2, 1).reshape(2, -1).T.astype(np.complex64)
    ws.save("uw_grid", {"ph": ph, "nzix": np.ones((12, 10), bool), "pix_size": 5.0, "n_ps": 120, "n_ifg": 2})
    mesh = {"edgs": np.column_stack([np.arange(len(edges)), edges]), "n_edge": len(edges), "Z": number}
    ws.save("uw_interp", {**mesh, "rowix": rowix.astype(float), "colix": colix.astype(float)})
    difference = (nodes[edges[:, 1]] - nodes[edges[:, 0]]).astype(np.float32)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, difference.shape).astype(np.float32)
    empty = scipy.sparse.csc_matrix(difference.shape)
    ws.save("uw_space_time", {"dph_space_uw": difference, "dph_noise": noise, "spread": empty, "predef_ix": None})
    return ws, nodes


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_planes_are_unwrapped(plane, solver):
    ws, truth = plane
    uw_stat_costs("3D_QUICK", workdir=ws, workers=Workers(2), solver=solver)
    result = ws.load("uw_phaseuw")
    np.testing.assert_allclose(result["ph_uw"] - result["ph_uw"][0], truth - truth[0], atol=1e-4)
    assert result["msd"].dtype == np.float64
    files = {path.name for path in ws.path.iterdir()}
    if solver == "flow":
        assert not any(name.startswith("snaphu") for name in files)
        return
    assert {"snaphu.conf", "snaphu.in", "snaphu.costinfile", "snaphu.out", "snaphu.log"} <= files
    last = np.fromfile(ws.path / "snaphu.out", np.float32).reshape(12, 10)
    np.testing.assert_array_equal(last.T.ravel(), result["ph_uw"][:, 1])


def test_subset(plane):
    ws, _ = plane
    uw_stat_costs("3D_QUICK", subset_ifg_index=[1], workdir=ws)
    result = ws.load("uw_phaseuw")
    assert not result["ph_uw"][:, 0].any() and result["ph_uw"][:, 1].any() and result["msd"][0] == 0
    with pytest.raises(InputError, match="numbered"):
        uw_stat_costs("3D_QUICK", subset_ifg_index=[2], workdir=ws)


def test_the_settings_choose_what_unwraps(plane, monkeypatch):
    ws, _ = plane
    (ws.path / "stamps.toml").write_text('solver = "snaphu"\n')
    uw_stat_costs("3D_QUICK", workdir=ws)
    assert ws.has_file("snaphu.out")
    monkeypatch.setenv("STAMPS_UNWRAP", "mcf")
    with pytest.raises(ParameterError, match="STAMPS_UNWRAP is 'mcf'"):
        uw_stat_costs("3D_QUICK", workdir=ws)


def test_a_result_that_took_long_is_kept_for_a_run_that_goes_on(plane, monkeypatch):
    ws, _ = plane
    monkeypatch.setattr(module, "_WORTH_KEEPING", -1.0)
    kept = []
    monkeypatch.setattr(module.unwrapped_store, "write", lambda folder, name, *_: kept.append(name))
    uw_stat_costs("3D_QUICK", workdir=ws, workers=Workers(1))
    assert len(kept) == len(set(kept)) == 2
    monkeypatch.setattr(module, "_WORTH_KEEPING", 1e6)
    uw_stat_costs("3D_QUICK", workdir=ws, workers=Workers(1))
    assert len(kept) == 2


def test_arcs_without_statistics_are_told(plane, capsys):
    ws, _ = plane
    space_time = ws.load("uw_space_time")
    space_time["dph_noise"] = np.full_like(space_time["dph_noise"], np.nan)
    ws.save("uw_space_time", space_time, append=False)
    uw_stat_costs("3D_QUICK", workdir=ws)
    assert "100 % of the arcs have no statistics" in capsys.readouterr().out


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_a_failing_run_publishes_nothing(plane, monkeypatch, solver):
    ws, _ = plane

    def fail(*_):
        raise ExternalProgramError("no")

    monkeypatch.setattr(module, "snaphu", fail)
    monkeypatch.setattr(module.flow, "unwrap", fail)
    with pytest.raises(ExternalProgramError, match="^Interferogram 1: no$"):
        uw_stat_costs("3D_QUICK", workdir=ws, solver=solver)
    assert not ws.exists("uw_phaseuw")

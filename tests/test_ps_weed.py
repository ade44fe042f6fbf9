"""Weeding: neighbours, duplicates, arc noise, and the step as a whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.synthetic_patch import MASTER, N_IFG, make_patch
from stamps.errors import ParameterError, WorkspaceError
from stamps.external import triangulate
from stamps.legacy.ps_weed import ps_weed
from stamps.matlab.dates import datestr
from stamps.matlab.linalg import lscov
from stamps.native.arc_noise import small_baseline_arc_noise, smallest_at_ends, time_series_arc_noise
from stamps.steps.weeding import arc_phasors, best_of_duplicates, best_of_neighbours, lowest_neighbour, pixel_noise

# ---------------------------------------------------------------------- neighbours


def neighbours_written_out(ij, coherence):
    """The sequential procedure of docs/method/weeding.md, section 2, literally."""
    n = len(ij)
    owner = {}
    for i, (line, sample) in enumerate(ij):
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                if di or dj:
                    owner.setdefault((line + di, sample + dj), i)
    lists = [[] for _ in range(n)]
    for i, position in enumerate(map(tuple, ij)):
        if position in owner:
            lists[owner[position]].append(i)
    keep = np.ones(n, dtype=bool)
    for i in range(n):
        if lists[i]:
            group, k = [i], 0
            while k < len(group):
                member = group[k]
                group += lists[member]
                lists[member] = []
                k += 1
            group = sorted(set(group))
            best = group[int(np.argmax(coherence[group]))]
            keep[[member for member in group if member != best]] = False
    return keep


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(2, 12))
def test_neighbours_as_in_the_sequential_procedure(seed, n, extent):
    random = np.random.default_rng(seed)
    ij = random.integers(-3, extent, size=(n, 2))  # repeated positions included
    coherence = random.integers(0, 5, n) / 5  # ties included
    np.testing.assert_array_equal(best_of_neighbours(ij, coherence), neighbours_written_out(ij, coherence))


def test_neighbours_of_a_dense_field_in_any_order():
    random = np.random.default_rng(3)
    ij = random.permutation(np.argwhere(random.random((60, 80)) < 0.4)) + [1000, 20000]
    coherence = random.random(len(ij))
    np.testing.assert_array_equal(best_of_neighbours(ij, coherence), neighbours_written_out(ij, coherence))


def test_lowest_neighbour_wraps_nowhere():
    ij = np.array([[0, 9], [1, 0], [2, 1], [5, 5]])
    np.testing.assert_array_equal(lowest_neighbour(ij), [-1, 2, 1, -1])
    assert lowest_neighbour(np.empty((0, 2), dtype=int)).size == 0
    assert best_of_neighbours(np.empty((0, 2), dtype=int), np.empty(0)).size == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_best_of_duplicates(rows):
    table = np.array(rows, dtype=np.float32).reshape(-1, 3)
    keep = best_of_duplicates(table[:, :2], table[:, 2])
    for x, y in {tuple(row) for row in table[:, :2].tolist()}:
        members = np.flatnonzero((table[:, 0] == x) & (table[:, 1] == y))
        assert np.flatnonzero(keep[members]).tolist() == [int(np.argmax(table[members, 2]))]


# ---------------------------------------------------------------------- arc noise


def pixels_and_edges(n=40, u=8, noise=0.3, seed=0):
    random = np.random.default_rng(seed)
    x, y = random.uniform(0, 1000, (2, n))
    phasors = np.exp(1j * random.normal(0, noise, (n, u))).astype(np.complex64)
    day = np.sort(random.uniform(0, 900, u))
    return phasors, triangulate(x, y), day, random.normal(0, 90, u)


def time_series_written_out(phasors, edges, day, bperp, window):
    arcs = phasors[edges[:, 1]].astype(complex) * phasors[edges[:, 0]].conj()
    u = len(day)
    smooth, others = np.empty_like(arcs), np.empty_like(arcs)
    for k in range(u):
        t = day[k] - day
        w = np.exp(-(t**2) / 2 / window**2)
        w = w / w.sum()
        mean = arcs @ w
        a = np.angle(arcs * mean.conj()[:, np.newaxis])
        design = np.column_stack([np.ones(u), t])
        m = lscov(design, a.T, w)
        a = np.angle(np.exp(1j * (a - (design @ m).T)))
        m2 = lscov(design, a.T, w)
        smooth[:, k] = mean * np.exp(1j * (m[0] + m2[0]))
        w[k] = 0
        others[:, k] = arcs @ w
    noise = np.angle(arcs * smooth.conj())
    variance = np.var(np.angle(arcs * others.conj()), axis=0, ddof=1)
    slope = lscov(bperp[:, np.newaxis], noise.T, 1 / variance)[0]
    noise = noise - np.outer(slope, bperp)
    return noise.std(axis=1, ddof=1), np.abs(noise).max(axis=1)


@pytest.mark.parametrize("window", [60.0, 400.0, 5000.0])
def test_time_series_noise_agrees_with_the_formulas(window):
    phasors, edges, day, bperp = pixels_and_edges()
    result = time_series_arc_noise(phasors, edges, day, bperp, window)
    expected = time_series_written_out(phasors, edges, day, bperp, window)
    assert result[0].dtype == result[1].dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_steady_motion_is_no_noise():
    phasors, edges, day, bperp = pixels_and_edges(noise=0.05)
    velocity = np.random.default_rng(1).normal(0, 2e-4, len(phasors))
    moving = (phasors * np.exp(1j * np.outer(velocity, day))).astype(np.complex64)
    std, _ = time_series_arc_noise(phasors, edges, day, bperp, 1e6)
    std_moving, _ = time_series_arc_noise(moving, edges, day, bperp, 1e6)
    np.testing.assert_allclose(std_moving, std, atol=0.02)


def test_small_baseline_noise_agrees_with_the_formulas():
    phasors, edges, _, bperp = pixels_and_edges(noise=0.6)
    arcs = phasors[edges[:, 1]].astype(complex) * phasors[edges[:, 0]].conj()
    weight = 1 / np.var(arcs, axis=0, ddof=1)
    slope = lscov(bperp[:, np.newaxis], arcs.T, weight)[0]
    phase = np.angle(arcs - np.outer(slope, bperp))
    result = small_baseline_arc_noise(phasors, edges, bperp)
    np.testing.assert_allclose(result, [phase.std(axis=1, ddof=1), np.abs(phase).max(axis=1)], rtol=1e-5, atol=1e-6)


def test_blocks_of_edges_do_not_change_the_result(monkeypatch):
    phasors, edges, day, bperp = pixels_and_edges()
    whole = time_series_arc_noise(phasors, edges, day, bperp, 300), small_baseline_arc_noise(phasors, edges, bperp)
    monkeypatch.setattr("stamps.native.arc_noise._EDGES_AT_ONCE", 7)
    parts = time_series_arc_noise(phasors, edges, day, bperp, 300), small_baseline_arc_noise(phasors, edges, bperp)
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_smallest_at_ends_ignores_nan():
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    values = np.array([2, 1, np.nan], dtype=np.float32)
    np.testing.assert_array_equal(smallest_at_ends(values, edges, 5), np.float32([2, 1, 1, np.inf, np.inf]))


@pytest.mark.parametrize("n_edges", [0, 1])
def test_too_few_arcs_reject_every_pixel(n_edges):
    phasors, edges, day, bperp = pixels_and_edges()
    for result in pixel_noise(phasors, edges[:n_edges], bperp, day, 730):
        assert result.dtype == np.float32 and np.all(np.isinf(result))


def test_arc_phasors_remove_the_look_angle_error():
    bperp = np.array([10, 0, -40], dtype=np.float32)
    k_ps, c_ps = np.array([0.02, -0.01]), np.array([0.3, -2.0])
    ph = (5 * np.exp(1j * (np.outer(k_ps, bperp) + 0.5))).astype(np.complex64)
    result = arc_phasors(ph, k_ps, bperp, c_ps, 1)
    expected = np.exp(1j * np.array([[0.5, 0.3, 0.5], [0.5, -2.0, 0.5]]))
    assert result.dtype == np.complex64
    np.testing.assert_allclose(result, expected, atol=1e-6)


# ---------------------------------------------------------------------- the step


def weedable(directory, keep=None, **options):
    """A patch after step 3 with all stable pixels selected, or those of the mask ``keep``."""
    ws, stable = make_patch(directory, **options)
    pm = ws.load("pm1")
    ix = np.flatnonzero(stable)
    ws.save(
        "select1",
        {
            "ix": ix,
            "keep_ix": np.ones(len(ix), dtype=bool) if keep is None else keep(ix),
            "K_ps2": pm["K_ps"][ix],
            "C_ps2": pm["C_ps"][ix],
            "coh_ps2": pm["coh_ps"][ix],
            "ph_res2": pm["ph_res"][ix],
        },
    )
    return ws, ix


def test_noisy_pixels_are_dropped_and_the_rest_is_copied(tmp_path, capsys):
    ws, ix = weedable(tmp_path, weed_standard_dev=0.6)
    ph = ws.load("ph1")["ph"]
    ph[ix[:5]] *= np.exp(1j * np.random.default_rng(1).uniform(-np.pi, np.pi, (5, N_IFG)))
    ws.save("ph1", {"ph": ph})
    ps_weed(workdir=ws)
    weed, ps1, ps2, pm2 = ws.load("weed1"), ws.load("ps1"), ws.load("ps2"), ws.load("pm2")
    kept = ix[weed["ix_weed"]]
    assert not weed["ix_weed"][:5].any() and len(kept) > 0.9 * len(ix)
    assert weed["ps_std"].dtype == np.float32 and np.all(weed["ps_std"][weed["ix_weed2"]] < 0.6)
    assert ps2["n_ps"] == len(kept) and "sort_ix" not in ps2 and ps2["xy"].dtype == np.float32
    np.testing.assert_array_equal(ps2["ij"], ps1["ij"][kept])  # the running numbers of step 1 stay
    np.testing.assert_array_equal(pm2["ph_patch"], ws.load("pm1")["ph_patch"][kept])
    for stem, variable in (("ph", "ph"), ("bp", "bperp_mat"), ("la", "la"), ("hgt", "hgt")):
        np.testing.assert_array_equal(ws.load(f"{stem}2")[variable], ws.load(f"{stem}1")[variable][kept])
    assert ws.version == 2 and not ws.exists("inc2") and not ws.no_ps_flags().any()
    assert "PS_WEED: Estimating noise for all arcs..." in capsys.readouterr().out


def test_defaults_follow_the_parameters(tmp_path):
    ws, ix = weedable(tmp_path / "a", weed_standard_dev=np.inf)
    ps_weed(workdir=ws)
    weed = ws.load("weed1")
    assert weed["ps_std"].dtype == np.float64 and not weed["ps_max"].any() and weed["ix_weed"].all()
    ws, ix = weedable(tmp_path / "b", weed_standard_dev=np.inf, weed_max_noise=1.5)
    ps_weed(workdir=ws)
    weed = ws.load("weed1")
    np.testing.assert_array_equal(weed["ix_weed2"], weed["ps_max"] < 1.5)
    ws, ix = weedable(tmp_path / "c", weed_standard_dev=1e-9)
    ps_weed(no_weed_noisy=1, workdir=ws)
    assert ws.load("weed1")["ix_weed"].all()


def test_adjacent_and_low_pixels_and_duplicates(tmp_path):
    ws, ix = weedable(tmp_path, weed_neighbours="y", weed_zero_elevation="y", weed_standard_dev=np.inf)
    ps, hgt, coherence = ws.load("ps1"), ws.load("hgt1")["hgt"], ws.load("select1")["coh_ps2"]
    ps["ij"][ix[:2], 1:] = [[100, 100], [101, 101]]
    ps["xy"][ix[[6, 7]], 1:] = ps["xy"][ix[5], 1:]
    ws.save("ps1", ps)
    hgt[ix[[0, 1, 5, 6, 7]]] = 10
    ws.save("hgt1", {"hgt": hgt})
    ps_weed(workdir=ws)
    keep = ws.load("weed1")["ix_weed"]
    expected = hgt[ix] >= 1e-6
    expected[np.argmin(coherence[:2])] = False
    expected[[5, 6, 7]] = np.arange(3) == np.argmax(coherence[5:8])
    np.testing.assert_array_equal(keep, expected)
    ps_weed(no_weed_adjacent=1, workdir=ws)
    assert ws.load("weed1")["ix_weed"][:2].all()


def test_small_baselines(tmp_path, capsys):
    ws, ix = weedable(tmp_path, small_baselines=True, weed_standard_dev=1.0, drop_ifg_index=3)
    ps_weed(0, 1, workdir=ws)
    weed, ps2 = ws.load("weed1"), ws.load("ps2")
    assert 2 not in weed["ifg_index"] and len(weed["ifg_index"]) == ps2["n_ifg"] - 1
    np.testing.assert_array_equal(ps2["ifgday_ix"], ws.load("ps1")["ifgday_ix"])
    output = capsys.readouterr().out
    assert "Estimating noise for all arcs" not in output
    date = datestr(ws.load("ps1")["ifgday"][2, 1])
    assert f"{date}-{date} dropped from noise estimation" in output
    assert ws.load("pm2")["K_ps"].size == weed["ix_weed"].sum() > 0


def test_dropped_interferograms_count_with_the_master(tmp_path):
    ws, ix = weedable(tmp_path, drop_ifg_index=[1, MASTER + 2])
    ps_weed(workdir=ws)
    first = ws.load("weed1")
    assert first["ifg_index"].tolist() == [k for k in range(N_IFG) if k not in (0, MASTER + 1)]
    ph = ws.load("ph1")["ph"]
    ph[:, [0, MASTER + 1]] = 1j
    ws.save("ph1", {"ph": ph})
    ps_weed(workdir=ws)
    np.testing.assert_array_equal(ws.load("weed1")["ps_std"], first["ps_std"])


@pytest.mark.parametrize("n_selected", [0, 1, 2])
def test_pixels_without_arcs_are_rejected(tmp_path, n_selected):
    ws, ix = weedable(tmp_path, keep=lambda ix: np.arange(len(ix)) < n_selected)
    ps_weed(workdir=ws)
    weed = ws.load("weed1")
    assert weed["ix_weed"].shape == (n_selected,) and not weed["ix_weed"].any()
    assert np.all(np.isinf(weed["ps_std"]))
    assert ws.no_ps_flags().tolist() == [0, 0, 0, 1, 0]
    assert ws.load("ps2")["n_ps"] == 0 and ws.load("ph2")["ph"].shape == (0, N_IFG)
    assert ws.load_raw("pm2")["ph_patch"].shape == (0, N_IFG - 1)


def test_results_of_older_pixels_are_deleted(tmp_path):
    ws, _ = weedable(tmp_path)
    stale = ["scla_smooth2", "scla2", "scla_smooth_sb2", "scla_sb2", "aps2", "scn2"]
    for name in [*stale, "phuw2"]:
        ws.save(name, {"K_ps_uw": np.zeros(3)})
    ps_weed(workdir=ws)
    assert not any(ws.exists(name) for name in stale) and ws.exists("phuw2")


def test_wrong_use_is_explained(tmp_path):
    ws, _ = make_patch(tmp_path)
    with pytest.raises(WorkspaceError, match="run step 3 first"):
        ps_weed(workdir=ws)
    with pytest.raises(ParameterError, match="all_da_flag"):
        ps_weed(all_da_flag=1, workdir=ws)
    assert ws.version == 1 and not ws.exists("weed1")

"""Regions of unwrapped interferograms, the bridges between them, and ``sb_bridge``."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import random_project
from stamps.cli import program as cli
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.network import design_matrix
from stamps.legacy.sb_bridge import sb_bridge
from stamps.legacy.sb_fix_unwrap_manual import sb_fix_unwrap_manual
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.legacy.uw_grid_wrapped import grid_cells
from stamps.steps.unwrapping.bridging import BridgeSettings, Bridging, bridges_of, cycles_of
from stamps.steps.unwrapping.regions import cells_of, excluded_between, regions_of
from stamps.workspace import Workspace
from stamps.workspace.freshness import Judge
from stamps.workspace.parameters import Parameters

TURN = 2 * np.pi
SIDE = 50.0  # metres of a cell


def block(lines, samples, line=0, sample=0):
    """Pixels in the middle of the cells of a block; x, y in metres."""
    i, j = np.meshgrid(np.arange(line, line + lines), np.arange(sample, sample + samples), indexing="ij")
    return np.column_stack([j.ravel() + 0.5, i.ravel() + 0.5]) * SIDE


def cells(xy):
    return cells_of((xy[:, ::-1] // SIDE).astype(np.int64))


def islands(gap=6):
    """A mainland and an island on both sides of it, each 300 m of water away; which pixels are where."""
    parts = [block(8, 8), block(8, 12, sample=8 + gap - 1), block(8, 8, sample=8 + gap + 12 + gap - 2)]
    return np.vstack(parts), np.repeat([1, 0, 2], [len(part) for part in parts])


class TestRegions:
    def test_cells_that_touch_with_a_corner_are_one_region(self):
        xy = np.vstack([block(2, 2), block(2, 2, 2, 2), block(2, 2, 2, 5)])
        assert regions_of(np.zeros(12), cells(xy)).tolist() == [0] * 8 + [1] * 4

    def test_edges_of_the_grid_do_not_touch_around_it(self):
        xy = np.vstack([block(1, 1, 0, 5), block(1, 1, 1, 0)])
        assert regions_of(np.zeros(2), cells(xy)).tolist() == [0, 1]

    def test_connections_are_all_pairs_of_neighbours_once(self):
        grid = cells(block(3, 4))
        steps = {(grid.row[b] - grid.row[a], grid.column[b] - grid.column[a]) for a, b in grid.connections}
        assert steps == {(0, 1), (1, 0), (1, 1), (1, -1)} and len(grid.connections) == 3 * 3 + 2 * 4 + 2 * 2 * 3

    def test_a_torn_seam_cuts_and_a_slope_does_not(self):
        xy = block(10, 10)
        slope = xy @ [0.05, -0.03]  # 2.5 and -1.5 rad a cell, 4 along a diagonal
        assert not regions_of(slope, cells(xy)).any()
        torn = slope + TURN * (xy[:, 0] > 350)
        assert regions_of(torn, cells(xy)).tolist() == (xy[:, 0] > 350).astype(int).tolist()

    def test_pixels_of_a_cell_belong_together_and_one_outlier_cuts_nothing(self):
        xy = np.repeat(block(3, 3), 5, axis=0)
        phase = np.zeros(45)
        phase[::5] = 20
        assert not regions_of(phase, cells(xy)).any()

    def test_pixels_without_phase_are_nowhere(self):
        xy = block(1, 5)
        phase = np.array([1, 1, np.nan, 1, np.inf])
        assert regions_of(phase, cells(xy)).tolist() == [0, 0, -1, 1, -1]
        assert regions_of(np.full(5, np.nan), cells(xy)).tolist() == [-1] * 5

    def test_a_mask_cuts_where_it_lies_between(self):
        xy = np.vstack([block(4, 3), block(4, 3, sample=3)])
        ij = xy[:, ::-1] / 10
        water = np.zeros((21, 32), np.uint8)
        water[:, 15] = 1
        cut = excluded_between(cells(xy), ij, water)
        assert regions_of(np.zeros(24), cells(xy).without(cut)).tolist() == [0] * 12 + [1] * 12
        assert not excluded_between(cells(xy), ij, np.zeros((21, 32), np.uint8)).any()

    def test_a_mask_is_not_asked_beyond_its_edge(self):
        xy = block(2, 2)
        assert not excluded_between(cells(xy), xy[:, ::-1], np.zeros((3, 3), np.uint8)).any()


class TestBridges:
    def test_the_shortest_ways_make_a_tree(self):
        xy = np.array([[0, 0], [10, 0], [100, 0], [130, 0], [115, 50], [400, 0]], float)
        regions = np.array([0, 0, 1, 1, 2, 3])
        tree = bridges_of(xy, regions, 1000)
        assert [(bridge.first, bridge.second) for bridge in tree] == [(1, 2), (0, 1), (1, 3)]
        assert tree[1].length == 90 and (tree[1].start, tree[1].end) == (1, 2)
        assert [(bridge.first, bridge.second) for bridge in bridges_of(xy, regions, 90)] == [(1, 2), (0, 1)]
        assert [(bridge.first, bridge.second) for bridge in bridges_of(xy, regions, 89.9)] == [(1, 2)]
        assert bridges_of(xy, np.zeros(6, int), 1000) == []

    @given(st.integers(0, 1000), st.integers(2, 6))
    def test_the_tree_is_as_short_as_that_of_all_distances(self, seed, n_region):
        from scipy.sparse.csgraph import minimum_spanning_tree

        rng = np.random.default_rng(seed)
        xy = rng.uniform(0, 1000, (40, 2))
        regions = np.concatenate([np.arange(n_region), rng.integers(0, n_region, 40 - n_region)])
        distance = np.hypot(*(xy[:, np.newaxis] - xy).transpose(2, 0, 1))
        short = [[distance[np.ix_(regions == a, regions == b)].min() for b in range(n_region)] for a in range(n_region)]
        tree = bridges_of(xy, regions, 1e9)
        assert sum(b.length for b in tree) == pytest.approx(minimum_spanning_tree(np.array(short)).sum())

    def test_two_islands_are_restored_exactly(self):
        """+1 and -2 cycles beyond 300 m of water, over a field that changes by less than half a cycle there."""
        xy, part = islands()
        field = 0.002 * xy[:, 0] + 0.001 * xy[:, 1]
        wrong = np.array([0, 1, -2])[part]
        outcome = Bridging(xy, cells(xy), BridgeSettings()).of((field + TURN * wrong).astype(np.float32))
        np.testing.assert_array_equal(outcome.cycles, wrong)
        assert outcome.sizes.tolist() == [96, 64, 64] and outcome.large == 3 and outcome.moved == 2
        gap = [b.length for b in bridges_of(xy, part, 5000)]
        assert gap == [300, 300]

    @given(st.integers(-5, 5), st.integers(-5, 5), st.floats(-0.004, 0.004), st.integers(0, 99))
    def test_any_cycles_are_restored(self, one, two, slope, seed):
        xy, part = islands()
        noise = np.random.default_rng(seed).normal(0, 0.3, len(xy))
        wrong = np.array([0, one, two])[part]
        bridging = Bridging(xy, cells(xy), BridgeSettings())
        phase = slope * xy[:, 0] + noise + TURN * wrong
        outcome = bridging.of(phase)
        np.testing.assert_array_equal(outcome.cycles, wrong)
        assert not bridging.of(phase - TURN * outcome.cycles).cycles.any()

    def test_a_torn_seam_is_mended(self):
        xy = block(16, 16)
        torn = (xy[:, 0] > 500).astype(int)
        outcome = Bridging(xy, cells(xy), BridgeSettings()).of(0.004 * xy[:, 0] + 3 * TURN * torn)
        np.testing.assert_array_equal(outcome.cycles, 3 * torn)
        steep = 0.01 * xy[:, 0] + 3 * TURN * torn  # the medians within 500 m are 400 m apart
        assert (Bridging(xy, cells(xy), BridgeSettings()).of(steep).cycles != 3 * torn).any()
        near = Bridging(xy, cells(xy), BridgeSettings(radius=100)).of(steep)
        np.testing.assert_array_equal(near.cycles, 3 * torn)

    def test_a_ramp_is_taken_out_of_the_comparison(self):
        xy, part = islands()
        field = 0.014 * xy[:, 0]  # more than half a cycle over each bridge
        wrong = np.array([0, 1, 1])[part]
        plain = Bridging(xy, cells(xy), BridgeSettings(radius=1)).of(field + TURN * wrong)
        assert (plain.cycles != wrong).any()
        ramp = Bridging(xy, cells(xy), BridgeSettings(radius=1, ramp=True)).of(field + TURN * wrong)
        np.testing.assert_array_equal(ramp.cycles, wrong)

    def test_the_reference_area_stays(self):
        xy, part = islands()
        wrong = np.array([0, 1, -2])[part]
        settings = BridgeSettings()
        outcome = Bridging(xy, cells(xy), settings, np.flatnonzero(part == 2)[:5]).of(TURN * wrong)
        np.testing.assert_array_equal(outcome.cycles, wrong + 2)
        alone = np.vstack([xy, block(1, 1, sample=60)])  # reference in a region that is too small
        outcome = Bridging(alone, cells(alone), settings, np.array([len(xy)])).of(TURN * np.append(wrong, 7))
        np.testing.assert_array_equal(outcome.cycles, np.append(wrong, 0))

    def test_small_and_distant_regions_stay(self):
        xy, part = islands()
        phase = TURN * np.array([0, 1, -2])[part]
        outcome = Bridging(xy, cells(xy), BridgeSettings(min_pixels=97)).of(phase)
        assert not outcome.cycles.any() and outcome.large == 0 and outcome.sizes.tolist() == [96, 64, 64]
        outcome = Bridging(xy, cells(xy), BridgeSettings(max_length=299)).of(phase)
        assert not outcome.cycles.any() and outcome.unreached.tolist() == [64, 64]

    def test_few_pixels_near_an_end_are_filled_up_with_the_nearest(self):
        xy = np.column_stack([np.concatenate([np.arange(12) * 100.0, 2000 + np.arange(12) * 100.0]), np.zeros(24)])
        regions = np.repeat([0, 1], 12)
        phase = np.zeros(24)
        phase[:2], phase[12:16] = 50, TURN  # beyond the ten nearest; fewer than half of them
        assert cycles_of(phase, xy, regions, bridges_of(xy, regions, 5000), BridgeSettings(radius=1)).cycles.sum() == 0
        phase[12:19] = TURN
        found = cycles_of(phase, xy, regions, bridges_of(xy, regions, 5000), BridgeSettings(radius=1))
        assert found.cycles.tolist() == [0, 1]

    def test_halves_are_rounded_away_from_zero(self):
        xy, part = islands()
        outcome = Bridging(xy, cells(xy), BridgeSettings()).of(np.array([0, np.pi, -np.pi])[part])
        np.testing.assert_array_equal(outcome.cycles, np.array([0, 1, -1])[part])


# ---------------------------------------------------------------------- the command


@pytest.fixture
def project(tmp_path):
    """A project of two islands and a mainland with exact phases, unwrapped wrongly in two interferograms."""
    return island_project(tmp_path / "SMALL_BASELINES")


def island_project(path):
    xy, part = islands()
    order = np.lexsort((xy[:, 0], xy[:, 1]))
    xy, part = xy[order], part[order]
    ws = random_project.small_baselines(path, n_ps=len(xy), unwrap_grid_size=SIDE)
    ps = ws.load("ps2")
    table = np.column_stack([np.arange(1, len(xy) + 1), xy])
    lonlat = np.column_stack([14 + xy[:, 0] / 84000, 40 + xy[:, 1] / 111000])
    ij = np.column_stack([np.arange(1, len(xy) + 1), xy[:, 1] // 10, xy[:, 0] // 10])
    ws.save("ps2", {**ps, "xy": table.astype(np.float32), "lonlat": lonlat, "ij": ij})
    series = np.outer(0.0015 * xy[:, 0], np.linspace(-1, 1, 7)) - 1
    series -= series[:, [2]]
    phase = series @ design_matrix(ps["ifgday_ix"], 7).T
    wrong = np.zeros(phase.shape, int)
    wrong[:, 3], wrong[:, 8] = np.array([0, 1, -2])[part], np.array([0, 0, 3])[part]
    ws.save("phuw_sb2", {"ph_uw": (phase + TURN * wrong).astype(np.float32), "msd": np.zeros(11, np.float32)})
    ws.save("phuw2", {"ph_uw": np.ones((len(xy), 7), np.float32), "unwrap_ifg_index_sm": np.arange(7)})
    ws.write_text("width.txt", "300\n")
    ws.write_text("len.txt", "50\n")
    return ws, phase.astype(np.float32), wrong, series


def tree(ws):
    return {path.name: path.read_bytes() for path in ws.path.iterdir() if path.suffix == ".mat"}


def test_islands_of_a_project(project):
    ws, phase, wrong, series = project
    assert sb_bridge(workdir=ws) == np.count_nonzero(wrong)
    np.testing.assert_allclose(ws.load("phuw_sb2")["ph_uw"], phase, atol=2e-5)
    result = ws.load("phuw2")["ph_uw"]
    np.testing.assert_allclose(result, series - series.mean(axis=0), atol=1e-4)
    log = ws.read_text("STAMPS.log")
    assert (
        "interferogram 4" in log and "3 regions (96, 64, 64 pixels), 2 moved" in log and "steps 7 and 8 are next" in log
    )


def test_changes_are_whole_cycles_and_happen_once(project):
    ws, _, wrong, _ = project
    before = ws.load("phuw_sb2")["ph_uw"].astype(float)
    sb_bridge(workdir=ws)
    after = tree(ws)
    change = (before - ws.load("phuw_sb2")["ph_uw"]) / TURN
    np.testing.assert_allclose(change, wrong, atol=1e-4)
    assert sb_bridge(workdir=ws) == 0 and tree(ws) == after


def test_undo_gives_the_bytes_back(project):
    ws, *_ = project
    sb_invert_uw(workdir=ws)
    before = tree(ws)
    assert cli.run("sb_bridge", ["--workdir", str(ws.path)]) == 0
    assert tree(ws)["phuw_sb2.mat"] != before["phuw_sb2.mat"] and ws.exists("phuw_sb2_original")
    assert cli.run("sb_bridge", ["--undo", "--workdir", str(ws.path)]) == 0
    assert tree(ws) == before
    with pytest.raises(InputError, match="Nothing can be undone"):
        sb_bridge(undo=True, workdir=ws)


def test_undo_goes_behind_changes_by_hand(project):
    ws, *_ = project
    before = ws.file("phuw_sb2.mat").read_bytes()
    sb_fix_unwrap_manual(1, 1, [[13, 39], [15, 39], [15, 41], [13, 41]], workdir=ws)
    assert sb_bridge(workdir=ws) > 0
    sb_bridge(undo=True, workdir=ws)
    assert ws.file("phuw_sb2.mat").read_bytes() == before


def test_what_step_6_makes_anew_is_not_undone(project):
    ws, phase, wrong, _ = project
    sb_bridge(workdir=ws)
    ws.save("uw_phaseuw", {"ph_uw": phase})
    again = Workspace(ws.path)
    again.load("uw_phaseuw")
    again.save("phuw_sb2", {"ph_uw": (phase - TURN * wrong).astype(np.float32)})  # as step 6: from its own files
    ws = Workspace(ws.path)
    with pytest.raises(InputError, match="earlier run of step 6"):
        sb_bridge(undo=True, workdir=ws)
    new = ws.file("phuw_sb2.mat").read_bytes()
    assert sb_bridge(workdir=ws) > 0
    assert ws.file("phuw_sb2_original.mat").read_bytes() == new
    sb_bridge(undo=True, workdir=ws)
    assert ws.file("phuw_sb2.mat").read_bytes() == new


def test_copies_of_another_number_of_pixels_are_not_put_back(project):
    ws, *_ = project
    sb_bridge(workdir=ws)
    ws.save_raw("phuw_sb2_original", {"ph_uw": np.zeros((3, 11), np.float32)})
    with pytest.raises(InputError, match="earlier run of step 6"):
        sb_bridge(undo=True, workdir=ws)


def test_a_damaged_copy_is_not_put_back(project):
    ws, *_ = project
    sb_bridge(workdir=ws)
    (ws.path / "phuw_sb2_original.mat").write_bytes(b"nothing" * 100)
    before = tree(ws)
    with pytest.raises(WorkspaceError, match="phuw_sb2_original.mat"):
        sb_bridge(undo=True, workdir=Workspace(ws.path))
    assert tree(ws) == before


def test_results_of_later_steps_are_out_of_date(project):
    ws, *_ = project
    ws.load("phuw_sb2")
    ws.save("scla_sb2", {"K_ps_uw": np.zeros(224)})
    assert Judge(Workspace(ws.path)).verdict("scla_sb2.mat") is None
    sb_bridge(workdir=Workspace(ws.path))
    assert Judge(Workspace(ws.path)).verdict("scla_sb2.mat").root == "phuw_sb2.mat"
    sb_bridge(undo=True, workdir=Workspace(ws.path))
    assert Judge(Workspace(ws.path)).verdict("scla_sb2.mat") is None


def test_a_failing_inversion_changes_nothing(project, monkeypatch):
    ws, *_ = project
    before = tree(ws)
    monkeypatch.setattr("stamps.legacy.sb_bridge.sb_invert_uw", lambda workdir: workdir.load("nothing"))
    with pytest.raises(WorkspaceError):
        sb_bridge(workdir=ws)
    assert tree(ws) == before


def test_dropped_interferograms_and_missing_phases_stay(project):
    ws, _, wrong, _ = project
    Parameters(ws).set("drop_ifg_index", [9])
    ph_uw = ws.load("phuw_sb2")["ph_uw"]
    ph_uw[5, 3], ph_uw[:, 6] = np.nan, np.nan
    ws.save("phuw_sb2", {"ph_uw": ph_uw})
    Parameters(ws).set("drop_ifg_index", [7, 9])
    sb_bridge(workdir=ws)
    after = ws.load("phuw_sb2")["ph_uw"]
    np.testing.assert_array_equal(after[:, 8], ph_uw[:, 8])
    assert np.isnan(after[5, 3]) and np.isnan(after[:, 6]).all() and np.isfinite(np.delete(after[:, 3], 5)).all()


def test_a_mask_divides_what_touches(project):
    ws, phase, _, _ = project
    water = np.zeros((50, 300), np.uint8)
    mainland = ws.load("ps2")["xy"][:, 1]
    middle = int((650 + 1250) / 2 // 10)
    water[:, middle] = 255
    water.tofile(ws.path / "water.byte")
    east = (mainland > middle * 10) & (mainland < 1260)
    ph_uw = phase.copy()
    ph_uw[east, 0] += np.float32(0.4 * TURN)  # no torn seam
    ws.save("phuw_sb2", {"ph_uw": ph_uw})
    Parameters(ws).set("ref_lon", [0.0, 14 + middle * 10 / 84000])
    sb_bridge(min_pixels=20, workdir=ws)
    log = ws.read_text("STAMPS.log")
    sb_bridge(mask="water.byte", min_pixels=20, workdir=ws)
    more = ws.read_text("STAMPS.log")[len(log) :]
    assert "4 regions" not in log and "4 regions" in more


def test_nothing_to_do_is_said_and_no_error(tmp_path, capsys):
    ws, phase, wrong, _ = island_project(tmp_path)
    ws.save("phuw_sb2", {"ph_uw": phase})
    before = tree(ws)
    words = ["--workdir", str(ws.path)]
    assert cli.run("sb_bridge", ["--min-pixels", "1000", *words]) == 0
    assert "all regions have fewer than 1000 pixels (96, 64, 64), nothing is bridged: all 11" in capsys.readouterr().out
    assert cli.run("sb_bridge", ["--max-length", "100", *words]) == 0
    assert "no bridge of up to 100 m to 2 (64, 64 pixels)" in capsys.readouterr().out
    Parameters(ws).set("unwrap_grid_size", 300)
    changed = tree(ws)
    assert cli.run("sb_bridge", words) == 0
    assert "one region, nothing to bridge: all 11 interferograms" in capsys.readouterr().out
    assert {**tree(ws), "parms.mat": b""} == {**before, "parms.mat": b""} and tree(ws) == changed


def test_a_project_of_the_original(golden_state, capsys):
    """Two seams torn along cells are mended in all regions, and undone is undone."""
    ws = Workspace(golden_state("sb_mini", 8))
    Parameters(ws).set("unwrap_grid_size", 150)
    right, xy = ws.load("phuw_sb2")["ph_uw"], ws.load("ps2")["xy"]
    words = ["--radius", "200", "--workdir", str(ws.path)]
    assert cli.run("sb_bridge", words) == 0
    text = capsys.readouterr().out
    assert re.search(r"one region \(beside up to \d with fewer than 50 pixels\), nothing to bridge: all 32", text)
    east = grid_cells(xy, 150)["grid_ij"][:, 1] > 7
    wrong = np.zeros(right.shape, int)
    wrong[east, 4], wrong[east, 20] = 1, -2
    ws.save("phuw_sb2", {"ph_uw": (right + TURN * wrong).astype(np.float32)})
    sb_invert_uw(workdir=ws)
    before = tree(ws)
    assert cli.run("sb_bridge", words) == 0
    change = np.round((ws.load("phuw_sb2_original")["ph_uw"] - ws.load("phuw_sb2")["ph_uw"]) / TURN)
    assert np.flatnonzero(change.any(axis=0)).tolist() == [4, 20]
    relative = change[:, [4, 20]] - np.median(change[~east][:, [4, 20]], axis=0)
    assert (relative == wrong[:, [4, 20]]).mean() > 0.99  # but for the pixels of the small region
    assert cli.run("sb_bridge", ["--undo", *words]) == 0 and tree(ws) == before


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"radius": 0}, ParameterError, "radius is 0"),
        ({"radius": np.nan}, ParameterError, "radius is nan"),
        ({"max_length": -1}, ParameterError, "max_length is -1"),
        ({"min_pixels": 0}, ParameterError, "whole number from 1"),
        ({"min_pixels": 2.5}, ParameterError, "whole number from 1"),
        ({"mask": "nothing"}, InputError, "nothing"),
        ({"mask": "short"}, InputError, "300 x 50 were expected"),
        ({"mask": "long"}, InputError, "300 x 50 were expected"),
        ({"undo": True}, InputError, "Nothing can be undone"),
    ],
)
def test_what_cannot_be(project, arguments, error, message):
    ws, *_ = project
    (ws.path / "short").write_bytes(bytes(300 * 49))
    (ws.path / "long").write_bytes(bytes(300 * 50 + 7))
    before = tree(ws)
    with pytest.raises(error, match=message) as caught:
        sb_bridge(**arguments, workdir=ws)
    assert "\n" not in str(caught.value) and tree(ws) == before


def test_projects_that_cannot_be_bridged(project, tmp_path, capsys):
    ws, phase, _, _ = project
    single = random_project.single_master(tmp_path / "ps")
    with pytest.raises(InputError, match="single master"):
        sb_bridge(workdir=single)
    ws.save("phuw_sb2", {"ph_uw": np.full_like(phase, np.nan)})
    with pytest.raises(InputError, match="no finite phase: run step 6 again"):
        sb_bridge(workdir=ws)
    ws.save("phuw_sb2", {"ph_uw": phase[:, :5]})
    with pytest.raises(WorkspaceError, match="phuw_sb2"):
        sb_bridge(workdir=ws)
    ws.delete("phuw_sb2.mat")
    assert cli.run("sb_bridge", ["--workdir", str(ws.path)]) == 1
    error = capsys.readouterr().err
    assert "phuw_sb2.mat is missing: run step 6 first" in error and error.count("\n") == 1

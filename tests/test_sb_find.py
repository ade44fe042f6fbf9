"""Choosing small-baseline pairs, planning files, baselines."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import random_project
from stamps.errors import InputError, WorkspaceError
from stamps.insar.network import correlated_pairs, delaunay_pairs, subsets
from stamps.legacy.ps_baselines import ps_baselines
from stamps.legacy.ps_load_info import ps_load_info
from stamps.legacy.sb_find import sb_find
from stamps.legacy.sb_find_consec import sb_find_consec
from stamps.legacy.sb_find_delaunay import sb_find_delaunay
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

DATES = np.array([20180101, 20180113, 20180125, 20190725, 20220101])
BPERP = np.array([0.0, 200, -300, 100, 900])

FILES = {
    "day.1.in": "20180125\n20180101\n20180206\n", "master_day.1.in": "20180113\n", "bperp.1.in": "30.5\n-10\n70\n",
    "heading.1.in": "-166.6\n", "lambda.1.in": "0.0555\n",
}  # fmt: skip


@pytest.fixture
def ws(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=4, n_ifg=5, master_ix=0)
    ws.save("ps2", {"day": datenum(DATES), "bperp": BPERP})
    return ws


def listed(ws):
    lines = (ws.path / "small_baselines.list").read_text().splitlines()
    return [tuple(int(word) for word in line.split()) for line in lines]


def test_pairs_by_expected_coherence_written_out(ws):
    """Coherence (1 - |dB|/1070)(1 - |dt|/1500); the last image has no coherent partner at all but the fourth."""
    day = datenum(DATES)
    expected = set()
    for i in range(5):
        rho = [max(0, 1 - abs(BPERP[j] - BPERP[i]) / 1070) * max(0, 1 - abs(day[j] - day[i]) / 1500) for j in range(5)]
        rho[i] -= 1
        expected |= {(i, j) for j in range(i + 1, 5) if rho[j] > 0.5}
        best = rho.index(max(rho))
        expected.add((min(i, best), max(i, best)))
    pairs = sb_find(workdir=ws)
    assert [tuple(pair) for pair in pairs.tolist()] == sorted(expected)
    assert (3, 4) in expected and (0, 4) not in expected and (1, 2) in expected
    assert listed(ws) == [(DATES[i], DATES[j]) for i, j in sorted(expected)]


def test_stricter_limits_leave_the_best_partner(ws, capsys):
    assert sb_find(0.999, workdir=ws).tolist() == [[0, 1], [0, 2], [1, 3], [3, 4]]
    # beyond the limits the coherence is zero, also where both factors are negative: then the first image is the best
    far = correlated_pairs(np.array([0.0, 10, 1000]), np.array([0.0, 5, 900]), 0.5, 100, 100)
    assert far.tolist() == [[0, 1], [0, 2]]
    assert "falls apart" not in capsys.readouterr().out
    for arguments in ((0.5, 0), (0.5, 1500, -1), (1,)):
        with pytest.raises(InputError, match="positive limits"):
            sb_find(*arguments, workdir=ws)


@given(st.lists(st.tuples(st.integers(0, 4000), st.floats(-500, 500)), min_size=2, max_size=12), st.floats(0, 0.99))
def test_every_image_is_in_a_pair_and_pairs_are_ordered(images, rho_min):
    day, bperp = np.array(images, float).T
    pairs = correlated_pairs(day, bperp, rho_min, 1500, 1070)
    assert (pairs[:, 0] < pairs[:, 1]).all() and len(np.unique(pairs, axis=0)) == len(pairs)
    assert set(pairs.ravel()) >= set(range(1, len(images)))  # the first alone can stay without a partner


def test_following_images(ws):
    assert sb_find_consec(2, workdir=ws).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [2, 4], [3, 4]]
    assert len(sb_find_consec(workdir=ws)) == 9 and len(sb_find_consec(99, workdir=ws)) == 10
    assert listed(ws)[0] == (20180101, 20180113)
    for n in (0, 1.5):
        with pytest.raises(InputError, match="whole number from 1"):
            sb_find_consec(n, workdir=ws)


def test_triangulation(ws):
    square = delaunay_pairs(np.array([0.0, 10, 10, 0, 4]), np.array([0.0, 0, 10, 10, 5]))
    assert square.tolist() == [[0, 1], [0, 3], [0, 4], [1, 2], [1, 4], [2, 3], [2, 4], [3, 4]]
    pairs = sb_find_delaunay(workdir=ws)
    assert subsets(pairs, 5) == 1 and len(listed(ws)) == len(pairs) >= 7
    ws.save("ps2", {"bperp": np.zeros(5)})
    with pytest.raises(InputError, match="stand on a line"):
        sb_find_delaunay(workdir=ws)
    with pytest.raises(InputError, match="2 images"):
        delaunay_pairs(np.array([0.0, 1]), np.zeros(2))


def test_picture(ws):
    pytest.importorskip("matplotlib")
    sb_find_consec(workdir=ws)
    assert (ws.path / "SB_plot.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib(ws, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    sb_find_consec(workdir=ws)
    assert not (ws.path / "SB_plot.png").exists() and len(listed(ws)) == 9
    assert "9 pairs of 5 images written to small_baselines.list\n" in capsys.readouterr().out


def test_a_network_that_falls_apart_is_said(ws, capsys):
    day = np.array([0.0, 12, 3000, 3012]) + datenum(20180101)
    ws.save("ps2", {"day": day, "bperp": np.array([0.0, 20, 10, 30]), "n_ifg": 4, "n_image": 4})
    assert sb_find(workdir=ws).tolist() == [[0, 1], [2, 3]]
    assert "falls apart into 2 subsets" in capsys.readouterr().out


def test_a_project_without_single_images(tmp_path):
    ws = random_project.small_baselines(tmp_path)
    for tool in (sb_find, sb_find_consec, sb_find_delaunay):
        with pytest.raises(InputError, match="run this in the single-master"):
            tool(workdir=ws)
    with pytest.raises(WorkspaceError, match="is not a directory"):
        sb_find(workdir=tmp_path / "nothing")


def test_baselines(ws, capsys):
    bperps, ix = ps_baselines(200, workdir=ws)
    assert ix.tolist() == [1, 2, 4] and bperps.tolist() == [200, -300, 900]
    assert capsys.readouterr().out.splitlines() == ["  2     200 m", "  3    -300 m", "  5     900 m"]


def write(folder, **changed):
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **{name.replace("_1_in", ".1.in"): text for name, text in changed.items()}}.items():
        (folder / name).write_text(text)
    return Workspace(folder)


def test_planning_files(tmp_path):
    write(tmp_path)
    ws = Workspace(tmp_path / "below")
    ws.path.mkdir()
    ps_load_info(workdir=ws)
    assert ws.version == 1
    raw = ws.load_raw("ps1")
    assert sorted(raw) == ["bperp", "day", "day_ix", "master_day", "master_ix", "n_ifg", "n_ps"]
    assert raw["bperp"].tolist() == [[-10], [0], [30.5], [70]] and raw["day_ix"].ravel().tolist() == [2, 1, 3]
    assert raw["day"].ravel().tolist() == datenum(np.array([20180101, 20180113, 20180125, 20180206])).tolist()
    assert (raw["master_ix"], raw["n_ifg"], raw["n_ps"], raw["master_day"]) == (2, 4, 0, datenum(20180113))
    assert Parameters(ws).get("heading") == -166.6 and Parameters(ws).get("lambda") == 0.0555
    assert len(sb_find_consec(workdir=ws)) == 6


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bperp_1_in": "30\n"}, "1 baselines, but day.1.in has 3 dates"),
        ({"day_1_in": "20180125\n20180231\n20180206\n"}, "day.1.in of .*20180231"),
        ({"master_day_1_in": "20180125\n"}, "list the slaves alone"),
        ({"heading_1_in": "north\n"}, "heading.1.in should hold numbers"),
        ({"lambda_1_in": ""}, "lambda.1.in should hold numbers"),
    ],
)
def test_bad_planning_files(tmp_path, changed, message):
    ws = write(tmp_path, **changed)
    with pytest.raises(InputError, match=message):
        ps_load_info(workdir=ws)
    assert not ws.exists("ps1")


def test_missing_planning_file(tmp_path):
    ws = write(tmp_path)
    ws.delete("bperp.1.in")
    with pytest.raises(InputError, match="bperp.1.in was found neither in"):
        ps_load_info(workdir=ws)

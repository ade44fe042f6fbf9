"""Step 6 by the minimum-cost flow with input that leaves little or nothing to unwrap: a result, or one sentence."""

import os
import sys

import numpy as np
import pytest

from stamps import cli
from stamps.errors import ExternalProgramError, InputError
from stamps.legacy import uw_stat_costs
from stamps.legacy.uw_3d import uw_3d
from stamps.processes import child
from stamps.steps.unwrapping import flow
from stamps.workspace import Workspace

_POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
_DAY = np.arange(4.0) * 12
_STAR = np.column_stack([np.zeros(3, int), [1, 2, 3]])
_OPTIONS = {"grid_size": 10, "prefilt_win": 8, "la_flag": "n", "unwrap_method": "3D_NO_DEF", "goldfilt_flag": "n"}


def unwrapped(folder, xy, phase):
    """Pixels at metres ``xy`` with a phase (n_ps,), the same in three interferograms, unwrapped."""
    table = np.column_stack([np.arange(1, len(xy) + 1), xy]).astype(np.float32)
    ph = np.exp(1j * np.repeat(np.asarray(phase)[:, None], 3, axis=1)).astype(np.complex64)
    return uw_3d(ph, table, _DAY, _STAR, None, _OPTIONS, workdir=folder, solver="flow")[0]


def test_clusters_far_from_each_other_are_unwrapped_in_one_grid(tmp_path):
    """Empty cells between clusters take the nearest node: the grid is never disconnected."""
    x, y = np.meshgrid(np.arange(8) * 10.0, np.arange(8) * 10.0)
    cluster = np.column_stack([x.ravel(), y.ravel()])
    xy = np.concatenate([cluster, cluster + [600, 0], cluster + [0, 500]])
    phase = 0.05 * cluster[:, 0] - 0.06 * cluster[:, 1]
    truth = np.concatenate([phase, phase + 1.0, phase - 1.5])
    ph_uw = unwrapped(tmp_path, xy, truth)
    off = (ph_uw - truth[:, None]) / (2 * np.pi)
    np.testing.assert_allclose(off, np.rint(off), atol=0.05)
    assert np.ptp(np.rint(off[:64]), axis=0).max() == 0


@pytest.mark.parametrize("across", [False, True])
def test_pixels_on_one_line(tmp_path, across):
    along = np.arange(60) * 10.0
    xy = np.column_stack([along, np.zeros(60)])[:, :: -1 if across else 1]
    try:
        ph_uw = unwrapped(tmp_path, xy, 0.08 * along)
    except InputError as error:
        assert str(error).count("\n") == 0 and len(str(error)) > 20
        assert not Workspace(tmp_path).exists("uw_phaseuw")
    else:
        off = (ph_uw - 0.08 * along[:, None]) / (2 * np.pi)
        np.testing.assert_allclose(off, np.rint(off), atol=0.05)


def test_pixels_of_one_cell(tmp_path):
    with pytest.raises(InputError, match=r"^[^\n]+$"):
        unwrapped(tmp_path, np.random.default_rng(0).uniform(0, 5, (30, 2)), np.zeros(30))
    assert not Workspace(tmp_path).exists("uw_phaseuw")


def _command(folder, capsys):
    status = cli.run("stamps", ["6", "6", "--workdir", str(folder), "--cores", "1"])
    return status, capsys.readouterr().err.splitlines()


def _refused(folder, capsys, *words):
    before = {path.name for path in folder.glob("*.mat")}
    status, said = _command(folder, capsys)
    assert status == 1
    assert len(said) == 1
    assert all(word in said[0] for word in words), said
    after = {path.name for path in folder.glob("*.mat")} - {"no_ps_info.mat"}  # flags of the run
    assert after == before  # nothing is half written


def test_a_missing_solver_stops_the_command_before_any_work(golden_state, capsys, monkeypatch):
    workdir = golden_state("ps_mini", 5)
    monkeypatch.setitem(sys.modules, "ortools.graph.python.min_cost_flow", None)
    _refused(workdir, capsys, "ortools", "pip install ortools", "--unwrap snaphu")


def test_more_arcs_than_the_solver_can_number_stop_the_command(golden_state, capsys, monkeypatch):
    workdir = golden_state("ps_mini", 5)
    monkeypatch.setattr(flow, "MAX_ARCS", 1000)
    _refused(workdir, capsys, "55 x 74 cells", "more than the solver can number", "unwrap_grid_size")


def test_a_problem_without_solution_stops_the_command(golden_state, capsys, monkeypatch):
    workdir = golden_state("ps_mini", 5)
    solver = flow._solver_class()
    monkeypatch.setattr(solver, "solve", lambda self: self.INFEASIBLE)
    _refused(workdir, capsys, "Interferogram 1", "55 x 74 cells", "INFEASIBLE", "SNAPHU")


def _second_fails(monkeypatch):
    """The solver gives up the second interferogram that it is given."""
    whole, calls = flow.unwrap, []

    def unwrap(*arrays):
        calls.append(None)
        if len(calls) == 2:
            raise ExternalProgramError("The minimum-cost flow has no solution (BAD_RESULT).")
        return whole(*arrays)

    monkeypatch.setattr(flow, "unwrap", unwrap)


def _second_is_killed(monkeypatch):
    """The process of the second interferogram is killed, as by a system without memory."""
    whole, calls = child.command, []

    def command(module):
        calls.append(None)
        return [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"] if len(calls) == 2 else whole(module)

    monkeypatch.setattr(child, "command", command)
    monkeypatch.setattr(uw_stat_costs, "_WORTH_A_PROCESS", 1)


@pytest.mark.parametrize(
    ("fail", "words"),
    [(_second_fails, ["BAD_RESULT"]), pytest.param(_second_is_killed, ["stopped by signal 9"], marks=_POSIX)],
)
def test_one_interferogram_of_many_fails_and_the_next_run_ends(golden_state, capsys, monkeypatch, fail, words):
    workdir = golden_state("ps_mini", 5)
    with monkeypatch.context() as broken:
        fail(broken)
        _refused(workdir, capsys, "Interferogram 2", *words)
    assert _command(workdir, capsys)[0] == 0
    undisturbed = golden_state("ps_mini", 5)
    assert _command(undisturbed, capsys)[0] == 0
    for name in ("uw_phaseuw.mat", "phuw2.mat"):
        assert (workdir / name).read_bytes() == (undisturbed / name).read_bytes()

"""Interferograms that were unwrapped before a kill are taken over; what does not belong to the inputs is not."""

import numpy as np
import pytest

from stamps.errors import ExternalProgramError
from stamps.legacy import uw_stat_costs
from stamps.run.workers import Workers
from stamps.steps.unwrapping import flow
from stamps.workspace import Workspace, unwrapped_store

UNWRAPPED = np.arange(6, dtype=np.float32).reshape(2, 3)


def kept(folder):
    return sorted(path.name for path in (folder / unwrapped_store.FOLDER).glob("*"))


def test_what_was_written_is_read(tmp_path):
    unwrapped_store.write(tmp_path, "a", UNWRAPPED, {"snaphu.log": b"said", "snaphu.in": b""})
    found, files = unwrapped_store.read(tmp_path, "a")
    assert found.dtype == np.float32 and np.array_equal(found, UNWRAPPED)
    assert files == {"snaphu.log": b"said", "snaphu.in": b""}
    assert unwrapped_store.read(tmp_path, "b") is None
    unwrapped_store.discard(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "foreign", "other name", "link", "folder"])
def test_what_is_not_sound_is_not_used(tmp_path, damage):
    unwrapped_store.write(tmp_path, "a", UNWRAPPED, {})
    path = tmp_path / unwrapped_store.FOLDER / "a"
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    elif damage == "other name":
        (path.parent / "b").write_bytes(content)
        assert unwrapped_store.read(tmp_path, "b") is None
    else:
        flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        path.write_bytes(
            {"cut": content[:-5], "empty": b"", "flipped": flipped, "foreign": b"\x93NUMPY" + content}[damage]
        )
    assert unwrapped_store.read(tmp_path, "a") is None


def test_where_nothing_can_be_kept_nobody_is_hindered(tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    outside.mkdir()
    project = tmp_path / "project"
    unwrapped_store.write(project, "a", UNWRAPPED, {})  # another machine, which does not see the project
    project.mkdir()
    (project / unwrapped_store.FOLDER).symlink_to(outside)
    unwrapped_store.write(project, "a", UNWRAPPED, {})
    unwrapped_store.discard(project)
    assert not list(outside.iterdir()) and (project / unwrapped_store.FOLDER).is_symlink()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unwrapped_store.os, "replace", full)
    unwrapped_store.write(outside, "a", UNWRAPPED, {})
    assert kept(outside) == []


@pytest.mark.parametrize("changed", range(4))
def test_every_input_counts(changed):
    inputs = [b"snaphu 2", np.ones((2, 2), np.complex64), np.ones((1, 8), np.int16), np.ones((2, 4), np.int16)]
    others = list(inputs)
    others[changed] = (
        b"snaphu 3"
        if changed == 0
        else np.where(np.eye(*inputs[changed].shape) > 0, 2, 1).astype(inputs[changed].dtype)
    )
    assert unwrapped_store.key(*inputs) != unwrapped_store.key(*others)
    assert unwrapped_store.key(*inputs) == unwrapped_store.key(
        inputs[0], *[array.copy(order="F") for array in inputs[1:]]
    )


@pytest.fixture(params=["flow", "snaphu"])
def counted(request, monkeypatch):
    """Numbers of the calls of a solver, which is chosen; it fails at the call that ``counted.fails_at`` says."""

    class Counted(list):
        fails_at = None
        files = ("uw_phaseuw.mat", "snaphu.out", "snaphu.in") if request.param == "snaphu" else ("uw_phaseuw.mat",)

    place, name = {"flow": (flow, "unwrap"), "snaphu": (uw_stat_costs, "snaphu")}[request.param]
    calls, real = Counted(), getattr(place, name)

    def solver(*arguments):
        calls.append(len(calls) + 1)
        if calls[-1] == calls.fails_at:
            raise ExternalProgramError("The solver was stopped and said nothing.")
        return real(*arguments)

    monkeypatch.setenv("STAMPS_UNWRAP", request.param)
    monkeypatch.setattr(uw_stat_costs, "_WORTH_KEEPING", -1.0)  # the flow keeps what took long
    monkeypatch.setattr(place, name, solver)
    return calls


@pytest.fixture
def before_unwrapping(golden_state):
    """Workspace in which all is there that :func:`uw_stat_costs` reads."""
    return Workspace(golden_state("ps_mini", 6))


def test_a_failing_interferogram_does_not_cost_the_others(before_unwrapping, counted):
    ws = before_unwrapping
    uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1))
    n_ifg, expected = len(counted), {file: (ws.path / file).read_bytes() for file in counted.files}
    assert n_ifg and not kept(ws.path)
    counted.clear()
    counted.fails_at = n_ifg
    with pytest.raises(ExternalProgramError):
        uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1))
    assert len(kept(ws.path)) == n_ifg - 1
    counted.fails_at = None
    counted.clear()
    uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1))
    assert len(counted) == 1  # the one that had failed
    assert expected == {file: (ws.path / file).read_bytes() for file in expected}
    assert not kept(ws.path)


def test_a_step_that_fails_later_keeps_the_interferograms(before_unwrapping, counted):
    ws = before_unwrapping
    with pytest.raises(RuntimeError), ws.publish():
        uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1))
        raise RuntimeError
    n_ifg = len(counted)
    assert len(kept(ws.path)) == n_ifg
    counted.clear()
    uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1))
    assert not counted and not kept(ws.path)
    with pytest.raises(RuntimeError), ws.publish():
        uw_stat_costs.uw_stat_costs("2D", workdir=ws, workers=Workers(1))  # other costs
        raise RuntimeError
    assert len(counted) == n_ifg


def test_what_one_solver_has_left_is_not_taken_for_the_other_s(before_unwrapping, monkeypatch):
    ws = before_unwrapping
    monkeypatch.setattr(uw_stat_costs, "_WORTH_KEEPING", -1.0)
    counts = []
    for solver in ("flow", "snaphu"):
        with pytest.raises(RuntimeError), ws.publish():
            uw_stat_costs.uw_stat_costs("3D_FULL", workdir=ws, workers=Workers(1), solver=solver)
            raise RuntimeError
        counts.append(len(kept(ws.path)))
    assert counts[1] == 2 * counts[0] > 0

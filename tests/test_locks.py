"""Locks and scratch folders."""

import contextlib
import os
import signal

import pytest

from helpers.forked import FORK, in_child
from stamps.workspace import Workspace, lineage, publication, system_locks


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def hidden(path):
    """Hidden files but the record of what results were made from."""
    return [p.name for p in path.iterdir() if p.name.startswith(".") and p.name != lineage.FILE]


def test_a_lock_admits_one_process_at_a_time(ws):
    ws.write_text("count.txt", "0")

    def work():
        for _ in range(25):
            with ws.locked("count"):
                number = int((ws.path / "count.txt").read_text())
                (ws.path / "count.txt").write_text(str(number + 1))

    processes = [FORK.Process(target=work) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert ws.read_text("count.txt") == "100"
    assert hidden(ws.path) == []


def test_the_lock_of_a_killed_process_is_taken_over(ws):
    def work():
        with ws.locked("count"):
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(work)
    assert hidden(ws.path) == [".count.lock"]
    with ws.locked("count"):
        pass
    assert hidden(ws.path) == []


def test_where_locks_are_impossible_work_goes_on(ws, monkeypatch):
    monkeypatch.setattr(system_locks, "_library", lambda: None)
    with ws.locked("count"):
        assert hidden(ws.path) == []


def test_only_what_stays_is_made_to_reach_the_disk(ws, monkeypatch):
    synced = []
    monkeypatch.setattr(publication, "sync", synced.append)
    with ws.publish(), ws.scratch() as scratch:
        (scratch / "inside").write_text("a.txt", "a")
        assert synced == []
        with ws.open_output("a.txt") as path:
            os.replace(scratch.path / "inside" / "a.txt", path)
    assert "a.txt" in [path.name for path in synced]


def test_scratch_folders_go_away(ws):
    with contextlib.suppress(RuntimeError), ws.scratch() as scratch:
        scratch.write_text("a.txt", "a")
        assert scratch.path.parent == ws.path
        ws.write_text("b.txt", "b")  # must not take the scratch folder for a dead one
        assert scratch.read_text("a.txt") == "a"
        raise RuntimeError
    assert [p.name for p in ws.path.iterdir()] == ["b.txt"]

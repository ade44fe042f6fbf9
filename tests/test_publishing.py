"""Saves that happen whole or not at all, whenever a process dies or a disk says no."""

import errno
import json
import os
import random
import resource
import signal
import socket
import threading
import time

import numpy as np
import pytest

from helpers.forked import FORK, in_child
from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, lineage, owners, publication
from stamps.workspace.journal import COMMIT, STAGING


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def hidden(path):
    """Hidden files but the record of what results were made from."""
    return [p.name for p in path.iterdir() if p.name.startswith(".") and p.name != lineage.FILE]


# ---------------------------------------------------------------------- publishing


def test_reads_inside_see_what_was_saved_and_others_do_not(ws):
    ws.save("psver", {"psver": 1})
    other = Workspace(ws.path)
    with ws.publish():
        ws.save("psver", {"psver": 2})
        with ws.publish():
            ws.save("la1", {"la": np.zeros(3)})
            ws.save("la1", {"extra": np.ones(1)})
        assert ws.version == 2
        assert ws.variables_of("la1") == ["la", "extra"]
        assert other.version == 1
        assert not other.exists("la1")
    assert other.version == 2
    assert other.variables_of("la1") == ["la", "extra"]
    assert hidden(ws.path) == []


def test_an_error_inside_changes_nothing(ws):
    ws.save("psver", {"psver": 1})
    with pytest.raises(RuntimeError), ws.publish():
        ws.save("psver", {"psver": 2})
        ws.delete("psver.mat")
        ws.write_text("new.txt", "x")
        raise RuntimeError
    assert ws.version == 1
    assert sorted(p.name for p in ws.path.iterdir()) == ["psver.mat"]


def test_an_error_of_an_inner_save_leaves_the_outer_ones(ws):
    with ws.publish():
        ws.write_text("one.txt", "1")
        with pytest.raises(RuntimeError), ws.open_output("two.txt") as path:
            path.write_text("half")
            raise RuntimeError
        assert not ws.has_file("two.txt")
    assert sorted(p.name for p in ws.path.iterdir()) == ["one.txt"]


def test_delete_and_rename(ws):
    ws.write_text("a.txt", "a")
    ws.write_text("b.txt", "b")
    with ws.publish():
        ws.delete("a.txt", "nothing.txt")
        assert not ws.has_file("a.txt")
        assert (ws.path / "a.txt").exists()
        ws.rename("b.txt", "a.txt")
        assert ws.read_text("a.txt") == "b"
        ws.rename("a.txt", "c.txt")
        assert ws.read_text("c.txt") == "b"
        ws.write_text("a.txt", "new")
    assert {p.name: p.read_text() for p in ws.path.iterdir()} == {"a.txt": "new", "c.txt": "b"}


def test_rename_of_what_is_not_there(ws):
    with pytest.raises(WorkspaceError, match=r"nothing\.txt is missing"):
        ws.rename("nothing.txt", "a.txt")
    ws.write_text("a.txt", "a")
    with pytest.raises(WorkspaceError, match=r"a\.txt is missing"), ws.publish():
        ws.delete("a.txt")
        ws.rename("a.txt", "b.txt")
    ws.rename("a.txt", "a.txt")
    assert ws.read_text("a.txt") == "a"


def test_files_of_sub_directories_are_published_too(ws):
    with ws.publish():
        ws.save("PATCH_1/psver", {"psver": 2})
        assert not (ws.path / "PATCH_1").exists()
    assert (ws / "PATCH_1").version == 2


def test_threads_publish_one_after_the_other(ws):
    def work(number):
        with ws.publish():
            ws.write_text("a.txt", str(number))
            time.sleep(0.01)
            ws.write_text("b.txt", str(number))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ws.read_text("a.txt") == ws.read_text("b.txt")


def test_two_workspaces_of_one_process_do_not_disturb_each_other(ws):
    other = Workspace(ws.path)
    with ws.publish():
        ws.write_text("a.txt", "a")
        other.write_text("b.txt", "b")
        assert other.recover() == []
        assert ws.read_text("a.txt") == "a"
    assert {p.name for p in ws.path.iterdir()} == {"a.txt", "b.txt"}


# ---------------------------------------------------------------------- dying at the wrong moment


def generation(ws):
    """The number that every file of a state carries; an error if they differ."""
    numbers = {ws.load("ps1")["n_boot"], ws.load("ph1")["n_boot"], int(ws.read_text("note.txt"))}
    numbers.add(int(next(ws.path.glob("turn_*")).name.split("_")[1]))
    assert len(list(ws.path.glob("turn_*"))) == 1
    assert len(numbers) == 1, numbers
    return numbers.pop()


def write_generation(ws, number):
    with ws.publish():
        ws.save("ps1", {"n_boot": number, "xy": np.full((200, 3), number, dtype=np.float32)})
        ws.save("ph1", {"n_boot": number})
        ws.write_text("note.txt", str(number))
        for path in ws.path.glob("turn_*"):
            ws.rename(path.name, f"turn_{number}")
        if number == 0:
            ws.write_text("turn_0", "")


def test_killed_at_every_system_call_of_a_save(ws, monkeypatch):
    """For every call that changes the disk: die just before it; then everything is old or everything is new."""
    write_generation(ws, 0)
    outcomes, number, moment = [], 0, 0
    while True:
        moment += 1

        def work(moment=moment, number=number):
            calls = [0]

            def counted(function):
                def call(*args, **kwargs):
                    calls[0] += 1
                    if calls[0] == moment:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return function(*args, **kwargs)

                return call

            for name in ("replace", "fsync", "unlink", "link", "mkdir", "rmdir"):
                setattr(os, name, counted(getattr(os, name)))
            write_generation(ws, number + 1)
            os._exit(7)  # not killed: there was no such moment any more

        code = in_child(work)
        before = sorted(p.name for p in ws.path.iterdir())
        Workspace(ws.path).recover()
        after = generation(ws)
        assert after in (number, number + 1), (moment, before)
        assert hidden(ws.path) == [], (moment, before)
        outcomes.append(after - number)
        number = after
        if code == 7:
            break
        assert code == -signal.SIGKILL
    assert moment > 12
    assert outcomes == sorted(outcomes)  # old before some moment, new from then on
    assert outcomes.count(1) > 4


def test_killed_at_random_moments_while_saving_again_and_again(ws):
    write_generation(ws, 0)
    rng = random.Random(5)

    def work():
        number = generation(ws)
        while True:
            number += 1
            write_generation(ws, number)

    reached = 0
    for _ in range(12):
        process = FORK.Process(target=work)
        process.start()
        time.sleep(rng.uniform(0.03, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        Workspace(ws.path).recover()
        now = generation(ws)
        assert now >= reached
        reached = now
        assert hidden(ws.path) == []
    assert reached > 12


def test_the_next_save_completes_what_was_interrupted(ws):
    write_generation(ws, 0)

    def work():
        publication.replay = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        write_generation(ws, 1)

    assert in_child(work) == -signal.SIGKILL
    assert generation(ws) == 0
    ws.write_text("other.txt", "x")
    assert generation(ws) == 1
    assert hidden(ws.path) == []


def test_recover_tells_what_it_did(ws):
    def unpublished():
        with ws.publish():
            ws.write_text("a.txt", "a")
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(unpublished)
    assert len(hidden(ws.path)) == 1
    assert ws.recover() == [f"Discarded an interrupted, unpublished save in {ws.path}"]
    assert list(ws.path.iterdir()) == []
    assert Workspace(ws.path / "nowhere").recover() == []


def test_an_interrupt_while_files_are_put_in_place_is_completed(ws, monkeypatch):
    write_generation(ws, 0)
    real = os.replace
    calls = []

    def interrupted(source, target):
        calls.append(str(target))
        if str(target).endswith("ph1.mat") and STAGING not in os.path.dirname(str(target)):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_generation(ws, 1)
    monkeypatch.undo()
    assert ws.recover() == [f"Completed an interrupted save in {ws.path}"]
    assert generation(ws) == 1


def test_a_place_that_is_taken_by_a_directory_is_one_sentence(ws):
    (ws.path / "b.txt").mkdir()
    (ws.path / "b.txt" / "inside").write_text("")
    with pytest.raises(WorkspaceError, match=r"not all could be put in their places .*the next command completes it"):
        with ws.publish():
            ws.write_text("a.txt", "a")
            ws.write_text("b.txt", "b")
    with pytest.raises(WorkspaceError, match="cannot be completed"):
        ws.recover()
    (ws.path / "b.txt" / "inside").unlink()
    (ws.path / "b.txt").rmdir()
    ws.recover()
    assert (ws.read_text("a.txt"), ws.read_text("b.txt")) == ("a", "b")


def _left_behind(ws, owner, committed, age=0.0):
    folder = ws.path / f"{STAGING}{owner}"
    folder.mkdir()
    (folder / "a.txt").write_text("staged")
    if committed:
        (folder / COMMIT).write_text(json.dumps({"a.txt": True}))
        os.utime(folder / COMMIT, (time.time() - age,) * 2)
    return folder


def test_staging_of_others_at_work_is_left_alone(ws):
    host, pid = socket.gethostname(), os.getppid()
    kept = [
        _left_behind(ws, f"{host}-{pid}.{owners.start_of(pid)}-aaaa", committed=False),
        _left_behind(ws, "another-machine-12.34-bbbb", committed=False),
        _left_behind(ws, "another-machine-12.34-cccc", committed=True),
        _left_behind(ws, "not one of ours", committed=True),
    ]
    assert ws.recover() == []
    assert all(folder.exists() for folder in kept)


def test_staging_of_the_dead_is_not(ws):
    host, pid = socket.gethostname(), os.getpid()
    _left_behind(ws, f"{host}-{pid}.1-aaaa", committed=False)  # an earlier process with our number
    _left_behind(ws, f"{host}-{os.getppid()}.1-bbbb", committed=False)  # the number is in use again
    _left_behind(ws, "another-machine-12.34-cccc", committed=True, age=1000)
    assert len(ws.recover()) == 3
    assert [p.name for p in ws.path.iterdir()] == ["a.txt"]


# ---------------------------------------------------------------------- disks that say no


def test_a_file_beyond_the_limit_is_one_sentence_and_changes_nothing(ws):
    """The limit on the size of files stands for a full disk: the write fails in the middle of a file."""
    write_generation(ws, 0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(WorkspaceError, match="Cannot write in .*Nothing was changed"), ws.publish():
            write_generation(ws, 1)
            ws.save("ph1", {"ph": np.random.default_rng(0).normal(size=(300, 100))})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert generation(ws) == 0
    assert hidden(ws.path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "no permission"),
    ],
)
@pytest.mark.parametrize("function", ["fsync", "mkdir"])
def test_what_the_system_says_is_one_sentence(ws, monkeypatch, number, words, function):
    write_generation(ws, 0)

    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.raises(WorkspaceError, match=words):
            write_generation(ws, 1)
    assert generation(ws) == 0
    assert hidden(ws.path) == []


def test_a_permission_missing_elsewhere_is_not_blamed_on_the_workspace(ws):
    with pytest.raises(PermissionError), ws.publish():
        raise PermissionError(errno.EACCES, "no", "/somewhere/else")

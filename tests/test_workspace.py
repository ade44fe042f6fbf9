"""The workspace: what is stored comes back exactly, and a save happens completely or not at all."""

import contextlib
import errno
import json
import multiprocessing
import os
import random
import resource
import signal
import socket
import threading
import time

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, lineage, locks, matfile
from stamps.workspace import directory as workspace
from stamps.workspace.variables import KINDS, kind_of

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def same_raw(first, second):
    """Whether two values in MATLAB's form agree in class, shape and content."""
    if matfile.class_of(first) != matfile.class_of(second):
        return False
    if isinstance(first, str):
        return first == second
    if scipy.sparse.issparse(first):
        first, second = first.toarray(), second.toarray()
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")


def hidden(path):
    """Hidden files but the record of what results were made from."""
    return [p.name for p in path.iterdir() if p.name.startswith(".") and p.name != lineage.FILE]


# ---------------------------------------------------------------------- the border to MATLAB's form


@pytest.mark.parametrize(
    ("name", "variable", "value", "stored"),
    [
        ("ps1", "n_ps", 5, np.array([[5.0]])),
        ("ps1", "master_ix", 3, np.array([[4.0]])),
        ("pm1", "n_trial_wraps", np.float32(0.25), np.array([[0.25]], dtype=np.float32)),
        ("ps1", "bperp", np.array([1, 2], dtype=np.float32), np.array([[1], [2]], dtype=np.float32)),
        ("ps1", "ll0", np.array([1.0, 2.0]), np.array([[1.0, 2.0]])),
        ("ps1", "sort_ix", np.array([2, 0, 1]), np.array([[3.0], [1.0], [2.0]])),
        ("select1", "ifg_index", np.array([0, 2]), np.array([[1.0, 3.0]])),
        ("ps1", "ifgday_ix", np.array([[0, 1], [1, 2]]), np.array([[1.0, 2.0], [2.0, 3.0]])),
        ("pm1", "grid_ij", np.array([[0, 4]]), np.array([[1, 5]], dtype=np.float32)),
        ("select1", "keep_ix", np.array([True, False]), np.array([[True], [False]])),
        ("ph1", "ph", np.array([[1 + 1j, 2]], dtype=np.complex64), np.array([[1 + 1j, 2]], dtype=np.complex64)),
        ("scla2", "ph_ramp", None, np.empty((0, 0))),
        ("select1", "small_baseline_flag", "y", "y"),
        ("select1", "coh_thresh", np.array([0.5]), np.array([[0.5]])),
        ("select1", "ix", np.empty(0, dtype=np.int64), np.empty((0, 1))),
        ("x", "unknown_vector", np.array([1, 2, 3]), np.array([[1.0], [2.0], [3.0]])),
        ("x", "unknown_int16", np.array([[1, 2]], dtype=np.int16), np.array([[1, 2]], dtype=np.int16)),
    ],
)
def test_kinds_are_stored_and_read_as_the_table_says(ws, name, variable, value, stored):
    ws.save(name, {variable: value})
    assert same_raw(ws.load_raw(name)[variable], stored)
    back = ws.load(name)[variable]
    if value is None:
        assert back is None
    elif isinstance(value, (int, str)):
        assert back == value
        assert isinstance(back, type(value))
    elif kind_of(name, variable) is not None:
        assert np.asarray(back).dtype == np.asarray(value).dtype
        np.testing.assert_array_equal(back, value)
        assert np.shape(back) == np.shape(value)


def test_the_table_knows_only_the_kinds_of_its_docstring():
    kinds = {
        "scalar",
        "count",
        "index",
        "column",
        "row",
        "index_column",
        "index_row",
        "index_matrix",
        "index_matrix_single",
        "mask_column",
        "matrix",
        "text",
    }
    assert set(KINDS.values()) <= kinds


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2**40), max_size=6), st.sampled_from(["sort_ix", "unwrap_ifg_index_sm"]))
def test_indices_come_back(ws, indices, variable):
    ws.save("t1", {variable: np.array(indices, dtype=np.int64)}, append=False)
    back = ws.load("t1")[variable]
    assert back.dtype == np.int64
    assert back.tolist() == indices


def test_sparse_matrices_come_back(ws):
    spread = scipy.sparse.csc_matrix(np.array([[0, np.nan], [2.0, 0]]))
    ws.save("uw_space_time", {"spread": spread})
    assert same_raw(ws.load("uw_space_time")["spread"], spread)


@pytest.mark.parametrize("step", [1, 4, 6, 7, 8])
def test_golden_files_survive_reading_and_saving(golden_state, tmp_path, step):
    state = golden_state("ps_mini", step)
    folder = state / "PATCH_1" if step < 5 else state
    original, copy = Workspace(folder), Workspace(tmp_path / "copy")
    files = sorted(p.stem for p in folder.glob("*.mat"))
    assert len(files) > 5
    for name in files:
        copy.save(name, original.load(name), append=False)
        before, after = original.load_raw(name), copy.load_raw(name)
        assert list(before) == list(after)
        for variable in before:
            if name != "parms":
                assert same_raw(before[variable], after[variable]), (name, variable)


def test_a_wrong_shape_is_one_sentence(ws):
    ws.save_raw("ps1", {"n_ps": np.ones((2, 2))})
    with pytest.raises(
        WorkspaceError, match=r"ps1.mat: variable 'n_ps' is 2 x 2, but 1 x 1 was expected: run step 1 again"
    ):
        ws.load("ps1")


def test_missing_files_and_variables_name_the_step(ws):
    with pytest.raises(WorkspaceError, match=r"pm1\.mat is missing: run step 2 first"):
        ws.load("pm1")
    ws.save("pm1", {"K_ps": np.zeros(2)})
    with pytest.raises(WorkspaceError, match=r"pm1\.mat has no variable 'C_ps'"):
        ws.load("pm1")["C_ps"]
    assert ws.load("pm1").get("C_ps") is None
    assert ws.load_optional("nothing") == {}


# ---------------------------------------------------------------------- append, versions, patches


def test_append_keeps_the_others_and_plain_save_does_not(ws):
    ws.save("ps1", {"n_ps": 3, "ll0": np.array([1.0, 2.0]), "bperp": np.ones(2, dtype=np.float32)})
    ws.save("ps1", {"n_ps": 4, "n_ifg": 2})
    ps = ws.load("ps1")
    assert (ps["n_ps"], ps["n_ifg"]) == (4, 2)
    assert ps["ll0"].tolist() == [1, 2]
    assert ps["bperp"].dtype == np.float32
    ws.save("ps1", {"n_ps": 5}, append=False)
    assert list(ws.load("ps1")) == ["n_ps"]


def test_append_to_a_file_with_equal_names_keeps_the_last(ws):
    fixtures = os.path.join(os.path.dirname(__file__), "fixtures")
    ws.put_file("old.mat", os.path.join(fixtures, "matlab_duplicates.mat"))
    ws.save_raw("old", {"new": np.array([[7.0]])})
    assert ws.load_raw("old")["twice"].tolist() == [[1, 2, 3]]
    assert ws.variables_of("old").count("twice") == 1


def test_version_and_flags(ws):
    assert ws.no_ps_flags().tolist() == [0] * 5
    ws.version = 2
    ws.save_no_ps_flags([0, 1, 0, 0, 0])
    assert ws.version == 2
    assert same_raw(ws.load_raw("psver")["psver"], np.array([[2.0]]))
    assert same_raw(ws.load_raw("no_ps_info")["stamps_step_no_ps"], np.array([[0.0], [1], [0], [0], [0]]))


def test_patch_list(ws):
    for name in ("PATCH_2", "PATCH_10", "PATCH_1"):
        (ws.path / name).mkdir()
    (ws.path / "PATCH_note").write_text("")
    assert ws.patch_list() == ["PATCH_1", "PATCH_10", "PATCH_2"]
    ws.write_text("patch.list", "PATCH_2\n\n PATCH_1 \n")
    assert ws.patch_list() == ["PATCH_2", "PATCH_1"]


def test_find_looks_upwards(ws):
    inner = ws / "a" / "b"
    inner.path.mkdir(parents=True)
    (ws.path / "processor.txt").write_text("snap")
    assert inner.find("processor.txt", levels=3) == ws.path / "processor.txt"
    assert inner.find("processor.txt", levels=2) is None


def test_a_workspace_stays_where_it_was_opened(ws, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(ws.path)
    here = Workspace(".")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert here.path == ws.path


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


def in_child(work):
    """Run ``work`` in a forked process and return its exit code."""
    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


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
        workspace.replay = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
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
        if str(target).endswith("ph1.mat") and workspace._STAGING not in os.path.dirname(str(target)):
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
    folder = ws.path / f"{workspace._STAGING}{owner}"
    folder.mkdir()
    (folder / "a.txt").write_text("staged")
    if committed:
        (folder / workspace._COMMIT).write_text(json.dumps({"a.txt": True}))
        os.utime(folder / workspace._COMMIT, (time.time() - age,) * 2)
    return folder


def test_staging_of_others_at_work_is_left_alone(ws):
    host, pid = socket.gethostname(), os.getppid()
    kept = [
        _left_behind(ws, f"{host}-{pid}.{locks.start_of(pid)}-aaaa", committed=False),
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


# ---------------------------------------------------------------------- locks and scratch folders


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
    monkeypatch.setattr(locks, "fcntl", None)
    with ws.locked("count"):
        assert hidden(ws.path) == []


def test_only_what_stays_is_made_to_reach_the_disk(ws, monkeypatch):
    synced = []
    monkeypatch.setattr(workspace, "sync", synced.append)
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

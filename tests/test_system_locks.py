"""Locks of folders and files, as POSIX systems have them and by the files that stand for folders on Windows."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, locks, system_locks
from stamps.workspace.system_locks import LOCK_FILE, FolderLock

#: A process that holds the lock of a folder, opened as the first argument says, until it is killed.
HOLD = """
import sys, time
from pathlib import Path
from stamps.workspace import system_locks
system_locks._FOLDERS_CAN_BE_OPENED = sys.argv[1] == "folder"
lock = system_locks.locked_folder(Path(sys.argv[2]))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["folder", "file"])
def way(request, monkeypatch):
    """How folders are locked: themselves, or by a file inside as on Windows."""
    monkeypatch.setattr(system_locks, "_FOLDERS_CAN_BE_OPENED", request.param == "folder")
    return request.param


@contextlib.contextmanager
def held_elsewhere(way, folder):
    """Context in which another process holds the lock of a folder; it gives the process."""
    command = [sys.executable, "-c", HOLD, way, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_is_seen_by_others_and_ends_with_its_process(way, tmp_path):
    assert system_locks.is_free(tmp_path) is True
    with held_elsewhere(way, tmp_path) as process:
        assert system_locks.is_free(tmp_path) is False
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert system_locks.is_free(tmp_path) is True


def test_a_reserved_directory_is_refused_until_its_run_was_killed(way, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.05)
    with held_elsewhere(way, tmp_path) as process:
        with pytest.raises(WorkspaceError, match="Another run of stamps is at work in"), locks.reserved(tmp_path):
            pass
        process.kill()
        process.wait()
        with locks.reserved(tmp_path), pytest.raises(WorkspaceError, match="Another run"), locks.reserved(tmp_path):
            pass


def test_shared_reservations_hinder_only_others(way, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.05)
    with locks.reserved(tmp_path, shared=True):
        with locks.reserved(tmp_path, shared=True):
            pass
        with pytest.raises(WorkspaceError, match="Another run"), locks.reserved(tmp_path):
            pass


def test_a_renamed_directory_is_noticed(way, tmp_path):
    (tmp_path / "project").mkdir()
    with locks.reserved(tmp_path / "project"):
        (tmp_path / "project").rename(tmp_path / "moved")
        (tmp_path / "project").mkdir()
        with pytest.raises(WorkspaceError, match="was renamed, removed or replaced"):
            locks.check_place(tmp_path / "project")


def test_what_is_published_leaves_no_staging_folder(way, tmp_path):
    ws = Workspace(tmp_path)
    with ws.reserved(), ws.publish():
        ws.write_text("a.txt", "a")
    with ws.scratch() as room:
        room.write_text("b.txt", "b")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == ({"a.txt"} if way == "folder" else {"a.txt", LOCK_FILE})


def test_links_and_files_are_no_folders(way, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "file").write_text("")
    assert system_locks.is_free(tmp_path / "link") is None
    assert system_locks.is_free(tmp_path / "nowhere") is None
    with pytest.raises(WorkspaceError, match="is not a directory"), locks.reserved(tmp_path / "nowhere"):
        pass


def test_a_lease_can_be_touched(way, tmp_path):
    lock = FolderLock(tmp_path)
    os.utime(tmp_path, (1, 1))
    lock.touch()
    lock.close()
    assert abs(tmp_path.stat().st_mtime - time.time()) < 60


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(system_locks, "_FOLDERS_CAN_BE_OPENED", False)
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "elsewhere")
    with locks.reserved(tmp_path):
        assert not (tmp_path / "elsewhere").exists()


def test_a_missing_library_is_not_taken_for_a_system_without_locks(monkeypatch):
    monkeypatch.setitem(sys.modules, "portalocker", None)
    system_locks._library.cache_clear()
    try:
        with pytest.raises(ImportError, match="portalocker"):
            system_locks.available()
    finally:
        system_locks._library.cache_clear()

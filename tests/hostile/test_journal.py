"""Journals of interrupted saves that no save has written: forged, damaged, of somebody else."""

import contextlib
import json
import os
import shutil
import socket
import time

import pytest

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, journal, owners, recovery


@pytest.fixture
def place(tmp_path):
    """A project with a file in a patch, beside a folder that must stay as it is."""
    project = tmp_path / "project"
    (project / "PATCH_1").mkdir(parents=True)
    (project / "PATCH_1" / "ps1.mat").write_text("mine")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("mine")
    return project


def leave(project, marker, owner="elsewhere-1.0-abcdef", **staged):
    """A staging folder with a marker (plan, text or bytes; None: no marker) and staged files; an hour old."""
    folder = project / f"{journal.STAGING}{owner}"
    folder.mkdir()
    for name, text in {"a.txt": "theirs", **staged}.items():
        (folder / name).write_text(text)
    if marker is not None:
        content = json.dumps(marker) if isinstance(marker, (dict, list)) else marker
        (folder / journal.COMMIT).write_bytes(content if isinstance(content, bytes) else content.encode())
        age(folder / journal.COMMIT)
    return folder


def age(path):
    old = time.time() - 7200
    os.utime(path, (old, old), follow_symlinks=False)


def everything(folder):
    """Path to content, what was set aside left out."""
    paths = [path for path in sorted(folder.rglob("*")) if journal.REFUSED not in str(path)]
    return {str(path.relative_to(folder)): _content(path) for path in paths}


def _content(path):
    if path.is_symlink():
        return os.readlink(path)
    return path.read_text(errors="replace") if path.is_file() else ""


def refused_once(project, *words):
    """One sentence that names the journal, nothing changed, and the next save works."""
    before = everything(project.parent)
    folder = next(path for path in project.iterdir() if path.name.startswith(journal.STAGING))
    with pytest.raises(WorkspaceError) as error:
        Workspace(project).write_text("new.txt", "new")
    for word in (folder.name, *words):
        assert word in str(error.value)
    assert "\n" not in str(error.value)
    after = everything(project.parent)
    assert after == {name: text for name, text in before.items() if journal.STAGING not in name}
    Workspace(project).write_text("new.txt", "new")
    assert (project / "new.txt").read_text() == "new"


NAMES = {
    "one up": "../outside/kept",
    "up from a patch": "PATCH_1/../../outside/kept",
    "absolute": "/etc/stamps-was-here",
    "the directory": ".",
    "a folder with a slash": "PATCH_1/",
    "a doubled slash": "PATCH_1//ps1.mat",
    "here": "./a.txt",
    "empty": "",
    "up": "..",
    "NUL": "a\0b",
    "of Windows": "..\\outside\\kept",
    "a drive": "C:a.txt",
    "another staging folder": f"{journal.STAGING}other-1.0-aa/COMMIT.json",
    "itself": "COMMIT.json",
    "too long": "a" * 300,
    "no file name": "\udead.txt",
}


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names_that_are_no_files_of_the_directory(place, name, written):
    leave(place, {"a.txt": True, name: written})
    refused_once(place)


MARKERS = {
    "empty": "",
    "no JSON": "{",
    "binary": bytes(range(256)),
    "with a BOM": b"\xef\xbb\xbf" + b'{"a.txt": true}',
    "UTF-16": json.dumps({"a.txt": True}).encode("utf-16"),
    "a list": ["a.txt"],
    "a number": "1",
    "null": "null",
    "deep": '{"a.txt":' + "[" * 100_000,
    "deep and whole": '{"a.txt":' + "[" * 5000 + "]" * 5000 + "}",
    "a huge number": '{"a.txt": ' + "1" * 6000 + "}",
    "numbers": {"a.txt": 1},
    "texts": {"a.txt": "true"},
    "nested": {"a.txt": {"b.txt": True}},
    "a name twice": '{"a.txt": true, "a.txt": false}',
    "a file and a folder": {"a.txt": True, "a.txt/b.txt": True},
    "a folder deleted as a file": {"PATCH_1": False},
    "not finite": '{"a.txt": NaN}',
}


@pytest.mark.parametrize("marker", MARKERS.values(), ids=MARKERS.keys())
def test_markers_that_no_save_writes(place, marker):
    leave(place, marker)
    refused_once(place)


def test_a_million_names_are_refused_soon(place):
    leave(place, "{" + ",".join(f'"{k}":false' for k in range(10**6)) + "}")
    start = time.process_time()
    refused_once(place, "larger than")
    assert time.process_time() - start < 20


def test_a_few_hundred_thousand_names_are_refused(place):
    leave(place, "{" + ",".join(f'"{k}":false' for k in range(250_000)) + "}")
    with pytest.raises(WorkspaceError, match="250000 names"):
        Workspace(place).recover()


def test_a_marker_without_end_is_refused_soon(place):
    folder = leave(place, "{}")
    with open(folder / journal.COMMIT, "r+b") as file:
        file.truncate(2**36)
    age(folder / journal.COMMIT)
    with pytest.raises(WorkspaceError, match="larger than"):
        Workspace(place).recover()


def _linked_folder(place):
    real = leave(place.parent, {"a.txt": True})
    link = place / f"{journal.STAGING}elsewhere-1.0-abcdef"
    link.symlink_to(real)


def _linked_marker(place):
    folder = leave(place, None)
    marker = place.parent / "outside" / "marker"
    marker.write_text(json.dumps({"a.txt": True}))
    age(marker)
    (folder / journal.COMMIT).symlink_to(marker)


def _linked_file(place):
    folder = leave(place, {"b.txt": True})
    (folder / "b.txt").symlink_to(place.parent / "outside" / "kept")


def _pipe_as_marker(place):
    folder = leave(place, None)
    os.mkfifo(folder / journal.COMMIT)
    age(folder / journal.COMMIT)


def _folder_as_marker(place):
    folder = leave(place, None)
    (folder / journal.COMMIT).mkdir()
    age(folder / journal.COMMIT)


def _pipe_as_file(place):
    folder = leave(place, {"b.txt": True})
    os.mkfifo(folder / "b.txt")


def _through_a_link(place):
    shutil.rmtree(place / "PATCH_1")
    (place / "PATCH_1").symlink_to(place.parent / "outside")
    leave(place, {"PATCH_1/kept": False})


def _no_folder(place):
    file = place / f"{journal.STAGING}{socket.gethostname()}-{os.getpid()}.1-abcdef"
    file.write_text("")


KINDS = (
    _linked_folder,
    _linked_marker,
    _linked_file,
    _pipe_as_marker,
    _folder_as_marker,
    _pipe_as_file,
    _through_a_link,
    _no_folder,
)


@pytest.mark.parametrize("build", KINDS)
def test_links_and_pipes_are_not_followed(place, build, monkeypatch):
    build(place)
    outside = place.parent / "outside" / "kept"
    left = [entry for entry in Workspace(place).interrupted() if entry.in_use]
    if left:  # of another machine that may be alive: a link or pipe tells no age
        monkeypatch.setattr(recovery, "in_use", lambda folder: False)
    refused_sentence(place)
    assert outside.read_text() == "mine"


def refused_sentence(place):
    with pytest.raises(WorkspaceError, match="is not what an interrupted save leaves") as error:
        Workspace(place).recover()
    assert "\n" not in str(error.value)
    assert Workspace(place).recover() == []
    Workspace(place).write_text("new.txt", "new")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["", "COMMIT.json", "a.txt"])
def test_what_belongs_to_another_user_is_not_used(place, what):
    folder = leave(place, {"a.txt": True})
    os.chown(folder / what, 12345, 12345)
    refused_once(place, "belongs to another user")


def test_readers_do_not_believe_a_forged_journal_and_change_nothing(place):
    leave(place, {"../outside/kept": False, "PATCH_1/ps1.mat": False})
    before = everything(place.parent)
    view = Workspace(place).as_recovered()
    assert view.has_file("PATCH_1/ps1.mat")
    (left,) = Workspace(place).interrupted()
    assert left.plan is None and "outside" in left.flaw
    assert everything(place.parent) == before


def test_a_folder_that_cannot_be_moved_hinders_nobody(place, monkeypatch):
    leave(place, {"../outside/kept": False})

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(journal, "set_aside", denied)
    (message,) = Workspace(place).recover()
    assert "delete it" in message
    assert (place.parent / "outside" / "kept").exists()


# ---------------------------------------------------------------------- honest journals


@pytest.mark.parametrize("names", [("a%b", "a/b"), ("a%2Fb", "a/b"), ("x.txt", "x.txt.part"), ("é/ü", "é%ü")])
def test_names_that_looked_alike_when_staged_are_kept_apart(place, names):
    ws = Workspace(place)
    with ws.publish():
        for name in names:
            ws.write_text(name, name)
    assert [ws.read_text(name) for name in names] == [*names]


def test_an_honest_journal_is_completed(place):
    leave(
        place, {"a.txt": True, "PATCH_2/b c%.txt": True, "PATCH_1/ps1.mat": False}, **{"PATCH_2%2Fb c%25.txt": "staged"}
    )
    assert Workspace(place).recover() == [f"Completed an interrupted save in {place}"]
    assert everything(place) == {"PATCH_1": "", "PATCH_2": "", "PATCH_2/b c%.txt": "staged", "a.txt": "theirs"}


@pytest.mark.parametrize("name", ["../a.txt", "/tmp/a.txt", "PATCH_1/../../a.txt", ""])
def test_nothing_is_saved_outside_of_the_directory(place, name):
    ws = Workspace(place)
    with pytest.raises(WorkspaceError, match="Nothing is written outside of"):
        ws.write_text(name, "x")
    assert sorted(path.name for path in place.parent.iterdir()) == ["outside", "project"]


def test_nothing_is_saved_through_a_linked_folder(place):
    (place / "PATCH_2").symlink_to(place.parent / "outside")
    with pytest.raises(WorkspaceError, match="PATCH_2"):
        Workspace(place).write_text("PATCH_2/kept", "x")
    assert (place.parent / "outside" / "kept").read_text() == "mine"


# ---------------------------------------------------------------------- owners that there are not

ELSEWHERE = "w" + "0" * 24  # the mark of another machine


@pytest.mark.parametrize("owner", [f"elsewhere-1.0-{ELSEWHERE}", "elsewhere-1.0-abcdef"])
def test_a_time_in_the_future_proves_no_life(place, owner):
    folder = leave(place, {"../outside/kept": False}, owner=owner)
    for path in (folder / journal.COMMIT, folder):
        os.utime(path, (time.time() + 10**6,) * 2)
    with pytest.raises(WorkspaceError, match="is not what an interrupted save leaves"):
        Workspace(place).recover()


def test_who_is_not_seen_to_live_is_waited_for_only_so_long(place, monkeypatch):
    monkeypatch.setattr(owners, "_LEASE_SECONDS", 1)
    folder = leave(place, {"a.txt": True}, owner=f"elsewhere-1.0-{ELSEWHERE}")
    for path in (folder / journal.COMMIT, folder):
        os.utime(path, (time.time() + 600,) * 2)  # by a clock that is ten minutes ahead
    assert Workspace(place).recover() == [f"Completed an interrupted save in {place}"]


@pytest.mark.parametrize("number", ["9" * 30, "0", "-1", "1e9", "٣"])
def test_numbers_that_no_process_has(place, number):
    leave(place, {"../outside/kept": False}, owner=f"{socket.gethostname()}-{number}.1-abcdef")
    with contextlib.suppress(WorkspaceError):
        Workspace(place).recover()
    Workspace(place).write_text("new.txt", "new")
    assert (place.parent / "outside" / "kept").exists()


def test_a_pipe_with_the_name_of_a_foreign_owner(place):
    os.mkfifo(place / f"{journal.STAGING}elsewhere-1.0-{ELSEWHERE}")
    age(place / f"{journal.STAGING}elsewhere-1.0-{ELSEWHERE}")
    with contextlib.suppress(WorkspaceError):
        Workspace(place).recover()
    Workspace(place).write_text("new.txt", "new")

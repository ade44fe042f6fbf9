"""Products of HyP3: fetched whole or not at all, unpacked inside their folder, skipped where they are there."""

import os
import re
import socket
import stat
import zipfile
from dataclasses import replace

import pytest

from helpers.hyp3_orders import Orders
from stamps.cli.job_texts import state_text
from stamps.errors import InputError
from stamps.frontends.hyp3_jobs import archive_files, download
from stamps.frontends.hyp3_jobs.archive_files import check_archive, unpack
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.model import Status, TaskState
from stamps.frontends.jobs.standing import standing
from tools.hyp3_server import product_zip


@pytest.fixture
def orders(tmp_path, monkeypatch):
    pytest.importorskip("hyp3_sdk")
    made = Orders(tmp_path, monkeypatch)
    with made.server:
        yield made


def ready(orders, pairs=2, **settings):
    """A job all of whose products are ready."""
    job = orders.made(pairs, **settings)
    job.submit()
    orders.server.finish()
    return job


def left_over(folder):
    return [path.name for path in folder.iterdir() if not path.name.startswith("S1AA") or path.suffix == ".part"]


def gets(orders):
    return sum(path.startswith("/files/") for _, path, _ in orders.server.requests)


# ---------------------------------------------------------------------- fetched


def test_fetched_once(orders):
    job = ready(orders, 3)
    assert job.state().steps["download"].tasks[0].message == "to be fetched (stamps hyp3 download)"
    assert job.state().exit_status == 3 and not job.state().at_work
    done = job.download()
    assert (len(done.fetched), done.there, done.failed) == (3, [], {}) and left_over(job.products) == []
    assert all(path.is_dir() and len([*path.iterdir()]) == 2 for path in job.products.iterdir())
    again = job.download()
    assert (again.fetched, len(again.there), gets(orders)) == ([], 3, 3) and job.state().exit_status == 0
    assert standing(job.folder).exit_status == 0


def test_zip_files_are_kept_if_that_is_wanted_and_used_if_they_are_there(orders):
    job = ready(orders, 1, keep_zip=True)
    job.download()
    (zipped,) = job.products.glob("*.zip")
    for path in job.products.glob("S1AA*/*"):
        path.unlink()
    assert len(job.download(keep_zip=False).fetched) == 1 and gets(orders) == 1
    assert not zipped.exists() and len([*job.products.glob("S1AA*/*")]) == 2


def test_what_is_gone_or_cut_is_fetched_again(orders):
    job = ready(orders, 2)
    job.download()
    first, second = sorted(job.products.iterdir())
    for path in first.iterdir():
        path.unlink()
    first.rmdir()
    next(second.glob("*.tif")).write_bytes(b"cut")
    state = job.state()
    assert state.exit_status == 1 and state.steps["download"].tasks[0].gone == (f"hyp3/{first.name}",)
    assert "is gone" in state_text(state)
    assert len(job.download().fetched) == 2 and job.state().exit_status == 0


def test_files_that_others_put_there_or_took_away_cost_nothing(orders):
    job = ready(orders, 2)
    job.download()
    first, second = sorted(job.products.iterdir())
    kept = next(first.glob("*.tif")).with_suffix(".tif.aux.xml")
    kept.write_text("of a viewer")
    assert job.download().fetched == [] and kept.exists()
    orders.server.finish(expires=-1)
    for name in ("20200103_20200115", "20200115_20200127"):
        place = job.folder.path / f"state/process/{name}.json"
        place.write_text(place.read_text().replace('"expires": "20', '"expires": "19'))
    assert job.retry().work == {} and len(orders.paid()) == 2
    next(second.glob("*_unw_phase.tif")).unlink()
    assert len(job.retry().work["process"]) == 1 and len(orders.paid()) == 3


def test_jobs_of_other_names_have_folders_of_their_own(orders):
    job = ready(orders, 1, name="north")
    job.download()
    assert job.products == orders.folder / "hyp3_north" and len([*job.products.iterdir()]) == 1


def test_watching_fetches_what_is_ready_meanwhile(orders):
    job = orders.made(2)
    job.submit()
    for _ in range(2):
        orders.server.advance(next(iter(orders.server.jobs.values())))
    seen = []
    job.watch(0.01, lambda state: seen.append(state.steps["download"].done))
    assert 1 in seen and seen[-1] == 2


# ---------------------------------------------------------------------- bad days


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda content: content[:-100], "came with"),
        (lambda content: content + b"x" * 100, "larger than the"),
        (lambda content: bytes(len(content)), "no whole zip file"),
        (lambda content: content[:600] + b"\0" * 40 + content[640:], "damaged|no whole"),
        (lambda content: b"", "came with 0 bytes"),
    ],
)
def test_files_that_come_broken(orders, spoil, why):
    job = ready(orders, 1)
    ((name, content),) = orders.server.files.items()
    orders.server.files[name] = spoil(content)
    done = job.download()
    (message,) = done.failed.values()
    assert re.search(why, message) and [*job.products.iterdir()] == []
    state = job.state()
    assert state.exit_status == 1 and state.steps["download"].failures[0].message == message
    orders.server.files[name] = content
    assert "1 products are to be fetched again" in str(job.retry()) and len(orders.paid()) == 1
    assert job.watch(0.01).exit_status == 0


@pytest.mark.parametrize("status", [503, 429, 404, 403, 0])
def test_a_server_of_files_that_stumbles(orders, status):
    job = ready(orders, 1)
    orders.server.fail("GET", "/files/", status, 1)
    done = job.download()
    assert bool(done.failed) is (status in (404, 403)) and [*job.products.glob("*.part")] == []
    assert len(job.download().fetched) == bool(done.failed) and job.state().exit_status == 0


def test_names_and_addresses_that_lead_elsewhere(orders):
    job = ready(orders, 1)
    (there,) = orders.server.jobs.values()
    good = there["files"][0]
    for wrong, why in (
        ({"filename": "../../evil.zip"}, "cannot be the name"),
        ({"filename": ".hidden.zip"}, "cannot be the name"),
        ({"filename": "x\x1b[31m.zip"}, "cannot be the name"),
        ({"filename": 3}, "names 0 zip files"),
        ({"url": "file:///etc/passwd"}, "no address"),
    ):
        there["files"] = [{**good, **wrong}]
        assert why in next(iter(job.download().failed.values()))
    there["files"] = None
    assert "names 0 zip files" in next(iter(job.download().failed.values()))
    assert {path.name for path in orders.folder.iterdir()} == {"jobs", "hyp3"}


def test_no_credentials_go_to_the_server_of_files(orders):
    (orders.folder / "nobody").mkdir()
    netrc = orders.folder / "nobody" / ".netrc"
    netrc.write_text("default login me password very-secret\n")
    netrc.chmod(0o600)
    ready(orders, 1).download()
    for _, path, headers in orders.server.requests:
        assert ("Authorization" not in headers) if path.startswith("/files/") else "Bearer" in headers["Authorization"]


def test_a_disk_without_room(orders, monkeypatch):
    job = ready(orders, 2)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="has room for 0 MiB only"):
        job.download()
    monkeypatch.undo()


def test_what_an_ended_process_has_begun(orders):
    job = ready(orders, 1)
    state = TaskState(Status.RUNNING, 1, host=socket.gethostname(), pid=2**22 - 3, born="1")
    job.state()
    job.folder.write_state("download", "20200103_20200115", state)
    assert job.state().steps["download"].failures[0].message == "the process ended without a result"
    assert len(job.download().fetched) == 1


def test_two_commands_do_not_fetch_the_same(orders):
    job = ready(orders, 1)
    with held(job.folder.task_lock("download", "20200103_20200115")):
        assert "another command is fetching it" in next(iter(job.download().failed.values()))


# ---------------------------------------------------------------------- archives


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content, **options)
    return path


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    ["../evil", "/evil", "P/../../evil", "P/..", "C:/evil", "P\\..\\evil", link("P/link"), link("link")],
)
def test_members_that_leave_the_folder_are_refused(tmp_path, name):
    (tmp_path / "in").mkdir()
    path = zipped(tmp_path / "in" / "P.zip", [("P/good", b"x"), (name, b"/etc/passwd")])
    with pytest.raises(InputError, match="does not stay in its folder"):
        check_archive(path, "P.zip")
    assert [*tmp_path.iterdir()] == [tmp_path / "in"]


def test_bombs_and_crowds_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_files, "_SMALL", 1 << 16)
    path = zipped(tmp_path / "P.zip", [("P/zeros", bytes(1 << 20))])
    with pytest.raises(InputError, match="times its size"):
        check_archive(path, "P.zip")
    with pytest.raises(InputError, match="10001 files"):
        check_archive(zipped(tmp_path / "P.zip", [(f"P/{k}", b"") for k in range(10_001)]), "P.zip")
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(archive_files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="there is room for 0 MiB only"):
        check_archive(zipped(tmp_path / "P.zip", [("P/a", os.urandom(1000))]), "P.zip")


def test_twins_encrypted_and_empty_archives(tmp_path):
    with pytest.raises(InputError, match="twice"):
        check_archive(zipped(tmp_path / "P.zip", [("P/a", b"1"), ("P/A", b"2")]), "P.zip")
    with pytest.raises(InputError, match="holds no file"):
        check_archive(zipped(tmp_path / "P.zip", [("P/", b"")]), "P.zip")
    content = bytearray(product_zip("P"))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "P.zip").write_bytes(content)
    with pytest.raises(InputError, match="encrypted"):
        check_archive(tmp_path / "P.zip", "P.zip")


def test_unpacked_whole_or_not(tmp_path):
    path = tmp_path / "P.zip"
    path.write_bytes(product_zip("P"))
    assert check_archive(path, "P.zip").files == 2
    (tmp_path / "P").mkdir()
    (tmp_path / "P" / "old").touch()
    unpack(path, tmp_path / "P")
    assert sorted(one.name for one in (tmp_path / "P").iterdir()) == ["P.txt", "P_unw_phase.tif"]
    flat = zipped(tmp_path / "Q.zip", [("a.txt", b"1"), ("sub/b.txt", b"2")])
    unpack(flat, tmp_path / "Q")
    assert (tmp_path / "Q/sub/b.txt").read_bytes() == b"2"
    content = path.read_bytes()
    path.write_bytes(content[:60] + b"\xff" * 8 + content[68:])
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(path, tmp_path / "P")
    assert len([*(tmp_path / "P").iterdir()]) == 2 and not [*tmp_path.glob(".P*")]


# ---------------------------------------------------------------------- watching, jobs from elsewhere


def test_watching_tries_again_what_did_not_come(orders):
    job = ready(orders, 1)
    orders.server.fail("GET", "/files/", 404, 2)
    assert job.watch(0.01).exit_status == 0 and gets(orders) == 3
    other = ready(orders, 2, name="other")
    orders.server.fail("GET", "/files/", 404, 99)
    state = other.watch(0.01)
    assert state.exit_status == 1 and "HTTP 404" in state.steps["download"].failures[0].message


def test_states_that_name_other_jobs_or_places(orders):
    job = ready(orders, 2)
    job.state()
    first, second = (job.folder.state("process", name) for name in ("20200103_20200115", "20200115_20200127"))
    job.folder.write_state("process", "20200103_20200115", replace(first, engine_id=second.engine_id))
    done = job.download()
    assert "is another order" in done.failed["20200103_20200115"] and len(done.fetched) == 1
    job.folder.write_state("process", "20200103_20200115", replace(first, engine_id="../user"))
    assert "20200103_20200115" in job.download().failed
    for sizes in ("{}", "[]", "no", "[[1, 2]]", '{"../20": 1}'):
        there = TaskState(Status.SUCCEEDED, 1, facts={"made": "hyp3", "sizes": sizes})
        assert not download.is_fetched(job.folder, there)
    for made in ("/", "../..", ".."):
        there = TaskState(Status.SUCCEEDED, 1, facts={"made": made, "bytes": "1", "sizes": '{"etc/hostname": 1}'})
        assert not download.is_fetched(job.folder, there)

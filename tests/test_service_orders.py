"""What web clients may ask for: names, types, places; all that is wrong at once, and nothing done before everything is right."""

import io
import json
import os

import pytest

from helpers.served import finished_stack
from stamps.errors import InputError
from stamps.frontends.jobs.model import Job
from stamps.frontends.jobs.runner import _message
from stamps.frontends.jobs.store import JobFolder, now
from stamps.service.catalogue import described, job_folder, jobs_of, outputs_of
from stamps.service.orders import main, order, resume
from stamps.service.psi import ERRORS
from stamps.service.requests import RequestError, below
from stamps.service.service_file import read_service
from stamps.service.web import _wrong_body

DATES = ("20200101", "20200113")
BAD_PLACES = ("../secret", "etna/../../secret", "/etc/passwd", "link", "linked", "etna", "a\0b", "%2e%2e/secret", "..%2fsecret",
              "~root", "", "etna\\..", "none", "x" * 2000, "\n", "./../secret", "pipe")  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    (folder / "products/etna").mkdir(parents=True)
    (folder / "products/good").mkdir()
    (folder / "products/good/file").write_text("x")
    (folder / "products/good/again").symlink_to("file")
    (folder / "watched").mkdir()
    (folder / "secret").mkdir()
    (folder / "products/link").symlink_to(folder / "secret")
    (folder / "products/linked").symlink_to("../secret")
    (folder / "products/etna/inside").symlink_to(folder)
    os.mkfifo(folder / "products/pipe")
    (folder / "service.toml").write_text(
        'root = "stacks"\n[serve]\nproducts = "products"\n[serve.snap]\nmemory = "1G"\n[serve.isce]\ndem_path = "dem"\n'
        '[[stack]]\nname = "seen"\nfrontend = "snap"\nsource = "watched"\n'
    )
    finished_stack(folder / "stacks", "finished", DATES)
    return folder


@pytest.mark.parametrize("name", BAD_PLACES)
def test_places_outside_of_the_products_are_refused(root, name):
    with pytest.raises(RequestError) as refused:
        below(root / "products", name)
    assert str(refused.value).count(".") and not str(refused.value).startswith("[")


def test_places_below_are_found_also_through_a_link_to_the_folder(root, tmp_path):
    assert below(root / "products", "good").name == "good" and below(root / "products", "good/again").name == "file"
    (tmp_path / "other").symlink_to(root / "products")
    assert below(tmp_path / "other", "good") == (root / "products/good").resolve()


@pytest.mark.parametrize(
    ("process", "inputs", "said"),
    [
        ("stack", {"tag": "../x", "source": "."}, "tag is '../x'"),
        ("stack", {"tag": "seen", "source": "good"}, "is one that the service watches"),
        ("stack", {"source": ".", "gpt": "/bin/sh"}, "unknown key 'gpt'"),
        ("stack", {"source": ".", "frontend": "stripmap"}, "one of snap, isce was expected"),
        ("stack", {"source": ".", "aoi": "/etc/passwd"}, "aoi is '/etc/passwd'"),
        ("stack", {"source": ".", "aoi": [3, 2, 1, 4]}, "west, south, east and north"),
        ("stack", {"source": ".", "master": "$(id)"}, "master is '$(id)'"),
        ("stack", {"source": ".", "polarisation": "VV; id"}, "polarisation is"),
        ("stack", {"source": ".", "subswaths": ["IW4"]}, "subswaths must be of"),
        ("stack", {"products": {"href": "http://127.0.0.1/x"}}, "is not fetched"),
        ("psi", {}, "stack must be the identifier"),
        ("psi", {"stack": "../finished"}, "stack must be the identifier"),
        ("psi", {"stack": "finished", "steps": "1 8; id"}, "The steps are"),
        ("psi", {"stack": "finished", "resolution": -1}, "resolution is -1"),
        ("psi", {"stack": "finished", "resolution": "100"}, "resolution of inputs is '100'"),
        ("psi", {"stack": "finished", "reference": [200, 0, 1]}, "reference is"),
        ("psi", {"stack": "finished", "parameters": {"clap_win": "x"}}, "The parameter clap_win is 'x'"),
        ("psi", {"stack": "finished", "parameters": {"n_cores": 4}}, "n_cores cannot be given"),
        ("psi", {"stack": "finished", "parameters": {"clap_win": {"a": 1}}}, "is no number, list of numbers or text"),
        ("psi", {"stack": "finished", "parameters": {"unwrap_grid": 1}}, "did you mean unwrap_grid_size?"),
        ("psi", {"stack": "finished", "resolution": 10**400}, "resolution of inputs"),
    ],
)
def test_orders_that_cannot_be(root, process, inputs, said):
    with pytest.raises(RequestError) as refused:
        order(read_service(root / "service.toml"), process, inputs, None)
    assert said in str(refused.value) and refused.value.status == (409 if "watches" in said else 400)


@pytest.mark.parametrize("outputs", [{"x": {}}, ["../velocity"], "velocity", 3, [["velocity"]]])
def test_outputs_that_there_are_not(root, outputs):
    with pytest.raises(RequestError, match="outputs"):
        order(read_service(root / "service.toml"), "psi", {"stack": "finished"}, outputs)


def test_a_stack_that_is_not_there_or_not_complete(root):
    service = read_service(root / "service.toml")
    with pytest.raises(RequestError, match="There is no stack 'nowhere'"):
        order(service, "psi", {"stack": "nowhere"}, None)
    finished_stack(root / "stacks", "half")
    (root / "stacks/half/INSAR_20200101/joined.json").unlink()
    with pytest.raises(InputError, match="is not complete"):
        order(service, "psi", {"stack": "half"}, None)


def test_a_service_without_products_takes_no_stacks(root):
    (root / "bare.toml").write_text("")
    with pytest.raises(RequestError, match="has no folder of products"):
        order(read_service(root / "bare.toml"), "stack", {"source": "etna"}, None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"inputs": []}', b"[" * 100_000, b"\xff", b'{"inputs": {}, "response": 3}']
)
def test_bodies_that_are_none(body):
    assert _wrong_body(body) and not _wrong_body(b'{"inputs": {}}')


def test_results_are_those_that_were_asked_for(root):
    folder = finished_stack(root / "stacks", "made", DATES)
    job = JobFolder.of(folder, "psi_20200113_1")
    project = folder / "psi/20200113_1"
    (project / "products").mkdir(parents=True)
    for name in ("ps_mean_v.xy", "ps_data.xy", "products/ps_u-dm.zip", "products/csv.csv"):
        (project / name).write_text("1 2 3\n")
    config = {"project": "psi/20200113_1", "settings": {"products": ["series"]}}
    job.write_job(Job(job.name, "psi", now(), config, ()))
    assert described(job)["status"] == "successful" and described(job)["progress"] == 100
    assert list(outputs_of(job, "x")) == ["velocity", "data", "series"]
    job.write_job(Job(job.name, "psi", now(), {**config, "outputs": ["velocity"]}, ()))
    assert outputs_of(job, "x") == {
        "velocity": {
            "href": "x/velocity",
            "rel": "related",
            "type": "text/plain",
            "title": "Longitude, latitude, velocity (mm/yr)",
        }
    }
    (project / "ps_mean_v.xy").unlink()
    (project / "ps_mean_v.xy").symlink_to(root / "service.toml")
    assert outputs_of(job, "x") == {}
    for project_name in ("../..", "psi/../../x", "/etc", 3):
        job.write_job(Job(job.name, "psi", now(), {**config, "project": project_name}, ()))
        assert outputs_of(job, "x") == {}
    assert [
        job_folder(root / "stacks", name) for name in ("made", "made.", "../made.x", "made.../x", ".x", "made.x")
    ] == [None] * 6


def test_damaged_jobs_are_told_and_stop_no_others(root):
    folder = finished_stack(root / "stacks", "damaged", DATES)
    (folder / "jobs/psi_x").mkdir()
    (folder / "jobs/psi_x/job.json").write_text("{")
    told = {job.name: described(job) for job in jobs_of(root / "stacks") if job.workdir == folder}
    assert told["psi_x"]["status"] == "failed" and "cannot be read" in told["psi_x"]["message"]
    assert told["snap"]["status"] == "successful" and resume(read_service(root / "service.toml")) == []
    with pytest.raises(RequestError, match="There is no stack 'nowhere'"):
        order(read_service(root / "service.toml"), "psi", {"stack": "nowhere"}, None)


def test_an_order_that_fails_leaves_nothing_and_tells_no_places(root, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(
        {"process": "stack", "inputs": {"tag": "new", "source": "good", "aoi": [14, 37, 15, 38]}, "outputs": None}
    )))  # fmt: skip
    before = sorted(os.listdir(root / "stacks"))
    assert main([str(root / "service.toml")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == 400 and "good" in answer["error"] and str(root) not in answer["error"]
    assert sorted(os.listdir(root / "stacks")) == before


def test_a_service_that_cannot_write_says_so(root, monkeypatch, capsys):
    inputs = {"tag": "new", "source": "good", "aoi": [14, 37, 15, 38]}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"process": "stack", "inputs": inputs, "outputs": None})))
    monkeypatch.setattr(
        "pathlib.Path.mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    assert main([str(root / "service.toml")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"error": "The service cannot read or write its files (No space left on device).", "status": 500}


def test_messages_of_jobs_tell_no_places(tmp_path):
    folder = JobFolder.of(tmp_path / "stacks/damaged", "snap")
    folder.path.mkdir(parents=True)
    (folder.path / "job.json").write_text("{")
    found = described(folder)
    assert found["status"] == "failed" and "damaged/jobs/snap" in found["message"]
    assert str(tmp_path) not in found["message"]


def test_orders_that_are_being_made_count_as_jobs(root):
    service = read_service(root / "service.toml")
    with pytest.raises(RequestError, match="^8 jobs are at work or being ordered") as refused:
        order(service, "stack", {"tag": "new", "source": "good", "aoi": [14, 37, 15, 38]}, None, others=8)
    assert refused.value.status == 503


def test_the_cause_of_a_failure_is_the_first_of_a_list(tmp_path):
    log = tmp_path / "log"
    log.write_text("$ command\nmt_prep_snap: The export has 2 problems:\n  - There is no SLC.\n  - There is no DEM.\n")
    assert _message(log, ERRORS) == "mt_prep_snap: The export has 2 problems: There is no SLC."

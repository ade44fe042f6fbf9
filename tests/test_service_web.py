"""The web processes through pygeoapi in a process of its own: what it says of itself, orders, jobs, refusals, restarts."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from owslib.ogcapi.processes import Processes

from helpers.served import finished_stack, served, shell_job
from stamps.cli.program import run
from stamps.frontends.jobs import submission
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.store import job_folders
from stamps.frontends.processor import Processor

CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"
DATES = ("20200101", "20200113")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Folder of a service: its file, products, a stack that is finished."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "products/etna").mkdir(parents=True)
    (folder / "watched").mkdir()
    (folder / "secret").write_text("secret")
    (folder / "products/link").symlink_to(folder / "secret")
    (folder / "products/etna/inside").symlink_to(folder)
    (folder / "products/S1A_IW_SLC__1SDV_x.zip").write_text("no zip")
    (folder / "service.toml").write_text(
        'root = "stacks"\n[serve]\nproducts = "products"\nmost_jobs = 3\nmost_kilobytes = 64\n'
        '[serve.snap]\nmemory = "1G"\n[serve.isce]\ndem_path = "dem"\n'
        '[[stack]]\nname = "seen"\nfrontend = "snap"\nsource = "watched"\n'
    )
    finished_stack(folder / "stacks", "finished", DATES)
    return folder


@pytest.fixture(scope="module")
def client(root):
    with served(root / "service.toml") as found:
        yield found


def detail(response: requests.Response) -> str:
    """The sentence of an exception, which must be one of the protocol."""
    document = response.json()
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail"} <= document.keys() and document["status"] == response.status_code
    return document["detail"]


# ---------------------------------------------------------------------- what it says of itself


def test_conformance_landing_page_and_descriptions(client):
    assert client.url.startswith("http://127.0.0.1:")
    conforms = client.get("/conformance")["conformsTo"]
    assert CORE in conforms and not any(name.endswith(("/callback", "/collections")) for name in conforms)
    links = {link["rel"] for link in client.get("/")["links"]}
    assert {"self", "conformance", "http://www.opengis.net/def/rel/ogc/1.0/processes"} <= links
    assert {process["id"] for process in client.get("/processes")["processes"]} == {"stack", "psi"}
    psi = client.get("/processes/psi")
    assert psi["jobControlOptions"] == ["async-execute", "dismiss"] and psi["inputs"]["stack"]["minOccurs"] == 1
    assert set(psi["outputs"]) == {"velocity", "data", "series", "csv", "geojson", "report"}
    assert {"/processes/psi/execution", "/jobs/{jobId}"} <= set(client.get("/openapi")["paths"])
    for page in ("/", "/processes", "/processes/psi", "/jobs", "/conformance"):
        response = requests.get(client.url + page, headers={"Accept": "text/html"}, timeout=60)
        assert response.status_code == 200 and "<html" in response.text


def test_owslib_orders_and_watches(client):
    found = Processes(client.url)
    assert found.process("psi")["id"] == "psi" and len(found.processes()) == 2
    answer = found.execute("psi", {"stack": "finished", "parameters": {"unwrap_grid_size": 100}}, async_=True)
    assert answer["jobID"].startswith("finished.psi_20200113_") and answer["status"] in (
        "accepted",
        "running",
        "failed",
    )
    assert client.until(answer["jobID"], "failed")["message"].startswith("prepare/prepare: ")


# ---------------------------------------------------------------------- orders and jobs


def test_a_time_series_is_a_job_of_the_shell_too(client, root, capsys):
    inputs = {"stack": "finished", "parameters": {"clap_win": {"value": 32}, "drop_ifg_index": [2]}, "resolution": 0,
              "reference": [14.2, 40.8, 500]}  # fmt: skip
    inputs["parameters"]["clap_win"] = 32
    response = client.execute("psi", inputs, outputs={"velocity": {}, "series": {}})
    job = response.headers["Location"].rpartition("/")[2]
    assert response.json()["jobID"] == job and response.headers["Preference-Applied"] == "respond-async"
    state = client.until(job, "failed")
    assert state["processID"] == "psi" and state["progress"] == 0 and state["parameters"]["resolution"] == 0
    text = json.dumps(client.get("/jobs"))
    assert job in text and "/secret/place" not in text
    results = requests.get(f"{client.url}/jobs/{job}/results", timeout=60)
    assert results.status_code == 400 and detail(results) == state["message"]
    stack, _, name = job.partition(".")
    assert run("stamps", ["jobs", "--workdir", str(root / "stacks" / stack)]) == 0
    assert f"{name} " in capsys.readouterr().out
    folder = Processor.open(root / "stacks" / stack / "jobs" / name).folder
    words = folder.job().steps[0].tasks[0].argv
    assert json.loads(words[-1]) == {
        "clap_win": 32, "drop_ifg_index": [2], "merge_resample_size": 0, "ref_centre_lonlat": [14.2, 40.8], "ref_radius": 500,
    }  # fmt: skip
    assert [task.id for task in folder.job().steps[2].tasks] == ["series"]


def test_the_stack_tells_its_images(client):
    assert client.get("/jobs/finished.snap/results") == {
        "stack": "finished",
        "report": {"frontend": "snap", "master": DATES[0], "images": list(DATES), "left_out": []},
    }


def test_a_job_that_is_deleted_is_cancelled(client, root, capsys):
    folder = shell_job(root / "stacks", "busy", "sleep 600")
    submission.retry(folder, Order(0, "retry", "local"))
    client.until("busy.work", "running")
    not_ready = client.get("/jobs/busy.work/results", 404)
    assert not_ready["detail"] == "The job busy.work has not ended."
    assert client.delete("/jobs/busy.work")["status"] == "dismissed"
    assert client.until("busy.work", "dismissed")["message"] == "The job was cancelled: 0 of 1 tasks."
    assert run("stamps", ["jobs", "status", "work", "--workdir", str(root / "stacks/busy")]) == 1
    assert "CANCELLED" in capsys.readouterr().out
    assert "dismissed already" in client.delete("/jobs/busy.work", 409)["detail"]


def test_no_more_jobs_than_the_file_allows(client, root):
    folders = [shell_job(root / "stacks", f"many{k}", "sleep 600") for k in range(3)]
    for folder in folders:
        submission.retry(folder, Order(0, "retry", "local"))
    assert detail(client.execute("psi", {"stack": "finished"}, 503)).startswith("3 jobs are at work")
    submission.cancel(folders[0])
    address, body = f"{client.url}/processes/psi/execution", {"inputs": {"stack": "finished"}}
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(requests.post, address, json=body, timeout=120) for _ in range(3)]
    assert sorted(answer.result().status_code for answer in answers) == [201, 503, 503]
    for folder in folders:
        submission.cancel(folder)


def test_pages_of_the_list(client, root):
    total = len([job for tag in (root / "stacks").iterdir() for job in job_folders(tag)])
    first = client.get("/jobs?limit=1")
    assert len(first["jobs"]) == 1 and any(link["rel"] == "next" for link in first["links"])
    assert len(client.get(f"/jobs?offset={total}")["jobs"]) == 0
    assert client.get("/jobs?limit=x", 400)["detail"]


# ---------------------------------------------------------------------- refusals


def test_orders_that_cannot_be(client, root):
    places = {"products": ["../secret", "link", "%2e%2e/secret"], "aoi": "/etc/passwd", "gpt": "/bin/sh"}
    sentence = detail(client.execute("stack", {"tag": "bad", **places}, 400))
    assert all(f"{name!r}" in sentence for name in ("../secret", "link", "%2e%2e/secret"))
    assert sentence.startswith("5 things stand against the request: ") and "unknown key 'gpt'" in sentence
    assert not (root / "stacks/bad").exists()
    assert "is one that the service watches" in detail(
        client.execute("stack", {"tag": "seen", "source": "S1A_IW_SLC__1SDV_x.zip"}, 409)
    )
    assert "There is no stack 'nowhere'" in detail(client.execute("psi", {"stack": "nowhere"}, 404))


def test_products_that_are_none_are_refused_by_the_front_end(client, root):
    sentence = detail(
        client.execute("stack", {"tag": "new", "source": "S1A_IW_SLC__1SDV_x.zip", "aoi": [14, 40, 15, 41]}, 400)
    )
    assert "S1A_IW_SLC__1SDV_x.zip" in sentence or "gpt" in sentence
    assert not (root / "stacks/new/jobs/snap/job.json").exists()


def test_requests_that_are_none(client):
    address = f"{client.url}/processes/psi/execution"
    as_json = {"Content-Type": "application/json"}
    bodies = {b"": 400, b"[]": 400, b"{": 400, b'{"inputs": []}': 400, b"[" * 60_000: 400, b"\xff": 400,
              b'{"inputs": {}, "subscriber": {"successUri": "http://127.0.0.1/"}}': 400,
              b'{"inputs": {"stack": "finished", "resolution": NaN}}': 400,
              b'{"inputs": {}, "response": "x"}': 400, b" " * 70_000: 413}  # fmt: skip
    for body, status in bodies.items():
        response = requests.post(address, data=body, headers=as_json, timeout=60)
        assert response.status_code == status and detail(response), body[:40]
    assert requests.post(address, data=b"{}", headers={"Content-Type": "text/plain"}, timeout=60).status_code == 415
    assert requests.post(address, data=iter([b" " * 40_000] * 3), headers=as_json, timeout=60).status_code in (400, 413)
    assert requests.put(address, timeout=60).status_code == 405
    assert "There is no process 'x'" in client.execute("x", {}, 404).json()["detail"]
    assert requests.get(client.url, headers={"Host": "evil.example"}, timeout=60).status_code == 400


def test_places_in_addresses_lead_nowhere(client):
    for place in ("/jobs/..", "/jobs/finished.", "/jobs/.snap", "/jobs/finished.%2e%2e", "/jobs/..%2fsecret.snap",
                  "/jobs/%00.x", "/jobs/finished.snap/results/..%2f..%2fsecret", "/jobs/finished.snap/results/velocity",
                  "/static/../web.py", "/static/%2e%2e/flask_app.py",
                  "/collections", "/admin/config", "/jobs/finished.snap/results/%2e%2e"):  # fmt: skip
        prepared = requests.Request("GET", client.url).prepare()
        prepared.url = client.url + place
        response = requests.Session().send(prepared, timeout=60)
        assert response.status_code in (400, 404), place
        assert "secret" not in response.text.replace("..%2fsecret", "").replace("../secret", ""), place


# ---------------------------------------------------------------------- the server


@pytest.mark.exhaustive
def test_a_restart_loses_no_job(root):
    never = shell_job(root / "stacks", "forgotten", "true")
    shell_job(root / "stacks", "going", "sleep 6")
    with served(root / "service.toml") as first:
        assert first.until("forgotten.work", "successful")
        first.until("going.work", "running", "successful")
        first.process.kill()
        first.process.wait()
    with served(root / "service.toml") as second:
        assert second.until("going.work", "successful")["progress"] == 100
        assert {"forgotten.work", "going.work"} <= {job["jobID"] for job in second.get("/jobs?limit=500")["jobs"]}
    assert Processor.open(never.path).state().exit_status == 0


def test_a_port_that_is_taken_and_a_library_that_is_missing(root, capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run("stamps", ["service", "serve", str(root / "service.toml"), "--port", port]) == 1
    assert f"Nothing can listen at 127.0.0.1, port {port}" in capsys.readouterr().err
    from stamps.service import server

    monkeypatch.setattr(server.util, "find_spec", lambda name: None)
    assert run("stamps", ["service", "serve", str(root / "service.toml")]) == 1
    assert "pip install 'stamps-insar[service]'" in capsys.readouterr().err

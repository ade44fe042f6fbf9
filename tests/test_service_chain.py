"""From products that arrive, or are ordered through the web, to velocities: the same as by hand; with the stand-in for SNAP."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
import requests
from scipy.io import loadmat

from helpers import gpt_stand_in
from helpers.served import served
from helpers.snap_jobs import make_scene
from helpers.watched_scene import WatchedScene
from stamps import getparm, mt_prep_snap, ps_output, ps_plot, setparm, stamps
from stamps.cli.program import run
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.processor import Processor
from stamps.service.psi_config import PsiConfig, PsiSettings

pytestmark = [pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Five dates of one subswath, 300 × 300 pixels (read only)."""
    return make_scene(tmp_path_factory.mktemp("scene"), lines=300, samples=300)


@pytest.fixture
def stand_in(monkeypatch, scene):
    gpt_stand_in.stand_in(monkeypatch, stack=scene.stack)
    return monkeypatch


def by_hand(scene, folder, resolution=0):
    """Files of ps_output of a run by hand."""
    folder.mkdir()
    mt_prep_snap(scene.master, scene.stack, 0.4, 1, 1, 50, 50, workdir=folder)
    setparm("unwrap_grid_size", 50, workdir=folder)
    setparm("merge_resample_size", resolution, workdir=folder)
    stamps(1, 8, workdir=folder)
    ps_plot("v-d", -1, workdir=folder)
    ps_output(corrected=True, workdir=folder)
    names = ["ps_mean_v.xy", "ps_data.xy", *(f"ps_u-dm.{k}.xy" for k in range(1, 6))]
    return {name: (folder / name).read_bytes() for name in names}


def test_what_arrives_becomes_the_same_velocities_as_by_hand(tmp_path, scene, stand_in):
    service = WatchedScene(scene, tmp_path / "service", products='["ps_output", "csv"]', min_images=5)
    service.arrive(*scene.dates[:4])
    assert "waits for 5 images, 4 are in the stack" in str(service.settle())
    service.arrive(scene.dates[4])
    report = service.settle()
    assert report.trouble == "" and service.latest() == f"psi/{scene.dates[4]}", str(report)
    latest = service.workdir / "latest"
    expected = by_hand(scene, tmp_path / "by_hand")
    assert {name: (latest / name).read_bytes() for name in expected} == expected
    assert (latest / "products/csv.csv").stat().st_size > 1000
    assert service.orders() == {"snap": ["submit", "submit"], f"psi_{scene.dates[4]}": ["submit"]}


def test_a_date_that_fails_is_left_out_and_taken_again_with_the_next(tmp_path, scene, stand_in):
    faults = tmp_path / "faults"
    stand_in.setenv("GPT_FAULT", f"@{faults}")
    faults.write_text(f"fail:{scene.dates[1]}@coregister\n")
    service = WatchedScene(scene, tmp_path / "service", products='["ps_output"]', min_images=6)
    service.arrive(*scene.dates[:4])
    report = service.settle()
    assert report.trouble == "" and "3 are in the stack" in str(report)
    state = (service.workdir / "service.json").read_text()
    assert f'"{scene.dates[1]}": ' in state
    faults.write_text("")
    service.arrive(scene.dates[4])
    assert "5 are in the stack" in str(service.settle())


def test_a_stack_and_a_time_series_through_the_web(tmp_path, scene, stand_in, capsys):
    file = tmp_path / "service.toml"
    file.write_text(
        f'root = "stacks"\n[serve]\nproducts = "{scene.slc}"\n'
        f'[serve.snap]\ndem = "srtm3"\nmemory = "500M"\ncpu = 1\nsnap_home = "{tmp_path}/snap"\n'
    )
    with served(file) as client:
        inputs = {"tag": "etna", "source": ".", "aoi": scene.area, "subswaths": ["IW2"], "master": scene.master}
        assert client.execute("stack", inputs).json()["jobID"] == "etna.snap"
        assert client.execute("psi", {"stack": "etna"}, 409).json()["detail"].endswith("is still at work.")
    with served(file) as client:  # the stack goes on without a server, and is there for the next
        done = client.until("etna.snap", "successful", "failed", seconds=300)
        assert done["status"] == "successful", done
        report = client.get("/jobs/etna.snap/results")
        assert report["stack"] == "etna" and report["report"]["images"] == list(scene.dates)
        inputs = {"stack": "etna", "parameters": {"unwrap_grid_size": 50}, "resolution": 60}
        job = client.execute("psi", inputs).json()["jobID"]
        done = client.until(job, "successful", "failed", seconds=300)
        assert done["status"] == "successful" and done["progress"] == 100, done
        results = client.get(f"/jobs/{job}/results")
        assert set(results) == {"velocity", "data", "series", "csv", "geojson", "report"}
        files = {name: requests.get(link["href"], timeout=60) for name, link in results.items()}
        assert all(answer.status_code == 200 and answer.content for answer in files.values())
        assert files["geojson"].json()["type"] == "FeatureCollection" and "<html" in files["report"].text
    expected = by_hand(scene, tmp_path / "by_hand", 60)
    assert files["velocity"].content == expected["ps_mean_v.xy"] and files["data"].content == expected["ps_data.xy"]
    with zipfile.ZipFile(BytesIO(files["series"].content)) as archive:
        assert archive.namelist() == [*(f"ps_u-dm.{k}.xy" for k in range(1, 6)), "date.txt"]
        assert archive.read("ps_u-dm.3.xy") == expected["ps_u-dm.3.xy"]
    assert run("stamps", ["jobs", "--workdir", str(tmp_path / "stacks/etna")]) == 0
    assert capsys.readouterr().out.count("succeeded") == 2


def test_a_time_series_with_the_troposphere_taken_out(tmp_path, scene):
    """The correction stands in the project, is subtracted, and the velocity is the corrected one."""
    (tmp_path / "stack").symlink_to(scene.stack)
    settings = PsiSettings({"unwrap_grid_size": 50}, products=["series", "csv"], resolution=0, tropo="linear")
    config = PsiConfig(
        str(tmp_path), stack="stack", master=scene.master, images=list(scene.dates), project="psi/x", settings=settings
    )
    processor = Processor(front_end("psi"), config, name="psi_x")
    processor.submit(wait=True)
    assert processor.state().exit_status == 0, processor.state().as_dict()
    project = tmp_path / "psi/x"
    assert (getparm("subtr_tropo", workdir=project), getparm("tropo_method", workdir=project)) == ("y", "a_linear")
    assert "ph_tropo_linear" in loadmat(project / "tca2.mat")
    plain = np.loadtxt(project / "ps_mean_v.xy")
    ps_plot("v-d", -1, workdir=project)
    ps_output(corrected=True, workdir=project)
    assert plain.shape[0] > 50 and not np.array_equal(plain, np.loadtxt(project / "ps_mean_v.xy"))

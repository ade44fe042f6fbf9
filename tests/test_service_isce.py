"""A watched stack of ISCE2: the stand-in for its stack processor, and the preparation of a project from what it leaves."""

import json

import pytest

from helpers import isce_orders
from stamps.frontends.jobs.standing import standing
from stamps.frontends.jobs.store import JobFolder, job_folders
from stamps.frontends.processor import Processor
from stamps.service.service_file import read_service
from stamps.service.watch import pass_over

pytest.importorskip("rasterio")
pytestmark = [pytest.mark.exhaustive]


def test_images_that_arrive_become_a_stack_of_isce_and_a_project(tmp_path, monkeypatch):
    made = isce_orders.materials(tmp_path, 3)
    for name, value in isce_orders.environment(made).items():
        monkeypatch.setenv(name, value)
    master = str(json.loads((made.tree / "truth.json").read_text())["master"])
    (tmp_path / "service.toml").write_text(
        'root = "stacks"\nsettle = 0\nretries = 0\n[[stack]]\nname = "naples"\nfrontend = "isce"\nsource = "slc"\n'
        f'[stack.settings]\norbit_dir = "orbits"\ndem_path = "dem.wgs84"\nbbox = {list(made.bbox)}\nmin_dates = 2\n'
        f'reference_date = "{master}"\ncoregistration = "geometry"\nmemory_mb = 500\n'
        "[stack.trigger]\nmin_images = 3\n[stack.psi]\nproducts = []\n"
    )
    workdir, said = tmp_path / "stacks/naples", ""
    for k in range(4):
        (report,) = pass_over(read_service(tmp_path / "service.toml"), 1e9 + 60 * k)
        said += str(report)
        for folder in job_folders(workdir):
            Processor.open(folder.path).watch(0.2)
    newest = max(made.dates)
    job = JobFolder.of(workdir, f"psi_{newest}")
    assert job.exists(), said
    assert standing(job).steps["prepare"].done == 1
    project = workdir / "psi" / newest
    assert (project / "processor.txt").read_text().strip() == "isce" and (project / "parms.mat").is_file()
    assert standing(JobFolder.of(workdir, "isce")).exit_status == 0

"""The parity runner: what is not there or not run is never taken for agreement."""

import json
from types import SimpleNamespace

import pytest

from stamps.errors import InputError, StampsError
from stamps.verify import golden, parity, parity_jobs


def _jobs():
    try:
        return parity_jobs.jobs_of(golden.find_set("ps_mini", complete=True))
    except InputError:
        return []


@pytest.mark.parametrize("job", [pytest.param(job, id=job.name) for job in _jobs() if job.task != "prep"])
def test_a_run_that_does_nothing_never_agrees(job, tmp_path, monkeypatch):
    monkeypatch.setattr(parity_jobs, "_run_steps", lambda job, workdir: None)
    monkeypatch.setattr(parity_jobs, "_run_code", lambda code, workdir: None)
    try:
        report = parity_jobs.perform(job, tmp_path)
    except parity_jobs.NotThere as error:
        pytest.skip(str(error))
    assert not report.ok
    assert len(report.failures) >= 1


def test_errors_and_skips_are_told_apart(monkeypatch, golden_dir):
    job = parity_jobs.Job(golden_dir("ps_mini"), "step 8", "step", 8, 8)

    def fail(error):
        def raise_error(job, workdir):
            raise error

        return raise_error

    monkeypatch.setattr(parity_jobs, "_run_steps", fail(parity_jobs.NotThere("no rasters")))
    assert (parity.run_job(job).status, parity.run_job(job).compared) == ("skipped", 0)
    monkeypatch.setattr(parity_jobs, "_run_steps", fail(StampsError("It broke.")))
    assert (parity.run_job(job).status, parity.run_job(job).text) == ("failed", "It broke.")
    monkeypatch.setattr(parity_jobs, "_run_steps", fail(FileNotFoundError("some file")))
    assert parity.run_job(job).status == "failed"


def test_too_few_comparisons_are_a_fault(golden_dir):
    job = parity_jobs.Job(golden_dir("ps_mini"), "step 8", "step", 8, 8)
    everything = SimpleNamespace(only=None)
    few = [parity.Result(job, "ok", compared=3, agreeing=3)]
    assert "only 3" in parity._judge(few, everything)[0]
    assert parity._judge(few, SimpleNamespace(only=["step 8"])) == []
    assert parity._judge([], everything) == ["nothing was compared"]
    differing = [parity.Result(job, "differs", compared=10_000, agreeing=9_999)]
    assert parity._judge(differing, everything) == ["ps_mini step 8: differs"]


def test_every_known_set_records_how_much_is_compared():
    assert all(golden.facts(name)["compared"] > 100 for name in parity.SETS)


def test_command(golden_dir, tmp_path, capsys):
    assert golden_dir("ps_mini").is_dir()
    path = tmp_path / "parity.json"
    assert parity.main(["--sets", "ps_mini", "--only", "step 8", "--jobs", "1", "--json", str(path)]) == 0
    content = json.loads(path.read_text())
    assert content["ok"]
    assert [job["job"] for job in content["jobs"]] == ["step 8"]
    assert content["jobs"][0]["compared"] == content["jobs"][0]["agreeing"] == 3
    assert "3 compared, 3 agree" in capsys.readouterr().out


def test_command_misses_a_set_that_was_asked_for(tmp_path, capsys):
    assert parity.main(["--golden", str(tmp_path), "--sets", "ps_mini", "--jobs", "1"]) == 1
    assert "PARITY: No complete golden set 'ps_mini'" in capsys.readouterr().out


def _product_jobs():
    """The jobs that plot and export, of the sets that are there."""
    found = []
    for name in ("sb_mini", "mexico_city"):
        try:
            jobs = parity_jobs.jobs_of(golden.find_set(name, complete=True))
        except InputError:
            continue
        found += [pytest.param(job, id=f"{name} {job.name}") for job in jobs if "products" in job.name]
    return found


@pytest.mark.parametrize("job", _product_jobs())
def test_every_product_file_is_compared(job, tmp_path):
    folder = job.set_path / (job.variant if job.task == "products" else f"variants/{job.variant}")
    report = parity_jobs.perform(job, tmp_path)
    assert report.ok, report.text()
    compared = {row.file for row in report.rows if row.counts}
    assert {path.name for path in folder.iterdir()} - {"STAMPS.log", "variant.json"} <= compared


def test_every_folder_of_products_has_its_job(golden_dir):
    try:
        folder = golden.find_set("mexico_city", complete=True)
    except InputError as error:
        pytest.skip(str(error))
    jobs = {job.variant for job in parity_jobs.jobs_of(folder)}
    assert {f"golden_products/{path.name}" for path in (folder / "golden_products").iterdir() if path.is_dir()} <= jobs

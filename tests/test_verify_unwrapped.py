"""Comparison of unwrapped grids: msd without rounding noise, energies where the optimum is not unique."""

import numpy as np
import pytest

from stamps import stamps
from stamps.verify import compare_files, golden, parity_jobs
from stamps.verify.file_comparison import WITHOUT_NODES
from stamps.verify.unwrapped import energy_row
from stamps.workspace import Workspace, matfile


@pytest.fixture
def step_6(golden_state, golden_dir):
    """Factory: ``ps_mini`` unwrapped, and the rows of what step 6 writes by file and variable."""

    def make(solver):
        workdir = golden_state("ps_mini", 5)
        stamps(6, 6, workdir=workdir, unwrap=solver)
        return workdir

    return make


def rows_of(workdir, golden_dir):
    files = golden.overlay_files(golden_dir("ps_mini") / "step6")
    report = compare_files(workdir, files, files, partial=True)
    return {(row.file, row.variable): row for row in report.rows}


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_msd_of_both_solvers_agrees(step_6, golden_dir, solver):
    rows = rows_of(step_6(solver), golden_dir)
    for file in ("uw_phaseuw.mat", "phuw2.mat"):
        row = rows[file, "msd"]
        assert (row.status, row.tolerance) == ("ok", 0.02)
        assert row.difference < (1e-4 if solver == "flow" else 0.02)  # noise is what the bound is for
    settings = rows["snaphu.conf", ""]
    assert (settings.status, settings.counts) == (("skipped", False) if solver == "flow" else ("ok", True))


def test_a_wrong_msd_is_seen(step_6, golden_dir):
    ws = Workspace(step_6("flow"))
    result = ws.load("phuw2")
    result["msd"][3] *= 1.03
    ws.save("phuw2", result, append=False)
    rows = rows_of(ws.path, golden_dir)
    assert rows["phuw2.mat", "msd"].status == "differs" and rows["uw_phaseuw.mat", "msd"].status == "ok"
    nodes = ws.load("uw_phaseuw")  # a cycle at one node, and msd to match
    nodes["ph_uw"][nodes["ph_uw"].shape[0] // 2, 1] += 8 * np.pi
    ws.save("uw_phaseuw", nodes, append=False)
    assert rows_of(ws.path, golden_dir)["uw_phaseuw.mat", "ph_uw"].status == "differs"


def test_without_the_grid_msd_is_compared_as_it_is_stored(step_6, golden_dir):
    workdir = step_6("flow")
    (workdir / "uw_interp.mat").unlink()
    assert rows_of(workdir, golden_dir)["phuw2.mat", "msd"].status == "differs"


def test_where_the_golden_tree_holds_no_nodes_msd_is_skipped_with_the_reason(step_6, golden_dir):
    workdir = step_6("flow")
    files = golden.overlay_files(golden_dir("ps_mini") / "step6")
    report = compare_files(workdir, {"phuw2.mat": files["phuw2.mat"]}, partial=True)
    row = next(row for row in report.rows if row.variable == "msd")
    assert (row.status, row.counts, row.detail) == ("skipped", False, WITHOUT_NODES)
    assert report.ok  # ph_uw
    twice = compare_files(workdir, {"phuw2.mat": workdir / "phuw2.mat"}, partial=True)
    assert twice.n_skipped == 0 and twice.n_agreeing == 2


def test_energies_of_unwrapped_nodes(step_6, golden_dir):
    workdir, reference = step_6("flow"), golden_dir("ps_mini") / "step6" / "uw_phaseuw.mat"
    row = energy_row(workdir, reference)
    assert row.status == "ok" and row.difference == 0 and "0 of 21080 nodes" in row.detail
    ws = Workspace(workdir)
    found = ws.load("uw_phaseuw")
    for change, words in ((2 * np.pi, "1 of which have more energy"), (1.0, "0 of which have more")):
        other = {**found, "ph_uw": found["ph_uw"].copy()}
        other["ph_uw"][slice(0, 1) if change > 6 else slice(None), 2] += change
        ws.save("uw_phaseuw", other, append=False)
        row = energy_row(workdir, reference)
        assert row.status == "differs" and words in row.detail and row.failed
    ws.save("uw_phaseuw", {**found, "ph_uw": found["ph_uw"][1:]}, append=False)
    assert energy_row(workdir, reference).detail == "another number of nodes"
    (workdir / "uw_phaseuw.mat").unlink()
    assert energy_row(workdir, reference).failed


def test_where_the_optimum_is_not_unique_the_energy_is_compared_and_snaphu_run_too(golden_dir, tmp_path, monkeypatch):
    job = parity_jobs.Job(golden_dir("ps_mini"), "variant", "variant", 6, 6, "unwrap_no_prefilter", "flow")
    solvers = []
    run_steps = parity_jobs._run_steps
    monkeypatch.setattr(
        parity_jobs, "_run_steps", lambda job, workdir: (solvers.append(job.unwrap), run_steps(job, workdir))
    )
    report = parity_jobs.perform(job, tmp_path)
    assert report.ok and solvers == ["flow", "snaphu"]
    energies = [row for row in report.rows if row.comparison == "energy"]
    assert len(energies) == 1 and energies[0].counts and energies[0].detail.startswith("by energy: ")
    assert matfile.read(tmp_path / "ps_mini" / "uw_phaseuw.mat")["ph_uw"].shape == energies[0].shape


def test_without_snaphu_such_a_job_is_skipped_with_the_reason(golden_dir, tmp_path, monkeypatch):
    job = parity_jobs.Job(golden_dir("ps_mini"), "variant", "variant", 6, 6, "unwrap_no_prefilter")
    monkeypatch.setattr("stamps.external.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(parity_jobs.NotThere, match=r"not unique.*snaphu"):
        parity_jobs.perform(job, tmp_path)

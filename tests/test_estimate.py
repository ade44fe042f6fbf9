"""``stamps estimate`` against measured peaks, real candidates and real files."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import finished_project
from stamps import simulate
from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.frontends.amplitudes import MOST_BYTES
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.setparm import setparm
from stamps.queries.estimate import estimate_needs
from stamps.queries.patch_layout import recommended_layout
from stamps.queries.step_costs import Counts, step_memory, step_seconds

ROOT = Path(__file__).resolve().parent.parent
PEAKS = json.loads((Path(__file__).parent / "fixtures" / "peaks.json").read_text())["runs"]
STEPS = ("prep", "1", "2", "3", "4", "5", "6", "7", "8")


def measured_peak(run, step):
    """Of the process of the step with the programs that it started, MiB."""
    return run["peak_mib"][step] + run["programs_mib"][step]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("run", PEAKS, ids=lambda run: f"{run['stack']}-{run['counts']['threads']}")
def test_table_bounds_the_measured_peaks(run, step):
    """9 000 to 876 000 candidates: never below what was measured, and at most 1.4 times as much."""
    counts = Counts(**run["counts"])
    peak = measured_peak(run, step)
    assert peak <= step_memory(step, counts) <= 1.4 * peak
    seconds = run["cpu_seconds"][step]
    assert 0.4 * seconds - 1 <= step_seconds(step, counts) <= 2.5 * seconds + 1


def test_before_selection_the_estimate_is_an_upper_bound():
    for run in PEAKS:
        known = Counts(**run["counts"])
        unknown = replace(
            known,
            selected=known.candidates,
            weeded=known.candidates,
            total_weeded=known.candidates,
            merged=known.merged if known.resampled else known.candidates,
        )
        for step in STEPS:
            assert measured_peak(run, step) <= step_memory(step, unknown)


LARGE = Counts("PS", 31, 31, 10000, 3000, 500_000, 400_000, 400_000, 400_000, 400_000)


def test_the_preparation_keeps_whole_images_that_fit():
    image = 4 * 10000 * 3000
    assert LARGE.array("kept") == 8 * image <= MOST_BYTES < 9 * image
    assert replace(LARGE, free_gib=2).array("kept") == 4 * image <= 2**29 < 5 * image
    assert replace(LARGE, width=400, length=200).array("kept") == 31 * 4 * 400 * 200
    assert replace(LARGE, mode="SB", n_image=14, width=400, length=200).array("kept") == 62 * 4 * 400 * 200
    assert step_memory("prep", LARGE) - step_memory("prep", replace(LARGE, free_gib=2)) > 0.9 * 4 * image / 2**20


def test_threads_need_memory_where_each_has_its_own_arrays():
    for step in STEPS:
        more = step_memory(step, replace(LARGE, threads=16)) - step_memory(step, LARGE)
        assert (more > 0) == (step in ("prep", "2", "3", "6"))


def test_cells_of_a_thin_scene_bound_its_grids():
    """Few candidates in a large scene: its filter grid needs the memory."""
    dense = replace(LARGE, filter_cells=100_000)
    assert step_memory("2", dense) < step_memory("2", replace(dense, filter_cells=1_000_000))
    assert dense.array("nodes") == replace(dense, unwrap_cells=10**9).array("nodes") == dense.array("merged")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack") / "export"
    arguments = [
        "--preset",
        "ps_small",
        "--seed",
        "3",
        "--n-images",
        "10",
        "--lines",
        "120",
        "--samples",
        "300",
        "--quiet",
    ]
    assert simulate.main([str(folder), *arguments]) in (0, None)
    return folder


@pytest.fixture(scope="module")
def project(stack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "INSAR"
    folder.mkdir()
    master = json.loads((stack / "truth.json").read_text())["master"]
    mt_prep_snap(master, stack, 0.4, 1, 1, workdir=folder)
    setparm("unwrap_grid_size", 50, workdir=folder)
    setparm("unwrap_gold_n_win", 16, workdir=folder)
    return folder


_MEASURED = """
import sys
from stamps.cli import program as cli
status = cli.run("stamps", sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], file=sys.stderr)
sys.exit(status)
"""


def peak_mib(step, folder):
    """Peak resident memory of a step in a process of its own, MiB (its own, not what it inherits when it is started)."""
    command = [sys.executable, "-c", _MEASURED, step, step]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=True)
    return int(done.stderr.split()[-1]) / 1024


def test_extrapolated_candidates_are_near_the_counted_ones(stack, project):
    before, after = estimate_needs(datadir=stack), estimate_needs(project)
    assert before.source_type == "stack" and after.source_type == "project" and after.candidates_from == "counted"
    assert before.candidates == pytest.approx(after.candidates, rel=0.1)
    assert (before.n_images, before.n_interferograms, before.width, before.length) == (10, 9, 300, 120)
    assert (after.n_images, after.n_interferograms, after.width, after.length) == (10, 9, 300, 120)
    assert "extrapolated from" in before.candidates_from
    assert after.candidates == (project / "PATCH_1" / "pscands.1.ij").read_text().count("\n")
    lower = estimate_needs(datadir=stack, da_thresh=0.2)
    assert lower.candidates < before.candidates


@pytest.mark.slow
def test_the_estimate_bounds_the_measured_peaks(project):
    """A simulated stack, each step in a process of its own: never below, at most twice as much; the disk too."""
    if not sys.platform.startswith("linux"):
        pytest.skip("peak memory is measured on Linux")
    before = {step.step: step for step in estimate_needs(project, cores=1).steps}
    peaks = {step: peak_mib(step, project) for step in STEPS[1:]}
    after = estimate_needs(project, cores=1)
    for step in after.steps:
        assert peaks[step.step] <= step.peak_mib <= 2 * peaks[step.step], step
        assert peaks[step.step] <= before[step.step].peak_mib
    used = sum(path.stat().st_size for path in project.rglob("*.mat"))
    assert used <= after.disk["patches"] + after.disk["project"] <= 4 * used
    candidates = sum(path.stat().st_size for path in (project / "PATCH_1").glob("pscands*"))
    assert candidates <= after.disk["candidate files"] <= 2 * candidates


BIG = Counts("PS", 31, 31, 20000, 6000, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000)


def test_recommended_patches_fit_the_memory():
    for memory in (2, 4, 16, 64):
        for cores in (1, 4, 16):
            layout, _ = recommended_layout(BIG, memory, cores)
            assert layout.peak_mib <= 0.85 * 1024 * memory
            assert layout.workers <= min(cores, layout.rg_patches * layout.az_patches)
    few, _ = recommended_layout(BIG, 64, 1)
    many, _ = recommended_layout(BIG, 2, 1)
    assert few.rg_patches * few.az_patches == 1 < many.rg_patches * many.az_patches


def test_recommended_patches_use_the_cores_but_stay_large():
    layout, notes = recommended_layout(BIG, 64, 16)
    assert layout.workers == 16 and notes == []
    small = replace(BIG, width=400, length=400, candidates=60_000)
    assert recommended_layout(small, 64, 16)[0].workers == 1
    layout, notes = recommended_layout(replace(BIG, candidates=200_000_000, selected=1, weeded=1), 0.3, 16)
    assert "use a larger machine" in notes[0]


def test_recommended_patches_are_near_squares():
    layout, _ = recommended_layout(BIG, 64, 12)
    assert layout.rg_patches > layout.az_patches


def test_half_finished_and_merged_projects(golden_state):
    known = estimate_needs(golden_state("sb_mini", 5))
    assert known.pixels_from == "the pixels that steps 3 to 5 left" and known.n_patches == 2
    unknown = estimate_needs(golden_state("ps_mini", 1))
    assert "every candidate kept" in unknown.pixels_from
    assert [step.step for step in unknown.steps] == list(STEPS[1:])


def test_merged_directories_have_only_the_late_steps(tmp_path):
    estimate = estimate_needs(finished_project.small_baselines(tmp_path / "MERGED").path)
    assert [step.step for step in estimate.steps] == ["6", "7", "8"]
    assert estimate.candidates == 0 and estimate.recommended is None
    assert estimate.disk["candidate files"] == estimate.disk["patches"] == 0 < estimate.disk["project"]


def test_command(stack, project, capsys):
    assert cli.run("stamps", ["estimate", "--datadir", str(stack), "--cores", "2", "--memory", "4"]) == 0
    text = capsys.readouterr().out
    assert "recommended patches" in text and "2 cores, 4 GiB" in text and "extrapolated" in text
    assert cli.run("stamps", ["estimate", "--workdir", str(project), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["recommended"]["rg_patches"] == 1 and len(facts["steps"]) == 8


def test_bad_arguments(tmp_path, stack, project, capsys):
    with pytest.raises(InputError, match="not both"):
        estimate_needs(project, stack)
    with pytest.raises(InputError, match="no export of a stack"):
        estimate_needs(datadir=tmp_path)
    with pytest.raises(InputError, match="is no StaMPS project"):
        estimate_needs(tmp_path)
    with pytest.raises(InputError, match="is one patch"):
        estimate_needs(project / "PATCH_1")
    with pytest.raises(InputError, match="a positive number"):
        estimate_needs(project, memory_gib=-1)
    assert cli.run("stamps", ["estimate", "--cores", "0"]) == 1
    assert "from 1 on" in capsys.readouterr().err


def test_what_linking_would_take_is_said_for_single_masters(tiny_export, tiny_pairs):
    notes = " ".join(estimate_needs(datadir=tiny_export).notes)
    assert re.search(r"mt_link .* would take \S+ GB of disk besides, and \S+ GB of memory for each core", notes)
    assert "mt_link" not in " ".join(estimate_needs(datadir=tiny_pairs).notes)

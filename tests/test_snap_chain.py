"""From products to a time series through the stand-in for SNAP: equal to the direct run; faults by name; kills and retries."""

import random
import re
import shutil
import time
from pathlib import Path

import pytest

from helpers import gpt_stand_in, slurm
from helpers.snap_jobs import content, end_all, images, job, make_scene, tree
from stamps import mt_prep_snap, setparm, stamps
from stamps.cli.snap import main
from stamps.frontends.jobs.model import Status

pytestmark = pytest.mark.slow

STEPS = ("split", "coregister", "export", "join", "prepare")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Five dates of one subswath, 120 × 60 pixels (read only)."""
    return make_scene(tmp_path_factory.mktemp("scene"), lines=120)


@pytest.fixture
def calls(tmp_path, monkeypatch, scene):
    """The stand-in on PATH; what it notes of its runs."""
    log = tmp_path / "calls.jsonl"
    gpt_stand_in.stand_in(monkeypatch, log, stack=scene.stack, fault=f"@{tmp_path}/faults")
    return log


@pytest.fixture
def faults(tmp_path, calls):
    """Sets what goes wrong from now on."""
    return lambda *items: (tmp_path / "faults").write_text("\n".join(items))


def submitted(processor, **options):
    """The job after its submission and its end."""
    processor.submit(wait=True, **options)
    return processor.state()


def until(condition, seconds):
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def runs(log):
    """Step and task of the graphs that ``gpt`` was asked to run since the last time."""
    graphs = [Path(entry["arguments"][0]) for entry in gpt_stand_in.calls(log)]
    log.unlink(missing_ok=True)
    return sorted(f"{path.parent.name}/{path.stem}" for path in graphs if path.suffix == ".xml")


# ---------------------------------------------------------------------- the same result


@pytest.mark.parametrize("swaths", [("IW2",), pytest.param(("IW1", "IW2", "IW3"), marks=pytest.mark.exhaustive)])
def test_chain_equals_the_direct_run(tmp_path, monkeypatch, swaths):
    scene = make_scene(tmp_path, swaths, lines=300, samples=300)
    gpt_stand_in.stand_in(monkeypatch, stack=scene.stack)
    state = submitted(job(scene, tmp_path / "work", da_thresh=0.4))
    assert state.exit_status == 0, state.as_dict()
    project = tmp_path / f"work/INSAR_{scene.master}"
    direct = tmp_path / "direct"
    direct.mkdir()
    mt_prep_snap(scene.master, scene.stack, 0.4, 1, 1, 50, 50, workdir=direct)
    for folder in (project, direct):
        setparm("unwrap_grid_size", 50, workdir=folder)
        stamps(1, 8, workdir=folder)
    ours, theirs = content(project), content(direct)
    mats = [name for name in theirs if name.endswith(".mat")]
    assert len(mats) > 20 and "scn2.mat" in mats
    assert {name: ours.get(name) for name in mats} == {name: theirs[name] for name in mats}
    assert images(project) == images(scene.stack)


@pytest.mark.exhaustive
def test_stripmap_with_the_oldest_snap_in_a_folder_of_a_strange_name(tmp_path, monkeypatch):
    place = tmp_path / "Ätna & 'Stromboli'"
    scene = make_scene(place, ("S3",), lines=120)
    gpt_stand_in.stand_in(monkeypatch, stack=scene.stack, version=9)
    state = submitted(job(scene, place / "work", "Snap_Stripmap"))
    assert state.exit_status == 0, state.as_dict()
    assert list(state.steps) == ["subset", "coregister", "interferogram", "export", "join", "prepare"]
    assert images(place / f"work/INSAR_{scene.master}") == images(scene.stack)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["TSX", "S1"])
def test_stripmap_images_from_the_command_line(tmp_path, monkeypatch, scene, calls, kind):
    """TerraSAR-X as it is delivered, Sentinel-1 SM as folders; the stack is that of the simulation."""
    stack, slc, area = scene.stack, tmp_path / "slc", [str(number) for number in scene.area]
    if kind == "TSX":
        for date in scene.dates:
            name = f"TSX1_SAR__SSC______SM_S_SRA_{date}T164512_{date}T164520"
            (slc / f"dims_{date}" / name).mkdir(parents=True)
            (slc / f"dims_{date}" / name / f"{name}.xml").write_text("<level1Product/>")
    else:
        slc = make_scene(tmp_path, ("S3",), lines=120).slc
        for archive in slc.glob("*.zip"):
            shutil.unpack_archive(archive, slc)
            archive.unlink()
    words = [str(slc), "--stripmap", "--aoi", *area, "--dem", "srtm3", "--master", scene.master, "--memory", "500M"]
    words += ["--cpu", "1", "--workdir", str(tmp_path / "work")]
    assert main(["list", *words[:7], "--master", scene.master]) == 0
    assert main(["dry-run", *words]) == 0 and not (tmp_path / "work").exists()
    assert main(["submit", *words, "--wait"]) == 0
    assert images(tmp_path / f"work/INSAR_{scene.master}") == images(stack)
    steps = [name.partition("/")[0] for name in runs(calls)]
    assert [steps.count(step) for step in ("subset", "coregister", "interferogram", "export")] == [5, 4, 4, 4]
    assert main(["submit", *words, "--wait"]) == 0 and runs(calls) == []


# ---------------------------------------------------------------------- faults

#: Step -> fault -> what its message says.
FAULTS = {
    "split": {
        "fail": "NullPointerException",
        "orbit": "No valid orbit file found",
        "silent": r"split/\S+ is missing",
        "half": "not written to its end",
    },
    "coregister": {
        "sizes": "differ in size",
        "killed": "SIGKILL",
        "zeros": "nothing but zeros",
    },
    "export": {
        "zero_base": "baseline of .* is zero",
        "nan_positions": "have no position",
        "half_zero": "lines of zeros",
        "short": "not written to its end",
    },
}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "step", ["split", *(pytest.param(step, marks=pytest.mark.exhaustive) for step in ("coregister", "export"))]
)
def test_faults_are_named_by_date_and_cause(tmp_path, scene, calls, faults, step, capsys):
    """The rest of the step is done, nothing comes after it, and a retry runs what has failed and no more."""
    kinds = FAULTS[step]
    dates = dict(zip(kinds, scene.secondaries[-len(kinds) :], strict=True))
    faults(*(f"{kind}:{date}@{step}" for kind, date in dates.items()))
    processor = job(scene, tmp_path / "work", keep="all")
    state = submitted(processor)
    said = {task.date: task.message for task in state.steps[step].failures}
    assert sorted(said) == sorted(dates.values()), state.as_dict()
    for kind, date in dates.items():
        assert re.search(kinds[kind], said[date]), (kind, said[date])
    assert state.exit_status == 1 and state.steps[step].status is Status.FAILED
    assert main(["status", "--workdir", str(tmp_path / "work")]) == 1
    shown = capsys.readouterr().out
    assert all(re.search(f"{date}.*{kinds[kind]}", shown) for kind, date in dates.items()), shown
    assert state.steps[step].done == state.steps[step].total - len(kinds)
    assert all(state.steps[name].done == 0 for name in STEPS[STEPS.index(step) + 1 :])
    runs(calls)
    faults()
    processor.retry(wait=True)
    assert processor.state().exit_status == 0
    again = [name for name in runs(calls) if name.startswith(step)]
    assert len(again) == len(kinds) and all(any(date in name for name in again) for date in dates.values())


@pytest.mark.exhaustive
def test_download_that_fails_for_all_is_tried_by_one_pair_after_the_other(tmp_path, scene, calls, faults):
    """The first pair of a job downloads what all need; where it cannot, the next one tries, alone."""
    faults("dem@coregister")
    processor = job(scene, tmp_path / "work")
    state = submitted(processor)
    assert [name for name in runs(calls) if name.startswith("coregister")] == [
        f"coregister/{scene.master}_{date}_IW2" for date in scene.secondaries
    ]
    assert all("Failed to retrieve DEM tiles" in task.message for task in state.steps["coregister"].failures)
    assert len(state.steps["coregister"].failures) == len(scene.secondaries)
    faults()
    processor.retry(wait=True)
    assert processor.state().exit_status == 0
    assert len([name for name in runs(calls) if name.startswith("coregister")]) == 4


@pytest.mark.exhaustive
def test_pair_that_differs_from_the_others_is_exported_again_by_a_retry(tmp_path, scene, calls, faults):
    odd = scene.secondaries[3]
    faults(f"other_heights:{odd}@export")
    processor = job(scene, tmp_path / "work", keep="all")
    (failure,) = submitted(processor).steps["join"].failures
    assert f"The export of {odd} (its geo/elevation_dem.rdc) differs" in failure.message
    assert f"set aside ({scene.master}_{odd}.odd), stamps snap retry exports it again" in failure.message
    runs(calls)
    faults()
    assert main(["retry", "--workdir", str(tmp_path / "work"), "--wait"]) == 0
    assert runs(calls) == [f"export/{scene.master}_{odd}"]
    assert images(tmp_path / f"work/INSAR_{scene.master}") == images(scene.stack)


@pytest.mark.exhaustive
def test_hanging_program_is_cancelled(tmp_path, scene, calls, faults):
    faults(f"hang:{scene.secondaries[2]}@split")
    processor = job(scene, tmp_path / "work")
    processor.submit()
    until(lambda: processor.state().steps["split"].done == 4, 60)
    assert processor.cancel()
    until(lambda: not processor.state().at_work, 30)
    state = processor.state()
    assert [task.status for task in state.steps["split"].failures] == [Status.CANCELLED]
    assert end_all(str(calls)) == 0
    faults()
    processor.retry(wait=True)
    assert processor.state().exit_status == 0


# ---------------------------------------------------------------------- ends before the end


@pytest.mark.exhaustive
def test_dry_run_changes_no_byte(tmp_path, scene, calls):
    before = tree(tmp_path), tree(scene.slc.parent)
    told = job(scene, tmp_path / "work").dry_run()
    assert not told.problems
    log = calls.read_bytes()
    calls.unlink()  # the stand-in's own record
    assert (tree(tmp_path), tree(scene.slc.parent)) == before and b"graph" not in log
    processor = job(scene, tmp_path / "work")
    assert submitted(processor).exit_status == 0
    calls.unlink()
    before = tree(tmp_path)
    processor.dry_run(commands=True)
    calls.unlink()
    assert tree(tmp_path) == before


@pytest.fixture(scope="module")
def cluster():
    with slurm.running() as found:
        yield found


@pytest.mark.exhaustive
def test_slurm_runs_exactly_the_failed_elements_again(tmp_path, monkeypatch, cluster, scene, calls, faults):
    """On a real SLURM; what is left at the end is the same as on one machine without faults."""
    monkeypatch.setenv("SLURM_CONF", cluster.environment["SLURM_CONF"])
    failing = scene.secondaries[1:3]
    faults(f"fail:{failing[0]}@split", f"half:{failing[1]}@split")
    processor = job(scene, tmp_path / "slurm/work", engine="slurm")
    state = submitted(processor)
    said = {task.date: task.message for task in state.steps["split"].failures}
    assert sorted(said) == failing and state.steps["coregister"].message == "waits for split"
    assert "NullPointerException" in said[failing[0]] and "not written to its end" in said[failing[1]]
    assert len(runs(calls)) == 5
    faults()
    done = processor.retry(wait=True)
    assert sorted(done.work["split"]) == [f"{date}_IW2" for date in failing]
    assert [name for name in runs(calls) if name.startswith("split")] == [f"split/{date}_IW2" for date in failing]
    assert processor.state().exit_status == 0
    here = job(scene, tmp_path / "here/work")
    assert submitted(here).exit_status == 0
    assert content(tmp_path / "slurm/work") == content(tmp_path / "here/work")


@pytest.mark.exhaustive
def test_killed_at_random_moments_and_resumed(tmp_path, monkeypatch, scene, calls):
    """Twenty kills of everything that is at work; what is left at the end is the same as without any."""
    monkeypatch.setenv("GPT_DELAY", "0.3")
    whole = job(scene, tmp_path / "whole/work")
    assert submitted(whole).exit_status == 0
    expected = content(tmp_path / "whole/work")
    draw, kills = random.Random(13), 0
    for number in range(20):
        workdir = tmp_path / f"{number}/work"
        processor = job(scene, workdir)
        while kills < 20:
            processor.submit() if not (workdir / "jobs").exists() else processor.retry()
            time.sleep(draw.uniform(0.2, 9))
            if not processor.state().at_work:
                break
            assert end_all(str(calls))
            kills += 1
            assert not [
                task for step in processor.refresh().values() for task in step.tasks if task.status is Status.RUNNING
            ]
        if not processor.state().exit_status == 0:
            processor.retry(wait=True)
        assert processor.state().exit_status == 0
        assert content(workdir) == expected
        if kills == 20:
            return
    raise AssertionError(f"only {kills} kills met a job at work")

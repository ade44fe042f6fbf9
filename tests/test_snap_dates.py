"""Dates of a job of SNAP fail, are left out and come back: only what is new is done, and the project follows."""

import json

import numpy as np
import pytest

from helpers import gpt_stand_in
from helpers.snap_exports import export_pairs
from helpers.snap_jobs import images, job, make_scene
from stamps.cli.program import run
from stamps.frontends import Processor


@pytest.fixture
def scene(tmp_path):
    """Five dates of one subswath (read only)."""
    return make_scene(tmp_path / "scene")


def graphs(log):
    """Graphs that were run since the last time."""
    calls = [entry["arguments"][0] for entry in gpt_stand_in.calls(log)]
    log.unlink(missing_ok=True)
    return sorted("/".join(name.split("/")[-2:]).removesuffix(".xml") for name in calls if name.endswith(".xml"))


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("by", ["retry", "submit", "python"])
def test_dates_fail_are_left_out_and_come_back(scene, tmp_path, monkeypatch, capsys, by):
    log, work = tmp_path / "calls.jsonl", tmp_path / "work"
    bad, good = scene.secondaries[1], [date for date in scene.secondaries if date != scene.secondaries[1]]
    gpt_stand_in.stand_in(monkeypatch, log, stack=scene.stack, fault=f"memory:{bad}@coregister")
    job(scene, work).submit(wait=True)
    graphs(log)
    assert run("stamps", ["snap", "status", "--workdir", str(work)]) == 1
    assert f"coregister/{scene.master}_{bad}_IW2 ({bad} IW2): Error: Java heap space" in capsys.readouterr().out
    assert run("stamps", ["snap", "prepare", "--workdir", str(work)]) == 1
    assert f"{bad} has failed" in capsys.readouterr().err

    assert run("stamps", ["snap", "prepare", "--without-failed", "--workdir", str(work), "--patches", "1", "2"]) == 0
    assert graphs(log) == [f"export/{scene.master}_{date}" for date in good]
    project = work / f"INSAR_{scene.master}"
    assert json.loads((project / "joined.json").read_text())["dates"] == good
    assert (project / "PATCH_2").is_dir() and not (project / "rslc" / f"{bad}.rslc").exists()

    monkeypatch.delenv("GPT_FAULT")
    assert graphs(log) == []
    if by == "retry":
        assert run("stamps", ["snap", "retry", "--workdir", str(work), "--wait"]) == 0
    elif by == "python":
        Processor.open(work / "jobs" / "snap").retry(wait=True)
    else:
        job(scene, work).submit(wait=True)
    step = {"split": f"{bad}_IW2", "coregister": f"{scene.master}_{bad}_IW2", "export": f"{scene.master}_{bad}"}
    done = {f"{name}/{task}" for name, task in step.items()}
    made = set(graphs(log))
    assert done - {f"split/{bad}_IW2"} <= made <= done
    assert json.loads((project / "joined.json").read_text())["dates"] == sorted([*good, bad])
    assert (project / "rslc" / f"{bad}.rslc").is_file() and len((project / "pscphase.in").read_text().splitlines()) == 5
    assert sorted(path.name for path in work.iterdir() if path.name in ("coreg", "ifg")) == []
    assert {path.name for path in (work / "split").glob("*.dim")} == {f"{scene.master}_IW2.dim"}


@pytest.mark.exhaustive
@pytest.mark.slow
def test_an_export_of_others_that_is_bad_is_made_anew_by_a_retry(scene, tmp_path, monkeypatch, capsys):
    """Exports lie there without the products they were made of; what is wrong with one is found when it is checked."""
    log, work, bad = tmp_path / "calls.jsonl", tmp_path / "work", scene.secondaries[2]
    gpt_stand_in.stand_in(monkeypatch, log, stack=scene.stack)
    export_pairs(scene.stack, work)
    spoilt = work / "export" / f"{scene.master}_{bad}" / "diff0" / f"{scene.master}_{bad}.diff"
    values = np.fromfile(spoilt, ">c8").reshape(100, -1)
    values[12:48] = 0
    values.tofile(spoilt)
    job(scene, work).submit(wait=True)
    assert run("stamps", ["snap", "status", "--workdir", str(work)]) == 1 and graphs(log) == []
    assert f"export/{scene.master}_{bad} ({bad}): the input coreg" in capsys.readouterr().out
    assert run("stamps", ["snap", "retry", "--workdir", str(work), "--wait"]) == 0
    assert graphs(log) == [
        f"coregister/{scene.master}_{bad}_IW2",
        f"export/{scene.master}_{bad}",
        *sorted(f"split/{date}_IW2" for date in (scene.master, bad)),
    ]
    assert (work / "export" / f"{scene.master}_{bad}.odd" / "diff0").is_dir()
    assert images(work / f"INSAR_{scene.master}") == images(scene.stack)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_date_is_added_and_the_project_prepared_without_the_products_that_are_gone(scene, tmp_path, monkeypatch):
    log, work, (*_, new) = tmp_path / "calls.jsonl", tmp_path / "work", scene.secondaries
    gpt_stand_in.stand_in(monkeypatch, log, stack=scene.stack)
    job(scene, work, exclude=[new], min_dates=4).submit(wait=True)
    graphs(log)
    for path in scene.slc.glob(f"*_{scene.master}T*"):
        path.unlink()
    job(scene, work, master="auto").submit(wait=True)
    pair = f"{scene.master}_{new}"
    assert graphs(log) == [f"coregister/{pair}_IW2", f"export/{pair}", f"split/{new}_IW2"]
    project = work / f"INSAR_{scene.master}"
    assert images(project) == images(scene.stack) and (work / f"split/{scene.master}_IW2.dim").is_file()

    for path in scene.slc.iterdir():
        path.unlink()
    monkeypatch.setenv("STAMPS_GPT", str(tmp_path / "gone"))
    assert run("stamps", ["snap", "prepare", "--workdir", str(work), "--patches", "1", "2"]) == 0
    assert (project / "PATCH_2").is_dir() and graphs(log) == []
    first = (work / f"jobs/snap/log/split/{new}_IW2.1.log").read_text().splitlines()[1]
    assert first.startswith("SNAP 13.0.0: ") and first.endswith(f"graphs/split/{new}_IW2.xml")

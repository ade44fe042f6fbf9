"""``stamps … --dry-run``: nothing changes, and what is foretold is what happens."""

import fnmatch
import json
import os
from pathlib import Path

import numpy as np
import pytest

from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.legacy.stamps import stamps
from stamps.queries.dry_run import plan_of
from stamps.workspace import Workspace, lineage
from stamps.workspace.journal import STAGING
from stamps.workspace.parameters import Parameters

#: Written by every run, told in notes.
NOTED = {lineage.FILE, "STAMPS.log", "parms.mat", "patch.list", "patch.list_old"}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("STAMPS_CORES", "1")


def digest(folder):
    """Everything that could have changed: names, contents, times and directories."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in sorted(Path(folder).rglob("*"))
    }


def identities(folder):
    """Path -> what tells a replaced file from an untouched one."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in Path(folder).rglob("*") if path.is_file()}


def foretold(plan):
    """Paths by action: of files written again by a later step, what the first of them does."""
    found = {}
    for step in plan.steps:
        for file in step.files:
            if not file.maybe:
                found.setdefault(Path(step.directory) / file.file, file.action)
    return found


def happened(before, folder):
    after = identities(folder)
    found = {path: "new" for path in after if path not in before}
    found |= {path: "replace" for path in after if path in before and after[path] != before[path]}
    found |= {path: "delete" for path in before if path not in after}
    return {path: action for path, action in found.items() if path.name not in NOTED}


def compare(plan, before, folder):
    told, real = foretold(plan), happened(before, folder)
    for path in list(told):
        if "*" in path.name:
            (match,) = [other for other in real if fnmatch.fnmatch(str(other), str(path))]
            told[match] = told.pop(path)
    assert told == real


@pytest.mark.parametrize(
    ("name", "state", "start", "end"),
    [
        ("ps_mini", 0, 1, 8),
        ("ps_mini", 3, 4, 5),
        ("ps_mini", 8, 6, 7),
        ("sb_mini", 5, 6, 8),
        ("ps_mini", 8, 5, 5),
        ("ps_mini", 4, 0, 5),
    ],
)
def test_what_is_foretold_happens(golden_state, name, state, start, end):
    path = golden_state(name, state)
    before, contents = identities(path), digest(path)
    plan = stamps(start, end, workdir=path, dry_run=True)
    assert digest(path) == contents
    assert not plan.fails
    stamps(start, end, workdir=path)
    compare(plan, before, path)


def test_sizes_are_expected_well(golden_state):
    """Arrays before compression: at least what is stored of phases, at most a few times as much."""
    path = golden_state("ps_mini", 8)
    plan = stamps(1, 8, workdir=path, dry_run=True)
    for step in plan.steps:
        for file in step.files:
            path = Path(step.directory) / file.file
            stored = path.stat().st_size if path.is_file() else 0
            if file.action == "replace":
                assert file.bytes_now in (stored, None)  # None: a file that an earlier step of this run makes
            if stored > 100_000:
                assert 0.5 * stored < file.bytes_expected < 6 * stored, file
    assert plan.totals["replace"] > 40 and plan.totals["bytes_replaced"] > 1e6


def test_patches_without_pixels_are_skipped_and_dropped(golden_state):
    path = golden_state("ps_mini", 3)
    (Workspace(path) / "PATCH_2").save_no_ps_flags([0, 0, 1, 0, 0])
    plan = stamps(4, 5, workdir=path, dry_run=True)
    skipped = [(Path(step.directory).name, step.step) for step in plan.steps if step.action == "skip"]
    assert skipped == [("PATCH_2", 4), ("PATCH_2", 5)]
    assert plan.patches_after == ["PATCH_1"]
    assert "PATCH_2 would be dropped from patch.list: step 3 left no pixel." in plan.notes
    assert "step 3 left no pixel (no_ps_info.mat)" in str(plan)
    stamps(4, 5, workdir=path)
    assert Workspace(path).patch_list() == plan.patches_after


def test_a_start_before_the_empty_step_forgets_it(golden_state):
    path = golden_state("ps_mini", 3)
    (Workspace(path) / "PATCH_2").save_no_ps_flags([0, 0, 1, 0, 0])
    assert all(step.action == "run" for step in stamps(3, 5, workdir=path, dry_run=True).steps)


def test_resuming_says_what_is_already_done(golden_state):
    path = golden_state("ps_mini", 4)
    (path / "PATCH_2" / "weed1.mat").unlink()
    plan = stamps(0, 4, workdir=path, dry_run=True)
    actions = {(Path(step.directory).name, step.step): step.action for step in plan.steps}
    assert [actions["PATCH_1", k] for k in (1, 2, 3, 4)] == ["skip"] * 4
    assert [actions["PATCH_2", k] for k in (1, 2, 3, 4)] == ["skip"] * 3 + ["run"]
    assert "already done (weed1.mat is there)" in str(plan)


@pytest.mark.parametrize("name", ["roi_pac", "two words", "Sentinel"])
def test_an_unknown_processor_fails_at_step_1_alone(golden_state, capsys, name):
    path = golden_state("ps_mini", 0)
    Parameters(Workspace(path)).set("insar_processor", name)
    capsys.readouterr()
    assert cli.run("stamps", ["1", "1", "--dry-run", "--workdir", str(path)]) == 1
    told = capsys.readouterr().out
    assert f"insar_processor is '{name.lower()}'" in told and "doris, gamma, gsar, hyp3, isce, snap" in told
    assert "insar_processor" not in stamps(2, 2, workdir=path, dry_run=True).steps[0].reason


@pytest.mark.parametrize("name", ["snap", "GAMMA", "doris", "isce", "gsar"])
def test_known_processors_are_not_refused(golden_state, name):
    path = golden_state("ps_mini", 0)
    Parameters(Workspace(path)).set("insar_processor", name)
    assert not any("insar_processor" in step.reason for step in stamps(1, 1, workdir=path, dry_run=True).steps)


def test_missing_inputs_and_parameters_fail(golden_state):
    path = golden_state("ps_mini", 3)
    (path / "PATCH_1" / "ph1.mat").unlink()
    plan = stamps(4, 4, workdir=path, dry_run=True)
    failed = [(Path(step.directory).name, step.reason) for step in plan.steps if step.action == "fail"]
    assert failed == [("PATCH_1", "ph1.mat is missing")] and plan.fails
    assert "The run would stop" in str(plan)
    assert stamps(7, 7, workdir=path, dry_run=True).fails
    Parameters(path).set("quick_est_gamma_flag", "n")
    assert "only the quick estimator" in stamps(2, 2, workdir=path, dry_run=True).steps[0].reason


def test_interrupted_save_is_seen_but_not_completed(golden_state):
    path = golden_state("ps_mini", 8)
    scn2 = (path / "scn2.mat").read_bytes()
    (path / "phuw2.mat").unlink()
    left = path / f"{STAGING}elsewhere-1.0-abcdef"
    left.mkdir()
    (left / "phuw2.mat").write_bytes(scn2)
    (left / "COMMIT.json").write_text(json.dumps({"phuw2.mat": True}))
    os.utime(left / "COMMIT.json", (0, 0))
    contents = digest(path)
    plan = stamps(8, 8, workdir=path, dry_run=True)
    assert digest(path) == contents
    assert not plan.fails and any("would be completed first (phuw2.mat)" in text for text in plan.notes)


def test_parameters_that_would_be_added(golden_state):
    path = golden_state("ps_mini", 5)
    ws = Workspace(path)
    stored = dict(ws.load_raw("parms"))
    del stored["scn_wavelength"]
    ws.save_raw("parms", stored, append=False)
    contents = digest(path)
    plan = plan_of(path, 6, 8)
    assert any("parms.mat would gain 1 missing parameters" in text and "scn_wavelength" in text for text in plan.notes)
    assert digest(path) == contents


def test_custom_list_and_parts(golden_state):
    path = golden_state("ps_mini", 4)
    (path / "some.list").write_text("PATCH_2\n")
    plan = plan_of(path, 5, 5, "y", "some.list")
    assert any("patch.list would lose PATCH_1" in text for text in plan.notes)
    assert {Path(step.directory).name for step in plan_of(path, 5, 5, part_limitation=1).steps} == {
        "PATCH_1",
        "PATCH_2",
    }
    assert {step.place for step in plan_of(path, 5, 5, part_limitation=2).steps} == {"project"}


def test_errors_are_those_of_a_run(tmp_path, golden_state):
    with pytest.raises(InputError, match="do not exist"):
        plan_of(tmp_path, 9, 9)
    with pytest.raises(InputError, match="is no StaMPS project"):
        plan_of(tmp_path, 1, 8)
    path = golden_state("ps_mini", 3)
    (path / "patch.list").write_text("PATCH_7\n")
    with pytest.raises(InputError, match="names PATCH_7, which is not there"):
        plan_of(path, 1, 8)


def test_command(golden_state, capsys):
    path = golden_state("ps_mini", 5)
    contents = digest(path)
    assert cli.run("stamps", ["6", "8", "--dry-run", "--workdir", str(path)]) == 0
    text = capsys.readouterr().out
    assert "Nothing is changed." in text and "step 6 unwrap" in text and "uw_grid.mat" in text
    assert cli.run("stamps", ["6", "8", "--dry-run", "--json", "--workdir", str(path)]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["totals"]["replace"] >= 1 and [step["step"] for step in plan["steps"]] == [6, 7, 8]
    assert cli.run("stamps", ["7", "8", "--dry-run", "--workdir", str(path)]) in (0, 1)
    assert cli.run("stamps", ["6", "8", "--json", "--workdir", str(path)]) == 2
    assert digest(path) == contents
    assert np.all([path.exists() for path in contents])

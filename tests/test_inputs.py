"""``stamps describe-inputs``: the description and its check against datasets."""

import json

import numpy as np
import pytest

from helpers import finished_project
from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.queries import step_inputs
from stamps.queries.step_inputs import check_mat_file, describe_inputs
from stamps.workspace import Workspace, step_files


def problems(steps):
    return [text for step in steps for file in [*step.reads, *step.writes] for text in file.problems]


def states(steps, use="reads"):
    return {(step.step, file.place, file.file): file.state for step in steps for file in getattr(step, use)}


def test_every_variable_of_the_steps_is_described():
    missing = [
        (row.file, name)
        for row in step_files.step_files()
        for name in row.variables
        if name != "*" and not any(item.name == name for item in step_files.variables_of_file(row.file, row.mode))
    ]
    assert missing == []
    assert {row.place for row in step_files.step_files()} == {"project", "patch", "stack"}
    assert {row.use for row in step_files.step_files()} == {"read", "write", "delete"}
    assert all(item.meaning and item.shapes and item.classes for item in step_files.file_variables())


@pytest.mark.parametrize(
    ("name", "step"), [("ps_mini", 8), ("ps_mini", 4), ("ps_small", 8), ("sb_mini", 8), ("sb_full", 8)]
)
def test_golden_states_are_as_described(golden_state, name, step):
    steps = describe_inputs(workdir=golden_state(name, step))
    assert [text for text in problems(steps) if "is missing" not in text] == []
    wrong = {key: state for key, state in states(steps).items() if state.startswith("wrong")}
    assert wrong == {}
    if step == 4:
        assert states(steps)[6, "project", "rc2.mat"] == "missing"
        assert any("rc2.mat is missing: run step 5 first (stamps 5 5)." in text for text in problems(steps))
        assert states(steps)[5, "patch", "pm2.mat"] == "present"


def test_every_variable_of_a_golden_state_is_in_the_table(golden_state):
    for name in ("ps_mini", "sb_mini"):
        ws = Workspace(golden_state(name, 8))
        for folder in (ws, *(ws / patch for patch in ws.patch_list())):
            for path in folder.path.glob("*.mat"):
                if path.stem in ("parms", "localparms"):
                    continue
                described = {item.name for item in step_files.variables_of_file(path.name)}
                stored = set(folder.variables_of(path.stem))
                assert stored <= described, path


def test_what_is_wrong_is_said(tmp_path):
    ws = finished_project.single_master(tmp_path / "p")
    assert check_mat_file(ws, "phuw2.mat", "PS") == []
    ws.save_raw("phuw2", {"ph_uw": np.zeros((7, 9))})
    wrong = check_mat_file(ws, "phuw2.mat", "PS")
    assert "variable 'ph_uw' is double, but single was expected: run step 6 again." in wrong[0]
    assert "variable 'ph_uw' is 7 x 9, but 60 x 9 (n_ps x n_ifg) was expected" in wrong[1]
    ws.save_raw("rc2", {"ph_rc": np.zeros((60, 9), np.float32)})
    assert "is single, but single complex or double complex" in check_mat_file(ws, "rc2.mat", "PS")[0]
    ws.save_raw("rc2", {"ph_reref": np.zeros((0, 0))}, append=False)
    assert "has no variable 'ph_rc'" in check_mat_file(ws, "rc2.mat", "PS", ("ph_rc",))[0]
    (ws.path / "scla2.mat").write_bytes(b"damaged" * 50)
    assert "is damaged or incomplete" in check_mat_file(ws, "scla2.mat", "PS")[0]


def test_candidate_files_are_compared_with_their_number(tmp_path):
    ws = finished_project.single_master(tmp_path / "p")
    (ws.path / "pscands.1.ij").write_text("1 0 0\n2 0 1\n")
    (ws.path / "pscands.1.ll").write_bytes(bytes(12))
    (ws.path / "pscands.1.ph").write_bytes(bytes(48))
    step = describe_inputs(1, ws.path)[0]
    found = {file.file: file for file in step.reads}
    assert (
        found["pscands.1.ll"].state == "wrong"
        and "has 12 bytes, but 16 were expected" in found["pscands.1.ll"].problems[0]
    )
    assert found["pscands.1.ph"].state == "present"


def test_small_baselines_see_only_their_files(tmp_path):
    ws = finished_project.small_baselines(tmp_path / "p")
    names = {file.file for step in describe_inputs(workdir=ws.path) for file in [*step.reads, *step.writes]}
    assert "phuw_sb2.mat" in names and "scla_smooth2.mat" not in names
    both = {file.file for step in describe_inputs() for file in [*step.reads, *step.writes]}
    assert {"phuw_sb2.mat", "scla_smooth2.mat"} <= both


def test_patches_are_counted(tmp_path):
    ws = finished_project.single_master(tmp_path / "p")
    for k in (1, 2):
        (ws.path / f"PATCH_{k}").mkdir()
    ws.write_text("PATCH_1/psver.mat", "")
    (ws / "PATCH_1").save("da1", {"D_A": np.ones(5)})
    found = {file.file: file.state for file in describe_inputs(2, ws.path)[0].reads}
    assert found["da1.mat"] == "present (1 of 2 patches)" or found["da1.mat"] == "not there (optional) (1 of 2 patches)"
    assert found["ps1.mat"] == "missing"


def test_command(tmp_path, capsys, monkeypatch):
    ws = finished_project.single_master(tmp_path / "p")
    assert cli.run("stamps", ["describe-inputs", "8", "--workdir", str(ws.path)]) == 0
    text = capsys.readouterr().out
    assert "Step 8: spatially correlated noise" in text and "n_ps x n_ifg" in text and "present" in text
    assert cli.run("stamps", ["describe-inputs", "2", "--workdir", str(ws.path)]) == 1
    assert "ps1.mat is missing: run step 1 first (stamps 1 1)." in capsys.readouterr().out
    assert cli.run("stamps", ["describe-inputs", "--workdir", str(ws.path), "--json"]) == 1  # pm2 has no K_ps
    assert [step["step"] for step in json.loads(capsys.readouterr().out)["steps"]] == list(range(1, 9))
    monkeypatch.chdir(tmp_path)
    assert cli.run("stamps", ["describe-inputs", "3"]) == 0
    assert "not checked: this is no project" in capsys.readouterr().out
    assert cli.run("stamps", ["describe-inputs", "--workdir", str(tmp_path)]) == 1
    assert "is no project" in capsys.readouterr().err
    assert cli.run("stamps", ["describe-inputs", "9"]) == 1


def test_nothing_is_written(tmp_path):
    ws = finished_project.single_master(tmp_path / "p")
    (ws.path / "parms.mat").unlink()
    before = {path: path.read_bytes() for path in ws.path.rglob("*") if path.is_file()}
    describe_inputs(workdir=ws.path)
    assert {path: path.read_bytes() for path in ws.path.rglob("*") if path.is_file()} == before


def test_bad_step():
    with pytest.raises(InputError, match="Step 9 does not exist"):
        describe_inputs(9)
    assert step_inputs.STEP_TITLES.keys() == set(range(1, 9))

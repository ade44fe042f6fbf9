"""``stamps status`` in projects of every kind and stage."""

import json
import os
import shutil

import numpy as np
import pytest

from helpers import finished_project
from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.legacy.stamps import stamps
from stamps.queries.status import project_status
from stamps.workspace import Workspace
from stamps.workspace.journal import STAGING
from stamps.workspace.parameters import Parameters


def counts(status):
    return [(p.name, p.step, p.candidates, p.selected, p.weeded) for p in status.patches]


def command(status, k=0):
    return status.next[k].command.split(" --workdir")[0]


@pytest.mark.parametrize(
    ("name", "step", "patches", "merged", "todo"),
    [
        ("ps_mini", 0, [("PATCH_1", 0, 2506, None, None), ("PATCH_2", 0, 2488, None, None)], (0, None), "stamps 1 8"),
        ("ps_mini", 3, [("PATCH_1", 3, 2506, 1536, None), ("PATCH_2", 3, 2488, 1557, None)], (0, None), "stamps 4 8"),
        ("ps_mini", 5, None, (5, 2140), "stamps 6 8"),
        ("sb_mini", 5, [("PATCH_1", 5, 4041, 1321, 1321), ("PATCH_2", 5, 4010, 1309, 1309)], (5, 645), "stamps 6 8"),
        ("sb_mini", 6, None, (6, 645), "stamps 7 8"),
        ("ps_mini", 7, None, (7, 2140), "stamps 8 8"),
        ("sb_mini", 8, None, (8, 645), ""),
        ("sb_full", 5, [], (5, None), "stamps 6 8"),
    ],
)
def test_projects_of_the_original_at_every_stage(golden_state, name, step, patches, merged, todo):
    status = project_status(golden_state(name, step, whole=True))
    assert patches is None or counts(status) == patches
    assert status.merged_step == merged[0] and merged[1] in (None, status.merged)
    assert command(status) == todo
    assert status.small_baselines == name.startswith("sb")
    absent = [f"{status.workdir}/PATCH_1 is in the patch list, but it is not there."] if name == "sb_full" else []
    assert list(status.problems) == absent and status.interrupted == ()


def test_stack_facts_before_and_after_loading(golden_state):
    before, after = (project_status(golden_state("ps_mini", step)) for step in (0, 4))
    for status in (before, after):
        assert (status.n_images, status.n_interferograms, str(status.master)) == (18, 17, "2018-04-26")
        assert (status.width, status.length) == (200, 100)
        assert status.dates.dtype == "datetime64[D]" and len(status.dates) == 18
        assert [str(date) for date in status.dates[[0, -1]]] == ["2018-01-08", "2018-08-24"]
    assert before.processor == "snap"


def test_second_pass(golden_state):
    path = golden_state("ps_mini", 8)
    status = project_status(path)
    assert status.second_pass_possible and command(status, 1) == "stamps 6 7"
    Workspace(path).save("scla_smooth2", {"K_ps_uw": np.zeros(3)})
    status = project_status(path)
    assert not status.second_pass_possible and "has 3 pixels, not 2140" in status.second_pass
    assert "not yet: step 7 writes scla_smooth2.mat" in project_status(golden_state("ps_mini", 5)).second_pass


def test_uneven_patches_resume(golden_state):
    path = golden_state("ps_mini", 4)
    for name in ("weed1", "select1"):
        (path / "PATCH_2" / f"{name}.mat").unlink()
    status = project_status(path)
    assert [p.step for p in status.patches] == [4, 2]
    assert command(status) == "stamps 0 8" and "1 of 2 patches are behind (PATCH_2)" in status.next[0].reason


def test_the_command_given_is_the_one_that_finishes(golden_state, monkeypatch):
    """What ``next`` says, taken literally, leads on."""
    monkeypatch.setenv("STAMPS_CORES", "1")
    path = golden_state("ps_mini", 3)
    _, start, _ = command(project_status(path)).split()
    stamps(int(start), 5, workdir=path)
    assert command(project_status(path)) == "stamps 6 8"


def test_patches_without_pixels_and_patches_not_listed(golden_state):
    path = golden_state("ps_mini", 5)
    ws = Workspace(path)
    (ws / "PATCH_2").save_no_ps_flags([0, 0, 1, 1, 1])
    ws.write_text("patch.list", "PATCH_1\n")
    patch = project_status(path).patches[1]
    assert (patch.name, patch.empty_since, patch.listed) == ("PATCH_2", 3, False)
    shutil.rmtree(path / "PATCH_1")
    assert any("PATCH_1 is in the patch list, but it is not there." in text for text in project_status(path).problems)


def test_stale_merged_phases_do_not_count(golden_state):
    """The merge leaves zeros beside what an earlier run stored."""
    path = golden_state("ps_mini", 8)
    Workspace(path).save("phuw2", {"ph_uw": np.zeros((2140, 18), np.float32)})
    assert project_status(path).merged_step == 5


def test_inside_a_patch(golden_state):
    path = golden_state("ps_mini", 3)
    status = project_status(path / "PATCH_2")
    assert status.directory_type == "patch" and counts(status) == [("PATCH_2", 3, 2488, 1557, None)]
    assert status.next[0].command == f"stamps 4 8 --workdir {path}"
    assert (status.width, status.length) == (200, 100)


def test_parameters_that_differ(tmp_path):
    ws = finished_project.single_master(tmp_path / "p", unwrap_grid_size=50)
    Parameters(ws).set("ref_lon", [14.0, 15.0], 2)
    found = {item.name: (item.value, item.default) for item in project_status(ws.path).parameters}
    assert found["unwrap_grid_size"] == (50.0, 200.0)
    assert found["ref_lon"] == ([14.0, 15.0], [-np.inf, np.inf])
    assert "scn_wavelength" not in found and "Created" not in found


def test_interrupted_publishing_is_told_and_seen_as_completed(tmp_path):
    ws = finished_project.single_master(tmp_path / "p")
    ws.delete("scn2.mat")
    left = ws.path / f"{STAGING}elsewhere-1.0-abcdef"
    left.mkdir()
    Workspace(left).save("scn2", {"ph_scn_slave": np.zeros((60, 9))})
    ws.save("ifgstd2", {"ifg_std": np.ones(9, np.float32)})
    (left / "COMMIT.json").write_text(json.dumps({"scn2.mat": True}))

    os.utime(left / "COMMIT.json", (0, 0))
    status = project_status(ws.path)
    assert "an interrupted save of scn2.mat is complete" in status.interrupted[0].text
    assert status.merged_step == 8 and left.is_dir() and not (ws.path / "scn2.mat").exists()


def test_damaged_file_is_named(golden_state):
    path = golden_state("ps_mini", 4)
    (path / "PATCH_1" / "select1.mat").write_bytes(b"nothing" * 40)
    assert any("select1.mat cannot be read" in text for p in project_status(path).patches for text in p.problems)


def test_no_project(tmp_path, golden_state):
    with pytest.raises(InputError, match="is not a directory"):
        project_status(tmp_path / "nowhere")
    with pytest.raises(InputError, match="run the preparation"):
        project_status(tmp_path)
    finished_project.single_master(tmp_path / "a" / "INSAR_20200101")
    with pytest.raises(InputError, match="INSAR_20200101 in it is one"):
        project_status(tmp_path / "a")
    (tmp_path / "a" / "INSAR_20200101" / "plots").mkdir()
    with pytest.raises(InputError, match="the directory above is one"):
        project_status(tmp_path / "a" / "INSAR_20200101" / "plots")
    (tmp_path / "stack" / "SMALL_BASELINES").mkdir(parents=True)
    with pytest.raises(InputError, match="looks like the data of one"):
        project_status(tmp_path / "stack")


def test_command_prints_text_and_json_and_changes_nothing(tmp_path, capsys):
    ws = finished_project.small_baselines(tmp_path / "p", ref_radius=-np.inf)
    (ws.path / "STAMPS.log").unlink(missing_ok=True)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in ws.path.rglob("*") if path.is_file()}
    assert cli.run("stamps", ["status", "--workdir", str(ws.path)]) == 0
    text = capsys.readouterr().out
    assert "small baselines" in text and "ref_radius" in text and "next" in text
    assert cli.run("stamps", ["status", "--workdir", str(ws.path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["n_images"] == 7 and facts["merged"] == 60
    assert {"name": "ref_radius", "value": "-inf", "default": "inf"} in [
        {**item, "value": str(item["value"]).lower(), "default": str(item["default"]).lower()}
        for item in facts["parameters"]
    ]
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in ws.path.rglob("*") if path.is_file()
    } == before
    assert cli.run("stamps", ["status", "--workdir", str(tmp_path / "nowhere")]) == 1

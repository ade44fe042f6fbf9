"""An interrupted run goes on at its first unpublished step, or says why not; a finished one is run again."""

import json
import os
import shutil

import pytest

from helpers.stub_runs import EVERYWHERE, TOP, killed, said, trees_of_runs, undisturbed
from helpers.stub_steps import StubSteps, make_project, tree
from stamps.errors import InputError
from stamps.legacy.setparm import setparm
from stamps.legacy.stamps import stamps
from stamps.queries.status import project_status
from stamps.run.run_record import RUN_FILE, STEPS_FILE
from stamps.workspace import Workspace


@pytest.fixture
def steps(monkeypatch):
    return StubSteps(monkeypatch)


@pytest.fixture(scope="module")
def after_runs(tmp_path_factory):
    """What 1 and 2 undisturbed runs of steps 1 to 8 make of the project."""
    return trees_of_runs(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "at_work" / TOP)


@pytest.mark.parametrize("passes", [0, 1])
@pytest.mark.parametrize(
    "where", [("PATCH_1", 1), ("PATCH_1", 5), ("PATCH_2", 4), (TOP, "merge"), (TOP, 6), (TOP, 7), (TOP, 8)]
)
def test_a_killed_run_ends_as_if_undisturbed(steps, project, after_runs, where, passes):
    for _ in range(passes):
        stamps(1, 8, workdir=project.path)
    expected = after_runs[passes]
    killed(steps, project, where)
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE[EVERYWHERE.index(where) :]
    assert tree(project.path) == expected
    assert not list(project.path.rglob(".stamps-run*"))


def test_killed_in_every_step_of_one_run(steps, project, after_runs):
    expected = after_runs[0]
    for where in EVERYWHERE:
        killed(steps, project, where)
    stamps(1, 8, workdir=project.path)
    assert steps == [(TOP, 8)] and tree(project.path) == expected


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ((1, 5), ("PATCH_2", 3)),
        ((2, 4), ("PATCH_2", 4)),
        ((5, 8), (TOP, 7)),
        ((6, 8), (TOP, 8)),
        ((0, 8), (TOP, 7)),
        ((1, 8, "n"), (TOP, 7)),
        ((1, 5, None, 0, "some.list", 1), ("PATCH_2", 3)),
        ((5, 8, None, 0, "patch.list", 2), (TOP, 8)),
    ],
)
def test_other_ranges_and_parts(steps, project, tmp_path, arguments, where):
    project.write_text("some.list", "PATCH_2\nPATCH_1\n")
    project.put_file("pscands.1.ij", project.path / "PATCH_1" / "pscands.1.ij")
    stamps(1, 8, workdir=project.path)
    expected = undisturbed(project, tmp_path, *arguments)
    killed(steps, project, where, *arguments)
    stamps(*arguments, workdir=project.path)
    assert steps[0] == where and tree(project.path) == expected


def test_the_line_names_run_step_and_way_back(steps, project, capsys):
    killed(steps, project, (TOP, 8))
    stamps(1, 8, workdir=project.path)
    assert said(capsys) == (
        "The run of steps 1 to 8 that was interrupted in step 8 goes on there (stamps 1 8 --restart begins anew)"
    )
    stamps(1, 8, workdir=project.path)
    assert said(capsys) == ""


def test_a_finished_run_is_run_again(steps, project):
    stamps(1, 8, workdir=project.path)
    first = tree(project.path)
    steps.clear()
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE
    again = tree(project.path)
    assert again["phuw2.mat"] != first["phuw2.mat"]  # the second pass of the original


def test_a_run_killed_after_its_last_publication_is_complete(steps, project, after_runs, monkeypatch, capsys):
    expected = after_runs[0]
    monkeypatch.setattr("stamps.run.run_record.RunRecord.end", lambda self, ws: None)
    stamps(1, 8, workdir=project.path)
    monkeypatch.undo()
    assert project_status(project.path).next[0].reason.endswith("stamps 1 8 ends it: all steps are published")
    capsys.readouterr()
    stamps(1, 8, workdir=project.path)
    assert "interrupted after its last step is complete" in said(capsys)
    assert tree(project.path) == expected


def test_restart_begins_anew_as_if_nothing_had_been(steps, project, after_runs, capsys):
    expected = after_runs[0]
    killed(steps, project, (TOP, 8))
    stamps(1, 8, workdir=project.path, restart=True)
    assert steps == EVERYWHERE and tree(project.path) == expected
    assert (
        "begins anew, because --restart asks for it; scla_smooth2.mat, scla2.mat of its first attempt go first"
        in said(capsys)
    )


def test_restart_of_a_second_pass_says_what_it_cannot_take_back(steps, project, capsys):
    stamps(1, 8, workdir=project.path)
    killed(steps, project, (TOP, 8))
    stamps(1, 8, workdir=project.path, restart=True)
    assert "step 6 subtracts the look-angle error that its step 7 has stored" in said(capsys)


# ---------------------------------------------------------------------- what has changed in between


@pytest.mark.parametrize(
    ("name", "value", "where", "goes_on"),
    [
        ("unwrap_grid_size", 50, (TOP, 6), True),
        ("unwrap_grid_size", 50, (TOP, 7), False),
        ("density_rand", 5, (TOP, 6), False),
        ("density_rand", 5, ("PATCH_2", 2), False),  # PATCH_1 has used it
        ("weed_standard_dev", 2, ("PATCH_1", 4), True),
        ("insar_processor", "doris", (TOP, 7), False),
        ("scn_wavelength", 50, (TOP, 8), True),
        ("n_cores", 3, (TOP, 8), True),
        ("plot_color_scheme", "gray", (TOP, 8), True),
    ],
)
def test_changed_parameters(steps, project, tmp_path, capsys, name, value, where, goes_on):
    copy = Workspace(shutil.copytree(project.path, tmp_path / "copy" / TOP))
    killed(steps, project, where)
    setparm(name, value, workdir=project.path)
    stamps(1, 8, workdir=project.path)
    assert (steps[0] == where) == goes_on
    assert (f"the parameter {name} was " in said(capsys)) != goes_on
    setparm(name, value, workdir=copy.path)
    stamps(1, 8, workdir=copy.path)
    assert tree(project.path) == tree(copy.path)


def test_a_local_parameter_of_a_patch(steps, project, capsys):
    killed(steps, project, (TOP, 6))
    setparm("density_rand", 7, 2, workdir=project.path / "PATCH_2")
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and "density_rand was 20 and is 7" in said(capsys)


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("PATCH_2/pscands.1.ij", (TOP, 7)),
        ("PATCH_1/pscands.1.ij", ("PATCH_2", 2)),
        ("PATCH_1/select1.mat", ("PATCH_2", 2)),
        ("ps2.mat", (TOP, 8)),
        ("phuw2.mat", (TOP, 8)),
    ],
)
@pytest.mark.parametrize("change", ["other", "gone"])
def test_files_that_others_have_changed(steps, project, capsys, file, where, change):
    killed(steps, project, where)
    path = project.path / file
    if change == "other":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        os.utime(path, (1, 1))
    else:
        path.rename(f"{path}.away")
    if change == "gone" and "pscands" in file:
        path.write_bytes(b"1")  # step 1 needs one
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE
    assert file in said(capsys)


def test_a_new_input_of_a_published_step(steps, project, capsys):
    killed(steps, project, (TOP, 7))
    project.save("tca2", {"strat_corr": 1.0})
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and "tca2.mat was added" in said(capsys)


def test_results_of_readers_do_not_matter(steps, project):
    killed(steps, project, (TOP, 8))
    project.save("mv2", {"mean_v": 1.0})
    project.write_text("notes.txt", "mine")
    stamps(1, 8, workdir=project.path)
    assert steps == [(TOP, 8)]


def test_a_copy_with_new_times_goes_on(steps, project, tmp_path):
    killed(steps, project, (TOP, 8))
    copy = shutil.copytree(project.path, tmp_path / "copy" / TOP, copy_function=shutil.copyfile)
    stamps(1, 8, workdir=copy)
    assert steps == [(TOP, 8)]


def test_headers_beside_the_rasters(steps, project, tmp_path, capsys):
    header, base = tmp_path / "20200101.par", tmp_path / "a.base"
    header.write_text("heading: 1")
    base.write_text("1")
    project.write_text("rsc.txt", f"{header}\n")
    project.write_text("pscphase.in", f"20\n{tmp_path}/a.diff\n")
    killed(steps, project, ("PATCH_2", 1))
    base.write_text("2 ")
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and "a.base was changed" in said(capsys)


def test_reset_look_angle_errors_begin_anew(steps, project, tmp_path):
    from stamps.legacy.scla_reset import scla_reset

    stamps(1, 8, workdir=project.path)
    killed(steps, project, (TOP, 8))
    project.version = 2
    scla_reset(workdir=project.path)
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE


def test_another_version_of_the_program(steps, project, monkeypatch, capsys):
    killed(steps, project, (TOP, 7))
    monkeypatch.setattr("stamps.__version__", "9.9")
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and "and is 9.9" in said(capsys)


# ---------------------------------------------------------------------- errors and damaged records


def test_a_run_that_failed_goes_on_where_it_failed(steps, project, after_runs):
    expected = after_runs[0]
    steps.failing[TOP, 8] = InputError("No.")
    with pytest.raises(InputError):
        stamps(1, 8, workdir=project.path)
    steps.failing.clear()
    steps.clear()
    stamps(1, 8, workdir=project.path)
    assert steps == [(TOP, 8)] and tree(project.path) == expected


def test_a_run_that_published_nothing_leaves_nothing(steps, project):
    before = tree(project.path)
    steps.failing["PATCH_1", 1] = InputError("No.")
    with pytest.raises(InputError):
        stamps(1, 8, workdir=project.path)
    assert tree(project.path).keys() - before.keys() == {"PATCH_1/no_ps_info.mat"}


_DAMAGES = ("cut", "empty", "list", "binary", "deep", "huge", "link")


def _spoil(record, kind):
    text = record.read_text()
    stored = json.loads(text)
    stored["patches"] = {"outside": ["PATCH_1", "PATCH_2", "../outside"], "numbers": [1, 2]}.get(
        kind, stored["patches"]
    )
    stored["request"] = None if kind == "request" else stored["request"]
    stored["inputs"]["files"] = 3 if kind == "files" else stored["inputs"]["files"]
    stored["grounds"]["files"] = {"ps2.mat": "x"} if kind == "prints" else stored["grounds"]["files"]
    cut = {
        "cut": text[:40],
        "empty": "",
        "list": "[1]",
        "binary": "\x00\xff",
        "deep": "[" * 200_000,
        "huge": text + " " * 2**25,
    }
    if kind == "link":  # a record elsewhere is not read, nor written through
        record.rename(record.parent.parent / "elsewhere")
        record.symlink_to(record.parent.parent / "elsewhere")
        return
    record.write_text(cut.get(kind, json.dumps(stored)))


@pytest.mark.parametrize("kind", [*_DAMAGES, "outside", "numbers", "request", "files", "prints"])
def test_a_damaged_record_is_told_and_begins_anew(steps, project, capsys, kind):
    killed(steps, project, (TOP, 7))
    outside = project.path.parent / "outside"
    outside.mkdir()
    _spoil(project.path / RUN_FILE, kind)
    project_status(project.path)
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and said(capsys)
    assert not list(outside.iterdir())


def test_a_damaged_record_of_a_patch(steps, project):
    killed(steps, project, ("PATCH_2", 3))
    (project.path / "PATCH_1" / STEPS_FILE).write_text("{}")
    stamps(1, 8, workdir=project.path)
    assert steps[:6] == [("PATCH_1", k) for k in range(1, 6)] + [("PATCH_2", 3)]

"""The driver: which steps run where, flags, resuming, patch lists (docs/method/conventions.md, section 7)."""

import numpy as np
import pytest

from stamps import __version__
from stamps.errors import InputError, ParameterError, StampsError, WorkspaceError
from stamps.frontends import registry
from stamps.legacy.stamps import stamps
from stamps.run import step_calls
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.processors import PROCESSORS


@pytest.fixture
def project(tmp_path):
    """A project with three patches."""
    ws = Workspace(tmp_path / "INSAR_20200101")
    ws.path.mkdir()
    for name in ("PATCH_1", "PATCH_2", "PATCH_3"):
        (ws.path / name).mkdir()
    ws.write_text("processor.txt", "snap\n")
    ws.write_text("patch.list", "PATCH_1\nPATCH_2\nPATCH_3\n")
    return ws


class Calls(list):
    """Notes of who was called; ``empty`` holds the (patch, step) pairs that are to leave no pixel."""

    def __init__(self):
        super().__init__()
        self.empty = set()


@pytest.fixture
def calls(monkeypatch):
    """Replace the steps by notes; they leave the files by which a run resumes. One core: all in this process."""
    monkeypatch.setenv("STAMPS_CORES", "1")
    made = Calls()
    files = {1: "ps1", 2: "pm1", 3: "select1", 4: "weed1", 5: "rc2"}

    def note(step, ws):
        made.append((ws.name, step))
        ws.save(files[step], {"n_ps": 1})
        if step == 1:
            ws.version = 1
        if (ws.name, step) in made.empty:
            flags = ws.no_ps_flags()
            flags[step - 1] = 1
            ws.save_no_ps_flags(flags)

    def merge(ws, patches, log):
        made.append((ws.name, "merge", *(ws.patch_list() if patches is not None else ["."])))

    monkeypatch.setattr(step_calls, "loader", lambda settings: lambda workdir: note(1, workdir))
    monkeypatch.setattr(step_calls, "patch_step", lambda step, settings: lambda ws: note(step, ws))
    monkeypatch.setattr(step_calls, "project_step", lambda ws, step, settings, workers: made.append((ws.name, step)))
    monkeypatch.setattr(step_calls, "merge", merge)
    return made


def test_whole_run_goes_patch_by_patch_then_merges(project, calls):
    stamps(1, 8, workdir=project.path)
    patches = [(name, step) for name in ("PATCH_1", "PATCH_2", "PATCH_3") for step in (1, 2, 3, 4, 5)]
    top = project.name
    assert calls == [*patches, (top, "merge", "PATCH_1", "PATCH_2", "PATCH_3"), (top, 6), (top, 7), (top, 8)]


def test_defaults_are_one_and_eight(project, calls):
    stamps(workdir=project.path)
    assert calls[0] == ("PATCH_1", 1) and calls[-1] == (project.name, 8)


def test_late_start_works_in_the_project_directory_alone(project, calls):
    stamps(6, 7, workdir=project.path)
    assert calls == [(project.name, 6), (project.name, 7)]
    assert np.array_equal(project.no_ps_flags(), np.zeros(5))
    assert project.exists("no_ps_info")
    assert project.read_text("patch.list").split() == ["PATCH_1", "PATCH_2", "PATCH_3"]
    assert not project.has_file("patch.list_old")


def test_step_one_runs_whatever_the_end_step(project, calls):
    stamps(1, 0, workdir=project.path)
    assert calls == [("PATCH_1", 1), ("PATCH_2", 1), ("PATCH_3", 1)]


@pytest.mark.parametrize("start", [2, 3, 4])
def test_early_starts_set_version_one(project, calls, start):
    (project / "PATCH_2").version = 2
    stamps(start, start, workdir=project.path)
    assert (project / "PATCH_2").version == 1


def test_start_at_five_leaves_the_version(project, calls):
    (project / "PATCH_2").version = 2
    stamps(5, 5, workdir=project.path)
    assert (project / "PATCH_2").version == 2


def test_a_patch_without_pixels_is_skipped_and_dropped(project, calls):
    calls.empty.add(("PATCH_2", 3))
    stamps(1, 5, workdir=project.path)
    assert [step for name, step, *_ in calls if name == "PATCH_2"] == [1, 2, 3]
    assert (project / "PATCH_2").no_ps_flags().tolist() == [0, 0, 1, 1, 1]
    assert calls[-1] == (project.name, "merge", "PATCH_1", "PATCH_3")
    assert project.read_text("patch.list") == "PATCH_1\nPATCH_3\n"
    assert project.read_text("patch.list_old") == "PATCH_1\nPATCH_2\nPATCH_3\n"


def test_a_step_that_is_run_again_forgets_later_flags(project, calls):
    (project / "PATCH_1").save_no_ps_flags([0, 0, 0, 1, 1])
    stamps(3, 3, workdir=project.path)
    assert (project / "PATCH_1").no_ps_flags().tolist() == [0, 0, 0, 0, 0]


def test_resume_takes_up_each_patch_where_it_stands(project, calls):
    for name, files in {"PATCH_1": ["ps1", "pm1", "select1", "weed1"], "PATCH_2": ["ps1", "pm1"]}.items():
        for file in files:
            (project / name).save(file, {"n_ps": 1})
        (project / name).version = 1
    stamps(0, 4, workdir=project.path)
    assert calls == [("PATCH_2", 3), ("PATCH_2", 4), ("PATCH_3", 1), ("PATCH_3", 2), ("PATCH_3", 3), ("PATCH_3", 4)]
    assert (project / "PATCH_1").version == 2


def test_resume_uses_the_start_of_the_last_patch_for_the_rest(project, calls):
    for name in ("PATCH_1", "PATCH_2", "PATCH_3"):
        for file in ["ps1", "pm1", "select1", "weed1"]:
            (project / name).save(file, {"n_ps": 1})
    stamps(0, 6, workdir=project.path)
    assert calls[-2:] == [(project.name, "merge", "PATCH_1", "PATCH_2", "PATCH_3"), (project.name, 6)]


def test_parts(project, calls):
    stamps(1, 6, None, 0, None, 1, workdir=project.path)
    assert {name for name, *_ in calls} == {"PATCH_1", "PATCH_2", "PATCH_3"}
    calls.clear()
    stamps(1, 6, None, 0, None, 2, workdir=project.path)
    assert {name for name, *_ in calls} == {project.name}


def test_a_custom_list_replaces_the_patch_list(project, calls):
    project.write_text("some.list", "PATCH_3\n\nPATCH_1\n")
    stamps(2, 2, "y", 0, "some.list", workdir=project.path)
    assert calls == [("PATCH_3", 2), ("PATCH_1", 2)]
    assert project.read_text("patch.list") == "PATCH_3\nPATCH_1\n"


def test_without_a_list_the_folders_are_found_and_a_list_is_written(project, calls):
    project.delete("patch.list")
    stamps(2, 2, workdir=project.path)
    assert [name for name, _ in calls] == ["PATCH_1", "PATCH_2", "PATCH_3"]
    assert project.read_text("patch.list").split() == ["PATCH_1", "PATCH_2", "PATCH_3"]


def test_an_empty_list_means_the_directory_itself(project, calls):
    project.write_text("patch.list", "")
    stamps(2, 2, workdir=project.path)
    assert calls == [(project.name, 2)]


def test_inside_one_patch_everything_happens_there(project, calls):
    Parameters(project).fill_defaults()
    patch = project / "PATCH_2"
    stamps(1, 6, workdir=patch.path)
    assert calls == [*[("PATCH_2", step) for step in range(1, 6)], ("PATCH_2", "merge", "."), ("PATCH_2", 6)]
    assert not patch.exists("parms")


def test_a_listed_patch_that_is_missing_stops_before_anything_runs(project, calls):
    project.write_text("patch.list", "PATCH_1\nPATCH_9\n")
    with pytest.raises(InputError, match="names PATCH_9, which is not there"):
        stamps(1, 1, workdir=project.path)
    assert calls == []


@pytest.mark.parametrize("steps", [(9, 9), (-1, 3), (1, 12)])
def test_steps_that_do_not_exist(project, steps):
    with pytest.raises(InputError, match="do not exist"):
        stamps(*steps, workdir=project.path)


def test_an_error_names_the_patch_and_changes_nothing(project, calls, monkeypatch):
    def fail(step, settings):
        def run(ws):
            ws.save("pm1", {"n_ps": 1})
            raise WorkspaceError("something is wrong.")

        return run

    monkeypatch.setattr(step_calls, "patch_step", fail)
    with pytest.raises(StampsError, match="^PATCH_1: something is wrong"):
        stamps(2, 2, workdir=project.path)
    assert not (project / "PATCH_1").exists("pm1")
    assert not list((project / "PATCH_1").path.glob(".stamps*"))


@pytest.mark.parametrize(
    ("processor", "single_master", "small_baselines"),
    [
        ("snap", "ps_load_initial_gamma", "sb_load_initial_gamma"),
        ("gamma", "ps_load_initial_gamma", "sb_load_initial_gamma"),
        ("doris", "ps_load_initial", "sb_load_initial"),
        ("isce", "ps_load_initial_isce", "sb_load_initial_isce"),
        ("gsar", "ps_load_initial_gsar", None),
    ],
)
def test_loaders_by_processor(processor, single_master, small_baselines):
    for flag, name in ((False, single_master), (True, small_baselines)):
        if name is not None:
            module, function = registry.loader_of(processor.upper(), flag).split(":")
            assert (module.rpartition(".")[2], function) == (name, name)
            load = step_calls.loader(step_calls.StepOptions(processor=processor, small_baselines=flag))
            assert load.__name__ == ("with_incidence" if processor == "isce" else name)


def test_every_known_processor_is_in_the_table():
    assert set(registry.PROCESSORS) == set(PROCESSORS)
    assert {name for name, known in registry.PROCESSORS.items() if known.big_endian} == {"gamma", "snap"}


@pytest.mark.parametrize("name", ["roi_pac", "two words", ""])
def test_an_unknown_processor_is_refused_before_anything_is_loaded(project, name):
    Parameters(project).fill_defaults()
    Parameters(project).set("insar_processor", name)
    with pytest.raises(
        ParameterError, match=f"insar_processor is '{name}'.*doris, gamma, gsar, hyp3, isce, snap.*setparm"
    ) as caught:
        stamps(1, 1, workdir=project.path)
    assert "PATCH" not in str(caught.value)  # once for all patches
    assert not any((project / patch).path.joinpath("STAMPS.log").exists() for patch in project.patch_list())


def test_a_resumed_patch_is_not_loaded_of_an_unknown_processor_either(project):
    Parameters(project).fill_defaults()
    Parameters(project).set("insar_processor", "roi_pac")
    with pytest.raises(StampsError, match="PATCH_1: insar_processor is 'roi_pac'"):
        stamps(0, 1, workdir=project.path)
    assert not (project / "PATCH_1").exists("ps1")


def test_small_baselines_of_gsar_and_unknown_estimators_are_explained(project):
    assert step_calls.loader(step_calls.StepOptions(processor="gsar")).__name__ == "ps_load_initial_gsar"
    with pytest.raises(ParameterError, match="'gsar'"):
        step_calls.loader(step_calls.StepOptions(processor="gsar", small_baselines=True))
    with pytest.raises(ParameterError, match="quick_est_gamma_flag"):
        step_calls.patch_step(2, step_calls.StepOptions(quick_gamma=False))


def test_the_log_has_the_banner_and_the_mode(project, calls, capsys):
    stamps(2, 2, workdir=project.path)
    lines = [line[21:] for line in project.read_text("STAMPS.log").splitlines() if " STAMPS " in line]
    assert lines == [
        "STAMPS           ########################################",
        "STAMPS           ####### StaMPS/MTI Version 4.0b6 #######",
        "STAMPS           #######  Beta version, Jun 2018  #######",
        "STAMPS           ########################################",
        f"STAMPS           This is stamps-insar {__version__}, a port of StaMPS to Python",
        "STAMPS           Will process patch subdirectories",
        "STAMPS           Finished",
    ]
    patch = (project / "PATCH_1").read_text("STAMPS.log").splitlines()
    assert patch[1][21:] == "STAMPS           ################ Step 2 ################"
    assert patch[3][21:] == "STAMPS           Directory is PATCH_1"
    assert "STAMPS: Will process patch subdirectories" in capsys.readouterr().out


def test_steps_in_the_wrong_order_are_refused(project, calls):
    with pytest.raises(InputError, match="Step 5 comes after step 3"):
        stamps(5, 3, workdir=project.path)
    assert calls == []


def test_after_all_patches_lost_their_pixels_the_message_says_how_to_go_on(project):
    project.write_text("patch.list", "")
    with pytest.raises(WorkspaceError, match="Delete patch.list"):
        project.load("ps1")

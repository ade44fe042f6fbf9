"""The table of parameters, initial values, defaults, and what becomes of parameters of old versions."""

import csv
import errno
import os
import re
from pathlib import Path

import numpy as np
import pytest

import stamps
from helpers.parameter_files import log_of, raw, write_raw
from stamps.errors import ParameterError, WorkspaceError
from stamps.workspace import Workspace, matfile, parameter_table
from stamps.workspace.parameters import Parameters, table

REPOSITORY = Path(__file__).parent.parent


NAMES = [row.name for row in table()]


@pytest.fixture
def project(tmp_path):
    """A project directory with a parameter file as the preparation leaves it, and one patch."""
    folder = tmp_path / "INSAR_20180426"
    (folder / "PATCH_1").mkdir(parents=True)
    (folder / "processor.txt").write_text("snap\n")
    stamps.ps_parms_initial(workdir=folder)
    return folder


@pytest.fixture
def patch(project):
    return project / "PATCH_1"


def same(first, second):
    if isinstance(first, str) or isinstance(second, str):
        return type(first) is type(second) and first == second
    return np.array_equal(np.asarray(first), np.asarray(second), equal_nan=True)


# ---------------------------------------------------------------------- the table


def test_the_table_is_found_in_the_sources():
    assert (REPOSITORY / "parms" / "parameters.csv").is_file()
    with open(REPOSITORY / "parms" / "parameters.csv", newline="", encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == NAMES


def test_the_table_is_consistent():
    assert len(set(NAMES)) == len(NAMES) == 66
    for row in table():
        assert row.meaning
        assert row.class_name in ("double", "char")
        for small_baselines in (False, True):
            value = row.default(small_baselines)
            if value is not None:
                assert isinstance(value, str) == (row.class_name == "char"), row


def test_no_name_is_the_beginning_of_another():
    assert not [(a, b) for a in NAMES for b in NAMES if a != b and b.startswith(a)]


def test_where_the_two_kinds_of_processing_differ():
    different = {row.name for row in table() if row.default_ps != row.default_sb}
    assert different == {
        "small_baseline_flag",
        "density_rand",
        "percent_rand",
        "weed_standard_dev",
        "unwrap_method",
        "merge_resample_size",
        "sb_scla_drop_index",
    }


def test_an_installed_package_carries_the_table_inside(tmp_path, monkeypatch):
    inside = tmp_path / "stamps" / "parms"
    inside.mkdir(parents=True)
    (inside / "parameters.csv").write_text((REPOSITORY / "parms" / "parameters.csv").read_text())
    monkeypatch.setattr(parameter_table, "__file__", str(tmp_path / "stamps" / "workspace" / "parameter_table.py"))
    assert parameter_table._table_file() == inside / "parameters.csv"
    (inside / "parameters.csv").unlink()
    with pytest.raises(ParameterError, match="install the package again"):
        parameter_table._table_file()


# ---------------------------------------------------------------------- initial values and defaults


@pytest.mark.parametrize(("set_name", "start"), [("ps_mini", "ps_parms_initial"), ("sb_mini", "sb_parms_initial")])
def test_initial_parameters_are_those_of_the_reference(golden_dir, tmp_path, set_name, start):
    reference = golden_dir(set_name) / "step0"
    (tmp_path / "processor.txt").write_text("snap\n")
    getattr(stamps, start)(workdir=tmp_path)
    stamps.setparm("unwrap_grid_size", 50.0, workdir=tmp_path)
    ours, theirs = raw(tmp_path), raw(reference)
    assert set(ours) == set(theirs)
    for name in set(theirs) - {"Created"}:
        assert matfile.class_of(ours[name]) == matfile.class_of(theirs[name]), name
        assert np.shape(ours[name]) == np.shape(theirs[name]), name
        assert same(ours[name], theirs[name]), name
    expected = log_of(reference)
    assert log_of(tmp_path) == expected[: expected.index(f"{'SETPARM':<16s} unwrap_grid_size = 50") + 1]


def test_order_of_creation(project):
    names = list(raw(project))
    assert names[:4] == ["Created", "small_baseline_flag", "insar_processor", "max_topo_err"]
    assert names[-4:] == ["lambda", "heading", "subtr_tropo", "tropo_method"]
    assert names == [name for name in NAMES if name in names]
    assert re.fullmatch(r"\d\d-[A-Z][a-z]{2}-\d{4}", raw(project)["Created"])


def test_getparm_in_an_empty_directory_makes_a_parameter_file(tmp_path):
    assert stamps.getparm("clap_win", workdir=tmp_path) == 32
    names = list(raw(tmp_path))
    assert names[:2] == ["Created", "small_baseline_flag"]
    assert names[-3:] == ["insar_processor", "subtr_tropo", "tropo_method"]
    assert raw(tmp_path)["insar_processor"] == "doris"
    assert not any("Created" in line or "small_baseline_flag" in line for line in log_of(tmp_path))


def test_small_baselines_are_recognised_whatever_the_case(tmp_path):
    write_raw(tmp_path, {"Created": "01-Jan-2020", "small_baseline_flag": "Y"})
    stamps.ps_parms_default(workdir=tmp_path)
    assert stamps.getparm("density_rand", workdir=tmp_path) == 2
    assert stamps.getparm("sb_scla", workdir=tmp_path).size == 0


def test_initial_overwrites_what_is_there(project):
    stamps.setparm("clap_win", 64, workdir=project)
    stamps.setparm("mine", 1, 1, workdir=project)
    stamps.sb_parms_initial(workdir=project)
    assert stamps.getparm("clap_win", workdir=project) == 32
    assert stamps.getparm("small", workdir=project) == "y"
    assert "mine" not in raw(project)


@pytest.mark.parametrize("above", [0, 1, 2, 3, 4])
def test_initial_looks_three_directories_up_for_the_processor(tmp_path, above):
    folder = tmp_path / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    place = [folder, *folder.parents][above]
    (place / "processor.txt").write_text(" gamma  more words\n")
    stamps.ps_parms_initial(workdir=folder)
    assert stamps.getparm("insar", workdir=folder) == ("gamma" if above < 4 else "doris")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"c": "isce"}, "isce"),
        ({"b": "isce"}, "isce"),
        ({"b": "isce", "a": "gsar"}, "gsar"),
        ({"a": "gsar"}, "doris"),
        ({"c": "isce", "b": "gamma", "a": "gsar"}, "isce"),
        ({"c": " two words \n"}, "two words"),
        ({}, "doris"),
    ],
)
def test_where_defaults_take_the_processor_from(tmp_path, capsys, files, expected):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    places = {"c": folder, "b": folder.parent, "a": folder.parent.parent}
    for place, text in files.items():
        (places[place] / "processor.txt").write_text(text)
    write_raw(folder, {"Created": "x", "small_baseline_flag": "n"})
    assert stamps.getparm("insar_processor", workdir=folder) == expected
    assert ("not supported" in capsys.readouterr().out) == (expected == "two words")


def test_wavelength_and_heading_come_from_files_above(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "lambda.1.in").write_text("0.0566660\n")
    (folder / "heading.1.in").write_text(" -166.5 \n")
    (tmp_path / "heading.1.in").write_text("12")
    stamps.ps_parms_default(workdir=folder)
    assert stamps.getparm("lambda", workdir=folder) == 0.056666
    assert stamps.getparm("heading", workdir=folder) == -166.5
    assert f"{'PS_PARMS_DEFAULT':<16s} lambda = 0.056666" in log_of(folder)


def test_wavelength_of_the_current_directory_when_the_file_is_the_parents(tmp_path):
    write_raw(tmp_path, {"Created": "x", "small_baseline_flag": "n"})
    (tmp_path / "PATCH_1").mkdir()
    (tmp_path / "PATCH_1" / "lambda.1.in").write_text("0.031")
    assert stamps.getparm("lambda", workdir=tmp_path / "PATCH_1") == 0.031
    assert not (tmp_path / "PATCH_1" / "parms.mat").exists()
    assert f"{'PS_PARMS_DEFAULT':<16s} lambda = 0.031" in log_of(tmp_path)
    assert log_of(tmp_path / "PATCH_1") == []


def test_only_what_is_missing_is_added_and_nothing_is_written_twice(project):
    content = raw(project)
    del content["clap_win"], content["ref_lon"]
    content["clap_beta"] = np.array([[0.7]])
    write_raw(project, content)
    skip = len(log_of(project))
    stamps.ps_parms_default(workdir=project)
    assert log_of(project, skip) == ["PS_PARMS_DEFAULT clap_win = 32", "PS_PARMS_DEFAULT ref_lon = -Inf  Inf"]
    assert raw(project)["clap_beta"] == 0.7
    assert list(raw(project))[-2:] == ["clap_win", "ref_lon"]
    before = (project / "parms.mat").stat()
    stamps.ps_parms_default(workdir=project)
    stamps.getparm("clap_win", workdir=project)
    after = (project / "parms.mat").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_one_removed_and_one_added_leaves_the_file_alone(project):
    """The original compares the numbers of parameters only (a quirk)."""
    content = raw(project)
    del content["clap_win"]
    content["weed_alpha"] = np.array([[1.0]])
    write_raw(project, content)
    skip = len(log_of(project))
    assert stamps.getparm("clap_win", workdir=project) is None
    assert "weed_alpha" in raw(project)
    assert log_of(project, skip) == []


def test_removed_parameters(project):
    write_raw(project, {**raw(project), "weed_alpha": np.ones((1, 1)), "pixel_aspect_ratio": np.ones((1, 1))})
    stamps.ps_parms_default(workdir=project)
    assert not {"weed_alpha", "pixel_aspect_ratio"} & set(raw(project))


def test_a_conversion_is_saved_even_if_the_number_stays(project):
    content = raw(project)
    del content["plot_scatterer_size"]
    content["plot_pixel_size"] = np.array([[4.0]])
    write_raw(project, content)
    assert stamps.getparm("plot_scatterer", workdir=project) == 100
    assert "plot_pixel_size" not in raw(project)


def migrate(project, small_baselines=False, **old):
    content = raw(project)
    for name in ("drop_ifg_index", "scla_drop_index"):
        del content[name]
    if small_baselines:
        content["small_baseline_flag"] = "y"
    for name, value in old.items():
        content[name] = value if isinstance(value, str) else np.array([value], dtype=np.float64)
    write_raw(project, content)
    Workspace(project).save("ps1", {"n_ifg": 6, "n_image": 4})
    stamps.ps_parms_default(workdir=project)
    return raw(project)


def test_lists_of_what_is_used_become_lists_of_what_is_dropped(project):
    content = migrate(project, unwrap_ifg_index=[1, 2, 4, 5], recalc_index=[2, 3])
    assert content["drop_ifg_index"].tolist() == [[3, 6]]
    assert content["scla_drop_index"].tolist() == [[1, 4, 5, 6]]
    assert not {"unwrap_ifg_index", "recalc_index"} & set(content)
    assert f"{'PS_PARMS_DEFAULT':<16s} drop_ifg_index = 3  6" in log_of(project)


def test_lists_of_small_baselines(project):
    content = migrate(project, True, recalc_index=[2, 3], sb_recalc_index=[1, 2, 3, 4, 5])
    assert content["scla_drop_index"].tolist() == [[1, 4]]
    assert content["sb_scla_drop_index"].tolist() == [[6]]
    assert not {"sb_recalc_index", "recalc_index"} & set(content)


def test_an_old_list_of_small_baselines_alone_stays(project):
    assert "sb_recalc_index" in migrate(project, True, sb_recalc_index=[1, 2])


def test_old_lists_that_say_all_are_dropped(project):
    content = migrate(project, unwrap_ifg_index="all", recalc_index="all")
    assert content["drop_ifg_index"].shape == content["scla_drop_index"].shape == (0, 0)
    assert not {"unwrap_ifg_index", "recalc_index"} & set(content)


def test_old_lists_need_the_files_of_the_current_directory(project, patch):
    write_raw(project, {**raw(project), "unwrap_ifg_index": np.array([[1.0]])})
    Workspace(project).save("ps1", {"n_ifg": 3, "n_image": 3})
    stamps.ps_parms_default(workdir=patch)  # no ps1 there
    assert raw(project)["drop_ifg_index"].size == 0
    assert "unwrap_ifg_index" not in raw(project)


def test_the_files_of_version_2_come_first(project):
    Workspace(project).save("ps2", {"n_ifg": 2, "n_image": 2})
    assert migrate(project, unwrap_ifg_index=[1])["drop_ifg_index"].tolist() == [[2]]


def forbid(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "mkdir", refuse)


def test_without_permission_defaults_are_a_warning(project, monkeypatch, capsys):
    content = raw(project)
    del content["clap_win"]
    write_raw(project, content)
    skip = len(log_of(project))
    with monkeypatch.context() as context:
        forbid(context)
        reader = Parameters(project)
        assert reader.get("clap_beta") == 0.3
        assert reader.get("clap_win") is None
    assert capsys.readouterr().out.count("Warning: no permission to write") == 1
    assert log_of(project, skip) == []
    assert stamps.getparm("clap_win", workdir=project) == 32


def test_without_permission_setting_is_an_error(project, monkeypatch):
    with monkeypatch.context() as context:
        forbid(context)
        with pytest.raises(WorkspaceError, match="no permission"):
            stamps.setparm("clap_win", 16, workdir=project)
    assert stamps.getparm("clap_win", workdir=project) == 32

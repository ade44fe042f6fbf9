"""Parameters: the table, defaults, reading and setting, and the legacy functions on top of them."""

import csv
import errno
import math
import multiprocessing
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stamps
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.matlab import literals
from stamps.workspace import Workspace, matfile, parameters
from stamps.workspace.parameter_values import problem_of
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


def log_of(folder, skip=0):
    """Lines of the log without date and time."""
    path = folder / "STAMPS.log"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [line[21:] for line in lines][skip:]


def raw(folder, name="parms"):
    return matfile.read(folder / f"{name}.mat")


def write_raw(folder, content, name="parms"):
    matfile.write(folder / f"{name}.mat", content)


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
    assert len(set(NAMES)) == len(NAMES) == 63
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
    monkeypatch.setattr(parameters, "__file__", str(tmp_path / "stamps" / "workspace" / "parameters.py"))
    assert parameters._table_file() == inside / "parameters.csv"
    (inside / "parameters.csv").unlink()
    with pytest.raises(ParameterError, match="install the package again"):
        parameters._table_file()


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


# ---------------------------------------------------------------------- reading


def test_values_have_python_types(project):
    reader = Parameters(project)
    assert type(reader.get("clap_win")) is float
    assert reader.get("ref_lon").tolist() == [-math.inf, math.inf]
    assert reader.get("drop_ifg_index").shape == (0,)
    assert reader.get("unwrap_method") == "3D"
    assert reader.get("ref_x") is None
    assert reader.lookup("unwrap_met") == ("3D", "unwrap_method")
    assert reader.lookup("nothing") == (None, "")


def test_names_may_be_shortened_but_must_be_unique(project):
    assert stamps.getparm("clap_w", workdir=project) == 32
    assert stamps.getparm("CLAP_WIN", workdir=project) is None
    with pytest.raises(ParameterError, match=r"clap\* is not unique: .*clap_alpha, clap_beta"):
        stamps.getparm("clap", workdir=project)
    stamps.setparm("clap_win_other", 1, 1, workdir=project)
    with pytest.raises(ParameterError, match="not unique"):
        stamps.getparm("clap_win", workdir=project)  # an exact match has no precedence
    assert stamps.getparm("clap_win_", workdir=project) == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), st.data())
def test_every_beginning_of_a_name(project, name, data):
    reader = Parameters(project)
    known = list(raw(project))
    start = name[: data.draw(st.integers(1, len(name)))]
    fitting = [other for other in known if other.startswith(start)]
    if len(fitting) > 1:
        with pytest.raises(ParameterError, match=re.escape(start)):
            reader.get(start)
    else:
        assert reader.lookup(start)[1] == (fitting[0] if fitting else "")


def test_the_log_of_reading(project, patch):
    skip = len(log_of(project))
    for name in ("filter_grid", "filter_weighting", "ref_lon", "drop_ifg_index", "ref_x"):
        stamps.getparm(name, 1, workdir=patch)
    stamps.getparm("clap_win", workdir=patch)
    texts = ["filter_grid_size=50 ", "filter_weighting='P-square'", "ref_lon=-Inf Inf ", "drop_ifg_index= ", "ref_x= "]
    assert log_of(patch) == [f"{'GETPARM':<16s} {text}" for text in texts]
    assert log_of(project, skip) == []


def test_flags_and_indices(project):
    for value, expected in [("y", True), ("Y", True), ("n", False)]:
        stamps.setparm("scla_deramp", value, workdir=project)
        assert Parameters(project).flag("scla_deramp") is expected
    for value in ("yes", 1.0, ""):
        with pytest.raises(ParameterError, match="scla_deramp is .*, but 'y' or 'n' was expected"):
            stamps.setparm("scla_deramp", value, workdir=project)
        write_raw(project, {**raw(project), "scla_deramp": value})
        with pytest.raises(ParameterError, match="scla_deramp is .*, but 'y' or 'n' was expected"):
            Parameters(project).flag("scla_deramp")
    assert Parameters(project).flag("no_such_flag") is False
    reader = Parameters(project)
    for value, expected in [([8, 3, 3], [2, 7]), (5, [4]), ([], []), ("", [])]:
        stamps.setparm("drop_ifg_index", value, workdir=project)
        indices = reader.indices("drop_ifg_index")
        assert indices.tolist() == expected
        assert indices.dtype == np.int64
    assert reader.indices("ref_x").size == 0


@pytest.mark.parametrize("value", ["all", [0, 1], [1.5], -1, math.inf, [1, math.nan]])
def test_indices_that_are_none(project, value):
    with pytest.raises(ParameterError, match="Parameter drop_ifg_index is .* whole numbers from 1 to"):
        stamps.setparm("drop_ifg_index", value, workdir=project)
    stored = value if isinstance(value, str) else np.atleast_2d(np.asarray(value, dtype=float))
    write_raw(project, {**raw(project), "drop_ifg_index": stored})
    with pytest.raises(ParameterError, match="Parameter drop_ifg_index is .* whole numbers from 1 to"):
        Parameters(project).indices("drop_ifg_index")


def test_the_listing(project, capsys):
    stamps.setparm("drop_ifg_index", [3, 8], 2, workdir=project)
    capsys.readouterr()
    for show in (stamps.getparm, stamps.setparm):
        assert show(workdir=project) is None
        lines = capsys.readouterr().out.splitlines()
        names = [line.split(" = ")[0] for line in lines[: lines.index("")]]
        assert names == sorted(raw(project))
        assert names[0] == "Created"
        assert "unwrap_method = '3D'" in lines
        assert "ref_lon = [-Inf Inf]" in lines
        assert "drop_ifg_index = []" in lines
        assert lines[-1] == "drop_ifg_index = [3 8]"
        assert lines[-3] == "Local parameters (localparms.mat):"


def test_files_are_read_once_and_again_when_they_change(project, monkeypatch):
    reader = Parameters(project)
    reader.get("clap_win")
    real, reads = matfile.read, []
    monkeypatch.setattr(matfile, "read", lambda *a, **k: reads.append(a) or real(*a, **k))
    for _ in range(40):
        assert reader.get("clap_win") == 32
    assert reads == []
    stamps.setparm("clap_win", 64, workdir=project)
    assert reader.get("clap_win") == 64


def test_files_as_matlab_writes_them(tmp_path):
    """Whole numbers as uint8 inside a double, chars of 16 bits, an empty double: as in the fixtures of test_matfile."""
    fixtures = Path(__file__).parent / "fixtures"
    for file in ("matlab_v7.mat", "matlab_v73.mat"):
        content = matfile.read(fixtures / file)
        kept = ("text", "small_integers", "scalar", "empty_double", "empty_text", "flag", "int16_values")
        folder = tmp_path / file
        folder.mkdir()
        write_raw(folder, {"small_baseline_flag": "n", **{name: content[name] for name in kept}})
        reader = Parameters(folder)
        assert reader.get("text") == "P-square"
        assert reader.get("scalar") == 0.055465759531382094
        assert reader.get("empty_double").size == 0
        assert reader.get("empty_text") == ""
        assert reader.get("flag") == 1.0
        reader.set("scalar", 2)
        after = raw(folder)
        for name in kept:
            assert matfile.class_of(after[name]) == matfile.class_of(content[name])
        assert after["int16_values"].dtype == np.int16


# ---------------------------------------------------------------------- setting

VALUES = st.one_of(
    st.floats(allow_nan=False),
    st.integers(-(2**53), 2**53),
    st.lists(st.floats(allow_nan=False), max_size=5),
    st.text(st.characters(codec="ascii", min_codepoint=32), max_size=10),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([name for name in NAMES if name != "platform" and not name.startswith("sb_")]), VALUES)
def test_what_is_set_is_read(project, name, value):
    expected = next(row.expected for row in parameters.table() if row.name == name)
    if problem_of(expected, parameters._value(parameters._stored_form(name, value))):
        with pytest.raises(ParameterError, match=f"Parameter {name} is"):
            stamps.setparm(name, value, workdir=project)
        return
    stamps.setparm(name, value, workdir=project)
    back = stamps.getparm(name, workdir=project)
    if isinstance(value, str):
        assert back == value
    else:
        np.testing.assert_array_equal(np.atleast_1d(back), np.atleast_1d(np.asarray(value, dtype=float)))
    stored = raw(project)[name]
    if not isinstance(value, str):
        assert stored.dtype == np.float64
        size = np.size(value)
        assert stored.shape == ((1, size) if size else (0, 0))


@pytest.mark.parametrize(
    ("name", "literal", "line"),
    [
        ("unwrap_grid", "50", "unwrap_grid_size = 50"),
        ("drop_ifg_index", "[3 8]", "drop_ifg_index = 3  8"),
        ("ref_centre", "[14.2 40.8]", "ref_centre_lonlat = 14.2         40.8"),
        ("merge_standard", "0.6", "merge_standard_dev = 0.6"),
        ("weed_standard", "Inf", "weed_standard_dev = Inf"),
        ("unwrap_method", "'3D_QUICK'", "unwrap_method = 3D_QUICK"),
        ("scla_drop", "[]", "scla_drop_index = []"),
        ("lambda", "0.05546576", "lambda = 0.055466"),
        ("heading", "-166.6", "heading = -166.6"),
    ],
)
def test_the_log_of_setting(project, patch, name, literal, line):
    skip = len(log_of(project))
    stamps.setparm(name, literals.parse(literal), workdir=patch)
    assert log_of(project, skip) == [f"{'SETPARM':<16s} {line}"]
    assert log_of(patch) == []
    assert not (patch / "parms.mat").exists()
    assert not [p for p in project.iterdir() if p.name.startswith(".")]


def test_the_order_stays_and_new_ones_go_last(project):
    names = list(raw(project))
    stamps.setparm("clap_win", 64, workdir=project)
    assert list(raw(project)) == names
    stamps.setparm("platform", "SENTINEL-1A", 1, workdir=project)
    assert list(raw(project)) == [*names, "platform"]
    assert log_of(project)[-1] == f"{'SETPARM':<16s} platform = SENTINEL-1A"


def test_setting_the_same_again_writes_nothing_but_the_log(project):
    stamps.setparm("heading", -166.6, 1, workdir=project)
    before = (project / "parms.mat").stat()
    skip = len(log_of(project))
    stamps.setparm("heading", -166.6, 1, workdir=project)
    after = (project / "parms.mat").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert log_of(project, skip) == [f"{'SETPARM':<16s} heading = -166.6"]


def test_unknown_names_and_suggestions(project):
    with pytest.raises(ParameterError, match=r"unwarp_grid_size\* does not exist .*did you mean unwrap_grid_size"):
        stamps.setparm("unwarp_grid_size", 50, workdir=project)
    with pytest.raises(ParameterError, match=r"xyzzy\* does not exist .*getparm lists all names"):
        stamps.setparm("xyzzy", 50, workdir=project)
    with pytest.raises(ParameterError, match=r"unwrap_gold\* is not unique"):
        stamps.setparm("unwrap_gold", 50, workdir=project)
    with pytest.raises(ParameterError, match="setparm clap_win needs a value"):
        stamps.setparm("clap_win", workdir=project)
    with pytest.raises(ParameterError, match="flag 3"):
        stamps.setparm("clap_win", 1, 3, workdir=project)
    with pytest.raises(ParameterError, match="clap_win is no number"):
        stamps.setparm("clap_win", object(), workdir=project)
    with pytest.raises(ParameterError, match="cannot be the name"):
        stamps.setparm("1st", 1, 1, workdir=project)


def test_flag_1_wants_the_exact_name(project):
    stamps.setparm("clap", 5, 1, workdir=project)
    assert raw(project)["clap"] == 5
    assert raw(project)["clap_win"] == 32
    stamps.setparm("clap", math.nan, 1, workdir=project)
    assert np.isnan(raw(project)["clap"])


def test_numbers_are_positions(project):
    position = list(raw(project)).index("clap_win") + 1
    assert position == 12
    stamps.setparm(position, 16, workdir=project)
    assert stamps.getparm("clap_win", workdir=project) == 16
    for wrong in (0, -1, 1.5, len(raw(project)) + 1):
        with pytest.raises(ParameterError, match="does not exist"):
            stamps.setparm(wrong, 1, workdir=project)


def test_setting_fills_in_no_defaults(tmp_path):
    with pytest.raises(ParameterError, match="does not exist"):
        stamps.setparm("clap_win", 16, workdir=tmp_path)
    assert not (tmp_path / "parms.mat").exists()
    stamps.setparm("heading", 10, 1, workdir=tmp_path)
    assert list(raw(tmp_path)) == ["heading"]


@pytest.mark.parametrize("value", [math.nan, [math.nan, math.nan], np.float32("nan")])
def test_nan_is_back_to_the_default(project, patch, capsys, value):
    stamps.setparm("ref_lon", [1, 2], workdir=project)
    stamps.setparm("ref_lon", [3, 4], 2, workdir=patch)
    skip = len(log_of(project))
    capsys.readouterr()
    stamps.setparm("ref_lo", value, workdir=patch)
    assert stamps.getparm("ref_lon", workdir=patch).tolist() == [-math.inf, math.inf]
    assert not (patch / "localparms.mat").exists()
    assert list(raw(project))[-1] == "ref_lon"
    assert log_of(project, skip) == ["PS_PARMS_DEFAULT ref_lon = -Inf  Inf"]
    assert "ref_lon reset to default" in capsys.readouterr().out


def test_what_nan_does_not_reset(project):
    with pytest.raises(ParameterError, match="small_baseline_flag cannot be reset"):
        stamps.setparm("small", math.nan, workdir=project)
    assert raw(project)["small_baseline_flag"] == "n"
    stamps.setparm("own_numbers", [math.nan, 2], 1, workdir=project)
    assert np.isnan(stamps.getparm("own_numbers", workdir=project)[0])
    stamps.setparm("plot_color_scheme", "nan", workdir=project)
    assert stamps.getparm("plot_color_scheme", workdir=project) == "nan"


def test_resetting_in_small_baselines_takes_their_default(tmp_path):
    stamps.sb_parms_initial(workdir=tmp_path)
    stamps.setparm("unwrap_method", "2D", workdir=tmp_path)
    stamps.setparm("unwrap_method", math.nan, workdir=tmp_path)
    assert stamps.getparm("unwrap_method", workdir=tmp_path) == "3D_QUICK"


def test_local_values(project, patch):
    skip = len(log_of(project))
    stamps.setparm("clap_w", 16, 2, workdir=patch)
    assert list(raw(patch, "localparms")) == ["Created", "clap_win"]
    assert stamps.getparm("clap_win", workdir=patch) == 16
    assert stamps.getparm("clap_win", workdir=project) == 32
    assert log_of(project, skip) == [f"{'SETPARM':<16s} clap_win = 16"]
    assert log_of(patch) == [f"{'SETPARM':<16s} Added to LOCAL parameter file"]

    stamps.setparm("clap_win", 24, workdir=patch)  # the local one exists: only that changes
    assert (stamps.getparm("clap_win", workdir=patch), stamps.getparm("clap_win", workdir=project)) == (24, 32)
    assert log_of(patch)[-1] == f"{'SETPARM':<16s} Warning: Only LOCAL parameter file updated"

    stamps.setparm("clap_beta", 0.5, 2, workdir=patch)
    stamps.setparm("clap_win", 0, -2, workdir=patch)
    assert list(raw(patch, "localparms")) == ["Created", "clap_beta"]
    assert stamps.getparm("clap_win", workdir=patch) == 32
    stamps.setparm("clap_beta", 0, -2, workdir=patch)
    assert not (patch / "localparms.mat").exists()
    with pytest.raises(ParameterError, match="clap_beta has no local value"):
        stamps.setparm("clap_beta", 0, -2, workdir=patch)
    with pytest.raises(ParameterError, match="does not exist"):
        stamps.setparm("nothing", 1, 2, workdir=patch)


def test_flag_1_does_not_care_about_local_values(project):
    stamps.setparm("heading", 1, 2, workdir=project)
    stamps.setparm("heading", 5, 1, workdir=project)
    assert raw(project)["heading"] == 5
    assert stamps.getparm("heading", workdir=project) == 1


def test_local_names_that_are_not_global_are_not_found(project):
    write_raw(project, {"Created": "x", "mine": np.ones((1, 1))}, "localparms")
    assert stamps.getparm("mine", workdir=project) is None
    stamps.setparm("mine", 0, -2, workdir=project)
    assert not (project / "localparms.mat").exists()


def test_deleting(project):
    stamps.setparm("mine", 3, 1, workdir=project)
    stamps.setparm("mi", 0, -1, workdir=project)
    assert "mine" not in raw(project)
    assert "mine" in log_of(project)[-1]
    stamps.setparm("clap_win", 64, workdir=project)
    stamps.setparm("clap_win", 0, -1, workdir=project)
    assert stamps.getparm("clap_win", workdir=project) == 32  # the default comes back


def test_the_directory_comes_before_its_parent(project, patch):
    write_raw(patch, {**raw(project), "clap_win": np.array([[8.0]])})
    assert stamps.getparm("clap_win", workdir=patch) == 8
    stamps.setparm("clap_beta", 0.9, workdir=patch)
    assert stamps.getparm("clap_beta", workdir=project) == 0.3
    assert log_of(patch) == [f"{'SETPARM':<16s} clap_beta = 0.9"]
    (patch / "deeper").mkdir()
    assert stamps.getparm("clap_win", workdir=patch / "deeper") == 8


def test_inside_publish_a_parameter_belongs_to_the_whole(project):
    ws = Workspace(project)
    with pytest.raises(RuntimeError), ws.publish():
        stamps.setparm("clap_win", 64, workdir=ws)
        assert stamps.getparm("clap_win", workdir=ws) == 64
        raise RuntimeError
    assert stamps.getparm("clap_win", workdir=ws) == 32


def test_tropospheric_correction_of_small_baselines_hints_at_its_file(tmp_path, capsys):
    stamps.sb_parms_initial(workdir=tmp_path)
    capsys.readouterr()
    stamps.setparm("subtr_tropo", "y", workdir=tmp_path)
    assert "tca_sb2.mat not found" in capsys.readouterr().out
    write_raw(tmp_path, {"x": np.ones((1, 1))}, "tca_sb2")
    stamps.setparm("tropo_method", "a_e", workdir=tmp_path)
    assert "not found" not in capsys.readouterr().out
    assert stamps.getparm("subtr_tropo", workdir=tmp_path) == "y"


def test_many_processes_set_parameters_at_once(project):
    names = ["ref_velocity", "clap_beta", "heading", "unwrap_gold_alpha"]
    content = raw(project)
    for name in ("slc_osf", "n_cores"):
        del content[name]  # every process will want to fill these in
    write_raw(project, content)
    context = multiprocessing.get_context("fork")

    def work(number):
        folder = project / f"PATCH_{number}"
        folder.mkdir(exist_ok=True)
        for turn in range(8):
            stamps.setparm(names[number], turn, workdir=folder)
            stamps.setparm(f"own_{number}_{turn}", turn, 1, workdir=folder)
            assert stamps.getparm(names[number], workdir=folder) == turn
        os._exit(3)

    processes = [context.Process(target=work, args=(number,)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [3] * 4
    stored = raw(project)
    assert [stored[name].item() for name in names] == [7] * 4
    assert len([name for name in stored if name.startswith("own_")]) == 32
    assert log_of(project).count("PS_PARMS_DEFAULT slc_osf = 1") == 2  # once at the start, once again
    assert [p.name for p in project.iterdir() if p.name.startswith(".")] == []


# ---------------------------------------------------------------------- the other legacy functions

HEADER = """Gamma Interferometric SAR Processor (ISP) - Image Parameter File

sensor:    SENTINEL-1A S1A-IW
heading:   -166.6000000   degrees
radar_frequency:        5.4050005e+09   Hz
initial_baseline(TCN):        27.6546948     -35.8456697     -74.7330550   m   m   m
date:  2018 04
"""


def test_readparm(tmp_path):
    (tmp_path / "m.par").write_text(HEADER)
    assert stamps.readparm("m.par", "heading:", workdir=tmp_path) == -166.6
    assert stamps.readparm("m.par", "head", workdir=tmp_path) == -166.6
    assert stamps.readparm("m.par", "sensor:", workdir=tmp_path) == "SENTINEL-1A"
    baseline = stamps.readparm(tmp_path / "m.par", "initial_baseline(TCN):", 3, workdir=tmp_path)
    assert baseline == [27.6546948, -35.8456697, -74.7330550]
    assert stamps.readparm("m.par", "sensor:", 2, log=False, workdir=tmp_path) == ["SENTINEL-1A", "S1A-IW"]
    assert [line[17:] for line in log_of(tmp_path)] == [
        "heading:=-166.6000000 ",
        "heading:=-166.6000000 ",
        "sensor:=SENTINEL-1A ",
        "initial_baseline(TCN):=27.6546948 -35.8456697 -74.7330550 ",
    ]
    assert all(line.startswith("READPARM         ") for line in log_of(tmp_path))


def test_readparm_says_what_is_wrong(tmp_path):
    (tmp_path / "m.par").write_text(HEADER)
    with pytest.raises(InputError, match=r"m\.par has no prf:"):
        stamps.readparm("m.par", "prf:", workdir=tmp_path)
    with pytest.raises(InputError, match="only 2 of 3 values behind date:"):
        stamps.readparm("m.par", "date:", 3, workdir=tmp_path)
    with pytest.raises(InputError, match=r"nothing\.par cannot be read"):
        stamps.readparm("nothing.par", "date:", workdir=tmp_path)


def test_logit(project, patch, capsys):
    skip = len(log_of(project))
    capsys.readouterr()
    stamps.logit(workdir=patch, routine="ps_load")
    stamps.logit("a message\\n", workdir=patch)
    stamps.logit(1, 1, workdir=patch)
    stamps.logit("console", 2, workdir=patch)
    stamps.logit("debug", 3, workdir=patch)
    stamps.logit("other", "other.log", workdir=patch)
    stamps.logit("above", 0, 1, workdir=patch)
    assert log_of(patch) == ["PS_LOAD          Starting", "LOGIT            a message", "LOGIT            Finished"]
    assert "debug" in (patch / "DEBUG.log").read_text()
    assert "other" in (patch / "other.log").read_text()
    assert log_of(project, skip) == ["LOGIT            above"]
    out = capsys.readouterr().out
    assert "PS_LOAD: Starting\nLOGIT: a message\nLOGIT: console\n" in out
    assert "Finished" not in out
    assert re.match(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d LOGIT", (patch / "DEBUG.log").read_text())


def test_stamps_save_and_versions(tmp_path):
    stamps.stamps_save("ps1.mat", tmp_path, n_ps=3, sort_ix=np.array([1, 0, 2]))
    stamps.stamps_save("ps1", tmp_path, n_ps=4)
    stamps.stamps_save("new/ph1", tmp_path, ph=np.ones((2, 1), dtype=np.complex64))
    ps = Workspace(tmp_path).load("ps1")
    assert ps["n_ps"] == 4
    assert ps["sort_ix"].tolist() == [1, 0, 2]
    assert raw(tmp_path, "ps1")["sort_ix"].tolist() == [[2], [1], [3]]
    assert raw(tmp_path / "new", "ph1")["ph"].dtype == np.complex64
    stamps.stamps_save("ps1", tmp_path, append=False, n_ifg=1)
    assert list(raw(tmp_path, "ps1")) == ["n_ifg"]
    stamps.setpsver(2, workdir=tmp_path)
    assert stamps.getpsver(workdir=tmp_path) == 2
    with pytest.raises(WorkspaceError, match=r"psver\.mat is missing: run step 1 first"):
        stamps.getpsver(workdir=tmp_path / "new")


def test_text_where_a_number_belongs(project):
    parameters = Parameters(project)
    with pytest.raises(
        ParameterError, match="unwrap_grid_size is 'abc', but a number from 0.01 to 1e\\+06 was expected"
    ):
        parameters.set("unwrap_grid_size", "abc")
    parameters.set("scn_deramp_ifg", "all")
    with pytest.raises(ParameterError, match="subtr_tropo is 'yes', but 'y' or 'n' was expected"):
        parameters.set("subtr_tropo", "yes")
    assert parameters.get("scn_deramp_ifg") == "all"
    write_raw(project, {**raw(project), "unwrap_grid_size": "abc"})
    with pytest.raises(ParameterError, match="unwrap_grid_size is 'abc', but a number"):
        parameters.get("unwrap_grid_size")
    with pytest.raises(ParameterError, match="unwrap_grid_size is 'abc', but a number"):
        parameters.check()
    assert stamps.getparm("unwrap_grid_size", workdir=project) == "abc"

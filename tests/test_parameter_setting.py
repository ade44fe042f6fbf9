"""Setting, resetting and deleting parameters."""

import math
import multiprocessing
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stamps
from helpers.parameter_files import log_of, raw, write_raw
from stamps.errors import ParameterError
from stamps.matlab import literals
from stamps.workspace import Workspace
from stamps.workspace.parameter_forms import stored_form, value_of
from stamps.workspace.parameter_values import problem_of
from stamps.workspace.parameters import table

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


VALUES = st.one_of(
    st.floats(allow_nan=False),
    st.integers(-(2**53), 2**53),
    st.lists(st.floats(allow_nan=False), max_size=5),
    st.text(st.characters(codec="ascii", min_codepoint=32), max_size=10),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([name for name in NAMES if name != "platform" and not name.startswith("sb_")]), VALUES)
def test_what_is_set_is_read(project, name, value):
    expected = next(row.expected for row in table() if row.name == name)
    if problem_of(expected, value_of(stored_form(name, value))):
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

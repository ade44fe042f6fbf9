"""Reading parameters: names, types, the listing, the log; and the legacy functions on top of them."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stamps
from helpers.parameter_files import log_of, raw, write_raw
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameters import Parameters, table

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
        show(workdir=project)
        lines = capsys.readouterr().out.splitlines()
        names = [line.split(" = ")[0] for line in lines[: lines.index("")]]
        assert names == sorted(raw(project))
        assert names[0] == "Created"
        assert "unwrap_method = '3D'" in lines
        assert "ref_lon = [-Inf Inf]" in lines
        assert "drop_ifg_index = []" in lines
        assert lines[-1] == "drop_ifg_index = [3 8]"
        assert lines[-3] == "Local parameters (localparms.mat):"


def test_the_listing_is_a_mapping_that_the_prompt_does_not_print_again(project, capsys):
    stamps.setparm("drop_ifg_index", [3, 8], 2, workdir=project)
    capsys.readouterr()
    listing = stamps.getparm(workdir=project)
    printed = capsys.readouterr().out
    assert f"{listing}\n" == printed and len(printed.splitlines()) > 50
    assert repr(listing) == f"<{len(listing)} parameters of {project}>"
    assert list(listing) == sorted(raw(project)) and listing["unwrap_method"] == "3D" and listing["clap_win"] == 32
    assert listing["drop_ifg_index"].tolist() == [3, 8]  # the local value counts
    assert dict(listing).keys() == listing.keys() and "clap" not in listing and listing.get("clap") is None
    stamps.setparm("clap_win", 16, workdir=project)
    assert listing["clap_win"] == 32
    with pytest.raises(TypeError):
        listing["clap_win"] = 1


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

"""Workspaces: MATLAB's form, append, versions, patches."""

import os

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, matfile
from stamps.workspace.variables import KINDS, kind_of


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def same_raw(first, second):
    """Whether two values in MATLAB's form agree in class, shape and content."""
    if matfile.class_of(first) != matfile.class_of(second):
        return False
    if isinstance(first, str):
        return first == second
    if scipy.sparse.issparse(first):
        first, second = first.toarray(), second.toarray()
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")


@pytest.mark.parametrize(
    ("name", "variable", "value", "stored"),
    [
        ("ps1", "n_ps", 5, np.array([[5.0]])),
        ("ps1", "master_ix", 3, np.array([[4.0]])),
        ("pm1", "n_trial_wraps", np.float32(0.25), np.array([[0.25]], dtype=np.float32)),
        ("ps1", "bperp", np.array([1, 2], dtype=np.float32), np.array([[1], [2]], dtype=np.float32)),
        ("ps1", "ll0", np.array([1.0, 2.0]), np.array([[1.0, 2.0]])),
        ("ps1", "sort_ix", np.array([2, 0, 1]), np.array([[3.0], [1.0], [2.0]])),
        ("select1", "ifg_index", np.array([0, 2]), np.array([[1.0, 3.0]])),
        ("ps1", "ifgday_ix", np.array([[0, 1], [1, 2]]), np.array([[1.0, 2.0], [2.0, 3.0]])),
        ("pm1", "grid_ij", np.array([[0, 4]]), np.array([[1, 5]], dtype=np.float32)),
        ("select1", "keep_ix", np.array([True, False]), np.array([[True], [False]])),
        ("ph1", "ph", np.array([[1 + 1j, 2]], dtype=np.complex64), np.array([[1 + 1j, 2]], dtype=np.complex64)),
        ("scla2", "ph_ramp", None, np.empty((0, 0))),
        ("select1", "small_baseline_flag", "y", "y"),
        ("select1", "coh_thresh", np.array([0.5]), np.array([[0.5]])),
        ("select1", "ix", np.empty(0, dtype=np.int64), np.empty((0, 1))),
        ("x", "unknown_vector", np.array([1, 2, 3]), np.array([[1.0], [2.0], [3.0]])),
        ("x", "unknown_int16", np.array([[1, 2]], dtype=np.int16), np.array([[1, 2]], dtype=np.int16)),
    ],
)
def test_kinds_are_stored_and_read_as_the_table_says(ws, name, variable, value, stored):
    ws.save(name, {variable: value})
    assert same_raw(ws.load_raw(name)[variable], stored)
    back = ws.load(name)[variable]
    if value is None:
        assert back is None
    elif isinstance(value, (int, str)):
        assert back == value
        assert isinstance(back, type(value))
    elif kind_of(name, variable) is not None:
        assert np.asarray(back).dtype == np.asarray(value).dtype
        np.testing.assert_array_equal(back, value)
        assert np.shape(back) == np.shape(value)


def test_the_table_knows_only_the_kinds_of_its_docstring():
    kinds = {
        "scalar",
        "count",
        "index",
        "column",
        "row",
        "index_column",
        "index_row",
        "index_matrix",
        "index_matrix_single",
        "mask_column",
        "matrix",
        "text",
    }
    assert set(KINDS.values()) <= kinds


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2**40), max_size=6), st.sampled_from(["sort_ix", "unwrap_ifg_index_sm"]))
def test_indices_come_back(ws, indices, variable):
    ws.save("t1", {variable: np.array(indices, dtype=np.int64)}, append=False)
    back = ws.load("t1")[variable]
    assert back.dtype == np.int64
    assert back.tolist() == indices


def test_sparse_matrices_come_back(ws):
    spread = scipy.sparse.csc_matrix(np.array([[0, np.nan], [2.0, 0]]))
    ws.save("uw_space_time", {"spread": spread})
    assert same_raw(ws.load("uw_space_time")["spread"], spread)


@pytest.mark.parametrize("step", [1, 4, 6, 7, 8])
def test_golden_files_survive_reading_and_saving(golden_state, tmp_path, step):
    state = golden_state("ps_mini", step)
    folder = state / "PATCH_1" if step < 5 else state
    original, copy = Workspace(folder), Workspace(tmp_path / "copy")
    files = sorted(p.stem for p in folder.glob("*.mat"))
    assert len(files) > 5
    for name in files:
        copy.save(name, original.load(name), append=False)
        before, after = original.load_raw(name), copy.load_raw(name)
        assert list(before) == list(after)
        for variable in before:
            if name != "parms":
                assert same_raw(before[variable], after[variable]), (name, variable)


def test_a_wrong_shape_is_one_sentence(ws):
    ws.save_raw("ps1", {"n_ps": np.ones((2, 2))})
    with pytest.raises(
        WorkspaceError, match=r"ps1.mat: variable 'n_ps' is 2 x 2, but 1 x 1 was expected: run step 1 again"
    ):
        ws.load("ps1")


def test_missing_files_and_variables_name_the_step(ws):
    with pytest.raises(WorkspaceError, match=r"pm1\.mat is missing: run step 2 first"):
        ws.load("pm1")
    ws.save("pm1", {"K_ps": np.zeros(2)})
    with pytest.raises(WorkspaceError, match=r"pm1\.mat has no variable 'C_ps'"):
        ws.load("pm1")["C_ps"]
    assert ws.load("pm1").get("C_ps") is None
    assert ws.load_optional("nothing") == {}


def test_append_keeps_the_others_and_plain_save_does_not(ws):
    ws.save("ps1", {"n_ps": 3, "ll0": np.array([1.0, 2.0]), "bperp": np.ones(2, dtype=np.float32)})
    ws.save("ps1", {"n_ps": 4, "n_ifg": 2})
    ps = ws.load("ps1")
    assert (ps["n_ps"], ps["n_ifg"]) == (4, 2)
    assert ps["ll0"].tolist() == [1, 2]
    assert ps["bperp"].dtype == np.float32
    ws.save("ps1", {"n_ps": 5}, append=False)
    assert list(ws.load("ps1")) == ["n_ps"]


def test_append_to_a_file_with_equal_names_keeps_the_last(ws):
    fixtures = os.path.join(os.path.dirname(__file__), "fixtures")
    ws.put_file("old.mat", os.path.join(fixtures, "matlab_duplicates.mat"))
    ws.save_raw("old", {"new": np.array([[7.0]])})
    assert ws.load_raw("old")["twice"].tolist() == [[1, 2, 3]]
    assert ws.variables_of("old").count("twice") == 1


def test_version_and_flags(ws):
    assert ws.no_ps_flags().tolist() == [0] * 5
    ws.version = 2
    ws.save_no_ps_flags([0, 1, 0, 0, 0])
    assert ws.version == 2
    assert same_raw(ws.load_raw("psver")["psver"], np.array([[2.0]]))
    assert same_raw(ws.load_raw("no_ps_info")["stamps_step_no_ps"], np.array([[0.0], [1], [0], [0], [0]]))


def test_patch_list(ws):
    for name in ("PATCH_2", "PATCH_10", "PATCH_1"):
        (ws.path / name).mkdir()
    (ws.path / "PATCH_note").write_text("")
    assert ws.patch_list() == ["PATCH_1", "PATCH_10", "PATCH_2"]
    ws.write_text("patch.list", "PATCH_2\n\n PATCH_1 \n")
    assert ws.patch_list() == ["PATCH_2", "PATCH_1"]


def test_find_looks_upwards(ws):
    inner = ws / "a" / "b"
    inner.path.mkdir(parents=True)
    (ws.path / "processor.txt").write_text("snap")
    assert inner.find("processor.txt", levels=3) == ws.path / "processor.txt"
    assert inner.find("processor.txt", levels=2) is None


def test_a_workspace_stays_where_it_was_opened(ws, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(ws.path)
    here = Workspace(".")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert here.path == ws.path

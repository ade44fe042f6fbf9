"""MAT files: what MATLAB and Octave write is read exactly, and what is written is read back the same."""

import os
import shutil
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stamps.errors import WorkspaceError
from stamps.workspace import matfile
from tools import make_matlab_fixtures

FIXTURES = Path(__file__).parent / "fixtures"


EXPECTED = make_matlab_fixtures.EXPECTED


def assert_same(actual, expected):
    """Equal class, shape and values (NaN equals NaN)."""
    if scipy.sparse.issparse(actual):
        assert actual.shape == expected.shape
        dense = expected.toarray() if scipy.sparse.issparse(expected) else expected
        assert actual.dtype == dense.dtype
        np.testing.assert_array_equal(actual.toarray(), dense)
    elif isinstance(expected, str):
        assert isinstance(actual, str)
        assert actual == expected
    else:
        assert matfile.class_of(actual) == matfile.class_of(expected)
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("file", ["matlab_v6.mat", "matlab_v7.mat", "matlab_v73.mat"])
@pytest.mark.parametrize("name", list(EXPECTED))
def test_reads_what_matlab_writes(file, name):
    assert_same(matfile.read(FIXTURES / file)[name], EXPECTED[name])
    assert_same(matfile.read(FIXTURES / file, [name])[name], EXPECTED[name])


@pytest.mark.parametrize("file", ["matlab_v6.mat", "matlab_v7.mat", "matlab_v73.mat"])
def test_rewriting_a_matlab_file_changes_nothing(file, tmp_path):
    content = matfile.read(FIXTURES / file)
    matfile.write(tmp_path / "again.mat", content)
    again = matfile.read(tmp_path / "again.mat")
    assert list(again) == list(content)
    for name in content:
        assert_same(again[name], content[name])


def test_level5_keeps_the_order_of_the_file():
    assert matfile.names(FIXTURES / "matlab_v7.mat") == list(EXPECTED)
    assert list(matfile.read(FIXTURES / "matlab_v7.mat", ["mask", "negative"])) == ["negative", "mask"]


def test_fixtures_are_what_the_generator_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(make_matlab_fixtures, "FIXTURES", tmp_path)
    make_matlab_fixtures.write_level5()
    # compressed bytes depend on the version of zlib, the others on nothing
    assert (tmp_path / "matlab_v6.mat").read_bytes() == (FIXTURES / "matlab_v6.mat").read_bytes()
    assert matfile.names(tmp_path / "matlab_v7.mat") == list(EXPECTED)


def test_v73_header_as_matlab_writes_it():
    head = (FIXTURES / "matlab_v73.mat").read_bytes()[:520]
    assert head.startswith(b"MATLAB 7.3 MAT-file")
    assert head[512:516] == b"\x89HDF"


@pytest.mark.parametrize("wanted", [None, ["twice"], ["twice", "before"], ["after", "twice"]])
def test_the_last_of_equal_names_counts(wanted):
    content = matfile.read(FIXTURES / "matlab_duplicates.mat", wanted)
    assert_same(content["twice"], make_matlab_fixtures.DUPLICATE)
    if wanted is None:
        assert list(content) == ["before", "twice", "between", "after"]
        assert content["before"] == "a"
        assert content["after"] == 10
    else:
        assert set(content) == set(wanted)


def test_names_lists_each_name_once():
    assert matfile.names(FIXTURES / "matlab_duplicates.mat") == ["before", "twice", "between", "after"]


def test_variables_that_are_not_there_are_left_out():
    assert matfile.read(FIXTURES / "matlab_v7.mat", ["nothing", "flag"]).keys() == {"flag"}
    assert matfile.read(FIXTURES / "matlab_v7.mat", ["nothing"]) == {}


@pytest.mark.parametrize("cut", [0, 10, 128, 200, 1000])
def test_a_cut_file_is_one_sentence(tmp_path, cut):
    path = tmp_path / "cut.mat"
    matfile.write(path, {"first": np.random.default_rng(1).normal(size=(40, 5)), "text": "a"})
    path.write_bytes(path.read_bytes()[:cut])
    if cut == 128:
        assert matfile.read(path) == {}  # a file without variables
        return
    with pytest.raises(WorkspaceError, match=r"cut\.mat cannot be read as a MAT file"):
        matfile.read(path)


def test_a_damaged_element_is_one_sentence(tmp_path):
    path = tmp_path / "damaged.mat"
    matfile.write(path, {"first": np.random.default_rng(1).normal(size=(400, 5))})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    content[len(content) // 2 + 1] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="damaged"):
        matfile.read(path)


def test_a_text_file_and_a_missing_file(tmp_path):
    (tmp_path / "text.mat").write_text("this is no MAT file at all, but long enough to look like a header " * 5)
    with pytest.raises(WorkspaceError, match="cannot be read"):
        matfile.read(tmp_path / "text.mat")
    with pytest.raises(WorkspaceError, match="missing"):
        matfile.read(tmp_path / "nothing.mat")


def test_written_files_are_level_5_compressed_and_without_time(tmp_path):
    for name in ("one.mat", "two.mat"):
        matfile.write(tmp_path / name, {"x": np.zeros((1000, 1000)), "text": "y"})
    content = (tmp_path / "one.mat").read_bytes()
    assert content == (tmp_path / "two.mat").read_bytes()
    assert content[124:128] == b"\x00\x01IM"
    assert content.startswith(b"MATLAB 5.0 MAT-file")
    assert content[128:132] == b"\x0f\0\0\0"  # miCOMPRESSED
    assert len(content) < 100_000


@pytest.mark.parametrize("library", ["isal", "zlib"])
def test_noise_is_stored_as_it_is_beside_compressed_variables(tmp_path, monkeypatch, library):
    if library == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal")
    noise = np.random.default_rng(1).normal(size=(500, 40)).astype(np.float32)
    content = {"before": np.arange(3000.0)[:, np.newaxis], "noise": noise, "after": np.zeros((300, 200), bool)}
    matfile.write(tmp_path / "x.mat", content)
    size = (tmp_path / "x.mat").stat().st_size
    assert noise.nbytes < size < noise.nbytes + 20_000
    for name, value in matfile.read(tmp_path / "x.mat").items():
        assert_same(value, content[name])
    by_scipy = scipy.io.loadmat(tmp_path / "x.mat")
    np.testing.assert_array_equal(by_scipy["noise"], noise)


def test_a_file_that_is_replaced_again_and_again_is_read_as_one_of_its_versions(tmp_path):
    """As ``parms.mat`` while other processes set parameters."""
    path, stop = tmp_path / "parms.mat", threading.Event()

    def version(k):
        return {f"v{j}": np.full((k % 7 + 1, 50), float(k)) for j in range(k % 5 + 1)}

    def replace():
        k = 0
        while not stop.is_set():
            k += 1
            matfile.write(tmp_path / "new.mat", version(k))
            os.replace(tmp_path / "new.mat", path)
            stop.wait(0.004)  # several times as often as a reading takes, but not so that none is ever done

    matfile.write(path, version(0))
    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(150):
            content = matfile.read(path)
            k = int(content["v0"][0, 0])
            assert {name: value.tolist() for name, value in content.items()} == {
                name: value.tolist() for name, value in version(k).items()
            }
            assert set(matfile.names(path)) <= {f"v{j}" for j in range(5)}
    finally:
        stop.set()
        thread.join()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.sampled_from(["f8", "f4", "c16", "c8", "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]).flatmap(
        lambda code: hnp.arrays(code, hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=4))
    )
)
def test_every_class_and_shape_comes_back(tmp_path, value):
    matfile.write(tmp_path / "x.mat", {"value": value, "after": "x"})
    content = matfile.read(tmp_path / "x.mat")
    if value.dtype.kind == "c" and value.size == 0:  # an empty array has no imaginary part in a file
        value = value.real
    assert_same(content["value"], value)
    assert content["after"] == "x"


_LETTERS = st.characters(codec="utf-8", exclude_characters="\0", max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc"))


def _noise(dtype, order="C"):
    values = np.random.default_rng(3).normal(size=(70_001, 7))
    values = values + 1j * values[::-1] if np.dtype(dtype).kind == "c" else values
    return np.asarray(values, dtype=dtype, order=order)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f4", "c8", "f8", "c16", ">f4"])
def test_noise_is_stored_as_it_is_and_read_by_others(tmp_path, dtype, order):
    """Arrays that hardly shrink are not compressed; SciPy reads them, and what SciPy writes of them is read."""
    noise = _noise(dtype, order)
    content = {"noise": noise, "part": noise[5:60_000:3, 1:6], "flat": np.zeros((70_001, 7)), "text": "t"}
    matfile.write(tmp_path / "x.mat", content)
    size = (tmp_path / "x.mat").stat().st_size
    assert 0 < size - content["noise"].nbytes - content["part"].nbytes < 20_000
    scipy.io.savemat(tmp_path / "y.mat", content, do_compression=dtype == "f4")
    others = scipy.io.loadmat(tmp_path / "x.mat")
    for again in (others, matfile.read(tmp_path / "x.mat"), matfile.read(tmp_path / "y.mat")):
        for name in ("noise", "part", "flat"):
            np.testing.assert_array_equal(again[name], content[name])
            assert again[name].dtype == content[name].dtype.newbyteorder("=")


def test_numbers_stored_in_a_smaller_type_keep_their_class(tmp_path):
    """MATLAB stores doubles with integer values as integers."""
    path = tmp_path / "x.mat"
    matfile.write(path, {"x": np.zeros((2, 3))})
    header = b"\x06\0\0\0\x08\0\0\0\x06\0\0\0\0\0\0\0\x05\0\0\0\x08\0\0\0\x02\0\0\0\x03\0\0\0\x01\0\x01\0x\0\0\0"
    element = header + b"\x02\0\0\0\x06\0\0\0" + bytes([1, 2, 3, 4, 5, 255, 0, 0])
    path.write_bytes(path.read_bytes()[:128] + b"\x0e\0\0\0" + len(element).to_bytes(4, "little") + element)
    assert_same(matfile.read(path)["x"], np.array([[1, 3, 5], [2, 4, 255]], np.float64))


def test_reading_and_writing_large_arrays_needs_little_memory_beside_them(tmp_path):
    noise = np.random.default_rng(1).normal(size=(400_000, 20)).astype(np.complex64)
    peaks = []
    for action in (
        lambda: matfile.write(tmp_path / "x.mat", {"noise": noise}),
        lambda: matfile.read(tmp_path / "x.mat", ["noise"]),
        lambda: matfile.write(tmp_path / "y.mat", {"zeros": np.zeros(noise.shape, np.complex64)}),
        lambda: matfile.read(tmp_path / "y.mat"),
    ):
        tracemalloc.start()
        action()
        peaks.append(tracemalloc.get_traced_memory()[1] / noise.nbytes)
        tracemalloc.stop()
    assert np.all(np.array(peaks) < [0.7, 1.3, 1.7, 1.3]), peaks


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(_LETTERS, max_size=20))
def test_every_text_comes_back(tmp_path, text):
    matfile.write(tmp_path / "t.mat", {"text": text})
    assert matfile.read(tmp_path / "t.mat")["text"] == text


@pytest.mark.parametrize("dtype", [np.float64, np.complex128, np.bool_])
def test_sparse_matrices_come_back(tmp_path, dtype):
    matrix = scipy.sparse.random(7, 5, density=0.4, random_state=1, format="csc")
    matrix = (matrix * (1 + 1j) if dtype is np.complex128 else matrix).astype(dtype)
    matfile.write(tmp_path / "s.mat", {"s": matrix, "zeros": scipy.sparse.csc_matrix((3, 2))})
    content = matfile.read(tmp_path / "s.mat")
    assert_same(content["s"], matrix)
    assert_same(content["zeros"], np.zeros((3, 2)))
    assert matfile.class_of(content["s"]) == "sparse"


def test_large_arrays_are_written_as_version_73(tmp_path, monkeypatch):
    monkeypatch.setattr(matfile, "LARGE_BYTES", 1000)
    content = {name: value for name, value in EXPECTED.items() if not name.startswith("sparse")}
    content["big"] = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    content["sparse"] = scipy.sparse.csc_matrix(EXPECTED["sparse_values"])
    content["no_entries"] = scipy.sparse.csc_matrix((2, 2))
    matfile.write(tmp_path / "large.mat", content)
    assert (tmp_path / "large.mat").read_bytes()[:19] == b"MATLAB 7.3 MAT-file"
    again = matfile.read(tmp_path / "large.mat")
    assert set(again) == set(content)
    for name, value in content.items():
        assert_same(again[name], value)


def test_structures_of_others_are_kept(tmp_path):
    scipy.io.savemat(tmp_path / "s.mat", {"options": {"depth": 3.0, "name": "x"}, "n": 1.0})
    content = matfile.read(tmp_path / "s.mat")
    matfile.write(tmp_path / "again.mat", content)
    again = scipy.io.loadmat(tmp_path / "again.mat", simplify_cells=True)
    assert again["options"]["depth"] == 3
    assert again["options"]["name"] == "x"


def test_reading_leaves_the_file_alone(tmp_path):
    shutil.copy(FIXTURES / "matlab_v73.mat", tmp_path / "a.mat")
    before = (tmp_path / "a.mat").read_bytes()
    matfile.read(tmp_path / "a.mat")
    assert (tmp_path / "a.mat").read_bytes() == before

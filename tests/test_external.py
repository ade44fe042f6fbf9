"""External programs: triangulations agree, failures are explained, nothing is left behind."""

import os
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps import external
from stamps.errors import ExternalProgramError, ParameterError

BACKENDS = ["library", "scipy"]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell script of a given name first on the PATH."""

    def make(name, text):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        return path

    return make


@pytest.mark.parametrize("backend", BACKENDS)
def test_square_with_centre(backend, monkeypatch):
    monkeypatch.setenv("STAMPS_TRIANGLE", backend)
    edges = external.triangulate([0, 1, 1, 0, 0.5], [0, 0, 1, 1, 0.5])
    undirected = {tuple(sorted(edge)) for edge in edges.tolist()}
    assert undirected == {(0, 1), (1, 2), (2, 3), (0, 3), (0, 4), (1, 4), (2, 4), (3, 4)}
    assert edges.dtype == np.int64


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 200))
def test_library_and_scipy_give_the_same_undirected_edges(seed, n):
    x, y = np.random.default_rng(seed).uniform(-5000, 5000, (2, n)).round(3)
    with pytest.MonkeyPatch.context() as patch:
        found = []
        for backend in BACKENDS:
            patch.setenv("STAMPS_TRIANGLE", backend)
            found.append({tuple(sorted(edge)) for edge in external.triangulate(x, y).tolist()})
    assert found[0] == found[1]


def test_scipy_edges_are_sorted_low_high(monkeypatch):
    monkeypatch.setenv("STAMPS_TRIANGLE", "scipy")
    edges = external.triangulate(*np.random.default_rng(1).uniform(size=(2, 50)))
    assert np.all(edges[:, 0] < edges[:, 1])
    assert np.array_equal(edges, np.unique(edges, axis=0))


@pytest.mark.parametrize(
    "points",
    [([], []), ([1.0], [2.0]), ([1, 2], [3, 4]), ([0, 1, 2, 5], [0, 1, 2, 5]), ([3, 3, 3], [1, 1, 1])],
)
def test_too_few_or_collinear_points_have_no_edges(points):
    assert external.triangulate(*points).shape == (0, 2)


def test_a_program_on_the_path_comes_first(program):
    program(
        "triangle",
        'test "$1" = -e && test "$2" = points.1.node && head -1 points.1.node | grep -q "^3 2 0 0$" || exit 3\n'
        'printf "3 1\\n1 3 1 1\\n2 1 2 1\\n3 2 3 1\\n# end\\n" > points.2.edge\n',
    )
    assert external.triangle_backend() == "program"
    assert external.triangulate([0, 1, 0], [0, 0, 1]).tolist() == [[2, 0], [0, 1], [1, 2]]


def test_a_failing_triangle_is_explained(program):
    program("triangle", "echo no memory left >&2; exit 1\n")
    with pytest.raises(ExternalProgramError, match="triangle ended with status 1.*no memory left"):
        external.triangulate([0, 1, 0], [0, 0, 1])


def test_unknown_and_absent_triangulators(monkeypatch):
    monkeypatch.setenv("STAMPS_TRIANGLE", "magic")
    with pytest.raises(ParameterError, match="magic"):
        external.triangle_backend()
    monkeypatch.setenv("STAMPS_TRIANGLE", "program")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ExternalProgramError, match="PATH"):
        external.triangle_backend()


def _flat_costs(n_row, n_col):
    quadruple = np.array([0, 100, 32000, -32000], dtype=np.int16)
    return np.tile(quadruple, (n_row - 1, n_col)), np.tile(quadruple, (n_row, n_col - 1))


def test_snaphu_unwraps_a_ramp():
    rows, columns = np.mgrid[:20, :30]
    truth = 0.5 * rows + 0.8 * columns
    kept = {}
    unwrapped = external.snaphu(
        np.exp(1j * truth).astype(np.complex64),
        *_flat_costs(20, 30),
        keep=lambda name, path: kept.update({name: path.read_bytes()}),
    )
    difference = unwrapped - truth
    assert unwrapped.dtype == np.float32
    np.testing.assert_allclose(difference, difference[0, 0], atol=1e-4)
    assert sorted(kept) == sorted(external.SNAPHU_FILES)
    assert kept["snaphu.conf"].decode().split()[:2] == ["INFILE", "snaphu.in"]
    assert len(kept["snaphu.costinfile"]) == 2 * 4 * (19 * 30 + 20 * 29)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo bad cost file; exit 2\n", "snaphu ended with status 2; it said: bad cost file"),
        ("kill -9 $$\n", "snaphu was stopped by signal 9"),
        ("printf 1234 > snaphu.out\n", "snaphu.out has 4 bytes where 2400 were expected"),
    ],
)
def test_a_failing_snaphu_is_explained(program, script, message):
    program("snaphu", script)
    with pytest.raises(ExternalProgramError, match=message):
        external.snaphu(np.ones((20, 30), np.complex64), *_flat_costs(20, 30))


def test_a_missing_snaphu_is_explained(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(external.util, "find_spec", lambda name: None)
    with pytest.raises(ExternalProgramError, match="pip install snaphu"):
        external.snaphu_command()


def test_no_scratch_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    external.snaphu(np.ones((20, 30), np.complex64), *_flat_costs(20, 30))
    assert list(tmp_path.iterdir()) == []

"""Every kernel in every version: the same results, batches that fit the memory, what the stand-in refuses."""

import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import fake_cupy
from helpers.fresh_backends import forgotten
from helpers.kernel_arrays import numbers
from helpers.kernel_cases import CASES, EXACT
from stamps import native
from stamps.native import arrays, backends

FOLDER = Path(native.__file__).parent
ON_DEVICE = sorted(name for name, versions in backends.KERNELS.items() if "cuda" in versions)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has not found out anything yet."""
    with forgotten(monkeypatch):
        yield


@pytest.fixture
def stand_in(monkeypatch):
    with fake_cupy.installed(monkeypatch) as device:
        yield device


@pytest.fixture(params=["stand-in", "device"])
def cuda(request, monkeypatch):
    """CUDA: played by the stand-in, and real."""
    if request.param == "device":
        problem = backends.cuda_problem()
        if problem is not None:
            pytest.skip(f"no real CUDA here: {problem}")
        yield None
        return
    with fake_cupy.installed(monkeypatch) as device:
        yield device


# ---------------------------------------------------------------------- every kernel, every version


def results(kernel, backend):
    """Arrays that the kernel returns with a backend; it must not have fallen back to another one."""
    with backends.selected(backend):
        assert backends.order(kernel)[0] == backend
        parts = CASES[kernel]()
    assert not backends._given_up
    return [np.asarray(part) for part in (parts if isinstance(parts, (list, tuple)) else [parts])]


def assert_same(kernel, ours, expected, exact, loose=1):
    """Equal bits, or numbers that differ by roundings; ``loose`` stands for those of another processor."""
    moved = 2 * (loose > 1) * (kernel == "random_coherence")  # random pixels that a rounding moves to the next bin
    assert len(ours) == len(expected)
    for part, reference in zip(ours, expected, strict=True):
        assert type(part) is np.ndarray and part.dtype == reference.dtype and part.shape == reference.shape
        if exact:
            np.testing.assert_array_equal(part, reference)
        else:
            scale = np.nanmax(np.abs(reference), initial=0)
            np.testing.assert_allclose(part, reference, rtol=2e-6 * loose, atol=2e-6 * loose * scale + moved)


def test_there_is_a_case_for_every_kernel():
    assert CASES.keys() == backends.KERNELS.keys()


@pytest.mark.parametrize("kernel", ON_DEVICE)
def test_cuda_gives_what_numpy_gives(kernel, cuda):
    expected = results(kernel, "numpy")
    before = cuda.operations if cuda else 0
    ours = results(kernel, "cuda")
    assert cuda is None or cuda.operations > before
    real = cuda is None
    assert_same(kernel, ours, expected, kernel in EXACT and not (real and kernel == "l1_fit"), loose=10 if real else 1)


@pytest.mark.parametrize("kernel", ON_DEVICE)
def test_little_memory_means_small_batches_and_the_same_results(kernel, monkeypatch):
    expected = results(kernel, "numpy")
    with fake_cupy.installed(monkeypatch, memory=2**20) as device:
        backends.cuda_problem.cache_clear()
        ours = results(kernel, "cuda")
    assert device.largest <= 2**20
    assert_same(kernel, ours, expected, kernel in EXACT)


@pytest.mark.parametrize("kernel", [name for name, versions in backends.KERNELS.items() if "pythran" in versions])
def test_pythran_gives_what_numpy_gives(kernel):
    if backends.pythran_problem(kernel) is not None:
        pytest.skip(f"the kernel {kernel} is not compiled")
    assert_same(kernel, results(kernel, "pythran"), results(kernel, "numpy"), kernel in EXACT)


@pytest.mark.parametrize("kernel", ["arc_noise", "coherence_matrices", "grid_accumulate", "l1_fit", "phase_linking"])
def test_the_source_of_a_compiled_kernel_is_ordinary_python(kernel, monkeypatch):
    expected = results(kernel, "numpy")
    source = FOLDER / f"_{kernel}.py"
    module = type(sys)(source.stem)
    exec(compile(source.read_text(), str(source), "exec"), vars(module))
    monkeypatch.setattr(backends, "pythran_module", lambda name: module)
    monkeypatch.setattr(backends, "pythran_problem", lambda name: None)
    assert_same(kernel, results(kernel, "pythran"), expected, kernel in EXACT)


def test_the_table_fits_the_files():
    in_files = {path.stem[1:] for path in FOLDER.glob("_*.py") if path.stem != "__init__"}
    in_table = {name for name, versions in backends.KERNELS.items() if "pythran" in versions}
    assert in_table - backends._MODULES.keys() == in_files
    assert native.compiled_kernels().keys() == in_table
    for kernel, versions in backends.KERNELS.items():
        text = (FOLDER / f"{kernel}.py").read_text()
        assert f'native.run(\n        "{kernel}"' in text or f'native.run("{kernel}"' in text
        assert "numpy" in versions
        assert ("no version for CUDA" in text) == ("cuda" not in versions), kernel
        assert ("no compiled version" in text) == ("pythran" not in versions), kernel


def test_the_stand_in_refuses_what_cupy_refuses(stand_in):
    cupy = sys.modules["cupy"]
    on_device, here = cupy.asarray(np.ones(3, np.float32)), np.ones(3, np.float32)
    target = np.zeros(3)
    for misuse in (
        lambda: on_device + here,
        lambda: here * on_device,
        lambda: np.asarray(on_device),
        lambda: np.sum(on_device),
        lambda: on_device[np.array([0])],
        lambda: cupy.where(here > 0, on_device, 0),
        lambda: on_device.max(initial=0),
        lambda: on_device[:0].max(),
        lambda: cupy.argsort(on_device[:0]),
        lambda: cupy.repeat(on_device, cupy.arange(3)),
        lambda: on_device * np.float64(2),
        lambda: target.__setitem__(slice(None), on_device),
        lambda: on_device.__setitem__(0, here[:1]),
    ):
        with pytest.raises((fake_cupy.DeviceError, ValueError)):
            misuse()
    assert (on_device + 1).dtype == np.float32
    assert not hasattr(cupy, "ptp")


# ---------------------------------------------------------------------- batches


def test_batches_fit_the_free_memory(monkeypatch):
    assert arrays.rows_at_once(np, 10**12, 77.9) == 77
    assert arrays.rows_at_once(np, 1, 0) == 1
    for memory, rows in ((2**20, 256), (2**26, 16384), (2**40, 2**20), (0, 1)):
        with fake_cupy.installed(monkeypatch, memory=memory):
            assert arrays.rows_at_once(sys.modules["cupy"], 1024, 5) == rows


def test_windows_and_their_sum(stand_in):
    cupy, starts = sys.modules["cupy"], np.array([0, 3, 6, 9, 11, 11])
    values = numbers(2, 16)
    pieces = arrays.windows(np, values, starts, 5)
    np.testing.assert_array_equal(pieces, np.stack([values[:, s : s + 5] for s in starts]))
    np.testing.assert_array_equal(arrays.windows(cupy, cupy.asarray(values), starts, 5).get(), pieces)
    expected, ours = np.zeros((2, 16)), cupy.zeros((2, 16))
    arrays.add_windows(np, expected, starts, pieces)
    arrays.add_windows(cupy, ours, starts, cupy.asarray(pieces))
    np.testing.assert_allclose(ours.get(), expected, rtol=1e-14)


def test_repeat_with_a_count_for_each(stand_in):
    cupy = sys.modules["cupy"]
    values, counts = np.array([5, 6, 7, 8]), np.array([0, 3, 0, 2])
    ours = arrays.repeat(cupy, cupy.asarray(values), cupy.asarray(counts)).get()
    np.testing.assert_array_equal(ours, np.repeat(values, counts))

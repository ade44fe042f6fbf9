"""Every kernel in every version: the same results, batches that fit the memory, what the stand-in refuses."""

import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import fake_cupy
from helpers.fresh_backends import forgotten
from helpers.kernel_arrays import BPERP, DAYS, EDGES, LOW_PASS, NEIGHBOURS, XY, numbers, phasors, whole, with_nan
from stamps import native
from stamps.native import arrays, backends
from stamps.native.arc_noise import small_baseline_arc_noise, time_series_arc_noise
from stamps.native.candidates import add_amplitudes, add_differences, amplitude, amplitude_sum
from stamps.native.clap import butterworth_lowpass, filter_grid, filter_stack
from stamps.native.clap_patch import patch_phase
from stamps.native.fringe_frequency import fringe_frequency
from stamps.native.gaussian_smooth import gaussian_smooth
from stamps.native.goldstein import goldstein
from stamps.native.grid_accumulate import accumulate
from stamps.native.high_pass import high_pass
from stamps.native.kriging import krige_neighbours, krige_systems
from stamps.native.l1_fit import l1_fit
from stamps.native.least_squares import least_squares
from stamps.native.matlab_random import draw, seeded_state
from stamps.native.neighbour_range import neighbour_range
from stamps.native.random_coherence import random_coherence_histogram
from stamps.native.slope_search import slope_search
from stamps.native.temporal_smooth import temporal_smooth
from stamps.native.topofit import topofit
from stamps.native.variogram import pair_bins

FOLDER = Path(native.__file__).parent


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


def candidates():
    """All parts of the kernel; outputs that are changed in place are returned."""
    first, second = (numbers(500, 2, seed=seed, dtype=np.float32) for seed in (1, 2))
    first[::50] = 0
    master = np.abs(first[:, 0]) + np.float32(0.1)
    first, second = amplitude(first), amplitude(second)
    total, squares = np.ones(500, np.float32), np.ones(500, np.float32)
    zero, other = np.zeros(500, np.uint8), [np.ones(500, np.float32), np.ones(500, np.float32)]
    add_amplitudes(total, squares, zero, first, np.float32(0.7))
    add_amplitudes(total, squares, zero, second, np.float32(0.9), master)
    add_differences(*other, first, second, np.float32(0.7), np.float32(0.9))
    sums = amplitude_sum(first, whole(500, high=2).astype(np.uint8), 3.0, 2), amplitude_sum(second)
    return first, second, total, squares, zero, *other, *np.array(sums).T


def random_numbers():
    state = seeded_state(2005)
    parts = draw(state, 5000), draw(state, 10), draw(state, 12_345)
    return *parts, np.array([state.position, state.borrow, state.q])


def clap():
    grids = with_nan(phasors(30, 41, 3))
    low = butterworth_lowpass(32, 40, 800)
    return filter_stack(grids, 1, 0.3, 24, 8, low), filter_grid(grids[:, :, 0], 0.7, 0.3, 24, 8, 0)


def clap_patch():
    grid, cells = with_nan(phasors(30, 25, 3)), whole(60, 2, high=25)
    return [patch_phase(grid, cells, 16, LOW_PASS, 1, 0.3, oversampling) for oversampling in (1, 3)]


def kriging():
    model = 300.0, 1.0, 0.2
    lists = np.where(np.arange(12) < whole(150, 1, high=13, seed=3), NEIGHBOURS, -1)
    points = XY[NEIGHBOURS]
    between = np.hypot(*np.moveaxis(points[:, :, np.newaxis] - points[:, np.newaxis], -1, 0))
    distance = np.hypot(*np.moveaxis(points - XY[:, np.newaxis], -1, 0))
    values = numbers(150, dtype=np.float32)
    doubled = np.zeros((1, 3)), np.full((1, 3), 5.0), np.array([[1.0, 2, 3]])  # three data at the same place
    same = krige_systems(np.zeros((1, 3, 3)), doubled[1], doubled[2], np.ones((1, 3), bool), 300.0, 1.0, 0.0)
    keep = lists >= 0
    return (
        krige_neighbours(XY, values, lists, 0, *model),
        krige_neighbours(XY, values, NEIGHBOURS, 150.0, *model),
        krige_systems(between, distance, values[NEIGHBOURS], keep, *model),
        krige_systems(between[0], distance[0], numbers(5, 12), keep[:5], np.full(5, 300.0), *model[1:]),
        same,
    )


CASES = {
    "arc_noise": lambda: (
        *time_series_arc_noise(phasors(120, 12), EDGES, DAYS, BPERP, 60.0),
        *small_baseline_arc_noise(phasors(120, 12), EDGES, BPERP),
    ),
    "candidates": candidates,
    "clap": clap,
    "clap_patch": clap_patch,
    "fringe_frequency": lambda: fringe_frequency(with_nan(phasors(40, 50)), 16),
    "gaussian_smooth": lambda: gaussian_smooth(XY.astype(np.float32), numbers(150, 4), 40.0),
    "goldstein": lambda: (
        goldstein(with_nan(phasors(45, 70)), 16, 0.8)[0], *goldstein(phasors(45, 70), 16, 1, low=True),
    ),
    "grid_accumulate": lambda: (
        accumulate(phasors(300, 5), whole(300, high=40), 50),
        accumulate(with_nan(numbers(300, 2, 2)), whole(300, high=40), 50),
        accumulate(np.ones((3, 2), np.float32), np.zeros(3, int), 1),
        accumulate(whole(20, 2, high=9), whole(20, high=4), 4),
    ),
    "high_pass": lambda: high_pass(numbers(200, 12, dtype=np.float32), np.abs(numbers(12, 12))),
    "kriging": kriging,
    "l1_fit": lambda: l1_fit(np.column_stack([np.ones(12), BPERP, DAYS]), with_nan(numbers(60, 12)), numbers(60, 3)),
    "least_squares": lambda: (
        least_squares(np.column_stack([np.ones(12), BPERP]), with_nan(numbers(12, 60))),
        least_squares(np.column_stack([np.ones(12), BPERP]), numbers(12, 60, dtype=np.float32), np.diag(1 + DAYS)),
    ),
    "matlab_random": random_numbers,
    "neighbour_range": lambda: (
        *neighbour_range(EDGES, with_nan(numbers(130, dtype=np.float32))),
        *neighbour_range(EDGES, with_nan(numbers(130))),
    ),
    "random_coherence": lambda: (
        random_coherence_histogram(BPERP.astype(np.float32), 1.1, n_random=3000),
        random_coherence_histogram(BPERP, 1.1, np.column_stack([np.arange(12), np.arange(12) + 1]), 13, n_random=3000),
    ),
    "slope_search": lambda: slope_search(phasors(300, 12) ** 0.3, BPERP, 1.2),
    "temporal_smooth": lambda: temporal_smooth(with_nan(phasors(200, 12)), DAYS, 40.0),
    "topofit": lambda: (
        *topofit(phasors(200, 12), BPERP + numbers(200, 12, dtype=np.float32), 1.4),
        *topofit(phasors(200, 12) * (whole(200, 12, high=6) > 0), BPERP.astype(np.float32), 1.4),
        *topofit(phasors(200, 12, dtype=np.complex128), BPERP, 1.4),
    ),
    "variogram": lambda: pair_bins(XY, with_nan(numbers(150)), np.linspace(0, 600, 21)),
}  # fmt: skip


#: Exact where the results are integers, selected values or sums of single precision in a fixed order.
EXACT = {"candidates", "grid_accumulate", "matlab_random", "neighbour_range", "l1_fit"}


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


@pytest.mark.parametrize("kernel", sorted(CASES))
def test_cuda_gives_what_numpy_gives(kernel, cuda):
    expected = results(kernel, "numpy")
    before = cuda.operations if cuda else 0
    ours = results(kernel, "cuda")
    assert cuda is None or cuda.operations > before
    real = cuda is None
    assert_same(kernel, ours, expected, kernel in EXACT and not (real and kernel == "l1_fit"), loose=10 if real else 1)


@pytest.mark.parametrize("kernel", sorted(CASES))
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


@pytest.mark.parametrize("kernel", ["arc_noise", "grid_accumulate", "l1_fit"])
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
        assert "numpy" in versions and "cuda" in versions
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

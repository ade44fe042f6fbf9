"""Versions of the kernels: what is chosen, what happens when one fails, and that all of them agree.

The CUDA version of every kernel runs on a stand-in for CuPy (see ``helpers/fake_cupy.py``), and on the real one where CuPy and a
device are there.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import stamps
from helpers import fake_cupy
from stamps import native
from stamps.cli import program as cli
from stamps.errors import InputError, ParameterError
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
from stamps.run import patch_task
from stamps.workspace import matfile

FOLDER = Path(native.__file__).parent


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has not found out anything yet."""
    monkeypatch.delenv("STAMPS_BACKEND", raising=False)
    monkeypatch.setattr(backends, "_said", set())
    monkeypatch.setattr(backends, "_given_up", {})
    backends.cuda_problem.cache_clear()
    yield
    backends.cuda_problem.cache_clear()


@pytest.fixture
def no_cupy(monkeypatch):
    """CuPy cannot be imported."""
    monkeypatch.setitem(sys.modules, "cupy", None)


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


def phasors(*shape, seed=0, dtype=np.complex64):
    rng = np.random.default_rng(seed)
    return (rng.uniform(0.5, 2, shape) * np.exp(1j * rng.normal(0, 1, shape))).astype(dtype)


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def with_nan(values):
    values = values.copy()
    values.ravel()[::37] = np.nan
    return values


def whole(*shape, high, seed=0):
    return np.random.default_rng(seed).integers(0, high, shape)


BPERP = np.linspace(-150, 210, 12) ** 3 / 3e4
DAYS = np.cumsum([0.0, 12, 24, 12, 36, 12, 12, 48, 12, 24, 12, 12])
EDGES = whole(400, 2, high=120)[np.diff(whole(400, 2, high=120), axis=1)[:, 0] != 0]
LOW_PASS = butterworth_lowpass(16, 50, 800)
XY = np.random.default_rng(5).uniform(0, 1000, (150, 2))
NEIGHBOURS = np.argsort(np.hypot(*(XY[:, np.newaxis] - XY).T), axis=1)[:, :12]


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


# ---------------------------------------------------------------------- requests


def test_requests_are_understood():
    request = backends.parse(" AUTO, topofit = cuda,clap=numpy ")
    assert request == backends.Request("auto", {"topofit": "cuda", "clap": "numpy"})
    assert str(request) == "auto,topofit=cuda,clap=numpy" and backends.parse(str(request)) == request
    assert backends.parse("") == backends.Request("auto", {})
    assert backends.parse("topofit=numpy").default == "auto"
    assert request.of("topofit") == "cuda" and request.of("goldstein") == "auto"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abacus", "'abacus'.*only auto, numpy, pythran, cuda exist"),
        ("numpy,cuda", "two backends, numpy and cuda"),
        ("numpy,tofu=cuda", "kernel is 'tofu'.*topofit"),
        ("clap=pythran", "clap has no pythran version.*cuda and numpy"),
        ("topofit=", "backend is ''"),
    ],
)
def test_wrong_requests_are_explained(text, message, monkeypatch):
    with pytest.raises(ParameterError, match=message):
        backends.parse(text)
    monkeypatch.setenv("STAMPS_BACKEND", text)
    with pytest.raises(ParameterError, match=message):
        backends.order("topofit")


def test_the_option_counts_before_the_environment_and_only_inside(monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected("numpy"):
        assert str(backends.requested()) == "numpy"
        with backends.selected(None):
            assert str(backends.requested()) == "numpy"
    assert str(backends.requested()) == "pythran" and os.environ["STAMPS_BACKEND"] == "pythran"
    with pytest.raises(ParameterError), backends.selected("abacus"):
        pass


# ---------------------------------------------------------------------- what is chosen


def compiled(monkeypatch, yes):
    monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None if yes else "not all kernels are compiled")


def test_a_request_may_be_a_mapping(monkeypatch, golden_state):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected({"default": "numpy", "clap": "auto"}):
        assert backends.requested() == backends.Request("numpy", {"clap": "auto"})
    with backends.selected({"topofit": "numpy"}):
        assert str(backends.requested()) == "auto,topofit=numpy"
    with pytest.raises(ParameterError, match="kernel is 'topo'"), backends.selected({"topo": "numpy"}):
        pass
    with pytest.raises(ParameterError, match="backend is 'gpu'"):
        stamps.stamps(8, 8, workdir=golden_state("ps_mini", 7), backend={"default": "gpu"})


def test_automatic_choice(monkeypatch, no_cupy, capsys):
    compiled(monkeypatch, True)
    assert backends.order("topofit") == ("pythran", "numpy")
    assert backends.order("clap") == ("numpy",)
    compiled(monkeypatch, False)
    assert backends.order("topofit") == ("numpy",)
    assert capsys.readouterr().err == ""


def test_automatic_choice_with_a_device(monkeypatch, stand_in):
    compiled(monkeypatch, True)
    assert backends.order("topofit") == ("cuda", "pythran", "numpy")
    assert backends.order("clap") == ("cuda", "numpy")
    assert backends.order("candidates") == ("pythran", "numpy")  # more to move than to compute
    with backends.selected("auto,candidates=cuda,topofit=numpy"):
        assert backends.order("candidates") == ("cuda", "pythran", "numpy")
        assert backends.order("topofit") == ("numpy",)


def test_requests_for_all_kernels(monkeypatch, stand_in):
    compiled(monkeypatch, True)
    for text, topofit_order, clap_order in (
        ("numpy", ("numpy",), ("numpy",)),
        ("pythran", ("pythran", "numpy"), ("numpy",)),
        ("cuda", ("cuda", "pythran", "numpy"), ("cuda", "numpy")),
    ):
        with backends.selected(text):
            assert (backends.order("topofit"), backends.order("clap")) == (topofit_order, clap_order)


def test_a_driver_without_a_device_is_no_cuda(monkeypatch):
    with fake_cupy.installed(monkeypatch, count=0):
        assert backends.cuda_problem() == "there is no CUDA device"


def test_a_device_that_cannot_compute_is_no_cuda(monkeypatch):
    with fake_cupy.installed(monkeypatch, memory=0):
        assert "OutOfMemoryError" in backends.cuda_problem()


def test_a_compiled_module_that_cannot_be_loaded_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "stamps.native._topofit", None)
    assert "_topofit" in backends.pythran_problem("topofit")
    assert "pythran" not in backends.order("topofit")


# ---------------------------------------------------------------------- what fails


def test_what_is_not_there_is_said_once_and_the_next_version_runs(monkeypatch, no_cupy, capsys):
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    for _ in range(2):
        topofit(phasors(5, 12), BPERP, 1.0)
        slope_search(phasors(5, 12), BPERP, 1.0)
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith("stamps: cuda was asked for, but ") and "CuPy" in said.err
    compiled(monkeypatch, False)
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    for _ in range(2):
        topofit(phasors(5, 12), BPERP, 1.0)
    assert capsys.readouterr().err.count("pythran was asked for, but not all kernels are compiled") == 1


def test_out_of_memory_is_said_once_and_the_next_version_runs(monkeypatch, capsys):
    data = phasors(120, 80)
    edges, day = EDGES, np.arange(80.0)
    expected = None
    with fake_cupy.installed(monkeypatch, memory=40_000):
        for backend in ("numpy", "cuda", "cuda"):
            monkeypatch.setenv("STAMPS_BACKEND", f"{backend},clap=numpy")
            ours = time_series_arc_noise(data, edges, day, day % 17, 60.0)
            expected = expected or ours
            for part, reference in zip(ours, expected, strict=True):
                np.testing.assert_allclose(part, reference, rtol=1e-5)
        assert slope_search(phasors(5, 12), BPERP, 1.0)[0].shape == (5,)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the CUDA version of arc_noise has failed: the device has too little memory (Out of memory" in said
    assert backends._given_up.keys() == {"arc_noise"}


def test_an_error_of_a_library_is_said_once(stand_in, monkeypatch, capsys):
    def broken(*args, **keywords):
        raise RuntimeError("CUFFT_INTERNAL_ERROR\nmore")

    monkeypatch.setattr(sys.modules["cupyx.scipy.fft"], "fft2", broken)
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    for _ in range(3):
        filtered, _ = goldstein(phasors(20, 20), 8, 0.5)
    assert np.all(np.isfinite(filtered))
    said = capsys.readouterr().err
    reason = "the CUDA version of goldstein has failed: RuntimeError: CUFFT_INTERNAL_ERROR"
    assert said == f"stamps: {reason}; the run goes on with numpy.\n"


def test_a_device_that_is_lost_is_given_up_for_all_kernels(stand_in, monkeypatch, capsys):
    def lost(*args, **keywords):
        stand_in.count = 0
        raise RuntimeError("cudaErrorDevicesUnavailable")

    monkeypatch.setattr(sys.modules["cupy"], "einsum", lost)
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    topofit(phasors(5, 12), BPERP, 1.0)
    said = capsys.readouterr().err
    assert "CUDA has failed (RuntimeError: cudaErrorDevicesUnavailable)" in said and said.count("\n") == 1
    assert "cuda" not in backends.order("slope_search")


def test_wrong_input_stays_an_error(stand_in, monkeypatch, capsys):
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    with pytest.raises(InputError, match="low-pass"):
        filter_grid(phasors(30, 30), 1, 0.3, 24, 8, np.ones((3, 3)))

    def refuses(xp):
        raise InputError("No.")

    with pytest.raises(InputError, match="No"):
        native.run("clap", refuses)
    assert capsys.readouterr().err == ""


def test_pixels_without_observations_keep_their_start(stand_in):
    start = numbers(5, 2)
    with backends.selected("cuda"):
        fitted = l1_fit(np.column_stack([np.ones(12), BPERP]), np.full((5, 12), np.nan), start)
    np.testing.assert_array_equal(fitted, start)
    assert not backends._given_up


def test_one_thread_at_a_time_computes_on_the_device(stand_in):
    inside, most = [], []

    def arrays(xp):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return xp.arange(3).get()

    with backends.selected("cuda"), native.thread_pool(4) as pool:
        list(pool.map(lambda _: native.run("goldstein", arrays), range(8)))
    assert most == [1] * 8


def test_plans_of_transforms_are_forgotten(stand_in):
    with backends.selected("cuda"):
        goldstein(phasors(20, 20), 8, 0.5)
    assert stand_in.plans_forgotten == 1


def test_a_failed_version_changes_nothing(monkeypatch):
    """Kernels that add to their arguments must not add twice."""
    amplitudes = np.abs(numbers(50_000, dtype=np.float32))
    expected, ours = np.ones((2, 50_000), np.float32), np.ones((2, 50_000), np.float32)
    zero = np.zeros(50_000, np.uint8)
    with backends.selected("numpy"):
        add_amplitudes(*expected, zero, amplitudes, np.float32(1))
    with fake_cupy.installed(monkeypatch, memory=2**20):
        fail_late(monkeypatch, "asarray", 7)  # in a later batch
        with backends.selected("cuda"):
            add_amplitudes(*ours, zero, amplitudes, np.float32(1))
    assert backends._given_up
    np.testing.assert_array_equal(ours, expected)


def fail_late(monkeypatch, name="sqrt", number=3):
    """Let one of the calls of a function of the device's module fail."""
    function, calls = getattr(sys.modules["cupy"], name), []

    def fails(*args, **keywords):
        calls.append(1)
        if len(calls) == number:
            raise fake_cupy.OutOfMemoryError("late")
        return function(*args, **keywords)

    monkeypatch.setattr(sys.modules["cupy"], name, fails)


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


# ---------------------------------------------------------------------- commands and processes


def test_description_with_a_device(stand_in, monkeypatch, capsys):
    compiled(monkeypatch, True)
    assert cli.run("stamps", ["describe-backends", "--json", "--backend", "auto,topofit=cuda,clap=numpy"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["requested"] == "auto,topofit=cuda,clap=numpy"
    assert facts["kernels"].keys() == facts["versions"].keys() == backends.KERNELS.keys()
    assert [facts["kernels"][name] for name in ("topofit", "clap", "goldstein", "candidates")] == [
        "cuda",
        "numpy",
        "cuda",
        "pythran",
    ]
    assert facts["backends"]["cuda"].startswith("Stand-in, 1024.0 of 1024.0 GiB free, CUDA 12.6")
    assert facts["threads"] >= 1 and facts["cpus"] >= 1
    assert {"numpy", "cupy", "pythran"} <= facts["libraries"].keys() and "snaphu" in facts["programs"]


def test_description_without_a_device(no_cupy, monkeypatch, capsys):
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    assert cli.run("stamps", ["describe-backends"]) == 0
    said = capsys.readouterr()
    assert "not available" in said.out and "threads of a kernel:" in said.out
    lines = dict(line.split(maxsplit=1) for line in said.out.splitlines() if line.startswith("  "))
    assert lines["clap"].startswith("numpy") and "cuda" in lines["clap"]
    assert said.err.count("cuda was asked for") == 1


def test_the_option_of_a_command(monkeypatch, capsys):
    seen = []
    record = lambda *args, **keywords: seen.append((str(backends.requested()), keywords))  # noqa: E731
    monkeypatch.setitem(vars(stamps), "calamp", record)
    assert cli.run("calamp", ["list", "10", "--backend", "numpy,topofit=cuda"]) == 0
    assert cli.run("calamp", ["list", "10"]) == 0
    assert seen == [("numpy,topofit=cuda", {"workdir": "."}), ("auto", {"workdir": "."})]
    assert cli.run("calamp", ["list", "10", "--backend", "abacus"]) == 1
    assert "abacus" in capsys.readouterr().err and "STAMPS_BACKEND" not in os.environ


def test_threads_of_a_pool_follow_the_request(monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected("numpy,topofit=cuda"), native.thread_pool(2) as pool:
        assert {str(told) for told in pool.map(lambda _: backends.requested(), range(4))} == {"numpy,topofit=cuda"}


def test_a_whole_run_with_each_backend(golden_state, stand_in):
    """Steps 5 to 8: nothing goes to the device unasked, much goes there when asked, and the results agree."""
    found = {}
    for backend in ("numpy", "cuda"):
        before = stand_in.operations
        workdir = golden_state("ps_mini", 4)
        assert cli.run("stamps", ["5", "8", "--workdir", str(workdir), "--cores", "1", "--backend", backend]) == 0
        found[backend] = matfile.read(workdir / "scn2.mat") | matfile.read(workdir / "scla2.mat")
        assert (stand_in.operations - before > 1000) == (backend == "cuda")
        assert backend == "cuda" or stand_in.operations == before
    assert not backends._given_up
    for name, reference in found["numpy"].items():
        np.testing.assert_allclose(found["cuda"][name], reference, rtol=1e-5, atol=1e-6, err_msg=name)


def test_what_started_processes_are_told(no_cupy, monkeypatch, capsys):
    compiled(monkeypatch, True)
    assert backends.for_processes(here=True) == ""
    with backends.selected("numpy,topofit=pythran"):
        assert backends.for_processes(here=True) == "numpy,topofit=pythran"
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    assert backends.for_processes(here=False) == "cuda"  # another machine may have a device
    assert capsys.readouterr().err == ""
    told = backends.parse(backends.for_processes(here=True))
    assert told.of("topofit") == "pythran" and told.of("clap") == "numpy"
    assert capsys.readouterr().err.count("\n") == 1
    with backends.selected(str(told)):
        assert {backends.order(kernel)[0] for kernel in backends.KERNELS} == {"numpy", "pythran"}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("task_backend", "expected"), [("numpy,clap=cuda", "numpy,clap=cuda"), ("", "pythran")])
def test_a_task_sets_the_backend_of_its_process_only(task_backend, expected, monkeypatch, tmp_path):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\necho "backend:$STAMPS_BACKEND"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    result = patch_task.run_patch_task(patch_task.PatchTask(str(tmp_path / "PATCH_1"), 1, 1, {}, 1, task_backend))
    assert f"backend:{expected}\n" in result.output
    assert os.environ["STAMPS_BACKEND"] == "pythran"


def test_patches_get_the_backend_of_the_run(golden_state, monkeypatch):
    told = []
    monkeypatch.setattr(
        "stamps.run.workers.run_patch_task",
        lambda task: told.append(task.backend) or patch_task.PatchResult(task.name, task.start, ""),
    )
    workdir = golden_state("ps_mini", 1)
    assert cli.run("stamps", ["2", "2", "--workdir", str(workdir), "--cores", "2", "--backend", "numpy"]) == 0
    assert told == ["numpy", "numpy"]

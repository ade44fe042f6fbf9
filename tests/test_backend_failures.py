"""What happens where a version of a kernel is not there or fails: the next one runs, and that is said once."""

import sys
import time

import numpy as np
import pytest

from helpers import fake_cupy
from helpers.fresh_backends import forgotten
from helpers.kernel_arrays import BPERP, EDGES, numbers, phasors
from stamps import native
from stamps.errors import InputError
from stamps.native import backends
from stamps.native.arc_noise import time_series_arc_noise
from stamps.native.candidates import add_amplitudes
from stamps.native.clap import filter_grid
from stamps.native.goldstein import goldstein
from stamps.native.l1_fit import l1_fit
from stamps.native.slope_search import slope_search
from stamps.native.topofit import topofit


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has not found out anything yet."""
    with forgotten(monkeypatch):
        yield


@pytest.fixture
def no_cupy(monkeypatch):
    """CuPy cannot be imported."""
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def stand_in(monkeypatch):
    with fake_cupy.installed(monkeypatch) as device:
        yield device


def compiled(monkeypatch, yes):
    monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None if yes else "not all kernels are compiled")


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
    assert said == f"stamps: {reason}; the run goes on with {backends.order('goldstein')[0]}.\n"


def test_a_device_that_is_lost_is_given_up_for_all_kernels(stand_in, monkeypatch, capsys):
    def lost(*args, **keywords):
        stand_in.count = 0
        raise RuntimeError("cudaErrorDevicesUnavailable")

    monkeypatch.setattr(sys.modules["cupy"], "cos", lost)
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

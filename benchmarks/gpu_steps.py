"""The hot parts of steps 2, 3, 4 and 8 on made-up candidates: seconds with CuPy and compiled, kernel by kernel, and bytes.

Candidates lie on a square lattice of 25 m, four in each cell of step 2's grid; steps 3, 4 and 8 work on a quarter of them,
50 m apart. Their phase is a smooth field with look-angle errors and noise. Arcs of step 4 are those of the lattice with one
diagonal, three for each pixel as in a triangulation.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from unittest import mock

import gpu_traffic as traffic
import numpy as np
from numpy.typing import NDArray

from stamps import native
from stamps.native import backends, random_coherence
from stamps.native.clap import butterworth_lowpass
from stamps.native.clap_patch import patch_phase
from stamps.native.gaussian_smooth import RADIUS, gaussian_smooth
from stamps.native.high_pass import high_pass
from stamps.native.random_coherence import random_coherence_histogram
from stamps.native.topofit import trials_on_each_side
from stamps.steps.coherence import (
    Candidates,
    ClapSettings,
    CoherenceState,
    estimate_patch_phase,
    estimate_topography,
    grid_cells,
)
from stamps.steps.reestimation import reestimated_coherence
from stamps.steps.scn import low_pass_weights
from stamps.steps.weeding import pixel_noise

__all__ = ["STEPS", "Budget", "Meter", "Shape", "Workload", "counted", "measured"]

STEPS = (2, 3, 4, 8)
_SPACING, _GRID_SIZE = 25.0, 50.0
_WINDOW, _ALPHA, _BETA, _LOW_PASS = 32, 1.0, 0.3, 800.0
_TRIAL_WRAPS = 1.5
_WAVELENGTH = 100.0
_TIME_WINDOW = 730.0


class Budget:
    """Seconds that are left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.perf_counter() + seconds

    @property
    def left(self) -> float:
        """Not negative."""
        return max(self._end - time.perf_counter(), 0.0)


# ---------------------------------------------------------------------- what is computed


@dataclass(frozen=True)
class Shape:
    """Sizes of a workload: a lattice of ``side`` x ``side`` candidates, ``m`` interferograms, random pixels of step 2."""

    side: int
    m: int
    n_random: int = random_coherence.N_RANDOM

    @classmethod
    def about(cls, n: int, m: int, n_random: int = random_coherence.N_RANDOM) -> Shape:
        """About ``n`` candidates; the side is even."""
        return cls(max(int(round(n**0.5)) // 2 * 2, 4), m, n_random)

    @property
    def n(self) -> int:
        """Candidates."""
        return self.side**2

    @property
    def n_selected(self) -> int:
        """Pixels of steps 3, 4 and 8."""
        return (self.side // 2) ** 2

    def traffic(self, step: int) -> dict[str, traffic.Traffic]:
        """Kernel -> bytes of a step's hot part."""
        m, few, trials = self.m, self.n_selected, trials_on_each_side(_TRIAL_WRAPS)
        half = self.side // 2
        grid = half - 1  # cells along a side: the last two are one
        if step == 2:
            return {
                "matlab_random": traffic.matlab_random(self.n_random * m),
                "random_coherence": traffic.random_coherence(self.n_random, m, trials),
                "phasors": traffic.phasors(self.n, m),
                "grid_accumulate": traffic.grid_accumulate(self.n, m, grid**2),
                "clap": traffic.clap(grid, grid, m, _WINDOW * 3 // 4, _WINDOW // 4),
                "topofit": traffic.topofit(self.n, m, trials),
            }
        if step == 3:
            patch = traffic.clap_patch(grid**2, grid, grid, m, _WINDOW)
            return {"clap_patch": patch, "topofit": traffic.topofit(few, m, trials)}
        if step == 4:
            return {"arc_noise": traffic.arc_noise(few, 2 * half * (half - 1) + (half - 1) ** 2, m)}
        pairs = _lattice_pairs(half, 2 * _SPACING, RADIUS * _WAVELENGTH)
        return {
            "high_pass": traffic.high_pass(few, m),
            "gaussian_smooth": traffic.gaussian_smooth(few, m, *pairs),
        }


class Workload:
    """Arrays of such a size."""

    def __init__(self, shape: Shape, seed: int = 1) -> None:
        side, m = shape.side, shape.m
        self.shape, self.m, self.n, self.n_random = shape, m, shape.n, shape.n_random
        rng = np.random.default_rng(seed)
        i, j = np.divmod(np.arange(self.n), side)
        xy = np.column_stack([j, i]).astype(np.float32) * np.float32(_SPACING) + np.float32(_SPACING / 2)
        self.xy = xy
        self.day: NDArray[np.float64] = np.arange(0, 24.0 * m, 24.0)
        self.bperp = np.linspace(-150, 150, m)[rng.permutation(m)].astype(np.float32)
        self.bperp_mat = (self.bperp + xy[:, :1] * np.float32(1e-4)).astype(np.float32)
        slopes = rng.normal(0, 1e-3, (2, m)).astype(np.float32)
        phase = xy @ slopes + rng.normal(0, 0.01, (self.n, 1)).astype(np.float32) * self.bperp_mat
        phase += rng.normal(0, 0.7, (self.n, m)).astype(np.float32)
        self.ph = np.exp(1j * phase).astype(np.complex64)
        self.low_pass = butterworth_lowpass(_WINDOW, _GRID_SIZE, _LOW_PASS)
        self.grid_ij = grid_cells(xy, _GRID_SIZE)
        self.quarter = np.flatnonzero((i % 2 == 0) & (j % 2 == 0))
        self.ph_uw = phase[self.quarter]
        self.edges = _lattice_edges(side // 2)
        self.state: CoherenceState | None = None

    def run(self, step: int) -> None:
        """The hot part of a step."""
        getattr(self, f"_step{step}")()

    def _step2(self) -> None:
        """The histogram of random phases and one iteration."""
        random_coherence._histogram.cache_clear()
        random_coherence_histogram(self.bperp, _TRIAL_WRAPS, n_random=self.n_random)
        self.state = self._patch_phase()
        for _ in estimate_topography(self.state, self._candidates(), _TRIAL_WRAPS):
            pass  # it yields how far it is

    def _patch_phase(self) -> CoherenceState:
        data = self._candidates()
        state = CoherenceState.new(data, np.ones(100), np.ones(self.n))
        estimate_patch_phase(state, data, self.grid_ij, self.low_pass, ClapSettings(_WINDOW, _ALPHA, _BETA))
        return state

    def _candidates(self) -> Candidates:
        return Candidates(self.ph, None, self.bperp, self.bperp_mat, self.xy, np.ones(self.n), None, None)

    def _step3(self) -> None:
        """Patch phases without the own cell, and the look-angle error again."""
        if self.state is None:
            self.state = self._patch_phase()
        of, grid = self.quarter, self.state.ph_grid
        assert grid is not None, "gridded with the patch phase"
        patch = patch_phase(grid, self.grid_ij[of], _WINDOW, self.low_pass, _ALPHA, _BETA)
        reestimated_coherence(self.ph[of], patch, self.bperp_mat[of], np.arange(self.m), _TRIAL_WRAPS)

    def _step4(self) -> None:
        """Noise of arcs."""
        pixel_noise(self.ph[self.quarter], self.edges, self.bperp, self.day, _TIME_WINDOW)

    def _step8(self) -> None:
        """The filter in time, then in space."""
        weights = low_pass_weights(self.day, _TIME_WINDOW / 2, None)
        phase = high_pass(self.ph_uw, weights).astype(np.float32)
        gaussian_smooth(self.xy[self.quarter], phase, _WAVELENGTH)


def _lattice_edges(side: int) -> NDArray[np.int64]:
    """Right, down and diagonal neighbours of a square lattice: (n_edge, 2)."""
    node = np.arange(side * side).reshape(side, side)
    pairs = ((node[:, :-1], node[:, 1:]), (node[:-1], node[1:]), (node[:-1, :-1], node[1:, 1:]))
    return np.concatenate([np.column_stack([a.ravel(), b.ravel()]) for a, b in pairs])


def _lattice_pairs(side: int, spacing: float, radius: float) -> tuple[int, int]:
    """Candidates within the 3 x 3 cells of ``gaussian_smooth``, and pairs nearer than the radius, of a square lattice."""
    place = np.arange(side) * spacing
    cell = np.floor(place / (radius * (1 + 1e-5))).astype(np.int64)
    in_cell = np.bincount(cell)
    near = np.convolve(in_cell, np.ones(3, np.int64))[1:-1]
    candidates = int((in_cell * near).sum()) ** 2
    reach = np.arange(-int(radius // spacing), int(radius // spacing) + 1)
    di, dj = np.meshgrid(reach, reach)
    inside = (di**2 + dj**2) * spacing**2 < radius**2
    pairs = np.maximum(side - np.abs(di[inside]), 0) * np.maximum(side - np.abs(dj[inside]), 0)
    return candidates, int(pairs.sum())


# ---------------------------------------------------------------------- measuring


@dataclass
class Meter:
    """Seconds and calls of kernels; with :func:`counted` also what crosses the bus."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    to_device: dict[str, int] = field(default_factory=dict)
    to_host: dict[str, int] = field(default_factory=dict)
    transfer: dict[str, float] = field(default_factory=dict)
    kernel: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Meter]:
        """Context in which every kernel's seconds are added up."""
        run = native.run

        def timed(kernel: str, *versions: Any) -> Any:
            begin = time.perf_counter()
            self.kernel.append(kernel)
            try:
                return run(kernel, *versions)
            finally:
                self.kernel.pop()
                _add(self.seconds, kernel, time.perf_counter() - begin)
                _add(self.calls, kernel, 1)

        with mock.patch.object(native, "run", timed):
            yield self

    def crossed(self, to_device: bool, n_bytes: int, seconds: float) -> None:
        """Note a transfer."""
        kernel = self.kernel[-1] if self.kernel else ""
        _add(self.to_device if to_device else self.to_host, kernel, n_bytes)
        _add(self.transfer, kernel, seconds)


def _add(sums: dict[str, Any], kernel: str, value: Any) -> None:
    sums[kernel] = sums.get(kernel, 0) + value


class _Counting:
    """CuPy, with transfers to the device that are measured."""

    def __init__(self, cupy: Any, meter: Meter) -> None:
        self._cupy, self._meter = cupy, meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cupy, name)

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        return self._moved(self._cupy.asarray, values, dtype)

    def array(self, values: Any, dtype: Any = None) -> Any:
        return self._moved(self._cupy.array, values, dtype)

    def _moved(self, function: Callable[..., Any], values: Any, dtype: Any) -> Any:
        if not isinstance(values, np.ndarray):
            return function(values, dtype=dtype)
        wait = self._cupy.cuda.runtime.deviceSynchronize
        wait()
        begin = time.perf_counter()
        result = function(values, dtype=dtype)
        wait()
        size = result.size * result.dtype.itemsize
        self._meter.crossed(True, size, time.perf_counter() - begin)
        return result


@contextlib.contextmanager
def counted(meter: Meter) -> Iterator[None]:
    """Context in which all that crosses the bus is counted and timed; kernels wait for the device before and after."""
    from stamps.native.arrays import cupy, to_host

    device = cupy()

    def fetched(array: Any) -> Any:
        if not hasattr(array, "get"):
            return array
        device.cuda.runtime.deviceSynchronize()
        begin = time.perf_counter()
        result = to_host(array)
        meter.crossed(False, result.nbytes, time.perf_counter() - begin)
        return result

    with contextlib.ExitStack() as stack:
        stack.enter_context(meter.listening())
        stack.enter_context(mock.patch.object(native, "cupy", lambda: _Counting(device, meter)))
        for kernel in backends.KERNELS:
            module = import_module(f"stamps.native.{kernel}")
            if hasattr(module, "to_host"):
                stack.enter_context(mock.patch.object(module, "to_host", fetched))
        yield


def measured(work: Workload, step: int, other: str, budget: Budget, repeat: int = 3) -> dict[str, Any] | None:
    """Seconds of a step's hot part on the device and with another backend, run in turns after one run of each apart.

    Returns
    -------
    dict or None
        ``seconds`` and ``outside``, those outside of kernels, ``kernels`` (kernel -> backend -> seconds), all of the run of each
        backend that took the median of the time, so that they add up; ``runs``, ``bus`` (kernel -> bytes and seconds of
        transfers), ``failed`` (kernels that CUDA has failed at). None where the budget does not suffice for a run of each
        after the first.
    """
    first = {}
    for backend in ("cuda", other):
        begin = time.perf_counter()
        with backends.selected(backend):
            work.run(step)
        first[backend] = time.perf_counter() - begin
    runs: dict[str, list[tuple[float, dict[str, float]]]] = {"cuda": [], other: []}
    for _ in range(repeat):
        if budget.left < 1.5 * sum(first.values()):
            break
        for backend in runs:
            meter, begin = Meter(), time.perf_counter()
            with backends.selected(backend), meter.listening():
                work.run(step)
            runs[backend].append((time.perf_counter() - begin, meter.seconds))
    if not runs["cuda"]:
        return None
    meter = Meter()
    with backends.selected("cuda"), counted(meter):
        work.run(step)
    shown = {backend: sorted(of, key=lambda run: run[0])[len(of) // 2] for backend, of in runs.items()}
    kernels = {
        kernel: {backend: of.get(kernel, 0.0) for backend, (_, of) in shown.items()} for kernel in shown["cuda"][1]
    }
    return {
        "seconds": {backend: seconds for backend, (seconds, _) in shown.items()},
        "outside": {backend: seconds - sum(of.values()) for backend, (seconds, of) in shown.items()},
        "runs": len(runs["cuda"]),
        "kernels": kernels,
        "bus": {
            kernel: {
                "to_device": meter.to_device.get(kernel, 0),
                "to_host": meter.to_host.get(kernel, 0),
                "seconds": meter.transfer.get(kernel, 0.0),
            }
            for kernel in kernels
        },
        "failed": sorted(backends._given_up),
    }

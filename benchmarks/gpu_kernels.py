"""Every kernel with CuPy against NumPy: on small random arrays, and on arrays of a project, as the steps call it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from helpers import kernel_cases
from stamps.errors import InputError
from stamps.matlab.linalg import lscov
from stamps.native import backends
from stamps.native.arc_noise import small_baseline_arc_noise, time_series_arc_noise
from stamps.native.candidates import amplitude, amplitude_sum
from stamps.native.clap import butterworth_lowpass, filter_stack
from stamps.native.clap_patch import patch_phase
from stamps.native.fringe_frequency import fringe_frequency
from stamps.native.gaussian_smooth import gaussian_smooth
from stamps.native.goldstein import goldstein
from stamps.native.grid_accumulate import accumulate
from stamps.native.high_pass import high_pass
from stamps.native.kriging import krige_neighbours
from stamps.native.l1_fit import l1_fit
from stamps.native.least_squares import least_squares
from stamps.native.matlab_random import draw, seeded_state
from stamps.native.neighbour_range import neighbour_range
from stamps.native.phasors import phasors
from stamps.native.random_coherence import random_coherence_histogram
from stamps.native.slope_search import slope_search
from stamps.native.temporal_smooth import temporal_smooth
from stamps.native.topofit import topofit
from stamps.native.variogram import pair_bins
from stamps.steps.coherence import grid_cells
from stamps.steps.scn import low_pass_weights
from stamps.verify import golden
from stamps.workspace import Workspace

__all__ = ["ON_DEVICE", "Inputs", "check_kernels", "compare", "golden_inputs", "project_calls", "simulated_inputs"]

#: Kernels that have a version for CUDA.
ON_DEVICE = tuple(name for name, versions in backends.KERNELS.items() if "cuda" in versions)
#: Largest difference relative to the largest value of a result; the others must agree bit for bit.
TOLERANCE = 2e-5
#: Random pixels that a rounding may move to the next bin of a histogram, of all.
_MAY_MOVE = {"random_coherence": 2}
#: Results that are angles: kernel -> how many results a call has, and which of them it is.
_ANGLES = {"topofit": (4, 1)}
_GRID_SIZE, _WINDOW = 50.0, 32


@dataclass(frozen=True)
class Inputs:
    """Arrays of a project: phasors (n, m), baselines (n, m) and (m,), days (m,), metres (n, 2), unwrapped phase (n, m)."""

    source: str
    ph: NDArray[np.complex64]
    bperp_mat: NDArray[np.float32]
    bperp: NDArray[np.float32]
    day: NDArray[np.float64]
    xy: NDArray[np.float32]
    ph_uw: NDArray[np.float32]


def golden_inputs() -> Inputs:
    """The pixels of ``ps_mini`` before step 8, without the master; InputError where the set is not there."""
    with tempfile.TemporaryDirectory() as folder:
        golden.build_state(golden.find_set("ps_mini", complete=True), 7, folder)
        ws = Workspace.at(folder)
        ps, others = ws.load("ps2"), np.arange(ws.load("ps2")["n_ifg"]) != ws.load("ps2")["master_ix"]
        return Inputs(
            "golden ps_mini",
            np.ascontiguousarray(ws.load("ph2")["ph"][:, others]),
            ws.load("bp2")["bperp_mat"],
            ps["bperp"][others],
            ps["day"][others],
            np.ascontiguousarray(ps["xy"][:, 1:]),
            ws.load("phuw2")["ph_uw"][:, others],
        )


def simulated_inputs(n: int = 2000, m: int = 17, seed: int = 1) -> Inputs:
    """Pixels that deform, with atmosphere, look-angle errors and noise: like a golden set, where there is none."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 2500, (n, 2)).astype(np.float32)
    day = np.cumsum(rng.integers(1, 4, m)).astype(np.float64) * 12
    bperp = rng.normal(0, 100, m).astype(np.float32)
    bperp_mat = (bperp + xy[:, :1] * 1e-3).astype(np.float32)
    slopes = rng.normal(0, 2e-3, (2, m)) @ np.diag(rng.uniform(0, 1, m))
    phase = xy @ slopes + 0.002 * np.hypot(*(xy - 1200).T)[:, np.newaxis] * day / day[-1]
    phase += rng.normal(0, 0.01, (n, 1)) * bperp_mat + rng.normal(0, 0.5, (n, m))
    return Inputs(
        "simulated", np.exp(1j * phase).astype(np.complex64), bperp_mat, bperp, day, xy, phase.astype(np.float32)
    )


def project_calls(data: Inputs) -> dict[str, Callable[[], Any]]:
    """Each kernel on arrays of a project."""
    m = data.bperp.size
    ij = grid_cells(data.xy, _GRID_SIZE)
    n_i, n_j = ij.max(axis=0) + 1
    cells = ij[:, 0] * n_j + ij[:, 1]
    grid = accumulate(data.ph, cells, n_i * n_j).reshape(n_i, n_j, m)
    low = butterworth_lowpass(_WINDOW, _GRID_SIZE, 800)
    edges = _edges(data.xy)
    design = np.column_stack([np.ones(m), data.bperp, data.day - data.day[0]]).astype(np.float64)
    observed = data.ph_uw.astype(np.float64)
    fitted = lscov(design, observed.T).T
    arcs = data.ph[edges[:, 1]] * data.ph[edges[:, 0]].conj()
    some = data.xy[:200]
    near = np.argsort(np.hypot(*(some[:, np.newaxis] - some).transpose(2, 0, 1)), axis=1)[:, :12]
    pixels = np.ascontiguousarray(data.ph.view(np.float32).reshape(-1, 2)[:50_000])
    weights = low_pass_weights(data.day, 365.0, None)
    half = _WINDOW * 3 // 4, _WINDOW // 4
    return {
        "arc_noise": lambda: (
            *time_series_arc_noise(data.ph, edges, data.day, data.bperp, 730.0),
            *small_baseline_arc_noise(data.ph, edges, data.bperp),
        ),
        "candidates": lambda: (amplitude(pixels), np.array(amplitude_sum(amplitude(pixels)))),
        "clap": lambda: filter_stack(grid, 1, 0.3, *half, low),
        "clap_patch": lambda: patch_phase(grid, ij, _WINDOW, low, 1, 0.3),
        "fringe_frequency": lambda: fringe_frequency(grid[:, :, 0], _WINDOW // 2),
        "gaussian_smooth": lambda: gaussian_smooth(data.xy, data.ph_uw, 100.0),
        "goldstein": lambda: goldstein(grid[:, :, 0], _WINDOW // 2, 0.8, low=True),
        "grid_accumulate": lambda: accumulate(data.ph, cells, n_i * n_j),
        "high_pass": lambda: high_pass(data.ph_uw, weights),
        "kriging": lambda: krige_neighbours(some, data.ph_uw[:200, 0], near, 0, 500.0, 1.0, 0.1),
        "l1_fit": lambda: l1_fit(design, observed, fitted),
        "least_squares": lambda: least_squares(design, observed.T),
        "matlab_random": lambda: draw(seeded_state(2005), 100_000),
        "neighbour_range": lambda: neighbour_range(edges, data.ph_uw[:, 0]),
        "phasors": lambda: phasors(data.ph_uw),
        "random_coherence": lambda: random_coherence_histogram(data.bperp, 1.5, n_random=30_000),
        "slope_search": lambda: slope_search(arcs, data.bperp, 1.5),
        "temporal_smooth": lambda: temporal_smooth(arcs, data.day, 365.0),
        "topofit": lambda: topofit(data.ph, data.bperp_mat, 1.5),
        "variogram": lambda: pair_bins(
            data.xy[:1500].astype(np.float64), data.ph_uw[:1500, 0], np.linspace(0, 1000, 21)
        ),
    }


def _edges(xy: NDArray[np.float32]) -> NDArray[np.int64]:
    triangles = Delaunay(xy.astype(np.float64)).simplices.astype(np.int64)
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def check_kernels(names: Sequence[str] = ON_DEVICE) -> Iterator[dict[str, Any]]:
    """A row for each kernel and kind of input, one after the other; see :func:`compare`."""
    try:
        data = golden_inputs()
    except InputError:
        data = simulated_inputs()
    project = project_calls(data)
    for kernel in names:
        for source, call in (("random", kernel_cases.CASES[kernel]), (data.source, project[kernel])):
            yield {"kernel": kernel, "input": source, **compare(kernel, call)}


def compare(kernel: str, call: Callable[[], Any]) -> dict[str, Any]:
    """What NumPy and CuPy make of the same call.

    Returns
    -------
    dict
        ``error``: largest difference relative to the largest value of a result; ``tolerance``; ``decisions`` and
        ``agreeing``: whole numbers, and signs, zeros and missing values of numbers beyond the tolerance; ``ok``; ``note``.
    """
    tolerance = 0.0 if kernel in kernel_cases.EXACT - {"l1_fit"} else TOLERANCE
    expected, _ = _results(kernel, "numpy", call)
    ours, note = _results(kernel, "cuda", call)
    if note or len(ours) != len(expected):
        return {"error": None, "tolerance": tolerance, "decisions": 0, "agreeing": 0, "ok": False, "note": note}
    error, decisions, agreeing = 0.0, 0, 0
    cycle, which = _ANGLES.get(kernel, (1, -1))
    for k, (part, reference) in enumerate(zip(ours, expected, strict=True)):
        if part.shape != reference.shape or part.dtype != reference.dtype:
            note = f"result {k} is {part.dtype} {part.shape}, not {reference.dtype} {reference.shape}"
        else:
            error = max(error, _difference(part, reference, k % cycle == which))
            same = _same_decisions(part, reference, tolerance)
            decisions, agreeing = decisions + same.size, agreeing + int(np.count_nonzero(same))
    may_move = kernel in _MAY_MOVE
    ok = not note and (agreeing == decisions or may_move) and error <= _most(kernel, expected, tolerance)
    return {
        "error": error, "tolerance": tolerance, "decisions": decisions, "agreeing": agreeing, "ok": ok, "note": note,
    }  # fmt: skip


def _most(kernel: str, expected: Sequence[NDArray[Any]], tolerance: float) -> float:
    """Largest relative error; of a histogram that of the pixels that may move."""
    if kernel in _MAY_MOVE:
        return _MAY_MOVE[kernel] / min(float(np.max(part)) for part in expected)
    return tolerance


def _results(kernel: str, backend: str, call: Callable[[], Any]) -> tuple[list[NDArray[Any]], str]:
    """Arrays of a call with a backend, and why it did not run on it."""
    with backends.selected(f"{backend},{kernel}={backend}"):
        if backends.order(kernel)[0] != backend:
            return [], f"{backend} did not run: {backends.cuda_problem() or backends._given_up.get(kernel)}"
        try:
            parts = call()
        except Exception as error:  # a row of its own, and the others go on
            return [], f"{type(error).__name__}: {error}"
    note = backends._given_up.get(kernel, "") if backend == "cuda" else ""
    parts = parts if isinstance(parts, (list, tuple)) else [parts]
    return [np.asarray(part) for part in parts if part is not None], note


def _difference(part: NDArray[Any], reference: NDArray[Any], angle: bool) -> float:
    finite = np.isfinite(reference) & np.isfinite(part)
    if not finite.any():
        return 0.0
    wide = np.complex128 if np.iscomplexobj(part) else np.float64
    difference = part[finite].astype(wide) - reference[finite].astype(wide)
    if angle:
        return float(np.abs(np.angle(np.exp(1j * difference))).max() / np.pi)
    scale = float(np.abs(reference[finite]).max())
    return float(np.abs(difference).max()) / scale if scale else float(np.abs(difference).max())


def _same_decisions(part: NDArray[Any], reference: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    """Whether each decision is the same: whole numbers; of others sign, zero and what is missing, beyond the tolerance."""
    if reference.dtype.kind in "biu":
        return np.asarray(part == reference).ravel()
    missing = np.isfinite(part) == np.isfinite(reference)
    finite = np.isfinite(part) & np.isfinite(reference)
    scale = np.abs(reference[finite]).max(initial=0)
    clear = finite & (np.abs(np.where(finite, reference, 0)) > 10 * tolerance * scale)
    real = [missing.ravel()]
    for ours, theirs in ((part.real, reference.real), (part.imag, reference.imag)):
        beyond = clear & (np.abs(np.where(finite, theirs, 0)) > 10 * tolerance * scale)
        real.append(np.sign(ours[beyond]) == np.sign(theirs[beyond]))
    return np.concatenate(real)


def where_golden() -> str:
    """Where ``ps_mini`` is, or empty."""
    try:
        return str(Path(golden.find_set("ps_mini", complete=True)))
    except InputError:
        return ""

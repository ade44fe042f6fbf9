"""Every kernel on small random arrays, for all its versions: what is called, and which results are equal bit for bit."""

import numpy as np

from helpers.kernel_arrays import BPERP, DAYS, EDGES, LOW_PASS, NEIGHBOURS, XY, numbers, phasors, whole, with_nan
from stamps.native.arc_noise import small_baseline_arc_noise, time_series_arc_noise
from stamps.native.candidates import add_amplitudes, add_differences, amplitude, amplitude_sum
from stamps.native.clap import butterworth_lowpass, filter_grid, filter_stack
from stamps.native.clap_patch import patch_phase
from stamps.native.coherence_matrices import coherence_matrices
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
from stamps.native.phase_linking import least_energy_phases, positive_inverses, smallest_eigenvectors
from stamps.native.phasors import phasors as phasors_of
from stamps.native.random_coherence import random_coherence_histogram
from stamps.native.slope_search import slope_search
from stamps.native.temporal_smooth import temporal_smooth
from stamps.native.topofit import topofit
from stamps.native.variogram import pair_bins


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


def coherences():
    values = numbers(301, 14, dtype=np.float32)
    values[-1] = 0
    bits = np.packbits(whole(60, 21, high=2).astype(bool), axis=1)
    bits[5] = 0
    bits[6] = 128
    small = coherence_matrices(values, np.arange(100, 160), np.arange(-10, 11), bits)
    wide = np.packbits(np.ones((2, 300), bool), axis=1)  # more terms than a running sum in single precision takes
    return *small, *coherence_matrices(values, np.zeros(2, np.int64), np.arange(300), wide)


def phase_linking():
    """Eigenvectors with the phase of their first element taken away; a matrix that is not positive definite among others."""
    values = numbers(40, 7, 7) + 1j * numbers(40, 7, 7, seed=1)
    hermitian = values @ values.conj().transpose(0, 2, 1)
    hermitian[3] -= 4 * np.eye(7)
    vectors = smallest_eigenvectors(hermitian, np.ones((40, 7)))
    vectors *= np.conj(vectors[:, :1]) / np.abs(vectors[:, :1])
    inverses, good = positive_inverses(hermitian.real + np.eye(7))
    phases = least_energy_phases(hermitian, vectors / np.abs(vectors))
    return vectors, inverses, good, phases


CASES = {
    "arc_noise": lambda: (
        *time_series_arc_noise(phasors(120, 12), EDGES, DAYS, BPERP, 60.0),
        *small_baseline_arc_noise(phasors(120, 12), EDGES, BPERP),
    ),
    "candidates": candidates,
    "clap": clap,
    "clap_patch": clap_patch,
    "coherence_matrices": coherences,
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
    "phase_linking": phase_linking,
    "phasors": lambda: (
        phasors_of(100 * numbers(301, 17, dtype=np.float32)),
        phasors_of(100 * with_nan(numbers(700, 13))),
        phasors_of(1e7 * numbers(700, 13)),
        phasors_of(numbers(5)),
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

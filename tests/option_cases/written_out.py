"""Formulas of the method written out, slowly and without the package's kernels: what the cases compare with."""

from itertools import pairwise

import numpy as np
from scipy.signal import correlate2d

__all__ = [
    "clap_cell",
    "clap_grid",
    "coherence_threshold",
    "goldstein",
    "low_pass",
    "ramp_columns",
    "sequential_slope",
    "trial_wraps",
    "triangles",
]

_GAUSS = np.exp(-0.5 * (2.5 * np.arange(-3, 4) / 3) ** 2)


# ------------------------------------------ filters (docs/method/coherence.md, selection.md and unwrapping.md)


def low_pass(n_win, grid_size, wavelength):
    """Butterworth response, zero frequency first."""
    frequency = (np.arange(n_win) - n_win / 2) / (grid_size * n_win)
    response = 1 / (1 + (frequency * wavelength) ** 10)
    return np.fft.fftshift(np.outer(response, response))


def _magnitude(spectrum):
    """Smoothed magnitude of a spectrum over its median."""
    smooth = correlate2d(np.fft.fftshift(np.abs(spectrum)), np.outer(_GAUSS, _GAUSS), mode="same")
    smooth = np.fft.ifftshift(smooth)
    return smooth / (np.median(smooth) or 1)


def _clap(block, alpha, beta, response):
    spectrum = np.fft.fft2(block)
    return np.fft.ifft2(spectrum * (beta * np.maximum(_magnitude(spectrum) ** alpha - 1, 0) + response))


def clap_grid(grid, n_win, alpha, beta, response):
    """CLAP filter of a grid in overlapping, tapered windows; only the phase has a meaning."""
    n, step = 3 * n_win // 4, 3 * n_win // 16
    distance = np.minimum(np.arange(n), np.arange(n)[::-1])
    taper = distance[:, None] + distance + 1e-6
    out = np.zeros(grid.shape, complex)
    starts = [[k * step for k in range(-(-length // step) - 3)] for length in grid.shape]
    for i in starts[0]:
        for j in starts[1]:
            over_i, over_j = max(i + n - grid.shape[0], 0), max(j + n - grid.shape[1], 0)
            moved = np.zeros((n, n))
            moved[over_i:, over_j:] = taper[: n - over_i, : n - over_j]
            place = slice(i - over_i, i - over_i + n), slice(j - over_j, j - over_j + n)
            padded = np.zeros((n_win, n_win), complex)
            padded[:n, :n] = grid[place]
            out[place] += moved * _clap(padded, alpha, beta, response)[:n, :n]
    return out


def clap_cell(grids, cell, n_win, alpha, beta, response, oversampling=1):
    """Phase of one cell from its surroundings, the cell itself left out: one value for each interferogram."""
    first = [min(max(c - n_win // 2, 0), n - n_win) for c, n in zip(cell, grids.shape, strict=False)]
    i, j = cell[0] - first[0], cell[1] - first[1]
    values = []
    for k in range(grids.shape[2]):
        block = grids[first[0] : first[0] + n_win, first[1] : first[1] + n_win, k].copy()
        block[i, j] = 0
        if oversampling > 1 and k == 0:
            reach = oversampling - 1
            block[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1] = 0
        values.append(_clap(block, alpha, beta, response)[i, j])
    return np.array(values)


def goldstein(grid, n_win, alpha):
    """Goldstein filter of a grid; every cell keeps its magnitude."""
    step, size = n_win // 2, n_win + int(np.floor(n_win / 4 + 0.5))
    ramp = np.concatenate([np.arange(1, step + 1), np.arange(step, 0, -1)])
    taper = ramp[:, None] + ramp
    out = np.zeros(grid.shape, complex)
    for a in range(-(-grid.shape[0] // step) - 1):
        for b in range(-(-grid.shape[1] // step) - 1):
            i, j = a * step, b * step
            over_i, over_j = max(i + n_win - grid.shape[0], 0), max(j + n_win - grid.shape[1], 0)
            moved = np.zeros((n_win, n_win))
            moved[over_i:, over_j:] = taper[: n_win - over_i, : n_win - over_j]
            place = slice(i - over_i, i - over_i + n_win), slice(j - over_j, j - over_j + n_win)
            padded = np.zeros((size, size), complex)
            padded[:n_win, :n_win] = grid[place]
            spectrum = np.fft.fft2(padded)
            out[place] += moved * np.fft.ifft2(spectrum * _magnitude(spectrum) ** alpha)[:n_win, :n_win]
    return np.abs(grid) * np.exp(1j * np.angle(out))


# ---------------------------------------------------------------------- selection (docs/method/selection.md, section 2)


def coherence_threshold(coherence, dispersion, edges, random_counts, n_low, accepted, by_percent):
    """Threshold of every candidate: that of the one class, or the line through the classes (if it falls, at 0.35)."""
    level, centre = [], []
    for low, high in pairwise(edges):
        inside = (dispersion > low) & (dispersion <= high)
        values = coherence[inside & (coherence != 0)]
        counts = np.bincount(np.searchsorted(0.01 * np.arange(1, 100), values), minlength=100).astype(float)
        random = random_counts * counts[:n_low].sum() / random_counts[:n_low].sum()
        counts[counts == 0] = 1
        above = np.cumsum(random[::-1])[::-1]
        if by_percent:
            above = 100 * above / np.cumsum(counts[::-1])[::-1]
        k = int(np.argmax(above < accepted)) + 1  # from 1
        around = np.arange(k - 3, min(k + 2, 100) + 1)
        line = np.polynomial.Polynomial.fit(above[around - 1], 0.01 * around, 3)
        level.append(line(accepted))
        centre.append(dispersion[inside].mean())
    if len(level) == 1:
        return np.full(len(coherence), level[0])
    slope, offset = np.polyfit(centre, level, 1)
    return slope * dispersion + offset if slope > 0 else np.full(len(coherence), slope * 0.35 + offset)


# ------------------------------------------ look-angle error (docs/method/coherence.md, unwrapping.md and scla.md)


def trial_wraps(bperp, max_topo_err, wavelength, incidence):
    """Search range of the look-angle error in cycles."""
    largest = max_topo_err * 4 * np.pi / (wavelength * 830000 * np.sin(incidence))
    return (np.max(bperp) - np.min(bperp)) * largest / (2 * np.pi)


def sequential_slope(phase, bperp, day, used, with_velocity=True):
    """Look-angle error of pixels in rad/m by least squares on the differences of successive images."""
    columns = [np.ones(len(used) - 1), np.diff(bperp[:, used].astype(float), axis=1).mean(axis=0)]
    if with_velocity:
        columns.append(np.diff(day[used]))
    return np.linalg.lstsq(np.column_stack(columns), np.diff(phase[:, used], axis=1).T, rcond=None)[0][1]


def ramp_columns(xy, degree):
    """Terms of the orbital surface of a degree, x and y in km; degrees 2 and 3 have no linear terms."""
    x, y = xy[:, 1].astype(float) / 1000, xy[:, 2].astype(float) / 1000
    terms = {
        1: [x, y],
        1.5: [x, y, x * y],
        2: [x * x, y * y, x * y],
        3: [x**3, y**3, x * x * y, y * y * x, x * x, y * y, x * y],
    }
    return np.column_stack([*terms[degree], np.ones(len(x))])


def triangles(pairs):
    """Loops of three interferograms: numbers of ab, bc and ac for images a < b < c."""
    number = {tuple(pair): k for k, pair in enumerate(np.asarray(pairs).tolist())}
    return [
        (ab, number[b, c], number[a, c])
        for (a, b), ab in number.items()
        for (other, c) in number
        if other == b and (a, c) in number
    ]


# ---------------------------------------------------------------------- geometry and networks


def network(ps):
    """Matrix from images to interferograms: -1 at the first, 1 at the second image."""
    matrix = np.zeros((ps["n_ifg"], ps["n_image"]))
    matrix[np.arange(ps["n_ifg"]), ps["ifgday_ix"][:, 0]] = -1
    matrix[np.arange(ps["n_ifg"]), ps["ifgday_ix"][:, 1]] = 1
    return matrix


def metres_per_degree(latitude):
    """Metres per degree of longitude and latitude on the ellipsoid of docs/method/loading.md, section 2."""
    a, e2, sine = 6378137.0, 0.08209443794970**2, np.sin(np.radians(latitude))
    across = a / np.sqrt(1 - e2 * sine**2)
    along = a * (1 - e2) / (1 - e2 * sine**2) ** 1.5
    return np.radians([across * np.cos(np.radians(latitude)), along])

"""Arrays of random numbers for kernels."""

import numpy as np

from stamps.native.clap import butterworth_lowpass


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

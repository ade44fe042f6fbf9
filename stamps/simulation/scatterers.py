"""Point scatterers of a simulated scene and how the impulse response spreads them over their neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.simulation.random_fields import BANDWIDTH_AZIMUTH, BANDWIDTH_RANGE, impulse_response, stream
from stamps.simulation.settings import Settings

__all__ = ["Dominance", "Scatterers", "Spread", "dominance", "place_scatterers", "spread"]

_RADIUS = 2  # pixels to which a scatterer spreads


@dataclass(frozen=True)
class Scatterers:
    """Point scatterers; arrays of shape (n_ps,), ``mask`` of shape (lines, samples).

    Attributes
    ----------
    rows, cols : ndarray of int64
        Line and sample.
    mask : ndarray of bool
        Pixels that hold a scatterer.
    dispersion : ndarray of float64
        Amplitude dispersion that the amplitude was chosen for.
    amplitude, phase : ndarray of float32
        Amplitude, and phase in rad, without delays.
    azimuth_offset, range_offset : ndarray of float64
        Place within the pixel, pixels.
    height_error : ndarray of float32
        Spatially uncorrelated height error, m.
    jitter : ndarray of float32
        Relative spread of the amplitude from image to image.
    """

    rows: npt.NDArray[np.int64]
    cols: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    dispersion: npt.NDArray[np.float64]
    amplitude: npt.NDArray[np.float32]
    phase: npt.NDArray[np.float32]
    azimuth_offset: npt.NDArray[np.float64]
    range_offset: npt.NDArray[np.float64]
    height_error: npt.NDArray[np.float32]
    jitter: npt.NDArray[np.float32]

    @property
    def size(self) -> int:
        """How many there are."""
        return self.rows.size


@dataclass(frozen=True)
class Spread:
    """What scatterers add to the pixels at one offset: pixels, weights (float32), and which scatterers (bool, n_ps)."""

    rows: npt.NDArray[np.int64]
    cols: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    kept: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dominance:
    """Strongest signal of a point scatterer at each pixel, and whose it is (-1: none); shape (lines, samples)."""

    signal: npt.NDArray[np.float32]
    parent: npt.NDArray[np.int32]


def place_scatterers(
    settings: Settings, weight: npt.NDArray[np.float32], background: npt.NDArray[np.float32]
) -> Scatterers:
    """Draw point scatterers: clustered positions, amplitudes from a target dispersion.

    Parameters
    ----------
    settings : Settings
    weight : ndarray of float32, shape (lines, samples)
        How likely a pixel is to hold one.
    background : ndarray of float32, shape (lines, samples)
        Rms amplitude of clutter and noise.
    """
    rng = stream(settings.seed, "ps")
    probability = np.clip(weight * (settings.ps_density / max(weight.mean(), 1e-9)), 0, 0.5)
    rows, cols = np.nonzero(rng.random(settings.shape, dtype=np.float32) < probability)
    n = rows.size
    dispersion = 0.08 + 0.45 * rng.beta(1.6, 2.2, n)
    mask = np.zeros(settings.shape, bool)
    mask[rows, cols] = True
    return Scatterers(  # the order of the draws below is part of what a seed means
        rows=rows,
        cols=cols,
        mask=mask,
        dispersion=dispersion,
        amplitude=(background[rows, cols] / (np.sqrt(2) * dispersion)).astype(np.float32),
        phase=rng.uniform(-np.pi, np.pi, n).astype(np.float32),
        azimuth_offset=rng.uniform(-0.5, 0.5, n),
        range_offset=rng.uniform(-0.5, 0.5, n),
        height_error=rng.normal(0, settings.sigma_height, n).astype(np.float32),
        jitter=rng.uniform(0.02, 0.08, n).astype(np.float32),
    )


def spread(scatterers: Scatterers) -> Iterator[Spread]:
    """What the impulse response makes of the scatterers, one offset after the other.

    A scatterer contributes at most once to a pixel per offset, so plain fancy-indexed addition is exact.
    """
    lines, samples = scatterers.mask.shape
    offsets = range(-_RADIUS, _RADIUS + 1)
    for down in offsets:
        along_azimuth = impulse_response(down - scatterers.azimuth_offset, BANDWIDTH_AZIMUTH)
        for right in offsets:
            weight = along_azimuth * impulse_response(right - scatterers.range_offset, BANDWIDTH_RANGE)
            rows, cols = scatterers.rows + down, scatterers.cols + right
            kept = (rows >= 0) & (rows < lines) & (cols >= 0) & (cols < samples)
            yield Spread(rows[kept], cols[kept], weight[kept].astype(np.float32), kept)


def dominance(scatterers: Scatterers) -> Dominance:
    """Strongest point scatterer of each pixel."""
    signal = np.zeros(scatterers.mask.shape, np.float32)
    parent = np.full(scatterers.mask.shape, -1, np.int32)
    number = np.arange(scatterers.size)
    for part in spread(scatterers):
        value = np.abs(scatterers.amplitude[part.kept] * part.weight)
        better = value > signal[part.rows, part.cols]
        signal[part.rows[better], part.cols[better]] = value[better]
        parent[part.rows[better], part.cols[better]] = number[part.kept][better]
    return Dominance(signal, parent)

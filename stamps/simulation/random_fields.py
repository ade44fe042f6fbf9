"""Random draws of the simulator: a stream for each purpose, fields with power-law spectra, speckle.

All random numbers come from ``Generator(PCG64([seed, stream]))`` with a fixed stream number per purpose, so a seed
reproduces a data set, and an option does not shift the draws of another purpose.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import PCG64, Generator
from scipy import fft
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import convolve1d

__all__ = [
    "BANDWIDTH_AZIMUTH",
    "BANDWIDTH_RANGE",
    "coloured_speckle",
    "impulse_response",
    "power_law_field",
    "stream",
]

#: Purposes of the random streams; the place in the list is the number of the stream.
_PURPOSES = (
    "dates", "baselines", "dem", "landcover", "ps", "defo", "demerr", "atmosphere", "orbit", "gain", "speckle", "jitter",
    "border", "map",
)  # fmt: skip
BANDWIDTH_AZIMUTH, BANDWIDTH_RANGE = 0.90, 0.93  # processed bandwidth / sampling rate
_SPECKLE_TAPS = np.arange(-3, 4)
_HAMMING = 0.92


def stream(seed: int, purpose: str) -> Generator:
    """Independent generator for one purpose."""
    return Generator(PCG64([seed, _PURPOSES.index(purpose)]))


def power_law_field(
    rng: Generator,
    shape: tuple[int, int],
    posting: tuple[float, float],
    exponent: float,
    outer_scale: float,
    *,
    step: float = 1,
) -> npt.NDArray[np.float32]:
    """Zero-mean, unit-rms random field with an isotropic power-law spectrum.

    The 2-D power spectral density is ``(k^2 + k0^2)^(-exponent/2)`` with ``k0 = 1/outer_scale`` (von Karman form), in
    physical wavenumbers, so unequal postings do not stretch the field. The field is made on a grid twice the scene (no
    wrap-around) decimated to roughly ``step`` metres, and interpolated with cubic splines.

    Parameters
    ----------
    rng : Generator
    shape : (int, int)
        Lines and samples.
    posting : (float, float)
        Spacing along lines and samples, m.
    exponent : float
        Of the power spectral density.
    outer_scale : float
        m.
    step : float
        Spacing of the grid that is drawn, m.

    Returns
    -------
    ndarray of float32, shape ``shape``
    """
    decimation = [max(1, int(round(step / p))) for p in posting]
    coarse = [-(-(n - 1) // d) + 4 for n, d in zip(shape, decimation, strict=True)]
    size = [fft.next_fast_len(2 * c, real=True) for c in coarse]
    ky = fft.fftfreq(size[0], posting[0] * decimation[0])[:, None]
    kx = fft.rfftfreq(size[1], posting[1] * decimation[1])[None, :]
    density = (ky**2 + kx**2 + outer_scale**-2.0) ** (-exponent / 2.0)
    spectrum = fft.rfft2(rng.standard_normal(size, dtype=np.float32))
    spectrum *= np.sqrt(density).astype(np.float32)
    spectrum[0, 0] = 0
    field: npt.NDArray[np.floating] = fft.irfft2(spectrum, s=size)[: coarse[0], : coarse[1]]
    if decimation != [1, 1]:
        rows, cols = (np.arange(c) * d for c, d in zip(coarse, decimation, strict=True))
        field = RectBivariateSpline(rows, cols, field)(np.arange(shape[0]), np.arange(shape[1]))
    field = field[: shape[0], : shape[1]].astype(np.float32)
    field -= field.mean()
    return field / np.sqrt(np.mean(field**2, dtype=np.float64)).astype(np.float32)


def impulse_response(offset: npt.ArrayLike, bandwidth: float) -> npt.NDArray[np.float64]:
    """SAR impulse response (generalised Hamming window), 1 at offset 0.

    Parameters
    ----------
    offset : array_like of float
        Distance from the scatterer, pixels.
    bandwidth : float
        Processed bandwidth over sampling rate.
    """
    x = bandwidth * np.asarray(offset, dtype=np.float64)
    value = _HAMMING * np.sinc(x) + 0.5 * (1 - _HAMMING) * (np.sinc(x - 1) + np.sinc(x + 1))
    return value / _HAMMING


def coloured_speckle(rng: Generator, shape: tuple[int, int]) -> npt.NDArray[np.complex64]:
    """Unit-power circular Gaussian speckle with the SAR impulse response."""
    real, imaginary = (_coloured_noise(rng, shape) for _ in range(2))
    return (real + 1j * imaginary).astype(np.complex64) * np.float32(np.sqrt(0.5))


def _coloured_noise(rng: Generator, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    noise = rng.standard_normal(shape, dtype=np.float32)
    for axis, bandwidth in ((0, BANDWIDTH_AZIMUTH), (1, BANDWIDTH_RANGE)):
        kernel = impulse_response(_SPECKLE_TAPS, bandwidth)
        kernel /= np.sqrt(np.sum(kernel**2))
        noise = convolve1d(noise, kernel.astype(np.float32), axis=axis, mode="wrap")
    return noise

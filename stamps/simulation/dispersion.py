"""Amplitude dispersion of a simulated stack as the selection of candidates defines it, and what it selects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stamps.simulation.plan import StackPlan
from stamps.simulation.scene import Scene

__all__ = ["Amplitudes", "Differences", "amplitude_dispersion", "candidate_statistics"]

#: Dispersion below which a pixel is a candidate: small baselines (True), single master (False).
_THRESHOLD = {True: 0.6, False: 0.4}
_DARKEST = 0.001  # amplitude above which a pixel counts for the calibration
_FLOOR = 1e-9


class Amplitudes:
    """Sums over the images that the amplitude dispersion needs.

    Attributes
    ----------
    sum, squares : ndarray of float32, shape (lines, samples)
        Sums of the calibrated amplitudes and of their squares.
    mean : ndarray of float64, shape (n_images,)
        Calibration factor of each image.
    complete : ndarray of bool, shape (lines, samples)
        Pixels that are not zero in any image.
    """

    def __init__(self, shape: tuple[int, int], n_images: int) -> None:
        self.sum = np.zeros(shape, np.float32)
        self.squares = np.zeros(shape, np.float32)
        self.mean = np.zeros(n_images)
        self.complete = np.ones(shape, bool)

    def add(self, image: int, slc: npt.NDArray[np.complex64]) -> None:
        """Add an image."""
        amplitude = np.abs(slc)
        self.complete &= amplitude > 0
        self.mean[image] = amplitude[amplitude > _DARKEST].mean(dtype=np.float64)
        amplitude /= np.float32(self.mean[image])
        self.sum += amplitude
        self.squares += amplitude**2

    def dispersion(self) -> npt.NDArray[np.floating]:
        """Standard deviation over mean of the amplitudes, shape (lines, samples)."""
        n = self.mean.size
        return np.sqrt(np.maximum(n * self.squares / np.maximum(self.sum, _FLOOR) ** 2 - 1, 0))


class Differences:
    """Sums over the interferograms that the amplitude difference dispersion of small baselines needs."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.sum = np.zeros(shape, np.float32)
        self.squares = np.zeros(shape, np.float32)

    def add(self, first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> None:
        """Add the calibrated amplitudes of a pair."""
        self.squares += (first - second) ** 2
        self.sum += first + second

    def dispersion(self, n_pairs: int) -> npt.NDArray[np.floating]:
        """Rms of the differences over the mean amplitude, shape (lines, samples)."""
        return np.sqrt(self.squares / n_pairs) / np.maximum(self.sum / (2 * n_pairs), _FLOOR)


def amplitude_dispersion(plan: StackPlan, amplitudes: Amplitudes, differences: Differences) -> npt.NDArray[np.floating]:
    """Amplitude dispersion, or amplitude difference dispersion for small baselines; shape (lines, samples)."""
    if plan.settings.small_baselines:
        return differences.dispersion(len(plan.pairs))
    return amplitudes.dispersion()


def candidate_statistics(
    plan: StackPlan, scene: Scene, complete: npt.NDArray[np.bool_], dispersion: npt.NDArray[np.floating]
) -> dict[str, float]:
    """What the selection of candidates selects.

    Parameters
    ----------
    plan : StackPlan
    scene : Scene
    complete : ndarray of bool, shape (lines, samples)
        Pixels that are not zero in any image.
    dispersion : ndarray of float32, shape (lines, samples)

    Returns
    -------
    dict
        Threshold, number of candidates, and shares (0 to 1).
    """
    threshold = _THRESHOLD[plan.settings.small_baselines]
    candidates = complete & (dispersion < threshold)
    scatterers, sidelobe = scene.scatterers.mask, scene.sidelobe
    own = candidates & scatterers
    coherent = candidates & scene.cover.bare & ~scatterers & ~sidelobe
    total = max(int(candidates.sum()), 1)
    return {
        "da_threshold": threshold,
        "candidates": int(candidates.sum()),
        "candidate_fraction": float(candidates.mean()),
        "share_point_scatterer": float(own.sum() / total),
        "share_sidelobe": float((candidates & sidelobe).sum() / total),
        "share_coherent_ground": float(coherent.sum() / total),
        "point_scatterers_selected": float(own.sum() / max(scene.scatterers.size, 1)),
    }

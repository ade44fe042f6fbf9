"""SLCs of a simulated scene.

Every image is ``gain * (PSF * scatterers + speckle + thermal noise)``. The speckle is a mixture of a permanent part and a
first-order autoregressive part (exponential decorrelation); both are coloured by the impulse response, which also spreads
point scatterers over their neighbours. The SLC is ``|s| exp(j (psi - Phi_i))`` with ``psi`` the static phase of the scatterer
and ``Phi_i`` the delay phase, hence ``diff = master * conj(slave)`` has the phase ``Phi_slave - Phi_master``. StaMPS never
looks at SLC phases: the product is directly the flattened, topography-corrected interferogram.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stamps.simulation.delays import Delays
from stamps.simulation.plan import StackPlan
from stamps.simulation.random_fields import coloured_speckle, stream
from stamps.simulation.scatterers import spread
from stamps.simulation.scene import THERMAL_NOISE, Scene

__all__ = ["Border", "ImageMaker"]


class Border(NamedTuple):
    """Swath edge of exact zeros: samples in the first line, further samples in the last, which side."""

    width: int
    slant: float
    side: str

    def covers(self, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Pixels beyond the edge, shape (lines, samples)."""
        lines, samples = shape
        edge = self.width + self.slant * np.arange(lines) / lines
        distance = np.arange(samples)
        if self.side == "right":
            distance = distance[::-1]
        return distance[None, :] < edge[:, None]


class ImageMaker:
    """Makes the SLCs one after the other, in the order of the dates.

    Attributes
    ----------
    gain : ndarray of float64, shape (n_images,)
        Factor of the amplitudes.
    border : dict
        Image to its :class:`Border`.
    delays : Delays
        Phases, kept for the truth.
    """

    def __init__(self, plan: StackPlan, scene: Scene) -> None:
        seed, n = plan.settings.seed, plan.settings.n_images
        self._plan, self._scene = plan, scene
        self.delays = Delays(plan, scene)
        self.gain = np.exp(stream(seed, "gain").uniform(np.log(0.6), np.log(1.6), n))
        self.border = _draw_borders(plan)
        self._speckle_stream, self._jitter_stream = stream(seed, "speckle"), stream(seed, "jitter")
        self._permanent = self._speckle()
        self._permanent *= np.sqrt(scene.cover.permanent)
        self._changing: npt.NDArray[np.complex64] | None = None

    def make(self, image: int) -> npt.NDArray[np.complex64]:
        """SLC of an image; images must be asked for in order.

        Returns
        -------
        ndarray of complex64, shape (lines, samples)
        """
        phase = self.delays.of_image(image)
        slc = self._clutter(image)
        slc *= np.exp(-1j * phase)
        self._add_scatterers(slc, self.delays.at_scatterers[image])
        slc += np.float32(THERMAL_NOISE) * self._speckle()
        slc *= np.float32(self.gain[image])
        if image in self.border:
            slc[self.border[image].covers(slc.shape)] = 0
        return slc.astype(np.complex64)

    def _speckle(self) -> npt.NDArray[np.complex64]:
        return coloured_speckle(self._speckle_stream, self._scene.shape)

    def _clutter(self, image: int) -> npt.NDArray[np.complex64]:
        """Distributed clutter without delays."""
        cover = self._scene.cover
        slc = np.sqrt(1 - cover.permanent) * self._decorrelated(image)
        slc += self._permanent
        slc *= cover.clutter
        return slc

    def _decorrelated(self, image: int) -> npt.NDArray[np.complex64]:
        """The changing part of the speckle, unit power."""
        fresh = self._speckle()
        if self._changing is None:
            self._changing = fresh
            return fresh
        days = self._plan.acquisitions.days
        coherence = np.exp(-np.float32(days[image] - days[image - 1]) / self._scene.cover.tau)
        self._changing *= coherence
        fresh *= np.sqrt(1 - coherence**2)
        self._changing += fresh
        return self._changing

    def _add_scatterers(self, slc: npt.NDArray[np.complex64], delay: npt.NDArray[np.float32]) -> None:
        """Add the point scatterers with their delay phases (rad, shape (n_ps,)) to an image."""
        scatterers = self._scene.scatterers
        value = scatterers.amplitude * np.exp(1j * (scatterers.phase - delay))
        value = value * (1 + scatterers.jitter * self._jitter_stream.standard_normal(scatterers.size, dtype=np.float32))
        value = value.astype(np.complex64)
        for part in spread(scatterers):
            slc[part.rows, part.cols] += value[part.kept] * part.weight


def _draw_borders(plan: StackPlan) -> dict[int, Border]:
    """Which slaves have samples of exactly zero at one border, and how many."""
    rng = stream(plan.settings.seed, "border")
    slaves = [i for i in range(plan.settings.n_images) if i != plan.acquisitions.master]
    chosen = rng.choice(slaves, size=min(plan.settings.border_images, len(slaves)), replace=False)
    limit = max(2, plan.settings.samples // 60)
    return {
        int(image): Border(int(rng.integers(1, limit)), float(rng.uniform(0, limit)), ("left", "right")[k % 2])
        for k, image in enumerate(np.sort(chosen))
    }

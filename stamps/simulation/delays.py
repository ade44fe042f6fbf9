"""Delay phases of the images: deformation, errors of the DEM, troposphere, orbits.

Image ``i`` has a residual delay phase ``Phi_i = +4 pi/lambda * dR_i``; displacement ``d`` along the line of sight towards the
satellite gives ``Phi = -4 pi/lambda * d``, so a velocity estimated as ``v = -lambda/(4 pi) * dPhi/dt`` equals that of the
scene. Flat-earth and DEM phases are left out. Deformation, correlated DEM error, turbulent and stratified troposphere and
orbit ramps act on scatterers and speckle alike; the uncorrelated height error acts on point scatterers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from stamps.insar.constants import DAYS_PER_YEAR
from stamps.simulation.acquisitions import Acquisitions, perpendicular_baseline
from stamps.simulation.plan import StackPlan
from stamps.simulation.random_fields import power_law_field, stream
from stamps.simulation.scene import Scene

__all__ = ["SMALL_SCENE", "Atmosphere", "Delays"]

#: Pixels up to which a scene is small enough to keep the parts of the phases, not only their sums.
SMALL_SCENE = 4_000_000
_PARTS = ("defo", "topo", "turb", "tropo", "orbit")


@dataclass(frozen=True)
class Atmosphere:
    """What the delays of the images are drawn from; arrays with a row for each image.

    Attributes
    ----------
    ramp : ndarray of float64, shape (n_images, 2)
        Orbit ramps along azimuth and range, rad across the scene.
    tropo : ndarray of float64, shape (n_images,)
        Height-dependent delay, rad/km.
    turbulence : ndarray of float64, shape (n_images,)
        Rms of the turbulent delay, rad.
    season : ndarray of float64, shape (n_images,)
        Phase of the yearly motion, -1 to 1, minus that of the master.
    fields : Generator
        Where the turbulence comes from.
    """

    ramp: npt.NDArray[np.float64]
    tropo: npt.NDArray[np.float64]
    turbulence: npt.NDArray[np.float64]
    season: npt.NDArray[np.float64]
    fields: Generator

    @classmethod
    def drawn(cls, plan: StackPlan) -> Atmosphere:
        """Draw ramps, stratification and strength of the turbulence."""
        settings, n = plan.settings, plan.settings.n_images
        orbit, fields = stream(settings.seed, "orbit"), stream(settings.seed, "atmosphere")
        return cls(
            ramp=orbit.normal(0, settings.orbit_ramp, (n, 2)),
            tropo=orbit.normal(0, settings.tropo, n),
            turbulence=settings.atmosphere * np.exp(fields.normal(0, 0.35, n)),
            season=_season(plan.acquisitions),
            fields=fields,
        )


def _season(acquisitions: Acquisitions) -> npt.NDArray[np.float64]:
    day_of_year = np.array([date.timetuple().tm_yday for date in acquisitions.dates])
    season = np.sin(2 * np.pi * day_of_year / DAYS_PER_YEAR)
    return season - season[acquisitions.master]


class Delays:
    """Delay phases, image by image in the order of the dates; what acts on the scatterers is kept.

    Attributes
    ----------
    atmosphere : Atmosphere
    at_scatterers : ndarray of float32, shape (n_images, n_ps)
        Delay phase of the point scatterers, rad.
    parts : dict of ndarray of float32, shape (n_images, n_ps)
        Its parts by name; empty where the scene is larger than :data:`SMALL_SCENE`.
    """

    def __init__(self, plan: StackPlan, scene: Scene) -> None:
        self._plan, self._scene = plan, scene
        self.atmosphere = Atmosphere.drawn(plan)
        size = (plan.settings.n_images, scene.scatterers.size)
        self.at_scatterers = np.zeros(size, np.float32)
        small = scene.scatterers.mask.size <= SMALL_SCENE
        self.parts = {name: np.zeros(size, np.float32) for name in _PARTS} if small else {}

    def of_image(self, image: int) -> npt.NDArray[np.float32]:
        """Delay phase of the pixels of an image, rad.

        The grid holds the spatially smooth terms, which act on the speckle too; the scatterers' phase
        (``at_scatterers[image]``, filled here) adds their own height error.

        Returns
        -------
        ndarray of float32, shape (lines, samples)
        """
        rows, cols = self._scene.scatterers.rows, self._scene.scatterers.cols
        total = np.zeros(self._scene.shape, np.float32)
        height_to_phase = self._height_to_phase(image)
        own = height_to_phase[rows, cols] * self._scene.scatterers.height_error
        for name, part in self._terms(image, height_to_phase):
            np.add(total, part, out=total)
            if self.parts:
                self.parts[name][image] = part[rows, cols] + (own if name == "topo" else 0)
        self.at_scatterers[image] = total[rows, cols] + own
        return total

    def _height_to_phase(self, image: int) -> npt.NDArray[np.float32]:
        """Phase of a metre of height, rad/m, shape (lines, samples)."""
        geometry = self._plan.geometry
        bperp = perpendicular_baseline(geometry, self._plan.acquisitions, image)
        return (bperp * geometry.height_to_phase).astype(np.float32)

    def _terms(
        self, image: int, height_to_phase: npt.NDArray[np.float32]
    ) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        """Names and phases of the terms that act on all pixels, rad, shape (lines, samples)."""
        scene, atmosphere, geometry = self._scene, self.atmosphere, self._plan.geometry
        shift = scene.deformation.velocity * np.float32(
            self._plan.acquisitions.years[image]
        )  # mm towards the satellite
        shift += scene.deformation.seasonal * np.float32(atmosphere.season[image])
        yield "defo", shift * np.float32(-4e-3 * np.pi / geometry.wavelength)
        yield "topo", height_to_phase * scene.dem_error
        turbulence = power_law_field(atmosphere.fields, scene.shape, geometry.posting, 11.0 / 3.0, 10000.0, step=30.0)
        yield "turb", turbulence * np.float32(atmosphere.turbulence[image])
        yield "tropo", scene.terrain.dem * np.float32(atmosphere.tropo[image] / 1000.0)
        y = np.linspace(-0.5, 0.5, scene.shape[0], dtype=np.float32)[:, None]
        x = np.linspace(-0.5, 0.5, scene.shape[1], dtype=np.float32)[None, :]
        ramp = atmosphere.ramp[image].astype(np.float32)
        yield "orbit", ramp[0] * y + ramp[1] * x

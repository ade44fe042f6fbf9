"""What does not change from image to image: terrain, land cover, point scatterers, errors of the DEM, deformation.

A pixel is distributed clutter, water (noise only) or holds a point scatterer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.simulation.deformation import Deformation, deform
from stamps.simulation.geometry import Geometry
from stamps.simulation.random_fields import power_law_field, stream
from stamps.simulation.scatterers import Dominance, Scatterers, dominance, place_scatterers
from stamps.simulation.settings import Settings

__all__ = ["THERMAL_NOISE", "LandCover", "Scene", "Terrain", "make_scene"]

THERMAL_NOISE = 6.0  # rms amplitude
_LAND_STEP = 25.0  # m, of the grid on which land cover is drawn
_FLOOR = 1e-6
_LOWEST_LAND = 2.0  # m
_WATER_CLUTTER, _LAND_CLUTTER = 9.0, 55.0  # rms amplitude


@dataclass(frozen=True)
class Terrain:
    """Heights (m, float32) and which pixels are water (bool), both of shape (lines, samples)."""

    dem: npt.NDArray[np.float32]
    water: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LandCover:
    """Towns, bare coherent ground and vegetation; all of shape (lines, samples).

    Attributes
    ----------
    bare : ndarray of bool
        Coherent ground without vegetation.
    town : ndarray of float32
        How much of a town a pixel is, 0 to 1.
    clutter : ndarray of float32
        Rms amplitude of the distributed clutter.
    tau : ndarray of float32
        Time in which the clutter decorrelates, days.
    permanent : ndarray of float32
        Part of the clutter's power that stays.
    """

    bare: npt.NDArray[np.bool_]
    town: npt.NDArray[np.float32]
    clutter: npt.NDArray[np.float32]
    tau: npt.NDArray[np.float32]
    permanent: npt.NDArray[np.float32]

    @property
    def background(self) -> npt.NDArray[np.float32]:
        """Rms amplitude of what is no point scatterer: clutter and thermal noise."""
        return np.sqrt(self.clutter**2 + THERMAL_NOISE**2)


@dataclass(frozen=True)
class Scene:
    """All that acts on every image; ``dem_error`` is the spatially correlated error of the DEM, m, (lines, samples)."""

    shape: tuple[int, int]
    terrain: Terrain
    cover: LandCover
    scatterers: Scatterers
    dominance: Dominance
    dem_error: npt.NDArray[np.float32]
    deformation: Deformation

    @property
    def sidelobe(self) -> npt.NDArray[np.bool_]:
        """Pixels that the signal of a point scatterer elsewhere dominates, shape (lines, samples)."""
        return (self.dominance.signal > self.cover.background) & ~self.scatterers.mask

    @property
    def phase_std(self) -> npt.NDArray[np.float32]:
        """Phase noise of the point scatterers in their own pixels in one image, rad, shape (n_ps,)."""
        rows, cols = self.scatterers.rows, self.scatterers.cols
        peak = self.dominance.signal[rows, cols]
        return self.cover.background[rows, cols] / (np.sqrt(2) * np.maximum(peak, _FLOOR))


def make_scene(settings: Settings, geometry: Geometry) -> Scene:
    """Draw the scene."""
    terrain = _make_terrain(settings, geometry)
    cover = _make_land_cover(settings, geometry, terrain.water)
    weight = (0.08 + cover.town) * ~terrain.water
    scatterers = place_scatterers(settings, weight, cover.background)
    error = power_law_field(stream(settings.seed, "demerr"), settings.shape, geometry.posting, 4.0, 600.0, step=60.0)
    return Scene(
        shape=settings.shape,
        terrain=terrain,
        cover=cover,
        scatterers=scatterers,
        dominance=dominance(scatterers),
        dem_error=np.where(terrain.water, 0, settings.sigma_dem * error).astype(np.float32),
        deformation=deform(settings, geometry, (cover.town > 0.5) & ~terrain.water, terrain.dem),
    )


def _make_terrain(settings: Settings, geometry: Geometry) -> Terrain:
    """Fractal terrain, gentle enough not to lay over; the lowest part is water."""
    rng = stream(settings.seed, "dem")
    outer_scale = 0.6 * min(geometry.extent) + 400.0
    dem = power_law_field(rng, settings.shape, geometry.posting, 4.2, outer_scale, step=90.0)
    sea = np.quantile(dem, settings.water_fraction) if settings.water_fraction > 0 else dem.min()
    water = dem < sea
    dem = np.where(water, 0, dem - sea)
    dem *= settings.relief / max(dem.max(), _FLOOR)
    slope = np.abs(np.diff(dem, axis=1)).max() / geometry.ground_spacing
    dem *= min(1.0, settings.max_slope / max(slope, _FLOOR))
    return Terrain(np.where(water, 0, dem + _LOWEST_LAND).astype(np.float32), water)


def _make_land_cover(settings: Settings, geometry: Geometry, water: npt.NDArray[np.bool_]) -> LandCover:
    """Towns (point scatterers, permanent clutter), bare coherent ground, vegetation."""
    rng = stream(settings.seed, "landcover")

    def field(exponent: float, outer_scale: float) -> npt.NDArray[np.float32]:
        return power_law_field(rng, settings.shape, geometry.posting, exponent, outer_scale, step=_LAND_STEP)

    density = 1.0 / (1.0 + np.exp(-4.0 * (field(3.2, 900.0) - 0.5)))
    coherent = field(3.5, 700.0) > 1.8
    texture = field(2.6, 500.0)
    bare = coherent & ~water & (density < 0.5)
    town = np.where(water, 0, density).astype(np.float32)
    clutter = _LAND_CLUTTER * np.exp(0.3 * texture) * (1.0 + 0.7 * town)
    tau = np.where(bare, 90.0, 6.0 + 6.0 * town)
    permanent = np.where(bare, 0.35, 0.01 + 0.03 * town)
    return LandCover(
        bare=bare,
        town=town,
        clutter=np.where(water, _WATER_CLUTTER, clutter).astype(np.float32),
        tau=np.where(water, 1e-3, tau).astype(np.float32),
        permanent=np.where(water, 0.0, permanent).astype(np.float32),
    )

"""The truth of a simulated stack: ``truth.npz`` (arrays) and ``truth.json`` (settings and facts).

Names starting with ``ps_`` have one entry per point scatterer (or n_images x n_ps); 2-D names are maps over the radar grid.
Very large scenes keep the total phase of each scatterer but not its components.
"""

from __future__ import annotations

import dataclasses
import json
import os
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.simulation.acquisitions import perpendicular_baseline
from stamps.simulation.images import ImageMaker
from stamps.simulation.plan import StackPlan
from stamps.simulation.scene import Scene

__all__ = ["PixelClass", "write_truth"]


class PixelClass(IntEnum):
    """What a pixel is, as ``pixel_class`` of ``truth.npz`` says it."""

    CLUTTER = 0
    POINT_SCATTERER = 1
    WATER = 2
    COHERENT_GROUND = 3


def write_truth(
    plan: StackPlan,
    scene: Scene,
    maker: ImageMaker,
    *,
    dispersion: npt.NDArray[np.floating],
    statistics: dict[str, float],
) -> None:
    """Write ``truth.npz`` and ``truth.json``.

    Parameters
    ----------
    plan : StackPlan
    scene : Scene
    maker : ImageMaker
        After it has made all images.
    dispersion : ndarray of float32, shape (lines, samples)
        Amplitude (difference) dispersion.
    statistics : dict
        What the selection of candidates selects.
    """
    target = Path(plan.settings.datadir)
    truth = {
        **_acquisitions(plan),
        **_effects(maker),
        **_along_range(plan),
        **_maps(scene),
        "da": dispersion.astype(np.float32),
        **_at_scatterers(scene, maker),
        **_components(plan, scene, maker),
    }
    np.savez(target / "truth.npz", **truth)
    facts = {**_scalars(plan, scene, maker), "statistics": statistics}
    (target / "truth.json").write_text(json.dumps(facts, indent=1) + "\n")


def _acquisitions(plan: StackPlan) -> dict[str, Any]:
    acquisitions = plan.acquisitions
    return {
        "dates": np.array([int(name) for name in acquisitions.names]),
        "ordinals": acquisitions.ordinals,
        "days": acquisitions.days,
        "years": acquisitions.years,
        "master_ix": acquisitions.master,
        "ifg_ix": np.array(plan.pairs),
        "bperp_centre": acquisitions.bperp,
        "bpar_centre": acquisitions.bpar,
        "baseline_t": acquisitions.along,
        "baseline_c": acquisitions.across,
        "baseline_n": acquisitions.down,
        "rate_c": acquisitions.across_rate,
        "rate_n": acquisitions.down_rate,
    }


def _effects(maker: ImageMaker) -> dict[str, Any]:
    atmosphere = maker.delays.atmosphere
    return {
        "gain": maker.gain,
        "orbit_ramp": atmosphere.ramp,
        "tropo": atmosphere.tropo,
        "turbulence_rms": atmosphere.turbulence,
        "season": atmosphere.season,
    }


def _along_range(plan: StackPlan) -> dict[str, Any]:
    return {name: getattr(plan.geometry, name) for name in ("range", "look", "incidence", "height_to_phase")}


def _maps(scene: Scene) -> dict[str, Any]:
    return {
        "pixel_class": _pixel_classes(scene),
        "sidelobe": scene.sidelobe,
        "ps_parent_map": scene.dominance.parent,
        "v_los": scene.deformation.velocity,
        **_on_the_ground(scene),
        "seasonal": scene.deformation.seasonal,
        "dem_error": scene.dem_error,
    }


def _on_the_ground(scene: Scene) -> dict[str, Any]:
    """Eastward and upward velocity, where the motion is one of the ground."""
    ground = scene.deformation.ground
    return {} if ground is None else {"v_east": ground[0], "v_up": ground[1]}


def _pixel_classes(scene: Scene) -> npt.NDArray[np.uint8]:
    """Class of each pixel, shape (lines, samples)."""
    classes = np.full(scene.shape, PixelClass.CLUTTER, np.uint8)
    classes[scene.cover.bare] = PixelClass.COHERENT_GROUND
    classes[scene.terrain.water] = PixelClass.WATER
    classes[scene.scatterers.mask] = PixelClass.POINT_SCATTERER
    return classes


def _at_scatterers(scene: Scene, maker: ImageMaker) -> dict[str, Any]:
    scatterers = scene.scatterers
    rows, cols = scatterers.rows, scatterers.cols
    return {
        "ps_line": rows.astype(np.int32),
        "ps_sample": cols.astype(np.int32),
        "ps_v_los": scene.deformation.velocity[rows, cols],
        "ps_seasonal": scene.deformation.seasonal[rows, cols],
        "ps_height_error": scatterers.height_error + scene.dem_error[rows, cols],
        "ps_height_error_uncorrelated": scatterers.height_error,
        "ps_amplitude": scatterers.amplitude,
        "ps_phase_std": scene.phase_std.astype(np.float32),
        "ps_da_target": scatterers.dispersion.astype(np.float32),
        "ps_phase": maker.delays.at_scatterers,
    }


def _components(plan: StackPlan, scene: Scene, maker: ImageMaker) -> dict[str, Any]:
    """Clutter, parts of the phases and baselines of the scatterers; nothing where the scene is large."""
    if not maker.delays.parts:
        return {}
    rows, cols = scene.scatterers.rows, scene.scatterers.cols
    bperp = [
        perpendicular_baseline(plan.geometry, plan.acquisitions, image)[rows, cols]
        for image in range(plan.settings.n_images)
    ]
    return {
        "clutter": scene.cover.clutter,
        "tau": scene.cover.tau,
        "permanent": scene.cover.permanent,
        **{f"ps_phase_{name}": phase for name, phase in maker.delays.parts.items()},
        "ps_bperp": np.stack(bperp).astype(np.float32),
    }


def _scalars(plan: StackPlan, scene: Scene, maker: ImageMaker) -> dict[str, Any]:
    """Settings, and facts that follow from them."""
    geometry, acquisitions = plan.geometry, plan.acquisitions
    return {
        **dataclasses.asdict(plan.settings),
        "datadir": os.fspath(plan.settings.datadir),
        "master": acquisitions.master_name,
        "n_ifgs": len(plan.pairs),
        "n_ps": scene.scatterers.size,
        "wavelength": geometry.wavelength,
        "near_range": geometry.near_range,
        "sar_to_earth_center": geometry.sar_radius,
        "earth_radius_below_sensor": geometry.earth_radius,
        "prf": geometry.prf,
        "ground_range_spacing": float(geometry.ground_spacing),
        "extent_m": [float(length) for length in geometry.extent],
        "bowl": scene.deformation.bowl,
        "pixel_classes": {each.name.lower(): int(each) for each in PixelClass},
        "border": {acquisitions.names[image]: border for image, border in maker.border.items()},
    }

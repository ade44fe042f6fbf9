"""A simulated stack as HyP3 delivers it: one folder of GeoTIFFs and a text file for each pair, geocoded in UTM.

Phases are those of the truth, resampled to the map; each interferogram has a constant of its own and, where asked for, a
rectangle that is off by 2 pi, as a wrong unwrapping leaves it. Extents differ from product to product. ``hyp3_truth.npz``
holds phase, velocity and error of the DEM on the whole map.

Source: docs/method/hyp3.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.random import PCG64, Generator

from stamps.errors import InputError
from stamps.insar.phase import wrapped
from stamps.simulation.delays import Delays
from stamps.simulation.hyp3_map import Hyp3Map, write_tif
from stamps.simulation.hyp3_texts import TYPES, product_name, product_text
from stamps.simulation.plan import StackPlan
from stamps.simulation.scene import Scene, make_scene
from stamps.simulation.snap_files import SnapStack

__all__ = ["FOLDER", "TRUTH", "write_hyp3"]

FOLDER, TRUTH = "hyp3", "hyp3_truth.npz"
_PURPOSE = 4_859  # beside those of stamps.simulation.random_fields
_LOOKS = 60
_FILTERED = 0.5  # of the noise, what the phase filter leaves
_DECORRELATION = 300.0  # days
_CONSTANT = 20.0  # rad
_MARGIN = 5  # pixels
_WATER_COHERENCE = 0.08
_DTYPES = {"dem": "int16", "conncomp": "uint8", "water_mask": "uint8"}


@dataclass(frozen=True)
class _Ground:
    """What does not change from image to image, on the map.

    Attributes
    ----------
    quality : ndarray of float32
        Coherence of a pair of images without time between them.
    water : ndarray of bool
    dem, theta : ndarray of float32
        Heights, m; elevation of the look vector, rad.
    """

    quality: npt.NDArray[np.float32]
    water: npt.NDArray[np.bool_]
    dem: npt.NDArray[np.float32]
    theta: npt.NDArray[np.float32]


def write_hyp3(stack: SnapStack, target: Path) -> None:
    """Write ``hyp3/`` and the truth on the map.

    Parameters
    ----------
    stack : SnapStack
        Settings ``hyp3_type`` and ``hyp3_errors`` say of which type the products are and in how many there are errors.
    target : Path
        Folder of both.

    Raises
    ------
    InputError
        There is no such type.
    """
    plan = stack.plan
    if plan.settings.hyp3_type not in TYPES:
        raise InputError(f"hyp3_type is '{plan.settings.hyp3_type}', not {', '.join(TYPES)}.")
    scene = make_scene(plan.settings, plan.geometry)
    chart = Hyp3Map.of(stack, spacing=80.0)
    phases = _phases(plan, scene, chart)
    ground = _ground(plan, scene, chart)
    rng = Generator(PCG64([plan.settings.seed, _PURPOSE]))
    pairs = [(m, s) for m, s in plan.pairs if m != s]
    broken = set(rng.choice(len(pairs), min(plan.settings.hyp3_errors, len(pairs)), replace=False).tolist())
    folder = target / FOLDER
    for number, pair in enumerate(pairs):
        older, newer = sorted(pair)
        draws = Generator(PCG64([plan.settings.seed, _PURPOSE, number]))
        coherence = _coherence(plan, ground, older, newer)
        phase = phases[newer] - phases[older] + _noise(draws, coherence)
        constant = draws.uniform(-_CONSTANT, _CONSTANT)
        unw = phase + np.float32(constant)
        inner = chart.trimmed(draws.integers(0, max(1, min(_MARGIN, min(chart.shape) // 8)), 4))
        block = _block(draws, chart.shape)
        if number in broken:
            unw[block] += np.float32(2 * np.pi * draws.choice([-1, 1]))
        rasters = {"unw_phase": unw, "wrapped_phase": wrapped(phase), "corr": coherence}
        _write_product(folder, plan, (older, newer), number, (chart, inner), rasters, ground)
    np.savez(
        target / TRUTH,
        phase=phases,
        velocity=chart.resampled(scene.deformation.velocity),
        dem_error=chart.resampled(scene.dem_error),
        origin=np.array(chart.origin),
        spacing=chart.spacing,
        epsg=chart.epsg,
        dates=np.array([int(name) for name in plan.acquisitions.names]),
        bperp=plan.acquisitions.bperp,
        broken=np.array(sorted(broken), np.int64),
    )


def _phases(plan: StackPlan, scene: Scene, chart: Hyp3Map) -> npt.NDArray[np.float32]:
    """Delay phases of all images on the map, rad; NaN beyond the scene."""
    delays = Delays(plan, scene)
    return np.stack([chart.resampled(delays.of_image(image)) for image in range(plan.settings.n_images)])


def _ground(plan: StackPlan, scene: Scene, chart: Hyp3Map) -> _Ground:
    cover = scene.cover
    quality = 0.45 + 0.5 * np.maximum(cover.town, cover.bare)
    incidence = np.broadcast_to(plan.geometry.incidence.astype(np.float32), scene.shape)
    water = chart.resampled(scene.terrain.water.astype(np.float32)) > 0.5
    return _Ground(
        quality=np.where(water, _WATER_COHERENCE, chart.resampled(quality)).astype(np.float32),
        water=water,
        dem=chart.resampled(scene.terrain.dem),
        theta=np.float32(np.pi / 2) - chart.resampled(incidence),
    )


def _coherence(plan: StackPlan, ground: _Ground, older: int, newer: int) -> npt.NDArray[np.float32]:
    days = plan.acquisitions.days[newer] - plan.acquisitions.days[older]
    return (ground.quality * np.exp(-np.float32(days / _DECORRELATION))).astype(np.float32)


def _noise(draws: Generator, coherence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Phase noise that goes with a coherence, filtered; rad."""
    safe = np.where(np.isfinite(coherence), coherence, 1).astype(np.float64)
    sigma = _FILTERED * np.sqrt((1 - safe**2) / (2 * _LOOKS)) / safe
    return (sigma * draws.standard_normal(safe.shape)).astype(np.float32)


def _block(draws: Generator, shape: tuple[int, int]) -> tuple[slice, slice]:
    """A rectangle of a fifth to a third of each side."""
    parts = []
    for length in shape:
        size = int(length * draws.uniform(0.2, 0.33))
        first = int(draws.integers(0, length - size))
        parts.append(slice(first, first + size))
    return parts[0], parts[1]


def _write_product(
    folder: Path,
    plan: StackPlan,
    images: tuple[int, int],
    number: int,
    place: tuple[Hyp3Map, tuple[slice, slice]],
    phases: dict[str, npt.NDArray[np.float32]],
    ground: _Ground,
) -> None:
    """One product: its rasters, no data as its type has it, and its text."""
    kind, (chart, inner) = plan.settings.hyp3_type, place
    name = product_name(plan, images, number)
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    rasters = {**phases, **_geometry(plan, ground)}
    if kind != "INSAR_GAMMA":
        unwrapped = np.isfinite(phases["unw_phase"]) & ~ground.water
        rasters["conncomp"] = unwrapped.astype(np.uint8)
        rasters["unw_phase"] = np.where(unwrapped, phases["unw_phase"], 0)
    rasters["water_mask"] = (~ground.water).astype(np.uint8)
    for tag, values in rasters.items():
        write_tif(home / f"{name}_{tag}.tif", chart, inner, values, _DTYPES.get(tag, "float32"))
    (home / f"{name}.txt").write_text(product_text(plan, images))


def _geometry(plan: StackPlan, ground: _Ground) -> dict[str, npt.NDArray[np.floating]]:
    """Heights and look vectors; for GAMMA also the incidence angles."""
    azimuth = wrapped(np.array(np.pi - np.radians(plan.settings.heading)))
    rasters = {
        "dem": ground.dem,
        "lv_theta": ground.theta,
        "lv_phi": np.where(np.isfinite(ground.theta), np.float32(azimuth), np.nan),
    }
    if plan.settings.hyp3_type == "INSAR_GAMMA":
        incidence = np.float32(np.pi / 2) - ground.theta
        rasters |= {"inc_map": incidence, "inc_map_ell": incidence}
    return rasters

"""Simulate a Sentinel-1 interferometric stack: images, interferograms, geometry, and their truth.

:func:`simulate` writes a directory that StaMPS' ``mt_prep_snap`` can ingest, either with a single master (persistent
scatterers)

    DATADIR/rslc/YYYYMMDD.rslc, .rslc.par          one per image
    DATADIR/diff0/MASTER_SLAVE.diff, .base         one per slave
    DATADIR/geo/MASTER_dem.rdc, MASTER.lon, MASTER.lat, MASTER.diff_par
    DATADIR/dem/MASTER_seg.par

or with a small-baseline network

    DATADIR/SMALL_BASELINES/DATE1_DATE2/  both .rslc(.par), .diff, .base
    DATADIR/geo/..., DATADIR/dem/...

Other layouts (gamma, doris, isce, cslc, gslc, hyp3) hold the same stack as the other processors write it, see
:mod:`stamps.simulation.layouts`. Beside it stands the truth, :mod:`stamps.simulation.truth_files`.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError
from stamps.simulation.dispersion import Amplitudes, Differences, amplitude_dispersion, candidate_statistics
from stamps.simulation.geometry import longitude_latitude
from stamps.simulation.images import ImageMaker
from stamps.simulation.layouts import LAYOUTS, translate
from stamps.simulation.plan import StackPlan, plan_stack
from stamps.simulation.scene import Scene, make_scene
from stamps.simulation.settings import Settings
from stamps.simulation.snap_files import (
    SnapStack,
    baseline_text,
    link_or_copy,
    parameter_text,
    write_geometry,
    write_raster,
)
from stamps.simulation.truth_files import write_truth

__all__ = ["simulate"]

#: Where a stack in SNAP's layout waits to be translated.
_UNTRANSLATED = ".snap"
_FOLDERS = (
    "rslc",
    "diff0",
    "SMALL_BASELINES",
    "geo",
    "dem",
    "merged",
    "reference",
    "cslc",
    "gslc",
    "hyp3",
    _UNTRANSLATED,
)
_FILES = ("truth.npz", "truth.json", "mask.bin", "cells.npz", "hyp3_truth.npz")
_SHARES = {
    "share_point_scatterer": "point scatterers",
    "share_sidelobe": "their neighbours",
    "share_coherent_ground": "coherent ground",
}


def simulate(settings: Settings) -> None:
    """Write the whole data set.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    InputError
        The directory holds a data set and ``settings.overwrite`` is off.
    """
    say = _speaker(settings.quiet)
    target = Path(settings.datadir)
    _clear(target, settings.overwrite)
    plan = plan_stack(settings)
    scene = make_scene(settings, plan.geometry)
    say(_scene_line(plan, scene))
    maker = ImageMaker(plan, scene)
    amplitudes, differences = _write_stack(plan, scene, maker, say)
    if settings.mask:
        scene.terrain.water.astype(np.uint8).tofile(target / "mask.bin")
    dispersion = amplitude_dispersion(plan, amplitudes, differences)
    statistics = candidate_statistics(plan, scene, amplitudes.complete, dispersion)
    write_truth(plan, scene, maker, dispersion=dispersion, statistics=statistics)
    shares = ", ".join(f"{100 * statistics[key]:.0f}% {what}" for key, what in _SHARES.items())
    say(
        f"dispersion < {statistics['da_threshold']:.1f}: {100 * statistics['candidate_fraction']:.1f}% of the pixels; "
        f"of these {shares}"
    )
    say(f"master {plan.acquisitions.master_name}, written to {settings.datadir}")


def _speaker(quiet: bool) -> Callable[[str], None]:
    """What prints lines of progress with the seconds since now."""
    began = time.time()

    def say(text: str) -> None:
        if not quiet:
            print(f"[{time.time() - began:7.1f}s] {text}", flush=True)

    return say


def _scene_line(plan: StackPlan, scene: Scene) -> str:
    azimuth, ground_range = plan.geometry.extent
    return (
        f"scene {plan.settings.lines} x {plan.settings.samples} ({azimuth / 1e3:.1f} x {ground_range / 1e3:.1f} km), "
        f"{scene.scatterers.size} point scatterers, {plan.settings.n_images} images, {len(plan.pairs)} interferograms"
    )


def _clear(target: Path, overwrite: bool) -> None:
    """Make the directory, or remove an old data set from it where that is allowed."""
    stale = [name for name in _FOLDERS if (target / name).exists()]
    if target.is_dir():
        stale += sorted(path.name for path in target.glob("INSAR_*"))
    if stale and not overwrite:
        raise InputError(f"{target} already holds {', '.join(stale)}: choose another directory or use --overwrite.")
    for name in stale:
        shutil.rmtree(target / name)
    for name in _FILES:
        (target / name).unlink(missing_ok=True)
    target.mkdir(parents=True, exist_ok=True)


def _write_stack(
    plan: StackPlan, scene: Scene, maker: ImageMaker, say: Callable[[str], None]
) -> tuple[Amplitudes, Differences]:
    """Images, interferograms and geometry in the layout asked for; returns what the dispersion needs."""
    layout, target = plan.settings.layout, Path(plan.settings.datadir)
    translated = layout in LAYOUTS
    written = (
        dataclasses.replace(plan, settings=dataclasses.replace(plan.settings, layout="clean")) if translated else plan
    )
    stack = SnapStack.made(written, target / _UNTRANSLATED if translated else target)
    amplitudes = _write_images(stack, maker, say)
    differences = _write_interferograms(stack, amplitudes.mean)
    say(f"{len(plan.pairs)} interferograms")
    lon, lat = longitude_latitude(plan.settings, plan.geometry, scene.terrain.dem)
    write_geometry(stack, dem=scene.terrain.dem, lon=lon, lat=lat)
    if translated:
        translate(layout, stack, target)
        shutil.rmtree(stack.root)
        say(f"in the layout of {layout}")
    return amplitudes, differences


def _write_images(stack: SnapStack, maker: ImageMaker, say: Callable[[str], None]) -> Amplitudes:
    """SLCs with their headers."""
    plan = stack.plan
    amplitudes = Amplitudes(plan.settings.shape, plan.settings.n_images)
    for image, name in enumerate(plan.acquisitions.names):
        slc = maker.make(image)
        first, *others = stack.slcs(image)
        write_raster(first, slc)
        _header(first).write_text(parameter_text(plan, image))
        for path in others:
            link_or_copy(first, path)
            link_or_copy(_header(first), _header(path))
        amplitudes.add(image, slc)
        gain, bperp = maker.gain[image], plan.acquisitions.bperp[image]
        say(f"image {image + 1:2d}/{plan.settings.n_images} {name}  gain {gain:.2f}  B_perp {bperp:7.1f} m")
    return amplitudes


def _header(slc: Path) -> Path:
    """Parameter file of an SLC."""
    return slc.with_name(slc.name + ".par")


def _write_interferograms(stack: SnapStack, mean_amplitude: npt.NDArray[np.float64]) -> Differences:
    """Interferograms with their baselines."""
    plan = stack.plan
    differences = Differences(plan.settings.shape)
    cached_image, cached = -1, np.empty(0, np.complex64)
    for master, slave in plan.pairs:
        if cached_image != master:
            cached_image, cached = master, stack.slc(master)
        other = stack.slc(slave)
        path = stack.interferogram(master, slave)
        write_raster(path, cached * np.conj(other))
        path.with_suffix(".base").write_text(baseline_text(plan.acquisitions, master, slave))
        if plan.settings.layout == "snap":
            path.with_suffix(".diff.par").write_text(parameter_text(plan, master))
        if plan.settings.small_baselines:
            differences.add(np.abs(cached) / mean_amplitude[master], np.abs(other) / mean_amplitude[slave])
    return differences

"""A simulated stack as Doris writes it: result files with orbits, native rasters (:mod:`stamps.frontends.doris`).

The orbits are circles over the sphere of the simulator whose offsets are its baselines.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import SnapStack, azimuth_start
from stamps.simulation.state_vectors import positions

__all__ = ["write_doris"]

_STATE_VECTORS, _STATE_SPACING = 11, 10.0  # of an orbit; seconds
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_RULE = "*" * 67


def write_doris(stack: SnapStack, target: Path) -> None:
    """Write ``INSAR_<master>/``.

    Parameters
    ----------
    stack : SnapStack
    target : Path
        Folder of ``INSAR_<master>``.
    """
    master = stack.plan.acquisitions.master_name
    root = target / f"INSAR_{master}"
    root.mkdir(parents=True)
    for suffix, name in ((".lon", "lon.raw"), (".lat", "lat.raw"), ("_dem.rdc", "dem_radar.raw")):
        stack.geometry(suffix).astype("=f4").tofile(root / name)
    _write_images(stack, root)
    if stack.plan.settings.small_baselines:
        _write_small_baselines(stack, root / "SMALL_BASELINES")
    else:
        _write_single_master(stack, root)


def _write_images(stack: SnapStack, root: Path) -> None:
    """Result files, the SLC of the master, and those of the slaves where it is the only master."""
    acquisitions = stack.plan.acquisitions
    for image, name in enumerate(acquisitions.names):
        slc = stack.slcs(image)[0]
        if image == acquisitions.master:
            _write_native(slc, root / f"{name}_crop.slc")
            (root / "master.res").write_text(_result_file(stack.plan, image, "master"))
            continue
        (root / name).mkdir()
        (root / name / "slave.res").write_text(_result_file(stack.plan, image, "slave"))
        if not stack.plan.settings.small_baselines:
            _write_native(slc, root / name / "slave_res.slc")


def _write_single_master(stack: SnapStack, root: Path) -> None:
    """Interferograms of the slaves, without that of the master with itself."""
    for master, slave in stack.plan.pairs:
        if master != slave:
            name = stack.plan.acquisitions.names[slave]
            _write_native(stack.interferogram(master, slave), root / name / "cint.minrefdem.raw")


def _write_small_baselines(stack: SnapStack, root: Path) -> None:
    """Interferograms with the SLCs of their pairs."""
    names = stack.plan.acquisitions.names
    for pair in stack.plan.pairs:
        folder = root / f"{names[pair[0]]}_{names[pair[1]]}"
        folder.mkdir(parents=True)
        _write_native(stack.interferogram(*pair), folder / "cint.minrefdem.raw")
        for image in pair:
            _write_native(stack.slcs(image)[0], folder / f"{names[image]}_filtrg.slc")


def _write_native(source: Path, target: Path) -> None:
    """Repeat a complex raster in the byte order of this machine."""
    np.fromfile(source, ">c8").astype("=c8").tofile(target)


def _result_file(plan: StackPlan, image: int, role: str) -> str:
    """Result file of an image: times, orbit and crop; ``role`` is master or slave."""
    return (
        _section("readfiles", role, [f"{key}: \t{value}" for key, value in _timing(plan, image)])
        + _section("precise_orbits", role, _orbit(plan, image))
        + _section("crop", role, [f"{key}: \t{value}" for key, value in _crop(plan, image)])
    )


def _section(name: str, role: str, lines: Iterable[str]) -> str:
    head = f"\n{_RULE}\n*_Start_{name}:\t\t\t{role}\n{_RULE}\n"
    return head + "".join(f"{line}\n" for line in lines) + f"{_RULE}\n* End_{name}:_NORMAL\n{_RULE}\n"


def _timing(plan: StackPlan, image: int) -> list[tuple[str, str]]:
    geometry, date = plan.geometry, plan.acquisitions.dates[image]
    hours, rest = divmod(azimuth_start(image), 3600)
    minutes, seconds = divmod(rest, 60)
    day = f"{date.day:02d}-{_MONTHS[date.month - 1]}-{date.year}"
    rate = SPEED_OF_LIGHT / (2 * plan.settings.range_spacing) * 1e-6
    return [
        ("Radar_wavelength (m)", f"{float(geometry.wavelength)!r}"),
        ("First_pixel_azimuth_time (UTC)", f"{day} {int(hours):02d}:{int(minutes):02d}:{seconds:09.6f}"),
        ("Pulse_Repetition_Frequency (computed, Hz)", f"{float(geometry.prf)!r}"),
        ("Range_time_to_first_pixel (2way) (ms)", f"{float(2e3 * geometry.near_range / SPEED_OF_LIGHT)!r}"),
        ("Range_sampling_rate (computed, MHz)", f"{float(rate)!r}"),
    ]


def _crop(plan: StackPlan, image: int) -> list[tuple[str, str | int]]:
    return [
        ("Data_output_file", f"{plan.acquisitions.names[image]}_crop.slc"),
        ("Data_output_format", "complex_real4"),
        ("First_line (w.r.t. original_image)", 1),
        ("Last_line (w.r.t. original_image)", plan.settings.lines),
        ("First_pixel (w.r.t. original_image)", 1),
        ("Last_pixel (w.r.t. original_image)", plan.settings.samples),
    ]


def _orbit(plan: StackPlan, image: int) -> list[str]:
    """State vectors about the middle line."""
    middle = azimuth_start(image) + (plan.settings.lines / 2 - 0.5) / plan.geometry.prf
    offsets = (np.arange(_STATE_VECTORS) - _STATE_VECTORS // 2) * _STATE_SPACING
    places = positions(plan, image, offsets)
    return [
        "t(s)\tX(m)\tY(m)\tZ(m)",
        f"NUMBER_OF_DATAPOINTS: \t{_STATE_VECTORS}",
        *(f"{middle + t:.9f}\t{x:.6f}\t{y:.6f}\t{z:.6f}" for t, (x, y, z) in zip(offsets, places, strict=True)),
    ]

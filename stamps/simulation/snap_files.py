"""Files of a simulated stack as ESA SNAP exports it for StaMPS: rasters, parameter files, baselines, their folders.

All rasters are big-endian float32 (complex: interleaved re, im), row-major, azimuth lines x range samples, no header.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR
from stamps.insar.geometry import wrapped_longitude
from stamps.simulation.acquisitions import Acquisitions
from stamps.simulation.plan import StackPlan

__all__ = [
    "SnapStack",
    "azimuth_start",
    "baseline_text",
    "java_number",
    "link_or_copy",
    "parameter_text",
    "write_geometry",
    "write_raster",
]

_START, _DRIFT = 18362.114512, 0.0137  # seconds of the day: of the first image, later for each one that follows


@dataclass(frozen=True)
class SnapStack:
    """Where the files of a stack in SNAP's layout stand.

    Attributes
    ----------
    plan : StackPlan
    root : Path
        Folder of the stack.
    of_images : list of list of Path
        Folders of the SLC of each image; the first holds the data, the others link to it.
    of_pairs : dict
        (master index, slave index) to the folder of the interferogram.
    """

    plan: StackPlan
    root: Path
    of_images: list[list[Path]]
    of_pairs: dict[tuple[int, int], Path]

    @classmethod
    def made(cls, plan: StackPlan, root: Path) -> SnapStack:
        """Make the folders of a stack."""
        names, images = plan.acquisitions.names, range(plan.settings.n_images)
        if plan.settings.small_baselines:
            of_pairs = {(m, s): root / "SMALL_BASELINES" / f"{names[m]}_{names[s]}" for m, s in plan.pairs}
            of_images = [[of_pairs[pair] for pair in plan.pairs if i in pair] for i in images]
        else:
            of_pairs = {pair: root / "diff0" for pair in plan.pairs}
            of_images = [[root / "rslc"] for _ in images]
        for folder in {*of_pairs.values(), *(folder for folders in of_images for folder in folders)}:
            folder.mkdir(parents=True, exist_ok=True)
        return cls(plan, root, of_images, of_pairs)

    def slcs(self, image: int) -> list[Path]:
        """Paths of the SLC of an image; the first holds the data."""
        return [folder / f"{self.plan.acquisitions.names[image]}.rslc" for folder in self.of_images[image]]

    def slc(self, image: int) -> npt.NDArray[np.complex64]:
        """SLC of an image, shape (lines, samples)."""
        return self._raster(self.slcs(image)[0], ">c8").astype(np.complex64)

    def interferogram(self, master: int, slave: int) -> Path:
        """Path of an interferogram."""
        names = self.plan.acquisitions.names
        return self.of_pairs[master, slave] / f"{names[master]}_{names[slave]}.diff"

    def geometry(self, suffix: str) -> npt.NDArray[np.float32]:
        """Longitudes (``.lon``), latitudes (``.lat``) or heights (``_dem.rdc``), shape (lines, samples)."""
        return self._raster(self.root / "geo" / f"{self.plan.acquisitions.master_name}{suffix}", ">f4")

    def _raster(self, path: Path, dtype: str) -> npt.NDArray[Any]:
        return np.fromfile(path, dtype).reshape(self.plan.settings.shape)


def write_raster(path: str | os.PathLike[str], values: npt.ArrayLike) -> None:
    """Write a raster as big-endian float32 or complex64."""
    dtype = ">c8" if np.iscomplexobj(values) else ">f4"
    np.ascontiguousarray(values).astype(dtype).tofile(path)


def link_or_copy(source: Path, target: Path) -> None:
    """Repeat a file in another folder, without spending disk where that is possible."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def java_number(value: float) -> str:
    """A double as Java prints it (shortest digits, E notation from 1e7 up)."""
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{int(exponent) + len(digits) - 1}"


def azimuth_start(image: int) -> float:
    """Time of the first line of an image, seconds of the day."""
    return _START + _DRIFT * image


def parameter_text(plan: StackPlan, image: int) -> str:
    """SLC parameter file: the keys that SNAP's GAMMA writer uses, in its order."""
    rows = [
        *_acquisition_rows(plan, image),
        *_scene_rows(plan),
        *_radar_rows(plan),
        *_range_rows(plan),
        ("number_of_state_vectors", 0),
    ]
    return "".join(f"{key}:\t{value}\n" for key, value in rows)


def _acquisition_rows(plan: StackPlan, image: int) -> list[tuple[str, object]]:
    settings = plan.settings
    date, name = plan.acquisitions.dates[image], plan.acquisitions.names[image]
    line_time, start = 1.0 / plan.geometry.prf, azimuth_start(image)
    return [
        ("title", f"S1_IW_SLC__1SDV_{name}_simulated"),
        ("sensor", settings.sensor),
        ("date", f"{date.year}  {date.month}  {date.day}"),
        ("start_time", java_number(start) + "\ts"),
        ("center_time", java_number(start + settings.lines / 2 * line_time) + "\ts"),
        ("end_time", java_number(start + settings.lines * line_time) + "\ts"),
        ("azimuth_line_time", java_number(line_time)),
    ]


def _scene_rows(plan: StackPlan) -> list[tuple[str, object]]:
    """Size and place; in the layout of SNAP pixel spacings are cut to whole metres, as the exporter does."""
    settings = plan.settings
    cut = int if settings.layout == "snap" else java_number
    incidence = np.degrees(plan.geometry.incidence[settings.samples // 2])
    return [
        ("range_samples", settings.samples),
        ("azimuth_lines", settings.lines),
        ("range_looks", 1),
        ("azimuth_looks", 1),
        ("image_format", "FCOMPLEX"),
        ("image_geometry", "SLANT_RANGE"),
        ("center_latitude", java_number(settings.centre_lat) + "\tdegrees"),
        ("center_longitude", java_number(settings.centre_lon) + "\tdegrees"),
        ("heading", java_number(settings.heading) + "\tdegrees"),
        ("range_pixel_spacing", f"{cut(settings.range_spacing)}\tm"),
        ("azimuth_pixel_spacing", f"{cut(settings.azimuth_spacing)}\tm"),
        ("incidence_angle", java_number(round(incidence, 6)) + "\tdegrees"),
    ]


def _radar_rows(plan: StackPlan) -> list[tuple[str, object]]:
    geometry = plan.geometry
    return [
        ("radar_frequency", f"{geometry.frequency:.7e}\tHz"),
        ("prf", java_number(geometry.prf) + "\tHz"),
        ("azimuth_proc_bandwidth", "327.0\tHz"),
        ("sar_to_earth_center", java_number(geometry.sar_radius) + "\tm"),
        ("earth_radius_below_sensor", java_number(geometry.earth_radius) + "\tm"),
        ("earth_semi_major_axis", java_number(WGS84_SEMI_MAJOR) + "\tm"),
        ("earth_semi_minor_axis", java_number(WGS84_SEMI_MINOR) + "\tm"),
    ]


def _range_rows(plan: StackPlan) -> list[tuple[str, object]]:
    """Slant ranges; in the layout of SNAP centre and far range equal the near range, as the exporter writes them."""
    settings, near = plan.settings, plan.geometry.near_range
    centre = near + (settings.samples // 2) * settings.range_spacing
    far = near + (settings.samples - 1) * settings.range_spacing
    if settings.layout == "snap":
        centre = far = near
    return [
        ("near_range_slc", java_number(near) + "\tm"),
        ("center_range_slc", java_number(centre) + "\tm"),
        ("far_range_slc", java_number(far) + "\tm"),
    ]


def baseline_text(acquisitions: Acquisitions, master: int, slave: int) -> str:
    """Baseline file as SNAP writes it: slave minus master in TCN, and its rate."""

    def difference(values: npt.NDArray[np.float64]) -> float:
        return values[slave] - values[master]

    along, across, down = (difference(a) for a in (acquisitions.along, acquisitions.across, acquisitions.down))
    across_rate, down_rate = difference(acquisitions.across_rate), difference(acquisitions.down_rate)
    return (
        f"initial_baseline(TCN):\t{along:.7f}\t{across:.7f}\t{down:.7f}\tm   m   m\n"
        f"initial_baseline_rate:\t{0:.7f}\t{across_rate:.7f}\t{down_rate:.7f}\tm/s   m/s   m/s\n"
        "precision_baseline(TCN):\t0.0000000        0.0000000        0.0000000   m   m   m\n"
        "precision_baseline_rate:\t0.0000000        0.0000000        0.0000000   m/s m/s m/s\n"
        "unwrap_phase_constant:\t0.00000     radians\n"
    )


def write_geometry(
    stack: SnapStack,
    *,
    dem: npt.NDArray[np.float32],
    lon: npt.NDArray[np.float32],
    lat: npt.NDArray[np.float32],
) -> None:
    """Write the folders ``geo`` and ``dem``.

    Parameters
    ----------
    stack : SnapStack
    dem, lon, lat : ndarray of float32, shape (lines, samples)
        Heights, m; longitudes and latitudes, degrees.
    """
    plan, target = stack.plan, stack.root
    master, snap = plan.acquisitions.master_name, plan.settings.layout == "snap"
    for folder in ("geo", "dem"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    dem_name = "elevation_dem.rdc" if snap else f"{master}_dem.rdc"
    for name, raster in ((dem_name, dem), (f"{master}.lon", lon), (f"{master}.lat", lat)):
        write_raster(target / "geo" / name, raster)
    (target / "geo" / f"{master}.diff_par").write_text(parameter_text(plan, plan.acquisitions.master))
    header = target / "dem" / ("projected_dem_seg.par" if snap else f"{master}_seg.par")
    header.write_text(_dem_text(plan, lon, lat))


def _dem_text(plan: StackPlan, lon: npt.NDArray[np.float32], lat: npt.NDArray[np.float32]) -> str:
    """Header of the DEM."""
    settings = plan.settings
    about_centre = wrapped_longitude(lon, settings.centre_lon)
    west, east = about_centre.min(), about_centre.max()
    south, north = float(lat.min()), float(lat.max())
    return (
        "title:\tprojected_dem\n"
        f"width:\t{settings.samples}\nnlines:\t{settings.lines}\ndata_format:\tREAL*4\nDEM_projection:\tEQA\n"
        "DEM_hgt_offset:\t0.0\nDEM_scale:\t1.0\n"
        f"corner_lat:\t{java_number(north)}\tdecimal degrees\ncorner_lon:\t{java_number(west)}\tdecimal degrees\n"
        f"post_lat:\t{java_number(-(north - south) / settings.lines)}\tdecimal degrees\n"
        f"post_lon:\t{java_number((east - west) / settings.samples)}\tdecimal degrees\n"
        "datum_name:\tWGS84\n"
    )

"""Layouts of other processors for a simulated stack: the same rasters and geometry, in their files and headers.

:func:`translate` turns a stack in SNAP's layout (:mod:`stamps.simulate`) into

``gamma``  the same tree with SLCs of complex int16 (SCOMPLEX), 16 times as large
``doris``  ``INSAR_<master>/`` with result files, orbits and native rasters (:mod:`stamps.frontends.doris`)
``isce``   the ``merged/`` tree of ISCE2's topsStack with XML and VRT headers (:mod:`stamps.frontends.topsstack`)

The orbits of ``doris`` are circles over the sphere of the simulator whose offsets are its baselines.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.frontends import isce
from stamps.insar.constants import SPEED_OF_LIGHT, WGS84_FIRST_ECCENTRICITY_SQUARED, WGS84_SEMI_MAJOR

if TYPE_CHECKING:
    from argparse import Namespace

    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.simulation.stack import Acquisitions, Geometry


__all__ = ["LAYOUTS", "translate"]

_INTEGER_SCALE = 16  # of SLCs of complex int16; calibration takes it out again
_BASELINE_NODES = (9, 13)  # rows and columns of ISCE's baseline rasters
_STATE_VECTORS, _STATE_SPACING = 11, 10.0  # of an orbit; seconds
_VRT_TYPES = {"c8": "CFloat32", "f4": "Float32", "f8": "Float64"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class _Stack:
    """A simulated stack: settings, geometry, dates, pairs, and its rasters in SNAP's layout."""

    def __init__(
        self, cfg: Namespace, geo: Geometry, acq: Acquisitions, pairs: Sequence[tuple[int, int]], source: str
    ) -> None:
        self.cfg, self.geo, self.acq, self.pairs = cfg, geo, acq, pairs
        self.source = Path(source)
        self.names = acq.names
        self.master = acq.names[acq.master]

    @property
    def small_baselines(self) -> bool:
        return self.cfg.network == "sb"

    def slc(self, name: str) -> Path:
        """Path of the SLC of a date."""
        if not self.small_baselines:
            return self.source / "rslc" / f"{name}.rslc"
        return next((self.source / "SMALL_BASELINES").glob(f"*/{name}.rslc"))

    def pair_names(self) -> list[tuple[str, str]]:
        """Dates of the interferograms."""
        return [(self.names[m], self.names[s]) for m, s in self.pairs]

    def interferogram(self, first: str, second: str) -> Path:
        """Path of an interferogram."""
        stem = f"{first}_{second}"
        folder = self.source / "SMALL_BASELINES" / stem if self.small_baselines else self.source / "diff0"
        return folder / f"{stem}.diff"

    def values(self, path: StrPath, dtype: str) -> NDArray[np.float32]:
        """A raster as an array of the image's shape."""
        return np.fromfile(path, dtype).reshape(self.cfg.lines, self.cfg.samples)

    def geometry(self, suffix: str) -> NDArray[np.float32]:
        """Longitude, latitude or height raster."""
        return self.values(self.source / "geo" / f"{self.master}{suffix}", ">f4")


def translate(
    layout: str, cfg: Namespace, geo: Geometry, acq: Acquisitions, pairs: Sequence[tuple[int, int]], source: str
) -> None:
    """Write a simulated stack in another layout.

    Parameters
    ----------
    layout : {'gamma', 'doris', 'isce'}
    cfg : argparse.Namespace
        Settings; ``datadir`` is where the layout goes.
    geo, acq : stamps.simulation.stack.Geometry, stamps.simulation.stack.Acquisitions
    pairs : list of (int, int)
    source : path-like
        The stack in SNAP's layout; it may be used up.
    """
    LAYOUTS[layout](_Stack(cfg, geo, acq, pairs, source), Path(cfg.datadir))


# ---------------------------------------------------------------------- Gamma


def _gamma(stack: _Stack, target: StrPath) -> None:
    """The same tree; SLCs scaled and rounded to complex int16, their headers say so."""
    for path in sorted(stack.source.rglob("*")):
        place = target / path.relative_to(stack.source)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".rslc":
            parts = np.fromfile(path, ">f4")
            np.clip(np.rint(_INTEGER_SCALE * parts), -32768, 32767).astype(">i2").tofile(place)
        elif path.name.endswith(".rslc.par"):
            place.write_text(path.read_text().replace("FCOMPLEX", "SCOMPLEX"))
        else:
            os.replace(path, place)


# ---------------------------------------------------------------------- Doris


def _doris(stack: _Stack, target: StrPath) -> None:
    root = target / f"INSAR_{stack.master}"
    root.mkdir(parents=True)
    for suffix, name in ((".lon", "lon.raw"), (".lat", "lat.raw"), ("_dem.rdc", "dem_radar.raw")):
        stack.geometry(suffix).astype("=f4").tofile(root / name)
    master = stack.acq.master
    _native(stack.slc(stack.master), root / f"{stack.master}_crop.slc")
    (root / "master.res").write_text(_result_file(stack, master, "master"))
    for i, name in enumerate(stack.names):
        if i == master:
            continue
        (root / name).mkdir()
        (root / name / "slave.res").write_text(_result_file(stack, i, "slave"))
        if not stack.small_baselines:
            _native(stack.slc(name), root / name / "slave_res.slc")
    for first, second in stack.pair_names():
        if not stack.small_baselines:
            if first != second:
                _native(stack.interferogram(first, second), root / second / "cint.minrefdem.raw")
            continue
        folder = root / "SMALL_BASELINES" / f"{first}_{second}"
        folder.mkdir(parents=True)
        _native(stack.interferogram(first, second), folder / "cint.minrefdem.raw")
        for name in (first, second):
            _native(stack.slc(name), folder / f"{name}_filtrg.slc")


def _native(source: StrPath, place: StrPath) -> None:
    np.fromfile(source, ">c8").astype("=c8").tofile(place)


def _result_file(stack: _Stack, i: int, what: str) -> str:
    """Result file of Doris for image ``i``: times, crop and orbit."""
    cfg, geo, acq = stack.cfg, stack.geo, stack.acq
    start = 18362.114512 + 0.0137 * i
    hours, rest = divmod(start, 3600)
    minutes, seconds = divmod(rest, 60)
    date = acq.dates[i]
    moment = f"{date.day:02d}-{_MONTHS[date.month - 1]}-{date.year} {int(hours):02d}:{int(minutes):02d}:{seconds:09.6f}"
    rate = SPEED_OF_LIGHT / (2 * cfg.range_spacing) * 1e-6
    timing = [
        ("Radar_wavelength (m)", f"{float(geo.wavelength)!r}"),
        ("First_pixel_azimuth_time (UTC)", moment),
        ("Pulse_Repetition_Frequency (computed, Hz)", f"{float(geo.prf)!r}"),
        ("Range_time_to_first_pixel (2way) (ms)", f"{float(2e3 * geo.near_range / SPEED_OF_LIGHT)!r}"),
        ("Range_sampling_rate (computed, MHz)", f"{float(rate)!r}"),
    ]
    crop = [
        ("Data_output_file", f"{acq.names[i]}_crop.slc"),
        ("Data_output_format", "complex_real4"),
        ("First_line (w.r.t. original_image)", 1),
        ("Last_line (w.r.t. original_image)", cfg.lines),
        ("First_pixel (w.r.t. original_image)", 1),
        ("Last_pixel (w.r.t. original_image)", cfg.samples),
    ]
    middle = start + (cfg.lines / 2 - 0.5) / geo.prf
    offsets = (np.arange(_STATE_VECTORS) - _STATE_VECTORS // 2) * _STATE_SPACING
    positions = _positions(stack, i, offsets)
    table = [f"NUMBER_OF_DATAPOINTS: \t{_STATE_VECTORS}"]
    table += [f"{middle + t:.9f}\t{x:.6f}\t{y:.6f}\t{z:.6f}" for t, (x, y, z) in zip(offsets, positions, strict=True)]
    return (
        _section("readfiles", what, [f"{key}: \t{value}" for key, value in timing])
        + _section("precise_orbits", what, ["t(s)\tX(m)\tY(m)\tZ(m)", *table])
        + _section("crop", what, [f"{key}: \t{value}" for key, value in crop])
    )


def _section(name: str, what: str, lines: Sequence[str]) -> str:
    rule = "*" * 67
    head = f"\n{rule}\n*_Start_{name}:\t\t\t{what}\n{rule}\n"
    return head + "".join(f"{line}\n" for line in lines) + f"{rule}\n* End_{name}:_NORMAL\n{rule}\n"


def _positions(stack: _Stack, i: int, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Earth-fixed positions of image ``i`` at seconds from the middle line: the master's circle and the baseline."""
    cfg, geo, acq = stack.cfg, stack.geo, stack.acq
    satellite, along = _middle_state(cfg, geo)
    across = np.cross(-satellite, along) / np.linalg.norm(satellite)
    angle = (cfg.azimuth_spacing * geo.prf / geo.earth_radius * np.asarray(time))[:, None]
    up = satellite / np.linalg.norm(satellite)
    up_t, along_t = np.cos(angle) * up + np.sin(angle) * along, np.cos(angle) * along - np.sin(angle) * up
    c = (acq.c[i] + acq.rate_c[i] * np.asarray(time))[:, None]
    n = (acq.n[i] + acq.rate_n[i] * np.asarray(time))[:, None]
    return (geo.sar_radius - n) * up_t + acq.along[i] * along_t + c * across


def _middle_state(cfg: Namespace, geo: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Position of the master at the middle line and unit vector of its velocity: it sees the centre to its right."""
    lon, lat, heading = np.radians([cfg.centre_lon, cfg.centre_lat, cfg.heading])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    along = np.cos(heading) * north + np.sin(heading) * east
    centre = _on_ellipsoid(lon, lat)
    up = centre / np.linalg.norm(centre)
    along -= (along @ up) * up  # the sphere's horizon is not quite the ellipsoid's
    along /= np.linalg.norm(along)
    right = np.cross(along, up)
    slant = geo.range[cfg.samples // 2]
    arc = np.arccos((geo.sar_radius**2 + geo.earth_radius**2 - slant**2) / (2 * geo.sar_radius * geo.earth_radius))
    return geo.sar_radius * (np.cos(arc) * up - np.sin(arc) * right), along


def _on_ellipsoid(lon: float, lat: float) -> NDArray[np.float64]:
    square = WGS84_FIRST_ECCENTRICITY_SQUARED
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - square * np.sin(lat) ** 2)
    flat = normal * np.cos(lat)
    return np.array([flat * np.cos(lon), flat * np.sin(lon), (1 - square) * normal * np.sin(lat)])


# ---------------------------------------------------------------------- ISCE


def _isce(stack: _Stack, target: StrPath) -> None:
    cfg, geo = stack.cfg, stack.geo
    merged = target / "merged"
    for name in stack.names:
        _isce_raster(merged / "SLC" / name / f"{name}.slc.full", [np.fromfile(stack.slc(name), ">c8")], cfg, "<c8")
    shape = (cfg.lines, cfg.samples)
    incidence = np.broadcast_to(np.degrees(geo.incidence), shape)
    azimuth = np.full(shape, (90 - cfg.heading + 180) % 360 - 180)
    bands = {
        "lat": ([stack.geometry(".lat")], "<f8"),
        "lon": ([stack.geometry(".lon")], "<f8"),
        "hgt": ([stack.geometry("_dem.rdc")], "<f8"),
        "los": ([incidence, azimuth], "<f4"),
    }
    for name, (rasters, dtype) in bands.items():
        _isce_raster(merged / "geom_reference" / f"{name}.rdr.full", rasters, cfg, dtype)
    for i, name in enumerate(stack.names):
        if i != stack.acq.master:
            _isce_raster(merged / "baselines" / name / name, [_baseline_nodes(stack, i)], cfg, "<f4", _BASELINE_NODES)
    (target / "reference").mkdir()
    (target / "reference" / "IW1.xml").write_text(
        '<productmanager_name>\n <component name="instance">\n  <component name="bursts">\n'
        f'   <property name="radarwavelength"><value>{float(geo.wavelength)!r}</value></property>\n'
        "  </component>\n </component>\n</productmanager_name>\n"
    )


def _baseline_nodes(stack: _Stack, i: int) -> NDArray[np.float64]:
    """Perpendicular baselines of image ``i`` at nodes from edge to edge of the image, metres."""
    cfg, geo, acq = stack.cfg, stack.geo, stack.acq
    line = np.linspace(0, cfg.lines, _BASELINE_NODES[0])[:, None]
    distance = geo.near_range + np.linspace(0, cfg.samples, _BASELINE_NODES[1]) * cfg.range_spacing
    orbit, earth = geo.sar_radius, geo.earth_radius
    look = np.arccos((orbit**2 + distance**2 - earth**2) / (2 * orbit * distance))
    time = (line - (cfg.lines / 2 - 0.5)) / geo.prf
    return (acq.c[i] + acq.rate_c[i] * time) * np.cos(look) - (acq.n[i] + acq.rate_n[i] * time) * np.sin(look)


def _isce_raster(
    path: StrPath, bands: Sequence[NDArray[Any]], cfg: Namespace, dtype: str, shape: tuple[int, int] | None = None
) -> None:
    """Write bands interleaved by line, with both headers."""
    length, width = shape or (cfg.lines, cfg.samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    stacked = np.stack([np.reshape(band, (length, width)) for band in bands], axis=1)
    stacked.astype(dtype).tofile(path)
    isce.write_header(f"{path}.xml", width, length, dtype, path.name, len(bands))
    size = np.dtype(dtype).itemsize
    rows = [f'<VRTDataset rasterXSize="{width}" rasterYSize="{length}">']
    for k in range(len(bands)):
        rows += [
            f'    <VRTRasterBand dataType="{_VRT_TYPES[dtype[1:]]}" band="{k + 1}" subClass="VRTRawRasterBand">',
            f'        <SourceFilename relativeToVRT="1">{path.name}</SourceFilename>',
            "        <ByteOrder>LSB</ByteOrder>",
            f"        <ImageOffset>{k * width * size}</ImageOffset>",
            f"        <PixelOffset>{size}</PixelOffset>",
            f"        <LineOffset>{len(bands) * width * size}</LineOffset>",
            "    </VRTRasterBand>",
        ]
    Path(f"{path}.vrt").write_text("\n".join([*rows, "</VRTDataset>", ""]))


#: Layout to what writes it.
LAYOUTS = {"gamma": _gamma, "doris": _doris, "isce": _isce}

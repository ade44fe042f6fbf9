"""A simulated stack as ISCE2's topsStack writes it: ``merged/`` with XML and VRT headers (:mod:`stamps.frontends.topsstack`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stamps.frontends import isce
from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import SnapStack

__all__ = ["write_isce"]

_BASELINE_NODES = (9, 13)  # rows and columns of the baseline rasters
_VRT_TYPES = {"c8": "CFloat32", "f4": "Float32", "f8": "Float64"}


def write_isce(stack: SnapStack, target: Path) -> None:
    """Write ``merged/`` and ``reference/``.

    Parameters
    ----------
    stack : SnapStack
    target : Path
        Folder of both.
    """
    acquisitions, merged = stack.plan.acquisitions, target / "merged"
    for image, name in enumerate(acquisitions.names):
        _write_raster(merged / "SLC" / name / f"{name}.slc.full", [stack.slc(image)], "<c8")
    _write_geometry(stack, merged / "geom_reference")
    for image, name in enumerate(acquisitions.names):
        if image != acquisitions.master:
            _write_raster(merged / "baselines" / name / name, [_baseline_nodes(stack.plan, image)], "<f4")
    (target / "reference").mkdir()
    (target / "reference" / "IW1.xml").write_text(
        '<productmanager_name>\n <component name="instance">\n  <component name="bursts">\n'
        f'   <property name="radarwavelength"><value>{float(stack.plan.geometry.wavelength)!r}</value></property>\n'
        "  </component>\n </component>\n</productmanager_name>\n"
    )


def _write_geometry(stack: SnapStack, folder: Path) -> None:
    """Coordinates and heights (float64), incidence and azimuth angle (float32, degrees)."""
    settings = stack.plan.settings
    for name, suffix in (("lat", ".lat"), ("lon", ".lon"), ("hgt", "_dem.rdc")):
        _write_raster(folder / f"{name}.rdr.full", [stack.geometry(suffix)], "<f8")
    incidence = np.broadcast_to(np.degrees(stack.plan.geometry.incidence), settings.shape)
    azimuth = np.full(settings.shape, (90 - settings.heading + 180) % 360 - 180)
    _write_raster(folder / "los.rdr.full", [incidence, azimuth], "<f4")


def _baseline_nodes(plan: StackPlan, image: int) -> npt.NDArray[np.float64]:
    """Perpendicular baselines of an image at nodes from edge to edge of the image, metres."""
    settings, geometry, acquisitions = plan.settings, plan.geometry, plan.acquisitions
    line = np.linspace(0, settings.lines, _BASELINE_NODES[0])[:, None]
    distance = geometry.near_range + np.linspace(0, settings.samples, _BASELINE_NODES[1]) * settings.range_spacing
    orbit, earth = geometry.sar_radius, geometry.earth_radius
    look = np.arccos((orbit**2 + distance**2 - earth**2) / (2 * orbit * distance))
    time = (line - (settings.lines / 2 - 0.5)) / geometry.prf
    across = acquisitions.across[image] + acquisitions.across_rate[image] * time
    down = acquisitions.down[image] + acquisitions.down_rate[image] * time
    return across * np.cos(look) - down * np.sin(look)


def _write_raster(path: Path, bands: Sequence[npt.NDArray[np.generic]], dtype: str) -> None:
    """Write bands of the same shape (lines, samples) interleaved by line, with both headers."""
    length, width = bands[0].shape
    path.parent.mkdir(parents=True, exist_ok=True)
    np.stack(bands, axis=1).astype(dtype).tofile(path)
    isce.write_header(f"{path}.xml", width, length, dtype, path.name, len(bands))
    Path(f"{path}.vrt").write_text(_vrt(path.name, length, width, len(bands), dtype))


def _vrt(name: str, length: int, width: int, n_bands: int, dtype: str) -> str:
    """Header of a raster whose bands are interleaved by line."""
    size = np.dtype(dtype).itemsize
    rows = [f'<VRTDataset rasterXSize="{width}" rasterYSize="{length}">']
    for k in range(n_bands):
        rows += [
            f'    <VRTRasterBand dataType="{_VRT_TYPES[dtype[1:]]}" band="{k + 1}" subClass="VRTRawRasterBand">',
            f'        <SourceFilename relativeToVRT="1">{name}</SourceFilename>',
            "        <ByteOrder>LSB</ByteOrder>",
            f"        <ImageOffset>{k * width * size}</ImageOffset>",
            f"        <PixelOffset>{size}</PixelOffset>",
            f"        <LineOffset>{n_bands * width * size}</LineOffset>",
            "    </VRTRasterBand>",
        ]
    return "\n".join([*rows, "</VRTDataset>", ""])

"""What ``StampsExport`` writes: the files of a pair of a simulated stack, or of invented images."""

from __future__ import annotations

import cmath
import os
import random
import struct
import time
from array import array
from collections.abc import Iterable
from pathlib import Path

from .errors import Refused
from .products import Product

__all__ = ["write_export"]

_PAIR = ("rslc/{m}.rslc", "rslc/{s}.rslc", "diff0/{m}_{s}.diff", "diff0/{m}_{s}.base")


def write_export(product: Product, target: Path, faults: frozenset[str]) -> None:
    """Write the export of a pair.

    Parameters
    ----------
    product : Product
        With two dates, the master's first.
    target : Path
        Folder that gets ``rslc/``, ``diff0/``, ``geo/`` and ``dem/``.
    faults : frozenset of str
        See :mod:`.faults`.
    """
    master, slave = product.dates
    stack = os.environ.get("GPT_STACK")
    files = _of_stack(Path(stack), master, slave) if stack else _invented(master, slave)
    order = sorted(files, key=lambda name: (not name.endswith(".par"), name))
    for k, name in enumerate(order):
        if k == len(order) // 2:
            time.sleep(float(os.environ.get("GPT_DELAY", "0")))
            if "killed" in faults:
                os.kill(os.getpid(), 9)
        if name.endswith(".base") and "no_base" in faults:
            continue
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = files[name]
        path.write_bytes(_spoilt(name, content.read_bytes() if isinstance(content, Path) else content, faults))
    for folder in ("rslc", "diff0", "geo", "dem"):
        (target / folder).mkdir(parents=True, exist_ok=True)


def _of_stack(stack: Path, master: str, slave: str) -> dict[str, Path | bytes]:
    """Files of a simulated stack that belong to a pair."""
    wanted = [stack / name.format(m=master, s=slave) for name in _PAIR]
    absent = [str(path) for path in wanted if not path.is_file()]
    if absent:
        raise Refused(f"The simulated stack has no {', '.join(absent)}")
    found = [*wanted, *(path.with_name(path.name + ".par") for path in wanted[:3])]
    found += [path for folder in ("geo", "dem") for path in sorted((stack / folder).iterdir())]
    return {str(path.relative_to(stack)): path for path in found if path.is_file()}


def _spoilt(name: str, content: bytes, faults: frozenset[str]) -> bytes:
    """A file of the export as faults leave it."""
    if name.endswith(".base") and faults & {"zero_base", "nan_base"}:
        number = "0.0000000" if "zero_base" in faults else "NaN"
        rows = [line.split("\t") for line in content.decode().splitlines()]
        return "".join("\t".join([row[0], *[number] * 3, *row[4:]]) + "\n" for row in rows[:2]).encode()
    if name.endswith(".lon") and "nan_positions" in faults:
        return struct.pack(">f", float("nan")) * (len(content) // 4)
    if name.endswith(".lat") and "zero_positions" in faults:
        return bytes(len(content))
    if name.endswith("dem.rdc") and "other_heights" in faults:
        return content[: len(content) // 2] + struct.pack(">f", 77.0) * (len(content) // 8)
    if name.endswith(".diff") and "zero_block" in faults:
        first, last = len(content) // 32 * 8, len(content) * 3 // 32 * 8
        return content[:first] + bytes(last - first) + content[last:]
    if name.endswith(".diff") and faults & {"short", "half", "sizes"}:
        return content[: len(content) * 2 // 3 // 8 * 8]
    if name.endswith((".diff", ".rslc")) and faults & {"zeros", "half_zero"}:
        kept = 0 if "zeros" in faults else len(content) // 3
        return content[:kept] + bytes(len(content) - kept)
    return content


# ---------------------------------------------------------------------- invented images

_LINES, _SAMPLES = 160, 48


def _invented(master: str, slave: str) -> dict[str, Path | bytes]:
    """Files of a pair without a simulated stack: noise that depends on the date, on a plane."""
    draw = random.Random(7)
    strength = [0.1 + draw.gammavariate(2, 1) for _ in range(_LINES * _SAMPLES)]
    images = {}
    for date in (master, slave):
        phases = random.Random(date)
        images[date] = [cmath.rect(amplitude, phases.uniform(-0.6, 0.6)) for amplitude in strength]
    places = [divmod(pixel, _SAMPLES) for pixel in range(_LINES * _SAMPLES)]
    offset = (int(slave) * 37 % 199 - 99) / 1.7
    geo = {
        "elevation_dem.rdc": [100 + 0.5 * line + 0.2 * sample for line, sample in places],
        f"{master}.lon": [15 + 3e-5 * sample + 4e-6 * line for line, sample in places],
        f"{master}.lat": [37.7 - 1.2e-4 * line + 1e-6 * sample for line, sample in places],
    }
    files: dict[str, Path | bytes] = {f"geo/{name}": _floats(values) for name, values in geo.items()}
    for date, image in images.items():
        files[f"rslc/{date}.rslc"] = _complex(image)
        files[f"rslc/{date}.rslc.par"] = _parameters(date).encode()
    pair = f"diff0/{master}_{slave}"
    files[f"{pair}.diff"] = _complex(
        [one * other.conjugate() for one, other in zip(images[master], images[slave], strict=True)]
    )
    files[f"{pair}.diff.par"] = files[f"geo/{master}.diff_par"] = _parameters(master).encode()
    files[f"{pair}.base"] = (
        f"initial_baseline(TCN):\t0.0000000\t{offset:.7f}\t{-offset / 3:.7f}\tm   m   m\n"
        f"initial_baseline_rate:\t0.0000000\t0.0100000\t0.0020000\tm/s   m/s   m/s\n"
        "precision_baseline(TCN):\t0.0000000        0.0000000        0.0000000   m   m   m\n"
        "precision_baseline_rate:\t0.0000000        0.0000000        0.0000000   m/s m/s m/s\n"
        "unwrap_phase_constant:\t0.00000     radians\n"
    ).encode()
    files["dem/projected_dem_seg.par"] = f"title:\tprojected_dem\nwidth:\t{_SAMPLES}\nnlines:\t{_LINES}\n".encode()
    return files


def _floats(values: Iterable[float]) -> bytes:
    """Values as float32, big-endian."""
    raster = array("f", values)
    raster.byteswap()
    return raster.tobytes()


def _complex(values: Iterable[complex]) -> bytes:
    return _floats(part for value in values for part in (value.real, value.imag))


def _parameters(date: str) -> str:
    rows = {
        "title": f"S1_IW_SLC__1SDV_{date}_invented",
        "sensor": "SENTINEL-1A",
        "date": f"{date[:4]}  {int(date[4:6])}  {int(date[6:])}",
        "start_time": "18362.114512\ts",
        "center_time": "18362.27\ts",
        "end_time": "18362.43\ts",
        "azimuth_line_time": "0.002055556299999998\ts",
        "range_samples": _SAMPLES,
        "azimuth_lines": _LINES,
        "range_looks": 1,
        "azimuth_looks": 1,
        "image_format": "FCOMPLEX",
        "image_geometry": "SLANT_RANGE",
        "center_latitude": "37.69\tdegrees",
        "center_longitude": "15.0007\tdegrees",
        "heading": "-166.6\tdegrees",
        "range_pixel_spacing": "2\tm",
        "azimuth_pixel_spacing": "13\tm",
        "incidence_angle": "38.5\tdegrees",
        "radar_frequency": "5.4050005e+09\tHz",
        "prf": "486.4863103\tHz",
        "azimuth_proc_bandwidth": "327.0\tHz",
        "sar_to_earth_center": "7071000.0\tm",
        "earth_radius_below_sensor": "6370000.0\tm",
        "earth_semi_major_axis": "6378137.0\tm",
        "earth_semi_minor_axis": "6356752.3142\tm",
        "near_range_slc": "846000.0\tm",
        "center_range_slc": "846000.0\tm",
        "far_range_slc": "846000.0\tm",
        "number_of_state_vectors": 0,
    }
    return "".join(f"{key}:\t{value}\n" for key, value in rows.items())

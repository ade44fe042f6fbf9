"""Names and text files of HyP3's products of a simulated stack.

Source: docs/method/hyp3.md, sections 1, 2 and 8.
"""

from __future__ import annotations

import datetime as dt
import math

from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import azimuth_start

__all__ = ["TYPES", "product_name", "product_text"]

#: Job types of HyP3.
TYPES = ("INSAR_GAMMA", "INSAR_ISCE_MULTI_BURST", "INSAR_ISCE_BURST")
_BURST, _TRACK, _SPACING = 93117, 44, 80
_FIRST_ORBIT, _ORBITS_PER_DAY = 30633, 175 / 12


def product_name(plan: StackPlan, images: tuple[int, int], number: int) -> str:
    """Name of the product of a pair (older and newer image), the ``number``-th of the stack."""
    kind, mark = plan.settings.hyp3_type, f"{number:04X}"
    older, newer = (plan.acquisitions.names[image] for image in images)
    if kind == "INSAR_GAMMA":
        first, second = (_moment(plan, image) for image in images)
        days = int(plan.acquisitions.days[images[1]] - plan.acquisitions.days[images[0]])
        return f"S1AA_{first}_{second}_VVP{days:03d}_INT{_SPACING}_G_ueF_{mark}"
    if kind == "INSAR_ISCE_MULTI_BURST":
        place = f"{_TRACK:03d}_000000s1n00-{_BURST:06d}s2n02-000000s3n00"
        return f"S1_{place}_IW_{older}_{newer}_VV_INT{_SPACING}_{mark}"
    return f"S1_{_BURST:06d}_IW2_{older}_{newer}_VV_INT{_SPACING}_{mark}"


def _moment(plan: StackPlan, image: int, later: float = 0.0) -> str:
    """Date and time at which an image begins, or some seconds later."""
    begin = dt.datetime.combine(plan.acquisitions.dates[image], dt.time())
    return (begin + dt.timedelta(seconds=azimuth_start(image) + later)).strftime("%Y%m%dT%H%M%S")


def _granules(plan: StackPlan, image: int) -> str:
    kind, orbit = plan.settings.hyp3_type, _orbit(plan, image)
    if kind == "INSAR_GAMMA":
        return f"S1A_IW_SLC__1SDV_{_moment(plan, image)}_{_moment(plan, image, 27)}_{orbit:06d}_0{orbit:05X}_AB01"
    bursts = range(_BURST, _BURST + (2 if kind == "INSAR_ISCE_MULTI_BURST" else 1))
    return ", ".join(f"S1_{n:06d}_IW2_{_moment(plan, image, 3 * (n - _BURST))}_VV_1F3A-BURST" for n in bursts)


def _orbit(plan: StackPlan, image: int) -> int:
    return _FIRST_ORBIT + round(int(plan.acquisitions.days[image]) * _ORBITS_PER_DAY)


def product_text(plan: StackPlan, images: tuple[int, int]) -> str:
    """Text file of the product of a pair: the keys of its type, in their order."""
    gamma = plan.settings.hyp3_type == "INSAR_GAMMA"
    rows = [*_orbit_rows(plan, images), *_range_rows(plan, gamma), *(_GAMMA_ROWS if gamma else _ISCE_ROWS)]
    return "".join(f"{key}: {value}\n" for key, value in rows)


def _orbit_rows(plan: StackPlan, images: tuple[int, int]) -> list[tuple[str, object]]:
    direction = "ASCENDING" if math.cos(math.radians(plan.settings.heading)) > 0 else "DESCENDING"
    older, newer = images
    return [
        ("Reference Granule", _granules(plan, older)),
        ("Secondary Granule", _granules(plan, newer)),
        ("Reference Pass Direction", direction),
        ("Reference Orbit Number", _orbit(plan, older)),
        ("Secondary Pass Direction", direction),
        ("Secondary Orbit Number", _orbit(plan, newer)),
        ("Baseline", round(float(plan.acquisitions.bperp[newer] - plan.acquisitions.bperp[older]), 4)),
        ("UTC time", round(azimuth_start(older), 6)),
        ("Heading", plan.settings.heading),
    ]


def _range_rows(plan: StackPlan, gamma: bool) -> list[tuple[str, object]]:
    geometry, slant = plan.geometry, plan.geometry.range
    return [
        ("Spacecraft height", round(geometry.sar_radius - geometry.earth_radius, 4)),
        ("Earth radius at nadir", geometry.earth_radius),
        ("Slant range near", round(float(slant[0]), 4)),
        ("Slant range center", round(float(slant[slant.size // 2]), 4)),
        ("Slant range far", round(float(slant[-1]), 4)),
        ("Range looks", 20),
        ("Azimuth looks", 4),
        ("INSAR phase filter", "adf" if gamma else "yes"),
        ("Phase filter parameter", 0.6 if gamma else 0.5),
    ]


_GAMMA_ROWS: list[tuple[str, object]] = [
    ("Resolution of output (m)", _SPACING),
    ("Range bandpass filter", "no"),
    ("Azimuth bandpass filter", "no"),
    ("DEM source", "GLO-30"),
    ("DEM resolution (m)", 2 * _SPACING),
    ("Unwrapping type", "mcf"),
    ("Phase at reference point", -0.0312),
    ("Azimuth line of the reference point in SAR space", 512.0),
    ("Range pixel of the reference point in SAR space", 812.0),
    ("Y coordinate of the reference point in the map projection", 4495040.0),
    ("X coordinate of the reference point in the map projection", 505040.0),
    ("Latitude of the reference point (WGS84)", 40.606211),
    ("Longitude of the reference point (WGS84)", 15.059577),
    ("Unwrapping threshold", "none"),
    ("Speckle filter", "no"),
]
_ISCE_ROWS: list[tuple[str, object]] = [
    ("Range bandpass filter", "no"),
    ("Azimuth bandpass filter", "no"),
    ("DEM source", "GLO_30"),
    ("DEM resolution (m)", 30),
    ("Unwrapping type", "snaphu_mcf"),
    ("Speckle filter", "yes"),
    ("Water mask", "no"),
]

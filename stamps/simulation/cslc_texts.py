"""Identification and processing information of the simulator's map products, as COMPASS writes them."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from stamps.simulation.cslc_layout import FLAGS, Pass
from stamps.simulation.plan import StackPlan

__all__ = ["identification", "processing", "root_attributes"]


def root_attributes(file: h5py.File, title: str, document: str) -> None:
    """Attributes of the root of a product."""
    file.attrs["conventions"] = "CF-1.8"
    for key, value in (
        ("contact", "simulated"),
        ("institution", "simulated"),
        ("project_name", "OPERA"),
        ("reference_document", document),
        ("title", title),
    ):
        file.attrs[key] = np.bytes_(value)


def identification(
    plan: StackPlan, each: Pass, lines: tuple[int, int], outline: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Group ``/identification`` but for the burst's own entries.

    Parameters
    ----------
    plan : StackPlan
    each : Pass
    lines : (int, int)
        First line and the one behind the last.
    outline : ndarray of float64, shape (4, 2)
        Longitudes and latitudes of the corners, degrees.
    """
    corners = ", ".join(f"{float(lon)!r} {float(lat)!r}" for lon, lat in [*outline, outline[0]])
    ascending = np.cos(np.radians(plan.settings.heading)) > 0
    return {
        "absolute_orbit_number": each.absolute_orbit,
        "bounding_polygon": f"POLYGON (({corners}))",
        "instrument_name": "C-SAR",
        "is_geocoded": "True",
        "look_direction": "Right",
        "mission_id": each.platform,
        "orbit_pass_direction": "Ascending" if ascending else "Descending",
        "processing_center": "simulated",
        "product_level": "L2",
        "product_specification_version": "0.1.7",
        "radar_band": "C",
        "zero_doppler_start_time": f"{each.at(lines[0]):%Y-%m-%d %H:%M:%S.%f}",
        "zero_doppler_end_time": f"{each.at(lines[1] - 1):%Y-%m-%d %H:%M:%S.%f}",
    }


def processing(
    plan: StackPlan, each: Pass, lines: tuple[int, int], centre: npt.NDArray[np.float64], version: str
) -> dict[str, Any]:
    """Group ``/metadata/processing_information``.

    Parameters
    ----------
    plan : StackPlan
    each : Pass
    lines : (int, int)
        First line and the one behind the last.
    centre : ndarray of float64, shape (2,)
        Longitude and latitude, degrees.
    version : str
        Of the product.
    """
    older = version == "1.0"
    parameters = FLAGS | ({"elevation_antenna_pattern_correction_applied": "OPERA"} if older else {})
    day = f"{each.middle:%Y%m%d}"
    return {
        "algorithms": {
            "COMPASS_version": "0.5.4" if older else "0.5.5",
            "ISCE3_version": "0.15.0" if older else "0.15.1",
            "s1_reader_version": "0.2.3" if older else "0.2.4",
            "complex_data_geocoding_interpolator": "sinc interpolation",
            "dem_interpolation": "biquintic",
        },
        "input_burst_metadata": _burst(plan, each, lines, centre),
        "inputs": {
            "dem_source": "simulated",
            "l1_slc_files": f"{each.platform}_IW_SLC__1SDV_{day}_simulated",
            "orbit_files": [f"{each.platform}_OPER_AUX_{day}_simulated.EOF"],
        },
        "parameters": dict(parameters),
    }


def _burst(plan: StackPlan, each: Pass, lines: tuple[int, int], centre: npt.NDArray[np.float64]) -> dict[str, Any]:
    geometry, settings = plan.geometry, plan.settings
    return {
        "azimuth_time_interval": each.line_time,
        "center": centre,
        "ipf_version": "3.52",
        "platform_id": each.platform,
        "radar_center_frequency": geometry.frequency,
        "range_pixel_spacing": settings.range_spacing,
        "sensing_start": f"{each.at(lines[0]):%Y-%m-%d %H:%M:%S.%f}",
        "sensing_stop": f"{each.at(lines[1] - 1):%Y-%m-%d %H:%M:%S.%f}",
        "shape": np.array([lines[1] - lines[0], settings.samples]),
        "starting_range": geometry.near_range,
        "wavelength": geometry.wavelength,
    }

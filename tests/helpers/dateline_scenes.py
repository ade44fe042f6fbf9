"""Projects at the antimeridian and elsewhere, in every way of counting longitudes."""

import numpy as np
import pytest

from helpers import finished_project as finished
from stamps.insar.geometry import wrapped_longitude

MIDDLE = 14.012  # of the made-up projects, degrees
COUNTINGS = {
    "180": lambda lon: wrapped_longitude(lon, 0.0),
    "360": lambda lon: np.mod(lon, 360),
    "continuous": lambda lon: lon,
    "mixed": lambda lon: np.where(np.arange(lon.size) % 3, wrapped_longitude(lon, 0.0), np.mod(lon, 360)),
}
SCENES = [(180.0, "180"), (180.0, "continuous"), (180.0, "mixed"), (0.0, "360"), (0.0, "mixed"), (190.0, "360")]
FAST = [(180.0, "180"), (0.0, "mixed")]


def made(folder, middle, counting="continuous", kind="single_master", **parameters):
    """A finished project around a longitude."""
    ws = getattr(finished, kind)(folder, **parameters)
    ps = ws.load("ps2")
    lonlat = ps["lonlat"] + [middle - MIDDLE, 0]
    lonlat[:, 0] = COUNTINGS[counting](lonlat[:, 0])
    ws.save("ps2", {"lonlat": lonlat, "ll0": np.array([wrapped_longitude(middle, 0.0), 40.01])})
    return ws


def slow_but(chosen, everything):
    """Parameters of which only the chosen ones are fast cases."""
    return [pytest.param(one, marks=() if one in chosen else pytest.mark.exhaustive) for one in everything]

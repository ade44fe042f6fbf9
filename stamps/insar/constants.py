"""Numbers that several files share: physics, the ellipsoid, and what the method fixes. Each stands here once.

What one step alone decides stands in the module of that step. All are Python floats and integers, so that they follow the
class of the arrays that they meet.
"""

import math

__all__ = [
    "DAYS_PER_YEAR",
    "DEFAULT_INCIDENCE",
    "INCIDENCE_MINUS_LOOK",
    "LOW_COHERENCE_BINS",
    "MEAN_EARTH_RADIUS_KM",
    "SLANT_RANGE",
    "SPEED_OF_LIGHT",
    "WGS84_FIRST_ECCENTRICITY_SQUARED",
    "WGS84_SECOND_ECCENTRICITY",
    "WGS84_SEMI_MAJOR",
    "WGS84_SEMI_MINOR",
]

SPEED_OF_LIGHT = 299792458.0  # m/s
DAYS_PER_YEAR = 365.25

# ---------------------------------------------------------------------- the Earth

WGS84_SEMI_MAJOR = 6378137.0  # m
WGS84_SEMI_MINOR = 6356752.314245  # m
WGS84_FIRST_ECCENTRICITY_SQUARED = 1 - (WGS84_SEMI_MINOR / WGS84_SEMI_MAJOR) ** 2
#: As the original writes it; its local frame takes this one where the first (0.0818191908) would be right.
WGS84_SECOND_ECCENTRICITY = 0.08209443794970
MEAN_EARTH_RADIUS_KM = 6371.0

# ---------------------------------------------------------------------- look angles and coherence

#: Slant range at which the largest look-angle term is evaluated, metres, whatever the sensor.
SLANT_RANGE = 830e3
#: Radians that are added to the mean look angle, also where ``la`` holds incidence angles already.
INCIDENCE_MINUS_LOOK = 0.052
#: Incidence angle where nothing is known, radians: 21 degrees.
DEFAULT_INCIDENCE = 21 * math.pi / 180
#: How many of the lowest bins of coherence hold random pixels alone: small baselines (True), single master (False).
LOW_COHERENCE_BINS = {True: 15, False: 31}

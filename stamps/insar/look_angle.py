"""The look-angle error that the steps search: how large it may be. Pure functions of numbers.

The classes of the search range are those of the steps, which differ: that of the baselines in step 2, double in step 6.

Source: docs/method/coherence.md, section 1; docs/method/unwrapping.md, section 1.
"""

import numpy as np

from stamps.insar.constants import SLANT_RANGE

__all__ = ["largest_look_angle_error"]


def largest_look_angle_error(max_topo_err: float, wavelength: float, incidence: float) -> float:
    """Phase per metre of perpendicular baseline of the largest height error, at the slant range that the method fixes.

    Parameters
    ----------
    max_topo_err : float
        Largest height error, metres.
    wavelength : float
        Metres.
    incidence : float
        Incidence angle, radians.

    Returns
    -------
    float
        rad/m.
    """
    return max_topo_err / (wavelength * SLANT_RANGE * np.sin(incidence) / 4 / np.pi)

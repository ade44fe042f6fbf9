"""How well the inverted series of small baselines agrees with the unwrapped interferograms, pixel by pixel.

Source: docs/method/linking.md, section 9.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.phase import reference_mean
from stamps.products.reference_pixels import reference_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project

__all__ = ["inversion_coherence"]


def inversion_coherence(project: Project) -> NDArray[np.float32] | None:
    """Length of the mean phasor of the residuals of all interferograms.

    Parameters
    ----------
    project : Project
        Small baselines, after step 6.

    Returns
    -------
    ndarray of float32, shape (n_ps,), or None
        1: all interferograms agree with the series but for whole cycles; NaN where one has no phase. None for a single master
        and where nothing is inverted yet.
    """
    names = project.file("phuw_sb"), project.file("phuw_sb_res")
    if not project.small_baselines or not all(map(project.ws.exists, names)):
        return None
    used = project.retained_ifgs()
    predicted = project.ws.load_optional(names[1], ["ph_res"]).get("ph_res")  # despite its name no residual
    if predicted is None:
        return None
    residual = project.ws.load(names[0], ["ph_uw"])["ph_uw"][:, used] - predicted[:, used]
    residual -= reference_mean(residual, reference_pixels(workdir=project.ws))
    total = np.zeros(len(residual), np.complex128)
    for column in residual.T:
        total += np.exp(1j * column)
    return (np.abs(total) / max(used.size, 1)).astype(np.float32)

"""Tropospheric correction that is linear in height, in place of TRAIN's function of this name.

Reads ``psver``, ``ps2``, ``hgt2``, ``phuw2`` and, where it exists, ``scla2`` (small baselines: ``phuw_sb2`` and
``scla_sb2``); adds ``ph_tropo_linear`` to ``tca2`` (``tca_sb2``), the correction ``'a_linear'``. Parameters:
``small_baseline_flag``, ``drop_ifg_index``.

Source: see :mod:`stamps.tropo.linear`; names: docs/method/products.md, section 2.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.tropo.linear import height_slopes
from stamps.tropo.scene import Scene
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.tropo.linear import HeightSlopes
    from stamps.workspace import Workspace


__all__ = ["aps_linear"]


@reserving
def aps_linear(
    *,
    area: ArrayLike | None = None,
    exclude: ArrayLike | None = None,
    ramp: bool = True,
    band: ArrayLike | None = None,
    scla: str = "uncorrelated",
    workdir: Workspace | StrPath = ".",
) -> HeightSlopes:
    """Estimate phase = K·h + constant in every interferogram and store K·h.

    Parameters
    ----------
    area : array_like, shape (4,) or (m, 2), optional
        Pixels to estimate from: bounds (smallest and largest longitude, smallest and largest latitude) or corners of a
        polygon, degrees. The correction is made for all pixels.
    exclude : array_like, optional
        The same of an area that is left out, for instance because it deforms.
    ramp : bool
        Estimate a plane along with K; it is no part of the correction.
    band : (float, float), optional
        Compare phase and height between these wavelengths only, in m.
    scla : {'uncorrelated', 'all', 'none'}
        What of the look-angle error of an earlier step 7 to subtract before: what does not go with height, all, nothing
        (see :meth:`stamps.tropo.scene.Scene.phase`).
    workdir : path-like or Workspace
        Project after step 6.

    Returns
    -------
    HeightSlopes
        K and its standard error in rad/m, share of the variance; zeros for the master and dropped interferograms.

    Raises
    ------
    StampsError
        An input is missing, or the pixels are too few or all of one height.

    Notes
    -----
    ``ph_tropo_linear`` is n_ps x n_ifg, single as the unwrapped phase, in rad; columns of the master and of dropped
    interferograms are 0. The constant is left out: it has no meaning before referencing in space.
    """
    scene = Scene.at(workdir)
    log = Log(scene.ws, "APS_LINEAR")
    log.start()
    limits = _checked_band(band)
    columns = scene.columns()
    height, used, phase = scene.observed(area, exclude, scla, log)
    found = height_slopes(
        phase,
        height[used],
        scene.xy[used],
        ramp=ramp,
        band=limits,
        name=lambda k: scene.name(columns[k]),
    )
    for k, ifg in enumerate(columns):
        log(
            f"Ifg {scene.name(ifg)}: {1000 * found.slope[k]:+.3f} +- {1000 * found.error[k]:.3f} rad/km, "
            f"{100 * found.explained[k]:.0f} % of the variance"
        )
    scene.save({"ph_tropo_linear": scene.full(columns, np.outer(height, found.slope))})
    log.finish()
    n_ifg = scene.project.ps["n_ifg"]
    return type(found)(*(_spread(n_ifg, columns, x) for x in (found.slope, found.error, found.explained)))


def _spread(n: int, columns: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.zeros(n)
    result[columns] = values
    return result


def _checked_band(band: ArrayLike | None) -> NDArray[np.float64] | None:
    if band is None:
        return None
    limits = np.asarray(band, np.float64)
    if limits.shape != (2,) or not 0 < limits[0] < limits[1]:
        raise InputError("A band should be a shorter and a longer wavelength in m, such as (2000, 16000).")
    return limits

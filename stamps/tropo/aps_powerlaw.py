"""Tropospheric correction by a power law of height that varies in space, in place of TRAIN's function of this name.

Reads ``psver``, ``ps2``, ``hgt2``, ``phuw2`` and, where it exists, ``scla2`` (small baselines: ``phuw_sb2`` and
``scla_sb2``); adds ``ph_tropo_powerlaw`` and ``K_tropo_powerlaw`` to ``tca2`` (``tca_sb2``), the corrections
``'a_powerlaw'`` and ``'a_powerlaw-k'``, and writes the bands to ``tca_bands2`` (``tca_bands_sb2``):
``ph_tropo_powerlaw_ifg_<i>`` and ``K_tropo_powerlaw_ifg_<i>``, one column per band, and ``powerlaw_bands`` (m).
Parameters: ``small_baseline_flag``, ``drop_ifg_index``.

Source: see :mod:`stamps.tropo.powerlaw`; names: docs/method/products.md, sections 2.6 and 2.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.tropo.bands import octave_bands
from stamps.tropo.powerlaw import cover, estimate, interpolate, relief_power
from stamps.tropo.scene import Scene
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.tropo.powerlaw import WindowEstimates
    from stamps.workspace import Workspace


__all__ = ["aps_powerlaw"]

DEFAULT_H0 = 10_000.0
DEFAULT_ALPHA = 1.6


@reserving
def aps_powerlaw(
    *,
    h0: float = DEFAULT_H0,
    alpha: float = DEFAULT_ALPHA,
    bands: ArrayLike | None = None,
    n_windows: int = 50,
    area: ArrayLike | None = None,
    exclude: ArrayLike | None = None,
    scla: str = "uncorrelated",
    save_bands: bool = True,
    workdir: Workspace | StrPath = ".",
) -> WindowEstimates:
    """Estimate phase = K'·(h0 - h)^α + constant in bands and windows and store K'·(h0 - h)^α.

    Parameters
    ----------
    h0 : float
        Height in m above which delays do not differ any more.
    alpha : float
        Exponent. Both are properties of region and season; :func:`stamps.tropo.soundings.power_law_constants` takes
        them from balloon soundings.
    bands : array_like, shape (n_band, 2), optional
        Shorter and longer wavelengths in m (default: octaves from 2 km to the extent of the scene).
    n_windows : int
        About how many windows; fewer where they would be smaller than 20 km.
    area, exclude : array_like, optional
        Where to estimate from and what to leave out, as in :func:`stamps.tropo.aps_linear.aps_linear`.
    save_bands : bool
        Write the bands' file, too; it is 2·n_band times as large as the correction.
    scla : {'uncorrelated', 'all', 'none'}
        What of the look-angle error of an earlier step 7 to subtract before: what does not go with height, all, nothing
        (see :meth:`stamps.tropo.scene.Scene.phase`).
    workdir : path-like or Workspace
        Project after step 6.

    Returns
    -------
    WindowEstimates
        Of the corrected interferograms, in their order.

    Raises
    ------
    StampsError
        An input is missing, a height is above ``h0``, or the pixels are too few or all of one height.

    Notes
    -----
    The variables are n_ps x n_ifg, single, in rad and rad/m^α; columns of the master and of dropped interferograms are
    0.
    """
    scene = Scene.at(workdir)
    log = Log(scene.ws, "APS_POWERLAW")
    log.start()
    if not (n_windows == int(n_windows) and n_windows >= 1):
        raise InputError(f"The number of windows is {n_windows}, but a whole number from 1 on was expected.")
    columns, xy = scene.columns(), scene.xy
    height, used, phase = scene.observed(area, exclude, scla, log)
    power = relief_power(height, h0, alpha)
    chosen = octave_bands(float(np.ptp(xy[used], axis=0).max())) if bands is None else _checked(bands)
    log(f"h0 {h0:g} m, exponent {alpha:g}, bands {', '.join(f'{a / 1000:g}-{b / 1000:g}' for a, b in chosen)} km")
    found = estimate(
        phase,
        power[used],
        xy[used],
        chosen,
        cover(xy[used], n_windows),
        lambda k: scene.name(columns[k]),
    )
    coefficient = np.empty((len(height), columns.size), np.float32)
    in_bands: dict[str, NDArray[Any]] = {"powerlaw_bands": chosen}
    for k, ifg in enumerate(columns):
        coefficient[:, k] = interpolate(found, xy, k)
        usable = np.isfinite(found.error[:, :, k])
        log(f"Ifg {scene.name(ifg)}: {np.count_nonzero(usable.any(axis=1))} of {len(usable)} windows used")
        if save_bands:
            per_band = np.column_stack([interpolate(found, xy, k, [b]) for b in range(len(chosen))])
            in_bands[f"K_tropo_powerlaw_ifg_{ifg + 1}"] = per_band.astype(np.float32)
            in_bands[f"ph_tropo_powerlaw_ifg_{ifg + 1}"] = (per_band * power[:, np.newaxis]).astype(np.float32)
    correction = coefficient.astype(np.float64) * power[:, np.newaxis]
    with scene.ws.publish():
        scene.save(
            {
                "ph_tropo_powerlaw": scene.full(columns, correction),
                "K_tropo_powerlaw": scene.full(columns, coefficient),
            }
        )
        file = scene.project.file("tca_bands", scene.project.small_baselines)
        if save_bands:
            scene.ws.save(file, in_bands, append=False)
        else:
            scene.ws.delete(f"{file}.mat")  # those of another estimate
    log.finish()
    return found


def _checked(bands: ArrayLike) -> NDArray[np.float64]:
    rows = np.atleast_2d(np.asarray(bands, np.float64))
    if rows.ndim != 2 or rows.shape[1] != 2 or not ((rows[:, 0] > 0) & (rows[:, 0] < rows[:, 1])).all():
        raise InputError("Bands should be rows of a shorter and a longer wavelength in m, such as (2000, 4000).")
    return rows

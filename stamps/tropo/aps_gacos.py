"""Tropospheric correction from GACOS delay maps, under the name that TRAIN gives it.

Reads ``psver``, ``ps2``, ``inc2``, ``la2`` and a folder with ``yyyymmdd.ztd`` and ``yyyymmdd.ztd.rsc``; adds
``ph_tropo_gacos`` to ``tca2`` (small baselines: ``tca_sb2``), the correction ``'a_gacos'``. Parameters:
``small_baseline_flag``, ``drop_ifg_index``, ``lambda``.

Source: see :mod:`stamps.tropo.ztd` and :mod:`stamps.tropo.delay`; names: docs/method/products.md, section 2.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.tropo.delay import delay_phase, pair_phase
from stamps.tropo.scene import Scene
from stamps.tropo.ztd import find_maps, read_ztd
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["aps_gacos"]


@reserving
def aps_gacos(
    folder: StrPath, *, incidence: float | None = None, workdir: Workspace | StrPath = "."
) -> NDArray[np.float32]:
    """Correct every interferogram with the delay maps of its two images.

    Parameters
    ----------
    folder : path-like
        Folder with the maps of all images that are used.
    incidence : float, optional
        Incidence angle of all pixels in degrees (default: that of the project's pixels).
    workdir : path-like or Workspace
        Project after step 5.

    Returns
    -------
    ndarray of float32, shape (n_ps, n_ifg)
        Radians, slave minus master or second minus first image: what is to be subtracted. Zero for the master and for
        dropped interferograms.

    Raises
    ------
    StampsError
        A map is missing, damaged or too small, or no incidence angle is known.
    """
    scene = Scene.at(workdir)
    log = Log(scene.ws, "APS_GACOS")
    log.start()
    columns = scene.columns()
    pairs = scene.pairs()[columns]
    images, number = np.unique(pairs, return_inverse=True)
    angle, wavelength = scene.incidence(incidence), scene.project.wavelength
    lonlat = scene.project.ps["lonlat"]
    delays = np.empty((len(lonlat), images.size))
    for k, path in enumerate(find_maps(folder, scene.dates()[images])):
        delays[:, k] = read_ztd(path).at(lonlat)
        log(
            f"{path.name}: zenith delay {delays[:, k].mean():.3f} m, {delays[:, k].min():.3f} to {delays[:, k].max():.3f} m"
        )
    correction = scene.full(columns, pair_phase(delay_phase(delays, angle, wavelength), number.reshape(pairs.shape)))
    scene.save({"ph_tropo_gacos": correction})
    log.finish()
    return correction

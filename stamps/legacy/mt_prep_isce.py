"""``mt_prep_isce``: from a stack of ISCE2's topsStack to patches of candidates.

Reads ``merged/SLC``, ``merged/geom_reference`` and ``merged/baselines`` of the stack through GDAL; forms the
interferograms master × conj(secondary) – the SLCs are flattened as the stack made them – and writes what the ISCE
loaders read: ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in`` (small baselines), ``bperp.1.in``, ``heading.1.in``,
``lambda.1.in``, ``baselineGRID_<yyyymmdd>`` and ``inc_angle.raw`` with XML headers, ``lon.raw``, ``lat.raw``,
``dem.raw``, ``<date>/isce_minrefdem.int`` (small baselines ``<date1>_<date2>/…``); besides them the project files of
every preparation (``processor.txt`` with ``isce``), ``parms.mat`` and the patches.

SLCs are used where they are if they are plain files of little-endian complex float32, else copied to ``SLC/``.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stamps.frontends.project import PreparationSettings
from stamps.frontends.topsstack import find_stack, read_pairs
from stamps.frontends.topsstack_files import prepare_topsstack
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_prep_isce"]

_PAIR_LIST = "small_baselines.list"


@reserving
def mt_prep_isce(
    master: int | str,
    datadir: StrPath,
    da_thresh: float | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from a topsStack tree.

    With a file ``small_baselines.list`` (two dates yyyymmdd per line) in the project directory the listed
    interferograms are formed, for small baselines; otherwise all with the master. Everything is written to a scratch
    folder and takes the place of the old state at once.

    Baselines keep the sign that the stack gives them: the other one only changes the sign of look-angle errors.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd; any image of the stack.
    datadir : path-like
        The directory that holds ``merged``. A relative path starts at ``workdir``.
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are used. Relative to ``workdir``.
    workdir : path-like or Workspace
        The project directory.

    Raises
    ------
    InputError
        rasterio is not installed, the tree is incomplete, or an argument is wrong; ``exit_status`` is 2 if the mask is
        missing.
    """
    ws = Workspace.at(workdir)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    settings = PreparationSettings.of(ws, da_thresh, counts, maskfile)
    pairs = read_pairs(ws.file(_PAIR_LIST)) if ws.has_file(_PAIR_LIST) else []
    prepare_topsstack(ws, find_stack(master, os.path.join(ws.path, datadir), pairs), settings)

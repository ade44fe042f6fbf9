"""``mt_prep_gamma``: from Gamma's rasters to patches of candidates.

Reads what :func:`stamps.mt_prep_snap` reads; the SLCs may be complex int16 (``image_format`` SCOMPLEX of the master's
header). Writes the same project files, ``processor.txt`` with ``gamma``. Without ``geo/*.lon`` Gamma's program
``pt2geo`` computes ``pscands.1.ll`` of each patch from ``dem/*_seg.par`` and ``geo/*.diff_par``.

The script of the original never gets beyond the test of the image format (a stray loop end); this one goes on.

Source: docs/method/preparation.md, section 2.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stamps.frontends.gamma_positions import Pt2geo
from stamps.frontends.project import PreparationSettings
from stamps.frontends.snap_gamma import find_export, prepare_export
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_prep_gamma"]


@reserving
def mt_prep_gamma(
    master: str,
    datadir: StrPath,
    da_thresh: float | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    maskfile: str | None = None,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from SLCs and interferograms of Gamma.

    The inputs are checked as a whole first. Everything is then written to a scratch folder and takes the place of the
    old state at once: existing ``PATCH_*`` and ``patch.list`` go only when the new ones are complete.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd.
    datadir : path-like
        Directory of the data. Its path is stored; a relative one starts at ``workdir`` and is stored as absolute.
        With a folder ``SMALL_BASELINES`` it is prepared for small baselines.
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
        With all problems of the inputs; ``exit_status`` is 2 if the mask is missing, 4 if ``image_format`` of the
        master is neither FCOMPLEX nor SCOMPLEX.
    ExternalProgramError
        ``pt2geo`` failed.
    """
    ws = Workspace.at(workdir)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    export = find_export(master, os.path.join(ws.path, datadir), "gamma")
    prepare_export(ws, export, PreparationSettings.of(ws, da_thresh, counts, maskfile), Pt2geo())

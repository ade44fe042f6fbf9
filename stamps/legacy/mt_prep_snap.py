"""``mt_prep_snap``: from a SNAP export to patches of candidates.

Reads an export (``rslc/`` and ``diff0/``, or ``SMALL_BASELINES/``, and ``geo/``; big-endian); writes the project files
``processor.txt``, ``parms.mat``, ``width.txt``, ``len.txt``, ``rsc.txt``, ``calamp.in``, ``calamp.out``, ``selpsc.in``
or ``selsbc.in``, ``pscphase.in``, ``pscdem.in``, ``psclonlat.in``, ``patch.list`` and the folders ``PATCH_<n>``.

Source: docs/method/preparation.md, section 1.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stamps.frontends.project import PreparationSettings
from stamps.frontends.snap_gamma import find_export, prepare_export
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_prep_snap"]


@reserving
def mt_prep_snap(
    master: int | str,
    datadir: StrPath,
    da_thresh: float | str | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from a SNAP export.

    The inputs are checked as a whole first. Everything is then written to a scratch folder and takes the place of the
    old state at once: existing ``PATCH_*`` and ``patch.list`` go only when the new ones are complete.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd.
    datadir : path-like
        Directory of the export. Its path is stored; a relative one starts at ``workdir`` and is stored as absolute.
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
        With all problems of the inputs; ``exit_status`` is 2 if the mask is missing, 3 if there is no ``*.lon``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from stamps import mt_prep_snap, stamps
    >>> Path("anew").mkdir()
    >>> mt_prep_snap(20180426, stack, 0.4, 1, 2, workdir="anew")  # stack: where the export is
    >>> sorted(path.name for path in Path("anew").glob("PATCH_*"))
    ['PATCH_1', 'PATCH_2']
    """
    ws = Workspace.at(workdir)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    export = find_export(master, os.path.join(ws.path, datadir), "snap")
    prepare_export(ws, export, PreparationSettings.of(ws, da_thresh, counts, maskfile))

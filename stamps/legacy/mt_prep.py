"""``mt_prep``: from a Doris stack to patches of candidates.

Runs in the directory ``INSAR_<master>``, or in its ``SMALL_BASELINES``. Reads ``master.res``, the SLC of the master
(``<master>_crop.slc``, oversampled ``_crop_ovs.slc``) and ``<slave>/slave_res.slc`` – for small baselines
``<date1>_<date2>/*filtrg.slc`` –, ``*/cint.minrefdem.raw``, ``lon.raw``, ``lat.raw`` and ``dem_radar.raw``, all in
native byte order. Writes the project files of every preparation (``processor.txt`` with ``doris``) and, by
:func:`stamps.mt_extract_info`, the text headers and the parameters.

Source: docs/method/preparation.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.frontends.doris_stack import prepare_doris
from stamps.frontends.project import PreparationSettings
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_prep"]


@reserving
def mt_prep(
    da_thresh: str | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from a Doris stack.

    As in the original, patches of an earlier preparation are not removed: they stay in ``patch.list`` (which is in
    alphabetical order: PATCH_1, PATCH_10, PATCH_2 …), and their candidates are extracted again.

    Parameters
    ----------
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    workdir : path-like or Workspace
        The directory ``INSAR_<master>``, or its ``SMALL_BASELINES``.

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    prepare_doris(Workspace.at(workdir), PreparationSettings(da_thresh, counts))

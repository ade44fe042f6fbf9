"""Step 1, single master: load the candidates of a patch (ISCE).

Reads, from the patch or the directory above, ``day.1.in``, ``master_day.1.in``, ``bperp.1.in``, ``heading.1.in``,
``lambda.1.in``, ``width.txt``, ``len.txt`` and, if it exists, ``calamp.out``; from up to two directories above the
rasters ``inc_angle.raw`` (else ``look_angle.1.in``) and ``baselineGRID_<yyyymmdd>`` with their XML headers, if they
exist; from the patch ``pscands.1.{ij,ll,ph}`` and, if they exist, ``pscands.1.{da,hgt}``. Writes ``ps1`` (``ij lonlat
xy bperp day master_day master_ix n_ifg n_image n_ps sort_ix ll0 calconst day_ix``), ``ph1`` (``ph``), ``bp1``
(``bperp_mat``), ``inc1`` (``inc``: incidence) or ``la1`` (``la``: look angle), ``da1`` (``D_A``), ``hgt1`` (``hgt``),
``psver``. Sets the parameters ``heading`` and ``lambda``.

Source: docs/method/loading.md, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.frontends import pixel_geometry, text_projects
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["ps_load_initial_isce"]

_SETTINGS = {"heading": "heading.1.in", "lambda": "lambda.1.in"}
_LOOK_FILES = ("look_angle.1.in", "look_angle.raw")


@reserving
def ps_load_initial_isce(inc_angle: Any = None, workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a single-master patch.

    A patch without candidates gets flag 1 of ``no_ps_info`` and version 1, nothing else is written.

    Parameters
    ----------
    inc_angle : (length, width) array, optional
        Incidence angle of every pixel of the image in degrees, which the driver reads once for all patches; without
        it ``inc_angle.raw`` is searched here and up to two directories above (and ``inc`` becomes single).
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    InputError
        A file is missing, damaged or does not belong to the others.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_LOAD_INITIAL_ISCE")
    log.start()
    log("Loading data into matlab...")
    loaded = text_projects.load_candidates(ws, log, _SETTINGS)
    if loaded is None:
        return
    ps, ph, mean_bperp = text_projects.single_master(ws, loaded)
    of_slaves = pixel_geometry.raster_baselines(ws, loaded)
    bperp_mat = mean_bperp if of_slaves is None else of_slaves
    angles = pixel_geometry.raster_angles(ws, loaded, inc_angle, _LOOK_FILES)
    text_projects.save_patch(ws, loaded, ps, ph, bperp_mat, angles)
    log.finish()

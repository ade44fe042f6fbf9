"""Step 1, small baselines: load the candidates of a patch (ISCE).

Reads, from the patch or the directory above, ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``, ``bperp.1.in``,
``heading.1.in``, ``lambda.1.in``, ``width.txt`` and ``len.txt``; from up to two directories above the rasters
``inc_angle.raw`` (else ``look_angle.raw``) and ``baselineGRID_<yyyymmdd>`` with their XML headers, if they exist; from
the patch ``pscands.1.{ij,ll,ph}`` and, if they exist, ``pscands.1.{da,hgt}``. Writes ``ps1`` (``ij lonlat xy bperp day
master_day master_ix ifgday ifgday_ix n_ifg n_image n_ps sort_ix ll0 day_ix``), ``ph1`` (``ph``: unit modulus), ``bp1``
(``bperp_mat``), ``inc1`` (``inc``: incidence) or ``la1`` (``la``: look angle), ``da1`` (``D_A``), ``hgt1`` (``hgt``),
``psver``. Sets the parameters ``heading`` and ``lambda``.

Source: docs/method/loading.md, sections 7 and 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.frontends import pixel_geometry, text_projects
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["sb_load_initial_isce"]

_SETTINGS = {"heading": "heading.1.in", "lambda": "lambda.1.in"}
_LOOK_FILES = ("look_angle.raw", "look_angle.1.in")


@reserving
def sb_load_initial_isce(inc_angle: Any = None, workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a small-baseline patch.

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
    log = Log(ws, "SB_LOAD_INITIAL_ISCE")
    log.start()
    loaded = text_projects.load_candidates(ws, log, _SETTINGS)
    if loaded is None:
        return
    of_slaves = pixel_geometry.raster_baselines(ws, loaded)
    ps, ph, bperp_mat = text_projects.small_baselines(ws, loaded, of_slaves)
    angles = pixel_geometry.raster_angles(ws, loaded, inc_angle, _LOOK_FILES)
    text_projects.save_patch(ws, loaded, ps, ph, bperp_mat, angles)
    log.finish()

"""Step 1, small baselines: load the candidates of a patch (Doris).

Reads, from the patch or the directory above, ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``, ``bperp.1.in``,
``heading.1.in``, ``lambda.1.in``, ``width.txt``, ``len.txt`` and, if they exist, ``bperp_<yyyymmdd>.1.in`` and
``look_angle.1.in``; from the patch ``pscands.1.{ij,ll,ph}`` and, if they exist, ``pscands.1.{da,hgt}``. Writes ``ps1``
(``ij lonlat xy bperp day master_day master_ix ifgday ifgday_ix n_ifg n_image n_ps sort_ix ll0 day_ix``), ``ph1``
(``ph``: unit modulus), ``bp1`` (``bperp_mat``), ``la1`` (``la``: look angle), ``da1`` (``D_A``), ``hgt1`` (``hgt``),
``psver``. Sets the parameters ``heading`` and ``lambda``.

Source: docs/method/loading.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.frontends import pixel_geometry, text_projects
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["sb_load_initial"]

_SETTINGS = {"heading": "heading.1.in", "lambda": "lambda.1.in"}


@reserving
def sb_load_initial(workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a small-baseline patch.

    A patch without candidates gets flag 1 of ``no_ps_info`` and version 1, nothing else is written.

    Parameters
    ----------
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    InputError
        A file is missing, damaged or does not belong to the others.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_LOAD_INITIAL")
    log.start()
    loaded = text_projects.load_candidates(ws, log, _SETTINGS)
    if loaded is None:
        return
    of_slaves = pixel_geometry.slave_baselines(ws, loaded, 0.0)  # at 0 m only, whatever the height (a quirk)
    ps, ph, bperp_mat = text_projects.small_baselines(ws, loaded, of_slaves)
    la = pixel_geometry.look_angles(ws, loaded)
    text_projects.save_patch(ws, loaded, ps, ph, bperp_mat, {} if la is None else {"la": la})
    log.finish()

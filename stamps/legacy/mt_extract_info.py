"""``mt_extract_info``: dates, baselines, angles and parameters of a Doris stack.

Reads ``master.res`` and the ``slave.res`` of every slave; writes ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``
(small baselines), ``bperp.1.in``, ``bperp_<yyyymmdd>.1.in``, ``look_angle.1.in``, ``heading.1.in``, ``lambda.1.in``,
``slc_osfactor.1.in`` and ``parms.mat``.

Baselines and look angles come from the orbits of the result files (:mod:`stamps.frontends.doris_geometry`).

Source: docs/method/preparation.md, section 4; docs/method/loading.md, sections 6 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.doris_geometry import acquisition_geometry, write_grids
from stamps.frontends.doris_stack import find_stack
from stamps.frontends.project import initialise_parameters
from stamps.frontends.text_headers import write_headers
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_extract_info"]


@reserving
def mt_extract_info(workdir: Workspace | StrPath = ".") -> None:
    """Write the text headers of a Doris stack and start its parameters afresh.

    Parameters
    ----------
    workdir : path-like or Workspace
        The directory ``INSAR_<master>``, or its ``SMALL_BASELINES``.

    Raises
    ------
    InputError
        A result file is missing or lacks a value.
    """
    ws = Workspace.at(workdir)
    found = find_stack(ws.path)
    master = found.master
    if not master.width:
        raise InputError(f"The result file {master.path} has no section crop: the size of the image is unknown.")
    slaves = {date: found.slave(date) for date in found.dates}
    geometry = acquisition_geometry(master, slaves)
    with ws.publish():
        write_grids(ws, master, slaves)
        write_headers(ws, found.dates, master.date, geometry, found.pairs)
        initialise_parameters(ws, found.small_baselines)

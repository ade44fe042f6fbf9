"""List the images of a project: date, perpendicular baseline, noise.

Reads ``psver``, ``ps``, ``ifgstd``; runs ``ps_calc_ifg_std`` in a single-master project that has none. Parameter:
``small_baseline_flag``.

Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.insar.network import image_baselines
from stamps.legacy.ps_calc_ifg_std import ps_calc_ifg_std
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.dates import datestr
from stamps.workspace import Workspace, findings
from stamps.workspace.console import in_notebook
from stamps.workspace.markup import Listed, table
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_info"]


def ps_info(workdir: Workspace | StrPath = ".") -> list[str]:
    """Print one line per image and the number of pixels; a notebook shows a table instead.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    list of str
        The lines printed. For small baselines the baselines are solved for from those of the interferograms, and the
        noise shown is that of the interferogram with the number of the image: so it always was.

    Examples
    --------
    >>> from stamps import ps_info
    >>> lines = ps_info()  # doctest: +ELLIPSIS
      1   08-Jan-2018      13 m   37.509 deg
    ...
     18   24-Aug-2018      53 m   33.004 deg
    Number of stable-phase pixels: 2140
    """
    ws = Workspace.at(workdir)
    version = ws.version
    small_baselines = Parameters(ws).flag("small_baseline_flag")
    ps = ws.load(f"ps{version}")
    name = f"ifgstd{version}"
    # files of version 1 come before the patch phase from which the noise is estimated; a multilooked stack never has one
    if not small_baselines and not ws.exists(name) and "ph_patch" in _variables_of(ws, f"pm{version}"):
        ps_calc_ifg_std(workdir=ws)
    ifg_std = ws.load_optional(name).get("ifg_std")
    lines = image_lines(ps["day"], image_baselines(ps, small_baselines), ifg_std)
    return told(ws, lines, f"Number of stable-phase pixels: {ps['n_ps']}")


def told(ws: Workspace, rows: Sequence[str], last: str) -> Listed[str]:
    """Lines of columns and a last one, printed with what was strange about the input; a notebook shows a table instead."""
    heads = ("", "date", "perpendicular baseline", "noise of the interferogram")
    cells = [re.split(r"\s{2,}", row.strip()) for row in rows]
    found = Listed([*rows, last], table(heads[: max(map(len, cells), default=0)], cells, last, most=len(cells)))
    if not in_notebook():
        print(found)
    findings.tell(ws)
    return found


def _variables_of(ws: Workspace, name: str) -> list[str]:
    return ws.variables_of(name) if ws.exists(name) else []


def image_lines(day: NDArray[np.float64], bperp: NDArray[np.float64], ifg_std: NDArray[np.float32] | None) -> list[str]:
    """One line per image: number, date, rounded baseline in m and, if known and not zero, noise in degrees."""
    lines = []
    for i, (date, metres) in enumerate(zip(day, round_half_away(bperp), strict=True)):
        line = f"{i + 1:3d}   {datestr(date)}   {metres:5.0f} m"
        if ifg_std is not None and i < len(ifg_std) and ifg_std[i] != 0:
            line += f"   {ifg_std[i]:.3f} deg"
        lines.append(line)
    return lines

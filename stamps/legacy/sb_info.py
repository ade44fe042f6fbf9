"""List the interferograms of a small-baseline project: dates, perpendicular baseline, noise.

Reads ``psver``, ``ps``, ``ifgstd`` if present. Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.legacy.ps_info import told
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.dates import datestr
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["sb_info"]


def sb_info(workdir: Workspace | StrPath = ".") -> list[str]:
    """Print one line per interferogram and the number of pixels; a notebook shows a table instead.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    list of str
        The lines printed.

    Raises
    ------
    InputError
        The project has a single master.
    """
    ws = Workspace.at(workdir)
    version = ws.version
    ps = ws.load(f"ps{version}")
    if "ifgday" not in ps:
        raise InputError(f"{ws.path} is no small-baseline project (ps{version}.mat has no 'ifgday'): use ps_info.")
    ifg_std = ws.load_optional(f"ifgstd{version}").get("ifg_std")
    lines = []
    for i, ((first, second), metres) in enumerate(zip(ps["ifgday"], round_half_away(ps["bperp"]), strict=True)):
        line = f"{i + 1:3d}   {datestr(first)} to {datestr(second)}   {metres:5.0f} m"
        lines.append(line if ifg_std is None else f"{line}   {ifg_std[i]:.3f} deg")
    return told(ws, lines, f"Number of stable-phase pixels: {ps['n_ps']}")

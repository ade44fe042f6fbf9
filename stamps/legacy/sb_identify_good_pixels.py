"""Find the pixels whose unwrapped phase closes around loops of interferograms.

Reads ``phuw_sb2.mat``; writes ``phuw_good2.mat`` (``good_pixels``) and, by :mod:`stamps.legacy.sb_make_closure_loops`,
``phuw_loops2.mat``. Source: docs/method/unwrapping.md, section 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.legacy.sb_make_closure_loops import sb_make_closure_loops
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.statistics import nanmean
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_identify_good_pixels"]

#: Largest misclosure of a good pixel, radians.
_LARGEST_MISCLOSURE = 1


@reserving
def sb_identify_good_pixels(workdir: Workspace | StrPath = ".") -> None:
    """Write which pixels are unwrapped consistently, per interferogram.

    Parameters
    ----------
    workdir : path-like or Workspace
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "sb_identify_good_pixels")
    log.start()
    version = ws.version
    with ws.publish():
        sb_make_closure_loops(workdir=ws)
        loops = ws.load(f"phuw_loops{version}")["intfg_loops"]
        ph_uw = ws.load(f"phuw_sb{version}", ["ph_uw"])["ph_uw"]
        ws.save(f"phuw_good{version}", {"good_pixels": good_pixels(ph_uw, loops)}, append=False)
    log.finish()


def good_pixels(ph_uw: NDArray[np.float32], loops: NDArray[np.float64] | None) -> NDArray[np.bool_]:
    """Pixels with a misclosure of at most 1 rad in some loop that contains the interferogram.

    Parameters
    ----------
    ph_uw : ndarray of float32, shape (n_ps, n_ifg)
        Unwrapped phase, radians.
    loops : ndarray, shape (n_loop, <= n_ifg), or None
        1, -1 or 0 for each interferogram.

    Returns
    -------
    ndarray of bool, shape (n_ps, n_ifg)
        NaN is never good.
    """
    good = np.zeros(ph_uw.shape, bool)
    for loop in () if loops is None else np.asarray(loops):
        plus, minus = np.flatnonzero(loop == 1), np.flatnonzero(loop == -1)
        rest = ph_uw[:, plus].sum(axis=1) - ph_uw[:, minus].sum(axis=1)
        cycles = round_half_away(nanmean(rest) / 2 / np.pi)
        with np.errstate(invalid="ignore"):
            closed = np.abs(rest - np.float32(2 * np.pi * cycles)) <= _LARGEST_MISCLOSURE
        good[np.ix_(closed, np.union1d(plus, minus))] = True
    return good

"""Choose small-baseline pairs by their expected coherence.

Reads ``psver`` and ``ps`` of a single-master project; writes ``small_baselines.list`` and, with matplotlib,
``SB_plot.png``.

Source: docs/method/products.md, section 10; Zebker and Villasenor (1992), IEEE Trans. Geosci. Remote Sens.
30, 950-959, for the decay of coherence with baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.insar.network import correlated_pairs
from stamps.products.pairs import images_of, publish_pairs
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_find"]


@reserving
def sb_find(
    rho_min: float = 0.5, ddiff_max: int = 1500, bdiff_max: int = 1070, workdir: Workspace | StrPath = "."
) -> NDArray[np.int64]:
    """List the pairs whose expected coherence exceeds a threshold, and the best pair of each image.

    Parameters
    ----------
    rho_min : float
        Coherence to be exceeded, 0 to 1.
    ddiff_max : float
        Days at which the coherence reaches zero.
    bdiff_max : float
        Perpendicular baseline in m at which it reaches zero.
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        0-based first and second image.

    Raises
    ------
    InputError
        A limit is not positive, or the project has small baselines.

    Examples
    --------
    >>> from stamps import sb_find
    >>> pairs = sb_find(0.9)  # an expected coherence above 0.9
    >>> pairs[:3]
    array([[0, 1],
           [0, 2],
           [0, 3]])
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_FIND")
    log.start()
    if not (ddiff_max > 0 and bdiff_max > 0 and rho_min < 1):
        raise InputError(
            f"sb_find {rho_min} {ddiff_max} {bdiff_max}: give a coherence below 1 and positive limits (days, metres)."
        )
    day, bperp = images_of(ws)
    pairs = correlated_pairs(day, bperp, rho_min, ddiff_max, bdiff_max)
    publish_pairs(ws, "SB_FIND", day, bperp, pairs)
    log.finish()
    return pairs

"""Choose small-baseline pairs of images that follow each other.

Reads ``psver`` and ``ps`` of a single-master project; writes ``small_baselines.list`` and, with matplotlib,
``SB_plot.png``. Source: docs/method/products.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.insar.network import consecutive_pairs
from stamps.products.pairs import images_of, publish_pairs
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_find_consec"]


@reserving
def sb_find_consec(n: float = 3, workdir: Workspace | StrPath = ".") -> NDArray[np.int64]:
    """List the pairs of each image with the next ``n`` images.

    Parameters
    ----------
    n : int
        At least 1.
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        0-based first and second image.

    Raises
    ------
    InputError
        ``n`` is no positive whole number, or the project has small baselines.

    Examples
    --------
    >>> from stamps import sb_find_consec
    >>> sb_find_consec(2)[:4]
    array([[0, 1],
           [0, 2],
           [1, 2],
           [1, 3]])
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_FIND_CONSEC")
    log.start()
    if n != int(n) or n < 1:
        raise InputError(f"sb_find_consec {n}: the number of following images must be a whole number from 1.")
    day, bperp = images_of(ws)
    pairs = consecutive_pairs(day.size, int(n))
    publish_pairs(ws, "SB_FIND_CONSEC", day, bperp, pairs)
    log.finish()
    return pairs

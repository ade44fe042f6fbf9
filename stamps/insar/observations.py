"""Baselines of the pixels of a stack, and which interferograms are used.

Source: docs/method/merging.md, sections 1 and 3; docs/method/unwrapping.md, section 1; docs/method/scla.md, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.phase import insert_column

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["baseline_matrix", "retained"]


def baseline_matrix(stored: NDArray[Any] | None, ps: Mapping[str, Any], small_baselines: bool) -> NDArray[Any]:
    """Perpendicular baseline of every pixel and interferogram in metres.

    Parameters
    ----------
    stored : ndarray, shape (n_ps, k), or None
        ``bperp_mat`` of file ``bp<version>``; None: the mean baselines of ``ps`` repeated for all pixels.
    ps : dict
        Content of ``ps<version>.mat``.
    small_baselines : bool
        Pairs of images (True) or a single master, whose column of zeros is then inserted.

    Returns
    -------
    ndarray, shape (n_ps, n_ifg)
        In the class of what it is made of.
    """
    if stored is None:
        mean = ps["bperp"] if small_baselines else np.delete(ps["bperp"], ps["master_ix"])
        stored = np.tile(mean, (ps["n_ps"], 1))
    return stored if small_baselines else insert_column(stored, ps["master_ix"], 0)


def retained(n: int, dropped: NDArray[np.int64] | tuple[Any, ...]) -> NDArray[np.int64]:
    """0-based numbers 0 … n-1 without the dropped ones, int64.

    Raises
    ------
    ParameterError
        A dropped number does not exist.
    """
    dropped = np.asarray(dropped)
    if dropped.size and dropped.max() >= n:
        raise ParameterError(
            f"Number {int(dropped.max()) + 1} is to be dropped, but there are only {n}: correct drop_ifg_index, "
            "scla_drop_index or sb_scla_drop_index (setparm)."
        )
    return np.setdiff1d(np.arange(n), dropped)

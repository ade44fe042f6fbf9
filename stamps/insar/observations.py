"""The stack of a directory: quantities that stand in one of several files, and which interferograms are used.

Source: docs/method/merging.md, sections 1 and 3; docs/method/unwrapping.md, section 1; docs/method/scla.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError, WorkspaceError
from stamps.insar.phase import insert_column

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["baseline_matrix", "load_phase", "retained"]


def load_phase(ws: Any, ps: Any, version: int = 2) -> NDArray[np.complexfloating[Any, Any]]:
    """Wrapped phasors of all pixels, shape (n_ps, n_ifg): file ``ph<version>``, else field ``ph`` of ``ps``."""
    name = f"ph{version}"
    if ws.exists(name):
        return ws.load(name, ["ph"])["ph"]
    if "ph" in ps:
        return ps["ph"]
    raise WorkspaceError(
        f"{ws.path / name}.mat is missing and ps{version}.mat has no variable 'ph': run step 4 first (stamps 4 4)."
    )


def baseline_matrix(ws: Any, ps: Any, small_baselines: bool, version: int = 2) -> NDArray[np.floating[Any]]:
    """Perpendicular baseline of every pixel and interferogram in metres.

    Parameters
    ----------
    ws : Workspace
    ps : dict
        Content of ``ps<version>.mat``.
    small_baselines : bool
        Pairs of images (True) or a single master, whose column of zeros is then inserted.
    version : int

    Returns
    -------
    ndarray, shape (n_ps, n_ifg)
        File ``bp<version>`` in its own class, or the mean baselines of ``ps`` repeated for all pixels.
    """
    name = f"bp{version}"
    if ws.exists(name):
        bperp = ws.load(name, ["bperp_mat"])["bperp_mat"]
    else:
        mean = ps["bperp"] if small_baselines else np.delete(ps["bperp"], ps["master_ix"])
        bperp = np.tile(mean, (ps["n_ps"], 1))
    return bperp if small_baselines else insert_column(bperp, ps["master_ix"], 0)


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

"""One value for each pixel, as exports take it: an array, or the file of a saved plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.workspace import freshness, matfile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace


__all__ = ["pixel_coherence", "pixel_values", "random_subset", "saved_values"]


def saved_values(ws: Workspace, name: str) -> NDArray[np.float64]:
    """What a plot saved.

    Parameters
    ----------
    ws : Workspace
    name : path-like
        ``'ps_plot_v-d'``, with or without ``.mat``.

    Returns
    -------
    ndarray, shape (n_ps, k)
        Real values or phasors.

    Raises
    ------
    InputError
        There is no such file, or it holds no plot.
    """
    name = str(name).removesuffix(".mat")
    path = ws.path / f"{name}.mat"
    if not path.is_file():
        raise InputError(f"{path} is missing: save the plot first, as ps_plot v-d -1 saves ps_plot_v-d.")
    freshness.check(ws, name)
    content = matfile.read(path, ["ph_disp"])
    if "ph_disp" not in content:
        raise InputError(f"{path} has no variable 'ph_disp': give the file of a saved plot.")
    return content["ph_disp"]


def pixel_values(ws: Workspace, data: NDArray[Any] | str, n_ps: int) -> NDArray[np.float64]:
    """The values of the first column.

    Parameters
    ----------
    ws : Workspace
    data : array_like or str
        Values, shape (n_ps,) or (n_ps, k); or the name of a saved plot (``'ps_plot_v-d'``).
    n_ps : int

    Returns
    -------
    ndarray of float64, shape (n_ps,)
    """
    if isinstance(data, (str, Path)):
        data = saved_values(ws, data)
    data = np.asarray(data)
    if data.ndim == 2 and len(data) == n_ps:
        data = data[:, 0]
    if data.shape != (n_ps,) or data.dtype.kind not in "fiub":
        raise InputError(f"One real value for each of {n_ps} pixels is needed, but the data have shape {data.shape}.")
    return data.astype(np.float64)


def random_subset(rows: NDArray[np.int64], step: float, seed: int) -> NDArray[np.int64]:
    """Some of the rows: ceil(n/step) of them, drawn without replacement, in ascending order.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
    step : float
        1 keeps all.
    seed : int

    Returns
    -------
    ndarray of int
    """
    if not 1 <= step < np.inf:
        raise InputError(f"The step is {step}, but it is 1 for all pixels, 2 for every second and so on.")
    count = int(np.ceil(rows.size / step))
    return rows if count == rows.size else np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def pixel_coherence(stored: NDArray[Any] | None, n_ps: int) -> NDArray[Any] | None:
    """One coherence for each pixel; of a multilooked stack, which has one for each interferogram, the mean of the known ones
    without the master's column of ones.

    Parameters
    ----------
    stored : ndarray or None
        ``coh_ps`` of ``pm2`` as it is loaded: column after column.
    n_ps : int

    Returns
    -------
    ndarray, shape (n_ps,), or None
        None where nothing of that size is stored.
    """
    if stored is None or np.size(stored) == 0 or np.size(stored) % n_ps:
        return None
    if stored.size == n_ps:
        return stored
    columns = stored.reshape((n_ps, -1), order="F")
    columns = columns[:, ~(columns == 1).all(axis=0)]
    known = np.isfinite(columns)
    count = known.sum(axis=1)
    mean = np.where(known, columns, 0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count, mean, np.nan).astype(columns.dtype)

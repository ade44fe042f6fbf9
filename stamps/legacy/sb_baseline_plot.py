"""Plot the network of a small-baseline project.

Reads ``psver`` and ``ps``, ``ifgstd`` if present, or, in a single-master project, the names of the directories in
``SMALL_BASELINES``, which are listed in ``small_baselines.list``. Writes ``baseline_plot.png``. Parameter:
``drop_ifg_index``.

Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.network import baselines_of_images, design_matrix
from stamps.insar.observations import retained
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.baselines import network_picture
from stamps.products.pairs import LIST
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["sb_baseline_plot"]

_FOLDER = "SMALL_BASELINES"
_PICTURE = "baseline_plot.png"


def sb_baseline_plot(
    ix: ArrayLike | None = None, workdir: Workspace | StrPath = ".", out: StrPath | None = _PICTURE
) -> Figure:
    """Draw the interferograms between their images, coloured by their noise where it is known.

    Parameters
    ----------
    ix : array_like of int, optional
        Interferograms to draw, counted from 1; default: those that are not dropped.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; None shows a window.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        There are no interferograms, or an image of one is not known.
    """
    ws = Workspace.at(workdir)
    version = ws.version
    ps = ws.load(f"ps{version}")
    listed = list_directories(ws)
    if "ifgday_ix" in ps:
        pairs = ps["ifgday_ix"]
        bperp = _image_baselines(ps)
        kept = retained(len(pairs), Parameters(ws).indices("drop_ifg_index"))
        noise = ws.load_optional(f"ifgstd{version}").get("ifg_std")
    else:
        pairs, bperp, noise = pairs_of_names(listed, ps["day"], ws.path), ps["bperp"], None
        kept = np.arange(len(pairs))
    if ix is not None and np.size(ix):
        kept = np.intersect1d(np.ravel(ix).astype(np.int64) - 1, np.arange(len(pairs)))
    title = f"{kept.size} interferograms of {len(ps['day'])} images"
    return network_picture(
        ws,
        ps["day"],
        bperp,
        pairs[kept],
        out=out,
        default=_PICTURE,
        numbers=kept + 1,
        noise=None if noise is None else noise[kept],
        master=ps["master_ix"],
        title=title,
    )


def list_directories(ws: Workspace) -> list[str]:
    """Write and return the names of the directories of interferograms: those that begin with 1 or 2.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    list of str
    """
    folder = ws.path if ws.name == _FOLDER else ws.path / _FOLDER
    if not folder.is_dir():
        return []
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[:1] in ("1", "2"))
    if names:
        ws.write_text(LIST, "".join(f"{name}\n" for name in names))
    return names


def pairs_of_names(names: Sequence[str], day: NDArray[np.float64], where: StrPath) -> NDArray[np.int64]:
    """Images of directories ``yyyymmdd_yyyymmdd``.

    Parameters
    ----------
    names : list of str
    day : ndarray, shape (n_image,)
        Datenums.
    where : path-like
        The project, for messages.

    Returns
    -------
    ndarray of int64, shape (n, 2)
        0-based.
    """
    number = {str(date): i for i, date in enumerate(to_yyyymmdd(day))}
    pairs = [[number.get(date) for date in name.split("_")[:2]] for name in names]
    if not pairs or any(len(pair) != 2 or None in pair for pair in pairs):
        wrong = next((name for name, pair in zip(names, pairs, strict=True) if len(pair) != 2 or None in pair), None)
        what = f"{wrong} is no pair of its images" if wrong else "there are none"
        raise InputError(
            f"{where}: the directories of {_FOLDER} should be named yyyymmdd_yyyymmdd after two images, but {what}."
        )
    return np.array(pairs, np.int64)


def _image_baselines(ps: Variables) -> NDArray[np.float64]:
    """Baselines of the images by least squares, zero for the master."""
    images = np.delete(np.arange(ps["n_image"]), ps["master_ix"])
    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    return baselines_of_images(network, images, np.asarray(ps["bperp"], np.float64)[np.newaxis])[0]

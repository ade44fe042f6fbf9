"""Colours of a palette of GMT (``.cpt``).

Reads the palette; draws one picture of all palettes if it is asked for.

Source: docs/method/other_scripts.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.products.cpt import FOLDER, find_palette, palettes_in, read_palette
from stamps.products.figures import finish_figure, new_figure
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ColourTable", "cptcmap"]


class ColourTable(NamedTuple):
    """Colours of a palette.

    Attributes
    ----------
    cmap : ndarray of float64, shape (n, 3)
        Red, green, blue, 0 to 1.
    lims : tuple of float
        Values of the first and the last colour: those of the palette.
    ticks : ndarray of float64
        Values at which its rows begin or end.
    bfn : ndarray of float64, shape (3, 3)
        Colours below, above, and of NaN.
    """

    cmap: NDArray[np.float64]
    lims: tuple[float, float]
    ticks: NDArray[np.float64]
    bfn: NDArray[np.float64]


def cptcmap(
    name: StrPath,
    ncol: int | None = None,
    flip: bool = False,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
) -> ColourTable | None:
    """Read a palette of GMT; pictures take it by the parameter ``plot_color_scheme``, as ``'haxby.cpt'``.

    Parameters
    ----------
    name : path-like
        The file, or its name in the folder ``cptfiles``, with or without ``.cpt``; ``'showall'`` draws all of that folder.
    ncol : int, optional
        Number of colours; default: as many as resolve its rows, at most 256.
    flip : bool
        Whether the order of the colours is reversed.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file for ``'showall'``.

    Returns
    -------
    ColourTable or None

    Raises
    ------
    InputError
        There is no such palette, or it is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> from stamps import cptcmap
    >>> _ = Path("two.cpt").write_text("0 0 0 255 1 0 0 255\\n1 255 0 0 2 255 0 0\\n")
    >>> cptcmap("two").cmap.tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    ws = Workspace.at(workdir)
    if name == "showall":
        _show_all(ws, out)
        return None
    palette = read_palette(find_palette(name, ws.path), ncol)
    colours = palette.colours[::-1] if flip else palette.colours
    return ColourTable(colours, palette.limits, palette.ticks, palette.extremes)


def _show_all(ws: Workspace, out: StrPath | None) -> None:
    paths = palettes_in(ws.path)
    if not paths:
        raise InputError(f"{ws.path / FOLDER} holds no .cpt files.")
    figure, window = new_figure(out, figsize=(6, 0.4 * len(paths) + 0.4), layout="constrained")
    for number, path in enumerate(paths, 1):
        axes = figure.add_subplot(len(paths), 1, number)
        axes.imshow(read_palette(path).colours[np.newaxis], aspect="auto")
        axes.set(yticks=[], xticks=[])
        axes.set_ylabel(path.stem, rotation=0, ha="right", va="center")
    finish_figure(figure, window, out, ws, "palettes.png")

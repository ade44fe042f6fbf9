"""Figures: made without a window where a file is asked for, shown in one, or in the cell of a notebook, otherwise.

matplotlib is imported only here and in the functions that draw, when they run.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.products.matplotlib_place import give_place
from stamps.products.notebook_figure import display_figure, made_for_notebooks, note_shown
from stamps.products.saving import check_place, complete_file
from stamps.workspace.console import in_notebook
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = [
    "check_picture",
    "finish_figure",
    "label_dates",
    "matplotlib_or_error",
    "new_figure",
    "save_figure",
    "window_possible",
]

_DPI = 150


def matplotlib_or_error() -> Any:
    """The module matplotlib; InputError, which says how to get it, where it is not installed."""
    give_place()
    try:
        import matplotlib
    except ImportError:
        raise InputError(
            "Pictures need matplotlib, which is not installed: pip install 'stamps-insar[plot]', "
            "or without it save values (ps_plot with plot_flag -1), look at stamps view, or use stamps export csv."
        ) from None
    return matplotlib


def check_picture(path: Path) -> str:
    """Check, before anything is computed, that a picture can be written to a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        The format, that of the ending of its name.

    Raises
    ------
    InputError
        matplotlib is not installed, or writes no such pictures.
    WorkspaceError
        The folder does not exist, or the name is that of something else than a file.
    """
    matplotlib_or_error()
    from matplotlib.backend_bases import FigureCanvasBase

    kinds, suffix = FigureCanvasBase.get_supported_filetypes(), path.suffix.lower().lstrip(".")
    if suffix not in kinds:
        raise InputError(f"{path}: pictures can be written as {', '.join(sorted(kinds))}, so give a name that ends so.")
    check_place(path, "picture")
    return suffix


def window_possible() -> bool:
    """Whether a window (or a notebook that lets figures be clicked at) can show a figure here."""
    matplotlib = matplotlib_or_error()
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "JPY_PARENT_PID")  # the last one: a notebook
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in displays):
        return False
    from matplotlib.backends import BackendFilter, backend_registry

    hidden = {name.lower() for name in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)}
    backend = matplotlib.get_backend().lower()
    return backend not in hidden and "inline" not in backend


def new_figure(out: StrPath | None = None, **options: Any) -> tuple[Figure, bool]:
    """A figure for a file, or for a window (the cell of a notebook) if none is asked for and one can be opened.

    Parameters
    ----------
    out : path-like, optional
        Picture file.
    **options
        For matplotlib's ``Figure``.

    Returns
    -------
    figure : matplotlib.figure.Figure
    shown : bool
        Whether it stands in a window.
    """
    matplotlib_or_error()
    if out is None and window_possible():
        from matplotlib import pyplot

        return pyplot.figure(**options), True
    if in_notebook():
        return made_for_notebooks(**options), False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(**options)
    FigureCanvasAgg(figure)
    return figure, False


def label_dates(axes: Axes) -> None:
    """Label an axis of dates, as short as they can be told apart."""
    from matplotlib.dates import ConciseDateFormatter

    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))


def save_figure(figure: Figure, path: Path, kind: str = "") -> None:
    """Write a figure as pictures of this package are written; ``kind`` is ``'png'`` …, default: the ending of the name."""
    figure.savefig(path, dpi=_DPI, format=kind or path.suffix.lower().lstrip("."))


def finish_figure(figure: Figure, shown: bool, out: StrPath | None, ws: Workspace, default: str) -> Path | None:
    """Show a figure in its window or the cell of a notebook, or write its file and say where it is.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    shown : bool
        From :func:`new_figure`.
    out : path-like or None
        Picture file; its ending decides the format.
    ws : Workspace
        Relative names are meant from here.
    default : str
        File name where none is given and no window can be opened.

    Returns
    -------
    Path or None
        The file.
    """
    if shown:
        from matplotlib import pyplot

        pyplot.show()
        note_shown(figure)
        return None
    if out is None and in_notebook():
        display_figure(figure)
        return None
    path = ws.path / (default if out is None else Path(out))
    suffix = check_picture(path)
    with complete_file(path, "picture") as part:
        save_figure(figure, part, suffix)
    Log(ws, "PICTURE")(f"written to {path}", level=2)
    return path

"""Figures in notebooks: each is shown once in the cell that makes it, whether it is the cell's value or not.

A figure without a file is shown when it is finished, like a window elsewhere. Where it is the value of the same cell, too, it is
not shown again; in a later cell it is.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["display_figure", "made_for_notebooks", "note_shown", "png_of"]

_DPI = 100


def made_for_notebooks(**options: Any) -> Figure:
    """A figure for the cells of notebooks.

    Parameters
    ----------
    **options
        For matplotlib's ``Figure``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that knows the cell in which it was shown."""

        shown_in: int | None = None

        def _ipython_display_(self) -> None:
            display_figure(self)

        def _repr_png_(self) -> bytes:
            return png_of(self)

    figure = NotebookFigure(**options)
    FigureCanvasAgg(figure)
    return figure


def png_of(figure: Figure) -> bytes:
    """A figure as PNG."""
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=_DPI)
    return made.getvalue()


def display_figure(figure: Any) -> None:
    """Show a figure in the output of the cell that runs, unless it stands there already."""
    from IPython.display import display

    cell = _cell()
    if cell is None or getattr(figure, "shown_in", None) != cell:
        note_shown(figure)
        display({"image/png": png_of(figure), "text/plain": repr(figure)}, raw=True)


def note_shown(figure: Any) -> None:
    """Note that a figure stands in a window, or in the output of the cell that runs."""
    figure.shown_in = _cell()


def _cell() -> int | None:
    """Number of the cell that runs."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "execution_count", None)

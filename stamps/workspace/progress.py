"""Displays of progress, decided in one place: a bar on a terminal, a widget in a notebook, nothing in a pipe or a log.

A notebook without ipywidgets shows a line of text that is replaced as the work goes on. What is done at once shows nothing there.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stamps.workspace.console import in_notebook, terminal

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["progress"]

_SOON = 0.5  # seconds within which work in a notebook shows nothing


def progress(
    things: Iterable[Any] | None = None,
    *,
    total: int,
    unit: str,
    title: str = "",
    scaled: bool = False,
    leave: bool = False,
) -> tqdm[Any]:
    """A display of progress, told by going through ``things`` or by its method ``update``.

    Parameters
    ----------
    things : iterable, optional
        What is worked on.
    total : int
        Units of all of it.
    unit : str
        What is counted.
    title : str
        Stands before the display.
    scaled : bool
        Count in thousands and millions.
    leave : bool
        Whether it stays when the work is done.

    Returns
    -------
    tqdm.tqdm
        Silent where nobody looks.
    """
    from tqdm import tqdm

    about: dict[str, Any] = {"total": total, "unit": unit, "desc": title or None, "unit_scale": scaled, "leave": leave}
    if not in_notebook():
        stream = terminal()
        return tqdm(things, **about, file=stream, disable=not stream.isatty())
    if importlib.util.find_spec("ipywidgets") is None:
        return tqdm(things, **about, file=_Line(), delay=_SOON)
    from tqdm.notebook import tqdm as widget

    return widget(things, **about, delay=_SOON)


class _Line:
    """A stream of one line in the output of a cell: what is written replaces what stood there."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> int:
        if text == "\n":  # the end of the line: it stays as it is
            return 1
        from IPython.display import display

        content = {"text/plain": text.strip()}
        if self._shown is None:
            self._shown = display(content, raw=True, display_id=True)
        else:
            self._shown.update(content, raw=True)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

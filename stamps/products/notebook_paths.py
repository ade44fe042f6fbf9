"""What was written, as a path that a notebook shows: a link to the file, or the page itself.

A page stands in a frame of its own that may run its scripts and reach nothing of the notebook.
"""

from __future__ import annotations

import html
from pathlib import Path

from stamps.workspace.markup import lines, link

__all__ = ["Page", "Written", "shown_file"]

_LARGEST = 20_000_000  # bytes of a page that is put into a notebook
_HEIGHT = 720
_MAY = "allow-scripts allow-downloads allow-popups"


class Written(type(Path())):  # type: ignore[misc]  # Path itself cannot be derived from before Python 3.12
    """The path of a file or folder that was written; a notebook shows a link to it."""

    def __reduce__(self) -> tuple[type[Path], tuple[str]]:
        return Path, (str(self),)

    def _repr_html_(self) -> str | None:
        """A link with the size of the file; nothing where there is none."""
        if not self.exists():
            return None
        size = f", {self.stat().st_size / 1e6:.3g} MB" if self.is_file() else ""
        return f"<p>{link(Path(self.absolute()))}{size}</p>"


def shown_file(path: Path | None) -> str:
    """Link to the file that a result was written to; empty where it was not."""
    return "" if path is None else Written(path)._repr_html_() or ""


class Page(Written):
    """The path of a page of ``stamps view``; a notebook shows the page.

    Attributes
    ----------
    height : int
        Pixels of the frame in a notebook.
    """

    height: int = _HEIGHT

    def _repr_html_(self) -> str | None:
        """The page in a frame; beyond 20 MB a link to it."""
        if self.suffix.lower() not in (".html", ".htm") or not self.is_file():
            return super()._repr_html_()
        if self.stat().st_size > _LARGEST:
            told = f"The page is larger than {_LARGEST / 1e6:.0f} MB, too much for a notebook: open it in a browser of its own."
            return f"{super()._repr_html_()}{lines([told])}"
        return framed(self.read_text(encoding="utf-8", errors="replace"), self.height)


def framed(page: str, height: int) -> str:
    """A whole page as a frame within another one.

    Parameters
    ----------
    page : str
        HTML.
    height : int
        Pixels.
    """
    style = f"width:100%;height:{int(height)}px;border:0"
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="{_MAY}" allow="fullscreen" title="map and time series" '
        f'style="{style}"></iframe>'
    )

"""Results as HTML, for notebooks: tables and lines in which nothing is markup but what stands here.

What a cell of a notebook shows of a result is made of :func:`table`, :func:`pairs` and :func:`lines`. Colours and sizes are
those of the notebook. Names of files and parameters may hold anything: all texts are escaped, and shown as a terminal shows them.
"""

from __future__ import annotations

import html
import math
import numbers
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np

from stamps.workspace.console import shown

__all__ = ["Listed", "escaped", "lines", "link", "pairs", "table"]

T = TypeVar("T")

_MOST_ROWS = 40
_LEFT, _RIGHT = "text-align:left", "text-align:right"
_CELL = "vertical-align:top;padding:0.15em 1.2em 0.15em 0"
_CAPTION = f"caption-side:top;{_LEFT};font-weight:bold;color:inherit"


def escaped(value: object) -> str:
    """A text that is nothing but text on a page."""
    return html.escape(shown(str(value)))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "", most: int = _MOST_ROWS) -> str:
    """A table.

    Parameters
    ----------
    heads : sequence of str
        Names of the columns, with their units; none: no line of names.
    rows : iterable of sequence
        Texts, numbers, truths; None and what is not a number are empty.
    caption : str
        Stands above.
    most : int
        Rows that are shown; a line below says how many are not.

    Returns
    -------
    str
        HTML.
    """
    cells = [[_plain(value) for value in row] for row in rows]
    numeric = {k for row in cells for k, value in enumerate(row) if _is_number(value)}
    head = "".join(
        f'<th style="{_RIGHT if k in numeric else _LEFT};{_CELL}">{escaped(name)}</th>' for k, name in enumerate(heads)
    )
    title = f'<caption style="{_CAPTION}">{escaped(caption)}</caption>' if caption else ""
    top = f"<thead><tr>{head}</tr></thead>" if heads else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in cells[:most])
    made = f'<table style="margin:0 0 0.8em 0">{title}{top}<tbody>{body}</tbody></table>'
    left = len(cells) - most
    return made if left <= 0 else made + lines([f"The first {most} of {len(cells)} rows; the others are not shown."])


def pairs(rows: Iterable[tuple[str, Any]], caption: str = "") -> str:
    """A table of names and values; rows without a value (None, an empty text) are left out."""
    return table((), [row for row in rows if row[1] is not None and row[1] != ""], caption)


def lines(texts: Iterable[object]) -> str:
    """A paragraph for each text that is not empty."""
    return "".join(f"<p>{escaped(text)}</p>" for text in texts if str(text))


def link(path: Path, base: Path | None = None) -> str:
    """A link to a file, relative to the current directory (that of a notebook) where the file lies below it."""
    base = Path.cwd() if base is None else base
    near = path.relative_to(base).as_posix() if path.is_relative_to(base) else None
    target = path.as_uri() if near is None else quote(os.fsencode(near))
    return f'<a href="{html.escape(target)}">{escaped(near or path)}</a>'


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Number) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    return f'<td style="{_RIGHT if _is_number(value) else _LEFT};{_CELL}">{escaped(_text(value))}</td>'


def _text(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return _grouped(f"{int(value):,}")
    if isinstance(value, numbers.Real):
        real = float(value)
        if not math.isfinite(real):
            return "" if math.isnan(real) else f"{real:g}"
        return _grouped(f"{real:,.0f}") if abs(real) >= 1000 else f"{real:.4g}"
    return str(value)


def _grouped(digits: str) -> str:
    """Thousands apart, from five digits on."""
    return digits.replace(",", "\N{NARROW NO-BREAK SPACE}" if digits.count(",") > 1 or len(digits) >= 6 else "")


class Listed(list[T]):
    """A list that a notebook shows as a table, and ``print`` one item a line.

    Parameters
    ----------
    items : iterable
    markup : str
        The table.
    """

    def __init__(self, items: Iterable[T] = (), markup: str = "") -> None:
        super().__init__(items)
        self._markup = markup

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str | None:
        return self._markup or None

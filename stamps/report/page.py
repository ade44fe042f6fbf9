"""Fill the templates and write a page: one HTML file with everything in it, and the same numbers as JSON.

The templates are package data (``templates/``). A page refers to nothing but the JSON file beside it.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.products.saving import check_place, complete_file
from stamps.workspace.console import shown

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["check_libraries", "plain", "versions_for_people", "write"]

PAGE, DATA = "index.html", "report.json"


def check_libraries() -> None:
    """InputError if what draws and fills the pages is not installed: better before the numbers than after them."""
    for name in ("jinja2", "matplotlib", "PIL"):
        try:
            import_module(name)
        except ImportError:
            raise InputError(
                f"The pages need {name}, which is not installed: pip install 'stamps-insar[report]'."
            ) from None


def write(folder: StrPath, template: str, context: Mapping[str, str], data: Mapping[str, Any]) -> Path:
    """Write ``index.html`` and ``report.json``.

    Parameters
    ----------
    folder : path-like
        Made if missing; other files in it stay.
    template : str
        File name in ``templates/``.
    context : dict
        What the template needs.
    data : dict
        Plain data, see :func:`plain`.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        A library is not installed (:func:`check_libraries`).
    WorkspaceError
        The folder cannot be written.
    """
    from stamps import __version__

    check_libraries()
    now = datetime.datetime.now().strftime("%d %B %Y, %H:%M").lstrip("0")
    html = _environment().get_template(template).render(**context, version=__version__, now=now, data_file=DATA)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"The folder {folder} cannot be made ({error}): choose another place.") from error
    for name in (DATA, PAGE):
        check_place(folder / name, "page")
    for name, text in ((DATA, json.dumps(data, indent=1, allow_nan=False) + "\n"), (PAGE, html)):
        with complete_file(folder / name, "page") as part:
            part.write_text(text, encoding="utf-8")
    return folder / PAGE


def plain(value: Any) -> Any:
    """Nested data as JSON knows it: lists, text keys, Python numbers; numbers that are not finite become None."""
    if isinstance(value, dict):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def versions_for_people(versions: Mapping[str, str]) -> dict[str, str]:
    """Versions without the places of programs, which mean something on one machine only."""
    return {
        name: text.split(" (")[0].replace(f"{name} ", "").replace("library: ", "") for name, text in versions.items()
    }


def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stamps.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: shown(value) if type(value) is str else value,
    )
    environment.filters.update(figure=_figure, whole=_whole, times=_times, anchor=_anchor, seconds=_seconds)
    return environment


def _figure(value: Any, digits: int = 3) -> str:
    """A number with few digits; an empty text for what is no finite number."""
    if value is None or isinstance(value, str) or not math.isfinite(value):
        return ""
    if value < 0:
        return f"−{_figure(-value, digits)}"
    if value == int(value) and value < 1e15:
        return _whole(value)
    if 1e-3 <= value < 1e5:
        return f"{value:.{digits}g}" if value < 1000 else _whole(round(value))
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _whole(value: Any) -> str:
    """A count with narrow spaces between the thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def _times(shape: Iterable[int]) -> str:
    return " × ".join(str(number) for number in shape)


def _seconds(value: float | None) -> str:
    """Seconds; those of a log that counts whole seconds may be 0."""
    if value is None:
        return "—"
    return "< 1" if value == 0 else f"{value:.1f}".removesuffix(".0")


def _anchor(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text)

"""A page to look at: one HTML file with the map of the points, their time series and everything needed to show them.

``content`` gathers the values, ``background`` the pictures behind the points, ``packing`` turns arrays into text, ``page``
puts the file together, ``serving`` offers it to a browser. The rest is the page itself: ``view.html``, ``view.css``,
and the scripts in ``js``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.products.quantities import Project
from stamps.products.reference_choice import ReferenceChoice
from stamps.products.saving import complete_file
from stamps.products.view.background import backgrounds_of
from stamps.products.view.content import N_BOOT, content_of
from stamps.products.view.page import html_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["view"]


def view(
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
    value: str | None = None,
    *,
    title: str | None = None,
    background: bool = True,
    n_boot: int = N_BOOT,
    seed: int = 0,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
) -> Path:
    """Write a page with the map and the time series of all pixels.

    The page is one file that needs neither a network nor a server: open it in any browser, send it, archive it.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7 (after step 8 with the spatially correlated noise of each date).
    out : path-like, optional
        The file; relative names are meant from the current directory. Default: ``view.html`` in the project directory.
    value : str, optional
        The velocity that is shown, with the corrections of its time series: a value type of ``ps_plot`` that has a
        series (``'v-d'``, ``'v-do'``, …; small baselines: ``'V-d'``, …). Default: without look-angle error, ``'v-d'``
        or ``'V-d'``.
    title : str, optional
        Heading; default: the name of the project directory.
    background : bool
        Whether to put the shaded DEM and the mean amplitude behind the points, where the project has them.
    n_boot : int
        Bootstrap samples of the standard deviation of the velocity.
    seed : int
        Start of their random numbers: equal seeds give equal pages.
    reference_date, reference_area : optional
        What the page begins with as reference, as for :func:`stamps.export`.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        The value type does not exist or has no time series, or the file name does not end in ``.html``.
    ParameterError
        The reference area holds no pixel.
    WorkspaceError
        A file of the project is missing, or the page cannot be written.

    Notes
    -----
    Velocities and series are those of ``ps_plot(value, 'ts')``, the standard deviation is that of ``ps_mean_v``; series
    are rounded to 1/65534 of the range of their date, and the page says how much that is.

    Examples
    --------
    >>> from stamps import view
    >>> view(".", "motion.html", "v-do").name
    'motion.html'
    """
    if int(n_boot) < 2:
        raise InputError(f"n_boot is {n_boot}, but a standard deviation needs at least two bootstrap samples.")
    project = Project.at(workdir)
    path = project.ws.path / "view.html" if out is None else Path(out).absolute()
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: the view is a web page, so give a name that ends in .html.")
    choice = ReferenceChoice.of(reference_date, reference_area)
    content = content_of(project, value, int(n_boot), seed, choice)
    pictures = backgrounds_of(project, content.lonlat) if background else []
    text = html_of(content, pictures, title or project.ws.path.resolve().name)
    with complete_file(path, "page") as part:
        part.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path

"""A page to look at: one HTML file with the map of the points, their time series and everything needed to show them.

``content`` gathers the values, ``background`` the pictures behind the points, ``events`` what is marked in the series,
``extras``, ``tiles``, ``overlays`` and ``stations`` what may lie on and beside them, ``packing`` turns arrays into text,
``page`` puts the file together, ``serving`` offers it to a browser. The rest is the page itself: ``view.html``,
``view.css``, the scripts in ``js``, and uPlot, which draws the charts, in ``vendor``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, ParameterError
from stamps.products.ground.looks import Wish
from stamps.products.notebook_paths import Page
from stamps.products.quantities import Project
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.saving import complete_file
from stamps.products.series_models.choice import ModelChoice
from stamps.products.view.background import backgrounds_of
from stamps.products.view.content import N_BOOT, Content, content_of
from stamps.products.view.extras import Extras, Other, check_overlap, value_for
from stamps.products.view.model_layers import model_layers
from stamps.products.view.overlays import read_overlay
from stamps.products.view.page import html_of
from stamps.products.view.stations import stations_of
from stamps.products.view.tiles import tiles_of
from stamps.workspace.given_paths import listed_paths
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    model: Any = None,
    events: Iterable[Any] = (),
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    overlay: StrPath | Sequence[StrPath] | None = None,
    gnss: StrPath | Sequence[StrPath] | None = None,
    compare: StrPath | None = None,
    height: int = 720,
) -> Page:
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
    model : True, str, dict or ModelChoice, optional
        Also show what :func:`stamps.model` finds, each coefficient with its error: True for a line and the kinds of motion, else
        terms such as ``'degree=2,annual,step=20190101,classify'``.
    events : iterable, optional
        What is marked in the time series, and may be a step of their models: dates, ``'2019-07-06=earthquake'``, or pairs
        of a date and a name; on the page, more can be added.
    tiles : str, optional
        Address of a base map in Web Mercator, ``'https://…/{z}/{x}/{y}.png'``. The page then asks this host for pictures
        when it is looked at; without, it asks nobody for anything.
    tiles_attribution : str, optional
        Who made the base map; shown on the map. Default: its host.
    overlay : path-like or sequence of path-like, optional
        Files of GeoJSON (RFC 7946) to be drawn over the map.
    gnss : path-like or sequence of path-like, optional
        Files of GNSS stations, as for :func:`stamps.gnss`: drawn in the colours of the velocity.
    compare : path-like, optional
        Another project of the same area, shown beside this one: another orbit, another processing.
    height : int
        Pixels of the page in a notebook, which shows it where it is the value of a cell (up to 20 MB).

    Returns
    -------
    Page
        The path of the file written.

    Raises
    ------
    InputError
        The value type does not exist or has no time series, an event lies outside of the series, the file name does not
        end in ``.html``, the address of tiles or a file of GeoJSON or GNSS is none, or the other project lies elsewhere.
    ParameterError
        The reference area holds no pixel, or the dates cannot tell the terms of the model apart.
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
    base, overlays = tiles_of(tiles, tiles_attribution), [read_overlay(file) for file in listed_paths(overlay)]
    choice = ReferenceChoice.of(reference_date, reference_area)
    wanted = ModelChoice.read_if_any(model)
    content = _modelled(content_of(project, value, int(n_boot), seed, choice, events), project, wanted, choice)
    pictures = backgrounds_of(project, content.lonlat) if background else []
    stations = _stations(project, gnss, Wish(content.facts["value"], n_boot=int(n_boot), seed=seed, area=choice.area))
    other = None
    if compare is not None:
        other = _other(Project.at(compare), content, value, gnss, int(n_boot), seed, background, wanted)
    text = html_of(content, pictures, title or project.ws.path.resolve().name, Extras(base, overlays, stations, other))
    with complete_file(path, "page") as part:
        part.write_text(text, encoding="utf-8", errors="surrogateescape")
    page = Page(path)
    page.height = int(height)
    return page


def _other(
    project: Project,
    beside: Content,
    value: str | None,
    gnss: StrPath | Sequence[StrPath] | None,
    n_boot: int,
    seed: int,
    background: bool,
    wanted: ModelChoice | None,
) -> Other:
    """Another project of the same area, with the layers of the model where its dates allow that."""
    content = content_of(project, value_for(value, project.usual_velocity), n_boot, seed)
    check_overlap(beside.lonlat, content.lonlat, str(project.ws.path))
    try:
        content = _modelled(content, project, wanted, OWN)
    except ParameterError as error:
        Log(project.ws, "VIEW")(f"{project.ws.path}: the model is not known there. {error}", level=2)
    pictures = backgrounds_of(project, content.lonlat) if background else []
    stations = _stations(project, gnss, Wish(content.facts["value"], n_boot=n_boot, seed=seed))
    return Other(content, pictures, project.ws.path.resolve().name, stations)


def _modelled(content: Content, project: Project, wanted: ModelChoice | None, choice: ReferenceChoice) -> Content:
    """The content with the layers of a model, where one is wanted."""
    if wanted is None:
        return content
    more = model_layers(project, content.facts["value"], wanted, choice)
    return replace(content, layers=[*content.layers, *more])


def _stations(project: Project, gnss: StrPath | Sequence[StrPath] | None, wish: Wish) -> list[dict[str, Any]]:
    """Stations as a project sees them; none where none are asked for."""
    return [] if gnss is None else stations_of(listed_paths(gnss), project, wish)

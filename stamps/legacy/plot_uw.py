"""Draw what step 6 has made before it unwraps: resampled and interpolated phase, its gradients, the arcs.

Reads ``psver ps2 uw_grid uw_interp uw_space_time``; writes pictures. Parameter: ``drop_ifg_index``.

Source: docs/method/other_scripts.md, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.legacy.plot_edges import draw_edges, points_of
from stamps.matlab.dates import datestr
from stamps.products.figures import finish_figure, new_figure
from stamps.products.quantities import Project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace
    from stamps.workspace.directory import Variables


__all__ = ["plot_uw"]


def plot_uw(
    ifg_list: ArrayLike = 1, workdir: Workspace | StrPath = ".", out: StrPath | None = "plot_uw.png"
) -> dict[str, Figure]:
    """Draw the steps before unwrapping.

    Parameters
    ----------
    ifg_list : array_like of int
        Interferograms, counted from 1 among those that are unwrapped.
    workdir : path-like or Workspace
        Project after step 6.
    out : path-like, optional
        Picture file; the name of each figure is added to its stem. None shows windows.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        ``filtered``, ``interpolated``, ``gradient_north`` and ``gradient_east`` (if they were estimated), ``arcs``.

    Raises
    ------
    InputError
        An interferogram does not exist.
    WorkspaceError
        Step 6 has not been run.
    """
    project = Project.at(workdir)
    grid = project.ws.load("uw_grid", ["ph", "nzix", "ij"])
    interp = project.ws.load("uw_interp", ["edgs", "Z"])
    found = project.ws.load("uw_space_time")
    if interp["Z"].size and not 0 <= interp["Z"].min() <= interp["Z"].max() < len(grid["ph"]):
        raise InputError(
            f"uw_interp.mat of {project.ws.path} names nodes beyond the {len(grid['ph'])} of uw_grid.mat: run step 6 again."
        )
    columns = _columns(ifg_list, grid["ph"].shape[1])
    titles = _titles(project, grid["ph"].shape[1])
    nodes = np.asarray(grid["nzix"], bool)
    phase = np.angle(grid["ph"])
    pictures: dict[str, tuple[Callable[[int], NDArray[Any]], tuple[float, float], str]] = {
        "filtered": (lambda k: _on_nodes(phase[:, k], nodes), (-np.pi, np.pi), "hsv"),
        "interpolated": (lambda k: phase[interp["Z"], k], (-np.pi, np.pi), "hsv"),
    }
    gradients = [found.get(name) for name in ("ifreq_ij", "jfreq_ij")]
    if all(values is not None and np.size(values) for values in gradients):
        limits = _common(gradients, columns)
        for name, values in zip(("gradient_north", "gradient_east"), gradients, strict=True):
            pictures[name] = (lambda k, values=values: _on_nodes(values[:, k], nodes), limits, "viridis")  # type: ignore[misc]
    figures = {}
    for name, (image, limits, colours) in pictures.items():
        figures[name] = _sheet(
            project, name, [image(k) for k in columns], [titles[k] for k in columns], limits, colours, out
        )
    figures["arcs"] = _arcs(project, grid, interp, found, phase[:, columns[0]], titles[columns[0]], out)
    return figures


def _columns(ifg_list: ArrayLike, n_ifg: int) -> list[int]:
    try:
        numbers = np.ravel(np.asarray(ifg_list, np.float64))
    except (TypeError, ValueError):
        raise InputError(f"{ifg_list!r} is no list of interferograms: give numbers from 1 to {n_ifg}.") from None
    wrong = numbers[(numbers != np.floor(numbers)) | (numbers < 1) | (numbers > n_ifg)]
    if not numbers.size or wrong.size:
        raise InputError(
            f"Interferogram {f'{wrong[0]:g}' if wrong.size else '[]'} was not unwrapped: there are {n_ifg}, counted from 1."
        )
    return [int(number) - 1 for number in numbers]


def _titles(project: Project, n_ifg: int) -> list[str]:
    """Numbers and dates of the interferograms that are unwrapped."""
    ps, used = project.ps, project.retained_ifgs()
    if project.small_baselines:
        texts = [f"ifg {k + 1}: {' till '.join(datestr(day) for day in ps['ifgday'][k])}" for k in used]
    else:
        texts = [f"ifg {k + 1}: {datestr(ps['day'][k])}" for k in used if k != ps["master_ix"]]
    return texts if len(texts) == n_ifg else [f"ifg {k + 1}" for k in range(n_ifg)]


def _on_nodes(values: NDArray[Any], nodes: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values of nodes, numbered down the columns, on the grid; NaN elsewhere."""
    image = np.full(nodes.shape, np.nan)
    image.T[nodes.T] = values
    return image


def _common(gradients: Sequence[Any], columns: Sequence[int]) -> tuple[float, float]:
    shown = np.concatenate([np.asarray(values)[:, columns].ravel() for values in gradients])
    shown = shown[np.isfinite(shown)]
    return (float(shown.min()), float(shown.max())) if shown.size and np.ptp(shown) > 0 else (-np.pi, np.pi)


def _sheet(
    project: Project,
    name: str,
    images: Sequence[NDArray[Any]],
    titles: Sequence[str],
    limits: tuple[float, float],
    colours: str,
    out: StrPath | None,
) -> Figure:
    """One picture with a panel for each interferogram, north up."""
    n_down = int(np.floor(np.sqrt(len(images)))) or 1
    n_across = -(-len(images) // n_down)
    figure, window = new_figure(out, figsize=(4 * n_across + 1, 4 * n_down), layout="constrained")
    panels = figure.subplots(n_down, n_across, squeeze=False).ravel()
    for axes, image, title in zip(panels, images, titles, strict=False):
        shown = _image(axes, image, limits, colours)
        axes.set_title(title, fontsize=9)
    for axes in panels[len(images) :]:
        axes.set_axis_off()
    figure.colorbar(shown, ax=list(panels), label="rad" if "gradient" not in name else "rad per cell")
    finish_figure(figure, window, _named(out, name), project.ws, f"plot_uw_{name}.png")
    return figure


def _image(axes: Axes, image: NDArray[Any], limits: tuple[float, float], colours: str) -> Any:
    axes.set_facecolor("black")
    return axes.imshow(
        np.ma.masked_invalid(image),
        origin="lower",
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest",
    )


def _arcs(
    project: Project,
    grid: Variables,
    interp: Variables,
    found: Variables,
    phase: NDArray[Any],
    title: str,
    out: StrPath | None,
) -> Figure:
    """The arcs between nodes over the phase of one interferogram; those that need the spatial gradients are red."""
    nodes = np.asarray(grid["nzix"], bool)
    height = float(np.clip(7 * nodes.shape[0] / nodes.shape[1] + 0.5, 3, 12))
    figure, window = new_figure(out, figsize=(8, height), layout="constrained")
    axes = figure.add_subplot()
    shown = _image(axes, _on_nodes(phase, nodes), (-np.pi, np.pi), "hsv")
    row, column = grid["ij"].astype(np.float64).T
    ends = points_of(interp["edgs"] + 1, len(row))
    draw_edges(axes, ends, column, row, "white")
    shaky = np.ravel(found.get("shaky_ix", ())).astype(bool)
    if shaky.size == len(ends) and shaky.any():
        draw_edges(axes, ends[shaky], column, row, "red")
    axes.set_title(f"arcs, {title}", fontsize=9)
    figure.colorbar(shown, ax=axes, label="rad")
    finish_figure(figure, window, _named(out, "arcs"), project.ws, "plot_uw_arcs.png")
    return figure


def _named(out: StrPath | None, name: str) -> Path | None:
    return None if out is None else Path(out).with_name(f"{Path(out).stem}_{name}{Path(out).suffix}")

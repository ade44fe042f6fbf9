"""A profile of velocities and heights along a line: two tables and a picture.

Reads what exports read. Source: docs/method/other_scripts.md, section 5.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.profiles import Bins, along_line, binned, line_ends
from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.products.exports.table import point_table
from stamps.products.figures import check_picture, finish_figure, new_figure
from stamps.products.point_maps import write_title
from stamps.products.quantities import Project
from stamps.products.quantity_styles import KIND_COLOURS, STYLES, TOWARDS
from stamps.products.saving import check_place
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.markup import table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["Profile", "profile"]


@dataclass(frozen=True, repr=False)
class Profile:
    """Pixels beside a line, and the means along it.

    Attributes
    ----------
    code : ndarray of str, shape (n,)
        Identifier of the pixels, as exports have it; in the order of their distance.
    lonlat : ndarray of float64, shape (n, 2)
    distance, offset : ndarray of float64, shape (n,)
        Metres from the start, and to the left of the line.
    value : ndarray of float32, shape (n,)
        mm/yr towards the satellite.
    height : ndarray of float32, shape (n,)
        Metres.
    length, width : float
        Metres.
    bins : Bins
        Of the value.
    name : str
        Value type.
    reference : str
        What the values are relative to.
    """

    code: NDArray[np.str_]
    lonlat: NDArray[np.float64]
    distance: NDArray[np.float64]
    offset: NDArray[np.float64]
    value: NDArray[np.float32]
    height: NDArray[np.float32]
    length: float
    width: float
    bins: Bins
    name: str
    reference: str = ""

    def __len__(self) -> int:
        return self.distance.size

    def __repr__(self) -> str:
        return f"<{self._heading()}>"

    def _repr_html_(self) -> str:
        unit = STYLES["velocity"].unit
        heads = ("distance (m)", "pixels", f"mean ({unit})", f"median ({unit})", f"deviation ({unit})")
        parts = self.bins
        rows = list(zip(parts.centre, parts.count, parts.mean, parts.median, parts.std, strict=True))
        return table(heads, rows, self._heading())

    def _heading(self) -> str:
        return f"{self.name}: {len(self)} pixels within {self.width / 2:g} m of a line of {self.length:.0f} m"


def profile(
    start: ArrayLike,
    end: ArrayLike,
    width: float = 1000.0,
    bins: int = 20,
    values: str | None = None,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
    picture: StrPath | None = None,
    *,
    aps: int | str = 0,
    iono: int | str = 0,
    ifg_list: Sequence[int] | None = None,
    reference_area: Sequence[float] | None = None,
) -> Profile:
    """Velocities of the pixels beside a line.

    Parameters
    ----------
    start, end : array_like, shape (2,)
        Longitude and latitude of the ends, degrees.
    width : float
        Metres across the line; pixels up to half of it on either side belong to the profile.
    bins : int
        Equal parts of the line.
    values : str, optional
        Value type, as in :func:`stamps.export`.
    workdir : path-like or Workspace
        Project after step 7.
    out : path-like, optional
        CSV file of the pixels; that of the bins gets ``_bins`` before its suffix. Default: no file.
    picture : path-like, optional
        Picture file. Default: no picture.
    aps, iono, ifg_list, reference_area
        As in :func:`stamps.export`.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        An end is no place, or both are the same.
    NoPixelsError
        No pixel with a value is beside the line.
    ParameterError
        The width or the number of bins cannot be right.

    Examples
    --------
    >>> from stamps import profile
    >>> line = profile((14.0, 40.8), (14.4, 40.8), width=20000, bins=5)
    >>> line.bins.count.sum() == len(line)
    np.True_
    """
    line_ends(start, end)
    if isinstance(width, str) or not 0 < width < np.inf:
        raise ParameterError(f"The width is {width!r}, but a positive number of metres was expected.")
    binned(np.zeros(0), np.zeros(0), bins, 0.0, 1.0)  # refuses a wrong number before anything is computed
    project = Project.at(workdir)
    places = _places(project.ws, out)
    if picture is not None:
        check_picture(project.ws.path / picture)
    table = point_table(project, values, aps=aps, iono=iono, ifg_list=ifg_list, n_boot=2, reference_area=reference_area)
    found = _beside(table, start, end, float(width), int(bins))
    _write(found, places)
    if picture is not None:
        _draw(found, project.ws, picture)
    Log(project.ws, "PROFILE")(f"{len(found)} pixels beside {found.length:.0f} m", level=2)
    return found


def _beside(table: Any, start: ArrayLike, end: ArrayLike, width: float, bins: int) -> Profile:
    distance, offset, length = along_line(table.lonlat, start, end)
    value, height = table.field("VEL"), table.field("HEIGHT")
    member = (distance >= 0) & (distance <= length) & (np.abs(offset) <= width / 2) & np.isfinite(value)
    rows = np.flatnonzero(member)
    if not rows.size:
        raise NoPixelsError(f"No pixel lies within {width / 2:g} m of the line of {length:.0f} m: widen it or move it.")
    rows = rows[np.argsort(distance[rows], kind="stable")]
    return Profile(
        table.field("CODE")[rows],
        table.places[rows],
        distance[rows],
        offset[rows],
        value[rows],
        height[rows],
        length,
        width,
        binned(distance[rows], value[rows], bins, 0.0, length),
        table.name,
        str(table.metadata["reference"]),
    )


def _places(ws: Workspace, out: StrPath | None) -> tuple[Path, Path] | None:
    """Where both tables go."""
    if out is None:
        return None
    place = ws.path / out
    if place.suffix.lower() != ".csv":
        raise InputError(f"{place}: the tables of a profile are CSV, so give a name that ends in .csv.")
    both = place, place.with_name(f"{place.stem}_bins{place.suffix}")
    for path in both:
        check_place(path, "table")
    return both


def _write(found: Profile, places: tuple[Path, Path] | None) -> None:
    """Write both tables together."""
    if places is None:
        return
    members = ["code", "lon", "lat", "distance_m", "offset_m", "value_mm_per_yr", "height_m"]
    rows = zip(found.code, *found.lonlat.T, found.distance, found.offset, found.value, found.height, strict=True)
    texts = [_csv(members, (["%s", "%.7f", "%.7f", "%.2f", "%.2f", "%.3f", "%.2f"]), rows)]
    parts = found.bins
    columns = zip(parts.centre, parts.count, parts.mean, parts.median, parts.std, strict=True)
    header = ["centre_m", "n", "mean_mm_per_yr", "median_mm_per_yr", "std_mm_per_yr"]
    texts.append(_csv(header, ["%.2f", "%d", "%.3f", "%.3f", "%.3f"], columns))
    home = Workspace(places[0].parent)
    with home.publish():
        for place, text in zip(places, texts, strict=True):
            home.write_text(place.name, text)


def _csv(header: Sequence[str], forms: Sequence[str], rows: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        cells = zip(forms, row, strict=True)
        writer.writerow(["" if isinstance(value, float) and np.isnan(value) else form % value for form, value in cells])
    return text.getvalue()


def _draw(found: Profile, ws: Workspace, picture: StrPath) -> None:
    """Values with their means above the heights, over the distance."""
    heights = np.isfinite(found.height)
    parts = [3, 1] if heights.any() else [1]
    size = (9.0, 3.9 + 1.5 * (len(parts) - 1))
    figure, window = new_figure(picture, figsize=size, layout="constrained")
    axes, *below = figure.subplots(len(parts), 1, sharex=True, squeeze=False, height_ratios=parts)[:, 0]
    axes.plot(found.distance / 1000, found.value, ".", color=KIND_COLOURS[1], ms=3, label="pixels", rasterized=True)
    bins = found.bins
    axes.errorbar(bins.centre / 1000, bins.mean, bins.std, fmt="o-", color="black", ms=4, lw=1, label="means")
    axes.set_xlim(0, found.length / 1000)
    axes.set_ylabel(f"{STYLES['velocity'].unit}\n{TOWARDS}")
    said = f"Velocity ({found.name}) of {len(found)} pixels within {found.width / 2:g} m of the line"
    write_title(axes, said, found.reference)
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper left", bbox_to_anchor=(0, 0, 1, 1))
    axes.margins(y=0.15)
    for ground in below:
        ground.plot(found.distance[heights] / 1000, found.height[heights], ".", color="0.5", ms=2, rasterized=True)
        ground.set_ylabel("height (m)")
    for one in (axes, *below):
        one.grid(alpha=0.3)
    (below or [axes])[-1].set_xlabel("distance (km)")
    finish_figure(figure, window, picture, ws, "profile.png")

"""Areas that move, described: outline, numbers, mean series.

Source: docs/method/areas.md, section 4.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.areas import Area, AreaRules, Areas, find_areas
from stamps.analysis.classification import classify
from stamps.analysis.motion import Motion, Rules
from stamps.insar.geometry import centre_of, llh2local, within_180
from stamps.matlab.statistics import nanmean
from stamps.products.exports.table import PointTable
from stamps.products.moving_areas.hulls import outline_of, shapely, to_degrees
from stamps.products.notebook_paths import shown_file
from stamps.products.series_models.fitted import KINDS
from stamps.workspace.markup import table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FIELDS", "FoundAreas", "found_areas"]

#: Column, unit, meaning.
FIELDS = (
    ("ada_id", "", "number of the area, from 1, those that move most first"),
    ("n_points", "", "points that move in it"),
    ("n_inside", "", "all points in the outline"),
    ("area_m2", "m2", "area of the outline"),
    ("density_km2", "1/km2", "moving points for each square kilometre"),
    ("v_mean", "mm/yr", "mean velocity of the moving points, positive towards the satellite"),
    ("v_median", "mm/yr", "median of them"),
    ("v_max", "mm/yr", "velocity that is largest in size"),
    ("v_std", "mm/yr", "standard deviation of them"),
    ("acc_d", "mm", "mean displacement from the first to the last date"),
    ("sigma_map", "mm/yr", "standard deviation of the velocities of the map"),
    ("threshold", "mm/yr", "velocity from which on a point moves"),
    ("tni", "", "temporal noise, 0 smooth to 1"),
    ("sni", "", "spatial noise, 0 alike to 1"),
    ("qi", "", "quality, 1 best to 4"),
    ("h_mean", "m", "mean height of the points"),
    ("slope_dir", "degree", "direction of the slope; empty: not known"),
    ("type_mode", "", "kind of motion that most points show"),
    ("lon", "degree", "longitude of the middle"),
    ("lat", "degree", "latitude of the middle"),
)
_WHOLE = ("ada_id", "n_points", "n_inside", "qi")


@dataclass(frozen=True, repr=False)
class FoundAreas:
    """Areas of a project.

    Attributes
    ----------
    table : PointTable
        The points among which they were looked for.
    areas : Areas
        Members, noise, thresholds; ``areas.label`` has the number of each point's area.
    outlines : list of shapely.MultiPolygon
        Longitude and latitude.
    rows : list of dict
        What is said of each, by the names of :data:`FIELDS`.
    series : ndarray of float64, shape (a, k)
        Mean displacement of each area, mm.
    hull : str
        Kind of the outlines.
    path : Path or None
        The file that was written.
    """

    table: PointTable
    areas: Areas
    outlines: list[Any]
    rows: list[dict[str, Any]]
    series: NDArray[np.float64]
    hull: str
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def metadata(self) -> dict[str, Any]:
        """What is said of all areas together."""
        about = {name: {"unit": unit, "meaning": meaning} for name, unit, meaning in FIELDS}
        facts = {
            "areas": len(self.rows),
            "moving_points": int(self.areas.active.sum()),
            "radius_m": round(self.areas.radius, 3),
            "reach_m": round(self.areas.reach, 3),
            "hull": self.hull,
        }
        return {**self.table.metadata, "fields": about, "moving_areas": facts}

    def summary(self) -> str:
        """A line for each of the first areas."""
        lines = [self._heading()]
        for row in self.rows[:20]:
            lines.append(
                f"  {row['ada_id']:>4d}  {row['n_points']:6d} points  {row['v_mean']:8.2f} mm/yr  {row['area_m2'] / 1e4:9.2f} ha "
                f" quality {row['qi']}  at {row['lon']:.5f}, {row['lat']:.5f}  {row['type_mode']}".rstrip()
            )
        if len(self.rows) > 20:
            lines.append(f"  … and {len(self.rows) - 20} more")
        return "\n".join(lines)

    __str__ = summary
    __repr__ = summary

    def _heading(self) -> str:
        areas = self.areas
        limit = "" if np.isnan(areas.threshold) else f", moving from {areas.threshold:.2f} mm/yr on"
        members = int((areas.label > 0).sum())
        return f"{len(self.rows)} areas with {members} of {len(self.table)} points{limit}; radius {areas.radius:.0f} m"

    def _repr_html_(self) -> str:
        heads = ("area", "points", "mean velocity (mm/yr)", "size (ha)", "quality", "lon (°)", "lat (°)", "motion")
        rows = [
            (row["ada_id"], row["n_points"], row["v_mean"], row["area_m2"] / 1e4, row["qi"], f"{row['lon']:.5f}",
             f"{row['lat']:.5f}", row["type_mode"])
            for row in self.rows
        ]  # fmt: skip
        return table(heads, rows, self._heading()) + shown_file(self.path)


def found_areas(
    table: PointTable, rules: AreaRules, hull: str = "buffer", to_median: bool = False, kinds: bool = True
) -> FoundAreas:
    """Find and describe the areas of a table that move.

    Parameters
    ----------
    table : PointTable
    rules : AreaRules
    hull : str
        One of :data:`stamps.products.moving_areas.hulls.HULLS`.
    to_median : bool
        Whether velocities are taken relative to their median first.
    kinds : bool
        Whether the kind of motion that most points of an area show is told.

    Returns
    -------
    FoundAreas

    Raises
    ------
    ParameterError
        Too few points, or points without distance.
    """
    shapely()
    origin = centre_of(table.lonlat)
    xy = llh2local(table.lonlat, origin) * 1000
    velocity = np.asarray(table.field("VEL"), dtype=np.float64)
    if to_median:
        velocity = velocity - np.nanmedian(velocity)
    series = np.asarray(table.series_matrix(), dtype=np.float64)
    areas = find_areas(xy, velocity, rules, series=_about_the_first(series), std=table.field("V_STDEV"))
    shapes = [outline_of(xy[area.members], hull, areas.radius, areas.reach) for area in areas.areas]
    inside = _counted(xy, shapes)
    modes = _modes(table, series, areas) if kinds else [""] * len(shapes)
    rows, means = [], np.empty((len(shapes), series.shape[1]))
    for number, (area, shape) in enumerate(zip(areas.areas, shapes, strict=True)):
        means[number] = nanmean(series[area.members], axis=0)
        rows.append(_row(number + 1, table, areas, area, shape, int(inside[number]), modes[number]))
    outlines = [to_degrees(shape, (float(origin[0]), float(origin[1]))) for shape in shapes]
    return FoundAreas(table, areas, outlines, rows, means, hull)


def _about_the_first(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Series since the first date that they have, so that the last one is what has accumulated."""
    first = np.isfinite(series).argmax(axis=1)
    return series - np.take_along_axis(series, first[:, None], axis=1)


def _counted(xy: NDArray[np.float64], shapes: list[Any]) -> NDArray[np.int64]:
    """Points in each outline, its border included."""
    if not shapes:
        return np.zeros(0, dtype=np.int64)
    lib = shapely()
    pairs = lib.STRtree(lib.points(xy)).query(shapes, predicate="intersects")
    return np.bincount(pairs[0], minlength=len(shapes))


def _row(
    number: int, table: PointTable, areas: Areas, area: Area, shape: Any, inside: int, mode: str
) -> dict[str, Any]:
    members = area.members
    lon, lat = within_180(table.lonlat[members].mean(axis=0)).tolist()
    heights = table.field("HEIGHT")[members]
    known = heights[np.isfinite(heights)]
    values = (
        number,
        members.size,
        max(inside, members.size),
        float(shape.area),
        members.size / float(shape.area) * 1e6,
        area.velocity_mean,
        area.velocity_median,
        area.velocity_largest,
        area.velocity_std,
        area.displacement,
        areas.spread,
        areas.threshold,
        area.temporal_noise,
        area.spatial_noise,
        area.quality,
        float(known.mean()) if known.size else float("nan"),
        float("nan"),
        mode,
        lon,
        lat,
    )
    return {name: int(value) if name in _WHOLE else value for (name, *_), value in zip(FIELDS, values, strict=True)}


def _modes(table: PointTable, series: NDArray[np.float64], areas: Areas) -> list[str]:
    """Kind of motion that most points of each area show; empty where the dates are too few to tell."""
    days = np.asarray(table.project.ps["day"], dtype=np.float64)[table.images]
    if not areas.areas or days.size < Rules().needed(days.size):
        return [""] * len(areas.areas)
    members = np.concatenate([area.members for area in areas.areas])
    kind = np.full(len(table), -1)
    kind[members] = classify(days, series[members]).motion
    found = []
    for area in areas.areas:
        counts = Counter(int(motion) for motion in kind[area.members] if motion >= 0)
        found.append(KINDS[Motion(min(counts, key=lambda motion: (-counts[motion], motion)))] if counts else "")
    return found

"""Lists of granules: names, one a line, or a result of ``asf_search`` as GeoJSON with footprints and baselines.

Source: docs/method/jobs.md, section 7.2.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.hyp3_jobs.granules import Granule, granule_of
from stamps.frontends.sentinel1.area import Area
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["Listed", "incomplete", "names_bursts", "read_granules"]

_LARGEST_BASELINE = 1e6  # m
_COVERED = 0.999  # of the area: footprints of the archive have corners rounded to 0.001 degree or so


@dataclass(frozen=True)
class Listed:
    """A granule of a list.

    Attributes
    ----------
    granule : Granule
    bperp : float, optional
        Perpendicular baseline to the reference of the search, m.
    footprint : geometry, optional
        In longitude and latitude, as Shapely has it.
    """

    granule: Granule
    bperp: float | None = None
    footprint: BaseGeometry | None = None


def read_granules(source: Any) -> tuple[list[Listed], list[str]]:
    """Granules of a list, each once, by date and name.

    Parameters
    ----------
    source : path-like or sequence of str
        File, or names.

    Returns
    -------
    list of Listed
    list of str
        What is to be said.

    Raises
    ------
    InputError
        It cannot be read, or a name is none that HyP3 takes.
    """
    if isinstance(source, str | os.PathLike):
        name = os.path.basename(os.fspath(source))
        text = _text(source)
        if text.lstrip("\ufeff \n\t").startswith("{"):
            found, notes = _of_geojson(text.lstrip("\ufeff"), name)
        else:
            found, notes = [Listed(one) for one in _names(text.splitlines(), name)], []
    elif isinstance(source, bytes) or not isinstance(source, Iterable):
        raise InputError(f"The granules are {str(source)[:80]}, but a list of names or a file was expected.")
    else:
        name = "the list of granules"
        found, notes = [Listed(one) for one in _names([str(item) for item in source], name)], []
    if not found:
        raise InputError(f"{name} names no granule.")
    once = {one.granule.name: one for one in found}
    return sorted(once.values(), key=lambda one: (one.granule.date, one.granule.name)), notes


def names_bursts(source: Any) -> bool:
    """Whether a file or list names bursts; False for one that cannot be read, which is told later."""
    try:
        text = _text(source) if isinstance(source, str | os.PathLike) else str(source or "")
    except (InputError, OSError):
        return False
    return "-BURST" in text


def _text(path: str | os.PathLike[str]) -> str:
    try:
        return read_input(path)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"The list {os.fspath(path)} cannot be read ({error.strerror}).") from None


def _names(lines: Iterable[str], name: str) -> list[Granule]:
    """Names, one a line; what follows ``#`` does not count. All wrong ones are told."""
    found, wrong = [], []
    for number, line in enumerate(lines, 1):
        if text := line.partition("#")[0].strip().strip("\ufeff,;\"'"):
            try:
                found.append(granule_of(text))
            except ValueError as error:
                wrong.append(f"{name}, line {number}: {error}")
    _refuse(wrong)
    return found


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        more = f" … and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise InputError("; ".join(wrong[:5]) + more + ".")


# ---------------------------------------------------------------------- GeoJSON


def _of_geojson(text: str, name: str) -> tuple[list[Listed], list[str]]:
    """Those of the features that are scenes or bursts; others (metadata, GRD …) are counted."""
    try:
        document = json.loads(text)
        features = document["features"]
        if not isinstance(features, list):
            raise TypeError("features is no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{name} is no GeoJSON of a search ({type(error).__name__}: {str(error)[:80]}).") from None
    found, wrong, other = [], [], 0
    for number, feature in enumerate(features, 1):
        try:
            told = feature["properties"]
            level = str(told.get("processingLevel") or "SLC")
            if level not in ("SLC", "BURST"):
                other += 1
                continue
            found.append(_listed(feature, told))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            wrong.append(
                f"{name}, feature {number}: {error if isinstance(error, ValueError) else 'it is none of a search'}"
            )
    _refuse(wrong)
    notes = [f"{name}: {other} products are neither SLC nor bursts and do not count."] if other else []
    return found, notes


def _listed(feature: Any, told: Any) -> Listed:
    granule = granule_of(str(told.get("sceneName") or told.get("fileID") or ""))
    bperp = told.get("perpendicularBaseline")
    if bperp is not None and (
        isinstance(bperp, bool) or not isinstance(bperp, int | float) or not abs(bperp) <= _LARGEST_BASELINE
    ):
        raise ValueError(f"perpendicularBaseline is {str(bperp)[:40]}, no number of metres")
    footprint = _footprint(feature["geometry"], granule.name) if feature.get("geometry") else None
    return Listed(granule, None if bperp is None else float(bperp), footprint)


def _footprint(geometry: Any, name: str) -> BaseGeometry | None:
    """A footprint; None where it is empty."""
    import shapely
    from shapely.geometry import shape

    try:
        with np.errstate(invalid="ignore"):  # told below
            footprint = shape(geometry)
        if footprint.is_empty:
            return None
        lon, lat = np.abs(shapely.get_coordinates(footprint)).T
    except (shapely.errors.ShapelyError, AttributeError, ArithmeticError, KeyError, TypeError, ValueError, IndexError):
        raise ValueError(f"the footprint of {name} cannot be understood") from None
    if not (lon.max() <= 360 and lat.max() <= 90):  # NaN is none either
        raise ValueError(f"the footprint of {name} is none in longitude and latitude")
    return footprint


# ---------------------------------------------------------------------- coverage


def incomplete(listed: Iterable[Listed], area: Area) -> dict[tuple[str, ...], float]:
    """Images that do not cover an area.

    Parameters
    ----------
    listed : iterable of Listed
        Scenes count each for itself, bursts of a date together. Those without a footprint do not count.
    area : Area

    Returns
    -------
    dict
        Names of the granules -> share of the area that they cover, 0 to 1.
    """
    import shapely

    images: dict[str, list[Listed]] = defaultdict(list)
    for one in listed:
        images[one.granule.date if one.granule.burst else one.granule.name].append(one)
    wanted, found = area.shape(), {}
    for inside in images.values():
        shapes = [_beside(one.footprint, area) for one in inside if one.footprint is not None]
        if shapes and len(shapes) == len(inside):
            share = shapely.union_all(shapes).intersection(wanted).area / wanted.area
            if not share >= _COVERED:
                found[tuple(one.granule.name for one in inside)] = float(share)
    return found


def _beside(footprint: BaseGeometry, area: Area) -> BaseGeometry:
    """A footprint with its longitudes counted as those of the area, in one piece across the antimeridian."""
    import shapely

    whole = shapely.make_valid(shapely.force_2d(footprint))
    west, _, east, _ = whole.bounds
    if east - west > 180:
        whole = shapely.make_valid(shapely.transform(footprint, lambda xy: xy[:, :2] + (xy[:, :1] < 0) * [360.0, 0.0]))
    turns = [shapely.transform(whole, lambda xy, turn=turn: xy + [turn, 0.0]) for turn in (-360.0, 0.0, 360.0)]
    wanted = area.shape()
    return max(turns, key=lambda one: one.intersection(wanted).area)

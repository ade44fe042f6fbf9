"""Which patches contain land, or lie in a box.

Reads the list of patches, ``hgt1 ps1`` of each, or, before step 1, ``patch_noover.in`` of each and ``lon.raw``, ``lat.raw``
beside the project. Writes ``patch_new.list``, ``patch_fail.list`` and ``patch_reject_region.list``: names, one a line.

Source: docs/method/other_scripts.md, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.frontends import isce
from stamps.frontends.project_headers import read_size
from stamps.insar.geometry import longitudes_between
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.markup import table
from stamps.workspace.patch_limits import read_patch

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["Patches", "patch_search"]

_NEW, _FAIL, _REJECT = "patch_new.list", "patch_fail.list", "patch_reject_region.list"
_LIMITS = "patch_noover.in"


class Patches(NamedTuple):
    """Names of patches.

    Attributes
    ----------
    new : list of str
        To be processed.
    fail : list of str
        Without the file that tells.
    reject : list of str
        Nowhere above the threshold.
    outside : list of str
        Above it, outside the box; in no list of the original.
    """

    new: list[str]
    fail: list[str]
    reject: list[str]
    outside: list[str]

    def _repr_html_(self) -> str:
        return table(("", "patches", "names"), [(k, len(v), ", ".join(v)) for k, v in self._asdict().items()])


@reserving
def patch_search(
    patch_list_file: str = "patch.list",
    hgt_threshold: float | str = -np.inf,
    bbox_SNWE: ArrayLike | None = None,  # its name in the original
    workdir: Workspace | StrPath = ".",
) -> Patches:
    """Choose patches, and write their names; no patch is touched.

    Parameters
    ----------
    patch_list_file : str
        File with the patch directories, one a line; without it all ``PATCH_*``.
    hgt_threshold : float or str
        A patch needs a pixel above it, metres. A text, or patches before step 1: only the box counts.
    bbox_SNWE : array_like, shape (4,), optional
        South, north, west and east side of a box, degrees; a patch needs more than one pixel inside.
    workdir : path-like or Workspace

    Returns
    -------
    Patches

    Raises
    ------
    InputError
        There are no patches, or nothing that tells where they are.
    ParameterError
        The box is none, or the threshold no number.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PATCH_SEARCH")
    box = _box(bbox_SNWE)
    names = ws.patch_list(patch_list_file)
    if not names:
        raise InputError(f"{ws.path} has no patches: prepare them, or name their list.")
    if not any((ws.path / name).is_dir() for name in names):
        raise InputError(f"{ws.path} has none of the patches that {patch_list_file} names, {names[0]} for instance.")
    threshold = _threshold(hgt_threshold)
    raw = threshold is None or not any((ws / name).exists("hgt1") for name in names)
    verdict = _by_limits(ws, box) if raw or threshold is None else _by_pixels(ws, threshold, box)
    found = Patches([], [], [], [])
    for name in names:
        getattr(found, verdict(name)).append(name)
    with ws.publish():
        for file, chosen in ((_NEW, found.new), (_FAIL, found.fail), (_REJECT, found.reject)):
            ws.write_text(file, "".join(f"{name}\n" for name in chosen))
    log(f"{len(found.new)} of {len(names)} patches chosen: {ws.path / _NEW}", level=2)
    return found


def _threshold(height: float | str) -> float | None:
    """Metres; None for a text, which says that only the box counts."""
    if isinstance(height, str):
        return None
    if np.size(height) != 1 or np.isnan(np.asarray(height, np.float64)).any():
        raise ParameterError(f"hgt_threshold is {np.ravel(height).tolist()}, but a height in metres was expected.")
    return float(np.ravel(height)[0])


def _box(sides: ArrayLike | None) -> NDArray[np.float64] | None:
    if sides is None or np.size(sides) == 0:
        return None
    box = np.ravel(np.asarray(sides, np.float64))
    if box.size != 4 or not np.isfinite(box).all() or not box[0] < box[1] or box[2] == box[3]:
        raise ParameterError(f"The box is {box.tolist()}, but south, north, west and east in degrees were expected.")
    return box


def _inside(lonlat: NDArray[np.float64], box: NDArray[np.float64] | None) -> bool:
    if box is None:
        return True
    south, north, west, east = box
    lon, lat = lonlat.T
    return bool(np.count_nonzero((lat >= south) & (lat <= north) & longitudes_between(lon, (west, east))) > 1)


def _by_pixels(ws: Workspace, threshold: float, box: NDArray[np.float64] | None) -> Callable[[str], str]:
    def verdict(name: str) -> str:
        patch = ws / name
        if not patch.exists("hgt1"):
            return "fail"
        if not (patch.load("hgt1", ["hgt"])["hgt"] > threshold).any():
            return "reject"
        return "new" if _inside(patch.load("ps1", ["lonlat"])["lonlat"], box) else "outside"

    return verdict


def _by_limits(ws: Workspace, box: NDArray[np.float64] | None) -> Callable[[str], str]:
    """Verdict from the limits of patches in rasters of longitude and latitude; 0 is missing there."""
    lon, lat = (_raster(ws, name) for name in ("lon.raw", "lat.raw"))
    if lon.shape != lat.shape:
        raise InputError(f"lon.raw and lat.raw beside {ws.path} have different sizes.")

    def verdict(name: str) -> str:
        if not (ws / name).has_file(_LIMITS):
            return "fail"
        limits = read_patch(ws.path / name / _LIMITS)
        if limits.azimuth_end > lon.shape[0] or limits.range_end > lon.shape[1]:
            raise InputError(f"{name}/{_LIMITS} reaches beyond the {lon.shape[1]} x {lon.shape[0]} pixels of lon.raw.")
        part = limits.lines, limits.samples
        places = np.column_stack([np.ravel(lon[part]), np.ravel(lat[part])]).astype(np.float64)
        known = np.isfinite(places).all(axis=1) & (places != 0).all(axis=1)
        return "new" if known.any() and _inside(places[known], box) else "outside"

    return verdict


def _raster(ws: Workspace, name: str) -> NDArray[np.floating]:
    """A raster of the directory, its parent or the parent of that: of ISCE with its description, else of width and length."""
    path: Path | None = ws.find(name, levels=3)
    if path is None:
        raise InputError(
            f"{name} was found neither in {ws.path} nor in the two above: it tells where patches before step 1 are."
        )
    if path.with_name(f"{name}.xml").is_file():
        return isce.map_bands(path)[0]
    width, length = read_size(ws)
    for dtype in ("=f8", "=f4"):
        if path.stat().st_size == np.dtype(dtype).itemsize * width * length:
            return np.memmap(path, dtype, "r", shape=(length, width))
    raise InputError(
        f"{path} has {path.stat().st_size} bytes, which are not {width} x {length} pixels of width.txt and len.txt."
    )

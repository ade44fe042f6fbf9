"""Headers of CSLC files and their static layers, of OPERA and of COMPASS.

Source: docs/method/cslc.md, section 1.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.hdf5 import array, dataset, names_in, number, text, value
from stamps.frontends.cslc.identity import check_wavelength
from stamps.frontends.cslc.names import burst_name
from stamps.frontends.cslc.products import Grid, Product, StateVectors, grid_of

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = [
    "STATIC_LAYERS",
    "centre_of_polygon",
    "image_sets",
    "is_present",
    "read_grid",
    "read_product",
    "read_vectors",
    "utc",
]

STATIC_LAYERS = ("los_east", "los_north", "layover_shadow_mask")

_SPACING = 1e-6  # of the spacing, by which it may differ from the steps of the coordinates
_MOST_ORBITS = 10_000_000
#: Kinds of numbers that the static layers may have; heights are not always there.
_LAYER_KINDS = {"los_east": "f", "los_north": "f", "layover_shadow_mask": "iu", "z": "fiu"}
_PARAMETERS = "metadata/processing_information/parameters"
_BURST = "metadata/processing_information/input_burst_metadata"
_ALGORITHMS = "metadata/processing_information/algorithms"
_ORBIT = "metadata/orbit"
_FLATTENING = ("topographic_flattening_applied", "ellipsoidal_flattening_applied")
_POLARISATIONS = ("VV", "HH", "VH", "HV")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?\Z")
_FIRST_YEAR, _LAST_YEAR = 1978, 2200  # of times in nanoseconds that are those of an image
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def is_present(file: Any) -> bool:
    """Whether a file is of this layout at all: it has the group of the data."""
    return dataset(file, "data/projection") is not None


def read_product(file: Any, path: Path) -> Product:
    """Read a header.

    Parameters
    ----------
    file : h5py.File
    path : Path
        For messages.

    Raises
    ------
    InputError
        It is no CSLC or static layers, or something that cannot be done without is missing.
    """
    static = _is_static(file, path)
    images = image_sets(file, "data")
    grid = read_grid(file, path)
    if static:
        _check_static(file, path)
    elif not images:
        raise InputError(
            f"{path} has no /data/VV or /data/HH: it is no CSLC of the present layout, or its download is incomplete."
        )
    layers = (name for name in _LAYER_KINDS if dataset(file, f"data/{name}") is not None)
    _check_sizes(file, path, grid, tuple(layers) if static else tuple(images.values()))
    flags = {name: value(file, f"{_PARAMETERS}/{name}") for name in names_in(file, _PARAMETERS)}
    flattening = [flags.pop(name, None) for name in _FLATTENING]
    return Product(
        path=path,
        burst=_burst(file, path),
        kind="static" if static else "image",
        layout="cslc",
        grid=grid,
        polarisations={} if static else images,
        track=_counted(file, path, "identification/track_number"),
        orbit_number=_counted(file, path, "identification/absolute_orbit_number"),
        mission=text(file, "identification/mission_id").upper(),
        direction=text(file, "identification/orbit_pass_direction").capitalize(),
        side=text(file, "identification/look_direction").capitalize(),
        start=utc(text(file, "identification/zero_doppler_start_time"), path),
        stop=utc(text(file, "identification/zero_doppler_end_time"), path),
        generated=text(file, "identification/processing_date_time"),
        version=text(file, "identification/product_version"),
        centre=centre_of_polygon(text(file, "identification/bounding_polygon")),
        wavelength=float("nan") if static else _wavelength(file, path),
        flags=flags,
        flattened=None if not all(isinstance(flag, bool | int) for flag in flattening) else flattening == [True, True],
        software=_software(file),
        orbit_type=_orbit_type(file),
        vectors=None if static else read_vectors(file, path),
    )


def _is_static(file: Any, path: Path) -> bool:
    """Whether a file holds static layers; an InputError if it holds neither these nor an acquisition on a map grid."""
    kind = text(file, "identification/product_type").lower()
    if "compressed" in kind or "COMPRESSED-CSLC" in path.name.upper():
        raise InputError(f"{path} is a compressed CSLC, which is no acquisition: leave it out.")
    if value(file, "identification/is_geocoded") is False:
        raise InputError(f"{path} is not geocoded (is_geocoded is False): only images on a map grid are supported.")
    return "static" in kind


def image_sets(file: Any, group: str) -> dict[str, str]:
    """Polarisation -> name of the data set, of the complex images in a group."""
    found = {name: dataset(file, f"{group}/{name}") for name in _POLARISATIONS}
    return {name: f"{group}/{name}" for name, item in found.items() if item is not None and _is_complex(item.dtype)}


def _is_complex(dtype: Any) -> bool:
    parts = dtype.fields or {}
    return dtype.kind == "c" or (set(parts) == {"r", "i"} and all(part[0].kind == "f" for part in parts.values()))


def read_grid(file: Any, path: Path) -> Grid:
    """The grid of ``/data``."""
    epsg = number(file, "data/projection")
    if epsg is None:
        raise InputError(f"{path} has no /data/projection: it is no CSLC of the present layout, or it is incomplete.")
    grid = grid_of(path, int(epsg), array(file, "data/x_coordinates", path), array(file, "data/y_coordinates", path))
    for axis, step in (("x", grid.dx), ("y", grid.dy)):
        told = number(file, f"data/{axis}_spacing")
        if told is not None and abs(told - step) > _SPACING * abs(step):
            raise InputError(
                f"{path} has {axis}_spacing {told:g} m, but coordinates {step:g} m apart: download it again."
            )
    return grid


def read_vectors(file: Any, path: StrPath) -> StateVectors:
    """The orbit.

    Raises
    ------
    InputError
        There is none, or it has fewer than four vectors.
    """
    complaint = f"{path} has no usable orbit (/metadata/orbit), so baselines cannot be computed."
    try:
        time = array(file, f"{_ORBIT}/time", path)
        position = np.column_stack([array(file, f"{_ORBIT}/position_{axis}", path) for axis in "xyz"])
        epoch = utc(text(file, f"{_ORBIT}/reference_epoch"), path)
    except (InputError, ValueError):
        raise InputError(complaint) from None
    if len(time) < 4 or len(time) != len(position) or not (np.isfinite(time).all() and np.isfinite(position).all()):
        raise InputError(complaint)
    return StateVectors(epoch, time, position)


def utc(words: str, path: StrPath) -> np.datetime64:
    """A time as these files write it, with a blank or a ``T``; nanoseconds.

    Raises
    ------
    InputError
        It is none.
    """
    complaint = f"{path} has the time '{words[:40]}', but yyyy-mm-dd hh:mm:ss was expected: download it again."
    if not _TIME.match(words.strip()) or not _FIRST_YEAR <= int(words.strip()[:4]) <= _LAST_YEAR:
        raise InputError(complaint)
    try:
        return np.array([words.strip().rstrip("Z").replace(" ", "T")[:29]], "datetime64[ns]")[0]
    except ValueError:
        raise InputError(complaint) from None


def centre_of_polygon(words: str) -> tuple[float, float] | None:
    """Middle of a footprint in WKT, longitude and latitude; None where there is none. Over the date line it is turned."""
    corners = [[float(part) for part in _NUMBER.findall(corner)[:2]] for corner in words.split(",")]
    usable = np.array([corner for corner in corners if len(corner) == 2])
    if len(usable) < 3:
        return None
    lon = usable[:, 0]
    if np.ptp(lon) > 180:
        lon = np.where(lon < 0, lon + 360, lon)
    middle = (float(lon.min() + lon.max()) / 2, float(usable[:, 1].min() + usable[:, 1].max()) / 2)
    return ((middle[0] + 180) % 360 - 180, middle[1])


def _burst(file: Any, path: Path) -> str:
    words = text(file, "identification/burst_id")
    if not words:
        raise InputError(f"{path} has no burst id (/identification/burst_id): it is no CSLC of the present layout.")
    try:
        return burst_name(words)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _required(file: Any, path: Path, name: str) -> float:
    found = number(file, name)
    if found is None:
        raise InputError(f"{path} has no /{name}: its download is incomplete, or it is no CSLC of the present layout.")
    return found


def _wavelength(file: Any, path: Path) -> float:
    told = _required(file, path, f"{_BURST}/wavelength")
    return check_wavelength(path, told, number(file, f"{_BURST}/radar_center_frequency"))


def _counted(file: Any, path: Path, name: str) -> int:
    """A number of what is counted from 1."""
    found = _required(file, path, name)
    if not 1 <= found <= _MOST_ORBITS:
        raise InputError(f"{path} has {name.rpartition('/')[2]} {found:g}, which cannot be: download it again.")
    return int(found)


def _check_static(file: Any, path: Path) -> None:
    missing = [name for name in STATIC_LAYERS if dataset(file, f"data/{name}") is None]
    if missing:
        raise InputError(f"{path} has no /data/{missing[0]}: its download is incomplete; download it again.")
    for name, kinds in _LAYER_KINDS.items():
        layer = dataset(file, f"data/{name}")
        if layer is not None and layer.dtype.kind not in kinds:
            raise InputError(
                f"{path} has a /data/{name} of type {layer.dtype}, which is no such layer: download it again."
            )


def _check_sizes(file: Any, path: Path, grid: Grid, names: tuple[str, ...]) -> None:
    for name in names:
        place = name if name.startswith("data/") else f"data/{name}"
        if file[place].shape != (grid.length, grid.width):
            raise InputError(
                f"{path} has {'×'.join(map(str, file[place].shape))} pixels in /{place}, but coordinates for "
                f"{grid.length}×{grid.width}: download it again."
            )


def _software(file: Any) -> dict[str, str]:
    names = ("COMPASS_version", "ISCE3_version", "s1_reader_version")
    found = {name: text(file, f"{_ALGORITHMS}/{name}") for name in names}
    found["dem_source"] = text(file, "metadata/processing_information/inputs/dem_source")
    return {name: word for name, word in found.items() if word}


def _orbit_type(file: Any) -> str:
    return text(file, f"{_ORBIT}/orbit_type").upper() or "unknown"

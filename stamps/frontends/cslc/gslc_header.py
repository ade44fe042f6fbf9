"""Headers of NISAR's geocoded SLCs (GSLC): one file per frame and pass, no bursts.

Source: docs/method/cslc.md, section 7.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.cslc_header import centre_of_polygon, image_sets, utc
from stamps.frontends.cslc.hdf5 import array, dataset, member, names_in, number, text, value
from stamps.frontends.cslc.names import burst_name
from stamps.frontends.cslc.products import Grid, Product, StateVectors, grid_of
from stamps.insar.constants import SPEED_OF_LIGHT

__all__ = ["is_present", "mask_set", "read_product"]

_BANDS = ("LSAR", "SSAR")
_PARAMETERS = "metadata/processingInformation/parameters"
_NO_CORRECTION = ("runConfigurationContents", "topographicFlatteningApplied", "ellipsoidalFlatteningApplied")


def is_present(file: Any) -> bool:
    """Whether a file is a geocoded SLC of NISAR."""
    return any(names_in(file, f"science/{band}/GSLC") for band in _BANDS)


def mask_set(image: str) -> str:
    """The data set of the mask that belongs to that of an image; it may be missing."""
    return f"{image.rpartition('/')[0]}/mask"


def read_product(file: Any, path: Path, frequency: str = "A") -> Product:
    """Read a header.

    Parameters
    ----------
    file : h5py.File
    path : Path
        For messages.
    frequency : {'A', 'B'}
        Which of the two grids.

    Raises
    ------
    InputError
        Something that cannot be done without is missing.
    """
    band = next(band for band in _BANDS if names_in(file, f"science/{band}/GSLC"))
    product, identity = member(file, f"science/{band}/GSLC"), member(file, f"science/{band}/identification")
    if not names_in(file, f"science/{band}/identification"):
        raise InputError(f"{path} has no /science/{band}/identification: its download is incomplete.")
    group = f"science/{band}/GSLC/grids/frequency{frequency}"
    images, grid = _images(file, path, group)
    track, frame = (_required(identity, path, name) for name in ("trackNumber", "frameNumber"))
    direction = text(identity, "orbitPassDirection").capitalize()
    start = utc(text(identity, "zeroDopplerStartTime"), path)
    return Product(
        path=path,
        burst=_frame_name(path, track, direction, frame),
        kind="image",
        layout="gslc",
        grid=grid,
        polarisations=images,
        track=track,
        orbit_number=_required(identity, path, "absoluteOrbitNumber"),
        mission=text(identity, "missionId").upper(),
        direction=direction,
        side=text(identity, "lookDirection").capitalize(),
        start=start,
        stop=utc(text(identity, "zeroDopplerEndTime"), path),
        generated=text(identity, "processingDateTime"),
        version=text(identity, "productVersion"),
        centre=centre_of_polygon(text(identity, "boundingPolygon")),
        wavelength=_wavelength(product, path, frequency),
        flags=_flags(product),
        flattened=_truth(value(product, f"{_PARAMETERS}/topographicFlatteningApplied")),
        software={"compositeReleaseId": text(identity, "compositeReleaseId")},
        orbit_type=text(product, "metadata/orbit/orbitType").upper() or "unknown",
        vectors=_vectors(product, path),
    )


def _images(file: Any, path: Path, group: str) -> tuple[dict[str, str], Grid]:
    """Images of a group by polarisation, and their grid."""
    images = image_sets(file, group)
    if not images:
        raise InputError(f"{path} has no image in /{group}: choose another frequency, or download it again.")
    epsg = number(file, f"{group}/projection")
    if epsg is None:
        raise InputError(f"{path} has no /{group}/projection: its download is incomplete.")
    grid = grid_of(path, int(epsg), *(array(file, f"{group}/{axis}Coordinates", path) for axis in "xy"))
    for name in images.values():
        if file[name].shape != (grid.length, grid.width):
            raise InputError(f"{path} has an image /{name} of another size than its coordinates: download it again.")
    mask = dataset(file, f"{group}/mask")
    if mask is not None and (mask.shape != (grid.length, grid.width) or mask.dtype.kind not in "iu"):
        raise InputError(f"{path} has a /{group}/mask of another size or kind than its images: download it again.")
    return images, grid


def _frame_name(path: Path, track: int, direction: str, frame: int) -> str:
    """``033_a_041``."""
    if direction not in ("Ascending", "Descending") or not (0 < track < 1000 and 0 < frame < 1000):
        raise InputError(
            f"{path} has track {track}, frame {frame} and pass direction {direction[:20]!r} in its identification, which name no "
            "frame: download it again."
        )
    return burst_name(f"{track:03d}_{direction[:1]}_{frame:03d}")


def _required(group: Any, path: Path, name: str) -> int:
    found = number(group, name)
    if found is None:
        raise InputError(f"{path} has no {name} in its identification: its download is incomplete.")
    return int(found)


def _truth(found: Any) -> bool | None:
    return found if isinstance(found, bool) else None


def _wavelength(product: Any, path: Path, frequency: str) -> float:
    places = (
        f"grids/frequency{frequency}/centerFrequency",
        f"metadata/sourceData/swaths/frequency{frequency}/centerFrequency",
    )
    for place in places:
        found = number(product, place)
        if found is not None and found > 0:
            return SPEED_OF_LIGHT / found
    raise InputError(f"{path} has no centerFrequency, so that the wavelength is unknown: its download is incomplete.")


def _flags(product: Any) -> dict[str, Any]:
    """Corrections: whatever the parameters say by a name that ends in Applied."""
    names = [name for name in names_in(product, _PARAMETERS) if name.endswith("Applied") and name not in _NO_CORRECTION]
    return {name: value(product, f"{_PARAMETERS}/{name}") for name in names}


def _vectors(product: Any, path: Path) -> StateVectors:
    complaint = f"{path} has no usable orbit (metadata/orbit), so baselines cannot be computed."
    try:
        time = array(product, "metadata/orbit/time", path)
        position = array(product, "metadata/orbit/position", path, n_dim=2)
        units = product["metadata/orbit/time"].attrs.get("units", b"")
        words = units.decode() if isinstance(units, bytes) else str(np.asarray(units).reshape(-1)[0])
        epoch = utc(re.sub(r"^.*since\s+", "", words), path)
    except (InputError, ValueError):
        raise InputError(complaint) from None
    usable = len(time) >= 4 and position.shape == (len(time), 3)
    if not usable or not (np.isfinite(time).all() and np.isfinite(position).all()):
        raise InputError(complaint)
    return StateVectors(epoch, time, position)

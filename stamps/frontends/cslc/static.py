"""Static layers of the bursts: which file belongs to which burst, and what it gives at the pixels of the mosaic.

Source: docs/method/cslc.md, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.lattice import window_of
from stamps.frontends.cslc.owners import Owners
from stamps.frontends.cslc.passes import Images
from stamps.frontends.cslc.products import Product
from stamps.frontends.cslc.rasters import HIGHEST, LOWEST
from stamps.frontends.cslc.reading import read_layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["choose_static", "heights_of", "incidence_of", "mosaic_of", "unusable"]


def choose_static(
    static: Sequence[Product], images: Images, bursts: Sequence[str], master: int
) -> tuple[dict[str, Product], list[str]]:
    """The static layers of each burst: of the master's sensor if there are any, else of another; of equal grid.

    Returns
    -------
    chosen : dict
        Burst to product; bursts without are missing.
    warnings : list of str
    """
    chosen, sentences = {}, []
    for burst in bursts:
        image = images[burst][master]
        mine = [product for product in static if product.burst == burst]
        fitting = [
            product
            for product in mine
            if product.grid.same_as(image.grid)
            and product.track == image.track
            and product.direction == image.direction
        ]
        fitting.sort(key=lambda product: (product.mission != image.mission, _older(product), str(product.path)))
        if fitting:
            chosen[burst] = fitting[0]
        elif mine:
            sentences.append(
                f"The static layers {mine[0].path} have another grid, track or pass than burst {burst} and are not used: layover "
                "and shadow are not masked there."
            )
        elif image.layout == "cslc":
            sentences.append(f"No static layers for burst {burst}: layover and shadow are not masked.")
    return chosen, sentences


def _older(product: Product) -> tuple[int, ...]:
    digits = [int(part) for part in product.version.split(".") if part.isdigit()]
    return tuple(-part for part in digits)


def mosaic_of(
    name: str, static: Mapping[str, Product], owners: Owners, lines: slice, fill: Any, dtype: Any
) -> NDArray[Any]:
    """A layer at the pixels of some lines, each from its owner; ``fill`` where there is none."""
    result = np.full((lines.stop - lines.start, owners.grid.width), fill, dtype)
    owner = owners.owner[lines]
    for number, burst in enumerate(owners.bursts, 1):
        product = static.get(burst)
        window = None if product is None else window_of(owners.grid, product.grid, lines)
        if product is None or window is None:
            continue
        block = read_layer(product, name, window.own_lines, window.own_samples)
        if block is not None:
            place = slice(window.lines.start - lines.start, window.lines.stop - lines.start)
            mine = owner[place, window.samples] == number
            result[place, window.samples][mine] = block[mine]
    return result


def heights_of(static: Mapping[str, Product], owners: Owners, lines: slice) -> NDArray[np.float32]:
    """Heights that the static layers tell, NaN where they tell none.

    Raises
    ------
    InputError
        They cannot be heights.
    """
    values = mosaic_of("z", static, owners, lines, np.nan, np.float32)
    impossible = np.isfinite(values) & ((values < LOWEST) | (values > HIGHEST))
    if impossible.any():
        row, column = np.argwhere(impossible)[0]
        path = static[owners.bursts[owners.owner[lines][row, column] - 1]].path
        raise InputError(
            f"{path} has a height of {values[row, column]:g} m in /data/z, but {LOWEST:g} to {HIGHEST:g} m were expected: "
            "download it again."
        )
    return values


def incidence_of(
    static: Mapping[str, Product], owners: Owners, lines: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Incidence angle from the line of sight, and azimuth of the direction to the sensor, degrees; NaN where unknown."""
    east, north = (mosaic_of(name, static, owners, lines, np.nan, np.float64) for name in ("los_east", "los_north"))
    unknown = ~(np.isfinite(east) & np.isfinite(north)) | ((east == 0) & (north == 0))
    size = np.hypot(east, north)
    unknown |= size > 1
    angle = np.degrees(np.arcsin(np.where(unknown, 0.0, size)))
    azimuth = np.degrees(np.arctan2(np.where(unknown, 0.0, east), np.where(unknown, 1.0, north)))
    return np.where(unknown, np.nan, angle), np.where(unknown, np.nan, azimuth)


def unusable(static: Mapping[str, Product], owners: Owners, lines: slice) -> NDArray[np.bool_]:
    """Pixels in layover or shadow, or where the static layers say nothing."""
    return mosaic_of("layover_shadow_mask", static, owners, lines, 0, np.int16) != 0

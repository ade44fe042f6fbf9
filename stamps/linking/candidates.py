"""Which pixels become distributed scatterers (DS), beside which persistent ones (PS), and with which dispersion.

Arrays only. Rasters have the shape of the image, (length, width); positions are lines and samples from 0.

References
----------
Ferretti, Fumagalli, Novali, Prati, Rocca & Rucci (2011), A new algorithm for processing interferometric data-stacks:
SqueeSAR, IEEE TGRS 49(9).

Source: docs/method/linking.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "DISPERSIONS",
    "SMALLEST_DISPERSION",
    "DsSettings",
    "ds_mask",
    "equivalent_dispersion",
    "join",
    "noise_floor",
    "thin",
]

#: What may stand in the place of the amplitude dispersion of a DS.
DISPERSIONS = ("sigma", "tcoh", "raw")
#: Equivalent dispersions are not smaller than this: a weight of step 2 is one over it.
SMALLEST_DISPERSION = 0.05
_LONGEST = 2**31 - 1  # side of an image
_FLOOR = 2.0  # times 1/sqrt(N): the temporal coherence that 99 of 100 pixels of noise do not reach


@dataclass(frozen=True)
class DsSettings:
    """What makes a pixel a DS.

    Attributes
    ----------
    tcoh : float
        Least temporal coherence.
    min_shp : int
        Least number of alike pixels.
    keep_ps : float
        Candidates of a smaller amplitude dispersion stay PS.
    step : (int, int)
        Lines and samples of a cell of which one DS is kept; (1, 1) keeps all.
    dispersion : {'sigma', 'tcoh', 'raw'}
        Meaning of ``pscands.1.da`` for DS: the bound of the phase noise, what temporal coherence says, or the amplitudes'.
    """

    tcoh: float = 0.6
    min_shp: int = 20
    keep_ps: float = 0.25
    step: tuple[int, int] = (1, 1)
    dispersion: str = "sigma"

    def __post_init__(self) -> None:
        for name, value in (("temporal coherence", self.tcoh), ("dispersion below which PS stay", self.keep_ps)):
            if not 0 <= value <= 1:
                raise InputError(f"The threshold of {name} is {value:g}, but it lies between 0 and 1.")
        if self.min_shp < 2:
            raise InputError(f"The least number of alike pixels is {self.min_shp}, but a DS has at least 2.")
        if min(self.step) < 1 or max(self.step) > _LONGEST:
            raise InputError(
                f"The cell of thinning is {self.step[0]} x {self.step[1]} pixels, but its sides count from 1 to {_LONGEST}."
            )
        if self.dispersion not in DISPERSIONS:
            raise InputError(f"'{self.dispersion}' is no dispersion of a DS: take {', '.join(DISPERSIONS)}.")


def noise_floor(n_images: int) -> float:
    """Temporal coherence that 99 % of pixels of pure noise stay below: 2/√N."""
    return _FLOOR / float(np.sqrt(n_images))


def ds_mask(
    tcoh: NDArray[np.float32], n_shp: NDArray[np.uint16], estimator: NDArray[np.uint8], settings: DsSettings
) -> NDArray[np.bool_]:
    """Pixels that are good enough for a DS.

    Parameters
    ----------
    tcoh : array
        Temporal coherence, 0 to 1.
    n_shp : array
        Number of alike pixels, the pixel itself included.
    estimator : array
        0 where no phase was linked.
    settings : DsSettings

    Returns
    -------
    bool array of the same shape
    """
    return (estimator != 0) & (n_shp >= settings.min_shp) & (tcoh >= np.float32(settings.tcoh))


def thin(
    mask: NDArray[np.bool_],
    tcoh: NDArray[np.float32],
    n_shp: NDArray[np.uint16],
    step: tuple[int, int],
    first_line: int = 0,
) -> NDArray[np.bool_]:
    """Keep of every cell of the image the DS with the largest temporal coherence.

    Parameters
    ----------
    mask : (n, width) bool array
        DS of some lines of the image.
    tcoh, n_shp : (n, width) arrays
    step : (int, int)
        Lines and samples of a cell; cells begin at pixel (0, 0) of the image.
    first_line : int
        Line of the image where the arrays begin: that of a cell.

    Returns
    -------
    (n, width) bool array
        Of equal ones that with more alike pixels stays, then the one in the lower line, then of the lower sample.
    """
    if first_line % step[0]:
        raise ValueError("the lines must begin with a cell")
    if step == (1, 1):
        return mask.copy()
    line, sample = np.nonzero(mask)
    n_cells = -(-mask.shape[1] // step[1])
    cell = (line // step[0]) * n_cells + sample // step[1]
    # the least key comes first: cell, then the best value, then the order of the image
    order = np.lexsort(
        (sample, line, -n_shp[line, sample].astype(np.int64), -tcoh[line, sample].astype(np.float64), cell)
    )
    chosen = order[np.concatenate([[True], np.diff(cell[order]) != 0])] if order.size else order
    kept = np.zeros_like(mask)
    kept[line[chosen], sample[chosen]] = True
    return kept


def equivalent_dispersion(
    how: str, sigma: NDArray[np.floating[Any]], tcoh: NDArray[np.floating[Any]], raw: ArrayLike
) -> NDArray[np.float64]:
    """What stands for the amplitude dispersion of DS.

    Parameters
    ----------
    how : {'sigma', 'tcoh', 'raw'}
    sigma : (n,) array
        Cramér–Rao bound of the phase, radians; infinite where it is not known.
    tcoh : (n,) array
        Temporal coherence.
    raw : (n,) array
        Amplitude dispersion of the pixels; not read otherwise.

    Returns
    -------
    (n,) float64 array
        The phase noise that is expected, 0.05 to 1 radians (``raw``: as it is).
    """
    if how == "raw":
        return np.asarray(raw, np.float64)
    if how == "tcoh":
        with np.errstate(divide="ignore"):
            noise = np.sqrt(-2 * np.log(np.minimum(np.asarray(tcoh, np.float64), 1)))
    else:
        noise = np.asarray(sigma, np.float64)
    return np.clip(np.nan_to_num(noise, nan=1.0, posinf=1.0), SMALLEST_DISPERSION, 1.0)


def join(
    ps: tuple[NDArray[np.int64], NDArray[np.int64]], ds: tuple[NDArray[np.int64], NDArray[np.int64]], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """PS and DS in one list, in scan order.

    Parameters
    ----------
    ps, ds : (line, sample), (n,) int64 arrays each
        A PS that is a DS, too, is a DS.
    width : int
        Samples of a line.

    Returns
    -------
    line, sample : (n,) int64 arrays
    is_ds : (n,) bool array
    source : (n,) int64 array
        Row of the PS list of a PS, of the DS list of a DS.
    """
    place_ps, place_ds = (line * width + sample for line, sample in (ps, ds))
    rows_ps = np.flatnonzero(~np.isin(place_ps, place_ds))
    place = np.concatenate([place_ps[rows_ps], place_ds])
    source = np.concatenate([rows_ps, np.arange(place_ds.size)])
    is_ds = np.arange(place.size) >= rows_ps.size
    order = np.argsort(place, kind="stable")
    line, sample = np.divmod(place[order], width)
    return line, sample, is_ds[order], source[order]

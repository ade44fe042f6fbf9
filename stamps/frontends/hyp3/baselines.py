"""The network of pairs: images, master, connectivity, and whether the baselines of the pairs fit each other.

Source: docs/method/hyp3.md, section 5.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError, ParameterError
from stamps.frontends.hyp3.products import Product, listed
from stamps.insar.network import design_matrix
from stamps.matlab.dates import datenum
from stamps.matlab.linalg import lscov

__all__ = ["Network", "misfits", "network_of"]

_FEWEST_IMAGES = 3
_REDUNDANT = 1e-6  # part of a pair's baseline that others must be able to check


@dataclass(frozen=True)
class Network:
    """Images and pairs.

    Attributes
    ----------
    dates : tuple of str
        YYYYMMDD, ascending.
    master_ix : int
        From 0.
    pairs : ndarray of int64, shape (n_ifg, 2)
        Images of each pair from 0, the older one first.
    bperp : ndarray of float64, shape (n_ifg,)
        Of the newer minus the older image, m.
    """

    dates: tuple[str, ...]
    master_ix: int
    pairs: npt.NDArray[np.int64]
    bperp: npt.NDArray[np.float64]

    @property
    def day(self) -> npt.NDArray[np.float64]:
        """Dates as MATLAB's day numbers."""
        return datenum(np.array([int(date) for date in self.dates]))

    @property
    def design(self) -> npt.NDArray[np.float64]:
        """Matrix from images to pairs."""
        return design_matrix(self.pairs, len(self.dates))


def network_of(products: Sequence[Product], master: str | None = None) -> Network:
    """The network of products.

    Parameters
    ----------
    products : sequence of Product
    master : str, optional
        Date; default: the image of most pairs, of these the nearest to the middle of the time.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        There are too few images, or they fall apart into subsets.
    ParameterError
        The master is not among them.
    """
    dates = tuple(sorted({f"{day:%Y%m%d}" for p in products for day in (p.name.first, p.name.second)}))
    pairs = np.array([[dates.index(date) for date in p.name.pair.split("_")] for p in products], np.int64)
    pairs = pairs.reshape(-1, 2)
    if len(dates) < _FEWEST_IMAGES:
        raise InputError(
            f"{len(products)} product{' is' if len(products) == 1 else 's are'} left, of {len(dates)} images: a time series "
            f"needs at least {_FEWEST_IMAGES} images."
        )
    parts = _parts(pairs, len(dates))
    if len(parts) > 1:
        texts = "; ".join(f"{dates[part[0]]} … {dates[part[-1]]} ({len(part)} images)" for part in parts[:5])
        raise InputError(
            f"The interferograms fall apart into {len(parts)} subsets of images that no pair connects, so no common time "
            f"series exists: {texts}. Order pairs that connect them, or exclude the dates of all subsets but one."
        )
    if master is not None and master not in dates:
        raise ParameterError(f"The master {master} is no image of the network, which has {listed(dates, 60)}.")
    ix = _chosen(dates, pairs) if master is None else dates.index(master)
    return Network(dates, ix, pairs, np.array([product.bperp for product in products]))


def _parts(pairs: npt.NDArray[np.int64], n_image: int) -> list[npt.NDArray[np.int64]]:
    """Images of each subset that holds together, the largest first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_image, n_image))
    number, label = connected_components(graph, directed=False)
    return sorted((np.flatnonzero(label == k) for k in range(number)), key=len, reverse=True)


def _chosen(dates: Sequence[str], pairs: npt.NDArray[np.int64]) -> int:
    """The image of most pairs; of several the nearest to the middle between the first and the last."""
    days = np.array([dt.datetime.strptime(date, "%Y%m%d").toordinal() for date in dates])
    degree = np.bincount(pairs.ravel(), minlength=len(dates))
    best = np.flatnonzero(degree == degree.max())
    return int(best[np.argmin(np.abs(days[best] - (days[0] + days[-1]) / 2))])


def misfits(network: Network, tolerance: float) -> list[tuple[int, float]]:
    """Pairs whose baseline does not fit the others: baselines of the images by least squares, the worst pair left out in turn.

    Parameters
    ----------
    network : Network
    tolerance : float
        m.

    Returns
    -------
    list of (int, float)
        Pair, and how far it is from what the others say, m; the worst first. A pair that is in no loop fits always.
    """
    found: list[tuple[int, float]] = []
    design = np.delete(network.design, network.master_ix, axis=1)
    used = np.arange(len(network.pairs))
    while True:
        residual, redundancy = _residuals(design[used], network.bperp[used])
        checked = redundancy > _REDUNDANT
        if not (checked & (np.abs(residual) > tolerance)).any():
            return found
        score = np.where(checked, np.abs(residual) / np.sqrt(np.maximum(redundancy, _REDUNDANT)), 0)
        worst = int(np.argmax(score))
        found.append((int(used[worst]), float(residual[worst] / redundancy[worst])))
        used = np.delete(used, worst)


def _residuals(
    design: npt.NDArray[np.float64], bperp: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Residuals, and the part of each observation that the others check."""
    images = lscov(design, bperp)
    hat = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    return bperp - design @ images, 1 - hat

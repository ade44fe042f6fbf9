"""Small-baseline networks: which image pairs to make, and least squares between pairs and single images.

Pure array functions, shared by steps 6 to 8, the products and the tools that choose pairs.
Source: docs/method/unwrapping.md, section 10; docs/method/scla.md, section 1; docs/method/products.md,
sections 3 and 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.observations import retained
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import nanmean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = [
    "baselines_of_images",
    "connected_network",
    "consecutive_pairs",
    "correlated_pairs",
    "delaunay_pairs",
    "design_matrix",
    "image_baselines",
    "invert_correction",
    "subsets",
    "used_images",
]


def design_matrix(ifgday_ix: NDArray[np.int64], n_image: int) -> NDArray[np.float64]:
    """Matrix that turns image phases into interferogram phases.

    Parameters
    ----------
    ifgday_ix : ndarray of int, shape (n_ifg, 2)
        0-based first and second image of each interferogram.
    n_image : int

    Returns
    -------
    ndarray of float64, shape (n_ifg, n_image)
        -1 at the first, +1 at the second image.
    """
    rows = np.arange(len(ifgday_ix))
    matrix = np.zeros((len(ifgday_ix), n_image))
    matrix[rows, ifgday_ix[:, 0]] = -1
    matrix[rows, ifgday_ix[:, 1]] = 1
    return matrix


def used_images(
    network: NDArray[np.float64], retained: NDArray[np.int64], master_ix: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], bool]:
    """Images whose phase relative to the master can be solved for.

    Parameters
    ----------
    network : ndarray, shape (n_ifg, n_image)
        From :func:`design_matrix`.
    retained : ndarray of int
        0-based interferograms that are used.
    master_ix : int
        0-based image whose phase is held at zero.

    Returns
    -------
    design : ndarray, shape (n_retained, n_used)
        The columns of the network that are left without the master and without images that no pair contains.
    images : ndarray of int, shape (n_used,)
        0-based images of these columns.
    connected : bool
        False if some images are not connected with the others, so that the phases are not determined.

    Raises
    ------
    InputError
        The master is in no interferogram at all.
    """
    if not network[:, master_ix].any():
        raise InputError(
            f"No interferogram contains the master (image {master_ix + 1}), so single-master phases cannot be found: "
            "add a pair with the master or choose another master."
        )
    design = network[retained].copy()
    design[:, master_ix] = 0
    images = np.flatnonzero(design.any(axis=0))
    design = design[:, images]
    connected = images.size > 0 and np.linalg.matrix_rank(design) == images.size
    return design, images, bool(connected)


def baselines_of_images(
    network: NDArray[np.float64], images: NDArray[np.int64], bperp: NDArray[np.floating[Any]]
) -> NDArray[np.floating[Any]]:
    """Perpendicular baselines of images from those of pairs, by ordinary least squares.

    Parameters
    ----------
    network : ndarray, shape (n_ifg, n_image)
    images : ndarray of int
        0-based images that are solved for; the others get baseline zero.
    bperp : ndarray, shape (n, n_ifg)
        Baselines of the pairs in metres, for n pixels.

    Returns
    -------
    ndarray, shape (n, n_image)
        Same class as ``bperp``.
    """
    result = np.zeros((bperp.shape[0], network.shape[1]), bperp.dtype)
    result[:, images] = lscov(network[:, images], bperp.T).T
    return result


def image_baselines(ps: Any, small_baselines: bool) -> NDArray[np.float64]:
    """Perpendicular baseline of every image, for small baselines solved for from those of the interferograms.

    Parameters
    ----------
    ps : dict
        Pixel table: ``bperp`` (m), and of small baselines ``ifgday_ix n_image master_ix``.
    small_baselines : bool

    Returns
    -------
    ndarray of float64, shape (n_image,)
        Metres, relative to the master.
    """
    bperp = np.asarray(ps["bperp"], dtype=np.float64)
    if not small_baselines:
        return bperp
    images = np.delete(np.arange(ps["n_image"]), ps["master_ix"])
    return baselines_of_images(design_matrix(ps["ifgday_ix"], ps["n_image"]), images, bperp[np.newaxis])[0]


def connected_network(
    ps: Any, dropped: NDArray[np.int64], where: StrPath
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The network of a small-baseline project, if its retained interferograms connect all their images.

    Parameters
    ----------
    ps : dict
        Content of ``ps2.mat``.
    dropped : ndarray of int
        0-based interferograms that are not used.
    where : path-like
        The project, for messages.

    Returns
    -------
    network : ndarray of float64, shape (n_ifg, n_image)
        From :func:`design_matrix`.
    used : ndarray of int
        0-based retained interferograms.

    Raises
    ------
    InputError
        The project has a single master, the master is in no interferogram, or the network falls apart.
    """
    if "ifgday_ix" not in ps:
        raise InputError(f"{where} is no small-baseline project: its pixel table has no 'ifgday_ix'.")
    network, used = design_matrix(ps["ifgday_ix"], ps["n_image"]), retained(ps["n_ifg"], dropped)
    _, _, connected = used_images(network, used, ps["master_ix"])
    if not connected:
        raise InputError(
            f"The interferograms of {where} fall apart into isolated subsets, so no common time series exists: drop "
            "fewer of them (drop_ifg_index) or add interferograms that connect the subsets."
        )
    return network, used


def invert_correction(
    correction: NDArray[np.float64], ps: Any, network: NDArray[np.float64], used: NDArray[np.int64], what: str
) -> NDArray[np.float32]:
    """Time series of a correction that was estimated for pairs, by unweighted least squares.

    Parameters
    ----------
    correction : ndarray, shape (n_ps, n_ifg)
        Radians. Interferograms with mean exactly zero have no estimate and are left out.
    ps : dict
        Content of ``ps2.mat``: the numbers of pixels and interferograms and the master.
    network : ndarray, shape (n_ifg, n_image)
    used : ndarray of int
        0-based retained interferograms.
    what : str
        Kind of the correction for messages (``'tropospheric'``).

    Returns
    -------
    ndarray of float32, shape (n_ps, n_image)
        Zero for the master and for images without estimate.

    Raises
    ------
    InputError
        The interferograms with an estimate fall apart into subsets, none of them contains the master, or the
        correction does not belong to these pixels and interferograms.
    """
    if correction.shape != (ps["n_ps"], ps["n_ifg"]):
        raise InputError(
            f"The {what} correction is for {correction.shape[0]} pixels and {correction.shape[1]} interferograms, but "
            f"there are {ps['n_ps']} and {ps['n_ifg']}: estimate it again."
        )
    master_ix = ps["master_ix"]
    used = used[np.asarray(nanmean(correction[:, used], axis=0)) != 0]
    design, images, connected = used_images(network, used, master_ix)
    if not connected:
        raise InputError(
            f"The network of interferograms with a {what} correction falls apart into isolated subsets: drop fewer "
            "interferograms (drop_ifg_index) or estimate the correction for more of them."
        )
    if not network[used, master_ix].any():
        raise InputError(
            f"No interferogram with the master has a {what} correction, so it cannot be inverted: estimate it for more "
            "interferograms."
        )
    series = np.zeros((correction.shape[0], network.shape[1]), np.float32)
    series[:, images] = lscov(design, correction[:, used].astype(np.float64).T).T
    return series


# ---------------------------------------------------------------------- which pairs to make


def correlated_pairs(
    day: NDArray[np.float64], bperp: NDArray[np.float64], rho_min: float, max_days: int, max_metres: int
) -> NDArray[np.int64]:
    """Pairs whose expected coherence is high, and for each image at least the best one.

    Parameters
    ----------
    day, bperp : ndarray of float, shape (n_image,)
        Dates in days and perpendicular baselines in m.
    rho_min : float
        Coherence that a pair must exceed.
    max_days, max_metres : float
        Separations at which the coherence, linear in both, reaches zero.

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        0-based first and second image, sorted. An image without any coherent partner is paired with the first image;
        the first image itself then stays alone.
    """
    time = 1 - np.abs(day[:, np.newaxis] - day) / max_days
    space = 1 - np.abs(bperp[:, np.newaxis] - bperp) / max_metres
    rho = np.maximum(time, 0) * np.maximum(space, 0) - np.eye(len(day))
    best = np.column_stack([np.arange(len(day)), rho.argmax(axis=1)])
    likely = np.argwhere((rho > rho_min) & np.triu(np.ones(rho.shape, bool), 1))
    return _sorted_pairs(np.vstack([likely, best]))


def consecutive_pairs(n_image: int, n_next: int) -> NDArray[np.int64]:
    """Pairs of each image with the ``n_next`` images that follow; 0-based int64, shape (n_pair, 2), sorted."""
    first, second = np.triu_indices(n_image, 1)
    near = second - first <= n_next
    return np.column_stack([first, second])[near].astype(np.int64)


def delaunay_pairs(day: NDArray[np.float64], bperp: NDArray[np.float64]) -> NDArray[np.int64]:
    """Edges of the Delaunay triangulation of the images in the plane of days and metres.

    Parameters
    ----------
    day, bperp : ndarray of float, shape (n_image,)

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        0-based first and second image, sorted.

    Raises
    ------
    InputError
        The images stand on a line or are fewer than three, so that there is no triangle.
    """
    from scipy.spatial import Delaunay, QhullError

    try:
        points = np.column_stack([day - np.mean(day), bperp])
        triangles = Delaunay(points).simplices
    except (QhullError, ValueError) as error:
        raise InputError(
            f"The {len(day)} images have no triangulation in time and baseline, because they are fewer than three or "
            "stand on a line: use sb_find or sb_find_consec."
        ) from error
    return _sorted_pairs(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2))


def subsets(pairs: NDArray[np.int64], n_image: int) -> int:
    """Number of subsets of images that no pair connects (1 for a network that holds together).

    Parameters
    ----------
    pairs : ndarray of int, shape (n_pair, 2)
    n_image : int
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_image, n_image))
    return int(connected_components(graph, directed=False)[0])


def _sorted_pairs(pairs: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Distinct pairs of different images, the smaller number first; int64."""
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    return pairs[pairs[:, 0] != pairs[:, 1]]

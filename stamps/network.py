"""Small-baseline networks: which image pairs were made, and least squares between pairs and single images.

Pure array functions, shared by steps 6 to 8 and the products. Source: spec 08 section 10, 09, 11 section 3.
"""

import numpy as np

from stamps.errors import InputError
from stamps.matlab.linalg import lscov

__all__ = ["baselines_of_images", "design_matrix", "used_images"]


def design_matrix(ifgday_ix, n_image):
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


def used_images(network, retained, master_ix):
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


def baselines_of_images(network, images, bperp):
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

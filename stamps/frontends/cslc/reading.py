"""Headers of all files of a stack, and blocks of their images and layers.

Source: docs/method/cslc.md, sections 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.checks import Problem
from stamps.frontends.cslc import cslc_header, gslc_header
from stamps.frontends.cslc.hdf5 import dataset, open_file
from stamps.frontends.cslc.identity import check_identity
from stamps.frontends.cslc.names import find_files, no_file
from stamps.frontends.cslc.products import Product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["Library", "read_header", "read_image", "read_layer", "read_library"]

_LARGEST = 1e15  # of an image; products of two must stay in single precision


@dataclass(frozen=True)
class Library:
    """What folders hold.

    Attributes
    ----------
    images, static : tuple of Product
    problems : tuple of Problem
        Files that cannot be read.
    """

    images: tuple[Product, ...]
    static: tuple[Product, ...]
    problems: tuple[Problem, ...]


def read_library(folders: Iterable[StrPath], frequency: str = "A") -> Library:
    """Read the headers of all products in folders.

    Parameters
    ----------
    folders : iterable of path-like
        Searched with the folders inside them; files can be given, too.
    frequency : {'A', 'B'}
        Of NISAR's products.

    Raises
    ------
    InputError
        A folder is missing or holds no HDF5 file.
    """
    folders = list(folders)
    images: list[Product] = []
    static: list[Product] = []
    problems: list[Problem] = []
    for path in find_files(folders):
        try:
            product = read_header(path, frequency)
        except InputError as error:
            problems.append(Problem(str(error)))
            continue
        (static if product.kind == "static" else images).append(product)
    if not images and not problems:
        problems.append(Problem(no_file(folders[0])))
    return Library(tuple(images), tuple(static), tuple(problems))


def read_header(path: Path, frequency: str = "A") -> Product:
    """The header of a file, by what is in it.

    Raises
    ------
    InputError
        It cannot be read, or is no such product.
    """
    with open_file(path) as file:
        if gslc_header.is_present(file):
            product = gslc_header.read_product(file, path, frequency)
        elif cslc_header.is_present(file):
            product = cslc_header.read_product(file, path)
        else:
            raise InputError(
                f"{path} has no /data/VV or /data/HH: it is no CSLC of the present layout, or its download is incomplete."
            )
    if product.kind == "image":
        check_identity(product)
    return product


def read_image(product: Product, polarisation: str, lines: slice, samples: slice) -> NDArray[np.complex64]:
    """A block of an image; NaN where it is invalid: not finite, 0, or outside the frame's mask.

    Parameters
    ----------
    product : Product
    polarisation : str
    lines, samples : slice
        In the product's own grid; inside it.

    Returns
    -------
    (lines, samples) complex64 array

    Raises
    ------
    InputError
        The file is damaged there.
    """
    name = product.polarisations[polarisation]
    with open_file(product.path) as file:
        block = dataset(file, name)[lines, samples]
        mask = dataset(file, gslc_header.mask_set(name)) if product.layout == "gslc" else None
        mask = None if mask is None else mask[lines, samples]
    with np.errstate(invalid="ignore", over="ignore"):
        values = _complex(block)
        invalid = ~(np.isfinite(values.real) & np.isfinite(values.imag)) | (values == 0)
    if mask is not None:
        invalid |= (mask < 1) | (mask > 254)
    values[invalid] = complex(np.nan, np.nan)
    if (np.abs(values.real) > _LARGEST).any() or (np.abs(values.imag) > _LARGEST).any():
        raise InputError(
            f"{product.path} has numbers beyond {_LARGEST:g} in its image, which no interferogram can hold: it is damaged; "
            "download it again."
        )
    return values


def read_layer(product: Product, name: str, lines: slice, samples: slice) -> NDArray[Any] | None:
    """A block of a static layer; None where the product has no such layer."""
    with open_file(product.path) as file:
        layer = dataset(file, f"data/{name}")
        return None if layer is None else layer[lines, samples]


def _complex(block: NDArray[Any]) -> NDArray[np.complex64]:
    """Complex float32 of what a file holds: complex, or a compound of r and i."""
    if block.dtype.names:
        parts = np.stack([block["r"], block["i"]], axis=-1).astype(np.float32)
        return parts.view(np.complex64)[..., 0]
    return block.astype(np.complex64)

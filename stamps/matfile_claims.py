"""What a MAT file claims to hold, judged by its length before memory is given to it.

A few kilobytes can claim terabytes: by a header, by compression, by chunks of an HDF5 file that were never written.
"""

import math

from stamps.limits import available_gib

__all__ = ["check_elements", "check_hdf5"]

#: Deflate makes nothing smaller than this.
_BEST_RATIO = 1032

#: Bytes that are not worth a doubt.
_HARMLESS = 1 << 24


def check_elements(elements, size):
    """Check the variables of a level-5 file.

    Parameters
    ----------
    elements : iterable of stamps.matfile5.Element
        With a dtype.
    size : int
        Bytes of the file.

    Raises
    ------
    ValueError
        The file cannot hold them, or the memory cannot.
    """
    for element in elements:
        if element.dtype is not None:
            if min(element.shape, default=0) < 0:
                raise ValueError(f"variable '{element.name}' has a negative dimension")
            _check(element.name, math.prod(element.shape) * element.dtype.itemsize, size)


def check_hdf5(path, names):
    """Check variables of an HDF5 file, as :func:`check_elements`."""
    import h5py

    with h5py.File(path) as file:
        for name in names:
            item = file.get(name)
            if isinstance(item, h5py.Dataset):
                _check(name, math.prod(item.shape) * item.dtype.itemsize, item.id.get_storage_size())


def _check(name, claimed, stored):
    if claimed <= _HARMLESS:
        return
    if claimed > stored * _BEST_RATIO:
        raise ValueError(f"variable '{name}' claims {claimed / 2**30:.3g} GiB, but only {stored} bytes are there")
    if claimed / 2**30 > available_gib():
        raise ValueError(f"variable '{name}' claims {claimed / 2**30:.3g} GiB, more than the memory that is available")

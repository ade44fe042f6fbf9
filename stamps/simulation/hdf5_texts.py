"""Groups of HDF5 files in the simulator's products: fixed-length texts, numbers, compressed rasters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

__all__ = ["write_group", "write_raster"]


def write_group(parent: h5py.Group, name: str, values: Mapping[str, Any]) -> h5py.Group:
    """Write scalars and small arrays; a text becomes one of fixed length, a list of texts one of variable length."""
    group = parent.require_group(name)
    for key, value in values.items():
        if isinstance(value, Mapping):
            write_group(group, key, value)
        elif isinstance(value, str):
            group.create_dataset(key, data=np.bytes_(value.encode()))
        elif isinstance(value, list):
            group.create_dataset(key, data=value, dtype=h5py.string_dtype())
        else:
            group.create_dataset(key, data=value)
    return group


def write_raster(group: h5py.Group, name: str, values: npt.NDArray[Any], chunk: int = 128) -> h5py.Dataset:
    """Write a raster in compressed chunks of at most ``chunk`` by ``chunk``."""
    chunks = tuple(min(chunk, size) for size in values.shape)
    return group.create_dataset(name, data=values, chunks=chunks, compression="gzip", compression_opts=4, shuffle=True)

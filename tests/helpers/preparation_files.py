"""What a preparation has written, and an image to prepare from."""

from pathlib import Path

import numpy as np


def tree(folder):
    """Content of all files of a folder but the log and the parameters, which hold dates."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    skipped = ("STAMPS.log", "parms.mat")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name not in skipped}


def write_slc(path, values, dtype=">c8"):
    np.asarray(values, dtype=np.complex64).astype(dtype).tofile(path)
    return path

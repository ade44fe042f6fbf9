"""Tiny simulated stacks in the layouts of the processors, made once and copied for each case."""

import atexit
import functools
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from stamps import simulate

__all__ = ["LINES", "SAMPLES", "copy_of", "edit_raster", "master_of", "simulated"]

LINES, SAMPLES = 24, 30
_ARGUMENTS = ("--preset", "tiny", "--lines", str(LINES), "--samples", str(SAMPLES), "--quiet")


def simulated(folder, *options):
    """Simulate a stack into a folder; returns the folder."""
    assert simulate.main([str(folder), *_ARGUMENTS, *options]) == 0
    return folder


@functools.cache
def _original(layout, network):
    folder = Path(tempfile.mkdtemp(prefix="tiny_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    options = [] if layout == "snap" else ["--layout", layout]
    return simulated(folder / "stack", *options, "--network", network)


def copy_of(target, layout="snap", network="single"):
    """A copy of the stack of a layout that may be damaged."""
    return Path(shutil.copytree(_original(layout, network), target))


def master_of(stack):
    """Date of the master."""
    return json.loads((Path(stack) / "truth.json").read_text())["master"]


def edit_raster(path, change, dtype=">f4"):
    """Replace the values of a raster by what ``change`` makes of them."""
    values = np.fromfile(path, dtype).reshape(LINES, SAMPLES)
    np.asarray(change(values.copy()), dtype).tofile(path)

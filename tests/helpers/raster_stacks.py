"""Stacks whose rasters are sound, in the layouts of the processors."""

import json

import numpy as np

from stamps import simulate
from stamps.legacy.mt_prep import mt_prep
from stamps.legacy.mt_prep_gamma import mt_prep_gamma
from stamps.legacy.mt_prep_isce import mt_prep_isce


def swapped(path):
    np.fromfile(path, ">f4").byteswap().tofile(path)


def layout(tmp_path, name, *more):
    """A small stack of a processor, and what prepares it."""
    stack, project = tmp_path / "stack", tmp_path / "project"
    simulate.main([str(stack), "--preset", "tiny", "--quiet", "--layout", name, *more])
    if name == "doris":
        folder = next(stack.rglob("master.res")).parent
        return folder, folder, lambda: mt_prep(workdir=folder)
    project.mkdir()
    master = json.loads((stack / "truth.json").read_text())["master"]
    program = mt_prep_isce if name == "isce" else mt_prep_gamma
    return stack, project, lambda: program(master, stack, workdir=project)


SOUND = {
    "tiny": ["--preset", "tiny"],
    "few": ["--preset", "tiny", "--lines", "16", "--samples", "16", "--n-images", "3", "--seed", "7"],
    "borders": ["--preset", "tiny", "--lines", "60", "--samples", "80", "--border-images", "4"],
    "water": ["--preset", "tiny", "--lines", "60", "--samples", "80", "--water-fraction", "0.7"],
    "flat": ["--preset", "tiny", "--lines", "60", "--samples", "80", "--atmosphere", "0.01", "--sigma-bperp", "1",
             "--relief", "1", "--subsidence", "0", "--orbit-ramp", "0", "--tropo", "0", "--ps-density", "0.5"],
    "decorrelated": ["--preset", "tiny", "--lines", "60", "--samples", "80", "--ps-density", "0.01", "--sigma-bperp", "1500"],
    "pairs": ["--preset", "sb_small", "--lines", "40", "--samples", "60", "--n-images", "5"],
}  # fmt: skip

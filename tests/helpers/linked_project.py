"""A project with a folder ``LINK`` of made-up linked phases, in the form that ``mt_link`` leaves."""

import numpy as np

from helpers.tiny_stacks import LINES, SAMPLES, master_of
from stamps import mt_prep_snap
from stamps.linking.files import FORMAT, IMAGE_TYPE, RASTERS, input_state, write_record
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace

__all__ = ["linked", "made_up_link", "prepared"]


def prepared(folder, stack, threshold=0.4, patches=(1, 2), mask=None):
    """A single-master project of a tiny stack."""
    folder.mkdir()
    mt_prep_snap(master_of(stack), stack, threshold, *patches, 4, 6, mask, workdir=folder)
    return folder


def made_up_link(project, seed=1):
    """Write ``LINK``: random phases and qualities, sorted nowhere; returns the stack."""
    stack = PreparedStack.of(Workspace(project))
    rng = np.random.default_rng(seed)
    folder = project / "LINK"
    folder.mkdir(exist_ok=True)
    size = LINES, SAMPLES
    valid = (stack.flattened(slice(0, LINES), slice(0, SAMPLES)) != 0).all(axis=0)
    estimator = rng.choice([0, 1, 1, 1, 1, 2], size) * valid
    n_shp = np.where(estimator == 0, 1, rng.integers(1, 60, size))
    tcoh = np.where(estimator == 0, 0, np.round(rng.uniform(0, 1, size), 2))  # rounded: some are equal
    content = {"estimator.u8": estimator, "shp.u16": n_shp, "tcoh.flt": tcoh, "sigma.flt": rng.uniform(0.01, 1.3, size)}
    for name, values in content.items():
        values.astype(RASTERS[name]).tofile(folder / name)
    for date in stack.dates:
        phase = rng.uniform(-np.pi, np.pi, size) * (date != stack.master)
        (rng.uniform(0.5, 2, size) * np.exp(1j * phase)).astype(IMAGE_TYPE).tofile(folder / f"{date}.lslc")
    write_record(folder, _record(stack))
    return stack


def _record(stack):
    settings = {
        "width": stack.width,
        "length": stack.length,
        "dates": list(stack.dates),
        "master": stack.master,
        "options": {},
        "subset": [0, stack.length, 0, stack.width],
    }
    counts = dict.fromkeys(("fell_back", "fewer_than_images", "linked", "mean_n_shp", "pixels", "valid"), 0)
    return {
        **settings,
        "format": FORMAT,
        "version": "0",
        "complete": True,
        "settings": settings,
        "prepared": True,
        "block_pixels": LINES * SAMPLES,
        "kept": 0,
        "passes": {},
        "log": [],
        "counts": {**counts, "tcoh_histogram": [0] * 20},
        "inputs": {
            "rasters": {path: input_state(path) for path in [*stack.slcs, *stack.interferograms]},
            "interferograms": list(stack.interferograms),
        },
    }


def linked(folder, stack, **options):
    """A prepared project with ``LINK``."""
    project = prepared(folder, stack, **options)
    made_up_link(project)
    return project

"""Small projects of distributed scatterers that ``mt_link`` takes, and what it leaves."""

import numpy as np

from helpers import ds_stacks
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.linking.files import LinkFolder

LINES, SAMPLES, IMAGES = 21, 26, 12
#: Options that suit so small a stack.
SMALL = {"half_window": (2, 3), "ministack": 4}


def small_stack():
    """A stack as :func:`helpers.ds_stacks.simulate` makes it."""
    return ds_stacks.simulate(LINES, SAMPLES, IMAGES, seed=5)


def shortened(stack, n):
    """The first images of a stack."""
    return {**stack, "slc": stack["slc"][:n], "dates": stack["dates"][:n], "bperp": stack["bperp"][:n]}


def prepared(folder, stack, *, unflattened=False, mask=None):
    """A project made from a stack, and its export."""
    export, project = folder / "export", folder / "project"
    project.mkdir(parents=True)
    master = ds_stacks.export(stack, export, unflattened)
    mt_prep_snap(master, export, 0.4, 1, 1, maskfile=mask, workdir=project)
    return project


def rasters(project):
    """Name -> bytes of all that LINK holds but its record."""
    folder = project / "LINK"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "link.json"
    }


def raster_of(project, pattern):
    """The one raster of the export that a pattern names."""
    (path,) = (project.parent / "export").glob(pattern)
    return path


def calibrated(project, stack):
    """The images as they are linked."""
    constants = np.array([float(line.split()[-1]) for line in (project / "selpsc.in").read_text().splitlines()[2:]])
    return (stack["slc"] / constants[:, None, None]).astype(np.complex64)


def everything_finite(project):
    link = LinkFolder.open(project)
    for raster in [*link.images().values(), link.temporal_coherence, link.raster("estimator.u8")]:
        assert np.isfinite(raster).all()
    assert not np.isnan(link.sigma).any()

"""Simulated stacks on map grids: simulated once, written as geocoded products as often as tests like."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from stamps import simulate
from stamps.errors import StampsError
from stamps.simulation.cslc_files import CslcLayout, write_cslc
from stamps.simulation.nisar_files import GslcLayout, write_gslc
from stamps.simulation.plan import plan_stack
from stamps.simulation.settings import Settings
from stamps.simulation.snap_files import SnapStack


def radar_stack(folder, preset="tiny", **changes):
    """A stack in SNAP's layout, with its truth."""
    words = [part for name, value in changes.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert simulate.main([str(folder), "--preset", preset, *words, "--quiet"]) == 0
    return SnapStack.made(plan_stack(Settings.of_preset(preset, folder, **changes)), Path(folder))


def dates_of(stack):
    """Dates of a stack, yyyymmdd."""
    return stack.plan.acquisitions.names


def master_of(stack):
    return stack.plan.acquisitions.master_name


def bursts(stack, target, **layout):
    """Write CSLC products; returns their folder."""
    write_cslc(stack, Path(target), CslcLayout(**layout))
    return Path(target) / "cslc"


def frames(stack, target, **layout):
    """Write GSLC products; returns their folder."""
    write_gslc(stack, Path(target), GslcLayout(**layout))
    return Path(target) / "gslc"


def products(folder, date="", burst=""):
    """Images in a folder, static layers left out."""
    return [
        path
        for path in sorted(Path(folder).rglob("*.h5"))
        if "static" not in path.name.lower() and date in path.name and burst in path.name.lower()
    ]


def static_layers(folder):
    return [path for path in sorted(Path(folder).rglob("*.h5")) if "static" in path.name.lower()]


def read(path, name):
    """A data set of an HDF5 file."""
    with h5py.File(path) as file:
        return file[name][()]


def changed(path, **values):
    """Change data sets of a file; ``__`` in names stands for ``/``, None deletes."""
    with h5py.File(path, "r+") as file:
        for name, value in values.items():
            place = name.replace("__", "/")
            if place in file:
                del file[place]
            if value is not None:
                file[place] = np.bytes_(value.encode()) if isinstance(value, str) else value
    return path


def radar_pixels(project, rows, columns, cells):
    """Radar lines and samples of pixels of a map project.

    Parameters
    ----------
    project : path-like
        Its lattice begins where ``lon.raw`` does.
    rows, columns : (n,) arrays
        From 0.
    cells : path-like
        ``cells.npz``.
    """
    offset = lattice_offset(project, cells)
    known = np.load(cells)
    rows, columns = np.asarray(rows, int) + offset[0], np.asarray(columns, int) + offset[1]
    return known["line"][rows, columns], known["sample"][rows, columns]


def lattice_offset(project, cells):
    """Row and column of ``cells.npz`` at which the lattice of a project begins."""
    from pyproj import Transformer

    known = np.load(cells)
    width = int((Path(project) / "width.txt").read_text())
    lon, lat = (np.fromfile(Path(project) / f"{name}.raw", "<f4")[: width * 2].astype(float) for name in ("lon", "lat"))
    x, y = Transformer.from_crs(4326, int(known["epsg"]), always_xy=True).transform(lon, lat)
    column = (x - known["west"]) / known["posting"][0] - np.tile(np.arange(width), 2)
    row = (known["north"] - y) / known["posting"][1] - np.repeat([0, 1], width)
    assert np.abs(column - np.round(np.median(column))).max() < 0.3
    assert np.abs(row - np.round(np.median(row))).max() < 0.3
    return round(float(np.median(row))), round(float(np.median(column)))


def radar_mask(project, stack, cells, path):
    """Write a mask of a radar stack, 0 where a map project uses a pixel; returns its path."""
    known, (row, column) = np.load(cells), lattice_offset(project, cells)
    rows, columns = np.nonzero(raster(project, "mask.raw", "u1") == 0)
    mask = np.ones(stack.plan.settings.shape, np.uint8)
    mask[tuple(known[name][rows + row, columns + column] for name in ("line", "sample"))] = 0
    mask.tofile(path)
    return path


def in_radar_places(project, stack, cells):
    """Give candidates of a map project the positions of their radar pixels."""
    for patch in Path(project).glob("PATCH_*"):
        ij = np.loadtxt(patch / "pscands.1.ij").astype(int)
        place = radar_pixels(project, ij[:, 1], ij[:, 2], cells)
        lonlat = np.stack([stack.geometry(name)[place] for name in (".lon", ".lat")], axis=1)
        old = np.fromfile(patch / "pscands.1.ll", "<f4").reshape(-1, 2)
        assert np.abs(old - lonlat).max() < 2e-4
        lonlat.astype("<f4").tofile(patch / "pscands.1.ll")
    return project


def prepared(project, stack, *folders, **options):
    """Prepare a project from folders of products; returns it."""
    from stamps.legacy.mt_prep_cslc import mt_prep_cslc

    project.mkdir(exist_ok=True)
    mt_prep_cslc(master_of(stack), folders, workdir=project, **options)
    return project


def raster(project, name, dtype):
    """A raster of a project, of its size."""
    width, length = (int((Path(project) / f"{axis}.txt").read_text()) for axis in ("width", "len"))
    return np.fromfile(Path(project) / name, dtype).reshape(length, width)


def refused(made, stack, tmp_path, **options):
    """The sentence by which a preparation beside the products is refused; nothing is left."""
    with pytest.raises(StampsError) as caught:
        prepared(tmp_path / "INSAR", stack, made, **options)
    left = {path.name for path in (tmp_path / "INSAR").iterdir()} - {"STAMPS.log"}
    assert not left, left
    text = str(caught.value)
    assert text.replace("\n", "").isprintable()
    return text

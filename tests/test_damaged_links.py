"""Damaged rasters and records of ``LINK`` and ``pscands.1.ds``: refused by name, and nothing is written."""

import numpy as np
import pytest

from helpers.linked_project import linked
from stamps.errors import InputError, WorkspaceError
from stamps.legacy.mt_add_ds import mt_add_ds
from stamps.linking.files import LinkFolder, read_record, write_record
from stamps.linking.kinds import kinds_of_patch
from stamps.workspace import Workspace

PATCHES = ("PATCH_1", "PATCH_2")


@pytest.fixture
def project(tiny_export, tmp_path):
    return linked(tmp_path / "project", tiny_export)


def content(folder):
    """File of a patch -> bytes."""
    return {path: path.read_bytes() for name in PATCHES for path in sorted((folder / name).iterdir())}


def _poke(project, name, value):
    """One wrong value in a raster of LINK, at a pixel that is a DS."""
    link = LinkFolder.open(project)
    pixel = np.argmax((link.estimator != 0) & (link.n_shp >= 10) & (link.temporal_coherence > 0.9))
    values = np.array(link.image(name[:8]) if name.endswith("lslc") else link.raster(name))
    values.flat[pixel] = value
    values.tofile(project / "LINK" / name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((None, value) for value in (0, np.nan, np.inf)),
        *(("tcoh.flt", value) for value in (np.nan, np.inf, -0.5, 1.5)),
        *(("sigma.flt", value) for value in (np.nan, -1)),
    ],
)
@pytest.mark.parametrize(
    "options", [{}, {"network": "sequential 2"}, {"network": "single", "write_interferograms": True}]
)
def test_values_that_cannot_be_are_refused_and_nothing_is_written(project, name, value, options):
    dates = LinkFolder.open(project).dates
    _poke(project, name or f"{dates[-1]}.lslc", value)
    before = content(project)
    with pytest.raises(WorkspaceError, match="is damaged.*run mt_link --overwrite"):
        mt_add_ds(0.5, 10, keep_ps=0, **options, workdir=project)
    assert content(project) == before and not (project / "SMALL_BASELINES").exists()


@pytest.mark.parametrize("options", [{}, {"network": "sequential 2"}])
def test_nothing_is_written_through_memory_maps(project, options, monkeypatch):
    """A full disk under a memory map kills the process; under a file it is an error."""
    modes, memmap = set(), np.memmap
    monkeypatch.setattr(
        np, "memmap", lambda path, dtype, mode="r+", **more: modes.add(mode) or memmap(path, dtype, mode, **more)
    )
    mt_add_ds(0.5, 10, **options, workdir=project)
    assert modes == {"r"}


def test_a_bound_that_is_not_known_is_none(project):
    _poke(project, "sigma.flt", np.inf)
    mt_add_ds(0.5, 10, keep_ps=0, workdir=project)
    assert sum(np.isinf(kinds_of_patch(Workspace(project / name)).sigma).sum() for name in PATCHES) > 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record["inputs"].update(interferograms=[5]),
        lambda record: record["counts"].update(tcoh_histogram="x"),
        lambda record: record["counts"].update(tcoh_histogram=[0]),
        lambda record: record["counts"].update(linked="x"),
        lambda record: record["counts"].update(linked=float("inf")),
    ],
)
def test_a_record_of_another_form_is_refused(project, spoil):
    record = read_record(project / "LINK")
    spoil(record)
    write_record(project / "LINK", record)
    with pytest.raises(WorkspaceError, match="another form"):
        mt_add_ds(0.5, 10, workdir=project)


@pytest.mark.parametrize(
    "line", ["1 1e300 0.5 0.3", "1 inf 0.5 0.3", "1 20 1e300 0.3", "1 20 -3 0.3", "1 20 0.5 nan", "1 20 0.5 -1"]
)
def test_a_line_about_a_pixel_that_cannot_be_is_refused(project, line):
    mt_add_ds(0.5, 10, workdir=project)
    path = project / "PATCH_1" / "pscands.1.ds"
    path.write_text("".join([f"{line}\n", *path.read_text().splitlines(True)[1:]]))
    with pytest.raises(InputError, match="must hold kind"):
        kinds_of_patch(Workspace(project / "PATCH_1"))

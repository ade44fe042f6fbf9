"""``mt_link``: from a prepared project to the folder LINK; what is written, all processors, accuracy."""

import json
import shutil

import numpy as np
import pytest

from helpers import ds_stacks, raster_stacks
from helpers.ds_projects import (
    IMAGES,
    LINES,
    SAMPLES,
    SMALL,
    calibrated,
    everything_finite,
    prepared,
)
from helpers.linked_arrays import LinkedArrays, flags_of, rms, wrapped
from stamps.cli import program
from stamps.errors import StampsError
from stamps.legacy.mt_link import mt_link
from stamps.linking.files import LinkFolder
from stamps.linking.options import LinkOptions
from stamps.native import backends

METHODS = ("EMI", "sequential_EMI")


# ---------------------------------------------------------------------- what is written


@pytest.mark.parametrize("method", METHODS)
def test_the_files_of_a_run(ds_project, ds_stack, method):
    record = mt_link(method=method, closure=True, pair_coherence=True, workdir=ds_project, **SMALL).record
    link = LinkFolder.open(ds_project)
    assert link.dates == ds_stack["dates"] and link.master == ds_stack["dates"][IMAGES // 2]
    assert (link.width, link.length) == (SAMPLES, LINES) and link.options["method"] == method
    assert json.loads((ds_project / "LINK" / "link.json").read_text()) == record
    sequential = method.startswith("sequential")
    assert link.has("tcoh_avg.flt") == sequential and not link.has("scratch")
    names = sorted(path.name for path in (ds_project / "LINK" / "compressed").glob("*.cslc"))
    expected = [f"{ds_stack['dates'][k]}_{ds_stack['dates'][k + 3]}.cslc" for k in (0, 4, 8)]
    assert names == (expected if sequential else [])
    header = (ds_project / "LINK" / f"{link.master}.lslc.hdr").read_text()
    assert f"samples = {SAMPLES}\nlines = {LINES}\n" in header and "data type = 6\n" in header
    assert "byte order = 0" in header
    assert [part["tcoh"][0] for part in link.pair_coherence] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert sum(part["pixels"] for part in link.pair_coherence) == record["counts"]["linked"]
    assert sum(record["counts"]["tcoh_histogram"]) == record["counts"]["linked"] == np.count_nonzero(link.estimator)
    assert link.changed_inputs() == []
    master = link.image(link.master)
    assert (master.imag == 0).all() and (master.real > 0).all()
    everything_finite(ds_project)


@pytest.mark.parametrize("method", METHODS)
def test_without_compiled_kernels_the_phases_are_the_same(ds_project, tmp_path, method):
    shutil.copytree(ds_project, tmp_path / "other")
    compiled = mt_link(method=method, workdir=ds_project, **SMALL)
    with backends.selected("numpy"):
        arrays = mt_link(method=method, workdir=tmp_path / "other", **SMALL)
    np.testing.assert_array_equal(compiled.n_shp, arrays.n_shp)
    for date in compiled.dates:
        difference = wrapped(np.angle(compiled.image(date)) - np.angle(arrays.image(date)))
        assert np.mean(difference < 1e-3) > 0.999


@pytest.mark.parametrize("method", ["EVD", "EMI", "PTA"])
def test_phases_amplitudes_and_quality_are_those_of_the_arrays(ds_project, ds_stack, method):
    options = LinkOptions.of(method=method, **SMALL)
    mt_link(method=method, workdir=ds_project, **SMALL)
    link, master = LinkFolder.open(ds_project), IMAGES // 2
    slc = calibrated(ds_project, ds_stack)
    flags = flags_of(slc, options)
    expected = LinkedArrays(slc, flags)
    phase = expected.phase(method)
    linked = (expected.n_shp >= 2).reshape(LINES, SAMPLES)
    np.testing.assert_array_equal(link.n_shp, expected.n_shp.reshape(LINES, SAMPLES))
    ours = np.array([link.image(date) for date in link.dates])
    difference = wrapped(np.angle(ours) - (phase - phase[master]))[:, linked]
    assert np.mean(difference < 1e-3) > 0.999
    quality = expected.quality(method)
    np.testing.assert_allclose(link.temporal_coherence[linked], quality[linked], atol=1e-3)
    line, sample = map(int, np.argwhere(linked)[5])
    powers = [
        np.mean(
            [np.abs(slc[:, line + i - 2, sample + j - 3]) ** 2 for i, j in np.argwhere(flags[line, sample])], axis=0
        )
    ]
    np.testing.assert_allclose(np.abs(ours[:, line, sample]), np.sqrt(powers[0]), rtol=1e-5)


def test_temporal_coherence_is_that_of_the_written_phases(ds_project, ds_stack):
    """Recomputed in double precision from the files and coherence matrices."""
    mt_link(method="EMI", workdir=ds_project, **SMALL)
    link = LinkFolder.open(ds_project)
    theta = np.angle([link.image(date).astype(np.complex128) for date in link.dates]).reshape(IMAGES, -1).T
    slc = calibrated(ds_project, ds_stack)
    matrices = LinkedArrays(slc, flags_of(slc, LinkOptions.of(**SMALL))).matrices.astype(np.complex128)
    upper = np.triu_indices(IMAGES, 1)
    fit = np.cos(np.angle(matrices) - theta[:, :, None] + theta[:, None])[:, upper[0], upper[1]].mean(axis=1)
    linked = np.asarray(link.estimator).ravel() > 0
    np.testing.assert_allclose(link.temporal_coherence.ravel()[linked], np.maximum(fit, 0)[linked], atol=1e-4)


def test_a_pixel_without_neighbours_keeps_its_own_phase(ds_project, ds_stack):
    mt_link(alpha=0.999, method="sequential_EMI", workdir=ds_project, **SMALL)
    link, master = LinkFolder.open(ds_project), IMAGES // 2
    alone = np.asarray(link.n_shp) == 1
    assert alone.sum() > 20
    assert not link.temporal_coherence[alone].any() and not link.sigma[alone].any() and not link.estimator[alone].any()
    for k, date in enumerate(link.dates):
        own = np.angle(ds_stack["slc"][k] * np.conj(ds_stack["slc"][master]))
        assert wrapped(np.angle(link.image(date)) - own)[alone].max() < 1e-5


def test_fewer_images_than_two_mini_stacks_are_linked_at_once(ds_project, tmp_path):
    shutil.copytree(ds_project, tmp_path / "other")
    mt_link(half_window=(2, 3), ministack=10, workdir=ds_project)
    mt_link(half_window=(2, 3), method="EMI", workdir=tmp_path / "other")
    ours, expected = LinkFolder.open(ds_project), LinkFolder.open(tmp_path / "other")
    for date in ours.dates:
        difference = wrapped(np.angle(ours.image(date)) - np.angle(expected.image(date)))
        assert np.mean(difference < 1e-4) > 0.999


def test_ramps_that_only_the_images_have_do_not_matter(tmp_path, ds_stack):
    """SLCs of SNAP still hold the phase of the flat earth: interferograms are flattened, and the linked phases are theirs."""
    projects = prepared(tmp_path / "flat", ds_stack), prepared(tmp_path / "ramps", ds_stack, unflattened=True)
    options = {"method": "EMI", "shp": "rect", **SMALL}
    for folder in projects:
        mt_link(workdir=folder, **options)
    flat, ramps = map(LinkFolder.open, projects)
    for date in flat.dates:
        assert wrapped(np.angle(flat.image(date)) - np.angle(ramps.image(date))).max() < 1e-4
    column = np.arange(SAMPLES)
    with_ramps = ds_stack["slc"] * np.exp(0.011j * np.asarray(ds_stack["bperp"])[:, None, None] * column).astype(
        np.complex64
    )
    chosen = LinkOptions.of(**options)
    direct = LinkedArrays(with_ramps, flags_of(with_ramps, chosen)).phase("EMI")
    direct -= direct[IMAGES // 2]
    of_files = np.angle([flat.image(date) for date in flat.dates])
    ramp = 0.011 * (np.asarray(ds_stack["bperp"]) - ds_stack["bperp"][IMAGES // 2])[:, None, None] * column
    assert wrapped(direct - ramp - of_files).max() > 0.1  # linked as they are, windows mix the phases of the ramp


def test_datum_adjustment_changes_later_mini_stacks(ds_project):
    mt_link(workdir=ds_project, **SMALL)
    without = np.array([LinkFolder.open(ds_project).image(date) for date in LinkFolder.open(ds_project).dates])
    mt_link(workdir=ds_project, datum=True, overwrite=True, **SMALL)
    adjusted = np.array([LinkFolder.open(ds_project).image(date) for date in LinkFolder.open(ds_project).dates])
    relative = wrapped(np.angle(adjusted * adjusted[:1].conj()) - np.angle(without * without[:1].conj()))
    assert relative[:4].max() < 1e-5 and relative[4:].max() > 0.01


# ---------------------------------------------------------------------- the command, and accuracy


def test_the_command_line(ds_project, capsys):
    words = ["--half-window", "2", "3", "--method", "evd", "--subset", "0", "9", "0", "19", "--connect"]
    assert program.run("mt_link", [*words, "--workdir", str(ds_project)]) == 0
    text = capsys.readouterr().out
    assert "MT_LINK: 12 images of 10 x 20 pixels, EVD" in text and "pixels per second" in text


def test_accuracy_of_sequential_linking(tmp_path):
    """Against the truth and both other programs; the ds_stack is the one that they have linked."""
    folder, simulated = ds_stacks.reference_data(), ds_stacks.simulate()
    ds_project = prepared(tmp_path, simulated)
    mt_link(half_window=(5, 7), ministack=8, workdir=ds_project)
    link = LinkFolder.open(ds_project)
    ours = np.angle([link.image(date) for date in link.dates])
    chosen = ds_stacks.pure_pixels(simulated, (5, 7))
    for kind, bar in (("fields", 0.40), ("dry", 0.11), ("weak", 0.11), ("road", 0.34)):
        error = rms(ours - simulated["phase"], chosen[kind])
        assert error <= bar, kind
        for name, phase in (("miaplpy_link", "phase_sequential_EMI"), ("dolphin_link", "phase_sequential_EMI_ks")):
            with np.load(folder / f"{name}.npz") as theirs:
                assert error < rms(theirs[phase] - simulated["phase"], chosen[kind]), (kind, name)


def test_errors_name_the_block(ds_project, monkeypatch):
    def broken(*_):
        raise StampsError("something is wrong.")

    monkeypatch.setattr("stamps.linking.passes.alike_pixels", broken)
    with pytest.raises(StampsError, match="lines 0 to 20: something"):
        mt_link(workdir=ds_project, **SMALL)


# ---------------------------------------------------------------------- processors


def test_projects_of_all_processors_are_linked_alike(tmp_path):
    """The same simulated ds_stack in four layouts: byte orders, names, short integers, the master with itself."""
    found = {}
    for name, more in (("gamma", ["--null-master"]), ("snap", []), ("doris", []), ("isce", [])):
        (tmp_path / name).mkdir()
        _, ds_project, prepare = raster_stacks.layout(tmp_path / name, name, *more)
        prepare()
        mt_link(half_window=(2, 3), alpha=0.01, method="EMI", workdir=ds_project)
        found[name] = LinkFolder.open(ds_project)
    first = found.pop("snap")
    assert np.count_nonzero(first.estimator) > 2000
    for link in found.values():
        assert (link.dates, link.master) == (first.dates, first.master)
        same = np.asarray(link.n_shp) == np.asarray(first.n_shp)
        assert same.mean() > (0.99 if link is found["gamma"] else 0.999)  # its amplitudes are whole numbers
        for date in first.dates:
            difference = wrapped(np.angle(link.image(date)) - np.angle(first.image(date)))
            assert np.mean(difference[same] < 1e-2) > 0.99

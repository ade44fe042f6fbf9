"""``mt_link``: from a prepared project to the folder LINK; going on after a kill, adding images, odd and broken input."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import ds_stacks, raster_stacks
from helpers.linked_arrays import LinkedArrays, flags_of, rms, wrapped
from stamps.cli import program
from stamps.errors import InputError, ParameterError, StampsError, WorkspaceError
from stamps.legacy.mt_link import mt_link
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.linking import run as link_run
from stamps.linking.blocks import Area
from stamps.linking.files import LinkFolder
from stamps.linking.job import Job
from stamps.linking.options import LinkOptions
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace

LINES, SAMPLES, IMAGES = 21, 26, 12
SMALL = {"half_window": (2, 3), "ministack": 4}
METHODS = ("EMI", "sequential_EMI")


def prepared(folder, stack, *, unflattened=False, mask=None):
    """A project made from a stack, and its export."""
    export, project = folder / "export", folder / "project"
    project.mkdir(parents=True)
    master = ds_stacks.export(stack, export, unflattened)
    mt_prep_snap(master, export, 0.4, 1, 1, maskfile=mask, workdir=project)
    return project


@pytest.fixture(scope="module")
def stack():
    return ds_stacks.simulate(LINES, SAMPLES, IMAGES, seed=5)


@pytest.fixture(scope="module")
def sound(tmp_path_factory, stack):
    """A prepared project (read only; its export may be linked to)."""
    return prepared(tmp_path_factory.mktemp("sound"), stack)


@pytest.fixture
def project(tmp_path, sound):
    """A copy that may be changed; its rasters are those of the first."""
    shutil.copytree(sound, tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def movable(tmp_path, stack):
    """A project whose rasters may be changed."""
    return prepared(tmp_path / "movable", stack)


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


# ---------------------------------------------------------------------- what is written


@pytest.mark.parametrize("method", METHODS)
def test_the_files_of_a_run(project, stack, method):
    record = mt_link(method=method, closure=True, pair_coherence=True, workdir=project, **SMALL)
    link = LinkFolder.open(project)
    assert link.dates == stack["dates"] and link.master == stack["dates"][IMAGES // 2]
    assert (link.width, link.length) == (SAMPLES, LINES) and link.options["method"] == method
    assert json.loads((project / "LINK" / "link.json").read_text()) == record
    sequential = method.startswith("sequential")
    assert link.has("tcoh_avg.flt") == sequential and not link.has("scratch")
    names = sorted(path.name for path in (project / "LINK" / "compressed").glob("*.cslc"))
    expected = [f"{stack['dates'][k]}_{stack['dates'][k + 3]}.cslc" for k in (0, 4, 8)]
    assert names == (expected if sequential else [])
    header = (project / "LINK" / f"{link.master}.lslc.hdr").read_text()
    assert f"samples = {SAMPLES}\nlines = {LINES}\n" in header and "data type = 6\n" in header
    assert "byte order = 0" in header
    assert [part["tcoh"][0] for part in link.pair_coherence] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert sum(part["pixels"] for part in link.pair_coherence) == record["counts"]["linked"]
    assert sum(record["counts"]["tcoh_histogram"]) == record["counts"]["linked"] == np.count_nonzero(link.estimator)
    assert link.changed_inputs() == []
    master = link.image(link.master)
    assert (master.imag == 0).all() and (master.real > 0).all()
    everything_finite(project)


@pytest.mark.parametrize("method", ["EVD", "EMI", "PTA"])
def test_phases_amplitudes_and_quality_are_those_of_the_arrays(project, stack, method):
    options = LinkOptions.of(method=method, **SMALL)
    mt_link(method=method, workdir=project, **SMALL)
    link, master = LinkFolder.open(project), IMAGES // 2
    slc = calibrated(project, stack)
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


def test_temporal_coherence_is_that_of_the_written_phases(project, stack):
    """Recomputed in double precision from the files and coherence matrices."""
    mt_link(method="EMI", workdir=project, **SMALL)
    link = LinkFolder.open(project)
    theta = np.angle([link.image(date).astype(np.complex128) for date in link.dates]).reshape(IMAGES, -1).T
    slc = calibrated(project, stack)
    matrices = LinkedArrays(slc, flags_of(slc, LinkOptions.of(**SMALL))).matrices.astype(np.complex128)
    upper = np.triu_indices(IMAGES, 1)
    fit = np.cos(np.angle(matrices) - theta[:, :, None] + theta[:, None])[:, upper[0], upper[1]].mean(axis=1)
    linked = np.asarray(link.estimator).ravel() > 0
    np.testing.assert_allclose(link.temporal_coherence.ravel()[linked], np.maximum(fit, 0)[linked], atol=1e-4)


def test_a_pixel_without_neighbours_keeps_its_own_phase(project, stack):
    mt_link(alpha=0.999, method="sequential_EMI", workdir=project, **SMALL)
    link, master = LinkFolder.open(project), IMAGES // 2
    alone = np.asarray(link.n_shp) == 1
    assert alone.sum() > 20
    assert not link.temporal_coherence[alone].any() and not link.sigma[alone].any() and not link.estimator[alone].any()
    for k, date in enumerate(link.dates):
        own = np.angle(stack["slc"][k] * np.conj(stack["slc"][master]))
        assert wrapped(np.angle(link.image(date)) - own)[alone].max() < 1e-5


def test_fewer_images_than_two_mini_stacks_are_linked_at_once(project, tmp_path):
    shutil.copytree(project, tmp_path / "other")
    mt_link(half_window=(2, 3), ministack=10, workdir=project)
    mt_link(half_window=(2, 3), method="EMI", workdir=tmp_path / "other")
    ours, expected = LinkFolder.open(project), LinkFolder.open(tmp_path / "other")
    for date in ours.dates:
        difference = wrapped(np.angle(ours.image(date)) - np.angle(expected.image(date)))
        assert np.mean(difference < 1e-4) > 0.999


def test_ramps_that_only_the_images_have_do_not_matter(tmp_path, stack):
    """SLCs of SNAP still hold the phase of the flat earth: interferograms are flattened, and the linked phases are theirs."""
    projects = prepared(tmp_path / "flat", stack), prepared(tmp_path / "ramps", stack, unflattened=True)
    options = {"method": "EMI", "shp": "rect", **SMALL}
    for folder in projects:
        mt_link(workdir=folder, **options)
    flat, ramps = map(LinkFolder.open, projects)
    for date in flat.dates:
        assert wrapped(np.angle(flat.image(date)) - np.angle(ramps.image(date))).max() < 1e-4
    column = np.arange(SAMPLES)
    with_ramps = stack["slc"] * np.exp(0.011j * np.asarray(stack["bperp"])[:, None, None] * column).astype(np.complex64)
    chosen = LinkOptions.of(**options)
    direct = LinkedArrays(with_ramps, flags_of(with_ramps, chosen)).phase("EMI")
    direct -= direct[IMAGES // 2]
    of_files = np.angle([flat.image(date) for date in flat.dates])
    ramp = 0.011 * (np.asarray(stack["bperp"]) - stack["bperp"][IMAGES // 2])[:, None, None] * column
    assert wrapped(direct - ramp - of_files).max() > 0.1  # linked as they are, windows mix the phases of the ramp


def test_datum_adjustment_changes_later_mini_stacks(project):
    mt_link(workdir=project, **SMALL)
    without = np.array([LinkFolder.open(project).image(date) for date in LinkFolder.open(project).dates])
    mt_link(workdir=project, datum=True, overwrite=True, **SMALL)
    adjusted = np.array([LinkFolder.open(project).image(date) for date in LinkFolder.open(project).dates])
    relative = wrapped(np.angle(adjusted * adjusted[:1].conj()) - np.angle(without * without[:1].conj()))
    assert relative[:4].max() < 1e-5 and relative[4:].max() > 0.01


# ---------------------------------------------------------------------- the same bits


def linked_in_blocks(sound, folder, options, pixels, mapper):
    stack = PreparedStack.of(Workspace(sound))
    job = Job(folder / "LINK", stack, LinkOptions.of(**options), Area(0, LINES, 0, SAMPLES))
    folder.mkdir()
    link_run.run(job, mapper, "0", block_pixels=pixels)
    return rasters(folder)


def backwards(function, blocks, title):
    """The blocks in another order."""
    return iter([function(block) for block in reversed(blocks)])


@pytest.mark.parametrize("method", [*METHODS, "sequential_PTA"])
def test_blocks_and_their_order_make_no_difference(sound, tmp_path, method, monkeypatch):
    options = {"method": method, "closure": True, "connect": True, **SMALL}
    whole = linked_in_blocks(sound, tmp_path / "whole", options, 10**6, lambda f, blocks, title: map(f, blocks))
    monkeypatch.setattr("stamps.linking.blocks._WIDEST", 9)
    for pixels in (40, 200):
        assert linked_in_blocks(sound, tmp_path / str(pixels), options, pixels, backwards) == whole


@pytest.mark.parametrize("method", METHODS)
def test_cores_make_no_difference(project, tmp_path, method, monkeypatch):
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 52)
    shutil.copytree(project, tmp_path / "other")
    mt_link(method=method, cores=1, workdir=project, **SMALL)
    mt_link(method=method, cores=3, workdir=tmp_path / "other", **SMALL)
    assert rasters(project) == rasters(tmp_path / "other")


_KILLED = """\
import os, shutil, signal, sys
left = int(sys.argv[2])
def armed(function):
    def call(*args, **keywords):
        global left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **keywords)
    return call
for module, name in ((os, "replace"), (os, "fsync"), (shutil, "rmtree")):
    setattr(module, name, armed(getattr(module, name)))
from stamps.linking import run
run.pixels_of_block = lambda *_: 130
from stamps.legacy.mt_link import mt_link
mt_link(method=sys.argv[3], half_window=(2, 3), ministack=4, pair_coherence=True, cores=1, workdir=sys.argv[1])
"""


def killed(project, moment, method):
    """Run until a file is about to be saved for the so many-th time; whether the process was killed."""
    command = [sys.executable, "-c", _KILLED, str(project), str(moment), method]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(("method", "moments"), [("EMI", (1, 3, 30)), ("sequential_EMI", (2, 7, 60))])
def test_a_killed_run_goes_on_and_the_files_are_the_same(project, tmp_path, method, moments, monkeypatch):
    shutil.copytree(project, tmp_path / "other")
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 130)
    record = mt_link(method=method, pair_coherence=True, workdir=tmp_path / "other", **SMALL)
    for moment in moments:
        assert killed(project, moment, method)
        with pytest.raises(InputError, match="run mt_link"):
            LinkFolder.open(project)
    again = mt_link(method=method, pair_coherence=True, workdir=project, **SMALL)
    assert rasters(project) == rasters(tmp_path / "other")
    assert again["counts"] == record["counts"] and again["pair_coherence"] == record["pair_coherence"]


@pytest.mark.parametrize("moment", [23, 27, 31])
def test_a_run_that_is_killed_again_and_again_comes_to_an_end(project, tmp_path, moment, monkeypatch):
    """The moments fall into all passes, also into that which writes over what it has read."""
    shutil.copytree(project, tmp_path / "other")
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 130)
    mt_link(pair_coherence=True, workdir=tmp_path / "other", **SMALL)
    kills = 0
    while killed(project, moment, "sequential_EMI"):
        kills += 1
        assert kills < 60
    assert kills > 4
    assert rasters(project) == rasters(tmp_path / "other")


def test_a_finished_run_is_not_repeated(project, monkeypatch):
    record = mt_link(workdir=project, **SMALL)
    monkeypatch.setattr(link_run, "_do", lambda *_: pytest.fail("linked again"))
    assert mt_link(workdir=project, **SMALL) == record


# ---------------------------------------------------------------------- images that are added


def shortened(stack, n):
    """The first images of a stack."""
    return {**stack, "slc": stack["slc"][:n], "dates": stack["dates"][:n], "bperp": stack["bperp"][:n]}


@pytest.fixture
def growing(tmp_path, stack):
    """A project of eight images, linked, to which four are added; the master is that of all."""
    export, project = tmp_path / "export", tmp_path / "project"
    project.mkdir()
    master = ds_stacks.export(stack, export)
    aside = tmp_path / "aside"
    late = stack["dates"][8:]
    for path in [p for date in late for p in export.glob(f"*/*{date}*")]:
        target = aside / path.relative_to(export)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)

    def prepare():
        mt_prep_snap(master, export, 0.4, 1, 1, workdir=project)

    prepare()
    mt_link(workdir=project, **SMALL)

    def grow():
        for path in [p for p in aside.rglob("*") if p.is_file()]:
            path.rename(export / path.relative_to(aside))
        prepare()

    return project, grow


def test_an_update_keeps_complete_mini_stacks(growing, tmp_path):
    project, grow = growing
    before = rasters(project)
    theta = {date: np.angle(image) for date, image in LinkFolder.open(project).images().items()}
    grow()
    with pytest.raises(InputError, match="--update adds the new images"):
        mt_link(workdir=project, **SMALL)
    record = mt_link(workdir=project, update=True, **SMALL)
    link, after = LinkFolder.open(project), rasters(project)
    assert record["kept"] == 2 and len(link.dates) == IMAGES
    kept = [name for name in before if name.startswith("compressed/")]
    assert len(kept) == 8 and all(before[name] == after[name] for name in kept)
    for date, phase in theta.items():
        assert wrapped(np.angle(link.image(date)) - phase).max() < 1e-5
    assert link.temporal_coherence.max() > 0.5
    everything_finite(project)


def test_an_update_without_new_images_changes_nothing(growing):
    project, _ = growing
    before = rasters(project)
    mt_link(workdir=project, update=True, **SMALL)
    assert rasters(project) == before


@pytest.mark.parametrize("moment", [4, 40, 71])
def test_a_killed_update_goes_on(growing, tmp_path, moment):
    project, grow = growing
    grow()
    shutil.copytree(project, tmp_path / "other")
    mt_link(workdir=tmp_path / "other", update=True, **SMALL)
    code = _KILLED.replace("pair_coherence=True", "update=True")
    command = [sys.executable, "-c", code, str(project), str(moment), "sequential_EMI"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    mt_link(workdir=project, update=True, **SMALL)
    assert rasters(project) == rasters(tmp_path / "other")


def test_an_update_needs_mini_stacks_of_the_same_options(growing):
    project, grow = growing
    grow()
    with pytest.raises(InputError, match="other options .alpha"):
        mt_link(workdir=project, update=True, alpha=0.01, **SMALL)
    mt_link(workdir=project, method="EMI", overwrite=True, **SMALL)
    with pytest.raises(InputError, match="other options"):
        mt_link(workdir=project, update=True, **SMALL)


# ---------------------------------------------------------------------- odd input


def test_a_stripe_of_zeros_is_not_linked_and_nobody_s_neighbour(movable, stack):
    path = raster_of(movable, f"rslc/{stack['dates'][3]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[:, :4] = 0
    values[5, 10] = np.nan
    values.tofile(path)
    for method in METHODS:
        mt_link(method=method, shp="rect", workdir=movable, overwrite=True, **SMALL)
        link = LinkFolder.open(movable)
        invalid = np.zeros((LINES, SAMPLES), bool)
        invalid[:, :4] = invalid[5, 10] = True
        np.testing.assert_array_equal(np.asarray(link.n_shp) == 0, invalid)
        assert link.n_shp[10, 4] == 5 * 4 and link.n_shp[5, 11] == 5 * 7 - 1
        for image in link.images().values():
            assert not image[invalid].any() and image[~invalid].all()
        assert not link.temporal_coherence[invalid].any()
        everything_finite(movable)


def test_nan_in_an_interferogram_and_absurd_amplitudes(movable, stack):
    path = raster_of(movable, f"diff0/*_{stack['dates'][2]}.diff")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[7, 7] = complex(np.inf, 1)
    values.tofile(path)
    path = raster_of(movable, f"rslc/{stack['dates'][1]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[8, 8] = 1e36
    values.tofile(path)
    mt_link(workdir=movable, **SMALL)
    link = LinkFolder.open(movable)
    assert link.n_shp[7, 7] == link.n_shp[8, 8] == 0
    everything_finite(movable)


def test_an_image_of_one_value_everywhere(movable, stack):
    for pattern in (f"rslc/{stack['dates'][4]}.rslc", f"diff0/*_{stack['dates'][4]}.diff"):
        np.full((LINES, SAMPLES), 2 + 0j, ">c8").tofile(raster_of(movable, pattern))
    for method in METHODS:
        mt_link(method=method, workdir=movable, overwrite=True, **SMALL)
        everything_finite(movable)


def test_a_constant_modulus_of_interferograms_is_fine(movable, sound):
    for path in (movable.parent / "export" / "diff0").glob("*.diff"):
        values = np.fromfile(path, ">c8")
        (values / np.abs(values)).astype(">c8").tofile(path)
    mt_link(workdir=movable, **SMALL)
    copy = movable.parent / "copy"
    shutil.copytree(sound, copy)
    mt_link(workdir=copy, **SMALL)
    ours, expected = LinkFolder.open(movable), LinkFolder.open(copy)
    for date in ours.dates:
        assert np.mean(wrapped(np.angle(ours.image(date)) - np.angle(expected.image(date))) < 1e-3) > 0.99


def test_four_images_and_a_window_larger_than_the_image(tmp_path, stack, capsys):
    project = prepared(tmp_path, shortened(stack, 4))
    for method in METHODS:
        mt_link(half_window=(30, 40), method=method, workdir=project, overwrite=True)
        everything_finite(project)
    assert "WARNING: with 4 images" in capsys.readouterr().out


def test_a_mask_that_leaves_nothing(project, capsys):
    (project / "mask").write_bytes(b"\1" * LINES * SAMPLES)
    for method in METHODS:
        record = mt_link(mask="mask", method=method, workdir=project, overwrite=True, **SMALL)
        assert record["counts"]["valid"] == record["counts"]["linked"] == 0
        assert not any(image.any() for image in LinkFolder.open(project).images().values())
    assert "No pixel of" in capsys.readouterr().out


def test_the_mask_of_the_preparation_counts_by_default(tmp_path, stack):
    mask = np.zeros((LINES, SAMPLES), np.uint8)
    mask[:, 20:] = 1
    mask.tofile(tmp_path / "mask")
    project = prepared(tmp_path, stack, mask=tmp_path / "mask")
    mt_link(shp="rect", workdir=project, **SMALL)
    n_shp = LinkFolder.open(project).n_shp
    assert not n_shp[:, 20:].any() and n_shp[10, 19] == 5 * 4


def test_a_part_of_the_image(project):
    mt_link(subset=(3, 12, 5, 20), shp="rect", workdir=project, **SMALL)
    link, inside = LinkFolder.open(project), np.zeros((LINES, SAMPLES), bool)
    inside[3:13, 5:21] = True
    np.testing.assert_array_equal(np.asarray(link.n_shp) > 0, inside)
    assert link.n_shp[3, 5] == 3 * 4
    for image in link.images().values():
        np.testing.assert_array_equal(image != 0, inside)


# ---------------------------------------------------------------------- broken input


def fails(project, error, words, **options):
    with pytest.raises(error, match=words):
        mt_link(workdir=project, **{**SMALL, **options})
    assert not (project / "LINK").exists()


def test_a_project_of_small_baselines(project):
    (project / "selsbc.in").write_text("0.6\n")
    fails(project, InputError, "small baselines")


def test_a_folder_that_is_not_prepared(tmp_path):
    fails(tmp_path, InputError, "run the preparation")


def test_rasters_of_a_wrong_size_are_all_named(movable, stack):
    one, other = (
        raster_of(movable, f"rslc/{stack['dates'][1]}.rslc"),
        raster_of(movable, f"diff0/*_{stack['dates'][2]}.diff"),
    )
    one.write_bytes(one.read_bytes()[:-8])
    np.zeros((LINES, SAMPLES), ">f4").tofile(other)
    with pytest.raises(InputError) as found:
        mt_link(workdir=movable, **SMALL)
    text, size = str(found.value), LINES * SAMPLES * 8
    assert one.name in text and str(size - 8) in text and str(size) in text
    assert other.name in text and str(size // 2) in text


def test_a_raster_that_is_missing(movable, stack):
    raster_of(movable, f"diff0/*_{stack['dates'][2]}.diff").unlink()
    fails(movable, InputError, "cannot be read")


@pytest.mark.parametrize(("drop", "words"), [("selpsc.in", "has no SLC"), ("pscphase.in", "has no interferogram")])
def test_dates_that_only_one_list_has(project, stack, drop, words):
    lines = (project / drop).read_text().splitlines()
    (project / drop).write_text(
        "\n".join(line for line in lines if stack["dates"][3] not in Path(line.split()[0]).name) + "\n"
    )
    fails(project, InputError, f"{stack['dates'][3]} {words}")


def test_a_date_twice(project):
    path = project / "selpsc.in"
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    fails(project, InputError, "There are 2 SLCs of")


def test_three_images(tmp_path, stack):
    project = prepared(tmp_path, shortened(stack, 3))
    fails(project, InputError, "at least 4 are needed")


def test_an_image_without_any_value(movable, stack):
    np.zeros((LINES, SAMPLES), ">c8").tofile(raster_of(movable, f"rslc/{stack['dates'][3]}.rslc"))
    fails(movable, InputError, f"{stack['dates'][3]} are 0 or no number")


def test_an_image_without_any_value_in_the_part_that_is_linked(movable, stack):
    path = raster_of(movable, f"rslc/{stack['dates'][3]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[:10] = np.nan
    values.tofile(path)
    fails(movable, InputError, "are 0 or no number", subset=(0, 9, 0, 20))
    mt_link(workdir=movable, subset=(0, 12, 0, 20), **SMALL)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"subset": (0, 30, 0, 5)}, ParameterError, "lines 0 to 30, but the image has 0 to 20"),
        ({"subset": (0, 3)}, ParameterError, "first and last line"),
        ({"mask": "none"}, InputError, "none cannot be read"),
        ({"mask": "len.txt"}, InputError, "one byte per pixel"),
        ({"ministack": 2}, ParameterError, "ministack"),
        ({"cores": 0}, ParameterError, "cores"),
    ],
)
def test_arguments_that_cannot_be(project, options, error, words):
    fails(project, error, words, **options)


def test_a_folder_of_other_settings_is_kept(project):
    mt_link(workdir=project, **SMALL)
    before = rasters(project)
    with pytest.raises(InputError, match="made with other options .alpha.: --overwrite"):
        mt_link(workdir=project, alpha=0.01, **SMALL)
    assert rasters(project) == before
    assert mt_link(workdir=project, alpha=0.01, overwrite=True, **SMALL)["options"]["alpha"] == 0.01


def test_a_folder_of_other_rasters_is_kept(movable, stack):
    mt_link(workdir=movable, **SMALL)
    path = raster_of(movable, f"rslc/{stack['dates'][3]}.rslc")
    os.utime(path, (1, 1))
    assert LinkFolder.open(movable).changed_inputs() == [str(path)]
    with pytest.raises(InputError, match=f"other rasters .*{path.name}"):
        mt_link(workdir=movable, **SMALL)


def test_a_disk_that_is_too_small(project, monkeypatch):
    monkeypatch.setattr(link_run.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**6, 10**6 - 99, 99))
    fails(project, InputError, "needs [0-9]+ bytes .* only 99 free")


def test_something_else_in_the_place_of_the_folder(project):
    (project / "LINK").mkdir()
    (project / "LINK" / "letter.txt").write_text("keep me")
    for overwrite in (False, True):
        with pytest.raises(WorkspaceError, match="move it away"):
            mt_link(workdir=project, overwrite=overwrite, **SMALL)
    assert (project / "LINK" / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}'])
def test_a_damaged_record(project, content):
    mt_link(workdir=project, **SMALL)
    (project / "LINK" / "link.json").write_text(content)
    with pytest.raises(WorkspaceError, match="--overwrite"):
        mt_link(workdir=project, **SMALL)
    mt_link(workdir=project, overwrite=True, **SMALL)


def test_a_raster_that_was_lost(project):
    mt_link(workdir=project, **SMALL)
    (project / "LINK" / "shp.u16").unlink()
    with pytest.raises(WorkspaceError, match="--overwrite"):
        mt_link(workdir=project, **SMALL)
    with pytest.raises(WorkspaceError, match="--overwrite"):
        _ = LinkFolder.open(project).n_shp


def test_the_folder_is_looked_for(tmp_path):
    with pytest.raises(InputError, match="run mt_link first"):
        LinkFolder.open(tmp_path)


# ---------------------------------------------------------------------- the command, and accuracy


def test_the_command_line(project, capsys):
    words = ["--half-window", "2", "3", "--method", "evd", "--subset", "0", "9", "0", "19", "--connect"]
    assert program.run("mt_link", [*words, "--workdir", str(project)]) == 0
    text = capsys.readouterr().out
    assert "MT_LINK: 12 images of 10 x 20 pixels, EVD" in text and "pixels per second" in text


def test_accuracy_of_sequential_linking(tmp_path):
    """Against the truth and both other programs; the stack is the one that they have linked."""
    folder, simulated = ds_stacks.reference_data(), ds_stacks.simulate()
    project = prepared(tmp_path, simulated)
    mt_link(half_window=(5, 7), ministack=8, workdir=project)
    link = LinkFolder.open(project)
    ours = np.angle([link.image(date) for date in link.dates])
    chosen = ds_stacks.pure_pixels(simulated, (5, 7))
    for kind, bar in (("fields", 0.40), ("dry", 0.11), ("weak", 0.11), ("road", 0.34)):
        error = rms(ours - simulated["phase"], chosen[kind])
        assert error <= bar, kind
        for name, phase in (("miaplpy_link", "phase_sequential_EMI"), ("dolphin_link", "phase_sequential_EMI_ks")):
            with np.load(folder / f"{name}.npz") as theirs:
                assert error < rms(theirs[phase] - simulated["phase"], chosen[kind]), (kind, name)


def test_errors_name_the_block(project, monkeypatch):
    def broken(*_):
        raise StampsError("something is wrong.")

    monkeypatch.setattr("stamps.linking.passes.alike_pixels", broken)
    with pytest.raises(StampsError, match="lines 0 to 20: something"):
        mt_link(workdir=project, **SMALL)


# ---------------------------------------------------------------------- projects from elsewhere


@pytest.mark.parametrize("name", ["LINK", "LINK/compressed", "LINK/scratch"])
def test_a_folder_that_is_a_link_is_refused(project, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    mt_link(workdir=project, **SMALL)
    shutil.rmtree(project / name, ignore_errors=True)
    (project / name).symlink_to(outside)
    for overwrite in (False, True):
        with pytest.raises(WorkspaceError, match="is a link"):
            mt_link(workdir=project, overwrite=overwrite, **SMALL)
    assert not list(outside.iterdir())


def test_nothing_is_written_through_a_raster_that_is_a_link(project, tmp_path, stack):
    outside = tmp_path / "outside"
    outside.write_bytes(bytes(LINES * SAMPLES * 8))
    before = mt_link(workdir=project, **SMALL)
    path = project / "LINK" / f"{stack['dates'][0]}.lslc"
    path.unlink()
    path.symlink_to(outside)
    record = {**before, "complete": False, "passes": {}}
    (project / "LINK" / "link.json").write_text(json.dumps(record))
    (project / "LINK" / "scratch").mkdir()
    with pytest.raises((WorkspaceError, OSError)):
        mt_link(workdir=project, **SMALL)
    assert outside.read_bytes() == bytes(LINES * SAMPLES * 8)
    mt_link(workdir=project, overwrite=True, **SMALL)
    assert outside.read_bytes() == bytes(LINES * SAMPLES * 8) and not path.is_symlink()


# ---------------------------------------------------------------------- processors


def test_projects_of_all_processors_are_linked_alike(tmp_path):
    """The same simulated stack in four layouts: byte orders, names, short integers, the master with itself."""
    found = {}
    for name, more in (("gamma", ["--null-master"]), ("snap", []), ("doris", []), ("isce", [])):
        (tmp_path / name).mkdir()
        _, project, prepare = raster_stacks.layout(tmp_path / name, name, *more)
        prepare()
        mt_link(half_window=(2, 3), alpha=0.01, method="EMI", workdir=project)
        found[name] = LinkFolder.open(project)
    first = found.pop("snap")
    assert np.count_nonzero(first.estimator) > 2000
    for link in found.values():
        assert (link.dates, link.master) == (first.dates, first.master)
        same = np.asarray(link.n_shp) == np.asarray(first.n_shp)
        assert same.mean() > (0.99 if link is found["gamma"] else 0.999)  # its amplitudes are whole numbers
        for date in first.dates:
            difference = wrapped(np.angle(link.image(date)) - np.angle(first.image(date)))
            assert np.mean(difference[same] < 1e-2) > 0.99

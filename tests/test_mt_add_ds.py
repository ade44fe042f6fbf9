"""``mt_add_ds``: which pixels become DS, what the candidate files hold then, and taking them out again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from helpers.linked_project import linked, made_up_link, prepared
from helpers.tiny_stacks import LINES, SAMPLES
from stamps import relocate
from stamps.errors import InputError
from stamps.frontends.lists import read_candidates
from stamps.legacy.mt_add_ds import mt_add_ds
from stamps.linking.candidates import DsSettings, ds_mask, equivalent_dispersion, join, thin
from stamps.linking.files import LinkFolder, read_record, write_record
from stamps.linking.kinds import kinds_of, kinds_of_patch
from stamps.workspace import Workspace

PATCHES = ("PATCH_1", "PATCH_2")


@pytest.fixture
def project(tiny_export, tmp_path):
    return linked(tmp_path / "project", tiny_export)


def content(folder):
    """File of a patch -> bytes."""
    return {f"{name}/{path.name}": path.read_bytes() for name in PATCHES for path in sorted((folder / name).iterdir())}


def places(folder, name):
    line, sample = read_candidates(folder / name / "pscands.1.ij")
    return line * SAMPLES + sample


def phases(folder, name):
    n = places(folder, name).size
    return np.fromfile(folder / name / "pscands.1.ph", ">c8").reshape(-1, n)


def dispersions(folder, name):
    return (folder / name / "pscands.1.da").read_text().split()


# ---------------------------------------------------------------------- which pixels


@given(
    arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_thinning_is_what_loops_say(mask, a, r, seed):
    rng = np.random.default_rng(seed)
    tcoh = rng.integers(0, 3, mask.shape).astype(np.float32) / 2
    n_shp = rng.integers(1, 3, mask.shape).astype(np.uint16)
    expected = np.zeros_like(mask)
    for line in range(0, mask.shape[0], a):
        for sample in range(0, mask.shape[1], r):
            cell = [
                (-tcoh[i, j], -int(n_shp[i, j]), i, j)
                for i in range(line, min(line + a, mask.shape[0]))
                for j in range(sample, min(sample + r, mask.shape[1]))
                if mask[i, j]
            ]
            if cell:
                expected[min(cell)[2:]] = True
    assert np.array_equal(thin(mask, tcoh, n_shp, (a, r)), expected)


def test_thresholds_are_met_or_not():
    settings = DsSettings(tcoh=0.6, min_shp=20)
    tcoh = np.array([0.6, 0.5999, 0.9, 0.9, 0.9], np.float32)
    n_shp = np.array([20, 20, 19, 20, 500], np.uint16)
    estimator = np.array([1, 1, 1, 0, 2], np.uint8)
    assert ds_mask(tcoh, n_shp, estimator, settings).tolist() == [True, False, False, False, True]


def test_equivalent_dispersion():
    sigma = np.array([0.3, 0.001, 7, np.inf, np.nan])
    tcoh = np.array([0.9, 1.0, 0.0, 0.5, 0.7])
    assert equivalent_dispersion("sigma", sigma, tcoh, 0).tolist() == [0.3, 0.05, 1, 1, 1]
    expected = [np.sqrt(-2 * np.log(0.9)), 0.05, 1, 1, np.sqrt(-2 * np.log(0.7))]
    assert equivalent_dispersion("tcoh", sigma, tcoh, 0) == pytest.approx(expected)
    assert equivalent_dispersion("raw", sigma, tcoh, [0.7, 0.2, 2, 0, 1]).tolist() == [0.7, 0.2, 2, 0, 1]


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_joining_keeps_scan_order_and_takes_ds_for_both(ps, ds):
    lists = [np.divmod(np.array(sorted(pixels), np.int64), 10) for pixels in (ps, ds)]
    line, sample, is_ds, source = join(*lists, 10)
    place = (line * 10 + sample).tolist()
    assert place == sorted(ps | ds)
    assert is_ds.tolist() == [pixel in ds for pixel in place]
    of = [sorted(ps), sorted(ds)]
    assert [of[int(kind)][row] for kind, row in zip(is_ds, source, strict=True)] == place


# ---------------------------------------------------------------------- files


def test_ps_stay_as_they_were_and_ds_get_linked_phases(project, tmp_path):
    before = shutil.copytree(project, tmp_path / "before")
    counts = mt_add_ds(0.5, 10, workdir=project)
    link = LinkFolder.open(project)
    raw = {name: np.fromfile(path, ">c8").reshape(LINES, SAMPLES) for name, path in _interferograms(project).items()}
    assert counts.keys() == set(PATCHES)
    for name in PATCHES:
        place, old = places(project, name), places(before, name)
        kinds = kinds_of_patch(Workspace(project / name))
        assert kinds.counts == counts[name] and min(counts[name]) > 10
        assert np.all(np.diff(place) > 0)
        was = {pixel: k for k, pixel in enumerate(old.tolist())}
        words, old_words = dispersions(project, name), dispersions(before, name)
        now, then = phases(project, name), phases(before, name)
        for k, pixel in enumerate(place.tolist()):
            line, sample = divmod(pixel, SAMPLES)
            if not kinds.is_ds[k]:
                assert words[k] == old_words[was[pixel]]
                assert now[:, k].tobytes() == then[:, was[pixel]].tobytes()
                continue
            assert float(words[k]) == pytest.approx(np.clip(link.sigma[line, sample], 0.05, 1), rel=1e-5)
            for row, date in enumerate(raw):
                value = np.abs(raw[date][line, sample]) * np.exp(-1j * np.angle(link.image(date)[line, sample]))
                assert now[row, k] == pytest.approx(value, rel=1e-5)
            assert pixel not in was or float(old_words[was[pixel]]) >= 0.25
        strong = [pixel for pixel, k in was.items() if float(old_words[k]) < 0.25]
        weak = {pixel for pixel, k in was.items() if float(old_words[k]) >= 0.25}
        assert strong and set(strong) <= set(place[~kinds.is_ds].tolist())
        assert weak & set(place[kinds.is_ds].tolist())


def _interferograms(project):
    link = LinkFolder.open(project)
    paths = (project / "pscphase.in").read_text().split()[1:]
    dates = [next(d for d in link.dates if d != link.master and d in Path(path).name) for path in paths]
    return dict(zip(dates, paths, strict=True))


def test_all_other_columns_belong_to_the_pixels(project, tiny_export):
    mt_add_ds(0.5, 10, workdir=project)
    lon, lat = (np.fromfile(next((tiny_export / "geo").glob(f"*.{end}")), ">f4") for end in ("lon", "lat"))
    hgt = np.fromfile(next((tiny_export / "geo").glob("*dem.rdc")), ">f4")
    link = LinkFolder.open(project)
    for name in PATCHES:
        place = places(project, name)
        numbers = np.loadtxt(project / name / "pscands.1.ij", dtype=int)
        assert numbers[:, 0].tolist() == list(range(1, place.size + 1))
        assert np.array_equal(
            np.fromfile(project / name / "pscands.1.ij.int", ">i4").reshape(-1, 2), numbers[:, [2, 1]]
        )
        assert np.array_equal(
            np.fromfile(project / name / "pscands.1.ll", ">f4").reshape(-1, 2), np.c_[lon, lat][place]
        )
        assert np.array_equal(np.fromfile(project / name / "pscands.1.hgt", ">f4"), hgt[place])
        kinds = kinds_of_patch(Workspace(project / name))
        assert np.array_equal(kinds.n_shp, np.ravel(link.n_shp)[place])
        assert kinds.tcoh == pytest.approx(np.ravel(link.temporal_coherence)[place], rel=1e-5)


def test_what_decides_is_every_pixel_of_the_image(project):
    mt_add_ds(0.5, 10, step=(3, 4), workdir=project)
    link = LinkFolder.open(project)
    found = [set(places(project, name)[kinds_of_patch(Workspace(project / name)).is_ds].tolist()) for name in PATCHES]
    mask = ds_mask(link.temporal_coherence, link.n_shp, link.estimator, DsSettings(0.5, 10))
    strong = [
        p for name in PATCHES for p, kind in zip(places(project, name), _strong(project, name), strict=True) if kind
    ]
    mask.reshape(-1)[strong] = False
    expected = thin(mask, link.temporal_coherence, link.n_shp, (3, 4))
    assert found[0] | found[1] == set(np.flatnonzero(expected).tolist())
    both = [set(np.arange(LINES * SAMPLES)[_inside(project, name)].tolist()) for name in PATCHES]
    shared = both[0] & both[1]
    assert shared and found[0] & shared == found[1] & shared


def _strong(project, name):
    is_ds = kinds_of_patch(Workspace(project / name)).is_ds
    return ~is_ds & (np.array(dispersions(project, name), float) < 0.25)


def _inside(project, name):
    first_sample, last_sample, first, last = map(int, (project / name / "patch.in").read_text().split())
    line, sample = np.divmod(np.arange(LINES * SAMPLES), SAMPLES)
    return (line >= first - 1) & (line < last) & (sample >= first_sample - 1) & (sample < last_sample)


def test_twice_and_off_and_without_ds(project):
    before = content(project)
    mt_add_ds(0.5, 10, workdir=project)
    once, record = content(project), (project / "LINK" / "ds.json").read_bytes()
    assert once != before and before["PATCH_1/mean_amp.flt"] == once["PATCH_1/mean_amp.flt"]
    mt_add_ds(0.5, 10, workdir=project)
    assert content(project) == once and (project / "LINK" / "ds.json").read_bytes() == record
    mt_add_ds(off=True, workdir=project)
    assert content(project) == before and not (project / "LINK" / "ds.json").exists()
    mt_add_ds(1.0, 50000, workdir=project)
    left = content(project)
    assert {name for name in left if left[name] != before.get(name)} == {f"{name}/pscands.1.ds" for name in PATCHES}
    assert kinds_of_patch(Workspace(project / "PATCH_1")).counts[1] == 0
    assert "best temporal coherence" in (project / "STAMPS.log").read_text()


def test_the_mask_of_the_preparation_holds_for_ps_and_off(tiny_export, tmp_path):
    project = prepared(tmp_path / "project", tiny_export, mask=tiny_export / "mask.bin")
    made_up_link(project)
    before = content(project)
    mt_add_ds(0.5, 10, workdir=project)
    mt_add_ds(off=True, workdir=project)
    assert content(project) == before


def test_raw_dispersion_is_that_of_the_selection(tiny_export, tmp_path):
    project = linked(tmp_path / "project", tiny_export, threshold=10)  # every pixel is a PS first
    before = dict(zip(places(project, "PATCH_1").tolist(), dispersions(project, "PATCH_1"), strict=True))
    mt_add_ds(0.5, 10, keep_ps=0, da="raw", workdir=project)
    after = dict(zip(places(project, "PATCH_1").tolist(), dispersions(project, "PATCH_1"), strict=True))
    assert before.items() <= after.items() and kinds_of_patch(Workspace(project / "PATCH_1")).counts[1] > 20


def test_kinds_of_pixels_of_a_project(project):
    assert kinds_of(Workspace(project), np.array([[1, 0, 0]])) is None
    mt_add_ds(0.5, 10, workdir=project)
    line, sample = np.divmod(places(project, "PATCH_2"), SAMPLES)
    order = np.random.default_rng(0).permutation(line.size)
    found = kinds_of(Workspace(project), np.c_[line, line, sample][order])
    expected = kinds_of_patch(Workspace(project / "PATCH_2")).at(order)
    assert np.array_equal(found.is_ds, expected.is_ds) and np.array_equal(found.tcoh, expected.tcoh)
    strange = kinds_of(Workspace(project), np.array([[1, 5000, 7]]))
    assert not strange.is_ds[0] and strange.n_shp[0] == 0


def test_step_1_has_to_run_again_is_said(project):
    (project / "PATCH_2" / "ps1.mat").write_bytes(b"")
    mt_add_ds(0.5, 10, workdir=project)
    text = (project / "STAMPS.log").read_text()
    assert "PATCH_2 hold results of other candidates: run step 1 again" in text


def test_a_threshold_in_the_noise_is_said(project):
    mt_add_ds(0.5, 10, workdir=project)
    assert "selects noise, too: of 5 images pure noise reaches up to 0.89" in (project / "STAMPS.log").read_text()


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tcoh": 1.2}, "between 0 and 1"),
        ({"tcoh": float("nan")}, "between 0 and 1"),
        ({"keep_ps": -0.1}, "between 0 and 1"),
        ({"min_shp": 1}, "at least 2"),
        ({"step": (0, 3)}, "count from 1"),
        ({"step": (10**20, 1)}, "count from 1"),
        ({"da": "rms"}, "is no dispersion"),
    ],
)
def test_options_out_of_range(project, options, words):
    before = content(project)
    with pytest.raises(InputError, match=words):
        mt_add_ds(**options, workdir=project)
    assert content(project) == before


def _forget(project):
    (project / "LINK" / "link.json").unlink()


def _stop(project):
    write_record(project / "LINK", {**read_record(project / "LINK"), "complete": False})


def _other_master(project):
    record = read_record(project / "LINK")
    write_record(project / "LINK", {**record, "master": record["dates"][0]})


def _other_size(project):
    write_record(project / "LINK", {**read_record(project / "LINK"), "width": SAMPLES - 1})


def _other_rasters(project):
    record = read_record(project / "LINK")
    path = next(iter(record["inputs"]["rasters"]))
    record["inputs"]["rasters"][path][1] += 1
    write_record(project / "LINK", record)


def _short_raster(project):
    path = project / "LINK" / "tcoh.flt"
    path.write_bytes(path.read_bytes()[:-4])


def _damaged(project):
    (project / "LINK" / "link.json").write_text("{")


def _pairs(project):
    (project / "selsbc.in").write_text("0.6\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_forget, "run mt_link first"),
        (_stop, "is not finished: run mt_link again"),
        (_other_master, "was made for the master"),
        (_other_size, "images of 29 x 24 pixels"),
        (_other_rasters, "was made from other rasters"),
        (_short_raster, "bytes, but"),
        (_damaged, "is damaged"),
        (_pairs, "prepared for small baselines"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_lost(project, spoil, words):
    before = content(project)
    spoil(project)
    with pytest.raises(Exception, match=words):
        mt_add_ds(0.5, 10, workdir=project)
    assert content(project) == before


def test_a_list_that_was_selected_again_is_named(project):
    mt_add_ds(0.5, 10, workdir=project)
    path = project / "PATCH_1" / "pscands.1.ij"
    path.write_text("".join(path.read_text().splitlines(True)[:-1]))
    with pytest.raises(InputError, match="run mt_add_ds again"):
        kinds_of(Workspace(project), np.array([[1, 0, 0]]))


def test_linked_phases_follow_an_export_that_moves(tiny_export, tmp_path):
    stack = Path(shutil.copytree(tiny_export, tmp_path / "stack"))
    project = linked(tmp_path / "project", stack)
    stack.rename(tmp_path / "moved")
    with pytest.raises(
        InputError, match=r"^The raster \S+ and \d+ others cannot be read .*; if the export has moved, stamps relocate"
    ):
        mt_add_ds(0.5, 10, workdir=project)
    relocate(tmp_path / "moved", workdir=project)
    mt_add_ds(0.5, 10, workdir=project)


def test_the_record_tells_options_and_counts(project):
    counts = mt_add_ds(0.5, 10, step=(2, 3), workdir=project)
    record = json.loads((project / "LINK" / "ds.json").read_text())
    assert record["options"]["step"] == [2, 3] and record["options"]["tcoh"] == 0.5
    assert {name: (of["ps"], of["ds"]) for name, of in record["patches"].items()} == counts

"""``mt_add_ds --network``: a small-baseline project out of linked phases, and what steps 1 to 5 would leave of it."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import stamps
from helpers import prepared_layouts
from helpers.linked_project import linked, made_up_link
from helpers.tiny_stacks import LINES, SAMPLES
from stamps import getparm, mt_add_ds, mt_link, setparm, simulate
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.network import consecutive_pairs
from stamps.linking.files import LinkFolder, read_record, write_record
from stamps.linking.kinds import kinds_of_patch
from stamps.linking.stack import PreparedStack
from stamps.queries.step_inputs import describe_inputs
from stamps.workspace import Workspace


@pytest.fixture
def project(tiny_export, tmp_path):
    return linked(tmp_path / "project", tiny_export)


def raw_and_linked(project):
    """Calibrated images and phasors of linked phases, (n_image, LINES, SAMPLES)."""
    stack = PreparedStack.of(Workspace(project))
    link = LinkFolder.open(project)
    raw = stack.flattened(slice(0, LINES), slice(0, SAMPLES)).astype(np.complex128)
    linked_phasors = np.stack([np.exp(1j * np.angle(link.image(date))) for date in stack.dates])
    return raw, linked_phasors


@pytest.mark.parametrize("direct", [False, True])
def test_phases_of_pairs_are_first_times_conjugate_of_second(project, direct):
    before = {path: path.read_bytes() for path in project.glob("PATCH_*/*")}
    counts = mt_add_ds(0.5, 10, network="sequential 2", direct=direct, workdir=project)
    assert {path: path.read_bytes() for path in project.glob("PATCH_*/*")} == before
    folder = project / "SMALL_BASELINES"
    pairs = consecutive_pairs(5, 2)
    raw, phasors = raw_and_linked(project)
    assert list(counts) == (["PATCH_1"] if direct else ["PATCH_1", "PATCH_2"])
    for name, (n_ps, n_ds) in counts.items():
        kinds = kinds_of_patch(Workspace(folder / name))
        assert kinds.counts == (n_ps, n_ds) and n_ps > 20 and n_ds > 20
        line, sample = np.loadtxt(folder / name / "pscands.1.ij", dtype=int)[:, 1:].T
        found = np.fromfile(folder / name / "pscands.1.ph", ">c8").reshape(len(pairs), -1)
        amplitude = np.abs(raw[:, line, sample])
        with np.errstate(invalid="ignore", divide="ignore"):
            phasor = np.where(kinds.is_ds, phasors[:, line, sample], np.nan_to_num(raw[:, line, sample] / amplitude))
        expected = [np.sqrt(amplitude[i] * amplitude[j]) * phasor[i] * phasor[j].conj() for i, j in pairs]
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


def test_baselines_are_differences_and_step_1_loads_it(project):
    mt_add_ds(0.5, 10, network=("sequential", 2), workdir=project)
    stamps.stamps(1, 1, workdir=project)
    stamps.stamps(1, 1, workdir=project / "SMALL_BASELINES")
    single, pairs = Workspace(project / "PATCH_1"), Workspace(project / "SMALL_BASELINES" / "PATCH_1")
    one, two = single.load("ps1"), pairs.load("ps1")
    assert np.array_equal(one["day"], two["day"]) and two["n_ifg"] == 7 and two["master_ix"] == one["master_ix"]
    keys = [{tuple(map(int, row[1:])): k for k, row in enumerate(ps["ij"])} for ps in (one, two)]
    both = sorted(keys[0].keys() & keys[1].keys())
    assert len(both) > 50
    rows = [[key[pixel] for pixel in both] for key in keys]
    of_images = np.insert(single.load("bp1")["bperp_mat"][rows[0]].astype(np.float64), one["master_ix"], 0, axis=1)
    i, j = two["ifgday_ix"].T
    np.testing.assert_allclose(pairs.load("bp1")["bperp_mat"][rows[1]], of_images[:, j] - of_images[:, i], atol=2e-4)


def test_all_that_steps_6_to_8_read_is_there_and_they_run(project):
    mt_add_ds(0.5, 10, network="sequential 3", direct=True, workdir=project)
    folder = project / "SMALL_BASELINES"
    written = {file.file for step in describe_inputs(workdir=folder) if step.step >= 6 for file in step.writes}
    for step in describe_inputs(workdir=folder)[-3:]:
        wrong = {file.file for file in step.reads if file.problems or file.state == "missing"}
        assert step.step in (6, 7, 8) and wrong <= written
    setparm("unwrap_grid_size", 10, workdir=folder)
    setparm("unwrap_gold_n_win", 8, workdir=folder)
    stamps.stamps(6, 8, workdir=folder)
    ws = Workspace(folder)
    assert ws.load("phuw2")["ph_uw"].shape == (ws.load("ps2")["n_ps"], 5)
    assert ws.exists("scn2") and not (folder / "PATCH_1" / "ps1.mat").exists()
    assert np.array_equal(ws.load("phuw_sb_res2")["sb_cov"], np.eye(9))
    status = stamps.status(folder)
    assert [item.stage for item in status.scatterers] == ["candidates", "merged"]


def test_interferograms_are_written_if_asked_for(project):
    mt_add_ds(0.5, 10, network="sequential 1", write_interferograms=True, workdir=project)
    raw, phasors = raw_and_linked(project)
    link = LinkFolder.open(project)
    has = np.asarray(link.estimator) != 0
    for k in range(4):
        path = project / "LINK" / "pairs" / f"{link.dates[k]}_{link.dates[k + 1]}.diff"
        found = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
        expected = phasors[k] * phasors[k + 1].conj()
        np.testing.assert_allclose(found[has] / np.abs(found[has]), expected[has], atol=2e-6)
        some = ~has & (found != 0)
        unlinked = raw[k] * raw[k + 1].conj()
        assert some.any()
        expected = unlinked[some] / np.abs(unlinked[some])
        np.testing.assert_allclose(found[some] / np.abs(found[some]), expected, atol=2e-6)


def test_a_folder_in_the_project_may_be_named_and_made_again(project):
    mt_add_ds(0.5, 10, network="sequential 2", workdir=project / "NET")
    first = {path.name: path.read_bytes() for path in (project / "NET" / "PATCH_2").iterdir()}
    mt_add_ds(0.5, 10, network="sequential 2", direct=True, workdir=project / "NET")
    assert not (project / "NET" / "PATCH_2").exists() or not any((project / "NET" / "PATCH_2").iterdir())
    mt_add_ds(0.5, 10, network="sequential 2", workdir=project / "NET")
    assert {path.name: path.read_bytes() for path in (project / "NET" / "PATCH_2").iterdir()} == first
    assert json.loads((project / "NET" / "network.json").read_text())["network"] == "sequential 2"
    assert not (project / "SMALL_BASELINES").exists()


def test_a_network_made_again_keeps_its_parameters(project):
    mt_add_ds(0.5, 10, network="sequential 2", workdir=project)
    assert getparm("small_baseline_flag", workdir=project / "SMALL_BASELINES") == "y"
    setparm("unwrap_grid_size", 70, workdir=project / "SMALL_BASELINES")
    mt_add_ds(0.6, 10, network="sequential 3", direct=True, workdir=project)
    assert getparm("unwrap_grid_size", workdir=project / "SMALL_BASELINES") == 70
    assert getparm("unwrap_grid_size", workdir=project) != 70


@pytest.mark.filterwarnings("error")
def test_a_value_that_is_no_number_is_no_phase(tiny_export, tmp_path):
    stack = shutil.copytree(tiny_export, tmp_path / "stack")
    project = linked(tmp_path / "project", stack)
    path = PreparedStack.of(Workspace(project)).interferograms[1]
    line, sample = np.loadtxt(project / "PATCH_1" / "pscands.1.ij", dtype=int)[3, 1:]
    changed = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    changed[line, sample] = np.nan
    changed.tofile(path)
    made_up_link(project)
    mt_add_ds(1, 10, network="sequential 2", workdir=project)
    place = np.loadtxt(project / "SMALL_BASELINES" / "PATCH_1" / "pscands.1.ij", dtype=int)[:, 1:]
    found = np.fromfile(project / "SMALL_BASELINES" / "PATCH_1" / "pscands.1.ph", ">c8").reshape(7, -1)
    (k,) = np.flatnonzero((place == [line, sample]).all(axis=1))
    assert np.isfinite(found).all() and (found[:, k] == 0).any() and not (found[:, k] == 0).all()
    mt_add_ds(0.5, 10, network="sequential 2", direct=True, workdir=project)
    loaded = Workspace(project / "SMALL_BASELINES").load("ps2")["ij"][:, 1:]
    assert len(loaded) > 20 and not (loaded == [line, sample]).all(axis=1).any()


def test_a_network_in_which_a_run_is_at_work_is_left_alone(project):
    mt_add_ds(0.5, 10, network="sequential 2", workdir=project)
    folder = project / "SMALL_BASELINES"
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    with ThreadPoolExecutor(1) as other, Workspace(folder).reserved():
        run = other.submit(mt_add_ds, 0.7, 10, network="sequential 1", workdir=project)
        with pytest.raises(WorkspaceError, match="Another run of stamps is at work in .*SMALL_BASELINES"):
            run.result()
    assert {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()} == before


def test_one_patch_of_several_keeps_its_limits(project):
    (project / "patch.list").write_text("PATCH_2\n")
    mt_add_ds(0.5, 10, network="sequential 2", workdir=project)
    folder = project / "SMALL_BASELINES"
    for name in ("patch.in", "patch_noover.in", "mean_amp.flt"):
        assert (folder / "PATCH_2" / name).read_bytes() == (project / "PATCH_2" / name).read_bytes()


def test_a_list_of_pairs_and_pairs_a_year_apart(project):
    dates = LinkFolder.open(project).dates
    (project / "mine.txt").write_text("".join(f"{dates[0]}_{date}\n" for date in dates[1:]) + "# a star\n")
    mt_add_ds(0.5, 10, network="list mine.txt", workdir=project)
    lines = (project / "SMALL_BASELINES" / "small_baselines.list").read_text().splitlines()
    assert lines == [f"{dates[0]} {date}" for date in dates[1:]]
    assert "The network is a tree" in (project / "STAMPS.log").read_text()


def test_a_tree_of_coherent_pairs_needs_them_stored(project):
    with pytest.raises(InputError, match="pair-coherence|pair_coherence"):
        mt_add_ds(0.5, 10, network="tree", workdir=project)
    median = np.eye(5)
    star = [(0, 3), (1, 3), (2, 3), (3, 4)]
    for i, j in star:
        median[i, j] = median[j, i] = 0.9
    classes = [{"tcoh": [0.5, 0.6], "pixels": 10, "median": median.tolist()}]
    write_record(project / "LINK", {**read_record(project / "LINK"), "pair_coherence": classes})
    for spoiled in (
        5,
        [5],
        [{**classes[0], "tcoh": []}],
        [{**classes[0], "pixels": -5}],
        [{**classes[0], "median": [[1], 2]}],
    ):
        write_record(project / "LINK", {**read_record(project / "LINK"), "pair_coherence": spoiled})
        with pytest.raises(InputError, match="holds no medians of 5 x 5 pairs"):
            mt_add_ds(0.5, 10, network="tree", workdir=project)
    write_record(project / "LINK", {**read_record(project / "LINK"), "pair_coherence": classes})
    mt_add_ds(0.5, 10, network="tree", workdir=project)
    pairs = json.loads((project / "SMALL_BASELINES" / "network.json").read_text())["pairs"]
    dates = LinkFolder.open(project).dates
    assert pairs == [[dates[i], dates[j]] for i, j in star]


def _taken(project):
    (project / "SMALL_BASELINES").mkdir()
    (project / "SMALL_BASELINES" / "ifgday.1.in").write_text("")


def _nothing(project):
    del project


@pytest.mark.parametrize(
    ("spoil", "options", "words"),
    [
        (_taken, {"network": "sequential 2"}, "holds something else than a network"),
        (_nothing, {"network": "sequential 2", "off": True}, "give one of both"),
        (_nothing, {"direct": True}, "belong to a network"),
        (_nothing, {"year": 5.0}, "belong to a network"),
        (_nothing, {"network": "list nothing.txt"}, "cannot be read"),
        (_nothing, {"network": "circular"}, "circular"),
        (_nothing, {"network": "sequential two"}, "two"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(project, spoil, options, words):
    spoil(project)
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    with pytest.raises((InputError, ParameterError), match=words):
        mt_add_ds(0.5, 10, **options, workdir=project)
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before


@pytest.fixture(scope="module", params=["clean", "gamma", "doris", "isce"])
def linked_layout(request, tmp_path_factory):
    """A project of a processor with linked phases."""
    if request.param == "isce":
        pytest.importorskip("rasterio")
    folder = tmp_path_factory.mktemp(request.param)
    assert simulate.main([str(folder / request.param), *prepared_layouts.OPTIONS, "--layout", request.param]) == 0
    truth = folder / request.param / "truth.json"
    if not truth.is_file():
        truth = next((folder / request.param).rglob("truth.json"))
    project = prepared_layouts.prepare(folder, request.param, "single", json.loads(truth.read_text())["master"])
    mt_link(half_window=(3, 5), workdir=project)
    return project


def test_all_processors(linked_layout):
    project = linked_layout
    counts = mt_add_ds(0.5, 10, workdir=project)
    assert min(counts["PATCH_1"]) > 50
    stamps.stamps(1, 1, workdir=project)
    mt_add_ds(0.5, 10, network="sequential 3", workdir=project / "NETWORK")
    stamps.stamps(1, 1, workdir=project / "NETWORK")
    mt_add_ds(0.5, 10, network="delaunay 400 1000", direct=True, workdir=project / "DIRECT")
    direct, patch = Workspace(project / "DIRECT"), Workspace(project / "NETWORK" / "PATCH_1")
    assert direct.load("ps2")["n_ifg"] == direct.load("rc2")["ph_rc"].shape[1] > 5
    if direct.read_text("processor.txt").strip() in (
        "snap",
        "gamma",
    ):  # a sphere: sin(incidence) / sin(look) is the same
        ratio = np.sin(direct.load("inc2")["inc"]) / np.sin(direct.load("la2")["la"])
        assert np.ptp(ratio) < 1e-9 and 1.05 < ratio[0] < 1.2
    one, two = patch.load("ps1"), direct.load("ps2")
    assert np.array_equal(one["day"], two["day"]) and np.array_equal(one["ij"][:, 1:], two["ij"][:, 1:])
    assert one["n_ifg"] == 12
    single = Workspace(project / "PATCH_1")
    of_images = single.load("bp1")["bperp_mat"].astype(np.float64)
    if of_images.shape[1] == 5:
        of_images = np.insert(of_images, one["master_ix"], 0, axis=1)
    i, j = one["ifgday_ix"].T
    assert np.array_equal(single.load("ps1")["ij"][:, 1:], one["ij"][:, 1:])
    np.testing.assert_allclose(patch.load("bp1")["bperp_mat"], of_images[:, j] - of_images[:, i], atol=0.5)

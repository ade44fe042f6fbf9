"""Figures of rasters and verdicts on them, names and numbers of interferograms, bad samples in amplitudes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps import native
from stamps.frontends.candidate_phases import neighbour_coherence
from stamps.frontends.candidates import calibrate
from stamps.frontends.raster_names import ImageNumbers, dates_in, is_named, short_names
from stamps.frontends.raster_statistics import statistics_of
from stamps.frontends.raster_verdicts import Fault, fault_alone, faults_of, find_equal
from stamps.frontends.rasters import sample_lines
from stamps.frontends.sampling import no_numbers
from stamps.native import candidates as kernels
from stamps.workspace import Workspace, findings
from stamps.workspace.parameters import Parameters

SHAPE = (40, 60)
LINES = np.arange(SHAPE[0])


def scene(seed, level=1.0, contrast=1.5, dtype=np.float32):
    """Parts of a complex image whose amplitudes are speckle on a scene of some contrast (natural logarithm)."""
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(*SHAPE, 2)) * (level * np.exp(contrast * rng.normal(size=SHAPE)))[..., None]
    return parts.astype(dtype)


scenes = st.builds(scene, st.integers(0, 10**6), st.sampled_from([1e-6, 0.1, 1.0, 3e3, 1e7, 1e12]), st.floats(0, 4))


def fault(parts, interferogram=True):
    return fault_alone(statistics_of(parts), interferogram)


@given(scenes, st.booleans())
def test_scenes_have_no_fault(parts, interferogram):
    assert fault(parts, interferogram) is None


@given(scenes)
def test_swapped_scenes_are_told(parts):
    assert fault(parts.byteswap()) == Fault("swapped")


@given(st.integers(0, 10**6), st.sampled_from([0, 1, 2, 3]), st.floats(0, 0.1))
def test_unit_phasors_and_borders_have_no_fault(seed, side, share):
    rng = np.random.default_rng(seed)
    phase = rng.uniform(-np.pi, np.pi, SHAPE)
    parts = np.stack([np.cos(phase), np.sin(phase)], axis=-1).astype(np.float32)
    size = int(share * SHAPE[side % 2])
    view = parts if side % 2 == 0 else parts.swapaxes(0, 1)
    view[: size if side < 2 else 0] = 0
    if side >= 2 and size:
        view[-size:] = 0
    figures = [statistics_of(one) for one in (parts, scene(1), scene(2))]
    assert faults_of(figures, True, LINES) == [None, None, None]


@given(st.integers(0, 10**6), st.sampled_from([3.0, 60.0, 900.0, 3000.0]))
def test_integers(seed, level):
    parts = np.clip(np.rint(scene(seed, level, 0.5, np.float64)), -32768, 32767).astype(np.int16)
    assert fault(parts, interferogram=False) is None
    if level >= 60:
        assert fault(parts.byteswap(), interferogram=False) == Fault("swapped")


@pytest.mark.parametrize(("change", "name"), [
    (lambda a: a * 0, "empty"),
    (lambda a: a * np.nan, "no number"),
    (lambda a: np.where(np.arange(60)[None, :, None] < 30, 0, a * np.inf), "no number"),
    (lambda a: a * 0 + 2, "constant"),
    (lambda a: a * [1, 0], "real"),
    (lambda a: np.hypot(*np.moveaxis(a, -1, 0))[..., None] * [0.6, 0.8], "one phase"),
    (lambda a: np.where(np.arange(40)[:, None, None] < 20, np.nan, a), "not finite"),
])  # fmt: skip
def test_faults_of_one(change, name):
    with np.errstate(invalid="ignore"):
        parts = np.asarray(change(scene(3)), np.float32)
    assert fault(parts).name == name


def test_zeros_count_against_the_others():
    half, whole = scene(1), [scene(k) for k in (2, 3, 4)]
    half[:20] = 0
    figures = [statistics_of(one) for one in (half, *whole)]
    assert faults_of(figures, True, LINES) == [Fault("partly empty", "50 %"), None, None, None]
    gap = scene(5)
    gap[10:14] = 0
    assert faults_of([*figures[1:], statistics_of(gap)], True, LINES)[-1] == Fault("gap", "lines 11 to 14")
    for one in whole:
        one[:20] = 0
    assert faults_of([statistics_of(one) for one in (half, *whole)], True, LINES) == [None] * 4


@given(scenes, st.booleans())
def test_equal_and_conjugate_rasters_have_one_digest(parts, conjugate):
    other = parts * np.float32([1, -1 if conjugate else 1])
    figures = [statistics_of(one) for one in (scene(0), parts, scene(1, 2.0), other)]
    assert find_equal(figures, [None] * 4) == [(1, 3)]


def test_empty_rasters_are_no_copies():
    figures = [statistics_of(np.zeros((*SHAPE, 2), np.float32))] * 2
    assert find_equal(figures, faults_of(figures, True)) == []


def test_neighbours_of_noise_and_of_a_wave():
    rng = np.random.default_rng(1)
    noise = np.exp(2j * np.pi * rng.random(5000))
    assert neighbour_coherence(noise) < 3
    assert neighbour_coherence(np.exp(0.01j * np.arange(5000)) + 0.5 * noise) > 30
    assert neighbour_coherence(np.array([0, np.nan, 1])) == 0


# ---------------------------------------------------------------------- names


def test_numbers_of_a_single_master():
    names = [f"/data/20170101/diff0/20180426_{date}.diff" for date in (20180108, 20180426, 20180508)]
    numbers = ImageNumbers.of(names, [f"rslc/{date}.rslc" for date in (20180108, 20180426, 20180508)], False)
    assert [numbers.number_of(names[k]) for k in (0, 2)] == [1, 3]
    assert [numbers.of_master_alone(name) for name in names] == [False, True, False]
    assert numbers.leave_out_either("rslc/20180426.rslc", "rslc/20180508.rslc").endswith("drop_ifg_index 3")


def test_numbers_of_folders_named_by_dates():
    names = [f"/INSAR_20180426/{date}/cint.minrefdem.raw" for date in (20180108, 20180508)]
    images = [
        "/INSAR_20180426/20180426_crop.slc",
        *(f"/INSAR_20180426/{d}/slave_res.slc" for d in (20180108, 20180508)),
    ]
    numbers = ImageNumbers.of(names, images, False)
    assert [numbers.number_of(name) for name in names] == [1, 3]
    assert short_names(names) == "20180108/cint.minrefdem.raw, 20180508/cint.minrefdem.raw"
    assert is_named(names[0], [f"{names[0]} is empty."]) and not is_named(names[1], [f"{names[0]} is empty."])


def test_numbers_that_are_not_known():
    assert dates_in("/a/b/c.diff") == ()
    numbers = ImageNumbers.of(["/a/b/c.diff", "/a/b/d.diff"], ["e.slc"], False)
    assert numbers.number_of("/a/b/c.diff") is None and numbers.leave_out_either("/a/b/c.diff", "/a/b/d.diff") == ""


def test_advice_that_was_followed_is_not_repeated(tmp_path):
    ws = Workspace(tmp_path)
    Parameters(ws).start_afresh(small_baselines=False)
    advice = [findings.leave_out([7]), findings.leave_out([3, 5]), findings.leave_out([2, 9], either=True)]
    assert advice == ["setparm drop_ifg_index 7", "setparm drop_ifg_index '[3 5]'", "setparm drop_ifg_index 2 or 9"]
    findings.record(ws, "rasters", [f"x: {text}." for text in advice] + ["y."])
    for dropped, left in (([], 4), ([7], 3), ([3, 7], 3), ([3, 5, 7], 2), ([3, 5, 7, 9], 1), ([70, 35, 29], 4)):
        Parameters(ws).set("drop_ifg_index", np.array(dropped, np.float64))
        assert len(findings.collect(ws)) == left, dropped


# ---------------------------------------------------------------------- amplitudes, lines, bits


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 1e30])
@pytest.mark.parametrize("backend", ["numpy", "pythran"])
def test_bad_pixels_have_no_amplitude_and_change_no_other(bad, backend):
    if backend == "pythran" and not native.compiled_kernels()["candidates"]:
        pytest.skip("not compiled")
    pixels = scene(4, 100.0).reshape(-1, 2)
    with native.backends.selected({"default": "auto", "candidates": backend}):
        expected = kernels.amplitude(pixels).copy()
        pixels[70, 1] = bad
        found = kernels.amplitude(pixels)
        assert np.isnan(found[70])
        np.testing.assert_array_equal(np.delete(found, 70), np.delete(expected, 70))
        zero, total, squares = np.zeros(len(found), np.uint8), *np.zeros((2, len(found)), np.float32)
        for _ in range(3):
            kernels.add_amplitudes(total, squares, zero, found, 2.0)
        assert np.isnan(total[70]) and np.isfinite(np.delete(total, 70)).all() and not zero.any()


@given(st.integers(0, SHAPE[0] * SHAPE[1] - 1), st.sampled_from([np.inf, np.nan, 1e25]))
@settings(max_examples=20)
def test_the_mean_amplitude_leaves_bad_samples_out(tmp_path_factory, where, bad):
    path = tmp_path_factory.mktemp("image") / "a.slc"
    parts = scene(6, 50.0)
    parts.reshape(-1, 2)[where] = 0
    parts.astype(">f4").tofile(path)
    expected = calibrate(path, SHAPE[1], np.dtype(">f4"))
    parts.reshape(-1, 2)[where] = 0, bad
    parts.astype(">f4").tofile(path)
    found = calibrate(path, SHAPE[1], np.dtype(">f4"))
    assert (found.constant, found.count, found.largest) == (expected.constant, expected.count, expected.largest)
    assert found.unusable == 1 and found.first_unusable == divmod(where, SHAPE[1]) and expected.unusable == 0


@given(st.lists(st.sampled_from([0.0, 1.0, -3e38, 1e-45, np.inf, -np.inf, np.nan]), min_size=2), st.sampled_from("<>"))
def test_bits_tell_what_is_no_number(parts, order):
    values = np.array(parts[: len(parts) // 2 * 2], f"{order}f4")
    expected = ~np.isfinite(values.reshape(-1, 2)).all(axis=1)
    np.testing.assert_array_equal(no_numbers(values.view(np.uint64), order), expected)


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">i2", "<i2"])
def test_sampled_lines_are_those_of_the_raster(tmp_path, dtype):
    parts = np.arange(2 * 12 * 7).reshape(12, 7, 2)
    parts.astype(dtype).tofile(tmp_path / "a")
    lines = np.array([0, 3, 11])
    found = sample_lines(tmp_path / "a", dtype, 7, lines)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, parts[lines])

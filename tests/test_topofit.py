"""Fit of slope, offset and coherence: closed forms, the formula written out, classes, backends, random phases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.legacy.ps_topofit import ps_topofit
from stamps.native import compiled_kernels
from stamps.native.random_coherence import COHERENCE_BINS, random_coherence_histogram
from stamps.native.topofit import topofit

CLASSES = [(np.complex64, np.float32), (np.complex64, np.float64), (np.complex128, np.float64)]


def stack(n=50, m=17, seed=0, noise=0.4):
    random = np.random.default_rng(seed)
    bperp = random.normal(0, 60, m) + random.normal(0, 0.5, (n, m))
    slope, offset = random.normal(0, 0.01, n), random.uniform(-3, 3, n)
    phase = slope[:, np.newaxis] * bperp + offset[:, np.newaxis] + random.normal(0, noise, (n, m))
    return np.exp(1j * phase), bperp, slope, offset


def one_pixel(z, b, n_trial_wraps):
    """The formulas of docs/method/coherence.md, section 3, in double and with complex numbers."""
    z, b = z[z != 0], b[z != 0]
    span = b.max() - b.min()
    trials = np.arange(-np.ceil(8 * n_trial_wraps), np.ceil(8 * n_trial_wraps) + 1)
    coherence = [abs(np.sum(z * np.exp(-1j * q * np.pi / 4 * b / span))) / np.sum(abs(z)) for q in trials]
    k0 = np.pi / 4 / span * trials[int(np.argmax(coherence))]
    turned = z * np.exp(-1j * k0 * b)
    angle, weight = np.angle(turned * np.conj(turned.sum())), abs(z)
    k = k0 + np.sum(weight * b * weight * angle) / np.sum((weight * b) ** 2)
    residual = z * np.exp(-1j * k * b)
    return k, np.angle(residual.sum()), abs(residual.sum()) / np.sum(abs(residual)), residual


@pytest.fixture(params=["numpy", "pythran"])
def backend(request, monkeypatch):
    if request.param == "pythran" and not compiled_kernels()["topofit"]:
        pytest.skip("the kernel topofit is not compiled")
    monkeypatch.setenv("STAMPS_BACKEND", request.param)


@pytest.mark.parametrize("class_z, class_b", CLASSES)
@pytest.mark.parametrize("n_trial_wraps", [0.1, 0.6, 3.0])
def test_against_the_formulas(backend, class_z, class_b, n_trial_wraps):
    z, bperp, _, _ = stack()
    z[3, 5] = 0
    z[7] *= 2.5
    fit = topofit(z.astype(class_z), bperp.astype(class_b), n_trial_wraps)
    tolerance = 1e-12 if class_z is np.complex128 else 1e-5
    for i in range(len(z)):
        k, c, coherence, residual = one_pixel(z[i], bperp[i], n_trial_wraps)
        assert fit[0][i] == pytest.approx(k, abs=tolerance / 50)
        assert np.exp(1j * fit[1][i]) == pytest.approx(np.exp(1j * c), abs=tolerance)
        assert fit[2][i] == pytest.approx(coherence, abs=tolerance)
        np.testing.assert_allclose(fit[3][i][z[i] != 0], residual, atol=3 * tolerance)


def test_noise_free_slope_is_recovered(backend):
    z, bperp, slope, offset = stack(noise=0)
    span = bperp.max(axis=1) - bperp.min(axis=1)
    n_trial_wraps = np.max(np.abs(slope) * span) / (2 * np.pi)
    fit = topofit(z, bperp, n_trial_wraps)
    # the linear correction starts within half a trial step, where no phase wraps: only the offset biases it
    assert np.max(np.abs(fit[0] - slope) * span) < 0.5
    assert np.all(fit[2] > 0.98)


def test_stored_classes(backend):
    z, bperp, _, _ = stack()
    for class_z, class_b in [*CLASSES, (np.complex128, np.float32)]:
        slope, offset, coherence, residual = topofit(z.astype(class_z), bperp.astype(class_b), 0.5)
        single = class_z is np.complex64 or class_b is np.float32
        assert slope.dtype == offset.dtype == coherence.dtype == np.float64
        assert residual.dtype == (np.complex64 if single else np.complex128)
        assert np.all(slope == slope.astype(np.float32)) == (class_b is np.float32)
        assert np.all(offset == offset.astype(np.float32)) == single
        assert np.all(coherence == coherence.astype(np.float32)) == single


def test_common_baselines_equal_repeated_ones(backend):
    z, bperp, _, _ = stack()
    common = topofit(z, bperp[0], 0.5)
    repeated = topofit(z, np.tile(bperp[0], (len(z), 1)), 0.5)
    for a, b in zip(common, repeated, strict=True):
        np.testing.assert_array_equal(a, b)


def test_zero_phasors_are_left_out(backend):
    z, bperp, _, _ = stack(n=1)
    z[0, [2, 9]] = 0
    full, short = topofit(z, bperp, 0.5), topofit(z[:, z[0] != 0], bperp[:, z[0] != 0], 0.5)
    for a, b in zip(full[:3], short[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_first_of_equal_trials(backend):
    # real phasors at opposite baselines: trials q and -q are equally good, and better than none
    z, b = np.array([[1, -1, 1, -1]], dtype=complex), np.array([-1.0, -0.99, 0.99, 1.0])
    slope, _, _, _ = topofit(z, b, 0.2)
    k, _, _, _ = one_pixel(z[0], b, 0.2)
    assert slope[0] == pytest.approx(k)


def test_one_baseline_gives_nan(backend):
    slope, offset, coherence, _ = topofit(np.ones((1, 3), complex), np.full(3, 7.0), 0.5)
    assert np.isnan([slope[0], offset[0], coherence[0]]).all()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(3, 40), st.floats(0.01, 2))
def test_backends_agree(seed, m, n_trial_wraps):
    if not compiled_kernels()["topofit"]:
        pytest.skip("the kernel topofit is not compiled")
    z, bperp, _, _ = stack(n=20, m=m, seed=seed, noise=1.5)
    for class_z, class_b in CLASSES:
        fits = []
        for name in ("numpy", "pythran"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("STAMPS_BACKEND", name)
                fits.append(topofit(z.astype(class_z), bperp.astype(class_b), n_trial_wraps))
        for a, b in zip(*fits, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 10_000), st.floats(1, 2))
def test_two_baselines_leave_whole_cycles_open(seed, n_trial_wraps):
    """Trials that differ by a cycle over the range are equally good there: rounding decides, but for the slope alone."""
    z, bperp, _, _ = stack(n=20, m=2, seed=seed, noise=1.5)
    slopes, coherences = [], []
    for name in ("numpy", "pythran"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STAMPS_BACKEND", name)
            slope, _, coherence, _ = topofit(z, bperp, n_trial_wraps)
        slopes.append(slope)
        coherences.append(coherence)
    np.testing.assert_allclose(*coherences, atol=1e-6)
    cycles = (slopes[0] - slopes[1]) * np.ptp(bperp, axis=-1) / (2 * np.pi)
    np.testing.assert_allclose(cycles, np.rint(cycles), atol=1e-4)


def test_blocks_do_not_matter(backend, monkeypatch):
    z, bperp, _, _ = stack()
    whole = topofit(z, bperp, 0.5)
    monkeypatch.setattr("stamps.native.topofit._ELEMENTS_AT_ONCE", 100)
    monkeypatch.setattr("stamps.native.topofit._ELEMENTS_IN_CACHE", 100)
    for a, b in zip(whole, topofit(z, bperp, 0.5), strict=True):
        np.testing.assert_array_equal(a, b)


def test_legacy_function():
    z, bperp, _, _ = stack(n=1)
    z[0, 4] = 0
    k, c, coherence, residual = ps_topofit(z[0], bperp[0], 0.5)
    expected = one_pixel(z[0], bperp[0], 0.5)
    assert (k, c, coherence) == pytest.approx(expected[:3])
    np.testing.assert_allclose(residual, expected[3], atol=1e-12)
    with pytest.raises(InputError, match="as many phasors as baselines"):
        ps_topofit(z[0], bperp[0, :3], 0.5)
    with pytest.raises(InputError, match="different baselines"):
        ps_topofit([1, 1j], [5.0, 5.0], 0.5)


def test_wrong_shapes():
    with pytest.raises(ValueError, match="topofit needs phasors"):
        topofit(np.ones((3, 4), complex), np.ones((2, 4)), 0.5)


# ---------------------------------------------------------------------- random phases


def test_histogram_counts_all_random_pixels():
    bperp = np.array([-80, -30, 10, 45, 90, 120], dtype=np.float32)
    counts = random_coherence_histogram(bperp, 0.3, n_random=5000)
    assert counts.shape == COHERENCE_BINS.shape and counts.sum() == 5000
    again = random_coherence_histogram(bperp, 0.3, n_random=5000)
    again[0] = -1  # the remembered histogram is not handed out itself
    np.testing.assert_array_equal(random_coherence_histogram(bperp, 0.3, n_random=5000), counts)
    assert not np.array_equal(random_coherence_histogram(bperp, 0.3, n_random=5000, seed=2006), counts)


def test_pairs_share_the_phases_of_images():
    bperp = np.array([-60.0, 110.0, 50.0])
    repeated = random_coherence_histogram(bperp, 0.1, [[0, 1], [0, 1], [0, 1]], 2, n_random=1000)
    assert repeated[-1] == 1000  # three times the same phase
    # image 1 twice in the same role: interferograms with themselves have phase 0
    trivial = random_coherence_histogram(bperp, 0.1, [[0, 0], [1, 1], [2, 2]], 3, n_random=1000)
    assert trivial[-1] == 1000
    mixed = random_coherence_histogram(bperp, 0.1, [[0, 1], [1, 2], [2, 0]], 3, n_random=1000)
    assert mixed[-1] < 200


def test_histogram_is_that_of_the_original(golden_state):
    from stamps.workspace import Workspace

    ws = Workspace(golden_state("ps_mini", 2) / "PATCH_1")
    ps, pm = ws.load("ps1"), ws.load("pm1")
    counts = random_coherence_histogram(np.delete(ps["bperp"], ps["master_ix"]), pm["n_trial_wraps"])
    stored = pm["Nr"] * counts.sum() / pm["Nr"].sum()  # rescaled by the iterations
    assert np.abs(stored - counts).max() < 2.5

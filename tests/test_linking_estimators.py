"""Linked phases and their quality in closed form, mini-stacks, and what linking must not depend on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.ds_stacks import coherence_matrix
from helpers.kernel_cases import CASES
from stamps.linking.estimators import AS_ASKED, FELL_BACK, link, moduli
from stamps.linking.options import LinkOptions
from stamps.linking.pairs import PairCounts
from stamps.linking.quality import mean_closure, phase_deviation, temporal_coherence
from stamps.linking.sequences import compressed_before, compression, mini_stacks, unchanged_stacks
from stamps.native import backends
from stamps.native.phase_linking import least_energy_phases, positive_inverses, smallest_eigenvectors

OPTIONS = LinkOptions.of()
DAYS = np.cumsum([0, 12, 12, 24, 12, 36, 12, 12, 12])
N = len(DAYS)
ESTIMATORS = ("EVD", "EMI", "PTA")


def perfect(phases, kind="dry"):
    """Coherence matrices whose phases fit, (p, n, n)."""
    phasors = np.exp(1j * phases)
    return (coherence_matrix(kind, DAYS) * phasors[:, :, None] * phasors[:, None].conj()).astype(np.complex64)


def speckle(p=20, looks=40, n=N, seed=0, kind="dry"):
    """Sample coherence matrices, (p, n, n), and the pixels' own values."""
    rng = np.random.default_rng(seed)
    days = np.arange(n) * 12
    factor = np.linalg.cholesky(coherence_matrix(kind, days))
    values = factor @ (rng.normal(size=(p, n, looks)) + 1j * rng.normal(size=(p, n, looks)))
    products = values @ values.conj().transpose(0, 2, 1)
    roots = np.sqrt(np.einsum("pii->pi", products).real)
    matrices = (products / roots[:, :, None] / roots[:, None]).astype(np.complex64)
    matrices[:, np.arange(n), np.arange(n)] = 1
    return matrices, values[:, :, 0].astype(np.complex64)


def wrapped(phase):
    return np.abs(np.angle(np.exp(1j * phase)))


# ---------------------------------------------------------------------- estimators


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("kind", ["dry", "fields", "weak"])
def test_phases_that_fit_come_back(estimator, kind):
    phases = np.random.default_rng(1).uniform(-np.pi, np.pi, (30, N))
    found = link(perfect(phases, kind), np.ones((30, N)), 2, estimator, OPTIONS)
    assert wrapped(np.angle(found.phasors) - phases + phases[:, [2]]).max() < 1e-4
    assert (found.code == AS_ASKED).all() and found.isolated == 0
    np.testing.assert_allclose(temporal_coherence(perfect(phases, kind), found.phasors), 1, atol=1e-5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(seed=st.integers(0, 10_000), reference=st.integers(0, N - 1))
def test_phases_close_and_follow_the_images(estimator, seed, reference):
    """Another reference is a subtraction; phases added to images come back, with the same quality."""
    matrices, own = speckle(4, seed=seed)
    found = link(matrices, own, 0, estimator, OPTIONS)
    added = np.exp(1j * np.random.default_rng(seed).uniform(-np.pi, np.pi, N))
    turned = (matrices * added[:, None] * added.conj()).astype(np.complex64)
    again = link(turned, own * added, reference, estimator, OPTIONS)
    expected = found.phasors * added * np.conj(found.phasors[:, [reference]] * added[reference])
    tolerance = 3e-2 if estimator == "PTA" else 2e-3
    assert np.quantile(np.abs(again.phasors - expected), 0.95) < tolerance
    np.testing.assert_allclose(np.abs(again.phasors), 1, atol=1e-12)
    np.testing.assert_allclose(again.phasors[:, reference], 1, atol=1e-12)


def test_the_smallest_eigenvector_is_that_of_lapack():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(200, 12, 12)) + 1j * rng.normal(size=(200, 12, 12))
    indefinite = values + values.conj().transpose(0, 2, 1)
    semidefinite = values[:, :, :5] @ values[:, :, :5].conj().transpose(0, 2, 1)
    for matrices in (indefinite, values @ values.conj().transpose(0, 2, 1), semidefinite):
        vectors = smallest_eigenvectors(matrices, np.ones((200, 12)))
        lowest = np.linalg.eigvalsh(matrices)[:, 0]
        residual = np.einsum("pij,pj->pi", matrices, vectors) - lowest[:, None] * vectors
        assert np.abs(residual).max() < 1e-7
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


@pytest.mark.parametrize("kernel", ["coherence_matrices", "phase_linking"])
def test_wide_registers_give_the_same_bits(kernel, monkeypatch):
    names = [f"stamps.native._{kernel}{end}" for end in ("", backends.WIDE)]
    portable, wide = (pytest.importorskip(name, exc_type=ImportError) for name in names)
    if not backends._has_wide_build(names[0]):
        pytest.skip("this processor has no wide registers")
    results = []
    for module in (portable, wide):
        monkeypatch.setattr(backends, "pythran_module", lambda _, chosen=module: chosen)
        monkeypatch.setattr(backends, "pythran_problem", lambda _: None)
        results.append(CASES[kernel]())
    for ours, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_a_start_that_is_an_eigenvector_of_another_value_does_not_lead_astray():
    matrix = np.diag([3.0, 1.0, 2.0])[None].astype(complex)
    vector = smallest_eigenvectors(matrix, np.array([[1.0, 0, 0]]))
    np.testing.assert_allclose(np.abs(vector), [[0, 1, 0]], atol=1e-7)


def test_matrices_that_cannot_be_inverted_fall_back_to_evd():
    matrices, own = speckle(6, looks=200)
    matrices[1] = np.eye(N)
    matrices[1, :3, :3] = [[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]  # moduli with a negative eigenvalue
    found = link(matrices, own, 0, "EMI", OPTIONS)
    assert found.code.tolist() == [AS_ASKED, FELL_BACK, *[AS_ASKED] * 4]
    np.testing.assert_allclose(found.phasors[1, :3], 1, atol=1e-6)


def test_no_step_of_pta_increases_the_energy():
    matrices, own = speckle(100, looks=30, seed=4, kind="fields")
    coherence, used = moduli(matrices, OPTIONS)
    inverse, good = positive_inverses(coherence + 1e-6 * np.eye(N))
    matrix = (inverse * used)[good]

    def energy(x):
        return np.einsum("pi,pij,pj->p", x.conj(), matrix, x).real

    start = np.exp(1j * np.random.default_rng(5).uniform(-3, 3, (len(matrix), N)))
    end = least_energy_phases(matrix, start)
    assert (energy(end) <= energy(start)).all()
    gradient = 2 * np.imag(end.conj() * np.einsum("pij,pj->pi", matrix, end))
    assert (np.abs(gradient).max(axis=1) <= 1e-4 * energy(end)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("lonely", [[4], [0], [0, 3], list(range(N))])
def test_an_image_without_coherence_takes_the_own_phase(estimator, lonely):
    matrices, own = speckle(5)
    matrices[:, lonely] = 0
    matrices[:, :, lonely] = 0
    matrices[:, np.arange(N), np.arange(N)] = 1
    found = link(matrices, own, 0, estimator, OPTIONS)
    assert found.isolated == 5 * len(lonely)
    anchor = next((k for k in range(N) if k not in lonely), 0)
    raw = own * np.conj(own[:, [anchor]])
    ours = found.phasors * np.conj(found.phasors[:, [anchor]])
    assert wrapped(np.angle(ours[:, lonely]) - np.angle(raw[:, lonely])).max() < 1e-5
    assert np.isfinite(found.phasors).all()


def test_pairs_are_left_out_in_modulus_and_phase():
    matrices, _ = speckle(3)
    coherence, used = moduli(matrices, LinkOptions.of(bandwidth=2, min_coherence=0.3))
    far = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) > 2
    assert (coherence[:, far] == 0).all() and (used[:, far] == 0).all()
    assert ((coherence == 0) | (coherence >= 0.3)).all() and ((used == 0) == (coherence == 0)).all()
    damped, same = moduli(matrices, LinkOptions.of(beta=0.25))
    np.testing.assert_allclose(damped[:, 0, 1], 0.75 * np.abs(same[:, 0, 1]))
    np.testing.assert_allclose(damped[:, 2, 2], 1)


# ---------------------------------------------------------------------- quality


def test_temporal_coherence_in_closed_form():
    matrices = perfect(np.zeros((3, N)))
    phasors = np.ones((3, N), complex)
    phasors[1, 0] = 1j  # the pairs of one image are a quarter turn off
    phasors[2] = np.exp(1j * np.pi * np.arange(N))
    n_pairs = N * (N - 1) / 2
    opposite = sum((l - k) % 2 for k in range(N) for l in range(k + 1, N))  # noqa: E741
    expected = [1, 1 - (N - 1) / n_pairs, max(0, 1 - 2 * opposite / n_pairs)]
    np.testing.assert_allclose(temporal_coherence(matrices, phasors), expected, atol=1e-6)


def test_pairs_of_coherence_0_do_not_count():
    matrices = perfect(np.zeros((1, N)))
    matrices[:, 0, 1:] = matrices[:, 1:, 0] = 0
    phasors = np.ones((1, N), complex)
    phasors[0, 0] = -1
    assert temporal_coherence(matrices, phasors)[0] == pytest.approx(1, abs=1e-6)
    assert temporal_coherence(np.eye(N, dtype=np.complex64)[None], phasors)[0] == 0


def test_the_bound_of_two_images():
    """Of a pair with coherence γ and L looks it is √((1 − γ²)/(2Lγ²))."""
    for gamma in (0.3, 0.8):
        matrix = np.array([[[1, gamma], [gamma, 1]]])
        bound = phase_deviation(matrix, np.array([50.0]), 0)[0]
        assert bound == pytest.approx(np.sqrt((1 - gamma**2) / (2 * 50 * gamma**2)), rel=1e-4)


def test_the_bound_is_infinite_where_there_is_no_information():
    matrices = np.stack([np.eye(N), coherence_matrix("dry", DAYS)])
    assert np.isinf(phase_deviation(matrices, np.array([100.0, 100.0]), 3)).tolist() == [True, False]


def test_linked_phases_close_and_others_do_not():
    matrices = perfect(np.random.default_rng(2).uniform(-3, 3, (4, N)))
    np.testing.assert_allclose(mean_closure(matrices), 0, atol=1e-6)
    matrices[:, 0, 2] *= np.exp(0.7j)
    np.testing.assert_allclose(mean_closure(matrices), 0.7 / (N - 2), rtol=1e-4)


def test_median_coherence_of_pairs():
    rng = np.random.default_rng(0)
    values, tcoh = rng.random((501, 4, 4)).astype(np.float32), rng.random(501).astype(np.float32)
    found, halves = PairCounts.empty(4), [PairCounts.empty(4), PairCounts.empty(4)]
    found.add(values, tcoh)
    halves[0].add(values[:200], tcoh[:200])
    halves[1].add(values[200:], tcoh[200:])
    np.testing.assert_array_equal(found.counts, halves[0].counts + halves[1].counts)
    for part in found.medians(4):
        chosen = (tcoh >= part["tcoh"][0]) & (tcoh < part["tcoh"][1])
        assert part["pixels"] == chosen.sum()
        np.testing.assert_allclose(part["median"][0][2], np.median(values[chosen, 0, 2]), atol=0.02)
    assert PairCounts.empty(3).medians(3)[0]["median"] == np.eye(3).tolist()


# ---------------------------------------------------------------------- mini-stacks


@pytest.mark.parametrize(
    ("n", "size", "lengths"),
    [
        (24, 10, [10, 14]),
        (25, 10, [10, 10, 5]),
        (19, 10, [19]),
        (20, 10, [10, 10]),
        (30, 10, [10, 10, 10]),
        (5, 8, [5]),
    ],
)
def test_mini_stacks(n, size, lengths):
    stacks = mini_stacks(n, size)
    assert [len(images) for images in stacks] == lengths
    assert [k for images in stacks for k in images] == list(range(n))


def test_mini_stacks_that_an_update_leaves():
    dates = [f"2018{k:04d}" for k in range(40)]
    assert unchanged_stacks(dates[:20], dates[:30], 10) == 2
    assert unchanged_stacks(dates[:24], dates[:30], 10) == 1
    assert unchanged_stacks(dates[:19], dates[:30], 10) == 0
    assert unchanged_stacks(dates[:20], [dates[0], "20180000x", *dates[1:30]], 10) == 0
    assert unchanged_stacks(dates[:25], dates[:25], 10) == 2


def test_the_first_and_the_latest_compressed_images():
    assert compressed_before(3, 10) == [0, 1, 2]
    assert compressed_before(12, 4) == [0, 9, 10, 11]
    assert compressed_before(3, 1) == [0]


def test_compression_takes_the_linked_phases_away():
    phases = np.random.default_rng(0).uniform(-3, 3, (5, 4))
    amplitude = np.arange(1, 5)
    images = (amplitude * np.exp(1j * (phases + 0.4))).astype(np.complex64)
    np.testing.assert_allclose(compression(images, np.exp(1j * phases)), 5 * np.exp(0.4j), rtol=1e-5)


@pytest.mark.parametrize(("n", "estimator"), [(12, "EMI"), (24, "EMI"), (24, "EVD")])
def test_noise_does_not_reach_two_over_the_root_of_the_images(n, estimator):
    rng = np.random.default_rng(n)
    values = rng.normal(size=(400, n, 150)) + 1j * rng.normal(size=(400, n, 150))
    matrices = values @ values.conj().transpose(0, 2, 1)
    roots = np.sqrt(np.einsum("pii->pi", matrices).real)
    matrices = (matrices / roots[:, :, None] / roots[:, None]).astype(np.complex64)
    quality = temporal_coherence(matrices, link(matrices, values[:, :, 0], 0, estimator, OPTIONS).phasors)
    assert np.quantile(quality, 0.99) < 2.03 / np.sqrt(n)
    assert np.median(quality) > 1.1 / np.sqrt(n)

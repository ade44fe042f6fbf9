"""Phase linking against the results of other programs for the same stack, and against its truth.

The reference data are not in the repository: :func:`helpers.ds_stacks.reference_data` says where they are looked for.
"""

import numpy as np
import pytest

from helpers.ds_stacks import pure_pixels, reference_data
from helpers.linked_arrays import LinkedArrays, flags_of, rms, wrapped
from stamps.linking.estimators import REGULARISATION, moduli
from stamps.linking.neighbours import alike_pixels
from stamps.linking.options import LinkOptions
from stamps.native.phase_linking import positive_inverses

HALF = 5, 7
SHAPE = 60, 80, 11, 15
#: Lines and samples of the pixels that the slow tests of the other program were run for.
SAMPLED = np.arange(3, 60, 6), np.arange(4, 80, 8)


@pytest.fixture(scope="module")
def data():
    """The stack, and a reader of the reference files."""
    folder = reference_data()
    with np.load(folder / "ds_stack.npz") as stack:
        found = {name: stack[name] for name in ("slc", "phase", "kind", "ps")}
    return found | {"file": lambda name: np.load(folder / f"{name}.npz")}


@pytest.fixture(scope="module")
def masks(data):
    """Name -> flags (lines, samples, window lines, window samples)."""
    with data["file"]("shp_masks") as packed:
        return {
            name: np.unpackbits(packed[name])[: np.prod(SHAPE)].reshape(SHAPE).astype(bool)
            for name in ("miaplpy_ks", "dolphin_ks", "dolphin_glrt")
        }


@pytest.fixture(scope="module")
def with_their_neighbours(data, masks):
    """Linked with the neighbours of MiaplPy."""
    return LinkedArrays(data["slc"], masks["miaplpy_ks"])


@pytest.fixture(scope="module")
def with_ours(data):
    """Linked with the default test."""
    return LinkedArrays(data["slc"], flags_of(data["slc"], LinkOptions.of(half_window=HALF)))


def kinds(data):
    return pure_pixels(data, HALF)


# ---------------------------------------------------------------------- neighbours


def test_neighbours_by_kolmogorov_and_smirnov_are_those_of_miaplpy(data, masks):
    ours = flags_of(data["slc"], LinkOptions.of(half_window=HALF, alpha=0.01, connect=True))
    np.testing.assert_array_equal(ours, masks["miaplpy_ks"])


@pytest.mark.parametrize("test", ["ttest", "ad"])
def test_neighbours_by_other_tests_are_those_of_miaplpy(data, test):
    with data["file"]("shp_masks") as packed:
        shape = packed[f"{test}_shape"]
        expected = np.unpackbits(packed[f"miaplpy_{test}"])[: np.prod(shape)].reshape(shape).astype(bool)
    options, amplitudes = LinkOptions.of(half_window=HALF, shp=test, alpha=0.01, connect=True), np.abs(data["slc"])
    different = 0
    for i, line in enumerate(SAMPLED[0]):
        for j, sample in enumerate(SAMPLED[1]):
            top, left = max(line - 5, 0), max(sample - 7, 0)
            part = amplitudes[:, top : line + 6, left : sample + 8]
            core = slice(line - top, line - top + 1), slice(sample - left, sample - left + 1)
            bits = alike_pixels(part, np.ones(part.shape[1:], bool), core, options)
            ours = np.unpackbits(bits, axis=-1, count=165).astype(bool).reshape(11, 15)
            different += np.count_nonzero(ours != expected[i, j])
    assert different <= 0.001 * expected.size


def test_neighbours_by_the_likelihood_ratio_are_those_of_dolphin(data, masks):
    """Its statistic is half of ours, so that its 0.001 is our 3.3e-6; it leaves the own pixel out."""
    ours = flags_of(data["slc"], LinkOptions.of(half_window=HALF, shp="glrt", alpha=3.3e-6))
    ours[:, :, 5, 7] = False
    inside = ours[5:-5, 7:-7] == masks["dolphin_glrt"][5:-5, 7:-7]
    assert inside.mean() >= 0.9999


# ---------------------------------------------------------------------- matrices and estimators


def test_coherence_matrices_are_those_of_dolphin(data, masks):
    ours = LinkedArrays(data["slc"], masks["dolphin_ks"])
    with data["file"]("dolphin_coherence") as reference:
        for (line, sample), expected in zip(reference["rowcol"], reference["C"], strict=True):
            if 5 <= line < 55 and 7 <= sample < 73:
                np.testing.assert_allclose(ours.matrices[line * 80 + sample], expected, atol=1e-5)


@pytest.mark.parametrize("estimator", ["EVD", "EMI"])
def test_phases_are_those_of_the_prototype_in_double_precision(data, with_their_neighbours, estimator):
    ours, chosen = with_their_neighbours.phase(estimator), with_their_neighbours.reliable(estimator)
    with data["file"]("exact_link") as reference:
        difference = wrapped(ours - reference[f"phase_{estimator}"])[:, chosen]
        quality = reference[f"gamma_{estimator}"]
    assert chosen.sum() > 3000
    assert np.mean(difference <= 1e-3) >= 0.999
    np.testing.assert_allclose(with_their_neighbours.quality(estimator)[chosen], quality[chosen], atol=1e-4)


def test_evd_is_that_of_miaplpy(data, with_their_neighbours):
    good = with_their_neighbours.quality("EVD") >= 0.4
    with data["file"]("miaplpy_link") as reference:
        assert wrapped(with_their_neighbours.phase("EVD") - reference["phase_EVD"])[:, good].max() <= 1e-3


def test_emi_is_that_of_miaplpy(data, with_their_neighbours):
    chosen = with_their_neighbours.reliable("EMI")
    with data["file"]("miaplpy_link") as reference:
        difference = wrapped(with_their_neighbours.phase("EMI") - reference["phase_EMI"])[:, chosen]
    assert np.mean(difference > 0.05) <= 0.005


def test_pta_has_less_energy_than_emi_and_no_gradient(with_their_neighbours):
    linked = with_their_neighbours
    chosen = np.flatnonzero(linked.n_shp >= 2)
    coherence, used = moduli(linked.matrices[chosen], LinkOptions.of())
    diagonal = np.arange(used.shape[1])
    coherence[:, diagonal, diagonal] += REGULARISATION
    inverse, good = positive_inverses(coherence)
    matrix = inverse[good] * used[good]
    x, start = (linked.link(name).phasors[chosen][good] for name in ("PTA", "EMI"))

    def product(phasors):
        return np.einsum("pij,pj->pi", matrix, phasors)

    energy, before = ((z.conj() * product(z)).real.sum(axis=1) for z in (x, start))
    assert (energy <= before * (1 + 1e-9)).all()
    assert (np.abs(2 * np.imag(x.conj() * product(x))).max(axis=1) <= 1e-4 * energy).all()


# ---------------------------------------------------------------------- accuracy


@pytest.mark.parametrize(("kind", "bar"), [("dry", 0.105), ("weak", 0.110), ("road", 0.32), ("dry near borders", 0.18)])
def test_accuracy_of_emi_with_the_default_neighbours(data, with_ours, kind, bar):
    assert rms(with_ours.phase("EMI") - data["phase"], kinds(data)[kind]) <= bar


@pytest.mark.parametrize("estimator", ["EVD", "EMI"])
@pytest.mark.parametrize("kind", ["dry", "fields", "weak", "road"])
def test_accuracy_is_not_below_that_of_miaplpy_with_the_same_neighbours(data, with_their_neighbours, estimator, kind):
    chosen = kinds(data)[kind]
    with data["file"]("miaplpy_link") as reference:
        theirs = rms(reference[f"phase_{estimator}"] - data["phase"], chosen)
    assert rms(with_their_neighbours.phase(estimator) - data["phase"], chosen) <= 1.02 * theirs


def test_accuracy_of_emi_is_not_below_that_of_dolphin_with_whole_windows(data):
    """What dolphin calls EVD is another estimator: eigenvectors of the matrix weighted with its moduli."""
    ours = LinkedArrays(data["slc"], flags_of(data["slc"], LinkOptions.of(half_window=HALF, shp="rect")))
    with data["file"]("dolphin_link") as reference:
        theirs = reference["phase_EMI_rect"]
    for kind in ("dry", "fields", "weak"):
        chosen = kinds(data)[kind]
        assert rms(ours.phase("EMI") - data["phase"], chosen) <= 1.02 * rms(theirs - data["phase"], chosen), kind

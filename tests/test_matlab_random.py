"""The MATLAB-5 uniform generator: published values, and both versions against a literal one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.native import matlab_random
from stamps.native.random_stream import MatlabRand5, rand_state


class LiteralGenerator:
    """The generator as docs/method/conventions.md, section 6 tells it, in floating-point fractions."""

    def __init__(self, seed):
        self.q = seed or 2**31
        running = self.q
        self.z = []
        for _ in range(32):
            fraction = 0.0
            for k in range(1, 54):
                running = self.shift(running)
                if running & 2**19:
                    fraction += 2.0**-k
            self.z.append(fraction)
        self.b = 0.0
        self.i = 0

    @staticmethod
    def shift(q):
        q ^= q * 2**13 % 2**32
        q ^= q // 2**17
        return q ^ q * 2**5 % 2**32

    def draw(self):
        x = self.z[(self.i + 20) % 32] - self.z[(self.i + 5) % 32] - self.b
        self.b = 0.0
        if x < 0:
            x += 1
            self.b = 2.0**-53
        self.z[self.i] = x
        self.i = (self.i + 1) % 32
        before = self.q
        self.q = self.shift(self.q)
        mask = before ^ (self.q * 2**32 % 2**52)
        f, e = math.frexp(x)
        return math.ldexp(int(f * 2**53) ^ mask, e - 53)


@pytest.fixture(params=["numpy", ""], ids=["arrays", "fastest"], autouse=True)
def _backend(request, monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", request.param)


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, [0.950129285147175, 0.231138513574288, 0.606842583541787]),
        (1, [0.952782149656615, 0.704062166774998]),
        (2005, [0.092958990583191, 0.373737758407523, 0.448770579371178, 0.613866746156837]),
    ],
)
def test_published_values(seed, expected):
    np.testing.assert_allclose(MatlabRand5(seed).draw(len(expected)), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("seed", [0, 1, 2005, 2**32 - 1])
@pytest.mark.parametrize("n", [1, 31, 33, 1999, 2000, 2001, 2025, 2026, 2052, 2077, 10_007])
def test_equals_the_literal_generator(seed, n):
    literal = LiteralGenerator(seed)
    assert MatlabRand5(seed).draw(n).tolist() == [literal.draw() for _ in range(n)]


@settings(max_examples=15)
@given(
    st.lists(st.one_of(st.integers(0, 80), st.integers(2000, 3000)), min_size=2, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_a_sequence_may_be_drawn_in_parts(parts, seed):
    generator = MatlabRand5(seed)
    pieces = np.concatenate([generator.draw(n) for n in parts])
    literal = LiteralGenerator(seed)
    assert pieces.tolist() == [literal.draw() for _ in range(pieces.size)]


def test_long_runs_are_cut_without_a_seam(monkeypatch):
    expected = MatlabRand5(7).draw(9_000)
    monkeypatch.setattr(matlab_random, "_LONGEST_PARALLEL_RUN", 2_500)
    assert MatlabRand5(7).draw(9_000).tolist() == expected.tolist()


@pytest.mark.parametrize("shortest", [27, 50, 64, 1000])
def test_threads_draw_pieces_without_a_seam(shortest, monkeypatch):
    literal = LiteralGenerator(11)
    expected = [literal.draw() for _ in range(5_100)]
    monkeypatch.setattr(matlab_random, "_SHORTEST_PIECE", shortest)
    monkeypatch.setenv("OMP_NUM_THREADS", "83")
    generator = MatlabRand5(11)
    assert [*generator.draw(5_000), *generator.draw(100)] == expected


def test_borrow_passes_through_equal_fractions():
    # x_n = 0 - borrow: the borrow must run on through a difference of zero
    state = matlab_random.seeded_state(5)
    state.z[:] = 1 << 40
    state.borrow = 1
    literal = LiteralGenerator(5)
    literal.z = [2.0**-13] * 32
    literal.b = 2.0**-53
    expected = [literal.draw() for _ in range(4_000)]
    assert matlab_random.draw_arrays(state, 4_000).tolist() == expected
    assert state.borrow == (literal.b > 0)


def test_a_fraction_of_zero_takes_the_bits_of_the_register():
    state = matlab_random.seeded_state(5)
    state.z[:] = 1 << 40
    literal = LiteralGenerator(5)
    literal.z = [2.0**-13] * 32
    expected = [literal.draw()]
    assert literal.z[0] == 0
    expected += [literal.draw() for _ in range(3_999)]
    assert matlab_random.draw_arrays(state, 4_000).tolist() == expected


def test_matrices_are_filled_column_by_column():
    matrix = rand_state(2005, 700, 5)
    assert matrix.shape == (700, 5)
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix.T.ravel(), MatlabRand5(2005).draw(3500))
    assert rand_state(1, 0, 3).shape == (0, 3)


def test_deviates_look_uniform():
    x = rand_state(2005, 100_000, 2)
    assert 0 < x.min() < x.max() < 1
    assert np.abs(x.mean(axis=0) - 0.5).max() < 0.005
    assert abs(np.corrcoef(x, rowvar=False)[0, 1]) < 0.02


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        MatlabRand5(seed)


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be drawn"):
        MatlabRand5(1).draw(-1)
    with pytest.raises(ValueError, match="cannot be drawn"):
        rand_state(1, -1, 2)

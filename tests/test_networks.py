"""Networks of image pairs by their kind, and the texts that ask for them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import random_project
from stamps.errors import InputError, ParameterError
from stamps.insar.network import subsets
from stamps.insar.network_texts import Part, listed_pairs, parse_network
from stamps.insar.pair_networks import TREE_WARNING, Images, check_connected, network_pairs
from stamps.legacy.sb_find_consec import sb_find_consec
from stamps.legacy.sb_find_delaunay import sb_find_delaunay
from stamps.matlab.dates import datenum, to_yyyymmdd

START = datenum(20180101)


def images(n=12, step=12.0, master_ix=0, seed=0, coherence=None):
    bperp = np.random.default_rng(seed).uniform(-100, 100, n)
    return Images(START + step * np.arange(n), bperp, master_ix, coherence)


def pairs_of(text, stack, lines=()):
    return [tuple(pair) for pair in network_pairs(parse_network(text), stack, lines)[0].tolist()]


def coherences(n, seed=0):
    values = np.random.default_rng(seed).uniform(0, 1, (n, n))
    return (values + values.T) / 2


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("single", [Part("single")]),
            ("sequential", [Part("sequential", (3,))]),
            ("sequential 2", [Part("sequential", (2,))]),
            (["sequential", "2", "+", "year"], [Part("sequential", (2,)), Part("year", (5,))]),
            ("Sequential:2+year,7", [Part("sequential", (2,)), Part("year", (7,))]),
            ("ministacks", [Part("ministacks", (6,))]),
            ("delaunay", [Part("delaunay", (120, 200, 4))]),
            ("delaunay 90.5", [Part("delaunay", (90.5, 200, 4))]),
            ("tree", [Part("tree")]),
            ("tree+n", [Part("tree"), Part("sequential", (2,))]),
            ("tree + 3", [Part("tree"), Part("sequential", (3,))]),
            ("coherent 0.5", [Part("coherent", (0.5,))]),
            ("list my pairs + more.txt", [Part("list", file="my pairs + more.txt")]),
            ("single + list a.txt", [Part("single"), Part("list", file="a.txt")]),
            ("year + year", [Part("year", (5,))]),
        ],
    )
    def test_kinds_and_values(self, text, parts):
        assert list(parse_network(text)) == parts

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "a part without a kind; there are single, sequential"),
            ("sequential 3 +", "a part without a kind"),
            ("+ list a", "a part without a kind"),
            ("sequental 3", "no network 'sequental': did you mean sequential"),
            ("star", "no network 'star'"),
            ("zzz", "there are single, sequential"),
            ("list", "names no file"),
            ("single + list ", "names no file"),
            ("tree 3", "too many values: write 'tree'"),
            ("sequential 3 4", "too many values: write 'sequential n'"),
            ("sequential 0", "n is 0, but a whole number from 1 on"),
            ("sequential 2.5", "n is 2.5, but a whole number"),
            ("tree+0", "n is 0"),
            ("sequential x", "n is x"),
            ("sequential nan", "n is nan"),
            ("sequential inf", "n is inf"),
            ("ministacks 13", "MONTH is 13, but a whole number from 1 to 12"),
            ("delaunay 0", "T is 0, but a number above 0"),
            ("delaunay 120 -1", "B is -1"),
            ("delaunay 120 200 0", "R is 0"),
            ("coherent 1.1", "c is 1.1, but a number from 0 to 1"),
            ("year -1", "d is -1, but a number from 0 to 182"),
        ],
    )
    def test_what_cannot_be(self, text, message):
        with pytest.raises(ParameterError, match=message) as caught:
            parse_network(text)
        assert "\n" not in str(caught.value)

    @settings(max_examples=60)
    @given(st.text(max_size=30))
    def test_any_text_is_understood_or_refused(self, text):
        try:
            assert all(isinstance(part, Part) for part in parse_network(text))
        except ParameterError:
            pass


class TestLists:
    DAY = datenum(np.array([20180101, 20180113, 20180206, 20180302]))

    def test_lines(self):
        lines = [
            "# pairs",
            "20180101 20180113",
            "",
            "20180206_20180113  # reversed",
            "20180101-20180302\r\n",
            "20180101, 20180113",
        ]
        assert listed_pairs(lines, self.DAY, "x").tolist() == [[0, 1], [0, 3], [1, 2]]
        assert listed_pairs([], self.DAY, "x").shape == (0, 2)
        assert listed_pairs(["   2.0180101e+07   2.0180113e+07"], self.DAY, "x").tolist() == [[0, 1]]
        assert listed_pairs(["\ufeff20180101 20180113"], self.DAY, "x").tolist() == [[0, 1]]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("20180101", "is no pair of dates"),
            ("20180101 20180113 20180206", "is no pair of dates"),
            ("2018010120180113", "is no pair of dates"),
            ("2018-01-01 2018-01-13", "is no pair of dates"),
            ("x" * 1000, "x…' is no pair of dates"),
            ("٢٠١٨٠١٠١ 20180113", "is no pair of dates"),
            ("20180101 20180113.diff", "is no pair of dates"),
            ("20180101 20181399", "20181399 is no date of the calendar"),
            ("20180101 20180114", "there is no image of 20180114"),
            ("20180113_20180113", "20180113 is paired with itself"),
        ],
    )
    def test_lines_that_cannot_be(self, line, message):
        with pytest.raises(InputError, match="pairs.txt, line 3: .*" + message):
            listed_pairs(["# x", "20180101 20180113", line], self.DAY, "pairs.txt")

    def test_lists_of_the_commands_that_choose_pairs(self, tmp_path):
        ws = random_project.single_master(tmp_path)
        for choose, arguments in ((sb_find_consec, (2,)), (sb_find_delaunay, ())):
            pairs = choose(*arguments, workdir=ws)
            lines = ws.read_text("small_baselines.list").splitlines()
            assert listed_pairs(lines, ws.load("ps2")["day"], "x").tolist() == pairs.tolist()

    def test_a_listed_network_has_to_connect(self):
        stack = Images(self.DAY, np.zeros(4), 0)
        lines = ["20180101 20180113", "20180206 20180302"]
        with pytest.raises(InputError, match="add 20180113_20180206"):
            network_pairs(parse_network("list a"), stack, lines)
        assert pairs_of("list a", stack, [*lines, "20180113 20180302"]) == [(0, 1), (1, 3), (2, 3)]
        with pytest.raises(InputError, match="4 groups"):
            network_pairs(parse_network("list a"), stack, [])


class TestKinds:
    def test_single(self):
        assert pairs_of("single", images(4, master_ix=2)) == [(0, 2), (1, 2), (2, 3)]

    def test_sequential(self):
        assert pairs_of("sequential 2", images(4)) == [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
        assert len(pairs_of("sequential", images(24))) == 66
        assert len(pairs_of("sequential 99", images(5))) == 10

    def test_ministacks(self):
        day = datenum(
            np.array([20170101, 20170605, 20170620, 20171220, 20180110, 20180901, 20181101, 20181201, 20190601])
        )
        bperp = np.array([0.0, 0, 0, 50, 10, 40, 90, 45, 0])
        expected = {
            (1, 0), (1, 2), (1, 3),  # June 2017 with its year
            (5, 4), (5, 6), (5, 7),  # no June 2018: the earlier of the two in the middle
            (1, 5), (5, 8),  # references
            (3, 4), (7, 8),  # last and first
            (3, 7),  # baseline nearest to that of the last of 2017: 45 m
        }  # fmt: skip
        assert pairs_of("ministacks 6", Images(day, bperp, 0)) == sorted(tuple(sorted(pair)) for pair in expected)

    def test_ministacks_over_a_year_without_images(self):
        day = datenum(np.array([20160601, 20160701, 20180101, 20180601]))
        assert pairs_of("ministacks", Images(day, np.zeros(4), 0)) == [(0, 1), (0, 3), (1, 2), (2, 3)]

    def test_delaunay_has_empty_circles(self):
        stack = images(14, seed=4)
        pairs = pairs_of("delaunay 1e9 1e9 4", stack)
        x, y = stack.day - stack.day[0], stack.bperp * np.ptp(stack.day) / (4 * np.ptp(stack.bperp))
        points = np.column_stack([x, y])
        for i in range(14):
            for j in range(i + 1, 14):
                assert ((i, j) in pairs) == _has_empty_circle(points, i, j)

    def test_long_edges_of_delaunay_go(self):
        stack = images(30, seed=1)
        pairs = np.array(pairs_of("delaunay 120 150 4", stack))
        all_pairs = np.array(pairs_of("delaunay 1e9 1e9 4", stack))
        i, j = all_pairs.T
        short = (stack.day[j] - stack.day[i] <= 120) & (np.abs(np.diff(stack.bperp[all_pairs], axis=1)[:, 0]) <= 150)
        np.testing.assert_array_equal(pairs, all_pairs[short])
        assert not short.all()
        with pytest.raises(InputError, match="falls apart"):
            network_pairs(parse_network("delaunay 11"), stack)

    @pytest.mark.parametrize(
        ("stack", "message"),
        [
            (images(2), "there are only 2: use 'sequential 3'"),
            (Images(START + np.arange(5.0), np.full(5, 7.0), 0), "all baselines are equal: use 'sequential 3'"),
            (Images(START + np.arange(5.0), np.arange(5.0), 0), "on a line: use 'sequential 3'"),
        ],
    )
    def test_no_triangulation(self, stack, message):
        with pytest.raises(InputError, match=message):
            network_pairs(parse_network("delaunay"), stack)

    @given(st.integers(0, 10**6), st.integers(3, 9))
    def test_the_tree_is_the_most_coherent(self, seed, n):
        from scipy.sparse.csgraph import minimum_spanning_tree

        coherence = coherences(n, seed)
        pairs, warnings = network_pairs(parse_network("tree"), images(n, coherence=coherence))
        best = minimum_spanning_tree(np.triu(2 - coherence, 1))
        assert coherence[tuple(pairs.T)].sum() == pytest.approx(2 * (n - 1) - best.sum())
        assert warnings == [TREE_WARNING] and subsets(pairs, n) == 1

    def test_of_equal_coherences_the_shorter_in_time_counts(self):
        stack = Images(START + np.array([0.0, 10, 16, 40]), np.zeros(4), 0, np.full((4, 4), 0.5))
        assert pairs_of("tree", stack) == [(0, 1), (1, 2), (2, 3)]
        zero = Images(stack.day, stack.bperp, 0, np.zeros((4, 4)))
        assert pairs_of("tree", zero) == [(0, 1), (1, 2), (2, 3)]

    def test_tree_and_coherent_with_others(self):
        coherence = coherences(8, 3)
        stack = images(8, coherence=coherence)
        tree = set(pairs_of("tree", stack))
        assert set(pairs_of("tree+2", stack)) == tree | set(pairs_of("sequential 2", stack))
        upper = {(i, j) for i in range(8) for j in range(i + 1, 8)}
        assert set(pairs_of("coherent 0.6", stack)) == tree | {pair for pair in upper if coherence[pair] >= 0.6}
        assert set(pairs_of("coherent 0", stack)) == upper
        assert network_pairs(parse_network("tree+2"), stack)[1] == []

    def test_unknown_coherences_are_no_pairs(self):
        coherence = np.full((4, 4), 0.5)
        coherence[1, 2] = coherence[2, 1] = np.nan
        stack = images(4, coherence=coherence)
        assert (1, 2) not in pairs_of("coherent 0", stack)
        coherence[:2, 2:] = coherence[2:, :2] = np.nan
        with pytest.raises(InputError, match="2 groups, 20180101 20180113; 20180125 20180206: add 20180113_20180125"):
            network_pairs(parse_network("tree"), stack)

    @pytest.mark.parametrize(
        ("coherence", "message"),
        [
            (None, "run mt_link --pair-coherence"),
            (np.ones((3, 3)), r"shape \(3, 3\), but there are 4 images"),
            (np.triu(np.ones((4, 4))), "symmetric"),
            (np.full((4, 4), 1.5), "from 0 to 1"),
            (np.full((4, 4), -0.1), "from 0 to 1"),
            (np.full((4, 4), np.inf), "from 0 to 1"),
        ],
    )
    @pytest.mark.parametrize("kind", ["tree", "coherent"])
    def test_coherences_that_cannot_be(self, kind, coherence, message):
        with pytest.raises(InputError, match=message):
            network_pairs(parse_network(kind), images(4, coherence=coherence))

    def test_year(self):
        day = START + np.array([0.0, 12, 24, 363, 368, 370, 377, 800])
        stack = Images(day, np.zeros(8), 0)
        extra = set(pairs_of("sequential 1 + year", stack)) - set(pairs_of("sequential 1", stack))
        assert extra == {(0, 3), (1, 6)}  # 363 is nearer than 368 and 370; 377 for 12; none for 24
        assert (2, 6) in pairs_of("sequential 1 + year 12", stack)
        tie = Images(START + np.array([0.0, 363, 367]), np.zeros(3), 0)
        assert pairs_of("sequential 1 + year", tie) == [(0, 1), (1, 2)]


def _has_empty_circle(points, i, j):
    """Whether a circle through two points holds no other: its centre is a number along the bisector, which others bound."""
    middle, along = (points[i] + points[j]) / 2, points[j] - points[i]
    normal = np.array([-along[1], along[0]])
    low, high = -np.inf, np.inf
    for k in set(range(len(points))) - {i, j}:
        # |m + t n - p|² >= |m + t n - a|², linear in t
        p, a = points[k], points[i]
        slope, level = 2 * normal @ (a - p), p @ p - a @ a - 2 * middle @ (p - a)
        if slope > 0:
            low = max(low, -level / slope)
        elif slope < 0:
            high = min(high, -level / slope)
    return low <= high


class TestConnection:
    def test_groups_and_the_shortest_pairs_between_them_are_named(self):
        day = datenum(np.array([20180101, 20180113, 20180630, 20180712, 20180805, 20180817]))
        pairs = np.array([[0, 1], [2, 3], [4, 5]])
        with pytest.raises(InputError) as caught:
            check_connected(pairs, day)
        assert str(caught.value) == (
            "The network falls apart into 3 groups, 20180101 20180113; 20180630 20180712; 20180805 20180817: "
            "add 20180712_20180805 20180113_20180630."
        )

    def test_many_dates_are_cut_short(self):
        stack = images(40)
        with pytest.raises(InputError, match="20180101 20180113 20180125 … .* \\(39 images\\); 20190414: add"):
            check_connected(np.array([[k, k + 1] for k in range(38)]), stack.day)

    @given(st.integers(0, 10**6), st.integers(2, 12), st.integers(0, 12))
    def test_what_is_to_be_added_connects(self, seed, n, n_pair):
        rng = np.random.default_rng(seed)
        day = START + np.sort(rng.choice(1000, n, replace=False)).astype(float)
        pairs = np.sort([rng.choice(n, 2, replace=False) for _ in range(n_pair)] or np.empty((0, 2)), axis=1).astype(
            int
        )
        try:
            check_connected(pairs, day)
            assert subsets(pairs, n) == 1
        except InputError as error:
            added = [pair.split("_") for pair in str(error).rpartition("add ")[2].rstrip(".").split()]
            dates = to_yyyymmdd(day).tolist()
            more = np.array([[dates.index(int(date)) for date in pair] for pair in added])
            assert len(more) == subsets(pairs, n) - 1 and subsets(np.concatenate([pairs, more]), n) == 1

    @given(
        st.integers(0, 10**6),
        st.integers(3, 20),
        st.sampled_from(["single", "sequential", "ministacks", "tree+n", "coherent"]),
    )
    def test_every_network_is_sorted_distinct_and_connected(self, seed, n, kind):
        rng = np.random.default_rng(seed)
        day = START + np.sort(rng.choice(2000, n, replace=False)).astype(float)
        stack = Images(day, rng.normal(0, 100, n), int(rng.integers(n)), coherences(n, seed))
        pairs, warnings = network_pairs(parse_network(f"{kind} + year 20"), stack)
        assert (
            pairs.dtype == np.int64 and (pairs[:, 0] < pairs[:, 1]).all() and (0 <= pairs).all() and (pairs < n).all()
        )
        assert pairs.tolist() == sorted(map(list, {tuple(pair) for pair in pairs.tolist()}))
        assert subsets(pairs, n) == 1 and bool(warnings) == (len(pairs) == n - 1)

    def test_a_tree_is_said(self):
        assert network_pairs(parse_network("single"), images(5))[1] == [TREE_WARNING]
        assert network_pairs(parse_network("sequential 2"), images(5))[1] == []

    @pytest.mark.parametrize(
        ("stack", "message"),
        [
            (images(1), "two images at least, but there are 1"),
            (Images(START + np.array([0.0, 0, 1]), np.zeros(3), 0), "ascend"),
            (Images(START + np.array([0.0, np.nan, 1]), np.zeros(3), 0), "ascend"),
            (Images(START + np.arange(3.0), np.zeros(2), 0), "baseline for each of the 3 images"),
            (Images(START + np.arange(3.0), np.full(3, np.nan), 0), "baseline for each"),
        ],
    )
    def test_images_that_cannot_be(self, stack, message):
        with pytest.raises(InputError, match=message):
            network_pairs(parse_network("single"), stack)

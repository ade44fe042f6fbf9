"""The largest complete sets of bursts and dates, against all subsets tried one by one."""

import itertools

import pytest

from stamps.frontends.cslc.dates import alternatives, common_dates, costliest_burst, holes

#: Four bursts, six dates; hand-made.
TABLE = {
    "t044_000001_iw1": {1, 2, 3, 4, 5, 6},
    "t044_000001_iw2": {1, 2, 3, 4, 5},
    "t044_000002_iw1": {1, 2, 4, 5, 6},
    "t044_000002_iw2": {2, 4},
}


def best_by_trying(available):
    """Most images, then most bursts, over all sets of bursts with the dates that they have in common."""
    names = list(available)
    sizes = []
    for count in range(1, len(names) + 1):
        for kept in itertools.combinations(names, count):
            dates = set.intersection(*(set(available[name]) for name in kept))
            if len(dates) > 1:
                sizes.append((len(dates) * count, count))
    return max(sizes)


def test_hand_made_table():
    assert common_dates(TABLE) == [2, 4]
    assert holes(TABLE) == {"t044_000001_iw2": [6], "t044_000002_iw1": [3], "t044_000002_iw2": [1, 3, 5, 6]}
    choices, complete = alternatives(TABLE)
    assert complete and (choices[0].images, len(choices[0].bursts)) == best_by_trying(TABLE) == (12, 3)
    assert choices[0].dates == (1, 2, 4, 5) and "t044_000002_iw2" not in choices[0].bursts
    assert costliest_burst(TABLE) == ("t044_000002_iw2", 4)


@pytest.mark.parametrize("seed", range(20))
def test_against_all_subsets(seed):
    rng = __import__("numpy").random.default_rng(seed)
    names = [f"t044_{k:06d}_iw1" for k in range(5)]
    table = {name: {day for day in range(1, 9) if rng.random() < 0.75} for name in names}
    everything = set().union(*table.values())
    choices, complete = alternatives(table)
    assert complete
    for choice in choices:
        assert all(set(choice.dates) <= table[burst] for burst in choice.bursts) and set(choice.dates) <= everything
    assert (choices[0].images, len(choices[0].bursts)) == best_by_trying(table)


def test_many_different_holes_are_told_to_be_too_many():
    table = {f"t044_{k:06d}_iw1": set(range(40)) - {k, k + 1} for k in range(16)}
    choices, complete = alternatives(table)
    assert not complete and choices

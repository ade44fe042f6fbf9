"""Arguments of ps_plot."""

import itertools

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.products.arguments import parse_arguments


def test_defaults():
    request = parse_arguments([])
    assert (request.plot_flag, request.lims, request.ref_ifg, request.ifg_list, request.aps) == (1, None, 0, None, 0)
    assert not request.saves and not request.time_series


def test_positional_arguments_in_order():
    request = parse_arguments([4, [-3, 5], -1, [2, 4], 3, 2, 8, "red", [14, 15], [40, 41], "cm"])
    assert (request.plot_flag, request.lims, request.ref_ifg, request.n_x) == (4, (-3.0, 5.0), -1, 3)
    assert request.ifg_list.tolist() == [2, 4]
    assert (request.cbar_flag, request.textsize, request.textcolor) == (2, 8.0, "red")
    assert (request.lon_rg, request.lat_rg, request.units) == ((14.0, 15.0), (40.0, 41.0), "cm")


@pytest.mark.parametrize("order", list(itertools.permutations(["a_eh", "i_as", "ext points", -1])))
def test_options_stand_anywhere(order):
    request = parse_arguments(order)
    assert (request.plot_flag, request.aps, request.iono, request.external) == (-1, 5, 1, "points")


@pytest.mark.parametrize(("name", "number"), [("a_l", 1), ("a_linear", 1), ("a_e", 4), ("a_pk", 11), ("a_m+a_eh", 14)])
def test_short_names_are_no_plot_flags(name, number):
    request = parse_arguments([name])
    assert (request.aps, request.plot_flag) == (number, 1)


def test_empty_and_zero_mean_default():
    request = parse_arguments([-1, [], 0, np.empty((0, 0)), None])
    assert (request.lims, request.ifg_list, request.n_x) == (None, None, 0)
    assert parse_arguments([1, 0]).lims is None


def test_names_instead_of_positions():
    request = parse_arguments([-1], {"ifg_list": 3, "lims": [0, 1]})
    assert (request.saves, request.ifg_list.tolist(), request.lims) == (True, [3], (0.0, 1.0))


def test_time_series_forces_the_white_map():
    assert parse_arguments(["ts", 4]).plot_flag == 1
    assert parse_arguments([0, "ts"]).plot_flag == 0


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (["ts", -1], {}, "cannot be combined"), (["sts"], {}, "did you mean the option 'ts'"), ([8], {}, "-1"),
        ([1.5], {}, "whole number"), ([1, [5, 3]], {}, "smaller first"), ([1, [], -2], {}, "number of an interf"),
        ([1, [], 0, [0]], {}, "from 1"), ([1, [], 0, "x"], {}, "from 1"), (["a_nonsense"], {}, "valid option"),
        (["i_xx"], {}, "i_as"), (["ifg 2"], {}, "a_p"), (["ifg 2", "a_e"], {}, "a_p"), ([1], {"plot_flag": 2}, "twice"),
        ([], {"colour": 2}, "there are plot_flag"), ([1] * 12, {}, "at most 11"), ([1], {"units": 3}, "a text"),
    ],
)  # fmt: skip
def test_wrong_arguments(arguments, named, message):
    with pytest.raises(InputError, match=message):
        parse_arguments(arguments, named)

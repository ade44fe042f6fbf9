"""MATLAB literals: reading and formatting."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import ParameterError
from stamps.matlab.literals import format_g, format_literal, format_short, number, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50.0),
        (" 1e-3 ", 0.001),
        ("-.5E+2", -50.0),
        ("3.", 3.0),
        ("inf", math.inf),
        ("-Inf", -math.inf),
        ("'y'", "y"),
        ("y", "y"),
        ("3D_QUICK", "3D_QUICK"),
        ("2D", "2D"),
        ("P-square", "P-square"),
        ("1_000", "1_000"),
        ("infinity", "infinity"),
        ("'it''s'", "it's"),
        ('"y"', "y"),
        ("''", ""),
        ("'50'", "50"),
        ("'[]'", "[]"),
        ("", ""),
        ("[7]", 7.0),
        ("a:b", "a:b"),
    ],
)
def test_scalars_and_texts(text, value):
    assert parse(text) == value
    assert type(parse(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[3 8]", [3, 8]),
        ("[3,8]", [3, 8]),
        ("[ 3 , 8 ]", [3, 8]),
        ("[1:5 8]", [1, 2, 3, 4, 5, 8]),
        ("[1 : 3, 7:2:11]", [1, 2, 3, 7, 9, 11]),
        ("1:3", [1, 2, 3]),
        ("3:-1:1", [3, 2, 1]),
        ("[-Inf Inf]", [-math.inf, math.inf]),
        ("[1 -2]", [1, -2]),
        ("[1;2;3]", [1, 2, 3]),
        ("[]", []),
        ("[ ]", []),
        ("[3:1]", []),
        ("0:0.1:0.3", [0, 0.1, 0.2, 0.3]),
    ],
)
def test_lists(text, values):
    result = parse(text)
    assert isinstance(result, np.ndarray)
    assert result.dtype == np.float64
    assert result.shape == (len(values),)
    np.testing.assert_allclose(result, values, rtol=1e-15)


def test_nan():
    assert math.isnan(parse("nan"))
    assert math.isnan(parse("NaN"))
    assert np.isnan(parse("[NaN nan]")).all()


@pytest.mark.parametrize("text", ["[3 8", "3 8]x[", "[[3] 8]", "[1 y]", "[1 2;3 4]", "[1:2:3:4]", "[1:inf]", "[1 - 2]"])
def test_what_is_no_list_is_one_sentence(text):
    if text.startswith("["):
        with pytest.raises(ParameterError, match=r"\.$"):
            parse(text)
    else:
        assert parse(text) == text


@pytest.mark.parametrize("text", ["'y", "'", "'it's'", '"y'])
def test_texts_that_are_not_closed(text):
    with pytest.raises(ParameterError, match="not closed"):
        parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (50.0, "50"),
        (0.055465759531382094, "0.055466"),
        (-166.6, "-166.6"),
        (0.005, "0.005"),
        (1234.5678, "1234.5678"),
        (123.456789, "123.4568"),
        (3.14159265, "3.1416"),
        (1e-10, "1e-10"),
        (1e10, "10000000000"),
        (-0.0, "0"),
        (math.nan, "NaN"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
        ([-math.inf, math.inf], "-Inf  Inf"),
        ([3, 8], "3  8"),
        ([90, 45], "90  45"),
        ([0, 0], "0  0"),
        ([14.2, 40.8], "14.2         40.8"),
        ([1, -2], "1  -2"),
        ([], "[]"),
        (np.empty((0, 0)), "[]"),
        ("DENSITY", "DENSITY"),
    ],
)
def test_short_format(value, text):
    assert format_short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.055465759531382094, "0.0554658 "),
        (800.0, "800 "),
        ([-math.inf, math.inf], "-Inf Inf "),
        ([3, 8], "3 8 "),
        ([], " "),
        (math.nan, "NaN "),
        (1e-5, "1e-05 "),
    ],
)
def test_g_format(value, text):
    assert format_g(value) == text


@given(st.one_of(st.floats(), st.lists(st.floats(), max_size=5).filter(lambda v: len(v) != 1)))
def test_literals_are_read_back(value):
    back = parse(format_literal(value))
    np.testing.assert_array_equal(back, np.asarray(value, dtype=np.float64))


@given(st.text())
def test_quoted_texts_are_read_back(text):
    assert parse(format_literal(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_the_short_format_is_close(value):
    assert float(format_short(value)) == pytest.approx(value, rel=6e-5, abs=1e-300)


@given(st.text())
def test_number_takes_plain_numbers_only(text):
    value = number(text)
    assert value is None or float(text) == value or math.isnan(value)


@given(st.text(alphabet="[]:;, '\"0123456789.-einfa", max_size=12))
def test_any_text_is_a_value_or_a_sentence(text):
    try:
        value = parse(text)
    except ParameterError:
        return
    assert isinstance(value, (float, str)) or (value.ndim == 1 and value.dtype == np.float64)

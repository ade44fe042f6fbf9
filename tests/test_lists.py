"""Lists and headers as text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.frontends.headers import header_numbers, raster_size
from stamps.frontends.lists import format_general, format_integers


@given(st.lists(st.one_of(st.floats(0, 1), st.floats(0, 1, width=32), st.floats(allow_nan=False))))
def test_format_general_is_percent_g(values):
    assert format_general(np.array(values)).decode() == "".join(f"{value:g}\n" for value in values)


def test_format_general_special_values():
    values = [0.0, -0.0, 0.1, 0.01, 0.001, 1e-4, 9.999999e-5, 0.9999995, 0.0635779, 0.1234565, 0.0009765625, np.inf]
    assert format_general(np.array(values)).decode() == "".join(f"{value:g}\n" for value in values)
    assert format_general(np.array([np.nan, np.copysign(np.nan, -1)])) == b"nan\n-nan\n"
    assert format_general(np.empty(0)) == b""


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 70000))))
def test_format_integers(rows):
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    assert format_integers(table[:, 0], table[:, 1]).decode() == "".join(f"{a} {b}\n" for a, b in rows)


def test_header_numbers(tmp_path):
    path = tmp_path / "a.par"
    path.write_text("prf:\t486.5 Hz\nbase(TCN): 1 -2.5 3e2 m m\nazimuth_lines: 7\nrange_samples:\t12\nbad: x\n")
    assert header_numbers(path, "prf") == [486.5]
    assert header_numbers(path, "base(TCN):", 3) == [1, -2.5, 300]
    assert raster_size(path) == (12, 7)
    with pytest.raises(InputError, match=r"a\.par has 'x' in field 'bad', but a number was expected"):
        header_numbers(path, "bad:")
    with pytest.raises(InputError, match=r"a\.par has no field 'heading'"):
        header_numbers(path, "heading:")
    with pytest.raises(InputError, match="3 numbers"):
        header_numbers(path, "azimuth_lines", 3)

"""Day numbers and date texts."""

import datetime
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.matlab import datenum, datestr, now_string, to_yyyymmdd, today_string
from stamps.matlab.dates import to_datetime64


def test_known_day_numbers():
    assert datenum(20150220) == 736015
    assert datenum(20000101) == 730486
    assert isinstance(datenum(20150220), float)


def test_arrays_keep_their_shape():
    result = datenum(np.array([[20150220, 20150221]]))
    assert result.dtype == np.float64
    assert result.tolist() == [[736015, 736016]]
    assert to_yyyymmdd(result).tolist() == [[20150220, 20150221]]
    assert datenum([]).shape == (0,)
    dates = to_datetime64(result + 0.75)
    assert dates.dtype == "datetime64[D]" and dates.astype(str).tolist() == [["2015-02-20", "2015-02-21"]]
    assert to_datetime64([]).shape == (0,) and to_datetime64(736015) == np.datetime64("2015-02-20")


@given(st.dates())
def test_there_and_back(date):
    number = datenum(10_000 * date.year + 100 * date.month + date.day)
    assert number == date.toordinal() + 366
    assert to_yyyymmdd(number) == 10_000 * date.year + 100 * date.month + date.day
    assert to_datetime64(number) == np.datetime64(date)
    assert datetime.datetime.strptime(datestr(number)[-4:], "%Y").year == date.year


@pytest.mark.parametrize("month", range(1, 13))
def test_month_names(month):
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert datestr(datenum(20010003 + 100 * month)) == f"03-{names[month - 1]}-2001"


def test_part_of_a_day_is_ignored():
    assert datestr(736015.75) == "20-Feb-2015"
    assert to_yyyymmdd(736015.75) == 20150220


@pytest.mark.parametrize("value", [20150230, 20151301, 20150100, 0, 1220, -20150220, 20150220.5, np.nan])
def test_invalid_dates_are_refused(value):
    with pytest.raises(ValueError, match="The date"):
        datenum(value)


@pytest.mark.parametrize("value", [0, 366, 1e9, np.nan, np.inf])
def test_invalid_day_numbers_are_refused(value):
    with pytest.raises(ValueError, match="The day number"):
        to_yyyymmdd(value)


def test_present_time():
    assert re.fullmatch(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d", now_string())
    assert re.fullmatch(r"\d\d-[A-Z][a-z]{2}-\d{4}", today_string())

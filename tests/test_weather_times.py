"""When the satellite passes, from what a project says, and which hours of a model stand for it."""

import json

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.tropo.weather.overpass import find_overpass, parse_utc
from stamps.tropo.weather.times import around

DATES = [20180113, 20180125]


def t(text):
    return np.datetime64(f"2018-01-{text[:2]}T{text[3:]}", "s")


def chosen(wanted, times, hours=6, nearest=False):
    return [(str(m.time)[8:16], round(m.weight, 3)) for m in around(t(wanted), [t(x) for x in times], hours, nearest)]


@pytest.mark.parametrize(
    "wanted, times, expected",
    [
        ("13 05:33", ["13 06:00", "13 05:00", "13 04:00"], [("13T05:00", 0.45), ("13T06:00", 0.55)]),
        ("13 05:33", ["13 00:00", "13 06:00", "13 12:00"], [("13T00:00", 0.075), ("13T06:00", 0.925)]),
        ("13 05:57", ["13 05:00", "13 06:00"], [("13T06:00", 1)]),  # within 5 minutes
        ("13 06:05", ["13 06:00"], [("13T06:00", 1)]),
        ("13 06:06", ["13 06:00"], []),
        ("13 23:30", ["13 23:00", "14 00:00"], [("13T23:00", 0.5), ("14T00:00", 0.5)]),  # over midnight
        ("13 00:15", ["12 18:00", "13 00:00", "13 06:00"], [("13T00:00", 0.958), ("13T06:00", 0.042)]),
        ("13 05:33", ["13 00:00", "13 12:00"], []),  # too far apart
        ("13 05:33", ["13 06:00", "13 12:00"], []),
        ("13 05:33", ["12 06:00", "14 05:00"], []),
        ("13 05:33", [], []),
    ],
)
def test_hours_around_the_overpass(wanted, times, expected):
    assert chosen(wanted, times) == expected


def test_nearest_hour():
    assert chosen("13 05:33", ["13 05:00", "13 06:00"], nearest=True) == [("13T06:00", 1)]
    assert chosen("13 05:33", ["13 06:00"], nearest=True) == [("13T06:00", 1)]
    assert chosen("13 05:33", ["13 09:00"], nearest=True) == []
    assert chosen("13 05:33", ["13 07:30"], hours=3, nearest=True) == []


@pytest.mark.parametrize("text, seconds", [("05:33", 19980), ("5:33", 19980), ("23:59:59.5", 86399.5), ("00:00Z", 0)])
def test_times_of_the_day(text, seconds):
    assert parse_utc(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "24:00", "05:60", "5", "0533", "5.5", "-1:00", "05:33+02:00", "05:33:60", "noon", "nan"]
)
def test_what_is_no_time_of_the_day(text):
    with pytest.raises(InputError, match="HH:MM in UTC was expected"):
        parse_utc(text)


HYP3 = "product,first,second,turned,baseline_m,utc_s,mean_coherence,valid_fraction\n"
FILES = {
    "hyp3.csv": (HYP3 + "A,20180113,20180125,n,1,19980.2,1,1\nB,20180125,20180206,n,1,19981.8,1,1\n", "05:33:01"),
    "snap.toml": ('frontend = "snap"\nmaster = "20180113"\nutc = "2018-01-13T05:33:24.123"\n', "05:33:24"),
    "isce_order.json": (json.dumps({"master": "20180113", "utc": "2018-01-13T05:33:24.500"}), "05:33:24"),
    "cslc.csv": (
        "# EPSG:32633, 20 × 30\n# burst 1\ndate,start\n20180113,2018-01-13T05:33:24.512345678\n20180125,2018-01-25 05:33:25.5\n",
        "05:33:24",
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("up", [0, 1, 2])
def test_projects_tell_when_the_satellite_passed(tmp_path, name, up):
    project = tmp_path / "a" / "b"
    project.mkdir(parents=True)
    (project, project.parent, tmp_path)[up].joinpath(name).write_text(FILES[name][0])
    found = find_overpass(None, project, DATES)
    assert found.clock == FILES[name][1] and name in found.source
    assert str(found.at(20180125)).startswith("2018-01-25T05:33") and not found.at_midnight
    assert find_overpass("06:00", project, DATES).clock == "06:00:00"


def test_images_on_both_sides_of_midnight(tmp_path):
    (tmp_path / "cslc.csv").write_text(
        "date,start_time\n20180113,2018-01-13 23:59:59\n20180125,2018-01-26 00:00:03\n20180206,2018-02-06T23:59:58\n"
    )
    found = find_overpass(None, tmp_path, DATES)
    assert found.clock == "00:00:00" and str(found.at(20180125)) == "2018-01-26T00:00:03" and not found.at_midnight
    assert str(found.at(20180113)) == "2018-01-13T23:59:59"
    assert find_overpass("00:00:30", tmp_path, DATES).at_midnight
    assert find_overpass("23:59:30", tmp_path, DATES).at_midnight


def test_files_of_other_projects_and_without_a_time_are_passed_over(tmp_path):
    (tmp_path / "snap.toml").write_text('master = "20190101"\nutc = "2019-01-01T17:00:00"\n')
    (tmp_path / "hyp3.csv").write_text(HYP3 + "A,20190113,20190125,n,1,61200,1,1\n")
    (tmp_path / "isce_order.json").write_text(json.dumps({"master": "20180113", "utc": None}))
    (tmp_path / "cslc.csv").write_text("date,valid\n20180113,1\n")
    with pytest.raises(
        InputError, match=r"does not tell when the satellite passes: give the time, in UTC.*--utc 05:33"
    ):
        find_overpass(None, tmp_path, DATES)
    (tmp_path / "isce_order.json").write_text(FILES["isce_order.json"][0])
    assert find_overpass(None, tmp_path, DATES).clock == "05:33:24"


@pytest.mark.parametrize(
    "name, text",
    [
        ("snap.toml", "utc = "),
        ("isce_order.json", "{"),
        ("hyp3.csv", HYP3 + "A,20180113,20180125,n,1,19980,1,1\nB,20180113,20180125,n,1,61200,1,1\n"),
        ("hyp3.csv", HYP3 + "\0\n"),
    ],
)
def test_files_that_cannot_be_understood(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=r"--utc") as caught:
        find_overpass(None, tmp_path, DATES)
    assert "\n" not in str(caught.value)

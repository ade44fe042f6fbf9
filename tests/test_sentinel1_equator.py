"""Data takes that cross the equator northwards: orbit and track change within the pass, and remain one acquisition."""

import datetime as dt
import re
import shutil

import pytest

from helpers.safe_products import dates_of, made_products, stack_settings
from stamps.errors import InputError
from stamps.frontends.sentinel1 import selection as selecting
from stamps.frontends.sentinel1.acquisitions import data_takes, read_products, read_scene
from stamps.frontends.sentinel1.annotation import Course
from stamps.frontends.sentinel1.area import read_area

#: North of Mount Kenya; the satellite crosses the equator while it takes the second of three slices.
SETTINGS = {"heading": -12.0, "centre_lat": 1.1, "centre_lon": 37.0, "n_images": 3}
SWATHS = ("IW1", "IW2", "IW3")
SOUTH, NORTH, BOTH = (37.0, 0.35, 37.2, 0.5), (36.7, 1.75, 36.9, 1.9), (36.9, 0.4, 37.1, 1.8)


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """Products of every kind of counting, with and without numbers of bursts, of a track and of the end of the cycle."""
    folder = tmp_path_factory.mktemp("equator")

    def made(node_times="slice", burst_ids=False, track=29):
        place = folder / f"{node_times}_{burst_ids}_{track}"
        if not place.is_dir():
            layout = {"node_times": node_times, "burst_ids": burst_ids, "track": track}
            made_products(place, stack_settings(**SETTINGS), swaths=SWATHS, slices=3, zipped=True, **layout)
        return place

    return made


def chosen(folder, area, **choices):
    """Selection that three dates are enough for."""
    return selecting.select(folder, area, min_dates=2, **choices)


def orbits_of(folder):
    """Orbits of the slices of the first date, as their manifests tell them."""
    found, broken = read_products(sorted(folder.iterdir())[:3])
    assert not broken
    return [(product.relative_orbit, product.crosses_node) for product in found], [p.absolute_orbit for p in found]


def only(source, target, kept):
    """Folder with the products of which ``kept(date, place)`` is true; places count the slices of a date from 0."""
    target.mkdir()
    names = sorted(path.name for path in source.iterdir())
    dates = sorted({re.search(r"\d{8}", name)[0] for name in names})
    for date in dates:
        for place, name in enumerate(name for name in names if f"_{date}T" in name):
            if kept(dates.index(date), place):
                shutil.copy(source / name, target / name)
    return target


def bursts_of(selection):
    return {swath: (min(numbers), len(numbers)) for swath, numbers in selection.burst_ids.items()}


def test_orbits_change_within_the_data_take(products):
    tracks, orbits = orbits_of(products())
    assert tracks == [(28, False), (28, True), (29, False)]
    assert orbits == [orbits[0], orbits[0], orbits[0] + 1]
    tracks, _ = orbits_of(products(track=1))
    assert tracks == [(175, False), (175, True), (1, False)]


@pytest.mark.parametrize(
    ("node_times", "burst_ids"), [("slice", False), ("burst", False), ("take", False), ("slice", True)]
)
@pytest.mark.parametrize("track", [29, 1])
def test_a_pass_across_the_node_is_one_acquisition(products, node_times, burst_ids, track):
    selection = chosen(products(node_times, burst_ids, track), read_area(BOTH))
    assert not selection.problems and not selection.left_out and len(selection.dates) == 3
    assert {len(one.slices) for one in selection.acquisitions} == {3}
    assert {one.relative_orbit for one in selection.acquisitions} == {(track - 2) % 175 + 1}
    assert {one.absolute_orbit - one.slices[-1].absolute_orbit for one in selection.acquisitions} == {-1}
    reference = chosen(products("slice", False, track), read_area(BOTH))
    assert selection.burst_ids == reference.burst_ids and selection.burst_range == reference.burst_range
    for date in selection.dates:
        for swath, (first, last) in selection.burst_range[date].items():
            assert last - first + 1 == len(selection.burst_ids[swath]) > 5


@pytest.mark.parametrize("track", [29, 1])
def test_numbers_and_times_go_on_beyond_the_node(products, track):
    for node_times in ("slice", "burst", "take"):
        take = data_takes(read_products(sorted(products(node_times, False, track).iterdir())[:3])[0])[0]
        scene, broken = read_scene(take, "VV", None, end_of_cycle=track == 1)
        assert not broken and len(scene.images) == 3
        for swath in SWATHS:
            bursts = scene.bursts(swath)
            assert [burst.number - bursts[0].number for burst in bursts] == list(range(12))
            assert bursts[0].since_node > 5900 and 0 <= bursts[-1].since_node < 30


def test_told_numbers_are_those_that_follow_from_times(products):
    told, computed = (chosen(products("slice", ids), read_area(BOTH)) for ids in (True, False))
    assert told.burst_ids == computed.burst_ids


@pytest.mark.parametrize("number", [28, 29])
def test_both_numbers_choose_the_track(products, number):
    selection = chosen(products(), read_area(BOTH), track=number)
    assert len(selection.dates) == 3 and {len(one.slices) for one in selection.acquisitions} == {3}


def test_another_track_is_told_from_the_pass(tmp_path):
    settings = stack_settings(**SETTINGS)
    made_products(tmp_path, settings, slices=3, zipped=True, track=29, other_track=dates_of(settings)[:2])
    with pytest.raises(
        InputError, match=r"28 and 29 ascending across the equator \(3 dates\), 43 and 44 ascending acr"
    ):
        chosen(tmp_path, read_area(BOTH))
    with pytest.raises(InputError, match=r"of track 30; there are: 28 and 29 ascending across the equator"):
        chosen(tmp_path, read_area(BOTH), track=30)
    for number, count in ((28, 3), (29, 3), (43, 2), (44, 2)):
        assert len(chosen(tmp_path, read_area(BOTH), track=number).dates) == count


@pytest.mark.parametrize(("area", "track", "places"), [(SOUTH, 28, {3, 4}), (NORTH, 29, {4, 5})])
def test_an_area_on_one_side_has_the_track_of_its_first_slice(products, area, track, places):
    selection = chosen(products(), read_area(area))
    assert len(selection.dates) == 3 and not selection.problems
    for one in selection.acquisitions:
        assert {piece.slice_number for piece in one.slices} <= places
        assert one.relative_orbit == one.slices[0].relative_orbit and one.relative_orbit in (28, track)


@pytest.mark.parametrize("node_times", ["slice", "burst", "take"])
@pytest.mark.parametrize("track", [29, 1])
def test_slices_after_the_node_only(products, tmp_path, node_times, track):
    """On all dates, or on some: the bursts are the same ones."""
    source, area = products(node_times, False, track), read_area((36.7, 1.85, 36.9, 1.95))
    whole = chosen(source, area)
    after = chosen(only(source, tmp_path / "after", lambda _, place: place == 2), area)
    mixed = chosen(only(source, tmp_path / "mixed", lambda date, place: place == 2 or date % 2), area)
    assert len(whole.dates) == len(after.dates) == len(mixed.dates) == 3
    assert mixed.burst_ids == whole.burst_ids
    assert {swath: count for swath, (_, count) in bursts_of(after).items()} == {
        swath: count for swath, (_, count) in bursts_of(whole).items()
    }
    if track == 29:
        assert after.burst_ids == whole.burst_ids
    assert {one.relative_orbit for one in after.acquisitions} == {track}
    for selection in (whole, mixed):
        assert all(one.relative_orbit == one.slices[0].relative_orbit for one in selection.acquisitions)
        assert not selection.left_out


def test_a_missing_slice_at_the_node_is_a_gap(products, tmp_path):
    folder = only(products(), tmp_path / "gap", lambda date, place: date != 1 or place != 1)
    selection = chosen(folder, read_area(BOTH))
    assert len(selection.dates) == 2
    assert ["slice 4 is missing" in sentence for sentence in selection.left_out.values()] == [True]


def test_the_same_slice_processed_twice(tmp_path):
    settings = stack_settings(**SETTINGS)
    made_products(tmp_path, settings, slices=3, track=29, duplicates=dates_of(settings)[:1])
    selection = chosen(tmp_path, read_area(BOTH))
    assert len(selection.dates) == 3 and {len(one.slices) for one in selection.acquisitions} == {3}
    assert sum("in a later processing" in warning for warning in selection.warnings) == 3


def test_time_within_a_revolution_decides_the_side():
    starts = [dt.datetime(2020, 1, 1) + dt.timedelta(seconds=2.758273 * k) for k in range(4)]
    period = 12 * 86400 / 175
    for track, crosses, times, first in (
        (28, True, [period - 4, period - 1.2, 1.5, 4.3], 28 * period - 4),
        (28, True, [period - 4, period - 1.2, period + 1.5, period + 4.3], 28 * period - 4),
        (28, True, [1.0, 3.8, 6.5, 9.3], 28 * period + 1.0),
        (29, False, [period + 40, period + 43, period + 45.5, period + 48.3], 28 * period + 40),
        (29, False, [-0.5, 2.3, 5.0, 7.8], 28 * period - 0.5),
        (29, False, [1000.0, 1002.76, 1005.5, 1008.3], 28 * period + 1000),
    ):
        found = Course(track, crosses).since_first_node(starts, times)
        assert found[0] == pytest.approx(first, abs=0.1)
        assert found[3] - found[0] == pytest.approx(3 * 2.758273, abs=1e-5)

"""Which dates, slices, bursts and subswaths of a folder are used, the master, and what is left out and why."""

import datetime as dt
import shutil
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from shapely import union_all

from helpers.safe_products import AREA, dates_of, made_products, stack_settings
from stamps.errors import InputError, ParameterError
from stamps.frontends.sentinel1.acquisitions import data_takes, gap_between, without_duplicates
from stamps.frontends.sentinel1.annotation import Course, read_annotation
from stamps.frontends.sentinel1.area import read_area
from stamps.frontends.sentinel1.containers import open_product
from stamps.frontends.sentinel1.coverage import Coverage, as_ranges, neighbouring
from stamps.frontends.sentinel1.master import best_master, choose_master, middle_date
from stamps.frontends.sentinel1.products import Product
from stamps.frontends.sentinel1.selection import select
from stamps.simulation.plan import plan_stack
from stamps.simulation.safe_files import write_orbit_files

DATES = dates_of(stack_settings())
SMALL, LONG = read_area(AREA), read_area((14.1, 40.45, 14.3, 41.1))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Products of two slices of three subswaths without faults; not to be changed."""
    folder = tmp_path_factory.mktemp("shared")
    made_products(folder, swaths=("IW1", "IW2", "IW3"), slices=2, zipped=True)
    return folder


def chosen(folder, area=LONG, *, settings=None, choices=None, **layout):
    """Selection from products that are written for it."""
    made_products(folder, settings, **{"slices": 2, **layout})
    return select(folder, area, **{"min_dates": 2, **(choices or {})})


def refusal(*args, error=InputError, **kw):
    with pytest.raises(error) as caught:
        select(*args, **kw)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---------------------------------------------------------------------- without faults


def test_all_dates_with_the_bursts_of_the_area(shared):
    selection = select(shared, SMALL)
    assert selection.dates == tuple(DATES) and not selection.left_out and not selection.problems
    assert selection.swaths == ("IW2",)
    assert [acquisition.relative_orbit for acquisition in selection.acquisitions] == [44] * 6
    first, last = selection.burst_range[DATES[0]]["IW2"]
    assert last - first + 1 == len(selection.burst_ids["IW2"]) == 3
    assert all(ranges == {"IW2": (first, last)} for ranges in selection.burst_range.values())
    assert selection.middle == DATES[3] and selection.utc.startswith("2018-") and 38 < selection.incidence < 40
    assert any("single-master processing wants about 20" in warning for warning in selection.warnings)
    assert selection.acquisition(DATES[2]).date == DATES[2]


def test_slices_without_bursts_of_the_area_are_not_assembled(shared):
    north = select(shared, read_area((14.1, 41.1, 14.3, 41.2)))
    assert {len(one.slices) for one in north.acquisitions} == {1}
    assert {one.slices[0].slice_number for one in north.acquisitions} == {3}
    whole = select(shared, LONG)
    assert {len(one.slices) for one in whole.acquisitions} == {2}


def test_places_of_bursts_count_over_the_assembled_product(shared):
    whole = select(shared, LONG)
    numbers = whole.burst_ids["IW2"]
    first, last = whole.burst_range[DATES[0]]["IW2"]
    assert numbers == tuple(range(numbers[0], numbers[0] + len(numbers))) and last - first + 1 == len(numbers)
    south = select(shared, read_area((14.1, 40.4, 14.3, 40.5)))
    assert south.burst_ids["IW2"][0] > numbers[0]
    only = {len(one.slices) for one in south.acquisitions}
    assert only == {1} and south.burst_range[DATES[0]]["IW2"][0] <= 4  # counted in the second slice alone


@pytest.mark.parametrize(
    ("area", "swaths"),
    [
        ((14.1, 40.7, 14.3, 40.9), ("IW2",)),
        ((13.3, 40.8, 13.9, 41.0), ("IW2", "IW3")),
        ((14.2, 40.7, 15.3, 40.8), ("IW1", "IW2")),
        ((13.2, 40.7, 15.3, 41.0), ("IW1", "IW2", "IW3")),
        ((15.2, 40.6, 15.4, 40.8), ("IW1",)),
    ],
)
def test_the_fewest_neighbouring_subswaths_that_cover_the_area(shared, area, swaths):
    selection = select(shared, read_area(area))
    assert selection.swaths == swaths == tuple(selection.burst_ids)
    assert not [warning for warning in selection.warnings if "of the area" in warning]
    for date in selection.dates:
        assert set(selection.burst_range[date]) == set(swaths)


def test_an_area_in_the_overlap_of_two_subswaths_needs_one(shared):
    """IW1 and IW2 overlap by two kilometres or so; what lies in there wholly is taken from one of them."""
    acquisition = select(shared, SMALL).acquisitions[0]
    with open_product(acquisition.slices[0].path) as container:
        parts = [
            union_all(
                [
                    Coverage(SMALL).polygon(burst.outline)
                    for burst in read_annotation(container, swath, "VV", Course(44)).bursts
                ]
            )
            for swath in ("IW1", "IW2")
        ]
    point = parts[0].intersection(parts[1]).representative_point()
    lon, lat = point.x, point.y
    selection = select(shared, read_area((lon - 1e-3, lat - 1e-3, lon + 1e-3, lat + 1e-3)))
    assert len(selection.swaths) == 1


def test_subswaths_that_are_asked_for(shared):
    wide = read_area((13.2, 40.7, 15.3, 41.0))
    assert select(shared, wide, swaths=["iw2", "IW3"]).swaths == ("IW2", "IW3")
    assert any("% of the area" in warning for warning in select(shared, wide, swaths=["IW2"]).warnings)
    assert "no neighbours" in refusal(shared, wide, swaths=["IW1", "IW3"])
    assert "No burst of IW3 lies in the area 14.1 40.7 14.3 40.9; it lies in IW2." in refusal(
        shared, SMALL, swaths=["IW2", "IW3"]
    )
    assert "No burst of IW3 of the products lies in" in refusal(shared, SMALL, swaths=["IW3"])
    assert "No burst of IW1 and IW3" in refusal(shared, SMALL, swaths=["IW1", "IW3"])
    assert "none of IW1, IW2, IW3" in refusal(shared, SMALL, swaths=["IW4"], error=ParameterError)


def test_bursts_that_are_asked_for(shared):
    numbers = select(shared, LONG).burst_ids["IW2"]
    selection = select(shared, SMALL, bursts=[numbers[-1], numbers[-2]])
    assert selection.burst_ids == {"IW2": (numbers[-2], numbers[-1])}
    assert "do not follow each other" in refusal(shared, SMALL, bursts=[numbers[0], numbers[2]])
    assert "No product has the bursts 7" in refusal(shared, SMALL, bursts=[7])
    north = select(shared, read_area((14.1, 41.1, 14.3, 41.2))).burst_ids["IW2"]
    assert "None of the bursts" in refusal(shared, read_area((14.1, 40.4, 14.3, 40.45)), bursts=[north[0]])


def test_the_exact_area_needs_fewer_bursts_than_its_envelope(shared):
    text = "POLYGON((14.1 40.45,14.3 40.45,14.3 40.5,14.12 40.5,14.12 40.52,14.1 40.52,14.1 40.45))"
    exact = select(shared, read_area(text, exact=True))
    diagonal = select(
        shared, read_area("POLYGON((13.3 40.95,15.3 40.55,15.3 40.56,13.3 40.96,13.3 40.95))", exact=True)
    )
    envelope = select(shared, read_area((13.3, 40.55, 15.3, 40.96)))
    assert sum(map(len, diagonal.burst_ids.values())) < sum(map(len, envelope.burst_ids.values()))
    assert exact.swaths == ("IW2",)


def test_a_warning_where_the_area_sticks_out(shared):
    selection = select(shared, read_area((14.1, 38.0, 14.3, 40.9)))
    assert any("% of the area in IW2" in warning for warning in selection.warnings)


def test_an_area_elsewhere(shared):
    assert "No product lies over the area 80 10 81 11." in refusal(shared, read_area((80, 10, 81, 11)))
    sentence = refusal(shared, read_area((40.7, 14.1, 40.9, 14.3)))
    assert "if longitude and latitude were exchanged" in sentence
    assert "No burst of the products lies in the area" in refusal(shared, read_area((14.1, 39.4, 14.2, 39.5)))


@pytest.mark.parametrize("polarisation", ["VV", "vh"])
def test_the_polarisation(shared, polarisation):
    assert len(select(shared, SMALL, polarisation=polarisation).dates) == 6


def test_a_polarisation_that_is_none(shared):
    assert "none of VV, HH" in refusal(shared, SMALL, polarisation="VX", error=ParameterError)
    assert "has no HH, only VV, VH" in refusal(shared, SMALL, polarisation="HH")


def test_products_one_by_one(shared):
    paths = sorted(shared.iterdir())
    assert select(paths, SMALL) == select(shared, SMALL) == select([shared, *paths], SMALL)


def test_across_the_antimeridian(tmp_path):
    settings = stack_settings(centre_lon=179.99, centre_lat=-17.0)
    selection = chosen(tmp_path, read_area((179.9, -17.1, -179.95, -16.9)), settings=settings)
    assert len(selection.dates) == 6 and not selection.problems
    assert not [warning for warning in selection.warnings if "of the area" in warning]


@pytest.mark.parametrize(("lat", "heading"), [(70.0, -13.0), (-60.0, -166.6), (0.1, -13.0)])
def test_elsewhere_on_the_earth(tmp_path, lat, heading):
    settings = stack_settings(centre_lat=lat, heading=heading)
    selection = chosen(tmp_path, read_area((14.15, lat - 0.05, 14.25, lat + 0.05)), settings=settings)
    assert len(selection.dates) == 6
    assert selection.acquisitions[0].passing == ("ASCENDING" if heading == -13 else "DESCENDING")


# ---------------------------------------------------------------------- faults, each by date and cause


def test_a_missing_burst(tmp_path):
    selection = chosen(tmp_path, missing_bursts={DATES[1]: (4,)})
    assert DATES[1] not in selection.dates and len(selection.dates) == 5
    number = selection.burst_ids["IW2"][list(range(*span(selection))).index(4)]
    assert selection.left_out == {DATES[1]: f"It lacks bursts {number} of IW2."}


def span(selection):
    first, last = next(iter(selection.burst_range.values()))["IW2"]
    return first - 1, last


def test_a_missing_slice_between_two(tmp_path):
    selection = chosen(tmp_path, slices=3, bursts=2, missing_slices={DATES[2]: (1,)})
    sentence = selection.left_out[DATES[2]]
    assert "It lacks bursts" in sentence and "slice 4 is missing" in sentence and "a gap of" in sentence


def test_a_missing_slice_at_the_end(tmp_path):
    selection = chosen(tmp_path, missing_slices={DATES[2]: (1,)})
    assert selection.left_out[DATES[2]].startswith("It lacks bursts") and DATES[2] not in selection.dates


def test_a_missing_slice_elsewhere_does_not_matter(tmp_path):
    selection = chosen(tmp_path, read_area((14.1, 41.1, 14.3, 41.2)), missing_slices={DATES[2]: (1,)})
    assert len(selection.dates) == 6 and not selection.left_out


def test_incomplete_dates_on_demand(tmp_path):
    choices = {"allow_incomplete": True}
    selection = chosen(tmp_path, missing_slices={DATES[2]: (1,)}, choices=choices)
    assert len(selection.dates) == 6 and selection.master != DATES[2]
    assert any(warning.startswith(f"{DATES[2]} is incomplete: it lacks bursts") for warning in selection.warnings)
    partial, whole = selection.burst_range[DATES[2]]["IW2"], selection.burst_range[DATES[1]]["IW2"]
    assert partial[0] == whole[0] and partial[1] < whole[1]


def test_duplicates_are_told_and_the_later_processing_counts(tmp_path):
    selection = chosen(tmp_path, duplicates=(DATES[0],))
    assert len(selection.dates) == 6
    told = [warning for warning in selection.warnings if "holds the same slice in a later processing" in warning]
    assert len(told) == 2 and all(warning.startswith(DATES[0]) for warning in told)
    normal, later = (selection.acquisition(date).slices[0] for date in DATES[1::-1])
    assert later.processed - later.start > dt.timedelta(days=300) > normal.processed - normal.start


def test_the_same_product_as_zip_and_folder(tmp_path):
    made_products(tmp_path / "zips", zipped=True)
    made_products(tmp_path / "folders")
    selection = select(tmp_path, SMALL)
    assert len(selection.dates) == 6
    assert sum("holds the same slice." in warning for warning in selection.warnings) == 6


def test_several_tracks_are_listed(tmp_path):
    made_products(tmp_path, other_track=(DATES[0], DATES[3]))
    sentence = refusal(tmp_path, SMALL)
    assert "44 descending (6 dates), 59 descending (2 dates)" in sentence and "--track" in sentence
    assert select(tmp_path, SMALL, track=44).dates == tuple(DATES)
    assert len(select(tmp_path, SMALL, track=59).dates) == 2
    assert "none of" in refusal(tmp_path, SMALL, track=1) or "of track 1" in refusal(tmp_path, SMALL, track=1)


def test_a_track_far_away_does_not_matter(tmp_path):
    made_products(tmp_path / "here")
    made_products(tmp_path / "there", stack_settings(centre_lon=30.0), track=7)
    assert len(select(tmp_path, SMALL).dates) == 6


def test_stripmap_and_tops_are_not_mixed(tmp_path):
    made_products(tmp_path / "a")
    made_products(tmp_path / "b", swaths=("S3",))
    assert "of the modes IW and SM" in refusal(tmp_path, SMALL)


def test_a_missing_polarisation(tmp_path):
    selection = chosen(tmp_path, missing_polarisation=(DATES[3],))
    assert list(selection.left_out) == [DATES[3]] and "has no VV, only VH" in selection.left_out[DATES[3]]


@pytest.mark.parametrize("zipped", [False, True])
def test_a_truncated_product(tmp_path, zipped):
    selection = chosen(tmp_path, zipped=zipped, truncated=(DATES[4],))
    assert DATES[4] not in selection.dates
    sentence = selection.left_out[DATES[4]]
    assert "It lacks bursts" in sentence and "download the product again" in sentence


def test_an_annotation_that_is_missing_costs_its_subswath_only(tmp_path):
    made = made_products(tmp_path, swaths=("IW1", "IW2", "IW3"))
    for path in (made[DATES[2]][0] / "annotation").glob("*iw1*"):
        path.unlink()
    narrow = select(tmp_path, SMALL)
    assert len(narrow.dates) == 6 and any("iw1-slc-vv" in warning for warning in narrow.warnings)
    wide = select(tmp_path, read_area((14.2, 40.7, 15.3, 40.8)))
    sentence = wide.left_out[DATES[2]]
    assert len(wide.dates) == 5 and sentence.startswith("It lacks bursts") and "iw1-slc-vv" in sentence


def test_products_without_the_subswath_that_is_asked_for(tmp_path):
    made = made_products(tmp_path / "a", swaths=("IW2",))
    sentence = refusal(tmp_path, SMALL, swaths=["IW3"])
    assert "can be used. No burst of IW3 is in S1A_IW" in sentence and "only those of IW2" in sentence
    shutil.rmtree(made[DATES[0]][0])
    settings_ = stack_settings(n_images=3)  # the first three dates again, in three subswaths
    made_products(tmp_path / "b", settings_, swaths=("IW1", "IW2", "IW3"), track=45)
    wide = read_area((13.3, 40.8, 13.7, 41.0))
    assert len(select(tmp_path, wide, track=45, swaths=["IW3"]).dates) == 3


def test_only_broken_products(tmp_path):
    made_products(tmp_path, stack_settings(n_images=3), zipped=True, truncated=dates_of(stack_settings(n_images=3)))
    assert "None of the 3 products can be read" in refusal(tmp_path, SMALL)


@pytest.mark.parametrize("slices", [1, 2])
def test_midnight_does_not_cut_an_acquisition(tmp_path, slices):
    """Dates are those on which the first slice begins; slices of the next day belong to them."""
    made = made_products(tmp_path, slices=slices, midnight=True)
    selection = select(tmp_path, LONG)
    assert selection.dates == tuple(DATES) and not selection.left_out
    days = {(one.slices[0].start.day, one.slices[-1].stop.day) for one in selection.acquisitions}
    assert all(first != last for first, last in days) and len(made[DATES[0]]) == slices


def test_the_date_is_that_of_the_first_slice_that_is_used(tmp_path):
    made_products(tmp_path, slices=2, midnight=True)
    selection = select(tmp_path, read_area((14.1, 40.4, 14.3, 40.5)))
    assert {len(one.slices) for one in selection.acquisitions} == {1}
    assert [one.date for one in selection.acquisitions] == [f"{one.start:%Y%m%d}" for one in selection.acquisitions]
    assert not set(selection.dates) & set(DATES)  # the day after


def test_platforms_are_mixed(tmp_path):
    selection = chosen(tmp_path, platforms=("S1A", "S1B", "S1C"))
    assert [one.platform for one in selection.acquisitions] == ["S1A", "S1B", "S1C"] * 2


def test_slices_that_overlap_are_resolved_or_refused(tmp_path):
    """The same data take cut in another way, too: the later processing is enough, so the earlier is not assembled."""
    made_products(tmp_path / "a", slices=2, bursts=4)
    made_products(tmp_path / "b", slices=1, bursts=8, burst_ids=False)
    selection = select(tmp_path, LONG)
    assert len(selection.dates) == 6 and not selection.left_out
    for acquisition in selection.acquisitions:
        starts = [product.start for product in acquisition.slices]
        assert len(starts) == len(set(starts))


def test_too_few_dates_are_a_problem(tmp_path):
    selection = chosen(tmp_path, missing_polarisation=DATES[:3], choices={"min_dates": 5})
    assert any("3 dates remain" in problem and "at least 5" in problem for problem in selection.problems)


def test_all_problems_stand_together(tmp_path):
    made_products(tmp_path, missing_polarisation=DATES[:3])
    selection = select(tmp_path, SMALL, master=DATES[0])
    assert len(selection.problems) == 2
    assert any(f"The master {DATES[0]} cannot be used." in p and "has no VV" in p for p in selection.problems)


@given(st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=6, max_size=6), st.booleans())
@hypothesis.settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_date_is_kept_exactly_if_it_has_all_bursts(tmp_path, missing, burst_ids):
    """Bursts are left out at random; what is kept, and what its places are, is worked out from what was left out."""
    shutil.rmtree(tmp_path / "slc", ignore_errors=True)
    gone = dict(zip(DATES, missing, strict=True))
    made_products(tmp_path / "slc", slices=2, missing_bursts=gone, burst_ids=burst_ids)
    selection = select(tmp_path / "slc", LONG, min_dates=1)
    needed = set(selection.burst_ids["IW2"])
    first = 93192 - 4  # the number of burst 0 of the simulator's here
    held = {date: {first + burst for burst in range(8) if burst not in gone[date]} for date in DATES}
    assert set(selection.dates) == {date for date in DATES if needed <= held[date]}
    assert needed <= held[selection.master]
    for date in set(DATES) - set(selection.dates):
        assert as_ranges(needed - held[date]) in selection.left_out[date]
    for acquisition in selection.acquisitions:
        low, high = selection.burst_range[acquisition.date]["IW2"]
        assert high - low + 1 == len(needed)


# ---------------------------------------------------------------------- stripmap


def test_stripmap(tmp_path):
    selection = chosen(tmp_path, SMALL, swaths=("S3",), slices=2)
    assert selection.swaths == ("S3",) and len(selection.dates) == 6
    assert all(not ranges for ranges in selection.burst_range.values()) and selection.burst_ids == {}
    truth = baselines_of(stack_settings(), selection)
    assert np.allclose(list(selection.baselines.values()), truth, atol=1.0)


def test_a_stripmap_date_that_covers_less(tmp_path):
    area = read_area((14.1, 40.1, 14.3, 41.5))
    selection = chosen(tmp_path, area, swaths=("S3",), slices=3, missing_slices={DATES[1]: (2,), DATES[2]: (1,)})
    assert set(selection.left_out) == {DATES[1], DATES[2]}
    assert "% of the area" in selection.left_out[DATES[1]] and "slice 4 is missing" in selection.left_out[DATES[2]]


# ---------------------------------------------------------------------- baselines and the master


def baselines_of(settings, selection):
    acquisitions = plan_stack(settings).acquisitions
    places = [acquisitions.names.index(date) for date in selection.dates]
    return acquisitions.bperp[places] - acquisitions.bperp[acquisitions.names.index(selection.master)]


@pytest.mark.parametrize("seed", range(4))
def test_baselines_are_within_a_metre_of_the_truth(tmp_path, seed):
    settings = stack_settings(seed=seed, sigma_bperp=120.0, n_images=9)
    truth = plan_stack(settings).acquisitions
    made_products(tmp_path, settings)
    area = read_area((14.15, 40.75, 14.25, 40.85))
    selection = select(tmp_path, area, master=truth.master_name)
    assert selection.master == truth.master_name
    assert np.abs(np.array(list(selection.baselines.values())) - truth.bperp).max() < 1.0
    automatic = select(tmp_path, area)
    expected = best_master(truth.names, dict(zip(truth.names, truth.bperp, strict=True)), truth.names)
    assert automatic.master == expected


def test_orbit_files_count_more_than_annotations(tmp_path):
    """Orbit files of another seed have other baselines; the dates are the same where there is nothing to draw."""
    settings = stack_settings()
    made_products(tmp_path / "slc", settings)
    files = write_orbit_files(tmp_path / "orbits", settings)
    plain = select(tmp_path / "slc", SMALL, master=DATES[0])
    same = select(tmp_path / "slc", SMALL, master=DATES[0], orbit_dir=tmp_path / "orbits")
    assert np.allclose(list(plain.baselines.values()), list(same.baselines.values()), atol=1e-2)
    moved = files[DATES[2]]
    text = moved.read_text()
    x = text.split('<X unit="m">')[1].split("<")[0]
    shifted = "".join(
        part if k == 0 else f'<X unit="m">{float(part.split("<")[0]) + 500:.6f}<{part.split("<", 1)[1]}'
        for k, part in enumerate(text.split('<X unit="m">'))
    )
    assert x in text and x not in shifted
    moved.write_text(shifted)
    other = select(tmp_path / "slc", SMALL, master=DATES[0], orbit_dir=tmp_path / "orbits")
    assert abs(other.baselines[DATES[2]] - plain.baselines[DATES[2]]) > 50
    assert other.baselines[DATES[1]] == pytest.approx(plain.baselines[DATES[1]], abs=1e-2)
    moved.write_text("nothing")
    broken = select(tmp_path / "slc", SMALL, master=DATES[0], orbit_dir=tmp_path / "orbits")
    assert any(w.startswith(f"{DATES[2]}: the orbit of the annotation is taken") for w in broken.warnings)
    assert broken.baselines[DATES[2]] == pytest.approx(plain.baselines[DATES[2]])


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("first", 0),
        ("LAST", 5),
        ("middle", 3),
        ("1", 0),
        ("6", 5),
        (DATES[2], 2),
        ("2018-02-13", DATES.index("20180213")),
    ],
)
def test_masters_that_are_asked_for(shared, wanted, index):
    selection = select(shared, SMALL, master=wanted)
    assert selection.master == DATES[index] and not selection.problems
    assert selection.baselines[DATES[index]] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("wanted", ["20990101", "7", "0", "best", "", "2018"])
def test_masters_that_do_not_exist_are_a_problem_and_nothing_else_is_lost(shared, wanted):
    selection = select(shared, SMALL, master=wanted)
    assert len(selection.problems) == 1 and len(selection.dates) == 6
    assert selection.master == select(shared, SMALL).master


def test_a_master_without_all_bursts_decides_about_what_is_needed(tmp_path):
    made_products(tmp_path, slices=2, missing_slices={DATES[2]: (1,)})
    selection = select(tmp_path, LONG, master=DATES[2])
    assert selection.master == DATES[2] and len(selection.dates) == 6
    assert any(warning.startswith(f"The master {DATES[2]} does not have all") for warning in selection.warnings)
    assert select(tmp_path, LONG).master != DATES[2]


def test_first_is_the_first_that_is_complete(tmp_path):
    made_products(tmp_path, slices=2, missing_slices={DATES[0]: (1,)})
    assert select(tmp_path, LONG, master="first").master == DATES[1]


@pytest.mark.parametrize("weights", [(0, 1100), (1825, -1), (float("nan"), 1), (1, 2, 3)])
def test_weights_are_two_positive_numbers(shared, weights):
    assert "two positive numbers" in refusal(shared, SMALL, weights=weights, error=ParameterError)


def test_the_best_master_by_hand():
    """Three dates; the sums of expected coherences are worked out on paper."""
    dates, metres = ["20200101", "20200111", "20200131"], {"20200101": 0.0, "20200111": 50.0, "20200131": -50.0}
    # days 0, 10, 30 of 100; metres of 100: 0.9·0.5 + 0.7·0.5 = 0.8; 0.9·0.5 + 0.8·0 = 0.45; 0.7·0.5 + 0 = 0.35
    assert best_master(dates, metres, dates, (100, 100)) == "20200101"
    assert best_master(dates, metres, dates[1:], (100, 100)) == "20200111"
    assert best_master(dates, dict.fromkeys(dates, 0.0), dates, (100, 100)) == "20200111"


def test_ties_go_to_the_middle_then_to_the_earlier():
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=12 * k) for k in range(6)]
    dates = [f"{day:%Y%m%d}" for day in days]
    flat = dict.fromkeys(dates, 0.0)
    assert best_master(dates, flat, dates, (1, 1100)) == dates[2]  # nothing correlates: all sums are equal
    assert best_master(dates, flat, dates) == dates[2]
    assert middle_date(dates) == dates[3] and middle_date(dates[:5]) == dates[2]


@given(
    st.lists(st.integers(0, 2000), min_size=2, max_size=12, unique=True),
    st.randoms(use_true_random=False),
    st.floats(10, 3000),
    st.floats(10, 2000),
)
def test_the_best_master_has_the_largest_sum(days, random, days_limit, metres_limit):
    dates = [f"{dt.date(2015, 1, 1) + dt.timedelta(days=day):%Y%m%d}" for day in days]
    metres = {date: random.uniform(-300, 300) for date in dates}

    def total(i):
        return sum(
            max(0, 1 - abs(days[i] - days[k]) / days_limit)
            * max(0, 1 - abs(metres[dates[i]] - metres[dates[k]]) / metres_limit)
            for k in range(len(days))
        )

    best = best_master(dates, metres, dates, (days_limit, metres_limit))
    assert total(dates.index(best)) == pytest.approx(max(map(total, range(len(days)))), abs=1e-8)


def test_positions_and_words_of_masters():
    dates, flat = ["20200113", "20200101"], {"20200113": 0.0, "20200101": 0.0}
    assert choose_master("2", dates, flat, dates, (1825, 1100)) == "20200113"
    with pytest.raises(ParameterError, match="from 1 to 2"):
        choose_master("3", dates, flat, dates, (1825, 1100))


# ---------------------------------------------------------------------- parts


def product_of(start, *, number=1, orbit=100, take=5, processed=0, seconds=25, name="S1A_x"):
    begin = dt.datetime(2020, 1, 3) + dt.timedelta(seconds=start)
    return Product(
        path=Path(f"{name}.zip"), name=name, platform="S1A", mode="IW", absolute_orbit=orbit, relative_orbit=28,
        passing="ASCENDING", data_take=take, polarisations=("VV",), swaths=("IW1",), slice_number=number, total_slices=9,
        start=begin, stop=begin + dt.timedelta(seconds=seconds), processed=dt.datetime(2020, 2, 1 + processed), software="1",
        footprint=((0, 0), (1, 0), (1, 1)),
    )  # fmt: skip


def test_duplicates_start_within_a_second():
    a, b, c = product_of(0, processed=0), product_of(0.9, processed=1), product_of(2.0, processed=2)
    kept, dropped = without_duplicates([a, b, c])
    assert set(kept) == {b, c} and len(dropped) == 1
    other_take = product_of(0.5, take=6)
    assert set(without_duplicates([a, other_take])[0]) == {a, other_take}


def test_data_takes_of_a_day_are_acquisitions_of_their_own():
    takes = data_takes([product_of(86399, number=2), product_of(86374, number=1), product_of(10, take=9)])
    assert [(one.date, len(one.slices)) for one in takes] == [("20200103", 1), ("20200103", 2)]
    assert takes[1].stop.day == 4


@pytest.mark.parametrize(
    ("starts", "numbers", "said"),
    [
        ((0, 24.5), (1, 2), ""),
        ((0, 25.9), (1, 2), ""),
        ((0, 26.1), (1, 2), "a gap of 1.1 s after 00:00:25"),
        ((0, 75), (3, 6), "a gap of 50.0 s after 00:00:25: slice 4, 5 is missing"),
        ((0, 50), (None, None), "a gap of 25.0 s"),
    ],
)
def test_gaps(starts, numbers, said):
    found = gap_between([product_of(start, number=number) for start, number in zip(starts, numbers, strict=True)])
    assert (said in found) if said else found == ""


@given(st.sets(st.integers(-50, 50), max_size=20))
def test_ranges_hold_all_numbers(numbers):
    text = as_ranges(number + 100 for number in numbers)
    back = set()
    for part in filter(None, text.split(", ")):
        first, _, last = part.partition("-")
        back |= set(range(int(first), int(last or first) + 1))
    assert back == {number + 100 for number in numbers}


def test_neighbours():
    assert neighbouring(["IW1", "IW2", "IW3"]) and neighbouring(["IW3"]) and not neighbouring(["IW1", "IW3"])


def test_one_product_alone_is_a_problem(tmp_path):
    made_products(tmp_path / "all", stack_settings(n_images=3))
    one = sorted((tmp_path / "all").iterdir())[0]
    shutil.copytree(one, tmp_path / "one" / one.name)
    selection = select(tmp_path / "one", SMALL)
    assert len(selection.dates) == 1
    assert "1 date remains" in selection.problems[0]

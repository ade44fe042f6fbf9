"""What takes no part in a choice: dates that are left out, orbits that are not known, slices that are half read."""

import numpy as np
import pytest

from helpers.safe_products import changed_zip, dates_of, made_products, replaced, stack_settings
from stamps.errors import InputError
from stamps.frontends.sentinel1 import overpasses as passing
from stamps.frontends.sentinel1.area import read_area
from stamps.frontends.sentinel1.master import best_master
from stamps.frontends.sentinel1.selection import select

DATES = dates_of(stack_settings())
SMALL, LONG = read_area((14.1, 40.7, 14.3, 40.9)), read_area((14.1, 40.45, 14.3, 41.1))
BOTH = read_area((14.2, 40.45, 15.3, 41.1))  # IW1 and IW2, both slices


def chosen(folder, area=SMALL, **choices):
    return select(folder, area, **{"min_dates": 2, **choices})


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """Six dates of two slices and two subswaths; not to be changed."""
    folder = tmp_path_factory.mktemp("products")
    made_products(folder, swaths=("IW1", "IW2", "IW3"), slices=2, zipped=True)
    return folder


# ---------------------------------------------------------------------- dates that are left out


def test_a_date_that_is_left_out_is_neither_master_nor_counted(products):
    free = chosen(products)
    without = chosen(products, exclude=[free.master], min_dates=6)
    assert free.master not in without.dates and without.master != free.master
    assert without.left_out == {free.master: "left out as you said."}
    assert without.problems[0].startswith("5 dates remain")
    assert abs(without.baselines[without.master]) < 1e-6 and free.master not in without.baselines
    with pytest.raises(InputError, match="All dates .* are left out"):
        chosen(products, exclude=DATES)


def test_a_date_that_is_left_out_forces_no_bursts(tmp_path):
    """One date alone has the second slice: without it the others have all that is needed."""
    made = made_products(tmp_path, slices=2, zipped=True)
    for date in DATES[1:]:
        made[date][1].unlink()
    assert set(chosen(tmp_path, LONG).dates) == {DATES[0]}
    without = chosen(tmp_path, LONG, exclude=[DATES[0]])
    assert without.dates == tuple(DATES[1:]) and set(without.left_out) == {DATES[0]}


def test_a_date_that_only_shows_with_the_slices_used_can_be_left_out(tmp_path):
    made_products(tmp_path, slices=2, midnight=True, zipped=True)
    south = read_area((14.1, 40.4, 14.3, 40.5))
    free = chosen(tmp_path, south)
    assert free.dates[1] not in DATES
    assert chosen(tmp_path, south, exclude=[free.dates[1]]).dates == (free.dates[0], *free.dates[2:])


# ---------------------------------------------------------------------- annotations that cannot be read


@pytest.mark.parametrize("allow", [False, True])
def test_bursts_of_a_subswath_are_not_counted_from_its_second_slice(products, tmp_path, allow):
    """IW1 cannot be read in one slice, IW2 can: the assembled product would have bursts of IW1 that nobody has counted."""
    for path in products.iterdir():
        (tmp_path / path.name).symlink_to(path)
    early = sorted(path for path in tmp_path.iterdir() if f"_{DATES[2]}T" in path.name)[0]
    source = early.resolve()
    early.unlink()
    changed_zip(source, early, replaced("-iw1-slc-vv-", "<burstList", "<burstLost"))
    selection = chosen(tmp_path, BOTH, allow_incomplete=allow, master=DATES[0])
    assert selection.swaths == ("IW1", "IW2")
    whole = selection.burst_ids
    if not allow:
        assert "lacks bursts" in selection.left_out[DATES[2]] and len(selection.dates) == 5
        return
    assert [one.path.name for one in selection.acquisition(DATES[2]).slices] != [early.name]
    assert len(selection.acquisition(DATES[2]).slices) == 1
    later = chosen([path for path in tmp_path.iterdir() if path != early], BOTH, allow_incomplete=True, master=DATES[0])
    assert later.burst_ids == whole and later.burst_range[DATES[2]] == selection.burst_range[DATES[2]]


def test_no_slice_that_can_be_read_whole_is_no_date(products, tmp_path):
    for path in products.iterdir():
        (tmp_path / path.name).symlink_to(path)
    for swath, path in zip("12", sorted(one for one in tmp_path.iterdir() if f"_{DATES[2]}T" in one.name), strict=True):
        source = path.resolve()
        path.unlink()
        changed_zip(source, path, replaced(f"-iw{swath}-slc-vv-", "<burstList", "<burstLost"))
    assert DATES[2] in chosen(tmp_path, BOTH, allow_incomplete=True, master=DATES[0]).left_out


# ---------------------------------------------------------------------- orbits that are not known


def test_an_unknown_baseline_neither_wins_nor_adds():
    dates = ["20200101", "20200111", "20200121", "20200131", "20200210"]
    metres = dict(zip(dates, (90.0, 80.0, 0.0, 70.0, 60.0), strict=True))
    assert best_master(dates, metres, dates, (100, 100)) == "20200131"
    unknown = {**metres, "20200121": np.nan}
    assert best_master(dates, unknown, dates, (100, 100)) in ("20200111", "20200131")
    for value in (0.0, 75.0):  # whatever it may be, the others' sums do not hang on it
        rest = [date for date in dates if date != "20200121"]
        assert best_master(dates, unknown, dates, (100, 100)) == best_master(rest, metres, rest, (100, 100)), value
    assert best_master(dates, {**metres, "20200131": np.nan}, ["20200131"], (100, 100)) == "20200131"
    assert best_master(dates, dict.fromkeys(dates, np.nan), dates, (100, 100)) == "20200121"


def test_a_date_without_orbit_is_passed_over_and_that_is_said(products, monkeypatch):
    free, real = chosen(products), passing.overpass

    def broken(vectors, middle, *place):
        if f"{middle:%Y%m%d}" == free.master:
            raise InputError("Its orbit ends before.")
        return real(vectors, middle, *place)

    monkeypatch.setattr(passing, "overpass", broken)
    found = chosen(products)
    assert found.master != free.master and free.master in found.dates
    said = next(one for one in found.warnings if one.startswith(f"{free.master}: its baseline is not known"))
    assert said.endswith("so the choice of the master (auto) passes it over. Its orbit ends before.")

"""Repairs by hand: cycles and closest wraps add up, are undone to the state before, or begin anew."""

import numpy as np
import pytest

from helpers import finished_project as finished
from stamps.errors import InputError, NoPixelsError
from stamps.legacy.sb_fix_unwrap_manual_new import sb_fix_unwrap_manual_new as fix
from stamps.workspace.parameters import Parameters

WEST = [[13, 39], [14.01, 39], [14.01, 41], [13, 41]]
EAST = [[14.01, 39], [15, 39], [15, 41], [14.01, 41]]
TURN = 2 * np.pi
NAMES = ("phuw_sb2", "phuw2", "phuw_sb_res2")


@pytest.fixture
def ws(tmp_path):
    return finished.small_baselines(tmp_path)


def phases(ws):
    return ws.load("phuw_sb2")["ph_uw"].astype(float)


def west_of(ws):
    return ws.load("ps2")["lonlat"][:, 0] < 14.01


def test_changes_add_up_and_the_last_one_is_undone(ws):
    original, west = phases(ws), west_of(ws)
    assert fix(4, WEST, -2, workdir=ws) == west.sum()
    once, files = phases(ws), {name: ws.file(f"{name}.mat").read_bytes() for name in NAMES}
    np.testing.assert_allclose(once[west, 3] - original[west, 3], -2 * TURN, atol=1e-5)
    fix(4, WEST, 5, workdir=ws)
    np.testing.assert_allclose(phases(ws)[west, 3] - original[west, 3], 3 * TURN, atol=1e-5)
    np.testing.assert_array_equal(np.delete(phases(ws), 3, axis=1), np.delete(original, 3, axis=1))
    np.testing.assert_array_equal(ws.load("phuw_sb2_original")["ph_uw"], original)
    assert fix(undo=True, workdir=ws) == 0
    assert {name: ws.file(f"{name}.mat").read_bytes() for name in NAMES} == files
    with pytest.raises(InputError, match="Nothing can be undone"):
        fix(undo=True, workdir=ws)


def test_reset_begins_with_the_phases_before_the_first_change(ws):
    original, west = phases(ws), west_of(ws)
    fix(4, WEST, -2, workdir=ws)
    fix(5, WEST, 1, reset=True, workdir=ws)
    np.testing.assert_array_equal(phases(ws)[:, 3], original[:, 3])
    np.testing.assert_allclose(phases(ws)[west, 4] - original[west, 4], TURN, atol=1e-5)
    assert fix(reset=True, workdir=ws) == west.sum()
    np.testing.assert_array_equal(phases(ws), original)


def test_closest_wrap_of_known_errors(ws):
    """Whole cycles that were added at random to one half come off again."""
    content, west = ws.load("phuw_sb2"), west_of(ws)
    rng = np.random.default_rng(3)
    truth = rng.normal(0, 0.3, content["ph_uw"].shape)
    cycles = rng.integers(-4, 5, truth.shape) * west[:, None]
    ws.save("phuw_sb2", {"ph_uw": (truth + TURN * cycles).astype(np.float32), "msd": content["msd"]})
    assert fix(2, WEST, reference_polygon=EAST, workdir=ws) == np.count_nonzero(cycles[:, 1])
    np.testing.assert_allclose(phases(ws)[:, 1], truth[:, 1], atol=1e-5)
    assert np.abs(phases(ws)[:, 2] - truth[:, 2]).max() > 6
    Parameters(ws).set("drop_ifg_index", np.array([3.0]))
    fix(polygon=WEST, cycles="inf", reference_polygon=EAST, all=True, workdir=ws)
    np.testing.assert_allclose(phases(ws), truth, atol=1e-5)  # the dropped one, too


def test_an_interferogram_without_reference_stays(ws):
    content, west = ws.load("phuw_sb2"), west_of(ws)
    content["ph_uw"][~west, 0] = np.nan
    content["ph_uw"][np.flatnonzero(west)[0], 1] = np.nan
    ws.save("phuw_sb2", {"ph_uw": content["ph_uw"], "msd": content["msd"]})
    fix(polygon=WEST, reference_polygon=EAST, all=True, workdir=ws)
    np.testing.assert_array_equal(phases(ws)[:, 0], content["ph_uw"][:, 0])
    assert np.isnan(phases(ws)).sum() == np.isnan(content["ph_uw"]).sum()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "sentence"),
    [
        ((12, WEST, 1), {}, InputError, "there are 11"),
        ((0, WEST, 1), {}, InputError, "does not exist"),
        ((3, WEST, 1), {}, InputError, "is dropped"),
        ((None, WEST, 1), {}, InputError, "which interferogram"),
        ((1, WEST, 0.5), {}, InputError, "whole number"),
        ((1, WEST, 0), {}, InputError, "other than 0"),
        ((1, WEST, "many"), {}, InputError, "no number of cycles"),
        ((1, WEST[:2], 1), {}, InputError, "polygon needs at least three"),
        ((1, None, 1), {}, InputError, "polygon needs at least three"),
        ((1, WEST), {}, InputError, "reference polygon needs"),
        ((1, WEST, 1), {"reference_polygon": EAST}, InputError, "no meaning"),
        ((None, WEST, 1), {"all": True}, InputError, "closest wrap only"),
        ((1, np.array(WEST) + 40, 1), {}, NoPixelsError, "inside the polygon"),
        ((1, WEST), {"reference_polygon": np.array(WEST) + 40}, NoPixelsError, "inside the reference polygon"),
        ((), {"undo": True}, InputError, "Nothing can be undone"),
    ],
)
def test_what_cannot_be_right(ws, arguments, options, error, sentence):
    Parameters(ws).set("drop_ifg_index", np.array([3.0]))
    before = phases(ws)
    with pytest.raises(error, match=sentence):
        fix(*arguments, **options, workdir=ws)
    np.testing.assert_array_equal(phases(ws), before)
    assert not ws.exists("phuw_sb2_original") and not ws.exists("phuw_sb2_previous_temp")


def test_single_masters_have_no_pairs(tmp_path):
    with pytest.raises(InputError, match="single master"):
        fix(1, WEST, 1, workdir=finished.single_master(tmp_path))


@pytest.mark.parametrize("more", [{"reset": True}, {"all": True}, {"ifg": 4}, {"polygon": WEST}])
def test_undo_stands_alone(ws, more):
    fix(4, WEST, 1, workdir=ws)
    before = phases(ws)
    with pytest.raises(InputError, match="stands alone"):
        fix(undo=True, workdir=ws, **more)
    np.testing.assert_array_equal(phases(ws), before)


def test_cycles_that_are_no_number(ws):
    with pytest.raises(InputError, match="nan cycles cannot be added"):
        fix(4, WEST, np.nan, workdir=ws)


def test_a_polygon_that_crosses_itself_has_its_pixels_by_the_even_odd_rule(ws):
    """A bow tie holds its two triangles, not the two between them."""
    lonlat = ws.load("ps2")["lonlat"]
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    x, y = ((lonlat - [west, south]) / [east - west, north - south]).T
    bow = np.array([[-0.1, -0.1], [1.1, 1.1], [1.1, -0.1], [-0.1, 1.1]]) * [east - west, north - south] + [west, south]
    expected = np.abs(y - 0.5) < np.abs(x - 0.5)
    assert fix(4, bow, 1, workdir=ws) == expected.sum() > 0

"""Which pairs are ordered from HyP3: lists, limits, footprints; what cannot be ordered is named before anything is paid."""

import numpy as np
import pytest

from helpers.hyp3_orders import burst, days, feature, scene, write_search
from stamps.errors import ParameterError
from stamps.frontends import Processor
from stamps.frontends.hyp3_jobs import frontend
from stamps.frontends.hyp3_jobs.config import Hyp3_Burst_Config, Hyp3_S1_Config
from stamps.frontends.hyp3_jobs.granules import granule_of
from stamps.frontends.hyp3_jobs.pairs import find_pairs

DAYS = days(6)


def ids(config):
    found = find_pairs(config)
    assert found.problems == []
    return [pair.id for pair in found.pairs]


def problems(config):
    plan = frontend.plan(config)
    assert plan.problems and not plan.steps
    return " ".join(plan.problems)


def gamma(**settings):
    return Hyp3_S1_Config(**settings)


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize("platform", "ABCD")
def test_names_of_scenes(platform):
    for ending in ("", ".zip", ".SAFE", "-SLC"):
        found = granule_of(f" {scene('20200103', platform)}{ending}\n")
        assert (found.date, found.polarization, found.burst) == ("20200103", "VV", "")
    assert (found.track is None) == (platform in "CD")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (scene("20200103").replace("_IW_", "_EW_"), "of the mode EW"),
        (scene("20200103").replace("_SLC__", "_GRDH_"), "no single-look complex"),
        (burst("20200103", polarization="VH"), "polarisation VH"),
        (burst("20200103", swath="IW4"), "the name of no Sentinel-1 scene"),
        (scene("20200103").replace("20200103", "20201303"), "names the day 20201303"),
        ("S1A_../../etc/passwd", "the name of no Sentinel-1 scene"),
        ("", "the name of no Sentinel-1 scene"),
    ],
)
def test_names_that_hyp3_does_not_take(name, why):
    with pytest.raises(ValueError, match=why):
        granule_of(name)


# ---------------------------------------------------------------------- lists


def test_a_file_of_names_or_dates(tmp_path):
    lines = [f"{scene(DAYS[1])}.zip {scene(DAYS[0])}", "", f"# {DAYS[2]}", f"{scene(DAYS[1])},{scene(DAYS[2])}  # late"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines), encoding="utf-8-sig")
    assert ids(gamma(pairs=tmp_path / "pairs.txt")) == [f"{DAYS[0]}_{DAYS[1]}", f"{DAYS[1]}_{DAYS[2]}"]
    (tmp_path / "list.txt").write_text("\n".join(scene(day) for day in DAYS))
    (tmp_path / "dates.txt").write_text(f"{DAYS[1]} {DAYS[0]}\n{DAYS[1]}_{DAYS[3]}\n{DAYS[3]};{DAYS[4]}\n")
    found = gamma(pairs=tmp_path / "dates.txt", granules=tmp_path / "list.txt")
    assert ids(found) == [f"{DAYS[a]}_{DAYS[b]}" for a, b in ((0, 1), (1, 3), (3, 4))]


def test_bursts_of_a_list_are_joined_by_their_dates(tmp_path):
    names = [burst(day, number) for day in DAYS[:3] for number in ("093117", "093118")]
    config = Hyp3_Burst_Config(granules=names, connections=1)
    pairs = find_pairs(config).pairs
    assert [len(pair.reference) for pair in pairs] == [2, 2] and frontend.plan(config).problems == ()
    (tmp_path / "pairs.txt").write_text(f"{names[0]},{names[1]} {names[2]}, {names[3]}\n")
    assert ids(Hyp3_Burst_Config(pairs=tmp_path / "pairs.txt")) == [f"{DAYS[0]}_{DAYS[1]}"]


def test_a_pair_that_is_there_twice_is_one():
    found = find_pairs(gamma(pairs=[[scene(DAYS[0]), scene(DAYS[1])], [scene(DAYS[1]), scene(DAYS[0])]]))
    assert len(found.pairs) == 1 and "stands there twice" in found.warnings[0]


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ([], "The list of pairs is empty"),
        ([[scene(DAYS[0])]], "pair 1: a pair has two sides, here are 1"),
        ([[scene(DAYS[0]), scene(DAYS[0])]], f"both sides are of {DAYS[0]}"),
        ([[DAYS[0], DAYS[1]]], "dates need the list of granules"),
        ([[scene(DAYS[0]), "S1A"]], "'S1A' is the name of no Sentinel-1 scene"),
        ([[scene(DAYS[0]), 7]], "no name of a granule"),
        ([[scene(DAYS[0]), burst(DAYS[1])]], "whole scenes are expected, bursts were named"),
        ([[scene(DAYS[0]), scene(DAYS[1], polarization="SH")]], "different polarisations"),
        ([[scene(DAYS[0]), scene(DAYS[1], orbit=31111)]], "several tracks"),
        ([[scene(DAYS[0]), scene(DAYS[1])], [scene(DAYS[0]), scene(DAYS[1], hour="06")]], "two pairs"),
        ([[[scene(DAYS[0]), scene(DAYS[1])], scene(DAYS[2])]], "granules of several dates"),
        ([[[], scene(DAYS[2])]], "granules of several dates, or none"),
    ],
)
def test_pairs_of_scenes_that_cannot_be_ordered(pairs, why):
    assert why in problems(gamma(pairs=pairs))


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ([[burst(DAYS[0]), burst(DAYS[1], "093118")]], "do not hold the same bursts (093117_IW2, 093118_IW2)"),
        ([[burst(DAYS[0]), burst(DAYS[1], polarization="HH")]], "different polarisations"),
        ([[scene(DAYS[0]), scene(DAYS[1])]], "bursts are expected, whole scenes were named"),
        ([[[burst(d, f"{n:06d}") for n in range(16)] for d in DAYS[:2]]], "takes 15 bursts at most, here are 16"),
        (
            [[burst(DAYS[0]), burst(DAYS[1])], [burst(DAYS[1], "093118"), burst(DAYS[2], "093118")]],
            "are of different bursts",
        ),
    ],
)
def test_pairs_of_bursts_that_cannot_be_ordered(pairs, why):
    assert why in problems(Hyp3_Burst_Config(pairs=pairs))


def test_all_wrong_lines_are_told_at_once(tmp_path):
    (tmp_path / "pairs.txt").write_text(f"{scene(DAYS[0])}\n{scene(DAYS[0])} {scene(DAYS[0])}\nnonsense here\n")
    found = frontend.plan(gamma(pairs=tmp_path / "pairs.txt", looks="3x3")).problems
    assert len(found) == 4 and found[1].startswith("pairs.txt, line 1:")


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "text").write_bytes(b"\xff\xfe\x00\x01")
    for bad in ("missing", "text", "."):
        assert problems(gamma(pairs=str(tmp_path / bad)))
        assert problems(gamma(granules=str(tmp_path / bad), connections=1))
    for text in ("{", "{}", '{"features": 3}', '{"features": [3]}', '{"features": [{"properties": {}}]}', "[" * 9):
        (tmp_path / "s.geojson").write_text(text)
        assert problems(gamma(granules=str(tmp_path / "s.geojson"), connections=1))


@pytest.mark.parametrize("wrong", [5, b"x", [5], [None], True])
def test_what_is_no_list(wrong):
    assert problems(gamma(pairs=wrong))
    assert problems(gamma(granules=wrong, connections=1))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"bperp": 10**400}, "no number of metres"),
        ({"bperp": float("nan")}, "no number of metres"),
        ({"bperp": "far"}, "no number of metres"),
        ({"box": (14.0, 40.0, float("nan"), 41.0)}, "none in longitude and latitude"),
        ({"box": (14.0, 40.0, 1e308 * 10, 41.0)}, "none in longitude and latitude"),
        ({"box": (430000.0, 4500000.0, 440000.0, 4510000.0)}, "none in longitude and latitude"),
        ({"box": (10**400, 40.0, 15.0, 41.0)}, "cannot be understood"),
        ({"box": ("west", 40.0, 15.0, 41.0)}, "cannot be understood"),
    ],
)
def test_numbers_of_a_search_that_cannot_be_meant(tmp_path, changes, why):
    features = [feature(scene(day), **(changes if day == DAYS[1] else {"bperp": 1.0})) for day in DAYS[:3]]
    found = problems(
        gamma(granules=write_search(tmp_path / "s.geojson", features), connections=1, area=(14, 40, 15, 41))
    )
    assert why in str(found) and "feature 2" in str(found)


# ---------------------------------------------------------------------- chosen


def test_neighbours_and_limits(tmp_path):
    bperp = [0, 100, -50, 20, 300, 10]
    search = write_search(
        tmp_path / "stack.geojson",
        [*(feature(scene(day), b) for day, b in zip(DAYS, bperp, strict=True)), feature("x", level="METADATA_SLC")],
    )
    assert len(ids(gamma(granules=search, connections=2))) == 9
    assert len(ids(gamma(granules=search, max_days=24))) == 9
    found = find_pairs(gamma(granules=search, max_days=36, max_perp=281))
    pairs = {pair.id: pair.bperp for pair in found.pairs}
    assert f"{DAYS[1]}_{DAYS[2]}" in pairs and f"{DAYS[2]}_{DAYS[4]}" not in pairs
    assert pairs[f"{DAYS[1]}_{DAYS[2]}"] == -150 and "1 products are neither SLC nor bursts" in found.warnings[0]
    assert problems(gamma(granules=search, max_days=36, max_perp=30))  # groups without a common date
    for wrong, why in (
        ({"connections": 0}, "whole number above 0"),
        ({"max_days": -1}, "above 0"),
        ({"max_perp": np.nan}, "above 0"),
        ({"connections": 1, "max_days": 3}, "in one way"),
        ({}, "in one way"),
        ({"max_days": 5}, "No two"),
    ):
        assert why in problems(gamma(granules=search, **wrong))


def test_a_list_without_baselines_has_no_limit_of_them(tmp_path):
    names = [scene(day) for day in DAYS]
    assert "no perpendicular baseline of 20200103" in problems(gamma(granules=names, max_perp=100))
    assert "A list of granules is missing" in problems(gamma(connections=1))
    assert "has 1 image: no two" in problems(gamma(granules=names[:1], connections=1))
    for value in ("many", float("nan"), True):
        search = write_search(tmp_path / "s.geojson", [feature(names[0], value)])
        assert "no number" in problems(gamma(granules=search, connections=1))
    odd = {**feature(names[0]), "geometry": {"type": "Polygon", "coordinates": "here"}}
    assert "footprint of S1A" in problems(gamma(granules=write_search(tmp_path / "s.geojson", [odd]), connections=1))


def test_excluded_dates():
    names = [scene(day) for day in DAYS]
    assert len(ids(gamma(granules=names, connections=1, exclude_dates=[DAYS[2]]))) == 4
    assert "no image of 20210101" in problems(gamma(granules=names, connections=1, exclude_dates=["20210101"]))
    assert "list of dates" in problems(gamma(granules=names, connections=1, exclude_dates="20210101"))
    pairs = [[names[0], names[1]]]
    assert "is to be left out" in problems(gamma(pairs=pairs, exclude_dates=[DAYS[1]]))


def test_networks_that_fall_apart():
    names = [scene(day) for day in DAYS]
    found = find_pairs(gamma(pairs=[names[:2], names[3:5]]))
    assert "fall into 2 groups" in found.warnings[0]
    gap = [*names[:3], scene("20210103"), scene("20210115")]
    assert problems(gamma(granules=gap, max_days=30))


# ---------------------------------------------------------------------- footprints


def test_images_that_do_not_cover_the_area(tmp_path):
    area = (14.1, 40.1, 14.9, 40.9)
    features = [feature(scene(day), 0) for day in DAYS]
    features[2] = feature(scene(DAYS[2]), 0, box=(14.5, 40.0, 15.5, 41.0))
    search = write_search(tmp_path / "s.geojson", features)
    text = problems(gamma(granules=search, connections=1, area=area))
    assert f"{scene(DAYS[2])} covers 50.0 % of the area" in text and f"--exclude {DAYS[2]}" in text
    assert len(ids(gamma(granules=search, connections=1, area=area, exclude_dates=[DAYS[2]]))) == 4
    assert len(ids(gamma(granules=search, connections=1, area=area, allow_incomplete=True))) == 5
    assert len(ids(gamma(granules=search, connections=1, area=(14.6, 40.1, 14.9, 40.9)))) == 5
    names = [scene(day) for day in DAYS]
    assert "covers the area cannot be told" in problems(gamma(granules=names, connections=1, area=area))
    assert "covers the area cannot be told" in problems(gamma(pairs=[names[:2]], area=area))
    assert len(ids(gamma(granules=search, pairs=[names[:2]], area=area))) == 1  # only what is ordered must cover it
    assert "covers 50.0 %" in problems(gamma(granules=search, pairs=[names[1:3]], area=area))
    assert "latitudes beyond 90" in problems(gamma(granules=search, connections=1, area=(40, 141, 41, 142)))


def test_a_neighbouring_frame_that_does_not_cover_the_area_is_left_out(tmp_path):
    features = []
    for day in DAYS[:3]:
        features += [feature(scene(day), 0), feature(scene(day, hour="06"), 0, box=(14.0, 41.0, 15.0, 42.0))]
    search = write_search(tmp_path / "s.geojson", features)
    assert "several images of 20200103" in problems(gamma(granules=search, connections=1))
    found = find_pairs(gamma(granules=search, connections=1, area=(14.1, 40.1, 14.9, 40.9)))
    assert found.problems == [] and found.pairs[0].reference[0].name == scene(DAYS[0])


def test_bursts_cover_together(tmp_path):
    boxes = {"093117": (14.0, 40.0, 15.0, 40.6), "093118": (14.0, 40.5, 15.0, 41.0)}
    features = [feature(burst(day, number), box=box) for day in DAYS[:3] for number, box in boxes.items()]
    area = (14.1, 40.1, 14.9, 40.9)
    assert len(ids(Hyp3_Burst_Config(granules=write_search(tmp_path / "s", features), connections=1, area=area))) == 2
    short = write_search(tmp_path / "s", features[:-1])
    assert "covers 62.5 % of the area" in problems(Hyp3_Burst_Config(granules=short, connections=1, area=area))


def test_across_the_antimeridian(tmp_path):
    boxes = [(179.0, 10.0, 181.0, 12.0), (-181.0, 10.0, -179.0, 12.0), (179.0, 10.0, -179.0, 12.0)]
    features = [feature(scene(day), box=box) for day, box in zip(DAYS, boxes, strict=False)]
    search = write_search(tmp_path / "s.geojson", features)
    assert len(ids(gamma(granules=search, connections=1, area=(179.5, 10.5, -179.5, 11.5)))) == 2


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"looks": "5x1"}, "20x4 or 10x2"),
        ({"looks": None}, "looks is None"),
        ({"phase_filter_parameter": 1.5}, "from 0 to 1"),
        ({"phase_filter_parameter": float("nan")}, "from 0 to 1"),
        ({"include_dem": "yes"}, "true or false"),
        ({"submission_chunk_size": 0}, "1 to 200"),
        ({"submission_chunk_size": 201}, "1 to 200"),
        ({"submission_chunk_size": True}, "1 to 200"),
        ({"max_workers": 0}, "1 to 32"),
        ({"name_prefix": "a/b"}, "name_prefix"),
        ({"name_prefix": "x" * 81}, "name_prefix"),
        ({"name_prefix": ""}, "name_prefix"),
        ({"engine": "slurm"}, "own machines"),
        ({"api_url": "hyp3"}, "begins with https"),
        ({"api_url": "ftp://x"}, "begins with https"),
        ({"api_url": "http://hyp3.example"}, "not encrypted"),
        ({"api_url": "https://me:secret@hyp3.example"}, "name or password"),
        ({"api_url": "https://[::1"}, "cannot be understood"),
    ],
)
def test_settings_that_cannot_be_right(settings, why):
    text = problems(gamma(pairs=[[scene(DAYS[0]), scene(DAYS[1])]], **settings))
    assert why in text and "secret" not in text


def test_what_makes_no_project_is_said():
    pairs = [[scene(DAYS[0]), scene(DAYS[1])]]
    assert "without include_dem cannot be prepared" in frontend.plan(gamma(pairs=pairs, include_dem=False)).warnings[0]
    assert frontend.plan(gamma(pairs=pairs, include_look_vectors=False)).warnings == ()
    assert "deprecated" in frontend.plan(gamma(pairs=pairs, include_los_displacement=True)).warnings[0]


def test_other_settings_are_refused_by_name():
    with pytest.raises(ParameterError, match="no setting 'lookss': did you mean looks"):
        Processor.create("Hyp3_S1", lookss="20x4")
    with pytest.raises(ParameterError, match="did you mean Hyp3_S1"):
        Processor.create("Hyp3_S2")

"""Headers as processors and hands leave them: impossible values are refused by file and field, strange ones are named."""

import datetime
import re

import numpy as np
import pytest

from helpers import tiny_stacks
from stamps.errors import InputError
from stamps.frontends.header_ranges import FIELDS, judge, judge_baselines, judge_dates
from stamps.legacy.mt_prep import mt_prep
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.workspace import Workspace, findings


@pytest.fixture
def stack(tmp_path):
    return tiny_stacks.copy_of(tmp_path / "stack")


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def header_of(stack, date=None):
    return stack / "rslc" / f"{date or tiny_stacks.master_of(stack)}.rslc.par"


def slaves(stack):
    return sorted(path.name[9:17] for path in (stack / "diff0").glob("*.diff"))


def put(path, field, value):
    """Give a field of a header another value; None takes the line away."""
    line = "" if value is None else f"{field}:\t{value}\n"
    text, count = re.subn(rf"(?m)^{re.escape(field)}:.*\n", lambda _: line, path.read_text())
    assert count == 1
    path.write_text(text)


def prepare(stack, project):
    mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=project)


def refused(stack, project, *words):
    with pytest.raises(InputError) as caught:
        prepare(stack, project)
    assert all(word in str(caught.value) for word in words), caught.value
    assert list(project.iterdir()) == []
    return str(caught.value)


def named(stack, project, *words):
    prepare(stack, project)
    found = findings.collect(Workspace(project))
    assert any(all(word in text for word in words) for text in found), found
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_limits(name):
    field = FIELDS[name]
    middle = (field.lowest + field.highest) / 2
    assert judge("a.par", {name: field.lowest}) == judge("a.par", {name: field.highest}) == []
    assert judge("a.par", {name: middle}) == []
    for value in (np.nan, np.inf, -np.inf, field.highest * 1.001 + 1e-6, field.lowest - 1 - abs(field.lowest)):
        (sentence,) = judge("a.par", {name: value})
        assert "a.par" in sentence and name in sentence and field.unit in sentence


def test_other_units_are_recognized():
    assert "looks like GHz" in judge("a", {"radar_frequency": 5.405})[0]
    assert "looks like MHz" in judge("a", {"radar_frequency": 5405})[0]
    assert "looks like km" in judge("a", {"sar_to_earth_center": 7069})[0]


def test_baselines_as_a_whole():
    assert judge_baselines("b", [3.5, -800, 0]) == [] == judge_baselines("b", [])
    for wrong in ([0, 0, 0], [1, np.nan], [1, np.inf], [1e9, 1]):
        assert len(judge_baselines("b", wrong)) == 1


def test_dates():
    today = datetime.date(2026, 11, 28)
    assert judge_dates(["20180101", "19920601", "20261128"], today) == ([], [])
    problems, warnings = judge_dates(["19000101", "20300101"], today)
    assert "19000101" in problems[0] and "20300101" in warnings[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("heading", "1234.5 degrees"), ("heading", "-361"), ("heading", "nan"), ("heading", "south"), ("heading", "-166,6"),
        ("radar_frequency", "5.405 GHz"), ("radar_frequency", "0"), ("radar_frequency", "-5.4e9"),
        ("radar_frequency", "5.4D+09"), ("radar_frequency", "inf"), ("radar_frequency", "5.4e12"), ("radar_frequency", ""),
        ("prf", "-486.5"), ("prf", "0"), ("prf", "1e9"), ("prf", "486,5 Hz"), ("prf", None),
        ("range_pixel_spacing", "0"), ("range_pixel_spacing", "-12"), ("range_pixel_spacing", "1e6"),
        ("near_range_slc", "0"), ("near_range_slc", "-872005"), ("near_range_slc", "872.005E+15"),
        ("center_range_slc", "-1"), ("sar_to_earth_center", "7069.05"), ("earth_radius_below_sensor", "0"),
        ("range_samples", "-30"), ("range_samples", "30.5"), ("azimuth_lines", "0"), ("azimuth_lines", None),
    ],
)  # fmt: skip
def test_impossible_master(stack, project, field, value):
    put(header_of(stack), field, value)
    text = refused(stack, project, header_of(stack).name, field)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: b"", ("no field",)),
        (lambda text: text + b"heading: 12.5 degrees\n", ("heading", "more than once")),
        (lambda text: text.replace(b"prf:", b"prf"), ()),
        (lambda text: bytes(text).decode().encode("utf-16"), ("no field",)),
    ],
)
def test_spoilt_master(stack, project, spoil, words):
    path = header_of(stack)
    path.write_bytes(spoil(path.read_bytes()))
    if words:
        refused(stack, project, path.name, *words)
    else:
        prepare(stack, project)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"title:\t", "title:\tMünchen ".encode("latin-1")),
        lambda text: re.sub(rb"(degrees|Hz|\bm)\n", b"\n", text),  # without units
        lambda text: text.replace(b":\t", b": "),
        lambda text: text + b"heading: -166.6\n",  # twice the same
        lambda text: re.sub(rb"start_time:.*", b"start_time: 86399.9 s", text),
    ],
)
def test_harmless_headers_are_read(stack, project, spoil):
    for path in [*(stack / "rslc").glob("*.par"), *(stack / "diff0").glob("*.base")]:
        path.write_bytes(spoil(path.read_bytes()))
    prepare(stack, project)
    assert not [text for text in findings.collect(Workspace(project)) if "heading" not in text]


def test_all_problems_are_listed_at_once(stack, project):
    for field, value in (("heading", "999"), ("prf", "-1"), ("radar_frequency", "5.4")):
        put(header_of(stack), field, value)
    base = next((stack / "diff0").glob("*.base"))
    put(base, "initial_baseline(TCN)", "0 1e9 3")
    text = refused(stack, project, "4 problems", "heading", "prf", "GHz", base.name)
    assert text.count("\n  - ") == 4


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("1 nan 3", "nan"), ("1 1e9 3", "baseline"), ("1 2", "3 numbers"), ("0 Inf 0", "Inf"), ("1,0 2,0 3,0", "1,0"),
        (None, "no field"), ("1 -2e5 0", "baseline"),
    ],
)  # fmt: skip
def test_impossible_baseline(stack, project, value, word):
    base = sorted((stack / "diff0").glob("*.base"))[1]
    put(base, "initial_baseline(TCN)", value)
    refused(stack, project, base.name, word)


def test_baselines_that_are_all_zero(stack, project):
    bases = sorted((stack / "diff0").glob("*.base"))
    for base in bases[1:]:
        put(base, "initial_baseline(TCN)", "0 0 0")
        put(base, "initial_baseline_rate", "0 0 0")
    named(stack, project, bases[1].name, "holds zeros")
    put(bases[0], "initial_baseline(TCN)", "5 0 0")
    put(bases[0], "initial_baseline_rate", "0 0 0")
    for path in project.rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(InputError, match="All perpendicular baselines"):
        prepare(stack, project)


def test_precise_baselines_are_not_needed(stack, project):
    for base in (stack / "diff0").glob("*.base"):
        lines = base.read_text().splitlines(keepends=True)
        base.write_text("".join(line for line in lines if not line.startswith("precision")))
    prepare(stack, project)
    assert findings.collect(Workspace(project)) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("range_samples", "31", ("31 samples",)),
        ("radar_frequency", "5.3e9", ("another sensor",)),
        ("range_pixel_spacing", "2.3", ("resampled",)),
        ("azimuth_pixel_spacing", "99", ("resampled",)),
        ("heading", "-13.4", ("another track",)),
        ("heading", "1234", ("heading",)),
        ("date", "2017 1 2", ("20170102",)),
        ("prf", "-3", ("prf",)),
        ("start_time", "200000", ("start_time",)),
    ],
)
def test_another_image_that_disagrees_is_named(stack, project, field, value, words):
    put(header_of(stack, slaves(stack)[1]), field, value)
    named(stack, project, f"{slaves(stack)[1]}.rslc.par", *words)


def test_disagreement_from_which_nothing_can_come(stack, project):
    path = header_of(stack, slaves(stack)[0])
    put(path, "radar_frequency", "9.65e9")
    put(path, "range_samples", tiny_stacks.LINES)
    put(path, "azimuth_lines", tiny_stacks.SAMPLES)
    refused(stack, project, path.name, "another sensor or band", "24 samples × 30 lines")


def test_an_empty_header_of_another_image_is_named(stack, project):
    path = header_of(stack, slaves(stack)[0])
    path.write_text("")
    named(stack, project, path.name, "is empty")


def test_headers_with_the_same_trouble_are_named_once(stack, project):
    for date in slaves(stack):
        put(header_of(stack, date), "radar_frequency", "5.331e9")
    found = named(stack, project, "and 3 more")
    assert len(found) == 1


def test_names_with_impossible_dates(stack, project):
    date = slaves(stack)[0]
    master = tiny_stacks.master_of(stack)
    for wrong, word in (("20181301", "not named"), ("19000101", "before 1978")):
        for path in [*stack.rglob(f"*{date}*")]:
            path.rename(path.with_name(path.name.replace(date, wrong)))
        refused(stack, project, wrong, word)
        date = wrong
    for path in [*stack.rglob(f"*{date}*")]:
        path.rename(path.with_name(path.name.replace(date, "20991231")))
    named(stack, project, "20991231", "future")
    assert master != date


def test_the_same_pair_twice(stack, project):
    pair = next((stack / "diff0").glob("*.diff"))
    for suffix in ("diff", "base"):
        source = pair.with_suffix(f".{suffix}")
        source.with_name(f"{pair.stem}_IW2.{suffix}").write_bytes(source.read_bytes())
    refused(stack, project, "2 interferograms of")


@pytest.fixture
def insar(tmp_path):
    return next(tiny_stacks.copy_of(tmp_path / "stack", "doris").glob("INSAR_*"))


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("Radar_wavelength", "0"), ("Radar_wavelength", "5.6"), ("Radar_wavelength", "-0.05"), ("Radar_wavelength", "nan"),
        ("Pulse_Repetition_Frequency", "0"), ("Pulse_Repetition_Frequency", "-1"), ("Pulse_Repetition_Frequency", "1e8"),
        ("Range_sampling_rate", "0"), ("Range_sampling_rate", "1e-9"), ("Range_time_to_first_pixel", "-3"),
        ("First_pixel_azimuth_time", "33-JAN-2018 10:00:00"), ("First_pixel_azimuth_time", "12-JAN-2018 25:00:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("whose", ["master", "slave"])
def test_impossible_result_files(insar, pattern, value, whose):
    path = insar / "master.res" if whose == "master" else sorted(insar.glob("*/slave.res"))[0]
    path.write_text(re.sub(rf"(?m)^({pattern}[^:]*): .*$", rf"\1: {value}", path.read_text()))
    with pytest.raises(InputError) as caught:
        mt_prep(workdir=insar)
    assert str(path) in str(caught.value) and not (insar / "patch.list").exists()


def test_orbits_of_slaves_that_are_the_masters(insar):
    master = (insar / "master.res").read_text()
    table = master[master.index("*_Start_precise_orbits") : master.index("*_Start_crop")]
    for path in insar.glob("*/slave.res"):
        text = path.read_text()
        start = text.index("*_Start_precise_orbits"), text.index("*_Start_crop")
        path.write_text(text[: start[0]] + table + text[start[1] :])
    with pytest.raises(InputError, match="baselines"):
        mt_prep(workdir=insar)


def test_a_result_file_of_another_image_is_named(insar):
    first, second = sorted(insar.glob("*/slave.res"))[:2]
    first.write_text(second.read_text())
    mt_prep(workdir=insar)
    assert any(str(first) in text and "date of its folder" in text for text in findings.collect(Workspace(insar)))


@pytest.mark.parametrize("spoil", [lambda a: a * np.nan, lambda a: a + 1e9, lambda a: a * 0])
def test_impossible_baseline_rasters(tmp_path, project, spoil):
    pytest.importorskip("rasterio")
    from stamps.legacy.mt_prep_isce import mt_prep_isce

    stack = tiny_stacks.copy_of(tmp_path / "stack", "isce")
    for path in (stack / "merged" / "baselines").glob("*/*[0-9]"):
        np.asarray(spoil(np.fromfile(path, "<f4")), "<f4").tofile(path)
    with pytest.raises(InputError, match="baselines"):
        mt_prep_isce(tiny_stacks.master_of(stack), stack, workdir=project)
    assert list(project.iterdir()) == []


def test_impossible_wavelength_of_isce(tmp_path, project):
    pytest.importorskip("rasterio")
    from stamps.legacy.mt_prep_isce import mt_prep_isce

    stack = tiny_stacks.copy_of(tmp_path / "stack", "isce")
    path = stack / "reference" / "IW1.xml"
    path.write_text(re.sub("<value>.*?</value>", "<value>55.46</value>", path.read_text()))
    with pytest.raises(InputError, match="radarwavelength"):
        mt_prep_isce(tiny_stacks.master_of(stack), stack, workdir=project)

"""Names and text files of HyP3's products."""

import datetime as dt
import os
from pathlib import Path

import pytest

from stamps.errors import InputError
from stamps.frontends.hyp3.metadata import read_metadata
from stamps.frontends.hyp3.names import BURST, GAMMA, MULTI_BURST, product_name

FIXTURES = Path(
    os.environ.get("STAMPS_HYP3_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "hyp3")
)
SCENE = "S1AA_20200103T051207_20200115T051207_VVP012_INT80_G_ueF_1A2B"
BURSTS = "S1_044_000000s1n00-093117s2n02-000000s3n00_IW_20200103_20200115_VV_INT40_9C0D"
ONE_BURST = "S1_093117_IW2_20200103_20200115_VV_INT40_55AA"
TEXT = """Reference Granule: S1_093117_IW2_20200103T051210_VV_1F3A-BURST
Secondary Granule: S1_093117_IW2_20200115T051209_VV_7D21-BURST
Reference Pass Direction: ASCENDING
Baseline: 63.91
UTC time: 60987.102311
Heading: -12.8817
Spacecraft height: 693000.0
Earth radius at nadir: 6337286.638938101
Slant range near: 845960.77
Slant range center: 875432.15
Slant range far: 904903.52
Range looks: 10
Resolution of output (m): 80
"""


@pytest.mark.parametrize(
    ("text", "kind", "place", "polarisation", "spacing"),
    [
        (SCENE, GAMMA, "", "VV", 80),
        (BURSTS, MULTI_BURST, "044_000000s1n00-093117s2n02-000000s3n00", "VV", 40),
        (ONE_BURST, BURST, "093117_IW2", "VV", 40),
        (ONE_BURST.replace("INT40", "INT20").replace("_VV_", "_HH_"), BURST, "093117_IW2", "HH", 20),
    ],
)
def test_names_of_the_three_types(text, kind, place, polarisation, spacing):
    name = product_name(text)
    assert (name.type, name.place, name.polarisation, name.spacing) == (kind, place, polarisation, spacing)
    assert (name.first, name.second, name.pair) == (dt.date(2020, 1, 3), dt.date(2020, 1, 15), "20200103_20200115")
    assert not name.turned
    assert name.times == ((18727, 18727) if kind == GAMMA else ())


@pytest.mark.parametrize("first", "ABCD")
@pytest.mark.parametrize("second", "ABCD")
def test_all_satellites(first, second):
    assert product_name(SCENE.replace("S1AA", f"S1{first}{second}")) is not None


@pytest.mark.parametrize("part", ["HHR006", "VVO1234", "VVP012"])
def test_orbits_and_long_times(part):
    assert product_name(SCENE.replace("VVP012", part)) is not None


def test_a_pair_with_the_newer_image_first_is_turned():
    name = product_name("S1_093117_IW2_20200115_20200103_VV_INT40_55AA")
    assert (name.turned, name.pair) == (True, "20200103_20200115")


@pytest.mark.parametrize(
    "text",
    [
        SCENE.replace("S1AA", "S1AE"), SCENE.replace("INT80", "INT60"), SCENE.replace("_G_", "_X_"), SCENE + "_unw_phase",
        SCENE.replace("0103T", "1303T"), SCENE.replace("T051207", "T256060"), SCENE.replace("1A2B", "1a2b"),
        BURSTS.replace("s3n00", "s4n00"), ONE_BURST.replace("IW2", "IW4"), ONE_BURST.replace("20200103", "20200230"),
        SCENE + "\n", "hyp3", "",
    ],
)  # fmt: skip
def test_what_is_no_name(text):
    assert product_name(text) is None


def written(tmp_path, text=TEXT):
    path = tmp_path / f"{ONE_BURST}.txt"
    path.write_text(text)
    return read_metadata(path, product_name(ONE_BURST))


def test_text_file(tmp_path):
    found = written(tmp_path)
    assert (found.baseline, found.utc, found.heading, found.centre) == (63.91, 60987.102311, -12.8817, 875432.15)
    assert (found.height, found.earth_radius, found.direction) == (693000.0, 6337286.638938101, "ASCENDING")
    assert written(tmp_path, TEXT.replace("-12.8817", "347.1183")).heading == pytest.approx(-12.8817)


@pytest.mark.parametrize("number", range(10))
def test_every_key_is_needed(tmp_path, number):
    lines = [line for line in TEXT.splitlines(keepends=True) if "Direction" not in line]
    key = lines.pop(number).partition(":")[0]
    with pytest.raises(InputError, match=f"'{key}' is"):
        written(tmp_path, "".join(lines))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("63.91", "nan", "'Baseline' is nan"),
        ("63.91", "1e9", "'Baseline' is 1e9"),
        ("63.91", "", "'Baseline' is"),
        ("60987.1", "99987.1", "'UTC time'"),
        ("-12.8817", "north", "'Heading' is north"),
        ("-12.8817", "-167.2", "not that of a pass"),
        ("693000.0", "6930.0", "'Spacecraft height'"),
        ("845960.77", "890000.0", "do not ascend"),
        ("20200103T", "20200104T", "the name of the product says 20200103"),
        ("ASCENDING", "SIDEWAYS", "not ASCENDING or DESCENDING"),
        ("Range looks: 10", "Baseline: 12", "stands twice"),
    ],
)
def test_values_that_cannot_be_meant(tmp_path, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        written(tmp_path, TEXT.replace(old, new))


def test_all_that_is_wrong_is_named_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        written(tmp_path, "\x00garbage\n")
    assert all(f"'{key}' is missing" in str(caught.value) for key in ("Baseline", "UTC time", "Secondary Granule"))


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the text files of real form are not here")
def test_text_files_of_real_form():
    paths = sorted(FIXTURES.glob("*.txt"))
    found = {product_name(path.stem).type: read_metadata(path, product_name(path.stem)) for path in paths}
    assert set(found) == {GAMMA, MULTI_BURST, BURST}
    assert found[GAMMA].baseline == -41.7312
    assert found[GAMMA].heading == -167.1734582
    assert found[BURST].utc == 60987.102311

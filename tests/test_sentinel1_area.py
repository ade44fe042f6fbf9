"""The area that users ask for: numbers, WKT, vector files."""

import json
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.frontends.sentinel1.area import Area, read_area

BOX = (14.85, 37.6, 15.2, 37.9)
TRIANGLE = "POLYGON((14 40,15 40,15 41,14 40))"


def refusal(words, **kw):
    with pytest.raises(InputError) as caught:
        read_area(words, **kw)
    return str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        BOX,
        ["14.85", "37.60", "15.20", "37.90"],
        "14.85 37.6 15.2 37.9",
        "14.85,37.6,15.2,37.9",
        (15.2, 37.9, 14.85, 37.6),
        (14.85, 37.9, 15.2, 37.6),
        "POLYGON((14.85 37.6,15.2 37.6,15.2 37.9,14.85 37.9,14.85 37.6))",
        ["POLYGON((14.85", "37.6,15.2", "37.9,14.85", "37.9,14.85", "37.6))"],
        "SRID=4326; POLYGON Z ((14.85 37.6 1,15.2 37.6 1,15.2 37.9 1,14.85 37.6 1))",
        "multipolygon(((14.85 37.6,15 37.6,15 37.7,14.85 37.6)),((15.1 37.8,15.2 37.8,15.2 37.9,15.1 37.8)))",
        "LINESTRING(14.85 37.6, 15.2 37.9)",
        (374.85, 37.6, 375.2, 37.9),
    ],
)  # fmt: skip
def test_the_same_area_in_many_words(words):
    if words == (374.85, 37.6, 375.2, 37.9):
        assert "-180 to 360" in refusal(words)
        return
    area = read_area(words)
    assert area.envelope == BOX
    assert area.shape().bounds == BOX
    assert area.centre == pytest.approx((15.025, 37.75))


@pytest.mark.parametrize(
    ("words", "envelope", "centre"),
    [
        ((179.5, -17, -179.5, -16), (179.5, -17, 180.5, -16), (-180, -16.5)),
        ((-179.5, -16, 179.5, -17), (179.5, -17, 180.5, -16), (-180, -16.5)),
        ((179, -17, 182, -16), (179, -17, 182, -16), (-179.5, -16.5)),
        ((350, 10, 355, 12), (-10, 10, -5, 12), (-7.5, 11)),
        ("POLYGON((179 -17,-179 -17,-179 -16,179 -17))", (179, -17, 181, -16), (-180, -16.5)),
        (
            "MULTIPOLYGON(((179 -17,180 -17,180 -16,179 -17)),((-180 -17,-179 -17,-180 -16,-180 -17)))",
            (179, -17, 181, -16), (-180, -16.5),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("exact", [False, True])
def test_areas_at_the_antimeridian_take_the_short_way(words, envelope, centre, exact):
    area = read_area(words, exact=exact)
    assert area.envelope == pytest.approx(envelope) and area.centre == pytest.approx(centre)


def test_the_exact_polygon_is_kept_where_that_is_asked_for():
    assert read_area(TRIANGLE).shape().area == pytest.approx(1.0)
    assert read_area(TRIANGLE, exact=True).shape().area == pytest.approx(0.5)
    bow_tie = "POLYGON((14 40,15 41,15 40,14 41,14 40))"
    assert read_area(bow_tie, exact=True).shape().area == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "no area"),
        ("nowhere.geojson", "no such file"),
        ("1 2 3", "3 numbers instead of four"),
        ("1 2 3 4 5", "5 numbers"),
        ("nan 1 2 3", "not finite"),
        ("inf 1 2 3", "not finite"),
        ("10 20 10 21", "no extent"),
        ("10 20 11 20", "no extent"),
        ("37.6 114.85 37.9 115.2", "are longitude and latitude exchanged"),
        ("POLYGON((37.6 114.85,37.9 114.85,37.9 115,37.6 114.85))", "are longitude and latitude exchanged"),
        ("200 100 220 110", "beyond 90"),
        ("400 10 410 20", "beyond -180 to 360"),
        ("POLYGON((14 40", "no WKT"),
        ("POLYGON((14 40,15 40))", "no WKT"),
        ("POLYGON EMPTY", "empty"),
        ("POINT(14 40)", "no extent"),
        ("SRID=32633;POLYGON((0 0,1 0,1 1,0 0))", "EPSG:32633"),
    ],
)
def test_words_that_are_no_area_are_refused_in_one_sentence(words, said):
    sentence = refusal(words)
    assert said in sentence and "\n" not in sentence


def test_an_exact_area_needs_polygons():
    assert "no polygon" in refusal("LINESTRING(14 40,15 41)", exact=True)


@given(st.text("POLYGON MULTI((),.-0123456789eEnaif;SRID=", max_size=40))
@example("POLYGON((0 0,1 0,nan 1,0 0))")
@example("POLYGON((0 0,1e400 0,1 1,0 0))")
@example("GEOMETRYCOLLECTION(POINT(1 1),POLYGON((0 0,1 0,1 1,0 0)))")
def test_any_words_are_an_area_or_refused(text):
    for exact in (False, True):
        try:
            area = read_area(text, exact=exact)
        except InputError:
            continue
        west, south, east, north = area.envelope
        assert -180 <= west < 180 and west < east < west + 360 and -90 <= south < north <= 90


@given(st.floats(-180, 179), st.floats(-80, 79), st.floats(0.01, 1), st.floats(0.01, 1))
def test_corners_in_any_order_are_the_same_area(west, south, width, height):
    east, north = west + width, south + height
    wanted = read_area((west, south, east, north)).envelope
    for words in ((east, north, west, south), (west, north, east, south), (east, south, west, north)):
        assert read_area(words).envelope == wanted


def test_exchanging_longitude_and_latitude():
    swapped = read_area(BOX).swapped()
    assert swapped.envelope == (37.6, 14.85, 37.9, 15.2) and isinstance(swapped, Area)
    assert read_area((100, 10, 101, 11)).swapped() is None


# ---------------------------------------------------------------------- vector files


def geojson(path, ring, crs=None):
    content = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        ],
    }
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content))
    return str(path)


def test_a_geojson_file(tmp_path):
    pytest.importorskip("pyogrio")
    name = geojson(tmp_path / "a b&c.geojson", [[14, 40], [15, 40], [15, 41], [14, 40]])
    assert read_area(name).envelope == (14, 40, 15, 41)
    assert read_area([name], exact=True).shape().area == pytest.approx(0.5)


def test_a_projected_file_is_converted(tmp_path):
    pytest.importorskip("pyogrio")
    pytest.importorskip("rasterio")
    square = [[450000, 4400000], [460000, 4400000], [460000, 4410000], [450000, 4410000], [450000, 4400000]]
    area = read_area(geojson(tmp_path / "u.geojson", square, "urn:ogc:def:crs:EPSG::32633"))
    west, south, east, north = area.envelope
    assert west == pytest.approx(14.4157, abs=0.001) and east == pytest.approx(14.5331, abs=0.001)  # 15° E is 500 km
    assert south == pytest.approx(39.748, abs=0.002) and north == pytest.approx(39.839, abs=0.002)


def test_a_kml_file_and_a_shapefile(tmp_path):
    pytest.importorskip("pyogrio")
    shapefile = pytest.importorskip("shapefile")
    ring = "14,40,0 15,40,0 15,41,0 14,40,0"
    (tmp_path / "a.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><Polygon>'
        f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "</Document></kml>"
    )
    with shapefile.Writer(str(tmp_path / "a.shp")) as writer:
        writer.field("n", "N")
        writer.poly([[[14, 40], [15, 41], [15, 40], [14, 40]]])
        writer.record(1)
    assert (
        read_area(str(tmp_path / "a.kml")).envelope == read_area(str(tmp_path / "a.shp")).envelope == (14, 40, 15, 41)
    )


def test_a_file_without_a_reference_system_must_hold_degrees(tmp_path):
    pytest.importorskip("pyogrio")
    shapefile = pytest.importorskip("shapefile")
    with shapefile.Writer(str(tmp_path / "a.shp")) as writer:
        writer.field("n", "N")
        writer.poly([[[450000, 4400000], [450000, 4410000], [460000, 4410000], [450000, 4400000]]])
        writer.record(1)
    assert "latitudes beyond 90" in refusal(str(tmp_path / "a.shp"))


def test_files_that_cannot_be_read(tmp_path):
    pytest.importorskip("pyogrio")
    (tmp_path / "broken.geojson").write_text("{")
    assert "broken.geojson cannot be read" in refusal(str(tmp_path / "broken.geojson"))
    (tmp_path / "empty.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert "empty" in refusal(str(tmp_path / "empty.geojson"))
    os.mkfifo(tmp_path / "pipe.kml")
    assert "pipe" in refusal(str(tmp_path / "pipe.kml"))
    assert "folder" in refusal(str(tmp_path))


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyogrio", None)
    name = geojson(tmp_path / "a.geojson", [[14, 40], [15, 40], [15, 41], [14, 40]])
    assert "pip install 'stamps-insar[export]'" in refusal(name)

"""Drawings and stations on the page of stamps view: shown, hovered, tapped, hidden, opened from files."""

import json
import re

import numpy as np
import pytest

from helpers.drawings import BROKEN, POINT, collection, feature
from helpers.emulated import shown_at
from helpers.viewed_project import made_content
from stamps.products.view.extras import Extras
from stamps.products.view.overlays import read_overlay
from stamps.products.view.page import html_of

DAYS = np.array([-24.0, -12, 12, 24, 36])
AREA = [[14.004, 40.012], [14.009, 40.012], [14.009, 40.017], [14.004, 40.012]]
LINE = [[14.012, 40.004], [14.018, 40.004]]
WELL = [14.015, 40.014]
EVIL = '<img src=x onerror="document.title=1">'
STATION = {
    "lon": 14.004,
    "lat": 40.007,
    "difference": -12.0,
    "std": 0.4,
    "count": 7,
    "radius": 500.0,
    "compared": "series",
}


@pytest.fixture(scope="module")
def content():
    """Points along the border, and nothing in the middle."""
    t = np.linspace(0, 1, 11)
    border = np.concatenate([np.column_stack([t, 0 * t]), np.column_stack([t, 0 * t + 1])])
    velocity = np.linspace(-20, 20, 22)
    noise = np.random.default_rng(4).normal(0, 0.2, (22, DAYS.size))
    return made_content(np.array([14.0, 40.0]) + 0.02 * border, np.outer(velocity, DAYS / 365.25) + noise, DAYS)


@pytest.fixture(scope="module")
def page(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    features = [
        feature({"type": "Polygon", "coordinates": [AREA]}, {"name": EVIL, "since": 1950, "none": None}),
        feature({"type": "LineString", "coordinates": LINE}, {"road": "B 12"}),
        feature({"type": "Point", "coordinates": WELL}, {"depth": 12.5}),
    ]
    (folder / "town.geojson").write_text(json.dumps(collection(*features)))
    velocity = {"name": "GNSS1", "velocity": content.layers[0].values[5], "pixels": 0.0}
    extras = Extras(overlays=[read_overlay(folder / "town.geojson")], stations=[{**STATION, **velocity}])
    (folder / "view.html").write_text(html_of(content, [], "Drawn", extras), encoding="utf-8")
    return folder / "view.html"


@pytest.fixture(params=[360, 1400])
def shown(browser, page, request):
    with shown_at(browser, page, request.param) as shown:
        yield shown
        assert shown.browser.title == "Drawn"  # no text of a file has run


def place(shown, lon, lat):
    """Where a place is in the window."""
    (x0, y0), (x1, y1) = shown.call("screenOf", 0), shown.call("screenOf", 21)
    return x0 + (lon - 14) / 0.02 * (x1 - x0), y0 + (lat - 40) / 0.02 * (y1 - y0)


def drawn(shown):
    shown.call("redrawTime", 1)
    return np.count_nonzero(shown.pixels("map-drawings")[..., 3])


class TestHovering:
    @pytest.mark.parametrize(
        ("lonlat", "text"),
        [
            ((14.0075, 40.0135), f"town.geojson\nname: {EVIL}\nsince: 1950\nnone: –"),
            ((14.016, 40.004), "town.geojson\nroad: B 12"),
            (WELL, "town.geojson\ndepth: 12.5"),
        ],
        ids=["area", "line", "point"],
    )
    def test_properties_are_shown_by_mouse_and_finger(self, shown, lonlat, text):
        shown.hover(*place(shown, *lonlat))
        assert shown.element("tooltip").text == text
        shown.hover(*place(shown, 14.011, 40.009))
        assert not shown.element("tooltip").is_displayed()
        shown.tap(*place(shown, *lonlat))
        assert shown.element("tooltip").text == text and shown.call("selection") == []

    def test_points_of_the_map_come_before_areas(self, shown):
        i = 13
        shown.hover(*shown.call("screenOf", i))
        assert f"point {i + 1}" in shown.element("tooltip").text

    def test_a_station_beside_its_points(self, shown, content):
        velocity = content.layers[0].values[5]
        where = place(shown, STATION["lon"], STATION["lat"])
        shown.hover(*where)
        lines = shown.element("tooltip").text.replace("−", "-").split("\n")
        assert lines[0] == f"GNSS1: {velocity:.1f} mm/yr" and lines[1] == "7 points within 500 m: 0.0 mm/yr"
        assert lines[2] == f"difference {velocity:.1f} ± 0.4 mm/yr (series)"
        shown.call("setReference", 14.0, 40.0, 100)  # the points follow, the station does not
        shift = content.layers[0].values[0]
        shown.hover(0, 0)
        shown.hover(*where)
        lines = shown.element("tooltip").text.replace("−", "-").split("\n")
        assert lines[0] == f"GNSS1: {velocity:.1f} mm/yr" and lines[1] == f"7 points within 500 m: {-shift:.1f} mm/yr"

    def test_a_station_has_the_colour_of_its_velocity(self, shown):
        shown.call("setReferenceOriginal")
        shown.call("redrawTime", 1)
        box = shown.element("map-marks").rect
        (x, y), (px, py) = place(shown, STATION["lon"], STATION["lat"]), shown.call("screenOf", 5)
        scroll = shown.browser.execute_script("return scrollY")
        station = shown.pixels("map-drawings")[round(y - box["y"] + scroll), round(x - box["x"])]
        point = shown.pixels("map-points")[round(py - box["y"] + scroll), round(px - box["x"])]
        np.testing.assert_array_equal(station, point)


class TestFiles:
    def test_drawings_are_hidden_and_shown_again(self, shown):
        first = drawn(shown)
        boxes = shown.all("#drawings-list input")
        assert [one["name"] for one in shown.call("drawings")] == ["town.geojson", "GNSS stations"] and len(boxes) == 2
        for box in boxes:
            box.click()
        assert drawn(shown) == 0
        shown.see("map-frame")
        shown.hover(*place(shown, *WELL))
        assert not shown.element("tooltip").is_displayed()
        for box in boxes:
            box.send_keys(" ")
        assert drawn(shown) == first > 500

    def test_a_file_is_opened(self, shown, tmp_path):
        path = tmp_path / "more.geojson"
        path.write_text(
            json.dumps(feature({"type": "LineString", "coordinates": [[14.001, 40.018], [14.019, 40.018]]}, {"a": 1}))
        )
        shown.element("drawings-file").send_keys(str(path))
        wait_for_note(shown, "more.geojson: 1 features.")
        shown.hover(*place(shown, 14.01, 40.018))
        assert shown.element("tooltip").text == "more.geojson\na: 1"
        path.write_text(json.dumps({"type": "Point", "coordinates": [80, 10]}))
        shown.element("drawings-file").send_keys(str(path))
        wait_for_note(shown, "none of them where the points are")


def wait_for_note(shown, text):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(shown.browser, 10, 0.02).until(lambda _: text in shown.element("drawings-note").text)


def test_what_is_wrong_is_said_as_by_the_command(browser, page):
    """The same files are refused on the page; nothing of them is drawn."""
    with shown_at(browser, page, 1400) as shown:
        texts = [document if isinstance(document, str) else json.dumps(document) for document, _ in BROKEN]
        notes = shown.browser.execute_async_script(
            "const [texts, done] = arguments, notes = [];"
            "(async () => { for (const text of texts) { await stampsView.openDrawing('bad.json', text);"
            " notes.push(document.getElementById('drawings-note').textContent); } done(notes); })();",
            texts,
        )
        assert len(shown.call("drawings")) == 2
        for text, note in zip(texts, notes, strict=True):
            assert "bad.json" in note and note.endswith(".") and "undefined" not in note, (text[:80], note)
            assert not re.search("features[.,]", note), (text[:80], note)
        good = json.dumps(POINT)
        shown.browser.execute_async_script("stampsView.openDrawing('good.json', arguments[0]).then(arguments[1])", good)
        assert len(shown.call("drawings")) == 3

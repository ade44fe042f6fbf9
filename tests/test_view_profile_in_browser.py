"""The profile along a line on the page of stamps view: drawn with mouse, fingers, keys, typed; against stamps profile."""

import csv
import io

import numpy as np
import pytest

import stamps
from helpers.emulated import shown_at
from helpers.viewed_project import with_reference_circle
from stamps.products.view import view

START, END = (14.001, 40.002), (14.022, 40.016)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    return with_reference_circle(tmp_path_factory.mktemp("single"))


@pytest.fixture(scope="module")
def page(ws, tmp_path_factory):
    return view(ws, tmp_path_factory.mktemp("page") / "view.html", n_boot=20)


@pytest.fixture(params=[360, 1400])
def shown(browser, page, request):
    with shown_at(browser, page, request.param) as shown:
        yield shown


@pytest.fixture
def wide(browser, page):
    with shown_at(browser, page, 1400) as shown:
        yield shown


def fill(shown, **fields):
    for name, value in fields.items():
        element = shown.element(f"line-{name.replace('_', '-')}")
        element.clear()
        element.send_keys(str(value))


def typed(shown, start, end, width=1000, bins=20):
    fill(shown, lon_1=start[0], lat_1=start[1], lon_2=end[0], lat_2=end[1], width=width, bins=bins)
    shown.element("line-bins").submit()


def ends(shown):
    names = ("line-lon-1", "line-lat-1", "line-lon-2", "line-lat-2")
    return [float(shown.element(name).get_attribute("value") or "nan") for name in names]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def column(rows, name):
    return np.array([float(row[name] or "nan") for row in rows])


class TestNumbers:
    @pytest.mark.parametrize(
        ("start", "end", "width", "bins"),
        [
            (START, END, 1000, 20),
            (END, START, 400, 3),
            ((14.002, 40.01), (14.02, 40.01), 3000, 7),
            ((14.01, 40), (14.01, 40.018), 900, 1),
        ],
    )
    def test_they_are_those_of_stamps_profile(self, wide, ws, tmp_path, start, end, width, bins):
        expected = stamps.profile(start, end, width, bins, workdir=ws, out=tmp_path / "profile.csv")
        typed(wide, start, end, width, bins)
        found = wide.call("profile")
        assert len(found["points"]) == len(expected) > 3
        assert found["length"] == pytest.approx(expected.length, abs=0.02)
        np.testing.assert_allclose(found["distance"], expected.distance, atol=0.02)
        np.testing.assert_allclose(found["offset"], expected.offset, atol=0.02)
        np.testing.assert_allclose(found["value"], expected.value, atol=1e-4)
        np.testing.assert_allclose(found["height"], expected.height, atol=1e-4)
        assert [one["count"] for one in found["bins"]] == expected.bins.count.tolist()
        for name in ("centre", "mean", "median", "std"):
            values = [np.nan if one[name] is None else one[name] for one in found["bins"]]
            np.testing.assert_allclose(values, getattr(expected.bins, name), atol=0.02 if name == "centre" else 1e-4)
        tables = wide.call("profileTable")
        for name, path in (("points", "profile.csv"), ("bins", "profile_bins.csv")):
            here, there = rows_of(tables[name]), rows_of((tmp_path / path).read_text())
            assert list(here[0])[1:] == list(there[0])[1:] and len(here) == len(there)
            for title in list(there[0])[1:]:
                np.testing.assert_allclose(column(here, title), column(there, title), atol=0.021)

    def test_it_follows_layer_and_reference(self, wide):
        wide.call("setLine", START, END)
        velocity = wide.call("profile")
        wide.call("setReferenceAll")
        shift = np.array(wide.call("profile")["value"]) - velocity["value"]
        assert np.ptp(shift) < 1e-4 and abs(shift[0]) > 0.01
        wide.call("setLayer", "height")
        assert wide.call("profile")["value"] == velocity["height"] and "Height of" in wide.element("profile-text").text
        wide.call("setLayer", "displacement", 2)
        values = np.array(wide.call("values", "displacement", 2))
        np.testing.assert_allclose(wide.call("profile")["value"], values[velocity["points"]])


class TestDrawing:
    def test_with_the_mouse(self, wide):
        a, b, c = (wide.call("screenOf", i) for i in wide.lonely(12)[1:9:3])
        wide.element("line-draw").click()
        wide.mouse(*a, *b)
        assert wide.element("profile").is_displayed() and not wide.element("series").is_displayed()
        assert wide.element("line-draw").get_attribute("aria-pressed") == "false"
        first = ends(wide)
        wide.mouse(*b, *c)  # the end is dragged elsewhere
        assert ends(wide)[:2] == first[:2] and ends(wide)[2:] != first[2:]
        wide.element("line-draw").click()
        wide.mouse(*a)
        assert "end of the line" in wide.element("map-hint").text and ends(wide)[:2] == first[:2]
        wide.mouse(*b)
        np.testing.assert_allclose(ends(wide), first, atol=1e-5)
        assert wide.call("selection") == []
        wide.element("line-remove").click()
        assert not wide.element("profile").is_displayed() and np.isnan(ends(wide)).all()
        assert not wide.element("panel-switch").is_displayed()

    def test_with_a_finger(self, browser, page):
        with shown_at(browser, page, 360) as shown:
            a, b = (shown.call("screenOf", i) for i in shown.lonely(3)[:2])
            shown.browser.execute_script("document.getElementById('line-draw').click(); scrollTo(0, 0)")
            view = shown.call("views")
            shown.touch("touchStart", a)
            shown.touch("touchMove", ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
            shown.touch("touchMove", b)
            shown.touch("touchEnd")
            assert np.isfinite(ends(shown)).all() and shown.call("views") == view
            assert len(shown.call("profile")["points"]) > 0

    def test_with_keys_only(self, wide):
        from selenium.webdriver.common.keys import Keys

        wide.element("line-draw").send_keys(Keys.ENTER)
        canvas = wide.browser.switch_to.active_element
        assert canvas.get_attribute("id") == "map-marks"
        canvas.send_keys("++", Keys.ENTER, Keys.ARROW_RIGHT, Keys.ARROW_UP, Keys.ENTER)
        lon_1, lat_1, lon_2, lat_2 = ends(wide)
        assert lon_2 > lon_1 and lat_2 > lat_1
        wide.element("line-draw").send_keys(Keys.SPACE)
        assert wide.element("map-hint").is_displayed()
        canvas.send_keys(Keys.ESCAPE)
        assert not wide.element("map-hint").is_displayed() and ends(wide) == [lon_1, lat_1, lon_2, lat_2]

    def test_what_is_typed_wrongly_is_said(self, wide):
        fill(wide, lon_1=14.0, lat_1=95)
        wide.element("line-bins").submit()
        assert "longitude and latitude of both ends" in wide.element("map-hint").text
        typed(wide, START, START)
        assert "the same place" in wide.element("map-hint").text and not wide.element("profile").is_displayed()
        typed(wide, (20, 41), (20.1, 41))
        assert "No point with a value lies within 500 m" in wide.element("profile-text").text

    def test_series_and_profile_share_their_place(self, shown):
        shown.call("setLine", START, END)
        shown.browser.execute_script("stampsView.select(3)")
        for name, other in (("series", "profile"), ("profile", "series")):
            shown.element(f"show-{name}").click()
            assert shown.element(name).is_displayed() and not shown.element(other).is_displayed()
            assert shown.element(f"show-{name}").get_attribute("aria-pressed") == "true"
        picture = shown.all("#profile-chart canvas")[0]
        assert (
            picture.rect["width"] > 250
            and picture.rect["x"] + picture.rect["width"] <= shown.element("profile").rect["width"] + 40
        )

    def test_means_are_read_by_keys(self, shown):
        from selenium.webdriver.common.keys import Keys

        shown.call("setLine", START, END)
        used = [one for one in shown.call("profile")["bins"] if one["count"]]
        chart, text = shown.element("profile-chart"), shown.element("profile-text")

        def said(one):
            return f"{one['centre']:.0f} m: mean {one['mean']:.2f} ± {one['std']:.2f} mm/yr of {one['count']} points"

        for key, one in (
            (Keys.ARROW_RIGHT, used[0]),
            (Keys.ARROW_RIGHT, used[1]),
            (Keys.END, used[-1]),
            (Keys.ARROW_RIGHT, used[-1]),
            (Keys.ARROW_LEFT, used[-2]),
            (Keys.HOME, used[0]),
        ):
            chart.send_keys(key)
            assert text.text.replace("−", "-").replace("\u202f", "") == said(one)

    def test_the_chart_points_to_the_map(self, wide):
        typed(wide, START, END)
        before = wide.pixels("map-marks")
        box = wide.all("#profile-chart .u-over")[0].rect
        wide.hover(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        wide.browser.execute_async_script("requestAnimationFrame(() => arguments[0]())")
        assert (wide.pixels("map-marks") != before).any()

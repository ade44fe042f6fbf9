"""Two projects on one page of stamps view: linked maps, pairs of points, their own references and dates."""

import datetime

import numpy as np
import pytest

from helpers.emulated import shown_at
from helpers.viewed_project import made_content
from stamps.products.view.extras import Extras, Other
from stamps.products.view.page import html_of

FIRST, SECOND = datetime.date(2018, 6, 1), datetime.date(2018, 6, 4)
DAYS = np.setdiff1d(np.arange(-5, 9) * 12.0, [0.0]), np.setdiff1d(np.arange(-3, 6) * 12.0, [0.0])
SHIFT = np.array([0.0002, 0.0001])  # between points of the two: about 20 m


@pytest.fixture(scope="module")
def contents():
    """A grid of points; in the second project three points more, half of a step aside, and none at the last place."""
    rng = np.random.default_rng(8)
    x, y = (side.ravel() for side in np.meshgrid(np.arange(5), np.arange(5)))
    lonlat = np.column_stack([14 + 0.004 * x, 40 + 0.003 * y])
    there = np.concatenate([lonlat[:3] + 0.0015, lonlat[:-1] + SHIFT])
    series = [rng.normal(0, 3, (len(place), days.size)) for place, days in zip((lonlat, there), DAYS, strict=True)]
    series[0] += np.outer(x * 5.0 - 10, DAYS[0] / 365.25)
    return [made_content(p, s, d, m) for p, s, d, m in zip((lonlat, there), series, DAYS, (FIRST, SECOND), strict=True)]


@pytest.fixture(scope="module")
def page(contents, tmp_path_factory):
    page = tmp_path_factory.mktemp("page") / "view.html"
    extras = Extras(other=Other(contents[1], [], "<i>Descending</i>"))
    page.write_text(html_of(contents[0], [], "Ascending", extras), encoding="utf-8")
    return page


@pytest.fixture
def wide(browser, page):
    with shown_at(browser, page, 1400) as shown:
        yield shown


@pytest.fixture
def narrow(browser, page):
    with shown_at(browser, page, 360) as shown:
        yield shown


def displacement(content):
    return content.layers[2].values


def chosen(shown):
    return [(one["name"], one["scene"], one["point"]) for one in shown.call("selection")]


class TestLinkedMaps:
    def test_they_lie_side_by_side_and_move_together(self, wide):
        left, right = (element.rect for element in wide.all(".map"))
        assert left["width"] == right["width"] > 400 and left["x"] + left["width"] < right["x"]
        x, y = wide.call("screenOf", 12, 1)
        wide.wheel(x, y, -300)
        first, second = wide.call("views")
        assert first == second and wide.call("screenOf", 12, 1) == pytest.approx([x, y], abs=0.5)
        x, y = wide.call("screenOf", 12)
        wide.mouse(x + 25, y + 25, x + 65, y + 45)
        first, second = wide.call("views")
        assert first == second and wide.call("screenOf", 12) == pytest.approx([x + 40, y + 20], abs=1)
        # the same place is at the same place of both
        (ax, ay), (bx, by) = wide.call("screenOf", 12), wide.call("screenOf", 15, 1)
        east, north = SHIFT * [85_000.0, 111_320.0] * first["scale"]
        assert (bx - right["x"] - east, by + north) == pytest.approx((ax - left["x"], ay), abs=0.2)

    def test_the_other_map_is_pointed_to(self, wide):
        def marks():
            wide.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            wide.browser.execute_script("document.querySelectorAll('.marks')[1].id = 'other-marks'")
            return wide.pixels("other-marks")

        wide.hover(700, 5)
        before = marks()
        x, y = wide.call("screenOf", 12)
        wide.hover(x + 40, y)
        left, right = (element.rect for element in wide.all(".map"))
        changed = np.argwhere((marks() != before).any(axis=2))
        np.testing.assert_allclose(changed.mean(axis=0), [y - left["y"], x + 40 - left["x"]], atol=2)
        wide.hover(700, 5)
        assert (marks() == before).all()

    def test_one_layer_one_palette_one_range(self, wide, contents):
        low, high = wide.call("state")["limits"]
        outermost = max(np.quantile(np.abs(content.layers[0].values), 0.9) for content in contents)
        assert -low == high >= outermost
        wide.call("setLayer", "displacement", 2)
        titles = [element.text for element in wide.all(".map-title")]
        date = FIRST + datetime.timedelta(int(DAYS[0][2]))
        assert f"{date}" in titles[0] and "A: Ascending" in titles[0]
        nearest = min((SECOND + datetime.timedelta(int(day)) for day in DAYS[1]), key=lambda one: abs(one - date))
        assert f"{nearest}" in titles[1] and "B: <i>Descending</i>" in titles[1] and f"since {SECOND}" in titles[1]

    def test_each_has_its_own_reference(self, wide, contents):
        lon, lat = map(float, contents[1].lonlat[7])
        assert wide.call("setReference", lon, lat, 60, 1)
        text = wide.element("reference-text").text
        assert "Ascending: values are relative to the mean of all" in text and "1 point within 60 m" in text
        wide.call("select", 4)
        one, other = wide.call("selection")
        np.testing.assert_allclose(one["series"], displacement(contents[0])[4], atol=0.01)
        np.testing.assert_allclose(
            other["series"], displacement(contents[1])[7] - displacement(contents[1])[7], atol=0.01
        )
        wide.call("setReferenceOriginal")
        np.testing.assert_allclose(wide.call("selection")[1]["series"], displacement(contents[1])[7], atol=0.01)

    def test_the_star_of_the_second_map_is_dragged(self, wide, contents):
        wide.call("setReference", *map(float, contents[1].lonlat[7]), 60, 1)
        wide.mouse(*wide.call("screenOf", 7, 1), *wide.call("screenOf", 15, 1))
        wide.call("select", 12)
        series = wide.call("selection")[1]["series"]
        np.testing.assert_allclose(series, np.zeros(DAYS[1].size), atol=0.01)


class TestPairs:
    @pytest.mark.parametrize("scene", [0, 1])
    def test_a_click_selects_on_both(self, wide, contents, scene):
        wide.mouse(*wide.call("screenOf", [12, 15][scene], scene))
        assert chosen(wide) == [("A", 0, 12), ("B", 1, 15)]
        for one, content, point in zip(wide.call("selection"), contents, (12, 15), strict=True):
            np.testing.assert_allclose(one["series"], displacement(content)[point], atol=0.01)
            assert one["line"]["slope"] == pytest.approx(content.layers[0].values[point], abs=0.05)
        table = wide.element("facts-table").text
        assert "Ascending <i>Descending</i>" in table and len(wide.all(".chart")) == 1
        wide.mouse(*wide.call("screenOf", 6))  # each click begins afresh
        assert chosen(wide) == [("A", 0, 6), ("B", 1, 9)]

    def test_a_point_without_a_neighbour_stays_alone(self, wide):
        wide.call("select", 24)
        assert (
            chosen(wide) == [("A", 0, 24)]
            and "No point of <i>Descending</i> lies within 100 m" in wide.element("map-hint").text
        )
        wide.call("select", 1, None, 1)
        assert chosen(wide) == [("B", 1, 1)]
        box = wide.element("pairs-radius")
        box.clear()
        box.send_keys("500")
        wide.call("select", 24)
        assert len(chosen(wide)) == 2

    def test_differences_within_a_project_where_pairs_are_off(self, wide, contents):
        wide.element("pairs").click()
        wide.call("select", 3, None, 1)
        wide.call("select", 8, None, 1)
        assert chosen(wide) == [("A", 1, 3), ("B", 1, 8), ("A − B", 1, None)]
        difference = displacement(contents[1])[3] - displacement(contents[1])[8]
        np.testing.assert_allclose(wide.call("selection")[2]["series"], difference, atol=0.01)
        wide.call("clear")
        wide.call("select", 3)
        wide.call("select", 8, None, 1)
        assert chosen(wide) == [("A", 0, 3), ("B", 1, 8)]

    def test_the_file_has_the_dates_of_both(self, wide, contents):
        wide.call("select", 12)
        lines = wide.call("csv").strip().split("\n")
        head = [line for line in lines if line.startswith("#")]
        assert any("B: <i>Descending</i>, point 16" in line for line in head)
        names, *rows = [line.split(",") for line in lines if not line.startswith("#")]
        assert names == ["date", "A", "B", "A_model", "B_model"]
        days = [
            sorted(str(m + datetime.timedelta(int(day))) for day in d)
            for m, d in zip((FIRST, SECOND), DAYS, strict=True)
        ]
        assert [row[0] for row in rows] == sorted({*days[0], *days[1]})
        for k, (content, point) in enumerate(zip(contents, (12, 15), strict=True)):
            values = {row[0]: float(row[1 + k]) for row in rows if row[1 + k]}
            assert list(values) == days[k]
            np.testing.assert_allclose(list(values.values()), displacement(content)[point], atol=0.01)
            model = np.array([float(row[3 + k]) for row in rows if row[1 + k]])
            fitted = content.lines.weights @ displacement(content)[point]
            np.testing.assert_allclose(model, fitted[0] + fitted[1] * DAYS[k] / 365.25, atol=0.01)

    def test_models_of_both(self, wide):
        wide.call("select", 12)
        for model in ("line", "quadratic", "weighted"):
            wide.browser.execute_script(
                "document.getElementById('model').value = arguments[0];"
                "document.getElementById('model').dispatchEvent(new Event('change'))",
                model,
            )
            assert all(one["model"]["values"] for one in wide.call("selection"))


class TestNarrow:
    def test_one_map_at_a_time(self, narrow):
        first, second = narrow.all(".map")
        switches = narrow.all("#map-switch button")
        assert [button.text for button in switches] == ["A: Ascending", "B: <i>Descending</i>"]
        assert first.is_displayed() and not second.is_displayed()
        narrow.tap(*narrow.call("screenOf", 12))
        assert chosen(narrow) == [("A", 0, 12), ("B", 1, 15)]
        narrow.tap_element(switches[1])
        assert second.is_displayed() and not first.is_displayed()
        assert [button.get_attribute("aria-pressed") for button in switches] == ["false", "true"]
        assert second.rect["width"] > 300 and narrow.call("views")[0] == narrow.call("views")[1]
        narrow.tap(*narrow.call("screenOf", 9, 1))
        assert chosen(narrow) == [("A", 0, 6), ("B", 1, 9)]
        assert narrow.browser.execute_script("return document.documentElement.scrollWidth") <= 360

"""The page of stamps view in a browser."""

import re

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.shown_page import Shown
from helpers.viewed_project import N_PS, RATES, layer, made_content, with_reference_circle
from stamps.products.quantities import Project
from stamps.products.velocity import fit_lines
from stamps.products.view import view
from stamps.products.view.content import content_of
from stamps.products.view.packing import quantise
from stamps.products.view.page import html_of
from stamps.workspace.parameters import Parameters


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    """A single-master project whose reference is a circle, with a missing value."""
    return with_reference_circle(tmp_path_factory.mktemp("single"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return finished.small_baselines(tmp_path_factory.mktemp("pairs") / "sb", n_ps=N_PS)


@pytest.fixture(scope="module")
def content(ws):
    return content_of(Project.at(ws))


_WIDTH = 1400  # of the window


@pytest.fixture(scope="module")
def page(ws, tmp_path_factory):
    return view(ws, tmp_path_factory.mktemp("page") / "view.html")


class TestInBrowser:
    @pytest.fixture
    def shown(self, browser, page):
        shown = Shown(browser, page)
        yield shown
        assert shown.errors() == []

    def test_a_click_shows_the_series_of_that_point(self, shown, content):
        i = shown.lonely(3)[1]
        assert not shown.element("series-full").is_displayed()
        shown.click_point(i)
        (one,) = shown.call("selection")
        series = layer(content, "displacement").values
        error = quantise(series).error * 1.01
        assert one["point"] == i and error < 0.01
        np.testing.assert_allclose(one["series"], series[i], atol=error, rtol=0)
        # what stands in the chart and in the table
        ((drawn,),) = shown.call("charts")["drawn"]
        np.testing.assert_allclose(drawn, series[i], atol=error)
        expected = layer(content, "velocity").values[i]
        text = shown.element("facts-table").text.replace("−", "-")
        assert f"Velocity (mm/yr) {expected:.1f}" in text and f"Point no. {i + 1}" in text
        assert f"Coherence {layer(content, 'coherence').values[i]:.2f}" in text
        np.testing.assert_allclose(one["line"]["slope"], expected, atol=0.01)
        np.testing.assert_allclose(one["std"], layer(content, "std").values[i], rtol=1e-3)
        plain = fit_lines(series[[i]], content.days)[:, 0] * [1, 365.25]
        np.testing.assert_allclose([one["plain"]["intercept"], one["plain"]["slope"]], plain, atol=0.01)
        np.testing.assert_allclose(shown.call("series", i), one["series"])

    def test_a_second_click_shows_the_difference(self, shown, content):
        i, j = shown.lonely(3)[:2]
        shown.click_point(i)
        shown.click_point(j)
        first, second, difference = shown.call("selection")
        series = layer(content, "displacement").values
        assert (first["point"], second["point"], difference["name"]) == (i, j, "A − B")
        np.testing.assert_allclose(difference["series"], series[i] - series[j], atol=2 * quantise(series).error * 1.01)
        velocity = layer(content, "velocity").values
        np.testing.assert_allclose(difference["line"]["slope"], velocity[i] - velocity[j], atol=0.02)
        spread = (series[i] - series[j]) @ content.lines.spread @ (series[i] - series[j])
        np.testing.assert_allclose(difference["std"], np.sqrt(spread), rtol=1e-3)
        assert len(shown.browser.find_elements("css selector", "#charts .uplot")) == 2
        shown.click_point(j)  # begins afresh
        assert [one["point"] for one in shown.call("selection")] == [j]
        shown.element("series-clear").click()
        assert shown.call("selection") == []

    def test_every_layer_is_shown_in_its_colours(self, shown, content):
        from selenium.webdriver.support.ui import Select

        pictures = []
        for one in content.layers:
            choice = Select(shown.element("layer"))
            choice.select_by_value(one.name)
            assert shown.call("state")["layer"] == one.name
            values = one.values if one.values.ndim == 1 else one.values[:, -1]
            error = 1e-6 if one.values.ndim == 1 else quantise(one.values).error * 1.01
            np.testing.assert_allclose(
                shown.call("values", one.name, len(content.dates) - 1), values, atol=error, rtol=1e-6
            )
            assert shown.element("date-row").is_displayed() == (one.values.ndim == 2)
            shown.call("redrawTime", 1)
            pictures.append(shown.pixels("map-points"))
        drawn = [np.count_nonzero(picture[..., 3]) for picture in pictures]
        assert min(drawn) > 60 * N_PS
        assert all((a != b).any() for a, b in zip(pictures, pictures[1:], strict=False))

    def test_velocities_become_the_colours_of_the_bar(self, shown, content):
        velocity = layer(content, "velocity").values
        low, high = shown.call("state")["limits"]
        assert low == -high and np.quantile(np.abs(velocity), 0.97) <= high
        shown.call("redrawTime", 1)
        picture, box = shown.pixels("map-points"), shown.element("map-marks").rect
        for i in shown.lonely(6):
            x, y = shown.call("screenOf", i)
            red, _, blue, alpha = picture[round(y - box["y"]), round(x - box["x"])].astype(int)
            assert alpha == 255
            if abs(velocity[i]) > 0.3 * high:  # plot_color_scheme inflation: blue towards the satellite
                assert (blue > red) == (velocity[i] > 0)

    def test_another_reference_changes_everything_at_once(self, shown, content):
        ps_x, radius = content.lonlat, 400
        target = shown.lonely(5)[3]
        shown.click_point(shown.lonely(5)[1])
        before = shown.call("selection")[0]
        shown.element("reference-radius").clear()
        shown.element("reference-radius").send_keys(str(radius))
        shown.element("reference-move").click()
        shown.click_point(target)
        metres = (ps_x - ps_x[target]) * content.metres
        reference = np.hypot(*metres.T) <= radius
        text = shown.element("reference-text").text
        found = int(re.search(r"relative to (\d+) points within 400 m", text).group(1))
        assert abs(found - reference.sum()) <= 2  # the mouse points to whole pixels
        chosen = shown.call("values", "velocity")
        velocity = layer(content, "velocity").values
        assert np.ptp(np.array(chosen) - velocity) < 1e-4 and abs(np.mean(np.array(chosen)[reference])) < 3
        # exactly the same place, by its coordinates
        assert shown.call("setReference", *map(float, ps_x[target]), radius)
        np.testing.assert_allclose(shown.call("values", "velocity"), velocity - velocity[reference].mean(), atol=1e-4)
        series = layer(content, "displacement").values
        series = series - series[reference].mean(axis=0)
        after = shown.call("selection")[0]
        error = 2 * quantise(series).error
        np.testing.assert_allclose(after["series"], series[before["point"]], atol=error)
        np.testing.assert_allclose(shown.call("values", "displacement", 2), series[:, 2], atol=error)
        std = np.sqrt(np.einsum("ij,jk,ik->i", series, content.lines.spread, series))
        np.testing.assert_allclose(shown.call("values", "std"), std, rtol=1e-3)
        np.testing.assert_allclose(shown.call("values", "height"), layer(content, "height").values, rtol=1e-6)
        # drag the star elsewhere
        x, y = shown.call("screenOf", target)
        shown.mouse(x, y, *shown.call("screenOf", before["point"]))
        assert abs(shown.call("values", "velocity")[before["point"]]) < abs(chosen[before["point"]])
        shown.element("reference-original").click()
        np.testing.assert_allclose(shown.call("values", "velocity"), velocity, rtol=1e-6)
        assert "within 600 m" in shown.element("reference-text").text

    def test_a_place_without_points_is_no_reference(self, shown):
        text = shown.element("reference-text").text
        assert not shown.call("setReference", 10.0, 10.0, 50)
        assert "No point lies within 50 m" in shown.element("map-hint").text
        assert shown.element("reference-text").text == text

    def test_brushing_the_histogram_hides_points(self, shown, content):
        box = shown.element("histogram").rect
        middle = box["y"] + box["height"] / 3
        shown.mouse(box["x"] + box["width"] / 3, middle, box["x"] + box["width"] / 2, middle)
        low, high = shown.call("state")["shown"]
        velocity = layer(content, "velocity").values
        assert high == pytest.approx(0, abs=1) and velocity.min() < low < high - 8
        count = np.count_nonzero((velocity >= low) & (velocity <= high))
        assert f"{count} of {N_PS} points" in shown.element("brush-note").text
        for hidden in (int(np.argmax(velocity)), int(np.argmin(velocity))):
            assert shown.call("hit", *shown.call("screenOf", hidden)) != hidden
        shown.element("brush-clear").click()
        assert shown.call("state")["shown"] is None

    def test_hovering_and_moving(self, shown, content):
        from selenium.webdriver.common.action_chains import ActionChains

        i = shown.lonely(3)[0]
        x, y = shown.call("screenOf", i)
        actions = ActionChains(shown.browser, duration=0)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()
        velocity = f"{layer(content, 'velocity').values[i]:.1f} mm/yr".replace("-", "−")
        assert shown.element("tooltip").text == f"{velocity} point {i + 1}"
        shown.mouse(x, y, x + 60, y + 40)  # dragging moves the map and selects nothing
        assert shown.call("selection") == []
        np.testing.assert_allclose(shown.call("screenOf", i), [x + 60, y + 40], atol=2)

    def test_average_around_a_click_and_search(self, shown, content):
        shown.element("average").clear()
        shown.element("average").send_keys("300")
        shown.element("find").send_keys("7")
        shown.browser.find_element("css selector", "#find-form button").click()
        (one,) = shown.call("selection")
        near = np.hypot(*((content.lonlat - content.lonlat[6]) * content.metres).T) <= 300
        assert one["point"] == 6 and one["points"] == np.flatnonzero(near).tolist()
        expected = layer(content, "displacement").values[near].mean(axis=0)
        np.testing.assert_allclose(one["series"], expected, atol=0.01)

    def test_the_picture_is_not_empty(self, shown, tmp_path):
        image = pytest.importorskip("PIL.Image")
        shown.click_point(shown.lonely(3)[1])
        assert shown.browser.save_screenshot(str(tmp_path / "shot.png"))
        picture = np.asarray(image.open(tmp_path / "shot.png").convert("RGB"))
        assert picture.shape[1] == _WIDTH
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 500
        ground = shown.pixels("map-ground")
        assert np.unique(ground[..., 0]).size > 30  # the shaded DEM

    def test_no_point_is_asked_for_beyond_the_page(self, shown):
        asked = shown.browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        assert [name for name in asked if not name.startswith(("data:", "blob:"))] == []

    def test_pixels_without_values_are_left_out(self, browser, tmp_path):
        ws = finished.single_master(tmp_path, n_ps=30)
        finished.steady_motion(ws, RATES[:30])
        phase = ws.load("phuw2")["ph_uw"]
        phase[4] = np.nan
        ws.save("phuw2", {"ph_uw": phase})
        Parameters(ws).set("ref_radius", -np.inf)
        shown = Shown(browser, view(ws, tmp_path / "view.html"))
        x, y = shown.call("screenOf", 4)
        assert shown.call("hit", x, y) != 4 and shown.call("values", "velocity")[4] is None
        assert shown.element("reference-text").text == "Values are not referenced."
        assert shown.call("setReference", *map(float, ws.load("ps2")["lonlat"].mean(axis=0)), 5000)
        velocity = np.array(shown.call("values", "velocity"), float)
        assert abs(np.nanmean(velocity)) < 1e-6 and np.isnan(velocity).sum() == 1
        shown.call("setLayer", "std")
        assert shown.errors() == []

    def test_the_keyboard_does_it_too(self, shown):
        from selenium.webdriver.common.keys import Keys

        canvas = shown.element("map-marks")
        before = shown.call("screenOf", 0)
        canvas.send_keys(Keys.ARROW_RIGHT)
        assert shown.call("screenOf", 0)[0] == pytest.approx(before[0] - 60)
        canvas.send_keys("0", Keys.ENTER)
        (one,) = shown.call("selection")
        assert f"Point {one['point'] + 1}: velocity" in shown.element("announce").get_attribute("textContent")
        canvas.send_keys(Keys.ESCAPE)
        assert shown.call("selection") == []

    def test_a_page_of_small_baselines(self, browser, pairs, tmp_path):
        shown = Shown(browser, view(pairs, tmp_path / "view.html"))
        content = content_of(Project.at(pairs))
        i = shown.lonely(4)[2]
        shown.click_point(i)
        (one,) = shown.call("selection")
        series = layer(content, "displacement").values
        np.testing.assert_allclose(one["series"], series[i], atol=quantise(series).error * 1.01)
        assert "small baselines" in shown.element("subtitle").text and shown.errors() == []


def test_a_hundred_thousand_points_are_fluid(browser, tmp_path):
    """Redrawing everything takes milliseconds; printed with pytest -s."""
    n, k = 100_000, 30
    rng = np.random.default_rng(0)
    lonlat = np.array([14.0, 40.0]) + rng.uniform(0, 0.3, (n, 2))
    days = np.arange(k) * 12.0 - 96
    velocity = 30 * np.sin(lonlat[:, 0] * 40) * np.cos(lonlat[:, 1] * 30)
    series = np.outer(velocity, days / 365.25) + rng.normal(0, 3, (n, k))
    content = made_content(lonlat, series, days)
    page = tmp_path / "view.html"
    page.write_text(html_of(content, [], "many"), encoding="utf-8")
    shown = Shown(browser, page)
    milliseconds = shown.call("redrawTime", 10)
    shown.call("zoom", 4)
    closer = shown.call("redrawTime", 10)
    started = browser.execute_script("return performance.now()")
    assert shown.call("setReference", 14.1, 40.1, 500)
    moved = browser.execute_script("return performance.now()") - started
    print(
        f"100 000 points: a redraw {milliseconds:.0f} ms, closer {closer:.0f} ms, another reference {moved:.0f} ms, "
        f"page {page.stat().st_size / 1e6:.1f} MB"
    )
    assert shown.errors() == []
    assert milliseconds < 250 and closer < 250  # ample: machines that run tests are busy
    velocity = layer(content, "velocity").values
    i = int(np.argmax(velocity))
    shown.call("showAll")
    assert shown.call("values", "velocity")[i] == pytest.approx(
        velocity[i] - velocity[np.hypot(*((lonlat - [14.1, 40.1]) * content.metres).T) <= 500].mean(), abs=1e-3
    )

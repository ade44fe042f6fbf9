"""The page of stamps view where it is printed, framed by a notebook, saved for spreadsheets, or full of events."""

import datetime

import numpy as np
import pytest

from helpers.emulated import shown_at
from helpers.viewed_project import made_content
from stamps.products.notebook_paths import framed
from stamps.products.view.events import Event
from stamps.products.view.extras import Extras, Other
from stamps.products.view.page import html_of

MASTER = datetime.date(2018, 6, 1)
DAYS = np.setdiff1d(np.arange(-20, 20) * 12.0, [0.0])
LAST = MASTER + datetime.timedelta(int(DAYS[-1]))


@pytest.fixture(scope="module")
def text():
    """Two projects with names and an event that spreadsheets might take for formulas."""
    rng = np.random.default_rng(3)
    x, y = (side.ravel() for side in np.meshgrid(np.arange(4), np.arange(4)))
    places = np.column_stack([14 + 0.004 * x, 40 + 0.003 * y])
    made = [made_content(places, rng.normal(0, 3, (16, DAYS.size)), DAYS, MASTER) for _ in range(2)]
    made[0].events.append(Event(MASTER, 'quake, =HYPERLINK("http://x");@y,"z'))
    return html_of(made[0], [], "Up,+1", Extras(other=Other(made[1], [], "Down;-1")))


@pytest.fixture(scope="module")
def page(text, tmp_path_factory):
    page = tmp_path_factory.mktemp("page") / "view.html"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize("width", [360, 1400])
def test_paper_has_one_size(browser, page, width):
    """Maps, charts and profile are drawn for the paper before it is printed, and for the screen afterwards."""
    sizes = """return [...document.querySelectorAll('.map canvas, .chart-plot canvas')].map((e) =>
        [e.width, e.height, e.clientWidth, e.clientHeight])"""
    with shown_at(browser, page, width) as shown:
        shown.call("select", 3)
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")  # charts fit
        before = browser.execute_script(sizes)
        browser.execute_script("dispatchEvent(new Event('beforeprint'))")
        drawn = np.array(browser.execute_script(sizes))
        assert len(drawn) == 2 * 5 + 1  # both maps, each with a sheet of all its layers
        np.testing.assert_allclose(drawn[:, :2], drawn[:, 2:], atol=1)
        assert browser.execute_script("return document.body.offsetWidth") == 970
        browser.execute_script("document.querySelector('.sheet').id = 'sheet'")
        sheet, points = shown.pixels("sheet"), shown.pixels("map-points")
        full = points[..., 3] == 255
        assert (sheet[..., 3] == 255).all() and full.sum() > 200
        assert (sheet[full] == points[full]).all(axis=1).mean() > 0.8  # the rest lies below marks
        browser.execute_script("dispatchEvent(new Event('afterprint'))")
        after = browser.execute_script(sizes)
        assert [one for one in after if one[2]] == [one for one in before if one[2]]  # what is not in sight waits


def test_forms_work_in_the_frame_of_a_notebook(browser, text, tmp_path):
    """Sandboxed frames submit no forms: events, lines and points are taken all the same, and nothing is asked for."""
    from selenium.webdriver.common.keys import Keys

    outer = tmp_path / "notebook.html"
    outer.write_text(f"<!doctype html><meta charset=utf-8>{framed(text, 700)}", encoding="utf-8")
    browser.get(outer.as_uri())
    browser.switch_to.frame(0)
    element = lambda name: browser.find_element("id", name)  # noqa: E731
    browser.execute_script("document.getElementById('event-date').value = arguments[0]", "2018-08-08")
    element("event-label").send_keys("own", Keys.ENTER)
    assert [one["label"] for one in browser.execute_script("return stampsView.events()")][1:] == ["own"]
    element("find").send_keys("5", Keys.ENTER)
    assert browser.execute_script("return stampsView.selection()[0].point") == 4
    for name, value in zip(("lon-1", "lat-1", "lon-2", "lat-2"), ("14", "40", "14.012", "40.009"), strict=True):
        element(f"line-{name}").send_keys(value)
    browser.find_element("css selector", "#line-form button").click()
    assert browser.execute_script("return stampsView.profile().points.length") > 3
    browser.switch_to.default_content()
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_no_cell_of_a_file_begins_as_a_formula(browser, page):
    with shown_at(browser, page, 1400) as shown:
        shown.call("select", 3)
        lines = shown.call("csv").splitlines()
        foreign = [line for line in lines if line.startswith("#") and "=" in line or "Up" in line or "Down" in line]
        assert len(foreign) == 5
        for line in foreign:
            cells = [cell.strip() for part in line.split(",") for cell in part.split(";")]
            assert not any(cell.startswith(tuple("=+-@\"'")) for cell in cells), line


def test_steps_of_which_nothing_can_be_said_are_named(browser, page):
    with shown_at(browser, page, 360) as shown:
        assert shown.call("addEvent", str(LAST), "")
        shown.call("select", 3)
        shown.call("setModel", "line", True)
        said = f"Nothing can be said of a step after {LAST}"
        assert said in shown.element("model-note").text and said in shown.element("facts-table").text
        shown.call("removeEvent", str(LAST))
        steps = [term for term in shown.call("selection")[0]["model"]["terms"] if term["name"] == "step"]
        assert len(steps) == 1 and steps[0]["day"] == 0 and shown.element("model-note").text == ""


def test_many_events_leave_room_for_the_series(browser, page):
    """Where their lines stand close together they are thin and have no words."""
    with shown_at(browser, page, 360) as shown:
        shown.call("select", 3)
        colour = browser.execute_script("return stampsTheme.colour('event')")
        rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]

        def dark():
            picture = shown.chart_pixels(0).astype(int)
            return int(((np.abs(picture[..., :3] - rgb).sum(axis=2) < 30) & (picture[..., 3] > 200)).sum())

        single = dark()
        for k in range(1, 45):
            assert shown.call("addEvent", str(MASTER + datetime.timedelta(k * 4)), "a long name of an event")
        assert dark() < single and single > 50

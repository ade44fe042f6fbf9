"""The page of stamps view on telephones and wide screens, light and dark: nothing overlaps, all can be read and reached."""

import datetime
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from helpers.drawings import POINT, collection, feature
from helpers.emulated import emulate
from helpers.shown_page import Shown
from helpers.viewed_project import made_content
from stamps.products.view.events import Event
from stamps.products.view.extras import Extras, Other
from stamps.products.view.overlays import read_overlay
from stamps.products.view.page import html_of

DAYS = np.setdiff1d(np.arange(-5, 9) * 12.0, [0.0])
ASK = (Path(__file__).parent / "helpers/laid_out.js").read_text(encoding="utf-8")
LONG = "A town with a rather long name, seen from the east"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with everything that a page can have."""
    folder, rng = tmp_path_factory.mktemp("page"), np.random.default_rng(3)
    lonlat = np.array([14.0, 40.0]) + rng.uniform(0, 0.02, (60, 2))
    events = [Event(datetime.date(2018, 3, 1), "earthquake nearby")]
    contents = [
        made_content(lonlat, rng.normal(0, 9, (60, DAYS.size)), DAYS, is_ds=np.arange(60) % 3 == 0, events=events)
        for _ in range(2)
    ]
    (folder / "town.geojson").write_text(json.dumps(collection(feature(POINT, {"name": "x" * 90, "b": "y" * 200}))))
    station = {
        "lon": 14.01,
        "lat": 40.01,
        "difference": 1.0,
        "std": 0.4,
        "count": 7,
        "radius": 500.0,
        "compared": "series",
    }
    stations = [{**station, "name": "GNSS1", "velocity": 3.0, "pixels": 2.0}]
    extras = Extras(None, [read_overlay(folder / "town.geojson")], stations, Other(contents[1], [], LONG))
    (folder / "view.html").write_text(html_of(contents[0], [], LONG, extras), encoding="utf-8")
    return folder / "view.html"


SCREENS = [(360, 740), (1400, 900)]


def opened(browser, page, size, theme="light"):
    emulate(browser, theme, fingers=size[0] == 360)
    shown = Shown(browser, page, width=size[0], height=size[1])
    shown.browser.execute_script(f"{ASK}; Object.assign(window, {{ controls, beyond, contrasts, contrastOf }})")
    return shown


def full(shown):
    """Two series, a profile, a tooltip, the parameters: all that can be open at once."""
    shown.call("select", 3)
    shown.browser.execute_script("document.getElementById('about').open = true")
    shown.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def ask(shown, name, *arguments):
    return shown.browser.execute_script(f"return {name}(...arguments)", *arguments)


@pytest.fixture(params=list(itertools.product(SCREENS, ["light", "dark"])), ids=lambda p: f"{p[0][0]}-{p[1]}")
def shown(browser, page, request):
    shown = opened(browser, page, *request.param)
    yield shown
    assert shown.errors() == []


def check_boxes(shown):
    boxes = ask(shown, "controls")
    assert len(boxes) > 35
    for a, b in itertools.combinations(boxes, 2):
        across = min(a["right"], b["right"]) - max(a["left"], b["left"])
        down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
        within = {a["name"], b["name"]} & {"chart"}
        assert within or across <= 0.5 or down <= 0.5, (a, b)
    assert ask(shown, "beyond") == []
    assert shown.browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


class TestBoxes:
    def test_nothing_overlaps_or_reaches_beyond(self, shown):
        check_boxes(shown)
        full(shown)
        check_boxes(shown)
        shown.call("setLayer", "displacement")
        shown.call("setLine", [14.0, 40.0], [14.02, 40.02])
        check_boxes(shown)
        shown.call("setLayer", "kind")
        check_boxes(shown)

    def test_tooltips_stay_in_their_map(self, shown):
        (x0, y0), frame = shown.call("screenOf", 0), shown.element("map-frame").rect
        for i in (*shown.lonely(8), None):
            where = shown.call("screenOf", i) if i is not None else (x0, y0)
            shown.hover(*where)
            tip = shown.element("tooltip")
            if not tip.is_displayed():
                continue
            box = tip.rect
            assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"], box
            assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"], box

    def test_fingers_find_what_they_touch(self, browser, page):
        shown = opened(browser, page, SCREENS[0])
        full(shown)
        small = [box for box in ask(shown, "controls") if box["high"] < 32 or box["wide"] < 28]
        assert small == []


class TestColours:
    def test_texts_can_be_read(self, shown):
        for setting in (None, full):
            if setting:
                setting(shown)
            texts = ask(shown, "contrasts")
            assert len(texts) > 40
            low = [(name, round(value, 2)) for name, value in texts if value < 4.5]
            assert low == []
        pairs = [
            ("mark", "plate", "map"),
            ("strip-ink", "strip", "map"),
            ("on-accent", "first"),
            ("on-accent", "second"),
        ]
        pairs += [
            ("on-accent", "accent"),
            ("first", "paper"),
            ("second", "paper"),
            ("difference", "paper"),
            ("ink", "map"),
        ]
        pairs += [("event", "paper"), ("soft", "ground"), ("soft", "hover"), ("star-rim", "star")]
        assert [pair for pair in pairs if ask(shown, "contrastOf", *pair) < 4.5] == []

    def test_the_theme_is_that_of_the_system_until_one_is_chosen(self, browser, page):
        shown = opened(browser, page, SCREENS[1], "dark")
        seen = []

        def colours():
            shown.call("redrawTime", 1)
            canvas, paper = shown.pixels("map-marks")[-5, 300], ask(shown, "stampsTheme.colour", "paper")
            body = shown.browser.execute_script(
                "return getComputedStyle(document.querySelector('.card')).backgroundColor"
            )
            theme = shown.browser.execute_script("return document.documentElement.dataset.theme")
            assert [int(paper[k : k + 2], 16) for k in (1, 3, 5)] == [int(v) for v in body[4:-1].split(",")]
            seen.append((shown.element("theme").text, theme, tuple(canvas[:3])))
            return seen[-1]

        system = colours()
        assert system[:2] == ("◐ Auto", "dark")
        emulate(browser, "light")
        assert colours()[:2] == ("◐ Auto", "light") and seen[1][2] != system[2]
        shown.element("theme").click()
        emulate(browser, "dark")
        assert colours()[:2] == ("☀ Light", "light")
        shown.element("theme").send_keys(" ")
        emulate(browser, "light")
        assert colours() == ("☾ Dark", "dark", system[2])
        again = Shown(browser, page, width=1400)  # it is remembered where the browser remembers anything
        assert again.element("theme").text == "☾ Dark"
        again.element("theme").click()
        assert again.element("theme").text == "◐ Auto" and shown.errors() == []

    def test_what_is_filtered_out_follows_the_theme(self, browser, page):
        shown = opened(browser, page, SCREENS[1])
        shown.call("setShown", [1e5, 2e5])
        pictures = []
        for theme in ("light", "dark"):
            emulate(browser, theme)
            shown.call("redrawTime", 1)
            picture = shown.pixels("map-points")
            pictures.append({tuple(pixel) for pixel in picture[picture[..., 3] == 255][:, :3]})
        assert pictures[0] == {(0xB0, 0xB8, 0xBF)} and pictures[1] == {(0x4B, 0x56, 0x60)}

    def test_a_page_within_another_one_has_no_storage(self, browser, page, tmp_path):
        """A sandboxed frame may not even ask for storage; the page must not stumble."""
        outer = tmp_path / "outer.html"
        outer.write_text(f'<iframe sandbox="allow-scripts" src="{page.as_uri()}" width="900" height="700"></iframe>')
        browser.get(outer.as_uri())
        browser.switch_to.frame(browser.find_element("css selector", "iframe"))
        button = browser.find_element("id", "theme")
        button.click()
        assert button.text == "☀ Light" and browser.execute_script("return stampsView.facts.n") == 60
        browser.switch_to.default_content()
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []

    def test_it_prints_light(self, browser, page):
        shown = opened(browser, page, SCREENS[1], "dark")
        shown.browser.execute_script("dispatchEvent(new Event('beforeprint'))")
        assert shown.browser.execute_script("return document.documentElement.dataset.theme") == "light"
        shown.browser.execute_script("dispatchEvent(new Event('afterprint'))")
        assert shown.browser.execute_script("return document.documentElement.dataset.theme") == "dark"


class TestKeyboard:
    FOCUSED = """
        document.activeElement.dataset.reached = "";
        const element = document.activeElement;
        const seen = element.classList.contains("sr") ? element.previousElementSibling : element;
        const style = getComputedStyle(seen), box = seen.getBoundingClientRect();
        return [element.tagName === "BODY" ? null : element.id || element.className || element.textContent || element.tagName,
          style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, box.bottom > 0 && box.top < innerHeight];
    """

    @pytest.mark.parametrize("size", SCREENS, ids=lambda size: str(size[0]))
    def test_every_control_is_reached_and_its_focus_is_seen(self, browser, page, size):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        shown = opened(browser, page, size)
        full(shown)
        found = []
        for _ in range(100):
            ActionChains(shown.browser).send_keys(Keys.TAB).perform()
            name, visible, inside = shown.browser.execute_script(self.FOCUSED)
            if name is None:
                break
            assert visible and inside, name
            found.append(name)
        missed = shown.browser.execute_script(
            "return [...document.querySelectorAll('button, input, select, summary, [tabindex=\"0\"]')].filter((e) =>"
            " e.checkVisibility() && !e.disabled && e.dataset.reached === undefined).map((e) => e.outerHTML)"
        )
        assert missed == []
        assert {
            "theme",
            "map-marks",
            "zoom-in",
            "layer",
            "line-draw",
            "drawings-file",
            "pairs",
            "reference-move",
        } <= set(found)

    def test_controls_work_by_keys(self, browser, page):
        from selenium.webdriver.common.keys import Keys

        shown = opened(browser, page, SCREENS[1])
        shown.element("layer").send_keys("Displacement")
        assert shown.call("state")["layer"] == "displacement"
        shown.element("date").send_keys(Keys.HOME, Keys.ARROW_RIGHT)
        assert shown.call("state")["date"] == 1
        shown.element("date-after").send_keys(Keys.ENTER)
        assert shown.call("state")["date"] == 2
        shown.element("zoom-in").send_keys(Keys.SPACE)
        assert shown.call("views")[0]["scale"] == shown.call("views")[1]["scale"]
        shown.element("find").send_keys("8", Keys.ENTER)
        assert shown.call("selection")[0]["point"] == 7
        shown.element("pairs").send_keys(Keys.SPACE)
        assert not shown.element("pairs").is_selected()
        shown.element("reference-move").send_keys(Keys.ENTER)
        shown.element("map-marks").send_keys(Keys.ENTER)
        assert " within " in shown.element("reference-text").text
        shown.element("reference-original").send_keys(Keys.ENTER)
        shown.all("#about summary")[0].send_keys(Keys.ENTER)
        assert shown.element("about").get_attribute("open") and shown.errors() == []

    def test_controls_have_names(self, browser, page):
        shown = opened(browser, page, SCREENS[1])
        full(shown)
        nameless = shown.browser.execute_script(
            "return [...document.querySelectorAll('button, input, select, [role=application], [role=group], [role=img]')].filter("
            "(e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)"
        )
        assert nameless == []

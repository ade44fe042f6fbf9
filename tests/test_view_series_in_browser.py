"""Charts of time series on the page of stamps view: zoom, values, models, events, reference date; by mouse, fingers, keys."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from helpers.shown_page import Shown
from helpers.viewed_project import layer, made_content
from stamps.analysis.fitting import fit_series
from stamps.analysis.terms import Terms, design_of
from stamps.matlab.dates import datenum
from stamps.products.quantity_styles import STYLES
from stamps.products.series_models.fitted import KINDS
from stamps.products.view.content import Layer
from stamps.products.view.events import Event
from stamps.products.view.packing import quantise
from stamps.products.view.page import html_of

MASTER = datetime.date(2018, 6, 1)
DAYS = np.setdiff1d(np.arange(-30, 45) * 12.0, [0.0])
QUAKE = datetime.date(2019, 2, 10)
_N = 25
_GAP = 7  # date without value of the last point


@pytest.fixture(scope="module")
def content():
    """Points on a grid with trends, an annual motion, a step at the event; the last one has a gap."""
    rng = np.random.default_rng(5)
    years = DAYS / 365.25
    x, y = (side.ravel() for side in np.meshgrid(np.arange(5), np.arange(5)))
    series = (
        np.outer(x * 4.0 - 8, years) + np.outer(y * 1.0, np.cos(2 * np.pi * years)) + rng.normal(0, 1, (_N, DAYS.size))
    )
    series += np.outer(x * y * 0.5, DAYS > (QUAKE - MASTER).days)
    series -= series.mean(axis=0)
    series[-1, _GAP] = np.nan
    lonlat = np.column_stack([14 + 0.004 * x, 40 + 0.003 * y])
    return made_content(lonlat, series, DAYS, MASTER, is_ds=np.arange(_N) % 3 == 0, events=[Event(QUAKE, "quake")])


@pytest.fixture(scope="module")
def page(content, tmp_path_factory):
    page = tmp_path_factory.mktemp("page") / "view.html"
    page.write_text(html_of(content, [], "Grid"), encoding="utf-8")
    return page


@pytest.fixture(params=[360, 1400])
def shown(browser, page, request):
    """The page on a telephone and on a wide screen."""
    shown = Shown(browser, page, width=request.param)
    yield shown
    assert shown.errors() == []


@pytest.fixture
def pair(shown):
    """The same with two points selected, and their charts in sight."""
    shown.call("select", 6)
    shown.call("select", 18)
    shown.see("series")
    return shown


def date_at(k):
    return str(MASTER + datetime.timedelta(int(DAYS[k])))


def readouts(shown):
    return [element.text.replace("−", "-") for element in shown.all(".chart-readout")]


def said(values, k):
    """What the two charts say of a date."""
    texts = [f"{value:.1f} mm" for value in values]
    return [f"{date_at(k)}: A {texts[0]}, B {texts[1]}", f"{date_at(k)}: A - B {texts[2]}"]


class TestZoom:
    def test_dragging_the_wheel_and_a_double_click(self, pair):
        assert pair.call("charts")["whole"]
        left, right = (pair.call("chartPlace", date_at(k)) for k in (20, 50))
        pair.mouse(*left, *right)
        chosen = pair.call("charts")
        assert not chosen["whole"]
        width = right[0] - left[0]
        day = (DAYS[50] - DAYS[20]) / width  # of a pixel
        for date, k in zip(chosen["range"], (20, 50), strict=True):
            assert abs((datetime.date.fromisoformat(date) - MASTER).days - DAYS[k]) <= 2 + 2 * day
        middle = pair.call("chartPlace", date_at(35))
        pair.wheel(*middle, -100)
        closer = pair.call("charts")["range"]
        assert chosen["range"][0] < closer[0] < closer[1] < chosen["range"][1]
        plots = [element.rect["x"] for element in pair.all(".u-over")]
        places = [pair.call("chartPlace", date_at(35), chart)[0] for chart in (0, 1)]
        assert places[1] - plots[1] == pytest.approx(places[0] - plots[0], abs=1)  # both show the same
        assert pair.call("chartPlace", date_at(35)) == pytest.approx(middle, abs=3)
        pair.double_click(*middle)
        assert pair.call("charts")["whole"]

    def test_two_fingers_hold_their_dates(self, pair):
        a, b = (pair.call("chartPlace", date_at(k)) for k in (25, 45))
        spread = (b[0] - a[0]) / 2
        pair.touch("touchStart", a)
        pair.touch("touchStart", a, b)
        for part in (0.3, 0.7, 1):
            pair.touch("touchMove", (a[0] - part * spread * 0.8, a[1]), (b[0] + part * spread * 0.8, b[1]))
        pair.touch("touchEnd")
        assert not pair.call("charts")["whole"]
        assert pair.call("chartPlace", date_at(25))[0] == pytest.approx(a[0] - spread * 0.8, abs=4)
        assert pair.call("chartPlace", date_at(45))[0] == pytest.approx(b[0] + spread * 0.8, abs=4)
        pair.all(".chart-whole")[0].click()
        assert pair.call("charts")["whole"]
        pair.call("zoomDates", date_at(10), date_at(60))
        pair.tap(*a)
        pair.tap(*a)
        assert pair.call("charts")["whole"]

    def test_keys(self, pair):
        from selenium.webdriver.common.keys import Keys

        chart = pair.all(".chart-plot")[0]
        chart.send_keys("++")
        low, high = map(datetime.date.fromisoformat, pair.call("charts")["range"])
        assert (high - low).days == pytest.approx((DAYS[-1] - DAYS[0]) * 1.05 / 1.5**2, abs=3)
        chart.send_keys(Keys.HOME)  # a date out of sight is moved into it
        assert pair.call("charts")["range"][0] <= date_at(0) and pair.call("charts")["date"] == date_at(0)
        chart.send_keys("-")
        assert not pair.call("charts")["whole"]
        chart.send_keys("0")
        assert pair.call("charts")["whole"] and pair.call("charts")["date"] == date_at(0)

    def test_a_range_survives_another_reference_but_not_all_of_time(self, pair):
        pair.call("zoomDates", date_at(20), date_at(40))
        before = pair.call("charts")["range"]
        pair.call("setReferenceDate", date_at(30))
        assert pair.call("charts")["range"] == before
        pair.call("zoomDates", "1990-01-01", "2050-01-01")
        assert pair.call("charts")["whole"]


class TestValues:
    @pytest.fixture
    def values(self, content):
        series = layer(content, "displacement").values
        return np.array([series[6], series[18], series[6] - series[18]])

    def test_under_the_mouse(self, pair, values):
        assert readouts(pair) == [f"since {MASTER}"] * 2
        for chart, k in ((0, 33), (1, 12)):
            pair.hover(*pair.call("chartPlace", date_at(k), chart))
            assert readouts(pair) == said(values[:, k], k)
        pair.hover(3, 3)
        assert readouts(pair) == [f"since {MASTER}"] * 2

    def test_under_a_finger(self, pair, values):
        at = [pair.call("chartPlace", date_at(k)) for k in (15, 16, 17, 18)]
        pair.touch("touchStart", at[0])
        assert readouts(pair) == said(values[:, 15], 15)
        for place in at[1:]:
            pair.touch("touchMove", place)
        assert readouts(pair) == said(values[:, 18], 18)
        pair.touch("touchEnd")
        assert readouts(pair) == said(values[:, 18], 18)  # it stays when the finger is gone
        assert pair.call("charts")["whole"]

    def test_by_keys_that_are_announced(self, shown, content):
        from selenium.webdriver.common.keys import Keys

        shown.call("select", _N - 1)
        shown.see("series")
        (chart,) = shown.all(".chart-plot")
        values = layer(content, "displacement").values[-1]
        chart.send_keys(Keys.ARROW_RIGHT * 2)
        assert readouts(shown) == [f"{date_at(1)}: A {values[1]:.1f} mm"]
        chart.send_keys(Keys.ARROW_RIGHT * (_GAP - 1))  # the date without value is passed over
        text = shown.element("announce").get_attribute("textContent").replace("−", "-")
        assert text == f"{date_at(_GAP + 1)}: A {values[_GAP + 1]:.1f} millimetres."
        chart.send_keys(Keys.END)
        assert shown.call("charts")["date"] == date_at(-1)
        chart.send_keys(Keys.ARROW_RIGHT)
        assert shown.call("charts")["date"] == date_at(-1)
        chart.send_keys(Keys.ARROW_LEFT)
        assert shown.call("charts")["date"] == date_at(-2)
        label = chart.get_attribute("aria-label")
        assert "Arrow keys" in label and f"since {MASTER}" in label and chart.get_attribute("tabindex") == "0"

    def test_what_is_drawn(self, pair, values, content):
        drawn = pair.call("charts")["drawn"]
        error = 2 * quantise(layer(content, "displacement").values).error * 1.01
        np.testing.assert_allclose([*drawn[0], *drawn[1]], values, atol=error)
        for theme in ("light", "dark"):
            pair.browser.execute_script("stampsTheme.choose(arguments[0])", theme)
            picture = pair.chart_pixels(0).reshape(-1, 4)
            for name in ("first", "second", "event"):
                colour = pair.browser.execute_script("return stampsTheme.colour(arguments[0])", name)
                rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
                assert np.count_nonzero((picture == [*rgb, 255]).all(axis=1)) > 20, (theme, name)
        pair.browser.execute_script("stampsTheme.choose('light')")

    def test_nothing_is_wider_than_the_window(self, pair):
        pair.call("setModel", "quadratic-annual", True)
        assert pair.browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        for part in (*pair.all(".chart"), *pair.all(".chart-plot canvas")):
            box = pair.element("series").rect
            assert part.rect["width"] > 100 and part.rect["height"] > 100
            assert box["x"] <= part.rect["x"] and part.rect["x"] + part.rect["width"] <= box["x"] + box["width"] + 1
        side, charts = pair.element("series-side").rect, pair.element("charts").rect
        beside = side["x"] >= charts["x"] + charts["width"] - 1
        assert beside or side["y"] >= charts["y"] + charts["height"] - 1


class TestReferenceDate:
    @pytest.mark.parametrize("shown", [360], indirect=True)
    def test_everything_that_has_dates_follows(self, pair, content):
        from selenium.webdriver.support.ui import Select

        series = layer(content, "displacement").values
        error = 2 * quantise(series).error * 1.01
        before = pair.call("selection")
        choice = Select(pair.element("reference-date"))
        assert choice.first_selected_option.text == f"{MASTER} (master)" and len(choice.options) == DAYS.size + 1
        choice.select_by_value(date_at(40))
        np.testing.assert_allclose(pair.call("values", "displacement", 4), (series[:, 4] - series[:, 40]), atol=error)
        assert np.ptp(pair.call("values", "displacement", 40)) == 0
        after = pair.call("selection")
        expected = series[[6, 18]] - series[[6, 18], 40][:, None]
        np.testing.assert_allclose([one["series"] for one in after[:2]], expected, atol=error)
        np.testing.assert_allclose(after[2]["series"], expected[0] - expected[1], atol=2 * error)
        for one, previous in zip(after, before, strict=True):
            shift = one["series"][40] - previous["series"][40]
            assert one["line"]["intercept"] == pytest.approx(previous["line"]["intercept"] + shift, abs=1e-6)
            assert one["line"]["slope"] == pytest.approx(previous["line"]["slope"], abs=1e-9)
            assert one["std"] == pytest.approx(previous["std"], rel=1e-6)
        # the page says since when
        pair.call("setLayer", "displacement", 4)
        since = f"since {date_at(40)}"
        assert f"Displacement, {date_at(4)}, {since}" in pair.element("map-title").text
        assert readouts(pair) == [since] * 2 and f"# {since}\n" in pair.call("csv")
        # with another area, too
        assert pair.call("setReference", *map(float, content.lonlat[12]), 10)
        both = series - series[12]
        both = both[:, 4] - both[:, 40]
        np.testing.assert_allclose(pair.call("values", "displacement", 4), both, atol=2 * error)
        choice.select_by_value(str(MASTER))
        np.testing.assert_allclose(pair.call("values", "displacement", 4), series[:, 4] - series[12, 4], atol=2 * error)
        assert not pair.call("setReferenceDate", "1999-01-01")

    @pytest.mark.parametrize("shown", [1400], indirect=True)
    def test_the_one_that_was_asked_for_is_where_the_page_begins(self, shown, content, tmp_path):
        facts = {**content.facts, "reference_date": date_at(20)}
        page = tmp_path / "since.html"
        page.write_text(html_of(replace(content, facts=facts), [], "Grid"), encoding="utf-8")
        begun = Shown(shown.browser, page)
        series = layer(content, "displacement").values
        error = 2 * quantise(series).error * 1.01
        np.testing.assert_allclose(begun.call("series", 3), series[3] - series[3, 20], atol=error)
        assert begun.element("reference-date").get_attribute("value") == date_at(20)

    @pytest.mark.parametrize("shown", [1400], indirect=True)
    def test_deviations_follow_another_area(self, shown, content):
        shown.call("setReferenceDate", date_at(3))
        assert shown.call("setReference", *map(float, content.lonlat[7]), 450)
        near = np.hypot(*((content.lonlat - content.lonlat[7]) * content.metres).T) <= 450
        series = layer(content, "displacement").values[:-1]
        series = series - np.nanmean(layer(content, "displacement").values[near], axis=0)
        expected = np.sqrt(np.einsum("ij,jk,ik->i", series, content.lines.spread, series))
        values = shown.call("values", "std")
        np.testing.assert_allclose(values[:-1], expected, rtol=2e-3)
        assert near.sum() > 2 and values[-1] is None


class TestModels:
    TERMS = {
        "line": Terms(1),
        "annual": Terms(1, periods=(1.0,)),
        "quadratic": Terms(2),
        "quadratic-annual": Terms(2, periods=(1.0,)),
    }

    @pytest.mark.parametrize("shown", [1400], indirect=True)
    @pytest.mark.parametrize("steps", [False, True])
    def test_they_are_those_of_stamps_model(self, shown, content, steps):
        """Coefficients, standard errors and lines of every model, of whole series and of one with a gap, with the master's 0."""
        master, quake = (int(datenum(int(f"{date:%Y%m%d}"))) for date in (MASTER, QUAKE))
        at = int(np.searchsorted(DAYS, 0))
        days = np.insert(DAYS, at, 0) + master
        shown.call("addEvent", str(MASTER), "")
        jumps = (master, quake) if steps else ()
        shown.call("select", 6)
        shown.call("select", _N - 1)
        series = np.insert(np.array([one["series"] for one in shown.call("selection")], float), at, 0, axis=1)
        for name, terms in self.TERMS.items():
            shown.call("setModel", name, steps)
            fit = fit_series(
                design_of(days, Terms(terms.degree, terms.periods, jumps), (days[0] + days[-1]) / 2), series
            )
            found = [one["model"] for one in shown.call("selection")]
            order = ["offset", "velocity", *(["acceleration"] if terms.degree > 1 else [])]
            for k, model in enumerate(found):
                told = {}
                for term in model["terms"]:
                    told.setdefault(term["name"], []).append((term["value"], term["std"]))
                expected = np.column_stack([fit.coefficients[k], fit.std[k]])
                np.testing.assert_allclose([told[one][0] for one in order], expected[: terms.degree + 1], rtol=1e-7)
                if terms.periods:
                    annual = [float(value[k]) for value in fit.annual()[:4]]
                    np.testing.assert_allclose([*told["amplitude"][0], *told["maximum"][0]], annual, rtol=1e-7)
                if steps:
                    np.testing.assert_allclose(told["step"], expected[-2:], rtol=1e-7)
                np.testing.assert_allclose(model["values"], np.delete(fit.values()[k], at), atol=1e-7)
                residuals = series[k] - fit.values()[k]
                assert model["rms"] == pytest.approx(np.sqrt(np.nanmean(residuals**2)), rel=1e-7)

    def test_chosen_on_the_page_and_saved(self, pair, content):
        from selenium.webdriver.support.ui import Select

        assert pair.call("csv").count("# model: line, weights of the map\n") == 1
        assert not pair.element("model-steps").is_enabled()
        Select(pair.element("model")).select_by_visible_text("Line and annual motion")
        pair.see("model-steps")
        pair.tap_element("model-steps")
        table = pair.element("facts-table").text.replace("−", "-").replace("\n", " ").replace("\u00a0", " ")
        terms = {term["name"]: term for term in pair.call("selection")[0]["model"]["terms"]}
        for name in ("velocity", "amplitude", "step"):
            assert f"{terms[name]['value']:.1f} ± {terms[name]['std']:.1f}" in table
        assert "Line and annual motion, with steps" in table and f"Step after {QUAKE} (mm)" in table
        pair.call("setReferenceDate", date_at(9))
        lines = pair.call("csv").splitlines()
        heads = [line for line in lines if line.startswith("#")]
        assert "# model: line and annual motion, steps at the events" in heads and f"# event: {QUAKE} quake" in heads
        assert f"# since {date_at(9)}" in heads
        assert any(head.startswith("# model of A-B:") and "annual amplitude" in head and "±" in head for head in heads)
        assert lines[len(heads)] == "date,A,B,A-B,A_model,B_model,A-B_model"
        rows = np.array([line.split(",")[1:] for line in lines[len(heads) + 1 :]], float)
        entries = pair.call("selection")
        np.testing.assert_allclose(rows[:, :3].T, [one["series"] for one in entries], atol=6e-4)
        np.testing.assert_allclose(rows[:, 3:].T, [one["model"]["values"] for one in entries], atol=6e-4)
        assert lines[len(heads) + 10].startswith(f"{date_at(9)},0.000,0.000,0.000,")

    @pytest.mark.parametrize("shown", [360], indirect=True)
    def test_what_cannot_be_fitted_is_said(self, browser, tmp_path, shown):
        few = tmp_path / "few.html"
        days = np.arange(1, 7) * 12.0
        series = np.random.default_rng(1).normal(0, 1, (4, 6))
        lonlat = np.array([[14, 40], [14.01, 40], [14, 40.01], [14.01, 40.01]])
        few.write_text(html_of(made_content(lonlat, series, days, MASTER), [], "few"), encoding="utf-8")
        shown = Shown(browser, few, width=360)
        shown.call("select", 2)
        note = shown.element("model-note")
        assert not note.is_displayed()
        for name, text in (
            ("annual", "An annual motion cannot be told from a trend in 0.20 years: choose a model without it."),
            ("quadratic-annual", "A model of 5 coefficients needs 8 dates at least; there are 7."),
        ):
            shown.call("setModel", name)
            assert note.text == text and text in shown.call("csv")
        assert shown.call("addEvent", str(MASTER + datetime.timedelta(13)))
        assert shown.call("addEvent", str(MASTER + datetime.timedelta(14)))
        shown.call("setModel", "line", True)
        assert "cannot tell the terms of this model from each other" in note.text
        shown.call("setModel", "line", False)
        assert not note.is_displayed()


class TestEvents:
    def test_added_and_removed(self, pair):
        from selenium.webdriver.common.keys import Keys

        first, last = date_at(0), date_at(-1)
        assert pair.call("events") == [{"date": str(QUAKE), "label": "quake"}]
        pair.see("event-form")
        field = pair.element("event-date")
        field.send_keys("01092018")  # as the browser's own field for dates takes it
        pair.element("event-label").send_keys("flood <b>", Keys.ENTER)
        assert pair.call("events")[0] == {"date": "2018-01-09", "label": "flood <b>"}
        assert "2018-01-09 flood <b>" in pair.element("events").text and field.get_attribute("value") == ""
        hint = pair.element("event-hint")
        assert not hint.is_displayed()
        for date, text in (
            ("2031-01-01", f"2031-01-01 is outside of the series, {first} to {last}: choose a date in between."),
            ("2018-01-09", "There is an event on 2018-01-09 already"),
            ("", "Give the date of the event."),
        ):
            assert not pair.call("addEvent", date)
            assert text in hint.text
        remove = pair.all("#events button")[0]
        pair.see("events")
        box = remove.rect
        pair.tap_element(remove)
        assert pair.call("events") == [{"date": str(QUAKE), "label": "quake"}] and not hint.is_displayed()
        assert box["width"] >= 20

    @pytest.mark.parametrize("shown", [1400], indirect=True)
    def test_lines_stand_where_they_happened(self, pair):
        pair.call("removeEvent", str(QUAKE))
        without = pair.chart_pixels(0)
        pair.call("addEvent", str(QUAKE), "")
        changed = (pair.chart_pixels(0) != without).any(axis=2)
        columns = np.flatnonzero(changed.sum(axis=0) > 0.3 * changed.shape[0])
        over = pair.all(".chart-plot canvas")[0].rect
        assert np.abs(columns - (pair.call("chartPlace", str(QUAKE))[0] - over["x"])).max() <= 2


class TestKinds:
    def test_two_colours_and_a_filter(self, shown, content):
        is_ds = layer(content, "kind").values == 1
        boxes = shown.all("#kinds input")
        assert (
            shown.element("kinds").text.split()[-4:]
            == f"persistent ({(~is_ds).sum()}) distributed ({is_ds.sum()})".split()
        )
        shown.call("setLayer", "kind")
        assert not shown.element("histogram").is_displayed() and not shown.element("limits-row").is_displayed()
        shown.call("showAll")
        shown.call("redrawTime", 1)
        picture, box = shown.pixels("map-points"), shown.element("map-marks").rect
        top = shown.browser.execute_script("return document.getElementById('map-marks').getBoundingClientRect().top")
        colours = set()
        for i in range(_N):
            x, y = shown.call("screenOf", i)
            red, green, blue, _ = picture[round(y - top), round(x - box["x"])].astype(int)
            assert (red > blue) == is_ds[i], (i, x, y, red, green, blue)
            colours.add((red, green, blue))
        assert len(colours) == 2
        shown.see("kinds")
        shown.tap_element(boxes[0])
        shown.call("setLayer", "velocity")
        values = shown.call("values", "velocity")
        assert None not in values[:-1]  # what is hidden is still there for series and tables
        for i in (0, 1):
            assert shown.call("hit", *shown.call("screenOf", i)) == (i if is_ds[i] else -1)
        boxes[0].send_keys(" ")
        assert shown.call("kinds") == {"kind": [True, True]}

    @pytest.mark.parametrize("shown", [360], indirect=True)
    def test_kinds_of_motion(self, shown, content, tmp_path):
        motion = (np.arange(_N) % 6).astype(np.float32)
        motion[3] = np.nan
        kinds = Layer(replace(STYLES["motion"], name="model_ts_type"), motion, categories=KINDS)
        page = tmp_path / "motion.html"
        page.write_text(html_of(replace(content, layers=[*content.layers, kinds]), [], "Grid"), encoding="utf-8")
        shown = Shown(shown.browser, page, width=360)
        group = shown.element("kinds-model_ts_type")
        assert not group.is_displayed() and shown.element("kinds-kind").is_displayed()
        shown.call("setLayer", "model_ts_type")
        assert group.is_displayed() and f"jump and two velocities ({(motion == 5).sum()})" in group.text
        shown.see("kinds-model_ts_type")
        shown.tap_element(shown.all("#kinds-model_ts_type input")[5])
        shown.call("setLayer", "velocity")
        assert group.is_displayed()  # what hides points stays in sight
        hidden = [i for i in range(_N) if shown.call("hit", *shown.call("screenOf", i)) != i]
        assert hidden == [i for i in range(_N) if not motion[i] < 5 or i == _N - 1]  # the last one has no velocity
        shown.call("setKind", "model_ts_type", 5, True)
        assert not group.is_displayed()
        assert shown.browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        assert shown.errors() == []


class TestFingersOnTheMap:
    @pytest.fixture
    def seen(self, shown):
        shown.see("map-frame")
        return shown

    def test_a_tap_selects(self, seen):
        x, y = seen.call("screenOf", 12)
        seen.tap(x + 8, y - 8)
        assert [one["point"] for one in seen.call("selection")] == [12]
        assert not seen.element("tooltip").is_displayed()

    def test_a_long_press_reads_and_goes_along(self, seen, content):
        import time

        velocity = layer(content, "velocity").values
        before = seen.call("screenOf", 6)
        seen.touch("touchStart", before)
        time.sleep(0.6)
        assert seen.element("tooltip").text.replace("−", "-") == f"{velocity[6]:.1f} mm/yr point 7"
        to = seen.call("screenOf", 7)
        for part in (0.4, 1):
            seen.touch("touchMove", [a + part * (b - a) for a, b in zip(before, to, strict=True)])
        assert seen.element("tooltip").text.replace("−", "-") == f"{velocity[7]:.1f} mm/yr point 8"
        seen.touch("touchEnd")
        assert seen.element("tooltip").is_displayed() and seen.call("selection") == []
        assert seen.call("screenOf", 6) == before
        frame = seen.element("map-frame").rect
        tip = seen.element("tooltip").rect
        assert frame["x"] <= tip["x"] and tip["x"] + tip["width"] <= frame["x"] + frame["width"]

    def test_one_finger_moves_two_zoom(self, seen):
        x, y = seen.call("screenOf", 12)
        seen.touch("touchStart", (x, y))
        for part in (10, 25, 40):
            seen.touch("touchMove", (x + part, y + part / 2))
        seen.touch("touchEnd")
        assert seen.call("screenOf", 12) == pytest.approx([x + 40, y + 20], abs=1)
        a, b = seen.call("screenOf", 11), seen.call("screenOf", 13)
        seen.touch("touchStart", a)
        seen.touch("touchStart", a, b)
        for part in (15, 30, 45):
            seen.touch("touchMove", (a[0] - part, a[1]), (b[0] + part, b[1]))
        seen.touch("touchEnd")
        apart = seen.call("screenOf", 13)[0] - seen.call("screenOf", 11)[0]
        assert apart / (b[0] - a[0]) == pytest.approx((b[0] - a[0] + 90) / (b[0] - a[0] + 30), rel=0.25)
        assert seen.call("selection") == []


@pytest.mark.parametrize("days", [[-12.0, 12.0], [12.0, 24.0, 400.0]])
def test_short_series_and_points_without_values(browser, tmp_path, days):
    """Whatever is chosen, the page says what it cannot do, and no error is thrown."""
    series = np.random.default_rng(2).normal(0, 3, (4, len(days)))
    series[3], series[2, 0] = np.nan, np.nan
    lonlat = np.array([[14, 40], [14.01, 40], [14, 40.01], [14.01, 40.01]])
    page = tmp_path / "short.html"
    content = made_content(lonlat, series, np.array(days), MASTER, events=[Event(MASTER, "a long name " * 3)])
    page.write_text(html_of(content, [], "short"), encoding="utf-8")
    shown = Shown(browser, page, width=360)
    for second in range(4):
        shown.call("select", 3)
        shown.call("select", second)
        for name in TestModels.TERMS:
            shown.call("setModel", name, True)
            assert "dates at least" in shown.element("model-note").text
        for number in range(9):
            shown.call("addEvent", str(MASTER + datetime.timedelta(int(days[0]) + number)), f"event {number}")
        shown.call("setModel", "weighted", False)
        shown.call("setReferenceDate", str(MASTER + datetime.timedelta(int(days[-1]))))
        chart = shown.all(".chart-plot")[0]
        chart.send_keys("+++0")
        assert "since 20" in shown.call("csv") and shown.call("charts")["whole"]
        shown.call("clear")
    assert shown.errors() == []

"""A page of stamps view with 100 000 points of 100 dates stays fluid."""

import numpy as np
import pytest

from helpers.shown_page import Shown
from helpers.viewed_project import made_content
from stamps.products.view.page import html_of

_N, _K = 100_000, 100
_FRAME = 100  # ms
_FRAMES = """
    const done = arguments[0], times = [];
    let before = performance.now();
    requestAnimationFrame(function next(now) {
        times.push(now - before);
        before = now;
        stampsView.pan(times.length % 20 < 10 ? 6 : -6, 2);
        times.length < 40 ? requestAnimationFrame(next) : done(times.slice(1));
    });
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    rng = np.random.default_rng(0)
    lonlat = np.array([14.0, 40.0]) + rng.uniform(0, 0.3, (_N, 2))
    days = np.arange(1, _K + 1) * 12.0 - 406
    series = np.outer(30 * np.sin(lonlat[:, 0] * 40), days / 365.25) + rng.normal(0, 3, (_N, _K))
    page = tmp_path_factory.mktemp("page") / "view.html"
    content = made_content(lonlat, series - series.mean(axis=0), days, is_ds=rng.random(_N) < 0.5)
    page.write_text(html_of(content, [], "many"), encoding="utf-8")
    return page


@pytest.mark.exhaustive
@pytest.mark.parametrize("width", [360, 1400])
def test_a_hundred_thousand_points_of_a_hundred_dates(browser, page, width):
    """Median times of actions with the drawing that follows; printed with pytest -s."""
    shown = Shown(browser, page, width=width)
    shown.call("select", 5)
    shown.call("select", 500)
    actions = {
        "pan": [("pan", 7, 5)] * 9,
        "zoom": [("zoom", factor) for factor in (1.2, 1.2, 1.2, 1 / 1.2, 1 / 1.2, 1 / 1.2) * 2],
        "another layer": [("setLayer", name) for name in ("std", "kind", "velocity") * 3],
        "another date": [("setLayer", "displacement", k) for k in range(0, _K, 9)],
        "another reference date": [("setReferenceDate", date) for date in shown.browser.execute_script(
            "return stampsView.facts.dates.slice(0, 7)")],
        "another reference area": [("setReference", 14.1 + 0.01 * k, 40.1, 500) for k in range(7)],
        "series zoomed": [("zoomDates", "2018-03-01", f"2019-0{k}-01") for k in range(1, 9)],
    }  # fmt: skip
    times = {name: [shown.call("timed", *call) for call in calls] for name, calls in actions.items()}
    shown.call("setLayer", "std")
    times["another reference area, deviations"] = [
        shown.call("timed", "setReference", 14.15 + 0.01 * k, 40.1, 500) for k in range(5)
    ]
    shown.call("setLayer", "velocity")
    times["from frame to frame of a pan"] = shown.browser.execute_async_script(_FRAMES)
    median = {name: float(np.median(values)) for name, values in times.items()}
    print("".join(f"\n{width} px: {name}: {median[name]:.0f} ms (longest {max(times[name]):.0f})" for name in times))
    assert shown.errors() == []
    assert max(median[name] for name in ("pan", "zoom", "series zoomed", "from frame to frame of a pan")) < _FRAME
    assert max(median.values()) < 6 * _FRAME  # what happens once at a click

"""Time series of places, and choosing places with the mouse."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import finished_project as finished
from stamps.errors import InputError, WorkspaceError
from stamps.insar.geometry import llh2local
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ts_plot import ts_plot
from stamps.legacy.ts_plotdiff import ts_plotdiff
from stamps.matlab.dates import to_datetime64
from stamps.products.series import in_regular_polygon, load_series, place_series

pytest.importorskip("matplotlib")
RATES = np.linspace(-30, 20, 60)


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    ws = finished.steady_motion(finished.single_master(tmp_path_factory.mktemp("series")), RATES)
    ws.save("scla2", {"C_ps_uw": np.zeros(60, np.float32)})
    ps_plot("v", "ts", workdir=ws, out="map.png")
    return ws


def test_series_and_slope_around_a_place(ws):
    lonlat = ws.load("ps2")["lonlat"]
    near = np.hypot(*llh2local(lonlat, lonlat[20]).T) * 1000 <= 399  # inside the polygon of 400 m, corners aside
    plot = ts_plot(*lonlat[20], 400, workdir=ws, out="one.png")
    rate = (RATES - RATES.mean())[near].mean()
    np.testing.assert_allclose(plot.line, [0, rate], atol=2e-3)
    ps = ws.load("ps2")
    assert plot.dates.dtype == "datetime64[D]" and set(plot.dates) < set(to_datetime64(ps["day"]))
    years = (plot.dates - to_datetime64(ps["master_day"])) / np.timedelta64(1, "D") / 365.25
    np.testing.assert_allclose(plot.displacement, rate * years, atol=1e-3)
    assert f"({near.sum()} pixels within 400 m)" in plot.figure.axes[0].get_legend().get_texts()[0].get_text()
    assert (ws.path / "one.png").stat().st_size > 10_000


def test_difference_of_two_places(ws):
    lonlat = ws.load("ps2")["lonlat"]
    first, second = (ts_plot(*lonlat[k], 100, workdir=ws, out="x.png").displacement for k in (5, 50))
    both = ts_plotdiff(*lonlat[5], *lonlat[50], 100, workdir=ws, out="two.png")
    np.testing.assert_array_equal(both.displacement, first - second)
    assert len(both.figure.axes[0].get_legend().get_texts()) == 1  # no line


def test_nan_is_left_out(ws):
    series = load_series(ws)
    series["ph_mm"] = series["ph_mm"].copy()
    series["ph_mm"][20] = np.nan
    lonlat = series["lonlat"]
    assert np.isnan(place_series(series, *lonlat[20], 1).displacement).all()
    assert np.isfinite(place_series(series, *lonlat[20], 500).displacement).all()


@given(st.floats(0, 2 * np.pi), st.floats(1, 1e4))
def test_polygon_has_114_corners(angle, radius):
    step = 2 * np.pi / 114
    edge = radius * np.cos(step / 2) / np.cos(np.mod(angle, step) - step / 2)
    direction = np.array([np.cos(angle), np.sin(angle)])
    points = np.outer([0, edge * (1 - 1e-9), edge * (1 + 1e-9)], direction)
    assert in_regular_polygon(points, radius).tolist() == [True, True, False]


def test_what_is_missing(ws, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="the nearest is .* m away"):
        ts_plot(15, 41, 100, workdir=ws)
    with pytest.raises(InputError, match="no display"):
        ts_plot(workdir=ws)
    with pytest.raises(InputError, match="no display"):
        ts_plotdiff(14, 40, workdir=ws)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WorkspaceError, match="plot a velocity with 'ts'"):
        ts_plot(14, 40, workdir=tmp_path)


class TestButtons:
    @pytest.fixture
    def buttons(self, ws):
        from stamps.products.clicking import add_buttons
        from stamps.products.figures import new_figure

        figure, _ = new_figure("x.png")
        return add_buttons(figure, figure.add_subplot(), ws)

    def click(self, buttons, place, axes=None):
        buttons.click(SimpleNamespace(inaxes=axes or buttons.axes, xdata=place[0], ydata=place[1]))

    def test_clicks_become_series(self, buttons, ws, monkeypatch):
        import stamps

        calls = []
        for name in ("ts_plot", "ts_plotdiff"):
            monkeypatch.setattr(stamps, name, lambda *where, name=name, **options: calls.append((name, where, options)))
        self.click(buttons, (1, 2))  # nobody asked
        buttons.wait_for(1)
        self.click(buttons, (3, 4), axes=object())  # beside the map
        self.click(buttons, (14, 40))
        buttons.set_radius("250")
        buttons.set_radius("-3")
        buttons.set_radius("wide")
        buttons.wait_for(2)
        self.click(buttons, (14, 40))
        self.click(buttons, (14.1, 40.1))
        self.click(buttons, (9, 9))
        assert calls == [
            ("ts_plot", (14, 40), {"radius": 100.0, "workdir": ws}),
            ("ts_plotdiff", (14, 40, 14.1, 40.1), {"radius": 250.0, "workdir": ws}),
        ]

    def test_a_place_without_pixels_is_explained(self, buttons, capsys):
        buttons.wait_for(1)
        self.click(buttons, (20, 50))
        assert "No pixel lies within 100 m" in capsys.readouterr().out

"""The map on the page of stamps view: base map from a local server, fingers, keys."""

import contextlib
import http.server
import io
import threading

import numpy as np
import pytest

from helpers.emulated import emulate
from helpers.shown_page import Shown
from helpers.viewed_project import made_content
from stamps.products.view.extras import Extras
from stamps.products.view.page import html_of
from stamps.products.view.tiles import tiles_of

DAYS = np.array([-24.0, -12, 12, 24, 36])
RED, BLUE = (200, 30, 30), (30, 30, 200)


def scene(side):
    """Four points at the corners of a square of so many degrees, and one in its middle."""
    corners = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]])
    series = np.random.default_rng(2).normal(0, 4, (5, DAYS.size))
    return made_content(np.array([14.0, 45.0]) + corners * side, series, DAYS)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Tiles that change their colour at multiples of a step of longitude and latitude."""

    def do_GET(self):
        image = pytest.importorskip("PIL.Image")
        self.server.asked.append(self.path)
        if self.server.step is None:
            self.send_error(404)
            return
        zoom, column, row = (int(part.partition(".")[0]) for part in self.path.strip("/").split("/"))
        fraction = (np.arange(4096) + 0.5) / 4096 / 2**zoom
        lon = (column / 2**zoom + fraction) * 360 - 180
        lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (row / 2**zoom + fraction)))))
        across, down = (
            (np.floor(side / self.server.step) % 2).reshape(256, 16).mean(axis=1)[:, np.newaxis] for side in (lon, lat)
        )  # the part of each pixel that is odd
        odd = down + across.T - 2 * down * across.T
        colours = np.array(BLUE) + odd[..., np.newaxis] * (np.array(RED) - BLUE)
        body = io.BytesIO()
        image.fromarray(np.rint(colours).astype(np.uint8)).save(body, "PNG")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(body.getvalue())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def tile_server(step):
    """A server of such tiles; None: of nothing."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.asked, server.step = [], step
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def opened(browser, tmp_path, content, server=None, width=1400, fingers=False, **options):
    """The page, once all pieces of its base map are there."""
    tiles = None
    if server is not None:
        tiles = tiles_of(f"http://127.0.0.1:{server.server_address[1]}/{{z}}/{{x}}/{{y}}.png", "© <i>Maker</i>")
    page = tmp_path / "view.html"
    page.write_text(html_of(content, [], "Tiles", Extras(tiles=tiles)), encoding="utf-8")
    emulate(browser, fingers=fingers, **options)
    browser.get("about:blank")
    browser.get_log("browser")  # what an earlier page still waited for
    shown = Shown(browser, page, width=width)
    settle(shown)
    return shown


def settle(shown):
    """Wait until pieces have come and everything is drawn."""
    shown.browser.execute_async_script(
        "const done = arguments[0], drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));"
        "const check = () => stampsView.isSettled() ? drawn() : setTimeout(check, 20); requestAnimationFrame(check)"
    )


def screen(shown):
    """Colours of the window, shape (h, w, 3)."""
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(shown.browser.get_screenshot_as_png())).convert("RGB")).astype(float)


def edges(line):
    """Places along a line of pixels where red becomes blue or blue red, to a fraction of a pixel."""
    share = np.clip((line[:, 0] - RED[0] * 0.15) / (RED[0] * 0.85), 0, 1)
    at = np.flatnonzero((share[:-1] - 0.5) * (share[1:] - 0.5) < 0)
    return at + (0.5 - share[at]) / (share[at + 1] - share[at]) + 0.5


class TestBaseMap:
    @pytest.mark.parametrize(("side", "step"), [(0.02, 0.0031), (0.3, 0.037), (6.0, 0.83)])
    def test_pieces_lie_where_they_belong(self, browser, tmp_path, side, step):
        """Edges of the tiles against the places of points of known coordinates."""
        with tile_server(step) as server:
            shown = opened(browser, tmp_path, scene(side), server)
            shown.browser.execute_script(  # without lines over the tiles
                "document.documentElement.style.setProperty('--graticule-over', 'transparent');"
                "stampsTheme.choose('dark'); stampsTheme.choose('light')"
            )
            settle(shown)
            picture, box = screen(shown), shown.element("map-marks").rect
            (left, bottom), (right, top) = shown.call("screenOf", 0), shown.call("screenOf", 3)
            y, x = round(bottom - 0.31 * (bottom - top)), round(left + 0.31 * (right - left))
            first = round(box["x"]) + 30
            across = edges(picture[y, first : round(box["x"] + box["width"]) - 200]) + first
            off = self.away(14 + (across - left) / (right - left) * side, step) * (right - left) / side
            assert len(across) > 5 and off.max() < 0.6
            first = round(box["y"]) + 5
            down = edges(picture[first : round(box["y"] + box["height"]) - 60, x]) + first
            off = self.away(45 + (bottom - down) / (bottom - top) * side, step) * (bottom - top) / side
            assert len(down) > 3 and off.max() < 0.6
            assert shown.errors() == []

    @staticmethod
    def away(degrees, step):
        """From the next multiple of a step."""
        return np.abs(degrees - step * np.rint(degrees / step))

    def test_it_is_named_and_can_be_left(self, browser, tmp_path):
        with tile_server(0.005) as server:
            shown = opened(browser, tmp_path, scene(0.02), server)
            attribution = shown.element("map-attribution")
            assert attribution.text == "© <i>Maker</i>" and attribution.is_displayed()
            before = len(server.asked)
            assert before > 0 and all(path.count("/") == 3 for path in server.asked)
            shown.call("zoom", 4)
            settle(shown)
            assert len(server.asked) > before
            shown.element("background").send_keys("plain")
            assert not attribution.is_displayed()
            asked = len(server.asked)
            shown.call("zoom", 4)
            settle(shown)
            assert len(server.asked) == asked and shown.errors() == []

    def test_a_page_without_asks_nobody(self, browser, tmp_path):
        shown = opened(browser, tmp_path, scene(0.02))
        names = shown.browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        assert [name for name in names if not name.startswith(("data:", "blob:"))] == []
        assert not shown.element("map-attribution").is_displayed()
        assert "base map" not in shown.element("background").text

    def test_no_other_place_is_asked(self, browser, tmp_path):
        with tile_server(0.005) as server, tile_server(0.005) as other:
            shown = opened(browser, tmp_path, scene(0.02), server)
            address = f"http://127.0.0.1:{other.server_address[1]}/1/0/0.png"
            blocked = shown.browser.execute_async_script(
                "const [address, done] = arguments, image = new Image();"
                "image.onload = () => done('loaded'); image.onerror = () => done('blocked'); image.src = address;",
                address,
            )
            assert blocked == "blocked" and other.asked == []
            (entry,) = shown.errors()
            assert "Content Security Policy" in entry["message"]

    def test_the_map_works_without_its_pieces(self, browser, tmp_path):
        with tile_server(None) as server:
            shown = opened(browser, tmp_path, scene(0.02), server)
            assert shown.element("map-attribution").text == "The base map cannot be reached."
            shown.click_point(4)
            assert [one["point"] for one in shown.call("selection")] == [4]
            shown.errors()  # the browser names each piece that did not come


class TestMoving:
    @pytest.fixture(params=[360, 1400])
    def shown(self, browser, tmp_path, request):
        shown = opened(browser, tmp_path, scene(0.02), width=request.param, fingers=request.param == 360)
        yield shown
        assert shown.errors() == []

    def test_keys(self, shown):
        from selenium.webdriver.common.keys import Keys

        canvas, (whole,) = shown.element("map-marks"), shown.call("views")
        canvas.send_keys("+")
        (closer,) = shown.call("views")
        assert closer["scale"] == pytest.approx(1.5 * whole["scale"])
        canvas.send_keys("-", Keys.ARROW_LEFT, Keys.ARROW_UP)
        (moved,) = shown.call("views")
        assert moved["scale"] == pytest.approx(whole["scale"])
        assert (moved["cx"] - whole["cx"]) * moved["scale"] == pytest.approx(-60)
        assert (moved["cy"] - whole["cy"]) * moved["scale"] == pytest.approx(60)
        canvas.send_keys("0", Keys.ENTER)
        assert shown.call("views") == [whole]
        assert [one["point"] for one in shown.call("selection")] == [4]
        canvas.send_keys(Keys.ESCAPE)
        assert shown.call("selection") == []

    def test_two_fingers_zoom_about_what_is_between_them(self, shown):
        x, y = shown.call("screenOf", 4)
        (before,) = shown.call("views")
        shown.touch("touchStart", (x - 40, y))
        shown.touch("touchStart", (x - 40, y), (x + 40, y))
        for k in (60, 80):
            shown.touch("touchMove", (x - k, y), (x + k, y))
        shown.touch("touchEnd")
        (after,) = shown.call("views")
        assert 1.2 < after["scale"] / before["scale"] < 2.2
        np.testing.assert_allclose(shown.call("screenOf", 4), [x, y], atol=25)
        assert shown.call("selection") == []

    def test_one_finger_moves_and_taps(self, shown):
        x, y = shown.call("screenOf", 4)
        shown.touch("touchStart", (x, y))
        shown.touch("touchMove", (x + 20, y + 10))
        shown.touch("touchMove", (x + 50, y + 30))
        shown.touch("touchEnd")
        np.testing.assert_allclose(shown.call("screenOf", 4), [x + 50, y + 30], atol=2)
        assert shown.call("selection") == []
        shown.tap(*shown.call("screenOf", 4))
        assert [one["point"] for one in shown.call("selection")] == [4]

    def test_buttons(self, shown):
        (whole,) = shown.call("views")
        for name in ("zoom-in", "zoom-out", "zoom-in"):
            shown.element(name).click()
        assert shown.call("views")[0]["scale"] == pytest.approx(1.6 * whole["scale"])
        shown.element("zoom-all").click()
        assert shown.call("views") == [whole]

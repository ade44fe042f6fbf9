"""A page of stamps view in a browser, with a mouse and fingers."""

import base64
import io

import numpy as np
import pytest


class Shown:
    """A page in the browser."""

    def __init__(self, browser, page, width=None, height=800):
        """Open a page; with a width in a window of exactly that size."""
        self.browser = browser
        if width is None:
            browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        else:
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.as_uri())
        self.count = browser.execute_script("return stampsView.facts.n")
        # sizes are known, and what follows from them is drawn
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def call(self, name, *arguments):
        return self.browser.execute_script(f"return stampsView.{name}(...arguments)", *arguments)

    def element(self, name):
        return self.browser.find_element("id", name)

    def mouse(self, x, y, x2=None, y2=None):
        """Press at one place of the window and release at the same or another one."""
        from selenium.webdriver.common.action_chains import ActionChains

        actions = ActionChains(self.browser, duration=0)
        pointer = actions.w3c_actions.pointer_action
        pointer.move_to_location(round(x), round(y)).pointer_down()
        if x2 is not None:
            pointer.move_to_location(round((x + x2) / 2), round((y + y2) / 2))
            pointer.move_to_location(round(x2), round(y2))
        pointer.pointer_up()
        actions.perform()

    def click_point(self, i):
        self.mouse(*self.call("screenOf", i))

    def lonely(self, n):
        """Points that a click hits for certain, far from each other in velocity."""
        hits = [i for i in range(self.count) if self.call("hit", *map(round, self.call("screenOf", i))) == i]
        return hits[:: max(1, len(hits) // n)][:n]

    def errors(self):
        return [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def pixels(self, canvas):
        """Colours of a canvas, shape (h, w, 4)."""
        image = pytest.importorskip("PIL.Image")
        address = self.browser.execute_script("return document.getElementById(arguments[0]).toDataURL()", canvas)
        return np.asarray(image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGBA"))

    def touch(self, kind, *places):
        """Let fingers do something: ``touchStart``, ``touchMove``, ``touchEnd``, with the places of all that touch."""
        points = [{"x": round(x), "y": round(y), "id": k} for k, (x, y) in enumerate(places)]
        self.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def tap(self, x, y):
        """Touch shortly."""
        self.touch("touchStart", (x, y))
        self.touch("touchEnd")

    def tap_element(self, element):
        """Touch the middle of an element, which must be in sight, or of the one of that name."""
        element = self.element(element) if isinstance(element, str) else element
        box = self.browser.execute_script("return arguments[0].getBoundingClientRect()", element)
        self.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def all(self, selector):
        """Elements of a CSS selector."""
        return self.browser.find_elements("css selector", selector)

    def see(self, name):
        """Bring an element to the top of the window."""
        self.browser.execute_script("document.getElementById(arguments[0]).scrollIntoView()", name)

    def hover(self, x, y):
        """Move the mouse to a place of the window."""
        from selenium.webdriver.common.action_chains import ActionChains

        actions = ActionChains(self.browser, duration=0)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()

    def double_click(self, x, y):
        """Press twice."""
        from selenium.webdriver.common.action_chains import ActionChains

        actions = ActionChains(self.browser, duration=0)
        pointer = actions.w3c_actions.pointer_action
        pointer.move_to_location(round(x), round(y))
        for _ in range(2):
            pointer.pointer_down().pointer_up()
        actions.perform()

    def wheel(self, x, y, delta):
        """Turn the wheel above a place of the window."""
        event = {"type": "mouseWheel", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": delta}
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def chart_pixels(self, k):
        """Colours of the canvas of a chart, shape (h, w, 4)."""
        self.browser.execute_script(
            "document.querySelectorAll('.chart-plot canvas')[arguments[0]].id = 'chart-canvas'", k
        )
        return self.pixels("chart-canvas")

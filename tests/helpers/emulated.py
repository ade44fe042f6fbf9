"""What a browser pretends to be: light or dark, a telephone."""

import contextlib

from helpers.shown_page import Shown


def emulate(browser, theme="light", fingers=False):
    """Set the colours that the system prefers, and whether fingers point."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": fingers})
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")  # it is told


@contextlib.contextmanager
def shown_at(browser, page, width):
    """The page in a window of that width, under fingers where it is narrow; afterwards nothing must have gone wrong."""
    emulate(browser, fingers=width < 500)
    shown = Shown(browser, page, width=width)
    yield shown
    assert shown.errors() == []

"""Headless Chromium for the tests of pages."""

import contextlib
import shutil

import pytest

_SWITCHES = """headless no-sandbox disable-gpu disable-quic no-first-run disable-sync disable-background-networking
    disable-component-update force-device-scale-factor=1""".split()


@contextlib.contextmanager
def chromium(profile, width, height):
    """A browser with a window of that size; skips the test where there is none.

    Parameters
    ----------
    profile : path
        Empty folder for the files of the browser.
    width, height : int
    """
    webdriver = pytest.importorskip("selenium.webdriver")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((path for path in map(shutil.which, names) if path), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("Chromium and its chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for switch in (*_SWITCHES, f"user-data-dir={profile}", f"window-size={width},{height}"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()

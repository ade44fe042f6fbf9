"""A project with what pictures are drawn on, and pictures that are quick to make."""

import numpy as np

from helpers import finished_project as finished
from stamps.products import figures


def small_pictures(monkeypatch):
    """No windows, and few dots an inch."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(figures, "_DPI", 40)


def with_backgrounds(place):
    """A finished project with an amplitude image and a DEM."""
    ws = finished.single_master(place, n_ps=120)
    ws.write_text("width.txt", "520\n")
    ws.write_text("len.txt", "150\n")
    rng = np.random.default_rng(0)
    rng.gamma(2, 50, (150, 520)).astype(np.float32).tofile(ws.path / "mean_amp.flt")
    x, y = np.meshgrid(np.arange(200), np.arange(150))
    (300 + 20 * np.sin(x / 9) + y).astype(np.int16).tofile(ws.path / "dem.i2")
    ws.write_text("demparms.in", "dem.i2\n200\n150\n13.99\n40.03\n0.0003\ni2\n")
    return ws

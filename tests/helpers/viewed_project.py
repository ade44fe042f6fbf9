"""A project with pictures for the page of stamps view."""

import numpy as np

from helpers import finished_project as finished
from stamps.workspace.parameters import Parameters

N_PS = 60


RATES = np.linspace(-30, 20, N_PS)


def with_pictures(ws):
    """Add an amplitude image and a DEM to a project."""
    ws.write_text("width.txt", "520\n")
    ws.write_text("len.txt", "150\n")
    np.random.default_rng(0).gamma(2, 50, (150, 520)).astype(np.float32).tofile(ws.path / "mean_amp.flt")
    x, y = np.meshgrid(np.arange(200), np.arange(150))
    (300 + 20 * np.sin(x / 9) + y).astype(np.int16).tofile(ws.path / "dem.i2")
    ws.write_text("demparms.in", "dem.i2\n200\n150\n13.99\n40.03\n0.0003\ni2\n")
    return ws


def with_reference_circle(place):
    """A single-master project whose reference is a circle, with a missing value."""
    ws = with_pictures(finished.single_master(place / "Tõwn & <b>", n_ps=N_PS))
    finished.steady_motion(ws, RATES)
    centre = ws.load("ps2")["lonlat"].mean(axis=0)
    parameters = Parameters(ws)
    parameters.set("ref_centre_lonlat", centre)
    parameters.set("ref_radius", 600.0)
    return ws


def layer(content, name):
    """The layer of that name of a page's content."""
    (found,) = [one for one in content.layers if one.name == name]
    return found

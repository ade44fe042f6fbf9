"""A project with pictures for the page of stamps view."""

import datetime
from pathlib import Path

import numpy as np

from helpers import finished_project as finished
from stamps.products.quantity_styles import STYLES
from stamps.products.titles import ReferenceArea
from stamps.products.velocity import bootstrap_spread, fit_lines
from stamps.products.view.content import Content, Layer, Lines
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


def made_content(lonlat, series, days, master=datetime.date(2018, 1, 1), is_ds=None, events=()):
    """Content of a page of these series, shape (n, k), mm; days count from the master, the reference is the mean of all."""
    k = len(days)
    weights = fit_lines(np.eye(k), days) * np.array([[1], [365.25]])
    spread = bootstrap_spread(days / 365.25, np.eye(k), 50, 0)
    layers = [
        Layer(STYLES["velocity"], series @ weights[1], True),
        Layer(STYLES["std"], np.sqrt(np.einsum("ij,ij->i", series @ spread, series))),
        Layer(STYLES["displacement"], series, True),
    ]
    if is_ds is not None:
        layers.append(Layer(STYLES["kind"], is_ds.astype(np.float32), categories=("persistent", "distributed")))
    dates = [master + datetime.timedelta(int(day)) for day in days]
    return Content(
        lonlat=lonlat,
        metres=(85_000.0, 111_320.0),
        layers=layers,
        lines=Lines(weights, spread),
        dates=dates,
        days=days,
        master=master,
        reference=np.arange(len(series)),
        area=ReferenceArea(len(series), True),
        facts={
            "value": "v",
            "description": "synthetic",
            "processing": "",
            "interferograms": k,
            "wavelength": 0.0555,
            "heading": None,
            "n_boot": 50,
            "n_images": k,
            "reference_date": master.isoformat(),
        },
        images=[(date, 0.0, 0.0) for date in sorted({master, *dates})],
        parameters=[],
        scheme="inflation",
        folder=Path(),
        events=list(events),
    )

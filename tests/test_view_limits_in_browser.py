"""Ranges of colours that the page of stamps view finds are those of Python."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.shown_page import Shown
from helpers.viewed_project import made_content
from stamps.products.quantity_styles import STYLES, limits_of
from stamps.products.view.content import Layer
from stamps.products.view.page import html_of

N = 400


def layers(rng):
    """Values of many quantities: wide and narrow ranges, far from zero, alike, few, none."""
    height = rng.normal(2500, 30, N)
    height[:20] = np.nan
    few = np.full(N, np.nan)
    few[7] = 3.2
    values = {
        "velocity": rng.normal(3, 8, N), "std": rng.gamma(2, 0.4, N), "coherence": rng.uniform(0.31, 0.97, N), "height": height,
        "dem_error": rng.normal(0, 2e-4, N), "tcoh": np.ones(N), "seasonality": np.zeros(N), "n_shp": np.full(N, 12.0),
        "acceleration": few, "residual": np.full(N, np.nan), "share": rng.uniform(0, 0.2, N),
        "season_day": rng.uniform(5, 360, N),
        "displacement": rng.normal(0, 1, (N, 6)) * np.array([3, 90, 1, 2, 1, 17.0]),
    }  # fmt: skip
    return [Layer(STYLES[name], value) for name, value in values.items()]


@pytest.mark.parametrize("seed", [0, 1])
def test_ranges_are_those_of_python(browser, tmp_path, seed):
    rng = np.random.default_rng(seed)
    content = made_content(rng.random((N, 2)), np.zeros((N, 6)), np.arange(1.0, 7) * 12)
    shown_layers = layers(rng)
    page = tmp_path / "page.html"
    page.write_text(html_of(replace(content, layers=shown_layers), [], "Ranges"), encoding="utf-8")
    shown = Shown(browser, page)
    for layer in shown_layers:
        found = shown.call("limitsByRule", layer.name)
        assert found == pytest.approx(limits_of(layer.style, layer.values), rel=1e-6), layer.name
    assert shown.errors() == []

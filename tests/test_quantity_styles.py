"""How quantities are shown: rules of ranges, palettes, and that every picture, page and export takes them from one table."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import stamps
from helpers import finished_project, pictured_project
from helpers.unwritten_figures import caught
from stamps.errors import InputError
from stamps.products import quantity_styles
from stamps.products.colours import scale_for, scale_of
from stamps.products.exports import kml
from stamps.products.exports.table import point_table
from stamps.products.point_maps import Ground, draw_kinds, draw_values, fitting, point_size
from stamps.products.quantities import Project
from stamps.products.quantity_styles import STYLES, check_limits, limits_of, palette_of, round_up, style_of_column
from stamps.products.view.content import content_of
from stamps.products.view.page import html_of
from stamps.report import sections
from stamps.report.run import Run
from stamps.report.sections import Section

figure_module = pytest.importorskip("matplotlib.figure")
NUMBERS = st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf, 0.0])
VALUES = arrays.arrays(
    np.float64, arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=40), elements=NUMBERS
)
MEASURED = [style for style in STYLES.values() if style.rule in ("centred", "zero", "share", "range")]


class TestRanges:
    @given(VALUES, st.sampled_from(MEASURED))
    def test_contains_all_but_the_outer_hundredths(self, values, style):
        low, high = limits_of(style, values)
        assert np.isfinite([low, high]).all() and low < high
        finite = values[np.isfinite(values)]
        if style.centred:
            assert low == -high
        if style.rule == "zero":
            assert low == 0
        if values.ndim == 1 and finite.size:
            inner = np.quantile(finite, [0.01, 0.99], method="closest_observation" if finite.size < 40 else "nearest")
            slack = 0.002 * max(abs(inner).max(), 1e-12)
            if style.rule != "zero":
                assert low <= inner[0] + slack
            assert high >= inner[1] - slack

    @given(st.floats(1e-30, 1e30))
    def test_round_numbers_are_near_and_not_smaller(self, value):
        assert 0.998 * value <= round_up(value) <= 1.67 * value
        assert round_up(round_up(value)) == round_up(value)

    @pytest.mark.parametrize("values", [np.zeros(0), np.full(9, np.nan), np.zeros(5), np.zeros((4, 3))])
    def test_nothing_known_and_nothing_moving(self, values):
        assert limits_of(STYLES["velocity"], values) == (-1, 1)
        assert limits_of(STYLES["std"], values) == (0, 1)

    def test_outliers_do_not_stretch_a_range(self):
        values = np.append(np.linspace(-7, 9.8, 999), 1e5)
        assert limits_of(STYLES["velocity"], values) == (-10, 10)

    def test_values_that_are_alike_and_far_from_zero(self):
        assert limits_of(STYLES["height"], np.full(7, 1_234_567.25)) == (1_234_567, 1_234_568)
        assert limits_of(STYLES["coherence"], np.ones(7)) == (0.95, 1)

    def test_three_dates_of_series_count(self):
        series = np.tile([[1.0, 90.0, 2.0, 95.0, 3.8]], (9, 1))
        assert limits_of(STYLES["displacement"], series) == (-4, 4)

    @pytest.mark.parametrize("wrong", [(1,), (2.0, 2.0), (3, 1), (np.nan, 1)])
    def test_limits_that_are_none(self, wrong):
        with pytest.raises(InputError, match="two numbers"):
            check_limits(wrong)


class TestPalettes:
    def test_what_moves_towards_the_satellite_is_blue_in_every_palette_of_signs(self):
        for style in STYLES.values():
            if style.palette == "diverging":
                assert style.centred
                low, high = (int(palette_of(style).colours[at][1:], 16) for at in (0, -1))
                assert low >> 16 > low & 255 and high & 255 > high >> 16

    def test_scheme_of_the_project(self, tmp_path):
        style = STYLES["velocity"]
        assert palette_of(style, "deflation").colours == palette_of(style).colours[::-1]
        assert palette_of(style, "gray").name == "grey"
        assert palette_of(STYLES["coherence"], "deflation") == palette_of(STYLES["coherence"])
        (tmp_path / "two.cpt").write_text("0 0 0 0 1 255 255 255\n")
        assert palette_of(style, "two.cpt", tmp_path).name == "two"

    def test_the_middle_is_that_of_ps_plot(self):
        ours, theirs = scale_of(STYLES["velocity"], np.array([-1.0, 1.0])), scale_for(np.zeros(1), (-1.0, 1.0))
        steps = np.linspace(0, 1, 50)
        np.testing.assert_allclose(ours.colours(steps), theirs.colours(steps), atol=0.02)

    def test_ends_are_told_apart_without_red_or_green(self):
        """Luminance and the blue-yellow channel, which people without red or green cones keep, tell both directions apart."""
        rgb = scale_of(STYLES["velocity"], np.array([-1.0, 1.0])).colours(np.array([0.15, 0.5, 0.85]))[:, :3]
        yellow = rgb[:, :2].mean(axis=1) - rgb[:, 2]
        assert yellow[0] > 0.15 and yellow[2] < -0.15
        luminance = rgb @ [0.2126, 0.7152, 0.0722]
        assert luminance[1] > max(luminance[0], luminance[2]) + 0.2


@pytest.mark.parametrize(
    "column, quantity",
    [("velocity", "velocity"), ("VEL", "velocity"), ("vel_sd", "deviation"), ("accel", "acceleration"), ("step2", "step"),
     ("ann_amp", "seasonality"), ("ann_amp_sd", "deviation"), ("ann_cos", "season_part"), ("p_quad", "share"), ("ann_p", "share"),
     ("slope1", "velocity_change"), ("other", "signed")],
)  # fmt: skip
def test_columns_of_models(column, quantity):
    style = style_of_column(column, "unit", "what it is", np.array([-1.0, 2.0]))
    assert style.name == quantity and style.unit == "unit" and style.label == "what it is"


@pytest.fixture(scope="module", params=["inflation", "deflation"])
def project(request, tmp_path_factory):
    ws = finished_project.single_master(tmp_path_factory.mktemp("styles"), plot_color_scheme=request.param)
    return Project.at(ws)


@pytest.fixture
def figures(monkeypatch):
    """Figures that are written, without writing them."""
    return caught(monkeypatch)


def bars(figure):
    """Palette and range of each colour bar."""
    found = [axes._colorbar for axes in figure.axes if hasattr(axes, "_colorbar")]
    return [(bar.cmap.name, bar.norm.vmin, bar.norm.vmax) for bar in found]


def facts_of(project):
    page = html_of(content_of(project, n_boot=2), [], "t")
    return json.loads(re.search(r'id="facts"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def test_a_velocity_looks_the_same_everywhere(project, figures, tmp_path, monkeypatch):
    layers = {layer["name"]: layer for layer in facts_of(project)["layers"]}
    expected = (layers["velocity"]["palette"], *layers["velocity"]["limits"])
    table = point_table(project, n_boot=2)
    palette = palette_of(STYLES["velocity"], str(project.parameters.get("plot_color_scheme")))
    assert expected == (palette.name, *limits_of(STYLES["velocity"], table.field("VEL")))
    assert layers["velocity"]["colours"] == list(palette.colours)

    from stamps.products.overview import draw_overview

    draw_overview(project.ws, tmp_path)
    assert bars(figures[0]) == [expected]
    dem = layers["dem_error"]
    assert bars(figures[1])[1] == pytest.approx((dem["palette"], *dem["limits"]))
    coherence = layers["coherence"]
    assert bars(figures[1])[0] == (coherence["palette"], *coherence["limits"])

    section = Section("velocity", "", "")
    sections.velocity(Run(project.ws), section)
    [(draw, _)] = section.pictures
    assert bars(draw())[0] == expected

    scales = []
    monkeypatch.setattr(kml, "legend_png", lambda scale, *_: scales.append(scale) or b"")
    kml.write(table, tmp_path / "v.kmz")
    assert (scales[0].colours.name, *scales[0].full) == expected
    monkeypatch.setattr(kml, "write_overlay", lambda path, sheet, scale, *_: scales.append(scale))
    kml.write(table, tmp_path / "o.kmz", overlay=True)
    assert (scales[1].colours.name, *scales[1].full) == expected


def test_models_areas_and_components_look_the_same(project, figures):
    from stamps.products.series_models.pictures import draw_map

    scheme = str(project.parameters.get("plot_color_scheme"))
    found = stamps.model(workdir=project.ws, n_boot=2)
    draw_map(found, "m.png", "velocity")
    velocity = STYLES["velocity"]
    assert bars(figures[0]) == [(palette_of(velocity, scheme).name, *limits_of(velocity, found.column("velocity")))]
    pytest.importorskip("shapely")
    from stamps.products.moving_areas.pictures import draw_areas

    areas = stamps.areas(workdir=project.ws, n_boot=2, threshold=0.1)
    draw_areas(areas, "a.png")
    assert bars(figures[1]) == [(palette_of(velocity, scheme).name, *limits_of(velocity, areas.table.field("VEL")))]


def test_every_picture_takes_the_table(project, figures, tmp_path, monkeypatch):
    """A range put into the table is found in every picture."""
    monkeypatch.setitem(quantity_styles._FIXED, "centred", (-77.0, 77.0))
    from stamps.products.overview import draw_overview

    draw_overview(project.ws, tmp_path)
    assert bars(figures[0])[0][1:] == (-77, 77) and bars(figures[1])[1][1:] == (-77, 77)
    layers = facts_of(project)["layers"]
    assert all(layer["limits"] == [-77, 77] for layer in layers if layer["centred"])


class TestMaps:
    lonlat = np.column_stack([np.linspace(14, 14.02, 50), np.linspace(40, 40.01, 50)])

    def axes(self):
        return figure_module.Figure(figsize=(7, 5)).add_subplot()

    def test_proportions_scale_bar_sign_and_date(self):
        axes = self.axes()
        values = np.append(np.linspace(-4, 4, 49), np.nan)
        drawn = draw_values(axes, Ground(self.lonlat, since="2020-01-02"), values, STYLES["displacement"])
        assert axes.get_aspect() == pytest.approx(1 / np.cos(np.radians(40.005)), rel=1e-6)
        assert len(drawn.get_offsets()) == 49
        label = axes.figure.axes[1].get_ylabel().replace("\n", ", ")
        assert label == "mm, positive towards the satellite, since 2020-01-02"

    def test_points_are_smaller_where_there_are_more(self):
        many = np.random.default_rng(0).uniform([14, 40], [14.02, 40.01], (20_000, 2))
        sizes = [point_size(self.axes(), many[:n]) for n in (0, 50, 2000, 20_000)]
        assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1] > 0

    def test_kinds_are_counted(self):
        axes = self.axes()
        draw_kinds(axes, Ground(self.lonlat), np.repeat([0, 1, np.nan], [20, 25, 5]), ("none", "steady"))
        assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["0 none (20)", "1 steady (25)"]

    def test_the_shaded_dem_lies_behind_and_moves_no_border(self, tmp_path):
        project = Project.at(pictured_project.with_backgrounds(tmp_path))
        plain, shaded = self.axes(), self.axes()
        for axes, ground in ((plain, Ground.of_project(project, relief=False)), (shaded, Ground.of_project(project))):
            draw_values(axes, ground, np.arange(len(ground.lonlat)), STYLES["height"])
        assert not plain.images and len(shaded.images) == 1
        assert shaded.images[0].get_zorder() < shaded.collections[0].get_zorder()
        assert (shaded.get_xlim(), shaded.get_ylim()) == (plain.get_xlim(), plain.get_ylim())

    def test_a_dem_that_cannot_be_read_is_left_out_and_said(self, tmp_path, capsys):
        ws = pictured_project.with_backgrounds(tmp_path)
        (ws.path / "dem.i2").unlink()
        assert Ground.of_project(Project.at(ws)).background is None
        assert "The shaded DEM is left out" in capsys.readouterr().out

    def test_long_labels_of_bars_are_broken(self):
        assert fitting("mm/yr, up", 3) == "mm/yr, up"
        assert fitting("rad/m, negative where the ground stands above the DEM", 2).count("\n") == 1

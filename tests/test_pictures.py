"""Pictures of plots: what is drawn where, in which colours, with which words."""

import importlib
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import finished_project as finished
from helpers.pictured_project import small_pictures, with_backgrounds
from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.insar.geometry import llh2local
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ps_plot_ifg import ps_plot_ifg
from stamps.products import figures  # noqa: E402
from stamps.products.backgrounds import shade
from stamps.products.colours import scale_for  # noqa: E402
from stamps.products.plotting import panel_layout
from stamps.products.raster import degree_steps, pixel_grid
from stamps.products.referencing import colour_limits
from stamps.products.viewpoint import north_of, view_of
from stamps.workspace.parameters import Parameters

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    """No windows, and few dots an inch."""
    small_pictures(monkeypatch)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    return with_backgrounds(tmp_path_factory.mktemp("pictures"))


def image_of(axes, rank=-1):
    """The topmost image of a panel and its extent."""
    image = axes.images[rank]
    return np.asarray(image.get_array()), image.get_extent()


def words_in(axes):
    """All texts inside a panel."""
    return [text.get_text() for text in axes.findobj(matplotlib.text.Text)]


class TestGrid:
    @given(st.integers(0, 2**31), st.integers(1, 60), st.integers(1, 5))
    def test_every_pixel_or_one_before_it_stands_in_its_cell(self, seed, n, n_cells):
        rng = np.random.default_rng(seed)
        x, y = rng.uniform(-5, 20, (2, n)).round(1)
        grid = pixel_grid(x, y, (0.3, 0.5), n_cells)
        left, right, bottom, top = grid.extent
        column = np.floor((x - left) / (right - left) * grid.index.shape[1]).astype(int)
        row = np.floor((y - bottom) / (top - bottom) * grid.index.shape[0]).astype(int)
        here = grid.index[row, column]
        assert (here >= 0).all() and (here <= np.arange(n)).all()
        assert (row[here] == row).all() and (column[here] == column).all()

    def test_a_lonely_pixel_is_a_square_in_the_middle(self):
        grid = pixel_grid([3.0], [7.0], (1.0, 1.0), 3)
        assert grid.index.shape == (7, 7)
        assert (grid.index[2:5, 2:5] == 0).all() and np.count_nonzero(grid.index == 0) == 9
        np.testing.assert_allclose(grid.extent, (-0.5, 6.5, 3.5, 10.5))

    def test_large_scenes_get_larger_cells(self):
        grid = pixel_grid([0.0, 1e6], [0.0, 10.0], (1.0, 1.0), 3, most=100)
        assert max(grid.index.shape) < 120 and set(np.unique(grid.index)) == {-1, 0, 1}

    def test_values_and_gaps(self):
        grid = pixel_grid([0.0, 10], [0.0, 0], (1.0, 1.0), 1)
        values = grid.values(np.array([4.0, 5.0]))
        assert np.nansum(values) == 9 and np.isnan(values).sum() == values.size - 2
        assert np.iscomplexobj(grid.values(np.array([1j, 2])))

    def test_steps_in_degrees(self):
        step_lon, step_lat = degree_steps(np.array([[0.0, 60.0]]), 40)
        assert step_lat == pytest.approx(3.6e-4) and step_lon == pytest.approx(7.2e-4)


class TestColours:
    def test_zero_is_the_middle_colour_with_equal_slopes(self):
        scale = scale_for(np.zeros(1), (-10.0, 40.0))
        assert scale.full == (-40, 40) and scale.limits == (-10, 40)
        middle = scale.colours(0.5)
        np.testing.assert_allclose(scale.rgba(np.array([0.0]))[0], middle, atol=0.02)

    @pytest.mark.parametrize(("scheme", "rising"), [("inflation", "blue"), ("deflation", "red")])
    def test_scheme_decides_the_colour_of_what_rises(self, scheme, rising):
        red, _, blue, _ = scale_for(np.zeros(1), (-1.0, 1.0), scheme).rgba(np.array([1.0]))[0]
        assert (blue > red) == (rising == "blue")

    def test_one_sided_values_are_not_centred(self):
        assert scale_for(np.zeros(1), (2.0, 5.0)).full == (2, 5)
        assert scale_for(np.zeros(1), (0.0, 5.0), "gray").colours.name == "gray_r"
        assert scale_for(np.zeros(1), (-9.0, 5.0), group="hgt").full == (-9, 5)

    @settings(max_examples=30)
    @given(st.floats(-3.1, 3.1), st.floats(0.1, 5))
    def test_phase_is_cyclic_and_amplitude_does_not_count(self, phase, amplitude):
        scale = scale_for(np.zeros(1, complex), (0, 0))
        assert scale.cyclic
        values = np.array([amplitude * np.exp(1j * phase), np.exp(1j * (phase + 2 * np.pi)), -1 + 1e-9j, -1 - 1e-9j])
        one, same, end, start = scale.rgba(values)
        np.testing.assert_allclose(one, same, atol=0.06)
        np.testing.assert_allclose(end, start, atol=0.06)

    def test_nan_is_not_drawn(self):
        for values in (np.array([np.nan, 1.0]), np.array([np.nan, 1j])):
            assert scale_for(values, (-1.0, 1.0)).rgba(values)[:, 3].tolist() == [0, 1]

    def test_no_range_shows_angles(self):
        assert scale_for(np.zeros(3), (0.0, 0.0)).limits == (-np.pi, np.pi)
        assert scale_for(np.zeros(3), (4.0, 4.0)).limits == (3.5, 4.5)


@pytest.mark.parametrize(("n", "low", "high"), [(1000, 1, 999), (10_000, 10, 9990), (1, 1, 1), (2, 1, 2)])
def test_default_limits(n, low, high):
    values = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    assert colour_limits(np.append(values, [np.nan] * 5)) == (low, high)
    assert colour_limits(values + 0j) == (-np.pi, np.pi)
    assert colour_limits(np.array([np.nan])) == (0, 0)


@given(st.integers(1, 200), st.floats(0.1, 10), st.integers(0, 12))
def test_panels_fit(n, ratio, n_x):
    rows, columns = panel_layout(n, ratio, n_x)
    assert rows * columns >= n > (rows - 1) * columns
    if n_x:
        assert columns == min(n_x, n)


@pytest.mark.parametrize("plot_flag", range(8))
def test_every_background(ws, plot_flag):
    picture = ps_plot("v-d", plot_flag, workdir=ws, out=f"flag{plot_flag}.png")
    path = ws.path / f"flag{plot_flag}.png"
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 4_000
    assert not list(ws.path.glob(".*part"))
    (axes,) = picture.axes
    expected_images = {0: 1, 1: 1, 2: 2, 3: 0, 4: 2, 5: 2, 6: 1, 7: 1}[plot_flag]
    assert len(axes.images) == expected_images
    if plot_flag != 3:
        assert axes.get_facecolor()[:3] == ((0, 0, 0) if plot_flag in (0, 4, 5, 7) else (1, 1, 1))


def test_a_pixel_has_the_colour_of_its_value(ws):
    values = np.linspace(-5, 5, 120)
    _, figure = ps_plot_ifg(values, 1, workdir=ws, out="given.png")
    image, extent = image_of(figure.axes[0])
    lonlat, scale = ws.load("ps2")["lonlat"], scale_for(values, colour_limits(values))
    row = ((lonlat[:, 1] - extent[2]) / (extent[3] - extent[2]) * image.shape[0]).astype(int)
    column = ((lonlat[:, 0] - extent[0]) / (extent[1] - extent[0]) * image.shape[1]).astype(int)
    same = np.abs(image[row, column] - scale.rgba(values)).max(axis=1) < 0.02
    assert same.mean() > 0.9  # a few stand behind others


def test_words_of_a_velocity_map(ws):
    picture = ps_plot("v-do", workdir=ws, out="v.pdf")
    text = picture.figure.get_suptitle()
    assert "Line-of-sight velocity without look-angle error and ramps" in text
    assert "9 images from 01-Jan-2018 to " in text and "120 pixels" in text
    assert "mm/yr, positive towards the satellite" in text and "relative to the mean of all pixels" in text
    assert (ws.path / "v.pdf").read_bytes()[:4] == b"%PDF"
    annotations = words_in(picture.axes[0])
    assert "N" in annotations and any(word.endswith((" m", " km")) for word in annotations)
    bar = picture.figure.axes[-1]
    assert bar.get_ylabel() == "mm/yr" and bar.get_ylim() == pytest.approx(picture.limits)


def test_one_panel_for_each_interferogram_with_dates(ws):
    picture = ps_plot("u-d", 1, [], 0, [1, 4, 6], 2, 1, workdir=ws, out="u.png")
    assert [axes.get_title() for axes in picture.axes] == ["01-Jan-2018", "06-Feb-2018", "02-Mar-2018"]
    assert len(picture.figure.axes) == 3  # no colour bar
    assert picture.axes[0].get_subplotspec().get_gridspec().ncols == 2
    phase = ws.load("phuw2")["ph_uw"] - ws.load("scla2")["ph_scla"]
    shown = (phase - phase.mean(axis=0))[:, [0, 3, 5]]
    assert picture.limits == pytest.approx(colour_limits(shown), abs=1e-5)


def test_titles_of_small_baselines_and_dropped_ones(tmp_path):
    ws = finished.small_baselines(tmp_path)
    picture = ps_plot("usb", 1, [-4, 4], 0, 3, workdir=ws, out="usb.png")
    assert picture.axes[0].get_title() == "ifg 3: 13-Jan-2018 to 25-Jan-2018" and picture.limits == (-4, 4)
    assert ps_plot("vdrop", workdir=ws, out="x.png").axes[1].get_title() == "without ifg 2: 01-Jan-2018 to 25-Jan-2018"
    assert ps_plot("Vdrop", workdir=ws, out="x.png").axes[2].get_title() == "without 06-Feb-2018"


def test_reference_area_is_marked(tmp_path):
    ws = finished.single_master(tmp_path)
    Parameters(ws).set("ref_centre_lonlat", [14.012, 40.01])
    Parameters(ws).set("ref_radius", 600)
    picture = ps_plot("v", workdir=ws, out="x.png")
    stars = [line.get_xydata()[0].tolist() for line in picture.axes[0].lines if line.get_marker() == "*"]
    assert stars == [[14.012, 40.01]] and len(picture.axes[0].patches) == 1
    ps = ws.load("ps2")
    near = np.argmin(np.hypot(*(ps["lonlat"] - [14.012, 40.01]).T))  # metres count from the middle of the scene
    in_metres = ps_plot("v", 6, workdir=ws, out="x.png").axes[0]
    (star,) = [line.get_xydata()[0] for line in in_metres.lines if line.get_marker() == "*"]
    away = llh2local(ps["lonlat"][[near]], (14.012, 40.01)) * 1000
    turned = np.hypot(*(ps["xy"][near, 1:] - star))
    assert turned == pytest.approx(np.hypot(*np.ravel(away)), abs=15)
    assert "pixels within 600 m of 14.0120° E, 40.0100° N" in picture.figure.get_suptitle()


def test_part_of_the_scene(ws):
    picture = ps_plot("d", 1, lon_rg=[14.005, 14.01], workdir=ws, out="x.png")
    assert picture.axes[0].get_xlim() == (14.005, 14.01)
    with pytest.raises(InputError, match="No pixel lies within"):
        ps_plot("d", 1, lon_rg=[15, 16], workdir=ws, out="x.png")
    assert ps_plot("d", -1, lon_rg=[15, 16], workdir=ws).figure is None  # saving is not restricted


def test_offset_of_pixels(tmp_path):
    ws = finished.single_master(tmp_path)
    before = ps_plot("d", workdir=ws, out="x.png").axes[0].get_xlim()
    Parameters(ws).set("lonlat_offset", [0.5, 0])
    after = ps_plot("d", workdir=ws, out="x.png").axes[0].get_xlim()
    np.testing.assert_allclose(np.subtract(after, before), 0.5, atol=1e-9)


def test_units_and_text(ws):
    picture = ps_plot("v", units="cm", textsize=7, textcolor="magenta", workdir=ws, out="x.png")
    assert picture.figure.axes[-1].get_ylabel() == "cm"
    assert "magenta" in {text.get_color() for text in picture.axes[0].findobj(matplotlib.text.Text)}


class TestParameters:
    """Parameters that only pictures use."""

    @pytest.fixture
    def project(self, tmp_path):
        return finished.single_master(tmp_path)

    def shown(self, ws, *arguments, **options):
        return image_of(ps_plot("v", *arguments, workdir=ws, out="x.png", **options).axes[0])[0]

    def test_size_of_the_squares(self, project):
        before = self.shown(project)
        Parameters(project).set("plot_scatterer_size", 240)
        assert self.shown(project).shape[0] == pytest.approx(before.shape[0] / 2, abs=4)
        Parameters(project).set("plot_pixels_scatterer", 6)
        fine = self.shown(project)
        assert fine.shape[0] == pytest.approx(before.shape[0], abs=4)
        assert (fine[..., 3] > 0).sum() > 3 * (before[..., 3] > 0).sum()

    @pytest.mark.parametrize("scheme", ["deflation", "gray", "GMT_relief"])
    def test_colour_scheme(self, project, scheme):
        before = self.shown(project)
        Parameters(project).set("plot_color_scheme", scheme)
        after = self.shown(project)
        np.testing.assert_array_equal(before[..., 3], after[..., 3])
        assert np.abs(before - after).max() > 0.2

    def test_direction_of_the_light(self, ws):
        lit = np.asarray(ps_plot("v", 2, workdir=ws, out="x.png").axes[0].images[0].get_array())
        Parameters(ws).set("shade_rel_angle", [270, 45])
        try:
            dark = np.asarray(ps_plot("v", 2, workdir=ws, out="x.png").axes[0].images[0].get_array())
        finally:
            Parameters(ws).set("shade_rel_angle", [90, 45])
        assert np.corrcoef(lit.ravel(), dark.ravel())[0, 1] < -0.5

    def test_colour_bar_below(self, project):
        bar = ps_plot("v", 1, cbar_flag=2, workdir=project, out="x.png").figure.axes[-1]
        assert bar.get_xlabel() == "mm/yr"


def test_in_a_window(tmp_path, monkeypatch):
    import matplotlib.pyplot as pyplot

    ws = finished.single_master(tmp_path)
    matplotlib.use("Agg")
    shown = []
    monkeypatch.setattr(figures, "window_possible", lambda: True)
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(True))
    picture = ps_plot("v", "ts", workdir=ws)
    assert shown == [True] and picture.figure.series_buttons.axes is picture.axes[0]
    assert not list(ws.path.glob("*.png"))
    assert ps_plot("v", "ts", workdir=ws, out="x.png").figure is not picture.figure and len(shown) == 1
    pyplot.close("all")


def test_a_single_pixel(tmp_path):
    ws = finished.single_master(tmp_path, n_ps=1)
    for name, flag in (("u", 0), ("hgt", 6), ("w", 1)):
        assert ps_plot(name, flag, [], 0, [1], workdir=ws, out="x.png").axes


def test_default_file_without_a_display(tmp_path):
    ws = finished.single_master(tmp_path)
    ps_plot("V-D", workdir=ws)
    assert (ws.path / "ps_plot_v-d.png").is_file()


def test_bad_picture_files(ws):
    with pytest.raises(InputError, match="so give a name that ends so"):
        ps_plot("d", workdir=ws, out="picture.xyz")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        ps_plot("d", workdir=ws, out="no/such/folder/x.png")


def test_dem_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="demparms.in is missing"):
        ps_plot("d", 2, workdir=finished.single_master(tmp_path), out="x.png")


def test_amplitude_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="no mean_amp.flt"):
        ps_plot("d", 4, workdir=finished.single_master(tmp_path), out="x.png")


class TestViews:
    def project(self, ws):
        from stamps.products.quantities import Project

        return Project.at(ws)

    @pytest.mark.parametrize(("heading", "turned"), [(-166.6, True), (-12.0, False)])
    def test_radar_image_is_turned_where_the_satellite_flies_south(self, tmp_path, heading, turned):
        ws = finished.single_master(tmp_path, heading=heading)
        view, ps = view_of(self.project(ws), 4, (150, 520)), ws.load("ps2")
        np.testing.assert_array_equal(view.x, 519 - ps["ij"][:, 2] if turned else ps["ij"][:, 2])
        np.testing.assert_array_equal(view.y, 149 - ps["ij"][:, 1] if turned else ps["ij"][:, 1])
        assert view.metres == pytest.approx((4, 14), rel=0.02)
        assert view.flip == (turned, turned)

    @given(st.floats(-179, 179))
    def test_north(self, angle):
        rng = np.random.default_rng(0)
        east, north = rng.normal(size=(2, 50))
        turn = np.radians(angle)
        x, y = east * np.cos(turn) + north * np.sin(turn), -east * np.sin(turn) + north * np.cos(turn)
        assert north_of(x, y, 40 + north / 111_000) == pytest.approx(angle, abs=1e-6)


def test_light_comes_from_its_azimuth():
    x, y = np.meshgrid(np.arange(50.0), np.arange(40.0))
    hill = 30 * np.exp(-((x - 25) ** 2 + (y - 20) ** 2) / 80)
    grey = shade(hill, (1.0, 1.0), 90, 45)  # from the east
    assert grey[20, 31] > 0.9 and grey[20, 19] < 0.1
    grey = shade(hill, (1.0, 1.0), 0, 45)  # from the north
    assert grey[26, 25] > 0.9 and grey[14, 25] < 0.1
    assert np.ptp(shade(np.ones((4, 4)), (1.0, 1.0), 0, 45)) == 0


def test_a_plot_without_matplotlib_says_what_it_needs(ws, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"Pictures need matplotlib, which is not installed: pip install"):
        ps_plot("hgt", workdir=ws)


@pytest.mark.parametrize("verb", ["model", "areas", "components"])
@pytest.mark.parametrize(("name", "said"), [("map.xyz", "pictures can be written as"), ("no/map.png", "is no folder")])
def test_names_of_pictures_are_checked_before_anything_is_computed(tmp_path, verb, name, said):
    """The project is empty: nothing of it was looked at."""
    main = importlib.import_module(f"stamps.cli.{verb}").main
    with pytest.raises(StampsError, match=said):
        main(["csv", "--picture", name, "--workdir", str(tmp_path)])
    assert not any(tmp_path.iterdir())

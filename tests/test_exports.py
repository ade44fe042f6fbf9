"""Google Earth, shapefiles and conversions."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import finished_project as finished
from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.legacy.env_oscilator_corr import env_oscilator_corr
from stamps.legacy.gescatter import gescatter
from stamps.legacy.K2q import K2q
from stamps.legacy.ps_gescatter import five_classes, ps_gescatter
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ps_shapefile import ps_shapefile
from stamps.products.kml import colour_bins, jet, kml_colours
from stamps.products.quantities import Choice, Project, Quantities
from stamps.workspace.parameters import Parameters

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    return finished.single_master(tmp_path_factory.mktemp("exports"))


def placemarks(path):
    """Colour, coordinates, table and times of every point."""
    document = ElementTree.parse(path).getroot().find(f"{KML}Document")
    styles = {style.get("id"): style.find(f".//{KML}color").text for style in document.iter(f"{KML}Style")}
    for mark in document.iter(f"{KML}Placemark"):
        colour = styles[mark.find(f"{KML}styleUrl").text.removeprefix("#")]
        numbers = [float(word) for word in mark.find(f".//{KML}coordinates").text.split(",")]
        yield colour, numbers, mark.find(f"{KML}description").text, mark.find(f"{KML}TimeSpan")


class TestGescatter:
    def test_points(self, tmp_path):
        values = np.array([-1.0, 2.04, np.nan, 5.0, np.inf])
        path = gescatter(
            "a&b",
            [14, 14.5, 15, 15.1, 16],
            [40, 41, 42, 43, 44],
            values,
            opacity=1,
            workdir=tmp_path,
            time=("2018-01-08", "2018-08-24"),
        )
        marks = list(placemarks(path))
        assert path == tmp_path / "a&b.kml" and len(marks) == 3
        assert [mark[1] for mark in marks] == [[14, 40, -1], [14.5, 41, 2.04], [15.1, 43, 5]]
        assert "<td>2.0</td>" in marks[1][2] and "a&amp;b" in marks[1][2]
        assert marks[0][0] == "ff9f0000" and marks[2][0] == "ff00008f"  # dark blue, dark red: blue, green, red
        assert marks[0][3].find(f"{KML}begin").text == "2018-01-08"

    def test_bins_belong_to_their_lower_edge(self):
        values = np.array([-9, -1.0000001, -1, 0, 0.5, 1, 9])
        assert colour_bins(values, (-1, 1), 5).tolist() == [0, 0, 1, 2, 2, 3, 3]

    @given(st.integers(2, 200), st.lists(st.floats(-1e3, 1e3), min_size=1))
    def test_bins_never_leave_the_table(self, n, values):
        bins = colour_bins(np.array(values), (-3.0, 7.0), n + 2)
        assert bins.min() >= 0 and bins.max() <= n

    def test_colours_as_texts(self):
        assert kml_colours(np.array([[1, 0.5, 0], [0.3, 1, 0.3]]), 0.4) == ["66007fff", "664cff4c"]

    def test_many_points_in_pieces(self, tmp_path):
        n = 45_000
        path = gescatter("x.kml", np.arange(n) / 1e3, np.zeros(n), np.arange(n), workdir=tmp_path)
        assert path.read_text().count("<Placemark>") == n

    def test_what_does_not_fit(self, tmp_path):
        with pytest.raises(InputError, match="2 places but 3 values"):
            gescatter("x", [1, 2], [1, 2], [1, 2, 3], workdir=tmp_path)
        with pytest.raises(InputError, match="no value is finite"):
            gescatter("x", [1], [1], [np.nan], workdir=tmp_path)

    @pytest.mark.parametrize("n", [5, 63, 64, 256])
    def test_jet(self, n):
        colours = jet(n)
        assert colours.shape == (n, 3) and colours.min() == 0 and colours.max() == 1
        np.testing.assert_allclose(
            jet(64)[[0, 7, 23, 39, 55, 63]],
            [
                [0, 0, 0.5625],
                [0, 0, 1],
                [0, 1, 1],
                [1, 1, 0],
                [1, 0, 0],
                [0.5, 0, 0],
            ],
        )


class TestPsGescatter:
    def test_range_and_classes(self, ws):
        lonlat, values = ws.load("ps2")["lonlat"], np.linspace(-30, 30, 60)
        limits = np.sort(lonlat[:, 0])[[9, 49]]
        marks = list(placemarks(ps_gescatter("x", values, clims=(-20, 20), lon_rg=limits, workdir=ws)))
        inside = (lonlat[:, 0] >= limits[0]) & (lonlat[:, 0] <= limits[1])
        assert len(marks) == inside.sum() == 41
        colours = five_classes()
        assert colours.shape == (64, 3) and len(np.unique(colours, axis=0)) == 5
        assert {mark[0][2:] for mark in marks if mark[1][2] > 20} == {"ff0000"}  # rising: blue
        assert {mark[0][2:] for mark in marks if mark[1][2] < -20} == {"0000ff"}

    def test_saved_plot(self, ws):
        ps_plot("d", -1, workdir=ws)
        marks = list(placemarks(ps_gescatter("x", "ps_plot_d", workdir=ws)))
        expected = ws.load_raw("ps_plot_d")["ph_disp"][:, 0]
        np.testing.assert_allclose([mark[1][2] for mark in marks], expected, atol=0.0051)

    def test_random_part(self, ws):
        values = np.arange(60.0)
        one, two, other = (
            [m[1][2] for m in placemarks(ps_gescatter("x", values, 7, workdir=ws, seed=seed))] for seed in (1, 1, 2)
        )
        assert len(one) == 9 and one == sorted(one) == two and one != other

    def test_cut_off(self, tmp_path):
        ws = finished.single_master(tmp_path)
        with pytest.raises(WorkspaceError, match="std_cutoff needs ps_mean_v"):
            ps_gescatter("x", np.zeros(60), std_cutoff=5, workdir=ws)
        ps_mean_v(workdir=ws)
        std = ws.load("mv2")["mean_v_std"]
        limit = float(np.median(std))
        assert len(list(placemarks(ps_gescatter("x", np.arange(60.0), std_cutoff=limit, workdir=ws)))) == 30
        with pytest.raises(NoPixelsError, match="No pixel is left"):
            ps_gescatter("x", np.zeros(60), std_cutoff=0, workdir=ws)

    @pytest.mark.parametrize("data", [np.zeros(5), np.zeros((2, 60)), np.zeros(60) + 1j])
    def test_data_of_other_pixels(self, ws, data):
        with pytest.raises(InputError, match="for each of 60 pixels"):
            ps_gescatter("x", data, workdir=ws)

    def test_plot_that_was_not_saved(self, ws):
        with pytest.raises(InputError, match="ps_plot_x.mat is missing"):
            ps_gescatter("x", "ps_plot_x", workdir=ws)


class TestShapefile:
    def test_points_and_values(self, ws):
        raw = pytest.importorskip("pyogrio").raw
        values = np.random.default_rng(0).normal(size=(60, 2))
        path = ps_shapefile("points", values, 7, workdir=ws)
        meta, _, geometry, (v,) = raw.read(path)
        assert path == ws.path / "points.shp" and meta["crs"] == "EPSG:4326" and meta["fields"].tolist() == ["V"]
        np.testing.assert_allclose(v, values[::7, 0])
        points = np.array([np.frombuffer(point[5:], "<f8") for point in geometry])
        np.testing.assert_array_equal(points, ws.load("ps2")["lonlat"][::7])

    def test_written_again_and_elsewhere(self, ws, tmp_path):
        pytest.importorskip("pyogrio")
        for _ in range(2):
            ps_shapefile(tmp_path / "points.shp", np.zeros(60), workdir=ws)
        assert {path.suffix for path in tmp_path.iterdir()} >= {".shp", ".shx", ".dbf", ".prj"}

    def test_wrong_arguments(self, ws):
        pytest.importorskip("pyogrio")
        with pytest.raises(InputError, match="whole number from 1"):
            ps_shapefile("x", np.zeros(60), 0, workdir=ws)
        with pytest.raises(InputError, match="ends in .shp"):
            ps_shapefile("x.nonsense", np.zeros(60), workdir=ws)


class TestK2q:
    @pytest.mark.parametrize(
        ("sensor", "spacing", "near", "height", "wavelength"),
        [
            ("E", 7.9048902811596, 831265, 794141, 0.0565647),
            ("A", 4.684, 846014.31, 691650, 0.236057),
            ("R2U18", 1.330719, 1042559.7347, 786503, 0.05546577),
        ],
    )
    def test_geometry(self, sensor, spacing, near, height, wavelength):
        """A height q turns the phase by -4π q/(λ ρ sin α) for each metre of baseline; α from a triangle."""
        rho, earth = near + 1000 * spacing, 6345245.0
        look = np.arccos((rho**2 + (earth + height) ** 2 - earth**2) / (2 * rho * (earth + height)))
        incidence = np.arcsin((earth + height) / earth * np.sin(look))
        q = np.array([-3.0, 12.5])
        k = -4 * np.pi * q / (wavelength * rho * np.sin(incidence))
        np.testing.assert_allclose(K2q(k, 1000, sensor), q, rtol=1e-9)

    def test_defaults_and_ranges(self):
        assert K2q(0.01) == K2q(0.01, 2300, "E")
        assert np.diff(np.abs(K2q([0.01, 0.01], [0, 5000]))) > 0

    def test_unknown_sensor(self):
        with pytest.raises(InputError, match="E, A, R2U18"):
            K2q(0.1, sensor="X")


class TestOscillator:
    def test_other_satellites_have_no_drift(self, ws, tmp_path):
        assert not any(part.any() for part in env_oscilator_corr(workdir=ws))
        sb = finished.small_baselines(tmp_path)
        assert env_oscilator_corr(workdir=sb)[0].shape == (60, 11)
        assert env_oscilator_corr(None, 1, workdir=sb)[0].shape == (60, 7)

    @pytest.mark.parametrize("forced", [0, 1])
    def test_drift_of_envisat(self, tmp_path, forced):
        ws = finished.small_baselines(tmp_path)
        Parameters(ws).set("platform", "ENVISAT", 1)
        Parameters(ws).set("lambda", 0.056)
        phase, velocity = env_oscilator_corr(None, forced, workdir=ws)
        ps = ws.load("ps2")
        np.testing.assert_allclose(velocity, 7.8 * ps["ij"][:, 2] * 3.87e-7 * 1000)
        days = ps["day"] - ps["master_day"] if forced else ps["ifgday"][:, 1] - ps["ifgday"][:, 0]
        expected = -4 * np.pi / 0.056 * np.outer(velocity / 1000, days / 365.25)
        np.testing.assert_allclose(phase, expected)

    @pytest.mark.parametrize(("text", "active"), [("ENVISAT - ASAR - SLC", True), ("ERS-2", False)])
    def test_master_file_decides_without_platform(self, tmp_path, text, active):
        ws = finished.single_master(tmp_path / "project")
        (tmp_path / "master.res").write_text(text)
        assert env_oscilator_corr(workdir=ws)[0].any() == active

    def test_plots_subtract_it(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("platform", "ENVISAT", 1)
        drift, velocity = env_oscilator_corr(workdir=ws)
        assert Quantities(Project.at(ws), Choice(), False)["O"] is not None
        phase = ws.load("phuw2")["ph_uw"] - drift
        ps_plot("u", -1, workdir=ws)
        shown = ws.load_raw("ps_plot_u")["ph_disp"]
        np.testing.assert_allclose(shown, phase - phase.mean(axis=0), atol=2e-6)
        ph_rc = ws.load("rc2")["ph_rc"]
        ps_plot("w", -1, workdir=ws)
        np.testing.assert_allclose(ws.load_raw("ps_plot_w")["ph_disp"], ph_rc * np.exp(-1j * drift), atol=1e-6)
        finished.steady_motion(ws, velocity * 5)
        ps_plot("v", -1, workdir=ws)
        lam = Parameters(ws).get("lambda")
        drift = env_oscilator_corr(workdir=ws)[1]
        expected = 5 * velocity - drift * lam / finished.WAVELENGTH
        np.testing.assert_allclose(ws.load_raw("ps_plot_v")["ph_disp"][:, 0], expected - expected.mean(), atol=1e-3)

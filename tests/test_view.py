"""The page of stamps view: what it holds, how it is packed and served."""

import json
import re
import threading
import urllib.error
import urllib.request
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import stamps
from helpers import finished_project as finished
from helpers.moving_project import dates, moving
from helpers.viewed_project import N_PS, layer, with_pictures, with_reference_circle
from stamps.cli import program as cli
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.legacy.ps_load_dem import ps_load_dem
from stamps.legacy.ps_load_mean_amp import ps_load_mean_amp
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_plot import ps_plot
from stamps.products.backgrounds import Background
from stamps.products.quantities import Project
from stamps.products.reference_choice import ReferenceChoice
from stamps.products.velocity import bootstrap_spread, bootstrap_std
from stamps.products.view import view
from stamps.products.view.background import backgrounds_of, geocoded
from stamps.products.view.content import content_of
from stamps.products.view.model_layers import model_layers
from stamps.products.view.packing import pack, quantise, quantise_places, unpack
from stamps.products.view.serving import page_server
from stamps.workspace import matfile
from stamps.workspace.parameters import Parameters


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    """A single-master project whose reference is a circle, with a missing value."""
    return with_reference_circle(tmp_path_factory.mktemp("single"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return finished.small_baselines(tmp_path_factory.mktemp("pairs") / "sb", n_ps=N_PS)


@pytest.fixture(scope="module")
def content(ws):
    return content_of(Project.at(ws))


class TestPacking:
    @settings(max_examples=60)
    @given(arrays(np.float64, (7, 3), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
    def test_matrices_are_rounded_to_half_a_step(self, values):
        packed = quantise(values)
        again = unpack(packed)
        np.testing.assert_array_equal(np.isnan(again), np.isnan(values))
        valid = ~np.isnan(values)
        bound = packed.error * (1 + 1e-6) + 1e-9
        assert np.abs(again - values)[valid].max(initial=0) <= bound
        span = np.where(valid, values, -np.inf).max(axis=0) - np.where(valid, values, np.inf).min(axis=0)
        assert packed.error <= np.maximum(span, 0).max() / 65534 / 2 * (1 + 1e-9)

    def test_columns_without_spread_or_values(self):
        packed = quantise(np.array([[5.0, np.nan, np.inf], [5.0, np.nan, 2.0]]))
        np.testing.assert_array_equal(unpack(packed), [[5, np.nan, np.nan], [5, np.nan, 2]])
        assert packed.error == 0 and packed.codes.shape == (3, 2)

    @pytest.mark.parametrize("least", [5e-324, 1e-319, 1e-310])
    def test_columns_of_hardly_any_spread(self, least):
        values = np.array([[0.0], [least], [np.nan]])
        packed = quantise(values)
        np.testing.assert_allclose(unpack(packed), values, atol=max(packed.error, least))

    def test_single_values_stay_single(self):
        values = np.array([1.2345678, np.nan, -7e9])
        np.testing.assert_array_equal(unpack(pack(values)), values.astype(np.float32))

    @given(arrays(np.float64, 5, elements=st.floats(-180, 180)))
    def test_places_are_good_to_a_centimetre(self, degrees):
        assume_narrow = degrees / 4  # a scene is never wider than 200 degrees
        again = unpack(quantise_places(assume_narrow))[:, 0]
        np.testing.assert_allclose(again, assume_narrow, atol=0.5001e-7, rtol=0)


class TestSpread:
    def test_it_is_the_variance_of_the_bootstrap(self):
        rng = np.random.default_rng(3)
        years, root = np.sort(rng.uniform(0, 4, 12)), rng.normal(size=(12, 40))
        covariance, displacement = root @ root.T, rng.normal(0, 5, (30, 12))
        spread = bootstrap_spread(years, covariance, 200, seed=4)
        std = bootstrap_std(displacement, years, covariance, 200, seed=4)
        np.testing.assert_allclose(
            np.sqrt(np.einsum("ij,jk,ik->i", displacement, spread, displacement)), std, rtol=1e-5
        )


class TestContent:
    def test_velocity_and_series_are_those_of_ps_plot(self, ws, content):
        ps_plot("v-d", -1, workdir=ws)
        saved = matfile.read(ws.path / "ps_plot_v-d.mat")["ph_disp"][:, 0]
        np.testing.assert_allclose(layer(content, "velocity").values, saved, rtol=1e-6, atol=1e-6)
        pytest.importorskip("matplotlib")
        ps_plot("v-d", "ts", workdir=ws, out="map.png")
        series = matfile.read(ws.path / "ps_plot_ts_v-d.mat")["ph_mm"]
        np.testing.assert_array_equal(layer(content, "displacement").values, series)

    def test_standard_deviation_is_that_of_ps_mean_v(self, ws, content):
        ps_mean_v(n_boot=1500, subtract_switches="d", workdir=ws, seed=0)
        std = matfile.read(ws.path / "mv2.mat")["mean_v_std"].ravel()
        np.testing.assert_allclose(layer(content, "std").values, std, rtol=2e-3)

    @pytest.mark.parametrize("kind", ["single", "pairs"])
    def test_weights_turn_series_into_velocities(self, kind, ws, pairs):
        content = content_of(Project.at(ws if kind == "single" else pairs))
        velocity = layer(content, "displacement").values @ content.lines.weights[1]
        np.testing.assert_allclose(layer(content, "velocity").values, velocity, rtol=1e-3, atol=1e-3)
        series = layer(content, "displacement").values
        variance = np.einsum("ij,jk,ik->i", series, content.lines.spread, series)
        np.testing.assert_allclose(layer(content, "std").values, np.sqrt(variance), rtol=1e-4)

    def test_all_layers_with_their_reference(self, ws, content):
        names = ["velocity", "std", "coherence", "height", "dem_error", "displacement", "scn"]
        assert [one.name for one in content.layers] == names
        for name in ("velocity", "dem_error", "displacement", "scn"):
            means = np.nanmean(layer(content, name).values[content.reference], axis=0)
            np.testing.assert_allclose(means, 0, atol=1e-4)
        noise = ws.load("scn2")["ph_scn_slave"]
        used = np.delete(np.arange(9), 3)
        noise = -(noise - noise[content.reference].mean(axis=0))[:, used] * finished.MILLIMETRES
        np.testing.assert_allclose(layer(content, "scn").values, noise, rtol=1e-5, atol=1e-5)
        assert content.area.radius == 600 and 0 < len(content.reference) < N_PS

    @pytest.mark.parametrize("date", [None, 20180113])
    def test_layers_of_a_model(self, tmp_path, date):
        """Coefficients are those of stamps.model; those that follow the series can be referenced anew."""
        years = (dates(50) - dates(50)[3]) / 365.25
        series = np.random.default_rng(0).normal(0, 1, (N_PS, 50)) + 5 * years**2
        ws = moving(tmp_path / "p", series, ref_radius=np.inf)
        page = view(ws, value="v", n_boot=9, model="degree=2,annual,step=20181020,classify", reference_date=date)
        facts = facts_of(page)
        told = {one["name"]: one for one in facts["layers"] if one["name"].startswith("model_")}
        assert list(told) == [
            *("model_ts_type", "model_velocity", "model_vel_sd", "model_accel", "model_accel_sd"),
            *("model_step1", "model_step1_sd", "model_ann_amp", "model_ann_amp_sd"),
        ]
        assert [name for name, one in told.items() if one["referenced"]] == [
            "model_velocity",
            "model_accel",
            "model_step1",
        ]
        terms = {"degree": 2, "annual": True, "steps": [20181020], "classify": True}
        found = stamps.model(workdir=ws.path, values="v", n_boot=2, reference_date=date, **terms)
        choice = ReferenceChoice.of(date)
        for shown in model_layers(Project.at(ws), "v", terms, choice):
            np.testing.assert_array_equal(shown.values, found.column(shown.name.removeprefix("model_")))
        correlated = model_layers(Project.at(ws), "v", {"correlated": True}, choice)
        assert not any(shown.referenced for shown in correlated)
        with pytest.raises(InputError, match="says nothing about a model"):
            view(ws, model="quadratic")

    def test_a_project_after_step_7_has_no_noise_layer(self, tmp_path):
        ws = finished.single_master(tmp_path, n_ps=20)
        ws.delete("scn2.mat")
        assert "scn" not in [one.name for one in content_of(Project.at(ws)).layers]

    def test_noise_that_is_not_known_leaves_out_the_deviation(self, tmp_path):
        ws = finished.single_master(tmp_path, n_ps=20)
        ws.save("ifgstd2", {"ifg_std": np.zeros(9, np.float32)})
        try:
            content = content_of(Project.at(ws))
        except np.linalg.LinAlgError:
            pytest.fail("singular noise is no reason to stop")
        assert content.lines.spread is None and "std" not in [one.name for one in content.layers]

    def test_ramps_are_removed_where_asked_for(self, ws):
        content = content_of(Project.at(ws), "v-do")
        assert content.facts["value"] == "v-do" and "ramps" in content.facts["description"]

    def test_series_of_small_baselines(self, pairs):
        content = content_of(Project.at(pairs))
        assert content.facts["value"] == "V-d" and len(content.dates) == 6
        with pytest.raises(InputError, match="plot V-d"):
            content_of(Project.at(pairs), "v-d")

    def test_velocity_of_a_real_project_is_the_original_s(self, golden_dir, tmp_path):
        folder = golden_dir("mexico_city")
        for overlay in ("input", "golden", "golden_pass2"):
            for path in (folder / overlay).iterdir():
                (tmp_path / path.name).write_bytes(path.read_bytes())
        content = content_of(Project.at(tmp_path), n_boot=10)
        expected = matfile.read(folder / "golden_products/series_v-d/ps_plot_v-d.mat")["ph_disp"][:, 0]
        np.testing.assert_allclose(layer(content, "velocity").values, expected, atol=1e-4)
        by_weights = layer(content, "displacement").values @ content.lines.weights[1]
        np.testing.assert_allclose(by_weights, expected, atol=1e-3)


class TestBackground:
    def test_radar_pictures_land_where_the_pixels_are(self):
        rng = np.random.default_rng(2)
        line_sample = rng.uniform([0, 0], [100, 400], (300, 2))
        turn = np.array([[0.9, -0.3], [0.25, 0.8]]) * [[1e-4], [2e-5]]
        lonlat = np.array([14.0, 40.0]) + line_sample @ turn
        grey = np.zeros((100, 400))
        grey[60, 250] = 1
        picture = geocoded(Background(grey, (-0.5, 399.5, -0.5, 99.5)), line_sample, lonlat)
        rows, columns = np.nonzero(picture.grey == 1)
        west, east, south, north = picture.extent
        lon = west + (columns.mean() + 0.5) / picture.grey.shape[1] * (east - west)
        lat = south + (rows.mean() + 0.5) / picture.grey.shape[0] * (north - south)
        expected = np.array([14.0, 40.0]) + np.array([60, 250]) @ turn
        np.testing.assert_allclose([lon, lat], expected, atol=5e-5, rtol=0)  # half a line
        assert np.isnan(picture.grey[0, 0])  # outside of the image

    def test_a_broken_background_is_named_and_left_out(self, tmp_path, capsys):
        ws = with_pictures(finished.single_master(tmp_path, n_ps=20))
        ws.write_text("demparms.in", "nowhere.i2 3 4\n")
        page = view(ws)
        assert "The shaded DEM is left out:" in capsys.readouterr().out
        assert [one["name"] for one in facts_of(page)["pictures"]] == ["amplitude"]
        assert facts_of(view(ws, background=False))["pictures"] == []

    def test_stored_backgrounds_look_as_those_that_are_computed(self, tmp_path):
        ws = with_pictures(finished.single_master(tmp_path, n_ps=20))
        project = Project.at(ws)
        computed = backgrounds_of(project, project.lonlat)
        ps_load_dem(workdir=ws)
        ps_load_mean_amp(workdir=ws)
        for one, stored in zip(computed, backgrounds_of(project, project.lonlat), strict=True):
            assert (one.name, one.extent) == (stored.name, stored.extent)
            np.testing.assert_array_equal(one.grey, stored.grey)


def facts_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S).group(1))


def addresses_in(text):
    """What the elements of a page point to."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend(value for name, value in attributes if name in ("src", "href", "srcset", "action", "data"))

    Reader().feed(text)
    return found


class TestPage:
    def test_one_file_that_asks_for_nothing(self, ws, tmp_path):
        science = {path: path.read_bytes() for path in ws.path.glob("*2.mat")}
        page = stamps.view(ws, tmp_path / "page.html")
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'" in text and '<h1 id="title">Tõwn &amp; &lt;b&gt;</h1>' in text
        assert addresses_in(text) == ["data:,"]
        assert set(re.findall(r"https?://[^\s\"'`]+", text)) == {
            "http://www.w3.org/2000/svg",  # a name, not an address
            "https://github.com/leeoniya/uPlot",  # in the notice of the licence
        }
        assert "Copyright (c) 2022 Leon Sorokin" in text and "Permission is hereby granted" in text
        facts = facts_of(page)
        assert facts["title"] == "Tõwn & <b>" and facts["reference"]["radius"] == 600
        assert [one["name"] for one in facts["pictures"]] == ["dem", "amplitude"]
        assert dict((name, value) for name, value, _ in facts["parameters"])["ref_radius"] == "600"
        assert {path: path.read_bytes() for path in science} == science
        assert not ws.exists("dem") and not ws.exists("amp_mean")
        assert [path.name for path in tmp_path.iterdir()] == ["page.html"]

    def test_equal_seeds_give_equal_pages(self, ws, tmp_path):
        pages = [view(ws, tmp_path / f"{k}.html", seed=seed).read_bytes() for k, seed in enumerate((1, 1, 2))]
        assert pages[0] == pages[1] != pages[2]

    def test_what_is_wrong_is_said(self, ws, tmp_path):
        with pytest.raises(InputError, match="ends in .html"):
            view(ws, tmp_path / "page.png")
        with pytest.raises(WorkspaceError, match="cannot be written"):
            view(ws, tmp_path / "nowhere" / "page.html")
        with pytest.raises(InputError, match="did you mean .*v-d"):
            view(ws, value="v-x")
        with pytest.raises(InputError, match="no time series"):
            view(ws, value="hgt")
        with pytest.raises(InputError, match="at least two"):
            view(ws, n_boot=1)
        early = finished.single_master(tmp_path / "early", n_ps=20)
        early.delete("scla2.mat")
        with pytest.raises(WorkspaceError, match="scla2"):
            view(early)
        far = finished.single_master(tmp_path / "far", n_ps=20)
        Parameters(far).set("ref_lon", np.array([0.0, 1.0]))
        with pytest.raises(ParameterError, match="ref_lon"):
            view(far)

    def test_command(self, ws, tmp_path, capsys):
        out = tmp_path / "page.html"
        options = ["--out", str(out), "--value", "v", "--title", "Town", "--n-boot", "9", "--model", "degree=1"]
        assert cli.run("stamps", ["view", "--workdir", str(ws.path), *options]) == 0
        assert f"{out} (" in capsys.readouterr().out
        facts = facts_of(out)
        assert (facts["title"], facts["value"], facts["n_boot"]) == ("Town", "v", 9)
        assert [one["name"] for one in facts["layers"]][-2:] == ["model_velocity", "model_vel_sd"]
        assert cli.run("stamps", ["view", "--workdir", str(tmp_path / "none")]) == 1
        assert capsys.readouterr().err.startswith("stamps view: ")


class TestServing:
    @pytest.fixture
    def server(self, tmp_path):
        page = tmp_path / "page.html"
        page.write_text("<p>é", encoding="utf-8")
        (tmp_path / "secret.txt").write_text("secret")
        with page_server(page) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    def open(self, server, name):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open("http://{}:{}/{}".format(*server.server_address, name), timeout=5)

    def test_the_page_and_nothing_else_for_this_machine_only(self, server):
        assert server.server_address[0] == "127.0.0.1"
        for name in ("", "page.html", "?x=1"):
            with self.open(server, name) as answer:
                assert answer.read().decode() == "<p>é" and "text/html" in answer.headers["Content-Type"]
        for name in ("secret.txt", "../secret.txt", "favicon.ico"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                self.open(server, name)

    def test_a_port_that_is_taken(self, server, tmp_path):
        with pytest.raises(InputError, match="cannot be used"):
            page_server(tmp_path / "page.html", server.server_address[1])
        with pytest.raises(InputError, match="Port 70000 cannot be used"):
            page_server(tmp_path / "page.html", 70000)

    def test_command_prints_the_address(self, ws, tmp_path, capsys, monkeypatch):
        from stamps.cli import view as command

        asked = []

        class Server:
            server_address = ("127.0.0.1", 8123)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                asked.append("closed")

            def serve_forever(self):
                raise KeyboardInterrupt

        monkeypatch.setattr(command, "page_server", lambda path, port: asked.append((path, port)) or Server())
        out = tmp_path / "page.html"
        common = ["view", "--workdir", str(ws.path), "--out", str(out), "--n-boot", "9", "--no-background", "--serve"]
        assert cli.run("stamps", [*common, "8123"]) == 0 and cli.run("stamps", common) == 0
        assert asked == [(out, 8123), "closed", (out, 0), "closed"]
        assert "http://127.0.0.1:8123/" in capsys.readouterr().out


@pytest.fixture(scope="module")
def page(ws, tmp_path_factory):
    return view(ws, tmp_path_factory.mktemp("page") / "view.html")

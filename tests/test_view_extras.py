"""What lies on and beside the map of stamps view: base map, drawings, stations, another project."""

import base64
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stamps
from helpers import finished_project, two_looks
from helpers.drawings import BROKEN, POINT, SQUARE, collection, feature
from helpers.viewed_project import made_content
from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.products.ground.gnss import gnss
from stamps.products.view import view
from stamps.products.view.extras import Extras, Other, check_overlap, value_for
from stamps.products.view.overlays import read_overlay
from stamps.products.view.page import html_of
from stamps.products.view.tiles import Tiles, tiles_of
from stamps.workspace.given_paths import listed_paths

ADDRESS = "https://tile.example.org/a/{z}/{x}/{y}.png"


def facts_of(text):
    return json.loads(re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S).group(1))


def policy_of(text):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.fixture(scope="module")
def content():
    rng = np.random.default_rng(1)
    days = np.array([-24.0, -12, 12, 24, 36])
    return made_content(np.array([14.0, 40.0]) + rng.uniform(0, 0.02, (12, 2)), rng.normal(0, 4, (12, 5)), days)


class TestTiles:
    @pytest.mark.parametrize(
        ("address", "origin"),
        [
            (ADDRESS, "https://tile.example.org"),
            ("http://127.0.0.1:8080/{z}/{y}/{x}", "http://127.0.0.1:8080"),
            ("HTTPS://Tile.Example.org:443/wmts?z={z}&row={y}&col={x}&key=a%22b", "https://tile.example.org:443"),
        ],
    )
    def test_addresses_and_where_they_may_ask(self, address, origin, content):
        tiles = tiles_of(address, "© <b>Somebody</b>")
        assert (tiles.address, tiles.origin, tiles.attribution) == (address, origin, "© <b>Somebody</b>")
        text = html_of(content, [], "page", Extras(tiles=tiles))
        policy = policy_of(text)
        assert policy["img-src"] == f"data: blob: {origin}" and policy["default-src"] == "'none'"
        assert set(policy) == set(policy_of(html_of(content, [], "page")))
        assert facts_of(text)["tiles"] == {"address": address, "attribution": "© <b>Somebody</b>"}
        assert "<b>Somebody" not in text

    def test_none_unless_asked_for(self, content):
        text = html_of(content, [], "page")
        assert policy_of(text)["img-src"] == "data: blob:" and facts_of(text)["tiles"] is None
        assert tiles_of(None) is None
        with pytest.raises(InputError, match="without their address"):
            tiles_of(None, "Somebody")
        assert tiles_of(ADDRESS).attribution == "tile.example.org"

    @pytest.mark.parametrize(
        "address",
        [
            "https://tile.example.org/{z}/{x}.png",
            "https://tile.example.org/{z}/{x}/{y}/{y}.png",
            "https://{z}.example.org/{x}/{y}.png",
            "https://{s}.example.org/{z}/{x}/{y}.png",
            "https://tile.example.org/{z}/{x}/{-y}.png",
            "https://tile.example.org/{z}/{x}/{y}{r}.png",
            "https://tile.example.org/{z}/{x}/{y}.png}",
            "ftp://tile.example.org/{z}/{x}/{y}.png",
            "javascript://tile.example.org/%0aalert(1)/{z}/{x}/{y}",
            "data:text/html,{z}{x}{y}",
            "//tile.example.org/{z}/{x}/{y}.png",
            "tiles/{z}/{x}/{y}.png",
            "https://user:secret@tile.example.org/{z}/{x}/{y}.png",
            "https://tile.example.org:port/{z}/{x}/{y}.png",
            "https://tile.example.org:99999/{z}/{x}/{y}.png",
            "https:///{z}/{x}/{y}.png",
            "https://*/{z}/{x}/{y}.png",
            "https://*.example.org/{z}/{x}/{y}.png",
            "https://[::1]/{z}/{x}/{y}.png",
            "https://-a.example.org/{z}/{x}/{y}.png",
            "https://tile.example.org;script-src *:443/{z}/{x}/{y}.png",
            "https://tile.example.org' 'unsafe-eval/{z}/{x}/{y}.png",
            'https://tile.example.org"><script>alert(1)</script>/{z}/{x}/{y}.png',
            "https://tile.example.org https://other.example.org/{z}/{x}/{y}.png",
            "https://tile.example.org/{z}/{x}/{y}.png\n",
            "https://tile.example.org\t/{z}/{x}/{y}.png",
            "https://tile.example.org/{z}/{x}/{y}.png#part",
            "https://tile.example.org\\@other/{z}/{x}/{y}.png",
            "https://tïle.example.org/{z}/{x}/{y}.png",
            "",
            f"https://tile.example.org/{'a' * 3000}/{{z}}/{{x}}/{{y}}.png",
        ],
    )
    def test_what_is_no_address_is_refused(self, address):
        with pytest.raises(InputError, match="address of tiles"):
            tiles_of(address)

    @given(st.text(max_size=40), st.text(max_size=20))
    def test_whatever_passes_names_one_origin(self, host, path):
        try:
            tiles = tiles_of(f"https://{host}/{path}/{{z}}/{{x}}/{{y}}")
        except InputError:
            return
        assert re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?", tiles.origin)

    def test_words_of_others_stay_words(self, content):
        tiles = Tiles(ADDRESS, "https://tile.example.org", '</script><script>alert("x")</script>')
        text = html_of(content, [], "page", Extras(tiles=tiles))
        assert text.count("</script>") == html_of(content, [], "page").count("</script>")


def written(tmp_path, document, name="file.geojson"):
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


class TestOverlays:
    def test_all_geometries_with_their_properties(self, tmp_path, content):
        parts = [
            POINT,
            {"type": "MultiPoint", "coordinates": [[14.0, 40.0], [14.1, 40.1]]},
            {"type": "LineString", "coordinates": SQUARE[:2]},
            {"type": "MultiLineString", "coordinates": [SQUARE[:2], SQUARE[1:3]]},
            {"type": "Polygon", "coordinates": [SQUARE]},
            {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]},
        ]
        everything = {"type": "GeometryCollection", "geometries": parts}
        properties = {"name": "</script><b>", "depth": 2.5, "tags": ["a", {"b": None}], "half": "\ud800", "none": None}
        path = written(tmp_path, collection(feature(everything, properties), feature(None)))
        overlay = read_overlay(path)
        found, empty = overlay.features
        assert overlay.name == "file.geojson" and empty == {"geometry": None, "properties": {}}
        kept = found["geometry"]["geometries"]
        assert [part["type"] for part in kept] == [part["type"] for part in parts]
        assert kept[0]["coordinates"] == [14.0, 40.0] and kept[5]["coordinates"] == [[SQUARE], [SQUARE]]
        assert found["properties"]["tags"] == '["a", {"b": null}]' and found["properties"]["half"] == "\\ud800"
        text = html_of(content, [], "page", Extras(overlays=[overlay]))
        text.encode("utf-8")
        assert facts_of(text)["overlays"][0]["features"][0]["properties"]["name"] == "</script><b>"
        assert "</script><b>" not in text

    @pytest.mark.parametrize(
        "document", [POINT, feature(POINT), collection(feature(POINT)), collection(feature(POINT), crs=None)]
    )
    def test_what_a_file_may_be(self, tmp_path, document):
        assert len(read_overlay(written(tmp_path, document)).features) == 1

    @pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
    def test_longitudes_and_latitudes_by_name(self, tmp_path, name):
        crs = {"type": "name", "properties": {"name": name}}
        assert read_overlay(written(tmp_path, collection(feature(POINT), crs=crs))).features

    @pytest.mark.parametrize(("document", "sentence"), BROKEN)
    def test_what_is_wrong_is_named(self, tmp_path, document, sentence):
        path = written(tmp_path, document)
        with pytest.raises(InputError, match=sentence) as found:
            read_overlay(path)
        assert str(path) in str(found.value) and "\n" not in str(found.value)

    def test_files_that_are_none(self, tmp_path):
        with pytest.raises(InputError, match="is missing"):
            read_overlay(tmp_path / "none.geojson")
        (tmp_path / "raw").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(InputError, match="is no JSON"):
            read_overlay(tmp_path / "raw")

    def test_collections_within_collections_end(self, tmp_path):
        geometry = POINT
        for _ in range(20):
            geometry = {"type": "GeometryCollection", "geometries": [geometry]}
        with pytest.raises(InputError, match="nested too deeply"):
            read_overlay(written(tmp_path, collection(feature(geometry))))


class TestOther:
    def test_areas_must_overlap(self):
        here = np.array([[179.9, 10.0], [180.1, 10.1]])
        check_overlap(here, np.array([[-179.95, 10.05], [-179.0, 11.0]]), "other")
        for elsewhere in ([[10.0, 10.0], [11.0, 10.1]], [[179.9, 10.2], [180.1, 10.3]]):
            with pytest.raises(InputError, match="other lies elsewhere .*areas overlap"):
                check_overlap(here, np.array(elsewhere), "other")

    def test_values_and_paths(self, tmp_path):
        assert (
            value_for("v-do", "V-d") == "V-do" and value_for("V-do", "v-d") == "v-do" and value_for(None, "v-d") is None
        )
        assert (
            listed_paths(None) == []
            and listed_paths("a") == ["a"]
            and listed_paths(tmp_path) == [tmp_path]
            and listed_paths(["a", "b"]) == ["a", "b"]
        )

    def test_its_arrays_have_names_of_their_own(self, content):
        text = html_of(content, [], "first", Extras(other=Other(content, [], "</script>")))
        facts = facts_of(text)
        assert facts["prefix"] == "" and facts["other"]["prefix"] == "other-" and facts["other"]["title"] == "</script>"
        assert {f"other-{name}" for name in facts["arrays"]} <= set(re.findall(r'id="array-([^"]+)"', text))
        assert facts_of(html_of(content, [], "first"))["other"] is None


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    two_looks.pair(folder, n=80)
    rows = [
        "site,lon,lat,ve,vn,vu,se,sn,su",
        "EAST,14.018,40.009,6,0,-14,0.3,0.3,0.6",
        "WEST,14.005,40.009,0,0,0,1,1,1",
    ]
    (folder / "stations.csv").write_text("\n".join([*rows, "FAR,14.5,40.3,0,0,0,1,1,1"]) + "\n")
    written(folder, collection(feature(POINT)))
    return folder


@pytest.fixture(scope="module")
def text(ground):
    out = ground / "page.html"
    options = ["--out", out, "--n-boot", "20", "--tiles", ADDRESS, "--tiles-attribution", "Somebody"]
    options += ["--overlay", ground / "file.geojson", "--overlay", ground / "file.geojson"]
    options += ["--gnss", ground / "stations.csv", "--compare", ground / "p1", "--model", "degree=2"]
    assert cli.run("stamps", ["view", "--workdir", str(ground / "p0"), *map(str, options)]) == 0
    return out.read_text(encoding="utf-8")


class TestWholePage:
    """Two projects of one ground with stations, by the command."""

    def test_everything_that_was_asked_for(self, text):
        facts = facts_of(text)
        assert facts["tiles"] == {"address": ADDRESS, "attribution": "Somebody"} and len(facts["overlays"]) == 2
        assert facts["other"]["title"] == "p1" and facts["other"]["heading"] != facts["heading"]
        assert facts["stations"][0]["velocity"] != facts["other"]["stations"][0]["velocity"]  # another line of sight

    def test_both_have_the_layers_of_the_model(self, text, ground):
        names = [
            [one["name"] for one in facts["layers"] if one["name"].startswith("model_")]
            for facts in (facts_of(text), facts_of(text)["other"])
        ]
        assert names[0] == names[1] == ["model_velocity", "model_vel_sd", "model_accel", "model_accel_sd"]
        stored = re.search('id="array-other-model_accel">([^<]*)<', text).group(1)
        expected = stamps.model(workdir=ground / "p1", degree=2, n_boot=2).column("accel")
        np.testing.assert_array_equal(np.frombuffer(base64.b64decode(stored), "<f4"), expected.astype("<f4"))

    def test_a_model_that_the_other_cannot_have_is_not_known_there(self, ground, tmp_path, capsys):
        finished_project.single_master(tmp_path / "short", n_ifg=5)
        out = view(ground / "p0", tmp_path / "a.html", n_boot=2, model="degree=2", compare=tmp_path / "short")
        facts = facts_of(out.read_text(encoding="utf-8"))
        assert facts["layers"][-1]["name"] == "model_accel_sd"
        assert not [one for one in facts["other"]["layers"] if one["name"].startswith("model_")]
        assert "short: the model is not known there. A model of 3 coefficients needs 6" in capsys.readouterr().out

    def test_stations_are_those_of_the_comparison(self, text, ground):
        rows = gnss(ground / "stations.csv", workdir=ground / "p0", n_boot=20).rows
        stations = facts_of(text)["stations"]
        assert [one["name"] for one in stations] == ["EAST", "WEST"] == [row.site for row in rows]
        for one, row in zip(stations, rows, strict=True):
            found = [one[name] for name in ("velocity", "pixels", "difference", "std", "count")]
            expected = [row.station_velocity, row.pixels_velocity, row.difference, row.difference_std, row.pixels]
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
        assert stations[0]["velocity"] < -10 and abs(stations[1]["velocity"]) < 1e-9

    def test_pixels_follow_the_reference_that_is_given(self, ground):
        moved = view(
            ground / "p0",
            ground / "moved.html",
            n_boot=20,
            gnss=ground / "stations.csv",
            reference_area=(14.018, 40.009, 400),
        )
        east, west = facts_of(moved.read_text(encoding="utf-8"))["stations"]
        assert abs(east["pixels"]) < 1 and west["pixels"] > 10
        rows = gnss(
            ground / "stations.csv", workdir=ground / "p0", n_boot=20, reference_area=(14.018, 40.009, 400)
        ).rows
        for one, row in zip((east, west), rows, strict=True):
            assert (one["pixels"], one["std"]) == (row.pixels_velocity, row.difference_std)

    def test_what_is_wrong_is_said_before_anything_is_written(self, ground, capsys):
        out = ground / "never.html"
        common = ["view", "--workdir", str(ground / "p0"), "--out", str(out), "--n-boot", "20"]
        for options, sentence in (
            (["--tiles", "https://x/{z}"], "address of tiles"),
            (["--overlay", str(ground / "stations.csv")], "is no JSON"),
            (["--gnss", str(ground / "file.geojson")], "is no tenv3 file"),
            (["--compare", str(ground / "none")], "none"),
        ):
            assert cli.run("stamps", [*common, *options]) != 0
            error = capsys.readouterr().err
            assert error.startswith("stamps view: ") and sentence in error and error.count("\n") == 1
            assert not out.exists()

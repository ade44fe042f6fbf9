"""Every format, opened by another library than the one that wrote it."""

import csv
import html
import json
import re
import sqlite3
import struct
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.export_checks import WITHOUT, check_metadata, exported_project, gridded
from stamps import export
from stamps.errors import InputError
from stamps.products.exports import FORMATS
from stamps.products.exports.table import point_table
from stamps.products.quantities import Project

KML = "{http://www.opengis.net/kml/2.2}"


N_BOOT = 20


@pytest.fixture(scope="module", params=["single_master", "small_baselines"])
def ws(request, tmp_path_factory):
    return exported_project(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def table(ws):
    return point_table(Project.at(ws), n_boot=N_BOOT)


@pytest.fixture
def written(ws, tmp_path):
    """Factory ``written(kind, name, **options) -> Path``."""

    def make(kind, name="x", **options):
        return export(kind, tmp_path / name, ws, n_boot=N_BOOT, **options)

    return make


def names_of(table):
    return list(table.columns())


def check_rows(table, columns, rtol=1e-6, atol=1e-6):
    """All names, the number of rows, and every value; what is not known is None or NaN."""
    assert list(columns) == names_of(table)
    for name, expected in table.columns().items():
        assert len(columns[name]) == len(table) == 60
        if expected.dtype.kind == "U":
            assert list(columns[name]) == expected.tolist()
            continue
        found = np.array([np.nan if value is None else value for value in columns[name]], float)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=name)
    assert np.isnan(table.field("COHERENCE")[WITHOUT]) and np.isfinite(table.field("VEL")).all()


def side_file(path):
    return json.loads(path.with_name(f"{path.name}-metadata.json").read_text())


def test_csv(table, written):
    path = written("csv")
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    assert path.name == "x.csv" and header[1:3] == ["LON", "LAT"]
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    place = np.column_stack([np.array(columns.pop(name), float) for name in ("LON", "LAT")])
    np.testing.assert_allclose(place, table.lonlat, atol=6e-9)
    assert columns["COHERENCE"][WITHOUT] == "" and set(columns["H_STDEV"]) == {""}
    numbers = {
        name: values if name == "CODE" else [float(v) if v else None for v in values]
        for name, values in columns.items()
    }
    check_rows(table, numbers, atol=6e-3)
    check_metadata(table, side_file(path))
    assert side_file(path)["fields"]["VEL"] == {
        "unit": "mm/yr",
        "meaning": "line-of-sight velocity, positive towards the satellite",
    }


def test_geopackage(table, written):
    pytest.importorskip("pyogrio")
    with sqlite3.connect(written("gpkg")) as base:
        layer, kind, about, crs = base.execute(
            "SELECT table_name, data_type, description, srs_id FROM gpkg_contents"
        ).fetchone()
        assert (layer, kind, crs) == ("x", "features", 4326) and "positive towards the satellite" in about
        columns = [row[1] for row in base.execute("PRAGMA table_info(x)")]
        rows = base.execute("SELECT * FROM x ORDER BY fid").fetchall()
        xml = ElementTree.fromstring(base.execute("SELECT metadata FROM gpkg_metadata").fetchone()[0])
        assert base.execute("SELECT count(*) FROM rtree_x_geom").fetchone() == (60,)
    content = dict(zip(columns, zip(*rows, strict=True), strict=True))
    place = [struct.unpack("<dd", blob[-16:]) for blob in content.pop("geom")]
    np.testing.assert_array_equal(place, table.lonlat)
    assert content.pop("fid") == tuple(range(1, 61))
    check_rows(table, content)
    check_metadata(table, {item.get("key"): item.text for item in xml.iter("MDI")})


def test_geopackage_with_a_reserved_name(written):
    pytest.importorskip("pyogrio")
    with sqlite3.connect(written("gpkg", "gpkg_of_mine")) as base:
        assert base.execute("SELECT table_name FROM gpkg_contents").fetchone() == ("points",)


def test_geojson(table, written):
    pytest.importorskip("pyogrio")
    path = written("geojson", "x.json")
    content = json.loads(path.read_text())
    features = content["features"]
    assert path.name == "x.json" and content["type"] == "FeatureCollection" and "crs" not in content
    np.testing.assert_allclose([f["geometry"]["coordinates"] for f in features], table.lonlat, atol=6e-8)
    assert features[WITHOUT]["properties"]["COHERENCE"] is None
    check_rows(table, {name: [f["properties"][name] for f in features] for name in features[0]["properties"]})
    check_metadata(table, content["metadata"])


def test_shapefile(table, written):
    pytest.importorskip("pyogrio")
    shapefile = pytest.importorskip("shapefile")
    path = written("shp")
    with shapefile.Reader(path) as reader:
        assert reader.shapeType == shapefile.POINT and len(reader) == 60
        names = [entry[0] for entry in reader.fields[1:]]
        np.testing.assert_array_equal([shape.points[0] for shape in reader.shapes()], table.lonlat)
        check_rows(table, dict(zip(names, zip(*reader.records(), strict=True), strict=True)))
    assert "WGS_1984" in path.with_suffix(".prj").read_text()
    check_metadata(table, side_file(path))


def test_shapefile_ends_at_2_gb(table, written, monkeypatch):
    from stamps.products.exports import shp

    pytest.importorskip("pyogrio")
    path = written("shp")
    text = sum(field.digits is None for field in table.fields) * 80  # a text is stored no wider than it is
    assert path.with_suffix(".dbf").stat().st_size <= 60 * shp.record_size(table) + 32 * 50
    assert shp.record_size(table) - text < path.with_suffix(".dbf").stat().st_size / 60
    monkeypatch.setattr(shp, "_LIMIT", 60 * shp.record_size(table) - 1)
    with pytest.raises(InputError, match=r"60 pixels with \d dates need .* a shapefile ends at 2 GB: export gpkg"):
        written("shp", "y")


def placemarks(root):
    for mark in root.iter(f"{KML}Placemark"):
        cells = [cell.text for cell in ElementTree.fromstring(mark.find(f"{KML}description").text).iter("td")]
        place = [float(word) for word in mark.find(f".//{KML}coordinates").text.split(",")]
        yield dict(zip(cells[::2], cells[1::2], strict=True)), place, mark.find(f"{KML}styleUrl").text


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_kml(table, written, suffix):
    pytest.importorskip("matplotlib")
    path = written("kml", f"x{suffix}", clims=(-20, 20))
    text = path.read_bytes()
    if suffix == ".kmz":
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["doc.kml", "legend.png"]
            text = archive.read("doc.kml")
            assert archive.read("legend.png")[:4] == b"\x89PNG"
    root = ElementTree.fromstring(text).find(f"{KML}Document")
    marks = list(placemarks(root))
    velocity = table.field("VEL")
    assert len(marks) == 60
    np.testing.assert_allclose([place for _, place, _ in marks], np.column_stack([table.lonlat, velocity]), atol=0.0051)
    np.testing.assert_allclose([place[:2] for _, place, _ in marks], table.lonlat, atol=6e-7)
    values = marks[7][0]
    assert values["CODE"] == "PS0000008" and float(values["VEL (mm/yr)"]) == pytest.approx(velocity[7], abs=0.051)
    assert float(values["COHERENCE"]) == pytest.approx(table.field("COHERENCE")[7], abs=1e-4)
    colours = {f"#{style.get('id')}": style.find(f".//{KML}color").text for style in root.iter(f"{KML}Style")}
    assert len(colours) == 64 and {len(colour) for colour in colours.values()} == {8}
    red = [(int(colours[mark[2]][6:], 16) - int(colours[mark[2]][2:4], 16)) for mark in marks]
    assert all(r > 0 for r, v in zip(red, velocity, strict=True) if v < -10)  # sinking is red, rising is blue
    assert all(r < 0 for r, v in zip(red, velocity, strict=True) if v > 10) and np.ptp(velocity) > 20
    check_metadata(table, {item.get("name"): item[0].text for item in root.find(f"{KML}ExtendedData")})
    assert root.find(f"{KML}description").text.count("bgcolor") == 9
    assert (root.find(f"{KML}ScreenOverlay") is not None) == (suffix == ".kmz")


def test_kmz_of_many_points_in_tiles(table, written, monkeypatch):
    pytest.importorskip("matplotlib")
    from stamps.products.exports import kml

    monkeypatch.setattr(kml, "_TILE", 7)
    seen, waiting = [], [("doc.kml", (-180, -90, 180, 90))]
    with zipfile.ZipFile(written("kml", "x.kmz")) as archive:
        names = set(archive.namelist())
        while waiting:
            name, (west, south, east, north) = waiting.pop()
            names.remove(name)
            root = ElementTree.fromstring(archive.read(name))
            marks = list(placemarks(root))
            assert 0 < len(marks) <= 7
            for values, (lon, lat, _), _ in marks:
                assert west - 1e-6 <= lon <= east + 1e-6 and south - 1e-6 <= lat <= north + 1e-6
                seen.append(values["CODE"])
            for link in root.iter(f"{KML}NetworkLink"):
                box = tuple(float(link.find(f".//{KML}{side}").text) for side in ("west", "south", "east", "north"))
                waiting.append((link.find(f".//{KML}href").text, box))
    assert names == {"legend.png"} and sorted(seen) == table.field("CODE").tolist()


def test_tiles_of_points_at_one_place():
    from stamps.products.exports.tiles import tile_tree

    rows = np.concatenate([tile.rows for tile in tile_tree(np.ones((50, 2)), 1).walk()])
    assert sorted(rows) == list(range(50))


def test_kml_options(written):
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="limits of the colours"):
        written("kml", clims=(3, 1))
    with pytest.raises(InputError, match="opacity is 2"):
        written("kml", opacity=2)


def test_geotiff(table, written):
    pytest.importorskip("rasterio")
    tifffile = pytest.importorskip("tifffile")
    path = written("geotiff", resolution=400)
    assert path.name == "x.tif"
    with tifffile.TiffFile(path) as tiff:
        bands, geo = tiff.asarray(), tiff.geotiff_metadata
        root = ElementTree.fromstring(tiff.pages[0].tags["GDAL_METADATA"].value)
        assert tiff.pages[0].tags["GDAL_NODATA"].value.strip("\0") == "nan"
    names = {int(i.get("sample")): i.text for i in root if i.get("role") == "description"}
    names = [names[k] for k in range(len(names))]
    assert names == ["VEL", "V_STDEV", "COHERENCE", "HEIGHT", "POINTS", *table.series_names]
    assert geo["GeographicTypeGeoKey"] == 4326
    assert bands.dtype == np.float32 and len(bands) == len(names)
    left, top, (step_lon, step_lat, _) = geo["ModelTiepoint"][3], geo["ModelTiepoint"][4], geo["ModelPixelScale"]
    columns = {**table.columns(), "POINTS": None}
    for band, name in zip(bands, names, strict=True):
        if name == "POINTS":
            assert band.sum() == 60 and band.max() > 1
            continue
        expected = gridded(table, left, top, step_lon, step_lat, band.shape, columns[name])
        np.testing.assert_allclose(band, expected, rtol=1e-5, atol=1e-5, err_msg=name)
    # GDAL escapes these texts before it writes them as XML, which escapes them once more
    check_metadata(table, {i.get("name"): html.unescape(i.text) for i in root if i.get("sample") is None})
    units = {int(i.get("sample")): i.text for i in root if i.get("role") == "unittype"}
    assert units[0] == "mm/yr" and units[5] == "mm"


def test_geoparquet(table, written):
    pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    path = written("geoparquet")
    with duckdb.connect() as base:
        content = base.from_parquet(str(path)).fetchnumpy()
        facts = dict(base.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall())
    place = content.pop("geometry")
    assert len(place) == 60
    check_rows(
        table,
        {
            name: np.ma.filled(column, np.nan) if column.dtype.kind == "f" else column
            for name, column in content.items()
        },
    )
    check_metadata(table, json.loads(facts[b"stamps"]))
    geo = json.loads(facts[b"geo"])
    assert geo["version"] == "1.1.0" and geo["columns"]["geometry"]["encoding"] == "WKB"


def test_geoparquet_as_geodata(table, written):
    geopandas = pytest.importorskip("geopandas")
    pytest.importorskip("pyarrow")
    frame = geopandas.read_parquet(written("geoparquet", "x.geoparquet"))
    assert frame.crs.to_authority() == ("OGC", "CRS84") and len(frame) == 60
    np.testing.assert_array_equal(np.column_stack([frame.geometry.x, frame.geometry.y]), table.lonlat)
    assert list(frame.columns) == [*names_of(table), "geometry"]


@pytest.mark.parametrize("kind", ["csv", "visualizer", "gpkg", "geojson", "shp", "geoparquet"])
def test_tables_in_parts(written, monkeypatch, kind):
    """Formats that stream write the same whether it takes one part or eight."""
    from stamps.products.exports import table as module

    if kind not in ("csv", "visualizer"):
        pytest.importorskip("pyogrio")
        pytest.importorskip("pyarrow")
    whole = written(kind, "one")
    monkeypatch.setattr(module, "_ROWS", 8)
    parts = written(kind, "two")
    if kind == "geoparquet":
        base = pytest.importorskip("duckdb").connect()
        whole, parts = (base.from_parquet(str(path)).fetchall() for path in (whole, parts))
    elif kind == "gpkg":
        whole, parts = (sqlite3.connect(p).execute(f"SELECT * FROM {p.stem}").fetchall() for p in (whole, parts))
    else:
        whole, parts = (
            path.with_suffix(".dbf" if kind == "shp" else path.suffix).read_bytes() for path in (whole, parts)
        )
        parts = parts.replace(b'"name": "two"', b'"name": "one"')
    assert parts == whole and len(whole) >= 60


def test_every_kind_has_a_test():
    texts = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_export_*.py"))
    named = {name for text in texts for name in re.findall(r"^(?:def|class) ([Tt]est\w+)", text, re.MULTILINE)}
    aliases = {"gpkg": "geopackage", "shp": "shapefile"}
    for kind in FORMATS:
        assert any(aliases.get(kind, kind) in name.lower() for name in named), kind

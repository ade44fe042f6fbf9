"""Products of scenes at the antimeridian and at Greenwich, in every way of counting longitudes: the same as anywhere else."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers.dateline_scenes import COUNTINGS, FAST, MIDDLE, SCENES, made, slow_but
from stamps import export, ps_gescatter, ps_plot, ps_setref, ts_plot
from stamps.errors import InputError, NoPixelsError
from stamps.insar.geometry import wrapped_longitude
from stamps.products.view import view
from stamps.report.drawing import Canvas
from stamps.tropo.scene import Scene

N_BOOT = 4


#: How the longitudes of a raster may count: from -180, from 0, on from the centre, or one patch so and the next one so.


#: Longitude of the middle and way of counting: what has a jump, and what has none but is over 180.


@pytest.fixture(params=slow_but(FAST, SCENES), ids=lambda scene: f"{scene[0]:g}-{scene[1]}")
def pair(request, tmp_path):
    """A project with a jump, its middle, and the same project far from any jump at :data:`MIDDLE`."""
    middle, counting = request.param
    return made(tmp_path / "a", middle, counting), middle, made(tmp_path / "b", MIDDLE)


def same_places(found, plain, middle):
    """Check longitudes in -180 … 180 against those of the plain project, moved."""
    found, expected = np.asarray(found, float), np.asarray(plain, float) + middle - MIDDLE
    assert found.size == expected.size and np.abs(found).max() <= 180
    np.testing.assert_allclose(wrapped_longitude(found - expected, 0.0), 0, atol=2e-6)


# ---------------------------------------------------------------------- points


def test_tables(pair):
    ws, middle, plain = pair
    for kind in ("csv", "visualizer"):
        lines = [export(kind, workdir=w, n_boot=N_BOOT).read_text().splitlines()[1:] for w in (ws, plain)]
        columns = (1, 2) if kind == "csv" else (0, 1)
        lon, other = ([line.split(",")[columns[0]] for line in text] for text in lines)
        same_places(lon, other, middle)
        assert [line.split(",")[columns[1] :] for line in lines[0]] == [
            line.split(",")[columns[1] :] for line in lines[1]
        ]


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp"])
def test_vectors(pair, kind):
    pyogrio = pytest.importorskip("pyogrio.raw")
    pytest.importorskip("pyarrow")
    ws, middle, plain = pair
    points = []
    for w in (ws, plain):
        path = export(kind, workdir=w, n_boot=N_BOOT)
        geometry = pyogrio.read(path, columns=[])[2]
        points.append(np.array([np.frombuffer(wkb, "<f8", 2, 5) for wkb in geometry]))
    same_places(points[0][:, 0], points[1][:, 0], middle)
    np.testing.assert_array_equal(points[0][:, 1], points[1][:, 1])


def test_box_of_geoparquet(pair):
    """RFC 7946: a box across the antimeridian has its western limit east of its eastern one."""
    parquet = pytest.importorskip("pyarrow.parquet")
    ws, middle, _ = pair
    path = export("geoparquet", workdir=ws, n_boot=N_BOOT)
    west, _, east, _ = json.loads(parquet.read_schema(path).metadata[b"geo"])["columns"]["geometry"]["bbox"]
    assert (west > east) == (middle == 180) and -180 <= min(west, east) and max(west, east) <= 180
    assert 0 < (east - west) % 360 < 0.1


def test_google_earth(pair, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("stamps.products.exports.kml._TILE", 8)
    ws, middle, plain = pair
    with zipfile.ZipFile(export("kml", workdir=ws, n_boot=N_BOOT)) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".kml"))
    lon = [float(found) for found in re.findall(r"<coordinates> (\S+),", text)]
    assert len(lon) == 60 and np.abs(lon).max() <= 180
    east, west = ([float(found) for found in re.findall(rf"<{side}>(\S+?)<", text)] for side in ("east", "west"))
    assert len(east) > 4 and all(-180 <= w < e <= 180 and e - w < 0.1 for e, w in zip(east, west, strict=True))
    path = ps_gescatter("points", np.arange(60.0), lon_rg=(middle - 0.005, middle + 0.005), workdir=ws)
    there = ps_gescatter("points", np.arange(60.0), lon_rg=(MIDDLE - 0.005, MIDDLE + 0.005), workdir=plain)
    lons = [sorted(re.findall(r"<coordinates> (\S+),", name.read_text())) for name in (path, there)]
    assert 0 < len(lons[0]) == len(lons[1]) < 60 and max(abs(float(x)) for x in lons[0]) <= 180


# ---------------------------------------------------------------------- grids


def test_geotiff(pair):
    rasterio = pytest.importorskip("rasterio")
    ws, middle, plain = pair
    with (
        rasterio.open(export("geotiff", workdir=ws, n_boot=N_BOOT)) as image,
        rasterio.open(export("geotiff", workdir=plain, n_boot=N_BOOT)) as other,
    ):
        assert np.abs(np.subtract(image.shape, other.shape)).max() <= 1  # cells begin at multiples of their size
        assert image.bounds.left < image.bounds.right and -181 < image.bounds.left and image.bounds.right < 181
        assert np.nansum(image.read(5)) == np.nansum(other.read(5)) == 60
        stored = ws.load("ps2")["lonlat"]
        lon = wrapped_longitude(stored[:, 0], (image.bounds.left + image.bounds.right) / 2)
        counts = [value[4] for value in image.sample(np.column_stack([lon, stored[:, 1]]))]
    assert min(counts) >= 1  # every point lies in a cell that knows of it


def test_mintpy(tmp_path):
    h5py = pytest.importorskip("h5py")
    found = []
    for name, middle, counting in (("a", 180.0, "180"), ("b", MIDDLE, "180")):
        centre = [COUNTINGS[counting](np.array([middle + 0.001]))[0], 40.009]
        ws = made(tmp_path / name, middle, counting, ref_centre_lonlat=centre, ref_radius=500)
        with h5py.File(export("mintpy", workdir=ws, n_boot=N_BOOT) / "geometryGeo.h5") as file:
            lon, attributes = file["longitude"][0], dict(file.attrs)
            assert np.all(np.diff(lon) > 0) and np.ptp(lon) < 0.1
            found.append((float(attributes["REF_LON"]) - middle, float(attributes["REF_LAT"]), file["longitude"].shape))
    assert found[0][0] == pytest.approx(found[1][0], abs=3e-3) and found[0][1] == found[1][1]


@pytest.mark.parametrize("metres", [1e-3, 1e-200, 1e-320, 1e7, float("inf"), float("nan"), -3])
@pytest.mark.parametrize("kind", ["geotiff", "mintpy"])
def test_impossible_cells_are_refused(tmp_path, kind, metres):
    pytest.importorskip("rasterio" if kind == "geotiff" else "h5py")
    ws = made(tmp_path, MIDDLE)
    with pytest.raises(InputError, match="resolution"):
        export(kind, workdir=ws, n_boot=N_BOOT, resolution=metres)
    assert not list(tmp_path.glob("*.tif")) and not list(tmp_path.glob("mintpy/*"))


# ---------------------------------------------------------------------- parts of a scene


def limits(middle, half, counting):
    """Western and eastern longitude around a middle, as a user would write them."""
    return tuple(float(COUNTINGS[counting](np.array([middle + side]))[0]) for side in (-half, half))


@pytest.mark.parametrize("counting", slow_but(["180"], ["180", "360", "continuous"]))
def test_parts_of_the_scene(pair, counting):
    """Exports, reference box and tropospheric areas take the same pixels, however their limits are written."""
    ws, middle, plain = pair
    lon_rg = limits(middle, 0.004, counting)
    path = export("csv", workdir=ws, n_boot=N_BOOT, lon_rg=lon_rg, lat_rg=(40, 41))
    there = export("csv", workdir=plain, n_boot=N_BOOT, lon_rg=limits(MIDDLE, 0.004, "180"))
    codes, expected = ([line.split(",")[0] for line in name.read_text().splitlines()[1:]] for name in (path, there))
    assert codes == expected and 0 < len(codes) < 60
    rows = [int(code[2:]) - 1 for code in codes]
    ws.save("parms", {"ref_lon": np.array([lon_rg]), "ref_lat": np.array([[40.0, 41.0]])})
    assert ps_setref(workdir=ws).tolist() == rows
    assert np.flatnonzero(Scene.at(ws).selected([*lon_rg, 40, 41])).tolist() == rows
    corners = [(lon_rg[0], 39), (lon_rg[1], 39), (lon_rg[1], 41), (lon_rg[0], 41)]
    assert np.flatnonzero(Scene.at(ws).selected(corners)).tolist() == rows


@pytest.mark.parametrize("counting", slow_but(["360"], ["180", "360", "continuous"]))
def test_part_of_a_map(tmp_path, counting):
    pytest.importorskip("matplotlib")
    ws, middle = made(tmp_path, 180.0, "180"), 180.0
    lon_rg = limits(middle, 0.004, counting)
    axes = ps_plot("hgt", lon_rg=lon_rg, workdir=ws, out=str(ws.path / "map.png")).axes[0]
    left, right = axes.get_xlim()
    labels = [axes.xaxis.get_major_formatter()(lon, 0) for lon in (179.998, 180.002)]
    assert [float(label) for label in labels] == [179.998, -179.998]
    assert right - left == pytest.approx(0.008) and wrapped_longitude(left - middle, 0.0) == pytest.approx(-0.004)


def test_limits_turned_round_are_refused(tmp_path):
    """14.3 14.1 is a mistake, not the rest of the globe."""
    ws = made(tmp_path, MIDDLE)
    with pytest.raises(InputError, match="western first"):
        export("csv", workdir=ws, n_boot=N_BOOT, lon_rg=(14.3, 14.1))
    with pytest.raises(InputError, match="lon_rg"):
        ps_plot("hgt", lon_rg=(14.3, 14.1), workdir=ws)
    with pytest.raises(InputError, match="over the antimeridian"):
        Scene.at(ws).selected([14.3, 14.1, 40, 41])
    with pytest.raises(NoPixelsError):
        export("csv", workdir=ws, n_boot=N_BOOT, lon_rg=(179.9, -179.9))


@pytest.mark.parametrize("counting", slow_but(["360"], ["180", "360", "continuous"]))
def test_reference_circle(pair, counting):
    ws, middle, plain = pair
    for w, centre, way in ((ws, middle, counting), (plain, MIDDLE, "180")):
        lon = COUNTINGS[way](np.array([centre + 0.002]))[0]
        w.save("parms", {"ref_centre_lonlat": np.array([[lon, 40.009]]), "ref_radius": 400.0})
    assert ps_setref(workdir=ws).tolist() == ps_setref(workdir=plain).tolist()
    lines = [export("visualizer", workdir=w, n_boot=N_BOOT).read_text().splitlines() for w in (ws, plain)]
    same_places([lines[0][1].split(",")[0]], [lines[1][1].split(",")[0]], middle)


def test_maps(pair):
    """Pixels, reference and places of another source stand in one map."""
    pytest.importorskip("matplotlib")
    ws, middle, plain = pair
    lon = COUNTINGS["180"](np.array([middle]))[0]
    ws.save("parms", {"ref_centre_lonlat": np.array([[lon, 40.01]]), "ref_radius": 600.0})
    ws.save("outside", {"lonlat": np.array([[lon, 40.01], [lon + 0.002, 40.012]])})
    axes = ps_plot("v-d", "ts", "ext outside.mat", workdir=ws, out=str(ws.path / "map.png")).axes[0]
    assert all(np.ptp(line.get_xdata()) < 0.1 for line in axes.lines)
    left, right = axes.get_xlim()
    assert right - left < 0.1
    assert all(left < x < right for points in axes.collections for x in np.ravel(points.get_offsets()[:, 0]))
    assert ts_plot(lon, 40.01, 500, workdir=ws, out=str(ws.path / "ts.png")).displacement.shape
    canvas, other = (Canvas.of(w.load("ps2")["lonlat"]) for w in (ws, plain))
    assert canvas.ratio == pytest.approx(other.ratio, rel=0.05)


def test_page(pair):
    """The places of the page, and the way its script brings longitudes near its middle."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    ws, middle, _ = pair
    page = view(workdir=ws, out=str(ws.path / "page.html"), n_boot=N_BOOT)
    script = (Path(sys.modules["stamps.products.view"].__file__).parent / "js" / "dataset.js").read_text()
    check = (
        "const fs = require('fs'); const html = fs.readFileSync(process.argv[1], 'utf8');"
        'const facts = JSON.parse(html.match(/id="facts">([^]*?)<\\/script>/)[1]);'
        "const {offset, step} = facts.arrays.lon;"
        f"{script}"
        "const one = Object.create(Dataset.prototype); one.facts = facts; one.metres = facts.metres;"
        f"one.origin = [{float(wrapped_longitude(middle, 0.0))!r}, 40];"
        "console.log(JSON.stringify([offset[0], [-360, 0, 360].map((t) => one.toMetres("
        f"{middle!r} + 0.001 + t, 40)[0] / facts.metres[0]), turned(180.25), turned(-180.25), turned(-180), turned(14)]));"
    )
    done = subprocess.run([node, "-e", check, str(page)], capture_output=True, text=True, check=True)
    offset, places, *ways = json.loads(done.stdout)
    assert -181 <= offset <= 180
    np.testing.assert_allclose(places, 0.001, atol=1e-9)
    assert ways == [-179.75, 179.75, -180, 14]

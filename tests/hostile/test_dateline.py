"""Scenes at the antimeridian and at Greenwich, in every way of counting longitudes: the same as anywhere else."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.prepared_layouts import OPTIONS, prepare
from helpers.two_patches import two_patches
from stamps import export, ps_gescatter, ps_plot, ps_setref, stamps, ts_plot
from stamps.errors import InputError, NoPixelsError
from stamps.insar.geometry import wrapped_longitude
from stamps.legacy.ps_load_dem import ps_load_dem
from stamps.legacy.ps_merge_patches import ps_merge_patches
from stamps.products.values import los_velocity
from stamps.products.view import view
from stamps.report.drawing import Canvas
from stamps.simulation import stack as simulate
from stamps.simulation.truth import compare_with_truth
from stamps.tropo.inputs import Scene
from stamps.tropo.ztd import DelayMap
from stamps.workspace import Workspace

N_BOOT = 4
MIDDLE = 14.012  # of the made-up projects, degrees

#: How the longitudes of a raster may count: from -180, from 0, on from the centre, or one patch so and the next one so.
COUNTINGS = {
    "180": lambda lon: wrapped_longitude(lon, 0.0),
    "360": lambda lon: np.mod(lon, 360),
    "continuous": lambda lon: lon,
    "mixed": lambda lon: np.where(np.arange(lon.size) % 3, wrapped_longitude(lon, 0.0), np.mod(lon, 360)),
}
#: Longitude of the middle and way of counting: what has a jump, and what has none but is over 180.
SCENES = [(180.0, "180"), (180.0, "continuous"), (180.0, "mixed"), (0.0, "360"), (0.0, "mixed"), (190.0, "360")]
_FAST = [(180.0, "180"), (0.0, "mixed")]


def made(folder, middle, counting="continuous", kind="single_master", **parameters):
    """A finished project around a longitude."""
    ws = getattr(finished, kind)(folder, **parameters)
    ps = ws.load("ps2")
    lonlat = ps["lonlat"] + [middle - MIDDLE, 0]
    lonlat[:, 0] = COUNTINGS[counting](lonlat[:, 0])
    ws.save("ps2", {"lonlat": lonlat, "ll0": np.array([wrapped_longitude(middle, 0.0), 40.01])})
    return ws


def slow_but(chosen, everything):
    """Parameters of which only the chosen ones are fast cases."""
    return [pytest.param(one, marks=() if one in chosen else pytest.mark.exhaustive) for one in everything]


@pytest.fixture(params=slow_but(_FAST, SCENES), ids=lambda scene: f"{scene[0]:g}-{scene[1]}")
def pair(request, tmp_path):
    """A project with a jump, its middle, and the same project far from any jump at :data:`MIDDLE`."""
    middle, counting = request.param
    return made(tmp_path / "a", middle, counting), middle, made(tmp_path / "b", MIDDLE)


def same_places(found, plain, middle):
    """Check longitudes in -180 … 180 against those of the plain project, moved."""
    found, expected = np.asarray(found, float), np.asarray(plain, float) + middle - MIDDLE
    assert found.size == expected.size and np.abs(found).max() <= 180
    np.testing.assert_allclose(wrapped_longitude(found - expected, 0.0), 0, atol=2e-6)


# ---------------------------------------------------------------------- steps


@pytest.mark.parametrize("grid_size", [0, 500])
@pytest.mark.parametrize("scene", slow_but(_FAST, SCENES))
def test_merging(tmp_path, scene, grid_size):
    """Means of resampled pixels lie between them, not on the other side of the globe, and count as the patches do."""
    merged, (middle, counting) = [], scene
    for name, centre, way in (("a", middle, counting), ("b", MIDDLE, "continuous")):
        ws, _, _ = two_patches(tmp_path / name, merge_resample_size=grid_size)
        for patch in ("PATCH_1", "PATCH_2"):
            lonlat = (ws / patch).load("ps2")["lonlat"] + [centre - MIDDLE, 0]
            lonlat[:, 0] = COUNTINGS[way](lonlat[:, 0])
            (ws / patch).save("ps2", {"lonlat": lonlat})
        ps_merge_patches(workdir=ws)
        merged.append(ws.load("ps2"))
    ps, plain = merged
    assert ps["n_ps"] == plain["n_ps"]
    np.testing.assert_allclose(ps["xy"], plain["xy"], atol=5)  # means are single: 1e-5 degrees at 180
    places = wrapped_longitude(ps["lonlat"][:, 0] - plain["lonlat"][:, 0] - middle + MIDDLE, 0.0)
    np.testing.assert_allclose(places, 0, atol=2e-5)
    if counting != "continuous":
        low, high = {"180": (-180, 180), "360": (0, 360), "mixed": (-180, 360)}[counting]
        assert np.all((ps["lonlat"][:, 0] >= low) & (ps["lonlat"][:, 0] <= high))


def simulated(sandbox, lon, longitudes="continuous", size=(60, 120, 8)):
    """A stack around a longitude, the same one but for that, prepared in two patches."""
    stack = sandbox.root / "stack"
    shutil.rmtree(stack, ignore_errors=True)
    size = (
        f"--lines {size[0]} --samples {size[1]} --n-images {size[2]} --range-spacing 12 --azimuth-spacing 27.94".split()
    )
    place = f"--centre-lon {lon} --centre-lat -16.85 --longitudes {longitudes} --seed 3 --quiet".split()
    sandbox.run("python", "-m", "stamps.simulate", stack, *size, *place, watch=False, seconds=200).succeeds()
    master = json.loads((stack / "truth.json").read_text())["master"]
    shutil.rmtree(sandbox.project)
    sandbox.project.mkdir()
    sandbox.prepare(stack, "2", "1", "10", "10", master=master).succeeds()
    return Workspace(sandbox.project), stack


def test_loading(sandbox):
    """Single precision steps by 2⁻¹⁶ degrees from 128 to 256, so that a scene at 178 degrees has the very same places."""
    loaded = []
    for lon, longitudes in ((178, "continuous"), (180, "180")):
        ws, _ = simulated(sandbox, lon, longitudes)
        sandbox.run("stamps", "1", "1").succeeds()
        loaded.append([ws / name for name in ws.patch_list()])
        loaded[-1] = [
            (patch.load("ps1")["ij"], patch.load("ps1")["xy"], patch.load("ps1")["lonlat"]) for patch in loaded[-1]
        ]
    assert np.ptp([lon for _, _, lonlat in loaded[1] for lon in lonlat[:, 0]]) > 300  # the case is what it should be
    for (ij, xy, _), (there_ij, there_xy, _) in zip(*loaded, strict=True):
        np.testing.assert_array_equal(ij, there_ij)
        np.testing.assert_allclose(xy, there_xy, rtol=0, atol=0.002)


@pytest.mark.exhaustive
@pytest.mark.parametrize("network", ["single", "sb"])
@pytest.mark.parametrize("layout", ["clean", "gamma", "doris", "isce"])
def test_processors(tmp_path, layout, network):
    """What every preparation and loader makes of the antimeridian."""
    pytest.importorskip("rasterio")
    found = []
    for lon, longitudes in ((178, "continuous"), (180, "180")):
        folder = tmp_path / f"{lon}"
        place = ["--centre-lon", str(lon), "--longitudes", longitudes, "--network", network]
        for one in dict.fromkeys(["clean", layout]):
            assert simulate.main([str(folder / one), *OPTIONS, *place, "--layout", one]) == 0
        master = json.loads((folder / "clean" / "truth.json").read_text())["master"]
        project = prepare(folder, layout, network, master)
        stamps(1, 1, workdir=project)
        found.append(Workspace(project / "PATCH_1"))
    there, here = (ws.load("ps1") for ws in found)
    assert np.ptp(here["lonlat"][:, 0]) > 300
    np.testing.assert_array_equal(here["ij"], there["ij"])
    np.testing.assert_allclose(here["xy"], there["xy"], rtol=0, atol=0.002)
    np.testing.assert_allclose(*(ws.load("bp1")["bperp_mat"] for ws in found), atol=0.01)


@pytest.mark.exhaustive
@pytest.mark.parametrize("lon, longitudes", [(180, "180"), (180, "360"), (0, "360")])
def test_chain(sandbox, lon, longitudes):
    """Steps 1 to 8 select the same pixels, find the same velocities and know the truth as well as elsewhere."""
    found = []
    for centre, way in ((178 if lon else 2, "continuous"), (lon, longitudes)):
        ws, stack = simulated(sandbox, centre, way, (100, 200, 18))
        sandbox.run("setparm", "unwrap_grid_size", "50").succeeds()
        sandbox.run("stamps", "1", "8", seconds=400).succeeds()
        found.append((ws.load("ps2"), los_velocity(ws), compare_with_truth(ws, stack)))
        for kind in ("geotiff", "kml", "geojson", "mintpy"):
            sandbox.run("stamps", "export", kind, seconds=200).succeeds()
        sandbox.run("stamps", "report", "--out", "pages", seconds=300).succeeds()
        sandbox.run("ps_plot", "v-d", "-1").succeeds()
        sandbox.run("ps_output").succeeds()
    (plain, expected, truth), (ps, velocity, figures) = found
    shared, rows, there = np.intersect1d(
        ps["ij"][:, 1] * 1e4 + ps["ij"][:, 2], plain["ij"][:, 1] * 1e4 + plain["ij"][:, 2], return_indices=True
    )
    # at Greenwich single precision changes its steps, so that places are rounded in another way, and a few arcs, too
    assert len(shared) >= (1 if lon else 0.97) * max(ps["n_ps"], plain["n_ps"])
    np.testing.assert_allclose(ps["xy"][rows, 1:], plain["xy"][there, 1:], rtol=0, atol=0.005 if lon else 2)
    assert np.quantile(np.abs(velocity[rows] - expected[there]), 1 if lon else 0.99) < (0.01 if lon else 1)
    assert figures.share_true_cycle == pytest.approx(truth.share_true_cycle, abs=0.001 if lon else 0.01)


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
        "const one = Object.create(Dataset.prototype); one.facts = facts;"
        f"one.origin = [{float(wrapped_longitude(middle, 0.0))!r}, 40];"
        "console.log(JSON.stringify([offset[0], [-360, 0, 360].map((t) => one.toMetres("
        f"{middle!r} + 0.001 + t, 40)[0] / facts.metres[0]), turned(180.25), turned(-180.25), turned(-180), turned(14)]));"
    )
    done = subprocess.run([node, "-e", check, str(page)], capture_output=True, text=True, check=True)
    offset, places, *ways = json.loads(done.stdout)
    assert -181 <= offset <= 180
    np.testing.assert_allclose(places, 0.001, atol=1e-9)
    assert ways == [-179.75, 179.75, -180, 14]


# ---------------------------------------------------------------------- other grids


@pytest.mark.parametrize("first", [-180.0, 0.0, 170.0, -190.0])
@pytest.mark.parametrize("middle, counting", [*SCENES, (179.95, "180")])
def test_delay_maps(first, middle, counting):
    """Maps of the globe and of a part, whose first column lies anywhere."""
    step, n_col = (0.1, 3600) if first in (-180.0, 0.0) else (0.1, 301)
    here = wrapped_longitude(middle, first + step * n_col / 2)
    lon = first + step * np.arange(n_col)
    values = np.tile(2.3 + 1e-3 * wrapped_longitude(lon - middle, 0.0), (5, 1)).astype(np.float32)
    delays = DelayMap(values, first, -16.0, step, -0.5, "map")
    places = np.column_stack([COUNTINGS[counting](middle + np.linspace(-0.08, 0.08, 9)), np.full(9, -17.0)])
    if not first <= here <= first + step * n_col:
        with pytest.raises(InputError, match="does not cover"):
            delays.at(places)
        return
    np.testing.assert_allclose(delays.at(places), 2.3 + 1e-3 * np.linspace(-0.08, 0.08, 9), atol=1e-6)


@pytest.mark.parametrize("first", [-180.0, 0.0, 179.0])
def test_dem(tmp_path, first):
    """A DEM that is cut at the antimeridian, at Greenwich or nowhere gives the same heights."""
    width = 3600 if first != 179.0 else 21
    lon = first + 0.1 * np.arange(width)
    heights = np.tile(500 + 1000 * wrapped_longitude(lon - 180, 0.0), (12, 1)).astype(np.float32)
    heights.tofile(tmp_path / "dem.raw")
    ws = made(tmp_path / "project", 180.0, "180")
    (ws.path / "demparms.in").write_text(f"{tmp_path / 'dem.raw'} {width} 12 {first} 40.5 0.1 float")
    ps_load_dem(workdir=ws)
    dem = ws.load_raw("dem")
    expected = np.broadcast_to(500 + 1000 * wrapped_longitude(dem["demx"] - 180, 0.0), dem["dem"].shape)
    np.testing.assert_allclose(dem["dem"], expected, atol=0.1)
    assert np.all(np.diff(dem["demx"].ravel()) > 0) and np.ptp(dem["demx"]) < 1

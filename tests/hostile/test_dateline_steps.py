"""Steps on scenes at the antimeridian and at Greenwich, in every way of counting longitudes."""

import json
import shutil

import numpy as np
import pytest

from helpers.dateline_scenes import COUNTINGS, FAST, MIDDLE, SCENES, made, slow_but
from helpers.prepared_layouts import OPTIONS, prepare
from helpers.two_patches import two_patches
from stamps import simulate, stamps
from stamps.errors import InputError
from stamps.insar.geometry import wrapped_longitude
from stamps.legacy.ps_load_dem import ps_load_dem
from stamps.legacy.ps_merge_patches import ps_merge_patches
from stamps.products.observations import los_velocity
from stamps.simulation.truth import compare_with_truth
from stamps.tropo.ztd import DelayMap
from stamps.workspace import Workspace

#: How the longitudes of a raster may count: from -180, from 0, on from the centre, or one patch so and the next one so.


#: Longitude of the middle and way of counting: what has a jump, and what has none but is over 180.


@pytest.mark.parametrize("grid_size", [0, 500])
@pytest.mark.parametrize("scene", slow_but(FAST, SCENES))
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

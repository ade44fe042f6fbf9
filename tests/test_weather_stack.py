"""Truth: a simulated stack under the air of a weather model, from the images to the velocity."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.weather_files import Atmosphere, dataset, write_netcdf
from stamps import aps_era5, aps_merra2, mt_prep_snap, ps_plot, setparm, simulate, stamps
from stamps.matlab.dates import to_yyyymmdd
from stamps.simulation.delays import Delays
from stamps.simulation.truth import _matched
from stamps.workspace import Workspace

pytestmark = pytest.mark.exhaustive


def air_of(images):
    """The air over a simulated scene, a different one for each image and moister with time: an error of the velocity."""
    rng = np.random.default_rng(8)
    pressures, noise = rng.uniform(990, 1030, images), rng.uniform(0, 0.003, images)
    humidities = np.linspace(0.003, 0.014, images) + noise
    return [Atmosphere(pressure=p, humidity=q) for p, q in zip(pressures, humidities, strict=True)]


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """A project after step 7 without a correction; files of the air; the truth at its scatterers."""
    folder = tmp_path_factory.mktemp("weather")
    stack, project = folder / "stack", folder / "project"
    project.mkdir()
    original = Delays._terms

    def under_the_air(self, image, height_to_phase):
        """The terms, with the delay of the air (the tests' own integration) in place of the simulated troposphere."""
        air = air_of(self._plan.settings.n_images)[image]
        heights = np.linspace(self._scene.terrain.dem.min() - 1, self._scene.terrain.dem.max() + 1, 60)
        zenith = np.interp(self._scene.terrain.dem, heights, [sum(air.zenith(h)) for h in heights])
        geometry = self._plan.geometry
        slant = 4 * np.pi / geometry.wavelength * zenith / np.cos(geometry.incidence)
        for name, part in original(self, image, height_to_phase):
            yield name, (slant.astype(np.float32) if name == "tropo" else part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Delays, "_terms", under_the_air)
        relief = ["--relief", "600", "--max-slope", "0.7", "--atmosphere", "0.2"]
        simulate.main([str(stack), "--preset", "ps_small", "--seed", "1", "--quiet", *relief])
    master = json.loads((stack / "truth.json").read_text())["master"]
    mt_prep_snap(master, stack, 0.4, 1, 1, workdir=project)
    (project / "snap.toml").write_text(f'master = "{master}"\nutc = "2018-01-01T16:40:12.3"\n')
    setparm("unwrap_grid_size", 50, workdir=project)
    stamps(1, 7, workdir=project)
    ws = Workspace(project)
    truth = np.load(stack / "truth.npz")
    rows, scatterers = _matched(ws.load("ps2")["ij"], truth)
    lonlat = ws.load("ps2")["lonlat"].mean(axis=0)
    for date, air in zip(to_yyyymmdd(ws.load("ps2")["day"]), air_of(len(ws.load("ps2")["day"])), strict=True):
        air.lat, air.lon = lonlat[1] + 0.25 * np.arange(-2, 3), lonlat[0] + 0.25 * np.arange(-2, 3)
        for hour in (16, 17):
            write_netcdf(folder / "era5" / f"ERA5_{date}_{hour}.nc", dataset(air, f"{date}{hour}00"))
            write_netcdf(folder / "merra2" / f"MERRA2_{date}_{hour}.nc4", dataset(air, f"{date}{hour}00", "merra2"))
    m = int(truth["master_ix"])
    delay = (truth["ps_phase_tropo"].astype(float) - truth["ps_phase_tropo"][m])[:, scatterers].T
    return SimpleNamespace(ws=ws, folder=folder, rows=rows, m=m, delay=delay, velocity=truth["ps_v_los"][scatterers])


def remaining(made, correction):
    """Share of the variance of the true delay that a correction leaves."""
    left = np.delete(made.delay - correction[made.rows], made.m, axis=1)
    whole = np.delete(made.delay, made.m, axis=1)
    return ((left - left.mean(axis=0)) ** 2).sum() / ((whole - whole.mean(axis=0)) ** 2).sum()


def velocity_error(made, *arguments):
    """Rms in mm/yr of a velocity that ps_plot saves, medians removed."""
    ps_plot(arguments[0], -1, *arguments[1:], workdir=made.ws)
    velocity = made.ws.load_raw(f"ps_plot_{arguments[0]}")["ph_disp"][made.rows, 0]
    error = (velocity - np.median(velocity)) - (made.velocity - np.median(made.velocity))
    return float(np.sqrt((error**2).mean()))


def test_from_files_of_the_model_to_the_velocity(processed):
    made, workdir = processed, processed.ws
    found = aps_era5(made.folder / "era5", workdir=workdir)
    assert found.missing == ()
    assert remaining(made, found.total) < 0.005 and remaining(made, -found.total) > 3.9
    other = aps_merra2(made.folder / "merra2", workdir=workdir)
    np.testing.assert_allclose(other.total, found.total, atol=0.05)
    before = velocity_error(made, "v-d")
    setparm("subtr_tropo", "y", workdir=workdir)
    setparm("tropo_method", "a_era5", workdir=workdir)
    stamps(6, 8, workdir=workdir.path)
    after = velocity_error(made, "v-da", "a_era5")
    assert before > 7 and after < 5, f"{before:.2f} mm/yr without, {after:.2f} mm/yr with the correction"

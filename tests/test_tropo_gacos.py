"""GACOS delay maps: reading, interpolation, geometry, sign, bad input."""

import numpy as np
import pytest

from helpers import delayed_project, random_project
from helpers.gacos_maps import LAT, LON, STEP, write_map
from stamps import aps_gacos
from stamps.cli import program as cli
from stamps.errors import InputError, WorkspaceError
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.matlab.dates import to_yyyymmdd
from stamps.tropo.delay import delay_phase, incidence_from_look
from stamps.tropo.ztd import read_ztd

WAVELENGTH, INCIDENCE = 0.0555, np.radians(39.0)


def plane(shape=(720, 720), base=2.3, across=0.1, down=0.05, lon=LON, lat=LAT, step=STEP):
    """Zenith delay that is a plane in longitude and latitude: bilinear interpolation is exact."""
    rows, cols = np.indices(shape)
    return base + across * (lon + cols * step - 14) + down * (lat - rows * step - 40)


def plane_at(lonlat, base=2.3, across=0.1, down=0.05):
    return base + across * (lonlat[:, 0] - 14) + down * (lonlat[:, 1] - 40)


@pytest.fixture(params=[False, True], ids=["single master", "small baselines"])
def made(request, tmp_path):
    """A project of 20 km, its dates, and maps of every date: different planes; the delays of images at the pixels."""
    make = random_project.small_baselines if request.param else random_project.single_master
    ws = make(tmp_path / "project", n_ps=300, side=20_000.0)
    ps = ws.load("ps2")
    ws.save("inc2", {"inc": np.full(300, INCIDENCE)})
    dates = to_yyyymmdd(ps["day"])
    rng = np.random.default_rng(4)
    planes = rng.uniform([2.2, -0.2, -0.2], [2.4, 0.2, 0.2], (len(dates), 3))
    for date, parts in zip(dates, planes, strict=True):
        write_map(tmp_path / "maps", date, plane((960, 720), *parts))
    images = np.column_stack([plane_at(ps["lonlat"], *parts) for parts in planes])
    return ws, tmp_path / "maps", dates, images


def test_correction_is_the_later_minus_the_earlier_delay_along_the_line_of_sight(made):
    ws, maps, _, images = made
    ps = ws.load("ps2")
    ws.save("tca2", {"ph_tropo_era": np.ones((300, ps["n_ifg"]))})
    correction = aps_gacos(maps, workdir=ws)
    if "ifgday_ix" in ps:
        first, second = ps["ifgday_ix"].T
    else:
        first, second = np.full(ps["n_ifg"], ps["master_ix"]), np.arange(ps["n_ifg"])
    # a longer way to the ground in the second image: positive phase
    expected = 4 * np.pi / WAVELENGTH * (images[:, second] - images[:, first]) / np.cos(INCIDENCE)
    np.testing.assert_allclose(correction, expected, atol=2e-3)
    file = "tca_sb2" if "ifgday_ix" in ps else "tca2"
    stored, _, number = ps_plot_tca(ws.load(file), "a_gacos")
    np.testing.assert_array_equal(stored, correction)
    assert number == 35 and stored.dtype == np.float32
    assert "ph_tropo_era" in ws.variables_of("tca2")
    if file == "tca2":
        assert not correction[:, ps["master_ix"]].any()


def test_only_the_dates_that_are_used_are_needed(made):
    ws, maps, dates, _ = made
    if "ifgday_ix" in ws.load("ps2"):
        pytest.skip("the same for both")
    from stamps.workspace.parameters import Parameters

    (maps / f"{dates[1]}.ztd").unlink()
    with pytest.raises(InputError, match=rf"no delay map \(yyyymmdd.ztd\) of {dates[1]}: order it"):
        aps_gacos(maps, workdir=ws)
    assert not ws.exists("tca2")
    Parameters(ws).set("drop_ifg_index", [2])
    assert np.flatnonzero(~aps_gacos(maps, workdir=ws).any(axis=0)).tolist() == [1, 3]


def test_shell_command(made, capsys):
    ws, maps, _, _ = made
    assert cli.run("stamps", ["tropo", "gacos", str(maps), "--workdir", str(ws.path)]) == 0
    assert "setparm tropo_method a_gacos" in capsys.readouterr().out
    file = "tca_sb2" if "ifgday_ix" in ws.load("ps2") else "tca2"
    steep = ws.load(file)["ph_tropo_gacos"]
    assert cli.run("stamps", ["tropo", "gacos", str(maps), "--incidence", "0", "--workdir", str(ws.path)]) == 0
    np.testing.assert_allclose(steep * np.cos(INCIDENCE), ws.load(file)["ph_tropo_gacos"], atol=1e-3)
    assert cli.run("stamps", ["tropo", "gacos", str(maps / "none"), "--workdir", str(ws.path)]) == 1
    error = capsys.readouterr().err
    assert "does not exist" in error and error.count("\n") == 1


def test_delay_is_removed_from_the_phase(tmp_path):
    """Delays of hills, written as maps: what is subtracted leaves the noise, and the other sign doubles the delay."""
    made = delayed_project.make(tmp_path / "p", n_ps=800)
    ws, lonlat = made.ws, made.ws.load("ps2")["lonlat"]
    rows, cols = np.indices((300, 300))
    step = 0.0008
    # positions of the nodes in the frame of the small project
    xy = np.column_stack([(14 + cols.ravel() * step - 14) * 84_000, (40.2 - rows.ravel() * step - 40) * 111_000])
    heights = delayed_project.hills(xy, 20_000.0).reshape(rows.shape)
    metres_per_radian = WAVELENGTH / (4 * np.pi) * np.cos(INCIDENCE)
    for date, slope in zip(to_yyyymmdd(ws.load("ps2")["day"]), delayed_project.SLOPES, strict=True):
        write_map(tmp_path / "maps", date, 2.3 + slope * heights * metres_per_radian, 14.0, 40.2, step)
    assert lonlat[:, 0].max() < 14 + 300 * step
    correction = aps_gacos(tmp_path / "maps", incidence=39, workdir=ws)
    assert delayed_project.remaining(made.delay, correction) < 1e-3
    assert delayed_project.remaining(made.delay, -correction) > 3.9
    ph_uw = ws.load("phuw2")["ph_uw"]
    left = np.delete(ph_uw - correction, 3, axis=1)
    np.testing.assert_allclose(left.std(axis=0), 0.3, rtol=0.1)


def test_reading_and_interpolation(tmp_path):
    write_map(tmp_path, 20180101, plane())
    field = read_ztd(tmp_path / "20180101.ztd")
    assert field.values.shape == (720, 720) and field.values.dtype == np.float32 and field.lat_step < 0
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(13.9, 14.499, 50), rng.uniform(39.801, 40.4, 50)])
    np.testing.assert_allclose(field.at(points), plane_at(points), atol=1e-6)
    np.testing.assert_allclose(field.at(points - [360, 0]), field.at(points), atol=1e-9)
    np.testing.assert_allclose(field.at([[LON - 0.4 * STEP, LAT]]), plane_at(np.array([[LON, LAT]])), atol=1e-6)


def test_incidence_angles(tmp_path):
    look = np.linspace(0.55, 0.65, 11)
    inc = np.arcsin(np.sin(look) * (6371 + 700) / 6371)
    np.testing.assert_allclose(incidence_from_look(look, inc.mean()), inc, atol=1e-3)
    np.testing.assert_allclose(incidence_from_look(look), inc, atol=1e-12)
    np.testing.assert_allclose(
        incidence_from_look(inc, inc.mean() + 0.003), inc, atol=1e-12
    )  # is the incidence already
    assert delay_phase(np.array([0.0555 / 2]), np.array([np.pi / 3]), 0.0555)[0] == pytest.approx(4 * np.pi)
    from stamps.tropo.scene import Scene

    ws = random_project.single_master(tmp_path, n_ps=11)
    scene = Scene.at(ws)
    with pytest.raises(WorkspaceError, match="knows no incidence angle"):
        scene.incidence()
    ws.save("la2", {"la": look})
    ws.save("inc2", {"inc": None})
    np.testing.assert_allclose(scene.incidence(), inc, atol=1e-12)
    ws.save("inc2", {"inc": inc})
    np.testing.assert_array_equal(scene.incidence(), inc)
    np.testing.assert_allclose(scene.incidence(23), np.radians(23))
    with pytest.raises(InputError, match="0 to 85"):
        scene.incidence(90)
    with pytest.raises(InputError, match="give it in degrees, not radians"):
        scene.incidence(0.68)


def test_bad_maps_are_explained(tmp_path):
    path = tmp_path / "20180101.ztd"
    points = np.array([[14.0, 40.0], [14.1, 40.1]])

    def message(points=points):
        with pytest.raises(InputError) as caught:
            read_ztd(path).at(points)
        return str(caught.value)

    assert "20180101.ztd.rsc" in message() and "cannot be read" in message()
    write_map(tmp_path, 20180101, plane(), WIDTH=719)
    assert "has 2073600 bytes, but its header says 720 rows x 719 columns" in message()
    write_map(tmp_path, 20180101, plane(), X_STEP=None)
    assert "has no field X_STEP" in message()
    write_map(tmp_path, 20180101, plane(), X_FIRST="west")
    assert "X_FIRST 'west', but a number was expected" in message()
    write_map(tmp_path, 20180101, plane(), X_STEP=0)
    assert "describes no map" in message()
    write_map(tmp_path, 20180101, plane().astype(">f4").view("<f4"))
    assert "should be float32, little-endian" in message()
    write_map(tmp_path, 20180101, plane())
    far = message(np.array([[14.0, 40.0], [15.0, 40.0], [14.0, 38.0]]))
    assert "does not cover 2 of the 3 pixels" in far and "longitude 13.9000 to 14.4992" in far
    holes = plane()
    holes[470:490, 110:130] = 0
    write_map(tmp_path, 20180101, holes)
    assert "has no value at 1 of the 2 pixels" in message()
    path.unlink()
    assert "cannot be read" in message()

"""The delay that is linear in height: slopes, what disturbs them, what is stored, bad input."""

import numpy as np
import pytest

from helpers import delayed_project
from helpers.delayed_project import remaining
from stamps import aps_linear
from stamps.cli import program as cli
from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.tropo.bands import CellGrid, octave_bands
from stamps.tropo.regression import robust_fit


@pytest.mark.parametrize("small_baselines", [False, True])
def test_delay_is_found_and_stored_as_what_is_to_be_subtracted(tmp_path, small_baselines):
    made = delayed_project.make(tmp_path, small_baselines)
    made.ws.save(made.file, {"ph_tropo_era": np.ones(made.delay.shape)})
    found = aps_linear(workdir=tmp_path)
    np.testing.assert_allclose(found.slope, made.slopes, atol=2e-4)
    stored = made.ws.load(made.file)
    correction, _, number = ps_plot_tca(stored, "a_l")
    assert number == 1 and correction.shape == made.delay.shape and correction.dtype == np.float32
    assert remaining(made.delay, correction) < 1e-3
    np.testing.assert_allclose(correction, np.outer(made.height, found.slope), rtol=1e-5, atol=1e-5)  # no constant
    np.testing.assert_array_equal(stored["ph_tropo_era"], 1)
    ph_uw = made.ws.load(made.phuw)["ph_uw"]
    moving = np.flatnonzero(made.slopes)
    before, after = ph_uw[:, moving].var(axis=0), (ph_uw - correction)[:, moving].var(axis=0)
    np.testing.assert_allclose(after, 0.09, rtol=0.15)  # what is left is the noise
    assert (after < before).all()


def test_master_and_dropped_columns_are_zero(tmp_path):
    made = delayed_project.make(tmp_path, drop_ifg_index=[2.0])
    found = aps_linear(workdir=made.ws)
    correction = made.ws.load("tca2")["ph_tropo_linear"]
    assert np.flatnonzero(~correction.any(axis=0)).tolist() == [1, 3]
    assert np.flatnonzero(found.slope == 0).tolist() == np.flatnonzero(found.error == 0).tolist() == [1, 3]


def test_unwrapping_errors_and_missing_values_do_no_harm(tmp_path):
    made = delayed_project.make(tmp_path)
    high = made.height > np.quantile(made.height, 0.8)
    jump = np.zeros(made.delay.shape)
    jump[np.ix_(high, [0, 5, 6])] = 4 * np.pi  # two cycles, on all high pixels but a few
    jump[np.flatnonzero(high)[::2]] = 0
    jump[7:50, 4] = np.nan
    delayed_project.add_phase(made, jump)
    found = aps_linear(workdir=made.ws)
    np.testing.assert_allclose(found.slope, made.slopes, atol=3e-4)
    ordinary = np.polyfit(made.height, made.ws.load("phuw2")["ph_uw"][:, 0], 1)[0]
    assert abs(ordinary - made.slopes[0]) > 3e-3  # least squares is ten times farther off


def test_orbital_ramps_are_not_taken_for_troposphere(tmp_path):
    made = delayed_project.make(tmp_path)
    delayed_project.add_phase(made, (made.xy @ [4e-4, -3e-4])[:, None] * np.ones(8))
    np.testing.assert_allclose(aps_linear(workdir=made.ws).slope, made.slopes, atol=3e-4)
    with_ramp = aps_linear(ramp=False, workdir=made.ws).slope
    assert np.abs(with_ramp - made.slopes)[made.slopes != 0].min() > 3e-4


def test_deforming_area_is_left_out(tmp_path):
    made = delayed_project.make(tmp_path)
    lonlat = made.ws.load("ps2")["lonlat"]
    lon, lat = lonlat.T
    west = lon < np.median(lon)
    delayed_project.add_phase(made, np.where(west, made.height * 0.01, 0)[:, None] * (np.arange(8) != 3))
    middle = float(np.median(lon))
    corners = [(lon.min() - 1, 39), (middle, 39), (middle, 42), (lon.min() - 1, 42)]
    east = [middle, lon.max() + 1, 39.0, 42.0]
    assert np.abs(aps_linear(workdir=made.ws).slope - made.slopes).max() > 3e-3
    for choice in ({"exclude": corners}, {"area": east}):
        found = aps_linear(**choice, workdir=made.ws)
        np.testing.assert_allclose(found.slope, made.slopes, atol=4e-4)
        assert made.ws.load("tca2")["ph_tropo_linear"][west].any(axis=1).all()  # corrected there all the same


def test_what_the_look_angle_error_swallowed_comes_back(tmp_path):
    """An earlier step 7 took 3 rad/km of the second interferogram for look-angle error; the rest of it is real."""
    made = delayed_project.make(tmp_path)
    rng = np.random.default_rng(5)
    real = np.outer(rng.normal(0, 0.02, len(made.height)), rng.uniform(-100, 100, 8))
    real[:, 3] = 0
    delayed_project.add_phase(made, real)
    swallowed = np.zeros(made.delay.shape)
    swallowed[:, 1] = 0.003 * made.height
    made.ws.save("scla2", {"ph_scla": (real + swallowed).astype(np.float32)})
    found = aps_linear(workdir=made.ws)
    np.testing.assert_allclose(found.slope, made.slopes, atol=2.5e-4)
    everything = aps_linear(scla="all", workdir=made.ws)
    np.testing.assert_allclose(everything.slope - made.slopes, -0.003 * (np.arange(8) == 1), atol=2.5e-4)
    nothing = aps_linear(scla="none", workdir=made.ws)
    assert (nothing.error > 2 * found.error)[made.slopes != 0].all()


def test_comparison_in_a_band(tmp_path):
    made = delayed_project.make(tmp_path, n_ps=4000)
    long_waves = np.outer(np.sin(2 * np.pi * made.xy[:, 1] / 60_000 + 1.0), np.full(8, 8.0))
    delayed_project.add_phase(made, long_waves * (np.arange(8) != 3))
    plain = np.abs(aps_linear(ramp=False, workdir=made.ws).slope - made.slopes)[made.slopes != 0]
    banded = np.abs(aps_linear(ramp=False, band=(2000, 8000), workdir=made.ws).slope - made.slopes)[made.slopes != 0]
    assert banded.max() < 5e-4 and plain.min() > 2 * banded.max()


def test_band_pass_keeps_proportions_and_removes_constants():
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 30_000, (3000, 2))
    values = np.sin(2 * np.pi * xy[:, 0] / 5000) + np.sin(2 * np.pi * xy[:, 0] / 60_000)
    grid = CellGrid(xy, 2000)
    filtered = grid.band_pass(grid.average(values), (2000, 15_000))
    np.testing.assert_allclose(grid.band_pass(grid.average(7 - 3 * values), (2000, 15_000)), -3 * filtered, atol=1e-12)
    short = np.sin(2 * np.pi * grid.centres[:, 0] / 5000)
    inner = (np.abs(grid.centres - 15_000) < 8000).all(axis=1)
    gain = filtered[inner] @ short[inner] / (short[inner] @ short[inner])
    assert 0.7 < gain < 1.0 and np.std(filtered[inner] - gain * short[inner]) < 0.2
    np.testing.assert_allclose(octave_bands(100_000)[[0, -1]], [[2000, 4000], [32_000, 64_000]])
    np.testing.assert_allclose(octave_bands(8000), [[1000, 2000], [2000, 4000], [4000, 8000]])


def test_robust_fit_of_clean_and_of_spoilt_data():
    rng = np.random.default_rng(3)
    design = np.column_stack([rng.uniform(0, 2000, 500), np.ones(500)])
    exact = design @ [0.003, -2]
    np.testing.assert_allclose(robust_fit(design, exact).coefficients, [0.003, -2], rtol=1e-9)
    assert not robust_fit(design, np.zeros(500)).coefficients.any()
    noisy = exact + rng.normal(0, 0.2, 500)
    least_squares = np.linalg.lstsq(design, noisy, rcond=None)[0]
    clean = robust_fit(design, noisy)
    assert (np.abs(clean.coefficients - least_squares) < [1e-5, 0.02]).all()
    assert clean.scale == pytest.approx(0.2, rel=0.1)
    expected = 0.2 * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose(clean.errors, expected, rtol=0.1)
    noisy[:150] += 2 * np.pi
    spoilt = robust_fit(design, noisy)
    assert np.abs(spoilt.coefficients - [0.003, -2]).max() < 0.05 and not spoilt.weights[:150].any()


def test_little_relief_is_mentioned(tmp_path, capsys):
    made = delayed_project.make(tmp_path, n_ps=300)
    aps_linear(workdir=made.ws)
    assert "Warning" not in capsys.readouterr().out
    made.ws.save("hgt2", {"hgt": made.height / 20})
    aps_linear(workdir=made.ws)
    assert "Warning: 90 % of the heights lie within" in capsys.readouterr().out


# ---------------------------------------------------------------------- shell and bad input


def test_shell_command(tmp_path, capsys):
    made = delayed_project.make(tmp_path / "p")
    polygon = tmp_path / "area.txt"
    polygon.write_text("# lon lat\n10,30\n20,30\n20,50\n10,50\n")
    far = tmp_path / "far.txt"
    far.write_text("0 0\n1 0\n1 1\n")
    options = ["--polygon", str(polygon), "--exclude", str(far), "--workdir", str(tmp_path / "p")]
    assert cli.run("stamps", ["tropo", "linear", *options]) == 0
    out = capsys.readouterr().out
    assert "rad/km" in out and "setparm tropo_method a_linear" in out
    assert remaining(made.delay, made.ws.load("tca2")["ph_tropo_linear"]) < 1e-3
    first = made.ws.load("tca2")["ph_tropo_linear"]
    assert (
        cli.run("stamps", ["tropo", "linear", "--no-ramp", "--band", "2", "8", "--workdir", str(tmp_path / "p")]) == 0
    )
    assert np.abs(made.ws.load("tca2")["ph_tropo_linear"] - first).max() > 0
    capsys.readouterr()
    assert cli.run("stamps", ["tropo", "linear", "--polygon", str(far), "--workdir", str(tmp_path / "p")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("stamps tropo: None of the 1500 pixels") and error.count("\n") == 1


def test_bad_input_is_explained(tmp_path):
    made = delayed_project.make(tmp_path, n_ps=200)
    ws = made.ws
    with pytest.raises(InputError, match="shorter and a longer wavelength"):
        aps_linear(band=(8000, 2000), workdir=ws)
    with pytest.raises(InputError, match="one of uncorrelated, all, none"):
        aps_linear(scla="half", workdir=ws)
    with pytest.raises(InputError, match="smallest and largest longitude"):
        aps_linear(area=[15, 14, 40, 41], workdir=ws)
    with pytest.raises(InputError, match="at least three corners"):
        aps_linear(area=[(14, 40), (15, 40)], workdir=ws)
    lon, lat = ws.load("ps2")["lonlat"].T
    few = [lon.min() - 1, np.sort(lon)[4], lat.min() - 1, lat.max() + 1]
    with pytest.raises(NoPixelsError, match=r"Interferogram 1 \(20180206-20180101\): only 5 pixels .* needs 10"):
        aps_linear(area=few, workdir=ws)
    ws.save("hgt2", {"hgt": np.full(200, 12.0)})
    with pytest.raises(NoPixelsError, match="are all the same"):
        aps_linear(workdir=ws)
    ws.save("hgt2", {"hgt": made.xy @ [0.1, 0.2]})
    with pytest.raises(NoPixelsError, match="cannot be told from an orbital ramp"):
        aps_linear(workdir=ws)
    ws.save("hgt2", {"hgt": None})
    with pytest.raises(WorkspaceError, match="hgt2.mat has no heights of the 200 pixels"):
        aps_linear(workdir=ws)
    ws.save("hgt2", {"hgt": made.height})
    ws.save("scla2", {"ph_scla": np.zeros((150, 8), np.float32)})
    with pytest.raises(WorkspaceError, match=r"scla2.mat: variable 'ph_scla' is 150 x 8"):
        aps_linear(workdir=ws)
    ws.delete("phuw2.mat")
    with pytest.raises(WorkspaceError, match="run step 6 first"):
        aps_linear(workdir=ws)
    assert not ws.exists("tca2")


def test_missing_corrections_name_the_command(tmp_path):
    made = delayed_project.make(tmp_path, n_ps=50)
    with pytest.raises(WorkspaceError, match="tca2.mat is missing: make it with 'stamps tropo METHOD' first"):
        made.ws.load("tca2")
    made.ws.save("tca2", {"ph_tropo_era": made.delay})
    for name, command in (("a_l", "linear"), ("a_p", "powerlaw"), ("a_pk", "powerlaw"), ("a_gacos", "gacos FOLDER")):
        with pytest.raises(WorkspaceError, match=f"make it with 'stamps tropo {command}'"):
            ps_plot_tca(made.ws.load("tca2"), name)
    with pytest.raises(WorkspaceError, match="compute it with TRAIN"):
        ps_plot_tca(made.ws.load("tca2"), "a_m")


@pytest.mark.parametrize("text", ["", "14 40\n15 41\n", "14 40 3\n15 40 3\n15 41 3\n", "lon lat\n1 2\n3 4\n5 6\n"])
def test_polygon_files_that_are_none(tmp_path, text):
    from stamps.tropo.scene import read_polygon

    path = tmp_path / "polygon.txt"
    path.write_text(text)
    with pytest.raises(InputError, match="three or more lines"):
        read_polygon(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_polygon(tmp_path / "none.txt")

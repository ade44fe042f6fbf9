"""Loaders of Doris data on a small hand-written project, single master and small baselines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import text_project as project
from stamps.errors import InputError
from stamps.frontends import node_grids
from stamps.legacy.ps_load_initial import ps_load_initial
from stamps.legacy.sb_load_initial import sb_load_initial
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

BY_DATE = [1, 2, 0]  # positions of the slaves in the files, by date
DAYS = datenum([20180108, 20180120, 20180213, 20180225])


def load(patch, *files):
    return tuple(Workspace(patch).load(file) for file in files)


def write_grids(root):
    for k, date in enumerate(project.SLAVES):
        (root / f"bperp_{date}.1.in").write_text(project.grid(project.baseline(k)))
    (root / "look_angle.1.in").write_text(project.grid(project.look_degrees))


# ---------------------------------------------------------------------- single master


def test_single_master(tmp_path):
    patch, written = project.write_project(tmp_path / "INSAR")
    ps_load_initial(patch)
    ps, ph, bp, da, hgt = load(patch, "ps1", "ph1", "bp1", "da1", "hgt1")
    order = ps["sort_ix"]
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (project.N, 4, 4, 2)
    np.testing.assert_array_equal(ps["day"], DAYS)
    np.testing.assert_array_equal(ps["day_ix"], BY_DATE)
    np.testing.assert_array_equal(ps["bperp"], [-80.25, 12.0, 0, 30.5])
    assert ps["bperp"].dtype == np.float64 and ps["master_day"] == datenum(project.MASTER)
    np.testing.assert_array_equal(ps["calconst"], np.ones(3))
    assert "mean_incidence" not in ps and "mean_range" not in ps
    expected = np.column_stack([np.arange(1, project.N + 1), written.line[order], written.sample[order]])
    np.testing.assert_array_equal(ps["ij"], expected)
    np.testing.assert_array_equal(ph["ph"][:, [0, 1, 3]], written.ph.T[order][:, BY_DATE])
    assert np.all(ph["ph"][:, 2] == 1) and ph["ph"].dtype == np.complex64
    np.testing.assert_array_equal(bp["bperp_mat"], np.tile(np.float32([-80.25, 12.0, 30.5]), (project.N, 1)))
    assert bp["bperp_mat"].dtype == np.float32
    np.testing.assert_array_equal(da["D_A"], written.D_A[order])
    np.testing.assert_array_equal(hgt["hgt"], written.hgt[order].astype(float))
    assert not Workspace(patch).exists("la1") and Workspace(patch).version == 1


def test_grids_are_interpolated_in_position_and_height(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR")
    write_grids(tmp_path / "INSAR")
    ps_load_initial(patch)
    ps, bp, la, hgt = load(patch, "ps1", "bp1", "la1", "hgt1")
    line, sample = ps["ij"][:, 1], ps["ij"][:, 2]
    for column, k in zip(bp["bperp_mat"].T, BY_DATE, strict=True):
        np.testing.assert_allclose(column, project.baseline(k)(sample, line, hgt["hgt"]), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(la["la"], np.radians(project.look_degrees(sample, line, hgt["hgt"])), rtol=1e-9)
    assert la["la"].dtype == np.float64 and bp["bperp_mat"].dtype == np.float32


def test_without_heights_grids_are_taken_at_zero(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR")
    write_grids(tmp_path / "INSAR")
    (patch / "pscands.1.hgt").unlink()
    ps_load_initial(patch)
    ps, la = load(patch, "ps1", "la1")
    np.testing.assert_allclose(la["la"], np.radians(project.look_degrees(ps["ij"][:, 2], ps["ij"][:, 1], 0)), rtol=1e-9)
    assert not Workspace(patch).exists("hgt1")


@pytest.mark.parametrize(
    "names",
    [
        ("{}_crop.slc", "{}_crop.slc", "{}_crop.slc"),
        ("{}/slave_res.slc", "{}/slave_res.slc", "{}/slave_res.slc"),
        ("/data/INSAR_{}/master/master.slc", "/data/{}/slave.slc", "/data/{}/slave.slc"),
    ],
)
def test_calibration(tmp_path, names):
    """Phases of the slaves are divided by their constants; the master's line does not count."""
    patch, written = project.write_project(tmp_path / "INSAR")
    dates = [project.MASTER, *project.SLAVES]
    paths = [name.format(date) for date, name in zip(dates, [*names, names[1]], strict=True)]
    lines = [f"{path} {k + 2}.5\n" for k, path in enumerate(paths)]
    (tmp_path / "INSAR" / "calamp.out").write_text("".join(lines))
    ps_load_initial(patch)
    ps, ph = load(patch, "ps1", "ph1")
    np.testing.assert_array_equal(ps["calconst"], np.array([3.5, 4.5, 5.5])[BY_DATE])
    expected = written.ph.T[ps["sort_ix"]][:, BY_DATE] / ps["calconst"]
    np.testing.assert_allclose(np.delete(ph["ph"], 2, axis=1), expected, rtol=1e-6)


def test_parameters(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR")
    (tmp_path / "INSAR" / "slc_osfactor.1.in").write_text("2\n")
    ps_load_initial(patch)
    parameters = Parameters(tmp_path / "INSAR")
    assert [parameters.get(name) for name in ("heading", "lambda", "slc_osf")] == [-166.6, 0.0555, 2.0]
    assert "PS_LOAD_INITIAL  Finished" in (patch / "STAMPS.log").read_text()


def test_files_of_the_patch_have_precedence(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR")
    (patch / "bperp.1.in").write_text("1\n2\n3\n")
    ps_load_initial(patch)
    np.testing.assert_array_equal(load(patch, "ps1")[0]["bperp"], [2, 3, 0, 1])


@pytest.mark.parametrize("loader", [ps_load_initial, sb_load_initial])
def test_no_candidates(tmp_path, loader):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines=True, n=0)
    loader(patch)
    ws = Workspace(patch)
    assert ws.no_ps_flags().tolist() == [1, 0, 0, 0, 0] and ws.version == 1 and not ws.exists("ps1")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("heading.1.in", "", r"heading\.1\.in holds nothing where a number was expected"),
        ("slc_osfactor.1.in", "", r"slc_osfactor\.1\.in holds nothing"),
        ("bperp.1.in", "1 2", r"bperp\.1\.in holds 2 numbers, but 3 were expected"),
        ("bperp.1.in", "1 2 x", r"bperp\.1\.in holds 'x'"),
        ("day.1.in", "20180108 20180108 20180120", r"dates of day\.1\.in .* repeat"),
        ("day.1.in", "20180108 20180213 20180120", "or the master is among them"),
        ("day.1.in", "20180108 20181313 20180120", r"day\.1\.in holds something that is no date"),
        ("day.1.in", None, r"day\.1\.in is neither in .*PATCH_1 nor in"),
        ("calamp.out", "20180108.slc 1\n", "no calibration constant for the image of 20180120"),
        ("calamp.out", "some.slc 1\n", "has 'some.slc 1' where a dated image"),
        ("bperp_20180108.1.in", "1 2 3", r"bperp_20180108\.1\.in holds 3 numbers, but 5000"),
    ],
)
def test_damaged_text_files(tmp_path, name, text, message):
    patch, _ = project.write_project(tmp_path / "INSAR")
    path = tmp_path / "INSAR" / name
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        ps_load_initial(patch)
    assert not Workspace(patch).exists("ps1")


def test_every_slave_needs_a_grid(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR")
    write_grids(tmp_path / "INSAR")
    (tmp_path / "INSAR" / "bperp_20180120.1.in").unlink()
    with pytest.raises(InputError, match=r"bperp_20180120\.1\.in is neither"):
        ps_load_initial(patch)


# ---------------------------------------------------------------------- small baselines


def test_small_baselines(tmp_path):
    patch, written = project.write_project(tmp_path / "SMALL_BASELINES", small_baselines=True)
    zero = written.ph.copy()
    zero[1, 5] = 0
    (patch / "pscands.1.ph").write_bytes(zero.tobytes())
    sb_load_initial(patch)
    ps, ph, bp = load(patch, "ps1", "ph1", "bp1")
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (project.N, 3, 4, 2)
    np.testing.assert_array_equal(ps["ifgday"], datenum(project.PAIRS))
    np.testing.assert_array_equal(ps["ifgday_ix"], [[0, 1], [0, 2], [1, 3]])
    np.testing.assert_array_equal(ps["bperp"], [12 + 80.25, 80.25, 30.5 - 12])
    assert "calconst" not in ps
    np.testing.assert_array_equal(ps["day_ix"], BY_DATE)
    raw = zero.T[ps["sort_ix"]]
    modulus = np.abs(ph["ph"])
    assert np.count_nonzero(modulus == 0) == 1
    np.testing.assert_allclose(modulus[modulus > 0], 1, rtol=1e-6)
    np.testing.assert_allclose(np.angle(ph["ph"]), np.angle(raw), atol=1e-6)
    np.testing.assert_array_equal(bp["bperp_mat"], np.tile(np.float32(ps["bperp"]), (project.N, 1)))


def test_small_baseline_grids_are_taken_at_zero_height(tmp_path):
    patch, _ = project.write_project(tmp_path / "SMALL_BASELINES", small_baselines=True)
    write_grids(tmp_path / "SMALL_BASELINES")
    sb_load_initial(patch)
    ps, bp, la, hgt = load(patch, "ps1", "bp1", "la1", "hgt1")
    line, sample = ps["ij"][:, 1], ps["ij"][:, 2]
    image = [project.baseline(k)(sample, line, 0) for k in BY_DATE]
    image.insert(2, np.zeros(project.N))
    for column, (first, second) in zip(bp["bperp_mat"].T, ps["ifgday_ix"], strict=True):
        np.testing.assert_allclose(column, image[second] - image[first], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(la["la"], np.radians(project.look_degrees(sample, line, hgt["hgt"])), rtol=1e-9)


def test_pairs_of_unknown_images(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines=True)
    (tmp_path / "INSAR" / "ifgday.1.in").write_text("20180108 20180120\n20180108 20190101\n")
    with pytest.raises(InputError, match="names 20190101, but day.1.in"):
        sb_load_initial(patch)
    (tmp_path / "INSAR" / "ifgday.1.in").write_text("20180108 20180120\n20180108\n")
    with pytest.raises(InputError, match="holds 3 dates, but two a line"):
        sb_load_initial(patch)


@pytest.mark.parametrize("suffix", ["ll", "ph", "da", "hgt"])
def test_sizes_are_checked(tmp_path, suffix):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines=True)
    path = patch / f"pscands.1.{suffix}"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError, match=rf"pscands\.1\.{suffix}"):
        sb_load_initial(patch)


# ---------------------------------------------------------------------- pure functions


@settings(max_examples=8)
@given(st.tuples(*[st.floats(-5, 5)] * 4), st.integers(0, 2**32 - 1))
def test_grid_values_of_linear_functions_are_exact(coefficients, seed):
    a, b, c, d = coefficients
    sample, line = np.meshgrid(np.linspace(0, 40, 50), np.linspace(0, 30, 50))
    values = a + b * sample.ravel() + c * line.ravel()
    grid = np.column_stack([values, values + d]).ravel()
    random = np.random.default_rng(seed)
    at_line, at_sample, height = random.integers(0, 30, 9), random.integers(0, 40, 9), random.uniform(-500, 3000, 9)
    found = node_grids.grid_values(grid[None, :], (40, 30), at_line, at_sample, height)
    np.testing.assert_allclose(found[:, 0], a + b * at_sample + c * at_line + d * height / 1000, atol=1e-9)

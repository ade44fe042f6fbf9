"""Loaders of step 1 on a small written stack, and on golden patches."""

import numpy as np
import pytest

from helpers.gamma_project import HEADER, PAIRS, N, single_master, write_stack
from stamps.errors import InputError
from stamps.frontends import master_header
from stamps.insar.geometry import centre_of, llh2local
from stamps.legacy.ps_load_initial_gamma import ps_load_initial_gamma
from stamps.legacy.sb_load_initial_gamma import sb_load_initial_gamma
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


def load(patch, *files):
    return tuple(Workspace(patch).load(file) for file in files)


def test_single_master(tmp_path):
    patch, written = write_stack(tmp_path / "project", single_master())
    ps_load_initial_gamma(patch)
    ps, ph, bp, la, da, hgt = load(patch, "ps1", "ph1", "bp1", "la1", "da1", "hgt1")
    order = ps["sort_ix"]
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (N, 4, 4, 2)
    np.testing.assert_array_equal(ps["day"], datenum([20180108, 20180120, 20180213, 20180225]))
    assert ps["master_day"] == datenum(20180213) and Workspace(patch).version == 1
    np.testing.assert_array_equal(ps["ij"], np.column_stack([np.arange(1, N + 1), written["ij"][order, 1:]]))
    np.testing.assert_array_equal(ps["lonlat"], written["lonlat"][order].astype(float))
    np.testing.assert_array_equal(ph["ph"][:, [0, 1, 3]], written["ph"].T[order])
    assert np.all(ph["ph"][:, 2] == 1) and ph["ph"].dtype == np.complex64
    np.testing.assert_array_equal(da["D_A"], written["D_A"][order])
    np.testing.assert_array_equal(hgt["hgt"], written["hgt"][order].astype(float))
    assert ps["bperp"].dtype == bp["bperp_mat"].dtype == np.float32 and ps["bperp"][2] == 0
    np.testing.assert_allclose(np.delete(ps["bperp"], 2), bp["bperp_mat"].mean(axis=0), rtol=1e-6)
    assert ps["mean_incidence"] == pytest.approx(la["la"].mean()) and ps["mean_range"] == 871000


def test_order_and_local_coordinates(tmp_path):
    patch, written = write_stack(tmp_path / "project", single_master())
    ps_load_initial_gamma(patch)
    (ps,) = load(patch, "ps1")
    xy = ps["xy"]
    assert xy.dtype == np.float32
    np.testing.assert_array_equal(xy[:, 0], np.arange(1, N + 1))
    assert np.all(np.diff(xy[:, 2]) >= -0.001)
    lonlat = written["lonlat"].astype(float)
    np.testing.assert_array_equal(ps["ll0"], centre_of(lonlat))
    plain = 1000 * llh2local(lonlat, ps["ll0"])[ps["sort_ix"]]
    np.testing.assert_allclose(np.hypot(*xy[:, 1:].T), np.hypot(*plain.T), atol=2e-3)  # rotated or not


def test_angles_and_baselines(tmp_path):
    patch, written = write_stack(tmp_path / "project", single_master())
    ps_load_initial_gamma(patch)
    ps, bp, la = load(patch, "ps1", "bp1", "la1")
    orbit, earth, slant = 7069000.0, 6369000.0, 870000.0 + 10 * ps["ij"][:, 2]
    look = np.arccos((orbit**2 + slant**2 - earth**2) / (2 * orbit * slant))
    # sines of the triangle: the angle at the ground is the incidence
    np.testing.assert_allclose(np.sin(la["la"]), orbit / earth * np.sin(look), rtol=1e-9)
    time = (ps["ij"][:, 1] - 49.5) / 500
    for column, ((across, across_rate), (normal, normal_rate)) in zip(
        bp["bperp_mat"].T, written["baselines"], strict=True
    ):
        c, n = across + across_rate / 100 * time, normal + normal_rate / 100 * time
        np.testing.assert_allclose(column, c * np.cos(look) - n * np.sin(look), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("master, position", [(20171201, 0), (20180301, 3)])
def test_master_first_or_last(tmp_path, master, position):
    patch, _ = write_stack(tmp_path / "project", single_master(master=master))
    ps_load_initial_gamma(patch)
    ps, ph = load(patch, "ps1", "ph1")
    assert ps["master_ix"] == position and ps["day"][position] == datenum(master) == ps["master_day"]
    assert np.all(ph["ph"][:, position] == 1) and ps["bperp"][position] == 0


def test_master_with_itself(tmp_path):
    patch, written = write_stack(tmp_path / "project", single_master((20180108, 20180213, 20180225)))
    ps_load_initial_gamma(patch)
    ps, ph, bp = load(patch, "ps1", "ph1", "bp1")
    assert (ps["n_ifg"], ps["master_ix"], ps["bperp"].size) == (3, 1, 3)
    assert bp["bperp_mat"].shape == (N, 2) and np.all(ph["ph"][:, 1] == 1)
    np.testing.assert_array_equal(ph["ph"][:, [0, 2]], written["ph"].T[ps["sort_ix"]][:, [0, 2]])


def test_invalid_pixels_are_removed_and_counted(tmp_path, capsys):
    patch, written = write_stack(tmp_path / "project", single_master())
    lonlat, ph = written["lonlat"].copy(), written["ph"].copy()
    lonlat[5, 0], ph[1, 7] = np.nan, complex(1, np.nan)
    (patch / "pscands.1.ll").write_bytes(lonlat.tobytes())
    (patch / "pscands.1.ph").write_bytes(ph.tobytes())
    ps_load_initial_gamma(patch)
    assert "2 candidates removed" in capsys.readouterr().out
    ps, ph1, da = load(patch, "ps1", "ph1", "da1")
    assert ps["n_ps"] == len(ps["ij"]) == len(ph1["ph"]) == da["D_A"].size == N - 2
    assert ps["sort_ix"].size == N and ps["sort_ix"][-1] == 5  # the order keeps all, NaN last
    np.testing.assert_array_equal(ps["ij"][:, 0], np.arange(1, N - 1))
    rows = ps["sort_ix"][~np.isin(ps["sort_ix"], [5, 7])]
    np.testing.assert_array_equal(da["D_A"], written["D_A"][rows])
    assert not np.isnan(ph1["ph"]).any() and not np.isnan(ps["lonlat"]).any()


def test_small_baselines(tmp_path):
    patch, written = write_stack(tmp_path / "project", [f"{a}_{b}" for a, b in PAIRS])
    sb_load_initial_gamma(patch)
    ps, ph, bp, la = load(patch, "ps1", "ph1", "bp1", "la1")
    assert (ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (3, 3, 2)
    np.testing.assert_array_equal(ps["ifgday"], datenum(PAIRS))
    np.testing.assert_array_equal(ps["ifgday_ix"], [[0, 1], [0, 2], [1, 2]])
    np.testing.assert_array_equal(ph["ph"], written["ph"].T[ps["sort_ix"]])
    assert bp["bperp_mat"].dtype == ps["bperp"].dtype == np.float64
    np.testing.assert_allclose(ps["bperp"], bp["bperp_mat"].mean(axis=0))
    assert np.all(la["la"] < ps["mean_incidence"])  # look, not incidence
    pairs = np.loadtxt(patch.parent / "small_baselines.list")
    np.testing.assert_array_equal(pairs, PAIRS)
    first = (patch.parent / "small_baselines.list").read_text().splitlines()[0]
    assert first == "   2.0180108e+07   2.0180120e+07"


def test_parameters_of_the_platform(tmp_path):
    patch, _ = write_stack(tmp_path / "project", single_master())
    ps_load_initial_gamma(patch)
    parameters = Parameters(patch.parent)
    assert parameters.get("heading") == -166.6 and parameters.get("platform") == "SENTINEL-1A"
    assert parameters.get("lambda") == 299792458 / 5.4e9
    log = (patch / "STAMPS.log").read_text()
    assert "READPARM         radar_frequency:=5.4e+09 \n" in log and "PS_LOAD_INITIAL_GAMMA Finished" in log


@pytest.mark.parametrize("loader", [ps_load_initial_gamma, sb_load_initial_gamma])
def test_no_candidates(tmp_path, loader):
    patch, _ = write_stack(tmp_path / "project", single_master(), n=0)
    loader(patch)
    ws = Workspace(patch)
    assert ws.no_ps_flags().tolist() == [1, 0, 0, 0, 0] and ws.version == 1 and not ws.exists("ps1")


@pytest.mark.parametrize("optional", ["da", "hgt"])
def test_optional_files(tmp_path, optional):
    patch, _ = write_stack(tmp_path / "project", single_master())
    (patch / f"pscands.1.{optional}").unlink()
    ps_load_initial_gamma(patch)
    assert not Workspace(patch).exists(f"{optional}1") and Workspace(patch).exists("ps1")


@pytest.mark.parametrize("suffix", ["ij", "ll", "ph"])
def test_missing_files(tmp_path, suffix):
    patch, _ = write_stack(tmp_path / "project", single_master())
    (patch / f"pscands.1.{suffix}").unlink()
    with pytest.raises(InputError, match=rf"pscands\.1\.{suffix} cannot be read"):
        ps_load_initial_gamma(patch)
    assert not Workspace(patch).exists("ps1")


@pytest.mark.parametrize("suffix", ["da", "hgt", "ll", "ph"])
@pytest.mark.parametrize("loader", [ps_load_initial_gamma, sb_load_initial_gamma])
def test_inconsistent_lengths(tmp_path, suffix, loader):
    patch, _ = write_stack(tmp_path / "project", single_master())
    with open(patch / f"pscands.1.{suffix}", "ab") as file:
        file.write(b"0.25\n\0\0\0"[: 8 if suffix != "da" else 5])
    with pytest.raises(
        InputError, match=rf"pscands\.1\.{suffix} holds .* the 60 candidates .* need .*run the preparation"
    ):
        loader(patch)
    assert not Workspace(patch).exists("ps1")


@pytest.mark.parametrize(
    "names, message",
    [
        (["20180213_20180108x"], "where a date yyyymmdd was expected"),
        (["20180213_20181332"], "20181332"),
        (["20180213_20180225", "20180213_20180108"], "not in order of date"),
    ],
)
def test_bad_names(tmp_path, names, message):
    patch, _ = write_stack(tmp_path / "project", names)
    with pytest.raises(InputError, match=message):
        ps_load_initial_gamma(patch)


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("prf", None, "no prf"),
        ("heading", "south", "'south' behind heading:"),
        ("near_range_slc", "10.0", "impossible geometry"),
    ],
)
def test_bad_headers(tmp_path, field, value, message):
    header = {**HEADER, field: value}
    if value is None:
        del header[field]
    patch, _ = write_stack(tmp_path / "project", single_master(), header=header)
    with pytest.raises(InputError, match=message):
        ps_load_initial_gamma(patch)


def test_missing_baseline_file(tmp_path):
    patch, _ = write_stack(tmp_path / "project", single_master())
    (tmp_path / "project" / "20180213_20180120.base").unlink()
    with pytest.raises(InputError, match=r"20180213_20180120\.base cannot be read"):
        ps_load_initial_gamma(patch)


def test_dates_stand_at_the_end_of_names():
    dates = master_header.pair_dates(["x/20180213_20180108.diff", "a/longer/path/20180213_20180120.diff"])
    np.testing.assert_array_equal(dates, [[20180213, 20180108], [20180213, 20180120]])
    assert master_header.master_date_of_header("/rslc/20180213.rslc.par") == 20180213

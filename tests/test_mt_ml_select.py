"""``mt_ml_select`` and ``mt_ml_select_gamma``: coherent pixels of multilooked stacks whose phases are known."""

import os

import numpy as np
import pytest

from helpers import multilooked_stacks as stacks
from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.frontends.multilooked import doris
from stamps.legacy.mt_ml_select import mt_ml_select
from stamps.legacy.mt_ml_select_gamma import mt_ml_select_gamma
from stamps.legacy.ps_info import ps_info
from stamps.legacy.stamps import stamps
from stamps.matlab.dates import datenum, to_yyyymmdd
from stamps.products.columns import pixel_coherence
from stamps.products.exports import export
from stamps.products.view import view
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

COLUMNS = stacks.SAMPLES - 3  # the coherent ones
N = stacks.LINES * COLUMNS


@pytest.fixture
def folder(tmp_path):
    return stacks.small_baselines(tmp_path)


@pytest.fixture
def same_baseline(monkeypatch):
    """Baselines that are the same everywhere, without the interpolation of 2500 nodes."""

    def quick(grids, size, line, sample, height):
        return np.tile(grids[:, 0], (line.size, 1))

    monkeypatch.setattr(doris, "grid_values", quick)


def _pixel_of(ps):
    """Multilooked line and sample of the pixels, from their place in the image of full resolution."""
    azimuth, looks = stacks.LOOKS * stacks.ASPECT, stacks.LOOKS
    i = (ps["ij"][:, 1] + round(azimuth / 2)) / azimuth - 1
    j = (ps["ij"][:, 2] + round(looks / 2)) / looks - 1
    assert (i == np.floor(i)).all() and (j == np.floor(j)).all()
    return i.astype(int), j.astype(int)


def _check_places(ws, ps):
    i, j = _pixel_of(ps)
    lon, lat, hgt = stacks.places()
    np.testing.assert_array_equal(ps["lonlat"], np.column_stack([lon[i, j], lat[i, j]]).astype(float))
    np.testing.assert_array_equal(ws.load("hgt2")["hgt"], hgt[i, j])
    np.testing.assert_array_equal(ps["ij"][:, 0], np.arange(1, len(i) + 1))
    np.testing.assert_array_equal(ps["xy"][:, 0], np.arange(1, len(i) + 1))
    y, x = ps["xy"][:, 2], ps["xy"][:, 1]
    assert ((np.diff(y) > 0) | ((np.diff(y) == 0) & (np.diff(x) > 0))).all()
    return i, j


def test_small_baselines(folder):
    assert mt_ml_select(workdir=folder) == N
    ws = Workspace(folder)
    ps = ws.load("ps2")
    i, j = _check_places(ws, ps)
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"], ps["master_ix"], ws.version) == (N, 7, 5, 2, 2)
    np.testing.assert_array_equal(to_yyyymmdd(ps["ifgday"]), stacks.PAIRS)
    np.testing.assert_array_equal(ps["day"][ps["ifgday_ix"]], ps["ifgday"])
    phases = np.column_stack([stacks.phase(*pair)[i, j] for pair in stacks.PAIRS])
    np.testing.assert_array_equal(ws.load("rc2")["ph_rc"], phases)
    coherence = np.column_stack([stacks.coherence(sum(pair))[i, j] for pair in stacks.PAIRS])
    np.testing.assert_array_equal(ws.load_raw("pm2")["coh_ps"], coherence)
    expected = [stacks.BPERP[second] - stacks.BPERP[first] for first, second in stacks.PAIRS]
    np.testing.assert_allclose(ps["bperp"], expected, atol=1e-9)
    np.testing.assert_allclose(ws.load("bp2")["bperp_mat"], np.tile(expected, (N, 1)), atol=1e-9)
    parameters = Parameters(ws)
    assert parameters.get("small_baseline_flag") == "y" and parameters.get("lambda") == stacks.WAVELENGTH


def test_single_master_with_places_of_full_size(tmp_path):
    folder = stacks.single_master(tmp_path)
    assert mt_ml_select(workdir=folder) == N
    ws = Workspace(folder)
    ps = ws.load("ps2")
    i, j = _check_places(ws, ps)
    assert (ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (5, 5, 2) and "ifgday" not in ps
    np.testing.assert_array_equal(ps["day"], datenum(np.array(stacks.DATES)))
    phases = np.column_stack([stacks.phase(stacks.MASTER, date)[i, j] for date in stacks.DATES])
    np.testing.assert_allclose(ws.load("rc2")["ph_rc"], phases, atol=1e-7)
    np.testing.assert_allclose(ps["bperp"], [stacks.BPERP[date] for date in stacks.DATES], atol=1e-9)
    assert ws.load("bp2")["bperp_mat"].shape == (N, 4) and ws.load_raw("pm2")["coh_ps"].shape == (N, 5)
    assert Parameters(ws).get("small_baseline_flag") == "n"


@pytest.mark.usefixtures("same_baseline")
def test_steps_6_and_7_go_on(folder):
    mt_ml_select(workdir=folder)
    for name, value in {"unwrap_grid_size": 100, "unwrap_gold_n_win": 8, "unwrap_prefilter_flag": "n"}.items():
        Parameters(folder).set(name, value)
    stamps(6, 7, workdir=folder)
    ws = Workspace(folder)
    i, j = _pixel_of(ws.load("ps2"))
    unwrapped = ws.load("phuw_sb2")["ph_uw"]
    for k, (first, second) in enumerate(stacks.PAIRS):
        expected = (stacks.deformation(second) - stacks.deformation(first))[i, j]
        np.testing.assert_allclose(unwrapped[:, k] - unwrapped[0, k], expected - expected[0], atol=1e-4)
    columns = np.loadtxt(
        export("csv", "all.csv", folder, n_boot=2), delimiter=",", skiprows=1, usecols=range(8), dtype=str
    )
    coherence = np.column_stack([stacks.coherence(sum(pair))[i, j] for pair in stacks.PAIRS]).mean(axis=1)
    header = (folder / "all.csv").read_text().splitlines()[0].split(",")
    np.testing.assert_allclose(columns[:, header.index("COHERENCE")].astype(float), coherence, atol=1e-4)
    assert view(folder, folder / "page.html").is_file()


@pytest.mark.usefixtures("same_baseline")
def test_thresholds_and_sea(folder):
    def choose(*arguments):
        return mt_ml_select(*arguments, workdir=folder)

    counts = sum((stacks.coherence(sum(pair)) >= np.float32(0.7)).astype(int) for pair in stacks.PAIRS)
    assert choose(0.7, 0.5) == np.count_nonzero(counts >= 3.5)
    assert choose(0.1, 1) == stacks.LINES * stacks.SAMPLES
    heights = stacks.places()[2].copy()
    heights[:4] = 0
    heights.tofile(folder / "dem_radar_2l.raw")
    assert choose() == N and choose(0.25, 0.3, "y") == N - 4 * COLUMNS
    assert Parameters(folder).get("weed_zero_elevation") == "y"


@pytest.mark.usefixtures("same_baseline")
def test_same_places_and_missing_phases_leave_no_gaps(folder):
    lon, lat, _ = stacks.places()
    lon[3, 3], lat[3, 3] = lon[2, 2], lat[2, 2]
    lon.tofile(folder / "lon_2l.raw")
    lat.tofile(folder / "lat_2l.raw")
    values = stacks.coherence(sum(stacks.PAIRS[0]))
    values[2, 2] = 0  # so that the other pixel of the place is the more coherent one
    values.tofile(folder / "{}_{}".format(*stacks.PAIRS[0]) / "coh_2l.raw")
    phase = stacks.phase(*stacks.PAIRS[1])
    phase[5, 5] = 0
    phase.tofile(folder / "{}_{}".format(*stacks.PAIRS[1]) / "cint.minrefdem_2l.raw")
    assert mt_ml_select(workdir=folder) == N - 2
    ws = Workspace(folder)
    ps = ws.load("ps2")
    i, j = _pixel_of(ps)
    found = set(zip(i.tolist(), j.tolist(), strict=True))
    assert (3, 3) in found and not {(2, 2), (5, 5)} & found
    np.testing.assert_array_equal(ps["ij"][:, 0], np.arange(1, N - 1))
    expected = np.column_stack([lon[i, j], lat[i, j]]).astype(float)
    np.testing.assert_array_equal(ps["lonlat"], expected)


@pytest.mark.usefixtures("same_baseline")
def test_list_of_interferograms_and_parameters_that_stay(folder):
    (folder / "some.list").write_text("".join("{}_{}\n".format(*pair) for pair in stacks.PAIRS[:4]))
    mt_ml_select(list="some.list", workdir=folder)
    assert Workspace(folder).load("ps2")["n_ifg"] == 4
    Parameters(folder).set("unwrap_grid_size", 77)
    (folder / "README").mkdir()
    mt_ml_select(workdir=folder)
    assert Workspace(folder).load("ps2")["n_ifg"] == 7 and Parameters(folder).get("unwrap_grid_size") == 77


def _truncate(folder):
    (folder / "lon_2l.raw").write_bytes(b"1234")


def _no_coherence(folder):
    for path in folder.glob("2*/coh_2l.raw"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_truncate, r"lon_2l.raw has 4 bytes, but 11 samples x 14 lines"),
        (_no_coherence, "no folders yyyymmdd_yyyymmdd"),
        (
            lambda folder: (folder / "20200101_20200113" / "cint.minrefdem_2l.raw").unlink(),
            "cint.minrefdem_2l.raw is missing",
        ),
        (lambda folder: (folder / "bperp_20200113.1.in").unlink(), "bperp_20200113.1.in"),
        (lambda folder: (folder / "looks.txt").write_text("1.5"), "whole number"),
        (lambda folder: (folder / "looks.txt").write_text("400"), "less than 400 x 1200 looks"),
        (lambda folder: (folder / "master_day.1.in").write_text("20210101"), "No interferogram contains the master"),
        (lambda folder: (folder / "lat_2l.raw").unlink(), "neither lat_2l.raw nor lat.raw"),
        (lambda folder: (folder / "heading.1.in").unlink(), "heading.1.in"),
    ],
)
def test_what_cannot_be_right_is_said_in_one_sentence(folder, spoil, sentence):
    spoil(folder)
    with pytest.raises(InputError, match=sentence):
        mt_ml_select(workdir=folder)
    assert not (folder / "ps2.mat").exists()


def test_wrong_arguments(folder):
    with pytest.raises(ParameterError, match="coh_thresh is 2"):
        mt_ml_select(2, workdir=folder)
    with pytest.raises(ParameterError, match="image_fraction is -1"):
        mt_ml_select(0.2, -1, workdir=folder)
    with pytest.raises(NoPixelsError, match="coherence of 0.99"):
        mt_ml_select(0.99, workdir=folder)
    (folder / "some.list").write_text("20200101_20200102\n")
    with pytest.raises(InputError, match="some.list names 20200101_20200102"):
        mt_ml_select(list="some.list", workdir=folder)


@pytest.mark.parametrize(("endian", "order"), [("b", ">"), ("l", "<")])
def test_gamma(tmp_path, endian, order):
    folder = stacks.gamma(tmp_path, order)
    assert mt_ml_select_gamma(endian=endian, workdir=folder) == N
    ws = Workspace(folder)
    ps = ws.load("ps2")
    i, j = _check_places(ws, ps)
    phases = np.column_stack([stacks.phase(*pair)[i, j] for pair in stacks.PAIRS])
    np.testing.assert_array_equal(ws.load("rc2")["ph_rc"], phases)
    assert ws.load_raw("pm2")["coh_ps"].shape == phases.shape
    rho, orbit, earth = 830000 + 40.0 * j, 7159000.0, 6369000.0
    look = np.arccos((orbit**2 + rho**2 - earth**2) / (2 * orbit * rho))
    seconds = (i - (stacks.LINES - 1) / 2) * stacks.LOOKS * stacks.ASPECT / 1652
    for k, (first, second) in enumerate(stacks.PAIRS):
        across = stacks.BPERP[second] - stacks.BPERP[first]
        expected = (across + 3 * seconds) * np.cos(look) - (-across / 2 - 3 * seconds) * np.sin(look)
        np.testing.assert_allclose(ws.load("bp2")["bperp_mat"][:, k], expected, rtol=1e-9)
    incidence = np.arccos((orbit**2 - earth**2 - rho**2) / (2 * earth * rho))
    assert ps["mean_incidence"] == pytest.approx(incidence.mean()) and ps["mean_range"] == 830200
    parameters = Parameters(ws)
    assert parameters.get("platform") == "ENVISAT" and parameters.get("insar_processor") == "gamma"
    assert parameters.get("lambda") == pytest.approx(299792458 / 5.331004e9)


def test_gamma_with_a_list(tmp_path):
    folder = stacks.gamma(tmp_path)
    (folder / "some.list").write_text("".join("{}_{}\n".format(*pair) for pair in stacks.PAIRS[:4]))
    assert mt_ml_select_gamma(list="some.list", workdir=folder) == N
    assert Workspace(folder).load("ps2")["n_ifg"] == 4


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda root: (root / "geo" / "a.lon").unlink(), r"has no \*.lon"),
        (lambda root: (root / "SLC" / "20200125.mli").unlink(), r"has no \*.mli"),
        (lambda root: (root / "SLC" / "20200125.mli").rename(root / "SLC" / "master.mli"), "begin with the date"),
        (lambda root: (root / "SMALL_BASELINES" / "20200101_20200113" / "20200101_20200113.base").unlink(), r"\*.base"),
    ],
)
def test_gamma_stacks_that_are_not_whole(tmp_path, spoil, sentence):
    folder = stacks.gamma(tmp_path)
    spoil(tmp_path)
    with pytest.raises(InputError, match=sentence):
        mt_ml_select_gamma(workdir=folder)
    assert not (folder / "ps2.mat").exists()


def test_gamma_headers_and_directories_that_are_wrong(tmp_path):
    folder = stacks.gamma(tmp_path)
    with pytest.raises(InputError, match="not called SMALL_BASELINES"):
        mt_ml_select_gamma(workdir=tmp_path)
    with pytest.raises(InputError, match="byte order is 'x'"):
        mt_ml_select_gamma(endian="x", workdir=folder)
    par = tmp_path / "SLC" / "20200125.mli.par"
    text = par.read_text()
    for old, new, sentence in (
        ("FLOAT", "SCOMPLEX", "image_format SCOMPLEX"),
        ("azimuth_lines: 14", "azimuth_lines: 13", "bytes"),
        ("prf: 1652.0", "prf: 0", "prf"),
        ("prf: 1652.0", "prf: fast", "fast"),
    ):
        par.write_text(text.replace(old, new))
        with pytest.raises(InputError, match=sentence):
            mt_ml_select_gamma(workdir=folder)


def _write(path, change, dtype=np.float32):
    values = np.fromfile(path, dtype)
    change(values).tofile(path)


def _swapped(names, dtype=np.float32):
    def spoil(folder):
        for name in names:
            for path in folder.glob(name):
                _write(path, lambda values: values.byteswap(), dtype)

    return spoil


def _pipe(folder):
    path = folder / "20200101_20200113" / "coh_2l.raw"
    path.unlink()
    os.mkfifo(path)


@pytest.mark.usefixtures("same_baseline")
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_swapped(["lon_2l.raw", "lat_2l.raw"]), "has the other byte order"),
        (_swapped(["dem_radar_2l.raw"]), "has the other byte order"),
        (_swapped(["2*/coh_2l.raw"]), "as a coherence, but 0 to 1 were expected"),
        (_swapped(["2*/cint.minrefdem_2l.raw"], np.uint32), "which are no phases"),
        (lambda folder: _write(folder / "lon_2l.raw", lambda lon: lon + 500), "as a longitude"),
        (_pipe, "it is a pipe"),
        (lambda folder: (folder / "width.txt").write_text("23.5"), r"width.txt holds 23.5, but a whole number"),
        (lambda folder: (folder / "width.txt").write_text("1e300"), r"width.txt holds 1e\+300, but a whole number"),
        (lambda folder: (folder / "len.txt").write_text("nan"), "len.txt holds nan, but a whole number"),
        (lambda folder: (folder / "looks.txt").write_text("inf"), "looks.txt holds inf, but a whole number"),
        (lambda folder: (folder / "ar.txt").write_text("0"), "ar.txt holds 0, but a whole number"),
        (
            lambda folder: (folder / "master_day.1.in").write_text("20201301"),
            "master_day.1.in holds something that is no",
        ),
        (lambda folder: (folder / "lambda.1.in").write_text("0"), "lambda.1.in has 0 in field 'wavelength'"),
    ],
)
def test_values_that_cannot_be_right(folder, spoil, sentence):
    spoil(folder)
    with pytest.raises(InputError, match=sentence):
        mt_ml_select(workdir=folder)
    assert not (folder / "ps2.mat").exists()


def _names(*pairs):
    return [f"{first}_{second}" for first, second in pairs]


@pytest.mark.usefixtures("same_baseline")
def test_lists_with_blanks_one_interferogram_and_none_of_the_master(folder):
    listed = folder / "some.list"
    listed.write_bytes(f"  {_names(stacks.PAIRS[1])[0]}\r\n\r\n".encode())
    assert mt_ml_select(list="some.list", workdir=folder) == N
    ps = Workspace(folder).load("ps2")
    assert (ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (1, 2, 1)
    for content, sentence in (
        (_names(stacks.PAIRS[0])[0].encode(), "No interferogram contains the master, 20200125"),
        (b"", "some.list names no folders"),
        (b"\xff\x00\x1b[31m", r"some.list names \\ufffd\\x00\\x1b\[31m"),
    ):
        listed.write_bytes(content)
        with pytest.raises(InputError, match=sentence):
            mt_ml_select(list="some.list", workdir=folder)
    for name in ("none.list", _names(stacks.PAIRS[0])[0]):
        with pytest.raises(InputError, match=f"The list .*{name} cannot be read"):
            mt_ml_select(list=name, workdir=folder)


@pytest.mark.usefixtures("same_baseline")
def test_defaults_of_empty_arguments_and_a_coherence_that_is_no_number(folder):
    path = folder / _names(stacks.PAIRS[0])[0] / "coh_2l.raw"
    _write(path, lambda values: np.full_like(values, np.nan))
    assert mt_ml_select(np.zeros(0), None, workdir=folder) == N
    stored = Workspace(folder).load("pm2")["coh_ps"]
    known = np.column_stack([stacks.coherence(sum(pair))[:, :COLUMNS].ravel() for pair in stacks.PAIRS[1:]]).mean(
        axis=1
    )
    np.testing.assert_allclose(np.sort(pixel_coherence(stored, N)), np.sort(known), rtol=1e-5)


@pytest.mark.usefixtures("same_baseline")
def test_pixels_without_a_height_are_left_out(folder):
    def change(heights):
        heights[0] = np.nan
        return heights

    _write(folder / "dem_radar_2l.raw", change)
    assert mt_ml_select(workdir=folder) == N - 1


@pytest.mark.usefixtures("same_baseline")
def test_what_steps_1_to_5_would_have_made_is_not_asked_for(tmp_path, capsys):
    folder = stacks.single_master(tmp_path)
    mt_ml_select(workdir=folder)
    assert len(ps_info(folder)) == 6
    for start, end in ((5, 5), (1, 8), (0, 8)):
        with pytest.raises(ParameterError, match=r"begins with multilooked interferograms.*stamps 6 8"):
            stamps(start, end, workdir=folder)
    assert "zeros in the original" in (folder / "STAMPS.log").read_text()


def test_gamma_rasters_in_the_other_byte_order(tmp_path):
    folder = stacks.gamma(tmp_path, "<")
    with pytest.raises(InputError, match=r"as a coherence.*endian"):
        mt_ml_select_gamma(workdir=folder)

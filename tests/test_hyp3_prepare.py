"""HyP3's products made a merged project: files and their classes, modes, options."""

import csv
import sys

import numpy as np
import pytest
import rasterio
from pyproj import Transformer

from helpers import hyp3_products as products_of
from stamps import ps_plot
from stamps.errors import ExternalProgramError, StampsError
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.legacy.stamps import stamps
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace, findings
from stamps.workspace.parameters import Parameters

FILES = {
    "keep": {"phuw2", "phuw_sb2", "phuw_sb_res2"},
    "repair": {"phuw_sb2"},
    "redo": set(),
}
ALWAYS = {"ps2", "ph2", "rc2", "pm2", "bp2", "hgt2", "la2", "inc2", "parms", "psver"}


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    return products_of.simulated(tmp_path_factory.mktemp("hyp3") / "stack")


@pytest.fixture(scope="module")
def projects(products, tmp_path_factory):
    """Mode -> (what was answered, workspace)."""
    folder = tmp_path_factory.mktemp("projects")
    answers = {mode: products_of.prepared(products, folder / mode, unwrap=mode) for mode in FILES}
    return {mode: (answer, Workspace(folder / mode)) for mode, answer in answers.items()}


def at_pixels(products, ws, number, tag):
    """Values of a raster at the pixels of a project, found by their longitudes and latitudes."""
    with rasterio.open(products_of.raster(products_of.pairs(products)[number], tag)) as file:
        easting, northing = Transformer.from_crs(4326, file.crs, always_xy=True).transform(*ws.load("ps2")["lonlat"].T)
        west, spacing, _, north = file.transform.to_gdal()[:4]
        rows, columns = (north - np.array(northing)) / spacing, (np.array(easting) - west) / spacing
        return file.read(1)[np.floor(rows).astype(int), np.floor(columns).astype(int)]


@pytest.mark.parametrize("mode", FILES)
def test_files_of_the_modes(projects, mode):
    answer, ws = projects[mode]
    assert {path.stem for path in ws.path.glob("*.mat")} == ALWAYS | FILES[mode]
    assert ws.read_text("processor.txt") == "hyp3\n"
    assert ws.version == 2
    assert Parameters(ws).get("insar_processor") == "hyp3"
    assert Parameters(ws).flag("unwrap_hold_good_values") == (mode == "repair")
    assert answer.next_command == ("stamps 7 8" if mode == "keep" else "stamps 6 8")


def test_classes_as_matlab_has_them(projects):
    ws = projects["keep"][1]
    classes = {
        "ps2": {"ij": "f8", "lonlat": "f8", "xy": "f4", "bperp": "f8", "day": "f8", "ifgday": "f8", "ifgday_ix": "f8",
                "master_ix": "f8", "n_ps": "f8", "ll0": "f8", "mean_incidence": "f8", "mean_range": "f8"},
        "ph2": {"ph": "c8"}, "rc2": {"ph_rc": "c8", "ph_reref": "f8"}, "pm2": {"coh_ps": "f8"}, "bp2": {"bperp_mat": "f4"},
        "hgt2": {"hgt": "f8"}, "la2": {"la": "f8"}, "inc2": {"inc": "f8"}, "phuw_sb2": {"ph_uw": "f4", "msd": "f4"},
        "phuw2": {"ph_uw": "f4"}, "psver": {"psver": "f8"},
    }  # fmt: skip
    for file, variables in classes.items():
        raw = ws.load_raw(file)
        for name, dtype in variables.items():
            assert raw[name].dtype == np.dtype(dtype), (file, name)
            assert raw[name].ndim == 2
    assert set(ws.variables_of("pm2")) == {"coh_ps"}
    assert ws.load_raw("rc2")["ph_reref"].shape == (0, 0)
    assert ws.load_raw("ps2")["xy"].shape == (ws.load("ps2")["n_ps"], 3)


def test_pixel_table(products, projects):
    answer, ws = projects["repair"]
    ps = ws.load("ps2")
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"]) == (answer.n_pixels, answer.n_pairs, answer.n_images)
    assert (ps["ij"][:, 0] == np.arange(1, ps["n_ps"] + 1)).all()
    assert (ps["xy"][:, 0] == ps["ij"][:, 0]).all()
    assert (np.diff(ps["xy"][:, 2]) >= 0).all()  # sorted by y
    assert ps["ij"][:, 1:].min() >= 0
    assert ps["ij"][:, 1].max() < int(ws.read_text("len.txt"))
    assert ps["ij"][:, 2].max() < int(ws.read_text("width.txt"))
    assert (np.diff(ps["day"]) > 0).all()
    assert (ps["ifgday"] == ps["day"][ps["ifgday_ix"]]).all()
    assert (ps["ifgday_ix"][:, 0] < ps["ifgday_ix"][:, 1]).all()
    assert ps["master_day"] == ps["day"][ps["master_ix"]] == datenum(int(answer.master))
    assert answer.n_pixels > 200


def test_values_are_those_of_the_products(products, projects):
    ws = projects["repair"][1]
    ph_uw, ph = ws.load("phuw_sb2")["ph_uw"], ws.load("ph2")["ph"]
    for number, product in enumerate(products_of.pairs(products)):
        unw = at_pixels(products, ws, number, "unw_phase")
        assert (ph_uw[:, number] == unw).all()
        expected = at_pixels(products, ws, number, "corr") * np.exp(1j * unw.astype(float))
        np.testing.assert_allclose(ph[:, number], expected, atol=1e-6)
        assert (ws.load("bp2")["bperp_mat"][:, number] == np.float32(products_of.value_of(product, "Baseline"))).all()
    assert (ws.load("hgt2")["hgt"] == at_pixels(products, ws, 0, "dem")).all()
    np.testing.assert_allclose(ws.load("inc2")["inc"], np.pi / 2 - at_pixels(products, ws, 0, "lv_theta"), atol=1e-7)
    assert (ws.load("pm2")["coh_ps"] >= 0.3).all()


def test_angles_and_parameters(products, projects):
    ws = projects["repair"][1]
    product, inc = products_of.pairs(products)[0], ws.load("inc2")["inc"]
    earth, height = (float(products_of.value_of(product, k)) for k in ("Earth radius at nadir", "Spacecraft height"))
    np.testing.assert_allclose(ws.load("la2")["la"], np.arcsin(np.sin(inc) * earth / (earth + height)))
    assert ws.load("ps2")["mean_incidence"] == pytest.approx(inc.mean())
    assert ws.load("ps2")["mean_range"] == float(products_of.value_of(product, "Slant range center"))
    parameters = Parameters(ws)
    assert parameters.get("heading") == -166.6
    assert parameters.get("lambda") == pytest.approx(299792458 / 5.405000454334349e9)
    assert parameters.flag("small_baseline_flag")


def test_redo_takes_the_wrapped_phase(products, projects):
    phase = np.angle(projects["redo"][1].load("rc2")["ph_rc"][:, 2])
    np.testing.assert_allclose(phase, at_pixels(products, projects["redo"][1], 2, "wrapped_phase"), atol=1e-6)
    unwrapped = np.angle(projects["repair"][1].load("rc2")["ph_rc"][:, 2])
    assert (
        np.abs(np.exp(1j * phase) - np.exp(1j * unwrapped)).min() > 1e-3
    )  # the constant is in the unwrapped one alone


def test_keep_inverts_as_the_command_does(projects, tmp_path):
    ws = projects["keep"][1]
    before = {name: ws.load_raw(name) for name in ("phuw2", "phuw_sb_res2")}
    copy = Workspace(products_of.copied(ws.path, tmp_path / "copy"))
    sb_invert_uw(workdir=copy)
    for name, variables in before.items():
        again = copy.load_raw(name)
        assert set(again) == set(variables)
        for key, value in variables.items():
            assert again[key].dtype == value.dtype
            np.testing.assert_array_equal(again[key], value)


def test_table_of_products(products, projects):
    rows = list(csv.DictReader(projects["repair"][1].read_text("hyp3.csv").splitlines()))
    assert [row["product"] for row in rows] == [path.name for path in products_of.pairs(products)]
    assert all(row["utc_s"] == "18362.114512" or float(row["utc_s"]) > 18362 for row in rows)
    assert all(0 < float(row["valid_fraction"]) <= 1 and 0.3 < float(row["mean_coherence"]) <= 1 for row in rows)
    assert {row["turned"] for row in rows} == {"n"}


@pytest.mark.parametrize("kind", ["INSAR_ISCE_MULTI_BURST", "INSAR_ISCE_BURST"])
def test_the_other_types(tmp_path, kind):
    products = products_of.simulated(tmp_path / "stack", hyp3_type=kind, lines=90, samples=90)
    answer = products_of.prepared(products, tmp_path / "project", water=True)
    assert kind in answer.lines[0]
    ws = Workspace(answer.workdir)
    assert (at_pixels(products, ws, 0, "conncomp") > 0).all()
    assert (at_pixels(products, ws, 0, "water_mask") > 0).all()
    stamps(6, 8, workdir=ws.path)
    assert np.isfinite(ws.load("scn2")["ph_scn_slave"]).all()


def test_a_turned_pair_gives_the_same_project(products, projects, tmp_path):
    copy = products_of.copied(products, tmp_path / "hyp3")
    products_of.turned(products_of.pairs(copy)[1])
    answer = products_of.prepared(copy, tmp_path / "project")
    assert any("1 pairs with the older image second were turned" in line for line in answer.lines)
    for name in ("ps2", "rc2", "ph2", "bp2", "phuw_sb2"):
        for key, value in projects["repair"][1].load_raw(name).items():
            np.testing.assert_allclose(Workspace(answer.workdir).load_raw(name)[key], value, atol=1e-6)
    assert ",y," in Workspace(answer.workdir).read_text("hyp3.csv")


def test_every_area_and_master(products, projects, tmp_path):
    whole = projects["repair"][1].load("ps2")
    lon, lat = np.median(whole["lonlat"], axis=0)
    corners = (lon, lat, whole["lonlat"][:, 0].max() + 1, whole["lonlat"][:, 1].max() + 1)
    answer = products_of.prepared(products, tmp_path / "area", area=corners, master="20180108")
    lonlat = Workspace(answer.workdir).load("ps2")["lonlat"]
    inside = (whole["lonlat"][:, 0] >= lon) & (whole["lonlat"][:, 1] >= lat)
    assert answer.n_pixels == np.count_nonzero(inside)
    assert lonlat.min(axis=0) == pytest.approx([lon, lat], abs=0.01)
    assert answer.master == "20180108"
    thin = products_of.prepared(products, tmp_path / "thin", every=3)
    ij = Workspace(thin.workdir).load("ps2")["ij"]
    assert (ij[:, 1:] % 3 == 0).all()
    assert thin.n_pixels == np.count_nonzero((whole["ij"][:, 1:] % 3 == 0).all(axis=1))


def test_excluded_dates_and_pairs(products, tmp_path):
    pair = products_of.pairs(products)[0]
    dates = [text[:8] for text in pair.name.split("_")[1:3]]
    answer = products_of.prepared(products, tmp_path / "pair", exclude=["_".join(reversed(dates))])
    assert answer.n_pairs == len(products_of.pairs(products)) - 1
    answer = products_of.prepared(products, tmp_path / "date", exclude=[dates[0]])
    assert answer.n_images == 4


def test_a_second_conversion_replaces_the_first_and_its_results(products, tmp_path):
    answer = products_of.prepared(products, tmp_path / "project", unwrap="keep")
    stamps(7, 8, workdir=answer.workdir)
    Parameters(answer.workdir).set("scla_deramp", "y")
    ps_plot("v-d", -1, workdir=answer.workdir)
    mine = {"mine", "gps2", "mvbs", "tcas_of_mine"}
    for name in (*(f"{stem}.mat" for stem in mine), "notes.txt", "tide2.mat", "uw_grid.mat", "phuw_sb2_original.mat"):
        (answer.workdir / name).write_bytes(b"")
    products_of.prepared(products, answer.workdir, unwrap="redo", coherence=0.5)
    ws = Workspace(answer.workdir)
    assert {path.stem for path in ws.path.glob("*.mat")} == ALWAYS | mine
    assert ws.has_file("notes.txt")
    assert not Parameters(ws).flag("scla_deramp")


@pytest.mark.parametrize("mode", FILES)
def test_steps_before_unwrapping_are_refused(projects, tmp_path, mode):
    folder = products_of.copied(projects[mode][1].path, tmp_path / "copy")
    for steps in ((1, 8), (0, 8), (5, 5), (2, 3)):
        for dry in (False, True):
            with pytest.raises(StampsError, match=r"nothing for steps 1 to 5 to do; go on with step 6"):
                stamps(*steps, workdir=folder, dry_run=dry)
    assert {path.stem for path in folder.glob("*.mat")} == ALWAYS | FILES[mode]


def test_the_common_grid_leaves_out_what_one_product_lacks(products, tmp_path):
    copy = products_of.copied(products, tmp_path / "hyp3")
    product = products_of.pairs(copy)[2]
    holes = np.zeros((60, 60), bool)
    holes[5:25, 5:25] = True
    products_of.changed(product, "unw_phase", lambda unw: np.where(holes[: unw.shape[0], : unw.shape[1]], 0, unw))
    answer = products_of.prepared(copy, tmp_path / "project")
    table = [line for line in answer.lines if product.name in line]
    assert "Pixels gained by leaving out one interferogram:" in answer.lines
    whole = products_of.prepared(products, tmp_path / "whole").n_pixels
    assert int(table[0].split()[1]) == whole - answer.n_pixels > 50


def test_a_product_that_costs_much_of_the_grid_is_named(products, tmp_path):
    copy = products_of.copied(products, tmp_path / "hyp3")
    product = products_of.pairs(copy)[1]
    products_of.moved(product, x=80 * 20)
    answer = products_of.prepared(copy, tmp_path / "project")
    assert any(line.startswith(f"Warning: {product.name} costs") for line in answer.lines)


def test_a_baseline_of_the_wrong_sign_is_named(products, tmp_path):
    copy = products_of.copied(products, tmp_path / "hyp3")
    product = max(products_of.pairs(copy), key=lambda p: abs(float(products_of.value_of(p, "Baseline"))))
    baseline = products_of.value_of(product, "Baseline")
    products_of.rewritten(product, f"Baseline: {baseline}", f"Baseline: {-float(baseline)}")
    answer = products_of.prepared(copy, tmp_path / "project")
    named = [line for line in answer.lines if line.startswith("Warning: The baseline of")]
    assert any(product.name in line for line in named)
    number = products_of.pairs(copy).index(product) + 1
    assert any(f"setparm drop_ifg_index {number})" in text for text in findings.collect(Workspace(answer.workdir)))
    assert not [line for line in products_of.prepared(products, tmp_path / "right").lines if "Warning" in line]
    tolerant = products_of.prepared(copy, tmp_path / "tolerant", tolerance=500.0)
    assert not [line for line in tolerant.lines if "Warning" in line]


@pytest.mark.parametrize("module", ["rasterio", "pyproj"])
def test_a_missing_package_is_named(products, tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ExternalProgramError, match=rf"{module}, which is not installed: pip install 'stamps-insar\[hyp3\]'"
    ):
        products_of.prepared(products, tmp_path / "project")
    assert not (tmp_path / "project").exists()

"""``stamps.model`` on projects whose motion is known."""

import csv
import datetime
import json

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from helpers.moving_project import VALUES, dates, moving
from stamps.cli.program import run
from stamps.errors import InputError, ParameterError
from stamps.products.series import dates_of
from stamps.products.series_models.choice import ModelChoice
from stamps.products.series_models.pictures import draw_series

N, K = 60, 70
DAYS = dates(K)
YEARS = (DAYS - DAYS[3]) / 365.25
NAMES = [f"{day:%Y%m%d}" for day in dates_of(DAYS)]


def truth(seed, noise=0.5):
    """Noise, and pixel 0 still."""
    series = np.random.default_rng(seed).normal(0, noise, (N, K))
    series[0] = 0
    return series


def read_rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def modelled(tmp_path, series, **options):
    ws = moving(tmp_path / "p", series)
    lon, lat = ws.load("ps2")["lonlat"][0]
    options = {"values": VALUES, "n_boot": 3, "reference_area": (lon, lat, 1.0), **options}
    return stamps.model(None, None, ws.path, **options)


@pytest.mark.parametrize("seed", [1, 2])
def test_velocity_and_acceleration_on_the_date_of_the_master(tmp_path, seed):
    series = truth(seed)
    series[1:] += 12 * YEARS + 3 * YEARS**2 / 2
    found = modelled(tmp_path, series, degree=2, weights="equal")
    for name, error, value in (("velocity", "vel_sd", 12), ("accel", "accel_sd", 3)):
        off = (found.column(name)[1:] - value) / found.column(error)[1:]
        assert abs(off.mean()) < 1 and 0.7 < off.std() < 1.35
    assert found.column("r2")[1:].min() > 0.98 and (found.column("n_dates") == K).all()


@pytest.mark.parametrize("seed", [3, 4])
def test_annual_motion_and_the_day_of_its_maximum(tmp_path, seed):
    series = truth(seed)
    series[1:] += 6 * np.cos(2 * np.pi * (YEARS - 0.2))
    found = modelled(tmp_path, series, annual=True)
    assert np.median(found.column("ann_amp")[1:]) == pytest.approx(6, abs=0.1)
    assert np.median(found.column("ann_day")[1:]) == pytest.approx(0.2 * 365.25, abs=2)
    assert (found.column("ann_p")[1:] < 1e-6).all()
    master = datetime.date.fromisoformat(found.table.metadata["reference_date"])
    expected = (master.timetuple().tm_yday - 1 + 0.2 * 365.25) % 365.25 + 1
    assert np.median(found.column("ann_doy")[1:]) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    ("options", "column", "shape", "size"),
    [
        ({"steps": NAMES[30]}, "step1", lambda: (DAYS > DAYS[30]) * 1.0, 9),
        ({"slopes": [NAMES[30]]}, "slope1", lambda: np.maximum(0, DAYS - DAYS[30]) / 365.25, 14),
        ({"exponentials": f"{NAMES[30]}:40"}, "exp1", lambda: -np.expm1(-np.maximum(0, DAYS - DAYS[30]) / 40), 11),
        ({"logarithms": [(NAMES[30], 40)]}, "log1", lambda: np.log1p(np.maximum(0, DAYS - DAYS[30]) / 40), 5),
        ({"periods": [0.5]}, "p1_cos", lambda: np.cos(4 * np.pi * YEARS), 4),
    ],
)
def test_every_other_term(tmp_path, options, column, shape, size):
    series = truth(5)
    series[1:] += size * shape()
    found = modelled(tmp_path, series, weights="equal", **options)
    off = (found.column(column)[1:] - size) / found.column(f"{column}_sd")[1:]
    assert abs(off.mean()) < 1 and off.std() < 1.4


@pytest.mark.parametrize("seed", [6, 7])
def test_kinds_of_motion_and_a_common_break(tmp_path, seed):
    series = truth(seed)
    series[10:20] += 20 * YEARS
    series[20:30] += 25 * np.maximum(0, YEARS - YEARS[35])
    series[30:50] += 27.75 * (DAYS > DAYS[40])
    found = modelled(tmp_path, series, classify=True)
    kinds = found.column("ts_type")
    assert (kinds[:10] == 0).mean() > 0.8 and (kinds[10:20] == 1).mean() > 0.8
    assert (kinds[20:30] == 3).mean() > 0.7 and (kinds[30:50] == 4).mean() > 0.8
    assert (found.column("cycle_jump")[30:50] == 1).mean() > 0.8
    jumps = kinds == 4
    assert {*found.column("t_break")[30:50][jumps[30:50]]} == {dates_of(DAYS[40])[0].isoformat()}
    assert any(f"after {dates_of(DAYS[40])[0]}" in text for text in found.warnings)
    text = found.summary()
    assert "jump" in text and "Warning:" in text and f"{int((kinds == 0).sum()):8d}" in text


def test_correlated_noise_makes_errors_larger(tmp_path):
    rng, series = np.random.default_rng(8), np.zeros((N, K))
    for k in range(1, K):
        series[:, k] = 0.8 * series[:, k - 1] + rng.normal(0, 1, N)
    found = modelled(tmp_path, series, correlated=True, weights="equal")
    assert np.median(found.column("vel_sd")) > 1.7 * np.median(found.column("vel_sd_wh"))
    assert np.median(found.column("corr_days")) > 15


def test_noisy_dates_count_less(tmp_path):
    rng, sizes = np.random.default_rng(9), np.where(np.arange(K) % 2, 10.0, 0.3)
    series = rng.normal(0, 1, (N, K)) * sizes
    ws = moving(tmp_path / "p", series)
    ws.save("ifgstd2", {"ifg_std": sizes.astype(np.float32)})
    errors = {}
    for weights in ("auto", "equal"):
        found = stamps.model(None, None, ws.path, values=VALUES, n_boot=3, weights=weights)
        errors[weights] = found.column("velocity").std()
    assert errors["auto"] < 0.3 * errors["equal"]
    ws.delete("ifgstd2.mat")
    found = stamps.model(None, None, ws.path, values=VALUES, n_boot=3)
    assert "not known" in found.weights_from
    with pytest.raises(InputError, match="noise of the dates is not known"):
        stamps.model(None, None, ws.path, values=VALUES, n_boot=3, weights="noise")


def test_a_pixel_with_gaps_and_one_with_nothing(tmp_path):
    series = truth(10)
    series[1:] += 10 * YEARS
    ws = moving(tmp_path / "p", series)
    stored = ws.load("phuw2")
    stored["ph_uw"][5, 10:20] = np.nan
    stored["ph_uw"][6, :-2] = np.nan
    ws.save("phuw2", stored)
    found = stamps.model(None, None, ws.path, values=VALUES, n_boot=3, classify=True)
    assert found.column("n_dates")[5] == K - 10 and np.isfinite(found.column("velocity")[5])
    assert np.isnan(found.column("velocity")[6]) and np.isnan(found.column("ts_type")[6])
    assert "1 pixels have too few dates" in found.summary()


@pytest.mark.parametrize("kind", ["csv", "gpkg", "geojson", "shp", "kml", "geotiff", "geoparquet", "netcdf", "zarr"])
def test_every_kind_of_file(tmp_path, kind):
    ws = moving(tmp_path / "p", truth(11))
    before = {path.name for path in ws.path.iterdir()}
    found = stamps.model(kind, None, ws.path, values=VALUES, n_boot=3, classify=True, annual=True)
    assert found.path.exists() and found.path.stem == "model"
    assert not [name for name in {path.name for path in ws.path.iterdir()} - before if name.startswith(".")]
    if kind in ("gpkg", "geojson", "shp", "geoparquet"):
        geopandas = pytest.importorskip("geopandas")
        read = geopandas.read_parquet(found.path) if kind == "geoparquet" else geopandas.read_file(found.path)
        np.testing.assert_allclose(read["velocity"], found.column("velocity"), rtol=1e-5)
        assert {"ts_type", "ann_amp_sd", "cycle_jump"} <= {*read.columns}
        assert not [name for name in read.columns if name.startswith("D2")]


def test_columns_of_a_table_and_of_an_export(tmp_path):
    ws = moving(tmp_path / "p", truth(12))
    found = stamps.model("csv", tmp_path / "m.csv", ws.path, values=VALUES, n_boot=3, degree=2)
    rows = read_rows(tmp_path / "m.csv")
    assert float(rows[7]["accel"]) == pytest.approx(found.column("accel")[7], abs=1e-3)
    assert not [name for name in rows[0] if name.startswith("D2")]
    facts = json.loads((tmp_path / "m.csv-metadata.json").read_text())
    assert facts["model"]["degree"] == 2 and facts["fields"]["accel"]["unit"] == "mm/yr2"
    assert max(len(name) for name in facts["fields"]) <= 10
    stamps.export("csv", tmp_path / "e.csv", ws.path, values=VALUES, n_boot=3, model="degree=2,annual")
    rows = read_rows(tmp_path / "e.csv")
    assert {"accel", "ann_amp", f"D{NAMES[0]}"} <= {*rows[0]}
    pytest.importorskip("xarray")
    data = stamps.open(ws.path, VALUES, n_boot=3, model=True)
    assert data["model_velocity"].attrs["units"] == "mm year-1" and data["model_ts_type"].dims == ("point",)
    assert "model_velocity" not in stamps.open(ws.path, VALUES)
    pytest.importorskip("pandas")
    assert "ts_type" in stamps.frame(ws.path, VALUES, n_boot=3, model={"classify": True})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"degree": 4}, ParameterError, "0, 1, 2 or 3"),
        ({"periods": ["long"]}, InputError, "a number of years"),
        ({"periods": [-1]}, ParameterError, "positive number"),
        ({"periods": [9.0]}, ParameterError, "cannot be told from a trend"),
        ({"steps": "20010101"}, ParameterError, "Nothing can be said of a change on 2001-01-01"),
        ({"steps": "soon"}, InputError, "a date such as"),
        ({"exponentials": "20190101"}, InputError, "a date and a time in days"),
        ({"logarithms": "20190101:-3"}, ParameterError, "positive number"),
        ({"annual": True, "periods": [1.0]}, ParameterError, "stands twice"),
        ({"weights": "heavy"}, InputError, "auto, noise or equal"),
        ({"classify": True, "alpha": 2}, ParameterError, "between 0 and 1"),
        ({"classify": True, "segment": 60}, ParameterError, "from .* dates on"),
        ({"file_format": "mintpy"}, InputError, "no room for a model"),
        ({"file_format": "xls"}, InputError, "not a kind of export"),
        ({"out": "x.csv"}, InputError, "no kind of file"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, error, message):
    ws = moving(tmp_path / "p", truth(13))
    with pytest.raises(error, match=message):
        stamps.model(workdir=ws.path, values=VALUES, n_boot=3, **options)


def test_a_model_as_one_text():
    text = "degree=2,annual,period=0.5,step=20190101,step=2019-02-01,exp=20190101:30,classify,alpha=0.05,weights=equal"
    read = ModelChoice.read(text)
    assert read.degree == 2 and read.annual and read.classify and read.alpha == 0.05 and read.periods == (0.5,)
    assert [day.isoformat() for day in read.steps] == ["2019-01-01", "2019-02-01"]
    assert read.exponentials[0][1] == 30 and read.terms().periods == (1.0, 0.5)
    assert ModelChoice.read(True).classify and ModelChoice.read(read) is read
    for wrong in ("degree", "degree=x", "cubic", "step", "annual=1"):
        with pytest.raises(InputError):
            ModelChoice.read(wrong)
    with pytest.raises(InputError, match="A model has no 'grade'"):
        ModelChoice.of(grade=2)


@pytest.mark.parametrize("kind", ["single_master", "small_baselines"])
def test_shell_and_pictures(tmp_path, monkeypatch, capsys, kind):
    pytest.importorskip("matplotlib")
    many = {"n_ifg": 20} if kind == "single_master" else {"n_image": 20}
    ws = getattr(finished, kind)(tmp_path / "p", **many)
    monkeypatch.chdir(ws.path)
    lon, lat = (str(number) for number in ws.load("ps2")["lonlat"][0])
    words = ["--n-boot", "3", "--classify", "--every", "2"]
    assert run("stamps", ["model", "csv", *words, "--picture", "kinds.png", "--series"]) == 0
    assert run("stamps", ["model", *words, "--picture", "acc.png", "--show", "acc"]) == 0
    assert run("stamps", ["model", *words, "--picture", "one.png", "--point", lon, lat]) == 0
    said = capsys.readouterr().out
    assert "kinds of motion" in said and "Table: " in said
    for name in ("kinds.png", "acc.png", "one.png"):
        assert (ws.path / name).read_bytes()[:4] == b"\x89PNG"
    assert "D2018" in (ws.path / "model.csv").read_text().splitlines()[0]
    assert run("stamps", ["model", *words, "--picture", "x.png", "--show", "t_break"]) == 1
    assert run("stamps", ["model", *words, "--picture", "x.png", "--show", "nothing"]) == 1
    assert run("stamps", ["model", *words, "--picture", "x.png", "--point", "0", "0"]) == 1
    assert not (ws.path / "x.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degree": True}, "degree is True"),
        ({"degree": 1.5}, "a whole number from 0 on"),
        ({"degree": "2"}, "degree is '2'"),
        ({"segment": 2.5}, "segment is 2.5"),
        ({"alpha": "x"}, "alpha is 'x', but a number"),
        ({"alpha": float("nan")}, "between 0 and 1"),
        ({"exponentials": 5}, "such as 20190101:30"),
        ({"logarithms": {"a": 1}}, "such as 20190101:30"),
        ({"periods": [1.0000001], "annual": True}, "1 years stands twice"),
        ({"periods": [1e-6]}, r"shorter than two of the shortest interval of the dates \(12 days\)"),
        ({"slopes": NAMES[0]}, "cannot tell slope_"),
        ({"steps": NAMES[-1]}, "a change on"),
        ({"seed": -1}, "from 0 on was expected"),
        ({"step": float("nan")}, "every second"),
        ({"unheard": 1}, "no option 'unheard'"),
    ],
)
def test_options_that_cannot_be(tmp_path, options, message):
    with pytest.raises((InputError, ParameterError), match=message):
        modelled(tmp_path, truth(0), **options)


def test_numbers_and_dates_of_numpy_are_as_good():
    given = {"degree": np.int64(2), "steps": np.array([20180601]), "periods": np.array([0.5]), "segment": np.int32(6)}
    found = ModelChoice.of(**given)
    assert found == ModelChoice.of(degree=2, steps=20180601, periods=0.5, segment=6)
    assert json.loads(json.dumps(found.described()))["degree"] == 2
    assert found.steps == ModelChoice.of(steps=np.datetime64("2018-06-01")).steps
    for text in ("degree=1,degree=2", "annual,annual"):
        with pytest.raises(InputError, match="stands twice"):
            ModelChoice.read(text)
    for wrong in (5, [], 2.5):
        with pytest.raises(InputError, match="a text, a mapping or True"):
            ModelChoice.read(wrong)


@pytest.mark.parametrize("kind", ["visualizer", "egms", "mintpy"])
def test_files_of_fixed_columns_have_no_room(tmp_path, kind):
    ws = moving(tmp_path / "p", truth(1))
    for call in (
        lambda: stamps.export(kind, workdir=ws.path, values=VALUES, n_boot=3, model=True),
        lambda: stamps.model(kind, workdir=ws.path, values=VALUES, n_boot=3),
        lambda: stamps.components(kind, workdir=ws.path, values=VALUES, n_boot=3, method="pca"),
    ):
        with pytest.raises(InputError, match=f"{kind} have no room for .* csv, gpkg"):
            call()
    with pytest.raises(InputError, match="longitude and latitude in degrees"):
        draw_series(stamps.model(workdir=ws.path, values=VALUES, n_boot=3), float("nan"), 40.0, "x.png")

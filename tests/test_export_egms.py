"""Tables of the European Ground Motion Service: codes, projection, fits, files, reading."""

import json
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from helpers.moving_project import VALUES, dates, moving
from stamps.analysis.egms import egms_fields
from stamps.cli.program import run
from stamps.errors import InputError, WorkspaceError
from stamps.insar.laea import to_laea
from stamps.products.egms import read_egms
from stamps.products.exports.egms import _without_nan
from stamps.products.exports.egms_codes import Burst, base62, burst_of, point_codes

BURST = {"track": 88, "burst": 282, "swath": 2, "polarisation": "VV"}
HEADER = (
    "pid,mp_type,latitude,longitude,easting,northing,height,height_wgs84,line,pixel,rmse,temporal_coherence,"
    "amplitude_dispersion,incidence_angle,track_angle,los_east,los_north,los_up,mean_velocity,mean_velocity_std,"
    "acceleration,acceleration_std,seasonality,seasonality_std"
)
N, K = 40, 60
YEARS = (dates(K) - dates(K)[0]) / 365.25


def test_the_code_of_a_point():
    codes, what = point_codes(burst_of(**BURST), 3, np.array([1234]), np.array([12345]), np.array([7]))
    assert codes.tolist() == ["3ODTn5TNYv"] and what == "codes of the service"
    assert burst_of(**BURST).name() == "EGMS_L2a_088_0282_IW2_VV"


def test_running_numbers_where_there_is_no_code():
    rows, zero = np.array([0, 61, 3844]), np.zeros(3, dtype=np.int64)
    expected = ["0000000001", "0000000010", "0000000101"]
    burst = Burst(88, 282, 2, "VV")
    for given, line, pixel in ((None, zero, np.arange(3)), (burst, np.arange(3) + 2047, zero), (burst, zero, zero)):
        codes, what = point_codes(given, 0, line, pixel, rows)
        assert codes.tolist() == expected and "running" in what
    many = point_codes(None, 0, zero, zero, np.arange(3))[0]
    assert len(set(many)) == 3
    with pytest.raises(InputError, match="does not fit"):
        base62(np.array([62]), 1)


def test_the_projection():
    assert to_laea([[5.0, 50.0]])[0] == pytest.approx([3962799.45, 2999718.85], abs=0.01)
    pyproj = pytest.importorskip("pyproj")
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-25, 40, 50), rng.uniform(30, 72, 50)])
    there = pyproj.Transformer.from_crs("EPSG:4258", "EPSG:3035", always_xy=True).transform(*lonlat.T)
    np.testing.assert_allclose(to_laea(lonlat), np.column_stack(there), atol=1e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_fits_are_those_of_the_closed_forms(seed):
    rng = np.random.default_rng(seed)
    days = 737000.0 + np.cumsum(rng.choice([6.0, 12.0, 18.0], 50))
    series = rng.normal(0, 3, (7, 50))
    series[2, 4:9] = np.nan
    series[3, 6:] = np.nan
    found = egms_fields(days, series, 4.4)
    for row, y in enumerate(series):
        there = np.isfinite(y)
        if row == 3:
            assert all(np.isnan(values[row]) for values in found.values())
            continue
        t, y = (days[there] - days[0]) / 365, y[there]
        c, s, one = np.cos(2 * np.pi * t), np.sin(2 * np.pi * t), np.ones_like(t)
        for design, name, column in (
            ([t, one, c, s], "mean_velocity", 0),
            ([t**2 / 2, t, one, c, s], "acceleration", 0),
        ):
            g = np.column_stack(design)
            x = np.linalg.lstsq(g, y, rcond=None)[0]
            left, q = y - g @ x, np.linalg.inv(g.T @ g)
            assert found[name][row] == pytest.approx(x[column])
            assert found[f"{name}_std"][row] == pytest.approx(np.sqrt(q[column, column]) * left.std(ddof=1))
            if name == "mean_velocity":
                assert found["temporal_coherence"][row] == pytest.approx(abs(np.exp(1j * left / 4.4).mean()))
        g = np.column_stack([t**3, t**2, t, one, c, s])
        x, q = np.linalg.lstsq(g, y, rcond=None)[0], np.linalg.inv(g.T @ g)
        rmse = np.sqrt(((y - g @ x) ** 2).mean())
        assert found["rmse"][row] == pytest.approx(rmse) and found["zero"][row] == pytest.approx(x[3] + x[4])
        assert found["seasonality"][row] == pytest.approx(np.hypot(x[4], x[5]))
        expected = rmse * np.sqrt((4 - np.pi) / 2 * (q[4, 4] + q[5, 5]) / 2)
        assert found["seasonality_std"][row] == pytest.approx(expected)


def test_less_than_a_year_has_no_season():
    found = egms_fields(737000 + 6.0 * np.arange(50), np.ones((2, 50)), 4.4)
    assert np.isnan(found["seasonality"]).all()


@pytest.mark.parametrize(("n_dates", "is_known"), [(7, False), (8, True)])
def test_eight_dates_are_enough(n_dates, is_known):
    days = 737000 + np.array([0.0, 50, 110, 190, 240, 330, 420, 500])[-n_dates:]
    found = egms_fields(days, np.sqrt(np.arange(n_dates))[None])
    assert "temporal_coherence" not in found
    assert all(np.isfinite(values).all() == is_known for values in found.values())


def test_a_year_of_the_service_has_365_days():
    days = 737000 + 73.0 * np.arange(20)
    found = egms_fields(days, 3.65 * np.arange(20)[None] * 73 / 365)
    assert found["mean_velocity"] == pytest.approx(3.65) and found["acceleration"] == pytest.approx(0, abs=1e-9)


def test_zeros_have_no_sign_and_what_is_not_known_is_empty():
    assert _without_nan("a,-0.0,-0.00,nan,-0.05,nan,-0.0\nb,-0.000\n") == "a,0.0,0.00,,-0.05,,0.0\nb,0.000\n"


def project(folder, seed=0, **parameters):
    rng = np.random.default_rng(seed)
    series = rng.normal(0, 0.3, (N, K)) + 10 * YEARS + np.arange(N)[:, None] * YEARS + 2 * np.cos(2 * np.pi * YEARS)
    ws = moving(folder, series, heights=np.linspace(10, 90, N), **parameters)
    ws.save("inc2", {"inc": np.full(N, np.radians(39.0))})
    ws.save("da2", {"D_A": np.linspace(0.1, 0.3, N)})
    return ws


def exported(ws, *, out=None, **options):
    return stamps.export("egms", out, ws.path, values=VALUES, n_boot=3, **options)


def test_an_egms_table_and_its_reader(tmp_path):
    pytest.importorskip("xarray")
    ws = project(tmp_path / "p", ref_radius=-np.inf)
    path = exported(ws, **BURST, producer=3, height_datum="egm2008", geoid_offset=45.0, xml=True)
    assert path.name == "EGMS_L2a_088_0282_IW2_VV.csv"
    text = path.read_bytes().decode()
    lines = text.splitlines()
    assert lines[0].startswith(HEADER + ",2018") and "\r" not in text and "nan" not in text and ",-0.0," not in text
    assert len(lines) == N + 1 and {line.count(",") for line in lines} == {23 + K}
    data = read_egms(path)
    assert data.attrs["egms_level"] == "L2a" and data.sizes == {"point": N, "time": K}
    assert data.mean_velocity.values == pytest.approx(10 + np.arange(N), abs=0.2)
    assert data.seasonality.values == pytest.approx(2, abs=0.3) and np.abs(data.acceleration.values).max() < 1
    assert data.los_up.values == pytest.approx(np.cos(np.radians(39)), abs=1e-3)
    assert data.los_east.values == pytest.approx(0.612, abs=1e-3) and data.track_angle.values[0] == pytest.approx(193.4)
    assert data.height_wgs84.values - data.height.values == pytest.approx(45)
    assert data.amplitude_dispersion.values == pytest.approx(np.linspace(0.1, 0.3, N), abs=0.006)
    np.testing.assert_allclose(
        np.column_stack([data.easting, data.northing]), to_laea(ws.load("ps2")["lonlat"]), atol=0.006
    )
    assert np.abs(data.displacement.values[:, 0]).max() < 1.5
    tree = ET.parse(path.with_suffix(".xml"))
    assert tree.getroot().tag == "BURST" and tree.find("product_level").text == "L2a"
    assert tree.find("burst_id").text == "088_0282_IW2_VV"
    facts = json.loads((ws.path / f"{path.name}-metadata.json").read_text())
    assert facts["egms"]["year_days"] == 365 and "on the first date" in facts["egms"]["series_relative_to"]


def test_zero_on_the_reference_date_and_unknown_columns_are_empty(tmp_path):
    pytest.importorskip("xarray")
    ws = finished.single_master(tmp_path / "p")
    with pytest.raises(InputError, match="zero = 'master'"):
        exported(ws, height_datum="ellipsoid")
    path = exported(ws, zero="master", height_datum="ellipsoid", cluster_label=True)
    assert path.name == "egms.csv"
    data = read_egms(path)
    table = stamps.frame(ws.path, VALUES, n_boot=3)
    np.testing.assert_allclose(data.displacement, table[[name for name in table if name.startswith("D20")]], atol=0.051)
    assert data.pid.values[0] == "0000000001" and (data.cluster_label == 0).all()
    for name in ("height", "incidence_angle", "los_up", "mean_velocity", "seasonality", "amplitude_dispersion"):
        assert np.isnan(data[name].values).all(), name
    assert data.height_wgs84.values == pytest.approx(table["HEIGHT"].to_numpy(), abs=0.06)
    facts = json.loads((ws.path / "egms.csv-metadata.json").read_text())["egms"]
    assert {"height", "seasonality"} <= {*facts["empty_columns"]} and "running" in facts["pid"]


def test_other_coherence_side_and_calibration(tmp_path):
    pytest.importorskip("xarray")
    ws = project(tmp_path / "p")
    own = read_egms(exported(ws, out=tmp_path / "a.csv"))
    other = read_egms(exported(ws, out=tmp_path / "b.csv", coherence="stamps", look_side="left"))
    assert other.los_east.values == pytest.approx(-own.los_east.values)
    assert other.temporal_coherence.values == pytest.approx(ws.load("pm2")["coh_ps"], abs=0.006)
    assert np.isnan(own.height).all() and np.isnan(own.height_wgs84).all()
    path = exported(ws, **BURST, level="L2b", calibration=3.0)
    assert path.name.startswith("EGMS_L2b_")
    assert read_egms(path).mean_velocity.values - own.mean_velocity.values == pytest.approx(3, abs=0.11)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"track": 88}, "burst, swath, polarisation is missing"),
        ({**BURST, "track": 176}, "1 to 175"),
        ({**BURST, "burst": 4096}, "1 to 4095"),
        ({**BURST, "swath": 4}, "1 to 3"),
        ({**BURST, "polarisation": "XX"}, "HH, HV, VH, VV"),
        ({**BURST, "producer": 62}, "0 to 61"),
        ({"height_datum": "sea"}, "unknown, ellipsoid"),
        ({"geoid_offset": 40.0}, "give height_datum"),
        ({"level": "L2b"}, "calibrated with GNSS"),
        ({"level": "L3"}, "L2a, L2b are possible"),
        ({"calibration": (1.0, 2.0), "level": "L2b"}, "were expected"),
        ({"zero": "first"}, "model, master"),
        ({"resolution": 30}, "not for exports of kind egms"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, message):
    ws = project(tmp_path / "p")
    with pytest.raises(InputError, match=message):
        exported(ws, **options)
    assert not [*ws.path.glob("*.csv")]


def test_tables_of_other_levels_and_ages(tmp_path):
    pytest.importorskip("xarray")
    text = (
        "pid,easting,northing,height,rmse,mean_velocity,20200103,20200109\r\n1abc,4000050,3000050,5.1,NaN,-2.1,0.1,\r\n"
    )
    (tmp_path / "EGMS_L3_E40N30_100km_U.csv").write_bytes(text.encode())
    data = read_egms(tmp_path / "EGMS_L3_E40N30_100km_U.csv")
    assert (
        data.attrs["egms_level"] == "L3" and np.isnan(data.rmse.values[0]) and np.isnan(data.displacement.values[0, 1])
    )
    assert data.displacement.attrs["long_name"].startswith("up")
    newer = "pid,latitude,los_up,height_ortho,rmse_ts,gnss_velocity,20200109,20200103\n0017,50.1,NULL,7,1,2,5,4\n"
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.csv", newer)
        archive.writestr("x.xml", "<BURST/>")
    data = read_egms(tmp_path / "x.zip")
    assert data.attrs["egms_level"] == "L2b" and data.height.values == [7] and data.pid.values[0] == "0017"
    assert data.displacement.values.tolist() == [[4, 5]] and np.isnan(data.los_up.values[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "needs a column pid"),
        ("pid,20201399\nx,1\n", "no table"),
        ("", "no table"),
        ("pid,20200103\nx,y\n", "no table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, message):
    pytest.importorskip("xarray")
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_egms(tmp_path / "x.csv")
    with pytest.raises(WorkspaceError, match="is missing"):
        read_egms(tmp_path / "none.csv")


def test_shell(tmp_path, monkeypatch):
    ws = project(tmp_path / "p")
    monkeypatch.chdir(ws.path)
    words = ["--track", "88", "--burst", "282", "--swath", "2", "--polarisation", "VV", "--xml", "--values", VALUES]
    assert run("stamps", ["export", "egms", *words, "--n-boot", "3"]) == 0
    assert (ws.path / "EGMS_L2a_088_0282_IW2_VV.xml").exists()
    assert run("stamps", ["export", "egms", "--track", "88"]) == 1

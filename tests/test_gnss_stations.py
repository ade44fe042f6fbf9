"""``stamps gnss``: stations simulated from the truth, calibration of what was injected, files, refusals."""

import csv
import json

import numpy as np
import pytest

import stamps
from helpers import finished_project, two_looks
from stamps.analysis.plates import plate_velocity, rotation_of
from stamps.cli import program
from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import centre_of, llh2local
from stamps.matlab.dates import datenum
from stamps.products.line_of_sight import look_vector

MOTION = np.array([3.0, 1.0, -4.0])
VECTOR = look_vector(np.radians([39.0]), two_looks.ASCENDING)[0]
STD = np.array([0.3, 0.3, 0.6])
HEADER = (
    "site YYMMMDD yyyy.yyyy __MJD week d reflon _e0(m) __east(m) ____n0(m) _north(m) u0(m) ____up(m) _ant(m) sig_e(m) sig_n(m) "
    "sig_u(m) __corr_en __corr_eu __corr_nu _latitude(deg) _longitude(deg) __height(m)"
)
SIDE = 6000.0
N = 500


def scene(folder, seed=0, surface=(0.0, 0.0, 0.0), **options):
    """A project without the surface (mm/yr, per km east, per km north) that its stations have."""
    rng = np.random.default_rng(seed)
    lonlat = two_looks.places(rng, N, SIDE)
    plane = np.column_stack([np.ones(N), llh2local(lonlat, centre_of(lonlat))]) @ surface
    return two_looks.project(folder, lonlat, np.tile(MOTION, (N, 1)), surface=-plane, seed=seed, **options)


def sites(rng, n):
    return two_looks.CENTRE + rng.uniform(700, SIDE - 700, (n, 2)) / two_looks.METRES


def table(path, rng, n=9, extra=""):
    """A table of velocities with noise."""
    rows = [
        f"S{k:03d},{lon},{lat},{','.join(f'{v:.4f}' for v in MOTION + rng.normal(0, STD))},{STD[0]},{STD[1]},{STD[2]}\n"
        for k, (lon, lat) in enumerate(sites(rng, n))
    ]
    path.write_text("site,lon,lat,ve,vn,vu,se,sn,su\n" + "".join(rows) + extra)
    return path


def tenv3(folder, rng, n=4, first=-30, last=500, site="G{:03d}", place=None, wave=4):
    """Daily positions that move by the truth and a wave of a year."""
    folder.mkdir(exist_ok=True)
    for k, (lon, lat) in enumerate(sites(rng, n) if place is None else [place]):
        name, lines = site.format(k), [HEADER]
        days = two_looks.START + np.arange(first, last)
        years = (days - two_looks.START) / 365.25
        enu = np.outer(years, MOTION) + rng.normal(0, [1, 1, 3], (days.size, 3))
        enu[:, 2] += wave * np.sin(2 * np.pi * years)
        for day, (e, north, up) in zip(days, enu / 1000, strict=True):
            mjd = int(day - 678942)
            lines.append(
                f"{name} 18JAN01 2018.0 {mjd} 1 1 {lon} 100 {e + 0.5:.6f} 200 {north:.6f} 50 {up:.6f} 0 0.001 0.001 0.003 "
                f"0 0 0 {lat} {lon} 1.0"
            )
        (folder / f"{name}.tenv3").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return scene(tmp_path_factory.mktemp("scene") / "p", seed=1).path


@pytest.fixture(scope="module")
def velocities(tmp_path_factory):
    far = "FAR1,100,10,0,0,0,1,1,1\nFAR2,14.2,40.5,0,0,0,1,1,1\n"
    return table(tmp_path_factory.mktemp("files") / "own.csv", np.random.default_rng(5), extra=far)


# ---------------------------------------------------------------------- truth


@pytest.mark.parametrize(("kind", "surface"), [("offset", (5.0, 0.0, 0.0)), ("plane", (3.0, 0.5, -0.8))])
def test_calibration_finds_what_was_injected_within_its_errors(tmp_path, kind, surface):
    misfits = []
    for seed in range(5):
        ws = scene(tmp_path / str(seed), seed, surface)
        path = table(tmp_path / f"{seed}.csv", np.random.default_rng(100 + seed), n=12)
        found = stamps.gnss(path, workdir=ws.path, calibrate=kind, frame="EU", n_boot=40)
        off = found.calibration.parameters - np.array(surface)[: len(found.calibration.parameters)]
        misfits.append(off @ np.linalg.solve(found.calibration.covariance, off) / off.size)
        assert found.summary["chi2_dof"] < 3 and found.calibration.left_out_rms < 2
    assert np.mean(misfits) < 2.2 and max(misfits) < 6


def test_the_calibrated_export_has_the_motion_of_the_stations(tmp_path):
    surface = (3.0, 0.5, -0.8)
    ws = scene(tmp_path / "p", 3, surface, noise=0.05)
    before = {path.name: path.read_bytes() for path in ws.path.glob("*.mat")}
    path = table(tmp_path / "own.csv", np.random.default_rng(3), n=20)
    found = stamps.gnss(path, workdir=ws.path, calibrate="plane", frame="EU", calibrated=tmp_path / "c.csv", n_boot=40)
    with open(tmp_path / "c.csv") as file:
        rows = list(csv.DictReader(file))
    value = {name: np.array([float(row[name]) for row in rows]) for name in ("VEL", "CAL", "CAL_STD", "V_STDEV")}
    off = value["VEL"] - VECTOR @ MOTION
    assert (np.abs(off) < 4 * value["CAL_STD"]).all() and np.abs(off).max() < 1
    lonlat = np.array([[float(row["LON"]), float(row["LAT"])] for row in rows])
    assert value["CAL"] == pytest.approx(found.calibration.at(llh2local(lonlat, centre_of(lonlat)))[0], abs=1e-3)
    assert (value["V_STDEV"] >= value["CAL_STD"]).all()
    dates = sorted(name for name in rows[0] if name.startswith("D2"))
    days = np.array([datenum(int(name[1:])) for name in dates])
    series = np.array([[float(row[name]) for name in dates] for row in rows])
    assert (series[:, 13] == 0).all()  # the date of the master
    slopes = np.polyfit((days - days[13]) / 365.25, series.T, 1)[0]
    assert slopes == pytest.approx(value["VEL"], abs=0.2)
    about = json.loads((tmp_path / "c.csv-metadata.json").read_text())
    assert about["frame"] == "EU" and about["calibration"]["kind"] == "plane" and "frame EU" in about["reference"]
    assert len(about["calibration"]["covariance"]) == 3 and found.files == (tmp_path / "c.csv",)
    assert {path.name: path.read_bytes() for path in ws.path.glob("*.mat")} == before


def test_series_of_stations(tmp_path):
    def wave(years):
        when = years + 13 * 12 / 365.25
        return np.stack([0 * years, 0 * years, 4 * np.sin(2 * np.pi * when)], axis=1)

    ws = scene(tmp_path / "p", 2, (2.0, 0, 0), wave=wave)
    folder = tenv3(tmp_path / "files", np.random.default_rng(1))
    found = stamps.gnss(folder, workdir=ws.path, frame="EU", n_boot=40)
    for row in found.rows:
        assert row.compared == "series" and row.dates == 40 and row.correlation > 0.5 and row.rms < 2
        assert abs(row.difference - 2) < 4 * row.difference_std and row.difference_std < 0.6
    assert found.summary["offset"] == pytest.approx(2, abs=0.5)
    double = stamps.gnss(folder, workdir=ws.path, reference_station="G001", n_boot=40)
    assert [row.site for row in double.rows] == ["G000", "G002", "G003"] and np.isnan(double.summary["offset"])
    assert all(abs(row.difference) < 4 * row.difference_std for row in double.rows)
    assert not any("frame" in text for text in double.warnings) and "differences to G001" in str(double)


def test_velocities_against_a_reference_station(project, velocities, tmp_path):
    plain = stamps.gnss(velocities, workdir=project, n_boot=40)
    double = stamps.gnss(velocities, workdir=project, reference_station="S003", n_boot=40)
    of = {row.site: row for row in plain.rows}
    for row in double.rows:
        assert row.difference == pytest.approx(of[row.site].difference - of["S003"].difference)
        assert row.difference_std == pytest.approx(np.hypot(of[row.site].difference_std, of["S003"].difference_std))
    one = tenv3(tmp_path / "one", np.random.default_rng(1), n=1)
    mixed = stamps.gnss([velocities, one], workdir=project, reference_station="S003", n_boot=40)
    assert {row.compared for row in mixed.rows} == {"velocity"} and "G000" in {row.site for row in mixed.rows}


def test_displacements_are_calibrated_date_by_date(tmp_path):
    """What differs from date to date, seen by stations only, is taken out of the series of every pixel."""
    rng = np.random.default_rng(9)
    ws = scene(tmp_path / "p", 4, noise=0.05)
    error = rng.normal(0, 10, (40, 3)) * [1, 0.3, 0.3]
    lonlat, ph = ws.load("ps2")["lonlat"], ws.load("phuw2")
    plane = np.column_stack([np.ones(N), llh2local(lonlat, centre_of(lonlat))]) @ (error - error[13]).T
    ph["ph_uw"] = (ph["ph_uw"] - plane / finished_project.MILLIMETRES).astype(np.float32)
    ws.save("phuw2", ph)
    folder = tenv3(tmp_path / "files", rng, n=8, wave=0)
    options = {"workdir": ws.path, "calibrate": "plane", "frame": "EU", "n_boot": 20, "values": "v"}
    found = stamps.gnss(folder, by_date=True, calibrated=tmp_path / "c.csv", **options)
    stamps.gnss(folder, calibrated=tmp_path / "d.csv", **options)
    left = {}
    for name in "cd":
        with open(tmp_path / f"{name}.csv") as file:
            rows = list(csv.DictReader(file))
        dates = sorted(column for column in rows[0] if column.startswith("D2"))
        series = np.array([[float(row[date]) for date in dates] for row in rows])
        years = 12 * (np.arange(40) - 13) / 365.25
        left[name] = float((series - VECTOR @ MOTION * years).std())
        assert (series[:, 13] == 0).all()
    assert left["c"] < 2 < 5 < left["d"]
    dates = found.metadata["calibration"]["dates"]
    assert len(dates) == 40 and all(part["stations"] == 8 for part in dates.values())
    first = next(iter(dates.values()))
    truth = (error[13] - error)[0]
    assert (np.abs(np.array(first["parameters"]) - truth) < 5 * np.array(first["std"]) + [0.3, 0.1, 0.1]).all()


def test_dates_without_stations_stay_empty(project, tmp_path):
    folder = tenv3(tmp_path / "files", np.random.default_rng(3), n=2, last=300)
    found = stamps.gnss(
        folder, workdir=project, calibrate="offset", by_date=True, calibrated=tmp_path / "c.csv", frame="EU", n_boot=20
    )
    assert any("displacements stay empty: 2018-11-" in text and "more" in text for text in found.warnings)
    with open(tmp_path / "c.csv") as file:
        row = next(csv.DictReader(file))
    dates = sorted(column for column in row if column.startswith("D2"))
    assert [row[date] == "" for date in dates] == [12 * k > 302 for k in range(40)]
    late = tenv3(tmp_path / "late", np.random.default_rng(3), n=2, first=200)
    with pytest.raises(ParameterError, match="needs 1 stations on the reference date; there are 0"):
        stamps.gnss(late, workdir=project, calibrate="offset", by_date=True, n_boot=20)
    velocities = table(tmp_path / "own.csv", np.random.default_rng(5))
    with pytest.raises(InputError, match="No station has a series"):
        stamps.gnss(velocities, workdir=project, calibrate="offset", by_date=True, n_boot=20)


# ---------------------------------------------------------------------- frames


def test_the_rotation_of_a_plate_is_taken_out(project, tmp_path):
    """Stations of a global frame, moved by the plate, become those without."""
    plain = table(tmp_path / "plain.csv", np.random.default_rng(7), n=5)
    rows = [line.split(",") for line in plain.read_text().splitlines()]
    moved = plate_velocity([[float(row[1]), float(row[2])] for row in rows[1:]], rotation_of("eurasia"))
    assert 20 < moved[0, 0] < 26 and 14 < moved[0, 1] < 19
    for row, plate in zip(rows[1:], moved, strict=True):
        row[3:6] = [f"{float(value) + part:.6f}" for value, part in zip(row[3:6], plate, strict=True)]
    of_plate = tmp_path / "global.csv"
    of_plate.write_text("\n".join(",".join(row) for row in rows) + "\n")
    one = stamps.gnss(plain, workdir=project, frame="EU", n_boot=20)
    other = stamps.gnss(of_plate, workdir=project, frame="IGS14", plate="eurasia", n_boot=20)
    assert [row.difference for row in other.rows] == pytest.approx([row.difference for row in one.rows], abs=1e-4)
    assert other.metadata["frame"] == "IGS14 without the rotation of eurasia"
    axis = np.degrees(rotation_of("eurasia")) * 1e6
    rate = np.linalg.norm(axis)
    pole = (np.degrees(np.arcsin(axis[2] / rate)), np.degrees(np.arctan2(axis[1], axis[0])), rate)
    by_pole = stamps.gnss(of_plate, workdir=project, frame="IGS14", pole=pole, n_boot=20)
    assert [row.difference for row in by_pole.rows] == pytest.approx([row.difference for row in one.rows], abs=1e-4)
    with pytest.raises(ParameterError, match="frame EU do not hold the motion of that plate"):
        stamps.gnss(plain, workdir=project, frame="EU", plate="eurasia", n_boot=20)


def test_series_without_the_rotation_of_a_plate(project, tmp_path):
    folder = tenv3(tmp_path / "files", np.random.default_rng(1), n=2)
    with_plate = stamps.gnss(folder, workdir=project, n_boot=20)
    without = stamps.gnss(folder, workdir=project, plate="eurasia", n_boot=20)
    for one, other in zip(with_plate.rows, without.rows, strict=True):
        seen = VECTOR @ plate_velocity([[one.lon, one.lat]], rotation_of("eurasia"))[0]
        assert one.station_velocity - other.station_velocity == pytest.approx(seen, abs=0.02)


def test_frames_are_not_mixed(project, tmp_path):
    lon, lat = two_looks.CENTRE + np.array([3000, 3000]) / two_looks.METRES
    fields = f"2010.0 2020.5 9.5 500 500 300 0.003 0.001 -0.004 0.0003 0.0003 0.0005 0 0 0 0 0 0 0.01 0.01 0.02 1 {lat} {lon} 9"
    for frame, site in (("IGS14", "AAAA"), ("EU", "BBBB")):
        (tmp_path / f"midas.{frame}.txt").write_text(f"{site} MIDAS5 {fields}\n")
    both = [tmp_path / "midas.IGS14.txt", tmp_path / "midas.EU.txt"]
    with pytest.raises(InputError, match=r"several frames \(EU of BBBB, IGS14 of AAAA\)"):
        stamps.gnss(both, workdir=project, n_boot=20)
    found = stamps.gnss(both[1], workdir=project, n_boot=20)
    assert found.metadata["frame"] == "EU" and not any("not stated" in text for text in found.warnings)
    told = stamps.gnss(both[1], workdir=project, frame="IGS14", n_boot=20).warnings
    assert any("said to be IGS14, but the names of the files say EU" in text for text in told)


def test_a_project_relative_to_another_area(project, velocities):
    lon, lat = two_looks.CENTRE + np.array([3000, 3000]) / two_looks.METRES
    found = stamps.gnss(velocities, workdir=project, reference_area=(lon, lat, 800), n_boot=40)
    assert "within 800 m of 14.0" in found.metadata["reference_of_project"]
    assert found.summary["offset"] == pytest.approx(VECTOR @ MOTION, abs=0.8)  # pixels are relative to what moves alike
    with pytest.raises(InputError, match="reference_area is"):
        stamps.gnss(velocities, workdir=project, reference_area=(1, 2))


# ---------------------------------------------------------------------- what is told


def test_table_files_and_picture(project, velocities, tmp_path):
    names = ["t.csv", "t.json", "t.png"]
    found = stamps.gnss(velocities, workdir=project, out=[tmp_path / name for name in names], frame="EU", n_boot=40)
    assert len(found) == 9 and found.files == tuple(tmp_path / name for name in names)
    for row in found.rows:
        assert row.station_velocity == pytest.approx(VECTOR @ MOTION, abs=2) and row.pixels >= 3
    assert found.summary["p"] > 1e-4 and found.summary["outliers"] <= 1
    with open(tmp_path / "t.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["site"] for row in rows] == [row.site for row in found.rows] and rows[0]["rms"] == ""
    assert float(rows[2]["difference"]) == pytest.approx(found.rows[2].difference, abs=1e-5)
    data = json.loads((tmp_path / "t.json").read_text())
    assert data["metadata"]["frame"] == "EU" and data["stations"][0]["rms"] is None
    assert data["metadata"]["left_out"] == {name: "no pixel within 500 m" for name in ("FAR1", "FAR2")}
    assert any("left out: FAR1, FAR2." in text for text in found.warnings)
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "t.csv-metadata.json").read_text())["summary"]["n"] == 9


def test_the_frame_is_asked_for(project, velocities):
    assert any(
        "frame of the stations is not stated" in text
        for text in stamps.gnss(velocities, workdir=project, n_boot=40).warnings
    )


def test_stations_of_another_time(project, tmp_path):
    rng = np.random.default_rng(0)
    good = tenv3(tmp_path / "good", rng, n=1)
    late = tenv3(tmp_path / "late", rng, n=1, first=2000, last=2100, site="LATE")
    half = tenv3(tmp_path / "half", rng, n=1, first=0, last=150, site="HALF")
    found = stamps.gnss([good, late, half], workdir=project, n_boot=40)
    assert [row.site for row in found.rows] == ["G000", "HALF"]
    assert any("HALF covers 32%" in text for text in found.warnings)
    assert any("three dates in common with the images, left out: LATE" in text for text in found.warnings)
    with pytest.raises(InputError, match="No station of GNSS has three dates"):
        stamps.gnss(late, workdir=project, n_boot=40)
    single = tenv3(tmp_path / "single", rng, n=1, first=10, last=11)
    with pytest.raises(InputError, match="No station of GNSS has three dates"):
        stamps.gnss(single, workdir=project, n_boot=40)


def test_short_and_poor_velocities_are_doubted(project, tmp_path):
    lon, lat = two_looks.CENTRE + np.array([3000, 3000]) / two_looks.METRES
    fields = f"2018.0 2019.5 1.5 500 500 300 0.003 0.001 -0.004 0.0003 0.0003 0.0050 0 0 0 0 0 0 0.01 0.01 0.02 1 {lat} {lon} 9"
    path = tmp_path / "midas.txt"
    path.write_text(f"SHRT MIDAS5 {fields}\n")
    told = " ".join(stamps.gnss(path, workdir=project, n_boot=40).warnings)
    assert "SHRT is of less than three years" in told and "error of 5.0 mm/yr" in told


def test_stations_outside_of_the_scene(project, tmp_path):
    path = tmp_path / "far.csv"
    path.write_text("site,lon,lat,ve,vn,vu,se,sn,su\nA,-166,-40,1,1,1,1,1,1\nB,14.2,40.5,1,1,1,1,1,1\n")
    with pytest.raises(InputError, match=r"No station .* \(2 have none, 0 too few\); the scene is at 14.03"):
        stamps.gnss(path, workdir=project, n_boot=40)


def test_a_station_with_too_few_pixels(project, velocities):
    with pytest.raises(InputError, match="has 400 pixels within 500 m .2 have none, 9 too few"):
        stamps.gnss(velocities, workdir=project, min_pixels=400, n_boot=40)


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"radius": 0}, "positive numbers"),
        ({"radius": float("nan")}, "positive numbers"),
        ({"min_pixels": 0}, "positive numbers"),
        ({"window": -1}, "positive numbers"),
        ({"calibrate": "cubic"}, "offset or plane"),
        ({"calibrated": "c.csv"}, "needs a calibration"),
        ({"by_date": True}, "by a surface: offset or plane"),
        ({"plate": "eurasia", "pole": (1, 2, 3)}, "give one of them"),
        ({"calibrate": "offset", "reference_station": "S001"}, "cannot calibrate"),
        ({"reference_station": "NONE"}, "none of those in the scene"),
        ({"look_side": "up"}, "right or left"),
        ({"calibrate": "plane", "values": "v-do"}, "scla_deramp|ramps"),
    ],
)
def test_options_that_cannot_be(tmp_path, velocities, options, said):
    ws = scene(tmp_path / "p", 1, scla_deramp="y")
    with pytest.raises(ParameterError, match=said):
        stamps.gnss(velocities, workdir=ws.path, n_boot=40, **options)
    assert not list(ws.path.glob("c.csv"))


def test_ramps_that_were_estimated_are_named(tmp_path, velocities):
    ws = scene(tmp_path / "p", 1, scla_deramp="y")
    told = stamps.gnss(velocities, workdir=ws.path, calibrate="plane", n_boot=40).warnings
    assert any("scla_deramp is 'y'" in text for text in told)
    assert (
        stamps.gnss(velocities, workdir=ws.path, calibrate="offset", values="v-do", n_boot=40).calibration is not None
    )


def test_too_few_stations_for_a_plane(project, tmp_path):
    path = table(tmp_path / "own.csv", np.random.default_rng(1), n=3)
    with pytest.raises(ParameterError, match="needs 4 stations; there are 3"):
        stamps.gnss(path, workdir=project, calibrate="plane", n_boot=40)
    one = table(tmp_path / "one.csv", np.random.default_rng(1), n=1)
    found = stamps.gnss(one, workdir=project, calibrate="offset", frame="EU", n_boot=40)
    assert len(found) == 1 and "left-out rms not known" in str(found)
    with pytest.raises(ParameterError, match="the only one in the scene"):
        stamps.gnss(one, workdir=project, reference_station="S000", n_boot=40)


def test_a_project_without_incidence(tmp_path, velocities):
    ws = scene(tmp_path / "p", 1)
    ws.delete("inc2.mat")
    with pytest.raises(InputError, match="does not know its angle of incidence"):
        stamps.gnss(velocities, workdir=ws.path)


# ---------------------------------------------------------------------- shell


def test_shell(project, velocities, tmp_path, capsys):
    words = ["gnss", str(velocities), "--workdir", str(project), "--n-boot", "40", "--frame", "EU"]
    assert program.run("stamps", [*words, "--calibrate", "offset", "--out", str(tmp_path / "t.csv")]) == 0
    shown = capsys.readouterr().out
    assert "S004" in shown and "calibration by offset" in shown and (tmp_path / "t.csv").is_file()
    assert program.run("stamps", [*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["n"] == 9  # nothing else is printed
    assert program.run("stamps", ["gnss", str(tmp_path / "none.csv"), "--workdir", str(project)]) == 1
    assert "none.csv is missing" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        program.run("stamps", ["gnss", "--help"])


def test_small_baselines(tmp_path):
    ws = finished_project.small_baselines(tmp_path / "p", n_ps=200, n_image=10, heading=two_looks.DESCENDING)
    ws.save("inc2", {"inc": np.full(200, 0.68)})
    path = tmp_path / "own.csv"
    path.write_text("site,lon,lat,ve,vn,vu,se,sn,su\nA,14.01,40.01,1,1,1,1,1,1\nB,14.015,40.005,1,1,1,1,1,1\n")
    found = stamps.gnss(path, workdir=ws.path, calibrate="offset", calibrated=tmp_path / "c.csv", n_boot=30)
    lonlat = ws.load("ps2")["lonlat"]
    turned = two_looks.DESCENDING + (lonlat[:, 0] - centre_of(lonlat)[0]) * np.sin(np.radians(lonlat[:, 1]))
    vectors = look_vector(np.full(200, 0.68), turned)
    for row, place in zip(found.rows, ([14.01, 40.01], [14.015, 40.005]), strict=True):
        near = (
            np.hypot(*(llh2local(lonlat, centre_of(lonlat)) - llh2local(np.array([place]), centre_of(lonlat))).T) <= 0.5
        )
        assert row.station_velocity == pytest.approx(vectors[near].mean(axis=0).sum(), abs=1e-6)
    assert found.metadata["values"] == "V-d" and len((tmp_path / "c.csv").read_text().splitlines()) == 201


def test_the_calibrated_series_begin_on_a_chosen_date(project, tmp_path):
    path, files = table(tmp_path / "own.csv", np.random.default_rng(5)), (tmp_path / "a.csv", tmp_path / "b.csv")
    given = {"workdir": project, "calibrate": "offset", "frame": "EU", "n_boot": 2}
    own = stamps.gnss(path, calibrated=files[0], **given)
    with open(files[0]) as file:
        before = list(csv.DictReader(file))
    date = min(name for name in before[0] if name.startswith("D2"))
    chosen = stamps.gnss(path, calibrated=files[1], reference_date=date[1:], **given)
    assert chosen.metadata["reference_date"].replace("-", "") == date[1:]
    assert [row.difference for row in own.rows] == pytest.approx([row.difference for row in chosen.rows], abs=1e-4)
    with open(files[1]) as file:
        for row, old in zip(csv.DictReader(file), before, strict=True):
            off = [float(row[name]) - float(old[name]) + float(old[date]) for name in row if name.startswith("D2")]
            assert row[date] == "0.000" and off == pytest.approx([0] * len(off), abs=2.1e-3)

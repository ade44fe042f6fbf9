"""Files of weather models: which are found, what is read from them, and what is said of those that cannot be used."""

import warnings

import numpy as np
import pytest

from helpers.weather_files import Atmosphere, dataset, write_gribs, write_netcdf
from stamps.errors import ExternalProgramError, InputError
from stamps.tropo.weather import libraries
from stamps.tropo.weather.archive import Field, find_files
from stamps.tropo.weather.correction import Wanted
from stamps.tropo.weather.grib import GribFile
from stamps.tropo.weather.models import MODELS

LAT, LON = np.arange(39.75, 40.51, 0.25), np.arange(13.75, 14.51, 0.25)
AIR = Atmosphere(lat=LAT, lon=LON)
DAYS = {"20180112", "20180113"}
PIXELS = Wanted(np.array([[14.0, 40.0], [14.2, 40.2]]), np.array([0.0, 800.0]))


def archive(folder, model="era5", days=DAYS):
    return find_files(folder, MODELS[model], days)


def times(folder, model="era5", days=DAYS):
    return sorted(str(time)[5:16] for time in archive(folder, model, days).fields)


def write(folder, name, data=None, **options):
    return write_netcdf(folder / name, dataset(AIR, "201801130600") if data is None else data, **options)


def test_only_files_that_can_hold_the_days_are_opened(tmp_path):
    write(tmp_path, "ERA5_20180113_06.nc")
    (tmp_path / "ERA5_20180213_06.grb").write_bytes(b"not opened")
    (tmp_path / "201802.nc").write_bytes(b"not opened")
    (tmp_path / "readme.txt").write_text("no weather")
    found = archive(tmp_path)
    assert times(tmp_path) == ["01-13T06:00"] and not found.damaged and not found.ignored


def test_folders_of_days_and_many_times_in_a_file(tmp_path):
    import xarray as xr

    hours = [dataset(AIR, f"20180113{hour:02d}00") for hour in (0, 6, 12)]
    write(tmp_path, "20180113/ggap201801130600.nc", hours[1])
    write(tmp_path, "era5_20180101_20180131.nc", xr.concat([hours[0], hours[2]], "time"))
    assert times(tmp_path) == ["01-13T00:00", "01-13T06:00", "01-13T12:00"]
    found = archive(tmp_path)
    for fields in found.fields.values():
        assert PIXELS.delay(fields[0]).hydro[0] == pytest.approx(2.3007, abs=1e-3)


def test_a_name_tells_the_time_of_a_file_without_one(tmp_path):
    bare = dataset(AIR, "201801130600").isel(time=0).drop_vars("time")
    write(tmp_path, "ggap201801130600.nc", bare)
    assert times(tmp_path) == ["01-13T06:00"]
    write(tmp_path, "some.nc", bare)
    assert archive(tmp_path).ignored == [f"{tmp_path / 'some.nc'} tells no time, neither inside nor in its name"]


def test_first_version_of_era5_beside_the_final_one(tmp_path):
    """Copernicus' old form has an axis for the two; each time has values in one of them."""
    import xarray as xr

    data = dataset(AIR, "201801130600")
    both = xr.concat([data * np.nan, data], "expver").assign_coords(expver=[1, 5])
    for name in data.data_vars:
        both[name].attrs = data[name].attrs
    for name in data.coords:
        both[name].attrs = data[name].attrs
    write(tmp_path, "ERA5_20180113_06.nc", both)
    (field,) = archive(tmp_path).fields[np.datetime64("2018-01-13T06:00")]
    assert PIXELS.delay(field).hydro[0] == pytest.approx(2.3007, abs=1e-3)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("ERA5_20180113_06.grb", b"", "is empty"),
        ("ERA5_20180113_06.grb", b"GRIB", "is cut off or damaged at byte 0 of 4"),
        (
            "ERA5_20180113_06.grb",
            b"GRIB\0\0\x20\x01" + b"\0" * 20 + b"7777",
            "is cut off or damaged at byte 0 of 32|no GRIB",
        ),
        ("ERA5_20180113_06.grb", b"<html><body>401 Unauthorized", "is neither GRIB nor NetCDF"),
        ("ERA5_20180113_06.nc", b"PK\x03\x04....", "is a zip archive: unpack it"),
        ("ERA5_20180113_06.nc", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "cannot be read"),
        ("ERA5_20180113_06.nc", b"CDF\x01" + b"\xff" * 100, "cannot be read"),
        ("ERA5_20180113_06.nc", b"CDF\x02" + b"\0" * 3, "cannot be read"),
        ("ERA5_20180113_06.nc", b"CDF\x05" + b"\0" * 100, "CDF-5"),
        ("ERA5_20180113_06.nc", b"CDF", "neither GRIB nor NetCDF"),
        ("ERA5_20180113_06.hdf", b"\x0e\x03\x13\x01....", "is HDF4: get it as NetCDF"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, message, capfd):
    (tmp_path / name).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = archive(tmp_path)
    assert not found.fields and len(found.damaged) == 1
    (text,) = found.damaged
    import re

    assert re.search(message, text) and name in text and "\n" not in text
    output = capfd.readouterr()
    assert output.out == "" and (output.err == "" or b"7777" in content)  # what ecCodes says of its own


def spoiled(change):
    data = dataset(AIR, "201801130600")
    return change(data)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: d.drop_vars("z"), "has no geopotential"),
        (lambda d: d.drop_vars("q"), "has no humidity"),
        (lambda d: d.drop_vars(["t", "q", "z"]), "has no geopotential"),
        (lambda d: d.isel(level=0), "no geopotential|has no pressure_level"),
        (lambda d: d.drop_vars("level"), "has no pressure_level"),
        (lambda d: d.assign_coords(level=("level", np.arange(37), {"units": "1"})), "levels in '1'"),
        (lambda d: d.assign(t=d["t"].assign_attrs(units="furlong")), "'t' has the unit 'furlong'"),
        (lambda d: d.expand_dims(number=[0, 1]), "'z' has an ensemble"),
        (lambda d: d * np.nan, "no values at"),
        (lambda d: d.where(d["level"] != 850), "no values at"),
        (lambda d: d.isel(latitude=slice(0, 1)), "one row or column"),
        (lambda d: d.isel(level=slice(0, 5)), "no level below|at least 10"),
        (lambda d: d.assign(q=0 * d["q"]), "has no humidity above 0 kg/kg"),
        (
            lambda d: d.assign(r=(0 * d["q"] + 0.6).assign_attrs(units="%")).drop_vars("q"),
            "has no humidity above 0.6 %",
        ),  # a fraction
        (lambda d: d.assign(t=d["t"].copy(data=d["t"].values[:, ::-1])), "are of other levels than its heights"),
    ],
)
def test_fields_that_lack_something(tmp_path, change, message):
    path = write(tmp_path, "ERA5_20180113_06.nc", spoiled(change))
    (field,) = archive(tmp_path).fields[np.datetime64("2018-01-13T06:00")]
    with pytest.raises(InputError, match=message) as caught:
        PIXELS.delay(field)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: d.drop_vars("latitude"), "has no latitude"),
        (lambda d: d.assign_coords(time=[6.0]), "a time without a unit"),
        (lambda d: d, "holds the fields of 2018-01-13T06:00:00, not those of its name"),
        (lambda d: d.expand_dims(step=[6]).assign_coords(valid_time=(("step", "time"), [[6.0]])), "has forecasts"),
    ],
)
def test_axes_that_lack_something(tmp_path, change, message):
    write(tmp_path, "ERA5_20180113_05.nc", spoiled(change))
    found = archive(tmp_path)
    assert not found.fields and message in found.damaged[0]


def test_narr_comes_in_three_files(tmp_path):
    lon, lat = np.meshgrid(LON, LAT)
    data = dataset(Atmosphere(lat=lat, lon=lon, levels=AIR.levels[10:]), "201801130600", "narr")
    for name in ("air", "shum", "hgt"):
        write(tmp_path, f"{name}.201801.nc", data[[name]])
    assert times(tmp_path, "narr") == ["01-13T06:00"]
    (field,) = archive(tmp_path, "narr").fields[np.datetime64("2018-01-13T06:00")]
    assert PIXELS.delay(field).hydro[0] == pytest.approx(2.3007, abs=1e-3)
    with pytest.raises(InputError, match=r"no files of ERA5 \(there are 3 of other models, such as air.201801.nc\)"):
        archive(tmp_path)
    write(tmp_path, "hgt.201801.nc", data[["hgt"]].isel(x=slice(0, 2)))
    assert "cannot be read" in archive(tmp_path, "narr").damaged[0]
    (tmp_path / "hgt.201801.nc").unlink()
    assert "air.201801.nc is there without hgt.201801.nc" in archive(tmp_path, "narr").damaged[0]


def test_folders(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        archive(tmp_path / "none")
    with pytest.raises(InputError, match="has no files of ERA5: they are named ERA5_yyyymmdd_HH.grb"):
        archive(tmp_path)


def test_grib_files_that_lack_something(tmp_path, capfd):
    cases = {
        "missing": {"drop": [(130, 850)]},
        "no_height": {"ids": (130, 133)},
        "surface": {"ids": (130, 133, 129), "typeOfLevel": "heightAboveGround"},
        "good": {},
    }
    write_gribs([(tmp_path / f"{name}_20180113_06.grb", AIR, "201801130600", how) for name, how in cases.items()])
    good = (tmp_path / "good_20180113_06.grb").read_bytes()

    def message(name, content=None):
        path = tmp_path / f"{name}_20180113_06.grb"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            file = GribFile(path)
            PIXELS.delay(Field(file, file.times()[0]))
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)
        return str(caught.value)

    assert "lacks t at 850 hPa of 2018-01-13T06:00" in message("missing")
    assert "has no geopotential (129 or 156) on levels" in message("no_height")
    assert "has no geopotential (129 or 156) and no temperature" in message("surface")
    assert "is cut off or damaged" in message("cut", good[:-10])
    assert "is cut off or damaged" in message("half", good[: len(good) // 2])
    assert "of 2018-01-13T06:00:00 twice" in message("twice", good + good)
    padded = tmp_path / "padded_20180113_06.grb"
    padded.write_bytes(good + b"\0" * 100)
    assert len(GribFile(padded).times()) == 1
    assert capfd.readouterr() == ("", "")
    broken = bytearray(good)
    broken[60:100] = b"\xff" * 40
    message("broken", bytes(broken))
    assert capfd.readouterr().out == ""


def test_grib_files_with_several_grids(tmp_path):
    """Files of two areas and times put behind each other: each time has its own; never are two mixed."""
    east = Atmosphere(lat=LAT, lon=LON + 5)
    write_gribs(
        [
            (tmp_path / "east", east, "201801130500", {}),
            (tmp_path / "here", AIR, "201801130600", {}),
            (tmp_path / "height", east, "201801130600", {"ids": (129,)}),
            (tmp_path / "rest", AIR, "201801130600", {"ids": (130, 133)}),
        ]
    )

    def joined(name, *parts):
        (tmp_path / name).write_bytes(b"".join((tmp_path / part).read_bytes() for part in parts))
        return GribFile(tmp_path / name)

    both = joined("both.grb", "east", "here")
    early, late = both.times()
    assert PIXELS.delay(Field(both, late)).hydro[0] == pytest.approx(2.3007, abs=1e-3)
    with pytest.raises(InputError, match="does not cover 2 of the 2 pixels"):
        PIXELS.delay(Field(both, early))
    with pytest.raises(InputError, match="has fields of 2018-01-13T06:00:00 on several grids"):
        joined("mixed.grb", "rest", "height").times()


def test_a_missing_library_is_named(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(libraries, "import_module", absent)
    with pytest.raises(
        ExternalProgramError, match=r"need pygrib, which is not installed: pip install 'stamps-insar\[weather\]'"
    ):
        libraries.library("pygrib")
    monkeypatch.setattr(libraries, "import_module", lambda name: (_ for _ in ()).throw(ImportError("no libeccodes.so")))
    with pytest.raises(ExternalProgramError, match=r"does not start \(no libeccodes.so\)"):
        libraries.library("pygrib")


def test_pipes_and_folders_in_the_place_of_files_are_left_alone(tmp_path):
    import os

    os.mkfifo(tmp_path / "ERA5_20180113_05.grb")
    (tmp_path / "ERA5_20180113_07.nc").mkdir()
    with pytest.raises(InputError, match="has no files of ERA5"):
        archive(tmp_path)
    write(tmp_path, "ERA5_20180113_06.nc")
    assert times(tmp_path) == ["01-13T06:00"]

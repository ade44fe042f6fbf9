"""Delay from weather models: against the analytic one, against an integration of its own, between formats and layouts."""

from types import SimpleNamespace

import numpy as np
import pytest
from pyaps3.processor import initconst

from helpers.weather_files import NARR_LEVELS, RD, Atmosphere, G, dataset, write_gribs, write_netcdf
from stamps.errors import InputError
from stamps.tropo.weather.archive import Field
from stamps.tropo.weather.columns import Raw, columns_of, saturation_pressure, standard_height
from stamps.tropo.weather.correction import Wanted
from stamps.tropo.weather.delays import Pixels, zenith_delay
from stamps.tropo.weather.grib import GribFile
from stamps.tropo.weather.grids import Placement
from stamps.tropo.weather.netcdf import NetCdfFiles

TIME = "201801010500"
HEIGHTS = np.array([-420.0, 0, 250, 500, 1000, 1500, 3000, 4500, 8848])
LONLAT = np.column_stack([np.linspace(13.1, 15.4, 9), np.linspace(39.1, 41.4, 9)])


def delay(file, lonlat=LONLAT, heights=HEIGHTS):
    return Wanted(lonlat, heights).delay(Field(file, file.times()[0]))


def truth(atmosphere, lonlat=LONLAT, heights=HEIGHTS):
    both = [atmosphere.zenith(h, lon) for h, lon in zip(heights, lonlat[:, 0], strict=True)]
    return SimpleNamespace(hydro=np.array(both)[:, 0], wet=np.array(both)[:, 1])


def close(found, wanted, tolerance):
    np.testing.assert_allclose(found.hydro, wanted.hydro, atol=tolerance)
    np.testing.assert_allclose(found.wet, wanted.wet, atol=tolerance)


@pytest.fixture(scope="module")
def gribs(tmp_path_factory):
    """The same fields in several GRIB files; made in one process."""
    folder = tmp_path_factory.mktemp("grib")
    atmosphere = Atmosphere(east=3.0)
    kinds = {
        "pyaps": {},
        "turned": {"north_first": False, "turned": True},
        "second": {"edition": 2},
        "height": {"ids": (130, 156, 133)},
    }
    write_gribs([(folder / f"{name}.grb", atmosphere, TIME, options) for name, options in kinds.items()])
    return SimpleNamespace(atmosphere=atmosphere, **{name: folder / f"{name}.grb" for name in kinds})


def test_hydrostatic_delay_at_0_m_is_that_of_the_pressure(tmp_path):
    file = NetCdfFiles((write_netcdf(tmp_path / "a.nc", dataset(Atmosphere(humidity=1e-5), TIME)),))
    found = delay(file, np.array([[14.0, 40.0]]), np.array([0.0]))
    assert found.hydro[0] == pytest.approx(0.776e-6 * 287.05 * 101325 / 9.81, abs=1e-6)
    assert 0 < found.wet[0] < 2e-4


@pytest.mark.parametrize("humidity, scale", [(0.008, 2000.0), (0.02, 2500.0), (0.001, 1500.0)])
def test_delay_is_the_integral_of_the_refractivity_at_all_heights(tmp_path, humidity, scale):
    """Measured: hydrostatic 2e-8 m, wet 0.6 mm at worst (the levels' spacing)."""
    atmosphere = Atmosphere(humidity=humidity, scale=scale, east=3.0)
    found = delay(NetCdfFiles((write_netcdf(tmp_path / "a.nc", dataset(atmosphere, TIME)),)))
    wanted = truth(atmosphere)
    above = HEIGHTS >= 111  # the lowest level, 1000 hPa
    np.testing.assert_allclose(found.hydro, wanted.hydro, atol=1e-4)
    np.testing.assert_allclose(found.wet[above], wanted.wet[above], atol=1e-3)
    np.testing.assert_allclose(found.wet, wanted.wet, atol=1e-2)


def test_formats_and_layouts_give_the_same(gribs, tmp_path):
    wanted = delay(GribFile(gribs.pyaps))
    close(wanted, truth(gribs.atmosphere), 5e-3)
    for path in (gribs.turned, gribs.second, gribs.height):
        close(delay(GribFile(path)), wanted, 1e-5)
    for layout, engine in (("old", "scipy"), ("old", "h5netcdf"), ("new", "h5netcdf"), ("merra2", "h5netcdf")):
        path = write_netcdf(tmp_path / f"{layout}{engine}.nc", dataset(gribs.atmosphere, TIME, layout), engine)
        close(delay(NetCdfFiles((path,))), wanted, 1e-4)


def test_packed_fields_and_units_of_all_kinds(gribs, tmp_path):
    """Old Copernicus files pack into 16 bits; others have degrees C, g/kg, Pa, or units that are not told."""
    wanted = truth(gribs.atmosphere)
    data = dataset(gribs.atmosphere, TIME)
    packed = {
        name: {
            "dtype": "int16",
            "scale_factor": float(np.ptp(data[name].values) / 65000),
            "add_offset": float(data[name].values.min() + np.ptp(data[name].values) / 2),
        }
        for name in ("z", "t", "q")
    }
    packed = {name: {**how, "_FillValue": -32767} for name, how in packed.items()}
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "packed.nc", data, "scipy", **packed),))), wanted, 5e-3)
    other = data.copy()
    other["t"] = (other["t"] - 273.15).assign_attrs(units="degC")
    other["q"] = (other["q"] * 1000).assign_attrs(units="g kg-1")
    other["level"] = (other["level"] * 100).assign_attrs(units="Pa")
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "units.nc", other),))), wanted, 5e-3)
    bare = dataset(gribs.atmosphere, TIME, "merra2")
    for name in bare.variables:
        bare[name].attrs.clear()
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "bare.nc", bare),))), wanted, 5e-3)
    turned = data.isel(level=slice(None, None, -1)).transpose("longitude", "time", "latitude", "level")
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "turned.nc", turned),))), wanted, 5e-3)


def test_relative_humidity(tmp_path):
    atmosphere = Atmosphere()
    data = dataset(atmosphere, TIME)
    ratio, q = 461.495 / RD, data["q"]
    vapour = q * data["level"] * 100 * ratio / (1 + (ratio - 1) * q)
    share = 100 * vapour / saturation_pressure(data["t"].values, initconst())
    relative = data.drop_vars("q").assign(r=share.transpose(*q.dims).assign_attrs(units="%"))
    # TRAIN's files: t, z, r; far up the percentages mean nothing
    relative["r"] = relative["r"].where(relative["level"] >= 100, 0.0)
    relative["r"].attrs["units"] = "%"
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "r.nc", relative),))), truth(atmosphere), 5e-3)
    relative["r"] = (relative["r"] / 100).assign_attrs(units="1")
    close(delay(NetCdfFiles((write_netcdf(tmp_path / "r1.nc", relative),))), truth(atmosphere), 5e-3)


def test_saturation_pressure_is_that_of_pyaps():
    from pyaps3.era import cc_era

    temperature = np.linspace(200, 310, 56)
    np.testing.assert_allclose(
        saturation_pressure(temperature, initconst()), cc_era(temperature, initconst()), rtol=1e-12
    )


def test_narr_ends_at_100_hpa_and_is_curved(tmp_path):
    """What is above the highest level is added: without it 0.23 m would be missing."""
    row, col = np.meshgrid(np.arange(12.0), np.arange(14.0), indexing="ij")
    lat, lon = 38.6 + 0.3 * row + 0.02 * col + 0.002 * col**2, 12.4 + 0.3 * col - 0.03 * row + 0.001 * row**2
    atmosphere = Atmosphere(east=3.0, lat=lat, lon=lon, levels=NARR_LEVELS)
    data = dataset(atmosphere, TIME, "narr")
    paths = tuple(
        write_netcdf(tmp_path / f"{name}.201801.nc", data[[name]].drop_encoding()) for name in ("air", "shum", "hgt")
    )
    lonlat, heights = LONLAT[1:-1], HEIGHTS[1:-1]
    close(delay(NetCdfFiles(paths), lonlat, heights), truth(atmosphere, lonlat, heights), 5e-3)


@pytest.mark.parametrize("fill", [np.nan, 1e15])
def test_levels_below_the_ground_of_the_model_are_completed(tmp_path, fill):
    """MERRA-2 has no values there: 1 km of rock changes the hydrostatic delay by less than 5 mm."""
    atmosphere = Atmosphere(humidity=1e-5)
    data = dataset(atmosphere, TIME, "merra2")
    for name in ("T", "QV", "H"):
        data[name] = data[name].where(data["lev"] <= 900, fill)
    file = NetCdfFiles((write_netcdf(tmp_path / "a.nc", data),))
    lonlat, heights = LONLAT[:3], np.array([0.0, 300.0, 1200.0])
    close(delay(file, lonlat, heights), truth(atmosphere, lonlat, heights), 5e-3)
    data = data.where(data["lev"] <= 700, fill)
    with pytest.raises(InputError, match=r"up to 301\d m below the ground of the model \(at most 2500 m\)"):
        delay(NetCdfFiles((write_netcdf(tmp_path / "b.nc", data),)), lonlat, heights)


def test_delay_varies_linearly_between_nodes(tmp_path):
    atmosphere = Atmosphere(east=3.0, humidity=1e-5)
    file = NetCdfFiles((write_netcdf(tmp_path / "a.nc", dataset(atmosphere, TIME)),))
    lonlat = np.column_stack([np.linspace(14.0, 14.25, 6), np.full(6, 40.1)])
    found = delay(file, lonlat, np.full(6, 700.0)).hydro
    np.testing.assert_allclose(np.diff(found, 2), 0, atol=1e-12)
    assert found[-1] - found[0] == pytest.approx(
        0.776e-6 * RD / G * 75 * (1 - 0.0065 * 700 / 288.15) ** 5.257, rel=1e-3
    )


def test_pyaps_agrees_but_for_its_step_of_height(gribs):
    """PyAPS itself, on the same file: hydrostatic but for what is above 1 hPa; wet one of its steps (161 m) higher up."""
    from pyaps3 import PyAPS

    lonlat, heights = LONLAT[2:6], HEIGHTS[2:6]

    def theirs(part, at):
        arguments = [values[np.newaxis].copy() for values in (at, lonlat[:, 1], lonlat[:, 0])]
        return PyAPS(str(gribs.pyaps), *arguments, grib="ERA5", model="ERA5", Del=part).getdelay()[0]

    found = delay(GribFile(gribs.pyaps), lonlat, heights)
    np.testing.assert_allclose(found.hydro - theirs("dry", heights), 0.776e-6 * RD * 95 / G, atol=4e-4)
    np.testing.assert_allclose(found.wet, theirs("wet", heights - 160.6), atol=1.5e-3)
    assert (found.wet - theirs("wet", heights)).min() > 2e-3


def raw(**changes):
    """Fields on two by two nodes."""
    atmosphere = Atmosphere(lat=np.array([39.0, 41]), lon=np.array([13.0, 15]))
    height, temperature, humidity = (field.copy() for field in atmosphere.fields())
    values = {
        "pressure": 100 * np.array(atmosphere.levels, float),
        "h": height,
        "t": temperature,
        "q": humidity,
        **changes,
    }
    return Raw(values.pop("pressure"), values, "file")


def test_arrays_are_left_as_they_are():
    given = raw()
    before = {name: field.copy() for name, field in given.values.items()}
    columns = columns_of(given, -100.0, initconst())
    kept = {name: np.array(getattr(columns, name)) for name in ("pressure", "height", "temperature", "vapour")}
    where = Placement(np.arange(2), np.arange(2), np.array([0.5]), np.array([0.5]))
    zenith_delay(columns, Pixels(where, np.array([10.0])), "")
    for name, field in before.items():
        np.testing.assert_array_equal(given.values[name], field)
    for name, field in kept.items():
        np.testing.assert_array_equal(getattr(columns, name), field)
    assert (columns.height[-1] < -100).all() and (np.diff(columns.height, axis=0) < 0).all()


def hole(level, name="t"):
    given = raw()
    given.values[name][level, 0, 0] = np.nan
    return given


def without(levels):
    given = raw()
    keep = [k for k, p in enumerate(given.pressure / 100) if p not in levels]
    return Raw(given.pressure[keep], {name: field[keep] for name, field in given.values.items()}, "file")


def changed(**factors):
    given = raw()
    return Raw(
        given.pressure * factors.pop("pressure", 1),
        {name: field * factors.get(name, 1) for name, field in given.values.items()},
        "file",
    )


@pytest.mark.parametrize(
    "made, message",
    [
        (lambda: hole(20), r"no values at 1 of the 4 nodes around the pixels \(level 450 hPa\), not only below"),
        (lambda: hole(0, "q"), "level 1 hPa"),
        (lambda: without(range(550, 900)), "no level between 500 and 900 hPa"),
        (lambda: without(range(250)), "ends at 250 hPa, but levels up to 200 hPa"),
        (lambda: without(range(100, 976)), "no level between 70 and 1000 hPa"),
        (lambda: without(range(30, 990)), "has 8 levels of pressure, but at least 10"),
        (lambda: changed(pressure=100), "levels from 100 to 100000 hPa, which are no pressures"),
        (lambda: changed(pressure=0.01), "no level below 10 hPa"),
        (lambda: changed(h=9.81), "in other units than they say"),
        (lambda: changed(h=0.001), "in other units than they say"),
        (lambda: changed(h=-1), "in other units than they say"),
        (lambda: changed(t=0.1), "temperatures from"),
        (lambda: changed(q=1000), "humidities from"),
        (lambda: raw(pressure=np.r_[100.0, 100.0, 100 * np.array(Atmosphere().levels[2:], float)]), "1 hPa twice"),
    ],
)
def test_fields_that_cannot_be_right_are_refused(made, message):
    with pytest.raises(InputError, match=message) as caught:
        columns_of(made(), 0.0, initconst())
    assert str(caught.value).startswith("file ") and "\n" not in str(caught.value)


def test_standard_height():
    np.testing.assert_allclose(
        standard_height(np.array([101325.0, 50000, 22632, 5475])), [0, 5574, 11000, 20000], atol=10
    )

"""Files of weather models for tests: one atmosphere in GRIB and in every NetCDF layout."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np

G, RD = 9.81, 287.05
LEVELS = (
    1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 125, 150, 175, 200, 225, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 775,
    800, 825, 850, 875, 900, 925, 950, 975, 1000,
)  # fmt: skip
NARR_LEVELS = LEVELS[10:]


@dataclass
class Atmosphere:
    """Standard atmosphere with another pressure (hPa) and humidity (kg/kg) at 0 m, and slopes of these in space.

    ``lat`` and ``lon`` are the axes of its grid in degrees, or arrays of all nodes.
    """

    pressure: float = 1013.25
    humidity: float = 0.008
    scale: float = 2000.0
    east: float = 0.0  # hPa/degree
    lat: np.ndarray = field(default_factory=lambda: np.arange(39.0, 41.51, 0.25))
    lon: np.ndarray = field(default_factory=lambda: np.arange(13.0, 15.51, 0.25))
    levels: tuple = LEVELS

    def pressure_at(self, height, lon=14.0):
        """Pa at heights in m."""
        p0 = 100 * (self.pressure + self.east * (np.asarray(lon) - 14.0))
        low = (1 - 0.0065 * np.minimum(height, 11000.0) / 288.15) ** (G / RD / 0.0065)
        return p0 * low * np.exp(-G * np.maximum(np.asarray(height) - 11000.0, 0) / RD / 216.65)

    def temperature_at(self, height):
        return 288.15 - 0.0065 * np.minimum(height, 11000.0)

    def humidity_at(self, height):
        return self.humidity * np.exp(-np.asarray(height) / self.scale)

    def fields(self):
        """Height (m), temperature (K) and specific humidity (kg/kg), (n_level, n_lat, n_lon)."""
        lon = self.lon if self.lon.ndim == 2 else np.broadcast_to(self.lon, (self.lat.size, self.lon.size))
        turn = (lon + 180) % 360 - 180
        p = 100 * np.array(self.levels, float)[:, None, None]
        ratio = p / (100 * (self.pressure + self.east * (turn - 14.0)))
        limit = (1 - 0.0065 * 11000 / 288.15) ** (G / RD / 0.0065)
        low = 288.15 / 0.0065 * (1 - np.maximum(ratio, limit) ** (RD * 0.0065 / G))
        height = np.where(ratio >= limit, low, 11000 + RD * 216.65 / G * np.log(limit / np.minimum(ratio, limit)))
        return height, self.temperature_at(height), self.humidity_at(height)

    def zenith(self, height, lon=14.0):
        """Hydrostatic (exact) and wet delay (own integration) in m from one height to space."""
        hydro = 0.776e-6 * RD * self.pressure_at(height, lon) / G
        z = np.linspace(height, 30_000, 4_001)
        q, p, t = self.humidity_at(z), self.pressure_at(z, lon), self.temperature_at(z)
        ratio = 461.495 / RD
        e = q * p * ratio / (1 + (ratio - 1) * q)
        k2 = 0.716 - 0.776 / ratio
        return hydro, float(np.trapezoid(1e-6 * (k2 * e / t + 3750 * e / t**2), z))


def write_gribs(files):
    """GRIB files from (path, atmosphere, time, options); in a process of its own, as eccodes and pygrib do not go together."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_write_all, list(files)).result()


def _write_all(files):
    return [_write_grib(path, atmosphere, time, **options) for path, atmosphere, time, options in files]


def _write_grib(
    path, atmosphere, time, *, ids=(129, 130, 133), turned=False, drop=(), north_first=True, edition=1, **keys
):
    """A GRIB file as Copernicus makes them; ``drop`` leaves out (id, level), ``turned`` has the last message first."""
    import eccodes

    height, temperature, humidity = atmosphere.fields()
    values = {129: height * G, 156: height, 130: temperature, 133: humidity}
    messages = [
        (pid, k) for k in range(len(atmosphere.levels)) for pid in ids if (pid, atmosphere.levels[k]) not in drop
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    lat = atmosphere.lat[::-1] if north_first else atmosphere.lat
    with path.open("wb") as file:
        for pid, k in messages[::-1] if turned else messages:
            handle = eccodes.codes_grib_new_from_samples(f"regular_ll_pl_grib{edition}")
            grid = {
                "Ni": atmosphere.lon.size,
                "Nj": lat.size,
                "latitudeOfFirstGridPointInDegrees": float(lat[0]),
                "latitudeOfLastGridPointInDegrees": float(lat[-1]),
                "longitudeOfFirstGridPointInDegrees": float(atmosphere.lon[0]) % 360,
                "longitudeOfLastGridPointInDegrees": float(atmosphere.lon[-1]) % 360,
                "iDirectionIncrementInDegrees": float(abs(np.diff(atmosphere.lon)[0])),
                "jDirectionIncrementInDegrees": float(abs(np.diff(lat)[0])),
                "jScansPositively": int(not north_first),
                "dataDate": int(time[:8]),
                "dataTime": int(time[8:12]),
                "level": atmosphere.levels[k],
                "paramId": pid,
                "bitsPerValue": 24,
                **keys,
            }
            for name, value in grid.items():
                eccodes.codes_set(handle, name, value)
            field_ = values[pid][k][::-1] if north_first else values[pid][k]
            eccodes.codes_set_values(handle, field_.ravel())
            eccodes.codes_write(handle, file)
            eccodes.codes_release(handle)
    return path


def dataset(atmosphere, time, layout="old"):
    """The same as an xarray data set: ``old`` and ``new`` Copernicus, ``merra2``, ``narr`` (curved), ``cfgrib``."""
    import xarray as xr

    height, temperature, humidity = atmosphere.fields()
    levels = np.array(atmosphere.levels, float)
    moment = np.array([f"{time[:4]}-{time[4:6]}-{time[6:8]}T{time[8:10]}:{time[10:12]}"], "datetime64[ns]")
    names, units, axes = {
        "old": (("z", "t", "q"), ("m**2 s**-2", "K", "kg kg**-1"), ("time", "level", "latitude", "longitude")),
        "new": (
            ("z", "t", "q"),
            ("m**2 s**-2", "K", "kg kg**-1"),
            ("valid_time", "pressure_level", "latitude", "longitude"),
        ),
        "merra2": (("H", "T", "QV"), ("m", "K", "kg kg-1"), ("time", "lev", "lat", "lon")),
        "narr": (("hgt", "air", "shum"), ("m", "degK", "kg/kg"), ("time", "level", "y", "x")),
    }[layout]
    if layout in ("old", "new"):
        height = height * G
    data = xr.Dataset(
        {
            name: (axes, values[np.newaxis], {"units": unit})
            for name, values, unit in zip(names, (height, temperature, humidity), units, strict=True)
        }
    )
    data = data.assign_coords(
        {axes[0]: moment, axes[1]: (axes[1], levels, {"units": "millibars" if layout == "old" else "hPa"})}
    )
    if layout == "narr":
        return data.assign_coords(lat=(axes[2:], atmosphere.lat), lon=(axes[2:], atmosphere.lon))
    data = data.assign_coords({axes[2]: atmosphere.lat, axes[3]: atmosphere.lon})
    if layout == "new":
        data = data.assign_coords(number=0, expver=("valid_time", np.array(["0001"])))
    if layout in ("old", "new"):  # north first
        data = data.isel(latitude=slice(None, None, -1))
    return data


def write_netcdf(path, data, engine="h5netcdf", **encoding):
    """A NetCDF file: HDF5 (``h5netcdf``) or the classic format (``scipy``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data.to_netcdf(path, engine=engine, encoding=encoding)
    return path

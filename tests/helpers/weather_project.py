"""Small projects under an atmosphere of a weather model that differs from date to date."""

from types import SimpleNamespace

import numpy as np

from helpers import delayed_project, random_project
from helpers.weather_files import Atmosphere, dataset, write_netcdf
from stamps.matlab.dates import to_yyyymmdd

INCIDENCE = np.radians(39.0)
WAVELENGTH = 0.0555
LAT, LON = np.arange(39.75, 40.51, 0.25), np.arange(13.75, 14.51, 0.25)


def atmospheres(n, seed=4):
    """Pressures, humidities and slopes of n dates."""
    rng = np.random.default_rng(seed)
    draws = rng.uniform([985, 0.003, -4], [1035, 0.012, 4], (n, 3))
    return [Atmosphere(pressure=p, humidity=q, east=e, lat=LAT, lon=LON) for p, q, e in draws]


def make(folder, small_baselines=False, n_ps=30, **options):
    """A project with heights and incidence angles; the atmospheres of its dates at 06:00."""
    kind = random_project.small_baselines if small_baselines else random_project.single_master
    size = {"n_image" if small_baselines else "n_ifg": 5}
    ws = kind(folder / "project", n_ps=n_ps, side=20_000.0, **{**size, **options})
    ps = ws.load("ps2")
    height = delayed_project.hills(ps["xy"][:, 1:].astype(float), 20_000.0)
    ws.save("hgt2", {"hgt": height})
    ws.save("inc2", {"inc": np.full(n_ps, INCIDENCE)})
    dates = to_yyyymmdd(ps["day"])
    if small_baselines:
        first, second = ps["ifgday_ix"].T
    else:
        first, second = np.full(ps["n_ifg"], ps["master_ix"]), np.arange(ps["n_ifg"])
    return SimpleNamespace(
        ws=ws,
        dates=[int(date) for date in dates],
        lonlat=ps["lonlat"],
        height=height,
        first=first,
        second=second,
        maps=folder / "era5",
        air=atmospheres(len(dates)),
        file=f"tca{'_sb' if small_baselines else ''}2",
        n_ifg=int(ps["n_ifg"]),
    )


def write_weather(made, hours=(6,), name="ERA5_{date}_{hour:02d}.nc", layout="old", dates=None):
    """Files of the dates; with other hours than 6 the same atmosphere."""
    for date, air in zip(made.dates, made.air, strict=True):
        for hour in hours if dates is None or date in dates else ():
            path = made.maps / name.format(date=date, hour=hour)
            write_netcdf(path, dataset(air, f"{date}{hour:02d}00", layout))


def expected(made):
    """Phases of the hydrostatic and the wet delay of the interferograms, rad, by the tests' own integration."""
    images = np.array(
        [[air.zenith(h, x) for h, x in zip(made.height, made.lonlat[:, 0], strict=True)] for air in made.air]
    )
    phase = 4 * np.pi / WAVELENGTH * images / np.cos(INCIDENCE)
    return [(phase[made.second, :, part] - phase[made.first, :, part]).T for part in (0, 1)]

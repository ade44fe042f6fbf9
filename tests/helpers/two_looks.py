"""Finished projects that see one motion of the ground from different sides, with noise that is known."""

import numpy as np

from helpers import finished_project, random_project
from stamps.products.line_of_sight import look_vector

ASCENDING, DESCENDING = -12.0, -168.0
CENTRE = 14.0, 40.0
METRES = np.array([85_300.0, 111_040.0])  # of a degree there
START = 737061.0
EDGE = CENTRE[0] + 1000 / METRES[0]


BLOCK = np.array([6.0, 0.0, -14.0])  # east, north, up, mm/yr, of the eastern half; the western one is stable
STABLE = (CENTRE[0] + 450 / METRES[0], CENTRE[1] + 1000 / METRES[1], 400.0)  # a reference in the western half


def field(lonlat):
    """East, north and up (mm/yr) of places: a block that sinks eastwards beside stable ground."""
    return np.where(np.asarray(lonlat)[:, [0]] > EDGE, BLOCK, 0.0)


def places(rng, n, side=2000.0, offset=(0.0, 0.0)):
    return CENTRE + (rng.uniform(0, side, (n, 2)) + offset) / METRES


def project(
    folder,
    lonlat,
    motion,
    *,
    heading=ASCENDING,
    incidence=39.0,
    noise=2.0,
    days=None,
    seed=0,
    left=False,
    surface=0.0,
    wave=None,
    **parameters,
):
    """Workspace whose pixels move by ``motion`` (east, north, up, mm/yr), seen with independent noise (mm) of each date.

    ``surface`` (mm/yr) is added to the velocities; ``wave(years)`` (east, north, up, mm) to the motion of all pixels.
    """
    days = START + 12.0 * np.arange(40) if days is None else np.asarray(days)
    n, k, master = len(lonlat), len(days), len(days) // 3
    parameters = {"ref_radius": float("-inf"), "lambda": finished_project.WAVELENGTH, **parameters}
    ws = random_project.single_master(
        folder, n_ps=n, n_ifg=k, master_ix=master, seed=seed, heading=heading, **parameters
    )
    rng, vector = np.random.default_rng(seed + 1000), look_vector(np.radians([incidence]), heading, left=left)[0]
    years = (days - days[master]) / 365.25
    seen = np.outer(motion @ vector + surface, years)
    if wave is not None:
        seen = seen + (wave(years) - wave(0 * years)) @ vector
    seen = seen + rng.normal(0, noise, seen.shape)
    phase = -(seen - seen[:, [master]]) / finished_project.MILLIMETRES
    degrees = max(noise, 0.01) / finished_project.MILLIMETRES * 181 / np.pi
    none = np.zeros((n, k))
    with ws.publish():
        ws.save("ps2", {**ws.load("ps2"), "lonlat": np.asarray(lonlat), "day": days, "master_day": days[master]})
        ws.save("phuw2", {"ph_uw": phase.astype(np.float32), "msd": np.zeros(k, np.float32)})
        scla = {"ph_scla": none.astype(np.float32), "C_ps_uw": none[:, 0].astype(np.float32)}
        ws.save("scla2", {**scla, "K_ps_uw": none[:, 0], "ph_ramp": none})
        ws.save("inc2", {"inc": np.full(n, np.radians(incidence))})
        ws.save("hgt2", {"hgt": np.full(n, 100.0)})
        ws.save("ifgstd2", {"ifg_std": np.full(k, degrees, np.float32)})
    return ws


def pair(folder, *, seed=0, n=400, motion=None, **options):
    """An ascending and a descending project of the same ground."""
    rng, made = np.random.default_rng(seed), []
    for number, heading in enumerate((ASCENDING, DESCENDING)):
        lonlat = places(rng, n)
        moved = field(lonlat) if motion is None else np.tile(motion, (n, 1))
        made.append(project(folder / f"p{number}", lonlat, moved, heading=heading, seed=2 * seed + number, **options))
    return made

"""Small multilooked stacks whose phases are known: rasters of Doris projects, and of Gamma."""

import numpy as np

DATES = (20200101, 20200113, 20200125, 20200206, 20200218)
PAIRS = [(a, b) for i, a in enumerate(DATES) for b in DATES[i + 1 : i + 3]]
BPERP = {20200101: -60.0, 20200113: 25.0, 20200125: 0.0, 20200206: 70.0, 20200218: -30.0}
MASTER = 20200125
LINES, SAMPLES, LOOKS, ASPECT = 14, 11, 2, 3
HEADING, WAVELENGTH = -166.0, 0.0555


def places():
    """Longitude, latitude and height of the multilooked pixels."""
    i, j = np.mgrid[0:LINES, 0:SAMPLES].astype(float)
    lon, lat = 14.2 - 0.0011 * j + 0.0003 * i, 40.8 - 0.0009 * i - 0.00002 * j
    return lon.astype(np.float32), lat.astype(np.float32), (10 + i * 5 + j).astype(np.float32)


def deformation(date):
    """Radians since the first date: a small bowl that sinks, and a plane."""
    i, j = np.mgrid[0:LINES, 0:SAMPLES]
    years = (DATES.index(date)) / 10
    return years * (4 * np.exp(-((i - 6) ** 2 + (j - 5) ** 2) / 20) + 0.05 * i)


def phase(first, second):
    return np.exp(1j * (deformation(second) - deformation(first))).astype(np.complex64)


def coherence(seed=0):
    """High in all but the last three columns."""
    values = np.random.default_rng(seed).uniform(0.5, 0.9, (LINES, SAMPLES)).astype(np.float32)
    values[:, -3:] = 0.1
    return values


def _headers(folder):
    full = LINES * LOOKS * ASPECT + 4, SAMPLES * LOOKS + 1  # what is left over belongs to no block
    texts = {"width.txt": full[1], "len.txt": full[0], "looks.txt": LOOKS, "ar.txt": ASPECT, "heading.1.in": HEADING,
             "lambda.1.in": WAVELENGTH, "master_day.1.in": MASTER}  # fmt: skip
    for name, value in texts.items():
        (folder / name).write_text(f"{value}\n")
    for date, metres in BPERP.items():
        if date != MASTER:
            np.savetxt(
                folder / f"bperp_{date}.1.in", np.column_stack([np.full(2500, metres), np.full(2500, 9e3)]).ravel()
            )
    return full


def _write(folder, name, first, second):
    (folder / name).mkdir()
    phase(first, second).tofile(folder / name / f"cint.minrefdem_{LOOKS}l.raw")
    coherence(first + second).tofile(folder / name / f"coh_{LOOKS}l.raw")


def small_baselines(root):
    folder = root / "SMALL_BASELINES"
    folder.mkdir(parents=True)
    _headers(folder)
    for name, values in zip(("lon", "lat", "dem_radar"), places(), strict=True):
        values.tofile(folder / f"{name}_{LOOKS}l.raw")
    for first, second in PAIRS:
        _write(folder, f"{first}_{second}", first, second)
    return folder


def single_master(root):
    """With longitudes, latitudes and heights of full size."""
    folder = root / f"INSAR_{MASTER}"
    folder.mkdir(parents=True)
    full = _headers(folder)
    for name, values in zip(("lon", "lat", "dem_radar_i"), places(), strict=True):
        large = np.zeros(full, np.float32)
        blocks = np.kron(values, np.ones((LOOKS * ASPECT, LOOKS), np.float32))
        large[: blocks.shape[0], : blocks.shape[1]] = blocks
        large.tofile(folder / f"{name}.raw")
    for date in DATES:
        if date != MASTER:
            _write(folder, str(date), MASTER, date)
    return folder


_PAR = f"""title: a
sensor: ASAR IM
image_format: FLOAT
heading: {HEADING} degrees
radar_frequency: 5.331004e9 Hz
range_pixel_spacing: 40.0 m
near_range_slc: 830000.0 m
sar_to_earth_center: 7159000.0 m
earth_radius_below_sensor: 6369000.0 m
center_range_slc: 830200.0 m
azimuth_lines: {LINES}
range_samples: {SAMPLES}
range_looks: {LOOKS}
azimuth_looks: {LOOKS * ASPECT}
prf: 1652.0 Hz
"""


def gamma(root, order=">"):
    folder = root / "SMALL_BASELINES"
    for other in (folder, root / "SLC", root / "geo"):
        other.mkdir(parents=True)
    (root / "SLC" / f"{MASTER}.mli").write_bytes(b"")
    (root / "SLC" / f"{MASTER}.mli.par").write_text(_PAR)
    for name, values in zip(("a.lon", "a.lat", "a_dem.rdc"), places(), strict=True):
        values.astype(f"{order}f4").tofile(root / "geo" / name)
    for first, second in PAIRS:
        name = f"{first}_{second}"
        (folder / name).mkdir()
        phase(first, second).astype(f"{order}c8").tofile(folder / name / f"{name}.diff")
        coherence(first + second).astype(f"{order}f4").tofile(folder / name / f"{name}.cc")
        across, rate = BPERP[second] - BPERP[first], 3.0
        (folder / name / f"{name}.base").write_text(
            f"initial_baseline(TCN): 0.0 {across} {-across / 2} m m m\n"
            f"initial_baseline_rate: 0.0 {rate} {-rate} m/s m/s m/s\n"
        )
    return folder

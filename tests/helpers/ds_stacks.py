"""Stacks of distributed scatterers whose truth is known exactly, as arrays and as a SNAP export.

Five kinds of ground with sharp borders, each with a coherence matrix, brightness and phase history of its own, and point
scatterers. Speckle is white: the number of independent looks of a window is its number of pixels.

Pixel p of kind r has s_k(p) = a_r·x_k(p)·exp(jφ_k(p)), x(p) circular Gaussian with the covariance of its kind,
(g0 − g∞)·exp(−|t_k − t_l|/τ) + g∞ off the diagonal. φ_k is the history of the kind (rate and season), a ramp of the image, and
for points baseline times height.
"""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest

#: Name: (g0, g∞, τ in days, root mean square amplitude, rate in rad/year, seasonal amplitude in rad).
KINDS = {
    "dry": (0.85, 0.30, 60.0, 1.00, -4.0, 0.0),  # coherent for long
    "fields": (0.90, 0.00, 50.0, 2.40, 3.0, 1.0),  # only short pairs are coherent
    "weak": (0.40, 0.40, 1.0, 0.40, 0.0, 0.5),
    "water": (0.00, 0.00, 1.0, 0.12, 0.0, 0.0),
    "road": (0.95, 0.70, 200.0, 6.00, 1.0, 0.0),  # three samples wide
}
NAMES = list(KINDS)
_PHASE_PER_METRE = 0.004  # of baseline and height


def reference_data():
    """Folder with the stack that other programs have linked, and their results; the test is skipped where it is not."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "linking"
    folder = Path(os.environ.get("STAMPS_LINKING") or beside)
    if not (folder / "ds_stack.npz").is_file():
        pytest.skip("no reference data of phase linking (STAMPS_LINKING names their folder)")
    return folder


def coherence_matrix(name, days):
    """Coherence matrix of a kind of ground, (n, n)."""
    first, last, decay = KINDS[name][:3]
    matrix = (first - last) * np.exp(-np.abs(days[:, None] - days[None, :]) / decay) + last
    np.fill_diagonal(matrix, 1.0)
    return matrix


def kinds_of_ground(lines, samples):
    """Number of the kind of every pixel, (lines, samples) uint8."""
    y, x = np.mgrid[:lines, :samples]
    kind = np.zeros((lines, samples), np.uint8)
    kind[:, samples // 2 :] = NAMES.index("fields")
    kind[lines // 2 :, : samples // 2] = NAMES.index("weak")
    beyond, down = x - samples // 2, (y - lines // 2) // 2
    kind[(y >= lines // 2) & (beyond >= down)] = NAMES.index("water")
    kind[(y >= lines // 2) & (beyond >= 0) & (beyond < down)] = NAMES.index("weak")
    kind[(np.abs(x - (3 * samples // 4 - y // 3)) <= 1) & (y < lines // 2)] = NAMES.index("road")
    return kind


def _points(rng, kind, share, margin=3):
    """Positions of point scatterers, near the borders of kinds so that the middle of each stays free of them."""
    near = np.zeros(kind.shape, bool)
    for dy in range(-margin, margin + 1):
        for dx in range(-margin, margin + 1):
            near |= np.roll(kind, (dy, dx), (0, 1)) != kind
    near &= kind != NAMES.index("road")
    place = np.flatnonzero(near)
    chosen = rng.choice(place, size=min(place.size, max(1, round(share * kind.size))), replace=False)
    points = np.zeros(kind.shape, bool)
    points.flat[chosen] = True
    return points


def simulate(lines=60, samples=80, n_images=24, seed=2026, ps_share=0.005):
    """A stack and its truth: ``slc`` and ``phase`` (n, lines, samples), ``kind``, ``ps``, ``days``, ``dates``, ``bperp``."""
    rng = np.random.Generator(np.random.PCG64(seed))
    steps = 12 * (1 + rng.choice(3, size=n_images - 1, p=[0.84, 0.12, 0.04]))
    days = np.concatenate([[0], np.cumsum(steps)]).astype(int)
    bperp = np.round(rng.normal(0, 70, n_images), 3)
    kind = kinds_of_ground(lines, samples)
    amplitude = np.array([KINDS[name][3] for name in NAMES])
    years = days / 365.25
    history = np.stack([KINDS[n][4] * years + KINDS[n][5] * np.sin(2 * np.pi * years) for n in NAMES])
    y, x = (np.arange(lines) / lines - 0.5)[:, None], (np.arange(samples) / samples - 0.5)[None, :]
    ramp, offset = rng.normal(0, 0.3, (n_images, 2)), rng.uniform(-1, 1, n_images)
    phase = history.T[:, kind] + offset[:, None, None] + ramp[:, 0, None, None] * y + ramp[:, 1, None, None] * x
    slc = np.empty((n_images, lines, samples), np.complex128)
    for number, name in enumerate(NAMES):
        here = kind == number
        size = n_images, int(here.sum())
        white = (rng.standard_normal(size) + 1j * rng.standard_normal(size)) / np.sqrt(2)
        slc[:, here] = amplitude[number] * (np.linalg.cholesky(coherence_matrix(name, days)) @ white)
    slc *= np.exp(1j * phase)
    ps = _points(rng, kind, ps_share)
    row, col = np.nonzero(ps)
    phase[:, row, col] += _PHASE_PER_METRE * bperp[:, None] * rng.normal(0, 5, row.size)
    static = rng.uniform(-np.pi, np.pi, row.size)
    strength = amplitude[kind[row, col]] * rng.uniform(5, 10, row.size)
    slc[:, row, col] += strength * np.exp(1j * (static + phase[:, row, col]))
    dates = [(dt.date(2018, 1, 8) + dt.timedelta(days=int(day))).strftime("%Y%m%d") for day in days]
    return {
        "slc": slc.astype(np.complex64), "phase": phase.astype(np.float32), "kind": kind, "ps": ps, "days": days,
        "dates": dates, "bperp": bperp,
    }  # fmt: skip


def pure_pixels(stack, half):
    """Kind -> pixels whose whole window is of this kind, without points; the road, three samples wide; borders of dry ground."""
    kind, (lines, samples) = stack["kind"], half
    window = 2 * lines + 1, 2 * samples + 1
    windows, points = (np.lib.stride_tricks.sliding_window_view(a, window) for a in (kind, stack["ps"]))
    inside, pure = np.zeros(kind.shape, bool), np.zeros(kind.shape, bool)
    inside[lines:-lines, samples:-samples] = True
    centre = kind[lines:-lines, samples:-samples, None, None]
    pure[lines:-lines, samples:-samples] = ((windows == centre) & ~points).all(axis=(2, 3))
    found = {name: pure & (kind == NAMES.index(name)) for name in ("dry", "fields", "weak")}
    found["road"] = kind == NAMES.index("road")
    found["dry near borders"] = (kind == NAMES.index("dry")) & ~pure & inside & ~stack["ps"]
    return found


_HEADER = """\
sensor:\tSENTINEL-1A
range_samples:\t{samples}
azimuth_lines:\t{lines}
image_format:\tFCOMPLEX
heading:\t-166.6\tdegrees
range_pixel_spacing:\t2.329562\tm
azimuth_pixel_spacing:\t13.97\tm
radar_frequency:\t5.4050005e+09\tHz
prf:\t486.4863102995529\tHz
sar_to_earth_center:\t7068982.3\tm
earth_radius_below_sensor:\t6368982.3\tm
near_range_slc:\t870000.0\tm
center_range_slc:\t870000.0\tm
"""


def export(stack, folder, unflattened=False):
    """Write a stack as SNAP does and return the date of the master, the middle image.

    ``unflattened`` leaves a ramp of each image in the SLCs, which real exports have, and not in the interferograms.
    """
    folder, slc, dates = Path(folder), stack["slc"], [str(date) for date in stack["dates"]]
    n, lines, samples = slc.shape
    master = n // 2
    line, column = np.arange(lines)[:, None], np.arange(samples)[None, :]
    for name in ("rslc", "diff0", "geo"):
        (folder / name).mkdir(parents=True, exist_ok=True)

    def write(path, array):
        np.asarray(array).astype(">c8" if np.iscomplexobj(array) else ">f4").tofile(folder / path)

    for k, date in enumerate(dates):
        ramp = np.exp(1j * 0.011 * stack["bperp"][k] * column) if unflattened else 1.0
        write(f"rslc/{date}.rslc", slc[k] * ramp)
        (folder / f"rslc/{date}.rslc.par").write_text(_HEADER.format(lines=lines, samples=samples))
        if k == master:
            continue
        pair = f"diff0/{dates[master]}_{date}"
        write(f"{pair}.diff", slc[master] * np.conj(slc[k]))
        across = stack["bperp"][k] - stack["bperp"][master]
        (folder / f"{pair}.base").write_text(
            f"initial_baseline(TCN):\t0.0\t{across:.4f}\t0.0\tm m m\ninitial_baseline_rate:\t0.0\t0.0\t0.0\tm/s m/s m/s\n"
        )
    write(f"geo/{dates[master]}_dem.rdc", np.zeros((lines, samples)) + 10.0 + line)
    write(f"geo/{dates[master]}.lon", 14.2 + 4.4e-5 * column + 3.8e-5 * line)
    write(f"geo/{dates[master]}.lat", 40.8 + 8.1e-6 * column - 1.2e-4 * line)
    return dates[master]

"""A small hand-written project as the preparation of Gamma stacks leaves it before step 1."""

import numpy as np

from stamps.workspace.parameters import Parameters

HEADER = {
    "heading": "-166.6 degrees", "radar_frequency": "5.4e+09 Hz", "sensor": "SENTINEL-1A extra",
    "range_pixel_spacing": "10.0 m", "near_range_slc": "870000.0 m", "sar_to_earth_center": "7069000.0 m",
    "earth_radius_below_sensor": "6369000.0 m", "center_range_slc": "871000.0 m", "azimuth_lines": "100",
    "prf": "500.0 Hz",
}  # fmt: skip
SLAVES = (20180108, 20180120, 20180225)
PAIRS = ((20180108, 20180120), (20180108, 20180213), (20180120, 20180213))
N = 60


def write_stack(root, names, n=N, seed=1, header=HEADER):
    """Write a project with one patch; returns the patch and what was written."""
    random = np.random.default_rng(seed)
    patch = root / "PATCH_1"
    patch.mkdir(parents=True)
    (root / "20180213.rslc.par").write_text("".join(f"{key}:\t{value}\n" for key, value in header.items()))
    (root / "rsc.txt").write_text(f"{root / '20180213.rslc.par'}\n")
    paths = [str(root / f"{name}.diff") for name in names]
    (root / "pscphase.in").write_text("\n".join(["200", *paths]) + "\n")
    baselines = random.normal(0, 60, (len(names), 2, 2))  # across, normal: value and rate
    for path, ((across, across_rate), (normal, normal_rate)) in zip(paths, baselines, strict=True):
        with open(path[:-4] + "base", "w") as file:
            file.write(f"initial_baseline(TCN):\t0.0\t{across}\t{normal}\tm m m\n")
            file.write(f"initial_baseline_rate:\t0.0\t{across_rate / 100}\t{normal_rate / 100}\tm/s m/s m/s\n")
    written = {
        "ij": np.column_stack([np.arange(1, n + 1), np.sort(random.integers(0, 100, n)), random.integers(0, 200, n)]),
        "lonlat": (random.uniform(0, 0.02, (n, 2)) + [14.2, 40.8]).astype(">f4"),
        "ph": (random.normal(size=(len(names), n)) + 1j * random.normal(size=(len(names), n))).astype(">c8"),
        "D_A": np.round(random.uniform(0.1, 0.4, n), 6),
        "hgt": random.uniform(0, 100, n).astype(">f4"),
        "baselines": baselines,
    }
    np.savetxt(patch / "pscands.1.ij", written["ij"], fmt="%d")
    np.savetxt(patch / "pscands.1.da", written["D_A"], fmt="%g")
    for name, suffix in (("lonlat", "ll"), ("ph", "ph"), ("hgt", "hgt")):
        (patch / f"pscands.1.{suffix}").write_bytes(written[name].tobytes())
    Parameters(root).start_afresh(small_baselines=False)
    return patch, written


def single_master(slaves=SLAVES, master=20180213):
    return [f"{master}_{slave}" for slave in slaves]

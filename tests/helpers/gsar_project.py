"""A small hand-written project with GSAR's files before step 1."""

import numpy as np

from stamps.workspace.parameters import Parameters

MASTER, SLAVES = 20180213, (20180225, 20180108, 20180120)
BASELINES = (30.5, -80.25, 12.0)
N = 40
XML = """<?xml version="1.0"?>
<Interferogram xmlns="urn:some:space"><Geometry><Baseline unit="m">{}</Baseline><Track_Angle value="-166.6"/></Geometry>
<Sensor><Frequency>5.4e9</Frequency><Platform>RADARSAT-2</Platform></Sensor></Interferogram>
"""


def write_project(root, master_first=True, n=N, xml=XML):
    random = np.random.default_rng(3)
    patch = root / "PATCH_1"
    patch.mkdir(parents=True)
    names = [f"{MASTER}_{date}" if master_first else f"{date}-{MASTER}" for date in SLAVES]
    (root / "pscphase.in").write_text("200\n" + "".join(f"{root / name}.int\n" for name in names))
    for k, (name, value) in enumerate(zip(names, BASELINES, strict=True)):
        (root / (f"{name}.int.xml" if k else f"{name}.xml")).write_text(xml.format(value))
    written = {
        "ij": np.column_stack([np.arange(1, n + 1), np.sort(random.integers(0, 99, n)), random.integers(0, 99, n)]),
        "lon": random.uniform(14.2, 14.21, n),
        "lat": random.uniform(40.8, 40.81, n),
        "inc": random.uniform(0.5, 0.7, n),
        "hgt": random.uniform(0, 100, n),
        "ph": (random.normal(size=(3, n)) + 1j * random.normal(size=(3, n))).astype("<c8"),
        "da": np.round(random.uniform(0.1, 0.4, n), 6),
    }
    np.savetxt(patch / "pscands.1.ij", written["ij"], fmt="%d")
    np.savetxt(patch / "pscands.1.da", written["da"], fmt="%g")
    for name in ("lon", "lat", "inc", "hgt", "ph"):
        (patch / f"pscands.1.{name}").write_bytes(written[name].astype("<c8" if name == "ph" else "<f8").tobytes())
    Parameters(root).start_afresh(small_baselines=False)
    return patch, written

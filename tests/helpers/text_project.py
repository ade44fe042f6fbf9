"""A small hand-written project with text headers, as the loaders of Doris and ISCE read it."""

from types import SimpleNamespace

import numpy as np

from stamps.workspace.parameters import Parameters

MASTER = 20180213
SLAVES = (20180225, 20180108, 20180120)  # not in order of date, as a directory may list them
BPERP = (30.5, -80.25, 12.0)
PAIRS = ((20180108, 20180120), (20180108, 20180213), (20180120, 20180225))
SIZE = (200, 100)  # samples, lines
N = 60


def grid(function):
    """Text of a 50 × 50 grid of ``function(sample, line, height)`` at 0 m and 1000 m."""
    sample, line = np.meshgrid(np.linspace(0, SIZE[0], 50), np.linspace(0, SIZE[1], 50))
    pairs = zip(function(sample, line, 0.0).ravel(), function(sample, line, 1000.0).ravel(), strict=True)
    return "".join(f"{low!r} {high!r}\n" for low, high in ((float(a), float(b)) for a, b in pairs))


def baseline(k):
    """Baseline of slave ``k`` as a function that is linear in position and height."""
    return lambda sample, line, height: BPERP[k] + 0.01 * sample - 0.02 * line + 0.001 * (k + 1) * height


def look_degrees(sample, line, height):
    """Look angle in degrees, linear in position and height."""
    return 30 + 0.005 * sample + 0.001 * line + 0.0004 * height


def write_project(root, small_baselines=False, processor="doris", n=N, seed=1):
    """Write a project with one patch; returns the patch and what was written."""
    random = np.random.default_rng(seed)
    patch = root / "PATCH_1"
    patch.mkdir(parents=True)
    n_ifg = len(PAIRS if small_baselines else SLAVES)
    texts = {
        "processor.txt": processor,
        "width.txt": SIZE[0],
        "len.txt": SIZE[1],
        "master_day.1.in": MASTER,
        "heading.1.in": -166.6,
        "lambda.1.in": 0.0555,
        "slc_osfactor.1.in": 1,
        "day.1.in": "\n".join(map(str, SLAVES)),
        "bperp.1.in": "\n".join(map(str, BPERP)),
    }
    if small_baselines:
        texts["ifgday.1.in"] = "\n".join(f"{first} {second}" for first, second in PAIRS)
    for name, content in texts.items():
        (root / name).write_text(f"{content}\n")
    written = SimpleNamespace(
        line=np.sort(random.integers(0, SIZE[1], n)),
        sample=random.integers(0, SIZE[0], n),
        lonlat=(random.uniform(0, 0.02, (n, 2)) + [14.2, 40.8]).astype("<f4"),
        ph=(random.normal(size=(n_ifg, n)) + 1j * random.normal(size=(n_ifg, n))).astype("<c8"),
        D_A=np.round(random.uniform(0.1, 0.4, n), 6),
        hgt=random.uniform(0, 900, n).astype("<f4"),
    )
    np.savetxt(patch / "pscands.1.ij", np.column_stack([np.arange(1, n + 1), written.line, written.sample]), fmt="%d")
    np.savetxt(patch / "pscands.1.da", written.D_A, fmt="%g")
    for name, suffix in (("lonlat", "ll"), ("ph", "ph"), ("hgt", "hgt")):
        (patch / f"pscands.1.{suffix}").write_bytes(getattr(written, name).tobytes())
    Parameters(root).start_afresh(small_baselines=small_baselines)
    return patch, written

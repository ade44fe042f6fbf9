"""Products of HyP3 of a small simulated stack, and ways to spoil them."""

import contextlib
import shutil

import numpy as np
import rasterio
from rasterio.transform import Affine

from stamps.frontends.hyp3.prepare import prepare_hyp3
from stamps.simulation.settings import Settings
from stamps.simulation.stack import simulate

CALM = {"atmosphere": 0.05, "tropo": 0.0, "orbit_ramp": 0.0, "sigma_height": 0.0}


def simulated(folder, **changes):
    """The products of a stack (default: 5 images, some 40 x 40 pixels); their folder, which lies in that of the truth."""
    small = {"lines": 34, "samples": 40, "n_images": 5, "seed": 3, "quiet": True, **CALM}
    simulate(Settings.of_preset("hyp3_small", folder, **{**small, **changes}))
    return folder / "hyp3"


def copied(products, folder):
    """A copy that may be changed."""
    return shutil.copytree(products, folder)


def pairs(products):
    """Folders of the products in the order of their dates."""
    return sorted(path for path in products.iterdir() if path.is_dir())


def raster(product, tag):
    return product / f"{product.name}_{tag}.tif"


def changed(product, tag, values=None, **profile):
    """Write a raster of a product anew: other values (or a function of the old ones), other georeference."""
    path = raster(product, tag)
    with rasterio.open(path) as old:
        content, described = old.read(1), old.profile
    content = values(content) if callable(values) else content if values is None else values
    described.update(height=content.shape[0], width=content.shape[1], **profile)
    path.unlink()
    with rasterio.open(path, "w", **described) as new:
        new.write(content.astype(described["dtype"]), 1)


def moved(product, x=0.0, y=0.0, tags=None):
    """Move all rasters of a product (or some) on the map, in metres."""
    for path in product.glob("*.tif"):
        tag = path.stem.removeprefix(f"{product.name}_")
        if tags is None or tag in tags:
            with rasterio.open(path) as old:
                a, b, c, d, e, f = tuple(old.transform)[:6]
                transform = Affine(a, b, c + x, d, e, f + y)
            changed(product, tag, transform=transform)


def renamed(product, name):
    """Give a product and its files another name; its new folder."""
    folder = product.with_name(name)
    product.rename(folder)
    for path in folder.iterdir():
        path.rename(folder / path.name.replace(product.name, name))
    return folder


def rewritten(product, old, new):
    """Replace a text in the metadata of a product."""
    path = product / f"{product.name}.txt"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def value_of(product, key):
    """Value of a key of the metadata."""
    lines = (product / f"{product.name}.txt").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith(f"{key}: "))


def turned(product):
    """The same interferogram with the newer image first: name, granules, signs of phase and baseline."""
    words = product.name.split("_")
    words[1], words[2] = words[2], words[1]
    reference, secondary, baseline = (
        value_of(product, k) for k in ("Reference Granule", "Secondary Granule", "Baseline")
    )
    rewritten(product, f"Reference Granule: {reference}", f"Reference Granule: {secondary}#")
    rewritten(product, f"Secondary Granule: {secondary}\n", f"Secondary Granule: {reference}\n")
    rewritten(product, f"{secondary}#", secondary)
    rewritten(product, f"Baseline: {baseline}", f"Baseline: {-float(baseline)}")
    for tag in ("unw_phase", "wrapped_phase"):
        changed(product, tag, np.negative)
    return renamed(product, "_".join(words))


@contextlib.contextmanager
def nothing_written(folder):
    """Context in which no file of a folder may change or appear, but the log."""

    def state():
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "STAMPS.log"]
        return {path: path.read_bytes() for path in paths} if folder.exists() else None

    before = state()
    yield
    assert state() == before


def prepared(products, workdir, **options):
    """The conversion; its answer."""
    return prepare_hyp3(products, workdir=workdir, **options)

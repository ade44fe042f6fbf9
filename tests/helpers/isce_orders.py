"""Orders of ISCE stacks: products, orbits, an elevation model, and stand-ins for ISCE2's programs."""

import dataclasses
import os
from pathlib import Path

from stamps.simulation.command import parse_args
from stamps.simulation.safe_files import ProductLayout, write_orbit_files, write_products
from stamps.simulation.stack import simulate

__all__ = ["PROGRAMS", "Materials", "environment", "materials"]

#: Folder of the stand-ins.
PROGRAMS = Path(__file__).resolve().parents[1] / "tools" / "isce2" / "topsStack"

_OPTIONS = ["--preset", "tiny", "--lines", "40", "--samples", "50", "--quiet", "--layout", "isce"]
_MARGIN = 0.02  # degrees around the centre of the scene


@dataclasses.dataclass(frozen=True)
class Materials:
    """What an order is made from.

    Attributes
    ----------
    tree : Path
        The simulated stack as topsStack would leave it.
    slc, orbits, dem : Path
    dates : tuple of str
    bbox : tuple of float
        South, north, west, east.
    """

    tree: Path
    slc: Path
    orbits: Path
    dem: Path
    dates: tuple[str, ...]
    bbox: tuple[float, float, float, float]

    @property
    def settings(self):
        """Keywords of the settings of an order."""
        return {
            "slc_dir": str(self.slc),
            "orbit_dir": str(self.orbits),
            "dem_path": str(self.dem),
            "bbox": self.bbox,
            "min_dates": 2,
        }

    @property
    def words(self):
        """The same for the shell."""
        words = [str(self.slc), "--orbits", str(self.orbits), "--dem", str(self.dem), "--min-dates", "2"]
        return [*words, "--bbox", *map(str, self.bbox)]


def materials(folder, n_images=3, layout=None, options=()):
    """Simulate a stack, and write the products from which it could have been made.

    Parameters
    ----------
    folder : Path
    n_images : int
    layout : ProductLayout, optional
    options : sequence of str
        Of the simulation.

    Returns
    -------
    Materials
    """
    settings = parse_args([str(folder / "tree"), *_OPTIONS, "--n-images", str(n_images), *options])
    simulate(settings)
    layout = layout or ProductLayout(zipped=True)
    dates = write_products(folder / "slc", settings, layout)
    write_orbit_files(folder / "orbits", settings, layout)
    dem = folder / "dem.wgs84"
    dem.write_bytes(bytes(8))
    Path(f"{dem}.xml").write_text("<imageFile/>\n")
    lon, lat = settings.centre_lon, settings.centre_lat
    box = (lat - _MARGIN, lat + _MARGIN, lon - _MARGIN, lon + _MARGIN)
    return Materials(folder / "tree", folder / "slc", folder / "orbits", dem, tuple(dates), box)


def environment(made, **variables):
    """Variables with which the stand-ins are found and know the tree; faults as in :mod:`standin`."""
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "ISCE2_TREE": str(made.tree), "ISCE_HOME": "", **variables}

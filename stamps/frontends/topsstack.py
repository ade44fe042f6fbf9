"""A stack of ISCE2's topsStack: what its tree holds, and its rasters through GDAL (rasterio).

Layout::

    merged/SLC/<date>/<date>.slc[.full]                      coregistered SLCs, one folder per image
    merged/geom_reference/{lat,lon,hgt,los}.rdr[.full]       los: incidence, and azimuth counted counter-clockwise
    merged/baselines/<date>/<date>                           perpendicular baseline against the reference, coarse
    reference/IW*.xml                                        wavelength

Each raster has a header ``.xml`` or is a virtual one, ``.vrt``; both are read by GDAL. Full resolution (``.full``) has
precedence.

Source: docs/method/preparation.md, section 4; ISCE2 topsStack.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from stamps._typing import StrPath
from stamps.errors import InputError
from stamps.frontends.headers import plain_number
from stamps.workspace.plain_files import read_input

__all__ = ["TopsStackTree", "find_stack", "heading_of", "open_raster", "read_lines", "read_pairs"]

#: Wavelength of Sentinel-1, the only sensor of topsStack, where the tree does not tell it; metres.
SENTINEL_1 = 0.05546576

_DATE = re.compile(r"\d{8}\Z")
_SUFFIXES = (".full", ".full.vrt", "", ".vrt")  # behind .slc and .rdr, in order of precedence
_GEOMETRY = ("lat", "lon", "hgt", "los")


@dataclass(frozen=True)
class TopsStackTree:
    """What topsStack left in its tree.

    Attributes
    ----------
    root : Path
    master : int
        yyyymmdd, the master of the interferograms.
    slcs : dict
        Date to the raster.
    pairs : tuple of (int, int)
        Small baselines; empty for a single master.
    geometry : dict
        ``lat``, ``lon``, ``hgt``, ``los`` to the raster.
    baselines : dict
        Date to the raster; the reference of the stack has none or its own.
    width, length : int
    """

    root: Path
    master: int
    slcs: Mapping[int, Path]
    pairs: tuple[tuple[int, int], ...] = ()
    geometry: Mapping[str, Path] = field(default_factory=dict)
    baselines: Mapping[int, Path] = field(default_factory=dict)
    width: int = 0
    length: int = 0

    @property
    def dates(self) -> list[int]:
        """Slaves (for small baselines: the images of the pairs but the master), ascending."""
        used = {date for pair in self.pairs for date in pair} or set(self.slcs)
        return sorted(used - {self.master})

    @property
    def interferograms(self) -> list[tuple[int, int]]:
        """Pairs of dates of the interferograms."""
        return list(self.pairs) or [(self.master, date) for date in self.dates]

    @property
    def wavelength(self) -> float:
        """Radar wavelength in metres: of the reference's burst headers, else that of Sentinel-1."""
        for path in sorted(self.root.glob("reference/IW*.xml")) + sorted(self.root.glob("master/IW*.xml")):
            try:
                properties = ElementTree.parse(path).getroot().iter("property")
            except (OSError, ElementTree.ParseError):
                continue
            for element in properties:
                if element.get("name", "").lower() == "radarwavelength":
                    value = plain_number((element.findtext("value") or "").strip())
                    if value is not None and value > 0:
                        return value
        return SENTINEL_1


def find_stack(master: int | str, root: str | os.PathLike[str], pairs: Iterable[tuple[int, int]] = ()) -> TopsStackTree:
    """List the files of a stack and check that they belong together.

    Parameters
    ----------
    master : int or str
        yyyymmdd.
    root : path-like
        The directory that holds ``merged``.
    pairs : iterable of (int, int)
        Small baselines: dates of the interferograms.

    Returns
    -------
    TopsStackTree

    Raises
    ------
    InputError
        A raster is missing, of another size than the others, or the dates do not fit.
    """
    root = Path(os.path.abspath(root))
    if not (root / "merged" / "SLC").is_dir():
        raise InputError(f"{root} has no merged/SLC: give the directory in which topsStack worked.")
    if not _DATE.match(str(master).strip()):
        raise InputError(f"The master '{master}' is not a date: give it as yyyymmdd.")
    folder = root / "merged" / "SLC"
    slcs = {
        int(path.name): _existing(path / f"{path.name}.slc", "SLC")
        for path in sorted(folder.iterdir())
        if _DATE.match(path.name) and path.is_dir()
    }
    found = TopsStackTree(root, int(str(master).strip()), slcs, tuple(pairs))
    if found.master not in slcs:
        raise InputError(f"The master {found.master} is absent: {folder} has no folder of this date.")
    unknown = sorted({date for pair in found.pairs for date in pair} - set(slcs))
    if unknown:
        raise InputError(f"The pairs name {unknown[0]}, but {folder} has no folder of this date.")
    if not found.dates:
        raise InputError(f"{folder} holds only the master: at least two images are needed.")
    reference = root / "merged" / "geom_reference"
    geometry = {name: _existing(reference / f"{name}.rdr", "geometry raster") for name in _GEOMETRY}
    found = replace(found, geometry=geometry, baselines=_baselines(found))
    width, length = _common_size(found)
    return replace(found, width=width, length=length)


def read_pairs(path: str | os.PathLike[str]) -> list[tuple[int, int]]:
    """Pairs of dates from a list, two per line (as numbers of any form, ``2.0180120e+07`` too).

    Raises
    ------
    InputError
        A line does not hold two dates.
    """
    pairs = []
    for line in read_input(path).splitlines():
        words = [plain_number(word) for word in line.split()]
        if not words:
            continue
        numbers = [value for value in words if value is not None]
        if len(words) != 2 or len(numbers) != 2 or not all(_DATE.match(str(int(value))) for value in numbers):
            raise InputError(f"{path} has the line '{line.strip()}', but two dates yyyymmdd were expected.")
        pairs.append((int(numbers[0]), int(numbers[1])))
    if not pairs:
        raise InputError(f"{path} lists no pair of images: write two dates yyyymmdd per line, or remove the file.")
    return sorted(pairs)


@contextmanager
def open_raster(path: StrPath) -> Iterator[Any]:
    """Open a raster through GDAL; a rasterio dataset.

    Raises
    ------
    InputError
        rasterio is not installed, GDAL cannot open the file, or it is shorter than its header says.
    """
    try:
        import rasterio
    except ImportError as error:
        text = "The stack is read through rasterio, which is not installed: pip install rasterio."
        raise InputError(text) from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        try:
            dataset = rasterio.open(path)
        except rasterio.errors.RasterioIOError as error:
            raise InputError(f"The raster {path} cannot be read: {error}") from error
    with dataset:
        _check_complete(Path(path), dataset)
        yield dataset


def read_lines(dataset: Any, lines: Any, band: int = 1) -> NDArray[Any]:
    """A block of lines of a raster, all samples.

    Parameters
    ----------
    dataset : rasterio dataset
    lines : slice
    band : int
        From 1.

    Raises
    ------
    InputError
        The file ends before.
    """
    from rasterio.errors import RasterioIOError
    from rasterio.windows import Window

    try:
        return dataset.read(band, window=Window(0, lines.start, dataset.width, lines.stop - lines.start))
    except RasterioIOError as error:
        raise InputError(f"The raster {dataset.name} cannot be read up to line {lines.stop}: {error}") from error


def heading_of(azimuth: NDArray[np.floating[Any]]) -> float:
    """Heading of a right-looking satellite, degrees clockwise from north in (-180, 180].

    Parameters
    ----------
    azimuth : array
        Direction from the ground to the satellite, degrees counter-clockwise from north (second band of ``los.rdr``);
        NaN, and 0 outside of the image, are left out.

    Raises
    ------
    InputError
        No pixel has a direction.
    """
    azimuth = np.asarray(azimuth, dtype=np.float64)
    azimuth = azimuth[np.isfinite(azimuth) & (azimuth != 0)]
    if azimuth.size == 0:
        raise InputError("The second band of los.rdr holds no azimuth: the heading is unknown; run topsStack again.")
    mean = np.degrees(np.angle(np.mean(np.exp(1j * np.radians(90 - azimuth)))))
    return float(mean)


def _existing(path: Path, what: str) -> Path:
    """The raster of a name at the highest resolution that is there."""
    for suffix in _SUFFIXES:
        place = Path(f"{path}{suffix}")
        if place.is_file() and (suffix.endswith(".vrt") or Path(f"{place}.xml").is_file()):
            return place
        if not suffix.endswith(".vrt") and Path(f"{place}.vrt").is_file():
            return Path(f"{place}.vrt")
    raise InputError(f"There is no {what} {path}[.full] with a header .xml or .vrt: run topsStack again.")


def _check_complete(path: Path, dataset: Any) -> None:
    """Raise an InputError if a plain file is too short: GDAL would read zeros."""
    if path.suffix == ".vrt" and "VRTRawRasterBand" not in read_input(path):
        return
    files = [name for name in dataset.files if Path(name).suffix not in (".vrt", ".xml")]
    expected = sum(np.dtype(kind).itemsize for kind in dataset.dtypes) * dataset.width * dataset.height
    if len(files) == 1 and os.path.getsize(files[0]) < expected:
        raise InputError(
            f"The raster {files[0]} has {os.path.getsize(files[0])} bytes, but its header asks for {expected}: it is "
            "incomplete; run topsStack again."
        )


def _baselines(found: TopsStackTree) -> dict[int, Path]:
    """Date -> its baseline raster."""
    folder = found.root / "merged" / "baselines"
    rasters, missing = {}, []
    for date in found.slcs:
        try:
            rasters[date] = _existing(folder / str(date) / str(date), "baseline raster")
        except InputError:
            missing.append(date)
    used = {found.master, *found.dates}
    if len(missing) > 1 and used & set(missing):  # only the reference of the stack has none
        place = folder / str(missing[0]) / str(missing[0])
        raise InputError(f"There is no baseline raster {place} with a header .xml or .vrt: run topsStack again.")
    return rasters


def _common_size(found: TopsStackTree) -> tuple[int, int]:
    """Size of the first SLC; all other SLCs and the geometry must have it."""
    used = {found.master, *found.dates}
    paths = [path for date, path in found.slcs.items() if date in used]
    first: tuple[int, int] = (0, 0)
    for path in [*paths, *found.geometry.values()]:
        with open_raster(path) as dataset:
            size = dataset.width, dataset.height
            if path in paths and not dataset.dtypes[0].startswith("complex"):
                raise InputError(f"The SLC {path} holds {dataset.dtypes[0]}, but complex numbers were expected.")
        first = first if any(first) else size
        if size != first:
            raise InputError(
                f"The raster {path} has {size[0]} samples × {size[1]} lines, but {paths[0]} has {first[0]} × "
                f"{first[1]}: use rasters of one resolution (.full, or all without)."
            )
    with open_raster(found.geometry["los"]) as dataset:
        if dataset.count < 2:
            raise InputError(f"{found.geometry['los']} has one band, but incidence and azimuth were expected.")
    return first

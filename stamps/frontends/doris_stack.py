"""Stacks of Doris: from an ``INSAR_<master>`` directory to a coregistered stack, and on to a project.

Layout (native byte order)::

    INSAR_<master>/master.res, <master>_crop.slc (or _crop_ovs.slc), lon.raw, lat.raw, dem_radar.raw
    INSAR_<master>/<slave>/slave.res, slave_res.slc, cint.minrefdem.raw
    INSAR_<master>/SMALL_BASELINES/<date1>_<date2>/*filtrg.slc, cint.minrefdem.raw

Source: docs/method/preparation.md, section 4; Doris user's manual (result files).
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stamps.errors import InputError
from stamps.frontends.checks import Problem, check_layout, check_path, raise_problems
from stamps.frontends.doris import Image, read_image
from stamps.frontends.doris_geometry import acquisition_geometry, write_grids
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.header_ranges import SAME_FREQUENCY, judge, judge_dates
from stamps.frontends.names import dates_in_path, is_date
from stamps.frontends.project import PreparationSettings, Remarks, prepare
from stamps.frontends.rasters import line_blocks, map_raster
from stamps.frontends.stack import CoregisteredStack
from stamps.workspace import Workspace

__all__ = ["DorisDirectory", "find_stack", "prepare_doris"]

_DATE = re.compile(r"\d{8}\Z")
_PAIR = re.compile(r"(\d{8})_(\d{8})\Z")
_SHORT = "complex_short"
_GEOMETRY = ("lon", "lat", "dem_radar")


@dataclass(frozen=True)
class DorisDirectory:
    """What Doris left in an ``INSAR_<master>`` directory, or in its ``SMALL_BASELINES``; lists are in alphabetical order.

    Attributes
    ----------
    root : Path
        The ``INSAR_<master>`` directory.
    folder : Path
        The directory that is prepared: ``root`` or its ``SMALL_BASELINES``.
    master : Image
    dates : tuple of int
        Slaves, ascending.
    pairs : tuple of (int, int)
        Small baselines: dates of the interferograms.
    slcs : tuple of str
        SLCs of the slaves; for small baselines two per interferogram.
    interferograms : tuple of str
    """

    root: Path
    folder: Path
    master: Image
    dates: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    slcs: tuple[str, ...]
    interferograms: tuple[str, ...]

    @property
    def small_baselines(self) -> bool:
        """Whether pairs of images are prepared."""
        return self.folder != self.root

    def slave(self, date: int) -> Path:
        """Path of the result file of a slave."""
        return self.root / str(date) / "slave.res"

    def raster(self, name: str) -> Path:
        """Path of a geometry raster: in the directory that is prepared, else in the ``INSAR_<master>`` directory."""
        here = self.folder / f"{name}.raw"
        return here if here.is_file() else self.root / f"{name}.raw"

    def master_slc(self) -> Path:
        """Path of the master's SLC: where ``master.res`` says, else a file of its name (or any crop) in the directory."""
        master = self.master
        suffix = "_crop_ovs.slc" if master.oversampling > 1 else "_crop.slc"
        named = Path(master.slc)
        places = [self.root / named, self.root / named.name, self.root / f"{master.date}{suffix}"]
        places += sorted(self.root.glob(f"*{suffix}"))
        for place in places:
            if place.is_file():
                return place
        raise InputError(
            f"The master's SLC ({named.name or suffix}) is neither where {master.path} says nor beside it."
        )


def find_stack(folder: str | os.PathLike[str]) -> DorisDirectory:
    """List what an ``INSAR_<master>`` directory, or its ``SMALL_BASELINES``, holds.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    DorisDirectory

    Raises
    ------
    InputError
        There is no ``master.res``, it is damaged, or there is no interferogram.
    """
    folder = Path(os.path.abspath(folder))
    small_baselines = folder.name == "SMALL_BASELINES"
    root = folder.parent if small_baselines else folder
    if not (root / "master.res").is_file():
        raise InputError(
            f"{root} has no master.res: run this in the directory INSAR_<master> of a Doris stack or in its "
            "SMALL_BASELINES."
        )
    master = read_image(root / "master.res")
    interferograms = sorted(glob.glob(f"{glob.escape(str(folder))}/*/cint.minrefdem.raw"))
    names = [Path(path).parent.name for path in interferograms]
    wrong = [name for name in names if not (_PAIR if small_baselines else _DATE).match(name)]
    if wrong or not names:
        what = "yyyymmdd_yyyymmdd" if small_baselines else "yyyymmdd"
        where = f"{folder / wrong[0]} is not named {what}" if wrong else f"{folder} has no {what}/cint.minrefdem.raw"
        raise InputError(f"{where}: interferograms stand in folders named by their dates.")
    pairs: list[tuple[int, int]] = []
    if small_baselines:
        pairs = [(int(name[:8]), int(name[9:])) for name in names]
        dates = sorted({date for pair in pairs for date in pair} - {master.date})
        slcs = sorted(glob.glob(f"{glob.escape(str(folder))}/*/*filtrg.slc"))
    else:
        dates = sorted(map(int, names))
        slcs = sorted(str(path) for path in root.glob("*/slave_res.slc") if _DATE.match(path.parent.name))
    return DorisDirectory(root, folder, master, tuple(dates), tuple(pairs), tuple(slcs), tuple(interferograms))


def prepare_doris(ws: Workspace, settings: PreparationSettings) -> None:
    """Prepare a project from the stack in its own directory.

    Parameters
    ----------
    ws : Workspace
        The directory ``INSAR_<master>``, or its ``SMALL_BASELINES``.
    settings : PreparationSettings

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    check_path(str(ws.path))
    found = find_stack(ws.path)
    master_slc = None if found.small_baselines else found.master_slc()
    size = found.master.width, found.master.length
    problems = check_layout(size, settings.counts, settings.threshold) + _check_rasters(found, master_slc)
    impossible, strange_headers = _check_headers(found)
    nonsense, strange_positions = _check_geometry(found) if not problems else ([], [])
    raise_problems(problems + [Problem(text) for text in impossible + nonsense], f"The Doris stack {found.root}")

    def make(stage: Workspace) -> CoregisteredStack:
        return coregistered_stack(found, None if master_slc is None else _as_float(stage, found.master, master_slc))

    prepare(
        ws,
        "MT_PREP",
        make,
        settings,
        Remarks(strange_headers, strange_positions),
        keep_patches=True,
        more_headers=lambda stage: write_grids(stage, found.master, _slave_files(found)),
    )


def coregistered_stack(found: DorisDirectory, master_slc: str | None) -> CoregisteredStack:
    """The stack that a directory of Doris holds.

    Parameters
    ----------
    found : DorisDirectory
    master_slc : str or None
        The master's SLC of complex float32; None for small baselines.

    Returns
    -------
    CoregisteredStack
    """
    master = f"{found.master.date:08d}"
    slcs = found.slcs if master_slc is None else (master_slc, *found.slcs)
    names = [os.path.basename(path) for path in slcs]
    dates = [next((f"{date:08d}" for date in dates_in_path(name)), None) for name in names]
    if master_slc is not None:
        dates = [master, *(Path(path).parent.name for path in found.slcs)]
    return CoregisteredStack(
        processor="doris",
        root=str(found.root),
        master=master,
        small_baselines=found.small_baselines,
        slcs=slcs,
        slc_dates=tuple(dates),
        interferograms=found.interferograms,
        pairs=tuple(_pair(Path(path).parent.name, master) for path in found.interferograms),
        heights=(str(found.raster("dem_radar")),),
        longitudes=(str(found.raster("lon")),),
        latitudes=(str(found.raster("lat")),),
        width=found.master.width,
        length=found.master.length,
        geometry=acquisition_geometry(found.master, _slave_files(found)),
    )


def _pair(name: str, master: str) -> tuple[str, str]:
    """Dates of the interferogram in a folder."""
    return (name[:8], name[9:]) if _PAIR.match(name) else (master, name)


def _slave_files(found: DorisDirectory) -> dict[int, Path]:
    """Date of every slave -> its result file."""
    return {date: found.slave(date) for date in found.dates}


# ---------------------------------------------------------------------- checks


def _check_headers(found: DorisDirectory) -> tuple[list[str], list[str]]:
    """Find what is impossible, and what is strange, in the result files."""
    texts = [f"{date:08d}" for date in (found.master.date, *found.dates)]
    problems, warnings = judge_dates(text for text in texts if is_date(text))
    problems += [f"{text} names a folder of {found.root}, but is no date." for text in texts if not is_date(text)]
    problems += _judge_image(found.master)
    for path in filter(Path.is_file, map(found.slave, found.dates)):
        try:
            image = read_image(path)
        except InputError as error:
            problems.append(str(error))
            continue
        problems += _judge_image(image)
        warnings += _compare(image, found.master)
    return problems, warnings


def _check_rasters(found: DorisDirectory, master_slc: Path | None) -> list[Problem]:
    """Everything that is missing or of a wrong size."""
    master = found.master
    n_pixels = master.width * master.length
    if n_pixels == 0:
        return [Problem(f"The result file {master.path} has no section crop: the size of the image is unknown.")]
    wanted: list[tuple[str | Path, int]] = [(found.raster(name), 4) for name in _GEOMETRY]
    wanted += [(path, 8) for path in (*found.slcs, *found.interferograms)]
    if master_slc is not None:
        wanted.append((master_slc, 4 if master.slc_format == _SHORT else 8))
    problems = [problem for path, item in wanted for problem in _check_size(path, n_pixels, item)]
    expected = 2 * len(found.pairs) if found.small_baselines else len(found.dates)
    if len(found.slcs) != expected:
        text = f"There are {len(found.interferograms)} interferograms, but {len(found.slcs)} SLCs beside them"
        problems.append(Problem(f"{text}, not {expected}."))
    absent = [found.slave(date) for date in found.dates if not found.slave(date).is_file()]
    text = "The result file {} is missing: the orbit is needed for baselines."
    return problems + [Problem(text.format(path)) for path in absent]


def _check_size(path: str | Path, n_pixels: int, item: int) -> Iterator[Problem]:
    size = os.stat(path).st_size if os.path.isfile(path) else None
    if size is None:
        yield Problem(f"The raster {path} is missing.")
    elif size != n_pixels * item:
        expected = f"{n_pixels} pixels × {item} bytes = {n_pixels * item} were expected"
        yield Problem(f"The raster {path} has {size} bytes, but {expected}.")


def _check_geometry(found: DorisDirectory) -> tuple[list[str], list[str]]:
    lonlat = [found.raster("lon"), found.raster("lat")]
    size = found.master.width, found.master.length
    return check_geometry(lonlat, found.raster("dem_radar"), size, np.float32)


def _judge_image(image: Image) -> list[str]:
    """What is impossible in a result file."""
    values = {
        "wavelength": image.wavelength,
        "prf": 1 / image.line_time,
        "near_range_slc": image.first_range,
        "range_pixel_spacing": image.range_spacing,
        "oversampling": image.oversampling,
    }
    values |= {"width": image.width, "length": image.length} if image.width else {}
    shown = {
        "wavelength": "Radar_wavelength",
        "prf": "Pulse_Repetition_Frequency",
        "width": "Last_pixel",
        "length": "Last_line",
        "near_range_slc": "Range_time_to_first_pixel",
        "range_pixel_spacing": "Range_sampling_rate",
    }
    return judge(image.path, values, shown)


def _compare(image: Image, master: Image) -> Iterator[str]:
    """What is strange about a slave: the date of its folder, its wavelength."""
    if image.path.parent.name != f"{image.date:08d}":
        yield f"The result file {image.path} is of {image.date}, not of the date of its folder: check which image it is."
    if abs(image.wavelength / master.wavelength - 1) > SAME_FREQUENCY:
        yield (
            f"The result file {image.path} has the wavelength {image.wavelength:.8g} m, but the master's is "
            f"{master.wavelength:.8g} m: another sensor or band; check which image it is."
        )


def _as_float(stage: Workspace, master: Image, path: Path) -> str:
    """Path of the master's SLC as complex float32; one of short integers is converted in the scratch folder."""
    if master.slc_format != _SHORT:
        return str(path)
    name = f"{master.date}{'_crop_ovs' if master.oversampling > 1 else '_crop'}_float.slc"
    raster = map_raster(path, np.int16, master.width, 2)
    with stage.open_output(name) as target, open(target, "wb") as file:
        for lines in line_blocks(slice(0, len(raster)), slice(0, master.width)):
            file.write(raster[lines].astype(np.float32).tobytes())
    return str(stage.path / name)

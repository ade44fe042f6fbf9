"""Settings of an order to ISCE2's stack processor for Sentinel-1.

Source: docs/method/isce.md, section 1.
"""

from __future__ import annotations

import datetime
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.frontends.jobs import capacity
from stamps.frontends.jobs.model import JobConfig

__all__ = ["COREGISTRATIONS", "ISCE_S1_Config", "WORKFLOWS"]

#: Workflows of the stack processor that are offered, and what is there at the end of each.
WORKFLOWS = {
    "slc": "coregistered SLCs, geometry and baselines in merged/",
    "interferogram": "unwrapped interferograms in merged/interferograms, and no baselines",
}
COREGISTRATIONS = ("NESD", "geometry")

_UNQUOTED = re.compile(r"[\s'\"\\$&|;<>()*?\[\]{}#~`!]")  # run files hold the working directory without quotes
_SWATHS = re.compile(r"[123](?:[\s,]+[123])*\Z")


@dataclass
class ISCE_S1_Config(JobConfig):  # noqa: N801 - the name that users of InSARHub know
    """Sentinel-1 stack through ``stackSentinel.py``.

    Attributes
    ----------
    slc_dir : str or list of str
        Folder of the products (``.zip`` or ``.SAFE``), or their paths.
    orbit_dir : str
        Folder of the orbit files (``.EOF``).
    aux_dir : str, optional
        Folder of the calibration files; by default ``aux`` in the working directory.
    dem_path : str
        Elevation model as ISCE2 has it, with its header ``.xml``.
    isce_home : str, optional
        Where ISCE2 is installed (default: the environment variable ``ISCE_HOME``).
    bbox : sequence of float, optional
        South, north, west, east of the area, degrees; by default what all images cover.
    area : object, optional
        The area in place of ``bbox``: four numbers longitude and latitude, WKT, or the path of a vector file.
    swaths : str
        Subswaths, ``'1 2 3'``.
    polarization : str
    workflow : str
        ``'slc'`` or ``'interferogram'``.
    num_overlap_connections, num_connections : int
        Images after each with which the burst overlaps are compared, and interferograms are formed.
    reference_date : str, optional
        Master, yyyymmdd; by default chosen by the baselines (docs/method/sentinel1.md).
    coregistration : str
        ``'NESD'`` or ``'geometry'``.
    esd_coherence_threshold : float
    hpc_mode : bool
        The engine ``slurm``.
    max_concurrent_hpc : int, optional
        Most tasks of a step at once.
    pairs : sequence of (str, str) or path-like, optional
        Small baselines for the project: two dates each; or a file with two dates a line, which is read at once.
    exclude_dates : sequence of str
        Dates that are not used.
    track : int, optional
        Relative orbit, where the folder holds several.
    allow_incomplete : bool
        Keep dates that do not cover the area.
    min_dates : int
    master_weights : (float, float)
        Days and metres at which an image counts nothing for the choice of the master.
    container : str, optional
        Image in which the commands run.
    container_tool : str
        ``'apptainer'`` or ``'docker'``.
    cores, threads : int, optional
        Cores of the machine (of a node); threads of a task, but those of the first step, which gets all cores.
    memory_mb : int
        Memory of a task, MiB.
    minutes : int
        Time limit of a task; 0 is none.
    text_cmd : str
        What stands before each command (``source env.sh;``).
    project : str, optional
        Folder of the project that is prepared at the end, from the working directory on (default: ``INSAR_<master>``, with
        ``pairs`` ``INSAR_<master>/SMALL_BASELINES``).
    da_thresh : float, optional
        Amplitude dispersion below which a pixel is a candidate (default: that of ``mt_prep_isce``).
    patches, overlap : sequence of int
        Patches in range and azimuth; their overlap, pixels.
    mask : str, optional
        Raster of one byte per pixel, 0 = use.
    """

    slc_dir: str | Sequence[str] = ""
    orbit_dir: str = ""
    aux_dir: str | None = None
    dem_path: str = ""
    isce_home: str | None = None
    bbox: Sequence[float] | None = None
    area: object = None
    swaths: str = "1 2 3"
    polarization: str = "vv"
    workflow: str = "slc"
    num_overlap_connections: int = 3
    num_connections: int = 1
    reference_date: str | None = None
    coregistration: str = "NESD"
    esd_coherence_threshold: float = 0.85
    hpc_mode: bool = False
    max_concurrent_hpc: int | None = None
    pairs: Sequence[Sequence[str]] | str | os.PathLike[str] | None = None
    exclude_dates: Sequence[str] = ()
    track: int | None = None
    allow_incomplete: bool = False
    min_dates: int = 5
    master_weights: tuple[float, float] = (1825.0, 1100.0)
    container: str | None = None
    container_tool: str = "apptainer"
    cores: int | None = None
    threads: int | None = None
    memory_mb: int = 4000
    minutes: int = 0
    text_cmd: str = ""
    project: str | None = None
    da_thresh: float | None = None
    patches: Sequence[int] = (1, 1)
    overlap: Sequence[int] = (50, 50)
    mask: str | None = None

    def __post_init__(self) -> None:
        if self.hpc_mode:
            self.engine = "slurm"
        if isinstance(self.slc_dir, str | os.PathLike):
            self.slc_dir = os.path.abspath(self.slc_dir) if self.slc_dir else ""
        else:
            self.slc_dir = [os.path.abspath(path) for path in self.slc_dir]
        for name in ("orbit_dir", "dem_path", "aux_dir", "mask"):
            if path := getattr(self, name):
                setattr(self, name, os.path.abspath(path))
        if isinstance(self.pairs, str | os.PathLike):
            self.pairs = _read_pairs(self.pairs)
        if isinstance(self.area, str) and os.path.exists(self.area):
            self.area = os.path.abspath(self.area)

    @property
    def folder(self) -> Path:
        """The working directory, absolute."""
        return Path(os.path.abspath(self.workdir))

    @property
    def pair_list(self) -> list[tuple[str, ...]]:
        """The small baselines, as tuples of dates."""
        pairs = self.pairs or ()
        return [] if isinstance(pairs, str | os.PathLike) else [tuple(pair) for pair in pairs]

    @property
    def home(self) -> str:
        """Where ISCE2 is installed; empty if that is not known."""
        return self.isce_home or os.environ.get("ISCE_HOME", "").strip()

    @property
    def aux(self) -> Path:
        """Folder of the calibration files, absolute."""
        return Path(os.path.abspath(self.aux_dir)) if self.aux_dir else self.folder / "aux"

    @property
    def swath_numbers(self) -> tuple[int, ...]:
        """Numbers of the subswaths, ascending."""
        return tuple(sorted({int(digit) for digit in re.findall(r"[123]", str(self.swaths))}))

    @property
    def all_cores(self) -> int:
        """Cores of this machine that may be used."""
        return self.cores or capacity.cores()

    def project_folder(self, master: str) -> str:
        """Folder of the project, from the working directory on."""
        return self.project or f"INSAR_{master}{'/SMALL_BASELINES' if self.pairs else ''}"

    def problems(self) -> list[str]:
        """What is wrong with the settings themselves, a sentence each."""
        return [*self._bad_choices(), *self._bad_numbers(), *self._bad_dates()]

    def _bad_choices(self) -> Iterator[str]:
        if self.workflow not in WORKFLOWS:
            yield f"The workflow '{self.workflow}' is not offered: choose {' or '.join(WORKFLOWS)}."
        if self.coregistration not in COREGISTRATIONS:
            yield f"The coregistration '{self.coregistration}' does not exist: choose {' or '.join(COREGISTRATIONS)}."
        if not _SWATHS.match(str(self.swaths).strip()):
            yield f"The subswaths '{self.swaths}' are none: write them as '1 2 3'."
        if str(self.polarization).lower() not in ("vv", "vh", "hh", "hv"):
            yield f"The polarisation '{self.polarization}' does not exist: choose vv, vh, hh or hv."
        if self.container_tool not in ("apptainer", "docker"):
            yield f"Containers run through apptainer or docker, not through '{self.container_tool}'."
        if _UNQUOTED.search(str(self.folder)):
            yield f"The working directory {self.folder} has a blank or a sign of the shell in its name: ISCE2 cannot work there."
        if not self.text_cmd.isprintable():
            yield "The text before each command holds characters that no line has."

    def _bad_numbers(self) -> Iterator[str]:
        for name in ("num_overlap_connections", "num_connections", "memory_mb", "min_dates"):
            if not _at_least(getattr(self, name), 1):
                yield f"{name} is {getattr(self, name)!r}, but a whole number from 1 on is needed."
        for name in ("max_concurrent_hpc", "cores", "threads", "max_workers", "track"):
            value = getattr(self, name)
            if value is not None and not _at_least(value, 1):
                yield f"{name} is {value!r}, but a whole number from 1 on is needed."
        if not _at_least(self.minutes, 0):
            yield f"minutes is {self.minutes!r}, but a whole number from 0 on is needed."
        if not isinstance(self.esd_coherence_threshold, int | float) or not 0 <= self.esd_coherence_threshold <= 1:
            yield f"esd_coherence_threshold is {self.esd_coherence_threshold!r}, but a number from 0 to 1 is needed."
        if self.bbox is not None:
            yield from _bad_box(self.bbox)
        yield from self._bad_preparation()

    def _bad_preparation(self) -> Iterator[str]:
        for name, least in (("patches", 1), ("overlap", 0)):
            values = list(getattr(self, name))
            if len(values) != 2 or not all(_at_least(value, least) for value in values):
                yield f"{name} is {values!r}, but two whole numbers from {least} on are needed: in range and azimuth."
        threshold = self.da_thresh
        if threshold is not None and (not isinstance(threshold, int | float) or not 0 < threshold < math.inf):
            yield f"da_thresh is {threshold!r}, but a number above 0 is needed."
        if self.project is not None and (os.path.isabs(self.project) or ".." in Path(self.project).parts):
            yield f"The project {self.project} must lie in the working directory: give a name."

    def _bad_dates(self) -> Iterator[str]:
        dates = [*self.exclude_dates, *(date for pair in self.pair_list for date in pair)]
        dates += [self.reference_date] if self.reference_date else []
        for date in dates:
            if not _is_date(date):
                yield f"'{date}' is no date: write it as yyyymmdd."
        for pair in self.pair_list:
            if len(pair) != 2 or len(set(pair)) != 2:
                yield f"{' '.join(map(str, pair))} is no pair of two dates."


def _at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _bad_box(box: Sequence[float]) -> Iterator[str]:
    """What is wrong with south, north, west, east."""
    try:
        south, north, west, east = (float(value) for value in box)
    except (TypeError, ValueError):
        yield f"The area {box!r} is none: give south, north, west and east as four numbers."
        return
    if not all(map(math.isfinite, (south, north, west, east))) or not -90 <= south < north <= 90:
        yield f"The area reaches from latitude {south:g} to {north:g}: south comes first, then north, west, east."
    elif not -180 <= west < east <= 180:
        yield f"The area reaches from longitude {west:g} to {east:g}: west must be less than east."


def _is_date(text: object) -> bool:
    if not isinstance(text, str) or not re.match(r"\d{8}\Z", text):
        return False
    try:
        datetime.datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


def _read_pairs(file: str | os.PathLike[str]) -> list[list[str]]:
    """Pairs of a list; an InputError if there is none in it."""
    from stamps.frontends.topsstack import read_pairs

    try:
        return [[str(first), str(second)] for first, second in read_pairs(file)]
    except OSError as error:
        raise InputError(f"The list of pairs {file} cannot be read: {error.strerror}.") from None

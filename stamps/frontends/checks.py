"""An export as a whole: what it holds, and everything that is wrong with it.

The layout is that of SNAP's StaMPS export (docs/method/preparation.md, section 1)::

    rslc/<date>.rslc, .rslc.par                      single master
    diff0/<master>_<slave>.diff, .base
    SMALL_BASELINES/<date1>_<date2>/                 small baselines: both .rslc(.par), .diff and .base
    geo/*dem.rdc, *.lon, *.lat                       both

Source: docs/method/preparation.md, section 1.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from stamps.errors import InputError
from stamps.frontends.headers import header_numbers, image_precision, raster_size, read_header
from stamps.frontends.names import baseline_file, image_date, is_date, pair_of_name
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps.frontends.topsstack import TopsStack


__all__ = ["Export", "Problem", "check_export", "check_mask", "check_path", "find_export", "raise_problems"]

#: Fields of the master header that later steps need, besides the size of the image.
HEADER_FIELDS = (
    "heading:",
    "radar_frequency:",
    "range_pixel_spacing",
    "near_range_slc",
    "sar_to_earth_center",
    "earth_radius_below_sensor",
    "center_range_slc",
    "prf",
)
#: Fields of a baseline file, three numbers each.
BASELINE_FIELDS = ("initial_baseline(TCN):", "initial_baseline_rate:")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a sentence, and the exit status that the original gives for it."""

    text: str
    exit_status: int = 1


@dataclass
class Export:
    """Paths of an export, each list in alphabetical order.

    Attributes
    ----------
    datadir : str
        The directory, absolute.
    master : str
        Date of the master, yyyymmdd.
    small_baselines : bool
        Whether ``SMALL_BASELINES`` exists.
    slcs, interferograms, heights, longitudes, latitudes : list of str
    header : str or None
        The master's header.
    width, length : int
        Range samples and azimuth lines; 0 while unknown.
    precision : {'f', 's'}
        Complex float32 or complex int16 SLCs.
    dem_headers, diff_headers : list of str
        Headers of Gamma that give positions where there is no longitude raster.
    """

    datadir: str
    master: str
    small_baselines: bool
    slcs: list = field(default_factory=list)
    interferograms: list = field(default_factory=list)
    heights: list = field(default_factory=list)
    longitudes: list = field(default_factory=list)
    latitudes: list = field(default_factory=list)
    header: str | None = None
    width: int = 0
    length: int = 0
    precision: str = "f"
    dem_headers: list = field(default_factory=list)
    diff_headers: list = field(default_factory=list)

    @property
    def network(self) -> str:
        """The network of interferograms in words: ``small baselines`` or ``master <date>``."""
        return "small baselines" if self.small_baselines else f"master {self.master}"


def find_export(master: int | str, datadir: str) -> Export:
    """List the files of an export; nothing is opened.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd.
    datadir : path-like
        The directory of the export; relative paths start at the current directory.

    Returns
    -------
    Export
        Without size.

    Raises
    ------
    InputError
        The directory does not exist or its path has a line break, which the list files cannot hold.
    """
    datadir = os.path.abspath(datadir)
    if not os.path.isdir(datadir):
        raise InputError(f"The directory {datadir} does not exist: give the directory that holds the export.")
    check_path(datadir)
    export = Export(datadir, str(master).strip(), os.path.isdir(os.path.join(datadir, "SMALL_BASELINES")))
    if export.small_baselines:
        export.slcs = _listing(datadir, "SMALL_BASELINES/*/*.*slc")
        export.interferograms = _listing(datadir, "SMALL_BASELINES/*/*.diff")
        headers = _headers(datadir, "SMALL_BASELINES/*", export.master)
    else:
        export.slcs = _listing(datadir, "*slc/*.*slc")
        export.interferograms = _listing(datadir, "diff0/*.diff")
        headers = _headers(datadir, "*slc", export.master)
    export.heights = _listing(datadir, "geo/*dem.rdc")
    export.longitudes = _listing(datadir, "geo/*.lon")
    export.latitudes = _listing(datadir, "geo/*.lat")
    export.dem_headers = _listing(datadir, "dem/*_seg.par")
    export.diff_headers = _listing(datadir, "geo/*.diff_par")
    export.header = headers[-1] if headers else None
    for path in (
        *export.slcs,
        *export.interferograms,
        *export.heights,
        *export.longitudes,
        *export.latitudes,
        *headers,
    ):
        check_path(path)
    return export


def check_export(export: Export, gamma: bool = False) -> list[Problem]:
    """Find everything that is wrong with an export, and its size.

    Parameters
    ----------
    export : Export
        ``width`` and ``length`` are set from the master's header, with ``gamma`` ``precision`` too.
    gamma : bool
        An export of Gamma: the SLCs may be complex int16, and positions may come from Gamma's headers.

    Returns
    -------
    list of Problem
    """
    problems = [*_check_presence(export, gamma), *_check_header(export)]
    if gamma and export.header is not None:
        problems += _check_format(export)
    problems += [*_check_companions(export), *_check_baselines(export)]
    problems += _check_small_baselines(export) if export.small_baselines else _check_single_master(export)
    if export.width:
        problems += _check_sizes(export)
    return problems


def check_path(path: str) -> None:
    """Raise an InputError if a path cannot stand in a list file, which has one path in UTF-8 per line."""
    if "\n" in path or "\r" in path:
        raise InputError(f"The path {path!r} has a line break, which list files cannot hold: move or link the data.")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = path.encode(errors="surrogateescape").decode(errors="replace")
        raise InputError(f"The path {shown} is not in UTF-8, which list files are: rename or link the data.") from error


def check_mask(path: str, export: Export | TopsStack) -> list[Problem]:
    """Find what is wrong with a mask file.

    Returns
    -------
    list of Problem
    """
    if not os.path.isfile(path):
        return [Problem(f"The mask file {path} does not exist.", 2)]
    return _check_size(path, export, 1, "one byte per pixel") if export.width else []


def raise_problems(problems: Sequence[Problem], subject: str) -> NoReturn:
    """Raise one InputError that lists all problems, with the exit status of the first one that has its own."""
    if not problems:
        return
    if len(problems) == 1:
        text = f"{problems[0].text} Nothing was written."
    else:
        lines = "".join(f"\n  - {problem.text}" for problem in problems)
        text = f"{subject} has {len(problems)} problems; nothing was written:{lines}"
    error = InputError(text)
    error.exit_status = next((problem.exit_status for problem in problems if problem.exit_status != 1), 1)
    raise error


# ---------------------------------------------------------------------- single checks


def _check_presence(export: Export, gamma: bool = False) -> list[Problem]:
    problems = []
    if not is_date(export.master):
        problems.append(Problem(f"The master '{export.master}' is not a date: give it as yyyymmdd."))
    places = (
        ("SMALL_BASELINES/*/*.*slc", "SMALL_BASELINES/*/*.diff")
        if export.small_baselines
        else ("*slc/*.*slc", "diff0/*.diff")
    )
    wanted = (
        (export.slcs, places[0], "SLC", 1),
        (export.interferograms, places[1], "interferogram", 1),
        (export.heights, "geo/*dem.rdc", "height raster", 1),
    )
    if export.longitudes or not gamma:
        positions = (
            (export.longitudes, "geo/*.lon", "longitude raster", 3),
            (export.latitudes, "geo/*.lat", "latitude raster", 1),
        )
    else:
        what = "longitude raster and no {} to compute positions from"
        positions = (
            (export.dem_headers, "dem/*_seg.par", what.format("header of the DEM"), 1),
            (export.diff_headers, "geo/*.diff_par", what.format("header of the offsets"), 1),
        )
    wanted += positions
    for found, pattern, what, status in wanted:
        if not found:
            place = os.path.join(export.datadir, pattern)
            problems.append(Problem(f"There is no {what}: nothing matches {place}; export the stack again.", status))
    return problems


def _check_header(export: Export) -> list[Problem]:
    if export.header is None:
        text = f"The master is absent: the export has no header {export.master}.*slc.par; give another image's date."
        return [Problem(text)]
    try:
        text = read_header(export.header)
    except InputError as error:
        return [Problem(str(error))]
    problems = []
    try:
        export.width, export.length = raster_size(export.header, text)
    except InputError as error:
        problems.append(Problem(str(error)))
    problems += _try_fields(export.header, text, HEADER_FIELDS, 1)
    if not any(token.startswith("sensor:") for token in text.split()):
        problems.append(Problem(f"The header {export.header} has no field 'sensor': export it again."))
    return problems


def _check_format(export: Export) -> list[Problem]:
    """Set the precision of the SLCs from the field ``image_format`` of the master's header."""
    try:
        export.precision = image_precision(export.header)
    except InputError as error:
        return [Problem(str(error), error.exit_status)]
    return []


def _check_companions(export: Export) -> list[Problem]:
    problems = [
        Problem(f"The header {name}.par of an SLC is missing: export the stack again.")
        for name in export.slcs
        if not os.path.isfile(f"{name}.par")
    ]
    for name in export.interferograms:
        base = baseline_file(name)
        if not os.path.isfile(base):
            problems.append(Problem(f"The baseline file {base} is missing: export the stack again."))
    return problems


def _check_baselines(export: Export) -> list[Problem]:
    problems = []
    for base in map(baseline_file, export.interferograms):
        if os.path.isfile(base):
            problems += _try_fields(base, read_input(base), BASELINE_FIELDS, 3)
    return problems


def _check_single_master(export: Export) -> list[Problem]:
    problems, dates = _dates_of_images(export.slcs)
    repeated = {date: number for date, number in Counter(dates).items() if number > 1}
    problems += [Problem(f"There are {number} SLCs of {date}: keep one.") for date, number in repeated.items()]
    if dates and export.header is not None and export.master not in dates:
        problems.append(Problem(f"The master {export.master} is absent: there is no SLC of this date."))
    pairs, others = [], {}
    for name in export.interferograms:
        pair = pair_of_name(name)
        if pair is None:
            problems.append(_unnamed(name))
            continue
        pairs.append(pair[1])
        if pair[0] != export.master:
            others.setdefault(pair[0], []).append(name)
    repeated = {date: number for date, number in Counter(pairs).items() if number > 1}
    problems += [
        Problem(f"There are {number} interferograms of {date}: keep one.") for date, number in repeated.items()
    ]
    for other, names in others.items():
        which = f"The interferogram {names[0]} is"
        if len(names) > 1:
            which = f"{len(names)} interferograms ({names[0]} …) are"
        problems.append(Problem(f"{which} of master {other}, but the master is {export.master}."))
    if dates and export.interferograms:
        missing = sorted(set(pairs) - set(dates))
        problems += [Problem(f"There is an interferogram of {date}, but no SLC of this date.") for date in missing]
        alone = sorted(set(dates) - set(pairs) - {export.master, *others})
        text = "There is an SLC of {}, but no interferogram of this date: export it, or take the SLC away."
        problems += [Problem(text.format(date)) for date in alone]
    return problems


def _check_small_baselines(export: Export) -> list[Problem]:
    problems, _ = _dates_of_images(export.slcs)
    images = {}
    for name in export.slcs:
        images.setdefault(os.path.dirname(name), []).append(os.path.basename(name)[:8])
    interferograms = {}
    for name in export.interferograms:
        interferograms.setdefault(os.path.dirname(name), []).append(name)
    for folder in sorted({*images, *interferograms}):
        dates, names = images.get(folder, []), interferograms.get(folder, [])
        if len(names) != 1 or len(dates) != 2:
            text = f"The folder {folder} has {len(names)} interferograms and {len(dates)} SLCs, not one and two."
            problems.append(Problem(text))
        for name in names:
            pair = pair_of_name(name)
            if pair is None:
                problems.append(_unnamed(name))
            elif sorted(pair) != sorted(dates) and len(dates) == 2:
                text = f"The interferogram {name} does not match the SLCs next to it, of {' and '.join(dates)}."
                problems.append(Problem(text))
    return problems


def _check_sizes(export: Export) -> list[Problem]:
    problems = []
    image = (4, "complex int16") if export.precision == "s" else (8, "complex float32")
    for name in export.slcs:
        problems += _check_size(name, export, *image)
    for name in export.interferograms:
        problems += _check_size(name, export, 8, "complex float32")
    for name in [*export.heights[:1], *export.longitudes[:1], *export.latitudes[:1]]:
        problems += _check_size(name, export, 4, "float32")
    return problems


def _check_size(name: str, export: Export, item: int, pixel: str) -> list[Problem]:
    expected = export.width * export.length * item
    try:
        size = os.stat(name).st_size
    except OSError as error:
        return [Problem(f"The raster {name} cannot be read ({error.strerror}).")]
    if size == expected:
        return []
    return [
        Problem(
            f"The raster {name} has {size} bytes, but {export.width} samples × {export.length} lines × {item} bytes "
            f"({pixel}) = {expected} were expected."
        )
    ]


# ---------------------------------------------------------------------- small helpers


def _listing(datadir: str, pattern: str) -> list[str]:
    return sorted(glob.glob(os.path.join(glob.escape(datadir), pattern)))


def _headers(datadir: str, folder: str, master: str) -> list[str]:
    """Headers of the master: of its date alone, else with a suffix behind the date."""
    name = glob.escape(master)
    return _listing(datadir, f"{folder}/{name}.*slc.par") or _listing(datadir, f"{folder}/{name}[_-]*.*slc.par")


def _try_fields(path: str, text: str, names: tuple[str, ...], count: int) -> list[Problem]:
    problems = []
    for name in names:
        try:
            header_numbers(path, name, count, text)
        except InputError as error:
            problems.append(Problem(str(error)))
    return problems


def _unnamed(name: str) -> Problem:
    return Problem(f"The interferogram {name} is not named yyyymmdd_yyyymmdd.diff by two dates.")


def _dates_of_images(names: Sequence[str]) -> tuple[list[Problem], list[str]]:
    problems, dates = [], []
    for name in names:
        date = image_date(name)
        if date is None:
            problems.append(Problem(f"The SLC {name} is not named by its date, yyyymmdd."))
        else:
            dates.append(date)
    return problems, dates

"""Exports of SNAP and Gamma: from their folders to a coregistered stack, and on to a project.

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
from dataclasses import replace

from stamps.errors import InputError
from stamps.frontends.checks import (
    Problem,
    check_image_names,
    check_layout,
    check_mask,
    check_path,
    check_single_master,
    check_sizes,
    raise_problems,
    unnamed_interferogram,
)
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.header_checks import check_headers
from stamps.frontends.headers import (
    ground_spacing,
    header_numbers,
    image_precision,
    raster_size,
    read_header,
    scene_centre,
)
from stamps.frontends.names import baseline_file, image_date, is_date, pair_of_name
from stamps.frontends.project import ComputedPositions, PreparationSettings, Remarks, prepare
from stamps.frontends.stack import CoregisteredStack
from stamps.workspace import Workspace
from stamps.workspace.plain_files import read_input

__all__ = ["check_export", "dem_headers", "find_export", "offset_headers", "prepare_export"]

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


def find_export(master: int | str, datadir: str | os.PathLike[str], processor: str = "snap") -> CoregisteredStack:
    """List the files of an export; nothing is opened.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd.
    datadir : path-like
        The directory of the export; relative paths start at the current directory.
    processor : {'snap', 'gamma'}

    Returns
    -------
    CoregisteredStack
        Without size.

    Raises
    ------
    InputError
        The directory does not exist or its path has a line break, which the list files cannot hold.
    """
    root = os.path.abspath(datadir)
    if not os.path.isdir(root):
        raise InputError(f"The directory {root} does not exist: give the directory that holds the export.")
    check_path(root)
    master = str(master).strip()
    small_baselines = os.path.isdir(os.path.join(root, "SMALL_BASELINES"))
    slc_pattern, interferogram_pattern = _patterns(small_baselines)
    slcs, interferograms = _listing(root, slc_pattern), _listing(root, interferogram_pattern)
    headers = _headers(root, os.path.dirname(slc_pattern), master)
    heights, longitudes, latitudes = (_listing(root, f"geo/*{end}") for end in ("dem.rdc", ".lon", ".lat"))
    for path in (*slcs, *interferograms, *heights, *longitudes, *latitudes, *headers):
        check_path(path)
    return CoregisteredStack(
        processor=processor,
        root=root,
        master=master,
        small_baselines=small_baselines,
        slcs=slcs,
        slc_dates=tuple(map(image_date, slcs)),
        interferograms=interferograms,
        pairs=tuple(map(pair_of_name, interferograms)),
        heights=heights,
        longitudes=longitudes,
        latitudes=latitudes,
        big_endian=True,
        header=headers[-1] if headers else None,
    )


def check_export(export: CoregisteredStack) -> tuple[CoregisteredStack, list[Problem]]:
    """Find everything that is wrong with an export, and its size.

    Parameters
    ----------
    export : CoregisteredStack
        Of :func:`find_export`. The SLCs of Gamma may be complex int16, and positions may come from Gamma's headers.

    Returns
    -------
    export : CoregisteredStack
        With size and precision, as far as the master's header tells them.
    problems : list of Problem
    """
    problems = _check_presence(export)
    size, found = _check_header(export)
    problems += found
    precision = "f"
    if export.processor == "gamma" and export.header is not None:
        precision, found = _precision_of(export.header)
        problems += found
    export = replace(export, width=size[0], length=size[1], precision=precision)
    problems += [*_check_companions(export), *_check_baselines(export)]
    problems += _check_small_baselines(export) if export.small_baselines else check_single_master(export)
    if export.width:
        problems += check_sizes(export)
    return export, problems


def prepare_export(
    ws: Workspace,
    export: CoregisteredStack,
    settings: PreparationSettings,
    positions: ComputedPositions | None = None,
) -> None:
    """Prepare a project from an export of SNAP or Gamma; existing patches go when the new ones are complete.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    export : CoregisteredStack
        Of :func:`find_export`.
    settings : PreparationSettings
    positions : ComputedPositions, optional
        What gives positions without a longitude raster.

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    export, problems = check_export(export)
    impossible, strange_headers = check_headers(export)
    nonsense, strange_positions = _check_geometry(export) if not impossible else ([], [])
    problems += [Problem(text) for text in impossible + nonsense]
    problems += [] if settings.mask is None else check_mask(settings.mask, export.size)
    problems += check_layout(export.size, settings.counts, settings.threshold)
    problems += positions.check(export) if positions and not export.longitudes else []
    raise_problems(problems, f"The export {export.root}")
    remarks = Remarks(strange_headers, strange_positions)
    routine = f"MT_PREP_{export.processor.upper()}"
    prepare(ws, routine, lambda stage: export, settings, remarks, positions=positions)


def dem_headers(export: CoregisteredStack) -> tuple[str, ...]:
    """Headers of Gamma's DEM, which give positions where there is no longitude raster."""
    return _listing(export.root, "dem/*_seg.par")


def offset_headers(export: CoregisteredStack) -> tuple[str, ...]:
    """Headers of the offsets between Gamma's DEM and the image."""
    return _listing(export.root, "geo/*.diff_par")


# ---------------------------------------------------------------------- single checks


def _check_presence(export: CoregisteredStack) -> list[Problem]:
    problems = []
    if not is_date(export.master):
        problems.append(Problem(f"The master '{export.master}' is not a date: give it as yyyymmdd."))
    slc_pattern, interferogram_pattern = _patterns(export.small_baselines)
    wanted = [
        (export.slcs, slc_pattern, "SLC", 1),
        (export.interferograms, interferogram_pattern, "interferogram", 1),
        (export.heights, "geo/*dem.rdc", "height raster", 1),
    ]
    if export.longitudes or export.processor != "gamma":
        wanted += [
            (export.longitudes, "geo/*.lon", "longitude raster", 3),
            (export.latitudes, "geo/*.lat", "latitude raster", 1),
        ]
    else:
        what = "longitude raster and no {} to compute positions from"
        wanted += [
            (dem_headers(export), "dem/*_seg.par", what.format("header of the DEM"), 1),
            (offset_headers(export), "geo/*.diff_par", what.format("header of the offsets"), 1),
        ]
    for found, pattern, what, status in wanted:
        if not found:
            place = os.path.join(export.root, pattern)
            problems.append(Problem(f"There is no {what}: nothing matches {place}; export the stack again.", status))
    return problems


def _check_header(export: CoregisteredStack) -> tuple[tuple[int, int], list[Problem]]:
    """Size of the image, 0 where the master's header does not tell it, and what is wrong with the header."""
    if export.header is None:
        text = f"The master is absent: the export has no header {export.master}.*slc.par; give another image's date."
        return (0, 0), [Problem(text)]
    try:
        text = read_header(export.header)
    except InputError as error:
        return (0, 0), [Problem(str(error))]
    size, problems = (0, 0), []
    try:
        size = raster_size(export.header, text)
    except InputError as error:
        problems.append(Problem(str(error)))
    problems += _try_fields(export.header, text, HEADER_FIELDS, 1)
    if not any(token.startswith("sensor:") for token in text.split()):
        problems.append(Problem(f"The header {export.header} has no field 'sensor': export it again."))
    return size, problems


def _precision_of(header: str) -> tuple[str, list[Problem]]:
    """Precision of the SLCs from the field ``image_format`` of the master's header."""
    try:
        return image_precision(header), []
    except InputError as error:
        return "f", [Problem(str(error), error.exit_status)]


def _check_companions(export: CoregisteredStack) -> list[Problem]:
    problems = [
        Problem(f"The header {name}.par of an SLC is missing: export the stack again.")
        for name in export.slcs
        if not os.path.isfile(f"{name}.par")
    ]
    for base in map(baseline_file, export.interferograms):
        if not os.path.isfile(base):
            problems.append(Problem(f"The baseline file {base} is missing: export the stack again."))
    return problems


def _check_baselines(export: CoregisteredStack) -> list[Problem]:
    problems = []
    for base in map(baseline_file, export.interferograms):
        if os.path.isfile(base):
            problems += _try_fields(base, read_input(base), BASELINE_FIELDS, 3)
    return problems


def _check_small_baselines(export: CoregisteredStack) -> list[Problem]:
    """Each folder holds an interferogram and both of its SLCs."""
    problems = check_image_names(export)
    images: dict[str, list[str]] = {}
    for name in export.slcs:
        images.setdefault(os.path.dirname(name), []).append(os.path.basename(name)[:8])
    interferograms: dict[str, list[str]] = {}
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
                problems.append(unnamed_interferogram(name))
            elif sorted(pair) != sorted(dates) and len(dates) == 2:
                text = f"The interferogram {name} does not match the SLCs next to it, of {' and '.join(dates)}."
                problems.append(Problem(text))
    return problems


def _check_geometry(export: CoregisteredStack) -> tuple[list[str], list[str]]:
    """Problems and warnings about positions and heights; none where a raster is missing or of a wrong size."""
    lonlat, height = [*export.longitudes[:1], *export.latitudes[:1]], export.heights[:1]
    n_bytes = 4 * export.width * export.length
    sizes = [os.path.getsize(path) if os.path.isfile(path) else -1 for path in (*lonlat, *height)]
    if not n_bytes or len(lonlat) == 1 or set(sizes) != {n_bytes}:
        return [], []
    spacing = None if export.header is None else ground_spacing(export.header)
    centre = None if export.header is None else scene_centre(export.header)
    return check_geometry(lonlat, height[0] if height else None, export.size, export.real_type, spacing, centre)


# ---------------------------------------------------------------------- small helpers


def _patterns(small_baselines: bool) -> tuple[str, str]:
    """Where the SLCs and the interferograms lie."""
    if small_baselines:
        return "SMALL_BASELINES/*/*.*slc", "SMALL_BASELINES/*/*.diff"
    return "*slc/*.*slc", "diff0/*.diff"


def _listing(root: str, pattern: str) -> tuple[str, ...]:
    return tuple(sorted(glob.glob(os.path.join(glob.escape(root), pattern))))


def _headers(root: str, folder: str, master: str) -> tuple[str, ...]:
    """Headers of the master: of its date alone, else with a suffix behind the date."""
    name = glob.escape(master)
    return _listing(root, f"{folder}/{name}.*slc.par") or _listing(root, f"{folder}/{name}[_-]*.*slc.par")


def _try_fields(path: str, text: str, names: tuple[str, ...], count: int) -> list[Problem]:
    problems = []
    for name in names:
        try:
            header_numbers(path, name, count, text)
        except InputError as error:
            problems.append(Problem(str(error)))
    return problems

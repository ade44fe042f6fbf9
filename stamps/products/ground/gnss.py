"""Stations of GNSS against the pixels of a project, and the calibration of the project by them.

Source: docs/method/gnss.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import __version__
from stamps.analysis.gnss import summary_of
from stamps.analysis.gnss_calibration import Calibration, DateCalibration, calibrate_dates
from stamps.analysis.gnss_calibration import calibrate as fit
from stamps.analysis.plates import rotation_of
from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import centre_of
from stamps.products.exports.metadata import SIGN
from stamps.products.figures import matplotlib_or_error
from stamps.products.gnss_files import read_gnss
from stamps.products.ground.calibrated import calibrated_table, export_writer, number_of_zero
from stamps.products.ground.comparison import Comparison
from stamps.products.ground.frames import about_frame, fixed_frame, one_frame, without_rotation
from stamps.products.ground.looks import Look, Wish, doubtful_headings, look_at, open_projects
from stamps.products.ground.motion_files import PICTURES
from stamps.products.ground.stations import Row, differences_of, pixels_around, rows_of, several
from stamps.products.ground.together import check_suffix, files_of, put_together
from stamps.products.reference_choice import ReferenceChoice
from stamps.workspace.given_paths import listed_paths
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["gnss"]

_SUFFIXES = (".csv", ".json", *PICTURES)
_FEW = 6  # stations of a plane


def gnss(
    files: StrPath | Sequence[StrPath],
    *,
    out: StrPath | Sequence[StrPath] | None = None,
    workdir: StrPath = ".",
    values: str | None = None,
    aps: int | str = 0,
    iono: int | str = 0,
    radius: float = 500.0,
    min_pixels: int = 3,
    window: float = 3.0,
    reference_station: str | None = None,
    calibrate: str | None = None,
    by_date: bool = False,
    calibrated: StrPath | Sequence[StrPath] | None = None,
    frame: str = "",
    plate: str | None = None,
    pole: Sequence[float] | None = None,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
    look_side: str = "right",
    n_boot: int = 1500,
    seed: int = 0,
) -> Comparison:
    """Compare stations of GNSS with the pixels around them, and calibrate the project by them.

    Stations with daily positions (NGL's tenv3) are compared as series on the dates of the images, stations with velocities
    (MIDAS, a CSV table) by velocity; all along the line of sight, positive towards the satellite.

    Parameters
    ----------
    files : path-like or sequence
        Files of stations, or folders of ``*.tenv3``, relative to ``workdir``: tenv3, MIDAS, or a CSV table with the columns
        ``site,lon,lat,ve,vn,vu,se,sn,su`` (mm/yr).
    out : path-like or sequence, optional
        Files to write: ``.csv``, ``.json``, or a picture (``.png``, ``.pdf``, ``.svg``).
    workdir : path-like
        Project after step 7.
    values, aps, iono
        As for :func:`stamps.export`.
    radius : float
        Metres around a station whose pixels count.
    min_pixels : int
        Pixels that a station needs.
    window : float
        Days before and after an image whose positions are averaged.
    reference_station : str, optional
        Compare differences to this station: free of frame and reference.
    calibrate : str, optional
        ``'offset'`` or ``'plane'``: fit it to station minus pixels.
    by_date : bool
        Fit the calibration of the displacements to each date, with the series of stations, instead of adding the velocities'
        surface times the years since the reference date.
    calibrated : path-like or sequence, optional
        Exports to write with the surface added to velocities and series: ``.csv``, ``.gpkg``, ``.geojson``, ``.shp``,
        ``.parquet``.
    frame : str
        Frame of the stations (``'IGS14'``, ``'EU'``), for the metadata; default: what the names of the files say.
    plate : str, optional
        Plate whose rotation in ITRF2014 is taken out of the stations: ``'eurasia'``, ``'north-america'`` …
    pole : sequence of float, optional
        Or latitude, longitude (degrees) and rate (degrees per million years) of another rotation to take out.
    reference_date : str, int or date, optional
        Date on which the displacements of series are 0 (default: the master's).
    reference_area : sequence of float, optional
        What the project is relative to, in place of its own reference: longitude, latitude and radius in metres of a circle,
        or west, east, south and north of a box.
    look_side : str
        ``'right'`` or ``'left'``.
    n_boot, seed : int
        Bootstrap samples of the standard deviations, start of the random numbers.

    Returns
    -------
    Comparison
        Rows, figures of all stations, calibration, metadata, warnings, files; printed, it is a table.

    Raises
    ------
    InputError
        A file that cannot be read, no station in the scene or in its time, incidence or heading that are not known.
    ParameterError
        Too few stations for the calibration, or options that do not go together.

    Examples
    --------
    >>> import stamps
    >>> found = stamps.gnss("stations.csv", calibrate="offset", frame="EU")  # doctest: +SKIP
    >>> print(found)  # doctest: +SKIP
    """
    _check(radius, min_pixels, window, reference_station, calibrate, calibrated, by_date)
    chosen = ReferenceChoice.of(reference_date, reference_area)
    turned = None if plate is None and pole is None else rotation_of(plate, pole)
    places = _places(out, workdir)
    exports = {path: export_writer(path) for path in files_of(calibrated, workdir)}
    stations = read_gnss([Path(workdir) / path for path in listed_paths(files)])
    frame, of_files = one_frame(stations, frame)
    if turned is not None:
        frame = fixed_frame(frame, plate, pole)
        stations = [without_rotation(station, turned) for station in stations]
    [(project, side)] = open_projects([workdir], ".", [look_side])
    log = Log(project.ws, "GNSS")
    look = look_at(project, side, Wish(values, aps, iono, n_boot, seed, chosen.area, chosen.date))
    around, told, outside = pixels_around(stations, look, radius, min_pixels)
    rows, doubts, short = rows_of(around, look, window, reference_station)
    told = [*doubtful_headings([project]), *of_files, *told, *doubts]
    told += [*about_frame(frame, reference_station), *_about_plane(look, calibrate, len(rows))]
    surface = None if calibrate is None else _fitted(rows, calibrate)
    dates = None
    if by_date and calibrate is not None:
        zero = number_of_zero(look.table)
        dates = calibrate_dates(*differences_of(around, look, window), zero, calibrate)
        told += _about_dates(dates, look)
    rows, summary = _left(rows, surface, reference_station)
    about = _metadata(look, surface, rows, frame, reference_station, radius, window, {**outside, **short})
    if dates is not None:
        about["calibration"] = {**about["calibration"], **_calibration_of_dates(dates, look)}
    found = Comparison(tuple(rows), summary, surface, about, tuple(told))
    found = replace(found, files=tuple(_write(found, look, places, exports, dates)))
    for text in (*told, *(f"written to {path}" for path in found.files)):
        log(text, level=2)
    return found


def _places(out: StrPath | Sequence[StrPath] | None, workdir: StrPath) -> list[Path]:
    """Files to write; InputError of a kind that is none, or of a picture without matplotlib."""
    places = files_of(out, workdir)
    for path in places:
        if check_suffix(path, _SUFFIXES) in PICTURES:
            matplotlib_or_error()
    return places


def _check(
    radius: float,
    least: int,
    window: float,
    reference: str | None,
    calibrate: str | None,
    calibrated: object,
    by_date: bool,
) -> None:
    if not (np.isfinite(radius) and radius > 0) or least < 1 or not (np.isfinite(window) and window >= 0):
        raise ParameterError(
            f"Pixels within {radius:g} m, at least {least}, days within {window:g}: positive numbers were expected."
        )
    if calibrate not in (None, "offset", "plane"):
        raise ParameterError(f"The calibration '{calibrate}' is unknown: offset or plane.")
    if calibrated is not None and calibrate is None:
        raise ParameterError("A calibrated export needs a calibration: offset or plane (calibrate).")
    if by_date and calibrate is None:
        raise ParameterError("Dates are calibrated by a surface: offset or plane (calibrate).")
    if calibrate is not None and reference is not None:
        raise ParameterError("Differences to a reference station cannot calibrate: leave it out, or the calibration.")


def _about_dates(dates: DateCalibration, look: Look) -> list[str]:
    """A warning of dates without a surface."""
    lacking = np.flatnonzero(~np.isfinite(dates.parameters).all(axis=1))
    if lacking.size == 0:
        return []
    names = several([str(look.table.dates[k]) for k in lacking])
    return [f"Too few stations for a calibration by {dates.kind}, displacements stay empty: {names}."]


def _calibration_of_dates(dates: DateCalibration, look: Look) -> dict[str, Any]:
    """What the metadata say of a calibration by dates."""
    return {
        "series": "a surface of each date, mm (and mm/km), 0 on the reference date",
        "dates": {
            str(date): {
                "parameters": _numbers(dates.parameters[k]),
                "std": _numbers(np.sqrt(np.diag(dates.covariance[k]))),
                "stations": int(dates.stations[k]),
            }
            for k, date in enumerate(look.table.dates)
        },
    }


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [round(value, 4) if np.isfinite(value) else None for value in values.tolist()]


def _about_plane(look: Look, calibrate: str | None, n: int) -> list[str]:
    """Warnings of a plane; ParameterError where ramps were removed from what it is fitted to."""
    if calibrate != "plane":
        return []
    if "o" in look.table.name.partition("-")[2]:
        raise ParameterError(
            f"The ramps of {look.table.name} are removed (scla_deramp), and with them motion that stations have: calibrate a "
            "type without 'o' by plane, or this one by offset."
        )
    told = ["A plane takes out wide motion and wide errors alike, wherever stations do not know better."]
    if look.project.parameters.flag("scla_deramp"):
        told.append(
            "scla_deramp is 'y': ramps were estimated in this project, too; its velocities here still hold them."
        )
    if n < _FEW:
        told.append(f"A plane through {n} stations: take {_FEW} or more where there are any.")
    return told


def _fitted(rows: Sequence[Row], kind: str) -> Calibration:
    xy = np.array([[row.x, row.y] for row in rows])
    return fit(xy, [row.difference for row in rows], [row.difference_std for row in rows], kind)


def _left(
    rows: Sequence[Row], surface: Calibration | None, reference: str | None
) -> tuple[list[Row], dict[str, float]]:
    """Rows with what is left without the surface or the common offset, and figures of it."""
    difference, sigma = (np.array([getattr(row, name) for row in rows]) for name in ("difference", "difference_std"))
    offset, parameters = float("nan"), 0
    if surface is not None:
        left, parameters = surface.residual, len(surface.parameters)
        parts = zip(rows, left, surface.left_out, surface.weights, strict=True)
        made = [replace(row, left=float(r), left_out=float(o), weight=float(w)) for row, r, o, w in parts]
        return made, {"offset": offset, **summary_of(left, sigma, parameters)}
    if reference is None:
        offset, parameters = float(np.average(difference, weights=1 / sigma**2)), 1
    left = difference - (0.0 if reference is not None else offset)
    made = [replace(row, left=float(value)) for row, value in zip(rows, left, strict=True)]
    return made, {"offset": offset, **summary_of(left, sigma, parameters)}


def _metadata(
    look: Look,
    surface: Calibration | None,
    rows: Sequence[Row],
    frame: str,
    reference: str | None,
    radius: float,
    window: float,
    left_out: dict[str, str],
) -> dict[str, Any]:
    said = frame or "not stated"
    what = f"differences to {reference}" if reference else f"frame {said}"
    made: dict[str, Any] = {
        "software": f"stamps-insar {__version__}",
        "project": look.name,
        "compared": f"station and pixels, mm/yr towards the satellite, {what}",
        "sign_convention": SIGN,
        "frame": said,
        "reference_station": reference,
        "reference_of_project": look.table.metadata["reference"],
        "reference_date": look.table.metadata["reference_date"],
        "values": look.table.name,
        "heading_deg": look.heading,
        "look_side": look.side,
        "radius_m": radius,
        "window_days": window,
        "left_out": left_out,
        "taken_out": "" if reference else (" + common offset" if surface is None else f" + {surface.kind}"),
    }
    if surface is not None:
        made["calibration"] = {
            "kind": surface.kind,
            "parameters": surface.parameters.tolist(),
            "covariance": surface.covariance.tolist(),
            "units": ["mm/yr", "mm/yr/km east", "mm/yr/km north"][: len(surface.parameters)],
            "origin": [float(value) for value in centre_of(look.lonlat)],
            "stations": [row.site for row in rows],
            "weights": surface.weights.tolist(),
            "left_out_rms": surface.left_out_rms,
            "series": "surface times the years since the reference date",
            "result": f"line of sight in the frame {said}",
        }
    return made


def _write(
    found: Comparison,
    look: Look,
    places: Sequence[Path],
    exports: dict[Path, Callable[..., object]],
    dates: DateCalibration | None,
) -> list[Path]:
    writers: dict[Path, Callable[[Path], object]] = {}
    for path in places:
        suffix = path.suffix.lower()
        writers[path] = found.draw if suffix in PICTURES else found.write_csv if suffix == ".csv" else found.write_json
    if exports:
        if found.calibration is None:
            raise InputError("There is no calibration to export.")
        about = found.as_dict()["calibration"]
        table = calibrated_table(look, found.calibration, found.metadata["frame"], about, dates)
        for path, write in exports.items():
            writers[path] = functools.partial(write, table)
    return put_together(writers)

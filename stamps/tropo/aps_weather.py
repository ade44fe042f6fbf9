"""Tropospheric corrections from weather models: the public functions, one for each model.

Source: see :mod:`stamps.tropo.weather.correction` and docs/method/weather.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.tropo.weather.correction import WeatherCorrection, correct
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace

__all__ = ["aps_era5", "aps_erai", "aps_merra", "aps_merra2", "aps_narr"]


@reserving
def aps_era5(
    folder: StrPath,
    *,
    utc: str | None = None,
    interpolate: bool = True,
    incidence: float | None = None,
    strict: bool = False,
    workdir: Workspace | StrPath = ".",
) -> WeatherCorrection:
    """Correct every interferogram with the delays of ERA5 over its two images.

    Parameters
    ----------
    folder : path-like
        Folder with the files, GRIB or NetCDF: ``ERA5_yyyymmdd_HH.grb`` (pyaps3), ``yyyymmdd/ggapyyyymmddHHMM.nc`` (TRAIN), or any
        others whose times stand inside.
    utc : str, optional
        When the satellite passes, ``HH:MM`` (default: what the preparation of the project has written).
    interpolate : bool
        Between the times before and after the overpass; otherwise the nearest one is taken.
    incidence : float, optional
        Incidence angle of all pixels in degrees (default: that of the project's pixels).
    strict : bool
        Refuse where dates have no weather. Otherwise their interferograms get 0 and are named.
    workdir : path-like or Workspace
        Project after step 5.

    Returns
    -------
    WeatherCorrection
        With the phases that were stored, in radians.

    Raises
    ------
    StampsError
        A file is damaged or does not cover all pixels, or the time of the overpass or the incidence angle is not known.

    Notes
    -----
    Stored are ``ph_tropo_era5`` = ``ph_tropo_era5_hydro`` + ``ph_tropo_era5_wet``, the corrections ``'a_era5'``, ``'a_era5-h'``
    and ``'a_era5-w'``.
    """
    return correct(
        "era5", folder, utc=utc, interpolate=interpolate, incidence=incidence, strict=strict, workdir=workdir
    )


@reserving
def aps_erai(
    folder: StrPath,
    *,
    utc: str | None = None,
    interpolate: bool = True,
    incidence: float | None = None,
    strict: bool = False,
    workdir: Workspace | StrPath = ".",
) -> WeatherCorrection:
    """Correct every interferogram with the delays of ERA-Interim over its two images.

    Arguments, results and errors are those of :func:`aps_era5`. Stored are ``ph_tropo_era``, ``…_hydro`` and ``…_wet``, the
    corrections ``'a_erai'``, ``'a_erai-h'`` and ``'a_erai-w'``.

    Parameters
    ----------
    folder : path-like
        Folder with the files: ``ERAI_yyyymmdd_HH.grb`` or ``yyyymmdd/ggapyyyymmddHHMM.nc``.
    utc, interpolate, incidence, strict, workdir
        As in :func:`aps_era5`.

    Returns
    -------
    WeatherCorrection
        With the phases that were stored, in radians.

    Raises
    ------
    StampsError
        As in :func:`aps_era5`.
    """
    return correct(
        "erai", folder, utc=utc, interpolate=interpolate, incidence=incidence, strict=strict, workdir=workdir
    )


@reserving
def aps_merra(
    folder: StrPath,
    *,
    utc: str | None = None,
    interpolate: bool = True,
    incidence: float | None = None,
    strict: bool = False,
    workdir: Workspace | StrPath = ".",
) -> WeatherCorrection:
    """Correct every interferogram with the delays of MERRA over its two images.

    Arguments, results and errors are those of :func:`aps_era5`. Stored are ``ph_tropo_merra``, ``…_hydro`` and ``…_wet``, the
    corrections ``'a_merra'``, ``'a_merra-h'`` and ``'a_merra-w'``.

    Parameters
    ----------
    folder : path-like
        Folder with the files: ``MERRA_yyyymmdd_HH.nc4``.
    utc, interpolate, incidence, strict, workdir
        As in :func:`aps_era5`.

    Returns
    -------
    WeatherCorrection
        With the phases that were stored, in radians.

    Raises
    ------
    StampsError
        As in :func:`aps_era5`.
    """
    return correct(
        "merra", folder, utc=utc, interpolate=interpolate, incidence=incidence, strict=strict, workdir=workdir
    )


@reserving
def aps_merra2(
    folder: StrPath,
    *,
    utc: str | None = None,
    interpolate: bool = True,
    incidence: float | None = None,
    strict: bool = False,
    workdir: Workspace | StrPath = ".",
) -> WeatherCorrection:
    """Correct every interferogram with the delays of MERRA-2 over its two images.

    Arguments, results and errors are those of :func:`aps_era5`. Stored are ``ph_tropo_merra2``, ``…_hydro`` and ``…_wet``, the
    corrections ``'a_merra2'``, ``'a_merra2-h'`` and ``'a_merra2-w'``.

    Parameters
    ----------
    folder : path-like
        Folder with the files: ``MERRA2_yyyymmdd_HH.nc4``, or as they come from NASA.
    utc, interpolate, incidence, strict, workdir
        As in :func:`aps_era5`.

    Returns
    -------
    WeatherCorrection
        With the phases that were stored, in radians.

    Raises
    ------
    StampsError
        As in :func:`aps_era5`.
    """
    return correct(
        "merra2", folder, utc=utc, interpolate=interpolate, incidence=incidence, strict=strict, workdir=workdir
    )


@reserving
def aps_narr(
    folder: StrPath,
    *,
    utc: str | None = None,
    interpolate: bool = True,
    incidence: float | None = None,
    strict: bool = False,
    workdir: Workspace | StrPath = ".",
) -> WeatherCorrection:
    """Correct every interferogram with the delays of NARR over its two images.

    Arguments, results and errors are those of :func:`aps_era5`. Stored are ``ph_tropo_narr``, ``…_hydro`` and ``…_wet``, the
    corrections ``'a_narr'``, ``'a_narr-h'`` and ``'a_narr-w'``.

    Parameters
    ----------
    folder : path-like
        Folder with the files: ``air.yyyymm.nc``, ``shum.yyyymm.nc`` and ``hgt.yyyymm.nc``.
    utc, interpolate, incidence, strict, workdir
        As in :func:`aps_era5`.

    Returns
    -------
    WeatherCorrection
        With the phases that were stored, in radians.

    Raises
    ------
    StampsError
        As in :func:`aps_era5`.
    """
    return correct(
        "narr", folder, utc=utc, interpolate=interpolate, incidence=incidence, strict=strict, workdir=workdir
    )

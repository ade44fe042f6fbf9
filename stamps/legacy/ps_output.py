"""Write the results as plain text and binary files for other programs.

Reads ``psver ps2 rc2 phuw2 scla2 mean_v``, ``mv2`` if present; writes ``ps_ij.txt ps_ll.txt date.txt ph_w.flt ph_uw.flt
dem_error.xy ps_mean_v.xy ps_data.xy``, ``ps_u-dm.<k>.xy`` for every image and, with ``mv2``, ``ps_mean_v_std.xy``.
Parameters: ``small_baseline_flag``, ``ref_velocity``, ``lambda`` and those of the reference area.

Source: docs/method/products.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import WorkspaceError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.phase import angle, multiply
from stamps.legacy.K2q import K2q
from stamps.legacy.ps_setref import ps_setref
from stamps.matlab.dates import to_yyyymmdd
from stamps.matlab.statistics import mean_single, sum_single
from stamps.products.ascii import DOUBLE, SINGLE, write_columns
from stamps.products.quantities import Project
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["ps_output"]


def ps_output(corrected: bool = False, workdir: Workspace | StrPath = ".") -> None:
    """Export coordinates, phases, DEM errors, velocities and displacements.

    Parameters
    ----------
    corrected : bool
        The original takes all heights for zero and writes the standard deviation of the velocity, where there is one,
        in place of the velocity to ``ps_data.xy``; True writes the heights and the velocity there and lets DEM errors
        be relative to the pixels at height zero (if there are any).
    workdir : path-like or Workspace
        Project directory after step 7 and after a plot of the velocity, the last of which is exported.

    Raises
    ------
    WorkspaceError
        A file is missing, or ``mean_v.mat`` belongs to other pixels.

    Examples
    --------
    >>> from stamps import ps_output, ps_plot
    >>> saved = ps_plot("v-do", -1)
    >>> ps_output()
    >>> np.loadtxt("ps_mean_v.xy").shape  # longitude, latitude, velocity
    (2140, 3)
    """
    ws = Workspace.at(workdir)
    if not ws.exists("mean_v"):
        raise WorkspaceError(
            f"{ws.path / 'mean_v.mat'} is missing: plot the velocity that is to be exported first (ps_plot v-d -1)."
        )
    project = Project.at(ws, log=True)
    ref_velocity = project.parameters.get("ref_velocity", log=True)
    project.parameters.get("lambda", log=True)
    reference = ps_setref(workdir=ws)
    with ws.publish():
        _write_pixels(project)
        _write_wrapped(project, reference)
        unwrapped = project.load("phuw")["ph_uw"]
        scla = project.load("scla")
        _write(ws, "ph_uw.flt", relative(unwrapped, reference).astype(np.float32))
        _write_estimates(project, scla, reference, ref_velocity, corrected)
        _write_displacements(project, unwrapped, scla, reference)
    Log(ws, "PS_OUTPUT")(f"Results of {project.ps['n_ps']} pixels written to {ws.path}", level=2)


def relative(phase: NDArray[np.float32], reference: NDArray[np.int64] | None) -> NDArray[np.float32]:
    """Subtract from every column its plain mean over the reference pixels.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
    reference : ndarray of int or None
        0-based pixels; None: nothing is subtracted. A single one gives one mean over all columns (so it always was).

    Returns
    -------
    ndarray, shape (n_ps, k)
    """
    return phase if reference is None else phase - _over_reference(mean_single, phase, reference)


def clipped(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Values clipped to those of the ranks ceil(0.001·n) and floor(0.999·n) of the sorted values.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    ordered = np.sort(values)
    low = ordered[int(np.ceil(0.001 * values.size)) - 1]
    high = ordered[max(int(np.floor(0.999 * values.size)), 1) - 1]
    result = np.where(values < low, low, values)
    return np.where(result > high, high, result)


# ---------------------------------------------------------------------- files


def _write(ws: Workspace, name: str, array: NDArray[np.float32]) -> None:
    """Binary file, pixel by pixel, in the byte order of the machine."""
    with ws.open_output(name) as path:
        np.ascontiguousarray(array).tofile(path)


def _write_text(ws: Workspace, name: str, columns: Sequence[ArrayLike], row_format: str) -> None:
    with ws.open_output(name) as path:
        write_columns(path, columns, row_format)


def _write_pixels(project: Project) -> None:
    ps, ws = project.ps, project.ws
    _write_text(ws, "ps_ij.txt", ps["ij"][:, 1:3].T, SINGLE * 2)
    _write_text(ws, "ps_ll.txt", ps["lonlat"].T, SINGLE * 2)
    _write_text(ws, "date.txt", [to_yyyymmdd(ps["day"])], DOUBLE)


def _write_wrapped(project: Project, reference: NDArray[np.int64] | None) -> None:
    ph_rc = project.load("rc")["ph_rc"]
    if reference is not None:
        ph_rc = multiply(ph_rc, np.broadcast_to(_over_reference(sum_single, ph_rc, reference).conj(), ph_rc.shape))
    ph_w = angle(ph_rc).astype(np.float32)
    ph_w[:, project.master] = 0  # for small baselines an interferogram of that number: so it always was
    _write(project.ws, "ph_w.flt", ph_w)


def _write_estimates(
    project: Project, scla: Variables, reference: NDArray[np.int64] | None, ref_velocity: float, corrected: bool
) -> None:
    """DEM errors, velocities, their standard deviations, and the table of all."""
    ps, ws = project.ps, project.ws
    lon, lat = ps["lonlat"].T
    heights = _heights(project) if corrected else np.zeros(ps["n_ps"])
    error = dem_error(scla["K_ps_uw"], ps["ij"][:, 2], heights, reference)
    _write_text(ws, "dem_error.xy", [lon, lat, clipped(error)], SINGLE * 3)
    slope = ws.load("mean_v")["m"][1]
    if slope.size != ps["n_ps"]:
        raise WorkspaceError(
            f"{ws.path / 'mean_v.mat'} is for {slope.size} pixels, but there are {ps['n_ps']}: plot the velocity again."
        )
    velocity = -slope.astype(np.float64) * DAYS_PER_YEAR * project.millimetres + ref_velocity * 1000
    _write_text(ws, "ps_mean_v.xy", [lon, lat, velocity], SINGLE * 3)
    value, name = velocity, f"mv{project.version}"
    if ws.exists(name):
        std = clipped(ws.load(name)["mean_v_std"])
        _write_text(ws, "ps_mean_v_std.xy", [lon, lat, std], SINGLE * 3)
        value = velocity if corrected else std
    _write_text(ws, "ps_data.xy", [lon, lat, value, heights, error], "%f %f %4.4f %4.4f %4.4f")


def dem_error(
    k_ps: NDArray[np.float64],
    range_sample: NDArray[np.float64],
    heights: NDArray[np.float64],
    reference: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """Error of the DEM in metres, relative to the pixels at height zero.

    Parameters
    ----------
    k_ps : ndarray, shape (n_ps,)
        Look-angle coefficient in rad/m.
    range_sample, heights : ndarray, shape (n_ps,)
    reference : ndarray of int or None

    Returns
    -------
    ndarray of float64, shape (n_ps,)
    """
    level = 0.0 if reference is None else k_ps[reference].mean(dtype=np.float64)
    error = K2q(k_ps - level, range_sample)
    at_zero = heights == 0
    return error - error[at_zero].mean() if at_zero.any() else error


def _heights(project: Project) -> NDArray[np.float64]:
    heights = project.ws.load_optional(project.file("hgt")).get("hgt")
    return np.zeros(project.ps["n_ps"]) if heights is None else heights


def _write_displacements(
    project: Project, unwrapped: NDArray[np.float32], scla: Variables, reference: NDArray[np.int64] | None
) -> None:
    """Displacement towards the satellite in mm, one file for each image."""
    lon, lat = project.ps["lonlat"].T
    phase = relative(unwrapped - scla["ph_scla"] - scla["C_ps_uw"][:, np.newaxis], reference)
    n = project.ps["n_image"] if project.small_baselines else project.ps["n_ifg"]
    for image in range(n):
        displacement = project.displacement(phase[:, image])
        _write_text(project.ws, f"ps_u-dm.{image + 1}.xy", [lon, lat, displacement], SINGLE * 3)


def _over_reference(reduction: Callable[..., Any], values: NDArray[Any], reference: NDArray[np.int64]) -> NDArray[Any]:
    """Reduce the reference pixels of every column; a single pixel is reduced over its columns instead."""
    rows = values[reference]
    return np.asarray(reduction(rows, axis=1 if len(rows) == 1 else 0))

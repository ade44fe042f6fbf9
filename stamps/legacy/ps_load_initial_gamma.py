"""Step 1, single master: load the candidates of a patch (Gamma and SNAP).

Reads ``../rsc.txt``, ``../pscphase.in``, the master's header, a baseline file per interferogram and
``pscands.1.{ij,ll,ph}``, ``pscands.1.{da,hgt}`` if they exist. Writes ``ps1`` (``ij lonlat xy bperp day master_day
master_ix n_ifg n_image n_ps sort_ix ll0 mean_incidence mean_range``), ``ph1`` (``ph``), ``bp1`` (``bperp_mat``),
``la1`` (``la``: incidence), ``da1`` (``D_A``), ``hgt1`` (``hgt``), ``psver``. Sets the parameters ``heading``,
``lambda`` and ``platform``.

Source: docs/method/loading.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import master_header, patch_files
from stamps.matlab.dates import datenum
from stamps.matlab.statistics import mean_single
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_load_initial_gamma"]


@reserving
def ps_load_initial_gamma(workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a single-master patch.

    A patch without candidates gets flag 1 of ``no_ps_info`` and version 1, nothing else is written.

    Parameters
    ----------
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    InputError
        A file is missing, damaged or does not belong to the others.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_LOAD_INITIAL_GAMMA")
    log.start()
    log("Loading data into matlab...")
    paths = patch_files.interferogram_paths(ws)
    day, master_ix, provided = _days(paths)
    header = master_header.read_header(ws, master_header.header_path(ws))
    line, sample = patch_files.read_positions(ws)
    n_read, n_ifg = line.size, day.size
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return
    look, incidence = master_header.look_and_incidence(header, sample)
    bperp_mat = master_header.perpendicular_baselines(ws, header, paths, line, look, np.float32)
    bperp = mean_single(bperp_mat, axis=0)
    if provided:
        bperp_mat = np.delete(bperp_mat, master_ix, axis=1)
    else:
        bperp = np.insert(bperp, master_ix, 0)

    hgt = patch_files.read_heights(ws, n_read)
    pixels = patch_files.local_coordinates(
        patch_files.judged_lonlat(ws, log, header, hgt, line, sample), header.heading, log
    )
    ph = _phasors(patch_files.read_phase(ws, n_read, len(paths)), pixels.sort_ix, master_ix, provided)
    valid = _valid(pixels.lonlat, ph, log)
    rows = pixels.sort_ix[valid]
    n_ps = rows.size
    if n_ps == 0:
        patch_files.note_no_candidates(ws, log)
        return
    number = np.arange(1, n_ps + 1)
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    ps = {
        "ij": np.column_stack([number, line[rows], sample[rows]]).astype(np.float64),
        "lonlat": pixels.lonlat[valid],
        "xy": np.column_stack([number, pixels.xy[valid]]).astype(np.float32),
        "bperp": bperp,
        "day": day,
        "master_day": day[master_ix],
        "master_ix": master_ix,
        "n_ifg": n_ifg,
        "n_image": n_ifg,
        "n_ps": n_ps,
        "sort_ix": pixels.sort_ix,
        "ll0": pixels.ll0,
        "mean_incidence": incidence.mean(),
        "mean_range": header.center_range,
    }
    with ws.publish():
        master_header.store_platform(Parameters(ws), header)
        ws.save("ps1", ps)
        ws.version = 1
        ws.save("ph1", {"ph": ph if n_ps == n_read else ph[valid]})
        ws.save("bp1", {"bperp_mat": bperp_mat[rows]})
        ws.save("la1", {"la": incidence[rows]})
        if D_A is not None:
            ws.save("da1", {"D_A": D_A[rows]})
        if hgt is not None:
            ws.save("hgt1", {"hgt": hgt[rows].astype(np.float64)})
    log.finish()


def _days(paths: Sequence[str]) -> tuple[NDArray[np.float64], int, bool]:
    """Acquisition days, the master's position among them, and whether an interferogram master–master is listed.

    Parameters
    ----------
    paths : list of str
        Interferograms in ascending order of the slave's date.

    Returns
    -------
    day : (n_image,) float64 array
        Datenums, the master included.
    master_ix : int
        From 0.
    provided : bool
    """
    dates = master_header.pair_dates(paths)
    master, slaves = datenum(dates[0, 0]), datenum(dates[:, 1])
    if np.any(np.diff(slaves) <= 0):
        raise InputError("The interferograms of pscphase.in are not in order of date: run the preparation again.")
    master_ix = int(np.count_nonzero(slaves < master))
    provided = master_ix < slaves.size and slaves[master_ix] == master
    return (slaves if provided else np.insert(slaves, master_ix, master)), master_ix, bool(provided)


def _phasors(raw: Any, sort_ix: NDArray[np.int64], master_ix: int, provided: bool) -> NDArray[np.complex64]:
    """Sorted phasors with the master's column of ones: (n_ps, n_ifg) complex64 in column-major order."""
    slaves = [k for k in range(len(raw) + (not provided)) if k != master_ix]
    ph = np.empty((sort_ix.size, len(slaves) + 1), dtype=np.complex64, order="F")
    ph[:, master_ix] = 1
    for k in slaves:
        ph[:, k] = raw[k if provided or k < master_ix else k - 1].astype(np.complex64)[sort_ix]
    return ph


def _valid(lonlat: NDArray[np.float64], ph: NDArray[np.complex64], log: Log) -> NDArray[np.bool_]:
    """Mask of the pixels without NaN in longitude, latitude or phase."""
    invalid: NDArray[np.bool_] = np.any(np.isnan(lonlat), axis=1)
    for column in ph.T:
        invalid |= np.isnan(column)
    if invalid.any():
        log(f"{np.count_nonzero(invalid)} candidates removed: longitude, latitude or phase is not a number")
    return ~invalid

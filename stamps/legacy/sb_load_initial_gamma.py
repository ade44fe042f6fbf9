"""Step 1, small baselines: load the candidates of a patch (Gamma and SNAP).

Reads ``../rsc.txt``, ``../pscphase.in``, the master's header, a baseline file per interferogram and
``pscands.1.{ij,ll,ph}``, ``pscands.1.{da,hgt}`` if they exist. Writes ``ps1`` (as the single-master loader, and
``ifgday ifgday_ix``), ``ph1`` (``ph``), ``bp1`` (``bperp_mat``, double), ``la1`` (``la``: look angle), ``da1``
(``D_A``), ``hgt1`` (``hgt``), ``psver`` and ``../small_baselines.list``. Sets the parameters ``heading``, ``lambda``
and ``platform``.

Source: docs/method/loading.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import master_header, patch_files
from stamps.matlab.dates import datenum, datestr
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_load_initial_gamma"]


@reserving
def sb_load_initial_gamma(workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a small-baseline patch.

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
    log = Log(ws, "SB_LOAD_INITIAL_GAMMA")
    log.start()
    paths = patch_files.interferogram_paths(ws)
    header_path = master_header.header_path(ws)
    master_day = datenum(master_header.master_date_of_header(header_path))
    dates = master_header.pair_dates(paths)
    _write_pairs(ws, dates)
    ifgday = datenum(dates)
    day, ifgday_ix = np.unique(ifgday, return_inverse=True)
    if master_day not in day:
        raise InputError(
            f"No interferogram of {ws.path.parent / 'pscphase.in'} contains the master {datestr(master_day)} "
            f"({master_header}): take one of their images as master (mt_prep_snap)."
        )
    header = master_header.read_header(ws, header_path)
    line, sample = patch_files.read_positions(ws)
    n_read = line.size
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return
    look, incidence = master_header.look_and_incidence(header, sample)
    bperp_mat = master_header.perpendicular_baselines(ws, header, paths, line, look, np.float64)
    hgt = patch_files.read_heights(ws, n_read)
    lonlat = patch_files.judged_lonlat(ws, log, header, hgt, line, sample)
    pixels = patch_files.with_position(patch_files.local_coordinates(lonlat, header.heading, log))
    rows = pixels.rows
    n_ps = rows.size
    if n_ps == 0:
        patch_files.note_no_candidates(ws, log)
        return
    ph = _phasors(patch_files.read_phase(ws, n_read, len(paths)), rows)
    number = np.arange(1, n_ps + 1)
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    ps = {
        "ij": np.column_stack([number, line[rows], sample[rows]]).astype(np.float64),
        "lonlat": pixels.lonlat,
        "xy": np.column_stack([number, pixels.xy]).astype(np.float32),
        "bperp": bperp_mat.mean(axis=0),
        "day": day,
        "master_day": master_day,
        "master_ix": int(np.count_nonzero(day < master_day)),
        "ifgday": ifgday,
        "ifgday_ix": ifgday_ix.reshape(ifgday.shape),
        "n_ifg": len(paths),
        "n_image": day.size,
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
        ws.save("ph1", {"ph": ph})
        ws.save("bp1", {"bperp_mat": bperp_mat[rows]})
        ws.save("la1", {"la": look[rows]})
        if D_A is not None:
            ws.save("da1", {"D_A": D_A[rows]})
        if hgt is not None:
            ws.save("hgt1", {"hgt": hgt[rows].astype(np.float64)})
    log.finish()


def _write_pairs(ws: Workspace, dates: NDArray[np.int64]) -> None:
    """List the pairs of dates in the project directory."""
    text = "".join(f"{first:16.7e}{second:16.7e}\n" for first, second in dates.astype(np.float64))
    Workspace(ws.path.parent).write_text("small_baselines.list", text)


def _phasors(raw: Any, sort_ix: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Sorted phasors: (n_ps, n_ifg) complex64 in column-major order."""
    ph = np.empty((sort_ix.size, len(raw)), dtype=np.complex64, order="F")
    for k, block in enumerate(raw):
        ph[:, k] = block.astype(np.complex64)[sort_ix]
    return ph

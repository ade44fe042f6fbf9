"""Step 1, single master: load the candidates of a patch (GSAR).

Reads ``../pscphase.in`` (interferograms whose names hold both dates), an XML file beside each interferogram, and
``pscands.1.{ij,ph,da,lon,lat,inc,hgt}`` (little-endian; ``lon lat inc hgt``: double, as ``pscdem … d`` extracts them;
``da`` and ``hgt`` optional). Writes ``ps1`` (``ij lonlat xy bperp day master_day master_ix n_ifg n_image n_ps sort_ix
ll0 mean_incidence mean_range``), ``ph1`` (``ph``), ``bp1`` (``bperp_mat``: mean baselines repeated), ``la1`` (``la``:
incidence), ``da1`` (``D_A``), ``hgt1`` (``hgt``), ``psver``. Sets the parameters ``heading``, ``lambda`` and
``platform``.

The XML files: :mod:`stamps.frontends.gsar`.

The original's reader of these files is not part of it, and it reads the heights, which are double, as single.

Source: docs/method/loading.md, section 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends import header_ranges, patch_files, text_projects
from stamps.frontends.gsar import stack_of_interferograms
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.stack import CoregisteredStack


__all__ = ["ps_load_initial_gsar"]


@reserving
def ps_load_initial_gsar(workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a single-master patch.

    A patch without candidates gets flag 1 of ``no_ps_info`` and version 1, nothing else is written.

    Parameters
    ----------
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    InputError
        A file is missing, damaged or does not belong to the others, or the interferograms have no common image.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_LOAD_INITIAL_GSAR")
    log.start()
    log("Loading data into matlab...")
    paths = patch_files.interferogram_paths(ws)
    stack = stack_of_interferograms(ws.path, paths)
    geometry = stack.geometry
    assert geometry is not None, "the XML files tell it"
    slaves, master = datenum(np.array(stack.slaves, dtype=np.int64)), float(datenum(int(stack.master)))
    master_ix = int(np.count_nonzero(slaves < master))
    line, sample = patch_files.read_positions(ws)
    n_read, order = line.size, text_projects.ORDER
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return
    names = ("pscands.1.lon", "pscands.1.lat", "pscands.1.inc")
    lon, lat, incidence = (patch_files.read_values(ws, name, n_read, f"{order}f8") for name in names)
    hgt = patch_files.read_heights(ws, n_read, f"{order}f8")
    lonlat, at = np.column_stack([lon, lat]), np.column_stack([line, sample])
    lonlat = patch_files.judge_candidates(ws, log, lonlat, hgt, at, (*names[:2], "pscands.1.hgt"))
    pixels = patch_files.with_position(patch_files.local_coordinates(lonlat, geometry.heading, log))
    rows = pixels.rows
    n_ps = rows.size
    if n_ps == 0:
        patch_files.note_no_candidates(ws, log)
        return
    header_ranges.judge_angles(ws.path / names[2], np.degrees(incidence[rows]))
    raw = patch_files.read_phase(ws, n_read, len(paths), order)
    ph = _phasors(raw[[paths.index(path) for path in stack.interferograms]], stack, master_ix, rows)
    baselines = np.array(geometry.bperp)
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    column = np.arange(1, n_ps + 1)
    ps = {
        "ij": np.column_stack([column, line[rows], sample[rows]]).astype(np.float64),
        "lonlat": pixels.lonlat,
        "xy": np.column_stack([column, pixels.xy]).astype(np.float32),
        "bperp": np.insert(baselines, master_ix, 0.0),
        "day": np.insert(slaves, master_ix, master),
        "master_day": master,
        "master_ix": master_ix,
        "n_ifg": len(paths) + 1,
        "n_image": len(paths) + 1,
        "n_ps": n_ps,
        "sort_ix": pixels.sort_ix,
        "ll0": pixels.ll0,
        "mean_incidence": incidence[np.sort(rows)].mean(),
        "mean_range": None,
    }
    with ws.publish():
        parameters = Parameters(ws)
        parameters.set("heading", geometry.heading, 1)
        parameters.set("lambda", geometry.wavelength, 1)
        parameters.set("platform", geometry.platform, 1)
        ws.save("ps1", ps, append=False)
        ws.version = 1
        ws.save("ph1", {"ph": ph}, append=False)
        ws.save("bp1", {"bperp_mat": text_projects.repeated(baselines, n_ps)}, append=False)
        ws.save("la1", {"la": incidence[rows]}, append=False)
        if D_A is not None:
            ws.save("da1", {"D_A": D_A[rows]}, append=False)
        if hgt is not None:
            ws.save("hgt1", {"hgt": hgt[rows]}, append=False)
    log.finish()


def _phasors(
    raw: NDArray[np.complex64], stack: CoregisteredStack, master_ix: int, rows: NDArray[np.int64]
) -> NDArray[np.complex64]:
    """Phasors by date with the master's column of ones: (n_ps, n_image) complex64 in column-major order."""
    ph = np.ones((rows.size, len(raw) + 1), dtype=np.complex64, order="F")
    columns = np.delete(np.arange(len(raw) + 1), master_ix)
    pair = stack.pairs[0]
    assert pair is not None, "names without dates are refused"
    conjugate = pair[1] == stack.master
    for column, block in zip(columns, raw, strict=True):
        values = block.astype(np.complex64)[rows]
        ph[:, column] = np.conj(values) if conjugate else values
    return ph

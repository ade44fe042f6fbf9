"""Step 4: weed the selected pixels and write the files of version 2.

Removed are pixels adjacent to a better one (on request), pixels of zero height (on request), duplicates, and
pixels whose arcs to their neighbours are noisy.

Reads ``ps1``, ``ph1``, ``pm1``, ``select1`` and, where they exist, ``hgt1``, ``la1``, ``inc1``, ``bp1``,
``no_ps_info``; writes ``weed1`` (``ix_weed``, ``ix_weed2``, ``ps_std``, ``ps_max``, ``ifg_index``), ``ps2``, ``pm2``,
``ph2``, ``hgt2``, ``la2``, ``inc2``, ``bp2``, ``psver`` and ``no_ps_info``; deletes results of steps 7 and 8 that
belonged to older pixels. Parameters: ``weed_time_win``, ``weed_standard_dev``, ``weed_max_noise``,
``weed_zero_elevation``, ``weed_neighbours``, ``drop_ifg_index``, ``small_baseline_flag``.

Source: docs/method/weeding.md; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.errors import ParameterError
from stamps.external import triangulate
from stamps.insar.observations import retained
from stamps.matlab.dates import datestr
from stamps.matlab.sets import unique_rows
from stamps.steps.weeding import arc_phasors, best_of_duplicates, best_of_neighbours, pixel_noise
from stamps.workspace import Workspace
from stamps.workspace.console import in_notebook
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import load_phase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["ps_weed"]

_ZERO_HEIGHT = 1e-6
_STALE = ("scla_smooth2", "scla2", "scla_smooth_sb2", "scla_sb2", "aps2", "scn2")
#: Files of which the rows of the kept pixels are copied if they exist, with their variable.
_PER_PIXEL = {"hgt": "hgt", "la": "la", "inc": "inc", "bp": "bperp_mat"}


@dataclass(frozen=True)
class Settings:
    """Parameters of the step."""

    time_window: float
    max_std: float
    max_noise: float
    zero_elevation: bool
    neighbours: bool
    small_baselines: bool
    dropped: NDArray[np.int64]

    @classmethod
    def of(cls, parameters: Parameters) -> Settings:
        """Read and log the parameters, in the order of the original."""
        return cls(
            time_window=parameters.get("weed_time_win", log=True),
            max_std=parameters.get("weed_standard_dev", log=True),
            max_noise=parameters.get("weed_max_noise", log=True),
            zero_elevation=parameters.flag("weed_zero_elevation", log=True),
            neighbours=parameters.flag("weed_neighbours", log=True),
            dropped=parameters.indices("drop_ifg_index"),
            small_baselines=parameters.flag("small_baseline_flag", log=True),
        )


class Pixels(NamedTuple):
    """What step 3 kept: candidate numbers and the re-estimated values."""

    ix: NDArray[np.int64]
    ij: NDArray[np.float64]
    xy: NDArray[np.float32]
    ph: NDArray[np.complex64]
    k_ps: NDArray[np.float64]
    c_ps: NDArray[np.float64]
    coh_ps: NDArray[np.float64]
    ph_res: NDArray[np.float32]


@reserving
def ps_weed(
    all_da_flag: int = 0,
    no_weed_adjacent: int | None = None,
    no_weed_noisy: int | None = None,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Weed the selected pixels of one patch.

    Parameters
    ----------
    all_da_flag : int, optional
        Only 0: there are no pixels of high amplitude dispersion to add.
    no_weed_adjacent : bool, optional
        Keep adjacent pixels (default: unless ``weed_neighbours`` is ``y``).
    no_weed_noisy : bool, optional
        Keep noisy pixels (default: if both noise limits are pi or more).
    workdir : path-like or Workspace, optional
        The patch directory, after step 3.

    Raises
    ------
    WorkspaceError
        A file of steps 1 to 3 is missing.
    ParameterError
        ``all_da_flag`` is not 0.
    """
    if all_da_flag:
        raise ParameterError("all_da_flag must be 0: pixels of high amplitude dispersion cannot be added.")
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_WEED")
    log.start()
    log("Weeding selected pixels...")
    settings = Settings.of(Parameters(ws))
    if no_weed_adjacent is None:
        no_weed_adjacent = not settings.neighbours
    if no_weed_noisy is None:
        no_weed_noisy = settings.max_std >= np.pi and settings.max_noise >= np.pi
    ps = ws.load("ps1")
    pixels = _selected(ws, ps)
    log(f"{len(pixels.ix)} low D_A PS, 0 high D_A PS")

    keep = np.ones(len(pixels.ix), dtype=bool)
    if not no_weed_adjacent:
        keep &= _weed_adjacent(pixels, log)
    if settings.zero_elevation and ws.exists("hgt1"):
        keep &= ~(ws.load("hgt1")["hgt"][pixels.ix] < _ZERO_HEIGHT)
        log(f"{np.count_nonzero(keep)} PS kept after weeding zero elevation")
    keep = _weed_duplicates(pixels, keep, log)

    used = retained(ps["n_ifg"], settings.dropped)
    n = np.count_nonzero(keep)
    quiet = np.ones(n, dtype=bool)
    ps_std: NDArray[np.floating[Any]] = np.zeros(n)
    ps_max: NDArray[np.floating[Any]] = np.zeros(n)
    if not no_weed_noisy and n:
        ps_std, ps_max = _noise(ps, pixels, np.flatnonzero(keep), used, settings, log)
        quiet = (ps_std < settings.max_std) & (ps_max < settings.max_noise)
        keep[keep] = quiet
        log(f"{np.count_nonzero(keep)} PS kept after dropping noisy pixels")

    with ws.publish():
        _save_flags(ws, log, keep)
        weed = {"ix_weed": keep, "ix_weed2": quiet, "ps_std": ps_std, "ps_max": ps_max, "ifg_index": used}
        ws.save("weed1", weed)
        _save_version_2(ws, ps, pixels, np.flatnonzero(keep))
    log.finish()


# ---------------------------------------------------------------------- the four sieves


def _weed_adjacent(pixels: Pixels, log: Log) -> NDArray[np.bool_]:
    log("Looking for neighbours...", level=2)
    log("Grouping adjacent pixels...", level=2)
    keep = best_of_neighbours(pixels.ij[:, 1:3].astype(np.int64), pixels.coh_ps)
    log("Selecting the best pixel of each group...", level=2)
    log(f"{np.count_nonzero(keep)} PS kept after dropping adjacent pixels")
    return keep


def _weed_duplicates(pixels: Pixels, keep: NDArray[np.bool_], log: Log) -> NDArray[np.bool_]:
    """Mask without pixels that share their coordinates with a better one."""
    left = np.flatnonzero(keep)
    xy = pixels.xy[left, 1:3]
    n_repeated = len(left) - len(unique_rows(xy)[0])
    if n_repeated:
        keep = keep.copy()
        keep[left] = best_of_duplicates(xy, pixels.coh_ps[left])
        log(f"{n_repeated} PS with duplicate coordinates dropped")
    return keep


def _noise(
    ps: Variables, pixels: Pixels, left: NDArray[np.int64], used: NDArray[np.int64], settings: Settings, log: Log
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Smallest arc noise at each of the pixels ``left``: standard deviation and largest value."""
    edges = triangulate(pixels.xy[left, 1], pixels.xy[left, 2])
    k_ps = pixels.k_ps[left]
    for k in settings.dropped:
        # of a pair the second date is shown twice, as the original does
        name = "-".join([datestr(ps["ifgday"][k, 1])] * 2) if settings.small_baselines else datestr(ps["day"][k])
        log(f"{name} dropped from noise estimation")
    if settings.small_baselines:
        phasors = arc_phasors(pixels.ph[left], k_ps, ps["bperp"])
        day = None
    else:
        log("Estimating noise for all arcs...")
        phasors = arc_phasors(pixels.ph[left], k_ps, ps["bperp"], pixels.c_ps[left], ps["master_ix"])
        day = ps["day"][used]
    log("Estimating max noise for all pixels...")
    if len(used) < phasors.shape[1]:
        phasors = phasors[:, used]
    return pixel_noise(phasors, edges, ps["bperp"][used], day, settings.time_window)


# ---------------------------------------------------------------------- reading and writing


def _selected(ws: Workspace, ps: Variables) -> Pixels:
    select = ws.load("select1", ["ix", "keep_ix", "K_ps2", "C_ps2", "coh_ps2", "ph_res2"])
    kept = np.flatnonzero(select["keep_ix"])
    ix = select["ix"][kept]
    values = [_rows(select[name], kept) for name in ("K_ps2", "C_ps2", "coh_ps2", "ph_res2")]
    return Pixels(ix, ps["ij"][ix], ps["xy"][ix], load_phase(ws, ps, 1)[ix], *values)


def _rows(values: NDArray[Any] | None, kept: NDArray[np.int64]) -> NDArray[Any]:
    """Rows of a variable of ``select1``; empty for one that is stored as 0x0 because no pixel was selected."""
    return np.empty(0) if values is None else values[kept]


def _save_flags(ws: Workspace, log: Log, keep: NDArray[np.bool_]) -> None:
    flags = ws.no_ps_flags()
    flags[3:] = 0
    if not keep.any():
        log("No PS left after weeding: later steps skip this patch")
        flags[3] = 1
    ws.save_no_ps_flags(flags)


def _save_version_2(ws: Workspace, ps: Variables, pixels: Pixels, kept: NDArray[np.int64]) -> None:
    """Write the files of version 2 for the pixels ``kept`` and delete what belonged to older ones."""
    rows = pixels.ix[kept]
    ws.save(
        "pm2",
        {
            "ph_patch": ws.load("pm1", ["ph_patch"])["ph_patch"][rows],
            "ph_res": pixels.ph_res[kept],
            "coh_ps": pixels.coh_ps[kept],
            "K_ps": pixels.k_ps[kept],
            "C_ps": pixels.c_ps[kept],
        },
    )
    ws.save("ph2", {"ph": pixels.ph[kept]})
    fields = {name: value for name, value in ps.items() if name not in ("sort_ix", "ph")}
    fields.update(xy=pixels.xy[kept], ij=pixels.ij[kept], lonlat=ps["lonlat"][rows], n_ps=len(kept))
    ws.save("ps2", fields, append=False)
    for stem, variable in _PER_PIXEL.items():
        if ws.exists(f"{stem}1"):
            ws.save(f"{stem}2", {variable: ws.load(f"{stem}1", [variable])[variable][rows]})
    ws.delete(*(f"{name}.mat" for name in _STALE))
    old = ws.version if ws.exists("psver") else 1
    ws.version = 2
    if not in_notebook():
        print(f"Changing psver from {old} to 2", flush=True)

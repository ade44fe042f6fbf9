"""``mt_prep_cslc``: from geocoded, flattened, coregistered SLCs to patches of candidates.

Reads OPERA's CSLC-S1 and COMPASS' CSLC with their static layers, or NISAR's GSLC; puts the bursts on one lattice with one owner
of each pixel for all dates, forms the interferograms master × conj(secondary), and writes what ``mt_prep_isce`` writes
(``processor.txt`` with ``isce``), and besides ``SLC/<date>.slc``, ``mask.raw``, ``burst.raw`` and ``cslc.csv``.

Source: docs/method/cslc.md; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stamps.frontends.cslc.prepare import prepare_cslc
from stamps.frontends.cslc.settings import CslcSettings
from stamps.frontends.project import PreparationSettings
from stamps.frontends.topsstack import read_pairs
from stamps.workspace import Workspace
from stamps.workspace.given_paths import listed_paths
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_prep_cslc"]

_PAIR_LIST = "small_baselines.list"


@reserving
def mt_prep_cslc(
    master: int | str,
    datadir: StrPath | Sequence[StrPath],
    da_thresh: float | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    *,
    area: Sequence[float] | None = None,
    bursts: Iterable[str] | str = (),
    exclude: Iterable[int | str] | int | str = (),
    pol: str | None = None,
    frequency: str = "A",
    dem: StrPath | None = None,
    height: float = 0.0,
    water: StrPath | None = None,
    water_value: float = 1.0,
    keep_layover: bool = False,
    allow_mixed: bool = False,
    align: bool = False,
) -> None:
    """Prepare a project from folders of geocoded SLCs.

    With a file ``small_baselines.list`` (two dates yyyymmdd per line) in the project directory the listed
    interferograms are formed, for small baselines; otherwise all with the master. Everything is written to a scratch
    folder and takes the place of the old state at once.

    Baselines are slave minus master, positive to the right of the flight direction and up: the opposite of those of
    dolphin and of DISP-S1.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd; any image that all bursts have.
    datadir : path-like or sequence of path-like
        Folders with products and static layers, searched with the folders inside them. Relative ones start at ``workdir``.
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along columns (east) and lines (south) of the map.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    maskfile : path-like, optional
        Raster of one byte per pixel of the mosaic; only pixels with 0 are used. Relative to ``workdir``.
    workdir : path-like or Workspace
        The project directory.
    area : sequence of float, optional
        West, south, east, north, degrees: only this part.
    bursts : iterable of str
        Only these bursts (frames).
    exclude : iterable of int or str
        Dates that are left out.
    pol : str, optional
        Polarisation (default: the one that all have, VV before HH).
    frequency : {'A', 'B'}
        Of NISAR's products.
    dem : path-like, optional
        Raster of heights above the ellipsoid, of any projection; without it heights are those of the static layers, or 0.
    height : float
        Height of the nodes of the baselines without a DEM, metres.
    water : path-like, optional
        Raster of water, of any projection.
    water_value : float
        What stands for water in it.
    keep_layover : bool
        Do not mask layover and shadow.
    allow_mixed : bool
        Combine images of different corrections, with a warning.
    align : bool
        Estimate constants of bursts and dates in the overlaps and take them out.

    Raises
    ------
    InputError
        A product is damaged or does not belong to the others, with all that is wrong; ``exit_status`` is 2 if the mask is
        missing.
    """
    ws = Workspace.at(workdir)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    preparation = PreparationSettings.of(ws, da_thresh, counts, maskfile)
    pairs = read_pairs(ws.file(_PAIR_LIST)) if ws.has_file(_PAIR_LIST) else []
    settings = CslcSettings.of(
        area=area,
        bursts=bursts,
        exclude=exclude,
        pol=pol,
        frequency=frequency,
        dem=None if dem is None else os.path.join(ws.path, dem),
        height=height,
        water=None if water is None else os.path.join(ws.path, water),
        water_value=water_value,
        keep_layover=keep_layover,
        allow_mixed=allow_mixed,
        align=align,
    )
    prepare_cslc(
        ws, master, [os.path.join(ws.path, folder) for folder in listed_paths(datadir)], preparation, settings, pairs
    )

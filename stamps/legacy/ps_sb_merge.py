"""Combine the pixels of single-master and of small-baseline processing into one small-baseline project.

Runs in the single-master directory ``INSAR_yyyymmdd[/sub]`` after step 5. Reads there and in
``INSAR_yyyymmdd/SMALL_BASELINES[/sub]`` the files ``psver ps2 pm2 rc2 bp2 hgt2 la2``; writes in
``INSAR_yyyymmdd/MERGED[/sub]`` the files ``ps2`` (anew), ``pm2`` (``ph_patch``), ``rc2`` (``ph_rc``), ``bp2 hgt2 la2
merge2 psver``, and ``parms.mat`` and ``patch_noover.in`` as copies of the small-baseline ones where they are missing.
Steps 6 to 8 then run in ``MERGED``. Parameter: ``heading``.

Source: docs/method/products.md, section 9; Hooper (2008), Geophys. Res. Lett. 35, L16302.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.geometry import centre_of, llh2local, rotate_to_image_axes, sort_and_round_xy
from stamps.insar.network import design_matrix
from stamps.insar.phase import insert_column
from stamps.matlab.dates import datestr
from stamps.steps.combining import (
    above_weakest,
    join_rows,
    match_pixels,
    pair_coherence,
    pair_differences,
    pair_phasors,
    signal_to_noise,
    weighted_phasors,
)
from stamps.workspace import Workspace
from stamps.workspace.locks import reserved, reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.steps.combining import Match
    from stamps.workspace.directory import Variables


__all__ = ["ps_sb_merge"]


@reserving
def ps_sb_merge(workdir: Workspace | StrPath = ".") -> Path:
    """Merge the selections of a single-master and a small-baseline project.

    Parameters
    ----------
    workdir : path-like or Workspace
        The single-master directory ``INSAR_yyyymmdd`` or one below it.

    Returns
    -------
    Path
        The merged directory.

    Raises
    ------
    InputError
        The directories are not laid out as above, or the two projects do not hold the same images.
    WorkspaceError
        A file is missing or does not fit the others; the message names it.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SB_MERGE")
    log.start()
    sb_ws, merged = _directories(ws)
    with reserved(sb_ws.path, shared=True, part_of_run=True):
        _merge(ws, sb_ws, merged, log)
    log.finish()
    return merged.path


def _merge(ws: Workspace, sb_ws: Workspace, merged: Workspace, log: Log) -> None:
    """Choose the pixels of both projects and write the merged one."""
    ps, sb = _load(ws), _load(sb_ws)
    _require_same_images(ps, sb, ws, sb_ws)
    common, only, coherence, sb_coherence = _choose(ws, sb_ws, ps, sb)
    log(f"{len(ps['ij'])} PS pixels, {len(sb['ij'])} SB pixels, {common.sb_common.size} of them common")
    log(f"{only.size} PS-only pixels kept")

    lonlat = np.vstack([ps["lonlat"][only], sb["lonlat"]])
    local = llh2local(lonlat, centre_of(lonlat)) * 1000
    rotated, _ = rotate_to_image_axes(local, _heading(ws))
    xy, order = sort_and_round_xy(rotated)
    join = _Joiner(ws, sb_ws, ps, sb, common, only, order)
    weights = signal_to_noise(coherence[common.ps_common]), signal_to_noise(sb_coherence[common.sb_common])

    merged.path.mkdir(parents=True, exist_ok=True)
    with reserved(merged.path, part_of_run=True), merged.publish():
        _copy_settings(sb_ws, merged)
        merged.save("merge2", _record(common, only, coherence, sb_coherence, sb))
        ij = np.vstack([ps["ij"][only], sb["ij"]])[order]  # the numbers in the first column stay those of the parts
        number = np.arange(1, order.size + 1, dtype=np.float32)
        table = {"n_ps": order.size, "ij": ij, "lonlat": lonlat[order], "xy": np.column_stack([number, xy])}
        merged.save("ps2", {**sb, **table}, append=False)  # ll0 stays that of the small-baseline project
        merged.save("rc2", {"ph_rc": join.phasors("rc2", "ph_rc", weights)})
        merged.save("pm2", {"ph_patch": join.phasors("pm2", "ph_patch", weights)})
        merged.save("bp2", {"bperp_mat": join.baselines()})
        merged.save("hgt2", {"hgt": join.rows("hgt2", "hgt")})
        merged.save("la2", {"la": join.rows("la2", "la")})
        merged.version = 2
    log(f"{order.size} pixels merged: run steps 6 to 8 in {merged.path}")


# ---------------------------------------------------------------------- directories and what must fit


def _directories(ws: Workspace) -> tuple[Workspace, Workspace]:
    """Workspaces of the small-baseline data and of the result."""
    parts = ws.path.parts
    at = [i for i, part in enumerate(parts) if re.fullmatch(r"INSAR_\d{8}", part)]
    if not at:
        raise InputError(
            f"{ws.path} is not INSAR_yyyymmdd or a directory below it: run ps_sb_merge in the single-master project, "
            "with the small-baseline project in INSAR_yyyymmdd/SMALL_BASELINES."
        )
    top, below = Path(*parts[: at[-1] + 1]), parts[at[-1] + 1 :]
    if below[:1] in (("SMALL_BASELINES",), ("MERGED",)):
        raise InputError(f"{ws.path} is not the single-master project: run ps_sb_merge in {top}.")
    sb_path = top.joinpath("SMALL_BASELINES", *below)
    if not sb_path.is_dir():
        raise InputError(
            f"{sb_path} is missing: the small-baseline project must be there, with steps 1 to 5 done, before it can be "
            "merged."
        )
    return Workspace(sb_path), Workspace(top.joinpath("MERGED", *below))


def _load(ws: Workspace) -> Variables:
    """Pixel table of a project that has passed step 5."""
    if not ws.exists("ps2") or not ws.exists("rc2"):
        raise WorkspaceError(f"{ws.path} has no ps2.mat and rc2.mat: run steps 1 to 5 there first (stamps 1 5).")
    return ws.load("ps2")


def _require_same_images(ps: Variables, sb: Variables, ws: Workspace, sb_ws: Workspace) -> None:
    if "ifgday_ix" in ps:
        raise InputError(f"{ws.path} holds small baselines, but the single-master project is expected there.")
    if "ifgday_ix" not in sb:
        raise InputError(f"{sb_ws.path} holds a single-master project, but small baselines are expected there.")
    if np.array_equal(ps["day"], sb["day"]):
        return
    alone = [datestr(day) for day in np.setxor1d(ps["day"], sb["day"])]
    what = f"{', '.join(alone[:5])}{', …' if len(alone) > 5 else ''} {'is' if len(alone) == 1 else 'are'} in one only"
    raise InputError(
        f"{ws.path} and {sb_ws.path} must hold the same images in the same order, but "
        f"{what if alone else 'the order differs'}: prepare both with the same images."
    )


def _heading(ws: Workspace) -> float:
    heading = Parameters(ws).get("heading")
    return 0.0 if heading is None or np.size(heading) == 0 else float(np.ravel(heading)[0])


def _copy_settings(sb_ws: Workspace, merged: Workspace) -> None:
    """Copies of ``patch_noover.in`` and ``parms.mat``; below SMALL_BASELINES the parameters may stand one level up."""
    if sb_ws.has_file("patch_noover.in") and not merged.has_file("patch_noover.in"):
        merged.put_file("patch_noover.in", sb_ws.file("patch_noover.in"))
    if not merged.has_file("parms.mat"):
        source = sb_ws.find("parms.mat", levels=1 if sb_ws.name == "SMALL_BASELINES" else 2)
        if source is None:
            raise WorkspaceError(f"{sb_ws.path} has no parms.mat: run mt_prep_snap and steps 1 to 5 there first.")
        merged.put_file("parms.mat", source)


# ---------------------------------------------------------------------- which pixels


def _choose(
    ws: Workspace, sb_ws: Workspace, ps: Variables, sb: Variables
) -> tuple[Match, NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
    """Match the pixels and keep the single-master ones that are as coherent in the network as the weakest of it.

    Returns
    -------
    common : Match
    only : ndarray of int
        Single-master rows to be added.
    coherence : ndarray, shape (n_ps,)
        Of all single-master pixels, in the small-baseline network.
    sb_coherence : ndarray, shape (n_sb,)
    """
    common = match_pixels(ps, sb)
    pm = ws.load("pm2", ["ph_res", "C_ps"])
    ph_res, c_ps = (_complete(ws, ps, "pm2", pm[name], name) for name in ("ph_res", "C_ps"))
    if ph_res.shape[1] != ps["n_ifg"] - 1:
        raise WorkspaceError(
            f"'ph_res' in {ws.path / 'pm2.mat'} has {ph_res.shape[1]} columns instead of {ps['n_ifg'] - 1}, one for "
            "each image but the master: run step 5 again."
        )
    coherence = pair_coherence(ph_res, c_ps, ps["master_ix"], sb["ifgday_ix"])
    sb_coherence = _complete(sb_ws, sb, "pm2", sb_ws.load("pm2", ["coh_ps"])["coh_ps"], "coh_ps")
    only = common.ps_only[above_weakest(coherence[common.ps_only], sb_coherence)]
    return common, only, coherence, sb_coherence


def _record(
    common: Match,
    only: NDArray[np.int64],
    coherence: NDArray[np.float32],
    sb_coherence: NDArray[np.float64],
    sb: Variables,
) -> dict[str, NDArray[Any]]:
    """Content of ``merge2.mat``: rows and coherences of the added and of the common pixels, and the network."""
    return {
        "psu_ix": only,
        "psu_coh": coherence[only],
        "psnu_ix": common.ps_common,
        "sbnu_ix": common.sb_common,
        "psnu_coh": coherence[common.ps_common],
        "sbnu_coh": sb_coherence[common.sb_common],
        "G": design_matrix(sb["ifgday_ix"], sb["n_image"]),
    }


def _complete(ws: Workspace, ps: Variables, name: str, values: NDArray[Any] | None, variable: str) -> NDArray[Any]:
    """A quantity, if it has one row for each pixel."""
    if values is None or len(values) != ps["n_ps"]:
        n = 0 if values is None else len(values)
        raise WorkspaceError(
            f"'{variable}' in {ws.path / name}.mat has {n} rows, but there are {ps['n_ps']} pixels: run step 5 there "
            "again."
        )
    return values


# ---------------------------------------------------------------------- joining


class _Joiner:
    """Quantities of the merged pixels: the added ones, then all small-baseline ones, in final order."""

    def __init__(
        self,
        ws: Workspace,
        sb_ws: Workspace,
        ps: Variables,
        sb: Variables,
        common: Match,
        only: NDArray[np.int64],
        order: NDArray[np.int64],
    ) -> None:
        self.sides = ((ws, ps), (sb_ws, sb))
        self.common, self.only, self.order = common, only, order
        self.master_ix, self.pairs = ps["master_ix"], sb["ifgday_ix"]

    def _load(self, name: str, variable: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """A variable of both projects."""
        of_ps, of_sb = (_complete(ws, ps, name, ws.load(name, [variable])[variable], variable) for ws, ps in self.sides)
        return of_ps, of_sb

    def rows(self, name: str, variable: str) -> NDArray[np.float64]:
        """A quantity that does not depend on interferograms."""
        of_ps, of_sb = self._load(name, variable)
        return join_rows(of_ps[self.only], of_sb)[self.order]

    def baselines(self) -> NDArray[np.float32]:
        """Perpendicular baselines; common pixels keep those of the small-baseline project."""
        of_ps, of_sb = self._load("bp2", "bperp_mat")
        images = insert_column(of_ps[self.only], self.master_ix, 0)
        return join_rows(pair_differences(images, self.pairs), of_sb)[self.order]

    def phasors(
        self, name: str, variable: str, weights: tuple[NDArray[np.float64], NDArray[np.float64]]
    ) -> NDArray[np.complex64]:
        """Phasors of pairs; those of common pixels are the normalised weighted sum of both projects."""
        of_ps, of_sb = self._load(name, variable)
        if of_ps.shape[1] == len(self.sides[0][1]["day"]) - 1:  # the patch phase has no master column
            of_ps = insert_column(of_ps, self.master_ix, 1)
        result = join_rows(pair_phasors(of_ps[self.only], self.pairs), of_sb)
        rows = self.only.size + self.common.sb_common
        common = pair_phasors(of_ps[self.common.ps_common], self.pairs)
        result[rows] = weighted_phasors(common, weights[0], of_sb[self.common.sb_common], weights[1])
        return result[self.order]

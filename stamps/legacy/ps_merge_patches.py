"""Step 5b: combine the selected pixels of all patches into one data set.

Reads in every patch ``ps2 ph2 rc2 pm2 bp2``, ``la2 inc2 hgt2`` if present, ``phuw2 scla2 scla_sb2 scn2`` if steps 6 to
8 were run there, and ``patch_noover.in``; writes in the project directory ``ps2`` (anew), ``rc2 pm2 ph2 bp2 la2 inc2
hgt2 psver`` and, where complete, ``phuw2 scla2 scla_sb2 scn2``; deletes ``mean_amp.flt`` and ``amp_mean.mat``.
Parameters: ``merge_resample_size``, ``merge_standard_dev``, ``heading``, ``small_baseline_flag``.

First the rows are chosen from coordinates and weights alone, then one file after the other is gathered, so that only
one of the large matrices is in memory at a time.

Source: docs/method/merging.md, section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.insar.geometry import (
    centre_of,
    llh2local,
    rotate_to_image_axes,
    sort_and_round_xy,
    without_jump,
    wrapped_longitude,
)
from stamps.insar.phase import unit_modulus
from stamps.matlab.arithmetic import round_half_away
from stamps.steps.merging import (
    Chosen,
    OverlapFinder,
    grid_cells,
    in_patch_proper,
    level,
    unique_coordinates,
    weights_and_snr,
)
from stamps.workspace import Workspace
from stamps.workspace.limits import check_grid
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import load_phase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.steps.merging import Cells
    from stamps.workspace.directory import Variables


__all__ = ["ps_merge_patches"]

_ESTIMATES = (
    ("scla2", ("ph_scla", "K_ps_uw", "C_ps_uw")),
    ("scn2", ("ph_scn_slave",)),
    ("scla_sb2", ("ph_scla", "K_ps_uw", "C_ps_uw")),
)


@reserving
def ps_merge_patches(workdir: Workspace | StrPath = ".") -> None:
    """Merge the patches of a project.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory; its patches have passed step 5a.

    Raises
    ------
    NoPixelsError
        No pixel is left in any patch.
    WorkspaceError
        A file is missing in some patches only, or patches disagree in the number of interferograms.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_MERGE_PATCHES")
    log.start()
    log("Merging patches...", level=2)
    parameters = Parameters(ws)
    small_baselines = parameters.flag("small_baseline_flag")
    grid_size = _number(parameters.get("merge_resample_size", log=True), 0.0)
    max_std = _number(parameters.get("merge_standard_dev", log=True), np.inf)
    heading = _number(parameters.get("heading"), 0.0)
    patches = [_Patch(ws / name, name) for name in ws.patch_list()]
    if not patches:
        raise NoPixelsError(
            f"{ws.path} has no patches to merge: there are none, or none kept a pixel, so that patch.list is empty. Loosen "
            "the parameters of steps 3 and 4, delete patch.list, and run from the first of them that you changed."
        )

    if grid_size:
        _resample(patches, grid_size, 1 / max_std**2 if max_std else np.inf, small_baselines, log)
    else:
        _choose(patches, log)
    merged = _Merged(patches, bool(grid_size))
    rows, xy, lonlat, ij = _arrange(merged, heading, log)

    with ws.publish():
        _save_phases(ws, merged, rows, small_baselines)
        if not grid_size:
            _save_unwrapped(ws, merged, rows, small_baselines)
        ps = patches[-1].ps  # every other field is that of the last patch, ll0 included
        n_ps = rows.size
        number = np.arange(1, n_ps + 1)
        content = {"n_ps": n_ps, "ij": np.column_stack([number, ij]).astype(np.float64), "lonlat": lonlat}
        content["xy"] = np.column_stack([number.astype(np.float32), xy])
        ws.save("ps2", {**ps, **content}, append=False)
        ws.save("psver", {"psver": 2}, append=False)
        ws.delete("mean_amp.flt", "amp_mean.mat")
    log(f"{n_ps} PS in {len(patches)} patches merged", level=2)
    log.finish()


# ---------------------------------------------------------------------- which rows


@dataclass
class _Patch:
    """One patch directory, its pixel table and the rows taken from it."""

    ws: Workspace
    name: str
    ps: Variables = field(init=False)  # from when it is opened
    selection: Any = None  # Chosen, with resampling Cells; None until it is made

    def open(self) -> NDArray[np.bool_]:
        """Load the pixel table; return the mask of the pixels that only this patch owns."""
        self.ps = self.ws.load("ps2")
        words = self.ws.read_text("patch_noover.in").split()
        try:
            limits = [float(word) for word in words[:4]]
            r1, r2, a1, a2 = limits
        except ValueError:
            raise InputError(
                f"{self.ws.path / 'patch_noover.in'} should begin with four numbers (first and last range sample, "
                "first and last azimuth line): run the preparation again."
            ) from None
        return in_patch_proper(self.ps["ij"], (r1, r2, a1, a2))

    def checked(self, values: NDArray[Any], what: str) -> NDArray[Any]:
        """A quantity of the patch, if it has one row for each pixel."""
        if len(values) != self.ps["n_ps"]:
            raise WorkspaceError(
                f"'{what}' of {self.name} has {len(values)} rows, but the patch has {self.ps['n_ps']} pixels: run the "
                "step that writes it again in this patch, or delete the file."
            )
        return values


def _choose(patches: Sequence[_Patch], log: Log) -> None:
    """Branch without resampling: pick one copy of every pixel."""
    finder = OverlapFinder()
    for patch in patches:
        log(f"Processing {patch.name}", level=2)
        proper = patch.open()
        patch.selection = finder.add(patch.ps["ij"], proper)


def _resample(patches: Sequence[_Patch], size: float, min_weight: float, small_baselines: bool, log: Log) -> None:
    """Branch with resampling: group the proper pixels of every patch on a grid."""
    for patch in patches:
        log(f"Processing {patch.name}", level=2)
        proper = patch.open()
        pm = patch.ws.load("pm2", ["ph_res", "C_ps"])
        weight, snr = weights_and_snr(pm["ph_res"], pm["C_ps"], not small_baselines)
        if np.isnan(weight[proper]).any() or np.isnan(snr[proper]).any() or np.isnan(pm["C_ps"][proper]).any():
            raise InputError(
                f"Patch {patch.name} has pixels whose residual phase or C_ps is NaN, so they cannot be weighted for "
                "resampling: weed them (step 4) or set merge_resample_size to 0."
            )
        check_grid(patch.ps["xy"], size, "merge_resample_size", 0)
        patch.selection = grid_cells(patch.ps["xy"], proper, size, weight, snr, min_weight)


class _Merged:
    """The rows of all patches, one below the other, gathered one quantity at a time."""

    def __init__(self, patches: Sequence[_Patch], resampled: bool) -> None:
        self.patches = [patch for patch in patches if len(patch.selection)]
        self.resampled = resampled
        self.n = sum(len(patch.selection) for patch in patches)
        if self.n == 0:
            reason = "merge_standard_dev is too small" if resampled else "the patches are empty"
            raise NoPixelsError(f"No pixel is left after merging the patches: {reason}.")

    def from_ps(self, name: str, rows: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Coordinates of the pixel tables: ``ij`` (line and sample) or ``lonlat``; float64, shape (n, 2)."""
        values = self.gather(lambda patch: patch.ps[name][:, -2:], name, "mean", rows)
        return round_half_away(values) if self.resampled and name == "ij" else values

    def lonlat(self) -> NDArray[np.float64]:
        """Longitude and latitude; float64, shape (n, 2). Means are taken without a jump and counted as the patches count."""
        if not self.resampled or all(without_jump(patch.ps["lonlat"]) is patch.ps["lonlat"] for patch in self.patches):
            return self.from_ps("lonlat")
        lonlat = self.gather(lambda patch: without_jump(patch.ps["lonlat"]), "lonlat", "mean", None)
        lowest = min(np.nanmin(patch.ps["lonlat"][:, 0]) for patch in self.patches)
        lonlat[:, 0] = wrapped_longitude(lonlat[:, 0], 0.0 if lowest < 0 else 180.0)
        return lonlat

    def file(self, name: str, variable: str, how: str, rows: NDArray[np.intp] | None = None) -> NDArray[Any] | None:
        """As :meth:`gather` for a variable of a file that all patches have, or none."""

        def load(patch: _Patch) -> NDArray[Any] | None:
            return patch.ws.load_optional(name, [variable]).get(variable)

        return self.gather(load, f"{name}.{variable}", how, rows)

    def gather(
        self, load: Callable[[_Patch], NDArray[Any] | None], what: str, how: str, rows: NDArray[np.intp] | None = None
    ) -> Any:
        """One quantity of all patches, or None if no patch has it.

        Every patch is put in its place at once, so that only one patch and the result are in memory.

        Parameters
        ----------
        load : callable
            Returns the quantity of a patch (array, or None if it is not there).
        what : str
            Its name for messages.
        how : str
            How cells combine it: ``'mean'``, ``'baseline'``, ``'snr_sum'`` or ``'coherence'``.
        rows : ndarray of int, optional
            Merged rows in final order; default: all, patch after patch.
        """
        place = np.arange(self.n)
        if rows is not None:
            place = np.full(self.n, -1)
            place[rows] = np.arange(rows.size)
        result: Any = None
        missing: list[str] = []
        first = 0
        for patch in self.patches:
            target = place[first : first + len(patch.selection)]
            first += target.size
            values = load(patch)
            if values is None:
                missing.append(patch.name)
                continue
            part = _apply(patch.selection, patch.checked(values, what), how)
            if result is None:
                result = np.empty((self.n if rows is None else rows.size, *part.shape[1:]), part.dtype)
            _require_same_columns(result, part, patch, what)
            result[target[target >= 0]] = part[target >= 0]
        if result is not None:
            _require_none(missing, what)
        return result

    def levelled(self, name: str, variable: str, whole_cycles: bool) -> NDArray[np.float32] | None:
        """A quantity known up to a constant per patch, or None if no patch has it; not yet in final order."""
        found = [patch.ws.load_optional(name, [variable]).get(variable) for patch in self.patches]
        parts = [part for part in found if part is not None]
        if not parts:
            return None
        what = f"{name}.{variable}"
        _require_none([patch.name for patch, part in zip(self.patches, found, strict=True) if part is None], what)
        for patch, part in zip(self.patches, parts, strict=True):
            _require_same_columns(parts[0], patch.checked(part, what), patch, what)
        tables = [part.reshape(len(part), -1) for part in parts]
        values = level(tables, [patch.selection for patch in self.patches], whole_cycles)
        return values[:, 0] if parts[0].ndim == 1 else values


def _require_none(missing: Sequence[str], what: str) -> None:
    if missing:
        raise WorkspaceError(
            f"'{what}' is missing in {', '.join(missing)}, but other patches have it: run the step that writes it in "
            "all patches, or delete the file in all of them, and merge again."
        )


def _require_same_columns(first: NDArray[Any], part: NDArray[Any], patch: _Patch, what: str) -> None:
    if first.shape[1:] != part.shape[1:]:
        raise WorkspaceError(
            f"'{what}' has another number of columns in {patch.name} than in the patches before it: all patches must "
            "hold the same interferograms."
        )


def _apply(selection: Cells | Chosen, values: NDArray[Any], how: str) -> NDArray[Any]:
    """Rows of one patch: taken as they are, or combined by cell."""
    if isinstance(selection, Chosen):
        return selection.take(values)
    if how == "mean":
        return selection.mean(values)
    if how == "baseline":
        return selection.mean(values, selection.positive_weight())
    if how == "snr_sum":
        return selection.snr_sum(values)
    return selection.coherence()


def _arrange(
    merged: _Merged, heading: float, log: Log
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Final rows and their order.

    Returns
    -------
    rows : ndarray of int, shape (n_ps,)
        Merged rows in final order.
    xy : ndarray of float32, shape (n_ps, 2)
        Local coordinates in metres.
    lonlat, ij : ndarray, shape (n_ps, 2)
    """
    keep = np.ones(merged.n, dtype=bool)
    if not merged.resampled:
        for patch in merged.patches:
            keep[patch.selection.superseded] = False
    lonlat = merged.lonlat()
    coherence = merged.file("pm2", "coh_ps", "coherence")
    candidates = np.flatnonzero(keep)
    unique = unique_coordinates(lonlat[candidates], np.empty(0) if coherence is None else coherence[candidates])
    if not unique.all():
        log(f"{np.sum(~unique)} pixels with duplicate lon/lat dropped", level=2)
    rows = candidates[unique]
    local = llh2local(lonlat[rows], centre_of(lonlat[rows])) * 1000
    rotated, _ = rotate_to_image_axes(local, heading)
    xy, order = sort_and_round_xy(rotated)
    rows = rows[order]
    return rows, xy, lonlat[rows], merged.from_ps("ij", rows)


# ---------------------------------------------------------------------- output


def _save_phases(ws: Workspace, merged: _Merged, rows: NDArray[np.intp], small_baselines: bool) -> None:
    """Gather and save the files that every patch has, one after the other."""

    def final(name: str, variable: str, how: str, required: bool = False) -> Any:
        values = merged.file(name, variable, how, rows)
        if values is None and required:
            raise WorkspaceError(f"No patch has {name}.mat with '{variable}': run steps 4 and 5 in the patches first.")
        return values

    ph_reref = None if small_baselines else final("rc2", "ph_reref", "snr_sum")
    ws.save("rc2", {"ph_rc": unit_modulus(final("rc2", "ph_rc", "snr_sum", True)), "ph_reref": ph_reref})
    del ph_reref
    hows = {"ph_patch": "snr_sum", "ph_res": "snr_sum", "K_ps": "mean", "C_ps": "mean", "coh_ps": "coherence"}
    pm = {name: final("pm2", name, how, name == "ph_patch") for name, how in hows.items()}
    if merged.resampled:
        _require_numbers(pm, ("ph_patch", "K_ps", "C_ps", "coh_ps"))
    ws.save("pm2", pm)
    del pm
    ws.save("ph2", {"ph": merged.gather(lambda patch: load_phase(patch.ws, patch.ps), "ph2.ph", "snr_sum", rows)})
    ws.save("bp2", {"bperp_mat": final("bp2", "bperp_mat", "baseline", True).astype(np.float32)})
    for name, variable in (("la2", "la"), ("inc2", "inc"), ("hgt2", "hgt")):
        ws.save(name, {variable: final(name, variable, "mean")})


def _require_numbers(content: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if content[name] is not None and np.isnan(content[name]).any():
            raise InputError(
                f"'{name}' of a resampled pixel is NaN, because a patch has pixels without a value: weed them (step 4) "
                "or set merge_resample_size to 0."
            )


def _save_unwrapped(ws: Workspace, merged: _Merged, rows: NDArray[np.intp], small_baselines: bool) -> None:
    """Level and save what steps 6 to 8 left in the patches; without it the unwrapped phase starts as zeros."""
    ph_uw = merged.levelled("phuw2", "ph_uw", whole_cycles=not small_baselines)
    if ph_uw is None:
        # n_ifg columns even for small baselines, where n_image were meant
        ph_uw = np.zeros((merged.n, merged.patches[-1].ps["n_ifg"]), np.float32)
    ws.save("phuw2", {"ph_uw": ph_uw[rows]})
    if rows.size != merged.n:
        return  # the original compared with the final count: with any dropped pixel the others are not written
    for name, variables in _ESTIMATES if small_baselines else _ESTIMATES[:2]:
        content: dict[str, Any] = {
            variable: merged.levelled(name, variable, whole_cycles=False) for variable in variables
        }
        if all(values is not None for values in content.values()):
            ws.save(name, {variable: values[rows] for variable, values in content.items()})


def _number(value: Any, default: float) -> float:
    """A parameter as float; an empty or missing one gives the default."""
    return default if value is None or np.size(value) == 0 else float(np.ravel(value)[0])

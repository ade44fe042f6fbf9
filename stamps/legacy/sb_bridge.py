"""Move regions of unwrapped interferograms by whole cycles, so that they fit together over the shortest bridges.

Reads ``psver ps2 phuw_sb2``, the mask if one is named, and ``width.txt`` for it; writes ``phuw_sb2`` (``ph_uw``, ``msd``) and
what ``sb_invert_uw`` writes. The files before the first change are kept as ``phuw_sb2_original``, ``phuw2_original`` and
``phuw_sb_res2_original``. Parameters: ``unwrap_grid_size``, ``drop_ifg_index`` and those of the reference area.

Source: docs/method/unwrapping_errors.md, sections 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.frontends.rasters import map_raster
from stamps.legacy.ps_setref import ps_setref
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.legacy.uw_grid_wrapped import grid_cells
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.quantities import Project
from stamps.steps.unwrapping.bridging import BridgeSettings, Bridging, Outcome
from stamps.steps.unwrapping.regions import Cells, cells_of, excluded_between
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.originals import keep_originals, restore_originals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["sb_bridge"]

_FILES = ("phuw_sb", "phuw", "phuw_sb_res")
_TURN = 2 * np.pi
_NAMED = 12  # numbers that a message lists


@reserving
def sb_bridge(
    *,
    radius: float = 500,
    max_length: float = 5000,
    min_pixels: int = 50,
    ramp: bool = False,
    mask: StrPath | None = None,
    undo: bool = False,
    workdir: Workspace | StrPath = ".",
) -> int:
    """Bridge the regions of every interferogram of a small-baseline project, and invert again.

    Parameters
    ----------
    radius : float
        Metres around the end of a bridge whose pixels are compared.
    max_length : float
        Metres; longer bridges are not used.
    min_pixels : int
        Smaller regions keep their values.
    ramp : bool
        Remove a plane, fitted to the largest region, while the ends are compared.
    mask : path-like, optional
        One byte for each pixel of the image, not 0 on water: regions do not go over it. From ``workdir``.
    undo : bool
        Put back the files as they were before the first change instead, and invert again.
    workdir : path-like or Workspace
        Small-baseline project after step 6.

    Returns
    -------
    int
        Number of phases changed.

    Raises
    ------
    InputError
        The project has a single master, no phase is finite, the mask does not fit, or there is nothing to undo.
    ParameterError
        An argument has a value that it cannot have.
    WorkspaceError
        Step 6 has not been run.

    Examples
    --------
    >>> from stamps import sb_bridge
    >>> sb_bridge(max_length=2000, workdir="SMALL_BASELINES")  # doctest: +SKIP
    """
    settings = bridge_settings(radius, max_length, min_pixels, ramp)
    project = pairs_project(workdir)
    log = Log(project.ws, "SB_BRIDGE")
    log.start()
    if undo:
        undo_changes(project, log)
        log.finish()
        return 0
    content = unwrapped_pairs(project)
    ph_uw, cells = content["ph_uw"], connected_cells(project, mask)
    bridging = Bridging(project.ps["xy"][:, 1:], cells, settings, _reference(project))
    used = project.retained_ifgs()
    cycles = np.zeros(ph_uw.shape, np.int32)
    outcomes = []
    for ifg in used:
        outcomes.append(bridging.of(ph_uw[:, ifg]))
        cycles[:, ifg] = outcomes[-1].cycles
    for line in _report(project, used, outcomes, settings):
        log(line)
    changed = store_cycles(project, content, cycles, log)
    log.finish()
    return changed


def bridge_settings(radius: float, max_length: float, min_pixels: int, ramp: bool) -> BridgeSettings:
    """Arguments of the command, checked."""
    for name, value in (("radius", radius), ("max_length", max_length)):
        if not value > 0:
            raise ParameterError(f"sb_bridge: {name} is {value}, but metres above 0 were expected.")
    if min_pixels != int(min_pixels) or min_pixels < 1:
        raise ParameterError(f"sb_bridge: min_pixels is {min_pixels}, but a whole number from 1 was expected.")
    return BridgeSettings(float(radius), float(max_length), int(min_pixels), bool(ramp))


def _reference(project: Project) -> NDArray[np.int64] | None:
    """Pixels of the reference area; None where all are, or none."""
    pixels = ps_setref(workdir=project.ws)
    return None if pixels is None or pixels.size == project.ps["n_ps"] else pixels


# ---------------------------------------------------------------------- shared with sb_fix_closure


def pairs_project(workdir: Workspace | StrPath) -> Project:
    """A small-baseline project.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    stamps.products.quantities.Project

    Raises
    ------
    InputError
        It has a single master.
    """
    project = Project.at(workdir)
    if not project.small_baselines or "ifgday_ix" not in project.ps:
        raise InputError(f"{project.ws.path} has a single master: cycles are moved in small-baseline projects only.")
    return project


def column_of(project: Project, ifg: float) -> int:
    """Column of an interferogram that is counted from 1.

    Raises
    ------
    InputError
        There is none of this number.
    """
    n_ifg = project.ps["n_ifg"]
    if not 1 <= ifg <= n_ifg or ifg != int(ifg):
        raise InputError(f"Interferogram {ifg} does not exist: there are {n_ifg}.")
    return int(ifg) - 1


def unwrapped_pairs(project: Project) -> Any:
    """Content of ``phuw_sb2``.

    Raises
    ------
    InputError
        No phase of a retained interferogram is finite.
    WorkspaceError
        The file is missing: step 6 has not been run.
    """
    name = project.file("phuw", True)
    content = project.ws.load(name)
    if not np.isfinite(content["ph_uw"][:, project.retained_ifgs()]).any():
        raise InputError(f"{project.ws.path / name}.mat has no finite phase: run step 6 again (stamps 6 6).")
    return content


def connected_cells(project: Project, mask: StrPath | None) -> Cells:
    """Cells of the unwrapping grid; those on both sides of masked ground do not touch.

    Raises
    ------
    InputError
        The mask is missing or smaller than the image.
    """
    grid = grid_cells(project.ps["xy"], float(project.parameters.get("unwrap_grid_size")))
    cells = cells_of(grid["grid_ij"])
    if mask is None:
        return cells
    path = project.ws.path / mask
    size = [int(project.ws.read_text(name).split()[0]) for name in ("width.txt", "len.txt")]
    excluded = map_raster(path, np.uint8, size[0])
    if excluded.shape != (size[1], size[0]) or path.stat().st_size != size[0] * size[1]:
        raise InputError(
            f"The mask {path} has {path.stat().st_size} bytes, but {size[0]} x {size[1]} were expected: one byte for each "
            "pixel of the image."
        )
    return cells.without(excluded_between(cells, project.ps["ij"][:, 1:], excluded))


def store_cycles(project: Project, content: Any, cycles: NDArray[np.int32], log: Log) -> int:
    """Subtract whole cycles from the phases of the pairs, keep the files before the first change, and invert again.

    Parameters
    ----------
    project : Project
    content : dict
        Of ``phuw_sb2``.
    cycles : ndarray of int, shape (n_ps, n_ifg)
    log : Log

    Returns
    -------
    int
        Number of phases changed; if there are none, no file is.
    """
    changed = int(np.count_nonzero(cycles))
    if not changed:
        log("nothing was changed")
        return 0
    ws, ph_uw = project.ws, content["ph_uw"]
    corrected = (ph_uw - _TURN * cycles).astype(ph_uw.dtype)
    corrected[cycles == 0] = ph_uw[cycles == 0]
    with ws.publish():
        keep_originals(ws, [f"{stem}{project.version}" for stem in _FILES])
        ws.save(project.file("phuw", True), {"ph_uw": corrected, "msd": content["msd"]})
        n_ifg = np.count_nonzero(cycles.any(axis=0))
        log(f"{changed} phases of {n_ifg} interferograms changed by whole cycles: steps 7 and 8 are next (stamps 7 8)")
        sb_invert_uw(workdir=ws)
    return changed


def undo_changes(project: Project, log: Log) -> None:
    """Put back the files before the first change, and invert again."""
    ws = project.ws
    with ws.publish():
        restore_originals(ws, [f"{stem}{project.version}" for stem in _FILES])
        ws.delete(f"closure{project.version}.mat")
        log(f"{project.file('phuw', True)}.mat is as it was before the first change")
        sb_invert_uw(workdir=ws)


# ---------------------------------------------------------------------- what is said


def _report(project: Project, used: NDArray[np.int64], outcomes: list[Outcome], settings: BridgeSettings) -> list[str]:
    """Lines for the log: what is alike together, what stands out by itself."""
    found, lines = list(zip(used, outcomes, strict=True)), []
    single = [(ifg, outcome) for ifg, outcome in found if outcome.sizes.size < 2 or outcome.large == 1]
    if single:
        more = max(outcome.sizes.size for _, outcome in single) - 1
        beside = f" (beside up to {more} with fewer than {settings.min_pixels} pixels)" if more > 0 else ""
        lines.append(f"one region{beside}, nothing to bridge: {_numbers([ifg for ifg, _ in single], len(used))}")
    small = [(ifg, outcome) for ifg, outcome in found if outcome.sizes.size > 1 and outcome.large == 0]
    if small:
        sizes = max((outcome.sizes for _, outcome in small), key=lambda sizes: int(sizes[0]))
        lines.append(
            f"all regions have fewer than {settings.min_pixels} pixels ({_sizes(sizes)}), nothing is bridged: "
            f"{_numbers([ifg for ifg, _ in small], len(used))}; min_pixels and unwrap_grid_size decide"
        )
    for ifg, outcome in found:
        if outcome.large < 2:
            continue
        first, second = to_yyyymmdd(project.ps["ifgday"][ifg])
        lines.append(f"interferogram {ifg + 1} {first}_{second}: {_sentence(outcome, settings)}")
    return lines


def _sentence(outcome: Outcome, settings: BridgeSettings) -> str:
    small = outcome.sizes[outcome.large :]
    parts = [f"{outcome.large} regions ({_sizes(outcome.sizes[: outcome.large])} pixels), {outcome.moved} moved"]
    if small.size:
        parts.append(f"{small.size} with fewer than {settings.min_pixels} pixels left alone")
    if outcome.unreached.size:
        sizes = _sizes(outcome.unreached)
        parts.append(f"no bridge of up to {settings.max_length:g} m to {outcome.unreached.size} ({sizes} pixels)")
    return ", ".join(parts)


def _sizes(sizes: NDArray[np.int64]) -> str:
    return ", ".join(map(str, sizes[:_NAMED])) + (", …" if sizes.size > _NAMED else "")


def _numbers(ifgs: list[int], n_used: int) -> str:
    if len(ifgs) == n_used:
        return f"all {n_used} interferograms"
    return "interferograms " + " ".join(str(ifg + 1) for ifg in ifgs)

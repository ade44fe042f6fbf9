"""Wrapped phases of a project, with corrections taken out.

Source: docs/method/products.md, section 2.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.phase import insert_column, phasor, rotated, unit_modulus
from stamps.products.quantities import matrix_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.arguments import PlotRequest
    from stamps.products.quantities import Project, Quantities
    from stamps.products.value_types import ValueType
    from stamps.workspace.directory import Variables


__all__ = ["wrapped_phasors"]


def wrapped_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.int64]]:
    """Phasors of a wrapped value type.

    Parameters
    ----------
    value_type : ValueType
        Of the group ``wrapped``.
    quantities : Quantities
    request : PlotRequest
        ``ref_ifg``: the interferogram that the others are relative to.

    Returns
    -------
    phasors : ndarray of complex, shape (n_ps, n)
    columns : ndarray of int64
        0-based columns that are shown unless others are asked for.
    """
    phasors = _READERS.get(value_type.name, _phasors)(value_type, quantities, request)
    if value_type.name == "wf":
        return phasors, _unwrapped_ifgs(quantities.project)
    if value_type.name.startswith("w"):
        return phasors, quantities.project.retained_ifgs()
    return phasors, np.arange(phasors.shape[1])


def _phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> NDArray[np.complexfloating[Any, Any]]:
    project = quantities.project
    rc = project.ws.load_optional(project.file("rc"), ["ph_rc", "ph_reref"])
    n = project.ps["n_ifg"]
    phasors = _matrix(rc, "ph_rc", project, n) if rc else _matrix(project.load("ph"), "ph", project, n, n - 1)
    for letter in value_type.words:
        phasors = _turn_back(phasors, quantities[letter])
    if request.ref_ifg > 0:
        column = _column(request.ref_ifg, phasors)
        reference = phasors if rc.get("ph_reref") is None else _matrix(rc, "ph_reref", project, n)
        phasors = phasors * reference[:, [column]].conj()
    if value_type.master_is_one:
        phasors = phasors.copy()
        phasors[:, project.master] = 1  # for small baselines, too, where this is just a number
    return phasors


def _turn_back(
    phasors: NDArray[np.complexfloating[Any, Any]], phase: NDArray[np.floating[Any]] | None
) -> NDArray[np.complexfloating[Any, Any]]:
    """Phasors times exp(-j·phase) in MATLAB's class: single if an operand is single. None turns nothing."""
    return phasors if phase is None else rotated(phasors, phase)


def _patch_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> NDArray[np.complexfloating[Any, Any]]:
    """``ph_patch`` without amplitude, zero for the master."""
    project = quantities.project
    n, pm = project.ps["n_ifg"], project.load("pm")
    if pm.get("ph_patch") is None:
        raise WorkspaceError(
            f"{project.ws.path} has no patch phase (ph_patch of {project.file('pm')}.mat), which steps 2 to 5 estimate and "
            "projects that begin with merged interferograms lack: plot w, the wrapped phase, instead."
        )
    patch = unit_modulus(_matrix(pm, "ph_patch", project, n, n - 1))
    if patch.shape[1] < project.ps["n_ifg"]:
        patch = insert_column(patch, project.master, 0)
    return _relative_to_own(patch, request)


def _matrix(
    content: Variables, variable: str, project: Project, *columns: int
) -> NDArray[np.complexfloating[Any, Any]]:
    """A variable of all pixels with one of so many columns; WorkspaceError where it is empty or of another shape."""
    return matrix_of(content, variable, project.ps["n_ps"], "pixels", columns)


def _filtered_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> NDArray[np.complexfloating[Any, Any]]:
    """Filtered phase of the grid node of each pixel; NaN for interferograms that are not unwrapped."""
    project = quantities.project
    grid = project.ws.load("uw_grid", ["ph", "grid_ij", "nzix"])
    if np.ndim(grid["ph"]) != 2 or len(grid["ph"]) != np.count_nonzero(grid["nzix"]):
        raise WorkspaceError(f"{grid.source}: 'ph' does not fit the nodes of 'nzix': run step 6 again.")
    nodes = np.full(grid["nzix"].shape, -1)
    nodes.T[grid["nzix"].T != 0] = np.arange(len(grid["ph"]))
    of_pixel = nodes[grid["grid_ij"][:, 0], grid["grid_ij"][:, 1]]
    used = _unwrapped_ifgs(project)
    if len(of_pixel) != project.ps["n_ps"] or used.size != grid["ph"].shape[1]:
        raise WorkspaceError(
            f"{project.ws.path / 'uw_grid.mat'} was made from other pixels or interferograms: run step 6 again."
        )
    filtered = np.full((project.ps["n_ps"], project.ps["n_ifg"]), np.nan, np.complex64)
    filtered[:, used] = np.where(of_pixel[:, np.newaxis] < 0, np.nan, unit_modulus(grid["ph"])[of_pixel])
    return _relative_to_own(filtered, request)


def _unwrapped_ifgs(project: Project) -> NDArray[np.int64]:
    """0-based interferograms that step 6 unwraps."""
    used = project.retained_ifgs()
    return used if project.small_baselines else used[used != project.master]


def _correction_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> NDArray[np.complexfloating[Any, Any]]:
    """The tropospheric correction as it acts on phasors; a correction of zero leaves 1."""
    return phasor(-quantities.present("T"))


def _relative_to_own(
    phasors: NDArray[np.complexfloating[Any, Any]], request: PlotRequest
) -> NDArray[np.complexfloating[Any, Any]]:
    if request.ref_ifg <= 0:
        return phasors
    return phasors * phasors[:, [_column(request.ref_ifg, phasors)]].conj()


def _column(number: int, phases: NDArray[np.complexfloating[Any, Any]]) -> int:
    if number > phases.shape[1]:
        raise InputError(f"Interferogram {number} does not exist: there are {phases.shape[1]}.")
    return number - 1


_READERS: dict[str, Callable[[ValueType, Quantities, PlotRequest], NDArray[np.complexfloating[Any, Any]]]] = {
    "p": _patch_phasors,
    "wf": _filtered_phasors,
    "wa": _correction_phasors,
}

"""Quantities of a stack that stand in one of several files of a directory.

Source: docs/method/merging.md, sections 1 and 3; docs/method/scla.md, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stamps.errors import WorkspaceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.directory import Workspace


__all__ = ["load_phase", "stored_baselines"]


def load_phase(ws: Workspace, ps: Mapping[str, Any], version: int = 2) -> NDArray[Any]:
    """Wrapped phasors of all pixels, shape (n_ps, n_ifg): file ``ph<version>``, else field ``ph`` of ``ps``.

    Raises
    ------
    WorkspaceError
        Neither is there.
    """
    name = f"ph{version}"
    if ws.exists(name):
        return ws.load(name, ["ph"])["ph"]
    if "ph" in ps:
        return ps["ph"]
    raise WorkspaceError(
        f"{ws.path / name}.mat is missing and ps{version}.mat has no variable 'ph': run step 4 first (stamps 4 4)."
    )


def stored_baselines(ws: Workspace, version: int = 2) -> NDArray[Any] | None:
    """Perpendicular baselines of file ``bp<version>`` in metres, as stored (no column of the master); None without it."""
    name = f"bp{version}"
    return ws.load(name, ["bperp_mat"])["bperp_mat"] if ws.exists(name) else None

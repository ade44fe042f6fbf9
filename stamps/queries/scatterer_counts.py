"""How many persistent and distributed scatterers each step has left, where ``mt_add_ds`` has added DS.

Source: docs/method/linking.md, section 8.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.kinds import KindTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace

__all__ = ["ScattererCounts", "scatterer_counts"]


@dataclass(frozen=True)
class ScattererCounts:
    """Pixels of a stage (``candidates``, ``selected``, ``weeded``, ``merged``) by kind."""

    stage: str
    persistent: int
    distributed: int


def scatterer_counts(ws: Workspace, patches: Sequence[Workspace]) -> list[ScattererCounts]:
    """PS and DS after the preparation and steps 3, 4 and 5.

    Parameters
    ----------
    ws : Workspace
        Project directory, or a directory without patches.
    patches : list of Workspace
        Patches that take part.

    Returns
    -------
    list of ScattererCounts
        In the order of the steps, those that are known of every patch; empty without DS.

    Raises
    ------
    InputError, WorkspaceError
        A file is damaged, or does not fit to the candidates.
    """
    table = KindTable.of(ws)
    if table is None:
        return []
    found = [_sum("candidates", [kinds.counts for kinds in table.patches])]
    for stage, pixels in (("selected", _selected), ("weeded", _weeded)):
        known = [ij for patch in patches if (ij := pixels(patch)) is not None]
        if known and len(known) == len(patches):
            found.append(_sum(stage, [table.at(ij).counts for ij in known]))
    if ws.exists("ps2") and all(ws.path != patch.path for patch in patches):
        found.append(_sum("merged", [table.at(np.atleast_2d(ws.load("ps2", ("ij",))["ij"])).counts]))
    return found


def _sum(stage: str, counts: Sequence[tuple[int, int]]) -> ScattererCounts:
    return ScattererCounts(stage, sum(ps for ps, _ in counts), sum(ds for _, ds in counts))


def _selected(patch: Workspace) -> NDArray[Any] | None:
    """Pixels that step 3 keeps, (n, 3); none where a step has left no pixel, None where it is not known yet."""
    if patch.no_ps_flags().any():
        return np.empty((0, 3))
    if not patch.exists("select1") or not patch.exists("ps1"):
        return None
    select = patch.load("select1", ("ix", "keep_ix"))
    if select.get("keep_ix") is None:
        return np.empty((0, 3))
    return patch.load("ps1", ("ij",))["ij"][select["ix"][select["keep_ix"].astype(bool)]]


def _weeded(patch: Workspace) -> NDArray[Any] | None:
    """Pixels that step 4 keeps, (n, 3)."""
    selected = _selected(patch)
    if selected is None or not len(selected):
        return selected
    return selected[patch.load("weed1", ("ix_weed",))["ix_weed"].astype(bool)] if patch.exists("weed1") else None

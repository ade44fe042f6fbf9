"""How many persistent and distributed scatterers each step has left, where ``mt_add_ds`` has added DS.

Source: docs/method/linking.md, section 8.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.kinds import kinds_of, kinds_of_patch

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
    kinds = [kinds_of_patch(patch) for patch in patches]
    if all(one is None for one in kinds):
        return []
    found = [_sum("candidates", [one.counts for one in kinds if one is not None])]
    for stage, pixels in (("selected", _selected), ("weeded", _weeded)):
        of_patches = [_counts(patch, pixels(patch)) for patch in patches]
        known = [counts for counts in of_patches if counts is not None]
        if known and len(known) == len(patches):
            found.append(_sum(stage, known))
    if ws.exists("ps2") and all(ws.path != patch.path for patch in patches):
        merged = _counts(ws, ws.load("ps2", ("ij",))["ij"])
        if merged is not None:
            found.append(ScattererCounts("merged", *merged))
    return found


def _sum(stage: str, counts: Sequence[tuple[int, int]]) -> ScattererCounts:
    return ScattererCounts(stage, sum(ps for ps, _ in counts), sum(ds for _, ds in counts))


def _counts(folder: Workspace, ij: NDArray[Any] | None) -> tuple[int, int] | None:
    if ij is None:
        return None
    kinds = kinds_of(folder, np.atleast_2d(ij)) if len(ij) else None
    return (len(ij), 0) if kinds is None else kinds.counts


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

"""Columns of an export that the project stores: height, coherence, what a point is.

Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.kinds import kinds_of
from stamps.products.columns import pixel_coherence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project

__all__ = ["coherence_of", "stored_columns"]


def stored_columns(
    project: Project, rows: NDArray[np.int64], inversion: NDArray[np.float32] | None
) -> dict[str, NDArray[Any]]:
    """Columns that are not computed from the series."""
    return {
        "CODE": np.char.mod("PS%07d", rows + 1),
        "HEIGHT": _height(project)[rows],
        "H_STDEV": np.full(rows.size, np.nan, np.float32),
        "COHERENCE": coherence_of(project)[rows],
        "EFF_AREA": np.full(rows.size, _area(project), np.float32),
        **({} if inversion is None else {"COH_INV": inversion[rows]}),
        **_scatterers(project, rows),
    }


def coherence_of(project: Project) -> NDArray[np.float32]:
    """Temporal coherence of all pixels; NaN where there is none."""
    n_ps = project.ps["n_ps"]
    stored = project.ws.load_optional(project.file("pm"), ["coh_ps"]).get("coh_ps")
    coherence = pixel_coherence(stored, n_ps)
    return np.full(n_ps, np.nan, np.float32) if coherence is None else coherence.astype(np.float32)


def _height(project: Project) -> NDArray[np.float32]:
    return _pixel_column(project, "hgt", "hgt")


def _pixel_column(project: Project, stem: str, variable: str) -> NDArray[np.float32]:
    """A stored column as float32; NaN where there is none."""
    column = project.ws.load_optional(project.file(stem), [variable]).get(variable)
    if column is None or column.shape != (project.ps["n_ps"],):
        return np.full(project.ps["n_ps"], np.nan, np.float32)
    return column.astype(np.float32)


def _scatterers(project: Project, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Kind, alike pixels and temporal coherence, where distributed scatterers were added."""
    kinds = kinds_of(project.ws, project.ps["ij"][rows])
    if kinds is None:
        return {}
    return {"KIND": kinds.words, "N_SHP": kinds.n_shp.astype(np.float32), "TCOH": kinds.tcoh}


def _area(project: Project) -> float:
    """Square metres that a point stands for: the cell of a resampled merge, else 0, the mark of a point scatterer."""
    side = project.parameters.get("merge_resample_size")
    return float(side) ** 2 if side is not None and np.size(side) == 1 and np.isfinite(side) else 0.0

"""Disk space that the files of a project take."""

from __future__ import annotations

import math

from stamps.queries.step_costs import Counts
from stamps.workspace.step_files import files_of, variables_of_file

__all__ = ["dimensions", "disk_bytes"]


def disk_bytes(counts: Counts, n_candidates: int, spacing: tuple[float, float] | None) -> dict[str, int]:
    """Bytes that files may take at most.

    Parameters
    ----------
    counts : Counts
    n_candidates : int
        Of all patches; 0 where there are no patches.
    spacing : tuple of float or None
        Ground distance of pixels in range and azimuth, metres.

    Returns
    -------
    dict
        ``candidate files``, ``patches``, ``project`` and ``total``.
    """
    known = dimensions(counts, spacing)
    m = counts.n_ifg - (counts.mode == "PS")
    amplitudes = 4 * counts.width * counts.length if n_candidates else 0
    scale = n_candidates / max(counts.candidates, 1)  # patches other than the largest
    sizes = {
        "candidate files": n_candidates * (8 * m + 8 + 4 + 8 + 26) + amplitudes,
        "patches": round(scale * mat_bytes("patch", known["patch"], counts.mode)),
        "project": mat_bytes("project", known["project"], counts.mode),
    }
    return {**sizes, "total": sum(sizes.values())}


def dimensions(counts: Counts, spacing: tuple[float, float] | None = None) -> dict[str, dict[str, dict[str, int]]]:
    """Dimensions of the shapes in ``file_variables.csv``, at most, for files of a patch (by version) and of the project.

    Parameters
    ----------
    counts : Counts
    spacing : tuple of float, optional
        Ground distance of pixels in range and azimuth, metres: sets the size of grids.

    Returns
    -------
    dict
        ``patch`` (version 1), ``patch2`` and ``project``: name of a dimension to its number.
    """
    m = counts.n_ifg - (counts.mode == "PS")
    common = {
        "n_ifg": counts.n_ifg,
        "n_image": counts.n_image,
        "m": m,
        "n_slave": counts.n_image - 1,
        "n_win": 32,
        "k": m,
        "k2": m + 1,
    }
    first = {**common, **_grid(counts, spacing), "n_ps": counts.candidates, "n_cand": counts.candidates}
    first |= {"n_sel": counts.selected, "n_keep": counts.selected, "n_noise": counts.selected}
    second = {**first, "n_ps": counts.weeded}
    project = {
        **common,
        "n_ps": counts.merged,
        "n_node": counts.merged,
        "n_edge": 3 * counts.merged,
        "n_used": m,
        "n_date": counts.n_image,
        "k6": counts.n_ifg,
        "k7": 0,
        "k3": counts.n_image,
    }
    return {"patch": {"1": first, "2": second}, "project": {"1": project, "2": project}}


def _grid(counts: Counts, spacing: tuple[float, float] | None) -> dict[str, int]:
    """Cells of the filter grid of a patch in both directions, where they are known."""
    if spacing is None or not counts.width:
        return {}
    share = 1.0 if counts.total_weeded == 0 else min(1.0, counts.weeded / counts.total_weeded)
    cells = counts.width * spacing[0] / 50 * counts.length * spacing[1] / 50 * share
    return {"n_i": math.ceil(math.sqrt(cells)), "n_j": math.ceil(math.sqrt(cells))}


def mat_bytes(place: str, known: dict[str, dict[str, int]], mode: str) -> int:
    """Bytes of all arrays that the steps leave in a place."""
    total = 0
    seen: set[tuple[str, str]] = set()
    for step in range(1, 9):
        for row in files_of(step, "write"):
            if row.place != place or row.mode not in ("", mode) or not row.file.endswith(".mat"):
                continue
            dims = known["1" if row.file.removesuffix(".mat").endswith("1") else "2"]
            for item in variables_of_file(row.file, mode):
                if (row.file, item.name) not in seen and ("*" in row.variables or item.name in row.variables):
                    seen.add((row.file, item.name))
                    total += item.n_bytes(dims) or 0
    return total

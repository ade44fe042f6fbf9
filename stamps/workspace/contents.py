"""What a MAT file holds, compared with its description while it is loaded: class, shape, indices, finite values.

A file that an interrupted copy, another program or a slip of the hand has changed must not become a result that looks well.
The description is the table of :mod:`.file_variables`, compared in :mod:`.described_shapes` and :mod:`.described_values`; what
it does not know is judged by its kind (:mod:`.variables`), and what neither knows passes. Accepted beyond the description:
single for double and the other way, vectors in either orientation, whole numbers of any class for counts and indices.

All here works on values as files hold them (MATLAB's form).
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import WorkspaceError
from stamps.workspace import matfile
from stamps.workspace.described_shapes import (
    by_text,
    class_problem,
    class_text,
    header_of,
    misshapen,
    shape_fits,
    shape_problem,
    shape_text,
    upright,
)
from stamps.workspace.described_values import all_finite, value_problem
from stamps.workspace.file_variables import variables_of_file
from stamps.workspace.variables import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.file_variables import FileVariable


__all__ = ["all_finite", "check", "class_text", "dimensions", "shape_fits", "shape_text"]

_SIZES = ("n_ps", "n_ifg", "n_image")
_PAIRS = ("ifgday_ix", "ifgday")  # what only small baselines have

#: Variables that count what the arrays of a file hold: file and variable -> dimension.
_COUNTS = {
    ("uw_grid", "n_ps"): "n_node", ("uw_grid", "n_ifg"): "n_used", ("uw_grid", "n_i"): "n_row", ("uw_grid", "n_j"): "n_col",
    ("uw_interp", "n_edge"): "n_edge",
}  # fmt: skip

#: Files whose variables are empty all together, by the dimension that is then 0.
_EMPTY_TOGETHER = {"select1": "n_sel"}

#: Variables that are not optional although a step would pass over their absence (name of the file without version).
_ESSENTIAL = {"da": ("D_A",), "la": ("la",), "inc": ("inc",), "hgt": ("hgt",), "bp": ("bperp_mat",)}
_ESSENTIAL_IN_PATCH = {
    "pm2": ("K_ps", "C_ps", "coh_ps", "ph_res", "ph_patch"),
    "ps1": ("bperp", "day", "master_day", "master_ix", "n_ifg", "n_image", "ll0"),
    "ps2": ("bperp", "day", "master_day", "master_ix", "n_ifg", "n_image", "ll0"),
}

#: Files whose variables can be empty only once patches are merged.
_EMPTY_ONCE_MERGED = ("la", "inc", "hgt", "pm")


def check(
    source: StrPath,
    file: str,
    raw: Mapping[str, NDArray[Any]],
    known: Mapping[str, Any],
    todo: Callable[..., Any],
    wanted: set[str] | None = None,
    in_patch: bool = False,
) -> None:
    """Stop at the first variable that is not as described.

    Parameters
    ----------
    source : path-like
        The file, for the message.
    file : str
        Its name without ``.mat``.
    raw : dict of str to value
        What was read, in MATLAB's form.
    known : dict
        Dimensions, from :func:`dimensions`.
    todo : callable
        Gives what the user can do (``'run step 5 again'``).
    wanted : iterable of str, optional
        What was asked for; default: all.
    in_patch : bool
        The file stands in a patch, whose files are complete.

    Raises
    ------
    WorkspaceError
        One sentence that names file, variable, what it is and what was expected.
    """
    stem = file.rstrip("0123456789")
    essential = _ESSENTIAL.get(stem, ()) + (_ESSENTIAL_IN_PATCH.get(file, ()) if in_patch else ())
    for name in essential:
        if name not in raw and (wanted is None or name in wanted):
            raise WorkspaceError(f"{source} has no variable '{name}': {todo()}.")
    for name in _rows(file, known.get("mode", "")) if in_patch and stem in _EMPTY_ONCE_MERGED else ():
        if known.get("n_ps") and name in raw and 0 in header_of(raw[name]).shape:
            raise WorkspaceError(
                f"{source}: variable '{name}' is empty, but {known['n_ps']} rows were expected: {todo()}."
            )
    problem = _problem(file, raw, known)
    if problem:
        raise WorkspaceError(f"{source}: {problem}: {todo()}.")


def _problem(file: str, raw: Mapping[str, NDArray[Any]], known: Mapping[str, Any]) -> str:
    rows = _rows(file, known.get("mode", ""))
    raw = {name: value for name, value in raw.items() if name in rows or kind_of(file, name)}
    for name, value in raw.items():
        problem = class_problem(value, kind_of(file, name), rows.get(name, ()))
        if problem:
            return f"variable '{name}' {problem}"
    bound = {**_most_frequent(file, raw, rows, known), **known}
    for judge in (shape_problem, value_problem):
        for name, value in raw.items():
            problem = judge(value, kind_of(file, name), rows.get(name, ()), bound)
            if problem:
                return f"variable '{name}' {problem}"
    return _count_problem(file, raw, bound) or _dates_problem(raw)


def dimensions(path: StrPath, todo: Callable[..., Any]) -> dict[str, Any]:
    """Numbers of pixels, interferograms and images that a pixel table tells, checked with the table's own arrays.

    Parameters
    ----------
    path : Path
        ``ps1.mat`` or ``ps2.mat``; need not exist.
    todo : callable
        As for :func:`check`.

    Returns
    -------
    dict
        ``n_ps``, ``n_ifg``, ``n_image``, ``n_slave``, ``m`` (interferograms without that of the master), ``mode``; empty if
        there is no table.

    Raises
    ------
    WorkspaceError
        The table contradicts itself.
    """
    try:
        facts = os.stat(path)
    except OSError:
        return {}
    known, problem = _dimensions(Path(path), facts.st_mtime_ns, facts.st_size, facts.st_ino)
    if problem:
        raise WorkspaceError(f"{path}: {problem}: {todo()}.")
    return known


@functools.lru_cache(maxsize=64)
def _dimensions(path: Path, modified: int, size: int, inode: int) -> tuple[dict[str, Any], str]:
    """Dimensions of one version of a pixel table, and what is wrong with it."""
    headers, raw = matfile.headers(path), matfile.read(path, _SIZES)
    mode = "SB" if any(name in headers for name in _PAIRS) else "PS"
    problem = _problem(path.stem, raw, {"mode": mode})
    if problem:
        return {}, problem
    known: dict[str, Any] = {
        "mode": mode,
        **{name: int(value.item()) for name, value in raw.items() if value.size == 1},
    }
    if "n_ifg" in known:
        known["m"] = known["n_ifg"] - (mode == "PS")
    if "n_image" in known:
        known["n_slave"] = known["n_image"] - 1
    for name, rows in _rows(path.stem, mode).items():
        problem = misshapen(headers[name], kind_of(path.stem, name), rows, dict(known)) if name in headers else ""
        if problem:
            return known, f"variable '{name}' {problem}"
    return known, ""


@functools.cache
def _rows(file: str, mode: str) -> dict[str, list[FileVariable]]:
    rows: dict[str, list[FileVariable]] = {}
    for row in variables_of_file(file, mode):
        rows.setdefault(row.name, []).append(row)
    return rows


def _most_frequent(
    file: str, raw: Mapping[str, NDArray[Any]], rows: Mapping[str, list[FileVariable]], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Dimensions that no table tells, as most variables of the file have them: the odd one is the one to name.

    Returns
    -------
    dict of str to int
        Dimension and size; under ``'of'`` a dict of the variables that they are taken from.
    """
    votes: dict[str, Counter[Any]] = {}
    of: dict[tuple[str, Any], str] = {}
    for name, value in raw.items():
        for word, size in _told_by(file, name, value, rows, known).items():
            votes.setdefault(word, Counter())[size] += 1
            of.setdefault((word, size), name)
    bound = {word: counts.most_common(1)[0][0] for word, counts in votes.items()}
    return {**bound, "of": {word: of[word, size] for word, size in bound.items()}}


def _told_by(
    file: str, name: str, value: NDArray[Any], rows: Mapping[str, list[FileVariable]], known: Mapping[str, Any]
) -> dict[str, float]:
    """Dimensions that a variable tells by its shape, or by its value if it is a count."""
    shape = header_of(value).shape
    if (file, name) in _COUNTS and shape == (1, 1) and np.isreal(value).all():
        return {_COUNTS[file, name]: float(np.real(value.item()))}
    told = {}
    for text in {text for row in rows.get(name, ()) for text in row.shapes}:
        bound = dict(known)
        if 0 not in shape and shape_fits(text, upright(shape, text, kind_of(file, name)), bound):
            told.update({word: bound[word] for word in bound.keys() - known.keys()})
    return told


def _count_problem(file: str, raw: Mapping[str, NDArray[Any]], bound: Mapping[str, Any]) -> str:
    """A count that contradicts the arrays, or variables that are empty while others are not."""
    for (owner, name), word in _COUNTS.items():
        if owner == file and name in raw and raw[name].size == 1 and word in bound and raw[name].item() != bound[word]:
            return f"variable '{name}' is {raw[name].item():g}, but {bound[word]:g} was expected, as '{bound['of'][word]}' tells"
    if file == "pm1" and raw.keys() >= {"grid_ij", "ph_grid"}:
        last = tuple(raw["grid_ij"].max(axis=0, initial=0).astype(int).tolist())
        if last != raw["ph_grid"].shape[:2]:
            size = by_text(raw["ph_grid"].shape[:2])
            return f"variable 'ph_grid' has {size} cells, but the last one of 'grid_ij' is {by_text(last)}"
    dimension = _EMPTY_TOGETHER.get(file)
    if dimension is not None and bound.get(dimension):
        for row in variables_of_file(file):
            if row.shapes[0].startswith(f"{dimension} x ") and row.name in raw and 0 in header_of(raw[row.name]).shape:
                return f"variable '{row.name}' is empty, but {shape_text(row.shapes[0], bound)} was expected"
    return ""


def _dates_problem(raw: Mapping[str, NDArray[Any]]) -> str:
    """Positions and dates of a pixel table that contradict each other."""
    day = raw.get("day")
    if day is None or day.size == 0:
        return ""
    day = day.ravel()
    for date, index in (("master_day", "master_ix"), ("ifgday", "ifgday_ix")):
        dates, positions = raw.get(date), raw.get(index)
        if dates is None or positions is None or dates.shape != positions.shape or dates.size == 0:
            continue
        if not np.array_equal(day[positions.astype(np.int64) - 1], dates):
            return f"variables '{date}' and '{index}' do not name the same dates of 'day'"
    return ""

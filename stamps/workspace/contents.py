"""What a MAT file holds, compared with its description while it is loaded: class, shape, indices, finite values.

A file that an interrupted copy, another program or a slip of the hand has changed must not become a result that looks well.
The description is the table of :mod:`.file_variables`; what it does not know is judged by its kind
(:mod:`.variables`), and what neither knows passes. Accepted beyond the description: single for double and the other
way, vectors in either orientation, whole numbers of any class for counts and indices.

All here works on values as files hold them (MATLAB's form).
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.errors import WorkspaceError
from stamps.workspace import matfile
from stamps.workspace.file_variables import shape_of, variables_of_file
from stamps.workspace.variables import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.file_variables import FileVariable
    from stamps.workspace.matfile import Header


__all__ = ["all_finite", "check", "class_text", "dimensions", "shape_fits", "shape_text"]

_SIZES = ("n_ps", "n_ifg", "n_image")
_PAIRS = ("ifgday_ix", "ifgday")  # what only small baselines have
_BLOCK = 1 << 18  # numbers looked at together: they stay in the cache
_VECTORS = ("column", "row", "index_column", "index_row", "mask_column")
_WHOLE = ("count", "index", "index_column", "index_row", "index_matrix", "index_matrix_single")


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
        if known.get("n_ps") and name in raw and 0 in _header(raw[name]).shape:
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
        problem = _class_problem(value, kind_of(file, name), rows.get(name, ()))
        if problem:
            return f"variable '{name}' {problem}"
    bound = {**_most_frequent(file, raw, rows, known), **known}
    for judge in (_shape_problem, _value_problem):
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
def _dimensions(path: StrPath, modified: int, size: int, inode: int) -> tuple[dict[str, Any], str]:
    """Dimensions of one version of a pixel table, and what is wrong with it."""
    headers, raw = matfile.headers(path), matfile.read(path, _SIZES)
    mode = "SB" if any(name in headers for name in _PAIRS) else "PS"
    problem = _problem(path.stem, raw, {"mode": mode})
    if problem:
        return {}, problem
    known = {"mode": mode, **{name: int(value.item()) for name, value in raw.items() if value.size == 1}}
    if "n_ifg" in known:
        known["m"] = known["n_ifg"] - (mode == "PS")
    if "n_image" in known:
        known["n_slave"] = known["n_image"] - 1
    for name, rows in _rows(path.stem, mode).items():
        problem = name in headers and _misshapen(headers[name], kind_of(path.stem, name), rows, dict(known))
        if problem:
            return known, f"variable '{name}' {problem}"
    return known, ""


@functools.cache
def _rows(file: str, mode: str) -> dict[str, list[FileVariable]]:
    rows = {}
    for row in variables_of_file(file, mode):
        rows.setdefault(row.name, []).append(row)
    return rows


# ---------------------------------------------------------------------- classes


def class_text(header: Header) -> str:
    """Class of a variable as the table writes it: ``'single complex'``."""
    return header.class_name + (" complex" if header.is_complex else "")


def _header(value: NDArray[Any]) -> Header:
    """Header of a value in MATLAB's form."""
    if isinstance(value, str):
        return matfile.Header((1, len(value)), "char", False)
    if isinstance(value, dict | list) or getattr(value, "dtype", np.dtype(object)).kind in "OVSm":
        return matfile.Header((1, 1), "cell" if isinstance(value, list) else "struct", False)
    return matfile.Header(value.shape, matfile.class_of(value), value.dtype.kind == "c")


def _class_problem(value: NDArray[Any], kind: str, rows: Sequence[FileVariable]) -> str:
    header = _header(value)
    expected = list(dict.fromkeys(name for row in rows for name in row.classes)) or _classes_of(kind)
    if _class_fits(header, expected, kind):
        return ""
    return f"is {class_text(header)}, but {' or '.join(expected)} was expected"


def _classes_of(kind: str) -> list[str]:
    """Classes of a variable of which only the kind is known."""
    if kind in ("text", "mask_column"):
        return ["char" if kind == "text" else "logical"]
    return ["double", "single"] + (
        ["double complex", "single complex", "logical", "sparse"] if kind == "matrix" else []
    )


def _class_fits(header: Header, expected: Sequence[str], kind: str) -> bool:
    said = class_text(header)
    if said in expected or (0 in header.shape and header.class_name in ("double", "single", "char")):
        return True
    if said in ("single", "double", "single complex", "double complex"):
        other = said.replace("single", "double") if "single" in said else said.replace("double", "single")
        return other in expected or ("logical" in expected and not header.is_complex)
    whole_number = "int" in header.class_name and not header.is_complex
    return whole_number and (kind in _WHOLE or "logical" in expected)


# ---------------------------------------------------------------------- shapes


def shape_fits(text: str, shape: tuple[int, ...], bound: Mapping[str, Any]) -> bool:
    """Whether a shape is as described; dimensions that are not known yet are bound when it is.

    Parameters
    ----------
    text : str
        ``'n_ps x 3'``.
    shape : tuple of int
    bound : dict
        Dimensions; gains those that were not known.
    """
    words = text.split(" x ")
    if len(words) < len(shape):
        return False
    sizes = {word: int(word) if word.isdigit() else bound.get(word) for word in words}
    seen = {}
    for word, size in zip(words, (*shape, *(1,) * (len(words) - len(shape))), strict=True):
        if (sizes[word] if sizes[word] is not None else seen.setdefault(word, size)) != size:
            return False
    bound.update(seen)
    return True


def shape_text(text: str, bound: Mapping[str, Any]) -> str:
    """A described shape with its numbers, where they are known: ``'60 x 3 (n_ps x 3)'``."""
    sizes = shape_of(text, bound)
    return text if sizes is None or text == " x ".join(map(str, sizes)) else f"{' x '.join(map(str, sizes))} ({text})"


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


def _most_frequent(
    file: str, raw: Mapping[str, NDArray[Any]], rows: Mapping[str, list[FileVariable]], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Dimensions that no table tells, as most variables of the file have them: the odd one is the one to name.

    Returns
    -------
    dict of str to int
        Dimension and size; under ``'of'`` a dict of the variables that they are taken from.
    """
    votes, of = {}, {}
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
    shape = _header(value).shape
    if (file, name) in _COUNTS and shape == (1, 1) and np.isreal(value).all():
        return {_COUNTS[file, name]: float(np.real(value.item()))}
    told = {}
    for text in {text for row in rows.get(name, ()) for text in row.shapes}:
        bound = dict(known)
        if 0 not in shape and shape_fits(text, _upright(shape, text, kind_of(file, name)), bound):
            told.update({word: bound[word] for word in bound.keys() - known.keys()})
    return told


def _upright(shape: tuple[int, ...], text: str, kind: str) -> tuple[int, ...]:
    """The shape of a vector turned as the description has it."""
    if kind in _VECTORS and len(shape) == 2 and 1 in shape:
        return (1, shape[0] * shape[1]) if text.startswith("1 x ") else (shape[0] * shape[1], 1)
    return shape


def _shape_problem(value: NDArray[Any], kind: str, rows: Sequence[FileVariable], bound: Mapping[str, Any]) -> str:
    return _misshapen(_header(value), kind, rows, bound)


def _misshapen(header: Header, kind: str, rows: Sequence[FileVariable], bound: Mapping[str, Any]) -> str:
    shape = header.shape
    if header.class_name == "char" or not rows:
        vector = kind in _VECTORS and header.class_name != "char"
        flat = len(shape) == 2 and (1 in shape or 0 in shape)
        return f"is {_by(shape)}, but a list of numbers was expected" if vector and not flat else ""
    texts = list(dict.fromkeys(text for row in rows for text in row.shapes))
    nothing = 0 in shape and not any(
        "0" in text.split() or "n_ps" in text for text in texts
    )  # of a size that nobody tells
    if not nothing and any(shape_fits(text, _upright(shape, text, kind), bound) for text in texts):
        return ""
    if len(shape) == 2 and 0 in shape and any(0 in (shape_of(text, bound) or ()) for text in texts):
        return ""  # nothing is nothing
    others = {bound.get("of", {}).get(word) for word in " x ".join(texts).split(" x ")} - {None}
    taken = f", as {' and '.join(repr(name) for name in sorted(others))} tell" if others else ""
    return f"is {_by(shape)}, but {' or '.join(shape_text(text, bound) for text in texts)} was expected{taken}"


def _by(shape: tuple[int, int]) -> str:
    return " x ".join(map(str, shape))


# ---------------------------------------------------------------------- values


def _value_problem(value: NDArray[Any], kind: str, rows: Sequence[FileVariable], bound: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return ""
    numbers = value.data if scipy.sparse.issparse(value) else value
    if numbers.size == 0:
        return ""
    allowed = {row.nan for row in rows}
    if rows and allowed != {"any"}:
        problem = _not_finite(numbers, next(iter(allowed)))
        if problem:
            return problem
    if (
        "logical" in {name for row in rows for name in row.classes}
        and numbers.dtype.kind != "b"
        and not (kind == "matrix" or ((numbers == 0) | (numbers == 1)).all())
    ):
        return "holds other numbers than 0 and 1"
    if kind in _WHOLE and numbers.dtype.kind == "f" and not _all_whole(numbers):
        return f"holds {_first(numbers, ~_whole(numbers))}, but whole numbers were expected"
    for row in rows:
        for text in row.range.split():
            problem = _out_of_range(numbers, text, bound)
            if problem:
                return problem
    return ""


def _whole(numbers: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    return np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)


def _all_whole(numbers: NDArray[np.floating[Any]]) -> bool:
    return bool(_whole(numbers).all())


def _not_finite(numbers: NDArray[Any], allowed: str) -> str:
    """What to say of values that are not finite, but for the NaN that the description allows (``nan``, ``columns``)."""
    if numbers.dtype.kind not in "fc" or all_finite(numbers):
        return ""
    nan = np.isnan(numbers)
    bad = ~np.isfinite(numbers)
    if allowed == "nan":
        bad &= ~nan
    elif allowed == "columns" and numbers.ndim == 2:
        bad[:, nan.all(axis=0)] = False
    if not bad.any():
        return ""
    n_nan = int((nan & bad).sum())
    n_inf = int(bad.sum()) - n_nan
    said = " and ".join(f"{count} {what}" for count, what in ((n_nan, "NaN"), (n_inf, "Inf")) if count)
    return f"holds {said} among {numbers.size} values (the first {_place(bad)})"


def _place(bad: NDArray[np.bool_]) -> str:
    """Where the first True stands, counted from 1."""
    where = [int(index[0]) + 1 for index in np.nonzero(bad)]
    return f"in row {where[0]}" + "".join(f", column {number}" for number in where[1:2])


def all_finite(numbers: NDArray[Any]) -> bool:
    """Whether an array holds neither NaN nor Inf: one pass in pieces, by their sums (NaN and Inf stay in a sum)."""
    flat = numbers.ravel(order="K")
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, flat.size, _BLOCK):
            piece = flat[first : first + _BLOCK]
            # a sum of finite numbers can overflow: then each is looked at
            if not np.isfinite(piece.sum()) and not np.isfinite(piece).all():
                return False
    return True


def _first(numbers, bad) -> str:
    return f"{numbers[bad].flat[0]:g} ({_place(bad)})"


def _out_of_range(numbers: NDArray[np.floating[Any]], text: str, bound: Mapping[str, Any]) -> str:
    if text in ("ascending", "unique"):
        steps = np.diff(numbers.ravel(order="F") if text == "ascending" else np.sort(numbers, axis=None))
        return "" if (steps > 0).all() else f"is not {text}"
    if text.startswith(">"):
        bad = numbers <= 0 if text == ">0" else numbers < float(text[2:])
        return f"holds {_first(numbers, bad)}, but numbers {text} were expected" if bad.any() else ""
    low, highs = (part.split(",") for part in text.split(".."))
    low = float(low[0])
    highs = [bound.get(word, np.inf) if word[0].isalpha() else float(word) for word in highs]
    bad = (numbers < low) | (numbers > (np.array(highs) if len(highs) > 1 else highs[0]))
    if not bad.any():
        return ""
    limits = " or ".join(f"{high:g}" for high in dict.fromkeys(highs))
    others = [name for word, name in bound.get("of", {}).items() if word in text.replace("..", ",").split(",")]
    taken = f", as '{others[0]}' tells" if others else ""
    return f"holds {_first(numbers, bad)}, but numbers from {low:g} to {limits} were expected{taken}"


def _count_problem(file: str, raw: Mapping[str, NDArray[Any]], bound: Mapping[str, Any]) -> str:
    """A count that contradicts the arrays, or variables that are empty while others are not."""
    for (owner, name), word in _COUNTS.items():
        if owner == file and name in raw and raw[name].size == 1 and word in bound and raw[name].item() != bound[word]:
            return f"variable '{name}' is {raw[name].item():g}, but {bound[word]:g} was expected, as '{bound['of'][word]}' tells"
    if file == "pm1" and raw.keys() >= {"grid_ij", "ph_grid"}:
        last = tuple(raw["grid_ij"].max(axis=0, initial=0).astype(int).tolist())
        if last != raw["ph_grid"].shape[:2]:
            return f"variable 'ph_grid' has {_by(raw['ph_grid'].shape[:2])} cells, but the last one of 'grid_ij' is {_by(last)}"
    word = _EMPTY_TOGETHER.get(file)
    if bound.get(word):
        for row in variables_of_file(file):
            if row.shapes[0].startswith(f"{word} x ") and row.name in raw and 0 in _header(raw[row.name]).shape:
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

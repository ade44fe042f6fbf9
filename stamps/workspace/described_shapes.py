"""Classes and shapes of variables, compared with their description (:mod:`.file_variables`), and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.workspace import matfile
from stamps.workspace.file_variables import shape_of

if TYPE_CHECKING:
    from stamps.workspace.file_variables import FileVariable
    from stamps.workspace.matfile import Header

__all__ = [
    "WHOLE",
    "by_text",
    "class_problem",
    "class_text",
    "header_of",
    "misshapen",
    "shape_fits",
    "shape_problem",
    "shape_text",
    "upright",
]

_VECTORS = ("column", "row", "index_column", "index_row", "mask_column")

#: Kinds whose numbers are whole.
WHOLE = ("count", "index", "index_column", "index_row", "index_matrix", "index_matrix_single")


# ---------------------------------------------------------------------- classes


def class_text(header: Header) -> str:
    """Class of a variable as the table writes it: ``'single complex'``."""
    return header.class_name + (" complex" if header.is_complex else "")


def header_of(value: Any) -> Header:
    """Header of a value in MATLAB's form."""
    if isinstance(value, str):
        return matfile.Header((1, len(value)), "char", False)
    if isinstance(value, dict | list) or getattr(value, "dtype", np.dtype(object)).kind in "OVSm":
        return matfile.Header((1, 1), "cell" if isinstance(value, list) else "struct", False)
    return matfile.Header(value.shape, matfile.class_of(value), value.dtype.kind == "c")


def class_problem(value: Any, kind: str | None, rows: Sequence[FileVariable]) -> str:
    header = header_of(value)
    expected = list(dict.fromkeys(name for row in rows for name in row.classes)) or _classes_of(kind)
    if _class_fits(header, expected, kind):
        return ""
    return f"is {class_text(header)}, but {' or '.join(expected)} was expected"


def _classes_of(kind: str | None) -> list[str]:
    """Classes of a variable of which only the kind is known."""
    if kind in ("text", "mask_column"):
        return ["char" if kind == "text" else "logical"]
    return ["double", "single"] + (
        ["double complex", "single complex", "logical", "sparse"] if kind == "matrix" else []
    )


def _class_fits(header: Header, expected: Sequence[str], kind: str | None) -> bool:
    said = class_text(header)
    if said in expected or (0 in header.shape and header.class_name in ("double", "single", "char")):
        return True
    if said in ("single", "double", "single complex", "double complex"):
        other = said.replace("single", "double") if "single" in said else said.replace("double", "single")
        return other in expected or ("logical" in expected and not header.is_complex)
    whole_number = "int" in header.class_name and not header.is_complex
    return whole_number and (kind in WHOLE or "logical" in expected)


# ---------------------------------------------------------------------- shapes


def shape_fits(text: str, shape: tuple[int, ...], bound: dict[str, Any]) -> bool:
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
    seen: dict[str, int] = {}
    for word, size in zip(words, (*shape, *(1,) * (len(words) - len(shape))), strict=True):
        if (sizes[word] if sizes[word] is not None else seen.setdefault(word, size)) != size:
            return False
    bound.update(seen)
    return True


def shape_text(text: str, bound: Mapping[str, Any]) -> str:
    """A described shape with its numbers, where they are known: ``'60 x 3 (n_ps x 3)'``."""
    sizes = shape_of(text, bound)
    return text if sizes is None or text == " x ".join(map(str, sizes)) else f"{' x '.join(map(str, sizes))} ({text})"


def upright(shape: tuple[int, ...], text: str, kind: str | None) -> tuple[int, ...]:
    """The shape of a vector turned as the description has it."""
    if kind in _VECTORS and len(shape) == 2 and 1 in shape:
        return (1, shape[0] * shape[1]) if text.startswith("1 x ") else (shape[0] * shape[1], 1)
    return shape


def shape_problem(value: Any, kind: str | None, rows: Sequence[FileVariable], bound: dict[str, Any]) -> str:
    return misshapen(header_of(value), kind, rows, bound)


def misshapen(header: Header, kind: str | None, rows: Sequence[FileVariable], bound: dict[str, Any]) -> str:
    shape = header.shape
    if header.class_name == "char" or not rows:
        vector = kind in _VECTORS and header.class_name != "char"
        flat = len(shape) == 2 and (1 in shape or 0 in shape)
        return f"is {by_text(shape)}, but a list of numbers was expected" if vector and not flat else ""
    texts = list(dict.fromkeys(text for row in rows for text in row.shapes))
    nothing = 0 in shape and not any(
        "0" in text.split() or "n_ps" in text for text in texts
    )  # of a size that nobody tells
    if not nothing and any(shape_fits(text, upright(shape, text, kind), bound) for text in texts):
        return ""
    if len(shape) == 2 and 0 in shape and any(0 in (shape_of(text, bound) or ()) for text in texts):
        return ""  # nothing is nothing
    others = {bound.get("of", {}).get(word) for word in " x ".join(texts).split(" x ")} - {None}
    taken = f", as {' and '.join(repr(name) for name in sorted(others))} tell" if others else ""
    return f"is {by_text(shape)}, but {' or '.join(shape_text(text, bound) for text in texts)} was expected{taken}"


def by_text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))

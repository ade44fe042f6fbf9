"""Kinds of damage to the variables of MAT files, each as another value of the same variable."""

import contextlib
import io

import numpy as np
import scipy.io
import scipy.sparse

from stamps.workspace import matfile

__all__ = ["damaged", "write"]


def write(path, content):
    """A MAT file without compression (quick), cells and structures included."""
    stored = {name: matfile._storable(value) for name, value in content.items()}
    scipy.io.savemat(path, stored, format="5", long_field_names=True)


def damaged(value):
    """Kind of damage -> damaged value, for a value in MATLAB's form."""
    if isinstance(value, str):
        return {"number": np.array([[7.0]]), "struct": {"a": value}, "cell": _cell(value), "empty": np.empty((0, 0))}
    full = value.toarray() if scipy.sparse.issparse(value) else value
    found = {
        "char": "".join("x" for _ in range(min(full.size, 5))) or "x",
        "digits": "12",
        "struct": {"a": full[:1]},
        "cell": _cell(full[:1]),
        "three_d": np.stack([full, full], axis=2),
    }
    if scipy.sparse.issparse(value) or full.size == 0:
        return found
    found |= _shapes(full) | _classes(full)
    if full.dtype.kind in "fc":
        found |= {
            f"{where}_{bad}": _with(full, bad, where)
            for bad in (np.nan, np.inf, -np.inf)
            for where in ("first", "last")
        }
    if full.dtype.kind == "f":
        found |= {f"{number:g}": _with(full, number, "last") for number in (0, -3, 1.5, 1e9)}
    return found


def _shapes(full):
    found = {
        "empty": np.empty((0, 0)),
        "row_missing": full[:-1],
        "row_extra": np.concatenate([full, full[-1:]]),
        "column_extra": np.concatenate([full, full[:, -1:]], axis=1),
        "one_number": full[:1, :1],
    }
    if full.shape[0] != full.shape[1]:
        found["transposed"] = full.T
    if full.shape[1] > 1:
        found["column_missing"] = full[:, :-1]
    if full.size > 1:
        found["long_row"] = full.reshape(1, -1)
    return found


def _classes(full):
    found = {"logical": full != 0, "int16": _quietly(full.real, np.int16), "uint8": _quietly(full.real, np.uint8)}
    if full.ndim == 2:
        found["sparse"] = scipy.sparse.csc_matrix(full.astype(complex if full.dtype.kind == "c" else float))
    found["real" if full.dtype.kind == "c" else "complex"] = full.real.copy() if full.dtype.kind == "c" else full + 1j
    if full.dtype.kind in "fc":
        found["other_precision"] = full.astype({"f4": "f8", "f8": "f4", "c8": "c16", "c16": "c8"}[full.dtype.str[1:]])
    return found


def _quietly(full, dtype):
    with np.errstate(invalid="ignore"):
        return full.astype(dtype)


def _with(full, number, where):
    spoilt = full.copy()
    spoilt[(0, 0) if where == "first" else (-1,) * full.ndim] = number
    return spoilt


def _cell(value):
    cell = np.empty((1, 1), object)
    cell[0, 0] = value
    return cell


@contextlib.contextmanager
def silence():
    """Context in which nothing is printed."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield

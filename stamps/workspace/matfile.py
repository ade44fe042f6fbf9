"""MAT files with exact classes: read v5, v7 and v7.3, write v7 (v7.3 for arrays of 2 GiB and more).

Values are what MATLAB would show: two- or more-dimensional arrays of class double, single, logical or an integer
class (complex where stored so), ``str`` for a char row, and ``scipy.sparse`` matrices. Nothing is squeezed and no index
is shifted here; the meaning of variables is the business of :mod:`stamps.workspace`.

Full numeric arrays of level-5 files, nearly all of the data, are read and written by :mod:`stamps.workspace.matfile5` without
copies; all else is read by pymatreader (SciPy and h5py below it) and written by SciPy and hdf5storage.
Source: docs/method/conventions.md, section 3.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.io
import scipy.sparse

from stamps.errors import WorkspaceError
from stamps.workspace import hdf5_inside, matfile5
from stamps.workspace.matfile_claims import check_elements, check_hdf5, check_nesting
from stamps.workspace.one_version import of_one_version

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace.matfile5 import Element


__all__ = ["LARGE_BYTES", "Header", "class_of", "headers", "names", "read", "write"]

#: From this size of one variable on a file is written as v7.3 (HDF5), because the v7 format ends there.
LARGE_BYTES = 2**31

#: Descriptive text of the file header, without a time: equal results are equal files.
_HEADER = b"MATLAB 5.0 MAT-file, written by stamps-insar".ljust(116)

_SUBSYSTEM = bytes(8)
_VERSION = struct.pack("<H2s", 0x0100, b"IM")
_COMPRESSED = 15  # miCOMPRESSED
_COMPLEX_FLAG = 0x0800  # among the flags of an array

_REAL = {"double": np.float64, "single": np.float32, "logical": np.bool_}
_COMPLEX = {"double": np.complex128, "single": np.complex64}
_FOREIGN = ("struct", "cell", "function", "object", "opaque", "unknown")  # handed through as the reader gives them


@of_one_version
def names(path: StrPath) -> list[str]:
    """Names of the variables of a MAT file, in file order, without reading their values."""
    path = Path(path)
    plain = _elements(path)
    found = [element.name for element in plain] if plain is not None else [name for name, _, _ in _entries(path)]
    return list(dict.fromkeys(found))


class Header(NamedTuple):
    """What a file tells of a variable without its values: shape, MATLAB class, whether it is complex."""

    shape: tuple[int, ...]
    class_name: str
    is_complex: bool


@of_one_version
def headers(path: StrPath) -> dict[str, Header]:
    """Headers of the variables of a MAT file, in file order.

    Returns
    -------
    dict of str to Header
        Of a variable that stands in the file more than once the last occurrence counts.

    Raises
    ------
    WorkspaceError
        The file is missing, or it is damaged or no MAT file.
    """
    path = Path(path)
    entries = _entries(path)
    try:
        flags = _complex_flags_v73(path) if _is_hdf5(path) else _complex_flags(path, len(entries))
    except (OSError, zlib.error, struct.error) as error:
        raise _damaged(path, error) from error
    return {
        name: Header(shape, kind, flags.get(name, False) if isinstance(flags, dict) else flags[k])
        for k, (name, shape, kind) in enumerate(entries)
    }


def _complex_flags(path: Path, n: int) -> list[bool]:
    """Whether the variables of a v5 or v7 file are complex, in file order (a few bytes of each are read)."""
    flags: list[bool] = []
    with open(path, "rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(128)[126:])
        while order and len(flags) < n:
            kind, size = struct.unpack(order + "II", file.read(8))
            start = file.tell()
            if kind == _COMPRESSED:  # the element inside has a tag of its own
                head = zlib.decompressobj().decompress(file.read(min(size, 512)), 24)[8:]
            else:
                head = file.read(16)
            flags.append(bool(struct.unpack(order + "III", head[:12])[2] & _COMPLEX_FLAG))
            file.seek(start + size)
    return flags + [False] * (n - len(flags))  # the old format 4 is not looked into


def _complex_flags_v73(path: Path) -> dict[str, bool]:
    import h5py

    with h5py.File(path) as file:
        types = {name: getattr(item, "dtype", None) for name, item in file.items()}
    return {name: dtype is not None and dtype.names is not None for name, dtype in types.items()}


@of_one_version
def read(path: StrPath, variables: Collection[str] | None = None) -> dict[str, Any]:
    """Read a MAT file.

    Parameters
    ----------
    path : path-like
        The file.
    variables : iterable of str, optional
        Read these variables only (those that exist). Default: all.

    Returns
    -------
    dict
        Name to value, in file order. Arrays keep MATLAB's class and shape (at least 2-D). Of a variable that
        stands in the file more than once the last occurrence counts.

    Raises
    ------
    WorkspaceError
        The file is missing, or it is damaged or no MAT file.
    """
    path = Path(path)
    chosen = None if variables is None else set(variables)
    plain = _elements(path)
    if plain is None:
        return _read_general(path, chosen)
    last = {element.name: element for element in plain}
    wanted = [name for name in last if chosen is None or name in chosen]
    others = [name for name in wanted if last[name].dtype is None]
    values = _read_general(path, others) if others else {}
    try:
        check_elements([last[name] for name in wanted], path.stat().st_size)
        with open(path, "rb") as file:
            return {name: values[name] if name in values else matfile5.read_array(file, last[name]) for name in wanted}
    except (ValueError, KeyError, EOFError, struct.error, zlib.error) as error:
        raise _damaged(path, error) from error


def _elements(path: Path) -> list[Element] | None:
    """The variables of a level-5 file by :mod:`stamps.workspace.matfile5`, or None if it is of another form or damaged."""
    try:
        _check_length(path)
        return matfile5.elements(path)
    except (OSError, ValueError, EOFError, struct.error, zlib.error):
        return None  # the general reader knows the form or says what is wrong


def _read_general(path: Path, variables: Collection[str] | None = None) -> dict[str, Any]:
    """As :func:`read`, for files and variables of every form."""
    import pymatreader

    entries = _entries(path)
    if variables is not None:
        entries = [entry for entry in entries if entry[0] in variables]
    if not entries:
        return {}
    try:
        if _is_hdf5(path):
            check_hdf5(path, [name for name, _, _ in entries])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Unreadable variable")
            # a name is passed as often as it occurs: the reader stops when it has met all of its list
            wanted = [name for name, _, _ in entries]
            values = pymatreader.read_mat(path, variable_names=wanted, uint16_codec=_char_codec(path))
        last = {name: (shape, kind) for name, shape, kind in entries}
        return {name: _restore(values[name], shape, kind) for name, (shape, kind) in last.items()}
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise _damaged(path, error) from error


def write(path: StrPath, variables: Mapping[str, Any]) -> None:
    """Write a MAT file (not atomic: see :class:`stamps.workspace.Workspace` for that).

    Parameters
    ----------
    path : path-like
        The file to create.
    variables : dict
        Name to array (2-D or more), ``str`` or sparse matrix.
    """
    if any(_n_bytes(value) >= LARGE_BYTES for value in variables.values()):
        _write_v73(path, variables)
        return
    with open(path, "wb") as stream:
        stream.write(_HEADER + _SUBSYSTEM + _VERSION)
        for name, value in variables.items():
            storable = _storable(value)
            if matfile5.is_numeric(storable):
                matfile5.write_array(stream, name, storable)
                continue
            compressed = matfile5.deflate(_element(name, storable))
            stream.write(struct.pack("<II", _COMPRESSED, len(compressed)))
            stream.write(compressed)


def _element(name: str, value: Any) -> memoryview:
    """One variable as an uncompressed element of a v5 file."""
    stream = io.BytesIO()
    scipy.io.savemat(
        stream,  # type: ignore[arg-type]  # SciPy's stubs know no streams
        {name: value},
        format="5",
        do_compression=False,
        long_field_names=True,
    )
    return stream.getbuffer()[128:]


def class_of(value: Any) -> str:
    """MATLAB class name of a value: ``'single'``, ``'double'``, ``'logical'``, ``'char'``, ``'sparse'`` …"""
    if isinstance(value, str):
        return "char"
    if _is_sparse(value):
        return "sparse"
    kind = np.asarray(value).dtype
    if kind.kind == "U":
        return "char"
    known = {"float64": "double", "complex128": "double", "float32": "single", "complex64": "single", "bool": "logical"}
    return known.get(kind.name, kind.name)


def _entries(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, shape and class of every variable of a MAT file, in file order; names can occur more than once."""
    import pymatreader

    if not path.exists():
        raise WorkspaceError(f"{path} is missing.")
    try:
        _check_length(path)
        if _is_hdf5(path):
            hdf5_inside.check_inside(path)
        else:
            check_nesting(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entries = pymatreader.whosmat(path)
    except WorkspaceError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    return [(name, tuple(shape), kind) for name, shape, kind in entries if not name.startswith("__")]


def _char_codec(path: Path) -> str:
    """Code of 16-bit characters in a level-5 file, from the byte order that its header tells."""
    with open(path, "rb") as stream:
        return "utf-16-be" if stream.read(128)[126:] == b"MI" else "utf-16-le"


def _check_length(path: Path) -> None:
    """Raise EOFError if a v5 or v7 file ends within a variable (readers pass over that in silence)."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        mark = file.read(128)[126:128]
        order = {b"IM": "<", b"MI": ">"}.get(mark)
        if order is None or file.read(4) == b"" or _is_hdf5(path):
            return  # no v5 header: the reader knows or complains
        position = 128
        while position < size:
            file.seek(position)
            tag = file.read(8)
            if len(tag) < 8:
                raise EOFError("the file ends within a variable")
            position += 8 + struct.unpack(order + "II", tag)[1]
    if position != size:
        raise EOFError("the file ends within a variable")


def _is_hdf5(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(512)
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _damaged(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(
        f"{path} cannot be read as a MAT file ({type(error).__name__}: {error}): it is damaged or incomplete; "
        "restore it or delete it and run the step that writes it again."
    )


def _restore(value: Any, shape: tuple[int, ...], kind: str) -> Any:
    """Give a value of pymatreader its MATLAB class and shape back."""
    if kind == "char":
        if isinstance(value, str):
            return value
        flat = np.asarray(value).ravel()
        return "" if flat.size == 0 else "\n".join(str(line) for line in flat)
    if kind == "sparse" or _is_sparse(value):
        number: type[Any] = np.bool_ if kind == "logical" else np.complex128 if value.dtype.kind == "c" else np.float64
        return scipy.sparse.csc_matrix(value, dtype=number)
    if kind in _FOREIGN:
        return value
    array = np.asarray(value)
    if np.prod(shape) == 0:
        return np.empty(shape, dtype=_REAL.get(kind) or np.dtype(kind))
    target = (_COMPLEX if array.dtype.kind == "c" else _REAL).get(kind) or np.dtype(kind)
    return np.asarray(array, dtype=target).reshape(shape)


def _is_sparse(value: object) -> bool:
    return bool(scipy.sparse.issparse(value))


def _n_bytes(value: Any) -> int:
    if _is_sparse(value):
        return 16 * value.nnz
    return value.nbytes if isinstance(value, np.ndarray) else 0


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value else np.empty((0, 0), dtype="U1")
    if _is_sparse(value):
        return scipy.sparse.csc_matrix(value)
    if isinstance(value, (dict, list)):
        return value
    return np.atleast_2d(np.asarray(value))


def _write_v73(path: StrPath, variables: Mapping[str, Any]) -> None:
    import h5py
    import hdf5storage

    path = Path(path)
    if path.exists():
        path.unlink()
    dense = {name: _storable(value) for name, value in variables.items() if not _is_sparse(value)}
    hdf5storage.savemat(
        str(path),
        dense,
        format="7.3",
        appendmat=False,
        store_python_metadata=False,
        matlab_compatible=True,
        compress=True,
        oned_as="column",
    )
    with h5py.File(path, "r+") as file:
        for name, value in variables.items():
            if _is_sparse(value):
                matrix = scipy.sparse.csc_matrix(value)
                group = file.create_group(name)
                group.attrs["MATLAB_class"] = np.bytes_("double")
                group.attrs["MATLAB_sparse"] = np.uint64(matrix.shape[0])
                group.create_dataset("jc", data=matrix.indptr.astype(np.uint64))
                if matrix.nnz:
                    group.create_dataset("data", data=matrix.data.astype(np.float64))
                    group.create_dataset("ir", data=matrix.indices.astype(np.uint64))

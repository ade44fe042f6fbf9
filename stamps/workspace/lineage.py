"""What each result was made from: kept beside the files, unknown to the original.

Every directory has a hidden file that tells of each result the program, the time, the files read by then with a digest of their
content, and the parameters asked for. It is published together with the results. Nobody lists inputs by hand: the workspace
notes what is read (:class:`Reads`), and :func:`record` writes it down when the files are published. What the record means for a
result is judged by :mod:`stamps.workspace.freshness`.

A record that cannot be understood counts as none, and so does that of a file which was changed by something else since.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import StampsError
from stamps.matlab import literals
from stamps.workspace.plain_files import read_json
from stamps.workspace.variables import WRITTEN_BY_STEP

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Workspace


__all__ = ["FILE", "Book", "Entry", "Reads", "Run", "digest_of", "record"]

#: Where the record of a directory is kept.
FILE = ".stamps-lineage.json"

_FORMAT = 1
_LARGEST_RECORD = 64 << 20  # bytes; a larger one is not ours
_STATE = ("parms", "localparms", "psver", "no_ps_info")  # how a project is set up, not what was computed
_PLAIN = re.compile(r"[^/\\\0]{1,255}")

_TEXT_HEADER = 116  # bytes of a level-5 MAT file in which other programs write the date
_BLOCK = 64 << 10
_WHOLE = 16 << 20  # files up to this size are read completely
_ENTRY_FIELDS: dict[str, type | tuple[type, ...]] = {
    "digest": str,
    "size": int,
    "mtime_ns": int,
    "run": (int, type(None)),
    "n_inputs": int,
}


# ---------------------------------------------------------------------- what is read and written


class Reads:
    """What a workspace read since it last published a result, in the order of reading.

    Parameters
    ----------
    parent : Reads, optional
        Of the directory above: it is told, too.
    folder : str
        Name of this directory in it.

    Attributes
    ----------
    names : dict
        Names of files (as an ordered set), those of directories below with their folder.
    parameters : dict
        Name to MATLAB literal.
    outputs : dict
        Name of each file written in the publication under way to the number of names read by then.
    """

    def __init__(self, parent: Reads | None = None, folder: str = "") -> None:
        self.names: dict[str, None] = {}
        self.parameters: dict[str, str] = {}
        self.outputs: dict[str, int] = {}
        self._parent, self._prefix = parent, f"{folder}/"

    def note(self, name: StrPath) -> None:
        """A file is about to be read."""
        if is_result(name) or str(name).startswith("pscands.1."):
            self._add(str(name))

    def parameter(self, name: str, value: NDArray[np.float64] | float | str | None) -> None:
        """A parameter was asked for."""
        if value is None or isinstance(value, str) or np.asarray(value).dtype.kind in "fiub":
            self.parameters[name] = "[]" if value is None else literals.format_literal(value)

    def written(self, name: StrPath) -> None:
        """A file was written."""
        self.outputs[str(name)] = len(self.names)

    def forget(self) -> None:
        """Begin anew: what was read belongs to a result that is recorded."""
        for name in self.names:
            if self._parent is not None:
                self._parent.names.pop(self._prefix + name, None)
        self.names, self.parameters = {}, {}

    def _add(self, name: str) -> None:
        self.names.setdefault(name)
        if self._parent is not None:
            self._parent._add(self._prefix + name)


def is_result(name: StrPath) -> bool:
    """Whether a file holds results: MAT files of the directory itself, but not its parameters, version and flags."""
    name = str(name)
    return name.endswith(".mat") and "/" not in name and name.removesuffix(".mat") not in _STATE and name[:4] != "tmp_"


# ---------------------------------------------------------------------- the record


@dataclass(frozen=True)
class Entry:
    """What is known of a file.

    Attributes
    ----------
    digest : str
        Of its content.
    size, mtime_ns : int
        When it had this content: while both are as they were the file is not read again.
    run : int or None
        Number of the publication that made it; None for a file of other origin that was read.
    n_inputs : int
        How many of the inputs of that publication had been read when it was written.
    """

    digest: str
    size: int
    mtime_ns: int
    run: int | None = None
    n_inputs: int = 0


@dataclass(frozen=True)
class Run:
    """One publication: program, time (ISO 8601, UTC), inputs as (name, digest) in the order of reading, parameters."""

    program: str
    time: str
    inputs: list[tuple[str, str]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class Book:
    """The record of a directory: runs by number and files by name."""

    runs: dict[int, Run]
    files: dict[str, Entry]

    @classmethod
    def of(cls, ws: Workspace) -> Book:
        """Read the record of a directory; one that is missing, damaged or forged is empty.

        Parameters
        ----------
        ws : Workspace

        Returns
        -------
        Book
        """
        try:
            return cls._understood(read_json(ws.place_of(FILE), _LARGEST_RECORD))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, StampsError):
            return cls({}, {})

    @classmethod
    def _understood(cls, content: Mapping[str, Any]) -> Book:
        if content["format"] != _FORMAT:
            return cls({}, {})
        runs = {int(number): _run(run) for number, run in content["runs"].items()}
        files = {name: _entry(entry) for name, entry in content["files"].items() if _PLAIN.fullmatch(name)}
        return cls(runs, {name: entry for name, entry in files.items() if entry.run is None or entry.run in runs})

    def text(self) -> str:
        """For the file: JSON without runs of which no file is left."""
        used = {entry.run for entry in self.files.values()}
        runs = {number: asdict(run) for number, run in self.runs.items() if number in used}
        files = {name: asdict(entry) for name, entry in self.files.items()}
        return json.dumps({"format": _FORMAT, "runs": runs, "files": files}, indent=0, ensure_ascii=False) + "\n"

    def made_from(self, name: str) -> list[tuple[str, str]]:
        """Inputs of a file as (name, digest); nothing for one of other origin."""
        entry = self.files.get(name)
        return [] if entry is None or entry.run is None else self.runs[entry.run].inputs[: entry.n_inputs]

    def digest(self, ws: Workspace, name: str) -> str | None:
        """Digest of a file of the directory as it is now; None if it is not there."""
        return _digest_now(self, ws.place_of(name), name)


def _run(content: Mapping[str, Any]) -> Run:
    """A run as it was stored; names that lead elsewhere are left out."""
    inputs = [(str(name), str(digest)) for name, digest in content["inputs"]]
    parameters = {str(name): str(value) for name, value in content["parameters"].items()}
    inputs = [(name if _is_below(name) else "", digest) for name, digest in inputs]  # as many as were counted
    return Run(str(content["program"]), str(content["time"]), inputs, parameters)


def _is_below(name: str) -> bool:
    """Whether an input is a file of the directory or of one in it."""
    parts = name.split("/")
    return len(parts) <= 2 and all(_PLAIN.fullmatch(part) and part not in (".", "..") for part in parts)


def _entry(content: Mapping[str, Any]) -> Entry:
    values = {name: content[name] for name in _ENTRY_FIELDS}
    for name, kind in _ENTRY_FIELDS.items():
        if not isinstance(values[name], kind):
            raise TypeError(name)
    return Entry(**values)


# ---------------------------------------------------------------------- digests


def digest_of(path: StrPath) -> str | None:
    """Digest of the content of a file.

    The text at the beginning of a level-5 MAT file, where other programs write the date, does not count. Of files larger than
    16 MiB blocks of 64 KiB, evenly spread over the file, and the size stand for the content: results are compressed, so that a
    change anywhere shifts what follows it.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    str or None
        None if there is no such regular file, or it cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            total = hashlib.sha256(b"%d" % size)
            file.seek(_TEXT_HEADER if file.read(6) == b"MATLAB" else 0)
            if size <= _WHOLE:
                total.update(file.read())
            else:
                for start in np.linspace(file.tell(), size - _BLOCK, _WHOLE // _BLOCK, dtype=np.int64):
                    file.seek(int(start))
                    total.update(file.read(_BLOCK))
            return total.hexdigest()[:32]
    except OSError:
        return None


def _digest_now(book: Book, path: StrPath, name: str) -> str | None:
    """Digest of a file, from the record while size and time of the file are as they were."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    known = book.files.get(name)
    if known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return known.digest
    return digest_of(path)


# ---------------------------------------------------------------------- recording


def record(ws: Workspace, staged: Mapping[str, Path | None]) -> None:
    """Write down what the results of a publication were made from, as part of it.

    Parameters
    ----------
    ws : Workspace
        About to publish.
    staged : dict
        Name to the path of the file to be put in place, or to None where it is to be deleted.
    """
    outputs = {name: n for name, n in ws.reads.outputs.items() if is_result(name) and staged.get(name) is not None}
    book = Book.of(ws)
    deleted = {name for name, path in staged.items() if path is None and name in book.files}
    place = ws.path / FILE
    if not outputs and not deleted or (os.path.lexists(place) and (place.is_symlink() or not place.is_file())):
        return  # nothing to say, or something else has the name
    if not (book.files or ws.has_file("psver.mat") or any(step_of(name) is not None for name in outputs)):
        return  # no project: a plot that is saved elsewhere
    for name in deleted:
        del book.files[name]
    if outputs:
        _add(book, ws, outputs, staged)
    ws.write_text(FILE, book.text())
    ws.reads.forget()


def _add(book: Book, ws: Workspace, outputs: Mapping[str, int], staged: Mapping[str, Path | None]) -> None:
    """Add a run with its files; inputs of other origin are remembered, so that they are not read again."""
    number = max(book.runs, default=0) + 1
    inputs, books = _inherited(book, ws, outputs), {"": (ws, book)}
    for name, n in outputs.items():
        path = staged[name]
        assert path is not None, "what is deleted is no output"
        status, digest = os.stat(path), digest_of(path)
        if digest is not None:
            book.files[name] = Entry(digest, status.st_size, status.st_mtime_ns, number, len(inputs) + n)
    for name in ws.reads.names:
        folder, _, file = name.rpartition("/")
        if folder not in books:
            books[folder] = (ws / folder, Book.of(ws / folder))
        place, its = books[folder]
        digest = book.files[name].digest if name in outputs else its.digest(place, file)
        inputs.append((name, digest or ""))
        if not folder and name not in outputs and digest:
            _remember(book, place, name, digest)
    book.runs[number] = Run(_program(), _now(), inputs, dict(sorted(ws.reads.parameters.items())))


def _inherited(book: Book, ws: Workspace, outputs: Mapping[str, int]) -> list[tuple[str, str]]:
    """What files that are changed, made from themselves, were made from and this run has not read: it still counts.

    What was made from them in its turn does not: it is about to be made anew.
    """
    changed = {name for name in outputs if name in ws.reads.names}
    sources = dict(source for name in changed for source in book.made_from(name))
    known = {"", *ws.reads.names, *outputs}
    later = {name for name in sources if changed & {source for source, _ in book.made_from(name)}}
    return [item for item in sources.items() if item[0] not in known | later]


def _remember(book: Book, ws: Workspace, name: str, digest: str) -> None:
    """Keep the digest of a file with its size and time; the record of a file that has changed since is void."""
    known = book.files.get(name)
    with contextlib.suppress(OSError):
        status = os.stat(ws.place_of(name))
        run, n = (known.run, known.n_inputs) if known is not None and known.digest == digest else (None, 0)
        book.files[name] = Entry(digest, status.st_size, status.st_mtime_ns, run, n)


def _program() -> str:
    from stamps import __version__

    return f"stamps-insar {__version__}"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def step_of(name: str) -> int | None:
    """The step that writes a file of the directory, or None: 6 for ``phuw2.mat``, 0 for the candidate files."""
    stem = str(name).removesuffix(".mat")
    return 0 if stem.startswith("pscands.1.") else WRITTEN_BY_STEP.get(stem)

"""One directory of a project: its MAT files, versions, flags, patch list and log.

The only place that knows how files store things: indices from 1, MATLAB classes, row and column orientation (table in
:mod:`stamps.workspace.variables`). Everything read here is 0-based NumPy with one-dimensional vectors.

Writing is all or nothing. Inside ``with workspace.publish():`` every file goes to a hidden staging folder first and
reads see what was staged; at the end the files are renamed to their places at once. A process that dies before that
leaves the directory as it was; one that dies during the renaming is completed by the next command
(:meth:`Workspace.recover`) or by the next :meth:`Workspace.publish`, whichever comes first.

Source: docs/method/conventions.md, sections 1 to 5.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import scipy.sparse

from stamps.errors import WorkspaceError
from stamps.workspace import contents, freshness, journal, lineage, locks, matfile, patch_names
from stamps.workspace.journal import COMMIT as _COMMIT
from stamps.workspace.journal import STAGING as _STAGING
from stamps.workspace.journal import MalformedJournal, discard, flat, replay, sync, sync_folder
from stamps.workspace.locks import acquire as _acquire
from stamps.workspace.locks import active as _active
from stamps.workspace.locks import in_use as _in_use
from stamps.workspace.locks import owner as _owner
from stamps.workspace.plain_files import read_input, read_input_bytes
from stamps.workspace.system_errors import incomplete, remedy
from stamps.workspace.variables import MADE_BY_COMMAND, WRITTEN_BY_STEP, kind_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace.matfile import Header


__all__ = ["Interruption", "Variables", "Workspace"]

#: What the system says of a place that cannot be written; anything else is no matter of the directory.
_WRITE_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ESTALE,
)  # fmt: skip


class Variables(dict):
    """Variables of one file: a dict whose missing keys are explained with the file's name."""

    def __init__(self, source: StrPath, content: tuple[Any, ...] | Mapping[str, Any] = ()) -> None:
        super().__init__(content)
        self.source = source

    def __missing__(self, name: str) -> NoReturn:
        raise WorkspaceError(
            f"{self.source} has no variable '{name}': the file is incomplete or of another version; "
            "run the step that writes it again."
        )


class Interruption(NamedTuple):
    """A staging folder: where it is, whether its command may still be at work, and what it was about to publish.

    ``plan`` maps file names to True (to be put in place) or False (to be deleted); None if nothing was complete yet.
    ``flaw`` says why a folder is none that a command leaves (then nothing of it is used), else None.
    """

    folder: Path
    in_use: bool
    plan: dict | None
    flaw: str | None = None


class Workspace:
    """A project, patch or merged directory.

    Parameters
    ----------
    directory : path-like or Workspace, optional
        The directory (default: the current one, resolved when the object is made).
    """

    def __init__(self, directory: StrPath = ".") -> None:
        self.path = Path(os.path.abspath(directory))
        self._staging = None
        self._lease = None  # of the staging folder, as soon as there is one
        self._staged = {}  # final name -> staged path, or None where the file is to be deleted
        self._lock = threading.RLock()
        self._durable = True
        self.reads = lineage.Reads()
        self.on_load = None  # told the name of each MAT file before it is read: may refuse one that is out of date
        self._afterwards = []  # what is to be done when the publication under way has succeeded

    @classmethod
    def at(cls, directory: StrPath | Workspace = ".") -> Workspace:
        """The workspace of a directory; a workspace is returned as it is."""
        return directory if isinstance(directory, cls) else cls(directory)

    def __repr__(self):
        return f"Workspace({str(self.path)!r})"

    def __truediv__(self, name: str) -> Workspace:
        """The workspace of a sub-directory."""
        folder = Workspace(self.path / name)
        folder._durable = self._durable
        folder.reads = lineage.Reads(self.reads, str(name))
        if self.on_load is not None:
            folder.on_load = lambda file, told=self.on_load: told(f"{name}/{file}")
        return folder

    @property
    def name(self) -> str:
        """Last component of the path, as the log shows it."""
        return self.path.name

    # ------------------------------------------------------------------ files

    def file(self, name: StrPath) -> Path:
        """Path to read a file from: the staged one inside :meth:`publish`, else the published one."""
        self.reads.note(name)
        return self.place_of(name)

    def place_of(self, name: StrPath) -> Path:
        """As :meth:`file`, for those who do not read what is in it."""
        staged = self._staged.get(str(name))
        return staged if staged is not None else self.path / name

    def has_file(self, name: str) -> bool:
        """Whether a file exists, staged changes included."""
        name = str(name)
        if name in self._staged:
            return self._staged[name] is not None
        return (self.path / name).is_file()

    def exists(self, name: str) -> bool:
        """Whether the MAT file ``name`` (without ``.mat``) exists."""
        return self.has_file(_mat(name))

    def find(self, name: str, levels: int = 3) -> Path | None:
        """First of ``./name``, ``../name``, … ``levels`` directories deep, as a Path, or None."""
        if self.has_file(name):
            return self.file(name)
        folder = self.path
        for _ in range(levels - 1):
            folder = folder.parent
            if (folder / name).is_file():
                return folder / name
        return None

    # ------------------------------------------------------------------ MAT files

    def load(self, name: str, variables: Sequence[str] | set[str] | None = None, *, fitting: bool = True) -> Variables:
        """Read a MAT file.

        Parameters
        ----------
        name : str
            File name without ``.mat``, version included (``'ps2'``).
        variables : iterable of str, optional
            Read only these.
        fitting : bool
            Whether the file must fit the pixels of the directory; False where the caller finds out itself.

        Returns
        -------
        Variables
            Name to value as :mod:`stamps.workspace.variables` says: 0-based indices, 1-D vectors, ``None`` for 0x0.

        Raises
        ------
        WorkspaceError
            The file is missing (the message names the step that writes it), damaged, or a variable is not as described
            (:mod:`stamps.workspace.contents`).
        """
        if not self.exists(name):
            raise WorkspaceError(self._missing(name))
        if self.on_load is not None and _mat(name) not in self._staged:
            self.on_load(name)
        variables = None if variables is None else set(variables)
        raw = matfile.read(self.file(_mat(name)), variables)
        source = self.path / _mat(name)
        self._check(source, name, raw, variables, fitting)
        if _mat(name) not in self._staged:
            freshness.refuse_placeholder(self, name, raw)
        return Variables(source, {key: _inward(source, name, key, value) for key, value in raw.items()})

    def _check(
        self, source: StrPath, name: str, raw: Mapping[str, NDArray[Any]], wanted: set[str] | None, fitting: bool
    ) -> None:
        """Compare what was read with the description of the file and with the pixel table of the directory."""
        table = "ps1" if name.endswith("1") else "ps2"
        known = contents.dimensions(self.place_of(_mat(table)), lambda: self._again(table)) if fitting else {}
        contents.check(source, name, raw, known, lambda: self._again(name), wanted, self.name.startswith("PATCH_"))

    def _again(self, name: str) -> str:
        step = self._writer(name)
        return f"run step {step} again (stamps {step} {step})" if step else "make the file again"

    def load_optional(self, name: str, variables: Sequence[str] | None = None) -> Any:
        """As :meth:`load`, but an empty :class:`Variables` if the file does not exist."""
        return self.load(name, variables) if self.exists(name) else Variables(self.path / _mat(name))

    def variables_of(self, name: str) -> list[str]:
        """Names of the variables of a MAT file (empty if there is no such file)."""
        return matfile.names(self.place_of(_mat(name))) if self.exists(name) else []

    def headers_of(self, name: str) -> dict[str, Header]:
        """Shape and class of the variables of a MAT file (:func:`.matfile.headers`); empty if there is no file."""
        return matfile.headers(self.place_of(_mat(name))) if self.exists(name) else {}

    def save(self, name: str, variables: Mapping[str, Any], *, append: bool = True) -> None:
        """Write variables to a MAT file with exact MATLAB classes, atomically.

        Parameters
        ----------
        name : str
            File name without ``.mat``, version included.
        variables : dict
            Name to value in the package's form (0-based, 1-D vectors, ``None`` for 0x0).
        append : bool
            Keep other variables of an existing file (the original's ``stamps_save``); False: write the file anew.
        """
        content = {key: _outward(name, key, value) for key, value in variables.items()}
        self.save_raw(name, content, append=append)

    def save_raw(self, name: str, variables: Mapping[str, Any], *, append: bool = True) -> None:
        """As :meth:`save` with values that are already in MATLAB's form (2-D arrays, indices from 1)."""
        with self.publish():
            content = dict(variables)
            if append and self.exists(name):
                kept = [key for key in self.variables_of(name) if key not in content]
                if kept:
                    content = {**matfile.read(self.place_of(_mat(name)), kept), **content}
            with self._writing(_mat(name)) as path:
                matfile.write(path, content)

    def load_raw(self, name: str) -> Variables:
        """Read a MAT file in MATLAB's own form."""
        if not self.exists(name):
            raise WorkspaceError(self._missing(name))
        return Variables(self.path / _mat(name), matfile.read(self.file(_mat(name))))

    # ------------------------------------------------------------------ other files

    def read_text(self, name: str) -> str:
        """Content of a text file of the directory."""
        if not self.has_file(name):
            raise WorkspaceError(f"{self.path / name} is missing: run the preparation (mt_prep_snap …) first.")
        return read_input(self.file(name))

    def write_text(self, name: str, text: str) -> None:
        """Write a text file atomically."""
        with self.open_output(name) as path:
            path.write_text(text, errors="surrogateescape")  # names of files may have any bytes

    @contextlib.contextmanager
    def open_output(self, name: str) -> Iterator[Path]:
        """Context that gives a temporary path; the file takes its place when the context ends without error."""
        with self.publish(), self._writing(name) as path:
            yield path

    def put_file(self, name: str, source: StrPath) -> None:
        """Publish a copy of an existing file under ``name``."""
        with self.open_output(name) as path:
            shutil.copyfile(source, path)

    def delete(self, *names: str) -> None:
        """Delete files that exist (full names, ``.mat`` included)."""
        with self.publish():
            for name in names:
                if self.has_file(name):
                    self._member(name)
                    self._forget(name)
                    self._staged[str(name)] = None

    def rename(self, name: str, new_name: str) -> None:
        """Rename a file (full names), as one of the changes that :meth:`publish` makes."""
        with self.publish():
            if not self.has_file(name):
                raise WorkspaceError(f"{self.path / name} is missing: it cannot be renamed to {new_name}.")
            if str(name) == str(new_name):
                return
            self._member(name)
            source = self.place_of(name)
            target = self._stage_path(new_name)
            try:
                if source.is_symlink():
                    raise OSError  # what it leads to is copied: only plain files are put in place
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)
            self._forget(name)
            self._staged[str(name)] = None
            self._staged[str(new_name)] = target

    # ------------------------------------------------------------------ one run at a time

    @contextlib.contextmanager
    def reserved(self, shared: bool = False) -> Iterator[Workspace]:
        """Context in which no other run works in this directory (:func:`stamps.workspace.locks.reserved`).

        Parameters
        ----------
        shared : bool
            Others that ask so, too, may work here: runs that divide the patches among themselves.

        Raises
        ------
        WorkspaceError
            Another run is at work here, or the directory cannot be opened.
        """
        with locks.reserved(self.path, shared):
            yield self

    # ------------------------------------------------------------------ publishing

    @contextlib.contextmanager
    def publish(self) -> Iterator[Workspace]:
        """All files written, renamed and deleted inside appear together at the end, or not at all.

        Nested use joins the outer one. On an error (or a kill) nothing of the directory has changed.
        """
        with self._lock:
            if self._staging is not None:
                yield self
                return
            self.recover()
            self._staging = self.path / f"{_STAGING}{_owner()}"
            self._staged, self._afterwards = {}, []
            _active.add(str(self._staging))
            try:
                yield self
                self._commit()
                for action in self._afterwards:
                    action()
            except OSError as error:
                explained = self._explained(error)
                if explained is None:
                    raise
                raise explained from error
            finally:
                if not (self._staging / _COMMIT).is_file():  # else put in place by the next command
                    shutil.rmtree(self._staging, ignore_errors=True)
                if self._lease is not None:
                    self._lease.give_back()
                _active.discard(str(self._staging))
                self._staging = self._lease = None
                self._staged = {}
                self.reads.outputs = {}

    def when_published(self, action: Callable[..., Any]) -> None:
        """Call ``action()`` when the publication under way has succeeded; at once outside of one."""
        with self._lock:
            if self._staging is None:
                action()
            else:
                self._afterwards.append(action)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Workspace]:
        """A hidden, empty folder on the same disk, as a Workspace.

        It is removed when the context ends; one left by a killed process is discarded by :meth:`recover`.
        """
        self.recover()
        folder = self.path / f"{_STAGING}{_owner()}"
        _active.add(str(folder))
        lease = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lease = locks.Lease(folder)
            room = Workspace(folder)
            room._durable = False  # it does not survive its process, so nothing in it need reach the disk
            yield room
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if lease is not None:
                lease.give_back()
            _active.discard(str(folder))

    def interrupted(self) -> list[Interruption]:
        """What interrupted commands left behind, without touching it.

        Returns
        -------
        list of Interruption
        """
        found = []
        for folder in sorted(self.path.glob(f"{_STAGING}*")) if self.path.is_dir() else []:
            in_use, plan, flaw = _in_use(folder), None, None
            try:
                plan = journal.plan_of(folder)
            except MalformedJournal as error:
                flaw = str(error)
            except OSError:
                pass  # it has just gone, or cannot be read
            found.append(Interruption(folder, in_use, plan, flaw))
        return found

    def as_recovered(self) -> Workspace:
        """The directory as :meth:`recover` would leave it, for reading: a new Workspace that changes nothing."""
        view = Workspace(self.path)
        for left in self.interrupted():
            if left.plan is not None and not left.in_use:
                for name, written in left.plan.items():
                    staged = left.folder / flat(name)
                    if not written:
                        view._staged[name] = None
                    elif staged.is_file():
                        view._staged[name] = staged
        return view

    def recover(self) -> list[str]:
        """Complete or discard what an interrupted command left behind.

        Returns
        -------
        list of str
            One sentence for each staging folder that was found.

        Raises
        ------
        WorkspaceError
            A folder is none that a command leaves: nothing of it was used, it is out of the way now. Or files cannot be put
            in their places.
        """
        messages = []
        if not self.path.is_dir():
            return messages
        locks.remove_stale(self.path)
        for folder in sorted(self.path.glob(f"{_STAGING}*")):
            if _in_use(folder) and not locks.outlasts(folder):
                continue
            try:
                plan = journal.plan_of(folder)
                if plan is not None:
                    replay(folder, self.path, plan)
            except FileNotFoundError:
                continue  # another process was faster
            except MalformedJournal as error:
                messages.append(self._refused(folder, error))
                continue
            except OSError as error:
                raise WorkspaceError(
                    f"An interrupted save in {self.path} cannot be completed ({error.strerror}: {error.filename}): "
                    f"make room for its files there and try again, or give it up by deleting {folder.name}."
                ) from error
            discard(folder)
            what = "Discarded an interrupted, unpublished save" if plan is None else "Completed an interrupted save"
            messages.append(f"{what} in {self.path}")
        return messages

    def _refused(self, folder: StrPath, flaw: MalformedJournal) -> str:
        """Put aside what is no staging folder and say so as an error; where it cannot be moved, the sentence is returned."""
        what = f"{folder} is not what an interrupted save leaves ({flaw}): nothing of it was used"
        try:
            aside = journal.set_aside(folder)
        except OSError as error:
            return f"{what}; delete it ({error.strerror})"
        raise WorkspaceError(
            f"{what}, and it is called {aside.name} now. Delete that and give the command again; if a step was interrupted "
            "here, run that step again first."
        )

    def _commit(self) -> None:
        if not self._staged:
            return
        if self._durable:
            lineage.record(self, dict(self._staged))
        plan = {journal.member(name): (path is not None) for name, path in self._staged.items()}
        self._check_links(plan)
        self._open_staging()
        if self._durable:
            for name, written in plan.items():
                if written and name != lineage.FILE:  # a torn record counts as none
                    sync(self._staging / flat(name))
        marker = self._staging / (_COMMIT + ".tmp")
        marker.write_text(json.dumps(plan))
        if self._durable:
            sync(marker)
        os.replace(marker, self._staging / _COMMIT)
        if self._durable:
            sync_folder(self._staging)
        locks.note_publication()
        replay(self._staging, self.path, plan, self._durable)
        discard(self._staging)

    def _explained(self, error: Any) -> WorkspaceError | None:
        """One sentence for an OSError of a save; None if it is not about writing here."""
        if (self._staging / _COMMIT).is_file():
            return WorkspaceError(
                f"The files of {self.path} are written, but not all could be put in their places "
                f"({error.strerror}: {error.filename}): make room there; the next command completes it."
            )
        here = error.filename is None or Path(os.path.abspath(error.filename)).is_relative_to(self.path)
        if here and (error.errno in _WRITE_ERRORS or incomplete(error)):
            kept = (
                "This step changed nothing; what was complete before is kept"
                if locks.published()
                else "Nothing was changed"
            )
            return WorkspaceError(f"Cannot write in {self.path}: {remedy(error)}. {kept}.")
        return None

    def _stage_path(self, name: str) -> Path:
        name = self._member(name)
        self._open_staging()
        return self._staging / flat(name)

    def _member(self, name: str) -> str:
        """The name, if it is one of a file inside of the directory."""
        try:
            return journal.member(name)
        except MalformedJournal as error:
            raise WorkspaceError(
                f"Nothing is written outside of {self.path}: {error}. Give a name inside of it."
            ) from None

    def _check_links(self, plan: Mapping[str, bool]) -> None:
        """WorkspaceError if a file of the plan would be put where a link leads."""
        try:
            for name in plan:
                journal.check_no_links(self.path, name)
        except MalformedJournal as error:
            raise WorkspaceError(f"Cannot write in {self.path}: {error}. Put the folder itself there.") from None

    def _open_staging(self) -> None:
        """Make the staging folder, if it is not there yet."""
        locks.check_place(self.path)
        if self._lease is None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lease = locks.Lease(self._staging)

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        target = self._stage_path(name)
        temporary = target.with_name(target.name + ".%part")  # no flat name ends so
        yield temporary
        os.replace(temporary, target)
        self._staged[str(name)] = target
        self.reads.written(name)

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[Workspace]:
        """Context in which no other process or thread is inside ``locked(name)`` of the same directory.

        The lock is a hidden file that goes away afterwards; one left by a killed process is taken over. Where locks
        are not possible (no permission to write, no support by the file system) the context is entered without one.
        Not reentrant. A lock file that is a link or no regular file is a WorkspaceError.
        """
        path = self.path / f".{name}.lock"
        descriptor = _acquire(path)
        try:
            yield self
        finally:
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    path.unlink()
                os.close(descriptor)

    def _forget(self, name: str) -> None:
        staged = self._staged.get(str(name))
        if staged is not None:
            staged.unlink(missing_ok=True)

    def _missing(self, name: str) -> str:
        if not self.path.is_dir():
            return f"{self.path} is not a directory: give the project directory as --workdir."
        step = WRITTEN_BY_STEP.get(name)
        if step and name.endswith("1") and not self.patch_list() and any(self.path.glob("PATCH_*")):
            return (
                f"{self.path / _mat(name)} is missing: patches have it, but patch.list names none. Delete patch.list, "
                "so that all PATCH_* directories count, and run the step again."
            )
        step = self._writer(name)
        hint = f": run step {step} first (stamps {step} {step})." if step else "."
        if name in MADE_BY_COMMAND:
            hint = f": make it with '{MADE_BY_COMMAND[name]}' first."
        return f"{self.path / _mat(name)} is missing{hint}"

    def _writer(self, name: str) -> int | None:
        """The step that writes a MAT file here; None for files of no step."""
        step = WRITTEN_BY_STEP.get(name)
        if step and step < 5 and not name.endswith("1") and (self.has_file("patch.list") or self.patch_list()):
            return 5  # in a project with patches the merge writes it
        return step

    # ------------------------------------------------------------------ versions and flags

    @property
    def version(self) -> int | None:
        """Number in ``psver.mat``: 1 for all candidates, 2 from weeding on."""
        return self.load("psver")["psver"]

    @version.setter
    def version(self, number: int) -> None:
        self.save("psver", {"psver": int(number)}, append=False)

    def no_ps_flags(self) -> NDArray[np.float64]:
        """Five flags of ``no_ps_info.mat`` (flag k-1 is 1 when step k left no pixel); zeros if there is no file."""
        if self.exists("no_ps_info"):
            return self.load("no_ps_info")["stamps_step_no_ps"].copy()
        return np.zeros(5)

    def save_no_ps_flags(self, flags: ArrayLike) -> None:
        """Write ``no_ps_info.mat``."""
        self.save("no_ps_info", {"stamps_step_no_ps": np.asarray(flags, dtype=np.float64)}, append=False)

    # ------------------------------------------------------------------ patches

    def patch_list(self, list_file: str = "patch.list") -> list[str]:
        """Names of the patch folders: the lines of the list file, else all ``PATCH_*`` in ASCII order.

        Raises
        ------
        InputError
            One of them is not inside of this directory, directly or by a link, or is listed twice.
        """
        if self.has_file(list_file):
            content = read_input_bytes(self.file(list_file))
            return patch_names.listed(self.path, _lines_in(content, self.path / list_file), self.path / list_file)
        return patch_names.present(self.path)


# ---------------------------------------------------------------------- the border between files and arrays


def _inward(source: StrPath, file: str, name: str, value: NDArray[Any]) -> Any:
    kind = kind_of(file, name)
    if kind is None or isinstance(value, str) or scipy.sparse.issparse(value):
        return value
    if kind in ("scalar", "count", "index"):
        if value.size == 0:
            return None
        if value.size != 1:
            raise WorkspaceError(f"{source}: variable '{name}' has shape {value.shape}, but one number was expected.")
        number = value.reshape(-1)[0]
        return number if kind == "scalar" else int(number) - (kind == "index")
    if kind.startswith("index"):
        indices = value.astype(np.int64) - 1
        return indices.ravel() if kind in ("index_column", "index_row") else indices
    if kind == "mask_column":
        return value.ravel() != 0
    if value.shape == (0, 0):
        return None
    return value.ravel(order="F") if kind in ("column", "row") else value


def _outward(file: str, name: str, value: NDArray[Any] | float | str | None) -> Any:
    kind = kind_of(file, name)
    if value is None:
        return np.empty((0, 0))
    if isinstance(value, str) or scipy.sparse.issparse(value):
        return value
    if kind in ("count", "index"):
        return np.array([[float(value) + (kind == "index")]])
    array = np.asarray(value)
    if kind is not None and kind.startswith("index"):
        array = (array + 1).astype(np.float32 if kind.endswith("_single") else np.float64)
    elif kind == "mask_column":
        array = array.astype(bool)
    elif array.dtype.kind in "iu" and array.dtype.itemsize >= 4:
        array = array.astype(np.float64)
    if array.ndim >= 2:
        return array
    row = kind in ("row", "index_row")
    return array.reshape((1, -1) if row else (-1, 1))


# ---------------------------------------------------------------------- small helpers


def _mat(name: str) -> str:
    return f"{name}.mat"


def _lines_in(content: bytes, source: StrPath) -> list[str]:
    """Lines of a list of folders, in the bytes of a file system's names; with or without a byte order mark."""
    if b"\0" in content:
        raise WorkspaceError(
            f"{source} is no plain text (it holds zero bytes, as UTF-16 does): write it in ASCII or UTF-8, one patch a line."
        )
    return [os.fsdecode(line) for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()]

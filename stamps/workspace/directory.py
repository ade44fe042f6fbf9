"""One directory of a project: its MAT files, versions, flags, patch list and log.

Everything read here is 0-based NumPy with one-dimensional vectors, whatever the files hold.

Writing is all or nothing. Inside ``with workspace.publish():`` every file goes to a hidden staging folder first and
reads see what was staged; at the end the files are renamed to their places at once. A process that dies before that
leaves the directory as it was; one that dies during the renaming is completed by the next command
(:meth:`Workspace.recover`) or by the next :meth:`Workspace.publish`, whichever comes first.

:class:`Workspace` is the face of its parts: :mod:`.mat_files` with the :mod:`.border` to MATLAB's form, :mod:`.publication`
(what is staged), :mod:`.recovery` (what was left), :mod:`.locks`, :mod:`.patch_names`.

Source: docs/method/conventions.md, sections 1 to 5.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stamps.errors import WorkspaceError
from stamps.workspace import lineage, locks, patch_names, recovery, system_locks
from stamps.workspace.border import outward
from stamps.workspace.markup import lines, table
from stamps.workspace.mat_files import MatFiles, Variables
from stamps.workspace.matfile import Header
from stamps.workspace.plain_files import read_input
from stamps.workspace.publication import Publication, scratch_folder
from stamps.workspace.recovery import Interruption

__all__ = ["Interruption", "Variables", "Workspace"]


class Workspace:
    """A project, patch or merged directory.

    Parameters
    ----------
    directory : path-like or Workspace, optional
        The directory (default: the current one, resolved when the object is made).

    Attributes
    ----------
    path : Path
    on_load : callable or None
        Told the name of each MAT file before it is read: may refuse one that is out of date.
    """

    def __init__(self, directory: str | os.PathLike[str] = ".") -> None:
        self.path = Path(os.path.abspath(directory))
        self.on_load: Callable[[str], object] | None = None
        self._publication = Publication(self.path, lineage.Reads(), lambda staged: lineage.record(self, staged))
        self._mat = MatFiles(self, self._publication)

    @classmethod
    def at(cls, directory: str | os.PathLike[str] | Workspace = ".") -> Workspace:
        """The workspace of a directory; a workspace is returned as it is."""
        return directory if isinstance(directory, Workspace) else cls(directory)

    def __repr__(self) -> str:
        return f"Workspace({str(self.path)!r})"

    def _repr_html_(self) -> str:
        found = sorted(path for path in self.path.glob("*.mat") if path.is_file())
        patches = sorted(path.name for path in self.path.glob("PATCH_*"))
        rows = [(path.name, path.stat().st_size / 1e6) for path in found]
        return table(("file", "size (MB)"), rows, str(self.path)) + lines(
            [f"patches: {', '.join(patches)}"] if patches else []
        )

    def __truediv__(self, name: str | os.PathLike[str]) -> Workspace:
        """The workspace of a sub-directory."""
        folder = Workspace(self.path / name)
        folder._publication.durable = self._publication.durable
        folder.reads = lineage.Reads(self.reads, str(name))
        if self.on_load is not None:
            folder.on_load = lambda file, told=self.on_load: told(f"{name}/{file}")
        return folder

    @property
    def name(self) -> str:
        """Last component of the path, as the log shows it."""
        return self.path.name

    @property
    def reads(self) -> lineage.Reads:
        """What was read since the last result was published."""
        return self._publication.reads

    @reads.setter
    def reads(self, reads: lineage.Reads) -> None:
        self._publication.reads = reads

    def file(self, name: str | os.PathLike[str]) -> Path:
        """Path to read a file from: the staged one inside :meth:`publish`, else the published one."""
        self.reads.note(name)
        return self.place_of(name)

    def place_of(self, name: str | os.PathLike[str]) -> Path:
        """As :meth:`file`, for those who do not read what is in it."""
        return self._publication.place_of(name)

    def has_file(self, name: str | os.PathLike[str]) -> bool:
        """Whether a file exists, staged changes included."""
        return self._publication.has_file(name)

    def exists(self, name: str) -> bool:
        """Whether the MAT file ``name`` (without ``.mat``) exists."""
        return self.has_file(f"{name}.mat")

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

    def load(self, name: str, variables: Iterable[str] | None = None, *, fitting: bool = True) -> Variables:
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
        return self._mat.load(name, variables, fitting)

    def load_optional(self, name: str, variables: Iterable[str] | None = None) -> Variables:
        """As :meth:`load`, but an empty :class:`Variables` if the file does not exist."""
        return self.load(name, variables) if self.exists(name) else Variables(self.path / f"{name}.mat")

    def load_raw(self, name: str) -> Variables:
        """Read a MAT file in MATLAB's own form."""
        return self._mat.load_raw(name)

    def save(self, name: str, variables: Mapping[str, Any], *, append: bool = True) -> None:
        """Write variables to a MAT file with exact MATLAB classes, atomically.

        Parameters
        ----------
        name : str
            As for :meth:`load`.
        variables : dict
            Name to value as :meth:`load` returns them.
        append : bool
            Keep other variables of an existing file (the original's ``stamps_save``); False: write the file anew.
        """
        content = {key: outward(name, key, value) for key, value in variables.items()}
        self.save_raw(name, content, append=append)

    def save_raw(self, name: str, variables: Mapping[str, Any], *, append: bool = True) -> None:
        """As :meth:`save` with values that are already in MATLAB's form (2-D arrays, indices from 1)."""
        self._mat.save_raw(name, variables, append)

    def variables_of(self, name: str) -> list[str]:
        """Names of the variables of a MAT file (empty if there is no such file)."""
        return self._mat.variables_of(name)

    def headers_of(self, name: str) -> dict[str, Header]:
        """Shape and class of the variables of a MAT file (:func:`.matfile.headers`); empty if there is no file."""
        return self._mat.headers_of(name)

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
        with self.publish(), self._publication.writing(name) as path:
            yield path

    def put_file(self, name: str, source: str | os.PathLike[str]) -> None:
        """Publish a copy of an existing file under ``name``."""
        with self.open_output(name) as path:
            shutil.copyfile(source, path)

    def delete(self, *names: str) -> None:
        """Delete files that exist (full names, ``.mat`` included)."""
        with self.publish():
            for name in names:
                if self.has_file(name):
                    self._publication.delete(name)

    def rename(self, name: str, new_name: str) -> None:
        """Rename a file (full names), as one of the changes that :meth:`publish` makes."""
        with self.publish():
            if not self.has_file(name):
                raise WorkspaceError(f"{self.path / name} is missing: it cannot be renamed to {new_name}.")
            self._publication.rename(name, new_name)

    # ------------------------------------------------------------------ publishing

    @contextlib.contextmanager
    def publish(self) -> Iterator[Workspace]:
        """All files written, renamed and deleted inside appear together at the end, or not at all.

        Nested use joins the outer one. On an error (or a kill) nothing of the directory has changed.
        """
        with self._publication.publish():
            yield self

    def when_published(self, action: Callable[[], object]) -> None:
        """Call ``action()`` when the publication under way has succeeded; at once outside of one."""
        self._publication.when_published(action)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Workspace]:
        """A hidden, empty folder on the same disk, as a Workspace.

        It is removed when the context ends; one left by a killed process is discarded by :meth:`recover`.
        """
        self.recover()
        with scratch_folder(self.path) as folder:
            room = Workspace(folder)
            room._publication.durable = False  # it does not survive its process, so nothing in it need reach the disk
            yield room

    def interrupted(self) -> list[Interruption]:
        """What interrupted commands left behind, without touching it: :func:`stamps.workspace.recovery.interruptions`."""
        return recovery.interruptions(self.path)

    def as_recovered(self) -> Workspace:
        """The directory as :meth:`recover` would leave it, for reading: a new Workspace that changes nothing."""
        view = Workspace(self.path)
        view._publication.staged = recovery.pending(self.path)
        return view

    def recover(self) -> list[str]:
        """Complete or discard what an interrupted command left behind: :func:`stamps.workspace.recovery.recover`."""
        return recovery.recover(self.path)

    @contextlib.contextmanager
    def reserved(self, shared: bool = False) -> Iterator[Workspace]:
        """Context in which no other run works in this directory, but (``shared``) those that ask so, too.

        See :func:`stamps.workspace.locks.reserved`.
        """
        with locks.reserved(self.path, shared):
            yield self

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[Workspace]:
        """Context that one process and thread at a time is in: :func:`stamps.workspace.system_locks.lock_file`."""
        with system_locks.lock_file(self.path / f".{name}.lock"):
            yield self

    @property
    def version(self) -> int:
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

    def patch_list(self, list_file: str = "patch.list") -> list[str]:
        """Names of the patch folders, as :mod:`.patch_names` accepts them: the lines of the list file, else all ``PATCH_*``."""
        if self.has_file(list_file):
            return patch_names.listed_in(self.path, self.file(list_file), self.path / list_file)
        return patch_names.present(self.path)

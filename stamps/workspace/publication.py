"""Publishing: files written, renamed and deleted together appear together, or not at all.

Files go to a hidden staging folder first; at the end a marker with the plan is written (:mod:`.journal`) and the files are
renamed to their places. A process that dies before the marker leaves the directory as it was; one that dies after it is
completed by the next command (:mod:`.recovery`).
"""

import contextlib
import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from stamps.errors import WorkspaceError
from stamps.workspace import journal, lineage, locks, owners
from stamps.workspace.journal import COMMIT, STAGING, MalformedJournal, discard, flat, replay, sync, sync_folder
from stamps.workspace.leases import Lease
from stamps.workspace.recovery import recover
from stamps.workspace.system_errors import incomplete, remedy

__all__ = ["Publication", "StagingFolder", "scratch_folder"]

#: What the system says of a place that cannot be written; anything else is no matter of the directory.
_WRITE_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ESTALE,
)  # fmt: skip


class StagingFolder:
    """A hidden folder of this process in a directory, known to be in use from when it is made until it is left.

    Parameters
    ----------
    directory : Path
        The folder's place; made with the folder where it is missing.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"{STAGING}{owners.owner()}"
        self._lease: Lease | None = None
        owners.active.add(str(self.path))

    def make(self) -> None:
        """Make the folder, if that is not done yet."""
        if self._lease is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lease = Lease(self.path)

    def is_complete(self) -> bool:
        """Whether everything of a publication is there, so that the next command would put it in place."""
        return (self.path / COMMIT).is_file()

    def leave(self) -> None:
        """Let go of the folder and remove it, unless a publication in it is complete."""
        if self._lease is not None:
            self._lease.give_back()  # first: Windows removes nothing that is open
        if not self.is_complete():
            shutil.rmtree(self.path, ignore_errors=True)
        owners.active.discard(str(self.path))


@contextlib.contextmanager
def scratch_folder(directory: Path) -> Iterator[Path]:
    """Context with a hidden, empty folder of this process in a directory; nothing of it stays."""
    folder = StagingFolder(directory)
    try:
        folder.make()
        yield folder.path
    finally:
        folder.leave()


class Publication:
    """What is staged in a directory, and how it gets to its place.

    Parameters
    ----------
    directory : Path
    reads : Reads
        What was read; told of what is written.
    record : callable
        Called with the staged files before they are published; may stage more.

    Attributes
    ----------
    staged : dict of str to Path or None
        Final name to staged file; None where the file is to be deleted.
    durable : bool
        Whether what is published must reach the disk and is recorded; False in folders that go away with their process.
    """

    def __init__(
        self, directory: Path, reads: lineage.Reads, record: Callable[[dict[str, Path | None]], object]
    ) -> None:
        self.directory = directory
        self.reads = reads
        self.staged: dict[str, Path | None] = {}
        self.durable = True
        self._record = record
        self._folder: StagingFolder | None = None  # of the publication under way
        self._afterwards: list[Callable[[], object]] = []  # what is to be done when it has succeeded
        self._lock = threading.RLock()

    @property
    def folder(self) -> Path:
        """The staging folder of the publication under way."""
        return self._under_way.path

    @property
    def _under_way(self) -> StagingFolder:
        assert self._folder is not None, "nothing is staged outside of a publication"
        return self._folder

    # ------------------------------------------------------------------ files as they will be

    def place_of(self, name: str | os.PathLike[str]) -> Path:
        """Path of a file: the staged one, else the published one."""
        staged = self.staged.get(str(name))
        return staged if staged is not None else self.directory / name

    def has_file(self, name: str | os.PathLike[str]) -> bool:
        """Whether a file exists, staged changes included."""
        name = str(name)
        if name in self.staged:
            return self.staged[name] is not None
        return (self.directory / name).is_file()

    # ------------------------------------------------------------------ changes

    @contextlib.contextmanager
    def writing(self, name: str | os.PathLike[str]) -> Iterator[Path]:
        """Context that gives a temporary path; the file is staged when the context ends without error."""
        target = self._stage_path(name)
        temporary = target.with_name(target.name + ".%part")  # no flat name ends so
        yield temporary
        os.replace(temporary, target)
        self.staged[str(name)] = target
        self.reads.written(name)

    def delete(self, name: str | os.PathLike[str]) -> None:
        """Delete a file that exists."""
        self._member(name)
        self._forget(name)
        self.staged[str(name)] = None

    def rename(self, name: str | os.PathLike[str], new_name: str | os.PathLike[str]) -> None:
        """Rename a file that exists."""
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
        self.staged[str(name)] = None
        self.staged[str(new_name)] = target

    def _forget(self, name: str | os.PathLike[str]) -> None:
        staged = self.staged.get(str(name))
        if staged is not None:
            staged.unlink(missing_ok=True)

    def _stage_path(self, name: str | os.PathLike[str]) -> Path:
        member = self._member(name)
        self._open_staging()
        return self.folder / flat(member)

    def _member(self, name: str | os.PathLike[str]) -> str:
        """The name, if it is one of a file inside of the directory."""
        try:
            return journal.member(name)
        except MalformedJournal as error:
            raise WorkspaceError(
                f"Nothing is written outside of {self.directory}: {error}. Give a name inside of it."
            ) from None

    def _open_staging(self) -> None:
        """Make the staging folder, if it is not there yet."""
        locks.check_place(self.directory)
        self._under_way.make()

    # ------------------------------------------------------------------ all together

    @contextlib.contextmanager
    def publish(self) -> Iterator[None]:
        """Context whose changes appear together at the end, or not at all; nested use joins the outer one."""
        with self._lock:
            if self._folder is not None:
                yield
                return
            recover(self.directory)
            self._folder = StagingFolder(self.directory)
            self.staged, self._afterwards = {}, []
            try:
                yield
                self._commit()
                for action in self._afterwards:
                    action()
            except OSError as error:
                explained = self._explained(error)
                if explained is None:
                    raise
                raise explained from error
            finally:
                self._folder.leave()
                self._folder = None
                self.staged = {}
                self.reads.outputs = {}

    def when_published(self, action: Callable[[], object]) -> None:
        """Call ``action()`` when the publication under way has succeeded; at once outside of one."""
        with self._lock:
            if self._folder is None:
                action()
            else:
                self._afterwards.append(action)

    def _commit(self) -> None:
        if not self.staged:
            return
        if self.durable:
            self._record(dict(self.staged))
        plan = {journal.member(name): (path is not None) for name, path in self.staged.items()}
        self._check_links(plan)
        self._open_staging()
        self._mark_complete(plan)
        locks.note_publication()
        replay(self.folder, self.directory, plan, self.durable)
        discard(self.folder)

    def _mark_complete(self, plan: dict[str, bool]) -> None:
        """Write the marker, after everything that it promises has reached the disk."""
        if self.durable:
            for name, written in plan.items():
                if written and name != lineage.FILE:  # a torn record counts as none
                    sync(self.folder / flat(name))
        marker = self.folder / (COMMIT + ".tmp")
        marker.write_text(json.dumps(plan))
        if self.durable:
            sync(marker)
        os.replace(marker, self.folder / COMMIT)
        if self.durable:
            sync_folder(self.folder)

    def _check_links(self, plan: dict[str, bool]) -> None:
        """WorkspaceError if a file of the plan would be put where a link leads."""
        try:
            for name in plan:
                journal.check_no_links(self.directory, name)
        except MalformedJournal as error:
            raise WorkspaceError(f"Cannot write in {self.directory}: {error}. Put the folder itself there.") from None

    def _explained(self, error: OSError) -> WorkspaceError | None:
        """One sentence for an OSError of a save; None if it is not about writing here."""
        if self._under_way.is_complete():
            return WorkspaceError(
                f"The files of {self.directory} are written, but not all could be put in their places "
                f"({error.strerror}: {error.filename}): make room there; the next command completes it."
            )
        here = error.filename is None or Path(os.path.abspath(error.filename)).is_relative_to(self.directory)
        if here and (error.errno in _WRITE_ERRORS or incomplete(error)):
            kept = (
                "This step changed nothing; what was complete before is kept"
                if locks.published()
                else "Nothing was changed"
            )
            return WorkspaceError(f"Cannot write in {self.directory}: {remedy(error)}. {kept}.")
        return None

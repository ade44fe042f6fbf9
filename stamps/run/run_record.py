"""How far a run of steps has come, kept beside the files until it has ended.

The project directory holds the record of the run (what was asked, the patches found, the last of the steps 5 to 8 that is
published), every directory of steps 1 to 5a the record of the last step published there, with the number of the run that ties
them. A record is written in the same publication as the results of its step, so that it never disagrees with them. Both are
hidden files, unknown to the original.

Each record also says on which parameters and files the published steps rest (:mod:`stamps.run.grounds`), and what is to be told
of each step (:mod:`stamps.run.step_notes`).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stamps.errors import InputError, StampsError
from stamps.run.grounds import Grounds, grounds_of, headers, prints, watched
from stamps.run.request import RUN_FILE, Request
from stamps.run.step_notes import StepNote
from stamps.run.stored_records import read_record
from stamps.workspace import Workspace, fingerprint, patch_names

__all__ = ["Progress", "RunRecord", "Ticket", "damaged", "records"]

#: The record of a directory of steps 1 to 5a.
STEPS_FILE = ".stamps-run-steps.json"

_PATCH_STEPS = (1, 2, 3, 4, 5)

_at_work: set[str] = set()  # numbers of the runs at which this process is at work

#: Results that an earlier pass leaves to the next one: a run that is begun anew must not find those of its own first attempt.
OF_EARLIER_PASS = ("scla_smooth2.mat", "scla_smooth_sb2.mat", "scla2.mat", "scla_sb2.mat", "phuw_sb2.mat")


@dataclass(frozen=True)
class Ticket:
    """What a directory of steps 1 to 5a needs to know of the run that works in it: its number, and where its record is."""

    run: str
    folder: str
    file: str


# ---------------------------------------------------------------------- the record of a directory of steps 1 to 5a


@dataclass
class Progress:
    """The steps 1 to 5a that a run has published in one directory.

    Attributes
    ----------
    run : str
        Number of the run; empty: of none.
    last : int
        Last published step, 0 for none.
    start : int
        The step at which the run began here.
    resumed : bool
        Whether that was found by the files.
    grounds : Grounds
    done : list of StepNote
        What is to be told of each published step.
    """

    run: str = ""
    last: int = 0
    start: int = 0
    resumed: bool = False
    grounds: Grounds = field(default_factory=Grounds)
    done: list[StepNote] = field(default_factory=list)

    @classmethod
    def of(cls, ws: Workspace, run: str) -> Progress:
        """What the run ``run`` has published in a directory; nothing if there is no sound record of it."""
        kept = read_record(ws, STEPS_FILE, cls)
        return kept if kept is not None and run and kept.run == run else cls(run)

    def publish(self, ws: Workspace, note: StepNote, start: int, resumed: bool, ticket: Ticket | None) -> None:
        """Note a step as published, in the publication that is under way.

        Parameters
        ----------
        ws : Workspace
        note : StepNote
            The step, and what is to be told of it.
        start : int
            Where the run began in this directory.
        resumed : bool
            Whether that was found by the files.
        ticket : Ticket or None
            None: nothing is noted.

        Raises
        ------
        StampsError
            The run was given up in the meantime: nothing must be published in its name any more.
        """
        if ticket is None:
            return
        current = read_record(Workspace(ticket.folder), ticket.file, RunRecord)
        if current is None or current.id != ticket.run:
            raise StampsError(
                f"{ws.name}: the run was begun anew by another command; step {note.step} is not published."
            )
        self.last, self.start, self.resumed = note.step, start, resumed
        self.done = [*self.done, note]
        steps = [k for k in _PATCH_STEPS if start <= k <= note.step]
        self.grounds = grounds_of(ws, "patch", steps, str(ws.path) == ticket.folder, self.grounds)
        ws.write_text(STEPS_FILE, _text(self))


# ---------------------------------------------------------------------- the record of a run


@dataclass
class RunRecord:
    """A run that has begun and not yet ended.

    Attributes
    ----------
    id : str
        Number of the run.
    request : Request
    version : str
        Of this program.
    owner : str
        The process at work: machine, number, start.
    patches : list of str or None
        Patch directories found at the start, None for the project directory alone.
    kept : list of str or None
        The patches that were written to ``patch.list``; None: not yet.
    project_start : int
        The step at which the part in the project directory begins (for start 0 found by the files of the last patch).
    last : int
        Last of the steps 5 to 8 that is published in the project directory, 0 for none.
    absent : list of str
        Files of an earlier pass that were not there at the start.
    inputs, grounds : Grounds
        What the steps in patches read of the project directory; what the published steps of the project rest on.
    done : list of StepNote
        What is to be told of each step that is published in the project directory.
    """

    id: str
    request: Request
    version: str
    owner: str = ""
    patches: list[str] | None = None
    kept: list[str] | None = None
    project_start: int = 0
    last: int = 0
    absent: list[str] = field(default_factory=list)
    inputs: Grounds = field(default_factory=Grounds)
    grounds: Grounds = field(default_factory=Grounds)
    done: list[StepNote] = field(default_factory=list)

    @classmethod
    def new(cls, ws: Workspace, request: Request, patches: list[str] | None) -> RunRecord:
        """The record of a run that begins; not yet written."""
        from stamps import __version__

        steps = [k for k in _PATCH_STEPS if request.start <= k <= request.end and request.in_patches]
        inputs = Grounds(files=prints(ws, watched("project", tuple(steps), patches is None, results=False), {}))
        if 1 in steps:
            inputs.files.update({name: fingerprint.fingerprint(name) for name in headers(ws, patches)})
        absent = [name for name in OF_EARLIER_PASS if not ws.has_file(name)]
        return cls(uuid.uuid4().hex[:12], request, __version__, patches=patches, absent=absent, inputs=inputs)

    def ticket(self, ws: Workspace) -> Ticket:
        """:class:`Ticket` for the directories of the project ``ws``."""
        return Ticket(self.id, str(ws.path), self.request.file)

    def folders(self, ws: Workspace) -> list[Workspace]:
        """Directories of steps 1 to 5a, for reading also before they are recovered."""
        if not self.request.in_patches:
            return []
        return [ws] if self.patches is None else [(ws / name).as_recovered() for name in self.patches]

    def progress(self, ws: Workspace) -> Progress:
        """What the run has published in one of its directories (:class:`Progress`)."""
        return Progress.of(ws, self.id)

    def begun(self, ws: Workspace) -> bool:
        """Whether anything was published."""
        return bool(
            self.last or self.kept is not None or any(self.progress(folder).last for folder in self.folders(ws))
        )

    def write(self, ws: Workspace) -> None:
        """Write the record; joins the publication that is under way."""
        self.owner = _process()
        ws.write_text(self.request.file, _text(self))

    def publish_list(self, ws: Workspace, kept: Iterable[str]) -> None:
        """Note, in the publication that is under way, that the patch list was written."""
        self.kept = list(kept)
        self.write(ws)

    def publish(self, ws: Workspace, note: StepNote) -> None:
        """Note a step in the project directory as published, in the publication that is under way."""
        self.last = note.step
        self.done = [*self.done, note]
        steps = [k for k in (5, 6, 7, 8) if max(self.project_start, self.request.start) <= k <= note.step]
        self.grounds = grounds_of(ws, "project", steps, self.patches is None, self.grounds)
        self.write(ws)

    def end(self, ws: Workspace) -> None:
        """Forget the run: it has ended. What its directories hold goes afterwards; alone it means nothing."""
        ws.delete(self.request.file)
        for folder in self.folders(ws):
            if self.progress(folder).last:
                folder.delete(STEPS_FILE)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Context in which this process works on the run."""
        _at_work.add(self.id)
        try:
            yield
        finally:
            _at_work.discard(self.id)

    @property
    def alive(self) -> bool:
        """Whether a process is at work on it on this machine."""
        return self.id in _at_work if self.owner == _process() else self.owner == _process(self.owner)

    def changes(self, ws: Workspace) -> list[str]:
        """What has changed since its last publications, as parts of sentences; empty: it can be continued."""
        from stamps import __version__

        found = [] if self.version == __version__ else [f"the program was {self.version} and is {__version__}"]
        folders = self.folders(ws)
        if any(not folder.path.is_dir() for folder in folders):
            return [*found, *(f"{folder.path} is gone" for folder in folders if not folder.path.is_dir())]
        for folder in folders:
            found += self.progress(folder).grounds.changes(folder)
        return list(dict.fromkeys([*found, *self.inputs.changes(ws), *self.grounds.changes(ws)]))


def records(ws: Workspace) -> list[RunRecord]:
    """The records of a project directory: runs that have begun and not yet ended.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    list of RunRecord
        The damaged ones are left out.
    """
    return [record for record in (_sound(ws, name) for name in _record_files(ws)) if record is not None]


def damaged(ws: Workspace) -> list[str]:
    """Names of the records of a project directory that cannot be understood."""
    return [name for name in _record_files(ws) if _sound(ws, name) is None]


def _sound(ws: Workspace, name: str) -> RunRecord | None:
    """A record whose patches are folders of the project, or None."""
    record = read_record(ws, name, RunRecord)
    try:
        if record is not None and record.patches:
            patch_names.listed(ws.path, record.patches, name)
    except (InputError, OSError, ValueError):
        return None
    return record


def _record_files(ws: Workspace) -> list[str]:
    pattern = f"{RUN_FILE.removesuffix('.json')}*.json"
    names = {path.name for path in ws.path.glob(pattern)} | {RUN_FILE}
    return [name for name in sorted(names - {STEPS_FILE}) if ws.has_file(name)]


# ---------------------------------------------------------------------- files


def _text(record: Progress | RunRecord) -> str:
    return json.dumps(asdict(record), indent=1) + "\n"


def _process(like: str | None = None) -> str:
    """This process as machine, number and start; with ``like`` the running process of that number, for comparison."""
    pid = str(os.getpid()) if like is None else like.rpartition("-")[2].partition(".")[0]
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        start = rest[18] if state not in "ZX" else "gone"
    except (OSError, IndexError):
        start = "0"
    return f"{socket.gethostname()}-{pid}.{start}"

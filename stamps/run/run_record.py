"""What a run of steps was asked for and how far it has come, kept beside the files until it has ended.

The project directory holds the record of the run (what was asked, the patches found, the last of the steps 5 to 8 that is
published), every directory of steps 1 to 5a the record of the last step published there, with the number of the run that ties
them. A record is written in the same publication as the results of its step, so that it never disagrees with them. Both are
hidden files, unknown to the original.

Each record also says on which parameters and files the published steps rest: where one has changed since, another command or
the original was at work, and the rest of the run would not belong to its beginning.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from stamps.errors import InputError, StampsError
from stamps.matlab import literals
from stamps.workspace import Workspace, fingerprint, lineage, patch_names
from stamps.workspace.parameters import Parameters, table
from stamps.workspace.plain_files import read_json
from stamps.workspace.step_files import step_files

if TYPE_CHECKING:
    from stamps.run.engine import PatchPlan
    from stamps.workspace.parameters import Parameter


__all__ = ["Grounds", "Progress", "Request", "RunRecord", "Ticket", "damaged", "parameters_of", "records"]

#: The records of a project and of a directory of steps 1 to 5a.
RUN_FILE = ".stamps-run.json"
STEPS_FILE = ".stamps-run-steps.json"

_PATCH_STEPS = (1, 2, 3, 4, 5)

_at_work = set()  # numbers of the runs at which this process is at work

#: Steps in which the driver itself uses a parameter; the table of parameters says only that it does.
_OF_DRIVER = {
    "insar_processor": (1,),
    "quick_est_gamma_flag": (2, 3),
    "select_reest_gamma_flag": (3,),
    "scn_kriging_flag": (8,),
}

#: Results that an earlier pass leaves to the next one: a run that is begun anew must not find those of its own first attempt.
OF_EARLIER_PASS = ("scla_smooth2.mat", "scla_smooth_sb2.mat", "scla2.mat", "scla_sb2.mat", "phuw_sb2.mat")


# ---------------------------------------------------------------------- what is kept


@dataclass(frozen=True)
class Request:
    """What the driver was asked for.

    Attributes
    ----------
    start, end : int
        Range of steps; start 0 resumes by the files.
    in_patches, in_project : bool
        Parts that were wanted.
    divided : bool
        Whether the patch directories were asked for, not the project directory alone.
    list_file : str
    restart_gamma : int
    """

    start: int
    end: int
    in_patches: bool = True
    in_project: bool = True
    divided: bool = True
    list_file: str = "patch.list"
    restart_gamma: int = 0

    @property
    def command(self) -> str:
        """The command that asks for this."""
        part = 0 if self.in_patches and self.in_project else 1 if self.in_patches else 2
        usual = "y" if self.start < 6 else "n"
        flag = "y" if self.divided else "n"
        words = [flag if flag != usual else '""', str(self.restart_gamma), self.list_file, str(part)]
        plain = ['""', "0", "patch.list", "0"]
        while words and words[-1] == plain[len(words) - 1]:
            words.pop()
        return " ".join(["stamps", str(self.start), str(self.end), *words])

    @property
    def steps(self) -> str:
        """How a sentence calls it."""
        if self.start == self.end:
            return f"step {self.end}"
        return f"steps {self.start} to {self.end}" if self.start else f"the steps up to {self.end}"

    @property
    def file(self) -> str:
        """Name of the record: runs that divide the patches among themselves have one for each list."""
        if self.in_project:
            return RUN_FILE
        name = re.sub(r"\W", "-", Path(self.list_file).name)[:80]
        return f"{RUN_FILE.removesuffix('.json')}-{name}.json"

    def repeats(self, other: Request) -> bool:
        """Whether this asks for the same as another request, or (start 0) to resume it."""
        return self == (other if self.start else replace(other, start=0, divided=self.divided))


@dataclass(frozen=True)
class Ticket:
    """What a directory of steps 1 to 5a needs to know of the run that works in it: its number, and where its record is."""

    run: str
    folder: str
    file: str


@dataclass
class Grounds:
    """What published steps rest on: values of parameters as literals, fingerprints of files."""

    parameters: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)

    def __post_init__(self):
        """Raise TypeError for a fingerprint that is none."""
        for known in self.files.values():
            if known is not None and [type(part) for part in known] != [int, int, str]:
                raise TypeError(f"{known!r} is no fingerprint")

    def changes(self, ws: Workspace) -> list[str]:
        """Sentences (without a full stop) on what has changed since."""
        with _unnoted(ws):
            return self._changes(ws)

    def _changes(self, ws: Workspace) -> list[str]:
        found = []
        now = _values(ws, self.parameters)
        for name, value in self.parameters.items():
            if now[name] != value:
                found.append(f"the parameter {name} was {value or 'unset'} and is {now[name] or 'unset'}")
        for name, known in self.files.items():
            present = _find(ws, name)
            state = None if present is None else fingerprint.fingerprint(present, known)
            if not fingerprint.same(known, state):
                what = "was added" if known is None else "is gone" if state is None else "was changed"
                found.append(f"{ws.path / name if not os.path.isabs(name) else name} {what}")
        return found


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
    """

    run: str = ""
    last: int = 0
    start: int = 0
    resumed: bool = False
    grounds: Grounds = field(default_factory=Grounds)

    @classmethod
    def of(cls, ws: Workspace, run: str) -> Progress:
        """What the run ``run`` has published in a directory; nothing if there is no sound record of it."""
        kept = _read(ws, STEPS_FILE, cls)
        return kept if kept is not None and run and kept.run == run else cls(run)

    def publish(self, ws: Workspace, step: int, plan: PatchPlan, ticket: Ticket | None) -> None:
        """Note a step as published, in the publication that is under way.

        Parameters
        ----------
        ws : Workspace
        step : int
        plan : stamps.run.engine.PatchPlan
            Where the run began in this directory.
        ticket : Ticket or None
            None: nothing is noted.

        Raises
        ------
        StampsError
            The run was given up in the meantime: nothing must be published in its name any more.
        """
        if ticket is None:
            return
        current = _read(Workspace(ticket.folder), ticket.file, RunRecord)
        if current is None or current.id != ticket.run:
            raise StampsError(f"{ws.name}: the run was begun anew by another command; step {step} is not published.")
        self.last, self.start, self.resumed = step, plan.start, plan.resumed
        steps = [k for k in _PATCH_STEPS if plan.start <= k <= step]
        self.grounds = _grounds(ws, "patch", steps, str(ws.path) == ticket.folder, self.grounds)
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
    """

    id: str
    request: Request
    version: str
    owner: str = ""
    patches: list | None = None
    kept: list | None = None
    project_start: int = 0
    last: int = 0
    absent: list = field(default_factory=list)
    inputs: Grounds = field(default_factory=Grounds)
    grounds: Grounds = field(default_factory=Grounds)

    @classmethod
    def new(cls, ws: Workspace, request: Request, patches: Sequence[str] | None) -> RunRecord:
        """The record of a run that begins; not yet written."""
        from stamps import __version__

        steps = [k for k in _PATCH_STEPS if request.start <= k <= request.end and request.in_patches]
        inputs = Grounds(files=_prints(ws, _watched("project", tuple(steps), patches is None, results=False), {}))
        if 1 in steps:
            inputs.files.update({name: fingerprint.fingerprint(name) for name in _headers(ws, patches)})
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

    def publish_list(self, ws: Workspace, kept: Sequence[str]) -> None:
        """Note, in the publication that is under way, that the patch list was written."""
        self.kept = list(kept)
        self.write(ws)

    def publish(self, ws: Workspace, step: int) -> None:
        """Note a step in the project directory as published, in the publication that is under way."""
        self.last = step
        steps = [k for k in (5, 6, 7, 8) if max(self.project_start, self.request.start) <= k <= step]
        self.grounds = _grounds(ws, "project", steps, self.patches is None, self.grounds)
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
    record = _read(ws, name, RunRecord)
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


# ---------------------------------------------------------------------- parameters and files of steps


@functools.cache
def parameters_of(steps: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the parameters that steps use.

    Parameters
    ----------
    steps : tuple of int

    Returns
    -------
    tuple of str
    """
    return tuple(row.name for row in table() if set(steps) & _used_in(row))


def _used_in(row: Parameter) -> set[int]:
    if row.steps == "all":
        return set(range(1, 9))
    ranges = re.findall(r"(\d)(?:-(\d))?", row.steps)
    used = {k for first, last in ranges for k in range(int(first), int(last or first) + 1)}
    return used | set(_OF_DRIVER.get(row.name, ()))


def _values(ws: Workspace, names: tuple[str, ...] | Mapping[str, str]) -> dict[str, str]:
    """Values that count in a directory, as literals; empty where there is none."""
    parameters = Parameters(ws, read_only=True)
    found = {}
    for name in names:
        try:
            value, full_name = parameters.lookup(name)
        except StampsError:
            value, full_name = None, ""
        found[name] = "" if full_name != name or value is None else literals.format_literal(value)
    return found


@functools.cache
def _watched(place: str, steps: tuple[int, ...], alone: bool, results: bool = True) -> list[str]:
    """Names of the files that steps read in a place, with ``results`` also of what they write there for others to read."""
    rows = [
        row for row in step_files() if ("patches" if alone else "alone") not in row.conditions and row.place == place
    ]
    inputs = {row.file for row in step_files() if row.use == "read"}
    uses = ("read", "write") if results else ("read",)
    names = {row.file for row in rows if set(row.steps) & set(steps) and row.use in uses and row.file in inputs}
    return sorted(names - {"patch.list", "patch.list_old"})


def _grounds(ws: Workspace, place: str, steps: Sequence[int], alone: bool, before: Grounds) -> Grounds:
    """What steps and those before them rest on now, staged changes included."""
    with _unnoted(ws):
        files = {**before.files, **_prints(ws, _watched(place, tuple(steps), alone), before.files)}
        return Grounds({**before.parameters, **_values(ws, parameters_of(tuple(steps)))}, files)


def _prints(ws: Workspace, patterns: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Fingerprints of files of a directory, None for those that are not there."""
    found = {}
    for pattern in patterns:
        for name in sorted(path.name for path in ws.path.glob(pattern)) if "*" in pattern else [pattern]:
            present = _find(ws, name)
            found[name] = None if present is None else fingerprint.fingerprint(present, known.get(name))
    return found


@contextlib.contextmanager
def _unnoted(ws: Workspace) -> Iterator[None]:
    """Context in which what is looked at does not count as an input of the results that are published next."""
    reads, ws.reads = ws.reads, lineage.Reads()
    try:
        yield
    finally:
        ws.reads = reads


def _find(ws: Workspace, name: str) -> Path | None:
    """Path of a file that counts in a directory, or None: texts of the preparation may lie above it."""
    if os.path.isabs(name):
        return Path(name) if os.path.isfile(name) else None
    return ws.find(name, levels=1 if name.endswith(".mat") else 3)


def _headers(ws: Workspace, patches: Sequence[str] | None) -> list[str]:
    """Headers beside the rasters that step 1 reads: of the master image, and of the baselines."""
    from stamps.frontends import patch_files

    folder = ws / patches[0] if patches else ws
    try:
        paths = [
            patch_files.header_path(folder),
            *(f"{path[:-4]}base" for path in patch_files.interferogram_paths(folder)),
        ]
    except (StampsError, OSError):
        return []  # other processors: their headers are files of the project
    return [str(folder.path / path) for path in paths]


# ---------------------------------------------------------------------- files


def _text(record: Progress | RunRecord) -> str:
    return json.dumps(asdict(record), indent=1) + "\n"


def _read(ws: Workspace, name: str, kind: type) -> Progress | RunRecord | None:
    """A record as it was written; None if there is none, or something else."""
    try:
        return _made(kind, read_json(ws.file(name))) if ws.has_file(name) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StampsError):
        return None


def _made(kind: type, stored: Mapping[str, Any]) -> Any:
    """A record from its plain form; checks the class of every field."""
    parts = {"request": Request, "grounds": Grounds, "inputs": Grounds}
    values = {item.name: stored[item.name] for item in fields(kind)}
    values = {name: _made(parts[name], value) if name in parts else value for name, value in values.items()}
    if set(stored) != set(values):
        raise ValueError(f"unknown fields {set(stored) - set(values)}")
    for name, wanted in get_type_hints(kind).items():
        value = values[name]
        texts = value if isinstance(value, list) else []
        if name not in parts and not (isinstance(value, wanted) and all(isinstance(text, str) for text in texts)):
            raise TypeError(f"{name} is {value!r}")
    return kind(**values)


def _process(like=None) -> str:
    """This process as machine, number and start; with ``like`` the running process of that number, for comparison."""
    pid = os.getpid()
    if like is not None:
        pid = like.rpartition("-")[2].partition(".")[0]
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        start = rest[18] if state not in "ZX" else "gone"
    except (OSError, IndexError):
        start = "0"
    return f"{socket.gethostname()}-{pid}.{start}"

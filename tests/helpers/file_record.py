"""Record which files and variables a run reads and writes through the workspace."""

import contextlib
import os
import re
import sys
from pathlib import Path
from unittest import mock

from stamps.run import run_record
from stamps.workspace import Variables, Workspace, lineage

#: Files that every step touches: the parameters, which have a table of their own, the log, and the records of inputs and runs.
EVERYWHERE = {"parms.mat", "localparms.mat", "STAMPS.log", lineage.FILE, run_record.RUN_FILE, run_record.STEPS_FILE}


class _Watched(Variables):
    """Variables that note which of them are asked for."""

    def __init__(self, source, content, note):
        super().__init__(source, content)
        self._note = note

    def __getitem__(self, name):
        self._note(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        if name in self:
            self._note(name)
        return super().get(name, default)

    def __iter__(self):
        return iter(list(self.keys()))

    def keys(self):
        for name in super().keys():
            self._note(name)
        return super().keys()

    def items(self):
        for name in super().keys():
            self._note(name)
        return super().items()


class Record:
    """Sets of (place, file, variable); the variable is '' for a file that is no MAT file.

    The place is ``patch``, ``project`` or ``stack`` (outside the project; only the kind of file is kept); files are full
    names. What the run itself wrote before reading it does not count as read.
    """

    def __init__(self, project):
        self.project = Path(project)
        self.read, self.written, self.deleted = set(), set(), set()

    def place(self, folder):
        if not Path(folder).is_relative_to(self.project):
            return "stack"
        return "patch" if re.fullmatch(r"PATCH_\d+", Path(folder).name) else "project"

    def note(self, kind, folder, file, variable=""):
        place = self.place(folder)
        if kind == "read" and any((place, file) == key[:2] for key in self.written):
            return
        if file not in EVERYWHERE:
            getattr(self, kind).add((place, file, variable))

    def opened(self, path, mode):
        """A file that is no MAT file was opened."""
        path = Path(path)
        if (
            path.is_dir()
            or path.name.startswith(".")
            or path.suffix == ".mat"
            or "w" in mode
            or "a" in mode
            or any(".stamps-" in part for part in path.parts)
        ):
            return
        if path.is_relative_to(self.project):
            self.note("read", path.parent, path.name)
        elif path.suffix in (".par", ".base"):
            self.note("read", path.parent, f"*{path.suffix}")


_current = None  # the record that listens to opened files: an audit hook cannot be taken away


def _listen(event, arguments):
    if event == "open" and _current is not None and isinstance(arguments[0], (str, os.PathLike)):
        _current.opened(os.path.abspath(arguments[0]), str(arguments[1]))


sys.addaudithook(_listen)


@contextlib.contextmanager
def recorded(project):
    """Context that yields the :class:`Record` of everything read, written and deleted inside, in this process."""
    global _current
    record = Record(project)
    load, save_raw = Workspace.load, Workspace.save_raw
    open_output, delete, rename = Workspace.open_output, Workspace.delete, Workspace.rename

    def watched_load(ws, name, variables=None, **options):
        content = load(ws, name, variables, **options)

        def note(variable):
            if variable in content:
                record.note("read", ws.path, f"{name}.mat", variable)

        return _Watched(content.source, dict(dict.items(content)), note)

    def watched_save(ws, name, variables, *, append=True):
        for variable in variables:
            record.note("written", ws.path, f"{name}.mat", variable)
        save_raw(ws, name, variables, append=append)

    @contextlib.contextmanager
    def watched_output(ws, name):
        record.note("written", ws.path, str(name))
        with open_output(ws, name) as path:
            yield path

    def watched_delete(ws, *names):
        for name in names:
            if ws.has_file(name):
                record.note("deleted", ws.path, name)
        delete(ws, *names)

    def watched_rename(ws, name, new_name):
        record.note("deleted", ws.path, name)
        record.note("written", ws.path, re.sub(r"\d{8}_\d{6}", "*", new_name))
        rename(ws, name, new_name)

    replaced = {
        "load": watched_load,
        "save_raw": watched_save,
        "open_output": watched_output,
        "delete": watched_delete,
        "rename": watched_rename,
    }
    with contextlib.ExitStack() as stack:
        for name, function in replaced.items():
            stack.enter_context(mock.patch.object(Workspace, name, function))
        stack.enter_context(mock.patch("stamps.workspace.fingerprint.digest_of", lambda path: ""))  # no use of them
        _current = record
        try:
            yield record
        finally:
            _current = None

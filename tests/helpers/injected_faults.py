"""Run a step of ``ps_mini`` again and again, each time with another of its writes failing.

``python injected_faults.py TASK.json``. A disk that is full from some moment on, one error of the disk, and a kill are
injected at the n-th call that writes: open, write, close, fsync, rename, link, unlink, mkdir, rmdir. With a C compiler the
calls of the C library are taken (``injected_faults.c``, preloaded), else those of Python's modules. Every case is a fork of
this process, so that imports are paid once. Faults that were not survived are printed as JSON.
"""

import builtins
import contextlib
import ctypes
import errno
import hashlib
import importlib
import json
import os
import pkgutil
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

#: Kind of a fault -> error number (0: the process is killed) and whether it lasts and concerns only what takes room.
KINDS = {"full": (errno.ENOSPC, True), "broken": (errno.EIO, False), "killed": (0, False)}

#: They tell what happened and when, so they differ.
_VOLATILE = ("STAMPS.log", "snaphu.log", "DEBUG.log", ".stamps-run.json", ".stamps-run-steps.json")
_CHANCE = re.compile(r"(?<=staging-)[^/]+|(?<=/snaphu-|riangle-)[^/]+|(?<=PATCH_)\d+")
_SECONDS = 60


# ---------------------------------------------------------------------- injection


class _FromC:
    """The preloaded library."""

    def __init__(self, library):
        self.library = ctypes.CDLL(library)

    def arm(self, folder, moment, number, room_only, record=-1):
        self.library.faults_arm(os.fsencode(folder), ctypes.c_long(moment), number, int(room_only), record)


class _FromPython:
    """Functions of ``os`` and ``open``, replaced: enough where there is no compiler."""

    _CALLS = ("fsync", "replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir")

    def __init__(self):
        self.calls = self.moment = self.number = 0
        self.folder, self.room_only, self.record = None, False, -1

    def arm(self, folder, moment, number, room_only, record=-1):
        self.folder, self.moment, self.number, self.room_only = str(folder), moment, number, room_only
        self.record = record
        for name in self._CALLS:
            setattr(os, name, self._watched(getattr(os, name), name in ("fsync", "link", "mkdir")))
        real = builtins.open

        def opened(file, mode="r", *args, **kwargs):
            if set(mode) & set("wax+"):
                self._due("open", file, True)
            return real(file, mode, *args, **kwargs)

        builtins.open = opened

    def _watched(self, function, takes_room):
        def call(*args, **kwargs):
            name = function.__name__
            self._due(name, args[1] if name in ("replace", "rename", "link") else args[0], takes_room)
            return function(*args, **kwargs)

        return call

    def _due(self, call, path, takes_room):
        path = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fspath(path)
        if not str(path).startswith(self.folder) or (self.room_only and not takes_room):
            return
        self.calls += 1
        if self.record >= 0:
            os.write(self.record, os.fsencode(f"{call} {path}\n"))
        if self.calls < self.moment or (self.calls > self.moment and not self.room_only):
            return
        if self.number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(self.number, os.strerror(self.number), str(path))


# ---------------------------------------------------------------------- states


def files_of(folder):
    """Content of every file that must be right: name -> digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(_content(path)).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name not in _VOLATILE and not path.name.startswith("tmp_scla")  # named by the time
    }


def _content(path):
    """What a file says; of the record of what files were made from without times and running numbers."""
    if path.name != ".stamps-lineage.json":
        return path.read_bytes()
    record = json.loads(path.read_text())
    runs = {number: [run["inputs"], run["parameters"]] for number, run in record["runs"].items()}
    said = {name: [about["digest"], runs.get(str(about["run"]))] for name, about in record["files"].items()}
    return json.dumps(said, sort_keys=True).encode()


def _is_transient(name):
    """Whether a name is that of a file on its way; the store of step 6 keeps its own until the step is done."""
    kept = name.startswith(".stamps-unwrapped/")
    return ".stamps-staging" in name or (name.endswith((".part", ".lock")) and not kept)


def parts_of(files):
    """The same by directory: each is published by itself."""
    parts = {}
    for name, digest in files.items():
        parts.setdefault(os.path.dirname(name), {})[name] = digest
    return parts


class Step:
    """One step and all that is known of it.

    Parameters
    ----------
    room : Path
        Folder for copies.
    before : Path
        The project before the step.
    command : list of str
        Name and arguments.
    shim : _FromC or _FromPython
    """

    def __init__(self, room, before, command, shim):
        self.room, self.source, self.command, self.shim = room, before, command, shim
        self.place = room / "place"  # all below it may fail
        self.project, self.tmp = self.place / "project", self.place / "tmp"
        self.seen = {}  # states after a fault -> whether running again gives the right result
        self._undisturbed()

    def _fresh(self):
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self.source, self.project)
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.tmp.mkdir()

    def _undisturbed(self):
        """Run the step here, so that all is imported; note every state that a directory has on the way."""
        from stamps.workspace.publication import Publication

        self._fresh()
        self.states = {part: [files] for part, files in parts_of(files_of(self.project)).items()}
        commit = Publication._commit

        def noted(publication):
            commit(publication)
            if self.project in (publication.directory, *publication.directory.parents):
                now = parts_of(
                    {name: digest for name, digest in files_of(self.project).items() if not _is_transient(name)}
                )
                for part, mine in now.items():
                    if part != ".stamps-unwrapped" and mine not in self.states.setdefault(part, [{}]):
                        self.states[part].append(mine)

        Publication._commit = noted
        try:
            assert self._command() == 0, "the undisturbed step failed"
        finally:
            Publication._commit = commit
        self.after = files_of(self.project)

    def _command(self):
        from stamps.cli import program as cli

        return cli.run(self.command[0], [*self.command[1:], "--workdir", str(self.project)])

    def _child(self, work):
        """Status of a fork that does something, and what it wrote to its standard error."""
        errors = self.room / "errors"
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                os.dup2(os.open(errors, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 2)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                status = work()
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(status)
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status), errors.read_text()
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 124, errors.read_text()

    def moments(self, kind):
        """Numbers of the calls that the kind of fault meets (:func:`_distinct`)."""
        number, room_only = KINDS[kind]
        self._fresh()
        record = self.room / "calls"

        def work():
            calls = os.open(record, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            self.shim.arm(self.place, 10**9, number, room_only, calls)
            return self._command()

        status, said = self._child(work)
        assert status == 0, said
        return _distinct(record.read_text().splitlines())

    def problem(self, kind, moment):
        """What is wrong after a fault, in words, or None."""
        self._fresh()
        number, room_only = KINDS[kind]

        def work():
            self.shim.arm(self.place, moment, number, room_only)
            return self._command()

        status, said = self._child(work)
        lines = [line for line in said.splitlines() if line.strip() and not line.startswith("Warning")]
        if status not in (0, 1, -signal.SIGKILL) or (status == 1 and len(lines) != 1):
            return f"ended with status {status} and said {said[-1500:]}"
        return self._state_problem(status) or self._again_problem()

    def _state_problem(self, status):
        self._child(self._recovered)
        found = files_of(self.project)
        left = [name for name in found if _is_transient(name)]
        if left:
            return f"left {left}"
        if status == 0 and found != self.after:
            return f"said that all is well, but {self._different(found, self.after)} are not"
        for part, states in self.states.items():
            mine = parts_of(found).get(part, {})
            if mine not in states:
                return (
                    f"'{part}' is in no state between two steps: {[self._different(mine, state) for state in states]}"
                )
        return None

    def _recovered(self):
        from stamps.processes import scratch
        from stamps.run import engine
        from stamps.workspace import Workspace
        from stamps.workspace.log import Log

        ws = Workspace(self.project)
        engine.recover(ws, Log(ws, "TEST"))
        scratch.clean()
        return 0

    def _again_problem(self):
        state = json.dumps(files_of(self.project), sort_keys=True)
        if state not in self.seen:
            status, said = self._child(self._command)
            found = files_of(self.project)
            self.seen[state] = None
            if status != 0 or found != self.after:
                self.seen[state] = (
                    f"run again: status {status}, different {self._different(found, self.after)}; {said[-300:]}"
                )
        left = [path.name for path in self.tmp.iterdir()]
        return self.seen[state] or (f"left {left} in TMPDIR" if left else None)

    @staticmethod
    def _different(some, others):
        return sorted(name for name in {*some, *others} if some.get(name) != others.get(name))


# ---------------------------------------------------------------------- all faults of a step


def _distinct(calls):
    """Numbers of calls, from 1: of those that do the same with files of one name (in any patch) the first two and the last."""
    alike = {}
    for number, call in enumerate(calls, 1):
        alike.setdefault(_CHANCE.sub("", call), []).append(number)
    return sorted({number for numbers in alike.values() for number in (*numbers[:2], numbers[-1])})


def _import_all():
    import stamps.legacy

    for module in pkgutil.iter_modules(stamps.legacy.__path__):
        with contextlib.suppress(ImportError):
            importlib.import_module(f"stamps.legacy.{module.name}")


def main(task_file):
    """Do the tasks of a JSON file; prints what was found as the last line, one entry a task."""
    _import_all()
    tasks = json.loads(Path(task_file).read_text())
    print("\n" + json.dumps([_faults_of(task) for task in tasks]))


def _faults_of(task):
    """Try the faults of a task; numbers of cases and of calls, and the problems."""
    room = Path(task["room"])
    (room / "place").mkdir(parents=True)
    tempfile.tempdir = str(room / "place" / "tmp")
    shim = _FromC(task["library"]) if task["library"] else _FromPython()
    step = Step(room, Path(task["before"]), task["command"], shim)
    problems, tried, calls = [], 0, {}
    for kind in task["kinds"]:
        moments = step.moments(kind)
        calls[kind] = len(moments)
        if task["sample"]:
            moments = sorted(random.Random(task["seed"]).sample(moments, min(task["sample"], len(moments))))
        for moment in moments:
            tried += 1
            problem = step.problem(kind, moment)
            if problem:
                problems.append([kind, moment, problem])
    return {"tried": tried, "calls": calls, "problems": problems}


if __name__ == "__main__":
    main(sys.argv[1])

"""One patch as a task of its own process: what runs in parallel here and on a cluster.

A task is a directory, a range of steps and the settings; its process reads the patch, publishes its files by renaming and
ends. This module as a program runs the task described in a JSON file (that is how :func:`run_patch_task` starts it).
Because nothing else is shared, results do not depend on where or how many tasks run at once.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from stamps.errors import StampsError
from stamps.processes import child, children
from stamps.processes.interruption import interruptible
from stamps.processes.scratch import scratch_folder
from stamps.workspace import locks
from stamps.workspace.system_errors import reason_of, signal_name

__all__ = ["PatchResult", "PatchTask", "main", "run_patch_task"]

_PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies

_ROOM = "make room in the temporary directory (TMPDIR), or use fewer cores (--cores), and run the same command again."

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class PatchTask:
    """Steps 1 to 5a of one directory.

    Attributes
    ----------
    directory : str
        Absolute path of the patch.
    start, end : int
        Range of steps; start 0 resumes.
    settings : dict
        Fields of :class:`stamps.run.engine.Settings`.
    n_threads : int
        Threads that the process may use.
    backend : str
        Versions of the kernels, as ``STAMPS_BACKEND``; empty: as where the task runs.
    ticket : dict or None
        Fields of :class:`stamps.run.run_record.Ticket`: the run in whose name the task publishes.
    """

    directory: str
    start: int
    end: int
    settings: dict
    n_threads: int = 1
    backend: str = ""
    ticket: dict | None = None

    @property
    def name(self):
        """Name of the patch."""
        return Path(self.directory).name


@dataclass(frozen=True)
class PatchResult:
    """What became of a task: the start step that counts, what was printed, and the error in words or None."""

    name: str
    start: int
    output: str
    error: str | None = None


def run_patch_task(task):
    """Run a task in a process of its own and wait for it.

    Parameters
    ----------
    task : PatchTask

    Returns
    -------
    PatchResult
        Also for a process that fails or dies: then ``error`` is a sentence that names the patch.
    """
    changes = dict.fromkeys(_THREAD_VARIABLES, str(task.n_threads))
    if task.backend:
        changes["STAMPS_BACKEND"] = task.backend
    try:
        with scratch_folder("task") as folder:
            return _in_process(task, folder, child.environment(**changes))
    except OSError as error:
        text = f"{task.name}: its process cannot be started ({reason_of(error)}); what was complete is kept: {_ROOM}"
        return PatchResult(task.name, task.start, "", text)


def _in_process(task, folder, environment):
    description, answer = folder / "task.json", folder / "answer.json"
    description.write_text(json.dumps(asdict(task)))
    with children.running(
        child.command("stamps.run.patch_task", description, answer), gently=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", env=environment,
    ) as process:  # its standard input stays open for as long as this process lives: see _end_with_parent
        output = process.stdout.read()
        status = process.wait()
    if answer.is_file():
        said = json.loads(answer.read_text())
        return PatchResult(task.name, said["start"], output, said["error"])
    return PatchResult(task.name, task.start, output, _how_it_died(task.name, status, output))


def _how_it_died(name, status, output):
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "nothing")
    if status < 0:
        return (
            f"{name}: its process was killed by {signal_name(-status)}; what it had published is kept. "
            "Run the same command again, with fewer cores or smaller patches if it was memory."
        )
    return f"{name}: its process ended with status {status}; it last said: {last}"


def _end_with_parent():
    """End this process when the one that started it has died.

    Linux kills it at once; elsewhere it notices that the other end of its standard input was closed.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch():
        while os.read(0, 1):
            pass
        os._exit(1)

    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C comes to all: the parent ends this process
    threading.Thread(target=watch, daemon=True).start()


def _perform(task):
    """Run the steps of a task; the start step that counts, and the error in words or None."""
    from stamps.run import engine
    from stamps.run.run_record import Ticket
    from stamps.workspace import Workspace
    from stamps.workspace.unexpected import explain, warnings_in_log

    ws, ticket = Workspace(task.directory), Ticket(**task.ticket) if task.ticket else None
    try:
        with warnings_in_log(ws.path), locks.lent(ws.path.parent if locks.is_patch(ws.path) else ws.path):
            return engine.run_patch(ws, task.start, task.end, engine.Settings(**task.settings), ticket), None
    except StampsError as failure:
        return task.start, str(failure)
    except Exception as failure:  # the last net: the patch says what it met
        return task.start, f"{task.name}: {explain(failure, task.directory)}"


def main(argv=None):
    """Run the task of a JSON file and write the answer beside it; returns the exit status."""
    _end_with_parent()
    description, answer = (Path(name) for name in (sys.argv[1:] if argv is None else argv))
    task = PatchTask(**json.loads(description.read_text()))
    sys.stdout.reconfigure(errors="replace")  # names of patches may have any bytes
    try:
        with interruptible(task.name):
            start, error = _perform(task)
    except KeyboardInterrupt as stopped:
        return stopped.exit_status
    sys.stdout.flush()
    temporary = answer.with_suffix(".part")
    temporary.write_text(json.dumps({"start": start, "error": error}))
    os.replace(temporary, answer)
    return 0 if error is None else 1


if __name__ == "__main__":
    sys.exit(main())

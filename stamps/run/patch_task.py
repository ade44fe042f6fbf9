"""One patch as a task of its own process: what runs in parallel here and on a cluster.

A task is a directory, a range of steps and the options of the driver; its process reads the patch, publishes its files by
renaming and ends: :mod:`stamps.run.patch_process` is its program.
Because nothing else is shared, results do not depend on where or how many tasks run at once.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.processes import child, children
from stamps.processes.scratch import scratch_folder
from stamps.workspace.system_errors import reason_of, signal_name

if TYPE_CHECKING:
    pass


__all__ = ["PatchResult", "PatchTask", "run_patch_task", "run_patch_task_on_cluster"]

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
    options : dict
        Fields of :class:`stamps.run.step_calls.StepOptions`.
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
    options: dict
    n_threads: int = 1
    backend: str = ""
    ticket: dict | None = None

    @property
    def name(self) -> str:
        """Name of the patch."""
        return Path(self.directory).name


@dataclass(frozen=True)
class PatchResult:
    """What became of a task: the start step that counts, what was printed, and the error in words or None.

    ``stopped``: its process was asked to end.
    """

    name: str
    start: int
    output: str
    error: str | None = None
    stopped: bool = False


def run_patch_task(task: PatchTask) -> PatchResult:
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


def run_patch_task_on_cluster(task: PatchTask) -> PatchResult:
    """As :func:`run_patch_task`, on a worker of a cluster.

    Raises
    ------
    ChildProcessError
        The process was asked to end, as everything is when a job of the cluster ends: the task is to be tried again.
    """
    result = run_patch_task(task)
    if result.stopped:
        raise ChildProcessError(result.error)
    return result


def _in_process(task: PatchTask, folder: Path, environment: Mapping[str, str]) -> PatchResult:
    description, answer = folder / "task.json", folder / "answer.json"
    description.write_text(json.dumps(asdict(task)))
    with children.running(
        child.command("stamps.run.patch_process", description, answer),
        gently=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:  # its standard input stays open for as long as this process lives: see patch_process
        assert process.stdout is not None, "it is a pipe"
        output = process.stdout.read()
        status = process.wait()
    if answer.is_file():
        said = json.loads(answer.read_text())
        return PatchResult(task.name, said["start"], output, said["error"])
    stopped = status in (-signal.SIGTERM, 128 + signal.SIGTERM)
    return PatchResult(task.name, task.start, output, _how_it_died(task.name, status, output), stopped)


def _how_it_died(name: str, status: int, output: str) -> str:
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "nothing")
    if status < 0:
        return (
            f"{name}: its process was killed by {signal_name(-status)}; what it had published is kept. "
            "Run the same command again, with fewer cores or smaller patches if it was memory."
        )
    return f"{name}: its process ended with status {status}; it last said: {last}"

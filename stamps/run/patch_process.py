"""The process of one patch: ``python child.py stamps.run.patch_process TASK.json ANSWER.json``.

:func:`stamps.run.patch_task.run_patch_task` starts it and waits for its answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from stamps.errors import StampsError
from stamps.processes.interruption import Stopped, interruptible
from stamps.run.patch_task import PatchTask
from stamps.workspace import locks
from stamps.workspace.console import log_on_console

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies


def _end_with_parent() -> None:
    """End this process when the one that started it has died.

    Linux kills it at once; elsewhere it notices that the other end of its standard input was closed.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C comes to all: the parent ends this process
    threading.Thread(target=watch, daemon=True).start()


def _perform(task: PatchTask) -> tuple[int, str | None]:
    """Run the steps of a task; the start step that counts, and the error in words or None."""
    from stamps.run import engine
    from stamps.run.run_record import Ticket
    from stamps.run.step_calls import StepOptions
    from stamps.workspace import Workspace
    from stamps.workspace.unexpected import explain, warnings_in_log

    ws, ticket = Workspace(task.directory), Ticket(**task.ticket) if task.ticket else None
    try:
        with warnings_in_log(ws.path), locks.lent(ws.path.parent if locks.is_patch(ws.path) else ws.path):
            return engine.run_patch(ws, task.start, task.end, StepOptions(**task.options), ticket), None
    except StampsError as failure:
        return task.start, str(failure)
    except Exception as failure:  # the last net: the patch says what it met
        return task.start, f"{task.name}: {explain(failure, task.directory)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the task of a JSON file and write the answer beside it; returns the exit status."""
    _end_with_parent()
    description, answer = (Path(name) for name in (sys.argv[1:] if argv is None else argv))
    task = PatchTask(**json.loads(description.read_text()))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names of patches may have any bytes
    try:
        with interruptible(task.name), log_on_console():
            start, error = _perform(task)
    except Stopped as stopped:
        return stopped.exit_status
    sys.stdout.flush()
    temporary = answer.with_suffix(".part")
    temporary.write_text(json.dumps({"start": start, "error": error}))
    os.replace(temporary, answer)
    return 0 if error is None else 1


if __name__ == "__main__":
    sys.exit(main())

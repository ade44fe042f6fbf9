"""Programs and processes that a command starts: none outlives it, however it ends, and all can be ended at once.

On Linux a program is started through a short script that asks the system to kill it when the thread that started it ends; that
thread waits for it, so this happens only when the whole process dies. (A function between fork and exec would do the same, but
is not safe where there are threads.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from stamps.errors import StampsError

__all__ = ["NOT_STARTED", "bound", "ending_with_run", "kill_all", "run", "running", "stop_all"]

#: Exit status of a program that could not be started; the reason is in its output.
NOT_STARTED = 126

_BOUND = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.stderr.write(error.strerror + "\\n")
    sys.exit(126)
"""

_lock = threading.RLock()  # a signal may come while the main thread holds it
_running: dict[subprocess.Popen[Any], int] = {}  # process -> the signal that asks it to end
_stopping = threading.Event()


def bound(command: Sequence[str]) -> list[str]:
    """The command line that ends with this process.

    Parameters
    ----------
    command : list of str
        Program, with its path, and arguments.

    Returns
    -------
    list of str
    """
    if not (sys.platform.startswith("linux") and sys.executable):
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *command]


@contextlib.contextmanager
def running(command: Sequence[str], *, gently: bool = False, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Context in which a process runs; one that still does at the end is ended.

    Parameters
    ----------
    command : list of str
    gently : bool
        It can end by itself when asked to (SIGTERM).
    **options
        Of ``subprocess.Popen``.

    Yields
    ------
    subprocess.Popen

    Raises
    ------
    StampsError
        The run is being stopped.
    """
    ask = signal.SIGTERM if gently else getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows both end it at once
    with _lock:
        if _stopping.is_set():
            raise StampsError("The run was stopped.")
        process = subprocess.Popen(command, **options)
        _running[process] = ask
    try:
        with process:  # waits for its end
            try:
                yield process
            except BaseException:
                process.send_signal(ask)
                raise
    finally:
        with _lock:
            _running.pop(process, None)


def run(command: Sequence[str], **options: Any) -> int:
    """Run a program that ends with this process, and wait for it.

    Parameters
    ----------
    command : list of str
        Program, with its path, and arguments.
    **options
        Of ``subprocess.Popen``.

    Returns
    -------
    int
        Its exit status, :data:`NOT_STARTED` if it could not be started; negative for a signal.
    """
    with running(bound(command), **options) as process:
        return process.wait()


def stop_all() -> None:
    """Ask all children to end, and start no more; safe in a signal handler."""
    _stopping.set()
    with _lock:
        for process, ask in list(_running.items()):
            process.send_signal(ask)


def kill_all() -> None:
    """End all children at once."""
    with _lock:
        for process in list(_running):
            process.kill()


@contextlib.contextmanager
def ending_with_run() -> Iterator[None]:
    """Context whose children end when it is left by an interrupt; after it children can be started again."""
    _stopping.clear()
    try:
        yield
    except Exception:
        raise
    except BaseException:
        stop_all()
        raise
    finally:
        if not _running:
            _stopping.clear()

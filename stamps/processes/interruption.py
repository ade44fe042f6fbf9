"""What Ctrl-C and a request to end do to a command: its children end at once, it cleans up, and it returns within two seconds.

The handler of a signal runs only when the interpreter is free, and threads that compute are waited for; so a thread of its own,
woken by the system, watches that the command really ends. Whatever is left in the project then is put right by the next command.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from stamps.processes import children

__all__ = ["Stopped", "interruptible", "sentence"]

_CHILDREN_SECONDS = 0.7  # then those that were asked to end are killed
_GRACE_SECONDS = 1.3  # then this process ends where it stands


class Stopped(KeyboardInterrupt):
    """The command was asked to end.

    Attributes
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    @property
    def exit_status(self) -> int:
        """As a shell says it: 130 for Ctrl-C, 143 for a request to end."""
        return 128 + self.number


def sentence(command: str) -> str:
    """What the user reads."""
    return f"{command}: stopped; what was complete is kept; run the same command again to go on."


@contextlib.contextmanager
def interruptible(command: str) -> Iterator[None]:
    """Context of a command of the shell: INT, TERM and HUP end its children and come as :class:`Stopped`.

    Signals that are ignored (``nohup``) stay so. Does nothing outside the main thread.

    Parameters
    ----------
    command : str
        Its name, for the sentence.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, handler in before.items() if handler in (signal.SIG_DFL, signal.default_int_handler)]
    with _watched(command, taken):
        for number in taken:
            signal.signal(number, _stop)
        try:
            with children.ending_with_run():
                yield
        finally:
            for number in taken:
                signal.signal(number, before[number])


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(other) is _stop:
            signal.signal(other, _nothing)  # once is enough: cleaning up is not to be interrupted
    children.stop_all()
    raise Stopped(number)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Already stopping."""


@contextlib.contextmanager
def _watched(command: str, numbers: Sequence[int]) -> Iterator[None]:
    """Context with a thread that ends the process if it does not end by itself after one of the signals."""
    read, write = os.pipe()
    if hasattr(os, "set_blocking"):  # Windows needs it for its signals only from Python 3.12 on, which has it
        os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    finished = threading.Event()
    thread = threading.Thread(target=_watch, args=(read, numbers, finished, command), name="signals", daemon=True)
    started = True
    try:
        thread.start()
    except RuntimeError:  # no more threads: the handlers alone must do
        started = False
    try:
        yield
    finally:
        finished.set()
        signal.set_wakeup_fd(before)
        os.close(write)
        if started:
            thread.join(1)
        os.close(read)


def _watch(read: int, numbers: Sequence[int], finished: threading.Event, command: str) -> None:
    while True:
        came = os.read(read, 1)
        if not came:
            return
        if came[0] in numbers:
            break
    children.stop_all()
    if finished.wait(_CHILDREN_SECONDS):
        return
    children.kill_all()
    if not finished.wait(_GRACE_SECONDS - _CHILDREN_SECONDS):
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), f"{sentence(command)}\n".encode())
        os._exit(128 + came[0])

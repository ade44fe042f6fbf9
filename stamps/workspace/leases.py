"""Leases: staging folders that this process holds, by their locks and, for machines that see no locks, by touching them."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from stamps.workspace.system_locks import FolderLock, locked_folder

__all__ = ["Lease"]

_BEAT_SECONDS = 10


class Lease:
    """A staging folder that is made, and known to be in use until :meth:`give_back`.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._lock = locked_folder(folder)
        if self._lock is not None:
            _pulse.keep(self._lock)

    def give_back(self) -> None:
        """Let go; the folder itself stays."""
        if self._lock is not None:
            _pulse.forget(self._lock)
            self._lock.close()
            self._lock = None


class _Pulse:
    """A thread that touches the leases of this process."""

    def __init__(self) -> None:
        self._held: set[FolderLock] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, lease: FolderLock) -> None:
        with self._lock:
            self._held.add(lease)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # no more threads: locks alone must do
                    self._thread = None

    def forget(self, lease: FolderLock) -> None:
        with self._lock:
            self._held.discard(lease)

    def _beat(self) -> None:
        while True:
            time.sleep(_BEAT_SECONDS)
            with self._lock:
                for lease in self._held:
                    with contextlib.suppress(OSError):
                        lease.touch()


_pulse = _Pulse()


def _begin_anew() -> None:
    """In a forked process: threads stay behind, and what they hold with them."""
    global _pulse
    _pulse = _Pulse()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)

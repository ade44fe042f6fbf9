"""A place for matplotlib's settings and its list of fonts where the user has none that can be written.

matplotlib would make a folder in the temporary directory, warn of it, leave it behind when killed, and fail where that is full.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.processes.scratch import scratch_folder

if TYPE_CHECKING:
    pass


__all__ = ["give_place"]

_MEMORY = "/dev/shm"


def give_place() -> None:
    """Call before matplotlib is imported: names a folder that ends with this process, if it needs one."""
    if "matplotlib" in sys.modules or os.environ.get("MPLCONFIGDIR") or all(map(_writable, _usual_places())):
        return
    stack = contextlib.ExitStack()
    for parent in (None, _MEMORY):
        with contextlib.suppress(OSError):
            os.environ["MPLCONFIGDIR"] = str(stack.enter_context(scratch_folder("matplotlib", parent)))
            atexit.register(stack.close)
            return


def _usual_places() -> list[Path]:
    """Folders that matplotlib would use."""
    names = {"XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}
    with contextlib.suppress(RuntimeError):  # no home
        return [Path(os.environ.get(name) or Path.home() / usual) / "matplotlib" for name, usual in names.items()]
    return [Path("/proc")]


def _writable(path: Path) -> bool:
    """Whether a folder can be written; it is made, as matplotlib does."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(path, os.W_OK)

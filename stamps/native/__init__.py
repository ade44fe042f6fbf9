"""Numerical kernels: one per file, an array version and, where it pays, a compiled one.

``<kernel>.py`` holds the public function: it validates, casts, and hands :func:`run` its array version, written once
for NumPy and CuPy (the array module is passed in), and the Pythran version in ``_<kernel>.py``, which is ordinary
Python with an export comment. Without a compiler or a GPU the package works with NumPy alone.

``STAMPS_BACKEND`` or ``--backend`` chooses, see :mod:`stamps.native.backends`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from stamps.errors import StampsError
from stamps.native import backends
from stamps.native.arrays import cupy, release

__all__ = ["compiled_kernels", "n_threads", "run", "thread_pool"]

#: One thread at a time computes on the device: each takes a share of what is free when it begins.
_device = threading.RLock()

_Result = TypeVar("_Result")


def run(kernel: str, arrays: Callable[[Any], _Result], pythran: Callable[[Any], _Result] | None = None) -> _Result:
    """Run a kernel with the first of its versions that works.

    Parameters
    ----------
    kernel : str
        Name in :data:`stamps.native.backends.KERNELS`.
    arrays : callable
        ``arrays(xp)`` with the array module NumPy or CuPy: moves its input to the device, computes, and returns NumPy
        arrays. It must change nothing outside before it is done.
    pythran : callable, optional
        ``pythran(module)`` with the compiled module, where this part of the kernel has one.

    Returns
    -------
    object
        What the version returns.
    """
    for version in backends.order(kernel):
        if version == "pythran" and pythran is not None:
            return pythran(backends.pythran_module(kernel))
        if version == "cuda":
            with _device:
                try:
                    return arrays(cupy())
                except StampsError:
                    raise
                except Exception as error:  # whatever a driver, a compiler or a library of the device comes up with
                    failure = error.with_traceback(None)  # its frames hold the arrays of the device
                finally:
                    release()
            backends.failed(kernel, failure)
    return arrays(np)


def compiled_kernels() -> dict[str, bool]:
    """Kernel name -> whether its compiled version is installed, for all kernels that have one."""
    names = [kernel for kernel, versions in backends.KERNELS.items() if "pythran" in versions]
    return {name: backends.pythran_problem(name) is None for name in names}


def thread_pool(n_workers: int) -> ThreadPoolExecutor:
    """Threads that may run kernels: an executor whose threads follow the request of the one that makes it."""
    return ThreadPoolExecutor(n_workers, initializer=backends.follow, initargs=(backends.requested(),))


def n_threads() -> int:
    """Threads that a kernel may use: ``OMP_NUM_THREADS``, else the cores that this process may run on."""
    requested = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if requested.isdigit() and int(requested) > 0:
        return int(requested)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""Numerical kernels: one per file, an array version and, where it pays, a compiled one.

``<kernel>.py`` holds the public function: it validates, casts, and calls either its array version (NumPy; the array module
is passed in where a GPU can run it) or the Pythran version in ``_<kernel>.py``, which is ordinary Python with an export comment.
Without a compiler the package works with the array versions alone.

``STAMPS_BACKEND`` chooses: ``numpy``, ``pythran``, or unset for the fastest that is there.
"""

import os
from importlib import import_module
from pathlib import Path

from stamps.errors import ParameterError

__all__ = ["backend", "compiled", "compiled_kernels", "n_threads"]

_BACKENDS = ("auto", "numpy", "pythran")


def backend():
    """The requested backend: ``'auto'``, ``'numpy'`` or ``'pythran'``."""
    name = os.environ.get("STAMPS_BACKEND", "").strip().lower() or "auto"
    if name not in _BACKENDS:
        raise ParameterError(
            f"STAMPS_BACKEND is '{name}', but only {', '.join(_BACKENDS)} exist: unset it or choose one of these."
        )
    return name


def compiled(kernel):
    """The compiled module of a kernel.

    Parameters
    ----------
    kernel : str
        Module name with its underscore (``'_topofit'``).

    Returns
    -------
    module or None
        None when the kernel is not compiled or ``STAMPS_BACKEND`` is ``numpy``.

    Raises
    ------
    ParameterError
        ``STAMPS_BACKEND`` is ``pythran`` and the kernel is not compiled.
    """
    choice = backend()
    if choice == "numpy":
        return None
    module = import_module(f"stamps.native.{kernel}")
    if hasattr(module, "__pythran__"):
        return module
    if choice == "pythran":
        raise ParameterError(
            f"STAMPS_BACKEND is 'pythran', but the kernel {kernel} is not compiled: install with Pythran and a C++ "
            "compiler, or unset STAMPS_BACKEND."
        )
    return None


def compiled_kernels():
    """Kernel name -> whether its compiled version is installed, for ``stamps describe-backends``."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("_*.py") if path.stem != "__init__")
    return {name.lstrip("_"): hasattr(import_module(f"stamps.native.{name}"), "__pythran__") for name in names}


def n_threads():
    """Threads that a kernel may use: ``OMP_NUM_THREADS``, else the cores that this process may run on."""
    requested = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if requested.isdigit() and int(requested) > 0:
        return int(requested)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""Which version of a kernel runs: what was asked for, what is there, what has failed.

A request is ``auto``, ``numpy``, ``pythran`` or ``cuda``, and may name other versions for single kernels:
``auto,topofit=cuda,clap=numpy``. It comes from :func:`selected` (the option ``--backend``), else from
``STAMPS_BACKEND``. Automatically a kernel takes the first of its versions that can run. A version that was asked for
and cannot run, or that fails, is reported once by the process, and the kernel goes on with the next one.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from stamps.environment import variable
from stamps.errors import ParameterError

__all__ = [
    "BACKENDS",
    "KERNELS",
    "Request",
    "chosen",
    "cuda_problem",
    "failed",
    "follow",
    "for_processes",
    "in_words",
    "order",
    "parse",
    "pythran_module",
    "pythran_problem",
    "requested",
    "selected",
]

BACKENDS = ("auto", "numpy", "pythran", "cuda")

#: The versions of each kernel in the order of automatic choice. CUDA stands behind NumPy, so that it runs only when
#: asked for, where moving the data to the device takes longer than the computation.
KERNELS = {
    "arc_noise": ("cuda", "pythran", "numpy"),
    "candidates": ("pythran", "numpy", "cuda"),
    "clap": ("cuda", "pythran", "numpy"),
    "clap_patch": ("cuda", "pythran", "numpy"),
    "coherence_matrices": ("pythran", "numpy"),
    "fringe_frequency": ("cuda", "numpy"),
    "gaussian_smooth": ("cuda", "pythran", "numpy"),
    "goldstein": ("cuda", "pythran", "numpy"),
    "grid_accumulate": ("pythran", "numpy", "cuda"),
    "high_pass": ("numpy", "cuda"),
    "kriging": ("cuda", "pythran", "numpy"),
    "l1_fit": ("cuda", "pythran", "numpy"),
    "least_squares": ("numpy", "cuda"),
    "matlab_random": ("pythran", "numpy", "cuda"),
    "neighbour_range": ("numpy", "cuda"),
    "phase_linking": ("pythran", "numpy"),
    "phasors": ("pythran", "numpy", "cuda"),
    "random_coherence": ("cuda", "pythran", "numpy"),
    "slope_search": ("cuda", "numpy"),
    "temporal_smooth": ("cuda", "numpy"),
    "topofit": ("cuda", "pythran", "numpy"),
    "variogram": ("pythran", "numpy", "cuda"),
}

#: Compiled modules that have not the name of their kernel.
_MODULES = {"goldstein": "_clap", "phasors": "_topofit", "random_coherence": "_topofit"}
#: Ends the name of a compiled module for processors with AVX2 (setup.py).
WIDE = "_avx2"

_selected: ContextVar[str | None] = ContextVar("stamps_backend", default=None)

# what this process has found out about itself; it never decides a result
_lock = threading.Lock()
_said: set[str] = set()
_given_up: dict[str, str] = {}  # kernel -> why its CUDA version is not tried again


# ---------------------------------------------------------------------- what was asked for


@dataclass(frozen=True)
class Request:
    """A parsed request.

    Attributes
    ----------
    default : str
        One of ``BACKENDS``.
    kernels : dict
        Kernel name -> one of ``BACKENDS``.
    """

    default: str = "auto"
    kernels: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ",".join([self.default, *(f"{kernel}={backend}" for kernel, backend in self.kernels.items())])

    def of(self, kernel: str) -> str:
        """The backend that is asked for of a kernel."""
        return self.kernels.get(kernel, self.default)


def parse(text: str) -> Request:
    """Understand a request.

    Parameters
    ----------
    text : str
        A backend, and ``kernel=backend`` for exceptions, separated by commas. Empty: ``auto``.

    Returns
    -------
    Request

    Raises
    ------
    ParameterError
        A backend or a kernel is unknown, a kernel has no such version, or there are two defaults.
    """
    default, kernels = None, {}
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        kernel, sign, backend = (piece.strip() for piece in part.rpartition("="))
        if backend not in BACKENDS:
            raise ParameterError(
                f"The backend is '{backend}' (STAMPS_BACKEND or --backend), but only {', '.join(BACKENDS)} exist: "
                "choose one of these."
            )
        if not sign:
            if default is not None:
                raise ParameterError(
                    f"The request '{text}' (STAMPS_BACKEND or --backend) names two backends, {default} and {backend}: "
                    "name one, and exceptions as kernel=backend."
                )
            default = backend
            continue
        if kernel not in KERNELS:
            raise ParameterError(
                f"The kernel is '{kernel}' (STAMPS_BACKEND or --backend), but only {', '.join(KERNELS)} exist."
            )
        if backend not in ("auto", *KERNELS[kernel]):
            raise ParameterError(
                f"The kernel {kernel} has no {backend} version (STAMPS_BACKEND or --backend), only "
                f"{' and '.join(KERNELS[kernel])}."
            )
        kernels[kernel] = backend
    return Request(default or "auto", kernels)


def chosen() -> str | None:
    """The request in words that :func:`selected` lets count here; None where there is none, so that the environment does."""
    return _selected.get()


def requested() -> Request:
    """The request that counts here, as :class:`Request`."""
    text = _selected.get()
    return parse(variable("STAMPS_BACKEND") if text is None else text)


@contextlib.contextmanager
def selected(wanted: str | Mapping[str, str] | None) -> Iterator[None]:
    """Context in which a request counts instead of ``STAMPS_BACKEND``.

    Parameters
    ----------
    wanted : str, mapping or None
        A request in words (:func:`parse`), or kernel -> backend with the backend of all others under ``'default'``
        (``{"default": "pythran", "clap": "numpy"}``). None changes nothing.
    """
    if wanted is None:
        yield
        return
    text = wanted if isinstance(wanted, str) else in_words(wanted)
    parse(text)
    token = _selected.set(text)
    try:
        yield
    finally:
        _selected.reset(token)


def in_words(mapping: Mapping[str, str]) -> str:
    """A request that is given as a mapping."""
    kernels = [f"{kernel}={backend}" for kernel, backend in mapping.items() if kernel != "default"]
    return ",".join([str(mapping.get("default", "auto")), *kernels])


def follow(request: Request) -> None:
    """Let a request count in this thread, which knows nothing of the contexts of the one that started it."""
    _selected.set(str(request))


def order(kernel: str) -> tuple[str, ...]:
    """Versions of a kernel that can run, in the order in which they are tried; the last one is NumPy's.

    Parameters
    ----------
    kernel : str
        Name in ``KERNELS``.

    Returns
    -------
    tuple of str
    """
    wanted, versions = requested().of(kernel), KERNELS[kernel]
    if wanted == "auto":
        candidates = versions[: versions.index("numpy") + 1]
    elif wanted == "numpy":
        candidates = ("numpy",)
    else:
        chosen = ("cuda", "pythran", "numpy") if wanted == "cuda" else ("pythran", "numpy")
        candidates = tuple(version for version in chosen if version in versions)
    usable = []
    for version in candidates:
        problem = _problem(kernel, version)
        if problem is None:
            usable.append(version)
        elif version == wanted and kernel not in _given_up:
            _say(f"{version} was asked for, but {problem}; other versions are used instead.")
    return tuple(usable)


def for_processes(here: bool) -> str:
    """The request for processes that this one starts; empty where nothing was asked for.

    Parameters
    ----------
    here : bool
        They run on this machine: what cannot run is reported now and left out of the request, so that it is reported
        once and not by each of them. On other machines it may be able to run.
    """
    text = _selected.get()
    if not (text or variable("STAMPS_BACKEND")):
        return ""
    request = requested()
    if not here:
        return str(request)
    first = {kernel: order(kernel)[0] for kernel in KERNELS}
    kernels = {
        kernel: version
        for kernel, version in first.items()
        if request.of(kernel) not in ("auto", version) and request.of(kernel) in KERNELS[kernel]
    }
    return str(Request(request.default, {**request.kernels, **kernels}))


# ---------------------------------------------------------------------- what is there


def _problem(kernel: str, version: str) -> str | None:
    """Why a version cannot run, or None."""
    if version == "cuda":
        return _given_up.get(kernel) or cuda_problem()
    return pythran_problem(kernel) if version == "pythran" else None


def pythran_problem(kernel: str) -> str | None:
    """Why the compiled version of a kernel cannot run, or None."""
    try:
        module = pythran_module(kernel)
    except ImportError as error:
        return f"the compiled kernel {kernel} cannot be loaded ({_first_line(error)})"
    return None if hasattr(module, "__pythran__") else "not all kernels are compiled (see stamps describe-backends)"


def pythran_module(kernel: str) -> Any:
    """The module with the Pythran version of a kernel: compiled, or its source where it is not.

    Where the processor has AVX2 it is the build of the same source for wide registers, if there is one: both give the same
    bits, since products and sums are not contracted.
    """
    name = f"stamps.native.{_MODULES.get(kernel, f'_{kernel}')}"
    if _has_wide_build(name):
        with contextlib.suppress(ImportError):
            return import_module(name + WIDE)
    return import_module(name)


@cache
def _has_wide_build(name: str) -> bool:
    """Whether the build for AVX2 of a compiled module is there and can run."""
    return _cpu_features().get("AVX2", False) and find_spec(name + WIDE) is not None


def _cpu_features() -> dict[str, bool]:
    """What NumPy has found out about the processor (``NPY_DISABLE_CPU_FEATURES`` counts); empty where it does not say."""
    try:
        return dict(np._core._multiarray_umath.__cpu_features__)  # type: ignore[attr-defined]
    except AttributeError:
        return {}


@lru_cache(maxsize=1)
def cuda_problem() -> str | None:
    """Why there is no CUDA, or None: CuPy must be installed and a device must have computed something."""
    if "cupy" not in sys.modules and find_spec("cupy") is None:
        return "CuPy is not installed"
    try:
        cupy = import_module("cupy")
    except Exception as error:
        return f"CuPy cannot be imported ({_first_line(error)})"
    try:
        if cupy.cuda.runtime.getDeviceCount() == 0:
            return "there is no CUDA device"
        cupy.arange(2).sum().get()
    except Exception as error:
        return f"the CUDA device does not work ({type(error).__name__}: {_first_line(error)})"
    return None


def failed(kernel: str, error: Any) -> None:
    """Note that the CUDA version of a kernel has failed: say it once and try it no more in this process."""
    if isinstance(error, MemoryError):
        why = f"the device has too little memory ({_first_line(error)})"
    else:
        why = f"{type(error).__name__}: {_first_line(error)}"
        cuda_problem.cache_clear()
        if cuda_problem() is not None:  # not only this kernel: the device itself is gone
            _say(f"CUDA has failed ({why}); the run goes on without it.")
            return
    with _lock:
        first = kernel not in _given_up
        _given_up[kernel] = why
    if first:
        _say(f"the CUDA version of {kernel} has failed: {why}; the run goes on with {order(kernel)[0]}.")


def _say(message: str) -> None:
    with _lock:
        if message in _said:
            return
        _said.add(message)
    print(f"stamps: {message}", file=sys.stderr, flush=True)


def _first_line(error: Any) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if any(letter.isalpha() for letter in line)), "no reason given")

"""Which versions of the kernels, programs and libraries are there: ``stamps describe-backends``."""

from __future__ import annotations

import os
from importlib import import_module, metadata

from stamps import external, native
from stamps.native import backends

__all__ = ["describe_backends"]

_CUPY_PACKAGES = ("cupy", "cupy-cuda12x", "cupy-cuda13x", "cupy-cuda11x")


def describe_backends() -> dict:
    """What is there and what each kernel will use.

    Returns
    -------
    dict
        ``requested`` (str), ``backends`` (name -> what is there, or why not), ``kernels`` (name -> version that will be
        used), ``versions`` (name -> all versions), ``threads``, ``cpus`` (int), ``programs`` and ``libraries`` (name ->
        version).
    """
    request = backends.requested()
    compiled = native.compiled_kernels()
    return {
        "requested": str(request),
        "backends": {
            "numpy": "available",
            "pythran": f"{sum(compiled.values())} of {len(compiled)} kernels compiled",
            "cuda": _cuda_facts(),
        },
        "kernels": {kernel: backends.order(kernel)[0] for kernel in backends.KERNELS},
        "versions": {kernel: list(versions) for kernel, versions in backends.KERNELS.items()},
        "threads": native.n_threads(),
        "cpus": os.cpu_count(),
        "programs": external.versions(),
        "libraries": _library_versions(),
    }


def _cuda_facts() -> str:
    problem = backends.cuda_problem()
    if problem is not None:
        return f"not available: {problem}"
    runtime = import_module("cupy").cuda.runtime
    properties = runtime.getDeviceProperties(runtime.getDevice())
    name = properties["name"]
    name = name.decode() if isinstance(name, bytes) else name
    free, total = runtime.memGetInfo()
    version = runtime.runtimeGetVersion()
    return (
        f"{name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free, CUDA {version // 1000}.{version % 1000 // 10}, "
        f"{runtime.getDeviceCount()} device(s)"
    )


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in ("stamps-insar", "numpy", "scipy", "pymatreader", "pythran", "ortools", "triangle", "snaphu"):
        versions[name] = _version_of(name) or "not installed"
    versions["cupy"] = next(filter(None, map(_version_of, _CUPY_PACKAGES)), "not installed")
    return versions


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

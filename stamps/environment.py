"""The environment variables of the package: which there are, and the one place where they are read.

Those that are settings, too, count after the command line and before the settings files (:mod:`stamps.run.settings`).
"""

import os

__all__ = ["VARIABLES", "variable"]

#: Name -> meaning.
VARIABLES = {
    "STAMPS_BACKEND": "versions of the kernels: auto, numpy, pythran or cuda, exceptions as in auto,topofit=cuda",
    "STAMPS_CORES": "cores of this machine that a run may use",
    "STAMPS_CLUSTER": "slurm: run the tasks on workers that SLURM starts; none: here",
    "STAMPS_SCHEDULER": "address of the Dask scheduler on whose cluster the tasks run",
    "STAMPS_UNWRAP": "what unwraps: flow or snaphu",
    "STAMPS_WEIGHTS": "of the inversion of small baselines: identity or sigma",
    "STAMPS_TRIANGLE": "what triangulates: program, library or scipy",
    "STAMPS_GPT": "SNAP's program gpt",
    "STAMPS_GOLDEN": "folder of the golden sets",
    "STAMPS_DEBUG": "anything: show tracebacks and warnings as Python does",
}


def variable(name: str) -> str:
    """Value of one of :data:`VARIABLES`; empty where it is not set.

    Raises
    ------
    KeyError
        The package has no such variable.
    """
    if name not in VARIABLES:
        raise KeyError(name)
    return os.environ.get(name, "").strip()

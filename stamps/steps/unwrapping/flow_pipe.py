"""Unwrap one grid as a program: arrays come through standard input, the unwrapped grid goes to standard output.

The solver of OR-Tools holds the interpreter's lock as long as it works. Grids of which it needs seconds are therefore unwrapped
in a process of their own: interferograms side by side, and signals reach the run (:mod:`stamps.processes.unwrapper`).
"""

from __future__ import annotations

import sys
from io import BytesIO

import numpy as np

from stamps.errors import StampsError
from stamps.steps.unwrapping import flow

__all__ = ["main"]

#: Exit status of an error whose sentence is in the output.
EXPLAINED = 3


def main() -> int:
    """Read interferogram and costs (three arrays in NumPy's format), write the phase; returns the exit status."""
    source = BytesIO(sys.stdin.buffer.read())
    arrays = [np.load(source, allow_pickle=False) for _ in range(3)]
    try:
        result = flow.unwrap(*arrays)
    except StampsError as error:
        sys.stderr.write(str(error))
        return EXPLAINED
    target = BytesIO()
    np.save(target, result.phase, allow_pickle=False)
    sys.stdout.buffer.write(target.getbuffer())
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

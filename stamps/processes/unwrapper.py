"""Unwrap a grid as a minimum-cost flow in a process of its own, without files.

The solver of OR-Tools holds the interpreter's lock as long as it works: threads would wait for each other, and neither signals
nor the heartbeat of the run's lock would be served. So grids of which it needs seconds go to a process.
"""

from __future__ import annotations

import subprocess
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import ExternalProgramError
from stamps.processes import child, children
from stamps.workspace.system_errors import signal_name

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["unwrap"]

_MODULE = "stamps.steps.unwrapping.flow_pipe"
#: Exit status of the module for an error whose sentence is in its output.
_EXPLAINED = 3


def unwrap(
    interferogram: NDArray[np.complex64], rowcost: NDArray[np.int16], colcost: NDArray[np.int16]
) -> NDArray[np.float32]:
    """Unwrap one interferogram with given arc costs.

    Parameters
    ----------
    interferogram, rowcost, colcost : ndarray
        As for :func:`stamps.external.snaphu`.

    Returns
    -------
    ndarray of float32, shape (n_row, n_col)
        Radians; the same as that of :func:`stamps.steps.unwrapping.flow.unwrap`.

    Raises
    ------
    ExternalProgramError
        The process fails; it says why where it can.
    """
    request = BytesIO()
    for array in (interferogram, rowcost, colcost):
        np.save(request, np.ascontiguousarray(array), allow_pickle=False)
    command, pipe = children.bound(child.command(_MODULE)), subprocess.PIPE
    try:
        with children.running(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=child.environment(), start_new_session=True
        ) as process:
            output, said = process.communicate(request.getbuffer())
    except OSError as error:
        raise ExternalProgramError(f"The process that unwraps cannot be started: {error}.") from error
    return _phase_of(output, said.decode("utf-8", "replace").strip(), process.returncode, interferogram.shape)


def _phase_of(output: bytes, said: str, status: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if status == _EXPLAINED:
        raise ExternalProgramError(said)
    try:
        if status == 0:
            phase = np.load(BytesIO(output), allow_pickle=False)
            if phase.shape == shape and phase.dtype == np.float32:
                return phase
    except (ValueError, EOFError, OSError):  # cut off
        pass
    how = f"was stopped by signal {-status}, {signal_name(-status)}" if status < 0 else f"ended with status {status}"
    raise ExternalProgramError(
        f"The process that unwraps a grid of {shape[0]} x {shape[1]} cells {how}"
        f"{f'; it said: {said.splitlines()[-1]}' if said else ' and said nothing'}."
    )

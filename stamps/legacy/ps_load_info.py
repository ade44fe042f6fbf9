"""Load dates and baselines alone, to plan a processing.

Reads ``bperp.1.in``, ``day.1.in``, ``master_day.1.in``, ``heading.1.in`` and ``lambda.1.in`` of the directory or its
parent; sets the parameters ``heading`` and ``lambda``; writes ``ps1`` without pixels, and ``psver``.

Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges
from stamps.matlab import literals
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_load_info"]


@reserving
def ps_load_info(workdir: Workspace | StrPath = ".") -> None:
    """Write the dates and baselines of a single-master stack.

    Parameters
    ----------
    workdir : path-like or Workspace

    Raises
    ------
    InputError
        A file is missing or damaged, or the files do not belong together.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_LOAD_INFO")
    log.start()
    slaves = _dates(ws, "day.1.in")
    master = _dates(ws, "master_day.1.in")[0]
    metres = _numbers(ws, "bperp.1.in")
    if metres.size != slaves.size:
        raise InputError(
            f"bperp.1.in has {metres.size} baselines, but day.1.in has {slaves.size} dates: there must be one for each "
            "slave."
        )
    if master in slaves:
        raise InputError("The date of master_day.1.in stands in day.1.in too: list the slaves alone there.")
    day_ix = np.argsort(slaves, kind="stable")
    master_ix = int(np.count_nonzero(slaves < master))
    heading, wavelength = _numbers(ws, "heading.1.in")[0], _numbers(ws, "lambda.1.in")[0]
    header_ranges.require(ws.path, {"heading": heading, "wavelength": wavelength}, {"wavelength": "lambda"})
    header_ranges.refuse(header_ranges.judge_baselines(f"bperp.1.in of {ws.path}", metres))
    day = np.insert(slaves[day_ix], master_ix, master)
    table = {
        "n_ifg": day.size,
        "bperp": np.insert(metres[day_ix], master_ix, 0),
        "day": day,
        "master_day": master,
        "master_ix": master_ix,
        "day_ix": day_ix,
        "n_ps": 0,
    }
    with ws.publish():
        ws.save("ps1", table)
        ws.version = 1
        parameters = Parameters(ws)
        parameters.set("heading", heading, 1)
        parameters.set("lambda", wavelength, 1)
    log.finish()


def _dates(ws: Workspace, name: str) -> NDArray[np.float64]:
    numbers = _numbers(ws, name)
    try:
        return datenum(numbers)
    except ValueError as error:
        raise InputError(f"{name} of {ws.path}: {error}") from None


def _numbers(ws: Workspace, name: str) -> NDArray[np.float64]:
    """All numbers of a text file of the directory or its parent, at least one."""
    path = ws.find(name, levels=2)
    if path is None:
        raise InputError(
            f"{name} was found neither in {ws.path} nor in its parent directory: ps_load_info plans stacks that "
            "text files of this kind describe."
        )
    numbers = [literals.number(word) for word in read_input(path).split()]
    if not numbers or None in numbers:
        raise InputError(f"{path} should hold numbers alone, at least one.")
    return np.array(numbers, np.float64)

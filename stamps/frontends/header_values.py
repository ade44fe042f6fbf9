"""Values that follow a name in a header file of a processor, read and logged as the original does (``readparm``).

Source: docs/method/loading.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.names import MOVED
from stamps.matlab.literals import number
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["readparm", "values_behind"]


def readparm(
    file: StrPath, name: str, count: int = 1, log: bool = True, workdir: Workspace | StrPath = "."
) -> float | str | list[float | str]:
    """Values that follow a name in a text file.

    Parameters
    ----------
    file : path-like
        The file, relative to ``workdir``.
    name : str
        Beginning of the token before the values; upper and lower case differ.
    count : int
        How many tokens to take; what follows them (units) is ignored.
    log : bool
        Log ``token=value value …``, with a blank behind each value.
    workdir : path-like or Workspace
        Directory whose log is written.

    Returns
    -------
    float, str or list of these
        A number where the token is a plain number. A single value for ``count`` 1, else a list.

    Raises
    ------
    InputError
        The file cannot be read, or it lacks the name or values behind it.
    """
    values = values_behind(file, name, count, log, workdir)
    return values[0] if count == 1 else values


def values_behind(
    file: StrPath, name: str, count: int = 1, log: bool = True, workdir: Workspace | StrPath = "."
) -> list[float | str]:
    """What :func:`readparm` reads, as a list of ``count`` values; its arguments and errors."""
    ws = Workspace.at(workdir)
    path = ws.path / file
    try:
        tokens = read_input(path).split()
    except OSError as error:
        text = f"{path} cannot be read ({error.strerror}): a header with {name} was expected; {MOVED}."
        raise InputError(text) from error
    start = next((i for i, token in enumerate(tokens) if token.startswith(name)), None)
    if start is None:
        raise InputError(f"{path} has no {name}: a header file of the processor was expected.")
    values = tokens[start + 1 : start + 1 + count]
    if len(values) < count:
        raise InputError(f"{path} has only {len(values)} of {count} values behind {name}: the file is incomplete.")
    if log:
        Log(ws, "READPARM")(f"{tokens[start]}={''.join(value + ' ' for value in values)}")
    return [value if (plain := number(value)) is None else plain for value in values]

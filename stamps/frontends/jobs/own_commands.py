"""Commands of tasks that are modules of this package: the same words wherever Python and the package are.

Source: docs/method/jobs.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["own_command"]


def own_command(module: str, *arguments: StrPath) -> tuple[str, ...]:
    """Words of a task that run a module of the package; the runner puts its own interpreter and package in their places.

    Parameters
    ----------
    module : str
        ``'stamps.frontends.snap.join'``.
    *arguments : path-like

    Returns
    -------
    tuple of str
        As :func:`stamps.processes.child.command`, with ``{python}`` and ``{package}``.
    """
    return ("{python}", "{package}/processes/child.py", module, *map(str, arguments))

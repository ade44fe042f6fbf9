"""The front ends by name: those of the package, and those that an installed package adds.

A package adds one as an entry point of the group ``stamps.frontends``: its name, and a module with what
:class:`stamps.frontends.jobs.model.FrontEnd` asks for.
"""

from __future__ import annotations

from importlib import import_module, metadata

from stamps.errors import ParameterError
from stamps.frontends.jobs.model import FrontEnd

__all__ = ["front_end"]

#: Name -> module; imported when it is needed.
_MODULES = {
    "snap": "stamps.frontends.snap.frontend",
    "isce": "stamps.frontends.isce_jobs.frontend",
    "psi": "stamps.service.psi",
    "hyp3": "stamps.frontends.hyp3_jobs.frontend",
}


def front_end(name: str) -> FrontEnd:
    """The front end of that name.

    Raises
    ------
    ParameterError
        There is none here.
    """
    if name in _MODULES:
        return _offered(import_module(_MODULES[name]), name)
    for entry in metadata.entry_points(group="stamps.frontends", name=name):
        return _offered(entry.load(), name)
    raise ParameterError(f"The front end '{name}' is not known here: install the package that it belongs to.")


def _offered(module: object, name: str) -> FrontEnd:
    if not isinstance(module, FrontEnd):
        raise ParameterError(
            f"The front end '{name}' lacks something that a front end has (NAME, CHECKS, ERRORS, plan, arrange)."
        )
    return module

"""Compare two trees of StaMPS files variable by variable: ``stamps verify RUN GOLDEN``.

How close each variable must be is data (``tolerances.csv``), and so is what does not count (``ignored.csv``).
:mod:`stamps.verify.golden` knows the layout of golden sets, :mod:`stamps.verify.parity` runs the package against them.

The sub-package itself can be called like :func:`compare`: ``stamps.verify("INSAR_A", "INSAR_B")``, whatever of it has been
imported before.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

from stamps.verify.report import Report, Row
from stamps.verify.trees import compare, compare_files

__all__ = ["Report", "Row", "compare", "compare_files"]


class _CallablePackage(ModuleType):
    """The sub-package as a function: a name of the public face that an import of the sub-package cannot take away."""

    __call__ = staticmethod(compare)


__signature__ = inspect.signature(compare)
sys.modules[__name__].__class__ = _CallablePackage

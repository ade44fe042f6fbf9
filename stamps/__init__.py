"""StaMPS in Python: persistent scatterers and small baselines, the commands and files of the original.

Every legacy function is importable from here under its own name and takes ``workdir=`` (default: the current directory)::

    from stamps import *  # or: from stamps import stamps, getparm, setparm, mt_prep_snap
    setparm("unwrap_grid_size", 50)
    stamps(1, 8)

The package itself can be called like the driver: ``import stamps; stamps(1, 8)``. Which names there are stands in
``__init__.pyi``; their modules are imported when a name is first used.
"""

import os
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.argv[:1] == ["-m"] and not getattr(sys.flags, "safe_path", False) and sys.path[:1] != [_ROOT]:
    del sys.path[0]  # python -m stamps in a project, which may hold a numpy.py; the package itself is found already

from types import ModuleType  # noqa: E402

import lazy_loader  # noqa: E402

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [name for name in __all__ if name != "open"]  # ``from stamps import *`` leaves Python's own alone


class _CallablePackage(ModuleType):
    """The package as a function: that of the same name."""

    def __call__(self, *args, **kwargs):
        """Run processing steps: :func:`stamps.legacy.stamps.stamps`."""
        return self.stamps(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage

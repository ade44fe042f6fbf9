"""Python processes of the package that see nothing of the directory in which they are started.

A project may hold a ``numpy.py`` or ``random.py``, put there by whoever packed it. With ``python -m`` or an empty entry in
PYTHONPATH it would be imported. So children are started by the path of this file, which takes everything relative out of the
search path before anything else is imported; that works with all versions of Python (``-P`` is there from 3.11 on only).
"""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(_HERE)

if __name__ == "__main__":  # this file's own folder is no place to import from, either
    sys.path[:] = [folder for folder in sys.path if os.path.isabs(folder) and os.path.abspath(folder) != _HERE]

import contextlib  # noqa: E402
import importlib  # noqa: E402
import shlex  # noqa: E402
from collections.abc import Iterator, Mapping  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["command", "environment", "forget_current_directory", "inherited_environment", "package", "shell_lines"]


def command(module: str, *arguments: StrPath) -> list[str]:
    """Words that run a module of the package as a program, as ``python -m`` does; its environment: :func:`environment`.

    Parameters
    ----------
    module : str
        ``'stamps.run.patch_task'``.
    *arguments : str
    """
    return [sys.executable, os.path.join(_HERE, "child.py"), module, *map(str, arguments)]


def package() -> str:
    """Folder of this package."""
    return _PACKAGE


def environment(**changes: str) -> dict[str, str]:
    """Environment of a child: as here, changed, without entries of PYTHONPATH that depend on the current directory."""
    variables = {**os.environ, **changes, "PYTHONSAFEPATH": "1"}
    kept = [entry for entry in variables.pop("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(entry)]
    return {**variables, "PYTHONPATH": os.pathsep.join(kept)} if kept else variables


@contextlib.contextmanager
def inherited_environment() -> Iterator[None]:
    """Context in which :func:`environment` is this process's own, for children that a library starts."""
    before = dict(os.environ)
    try:
        _replace_environment(environment())
        yield
    finally:
        _replace_environment(before)


def _replace_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def forget_current_directory() -> None:
    """Take what depends on the current directory out of this program's search for modules and settings."""
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.environ.get("PYTHONPATH") else []
    relative = {os.path.abspath(entry) for entry in entries if not os.path.isabs(entry)}  # site makes them absolute
    sys.path[:] = [folder for folder in sys.path if os.path.isabs(folder) and folder not in relative]
    if os.path.lexists("matplotlibrc"):
        _import_elsewhere("matplotlib")


def _import_elsewhere(module: str) -> None:
    """Import what would take settings (LaTeX commands among them) from the current directory; only when a program starts."""
    with _elsewhere(), contextlib.suppress(ImportError):
        importlib.import_module(module)


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Context in the root directory; back by the open directory, or where there is no way (Windows) by its name."""
    here = os.open(".", os.O_RDONLY) if hasattr(os, "fchdir") else os.getcwd()
    os.chdir(os.sep)
    try:
        yield
    finally:
        os.chdir(here)
        if isinstance(here, int):
            os.close(here)


def shell_lines() -> list[str]:
    """Lines of a shell script after which a Python started by it sees nothing of the directory it was submitted in."""
    variables = environment()
    lines = [f"export {name}={shlex.quote(variables.get(name, ''))}" for name in ("PYTHONSAFEPATH", "PYTHONPATH")]
    return [*lines, "cd /"]  # PYTHONSAFEPATH means nothing to Python 3.10


def _main() -> None:
    """Run the module that the arguments name."""
    import runpy
    from importlib import util

    spec = util.spec_from_file_location(
        "stamps", os.path.join(_PACKAGE, "__init__.py"), submodule_search_locations=[_PACKAGE]
    )
    assert spec is not None and spec.loader is not None, "the file name ends in .py"
    package = sys.modules["stamps"] = util.module_from_spec(spec)  # this one, whatever else the path would find
    spec.loader.exec_module(package)
    module = sys.argv[1]
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()

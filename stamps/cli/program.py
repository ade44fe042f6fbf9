"""Shell commands: arguments to calls, errors to one line and an exit status.

``stamps START END …`` and the other legacy names take the legacy positional arguments; ``stamps VERB …`` adds what the original
never had. Legacy commands are described in :mod:`stamps.cli.legacy`, verbs have a module each in
this package. Heavy imports happen only when a command runs.
"""

import contextlib
import difflib
import gc
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from stamps.cli.command import perform
from stamps.cli.legacy import COMMANDS
from stamps.environment import variable
from stamps.errors import StampsError
from stamps.processes.child import forget_current_directory
from stamps.processes.interruption import Stopped, interruptible, sentence
from stamps.workspace.console import log_on_console, one_line, plain_output
from stamps.workspace.settings_files import present_files
from stamps.workspace.unexpected import explain, warnings_in_log

__all__ = ["main", "run"]


def run(command: str, argv: Sequence[str] | None = None) -> int:
    """Run a shell command.

    Parameters
    ----------
    command : str
        Legacy name, ``'stamps'`` and its verbs included.
    argv : list of str, optional
        Arguments (default: those of the process).

    Returns
    -------
    int
        Exit status: 0, that of the error, or the legacy one for wrong usage.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    _print_whatever_the_locale()
    with plain_output(), log_on_console():
        return _run(command, argv)


def _run(command: str, argv: Sequence[str]) -> int:
    if command == "stamps" and argv and argv[0] in _VERBS:
        verb, argv, command = argv[0], argv[1:], f"stamps {argv[0]}"
        function: Callable[..., Any] = partial(
            _imported, verb
        )  # its module is imported where a signal is told in one sentence
    else:
        function = _legacy(command)
    if command == "stamps" and (steps := _misspelt_steps(argv)):
        return _complain(f"stamps: write the steps as two numbers with a blank between them: stamps {steps}")
    if command == "stamps" and argv and argv[0].isidentifier():
        close = difflib.get_close_matches(argv[0], _VERBS, 1)
        hint = f"did you mean stamps {close[0]}?" if close else f"the verbs are {', '.join(_VERBS)}."
        return _complain(f"stamps: '{argv[0]}' is not a number of a step, and no verb: {hint}")
    directory = _directory(argv)
    try:
        with interruptible(command), warnings_in_log(directory), _settings_in_force(directory, argv):
            return function(argv) or 0
    except StampsError as error:
        print(one_line(f"{command}: {str(error).removeprefix(f'{command}: ')}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt as error:
        print(sentence(command), file=sys.stderr)
        return error.exit_status if isinstance(error, Stopped) else 130
    except UnicodeEncodeError:
        print(
            f"{command}: a name has letters that the character set of this session ({sys.getfilesystemencoding()}) does not "
            "have: set PYTHONUTF8=1 or LC_ALL=C.UTF-8 and start it again.",
            file=sys.stderr,
        )
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # the last net: whatever it is, one sentence
        if variable("STAMPS_DEBUG"):
            raise
        print(one_line(f"{command}: {explain(error, directory)}"), file=sys.stderr)
        return 1


@contextlib.contextmanager
def _settings_in_force(directory: str, argv: Sequence[str]) -> Iterator[None]:
    """Context in which the kernels follow the settings files, where there are any."""
    if not present_files(directory) or {"--help", "-h", "--version"} & {*argv}:
        yield
        return
    from stamps.native import backends
    from stamps.run.settings import settings_of

    with backends.selected(settings_of(directory).wanted_backend):
        yield


def _directory(argv: Sequence[str]) -> str:
    """The directory that the arguments of a command name, else the current one."""
    for k, word in enumerate(argv):
        if word == "--workdir" and k + 1 < len(argv):
            return argv[k + 1]
        if word.startswith("--workdir="):
            return word.partition("=")[2]
    return "."


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of every command, those that pip installs and those in ``bin/``: the program's file name is the command."""
    forget_current_directory()
    gc.set_threshold(50_000)  # importing makes many objects that stay: looking for cycles among them finds none
    return run(os.path.basename(sys.argv[0]).removesuffix(".exe"), argv)


def _print_whatever_the_locale() -> None:
    """Letters that the terminal's character set lacks become question marks, rather than the end of a run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


# ---------------------------------------------------------------------- legacy commands


def _legacy(command: str) -> Callable[..., Any]:
    if command not in COMMANDS:
        names = ", ".join(COMMANDS)
        return lambda argv: _complain(f"{command} is not a command of this package; there are: {names}")
    verbs = "\n".join(f"  {verb:<18s} {about}" for verb, (_, about) in _VERBS.items())
    more = f"verbs: stamps VERB --help\n{verbs}" if command == "stamps" else ""
    return lambda argv: perform(command, COMMANDS[command], argv, more, lambda: f"stamps {_version()}")


def _misspelt_steps(argv: Sequence[str]) -> str:
    """``'1 8'`` for steps as MATLAB's call or a range would have them, ``(1,8)``, ``1-8``, ``1:8``; else empty."""
    words = " ".join(argv[:2])
    if not any(sign in words for sign in "(),:.") and not re.match(r"\d\s*-\s*\d", words):
        return ""
    numbers = re.fullmatch(r"\(?\s*(\d+)\s*(?:,|-|:|\.\.+)\s*(\d+)\s*\)?", words)
    return " ".join(numbers.groups()) if numbers else ""


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("stamps-insar")
    except metadata.PackageNotFoundError:
        from stamps import __version__

        return __version__


# ---------------------------------------------------------------------- verbs

#: Verb -> module whose ``main(argv)`` runs it and returns the exit status, and what it is for.
_VERBS = {
    "status": ("stamps.cli.status", "how far a project is, what is left, what to run next"),
    "estimate": ("stamps.cli.estimate", "memory, disk, time and patches that a stack or project needs"),
    "export": ("stamps.cli.export", "csv, GeoPackage, GeoTIFF, KML, MintPy … for other programs"),
    "model": ("stamps.cli.model", "models of the time series, and kinds of motion"),
    "areas": ("stamps.cli.areas", "areas that move, as polygons"),
    "components": ("stamps.cli.components", "time series as maps times courses"),
    "decompose": ("stamps.cli.decompose", "east and vertical motion from ascending and descending projects"),
    "gnss": ("stamps.cli.gnss", "stations of GNSS against pixels; calibration of velocities by them"),
    "hyp3": ("stamps.cli.hyp3", "interferograms ordered from ASF's HyP3, fetched, made a project"),
    "tropo": ("stamps.cli.tropo", "tropospheric correction: linear, powerlaw, gacos, weather models"),
    "profile": ("stamps.cli.profile", "velocities and heights along a line: tables, picture"),
    "isce": ("stamps.cli.isce", "ISCE2's topsStack from Sentinel-1 products to a project"),
    "cslc": ("stamps.cli.cslc", "geocoded SLCs (OPERA CSLC-S1, COMPASS, NISAR GSLC) to a project"),
    "jobs": ("stamps.cli.jobs", "jobs of front ends in a folder: status, retry, cancel, watch, save"),
    "snap": ("stamps.cli.snap", "from SLC products through SNAP to a prepared project, as a job"),
    "service": ("stamps.cli.service", "stacks and time series as images arrive, or as web clients order them"),
    "relocate": ("stamps.cli.relocate", "let a project name its export in a new place"),
    "verify": ("stamps.cli.verify", "compare a run with a reference tree, variable by variable"),
    "view": ("stamps.cli.view", "one page with the map and the time series, for any browser"),
    "describe-inputs": ("stamps.cli.describe_inputs", "what each step reads and writes, checked with a project"),
    "report": ("stamps.cli.report", "write a page about the quality of a run"),
    "describe-backends": (
        "stamps.cli.describe_backends",
        "what is compiled, which programs and versions are used",
    ),
    "settings": ("stamps.cli.settings", "with what and where is computed, and where each setting comes from"),
    "list-legacy": ("stamps.cli.list_legacy", "scripts of the original: ported where, tested by what, or why not"),
    "completion": ("stamps.cli.completion", "let bash, zsh or fish complete commands, options and parameters"),
}


def _verb(name: str) -> Callable[..., Any]:
    return import_module(_VERBS[name][0]).main


def _imported(name: str, argv: Sequence[str]) -> int | None:
    return _verb(name)(argv)

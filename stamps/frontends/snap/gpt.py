"""SNAP's program ``gpt``: where it is, which version, its command line, what its operators know.

Source: docs/method/snap.md, section 3.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from stamps.environment import variable
from stamps.errors import ExternalProgramError, InputError
from stamps.external import find_program
from stamps.frontends.snap.operators import Parameter, operators, table

__all__ = [
    "command_line",
    "find_gpt",
    "megabytes",
    "missing_parameters",
    "user_folder",
    "version_of",
]

_SECONDS = 300  # Java and all of SNAP's modules are loaded for a single answer
_VERSION = re.compile(r"^\s*SNAP(?: Release)? version:?\s*(\d[\w.\-]*)", re.MULTILINE | re.IGNORECASE)
_UNITS = {"": 1, "M": 1, "MB": 1, "G": 1024, "GB": 1024, "T": 1024**2, "TB": 1024**2}


def find_gpt(given: str | None = None, installation: str | None = None) -> str:
    """Path of ``gpt``.

    Parameters
    ----------
    given : str, optional
        The program, or the folder that holds it.
    installation : str, optional
        Folder of SNAP (default: the variable ``SNAP_INSTALLATION_FOLDER``).

    Returns
    -------
    str
        From ``given``, the variable ``STAMPS_GPT``, the PATH, or the folder ``bin`` of the installation: the first that there is.

    Raises
    ------
    InputError
        There is none; the message says where was looked.
    """
    for wanted, source in ((given, "--gpt"), (variable("STAMPS_GPT"), "STAMPS_GPT")):
        if wanted:
            return _program(wanted, source)
    if found := find_program("gpt"):
        return found
    folder = installation or os.environ.get("SNAP_INSTALLATION_FOLDER", "")
    if folder and (found := _executable(os.path.join(folder, "bin", "gpt"))):
        return found
    raise InputError(
        "SNAP's program gpt was found neither by --gpt, STAMPS_GPT, on the PATH nor in SNAP_INSTALLATION_FOLDER/bin"
        f"{f' ({folder})' if folder else ''}: install SNAP 9 or later, or name the program with --gpt."
    )


def _program(wanted: str, source: str) -> str:
    path = os.path.abspath(os.path.expanduser(wanted))
    places = [path, os.path.join(path, "gpt"), os.path.join(path, "bin", "gpt")]
    found = next(filter(None, map(_executable, places)), None)
    if found is None:
        raise InputError(f"{source} names {path}, which is no program that can be run: name SNAP's bin/gpt.")
    return found


def _executable(path: str) -> str | None:
    return path if os.path.isfile(path) and os.access(path, os.X_OK) else None


def version_of(gpt: str) -> str:
    """Version of SNAP as ``gpt --diag`` tells it.

    Raises
    ------
    ExternalProgramError
        It cannot be run or tells no version.
    """
    text = _answer(gpt, "--diag")
    match = _VERSION.search(text)
    if match is None:
        last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
        said = f"it said: {last}" if last else "it said nothing: name SNAP's bin/gpt with --gpt."
        raise ExternalProgramError(f"{gpt} --diag does not tell SNAP's version; {said}")
    return match[1]


def missing_parameters(gpt: str) -> list[str]:
    """Operators and parameters that graphs use and this SNAP does not list, each as a sentence; ``gpt`` runs once an operator."""
    problems = []
    for operator in operators():
        if operator in ("Read", "Write", "ProductSet-Reader"):
            continue
        text = _answer(gpt, operator, "-h")
        wanted = [parameter for parameter in table().values() if parameter.operator == operator]
        problems += _unknown(operator, text, wanted)
    return problems


def _unknown(operator: str, text: str, wanted: list[Parameter]) -> list[str]:
    known = set(re.findall(r"^\s*-P([\w]+)=", text, re.MULTILINE))
    if not known:
        if operator == "TOPSAR-Deburst" or re.search(r"^Usage:", text, re.MULTILINE):
            return []
        return [f"This SNAP has no operator {operator}: install its Microwave (Sentinel-1) toolbox."]
    names = [parameter.name for parameter in wanted if parameter.name not in known]
    return [f"SNAP's operator {operator} does not list the parameter {name}." for name in names]


def _answer(gpt: str, *arguments: str) -> str:
    """What ``gpt`` prints."""
    try:
        done = subprocess.run(
            [gpt, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ExternalProgramError(f"{gpt} cannot be run ({error.strerror}).") from error
    except subprocess.TimeoutExpired:
        raise ExternalProgramError(f"{gpt} {' '.join(arguments)} gave no answer in {_SECONDS} seconds.") from None
    return done.stdout.decode(errors="replace")


def user_folder(given: str | None = None) -> Path:
    """SNAP's folder of the user, with its downloads and orbits (default: ``~/.snap``)."""
    return Path(os.path.abspath(os.path.expanduser(given or "~/.snap")))


def megabytes(text: str | int, name: str = "memory") -> int:
    """MiB that a size such as ``16G`` or ``800M`` stands for; a bare number counts MiB.

    Raises
    ------
    InputError
        It is no size above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MGT]?B?)\s*", str(text).upper())
    unit = _UNITS.get(match[2]) if match else None
    size = int(float(match[1]) * unit) if match and unit else 0
    if size < 1:
        raise InputError(f"{name} is '{text}', but a size such as 16G or 800M was expected.")
    return size


def command_line(gpt: str, user: str, graph: str, cores: int, memory_mb: int, workdir: str, run: str) -> list[str]:
    """Words that run a graph.

    Parameters
    ----------
    gpt, user : str
        The program, SNAP's folder of the user.
    graph : str
    cores : int
        Threads.
    memory_mb : int
        Memory of the task, MiB; 60 % of it is cache.
    workdir, run : str
        What ``${workdir}`` and ``${run}`` in the graph stand for: where products are read, and written. SNAP puts them into the
        text of the graph, so they are written as XML wants it.
    """
    cache = max(1, memory_mb * 6 // 10)
    return [
        gpt, graph, "-e", "-c", f"{cache}M", "-q", str(cores), f"-J-Xmx{memory_mb}M", f"-Dsnap.userdir={user}",
        f"-Pworkdir={escape(workdir)}", f"-Prun={escape(run)}",
    ]  # fmt: skip

"""The run files of ISCE2's stack processor: which commands there are, in which order, and of which dates.

``run_files/run_<NN>_<name>`` holds one command a line; the lines of a file do not depend on each other, the files do, in order
of NN. Blank lines, comments and lines of ``wait`` are no commands, and the ``&`` at the end of a line (``--num_proc``) does not
belong to one. What stands before a command (``-t 'source env.sh;'``) stays.

Source: docs/method/isce.md, section 3.
"""

from __future__ import annotations

import datetime
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.frontends.jobs.model import FILLED_IN
from stamps.workspace.plain_files import read_input_bytes

__all__ = ["FOLDER", "Line", "RunFile", "read_run_file", "read_run_files"]

#: Folder of the run files in the working directory.
FOLDER = "run_files"

_NAME = re.compile(r"run_(\d{1,4})_([A-Za-z0-9][A-Za-z0-9_.-]*)\Z")
_LEFT_OVER = re.compile(r".*(~|\.bak|\.orig|\.swp|\.job|\.e|\.o)\Z")
_WAIT = re.compile(r"wait\s*;?\Z")
_CONFIG = re.compile(r"config(?:uration)?_(?P<what>.+)\Z")
_DAY = re.compile(r"(?<!\d)\d{8}(?!\d)")
_LONGEST = 65536  # characters of a command
_BACKGROUND = re.compile(r"(?<![&<>|])&(?![&>])")
_FILLED_IN = re.compile(rf"\{{(?:{'|'.join(FILLED_IN)})\}}")  # what a job replaces in its commands


@dataclass(frozen=True)
class Line:
    """A command of a run file.

    Attributes
    ----------
    number : int
        Line of the file, from 1.
    text : str
        The command, without the ``&``.
    id : str
        Its name, unique in the file: the dates of its configuration, else what it is about.
    dates : tuple of str
        Dates (yyyymmdd) in the name of its configuration, in this order.
    config : str
        Path of its configuration as the line has it; empty if there is none.
    """

    number: int
    text: str
    id: str
    dates: tuple[str, ...] = ()
    config: str = ""


@dataclass(frozen=True)
class RunFile:
    """A run file: a step.

    Attributes
    ----------
    number : int
    name : str
        What it does, ``fullBurst_geo2rdr``.
    lines : tuple of Line
    """

    number: int
    name: str
    lines: tuple[Line, ...]

    @property
    def step(self) -> str:
        """Name of the step, ``09_fullBurst_geo2rdr``."""
        return f"{self.number:02d}_{self.name}"


def read_run_files(folder: Path) -> tuple[RunFile, ...]:
    """The run files of a folder in the order of their numbers.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of RunFile
        Those that hold a command.

    Raises
    ------
    InputError
        There is none, two have the same number, one is missing, or one cannot be understood; the message names it.
    """
    found: dict[int, tuple[str, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        match = _NAME.match(path.name)
        if match is None or _LEFT_OVER.match(path.name):
            continue
        number = int(match[1])
        if number in found:
            other = found[number][1]
            raise InputError(f"{other} and {path} have the same number: one of them is left over; remove it.")
        found[number] = match[2], path
    if not found:
        raise InputError(f"{folder} holds no run file (run_01_…): stackSentinel.py has written none.")
    missing = sorted({*range(min(found), max(found) + 1)} - {*found})
    if min(found) != 1 or missing:
        number = 1 if min(found) != 1 else missing[0]
        raise InputError(f"{folder} has no run file with the number {number:02d}: a step would be left out.")
    files = [RunFile(number, name, read_run_file(path)) for number, (name, path) in sorted(found.items())]
    return tuple(file for file in files if file.lines)


def read_run_file(path: Path) -> tuple[Line, ...]:
    """The commands of a run file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of Line

    Raises
    ------
    InputError
        It is no text, or a line is no command.
    """
    try:
        text = read_input_bytes(path).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text: it is no run file.") from None
    lines: list[Line] = []
    taken: set[str] = set()
    for number, row in enumerate(text.splitlines(), 1):
        command = _command(row, path, number)
        if command:
            line = _understood(command, path, number, taken)
            taken.add(line.id)
            lines.append(line)
    return tuple(lines)


def _command(row: str, path: Path, number: int) -> str:
    """The command of a row; empty if it holds none."""
    command = row.strip()
    if len(command) > _LONGEST or not command.replace("\t", "").isprintable():
        raise InputError(f"Line {number} of {path} is no command: it is too long or holds characters that no text has.")
    if command.startswith("#") or _WAIT.match(command):
        return ""
    if command.endswith(("&&", "|", "\\")):
        raise InputError(f"Line {number} of {path} ends with '{command[-2:].strip()}': its command is cut off.")
    command = command.removesuffix("&").rstrip()
    if _goes_on(command):
        raise InputError(
            f"Line {number} of {path} leaves a program in the background, whose end nobody would see: write one command a line."
        )
    if replaced := _FILLED_IN.search(command):
        raise InputError(f"Line {number} of {path} holds {replaced[0]}, which a job would replace: name it otherwise.")
    return command


def _goes_on(command: str) -> bool:
    """Whether something of a command is left in the background; its last ``&`` is not there any more."""
    signs = "&|;<>()"
    words = shlex.shlex(command, posix=True, punctuation_chars=signs)
    words.whitespace_split, words.commenters = True, ""
    try:
        return any(_BACKGROUND.search(word) for word in words if not word.strip(signs))
    except ValueError:
        return False  # an open quotation, which is told


def _understood(command: str, path: Path, number: int, taken: set[str]) -> Line:
    """The command with its name, its dates and its configuration."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"Line {number} of {path} is no command ({error}): {command[:200]}") from None
    config = _config_of(words)
    match = _CONFIG.match(Path(config).name) if config else None
    what = match["what"] if match else Path(config).name
    dates = tuple(day for day in _DAY.findall(what) if _is_date(day))
    name = "_".join(dates) or _plain(what) or _plain(_program(words)) or "command"
    return Line(number, command, _unique(name, taken), dates, config)


def _config_of(words: list[str]) -> str:
    """The word behind ``-c`` (``--config``); empty if there is none."""
    for word, following in zip(words, words[1:], strict=False):
        if word in ("-c", "--config"):
            return following
    return next((word.partition("=")[2] for word in words if word.startswith("--config=")), "")


def _program(words: list[str]) -> str:
    """Name of the program of a line without a configuration, and what of its arguments is told apart best."""
    programs = [Path(word).name.removesuffix(".py") for word in words if word.endswith(".py")]
    name = programs[-1] if programs else Path(words[0]).name
    kinds = [kind for kind in ("azimuth", "range") if any(kind in Path(word).parts for word in words)]
    return "_".join([name, *kinds[:1]])


def _plain(text: str) -> str:
    """Letters that a file name may have everywhere."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-")[:80]


def _unique(name: str, taken: set[str]) -> str:
    number, wanted = 1, name
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return text[:2] in ("19", "20")

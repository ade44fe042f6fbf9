"""How a shell command is described, and what that description does: usage, help, reading of arguments, the call.

The table of all legacy commands is :mod:`stamps.cli.legacy`.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from stamps.cli.options import BACKEND_HELP
from stamps.errors import InputError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


__all__ = [
    "Argument",
    "Command",
    "Option",
    "bounds",
    "cycles",
    "literal",
    "matrix",
    "perform",
    "step",
    "text_or_number",
    "usage",
]

#: Options that every command has.
_COMMON = (
    ("--workdir", "DIR", "project directory (default: here); names of files are meant from there"),
    ("--help", "", "this text"),
    ("--version", "", "the version of the package"),
)


@dataclass(frozen=True)
class Argument:
    """A positional argument.

    Attributes
    ----------
    name : str
        Placeholder in the usage line.
    read : callable
        Makes a value of the text; a ValueError means that the text is no number.
    about : str
        What it is, for the help.
    """

    name: str
    read: Callable[[str], Any] = str
    about: str = ""


@dataclass(frozen=True)
class Option:
    """An argument with a name of its own, handed over as a keyword if it is given (or always, if it has a default).

    Attributes
    ----------
    name : str
        ``'--out'``.
    value : str
        Placeholder of its value; empty for a switch.
    read : callable
    about : str
        For the help; an option without it is not listed.
    default : object
        Handed over where the option is not given.
    bare : str, optional
        Handed over where it is given without a value: at the end, or before an option or a number.
    count : int or '+'
        Values that follow it, ``'+'``: all up to the next option; more than one are handed over as a list.
    argument : str
        Of the function, where it is not called as the option is.
    """

    name: str
    value: str = ""
    read: Callable[[str], Any] = str
    about: str = ""
    default: object = argparse.SUPPRESS
    bare: str | None = None
    count: int | str = 1
    argument: str = ""

    @property
    def keyword(self) -> str:
        """Name of the function's argument."""
        return self.argument or self.name.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Command:
    """A shell command: everything that its usage, its help and its call need.

    Attributes
    ----------
    about : str
        What it does; further lines are shown as they are.
    arguments : tuple of Argument
        Positional arguments, in the legacy order.
    required : int
        How many of them must be given.
    repeats : str
        Placeholder of further words, as many as one likes; they are read as the last argument is.
    options : tuple of Option
    example : str
        A command line that works.
    status : int
        Exit status for a wrong number of arguments.
    kernels : bool
        Whether it computes with kernels, so that ``--backend`` makes sense.
    help_if_bare : bool
        Whether a call without arguments asks for the help.
    more : callable, optional
        Makes further sections of the help.
    call : callable, optional
        ``call(function, values, keywords)`` instead of the plain call: prepares values, prints what comes back, and may
        return an exit status.
    """

    about: str
    arguments: tuple[Argument, ...] = ()
    required: int = 0
    repeats: str = ""
    options: tuple[Option, ...] = ()
    example: str = ""
    status: int = 2
    kernels: bool = True
    help_if_bare: bool = False
    more: Callable[[], str] | None = None
    call: Callable[[Callable[..., Any], list[Any], dict[str, Any]], int | None] | None = None

    @property
    def most(self) -> int:
        """The largest number of positional arguments."""
        return 10_000 if self.repeats else len(self.arguments)


class _WrongUsage(Exception):
    """The command line cannot be understood."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions."""

    def error(self, message: str) -> NoReturn:
        raise _WrongUsage(message)


# ---------------------------------------------------------------------- readers of arguments


def literal(text: str) -> NDArray[np.float64] | float | str:
    """Value of a MATLAB literal: ``50``, ``inf``, ``[3 8]``, ``1:5``, ``'y'``; anything else is a text."""
    from stamps.matlab import literals

    return literals.parse(text)


def step(text: str) -> float:
    """A step: a whole number, or one with a decimal point (5.5)."""
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else int(text)


def cycles(text: str) -> int | str:
    """A whole number of cycles, or ``closest``."""
    return text if text in ("closest", "inf") else int(text)


def text_or_number(text: str) -> int | str:
    """A whole number where there are digits only, else the text."""
    return int(text) if text.isdigit() else text


def matrix(text: str) -> NDArray[np.float64]:
    """Rows of numbers, ``[14.1 40.2; 14.3 40.2]``, or those of a text file.

    Returns
    -------
    ndarray of float64, shape (n, m)
    """
    import numpy as np

    from stamps.matlab import literals

    if text.strip().startswith("["):
        rows = [np.ravel(literals.parse(f"[{row}]")) for row in text.strip().strip("[]").split(";") if row.strip()]
        if len({row.size for row in rows}) > 1:
            raise ParameterError(f"The rows of {text} have different lengths: write it as [14.1 40.2; 14.3 40.2].")
        return np.array(rows, np.float64)
    try:
        return np.loadtxt(text, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{text} is neither a matrix, as [14.1 40.2; 14.3 40.2], nor a file of one: {error}."
        ) from None


def bounds(text: str) -> NDArray[np.float64]:
    """Two numbers, or several rows of two; ndarray of float64, shape (2,) or (n, 2)."""
    rows = matrix(text)
    return rows[0] if len(rows) == 1 else rows


# ---------------------------------------------------------------------- usage and help


def usage(name: str, command: Command) -> str:
    """The usage line: what may be left out stands in brackets.

    Parameters
    ----------
    name : str
    command : Command
    """
    names = [argument.name for argument in command.arguments]
    words = [name, *names[: command.required]]
    optional = names[command.required :]
    if optional:
        words.append("[" + " [".join(optional) + "]" * len(optional))
    if command.repeats:
        words.append(f"[{command.repeats} …]")
    words += [f"[{_signature(option)}]" for option in command.options if option.about]
    words.append("[--workdir DIR]")
    if command.kernels:
        words.append("[--backend NAME]")
    return textwrap.fill(f"usage: {' '.join(words)}", 120, subsequent_indent="       ", break_long_words=False)


def help_text(name: str, command: Command, more: str = "") -> str:
    """Usage, purpose, arguments, options, an example, and what else is to be said.

    Parameters
    ----------
    name : str
    command : Command
    more : str
        Further sections.

    Returns
    -------
    str
    """
    sections = [usage(name, command), command.about]
    sections.append(_listed("arguments:", [(argument.name, argument.about) for argument in command.arguments]))
    options = [(_signature(option), option.about) for option in command.options]
    options += [(f"{word} {value}".strip(), about) for word, value, about in _COMMON]
    options += [("--backend NAME", BACKEND_HELP)] if command.kernels else []
    sections.append(_listed("options:", options))
    if command.more is not None:
        sections.append(command.more())
    sections.append(more)
    sections.append(_listed("example:", [(line, " ") for line in command.example.splitlines()]))
    return "\n\n".join(section for section in sections if section)


def _short_help(name: str, command: Command) -> str:
    return f"{usage(name, command)}\nAll arguments are explained by {name} --help."


def _signature(option: Option) -> str:
    return f"{option.name} {option.value}".strip() if option.bare is None else f"{option.name} [{option.value}]"


def _listed(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Rows of a name and a text; those without a text are left out."""
    rows = [(name, about) for name, about in rows if about]
    if not rows:
        return ""
    width = min(max(len(name) for name, _ in rows), 22)
    gap = "\n" + " " * (width + 4)
    return "\n".join([title, *(f"  {name:<{width}s}  {about}".rstrip().replace("\n", gap) for name, about in rows)])


# ---------------------------------------------------------------------- the call


def perform(name: str, command: Command, argv: Sequence[str], more: str = "", version: Callable[[], str] = str) -> int:
    """Understand the arguments of a command and run it.

    Parameters
    ----------
    name : str
        The function of the package, too.
    command : Command
    argv : list of str
    more : str
        Further sections of the help.
    version : callable
        Makes what ``--version`` prints.

    Returns
    -------
    int
        Exit status.
    """
    try:
        options, words = _split(name, command, argv)
    except _WrongUsage as error:
        print(f"{name}: {error}; see {name} --help", file=sys.stderr)
        return 2
    asked, only_version = options.pop("help"), options.pop("version")
    if asked or (command.help_if_bare and not words and not only_version):
        print(help_text(name, command, more))
        return 0
    if only_version:
        print(version())
        return 0
    if not command.required <= len(words) <= command.most:
        print(_short_help(name, command), file=sys.stderr)
        return command.status
    values = []
    for k, word in enumerate(words):
        try:
            values.append(command.arguments[min(k, len(command.arguments) - 1)].read(word))
        except ValueError:
            print(f"{name}: '{word}' is not a number.\n{_short_help(name, command)}", file=sys.stderr)
            return 2
    return _call(name, command, values, options)


def _split(name: str, command: Command, argv: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Options as a dict, and positional arguments; ``-inf`` and ``-1`` are values, not options."""
    parser = _Parser(prog=name, add_help=False, allow_abbrev=False)
    parser.add_argument("--workdir", default=".")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    if command.kernels:
        parser.add_argument("--backend")
    for option in command.options:
        if option.value:
            nargs = None if option.count == 1 else option.count
            parser.add_argument(option.name, dest=option.keyword, type=option.read, default=option.default, nargs=nargs)
        else:
            parser.add_argument(option.name, dest=option.keyword, action="store_true", default=option.default)
    options, words = parser.parse_known_args(_with_bare(command.options, argv))
    unknown = [word for word in words if word.startswith("--") and len(word) > 2]
    if unknown and not options.help:
        raise _WrongUsage(f"there is no option {unknown[0]}")
    return vars(options), [word for word in words if word != "--"]


def _with_bare(options: Sequence[Option], argv: Sequence[str]) -> list[str]:
    """The words with the value of each option that may stand without one."""
    bare = {option.name: option.bare for option in options if option.bare is not None}
    words = []
    for word, following in itertools.zip_longest(argv, argv[1:], fillvalue="-"):
        alone = word in bare and (following.startswith("-") or following.isdigit())
        words.append(f"{word}={bare[word]}" if alone else word)
    return words


def _call(name: str, command: Command, values: list[Any], keywords: dict[str, Any]) -> int:
    import stamps
    from stamps.native import backends

    backend = keywords.pop("backend", None)
    function = getattr(stamps, name)
    with backends.selected(backend):
        if command.call is not None:
            return command.call(function, values, keywords) or 0
        function(*values, **keywords)
    return 0

"""``stamps completion SHELL``: the script after which a shell completes commands, verbs, options, parameters and files.

The script is made by the library shtab from parsers: that of a verb or a command is the one with which it reads its own
arguments, so what is completed is what is understood; positional arguments of legacy commands are in their table.
"""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stamps.cli.command import Command
    from stamps.products.exports import Format


__all__ = ["main"]

_SHELLS = ("bash", "zsh", "fish")

_EXAMPLES = """\
For this session and all commands:

  bash, zsh   eval "$(stamps completion bash)"             (zsh: after compinit)
  fish        stamps completion fish | source

For good, in a file that new sessions read:

  bash        stamps completion bash > ~/.stamps-completion; echo '. ~/.stamps-completion' >> ~/.bashrc
  zsh         stamps completion zsh > ~/.stamps-completion; echo 'eval "$(cat ~/.stamps-completion)"' >> ~/.zshrc
  fish        stamps completion fish > ~/.config/fish/conf.d/stamps.fish
"""

#: Placeholders that stand for a directory or a file; everything else in capital letters is a value.
_DIRECTORIES = {"DIR", "WORKDIR", "DATADIR", "STACKDIR", "RUN", "GOLDEN", "OLD", "NEW", "FOLDER"}
_FILES = {
    "FILE", "FILES", "FILE.html", "PATH", "LIST", "IN", "IJ", "DA", "OUT", "PATCH_IN", "MEAN_AMP", "MASKFILE", "MASTERAMP_LIST",
    "PATCH_LIST", "PATCH_LIST_FILE", "POINTS", "POLYGON", "EXCLUDE", "EXT_DATA",
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Print the script; returns the exit status."""
    options = _parser().parse_args(argv)
    print(_script(options.shell, options.commands))
    return 0


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps completion",
        description="Print a script for the completion of all commands, or of those that are named.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    parser.add_argument("commands", metavar="COMMAND", nargs="*", help="stamps, setparm, ps_plot … (default: all)")
    return parser


def _script(shell: str, commands: Sequence[str] = ()) -> str:
    """The scripts of all commands, or of some, one behind the other.

    Parameters
    ----------
    shell : str
        One of ``bash``, ``zsh``, ``fish``.
    commands : sequence of str
        Names of commands; empty for all.
    """
    import shtab

    from stamps.cli.legacy import COMMANDS
    from stamps.errors import InputError

    for name in commands:
        if name not in COMMANDS:
            raise InputError(f"'{name}' is not a command of this package; there are: {', '.join(COMMANDS)}.")
    parsers = [_command_parser(name, COMMANDS[name]) for name in commands or COMMANDS]
    return "\n".join(shtab.complete(parser, shell=shell) for parser in parsers)


# ---------------------------------------------------------------------- parsers


#: The method with which every parser begins to read.
_READ = "parse_known_args"


class _Caught(Exception):
    """A parser is complete, and about to read arguments."""

    def __init__(self, parser: ArgumentParser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


@contextmanager
def _catching() -> Iterator[None]:
    """Context in which parsers raise :class:`_Caught` instead of reading arguments."""
    read = getattr(argparse.ArgumentParser, _READ)

    def catch(parser: ArgumentParser, args: object = None, namespace: object = None) -> NoReturn:
        raise _Caught(parser)

    setattr(argparse.ArgumentParser, _READ, catch)
    try:
        yield
    finally:
        setattr(argparse.ArgumentParser, _READ, read)


def _parser_of(function: Callable[..., Any], *arguments: str | Sequence[Any] | Command) -> ArgumentParser:
    """The parser with which a function begins; nothing behind it is run."""
    try:
        with _catching():
            function(*arguments)
    except _Caught as caught:
        return caught.parser
    raise TypeError(f"{function.__module__}.{function.__name__} has no parser.")


def _command_parser(name: str, command: Command) -> ArgumentParser:
    """Parser of a legacy command with its positional arguments, that of ``stamps`` with its verbs."""
    from stamps.cli.command import perform

    parser = _parser_of(perform, name, command, [])
    for option in command.options:
        parser._option_string_actions[option.name].help = _plain(option.about) or argparse.SUPPRESS
    if name == "stamps":
        _add_verbs(parser)
    else:
        _add_arguments(parser, command)
    _add_choices(parser, name)
    return parser


def _add_verbs(parser: ArgumentParser) -> None:
    from stamps.cli.program import _VERBS, _verb

    verbs = parser.add_subparsers(metavar="VERB")
    for name, (_, about) in _VERBS.items():
        made = _parser_of(_verb(name), [])
        verbs.add_parser(name, help=_plain(about), parents=[made], add_help=False)
        verbs.choices[name].prog = made.prog


def _add_arguments(parser: ArgumentParser, command: Command) -> None:
    for k, argument in enumerate(command.arguments):
        parser.add_argument(f"argument_{k}", metavar=argument.name, help=_plain(argument.about) or argument.name)
    if command.repeats:
        parser.add_argument("words", metavar=command.repeats, nargs="*", help=command.repeats)


def _plain(text: str) -> str:
    """A text on one line, without what argparse would fill in."""
    return " ".join(text.split()).replace("%", "%%")


# ---------------------------------------------------------------------- values


def _add_choices(parser: ArgumentParser, name: str) -> None:
    """Let every action know what its values are: names, files or directories."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                _add_choices(inner, f"{name} {verb}")
            continue
        placeholder = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        if action.nargs == 0 or action.choices:
            continue
        if names := _NAMES.get((name, placeholder)) or _NAMES.get(("", placeholder)):
            action.choices = list(names())
        elif placeholder in _DIRECTORIES:
            vars(action)["complete"] = shtab.DIRECTORY
        elif placeholder in _FILES:
            vars(action)["complete"] = shtab.FILE


def _parameters() -> list[str]:
    from stamps.workspace.parameters import table

    return [row.name for row in table()]


def _value_types() -> dict[str, None]:
    from stamps.products.value_types import known_names

    return dict.fromkeys([*known_names(False), *known_names(True)])


def _kinds() -> dict[str, Format]:
    from stamps.products.exports import FORMATS

    return FORMATS


def _backends() -> tuple[str, str, str, str]:
    from stamps.native.backends import BACKENDS

    return BACKENDS


def _scripts() -> list[str]:
    from stamps.queries.legacy_scripts import list_legacy

    return [row.script for row in list_legacy(None)]


def _commands() -> dict[str, Command]:
    from stamps.cli.legacy import COMMANDS

    return COMMANDS


def _steps() -> Any:
    return map(str, range(1, 9))


#: (command, placeholder) -> function that names all values; an empty command stands for every one.
_NAMES = {
    ("getparm", "NAME"): _parameters,
    ("setparm", "NAME"): _parameters,
    ("ps_plot", "VALUE_TYPE"): _value_types,
    ("stamps export", "KIND"): _kinds,
    ("stamps export", "TYPE"): _value_types,
    ("stamps view", "TYPE"): _value_types,
    ("stamps describe-inputs", "STEP"): _steps,
    ("stamps list-legacy", "NAME"): _scripts,
    ("stamps completion", "COMMAND"): _commands,
    ("", "BACKEND"): _backends,
}

"""Run a command of a run file, as a program: ``line --path DIR -- 'SentinelWrapper.py -c …'``.

The programs of ISCE2 end with exit status 0 now and then although a Python traceback is in what they say. Here such a command has
failed, and why it has is the last line of the log.

Source: docs/method/isce.md, section 4.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path

from stamps.workspace.system_errors import signal_name

__all__ = ["SHELL", "Causes", "main"]

#: A line goes to this shell, where a pipe fails if any of its programs does.
SHELL = ("/bin/bash", "-o", "pipefail", "-c")

_TRACEBACK = "Traceback (most recent call last):"
_ERROR = re.compile(r"(?:ERROR\b|[Ee]rror:|FATAL\b|Segmentation fault|\S*command not found)")
_SAID = 300  # characters of a cause
_AT_ONCE = 1 << 16  # bytes


class Causes:
    """What went wrong, from the lines of a log as they come."""

    def __init__(self) -> None:
        self.traceback = ""
        self._open = self._any = False
        self._error = self._last = ""

    def see(self, line: str) -> None:
        """Look at the next line."""
        text = line.rstrip()
        if text.endswith(_TRACEBACK):  # what does not end its lines may stand before it
            self._open = self._any = True
        elif self._open and text and not text[0].isspace():
            self.traceback, self._open = text[:_SAID], False
        elif _ERROR.search(text):
            self._error = text.strip()[:_SAID]
        self._last = text.strip()[:_SAID] or self._last

    @property
    def had_traceback(self) -> bool:
        """Whether a traceback has begun."""
        return self._any

    @property
    def cause(self) -> str:
        """The end of the last traceback, else the last line that tells an error, else the last line."""
        if self._any:
            return self.traceback or "a traceback that was cut off"
        return self._error or self._last

    @property
    def last(self) -> str:
        """The last line."""
        return self._last


def main(argv: Sequence[str]) -> int:
    """Run the command; returns its exit status, 1 for a traceback without one.

    Parameters
    ----------
    argv : list of str

    Returns
    -------
    int
    """
    options = _parser().parse_args(argv)
    words = options.command if len(options.command) > 1 else [*SHELL, options.command[0]]
    causes = Causes()
    before = _sizes(options.command)
    try:
        with subprocess.Popen(
            words, env=_environment(options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert isinstance(process.stdout, BufferedReader), "it is a pipe"
            _relay(process.stdout, causes)
            status = process.wait()
    except OSError as error:
        print(f"{words[0]} cannot be started: {error.strerror}.", flush=True)
        return 127
    said = causes.last
    for path, size in before.items():
        _read_log(path, size, causes)
    return _verdict(status, causes, said)


#: Where the shell sends what a command says: ``> log``, ``2>> log``, ``&> log``; not ``2>&1``.
_REDIRECTION = re.compile(r"""(?<![\w=-])(?:[0-9]?|&)>{1,2}\|?\s*(?!&)(?:"([^"$`]+)"|'([^']+)'|([^\s;&|<>()$`"']+))""")


def _sizes(command: Sequence[str]) -> dict[Path, int]:
    """Logs that a line for the shell writes itself, and from where on: its end where it adds to one, else the beginning."""
    if len(command) > 1:
        return {}
    found = {}
    for match in _REDIRECTION.finditer(command[0]):
        path = Path(next(filter(None, match.groups())))
        adds = ">>" in match[0]
        if path.is_file() or not path.exists():  # no device
            found[path] = path.stat().st_size if adds and path.is_file() else 0
    return found


def _read_log(path: Path, start: int, causes: Causes) -> None:
    """Look at the lines that a log has got."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(start)
        for line in file:
            causes.see(line.decode(errors="replace"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="line", description="Run a command of a run file.", allow_abbrev=False)
    parser.add_argument("--home", default="", help="ISCE_HOME")
    parser.add_argument("--path", action="append", default=[], help="folder of programs")
    parser.add_argument("--python", action="append", default=[], help="folder of Python modules")
    parser.add_argument("command", nargs="+", help="a line for the shell, or words")
    return parser


def _environment(options: argparse.Namespace) -> dict[str, str]:
    """Variables of the command: its programs import modules that lie beside them."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    if options.home:
        variables["ISCE_HOME"] = options.home
    for name, folders in (("PATH", options.path), ("PYTHONPATH", options.python)):
        before = variables.get(name, os.defpath if name == "PATH" else "")
        if folders:
            variables[name] = os.pathsep.join(filter(None, [*folders, before]))
    return variables


def _relay(output: BufferedReader, causes: Causes) -> None:
    """Hand on what comes, at once: whoever shows its progress in one line is at work, too."""
    rest = b""
    while part := output.read1(_AT_ONCE):
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        *lines, rest = re.split(rb"[\r\n]", rest[-_AT_ONCE:] + part)
        for line in lines:
            causes.see(line.decode(errors="replace"))
    causes.see(rest.decode(errors="replace"))


def _verdict(status: int, causes: Causes, said: str) -> int:
    """Exit status; of a command that failed the cause is said once more where it is not the last line."""
    if status == 0 and not causes.had_traceback:
        return 0
    if status < 0:
        print(f"The command was ended by {signal_name(-status)}.", flush=True)
        return 128 - status
    if causes.had_traceback or causes.cause != said or not said:
        ending = "" if status else " (and yet exit status 0)"
        print(f"{causes.cause or f'exit status {status}, and not a word'}{ending}", flush=True)
    return status or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

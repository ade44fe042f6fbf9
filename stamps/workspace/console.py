"""What leaves the package for a terminal, a log or a page: text that can only be read.

Names of files and patches, parameters and headers may hold control characters: escape sequences that rename the terminal's
window or hide lines, carriage returns that overwrite a line, marks that turn the direction of writing. They are shown as
``\\x1b``, ``\\u202e`` …, at the border, whoever printed them.

Messages of the log are records of the standard :mod:`logging`, of loggers below ``stamps``; commands and the driver show them
on the console as ``NAME: message`` (:func:`log_on_console`). In a notebook the driver shows warnings only.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["in_notebook", "log_on_console", "one_line", "plain_output", "relay", "shown", "terminal"]

#: Above all loggers of the package: silent until somebody listens.
_FAMILY = logging.getLogger("stamps")
_FAMILY.addHandler(logging.NullHandler())

#: A message as the console shows it.
_MESSAGE = re.compile(r"([A-Z][A-Z0-9_]*): (.*)\n?")

#: Controls but line feed and tab, and what turns the direction of writing, breaks lines or is not seen at all.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """The text with the characters that a terminal would obey written out."""
    return _HIDDEN.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def one_line(text: str) -> str:
    """As :func:`shown`, with line feeds written out, too; lists of problems (lines with ``-``) stay lists."""
    return shown(re.sub(r"\n(?!  - )", r"\\n", text))


class _Shown:
    """A stream that writes text as :func:`shown`."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(shown(text))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.stream)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Context in which all that is printed is :func:`shown`."""
    with contextlib.redirect_stdout(_Shown(sys.stdout)), contextlib.redirect_stderr(_Shown(sys.stderr)):
        yield


def terminal() -> Any:
    """The stream of errors itself, for displays that move the cursor."""
    return sys.stderr.stream if isinstance(sys.stderr, _Shown) else sys.stderr


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook, which shows the value of a cell and more than text."""
    interactive = sys.modules.get("IPython")
    shell = None if interactive is None else interactive.get_ipython()
    return getattr(shell, "kernel", None) is not None


# ---------------------------------------------------------------------- the log on the console


class _Console(logging.Handler):
    """Writes messages to the standard output of the moment, as the original shows them."""

    def emit(self, record: logging.LogRecord) -> None:
        line = getattr(record, "console", None)
        if line is None:
            line = f"{record.name.rpartition('.')[2].upper()}: {record.getMessage()}\n"
        print(line, end="", file=sys.stdout, flush=True)


@contextlib.contextmanager
def log_on_console(unless_configured: bool = False) -> Iterator[None]:
    """Context in which the messages of the log appear on the standard output, and nowhere else but in the log files.

    Parameters
    ----------
    unless_configured : bool
        Leave everything as it is where the user has configured :mod:`logging` so that messages of level INFO are wanted, or
        has given the logger ``stamps`` a level of its own. Where not, a notebook shows warnings alone.
    """
    shown_already = any(isinstance(handler, _Console) for handler in _FAMILY.handlers)
    if shown_already or (unless_configured and _configured()):
        yield
        return
    handler, level, propagate = _Console(logging.INFO), _FAMILY.level, _FAMILY.propagate
    if unless_configured and in_notebook():
        handler.addFilter(_is_warning)
    _FAMILY.addHandler(handler)
    _FAMILY.setLevel(logging.INFO)
    _FAMILY.propagate = False  # handlers of the root logger would say it twice
    try:
        yield
    finally:
        _FAMILY.removeHandler(handler)
        _FAMILY.setLevel(level)
        _FAMILY.propagate = propagate


def _is_warning(record: logging.LogRecord) -> bool:
    """Whether a message is one that users have to see."""
    return record.getMessage().lower().startswith("warning")


def _configured() -> bool:
    """Whether the user has said which messages are wanted."""
    return _FAMILY.level != logging.NOTSET or _FAMILY.isEnabledFor(logging.INFO)


def relay(output: str) -> None:
    """Log what another process of the run has printed, line by line; the console shows it as it was.

    Parameters
    ----------
    output : str
        Messages (``NAME: message``) and whatever else there was.
    """
    for line in re.findall(r"[^\n]*\n|[^\n]+", output):
        said = _MESSAGE.fullmatch(line)
        logger = logging.getLogger(f"stamps.{said[1].lower()}") if said else _FAMILY
        logger.info("%s", said[2] if said else line.removesuffix("\n"), extra={"console": line})

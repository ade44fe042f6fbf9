"""What leaves the package for a terminal, a log or a page: text that can only be read.

Names of files and patches, parameters and headers may hold control characters: escape sequences that rename the terminal's
window or hide lines, carriage returns that overwrite a line, marks that turn the direction of writing. They are shown as
``\\x1b``, ``\\u202e`` …, at the border, whoever printed them.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["one_line", "plain_output", "shown", "terminal"]

#: Controls but line feed and tab, and what turns the direction of writing, breaks lines or is not seen at all.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """The text with the characters that a terminal would obey written out."""
    return _HIDDEN.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def one_line(text: str) -> str:
    """As :func:`shown`, with line feeds written out, too; lists of problems (``  - …``) stay lists."""
    return shown(re.sub(r"\n(?!  - )", r"\\n", text))


class _Shown:
    """A stream that writes text as :func:`shown`."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(shown(text))

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self.stream, name)

    def __iter__(self):
        return iter(self.stream)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Context in which all that is printed is :func:`shown`."""
    with contextlib.redirect_stdout(_Shown(sys.stdout)), contextlib.redirect_stderr(_Shown(sys.stderr)):
        yield


def terminal() -> Any:
    """The stream of errors itself, for displays that move the cursor."""
    return sys.stderr.stream if isinstance(sys.stderr, _Shown) else sys.stderr

"""``python -m stamps 1 8`` and ``python -m stamps VERB …`` where the command ``stamps`` is not on the PATH.

The other commands run the same way: ``python -m stamps getparm unwrap``.
"""

from __future__ import annotations

import os
import sys

if sys.path and os.path.abspath(sys.path[0]) == os.getcwd():
    del sys.path[0]  # python -m puts the current directory there: a project's files are no modules

from stamps.cli import run  # noqa: E402
from stamps.cli.legacy import COMMANDS  # noqa: E402
from stamps.processes.child import forget_current_directory  # noqa: E402


def main() -> int:
    """The exit status of the command that the arguments name."""
    forget_current_directory()
    arguments = sys.argv[1:]
    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "stamps"
    return run(command, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``program`` (exceptions to one line and an exit status), the table of legacy commands, a module per verb.

A verb's ``main(argv)`` understands the arguments, calls, prints and returns the exit status.
"""

from stamps.cli.program import main, run

__all__ = ["main", "run"]

"""The table of the legacy commands: each is described in one of the tables that are put together here.

A command calls the function of the package that has its name. Products that the original returned to the MATLAB prompt
are printed or drawn, see :mod:`stamps.cli.answers`.
"""

from __future__ import annotations

from stamps.cli.command import Command
from stamps.cli.commands_exports import EXPORTS, TOOLS
from stamps.cli.commands_linking import LINKING
from stamps.cli.commands_plots import PLOTS
from stamps.cli.commands_preparation import PREPARATION
from stamps.cli.commands_processing import PROCESSING

__all__ = ["COMMANDS"]

#: Name -> command, in the order of work.
COMMANDS: dict[str, Command] = {**PROCESSING, **PREPARATION, **LINKING, **PLOTS, **EXPORTS, **TOOLS}

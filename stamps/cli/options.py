"""Arguments that several verbs of ``stamps`` have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


__all__ = ["BACKEND_HELP", "add_workdir"]

BACKEND_HELP = "auto, numpy, pythran or cuda; exceptions as in auto,topofit=cuda (default: STAMPS_BACKEND)"


def add_workdir(parser: ArgumentParser, what: str = "project directory") -> None:
    """Add ``--workdir`` to the parser of a verb that works in the current directory unless another one is named."""
    parser.add_argument("--workdir", default=".", metavar="DIR", help=f"{what} (default: the current one)")

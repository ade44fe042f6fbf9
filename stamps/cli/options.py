"""Arguments that several verbs of ``stamps`` have."""

from __future__ import annotations

import argparse

__all__ = ["BACKEND_HELP", "STDOUT", "add_reference", "add_workdir"]

#: What stands for the standard output where a file may be named.
STDOUT = "-"

BACKEND_HELP = "auto, numpy, pythran or cuda; exceptions as in auto,topofit=cuda (default: STAMPS_BACKEND)"


def add_workdir(parser: argparse.ArgumentParser, what: str = "project directory") -> None:
    """Add ``--workdir`` to the parser of a verb that works in the current directory unless another one is named."""
    parser.add_argument("--workdir", default=".", metavar="DIR", help=f"{what} (default: the current one)")


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add ``--reference-date`` and ``--reference``: what displacements and velocities are relative to."""
    parser.add_argument(
        "--reference-date", metavar="YYYYMMDD", help="date on which displacements are 0 (default: the master's)"
    )
    parser.add_argument(
        "--reference",
        dest="reference_area",
        metavar="N",
        nargs="+",
        type=float,
        help="LON LAT RADIUS in metres, or WEST EAST SOUTH NORTH: what everything is relative to (default: the parameters')",
    )

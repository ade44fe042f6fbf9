"""Arguments that several verbs of ``stamps`` have."""

from __future__ import annotations

import argparse

__all__ = [
    "BACKEND_HELP",
    "STDOUT",
    "add_corrections",
    "add_model_terms",
    "add_reference",
    "add_reference_area",
    "add_workdir",
]

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
    add_reference_area(parser)


def add_reference_area(parser: argparse.ArgumentParser) -> None:
    """Add ``--reference``: the area that displacements and velocities are relative to."""
    parser.add_argument(
        "--reference",
        dest="reference_area",
        metavar="N",
        nargs="+",
        type=float,
        help="LON LAT RADIUS in metres, or WEST EAST SOUTH NORTH: what everything is relative to (default: the parameters')",
    )


def add_model_terms(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--model TERMS``: ``what`` (columns, layers) of ``stamps model`` beside the others."""
    parser.add_argument(
        "--model",
        metavar="TERMS",
        nargs="?",
        const="",
        help=f"{what} of stamps model, too: degree=2,annual,step=20190101,classify for instance (without: velocity, kind)",
    )


def add_corrections(parser: argparse.ArgumentParser) -> None:
    """Add ``--aps`` and ``--iono``: the corrections of a value type that names them."""
    parser.add_argument("--aps", metavar="NAME", default=0, type=_name_or_number, help="tropospheric correction (a_l)")
    parser.add_argument("--iono", metavar="NAME", default=0, type=_name_or_number, help="ionospheric correction (i_as)")


def _name_or_number(text: str) -> int | str:
    return int(text) if text.isdigit() else text

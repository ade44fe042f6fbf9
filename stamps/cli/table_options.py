"""Options of the verbs that start from the table of the exports: which values, which pixels, relative to what."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from stamps.cli.options import add_corrections, add_reference, add_workdir

__all__ = ["add_table_options", "analysis_parser", "check_picture_of", "show_analysis"]


class Found(Protocol):
    """What an analysis found."""

    @property
    def path(self) -> Path | None:
        """The file that was written."""
        ...

    def summary(self) -> str:
        """A few lines about it."""
        ...


def analysis_parser(
    verb: str, about: str, examples: str, what: str, kinds: str, picture: str
) -> argparse.ArgumentParser:
    """A parser of a verb that finds something, may write it, and may draw it: ``KIND``, ``--out`` and ``--picture``.

    Parameters
    ----------
    verb : str
        ``model`` of ``stamps model``; also the name of the file.
    about, examples : str
    what, kinds : str
        What is written, and in which kinds of files.
    picture : str
        What is drawn.
    """
    parser = argparse.ArgumentParser(
        prog=f"stamps {verb}",
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("kind", metavar="KIND", nargs="?", help=f"{what} to write: {kinds} (default: none)")
    parser.add_argument("--out", metavar="PATH", help=f"file to write, relative to the project (default: {verb}.KIND)")
    parser.add_argument("--picture", metavar="FILE", help=picture)
    return parser


def check_picture_of(options: Mapping[str, Any]) -> None:
    """InputError or WorkspaceError, before anything is computed, where ``--picture`` cannot be written."""
    if options["picture"] is not None:
        from stamps.products.figures import check_picture

        check_picture(Path(options["workdir"]) / options["picture"])


def show_analysis(found: Found, word: str, draw: Callable[[], Path | None] | None) -> int:
    """Print what was found and where it stands, draw it; returns the exit status."""
    print(found.summary())
    if found.path is not None:
        print(f"{word}: {found.path}")
    if draw is not None:
        print(f"Picture: {draw()}")
    return 0


def add_table_options(parser: argparse.ArgumentParser, sample: str = "--step") -> None:
    """Add the options that choose the pixels and what is said of them, and ``--workdir``; ``sample`` names the random part."""
    add_workdir(parser, "project directory after step 7")
    parser.add_argument(
        "--values",
        metavar="TYPE",
        help="value type of ps_plot, v-do or u-dms for instance (default v-d; small baselines V-d)",
    )
    add_corrections(parser)
    parser.add_argument("--ifg-list", metavar="N", nargs="+", type=int, help="images to use, counted from 1")
    parser.add_argument("--lon-rg", metavar=("WEST", "EAST"), nargs=2, type=float, help="part of the scene, degrees")
    parser.add_argument("--lat-rg", metavar=("SOUTH", "NORTH"), nargs=2, type=float, help="part of the scene, degrees")
    parser.add_argument("--min-coherence", metavar="C", type=float, help="least temporal coherence")
    parser.add_argument(
        "--min-inversion-coherence",
        metavar="C",
        nargs="?",
        const=0.7,
        type=float,
        help="small baselines: least agreement of the interferograms with the series (0.7 without a number)",
    )
    parser.add_argument(
        "--std-cutoff", metavar="S", type=float, help="largest standard deviation of the velocity, mm/yr"
    )
    parser.add_argument(
        sample, dest="step", metavar="N", type=float, default=1, help="every N-th pixel at random (default: all)"
    )
    parser.add_argument("--n-boot", metavar="N", type=int, default=1500, help="bootstrap samples of V_STDEV (1500)")
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (0)")
    add_reference(parser)

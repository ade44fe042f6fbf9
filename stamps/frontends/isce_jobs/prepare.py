"""Prepare a project from a finished stack, as a program: the list of small baselines where there is one, then ``mt_prep_isce``.

``prepare PROJECT MASTER STACK [--pair D1 D2 …] [--order FILE] --numbers DA_THRESH RG_PATCHES AZ_PATCHES RG_OVERLAP AZ_OVERLAP``

Source: docs/method/isce.md, section 6.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stamps.frontends.jobs.store import replace_text
from stamps.processes import child

__all__ = ["PAIR_LIST", "main"]

#: The list that ``mt_prep_isce`` looks for.
PAIR_LIST = "small_baselines.list"


def main(argv: Sequence[str]) -> int:
    """Write the list, call ``mt_prep_isce``; returns its exit status.

    Parameters
    ----------
    argv : list of str

    Returns
    -------
    int
    """
    options = _parser().parse_args(argv)
    project = Path(options.project)
    project.mkdir(parents=True, exist_ok=True)
    pairs = [f"{first} {second}\n" for first, second in options.pair]
    place = project / PAIR_LIST
    if pairs:
        replace_text(place, "".join(pairs))
    else:
        place.unlink(missing_ok=True)
    if options.order:
        shutil.copyfile(options.order, project / Path(options.order).name)
    words = ["mt_prep_isce", options.master, options.stack, *options.numbers, "--workdir", str(project)]
    answer = subprocess.run(
        child.command("stamps", *words),
        env=child.environment(),
        cwd=os.sep,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    return answer.returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="prepare", description="Prepare a project from a finished stack.")
    parser.add_argument("project", help="folder of the project")
    parser.add_argument("master", help="yyyymmdd")
    parser.add_argument("stack", help="folder that holds merged/")
    parser.add_argument("--pair", nargs=2, action="append", default=[], help="two dates, small baselines")
    parser.add_argument("--order", help="file about the order, copied into the project")
    parser.add_argument("--numbers", nargs="+", default=[], help="further arguments of mt_prep_isce")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

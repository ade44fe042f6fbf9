"""``stamps estimate``: memory, disk, time and patches, for a project or for a stack before its preparation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from stamps.errors import InputError
from stamps.queries.estimate import estimate_needs

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the estimate as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps estimate",
        description="Memory of each step, disk space, seconds (rough), and the patches that suit a machine: of a prepared "
        "project, where candidates are counted, or of a stack, where they are extrapolated from a sample of its lines.",
        epilog="example: stamps estimate --datadir /data/export --memory 16 --cores 8",
    )
    parser.add_argument("--workdir", metavar="DIR", help="the project [.]")
    parser.add_argument("--datadir", metavar="DIR", help="a SNAP or Gamma export that is not prepared yet")
    parser.add_argument(
        "--da-thresh",
        type=float,
        metavar="D",
        help="threshold of the selection, with --datadir [0.4; small baselines 0.6]",
    )
    parser.add_argument("--cores", type=int, metavar="N", help="cores of the run [as stamps would take them]")
    parser.add_argument(
        "--memory", type=float, metavar="GB", help="memory that may be used, GiB [what is available now]"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    if options.cores is not None and options.cores < 1:
        raise InputError(f"--cores is {options.cores}, but a number of cores from 1 on was expected.")
    estimate = estimate_needs(
        options.workdir, options.datadir, cores=options.cores, memory_gib=options.memory, da_thresh=options.da_thresh
    )
    print(json.dumps(estimate.as_dict(), indent=1) if options.json else estimate)
    return 0

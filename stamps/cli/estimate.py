"""``stamps estimate``: memory, disk, time and patches, for a project or for a stack before its preparation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.queries.estimate import estimate_needs

if TYPE_CHECKING:
    from stamps.queries.estimate import Needs


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
    print(json.dumps(estimate.as_dict(), indent=1) if options.json else "\n".join(_as_text(estimate)))
    return 0


def _as_text(estimate: Needs) -> list[str]:
    mode = "small baselines" if estimate.small_baselines else "single master"
    raster = f"{estimate.width} samples x {estimate.length} lines" if estimate.width and estimate.length else "unknown"
    lines = [
        f"{estimate.source}: {estimate.kind}, {mode}",
        "",
        f"  images                {estimate.n_images}",
        f"  interferograms        {estimate.n_interferograms}",
        f"  raster                {raster}",
        f"  candidates            {_count(estimate.candidates)} ({estimate.candidates_from})",
        f"  pixels from step 3 on {estimate.pixels_from}",
        f"  machine               {estimate.cores} cores, {estimate.memory_gib:.3g} GiB",
        "",
        "step        memory  processes  seconds (rough)  memory of a process",
    ]
    for step in estimate.steps:
        memory = _mib(step["peak_mib"] * step["workers"])
        multiples = " + ".join(
            f"{item['multiple']:.3g} x {item['array']} ({_mib(item['mib'])})" for item in step["arrays"]
        )
        lines.append(
            f"  {step['step']:<6s} {memory:>10s} {step['workers']:>10d} {step['seconds']:>16.0f}  "
            f"{step['base_mib']:g} MiB + {multiples}"
        )
    lines.append(f"  peak   {_mib(estimate.peak_mib):>10s}")
    lines += ["", "disk"]
    for name, n_bytes in estimate.disk.items():
        lines.append(f"  {name:<20s} {'' if name == 'free' else 'at most '}{n_bytes / 1e9:.3g} GB")
    if estimate.recommended is not None:
        best = estimate.recommended
        lines += ["", "recommended patches"]
        lines.append(
            f"  {best.rg_patches} in range x {best.az_patches} in azimuth, {best.workers} at a time: "
            f"{_mib(best.peak_mib)} in steps 1 to 4, {_count(best.candidates)} candidates in the largest"
        )
        now = f" (now {estimate.n_patches})" if estimate.kind == "project" else ""
        lines.append(f"  mt_prep_snap MASTER DATADIR DA_THRESH {best.rg_patches} {best.az_patches}{now}")
    return lines + [f"note: {text}" for text in estimate.notes]


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _mib(number: float) -> str:
    return f"{number / 1024:.3g} GiB" if number >= 1024 else f"{number:.{0 if number >= 10 else 1}f} MiB"

"""This checkout against an older one in one run: ``python benchmarks/paired.py ../older [--sizes ps_small medium]``.

The older version lies in a folder of its own (``git worktree add ../older COMMIT``) with its kernels compiled there
(``python setup.py build_ext --inplace``). Both run with this Python and its libraries, one after the other in alternating
order; what counts are the medians and their ratio. Every step runs in a fresh process on the project that the same version
left after the step before, and the whole chain in one process. The chains are alternated separately from the steps.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from run import CHAIN, ROOT, SIZES, STEPS, command_of, machine, measured, prepared, simulated


def environment_of(checkout):
    """Environment in which a version runs: compiled modules of Python are kept, as an installation has them."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "STAMPS_BACKEND": "pythran"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def one_round(checkout, origin, work, in_steps):
    """Figures of the steps, or of the chain, of one version on a copy of its prepared project."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(origin, work)
    environment = environment_of(checkout)
    if not in_steps:
        return {CHAIN: measured(command_of(checkout, "stamps", 1, 8), work, environment)}
    return {
        name: measured(command_of(checkout, "stamps", step, step), work, environment)
        for step, name in enumerate(STEPS, 1)
    }


def compare(size, older, folder, repeat):
    """Both versions on one stack: step -> version -> seconds and peaks of all rounds, and the medians."""
    stack = simulated(size, folder)
    versions = {"older": older, "this": ROOT}
    figures = {}
    for name, checkout in versions.items():
        prepared(folder / f"{size}_{name}", stack, environment_of(checkout), checkout)
        one_round(
            checkout, folder / f"{size}_{name}", folder / "work", True
        )  # files of Python and of the project are cached
    for k in range(2 * repeat):
        order = list(versions) if k // 2 % 2 == 0 else list(versions)[::-1]
        for name in order:
            found = one_round(versions[name], folder / f"{size}_{name}", folder / "work", k % 2 == 0)
            for step, run in found.items():
                figures.setdefault(step, {}).setdefault(name, []).append(run)
    return {step: {name: _median(runs) for name, runs in of_step.items()} for step, of_step in figures.items()}


def _median(runs):
    return {
        "seconds": round(statistics.median(run["seconds"] for run in runs), 3),
        "cpu_seconds": round(statistics.median(run["cpu_seconds"] for run in runs), 3),
        "peak_mib": max(run["peak_mib"] for run in runs),
        "all_seconds": [run["seconds"] for run in runs],
    }


def as_markdown(result):
    """The medians of both versions and their ratio."""
    lines = [f"{result['machine']['cpu']}, {result['machine']['cores']} cores. Medians of {result['repeat']} rounds."]
    for size, figures in result["sizes"].items():
        lines += ["", f"| {size} | older | this | ratio | peak older | peak this |", "|---|---|---|---|---|---|"]
        for step, of_step in figures.items():
            older, this = of_step["older"], of_step["this"]
            lines.append(
                f"| {step} | {older['seconds']:.2f} s | {this['seconds']:.2f} s | "
                f"{older['seconds'] / max(this['seconds'], 1e-9):.2f} | {older['peak_mib']} MiB | {this['peak_mib']} MiB |"
            )
    return "\n".join(lines) + "\n"


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("older", type=Path, help="checkout of the version to compare with")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["ps_small", "medium"])
    parser.add_argument("--repeat", type=int, default=5, help="rounds of each version [5]")
    parser.add_argument("--folder", type=Path, help="keep stacks here (default: a temporary folder)")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {size: compare(size, options.older.resolve(), folder, options.repeat) for size in options.sizes}
    result = {"machine": machine(), "repeat": options.repeat, "sizes": sizes}
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")
    print(as_markdown(result))


if __name__ == "__main__":
    main()

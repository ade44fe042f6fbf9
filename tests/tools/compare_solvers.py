"""Unwrap what the golden sets unwrap with both solvers and compare cycles, energies and seconds.

    python tests/tools/compare_solvers.py [--sets ps_mini sb_mini …] [--json FILE]

Every job of ``make parity`` that unwraps is run with the minimum-cost flow; each interferogram is then unwrapped again with
both solvers from the same grid and costs, and both energies are computed alike (``flow.energy``, in units of SNAPHU's costs).
Fails if the flow has more energy than SNAPHU anywhere, or if nothing was compared. The seconds are those of the solvers with
their set-up, start and files, one interferogram at a time.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from stamps import external
from stamps.errors import InputError
from stamps.legacy.uw_stat_costs import edge_statistics
from stamps.steps.unwrapping import flow
from stamps.verify import golden, parity, parity_jobs
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

__all__ = ["compared", "main"]

_COLUMNS = ("ifgs", "grid", "cells", "differ", "ifgs differing", "flow energy", "SNAPHU energy", "flow s", "SNAPHU s")


def jobs(names, place=None):
    """Jobs that unwrap, each grid once: step 6, variants and second passes, no chains."""
    for name in names:
        try:
            found = parity_jobs.jobs_of(golden.find_set(name, place, complete=True))
        except InputError as error:
            print(f"{name:<12s} SKIPPED: {error}")
            continue
        yield from (job for job in found if job.start <= 6 <= job.end and _differs_from_step_6(job))


def _differs_from_step_6(job):
    if job.task == "variant":
        return (golden.variant(job.set_path, job.variant).path / "uw_phaseuw.mat").exists()
    return job.task == "pass2" or job.name == "step 6" or (job.task == "merged" and bool(job.variant))


def compared(workdir):
    """Figures of all interferograms of a project after step 6.

    Returns
    -------
    dict
        Interferograms, cells of a grid, cells on another cycle, interferograms with such cells, energies and seconds.
    """
    ws = Workspace(workdir)
    grid, mesh = ws.load("uw_grid"), ws.load("uw_interp")
    statistics = edge_statistics(str(Parameters(ws).get("unwrap_method")), None, grid, mesh, ws.load("uw_space_time"))
    shape, rows = mesh["Z"].shape, []
    for ifg in range(grid["ph"].shape[1]):
        cost = statistics.ifg_costs(ifg)
        given = (grid["ph"][:, ifg][mesh["Z"]], cost.rowcost, cost.colcost)
        begin = time.perf_counter()
        ours = flow.unwrap(*given)
        middle = time.perf_counter()
        theirs = external.snaphu(*given)
        seconds = middle - begin, time.perf_counter() - middle
        differ = np.count_nonzero(np.rint((ours.phase - theirs) / (2 * np.pi)))
        rows.append((differ, ours.energy, flow.energy(theirs, *given[1:]), *seconds))
    differ, ours, theirs, seconds, other = np.array(rows, float).T
    return {
        "ifgs": len(rows),
        "grid": f"{shape[0]} x {shape[1]}",
        "cells": len(rows) * shape[0] * shape[1],
        "differ": int(differ.sum()),
        "ifgs differing": int(np.count_nonzero(differ)),
        "flow energy": ours.sum() / flow.SCALE,
        "SNAPHU energy": theirs.sum() / flow.SCALE,
        "flow s": round(seconds.sum(), 3),
        "SNAPHU s": round(other.sum(), 3),
        "undecided": round(statistics.undecided, 3),
        "worse": int(np.count_nonzero(ours > theirs)),
        "less": int(np.count_nonzero(ours < theirs)),
    }


def _run(job):
    """Run a job in a scratch folder and compare."""
    with tempfile.TemporaryDirectory(prefix="stamps-solvers-") as folder:
        workdir = Path(folder) / job.set_name
        with open(os.devnull, "w") as silence, contextlib.redirect_stdout(silence):
            parity_jobs.perform(replace(job, unwrap="flow"), folder)
        return compared(workdir)


def main(argv=None):
    """Print a table; returns 1 if the flow is not the optimum or nothing was compared."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--golden", metavar="DIR", help="folder that holds the golden sets")
    parser.add_argument("--sets", nargs="+", metavar="SET", default=list(parity.SETS))
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args(argv)
    print(f"flow: ortools {flow.version()}; {external.versions().get('snaphu', '')}")
    print(f"{'set':<12s} {'job':<30s} " + " ".join(f"{name:>14s}" for name in _COLUMNS))
    found = {}
    for job in jobs(options.sets, options.golden):
        figures = found[f"{job.set_name} {job.name}"] = _run(job)
        cells = (
            f"{figures[name]:14.2f}" if isinstance(figures[name], float) else f"{figures[name]!s:>14s}"
            for name in _COLUMNS
        )
        print(f"{job.set_name:<12s} {job.name:<30s} " + " ".join(cells), flush=True)
    total = {
        name: sum(figures[name] for figures in found.values())
        for name in ("ifgs", "cells", "differ", "ifgs differing", "worse", "less")
    }
    print(json.dumps(total))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n")
    return 0 if total["ifgs"] and not total["worse"] else 1


if __name__ == "__main__":
    sys.exit(main())

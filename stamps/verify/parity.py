"""Run the package against golden sets and compare everything: ``make parity``, ``python -m stamps.verify.parity``.

What is run: :mod:`stamps.verify.parity_jobs`. Jobs run in worker processes. A set, or a job's input, that is not there is
skipped visibly; the run fails if anything disagrees, if a set that was asked for is missing, or if fewer variables were
compared than ``golden_sets.json`` records.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.processes import child
from stamps.products.saving import complete_file
from stamps.run.settings import SOLVERS
from stamps.verify import golden as golden_sets
from stamps.verify.file_comparison import WITHOUT_NODES, WITHOUT_SNAPHU
from stamps.verify.parity_jobs import Job, NotThere, jobs_of, perform
from stamps.verify.report import versions

__all__ = ["Result", "main", "run_job"]

#: Sets in the order of the table.
SETS = ("ps_mini", "ps_small", "sb_mini", "sb_full", "mexico_city")


@dataclass(frozen=True)
class Result:
    """What came of a job: figures, seconds, and the report or the reason why there is none.

    ``without_snaphu`` counts what only runs with SNAPHU have or can compare, ``text`` also says what was compared by energy.
    """

    job: Job
    status: str
    compared: int = 0
    agreeing: int = 0
    skipped: int = 0
    seconds: float = 0.0
    text: str = ""
    report: dict[str, Any] | None = None
    without_snaphu: int = 0


def run_job(job: Job) -> Result:
    """Perform a job in a scratch folder, silently.

    Returns
    -------
    Result
        Status ``ok``, ``differs``, ``failed`` (the run raised an error) or ``skipped``.
    """
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="stamps-parity-") as folder, open(os.devnull, "w") as silence:
        try:
            with contextlib.redirect_stdout(silence):
                report = perform(job, folder)
        except NotThere as error:
            return Result(job, "skipped", seconds=time.perf_counter() - begin, text=str(error))
        except Exception as error:
            text = str(error) if isinstance(error, StampsError) else traceback.format_exc()
            return Result(job, "failed", seconds=time.perf_counter() - begin, text=text)
    return Result(
        job,
        "ok" if report.ok else "differs",
        report.n_compared,
        report.n_agreeing,
        report.n_skipped,
        time.perf_counter() - begin,
        "\n".join([row.detail for row in report.rows if row.comparison == "energy"] if report.ok else [report.text()]),
        json.loads(report.to_json()),
        sum(row.detail in (WITHOUT_SNAPHU, WITHOUT_NODES) for row in report.rows),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see the module.

    Returns
    -------
    int
        0 if everything agrees and enough was compared.
    """
    arguments = _parser().parse_args(argv)
    begin = time.perf_counter()
    jobs, faults = _collect(arguments)
    results = []
    print(", ".join(f"{name} {text}" for name, text in versions().items()))
    print(f"{'set':<12s} {'job':<28s} {'compared':>8s} {'agreeing':>8s} {'skipped':>7s} {'seconds':>8s}  result")
    with child.inherited_environment(), ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run_job, job) for job in jobs]):
            results.append(future.result())
            _show(results[-1])
    faults += _judge(results, arguments)
    compared, agreeing = sum(r.compared for r in results), sum(r.agreeing for r in results)
    skipped = [result for result in results if result.status == "skipped"]
    print(
        f"{compared} compared, {agreeing} agree, {sum(r.skipped for r in results)} skipped inside of "
        f"{len(results)} jobs, {len(skipped)} jobs skipped; {time.perf_counter() - begin:.0f} s"
    )
    for fault in faults:
        print(f"PARITY: {fault}")
    if arguments.json:
        with complete_file(Path(arguments.json), "report") as part:
            part.write_text(_as_json(results, faults))
    return 1 if faults else 0


def _collect(arguments: argparse.Namespace) -> tuple[list[Job], list[str]]:
    """Jobs of the sets, and sets that were asked for but are not there."""
    jobs, faults = [], []
    for name in arguments.sets or SETS:
        try:
            found = jobs_of(golden_sets.find_set(name, arguments.golden, complete=True))
        except InputError as error:
            if arguments.sets:
                faults.append(str(error))
            else:
                print(f"{name:<12s} SKIPPED: {error}")
            continue
        wanted = arguments.only or [""]
        jobs += [replace(job, unwrap=arguments.unwrap) for job in found if any(word in job.name for word in wanted)]
    return sorted(jobs, key=_length, reverse=True), faults


def _length(job: Job) -> int:
    """Rough cost, so that long jobs start first: coherence estimation and selection take most of the time."""
    if job.task not in ("step", "chain", "variant"):
        return 1
    return 20 * (job.start <= 2 <= job.end) + 5 * (job.start <= 3 <= job.end) + (job.end - job.start)


def _judge(results: Sequence[Result], arguments: Any) -> list[str]:
    bad = [result for result in results if result.status in ("differs", "failed")]
    faults = [f"{result.job.set_name} {result.job.name}: {result.status}" for result in bad]
    if arguments.only:
        return faults
    for name in {result.job.set_name for result in results}:
        of_set = [result for result in results if result.job.set_name == name]
        compared = sum(result.compared + result.without_snaphu for result in of_set)
        least = golden_sets.facts(name).get("compared", 0)
        if compared < least:
            faults.append(f"{name}: only {compared} variables and files were compared, but at least {least} must be")
    if not results:
        faults.append("nothing was compared")
    return faults


def _show(result: Result) -> None:
    job = result.job
    print(
        f"{job.set_name:<12s} {job.name:<28s} {result.compared:8d} {result.agreeing:8d} {result.skipped:7d} "
        f"{result.seconds:8.1f}  {result.status.upper() if result.status != 'ok' else 'ok'}"
    )
    if result.text:
        print("    " + result.text.strip().replace("\n", "\n    "))
    sys.stdout.flush()


def _as_json(results: Sequence[Result], faults: Sequence[str]) -> str:
    rows = [
        {
            "set": result.job.set_name,
            "job": result.job.name,
            "status": result.status,
            "compared": result.compared,
            "agreeing": result.agreeing,
            "skipped": result.skipped,
            "seconds": round(result.seconds, 2),
            "text": result.text,
            "report": result.report,
        }
        for result in results
    ]
    return json.dumps({"ok": not faults, "faults": faults, "versions": versions(), "jobs": rows}, indent=1) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stamps.verify.parity", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--golden", metavar="DIR", help="folder that holds the golden sets")
    parser.add_argument("--sets", nargs="+", metavar="SET", help=f"sets to run (default: {', '.join(SETS)} if found)")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only jobs whose name contains one of these words")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="workers (default: all cores)")
    parser.add_argument("--unwrap", choices=SOLVERS, help="what unwraps (default: STAMPS_UNWRAP, else flow)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Run the package against golden sets and compare everything: ``make parity``, ``python -m stamps.verify.parity``.

For each set: every step from the golden state before it, all steps in one go, the second pass, every variant, and the
preparation from the stack. Jobs run in worker processes. A set, or a job's input, that is not there is skipped
visibly; the run fails if anything disagrees, if a set that was asked for is missing, or if fewer variables were
compared than ``golden_sets.json`` records.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, StampsError
from stamps.matlab import literals
from stamps.processes import child
from stamps.products.saving import complete_file
from stamps.verify import golden as golden_sets
from stamps.verify.report import versions
from stamps.verify.trees import compare, compare_files
from stamps.workspace.variables import WRITTEN_BY_STEP

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stamps._typing import StrPath
    from stamps.verify.report import Report
    from stamps.workspace import Workspace


__all__ = ["Job", "NotThere", "Result", "jobs_of", "main", "perform"]

#: Sets in the order of the table.
SETS = ("ps_mini", "ps_small", "sb_mini", "sb_full", "mexico_city")

#: Files of the merged level that steps 6 to 8 start from.
_MERGED = frozenset("ps2 ph2 bp2 la2 inc2 hgt2 pm2 rc2 ifgstd2 psver".split())

#: Calls that made the folders of ``golden_products``: velocities of interferograms and of the inverted series.
_PRODUCTS = {
    **{f"ifg_{name}": f"ps_plot('{name}',-1);" for name in ("v", "v-d", "v-do")},
    **{f"series_{name}": f"ps_plot('V{name[1:]}',-1);" for name in ("v", "v-d", "v-do", "v-ds")},
    "ps_output": "ps_plot('V-d',-1);ps_output;",
}

_CALL = re.compile(r"(\w+)(?:\(([^)]*)\))?;")
_ENVIRONMENT = {"ORACLE_NOTRI=1": {"STAMPS_TRIANGLE": "scipy"}}


class NotThere(Exception):
    """A job cannot be performed because something it needs is not there; it is skipped, which is not passed."""


@dataclass(frozen=True)
class Job:
    """One run that is compared.

    Attributes
    ----------
    set_path : Path
        Folder of the golden set.
    name : str
        ``prep``, ``step 3``, ``chain``, ``pass2``, ``variant unwrap_2D`` …
    kind : str
        Which function performs it.
    start, end : int
        Steps that are run.
    variant : str
        Name of the variant, or of the golden folder of a merged-level set.
    """

    set_path: Path
    name: str
    kind: str
    start: int = 0
    end: int = 0
    variant: str = ""

    @property
    def set_name(self) -> str:
        """Name of the set."""
        return self.set_path.name


@dataclass(frozen=True)
class Result:
    """What came of a job: figures, seconds, and the report or the reason why there is none."""

    job: Job
    status: str
    compared: int = 0
    agreeing: int = 0
    skipped: int = 0
    seconds: float = 0.0
    text: str = ""
    report: dict | None = None


def jobs_of(set_path: StrPath) -> list[Job]:
    """All jobs of a golden set.

    Parameters
    ----------
    set_path : path-like
        Folder of the set.

    Returns
    -------
    list of Job
    """
    set_path = Path(set_path)
    if (set_path / "input").is_dir():
        return _merged_jobs(set_path)
    patches = any((set_path / "step0").glob("PATCH_*"))
    steps = [k for k in range(1, 9) if (set_path / f"step{k}").is_dir()]
    jobs = [Job(set_path, "prep", "prep")] if patches else []
    jobs += [
        Job(set_path, f"step {k}", "step", k, k)
        for k in steps
        if (patches or k >= 6) and (set_path / f"step{k - 1}").is_dir()
    ]
    first = 1 if patches else 6
    jobs.append(Job(set_path, "chain", "chain", first, 8))
    # begun by the original, continued at any step
    jobs += [Job(set_path, f"continued from step {k - 1}", "chain", k, 8) for k in range(first + 1, 8)]
    if (set_path / golden_sets.PASS2).is_dir():
        jobs.append(Job(set_path, "pass2", "pass2", 6, 7))
    return jobs + [job for name in golden_sets.variants(set_path) for job in _variant_jobs(set_path, name)]


def perform(job: Job, folder: StrPath) -> Report:
    """Run a job in an empty folder and compare.

    Parameters
    ----------
    job : Job
    folder : path-like
        Empty directory for the project.

    Returns
    -------
    Report

    Raises
    ------
    NotThere
        Rasters, or a function of a variant, are not there.
    """
    workdir = Path(folder) / job.set_name
    return _KINDS[job.kind](job, workdir)


# ---------------------------------------------------------------------- kinds of jobs


def _step(job: Job, workdir: Workspace | StrPath) -> Report:
    golden_sets.build_state(job.set_path, job.start - 1, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, job.end, only_step=True)


def _chain(job: Job, workdir: Workspace | StrPath) -> Report:
    golden_sets.build_state(job.set_path, job.start - 1, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, job.end, chain=job.start)


def _pass2(job: Job, workdir: Workspace | StrPath) -> Report:
    golden_sets.build_state(job.set_path, 8, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, golden_sets.PASS2, only_step=True)


def _variant(job: Job, workdir: Workspace | StrPath) -> Report:
    variant = golden_sets.variant(job.set_path, job.variant)
    if ("scn_kriging_flag", "'y'") in variant.parameters and find_spec("stamps.legacy.ps_scn_filt_krig") is None:
        raise NotThere("there is no ps_scn_filt_krig in this version of the package")
    golden_sets.build_state(job.set_path, None, workdir, variant_name=job.variant)
    with _environment(variant.environment):
        if variant.code:
            _run_code(variant.code, workdir)
        else:
            _run_steps(job, workdir)
    return compare(workdir, job.set_path, variant=job.variant)


def _after_merge(job: Job, workdir: Workspace | StrPath) -> Report:
    """The steps of a variant after its merge, from the golden merge: rows stand for themselves."""
    variant = golden_sets.variant(job.set_path, job.variant)
    golden = golden_sets.overlay_files(variant.path)
    merged = {name: path for name, path in golden.items() if name.removesuffix(".mat") in _MERGED}
    state = golden_sets.state_files(golden_sets.overlays(job.set_path, variant.after_step))
    golden_sets.build_state(job.set_path, None, workdir, variant_name=job.variant)
    _copy(merged, workdir)
    _run_steps(job, workdir)
    wanted = {name: path for name, path in golden.items() if name not in merged and "/" not in name}
    return compare_files(workdir, wanted, {**state, **golden}, name=job.set_name, chain=job.start, partial=True)


def _prepare(job: Job, workdir: Workspace | StrPath) -> Report:
    run = json.loads((job.set_path / "run.json").read_text())
    variant = golden_sets.variant(job.set_path, job.variant) if job.variant else None
    stack = _stack(job.set_path, workdir.parent)
    mask = stack / variant.extra["prepare_with_mask"] if variant else None
    workdir.mkdir(parents=True)
    if mask is not None:
        (workdir / mask.name).write_bytes(mask.read_bytes())
    import_module("stamps").mt_prep_snap(
        run["master"],
        stack,
        run["da_thresh"],
        run["rg_patches"],
        run["az_patches"],
        run["rg_overlap"],
        run["az_overlap"],
        mask.name if mask else None,
        workdir=workdir,
    )
    if variant:
        return compare(workdir, job.set_path, variant=job.variant)
    golden_sets.apply_parameters(workdir / "parms.mat", [tuple(pair) for pair in run["setparm"]])
    return compare(workdir, job.set_path, 0)


def _products(job: Job, workdir: Workspace | StrPath) -> Report:
    """Plots of a merged-level set after its second pass: what a folder holds, its name says (see its README)."""
    before = golden_sets.overlay_files(job.set_path / "golden")
    if (job.set_path / "golden_pass2").is_dir():
        before.update(golden_sets.overlay_files(job.set_path / "golden_pass2"))
    state = {**golden_sets.overlay_files(job.set_path / "input"), **before}
    _copy(state, workdir)
    _run_code(_PRODUCTS[Path(job.variant).name], workdir)
    wanted = golden_sets.overlay_files(job.set_path / job.variant)
    return compare_files(workdir, wanted, {**state, **wanted}, name=job.set_name, partial=True)


def _merged(job, workdir: Workspace | StrPath):
    """A set that starts after step 5: ``input`` and the files of ``golden`` that the steps before wrote."""
    golden = golden_sets.overlay_files(job.set_path / "golden")
    before = {name: path for name, path in golden.items() if _written_by(name) < job.start}
    wanted = {name: path for name, path in golden.items() if job.start <= _written_by(name) <= job.end}
    if job.variant:
        wanted = golden_sets.overlay_files(job.set_path / job.variant)
        before = golden if job.variant == "golden_pass2" else {}
    _copy(golden_sets.overlay_files(job.set_path / "input"), workdir)
    _copy(before, workdir)
    if job.variant.startswith("golden_") and job.variant != "golden_pass2":
        method = job.variant.removeprefix("golden_")
        golden_sets.apply_parameters(workdir / "parms.mat", [("unwrap_method", f"'{method}'")])
    _run_steps(job, workdir)
    several = job.start if job.name == "chain" else None
    return compare_files(workdir, wanted, name=job.set_name, chain=several, partial=True)


_KINDS = {
    "prep": _prepare,
    "step": _step,
    "chain": _chain,
    "pass2": _pass2,
    "variant": _variant,
    "after merge": _after_merge,
    "merged": _merged,
    "products": _products,
}


def _variant_jobs(set_path: StrPath, name: str) -> list[Job]:
    variant = golden_sets.variant(set_path, name)
    kind = "variant" if variant.after_step is not None else "prep"
    jobs = [Job(set_path, f"variant {name}", kind, variant.start, variant.end, name)]
    if kind == "variant" and variant.start == 5 < variant.end and (variant.path / "rc2.mat").exists():
        jobs.append(Job(set_path, f"variant {name} merged", "after merge", 6, variant.end, name))
    return jobs


def _merged_jobs(set_path: StrPath) -> list[Job]:
    jobs = [Job(set_path, f"step {k}", "merged", k, k) for k in (6, 7, 8)]
    jobs.append(Job(set_path, "chain", "merged", 6, 8))
    for name, last in (("golden_pass2", 7), ("golden_3D_FULL", 6), ("golden_2D", 6)):
        if (set_path / name).is_dir():
            jobs.append(Job(set_path, name.removeprefix("golden_"), "merged", 6, last, name))
    folder = set_path / "golden_products"
    names = [name for name in _PRODUCTS if (folder / name).is_dir()]
    return jobs + [Job(set_path, f"products {name}", "products", variant=f"golden_products/{name}") for name in names]


def _written_by(file):
    """Step that writes a file of the merged level (6 for files the table does not know)."""
    return WRITTEN_BY_STEP.get(file.removesuffix(".mat"), 6)


def _copy(files: Mapping[str, Path], workdir: Workspace | StrPath) -> None:
    for name, path in files.items():
        place = workdir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())


def _run_steps(job: Job, workdir: Workspace | StrPath) -> None:
    import_module("stamps").stamps(job.start, job.end, workdir=workdir)


def _run_code(code: str, workdir: Workspace | StrPath) -> None:
    """Make the calls of a variant, as ``ps_plot('v',-1);ps_output;``."""
    package = import_module("stamps")
    for name, arguments in _CALL.findall(code):
        values = [literals.parse(word) for word in arguments.split(",") if word]
        try:
            function = getattr(package, name)
        except AttributeError:
            raise NotThere(f"there is no {name} in this version of the package") from None
        function(*values, workdir=workdir)


def _stack(set_path: StrPath, folder: StrPath) -> Path:
    """The stack of a set, made again by the simulator where only its headers are kept."""
    stack = set_path / "stack"
    if any(stack.rglob("*.rslc")):
        return stack
    arguments = golden_sets.facts(set_path.name).get("simulate")
    if not arguments:
        raise NotThere("the set has no rasters and no simulator arguments are known")
    status = import_module("stamps.simulate").main([str(folder / "stack"), *arguments])
    if status:
        raise StampsError(f"The simulator ended with status {status} for the arguments {arguments}.")
    return folder / "stack"


@contextlib.contextmanager
def _environment(reference: str | None) -> Iterator[None]:
    """Environment variables that do what a variant's reference environment did."""
    wanted = _ENVIRONMENT.get(reference or "", {})
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# ---------------------------------------------------------------------- runner


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
        report.text() if not report.ok else "",
        json.loads(report.to_json()),
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


def _collect(arguments: Namespace) -> tuple[list[Any], list[str]]:
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
        jobs += [job for job in found if any(word in job.name for word in wanted)]
    return sorted(jobs, key=_length, reverse=True), faults


def _length(job):
    """Rough cost, so that long jobs start first: coherence estimation and selection take most of the time."""
    if job.kind not in ("step", "chain", "variant"):
        return 1
    return 20 * (job.start <= 2 <= job.end) + 5 * (job.start <= 3 <= job.end) + (job.end - job.start)


def _judge(results: Sequence[Result], arguments: Any) -> list[str]:
    bad = [result for result in results if result.status in ("differs", "failed")]
    faults = [f"{result.job.set_name} {result.job.name}: {result.status}" for result in bad]
    if arguments.only:
        return faults
    for name in {result.job.set_name for result in results}:
        compared = sum(result.compared for result in results if result.job.set_name == name)
        least = golden_sets.facts(name).get("compared", 0)
        if compared < least:
            faults.append(f"{name}: only {compared} variables and files were compared, but at least {least} must be")
    if not results:
        faults.append("nothing was compared")
    return faults


def _show(result) -> None:
    job = result.job
    print(
        f"{job.set_name:<12s} {job.name:<28s} {result.compared:8d} {result.agreeing:8d} {result.skipped:7d} "
        f"{result.seconds:8.1f}  {result.status.upper() if result.status != 'ok' else 'ok'}"
    )
    if result.text:
        print("    " + result.text.strip().replace("\n", "\n    "))
    sys.stdout.flush()


def _as_json(results, faults):
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


def _parser() -> ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stamps.verify.parity", description=__doc__.split("\n\n")[0])
    parser.add_argument("--golden", metavar="DIR", help="folder that holds the golden sets")
    parser.add_argument("--sets", nargs="+", metavar="SET", help=f"sets to run (default: {', '.join(SETS)} if found)")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only jobs whose name contains one of these words")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="workers (default: all cores)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    return parser


if __name__ == "__main__":
    sys.exit(main())

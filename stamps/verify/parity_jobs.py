"""What is run and compared for a golden set: each step from the golden state before it, all steps in one go, the second pass,
every variant, and the preparation from the stack.

Where the costs leave several optima, or SNAPHU misses the only one (:data:`BY_ENERGY`), the minimum-cost flow is compared
by its energy, and what follows from the cycles with a second run, with SNAPHU.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import ExternalProgramError, StampsError
from stamps.external import snaphu_command
from stamps.matlab import literals
from stamps.run.settings import settings_of
from stamps.verify import golden as golden_sets
from stamps.verify.report import Report
from stamps.verify.trees import compare, compare_files
from stamps.verify.unwrapped import energy_row
from stamps.workspace.variables import WRITTEN_BY_STEP

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["BY_ENERGY", "Job", "NotThere", "jobs_of", "perform"]

#: Files of the merged level that steps 6 to 8 start from.
_MERGED = frozenset("ps2 ph2 bp2 la2 inc2 hgt2 pm2 rc2 ifgstd2 psver".split())

#: Calls that made the folders of ``golden_products``: velocities of interferograms and of the inverted series.
_PRODUCTS = {
    **{f"ifg_{name}": f"ps_plot('{name}',-1);" for name in ("v", "v-d", "v-do")},
    **{f"series_{name}": f"ps_plot('V{name[1:]}',-1);" for name in ("v", "v-d", "v-do", "v-ds")},
    "ps_output": "ps_plot('V-d',-1);ps_output;",
}

#: Set and variant (or folder) whose optimum is not unique, or not what SNAPHU finds.
BY_ENERGY = frozenset(
    [
        ("mexico_city", "golden_2D"),  # one cell
        ("mexico_city", "golden_3D_FULL"),  # most arcs have no statistics
        ("ps_mini", "unwrap_no_prefilter"),  # one cell
        (
            "sb_mini",
            "no_resample",
        ),  # two nodes, less energy than SNAPHU; the golden set holds no nodes: those of the run with it
        ("sb_mini", "unwrap_3D_FULL"),  # most arcs have no statistics
    ]
)

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
    task : str
        Which function performs it.
    start, end : int
        Steps that are run.
    variant : str
        Name of the variant, or of the golden folder of a merged-level set.
    unwrap : str, optional
        What unwraps (default: the settings).
    """

    set_path: Path
    name: str
    task: str
    start: int = 0
    end: int = 0
    variant: str = ""
    unwrap: str | None = None

    @property
    def set_name(self) -> str:
        """Name of the set."""
        return self.set_path.name


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
    folder = Path(set_path)
    if (folder / "input").is_dir():
        return _merged_jobs(folder)
    patches = any((folder / "step0").glob("PATCH_*"))
    steps = [k for k in range(1, 9) if (folder / f"step{k}").is_dir()]
    jobs = [Job(folder, "prep", "prep")] if patches else []
    jobs += [
        Job(folder, f"step {k}", "step", k, k)
        for k in steps
        if (patches or k >= 6) and (folder / f"step{k - 1}").is_dir()
    ]
    first = 1 if patches else 6
    jobs.append(Job(folder, "chain", "chain", first, 8))
    # begun by the original, continued at any step
    jobs += [Job(folder, f"continued from step {k - 1}", "chain", k, 8) for k in range(first + 1, 8)]
    if (folder / golden_sets.PASS2).is_dir():
        jobs.append(Job(folder, "pass2", "pass2", 6, 7))
    return jobs + [job for name in golden_sets.variants(folder) for job in _variant_jobs(folder, name)]


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
        Rasters, a function of a variant, or SNAPHU where it is needed, are not there.
    """
    workdir = Path(folder) / job.set_name
    if (job.set_name, job.variant) in BY_ENERGY and settings_of(folder, solver=job.unwrap).solver == "flow":
        return _by_energy(job, workdir)
    return _TASKS[job.task](job, workdir)


# ---------------------------------------------------------------------- tasks


def _by_energy(job: Job, workdir: Path) -> Report:
    """A job whose cycles are one optimum of several: the energy of the flow, then everything with SNAPHU."""
    try:
        snaphu_command()
    except ExternalProgramError as error:
        raise NotThere(f"the optimum is not unique, and what follows from it needs SNAPHU: {error}") from None
    _TASKS[job.task](replace(job, unwrap="flow"), workdir)
    merged = job.task == "merged"
    golden = job.set_path / job.variant if merged else golden_sets.variant(job.set_path, job.variant).path
    other = workdir.parent / "snaphu" / workdir.name
    report = _TASKS[job.task](replace(job, unwrap="snaphu"), other)
    nodes = next((place / "uw_phaseuw.mat" for place in (golden, other) if (place / "uw_phaseuw.mat").is_file()), None)
    if nodes is None:  # the run did not unwrap, as its report says
        return report
    row = energy_row(workdir, nodes)
    return replace(report, rows=(row, *report.rows))


def _step(job: Job, workdir: Path) -> Report:
    golden_sets.build_state(job.set_path, job.start - 1, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, job.end, only_step=True)


def _chain(job: Job, workdir: Path) -> Report:
    golden_sets.build_state(job.set_path, job.start - 1, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, job.end, chain=job.start)


def _pass2(job: Job, workdir: Path) -> Report:
    golden_sets.build_state(job.set_path, 8, workdir)
    _run_steps(job, workdir)
    return compare(workdir, job.set_path, golden_sets.PASS2, only_step=True)


def _variant(job: Job, workdir: Path) -> Report:
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


def _after_merge(job: Job, workdir: Path) -> Report:
    """The steps of a variant after its merge, from the golden merge: rows stand for themselves."""
    variant = golden_sets.variant(job.set_path, job.variant)
    golden = golden_sets.overlay_files(variant.path)
    merged = {name: path for name, path in golden.items() if name.removesuffix(".mat") in _MERGED}
    before = variant.after_step
    state = {} if before is None else golden_sets.state_files(golden_sets.overlays(job.set_path, before))
    golden_sets.build_state(job.set_path, None, workdir, variant_name=job.variant)
    _copy(merged, workdir)
    _run_steps(job, workdir)
    wanted = {name: path for name, path in golden.items() if name not in merged and "/" not in name}
    return compare_files(workdir, wanted, {**state, **golden}, name=job.set_name, chain=job.start, partial=True)


def _prepare(job: Job, workdir: Path) -> Report:
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


def _products(job: Job, workdir: Path) -> Report:
    """Plots of a merged-level set after its second pass: what a folder holds, its name says (see its README)."""
    before = golden_sets.overlay_files(job.set_path / "golden")
    if (job.set_path / "golden_pass2").is_dir():
        before.update(golden_sets.overlay_files(job.set_path / "golden_pass2"))
    state = {**golden_sets.overlay_files(job.set_path / "input"), **before}
    _copy(state, workdir)
    _run_code(_PRODUCTS[Path(job.variant).name], workdir)
    wanted = golden_sets.overlay_files(job.set_path / job.variant)
    return compare_files(workdir, wanted, {**state, **wanted}, name=job.set_name, partial=True)


def _merged(job: Job, workdir: Path) -> Report:
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


_TASKS: dict[str, Callable[[Job, Path], Report]] = {
    "prep": _prepare,
    "step": _step,
    "chain": _chain,
    "pass2": _pass2,
    "variant": _variant,
    "after merge": _after_merge,
    "merged": _merged,
    "products": _products,
}


def _variant_jobs(set_path: Path, name: str) -> list[Job]:
    variant = golden_sets.variant(set_path, name)
    task = "variant" if variant.after_step is not None else "prep"
    jobs = [Job(set_path, f"variant {name}", task, variant.start, variant.end, name)]
    if task == "variant" and variant.start == 5 < variant.end and (variant.path / "rc2.mat").exists():
        jobs.append(Job(set_path, f"variant {name} merged", "after merge", 6, variant.end, name))
    return jobs


def _merged_jobs(set_path: Path) -> list[Job]:
    jobs = [Job(set_path, f"step {k}", "merged", k, k) for k in (6, 7, 8)]
    jobs.append(Job(set_path, "chain", "merged", 6, 8))
    for name, last in (("golden_pass2", 7), ("golden_3D_FULL", 6), ("golden_2D", 6)):
        if (set_path / name).is_dir():
            jobs.append(Job(set_path, name.removeprefix("golden_"), "merged", 6, last, name))
    folder = set_path / "golden_products"
    names = [name for name in _PRODUCTS if (folder / name).is_dir()]
    return jobs + [Job(set_path, f"products {name}", "products", variant=f"golden_products/{name}") for name in names]


def _written_by(file: str) -> int:
    """Step that writes a file of the merged level (6 for files the table does not know)."""
    return WRITTEN_BY_STEP.get(file.removesuffix(".mat"), 6)


def _copy(files: Mapping[str, Path], workdir: Path) -> None:
    for name, path in files.items():
        place = workdir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())


def _run_steps(job: Job, workdir: Path) -> None:
    import_module("stamps").stamps(job.start, job.end, workdir=workdir, unwrap=job.unwrap)


def _run_code(code: str, workdir: Path) -> None:
    """Make the calls of a variant, as ``ps_plot('v',-1);ps_output;``."""
    package = import_module("stamps")
    for name, arguments in _CALL.findall(code):
        values = [literals.parse(word) for word in arguments.split(",") if word]
        try:
            function = getattr(package, name)
        except AttributeError:
            raise NotThere(f"there is no {name} in this version of the package") from None
        function(*values, workdir=workdir)


def _stack(set_path: Path, folder: Path) -> Path:
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

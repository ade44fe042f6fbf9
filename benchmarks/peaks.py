"""Peak memory and processor time of every step, and the table of ``stamps estimate`` that follows from them.

    python benchmarks/peaks.py measure [--folder DIR]     # tests/fixtures/peaks.json, a quarter of an hour
    OMP_NUM_THREADS=16 python benchmarks/peaks.py measure --stacks ps_28k ps_88k ps_351k ps_876k sb_91k
    python benchmarks/peaks.py fit                        # step_costs.csv from it; says how tight every row is
    python benchmarks/peaks.py multiples                  # peaks as multiples of the largest stored array: docs/memory.md

``measure`` simulates stacks, or takes those that DIR holds, prepares each as one patch and runs every step in a fresh process
with the threads that users have (the second line: what more threads need). A peak is the resident memory of
that process at its highest (VmHWM of Linux), the largest of some runs: it does not depend on what else the machine does.
``fit`` looks for the least multiples of arrays that bound all peaks. ``tests/test_estimate.py`` holds the table to them.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from run import ROOT, machine

sys.path.insert(0, str(ROOT))

from stamps import native  # noqa: E402
from stamps.queries.counts import counts_of  # noqa: E402
from stamps.queries.status import project_status  # noqa: E402
from stamps.queries.step_costs import MIB, Counts, step_memory  # noqa: E402
from stamps.workspace import Workspace  # noqa: E402
from stamps.workspace.parameters import Parameters  # noqa: E402

PEAKS = ROOT / "tests" / "fixtures" / "peaks.json"
COSTS = ROOT / "stamps" / "queries" / "step_costs.csv"
STEPS = ("prep", *"12345678")

_PS = ["--preset", "ps_bench", "--seed", "1", "--n-images", "31"]
_SB = ["--preset", "sb_small", "--seed", "1"]

#: Simulator arguments of the stacks and the threshold of their selection: 9 000 to 876 000 candidates. ``ps_short`` has few
#: images, of ``ps_loose`` step 3 keeps few candidates, ``ps_thin`` has few in a large scene.
STACKS = {
    "ps_short": (
        ["--preset", "ps_small", "--seed", "3", "--n-images", "10", "--lines", "150", "--samples", "300"],
        0.4,
    ),
    "ps_9k": (["--preset", "ps_small", "--seed", "1", "--n-images", "31"], 0.4),
    "ps_28k": ([*_PS, "--lines", "350", "--samples", "700"], 0.4),
    "ps_88k": ([*_PS, "--lines", "600", "--samples", "1300"], 0.4),
    "ps_351k": ([*_PS, "--lines", "1200", "--samples", "2600"], 0.4),
    "ps_876k": (
        ["--preset", "ps_large", "--seed", "1", "--n-images", "31", "--lines", "1900", "--samples", "4100"],
        0.4,
    ),
    "ps_loose": ([*_PS, "--lines", "350", "--samples", "700"], 0.8),
    "ps_thin": ([*_PS, "--lines", "1200", "--samples", "2600", "--ps-density", "0.004"], 0.25),
    "sb_23k": (_SB, 0.6),
    "sb_91k": ([*_SB, "--lines", "400", "--samples", "800"], 0.6),
}

# ---------------------------------------------------------------------- measuring

#: A command of the package in a process that notes its own peak and processor time: what wait4 tells of a child includes the
#: memory of the process that started it.
_NOTED = """
import sys
sys.path[:] = filter(None, sys.path)  # nothing from the project
import json, resource
from stamps.cli import program as cli
status = cli.run(sys.argv[2], sys.argv[3:])
kib = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
seconds = sum(time.ru_utime + time.ru_stime for time in times)
json.dump({"peak_mib": round(int(kib) / 1024, 1), "cpu_seconds": round(seconds, 2)}, open(sys.argv[1], "w"))
sys.exit(status)
"""


def noted(project, name, *arguments):
    """Run a legacy command in a fresh process.

    Returns
    -------
    dict
        ``peak_mib`` of its process, ``cpu_seconds`` including the programs it started, ``programs_mib``: resident memory of
        those together, at its highest in samples every 20 ms.
    """
    with tempfile.TemporaryDirectory() as folder, open(project / "bench.log", "ab") as log:
        note = Path(folder) / "note.json"
        process = subprocess.Popen(
            [sys.executable, "-c", _NOTED, str(note), name, *map(str, arguments)],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
        programs = 0.0
        while process.poll() is None:
            programs = max(programs, sum(map(_resident_mib, _descendants(process.pid))))
            time.sleep(0.02)
        if process.returncode:
            raise SystemExit(f"{name} {' '.join(map(str, arguments))} failed: see {project}/bench.log")
        return {**json.loads(note.read_text()), "programs_mib": round(programs, 1)}


def _descendants(pid):
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:  # the thread has ended
            continue
        for child in children:
            yield child
            yield from _descendants(child)


def _resident_mib(pid):
    """Resident memory of a program; 0 while it is still what started it, whose memory it shares."""
    try:
        if os.path.samefile(f"/proc/{pid}/exe", sys.executable):
            return 0.0
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # the program has ended
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def measured(stack, threshold, project):
    """All steps of one stack in a new project, each in a fresh process: a run of ``peaks.json``."""
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    master = json.loads((stack / "truth.json").read_text())["master"]
    notes = {"prep": noted(project, "mt_prep_snap", master, stack, threshold, 1, 1)}
    noted(project, "setparm", "unwrap_grid_size", 50)
    for step in STEPS[1:]:
        notes[step] = noted(project, "stamps", step, step)
    parameters = Parameters(Workspace.at(project), read_only=True)
    counts = replace(counts_of(project_status(project), parameters), threads=native.n_threads(), free_gib=1000.0)
    shutil.rmtree(project)
    columns = ("peak_mib", "cpu_seconds", "programs_mib")
    return {"counts": asdict(counts), **{name: {step: notes[step][name] for step in STEPS} for name in columns}}


def largest_of(runs):
    """One run of several of the same stack: the largest peaks, the fewest seconds."""
    best = {"peak_mib": max, "cpu_seconds": min, "programs_mib": max}
    return runs[0] | {name: {step: of(run[name][step] for run in runs) for step in STEPS} for name, of in best.items()}


def simulated(name, folder):
    """The stack of a name, made when it is not in the folder."""
    stack = folder / f"stack_{name}"
    if not (stack / "truth.json").is_file():
        simulate = [sys.executable, "-m", "stamps.simulate", str(stack), *STACKS[name][0], "--quiet"]
        subprocess.run(simulate, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return stack


def measure(options):
    """Write ``peaks.json``; runs of stacks that are not asked for stay."""
    try:
        runs = json.loads(options.peaks.read_text())["runs"]
    except OSError:
        runs = []
    known = {(run["stack"], run["counts"]["threads"]): run for run in runs}
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.stacks:
            stack = simulated(name, folder)
            runs = [measured(stack, STACKS[name][1], folder / f"project_{name}") for _ in range(options.repeat)]
            known[name, native.n_threads()] = {"stack": name, **largest_of(runs)}
            print(name, *(f"{step} {peak}" for step, peak in runs[0]["peak_mib"].items()), flush=True)
    facts = machine()
    conditions = (
        f"{os.cpu_count()} cores ({facts['cpu']}), Python {platform.python_version()}, NumPy {facts['libraries']['numpy']}, "
        "one patch, unwrap_grid_size 50; each step in a fresh process"
    )
    order = sorted(known, key=lambda key: (key[1], [*STACKS].index(key[0])))
    rows = ",\n".join(f"  {json.dumps(known[key])}" for key in order)
    options.peaks.write_text(f'{{\n "machine": {json.dumps(conditions)},\n "runs": [\n{rows}\n ]\n}}\n')


# ---------------------------------------------------------------------- fitting

#: Arrays whose multiples bound each step: of the step, of each of its threads; those that decide the seconds.
ARRAYS = {
    "prep": (["kept", "column", "blocks"], ["column"], ["stack"]),
    "1": (["candidates"], [], ["candidates"]),
    "2": (["candidates", "random", "filter grid"], ["filter plane"], ["candidates", "filter grid"]),
    "3": (["candidates", "selected", "filter grid"], ["row"], ["selected"]),
    "4": (["candidates", "selected"], [], ["selected"]),
    "5": (["weeded"], [], ["weeded"]),
    "6": (["merged", "nodes"], ["unwrap plane"], ["unwrap grid", "nodes"]),
    "7": (["merged"], [], ["merged"]),
    "8": (["merged"], [], ["merged"]),
}

#: Steps that need another multiple of their first array with small baselines.
BY_MODE = {"1", "2"}

#: The least that an estimate stands above a measured peak: versions of libraries, allocators and runs differ by that much.
MARGIN, MARGIN_MIB = 1.05, 2.0


def bounding(sizes, peaks):
    """The least non-negative multiples of arrays that bound all peaks.

    A linear programme: of all multiples whose sums are at least ``MARGIN`` times every peak and ``MARGIN_MIB``, those with
    the smallest sum of the mean and the largest relative excess.

    Parameters
    ----------
    sizes : (n_run, n_array) array
        MiB; a column of ones for what does not depend on any.
    peaks : (n_run,) array
        MiB.

    Returns
    -------
    (n_array,) array
        Rounded up to what the table shows.
    """
    from scipy.optimize import linprog

    n_run = len(peaks)
    relative = sizes / peaks[:, None]
    bounds = np.block([[-relative, np.zeros((n_run, 1))], [relative, -np.ones((n_run, 1))]])
    limits = np.r_[-MARGIN - MARGIN_MIB / peaks, np.zeros(n_run)]
    found = linprog(np.r_[relative.mean(axis=0), 1], A_ub=bounds, b_ub=limits)  # the last unknown: the largest ratio
    if not found.success:
        raise SystemExit(f"No multiples bound the peaks: {found.message}")
    return np.maximum(np.ceil(found.x[:-1] * 100 - 1e-6), 0) / 100


def nearest(sizes, seconds):
    """Non-negative multiples of arrays whose sums have the least squared logarithms of ratios to the seconds (not a bound)."""
    from scipy.optimize import least_squares

    start = seconds.min() / sizes.max(axis=0)
    found = least_squares(lambda x: np.log(sizes @ x / seconds), start, bounds=(0, np.inf), x_scale=start)
    return found.x


def peak(run, step):
    """Peak of a step with the programs that it started, MiB."""
    return run["peak_mib"][step] + run["programs_mib"][step]


def fitted(step, runs):
    """Rows of a step: dicts of the columns of the table."""
    arrays, thread_arrays, of_seconds = ARRAYS[step]
    counts = [Counts(**run["counts"]) for run in runs]
    modes = ("PS", "SB") if step in BY_MODE else ("",)
    # name, mode, size in a run
    terms = [("base", None, lambda c: 1)]
    terms += [
        (name, mode, lambda c, name=name, mode=mode: c.array(name) / MIB * (mode in ("", c.mode)))
        for name in arrays
        for mode in (modes if name == arrays[0] else ("",))
    ]
    if thread_arrays:
        terms += [("thread base", "", lambda c: c.threads)]
        terms += [(f"thread {name}", "", lambda c, n=name: c.threads * c.array(n) / MIB) for name in thread_arrays]
    sizes = np.array([[size(c) for _, _, size in terms] for c in counts])
    found = bounding(sizes, np.array([peak(run, step) for run in runs]))
    factors = {(name, mode): factor for (name, mode, _), factor in zip(terms, found, strict=True)}
    at_ease = [(run, c) for run, c in zip(runs, counts, strict=True) if c.threads <= os.cpu_count()]
    fixed, *slopes = nearest(
        np.array([[1, *(c.array(name) / MIB for name in of_seconds)] for _, c in at_ease]),
        np.array([run["cpu_seconds"][step] for run, _ in at_ease]),
    )
    slopes = [*zip(of_seconds, (f"{slope:.2g}" for slope in slopes), strict=True), ("", "")]

    def row(mode):
        def own(name):
            return factors[name, mode] if (name, mode) in factors else factors[name, ""]

        return {
            "step": step,
            "mode": mode,
            "base_mib": f"{np.ceil(found[0]):g}",
            **_columns(["array", "second_array", "third_array"], arrays, own),
            "thread_mib": f"{factors.get(('thread base', ''), 0):g}",
            **_columns(["thread_array"], thread_arrays, lambda name: factors[f"thread {name}", ""]),
            "seconds": f"{fixed:.2g}",
            "seconds_array": slopes[0][0],
            "seconds_per_mib": slopes[0][1],
            "seconds_second_array": slopes[1][0],
            "seconds_second_per_mib": slopes[1][1],
        }

    return [row(mode) for mode in modes]


def _columns(columns, arrays, factor_of):
    """Columns of the table with the arrays whose multiples are not 0, and with these."""
    pairs = [(name, f"{factor_of(name):g}") for name in arrays if factor_of(name)] + [("", "")] * len(columns)
    cells = {}
    for column, (name, factor) in zip(columns, pairs, strict=False):
        cells |= {column: name, column.replace("array", "factor"): factor}
    return cells


def fit(options):
    """Write ``step_costs.csv``; print for each step the excess of the estimates in every run."""
    runs = json.loads(options.peaks.read_text())["runs"]
    rows = [row for step in STEPS for row in fitted(step, runs)]
    with open(COSTS, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print("estimate / peak", *(f"{run['stack']}x{run['counts']['threads']}" for run in runs))
    for step in STEPS:
        ratios = [step_memory(step, Counts(**run["counts"])) / peak(run, step) for run in runs]
        print(f"{step:>4s}", *(f"{ratio:.2f}" for ratio in ratios), "  TOO LOOSE" if max(ratios) > 1.4 else "")


#: Largest array that each step stores (single master), and its bytes: phases are complex, unwrapped ones real; m is n_ifg - 1.
LARGEST = {
    "1": ("ph1 ph", lambda c, m: 8 * c.candidates * c.n_ifg),
    "2": ("pm1 ph_patch", lambda c, m: 8 * c.candidates * m),
    "3": ("select1 ph_patch2", lambda c, m: 8 * c.selected * m),
    "4": ("pm2 ph_patch", lambda c, m: 8 * c.weeded * m),
    "5": ("rc2 ph_rc", lambda c, m: 8 * c.merged * c.n_ifg),
    "6": ("uw_grid ph_in", lambda c, m: 8 * c.merged * m),
    "7": ("scla2 ph_scla", lambda c, m: 4 * c.merged * c.n_ifg),
    "8": ("scn2 ph_scn_slave", lambda c, m: 8 * c.merged * c.n_ifg),
}


def multiples(options):
    """Print the peaks of the largest stack as multiples of the largest array that the step stores."""
    for run in json.loads(options.peaks.read_text())["runs"]:
        if run["stack"] != "ps_876k":
            continue
        counts = Counts(**run["counts"])
        print(f"{counts.candidates} candidates, {counts.threads} threads: prep {peak(run, 'prep'):.0f} MiB")
        for step, (name, size) in LARGEST.items():
            array, mib = size(counts, counts.n_ifg - 1) / MIB, peak(run, step)
            print(f"{step}  {mib:6.0f} MiB  {name:<18s} {array:6.0f} MiB  x {mib / array:4.1f}")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("measure", "fit", "multiples"))
    parser.add_argument("--stacks", nargs="+", choices=STACKS, default=list(STACKS), help="measure only these")
    parser.add_argument("--repeat", type=int, default=2, help="runs of every stack [2]")
    parser.add_argument("--folder", type=Path, help="keep stacks here (default: a temporary folder)")
    parser.add_argument("--peaks", type=Path, default=PEAKS, help="file of the peaks [tests/fixtures/peaks.json]")
    options = parser.parse_args()
    {"measure": measure, "fit": fit, "multiples": multiples}[options.what](options)


if __name__ == "__main__":
    main()

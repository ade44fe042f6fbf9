"""Seconds and peak memory of every step on simulated stacks: ``python benchmarks/run.py [--sizes small …]`` or ``make bench``.

Every step runs in a fresh process, start-up included, on a project that the step before it left; the file-system cache is
warm, nothing else is kept from earlier runs. Step 6 unwraps with the minimum-cost flow. Results go to
``benchmarks/results/<name>.json`` and ``.md`` with the machine's description, the growth exponents and the goals.
``--compare A.json B.json`` prints two results side by side. The seconds of the original stand in the golden sets' ``run.json``.
"""

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
STEPS = [f"step{k}" for k in range(1, 9)]
CHAIN = "stamps 1 8"

#: Simulator arguments of the stacks: that of the golden set; about 10^4, 10^5, 10^6, 3.5 * 10^6 candidates in 30 interferograms.
SIZES = {
    "ps_small": ["--preset", "ps_small", "--seed", "1"],
    "small": ["--preset", "ps_small", "--seed", "1", "--n-images", "31"],
    "medium": ["--preset", "ps_bench", "--seed", "1", "--n-images", "31", "--lines", "600", "--samples", "1300"],
    "large": ["--preset", "ps_large", "--seed", "1", "--n-images", "31", "--lines", "1900", "--samples", "4100"],
    "huge": ["--preset", "ps_large", "--seed", "1", "--n-images", "31", "--lines", "3800", "--samples", "8200"],
}

_QUICK = ("ps_small", "small")  # runs of the whole chain are repeated for these
_STEPS_ONLY = ("huge",)  # and the whole chain is not run for these

#: Largest exponent of seconds against candidates, most GiB of stacks, most seconds of steps at 10^5; how much faster than
#: the original the chain of ``ps_small`` is meant to be.
MOST_GROWTH = 1.1
MOST_GIB = {"large": 1.5, "huge": 5}
MOST_FASTER = 100
MOST_SECONDS = {"step2": 10, "step3": 15, "step4": 8, "step5": 10, "step7": 10, "step8": 10}


# ---------------------------------------------------------------------- measuring


def measured(arguments, cwd, environment):
    """Run a command; returns wall seconds, CPU seconds (children included) and peak memory in MiB."""
    start = time.perf_counter()
    with open(Path(cwd) / "bench.log", "ab") as log:
        process = subprocess.Popen(arguments, cwd=cwd, env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed: see {cwd}/bench.log")
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


def command_of(checkout, name, *arguments):
    """Command line of a legacy command of a checkout."""
    return [sys.executable, str(checkout / "bin" / name), *map(str, arguments)]


def command(name, *arguments):
    """Command line of a legacy command of this checkout."""
    return command_of(ROOT, name, *arguments)


def run_size(size, backend, folder, repeat):
    """Preparation, all steps, and the whole chain of one stack with one backend."""
    stack = simulated(size, folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STAMPS_BACKEND": backend, "STAMPS_UNWRAP": "flow"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation has compiled modules
    project, figures = folder / f"project_{size}_{backend}", {}
    figures["prep"] = prepared(project, stack, environment)
    n_candidates = sum(1 for path in project.glob("PATCH_*/pscands.1.ij") for _ in open(path, "rb"))
    for name, step in zip(STEPS, range(1, 9), strict=True):
        figures[name] = measured(command("stamps", step, step), project, environment)
    shutil.rmtree(project)
    runs = []
    for _ in range(repeat if size in _QUICK else int(size not in _STEPS_ONLY)):
        prepared(project, stack, environment)
        runs.append(measured(command("stamps", 1, 8), project, environment))
        shutil.rmtree(project)
    if runs:
        figures[CHAIN] = min(runs, key=lambda run: run["seconds"])
        figures[CHAIN]["all_seconds"] = [run["seconds"] for run in runs]
    return {"size": size, "backend": backend, "candidates": n_candidates, "steps": figures}


def simulated(size, folder):
    """The stack of a size, made when it is not there."""
    stack = folder / f"stack_{size}"
    if not (stack / "truth.json").is_file():
        simulate = [sys.executable, "-m", "stamps.simulate", str(stack), *SIZES[size], "--quiet"]
        subprocess.run(simulate, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return stack


def prepared(project, stack, environment, checkout=ROOT):
    """A new project; returns the figures of its preparation."""
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    master = json.loads((stack / "truth.json").read_text())["master"]
    figures = measured(command_of(checkout, "mt_prep_snap", master, stack, 0.4, 1, 1, 50, 50), project, environment)
    grid = command_of(checkout, "setparm", "unwrap_grid_size", 50)
    subprocess.run(grid, cwd=project, env=environment, check=True, capture_output=True)
    rasters = [path for part in ("rslc", "diff0", "geo", "dem") for path in (stack / part).glob("*")]
    figures["input_mib"] = round(sum(path.stat().st_size for path in rasters) / 2**20)
    return figures


def machine():
    """What the figures depend on."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    facts = subprocess.run(command("stamps", "describe-backends", "--json"), capture_output=True, text=True, check=True)
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), **json.loads(facts.stdout)}


def original_seconds():
    """Seconds of the original on ``ps_small``, from the golden set, if it is there."""
    for folder in (os.environ.get("STAMPS_GOLDEN"), ROOT / "golden", ROOT.parent / "shared" / "golden"):
        path = Path(folder or "/nowhere") / "ps_small" / "run.json"
        if path.is_file():
            return json.loads(path.read_text())["reference_seconds"]
    return {}


# ---------------------------------------------------------------------- what the figures say


def exponents(runs):
    """Slope of log seconds against log candidates for each backend and step, from the smallest and the largest stack.

    Start-up is part of the seconds, so what grows is underestimated at the small end: the slope between the two largest
    stacks is given too.
    """
    found = {}
    for backend in dict.fromkeys(run["backend"] for run in runs):
        series = sorted((r for r in runs if r["backend"] == backend and r["size"] != "ps_small"), key=_candidates)
        if len(series) < 2:
            continue
        found[backend] = {
            step: [_slope(series[0], series[-1], step), _slope(series[-2], series[-1], step)]
            for step in series[-1]["steps"]
        }
    return found


def _candidates(run):
    return run["candidates"]


def _slope(first, last, step):
    ratio = last["steps"][step]["seconds"] / first["steps"][step]["seconds"]
    return round(math.log(ratio) / math.log(last["candidates"] / first["candidates"]), 2)


def goals(result):
    """Goal, what was measured, and whether it is met: lines of a table."""
    runs = {(run["size"], run["backend"]): run for run in result["runs"]}
    original = result["original_ps_small"]
    total = sum(seconds for step, seconds in original.items() if step != "prep")
    for (size, backend), run in runs.items():
        steps = run["steps"]
        if size == "ps_small" and total:
            ratio = total / steps[CHAIN]["seconds"]
            yield f"{backend}: chain against the original", f"{MOST_FASTER} x", f"{ratio:.0f} x", ratio >= MOST_FASTER
        if size == "medium":
            for step, most in MOST_SECONDS.items():
                seconds = steps[step]["seconds"]
                yield (
                    f"{backend}: {step}, {run['candidates']} candidates",
                    f"{most} s",
                    f"{seconds:.2f} s",
                    seconds <= most,
                )
        if size in MOST_GIB:
            step, peak = max(((s, f["peak_mib"] / 1024) for s, f in steps.items()), key=lambda pair: pair[1])
            what = f"{backend}: peak memory, {run['candidates']} candidates ({step})"
            yield what, f"{MOST_GIB[size]} GiB", f"{peak:.2f} GiB", peak <= MOST_GIB[size]
    for backend, slopes in result["exponents"].items():
        step, slope = max(((s, pair[0]) for s, pair in slopes.items()), key=lambda pair: pair[1])
        what = f"{backend}: largest growth exponent, smallest to largest stack ({step})"
        yield what, f"{MOST_GROWTH}", f"{slope:.2f}", slope <= MOST_GROWTH


def as_markdown(result):
    """The result as tables."""
    runs, facts = result["runs"], result["machine"]
    lines = [
        f"{facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, NumPy {facts['libraries']['numpy']}, "
        f"{result['date']}. Wall seconds (start-up included), peak memory.",
        "",
        "| | "
        + " | ".join(f"{run['size']} {run['backend']} ({run['candidates']} candidates)" for run in runs)
        + " | original |",
        "|---|" + "---|" * (len(runs) + 1),
    ]
    original = result["original_ps_small"]
    for step in runs[0]["steps"]:
        cells = [_cell(run["steps"].get(step)) for run in runs]
        total = sum(v for k, v in original.items() if k != "prep") if step == CHAIN and original else original.get(step)
        lines.append(f"| {step} | " + " | ".join(cells) + f" | {f'{total:.1f} s' if total else ''} |")
    for backend, slopes in result["exponents"].items():
        lines += ["", f"Growth exponent, {backend} (smallest to largest stack, the two largest): "]
        lines[-1] += ", ".join(f"{step} {first} {last}" for step, (first, last) in slopes.items()) + "."
    lines += ["", "| goal | wanted | measured | |", "|---|---|---|---|"]
    lines += [f"| {what} | {want} | {have} | {'met' if met else 'MISSED'} |" for what, want, have, met in goals(result)]
    return "\n".join(lines) + "\n"


def _cell(figures):
    if figures is None:
        return ""
    return f"{figures['seconds']:.2f} s, {figures['peak_mib']} MiB"


def compare(first, second):
    """Print two results side by side."""
    results = [json.loads(Path(path).read_text()) for path in (first, second)]
    by_key = [{(run["size"], run["backend"]): run["steps"] for run in result["runs"]} for result in results]
    common = [key for key in by_key[0] if key in by_key[1]]
    if not common:
        raise SystemExit(f"{first} and {second} have no stack and backend in common.")
    for key in common:
        print(*key)
        for step, figures in by_key[0][key].items():
            other = by_key[1][key].get(step)
            if other:
                ratio = figures["seconds"] / max(other["seconds"], 1e-9)
                memory = f"{figures['peak_mib']:6d} MiB {other['peak_mib']:6d} MiB"
                print(f"  {step:<12s} {figures['seconds']:9.2f} s {other['seconds']:9.2f} s   x {ratio:.2f}   {memory}")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["ps_small", "small", "medium", "large"])
    parser.add_argument(
        "--backends", nargs="+", choices=["auto", "numpy", "pythran", "cuda"], default=["pythran", "numpy"]
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="runs of the whole chain of small stacks, the fastest counts [3]"
    )
    parser.add_argument("--name", default="latest", help="name of the result files [latest]")
    parser.add_argument("--folder", type=Path, help="keep stacks and projects here (default: a temporary folder)")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help="compare two result files and stop")
    options = parser.parse_args()
    if options.compare:
        compare(*options.compare)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        runs = [
            run_size(size, backend, folder, options.repeat) for size in options.sizes for backend in options.backends
        ]
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "original_ps_small": original_seconds(),
        "runs": runs,
        "exponents": exponents(runs),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{options.name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / f"{options.name}.md").write_text(as_markdown(result))
    print(as_markdown(result))


if __name__ == "__main__":
    main()

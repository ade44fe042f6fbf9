"""Seconds and peak memory of every step on simulated stacks: ``python benchmarks/run.py [--sizes small …]`` or ``make bench``.

Every step runs in a fresh process (start-up included) on a project that the step before it left. Results go to
``benchmarks/results/<name>.json`` and ``.md`` with the machine's description; ``--compare A.json B.json`` prints two results side
by side. The seconds of the original stand in the golden sets' ``run.json``.
"""

import argparse
import json
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

#: Simulator arguments of the stacks, about 10^4, 10^5 and 10^6 candidates.
SIZES = {
    "ps_small": ["--preset", "ps_small", "--seed", "1"],
    "small": ["--preset", "ps_small", "--seed", "1", "--n-images", "31"],
    "medium": ["--preset", "ps_bench", "--seed", "1", "--n-images", "31", "--lines", "600", "--samples", "1300"],
    "large": ["--preset", "ps_large", "--seed", "1", "--n-images", "31", "--lines", "1900", "--samples", "4100"],
}


def measured(arguments, cwd, environment):
    """Run a command; returns wall seconds, CPU seconds and peak memory in MiB."""
    start = time.perf_counter()
    with open(Path(cwd) / "bench.log", "ab") as log:
        process = subprocess.Popen(arguments, cwd=cwd, env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed: see {cwd}/bench.log")
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


def command(name, *arguments):
    """Command line of a legacy command of this checkout."""
    return [sys.executable, str(ROOT / "bin" / name), *map(str, arguments)]


def run_size(size, backend, folder):
    """All steps of one stack with one backend."""
    stack, project = folder / f"stack_{size}", folder / f"project_{size}_{backend}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STAMPS_BACKEND": backend}
    if not (stack / "truth.json").is_file():
        simulate = [sys.executable, "-m", "stamps.simulate", str(stack), *SIZES[size], "--quiet"]
        subprocess.run(simulate, check=True, env=environment)
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    master = json.loads((stack / "truth.json").read_text())["master"]
    figures = {"prep": measured(command("mt_prep_snap", master, stack, 0.4, 1, 1, 50, 50), project, environment)}
    subprocess.run(command("setparm", "unwrap_grid_size", 50), cwd=project, env=environment, check=True, capture_output=True)
    for step in range(1, 9):
        figures[f"step{step}"] = measured(command("stamps", step, step), project, environment)
    n_candidates = sum(1 for path in project.glob("PATCH_*/pscands.1.ij") for _ in open(path, "rb"))
    shutil.rmtree(project)
    whole = folder / f"whole_{size}_{backend}"
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    subprocess.run(command("mt_prep_snap", master, stack, 0.4, 1, 1, 50, 50), cwd=whole, env=environment, check=True, capture_output=True)
    subprocess.run(command("setparm", "unwrap_grid_size", 50), cwd=whole, env=environment, check=True, capture_output=True)
    figures["stamps 1 8"] = measured(command("stamps", 1, 8), whole, environment)
    shutil.rmtree(whole)
    return {"size": size, "backend": backend, "candidates": n_candidates, "steps": figures}


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


def as_markdown(result):
    """The result as a table."""
    runs = result["runs"]
    lines = [
        f"{result['machine']['cpu']}, {result['machine']['cores']} cores, {result['date']}", "",
        "| | " + " | ".join(f"{run['size']} {run['backend']} ({run['candidates']} candidates)" for run in runs) + " | original |",
        "|---|" + "---|" * (len(runs) + 1),
    ]  # fmt: skip
    original = result["original_ps_small"]
    for step in runs[0]["steps"]:
        cells = [f"{run['steps'][step]['seconds']:.2f} s, {run['steps'][step]['peak_mib']} MiB" for run in runs]
        total = sum(v for k, v in original.items() if k != "prep") if step == "stamps 1 8" and original else original.get(step)
        lines.append(f"| {step} | " + " | ".join(cells) + f" | {f'{total:.1f} s' if total else ''} |")
    return "\n".join(lines) + "\n"


def compare(first, second):
    """Print two results side by side."""
    results = [json.loads(Path(path).read_text()) for path in (first, second)]
    by_key = [{(run["size"], run["backend"]): run["steps"] for run in result["runs"]} for result in results]
    for key in by_key[0].keys() & by_key[1].keys():
        print(*key)
        for step, figures in by_key[0][key].items():
            other = by_key[1][key].get(step)
            if other:
                ratio = figures["seconds"] / max(other["seconds"], 1e-9)
                print(f"  {step:<12s} {figures['seconds']:9.2f} s {other['seconds']:9.2f} s   x {ratio:.2f}")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["ps_small", "small"])
    parser.add_argument("--backends", nargs="+", choices=["auto", "numpy", "pythran"], default=["auto", "numpy"])
    parser.add_argument("--name", default="latest", help="name of the result files [latest]")
    parser.add_argument("--folder", type=Path, help="keep stacks and projects here (default: a temporary folder)")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help="compare two result files and stop")
    options = parser.parse_args()
    if options.compare:
        compare(*options.compare)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        runs = [run_size(size, backend, folder) for size in options.sizes for backend in options.backends]
    result = {
        "date": time.strftime("%Y-%m-%d"), "machine": machine(), "original_ps_small": original_seconds(), "runs": runs,
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{options.name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / f"{options.name}.md").write_text(as_markdown(result))
    print(as_markdown(result))


if __name__ == "__main__":
    main()

"""What the kernels do on a GPU: ``python benchmarks/gpu.py`` or ``make gpu``; eight minutes at most.

Every kernel with CuPy against NumPy; the parity of ``ps_mini`` with the backend ``cuda``; the hot parts of steps 2, 3, 4 and 8
at 10^5 and 10^6 candidates against the compiled kernels on all cores, with bytes moved and growth. Figures go to ``gpu.json``,
after every kernel, section and step, and to the page ``gpu.md``. Without a device NumPy takes CuPy's place: all is run on small
arrays, and nothing that was measured on a device is replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import gpu_traffic  # noqa: E402
import numpy as np  # noqa: E402
from gpu_kernels import check_kernels  # noqa: E402
from gpu_page import page  # noqa: E402
from gpu_parity import parity  # noqa: E402
from gpu_steps import STEPS, Budget, Shape, Workload, measured  # noqa: E402

from helpers import fake_cupy  # noqa: E402
from stamps import native  # noqa: E402
from stamps.native import backends  # noqa: E402

#: Sizes (candidates, interferograms, random pixels of step 2), seconds of the whole, jobs of the parity, bytes of a copy.
_ON_DEVICE: dict[str, Any] = {
    "sizes": [(10**5, 30, 300_000), (10**6, 30, 300_000)],
    "seconds": 450.0,
    "only": [],
    "copy": 2**30,
}
_STAND_IN: dict[str, Any] = {
    "sizes": [(4900, 3, 500), (8100, 3, 500)],
    "seconds": 3600.0,
    "only": ["chain", "step 8"],
    "copy": 2**20,
}
_SECTIONS = ("kernels", "parity", "steps")
_DOCS, _RESULTS = ROOT / "docs", ROOT / "benchmarks" / "results"


def run(options: argparse.Namespace, stand_in: bool, reason: str) -> dict[str, Any]:
    """All sections; the figures are written after each of them."""
    plan = dict(_STAND_IN if stand_in else _ON_DEVICE)
    plan.update({name: value for name, value in (("sizes", options.sizes), ("seconds", options.seconds)) if value})
    budget = Budget(plan["seconds"])
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(stand_in, reason, plan["copy"]),
        "other": "pythran" if all(native.compiled_kernels().values()) else "numpy",
    }
    write(result, options.output)
    if "kernels" in options.sections:
        result["kernels"] = []
        for row in check_kernels():
            result["kernels"].append(row)
            write(result, options.output)
    if "parity" in options.sections:
        with tempfile.TemporaryDirectory() as folder:
            share = budget.left * (0.5 if "steps" in options.sections else 1)
            result["parity"] = parity(Path(folder), stand_in, share, options.only or plan["only"])
        write(result, options.output)
    if "steps" in options.sections:
        steps(result, plan["sizes"], budget, options.output)
    return result


def steps(result: dict[str, Any], sizes: Sequence[tuple[int, int, int]], budget: Budget, output: Path) -> None:
    """The hot parts, all of one size before the next; a step that the rest of the seconds cannot hold is not measured."""
    result["steps"] = []
    before: dict[int, float] = {}  # seconds that a step took, repetitions included, and its candidates
    at = 0
    for size in sizes:
        shape = Shape.about(*size)
        work = Workload(shape)
        for step in STEPS:
            row: dict[str, Any] = {"step": step, "candidates": shape.n, "interferograms": shape.m}
            begin = time.perf_counter()
            expected = before.get(step, 0.0) * (shape.n / at) ** 1.1 if at else 0.0
            found = measured(work, step, result["other"], budget) if expected < budget.left else None
            before[step] = (time.perf_counter() - begin) / (2 + (found["runs"] if found else 0)) * 2
            result["steps"].append(row | _row(found, shape, step, result) if found else row)
            result["growth"] = growth(result["steps"])
            write(result, output)
        at = shape.n


def _row(found: dict[str, Any], shape: Shape, step: int, result: dict[str, Any]) -> dict[str, Any]:
    """Figures of a step, kernel by kernel, with bytes and their rates."""
    kernels = {}
    copy = result["machine"]["copy_bandwidth"]
    formulas = shape.traffic(step)
    for name, seconds in found["kernels"].items():
        row = {"seconds": seconds, "bus": found["bus"][name]}
        if name in formulas:
            of = formulas[name]
            row.update(moved=of.moved, least=of.least, bus_by_formula=[of.to_device, of.to_host])
            within = seconds["cuda"] - found["bus"][name]["seconds"]
            if within > 0:
                row["fraction_of_copy"] = of.moved / within / copy
        kernels[name] = row
    return {**{name: found[name] for name in ("seconds", "outside", "runs", "failed")}, "kernels": kernels}


def growth(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Step -> backend -> growth exponent between the two largest sizes that were measured."""
    found = {}
    for step in STEPS:
        series = [row for row in rows if row["step"] == step and "seconds" in row][-2:]
        if len(series) == 2:
            found[str(step)] = {
                backend: gpu_traffic.exponent(*((row["candidates"], row["seconds"][backend]) for row in series))
                for backend in series[0]["seconds"]
            }
    return found


# ---------------------------------------------------------------------- the machine


def machine(stand_in: bool, reason: str, n_bytes: int) -> dict[str, Any]:
    """What the figures depend on, and how fast the device copies."""
    cupy = import_module("cupy")
    facts = {
        "stand_in": stand_in,
        "reason": reason,
        "cpu": _cpu(),
        "cores": native.n_threads(),
        "python": platform.python_version(),
    }
    facts.update(bandwidths(cupy, n_bytes))
    if stand_in:
        return facts
    runtime = cupy.cuda.runtime
    name = runtime.getDeviceProperties(runtime.getDevice())["name"]
    version = runtime.runtimeGetVersion()
    return {
        **facts,
        "device": name.decode() if isinstance(name, bytes) else str(name),
        "memory": runtime.memGetInfo()[1],
        "cupy": cupy.__version__,
        "cuda": f"{version // 1000}.{version % 1000 // 10}",
        "peak_bandwidth": _peak(runtime),
    }


def bandwidths(cupy: Any, n_bytes: int) -> dict[str, float]:
    """Bytes a second: read and written by a copy within the device, and over the bus in both directions."""
    host = np.zeros(n_bytes // 8)
    device = cupy.asarray(host)
    fastest = {
        "copy_bandwidth": 2 * n_bytes / _fastest(cupy, device.copy),
        "to_device_bandwidth": n_bytes / _fastest(cupy, lambda: cupy.asarray(host)),
        "to_host_bandwidth": n_bytes / _fastest(cupy, device.get),
    }
    return {name: round(value) for name, value in fastest.items()}


def _fastest(cupy: Any, work: Any, repeat: int = 5) -> float:
    seconds = []
    for _ in range(repeat):
        cupy.cuda.runtime.deviceSynchronize()
        begin = time.perf_counter()
        work()
        cupy.cuda.runtime.deviceSynchronize()
        seconds.append(time.perf_counter() - begin)
    return max(min(seconds), 1e-9)


def _peak(runtime: Any) -> float | None:
    """Bytes a second from the memory's clock (kHz, two transfers a cycle) and width (bits), where the driver tells them."""
    try:
        device = runtime.getDevice()
        clock = runtime.deviceGetAttribute(runtime.cudaDevAttrMemoryClockRate, device)
        width = runtime.deviceGetAttribute(runtime.cudaDevAttrGlobalMemoryBusWidth, device)
    except Exception:  # newer drivers tell neither
        return None
    return 2e3 * clock * width / 8 or None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


# ---------------------------------------------------------------------- results


def write(result: dict[str, Any], output: Path) -> None:
    """Figures and page, each replaced when it is complete."""
    output.mkdir(parents=True, exist_ok=True)
    for name, text in (("gpu.json", json.dumps(result, indent=1) + "\n"), ("gpu.md", page(result, "gpu.json"))):
        part = output / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        os.replace(part, output / name)


def faults(result: dict[str, Any]) -> list[str]:
    """What must not be: kernels that differ or did not run on the device, parity that fails."""
    found = []
    for row in result.get("kernels", ()):
        if not row["ok"]:
            decided = f"{row['agreeing']} of {row['decisions']} decisions agree"
            found.append(f"{row['kernel']} ({row['input']}): error {row['error']}, {decided} {row['note']}".strip())
    found += result.get("parity", {}).get("faults", [])
    for row in result.get("steps", ()):
        if row.get("failed"):
            found.append(
                f"step {row['step']}, {row['candidates']} candidates: {', '.join(row['failed'])} failed on the device"
            )
    return found


def holds_device_figures(output: Path) -> bool:
    """Whether a folder's figures were measured on a device."""
    try:
        return not json.loads((output / "gpu.json").read_text(encoding="utf-8"))["machine"]["stand_in"]
    except (OSError, ValueError, KeyError):
        return False


def put_stand_in() -> None:
    """NumPy in CuPy's place, for this process."""
    sys.modules.update({module.__name__: module for module in fake_cupy.modules()})
    backends.cuda_problem.cache_clear()


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; 0 if all agrees."""
    options = _parser().parse_args(argv)
    problem = "the stand-in was asked for" if options.stand_in else backends.cuda_problem()
    stand_in = problem is not None
    options.output = options.output or (_RESULTS if stand_in else _DOCS)
    if stand_in:
        if holds_device_figures(options.output):
            print(
                f"gpu: {options.output} holds figures of a device, and here is none ({problem}): choose another --output.",
                file=sys.stderr,
            )
            return 2
        print(f"gpu: NumPy in CuPy's place, since {problem}")
        put_stand_in()
    result = run(options, stand_in, problem or "")
    print((options.output / "gpu.md").read_text(encoding="utf-8"))
    wrong = faults(result)
    for fault in wrong:
        print(f"GPU: {fault}", file=sys.stderr)
    return 1 if wrong else 0


def _size(text: str) -> tuple[int, int, int]:
    n, m, n_random = (int(float(part)) for part in text.split("x"))
    return n, m, n_random


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=_SECTIONS, default=list(_SECTIONS), help="what is run [all]")
    parser.add_argument(
        "--output", type=Path, help="folder of gpu.json and gpu.md [docs; without a device benchmarks/results]"
    )
    parser.add_argument(
        "--sizes", type=_size, nargs="+", metavar="NxMxR", help="candidates, interferograms, random pixels"
    )
    parser.add_argument("--seconds", type=float, help="of the whole; what they cannot hold is not measured [450]")
    parser.add_argument(
        "--only", nargs="+", metavar="WORD", help="only jobs of the parity whose name contains one of these"
    )
    parser.add_argument("--stand-in", action="store_true", help="NumPy in CuPy's place even where there is a device")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Preparation against the disk: ``python benchmarks/preparation.py STACK [--threads 1 2] [--repeat 3]``.

Reads all rasters that ``mt_prep_snap`` needs once, one file after the other, and then runs ``mt_prep_snap`` in a fresh process;
both with the file-system cache emptied of these files (cold) and filled with them (warm). Compared are bytes per second, where
each raster counts once, however often the preparation reads it. The goal is 70 % of the sequential speed of the disk (cold).

``STACK`` is a folder as ``python -m stamps.simulate`` writes it; ``benchmarks/run.py`` lists the sizes.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import command, measured  # noqa: E402

_PIECE = 1 << 24


def rasters(stack):
    """The rasters that a single-master preparation reads."""
    paths = [
        *stack.glob("rslc/*.rslc"),
        *stack.glob("diff0/*.diff"),
        *stack.glob("geo/*.lon"),
        *stack.glob("geo/*.lat"),
    ]
    return sorted([*paths, *stack.glob("geo/*_dem.rdc")])


def forget(paths):
    """Drop files from the system's cache; written data first has to reach the disk."""
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_through(paths):
    """Read files one after the other; returns seconds."""
    buffer = bytearray(_PIECE)
    start = time.perf_counter()
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while file.readinto(buffer):
                pass
    return time.perf_counter() - start


def prepare(stack, folder, n_threads):
    """One preparation in a fresh process and an empty project; returns the figures of :func:`run.measured`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    master = json.loads((stack / "truth.json").read_text())["master"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "OMP_NUM_THREADS": str(n_threads),
    }
    return measured(command("mt_prep_snap", master, stack, 0.4, 1, 1, 50, 50), folder, environment)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stack", type=Path)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, os.cpu_count() or 1])
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the median is printed [3]")
    parser.add_argument(
        "--folder", type=Path, help="write projects here, on the disk that counts (default: a temporary folder)"
    )
    options = parser.parse_args()
    stack = options.stack.resolve()
    paths = rasters(stack)
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    print(f"{len(paths)} rasters, {megabytes:.0f} MB; median of {options.repeat}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)) / "project"
        for state in ("cold", "warm"):
            seconds = {
                "sequential read": [],
                **{f"mt_prep_snap, {n} threads": [] for n in dict.fromkeys(options.threads)},
            }
            peaks = {}
            for _ in range(options.repeat):  # in turn, so that all meet the same state of the machine
                for name, values in seconds.items():
                    if state == "cold":
                        forget(paths)
                    else:
                        read_through(paths)
                    if name == "sequential read":
                        values.append(read_through(paths))
                    else:
                        figures = prepare(stack, folder, int(name.split()[1]))
                        values.append(figures["seconds"])
                        peaks[name] = figures["peak_mib"]
            disk = statistics.median(seconds["sequential read"])
            for name, values in seconds.items():
                middle = statistics.median(values)
                text = f"{state:5s} {name:26s} {middle:7.2f} s {megabytes / middle:7.0f} MB/s"
                if name in peaks:
                    text += f"  {100 * disk / middle:4.0f} % of the read, {peaks[name]} MiB"
                print(text, flush=True)


if __name__ == "__main__":
    main()

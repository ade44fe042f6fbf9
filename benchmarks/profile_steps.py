"""Where the time of every step goes: ``python benchmarks/profile_steps.py PROJECT`` with a prepared project.

Runs steps 1 to 8 one after the other under the sampling profiler py-spy (``pip install py-spy``) and
prints for each step the five functions of the package that took most of the time, library calls and compiled kernels included,
with the share of all Python threads' samples.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Beginnings of frames in which a thread waits for others.
_WAITING = ("wait (threading", "_wait_for_tstate_lock", "_run (stamps/external")


def samples(step, project):
    """Samples of a step as a Counter of stacks, each a tuple of frames from the outermost to the innermost."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks"
        record = ["py-spy", "record", "--rate", "200", "--format", "raw", "--output", str(stacks)]
        run = [sys.executable, str(ROOT / "bin" / "stamps"), str(step), str(step), "--workdir", str(project)]
        subprocess.run([*record, "--", *run], check=True, capture_output=True)
        found = Counter()
        for line in stacks.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            found[tuple(stack.split(";"))] += int(count)
    return found


def leading(found, n=5):
    """The functions of the package with the largest shares, as (share, name)."""
    own = Counter()
    for stack, count in found.items():
        if not any(frame.startswith(_WAITING) for frame in stack):
            own[_owner(stack)] += count
    total = max(sum(own.values()), 1)
    return [(count / total, name) for name, count in own.most_common(n)]


def _owner(stack):
    """What a sample counts for: imports together, else the package's innermost function and the library's it calls."""
    if any("importlib" in frame for frame in stack):
        return "start-up (imports)"
    ours = next((frame for frame in reversed(stack) if "(stamps/" in frame), None)
    if ours is None:
        return "outside of the package"
    place = ours.rpartition(":")[0] + ")"
    return place if stack[-1] == ours else f"{place}: {stack[-1].partition(' ')[0]}"


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path, help="prepared project; its steps are run (again)")
    parser.add_argument("--steps", type=int, nargs="+", default=list(range(1, 9)))
    options = parser.parse_args()
    for step in options.steps:
        print(f"step {step}")
        for share, name in leading(samples(step, options.project)):
            print(f"  {100 * share:5.1f} %  {name}")


if __name__ == "__main__":
    main()

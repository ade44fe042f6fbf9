"""Every write of every step may fail, or be the last thing that a process does: nothing is torn, left or lost."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.injected_faults import KINDS
from helpers.sandbox import MASTER
from stamps.verify import golden

SOURCE = Path(__file__).parents[1] / "helpers" / "injected_faults.c"
STEPS = range(1, 9)


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The preloaded library, or None where there is no C compiler (then Python's own functions are replaced)."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    target = tmp_path_factory.mktemp("faults") / "faults.so"
    built = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", target, SOURCE, "-ldl"], check=False)
    return str(target) if built.returncode == 0 else None


def faults(tmp_path, library, commands, sample=0, kinds=tuple(KINDS)):
    """What became of the faults of some commands: list of dict, see :func:`helpers.injected_faults._faults_of`."""
    tasks = []
    for number, (step, command) in enumerate(commands):
        room = tmp_path / f"task{number}"
        golden.build_state(golden.find_set("ps_mini", complete=True, step=step), step, room / "before")
        places = {"room": str(room), "before": str(room / "before"), "library": library}
        tasks.append({**places, "command": command, "kinds": kinds, "sample": sample, "seed": random.randrange(2**31)})
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    threads = dict.fromkeys(("STAMPS_CORES", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, SOURCE.with_suffix(".py"), tmp_path / "tasks.json"],
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, **threads, **({"LD_PRELOAD": library} if library else {})},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def check(found):
    assert all(found_in["tried"] > 0 for found_in in found)
    problems = [
        f"{kind} at call {moment}: {problem}" for found_in in found for kind, moment, problem in found_in["problems"]
    ]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:20])


def stepping(*steps):
    """State before and command of single steps."""
    return [(step - 1, ["stamps", str(step), str(step)]) for step in steps]


def test_some_writes_fail(tmp_path, library):
    check(faults(tmp_path, library, stepping(1, 5, 7, 8), sample=2))


def test_some_writes_fail_without_a_compiler(tmp_path):
    check(faults(tmp_path, None, stepping(8), sample=2))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_every_write_of_a_step_fails(tmp_path, library, step, kind):
    check(faults(tmp_path, library, stepping(step), kinds=[kind]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_every_write_of_a_preparation_fails(tmp_path, library, sandbox, kind):
    command = ["mt_prep_snap", MASTER, str(sandbox.stack()), "0.4", "1", "2", "10", "10"]
    check(faults(tmp_path, library, [(0, command)], kinds=[kind]))


@pytest.mark.exhaustive
def test_every_write_of_setparm_fails(tmp_path, library):
    check(faults(tmp_path, library, [(0, ["setparm", "unwrap_grid_size", "77"])]))

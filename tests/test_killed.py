"""A run killed at any moment: the state is that before or that after the step, and running again gives the golden result."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stamps import stamps
from stamps.run import engine
from stamps.workspace import Workspace
from stamps.workspace.log import Log

SCRIPT = Path(__file__).parent / "helpers" / "killed_run.py"
ROOT = Path(__file__).parents[1]
RANDOM_MOMENTS = int(os.environ.get("STAMPS_KILLS", "0"))


def run_killed(directory, step, mode, moment):
    """Run a step in a process of its own that kills itself; returns whether it was killed before it ended."""
    cores = {"STAMPS_CORES": "1"} if mode == "calls" else {}  # saving happens in that process itself
    environment = {**os.environ, **cores, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(directory), str(step), mode, str(moment)],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    time.sleep(0.3 if cores == {} else 0)  # processes of patches end when they notice
    return done.returncode != 0


def science_files(directory):
    """Content of all MAT files but the parameters, which step 1 completes on its way."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(Path(directory).rglob("*.mat"))
        if path.name != "parms.mat"
    }


@pytest.fixture
def before_after(golden_state, tmp_path):
    """Factory: directory in the state before a step of ``ps_mini`` and the MAT files before and after it."""

    def make(step):
        finished = golden_state("ps_mini", step - 1)
        before = science_files(finished)
        stamps(step, step, workdir=finished)
        return before, science_files(finished)

    return make


def check_killed(directory, step, mode, moment, before, after):
    """Kill, recover, look, run again, look again; returns whether the process was killed at all."""
    killed = run_killed(directory, step, mode, moment)
    project = Workspace(directory)
    engine.recover(project, Log(project, "TEST"))
    found = science_files(directory)
    volatile = {name for name in {*before, *after} if "tmp_scla" in name}
    for folder in {str(Path(name).parent) for name in {*before, *after}}:
        names = [
            name for name in {*before, *after, *found} if str(Path(name).parent) == folder and name not in volatile
        ]
        flags = {f"{folder}/no_ps_info.mat", "no_ps_info.mat", f"{folder}/psver.mat", "psver.mat"}
        states = [{n: state.get(n) for n in names if n not in flags} for state in (before, after)]
        assert {n: found.get(n) for n in names if n not in flags} in states, (
            f"{folder} is neither before nor after the step"
        )
    assert not list(Path(directory).rglob(".stamps-staging*"))
    stamps(step, step, workdir=directory)
    again = science_files(directory)
    assert {n: v for n, v in again.items() if "tmp_scla" not in n} == {
        n: v for n, v in after.items() if "tmp_scla" not in n
    }
    return killed


def test_killed_while_saving(golden_state, before_after):
    """Step 4 renames nine files in each patch: die at every third of the calls that make up the saving."""
    before, after = before_after(4)
    for moment in (2, 9, 14, 20, 27, 33):
        assert check_killed(golden_state("ps_mini", 3), 4, "calls", moment, before, after)


@pytest.mark.slow
@pytest.mark.skipif(
    not RANDOM_MOMENTS, reason="set STAMPS_KILLS to the number of random moments per step (make robustness)"
)
@pytest.mark.parametrize("step", range(1, 9))
def test_killed_at_random_moments(golden_state, before_after, step, capsys):
    before, after = before_after(step)
    generator = random.Random(step)
    longest, killed, tries = {"calls": 40.0, "seconds": 4.0}, 0, 0
    while killed < RANDOM_MOMENTS:
        tries += 1
        assert tries < 6 * RANDOM_MOMENTS
        mode = ("seconds", "calls")[tries % 2]
        moment = generator.uniform(0.2, longest[mode])
        moment = int(moment) + 1 if mode == "calls" else moment
        if check_killed(golden_state("ps_mini", step - 1), step, mode, moment, before, after):
            killed += 1
        else:
            longest[mode] = moment  # the run ended before that
    with capsys.disabled():
        print(f"\nstep {step}: killed {killed} times in {tries} runs, every time whole and equal after running again")

"""The minimum-cost flow in a process of its own: the same result, and what can go wrong."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from stamps import stamps
from stamps.errors import ExternalProgramError
from stamps.legacy import uw_stat_costs
from stamps.processes import child, children, unwrapper
from stamps.steps.unwrapping import flow
from stamps.workspace import Workspace

pytest.importorskip("ortools")


def problem(n_row=40, n_col=50, seed=1):
    rng = np.random.default_rng(seed)

    def costs(shape):
        columns = [rng.integers(-60, 60, shape), rng.integers(50, 3000, shape), np.full(shape, 32000)]
        return np.stack([*columns, np.full(shape, -32000)], axis=-1).astype(np.int16).reshape(shape[0], -1)

    phase = rng.normal(0, 1.5, (n_row, n_col))
    return np.exp(1j * phase).astype(np.complex64), costs((n_row - 1, n_col)), costs((n_row, n_col - 1))


def ends_like(monkeypatch, code):
    """A process that does this in place of unwrapping."""
    monkeypatch.setattr(child, "command", lambda module: [sys.executable, "-c", code])


def test_the_result_is_that_of_this_process():
    arrays = problem()
    np.testing.assert_array_equal(unwrapper.unwrap(*arrays), flow.unwrap(*arrays).phase)
    column_major = np.asfortranarray(arrays[0])
    np.testing.assert_array_equal(unwrapper.unwrap(column_major, *arrays[1:]), flow.unwrap(*arrays).phase)


def test_a_step_gives_the_same_files(golden_state, monkeypatch):
    results = []
    for least in (1, 10**9):
        monkeypatch.setattr(uw_stat_costs, "_WORTH_A_PROCESS", least)
        ws = Workspace(golden_state("ps_mini", 5))
        stamps(6, 6, workdir=ws.path, unwrap="flow")
        results.append(ws.load("phuw2"))
        assert not list(ws.path.glob("*flow*"))
    for name, value in results[0].items():
        np.testing.assert_array_equal(value, results[1][name])


def test_its_sentence_becomes_ours():
    interferogram, rowcost, colcost = problem()
    interferogram[3, 4] = np.nan
    with pytest.raises(ExternalProgramError, match="1 of the 2000 cells to unwrap have no finite phase"):
        unwrapper.unwrap(interferogram, rowcost, colcost)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 9)", "40 x 50 cells was stopped by signal 9, SIGKILL .* and said nothing"),
        ("import sys; sys.stdin.read; sys.exit('no room')", "ended with status 1; it said: no room"),
        ("print('nonsense')", "ended with status 0"),
        ("", "ended with status 0 and said nothing"),
    ],
)
def test_a_process_that_fails_is_explained(monkeypatch, code, sentence):
    ends_like(monkeypatch, code)
    with pytest.raises(ExternalProgramError, match=sentence):
        unwrapper.unwrap(*problem())


def test_a_file_of_the_project_is_not_imported(tmp_path, monkeypatch):
    for name in ("numpy", "ortools", "stamps"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", os.environ.get("PYTHONPATH", "")]))
    arrays = problem()
    np.testing.assert_array_equal(unwrapper.unwrap(*arrays), flow.unwrap(*arrays).phase)


def test_processes_work_side_by_side_and_end_with_the_run(monkeypatch):
    ends_like(monkeypatch, "import sys, time; sys.stdin.buffer.read(); time.sleep(60)")
    errors = []

    def one():
        try:
            unwrapper.unwrap(*problem())
        except ExternalProgramError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while len(children._running) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(children._running) == 3  # nobody waits for another
    children.kill_all()
    for thread in threads:
        thread.join(20)
    assert len(errors) == 3 and all(f"signal {signal.SIGKILL.value}" in error for error in errors)


_STEP_6 = """
import sys
from stamps.cli import program
from stamps.legacy import uw_stat_costs
from stamps.processes import child
uw_stat_costs._WORTH_A_PROCESS = 1
child.command = lambda module: [sys.executable, "-c", sys.argv[1], sys.argv[2]]
sys.exit(program.run("stamps", ["6", "6"]))
"""
_SOLVES_LONG = """
import os, sys, time
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
time.sleep(120)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_while_a_grid_is_being_solved(golden_state, tmp_path, sent, status):
    workdir, started = golden_state("ps_mini", 5), tmp_path / "started"
    started.mkdir()
    before = {path.name: path.read_bytes() for path in workdir.glob("*.mat")}
    command = [sys.executable, "-c", _STEP_6, _SOLVES_LONG, str(started)]
    with subprocess.Popen(command, cwd=workdir, env=child.environment(STAMPS_UNWRAP="flow")) as run:
        deadline = time.monotonic() + 60
        while not list(started.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.send_signal(sent)
        assert run.wait(30) == status
    processes = [int(path.name) for path in started.iterdir()]
    assert processes and not any(os.path.exists(f"/proc/{number}") for number in processes)
    after = {path.name: path.read_bytes() for path in workdir.glob("*.mat")}
    assert before.items() <= after.items()
    assert after.keys() - before.keys() <= {"no_ps_info.mat"}  # the flags, which are written before the step begins


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux to end children")
def test_a_killed_run_takes_its_solvers_along(golden_state, tmp_path):
    workdir, started = golden_state("ps_mini", 5), tmp_path / "started"
    started.mkdir()
    command = [sys.executable, "-c", _STEP_6, _SOLVES_LONG, str(started)]
    with subprocess.Popen(command, cwd=workdir, env=child.environment(STAMPS_UNWRAP="flow")) as run:
        deadline = time.monotonic() + 60
        while not list(started.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.kill()
    processes = [int(path.name) for path in started.iterdir()]
    deadline = time.monotonic() + 20
    while any(map(_is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes and not any(map(_is_alive, processes))
    assert not (workdir / "uw_phaseuw.mat").exists()
    stamps(6, 6, workdir=workdir, unwrap="flow")
    assert (workdir / "phuw2.mat").exists()


def _is_alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False

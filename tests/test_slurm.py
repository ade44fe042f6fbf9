"""Runs on a real SLURM of one node: the same bits, cancelled workers replaced, no job left, refusals in one sentence.

Skipped with a reason where SLURM is not installed or the user is not root; ``.ci/run`` installs it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from helpers import run_projects, slurm
from stamps import external, stamps

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cluster():
    """A SLURM of one node with four cores and 16 GB; with dask-jobqueue."""
    pytest.importorskip("dask_jobqueue")
    with slurm.running() as found:
        yield found


#: Workers are one process instead of two, which starts sooner, and meets the end of its job in another way.
WITHOUT_NANNY = {"DASK_JOBQUEUE__SLURM__WORKER_EXTRA_ARGS": "['--no-nanny']"}


class Run:
    """``stamps`` at work on SLURM, in a process of its own.

    Parameters
    ----------
    cluster : helpers.slurm.Slurm
    project : path
    *steps : str
        And options.
    **environment
        Variables beside those of the cluster.
    """

    def __init__(self, cluster, project, *steps, **environment):
        self.cluster, self.project, self.output = cluster, Path(project), Path(f"{project}.output")
        variables = {**os.environ, **cluster.environment, "PYTHONPATH": str(ROOT), **environment}
        command = [sys.executable, "-m", "stamps", *steps, "--workdir", str(project), "--cluster", "slurm"]
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=variables, cwd=self.output.parent
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def status(self, seconds=120):
        """Exit status; afterwards no job of the run is left."""
        status = self.process.wait(seconds)
        until(lambda: not self.cluster.queued(), 10, "the queue to be empty")
        return status

    def said(self):
        """What it has printed."""
        return self.output.read_text(errors="replace")

    def last_line(self):
        """What it said at last."""
        return self.said().splitlines()[-1]


def until(condition, seconds, what):
    """What a condition gives as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds} seconds for {what}")


def results(project):
    """Content of all MAT files."""
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in sorted(Path(project).rglob("*.mat"))}


def different(project, other):
    """Names of MAT files that are not the same."""
    ours, theirs = results(project), results(other)
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))


def halted_in_step_2(cluster, project):
    """Job whose process computes step 2 of a patch; that process is halted, so that it cannot come to the end of the step."""
    for number, line, job in cluster.processes("stamps.run.patch_process"):
        task = next(Path(word) for word in line if word.endswith("task.json"))
        folder = Path(json.loads(task.read_text())["directory"])
        log = folder / "STAMPS.log"
        if folder.parent == project and log.is_file() and " Step 2 " in log.read_text():
            os.kill(number, signal.SIGSTOP)
            assert not (folder / "pm1.mat").exists(), "too late: step 2 was published already"
            return job
    return None


# ---------------------------------------------------------------------- the same bits


def test_the_same_bits_as_without_a_cluster(cluster, golden_state, finished_ps_mini):
    project = golden_state("ps_mini", 0)
    with Run(cluster, project, "1", "8", "--cores", "2") as run:
        assert run.status() == 0, run.said()
    assert "distributed" not in run.said()
    assert different(project, finished_ps_mini) == []


_FIRST_CALL_HANGS = """
import os, pathlib, time
from stamps.steps.unwrapping import flow
real = getattr(flow.unwrap, "real", flow.unwrap)  # Dask loads this file twice
def unwrap(*given, **options):
    try:
        pathlib.Path({mark!r}).mkdir()
    except FileExistsError:
        return real(*given, **options)
    pathlib.Path({mark!r}, "job").write_text(os.environ["SLURM_JOB_ID"])
    time.sleep(100)
    raise RuntimeError("nobody has cancelled this job")
unwrap.real, flow.unwrap = real, unwrap
"""


def test_workers_are_cancelled_in_steps_2_and_6(cluster, golden_state, finished_ps_mini, tmp_path):
    project, mark = golden_state("ps_mini", 0), tmp_path / "mark"
    (tmp_path / "hanging_flow.py").write_text(_FIRST_CALL_HANGS.format(mark=str(mark)))
    preload = {"DASK_JOBQUEUE__SLURM__WORKER_EXTRA_ARGS": f"['--preload', '{tmp_path}/hanging_flow.py']"}
    with Run(cluster, project, "1", "8", "--cores", "2", **preload) as run:
        second = until(lambda: halted_in_step_2(cluster, project), 90, "step 2")
        cluster.cancel(second)
        sixth = until(lambda: (mark / "job").is_file() and (mark / "job").read_text(), 90, "the first interferogram")
        cluster.cancel(sixth)
        assert run.status() == 0, run.said()
    states = cluster.jobs()
    assert states[second] == states[sixth] == "CANCELLED" and second != sixth
    assert different(project, finished_ps_mini) == []


@pytest.mark.exhaustive
def test_the_only_worker_is_replaced_while_snaphu_runs(cluster, golden_state, tmp_path):
    here, there, mark = golden_state("ps_mini", 5), golden_state("ps_mini", 5), tmp_path / "mark"
    program = tmp_path / "snaphu"
    program.write_text(
        f'#!/bin/sh\nmkdir {mark} 2>/dev/null || exec "{external.snaphu_command()}" "$@"\n'
        f"echo $SLURM_JOB_ID > {mark}/job.part; mv {mark}/job.part {mark}/job; exec sleep 100\n"
    )
    program.chmod(0o755)
    run_projects.quietly(stamps, 6, 6, workdir=here, cores=1, unwrap="snaphu")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with Run(cluster, there, "6", "6", "--cores", "1", "--unwrap", "snaphu", PATH=path, **WITHOUT_NANNY) as run:
        only = until(lambda: (mark / "job").is_file() and (mark / "job").read_text().strip(), 90, "SNAPHU")
        assert cluster.queued() == [only]
        cluster.cancel(only)
        assert run.status() == 0, run.said()
    assert cluster.jobs()[only] == "CANCELLED"
    assert different(here, there) == []


# ---------------------------------------------------------------------- no job is left


def test_a_request_to_end_cancels_jobs_at_work_and_in_the_queue(cluster, golden_state):
    project = golden_state("ps_mini", 0)
    with Run(cluster, project, "1", "8", "--cores", "2", DASK_JOBQUEUE__SLURM__MEMORY="12GB") as run:
        until(lambda: list(project.glob("PATCH_*/ps1.mat")), 90, "step 1")
        assert sorted(cluster.jobs()[job] for job in cluster.queued()) == ["PENDING", "RUNNING"]
        run.process.terminate()
        assert run.status(10) == 128 + signal.SIGTERM
        assert run.last_line() == "stamps: stopped; what was complete is kept; run the same command again to go on."


def test_ctrl_c_cancels_jobs_that_wait(cluster, golden_state):
    project = golden_state("ps_mini", 0)
    other = cluster.call("sbatch", "--mem=12000", "--output=/dev/null", "--wrap=sleep 100").split()[-1]
    try:
        with Run(cluster, project, "1", "8", "--cores", "2", DASK_JOBQUEUE__SLURM__MEMORY="12GB") as run:
            until(
                lambda: "SLURM: waiting for a worker; pending: 2 jobs, " in run.said(), 60, "the queue to be mentioned"
            )
            run.process.send_signal(signal.SIGINT)
            assert run.process.wait(10) == 128 + signal.SIGINT
        assert cluster.queued() == [other]
    finally:
        cluster.cancel(other)


def test_a_step_that_fails_leaves_no_job(cluster, golden_state):
    project = golden_state("ps_mini", 2)
    (project / "PATCH_1" / "pm1.mat").unlink()
    with Run(cluster, project, "3", "3", "--cores", "1", **WITHOUT_NANNY) as run:
        assert run.status() == 1
        assert "PATCH_1" in run.last_line() and "pm1.mat is missing: run step 2 first" in run.last_line()
    assert (project / "PATCH_2" / "select1.mat").exists()


# ---------------------------------------------------------------------- jobs that bring no worker

_MEND = "mend what the section jobqueue.slurm of ~/.config/dask/jobqueue.yaml asks for"


@pytest.mark.parametrize(
    "setting, value, words",
    [
        ("QUEUE", "nowhere", f"SLURM refuses the jobs of this run (invalid partition specified: nowhere; *): {_MEND}*"),
        ("MEMORY", "200TB", f"SLURM refuses the jobs of this run (Memory specification can not be satisfied; *): {_MEND}*"),
        ("QUEUE", "members", f"The jobs of SLURM cannot start (2 jobs, *ccount*) and were cancelled: {_MEND}*"),
        ("QUEUE", "short", f"The jobs of SLURM cannot start (2 jobs, *TimeLimit) and were cancelled: {_MEND}*"),
        ("JOB_SCRIPT_PROLOGUE", "['exit 3']", "The jobs of SLURM ended without a Dask worker (2 jobs, *: FAILED): read *"),
    ],
)  # fmt: skip
def test_jobs_that_bring_no_worker_end_the_run_in_one_sentence(cluster, golden_state, setting, value, words):
    project = golden_state("ps_mini", 0)
    with Run(cluster, project, "1", "8", "--cores", "2", **{f"DASK_JOBQUEUE__SLURM__{setting}": value}) as run:
        assert run.status(40) == 1
    assert_sentence(run, f"stamps: {words}")


def test_without_sbatch_the_run_ends_in_one_sentence(cluster, golden_state):
    with Run(cluster, golden_state("ps_mini", 0), "1", "8", PATH="/nowhere") as run:
        assert run.status(40) == 1
    assert_sentence(run, "stamps: SLURM's command sbatch is not found: start the run on a machine from which jobs *")


def assert_sentence(run, pattern):
    """The run has said one sentence and no more after its banner."""
    assert fnmatchcase(run.last_line(), pattern.replace("[", "[[]")), run.said()
    assert all(line.startswith("STAMPS: ") for line in run.said().splitlines()[:-1]), run.said()

"""Patches in parallel: the same bits whatever the number of workers, failures named, lost workers replaced."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stamps import external, stamps
from stamps.errors import ExternalProgramError, ParameterError, StampsError, WorkspaceError
from stamps.run import cluster as clusters
from stamps.run import step_calls, workers
from stamps.run.patch_task import PatchTask, run_patch_task, run_patch_task_on_cluster
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


def results(workdir):
    """Content of all MAT files."""
    return {p.relative_to(workdir).as_posix(): p.read_bytes() for p in sorted(Path(workdir).rglob("*.mat"))}


@pytest.fixture
def settings():
    return {"quick_gamma": True, "reestimate_gamma": True, "small_baselines": False, "processor": "snap"}


def test_the_number_of_workers_and_threads_changes_no_bit(golden_state, finished_ps_mini, monkeypatch):
    found = [results(finished_ps_mini)]  # one worker
    for cores in (2, 4):
        monkeypatch.setenv("OMP_NUM_THREADS", str(cores))
        workdir = golden_state("ps_mini", 0)
        stamps(1, 8, workdir=workdir, cores=cores)
        found.append(results(workdir))
    assert len(found[0]) > 40
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        assert [name for name in other if other[name] != found[0][name] and name != "parms.mat"] == []


def test_shares_fill_the_cores():
    assert workers.shares(8, 3) == (3, 2)
    assert workers.shares(2, 100) == (2, 1)
    assert workers.shares(16, 1) == (1, 16)


def test_cores_come_from_the_call_the_environment_and_the_parameter(tmp_path, monkeypatch):
    monkeypatch.delenv("STAMPS_CORES", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    parameters = Parameters(Workspace(tmp_path))
    assert workers.n_cores(parameters) == 5  # the legacy default 1 stands for all
    parameters.set("n_cores", 3.0)
    assert workers.n_cores(parameters) == 3
    monkeypatch.setenv("STAMPS_CORES", "7")
    assert workers.n_cores(parameters) == 7
    assert workers.n_cores(parameters, 2) == 2
    with pytest.raises(ParameterError, match="--cores is 'many'"):
        workers.n_cores(parameters, "many")


def test_a_failing_patch_is_named_and_the_others_finish(golden_state):
    workdir = golden_state("ps_mini", 2)
    (workdir / "PATCH_1" / "pm1.mat").unlink()
    with pytest.raises(StampsError, match="PATCH_1.*pm1.mat is missing: run step 2 first"):
        stamps(3, 3, workdir=workdir, cores=2)
    assert not (workdir / "PATCH_1" / "select1.mat").exists()
    assert (workdir / "PATCH_2" / "select1.mat").exists()


def test_a_killed_process_is_named(tmp_path, settings, monkeypatch):
    (tmp_path / "PATCH_7").mkdir()
    monkeypatch.setattr("sys.executable", _killer(tmp_path))
    result = run_patch_task(PatchTask(str(tmp_path / "PATCH_7"), 1, 1, settings))
    assert result.error.startswith("PATCH_7: its process was killed by SIGKILL")


@pytest.mark.parametrize("way", ["kill -TERM $$", "exit 143"])
def test_on_a_cluster_a_process_that_was_asked_to_end_is_tried_again(tmp_path, settings, monkeypatch, way):
    """The end of a job reaches all its processes: that of a patch, perhaps, before the worker that waits for it."""
    (tmp_path / "PATCH_7").mkdir()
    monkeypatch.setattr("sys.executable", _killer(tmp_path, way))
    task = PatchTask(str(tmp_path / "PATCH_7"), 1, 1, settings)
    with pytest.raises(ChildProcessError, match="PATCH_7: its process"):
        run_patch_task_on_cluster(task)
    monkeypatch.setattr("sys.executable", _killer(tmp_path, "exit 3"))
    assert run_patch_task_on_cluster(task).error.startswith("PATCH_7: its process ended with status 3")


def test_a_task_ends_with_the_process_that_started_it(golden_state):
    workdir = golden_state("ps_mini", 0)
    code = f"from stamps import stamps; stamps(1, 2, workdir={str(workdir)!r}, cores=2)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)
    for _ in range(200):
        time.sleep(0.05)
        if list(workdir.glob("PATCH_*/ps1.mat")):
            break
    process.kill()
    process.wait()
    for _ in range(100):
        time.sleep(0.05)
        if not _tasks_of(workdir):
            break
    assert not _tasks_of(workdir)


def _tasks_of(workdir):
    """Processes that work in a directory's patches, by what they hold open or are told."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
            if b"stamps.run.patch_process" in words and str(workdir).encode() in Path(words[3].decode()).read_bytes():
                found.append(entry)
        except OSError:
            continue
    return found


def _killer(folder, way="kill -9 $$"):
    script = folder / "dies"
    script.write_text(f"#!/bin/sh\n{way}\n")
    script.chmod(0o755)
    return str(script)


def test_output_comes_in_patch_order(golden_state, capsys):
    workdir = golden_state("ps_mini", 0)
    stamps(1, 2, workdir=workdir, cores=2)
    lines = [line for line in capsys.readouterr().out.splitlines() if "Directory is" in line]
    assert lines == [f"STAMPS: Directory is PATCH_{n}" for n in (1, 1, 2, 2)]


@pytest.fixture
def cluster():
    """A real Dask cluster of two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        yield local


def test_a_cluster_gives_the_same_bits(golden_state, finished_ps_mini, cluster):
    there = golden_state("ps_mini", 0)
    stamps(1, 5, workdir=there, scheduler=cluster.scheduler_address)
    ours, theirs = results(finished_ps_mini), results(there)
    later = {"parms.mat", "phuw2.mat"}  # written again by later steps
    assert len(theirs) > 30 and [name for name in theirs if ours.get(name) != theirs[name] and name not in later] == []


@pytest.mark.parametrize("solver", ["flow", "snaphu"])
def test_a_cluster_unwraps_with_the_same_bits(golden_state, cluster, solver):
    here, there = golden_state("ps_mini", 5), golden_state("ps_mini", 5)
    stamps(6, 6, workdir=here, cores=1, unwrap=solver)
    stamps(6, 6, workdir=there, scheduler=cluster.scheduler_address, unwrap=solver)
    if solver == "snaphu":
        assert (here / "snaphu.out").read_bytes() == (there / "snaphu.out").read_bytes()
    ours, theirs = results(here), results(there)
    assert [name for name in ours if ours[name] != theirs.get(name)] == []


@pytest.mark.parametrize("steps, before, solver", [((1, 5), 0, "flow"), ((6, 6), 5, "flow"), ((6, 6), 5, "snaphu")])
def test_a_lost_worker_is_replaced(golden_state, cluster, steps, before, solver, tmp_path):
    here, there = golden_state("ps_mini", before), golden_state("ps_mini", before)
    stamps(*steps, workdir=here, cores=1, unwrap=solver)
    if steps == (6, 6):
        _slow_unwrapping(cluster, tmp_path, solver)
    killed = []

    def kill_one():
        """Wait until a task is being worked on, then kill the worker that does it."""
        for _ in range(600):
            time.sleep(0.1)
            busy = [w for w, tasks in client.processing().items() if tasks]
            if busy and (steps == (6, 6) or list(there.glob("PATCH_*/ps1.mat"))):
                pid = client.run(os.getpid, workers=busy[:1])[busy[0]]
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return

    from distributed import Client

    with Client(cluster) as client:
        thread = threading.Thread(target=kill_one)
        thread.start()
        stamps(*steps, workdir=there, scheduler=cluster.scheduler_address, unwrap=solver)
        thread.join()
    assert killed
    ours, theirs = results(here), results(there)
    assert [name for name in ours if ours[name] != theirs.get(name) and name != "parms.mat"] == []


_SLOW_FLOW = """
import time
from stamps.steps.unwrapping import flow
real = flow.unwrap
flow.unwrap = lambda *given: (time.sleep(0.2), real(*given))[1]
"""


def _slow_unwrapping(cluster, folder, solver):
    """Let the solvers of the cluster's workers take their time, so that one can be killed in the middle."""
    from distributed import Client

    if solver == "flow":
        with Client(cluster) as client:
            client.run(exec, _SLOW_FLOW, {})
        return
    program = folder / "snaphu"
    program.write_text(f'#!/bin/sh\nsleep 0.2\nexec "{external.snaphu_command()}" "$@"\n')
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    with Client(cluster) as client:
        client.run(exec, f"import os; os.environ['PATH'] = {path!r}", {})


def test_a_failing_interferogram_is_named_by_the_cluster(golden_state, cluster, tmp_path):
    from distributed import Client

    program = tmp_path / "snaphu"
    program.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    program.chmod(0o755)
    with Client(cluster) as client:
        client.run(exec, f"import os; os.environ['PATH'] = {os.fspath(tmp_path)!r}", {})
    workdir = golden_state("ps_mini", 5)
    before = results(workdir)
    with pytest.raises(ExternalProgramError, match="^Interferogram 1: .*out of luck"):
        stamps(6, 6, workdir=workdir, scheduler=cluster.scheduler_address, unwrap="snaphu")
    after = results(workdir)
    assert {name: after[name] for name in before} == before and not (workdir / "uw_grid.mat").exists()


def test_a_scheduler_that_does_not_answer_is_explained(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(distributed, "Client", _no_answer)
    with pytest.raises(ParameterError, match="tcp://127.0.0.1:1 does not answer"):
        with clusters.workers(1, "tcp://127.0.0.1:1"):
            pass
    with pytest.raises(ParameterError, match="'pbs' is unknown"):
        with clusters.workers(1, cluster="pbs"):
            pass


def _no_answer(address, timeout):
    raise OSError("timed out")


def test_slurm_jobs_are_described_by_a_script(monkeypatch):
    """Without a SLURM server: the job script that would be submitted runs a Dask worker."""
    jobqueue = pytest.importorskip("dask_jobqueue")
    with jobqueue.SLURMCluster(cores=2, memory="4GB", processes=1, n_workers=0) as jobs:
        script = jobs.job_script()
    assert "#SBATCH" in script and "distributed.cli.dask_worker" in script


def test_one_run_at_a_time(golden_state):
    workdir = golden_state("ps_mini", 7)
    with Workspace(workdir).reserved():
        with pytest.raises(WorkspaceError, match="Another run of stamps is at work in"):
            stamps(8, 8, workdir=workdir)
        assert not (workdir / "scn2.mat").exists()
    stamps(8, 8, workdir=workdir)
    assert (workdir / "scn2.mat").exists()


def test_runs_that_divide_the_patches_may_go_beside_each_other(golden_state):
    workdir = golden_state("ps_mini", 0)
    with Workspace(workdir).reserved(shared=True):
        stamps(1, 1, part_limitation=1, workdir=workdir)
        with pytest.raises(WorkspaceError, match="Another run"):
            stamps(1, 1, workdir=workdir)


def test_settings_survive_the_way_to_a_task(settings):
    assert step_calls.StepOptions(**settings).processor == "snap"

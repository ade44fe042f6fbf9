"""The jobs of a run on SLURM, without SLURM: what is asked, said, replaced and given up."""

import signal
import threading

import pytest

from stamps.errors import ParameterError, StampsError
from stamps.run import slurm, slurm_queue
from stamps.run.slurm_queue import Job


class Submitted:
    """A job as dask-jobqueue holds it."""

    def __init__(self, job_id):
        self.job_id = job_id


class Cluster:
    """Stands in for SLURMCluster and its client: jobs get the numbers 1, 2, …; ``refused`` of them get none."""

    def __init__(self, refused=0, there=0):
        self.history, self.workers, self.refused, self.there = slurm._History(), {}, refused, there

    def scale(self, count):
        while len(self.workers) < count:
            self.history.submissions += 1
            number = str(self.history.submissions)
            if self.refused:
                self.refused -= 1
                self.history.failure, number = RuntimeError("Exit code: 1\nstderr:\nsbatch: error: no way.\n"), None
            self.workers[f"worker-{self.history.submissions}"] = Submitted(number)

    def scale_down(self, names):
        for name in names:
            del self.workers[name]

    def sync(self, function, *arguments):
        if function == self.scale_down:
            function(*arguments)

    def nthreads(self):
        return dict.fromkeys(range(self.there), 1)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks at the queue follow each other at once."""
    monkeypatch.setattr(slurm, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(slurm, "_LONGEST_PAUSE", 0.001)


def queue(monkeypatch, state, reason="None"):
    """Let all jobs be in one state."""
    monkeypatch.setattr(slurm_queue, "look", lambda numbers: [Job(number, state, reason) for number in numbers])


def jobs_of(cluster, n_workers=2):
    jobs = slurm.Jobs(cluster, cluster, n_workers, cluster.history)
    jobs.submit()
    return jobs


def test_the_queue_is_waited_for_but_not_for_ever(monkeypatch, capsys):
    queue(monkeypatch, "PENDING", "Priority")
    monkeypatch.setattr(slurm, "_LONGEST_WAIT", 0.1)
    with pytest.raises(StampsError, match=r"^No job of SLURM has brought .* \(2 jobs, 1 … 2: Priority\)"):
        jobs_of(Cluster()).wait(threading.Event())
    assert capsys.readouterr().out == "SLURM: waiting for a worker; pending: 2 jobs, 1 … 2: Priority\n"  # once


@pytest.mark.parametrize("reason", ["PartitionTimeLimit", "JobHeldUser", "QOSMaxCpuPerJobLimit", "BadConstraints"])
def test_what_will_never_start_is_given_up(monkeypatch, reason):
    queue(monkeypatch, "PENDING", reason)
    with pytest.raises(ParameterError, match=rf"^The jobs of SLURM cannot start \(2 jobs, 1 … 2: {reason}\)"):
        jobs_of(Cluster()).wait(threading.Event())


def test_jobs_that_end_before_a_worker_is_there_are_not_replaced(monkeypatch):
    queue(monkeypatch, "FAILED")
    cluster = Cluster()
    with pytest.raises(StampsError, match=r"\(2 jobs, 1 … 2: FAILED\): read slurm-2.out"):
        jobs_of(cluster).wait(threading.Event())
    assert cluster.history.submissions == 2


@pytest.mark.parametrize("there", [0, 1])
def test_jobs_that_end_are_replaced_but_not_for_ever(monkeypatch, there):
    queue(monkeypatch, "TIMEOUT")
    cluster, done = Cluster(there=there), threading.Event()
    cluster.history.answered = True
    jobs = jobs_of(cluster)
    if there:  # one worker is left, it gives the result
        threading.Timer(0.5, done.set).start()
        jobs.wait(done)
    else:
        with pytest.raises(StampsError, match="TIMEOUT"):
            jobs.wait(done)
    assert 2 * slurm._REPLACEMENTS < cluster.history.submissions <= 2 * slurm._REPLACEMENTS + 4


def test_a_job_that_ends_gives_way_to_a_new_one(monkeypatch):
    states, done = {"1": "CANCELLED"}, threading.Event()
    monkeypatch.setattr(slurm_queue, "look", lambda numbers: [Job(n, states.get(n, "RUNNING")) for n in numbers])
    cluster = Cluster(there=1)
    jobs = jobs_of(cluster)
    threading.Timer(0.2, done.set).start()
    jobs.wait(done)
    assert sorted(job.job_id for job in cluster.workers.values()) == ["2", "3"]


def test_slurm_is_not_asked_while_all_workers_are_there_or_the_result_is(monkeypatch):
    monkeypatch.setattr(slurm_queue, "look", lambda _: pytest.fail("asked"))
    done = threading.Event()
    threading.Timer(0.1, done.set).start()
    jobs_of(Cluster(there=2)).wait(done)
    jobs_of(Cluster()).wait(done)


def test_a_controller_that_does_not_answer_ends_no_run(monkeypatch):
    monkeypatch.setattr(slurm_queue, "look", lambda _: None)
    done = threading.Event()
    threading.Timer(0.1, done.set).start()
    jobs_of(Cluster()).wait(done)


def test_some_refused_jobs_are_said_and_all_refused_jobs_end_the_run(capsys):
    jobs_of(Cluster(refused=1))
    assert capsys.readouterr().out.startswith(
        "SLURM: going on with 1 of the jobs. SLURM refuses the jobs of this run (no way)"
    )
    with pytest.raises(
        ParameterError, match=r"^SLURM refuses the jobs of this run \(no way\): mend what .*walltime\)\.$"
    ):
        jobs_of(Cluster(refused=2))


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """A program squeue that answers with a text, a complaint and a status."""

    def answering(text, complaint="", status=0):
        program = tmp_path / "squeue"
        program.write_text(f"#!/bin/sh\nprintf '%s' '{text}'; printf '%s' '{complaint}' >&2; exit {status}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return answering


def test_the_queue_is_read(squeue):
    squeue("10|RUNNING|None\n9|PENDING|Job held by user, wait | for it\n")
    assert slurm_queue.look(["10", "9", "8"]) == [
        Job("8", "GONE"), Job("9", "PENDING", "Job held by user, wait | for it"), Job("10", "RUNNING"),
    ]  # fmt: skip
    assert [job.ended for job in slurm_queue.look(["8", "9", "10"])] == [True, False, False]
    assert [job.hopeless for job in slurm_queue.look(["8", "9", "10"])] == [False, True, False]
    assert slurm_queue.look([]) == []


def test_jobs_that_slurm_has_forgotten_are_gone(squeue):
    squeue("", "slurm_load_jobs error: Invalid job id specified", 1)
    assert slurm_queue.look(["7"]) == [Job("7", "GONE")]


def test_no_answer_is_no_answer(squeue, monkeypatch):
    squeue("", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)", 1)
    assert slurm_queue.look(["7"]) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert slurm_queue.look(["7"]) is None


@pytest.mark.parametrize(
    "reason", ["Resources", "Priority", "None", "AssocGrpCpuLimit", "QOSMaxJobsPerUserLimit", "Dependency"]
)
def test_reasons_that_pass_by_themselves(reason):
    assert not Job("1", "PENDING", reason).hopeless


def test_ctrl_c_is_left_as_it_was():
    """An import of dask-jobqueue 0.9 replaces the handler."""
    before = signal.getsignal(signal.SIGINT)
    with slurm._ctrl_c_kept():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGINT) is before

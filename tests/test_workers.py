"""The scheduler of a run: the same order, names and endings on this machine and on a cluster."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stamps.errors import StampsError
from stamps.run import engine
from stamps.run.patch_task import PatchResult
from stamps.run.step_calls import StepOptions
from stamps.run.workers import Workers
from stamps.workspace import Workspace


class Client:
    """Stands in for a Dask client with two workers; notes what is submitted, and how many results nobody has fetched yet."""

    def __init__(self):
        self.pool, self.keys, self.options, self.futures, self.most = ThreadPoolExecutor(2), [], [], [], 0

    def nthreads(self):
        return {"a": 1, "b": 1}

    def submit(self, function, *arguments, key, **options):
        self.keys.append(key)
        self.options.append(options)
        self.futures.append(self.pool.submit(function, *arguments))
        return self.futures[-1]


@pytest.fixture(params=["here", "cluster"])
def workers(request):
    return Workers(2) if request.param == "here" else Workers(1, Client())


def run(workers, function, tasks, **options):
    return workers.map(function, tasks, lambda task: (task,), lambda task: f"task {task}", "task", **options)


def test_results_come_in_the_order_of_the_tasks(workers):
    def slow(task):
        time.sleep(0.05 if task == 0 else 0)
        return task * task

    assert list(run(workers, slow, range(7))) == [k * k for k in range(7)]
    assert list(run(workers, slow, [])) == []


def test_as_many_at_once_as_there_are_cores():
    together = threading.Barrier(3, timeout=20)
    assert list(run(Workers(3), lambda _: together.wait() >= 0, range(3))) == [True] * 3


def test_a_failure_has_the_name_of_its_task_once_and_ends_the_rest(workers):
    begun = []

    def fails(task):
        begun.append(task)
        time.sleep(0.02)
        if task == 1:
            raise StampsError("no way.")
        return task

    found = []
    with pytest.raises(StampsError, match="^task 1: no way.$"):
        for result in run(workers, fails, range(50)):
            found.append(result)
    assert found == [0] and len(begun) < 25

    def named(task):
        raise StampsError(f"task {task}: no way.")

    with pytest.raises(StampsError, match="^task 0: no way.$"):
        list(run(workers, named, range(2)))


def test_what_a_cluster_cannot_finish_is_explained():
    def lost(task):
        raise RuntimeError("killed four workers")

    with pytest.raises(
        StampsError, match=r"^task 0: the cluster could not finish its task \(RuntimeError: killed four workers\)"
    ):
        list(run(Workers(1, Client()), lost, range(2)))
    with pytest.raises(RuntimeError):  # here it is what it is
        list(run(Workers(1), lost, range(2)))


def test_data_travel_only_as_far_ahead_as_the_workers_need():
    client, prepared = Client(), []

    def prepare(task):
        prepared.append(task)
        return (task,)

    results = Workers(1, client).map(lambda task: task, range(20), prepare, str, "ifg")
    assert next(results) == 0 and len(prepared) == 4
    assert next(results) == 1 and len(prepared) == 5
    results.close()
    assert all(key.startswith("ifg-") for key in client.keys) and len(set(client.keys)) == len(client.keys)
    assert client.options[0] == {"retries": 3, "pure": False}


def test_light_tasks_are_sent_at_once_under_their_names():
    client = Client()
    results = run(Workers(1, client), lambda task: task, range(20), light=True)
    assert next(results) == 0 and len(client.keys) == 20 and client.keys[3].startswith("task 3-")
    assert list(results) == list(range(1, 20))


def test_who_waits_for_a_cluster_may_end_the_run():
    """Where the workers are jobs: who looks after them waits for results, and no task is to blame if none can come."""
    looked, gate = [], threading.Event()

    def wait(done):
        looked.append(done.wait(20))
        if len(looked) == 3:
            gate.set()
            raise StampsError("No worker will come.")

    results = run(Workers(1, Client(), wait), lambda task: gate.wait(20) if task > 3 else task, range(6), light=True)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(StampsError, match="^No worker will come.$"):
        next(results)
    assert looked == [True] * 3


def test_a_patch_has_one_thread_on_a_cluster(tmp_path, monkeypatch):
    """The cores of this machine, 8, are not those of the workers."""
    told, options = [], StepOptions(quick_gamma=True, reestimate_gamma=True, small_baselines=False, processor="snap")
    monkeypatch.setattr(
        engine, "run_patch_task_on_cluster", lambda task: told.append(task.n_threads) or PatchResult(task.name, 2, "")
    )
    folders = [Workspace(tmp_path / name) for name in ("PATCH_1", "PATCH_2")]
    assert engine.run_patches(folders, 2, 2, options, Workers(8, Client())) == 2
    assert told == [1, 1]

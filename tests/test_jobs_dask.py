"""Jobs through Dask: a scheduler that is there, workers that are lost, and what is told where there is none."""

import os
import signal

import pytest

from helpers.toy_jobs import until
from stamps.errors import ParameterError


@pytest.fixture(scope="module")
def scheduler():
    """Address of a Dask scheduler with two workers."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        yield local.scheduler_address


@pytest.fixture
def toy(detached_toy):
    return detached_toy


#: Commands see the folder of the front end, which the workers' own environment does not name.
def steps(toy):
    first = {"a": "echo A > {workdir}/a", "b": "exit 1", "c": "echo C > {workdir}/c"}
    return [toy.step("one", first), toy.step("two", {"d": "cat {workdir}/a > {workdir}/d"}, ["one"])]


def test_steps_run_on_the_workers_and_failures_are_retried(toy, scheduler):
    processor = toy.processor(*steps(toy))
    processor.submit(scheduler=scheduler)
    state = processor.watch(0.2, lambda state: None)
    assert [(step.status.value, step.done) for step in state.steps.values()] == [("FAILED", 2), ("PENDING", 0)]
    assert processor.folder.submissions()[0].engine == "dask"
    assert processor.folder.state("one", "a").engine_id == "one-a"
    mended = steps(toy)
    mended[0]["tasks"][1]["shell"] = "true"
    done = toy.changed(processor, steps=mended).submit(scheduler=scheduler, wait=True)
    assert done.work == {"one": ("b",), "two": ("d",)}
    assert processor.state().exit_status == 0 and (toy.workdir / "d").read_text() == "A\n"


@pytest.mark.exhaustive
def test_cancel_ends_what_the_workers_run(toy, scheduler):
    processor = toy.processor(toy.step("one", {name: "touch {workdir}/began; sleep 300" for name in "abc"}))
    processor.submit(scheduler=scheduler)
    until(lambda: (toy.workdir / "began").exists(), 60)
    assert processor.state().at_work
    processor.cancel()
    until(lambda: not processor.state().at_work, 30)
    assert {task.status.value for task in processor.refresh()["one"].tasks} == {"CANCELLED"}


@pytest.mark.exhaustive
def test_a_task_whose_worker_is_lost_is_tried_elsewhere(toy, scheduler):
    line = "echo $PPID >> {workdir}/began; [ -e {workdir}/killed ] || sleep 300"
    processor = toy.processor(toy.step("one", {"a": line}))
    processor.submit(scheduler=scheduler)
    until(lambda: (toy.workdir / "began").exists(), 60)
    runner = until(lambda: processor.folder.state("one", "a").pid, 30)
    with open(f"/proc/{runner}/stat") as file:
        worker = int(file.read().rsplit(")", 1)[1].split()[1])
    (toy.workdir / "killed").touch()
    os.kill(worker, signal.SIGKILL)
    assert processor.watch(0.2, lambda state: None).exit_status == 0
    assert processor.folder.state("one", "a").attempt == 2


@pytest.mark.parametrize(
    "options, words",
    [
        ({"scheduler": "tcp://127.0.0.1:1"}, "The Dask scheduler tcp://127.0.0.1:1 does not answer"),
        ({"scheduler": "here"}, "'here', is not of the form tcp://HOST:PORT"),
        ({"cluster": "pbs"}, "The cluster 'pbs' is unknown: give slurm"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(toy, options, words):
    processor = toy.processor(toy.step("one", {"a": "true"}))
    with pytest.raises(ParameterError, match=words):
        processor.submit(**options)
    assert not processor.folder.exists()

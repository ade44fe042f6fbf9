"""Jobs on this machine: in which order their tasks run, how many at once, with which resources; what is told."""

import json
from dataclasses import replace

import pytest

from helpers.toy_jobs import NOTE, message, noting, runs, statuses, until
from stamps.errors import InputError
from stamps.frontends.jobs import capacity, living
from stamps.frontends.jobs.model import Resources, Status, Step


def test_steps_run_in_order_and_leave_states_and_logs(detached_toy):
    toy = detached_toy
    first = {"a": "echo A > {workdir}/a; echo said", "b": "sleep 0.1; echo B > {workdir}/b"}
    made = [{"path": "c", "made": "c"}]
    second = {"c": {"shell": "cat {workdir}/a {workdir}/b > c", "inputs": ["a", "b"], "outputs": made}}
    processor = toy.processor(toy.step("one", first), toy.step("two", second, ["one"]), files={"in/note": "x\n"})
    done = processor.submit(wait=True)
    assert done.work == {"one": ("a", "b"), "two": ("c",)}
    assert statuses(processor) == {"one": ("SUCCEEDED", 2), "two": ("SUCCEEDED", 1)}
    assert (toy.workdir / "c").read_text() == "A\nB\n" and (toy.workdir / "in" / "note").read_text() == "x\n"
    folder = processor.saved_job_path
    assert (folder / "log" / "one" / "a.1.log").read_text().endswith("said\n")
    assert not (folder / "run" / "two" / "c").exists()
    state = json.loads((folder / "state" / "one" / "a.json").read_text())
    assert (state["status"], state["try"], state["exit"], state["host"]) == ("SUCCEEDED", 1, 0, living.here())
    job = json.loads((folder / "job.json").read_text())
    assert job["format"] == 1 and job["versions"]["toy"] == "1.0" and job["config"]["class"] == "ToyConfig"
    assert processor.state().exit_status == 0


def test_a_failed_task_fails_its_step_and_what_comes_after_waits(toy):
    tasks = {"a": "echo first; echo 'Error: no orbit'; echo 'Error: gives up'; echo bye; exit 3", "b": "true"}
    processor = toy.processor(
        toy.step("one", tasks), toy.step("two", {"c": "true"}, ["one"]), toy.step("other", {"d": "true"})
    )
    processor.submit(wait=True)
    state = processor.state()
    assert statuses(processor) == {"one": ("FAILED", 1), "two": ("PENDING", 0), "other": ("SUCCEEDED", 1)}
    assert state.steps["two"].message == "waits for one" and state.exit_status == 1 and not state.at_work
    assert message(processor, "one", "a") == "Error: gives up"
    assert [task.id for task in state.steps["one"].failures] == ["a"] and not state.steps["two"].failures


@pytest.mark.parametrize(
    "line, outputs, words",
    [
        ("true", [{"path": "x"}], "the command ended well, but x is missing"),
        ("echo half > {workdir}/x", [{"path": "x", "min_bytes": 100}], "x has 5 bytes, at least 100 were expected"),
        ("head -c 50 /dev/zero > x", [{"path": "x", "made": "x"}], "x holds nothing but zeros"),
        ("echo no > x", [{"path": "x", "made": "x", "check": "ok"}], "x does not begin with ok"),
        ("echo ok > x", [{"path": "x", "made": "x", "check": "other"}], "the front end has no check 'other'"),
        ("mkdir {workdir}/x", [{"path": "x"}], "x has 0 bytes, at least 1 were expected"),
        ("kill -9 $$", [], "ended by SIGKILL (out of memory?)"),
        ("exit 7", [], "exit status 7, and nothing was said"),
        ("printf 'some\\rprogress\\nlast words\\n\\n'; exit 1", [], "last words"),
    ],
)
def test_what_is_on_disk_decides(toy, line, outputs, words):
    processor = toy.processor(toy.step("one", {"a": {"shell": line, "outputs": outputs}}))
    processor.submit(wait=True)
    assert statuses(processor) == {"one": ("FAILED", 0)}
    assert message(processor, "one", "a").endswith(words)
    if outputs and outputs[0].get("made"):
        assert not (toy.workdir / "x").exists()


def test_missing_inputs_and_programs_are_named_before_anything_runs(toy):
    tasks = {
        "a": {"shell": NOTE.format("a"), "inputs": ["not/there", "nor/this"]},
        "b": {"argv": ["no-such-program", "-x"]},
    }
    processor = toy.processor(toy.step("one", tasks))
    processor.submit(wait=True)
    assert message(processor, "one", "a") == "the input not/there and 1 more is missing"
    assert message(processor, "one", "b") == "the program no-such-program is not found"
    assert runs(toy) == []


def test_no_more_at_once_than_wanted(detached_toy):
    toy = detached_toy
    line = "echo b >> {workdir}/marks; sleep 0.15; echo e >> {workdir}/marks"
    processor = toy.processor(toy.step("one", {f"t{k}": line for k in range(3)}, at_once=1))
    processor.submit(wait=True)
    assert (toy.workdir / "marks").read_text().split() == ["b", "e"] * 3


def test_tasks_times_threads_never_exceed_cores_and_memory(monkeypatch):
    monkeypatch.setenv("STAMPS_CORES", "16")
    monkeypatch.setattr(capacity, "memory_mb", lambda: 64000)
    step = Step("one", (), resources=Resources(cores=5, memory_mb=1000))
    assert capacity.cores() == 16 and capacity.at_once(step, 100) == 3 and capacity.at_once(step, 2) == 2
    assert capacity.at_once(replace(step, resources=Resources(memory_mb=30000)), 100) == 2
    assert capacity.at_once(replace(step, resources=Resources(cores=99, memory_mb=10**9)), 100) == 1
    assert capacity.at_once(replace(step, resources=Resources(at_once=4)), 100, 7) == 4
    assert capacity.at_once(replace(step, resources=Resources()), 100, 7) == 7


def test_the_first_task_alone(detached_toy):
    toy = detached_toy
    tasks = {"a": NOTE.format("begin") + "sleep 0.3; " + NOTE.format("end"), **noting(b="true", c="true")}
    processor = toy.processor(toy.step("one", tasks, first_alone=True))
    processor.submit(wait=True)
    assert runs(toy)[:2] == ["begin", "end"] and sorted(runs(toy)[2:]) == ["b", "c"]


def test_a_failed_first_task_does_not_keep_the_others_from_running(detached_toy):
    toy = detached_toy
    slow = noting(b="sleep 0.3; echo b2 >> {workdir}/runs; exit 1", c="sleep 0.3; echo c2 >> {workdir}/runs")
    tasks = {**noting(a="[ -e {workdir}/mended ]"), **slow, **noting(d="true", e="true")}
    processor = toy.processor(toy.step("one", tasks, first_alone=True), toy.step("two", noting(f="true"), ["one"]))
    processor.submit()
    state = until(lambda: "b" in runs(toy) and "c" not in runs(toy) and processor.state())
    if state.steps["one"].tasks[1].status is Status.RUNNING:
        assert [task.message for task in state.steps["one"].tasks[2:]] == ["waits for b"] * 3
        assert not any(task.lost for step in state.steps.values() for task in step.tasks)
    processor.watch(0.1, lambda state: None)
    assert runs(toy)[:5] == ["a", "b", "b2", "c", "c2"] and sorted(runs(toy)[5:]) == ["d", "e"]
    assert statuses(processor) == {"one": ("FAILED", 3), "two": ("PENDING", 0)}
    assert [task.id for task in processor.refresh()["one"].failures] == ["a", "b"]
    (toy.workdir / "mended").touch()
    assert processor.retry(wait=True).work == {"one": ("a", "b"), "two": ("f",)}
    assert statuses(processor) == {"one": ("FAILED", 4), "two": ("PENDING", 0)}


def test_a_task_that_was_taken_over_is_not_the_one_that_has_run_alone(detached_toy):
    toy = detached_toy
    (toy.workdir / "x").write_text("there")
    line = "echo b >> {workdir}/marks; sleep 0.2; echo e >> {workdir}/marks"
    tasks = {"a": {"shell": "true", "outputs": [{"path": "x"}]}, "b": line, "c": line}
    toy.processor(toy.step("one", tasks, first_alone=True)).submit(wait=True)
    assert (toy.workdir / "marks").read_text().split() == ["b", "e"] * 2


def test_a_time_limit_ends_a_task(toy, monkeypatch):
    from stamps.frontends.jobs import runner

    monkeypatch.setattr(runner, "_MINUTE", 0.01)
    processor = toy.processor(toy.step("one", {"a": "sleep 60 & sleep 60"}, minutes=50))
    with pytest.raises(InputError):
        processor.state()
    folder = toy.written(processor)
    assert runner.run_task(folder, "one", "a") is Status.FAILED
    assert message(processor, "one", "a") == "the time limit of 50 minutes was reached"


def test_resources_reach_the_command(toy):
    task = {"shell": "echo $OMP_NUM_THREADS {cores} {memory_mb} $MORE > {workdir}/x", "env": {"MORE": "{workdir}/y"}}
    processor = toy.processor(toy.step("one", {"a": task}, cores=2, memory_mb=77))
    processor.submit(wait=True)
    assert (toy.workdir / "x").read_text() == f"2 2 77 {toy.workdir}/y\n"

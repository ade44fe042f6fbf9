"""Jobs on this machine: what runs, in which order, what a failure leaves, what is told."""

import json
import os
import signal
import sys
import time
from dataclasses import replace

import pytest

from helpers.toy_jobs import Toy, until
from stamps.cli.job_texts import state_text
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.frontends.jobs import capacity, living
from stamps.frontends.jobs.model import Resources, Status, Step
from stamps.frontends.jobs.own_commands import own_command
from stamps.frontends.processor import Processor


@pytest.fixture
def detached(tmp_path, monkeypatch):
    """A front end whose jobs run as they do for users, in processes of their own."""
    made = Toy(tmp_path, monkeypatch)
    yield made
    made.end()


@pytest.fixture
def toy(detached, monkeypatch):
    """The same, whose tasks are run by the submission itself."""
    detached.run_in_this_process(monkeypatch)
    return detached


def statuses(processor):
    """Status of each step, tasks done."""
    return {step.name: (step.status.value, step.done) for step in processor.refresh().values()}


def message(processor, step, task):
    (found,) = [one for one in processor.refresh()[step].tasks if one.id == task]
    return found.message


NOTE = "echo {} >> {{workdir}}/runs; "


def noting(**lines):
    """Tasks that note themselves in ``runs`` when they run."""
    return {name: NOTE.format(name) + line for name, line in lines.items()}


def runs(toy):
    path = toy.workdir / "runs"
    return path.read_text().split() if path.exists() else []


# ---------------------------------------------------------------------- the run


def test_steps_run_in_order_and_leave_states_and_logs(detached):
    toy = detached
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


def test_no_more_at_once_than_wanted(detached):
    toy = detached
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


def test_the_first_task_alone(detached):
    toy = detached
    tasks = {"a": NOTE.format("begin") + "sleep 0.3; " + NOTE.format("end"), **noting(b="true", c="true")}
    processor = toy.processor(toy.step("one", tasks, first_alone=True))
    processor.submit(wait=True)
    assert runs(toy)[:2] == ["begin", "end"] and sorted(runs(toy)[2:]) == ["b", "c"]


def test_a_failed_first_task_does_not_keep_the_others_from_running(detached):
    toy = detached
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


def test_a_task_that_was_taken_over_is_not_the_one_that_has_run_alone(detached):
    toy = detached
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


# ---------------------------------------------------------------------- again


def test_a_second_submission_adds_what_is_new(toy):
    def steps(*names):
        tasks = {n: {"shell": NOTE.format(n) + f"echo {n} > {n}", "outputs": [{"path": n, "made": n}]} for n in names}
        joined = {"shell": NOTE.format("join") + "cat {workdir}/? > join", "inputs": list(names)}
        last = {"join": {**joined, "outputs": [{"path": "join", "made": "join"}]}}
        return [toy.step("one", tasks), toy.step("two", last, ["one"])]

    processor = toy.processor(*steps("a", "b"))
    processor.submit(wait=True)
    assert sorted(runs(toy)) == ["a", "b", "join"]
    again = processor.submit(wait=True)
    assert again.work == {} and "nothing to do; 3 of 3" in str(again)
    more = toy.changed(processor, steps=steps("a", "b", "c"))
    assert more.submit(wait=True).work == {"one": ("c",), "two": ("join",)}
    assert sorted(runs(toy)) == ["a", "b", "c", "join", "join"] and (toy.workdir / "join").read_text() == "a\nb\nc\n"
    assert {name: done for name, (_, done) in statuses(more).items()} == {"one": 3, "two": 1}


def test_changed_definitions_and_inputs_run_again_and_nothing_else(toy):
    def steps(line):
        one = {n: {"shell": NOTE.format(n) + line, "inputs": ["in"], "outputs": [{"path": n}]} for n in ("a",)}
        two = {
            n: {"shell": NOTE.format(n) + f"cp {{workdir}}/{i} {n}", "inputs": [i], "outputs": [{"path": n, "made": n}]}
            for n, i in (("d", "a"), ("e", "other"))
        }
        return [toy.step("one", one), toy.step("two", two, ["one"])]

    for name in ("in", "other"):
        (toy.workdir / name).write_text(name)
    processor = toy.processor(*steps("echo 1 > {workdir}/a"))
    processor.submit(wait=True)
    changed = toy.changed(processor, steps=steps("echo 2 > {workdir}/a"))
    assert changed.submit(wait=True).work == {"one": ("a",), "two": ("d",)}
    assert (toy.workdir / "d").read_text() == "2\n" and sorted(runs(toy)) == ["a", "a", "d", "d", "e"]
    touch_later(toy.workdir / "other")
    assert changed.submit(wait=True).work == {"two": ("e",)}
    (toy.workdir / "d").unlink()
    assert changed.submit(wait=True).work == {"two": ("d",)}
    assert changed.submit(wait=True).work == {}


def touch_later(path):
    """As if it had been written in a moment: but not in the future when it is used."""
    time.sleep(0.05)
    path.touch()


def test_outputs_that_nobody_needs_any_more_are_not_made_again(toy):
    one = {"a": {"shell": NOTE.format("a") + "echo 1 > a", "outputs": [{"path": "a", "made": "a"}]}}
    two = {
        "b": {"shell": NOTE.format("b") + "cp {workdir}/a b", "inputs": ["a"], "outputs": [{"path": "b", "made": "b"}]}
    }
    processor = toy.processor(toy.step("one", one), toy.step("two", two, ["one"]))
    processor.submit(wait=True)
    (toy.workdir / "a").unlink()
    assert processor.submit(wait=True).work == {}
    (toy.workdir / "b").unlink()
    assert processor.submit(wait=True).work == {"one": ("a",), "two": ("b",)}
    assert runs(toy) == ["a", "b", "a", "b"]


def test_kept_outputs_that_are_gone_are_named_and_made_again(toy):
    kept = [{"path": "slc", "kept": True}, {"path": "log"}]
    one = {
        "a": {
            "shell": NOTE.format("a") + "mkdir -p {workdir}/slc; date | tee {workdir}/log > {workdir}/slc/x",
            "outputs": kept,
        }
    }
    project = {"p": {"shell": NOTE.format("p") + "echo > {workdir}/p", "inputs": ["slc"], "outputs": [{"path": "p"}]}}
    processor = toy.processor(toy.step("one", one), toy.step("two", project, ["one"]))
    processor.submit(wait=True)
    (toy.workdir / "log").unlink()
    assert processor.state().exit_status == 0 and processor.retry().work == {}
    for act in (processor.submit, processor.retry):
        (toy.workdir / "slc" / "x").unlink()
        state = processor.state()
        assert state.exit_status == 1 and [task.gone for task in state.steps["one"].robbed] == [("slc",)]
        assert "one/a: slc is gone, which must stay: retry makes it again" in state_text(state)
        assert act(wait=True).work == {"one": ("a",), "two": ("p",)} and processor.state().exit_status == 0
    (toy.workdir / "p").unlink()  # what nobody reads is a result, too
    assert processor.state().steps["two"].robbed and processor.submit(wait=True).work == {"two": ("p",)}


def test_links_have_the_time_of_what_they_stand_for(toy):
    (toy.workdir / "in").touch()
    outputs = [{"path": "link", "kept": True, "linked": True}, {"path": "record"}]
    line = NOTE.format("a") + "cd {workdir}; echo 1 > old; touch -d 2001-01-01 old; ln -f old link; echo 2 > record"
    processor = toy.processor(toy.step("one", {"a": {"shell": line, "inputs": ["in"], "outputs": outputs}}))
    processor.submit(wait=True)
    assert statuses(processor) == {"one": ("SUCCEEDED", 1)} and processor.submit().work == {}
    assert (toy.workdir / "old").stat().st_mtime < 1e9
    (toy.workdir / "link").unlink()
    assert processor.submit(wait=True).work == {"one": ("a",)} and processor.state().exit_status == 0


def test_another_python_and_another_place_of_the_package_are_no_other_task(toy, monkeypatch, tmp_path):
    words = own_command("stamps", "--version")
    processor = toy.processor(toy.step("one", {"a": {"argv": list(words)}}))
    processor.submit(wait=True)
    log = (processor.folder.path / "log" / "one" / "a.1.log").read_text().split()
    assert log[1] == sys.executable and statuses(processor) == {"one": ("SUCCEEDED", 1)}
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert processor.submit().work == {}
    (tmp_path / "python").write_text("#!/bin/sh\necho moved\n")
    (tmp_path / "python").chmod(0o755)
    processor.retry(all=True, wait=True)
    assert (processor.folder.path / "log" / "one" / "a.2.log").read_text().split()[-1] == "moved"


def test_complete_outputs_are_taken_over_unless_that_is_not_wanted(toy):
    task = {"shell": NOTE.format("a") + "echo ok new > {workdir}/x", "outputs": [{"path": "x", "check": "ok"}]}
    (toy.workdir / "x").write_text("ok old")
    processor = toy.processor(toy.step("one", {"a": {**task, "inputs": []}}))
    processor.submit(wait=True)
    assert runs(toy) == [] and message(processor, "one", "a") == "its outputs were complete already"
    other = toy.processor(toy.step("one", {"a": task}), skip_existing=False, name="other")
    other.submit(wait=True)
    assert runs(toy) == ["a"]
    (toy.workdir / "x").write_text("bad")
    third = toy.processor(toy.step("one", {"a": task}), name="third")
    third.submit(wait=True)
    assert runs(toy) == ["a", "a"] and (toy.workdir / "x").read_text() == "ok new\n"


def test_outputs_of_a_failed_try_are_not_taken_for_complete(toy):
    line = NOTE.format("a") + "echo half > {workdir}/x; [ -e {workdir}/mended ]"
    processor = toy.processor(toy.step("one", {"a": {"shell": line, "outputs": [{"path": "x"}]}}))
    processor.submit(wait=True)
    assert statuses(processor) == {"one": ("FAILED", 0)}
    (toy.workdir / "mended").touch()
    processor.retry(wait=True)
    assert statuses(processor) == {"one": ("SUCCEEDED", 1)} and runs(toy) == ["a", "a"]


def test_a_command_that_leaves_an_old_output_as_it_was_has_failed(toy):
    (toy.workdir / "x").write_text("old")
    touch_later(toy.workdir / "in")
    processor = toy.processor(toy.step("one", {"a": {"shell": "true", "inputs": ["in"], "outputs": [{"path": "x"}]}}))
    processor.submit(wait=True)
    assert message(processor, "one", "a") == "the command ended well, but x is as before, older than in"


def test_what_is_unpacked_with_old_times_counts_as_new(toy):
    (toy.workdir / "in").touch()
    line = "echo 1 > {workdir}/x; touch -d 2001-01-01 {workdir}/x"
    processor = toy.processor(toy.step("one", {"a": {"shell": line, "inputs": ["in"], "outputs": [{"path": "x"}]}}))
    processor.submit(wait=True)
    assert statuses(processor) == {"one": ("SUCCEEDED", 1)} and processor.submit().work == {}


def test_retry_runs_what_failed_and_what_comes_after(toy):
    first = noting(a="true", b="[ -e {workdir}/mended ]", c="[ -e {workdir}/mended ]")
    processor = toy.processor(toy.step("one", first), toy.step("two", noting(d="true"), ["one"]))
    processor.submit(wait=True)
    left = processor.submit()
    assert left.work == {} and "2 failed before and are left as they are (one/b, one/c): retry them." in str(left)
    (toy.workdir / "mended").touch()
    assert processor.retry(tasks=["b"], wait=True).work == {"one": ("b",)}
    assert statuses(processor) == {"one": ("FAILED", 2), "two": ("PENDING", 0)}
    assert processor.retry(wait=True).work == {"one": ("c",), "two": ("d",)}
    assert sorted(runs(toy)) == ["a", "b", "b", "c", "c", "d"]
    tries = {task.id: task.attempt for task in processor.refresh()["one"].tasks}
    assert tries == {"a": 1, "b": 2, "c": 2} and processor.retry().work == {}
    assert processor.retry(all=True, steps=["two"], wait=True).work == {"two": ("d",)}
    assert runs(toy).count("d") == 2


def test_retry_changes_resources_and_refuses_what_is_unknown(toy):
    processor = toy.processor(toy.step("first", {"a": "echo {memory_mb} > {workdir}/m; [ {memory_mb} -gt 50 ]"}))
    processor.submit(wait=True)
    with pytest.raises(ParameterError, match="'minuts' cannot be changed: give cores"):
        processor.retry(changes={"minuts": 3})
    with pytest.raises(ParameterError, match="has no step 'frist': did you mean first"):
        processor.retry(steps=["frist"])
    with pytest.raises(ParameterError, match="has no task 'b'"):
        processor.retry(tasks=["b"])
    with pytest.raises(ParameterError, match="There is no engine 'lokal': did you mean local"):
        processor.retry(engine="lokal")
    processor.retry(changes={"memory_mb": 60}, wait=True)
    assert statuses(processor) == {"first": ("SUCCEEDED", 1)} and (toy.workdir / "m").read_text() == "60\n"
    assert processor.submit().work == {}  # a task stays the same when its resources change


# ---------------------------------------------------------------------- cancel, at work


def running(toy, processor, step="one"):
    return until(lambda: processor.refresh()[step].status is Status.RUNNING and (toy.workdir / "began").exists())


def test_a_job_that_a_task_submits_outlives_the_task(detached, monkeypatch):
    toy = detached
    line = "test -z \"$(tr '\\0' '\\n' < /proc/$PPID/environ | grep outer)\" && touch {workdir}/began; sleep 300"
    processor = toy.processor(toy.step("one", {"a": line}))
    outer = living.mark_of(toy.workdir / "jobs" / "outer", "x", "y")
    monkeypatch.setenv(living.MARK, outer)  # as in a command of another job
    processor.submit()
    running(toy, processor)
    assert not [pid for pid in living._marked(outer) if pid != os.getpid()] and processor.state().at_work


def test_cancel_ends_programs_and_what_they_started(detached):
    toy = detached
    line = "touch {workdir}/began; trap 'echo asked >> {workdir}/asked' TERM; sleep 300 & wait; exit 1"
    processor = toy.processor(toy.step("one", {"a": line}), toy.step("two", {"b": "true"}, ["one"]))
    processor.submit()
    running(toy, processor)
    mark = living.mark_of(processor.folder.path, "one", "a")
    assert processor.state().at_work and len(list(living._marked(mark))) >= 2
    assert len(processor.cancel()) == 1
    assert statuses(processor) == {"one": ("CANCELLED", 0), "two": ("CANCELLED", 0)}
    assert message(processor, "two", "b") == "cancelled before it began"
    assert (toy.workdir / "asked").exists() and list(living._marked(mark)) == []
    assert processor.state().exit_status == 1 and not processor.state().at_work and processor.cancel() == []


def test_what_ignores_the_request_to_end_is_ended(toy, monkeypatch):
    from stamps.frontends.jobs import runner

    monkeypatch.setattr(runner, "_GRACE_SECONDS", 0.5)
    processor = toy.processor(
        toy.step("one", {"a": "trap '' TERM; kill -TERM $PPID; touch {workdir}/began; sleep 300"})
    )
    folder = toy.written(processor)
    before = time.monotonic()
    assert runner.run_task(folder, "one", "a") is Status.CANCELLED
    assert time.monotonic() - before < 5 and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_job_at_work_is_not_submitted_again(detached):
    toy = detached
    processor = toy.processor(toy.step("one", {"a": "touch {workdir}/began; sleep 300"}))
    processor.submit()
    running(toy, processor)
    again = processor.submit()
    assert again.work == {} and "at work already" in str(again)
    with pytest.raises(InputError, match="at work with other settings: wait for its end or cancel it"):
        toy.changed(processor, steps=[toy.step("one", {"a": "true"})]).submit()
    with pytest.raises(InputError, match="is at work: wait for its end or cancel it, then retry"):
        processor.retry()
    processor.cancel()
    with processor.folder.lock(), pytest.raises(WorkspaceError, match="by another command"):
        processor.retry()


def test_a_running_task_that_says_nothing_is_marked(detached):
    toy = detached
    processor = toy.processor(toy.step("one", {"a": "touch {workdir}/began; sleep 300"}))
    processor.submit()
    running(toy, processor)
    time.sleep(0.2)
    assert [task.stalled for task in processor.refresh(stall_minutes=0.001)["one"].tasks] == [True]
    assert [task.stalled for task in processor.refresh()["one"].tasks] == [False]
    processor.cancel()


def test_processes_that_were_killed_are_found_out(detached):
    toy = detached
    processor = toy.processor(
        toy.step("one", {"a": "touch {workdir}/began; sleep 300", "b": "sleep 300", "c": "true"}, at_once=1),
    )
    processor.submit()
    running(toy, processor)
    os.kill(processor.folder.submissions()[0].pid, signal.SIGKILL)
    until(lambda: not processor.state().at_work)
    assert message(processor, "one", "a") == "the process ended without a result"
    assert [task.lost for task in processor.refresh()["one"].tasks] == [False, True, True]
    assert processor.state().exit_status == 1
    assert processor.submit().work == {"one": ("a", "b", "c")}  # what was interrupted goes on
    processor.cancel()


def test_what_a_killed_runner_left_is_ended_before_the_next_try(detached):
    toy = detached
    line = "touch {workdir}/began; (trap '' TERM HUP; sleep 300) & sleep 300"
    processor = toy.processor(toy.step("one", {"a": line}))
    processor.submit()
    running(toy, processor)
    mark = living.mark_of(processor.folder.path, "one", "a")
    first = set(living._marked(mark))
    os.kill(processor.folder.submissions()[0].pid, signal.SIGKILL)
    until(lambda: not processor.state().at_work)
    (toy.workdir / "began").unlink()
    processor.retry()
    running(toy, processor)
    assert not first & set(living._marked(mark))
    processor.cancel()


def test_jobs_on_another_machine_are_known_by_their_signs_of_life(detached, monkeypatch):
    toy = detached
    processor = toy.processor(toy.step("one", {"a": "touch {workdir}/began; sleep 300", "b": "true"}, at_once=1))
    processor.submit()
    running(toy, processor)
    monkeypatch.setattr(living, "here", lambda: "elsewhere")
    assert processor.state().at_work and processor.refresh()["one"].status is Status.RUNNING
    assert "was asked to end it, which takes some seconds" in processor.cancel()[0]
    until(lambda: not processor.state().at_work)
    assert {task.status for task in processor.refresh()["one"].tasks} == {Status.CANCELLED}
    processor.folder.ended_mark(1).unlink()
    assert processor.state().at_work  # as if the machine had gone down a moment ago
    os.utime(processor.folder.supervisor_log(1), (1e9, 1e9))
    assert not processor.state().at_work


# ---------------------------------------------------------------------- before anything is written


def tree(folder):
    """All paths below a folder with their times and contents."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *sorted(folder.rglob("*"))]
    }


def _lasting(found):
    """What a dry run says, but for the free disk, which others change."""
    return {name: value for name, value in found.as_dict().items() if name != "free_gib"}


def test_a_dry_run_changes_no_byte(toy):
    tasks = {"a": {"shell": "echo {cores} > {workdir}/a", "outputs": [{"path": "a"}]}, "b": "true"}
    processor = toy.processor(toy.step("one", tasks), toy.step("two", {"c": "exit 1"}, ["one"]), files={"f": "x"})
    for _ in range(2):
        before = tree(toy.workdir)
        found = processor.dry_run()
        assert _lasting(toy.changed(processor, dry_run=True).submit()) == _lasting(found)
        assert tree(toy.workdir) == before
        assert "one: echo {cores} > {workdir}/a" in str(found) and "one: true" not in str(found)
        processor.submit(wait=True)
        to_run = [step.to_run for step in found.steps]
    assert "the job is there already" in str(found) and to_run == [0, 0]  # what has failed is retried, not submitted
    assert "one: true" in str(processor.dry_run(commands=True))


def test_all_problems_are_told_at_once_and_nothing_is_written(toy):
    processor = toy.processor(toy.step("one", {"a": "true"}), problems=["No orbit is there.", "No area was given."])
    before = tree(toy.workdir)
    with pytest.raises(InputError) as error:
        processor.submit()
    assert "2 things" in str(error.value) and "\n  - No orbit is there.\n  - No area was given." in str(error.value)
    assert processor.dry_run().exit_status == 1 and tree(toy.workdir) == before


@pytest.mark.parametrize(
    "step, words",
    [
        ({"name": "../x", "tasks": []}, "cannot be a name"),
        ({"name": "one", "tasks": [], "after": ["two"]}, "comes after two, which is none of the steps before it"),
        ({"name": "one", "tasks": [{"id": "a/b", "shell": "true"}]}, "cannot be a name"),
        ({"name": "one", "tasks": [{"id": "a"}]}, "must have either argv or shell"),
        ({"name": "one", "tasks": [{"id": "a", "shell": "x"}, {"id": "a", "shell": "x"}]}, "is there twice"),
        ({"name": "one", "tasks": [{"id": "a", "shell": "x", "outputs": [{"path": "../y"}]}]}, "does not stay in"),
        ({"name": "one", "tasks": [{"id": "a", "shell": "x", "outputs": [{"path": "/y"}]}]}, "does not stay in"),
        ({"name": "one", "tasks": [{"id": "a", "shell": "x", "cwd": ".."}]}, "does not stay in"),
    ],
)
def test_plans_that_can_be_no_job_are_refused(toy, step, words):
    before = tree(toy.workdir)
    with pytest.raises((InputError, ValueError), match=words):
        toy.processor(step).submit()
    assert "jobs" not in {path.name for path in tree(toy.workdir).keys() - before.keys() if path.suffix == ".json"}


# ---------------------------------------------------------------------- save and load, prepare


def test_save_and_load(toy, tmp_path):
    processor = toy.processor(toy.step("one", {"a": "true", "b": "exit 2"}), files={"in/f": "text"})
    processor.submit(wait=True)
    file = processor.save(tmp_path / "saved.json")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    from stamps.frontends.jobs.saved import load_job, saved_state

    assert saved_state(file).as_dict()["steps"][0]["done"] == 1 and not (tmp_path / "jobs").exists()
    again = Processor.open(load_job(file, moved).path)
    assert statuses(again) == statuses(processor) and (moved / "in" / "f").read_text() == "text"
    assert again.retry(wait=True).work == {"one": ("b",)} and processor.refresh()["one"].tasks[1].attempt == 1
    assert load_job(file, moved).path == again.folder.path
    (moved / "jobs" / "toy" / "job.json").write_text(
        (moved / "jobs" / "toy" / "job.json").read_text().replace('"created": "2', '"created": "1')
    )
    with pytest.raises(InputError, match="Another job toy is in"):
        load_job(file, moved)
    assert processor.save() == toy.workdir / "jobs" / "toy.json"


def test_prepare_runs_the_last_step_again_with_other_settings(toy):
    def steps(da):
        return [
            toy.step("one", noting(a="true")),
            toy.step("prepare", noting(p=f"echo {da} > {{workdir}}/da"), ["one"]),
        ]

    processor = toy.processor(*steps(0.4))
    processor.submit(wait=True)
    processor.prepare(steps=steps(0.3))
    assert runs(toy) == ["a", "p", "p"] and (toy.workdir / "da").read_text() == "0.3\n"
    with pytest.raises(ParameterError, match="has no setting 'stepps': did you mean steps"):
        processor.prepare(stepps=1)
    other = toy.processor(toy.step("one", {"a": "exit 1"}), steps_prepare(toy), name="other")
    other.submit(wait=True)
    with pytest.raises(InputError, match="cannot be prepared yet: the step one has not succeeded"):
        other.prepare()


def steps_prepare(toy):
    return toy.step("prepare", {"p": "true"}, ["one"])


def test_jobs_of_other_front_ends_are_left_alone(toy):
    processor = toy.processor(toy.step("one", {"a": "true"}))
    processor.submit(wait=True)
    path = processor.folder.path / "job.json"
    path.write_text(path.read_text().replace('"frontend": "toy"', '"frontend": "snap"'))
    with pytest.raises(InputError, match="is one of snap, not of toy: give another name"):
        processor.submit()


def test_watching_tells_the_log(detached, caplog):
    toy = detached
    processor = toy.processor(toy.step("one", {"a": "sleep 0.2", "b": "sleep 0.2"}))
    with caplog.at_level("INFO", "stamps.jobs"):
        processor.submit()
        assert processor.watch(0.05).exit_status == 0
    assert caplog.messages[-1] == "toy: one 2/2"

"""Jobs at work: their processes, how they are cancelled, what is known when they were killed."""

import os
import signal
import time

import pytest

from helpers.toy_jobs import message, statuses, until
from stamps.errors import InputError, WorkspaceError
from stamps.frontends.jobs import living
from stamps.frontends.jobs.model import Status


def running(toy, processor, step="one"):
    return until(lambda: processor.refresh()[step].status is Status.RUNNING and (toy.workdir / "began").exists())


def test_a_job_that_a_task_submits_outlives_the_task(detached_toy, monkeypatch):
    toy = detached_toy
    line = "test -z \"$(tr '\\0' '\\n' < /proc/$PPID/environ | grep outer)\" && touch {workdir}/began; sleep 300"
    processor = toy.processor(toy.step("one", {"a": line}))
    outer = living.mark_of(toy.workdir / "jobs" / "outer", "x", "y")
    monkeypatch.setenv(living.MARK, outer)  # as in a command of another job
    processor.submit()
    running(toy, processor)
    assert not [pid for pid in living._marked(outer) if pid != os.getpid()] and processor.state().at_work


def test_cancel_ends_programs_and_what_they_started(detached_toy):
    toy = detached_toy
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


def test_a_job_at_work_is_not_submitted_again(detached_toy):
    toy = detached_toy
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


def test_a_running_task_that_says_nothing_is_marked(detached_toy):
    toy = detached_toy
    processor = toy.processor(toy.step("one", {"a": "touch {workdir}/began; sleep 300"}))
    processor.submit()
    running(toy, processor)
    time.sleep(0.2)
    assert [task.stalled for task in processor.refresh(stall_minutes=0.001)["one"].tasks] == [True]
    assert [task.stalled for task in processor.refresh()["one"].tasks] == [False]
    processor.cancel()


def test_processes_that_were_killed_are_found_out(detached_toy):
    toy = detached_toy
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


def test_what_a_killed_runner_left_is_ended_before_the_next_try(detached_toy):
    toy = detached_toy
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


def test_jobs_on_another_machine_are_known_by_their_signs_of_life(detached_toy, monkeypatch):
    toy = detached_toy
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


def test_watching_tells_the_log(detached_toy, caplog):
    toy = detached_toy
    processor = toy.processor(toy.step("one", {"a": "sleep 0.2", "b": "sleep 0.2"}))
    with caplog.at_level("INFO", "stamps.jobs"):
        processor.submit()
        assert processor.watch(0.05).exit_status == 0
    assert caplog.messages[-1] == "toy: one 2/2"

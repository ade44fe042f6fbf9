"""What a second submission of a job runs, and what a retry runs."""

import sys
import time

import pytest

from helpers.toy_jobs import NOTE, message, noting, runs, statuses
from stamps.cli.job_texts import state_text
from stamps.errors import ParameterError
from stamps.frontends.jobs.own_commands import own_command


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

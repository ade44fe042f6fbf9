"""Interrupted runs when other commands, other lists of patches or other questions come in between."""

import os
import threading

import pytest

from helpers.stub_runs import EVERYWHERE, TOP, killed, said, trees_of_runs, undisturbed
from helpers.stub_steps import StubSteps, make_project, tree
from stamps.errors import StampsError
from stamps.legacy.setparm import setparm
from stamps.legacy.stamps import stamps
from stamps.queries.status import project_status
from stamps.run import continuation, engine, step_calls
from stamps.run.request import Request
from stamps.workspace import fingerprint, lineage, system_locks


@pytest.fixture
def steps(monkeypatch):
    return StubSteps(monkeypatch)


@pytest.fixture(scope="module")
def after_runs(tmp_path_factory):
    """What 1 and 2 undisturbed runs of steps 1 to 8 make of the project."""
    return trees_of_runs(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "at_work" / TOP)


def test_another_command_gives_the_run_up(steps, project, capsys):
    killed(steps, project, (TOP, 8))
    stamps(3, 5, workdir=project.path)
    assert said(capsys) == (
        "The run of steps 1 to 8 that was interrupted in step 8 is given up for this one; stamps 1 8 will begin anew"
    )
    steps.clear()
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and said(capsys) == ""


def test_start_zero_goes_on(steps, project, after_runs):
    stamps(1, 8, workdir=project.path)
    expected = after_runs[1]
    killed(steps, project, ("PATCH_2", 3))
    stamps(0, 8, workdir=project.path)
    assert steps[0] == ("PATCH_2", 3) and tree(project.path) == expected


def test_a_patch_processed_alone_in_between(steps, project, capsys):
    killed(steps, project, (TOP, 7))
    stamps(3, 5, "n", workdir=project.path / "PATCH_2")
    steps.clear()
    stamps(1, 8, workdir=project.path)
    assert steps == EVERYWHERE and "PATCH_2 was processed by another run" in said(capsys)


def test_a_patch_processed_alone_while_patches_are_under_way(steps, project, after_runs):
    expected = after_runs[0]
    killed(steps, project, ("PATCH_2", 3))
    stamps(1, 3, "n", workdir=project.path / "PATCH_1")
    steps.clear()
    stamps(1, 8, workdir=project.path)
    assert steps[:6] == [("PATCH_1", k) for k in range(1, 6)] + [("PATCH_2", 3)]
    assert tree(project.path) == expected


def test_a_run_that_was_given_up_cannot_publish_any_more(steps, project):
    killed(steps, project, ("PATCH_2", 3))
    old = continuation.run_record.records(project)[0].ticket(project)
    killed(steps, project, ("PATCH_1", 2), restart=True)
    before = tree(project.path)
    with pytest.raises(
        StampsError, match="PATCH_2: the run was begun anew by another command; step 3 is not published"
    ):
        engine.run_patch(project / "PATCH_2", 1, 3, step_calls.StepOptions(), old)
    assert tree(project.path) == before


def test_a_process_that_is_still_at_work_in_a_patch_is_waited_for(steps, project, capsys):
    killed(steps, project, ("PATCH_2", 3))
    held = system_locks.locked_folder(project.path / "PATCH_2")
    threading.Timer(1.5, held.close).start()
    stamps(1, 8, workdir=project.path)
    assert "Waiting for another process that is at work in" in capsys.readouterr().out
    assert steps[0] == ("PATCH_2", 3)


def test_patches_that_were_dropped_stay_dropped(steps, project, tmp_path):
    steps.empty.add(("PATCH_2", 3))
    expected = undisturbed(project, tmp_path)
    killed(steps, project, (TOP, 7))
    assert project.read_text("patch.list") == "PATCH_1\n"
    stamps(1, 8, workdir=project.path)
    assert steps == [(TOP, 7), (TOP, 8)]
    assert tree(project.path) == expected  # patch.list_old, too


def test_another_patch_list_begins_anew(steps, project, capsys):
    killed(steps, project, (TOP, 7))
    project.write_text("patch.list", "PATCH_1\n")
    stamps(1, 8, workdir=project.path)
    assert [where for where in steps if where[0] == "PATCH_2"] == [] and steps[0] == ("PATCH_1", 1)
    assert "patch.list names other patches than when it began" in said(capsys)


def test_runs_that_divide_the_patches_have_records_of_their_own(steps, project):
    project.write_text("split_1", "PATCH_1\n")
    project.write_text("split_2", "PATCH_2\n")
    killed(steps, project, ("PATCH_1", 3), 1, 5, None, 0, "split_1", 1)
    killed(steps, project, ("PATCH_2", 2), 1, 5, None, 0, "split_2", 1)
    for number, step in ((1, 3), (2, 2)):
        stamps(1, 5, None, 0, f"split_{number}", 1, workdir=project.path)
        assert steps[0] == (f"PATCH_{number}", step)
        steps.clear()
    assert not list(project.path.rglob(".stamps-run*"))


def test_status_and_dry_run_say_the_same(steps, project):
    killed(steps, project, (TOP, 7))
    before = tree(project.path)
    status = project_status(project.path)
    assert status.next[0].command.startswith("stamps 1 8")
    assert status.next[0].reason == "interrupted run of steps 1 to 8: stamps 1 8 continues at step 7"
    plan = stamps(1, 8, workdir=project.path, dry_run=True)
    done = [(step.place, step.step) for step in plan.steps if step.reason == "published by the interrupted run"]
    assert done == [("patch", k) for k in (1, 2, 3, 4, 5)] * 2 + [("project", 5), ("project", 6)]
    assert "that was interrupted in step 7 goes on there" in str(plan)
    anew = stamps(1, 8, workdir=project.path, dry_run=True, restart=True)
    assert "begins anew, because --restart asks for it" in str(anew)
    assert not [step for step in anew.steps if "published" in step.reason]
    assert tree(project.path) == before


def test_status_says_why_a_run_would_begin_anew(steps, project):
    killed(steps, project, (TOP, 7))
    setparm("density_rand", 5, workdir=project.path)
    texts = [item.text for item in project_status(project.path).interrupted]
    assert any("stamps 1 8 begins anew, because the parameter density_rand was 20 and is 5" in text for text in texts)


def test_status_during_a_run(steps, project, monkeypatch):
    seen = []
    monkeypatch.setattr(step_calls, "merge", lambda ws, *_: seen.append(project_status(ws.path).interrupted))
    stamps(1, 5, workdir=project.path)
    assert seen[0][0].in_use
    assert any(item.text.endswith("a run of steps 1 to 5 is at work") for item in seen[0])


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (Request(1, 8), "stamps 1 8"),
        (Request(6, 8, divided=False), "stamps 6 8"),
        (Request(1, 8, divided=False), "stamps 1 8 n"),
        (Request(2, 5, in_project=False, list_file="some.list"), 'stamps 2 5 "" 0 some.list 1'),
        (Request(1, 8, restart_gamma=1), 'stamps 1 8 "" 1'),
    ],
)
def test_the_command_of_a_request(request_, command):
    assert request_.command == command


def test_fingerprints_of_large_files_look_everywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(lineage, "_WHOLE", 1000)
    monkeypatch.setattr(lineage, "_BLOCK", 10)
    path = tmp_path / "large"
    path.write_bytes(bytes(10_000))
    known = fingerprint.fingerprint(path)
    for place in (0, 5_000, 9_990):
        path.write_bytes(
            bytes(place) + b"1" * 101 + bytes(10_000 - place - 101) if place < 9_990 else bytes(9_990) + b"1" * 10
        )
        assert not fingerprint.same(known, fingerprint.fingerprint(path))
    path.write_bytes(bytes(10_000))
    os.utime(path, (1, 1))
    assert fingerprint.same(known, fingerprint.fingerprint(path))
    assert fingerprint.fingerprint(tmp_path / "none") is None

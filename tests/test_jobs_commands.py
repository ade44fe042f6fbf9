"""``stamps jobs`` and the actions that the verbs of front ends share: what is printed, and the exit status."""

import argparse
import errno
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from helpers import page_snippets
from helpers.toy_jobs import Toy
from stamps.cli import job_actions, jobs
from stamps.cli.job_texts import state_text
from stamps.cli.program import run
from stamps.errors import WorkspaceError
from stamps.frontends.jobs import store
from stamps.frontends.jobs.model import Status
from stamps.frontends.jobs.submissions import Submission
from stamps.frontends.processor import Processor


@pytest.fixture
def failed(toy):
    """A job of which a task has failed."""
    tasks = {"20200115": {"shell": "echo 'Error: no orbit'; exit 1", "about": "20200115 IW2"}, "20200127": "true"}
    processor = toy.processor(toy.step("split", tasks), toy.step("export", {"x": "true"}, ["split"]))
    processor.submit(wait=True)
    return processor


def said(capsys, *words, status):
    capsys.readouterr()
    assert run("stamps", [*map(str, words)]) == status
    return capsys.readouterr()


def test_status_says_a_line_a_step_and_why_something_failed(failed, toy, capsys):
    text = said(capsys, "jobs", "status", "--workdir", toy.workdir, status=1).out
    lines = text.splitlines()
    assert lines[0] == f"toy (toy) in {toy.workdir}"
    assert lines[1].split()[:3] == ["split", "FAILED", "1/2"] and lines[1].endswith("20200115")
    assert lines[2].split() == ["export", "PENDING", "0/1", "waits", "for", "split"]
    log = failed.folder.path / "log" / "split" / "20200115.1.log"
    assert lines[3] == f"split/20200115 (20200115 IW2): Error: no orbit  [{log}]" and len(lines) == 4
    tasks = said(
        capsys, "jobs", "refresh", "toy", "--tasks", "split", "--workdir", toy.workdir, status=1
    ).out.splitlines()
    assert [line.split()[0] for line in tasks] == ["split/20200115", "split/20200127"]
    assert (
        "Error: no orbit" in said(capsys, "jobs", "status", "--log", "20200115", "--workdir", toy.workdir, status=1).out
    )
    facts = json.loads(said(capsys, "jobs", "status", "--json", "--workdir", toy.workdir, status=1).out)
    assert facts["exit_status"] == 1 and facts["steps"][0]["tasks"][0]["status"] == "FAILED"


def test_jobs_are_listed_and_the_newest_is_meant(failed, toy, capsys):
    toy.processor(toy.step("one", {"a": "true"}), name="later").submit(wait=True)
    listed = said(capsys, "jobs", "--workdir", toy.workdir, status=0).out.splitlines()
    assert [line.split() for line in listed] == [["later", "toy", "succeeded", "1/1"], ["toy", "toy", "failed", "1/3"]]
    assert said(capsys, "jobs", "status", "--workdir", toy.workdir, status=0).out.startswith("later (toy)")
    assert said(capsys, "jobs", "--workdir", toy.workdir, "status", status=0).out.startswith("later (toy)")
    assert len(json.loads(said(capsys, "jobs", "list", "--json", "--workdir", toy.workdir, status=0).out)) == 2


def test_retry_cancel_watch_save_and_load(failed, toy, capsys, tmp_path):
    there = ["--workdir", str(toy.workdir)]
    retried = said(capsys, "jobs", "retry", "--set", "minutes=5", "--wait", *there, status=1).out
    assert retried.startswith("toy: 2 of 3 tasks handed over to local (split 1, export 1).")
    assert json.loads((failed.folder.path / "job.json").read_text())["steps"][0]["resources"]["minutes"] == 5
    assert said(capsys, "jobs", "cancel", *there, status=0).out == "toy: nothing runs or waits.\n"
    assert said(capsys, "jobs", "watch", "--json", *there, status=1).out.startswith("{")
    file = tmp_path / "saved.json"
    assert said(capsys, "jobs", "save", "toy", file, *there, status=0).out == f"{file}\n"
    other = tmp_path / "other"
    other.mkdir()
    assert "split" in said(capsys, "jobs", "load", file, "--read-only", "--workdir", other, status=1).out
    assert list(other.iterdir()) == []
    said(capsys, "jobs", "load", file, "--workdir", other, status=1)
    assert Processor.open(other / "jobs" / "toy").state().exit_status == 1


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["status", "nothing"], "; there are: toy."),
        (["status", "../x"], "That is no job"),
        (["retry", "--set", "minutes"], "--set minutes is not understood: write it as minutes=120."),
        (["retry", "--step", "splt"], "has no step 'splt': did you mean split?"),
        (["status", "--log", "none"], "has no task 'none': status --tasks lists them."),
        (["status", "--tasks", "none"], "has no step 'none': there are split, export."),
        (["load", "nothing.json"], "There is no job nothing.json"),
        (["save", "/nowhere/x"], "/nowhere/x cannot be written"),
    ],
)
def test_what_cannot_be_is_one_sentence(failed, toy, capsys, words, sentence):
    if words[-1] == "/nowhere/x":
        words = ["save", str(toy.workdir / "runs" / "x")]
        (toy.workdir / "runs").write_text("")
        sentence = "cannot be written"
    error = said(capsys, "jobs", *words, "--workdir", toy.workdir, status=1).err
    assert sentence in error and error.startswith("stamps jobs: ") and error.count("\n") == 1


def edited(job, old, new):
    path = job.folder.path / "job.json"
    path.write_text(path.read_text().replace(old, new))


def test_a_job_whose_front_end_cannot_be_imported_is_shown_and_retried(failed, toy, capsys, monkeypatch):
    edited(failed, "ToyConfig", "Snap_S1_Config")
    monkeypatch.setitem(sys.modules, "stamps.frontends.snap.config", None)
    assert "Error: no orbit" in said(capsys, "jobs", "status", "--workdir", toy.workdir, status=1).out
    assert said(capsys, "jobs", "retry", "--workdir", toy.workdir, status=0).out.startswith("toy: 2 of 3 tasks")


def test_a_job_of_a_newer_version_is_said_to_be_one(failed, toy, capsys):
    edited(failed, '"format": 1', '"format": 2')
    error = said(capsys, "jobs", "status", "--workdir", toy.workdir, status=1).err
    assert error.endswith("job.json was written by a newer version of this program: use that, or update this one.\n")
    edited(failed, '"format": 2', '"format": 1, "more": 3')
    assert said(capsys, "jobs", "status", "--workdir", toy.workdir, status=1).err == ""


def test_a_job_in_a_folder_that_was_renamed_goes_on(toy, tmp_path):
    one = {"a": {"shell": "echo 1 > x", "outputs": [{"path": "x", "made": "x"}]}, "b": "[ -e '{workdir}/mended' ]"}
    steps = [toy.step("one", one), toy.step("two", {"c": {"shell": "cat '{workdir}/x'", "inputs": ["x"]}}, ["one"])]
    toy.processor(*steps).submit(wait=True)
    toy.workdir = toy.workdir.rename(tmp_path / "new\nname Ätna")
    (toy.workdir / "mended").touch()
    assert toy.processor(*steps).submit().work == {}
    assert Processor.open(toy.workdir / "jobs" / "toy").retry(wait=True).work == {"one": ("b",), "two": ("c",)}
    assert state_text(toy.processor(*steps).state()).count("\n") == 2


@pytest.mark.parametrize("name", ["jobs", "jobs/toy"])
def test_a_file_in_the_place_of_the_folder_is_named(toy, name):
    (toy.workdir / name).parent.mkdir(exist_ok=True)
    (toy.workdir / name).write_text("x")
    with pytest.raises(WorkspaceError, match="jobs/toy cannot be made .*: remove what is in its place"):
        toy.processor(toy.step("one", {"a": "true"})).submit()


def test_clocks_of_machines_do_not_decide(failed, toy):
    folder = failed.folder
    state = replace(folder.state("split", "20200127"), started="2090-01-01T00:00:00.000Z", ended="2019-01-01T00:00:00Z")
    folder.write_state("split", "20200127", state)
    assert 0 <= failed.refresh()["split"].seconds < 60
    folder.write_state("split", "20200127", replace(state, status=Status.RUNNING, pid=0))
    assert failed.refresh()["split"].tasks[1].message == "the process ended without a result"
    folder.add_submission(Submission(9, "2020-01-01T00:00:00.000Z", "cancel", ""))
    assert failed.refresh()["split"].tasks[1].message == "cancelled"


def test_a_full_disk_loses_no_state(failed, monkeypatch):
    def full(path, text):
        path.with_name(f".{path.name}.part").write_text("")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(store, "replace_text", full)
    before = failed.folder.state("split", "20200115")
    for message in ("short", "long " * 40, ""):
        failed.folder.write_state("split", "20200115", replace(before, message=message))
        assert failed.folder.state("split", "20200115") == replace(before, message=message)
    assert not list(failed.folder.path.rglob(".*.part"))
    with pytest.raises(OSError, match="No space left"):
        failed.folder.write_state("split", "other", before)


def test_users_of_a_folder_are_those_who_own_its_files(failed):
    assert failed.folder.users == [os.getuid()]
    if os.getuid() == 0:
        os.chown(failed.folder.path / "job.json", 4321, -1)
        assert failed.folder.users == [0, 4321]


def test_without_a_job_there_is_one_sentence(tmp_path, capsys):
    assert "There is no job in" in said(capsys, "jobs", "retry", "--workdir", tmp_path, status=1).err
    assert said(capsys, "jobs", "--workdir", tmp_path, status=0).out.startswith("There is no job in")
    with pytest.raises(SystemExit) as error:
        jobs.main(["watch", "--interval", "soon"])
    assert error.value.code == 2


def test_the_page_for_operators_runs_as_written(failed, toy, capsys, monkeypatch):
    monkeypatch.chdir(toy.workdir)
    lines = page_snippets.shell_lines("docs/howto/clusters_and_jobs.md")
    commands = [words[1:] for _, words in lines if words[:2] == ["stamps", "jobs"]]
    assert {words[1] for words in commands if words[1:]} >= {"status", "watch", "retry", "cancel", "save", "load"}
    for words in commands:
        capsys.readouterr()
        status = run("stamps", words)
        printed = capsys.readouterr()
        assert printed.err == "" and printed.out and status in (0, 1), words
        failed.watch(0.1, lambda state: None)


# ---------------------------------------------------------------------- the actions of a front end


def verb(toy, *words):
    """As a verb of a front end whose jobs are one shell line."""

    def make(options):
        common = job_actions.common_settings(options)
        return toy.processor(
            toy.step("one", {"a": options.line}), toy.step("prepare", {"p": "true"}, ["one"]), **common
        )

    parser = argparse.ArgumentParser(prog="stamps toy")
    actions = parser.add_subparsers(required=True)
    job_actions.add_actions(
        actions,
        "toy",
        make,
        lambda one: one.add_argument("line"),
        lambda one: one.add_argument("--files", default=None),
    )
    return job_actions.perform(parser.parse_args([*words, "--workdir", str(toy.workdir)]))


def test_submit_dry_run_and_prepare_of_a_front_end(toy, capsys, monkeypatch):
    monkeypatch.setattr(job_actions, "Processor", None, raising=False)
    assert verb(toy, "submit", "true", "--dry-run") == 0 and verb(toy, "dry-run", "true", "--json") == 0
    printed = capsys.readouterr().out
    assert "made of shell lines" in printed and not (toy.workdir / "jobs").exists()
    assert verb(toy, "submit", "echo x > {workdir}/x", "--wait") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("toy: 2 of 2 tasks handed over to local (one 1, prepare 1).") and "one" in printed
    assert verb(toy, "submit", "echo x > {workdir}/x") == 0
    assert capsys.readouterr().out == "toy: nothing to do; 2 of 2 tasks have succeeded.\n"
    assert verb(toy, "status") == 0 and verb(toy, "submit", "false", "--wait", "--json") == 1
    assert json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))["exit_status"] == 1


def test_a_watch_that_is_interrupted_leaves_the_job_alone(tmp_path, monkeypatch):
    toy = Toy(tmp_path, monkeypatch)
    processor = toy.processor(toy.step("one", {"a": "sleep 300"}))
    processor.submit()
    program = [sys.executable, "-m", "stamps", "jobs", "watch", "--interval", "0.1", "--workdir", str(toy.workdir)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as watching:
        assert "toy (toy)" in watching.stdout.readline()
        watching.send_signal(2)
        _, error = watching.communicate(timeout=30)
    assert watching.returncode == 130 and "the watching has ended, the job goes on" in error
    assert processor.state().at_work
    toy.end()

"""Folders of jobs that were damaged or forged: one sentence that names the file, nothing followed out of it, no traceback."""

import json
import os

import pytest

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.jobs.saved import load_job, saved_state
from stamps.frontends.jobs.store import JobFolder, job_folders, replace_text
from stamps.frontends.processor import Processor

FORGED = [
    ("[]", "stands where a set of names was expected"),
    ("{}", "format is missing"),
    ('{"format": 2}', "was written by a newer version of this program"),
    ("{", "cannot be read"),
    ("\0" * 100, "cannot be read"),
    ("[" * 100_000, "cannot be read"),
]

CHANGES = [
    (("name",), "a/b", "cannot be a name"),
    (("steps",), {}, "steps is {}, not of the kind list"),
    (("steps", 0), 5, "'5' stands where a set of names was expected"),
    (("steps", 0, "name"), "..", "cannot be a name"),
    (("steps", 0, "after"), ["one"], "comes after one, which is none of the steps before it"),
    (("steps", 0, "resources", "cores"), 0, "cores is 0, less than 1"),
    (("steps", 0, "resources", "minutes"), True, "minutes is True, not of the kind int"),
    (("steps", 0, "tasks", 0, "id"), "../../x", "cannot be a name"),
    (("steps", 0, "tasks", 0, "shell"), 7, "shell is 7, not of the kind str"),
    (("steps", 0, "tasks", 0, "inputs"), [None], "inputs holds something that is no text"),
    (("steps", 0, "tasks", 0, "env"), {"A": 1}, "holds something that is no text"),
    (("steps", 0, "tasks", 0, "outputs"), [{"path": "../../etc/passwd"}], "does not stay in the working directory"),
    (
        ("steps", 0, "tasks", 0, "outputs"),
        [{"path": "x", "made": "/etc/passwd"}],
        "does not stay in the working directory",
    ),
    (("files",), ["../x"], "does not stay in the working directory"),
]


@pytest.fixture
def folder(toy):
    """A job that was written and not run."""
    return toy.written(toy.processor(toy.step("one", {"a": "true"}), toy.step("two", {"b": "true"}, ["one"])))


@pytest.mark.parametrize("text, words", FORGED)
def test_a_forged_job_is_named(folder, text, words):
    path = folder.path / "job.json"
    path.write_text(text)
    for act in (folder.job, lambda: Processor.open(folder.path)):
        with pytest.raises(InputError) as error:
            act()
        assert str(path) in str(error.value) and words in str(error.value)


@pytest.mark.parametrize("place, value, words", CHANGES)
def test_a_changed_job_is_named(folder, place, value, words):
    path = folder.path / "job.json"
    content = json.loads(path.read_text())
    inside = content
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as error:
        folder.job()
    assert str(path) in str(error.value) and words in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"status": "DONE"}', '{"status": "FAILED", "try": -1}', '{"status": 3}']
)
def test_a_damaged_state_is_a_failure_that_can_be_retried(folder, text):
    path = folder.state_path("one", "a")
    replace_text(path, text)
    processor = Processor.open(folder.path)
    failure = processor.refresh()["one"].failures[0]
    assert failure.id == "a" and str(path) in failure.message and "is damaged" in failure.message
    assert processor.retry(wait=True).work == {"one": ("a",), "two": ("b",)}
    assert processor.state().exit_status == 0


@pytest.mark.parametrize("line", ["{}", "[]", '{"number": "x"}', "no", "null"])
def test_a_damaged_line_of_the_submissions_is_named(folder, line):
    path = folder.path / "submissions.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(InputError, match="submissions.jsonl, line 1, is damaged"):
        Processor.open(folder.path).state()


def test_a_line_that_was_not_finished_does_not_count(folder):
    processor = Processor.open(folder.path)
    path = folder.path / "submissions.jsonl"
    path.write_text('{"number": 1, "time": "2026-01-')
    assert folder.submissions() == []
    processor.retry(wait=True)
    assert len(folder.submissions()) == 1 and processor.state().exit_status == 0


def test_links_are_not_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    state = folder.state_path("one", "a")
    state.parent.mkdir(parents=True)
    state.symlink_to(outside)
    assert "is damaged" in folder.state("one", "a").message
    state.unlink()
    state.with_name(".a.json.part").symlink_to(outside)
    with pytest.raises(WorkspaceError, match="is a link"):
        folder.write_state("one", "a", folder.state("one", "a"))
    (folder.path / "job.json").unlink()
    (folder.path / "job.json").symlink_to(outside)
    with pytest.raises(WorkspaceError, match="is a link"):
        folder.job()
    assert outside.read_text() == "theirs"


def test_pipes_and_folders_in_the_places_of_files(folder):
    (folder.path / "job.json").unlink()
    os.mkfifo(folder.path / "job.json")
    with pytest.raises((InputError, WorkspaceError), match="job.json"):
        folder.job()
    (folder.path / "job.json").unlink()
    (folder.path / "job.json").mkdir()
    with pytest.raises((InputError, WorkspaceError), match="job.json"):
        folder.job()


def test_process_numbers_of_others_are_not_touched(folder):
    """A recorded process that is another one now: it is not taken for ours, and gets no signal."""
    from stamps.frontends.jobs.living import here
    from stamps.frontends.jobs.submissions import Array, Submission

    ours = os.getpid()
    for born in ("0", "12345"):
        one = Submission(1, "2026-01-01T00:00:00.000Z", "submit", "local", here(), ours, born, (Array("one", ("a",)),))
        folder.add_submission(one)
    processor = Processor.open(folder.path)
    assert not processor.state().at_work and processor.cancel() == []


@pytest.mark.parametrize(
    "text", ["{}", "[]", "", '{"job": {}, "states": [], "submissions": []}', '{"job": {"format": 1}}']
)
def test_a_saved_job_that_is_none_is_named(tmp_path, text):
    path = tmp_path / "saved.json"
    path.write_text(text)
    for act in (lambda: load_job(path, tmp_path / "new"), lambda: saved_state(path)):
        with pytest.raises(StampsError, match="saved.json"):
            act()
    assert not (tmp_path / "new").exists()


def test_what_is_no_job_is_not_listed(tmp_path):
    (tmp_path / "jobs" / "empty").mkdir(parents=True)
    assert job_folders(tmp_path) == [] and not JobFolder(tmp_path / "jobs" / "empty").exists()

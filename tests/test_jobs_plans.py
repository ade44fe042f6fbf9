"""What a job is before it runs: dry runs, plans that are refused, jobs that are saved, loaded and prepared anew."""

import pytest

from helpers.toy_jobs import noting, runs, statuses
from stamps.errors import InputError, ParameterError
from stamps.frontends.processor import Processor


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

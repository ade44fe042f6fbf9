"""``Processor``: made from keywords and configurations, saved jobs opened again, what is unknown named with the nearest."""

from pathlib import Path

import pytest

from stamps.errors import InputError, ParameterError
from stamps.frontends import Processor, processor
from stamps.frontends.jobs.model import JobConfig
from stamps.frontends.jobs.store import JobFolder


@pytest.fixture
def toy(toy, monkeypatch):
    monkeypatch.setitem(processor._PROCESSORS, "Toy", ("toy", "toy_front_end", "ToyConfig"))
    monkeypatch.setitem(processor._ALIASES, "Toy2", "Toy")
    return toy


def test_what_is_there():
    assert {"ISCE_S1", "Snap_S1", "Snap_Stripmap"} <= {*Processor.available()}
    with pytest.raises(ParameterError, match="no processor 'Snap_S2': did you mean Snap_S1"):
        Processor.create("Snap_S2")
    with pytest.raises(ParameterError, match="no processor '12345': there are"):
        Processor.create("12345")


def test_keywords_win_over_a_configuration(toy):
    config = toy.module.ToyConfig(workdir=str(toy.workdir), max_workers=3, engine="slurm")
    made = Processor.create("Toy2", config=config, engine="local", name="mine")
    assert (made.config.max_workers, made.config.engine, config.engine) == (3, "local", "slurm")
    assert made.saved_job_path == toy.workdir / "jobs" / "mine"
    assert Processor.create("Toy", workdir=str(toy.workdir)).folder.name == "toy"
    with pytest.raises(ParameterError, match="Toy has no setting 'enginee': did you mean engine"):
        Processor.create("Toy", enginee="local")
    with pytest.raises(ParameterError, match="The settings are a JobConfig, but Toy takes a ToyConfig"):
        Processor.create("Toy", config=JobConfig())
    with pytest.raises(ParameterError, match="cannot be called so"):
        Processor.create("Toy", name="a/b")


def test_a_saved_job_goes_on(toy, tmp_path):
    first = toy.processor(toy.step("one", {"a": "true", "b": "exit 1"}), max_workers=2)
    first.submit()
    for path in (first.saved_job_path, first.saved_job_path / "job.json", first.save(tmp_path / "saved.json")):
        again = Processor.create("Toy", saved_job_path=str(path), skip_existing=False)
        assert again.refresh()["one"].done == 1 and again.config.steps == first.config.steps
        assert (again.config.max_workers, again.config.skip_existing) == (2, False)
        assert again.config.saved_job_path is None
        again.folder.job()
    opened = Processor.open(first.saved_job_path)
    assert opened.config == first.config and opened.submit().work == {}
    with pytest.raises(InputError, match="There is no job in"):
        Processor.open(tmp_path)


def test_a_job_of_another_front_end_is_not_taken(toy):
    first = toy.processor(toy.step("one", {"a": "true"}))
    first.submit()
    path = first.folder.path / "job.json"
    path.write_text(path.read_text().replace('"frontend": "toy"', '"frontend": "other"').replace("ToyConfig", "Other"))
    with pytest.raises(InputError, match="is a job of other, not of toy"):
        Processor.create("Toy", saved_job_path=str(first.saved_job_path))
    looked_at = Processor.open(first.saved_job_path)
    assert looked_at.state().exit_status == 0
    with pytest.raises(ParameterError, match="cannot be used here: submit with its own verb"):
        looked_at.submit()


def test_a_front_end_may_plan_anew_before_a_retry_of_the_whole_job(toy, monkeypatch):
    made = Processor.create("Toy", workdir=str(toy.workdir), steps=[toy.step("one", {"a": "false"})])
    made.submit(wait=True)
    told = []
    monkeypatch.setattr(toy.module, "before_retry", told.append, raising=False)
    made.retry(tasks=["a"], wait=True)
    made.retry(steps=["one"], wait=True)
    assert told == []
    made.retry(wait=True)
    assert told == [made]


def test_nothing_is_printed(toy, capfd):
    made = toy.processor(toy.step("one", {"a": "echo said"}))
    made.dry_run()
    made.submit(wait=True)
    made.retry()
    made.cancel()
    made.save()
    printed = capfd.readouterr()
    assert (
        all(line.startswith("JOBS: ") for line in printed.out.splitlines()) and printed.err == ""
    )  # the log, shown by tests


def test_folders_of_jobs_have_names_that_can_be():
    with pytest.raises(ValueError, match="cannot be a name"):
        JobFolder.of(Path("/tmp"), "../x")

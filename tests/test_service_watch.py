"""Stacks that are watched, with a toy front end: what arrives is ordered once, triggers fire once, nobody stops the others."""

import errno
import itertools
import json
import os

import pytest

from helpers.toy_service import ToyService
from stamps.cli.program import run
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.store import JobFolder
from stamps.service import state
from stamps.service.service_file import read_service
from stamps.service.watch import LOCK, pass_over, watch

A, B, C, D, E = "20200101", "20200113", "20200125", "20200206", "20200218"


@pytest.fixture
def service(tmp_path, monkeypatch):
    made = ToyService(tmp_path, monkeypatch)
    yield made
    made.toy.end()


@pytest.fixture(autouse=True)
def few_dates(monkeypatch):
    """Stacks begin with two images."""
    from stamps.service import stack_job

    monkeypatch.setattr(stack_job, "LEAST_DATES", 2)


# ---------------------------------------------------------------------- arrivals


def test_products_are_taken_when_they_have_not_changed_for_long(service):
    service.arrive(A, B, C)
    assert "just arrived" in str(service.look()) and service.tries() == {}
    assert "just arrived" in str(service.look(300)) and service.tries() == {}
    service.arrive(C, text="longer image")
    service.look(400)
    assert set(service.tries()) == {f"toy/process/{A}", f"toy/process/{B}", "toy/join/join"}  # C begins anew
    service.look(601)
    assert f"toy/process/{C}" in service.tries()


def test_a_date_waits_for_all_of_its_products(service):
    service.arrive(A, B, f"{C}a")
    service.look()
    service.arrive(f"{C}b")
    service.look()
    assert [*service.state().ordered] == [str(service.folder / "etna" / f"{name}.slc") for name in (A, B)]


def test_a_clock_that_was_put_back_makes_products_wait(service):
    service.arrive(A, B, C)
    service.look()
    service.look(-10_000)
    assert service.tries() == {}
    assert service.look(601) and service.tries()


def test_empty_files_are_no_products(service):
    service.arrive(A, B)
    (service.folder / "etna" / f"{C}.slc").touch()
    service.settle()
    assert f"toy/process/{C}" not in service.tries()


# ---------------------------------------------------------------------- triggers


def test_a_time_series_is_made_once_for_each_trigger(service):
    service.arrive(A, B)
    assert "waits for 3 images" in str(service.settle()) and service.runs() == []
    service.arrive(C)
    service.settle()
    assert service.runs() == [(C, 3, "done")] and service.latest() == f"psi/{C}"
    assert "nothing new" in str(service.settle()) and len(service.runs()) == 1
    service.arrive(D)
    service.settle()
    assert service.runs() == [(C, 3, "done"), (D, 4, "done")] and service.latest() == f"psi/{D}"
    tries = service.tries()
    assert tries.pop("toy/join/join") == 3 and {*tries.values()} == {1}  # two, three, four images
    state = json.loads((service.workdir() / "service.json").read_text())
    assert state["used"] == [A, B, C, D] and state["runs"][1]["results"] == [f"psi/{D}/products/csv.csv"]
    assert state["runs"][1]["settings"]["products"] == ["csv"] and state["runs"][1]["ended"]


def test_a_trigger_waits_for_enough_new_images_and_days(service):
    service.change(new_images=2, min_days=1.0)
    service.arrive(A, B, C)
    service.settle()
    service.arrive(D)
    assert "nothing new: 4 images" in str(service.settle())
    service.arrive(E)
    assert "is due in" in str(service.settle()) and len(service.runs()) == 1
    service.look(86_400)
    service.settle()
    assert service.runs() == [(C, 3, "done"), (E, 5, "done")]


def test_a_clock_that_was_ahead_holds_nothing_up(service):
    service.now += 3650 * 86_400
    service.arrive(A, B, C)
    service.settle()
    service.now -= 3650 * 86_400
    service.arrive(D)
    service.settle()
    assert service.runs() == [(C, 3, "done"), (D, 4, "done")]


def test_an_older_image_that_comes_late_gets_a_time_series_of_its_own(service):
    service.arrive(A, C, D)
    service.settle()
    service.arrive(B)
    service.settle()
    assert service.runs() == [(D, 3, "done"), (f"{D}-2", 4, "done")] and service.latest() == f"psi/{D}-2"


def test_folders_of_others_are_left_alone(service):
    (service.workdir() / f"psi/{C}").mkdir(parents=True)
    service.arrive(A, B, C)
    service.settle()
    assert service.runs() == [(f"{C}-2", 3, "done")] and not any((service.workdir() / f"psi/{C}").iterdir())


# ---------------------------------------------------------------------- troubles


def test_a_failed_job_is_tried_again_as_often_as_the_file_says(service):
    service.change(retries=2)
    service.arrive(A, B)
    service.arrive(C, text="bad")
    report = service.settle(8)
    assert f"process/{C}: Error: {C} is bad" in report.trouble and "stamps jobs status toy" in report.trouble
    assert service.tries()[f"toy/process/{C}"] == 3 and service.runs() == []
    service.arrive(C)  # delivered again
    service.settle()
    assert service.runs() == [(C, 3, "done")]


def test_a_failed_time_series_is_told_and_the_next_image_makes_another(service):
    service.psi_fails.touch()
    service.arrive(A, B, C)
    assert service.settle().trouble.startswith(f"The time series {C}:") and service.runs() == [(C, 3, "failed")]
    assert service.settle().trouble and service.tries()[f"psi_{C}/prepare/prepare"] == 1
    service.psi_fails.unlink()
    service.arrive(D)
    service.settle()
    assert service.runs() == [(C, 3, "failed"), (D, 4, "done")] and service.latest() == f"psi/{D}"


def test_a_failed_time_series_that_a_user_mends_counts(service):
    service.psi_fails.touch()
    service.arrive(A, B, C)
    service.settle()
    service.psi_fails.unlink()
    assert run("stamps", ["jobs", "retry", f"psi_{C}", "--workdir", str(service.workdir())]) == 0
    assert service.settle().trouble == "" and service.runs() == [(C, 3, "done")]


def test_a_cancelled_job_is_left_alone(service):
    service.arrive(A, B)
    service.settle()
    service.cancelled("toy", ("process", A))
    report = service.settle()
    assert "was cancelled: stamps jobs retry toy" in report.trouble and service.tries()[f"toy/process/{A}"] == 1


def test_what_was_interrupted_is_tried_again_whatever_the_file_says(service):
    service.arrive(A, B, C)
    service.settle()
    service.interrupted("toy", ("process", A))
    assert "is tried again (process/20200101: the process ended without a result)" in str(service.look())
    assert service.settle().trouble == "" and service.runs() == [(C, 3, "done")]
    service.arrive(D)
    service.look()
    service.look()
    service.look()
    service.interrupted(f"psi_{D}", ("run", "run"))
    assert service.settle().trouble == "" and service.runs()[1:] == [(D, 4, "done")]


def test_a_product_that_is_gone_is_named(service):
    service.arrive(A, B, C)
    service.settle()
    (service.folder / "etna" / f"{B}.slc").unlink()
    service.arrive(D)
    report = service.settle()
    assert f"{B}.slc" in report.trouble and "is gone" in report.trouble and service.runs() == [(C, 3, "done")]


def test_a_product_that_is_delivered_again_is_taken_again(service):
    service.arrive(A, B, C)
    service.settle()
    service.arrive(B, text="better image")
    assert f"{B}.slc, which the stack was made of, has changed" in str(service.look()) and service.look().trouble == ""
    service.settle()
    assert service.tries()[f"toy/process/{B}"] == 2 and service.tries()[f"toy/process/{A}"] == 1
    assert (service.workdir() / f"images/{B}").read_text() == f"better image {B}\n" and len(service.runs()) == 1


def test_a_stack_in_trouble_does_not_stop_the_others(tmp_path, monkeypatch):
    service = ToyService(tmp_path, monkeypatch, ("alban", "etna", "vulcano"))
    for name in service.names:
        service.arrive(A, B, C, name=name)
    service.look_at_all()
    (service.workdir("alban") / "service.json").write_text('{"format": 1, "runs": 3')
    (service.workdir("vulcano") / "latest").mkdir()
    for _ in range(5):
        reports = service.look_at_all()
    assert "alban/service.json cannot be read" in reports[0].trouble and "latest is no link" in reports[2].trouble
    assert reports[1].trouble == "" and service.runs("etna") == [(C, 3, "done")]
    assert (service.workdir("alban") / "service.json").read_text() == '{"format": 1, "runs": 3'


def test_a_source_that_is_not_mounted_does_not_stop_the_others(tmp_path, monkeypatch):
    service = ToyService(tmp_path, monkeypatch, ("etna", "vesuvius"))
    service.arrive(A, B, C, name="vesuvius")
    (tmp_path / "etna").rmdir()
    service.settle()
    assert service.runs("vesuvius") == [(C, 3, "done")]
    assert service.look().trouble == f"The source {tmp_path / 'etna'} is no folder: is it mounted?"
    service.toy.end()


def test_a_full_disk_loses_no_decision(service, monkeypatch):
    """Each write fails at first: what was noted, was handed over or is done, is taken up where it was."""
    count, real = itertools.count(), state.replace_text

    def full(path, text):
        if next(count) % 2 == 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, text)

    service.arrive(A, B, C)
    with monkeypatch.context() as patch:
        patch.setattr(state, "replace_text", full)
        found = service.look().trouble
        service.settle(10)
    service.settle()
    assert found == f"{service.workdir() / 'service.json'} cannot be read or written (No space left on device)."
    assert service.runs() == [(C, 3, "done")] and {*service.tries().values()} == {1}


def test_passes_at_the_same_time_order_once(service):
    service.arrive(A, B, C)
    for _ in range(5):
        service.now += 900
        children = []
        for _ in range(5):
            child = os.fork()
            if not child:
                try:
                    pass_over(read_service(service.file), service.now)
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
    service.settle()
    assert service.runs() == [(C, 3, "done")] and {*service.tries().values()} == {1}


def test_an_unexpected_error_is_told_of_its_stack(service, monkeypatch):
    from stamps.service import watch as module

    monkeypatch.setattr(module, "look", lambda *_: 1 / 0)
    assert service.look().trouble


def test_two_passes_at_once_do_not_meet(service):
    service.arrive(A, B, C)
    service.look()
    with held(service.workdir() / LOCK):
        assert "somebody else works on it" in str(service.look()) and service.tries() == {}


def test_a_watch_says_what_is_new_and_reads_its_file_again(service):
    service.arrive(A, B, C)
    said, pauses = [], []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            service.file.write_text("nonsense = 1\n")
        if len(pauses) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(service.file, show=lambda report: said.append(str(report)), sleep=sleep)
    assert pauses == [600.0] * 5
    assert len(said) == 2 and "just arrived" in said[0] and "nonsense" in said[1]


def test_once_returns_whether_something_is_in_trouble(service, capsys):
    assert run("stamps", ["service", "watch", str(service.file), "--once"]) == 0
    service.workdir().joinpath("service.json").write_text("{}")
    assert run("stamps", ["service", "watch", str(service.file), "--once"]) == 1
    assert "service.json cannot be read" in capsys.readouterr().out


def test_jobs_of_the_shell_are_those_of_the_watch(service, capsys):
    service.arrive(A, B, C)
    service.settle()
    assert run("stamps", ["jobs", "--workdir", str(service.workdir())]) == 0
    said = capsys.readouterr().out
    assert "toy" in said and f"psi_{C}" in said and said.count("succeeded") == 2
    assert JobFolder(service.workdir() / "jobs" / f"psi_{C}").exists()

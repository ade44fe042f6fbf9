"""Orders to HyP3 that failed, expired, or come from elsewhere; where credentials go."""

import json

import pytest

from helpers.hyp3_orders import TOKEN, Orders, days
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.frontends import Processor
from stamps.frontends.hyp3_jobs import ordering
from stamps.frontends.jobs import engines
from stamps.frontends.jobs.model import Status
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.standing import standing
from stamps.frontends.jobs.store import JobFolder


@pytest.fixture
def orders(tmp_path, monkeypatch):
    pytest.importorskip("hyp3_sdk")
    made = Orders(tmp_path, monkeypatch)
    with made.server:
        yield made


def statuses(processor, step="process"):
    return [task.status for task in processor.state().steps[step].tasks]


def no_secret(folder):
    return not any(TOKEN.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


# ---------------------------------------------------------------------- failed, expired, again


def test_what_failed_is_ordered_again_as_hyp3_had_it(orders):
    first, second, third = days(3)
    orders.server.outcomes[f"ifg_{first}_{second}"] = "FAILED"
    job = orders.made(2)
    job.submit()
    state = job.watch(0.01)
    assert state.exit_status == 1 and "its log: http" in state.steps["process"].failures[0].message
    assert state.steps["download"].done == 1
    orders.server.outcomes.clear()
    with pytest.raises(ParameterError, match="paid for again"):
        job.retry(all=True)
    assert len(job.retry().work["process"]) == 1
    sent = orders.server.job(f"ifg_{first}_{second}")
    assert sent["bucket_prefix"] and sent["job_parameters"]["new_setting"] == "usual"  # for_resubmit keeps all of it
    assert job.watch(0.01).exit_status == 0
    assert orders.paid() == sorted([f"ifg_{first}_{second}"] * 2 + [f"ifg_{second}_{third}"])
    assert job.retry().work == {} and len(orders.paid()) == 3


def test_killed_in_a_retry_it_is_not_paid_for_again(orders, monkeypatch):
    first, second = days(2)
    orders.server.outcomes[f"ifg_{first}_{second}"] = "FAILED"
    job = orders.made(1)
    job.submit()
    job.watch(0.01)
    monkeypatch.setattr(ordering.Ordering, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        job.retry()
    monkeypatch.undo()
    monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)
    orders.server.outcomes.clear()
    assert "1 pairs were there already" in str(job.retry()) and len(orders.paid()) == 2


def test_what_has_expired_is_said_and_ordered_again(orders):
    job = orders.made(2)
    job.submit()
    orders.server.finish(expires=-1)
    state = job.state()
    assert "expired on 20" in state.steps["process"].tasks[0].message and state.exit_status == 1
    assert job.download().fetched == []
    assert standing(job.folder).exit_status == 1
    assert len(job.retry(tasks=[state.steps["process"].tasks[0].id]).work["process"]) == 1
    assert len(job.retry().work["process"]) == 1 and len(orders.paid()) == 4
    orders.server.finish()
    assert job.watch(0.01).exit_status == 0


def test_expiry_after_the_download_does_not_matter(orders):
    job = orders.made(1)
    job.submit()
    job.watch(0.01)
    place = job.folder.path / "state/process/20200103_20200115.json"
    place.write_text(place.read_text().replace('"expires": "20', '"expires": "19'))
    assert job.state().exit_status == 0 and job.retry().work == {} and len(orders.paid()) == 1


def test_a_job_that_hyp3_has_forgotten(orders):
    job = orders.made(1)
    job.submit()
    orders.server.jobs.clear()
    assert "does not know the job" in job.state().steps["process"].failures[0].message
    assert len(job.retry().work["process"]) == 1


def test_it_cannot_be_cancelled(orders):
    job = orders.made(2)
    job.submit()
    with pytest.raises(InputError, match="HyP3 cannot cancel: 2 pairs go on there and stay paid for"):
        job.cancel()
    orders.server.finish()
    job.state()
    assert job.cancel() == []


def test_engines_and_resources_are_refused(orders):
    job = orders.made(1)
    for keywords in ({"engine": "slurm"}, {"scheduler": "tcp://x:1"}, {"cluster": "slurm"}):
        with pytest.raises(ParameterError, match="own machines"):
            job.retry(**keywords)
    with pytest.raises(ParameterError, match="no resources"):
        job.retry(changes={"minutes": 3})
    job.submit()
    with pytest.raises(ParameterError, match="no task '20200103_20200116': did you mean 20200103_20200115"):
        job.retry(tasks=["20200103_20200116"])
    with pytest.raises(ParameterError, match="no step 'proces': did you mean process"):
        job.retry(steps=["proces"])


# ---------------------------------------------------------------------- where credentials go


def test_a_job_from_elsewhere_cannot_send_credentials_anywhere(orders):
    job = orders.made(1)
    job.submit()
    place = job.folder.path / "job.json"
    place.write_text(place.read_text().replace(orders.server.url, "https://evil.example"))
    text = json.loads(place.read_text())
    text["config"] |= {"credentials_url": "https://evil.example", "earthdata_credentials_pool": {"eve": "x"}}
    place.write_text(json.dumps(text))
    opened = Processor.open(job.saved_job_path)
    assert opened.config.credentials_url is None and opened.config.earthdata_credentials_pool is None
    assert "not one of ASF" in opened.state().notes[0]
    with pytest.raises(InputError, match="not one of ASF"):
        opened.retry()
    opened.config.credentials_url = orders.server.url
    assert opened.state().notes == ()


def test_a_dry_run_writes_and_orders_nothing(orders):
    job = orders.made(3)
    text = str(job.dry_run())
    assert "3 of 3 pairs would be ordered." in text and "Cost: 30 credits." in text and "alice has 1000 credits" in text
    assert not (orders.folder / "jobs").exists() and orders.paid() == []
    orders.server.credits["alice"] = 5
    assert "do not suffice for all" in str(job.dry_run())
    orders.server.credits["alice"] = None
    orders.made(1, name="x").submit()
    assert "1 pairs are there already at HyP3" in str(job.dry_run()) and len(orders.paid()) == 1
    orders.server.users = {}
    assert job.dry_run().exit_status == 1


def test_other_front_ends_cannot_use_the_service(tmp_path):
    with pytest.raises(ParameterError, match=r"that is a service, with a verb of its own \(stamps hyp3\)"):
        engines.check(Order(0, "submit", "hyp3"), JobFolder.of(tmp_path, "snap"))
    with pytest.raises(ParameterError, match="give local, dask, slurm"):
        engines.check(Order(0, "submit", "elsewhere"), JobFolder.of(tmp_path, "snap"))


def test_an_answer_that_lacks_a_pair_or_tells_it_otherwise(orders):
    real = orders.server.submit

    def submit(user, wanted):
        status, answer = real(user, wanted)
        for job in answer["jobs"]:
            job["job_parameters"] = {"told": "otherwise"}
        return status, {"jobs": answer["jobs"][1:]}

    orders.server.submit = submit
    job = orders.made(3)
    done = job.submit()
    assert done.exit_status == 1 and "has not said what became of this order" in str(done)
    assert "1 pairs were there already" in str(job.submit()) and len(orders.paid()) == 3


def test_two_commands_do_not_order_at_once(orders):
    job = orders.made(2)
    job.submit()
    with job.folder.lock():
        with pytest.raises(WorkspaceError, match="by another command"):
            orders.made(3).submit()
        state = job.state()
        assert "was not written" in state.notes[0] and state.steps["process"].status is Status.PENDING
    assert len(orders.paid()) == 2


def test_too_many_for_one_request(orders):
    real = orders.server.submit

    def submit(user, wanted):
        return (400, {"detail": "must NOT have more than 2 items"}) if len(wanted) > 2 else real(user, wanted)

    orders.server.submit = submit
    assert orders.made(7).submit().exit_status == 0 and len({*orders.paid()}) == len(orders.paid()) == 7


def test_what_is_refused_without_a_reason_is_not_asked_for_ever(orders):
    orders.server.submit = lambda user, wanted: (400, {"message": "no"})
    done = orders.made(40).submit()
    posts = [path for method, path, _ in orders.server.requests if method == "POST"]
    assert done.exit_status == 1 and len(posts) < 30 and orders.paid() == []


def test_a_job_of_another_front_end_is_left_alone(orders):
    job = orders.made(1)
    job.submit()
    place = job.folder.path / "job.json"
    place.write_text(place.read_text().replace('"frontend": "hyp3"', '"frontend": "snap"'))
    with pytest.raises(InputError, match="is one of snap, not of hyp3"):
        orders.made(2).submit()


def test_times_without_a_zone_are_utc(orders):
    job = orders.made(1)
    job.submit()
    orders.server.finish()
    (there,) = orders.server.jobs.values()
    there["expiration_time"] = "2999-01-01T00:00:00"
    assert "would not be paid for again" in str(orders.made(1, name="x").dry_run())
    assert job.watch(0.01).exit_status == 0
    there["expiration_time"] = "1999-01-01T00:00:00"
    assert "1 of 1 pairs would be ordered" in str(orders.made(1, name="x").dry_run())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("submission_chunk_size", 0),
        ("submission_chunk_size", "x"),
        ("max_workers", "x"),
        ("max_workers", -1),
        ("pairs", 5),
    ],
)
def test_settings_of_a_job_from_elsewhere(orders, setting, value):
    job = orders.made(2)
    orders.server.credits["alice"] = 10
    job.submit()
    place = job.folder.path / "job.json"
    text = json.loads(place.read_text())
    text["config"][setting] = value
    place.write_text(json.dumps(text))
    orders.server.credits["alice"] = 10
    opened = Processor.open(job.saved_job_path)
    assert opened.retry().exit_status == 0 and opened.watch(0.01).exit_status == 0


@pytest.mark.parametrize("value", [None, 5, "", "https://[::1", "https://evil.example"])
def test_addresses_of_a_job_from_elsewhere(orders, value):
    job = orders.made(1)
    job.submit()
    place = job.folder.path / "job.json"
    text = json.loads(place.read_text())
    text["config"]["api_url"] = value
    place.write_text(json.dumps(text))
    assert "not one of ASF" in Processor.open(job.saved_job_path).state().notes[0]


def test_orders_that_are_none(orders):
    job = orders.made(1)
    job.submit()
    place = job.folder.path / "job.json"
    text = json.loads(place.read_text())
    for argv in (["hyp3", "order", "{"], ["rm", "-rf"], ["hyp3", "order", "[]"]):
        text["steps"][0]["tasks"][0]["argv"] = argv
        place.write_text(json.dumps(text))
        (job.folder.path / "state/process/20200103_20200115.json").unlink(missing_ok=True)
        with pytest.raises(InputError, match="is no order to HyP3"):
            Processor.open(job.saved_job_path).retry()

"""Orders to HyP3: states, credits, duplicates, bad days of the service, crashes; no pair is paid for twice."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.hyp3_orders import TOKEN, Orders, burst, days, scene
from stamps.errors import InputError
from stamps.frontends import Processor
from stamps.frontends.hyp3_jobs import ordering
from stamps.frontends.hyp3_jobs.costs import cost_of, price_list
from stamps.frontends.jobs.model import Status


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


# ---------------------------------------------------------------------- the way of an order


def test_from_order_to_products(orders):
    job = orders.made(4)
    done = job.submit()
    assert (done.exit_status, len(done.work["process"]), orders.server.credits["alice"]) == (0, 4, 960)
    first, second = job.state(), job.state()
    assert [task.status for task in first.steps["process"].tasks] == [Status.PENDING] * 4
    assert second.steps["process"].status is Status.RUNNING and second.at_work and second.exit_status == 3
    state = job.watch(0.01)
    assert state.exit_status == 0 and not state.at_work
    folders = sorted(path.name for path in (orders.folder / "hyp3").iterdir())
    assert len(folders) == 4 and all(name.startswith("S1AA_ifg_2020") for name in folders)
    assert no_secret(orders.folder) and '"user": "alice"' in json.dumps(
        json.loads((job.folder.path / "state/process/20200103_20200115.json").read_text())
    )
    assert job.submit().work == {} and len(orders.paid()) == 4


def test_the_older_granule_comes_first_and_names_say_the_dates(orders):
    first, second = days(2)
    job = orders.made([[scene(second), scene(first)]], name_prefix="etna")
    job.submit()
    (made,) = orders.server.jobs.values()
    assert made["name"] == f"etna_{first}_{second}"
    order = json.loads(job.folder.job().steps[0].tasks[0].argv[2])
    assert order["job_parameters"]["granules"] == [scene(first), scene(second)]
    assert order["job_parameters"]["include_dem"] and order["job_parameters"]["include_look_vectors"]


def test_bursts(orders):
    first, second = days(2)
    sides = [[burst(day, number) for number in ("093118", "093117")] for day in (second, first)]
    orders.made([sides], "Hyp3_Burst").submit()
    (made,) = orders.server.jobs.values()
    assert made["job_type"] == "INSAR_ISCE_MULTI_BURST" and made["credit_cost"] == 1
    assert made["job_parameters"]["reference"] == [burst(first, number) for number in ("093117", "093118")]
    single = orders.made([[burst(first), burst(second)]], "Hyp3_Burst", single_burst=True, name="one")
    single.submit()
    assert [job["job_type"] for job in orders.server.jobs.values()][-1] == "INSAR_ISCE_BURST"


def test_more_pairs_are_added_and_none_is_ordered_again(orders):
    orders.made(2).submit()
    job = orders.made(5)
    assert len(job.submit().work["process"]) == 3 and len(orders.paid()) == len({*orders.paid()}) == 5
    few = orders.made(1)
    assert few.submit().work == {} and few.state().steps["process"].total == 5
    with pytest.raises(InputError, match="was ordered with looks 20x4, now it is 10x2"):
        orders.made(5, looks="10x2").submit()
    assert len(orders.paid()) == 5


def test_what_hyp3_has_is_taken_over_whatever_its_name(orders):
    orders.made(4, name="before", name_prefix="other").submit()
    orders.server.outcomes[f"other_{days(2)[0]}_{days(2)[1]}"] = "FAILED"
    orders.server.finish()
    done = orders.made(4).submit()
    assert "3 pairs were there already" in str(done) and len(done.work["process"]) == 1
    assert len(orders.paid()) == 5


def test_others_jobs_expired_ones_and_other_settings_are_not_taken_over(orders):
    orders.server.users["token-of-bob"], orders.server.credits["bob"] = "bob", None
    for name, token, looks in (("a", "token-of-bob", "20x4"), ("b", TOKEN, "10x2")):
        os.environ["EARTHDATA_TOKEN"] = token
        orders.made(1, name=name, looks=looks).submit()
    orders.made(1, name="c").submit()
    orders.server.finish(expires=-1)
    assert len(orders.made(1, name="d").submit().work["process"]) == 1 and len(orders.paid()) == 4


# ---------------------------------------------------------------------- credits


def test_what_cannot_be_paid_waits(orders):
    orders.server.credits["alice"] = 25
    done = orders.made(4).submit()
    assert done.exit_status == 1 and len(done.work["process"]) == 2 and "25 credits" in str(done)
    job = Processor.open(orders.folder / "jobs" / "hyp3")
    state = job.state()
    assert [bool(task.engine_id) for task in state.steps["process"].tasks] == [True, True, False, False]
    assert state.exit_status == 3 and not state.steps["process"].failures
    assert "do not suffice" in state.steps["process"].tasks[3].message
    assert "2 pairs of the job are not ordered yet" in str(job.credits())
    orders.server.credits["alice"] = 100
    assert len(orders.made(4).submit().work["process"]) == 2 and len({*orders.paid()}) == len(orders.paid()) == 4


def test_a_pool_pays_in_its_order(orders, tmp_path):
    tokens = {"alice": "aa.aa.aa", "bob": "bb.bb.bb", "carol": "cc.cc.cc"}
    orders.server.users = {token: user for user, token in tokens.items()}
    orders.server.credits = {"alice": 15, "bob": 0, "carol": None}
    del os.environ["EARTHDATA_TOKEN"]
    job = orders.made(3, earthdata_credentials_pool=tokens)
    assert "'aa.aa" not in repr(job.config)
    assert job.submit().exit_status == 0
    assert [user for user, _ in orders.server.paid] == ["alice", "carol", "carol"]
    opened = Processor.open(job.saved_job_path)
    assert "was not asked" in opened.state().notes[0] and "EARTHDATA_TOKEN" in opened.state().notes[0]
    pool = tmp_path / "pool"
    pool.write_text("# lent for this work\nalice:zz.zz.zz\ncarol:cc.cc.cc\n")
    pool.chmod(0o600)
    opened.config.earthdata_credentials_pool = str(pool)
    assert opened.state().notes == () and not any(b".cc.cc" in p.read_bytes() for p in job.folder.path.rglob("*.json*"))
    found = opened.credits()
    assert found.left == {"carol": None} and "alice" in found.refused[0] and "zz.zz" not in str(found)


def test_credits_that_are_less_than_was_said(orders):
    job = orders.made(5)
    orders.server.credits["alice"] = 30
    orders.server.fail("GET", "/costs", 200, 9, body={})  # tells nothing, so all are tried
    done = job.submit()
    assert done.exit_status == 1 and len(done.work["process"]) == 3 and "does not tell what" in str(done)
    assert len(orders.paid()) == 3


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({"INSAR_GAMMA": {"cost_parameters": ["looks"], "cost_table": {"20x4": 10.0}}}, 10),
        ({"INSAR_GAMMA": {"cost": 1.0}}, 1),
        ({"INSAR_GAMMA": 2}, 2),
        ([{"job_type": "INSAR_GAMMA", "cost": 3}], 3),
        ({"INSAR_GAMMA": {"cost_parameters": ["looks", "granules"], "cost_table": {"20x4": {"2": 4}}}}, 4),
        ({"INSAR_GAMMA": {"cost_parameters": ["looks"], "cost_table": {"10x2": 10.0}}}, None),
        ({"INSAR_GAMMA": {"cost_parameters": "looks", "cost_table": 3}}, None),
        ({"INSAR_GAMMA": {"cost": "many"}}, None),
        ({"INSAR_GAMMA": {"cost": float("nan")}}, None),
        ({"INSAR_GAMMA": {"cost": -1}}, None),
        ({}, None),
        (None, None),
        ("costs", None),
    ],
)
def test_all_shapes_of_costs(costs, expected):
    order = {"job_type": "INSAR_GAMMA", "job_parameters": {"looks": "20x4", "granules": ["a", "b"]}}
    assert cost_of(costs, order) == expected
    assert isinstance(price_list(costs, "INSAR_GAMMA"), str)


# ---------------------------------------------------------------------- bad days


@pytest.mark.parametrize("status", [429, 503, 500, 504, 408, 0])
@pytest.mark.parametrize("after", [False, True])
def test_a_request_that_fails_is_not_paid_for_twice(orders, status, after):
    orders.server.fail("POST", "/jobs", status, after=after)
    done = orders.made(5, submission_chunk_size=2).submit()
    assert done.exit_status == 0 and len({*orders.paid()}) == len(orders.paid()) == 5


def test_jobs_that_are_told_late_are_waited_for(orders):
    orders.server.lag = 0.15
    orders.server.fail("POST", "/jobs", 504, after=True)
    assert orders.made(3).submit().exit_status == 0 and len(orders.paid()) == 3


def test_a_service_that_is_down_orders_nothing_and_says_so(orders):
    orders.server.fail("POST", "/jobs", 503, 99)
    job = orders.made(3)
    done = job.submit()
    assert done.exit_status == 1 and "HTTP 503" in str(done) and orders.paid() == []
    assert "HTTP 503" in job.state().steps["process"].tasks[0].message
    orders.server.faults.clear()
    assert job.submit().exit_status == 0 and len(orders.paid()) == 3


def test_not_to_be_asked_is_no_reason_to_order(orders):
    orders.server.fail("POST", "/jobs", 504, 1, after=True)
    orders.server.on_post = lambda: orders.server.fail("GET", "/jobs", 502, 999)
    tokens = {"alice": "aa.aa.aa", "bob": "bb.bb.bb"}
    orders.server.users = {token: user for user, token in tokens.items()}
    orders.server.credits = {"alice": None, "bob": None}
    job = orders.made(3, earthdata_credentials_pool=tokens)
    assert job.submit().exit_status == 1 and len(orders.paid()) == 3
    with pytest.raises(InputError, match="HTTP 502"):
        job.submit()
    orders.server.faults.clear()
    assert job.submit().exit_status == 0 and len(orders.paid()) == 3


def test_a_look_that_fails_leaves_things_as_they_were(orders):
    job = orders.made(2)
    job.submit()
    orders.server.fail("GET", "/jobs/", 503, 3)
    assert job.state().notes == ()  # asked again
    orders.server.fail("GET", "/jobs/", 429, 999)
    state = job.state()
    assert "2 pairs stand as they stood at last: HyP3 does not answer now (HTTP 429)" in state.notes[0]
    assert state.at_work and state.exit_status == 3
    orders.server.faults.clear()
    orders.server.fail("GET", "/jobs/", 200, 1, body={"message": "hello"})
    assert "cannot be understood" in job.state().notes[0]


def test_credentials_that_are_refused(orders, monkeypatch):
    monkeypatch.setenv("EARTHDATA_TOKEN", "expired")
    with pytest.raises(InputError, match=r"refuses EARTHDATA_TOKEN \(401: No authorization token provided\)"):
        orders.made(2).submit()
    assert orders.paid() == []


def test_granules_that_hyp3_does_not_know(orders):
    third = days(4)[3]
    orders.server.unknown_granules = {scene(third)}
    job = orders.made(6)
    done = job.submit()
    assert done.exit_status == 1 and "2 pairs are refused: HyP3 refuses (400): Some requested scenes" in str(done)
    assert len(orders.paid()) == 4
    assert [status is Status.FAILED for status in statuses(job)] == [False, False, True, True, False, False]
    orders.server.unknown_granules = set()
    assert "failed before" in str(job.submit())
    assert job.retry().exit_status == 0 and len({*orders.paid()}) == len(orders.paid()) == 6


# ---------------------------------------------------------------------- crashes

_CRASH = """
import os, sys
from stamps.frontends.hyp3_jobs import ordering, states
from stamps.frontends import Processor
real, count = states.note_job, [0]
def note(*arguments, **keywords):
    count[0] += 1
    if count[0] > int(sys.argv[3]):
        os.kill(os.getpid(), 9)
    return real(*arguments, **keywords)
states.note_job = note
import json
Processor.create("Hyp3_S1", workdir=sys.argv[1], api_url=sys.argv[2], pairs=json.loads(sys.argv[4]),
                 submission_chunk_size=2).submit()
"""


@pytest.mark.parametrize("written", [0, 2, 3])
@pytest.mark.parametrize("lag", [0.0, 0.15])
def test_killed_between_a_request_and_its_states(orders, written, lag, monkeypatch):
    command = [sys.executable, "-c", _CRASH, str(orders.folder), orders.server.url, str(written)]
    killed = subprocess.run([*command, json.dumps(orders.pairs(5))], capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(orders.paid()) == 2 * (written // 2 + 1)
    orders.server.lag = lag
    for job in orders.server.jobs.values():
        job["born"] = time.monotonic()
    if lag:  # it is waited for as long as HyP3 may be silent about what it was asked
        monkeypatch.setattr(ordering.states, "settled_in", lambda state, _: 0.3 if "asked" in state.facts else 0.0)
    again = orders.made(5, submission_chunk_size=2)
    assert again.submit().exit_status == 0
    assert len({*orders.paid()}) == len(orders.paid()) == 5
    assert all(task.engine_id for task in again.state().steps["process"].tasks)


def test_a_state_that_is_lost_or_damaged(orders):
    job = orders.made(3)
    job.submit()
    places = sorted((job.folder.path / "state/process").iterdir())
    places[0].unlink()
    places[1].write_text("{")
    assert "1 pairs were there already" in str(job.submit())
    assert "1 pairs were there already" in str(job.retry()) and len(orders.paid()) == 3


def test_a_saved_job_goes_on_elsewhere(orders, tmp_path):
    job = orders.made(2)
    job.submit()
    file = job.save(tmp_path / "saved.json")
    assert TOKEN not in file.read_text()
    again = Processor.create("Hyp3_InSAR", saved_job_path=str(file), workdir=str(tmp_path / "there"))
    assert again.watch(0.01).exit_status == 0 and len(orders.paid()) == 2

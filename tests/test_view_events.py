"""Events of the time series, the reference date and the kinds of scatterers of a page."""

import datetime
import json
import re

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.viewed_project import made_content
from stamps.cli import program as cli
from stamps.errors import InputError, ParameterError
from stamps.products.model import model
from stamps.products.quantities import Project
from stamps.products.quantity_styles import KIND_COLOURS
from stamps.products.reference_choice import OWN
from stamps.products.series_models.fitted import KINDS
from stamps.products.view import view
from stamps.products.view.events import Event, events_of
from stamps.products.view.model_layers import model_layers
from stamps.products.view.page import html_of

DATES = [datetime.date(2018, 1, 1), datetime.date(2018, 7, 1), datetime.date(2019, 12, 31)]


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    return finished.single_master(tmp_path_factory.mktemp("single"), n_ps=20)


def facts_of(text):
    return json.loads(re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S).group(1))


def test_what_an_event_may_be():
    given = [
        "2019-07-06=earthquake = big",
        20180601,
        (np.datetime64("2019-01-02"), " flood "),
        datetime.date(2018, 1, 1),
    ]
    assert events_of(given, DATES) == [
        Event(datetime.date(2018, 1, 1)),
        Event(datetime.date(2018, 6, 1)),
        Event(datetime.date(2019, 1, 2), "flood"),
        Event(datetime.date(2019, 7, 6), "earthquake = big"),
    ]
    assert events_of("20191231", DATES) == [Event(DATES[-1])] and events_of((), DATES) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["2017-12-31"], "The event 2017-12-31 lies outside of the series, which is of 2018-01-01 to 2019-12-31"),
        (["2020-01-01=late"], "The event 2020-01-01 lies outside"),
        (["20180301", ("2018-03-01", "again")], "Two events are given for 2018-03-01"),
        (["yesterday=x"], "event is 'yesterday', but a date such as 20180601"),
        (["=name"], "event is '', but a date"),
        (["2018-02-30"], "but a date such as"),
        ([("2018-03-01", "a", "b")], "but a date and a name were expected"),
        ([None], "but a date such as"),
        ([float("nan")], "but a date such as"),
    ],
)
def test_what_is_none_is_said(given, message):
    with pytest.raises(InputError, match=re.escape(message)):
        events_of(given, DATES)


def test_the_page_holds_events_and_the_reference_date(ws, tmp_path):
    page = view(ws, tmp_path / "p.html", n_boot=9, events=["2018-02-01=</script>"], reference_date="20180302")
    facts = facts_of(page.read_text(encoding="utf-8"))
    assert facts["events"] == [{"date": "2018-02-01", "label": "</script>"}]
    assert facts["reference_date"] == "2018-03-02" and facts["master"] == "2018-02-06"


def test_command(ws, tmp_path, capsys):
    out = tmp_path / "page.html"
    common = ["view", "--workdir", str(ws.path), "--out", str(out), "--n-boot", "9"]
    assert cli.run("stamps", [*common, "--event", "2018-03-01=quake", "--event", "20180201"]) == 0
    labels = [(event["date"], event["label"]) for event in facts_of(out.read_text(encoding="utf-8"))["events"]]
    assert labels == [("2018-02-01", ""), ("2018-03-01", "quake")]
    out.unlink()
    assert cli.run("stamps", [*common, "--event", "2020-03-01"]) == 1
    assert capsys.readouterr().err == (
        "stamps view: The event 2020-03-01 lies outside of the series, which is of 2018-01-01 to 2018-04-07: "
        "give a date in between.\n"
    )
    assert not out.exists()


def test_kinds_of_motion_are_those_of_stamps_model(ws, tmp_path, capsys):
    """The finished project has too few dates; a longer one has them."""
    with pytest.raises(ParameterError, match="Kinds of motion can be told from 11 dates on; there are 9"):
        view(ws, tmp_path / "p.html", model="classify")
    longer = finished.single_master(tmp_path / "longer", n_ps=25, n_ifg=24, master_ix=7)
    (motion,) = [one for one in model_layers(Project.at(longer), "v-d", "classify", OWN) if one.name == "model_ts_type"]
    expected = model(workdir=longer, classify=True).column("ts_type")
    np.testing.assert_array_equal(motion.values, expected)
    out = tmp_path / "page.html"
    assert (
        cli.run(
            "stamps", ["view", "--workdir", str(longer.path), "--out", str(out), "--n-boot", "9", "--model", "classify"]
        )
        == 0
    )
    shown = {layer["name"]: layer for layer in facts_of(out.read_text(encoding="utf-8"))["layers"]}["model_ts_type"]
    assert shown["categories"] == list(KINDS) and shown["colours"] == list(KIND_COLOURS[: len(KINDS)])


def test_kinds_have_names_and_two_colours():
    rng = np.random.default_rng(0)
    content = made_content(rng.random((4, 2)), rng.random((4, 6)), np.arange(1.0, 7) * 12, is_ds=np.array([0, 1, 1, 0]))
    layers = {layer["name"]: layer for layer in facts_of(html_of(content, [], "few"))["layers"]}
    assert layers["kind"]["categories"] == ["persistent", "distributed"] and len(layers["kind"]["colours"]) == 2
    assert layers["velocity"]["categories"] is None

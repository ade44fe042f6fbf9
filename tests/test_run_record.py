"""The tables of parameters and files name what the steps use: a run is continued only where nothing of it has changed."""

import re

import pytest

from stamps import stamps
from stamps.run import grounds, run_record
from stamps.run.request import Request
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

#: Parameters that do not decide on results.
_INDIFFERENT = {"n_cores"}


@pytest.mark.parametrize(
    ("set_name", "step"),
    [("ps_mini", 2), ("ps_mini", 3), ("ps_mini", 6), ("ps_mini", 7), ("sb_mini", 4), ("sb_mini", 6), ("sb_mini", 7)],
)
def test_every_parameter_that_a_step_asks_for_is_watched(golden_state, monkeypatch, set_name, step):
    workdir, asked, real = golden_state(set_name, step - 1), set(), Parameters.lookup

    def lookup(self, name):
        value, full_name = real(self, name)
        asked.add(full_name)
        return value, full_name

    monkeypatch.setenv("STAMPS_CORES", "1")
    monkeypatch.setattr(Parameters, "lookup", lookup)
    monkeypatch.setattr(grounds, "_values", lambda ws, names: {})  # asks for all
    settings = {
        "insar_processor",
        "quick_est_gamma_flag",
        "select_reest_gamma_flag",
        "scn_kriging_flag",
    }  # of the driver
    stamps(step, step, workdir=workdir)
    assert asked - {""} - settings - _INDIFFERENT <= set(grounds.parameters_of((step,)))


def test_parameters_of_the_driver_belong_to_its_steps():
    assert "scn_kriging_flag" in grounds.parameters_of((8,))
    assert "scn_kriging_flag" not in grounds.parameters_of((1, 2, 3, 4, 5, 6, 7))
    assert "insar_processor" in grounds.parameters_of((1,))
    assert "n_cores" not in grounds.parameters_of(tuple(range(1, 9)))


def test_a_record_is_read_as_it_was_written(tmp_path):
    ws = Workspace(tmp_path)
    record = run_record.RunRecord.new(ws, Request(1, 8), ["PATCH_1"])
    (tmp_path / "PATCH_1").mkdir()
    record.write(ws)
    assert run_record.records(ws) == [record]
    assert re.fullmatch(r"[0-9a-f]{12}", record.id)
    record.end(ws)
    assert not list(tmp_path.glob(".stamps*")) and run_record.records(ws) == []

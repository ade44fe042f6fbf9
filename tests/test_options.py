"""Every option has an effect, and the right one: a case for each (``option_cases``).

With ``STAMPS_MUTANTS=1`` every case runs under each of its mutants instead and is expected to fail:
``tests/tools/run_mutants.py`` does that and judges.
"""

import os

import pytest

from option_cases import CASES, ELSEWHERE
from option_cases.lab import Lab
from stamps.workspace.parameters import table

if os.environ.get("STAMPS_MUTANTS"):
    _RUNS = [(case, k) for case in CASES for k in range(len(case.mutants))]
else:
    _RUNS = [(case, None) for case in CASES]


def _marks(run):
    """Without a mutant, a variant of ``ps_mini`` is held by ``test_golden_steps.py``, which compares all of its files."""
    case, number = run
    return [pytest.mark.exhaustive] if number is None and case.name.startswith("golden ps_mini ") else []


def _id(run):
    case, number = run
    return case.name if number is None else f"{case.name}#{number}"


@pytest.mark.parametrize("run", [pytest.param(run, id=_id(run), marks=_marks(run)) for run in _RUNS])
def test_option(run, tmp_path, golden_state, golden_dir):
    case, number = run
    folder = tmp_path / "case"
    folder.mkdir()
    case.check(Lab(folder, golden_state, golden_dir, None if number is None else case.mutants[number]))


def test_every_parameter_has_a_case():
    held = {mutant.option for case in CASES for mutant in case.mutants if mutant.kind == "ignored"}
    known = {parameter.name for parameter in table()}
    assert known - held - set(ELSEWHERE) == set()
    assert held & set(ELSEWHERE) == set() and set(ELSEWHERE) <= known


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) and all(case.mutants for case in CASES)

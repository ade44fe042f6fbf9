"""The list of slow tests names tests that exist, and the others are quick because of it."""

from pathlib import Path

import pytest

from helpers.collected import COLLECTED
from tools.list_slow_tests import slow_tests

HERE = Path(__file__).parent


def test_single_tests_and_whole_modules_are_listed():
    log = "\n".join(
        [
            "1.20s call     tests/test_a.py::test_one[a b]",
            "0.30s setup    tests/test_a.py::test_two",
            "0.20s call     tests/test_a.py::test_two",
            "9.00s setup    tests/test_b.py::test_three",
            "0.10s call     tests/test_b.py::test_four",
        ]
    )
    assert slow_tests(log, 0.45) == ["tests/test_a.py::test_one[a b]", "tests/test_a.py::test_two", "tests/test_b.py"]


def test_modules_and_functions_of_the_list_exist():
    for name in HERE.joinpath("slow_tests.txt").read_text().splitlines():
        path, *inside = name.split("[")[0].split("::")
        text = (HERE.parent / path).read_text()
        assert all(f"def {part}(" in text or f"class {part}" in text for part in inside), name


def test_every_entry_of_the_list_is_collected(request):
    collected = request.config.stash[COLLECTED]
    if len(collected) < 1000:
        pytest.skip("only a part of the tests was collected")
    listed = {name.split("[")[0] for name in HERE.joinpath("slow_tests.txt").read_text().splitlines() if "::" in name}
    assert not listed - collected  # which cases there are depends on the golden sets

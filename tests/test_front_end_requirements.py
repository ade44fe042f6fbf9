"""What users of front ends have asked for, where no other test looks at it."""

import os
import time

import numpy as np
import pytest

from helpers.toy_jobs import Toy
from stamps.errors import InputError
from stamps.frontends.headers import header_numbers
from stamps.frontends.jobs.model import Status
from stamps.frontends.jobs.runner import run_task
from stamps.frontends.snap import prepare
from stamps.frontends.snap.join import MASK


@pytest.mark.parametrize(
    ("spelt", "values"),
    [
        ("1.0E-4 -2.5E10 0.0", (1e-4, -2.5e10, 0.0)),
        ("-0.0 1e3 .5", (-0.0, 1000.0, 0.5)),
        ("1.7976931348623157E308 4.9E-324 7", (1.7976931348623157e308, 5e-324, 7.0)),
    ],
)
def test_numbers_of_headers_are_read_as_java_spells_them(tmp_path, spelt, values):
    header = tmp_path / "a.base"
    header.write_text(f"other:  1\ninitial_baseline(TCN):\t{spelt}   m m m\n")
    np.testing.assert_array_equal(header_numbers(header, "initial_baseline(TCN):", 3), values)


@pytest.mark.parametrize("spelt", ["NaN 1 2", "1 Infinity 2", "1,5 2 3", "1 2"])
def test_what_is_no_number_of_a_header_is_named(tmp_path, spelt):
    header = tmp_path / "a.base"
    header.write_text(f"initial_baseline(TCN): {spelt}\n")
    with pytest.raises(InputError, match=r"a\.base.*initial_baseline"):
        header_numbers(header, "initial_baseline(TCN):", 3)


@pytest.mark.parametrize("masked", [True, False])
def test_pixels_without_a_place_are_no_candidates(tmp_path, monkeypatch, masked):
    """The mask of the joined export goes to the preparation where there is one."""
    calls = []
    monkeypatch.setattr(
        prepare.subprocess,
        "run",
        lambda words, **_: calls.append(words) or prepare.subprocess.CompletedProcess(words, 0),
    )
    if masked:
        (tmp_path / MASK).write_bytes(b"\1\0")
    assert prepare.main([str(tmp_path), "20180213", "0.4", "1", "1", "50", "200"]) == 0
    words = [word for word in calls[0][calls[0].index("mt_prep_snap") :] if word != "--workdir"]
    assert words == [
        "mt_prep_snap",
        "20180213",
        str(tmp_path),
        "0.4",
        "1",
        "1",
        "50",
        "200",
        *[MASK] * masked,
        str(tmp_path),
    ]


def test_the_programs_own_error_is_told_not_what_it_says_afterwards(tmp_path, monkeypatch):
    toy = Toy(tmp_path, monkeypatch)
    line = "echo 'SEVERE: no orbit'; echo 'Error: No valid orbit file found'; echo done; exit 1"
    processor = toy.processor(toy.step("one", {"a": line}))
    processor.submit(wait=True)
    (failure,) = processor.state().steps["one"].failures
    assert (failure.status, failure.message) == (Status.FAILED, "Error: No valid orbit file found")
    assert run_task(processor.folder, "one", "a") is Status.FAILED
    toy.end()


def test_success_needs_the_output_whatever_the_exit_status(tmp_path, monkeypatch):
    toy = Toy(tmp_path, monkeypatch)
    task = {"id": "a", "shell": "true", "outputs": [{"path": "split/a.dim"}]}
    processor = toy.processor({"name": "split", "tasks": [task]})
    processor.submit(wait=True)
    (failure,) = processor.state().steps["split"].failures
    assert failure.message == "the command ended well, but split/a.dim is missing"
    toy.end()


def test_what_comes_after_a_step_without_outputs_runs_again_with_it(tmp_path, monkeypatch):
    """Nothing tells who reads what such a task has made: results behind it would be stale."""
    toy = Toy(tmp_path, monkeypatch)
    toy.run_in_this_process(monkeypatch)
    (toy.workdir / "config").write_text("1")
    made = {"shell": "cp config last", "cwd": ".", "outputs": [{"path": "last"}]}
    reading = {"shell": "true", "inputs": ["config"]}
    steps = [
        toy.step("one", {"a": reading, "b": "true"}),
        toy.step("two", {"c": "true"}, ["one"]),
        toy.step("three", {"d": made}, ["two"]),
    ]
    processor = toy.processor(*steps)
    assert len(processor.submit().work) == 3
    assert processor.submit().work == {}
    assert processor.retry(tasks=["b"], all=True).work == {"one": ("b",), "two": ("c",), "three": ("d",)}
    time.sleep(0.01)
    os.utime(toy.workdir / "config")
    time.sleep(0.01)
    assert processor.submit().work == {"one": ("a",), "two": ("c",), "three": ("d",)}
    assert processor.retry(tasks=["d"], all=True).work == {"three": ("d",)}
    toy.end()

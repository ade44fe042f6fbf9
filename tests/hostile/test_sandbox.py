"""The sandbox notices what it is there to notice."""

import pytest


def test_a_plain_run_is_accepted(sandbox):
    sandbox.prepare(sandbox.stack()).succeeds()
    sandbox.run("stamps", "1", "1").succeeds()


def test_a_missing_stack_is_refused_in_one_sentence(sandbox):
    sandbox.prepare(sandbox.root / "nowhere").refuses("nowhere")


def test_a_change_outside_is_noticed(sandbox):
    with pytest.raises(AssertionError, match="outside the project"):
        sandbox.run("python", "-c", "open('../made', 'w').close()")


def test_an_endless_command_is_stopped(sandbox):
    with pytest.raises(AssertionError, match="no end"):
        sandbox.run("python", "-c", "import time; time.sleep(60)", seconds=0.5).bounded()


def test_hungry_command_is_noticed(sandbox):
    with pytest.raises(AssertionError, match="GiB"):
        sandbox.run("python", "-c", "b = b'1' * (2200 << 20)").bounded()


def test_a_traceback_is_noticed(sandbox):
    with pytest.raises(AssertionError, match="Traceback"):
        sandbox.run("python", "-c", "1 / 0").bounded()

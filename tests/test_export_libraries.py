"""Libraries of the exports: what is said where one is missing or fails."""

import sys

import pytest

from stamps.errors import InputError
from stamps.products.exports.libraries import library, reason_of


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        InputError, match=r"kind mintpy need h5py, which is not installed: pip install 'stamps-insar\[export\]'"
    ):
        library("h5py", "mintpy")


def test_reasons_are_short():
    assert reason_of(OSError(28, "No space left on device")) == "No space left on device"
    statement = RuntimeError("INSERT INTO t VALUES (1)" * 90 + " failed: database or disk is full")
    assert reason_of(statement) == "database or disk is full"
    assert reason_of(RuntimeError("two\n  lines")) == "two lines"
    assert len(reason_of(RuntimeError("x" * 5000))) < 200

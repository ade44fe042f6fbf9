"""Projects that the program itself has run, with the record of what each file was made from, shared by the cases."""

import contextlib
import io
import os
import shutil

import pytest

from stamps.errors import InputError
from stamps.legacy.stamps import stamps
from stamps.verify import golden

__all__ = ["copied", "finished", "finished_once", "golden_set", "quietly"]


def quietly(function, *arguments, **options):
    """Call a function; returns what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        function(*arguments, **options)
    return printed.getvalue()


def golden_set(name, **wanted):
    """A golden set; a test that needs one that is not there is skipped with the reason."""
    try:
        return golden.find_set(name, **wanted)
    except InputError as error:
        if name in os.environ.get("STAMPS_REQUIRE_GOLDEN", "").replace(",", " ").split():
            raise
        pytest.skip(str(error))


def finished(folder, set_name="ps_mini", last=8, **parameters):
    """Run a golden set from the preparation on, in process."""
    golden.build_state(golden_set(set_name), 0, folder)
    quietly(stamps, 1, last, workdir=folder, **parameters)
    return folder


def finished_once(place):
    """``ps_mini`` after all steps, run by the first process that asks for it below a folder that all share (read only)."""
    fcntl = pytest.importorskip("fcntl")
    target = place / "finished" / "ps_mini"
    with open(place / "finished.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            finished(place / "begun" / "ps_mini", cores=1)
            (place / "begun").rename(target.parent)
    return target


def copied(source, target):
    """A copy that shares nothing with its source; times of the files are kept."""
    return shutil.copytree(source, target, dirs_exist_ok=True)

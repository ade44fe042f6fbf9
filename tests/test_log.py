"""The log: its file, the standard logging behind it, the console of commands and of the driver, and silence in a library."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stamps.workspace.console import log_on_console, relay
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters


@pytest.fixture(autouse=True)
def console():
    """No console here, unless a test asks for it."""


class Listener(logging.Handler):
    """Keeps what it is told, as (logger, level, text)."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def emit(self, record):
        self.heard.append((record.name, record.levelname, record.getMessage()))


@pytest.fixture
def listener():
    """A handler that a user has added to the root logger, which wants everything."""
    root, mine = logging.getLogger(), Listener()
    level = root.level
    root.addHandler(mine)
    root.setLevel(logging.DEBUG)
    yield mine
    root.removeHandler(mine)
    root.setLevel(level)


def say(workdir):
    log = Log(workdir, "PS_SELECT")
    log.start()
    log("both")
    log("file", 1)
    log("console 100%", 2)
    log("debug", 3)
    log("elsewhere", "OTHER.log")


def test_records_have_the_routine_and_a_level(tmp_path, listener):
    say(tmp_path)
    info, debug = "INFO", "DEBUG"
    told = [(info, "Starting"), (info, "both"), (debug, "file"), (info, "console 100%"), (debug, "debug")]
    assert listener.heard == [("stamps.ps_select", *pair) for pair in [*told, (info, "elsewhere")]]


def test_the_files_are_as_ever(tmp_path):
    say(tmp_path)
    lines = (tmp_path / "STAMPS.log").read_text().splitlines()
    assert [re.sub(r"^\S+ \S+ ", "", line) for line in lines] == [
        f"PS_SELECT        {t}" for t in ("Starting", "both", "file")
    ]
    assert (tmp_path / "DEBUG.log").read_text().endswith(" PS_SELECT        debug\n")
    assert (tmp_path / "OTHER.log").read_text().endswith(" PS_SELECT        elsewhere\n")


def test_a_library_is_silent(tmp_path, capfd):
    say(tmp_path)
    relay("PS_SELECT: what a patch said\n")
    assert capfd.readouterr() == ("", "")


def test_the_console_of_commands(tmp_path, capfd):
    with log_on_console(), log_on_console():
        say(tmp_path)
    said = "".join(f"PS_SELECT: {text}\n" for text in ("Starting", "both", "console 100%", "elsewhere"))
    assert capfd.readouterr() == (said, "")
    say(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_root_handlers_do_not_say_it_twice(tmp_path, listener):
    with log_on_console():
        say(tmp_path)
    assert listener.heard == []
    say(tmp_path)
    assert listener.heard


def test_output_of_patches_is_shown_as_it_was_and_told_as_records(capfd, listener):
    output = "PS_SELECT: 7 PS left\nsome library: \rhas  said\n\nSTAMPS: 100% done\nno end of line"
    with log_on_console():
        relay(output)
    assert capfd.readouterr().out == output
    relay(output)
    assert listener.heard == [
        ("stamps.ps_select", "INFO", "7 PS left"),
        ("stamps", "INFO", "some library: \rhas  said"),
        ("stamps", "INFO", ""),
        ("stamps.stamps", "INFO", "100% done"),
        ("stamps", "INFO", "no end of line"),
    ]


_SETUP = {
    "nothing": "",
    "root at INFO": "logging.basicConfig(level=logging.INFO, format='%(name)s|%(message)s', stream=sys.stderr)",
    "own level": "logging.getLogger('stamps').setLevel(logging.WARNING)",
}


@pytest.mark.parametrize("setup", _SETUP)
def test_the_driver_speaks_unless_logging_is_configured(tmp_path, setup):
    Parameters(tmp_path).fill_defaults()  # no pixels: the driver begins, then stops with an error
    code = f"""
import logging, sys
{_SETUP[setup]}
import stamps
stamps.setparm("max_topo_err", 7)
print("--")
try:
    stamps(8, 8)
except stamps.errors.StampsError:
    pass
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, _, after = done.stdout.partition("--\n")
    assert before == ""
    if setup == "nothing":
        assert "STAMPS: Will process current directory only\n" in after and done.stderr == ""
    elif setup == "own level":
        assert after == "" and done.stderr == ""
    else:
        assert after == "" and "stamps.setparm|max_topo_err = 7" in done.stderr
        assert "stamps.stamps|Will process current directory only" in done.stderr

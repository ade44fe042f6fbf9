"""Texts that a terminal would obey are shown, not obeyed."""

import sys

import numpy as np
import pytest

from helpers import finished_project
from stamps.cli import program as cli
from stamps.workspace import Workspace, console
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters


@pytest.fixture
def place(tmp_path):
    """A project with two patches beside a folder that must stay as it is."""
    project = tmp_path / "project"
    for name in ("PATCH_1", "PATCH_2"):
        (project / name).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("mine")
    yield project
    assert (tmp_path / "outside" / "kept").read_text() == "mine"
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["kept"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return finished_project.single_master(tmp_path_factory.mktemp("finished"))


ESCAPES = {
    "\x1b]0;renamed\x07": "\\x1b]0;renamed\\x07",
    "\x1b[2J": "\\x1b[2J",
    "\x9b31m": "\\x9b31m",
    "safe\rforged": "safe\\rforged",
    "\u202etxt.exe": "\\u202etxt.exe",
    "\u2066a\u2069": "\\u2066a\\u2069",
    "a\x7f\x08b": "a\\x7f\\x08b",
    "\U000e0041": "\\U000e0041",
    "tab\tand é, ü, 中, 😀": "tab\tand é, ü, 中, 😀",
}


@pytest.mark.parametrize(("text", "seen"), ESCAPES.items())
def test_texts_can_only_be_read(text, seen):
    assert console.shown(text) == seen


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\rb", "\u202eb", "one\ntwo"])
def test_no_command_prints_them(place, capsys, text):
    Parameters(place).fill_defaults()
    Workspace(place).save_raw("parms", {"unwrap_method": text})
    for words in (["getparm"], ["getparm", "unwrap_method"], ["stamps", "status"]):
        cli.run(words[0], [*words[1:], "--workdir", str(place)])
    Log(place, "TEST")(f"unwrap_method={text}")
    printed = capsys.readouterr()
    said = printed.out + printed.err + (place / "STAMPS.log").read_text()
    assert "unwrap_method" in said
    assert text not in said and "\x1b" not in said and "\u202e" not in said and "\r" not in said
    assert "\ntwo" not in said


def test_a_name_with_escapes_in_an_error_is_one_line(place, capsys):
    name = place / "new\nline\x1b[31m"
    name.mkdir()
    assert cli.run("stamps", ["6", "6", "--workdir", str(name)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "\x1b" not in error


def test_names_of_patches_with_escapes(place, capsys):
    (place / "PATCH_\x1b[31m").mkdir()
    cli.run("stamps", ["status", "--workdir", str(place)])
    cli.run("stamps", ["1", "1", "--dry-run", "--workdir", str(place)])
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err


def test_progress_may_move_the_cursor(monkeypatch):
    with console.plain_output():
        assert console.terminal() is not sys.stderr
    assert console.terminal() is sys.stderr


def test_a_title_is_text_in_the_page(finished, tmp_path):
    from stamps.products.view import view

    path = view(finished, tmp_path / "v.html", title="\x1b[31m\u202e<script>", background=False, n_boot=2)
    page = path.read_text()
    assert "\x1b" not in page and "\u202e" not in page and "<title>\\x1b[31m\\u202e&lt;script&gt;" in page
    assert np.isfinite(finished.load("ps2")["lonlat"]).all()

"""Shell commands: arguments, exit codes, one-line errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stamps
from stamps.cli import program as cli
from stamps.cli.legacy import COMMANDS as TABLE

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = list(TABLE)


@pytest.fixture
def recorded(monkeypatch):
    """Replace a legacy function by a recorder of its arguments."""
    calls = []

    def record(name):
        monkeypatch.setitem(vars(stamps), name, lambda *args, **kwargs: calls.append((args, kwargs)))
        return calls

    return record


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_version(command, capsys):
    assert cli.run(command, ["--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: {command} ")
    assert cli.run(command, ["--version"]) == 0
    assert capsys.readouterr().out == f"stamps {cli._version()}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_bin_holds_a_runnable_script(command):
    script = ROOT / "bin" / command
    assert os.access(script, os.X_OK)
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert f"usage: {command} " in done.stdout


def test_every_command_is_installed_and_has_a_script():
    declared = (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[1].split("[tool")[0]
    assert sorted(line.split(" = ")[0] for line in declared.strip().splitlines()) == sorted(COMMANDS)
    assert sorted(path.name for path in (ROOT / "bin").iterdir()) == sorted(COMMANDS)
    assert {line.split(" = ")[1] for line in declared.strip().splitlines()} == {'"stamps.cli:main"'}
    assert all(callable(getattr(stamps, name)) for name in COMMANDS)


def test_stamps_takes_the_legacy_positions(recorded, tmp_path):
    calls = recorded("stamps")
    assert cli.run("stamps", ["1", "5", "y", "2", "some.list", "1", "--workdir", str(tmp_path)]) == 0
    assert calls == [
        (
            (1, 5, "y", 2, "some.list", 1),
            {"workdir": str(tmp_path), "cores": None, "scheduler": None, "cluster": None, "unwrap": None},
        )
    ]


def test_mt_prep_snap_converts_numbers(recorded):
    calls = recorded("mt_prep_snap")
    assert cli.run("mt_prep_snap", ["20180601", "/data", "0.40", "3", "2", "50", "60", "mask.bin"]) == 0
    assert calls == [(("20180601", "/data", "0.40", 3, 2, 50, 60, "mask.bin"), {"workdir": "."})]


def test_negative_and_infinite_values_are_values(recorded):
    calls = recorded("setparm")
    for argv in (
        ["ref_radius", "-inf"],
        ["lonlat_offset", "[-1 2]"],
        ["weed_max_noise", "nan", "-1"],
        ["5", "'y'", "2"],
    ):
        assert cli.run("setparm", argv) == 0
    assert calls[0][0] == ("ref_radius", float("-inf"))
    assert list(calls[1][0][1]) == [-1, 2]
    assert calls[2][0][2] == -1
    assert calls[3][0] == (5, "y", 2)


@pytest.mark.parametrize(
    ("command", "argv", "status"),
    [("mt_prep_snap", ["20180601"], 4), ("calamp", ["list"], 231), ("selpsc_patch", [], 231), ("stamps", ["1"] * 7, 2)],
)
def test_wrong_number_of_arguments(command, argv, status, capsys):
    assert cli.run(command, argv) == status
    assert "usage:" in capsys.readouterr().err


def test_a_word_where_a_number_belongs(capsys):
    assert cli.run("stamps", ["one", "8"]) == 2
    assert "'one' is not a number" in capsys.readouterr().err


def test_an_error_is_one_line_and_a_status(tmp_path, capsys):
    assert cli.run("stamps", ["6", "6", "--workdir", str(tmp_path / "nowhere")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("stamps: ") and error.count("\n") == 1 and "is not a directory" in error


def test_parameters_from_the_shell(tmp_path, capsys):
    workdir = ["--workdir", str(tmp_path)]
    assert cli.run("setparm", ["unwrap_grid_size", "50", *workdir]) == 1  # no such parameter before there is a table
    capsys.readouterr()
    assert cli.run("getparm", ["unwrap_grid_size", *workdir]) == 0
    assert "unwrap_grid_size=200" in capsys.readouterr().out
    assert cli.run("setparm", ["unwrap_gr", "[50]", *workdir]) == 0
    assert stamps.getparm("unwrap_grid_size", workdir=tmp_path) == 50
    assert cli.run("setparm", ["drop_ifg", "[3 8]", *workdir]) == 0
    assert list(stamps.getparm("drop_ifg_index", workdir=tmp_path)) == [3, 8]
    assert cli.run("setparm", ["unwrap", "1", *workdir]) == 1
    assert "unwrap" in capsys.readouterr().err
    assert cli.run("setparm", ["unwrap_grid_size", "nan", *workdir]) == 0
    assert stamps.getparm("unwrap_grid_size", workdir=tmp_path) == 200


def test_describe_backends_as_text_and_json(capsys, monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "numpy")
    assert cli.run("stamps", ["describe-backends", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["requested"] == "numpy"
    assert facts["kernels"] and set(facts["kernels"].values()) == {"numpy"}
    assert "snaphu" in facts["programs"]
    assert cli.run("stamps", ["describe-backends"]) == 0
    assert "kernels:" in capsys.readouterr().out


def test_an_unknown_backend_is_explained(capsys, monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "abacus")
    assert cli.run("stamps", ["describe-backends"]) == 1
    assert "abacus" in capsys.readouterr().err


def test_a_session_without_unicode(tmp_path):
    """Directory names and texts outside of ASCII where the character set is ASCII."""
    project = tmp_path / "Übung"
    project.mkdir()
    asked = "import sys; from stamps import cli; sys.exit(cli.run('stamps', sys.argv[1:]))"
    sober = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments, status in ((["--help"], 0), (["1", "1"], 1)):
        done = subprocess.run([sys.executable, "-c", asked, *arguments], cwd=project, env=sober, capture_output=True)
        assert done.returncode == status and b"Traceback" not in done.stderr, done.stderr
    assert "Directory is Übung" in (project / "STAMPS.log").read_text(encoding="utf-8")


def test_a_misspelt_verb_is_recognized(capsys):
    assert cli.run("stamps", ["statsu"]) == 2
    assert (
        capsys.readouterr().err
        == "stamps: 'statsu' is not a number of a step, and no verb: did you mean stamps status?\n"
    )
    assert cli.run("stamps", ["xyz"]) == 2
    assert "the verbs are status, estimate, export" in capsys.readouterr().err


def test_a_request_to_end_while_a_verb_is_imported_is_one_sentence(capsys, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert cli.run("stamps", ["view"]) == 130
    captured = capsys.readouterr()
    assert captured.err.startswith("stamps view: ") and captured.err.count("\n") == 1

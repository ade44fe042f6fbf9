"""Completion by shells: the script for bash is tried in a real bash, those for other shells as far as their text goes."""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stamps.cli import completion
from stamps.cli import program as cli
from stamps.cli.legacy import COMMANDS
from stamps.workspace.parameters import table

ROOT = Path(__file__).resolve().parent.parent
BASH = shutil.which("bash")

#: Sources the script, then completes the last of the words that it is given, each as a line of its own.
_ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
registered=$(complete -p "$1") || exit 1
function=${registered#*-F }; function=${function%% *}
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The script for bash as ``stamps completion bash`` prints it."""
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "stamps", "completion", "bash"], capture_output=True, text=True, check=True
    )
    path = tmp_path_factory.mktemp("completion") / "stamps.bash"
    path.write_text(done.stdout, encoding="utf-8")
    return path


@pytest.fixture
def complete(script, tmp_path):
    """``complete("stamps", "ex")`` is what a bash offers for the last word, in a directory with one file and one folder."""
    if BASH is None:
        pytest.skip("there is no bash")
    (tmp_path / "export").mkdir()
    (tmp_path / "mask.bin").write_bytes(b"")

    def ask(*words):
        done = subprocess.run(
            [BASH, "--norc", "-c", _ASK, "bash", str(script), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    return ask


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("stamps", "ex"), ["export"]),
        (("stamps", "export", "geo"), ["geojson", "geotiff", "geoparquet"]),
        (("stamps", "export", "csv", "--min-c"), ["--min-coherence"]),
        (("stamps", "export", "csv", "--values", "v-do"), ["v-do"]),
        (("stamps", "tropo", "p"), ["powerlaw"]),
        (("stamps", "tropo", "linear", "--scla", "un"), ["uncorrelated"]),
        (("stamps", "1", "8", "--co"), ["--cores"]),
        (("stamps", "1", "8", "--backend", "py"), ["pythran"]),
        (("stamps", "completion", "z"), ["zsh"]),
        (("stamps", "status", "--workdir", ""), ["export"]),
        (("stamps", "describe-inputs", ""), [str(step) for step in range(1, 9)]),
        (("ps_plot", "u-dm", "--o"), ["--out"]),
        (("mt_prep_snap", "20180601", ""), ["export"]),
        (("mt_prep_snap", "20180601", "export", "0.4", "1", "1", "50", "50", "m"), ["mask.bin"]),
    ],
)
def test_bash_offers(words, wanted, complete):
    assert complete(*words) == wanted


def test_bash_offers_all_verbs(complete):
    assert complete("stamps", "") == list(cli._VERBS)


@pytest.mark.parametrize("command", ["getparm", "setparm"])
def test_bash_offers_parameters(command, complete):
    names = [row.name for row in table() if row.name.startswith("unw")]
    assert len(names) > 5
    assert complete(command, "unw") == names


def test_every_command_is_registered(script):
    if BASH is None:
        pytest.skip("there is no bash")
    asked = f"source {script}; complete -p {' '.join(COMMANDS)}"
    done = subprocess.run([BASH, "--norc", "-c", asked], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(COMMANDS)
    assert done.stderr == ""


def test_a_command_is_completed_alone(capsys):
    assert cli.run("stamps", ["completion", "bash", "getparm"]) == 0
    out = capsys.readouterr().out
    assert "complete -o bashdefault -F _shtab_getparm getparm" in out
    assert "setparm" not in out


@pytest.mark.parametrize(("shell", "sign"), [("zsh", "#compdef setparm"), ("fish", "complete -c setparm")])
def test_other_shells_know_commands_and_parameters(shell, sign, capsys):
    assert cli.run("stamps", ["completion", shell]) == 0
    out = capsys.readouterr().out
    assert sign in out
    assert all(name in out for name in (*COMMANDS, *cli._VERBS, "unwrap_grid_size", "geoparquet"))


def test_what_is_no_command_is_refused(capsys):
    assert cli.run("stamps", ["completion", "bash", "ps_plott"]) != 0
    assert "'ps_plott' is not a command of this package" in capsys.readouterr().err


def test_parsers_read_again_once_they_were_asked_for():
    read = argparse.ArgumentParser.parse_known_args
    assert completion._parser_of(cli._verb("status"), []).prog == "stamps status"
    assert argparse.ArgumentParser.parse_known_args is read
    with pytest.raises(TypeError, match="has no parser"):
        completion._parser_of(len, [])


def test_every_option_that_commands_read_is_offered():
    for name, command in COMMANDS.items():
        parser = completion._command_parser(name, command)
        assert {"--workdir", *(option.name for option in command.options)} <= {*parser._option_string_actions}


def test_other_calls_do_not_import_what_completion_needs():
    code = "import json, sys; from stamps import cli; cli.run('stamps', ['--help']); print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not {"shtab", "numpy", "stamps.cli.completion"} & {*loaded}

"""Commands of run files: what counts as a failure, and why."""

import os
import shlex
import subprocess
import sys

import pytest

from stamps.frontends.isce_jobs.line import Causes
from stamps.processes import child

TRACEBACK_LINE = "Traceback (most recent call last):"
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in main\n    f()\n'


def run(*words, **variables):
    """Exit status and lines of a command."""
    command = child.command("stamps.frontends.isce_jobs.line", *words)
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables}, timeout=60)
    assert answer.stderr == ""
    return answer.returncode, answer.stdout.splitlines()


def python(code):
    return "--", f'{sys.executable} -c "{code}"'


def test_success():
    assert run("--", "echo one; echo two >&2") == (0, ["one", "two"])


def test_a_traceback_is_a_failure_whatever_the_exit_status():
    status, lines = run(*python("import traceback\ntry: {}[1]\nexcept KeyError: traceback.print_exc()"))
    assert status == 1 and lines[-1] == "KeyError: 1 (and yet exit status 0)"


@pytest.mark.parametrize(
    "ending",
    ["> {0} 2>&1", ">> {0} 2>&1", "&> {0}", "2> '{0}'", '2>"{0}"', "2>>{0}", "2>&1 | cat > {0}", "&>{0}; true"],
)
def test_a_traceback_in_a_log_that_the_line_writes_itself(tmp_path, ending):
    log = tmp_path / "run 1.log" if "'" in ending or '"' in ending else tmp_path / "run.log"
    line = f"printf '%s\\n' '{TRACEBACK_LINE}' '  File x' 'KeyError: 7' >&2"
    status, lines = run("--", f"sh -c {shlex.quote(line)} " + ending.format(log))
    assert status == 1 and lines == ["KeyError: 7 (and yet exit status 0)"]


def test_what_a_log_said_before_is_not_of_this_run(tmp_path):
    log = tmp_path / "run.log"
    log.write_text(TRACEBACK + "KeyError: old\n")
    assert run("--", f"echo done >> {log}") == (0, []) and log.read_text().endswith("KeyError: old\ndone\n")
    assert run("--", f"echo done > {log}; test 2 -gt 1 > /dev/null") == (0, [])


def test_the_cause_in_a_log_is_said_here(tmp_path):
    status, lines = run("--", f"(echo 'ERROR: no orbit'; echo bye; exit 3) > {tmp_path}/log")
    assert status == 3 and lines == ["ERROR: no orbit"]


def test_exit_status_and_cause():
    status, lines = run("--", "echo 'ERROR: no orbit for 20200103'; echo bye; exit 3")
    assert status == 3 and lines[-1] == "ERROR: no orbit for 20200103"


def test_no_output_and_a_failure():
    status, lines = run("--", "exit 4")
    assert status == 4 and lines == ["exit status 4, and not a word"]


def test_a_signal_is_named():
    status, lines = run("--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert status == 137 and "SIGKILL (out of memory?)" in lines[-1]


def test_programs_that_are_not_there():
    status, lines = run("--", "/nowhere/SentinelWrapper.py", "-c", "x")
    assert status == 127 and lines == ["/nowhere/SentinelWrapper.py cannot be started: No such file or directory."]
    status, lines = run("--", "nowhereSentinel.py -c x")
    assert status == 127 and "command not found" in lines[-1]


def test_folders_are_put_in_front(tmp_path):
    words = ["--path", str(tmp_path), "--python", "/p/q", "--home", "/isce"]
    _, lines = run(
        *words, "--", "echo $PATH; echo $PYTHONPATH; echo $ISCE_HOME; echo $PYTHONSAFEPATH", PYTHONSAFEPATH="1"
    )
    assert lines[0].startswith(f"{tmp_path}{os.pathsep}") and lines[1].startswith("/p/q") and lines[2:] == ["/isce", ""]


def test_standard_input_is_closed():
    assert run("--", "cat") == (0, [])


def test_a_traceback_behind_what_does_not_end_its_line():
    status, lines = run("--", f"printf '0...10...\\r20...'; printf '%s\\n' '{TRACEBACK_LINE}' 'KeyError: 3'")
    assert status == 1 and lines[-1] == "KeyError: 3 (and yet exit status 0)"


def test_a_pipe_fails_with_its_first_program():
    assert run("--", "exit 3 | cat")[0] == 3


def test_progress_without_lines_is_handed_on_at_once():
    command = child.command("stamps.frontends.isce_jobs.line", "--", "printf 10%%; sleep 60")
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.read1(10) == b"10%"
        os.killpg(process.pid, 9)


def seen(text):
    causes = Causes()
    for line in text.splitlines():
        causes.see(line)
    return causes


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{TRACEBACK}isce.CustomFail: too bad\ncleaning up\n", "isce.CustomFail: too bad"),
        (f"{TRACEBACK}ValueError: a\n\nDuring handling …:\n\n{TRACEBACK}OSError: b\n", "OSError: b"),
        (TRACEBACK, "a traceback that was cut off"),
        ("GDAL ERROR 4: no such file\nx\n", "GDAL ERROR 4: no such file"),
        ("a\nb\n\n", "b"),
        ("", ""),
    ],
)
def test_causes(text, cause):
    assert seen(text).cause == cause


def test_a_word_is_no_traceback():
    assert not seen("no Traceback (most recent call last): today\n").had_traceback


def test_causes_are_short():
    assert len(seen("ERROR: " + "x" * 10000).cause) <= 300

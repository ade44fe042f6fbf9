"""A place where a hostile case is built and tried: copies of golden data, a project, and everything around it under watch.

A case ends in one of two ways only: with the right result, or refused in exactly one sentence (:meth:`Outcome.refuses`). In both,
nothing outside the project has changed, memory and time are bounded, and nobody reads a traceback.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from helpers.run_projects import golden_set
from stamps.verify import golden

__all__ = ["MASTER", "Outcome", "Sandbox"]

#: Master date of ``ps_mini``, and the size of its rasters.
MASTER = "20180426"
LINES, SAMPLES = 100, 200

_MEMORY_GIB = 2.0
_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes
    ----------
    status : int
        Exit status; 124 where it had to be stopped.
    stdout, stderr : str
    seconds : float
    peak_gib : float
        Largest resident memory of the command and the processes that it waited for.
    """

    command: str
    status: int
    stdout: str
    stderr: str
    seconds: float
    peak_gib: float

    @property
    def output(self):
        """All that was printed."""
        return self.stdout + self.stderr

    def bounded(self):
        """Check time, memory and that no traceback was printed; returns the outcome."""
        assert self.status != 124, f"no end within {self.seconds:.0f} s: {self.command}\n{self.output[-600:]}"
        assert "Traceback (most recent call last)" not in self.output, self.output[-3000:]
        assert self.peak_gib <= _MEMORY_GIB, f"{self.peak_gib:.2f} GiB were used by {self.command}"
        return self

    def refuses(self, *words):
        """Check that the command refused in one sentence that holds all ``words``; returns the sentence."""
        self.bounded()
        assert self.status != 0, f"accepted: {self.command}\n{self.output[-1500:]}"
        assert self.status > 0, f"died by signal {-self.status}: {self.command}"
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        sentences = [line for line in lines if not line.startswith(("Warning:", "WARNING"))]
        assert len(sentences) == 1, f"{len(sentences)} lines instead of one sentence:\n{self.stderr[-1500:]}"
        absent = [word for word in words if str(word) not in sentences[0]]
        assert not absent, f"{absent} not in: {sentences[0]}"
        return sentences[0]

    def succeeds(self):
        """Check that the command succeeded; returns the outcome."""
        self.bounded()
        assert self.status == 0, f"status {self.status}: {self.command}\n{self.output[-1500:]}"
        return self


class Sandbox:
    """A temporary folder with a project in it.

    Parameters
    ----------
    root : Path
        An empty folder. The project is ``root/project``; all else in it must stay as it is while commands run.
    """

    def __init__(self, root):
        self.root = Path(root)
        self.project = self.root / "project"
        self.project.mkdir()

    def stack(self, name="export", set_name="ps_mini"):
        """A writable copy of the stack of a golden set, in the sandbox."""
        target = self.root / name
        shutil.copytree(golden_set(set_name) / "stack", target)
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        return target

    def state(self, step, set_name="ps_mini", variant=None):
        """Make the project the state of a golden set after a step; returns the project."""
        shutil.rmtree(self.project)
        golden.build_state(golden_set(set_name, complete=True, step=step), step, self.project, variant_name=variant)
        return self.project

    def outside(self):
        """What is in the sandbox beside the project: name -> (kind or link, content)."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if path == self.project or self.project in path.parents:
                continue
            name = path.relative_to(self.root).as_posix()
            found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
        return found

    def run(self, *command, cwd=None, seconds=_SECONDS, environment=None, watch=True):
        """Run a command of the package in the project and wait for its end.

        Parameters
        ----------
        *command : str
            Name and arguments; ``python`` stands for the interpreter of the tests.
        cwd : path-like, optional
            Default: the project.
        seconds : float
            After these it is killed, and the outcome is not :meth:`Outcome.bounded`.
        environment : dict, optional
            Variables to set (None: to remove).
        watch : bool
            Whether everything outside the project must stay as it was.

        Returns
        -------
        Outcome
        """
        before = self.outside() if watch else None
        words = [str(word) for word in command]
        here = Path(sys.executable).parent
        words[0] = (
            sys.executable if words[0] == "python" else str(here / words[0]) if (here / words[0]).exists() else words[0]
        )
        variables = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}", **(environment or {})}
        variables = {name: value for name, value in variables.items() if value is not None}
        out, err = self.root.with_name(f"{self.root.name}.out"), self.root.with_name(f"{self.root.name}.err")
        start = time.monotonic()
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen(
                words,
                cwd=cwd or self.project,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            status, peak = _wait(process, start + seconds)
        outcome = Outcome(
            " ".join(words),
            status,
            out.read_text(errors="replace"),
            err.read_text(errors="replace"),
            time.monotonic() - start,
            peak,
        )
        if watch:
            after = self.outside()
            changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
            assert not changed, f"outside the project were changed: {changed}\n{outcome.output[-800:]}"
        return outcome

    def prepare(self, stack, *patches, master=MASTER, **options):
        """``mt_prep_snap`` of a stack in the project: one patch unless ``patches`` are given."""
        return self.run("mt_prep_snap", master, stack, "0.4", *(patches or ("1", "1", "10", "10")), **options)


def _wait(process, end):
    """Exit status (124: stopped at the time ``end``) and peak memory in GiB of a process and those it waited for."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_maxrss / 2**20
        if time.monotonic() > end:
            os.killpg(process.pid, signal.SIGKILL)
            os.wait4(process.pid, 0)
            process.returncode = 124
            return 124, 0.0
        time.sleep(0.005)

"""Kill runs of ``stamps 1 8`` on ``ps_mini`` again and again, give the same command until it ends, compare the result.

    python tests/tools/kill_chain.py [--kills 100] [--seed 1] [--ways cores,dask] [--unwrap flow] [--keep]

Each trial starts from a prepared project, or from a finished one (the second pass), with the patches in parallel on two
cores or on a Dask cluster. The run is killed up to five times at random moments: the whole process group, the main process
alone, one patch process, one SNAPHU or, with the flow, everything while it unwraps (SIGKILL), or the main process by SIGTERM
or SIGINT. At the end every file of the project
must be equal, byte by byte, to that of the undisturbed run, and nothing may lie beside them; left out are only STAMPS.log,
snaphu.log and the record of what was made when from what, which hold times.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from stamps.run.settings import SOLVERS
from stamps.verify import golden
from stamps.workspace import lineage

__all__ = ["KINDS", "ON_CORES", "Chain", "Kill", "difference", "prepared", "undisturbed"]

ROOT = Path(__file__).resolve().parents[2]
ON_CORES = ("--cores", "2")
KINDS = ("group", "main", "patch", "unwrapping", "term", "interrupt")
_UNWRAPPING = "unwrap_time_win="  # what the log says at the beginning of step 6
_WITH_TIMES = ("STAMPS.log", "snaphu.log", lineage.FILE)


class Kill(NamedTuple):
    """A kill that met a run: seconds after its start, kind, the step that is to be done next by then."""

    moment: float
    kind: str
    step: str


# ---------------------------------------------------------------------- projects


def prepared(folder):
    """``ps_mini`` before step 1."""
    golden.build_state(golden.find_set("ps_mini"), 0, folder)


def undisturbed(folder, runs=1, solver="flow"):
    """``ps_mini`` after a number of whole runs; returns the seconds of the last."""
    prepared(folder)
    for _ in range(runs):
        start = time.monotonic()
        process = _start(folder, [*ON_CORES, "--unwrap", solver])
        assert process.wait() == 0, _said(folder)
    return time.monotonic() - start


def content(folder):
    """Bytes of all files that must be equal; those that an interrupted run leaves beside them must be gone, so they count."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name not in _WITH_TIMES
    }


def difference(folder, reference):
    """Names of the files that are not equal to those of the reference."""
    found, expected = content(folder), content(reference)
    return sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))


# ---------------------------------------------------------------------- processes


def _output(folder):
    return Path(f"{folder}.output")


def _said(folder):
    return _output(folder).read_text(errors="replace")


def _start(folder, options):
    """``stamps 1 8`` in a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    code = "import sys; from stamps.cli import run; sys.exit(run('stamps', sys.argv[1:]))"
    with open(_output(folder), "wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", code, "1", "8", "--workdir", str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )


def _descendants(pid):
    """Processes below one: number -> command line."""
    parents, lines = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            lines[int(entry.name)] = line
    below, left = {}, [pid]
    while left:
        top = left.pop()
        for child in [child for child, parent in parents.items() if parent == top]:
            below[child] = lines[child]
            left.append(child)
    return below


def _strike(process, kind, options):
    """Kill in the way of a kind; False where there is nothing to be killed at the moment."""
    if kind == "unwrapping":
        kind = "snaphu" if "snaphu" in options else "group"
    if kind == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif kind in ("patch", "snaphu"):
        word = "patch_process" if kind == "patch" else "snaphu.conf"
        victims = [pid for pid, line in _descendants(process.pid).items() if word in line]
        if not victims:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(victims[0], signal.SIGKILL)
    else:
        number = {"main": signal.SIGKILL, "term": signal.SIGTERM, "interrupt": signal.SIGINT}[kind]
        os.kill(process.pid, number)
    return True


def _tail(log, offset):
    """What a log says from a position on."""
    return log.read_bytes()[offset:].decode(errors="replace") if log.exists() else ""


class Chain:
    """One project, run until it ends.

    Parameters
    ----------
    folder : path-like
    options : list of str
        How the patches run.
    """

    def __init__(self, folder, options):
        self.folder, self.options = Path(folder), list(options)

    def kill(self, kind, logged=0, seconds=0.0, until=""):
        """Start the run and kill it.

        Parameters
        ----------
        kind : str
        logged : int
            Bytes of log after which it is killed, in all directories together; 0: from the start.
        seconds : float
            Time that passes after that.
        until : str
            What the project's own log must say before.

        Returns
        -------
        Kill or None
            None: the run ended before.
        """
        if kind == "unwrapping" and "snaphu" not in self.options:  # no process of its own tells when
            logged, until = 0, until or _UNWRAPPING
        log = self.folder / "STAMPS.log"
        before, offset = self.logged(), log.stat().st_size if log.exists() else 0
        process, begin = _start(self.folder, self.options), time.monotonic()
        due, struck = None, False
        while not struck and process.poll() is None:
            if due is None and self.logged() - before >= logged and (not until or until in _tail(log, offset)):
                due = time.monotonic() + seconds
            if due is not None and time.monotonic() >= due:
                struck = _strike(process, kind, self.options)
            time.sleep(0.002)
        passed = time.monotonic() - begin
        status = process.wait()
        return Kill(passed, kind, self.next_step()) if struck and status != 0 and not self.ended() else None

    def logged(self):
        """Bytes of the logs of the project and its patches."""
        logs = (self.folder / "STAMPS.log", *self.folder.glob("PATCH_*/STAMPS.log"))
        return sum(log.stat().st_size for log in logs if log.exists())

    def finish(self):
        """Give the command without disturbing it; returns its exit status."""
        return _start(self.folder, self.options).wait()

    def ended(self):
        """Whether the last run came to its end, even if it was hit while its process went away."""
        return not (self.folder / ".stamps-run.json").exists() and "STAMPS: Finished" in _said(self.folder)

    def next_step(self):
        """The step that is to be done next, as status says it."""
        from stamps.run import continuation
        from stamps.workspace import Workspace

        ws = Workspace(self.folder).as_recovered()
        said = [text for text, command in continuation.unfinished(ws) if command]
        if not said:
            return "begin"
        return said[0].rpartition("at step ")[2] if "at step" in said[0] else "end" if "ends it" in said[0] else "ANEW"


# ---------------------------------------------------------------------- trials


def _ways(names, solver, stack):
    """Options of the ways in which patches run."""
    ways = {"cores": [*ON_CORES, "--unwrap", solver]}
    if "dask" in names:
        from distributed import LocalCluster

        cluster = stack.enter_context(
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
        )
        ways["dask"] = ["--scheduler", cluster.scheduler_address, "--unwrap", solver]
    return {name: ways[name] for name in names}


def trial(folder, start, reference, options, generator, most):
    """Kill one chain up to ``most`` times and let it end; returns the kills and the names of the files that differ."""
    shutil.copytree(start, folder)
    chain, kills = Chain(folder, options), []
    to_log = Chain(reference, options).logged() - chain.logged()
    for _ in range(min(most, generator.choice((2, 3, 4, 5)))):
        # what is logged tells the steps apart better than time does, of which most is the start of processes
        logged, seconds = generator.uniform(0, to_log), generator.choice((0, 0.05, 0.3)) * generator.random()
        if generator.random() < 0.25:
            logged, seconds = 0, generator.uniform(0.1, 4)
        kill = chain.kill(generator.choice(("group", "group", *KINDS)), logged, seconds)
        if kill is not None:
            kills.append(kill)
        if chain.ended():
            break
        to_log -= logged / 2
    if not chain.ended() and (status := chain.finish()) != 0:
        return kills, [f"exit status {status}: {_said(folder)[-300:]}"]
    return kills, difference(folder, reference)


def main(argv=None):
    """Trials until there were enough kills; prints a table; returns 1 if a chain differed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ways", default="cores,dask")
    parser.add_argument("--unwrap", default="flow", choices=SOLVERS)
    parser.add_argument("--keep", action="store_true", help="keep the projects that differ")
    options = parser.parse_args(argv)
    generator, begin, done, wrong, number, steps = random.Random(options.seed), time.monotonic(), 0, 0, 0, {}
    place = Path(tempfile.mkdtemp(prefix="kill-chain-"))
    with contextlib.ExitStack() as stack:
        ways = _ways(options.ways.split(","), options.unwrap, stack)
        prepared(place / "prepared")
        longest = undisturbed(place / "once", solver=options.unwrap)
        shutil.copytree(place / "once", place / "twice")
        assert _start(place / "twice", [*ON_CORES, "--unwrap", options.unwrap]).wait() == 0
        print(f"undisturbed run: {longest:.1f} s", flush=True)
        print(f"{'trial':>5} {'patches':8} {'from':9} {'kill':>4} {'moment':>8} {'kind':10} {'goes on at':11} equal")
        while done < options.kills:
            number += 1
            way = list(ways)[number % len(ways)]
            start, end = generator.choice((("prepared", "once"), ("prepared", "once"), ("once", "twice")))
            folder = place / f"trial{number}"
            kills, differing = trial(folder, place / start, place / end, ways[way], generator, options.kills - done)
            for k, kill in enumerate(kills, 1):
                done += 1
                steps[kill.step] = steps.get(kill.step, 0) + 1
                equal = "" if k < len(kills) else "NO: " + ", ".join(differing[:4]) if differing else "yes"
                print(
                    f"{number:5} {way:8} {start if start == 'prepared' else 'finished':9} {done:4} {kill.moment:7.2f}s "
                    f"{kill.kind:10} {kill.step:11} {equal}",
                    flush=True,
                )
            if differing and not kills:
                print(f"{number:5} {way:8} {start:9} ended undisturbed, NO: {', '.join(differing[:4])}", flush=True)
            wrong += bool(differing)
            if not (differing and options.keep):
                shutil.rmtree(folder, ignore_errors=True)
    if not (wrong and options.keep):
        shutil.rmtree(place, ignore_errors=True)
    print(json.dumps({"kills": done, "chains": number, "not equal": wrong, "goes on at": dict(sorted(steps.items()))}))
    print(f"{done} kills in {number} chains, {wrong} chains not equal, {time.monotonic() - begin:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

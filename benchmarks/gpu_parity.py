"""Parity through the CuPy versions of the kernels: the golden set ``ps_mini``, or a simulated stack against NumPy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gpu_kernels import where_golden

from stamps.verify.trees import compare

__all__ = ["golden_parity", "parity", "simulated_parity"]

ROOT = Path(__file__).resolve().parent.parent
_STAND_IN = ROOT / "tests" / "helpers" / "cupy_stand_in"


def environment(backend: str, stand_in: bool) -> dict[str, str]:
    """Of processes that compute with a backend."""
    paths = [str(ROOT), *([str(_STAND_IN)] if stand_in else []), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "STAMPS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def parity(folder: Path, stand_in: bool, seconds: float, only: Sequence[str] = ()) -> dict[str, Any]:
    """Parity of ``ps_mini`` if it is there, else of a simulated stack against NumPy.

    Parameters
    ----------
    folder : Path
        For scratch files.
    stand_in : bool
        NumPy in CuPy's place.
    seconds : float
        What does not end by then has failed.
    only : sequence of str
        Jobs whose names contain one of these words; empty: all.

    Returns
    -------
    dict
        ``what``, ``ok``, ``compared``, ``agreeing``, ``seconds``, ``faults`` (list of str).
    """
    begin, golden = time.perf_counter(), where_golden()
    try:
        if golden:
            found = golden_parity(Path(golden), folder, stand_in, seconds, only)
        else:
            found = simulated_parity(folder, stand_in, seconds)
    except subprocess.TimeoutExpired:
        found = _outcome("parity", 0, 0, [f"it did not end within {seconds:.0f} s"])
    except subprocess.CalledProcessError as error:
        words = " ".join(map(str, error.cmd[1:]))
        found = _outcome("parity", 0, 0, [f"{words} failed: {error.stderr.strip()[-300:]}"])
    return {**found, "seconds": round(time.perf_counter() - begin, 1)}


def _outcome(what: str, compared: int, agreeing: int, faults: list[str]) -> dict[str, Any]:
    return {"what": what, "ok": not faults, "compared": compared, "agreeing": agreeing, "faults": faults}


def golden_parity(golden: Path, folder: Path, stand_in: bool, seconds: float, only: Sequence[str]) -> dict[str, Any]:
    """``python -m stamps.verify.parity`` with the backend ``cuda``; see :func:`parity`."""
    report = folder / "parity.json"
    command = [sys.executable, "-m", "stamps.verify.parity", "--golden", str(golden.parent), "--sets", golden.name]
    command += ["--json", str(report), *(["--only", *only] if only else [])]
    done = bounded(command, folder, environment("cuda", stand_in), seconds)
    what = f"`{golden.name}`, all jobs" if not only else f"`{golden.name}`, jobs named {', '.join(only)}"
    if not report.is_file():
        return _outcome(what, 0, 0, [f"the parity run failed: {done.stderr.strip()[-300:]}"])
    jobs = json.loads(report.read_text(encoding="utf-8"))
    compared, agreeing = (sum(job[name] for job in jobs["jobs"]) for name in ("compared", "agreeing"))
    faults = [*jobs["faults"], *fallen_back(done.stderr)]
    return _outcome(what, compared, agreeing, faults if done.returncode == 0 or faults else ["the parity run failed"])


def bounded(
    command: Sequence[str], cwd: Path, variables: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command with all it starts; what does not end in time is killed with it, and TimeoutExpired raised."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=cwd, env=dict(variables), start_new_session=True, **pipes) as process:
        try:
            output, messages = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(list(command), process.returncode, output, messages)


def fallen_back(messages: str) -> list[str]:
    """Lines that say that another backend has computed."""
    wanted = ("CUDA has failed", "CUDA version of", "cuda was asked for")
    return sorted({line for line in messages.splitlines() if any(word in line for word in wanted)})


def simulated_parity(folder: Path, stand_in: bool, seconds: float) -> dict[str, Any]:
    """A simulated stack processed with ``cuda`` and with NumPy; see :func:`parity`."""
    end = time.perf_counter() + seconds
    stack, messages = folder / "stack", ""

    def run(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> str:
        done = bounded(command, cwd, variables, max(end - time.perf_counter(), 1))
        done.check_returncode()
        return done.stderr

    simulate = [sys.executable, "-m", "stamps.simulate", str(stack), "--preset", "ps_small", "--quiet"]
    run(simulate, folder, environment("numpy", False))
    master = str(json.loads((stack / "truth.json").read_text(encoding="utf-8"))["master"])
    for backend in ("numpy", "cuda"):
        project = folder / backend
        project.mkdir()
        variables = environment(backend, stand_in)
        prepare = ("mt_prep_snap", master, str(stack), "0.4", "1", "1", "50", "50")
        for words in (prepare, ("setparm", "unwrap_grid_size", "50"), ("stamps", "1", "8")):
            messages += run([sys.executable, str(ROOT / "bin" / words[0]), *words[1:]], project, variables)
    report = compare(folder / "cuda", folder / "numpy")
    faults = [*([] if report.ok else [report.text()[-300:]]), *fallen_back(messages)]
    what = "No golden set at hand; a simulated stack, `cuda` against NumPy"
    return _outcome(what, report.n_compared, report.n_agreeing, faults)

"""Run a graph for one task: its inputs looked at first, products that nobody needs any more removed.

``python -m stamps.frontends.snap.run_graph --settings FILE --graph FILE …`` in the scratch folder of the task. The first line
names SNAP's version, ``gpt`` and the graph; then ``gpt`` writes to the standard output of this program. A sentence about what
is wrong begins with ``Error:``.

Source: docs/method/snap.md, section 3.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stamps.errors import InputError, StampsError
from stamps.frontends.snap.gpt import command_line
from stamps.frontends.snap.outputs import check_product
from stamps.frontends.snap.run_settings import RunSettings, digest_of, sweep

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a graph; the exit status is that of ``gpt``, or 1."""
    options = _parser().parse_args(arguments)
    try:
        settings = RunSettings.read(options.settings)
        _check(options)
        if options.sweep:
            sweep(options.workdir, settings)
    except StampsError as error:
        return _fail(str(error))
    print(f"SNAP {settings.version}: {settings.gpt}, {options.graph}", flush=True)
    for folder in options.folder:
        os.makedirs(folder, exist_ok=True)
    environment = {"LD_LIBRARY_PATH": ".", **os.environ}  # SNAP's own advice: its native libraries lie beside it
    words = command_line(
        settings.gpt, settings.user, options.graph, options.cores, options.memory, options.workdir, os.getcwd()
    )
    before = os.fstat(1).st_size
    try:
        status = subprocess.run(words, stdin=subprocess.DEVNULL, env=environment, check=False).returncode
    except OSError as error:
        return _fail(f"{words[0]} cannot be run ({error.strerror}).")
    if status < 0:
        return _fail(f"gpt was ended by {_signal_name(-status)}.")
    if status and os.fstat(1).st_size == before and stat.S_ISREG(os.fstat(1).st_mode):
        _fail(f"gpt ended with status {status} and said nothing.")
    return status


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} (out of memory?)" if name == "SIGKILL" else name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run_graph", description="Run a graph of SNAP for one task.")
    parser.add_argument("--settings", required=True, metavar="FILE", help="where gpt is, which products may go")
    parser.add_argument("--graph", required=True, metavar="FILE")
    parser.add_argument("--digest", required=True, help="of the graph")
    parser.add_argument("--workdir", required=True, metavar="DIR", help="of the job")
    parser.add_argument("--cores", type=int, required=True, metavar="N")
    parser.add_argument("--memory", type=int, required=True, metavar="MIB")
    parser.add_argument("--needs", action="append", default=[], metavar="PRODUCT", help="must be there and complete")
    parser.add_argument("--folder", action="append", default=[], metavar="NAME", help="make it first")
    parser.add_argument("--sweep", action="store_true", help="remove products of pairs that are exported")
    return parser


def _check(options: argparse.Namespace) -> None:
    """Refuse a graph that is not the planned one, and products that are not complete."""
    try:
        text = Path(options.graph).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The graph {options.graph} cannot be read ({error}): submit the job again.") from error
    if digest_of(text) != options.digest:
        raise InputError(f"The graph {options.graph} was changed after it was written: submit the job again.")
    if troubles := [trouble for path in options.needs if (trouble := _trouble_with(path))]:
        raise InputError(" ".join(troubles))


def _trouble_with(path: str) -> str:
    if path.endswith(".dim"):
        return check_product(path)
    return "" if os.path.exists(path) else f"The product {path} is not there."


def _fail(sentence: str) -> int:
    print(f"Error: {sentence}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())

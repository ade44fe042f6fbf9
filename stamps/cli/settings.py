"""``stamps settings``: the settings that count in a project, and where each of them comes from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from stamps.cli.options import BACKEND_HELP, add_workdir
from stamps.run.settings import settings_of
from stamps.workspace.settings_files import NAME, user_file

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the settings as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps settings",
        description="Settings and where each comes from: the command line, the environment, the file of the project, that of the "
        "user, or the default. They decide with what and where is computed; parameters: getparm.",
        epilog=f"Files: {NAME} in the project directory; {user_file()}",
    )
    add_workdir(parser, "project or patch directory")
    parser.add_argument("--backend", help=BACKEND_HELP)
    parser.add_argument("--cores", metavar="N", help="cores to use")
    parser.add_argument("--cluster", metavar="NAME", help="slurm or none")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="address of a Dask scheduler")
    parser.add_argument("--unwrap", metavar="NAME", help="what unwraps: flow or snaphu")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    settings = settings_of(
        options.workdir,
        backend=options.backend,
        cores=options.cores,
        cluster=options.cluster,
        scheduler=options.scheduler,
        solver=options.unwrap,
    )
    facts = settings.as_dict()
    print(json.dumps(facts, indent=1) if options.json else "\n".join(_row(name, facts[name]) for name in facts))
    return 0


def _row(name: str, fact: dict[str, Any]) -> str:
    value = fact["value"]
    if isinstance(value, dict):
        value = ", ".join(f"{kernel} {version}" for kernel, version in value.items())
    absent = {"cores": "as the parameter n_cores", "kernels": "none", "scheduler": "none", "weights": "the original's"}
    shown = absent.get(name, "")
    return f"{name:<10s} {value or shown:<26} {fact['origin']}"

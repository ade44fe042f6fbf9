"""``stamps describe-backends``: what there is to compute with and what will be used."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from stamps.cli.options import BACKEND_HELP
from stamps.native import backends
from stamps.queries.backend_facts import describe_backends

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the description as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps describe-backends",
        description="What there is to compute with, which version each kernel will use, which programs and libraries.",
    )
    parser.add_argument("--backend", help=BACKEND_HELP)
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    with backends.selected(options.backend):
        facts = describe_backends()
    print(json.dumps(facts, indent=1) if options.json else _as_text(facts))
    return 0


def _as_text(facts: Mapping[str, Any]) -> str:
    """The description for people."""
    lines = [f"requested backend: {facts['requested']}"]
    for title in ("backends", "kernels", "programs", "libraries"):
        lines.append(f"{title}:")
        for name, value in facts[title].items():
            others = facts["versions"][name] if title == "kernels" else []
            also = ", ".join(version for version in others if version != value)
            lines.append(f"  {name:<20s} {value:<9s} also {also}" if also else f"  {name:<20s} {value}")
    lines.append(f"threads of a kernel: {facts['threads']} (processors: {facts['cpus']})")
    return "\n".join(lines)

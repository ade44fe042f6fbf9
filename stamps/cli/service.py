"""``stamps service``: watch folders that grow, or offer stacks and time series to web clients."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["main"]

_EPILOG = """\
  stamps service watch service.toml --once             for cron and timers of systemd
  stamps service serve service.toml --port 5000
  stamps jobs --workdir /data/service/etna             the jobs of a stack, whoever ordered them
"""


def main(argv: Sequence[str]) -> int:
    """Understand the arguments, call, print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps service",
        description="Make stacks and time series as images arrive, or when web clients order them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    watch = actions.add_parser("watch", help="order what has arrived in the sources of all stacks, again and again")
    watch.add_argument("file", metavar="FILE", help="stacks and their settings (TOML)")
    watch.add_argument("--once", action="store_true", help="one pass, then return: 0, or 1 where a stack is in trouble")
    watch.set_defaults(perform=_watch)
    serve = actions.add_parser("serve", help="offer the processes stack and psi (OGC API - Processes)")
    serve.add_argument("file", metavar="FILE", help="what the processes may use (TOML)")
    serve.add_argument("--host", metavar="NAME", help="address to listen at (127.0.0.1: this machine only)")
    serve.add_argument("--port", type=_port, metavar="N", help="port to listen at (5000)")
    serve.set_defaults(perform=_serve)
    options = parser.parse_args(argv)
    return options.perform(options)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port")
    return int(text)


def _watch(options: Namespace) -> int:
    from stamps.service.watch import StackReport, watch

    def show(report: StackReport) -> None:
        if text := str(report):
            print(text, flush=True)

    try:
        return watch(options.file, once=options.once, show=show)
    except KeyboardInterrupt:
        if options.once:
            raise
        print("The watch has ended; jobs that are at work go on.", flush=True)
        return 0


def _serve(options: Namespace) -> int:
    from stamps.service.server import serve

    return serve(options.file, host=options.host, port=options.port)

"""``stamps view``: a page with the map and the time series, as a file and in the browser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.cli.options import add_model_terms, add_reference, add_workdir
from stamps.products.view import view
from stamps.products.view.content import N_BOOT
from stamps.products.view.serving import page_server

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Write the page, serve it if asked for; returns the exit status."""
    options = _parser().parse_args(argv)
    path = view(
        options.workdir,
        options.out,
        options.value,
        title=options.title,
        background=not options.no_background,
        n_boot=options.n_boot,
        reference_date=options.reference_date,
        reference_area=options.reference_area,
        model=options.model,
        events=options.events,
        tiles=options.tiles,
        tiles_attribution=options.tiles_attribution,
        overlay=options.overlay,
        gnss=options.gnss,
        compare=options.compare,
    )
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB): open it in a browser")
    return 0 if options.serve is None else _serve(path, options.serve)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stamps view",
        description="Write one self-contained HTML page: map of the points, time series, differences, layers, reference.",
        epilog="example: stamps view --value v-do --out motion.html",
    )
    add_workdir(parser)
    parser.add_argument("--out", metavar="FILE.html", help="the page [view.html in the project directory]")
    parser.add_argument("--value", metavar="TYPE", help="velocity to show: v, v-d, v-do … [v-d; small baselines V-d]")
    parser.add_argument("--title", help="heading [name of the project directory]")
    parser.add_argument("--no-background", action="store_true", help="leave out shaded DEM and mean amplitude")
    parser.add_argument(
        "--n-boot", type=int, default=N_BOOT, help="bootstrap samples of the standard deviation [%(default)s]"
    )
    parser.add_argument(
        "--serve",
        nargs="?",
        type=int,
        const=0,
        metavar="PORT",
        help="then serve the page to this machine (127.0.0.1) until interrupted; without PORT a free one",
    )
    add_reference(parser)
    add_model_terms(parser, "layers")
    _add_extras(parser)
    return parser


def _add_extras(parser: argparse.ArgumentParser) -> None:
    """What may lie on the map and beside it."""
    parser.add_argument(
        "--tiles",
        metavar="ADDRESS",
        help="base map 'https://HOST/…/{z}/{x}/{y}.png', fetched by whoever looks at the page [none: nothing is fetched]",
    )
    parser.add_argument("--tiles-attribution", metavar="TEXT", help="who made the base map [its host]")
    parser.add_argument("--overlay", action="append", metavar="FILE.geojson", help="drawing over the map; repeatable")
    parser.add_argument("--gnss", action="append", metavar="FILE", help="stations: tenv3, MIDAS, CSV; repeatable")
    parser.add_argument(
        "--event",
        dest="events",
        action="append",
        default=[],
        metavar="DATE[=NAME]",
        help="event to mark in the time series, as 2019-07-06=earthquake; repeatable",
    )
    parser.add_argument("--compare", metavar="PROJECT", help="another project of the same area, shown beside this one")


def _serve(path: StrPath, port: int) -> int:
    with page_server(path, port) as server:
        print("http://{}:{}/  (Ctrl-C ends)".format(*server.server_address), flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0

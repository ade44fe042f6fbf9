"""The demonstration: simulate a stack, prepare it, run steps 1 to 8, say what was found, draw it and write the pages.

``python -m stamps.simulation.demo [DIRECTORY]`` (what ``make demo`` runs). Everything lands in one directory,
``stack`` the simulated SNAP export and ``project`` the processing; the result is compared with the simulation's truth.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stamps.errors import InputError, StampsError
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.observations import los_velocity
from stamps.products.overview import draw_overview
from stamps.products.view import view
from stamps.report.quality import quality_report, write_quality_report
from stamps.simulation.settings import Settings
from stamps.simulation.stack import simulate
from stamps.simulation.truth import TruthFigures, compare_with_truth
from stamps.workspace import Workspace
from stamps.workspace.console import log_on_console

__all__ = ["main", "run_demo"]

_SETTINGS: dict[str, Any] = {"preset": "demo", "seed": 1, "mask": True, "quiet": True}
_SETTINGS_FILE = "made_with.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the demonstration; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m stamps.simulation.demo", description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", default="demo", help="where to work [demo]")
    options = parser.parse_args(argv)
    try:
        with log_on_console():
            run_demo(Path(options.directory).resolve())
    except StampsError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def run_demo(folder: Path) -> None:
    """Simulate, process, report.

    Parameters
    ----------
    folder : Path
        Working directory; a ``project`` inside is replaced, a complete ``stack`` inside is used again.
    """
    from stamps import mt_prep_snap, setparm, stamps

    stack, project = folder / "stack", folder / "project"
    _stage(1, "simulating a stack of Sentinel-1 images as SNAP exports it")
    _simulate(stack)
    truth = json.loads((stack / "truth.json").read_text())
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    start = time.perf_counter()
    _stage(2, f"preparing the project: mt_prep_snap {truth['master']} {stack} 0.4 1 1 50 50")
    mt_prep_snap(truth["master"], stack, 0.4, 1, 1, 50, 50, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)
    _stage(3, "processing: stamps 1 8")
    stamps(1, 8, workdir=project)
    seconds = time.perf_counter() - start
    _stage(4, "drawing the result and comparing it with the simulated truth")
    _report(project, stack, seconds)


def _stage(number: int, text: str) -> None:
    print(f"\n--- {number} of 4: {text} ---", flush=True)


def _simulate(stack: Path) -> None:
    """Make the stack, unless a complete one with the same settings is there."""
    if (stack / "truth.json").is_file() and _made_with(stack) == _SETTINGS:
        return
    shutil.rmtree(stack, ignore_errors=True)
    simulate(Settings.of_preset(**_SETTINGS, datadir=stack))
    (stack / _SETTINGS_FILE).write_text(json.dumps(_SETTINGS))


def _made_with(stack: Path) -> Any:
    """Settings of the simulation that a stack came from; None where they are unknown."""
    try:
        return json.loads((stack / _SETTINGS_FILE).read_text())
    except (OSError, ValueError):
        return None


def _report(project: Path, stack: Path, seconds: float) -> None:
    """Draw the result, write the pages, print what was found and what can be done next."""
    ws = Workspace(project)
    pictures = draw_overview(ws, project / "pictures")
    figures = compare_with_truth(ws, stack)
    quality = _quality_page(ws, project / "report")
    page = view(ws, project / "view.html", title="Simulated stack: a subsidence bowl")
    _print_result(ws, figures, seconds)
    print("Look at")
    for path, what in [(page, "the map; click for time series"), (quality, "quality of the run"), *_named(pictures)]:
        if path is not None:
            print(f"  {_short(path):<40s} {what}")
    activate = Path(sys.prefix) / "bin" / "activate"
    commands = "stamps status; ps_plot v-do --out v.png; stamps export csv --out points.csv"
    print(f"Go on: . {_short(activate)}; cd {_short(project)}; {commands}")
    print("Your own data: mt_prep_snap MASTER EXPORT 0.4 3 3, then stamps 1 8 (README.md)")


def _print_result(ws: Workspace, figures: TruthFigures, seconds: float) -> None:
    """How many pixels, how fast they move, how far that is from the truth."""
    ps = ws.load("ps2")
    low, high = np.nanpercentile(los_velocity(ws), [1, 99])
    first, last = (str(to_yyyymmdd(day)) for day in (ps["day"].min(), ps["day"].max()))
    print(f"\n{ps['n_image']} images, {first} to {last}: {ps['n_ps']} persistent scatterers in {seconds:.0f} s.")
    print(
        f"Velocity along the line of sight: {low:.1f} to {high:.1f} mm/yr (98 % of them; negative: away from the satellite)."
    )
    print(
        f"Against the simulated truth: velocity error {figures.velocity_rms:.1f} mm/yr rms, "
        f"{100 * figures.share_true_cycle:.2f} % of the unwrapped samples on the true cycle."
    )


def _named(pictures: Sequence[Path]) -> list[tuple[Path, str]]:
    return [(path, path.stem.replace("_", " ")) for path in pictures]


def _short(path: Path) -> str:
    """A path as seen from the current directory, where it lies below it."""
    return str(path.relative_to(os.getcwd())) if path.is_relative_to(os.getcwd()) else str(path)


def _quality_page(ws: Workspace, folder: Path) -> Path | None:
    """The page, or None where the libraries that make it are not installed."""
    try:
        return write_quality_report(quality_report(ws), folder)
    except InputError as error:
        print(f"No quality report: {error}")
        return None


if __name__ == "__main__":
    sys.exit(main())

"""The demonstration: simulate a stack, prepare it, run steps 1 to 8, say what was found, draw it and write the pages.

``python -m stamps.demo [DIRECTORY]`` (what ``make demo`` runs). Everything lands in one directory, ``stack`` the simulated SNAP
export and ``project`` the processing; the result is compared with the simulation's truth.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from stamps.errors import InputError, StampsError
from stamps.products.overview import draw_overview
from stamps.products.values import los_velocity
from stamps.products.view import view
from stamps.report.quality import quality_report, write_quality_report
from stamps.truth import compare_with_truth
from stamps.workspace import Workspace

__all__ = ["main", "run_demo"]

_STACK_OPTIONS = ("--preset", "ps_small", "--seed", "1", "--mask")


def main(argv=None):
    """Command line of the demonstration."""
    parser = argparse.ArgumentParser(prog="python -m stamps.demo", description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", default="demo", help="where to work [demo]")
    options = parser.parse_args(argv)
    try:
        run_demo(Path(options.directory).resolve())
    except StampsError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def run_demo(folder):
    """Simulate, process, report.

    Parameters
    ----------
    folder : Path
        Working directory; a ``project`` inside is replaced, a complete ``stack`` inside is used again.
    """
    from stamps import mt_prep_snap, setparm, stamps

    stack, project = folder / "stack", folder / "project"
    _simulate(stack)
    truth = json.loads((stack / "truth.json").read_text())
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    start = time.perf_counter()
    mt_prep_snap(truth["master"], stack, 0.4, 1, 1, 50, 50, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)
    stamps(1, 8, workdir=project)
    seconds = time.perf_counter() - start
    _report(project, stack, truth, seconds)


def _simulate(stack):
    if (stack / "truth.json").is_file():
        return
    shutil.rmtree(stack, ignore_errors=True)
    print("Simulating a stack of 24 images of 200 x 400 pixels …", flush=True)
    subprocess.run([sys.executable, "-m", "stamps.simulate", str(stack), *_STACK_OPTIONS, "--quiet"], check=True)


def _report(project, stack, truth, seconds):
    ws = Workspace(project)
    velocity = los_velocity(ws)
    pictures = draw_overview(ws, project / "pictures")
    figures = compare_with_truth(ws, stack)
    page = _quality_page(ws, project / "report")
    interactive = view(ws, project / "view.html", title="Simulated stack: a subsidence bowl")
    low, high = np.nanpercentile(velocity, [1, 99])
    print()
    print(f"Processed {truth['n_images']} images in {seconds:.0f} s: {velocity.size} persistent scatterers.")
    print(f"Velocity towards the satellite, 98 % of the pixels: {low:.1f} to {high:.1f} mm/yr.")
    print(f"Against the simulated truth ({figures.n_pixels} true scatterers):")
    print(f"  {100 * figures.share_true_cycle:.2f} % of {figures.n_samples} unwrapped samples on the true cycle,")
    print(f"  velocity error {figures.velocity_rms:.1f} mm/yr rms (the atmosphere of nine months is in it).")
    print(f"Project directory: {project}")
    print("Pictures:")
    for path in pictures:
        print(f"  {path}")
    print("Pages, to be opened in a browser:")
    if page is not None:
        print(f"  {page}  quality of the run")
    print(f"  {interactive}  the velocity map, with a time series for every click")


def _quality_page(ws, folder):
    """The page, or None where the libraries that make it are not installed."""
    try:
        return write_quality_report(quality_report(ws), folder)
    except InputError as error:
        print(f"No quality report: {error}")
        return None


if __name__ == "__main__":
    sys.exit(main())

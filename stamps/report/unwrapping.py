"""Sections of the quality report on the unwrapping: loops and misfit, neighbours of a single master, passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.loops import closure_loops
from stamps.insar.network import image_baselines
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.observations import los_velocity
from stamps.products.quantities import Choice, Project, Quantities
from stamps.products.quantity_styles import STYLES
from stamps.report import charts, drawing
from stamps.report.differences import statistics_of
from stamps.report.drawing import Panel
from stamps.report.figures_of_merit import closure_of
from stamps.report.run import names_of
from stamps.report.sections import attempt, median_of
from stamps.report.timings import passes as passes_of
from stamps.verify import matching
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.report.run import Run
    from stamps.report.sections import Section


__all__ = ["passes", "unwrapping"]


def unwrapping(run: Run, section: Section) -> None:
    """Loops and misfit of small baselines, neighbours of a single master."""
    (_pair_closure if run.small_baselines else _neighbours)(run, section)


def _neighbours(run: Run, section: Section) -> None:
    """Single master: no loops exist, so neighbours are compared."""
    section.lead = (
        "With a single master no interferograms close a loop. Between neighbouring pixels the atmosphere cancels, so the "
        "difference of their series should follow a line: a residual of more than half a cycle is likely an error of unwrapping "
        "at one of them, or strong noise."
    )
    arcs, days = run.arcs, run.series.days
    total, samples = int(arcs.beyond.sum()), arcs.n_arcs * len(days)
    section.facts.update(
        arcs=arcs.n_arcs,
        samples=samples,
        samples_off=total,
        arcs_off_per_image=arcs.beyond,
        median_coherence=median_of(arcs.coherence),
    )
    names = [str(date) for date in np.ravel(to_yyyymmdd(run.project.ps["master_day"] + days))]
    title = f"Arcs between neighbours beyond half a cycle ({total} of {samples} samples)"
    section.pictures.append(
        (lambda: charts.bars(names, 100 * arcs.beyond / max(arcs.n_arcs, 1), "% of the arcs", title), "")
    )
    section.pictures.append((lambda: drawing.map_panels(run.canvas, _arc_panels(arcs), run.ground), ""))


def _arc_panels(arcs: Any) -> list[Panel]:
    return [
        Panel("Temporal coherence of the arcs of each pixel", arcs.coherence, STYLES["coherence"]),
        Panel("Samples of its arcs beyond half a cycle", 100 * arcs.of_pixels, STYLES["percent"]),
    ]


def _pair_closure(run: Run, section: Section) -> None:
    """Small baselines: closed loops, and the misfit of the inversion."""
    section.lead = (
        "Small baselines: the unwrapped phases of three images close a loop, and whatever is left over is a whole number of "
        "cycles. The misfit is what the time series cannot explain of the interferograms."
    )
    project, ps = run.project, run.project.ps
    used = project.retained_ifgs()
    phase = Quantities(project, Choice(), True).present("U")
    nodes = np.column_stack([ps["day"], image_baselines(ps, True)])
    loops = closure_loops(ps["ifgday_ix"], used, nodes)
    wrong = closure_of(phase, loops)
    n_off, n_sums = int(wrong.sum()), len(loops) * len(phase)
    section.facts.update(
        loops=len(loops),
        pixels_off_per_loop=wrong,
        loops_off=int(np.count_nonzero(wrong)),
        samples_off=n_off,
        samples=n_sums,
    )
    names = ["+".join(str(k + 1) for k in np.flatnonzero(loop)) for loop in loops]
    misfit = Quantities(project, Choice(), True).present("RES").astype(np.float64)
    misfit -= np.nanmedian(misfit, axis=0)  # each interferogram has an origin of its own
    rms = np.sqrt(np.nanmean(misfit[:, used] ** 2, axis=0))
    off = np.count_nonzero(np.abs(misfit[:, used]) > np.pi, axis=0)
    section.facts.update(
        misfit_rms_rad=dict(zip(np.array(names_of(run))[used].tolist(), rms.tolist(), strict=True)),
        misfit_beyond_half_cycle=int(off.sum()),
    )
    title = f"Misfit of the interferograms ({int(off.sum())} of {misfit[:, used].size} samples beyond half a cycle)"
    section.pictures.append((lambda: charts.bars([names_of(run)[k] for k in used], rms, "rms (rad)", title), ""))
    if len(loops):
        heading = f"Loops that do not close ({n_off} of {n_sums} sums; {len(loops)} loops, by interferograms)"
        section.pictures.append((lambda: charts.bars(names, 100 * wrong / len(phase), "% of the pixels", heading), ""))
    of_pixels = np.sqrt(np.nanmean(misfit[:, used] ** 2, axis=1))
    panels = [Panel("Misfit of each pixel (rms)", of_pixels, STYLES["wrapped_residual"])]
    attempt(section, lambda: panels.append(_arc_panels(run.arcs)[0]))
    section.pictures.append((lambda: drawing.map_panels(run.canvas, panels, run.ground), ""))


def passes(run: Run, section: Section) -> None:
    """What the log says about passes, and what changed against another state."""
    log = run.ws.path / "STAMPS.log"
    unwrapped, after_scla = passes_of(log)
    section.facts.update(unwrapped=unwrapped, second_pass=after_scla)
    if unwrapped:
        times = "once" if unwrapped == 1 else f"{unwrapped} times"
        state = (
            "the last time after the look-angle error was estimated, so this is a second pass"
            if after_scla
            else "without an earlier look-angle error, so this is a first pass"
        )
        section.lead += f" According to the log the phases here were unwrapped {times}, {state}."
    attempt(section, _smooth_against_raw, run, section)
    if run.compare_with is None:
        section.missing.append(
            "No other state to compare with: keep a copy of the directory before the second pass (stamps 6 7) and name it with "
            "--compare-with."
        )
        return
    _other_state(run, Workspace(run.compare_with), run.compare_with, section)


def _smooth_against_raw(run: Run, section: Section) -> None:
    """How much of the look-angle error the next pass would subtract (its smoothed version)."""
    quantities = Quantities(run.project, Choice(), run.small_baselines)
    raw, smooth = (quantities.present(letter).astype(np.float64) for letter in ("S", "S~"))
    rms = [float(np.sqrt(np.nanmean(part**2))) for part in (raw, smooth)]
    section.facts.update(look_angle_rms_rad=rms[0], smoothed_look_angle_rms_rad=rms[1])
    section.tables.append(
        {
            "caption": "Look-angle error, all interferograms",
            "head": ["", "rms (rad)"],
            "rows": [
                ["as estimated in step 7", f"{rms[0]:.3f}"],
                ["smoothed, which the next pass subtracts before unwrapping", f"{rms[1]:.3f}"],
            ],
        }
    )


def _other_state(run: Run, other_ws: Workspace, name: str, section: Section) -> None:
    """Cycles and velocities of this state against another one of the same project."""
    rows, cycles, change = _changes(run, other_ws)
    figures = statistics_of(change, run.velocity[rows], "absolute")
    on_another = int(np.count_nonzero(cycles))
    section.facts.update(
        compared_with=str(name),
        common_pixels=len(rows),
        samples_on_another_cycle=on_another,
        samples=int(cycles.size),
        velocity_rms_mm_per_year=figures.rms,
        velocity_largest_mm_per_year=figures.maximum,
    )
    section.tables.append(
        {
            "caption": f"Against {name}",
            "head": ["", ""],
            "rows": [
                ["pixels in common", len(rows)],
                ["samples on another cycle", f"{on_another} of {cycles.size}"],
                ["velocity, rms difference", f"{figures.rms:.3g} mm/yr"],
                ["velocity, largest difference", f"{figures.maximum:.3g} mm/yr"],
            ],
        }
    )
    _show_changes(run, rows, cycles, change, section)


def _changes(run: Run, other_ws: Workspace) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.floating[Any]]]:
    """Rows of the common pixels; by how many cycles and mm/yr they differ, this state minus the other one."""
    other = Project.at(other_ws)
    ps, theirs = run.project.ps, other.ps
    rows, other_rows = matching.match_rows(ps["ij"], ps["lonlat"], theirs["ij"], theirs["lonlat"])
    if not rows.size:
        raise InputError(
            f"{other_ws.path} has no pixel in common with {run.ws.path}: give another state of the same project."
        )
    ours, before = (Quantities(p, Choice(), run.small_baselines).present("U") for p in (run.project, other))
    if ours.shape[1] != before.shape[1]:
        raise InputError(
            f"{other_ws.path} has {before.shape[1]} interferograms, but {run.ws.path} has {ours.shape[1]}: give another state of "
            "the same project."
        )
    cycles = np.round((ours[rows].astype(np.float64) - before[other_rows].astype(np.float64)) / (2 * np.pi))
    return rows, cycles, run.velocity[rows] - los_velocity(other_ws)[other_rows]


def _show_changes(
    run: Run,
    rows: NDArray[np.int64],
    cycles: NDArray[np.float64],
    change: NDArray[np.floating[Any]],
    section: Section,
) -> None:
    """Maps of the velocity and its change, and where samples are on another cycle."""
    panels = [
        Panel("Velocity, this state", run.velocity[rows], STYLES["velocity"]),
        Panel("Its change", change, STYLES["velocity_change"]),
    ]
    changed = np.count_nonzero(cycles, axis=0)
    if changed.any():
        moved = np.count_nonzero(cycles, axis=1).astype(np.float64)
        panels.append(Panel("Samples on another cycle", moved, STYLES["count"]))
        names, share = names_of(run), 100 * changed / len(rows)
        title = "Samples on another cycle than before"
        section.pictures.append((lambda: charts.bars(names, share, "% of the pixels", title), ""))
    canvas = drawing.Canvas.of(run.project.ps["lonlat"][rows])
    section.pictures.append((lambda: drawing.map_panels(canvas, panels, run.ground), ""))

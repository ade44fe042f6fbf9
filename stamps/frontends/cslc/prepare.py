"""A project from geocoded SLCs: checked, planned, written, published at once.

Source: docs/method/cslc.md.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.checks import Problem, check_layout, check_mask, check_path, raise_problems
from stamps.frontends.cslc.consistency import burst_phases, jump_sentences, measure_jumps, without_phases
from stamps.frontends.cslc.geometry import Nodes, node_grid, nodes_of
from stamps.frontends.cslc.mosaic import Mosaic
from stamps.frontends.cslc.names import platform_name
from stamps.frontends.cslc.orbit_of_pass import check_view, orbit_of
from stamps.frontends.cslc.plan import Plan, make_plan, with_remarks
from stamps.frontends.cslc.rasters import check_raster, check_water, heights_at
from stamps.frontends.cslc.settings import CslcSettings
from stamps.frontends.cslc.static import choose_static
from stamps.frontends.flattened_stack import coregistered_stack, write_raster
from stamps.frontends.project import PreparationSettings, Remarks, prepare
from stamps.frontends.stack import CoregisteredStack
from stamps.insar.orbits import Orbit
from stamps.workspace import Workspace
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["prepare_cslc"]

_ROUTINE = "MT_PREP_CSLC"


def prepare_cslc(
    ws: Workspace,
    master: int | str,
    folders: Sequence[StrPath],
    preparation: PreparationSettings,
    settings: CslcSettings,
    pairs: Sequence[tuple[int, int]] = (),
) -> None:
    """Prepare a project from folders of geocoded SLCs.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    master : int or str
        yyyymmdd.
    folders : sequence of path-like
        Searched with the folders inside them.
    preparation : PreparationSettings
    settings : CslcSettings
    pairs : sequence of (int, int)
        Small baselines.

    Raises
    ------
    InputError
        With all problems of the inputs. Nothing was written then.
    """
    if settings.dem is not None:
        check_raster(settings.dem, "elevation model")
    if settings.water is not None:
        check_water(settings.water, settings.water_value)
    for path in (ws.path, *folders):
        check_path(str(path))
    plan = make_plan(master, folders, settings, pairs)
    size = plan.owners.grid.width, plan.owners.grid.length
    problems = check_layout(size, preparation.counts, preparation.threshold)
    problems += [] if preparation.mask is None else check_mask(preparation.mask, size)
    raise_problems(problems, plan.chosen.subject)
    mosaic, plan = _mosaic(plan, folders, settings, preparation.mask)
    _forecast(ws, plan)
    for text in plan.notes:
        print(f"{_ROUTINE}: {text}", flush=True)
    remarks = Remarks(list(plan.warnings))
    prepare(ws, _ROUTINE, lambda stage: _stack(stage, mosaic, remarks), preparation, remarks)
    _tell(plan)


# ---------------------------------------------------------------------- parts


def _mosaic(
    plan: Plan, folders: Sequence[StrPath], settings: CslcSettings, user_mask: str | None
) -> tuple[Mosaic, Plan]:
    """The source of all rasters, and the plan with what its making has shown."""
    static, warnings = choose_static(plan.chosen.static, plan.chosen.images, plan.bursts, plan.master)
    jumps = measure_jumps(plan.chosen.images, plan.owners, plan.interferograms, plan.chosen.polarisation)
    used = {burst: plan.chosen.images[burst] for burst in plan.bursts}
    notes, jumping = jump_sentences(jumps, used)
    phases = burst_phases(jumps, plan.bursts, plan.master) if settings.align else {}
    if phases:
        largest = max(abs(phase) for phase in phases.values())
        notes.append(f"Constants of {len(phases)} bursts and dates are taken out, the largest {largest:.2f} rad; then:")
        left, jumping = jump_sentences(without_phases(jumps, phases), used, aligned=True)
        notes += left
    nodes = nodes_of(plan.owners.grid, _node_heights(plan, settings))
    if settings.align:
        warnings += _not_aligned(plan, len(phases))
    orbits = _orbits(plan, nodes)
    mosaic = Mosaic(
        folder=Path(os.path.abspath(folders[0])),
        plan=plan,
        settings=settings,
        static=static,
        orbits=orbits,
        nodes=nodes,
        user_mask=user_mask,
        phases=phases,
    )
    if settings.dem is None and not mosaic.of_static_heights:
        notes.append("No DEM: heights are 0 (give --dem).")
    plan = with_remarks(plan, notes, [*warnings, *jumping])
    return replace(mosaic, plan=plan), plan


def _not_aligned(plan: Plan, found: int) -> list[str]:
    """How many constants could not be estimated."""
    wanted = (len(plan.bursts) - 1) * (len(plan.dates) - 1)
    if found >= wanted:
        return []
    return [
        f"{wanted - found} of {wanted} constants of bursts and dates could not be estimated (no coherent overlap): these images "
        "stay as they are."
    ]


def _orbits(plan: Plan, nodes: Nodes) -> dict[int, Orbit]:
    """The orbit of each date; an InputError with all that are unusable."""
    orbits, problems = {}, []
    for date in plan.dates:
        try:
            orbits[date] = orbit_of(plan.products(date))
            check_view(orbits[date], plan.products(date), nodes.centre)
        except InputError as error:
            problems.append(Problem(str(error)))
    raise_problems(problems, plan.chosen.subject)
    return orbits


def _node_heights(plan: Plan, settings: CslcSettings) -> float | np.ndarray:
    """Heights of the nodes of the baselines."""
    if settings.dem is None:
        return settings.height
    grid = node_grid(plan.owners.grid)
    values = heights_at(settings.dem, grid, slice(0, grid.length))
    known = np.isfinite(values)
    if not known.any():
        raise InputError(f"The elevation model {settings.dem} does not cover the area. Nothing was written.")
    return np.where(known, values, values[known].mean(dtype=np.float64)).astype(np.float64)


def _forecast(ws: Workspace, plan: Plan) -> None:
    """Say how much will be written; an InputError where there is no room."""
    pixels = plan.owners.grid.width * plan.owners.grid.length
    needed = pixels * (8 * (len(plan.dates) + len(plan.interferograms)) + 18)
    free = shutil.disk_usage(ws.path).free
    text = (
        f"{plan.owners.grid.width} × {plan.owners.grid.length} pixels, {len(plan.dates)} images, "
        f"{len(plan.interferograms)} interferograms: {needed / 1e9:.3g} GB will be written ({free / 1e9:.3g} GB are free)"
    )
    if needed > free:
        raise InputError(f"{text}: choose a smaller area (--area) or another disk. Nothing was written.")
    print(f"{_ROUTINE}: {text}.", flush=True)


def _stack(stage: Workspace, mosaic: Mosaic, remarks: Remarks) -> CoregisteredStack:
    """Write all rasters and lists to the scratch folder."""
    grid = mosaic.owners.grid
    write_raster(stage, "burst.raw", [mosaic.owners.owner], (grid.width, grid.length), np.uint8)
    stage.write_text("cslc.csv", _table(mosaic))
    stack = coregistered_stack(stage, mosaic, remarks)
    remarks.positions += mosaic.findings
    return stack


def _table(mosaic: Mosaic) -> str:
    """``cslc.csv``: bursts by number as comments, then one row for each date."""
    plan, text = mosaic.plan, io.StringIO()
    grid = mosaic.owners.grid
    text.write(f"# EPSG:{grid.epsg}, {grid.posting}, {grid.width} × {grid.length}\n")
    text.write(f"# mean slant range {mosaic.nodes.slant_range(mosaic.orbits[plan.master]):.1f} m\n")
    for number, (burst, count) in enumerate(plan.owners.counts.items(), 1):
        layers = mosaic.static.get(burst)
        text.write(
            f"# burst {number} {burst} {count} pixels, static layers {one_line(layers.name) if layers else 'none'}\n"
        )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["date", "start", "sensor", "orbit_type", "version", "bperp_m", "valid_fraction", "corrected_rad", "granules"]
    )
    for date in plan.dates:
        products = plan.products(date)
        baseline = mosaic.mean_baseline(date, mosaic.baselines(date))
        phases = " ".join(f"{mosaic.phases.get((product.burst, date), 0.0):.4f}" for product in products)
        writer.writerow(
            [
                date,
                min(product.start for product in products),
                platform_name(products[0].mission),
                "/".join(sorted({product.orbit_type for product in products})),
                "/".join(sorted({product.version for product in products})),
                f"{baseline:.4f}",
                f"{plan.owners.valid[date]:.6f}",
                phases,
                " ".join(one_line(product.name) for product in products),
            ]
        )
    return text.getvalue()


def _tell(plan: Plan) -> None:
    """Last lines for the console: what belongs to whom, and what to think of."""
    counts, total = plan.owners.counts, plan.owners.owner.size
    owned = sum(counts.values())
    bursts = ", ".join(f"{burst} {count}" for burst, count in counts.items() if count)
    print(f"{_ROUTINE}: {100 * owned / total:.1f} % of the pixels have an owner: {bursts}")
    print(
        f"{_ROUTINE}: where pixels are smaller than the resolution a bright target fills several; weed_neighbours 'y' keeps the "
        "best of them"
    )

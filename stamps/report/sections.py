"""Sections of the quality report: pixels, density, velocity, selection, noise, baselines, residuals, parameters, record.

Each function reads what it needs of a :class:`stamps.report.run.Run`, adds its numbers to the section and plans its pictures.
The unwrapping has a module of its own (:mod:`stamps.report.unwrapping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import StampsError, WorkspaceError
from stamps.insar.network import image_baselines
from stamps.matlab import literals
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.baselines import draw_network
from stamps.products.columns import pixel_coherence
from stamps.products.figures import new_figure
from stamps.products.quantities import Choice, Quantities
from stamps.products.quantity_styles import STYLES
from stamps.products.referencing import relative_to_pixels
from stamps.products.series import dates_of
from stamps.report import charts, drawing, page
from stamps.report.drawing import Panel
from stamps.report.figures_of_merit import area_of, density_of
from stamps.report.run import names_of
from stamps.report.scatterers import scatterers
from stamps.report.timings import log_seconds
from stamps.verify.report import versions
from stamps.workspace import findings
from stamps.workspace.parameters import Parameters, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.report.run import Run


__all__ = [
    "Section",
    "attempt",
    "baselines",
    "density",
    "median_of",
    "noise",
    "parameters",
    "pixels",
    "record",
    "residuals",
    "selection",
    "velocity",
    "warnings",
    "with_minus",
]

_MOST_PANELS = 4


@dataclass
class Section:
    """One part of the page.

    Attributes
    ----------
    key, title, lead : str
    facts : dict
        Its numbers, for JSON.
    pictures : list of (callable, str)
        What draws a figure, and its caption: drawn when the page is written.
    tables : list of dict
        ``caption``, ``head``, ``rows``.
    missing : list of str
        Sentences that say what is not there and which step makes it.
    """

    key: str
    title: str
    lead: str
    facts: dict = field(default_factory=dict)
    pictures: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    missing: list = field(default_factory=list)


def attempt(section: Section, make: Callable[..., Any], *arguments: Run | Section) -> None:
    """Add to a section; where files are missing or damaged it says so instead."""
    try:
        make(*arguments)
    except StampsError as error:
        section.missing.append(str(error))


def median_of(values: NDArray[np.floating[Any]]) -> float | None:
    """Median of the finite values; None without any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else None


def with_minus(text: str) -> str:
    """Numbers with a real minus sign."""
    return text.replace("-", "−")


def pixels(run: Run, section: Section) -> None:
    """Pixels of the patches through the steps."""
    rows: list[list[Any]] = [[patch.name, patch.candidates, patch.selected, patch.weeded] for patch in run.patches]
    total = [_sum(row[k] for row in rows) for k in (1, 2, 3)] if rows else [None] * 3
    merged = run.project.ps["n_ps"] if run.merged else None
    steps = [
        ("candidates", "step 1", total[0]),
        ("selected", "step 3", total[1]),
        ("weeded", "step 4", total[2]),
        ("merged", "step 5", merged),
    ]
    section.facts.update({name: count for name, _, count in steps}, patches={row[0]: row[1:] for row in rows})
    known = [(name, step, count) for name, step, count in steps if count is not None]
    section.tables.append(
        {
            "caption": "",
            "head": ["After", "", "Pixels", "Of the candidates", ""],
            "rows": [
                [
                    step,
                    name,
                    count,
                    f"{100 * count / total[0]:.1f} %" if total[0] else "",
                    count / max(c for _, _, c in known) if count else 0,
                ]
                for name, step, count in known
            ],
            "bar": 4,
        }
    )
    if len(rows) > 1:
        section.tables.append(
            {"caption": "Patches", "head": ["Patch", "Candidates", "Selected", "Weeded"], "rows": rows}
        )
    scatterers(run, section)
    if not rows:
        section.missing.append("The patches are not here, so what steps 1 to 4 kept is not known.")
    elif not run.merged:
        section.missing.append("The patches are not merged yet: run step 5 (stamps 5 5).")


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def density(run: Run, section: Section) -> None:
    """Pixels per area, and where they are coherent."""
    density, side = density_of(run.xy)
    area = area_of(run.xy)
    n_ps = run.project.ps["n_ps"]
    section.facts.update(
        area_km2=area, per_km2=n_ps / area if area else None, cell_m=side, median_per_km2=float(np.median(density))
    )
    section.lead = f"Persistent scatterers per square kilometre, counted in cells of {side} m."
    panels = [Panel("Density", density, STYLES["density"])]
    if run.ws.exists(f"pm{run.project.version}"):
        coherence = pixel_coherence(run.ws.load(f"pm{run.project.version}", ["coh_ps"])["coh_ps"], n_ps)
        if coherence is not None:
            panels.append(Panel("Temporal coherence", coherence, STYLES["coherence"]))
    section.pictures.append(
        (
            lambda: drawing.map_panels(run.canvas, panels, run.ground),
            "Density of the pixels and their temporal coherence",
        )
    )


def velocity(run: Run, section: Section) -> None:
    """Velocity and its standard deviation."""
    velocity, deviation = run.velocity, run.deviation
    section.lead = (
        f"Millimetres per year, positive towards the satellite, {run.reference or 'not referenced in space'}: what "
        f"ps_plot shows as {run.project.usual_velocity}, without the look-angle error."
    )
    finite = velocity[np.isfinite(velocity)]
    low, high = np.percentile(finite, [1, 99])
    section.facts.update(
        minimum=float(finite.min()),
        p1=float(low),
        p99=float(high),
        maximum=float(finite.max()),
        std=float(finite.std()),
        median_std=median_of(deviation),
    )
    panels = [
        Panel("Velocity", velocity, STYLES["velocity"]),
        Panel("Its standard deviation, from bootstrapping", deviation, STYLES["std"]),
    ]
    section.pictures.append(
        (
            lambda: drawing.map_panels(run.canvas, panels, run.ground),
            with_minus(f"98 % of the pixels between {low:.1f} and {high:.1f} mm/yr"),
        )
    )


def selection(run: Run, section: Section) -> None:
    """Coherence and amplitude dispersion, before and after."""
    before = np.concatenate([patch.coherence for patch in run.patches] or [np.zeros(0)])
    random = [patch.random for patch in run.patches if patch.random is not None and len(patch.random) == 100]
    groups = []
    after = run.ws.load_optional("pm2", ["coh_ps"]).get("coh_ps") if run.merged else None
    after = pixel_coherence(after, run.project.ps["n_ps"])
    sets: list[tuple[str, Any, str]] = [("candidates", before, "quiet")] if before.size else []
    if after is not None:
        sets.append(("kept", after, "main"))
    if random and before.size:
        sets.append(("random phase", (np.sum(random, axis=0), np.linspace(0, 1, 101)), "contrast"))
    if sets:
        groups.append(
            {"title": "Temporal coherence", "label": "coherence", "sets": sets, "bins": np.linspace(0, 1, 101)}
        )
        for name, values in (("candidates", before), ("kept", after)):
            if values is not None and len(values):
                section.facts[f"coherence_{name}_median"] = float(np.median(values))
    dispersion = np.concatenate([patch.dispersion for patch in run.patches] or [np.zeros(0)])
    kept = np.concatenate([patch.dispersion_kept for patch in run.patches] or [np.zeros(0)])
    if dispersion.size:
        sets = [("candidates", dispersion, "quiet")] + ([("kept", kept, "main")] if kept.size else [])
        groups.append({"title": "Amplitude dispersion", "label": "amplitude dispersion", "sets": sets})
        section.facts.update(dispersion_candidates_median=float(np.median(dispersion)))
        if kept.size:
            section.facts.update(dispersion_kept_median=float(np.median(kept)))
    if not before.size:
        section.missing.append(
            "The coherence of the candidates is not here (pm1.mat of the patches): step 2 estimates it (stamps 2 2)."
        )
    if not dispersion.size:
        section.missing.append(
            "The amplitude dispersion of the candidates is not here (da1.mat of the patches): step 1 loads it (stamps 1 1)."
        )
    if groups:
        section.pictures.append(
            (
                lambda: charts.histograms(groups),
                "Candidates and kept pixels" + ("; random phase as the method estimates it" if random else ""),
            )
        )


def noise(run: Run, section: Section) -> None:
    """Noise of each interferogram."""
    ifg_std = run.ws.load(f"ifgstd{run.project.version}")["ifg_std"].astype(np.float64)
    names = names_of(run)
    if len(names) != len(ifg_std):
        raise WorkspaceError(
            f"{run.ws.path / 'ifgstd2.mat'} is for {len(ifg_std)} interferograms, but there are {len(names)}: run step 5 again "
            "(stamps 5 5)."
        )
    section.facts.update(median_deg=float(np.median(ifg_std)), degrees=dict(zip(names, ifg_std.tolist(), strict=True)))
    worst = np.flatnonzero(ifg_std > 1.5 * np.median(ifg_std))
    caption = "In the other colour: more than half as noisy again as the median" if worst.size else ""
    title = "Noise of the interferograms" if run.small_baselines else "Noise of the images against the master"
    section.pictures.append(
        (
            lambda: charts.bars(
                names, ifg_std, "degrees", title, highlight=worst, mark=(float(np.median(ifg_std)), "median")
            ),
            caption,
        )
    )


def baselines(run: Run, section: Section) -> None:
    """Network of images."""
    ps = run.project.ps
    bperp = image_baselines(ps, run.small_baselines)
    if run.small_baselines:
        pairs = ps["ifgday_ix"]
    else:
        others = np.delete(np.arange(len(ps["day"])), ps["master_ix"])
        pairs = np.column_stack([np.full(len(others), ps["master_ix"]), others])
    ifg_std = run.ws.load_optional(f"ifgstd{run.project.version}").get("ifg_std")
    noise = None
    if ifg_std is not None and len(ifg_std) == (len(pairs) if run.small_baselines else len(ps["day"])):
        noise = ifg_std if run.small_baselines else np.delete(ifg_std, ps["master_ix"])
    section.facts.update(
        images=len(ps["day"]),
        interferograms=len(pairs),
        first=int(to_yyyymmdd(ps["day"].min())),
        last=int(to_yyyymmdd(ps["day"].max())),
        master=int(to_yyyymmdd(ps["day"][ps["master_ix"]])),
        bperp_m=bperp,
    )

    def draw() -> Any:
        figure, _ = new_figure("page.png", figsize=(11, 4.2), layout="constrained")  # a name: never in a window
        draw_network(figure, ps["day"], bperp, pairs, noise=noise, master=ps["master_ix"])
        return figure

    section.pictures.append(
        (draw, "Images and interferograms" + ("; the colour is the noise" if noise is not None else ""))
    )


def residuals(run: Run, section: Section) -> None:
    """Maps of what was estimated and of what is left."""
    panels = []
    for make in (_wrapped_panel, _look_angle_panel, _fit_panel, _scn_panel):
        attempt(section, lambda make=make: panels.append(make(run, section)))
    if panels:
        section.pictures.append((lambda: drawing.map_panels(run.canvas, panels[:2], run.ground), ""))
    if len(panels) > 2:
        section.pictures.append((lambda: drawing.map_panels(run.canvas, panels[2:_MOST_PANELS], run.ground), ""))


def _wrapped_panel(run: Run, section: Section) -> Panel:
    name = run.project.file("pm")
    residual = run.ws.load(name, ["ph_res"])["ph_res"]
    if residual is None:
        raise WorkspaceError(
            f"{run.ws.path / name}.mat holds no residual phases (ph_res): step 5 merges them only without resampling."
        )
    rms = np.sqrt(np.nanmean(residual.astype(np.float64) ** 2, axis=1))
    section.facts.update(wrapped_rms_rad=float(np.sqrt(np.nanmean(rms**2))))
    return Panel("Residual phase, wrapped (rms)", rms, STYLES["wrapped_residual"])


def _look_angle_panel(run: Run, section: Section) -> Panel:
    coefficient = Quantities(run.project, Choice(), False).present("K")[:, 0].astype(np.float64)
    section.facts.update(look_angle_std_rad_per_m=float(np.nanstd(coefficient)))
    relative = relative_to_pixels(coefficient[:, np.newaxis], run.series.reference)[0][:, 0]
    return Panel("DEM (look-angle) error", relative, STYLES["dem_error"])


def _fit_panel(run: Run, section: Section) -> Panel:
    rms = run.scatter
    section.facts.update(series_rms_mm=float(np.sqrt(np.nanmean(rms**2))))
    return Panel("Scatter of the series about its line (rms)", rms, STYLES["residual"])


def _scn_panel(run: Run, section: Section) -> Panel:
    noise = Quantities(run.project, Choice(), False).present("N").astype(np.float64)
    rms = np.sqrt(np.nanmean(noise**2, axis=1)) * run.project.millimetres
    section.facts.update(correlated_noise_rms_mm=float(np.sqrt(np.mean(rms**2))))
    return Panel("Spatially correlated noise of the slaves (rms)", rms, STYLES["noise"])


def warnings(run: Run, section: Section) -> None:
    """What was found strange about the input."""
    found = findings.collect(run.ws)
    section.facts.update(findings=found)
    if found:
        section.lead = "What was found strange and did not stop the work."
        section.tables.append({"caption": "", "head": ["Finding"], "rows": [[sentence] for sentence in found]})


def parameters(run: Run, section: Section) -> None:
    """Parameters that differ from the default."""
    parameters = Parameters(run.ws)
    rows = []
    for known in table():
        default, value = known.default(run.small_baselines), parameters.get(known.name)
        if default is None or known.name == "small_baseline_flag" or value is None or _equal(value, default):
            continue
        rows.append([known.name, _literal(value), _literal(default), known.unit, known.meaning])
    section.facts.update(changed={row[0]: row[1] for row in rows})
    section.tables.append(
        {
            "caption": "",
            "head": ["Parameter", "Value", "Default", "Unit", "Meaning"],
            "rows": rows or [["all have their default", "", "", "", ""]],
        }
    )


def _literal(value: NDArray[np.float64] | float | str) -> str:
    return literals.format_literal(value)


def _equal(value: NDArray[np.float64] | float | str, default: NDArray[np.float64] | float | str) -> bool:
    return _literal(value) == _literal(default)


def record(run: Run, section: Section) -> None:
    """Images, times, versions."""
    seconds = log_seconds(
        [run.ws.path / "STAMPS.log", *(run.ws.path / patch.name / "STAMPS.log" for patch in run.patches)]
    )
    section.facts.update(seconds=seconds)
    facts = page.versions_for_people(versions())
    rows: list[list[Any]] = [[name, text] for name, text in facts.items()]
    section.tables.append({"caption": "Programs of this report", "head": ["", "version"], "rows": rows})
    if seconds:
        rows = [[step, "< 1" if value < 1 else f"{value:.0f}"] for step, value in seconds.items()]
        caption = "Seconds of the last run of each step (the log counts whole ones)"
        section.tables.append({"caption": caption, "head": ["Step", "Seconds"], "rows": rows})
    ps = run.project.ps
    bperp = image_baselines(ps, run.small_baselines)
    rows = [
        [k + 1, date.strftime("%d %b %Y"), f"{metres:.0f}", "master" if k == ps["master_ix"] else ""]
        for k, (date, metres) in enumerate(zip(dates_of(ps["day"]), bperp, strict=True))
    ]
    section.tables.append(
        {"caption": "Images", "head": ["No.", "Date", "Perpendicular baseline (m)", ""], "rows": rows}
    )

"""The quality report: one run alone, from the candidates to the velocities, as a page and as JSON.

``stamps report`` writes ``report/index.html``, one file that needs no other and no network, and ``report/report.json``. What a step has
not made yet is named with the step that makes it.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stamps import matlab_literals
from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.legacy.ps_info import image_baselines
from stamps.legacy.sb_make_closure_loops import closure_loops
from stamps.matlab.dates import to_yyyymmdd
from stamps.parameters import table
from stamps.products.baselines import draw_network
from stamps.products.quantities import Choice, Project, Quantities
from stamps.products.series import dates_of
from stamps.products.velocity import los_velocity, time_series
from stamps.report import drawing, page
from stamps.report.differences import difference_of, statistics_of
from stamps.report.figures_of_merit import (
    arc_consistency,
    area_of,
    closure_of,
    density_of,
    fit_of_series,
    neighbour_arcs,
    patch_pixels,
)
from stamps.report.timings import log_seconds, passes
from stamps.verify import matching
from stamps.verify.report import versions
from stamps.workspace import Workspace

__all__ = ["QualityReport", "Section", "quality_report", "write_quality_report"]

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


@dataclass
class QualityReport:
    """Everything that the page shows: name of the run, key figures, sections."""

    run: str
    kind: str
    sections: list
    cards: list

    def content(self):
        """All numbers as plain data for JSON."""
        sections = {section.key: {**section.facts, "missing": section.missing} for section in self.sections}
        return page.plain({"run": self.run, "kind": self.kind, "versions": page.versions_for_people(versions()), **sections})


def quality_report(workdir=".", compare_with=None):
    """Collect the numbers of a run.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory, from step 1 on.
    compare_with : path-like, optional
        Another state of the same project (an earlier pass) that the last section compares with.

    Returns
    -------
    QualityReport

    Raises
    ------
    InputError
        There is no project in the directory.
    """
    ws = Workspace.at(workdir)
    if not ws.exists("psver") and not any((ws / name).exists("psver") for name in ws.patch_list()):
        raise InputError(f"{ws.path} holds no processed data: run stamps 1 8 there, or name the project with --workdir.")
    if compare_with is not None and not Path(compare_with).is_dir():
        raise InputError(f"{compare_with} is no directory: give --compare-with another state of this project.")
    run = _Run(ws)
    makers = [_velocity, _pixels, _density, _selection, _noise, _baselines, _residuals, _closure]
    sections = [_guarded(maker, run) for maker in makers]
    sections.append(_guarded(_passes, run, compare_with))
    sections += [_guarded(_parameters, run), _guarded(_record, run)]
    facts = {section.key: section.facts for section in sections}
    kind = "small baselines" if run.small_baselines else "single master"
    return QualityReport(str(workdir if not isinstance(workdir, Workspace) else ws.path), kind, sections, _cards(run, facts))


def write_quality_report(report, folder):
    """Draw the pictures and write ``index.html`` and ``report.json``.

    Parameters
    ----------
    report : QualityReport
    folder : path-like

    Returns
    -------
    Path
        The page.
    """
    drawn = [
        {"section": section, "pictures": [(drawing.picture_of(draw(), caption or section.title), caption) for draw, caption in section.pictures]}
        for section in report.sections
    ]
    content = report.content()
    context = {"title": "Quality report", "report": report, "content": content, "drawn": drawn}
    return page.write(folder, "quality.html.j2", context, content)


class _Run:
    """A run and what several sections need of it, each read once."""

    def __init__(self, ws):
        self.ws = ws
        self.patches = [patch_pixels(ws / name) for name in ws.patch_list()] or ([patch_pixels(ws)] if ws.exists("ps1") else [])
        self._known = {}
        self.merged = ws.exists("psver") and ws.exists(f"ps{ws.version}") and ws.version >= 2

    @property
    def project(self):
        """The merged project; WorkspaceError before step 5."""
        if not self.merged:
            raise WorkspaceError(f"{self.ws.path / 'ps2.mat'} is missing: run step 5 first (stamps 5 5).")
        return self._once("project", lambda: Project.at(self.ws))

    @property
    def small_baselines(self):
        """Kind of the run."""
        from stamps.parameters import Parameters

        return self._once("kind", lambda: Parameters(self.ws).flag("small_baseline_flag"))

    @property
    def canvas(self):
        """Canvas of the merged pixels."""
        return self._once("canvas", lambda: drawing.Canvas.of(self.project.ps["lonlat"]))

    @property
    def xy(self):
        """Local coordinates in metres, shape (n_ps, 2)."""
        return self.project.ps["xy"][:, 1:3].astype(np.float64)

    @property
    def velocity(self):
        """Line-of-sight velocity, mm/yr."""
        return self._once("velocity", lambda: los_velocity(self.ws))

    @property
    def fit(self):
        """Line through the series of each pixel (relative to the median of the images), and days."""

        def fit():
            phase, days = self.series
            return fit_of_series(phase - np.nanmedian(phase, axis=0), days), days

        return self._once("fit", fit)

    @property
    def series(self):
        """Unwrapped phase without the look-angle error, and days; the master left out."""
        return self._once("series", lambda: time_series(self.ws))

    @property
    def arcs(self):
        """Neighbouring pixels against each other."""
        return self._once("arcs", lambda: arc_consistency(*self.series, neighbour_arcs(self.xy)))

    def _once(self, key, make):
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]


def _guarded(make, *arguments):
    """A section; where files are missing or damaged it says so."""
    key, title, lead = _TITLES[make.__name__]
    section = Section(key, title, lead)
    _attempt(section, make, *arguments, section)
    return section


def _attempt(section, make, *arguments):
    try:
        make(*arguments)
    except StampsError as error:
        section.missing.append(str(error))


_TITLES = {
    "_pixels": ("pixels", "Pixels after each step", "How many candidates the steps kept."),
    "_density": ("density", "Density", "Persistent scatterers per square kilometre."),
    "_velocity": (
        "velocity", "Line-of-sight velocity",
        "Millimetres per year, positive towards the satellite, relative to the median of all pixels; a straight line through the unwrapped "
        "series without the look-angle error.",
    ),
    "_selection": ("selection", "Coherence and amplitude dispersion", "Candidates and the pixels that were kept in the end."),
    "_noise": (
        "noise", "Noise of the images and interferograms",
        "Standard deviation about the phase of the surroundings, in degrees. A uniformly random phase has 104°.",
    ),
    "_baselines": ("baselines", "Baselines", "Dates and perpendicular baselines."),
    "_residuals": ("residuals", "Errors and residuals", "What was taken out of the phase, and what is left."),
    "_closure": ("unwrapping", "Consistency of the unwrapping", ""),
    "_passes": (
        "passes", "First and second pass",
        "A second run of steps 6 and 7 subtracts the look-angle error of the first before unwrapping; both should agree but for the "
        "samples it corrects.",
    ),
    "_parameters": ("parameters", "Parameters", "Those that differ from the default."),
    "_record": ("record", "Record", "Dates, times, programs."),
}  # fmt: skip


# ---------------------------------------------------------------------- sections


def _pixels(run, section):
    rows = [[patch.name, patch.candidates, patch.selected, patch.weeded] for patch in run.patches]
    total = [_sum(row[k] for row in rows) for k in (1, 2, 3)] if rows else [None] * 3
    merged = run.project.ps["n_ps"] if run.merged else None
    steps = [("candidates", "step 1", total[0]), ("selected", "step 3", total[1]), ("weeded", "step 4", total[2]), ("merged", "step 5", merged)]
    section.facts.update({name: count for name, _, count in steps}, patches={row[0]: row[1:] for row in rows})
    known = [(name, step, count) for name, step, count in steps if count is not None]
    section.tables.append(
        {
            "caption": "",
            "head": ["After", "", "Pixels", "Of the candidates", ""],
            "rows": [
                [step, name, count, f"{100 * count / total[0]:.1f} %" if total[0] else "", count / max(c for _, _, c in known) if count else 0]
                for name, step, count in known
            ],
            "bar": 4,
        }
    )
    if len(rows) > 1:
        section.tables.append({"caption": "Patches", "head": ["Patch", "Candidates", "Selected", "Weeded"], "rows": rows})
    if not rows:
        section.missing.append("The patches are not here, so what steps 1 to 4 kept is not known.")
    elif not run.merged:
        section.missing.append("The patches are not merged yet: run step 5 (stamps 5 5).")


def _sum(counts):
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _density(run, section):
    density, side = density_of(run.xy)
    area = area_of(run.xy)
    n_ps = run.project.ps["n_ps"]
    section.facts.update(area_km2=area, per_km2=n_ps / area if area else None, cell_m=side, median_per_km2=float(np.median(density)))
    section.lead = f"Persistent scatterers per square kilometre, counted in cells of {side} m."
    if run.ws.exists(f"pm{run.project.version}"):
        coherence = run.ws.load(f"pm{run.project.version}", ["coh_ps"])["coh_ps"]
        panels = [("Density", density, "per km²", None), ("Temporal coherence", coherence, "coherence", None)]
    else:
        panels = [("Density", density, "per km²", None)]
    section.pictures.append((lambda: drawing.map_panels(run.canvas, panels), "Density of the pixels and their temporal coherence"))


def _velocity(run, section):
    velocity = run.velocity
    fit, days = run.fit
    spread = np.sqrt(((days - days.mean()) ** 2).sum()) / 365.25
    deviation = fit.rms * np.sqrt(len(days) / max(len(days) - 2, 1)) * run.project.millimetres / spread
    finite = velocity[np.isfinite(velocity)]
    low, high = np.percentile(finite, [1, 99])
    section.facts.update(
        minimum=float(finite.min()), p1=float(low), p99=float(high), maximum=float(finite.max()),
        std=float(finite.std()), median_std=float(np.nanmedian(deviation)),
    )  # fmt: skip
    panels = [("Velocity", velocity, "mm/yr", None), ("Its standard error, from the scatter about the line", deviation, "mm/yr", None)]
    section.pictures.append((lambda: drawing.map_panels(run.canvas, panels), _minus(f"98 % of the pixels between {low:.1f} and {high:.1f} mm/yr")))


def _selection(run, section):
    before = np.concatenate([patch.coherence for patch in run.patches] or [np.zeros(0)])
    random = [patch.random for patch in run.patches if patch.random is not None and len(patch.random) == 100]
    groups = []
    after = run.ws.load_optional("pm2", ["coh_ps"]).get("coh_ps") if run.merged else None
    sets = [("candidates", before, "quiet")] if before.size else []
    if after is not None:
        sets.append(("kept", after, "main"))
    if random and before.size:
        sets.append(("random phase", (np.sum(random, axis=0), np.linspace(0, 1, 101)), "contrast"))
    if sets:
        groups.append({"title": "Temporal coherence", "label": "coherence", "sets": sets, "bins": np.linspace(0, 1, 101)})
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
        section.missing.append("The coherence of the candidates is not here (pm1.mat of the patches): step 2 estimates it (stamps 2 2).")
    if not dispersion.size:
        section.missing.append("The amplitude dispersion of the candidates is not here (da1.mat of the patches): step 1 loads it (stamps 1 1).")
    if groups:
        section.pictures.append((lambda: drawing.histograms(groups), "Candidates and kept pixels" + ("; random phase as the method estimates it" if random else "")))


def _noise(run, section):
    ifg_std = run.ws.load(f"ifgstd{run.project.version}")["ifg_std"].astype(np.float64)
    names = _names(run)
    if len(names) != len(ifg_std):
        raise WorkspaceError(f"{run.ws.path / 'ifgstd2.mat'} is for {len(ifg_std)} interferograms, but there are {len(names)}: run step 5 again (stamps 5 5).")
    section.facts.update(median_deg=float(np.median(ifg_std)), degrees=dict(zip(names, ifg_std.tolist(), strict=True)))
    worst = np.flatnonzero(ifg_std > 1.5 * np.median(ifg_std))
    caption = "In the other colour: more than half as noisy again as the median" if worst.size else ""
    title = "Noise of the interferograms" if run.small_baselines else "Noise of the images against the master"
    section.pictures.append((lambda: drawing.bars(names, ifg_std, "degrees", title, highlight=worst, mark=(float(np.median(ifg_std)), "median")), caption))


def _names(run):
    ps = run.project.ps
    if not run.small_baselines:
        return [str(date) for date in to_yyyymmdd(ps["day"])]
    return [f"{a}–{b}" for a, b in zip(to_yyyymmdd(ps["ifgday"][:, 0]), to_yyyymmdd(ps["ifgday"][:, 1]), strict=True)]


def _baselines(run, section):
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
        images=len(ps["day"]), interferograms=len(pairs), first=int(to_yyyymmdd(ps["day"].min())), last=int(to_yyyymmdd(ps["day"].max())),
        master=int(to_yyyymmdd(ps["day"][ps["master_ix"]])), bperp_m=bperp,
    )  # fmt: skip

    def draw():
        with tempfile.TemporaryDirectory(prefix="stamps-report-") as folder:
            figure = draw_network(run.ws, ps["day"], bperp, pairs, out=Path(folder) / "network.png", default="", noise=noise, master=ps["master_ix"])
        figure.set_size_inches(11, 4.2)
        return figure

    section.pictures.append((draw, "Images and interferograms" + ("; the colour is the noise" if noise is not None else "")))


def _residuals(run, section):
    panels = []
    for make in (_wrapped_panel, _look_angle_panel, _fit_panel, _scn_panel):
        _attempt(section, lambda make=make: panels.append(make(run, section)))
    if panels:
        section.pictures.append((lambda: drawing.map_panels(run.canvas, panels[:2]), ""))
    if len(panels) > 2:
        section.pictures.append((lambda: drawing.map_panels(run.canvas, panels[2:_MOST_PANELS]), ""))


def _wrapped_panel(run, section):
    name = run.project.file("pm")
    residual = run.ws.load(name, ["ph_res"])["ph_res"]
    if residual is None:
        raise WorkspaceError(f"{run.ws.path / name}.mat holds no residual phases (ph_res): step 5 merges them only without resampling.")
    rms = np.sqrt(np.nanmean(residual.astype(np.float64) ** 2, axis=1))
    section.facts.update(wrapped_rms_rad=float(np.sqrt(np.nanmean(rms**2))))
    return "Residual phase, wrapped (rms)", rms, "rad", None


def _look_angle_panel(run, section):
    coefficient = Quantities(run.project, Choice(), False)["K"][:, 0].astype(np.float64)
    section.facts.update(look_angle_std_rad_per_m=float(np.nanstd(coefficient)))
    return "Look-angle (DEM) error", coefficient, "rad per metre of baseline", None


def _fit_panel(run, section):
    rms = run.fit[0].rms * run.project.millimetres
    section.facts.update(series_rms_mm=float(np.sqrt(np.mean(rms**2))))
    return "Scatter of the series about its line (rms)", rms, "mm", None


def _scn_panel(run, section):
    noise = Quantities(run.project, Choice(), False)["N"].astype(np.float64)
    rms = np.sqrt(np.nanmean(noise**2, axis=1)) * run.project.millimetres
    section.facts.update(correlated_noise_rms_mm=float(np.sqrt(np.mean(rms**2))))
    return "Spatially correlated noise of the slaves (rms)", rms, "mm", None


def _closure(run, section):
    (_pair_closure if run.small_baselines else _neighbours)(run, section)


def _neighbours(run, section):
    """Single master: no loops exist, so neighbours are compared."""
    section.lead = (
        "With a single master no interferograms close a loop. Between neighbouring pixels the atmosphere cancels, so the difference of their "
        "series should follow a line: a residual of more than half a cycle is likely an error of unwrapping at one of them, or strong noise."
    )
    arcs, (_, days) = run.arcs, run.series
    total, samples = int(arcs.beyond.sum()), arcs.n_arcs * len(days)
    section.facts.update(arcs=arcs.n_arcs, samples=samples, samples_off=total, arcs_off_per_image=arcs.beyond, median_coherence=_median(arcs.coherence))
    names = [str(date) for date in to_yyyymmdd(run.project.ps["master_day"] + days)]
    title = f"Arcs between neighbours beyond half a cycle ({total} of {samples} samples)"
    section.pictures.append((lambda: drawing.bars(names, 100 * arcs.beyond / max(arcs.n_arcs, 1), "% of the arcs", title), ""))
    section.pictures.append((lambda: drawing.map_panels(run.canvas, _arc_panels(arcs)), ""))


def _arc_panels(arcs):
    return [("Temporal coherence of the arcs of each pixel", arcs.coherence, "coherence", None),
            ("Samples of its arcs beyond half a cycle", 100 * arcs.of_pixels, "%", None)]  # fmt: skip


def _median(values):
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else None


def _pair_closure(run, section):
    """Small baselines: closed loops, and the misfit of the inversion."""
    section.lead = (
        "Small baselines: the unwrapped phases of three images close a loop, and whatever is left over is a whole number of cycles. The misfit "
        "is what the time series cannot explain of the interferograms."
    )
    project, ps = run.project, run.project.ps
    used = project.retained_ifgs()
    phase = Quantities(project, Choice(), True)["U"]
    nodes = np.column_stack([ps["day"], image_baselines(ps, True)])
    loops = closure_loops(ps["ifgday_ix"], used, nodes)
    wrong = closure_of(phase, loops)
    section.facts.update(loops=len(loops), pixels_off_per_loop=wrong, loops_off=int(np.count_nonzero(wrong)), samples_off=int(wrong.sum()),
                         samples=int(len(loops) * len(phase)))  # fmt: skip
    names = ["+".join(str(k + 1) for k in np.flatnonzero(loop)) for loop in loops]
    misfit = Quantities(project, Choice(), True)["RES"].astype(np.float64)
    misfit -= np.nanmedian(misfit, axis=0)  # each interferogram has an origin of its own
    rms = np.sqrt(np.nanmean(misfit[:, used] ** 2, axis=0))
    off = np.count_nonzero(np.abs(misfit[:, used]) > np.pi, axis=0)
    section.facts.update(misfit_rms_rad=dict(zip(np.array(_names(run))[used].tolist(), rms.tolist(), strict=True)), misfit_beyond_half_cycle=int(off.sum()))
    title = f"Misfit of the interferograms ({int(off.sum())} of {misfit[:, used].size} samples beyond half a cycle)"
    section.pictures.append((lambda: drawing.bars([_names(run)[k] for k in used], rms, "rms (rad)", title), ""))
    if len(loops):
        heading = f"Loops that do not close ({int(wrong.sum())} of {len(loops) * len(phase)} sums; {len(loops)} loops, by interferograms)"
        section.pictures.append((lambda: drawing.bars(names, 100 * wrong / len(phase), "% of the pixels", heading), ""))
    of_pixels = np.sqrt(np.nanmean(misfit[:, used] ** 2, axis=1))
    panels = [("Misfit of each pixel (rms)", of_pixels, "rad", None)]
    _attempt(section, lambda: panels.append(_arc_panels(run.arcs)[0]))
    section.pictures.append((lambda: drawing.map_panels(run.canvas, panels), ""))


def _passes(run, compare_with, section):
    log = run.ws.path / "STAMPS.log"
    unwrapped, after_scla = passes(log)
    section.facts.update(unwrapped=unwrapped, second_pass=after_scla)
    if unwrapped:
        times = "once" if unwrapped == 1 else f"{unwrapped} times"
        state = (
            "the last time after the look-angle error was estimated, so this is a second pass"
            if after_scla
            else "without an earlier look-angle error, so this is a first pass"
        )
        section.lead += f" According to the log the phases here were unwrapped {times}, {state}."
    _attempt(section, _smooth_against_raw, run, section)
    if compare_with is None:
        section.missing.append(
            "No other state to compare with: keep a copy of the directory before the second pass (stamps 6 7) and name it with --compare-with."
        )
        return
    _other_state(run, Workspace(compare_with), compare_with, section)


def _smooth_against_raw(run, section):
    """How much of the look-angle error the next pass would subtract (its smoothed version)."""
    quantities = Quantities(run.project, Choice(), run.small_baselines)
    raw, smooth = (quantities[letter].astype(np.float64) for letter in ("S", "S~"))
    rms = [float(np.sqrt(np.nanmean(part**2))) for part in (raw, smooth)]
    section.facts.update(look_angle_rms_rad=rms[0], smoothed_look_angle_rms_rad=rms[1])
    section.tables.append(
        {"caption": "Look-angle error, all interferograms", "head": ["", "rms (rad)"],
         "rows": [["as estimated in step 7", f"{rms[0]:.3f}"], ["smoothed, which the next pass subtracts before unwrapping", f"{rms[1]:.3f}"]]}
    )  # fmt: skip


def _other_state(run, other_ws, name, section):
    """Cycles and velocities of this state against another one of the same project."""
    other = Project.at(other_ws)
    ps, theirs = run.project.ps, other.ps
    rows, other_rows = matching.match_rows(ps["ij"], ps["lonlat"], theirs["ij"], theirs["lonlat"])
    if not rows.size:
        raise InputError(f"{other_ws.path} has no pixel in common with {run.ws.path}: give another state of the same project.")
    pairs = run.small_baselines
    ours, before = (Quantities(p, Choice(), pairs)["U"] for p in (run.project, other))
    if ours.shape[1] != before.shape[1]:
        raise InputError(f"{other_ws.path} has {before.shape[1]} interferograms, but {run.ws.path} has {ours.shape[1]}: give another state of the same project.")
    ours, before = ours[rows].astype(np.float64), before[other_rows].astype(np.float64)
    cycles = np.round((ours - before) / (2 * np.pi))
    changed = np.count_nonzero(cycles, axis=0)
    change = run.velocity[rows] - los_velocity(other_ws)[other_rows]
    figures = statistics_of(difference_of(run.velocity[rows], run.velocity[rows] - change, "absolute"), run.velocity[rows], "absolute")
    section.facts.update(
        compared_with=str(name), common_pixels=len(rows), samples_on_another_cycle=int(changed.sum()), samples=int(cycles.size),
        velocity_rms_mm_per_year=figures.rms, velocity_largest_mm_per_year=figures.maximum,
    )  # fmt: skip
    section.tables.append(
        {"caption": f"Against {name}", "head": ["", ""],
         "rows": [["pixels in common", len(rows)], ["samples on another cycle", f"{int(changed.sum())} of {cycles.size}"],
                  ["velocity, rms difference", f"{figures.rms:.3g} mm/yr"], ["velocity, largest difference", f"{figures.maximum:.3g} mm/yr"]]}
    )  # fmt: skip
    names = _names(run)
    canvas = drawing.Canvas.of(ps["lonlat"][rows])
    panels = [("Velocity, this state", run.velocity[rows], "mm/yr", None), ("Its change", change, "mm/yr", None)]
    if changed.any():
        moved = np.count_nonzero(cycles, axis=1).astype(np.float64)
        panels.append(("Samples on another cycle", moved, "interferograms", None))
        section.pictures.append((lambda: drawing.bars(names, 100 * changed / len(rows), "% of the pixels", "Samples on another cycle than before"), ""))
    section.pictures.append((lambda: drawing.map_panels(canvas, panels), ""))


def _parameters(run, section):
    from stamps.parameters import Parameters

    parameters = Parameters(run.ws)
    rows = []
    for known in table():
        default, value = known.default(run.small_baselines), parameters.get(known.name)
        if default is None or known.name == "small_baseline_flag" or value is None or _equal(value, default):
            continue
        rows.append([known.name, _literal(value), _literal(default), known.unit, known.meaning])
    section.facts.update(changed={row[0]: row[1] for row in rows})
    section.tables.append({"caption": "", "head": ["Parameter", "Value", "Default", "Unit", "Meaning"], "rows": rows or [["all have their default", "", "", "", ""]]})


def _literal(value):
    return matlab_literals.format_literal(value)


def _equal(value, default):
    return _literal(value) == _literal(default)


def _record(run, section):
    seconds = log_seconds([run.ws.path / "STAMPS.log", *(run.ws.path / patch.name / "STAMPS.log" for patch in run.patches)])
    section.facts.update(seconds=seconds)
    facts = page.versions_for_people(versions())
    rows = [[name, text] for name, text in facts.items()]
    section.tables.append({"caption": "Programs of this report", "head": ["", "version"], "rows": rows})
    if seconds:
        section.tables.append({"caption": "Seconds of the last run of each step (the log counts whole ones)", "head": ["Step", "Seconds"],
                               "rows": [[step, "< 1" if value < 1 else f"{value:.0f}"] for step, value in seconds.items()]})  # fmt: skip
    ps = run.project.ps
    bperp = image_baselines(ps, run.small_baselines)
    rows = [[k + 1, date.strftime("%d %b %Y"), f"{metres:.0f}", "master" if k == ps["master_ix"] else ""]
            for k, (date, metres) in enumerate(zip(dates_of(ps["day"]), bperp, strict=True))]  # fmt: skip
    section.tables.append({"caption": "Images", "head": ["No.", "Date", "Perpendicular baseline (m)", ""], "rows": rows})


# ---------------------------------------------------------------------- key figures


def _cards(run, facts):
    """Key figures at the top of the page: (number, unit, what)."""
    cards = []

    def add(number, unit, what):
        if number is not None:
            cards.append((number, unit, what))

    pixels, density, velocity = facts["pixels"], facts["density"], facts["velocity"]
    add(pixels.get("merged"), "", "persistent scatterers")
    if density.get("per_km2"):
        add(density["per_km2"], "per km²", f"density in {density['area_km2']:.3g} km²")
    if "images" in facts["baselines"]:
        first, last = (str(facts["baselines"][key]) for key in ("first", "last"))
        add(facts["baselines"]["images"], "images", f"{first[:4]}-{first[4:6]}-{first[6:]} to {last[:4]}-{last[4:6]}-{last[6:]}")
    add(facts["selection"].get("coherence_kept_median"), "", "median temporal coherence")
    add(facts["noise"].get("median_deg"), "°", "median noise of an interferogram")
    if velocity:
        cards.append((_minus(f"{velocity['p1']:.0f} … {velocity['p99']:.0f}"), "", "mm/yr, velocity of 98 % of the pixels"))
    closure = facts["unwrapping"]
    if "samples_off" in closure:
        what = "of the loops do not close" if "loops" in closure else "of the arcs beyond half a cycle"
        cards.append((f"{100 * closure['samples_off'] / max(closure['samples'], 1):.2g}", "%", what))
    return cards


def _minus(text):
    """Numbers with a real minus sign."""
    return text.replace("-", "−")

"""The quality report: one run alone, from the candidates to the velocities, as a page and as JSON.

``stamps report`` writes ``report/index.html``, one file that needs no other and no network, and ``report/report.json``. What a
step has not made yet is named with the step that makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.products.reference_choice import ReferenceChoice
from stamps.report import drawing, motion, outdated, page, sections, unwrapping
from stamps.report.run import Run
from stamps.report.sections import Section, attempt, with_minus
from stamps.verify.report import versions
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["QualityReport", "quality_report", "write_quality_report"]

#: Sections in the order of the page: key, title, what is said at first, what fills it.
_PARTS = (
    (
        "velocity",
        "Line-of-sight velocity",
        "Millimetres per year, positive towards the satellite.",
        sections.velocity,
    ),
    ("motion", "Kinds of motion and areas that move", "What the time series show.", motion.motion),
    ("pixels", "Pixels after each step", "How many candidates the steps kept.", sections.pixels),
    ("density", "Density", "Persistent scatterers per square kilometre.", sections.density),
    (
        "selection",
        "Coherence and amplitude dispersion",
        "Candidates and the pixels that were kept in the end.",
        sections.selection,
    ),
    (
        "noise",
        "Noise of the images and interferograms",
        "Standard deviation about the phase of the surroundings, in degrees. A uniformly random phase has 104°.",
        sections.noise,
    ),
    ("baselines", "Baselines", "Dates and perpendicular baselines.", sections.baselines),
    ("residuals", "Errors and residuals", "What was taken out of the phase, and what is left.", sections.residuals),
    ("unwrapping", "Consistency of the unwrapping", "", unwrapping.unwrapping),
    (
        "passes",
        "First and second pass",
        "A second run of steps 6 and 7 subtracts the look-angle error of the first before unwrapping; both should agree but for "
        "the samples it corrects.",
        unwrapping.passes,
    ),
    ("input", "Warnings about the input", "Nothing strange was found.", sections.warnings),
    ("outdated", "Out of date", "All results belong to the files that they were made from.", outdated.outdated),
    ("parameters", "Parameters", "Those that differ from the default.", sections.parameters),
    ("record", "Record", "Dates, times, programs.", sections.record),
)


@dataclass
class QualityReport:
    """Everything that the page shows: name of the run, key figures, sections."""

    run: str
    network: str
    sections: list
    cards: list

    def content(self) -> Any:
        """All numbers as plain data for JSON."""
        parts = {section.key: {**section.facts, "missing": section.missing} for section in self.sections}
        return page.plain(
            {"run": self.run, "kind": self.network, "versions": page.versions_for_people(versions()), **parts}
        )


def quality_report(
    workdir: Workspace | StrPath = ".",
    compare_with: Any = None,
    reference_area: Sequence[float] | None = None,
) -> QualityReport:
    """Collect the numbers of a run.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory, from step 1 on.
    compare_with : path-like, optional
        Another state of the same project (an earlier pass) that the last section compares with.
    reference_area : sequence of float, optional
        Longitude, latitude and radius (m) of a circle, or west, east, south and north of a box, that velocities are relative
        to (default: the reference area of the parameters).

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
        raise InputError(
            f"{ws.path} holds no processed data: run stamps 1 8 there, or name the project with --workdir."
        )
    if compare_with is not None and not Path(compare_with).is_dir():
        raise InputError(f"{compare_with} is no directory: give --compare-with another state of this project.")
    run = Run(ws, compare_with, ReferenceChoice.of(None, reference_area))
    parts = []
    for key, title, lead, fill in _PARTS:
        parts.append(Section(key, title, lead))
        attempt(parts[-1], fill, run, parts[-1])
    facts = {section.key: section.facts for section in parts}
    network = "small baselines" if run.small_baselines else "single master"
    return QualityReport(
        _shown(ws.path if isinstance(workdir, Workspace) else Path(workdir)), network, parts, _cards(facts)
    )


def _shown(folder: Path) -> str:
    """A project as it was named; its own name where it was given as ``.`` or ``..``."""
    return str(folder) if folder.name.strip(".") else folder.resolve().name


def write_quality_report(report: QualityReport, folder: StrPath) -> Path:
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
    page.check_libraries()
    drawn = [
        {
            "section": section,
            "pictures": [
                (drawing.picture_of(draw(), caption or section.title), caption) for draw, caption in section.pictures
            ],
        }
        for section in report.sections
    ]
    content = report.content()
    context = {"title": "Quality report", "report": report, "content": content, "drawn": drawn}
    return page.write(folder, "quality.html.j2", context, content)


def _cards(facts: Mapping[str, dict[str, Any]]) -> list[tuple[float | str, str, str]]:
    """Key figures at the top of the page: (number, unit, what)."""
    cards = []

    def add(number: Any, unit: str, what: str) -> None:
        if number is not None:
            cards.append((number, unit, what))

    pixels, density, velocity = facts["pixels"], facts["density"], facts["velocity"]
    add(pixels.get("merged"), "", "persistent scatterers")
    if density.get("per_km2"):
        add(density["per_km2"], "per km²", f"density in {density['area_km2']:.3g} km²")
    if "images" in facts["baselines"]:
        first, last = (str(facts["baselines"][key]) for key in ("first", "last"))
        add(
            facts["baselines"]["images"],
            "images",
            f"{first[:4]}-{first[4:6]}-{first[6:]} to {last[:4]}-{last[4:6]}-{last[6:]}",
        )
    add(facts["selection"].get("coherence_kept_median"), "", "median temporal coherence")
    add(facts["noise"].get("median_deg"), "°", "median noise of an interferogram")
    if velocity:
        cards.append(
            (with_minus(f"{velocity['p1']:.0f} … {velocity['p99']:.0f}"), "", "mm/yr, velocity of 98 % of the pixels")
        )
    closure = facts["unwrapping"]
    if "samples_off" in closure:
        what = "of the loops do not close" if "loops" in closure else "of the arcs beyond half a cycle"
        cards.append((f"{100 * closure['samples_off'] / max(closure['samples'], 1):.2g}", "%", what))
    found = facts["input"].get("findings", [])
    add(len(found) or None, "", "warning about the input" if len(found) == 1 else "warnings about the input")
    return cards

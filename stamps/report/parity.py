"""The parity report: a run and a reference tree, row by row and map by map, as a page and as JSON.

``stamps verify RUN GOLDEN --report DIR`` writes ``DIR/index.html``, one file that needs no other and no network, and
``DIR/report.json`` with the same numbers.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.report import page
from stamps.report.differences import Difference, difference_of, digest, numbers_of, statistics_of
from stamps.report.gates import cycles_of, gates_of, rules_used
from stamps.report.parity_pictures import draw_maps, draw_velocities, velocities
from stamps.report.samples import Sample, sample_of
from stamps.report.timings import log_seconds, recorded_seconds
from stamps.verify.report import versions
from stamps.verify.trees import compare_files, reference_of
from stamps.verify.values import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.verify.report import Report, Row
    from stamps.verify.rules import Rule


__all__ = ["Entry", "ParityReport", "parity_report", "write_parity_report"]


@dataclass(frozen=True)
class Entry:
    """A row of the comparison with everything that the page says about it.

    Attributes
    ----------
    row : stamps.verify.Row
    rule : Rule or None
    matlab_class, shape : str, tuple
        Of our value; empty where there is none.
    difference : Difference or None
    digest, golden_digest : str
        SHA-256 of ours and of the reference.
    sample : Sample or None
    """

    row: Row
    rule: Rule | None
    matlab_class: str
    shape: tuple
    difference: Difference | None
    digest: str
    golden_digest: str
    sample: Sample | None

    @property
    def key(self) -> str:
        """Name of the row on the page."""
        return f"{self.row.file}:{self.row.variable}" if self.row.variable else self.row.file

    @property
    def identical(self) -> bool:
        """Whether class, shape and every bit are equal."""
        return bool(self.digest) and self.digest == self.golden_digest

    @property
    def share_of_bound(self) -> float | None:
        """Largest difference over the bound; None where there is no such number."""
        row = self.row
        if not row.tolerance or not math.isfinite(row.difference) or row.comparison in ("exact", "log"):
            return None
        return row.difference / row.tolerance


@dataclass
class ParityReport:
    """A comparison with statistics: what the page shows.

    Attributes
    ----------
    report : stamps.verify.Report
    entries : list of Entry
    gates : list of dict
        ``name``, ``threshold``, ``found``, ``ok``, ``count``.
    seconds, reference_seconds : dict
        Step to seconds, where known.
    velocity : dict or None
        ``lonlat``, ``reference``, ``ours`` (mm/yr) and ``difference`` (a :class:`Difference`).
    golden_pixels : Path or None
        ``ps2.mat`` of the reference, if it has one.
    """

    report: Report
    entries: list
    gates: list
    seconds: dict
    reference_seconds: dict
    velocity: dict | None
    golden_pixels: Path | None = None

    @property
    def ok(self) -> bool:
        """The verdict of :mod:`stamps.verify`."""
        return self.report.ok

    def content(self) -> Any:
        """Everything as plain data for JSON; numbers that are not finite are None."""
        report = self.report
        return page.plain(
            {
                "verdict": "PASS" if self.ok else "FAIL",
                "run": report.run,
                "golden": report.golden,
                "compared": report.n_compared,
                "agreeing": report.n_agreeing,
                "failures": len(report.failures),
                "skipped": report.n_skipped,
                "identical": sum(entry.identical for entry in self.entries),
                "gates": self.gates,
                "seconds": {"run": self.seconds, "golden": self.reference_seconds},
                "velocity": None if self.velocity is None else asdict(self.velocity["difference"]),
                "versions": page.versions_for_people(versions()),
                "rows": [_row_content(entry) for entry in self.entries],
            }
        )


def parity_report(
    run: StrPath,
    golden: StrPath,
    after: int | str | None = None,
    variant: str | None = None,
    *,
    only_step: bool = False,
    chain: int | None = None,
    logs: bool = False,
    partial: bool | None = None,
) -> ParityReport:
    """Compare a run with a golden tree and collect what a page shows; parameters as for :func:`stamps.verify.compare`.

    Returns
    -------
    ParityReport
    """
    run = Path(run)
    reference = reference_of(golden, after, variant, only_step=only_step, chain=chain, partial=partial)
    entries = []
    report = compare_files(
        run,
        reference.files,
        reference.state,
        name=reference.name,
        chain=reference.chain,
        logs=logs,
        partial=reference.partial,
        observe=lambda *seen: entries.append(_entry(*seen)),
    )
    known = {id(entry.row) for entry in entries}  # the row on matched pixels is not observed
    first = [_entry(row, None, None, None) for row in report.rows if id(row) not in known]
    entries = sorted(first + entries, key=_rank)
    golden_logs = [
        path for name, path in reference.state.items() if path is not None and Path(name).name == "STAMPS.log"
    ]
    return ParityReport(
        report,
        entries,
        gates_of(entries),
        log_seconds([run / "STAMPS.log", *sorted(run.glob("PATCH_*/STAMPS.log"))]),
        recorded_seconds(reference.folder) or log_seconds(golden_logs),
        velocities(run, reference.state),
        reference.state.get("ps2.mat"),
    )


def write_parity_report(result: ParityReport, folder: StrPath) -> Path:
    """Write ``index.html`` and ``report.json``.

    Parameters
    ----------
    result : ParityReport
    folder : path-like
        Made if missing.

    Returns
    -------
    Path
        The page.
    """
    page.check_libraries()
    content = result.content()
    maps, omitted = draw_maps(result)
    context = {
        "title": "Parity report",
        "result": result,
        "report": result.report,
        "content": content,
        "headline": draw_velocities(result.velocity),
        "maps": [
            (file, list(group)) for file, group in itertools.groupby(maps, key=lambda card: card["entry"].row.file)
        ],
        "omitted": omitted,
        "steps": _steps(result),
        "rules": rules_used(result.entries),
        "cycles": cycles_of(result.entries),
        "drawn": {card["key"] for card in maps},
    }
    return page.write(folder, "parity.html.j2", context, content)


# ---------------------------------------------------------------------- rows


def _rank(entry: Entry) -> Any:
    """Place in the table: what failed, the project's files, those of the patches, and parameters last."""
    file = entry.row.file
    return (
        not entry.row.failed,
        file == "parms.mat",
        "/" in file,
        entry.row.category == "log",
        entry.row.category != "mat",
    )


def _entry(row: Row, value: Any, golden: Any, rule: Rule | None) -> Entry:
    """Statistics, digests and the sample of one compared variable or file."""
    matlab_class, shape = describe(value) if value is not None and not isinstance(value, bytes) else ("", ())
    if isinstance(value, bytes):
        matlab_class, shape = row.category, (len(value),)
    ours, theirs = _numbers(value, golden, rule)
    difference = None
    if ours is not None and theirs is not None and ours.shape == theirs.shape and ours.size:
        difference = statistics_of(difference_of(ours, theirs, row.comparison), theirs, row.comparison)
    sample = None if isinstance(value, bytes) or row.status == "skipped" else sample_of(value, golden, row.comparison)
    return Entry(row, rule, matlab_class, shape, difference, digest(value), digest(golden), sample)


def _numbers(value: Any, golden: Any, rule: Rule | None) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Both values as numbers; text of numbers is read, too."""
    if not isinstance(value, bytes):
        return numbers_of(value), numbers_of(golden)
    form = rule.variable if rule is not None else ""
    try:
        if form == "<numbers>":
            return np.array(value.decode().split(), np.float64), np.array(golden.decode().split(), np.float64)
        if form == "<float32>":
            ours, theirs = (np.frombuffer(content, np.float32).astype(np.float64) for content in (value, golden))
            return ours, theirs
    except ValueError:
        pass  # the comparison says what is wrong with the file
    return None, None


def _row_content(entry: Entry) -> dict[str, Any]:
    row = entry.row
    figures = asdict(entry.difference) if entry.difference else dict.fromkeys(Difference.__dataclass_fields__)
    return {
        "file": row.file,
        "variable": row.variable,
        "status": row.status,
        "failed": row.failed,
        "counts": row.counts,
        "category": row.category,
        "kind": row.comparison,
        "class": entry.matlab_class,
        "golden_class": row.matlab_class,
        "shape": entry.shape,
        "golden_shape": row.shape,
        **figures,
        "largest": row.difference,
        "bound": row.tolerance,
        "beyond": row.count,
        "identical": entry.identical,
        "digest": entry.digest,
        "golden_digest": entry.golden_digest,
        "detail": row.detail,
    }


def _steps(result: ParityReport) -> list[dict[str, Any]]:
    """Timing of each step of both, with their ratio where the log can tell it."""
    rows = []
    for step in sorted({*result.seconds, *result.reference_seconds}):
        ours, theirs = result.seconds.get(step), result.reference_seconds.get(step)
        rows.append({"step": step, "ours": ours, "theirs": theirs, "ratio": theirs / ours if ours and theirs else None})
    return rows

"""The parity report: a run and a reference tree, row by row and map by map, as a page and as JSON.

``stamps verify RUN GOLDEN --report DIR`` writes ``DIR/index.html``, one file that needs no other and no network, and
``DIR/report.json`` with the same numbers.
"""

import contextlib
import math
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stamps import matfile
from stamps.errors import StampsError
from stamps.report import drawing, page
from stamps.report.differences import Difference, difference_of, digest, numbers_of, statistics_of, unit_of
from stamps.report.samples import Sample, sample_of
from stamps.report.timings import log_seconds, recorded_seconds
from stamps.verify import matching
from stamps.verify.report import versions
from stamps.verify.rules import table
from stamps.verify.trees import compare_files, reference_of
from stamps.verify.values import describe

__all__ = ["Entry", "ParityReport", "parity_report", "write_parity_report"]

#: Bytes of pictures on a page; what comes later is named but not drawn.
_MOST_BYTES = 11_000_000
_COLOURS = 200

_UNITS = {
    "ph_uw": "rad", "ph_scla": "rad", "C_ps": "rad", "C_ps2": "rad", "C_ps_uw": "rad", "K_ps": "rad/m", "K_ps2": "rad/m",
    "K_ps_uw": "rad/m", "hgt": "m", "la": "rad", "inc": "rad", "bperp_mat": "m", "ph_scn_slave": "rad", "ph_hpt": "rad",
    "ph_ramp": "rad", "ph_res": "rad", "ph_res2": "rad", "ps_std": "rad", "ps_max": "rad", "mean_v": "mm/yr",
}  # fmt: skip


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

    row: object
    rule: object
    matlab_class: str
    shape: tuple
    difference: Difference | None
    digest: str
    golden_digest: str
    sample: Sample | None

    @property
    def key(self):
        """Name of the row on the page."""
        return f"{self.row.file}:{self.row.variable}" if self.row.variable else self.row.file

    @property
    def identical(self):
        """Whether class, shape and every bit are equal."""
        return bool(self.digest) and self.digest == self.golden_digest

    @property
    def share_of_bound(self):
        """Largest difference over the bound; None where there is no such number."""
        row = self.row
        if not row.tolerance or not math.isfinite(row.difference) or row.kind in ("exact", "log"):
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

    report: object
    entries: list
    gates: list
    seconds: dict
    reference_seconds: dict
    velocity: dict | None
    golden_pixels: Path | None = None

    @property
    def ok(self):
        """The verdict of :mod:`stamps.verify`."""
        return self.report.ok

    def content(self):
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


def parity_report(run, golden, after=None, variant=None, *, only_step=False, chain=None, logs=False, partial=None):
    """Compare a run with a golden tree and collect what a page shows; parameters as for :func:`stamps.verify.compare`.

    Returns
    -------
    ParityReport
    """
    run = Path(run)
    reference = reference_of(golden, after, variant, only_step=only_step, chain=chain, partial=partial)
    entries = []
    report = compare_files(
        run, reference.files, reference.state, name=reference.name, chain=reference.chain, logs=logs,
        partial=reference.partial, observe=lambda *seen: entries.append(_entry(*seen)),
    )  # fmt: skip
    known = {id(entry.row) for entry in entries}  # the row on matched pixels is not observed
    first = [_entry(row, None, None, None) for row in report.rows if id(row) not in known]
    entries = sorted(first + entries, key=lambda entry: (not entry.row.failed, "/" in entry.row.file))
    golden_logs = [path for name, path in reference.state.items() if path is not None and Path(name).name == "STAMPS.log"]
    return ParityReport(
        report,
        entries,
        gates_of(entries),
        log_seconds([run / "STAMPS.log", *sorted(run.glob("PATCH_*/STAMPS.log"))]),
        recorded_seconds(reference.folder) or log_seconds(golden_logs),
        _velocities(run, reference.state),
        reference.state.get("ps2.mat"),
    )


def write_parity_report(result, folder):
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
    content = result.content()
    maps, omitted = _maps(result)
    context = {
        "title": "Parity report",
        "result": result,
        "report": result.report,
        "content": content,
        "headline": _velocity_picture(result.velocity),
        "maps": maps,
        "omitted": omitted,
        "steps": _steps(result),
        "rules": _rules_used(result.entries),
        "cycles": _cycles(result.entries),
        "drawn": {card["key"] for card in maps},
    }
    return page.write(folder, "parity.html.j2", context, content)


# ---------------------------------------------------------------------- rows


def _entry(row, value, golden, rule):
    """Statistics, digests and the sample of one compared variable or file."""
    kind, shape = describe(value) if value is not None and not isinstance(value, bytes) else ("", ())
    if isinstance(value, bytes):
        kind, shape = row.category, (len(value),)
    ours, theirs = _numbers(value, golden, rule)
    difference = None
    if ours is not None and theirs is not None and ours.shape == theirs.shape and ours.size:
        difference = statistics_of(difference_of(ours, theirs, row.kind), theirs, row.kind)
    sample = None if isinstance(value, bytes) or row.status == "skipped" else sample_of(value, golden, row.kind)
    return Entry(row, rule, kind, shape, difference, digest(value), digest(golden), sample)


def _numbers(value, golden, rule):
    """Both values as numbers; text of numbers is read, too."""
    if not isinstance(value, bytes):
        return numbers_of(value), numbers_of(golden)
    form = rule.variable if rule is not None else ""
    try:
        if form == "<numbers>":
            return tuple(np.array(text.decode().split(), np.float64) for text in (value, golden))
        if form == "<float32>":
            return tuple(np.frombuffer(content, np.float32).astype(np.float64) for content in (value, golden))
    except ValueError:
        pass  # the comparison says what is wrong with the file
    return None, None


def _row_content(entry):
    row = entry.row
    figures = asdict(entry.difference) if entry.difference else dict.fromkeys(Difference.__dataclass_fields__)
    return {
        "file": row.file,
        "variable": row.variable,
        "status": row.status,
        "failed": row.failed,
        "counts": row.counts,
        "category": row.category,
        "kind": row.kind,
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


# ---------------------------------------------------------------------- gates

_MEASURED = ("absolute", "relative", "each", "counts", "fits", "statistics", "rows")


def gates_of(entries):
    """The conditions of the verdict, each with its threshold and what was found.

    Parameters
    ----------
    entries : list of Entry

    Returns
    -------
    list of dict
    """
    counted = [entry for entry in entries if entry.row.counts and entry.row.status != "skipped"]
    both = [entry for entry in counted if entry.row.status in ("ok", "differs")]
    gates = [
        _gate("Nothing missing or unreadable", "0 files or variables", counted, lambda e: e.row.status in ("missing", "unreadable")),
        _gate("Nothing extra", "0 files or variables", counted, lambda e: e.row.status == "extra"),
        _gate("MATLAB class and shape", "equal", [e for e in both if e.row.category == "mat" and e.row.kind != "rows"], _other_form),
    ]
    exact = [e for e in both if e.row.kind == "exact" and e.row.category == "mat"]
    gates.append(_gate("Indices, masks, dates, counts, copies", "equal bit by bit", exact, _differs))
    gates.append(_gate("Text and binary files", "equal, numbers within their bound", [e for e in both if e.row.category != "mat"], _differs))
    phases = [e for e in both if e.row.kind == "cycles"]
    cycles = _cycles(phases)
    allowed = {e.rule.outliers for e in phases if e.rule is not None}
    threshold = "no sample on another cycle" if not any(allowed) else f"at most {100 * max(allowed):g} % of the samples on another cycle"
    gate = _gate("Unwrapped phase", threshold + _bounds(phases, " , residual within"), phases, _differs)
    gate["found"] = f"{cycles[0]:,} of {cycles[1]:,} samples on another cycle".replace(",", " ") if phases else gate["found"]
    gates.append(gate)
    phase = [e for e in both if e.row.kind == "phase"]
    gates.append(_gate("Wrapped phase and angles", "within" + _bounds(phase, ""), phase, _differs))
    measured = [e for e in both if e.row.kind in _MEASURED and e.row.category == "mat"]
    gates.append(_gate("Other numbers", "within the bound of each variable (table below)", measured, _differs))
    return [gate for gate in gates if gate["count"]]


def _gate(name, threshold, entries, failed):
    bad = [entry for entry in entries if failed(entry)]
    shares = [entry.share_of_bound for entry in entries if entry.share_of_bound is not None]
    found = f"{len(entries) - len(bad)} of {len(entries)} agree"
    if not bad and shares and {entry.row.kind for entry in entries} & {"phase", *_MEASURED} and failed is _differs:
        found += f", the worst at {100 * max(shares):.2g} % of its bound"
    if bad:
        found += ": " + ", ".join(entry.key for entry in bad[:4]) + (" …" if len(bad) > 4 else "")
    return {"name": name, "threshold": threshold, "found": found, "ok": not bad, "count": len(entries)}


def _differs(entry):
    return entry.row.status == "differs"


def _other_form(entry):
    return (entry.matlab_class, tuple(entry.shape)) != (entry.row.matlab_class, tuple(entry.row.shape)) and _differs(entry)


def _bounds(entries, before):
    bounds = sorted({entry.row.tolerance for entry in entries if entry.row.tolerance})
    if not bounds:
        return ""
    span = f"{bounds[0]:g}" if len(bounds) == 1 else f"{bounds[0]:g} to {bounds[-1]:g}"
    return f"{before.rstrip().replace(' ,', ',')} {span} rad"


def _cycles(entries):
    """Samples on another cycle, and all samples of unwrapped phases."""
    figures = [entry.difference for entry in entries if entry.difference is not None and entry.difference.cycles is not None]
    return sum(figure.cycles for figure in figures), sum(figure.count for figure in figures)


def _rules_used(entries):
    """Each rule of the table of tolerances that judged something, with the worst of its rows."""
    order = {id(rule): k for k, rule in enumerate(table())}
    used = {}
    for entry in entries:
        if entry.rule is not None and entry.row.counts:
            used.setdefault(id(entry.rule), []).append(entry)
    rows = []
    for key in sorted(used, key=lambda k: order.get(k, len(order))):
        group, rule = used[key], used[key][0].rule
        shares = [(entry.share_of_bound, entry.key) for entry in group if entry.share_of_bound is not None]
        rows.append(
            {
                "rule": rule,
                "unit": unit_of(rule.kind),
                "bounds": sorted({entry.row.tolerance for entry in group if entry.row.tolerance}),
                "count": len(group),
                "failed": sum(entry.row.failed for entry in group),
                "worst": max(shares, default=(None, "")),
            }
        )
    return rows


def _steps(result):
    """Timing of each step of both, with their ratio where the log can tell it."""
    rows = []
    for step in sorted({*result.seconds, *result.reference_seconds}):
        ours, theirs = result.seconds.get(step), result.reference_seconds.get(step)
        rows.append({"step": step, "ours": ours, "theirs": theirs, "ratio": theirs / ours if ours and theirs else None})
    return rows


# ---------------------------------------------------------------------- pictures


def _maps(result):
    """Picture cards of the variables with a value for each pixel, the failed ones first; and the names of those left out."""
    places = _Coordinates(Path(result.report.run), result.golden_pixels, result.entries)
    scheme = places.scheme
    cards, omitted, used = [], [], 0
    entries = [entry for entry in result.entries if entry.sample is not None]
    for entry in sorted(entries, key=lambda e: (not e.row.failed, "/" in e.row.file)):
        canvas = places.canvas(entry)
        if canvas is None:
            continue
        if used > _MOST_BYTES:
            omitted.append(entry.key)
            continue
        unit = "rad" if entry.sample.cyclic else _UNITS.get(entry.row.variable, "")
        columns = [
            {
                "title": f"column {column.number + 1} of {entry.sample.n_columns}" if entry.sample.n_columns > 1 else entry.row.variable,
                "reference": column.reference,
                "ours": column.ours,
                "difference": column.difference,
                "cyclic": entry.sample.cyclic,
                "unit": unit,
                "histogram": (column.counts, column.edges),
                "bound": _absolute_bound(entry),
            }
            for column in entry.sample.columns
        ]
        figure = drawing.comparison_panels(canvas, columns, scheme)
        picture = drawing.picture_of(figure, f"{entry.key}: reference, run, difference and its histogram", _COLOURS)
        used += len(picture["uri"])
        cards.append({"key": entry.key, "entry": entry, "picture": picture})
    return cards, omitted


def _absolute_bound(entry):
    """The bound in the unit of the values, where it can be told."""
    row, difference = entry.row, entry.difference
    if row.kind in ("phase", "cycles", "absolute"):
        return row.tolerance
    if row.kind == "relative" and difference is not None and not entry.sample.cyclic:
        return row.tolerance * difference.reference_rms
    return None


class _Coordinates:
    """Longitude and latitude of the rows of variables."""

    def __init__(self, run, golden_pixels, entries):
        self.run, self.golden_pixels = run, golden_pixels
        self._canvases, self._files = {}, {}
        self._matched = any(entry.row.variable == "(rows)" for entry in entries)
        try:
            scheme = matfile.read(run / "parms.mat", ["plot_color_scheme"]).get("plot_color_scheme", "inflation")
        except StampsError:
            scheme = "inflation"
        self.scheme = scheme if isinstance(scheme, str) else "inflation"

    def canvas(self, entry):
        """Canvas of the kept rows; None where they are no pixels."""
        folder, _, name = entry.row.file.rpartition("/")
        lonlat = self._lonlat(folder, name.removesuffix(".mat"), entry.sample.n_rows)
        if lonlat is None or entry.row.variable in ("ij", "lonlat", "xy", "ix", "sort_ix", "grid_ij"):
            return None
        key = (folder, id(lonlat), entry.sample.rows.tobytes() if len(entry.sample.rows) < len(lonlat) else None)
        if key not in self._canvases:
            self._canvases[key] = drawing.Canvas.of(lonlat[entry.sample.rows])
        return self._canvases[key]

    def _lonlat(self, folder, name, n_rows):
        key = (folder, name, n_rows)
        if key not in self._files:
            self._files[key] = self._find(folder, name, n_rows)
        return self._files[key]

    def _find(self, folder, name, n_rows):
        version = "1" if name in ("select1", "weed1") or name.endswith("1") else "2"
        table = self._pixels(folder, f"ps{version}")
        if table is None:
            return None
        if name in ("select1", "weed1"):
            selected = self._read(folder, "select1", ["ix", "keep_ix"])
            if selected is None or "ix" not in selected:
                return None
            ix = np.ravel(selected["ix"]).astype(np.int64) - 1
            if name == "weed1":
                ix = ix[np.ravel(selected["keep_ix"]).astype(bool)]
            if len(ix) != n_rows or ix.size == 0 or ix.min() < 0 or ix.max() >= len(table):
                return None
            return table[ix]
        if self._matched and not folder and name.rstrip("0123456789") in matching.PIXEL_FILES:
            table = table[self._matched_rows()]  # the comparison brought the rows into the order of the reference
        return table if len(table) == n_rows else None

    def _matched_rows(self):
        ours = self._read("", "ps2", ["ij", "lonlat"])
        theirs = matfile.read(self.golden_pixels, ["ij", "lonlat"])
        return matching.match_rows(ours["ij"], ours["lonlat"], theirs["ij"], theirs["lonlat"])[0]

    def _pixels(self, folder, name):
        key = (folder, name)
        if key not in self._files:
            content = self._read(folder, name, ["lonlat"])
            self._files[key] = None if not content else np.asarray(content.get("lonlat"), np.float64)
        return self._files[key]

    def _read(self, folder, name, variables):
        try:
            return matfile.read(self.run / folder / f"{name}.mat", variables)
        except StampsError:
            return None


# ---------------------------------------------------------------------- velocity


def _velocities(run, state):
    """Line-of-sight velocity of both, of the same pixels; None unless both have unwrapped phases and look-angle errors."""
    from stamps.products.velocity import los_velocity

    files = {name: run / name for name in _NEEDED}
    theirs = {name: state.get(name) or run / name for name in _NEEDED}
    if any(path is None or not Path(path).is_file() for path in [*files.values(), *theirs.values()]):
        return None
    if not {"phuw2.mat", "scla2.mat"} <= state.keys():
        return None
    try:
        with _gathered(files) as ours, _gathered(theirs) as golden:
            rows = [los_velocity(folder) for folder in (ours, golden)]
        tables = [matfile.read(source["ps2.mat"], ["ij", "lonlat"]) for source in (files, theirs)]
        pairs = matching.match_rows(tables[0]["ij"], tables[0]["lonlat"], tables[1]["ij"], tables[1]["lonlat"])
    except (StampsError, KeyError, IndexError, ValueError, TypeError):
        return None  # the comparison of these files says what is wrong with them
    if not pairs[0].size:
        return None
    values = {"ours": rows[0][pairs[0]], "reference": rows[1][pairs[1]]}
    difference = statistics_of(values["ours"] - values["reference"], values["reference"], "absolute")
    return {**values, "lonlat": tables[1]["lonlat"][pairs[1]], "difference": difference}


_NEEDED = ("ps2.mat", "phuw2.mat", "scla2.mat", "parms.mat")


@contextlib.contextmanager
def _gathered(files):
    """A folder with links to files of a tree, which stays untouched: parameters fill in their defaults here."""
    with tempfile.TemporaryDirectory(prefix="stamps-report-") as folder:
        for name, path in files.items():
            (Path(folder) / name).symlink_to(Path(path).resolve())
        yield folder


def _velocity_picture(velocity):
    if velocity is None:
        return None
    difference = velocity["ours"] - velocity["reference"]
    finite = difference[np.isfinite(difference)]
    reach = float(np.abs(finite).max()) if finite.size and np.abs(finite).max() > 0 else 1e-12
    row = {
        "title": "velocity",
        "reference": velocity["reference"],
        "ours": velocity["ours"],
        "difference": difference,
        "cyclic": False,
        "unit": "mm/yr",
        "histogram": np.histogram(finite, 81, range=(-reach, reach)),
        "bound": None,
    }
    figure = drawing.comparison_panels(drawing.Canvas.of(velocity["lonlat"]), [row], big=True)
    return drawing.picture_of(figure, "Line-of-sight velocity of the reference and of the run, their difference and its histogram")

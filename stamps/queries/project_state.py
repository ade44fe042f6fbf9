"""What ``stamps status`` finds out, as objects and as text: the state of a project and of its patches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stamps.matlab import literals
from stamps.queries.scatterer_counts import ScattererCounts
from stamps.workspace import markup
from stamps.workspace.console import one_line
from stamps.workspace.made_with import ChangedParameter

__all__ = [
    "Advice",
    "DifferingParameter",
    "InterruptedCommand",
    "LargeFile",
    "PatchStatus",
    "ProjectStatus",
    "StaleFile",
]

#: Types of directories.
PROJECT, PATCH, WITHOUT_PATCHES = "project", "patch", "directory without patches"

_SHOWN_PATCHES = 20

#: Parameters that the preparation and step 1 find out.
_FROM_DATA = ("heading", "insar_processor", "lambda", "platform")


#: A value of a parameter as JSON has it.
PlainValue = float | str | list[float]


@dataclass(frozen=True)
class PatchStatus:
    """One directory of steps 1 to 5a.

    Attributes
    ----------
    name : str
    step : int
        Last step that is complete; 0 none.
    candidates, selected, weeded : int or None
        Pixels left after the preparation (or step 1), step 3 and step 4; None where not known yet.
    empty_since : int or None
        The step that left no pixel.
    listed : bool
        Whether the patch list names it: others are not processed.
    n_bytes : int
    problems : tuple of str
    """

    name: str
    step: int = 0
    candidates: int | None = None
    selected: int | None = None
    weeded: int | None = None
    empty_since: int | None = None
    listed: bool = True
    n_bytes: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class DifferingParameter:
    """A parameter whose value is not the default (None where the table has none); vectors are lists."""

    name: str
    value: PlainValue
    default: PlainValue | None


@dataclass(frozen=True)
class StaleFile:
    """A result that is out of date: its path, why, and what to do."""

    file: str
    reason: str
    todo: str


@dataclass(frozen=True)
class InterruptedCommand:
    """What an interrupted command or run left: where, whether it may still be at work, the files it would publish, a sentence."""

    directory: str
    in_use: bool
    files: tuple[str, ...] | None
    text: str


@dataclass(frozen=True)
class Advice:
    """A command that is to be given next (empty: none), and why."""

    command: str
    reason: str


@dataclass(frozen=True)
class LargeFile:
    """A file of the project, and its size."""

    file: str
    n_bytes: int


def no_dates() -> npt.NDArray[np.datetime64]:
    return np.empty(0, dtype="datetime64[D]")


@dataclass(frozen=True, repr=False)
class ProjectStatus:
    """State of a directory; ``str`` of it is the text of ``stamps status``.

    Attributes
    ----------
    workdir : str
    directory_type : str
        ``project``, ``patch`` or ``directory without patches``.
    small_baselines : bool
    processor : str
    width, length : int or None
        Range samples and azimuth lines.
    master : datetime64[D] or None
    dates : ndarray of datetime64[D], shape (n_image,)
    n_images, n_interferograms : int or None
    dropped : tuple of int
        Interferograms that ``drop_ifg_index`` leaves out, counted from 1.
    patches : tuple of PatchStatus
    scatterers : tuple of ScattererCounts
        Persistent and distributed scatterers after each step, where there are distributed ones.
    merged_step : int
        Last complete step of the project directory: 5 to 8, 0 none.
    merged : int or None
        Pixels after step 5.
    nodes : int or None
        Nodes of the grid that was unwrapped.
    second_pass : str
    second_pass_possible : bool
    parameters : tuple of DifferingParameter
    made_with : tuple of ChangedParameter
        Other parameters than the results have been made with.
    stale : tuple of StaleFile
    interrupted : tuple of InterruptedCommand
    next : tuple of Advice
        The commands to run, the most advisable first.
    sizes : dict
        Bytes by group of files.
    largest : tuple of LargeFile
    problems : tuple of str
    findings : tuple of str
        What was strange about the input and did not stop the work.
    """

    workdir: str
    directory_type: str
    small_baselines: bool
    processor: str
    width: int | None = None
    length: int | None = None
    master: np.datetime64 | None = None
    dates: npt.NDArray[np.datetime64] = field(default_factory=no_dates, compare=False)
    n_images: int | None = None
    n_interferograms: int | None = None
    dropped: tuple[int, ...] = ()
    patches: tuple[PatchStatus, ...] = ()
    scatterers: tuple[ScattererCounts, ...] = ()
    merged_step: int = 0
    merged: int | None = None
    nodes: int | None = None
    second_pass: str = ""
    second_pass_possible: bool = False
    parameters: tuple[DifferingParameter, ...] = ()
    made_with: tuple[ChangedParameter, ...] = ()
    stale: tuple[StaleFile, ...] = ()
    interrupted: tuple[InterruptedCommand, ...] = ()
    next: tuple[Advice, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)
    largest: tuple[LargeFile, ...] = ()
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For JSON: dates as ISO texts."""
        master = None if self.master is None else str(self.master)
        return {**asdict(self), "master": master, "dates": [str(date) for date in self.dates]}

    def __str__(self) -> str:
        return "\n".join(_lines_of(self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(_markup(self))


# ---------------------------------------------------------------------- text


def _lines_of(status: ProjectStatus) -> list[str]:
    """Lines for people."""
    lines = [f"{status.workdir}: {status.directory_type}", ""]
    lines += _rows("stack", _stack(status))
    if status.patches:
        lines += ["", *_patch_lines(status)]
    if status.scatterers:
        lines += ["", *_scatterer_lines(status)]
    if status.directory_type != PATCH:
        lines += ["", *_rows("merged", _merged(status))]
    lines += ["", "parameters that differ from the defaults", *(_parameters(status) or ["  none"])]
    lines += _made_with(status)
    lines += ["", *_rows("sizes", [(name, _size(size)) for name, size in status.sizes.items()])]
    lines.append("  largest: " + ", ".join(f"{item.file} {_size(item.n_bytes)}" for item in status.largest))
    for title, texts in (
        ("out of date", _stale(status)),
        ("interrupted", [item.text for item in status.interrupted]),
        ("problems", _problems(status)),
        ("warnings about the input", status.findings),
    ):
        if texts:
            lines += ["", title, *(f"  {text}" for text in texts)]
    lines += ["", "next"]
    for advice in status.next:
        lines.append(f"  {advice.command}    ({advice.reason})" if advice.command else f"  {advice.reason}")
    return lines


def _markup(status: ProjectStatus) -> Iterator[str]:
    """The same for a notebook."""
    yield markup.pairs(_stack(status), f"{status.workdir}: {status.directory_type}")
    if status.patches:
        heads = ("patch", "done to step", "candidates", "selected", "weeded", "size")
        rows = [(p.name, p.step or "-", p.candidates, p.selected, p.weeded, _size(p.n_bytes)) for p in status.patches]
        yield markup.table(heads, rows, "patches")
    if status.scatterers:
        counts = [(item.stage, item.persistent, item.distributed) for item in status.scatterers]
        yield markup.table(("scatterers", "persistent", "distributed"), counts)
    if status.directory_type != PATCH:
        yield markup.pairs(_merged(status), "merged")
    if status.parameters:
        values = [(item.name, _literal(item.value), _usual(item)) for item in status.parameters]
        yield markup.table(("parameter", "value", "default"), values, "parameters that differ from the defaults")
    yield markup.lines(f"changed after a step: {item}" for item in status.made_with)
    yield markup.lines(f"out of date: {text}" for text in _stale(status))
    yield markup.lines([*(item.text for item in status.interrupted), *_problems(status), *status.findings])
    yield markup.table(("next", "why"), [(advice.command, advice.reason) for advice in status.next])


def _stack(status: ProjectStatus) -> list[tuple[str, str]]:
    mode = "small baselines" if status.small_baselines else "single master"
    raster = f"{status.width} samples x {status.length} lines" if status.width and status.length else ""
    return [
        ("processing", f"{mode}, {status.processor} data"),
        ("images", _images(status)),
        ("interferograms", _interferograms(status)),
        ("raster", raster),
    ]


def _merged(status: ProjectStatus) -> list[tuple[str, str]]:
    return [
        ("steps done", _merged_steps(status)),
        ("pixels", _count(status.merged)),
        ("nodes unwrapped", _count(status.nodes)),
        ("second pass", status.second_pass),
    ]


def _parameters(status: ProjectStatus) -> list[str]:
    lines = []
    for item in status.parameters:
        note = _usual(item) if item.name in _FROM_DATA else f"default {_usual(item)}"
        lines.append(f"  {item.name:<30s} {_literal(item.value):<24s} {note}")
    return lines


def _usual(item: DifferingParameter) -> str:
    """The default of a parameter, or where its value comes from."""
    if item.name in _FROM_DATA:
        return "from the data"
    return "none" if item.default is None else _literal(item.default)


def _stale(status: ProjectStatus) -> list[str]:
    """One line for the files that are out of date for the same reason."""
    groups: dict[tuple[Path, str, str], list[str]] = {}
    for item in status.stale:
        path = Path(item.file)
        groups.setdefault((path.parent, item.reason, item.todo), []).append(path.name)
    return [
        f"{folder / names[0]} {reason}: {todo}" + (f"; the same holds for {', '.join(names[1:])}" if names[1:] else "")
        for (folder, reason, todo), names in groups.items()
    ]


def _made_with(status: ProjectStatus) -> list[str]:
    """Lines on parameters that have changed since the steps were run."""
    changed = [f"  {item}" for item in status.made_with]
    return ["", "parameters that were changed after a step", *changed] if changed else []


def _rows(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    return [title, *(f"  {name:<20s} {value}" for name, value in rows if value)]


def _images(status: ProjectStatus) -> str:
    if not status.n_images:
        return "not known before the preparation"
    span = f", {_date(status.dates[0])} to {_date(status.dates[-1])}" if len(status.dates) else ""
    return f"{status.n_images}{span}" + ("" if status.master is None else f", master {_date(status.master)}")


def _date(date: np.datetime64) -> str:
    """A date as it is in names of files, yyyymmdd."""
    return str(date).replace("-", "")


def _interferograms(status: ProjectStatus) -> str:
    dropped = f", dropped {', '.join(map(str, status.dropped))}" if status.dropped else ""
    return f"{status.n_interferograms}{dropped}" if status.n_interferograms is not None else ""


def _merged_steps(status: ProjectStatus) -> str:
    return "none yet" if not status.merged_step else ", ".join(map(str, range(5, status.merged_step + 1)))


def _patch_lines(status: ProjectStatus) -> list[str]:
    title = "patches" if status.directory_type == PROJECT else "candidates to weeded pixels"
    lines = [f"{title:<24s} {'done to':>8s} {'candidates':>12s} {'selected':>10s} {'weeded':>10s} {'size':>10s}"]
    shown = status.patches if len(status.patches) <= _SHOWN_PATCHES else status.patches[: _SHOWN_PATCHES - 1]
    for patch in shown:
        notes = [
            f"no pixel left in step {patch.empty_since}: skipped" if patch.empty_since else "",
            "" if patch.listed else "not in patch.list: not processed",
        ]
        lines.append(
            f"  {patch.name:<22s} {patch.step or '-':>8} {_count(patch.candidates):>12s} {_count(patch.selected):>10s} "
            f"{_count(patch.weeded):>10s} {_size(patch.n_bytes):>10s}  {'; '.join(note for note in notes if note)}".rstrip()
        )
    if len(shown) < len(status.patches):
        lines.append(f"  … and {len(status.patches) - len(shown)} more")
    if len(status.patches) > 1:
        sums = [_sum(getattr(patch, name) for patch in status.patches) for name in ("candidates", "selected", "weeded")]
        lines.append(f"  {'all':<22s} {'':>8s} {_count(sums[0]):>12s} {_count(sums[1]):>10s} {_count(sums[2]):>10s}")
    return lines


def _scatterer_lines(status: ProjectStatus) -> list[str]:
    lines = [f"{'scatterers':<24s} {'persistent':>12s} {'distributed':>12s}"]
    return lines + [
        f"  {item.stage:<22s} {_count(item.persistent):>12s} {_count(item.distributed):>12s}"
        for item in status.scatterers
    ]


def _problems(status: ProjectStatus) -> list[str]:
    return [*status.problems, *(text for patch in status.patches for text in patch.problems)]


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}".replace(",", " ")


def _literal(value: PlainValue) -> str:
    return one_line(literals.format_literal(np.array(value, np.float64) if isinstance(value, list) else value))


def _size(n_bytes: int) -> str:
    if n_bytes < 1000:
        return f"{n_bytes} B"
    thousands = 1 if n_bytes < 10**6 else 2 if n_bytes < 10**9 else 3
    return f"{n_bytes / 1000**thousands:.3g} {('kB', 'MB', 'GB')[thousands - 1]}"

"""``stamps status``: how far a project is, pixels after each step, parameters, what to run next."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.cli.options import add_workdir
from stamps.matlab import literals
from stamps.queries.status import project_status
from stamps.workspace.console import one_line
from stamps.workspace.made_with import ChangedParameter

if TYPE_CHECKING:
    from stamps.queries.status import ProjectStatus


__all__ = ["main"]

_SHOWN_PATCHES = 20

#: Parameters that the preparation and step 1 find out.
_FROM_DATA = ("heading", "insar_processor", "lambda", "platform")


def main(argv: Sequence[str]) -> int:
    """Print the status as text or JSON; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="stamps status",
        description="Steps done, pixels left after each step, parameters that differ from their defaults, sizes, and what to run "
        "next. Works in a project, in a patch and in a merged directory; changes nothing.",
    )
    add_workdir(parser, "project or patch directory")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    status = project_status(options.workdir)
    print(json.dumps(_json_safe(status.as_dict()), indent=1) if options.json else "\n".join(_as_text(status)))
    return 0


def _json_safe(value: Any) -> Any:
    """Infinite and undefined numbers as MATLAB literals: JSON has none."""
    if isinstance(value, dict):
        return {name: _json_safe(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json_safe(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return literals.format_literal(value)
    return value


def _as_text(status: ProjectStatus) -> list[str]:
    lines = [f"{status.workdir}: {status.kind}", ""]
    lines += _rows(
        "stack",
        [
            (
                "processing",
                ("small baselines" if status.small_baselines else "single master") + f", {status.processor} data",
            ),
            ("images", _images(status)),
            ("interferograms", _interferograms(status)),
            ("raster", f"{status.width} samples x {status.length} lines" if status.width and status.length else ""),
        ],
    )
    if status.patches:
        lines += ["", *_patch_lines(status)]
    if status.kind != "patch":
        lines += [
            "",
            *_rows(
                "merged",
                [
                    ("steps done", _merged_steps(status)),
                    ("pixels", _count(status.merged)),
                    ("nodes unwrapped", _count(status.nodes)),
                    ("second pass", status.second_pass),
                ],
            ),
        ]
    lines += ["", "parameters that differ from the defaults"]
    for item in status.parameters:
        from_data = item["name"] in _FROM_DATA
        note = (
            "from the data"
            if from_data
            else f"default {'none' if item['default'] is None else _literal(item['default'])}"
        )
        lines.append(f"  {item['name']:<30s} {_literal(item['value']):<24s} {note}")
    if not status.parameters:
        lines.append("  none")
    lines += _made_with(status)
    lines += ["", *_rows("sizes", [(name, _size(size)) for name, size in status.sizes.items()])]
    lines.append("  largest: " + ", ".join(f"{item['file']} {_size(item['n_bytes'])}" for item in status.largest))
    for title, texts in (
        ("out of date", _stale(status)),
        ("interrupted", [item["text"] for item in status.interrupted]),
        ("problems", _problems(status)),
        ("warnings about the input", status.findings),
    ):
        if texts:
            lines += ["", title, *(f"  {text}" for text in texts)]
    lines += ["", "next"]
    for item in status.next:
        lines.append(f"  {item['command']}    ({item['reason']})" if item["command"] else f"  {item['reason']}")
    return lines


def _stale(status: ProjectStatus) -> list[Any]:
    """One line for the files that are out of date for the same reason."""
    groups = {}
    for item in status.stale:
        path = Path(item["file"])
        groups.setdefault((path.parent, item["reason"], item["todo"]), []).append(path.name)
    return [
        f"{folder / names[0]} {reason}: {todo}" + (f"; the same holds for {', '.join(names[1:])}" if names[1:] else "")
        for (folder, reason, todo), names in groups.items()
    ]


def _made_with(status: ProjectStatus) -> list[Any]:
    """Lines on parameters that have changed since the steps were run."""
    changed = [ChangedParameter(**item) for item in status.made_with]
    return ["", "parameters that were changed after a step", *(f"  {item}" for item in changed)] if changed else []


def _rows(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    return [title, *(f"  {name:<20s} {value}" for name, value in rows if value)]


def _images(status: ProjectStatus) -> str:
    if not status.n_images:
        return "not known before the preparation"
    span = f", {status.dates[0]} to {status.dates[-1]}" if status.dates else ""
    return f"{status.n_images}{span}" + (f", master {status.master}" if status.master else "")


def _interferograms(status: ProjectStatus) -> str:
    dropped = f", dropped {', '.join(map(str, status.dropped))}" if status.dropped else ""
    return f"{status.n_interferograms}{dropped}" if status.n_interferograms is not None else ""


def _merged_steps(status: ProjectStatus) -> str:
    return "none yet" if not status.merged_step else ", ".join(map(str, range(5, status.merged_step + 1)))


def _patch_lines(status: ProjectStatus) -> list[str]:
    title = "patches" if status.kind == "project" else "candidates to weeded pixels"
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


def _problems(status: ProjectStatus) -> list[Any]:
    return [*status.problems, *(text for patch in status.patches for text in patch.problems)]


def _sum(values: Iterable[Any]) -> None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}".replace(",", " ")


def _literal(value: float | str) -> str:
    import numpy as np

    return one_line(literals.format_literal(np.array(value, np.float64) if isinstance(value, list) else value))


def _size(n_bytes: int) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":
            return f"{n_bytes:.3g} {unit}" if unit != "B" else f"{n_bytes} B"
        n_bytes /= 1000

"""Compare files that are no MAT files: text (with placeholders), numbers in text, binary arrays, bytes, logs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.verify.values import Outcome, compare_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.verify.rules import Rule


__all__ = ["compare_bytes", "compare_float32", "compare_log", "compare_numbers", "compare_text", "is_text", "log_lines"]

_PLACEHOLDER = re.compile(r"@(STACK|WORKDIR)@")
_TIME = re.compile(r"^\d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}:\d{2} ")
_STAMP = re.compile(r"\d{8}_\d{6}")
_DIRECTORY = re.compile(r"(Directory is )(?!PATCH_).*")


def is_text(content: bytes) -> bool:
    """Whether bytes look like text."""
    return b"\0" not in content and all(byte < 128 for byte in content[:4096])


def compare_text(content: bytes, golden: bytes) -> Outcome:
    """Text must be equal; ``@STACK@`` and ``@WORKDIR@`` stand for any path, the same throughout the file."""
    ours, theirs = content.decode(errors="replace"), golden.decode(errors="replace")
    if ours == theirs:
        return Outcome(True)
    if _PLACEHOLDER.search(theirs) and re.fullmatch(_pattern(theirs), ours):
        return Outcome(True)
    outcome = _different_lines(_without_paths(ours, theirs), theirs.splitlines())
    if outcome.agrees:
        return Outcome(False, "line ends differ, or placeholders stand for different paths", math.nan)
    return outcome


def compare_bytes(content: bytes, golden: bytes) -> Outcome:
    """Bytes must be equal."""
    if content == golden:
        return Outcome(True)
    if len(content) != len(golden):
        return Outcome(False, f"{len(content)} bytes instead of {len(golden)}", math.nan)
    different = np.frombuffer(content, np.uint8) != np.frombuffer(golden, np.uint8)
    count = int(different.sum())
    first = int(np.argmax(different)) + 1
    return Outcome(False, f"{count} of {len(golden)} bytes differ, first byte {first}", math.nan, 0.0, count)


def compare_float32(content: bytes, golden: bytes, rule: Rule, *, chain: bool = False) -> Outcome:
    """Binary arrays of float32 in native byte order."""
    if len(content) != len(golden) or len(golden) % 4:
        return Outcome(False, f"{len(content)} bytes instead of {len(golden)}", math.nan)
    return compare_values(np.frombuffer(content, np.float32), np.frombuffer(golden, np.float32), rule, chain=chain)


def _as_table(lines: list[list[float]], ragged: bool) -> NDArray[np.float64]:
    """Numbers of lines as rows, or all in one row where lines have different lengths."""
    return np.atleast_2d(np.array([number for line in lines for number in line] if ragged else lines))


def compare_numbers(content: bytes, golden: bytes, rule: Rule, *, chain: bool = False) -> Outcome:
    """Text of numbers: the same lines and columns, each number within the bound of its column's rms."""
    ours, theirs = ([line.split() for line in text.decode(errors="replace").splitlines()] for text in (content, golden))
    if [len(line) for line in ours] != [len(line) for line in theirs]:
        return Outcome(False, f"{len(ours)} lines instead of {len(theirs)}, or other columns", math.nan)
    try:
        values, wanted = ([[float(word) for word in line] for line in lines] for lines in (ours, theirs))
    except ValueError:
        return _different_lines([" ".join(line) for line in ours], [" ".join(line) for line in theirs])
    ragged = len({len(line) for line in wanted}) > 1
    run, reference = (_as_table(lines, ragged) for lines in (values, wanted))
    outcomes = [compare_values(run[:, k], reference[:, k], rule, chain=chain) for k in range(reference.shape[1])]
    worst = [f"column {k + 1}: {outcome.detail}" for k, outcome in enumerate(outcomes) if not outcome.agrees]
    largest = max((outcome.difference for outcome in outcomes), default=0.0)
    bound = max((outcome.tolerance for outcome in outcomes), default=0.0)
    return Outcome(not worst, "; ".join(worst), largest, bound, sum(outcome.count for outcome in outcomes))


def compare_log(content: bytes, golden: bytes) -> Outcome:
    """Wording line by line, without times, time stamps and the name of the project directory."""
    return _different_lines(log_lines(content), log_lines(golden))


def log_lines(content: bytes) -> list[str]:
    """Lines of a log with their volatile parts taken out."""
    lines = content.decode(errors="replace").splitlines()
    return [_DIRECTORY.sub(r"\1*", _STAMP.sub("*", _TIME.sub("", line))).rstrip() for line in lines]


def _pattern(golden: str) -> str:
    """Regular expression for a text in which placeholders stand for paths."""
    seen = set()
    parts = []
    for k, piece in enumerate(_PLACEHOLDER.split(golden)):
        if k % 2 == 0:
            parts.append(re.escape(piece))
        elif piece in seen:
            parts.append(f"(?P={piece})")
        else:
            seen.add(piece)
            parts.append(rf"(?P<{piece}>[^\n]+?)")
    return "".join(parts)


def _without_paths(text: str, golden: str) -> list[str]:
    """Our lines with the placeholder put back where the rest of the line fits, to show only what really differs."""
    ours, theirs = text.splitlines(), golden.splitlines()
    fits = [
        k < len(theirs) and _PLACEHOLDER.search(theirs[k]) and re.fullmatch(_pattern(theirs[k]), line)
        for k, line in enumerate(ours)
    ]
    return [theirs[k] if fits[k] else line for k, line in enumerate(ours)]


def _different_lines(ours: Sequence[str], theirs: Sequence[str]) -> Outcome:
    different = [k for k in range(max(len(ours), len(theirs))) if ours[k : k + 1] != theirs[k : k + 1]]
    if not different:
        return Outcome(True)
    first = different[0]
    shown, wanted = ((lines[first] if first < len(lines) else "(nothing)") for lines in (ours, theirs))
    detail = f"{len(different)} lines differ, first line {first + 1}: '{shown}' instead of '{wanted}'"
    return Outcome(False, detail, math.nan, 0.0, len(different))

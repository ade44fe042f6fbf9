"""Compare one file of a run with the golden one: each variable of a MAT file, others as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stamps.errors import WorkspaceError
from stamps.verify import texts, variograms
from stamps.verify.report import Row
from stamps.verify.rules import Context, ignored, rule_for
from stamps.verify.values import compare_values, describe
from stamps.workspace import matfile

if TYPE_CHECKING:
    from stamps.verify.matching import RowPairing
    from stamps.verify.rules import Rule
    from stamps.verify.unwrapped import Steps
    from stamps.verify.values import Outcome


__all__ = ["SNAPHU_SETTINGS", "WITHOUT_NODES", "WITHOUT_SNAPHU", "Seen", "category_of", "compare_file"]

#: A file that only runs with SNAPHU have, and why it is not compared where one side has none.
SNAPHU_SETTINGS = "snaphu.conf"
WITHOUT_SNAPHU = "one of both was unwrapped without SNAPHU"

#: Why msd of a run with the minimum-cost flow is not compared.
WITHOUT_NODES = "unwrapped without SNAPHU; msd without its noise cannot be told: the golden tree holds no nodes or grid"

_HEAD = 65536  # bytes that tell text from binary files


class Seen(NamedTuple):
    """A row with the two values as they were compared, and the rule; None where there is none."""

    row: Row
    value: Any
    golden: Any
    rule: Rule | None


def category_of(file: str, path: Path) -> str:
    """What a file is: ``mat``, ``log``, ``text`` or ``binary``."""
    if file.endswith(".mat"):
        return "mat"
    if file.endswith(".log"):
        return "log"
    with open(path, "rb") as stream:
        return "text" if texts.is_text(stream.read(_HEAD)) else "binary"


def compare_file(
    file: str,
    ours: Path,
    theirs: Path,
    context: Context,
    pairing: RowPairing | None,
    steps: Steps | None = None,
    *,
    logs: bool,
) -> Iterator[Seen]:
    """Compare one file.

    Parameters
    ----------
    file : str
        Path relative to the tree.
    ours, theirs : Path
        The file of the run, which may be missing, and the golden one.
    context : Context
    pairing : RowPairing or None
        Matched rows of a resampled merge.
    steps : Steps, optional
        What ``msd`` is without rounding noise.
    logs : bool
        Whether log files decide.

    Yields
    ------
    Seen
    """
    category = category_of(file, theirs)
    counts = category != "log" or logs
    if not ours.is_file() and file == SNAPHU_SETTINGS and not ours.with_name("snaphu.out").exists():
        yield Seen(Row(file, "", "skipped", category, counts=False, detail=WITHOUT_SNAPHU), None, None, None)
    elif not ours.is_file():
        detail = "the run does not have this file"
        yield Seen(Row(file, "", "missing", category, counts=counts, detail=detail), None, None, None)
    elif category == "mat":
        yield from _compare_mat(file, ours, theirs, context, pairing, steps)
    else:
        yield _compare_whole(file, ours, theirs, context, category, counts)


def _compare_whole(file: str, ours: Path, theirs: Path, context: Context, category: str, counts: bool) -> Seen:
    """Compare a file that is no MAT file."""
    rule = rule_for(file, None, context)
    try:
        content, golden = ours.read_bytes(), theirs.read_bytes()
    except OSError as error:
        return Seen(Row(file, "", "unreadable", category, counts=counts, detail=str(error)), None, None, rule)
    comparison, outcome = _compare_contents(content, golden, category, rule, bool(context.chain))
    row = Row(
        file, "", category=category, comparison=comparison, matlab_class=category, shape=(len(golden),), counts=counts,
        **_judged(outcome),
    )  # fmt: skip
    return Seen(row, content, golden, rule)


def _compare_contents(
    content: bytes, golden: bytes, category: str, rule: Rule | None, chain: bool
) -> tuple[str, Outcome]:
    """How two contents are compared, and what came of it."""
    if category == "log":
        return "log", texts.compare_log(content, golden)
    if rule is not None and rule.variable == "<numbers>":
        return rule.comparison, texts.compare_numbers(content, golden, rule, chain=chain)
    if rule is not None and rule.variable == "<float32>":
        return rule.comparison, texts.compare_float32(content, golden, rule, chain=chain)
    if category == "text":
        return "exact", texts.compare_text(content, golden)
    return "exact", texts.compare_bytes(content, golden)


def _compare_mat(
    file: str, ours: Path, theirs: Path, context: Context, pairing: RowPairing | None, steps: Steps | None
) -> Iterator[Seen]:
    """Compare the variables of a MAT file, and name those that only one side has."""
    golden = matfile.read(theirs)
    try:
        run = matfile.read(ours)
    except WorkspaceError as error:
        yield Seen(Row(file, "", "unreadable", detail=str(error)), None, None, None)
        return
    for variable, wanted in golden.items():
        if ignored(file, variable, context):
            continue
        rule = rule_for(file, variable, context)
        if rule.comparison == "skip" or variable not in run:
            yield _not_compared(file, variable, run, wanted, rule)
            continue
        described = describe(wanted)
        value = run[variable]
        if variable == "msd" and steps is not None:
            wanted = steps.comparable(value, wanted)
            if wanted is None:
                yield Seen(
                    _skipped(file, variable, rule.comparison, described, WITHOUT_NODES), value, golden[variable], rule
                )
                continue
        if pairing is not None:
            value, wanted = pairing.align(file, variable, value, wanted)
        if rule.comparison == "fits":
            value = variograms.determined(variable, value, run)
            wanted = variograms.determined(variable, wanted, golden)
        outcome = compare_values(value, wanted, rule, chain=bool(context.chain))
        row = Row(
            file,
            variable,
            comparison=rule.comparison,
            matlab_class=described[0],
            shape=described[1],
            **_judged(outcome),
        )
        yield Seen(row, value, wanted, rule)
    for variable in run:
        if variable not in golden and not ignored(file, variable, context):
            yield _not_golden(file, variable, run[variable])


def _not_compared(file: str, variable: str, run: Mapping[str, Any], golden: Any, rule: Rule) -> Seen:
    """A variable that the run lacks, or that no rule compares."""
    matlab_class, shape = describe(golden)
    if variable not in run:
        detail = "the run's file does not have this variable"
        row = Row(file, variable, "missing", "mat", rule.comparison, matlab_class, shape, detail=detail)
        return Seen(row, None, golden, rule)
    row = _skipped(file, variable, "skip", (matlab_class, shape), rule.why)
    return Seen(row, run[variable], golden, rule)


def _skipped(file: str, variable: str, kind: str, described: tuple[str, tuple[int, ...]], why: str) -> Row:
    """Row of a variable that is not compared."""
    return Row(file, variable, "skipped", "mat", kind, *described, counts=False, detail=why)


def _not_golden(file: str, variable: str, value: Any) -> Seen:
    """A variable that only the run has."""
    matlab_class, shape = describe(value)
    detail = "the golden file does not have this variable"
    return Seen(Row(file, variable, "extra", matlab_class=matlab_class, shape=shape, detail=detail), value, None, None)


def _judged(outcome: Outcome) -> dict[str, Any]:
    """What an outcome contributes to a row."""
    return {
        "status": "ok" if outcome.agrees else "differs",
        "difference": outcome.difference,
        "tolerance": outcome.tolerance,
        "count": outcome.count,
        "detail": outcome.detail,
    }

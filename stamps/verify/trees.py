"""Compare two directories, or a run with a state of a golden set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError
from stamps.verify import golden as golden_sets
from stamps.verify import matching, texts, variograms
from stamps.verify.report import Report, Row
from stamps.verify.rules import Context, ignored, rule_for
from stamps.verify.values import compare_values, describe
from stamps.workspace import matfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.verify.rules import Rule
    from stamps.verify.values import Outcome


__all__ = ["Reference", "compare", "compare_files", "reference_of"]


@dataclass(frozen=True)
class Reference:
    """What a run is compared with.

    Attributes
    ----------
    name : str
        As it was given.
    folder : Path
        The directory or the golden set.
    files : dict
        Relative name to path of the files that are compared.
    state : dict
        All files of the golden state.
    chain : int or None
        First of several steps that are judged in one go.
    partial : bool
        Whether extra files of the run are no fault.
    """

    name: str
    folder: Path
    files: dict
    state: dict
    chain: int | None
    partial: bool


def compare(
    run: StrPath,
    golden: StrPath,
    after: int | str | None = None,
    variant: str | None = None,
    *,
    only_step: bool = False,
    chain: int | None = None,
    logs: bool = False,
    partial=None,
) -> Report:
    """Compare a run with a golden tree, variable by variable.

    Parameters
    ----------
    run : path-like
        The project directory.
    golden : path-like or str
        Another project directory, or a golden set (path or name).
    after : int or 'pass2', optional
        Compare with the state of the golden set after this step.
    variant : str, optional
        Compare with the files of this variant of the golden set.
    only_step : bool
        With ``after``: compare only the files that this step wrote.
    chain : int, optional
        Use the bounds for several steps in one go, starting with this step. Default: only for variants that run
        several steps.
    logs : bool
        Let the wording of log files decide, too.
    partial : bool, optional
        The golden tree holds only a part of the files: do not report extra files. Default: for variants.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        There is no such directory, step or variant.
    """
    reference = reference_of(golden, after, variant, only_step=only_step, chain=chain, partial=partial)
    return compare_files(
        run,
        reference.files,
        reference.state,
        name=reference.name,
        chain=reference.chain,
        logs=logs,
        partial=reference.partial,
    )


def reference_of(
    golden: StrPath,
    after: int | str | None = None,
    variant: str | None = None,
    *,
    only_step: bool = False,
    chain: int | None = None,
    partial=None,
) -> Reference:
    """Find the golden files; parameters as for :func:`compare`.

    Returns
    -------
    Reference
    """
    folder = _golden_folder(golden, variant is not None or after is not None)
    if variant is not None:
        chosen = golden_sets.variant(folder, variant)
        files = golden_sets.overlay_files(chosen.path)
        state = {**_state_of(folder, chosen.after_step), **files}
        chain = chosen.start if chain is None and chosen.start < chosen.end else chain
        partial = True if partial is None else partial
    elif after is not None:
        layers = golden_sets.overlays(folder, after)
        state = golden_sets.state_files(layers)
        files = golden_sets.overlay_files(layers[-1]) if only_step else state
        state = {**state, **dict.fromkeys(golden_sets.facts(folder.name).get("omitted", ()))}
    else:
        files = state = golden_sets.overlay_files(folder)
    return Reference(str(golden), folder, files, state, chain, bool(partial))


def compare_files(
    run: StrPath,
    files: Mapping[str, Path],
    state: Mapping[str, Path] | None = None,
    *,
    name: str = "",
    chain: int | None = None,
    logs: bool = False,
    partial: bool = False,
    observe=None,
) -> Report:
    """Compare a run with golden files.

    Parameters
    ----------
    run : path-like
        The project directory.
    files : dict
        Relative name to path of the golden files that are compared.
    state : dict, optional
        All files of the golden state (default: ``files``): what else may exist, and parameters.
    name : str
        Name of the golden tree for the report.
    chain, logs, partial
        As for :func:`compare`.
    observe : callable, optional
        Called as ``observe(row, value, golden, rule)`` for each row with the values as they were compared (rows of
        resampled merges in the same order): what :func:`.matfile.read` gives, ``bytes`` of other files, None where
        there is no value or no rule.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        There is no such directory.
    """
    run = Path(run)
    if not run.is_dir():
        raise InputError(f"{run} is no directory: give the project directory that is to be compared.")
    observe = observe or (lambda row, value, golden, rule: None)
    state = files if state is None else state
    context = Context(_parameters(run, state), chain)
    rows: list[Row] = []
    pairing = _Pairing.of(run, state, context, rows) if "ps2.mat" in state else None
    for file, path in sorted(files.items()):
        if not ignored(file, None, context):
            for seen in _compare_file(file, run / file, path, context, pairing, logs):
                rows.append(seen[0])
                observe(*seen)
    if not partial:
        for row in _extra_files(run, state, context, logs):
            rows.append(row)
            observe(row, None, None, None)
    return Report(str(run), name, tuple(rows))


def _compare_file(
    file: str, ours: StrPath, theirs: StrPath, context: Context, pairing, logs: bool
) -> Iterator[tuple[Row, Any, Any, Rule | None]]:
    """Compare one file: yields each row with the two values and the rule, as observers want them."""
    category = _category(file, theirs)
    counts = category != "log" or logs
    if not ours.is_file():
        yield (
            Row(file, "", "missing", category, counts=counts, detail="the run does not have this file"),
            None,
            None,
            None,
        )
        return
    if category == "mat":
        yield from _compare_mat(file, ours, theirs, context, pairing)
        return
    rule = rule_for(file, None, context)
    try:
        content, golden = ours.read_bytes(), theirs.read_bytes()
    except OSError as error:
        yield Row(file, "", "unreadable", category, counts=counts, detail=str(error)), None, None, rule
        return
    if category == "log":
        kind, outcome = "log", texts.compare_log(content, golden)
    elif rule is not None and rule.variable == "<numbers>":
        kind, outcome = rule.kind, texts.compare_numbers(content, golden, rule, chain=bool(context.chain))
    elif rule is not None and rule.variable == "<float32>":
        kind, outcome = rule.kind, texts.compare_float32(content, golden, rule, chain=bool(context.chain))
    elif category == "text":
        kind, outcome = "exact", texts.compare_text(content, golden)
    else:
        kind, outcome = "exact", texts.compare_bytes(content, golden)
    yield _row(file, "", category, kind, outcome, category, (len(golden),), counts), content, golden, rule


def _compare_mat(
    file: str, ours: StrPath, theirs: StrPath, context: Context, pairing
) -> Iterator[tuple[Row, Any, Any, Rule | None]]:
    golden = matfile.read(theirs)
    try:
        run = matfile.read(ours)
    except WorkspaceError as error:
        yield Row(file, "", "unreadable", detail=str(error)), None, None, None
        return
    for variable, wanted in golden.items():
        if ignored(file, variable, context):
            continue
        kind, shape = describe(wanted)
        rule = rule_for(file, variable, context)
        if variable not in run:
            detail = "the run's file does not have this variable"
            row = Row(file, variable, "missing", kind=rule.kind, matlab_class=kind, shape=shape, detail=detail)
            yield row, None, wanted, rule
        elif rule.kind == "skip":
            row = Row(file, variable, "skipped", "mat", "skip", kind, shape, counts=False, detail=rule.why)
            yield row, run[variable], wanted, rule
        else:
            value = run[variable]
            if pairing is not None:
                value, wanted = pairing.align(file, variable, value, wanted)
            if rule.kind == "fits":
                value, wanted = (
                    variograms.determined(variable, value, run),
                    variograms.determined(variable, wanted, golden),
                )
            outcome = compare_values(value, wanted, rule, chain=bool(context.chain))
            yield _row(file, variable, "mat", rule.kind, outcome, kind, shape, True), value, wanted, rule
    for variable in run:
        if variable not in golden and not ignored(file, variable, context):
            kind, shape = describe(run[variable])
            detail = "the golden file does not have this variable"
            yield Row(file, variable, "extra", matlab_class=kind, shape=shape, detail=detail), run[variable], None, None


def _row(
    file: str,
    variable: str,
    category: str,
    kind: str,
    outcome: Outcome,
    matlab_class: str,
    shape: tuple[int, ...],
    counts: bool,
) -> Row:
    return Row(
        file,
        variable,
        "ok" if outcome.agrees else "differs",
        category,
        kind,
        matlab_class,
        shape,
        outcome.difference,
        outcome.tolerance,
        outcome.count,
        counts,
        outcome.detail,
    )


def _extra_files(run: StrPath, state: Mapping[str, Path], context: Context, logs: bool) -> list[Row]:
    rows = []
    for path in sorted(run.rglob("*")):
        file = path.relative_to(run).as_posix()
        if not path.is_file() or file in state or ignored(file, None, context):
            continue
        category = _category(file, path)
        if category != "log" or logs:
            rows.append(Row(file, "", "extra", category, detail="the golden state does not have this file"))
    return rows


class _Pairing:
    """Which rows of the run's merged pixels are which golden rows."""

    def __init__(self, rows: NDArray[np.int64], golden_rows: NDArray[np.int64], n_rows: int, n_golden: int) -> None:
        self.rows, self.golden_rows, self.n_rows, self.n_golden = rows, golden_rows, n_rows, n_golden

    @classmethod
    def of(cls, run, state, context, found):
        """Pairing of a resampled merge, or None where rows stand for themselves. Adds a row to those that were found."""
        if not context.resampled or not (run / "ps2.mat").is_file():
            return None
        try:
            ours = matfile.read(run / "ps2.mat", ("ij", "lonlat"))
            theirs = matfile.read(state["ps2.mat"], ("ij", "lonlat"))
            rows, golden_rows = matching.match_rows(ours["ij"], ours["lonlat"], theirs["ij"], theirs["lonlat"])
        except (WorkspaceError, KeyError, IndexError):
            return None  # the comparison of ps2.mat itself says what is wrong with it
        n_rows, n_golden = len(ours["ij"]), len(theirs["ij"])
        fraction = len(rows) / max(n_rows, n_golden, 1)
        wanted = 0.99 if context.merging else 1.0
        agrees = fraction >= wanted
        detail = f"{len(rows)} of {n_golden} golden rows matched with {n_rows} rows by (az, rg) and lon/lat"
        found.append(
            Row(
                "ps2.mat",
                "(rows)",
                "ok" if agrees else "differs",
                kind="rows",
                shape=(n_golden,),
                difference=1 - fraction,
                tolerance=1 - wanted,
                count=n_golden - len(rows),
                detail=detail,
            )
        )
        return cls(rows, golden_rows, n_rows, n_golden)

    def align(self, file: str, variable: str, value: Any, golden: Any) -> tuple[Any, Any]:
        if "/" in file or isinstance(value, str) or isinstance(golden, str):
            return value, golden
        return matching.take_rows(
            file.removesuffix(".mat"), variable, value, golden, self.rows, self.golden_rows, self.n_rows, self.n_golden
        )


def _category(file: str, path: StrPath) -> str:
    if file.endswith(".mat"):
        return "mat"
    if file.endswith(".log"):
        return "log"
    with open(path, "rb") as stream:
        return "text" if texts.is_text(stream.read(65536)) else "binary"


def _parameters(run: StrPath, state: Mapping[str, Path]) -> dict[str, Any]:
    """Parameters of the golden state, else of the run."""
    for path in (state.get("parms.mat"), run / "parms.mat"):
        if path is not None and Path(path).is_file():
            try:
                return matfile.read(path)
            except WorkspaceError:
                continue
    return {}


def _golden_folder(golden: StrPath, is_set: bool) -> Path:
    folder = Path(golden)
    if folder.is_dir():
        if not is_set and (folder / "step0").is_dir():
            raise InputError(f"{folder} is a golden set: say which state with --after or --variant.")
        return folder
    if folder.name == str(golden):
        return golden_sets.find_set(str(golden))
    raise InputError(f"{golden} is no directory: give a project directory or a golden set.")


def _state_of(folder: StrPath, after: int | None) -> dict[str, Path]:
    """Files of the state that a variant branches off (none where the set does not hold it)."""
    try:
        return golden_sets.state_files(golden_sets.overlays(folder, after)) if after is not None else {}
    except InputError:
        return {}

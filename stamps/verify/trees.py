"""Compare two directories, or a run with a state of a golden set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError
from stamps.verify import golden as golden_sets
from stamps.verify import matching
from stamps.verify.file_comparison import SNAPHU_SETTINGS, WITHOUT_SNAPHU, category_of, compare_file
from stamps.verify.report import Report, Row
from stamps.verify.rules import Context, ignored
from stamps.verify.unwrapped import Steps
from stamps.workspace import matfile

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.verify.rules import Rule


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
    files: Mapping[str, Path]
    state: Mapping[str, Path | None]
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
    partial: bool | None = None,
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
    partial: bool | None = None,
) -> Reference:
    """Find the golden files; parameters as for :func:`compare`.

    Returns
    -------
    Reference
    """
    folder = _golden_folder(golden, variant is not None or after is not None)
    state: Mapping[str, Path | None]
    if variant is not None:
        chosen = golden_sets.variant(folder, variant)
        files = golden_sets.overlay_files(chosen.path)
        state = {**_state_of(folder, chosen.after_step), **files}
        chain = chosen.start if chain is None and chosen.start < chosen.end else chain
        partial = True if partial is None else partial
    elif after is not None:
        layers = golden_sets.overlays(folder, after)
        whole = golden_sets.state_files(layers)
        files = golden_sets.overlay_files(layers[-1]) if only_step else whole
        state = {**whole, **dict.fromkeys(golden_sets.facts(folder.name).get("omitted", ()))}
    else:
        files = state = golden_sets.overlay_files(folder)
    return Reference(str(golden), folder, files, state, chain, bool(partial))


def compare_files(
    run: StrPath,
    files: Mapping[str, Path],
    state: Mapping[str, Path | None] | None = None,
    *,
    name: str = "",
    chain: int | None = None,
    logs: bool = False,
    partial: bool = False,
    observe: Callable[[Row, Any, Any, Rule | None], None] | None = None,
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
    folder = Path(run)
    if not folder.is_dir():
        raise InputError(f"{folder} is no directory: give the project directory that is to be compared.")
    state = files if state is None else state
    context = Context(_parameters(folder, state), chain)
    rows: list[Row] = []
    pairing = _pairing(folder, state, context) if "ps2.mat" in state else None
    steps = Steps(folder, state)
    if pairing is not None:
        rows.append(_row_of_pairing(pairing, context))
    for file, path in sorted(files.items()):
        if not ignored(file, None, context):
            for seen in compare_file(file, folder / file, path, context, pairing, steps, logs=logs):
                rows.append(seen.row)
                if observe is not None:
                    observe(*seen)
    if not partial:
        for row in _extra_files(folder, state, context, logs):
            rows.append(row)
            if observe is not None:
                observe(row, None, None, None)
    return Report(str(folder), name, tuple(rows))


def _extra_files(run: Path, state: Mapping[str, Path | None], context: Context, logs: bool) -> list[Row]:
    rows = []
    for path in sorted(run.rglob("*")):
        file = path.relative_to(run).as_posix()
        if not path.is_file() or file in state or ignored(file, None, context):
            continue
        category = category_of(file, path)
        if file == SNAPHU_SETTINGS:
            rows.append(Row(file, "", "skipped", category, counts=False, detail=WITHOUT_SNAPHU))
        elif category != "log" or logs:
            rows.append(Row(file, "", "extra", category, detail="the golden state does not have this file"))
    return rows


def _pairing(run: Path, state: Mapping[str, Path | None], context: Context) -> matching.RowPairing | None:
    """Pairing of a resampled merge, or None where rows stand for themselves."""
    golden = state["ps2.mat"]
    if not context.resampled or golden is None or not (run / "ps2.mat").is_file():
        return None
    try:
        ours = matfile.read(run / "ps2.mat", ("ij", "lonlat"))
        theirs = matfile.read(golden, ("ij", "lonlat"))
        rows, golden_rows = matching.match_rows(ours["ij"], ours["lonlat"], theirs["ij"], theirs["lonlat"])
    except (WorkspaceError, KeyError, IndexError):
        return None  # the comparison of ps2.mat itself says what is wrong with it
    return matching.RowPairing(rows, golden_rows, len(ours["ij"]), len(theirs["ij"]))


def _row_of_pairing(pairing: matching.RowPairing, context: Context) -> Row:
    """How many of the merged pixels were matched."""
    n_matched, n_rows, n_golden = len(pairing.rows), pairing.n_rows, pairing.n_golden
    fraction = n_matched / max(n_rows, n_golden, 1)
    wanted = 0.99 if context.merging else 1.0
    return Row(
        "ps2.mat",
        "(rows)",
        "ok" if fraction >= wanted else "differs",
        comparison="rows",
        shape=(n_golden,),
        difference=1 - fraction,
        tolerance=1 - wanted,
        count=n_golden - n_matched,
        detail=f"{n_matched} of {n_golden} golden rows matched with {n_rows} rows by (az, rg) and lon/lat",
    )


def _parameters(run: Path, state: Mapping[str, Path | None]) -> dict[str, Any]:
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

"""Compare two directories, or a run with a state of a golden set."""

from pathlib import Path

from stamps import matfile
from stamps.errors import InputError, WorkspaceError
from stamps.verify import golden as golden_sets
from stamps.verify import matching, texts, variograms
from stamps.verify.report import Report, Row
from stamps.verify.rules import Context, ignored, rule_for
from stamps.verify.values import compare_values, describe

__all__ = ["compare", "compare_files"]


def compare(run, golden, after=None, variant=None, *, only_step=False, chain=None, logs=False, partial=None):
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
    run = Path(run)
    if not run.is_dir():
        raise InputError(f"{run} is no directory: give the project directory that is to be compared.")
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
    return compare_files(run, files, state, name=str(golden), chain=chain, logs=logs, partial=bool(partial))


def compare_files(run, files, state=None, *, name="", chain=None, logs=False, partial=False):
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

    Returns
    -------
    Report
    """
    run = Path(run)
    state = files if state is None else state
    context = Context(_parameters(run, state), chain)
    report = Report(str(run), name)
    pairing = _Pairing.of(run, state, context, report) if "ps2.mat" in state else None
    for file, path in sorted(files.items()):
        if not ignored(file, None, context):
            report.rows += _compare_file(file, run / file, path, context, pairing, logs)
    if not partial:
        report.rows += _extra_files(run, state, context, logs)
    return report


def _compare_file(file, ours, theirs, context, pairing, logs):
    category = _category(file, theirs)
    counts = category != "log" or logs
    if not ours.is_file():
        return [Row(file, "", "missing", category, counts=counts, detail="the run does not have this file")]
    if category == "mat":
        return _compare_mat(file, ours, theirs, context, pairing)
    rule = rule_for(file, None, context)
    try:
        content, golden = ours.read_bytes(), theirs.read_bytes()
    except OSError as error:
        return [Row(file, "", "unreadable", category, counts=counts, detail=str(error))]
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
    return [_row(file, "", category, kind, outcome, category, (len(golden),), counts)]


def _compare_mat(file, ours, theirs, context, pairing):
    golden = matfile.read(theirs)
    try:
        run = matfile.read(ours)
    except WorkspaceError as error:
        return [Row(file, "", "unreadable", detail=str(error))]
    rows = []
    for variable, wanted in golden.items():
        if ignored(file, variable, context):
            continue
        kind, shape = describe(wanted)
        rule = rule_for(file, variable, context)
        if variable not in run:
            detail = "the run's file does not have this variable"
            rows.append(Row(file, variable, "missing", kind=rule.kind, matlab_class=kind, shape=shape, detail=detail))
        elif rule.kind == "skip":
            rows.append(Row(file, variable, "skipped", "mat", "skip", kind, shape, counts=False, detail=rule.why))
        else:
            value = run[variable]
            if pairing is not None:
                value, wanted = pairing.align(file, variable, value, wanted)
            if rule.kind == "fits":
                value, wanted = variograms.determined(variable, value, run), variograms.determined(variable, wanted, golden)
            outcome = compare_values(value, wanted, rule, chain=bool(context.chain))
            rows.append(_row(file, variable, "mat", rule.kind, outcome, kind, shape, True))
    for variable in run:
        if variable not in golden and not ignored(file, variable, context):
            kind, shape = describe(run[variable])
            detail = "the golden file does not have this variable"
            rows.append(Row(file, variable, "extra", matlab_class=kind, shape=shape, detail=detail))
    return rows


def _row(file, variable, category, kind, outcome, matlab_class, shape, counts):
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


def _extra_files(run, state, context, logs):
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

    def __init__(self, rows, golden_rows, n_rows, n_golden):
        self.rows, self.golden_rows, self.n_rows, self.n_golden = rows, golden_rows, n_rows, n_golden

    @classmethod
    def of(cls, run, state, context, report):
        """Pairing of a resampled merge, or None where rows stand for themselves. Adds a row to the report."""
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
        report.rows.append(
            Row("ps2.mat", "(rows)", "ok" if agrees else "differs", kind="rows", shape=(n_golden,),
                difference=1 - fraction, tolerance=1 - wanted, count=n_golden - len(rows), detail=detail)
        )  # fmt: skip
        return cls(rows, golden_rows, n_rows, n_golden)

    def align(self, file, variable, value, golden):
        if "/" in file or isinstance(value, str) or isinstance(golden, str):
            return value, golden
        return matching.take_rows(
            file.removesuffix(".mat"), variable, value, golden, self.rows, self.golden_rows, self.n_rows, self.n_golden
        )


def _category(file, path):
    if file.endswith(".mat"):
        return "mat"
    if file.endswith(".log"):
        return "log"
    with open(path, "rb") as stream:
        return "text" if texts.is_text(stream.read(65536)) else "binary"


def _parameters(run, state):
    """Parameters of the golden state, else of the run."""
    for path in (state.get("parms.mat"), run / "parms.mat"):
        if path is not None and Path(path).is_file():
            try:
                return matfile.read(path)
            except WorkspaceError:
                continue
    return {}


def _golden_folder(golden, is_set):
    folder = Path(golden)
    if folder.is_dir():
        if not is_set and (folder / "step0").is_dir():
            raise InputError(f"{folder} is a golden set: say which state with --after or --variant.")
        return folder
    if folder.name == str(golden):
        return golden_sets.find_set(str(golden))
    raise InputError(f"{golden} is no directory: give a project directory or a golden set.")


def _state_of(folder, after):
    """Files of the state that a variant branches off (none where the set does not hold it)."""
    try:
        return golden_sets.state_files(golden_sets.overlays(folder, after)) if after is not None else {}
    except InputError:
        return {}

"""What each step reads and writes, described, and checked against a dataset: ``stamps describe-inputs``.

Knows the tables of :mod:`stamps.workspace.step_files` and the headers of files; reads no arrays. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.run.plan import MERGING_STEPS, refuse_merged
from stamps.run.settings import settings_of
from stamps.workspace import Workspace
from stamps.workspace.contents import class_text, shape_fits, shape_text
from stamps.workspace.markup import Listed, table
from stamps.workspace.parameters import Parameters
from stamps.workspace.step_files import Situation, files_of, step_files, variables_of_file

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace.file_variables import FileVariable
    from stamps.workspace.step_files import StepFile


__all__ = [
    "STEP_TITLES",
    "DescribedFile",
    "DescribedStep",
    "check_mat_file",
    "describe_inputs",
    "dimensions_of",
    "is_project",
]

#: What the steps do.
STEP_TITLES = {
    1: "load", 2: "estimate coherence", 3: "select", 4: "weed", 5: "correct phase, merge patches", 6: "unwrap",
    7: "look-angle error", 8: "spatially correlated noise",
}  # fmt: skip

#: Files that tell a project or patch directory from any other.
_MARKS = ("parms.mat", "patch.list", "ps1.mat", "ps2.mat", "pscands.1.ij", "patch.in")

#: Bytes of one candidate in the candidate files (that of the phases: in one interferogram).
_CANDIDATE_BYTES = {"pscands.1.ll": 8, "pscands.1.hgt": 4, "pscands.1.ph": 8}


@dataclass
class DescribedFile:
    """A file of a step.

    Attributes
    ----------
    file, place : str
        Name and where it is (``project``, ``patch``, ``stack``).
    optional : bool
        The step does without it where it is not there.
    mode : str
        ``PS``, ``SB`` or empty for both.
    conditions : list of str
        When the row holds, as in the table.
    variables : list of dict
        Name, shape, class, unit, meaning.
    state : str
        ``''`` where nothing was checked, else ``present``, ``missing``, ``not there (optional)`` or ``wrong``.
    problems : list of str
        One sentence each.
    """

    file: str
    place: str
    optional: bool
    mode: str
    conditions: list
    variables: list = field(default_factory=list)
    state: str = ""
    problems: list = field(default_factory=list)


@dataclass
class DescribedStep:
    """One step: number, title, files read, written and deleted."""

    step: int
    title: str
    reads: list
    writes: list
    deletes: list

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with the files that the step reads."""
        return [text for file in self.reads for text in file.problems]


def is_project(ws: Workspace) -> bool:
    """Whether a directory is a project, a patch or a merged directory."""
    return ws.path.is_dir() and (any(ws.has_file(name) for name in _MARKS) or bool(ws.patch_list()))


def describe_inputs(step: int | None = None, workdir: Workspace | StrPath | None = None) -> list[DescribedStep]:
    """Files and variables that steps read and write.

    Parameters
    ----------
    step : int, optional
        1 to 8 (default: all).
    workdir : path-like, optional
        Check against the dataset of this project or patch directory, and leave out what does not concern it. Without:
        only the description, for single-master and small-baseline processing.

    Returns
    -------
    list of DescribedStep

    Raises
    ------
    InputError
        There is no such step, or ``workdir`` is no project.
    ParameterError
        The project has nothing for this step to do.

    Examples
    --------
    >>> from stamps import describe_inputs
    >>> [step.step for step in describe_inputs(7)]
    [7]
    """
    if step is not None and step not in STEP_TITLES:
        raise InputError(f"Step {step} does not exist: give a number from 1 to 8.")
    steps = list(STEP_TITLES) if step is None else [step]
    if workdir is None:
        return _listed(_described(number, None) for number in steps)
    ws = Workspace.at(workdir).as_recovered()
    if not is_project(ws):
        raise InputError(
            f"{ws.path} is no project or patch directory (no {', '.join(_MARKS[:4])} …): give one as --workdir."
        )
    if step is None and _begins_merged(ws):
        steps = [number for number in steps if number not in MERGING_STEPS]
    elif step in MERGING_STEPS:
        refuse_merged(ws, step)
    return _listed(_checked(number, ws) for number in steps)


def _listed(steps: Iterable[DescribedStep]) -> Listed[DescribedStep]:
    found = list(steps)
    rows = [
        (step.step, step.title, *(", ".join(file.file for file in files) for files in (step.reads, step.writes)),
         " ".join(step.problems))
        for step in found
    ]  # fmt: skip
    return Listed(found, table(("step", "", "reads", "writes", "problems"), rows))


def _begins_merged(ws: Workspace) -> bool:
    """Whether there is nothing for steps 1 to 5 in a project."""
    try:
        refuse_merged(ws, MERGING_STEPS[0])
    except ParameterError:
        return True
    return False


def _described(step: int, situation: Situation | None) -> DescribedStep:
    files = {
        use: [_described_file(row) for row in _ordered(files_of(step, use, situation))]
        for use in ("read", "write", "delete")
    }
    return DescribedStep(step, STEP_TITLES[step], files["read"], files["write"], files["delete"])


def _ordered(rows: Sequence[StepFile]) -> list[StepFile]:
    """Rows in the order of the table, but what every step has (flags, patch list) last."""
    return sorted(rows, key=lambda row: row.file in ("no_ps_info.mat", "patch.list", "patch.list_old"))


def _described_file(row: StepFile) -> DescribedFile:
    variables = []
    for name in row.variables:
        described = variables_of_file(row.file, row.mode)
        chosen = described if name == "*" else [item for item in described if item.name == name]
        variables += [_variable(item) for item in chosen]
    return DescribedFile(row.file, row.place, row.optional, row.mode, list(row.conditions), variables)


def _variable(item: FileVariable) -> dict[str, str]:
    return {
        "name": item.name,
        "shape": " or ".join(item.shapes),
        "class": " or ".join(item.classes),
        "unit": item.unit,
        "meaning": item.meaning,
        "mode": item.mode,
    }


# ---------------------------------------------------------------------- checks


def _checked(step: int, ws: Workspace) -> DescribedStep:
    """The description of a step with what the dataset has of it."""
    patches = [ws / name for name in ws.patch_list()] if step < 6 else []
    patches = [patch.as_recovered() for patch in patches if patch.path.is_dir()]
    parameters = Parameters(ws, read_only=True)
    solver = settings_of(ws).solver
    situations = [
        Situation(ws, patch, parameters, patches=bool(patches), first=True, solver=solver) for patch in patches or [ws]
    ]
    mode = situations[0].mode
    description = _described(step, None)
    for files in (description.reads, description.writes, description.deletes):
        files[:] = [file for file in files if file.mode in ("", mode)]
    for use, files in (("read", description.reads), ("write", description.writes), ("delete", description.deletes)):
        rows = [row for row in _ordered(files_of(step, use)) if row.mode in ("", mode)]
        for row, file in zip(rows, files, strict=True):
            file.variables = [item for item in file.variables if item["mode"] in ("", mode)]
            _check_row(row, file, situations if row.place == "patch" else situations[:1], mode, required=use == "read")
        kept = [file for file in files if file.state != "does not concern this project"]
        files[:] = kept
    return description


def _check_row(row: StepFile, file: DescribedFile, situations: Sequence[Situation], mode: str, required: bool) -> None:
    states = []
    for situation in situations:
        if not _concerns(row, situation):
            continue
        ws = situation.folder(row.place)
        if row.place == "stack":
            states.append("")
        elif not situation.matching(ws, row.file) and not _found_near(row, ws):
            states.append("not there (optional)" if row.optional else "missing" if required else "not yet written")
            if required and not row.optional:
                file.problems.append(_missing(row, ws))
        else:
            problems = _problems(row, ws, mode)
            file.problems += problems
            states.append("wrong" if problems else "present")
    if not states:
        file.state = "does not concern this project"
        return
    order = ("wrong", "missing", "not yet written", "present", "not there (optional)", "")
    worst = min(states, key=order.index)
    count = f" ({states.count(worst)} of {len(states)} patches)" if len(states) > 1 and len(set(states)) > 1 else ""
    file.state = worst + count


def _concerns(row: StepFile, situation: Situation) -> bool:
    """Whether the row holds, whatever it says of the presence of its own file."""
    others = tuple(text for text in row.conditions if text != f"file({row.file})")
    return situation.holds(replace(row, conditions=others))


def _found_near(row: StepFile, ws: Workspace) -> bool:
    """Text files of the preparation may stand here or above."""
    return not row.file.endswith(".mat") and "*" not in row.file and ws.find(row.file, levels=3) is not None


def _missing(row: StepFile, ws: Workspace) -> str:
    written = [
        item for item in step_files() if item.file == row.file and item.use == "write" and item.place == row.place
    ]
    always = [item for item in written if not item.conditions]  # before those that write it in special cases only
    writers = [number for item in always or written for number in item.steps]
    todo = (
        f"run step {min(writers)} first (stamps {min(writers)} {min(writers)})"
        if writers
        else "run the preparation (mt_prep_snap …)"
    )
    return f"{ws.path / row.file} is missing: {todo}."


def _problems(row: StepFile, ws: Workspace, mode: str) -> list[str]:
    if row.file in _CANDIDATE_BYTES:
        return _check_candidates(row.file, ws)
    if not row.file.endswith(".mat") or "*" in row.file:
        return []
    return check_mat_file(ws, row.file, mode, row.variables)


def _check_candidates(file: str, ws: Workspace) -> list[str]:
    if not ws.has_file("pscands.1.ij"):
        return []
    n_ps, size = _count_lines(ws.file("pscands.1.ij")), ws.file(file).stat().st_size
    unit = _CANDIDATE_BYTES[file] * n_ps
    fits = size % unit == 0 if n_ps and file.endswith(".ph") else size == unit
    if fits:
        return []
    return [
        f"{ws.path / file} has {size} bytes, but {unit}{' per interferogram' if file.endswith('.ph') else ''} were expected "
        f"for the {n_ps} candidates of pscands.1.ij: run the preparation again."
    ]


def _count_lines(path: StrPath) -> int:
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def dimensions_of(ws: Workspace, version: int, mode: str) -> dict[str, int]:
    """Numbers of pixels, interferograms and images that the pixel table of a directory tells.

    Parameters
    ----------
    ws : Workspace
    version : int
        1 candidates, 2 weeded pixels.
    mode : str
        ``PS`` or ``SB``.

    Returns
    -------
    dict
        ``n_ps``, ``n_ifg``, ``n_image``, ``n_slave`` and ``m`` (interferograms without that of the master); empty if there
        is no table.
    """
    if not ws.exists(f"ps{version}"):
        return {}
    ps = ws.load(f"ps{version}", ("n_ps", "n_ifg", "n_image"))
    known = {name: int(ps[name]) for name in ("n_ps", "n_ifg", "n_image") if ps.get(name) is not None}
    if "n_ifg" in known:
        known["m"] = known["n_ifg"] - (mode == "PS")
    if "n_image" in known:
        known["n_slave"] = known["n_image"] - 1
    return known


def check_mat_file(ws: Workspace, file: str, mode: str, wanted: tuple[str, ...] = ("*",)) -> list[str]:
    """Compare the variables of a MAT file with their description.

    Parameters
    ----------
    ws : Workspace
    file : str
        Full name.
    mode : str
        ``PS`` or ``SB``.
    wanted : tuple of str
        Variables that must be there; ``*``: what is there is compared.

    Returns
    -------
    list of str
        What is wrong, one sentence each.
    """
    stem = file.removesuffix(".mat")
    try:
        headers = ws.headers_of(stem)
        known = dimensions_of(ws, 1 if stem.endswith("1") else 2, mode)
    except WorkspaceError as error:
        return [str(error)]
    problems = [
        f"{ws.path / file} has no variable '{name}': {_again(ws, file)}."
        for name in wanted
        if name != "*" and name not in headers
    ]
    bound, subject = dict(known), f"{ws.path / file}: variable"
    for item in variables_of_file(file, mode):
        header = headers.get(item.name)
        if header is None or ("*" not in wanted and item.name not in wanted):
            continue
        said = class_text(header)
        if said not in item.classes and not (0 in header.shape and header.class_name == "double"):
            expected = " or ".join(item.classes)
            problems.append(f"{subject} '{item.name}' is {said}, but {expected} was expected: {_again(ws, file)}.")
        if header.class_name != "char" and not any(shape_fits(shape, header.shape, bound) for shape in item.shapes):
            expected = " or ".join(shape_text(shape, bound) for shape in item.shapes)
            shape = " x ".join(map(str, header.shape))
            problems.append(f"{subject} '{item.name}' is {shape}, but {expected} was expected: {_again(ws, file)}.")
    return problems


def _again(ws: Workspace, file: str) -> str:
    place = "patch" if ws.name.startswith("PATCH_") else "project"
    written = [item for item in step_files() if item.file == file and item.use == "write"]
    written = [item for item in written if item.place == place] or written
    return (
        f"run step {max(number for item in written for number in item.steps)} again"
        if written
        else "make the file again"
    )

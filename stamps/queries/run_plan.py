"""A run of the steps that has not happened, as objects and as text: what ``stamps 1 8 --dry-run`` shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from stamps.workspace.markup import lines, table

__all__ = ["PlannedFile", "PlannedStep", "RunPlan"]


@dataclass
class PlannedFile:
    """A file that a step would write or delete.

    Attributes
    ----------
    file : str
        Name; ``*`` where a time stamp comes in.
    action : str
        ``new``, ``replace`` (also where variables are appended to a file) or ``delete``.
    bytes_now : int or None
        Size of the file that would be replaced or deleted.
    bytes_expected : int or None
        Size of the arrays that would be stored, before compression: with the pixels that earlier runs left, else with
        all candidates, as far as dimensions are known.
    maybe : bool
        The step itself finds out whether it writes this.
    """

    file: str
    action: str
    bytes_now: int | None = None
    bytes_expected: int | None = None
    maybe: bool = False


@dataclass
class PlannedStep:
    """What would happen to one step in one directory: ``run``, ``skip`` or ``fail``, the reason, the files."""

    directory: str
    place: str
    step: int
    title: str
    action: str
    reason: str = ""
    files: list[PlannedFile] = field(default_factory=list)


@dataclass
class RunPlan:
    """A run of the driver that has not happened; ``str`` of it is the text for people."""

    workdir: str
    start: int
    end: int
    small_baselines: bool
    workers: int
    steps: list[PlannedStep] = field(default_factory=list)
    patches_before: list[str] = field(default_factory=list)
    patches_after: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether a step would stop the run."""
        return any(step.action == "fail" for step in self.steps)

    @property
    def totals(self) -> dict[str, int]:
        """Numbers of files and bytes: ``new``, ``replace``, ``delete``, ``bytes_expected``, ``bytes_replaced``."""
        last: dict[tuple[str, str], PlannedFile] = {}  # a file written twice is one file
        for step in self.steps:
            for file in step.files:
                first = last.get((step.directory, file.file))
                file = (
                    file
                    if first is None
                    else PlannedFile(file.file, first.action, first.bytes_now, file.bytes_expected)
                )
                last[step.directory, file.file] = file
        files = list(last.values())
        counts = {action: sum(file.action == action for file in files) for action in ("new", "replace", "delete")}
        counts["bytes_expected"] = sum(file.bytes_expected or 0 for file in files if file.action != "delete")
        counts["bytes_replaced"] = sum(file.bytes_now or 0 for file in files)
        return counts

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "totals": self.totals, "fails": self.fails}

    def __str__(self) -> str:
        return "\n".join(_text(self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [
            (step.directory, step.step, step.title, step.action, step.reason, _written(step)) for step in self.steps
        ]
        heads = ("directory", "step", "", "", "reason", "writes, replaces or deletes")
        return table(heads, rows, _heading(self)) + lines([*_notes(self), _totals_text(self.totals), *_endings(self)])


# ---------------------------------------------------------------------- text


def _text(plan: RunPlan) -> list[str]:
    last = "STAMPS.log of every directory would gain lines, and .stamps-lineage.json what the results were made from."
    made = [_heading(plan), *_notes(plan), *_step_lines(plan), "", _totals_text(plan.totals)]
    return [*made, *_endings(plan), last]


def _heading(plan: RunPlan) -> str:
    mode = "small baselines" if plan.small_baselines else "single master"
    steps = f"steps {plan.start} to {plan.end}" if plan.start else f"resume, up to step {plan.end}"
    return f"Dry run in {plan.workdir} ({mode}): {steps}. Nothing is changed."


def _notes(plan: RunPlan) -> list[str]:
    patches = len({step.directory for step in plan.steps if step.place == "patch"})
    together = [f"{patches} patches, {plan.workers} at a time"] if patches > 1 else []
    return [*together, *(f"note: {text}" for text in plan.notes)]


def _endings(plan: RunPlan) -> list[str]:
    if plan.fails:
        return ["The run would stop: see 'fail' above."]
    return [] if any(step.action == "run" for step in plan.steps) else ["There is nothing to do."]


def _written(step: PlannedStep) -> str:
    """Names of the files that a step would touch."""
    return ", ".join(file.file for file in step.files)


def _step_lines(plan: RunPlan) -> list[str]:
    made: list[str] = []
    directory = None
    for step in plan.steps:
        if step.directory != directory:
            directory = step.directory
            made += ["", directory]
        made.append(f"  step {step.step} {step.title:<40s} {step.action}{': ' + step.reason if step.reason else ''}")
        for action, verb in (("new", "writes"), ("replace", "replaces"), ("delete", "deletes")):
            files = [file for file in step.files if file.action == action]
            if files:
                made.append(f"    {verb:<9s} {', '.join(_file_text(file) for file in files)}")
    return made


def _totals_text(totals: dict[str, int]) -> str:
    expected, gone = _megabytes(totals["bytes_expected"]), _megabytes(totals["bytes_replaced"])
    return (
        f"{totals['new']} new files and {totals['replace']} replaced ones, about {expected} before compression; "
        f"{gone} of old files would go; {totals['delete']} deleted"
    )


def _file_text(file: PlannedFile) -> str:
    sizes = []
    if file.bytes_now is not None:
        sizes.append(f"now {_megabytes(file.bytes_now)}")
    if file.action != "delete" and file.bytes_expected is not None and file.bytes_expected >= 50_000:
        sizes.append(f"about {_megabytes(file.bytes_expected)}")
    if file.maybe:
        sizes.append("perhaps")
    return file.file + (f" ({', '.join(sizes)})" if sizes else "")


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.3g} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.3g} kB"

"""A run of the steps that has not happened, as objects and as text: what ``stamps 1 8 --dry-run`` shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

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


# ---------------------------------------------------------------------- text


def _text(plan: RunPlan) -> list[str]:
    mode = "small baselines" if plan.small_baselines else "single master"
    steps = f"steps {plan.start} to {plan.end}" if plan.start else f"resume, up to step {plan.end}"
    lines = [f"Dry run in {plan.workdir} ({mode}): {steps}. Nothing is changed."]
    patches = len({step.directory for step in plan.steps if step.place == "patch"})
    if patches > 1:
        lines.append(f"{patches} patches, {plan.workers} at a time")
    lines += [f"note: {text}" for text in plan.notes]
    lines += [*_step_lines(plan), "", _totals_text(plan.totals)]
    if plan.fails:
        lines.append("The run would stop: see 'fail' above.")
    elif not any(step.action == "run" for step in plan.steps):
        lines.append("There is nothing to do.")
    lines.append(
        "STAMPS.log of every directory would gain lines, and .stamps-lineage.json what the results were made from."
    )
    return lines


def _step_lines(plan: RunPlan) -> list[str]:
    lines: list[str] = []
    directory = None
    for step in plan.steps:
        if step.directory != directory:
            directory = step.directory
            lines += ["", directory]
        lines.append(f"  step {step.step} {step.title:<40s} {step.action}{': ' + step.reason if step.reason else ''}")
        for action, verb in (("new", "writes"), ("replace", "replaces"), ("delete", "deletes")):
            files = [file for file in step.files if file.action == action]
            if files:
                lines.append(f"    {verb:<9s} {', '.join(_file_text(file) for file in files)}")
    return lines


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

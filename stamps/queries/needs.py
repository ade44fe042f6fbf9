"""What a stack or project needs, as objects and as text: what ``stamps estimate`` shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from stamps.queries.patch_layout import Layout
from stamps.workspace.markup import lines, pairs, table

__all__ = ["ArrayNeeds", "Needs", "StepNeeds"]


@dataclass(frozen=True)
class ArrayNeeds:
    """An array of :mod:`stamps.queries.step_costs`, how many times its size a step needs, and that size in MiB."""

    array: str
    multiple: float
    mib: float


@dataclass(frozen=True)
class StepNeeds:
    """Memory and time of a step.

    Attributes
    ----------
    step : str
        ``prep`` or 1 to 8.
    peak_mib : int
        Of a process.
    workers : int
        Processes at once.
    seconds : float
    base_mib : float
        What a process needs whatever the arrays.
    arrays : tuple of ArrayNeeds
    """

    step: str
    peak_mib: int
    workers: int
    seconds: float
    base_mib: float
    arrays: tuple[ArrayNeeds, ...]


@dataclass(frozen=True, repr=False)
class Needs:
    """What a stack or project needs.

    Attributes
    ----------
    source : str
        Its directory.
    source_type : str
        ``project`` or ``stack``.
    small_baselines : bool
    n_images, n_interferograms : int or None
    width, length : int or None
    candidates : int
        Of all patches, overlaps included once they are made.
    candidates_from : str
        ``counted``, or how they were extrapolated.
    pixels_from : str
        What the numbers after selection rest on.
    n_patches : int
        0 before the preparation.
    cores : int
    memory_gib : float
    steps : tuple of StepNeeds
    disk : dict
        Bytes: ``candidate files``, ``patches``, ``project``, ``total``, ``free``.
    recommended : Layout or None
    notes : tuple of str
    """

    source: str
    source_type: str
    small_baselines: bool
    n_images: int | None
    n_interferograms: int | None
    width: int | None
    length: int | None
    candidates: int
    candidates_from: str
    pixels_from: str
    n_patches: int
    cores: int
    memory_gib: float
    steps: tuple[StepNeeds, ...]
    disk: dict[str, int]
    recommended: Layout | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @property
    def peak_mib(self) -> int:
        """Largest memory of any step with all its processes, MiB."""
        return max(step.peak_mib * step.workers for step in self.steps)

    def __str__(self) -> str:
        return "\n".join(_text_of(self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        heads = ("step", "memory of all processes (MiB)", "processes", "time, rough (s)")
        steps = [(step.step, step.peak_mib * step.workers, step.workers, step.seconds) for step in self.steps]
        disk = [(f"{name} (GB)", n_bytes / 1e9) for name, n_bytes in self.disk.items()]
        title = f"{self.source}: {self.source_type}, {_mode(self)}"
        return (
            pairs(_stack(self), title)
            + table(heads, steps, "memory and time")
            + pairs([*disk, ("recommended patches", _patches(self))], "disk, at most")
            + lines(f"note: {text}" for text in self.notes)
        )


# ---------------------------------------------------------------------- text


def _mode(estimate: Needs) -> str:
    return "small baselines" if estimate.small_baselines else "single master"


def _stack(estimate: Needs) -> list[tuple[str, Any]]:
    """What the estimate is of."""
    raster = f"{estimate.width} samples x {estimate.length} lines" if estimate.width and estimate.length else "unknown"
    return [
        ("images", estimate.n_images),
        ("interferograms", estimate.n_interferograms),
        ("raster", raster),
        ("candidates", f"{_count(estimate.candidates)} ({estimate.candidates_from})"),
        ("pixels from step 3 on", estimate.pixels_from),
        ("machine", f"{estimate.cores} cores, {estimate.memory_gib:.3g} GiB"),
    ]


def _patches(estimate: Needs) -> str:
    """The layout that is recommended; empty where there is none."""
    best = estimate.recommended
    if best is None:
        return ""
    return (
        f"{best.rg_patches} in range x {best.az_patches} in azimuth, {best.workers} at a time: "
        f"{_mib(best.peak_mib)} in steps 1 to 4, {_count(best.candidates)} candidates in the largest"
    )


def _text_of(estimate: Needs) -> list[str]:
    rows = [
        f"{estimate.source}: {estimate.source_type}, {_mode(estimate)}",
        "",
        *(f"  {name:<21s} {value}" for name, value in _stack(estimate)),
        "",
        "step        memory  processes  seconds (rough)  memory of a process",
    ]
    for step in estimate.steps:
        memory = _mib(step.peak_mib * step.workers)
        multiples = " + ".join(f"{item.multiple:.3g} x {item.array} ({_mib(item.mib)})" for item in step.arrays)
        rows.append(
            f"  {step.step:<6s} {memory:>10s} {step.workers:>10d} {step.seconds:>16.0f}  "
            f"{step.base_mib:g} MiB + {multiples}"
        )
    rows.append(f"  peak   {_mib(estimate.peak_mib):>10s}")
    rows += ["", "disk"]
    for name, n_bytes in estimate.disk.items():
        rows.append(f"  {name:<20s} {'' if name == 'free' else 'at most '}{n_bytes / 1e9:.3g} GB")
    if estimate.recommended is not None:
        best = estimate.recommended
        rows += ["", "recommended patches"]
        rows.append(f"  {_patches(estimate)}")
        now = f" (now {estimate.n_patches})" if estimate.source_type == "project" else ""
        rows.append(f"  mt_prep_snap MASTER DATADIR DA_THRESH {best.rg_patches} {best.az_patches}{now}")
    return rows + [f"note: {text}" for text in estimate.notes]


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _mib(number: float) -> str:
    return f"{number / 1024:.3g} GiB" if number >= 1024 else f"{number:.{0 if number >= 10 else 1}f} MiB"

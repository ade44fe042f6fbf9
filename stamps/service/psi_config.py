"""What is decided about a time series of a stack, and what of it cannot be.

Source: docs/method/service.md, section 2.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stamps.errors import ParameterError
from stamps.frontends.jobs.model import JobConfig
from stamps.matlab import literals
from stamps.products.exports import FORMATS
from stamps.workspace.parameter_table import table
from stamps.workspace.parameter_values import problem_of

__all__ = [
    "KINDS",
    "PsiConfig",
    "PsiSettings",
    "parameter_problems",
    "parameter_value",
    "settings_problems",
    "steps_of",
]

#: What can be made of a finished run: the files of ps_output, these in one archive, the quality report, and all exports.
KINDS = ("ps_output", "series", "report", *FORMATS)

TROPO = ("", "linear", "powerlaw")

_OF_THE_PREPARATION = "it is set by the preparation"
#: Parameters that are not for users of a service, and why.
_NEVER = {
    "Created": _OF_THE_PREPARATION,
    "small_baseline_flag": _OF_THE_PREPARATION,
    "insar_processor": _OF_THE_PREPARATION,
    "heading": _OF_THE_PREPARATION,
    "lambda": _OF_THE_PREPARATION,
    "n_cores": "the setting cores says it",
    "merge_resample_size": "the setting resolution says it",
    "subtr_tropo": "the setting tropo says it",
    "tropo_method": "the setting tropo says it",
}
_LONGEST_LIST = 10_000


@dataclass(frozen=True)
class PsiSettings:
    """Settings of a time series that a file or a request can have.

    Attributes
    ----------
    parameters : mapping
        Names of parameters as StaMPS has them, and their values.
    steps : str
        First and last step: ``'1 8'``.
    products : list of str
        Of :data:`KINDS`.
    resolution : float
        Side of the cells in which pixels are averaged, m (``merge_resample_size``); 0 for all pixels.
    reference : list of float
        Longitude and latitude, degrees, and radius, m, of the reference area; empty for none.
    tropo : str
        Correction of the troposphere that is estimated and subtracted: empty for none, ``linear`` or ``powerlaw``.
    da_thresh : float
        Amplitude dispersion below which a pixel is a candidate.
    patches, overlap : list of int
        Patches in range and azimuth, and their overlap, pixels.
    cores, memory_mb, minutes : int
        What the run takes; its time limit (0: none).
    engine : str
        ``'local'`` or ``'slurm'``.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    steps: str = "1 8"
    products: list[str] = field(default_factory=lambda: ["ps_output", "csv"])
    resolution: float = 100.0
    reference: list[float] = field(default_factory=list)
    tropo: str = ""
    da_thresh: float = 0.4
    patches: list[int] = field(default_factory=lambda: [1, 1])
    overlap: list[int] = field(default_factory=lambda: [50, 50])
    cores: int = 1
    memory_mb: int = 4000
    minutes: int = 0
    engine: str = "local"


@dataclass
class PsiConfig(JobConfig):
    """Settings of a job that makes a time series.

    Attributes
    ----------
    frontend : str
        That of the stack: ``snap``, ``stripmap`` or ``isce``.
    stack : str
        Folder of the stack, from the working directory on; empty: the working directory itself.
    master : str
        yyyymmdd.
    images : list of str
        Dates, for the record and for what is made of them anew.
    project : str
        Folder of the project, from the working directory on.
    settings : PsiSettings
    outputs : list of str
        What a client of the web has asked for; empty for everything that is made.
    """

    frontend: str = "snap"
    stack: str = ""
    master: str = ""
    images: list[str] = field(default_factory=list)
    project: str = ""
    settings: PsiSettings = PsiSettings()
    outputs: list[str] = field(default_factory=list)


def steps_of(text: str) -> tuple[int, int]:
    """First and last step of a text like ``'1 8'``.

    Raises
    ------
    ParameterError
        They are none, or the first is not 1: a project is always new.
    """
    found = re.fullmatch(r"1\s+([5-8])", text.strip()) if len(text) < 20 else None
    if found is None:
        raise ParameterError(
            f"The steps are {text[:40]!r}, but '1 8' was expected, or a last step from 5 on: each project is a new one."
        )
    return 1, int(found[1])


def parameter_value(value: Any) -> Any:
    """A value of a file or request as the package has it; ValueError for a literal that is none."""
    if isinstance(value, str):
        return literals.parse(value) if value[:1] in ("[", "'") else value
    if isinstance(value, list):
        numbers = np.array(value, np.float64)
        return float(numbers[0]) if numbers.size == 1 else numbers
    return float(value)


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with names and values of parameters, a sentence each."""
    known = {row.name: row.expected for row in table()}
    for name, value in parameters.items():
        if name in _NEVER:
            yield f"The parameter {name} cannot be given: {_NEVER[name]}."
        elif name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {close[0]}?" if close else "getparm lists all."
            yield f"There is no parameter '{name[:80]}': {meant}"
        elif not _is_value(value):
            yield f"The value of the parameter {name} is no number, list of numbers or text."
        else:
            try:
                problem = problem_of(known[name], parameter_value(value))
            except (ValueError, ParameterError) as error:
                problem = f"cannot be understood ({error})"
            if problem:
                yield f"The parameter {name} {problem}."


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= _LONGEST_LIST and all(_is_value(one) and not isinstance(one, str | list) for one in value)
    return isinstance(value, str | int | float) and not isinstance(value, bool) and "\0" not in str(value)


def settings_problems(settings: PsiSettings) -> Iterator[str]:
    """What of the settings cannot be, a sentence each."""
    yield from parameter_problems(settings.parameters)
    last = 8
    try:
        _, last = steps_of(settings.steps)
    except ParameterError as error:
        yield str(error)
    for kind in settings.products:
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, KINDS, 1)
            yield f"There is no product '{kind[:80]}': " + (
                f"did you mean {close[0]}?" if close else f"there are {', '.join(KINDS)}."
            )
    if settings.products and last < 7:
        yield f"Products need step 7, but the last step is {last}: give '1 8', or no products."
    if settings.tropo not in TROPO:
        yield f"tropo is '{settings.tropo[:40]}', but linear or powerlaw was expected, or nothing."
    elif settings.tropo and last < 7:
        yield "The correction of the troposphere needs step 7: give '1 8'."
    yield from _number_problems(settings)


def _number_problems(settings: PsiSettings) -> Iterator[str]:
    if not 0 <= settings.resolution <= 1e6:
        yield f"resolution is {settings.resolution:g}, but metres from 0 (all pixels) to 1e6 were expected."
    if not 0 < settings.da_thresh <= 10:
        yield f"da_thresh is {settings.da_thresh:g}, but a number above 0, up to 10, was expected."
    yield from _pair_problems("patches", settings.patches, 1, 1000)
    yield from _pair_problems("overlap", settings.overlap, 0, 100_000)
    if settings.engine not in ("local", "slurm"):
        yield f"engine is '{settings.engine[:40]}', but local or slurm was expected."
    if settings.cores < 1 or settings.memory_mb < 1 or settings.minutes < 0:
        yield "cores and memory_mb must be at least 1, minutes at least 0."
    if settings.reference and not _is_reference(settings.reference):
        yield (
            f"reference is {settings.reference[:4]}, but longitude and latitude in degrees, and a radius above 0 in metres were "
            "expected."
        )


def _is_reference(values: Sequence[float]) -> bool:
    return len(values) == 3 and abs(values[0]) <= 180 and abs(values[1]) <= 90 and values[2] > 0


def _pair_problems(name: str, values: Sequence[int], least: int, most: int) -> Iterator[str]:
    if len(values) != 2 or min(values) < least or max(values) > most:
        yield f"{name} is {list(values)[:4]}, but two whole numbers from {least} to {most} were expected."

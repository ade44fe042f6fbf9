"""A coregistered stack as a whole: what is wrong with it, and how several problems become one error.

Source: docs/method/preparation.md, section 1.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stamps.errors import InputError
from stamps.frontends.headers import plain_number
from stamps.frontends.stack import CoregisteredStack

__all__ = [
    "Problem",
    "check_image_names",
    "check_layout",
    "check_mask",
    "check_path",
    "check_single_master",
    "check_sizes",
    "raise_problems",
    "unnamed_interferogram",
]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a sentence, and the exit status that the original gives for it."""

    text: str
    exit_status: int = 1


def raise_problems(problems: Sequence[Problem], subject: str) -> None:
    """Raise one InputError that lists all problems, with the exit status of the first one that has its own."""
    if not problems:
        return
    if len(problems) == 1:
        text = f"{problems[0].text} Nothing was written."
    else:
        lines = "".join(f"\n  - {problem.text}" for problem in problems)
        text = f"{subject} has {len(problems)} problems; nothing was written:{lines}"
    error = InputError(text)
    error.exit_status = next((problem.exit_status for problem in problems if problem.exit_status != 1), 1)
    raise error


def check_path(path: str) -> None:
    """Raise an InputError if a path cannot stand in a list file, which has one path in UTF-8 per line."""
    if "\n" in path or "\r" in path:
        raise InputError(f"The path {path!r} has a line break, which list files cannot hold: move or link the data.")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = path.encode(errors="surrogateescape").decode(errors="replace")
        raise InputError(f"The path {shown} is not in UTF-8, which list files are: rename or link the data.") from error


def check_mask(path: str, size: tuple[int, int]) -> list[Problem]:
    """Find what is wrong with a mask file.

    Parameters
    ----------
    path : str
    size : (int, int)
        Range samples and azimuth lines of the stack; 0 while unknown.

    Returns
    -------
    list of Problem
    """
    if not os.path.isfile(path):
        return [Problem(f"The mask file {path} does not exist.", 2)]
    return _check_size(path, size, 1, "one byte per pixel") if size[0] else []


def check_layout(
    size: tuple[int, int], counts: Mapping[str, int | str], da_thresh: float | str | None
) -> list[Problem]:
    """Find what is wrong with the arguments of a preparation.

    Parameters
    ----------
    size : (int, int)
        Range samples and azimuth lines; 0 while unknown.
    counts : dict
        ``rg_patches``, ``az_patches``, ``rg_overlap``, ``az_overlap``: whole numbers or their text.
    da_thresh : float, str or None

    Returns
    -------
    list of Problem
    """
    problems = []
    if da_thresh is not None and plain_number(str(da_thresh)) is None:
        problems.append(Problem(f"The threshold da_thresh is '{da_thresh}', but a number was expected."))
    limits = {"rg_patches": (1, size[0]), "az_patches": (1, size[1])}
    for name, value in counts.items():
        lowest, highest = limits.get(name, (0, 0))
        token = str(value)
        if not token.isdecimal() or int(token) < lowest:
            problems.append(Problem(f"{name} is '{value}', but a whole number of at least {lowest} was expected."))
        elif highest and int(token) > highest:
            problems.append(Problem(f"{name} is {value}, but the image has only {highest} pixels in this direction."))
    return problems


def check_image_names(stack: CoregisteredStack) -> list[Problem]:
    """Find SLCs whose names tell no date."""
    return [
        Problem(f"The SLC {name} is not named by its date, yyyymmdd.")
        for name, date in zip(stack.slcs, stack.slc_dates, strict=True)
        if date is None
    ]


def check_single_master(stack: CoregisteredStack) -> list[Problem]:
    """Find what does not fit between the images and the interferograms of a stack with a single master."""
    problems = check_image_names(stack)
    dates = [date for date in stack.slc_dates if date is not None]
    problems += [Problem(f"There are {number} SLCs of {date}: keep one.") for date, number in _repeated(dates)]
    if dates and stack.header is not None and stack.master not in dates:
        problems.append(Problem(f"The master {stack.master} is absent: there is no SLC of this date."))
    slaves: list[str] = []
    others: dict[str, list[str]] = {}
    for name, pair in zip(stack.interferograms, stack.pairs, strict=True):
        if pair is None:
            problems.append(unnamed_interferogram(name))
            continue
        slaves.append(pair[1])
        if pair[0] != stack.master:
            others.setdefault(pair[0], []).append(name)
    problems += [
        Problem(f"There are {number} interferograms of {date}: keep one.") for date, number in _repeated(slaves)
    ]
    problems += _of_other_masters(others, stack.master)
    if dates and stack.interferograms:
        problems += _alone(dates, slaves, {stack.master, *others})
    return problems


def check_sizes(stack: CoregisteredStack) -> list[Problem]:
    """Find rasters that have not the size of the stack."""
    problems = []
    image = (4, "complex int16") if stack.precision == "s" else (8, "complex float32")
    for name in stack.slcs:
        problems += _check_size(name, stack.size, *image)
    for name in stack.interferograms:
        problems += _check_size(name, stack.size, 8, "complex float32")
    for name in [*stack.heights[:1], *stack.longitudes[:1], *stack.latitudes[:1]]:
        problems += _check_size(name, stack.size, 4, "float32")
    return problems


def unnamed_interferogram(name: str) -> Problem:
    """An interferogram whose name tells no dates."""
    return Problem(f"The interferogram {name} is not named yyyymmdd_yyyymmdd.diff by two dates.")


def _repeated(dates: Iterable[str]) -> list[tuple[str, int]]:
    """Dates that stand there more than once, and how often."""
    return [(date, number) for date, number in Counter(dates).items() if number > 1]


def _of_other_masters(others: Mapping[str, list[str]], master: str) -> list[Problem]:
    problems = []
    for other, names in others.items():
        which = f"The interferogram {names[0]} is"
        if len(names) > 1:
            which = f"{len(names)} interferograms ({names[0]} …) are"
        problems.append(Problem(f"{which} of master {other}, but the master is {master}."))
    return problems


def _alone(dates: Iterable[str], slaves: Iterable[str], masters: set[str]) -> list[Problem]:
    """Interferograms without an SLC of their date, and SLCs without an interferogram."""
    missing = sorted(set(slaves) - set(dates))
    problems = [Problem(f"There is an interferogram of {date}, but no SLC of this date.") for date in missing]
    text = "There is an SLC of {}, but no interferogram of this date: export it, or take the SLC away."
    return problems + [Problem(text.format(date)) for date in sorted(set(dates) - set(slaves) - masters)]


def _check_size(name: str, shape: tuple[int, int], item: int, pixel: str) -> list[Problem]:
    expected = shape[0] * shape[1] * item
    try:
        size = os.stat(name).st_size
    except OSError as error:
        return [Problem(f"The raster {name} cannot be read ({error.strerror}).")]
    if size == expected:
        return []
    return [
        Problem(
            f"The raster {name} has {size} bytes, but {shape[0]} samples × {shape[1]} lines × {item} bytes "
            f"({pixel}) = {expected} were expected."
        )
    ]

"""Stacks of GSAR: interferograms whose names hold both dates, each with an XML file beside it.

Of the XML file (``<interferogram>.xml``, else the same stem with ``.xml``) four elements are read, at any depth: their
text, or their attribute ``value``. Upper and lower case do not matter.

=====================================  =========================================================================
``baseline``, ``bperp``                perpendicular baseline of the slave against the master, metres
``track_angle``, ``heading``           degrees clockwise from north
``frequency``, ``radar_frequency``     Hz
``platform``, ``sensor``               name
=====================================  =========================================================================

The original's reader of these files is not part of it.

Source: docs/method/loading.md, section 9.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges
from stamps.frontends.names import MOVED
from stamps.frontends.stack import AcquisitionGeometry, CoregisteredStack, Pair
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.matlab.dates import datenum
from stamps.matlab.literals import number

__all__ = ["InterferogramFacts", "read_facts", "stack_of_interferograms"]

_DATES = re.compile(r"(?<!\d)(\d{8})\D?(\d{8})(?!\d)")
_NUMBERS = {
    "baseline": ("baseline", "bperp"),
    "track angle": ("track_angle", "heading"),
    "frequency": ("frequency", "radar_frequency"),
}
_PLATFORM = ("platform", "sensor")
#: What the table of ranges calls them.
_FIELDS = {"baseline": "baseline", "track angle": "heading", "frequency": "radar_frequency"}


@dataclass(frozen=True)
class InterferogramFacts:
    """What the XML file of an interferogram says: metres, degrees, Hz."""

    baseline: float
    track_angle: float
    frequency: float
    platform: str


def stack_of_interferograms(folder: Path, paths: Sequence[str]) -> CoregisteredStack:
    """The stack that a list of interferograms makes, and the geometry that their XML files tell.

    Parameters
    ----------
    folder : Path
        Where relative paths start.
    paths : sequence of str
        Interferograms whose names, or the folders above them, hold two dates.

    Returns
    -------
    CoregisteredStack
        Interferograms by date of the slave; where ``pairs`` have the master second, phases are to be conjugated.

    Raises
    ------
    InputError
        A name holds no dates, the interferograms have no common image or repeat one, an XML file is missing or damaged.
    """
    pairs = [_pair(path) for path in paths]
    if None in pairs:
        raise InputError(f"The name of {paths[pairs.index(None)]} does not hold two dates yyyymmdd.")
    dated: list[Pair] = [pair for pair in pairs if pair is not None]
    try:
        first, second = datenum(np.array(dated, dtype=np.int64)).T
    except ValueError as error:
        raise InputError(f"The interferograms of pscphase.in are not named by dates: {error}") from error
    if np.all(first == first[0]):
        master, slaves, column = first[0], second, 0
    elif np.all(second == second[0]):
        master, slaves, column = second[0], first, 1
    else:
        raise InputError("The interferograms of pscphase.in have neither their first nor their second image in common.")
    order = np.argsort(slaves, kind="stable").tolist()
    if np.any(np.diff(slaves[order]) == 0) or master in slaves:
        raise InputError("The interferograms of pscphase.in repeat a date: keep one interferogram of every slave.")
    facts = [read_facts(folder / paths[k]) for k in order]
    baselines = tuple(fact.baseline for fact in facts)
    header_ranges.refuse(header_ranges.judge_baselines("the files *.xml of the interferograms", list(baselines)))
    return CoregisteredStack(
        processor="gsar",
        root=str(folder),
        master=dated[0][column],
        small_baselines=False,
        interferograms=tuple(paths[k] for k in order),
        pairs=tuple(dated[k] for k in order),
        geometry=AcquisitionGeometry(
            facts[0].track_angle, SPEED_OF_LIGHT / facts[0].frequency, baselines, facts[0].platform
        ),
    )


def read_facts(interferogram: Path) -> InterferogramFacts:
    """What the XML file of an interferogram says.

    Parameters
    ----------
    interferogram : Path

    Returns
    -------
    InterferogramFacts

    Raises
    ------
    InputError
        The file is missing, no XML, or lacks an element.
    """
    places = (Path(f"{interferogram}.xml"), interferogram.with_suffix(".xml"))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise InputError(f"{places[0]} is missing: it holds the baseline of the interferogram; {MOVED}.")
    texts = _texts(path)
    numbers = {}
    for what, names in _NUMBERS.items():
        text = _text_of(texts, names)
        value = number(text)
        if value is None:
            raise _missing(path, text, what, names)
        numbers[what] = value
    platform = _text_of(texts, _PLATFORM)
    if not platform:
        raise _missing(path, platform, "platform", _PLATFORM)
    header_ranges.require(path, {field: numbers[what] for what, field in _FIELDS.items()})
    return InterferogramFacts(numbers["baseline"], numbers["track angle"], numbers["frequency"], platform)


def _texts(path: Path) -> dict[str, str]:
    """Text, or attribute ``value``, of the first element of each name, in lower case."""
    try:
        elements = list(ElementTree.parse(path).getroot().iter())
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is no XML ({error}): export the interferogram again.") from error
    texts: dict[str, str] = {}
    for element in elements:
        texts.setdefault(element.tag.rsplit("}")[-1].lower(), (element.get("value") or element.text or "").strip())
    return texts


def _text_of(texts: dict[str, str], names: tuple[str, ...]) -> str:
    return next((texts[name] for name in names if texts.get(name)), "")


def _missing(path: Path, text: str, what: str, names: tuple[str, ...]) -> InputError:
    return InputError(f"{path} has '{text}' as {what} (element {' or '.join(names)}): export it again.")


def _pair(path: str) -> Pair | None:
    """Both dates of the name of an interferogram, else of the next folder above that is named so; None without."""
    found = (_DATES.search(part) for part in reversed(Path(path).parts))
    return next(((match[1], match[2]) for match in found if match), None)

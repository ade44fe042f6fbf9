"""The text headers of a SNAP or Gamma export as a whole: the master's, those of the other images, the baselines.

Source: docs/method/preparation.md, section 1; docs/method/loading.md, section 4.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from stamps.errors import InputError
from stamps.frontends.header_ranges import SAME_FREQUENCY, judge, judge_baselines, judge_dates
from stamps.frontends.headers import header_numbers, plain_number, read_header
from stamps.frontends.names import baseline_file, image_date
from stamps.frontends.stack import CoregisteredStack

__all__ = ["check_headers"]

#: Fields of the master that later steps use.
_USED = (
    "heading", "radar_frequency", "prf", "range_pixel_spacing", "near_range_slc", "center_range_slc",
    "sar_to_earth_center", "earth_radius_below_sensor",
)  # fmt: skip
#: Fields that nothing depends on, but that tell a damaged header.
_UNUSED = ("azimuth_pixel_spacing", "incidence_angle", "start_time", "center_time")
#: Field -> largest relative difference from the master's, and what a larger one means.
_AGREEMENT = {
    "radar_frequency": (SAME_FREQUENCY, "another sensor or band"),
    "range_pixel_spacing": (0.01, "an image that is not resampled to the master"),
    "azimuth_pixel_spacing": (0.01, "an image that is not resampled to the master"),
}
_LARGEST_TURN = 5  # degrees between headings of one track
_OTHER_BAND = 0.1  # relative difference of frequencies between which no interferogram can be formed


def check_headers(export: CoregisteredStack) -> tuple[list[str], list[str]]:
    """Find what is impossible, and what is strange, in all text headers of an export.

    Parameters
    ----------
    export : CoregisteredStack
        Files that are missing and fields that are absent or no numbers are others' business.

    Returns
    -------
    problems, warnings : list of str
        Sentences: nothing useful can come out; the work can go on.
    """
    parts = [judge_dates(export.dates), _check_baseline_files(export)]
    if export.header is not None and os.path.isfile(export.header):
        master = _check_master(export.header)
        parts += [(master, []), _compare_headers(export.header, export.slcs) if not master else ([], [])]
    return [s for problems, _ in parts for s in problems], [s for _, warnings in parts for s in warnings]


def _check_master(path: str) -> list[str]:
    text = read_header(path)
    return [*judge(path, _values(text, _USED)), *_repeated(path, text)]


def _check_baseline_files(export: CoregisteredStack) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    across = []
    for name, pair in zip(export.interferograms, export.pairs, strict=True):
        path = baseline_file(name)
        values = _baseline(path)
        if values is None:
            continue
        problems += judge(
            path,
            {"baseline": max(values[0][1:], key=abs), "baseline_rate": max(values[1], key=abs)},
            {"baseline": "initial_baseline(TCN)", "baseline_rate": "initial_baseline_rate"},
        )
        if pair is not None and pair[0] != pair[1]:
            across.append(values[0][1:] + values[1][1:])
            if not any(across[-1]):
                warnings.append(
                    f"The baseline file {path} holds zeros: check the orbits and export the interferogram again."
                )
    whole = [] if problems else judge_baselines("the files *.base", across)
    return problems + whole, [] if whole else warnings


def _compare_headers(master_path: str, slcs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Compare the headers of all images with the master's; those with the same trouble are named together."""
    found: dict[bool, dict[str, list[str]]] = {
        True: defaultdict(list),
        False: defaultdict(list),
    }  # fatal -> trouble -> headers
    master = _ImageHeader(master_path)
    for path in sorted({*(f"{name}.par" for name in slcs), master_path}):
        if os.path.isfile(path):
            for fatal, trouble in _troubles(_ImageHeader(path), master, is_master=path == master_path):
                found[fatal][trouble].append(path)
    problems, warnings = (
        [_sentence(trouble, paths) for trouble, paths in found[fatal].items()] for fatal in (True, False)
    )
    return problems, warnings


class _ImageHeader:
    """Values of an image's header."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.text = read_header(path)
        self.numbers = _values(self.text, (*_USED, *_UNUSED))
        self.size = tuple(_values(self.text, ("range_samples", "azimuth_lines")).values())

    @property
    def date(self) -> str | None:
        """Date that the field ``date`` holds, yyyymmdd, or None."""
        words = next((row.split()[1:4] for row in self.text.splitlines() if row.startswith("date:")), [])
        numbers = [number for number in map(plain_number, words) if number is not None]
        return "{:04.0f}{:02.0f}{:02.0f}".format(*numbers) if len(numbers) == 3 else None


def _troubles(header: _ImageHeader, master: _ImageHeader, is_master: bool) -> Iterator[tuple[bool, str]]:
    """What is strange about a header: pairs of whether nothing useful can come out, and the words."""
    if not header.text.strip():
        yield is_master, "is empty: export the image again"
        return
    names = _UNUSED if is_master else (*_USED, *_UNUSED)
    for sentence in judge("", {name: header.numbers[name] for name in names if name in header.numbers}):
        yield False, sentence.removeprefix("The header  ").rstrip(".")
    if header.date is not None and header.date != image_date(header.path):
        yield False, f"says that the image is of {header.date}, not of the date in its name: check which image it is"
    if not is_master:
        yield from _disagreements(header, master)


def _disagreements(header: _ImageHeader, master: _ImageHeader) -> Iterator[tuple[bool, str]]:
    if header.size != master.size and len(header.size) == len(master.size) == 2:
        sizes = "{:.0f} samples × {:.0f} lines, but the master's has {:.0f} × {:.0f}".format(*header.size, *master.size)
        same_bytes = np.prod(header.size) == np.prod(master.size)
        yield bool(same_bytes), f"has {sizes}: export the image again, coregistered to the master"
    for name, (limit, meaning) in _AGREEMENT.items():
        own, other = header.numbers.get(name), master.numbers.get(name)
        if own and other and abs(own / other - 1) > limit:
            fatal = name == "radar_frequency" and abs(own / other - 1) > _OTHER_BAND
            yield (
                fatal,
                f"has {own:.10g} in field '{name}', but the master's has {other:.10g}: {meaning}; export it again",
            )
    own, other = header.numbers.get("heading"), master.numbers.get("heading")
    if own is not None and other is not None and abs((own - other + 180) % 360 - 180) > _LARGEST_TURN:
        yield False, f"has the heading {own:g}, but the master's has {other:g}: another track; export it again"


def _sentence(trouble: str, paths: Sequence[str]) -> str:
    others = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
    return f"The header {paths[0]}{others} {trouble}."


def _values(text: str, names: tuple[str, ...]) -> dict[str, float]:
    """Numbers of the fields that are there and hold one."""
    found = {}
    for name in names:
        try:
            found[name] = header_numbers("", name, text=text)[0]
        except InputError:
            continue
    return found


def _repeated(path: str, text: str) -> list[str]:
    """Fields that stand twice with different values: which one counts is a guess."""
    words = text.split()
    sentences = []
    for name in (*_USED, "range_samples", "azimuth_lines"):
        values = {words[k + 1] for k, word in enumerate(words[:-1]) if word == f"{name}:"}
        if len(values) > 1:
            listed = " and ".join(sorted(values))
            sentences.append(f"The header {path} has the field '{name}' more than once, {listed}: keep one.")
    return sentences


def _baseline(path: str) -> list[list[float]] | None:
    """Baseline and its rate, three numbers each, or None."""
    try:
        text = read_header(path)
        return [header_numbers(path, name, 3, text) for name in ("initial_baseline(TCN):", "initial_baseline_rate:")]
    except InputError:
        return None

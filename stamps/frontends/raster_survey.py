"""What is strange about the rasters of a stack: looked at before the work starts and while the rasters are read anyway.

Some lines of every raster are read first (:meth:`RasterSurvey.examine`), so that a stack of which nothing useful can come is
refused at once. What only a full pass shows - single samples that are no number, amplitudes of another calibration - is added
by the calibration and by the sampling of the candidates. All is kept as findings (:mod:`stamps.workspace.findings`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.raster_names import ImageNumbers, is_named, joined, short_names
from stamps.frontends.raster_statistics import statistics_of
from stamps.frontends.raster_verdicts import FATAL, LOST, Wording, faults_of, find_equal
from stamps.frontends.rasters import BLOCK_PIXELS, count_lines, map_raster, read_rows, sample_lines
from stamps.frontends.threads import in_order
from stamps.workspace import findings
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath
    from stamps.frontends.candidates import Calibration
    from stamps.frontends.raster_statistics import Statistics
    from stamps.frontends.raster_verdicts import Fault
    from stamps.frontends.stack import CoregisteredStack
    from stamps.workspace import Workspace


__all__ = ["SOURCE", "RasterSurvey", "interferogram_sentences"]

#: Under this name the findings of a preparation are kept.
SOURCE = "rasters"

_LINES = 64
_APART = 1000.0  # times that a mean amplitude may differ from the usual one: no calibration of one sensor does
_DOMINANT = 0.1  # share of one sample in the sum of all amplitudes, where there are
_MANY = 1000  # samples
_TOLD_ALONE = 3  # rasters with the same fault that get a sentence each
_REPAIR = "export it again, or take it out of the stack with {}, and prepare again"


@dataclass
class RasterSurvey:
    """Sentences about the rasters of a stack that is being prepared.

    Attributes
    ----------
    sentences : list of str
        Whole sentences, in the order in which they were found.
    order : {'<', '>'} or None
        Byte order of the interferograms; None before :meth:`examine`.
    """

    sentences: list[str] = field(default_factory=list)
    order: str | None = None
    _numbers: ImageNumbers = field(default_factory=ImageNumbers.none)
    _masked: bool = False  # whether the stack itself says where its images hold nothing

    def examine(self, stack: CoregisteredStack, stage: StrPath | None = None) -> None:
        """Look at some lines of every SLC and interferogram, and say at once what is strange.

        Parameters
        ----------
        stack : CoregisteredStack
        stage : path-like, optional
            Scratch folder of the preparation, which the user does not know.

        Raises
        ------
        InputError
            An SLC or an interferogram is empty or no image, so that no pixel could be kept.
        """
        self.order = ">" if stack.big_endian else "<"
        self._masked = stack.mask is not None
        self._numbers = ImageNumbers.of(stack.interferograms, stack.slcs, stack.small_baselines)
        lines = np.unique(np.linspace(0, stack.length - 1, _LINES).astype(np.int64))
        images = list(dict.fromkeys(stack.slcs))
        kinds = (
            (images, stack.slc_type),
            (list(stack.interferograms), stack.real_type),
        )
        found = []
        unused = _outside(stack, lines)
        for names, dtype in kinds:
            look = partial(_figures, dtype=dtype, width=stack.width, lines=lines, unused=unused)
            figures = list(in_order(look, names))
            found.append((names, figures, faults_of(figures, names is not images, lines)))
        self._judge_images(*found[0], kinds[0][1], stack.width)
        self._judge_interferograms(*found[1], kinds[1][1], stack.width)
        if kinds[0][1] == kinds[1][1]:
            self._compare_kinds(found, kinds[0][1], stack.width)
        for sentence in self.sentences:
            print("Warning: " + sentence.replace(f"{stage}{os.sep}", ""), flush=True)

    def note_images(self, calibrations: Mapping[str, Calibration]) -> None:
        """Add what the calibration of the SLCs has found.

        Parameters
        ----------
        calibrations : dict
            SLC to its :class:`stamps.frontends.candidates.Calibration`.
        """
        bad = {
            name: (found.unusable, found.first_unusable)
            for name, found in calibrations.items()
            if found.first_unusable is not None and found.count and not self._masked
        }
        what = "without a usable number (NaN, infinite or beyond 1e19)"
        advice = "no candidate is taken there; if this is not the border, export it again"
        texts = [
            f"has {unusable} sample{'s' if unusable > 1 else ''} {what}, the first in line {line + 1}, sample "
            f"{sample + 1}: {advice}"
            for unusable, (line, sample) in bad.values()
        ]
        self._add(*_told("SLC", list(bad), texts, f"has samples {what}: {advice}"))
        for name, found in calibrations.items():
            if found.count > _MANY and found.largest > _DOMINANT * found.constant * found.count:
                self._add(
                    f"The SLC {name} has one amplitude of {found.largest:.3g}, which is a large part of the sum of all "
                    f"{found.count}: its mean amplitude, {found.constant:.3g}, means nothing; export the image again."
                )

    def note_constants(self, names: Sequence[str], constants: NDArray[np.float32]) -> None:
        """Add what the mean amplitudes of the SLCs tell.

        Parameters
        ----------
        names : list of str
        constants : (n,) float array
            0 for an SLC without a usable amplitude.

        Raises
        ------
        InputError
            There is such an SLC.
        """
        dark = list(dict.fromkeys(name for name, constant in zip(names, constants, strict=True) if not constant > 0))
        if dark:
            raise InputError(
                f"The SLC {joined(dark)} has no amplitude above 0.001, so that no pixel can be a candidate: export it "
                "again with the calibration of the others, or take it out of the stack, and prepare again."
            )
        usual = float(np.median(constants)) if len(constants) else 1.0
        for name, constant in dict(zip(names, constants, strict=True)).items():
            if not usual / _APART < constant < usual * _APART and not is_named(name, self.sentences):
                self._add(
                    f"The SLC {name} has a mean amplitude of {constant:.3g}, but {usual:.3g} is usual in the stack: it is "
                    "calibrated in another way or damaged; export it again."
                )

    def note_candidates(self, not_finite: Mapping[str, int], n_candidates: int) -> None:
        """Add what is strange about the interferograms at the candidates.

        Parameters
        ----------
        not_finite : dict
            Interferogram to the number of candidates where it is infinite or no number.
        n_candidates : int

        Raises
        ------
        InputError
            No pixel is a candidate, and something is wrong with the rasters.
        """
        if n_candidates == 0 and self.sentences:
            raise InputError(f"No pixel is a candidate. {' '.join(self.sentences)}")
        bad = {name: count for name, count in not_finite.items() if count and not is_named(name, self.sentences)}
        advice = "candidates, which step 1 leaves out: export it again if there should be more"
        texts = [f"is NaN or infinite at {count} of {n_candidates} {advice}" for count in bad.values()]
        self._add(*_told("interferogram", list(bad), texts, f"is NaN or infinite at some {advice}"))

    def record(self, ws: Workspace, routine: str, moved: StrPath | None = None) -> None:
        """Keep the sentences as findings of a project and say them.

        Parameters
        ----------
        ws : Workspace
        routine : str
            Who speaks.
        moved : path-like, optional
            Folder whose rasters are in ``ws`` now.
        """
        if moved is not None:
            self.sentences = [text.replace(f"{moved}{os.sep}", f"{ws.path}{os.sep}") for text in self.sentences]
        findings.record(ws, SOURCE, self.sentences, Log(ws, routine))

    def _add(self, *sentences: str) -> None:
        self.sentences += [sentence for sentence in sentences if sentence not in self.sentences]

    def _judge_images(
        self,
        names: Sequence[str],
        figures: Sequence[Statistics],
        faults: Sequence[Fault | None],
        dtype: DTypeLike,
        width: int,
    ) -> None:
        wording = Wording()
        for wanted in (*FATAL, "swapped", "type"):
            bad = [
                name for name, fault in zip(names, faults, strict=True) if fault is not None and fault.name == wanted
            ]
            bad = [name for name in bad if wanted not in FATAL or not _has_signal(name, dtype, width)]
            if bad:
                fault = next(fault for fault in faults if fault is not None and fault.name == wanted)
                raise InputError(
                    f"The SLC {joined(bad)} {wording.text(fault)}, so that no pixel can be a candidate: "
                    f"{_REPAIR.format('its interferograms')}."
                )
        for same in _by_name(faults).values():
            texts = [f"{wording.text(fault)}: {_REPAIR.format('its interferograms')}" for _, fault in same]
            self._add(*_told("SLC", [names[k] for k, _ in same], texts, texts[0]))
        for one, other in self._equal(names, figures, faults, dtype, width):
            if self._numbers.date_of(one) != self._numbers.date_of(other):
                self._add(
                    f"The SLCs {one} and {other} of different dates are the same image: export the wrong one again"
                    f"{self._numbers.leave_out_either(one, other)}."
                )

    def _judge_interferograms(
        self,
        names: Sequence[str],
        figures: Sequence[Statistics],
        faults: Sequence[Fault | None],
        dtype: DTypeLike,
        width: int,
    ) -> None:
        numbers = self._numbers
        real = [k for k, name in enumerate(names) if not numbers.of_master_alone(name)]
        names, figures, faults = [names[k] for k in real], [figures[k] for k in real], [faults[k] for k in real]
        bad = [
            (name, fault)
            for name, fault in zip(names, faults, strict=True)
            if fault is not None and fault.name in FATAL and not _has_signal(name, dtype, width)
        ]
        if bad:
            raise InputError(
                f"The interferogram {joined([name for name, _ in bad])} {Wording().text(bad[0][1])}, so that no pixel could "
                f"be kept: {_REPAIR.format('its SLC')}."
            )
        useless = [fault for fault in faults if fault is not None and fault.name not in LOST]
        if useless and len(useless) == len(names):
            raise InputError(
                f"No interferogram has a phase to work with: {joined(names)} {Wording().text(useless[0])}; "
                "export the stack again."
            )
        for sentence in interferogram_sentences(names, faults, [numbers.number_of(name) for name in names], Wording()):
            self._add(sentence)
        for one, other in self._equal(names, figures, faults, dtype, width):
            self._add(
                f"The interferograms {one} and {other} are the same, or the same with the sign of the phase changed: export "
                f"the wrong one again{numbers.leave_out_either(one, other)}."
            )

    def _compare_kinds(
        self, found: Sequence[tuple[list[str], list[Statistics], list[Fault | None]]], dtype: DTypeLike, width: int
    ) -> None:
        """Interferograms that are copies of an SLC."""
        (images, of_images, image_faults), (names, figures, faults) = found
        both, faults = [*images, *names], [*image_faults, *faults]
        for one, other in self._equal(both, [*of_images, *figures], faults, dtype, width):
            if one in images and other in names and not self._numbers.of_master_alone(other):
                number = self._numbers.number_of(other)
                self._add(
                    f"The interferogram {other} is the same as the SLC {one}: export it again"
                    f"{'' if number is None else ', or leave it out: ' + findings.leave_out([number])}."
                )

    @staticmethod
    def _equal(
        names: Sequence[str],
        figures: Sequence[Statistics],
        faults: Sequence[Fault | None],
        dtype: DTypeLike,
        width: int,
    ) -> Iterator[tuple[str, str]]:
        for one, other in find_equal(figures, faults):
            if _are_equal(names[one], names[other], dtype, width):
                yield names[one], names[other]


def _outside(stack: CoregisteredStack, lines: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Pixels of some lines that the stack itself leaves out: they tell nothing of its rasters; None where it has no mask."""
    return None if stack.mask is None else map_raster(stack.mask, np.uint8, stack.width)[lines] != 0


def _figures(
    name: str, dtype: DTypeLike, width: int, lines: NDArray[np.int64], unused: NDArray[np.bool_] | None
) -> Statistics:
    parts = sample_lines(name, dtype, width, lines)
    if unused is not None:
        parts[unused] = 0
    return statistics_of(parts)


def interferogram_sentences(
    names: Sequence[str], faults: Sequence[Fault | None], numbers: Sequence[int | None], wording: Wording
) -> list[str]:
    """Sentences about interferograms, with the numbers to leave out.

    Parameters
    ----------
    names : list of str
        Paths.
    faults : list of Fault or None
    numbers : list of int or None
        What ``drop_ifg_index`` calls them.
    wording : Wording

    Returns
    -------
    list of str
        A sentence for each, or one for all of the same kind if they are many.
    """
    droppable = [
        number
        for fault, number in zip(faults, numbers, strict=True)
        if fault is not None and fault.name not in LOST and number is not None
    ]
    sentences = []
    for name, same in _by_name(faults).items():
        if name in LOST:
            advice = f"pixels are lost there; {_REPAIR.format('its SLC')}"
        else:
            advice = "export it again" + (f", or leave it out: {findings.leave_out(droppable)}" if droppable else "")
        texts = [f"{wording.text(fault)}: {advice}" for _, fault in same]
        sentences += _told("interferogram", [names[k] for k, _ in same], texts, texts[0])
    return sentences


def _by_name(faults: Sequence[Fault | None]) -> dict[str, list[tuple[int, Fault]]]:
    """Positions of the rasters with each fault, and the fault of each."""
    found: dict[str, list[tuple[int, Fault]]] = {}
    for k, fault in enumerate(faults):
        if fault is not None:
            found.setdefault(fault.name, []).append((k, fault))
    return found


def _told(what: str, names: Sequence[str], texts: Sequence[str], common: str) -> list[str]:
    """A sentence for each raster, or, where they are many, one that says what they have in common."""
    if len(names) > _TOLD_ALONE:
        return [f"Each of {len(names)} {what}s ({short_names(names)}) {common}."]
    return [f"The {what} {name} {text}." for name, text in zip(names, texts, strict=True)]


# ---------------------------------------------------------------------- whole rasters, where a sample makes suspicious


def _blocks(path: str, dtype: DTypeLike, width: int) -> Iterator[NDArray[Any]]:
    n_lines = count_lines(path, dtype, width, 2)
    step = max(1, BLOCK_PIXELS // width)
    for first in range(0, n_lines, step):
        yield read_rows(path, dtype, width, slice(first, min(first + step, n_lines)), 2)


def _has_signal(path: str, dtype: DTypeLike, width: int) -> bool:
    """Whether any sample is a number and not 0."""
    return any(
        bool((np.isfinite(block).all(axis=2) & (block != 0).any(axis=2)).any()) for block in _blocks(path, dtype, width)
    )


def _are_equal(one: str, other: str, dtype: DTypeLike, width: int) -> bool:
    """Whether two rasters are equal or complex conjugates."""
    equal = conjugate = True
    for a, b in zip(_blocks(one, dtype, width), _blocks(other, dtype, width), strict=True):
        same = np.array_equal(a[..., 0], b[..., 0], equal_nan=True)
        equal &= same and np.array_equal(a[..., 1], b[..., 1], equal_nan=True)
        conjugate &= same and np.array_equal(a[..., 1], -b[..., 1], equal_nan=True)
        if not (equal or conjugate):
            return False
    return True

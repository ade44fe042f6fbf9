"""The folder ``LINK`` of a project: what phase linking leaves, and reading it.

Rasters have no header and the size of the full image, line by line, little-endian; beside each stands an ENVI header
(``.hdr``). ``link.json`` says what they were made from, with which options, and which blocks are finished.

Source: docs/method/linking.md, section 7.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.workspace.markup import pairs
from stamps.workspace.plain_files import read_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = [
    "FOLDER",
    "FORMAT",
    "IMAGE_TYPE",
    "N_BINS",
    "RASTERS",
    "RECORD",
    "LinkFolder",
    "input_state",
    "read_record",
    "write_record",
]

#: Name of the folder in the project directory.
FOLDER = "LINK"
#: Number of the form of ``link.json``.
FORMAT = 1
RECORD = "link.json"
#: Of the histogram of temporal coherences from 0 to 1.
N_BINS = 20
#: Raster of quality -> type of a pixel.
RASTERS: dict[str, np.dtype[Any]] = {
    "tcoh.flt": np.dtype("<f4"),
    "tcoh_avg.flt": np.dtype("<f4"),
    "sigma.flt": np.dtype("<f4"),
    "closure.flt": np.dtype("<f4"),
    "shp.u16": np.dtype("<u2"),
    "estimator.u8": np.dtype("u1"),
}
IMAGE_TYPE = np.dtype("<c8")
_FIELDS: dict[str, type] = {
    "block_pixels": int, "complete": bool, "dates": list, "inputs": dict, "kept": int, "length": int, "log": list, "master": str,
    "options": dict, "passes": dict, "prepared": bool, "settings": dict, "version": str, "width": int,
}  # fmt: skip
_SETTINGS = {"dates", "length", "master", "options", "subset", "width"}
_ROUNDING = 1e-5  # of a temporal coherence of 1
_COUNTS = {"fell_back", "fewer_than_images", "linked", "mean_n_shp", "pixels", "tcoh_histogram", "valid"}


@dataclass(frozen=True)
class LinkFolder:
    """A folder ``LINK`` that is finished.

    Attributes
    ----------
    path : Path
    record : dict
        What ``link.json`` holds.
    """

    path: Path
    record: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, project: StrPath) -> LinkFolder:
        """The folder of a project.

        Parameters
        ----------
        project : path-like
            The project directory.

        Raises
        ------
        InputError
            There is none, or it is not finished.
        WorkspaceError
            ``link.json`` is damaged.
        """
        path = Path(project) / FOLDER
        record = read_record(path)
        if record is None:
            raise InputError(f"{path} holds no linked phases ({RECORD} is missing): run mt_link first.")
        if not record.get("complete"):
            raise InputError(f"{path} is not finished: run mt_link again, it goes on where it was stopped.")
        return cls(path, record)

    def _repr_html_(self) -> str:
        rows = [
            ("raster", f"{self.width} samples x {self.length} lines"),
            ("images", f"{len(self.dates)}, {self.dates[0]} to {self.dates[-1]}, master {self.master}"),
            *((name, str(value)) for name, value in self.options.items()),
        ]
        return pairs(rows, f"linked phases: {self.path}")

    @property
    def width(self) -> int:
        """Samples of a line."""
        return int(self.record["width"])

    @property
    def length(self) -> int:
        """Lines."""
        return int(self.record["length"])

    @property
    def dates(self) -> list[str]:
        """Dates of all images, yyyymmdd, ascending."""
        return list(self.record["dates"])

    @property
    def master(self) -> str:
        """Date of the image that all linked phases refer to."""
        return str(self.record["master"])

    @property
    def options(self) -> dict[str, Any]:
        """Name of each option -> its value."""
        return dict(self.record["options"])

    @property
    def pair_coherence(self) -> list[dict[str, Any]] | None:
        """Median coherence matrices, one for each class of temporal coherence; None where they were not asked for.

        Each has ``tcoh`` (lower and upper limit), ``pixels`` and ``median`` (n × n, in the order of the dates).
        """
        return self.record.get("pair_coherence")

    def image(self, date: str | int) -> NDArray[np.complex64]:
        """Linked image of a date, (length, width) complex64, read-only: phase relative to the master, radians.

        Master × conj(slave) has the modulus of a multilooked interferogram and the phase −angle(image).
        """
        return self._map(f"{date}.lslc", IMAGE_TYPE)

    def images(self) -> dict[str, NDArray[np.complex64]]:
        """Date -> linked image."""
        return {date: self.image(date) for date in self.dates}

    @property
    def temporal_coherence(self) -> NDArray[np.float32]:
        """How well the linked phases fit all pairs, 0 to 1, (length, width)."""
        return self._map("tcoh.flt")

    @property
    def sigma(self) -> NDArray[np.float32]:
        """Cramér–Rao bound of the phases, root mean square over the slaves, radians; 0 or inf where there is none."""
        return self._map("sigma.flt")

    @property
    def n_shp(self) -> NDArray[np.uint16]:
        """Number of alike pixels, the pixel itself included; 0 for invalid pixels."""
        return self._map("shp.u16")

    @property
    def estimator(self) -> NDArray[np.uint8]:
        """0 none, 1 as asked, 2 fell back to EVD."""
        return self._map("estimator.u8")

    def raster(self, name: str) -> NDArray[Any]:
        """A raster of ``RASTERS``, (length, width), read-only."""
        return self._map(name)

    def has(self, name: str) -> bool:
        """Whether there is a raster of this name."""
        return (self.path / name).is_file()

    def changed_inputs(self, interferograms: Sequence[str] | None = None) -> list[str]:
        """Rasters that are not those that the phases were made from.

        Parameters
        ----------
        interferograms : list of str, optional
            Paths that ``pscphase.in`` names now.

        Returns
        -------
        list of str
            Paths: changed since, missing, or other ones than then.
        """
        stored = self.record["inputs"]
        changed = [path for path, state in stored["rasters"].items() if input_state(path) != state]
        if interferograms is not None:
            now, then = {os.path.abspath(path) for path in interferograms}, set(stored["interferograms"])
            changed += sorted(now ^ then)
        return list(dict.fromkeys(changed))

    def check_quality(self, lines: slice) -> None:
        """Check the numbers about the pixels of some lines.

        Raises
        ------
        WorkspaceError
            A temporal coherence is not between 0 and 1, or a bound of the phase noise is no number from 0 on.
        """
        tcoh, sigma = self.temporal_coherence[lines], self.sigma[lines]
        for name, fits in (("tcoh.flt", (tcoh >= 0) & (tcoh <= 1 + _ROUNDING)), ("sigma.flt", sigma >= 0)):
            if not fits.all():
                line, sample = np.argwhere(~fits)[0] + [lines.start, 0]
                value = self.raster(name)[line, sample]
                raise WorkspaceError(
                    f"{self.path / name} is damaged: it holds {value:g} in line {line}, sample {sample}; run mt_link --overwrite."
                )

    def linked_values(
        self, date: str | int, line: NDArray[np.int64], sample: NDArray[np.int64]
    ) -> NDArray[np.complex64]:
        """Values of a linked image at pixels that were linked, (n,).

        Raises
        ------
        WorkspaceError
            One of them has no phase.
        """
        values = np.asarray(self.image(date)[line, sample])
        with np.errstate(over="ignore", invalid="ignore"):
            modulus = np.abs(values)
        wrong = np.flatnonzero(~((modulus > 0) & np.isfinite(modulus)))
        if wrong.size:
            raise WorkspaceError(
                f"{self.path / f'{date}.lslc'} is damaged: it has no phase in line {line[wrong[0]]}, sample "
                f"{sample[wrong[0]]}, which was linked; run mt_link --overwrite."
            )
        return values

    def _map(self, name: str, dtype: np.dtype[Any] | None = None) -> NDArray[Any]:
        path = self.path / name
        dtype = RASTERS[name] if dtype is None else dtype
        expected = self.width * self.length * dtype.itemsize
        try:
            size = path.stat().st_size
            if size != expected:
                raise WorkspaceError(f"{path} has {size} bytes, but {expected} were expected: run mt_link --overwrite.")
            return np.memmap(path, dtype, "r", shape=(self.length, self.width))
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be read ({error.strerror}): run mt_link --overwrite.") from error


def read_record(folder: StrPath) -> dict[str, Any] | None:
    """What ``link.json`` of a folder holds; None where there is none.

    Raises
    ------
    WorkspaceError
        It is no JSON of this form.
    """
    path = Path(folder) / RECORD
    try:
        record = read_json(path, 2**28)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} is damaged ({error}): run mt_link --overwrite.") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT or not _is_sound(record):
        raise WorkspaceError(f"{path} has another form than this version writes: run mt_link --overwrite.")
    return record


def _is_sound(record: dict[str, Any]) -> bool:
    """Whether a record has all that is asked of it; a project may come from somebody else."""
    if not all(isinstance(record.get(name), kind) for name, kind in _FIELDS.items()):
        return False
    settings, inputs, passes = record["settings"], record["inputs"], record["passes"]
    blocks = [done.get("blocks") if isinstance(done, dict) else None for done in passes.values()]
    return (
        settings.keys() >= _SETTINGS
        and isinstance(settings["options"], dict)
        and isinstance(inputs.get("rasters"), dict)
        and isinstance(inputs.get("interferograms"), list)
        and all(isinstance(path, str) for path in inputs["interferograms"])
        and all(isinstance(date, str) and date.isdecimal() for date in [*record["dates"], record["master"]])
        and all(isinstance(number, int) and number >= 0 for number in blocks)
        and min(record["block_pixels"], record["width"], record["length"], record["kept"] + 1) > 0
        and (not record["complete"] or _are_counts(record.get("counts")))
    )


def _are_counts(counts: Any) -> bool:
    """Whether numbers of pixels are such."""
    if not isinstance(counts, dict) or not counts.keys() >= _COUNTS:
        return False
    histogram = counts["tcoh_histogram"]
    numbers = [counts[name] for name in _COUNTS - {"tcoh_histogram"}]
    return (
        isinstance(histogram, list)
        and len(histogram) == N_BINS
        and all(isinstance(number, int | float) and 0 <= number < 2**63 for number in [*numbers, *histogram])
    )


def write_record(folder: StrPath, record: Mapping[str, Any]) -> None:
    """Replace ``link.json``: after a kill at any time the old or the new one is there, whole."""
    path = Path(folder) / RECORD
    beside = path.with_name(f".{RECORD}.new")
    beside.unlink(missing_ok=True)
    with open(beside, "x", encoding="utf-8") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def input_state(path: StrPath) -> list[int] | None:
    """Size in bytes and time of change in nanoseconds of a raster; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]

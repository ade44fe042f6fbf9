"""Stacks of ISCE2's topsStack: from the tree to plain rasters, to a coregistered stack, and on to a project.

The SLCs are flattened as the stack made them; what is written is told in :mod:`stamps.frontends.flattened_stack`.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stamps.frontends import header_ranges
from stamps.frontends.checks import Problem, check_layout, check_mask, check_path, raise_problems
from stamps.frontends.flattened_stack import LineReader, blocks_of, coregistered_stack, write_raster
from stamps.frontends.project import PreparationSettings, Remarks, prepare
from stamps.frontends.rasters import map_raster
from stamps.frontends.topsstack import TopsStackTree, heading_of, open_raster, read_lines
from stamps.workspace import Workspace

__all__ = ["TopsStackImages", "prepare_topsstack"]

#: Raster that is written -> the raster of the tree that it comes from.
_SOURCES = {"lat": "lat", "lon": "lon", "dem": "hgt", "inc_angle": "los"}


def prepare_topsstack(ws: Workspace, tree: TopsStackTree, settings: PreparationSettings) -> None:
    """Prepare a project from a tree.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    tree : TopsStackTree
    settings : PreparationSettings

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    size = tree.width, tree.length
    problems = check_layout(size, settings.counts, settings.threshold)
    problems += [] if settings.mask is None else check_mask(settings.mask, size)
    for path in (tree.root, ws.path):
        check_path(str(path))
    impossible, strange = header_ranges.judge_dates(f"{date:08d}" for date in tree.slcs)
    problems += [Problem(text) for text in impossible]
    raise_problems(problems, f"The stack {tree.root}")
    remarks = Remarks(strange)
    prepare(
        ws, "MT_PREP_ISCE", lambda stage: coregistered_stack(stage, TopsStackImages(tree), remarks), settings, remarks
    )


@dataclass(frozen=True)
class TopsStackImages:
    """The images of a tree as a :class:`stamps.frontends.flattened_stack.FlattenedStack`.

    SLCs are used where they are if they are plain files of little-endian complex float32, else copied to ``SLC/``. Baselines
    keep the sign that the tree gives them.
    """

    tree: TopsStackTree

    @property
    def root(self) -> Path:
        """The directory that holds ``merged``."""
        return self.tree.root

    @property
    def master(self) -> int:
        """yyyymmdd."""
        return self.tree.master

    @property
    def dates(self) -> list[int]:
        """All other images that are used, ascending."""
        return self.tree.dates

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Small baselines; empty for a single master."""
        return self.tree.pairs

    @property
    def interferograms(self) -> list[tuple[int, int]]:
        """Pairs of dates of the interferograms."""
        return self.tree.interferograms

    @property
    def width(self) -> int:
        """Samples of a line."""
        return self.tree.width

    @property
    def length(self) -> int:
        """Lines."""
        return self.tree.length

    def slc_file(self, stage: Workspace, date: int) -> str:
        """Path of an SLC as a plain file of little-endian complex float32, copied if the stack has another form."""
        source = self.tree.slcs[date]
        with open_raster(source) as dataset:
            if source.suffix != ".vrt" and self._is_plain(source, dataset):
                return str(source)
            blocks = (read_lines(dataset, lines) for lines in blocks_of(self))
            return write_raster(stage, f"SLC/{date}.slc", blocks, (self.width, self.length), np.complex64)

    @contextmanager
    def open_slc(self, stage: Workspace, date: int) -> Iterator[LineReader]:
        """Reader of an SLC of the tree."""
        with open_raster(self.tree.slcs[date]) as dataset:
            yield lambda lines: read_lines(dataset, lines)

    @contextmanager
    def open_layer(self, name: str) -> Iterator[LineReader]:
        """Reader of a layer of the geometry."""
        with open_raster(self.tree.geometry[_SOURCES[name]]) as dataset:
            yield lambda lines: read_lines(dataset, lines)

    def layer_source(self, name: str) -> str:
        """The raster of the tree."""
        return str(self.tree.geometry[_SOURCES[name]])

    def acquisition(self) -> tuple[float, float]:
        """Heading in degrees and wavelength in metres."""
        with open_raster(self.tree.geometry["los"]) as dataset:
            heading = heading_of(read_lines(dataset, self._middle, band=2))
        wavelength = self.tree.wavelength
        header_ranges.require(self.root / "reference", {"wavelength": wavelength}, {"wavelength": "radarwavelength"})
        return heading, wavelength

    def baselines(self, date: int) -> NDArray[np.float32]:
        """Perpendicular baselines against the master; it or the image may be the reference of the stack."""
        return _difference(self._baseline(date), self._baseline(self.master))

    def mean_baseline(self, date: int, grid: NDArray[np.float32]) -> float:
        """Mean over the raster of the tree."""
        return float(np.mean(grid, dtype=np.float64))

    def baseline_source(self, date: int) -> str:
        """The raster of the tree; for the master the folder of all."""
        return str(
            self.root / "merged" / "baselines" if date == self.master else self.tree.baselines.get(date, self.root)
        )

    def mask_file(self, stage: Workspace) -> str | None:
        """A tree has no mask."""
        return None

    @property
    def _middle(self) -> slice:
        """The middle line."""
        return slice(self.length // 2, self.length // 2 + 1)

    def _baseline(self, date: int) -> NDArray[np.float32] | None:
        """Baselines of an image against the reference of the stack, (rows, columns) float32; None for the reference."""
        if date not in self.tree.baselines:
            return None
        with open_raster(self.tree.baselines[date]) as dataset:
            return read_lines(dataset, slice(0, dataset.height)).astype(np.float32)

    def _is_plain(self, path: Path, dataset: Any) -> bool:
        """Whether the bytes of a file are those that GDAL reads, looked at in the middle line."""
        if os.path.getsize(path) != 8 * self.width * self.length:
            return False
        line = map_raster(path, "<c8", self.width)[self._middle]
        return line.tobytes() == read_lines(dataset, self._middle).astype("<c8").tobytes()


def _difference(grid: NDArray[np.float32] | None, of_master: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Baselines against the master of the project; one of both may be the reference of the stack (None)."""
    if grid is None:
        assert of_master is not None, "a tree has at most one image without baselines"
        return -of_master
    return grid if of_master is None else grid - of_master

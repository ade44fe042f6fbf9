"""Bursts on one lattice as a :class:`stamps.frontends.flattened_stack.FlattenedStack`.

Source: docs/method/cslc.md, sections 3 to 5.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.geometry import Nodes, interpolated, nodes_of
from stamps.frontends.cslc.lattice import lonlat_of, window_of
from stamps.frontends.cslc.masks import MaskTally
from stamps.frontends.cslc.owners import Owners, block_lines
from stamps.frontends.cslc.plan import Plan
from stamps.frontends.cslc.products import Product
from stamps.frontends.cslc.rasters import heights_at, water_at
from stamps.frontends.cslc.reading import read_image
from stamps.frontends.cslc.settings import CslcSettings
from stamps.frontends.cslc.static import heights_of, incidence_of, unusable
from stamps.frontends.flattened_stack import LineReader, write_raster
from stamps.frontends.rasters import map_raster, read_rows
from stamps.insar.orbits import Orbit
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Mosaic"]

_INCIDENCE_TOLERANCE = 0.1  # degrees
_HEADING_TOLERANCE = 0.3
_LOWEST_TERRAIN, _HIGHEST_TERRAIN = -500.0, 9000.0  # metres
_MAX_SAMPLES = 64  # of a line that are compared


@dataclass(frozen=True)
class Mosaic:
    """Geocoded bursts that are written as one stack.

    Attributes
    ----------
    folder : Path
        Where the products lie.
    plan : Plan
    settings : CslcSettings
    static : dict
        Burst to its static layers.
    orbits : dict
        Date to the orbit of its pass.
    nodes : Nodes
    user_mask : str or None
    phases : dict
        Burst and date to a phase to add, radians.
    findings : list of str
        Takes what is strange about the layers.
    """

    folder: Path
    plan: Plan
    settings: CslcSettings
    static: Mapping[str, Product]
    orbits: Mapping[int, Orbit]
    nodes: Nodes
    user_mask: str | None = None
    phases: Mapping[tuple[str, int], float] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Where the products lie."""
        return self.folder

    @property
    def owners(self) -> Owners:
        """Bursts of the pixels."""
        return self.plan.owners

    @property
    def master(self) -> int:
        """yyyymmdd."""
        return self.plan.master

    @property
    def dates(self) -> list[int]:
        """All other images, ascending."""
        return [date for date in self.plan.dates if date != self.master]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Small baselines; empty for a single master."""
        return self.plan.pairs

    @property
    def interferograms(self) -> list[tuple[int, int]]:
        """Pairs of dates of the interferograms."""
        return self.plan.interferograms

    @property
    def width(self) -> int:
        """Samples of a line."""
        return self.owners.grid.width

    @property
    def length(self) -> int:
        """Lines."""
        return self.owners.grid.length

    @functools.cached_property
    def of_static_heights(self) -> bool:
        """Whether the static layers tell heights."""
        blocks = block_lines(self.owners.grid)
        return any(bool(np.isfinite(heights_of(self.static, self.owners, lines)).any()) for lines in blocks)

    def slc_file(self, stage: Workspace, date: int) -> str:
        """Write the image of a date: each pixel from its owner, NaN where there is none."""
        blocks = (self._image(date, lines) for lines in block_lines(self.owners.grid))
        return write_raster(stage, f"SLC/{date}.slc", blocks, (self.width, self.length), np.complex64)

    @contextmanager
    def open_slc(self, stage: Workspace, date: int) -> Iterator[LineReader]:
        """Reader of the image that :meth:`slc_file` has written."""
        path = stage.file(f"SLC/{date}.slc")
        yield lambda lines: read_rows(path, "<f4", self.width, lines, 2).view(np.complex64)[..., 0]

    @contextmanager
    def open_layer(self, name: str) -> Iterator[LineReader]:
        """Reader of a layer, computed or from the static layers."""
        if name in ("lon", "lat"):
            yield lambda lines: self._lonlat(lines)[name == "lat"]
        elif name == "dem":
            yield self.heights
        else:
            compared: list[NDArray[np.float64]] = []
            of_orbit = self.nodes.incidence(self.orbits[self.master])
            yield lambda lines: self._incidence(lines, of_orbit, compared)
            self._judge_static(compared)

    def layer_source(self, name: str) -> str:
        """Only an elevation model of the user comes from somewhere else."""
        return self.settings.dem or "" if name == "dem" else ""

    def acquisition(self) -> tuple[float, float]:
        """Heading in degrees and wavelength in metres."""
        return self.nodes.heading(self.orbits[self.master]), self.plan.products(self.master)[0].wavelength

    def baselines(self, date: int) -> NDArray[np.float32]:
        """Perpendicular baselines from the orbits, slave minus master, at the nodes."""
        if date == self.master:
            return np.zeros(self.nodes.point.shape[:2], np.float32)
        try:
            return self.nodes.baselines(self.orbits[self.master], self.orbits[date]).astype(np.float32)
        except InputError as error:
            raise InputError(f"{self.plan.products(date)[0].path}: {error}") from None

    def mean_baseline(self, date: int, grid: NDArray[np.float32]) -> float:
        """Mean over the nodes on pixels that have an owner; over all where there is none."""
        row, column = (
            np.minimum(np.rint(place).astype(np.int64), size - 1)
            for place, size in ((self.nodes.row, self.length), (self.nodes.column, self.width))
        )
        owned = self.owners.owner[np.ix_(row, column)] != 0
        return float(np.mean(grid[owned] if owned.any() else grid, dtype=np.float64))

    def baseline_source(self, date: int) -> str:
        """The products of a date."""
        return f"the orbits of {self.plan.products(date)[0].path}"

    def mask_file(self, stage: Workspace) -> str | None:
        """Write the mask: 0 where a pixel has an owner and nothing speaks against it."""
        dem = map_raster(stage.file("dem.raw"), "<f4", self.width)
        tally = MaskTally()
        blocks = (self._mask(lines, dem, tally) for lines in block_lines(self.owners.grid))
        path = write_raster(stage, "mask.raw", blocks, (self.width, self.length), np.uint8)
        layover = bool(self.static) and not self.settings.keep_layover
        others = {"layover and shadow": layover, f"the mask {self.user_mask}": self.user_mask is not None}
        source = f"elevation model {self.settings.dem} has" if self.settings.dem else "static layers have"
        self.findings.extend(tally.judge(self.settings, others, source))
        return path

    def heights(self, lines: slice) -> NDArray[np.float32]:
        """Heights of some lines: of the elevation model, or of the static layers, NaN where they have none; else 0."""
        if self.settings.dem is not None:
            return heights_at(self.settings.dem, self.owners.grid, lines)
        if self.of_static_heights:
            return heights_of(self.static, self.owners, lines)
        return np.zeros((lines.stop - lines.start, self.width), np.float32)

    # ------------------------------------------------------------------ parts

    def _image(self, date: int, lines: slice) -> NDArray[np.complex64]:
        values = np.full((lines.stop - lines.start, self.width), complex(np.nan, np.nan), np.complex64)
        owner = self.owners.owner[lines]
        for number, burst in enumerate(self.owners.bursts, 1):
            product = self.plan.chosen.images[burst][date]
            window = window_of(self.owners.grid, product.grid, lines)
            if window is None:
                continue
            place = slice(window.lines.start - lines.start, window.lines.stop - lines.start)
            mine = owner[place, window.samples] == number
            if mine.any():
                block = read_image(product, self.plan.chosen.polarisation, window.own_lines, window.own_samples)
                if phase := self.phases.get((burst, date), 0.0):
                    block *= np.complex64(np.exp(1j * phase))
                values[place, window.samples][mine] = block[mine]
        return values

    def _lonlat(self, lines: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        column, row = np.meshgrid(np.arange(self.width), np.arange(lines.start, lines.stop))
        return lonlat_of(self.owners.grid, column, row)

    def _incidence(
        self, lines: slice, of_orbit: NDArray[np.float64], compared: list[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        values = interpolated(of_orbit, self.owners.grid, lines)
        if not self.static:
            return values
        seen, azimuth = incidence_of(self.static, self.owners, lines)
        known = np.isfinite(seen)
        if known.any():
            some = np.flatnonzero(known)[:: max(1, np.count_nonzero(known) // _MAX_SAMPLES)]
            compared.append(np.stack([(seen - values).ravel()[some], azimuth.ravel()[some]]))
        return np.where(known, seen, values)

    def _judge_static(self, compared: list[NDArray[np.float64]]) -> None:
        """Compare the static layers with the orbit."""
        if not compared:
            if self.static:
                self.findings.append(
                    "The static layers have no line of sight anywhere: incidence is that of the orbit."
                )
            return
        angles, azimuths = np.concatenate(compared, axis=1)
        off = float(np.median(np.abs(angles)))
        if off > _INCIDENCE_TOLERANCE:
            self.findings.append(
                f"Incidence from static layers and orbit differ by {off:.1f}°: the static layers belong to another burst or "
                f"pass{self._high_terrain(float(np.median(angles)))}."
            )
        heading = np.angle(np.mean(np.exp(1j * np.radians(azimuths + 90))), deg=True)
        turned = abs((heading - self.acquisition()[0] + 180) % 360 - 180)
        if turned > _HEADING_TOLERANCE:
            self.findings.append(
                f"Heading from static layers and orbit differ by {turned:.1f}°: the static layers belong to another burst or "
                "pass."
            )

    def _high_terrain(self, difference: float) -> str:
        """What else may make incidences differ: heights that nobody gave."""
        if self.settings.dem is not None:
            return ""
        orbit, kilometre = self.orbits[self.master], nodes_of(self.owners.grid, self.settings.height + 1000.0)
        grade = float(np.mean(kilometre.incidence(orbit) - self.nodes.incidence(orbit)))
        height = self.settings.height + 1000.0 * difference / grade
        likely = _LOWEST_TERRAIN <= height <= _HIGHEST_TERRAIN
        return f", or the terrain is about {height:.0f} m high: give --dem or --height" if likely else ""

    def _mask(self, lines: slice, dem: NDArray[Any], tally: MaskTally) -> NDArray[np.uint8]:
        owned = self.owners.owner[lines] != 0
        out, of_water = ~owned, None
        if not self.settings.keep_layover:
            out |= unusable(self.static, self.owners, lines)
        if self.settings.water is not None:
            of_water = water_at(self.settings.water, self.settings.water_value, self.owners.grid, lines)
            out |= of_water[0]
        if self.user_mask is not None:
            out |= map_raster(self.user_mask, np.uint8, self.width)[lines] != 0
        flat = ~np.isfinite(dem[lines])
        out |= flat
        tally.add(owned, out, flat, of_water)
        return out.astype(np.uint8)

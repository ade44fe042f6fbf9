"""What a Sentinel-1 product and an acquisition of several of them are; nothing here reads a file.

Source: docs/method/sentinel1.md, sections 1 and 3.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Acquisition", "Product"]


@dataclass(frozen=True)
class Product:
    """A product (a slice of a data take) as its ``manifest.safe`` describes it.

    Attributes
    ----------
    path : Path
        The zip file or the ``.SAFE`` folder.
    name : str
        Name of the product without ``.SAFE`` and ``.zip``.
    platform : str
        ``S1A``, ``S1B``, …
    mode : str
        ``IW``, or ``SM`` for stripmap.
    absolute_orbit, relative_orbit : int
    passing : str
        ``ASCENDING`` or ``DESCENDING``.
    data_take : int
        ``missionDataTakeID``.
    polarisations, swaths : tuple of str
        ``('VV', 'VH')``; ``('IW1', 'IW2', 'IW3')``, stripmap ``('S3',)``.
    slice_number, total_slices : int, optional
        From 1; None where the product is no slice.
    start, stop : datetime
        Of the acquisition, UTC (naive).
    processed : datetime
        End of the processing, UTC (naive).
    software : str
        Version of the processing facility's software, ``003.20``.
    footprint : tuple of (float, float)
        Corners as (longitude, latitude), degrees.
    crosses_node : bool
        Whether the ascending node lies in it: the orbits are those of its first line, its last line is of the next ones.
    """

    path: Path
    name: str
    platform: str
    mode: str
    absolute_orbit: int
    relative_orbit: int
    passing: str
    data_take: int
    polarisations: tuple[str, ...]
    swaths: tuple[str, ...]
    slice_number: int | None
    total_slices: int | None
    start: dt.datetime
    stop: dt.datetime
    processed: dt.datetime
    software: str
    footprint: tuple[tuple[float, float], ...]
    crosses_node: bool = False

    @property
    def tracks(self) -> tuple[int, ...]:
        """Relative orbits of its lines: one, or two where it crosses the ascending node."""
        return (self.relative_orbit, self.relative_orbit % 175 + 1) if self.crosses_node else (self.relative_orbit,)

    @property
    def readable(self) -> Path:
        """What a program is told to read: the zip file, or the manifest in the folder."""
        return self.path if self.path.suffix.lower() == ".zip" else self.path / "manifest.safe"


@dataclass(frozen=True)
class Acquisition:
    """The slices of one platform and data take that are used; they may lie on both sides of the ascending node.

    Attributes
    ----------
    date : str
        Day on which the first slice starts, yyyymmdd, UTC; later slices may be of the next day.
    platform : str
        ``S1A``, ``S1B``, …
    absolute_orbit, relative_orbit : int
        Of the first slice.
    passing : str
        ``ASCENDING`` or ``DESCENDING``.
    data_take : int
    slices : tuple of Product
        In the order of their starts; only those that hold bursts of the area.
    """

    date: str
    platform: str
    absolute_orbit: int
    relative_orbit: int
    passing: str
    data_take: int
    slices: tuple[Product, ...]

    @property
    def start(self) -> dt.datetime:
        """Start of the first slice, UTC (naive)."""
        return self.slices[0].start

    @property
    def stop(self) -> dt.datetime:
        """End of the last slice, UTC (naive)."""
        return max(product.stop for product in self.slices)

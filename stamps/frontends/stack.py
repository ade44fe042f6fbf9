"""What a coregistered stack offers: one contract between the processors and everything from candidates on.

A front end makes it (``snap_gamma``, ``doris_stack``, ``topsstack_files``, ``gsar``); preparation, checks, selection and loading
take it and know no processor. A new processor needs a maker: a function from its files to a :class:`CoregisteredStack`, which
may write rasters of its own to the scratch folder of the preparation (:func:`stamps.frontends.project.prepare`), and a row of
:mod:`stamps.frontends.registry`.

Source: docs/method/preparation.md, sections 1 and 4; docs/method/conventions.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stamps.frontends.rasters import pixel_type

__all__ = ["AcquisitionGeometry", "CoregisteredStack", "Pair"]

#: Dates of the first and the second image of an interferogram, yyyymmdd.
Pair = tuple[str, str]


@dataclass(frozen=True)
class AcquisitionGeometry:
    """Where the images were taken from.

    Attributes
    ----------
    heading : float
        Direction of flight, degrees clockwise from north.
    wavelength : float
        Metres.
    bperp : tuple of float
        Perpendicular baseline of every slave against the master, metres, in the order of :attr:`CoregisteredStack.slaves`.
    platform : str or None
        Name of the sensor, where the processor tells it.
    """

    heading: float
    wavelength: float
    bperp: tuple[float, ...]
    platform: str | None = None


@dataclass(frozen=True)
class CoregisteredStack:
    """Images resampled to a master, their interferograms and the geometry rasters, all of one size.

    Attributes
    ----------
    processor : str
        Value of ``insar_processor`` (:mod:`stamps.frontends.registry`).
    root : str
        Where the stack lies, absolute.
    master : str
        Date of the master, yyyymmdd; as the user gave it until :func:`stamps.frontends.snap_gamma.check_export` has seen it.
    small_baselines : bool
        Pairs of images; else all interferograms with the master.
    slcs : tuple of str
        SLCs; for small baselines two per interferogram, in the order of ``interferograms``.
    slc_dates : tuple of (str or None)
        Their dates; None where the name tells none.
    interferograms : tuple of str
        Complex float32, first × conj(second).
    pairs : tuple of (Pair or None)
        Dates of the interferograms; None where the name tells none.
    heights, longitudes, latitudes : tuple of str
        float32, metres and degrees, one raster each (more are left aside); no longitude where positions come from elsewhere.
    width, length : int
        Range samples and azimuth lines of all rasters; 0 while unknown.
    precision : {'f', 's'}
        SLCs of complex float32 or complex int16.
    big_endian : bool
        Byte order of all rasters.
    header : str or None
        The master's text header, for stacks whose loader reads headers (``rsc.txt``).
    geometry : AcquisitionGeometry or None
        What text headers are written from; None where the loader reads the processor's own.
    mask : str or None
        Raster of one byte per pixel, 0 = use, that a front end made; it holds what the user's mask says, too.
    """

    processor: str
    root: str
    master: str
    small_baselines: bool
    slcs: tuple[str, ...] = ()
    slc_dates: tuple[str | None, ...] = ()
    interferograms: tuple[str, ...] = ()
    pairs: tuple[Pair | None, ...] = ()
    heights: tuple[str, ...] = ()
    longitudes: tuple[str, ...] = ()
    latitudes: tuple[str, ...] = ()
    width: int = 0
    length: int = 0
    precision: str = "f"
    big_endian: bool = False
    header: str | None = None
    geometry: AcquisitionGeometry | None = None
    mask: str | None = None

    def __post_init__(self) -> None:
        if len(self.slcs) != len(self.slc_dates) or len(self.interferograms) != len(self.pairs):
            raise ValueError("every SLC needs a date and every interferogram a pair of dates, or None")

    @property
    def network(self) -> str:
        """The network of interferograms in words: ``small baselines`` or ``master <date>``."""
        return "small baselines" if self.small_baselines else f"master {self.master}"

    @property
    def size(self) -> tuple[int, int]:
        """Range samples and azimuth lines."""
        return self.width, self.length

    @property
    def dates(self) -> list[str]:
        """All dates that the names of SLCs and interferograms tell, ascending."""
        of_pairs = {date for pair in self.pairs if pair is not None for date in pair}
        return sorted(of_pairs | {date for date in self.slc_dates if date is not None})

    @property
    def slaves(self) -> list[str]:
        """Dates of the images of all interferograms but the master's, ascending."""
        return sorted({date for pair in self.pairs if pair is not None for date in pair} - {self.master})

    @property
    def lonlat(self) -> tuple[str, ...]:
        """Longitude and latitude raster; nothing where positions come from elsewhere."""
        return (*self.longitudes[:1], *self.latitudes[:1]) if self.longitudes else ()

    @property
    def byteswap(self) -> int:
        """1 for big-endian rasters, as the candidate programs take it."""
        return int(self.big_endian)

    @property
    def slc_type(self) -> np.dtype:
        """Type of the two parts of an SLC's pixel, byte order included."""
        return pixel_type(self.precision, self.byteswap)

    @property
    def real_type(self) -> np.dtype:
        """Type of a pixel of a geometry raster and of the two parts of an interferogram's, byte order included."""
        return pixel_type("f", self.byteswap)

"""What a user decides about a job of SNAP.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stamps.frontends.jobs.model import JobConfig
from stamps.frontends.snap.dem import named_dem
from stamps.workspace.given_paths import listed_paths

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["SnapConfig", "Snap_S1_Config", "Snap_Stripmap_Config"]


@dataclass
class SnapConfig(JobConfig):
    """Settings that Sentinel-1 and stripmap jobs of SNAP have in common.

    Attributes
    ----------
    products : list of str
        Folders and files of SLC products.
    aoi : list of float or str, optional
        Area of interest: four numbers (longitude, latitude, longitude, latitude), WKT, or a vector file.
    aoi_exact : bool
        Cut out the polygon itself, not its envelope.
    subset : bool
        Cut the area out; else whole bursts (images) are exported.
    polarisation : str
    master : str
        ``auto``, ``first``, ``last``, ``middle``, a date (yyyymmdd), or a position from 1.
    dem : str
        ``copernicus30``, ``copernicus90``, ``srtm1``, ``srtm3``, SNAP's own name of one of these, or a file.
    dem_nodata : float, optional
        Value without heights in the file (default: the file's own).
    dem_egm : bool
        Heights of the file are above the geoid EGM96, which SNAP adds; False is refused, because no graph can say it.
    resampling : str
        SNAP's interpolation of the secondaries.
    gpt : str, optional
        SNAP's program.
    snap_folder, snap_home : str, optional
        Folder of SNAP's installation; SNAP's folder of the user (``~/.snap``).
    memory : str
        Memory of one ``gpt``; 60 % of it is cache.
    cpu : int
        Threads of one ``gpt``.
    at_once : int, optional
        Most ``gpt`` at once (default: as cores and memory allow).
    export_threads : int
        Threads of an export.
    minutes : int
        Time limit of a task; 0 for none.
    keep : {'export', 'all'}
        ``export``: products are removed pair by pair after a checked export.
    exclude : list of str
        Dates to leave out; never the master.
    given_up : list of str
        Dates that have failed and without which the job went on; the next submission or retry takes them again.
    da_thresh : float
        Amplitude dispersion below which a pixel is a candidate.
    patches : list of int
        Patches in range and azimuth.
    overlap : list of int
        Their overlap in range and azimuth, pixels.
    notes, troubles : list of str
        Warnings and problems of what the settings were read from, shown with the plan.
    sources : dict of str
        Path to what named it, where that is a file of settings: ``EXTDEM of project.conf``.
    """

    products: list[str] = field(default_factory=list)
    aoi: list[float] | str | None = None
    aoi_exact: bool = False
    subset: bool = True
    polarisation: str = "VV"
    master: str = "auto"
    dem: str = "copernicus30"
    dem_nodata: float | None = None
    dem_egm: bool = True
    resampling: str = "BISINC_5_POINT_INTERPOLATION"
    gpt: str | None = None
    snap_folder: str | None = None
    snap_home: str | None = None
    memory: str = "16G"
    cpu: int = 4
    at_once: int | None = None
    export_threads: int = 1
    minutes: int = 0
    keep: str = "export"
    exclude: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    da_thresh: float = 0.4
    patches: list[int] = field(default_factory=lambda: [1, 1])
    overlap: list[int] = field(default_factory=lambda: [50, 50])
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let paths mean the same wherever the job is looked at again."""
        self.products = [_absolute(path) for path in listed_paths(self.products)]
        self.snap_folder, self.snap_home = (path and _absolute(path) for path in (self.snap_folder, self.snap_home))
        self.gpt = _absolute(self.gpt) if self.gpt else None
        if named_dem(self.dem) is None:
            self.dem = _absolute(self.dem)
        if isinstance(self.aoi, str) and os.path.exists(os.path.expanduser(self.aoi)):
            self.aoi = _absolute(self.aoi)


def _absolute(path: StrPath) -> str:
    return os.path.abspath(os.path.expanduser(path))


@dataclass
class Snap_S1_Config(SnapConfig):
    """Settings of a job of Sentinel-1 images in TOPS mode.

    Attributes
    ----------
    processor : str
        Name of the processor.
    swaths : list of str, optional
        Neighbouring subswaths (default: those that the area touches).
    bursts : list of int, optional
        Numbers of bursts along the track (default: those that the area touches).
    master_split : str, optional
        The master's split product, made by hand; its bursts are those of all dates.
    master_weights : list of float
        Critical temporal baseline, days, and perpendicular baseline, m, of the choice of the master.
    track : int, optional
        Relative orbit, where there are several.
    orbits : {'precise', 'restituted', 'none'}
        What SNAP applies.
    orbit_dir : str, optional
        Folder of EOF files that are at hand.
    esd : bool
        Refine the coregistration by spectral diversity.
    esd_coherence : float
        Least coherence of what it uses.
    allow_incomplete : bool
        Keep dates that lack bursts.
    min_dates : int
        Fewer dates are refused.
    """

    processor: str = "Snap_S1"
    swaths: list[str] | None = None
    bursts: list[int] | None = None
    master_split: str | None = None
    master_weights: list[float] = field(default_factory=lambda: [1825.0, 1100.0])
    track: int | None = None
    orbits: str = "precise"
    orbit_dir: str | None = None
    esd: bool = True
    esd_coherence: float = 0.3
    allow_incomplete: bool = False
    min_dates: int = 5

    def __post_init__(self) -> None:
        """Let paths mean the same wherever the job is looked at again."""
        super().__post_init__()
        self.orbit_dir = _absolute(self.orbit_dir) if self.orbit_dir else None


@dataclass
class Snap_Stripmap_Config(SnapConfig):
    """Settings of a job of stripmap images (TerraSAR-X, TanDEM-X, Sentinel-1 SM, whatever SNAP reads).

    Attributes
    ----------
    processor : str
        Name of the processor.
    min_dates : int
        Fewer dates are refused.
    """

    processor: str = "Snap_Stripmap"
    min_dates: int = 5

"""Settings of a simulation and the named sets of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from stamps.errors import InputError

__all__ = ["PRESETS", "Settings"]

#: Name to the settings in which a preset differs from the defaults.
PRESETS: dict[str, dict[str, Any]] = {
    "ps_small": {},
    "sb_small": {"n_images": 14, "network": "sb"},
    "ps_bench": {"lines": 900, "samples": 1600, "n_images": 30, "max_slope": 0.6},
    "ps_large": {"lines": 3000, "samples": 5000, "n_images": 40, "range_spacing": 2.329562, "max_slope": 0.6},
    "demo": {"n_images": 36, "revisit": 30},
    "hyp3_small": {
        "lines": 110,
        "samples": 130,
        "range_spacing": 50.0,
        "azimuth_spacing": 80.0,
        "n_images": 12,
        "network": "sb",
        "layout": "hyp3",
        "max_perp": 1000.0,
        "max_temporal": 36.0,
    },
    "tiny": {"lines": 40, "samples": 60, "n_images": 5},
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is simulated, and where it goes; ``truth.json`` lists them in this order.

    Attributes
    ----------
    lines, samples : int
        Size of the images, at least 16 x 16.
    n_images : int
        Acquisitions, at least 3.
    network : {'single', 'sb'}
        Interferograms of a single master, or of small baselines.
    range_spacing, azimuth_spacing : float
        Pixel spacing in slant range and azimuth, m.
    heading : float
        Degrees clockwise from north (-166.6 descending, -13 ascending).
    incidence : float
        Incidence angle at the centre, degrees.
    sensor : str
        Name in the parameter files.
    centre_lon, centre_lat : float
        Centre of the scene, degrees.
    longitudes : {'continuous', '180', '360'}
        How longitudes count: on from the centre, -180 to 180, or 0 to 360.
    start_date : str
        First acquisition, YYYYMMDD.
    revisit : int
        Days between acquisitions, at least 1; some are left out.
    ps_density : float
        Point scatterers per pixel, mean of the scene.
    sigma_bperp : float
        Spread of the perpendicular baselines, m.
    sigma_baseline_rate : float
        Spread of the baseline rates, m/s.
    max_temporal, max_perp : float
        Small baselines: longest temporal (days) and perpendicular (m) baseline.
    relief : float
        Highest terrain, m; scaled down to respect ``max_slope``.
    max_slope : float
        Steepest terrain along range, dh/dx.
    water_fraction : float
        Part of the scene covered by water.
    subsidence : float
        Velocity at the centre of the bowl along the line of sight, mm/yr, positive towards the satellite.
    bowl_up, bowl_east, bowl_radius : float
        A bowl on the ground about the centre of the scene in place of that one (and of the fault): upward velocity at its
        centre, eastward velocity a radius east of it, mm/yr, and its radius, m. Scenes of different geometry see the same.
    atmosphere : float
        Median rms of the turbulent delay of an image, rad.
    tropo : float
        Spread of the height-dependent delay, rad/km.
    orbit_ramp : float
        Spread of the orbit ramps across the scene, rad.
    sigma_height, sigma_dem : float
        Uncorrelated height error of scatterers, correlated error of the DEM, m.
    border_images : int
        Images with samples of exactly zero at one border.
    layout : str
        ``clean`` or ``snap``, or a layout of :mod:`stamps.simulation.layouts`.
    seed : int
        Seed of all random numbers.
    hyp3_type : str
        Layout hyp3: job type of the products.
    hyp3_errors : int
        Layout hyp3: products with a rectangle that is off by a whole cycle.
    datadir : path-like
        Folder to write.
    preset : str
        Name of the preset that the settings come from; kept for ``truth.json``.
    null_master : bool
        Single master: also write the interferogram of the master with itself.
    mask : bool
        Write ``mask.bin``, one byte per pixel: 0 land, 1 water.
    overwrite : bool
        Replace an existing data set.
    quiet : bool
        No progress messages.

    Raises
    ------
    InputError
        Fewer than 3 images, smaller images than 16 x 16 pixels, or less than a day between acquisitions.
    """

    lines: int = 200
    samples: int = 400
    n_images: int = 24
    network: str = "single"
    range_spacing: float = 6.0
    azimuth_spacing: float = 13.97
    heading: float = -166.6
    incidence: float = 39.0
    sensor: str = "SENTINEL-1A"
    centre_lon: float = 14.2
    centre_lat: float = 40.8
    longitudes: str = "continuous"
    start_date: str = "20180108"
    revisit: int = 12
    ps_density: float = 0.042
    sigma_bperp: float = 70.0
    sigma_baseline_rate: float = 0.5
    max_temporal: float = 48.0
    max_perp: float = 100.0
    relief: float = 400.0
    max_slope: float = 0.35
    water_fraction: float = 0.08
    subsidence: float = -25.0
    bowl_up: float = 0.0
    bowl_east: float = 0.0
    bowl_radius: float = 500.0
    atmosphere: float = 0.9
    tropo: float = 1.5
    orbit_ramp: float = 0.4
    sigma_height: float = 5.0
    sigma_dem: float = 3.0
    border_images: int = 3
    layout: str = "clean"
    seed: int = 1
    hyp3_type: str = "INSAR_GAMMA"
    hyp3_errors: int = 0
    datadir: str | os.PathLike[str]
    preset: str = "ps_small"
    null_master: bool = False
    mask: bool = False
    overwrite: bool = False
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.revisit < 1:
            raise InputError("The simulator needs at least 1 day between acquisitions.")
        if self.n_images < 3 or self.lines < 16 or self.samples < 16:
            raise InputError("The simulator needs at least 3 images of 16 x 16 pixels.")
        if not self.bowl_radius > 0:
            raise InputError(f"The radius of the bowl is {self.bowl_radius:g} m, but a positive number was expected.")
        for name, value, most in (
            ("latitude", self.centre_lat, 89.99),
            ("longitude", self.centre_lon, 360),
            ("heading", self.heading, 360),
        ):
            if not abs(value) <= most:
                raise InputError(
                    f"The {name} of the scene is {value:g}, but -{most:g} to {most:g} degrees were expected."
                )

    @classmethod
    def of_preset(cls, preset: str, datadir: str | os.PathLike[str], **changes: Any) -> Settings:
        """Settings of a preset, with changes.

        Parameters
        ----------
        preset : str
            A key of :data:`PRESETS`.
        datadir : path-like
            Folder to write.
        **changes
            Settings that replace those of the preset.
        """
        return cls(**{**PRESETS[preset], "preset": preset, "datadir": datadir, **changes})

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and samples of an image."""
        return self.lines, self.samples

    @property
    def moves_on_the_ground(self) -> bool:
        """Whether the motion is one of the ground, the same for scenes of any geometry."""
        return self.bowl_up != 0 or self.bowl_east != 0

    @property
    def small_baselines(self) -> bool:
        """Whether the interferograms are those of small baselines."""
        return self.network == "sb"

"""Simulate a Sentinel-1 interferometric stack as ESA SNAP exports it for StaMPS.

``python -m stamps.simulate DATADIR --preset tiny`` writes a directory that StaMPS' ``mt_prep_snap`` can ingest, either
with a single master (persistent scatterers)

    DATADIR/rslc/YYYYMMDD.rslc, .rslc.par          one per image
    DATADIR/diff0/MASTER_SLAVE.diff, .base         one per slave
    DATADIR/geo/MASTER_dem.rdc, MASTER.lon, MASTER.lat, MASTER.diff_par
    DATADIR/dem/MASTER_seg.par

or with a small-baseline network

    DATADIR/SMALL_BASELINES/DATE1_DATE2/  both .rslc(.par), .diff, .base
    DATADIR/geo/..., DATADIR/dem/...

Other layouts (``--layout gamma``, ``doris``, ``isce``) hold the same stack as the other processors write it, see
:mod:`stamps.simulation.layouts`.

Beside it stands the truth: DATADIR/truth.npz (arrays) and DATADIR/truth.json (settings).
All rasters of SNAP are big-endian float32 (complex: interleaved re, im), row-major,
azimuth lines x range samples, no header.

Conventions
-----------
* Image ``i`` has a residual delay phase ``Phi_i = +4 pi/lambda * dR_i``.
  The SLC is ``|s| exp(j (psi - Phi_i))`` with ``psi`` the static scatterer
  phase, hence ``diff = master * conj(slave)`` has the phase
  ``Phi_slave - Phi_master``.  Flat-earth and DEM phases are not in the SLCs
  (StaMPS never looks at SLC phases), so the product is directly the
  flattened, topography-corrected interferogram.
* LOS displacement ``d`` is positive TOWARDS the satellite:
  ``Phi = -4 pi/lambda * d``.  Subsidence gives growing positive phase.  A
  velocity estimated as ``v = -lambda/(4 pi) * dPhi/dt`` equals ``v_los``.
* Baselines are slave minus master in the TCN frame (T along track, C across
  track to the look side, N towards the Earth's centre) at the scene's middle
  line; along azimuth they change with ``initial_baseline_rate`` times
  ``(line - (n_lines/2 - 0.5)) / prf``.
  ``B_perp = C cos(look) - N sin(look)``, ``B_par = C sin(look) + N cos(look)``.
  A scatterer ``dh`` metres above the DEM has the extra phase
  ``-4 pi/lambda * B_perp * dh / (R sin(inc))``.
* ``rg = near_range_slc + column * range_pixel_spacing`` (columns from 0).
  Lines grow along ``heading``, columns to the right of it (right-looking).

Model
-----
A pixel is distributed clutter, water (noise only) or holds a point scatterer.
Every image is ``gain * (PSF * scatterers + speckle + thermal noise)``.  The
speckle is a mixture of a permanent part and a first-order autoregressive part
(exponential decorrelation); both are coloured by the impulse response, which
also spreads point scatterers over their neighbours.  Deformation, correlated
DEM error, turbulent and stratified troposphere and orbit ramps act on
scatterers and speckle alike; the uncorrelated height error acts on point
scatterers only.

Determinism: all random numbers come from ``Generator(PCG64([seed, stream]))``
with a fixed stream number per purpose, so a seed reproduces a data set.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import PCG64, Generator
from scipy import fft as sfft
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import convolve1d

from stamps.errors import InputError
from stamps.insar.constants import (
    DAYS_PER_YEAR,
    SPEED_OF_LIGHT,
    WGS84_FIRST_ECCENTRICITY_SQUARED,
    WGS84_SEMI_MAJOR,
    WGS84_SEMI_MINOR,
)
from stamps.insar.geometry import wrapped_longitude
from stamps.simulation.layouts import LAYOUTS, translate

if TYPE_CHECKING:
    from argparse import Namespace

    from numpy.typing import NDArray


# Random streams: one number per purpose, so that options do not shift draws.
STREAMS = {
    name: k
    for k, name in enumerate(
        [
            "dates",
            "baselines",
            "dem",
            "landcover",
            "ps",
            "defo",
            "demerr",
            "atmosphere",
            "orbit",
            "gain",
            "speckle",
            "jitter",
            "border",
        ]
    )
}

# Pixel classes in truth['pixel_class'].
CLASS_CLUTTER, CLASS_PS, CLASS_WATER, CLASS_COHERENT = 0, 1, 2, 3

DEFAULTS = dict(
    lines=200,
    samples=400,
    n_images=24,
    network="single",
    range_spacing=6.0,
    azimuth_spacing=13.97,
    heading=-166.6,
    incidence=39.0,
    sensor="SENTINEL-1A",
    centre_lon=14.2,
    centre_lat=40.8,
    longitudes="continuous",
    start_date="20180108",
    revisit=12,
    ps_density=0.042,
    sigma_bperp=70.0,
    sigma_baseline_rate=0.5,
    max_temporal=48.0,
    max_perp=100.0,
    relief=400.0,
    max_slope=0.35,
    water_fraction=0.08,
    subsidence=-25.0,
    atmosphere=0.9,
    tropo=1.5,
    orbit_ramp=0.4,
    sigma_height=5.0,
    sigma_dem=3.0,
    border_images=3,
    layout="clean",
    seed=1,
)

PRESETS = {
    "ps_small": {},
    "sb_small": dict(n_images=14, network="sb"),
    "ps_bench": dict(lines=900, samples=1600, n_images=30, max_slope=0.6),
    "ps_large": dict(lines=3000, samples=5000, n_images=40, range_spacing=2.329562, max_slope=0.6),
    "demo": dict(n_images=36, revisit=30),
    "tiny": dict(lines=40, samples=60, n_images=5),
}


# --------------------------------------------------------------------------
# small helpers
# --------------------------------------------------------------------------


def stream(seed: int, name: str) -> np.random.Generator:
    """Independent generator for one purpose."""
    return Generator(PCG64([seed, STREAMS[name]]))


def write_be(path: str, array: NDArray[Any]) -> None:
    """Write a raster as big-endian float32 / complex64."""
    kind = ">c8" if np.iscomplexobj(array) else ">f4"
    np.ascontiguousarray(array).astype(kind).tofile(path)


def power_law_field(
    rng: np.random.Generator,
    shape: tuple[int, int],
    posting: tuple[float, float],
    exponent: float,
    outer_scale: float,
    step: float = 1,
) -> NDArray[np.float32]:
    """Zero-mean, unit-rms random field with an isotropic power-law spectrum.

    The 2-D power spectral density is ``(k^2 + k0^2)^(-exponent/2)`` with
    ``k0 = 1/outer_scale`` (von Karman form), in physical wavenumbers, so
    unequal postings do not stretch the field.  The field is made on a grid
    twice the scene (no wrap-around) decimated to roughly ``step`` metres, and
    interpolated with cubic splines.
    """
    dec = [max(1, int(round(step / p))) for p in posting]
    coarse = [-(-(n - 1) // d) + 4 for n, d in zip(shape, dec, strict=True)]
    size = [sfft.next_fast_len(2 * c, real=True) for c in coarse]
    ky = sfft.fftfreq(size[0], posting[0] * dec[0])[:, None]
    kx = sfft.rfftfreq(size[1], posting[1] * dec[1])[None, :]
    psd = (ky**2 + kx**2 + outer_scale**-2.0) ** (-exponent / 2.0)
    spectrum = sfft.rfft2(rng.standard_normal(size, dtype=np.float32))
    spectrum *= np.sqrt(psd).astype(np.float32)
    spectrum[0, 0] = 0
    field = sfft.irfft2(spectrum, s=size)[: coarse[0], : coarse[1]]
    if dec != [1, 1]:
        spline = RectBivariateSpline(np.arange(coarse[0]) * dec[0], np.arange(coarse[1]) * dec[1], field)
        field = spline(np.arange(shape[0]), np.arange(shape[1]))
    field = field[: shape[0], : shape[1]].astype(np.float32)
    field -= field.mean()
    return field / np.sqrt(np.mean(field**2, dtype=np.float64)).astype(np.float32)


def impulse_response(offset: NDArray[Any], bandwidth: float, alpha: float = 0.92) -> NDArray[np.float64]:
    """SAR impulse response (generalised Hamming window), 1 at offset 0."""
    x = bandwidth * np.asarray(offset, dtype=np.float64)
    value = alpha * np.sinc(x) + 0.5 * (1 - alpha) * (np.sinc(x - 1) + np.sinc(x + 1))
    return value / alpha


BANDWIDTH_AZ, BANDWIDTH_RG = 0.90, 0.93  # processed bandwidth / sampling rate
PSF_RADIUS = 2


def coloured_speckle(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Unit-power circular Gaussian speckle with the SAR impulse response."""
    taps = np.arange(-3, 4)
    parts = []
    for _ in range(2):
        part = rng.standard_normal(shape, dtype=np.float32)
        for axis, bandwidth in ((0, BANDWIDTH_AZ), (1, BANDWIDTH_RG)):
            kernel = impulse_response(taps, bandwidth)
            kernel /= np.sqrt(np.sum(kernel**2))
            part = convolve1d(part, kernel.astype(np.float32), axis=axis, mode="wrap")
        parts.append(part)
    return (parts[0] + 1j * parts[1]).astype(np.complex64) * np.float32(np.sqrt(0.5))


# --------------------------------------------------------------------------
# acquisition plan
# --------------------------------------------------------------------------


class Acquisitions:
    """Dates, master and orbit (baseline) parameters of the stack."""

    def __init__(self, cfg: Namespace) -> None:
        rng = stream(cfg.seed, "dates")
        n = cfg.n_images
        steps = cfg.revisit * (1 + rng.choice(3, size=n - 1, p=[0.84, 0.12, 0.04]))
        first = dt.datetime.strptime(cfg.start_date, "%Y%m%d").date()
        self.days = np.concatenate([[0], np.cumsum(steps)]).astype(int)
        self.dates = [(first + dt.timedelta(days=int(d))) for d in self.days]
        self.names = [d.strftime("%Y%m%d") for d in self.dates]
        self.ordinals = np.array([d.toordinal() for d in self.dates])

        rng = stream(cfg.seed, "baselines")
        self.bperp0 = rng.normal(0, cfg.sigma_bperp, n)
        self.bpar0 = rng.normal(0, 0.7 * cfg.sigma_bperp, n)
        self.along = rng.normal(0, 15.0, n)
        self.rate_c = rng.normal(0, cfg.sigma_baseline_rate, n)
        self.rate_n = rng.normal(0, cfg.sigma_baseline_rate, n)
        # master: smallest mean of normalised temporal and perpendicular distances
        dist_t = np.abs(self.days[:, None] - self.days[None, :]).mean(1)
        dist_b = np.abs(self.bperp0[:, None] - self.bperp0[None, :]).mean(1)
        self.master = int(np.argmin(dist_t / dist_t.min() + dist_b / dist_b.min()))
        for a in (self.bperp0, self.bpar0, self.along, self.rate_c, self.rate_n):
            a -= a[self.master]
        self.years = (self.days - self.days[self.master]) / DAYS_PER_YEAR

    def set_tcn(self, look: float) -> None:
        """Turn (B_perp, B_par) at look angle ``look`` into C and N components."""
        self.c = self.bperp0 * np.cos(look) + self.bpar0 * np.sin(look)
        self.n = -self.bperp0 * np.sin(look) + self.bpar0 * np.cos(look)

    def pairs(self, cfg: Namespace) -> list[tuple[int, int]]:
        """Interferogram list as (master index, slave index)."""
        n = len(self.names)
        if cfg.network == "single":
            return [(self.master, i) for i in range(n) if i != self.master or cfg.null_master]
        out = []
        for i in range(n):
            for j in range(i + 1, n):
                close = (
                    self.days[j] - self.days[i] <= cfg.max_temporal
                    and abs(self.bperp0[j] - self.bperp0[i]) <= cfg.max_perp
                )
                if close or j == i + 1:  # neighbours keep it connected
                    out.append((i, j))
        return out


# --------------------------------------------------------------------------
# radar geometry
# --------------------------------------------------------------------------


def _counted(lon: NDArray[np.float64], longitudes: str) -> NDArray[np.float64]:
    """Longitudes in the way they are to count: as they come, from -180, or from 0."""
    return lon if longitudes == "continuous" else wrapped_longitude(lon, 0.0 if longitudes == "180" else 180.0)


class Geometry:
    """Zero-Doppler geometry over a local sphere, plus lon/lat of every pixel."""

    altitude = 700.0e3
    prf = 486.4863102995529
    frequency = 5.405000454334350e9

    def __init__(self, cfg: Namespace) -> None:
        self.cfg = cfg
        self.wavelength = SPEED_OF_LIGHT / self.frequency
        lat = np.radians(cfg.centre_lat)
        self.earth_radius = np.hypot(WGS84_SEMI_MAJOR**2 * np.cos(lat), WGS84_SEMI_MINOR**2 * np.sin(lat)) / np.hypot(
            WGS84_SEMI_MAJOR * np.cos(lat), WGS84_SEMI_MINOR * np.sin(lat)
        )
        self.sar_radius = self.earth_radius + self.altitude
        re, se = self.earth_radius, self.sar_radius
        inc = np.radians(cfg.incidence)
        centre = -re * np.cos(inc) + np.sqrt(se**2 - (re * np.sin(inc)) ** 2)
        # rounded so that the text files carry the very same numbers
        self.near_range = round(centre - cfg.samples / 2 * cfg.range_spacing, 4)
        self.earth_radius = re = round(re, 4)
        self.sar_radius = se = round(se, 4)
        self.range = self.near_range + np.arange(cfg.samples) * cfg.range_spacing
        self.look = np.arccos((se**2 + self.range**2 - re**2) / (2 * se * self.range))
        self.incidence = np.arccos((se**2 - re**2 - self.range**2) / (2 * re * self.range))
        self.ground_spacing = cfg.range_spacing / np.sin(self.incidence.mean())
        self.posting = (cfg.azimuth_spacing, self.ground_spacing)
        self.extent = (cfg.lines * cfg.azimuth_spacing, cfg.samples * self.ground_spacing)
        self.line_time = (np.arange(cfg.lines) - (cfg.lines / 2 - 0.5)) / self.prf
        self.height_to_phase = -4 * np.pi / self.wavelength / (self.range * np.sin(self.incidence))

    def bperp(
        self, acq: Acquisitions, i: int, rows: NDArray[np.int64] | None = None, cols: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """B_perp of image ``i`` against the master, full grid or at pixels."""
        cosl, sinl = np.cos(self.look), np.sin(self.look)
        bc = acq.c[i] + acq.rate_c[i] * self.line_time
        bn = acq.n[i] + acq.rate_n[i] * self.line_time
        if rows is None:
            return bc[:, None] * cosl - bn[:, None] * sinl
        return bc[rows] * cosl[cols] - bn[rows] * sinl[cols]

    def lonlat(self, dem: NDArray[np.float32], block: int = 256) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Longitude and latitude (degrees) of the pixels at DEM height."""
        cfg, se, re = self.cfg, self.sar_radius, self.earth_radius
        head, lat0 = np.radians(cfg.heading), np.radians(cfg.centre_lat)

        def ground(slant, height):  # arc on the ground from the nadir
            radius = re + height
            return re * np.arccos((se**2 + radius**2 - slant**2) / (2 * se * radius))

        def meridian(phi):  # radius of curvature along the meridian
            e2 = WGS84_FIRST_ECCENTRICITY_SQUARED
            return WGS84_SEMI_MAJOR * (1 - e2) / (1 - e2 * np.sin(phi) ** 2) ** 1.5

        lon = np.empty(dem.shape, np.float32)
        lat = np.empty(dem.shape, np.float32)
        centre = ground(self.range[cfg.samples // 2], 0.0)
        for r0 in range(0, cfg.lines, block):
            rows = np.arange(r0, min(r0 + block, cfg.lines))
            x = ground(self.range[None, :], dem[rows].astype(np.float64)) - centre
            y = ((rows - cfg.lines / 2) * cfg.azimuth_spacing)[:, None]
            east = y * np.sin(head) + x * np.cos(head)
            north = y * np.cos(head) - x * np.sin(head)
            phi = lat0 + north / meridian(lat0 + 0.5 * north / meridian(lat0))
            normal = WGS84_SEMI_MAJOR / np.sqrt(1 - WGS84_FIRST_ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
            lat[rows] = np.degrees(phi)
            lon[rows] = _counted(cfg.centre_lon + np.degrees(east / (normal * np.cos(phi))), cfg.longitudes)
        return lon, lat


# --------------------------------------------------------------------------
# scene: terrain, land cover, scatterers, static signals
# --------------------------------------------------------------------------


class Scene:
    """Everything that does not change from image to image."""

    def __init__(self, cfg: Namespace, geo: Geometry) -> None:
        self.shape = shape = (cfg.lines, cfg.samples)
        post, size = geo.posting, min(geo.extent)
        land_step = 25.0

        # terrain: fractal, gentle enough not to lay over; the lowest part is water
        rng = stream(cfg.seed, "dem")
        dem = power_law_field(rng, shape, post, 4.2, 0.6 * size + 400.0, 90.0)
        sea = np.quantile(dem, cfg.water_fraction) if cfg.water_fraction > 0 else dem.min()
        self.water = dem < sea
        dem = np.where(self.water, 0, dem - sea)
        dem *= cfg.relief / max(dem.max(), 1e-6)
        slope = np.abs(np.diff(dem, axis=1)).max() / geo.ground_spacing
        dem *= min(1.0, cfg.max_slope / max(slope, 1e-6))
        self.dem = np.where(self.water, 0, dem + 2.0).astype(np.float32)

        # land cover: towns (PS, permanent clutter), bare coherent ground, vegetation
        rng = stream(cfg.seed, "landcover")
        town = power_law_field(rng, shape, post, 3.2, 900.0, land_step)
        town = 1.0 / (1.0 + np.exp(-4.0 * (town - 0.5)))
        bare = power_law_field(rng, shape, post, 3.5, 700.0, land_step) > 1.8
        texture = power_law_field(rng, shape, post, 2.6, 500.0, land_step)
        self.bare = bare & ~self.water & (town < 0.5)
        self.town = np.where(self.water, 0, town).astype(np.float32)
        clutter = 55.0 * np.exp(0.3 * texture) * (1.0 + 0.7 * self.town)
        self.clutter = np.where(self.water, 9.0, clutter).astype(np.float32)  # rms amplitude
        tau = np.where(self.bare, 90.0, 6.0 + 6.0 * self.town)
        self.tau = np.where(self.water, 1e-3, tau).astype(np.float32)  # days
        permanent = np.where(self.bare, 0.35, 0.01 + 0.03 * self.town)
        self.permanent = np.where(self.water, 0.0, permanent).astype(np.float32)
        self.noise = 6.0  # thermal rms

        # point scatterers: clustered positions, amplitude from a target dispersion
        rng = stream(cfg.seed, "ps")
        weight = (0.08 + self.town) * ~self.water
        prob = np.clip(weight * (cfg.ps_density / max(weight.mean(), 1e-9)), 0, 0.5)
        rows, cols = np.nonzero(rng.random(shape, dtype=np.float32) < prob)
        n = rows.size
        self.rows, self.cols, self.n_ps = rows, cols, n
        self.da_target = 0.08 + 0.45 * rng.beta(1.6, 2.2, n)
        local = np.sqrt(self.clutter[rows, cols] ** 2 + self.noise**2)
        self.amp = (local / (np.sqrt(2) * self.da_target)).astype(np.float32)
        self.psi = rng.uniform(-np.pi, np.pi, n).astype(np.float32)
        self.sub_az = rng.uniform(-0.5, 0.5, n)
        self.sub_rg = rng.uniform(-0.5, 0.5, n)
        self.height_error = rng.normal(0, cfg.sigma_height, n).astype(np.float32)
        self.jitter = rng.uniform(0.02, 0.08, n).astype(np.float32)
        self.ps_mask = np.zeros(shape, bool)
        self.ps_mask[rows, cols] = True
        self._map_dominance()

        # spatially correlated DEM error
        rng = stream(cfg.seed, "demerr")
        err = power_law_field(rng, shape, post, 4.0, 600.0, 60.0)
        self.dem_error = np.where(self.water, 0, cfg.sigma_dem * err).astype(np.float32)

        self._deformation(cfg, geo)

    def _map_dominance(self) -> None:
        """Strongest point-scatterer signal at each pixel, and whose it is."""
        self.ps_signal = np.zeros(self.shape, np.float32)
        self.ps_parent = np.full(self.shape, -1, np.int32)
        order = np.arange(self.n_ps)
        for rows, cols, weight, keep in self.psf_terms():
            value = np.abs(self.amp[keep] * weight)
            better = value > self.ps_signal[rows, cols]
            self.ps_signal[rows[better], cols[better]] = value[better]
            self.ps_parent[rows[better], cols[better]] = order[keep][better]
        background = np.sqrt(self.clutter**2 + self.noise**2)
        self.sidelobe = (self.ps_signal > background) & ~self.ps_mask
        # phase noise (one image, rad) of the scatterer at its own pixel
        peak = self.ps_signal[self.rows, self.cols]
        self.phase_std = background[self.rows, self.cols] / (np.sqrt(2) * np.maximum(peak, 1e-6))

    def psf_terms(
        self,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]]:
        """Yield (rows, cols, weight, kept scatterers) for every PSF offset.

        A scatterer contributes at most once to a pixel per offset, so plain
        fancy-indexed addition is exact.
        """
        for di in range(-PSF_RADIUS, PSF_RADIUS + 1):
            w_az = impulse_response(di - self.sub_az, BANDWIDTH_AZ)
            for dj in range(-PSF_RADIUS, PSF_RADIUS + 1):
                w = w_az * impulse_response(dj - self.sub_rg, BANDWIDTH_RG)
                r, c = self.rows + di, self.cols + dj
                keep = (r >= 0) & (r < self.shape[0]) & (c >= 0) & (c < self.shape[1])
                yield r[keep], c[keep], w[keep].astype(np.float32), keep

    def _deformation(self, cfg: Namespace, geo: Geometry) -> None:
        """LOS velocity (mm/yr, + towards satellite) and seasonal amplitude (mm)."""
        rng = stream(cfg.seed, "defo")
        y = (np.arange(cfg.lines) - cfg.lines / 2)[:, None] * geo.posting[0]
        x = (np.arange(cfg.samples) - cfg.samples / 2)[None, :] * geo.posting[1]
        ey, ex = geo.extent
        size = min(ey, ex)
        # subsidence bowl centred in a town, away from the borders
        inner = np.zeros(self.shape, bool)
        inner[cfg.lines // 4 : -cfg.lines // 4, cfg.samples // 4 : -cfg.samples // 4] = True
        candidates = np.flatnonzero(inner & (self.town > 0.5) & ~self.water)
        if candidates.size == 0:
            candidates = np.flatnonzero(inner)
        r, c = np.unravel_index(rng.choice(candidates), self.shape)
        radius = min(0.16 * size, 1500.0)
        dist2 = (y - y[r, 0]) ** 2 + (x - x[0, c]) ** 2
        bowl = cfg.subsidence * np.exp(-dist2 / (2 * radius**2))
        # locked-fault-like ramp: +-3 mm/yr across a strike line
        strike = rng.uniform(0, np.pi)
        across = x * np.cos(strike) + y * np.sin(strike)
        fault = 6.0 / np.pi * np.arctan(across / (0.15 * size))
        self.v_los = (bowl + fault).astype(np.float32)
        sy = rng.uniform(-0.3, 0.3) * ey
        sx = rng.uniform(-0.3, 0.3) * ex
        dist2 = (y - sy) ** 2 + (x - sx) ** 2
        self.seasonal = (4.0 * np.exp(-dist2 / (2 * (0.12 * size) ** 2))).astype(np.float32)
        self.bowl = dict(line=int(r), sample=int(c), radius_m=float(radius), fault_strike_rad=float(strike))


# --------------------------------------------------------------------------
# image synthesis
# --------------------------------------------------------------------------


class ImageMaker:
    """Produces the SLCs one after the other, in date order."""

    def __init__(self, cfg: Namespace, geo: Geometry, acq: Acquisitions, scene: Scene) -> None:
        self.cfg, self.geo, self.acq, self.scene = cfg, geo, acq, scene
        n = cfg.n_images
        rng = stream(cfg.seed, "gain")
        self.gain = np.exp(rng.uniform(np.log(0.6), np.log(1.6), n))
        rng = stream(cfg.seed, "orbit")
        self.ramp = rng.normal(0, cfg.orbit_ramp, (n, 2))  # rad across the scene
        self.tropo = rng.normal(0, cfg.tropo, n)  # rad per km of height
        rng = stream(cfg.seed, "atmosphere")
        self.turbulence = cfg.atmosphere * np.exp(rng.normal(0, 0.35, n))  # rms, rad
        self.rng_atm = rng
        self.rng_speckle = stream(cfg.seed, "speckle")
        self.rng_jitter = stream(cfg.seed, "jitter")
        self.static = coloured_speckle(self.rng_speckle, scene.shape)
        self.static *= np.sqrt(scene.permanent)
        self.state = None
        rng = stream(cfg.seed, "border")
        slaves = [i for i in range(n) if i != acq.master]
        chosen = rng.choice(slaves, size=min(cfg.border_images, len(slaves)), replace=False)
        limit = max(2, cfg.samples // 60)
        self.border = {
            int(i): (int(rng.integers(1, limit)), float(rng.uniform(0, limit)), "left" if k % 2 == 0 else "right")
            for k, i in enumerate(np.sort(chosen))
        }
        # truth at the point scatterers: total delay phase of each image, and its parts
        self.ps_phase = np.zeros((n, scene.n_ps), np.float32)
        self.parts = {}
        if scene.ps_mask.size <= 4000000:
            self.parts = {
                "ps_phase_" + k: np.zeros((n, scene.n_ps), np.float32)
                for k in ("defo", "topo", "turb", "tropo", "orbit")
            }
        doy = np.array([d.timetuple().tm_yday for d in acq.dates])
        season = np.sin(2 * np.pi * doy / DAYS_PER_YEAR)
        self.season = season - season[acq.master]

    def delay_phase(self, i: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Delay phase of image ``i`` (rad): over the grid, and at the scatterers.

        The grid holds the spatially smooth terms, which act on the speckle too;
        the scatterers' phase adds their own height error.  Logs the truth.
        """
        cfg, geo, acq, sc = self.cfg, self.geo, self.acq, self.scene
        rows, cols = sc.rows, sc.cols
        total = np.zeros(sc.shape, np.float32)

        def add(name, part, extra=0):
            np.add(total, part, out=total)
            if self.parts:
                self.parts["ps_phase_" + name][i] = part[rows, cols] + extra

        shift = sc.v_los * np.float32(acq.years[i])  # mm towards satellite
        shift += sc.seasonal * np.float32(self.season[i])
        add("defo", shift * np.float32(-4e-3 * np.pi / geo.wavelength))
        part = (geo.bperp(acq, i) * geo.height_to_phase).astype(np.float32)  # rad per m
        own = part[rows, cols] * sc.height_error
        part *= sc.dem_error
        add("topo", part, own)
        add(
            "turb",
            power_law_field(self.rng_atm, sc.shape, geo.posting, 11.0 / 3.0, 10000.0, 30.0)
            * np.float32(self.turbulence[i]),
        )
        add("tropo", sc.dem * np.float32(self.tropo[i] / 1000.0))
        yy = np.linspace(-0.5, 0.5, cfg.lines, dtype=np.float32)[:, None]
        xx = np.linspace(-0.5, 0.5, cfg.samples, dtype=np.float32)[None, :]
        add("orbit", np.float32(self.ramp[i, 0]) * yy + np.float32(self.ramp[i, 1]) * xx)
        self.ps_phase[i] = total[rows, cols] + own
        return total, self.ps_phase[i]

    def make(self, i: int) -> NDArray[np.complex64]:
        """Complex64 SLC of image ``i`` (images must be asked for in order)."""
        sc, acq = self.scene, self.acq
        phase, ps_phase = self.delay_phase(i)
        fresh = coloured_speckle(self.rng_speckle, sc.shape)
        if self.state is None:
            self.state = fresh
        else:
            rho = np.exp(-np.float32(acq.days[i] - acq.days[i - 1]) / sc.tau)
            self.state *= rho
            fresh *= np.sqrt(1 - rho**2)
            self.state += fresh
        slc = np.sqrt(1 - sc.permanent) * self.state
        slc += self.static
        slc *= sc.clutter
        slc *= np.exp(-1j * phase)
        value = sc.amp * np.exp(1j * (sc.psi - ps_phase))
        value = value * (1 + sc.jitter * self.rng_jitter.standard_normal(sc.n_ps, dtype=np.float32))
        value = value.astype(np.complex64)
        for rows, cols, weight, keep in sc.psf_terms():
            slc[rows, cols] += value[keep] * weight
        thermal = coloured_speckle(self.rng_speckle, sc.shape)
        slc += np.float32(sc.noise) * thermal
        slc *= np.float32(self.gain[i])
        if i in self.border:  # swath edge: exact zeros, slanted
            width, slant, side = self.border[i]
            edge = width + slant * np.arange(sc.shape[0]) / sc.shape[0]
            col = np.arange(sc.shape[1])
            if side == "right":
                col = col[::-1]
            slc[col[None, :] < edge[:, None]] = 0
        return slc.astype(np.complex64)


# --------------------------------------------------------------------------
# text files
# --------------------------------------------------------------------------


def java(value: float) -> str:
    """A double as Java prints it (shortest digits, E notation from 1e7 up)."""
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exponent + len(digits) - 1}"


def par_text(cfg: Namespace, geo: Geometry, acq: Acquisitions, i: int) -> str:
    """SLC parameter file: the keys SNAP's GAMMA writer uses, in its order.

    With --layout snap the exporter's habits are reproduced: pixel spacings cut
    to whole metres, centre and far range equal to near range.
    """
    date = acq.dates[i]
    line = 1.0 / geo.prf
    start = 18362.114512 + 0.0137 * i
    near = geo.near_range
    centre = near + (cfg.samples // 2) * cfg.range_spacing
    far = near + (cfg.samples - 1) * cfg.range_spacing
    spacing = [cfg.range_spacing, cfg.azimuth_spacing]
    if cfg.layout == "snap":
        centre = far = near
        spacing = [int(v) for v in spacing]
    else:
        spacing = [java(v) for v in spacing]
    tab = "\t"
    rows = [
        ("title", f"S1_IW_SLC__1SDV_{acq.names[i]}_simulated"),
        ("sensor", cfg.sensor),
        ("date", f"{date.year}  {date.month}  {date.day}"),
        ("start_time", java(start) + "\ts"),
        ("center_time", java(start + cfg.lines / 2 * line) + "\ts"),
        ("end_time", java(start + cfg.lines * line) + "\ts"),
        ("azimuth_line_time", java(line)),
        ("range_samples", cfg.samples),
        ("azimuth_lines", cfg.lines),
        ("range_looks", 1),
        ("azimuth_looks", 1),
        ("image_format", "FCOMPLEX"),
        ("image_geometry", "SLANT_RANGE"),
        ("center_latitude", java(cfg.centre_lat) + "\tdegrees"),
        ("center_longitude", java(cfg.centre_lon) + "\tdegrees"),
        ("heading", java(cfg.heading) + "\tdegrees"),
        ("range_pixel_spacing", f"{spacing[0]}\tm"),
        ("azimuth_pixel_spacing", f"{spacing[1]}\tm"),
        ("incidence_angle", java(round(np.degrees(geo.incidence[cfg.samples // 2]), 6)) + "\tdegrees"),
        ("radar_frequency", f"{geo.frequency:.7e}\tHz"),
        ("prf", java(geo.prf) + "\tHz"),
        ("azimuth_proc_bandwidth", "327.0\tHz"),
        ("sar_to_earth_center", java(geo.sar_radius) + "\tm"),
        ("earth_radius_below_sensor", java(geo.earth_radius) + "\tm"),
        ("earth_semi_major_axis", java(WGS84_SEMI_MAJOR) + "\tm"),
        ("earth_semi_minor_axis", java(WGS84_SEMI_MINOR) + "\tm"),
        ("near_range_slc", java(near) + "\tm"),
        ("center_range_slc", java(centre) + "\tm"),
        ("far_range_slc", java(far) + "\tm"),
        ("number_of_state_vectors", 0),
    ]
    return "".join(f"{key}:{tab}{value}\n" for key, value in rows)


def base_text(acq: Acquisitions, m: int, s: int) -> str:
    """Baseline file as SNAP writes it: slave minus master in TCN, and its rate."""
    values = (acq.along[s] - acq.along[m], acq.c[s] - acq.c[m], acq.n[s] - acq.n[m])
    rates = (0.0, acq.rate_c[s] - acq.rate_c[m], acq.rate_n[s] - acq.rate_n[m])
    return (
        "initial_baseline(TCN):\t{:.7f}\t{:.7f}\t{:.7f}\tm   m   m\n".format(*values)
        + "initial_baseline_rate:\t{:.7f}\t{:.7f}\t{:.7f}\tm/s   m/s   m/s\n".format(*rates)
        + "precision_baseline(TCN):\t0.0000000        0.0000000        0.0000000   m   m   m\n"
        + "precision_baseline_rate:\t0.0000000        0.0000000        0.0000000   m/s m/s m/s\n"
        + "unwrap_phase_constant:\t0.00000     radians\n"
    )


def write_geo(
    cfg: Namespace, geo: Geometry, acq: Acquisitions, scene: Scene, lon: NDArray[np.float32], lat: NDArray[np.float32]
) -> None:
    """geo/ and dem/ directories."""
    master = acq.names[acq.master]
    about = wrapped_longitude(lon, cfg.centre_lon)
    west, east = about.min(), about.max()
    snap = cfg.layout == "snap"
    geo_dir, dem_dir = (os.path.join(cfg.datadir, d) for d in ("geo", "dem"))
    os.makedirs(geo_dir, exist_ok=True)
    os.makedirs(dem_dir, exist_ok=True)
    dem_name = ("elevation" if snap else master) + "_dem.rdc"
    for name, raster in ((dem_name, scene.dem), (master + ".lon", lon), (master + ".lat", lat)):
        write_be(os.path.join(geo_dir, name), raster)
    header = par_text(cfg, geo, acq, acq.master)
    with open(os.path.join(geo_dir, master + ".diff_par"), "w") as f:
        f.write(header)
    with open(os.path.join(dem_dir, ("projected_dem" if snap else master) + "_seg.par"), "w") as f:
        f.write(
            "title:\tprojected_dem\n"
            f"width:\t{cfg.samples}\nnlines:\t{cfg.lines}\ndata_format:\tREAL*4\nDEM_projection:\tEQA\n"
            "DEM_hgt_offset:\t0.0\nDEM_scale:\t1.0\n"
            f"corner_lat:\t{java(lat.max())}\tdecimal degrees\ncorner_lon:\t{java(west)}\tdecimal degrees\n"
            f"post_lat:\t{java(-(float(lat.max()) - float(lat.min())) / cfg.lines)}\tdecimal degrees\n"
            f"post_lon:\t{java((east - west) / cfg.samples)}\tdecimal degrees\n"
            "datum_name:\tWGS84\n"
        )


# --------------------------------------------------------------------------
# driver
# --------------------------------------------------------------------------


def link_or_copy(src: str, dst: str) -> None:
    """Repeat a file in another directory without spending disk if possible."""
    if os.path.exists(dst):
        os.remove(dst)
    try:
        os.link(src, dst)
    except OSError:
        shutil.copyfile(src, dst)


def simulate(cfg: Namespace) -> None:
    """Write the whole data set.

    Parameters
    ----------
    cfg : argparse.Namespace
        Settings as :func:`parse_args` returns them.

    Raises
    ------
    InputError
        The directory holds a data set and ``cfg.overwrite`` is off.
    """
    began = time.time()

    def say(text):
        if not cfg.quiet:
            print(f"[{time.time() - began:7.1f}s] {text}", flush=True)

    clear(cfg)
    acq = Acquisitions(cfg)
    geo = Geometry(cfg)
    acq.set_tcn(geo.look[cfg.samples // 2])
    pairs = acq.pairs(cfg)
    scene = Scene(cfg, geo)
    lon, lat = geo.lonlat(scene.dem)
    say(
        f"scene {cfg.lines} x {cfg.samples} ({geo.extent[0] / 1e3:.1f} x {geo.extent[1] / 1e3:.1f} km), "
        f"{scene.n_ps} point scatterers, {cfg.n_images} images, {len(pairs)} interferograms"
    )
    snap = cfg if cfg.layout not in LAYOUTS else argparse.Namespace(**{**vars(cfg), **_untranslated(cfg)})
    where, pair_dir = folders(snap, acq, pairs)
    maker = ImageMaker(cfg, geo, acq, scene)
    amplitudes = write_images(snap, geo, acq, scene, maker, where, say)
    differences = write_interferograms(snap, geo, acq, scene, pairs, where, pair_dir, amplitudes.mean)
    say(f"{len(pairs)} interferograms")
    write_geo(snap, geo, acq, scene, lon, lat)
    if snap is not cfg:
        translate(cfg.layout, cfg, geo, acq, pairs, snap.datadir)
        shutil.rmtree(snap.datadir)
        say(f"in the layout of {cfg.layout}")
    if cfg.mask:
        scene.water.astype(np.uint8).tofile(os.path.join(cfg.datadir, "mask.bin"))
    da, stats = candidate_statistics(cfg, scene, len(pairs), amplitudes, differences)
    save_truth(cfg, geo, acq, scene, maker, pairs, da, stats)
    say(
        f"dispersion < {stats['da_threshold']:.1f}: {100 * stats['candidate_fraction']:.1f}% of the pixels; of these "
        f"{100 * stats['share_point_scatterer']:.0f}% point scatterers, {100 * stats['share_sidelobe']:.0f}% their "
        f"neighbours, {100 * stats['share_coherent_ground']:.0f}% coherent ground"
    )
    say(f"master {acq.names[acq.master]}, written to {cfg.datadir}")


def _untranslated(cfg: Namespace) -> dict[str, str]:
    """Settings of the stack in SNAP's layout that another one is made from."""
    return dict(layout="clean", datadir=os.path.join(cfg.datadir, ".snap"))


def clear(cfg: Namespace) -> None:
    """Make the directory, or remove an old data set from it where that is allowed."""
    datadir = cfg.datadir
    folders = ("rslc", "diff0", "SMALL_BASELINES", "geo", "dem", "merged", "reference", ".snap")
    stale = [d for d in folders if os.path.exists(os.path.join(datadir, d))]
    if os.path.isdir(datadir):
        stale += [d for d in sorted(os.listdir(datadir)) if d.startswith("INSAR_")]
    if stale and not cfg.overwrite:
        raise InputError(f"{datadir} already holds {', '.join(stale)}: choose another directory or use --overwrite.")
    for d in stale:
        shutil.rmtree(os.path.join(datadir, d))
    for name in ("truth.npz", "truth.json", "mask.bin"):
        if os.path.exists(os.path.join(datadir, name)):
            os.remove(os.path.join(datadir, name))
    os.makedirs(datadir, exist_ok=True)


def folders(
    cfg: Namespace, acq: Acquisitions, pairs: Sequence[tuple[int, int]]
) -> tuple[dict[int, list[str]], dict[tuple[int, int], str]]:
    """Where files go: image -> folders of its SLC (the first holds the data, the others link to it), pair -> folder."""
    if cfg.network == "single":
        where = {i: [os.path.join(cfg.datadir, "rslc")] for i in range(cfg.n_images)}
        pair_dir = {p: os.path.join(cfg.datadir, "diff0") for p in pairs}
    else:
        root = os.path.join(cfg.datadir, "SMALL_BASELINES")
        pair_dir = {(m, s): os.path.join(root, acq.names[m] + "_" + acq.names[s]) for m, s in pairs}
        where = {i: [pair_dir[p] for p in pairs if i in p] for i in range(cfg.n_images)}
    for d in set(pair_dir.values()) | {d for ds in where.values() for d in ds}:
        os.makedirs(d, exist_ok=True)
    return where, pair_dir


class Amplitudes:
    """Sums over the images that the amplitude dispersion needs."""

    def __init__(self, shape: tuple[int, int], n_images: int) -> None:
        self.sum = np.zeros(shape, np.float32)
        self.squares = np.zeros(shape, np.float32)
        self.mean = np.zeros(n_images)
        self.complete = np.ones(shape, bool)

    def add(self, i: int, slc: NDArray[np.complex64]) -> None:
        """Add image ``i``."""
        amp = np.abs(slc)
        self.complete &= amp > 0
        self.mean[i] = amp[amp > 0.001].mean(dtype=np.float64)
        amp /= np.float32(self.mean[i])
        self.sum += amp
        self.squares += amp**2


def write_images(
    cfg: Namespace,
    geo: Geometry,
    acq: Acquisitions,
    scene: Scene,
    maker: ImageMaker,
    where: Mapping[int, list[str]],
    say: Callable[..., Any],
) -> Amplitudes:
    """SLCs with their headers; returns their :class:`Amplitudes`."""
    amplitudes = Amplitudes(scene.shape, cfg.n_images)
    for i in range(cfg.n_images):
        slc = maker.make(i)
        first, *others = where[i]
        path = os.path.join(first, acq.names[i] + ".rslc")
        write_be(path, slc)
        with open(path + ".par", "w") as f:
            f.write(par_text(cfg, geo, acq, i))
        for d in others:
            link_or_copy(path, os.path.join(d, acq.names[i] + ".rslc"))
            link_or_copy(path + ".par", os.path.join(d, acq.names[i] + ".rslc.par"))
        amplitudes.add(i, slc)
        say(f"image {i + 1:2d}/{cfg.n_images} {acq.names[i]}  gain {maker.gain[i]:.2f}  B_perp {acq.bperp0[i]:7.1f} m")
    return amplitudes


def write_interferograms(
    cfg: Namespace,
    geo: Geometry,
    acq: Acquisitions,
    scene: Scene,
    pairs: Sequence[tuple[int, int]],
    where: Mapping[int, list[str]],
    pair_dir: Mapping[tuple[int, int], str],
    mean_amp: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Interferograms with their baselines; returns sum and sum of squared differences of the pairs' amplitudes."""

    def read_slc(i):
        path = os.path.join(where[i][0], acq.names[i] + ".rslc")
        return np.fromfile(path, ">c8").astype(np.complex64).reshape(scene.shape)

    first, cached = None, None
    diff_sq = np.zeros(scene.shape, np.float32)
    diff_sum = np.zeros(scene.shape, np.float32)
    for m, s in pairs:
        if first != m:
            first, cached = m, read_slc(m)
        slave = read_slc(s)
        stem = os.path.join(pair_dir[m, s], acq.names[m] + "_" + acq.names[s])
        write_be(stem + ".diff", cached * np.conj(slave))
        with open(stem + ".base", "w") as f:
            f.write(base_text(acq, m, s))
        if cfg.layout == "snap":
            with open(stem + ".diff.par", "w") as f:
                f.write(par_text(cfg, geo, acq, m))
        if cfg.network == "sb":
            a1, a2 = np.abs(cached) / mean_amp[m], np.abs(slave) / mean_amp[s]
            diff_sq += (a1 - a2) ** 2
            diff_sum += a1 + a2
    return diff_sum, diff_sq


def candidate_statistics(
    cfg: Namespace,
    scene: Scene,
    n_pairs: int,
    amplitudes: Amplitudes,
    differences: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Amplitude (difference) dispersion as the candidate selection defines it, and what it selects."""
    n = cfg.n_images
    da = np.sqrt(np.maximum(n * amplitudes.squares / np.maximum(amplitudes.sum, 1e-9) ** 2 - 1, 0))
    threshold = 0.4
    if cfg.network == "sb":
        diff_sum, diff_sq = differences
        da = np.sqrt(diff_sq / n_pairs) / np.maximum(diff_sum / (2 * n_pairs), 1e-9)
        threshold = 0.6
    cand = amplitudes.complete & (da < threshold)
    total = max(int(cand.sum()), 1)
    own = cand & scene.ps_mask
    stats = dict(
        da_threshold=threshold,
        candidates=int(cand.sum()),
        candidate_fraction=float(cand.mean()),
        share_point_scatterer=float(own.sum() / total),
        share_sidelobe=float((cand & scene.sidelobe).sum() / total),
        share_coherent_ground=float((cand & scene.bare & ~scene.ps_mask & ~scene.sidelobe).sum() / total),
        point_scatterers_selected=float(own.sum() / max(scene.n_ps, 1)),
    )
    return da, stats


def save_truth(
    cfg: Namespace,
    geo: Geometry,
    acq: Acquisitions,
    scene: Scene,
    maker: ImageMaker,
    pairs: Sequence[tuple[int, int]],
    da: NDArray[np.float32],
    stats: Mapping[str, float],
) -> None:
    """truth.npz and truth.json (see the module's notes on signs).

    Names starting with ``ps_`` have one entry per point scatterer (or
    n_images x n_ps); 2-D names are maps over the radar grid.  Very large
    scenes keep the total phase of each scatterer but not its components.
    """
    r, c = scene.rows, scene.cols
    cls = np.zeros(scene.shape, np.uint8)
    cls[scene.bare] = CLASS_COHERENT
    cls[scene.water] = CLASS_WATER
    cls[scene.ps_mask] = CLASS_PS
    small = scene.ps_mask.size <= 4000000
    truth = dict(
        # stack
        dates=np.array([int(s) for s in acq.names]),
        ordinals=acq.ordinals,
        days=acq.days,
        years=acq.years,
        master_ix=acq.master,
        ifg_ix=np.array(pairs),
        bperp_centre=acq.bperp0,
        bpar_centre=acq.bpar0,
        baseline_t=acq.along,
        baseline_c=acq.c,
        baseline_n=acq.n,
        rate_c=acq.rate_c,
        rate_n=acq.rate_n,
        gain=maker.gain,
        orbit_ramp=maker.ramp,
        tropo=maker.tropo,
        turbulence_rms=maker.turbulence,
        season=maker.season,
        # per range sample
        range=geo.range,
        look=geo.look,
        incidence=geo.incidence,
        height_to_phase=geo.height_to_phase,
        # maps
        pixel_class=cls,
        sidelobe=scene.sidelobe,
        ps_parent_map=scene.ps_parent,
        v_los=scene.v_los,
        seasonal=scene.seasonal,
        dem_error=scene.dem_error,
        da=da.astype(np.float32),
        # point scatterers
        ps_line=r.astype(np.int32),
        ps_sample=c.astype(np.int32),
        ps_v_los=scene.v_los[r, c],
        ps_seasonal=scene.seasonal[r, c],
        ps_height_error=scene.height_error + scene.dem_error[r, c],
        ps_height_error_uncorrelated=scene.height_error,
        ps_amplitude=scene.amp,
        ps_phase_std=scene.phase_std.astype(np.float32),
        ps_da_target=scene.da_target.astype(np.float32),
        ps_phase=maker.ps_phase,
    )
    if small:
        truth.update(clutter=scene.clutter, tau=scene.tau, permanent=scene.permanent)
        truth.update(maker.parts)
        truth["ps_bperp"] = np.stack([geo.bperp(acq, i, r, c) for i in range(cfg.n_images)]).astype(np.float32)
    np.savez(os.path.join(cfg.datadir, "truth.npz"), **truth)
    scalars = dict(vars(cfg))
    scalars.update(
        master=acq.names[acq.master],
        n_ifgs=len(pairs),
        n_ps=scene.n_ps,
        wavelength=geo.wavelength,
        near_range=geo.near_range,
        sar_to_earth_center=geo.sar_radius,
        earth_radius_below_sensor=geo.earth_radius,
        prf=geo.prf,
        ground_range_spacing=float(geo.ground_spacing),
        extent_m=[float(v) for v in geo.extent],
        bowl=scene.bowl,
        pixel_classes=dict(
            clutter=CLASS_CLUTTER, point_scatterer=CLASS_PS, water=CLASS_WATER, coherent_ground=CLASS_COHERENT
        ),
        border={acq.names[i]: b for i, b in maker.border.items()},
        statistics=stats,
    )
    with open(os.path.join(cfg.datadir, "truth.json"), "w") as f:
        json.dump(scalars, f, indent=1)
        f.write("\n")


def parse_args(argv: Sequence[str] | None = None) -> Namespace:
    """Settings from command-line arguments: the defaults, over them the preset, over it single options.

    Parameters
    ----------
    argv : list of str, optional
        Arguments (default: those of the process).

    Returns
    -------
    argparse.Namespace
    """
    p = argparse.ArgumentParser(
        description="Simulate a Sentinel-1 stack as exported from SNAP for StaMPS.",
        epilog="presets: "
        + "; ".join(
            "{} {}".format(k, " ".join("{}={}".format(*item) for item in v.items()) or "(the defaults in brackets)")
            for k, v in PRESETS.items()
        ),
    )
    p.add_argument("datadir", help="output directory")
    p.add_argument(
        "--preset",
        choices=sorted(PRESETS),
        default="ps_small",
        help="named set of defaults; single options override it [ps_small]",
    )

    def add(name, kind, text, **kw):
        key = name.lstrip("-").replace("-", "_")
        p.add_argument(name, type=kind, default=argparse.SUPPRESS, help=f"{text} [{DEFAULTS[key]}]", **kw)

    add("--seed", int, "random seed")
    add("--n-images", int, "number of acquisitions")
    add("--lines", int, "azimuth lines")
    add("--samples", int, "range samples")
    add("--range-spacing", float, "slant range pixel spacing, m")
    add("--azimuth-spacing", float, "azimuth pixel spacing, m")
    add("--heading", float, "heading, degrees clockwise from north (-166.6 descending, -13 ascending)")
    add("--incidence", float, "incidence angle at the scene centre, degrees")
    add("--sensor", str, "sensor name in the parameter files")
    add("--centre-lon", float, "longitude of the scene centre")
    add("--centre-lat", float, "latitude of the scene centre")
    add(
        "--longitudes",
        str,
        "how longitudes count: on from the centre, -180 to 180 or 0 to 360",
        choices=["continuous", "180", "360"],
    )
    add("--start-date", str, "first acquisition, YYYYMMDD")
    add("--revisit", int, "days between acquisitions; some are left out")
    add("--network", str, "interferogram network", choices=["single", "sb"])
    add("--max-temporal", float, "sb: longest temporal baseline, days")
    add("--max-perp", float, "sb: longest perpendicular baseline, m")
    add("--sigma-bperp", float, "spread of the perpendicular baselines, m")
    add("--sigma-baseline-rate", float, "spread of the baseline rates, m/s")
    add("--ps-density", float, "point scatterers per pixel, scene mean")
    add("--relief", float, "highest terrain, m; scaled down to respect --max-slope")
    add("--max-slope", float, "steepest terrain along range, dh/dx (0.8 would lay over)")
    add("--water-fraction", float, "part of the scene covered by water")
    add("--subsidence", float, "peak LOS velocity of the bowl, mm/yr")
    add("--atmosphere", float, "median rms of an image's turbulent delay, rad")
    add("--tropo", float, "spread of the height-dependent delay, rad/km (0: none)")
    add("--orbit-ramp", float, "spread of orbit ramps across the scene, rad")
    add("--sigma-height", float, "uncorrelated height error of scatterers, m")
    add("--sigma-dem", float, "spatially correlated DEM error, m")
    add("--border-images", int, "images with exactly-zero samples at one border")
    add(
        "--layout",
        str,
        "clean: exact header values; snap: also the SNAP exporter's habits "
        "(integer pixel spacings, centre = far = near range, elevation_dem.rdc, .diff.par files); "
        "gamma, doris, isce: the same stack as other processors write it",
        choices=["clean", "snap", *LAYOUTS],
    )
    p.add_argument(
        "--null-master",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="single master: also write the master-master interferogram",
    )
    p.add_argument(
        "--mask", action="store_true", help="write DATADIR/mask.bin, one byte per pixel: 0 land, 1 water (excluded)"
    )
    p.add_argument("--overwrite", action="store_true", help="replace an existing data set")
    p.add_argument("--quiet", action="store_true", help="no progress messages")
    given = vars(p.parse_args(argv))
    cfg = argparse.Namespace(**{**DEFAULTS, **PRESETS[given["preset"]], **given})
    if cfg.revisit < 1:
        p.error("at least 1 day between acquisitions")
    if cfg.n_images < 3 or cfg.lines < 16 or cfg.samples < 16:
        p.error("at least 3 images of 16 x 16 pixels")
    return cfg


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: simulate what the arguments ask for; returns the exit status."""
    try:
        simulate(parse_args(argv))
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())

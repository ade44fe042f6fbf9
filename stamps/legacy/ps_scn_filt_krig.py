"""Step 8 by kriging (``scn_kriging_flag``): spatially-correlated noise by variograms in time and in space.

Reads ``psver``, ``ps2``, ``phuw2``, ``scla2`` if present; writes anew ``scn2`` (``ph_scn_slave ph_hpt ph_ramp
ph_noise_res std_ph_noise``), ``modeled_defo_edges`` and, if arcs are kriged in time, ``unwrapping_errors_edges`` and
``temp_vario``. Parameters: ``scn_time_win`` (without kriging in time; may be empty), ``drop_ifg_index``,
``small_baseline_flag`` (``unwrap_grid_size``, ``scn_deramp_ifg``, ``scn_wavelength`` are only logged).

Variograms are estimated from random arcs and pixels. The original's random numbers have no seed; here they have one,
and every image has random numbers of its own, so that results depend neither on the run nor on the number of threads.

Source: docs/method/scn.md, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import lapack
from scipy.spatial import cKDTree

from stamps.errors import InputError, ParameterError
from stamps.external import triangulate
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.linalg import lscov
from stamps.native.kriging import krige_neighbours
from stamps.steps.kriging import krige_series
from stamps.steps.scn import integrate, low_pass_weights, master_column, noise_phase, planes, positive, used_columns
from stamps.steps.variograms import EXPONENTIAL, fit_variogram, series_variograms, variogram
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["ps_scn_filt_krig"]

DATENUM_2000 = 730486.0

_DRAWS = 15000  # random arcs or pixels
_ENOUGH = 4000  # with fewer different ones they are drawn once more
_ACCEPTED = 50  # more accepted variograms than this: kriging in time
_NEIGHBOURS = 50
_CYCLE_MARGIN = 2.01  # in place of 2: a deviation of just half a cycle is no unwrapping error


@dataclass(frozen=True)
class TimeModel:
    """Variograms in time: of each arc (NaN where none was fitted), and what decides which are accepted."""

    scale: NDArray[np.floating[Any]]
    sill: NDArray[np.floating[Any]]
    nugget: NDArray[np.floating[Any]]
    mean_year: float
    mean_std: float

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Mask of the arcs whose variogram is plausible."""
        year, noise = self.mean_year, self.mean_std
        ok = (self.scale > year / 50) & (self.scale < 3 * year)
        for variance in (self.sill, self.nugget):
            ok &= (variance > noise / 50) & (variance < 4 * noise)
        return ok


@reserving
def ps_scn_filt_krig(
    workdir: Workspace | StrPath = ".",
    seed: int = 0,
    edge_sample: NDArray[np.int64] | None = None,
    pixel_sample: NDArray[np.int64] | None = None,
) -> None:
    """Estimate the spatially-correlated noise of every image by kriging.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory after steps 6 and 7.
    seed : int
        Seed of the random samples.
    edge_sample : ndarray of int, optional
        Numbers (from 0) of the arcs whose variogram in time is estimated, instead of random ones.
    pixel_sample : ndarray of int, optional
        Numbers (from 0) of the pixels for the variograms in space of all images, instead of random ones.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SCN_FILT_KRIG")
    log.start()
    log("Estimating other spatially-correlated noise...", level=2)
    parameters = Parameters(ws)
    parameters.get("unwrap_grid_size", log=True)
    time_win = parameters.get("scn_time_win", log=True)
    parameters.get("scn_deramp_ifg", log=True)
    parameters.get("scn_wavelength", log=True)
    dropped = parameters.indices("drop_ifg_index", log=True)
    small_baselines = parameters.flag("small_baseline_flag", log=True)
    version = ws.version
    ps = ws.load(f"ps{version}")
    used = used_columns(ps, dropped, small_baselines)
    master = int(np.sum(ps["day"] < ps["master_day"]))

    ph_uw = ws.load(f"phuw{version}", ["ph_uw"])["ph_uw"]
    phase = noise_phase(ws, ph_uw, used, version)
    ph_ramp = np.zeros(phase.shape)
    columns = np.flatnonzero(used < ps["n_ifg"])
    ph_ramp[:, columns] = planes(ps["xy"], phase[:, columns])
    phase = phase - ph_ramp.astype(np.float32)

    with ws.publish():
        arcs = _Arcs(ps["xy"], phase, ps["day"][used])
        low_pass = _filter_in_time(ws, arcs, time_win, master_column(master, used), seed, edge_sample, log)
        ph_hpt = integrate(arcs.edges, arcs.residual - low_pass, len(phase)).astype(np.float32)
        ph_scn = ph_ramp + _filter_in_space(ps["xy"], ph_hpt, seed, pixel_sample, log)
        ph_scn_slave, ph_noise_res = np.zeros(ph_uw.shape), np.zeros(ph_uw.shape)
        ph_scn_slave[:, used] = ph_scn - ph_scn[0]
        ph_noise_res[:, used] = ph_hpt - ph_scn_slave[:, used].astype(np.float32)
        ph_scn_slave[:, master] = 0
        result = {"ph_scn_slave": ph_scn_slave, "ph_hpt": ph_hpt, "ph_ramp": ph_ramp, "ph_noise_res": ph_noise_res}
        ws.save(f"scn{version}", {**result, "std_ph_noise": row_std(ph_noise_res[:, used])}, append=False)
    log.finish()


# ---------------------------------------------------------------------- time


class _Arcs:
    """Arcs of a triangulation: end points, mid-points, years, deformation model and the series without it."""

    def __init__(self, xy: NDArray[np.float32], phase: NDArray[np.float32], day: NDArray[np.float64]) -> None:
        self.edges = triangulate(xy[:, 1], xy[:, 2])
        if not len(self.edges):
            raise InputError("Kriging in step 8 needs at least three pixels that do not lie on a line.")
        place = xy[:, 1:3].astype(np.float64)
        self.middle = (place[self.edges[:, 0]] + place[self.edges[:, 1]]) / 2
        self.years = (day - DATENUM_2000) / DAYS_PER_YEAR
        series = phase[self.edges[:, 1]] - phase[self.edges[:, 0]]
        self.design = deformation_design(self.years)
        self.coefficients, self.residual = without_model(self.design, series)


def _filter_in_time(
    ws: Workspace,
    arcs: _Arcs,
    time_win: float,
    master: int | None,
    seed: int,
    sample: NDArray[np.int64] | None,
    log: Log,
) -> NDArray[np.float64]:
    """Low pass of the residual series of the arcs: kriged, or Gaussian where too few variograms are accepted."""
    if sample is None:
        sample = random_sample(len(arcs.edges), _DRAWS, np.random.default_rng((seed, 0)))
    log(f"Estimating temporal variograms of {len(sample)} arcs...", level=2)
    model = time_model(arcs.years, arcs.residual, sample)
    fits = {"a": model.scale, "c1": model.sill, "c2": model.nugget}
    content: dict[str, Any] = {"modeled_defo_edges": arcs.coefficients, "A_time": arcs.design, **fits}
    content.update(years=arcs.years, mean_std=np.float32(model.mean_std))
    ws.save("modeled_defo_edges", content, append=False)
    accepted = np.flatnonzero(model.accepted)
    if accepted.size <= _ACCEPTED:
        window = _window(time_win, model.scale[accepted])
        return arcs.residual @ low_pass_weights(arcs.years * DAYS_PER_YEAR, window, master).T
    log("Kriging arcs in time...", level=2)
    low_pass, errors = krige_arcs(arcs.years, arcs.residual, arcs.middle, model)
    corrected = arcs.residual + np.float32(2 * np.pi) * errors
    x, y = arcs.middle.T
    ws.save("unwrapping_errors_edges", {"x_edges": x, "unwrapping_errors": errors, "y_edges": y}, append=False)
    series = {"dph_lpt": low_pass.astype(np.float32), "dph": arcs.residual, "corrected_dph": corrected}
    ws.save("temp_vario", {"ind_in": accepted, **fits, "years": arcs.years, **series}, append=False)
    return low_pass


def _window(time_win: ArrayLike, accepted_ranges: NDArray[np.float32]) -> float:
    """Standard deviation of the Gaussian low pass in days; from the variograms if the parameter is empty."""
    if np.size(time_win):
        return positive("scn_time_win", time_win)
    if not accepted_ranges.size:
        raise ParameterError(
            "scn_time_win is empty, and no variogram in time was accepted that could replace it: set it "
            "(setparm scn_time_win 365)."
        )
    return 2 * float(accepted_ranges.mean(dtype=np.float64)) * DAYS_PER_YEAR


def random_sample(n: int, n_draws: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Different ones of ``n_draws`` random numbers 0 … n-1, ascending; drawn once more if there are fewer than 4000."""
    sample = np.unique(generator.integers(n, size=n_draws))
    return sample if sample.size >= _ENOUGH else np.unique(generator.integers(n, size=n_draws))


def deformation_design(years: NDArray[np.float64]) -> NDArray[np.float64]:
    """Design matrix of the deformation model: t², t, sin 2πt, cos 2πt - 1, 1 (t in years since 2000); shape (n, 5)."""
    turn = 2 * np.pi * years
    return np.column_stack([years**2, years, np.sin(turn), np.cos(turn) - 1, np.ones(years.size)])


def without_model(design: NDArray[np.float64], series: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Fit a model to series by the normal equations and subtract it.

    Parameters
    ----------
    design : ndarray of float64, shape (n, k)
    series : ndarray of float32, shape (n_edge, n)

    Returns
    -------
    coefficients : ndarray of float32, shape (n_edge, k)
    residual : ndarray of float32, shape (n_edge, n)
        The products are formed in single: with years since 2000 the terms are 10⁵ times their sum, and the rounding of
        that (up to some hundredths of a radian) is in the results that are to be reproduced.
    """
    coefficients = series @ normal_inverse(design).astype(np.float32).T
    return coefficients, series - coefficients @ design.astype(np.float32).T


def normal_inverse(design: NDArray[np.float64]) -> NDArray[Any]:
    """(AᵀA)⁻¹Aᵀ of a design matrix A, float64: by Cholesky's method, by elimination where A is too ill-conditioned.

    Raises
    ------
    InputError
        The dates do not determine the model.
    """
    normal = design.T @ design
    factor, fault = lapack.dpotrf(normal, lower=1)
    if not fault and 1 + lapack.dpocon(factor, np.abs(normal).sum(axis=0).max(), uplo="L")[0] != 1:
        return lapack.dpotrs(factor, design.T, lower=1)[0]
    try:
        if len(design) < design.shape[1]:
            raise np.linalg.LinAlgError
        return np.linalg.solve(normal, design.T)
    except np.linalg.LinAlgError:
        raise InputError(
            f"Kriging in step 8 fits a model with {design.shape[1]} unknowns to each arc, which {len(design)} dates do "
            "not determine: use more images, or setparm scn_kriging_flag n."
        ) from None


def time_model(years: NDArray[np.float64], residual: NDArray[np.float32], sample: NDArray[np.int64]) -> TimeModel:
    """Exponential variograms in time of a sample of arcs; single, NaN for the others."""
    h, gamma = series_variograms(years, residual[sample], 1.5, 25)
    fits = np.full((len(residual), 3), np.nan, dtype=np.float32)
    with np.errstate(over="ignore"):
        fits[sample] = fit_variogram(h, gamma, EXPONENTIAL, (0.25, 1.0, 2.0))
    mean_std = np.mean(np.std(residual, axis=0, ddof=1, dtype=np.float64))
    scale, sill, nugget = fits.T
    return TimeModel(scale, sill, nugget, float(np.mean(years)), float(mean_std))


def krige_arcs(
    years: NDArray[np.float64], residual: NDArray[np.float32], middle: NDArray[np.float64], model: TimeModel
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Krige the series of all arcs in time with variograms that vary smoothly over space.

    Parameters
    ----------
    years : ndarray of float64, shape (n,)
    residual : ndarray of float32, shape (n_edge, n)
    middle : ndarray of float64, shape (n_edge, 2)
        Mid-points of the arcs.
    model : TimeModel

    Returns
    -------
    low_pass : ndarray of float64, shape (n_edge, n)
        Smoothed series.
    errors : ndarray of int8, shape (n_edge, n)
        Cycles by which a value lies off what the other dates say.
    """
    limit = model.mean_year / 50, model.mean_std / 50, model.mean_std / 50
    ok = model.accepted
    x, y = _scaled(middle[:, 0]), _scaled(middle[:, 1])
    design = np.column_stack([x**2, y**2, x, y, np.ones(x.size)])
    smoothed: list[NDArray[np.float64]] = []
    for values, least in zip((model.scale, model.sill, model.nugget), limit, strict=True):
        values = values[ok].astype(np.float64)
        smooth = design @ lscov(design[ok], values)
        smoothed.append(np.where(smooth <= least, values.mean(), smooth))
    scale, sill, nugget = smoothed
    n_max = int(np.ceil(model.mean_year + 2 * np.std(years, ddof=1)))
    others = krige_series(years, residual, n_max, scale, sill, nugget, own=False)
    cycles = round_half_away((others - residual) / _CYCLE_MARGIN / np.pi)
    errors = np.clip(np.nan_to_num(cycles), -128, 127).astype(np.int8)
    return krige_series(years, residual, n_max, scale, sill, nugget), errors


def _scaled(coordinate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinate over its mean."""
    mean = coordinate.mean()
    return coordinate / (mean if mean else 1)


# ---------------------------------------------------------------------- space


def _filter_in_space(
    xy: NDArray[np.float32], ph_hpt: NDArray[np.float32], seed: int, sample: NDArray[np.int64] | None, log: Log
) -> NDArray[np.float64]:
    """Part of every image that is correlated in space: a surface and what kriging finds; float64, shape of ph_hpt."""
    place = xy[:, 1:3].astype(np.float64)
    n_ps, n_image = ph_hpt.shape
    ph_scn = np.empty(ph_hpt.shape)
    neighbours = np.full((n_ps, 1), -1)
    for image in range(n_image):
        chosen = sample
        if chosen is None:
            chosen = random_sample(n_ps, min(_DRAWS, n_ps), np.random.default_rng((seed, image + 1)))
        surface = surface_through(place, ph_hpt[:, image], chosen)
        rest = ph_hpt[:, image] - surface
        scale, sill, nugget = space_model(place[chosen], rest[chosen])
        log(f"Kriging image {image + 1}: range {scale:.4g} m, sill {sill:.4g}, nugget {nugget:.4g} rad²", level=2)
        if neighbours.shape[1] == 1 and scale > 0:
            neighbours = nearest(place, 4 * scale)
        kriged = krige_neighbours(place, rest, neighbours, 4 * scale, scale, sill, nugget)
        if np.isnan(kriged).any():
            log(f"Warning: image {image + 1} has pixels that could not be kriged; their noise is not a number", level=2)
        ph_scn[:, image] = kriged + surface
    return ph_scn


def surface_through(
    place: NDArray[np.float64], values: NDArray[np.floating[Any]], sample: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Surface of second degree without mixed term through a sample of pixels, at all pixels; float64, shape (n_ps,)."""
    mean = place[sample].mean(axis=0)
    x, y = (place / np.where(mean == 0, 1, mean)).T
    design = np.column_stack([x**2, x, y**2, y, np.ones(x.size)])
    return design @ lscov(design[sample], values[sample].astype(np.float64))


def space_model(place: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Range in metres, sill and nugget of an exponential variogram in space; NaN if no two points are near enough."""
    _, gamma, h = variogram(place, values, 30000.0, 30)
    return fit_variogram(h, gamma[np.newaxis], EXPONENTIAL, (15000.0, 1.0, 1.0))[0]


def nearest(place: NDArray[np.float64], radius: float) -> NDArray[np.int64]:
    """Up to 50 nearest pixels of each pixel, itself included, nearer than a radius; -1 where there are no more."""
    distance, index = cKDTree(place).query(place, k=np.arange(1, min(_NEIGHBOURS, len(place)) + 1))
    return np.where(distance < radius, index, -1)


def row_std(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of each row (n - 1), values that are no numbers left out; float64, shape (n_row,)."""
    there = np.isfinite(values)
    count = there.sum(axis=1)
    values = np.where(there, values, 0)
    mean = values.sum(axis=1) / np.maximum(count, 1)
    squares = np.where(there, (values - mean[:, np.newaxis]) ** 2, 0).sum(axis=1)
    return np.where(count > 0, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)

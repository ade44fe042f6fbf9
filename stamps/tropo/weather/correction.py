"""Tropospheric correction from a weather model, under the names that TRAIN gives it.

Reads ``psver``, ``ps2``, ``hgt2``, ``inc2``, ``la2``, the time of the overpass and a folder with the files of the model; adds
``ph_tropo_MODEL``, ``…_hydro`` and ``…_wet`` to ``tca2`` (small baselines: ``tca_sb2``). Parameters: ``small_baseline_flag``,
``drop_ifg_index``, ``lambda``.

Source: docs/method/weather.md; names: docs/method/products.md, section 2.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.tropo.delay import delay_phase, pair_phase
from stamps.tropo.scene import Scene
from stamps.tropo.weather.archive import Archive, Field, find_files
from stamps.tropo.weather.columns import columns_of
from stamps.tropo.weather.delays import Pixels, ZenithDelay, constants, zenith_delay
from stamps.tropo.weather.grids import place
from stamps.tropo.weather.models import MODELS, WeatherModel
from stamps.tropo.weather.overpass import Overpass, find_overpass
from stamps.tropo.weather.times import Moment, around, show
from stamps.workspace.log import Log
from stamps.workspace.markup import lines, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace

__all__ = ["Wanted", "WeatherCorrection", "correct"]

_HEIGHTS = (-700.0, 9200.0)  # m: the lowest and the highest land, over the geoid or the ellipsoid
_SHOWN = 5


@dataclass(frozen=True)
class WeatherCorrection:
    """What was stored.

    Attributes
    ----------
    total, hydro, wet : ndarray of float32, shape (n_ps, n_ifg)
        Radians, slave minus master or second minus first image: what is to be subtracted.
    missing : tuple of int
        Dates without weather, yyyymmdd.
    uncorrected : tuple of str
        Interferograms that need one of them; their columns are zero.
    """

    total: NDArray[np.float32]
    hydro: NDArray[np.float32]
    wet: NDArray[np.float32]
    missing: tuple[int, ...]
    uncorrected: tuple[str, ...]

    def __repr__(self) -> str:
        n_ps, n_ifg = self.total.shape
        return f"<delays of {n_ps} pixels in {n_ifg} interferograms, {len(self.uncorrected)} without>"

    def _repr_html_(self) -> str:
        parts = (("total", self.total), ("hydrostatic", self.hydro), ("wet", self.wet))
        rows = [(name, float(np.sqrt(np.nanmean(np.square(values, dtype=np.float64))))) for name, values in parts]
        told = [f"Not corrected: {', '.join(self.uncorrected)}"] if self.uncorrected else []
        return table(("delay", "rms (rad)"), rows, f"{self.total.shape[1]} interferograms") + lines(told)


@dataclass
class Wanted:
    """Where delays are wanted; places on the same grid are found once.

    Attributes
    ----------
    lonlat : ndarray, shape (n_ps, 2)
        Degrees.
    height : ndarray of float64, shape (n_ps,)
        Metres.
    """

    lonlat: NDArray[np.float64]
    height: NDArray[np.float64]
    _places: dict[tuple[bytes, bytes], Pixels] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, scene: Scene) -> Wanted:
        """Those of a project; InputError where they have no place or no height."""
        lonlat, height = scene.project.ps["lonlat"].astype(np.float64), scene.height().ravel()
        for name, bad in (
            ("position", ~np.isfinite(lonlat).all(axis=1) | (np.abs(lonlat[:, 1]) > 90)),
            ("height", ~((height >= _HEIGHTS[0]) & (height <= _HEIGHTS[1]))),
        ):
            if bad.any():
                raise InputError(
                    f"{bad.sum()} of the {bad.size} pixels of {scene.ws.path} have no {name} on the Earth (NaN, or a value "
                    "that stands for none in the DEM): prepare the project with a DEM that covers it."
                )
        return cls(lonlat, height)

    def delay(self, one: Field) -> ZenithDelay:
        """Delay from the fields of one time; InputError where they are damaged or do not cover the pixels."""
        lat, lon = one.grid()
        key = (np.asarray(lat, np.float64).tobytes(), np.asarray(lon, np.float64).tobytes())
        if key not in self._places:
            self._places[key] = Pixels(place(lat, lon, self.lonlat, one.file.path), self.height)
        pixels = self._places[key]
        columns = columns_of(one.read(pixels.where), float(pixels.table[0]) - 5, constants())
        return zenith_delay(columns, pixels, one.file.path)


def correct(
    name: str,
    folder: StrPath,
    *,
    utc: str | None,
    interpolate: bool,
    incidence: float | None,
    strict: bool,
    workdir: Workspace | StrPath,
) -> WeatherCorrection:
    """Correct every interferogram with the delays of its two images; see :func:`stamps.aps_era5`."""
    model, scene = MODELS[name], Scene.at(workdir)
    log = Log(scene.ws, f"APS_{name}")
    log.start()
    columns = scene.columns()
    if columns.size == 0:
        raise InputError(f"{scene.ws.path} has no interferogram to correct: all are dropped (drop_ifg_index).")
    images, number = np.unique(scene.pairs()[columns], return_inverse=True)
    dates = scene.dates()
    angle, wavelength = scene.incidence(incidence), scene.project.wavelength
    pixels = Wanted.of(scene)
    overpass = find_overpass(utc, scene.ws.path, dates.tolist())
    log(f"{model.title}, overpass at {overpass.clock} UTC ({overpass.source})")
    if overpass.at_midnight:
        log(
            "Warning: the satellite passes at midnight: dates whose images are of its other side get weather of a day off"
        )
    chosen = _choose([overpass.at(int(date)) for date in dates[images]], folder, model, not interpolate, log)
    ready = np.array([bool(moments) for moments in chosen[1]])
    pairs = number.reshape(-1, 2)
    usable = np.asarray(ready[pairs].all(axis=1))
    lost = [int(date) for date in dates[images][~ready]]
    if lost:
        _report_missing(lost, usable, model, strict, folder, overpass, log)
    needed = np.unique(pairs[usable])
    delays = _delays(pixels, [int(d) for d in dates[images]], needed, *chosen, log)
    parts = []
    for part in ("hydro", "wet"):
        zenith = np.zeros((len(pixels.height), images.size))
        for k, delay in delays.items():
            zenith[:, k] = getattr(delay, part)
        parts.append(pair_phase(delay_phase(zenith, angle, wavelength), pairs[usable]))
    total, hydro, wet = (scene.full(columns[usable], phase) for phase in (parts[0] + parts[1], *parts))
    stem = model.variable
    scene.save({stem: total, f"{stem}_hydro": hydro, f"{stem}_wet": wet})
    zero = tuple(scene.name(ifg) for ifg in columns[~usable])
    if zero:
        log(f"Warning: no correction (0) for {len(zero)} of {columns.size} interferograms: {_listed(zero)}")
    log.finish()
    return WeatherCorrection(total, hydro, wet, tuple(lost), zero)


def _choose(
    wanted: Sequence[np.datetime64], folder: StrPath, model: WeatherModel, nearest: bool, log: Log
) -> tuple[Archive, list[tuple[Moment, ...]]]:
    """The files and, for every image, the times that it is interpolated from."""
    reach = np.timedelta64(model.hours, "h")
    days = {str((time + off).astype("datetime64[D]")).replace("-", "") for time in wanted for off in (-reach, reach)}
    archive = find_files(folder, model, days)
    if archive.damaged:
        raise InputError(_problems(archive.damaged))
    for reason in archive.ignored:
        log(f"Warning: not used: {reason}")
    return archive, [around(time, list(archive.fields), model.hours, nearest) for time in wanted]


def _report_missing(
    lost: Sequence[int],
    usable: NDArray[np.bool_],
    model: WeatherModel,
    strict: bool,
    folder: StrPath,
    overpass: Overpass,
    log: Log,
) -> None:
    """Warn of dates without weather; InputError where they may not be missing or nothing is left."""
    text = (
        f"{folder} has no files of {model.title} around {overpass.clock} UTC of {_listed([str(date) for date in lost])}"
    )
    if strict or not usable.any():
        reason = "" if strict else ", so that no interferogram can be corrected"
        raise InputError(
            f"{text}{reason}: download those of the hours before and after (or take the nearest one, --nearest), or drop the "
            "interferograms (drop_ifg_index)."
        )
    log(f"Warning: {text}")


def _delays(
    pixels: Wanted,
    dates: Sequence[int],
    needed: NDArray[np.int64],
    archive: Archive,
    moments: Sequence[tuple[Moment, ...]],
    log: Log,
) -> dict[int, ZenithDelay]:
    """Zenith delays of the images that are needed, by their number; InputError that lists all files that cannot be used."""
    delays: dict[int, ZenithDelay] = {}
    problems: list[str] = []
    for k in needed.tolist():
        parts, names = [], []
        for moment in moments[k]:
            try:
                name, delay = _first_that_covers(pixels, archive.fields[moment.time])
            except InputError as error:
                problems.append(str(error).rstrip("."))
                continue
            parts.append(delay * moment.weight)
            names.append(f"{name} of {show(moment.time)} x {moment.weight:.2f}")
        if len(parts) == len(moments[k]):
            delays[k] = parts[0] if len(parts) == 1 else parts[0] + parts[1]
            hydro, wet = delays[k].hydro.mean(), delays[k].wet.mean()
            log(f"{dates[k]}: zenith delay {hydro:.3f} m hydrostatic, {wet:.3f} m wet ({', '.join(names)})")
    if problems:
        raise InputError(_problems(problems))
    return delays


def _first_that_covers(pixels: Wanted, candidates: Sequence[Field]) -> tuple[str, ZenithDelay]:
    """Of files with the same time, the first one that can be used."""
    failure: InputError | None = None
    for one in candidates:
        try:
            return one.name, pixels.delay(one)
        except InputError as error:
            failure = failure or error
    raise failure or InputError("There are no fields of this time.")


def _problems(reasons: Sequence[str]) -> str:
    if len(reasons) == 1:
        return f"{reasons[0]}."
    return f"{len(reasons)} files of the weather model cannot be used: {_listed(reasons, '; ')}."


def _listed(texts: Sequence[str], comma: str = ", ") -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return comma.join(texts[:_SHOWN]) + more

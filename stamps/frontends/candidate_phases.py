"""The phases of the candidates of a patch, looked at when step 1 has loaded them: for every processor and any preparation.

The candidates of a project that the original prepared come in here for the first time. What the rasters of a preparation of
this program are judged by (:mod:`stamps.frontends.raster_verdicts`) is applied to the values of ``pscands.1.ph``; pixels
without a number in some interferogram are taken away, as the original does where it looks for them.

Source: docs/method/loading.md, sections 4 and 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends.lists import raster_paths
from stamps.frontends.patch_files import note_no_candidates
from stamps.frontends.raster_names import ImageNumbers, dates_in, is_named
from stamps.frontends.raster_statistics import statistics_of
from stamps.frontends.raster_survey import interferogram_sentences
from stamps.frontends.raster_verdicts import Fault, Wording, faults_of, find_equal
from stamps.frontends.sampling import no_numbers
from stamps.matlab.dates import to_yyyymmdd
from stamps.workspace import Workspace, findings
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["SOURCE", "examine", "keep_pixels", "neighbour_coherence"]

#: Under this name the findings of a patch are kept.
SOURCE = "phases"

_MOST = 1 << 15  # candidates that are looked at
_WORDING = Wording("every candidate of a patch", "many candidates of a patch")
_NOTHING, _CLEAR = 3.0, 10.0  # standard errors of a mean of random phasors: no coherence, and certainly some
#: Variables of the files of step 1 with a row for every pixel.
_FILES = {
    "ps": ("ij", "lonlat", "xy"), "ph": ("ph",), "bp": ("bperp_mat",), "la": ("la",), "inc": ("inc",), "da": ("D_A",),
    "hgt": ("hgt",),
}  # fmt: skip


def examine(ws: Workspace, big_endian: bool) -> None:
    """Judge the phases of a patch that step 1 has just loaded, and take away pixels without a number.

    Parameters
    ----------
    ws : Workspace
        Patch; joins the publication that is under way.
    big_endian : bool
        Byte order of ``pscands.1.ph``.
    """
    raw = _read(ws, ">" if big_endian else "<")
    if raw is None:
        return
    log = Log(ws, "PS_LOAD_INITIAL")
    findings.record(ws, SOURCE, _sentences(ws, raw), log)
    if not ws.no_ps_flags()[0]:
        _leave_out(ws, raw, log)


def neighbour_coherence(phases: NDArray[np.complex64]) -> float:
    """Length of the mean difference phasor of pixels that follow each other, in standard errors of random phases.

    Parameters
    ----------
    phases : (n,) complex array
        Values in the order of the candidates, line by line.

    Returns
    -------
    float
        About 1 for random phases; 0 without two values.
    """
    with np.errstate(invalid="ignore"):  # numbers in the wrong byte order may be any
        phases = phases.astype(np.complex128)
    phases = phases[np.isfinite(phases) & (phases != 0)]
    if phases.size < 2:
        return 0.0
    phasors = phases / np.abs(phases)
    return float(np.abs(np.mean(phasors[1:] * np.conj(phasors[:-1]))) * np.sqrt(phasors.size - 1))


def _read(ws: Workspace, order: str) -> NDArray[np.complex64] | None:
    """Values at the candidates, (n_ifg, n_ps) complex64 in the byte order of the file; None if they fit to no list."""
    names = _names(ws)
    path = ws.path / "pscands.1.ph"
    if not names or not path.is_file():
        return None
    n_ps, rest = divmod(path.stat().st_size, 8 * len(names))
    return np.memmap(path, f"{order}c8", "r", shape=(len(names), n_ps)) if n_ps and not rest else None


def _names(ws: Workspace) -> list[str]:
    """Interferograms of ``pscphase.in`` of the directory above."""
    place = Workspace(ws.path.parent)
    return raster_paths(place.read_text("pscphase.in"), ws.path) if place.has_file("pscphase.in") else []


def _sentences(ws: Workspace, raw: NDArray[np.complex64]) -> list[str]:
    """What is strange about the interferograms of a patch, but for those that are known or left out."""
    names = _names(ws)
    numbers = _numbers(ws, names)
    dropped = {int(k) + 1 for k in Parameters(ws).indices("drop_ifg_index")}
    known = findings.collect(Workspace(ws.path.parent), patches=False)
    new = [
        k
        for k, name in enumerate(names)
        if numbers[k] not in dropped and not _of_master_alone(name) and not is_named(name, known)
    ]
    step = max(1, raw.shape[1] // _MOST)
    figures = [statistics_of(raw[k, ::step].astype(np.complex64).view(np.float32).reshape(1, -1, 2)) for k in new]
    faults = faults_of(figures, interferograms=True)
    _add_noise(faults, [neighbour_coherence(raw[k, :_MOST]) for k in new])
    sentences = interferogram_sentences([names[k] for k in new], faults, [numbers[k] for k in new], _WORDING)
    for one, other in find_equal(figures, faults):
        if _equal(raw[new[one]], raw[new[other]]):
            both = [number for k in (one, other) if (number := numbers[new[k]]) is not None]
            advice = "" if len(both) < 2 else f", or leave it out: {findings.leave_out(both, either=True)}"
            sentences.append(
                f"The interferograms {names[new[one]]} and {names[new[other]]} are the same, or the same with the sign of the "
                f"phase changed: export the wrong one again{advice}."
            )
    return sentences


def _add_noise(faults: list[Fault | None], coherences: Sequence[float]) -> None:
    """Mark interferograms that are as random as noise in a stack where the others are certainly not."""
    if len(coherences) > 2 and np.median(coherences) > _CLEAR:
        for k, coherence in enumerate(coherences):
            if faults[k] is None and coherence < _NOTHING:
                faults[k] = Fault("noise")


def _numbers(ws: Workspace, names: Sequence[str]) -> list[int | None]:
    """What ``drop_ifg_index`` calls the interferograms: the columns of ``ph1`` from 1; None where it is not known."""
    if Parameters(ws).flag("small_baseline_flag"):
        return list(range(1, len(names) + 1))
    ps = ws.load_optional("ps1", ("day", "master_ix"))
    if "day" not in ps:
        of_names = ImageNumbers.of(names, [], small_baselines=False)
        return [of_names.number_of(name) for name in names]
    days = [int(date) for date in to_yyyymmdd(ps["day"])]
    master = days[int(ps["master_ix"])]
    slaves = [[date for date in dates_in(name)[-2:] if date != master] for name in names]
    return [days.index(dates[0]) + 1 if len(dates) == 1 and dates[0] in days else None for dates in slaves]


def _of_master_alone(name: str) -> bool:
    dates = dates_in(name)[-2:]
    return len(dates) == 2 and dates[0] == dates[1]


def _equal(one: NDArray[np.complex64], other: NDArray[np.complex64]) -> bool:
    """Whether values are equal or complex conjugates."""
    return np.array_equal(one, other, equal_nan=True) or np.array_equal(one, np.conj(other), equal_nan=True)


def _leave_out(ws: Workspace, raw: NDArray[np.complex64], log: Log) -> None:
    """Take away the pixels of the files of step 1 whose phase is no number in some interferogram."""
    order = ">" if raw.dtype == np.dtype(">c8") else "<"
    bad = np.zeros(raw.shape[1], bool)
    for column in raw:
        bad |= no_numbers(np.ascontiguousarray(column).view(np.uint64), order)
    if not bad.any():
        return
    keep = np.isfinite(ws.load_raw("ph1")["ph"]).all(axis=1)  # as it is: a checked load refuses what is no number
    if keep.all():
        return  # the loader has done it
    log(f"{np.count_nonzero(~keep)} candidates removed: phase is not a number")
    keep_pixels(ws, keep)


def keep_pixels(ws: Workspace, keep: NDArray[np.bool_]) -> None:
    """Keep some of the pixels of the files of step 1; the order and ``sort_ix`` stay, as the original leaves them.

    Parameters
    ----------
    ws : Workspace
        Patch.
    keep : (n_ps,) bool array
    """
    n_ps = int(np.count_nonzero(keep))
    if n_ps == 0:
        note_no_candidates(ws, Log(ws, "PS_LOAD_INITIAL"))
        return
    content = {name: ws.load_raw(f"{name}1") for name in _FILES if ws.exists(f"{name}1")}
    with ws.publish():
        for name, variables in content.items():
            rows = {variable: np.asfortranarray(variables[variable][keep]) for variable in _FILES[name]}
            if name == "ps":
                for variable in ("ij", "xy"):
                    rows[variable][:, 0] = np.arange(1, n_ps + 1)
                rows["n_ps"] = np.full_like(variables["n_ps"], n_ps)
            ws.save_raw(f"{name}1", rows)

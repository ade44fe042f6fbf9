"""Step 1, single master: load the candidates of a patch (GSAR).

Reads ``../pscphase.in`` (interferograms whose names hold both dates), an XML file beside each interferogram, and
``pscands.1.{ij,ph,da,lon,lat,inc,hgt}`` (little-endian; ``lon lat inc hgt``: double, as ``pscdem … d`` extracts them;
``da`` and ``hgt`` optional). Writes ``ps1`` (``ij lonlat xy bperp day master_day master_ix n_ifg n_image n_ps sort_ix
ll0 mean_incidence mean_range``), ``ph1`` (``ph``), ``bp1`` (``bperp_mat``: mean baselines repeated), ``la1`` (``la``:
incidence), ``da1`` (``D_A``), ``hgt1`` (``hgt``), ``psver``. Sets the parameters ``heading``, ``lambda`` and
``platform``.

Of the XML file (``<interferogram>.xml``, else the same stem with ``.xml``) four elements are read, at any depth: their
text, or their attribute ``value``. Upper and lower case do not matter.

=====================================  =========================================================================
``baseline``, ``bperp``                perpendicular baseline of the slave against the master, metres
``track_angle``, ``heading``           degrees clockwise from north
``frequency``, ``radar_frequency``     Hz
``platform``, ``sensor``               name
=====================================  =========================================================================

The original's reader of these files is not part of it, and it reads the heights, which are double, as single.

Source: docs/method/loading.md, section 9.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges, patch_files, text_projects
from stamps.frontends.names import MOVED
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.matlab.dates import datenum
from stamps.matlab.literals import number
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_load_initial_gsar"]

_DATES = re.compile(r"(?<!\d)(\d{8})\D?(\d{8})(?!\d)")
_ELEMENTS = {
    "baseline": ("baseline", "bperp"),
    "track angle": ("track_angle", "heading"),
    "frequency": ("frequency", "radar_frequency"),
    "platform": ("platform", "sensor"),
}
#: What the table of ranges calls them.
_FIELDS = {"baseline": "baseline", "track angle": "heading", "frequency": "radar_frequency"}


@dataclass(frozen=True)
class _Stack:
    """Slaves in order of date: paths' order, datenums, master, whether phases are to be conjugated."""

    order: np.ndarray
    slaves: np.ndarray
    master: float
    conjugate: bool

    @property
    def master_ix(self) -> int:
        return int(np.count_nonzero(self.slaves < self.master))


@reserving
def ps_load_initial_gsar(workdir: Workspace | StrPath = ".") -> None:
    """Load the candidates of a single-master patch.

    A patch without candidates gets flag 1 of ``no_ps_info`` and version 1, nothing else is written.

    Parameters
    ----------
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    InputError
        A file is missing, damaged or does not belong to the others, or the interferograms have no common image.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_LOAD_INITIAL_GSAR")
    log.start()
    log("Loading data into matlab...")
    paths = patch_files.interferogram_paths(ws)
    stack = _stack(paths)
    facts = [read_facts(ws.path / paths[k]) for k in stack.order]
    header_ranges.refuse(
        header_ranges.judge_baselines("the files *.xml of the interferograms", [fact["baseline"] for fact in facts])
    )
    line, sample = patch_files.read_positions(ws)
    n_read, order = line.size, text_projects.ORDER
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return
    names = ("pscands.1.lon", "pscands.1.lat", "pscands.1.inc")
    lon, lat, incidence = (patch_files.read_values(ws, name, n_read, f"{order}f8") for name in names)
    hgt = patch_files.read_heights(ws, n_read, f"{order}f8")
    lonlat, at = np.column_stack([lon, lat]), np.column_stack([line, sample])
    lonlat = patch_files.judge_candidates(ws, log, lonlat, hgt, at, (*names[:2], "pscands.1.hgt"))
    pixels = patch_files.with_position(patch_files.local_coordinates(lonlat, facts[0]["track angle"], log))
    rows = pixels.rows
    n_ps = rows.size
    if n_ps == 0:
        patch_files.note_no_candidates(ws, log)
        return
    header_ranges.judge_angles(ws.path / names[2], np.degrees(incidence[rows]))
    ph = _phasors(patch_files.read_phase(ws, n_read, len(paths), order), stack, rows)
    baselines = np.array([fact["baseline"] for fact in facts])
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    column = np.arange(1, n_ps + 1)
    ps = {
        "ij": np.column_stack([column, line[rows], sample[rows]]).astype(np.float64),
        "lonlat": pixels.lonlat,
        "xy": np.column_stack([column, pixels.xy]).astype(np.float32),
        "bperp": np.insert(baselines, stack.master_ix, 0.0),
        "day": np.insert(stack.slaves, stack.master_ix, stack.master),
        "master_day": stack.master,
        "master_ix": stack.master_ix,
        "n_ifg": len(paths) + 1,
        "n_image": len(paths) + 1,
        "n_ps": n_ps,
        "sort_ix": pixels.sort_ix,
        "ll0": pixels.ll0,
        "mean_incidence": incidence[np.sort(rows)].mean(),
        "mean_range": None,
    }
    with ws.publish():
        parameters = Parameters(ws)
        parameters.set("heading", facts[0]["track angle"], 1)
        parameters.set("lambda", SPEED_OF_LIGHT / facts[0]["frequency"], 1)
        parameters.set("platform", facts[0]["platform"], 1)
        ws.save("ps1", ps, append=False)
        ws.version = 1
        ws.save("ph1", {"ph": ph}, append=False)
        ws.save("bp1", {"bperp_mat": text_projects.repeated(baselines, n_ps)}, append=False)
        ws.save("la1", {"la": incidence[rows]}, append=False)
        if D_A is not None:
            ws.save("da1", {"D_A": D_A[rows]}, append=False)
        if hgt is not None:
            ws.save("hgt1", {"hgt": hgt[rows]}, append=False)
    log.finish()


def read_facts(interferogram: Path) -> dict[str, Any]:
    """What the XML file of an interferogram says.

    Parameters
    ----------
    interferogram : Path

    Returns
    -------
    dict
        ``baseline`` (m), ``track angle`` (degrees), ``frequency`` (Hz): float; ``platform``: str.

    Raises
    ------
    InputError
        The file is missing, no XML, or lacks an element.
    """
    places = (Path(f"{interferogram}.xml"), interferogram.with_suffix(".xml"))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise InputError(f"{places[0]} is missing: it holds the baseline of the interferogram; {MOVED}.")
    try:
        elements = list(ElementTree.parse(path).getroot().iter())
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is no XML ({error}): export the interferogram again.") from error
    texts: dict[str, str] = {}
    for element in elements:
        texts.setdefault(element.tag.rsplit("}")[-1].lower(), (element.get("value") or element.text or "").strip())
    facts: dict[str, Any] = {}
    for what, names in _ELEMENTS.items():
        text = next((texts[name] for name in names if texts.get(name)), "")
        facts[what] = text if what == "platform" else number(text)
        if facts[what] in (None, ""):
            raise InputError(f"{path} has '{text}' as {what} (element {' or '.join(names)}): export it again.")
    header_ranges.require(path, {field: facts[what] for what, field in _FIELDS.items()})
    return facts


def _stack(paths: Sequence[str]) -> _Stack:
    """Dates of the interferograms: all first or all second ones must be the same, the master's."""
    found = [_pair(path) for path in paths]
    if None in found:
        raise InputError(f"The name of {paths[found.index(None)]} does not hold two dates yyyymmdd.")
    try:
        first, second = datenum(np.array(found, dtype=np.int64)).T
    except ValueError as error:
        raise InputError(f"The interferograms of pscphase.in are not named by dates: {error}") from error
    if np.all(first == first[0]):
        master, slaves, conjugate = first[0], second, False
    elif np.all(second == second[0]):
        master, slaves, conjugate = second[0], first, True
    else:
        raise InputError("The interferograms of pscphase.in have neither their first nor their second image in common.")
    order = np.argsort(slaves, kind="stable")
    if np.any(np.diff(slaves[order]) == 0) or master in slaves:
        raise InputError("The interferograms of pscphase.in repeat a date: keep one interferogram of every slave.")
    return _Stack(order, slaves[order], float(master), conjugate)


def _pair(path: str) -> tuple[str, str] | None:
    """Both dates of the name of an interferogram, else of the next folder above that is named so; None without."""
    found = (_DATES.search(part) for part in reversed(Path(path).parts))
    return next(((match[1], match[2]) for match in found if match), None)


def _phasors(raw: Any, stack: _Stack, rows: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Phasors by date with the master's column of ones: (n_ps, n_image) complex64 in column-major order."""
    ph = np.ones((rows.size, len(raw) + 1), dtype=np.complex64, order="F")
    columns = np.delete(np.arange(len(raw) + 1), stack.master_ix)
    for column, k in zip(columns, stack.order, strict=True):
        block = raw[k].astype(np.complex64)[rows]
        ph[:, column] = np.conj(block) if stack.conjugate else block
    return ph

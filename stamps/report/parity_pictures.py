"""Pictures of the parity report: three panels and a histogram of everything with a value for each pixel."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import StampsError
from stamps.report import drawing
from stamps.report.differences import statistics_of
from stamps.verify import matching
from stamps.workspace import matfile

if TYPE_CHECKING:
    from stamps.report.parity import Entry, ParityReport


__all__ = ["draw_maps", "draw_velocities", "velocities"]

#: Bytes of pictures on a page; what comes later is named but not drawn.
_MOST_BYTES = 11_000_000
_COLOURS = 255

_UNITS = {
    "ph_uw": "rad", "ph_scla": "rad", "C_ps": "rad", "C_ps2": "rad", "C_ps_uw": "rad", "K_ps": "rad/m", "K_ps2": "rad/m",
    "K_ps_uw": "rad/m", "hgt": "m", "la": "rad", "inc": "rad", "bperp_mat": "m", "ph_scn_slave": "rad", "ph_hpt": "rad",
    "ph_ramp": "rad", "ph_res": "rad", "ph_res2": "rad", "ps_std": "rad", "ps_max": "rad", "mean_v": "mm/yr",
}  # fmt: skip


def draw_maps(result: ParityReport) -> Any:
    """Picture cards of the variables with a value for each pixel, the failed ones first; and the names of those left out."""
    places = _Coordinates(Path(result.report.run), result.golden_pixels, result.entries)
    scheme = places.scheme
    cards, omitted, used = [], [], 0
    entries = [entry for entry in result.entries if entry.sample is not None]
    for entry in entries:
        canvas = places.canvas(entry)
        if canvas is None:
            continue
        if used > _MOST_BYTES:
            omitted.append(entry.key)
            continue
        unit = "rad" if entry.sample.cyclic else _UNITS.get(entry.row.variable, "")
        columns = [
            {
                "title": f"column {column.number + 1} of {entry.sample.n_columns}"
                if entry.sample.n_columns > 1
                else entry.row.variable,
                "reference": column.reference,
                "ours": column.ours,
                "difference": column.difference,
                "cyclic": entry.sample.cyclic,
                "unit": unit,
                "histogram": (column.counts, column.edges),
                "bound": _absolute_bound(entry),
            }
            for column in entry.sample.columns
        ]
        figure = drawing.comparison_panels(canvas, columns, scheme)
        picture = drawing.picture_of(figure, f"{entry.key}: reference, run, difference and its histogram", _COLOURS)
        used += len(picture["uri"])
        cards.append({"key": entry.key, "entry": entry, "picture": picture})
    return cards, omitted


def _absolute_bound(entry: Entry) -> float | None:
    """The bound in the unit of the values, where it can be told."""
    row, difference = entry.row, entry.difference
    if row.comparison in ("phase", "cycles", "absolute"):
        return row.tolerance
    cyclic = entry.sample is not None and entry.sample.cyclic
    if row.comparison == "relative" and difference is not None and not cyclic:
        return row.tolerance * difference.reference_rms
    return None


class _Coordinates:
    """Longitude and latitude of the rows of variables."""

    def __init__(self, run: Path, golden_pixels: Path | None, entries: Sequence[Entry]) -> None:
        self.run, self.golden_pixels = run, golden_pixels
        self._canvases: dict[Any, Any] = {}
        self._files: dict[Any, Any] = {}
        self._matched = any(entry.row.variable == "(rows)" for entry in entries)
        try:
            scheme = matfile.read(run / "parms.mat", ["plot_color_scheme"]).get("plot_color_scheme", "inflation")
        except StampsError:
            scheme = "inflation"
        self.scheme = scheme if isinstance(scheme, str) else "inflation"

    def canvas(self, entry: Entry) -> Any:
        """Canvas of the kept rows; None where they are no pixels."""
        sample = entry.sample
        if sample is None:
            return None
        folder, _, name = entry.row.file.rpartition("/")
        lonlat = self._lonlat(folder, name.removesuffix(".mat"), sample.n_rows)
        if lonlat is None or entry.row.variable in ("ij", "lonlat", "xy", "ix", "sort_ix", "grid_ij"):
            return None
        key = (folder, id(lonlat), sample.rows.tobytes() if len(sample.rows) < len(lonlat) else None)
        if key not in self._canvases:
            self._canvases[key] = drawing.Canvas.of(lonlat[sample.rows])
        return self._canvases[key]

    def _lonlat(self, folder: str, name: str, n_rows: int) -> Any:
        key = (folder, name, n_rows)
        if key not in self._files:
            self._files[key] = self._find(folder, name, n_rows)
        return self._files[key]

    def _find(self, folder: str, name: str, n_rows: int) -> Any:
        version = "1" if name in ("select1", "weed1") or name.endswith("1") else "2"
        table = self._pixels(folder, f"ps{version}")
        if table is None:
            return None
        if name in ("select1", "weed1"):
            selected = self._read(folder, "select1", ["ix", "keep_ix"])
            if selected is None or "ix" not in selected:
                return None
            ix = np.ravel(selected["ix"]).astype(np.int64) - 1
            if name == "weed1":
                ix = ix[np.ravel(selected["keep_ix"]).astype(bool)]
            if len(ix) != n_rows or ix.size == 0 or ix.min() < 0 or ix.max() >= len(table):
                return None
            return table[ix]
        if self._matched and not folder and name.rstrip("0123456789") in matching.PIXEL_FILES:
            table = table[self._matched_rows()]  # the comparison brought the rows into the order of the reference
        return table if len(table) == n_rows else None

    def _matched_rows(self) -> Any:
        if self.golden_pixels is None:
            raise TypeError("Rows are matched only where the reference has merged pixels.")
        ours = self._read("", "ps2", ["ij", "lonlat"])
        theirs = matfile.read(self.golden_pixels, ["ij", "lonlat"])
        return matching.match_rows(ours["ij"], ours["lonlat"], theirs["ij"], theirs["lonlat"])[0]

    def _pixels(self, folder: str, name: str) -> Any:
        key = (folder, name)
        if key not in self._files:
            content = self._read(folder, name, ["lonlat"])
            self._files[key] = None if not content else np.asarray(content.get("lonlat"), np.float64)
        return self._files[key]

    def _read(self, folder: str, name: str, variables: Sequence[str]) -> Any:
        try:
            return matfile.read(self.run / folder / f"{name}.mat", variables)
        except StampsError:
            return None


def velocities(run: Path, state: Mapping[str, Path | None]) -> dict[str, Any] | None:
    """Line-of-sight velocity of both, of the same pixels; None unless both have unwrapped phases and look-angle errors."""
    from stamps.products.observations import los_velocity

    files = {name: run / name for name in (*_NEEDED, *_WEIGHTS)}
    theirs = {name: state.get(name) or path for name, path in files.items()}
    if any(not Path(tree[name]).is_file() for tree in (files, theirs) for name in _NEEDED):
        return None
    if not {"phuw2.mat", "scla2.mat"} <= state.keys():
        return None
    try:
        with _gathered(files) as ours, _gathered(theirs) as golden:
            rows = [los_velocity(folder) for folder in (ours, golden)]
        rows = [velocity - np.nanmedian(velocity) for velocity in rows]  # a mean would spread the error of one pixel
        tables = [matfile.read(source["ps2.mat"], ["ij", "lonlat"]) for source in (files, theirs)]
        pairs = matching.match_rows(tables[0]["ij"], tables[0]["lonlat"], tables[1]["ij"], tables[1]["lonlat"])
    except (StampsError, KeyError, IndexError, ValueError, TypeError):
        return None  # the comparison of these files says what is wrong with them
    if not pairs[0].size:
        return None
    values = {"ours": rows[0][pairs[0]], "reference": rows[1][pairs[1]]}
    difference = statistics_of(values["ours"] - values["reference"], values["reference"], "absolute")
    return {**values, "lonlat": tables[1]["lonlat"][pairs[1]], "difference": difference}


_NEEDED = ("psver.mat", "ps2.mat", "phuw2.mat", "scla2.mat", "parms.mat")
_WEIGHTS = ("ifgstd2.mat", "phuw_sb_res2.mat")


@contextlib.contextmanager
def _gathered(files: Mapping[str, Path]) -> Any:
    """A folder with links to files of a tree, which stays untouched: parameters fill in their defaults here."""
    with tempfile.TemporaryDirectory(prefix="stamps-report-") as folder:
        for name, path in files.items():
            if Path(path).is_file():
                (Path(folder) / name).symlink_to(Path(path).resolve())
        yield folder


def draw_velocities(velocity: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if velocity is None:
        return None
    difference = velocity["ours"] - velocity["reference"]
    finite = difference[np.isfinite(difference)]
    reach = float(np.abs(finite).max()) if finite.size and np.abs(finite).max() > 0 else 1e-12
    row = {
        "title": "velocity",
        "reference": velocity["reference"],
        "ours": velocity["ours"],
        "difference": difference,
        "cyclic": False,
        "unit": "mm/yr",
        "histogram": np.histogram(finite, 81, range=(-reach, reach)),
        "bound": None,
    }
    figure = drawing.comparison_panels(drawing.Canvas.of(velocity["lonlat"]), [row], big=True)
    return drawing.picture_of(
        figure, "Line-of-sight velocity of the reference and of the run, their difference and its histogram"
    )

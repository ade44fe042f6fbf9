"""PS and DS of every patch: which they are, and their candidate files.

All is written to a scratch folder; what the phases are, whoever adds the DS says. Selection is that of the preparation, from
rasters, and DS are chosen over the whole image, so that overlapping patches agree.

Source: docs/method/linking.md, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.candidate_programs import patches_of, selpsc_patch
from stamps.frontends.candidates import single_master_dispersion
from stamps.frontends.gamma_positions import positions_by_pt2geo
from stamps.frontends.lists import format_general, format_integers, read_selection_list
from stamps.frontends.rasters import line_blocks
from stamps.frontends.sampling import read_positions, sample_lonlat, sample_values
from stamps.linking.candidates import DsSettings, ds_mask, equivalent_dispersion, join, thin
from stamps.linking.files import LinkFolder
from stamps.linking.kinds import FILE, Kinds, format_kinds
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace
from stamps.workspace.patch_limits import read_patch
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.patch_limits import Patch

__all__ = ["PatchCandidates", "PhaseWriter", "limits_of"]

#: ``write(folder, line, sample, is_ds)`` writes ``pscands.1.ph`` of a patch.
PhaseWriter = Callable[[Workspace, "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.bool_]"], None]

_BLOCK_PIXELS = 1 << 22


@dataclass
class _Pixels:
    """Pixels of the image: lines and samples from 0, (n,) int64 each."""

    line: NDArray[np.int64]
    sample: NDArray[np.int64]

    def within(self, patch: Patch) -> _Pixels:
        """Those of a patch."""
        inside = (self.line >= patch.lines.start) & (self.line < patch.lines.stop)
        inside &= (self.sample >= patch.samples.start) & (self.sample < patch.samples.stop)
        return _Pixels(self.line[inside], self.sample[inside])


@dataclass
class PatchCandidates:
    """Candidates of all patches, written to ``stage``.

    Attributes
    ----------
    ws : Workspace
        The single-master project.
    stage : Workspace
        Scratch folder; each patch has a folder in it.
    stack : PreparedStack
    settings : DsSettings
    link : LinkFolder or None
        None: PS only.
    limits : dict
        Patch -> its part of the image.
    best : float
        The best temporal coherence of pixels with enough alike ones.
    """

    ws: Workspace
    stage: Workspace
    stack: PreparedStack
    settings: DsSettings
    link: LinkFolder | None
    limits: dict[str, Patch]
    best: float = 0.0

    def write(self, phases: PhaseWriter) -> dict[str, tuple[int, int]]:
        """Write the files of all patches; returns the numbers of PS and DS of each."""
        for name in self.limits:
            self._select_ps(name)
        ds = self._ds_pixels() if self.link is not None else None
        counts = {name: self._write_patch(name, ds, phases) for name in self.limits}
        self._positions()
        return counts

    # ------------------------------------------------------------------ which pixels

    def _select_ps(self, name: str) -> None:
        """The PS of a patch, as the preparation selects them."""
        folder = self.stage / name
        folder.path.mkdir(parents=True)
        selpsc_patch(
            self.ws.file("selpsc.in"),
            _patch_in(folder, self.limits[name]),
            precision="s" if self.stack.slc_type.kind == "i" else "f",
            byteswap=int(self.stack.slc_type.byteorder == ">"),
            maskfile=self.stack.mask,
            workdir=folder,
        )
        for left in ("patch.in", "mean_amp.flt", "pscands.1.ij0"):  # they stay as they are
            folder.file(left).unlink()

    def _ds_pixels(self) -> _Pixels:
        """DS of the whole image, so that overlapping patches agree."""
        assert self.link is not None
        keep = np.zeros((self.stack.length, self.stack.width), bool)
        for name in self.limits:
            line, sample = read_positions(self.stage.file(f"{name}/pscands.1.ij"), selected_now=True)
            strong = np.array(_lines_of(self.stage.file(f"{name}/pscands.1.da")), np.float64) < self.settings.keep_ps
            keep[line[strong], sample[strong]] = True
        lines, samples = zip(*self._blocks_of_ds(keep), strict=True)
        return _Pixels(np.concatenate(lines), np.concatenate(samples))

    def _blocks_of_ds(self, keep: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        link, settings = self.link, self.settings
        assert link is not None
        a = settings.step[0]
        cells = slice(0, -(-self.stack.length // a))
        for block in line_blocks(cells, slice(0, self.stack.width * a), _BLOCK_PIXELS):
            rows = slice(block.start * a, min(block.stop * a, self.stack.length))
            link.check_quality(rows)
            tcoh, n_shp = np.asarray(link.temporal_coherence[rows]), np.asarray(link.n_shp[rows])
            enough = n_shp >= settings.min_shp
            self.best = max(self.best, float(tcoh[enough].max(initial=0)))
            mask = ds_mask(tcoh, n_shp, np.asarray(link.estimator[rows]), settings) & ~keep[rows]
            line, sample = np.nonzero(thin(mask, tcoh, n_shp, settings.step, rows.start))
            yield line + rows.start, sample

    # ------------------------------------------------------------------ files of a patch

    def _write_patch(self, name: str, all_ds: _Pixels | None, phases: PhaseWriter) -> tuple[int, int]:
        folder = self.stage / name
        ij = folder.file("pscands.1.ij")
        ps = read_positions(ij, selected_now=True)
        nothing = np.empty(0, np.int64)
        ds = _Pixels(nothing, nothing) if all_ds is None else all_ds.within(self.limits[name])
        line, sample, is_ds, source = join(ps, (ds.line, ds.sample), self.stack.width)
        if self.link is not None:
            ij.write_bytes(format_integers(np.arange(1, line.size + 1), line, sample) if line.size else b"")
            table = np.ascontiguousarray(np.column_stack([sample, line]), dtype=">i4")
            folder.file("pscands.1.ij.int").write_bytes(table.tobytes())
            self._write_dispersion(folder, self.limits[name], ds, is_ds, source)
            folder.file(FILE).write_bytes(format_kinds(self._kinds(line, sample, is_ds)))
        root = self.ws.path
        if self.ws.has_file("psclonlat.in"):
            sample_lonlat(self.ws.file("psclonlat.in"), root, line, sample, folder.file("pscands.1.ll"))
        sample_values(self.ws.file("pscdem.in"), root, line, sample, folder.file("pscands.1.hgt"))
        phases(folder, line, sample, is_ds)
        n_ds = int(np.count_nonzero(is_ds))
        return line.size - n_ds, n_ds

    def _write_dispersion(
        self, folder: Workspace, limits: Patch, ds: _Pixels, is_ds: NDArray[np.bool_], source: NDArray[np.int64]
    ) -> None:
        """Lines of PS as the selection has written them, and those of DS."""
        assert self.link is not None
        path = folder.file("pscands.1.da")
        of_ps = np.array(_lines_of(path), "S24")
        sigma = self.link.sigma[ds.line, ds.sample]
        tcoh = self.link.temporal_coherence[ds.line, ds.sample]
        raw = self._raw_dispersion(limits, ds) if self.settings.dispersion == "raw" else 0
        values = equivalent_dispersion(self.settings.dispersion, sigma, tcoh, raw)
        of_ds = np.array(format_general(values).split(), "S24")
        words = np.empty(is_ds.size, "S24")
        words[~is_ds], words[is_ds] = of_ps[source[~is_ds]], of_ds[source[is_ds]]
        path.write_bytes(b"".join(word + b"\n" for word in words.tolist()))

    def _raw_dispersion(self, limits: Patch, ds: _Pixels) -> NDArray[np.float32]:
        """Amplitude dispersion of pixels of a patch."""
        result = np.zeros(ds.line.size, np.float32)
        selection = read_selection_list(self.ws.file("selpsc.in"), self.ws.path)
        width = limits.samples.stop - limits.samples.start
        for block in single_master_dispersion(selection, limits, self.stack.slc_type):
            rows = np.flatnonzero((ds.line >= block.lines.start) & (ds.line < block.lines.stop))
            pixel = (ds.line[rows] - block.lines.start) * width + ds.sample[rows] - limits.samples.start
            result[rows] = np.sqrt(block.measure[pixel])
        return result

    def _kinds(self, line: NDArray[np.int64], sample: NDArray[np.int64], is_ds: NDArray[np.bool_]) -> Kinds:
        link = self.link
        assert link is not None
        n_shp = link.n_shp[line, sample].astype(np.int64)
        return Kinds(is_ds, n_shp, link.temporal_coherence[line, sample], link.sigma[line, sample])

    def _positions(self) -> None:
        """Longitude and latitude where no raster has them: by Gamma's own program."""
        if not self.ws.has_file("psclonlat.in"):
            self.stage.write_text("patch.list", "".join(f"{name}\n" for name in self.limits))
            positions_by_pt2geo(self.ws, self.stage)
            self.stage.file("patch.list").unlink()


def limits_of(ws: Workspace) -> dict[str, Patch]:
    """Patches of a project with their parts of the image.

    Raises
    ------
    InputError
        ``patch.list`` names none, or one without ``patch.in``.
    """
    names = patches_of(ws)
    if not names:
        raise InputError(f"{ws.path / 'patch.list'} names no patch: run the preparation (mt_prep_snap …) first.")
    return {name: read_patch(ws.file(f"{name}/patch.in")) for name in names}


def _lines_of(path: StrPath) -> list[str]:
    return read_input(path).split()


def _patch_in(folder: Workspace, limits: Patch) -> StrPath:
    folder.write_text("patch.in", limits.text)
    return folder.file("patch.in")

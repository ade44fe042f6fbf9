"""``psclonlat``: longitude and latitude of the candidates.

Reads ``psclonlat.in`` (width, longitude raster, latitude raster) and ``pscands.1.ij``; writes ``pscands.1.ll``.

Source: docs/method/preparation.md, section 5.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.frontends.sampling import read_positions, sample_lonlat
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["psclonlat"]


def psclonlat(
    in_file: str, ij: str = "pscands.1.ij", out: str = "pscands.1.ll", workdir: Workspace | StrPath = "."
) -> None:
    """Copy longitude and latitude of the candidates from their rasters.

    Parameters
    ----------
    in_file : path-like
        ``psclonlat.in``: width, path of the longitude raster, path of the latitude raster (float32).
    ij : path-like
        Candidates: number, line, sample.
    out : path-like
        Output: longitude, latitude of one candidate after the other, float32 in the byte order of the rasters.
    workdir : path-like or Workspace
        Directory that relative paths start from.

    Raises
    ------
    InputError
        A file is missing or malformed, or a candidate lies outside of a raster.
    """
    ws = Workspace.at(workdir)
    line, sample = read_positions(ws.file(ij))
    with ws.open_output(out) as path:
        sample_lonlat(ws.file(in_file), ws.path, line, sample, path)

"""``pscphase``: complex interferogram values of the candidates.

Reads ``pscphase.in`` (width, interferograms) and ``pscands.1.ij``; writes ``pscands.1.ph``.

Source: docs/method/preparation.md, section 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.frontends.sampling import read_positions, sample_phases
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["pscphase"]


def pscphase(
    in_file: str, ij: str = "pscands.1.ij", out: str = "pscands.1.ph", workdir: Workspace | StrPath = "."
) -> None:
    """Copy the values of the candidates from each interferogram.

    Parameters
    ----------
    in_file : path-like
        ``pscphase.in``: width and one interferogram (complex float32) per line.
    ij : path-like
        Candidates: number, line, sample.
    out : path-like
        Output: all candidates of the first interferogram, then all of the second …; complex float32 in the byte order
        of the rasters.
    workdir : path-like or Workspace
        Directory that relative paths start from.

    Raises
    ------
    InputError
        A file is missing or malformed, or a candidate lies outside of an interferogram.
    """
    ws = Workspace.at(workdir)
    line, sample = read_positions(ws.file(ij))
    with ws.open_output(out) as path:
        sample_phases(ws.file(in_file), ws.path, line, sample, path)

"""``pscdem``: height (or another value of a real raster) of the candidates.

Reads ``pscdem.in`` (width, raster) and ``pscands.1.ij``; writes ``pscands.1.hgt``.

Source: docs/method/preparation.md, section 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import ParameterError
from stamps.frontends.sampling import read_positions, sample_values
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["pscdem"]

_ITEM_SIZES = {"f": 4, "d": 8}


def pscdem(
    in_file: str,
    ij: str = "pscands.1.ij",
    out: str = "pscands.1.hgt",
    precision: str = "f",
    workdir: Workspace | StrPath = ".",
) -> None:
    """Copy the height of the candidates from a raster.

    Parameters
    ----------
    in_file : path-like
        ``pscdem.in``: width and path of the raster. Zeros are written, with a warning, if the raster is not there.
    ij : path-like
        Candidates: number, line, sample.
    out : path-like
        Output: one value per candidate in the byte order of the raster.
    precision : {'f', 'd'}
        float32 or float64 raster.
    workdir : path-like or Workspace
        Directory that relative paths start from.

    Raises
    ------
    InputError
        A list is missing or malformed, or a candidate lies outside of the raster.
    ParameterError
        Unknown precision.
    """
    ws = Workspace.at(workdir)
    if precision not in _ITEM_SIZES:
        raise ParameterError(f"The precision is '{precision}', but only 'f' (float) and 'd' (double) exist.")
    line, sample = read_positions(ws.file(ij))
    with ws.open_output(out) as path:
        sample_values(ws.file(in_file), ws.path, line, sample, path, _ITEM_SIZES[precision])

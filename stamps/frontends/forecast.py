"""How many candidates a stack will give, from a sample of its lines: before anything is prepared.

The sampled lines go through the arithmetic of the selection itself (:mod:`stamps.frontends.candidates`); only the
calibration constants are those of the sample. Source: docs/method/preparation.md, sections 5.1 to 5.3.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.amplitudes import read_amplitudes
from stamps.frontends.candidates import difference_dispersion, single_master_dispersion
from stamps.frontends.headers import image_precision, raster_size
from stamps.frontends.lists import SelectionList
from stamps.frontends.patches import Patch
from stamps.frontends.rasters import count_lines
from stamps.frontends.snap_gamma import find_export
from stamps.frontends.stack import CoregisteredStack
from stamps.native.candidates import amplitude_sum

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath


__all__ = ["Forecast", "expected_candidates", "find_stack"]

_SAMPLED_LINES = 24


@dataclass(frozen=True)
class Forecast:
    """What a sample of a stack tells: the fraction of pixels that become candidates, and of how many it was taken."""

    fraction: float
    n_sampled: int

    def candidates(self, n_pixels: int) -> int:
        """Number of candidates among ``n_pixels``."""
        return int(round(self.fraction * n_pixels))


def find_stack(datadir: str | os.PathLike[str]) -> CoregisteredStack:
    """Files of a SNAP or Gamma export whose master is not known yet.

    Parameters
    ----------
    datadir : path-like

    Returns
    -------
    CoregisteredStack
        With size and precision.

    Raises
    ------
    InputError
        The directory holds no such export.
    """
    unknown = find_export("00000000", datadir)
    names = unknown.interferograms or unknown.slcs
    dates = re.findall(r"\d{8}", os.path.basename(names[0])) if names else []
    if not dates or not unknown.slcs:
        raise InputError(
            f"{unknown.root} is no export of a stack (rslc/*.rslc and diff0/*.diff, or SMALL_BASELINES/*/): give the "
            "directory that mt_prep_snap or mt_prep_gamma will be given."
        )
    export = find_export(dates[0], datadir)
    header = export.header or f"{export.slcs[0]}.par"
    width, length = raster_size(header)
    return replace(export, header=header, width=width, length=length, precision=image_precision(header))


def expected_candidates(export: CoregisteredStack, threshold: float | None = None) -> Forecast:
    """Fraction of the pixels that the selection would take.

    Parameters
    ----------
    export : CoregisteredStack
        With size and precision (:func:`find_stack`).
    threshold : float, optional
        As for ``mt_prep_snap`` (default 0.4, small baselines 0.6).

    Returns
    -------
    Forecast
    """
    limit = np.float32((0.6 if export.small_baselines else 0.4) if threshold is None else threshold)
    dtype = export.slc_type
    lines = np.unique(np.linspace(0, export.length - 1, min(_SAMPLED_LINES, export.length)).round().astype(int))
    constants = [_calibration(path, dtype, export.width, lines) for path in export.slcs]
    selection = SelectionList(limit, export.width, list(export.slcs), np.array(constants, np.float32))
    dispersion = difference_dispersion if export.small_baselines else single_master_dispersion
    largest = limit if export.small_baselines else limit * limit
    taken = total = 0
    for line in lines:
        patch = Patch(1, export.width, int(line) + 1, int(line) + 1)
        for block in dispersion(selection, patch, dtype):
            usable = (block.total > 0) & ~block.zero
            taken += int(np.count_nonzero(usable & (block.measure < largest)))
            total += block.total.size
    if not total:
        raise InputError(f"The rasters of {export.root} are empty: export the stack again.")
    return Forecast(taken / total, total)


def _calibration(path: StrPath, dtype: DTypeLike, width: int, lines: NDArray[np.int64]) -> float:
    total, count = 0.0, 0
    for line in lines[lines < count_lines(path, dtype, width, 2)].tolist():
        amplitudes = read_amplitudes(path, dtype, width, slice(line, line + 1), slice(0, width))
        total, count = amplitude_sum(amplitudes, None, total, count)
    return total / count if count else 1.0

"""Layouts of other processors for a simulated stack: the same rasters and geometry, in their files and headers.

:func:`translate` turns a stack in SNAP's layout into

``gamma``  the same tree with SLCs of complex int16 (SCOMPLEX), 16 times as large
``doris``  ``INSAR_<master>/`` with result files, orbits and native rasters (:mod:`stamps.frontends.doris`)
``isce``   the ``merged/`` tree of ISCE2's topsStack with XML and VRT headers (:mod:`stamps.frontends.topsstack`)
``hyp3``   geocoded products of HyP3, GeoTIFFs in UTM (:mod:`stamps.simulation.hyp3_files`)
``cslc``   geocoded bursts as OPERA's CSLC-S1 products, HDF5 (:mod:`stamps.simulation.cslc_files`)
``gslc``   geocoded frames as NISAR's products, HDF5 (:mod:`stamps.simulation.nisar_files`)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stamps.simulation.cslc_files import write_cslc
from stamps.simulation.doris_files import write_doris
from stamps.simulation.hyp3_files import write_hyp3
from stamps.simulation.isce_files import write_isce
from stamps.simulation.nisar_files import write_gslc
from stamps.simulation.snap_files import SnapStack

__all__ = ["LAYOUTS", "translate"]

_INTEGER_SCALE = 16  # of SLCs of complex int16; calibration takes it out again


def translate(layout: str, stack: SnapStack, target: Path) -> None:
    """Write a simulated stack in another layout.

    Parameters
    ----------
    layout : {'gamma', 'doris', 'isce', 'cslc', 'gslc', 'hyp3'}
    stack : SnapStack
        The stack in SNAP's layout; it may be used up.
    target : Path
        Where the layout goes.
    """
    LAYOUTS[layout](stack, target)


def _write_gamma(stack: SnapStack, target: Path) -> None:
    """The same tree; SLCs scaled and rounded to complex int16, their headers say so."""
    for path in sorted(stack.root.rglob("*")):
        place = target / path.relative_to(stack.root)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".rslc":
            parts = np.fromfile(path, ">f4")
            np.clip(np.rint(_INTEGER_SCALE * parts), -32768, 32767).astype(">i2").tofile(place)
        elif path.name.endswith(".rslc.par"):
            place.write_text(path.read_text().replace("FCOMPLEX", "SCOMPLEX"))
        else:
            os.replace(path, place)


#: Layout to what writes it.
LAYOUTS: dict[str, Callable[[SnapStack, Path], None]] = {
    "gamma": _write_gamma,
    "doris": write_doris,
    "isce": write_isce,
    "hyp3": write_hyp3,
    "cslc": write_cslc,
    "gslc": write_gslc,
}

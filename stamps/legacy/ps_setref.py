"""Reference pixels: the pixels inside the box or circle that the parameters describe.

Reads ``psver``, ``ps2`` (``lonlat``, ``ll0``, ``xy``). Parameters: ``ref_x``, ``ref_y`` (if present), ``ref_lon``,
``ref_lat``, ``ref_centre_lonlat``, ``ref_radius``.

Source: docs/method/scla.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stamps.products.reference_pixels import announced_reference_pixels
from stamps.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_setref"]


def ps_setref(ps: Mapping[str, Any] | None = None, workdir: Workspace | StrPath = ".") -> NDArray[np.int64] | None:
    """Find the reference pixels and say how many there are; see :mod:`stamps.products.reference_pixels`.

    Examples
    --------
    >>> from stamps import ps_setref, setparm
    >>> ps_setref().size  # all pixels are the reference unless an area is set
    2140
    >>> setparm("ref_centre_lonlat", [14.2, 40.8])
    >>> setparm("ref_radius", 300)
    >>> ps_setref().size < 2140
    True
    """
    return announced_reference_pixels(ps, workdir)

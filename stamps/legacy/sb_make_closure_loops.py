"""Find loops of interferograms whose unwrapped phases should add up to zero.

Reads ``ps2.mat`` and, if there is one, ``ps2.mat`` of the parent directory for the baselines of single images; writes
``phuw_loops2.mat`` (``intfg_loops``: loops x interferograms, 1, -1 or 0). Parameters: ``drop_ifg_index``.

Source: docs/method/products.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.loops import closure_loops
from stamps.insar.network import baselines_of_images, design_matrix
from stamps.insar.observations import retained
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["sb_make_closure_loops"]


@reserving
def sb_make_closure_loops(workdir: Workspace | StrPath = ".") -> NDArray[np.float64]:
    """Write the loops of a small-baseline network.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of float64, shape (n_loop, width)
        As stored. Quirk: the width is the number of retained interferograms or, if larger, the highest number of one in
        a loop.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "sb_make_closure_loops")
    log.start()
    version = ws.version
    ps = ws.load(f"ps{version}")
    use = retained(ps["n_ifg"], Parameters(ws).indices("drop_ifg_index"))
    nodes = np.column_stack([ps["day"], _image_baselines(ws, ps)])
    loops = closure_loops(ps["ifgday_ix"], use, nodes)
    log(f"Number of closure loops: {len(loops)}", 2)
    ws.save(f"phuw_loops{version}", {"intfg_loops": loops}, append=False)
    log.finish()
    return loops


def _image_baselines(ws: Workspace, ps: Variables) -> NDArray[np.float64]:
    """Baselines of single images: of the parent directory's stack, else least squares from the pairs."""
    parent = Workspace(ws.path.parent)
    if parent.exists("psver"):
        stack = parent.load_optional(f"ps{parent.version}", ["bperp"])
        if stack.get("bperp") is not None and len(stack["bperp"]) == ps["n_image"]:
            return stack["bperp"]
    images = np.setdiff1d(np.arange(ps["n_image"]), ps["master_ix"])
    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    return baselines_of_images(network, images, np.asarray(ps["bperp"], np.float64)[np.newaxis])[0]
